/* SPDX-License-Identifier: ISC */
/* room: schedule */

/*
 * The next poll follows a cache's entry and never breaks the wait that the
 * database is told.  One by one, and against a cache that is played, from a
 * printed seed (SEED=n repeats one).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rand.h"
#include "schedule/chase.h"
#include "schedule/spread.h"

enum { MS = 1000, N_NAMES = 10000 };

/* Planned at 1,000 s and answered as planned. */
static struct chase_poll
poll(uint32_t every_s, uint32_t ttl_left_s, uint32_t ttl_s)
{
	return (struct chase_poll){
	    .due_ms = 1000 * MS,
	    .now_ms = 1000 * MS,
	    .every_s = every_s,
	    .ttl_left_s = ttl_left_s,
	    .ttl_s = ttl_s,
	};
}

/* Seconds after the poll. */
static double
after(const struct chase_plan *plan)
{
	return (double)(plan->due_ms - 1000 * MS) / MS;
}

static void
assert_plan(struct chase_poll p, double seconds, bool moved)
{
	struct chase_plan plan = chase_next(&p);

	assert_true(after(&plan) == seconds);
	assert_int_equal(plan.moved, moved);
}

/* ---- claims one by one ---- */

static void
test_chase_comes_when_the_entry_has_run_out(void **state)
{
	(void)state;
	assert_plan(poll(300, 100, 3600), 101, true);
	assert_plan(poll(300, 299, 3600), 300, false);
	assert_plan(poll(300, 298, 3600), 299, true);
}

static void
test_chase_the_interval_stays_the_longest_wait(void **state)
{
	(void)state;
	assert_plan(poll(300, 3600, 3600), 300, false);
	assert_plan(poll(300, 400, 3600), 300, false);
}

static void
test_chase_not_sooner_than_the_floor(void **state)
{
	(void)state;
	assert_plan(poll(300, 1, 3600), CHASE_FLOOR_S, true);
	assert_plan(poll(300, 0, 3600), CHASE_FLOOR_S, true);
	assert_plan(poll(5, 1, 3600), 5, false);
	assert_plan(poll(1, 1, 3600), 1, false);
}

static void
test_chase_nothing_where_an_entry_does_not_outlive_the_interval(void **state)
{
	(void)state;
	assert_plan(poll(300, 100, 300), 300, false);
	assert_plan(poll(300, 30, 30), 300, false);
	assert_plan(poll(300, 0, 0), 300, false);
	assert_plan(poll(300, CHASE_NO_TTL, 3600), 300, false);
}

static void
test_chase_within_the_jitter_is_no_move(void **state)
{
	struct chase_poll p = poll(300, 305, 3600);
	struct chase_plan plan;

	(void)state;
	for (uint64_t r = 0; r <= UINT32_MAX; r += UINT32_MAX / 16) {
		p.random = (uint32_t)r;
		plan = chase_next(&p);
		assert_true(after(&plan) == 300);
		assert_false(plan.moved);
		assert_in_range(plan.jitter_ms, 6 * MS, 15 * MS);
		assert_int_equal(plan.mark, CHASE_AT_END);
	}
}

/* A TTL that is the interval: half of the polls would come a little early. */
static void
test_chase_within_the_jitter_where_the_ttl_is_the_interval(void **state)
{
	struct chase_poll p = poll(300, 300, 300);
	struct chase_plan plan = chase_next(&p);

	(void)state;
	assert_true(after(&plan) == 300);
	assert_false(plan.moved);
	assert_in_range(plan.jitter_ms, 1 * MS, 15 * MS);
	p.ttl_left_s = 5;
	assert_plan(p, 300, false);
}

static void
test_chase_longer_by_the_ttl_left_or_an_hour(void **state)
{
	struct chase_poll p = poll(300, 1800, 3600);

	(void)state;
	p.longer = true;
	assert_plan(p, 1801, true);
	p.ttl_left_s = 3600;
	assert_plan(p, 3601, true);
	p.ttl_left_s = p.ttl_s = 86400;
	assert_plan(p, 300 + 3600, true);
	p.ttl_left_s = p.ttl_s = 120;
	assert_plan(p, 300, false);
	p.ttl_left_s = CHASE_NO_TTL;
	assert_plan(p, 300, false);
}

/* A stale answer gives 30 s each time (RFC 8767 5), a farm what it has. */
static void
test_chase_not_twice_in_a_row(void **state)
{
	struct chase_poll p = poll(300, 30, 3600);
	struct chase_plan plan = chase_next(&p);

	(void)state;
	assert_true(plan.moved);
	for (int i = 0; i < 5; i++) {
		p.mark = plan.mark;
		plan = chase_next(&p);
		assert_true(after(&plan) == 300);
		assert_int_equal(plan.mark, CHASE_BARRED);
	}
	/* An entry that outlives the interval again. */
	p.mark = plan.mark;
	p.ttl_left_s = 2000;
	plan = chase_next(&p);
	assert_int_equal(plan.mark, CHASE_NOT);
	p.mark = plan.mark;
	p.ttl_left_s = 30;
	assert_plan(p, 31, true);
}

static void
test_chase_a_failure_keeps_the_bar(void **state)
{
	struct chase_poll p = poll(300, CHASE_NO_TTL, 3600);

	(void)state;
	p.mark = CHASE_BARRED;
	assert_int_equal(chase_next(&p).mark, CHASE_BARRED);
	p.mark = CHASE_AT_END;
	assert_int_equal(chase_next(&p).mark, CHASE_NOT);
}

