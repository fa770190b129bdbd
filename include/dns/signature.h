/* SPDX-License-Identifier: ISC */
#ifndef DNS_SIGNATURE_H
#define DNS_SIGNATURE_H

/*
 * signature -- until when the records of an answer are signed (RFC 4034 3.1.5).
 *
 * Nothing is verified here: it is read what a reply to a question with DO=1
 * says of its signatures, and whoever sent it may have made that up.
 */

#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/name.h"

/* More keys than any zone signs with; those of a reply beyond it are left. */
enum { SIGNATURE_KEYS_MAX = 16 };

/* One RRSIG; times are seconds since 1970. */
struct signature {
	int64_t inception, expires;
	struct name signer; /* folded */
	uint16_t covers;    /* type */
	uint16_t key_tag;
	uint8_t algorithm;
};

struct signatures {
	unsigned n_keys; /* 0: not signed, or not to be read */
	/*
	 * Of each key the signature that lasts longest counts, for a zone that
	 * is signed anew may show both; the one here ends first of these.
	 */
	struct signature first;
	int64_t last_expires; /* ... and this one last */
};

/*
 * Reads those over the records at the end of the chain of an ANSWER, from a
 * message that message_walk() accepted.  `now` (seconds since 1970) says which
 * round of 2^32 seconds is meant: the nearest (RFC 1982).  A signature is left
 * out that ends before it begins or whose signer is no zone of the owner.  No
 * allocation; n * SIGNATURE_KEYS_MAX steps.
 */
void signatures_read(const uint8_t *wire, size_t size, const struct message *m,
    int64_t now, struct signatures *out);

#endif
