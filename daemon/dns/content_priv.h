/* SPDX-License-Identifier: ISC */
#ifndef DNS_CONTENT_PRIV_H
#define DNS_CONTENT_PRIV_H

/*
 * The fingerprint, in the one form that content_fingerprint() and reply_sum()
 * share: outcome, reason, partial, chain in its order, then for UNREADABLE
 * the digest, else the hashes of the records, sorted and each once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dns/content.h"
#include "pair_priv.h"

enum {
	FINGERPRINT_SIZE_MAX = 4 + CONTENT_CHAIN_MAX * NAME_SIZE_MAX +
	                       CONTENT_RECORDS_MAX * 8 + SHA256_SIZE,
	/* A record as it is hashed: its type in front of its rdata. */
	TYPED_SIZE_MAX = 2 + 65535
};

struct fingerprint {
	size_t size;
	uint8_t data[FINGERPRINT_SIZE_MAX];
};

void fingerprint_start(struct fingerprint *f, const struct content *c);
void fingerprint_name(struct fingerprint *f, const uint8_t *name, size_t size);
void fingerprint_digest(struct fingerprint *f, const uint8_t *digest);
void fingerprint_hashes(
    struct fingerprint *f, const struct pair *hashes, size_t n);
uint64_t fingerprint_end(
    const struct fingerprint *f, const struct hash_key *key);

#endif
