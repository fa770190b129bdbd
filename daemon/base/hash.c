/* SPDX-License-Identifier: ISC */

/*
 * SipHash-2-4 as Aumasson and Bernstein describe it (2012): two rounds for
 * each eight bytes, four at the end, the length in the last word.
 */

#include <openssl/evp.h>

#include "base/err.h"
#include "base/hash.h"

struct sip {
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint64_t d;
};

static inline uint64_t
turn(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

/* Little-endian whatever the machine; compilers make one load of it. */
static inline uint64_t
load64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static inline void
mix(struct sip *s)
{
	s->a += s->b;
	s->b = turn(s->b, 13) ^ s->a;
	s->a = turn(s->a, 32);
	s->c += s->d;
	s->d = turn(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = turn(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = turn(s->b, 17) ^ s->c;
	s->c = turn(s->c, 32);
}

static inline void
take_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	mix(s);
	mix(s);
	s->a ^= word;
}

uint64_t
hash_sip(const struct hash_key *key, const void *data, size_t size)
{
	/* "somepseudorandomlygeneratedbytes" */
	struct sip s = {
	    .a = key->k0 ^ 0x736f6d6570736575,
	    .b = key->k1 ^ 0x646f72616e646f6d,
	    .c = key->k0 ^ 0x6c7967656e657261,
	    .d = key->k1 ^ 0x7465646279746573,
	};
	const uint8_t *p = data;
	uint64_t last = (uint64_t)size << 56;
	size_t rest = size % 8;

	for (size_t left = size / 8; left > 0; left--, p += 8)
		take_word(&s, load64(p));
	for (size_t i = 0; i < rest; i++)
		last |= (uint64_t)p[i] << (8 * i);
	take_word(&s, last);
	s.c ^= 0xff;
	mix(&s);
	mix(&s);
	mix(&s);
	mix(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/*
 * Looked up once: EVP_Digest() with EVP_sha256() searches the providers, under
 * locks, and allocates with each call.
 */
static struct {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
} sha;

void
hash_sha256(const void *data, size_t size, uint8_t out[SHA256_SIZE])
{
	if (sha.md == NULL) {
		sha.md = EVP_MD_fetch(NULL, "SHA256", NULL);
		sha.ctx = EVP_MD_CTX_new();
	}
	CHECK(sha.md != NULL && sha.ctx != NULL);
	CHECK(EVP_DigestInit_ex2(sha.ctx, sha.md, NULL) == 1);
	CHECK(EVP_DigestUpdate(sha.ctx, data, size) == 1);
	CHECK(EVP_DigestFinal_ex(sha.ctx, out, NULL) == 1);
}

char *
hash_hex(const uint8_t *data, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * size] = '\0';
	return out;
}
