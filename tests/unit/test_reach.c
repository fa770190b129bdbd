/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * Silence is told when it is more than chance and only once, and the monitor's
 * own blindness is not taken for that of the names.  Tried by the thresholds
 * one by one, and by simulated servers that fail at random, from a printed
 * seed (SEED=n repeats one).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rand.h"
#include "judge/reach.h"

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* --- failing ------------------------------------------------------------ */

static void
test_reach_three_fails_by_two_paths_are_failing(void **state)
{
	struct reach r = {0};

	(void)state;
	assert_false(reach_is_failing(&r, 3));
	reach_fail(&r, FAIL_TIMEOUT, REACH_HOME_UDP, 100);
	reach_fail(&r, FAIL_TIMEOUT, REACH_TCP, 200);
	assert_false(reach_is_failing(&r, 3));
	reach_fail(&r, FAIL_SERVFAIL, REACH_HOME_UDP, 300);
	assert_true(reach_is_failing(&r, 3));
	assert_int_equal(r.since, 100);
	assert_int_equal(r.fail, FAIL_SERVFAIL);
}

static void
test_reach_one_path_is_never_failing(void **state)
{
	struct reach r = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		reach_fail(&r, FAIL_TIMEOUT, REACH_HOME_UDP, i);
	assert_false(reach_is_failing(&r, 3));
	assert_int_equal(r.since, 0);
	reach_fail(&r, FAIL_TIMEOUT, REACH_OTHER, 1);
	assert_true(reach_is_failing(&r, 3));
	assert_int_equal(r.fails, UINT16_MAX);
}

static void
test_reach_told_is_not_told_again(void **state)
{
	struct reach r = {.told = true};

	(void)state;
	for (int i = 0; i < 10; i++)
		reach_fail(&r, FAIL_LAME, REACH_HOME_UDP | REACH_OTHER, i);
	assert_false(reach_is_failing(&r, 3));
}

static void
test_reach_that_never_failed_is_not_failing_even_for_k_0(void **state)
{
	struct reach r = {0};

	(void)state;
	assert_false(reach_is_failing(&r, 0));
}

/*
 * S-F15: each server answers SERVFAIL to 5 % of the questions at random.  A
 * poll asks at home by UDP, then another server, then by TCP, and fails when
 * all three do; 200 names, 1,000 rounds.
 */
static void
test_reach_random_servfail_is_never_told(void **state)
{
	uint32_t fails = 0;

	(void)state;
	start_seed(15);
	for (int name = 0; name < 200; name++) {
		struct reach r = {0};

		for (int i = 0; i < 1000; i++) {
			bool failed = rand_below(20) == 0 &&
			              rand_below(20) == 0 &&
			              rand_below(20) == 0;

			if (!failed) {
				r = (struct reach){0};
				continue;
			}
			fails++;
			reach_fail(&r, FAIL_SERVFAIL,
			    REACH_HOME_UDP | REACH_OTHER | REACH_TCP, i);
			assert_false(reach_is_failing(&r, 3));
		}
	}
	assert_true(fails > 0);
}

/*
 * The same with one server only, where a poll fails 5 times in a hundred and
 * three in a row come by chance: one path alone tells nothing.
 */
static void
test_reach_random_servfail_of_a_lone_server_is_never_told(void **state)
{
	struct reach r = {0};
	int longest = 0;

	(void)state;
	start_seed(51);
	for (int i = 0; i < 200000; i++) {
		if (rand_below(20) != 0) {
			r = (struct reach){0};
			continue;
		}
		reach_fail(&r, FAIL_SERVFAIL, REACH_HOME_UDP, i);
		longest = r.fails > longest ? r.fails : longest;
		assert_false(reach_is_failing(&r, 3));
	}
	assert_true(longest >= 3);
}

/* --- sight --------------------------------------------------------------- */

static void
note(struct sight *s, int64_t second, int n, bool failed)
{
	for (int i = 0; i < n; i++)
		sight_note(s, MONO_S(second) + i, failed, SIGHT_QUESTION);
}

