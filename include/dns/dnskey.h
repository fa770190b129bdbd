/* SPDX-License-Identifier: ISC */
#ifndef DNS_DNSKEY_H
#define DNS_DNSKEY_H

/*
 * dnskey -- the keys of a zone and the digests that its parent has of them,
 * read out of the rdata of DNSKEY and DS (RFC 4034), and whether the two
 * still belong together.  No cryptography: a DS and a key belong together by
 * key tag and algorithm, as a validator looks for them (RFC 4035 5.2).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/content.h"

struct dnskey {
	uint16_t tag; /* RFC 4034 appendix B; of a DS, as it says */
	uint8_t algorithm;
	bool is_ds;   /* also CDS; else DNSKEY or CDNSKEY */
	bool zone;    /* signs zones (RFC 4034 2.1.1); of a DS true */
	bool sep;     /* a KSK, by the flag that says so */
	bool revoked; /* RFC 5011 */
};

/* False: no such type, or too short to be one. */
bool dnskey_read(const struct record *r, struct dnskey *out);

/*
 * Does a validator find a key by this DS set?  False when there is a DS and
 * none fits a key that signs the zone and is not revoked, also when there is
 * no key at all; where either of them cannot be read nothing is said.
 */
bool dnskey_fits(const struct content *ds, const struct content *keys);

/* "KSK 12345", "ZSK 54321", "revoked KSK 1", "DS 12345", or nothing. */
void dnskey_print(const struct record *r, struct buf *out);

#endif
