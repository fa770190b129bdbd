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
	LATELY_ASKED_MIN = 20 /* fewer say nothing by themselves */
};

void
reach_fail(struct reach *r, enum fail fail, uint8_t paths, wall_us at)
{
	if (r->fails == 0 && r->since == 0)
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
		s->polls[s->second % BUCKETS] = 0;
	}
}

void
sight_note(struct sight *s, mono_ns now, bool failed, uint32_t weight)
{
	size_t i;

	turn_to(s, now / MONO_S(1));
	i = (size_t)(s->second % BUCKETS);
	s->polls[i]++;
	s->asked[i] += weight;
	if (failed)
		s->failed[i] += weight;
}

struct sums {
	uint32_t asked, failed, polls;
};

/* Sums the buckets of the last `span` seconds, this one included. */
static struct sums
sum(const struct sight *s, int64_t now, uint32_t span)
{
	struct sums all = {0};

	for (int64_t i = 0; i < BUCKETS && i <= s->second; i++) {
		int64_t second = s->second - i;

		if (second <= now - (int64_t)span)
			break;
		all.asked += s->asked[second % BUCKETS];
		all.failed += s->failed[second % BUCKETS];
		all.polls += s->polls[second % BUCKETS];
	}
	return all;
}

void
sight_minute(
    const struct sight *s, mono_ns now, uint32_t *asked, uint32_t *failed)
{
	struct sums all = sum(s, now / MONO_S(1), BUCKETS);

	*asked = (all.asked + SIGHT_QUESTION / 2) / SIGHT_QUESTION;
	*failed = (all.failed + SIGHT_QUESTION / 2) / SIGHT_QUESTION;
}

static bool
is_better(const struct sight *s, int64_t now)
{
	struct sums all = sum(s, now, BUCKETS);

	if (all.asked > 0 && all.failed <= all.asked / 4)
		return true;
	/* A simple majority, or a handful of polls, flaps when half of all
	 * polls fail for long. */
	all = sum(s, now, LATELY_S);
	return all.polls >= LATELY_ASKED_MIN && all.failed <= all.asked / 4;
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
		s->polls[(s->second - i) % BUCKETS] = 0;
	}
}

static bool
is_worse(const struct sight *s, int64_t now)
{
	struct sums all = sum(s, now, BUCKETS);

	return all.polls >= BLIND_ASKED_MIN &&
	       all.failed > all.asked - all.failed;
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
