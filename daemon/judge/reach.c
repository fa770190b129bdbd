/* SPDX-License-Identifier: ISC */

/*
 * Counting fails, nothing else: one row per failing question, and sixty
 * buckets of a second for the monitor as a whole.
 *
 *              more than half of at least ten polls
 *              of the last minute failed
 *    SIGHTED -----------------------------------------> BLIND
 *       ^                                                 |
 *       |      at most a quarter of the last minute's     |
 *       |      failed, or lately more came than failed    |
 *       +-------------------------------------------------+
 *
 *    SIGHTED -> BLIND     sight_judge(), is_worse()
 *    BLIND -> SIGHTED     sight_judge(), is_better(); forgets the outage
 *
 * A minute without polls is no evidence and leaves the condition as it is.
 */

#include "judge/reach.h"

enum {
	BUCKETS = 60,
	BLIND_ASKED_MIN = 10, /* polls in the last minute, or nothing is said */
	LATELY_S = 10,
	LATELY_GOOD_MIN = 3
};

void
reach_fail(struct reach *r, enum fail fail, uint8_t paths, wall_us at)
{
	if (r->fails == 0)
		r->since = at;
	if (r->fails < UINT16_MAX)
		r->fails++;
	r->paths |= paths;
	r->fail = (uint8_t)fail;
}

static bool
has_two_bits(uint8_t set)
{
	return (set & (set - 1)) != 0;
}

bool
reach_is_failing(const struct reach *r, uint32_t k)
{
	return !r->told && r->fails > 0 && r->fails >= k &&
	       has_two_bits(r->paths);
}

/* Makes the bucket of this second the newest; what is older than all is 0. */
static void
turn_to(struct sight *s, int64_t second)
{
	if (second <= s->second)
		return;
	if (second - s->second >= BUCKETS)
		s->second = second - BUCKETS;
	while (s->second < second) {
		s->second++;
		s->asked[s->second % BUCKETS] = 0;
		s->failed[s->second % BUCKETS] = 0;
	}
}

void
sight_note(struct sight *s, mono_ns now, bool failed)
{
	size_t i;

	turn_to(s, now / MONO_S(1));
	i = (size_t)(s->second % BUCKETS);
	s->asked[i]++;
	s->failed[i] += failed;
}

/* Sums the buckets of the last `span` seconds, this one included. */
static void
sum(const struct sight *s, int64_t now, uint32_t span, uint32_t *asked,
    uint32_t *failed)
{
	*asked = 0;
	*failed = 0;
	for (int64_t i = 0; i < BUCKETS && i <= s->second; i++) {
		int64_t second = s->second - i;

		if (second <= now - (int64_t)span)
			return;
		*asked += s->asked[second % BUCKETS];
		*failed += s->failed[second % BUCKETS];
	}
}

void
sight_minute(
    const struct sight *s, mono_ns now, uint32_t *asked, uint32_t *failed)
{
	sum(s, now / MONO_S(1), BUCKETS, asked, failed);
}

static bool
is_better(const struct sight *s, int64_t now)
{
	uint32_t asked;
	uint32_t failed;

	sum(s, now, BUCKETS, &asked, &failed);
	if (asked > 0 && failed <= asked / 4)
		return true;
	sum(s, now, LATELY_S, &asked, &failed);
	/* A simple majority flaps when about half of all polls fail for long.
	 */
	return asked - failed >= LATELY_GOOD_MIN && failed <= asked / 4;
}

/*
 * Forgets all before the last ten seconds.  Otherwise the fails of the outage
 * that has just ended would make the monitor blind again a second later.
 */
static void
forget_outage(struct sight *s)
{
	for (int64_t i = LATELY_S; i < BUCKETS && i <= s->second; i++) {
		s->asked[(s->second - i) % BUCKETS] = 0;
		s->failed[(s->second - i) % BUCKETS] = 0;
	}
}

static bool
is_worse(const struct sight *s, int64_t now)
{
	uint32_t asked;
	uint32_t failed;

	sum(s, now, BUCKETS, &asked, &failed);
	return asked >= BLIND_ASKED_MIN && failed > asked - failed;
}

enum sight_turn
sight_judge(struct sight *s, mono_ns now, wall_us wall)
{
	int64_t second = now / MONO_S(1);

	turn_to(s, second);
	if (!s->blind && is_worse(s, second)) {
		s->blind = true;
		s->since = wall;
		return SIGHT_BLIND;
	}
	if (s->blind && is_better(s, second)) {
		s->blind = false;
		s->since = wall;
		forget_outage(s);
		return SIGHT_SIGHTED;
	}
	return SIGHT_SAME;
}
