/* SPDX-License-Identifier: ISC */

/*
 * The kernel is asked for a block at a time, because a system call per
 * message id would cost more than the message.  What was handed out is wiped,
 * so that a later look into our memory does not tell earlier ids and ports.
 * The state is that of the process: the daemon has one thread and never forks.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/rand.h"

enum { BLOCK_SIZE = 4096 };

static struct {
	uint8_t block[BLOCK_SIZE];
	size_t left; /* unused bytes, at the end of block */
	bool seeded; /* reproducible, for tests */
	uint64_t seed;
} state;

static void
fill_from_kernel(void)
{
	size_t have = 0;

	while (have < BLOCK_SIZE) {
		ssize_t n = getrandom(state.block + have, BLOCK_SIZE - have, 0);

		/* Without randomness nothing here can be done safely. */
		CHECK(n > 0 || (n == -1 && errno == EINTR));
		if (n > 0)
			have += (size_t)n;
	}
}

/* splitmix64: a counter, and a mix of its bits. */
static uint64_t
next_seeded(void)
{
	uint64_t v = state.seed += 0x9e3779b97f4a7c15;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
	v = (v ^ v >> 27) * 0x94d049bb133111eb;
	return v ^ v >> 31;
}

static void
fill_from_seed(void)
{
	for (size_t i = 0; i < BLOCK_SIZE; i += sizeof(uint64_t)) {
		uint64_t v = next_seeded();
		memcpy(state.block + i, &v, sizeof(v));
	}
}

void
rand_bytes(void *out, size_t size)
{
	uint8_t *to = out;

	while (size > 0) {
		uint8_t *from;
		size_t n;

		if (state.left == 0) {
			if (state.seeded)
				fill_from_seed();
			else
				fill_from_kernel();
			state.left = BLOCK_SIZE;
		}
		n = size < state.left ? size : state.left;
		from = state.block + BLOCK_SIZE - state.left;
		memcpy(to, from, n);
		memset(from, 0, n);
		state.left -= n;
		to += n;
		size -= n;
	}
}

/* As rand_bytes(), of a size that the compiler knows. */
static inline void
take(void *out, size_t size)
{
	uint8_t *from = state.block + BLOCK_SIZE - state.left;

	if (state.left < size) {
		rand_bytes(out, size);
		return;
	}
	memcpy(out, from, size);
	memset(from, 0, size);
	state.left -= size;
}

uint8_t
rand_u8(void)
{
	uint8_t v;

	take(&v, sizeof(v));
	return v;
}

uint16_t
rand_u16(void)
{
	uint16_t v;

	take(&v, sizeof(v));
	return v;
}

uint32_t
rand_u32(void)
{
	uint32_t v;

	take(&v, sizeof(v));
	return v;
}

uint64_t
rand_u64(void)
{
	uint64_t v;

	take(&v, sizeof(v));
	return v;
}

/*
 * The high half of a 32 by 32 bit product is even when those low halves are
 * thrown away that would give some results one chance more than others.
 */
uint32_t
rand_below(uint32_t limit)
{
	uint32_t uneven;
	uint64_t product;

	if (limit == 0)
		return 0;
	uneven = -limit % limit; /* 2^32 mod limit */
	do
		product = (uint64_t)rand_u32() * limit;
	while ((uint32_t)product < uneven);
	return (uint32_t)(product >> 32);
}

void
rand_seed(uint64_t seed)
{
	state.seeded = true;
	state.seed = seed;
	state.left = 0;
}
