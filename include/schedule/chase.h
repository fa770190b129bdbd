/* SPDX-License-Identifier: ISC */
#ifndef SCHEDULE_CHASE_H
#define SCHEDULE_CHASE_H

/*
 * chase -- the next poll of a question whose answer came out of a cache; pure.
 *
 * While a cache's entry lives, asking again brings the same entry; just after
 * it ran out the first question makes the cache fetch.  So the poll that would
 * come next is put there: earlier than the interval after the one before, or,
 * where its watch allows that, later (docs/decisions/ttl-chase.md).
 */

#include <stdbool.h>
#include <stdint.h>

enum {
	CHASE_FLOOR_S = 5,    /* never sooner after the poll before */
	CHASE_LONGER_S = 3600 /* never later than the interval and this */
};

/* Nothing to chase: it failed, was no cache's, or is stale. */
#define CHASE_NO_TTL UINT32_MAX

/* What is kept of a question from poll to poll; two bits. */
enum chase_mark {
	CHASE_NOT = 0,
	CHASE_AT_END = 1, /* put where an entry has run out */
	/* What answered there does not outlive the interval: left alone until
	 * something does. */
	CHASE_BARRED = 2,
	/* Between two plans, once; the next poll is at the second. */
	CHASE_ASIDE = 3
};

/* A poll that ended now.  Times are milliseconds from anywhere. */
struct chase_poll {
	int64_t due_ms; /* what it was planned for, at or before now_ms */
	int64_t now_ms;
	uint32_t every_s;
	/* What the answer had left, whole seconds, or CHASE_NO_TTL; and the
	 * largest TTL that was seen of it. */
	uint32_t ttl_left_s;
	uint32_t ttl_s;
	bool longer; /* it may wait longer than the interval */
	enum chase_mark mark;
	uint32_t random;
};

struct chase_plan {
	int64_t due_ms;     /* later than now */
	uint32_t jitter_ms; /* it is sent so much after that */
	enum chase_mark mark;
	bool moved; /* due_ms is no multiple of the interval away */
};

/*
 * Plans that follow each other are never further apart than the interval and,
 * if `longer`, what is left of the TTL or CHASE_LONGER_S; counted from the
 * answer, where that came later than its plan.  The jitter is that of
 * spread.h at most.
 */
struct chase_plan chase_next(const struct chase_poll *p);

/*
 * How long a question may wait, in steps that three bits hold: 1 is the
 * interval, further ones are up to CHASE_LONGER_S more; for `longer` and the
 * largest TTL.
 */
uint8_t chase_steps(bool longer, uint32_t ttl_s);
/* The same in seconds; 0 steps: 0. */
uint32_t chase_wait_s(uint8_t steps, uint32_t every_s);
/* The least steps with that wait, as it was stored for that interval. */
uint8_t chase_steps_of(uint32_t wait_s, uint32_t every_s);

#endif