static enum sight_turn
judge(struct sight *s, int64_t second)
{
	return sight_judge(s, MONO_S(second) + 999, WALL_S(1000000 + second));
}

static void
test_sight_is_lost_above_half_of_ten(void **state)
{
	struct sight s = {0};

	(void)state;
	note(&s, 500, 9, true);
	assert_int_equal(judge(&s, 500), SIGHT_SAME); /* nine are too few */
	note(&s, 501, 9, false);
	assert_int_equal(judge(&s, 501), SIGHT_SAME); /* half is not more */
	note(&s, 502, 1, true);
	assert_int_equal(judge(&s, 502), SIGHT_BLIND);
	assert_true(s.blind);
	assert_int_equal(s.since, WALL_S(1000502));
	assert_int_equal(judge(&s, 503), SIGHT_SAME);
}

static void
test_sight_ignores_what_is_older_than_a_minute(void **state)
{
	struct sight s = {0};
	uint32_t asked;
	uint32_t failed;

	(void)state;
	note(&s, 100, 9, true);
	note(&s, 130, 4, false);
	sight_minute(&s, MONO_S(159), &asked, &failed);
	assert_int_equal(asked, 13);
	assert_int_equal(failed, 9);
	sight_minute(&s, MONO_S(160), &asked, &failed);
	assert_int_equal(asked, 4);
	assert_int_equal(failed, 0);
	sight_minute(&s, MONO_S(190), &asked, &failed);
	assert_int_equal(asked, 0);
	/* The same when the buckets are turned, not only read. */
	note(&s, 160, 5, true);
	assert_int_equal(judge(&s, 160), SIGHT_SAME);
	note(&s, 10000, 9, true);
	sight_minute(&s, MONO_S(10000), &asked, &failed);
	assert_int_equal(asked, 9);
}

static void
make_blind(struct sight *s, int64_t second)
{
	note(s, second, 30, true);
	assert_int_equal(judge(s, second), SIGHT_BLIND);
}

static void
test_sight_comes_back_with_twenty_polls_in_ten_seconds(void **state)
{
	struct sight s = {0};

	(void)state;
	make_blind(&s, 50);
	note(&s, 55, 15, false);
	assert_int_equal(judge(&s, 55), SIGHT_SAME);
	note(&s, 61, 4, true);
	assert_int_equal(judge(&s, 61), SIGHT_SAME); /* 19 are too few */
	note(&s, 62, 1, false); /* sixteen good, four failed, 50 is past */
	assert_int_equal(judge(&s, 62), SIGHT_SIGHTED);
}

/* A simple majority would flap while half of all polls fail for long. */
static void
test_sight_does_not_come_back_by_a_bare_majority(void **state)
{
	struct sight s = {0};

	(void)state;
	make_blind(&s, 50);
	note(&s, 61, 10, true);
	note(&s, 62, 20, false);
	assert_int_equal(judge(&s, 62), SIGHT_SAME);
	note(&s, 63, 10, false);
	assert_int_equal(judge(&s, 63), SIGHT_SIGHTED);
	assert_int_equal(s.since, WALL_S(1000063));
}

/* R4: one question that is asked every second is one, not sixty. */
static void
test_sight_weighs_questions_and_not_polls(void **state)
{
	struct sight s = {0};

	(void)state;
	for (int64_t second = 0; second < 60; second++)
		sight_note(&s, MONO_S(second), true, 1);
	sight_note(&s, MONO_S(59), false, SIGHT_QUESTION);
	assert_int_equal(judge(&s, 59), SIGHT_SAME); /* one of two */
	sight_note(&s, MONO_S(59), true, SIGHT_QUESTION);
	assert_int_equal(judge(&s, 59), SIGHT_BLIND);
}

