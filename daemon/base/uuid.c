/* SPDX-License-Identifier: ISC */

/*
 * The 74 bits after the time are one counter of the process that starts at
 * random and grows by a random step with each call (RFC 9562 6.2, method 2,
 * not restarted for a new millisecond).  So the order holds among equal
 * milliseconds however calls for different times are mixed.
 */

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/rand.h"
#include "base/uuid.h"

enum {
	HIGH_START_BITS = 11, /* of 12: 2^41 calls before it could wrap */
	LOW_BITS = 62
};

static struct {
	bool started;
	uint16_t high; /* 12 bits */
	uint64_t low;  /* 62 bits */
} state;

static void
step(void)
{
	if (!state.started) {
		state.started = true;
		state.high = rand_u16() >> (16 - HIGH_START_BITS);
		state.low = rand_u64() >> (64 - LOW_BITS);
	}
	state.low += 1 + (uint64_t)rand_u32();
	state.high = (state.high + (state.low >> LOW_BITS)) & 0xfff;
	state.low &= (UINT64_C(1) << LOW_BITS) - 1;
}

struct uuid
uuid_v7(wall_us at)
{
	uint64_t ms = at > 0 ? (uint64_t)(at / 1000) : 0;
	struct uuid u;

	step();
	for (int i = 0; i < 6; i++)
		u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	u.b[6] = (uint8_t)(0x70 | state.high >> 8); /* version */
	u.b[7] = (uint8_t)state.high;
	for (int i = 0; i < 8; i++)
		u.b[8 + i] = (uint8_t)(state.low >> (56 - 8 * i));
	u.b[8] |= 0x80; /* variant */
	return u;
}

bool
uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool
uuid_is_nil(const struct uuid *u)
{
	static const struct uuid nil;

	return uuid_equal(u, &nil);
}

char *
uuid_print(const struct uuid *u, char out[UUID_TEXT_SIZE])
{
	static const int groups[] = {4, 2, 2, 2, 6};
	const uint8_t *from = u->b;
	char *to = out;

	for (int i = 0; i < 5; i++) {
		hash_hex(from, (size_t)groups[i], to);
		from += groups[i];
		to += 2 * groups[i];
		*to++ = i < 4 ? '-' : '\0';
	}
	return out;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
uuid_parse(const char *text, struct uuid *out)
{
	struct uuid u = {{0}};
	int digits = 0;

	if (strlen(text) != UUID_TEXT_SIZE - 1)
		return ERR_SYNTAX;
	for (int i = 0; i < UUID_TEXT_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		int v = hex_value(text[i]);

		if (dash ? text[i] != '-' : v == -1)
			return ERR_SYNTAX;
		if (dash)
			continue;
		u.b[digits / 2] = (uint8_t)(u.b[digits / 2] << 4 | v);
		digits++;
	}
	*out = u;
	return 0;
}
