/* SPDX-License-Identifier: ISC */
/* room: schedule */

/*
 * From the largest TTL seen follows how far apart new fetches are at most
 * (docs/decisions/fresh-coverage.md): one by one, and against caches that are
 * played, one or several behind one address, with others who ask them, from a
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
#include "schedule/entry.h"
#include "schedule/spread.h"

enum { MS = 1000, CACHES_MAX = 4, RUN_S = 200000, RUNS = 400 };

/* ---- claims one by one ---- */

static void
test_entry_steps_hold_the_ttl_and_common_ones_exactly(void **state)
{
	static const uint32_t common[] = {60, 300, 600, 900, 1200, 1800, 3600,
	    7200, 10800, 14400, 21600, 28800, 43200, 86400, 172800, 604800};

	(void)state;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		assert_int_equal(entry_step_s(common[i], 1), common[i]);
	for (uint32_t ttl = 5; ttl < 700000; ttl++) {
		uint32_t step = entry_step_s(ttl, 1);

		assert_in_range(step, ttl, ttl * 2);
		/* What a restart takes for seen was seen, and is that step. */
		assert_true(entry_least_s(step) <= ttl);
		assert_int_equal(entry_step_s(entry_least_s(step), 1), step);
	}
	assert_int_equal(entry_step_s(UINT32_MAX, 60), INT32_MAX);
}

static void
test_entry_none_where_it_does_not_outlive_the_interval(void **state)
{
	(void)state;
	assert_int_equal(entry_step_s(0, 60), 0);
	assert_int_equal(entry_step_s(51, 60), 0);
	/* With a poll that is sent late, and the next that is not. */
	assert_int_equal(entry_step_s(52, 60), 60);
	assert_int_equal(entry_step_s(60, 60), 60);
	assert_int_equal(entry_least_s(0), 0);
}

/* ---- against caches ---- */

struct run {
	uint32_t every_s, ttl_s;
	bool moved, longer; /* polls follow the entries */
	unsigned caches;
	uint32_t others_s; /* others ask each of them so often; 0: nobody */
};

struct cache {
	int64_t fetched, others; /* ms; when others ask next */
};

/* When the entry that answers now was fetched. */
static int64_t
answer(const struct run *run, struct cache *c, int64_t now)
{
	while (run->others_s > 0 && c->others < now) {
		if (c->others >= c->fetched + run->ttl_s * MS)
			c->fetched = c->others;
		c->others += 1 + rand_below(2 * run->others_s * MS);
	}
	if (c->fetched < 0 || now >= c->fetched + (run->ttl_s + 1) * MS)
		c->fetched = now;
	return c->fetched;
}

/* As read_sql.c has it. */
static int64_t
apart_ms(const struct run *run, uint32_t entry_s, bool moved)
{
	int64_t every = run->every_s;
	int64_t life = entry_s + entry_slack_s(run->every_s);

	if (entry_s == 0)
		return every * MS;
	return (moved ? life + every : (life / every + 1) * every) * MS;
}

struct result {
	int64_t longest; /* between new fetches, by their plans */
	int64_t apart;
	double told, truly; /* polls in a second that are new fetches */
};

static struct result
play(const struct run *run)
{
	struct cache caches[CACHES_MAX];
	struct chase_poll p = {.every_s = run->every_s, .longer = run->longer};
	struct result r = {0};
	int64_t newest = -1, last = 0, sent = 0;
	uint32_t seen = 0;
	bool moved = false; /* it has a wait_s */
	unsigned n = 0;

	for (unsigned i = 0; i < run->caches; i++)
		caches[i] = (struct cache){-1, (int64_t)rand_below(RUN_S)};
	while (p.due_ms < (int64_t)RUN_S * MS) {
		struct cache *c = &caches[rand_below(run->caches)];
		struct chase_plan plan;
		int64_t fetched;

		p.now_ms = sent;
		fetched = answer(run, c, sent);
		p.ttl_left_s =
		    sent - fetched >= run->ttl_s * MS
			? 0
			: (uint32_t)(run->ttl_s - (sent - fetched) / MS);
		if (p.ttl_left_s > seen)
			seen = p.ttl_left_s;
		if (fetched > newest) {
			if (newest >= 0 && p.due_ms - last > r.longest)
				r.longest = p.due_ms - last;
			newest = fetched;
			last = p.due_ms;
			n++;
		}
		p.ttl_s = seen;
		p.random = rand_u32();
		if (!run->moved)
			p.ttl_left_s = CHASE_NO_TTL;
		plan = chase_next(&p);
		if (!run->moved)
			plan.jitter_ms =
			    spread_jitter_ms(run->every_s, p.random);
		moved |= plan.moved;
		p.due_ms = plan.due_ms;
		p.mark = plan.mark;
		sent = plan.due_ms + plan.jitter_ms +
		       rand_below(MS + run->every_s * MS / 20);
	}
	r.apart = apart_ms(run, entry_step_s(seen, run->every_s), moved);
	r.told = (double)MS / (double)r.apart;
	r.truly = (double)n / RUN_S;
	return r;
}

static struct run
make_up(bool moved)
{
	struct run run = {.every_s = 10 + rand_below(600),
	    .moved = moved,
	    .longer = moved && rand_below(2) == 0,
	    .caches = 1 + rand_below(CACHES_MAX)};

	run.ttl_s = rand_below(run.every_s * (1 + rand_below(20)));
	if (rand_below(2) == 0)
		run.others_s = 1 + rand_below(run.every_s);
	return run;
}

static void
play_all(bool moved)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();
	double sum = 0, least = 1;

	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (unsigned i = 0; i < RUNS; i++) {
		struct run run = make_up(moved);
		struct result r = play(&run);

		if (r.longest > r.apart)
			print_message("every %u ttl %u longer %d caches %u "
				      "others %u\n",
			    run.every_s, run.ttl_s, run.longer, run.caches,
			    run.others_s);
		assert_in_range(r.longest, 0, r.apart);
		sum += r.told / r.truly / RUNS;
		if (r.told / r.truly < least)
			least = r.told / r.truly;
	}
	print_message(
	    "told of what is true: %.2f, at least %.2f\n", sum, least);
}

static void
test_entry_new_fetches_are_no_further_apart(void **state)
{
	(void)state;
	play_all(false);
}

static void
test_entry_nor_of_polls_that_follow_it(void **state)
{
	(void)state;
	play_all(true);
}

/* A cache that nobody else asks, and TTLs as people set them. */
static void
test_entry_says_most_of_what_is_true(void **state)
{
	static const uint32_t ttls[] = {60, 300, 900, 3600, 86400};
	static const uint32_t every[] = {60, 300, 900};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 3; k++) {
			for (int moved = 0; moved < 3; moved++) {
				struct run run = {.every_s = every[k],
				    .ttl_s = ttls[i],
				    .caches = 1,
				    .moved = moved > 0,
				    .longer = moved > 1};
				struct result r = play(&run);

				assert_in_range(r.longest, 0, r.apart);
				print_message("every %u ttl %u %s: %.2f\n",
				    every[k], ttls[i],
				    moved > 1   ? "chase"
				    : moved > 0 ? "moved"
						: "planned",
				    r.told / r.truly);
				assert_true(r.told >= r.truly * 0.45);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_entry_steps_hold_the_ttl_and_common_ones_exactly),
	    cmocka_unit_test(
		test_entry_none_where_it_does_not_outlive_the_interval),
	    cmocka_unit_test(test_entry_new_fetches_are_no_further_apart),
	    cmocka_unit_test(test_entry_nor_of_polls_that_follow_it),
	    cmocka_unit_test(test_entry_says_most_of_what_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
