/* SPDX-License-Identifier: ISC */
#ifndef BASE_HASH_H
#define BASE_HASH_H

/*
 * hash -- SipHash-2-4 with a secret key, and SHA-256.
 *
 * SipHash is for everything in memory that an adversary's bytes reach: the
 * owners of watched names choose the data, and with a public hash they could
 * choose a collision that hides a change.  SHA-256 is for what is stored.
 */

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

uint64_t hash_sip(const struct hash_key *key, const void *data, size_t size);

enum { SHA256_SIZE = 32 };
void hash_sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE]);

/* Lower-case hex with a NUL: out holds 2 * size + 1 characters. */
char *hash_hex(const uint8_t *data, size_t size, char *out);

#endif