static void
test_sight_comes_back_at_a_quarter_of_the_minute(void **state)
{
	struct sight s = {0};

	(void)state;
	make_blind(&s, 50);
	/* Two good ones are too few for the last ten seconds to count. */
	note(&s, 111, 2, false);
	note(&s, 111, 4, true);
	assert_int_equal(judge(&s, 111), SIGHT_SAME); /* 4 of 6 */
	note(&s, 122, 2, false);
	note(&s, 133, 2, false);
	note(&s, 144, 2, false);
	assert_int_equal(judge(&s, 144), SIGHT_SAME); /* 4 of 12 */
	note(&s, 155, 2, false);
	note(&s, 166, 1, false);
	assert_int_equal(judge(&s, 166), SIGHT_SAME); /* 4 of 15 */
	note(&s, 170, 1, false);
	assert_int_equal(judge(&s, 170), SIGHT_SIGHTED); /* 4 of 16 */
}

/* No polls prove nothing, neither good nor bad. */
static void
test_sight_stays_as_it_is_without_polls(void **state)
{
	struct sight s = {0};

	(void)state;
	assert_int_equal(judge(&s, 7), SIGHT_SAME);
	make_blind(&s, 50);
	for (int64_t second = 51; second < 500; second++)
		assert_int_equal(judge(&s, second), SIGHT_SAME);
	assert_true(s.blind);
	note(&s, 500, 1, false);
	assert_int_equal(judge(&s, 500), SIGHT_SIGHTED);
}

/*
 * An outage of five minutes over 50 polls a second: one turn to blind, one
 * back within seconds, and none after it although most of that last minute
 * failed.
 */
static void
test_sight_turns_once_each_way_around_an_outage(void **state)
{
	struct sight s = {0};
	int64_t blind = 0;
	int64_t sighted = 0;

	(void)state;
	start_seed(4);
	for (int64_t second = 1; second < 1200; second++) {
		bool out = second >= 300 && second < 600;
		enum sight_turn turn;

		for (int i = 0; i < 50; i++)
			note(&s, second, 1, out || rand_below(20) == 0);
		turn = judge(&s, second);
		if (turn == SIGHT_BLIND) {
			assert_int_equal(blind, 0);
			blind = second;
		} else if (turn == SIGHT_SIGHTED) {
			assert_int_equal(sighted, 0);
			sighted = second;
		}
	}
	assert_in_range(blind, 325, 335);
	assert_in_range(sighted, 606, 611);
}

/* S-F15 for the monitor: SERVFAIL at random is no blindness. */
static void
test_sight_is_not_lost_by_random_servfail(void **state)
{
	struct sight s = {0};

	(void)state;
	start_seed(15);
	for (int64_t second = 1; second < 1000 * 60; second++) {
		note(&s, second, 1, rand_below(20) == 0);
		assert_int_equal(judge(&s, second), SIGHT_SAME);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reach_three_fails_by_two_paths_are_failing),
	    cmocka_unit_test(test_reach_one_path_is_never_failing),
	    cmocka_unit_test(test_reach_told_is_not_told_again),
	    cmocka_unit_test(
		test_reach_that_never_failed_is_not_failing_even_for_k_0),
	    cmocka_unit_test(test_reach_random_servfail_is_never_told),
	    cmocka_unit_test(
		test_reach_random_servfail_of_a_lone_server_is_never_told),
	    cmocka_unit_test(test_sight_is_lost_above_half_of_ten),
	    cmocka_unit_test(test_sight_ignores_what_is_older_than_a_minute),
	    cmocka_unit_test(
		test_sight_comes_back_with_twenty_polls_in_ten_seconds),
	    cmocka_unit_test(test_sight_weighs_questions_and_not_polls),
	    cmocka_unit_test(test_sight_does_not_come_back_by_a_bare_majority),
	    cmocka_unit_test(test_sight_comes_back_at_a_quarter_of_the_minute),
	    cmocka_unit_test(test_sight_stays_as_it_is_without_polls),
	    cmocka_unit_test(test_sight_turns_once_each_way_around_an_outage),
	    cmocka_unit_test(test_sight_is_not_lost_by_random_servfail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