static void
test_chase_skips_what_was_missed(void **state)
{
	struct chase_poll p = poll(60, 0, 0);

	(void)state;
	p.now_ms = 1000 * MS + 150 * MS;
	assert_plan(p, 180, false);
	p.now_ms = 1000 * MS + 180 * MS;
	assert_plan(p, 240, false);
	p.ttl_left_s = 10;
	p.ttl_s = 600;
	assert_plan(p, 191, true);
}

static void
test_chase_waits_are_kept_in_three_bits(void **state)
{
	(void)state;
	assert_int_equal(chase_wait_s(0, 300), 0);
	assert_int_equal(chase_wait_s(chase_steps(false, 86400), 300), 300);
	for (uint32_t ttl = 0; ttl < 5000; ttl++) {
		uint32_t more = ttl < CHASE_LONGER_S ? ttl : CHASE_LONGER_S;
		uint8_t steps = chase_steps(true, ttl);

		assert_in_range(steps, 1, 7);
		assert_true(chase_wait_s(steps, 60) >= 60 + more);
		assert_int_equal(
		    chase_steps_of(chase_wait_s(steps, 60), 60), steps);
	}
	assert_int_equal(chase_steps_of(0, 60), 0);
	assert_int_equal(chase_steps_of(60, 60), 1);
}

/* Entries that were fetched at once run out at once, and are asked apart. */
static void
test_chase_aligns_no_names(void **state)
{
	unsigned busiest[20] = {0};

	(void)state;
	rand_seed(1);
	for (unsigned i = 0; i < N_NAMES; i++) {
		struct chase_poll p = poll(300, 200, 3600);
		struct chase_plan plan;

		p.random = rand_u32();
		plan = chase_next(&p);
		assert_in_range(plan.jitter_ms, 0, 15 * MS);
		busiest[plan.jitter_ms / MS]++;
	}
	for (unsigned i = 0; i < 15; i++)
		assert_in_range(busiest[i], N_NAMES / 20, N_NAMES / 12);
}

/* ---- against a cache ---- */

struct cache {
	uint32_t ttl_s;
	int64_t fetched; /* seconds; below 0: nothing is there */
};

/* Whole seconds, as caches count. */
static uint32_t
ask(struct cache *c, int64_t now_ms)
{
	int64_t now = now_ms / MS;

	if (c->fetched < 0 || now > c->fetched + c->ttl_s)
		c->fetched = now;
	return (uint32_t)(c->fetched + c->ttl_s - now);
}

struct run {
	unsigned polls, fetches;
	double late; /* sum over fetches: seconds after the entry ran out */
};

/* A name for a day; every wait is held against what was promised. */
static struct run
follow(uint32_t every_s, uint32_t ttl_s, bool longer)
{
	struct cache c = {ttl_s, -1};
	struct chase_poll p = {.every_s = every_s,
	    .ttl_s = ttl_s,
	    .longer = longer,
	    .due_ms = rand_below(every_s * MS)};
	struct run run = {0};
	int64_t sent = p.due_ms;
	int64_t wait =
	    (int64_t)chase_wait_s(chase_steps(longer, ttl_s), every_s) * MS;

	while (sent < 86400 * MS) {
		int64_t before = c.fetched;
		struct chase_plan plan;

		p.now_ms = sent + rand_below(50);
		p.ttl_left_s = ask(&c, p.now_ms);
		p.random = rand_u32();
		run.polls++;
		if (c.fetched != before && before >= 0) {
			run.fetches++;
			run.late += (double)(c.fetched - before - ttl_s);
		}
		plan = chase_next(&p);
		assert_true(plan.due_ms > p.now_ms);
		assert_true(plan.due_ms - p.due_ms <= wait);
		assert_true(
		    plan.jitter_ms <= spread_jitter_ms(every_s, UINT32_MAX));
		p.due_ms = plan.due_ms;
		p.mark = plan.mark;
		sent = plan.due_ms + plan.jitter_ms;
	}
	return run;
}

static void
test_chase_keeps_its_promise_for_any_ttl(void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (unsigned i = 0; i < 300; i++) {
		uint32_t every_s = 5 + rand_below(600);
		uint32_t ttl_s = rand_below(8000);
		struct run plain = follow(every_s, ttl_s, false);
		struct run longer = follow(every_s, ttl_s, true);
		double regular = 86400.0 / every_s;

		/* One more for each entry, at most. */
		assert_true(plain.polls <= regular + plain.fetches + 2);
		assert_true(longer.polls <= regular + longer.fetches + 2);
		if (ttl_s <= every_s || ttl_s > CHASE_LONGER_S)
			continue;
		/* And the fetch comes soon after the entry ran out. */
		assert_true(plain.late / plain.fetches <=
			    CHASE_FLOOR_S + every_s / 10.0 + 2);
		assert_true(longer.polls <= 86400.0 / ttl_s * 2 + 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chase_comes_when_the_entry_has_run_out),
	    cmocka_unit_test(test_chase_the_interval_stays_the_longest_wait),
	    cmocka_unit_test(test_chase_not_sooner_than_the_floor),
	    cmocka_unit_test(
		test_chase_nothing_where_an_entry_does_not_outlive_the_interval),
	    cmocka_unit_test(test_chase_within_the_jitter_is_no_move),
	    cmocka_unit_test(
		test_chase_within_the_jitter_where_the_ttl_is_the_interval),
	    cmocka_unit_test(test_chase_longer_by_the_ttl_left_or_an_hour),
	    cmocka_unit_test(test_chase_not_twice_in_a_row),
	    cmocka_unit_test(test_chase_a_failure_keeps_the_bar),
	    cmocka_unit_test(test_chase_skips_what_was_missed),
	    cmocka_unit_test(test_chase_waits_are_kept_in_three_bits),
	    cmocka_unit_test(test_chase_keeps_its_promise_for_any_ttl),
	    cmocka_unit_test(test_chase_aligns_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
