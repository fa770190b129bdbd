/* SPDX-License-Identifier: ISC */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

/*
 * reply -- what an accepted message says about a question.
 *
 * Two readers of the same rules (M1-M4, M9, M10, R1, R2, R7), held against
 * each other by tests and fuzzing:
 *   reply_sum()    the fast one: outcome, fingerprint, TTL; no allocation;
 *   reply_read()   the full one, for a reply that differs.
 * Both are given a message that message_walk() accepted and whose question
 * is the one that was asked, TC clear.  They agree in everything but one:
 * only reply_read() asks ldns about each record, so that it may say
 * UNREADABLE_RECORD where reply_sum() says ANSWER.  Who keeps fingerprints
 * keeps those of reply_sum(), and compares contents where they differ.
 *
 * The digest of an UNREADABLE answer is the same in both, and depends on the
 * set of (type, rdata) of all Answer records only: not on message id, order,
 * duplicates, owners, TTLs or the letter case of names.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/hash.h"
#include "dns/content.h"
#include "dns/message.h"

/* Kinds of FAIL (R1): what never replaces a state.  Stored: never renumber. */
enum fail {
	FAIL_NOT = 0,
	FAIL_TIMEOUT = 1,
	FAIL_SERVFAIL = 2,
	FAIL_REFUSED = 3,
	FAIL_LAME = 4,     /* referral, or NOTAUTH and the like (M10) */
	FAIL_BOGUS = 5,    /* SERVFAIL with EDE 6..12: DNSSEC (RFC 8914) */
	FAIL_FILTERED = 6, /* EDE 4 or 15-17 (R16; [source] decides more) */
	FAIL_MALFORMED = 7,
	FAIL_NETWORK = 8 /* refused connection, no route, truncated TCP */
};
const char *fail_text(enum fail fail); /* "timeout", "servfail", ... */

/* The fast reader's result. */
struct reply_sum {
	enum outcome outcome; /* ANSWER, NODATA, NXDOMAIN, UNREADABLE, FAIL */
	enum fail fail;
	uint64_t fingerprint; /* of the content; 0 for FAIL */
	uint32_t ttl;         /* the smallest of chain and end records; for
	                       * negatives min(SOA TTL, SOA MINIMUM), RFC 2308 */
	bool has_soa;         /* negative with an SOA (M4) */
	bool aa;
	uint16_t n_offchain; /* answer records that were ignored (M1, C11) */
	/* For who asks a zone's servers to fill in; reply_sum() says no. */
	bool has_serial;
	uint32_t serial;
};
void reply_sum(const uint8_t *wire, size_t size, const struct message *m,
    const struct hash_key *key, struct reply_sum *out);

/* The full reader's result; all pointers are in the arena it was given. */
struct reply {
	struct content content;
	enum fail fail;
	uint32_t ttl;
	bool has_soa;
	bool aa, ad, ra;
	int32_t ede; /* -1: none */
	bool has_serial;
	uint32_t serial; /* of an SOA in Answer or Authority */
	uint16_t n_offchain;
	bool is_unsupported; /* RFC 8482 HINFO: refuses the type (M9) */
};
MUST_CHECK int reply_read(const uint8_t *wire, size_t size,
    const struct message *m, struct arena *a, struct reply *out);

/* The numbers of an SOA (RFC 1035 3.3.13). */
struct reply_soa {
	uint32_t serial, refresh, retry, expire, minimum;
};
/* The first SOA of Answer or Authority; false: there is none. */
bool reply_soa(const uint8_t *wire, size_t size, const struct message *m,
    struct reply_soa *out);

/*
 * What the response code and the Extended DNS Error alone say; FAIL_NOT for
 * NOERROR and NXDOMAIN, unless the error says that the answer was forged,
 * blocked, censored or filtered.  YXDOMAIN is FAIL_MALFORMED (M3).
 */
enum fail reply_fail(const struct message *m);

#endif
