/* SPDX-License-Identifier: ISC */

/*
 * Where a question stands within its interval is a property of its key alone.
 *
 * Stored facts rest on it: the database derives planned times from the same
 * key.  To change the phase, raise the version that the ledger of
 * docs/decisions/last-seen.md keeps with each stretch of polling, and leave
 * this function in place for the older ones.
 */

#include "schedule/spread.h"
#include "base/err.h"

enum {
	MS_PER_S = 1000,
	JITTER_SHARE = 20, /* of the interval: one part in so many */
	JITTER_MAX_MS = 60 * MS_PER_S
};

static uint32_t
span_ms(uint32_t every_s)
{
	CHECK(every_s > 0 && every_s <= UINT32_MAX / MS_PER_S);
	return every_s * MS_PER_S;
}

/*
 * The last four bytes of the key as a fraction of the interval.  The last,
 * because they are even in every kind of UUID; a fraction and not a remainder,
 * because a remainder is uneven where 2^32 is no multiple of the interval.
 */
uint32_t
spread_phase_ms(const struct uuid *question, uint32_t every_s)
{
	const uint8_t *b = question->b + sizeof(question->b) - 4;
	uint64_t part = (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 |
	                (uint64_t)b[2] << 8 | (uint64_t)b[3];

	return (uint32_t)(part * span_ms(every_s) >> 32);
}

int64_t
spread_next_ms(uint32_t phase_ms, uint32_t every_s, int64_t after_ms)
{
	int64_t every = span_ms(every_s);

	if (after_ms < phase_ms)
		return phase_ms;
	return phase_ms + ((after_ms - phase_ms) / every + 1) * every;
}

uint32_t
spread_jitter_ms(uint32_t every_s, uint32_t random)
{
	uint32_t limit = span_ms(every_s) / JITTER_SHARE;

	if (limit > JITTER_MAX_MS)
		limit = JITTER_MAX_MS;
	return (uint32_t)((uint64_t)random * (limit + 1) >> 32);
}
