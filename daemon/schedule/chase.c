/* SPDX-License-Identifier: ISC */

#include "schedule/chase.h"
#include "schedule/spread.h"

enum { MS_PER_S = 1000, N_STEPS = 8 };

/* Beyond the interval, by steps; TTLs that are common are among them. */
static const uint32_t more_s[N_STEPS] = {
    0, 0, 60, 300, 600, 900, 1800, CHASE_LONGER_S};

/* As if nothing were known of a cache; skips what was missed. */
static int64_t
regular(const struct chase_poll *p)
{
	int64_t every = (int64_t)p->every_s * MS_PER_S;
	int64_t due = p->due_ms + every;

	if (due <= p->now_ms)
		due += ((p->now_ms - due) / every + 1) * every;
	return due;
}

static uint32_t
fraction(uint32_t random, int64_t of)
{
	return (uint32_t)((uint64_t)random * (uint64_t)(of + 1) >> 32);
}

/*
 * The end lies before the next poll, which is put there.  Not twice in a row:
 * what is not new then counts otherwise, is one of several caches behind one
 * address, or stale (RFC 8767 5: 30 s, each time); and where it is new its
 * whole TTL is seen, which may be less than it once was.
 */
static void
move_before(struct chase_plan *plan, const struct chase_poll *p, int64_t end)
{
	int64_t floor = p->now_ms + CHASE_FLOOR_S * MS_PER_S;

	if (p->mark != CHASE_NOT) {
		plan->mark = CHASE_BARRED;
		return;
	}
	if (end < floor)
		end = floor;
	if (end >= plan->due_ms)
		return;
	plan->due_ms = end;
	plan->mark = CHASE_AT_END;
	plan->moved = true;
}

/* Where nothing is known of a cache. */
static struct chase_plan
regular_plan(const struct chase_poll *p)
{
	return (struct chase_plan){
	    .due_ms = regular(p),
	    .jitter_ms = spread_jitter_ms(p->every_s, p->random),
	    .mark = p->mark == CHASE_BARRED ? CHASE_BARRED : CHASE_NOT,
	};
}

struct chase_plan
chase_next(const struct chase_poll *p)
{
	struct chase_plan plan = regular_plan(p);
	/* TTLs are whole seconds: an entry may live one longer. */
	int64_t end = p->now_ms + ((int64_t)p->ttl_left_s + 1) * MS_PER_S;
	int64_t behind = end - plan.due_ms; /* of the next regular poll */
	int64_t window = spread_jitter_ms(p->every_s, UINT32_MAX);
	int64_t longest =
	    p->ttl_left_s < CHASE_LONGER_S ? p->ttl_left_s : CHASE_LONGER_S;

	if (p->ttl_left_s == CHASE_NO_TTL)
		return plan;
	if (p->ttl_left_s > p->every_s)
		plan.mark = CHASE_NOT;
	longest *= MS_PER_S;
	if (behind > 0 && behind <= window) {
		/* It is sent within that time anyway. */
		plan.jitter_ms =
		    (uint32_t)behind + fraction(p->random, window - behind);
		plan.mark = CHASE_AT_END;
	} else if (behind <= 0 && p->ttl_s > p->every_s) {
		move_before(&plan, p, end);
	} else if (behind > 0 && p->longer) {
		if (behind <= longest)
			plan.mark = CHASE_AT_END;
		plan.due_ms += behind <= longest ? behind : longest;
		plan.moved = true;
	}
	return plan;
}

uint8_t
chase_steps(bool longer, uint32_t ttl_s)
{
	uint8_t steps = 1;

	while (longer && steps < N_STEPS - 1 && more_s[steps] < ttl_s)
		steps++;
	return steps;
}

uint32_t
chase_wait_s(uint8_t steps, uint32_t every_s)
{
	return steps == 0 ? 0 : every_s + more_s[steps];
}

uint8_t
chase_steps_of(uint32_t wait_s, uint32_t every_s)
{
	if (wait_s == 0)
		return 0;
	return chase_steps(true, wait_s > every_s ? wait_s - every_s : 0);
}
