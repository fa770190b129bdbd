/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R13: a TTL that stands still where more is usual is a stale answer's, and one
 * that counts down is none, whatever its size.  One by one, and against a cache
 * of each kind that is asked at random, from a printed seed (SEED=n repeats
 * one).
 */

#include "unit.h"

#include <stdlib.h>

#include "base/rand.h"
#include "judge/stale.h"

enum { ONE = 1, OTHER = 2, OLD = 11, NEW = 12 };

static const wall_us start = WALL_S(1800000000);

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

struct subject {
	struct stale_cell cell;
	struct stale_sample sample;
};

static void
subject_init(struct subject *s)
{
	*s = (struct subject){.sample = {
				  .now = start,
				  .print = OLD,
				  .usual = 300,
				  .server = ONE,
			      }};
}

static enum stale
see_after(struct subject *s, uint32_t seconds, uint32_t ttl)
{
	s->sample.now += WALL_S(seconds);
	s->sample.ttl = ttl;
	return stale_judge(&s->cell, &s->sample);
}

static void
test_only_what_is_low_can_be_stale(void **state)
{
	(void)state;
	assert_true(stale_is_low(false, 30, 61));
	assert_true(stale_is_low(false, 0, 300));
	assert_false(stale_is_low(false, 31, 300));
	assert_false(stale_is_low(false, 30, 60));
	assert_false(stale_is_low(true, 30, 300)); /* no cache */
}

static void
test_what_stands_still_is_stale(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	assert_int_equal(see_after(&s, 0, 30), STALE_DOUBTED);
	/* In the same second nothing need have counted down. */
	assert_int_equal(see_after(&s, 1, 30), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 30), STALE_REPEATED);
	/* So long after it may be another entry: that proves nothing new. */
	assert_int_equal(see_after(&s, 60, 30), STALE_REPEATED);
	assert_int_equal(see_after(&s, 60, 200), STALE_NOT);
	assert_int_equal(see_after(&s, 60, 30), STALE_DOUBTED);
}

static void
test_full_ttl_at_each_poll_proves_nothing(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	for (int i = 0; i < 100; i++)
		assert_int_equal(see_after(&s, 60, 30), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 28), STALE_NOT);
	for (int i = 0; i < 59; i++)
		assert_int_equal(see_after(&s, 60, 30), STALE_NOT);
	/* It is looked at again in an hour. */
	assert_int_equal(see_after(&s, 60, 30), STALE_DOUBTED);
}

static void
test_what_counted_down_and_then_stands_still_is_stale(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	see_after(&s, 0, 20);
	assert_int_equal(see_after(&s, 10, 10), STALE_NOT);
	assert_int_equal(see_after(&s, 10, 30), STALE_NOT);
	assert_int_equal(see_after(&s, 10, 30), STALE_REPEATED);
	assert_int_equal(see_after(&s, 10, 20), STALE_NOT);
}

static void
test_a_new_entry_between_two_questions_is_asked_once_more(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	assert_int_equal(see_after(&s, 0, 1), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 5), STALE_DOUBTED);
	assert_int_equal(s.cell.times, 1);
	assert_int_equal(see_after(&s, 2, 3), STALE_NOT);
}

/* Knot Resolver gives 1. */
static void
test_a_ttl_of_a_second_is_stale_when_it_is_said_again_and_again(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	assert_int_equal(see_after(&s, 0, 1), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 1), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 1), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 1), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 30, 1), STALE_REPEATED);
	assert_int_equal(see_after(&s, 30, 0), STALE_NOT);
}

static void
test_another_server_or_content_is_another_doubt(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s);
	see_after(&s, 0, 30);
	assert_int_equal(see_after(&s, 2, 30), STALE_REPEATED);
	s.sample.server = OTHER;
	assert_int_equal(see_after(&s, 2, 30), STALE_DOUBTED);
	assert_int_equal(see_after(&s, 2, 30), STALE_REPEATED);
	s.sample.print = NEW;
	assert_int_equal(see_after(&s, 2, 30), STALE_DOUBTED);
}

static void
test_no_doubt_is_for_ever(void **state)
{
	struct subject s;
	int n = STALE_DOUBT_MAX_S / 60;

	(void)state;
	subject_init(&s);
	see_after(&s, 0, 30);
	for (int i = 1; i < n; i++)
		assert_int_not_equal(
		    see_after(&s, i % 10 == 1 ? 2 : 60, 30), STALE_NOT);
	for (int i = 0; i < n; i++)
		see_after(&s, 60, 30);
	assert_int_equal(see_after(&s, 2, 30), STALE_NOT);
	assert_int_equal(see_after(&s, 60, 30), STALE_NOT);
}

/* An entry of that TTL, fetched when somebody asks for what has run out. */
static uint32_t
lives(wall_us *fetched, wall_us now, uint32_t ttl)
{
	if (now - *fetched >= WALL_S(ttl))
		*fetched = now;
	return ttl - (uint32_t)((now - *fetched) / WALL_S(1));
}

static void
test_no_entry_that_lives_is_found_stale(void **state)
{
	struct subject s;

	(void)state;
	start_seed(20261128);
	for (int n = 0; n < 2000; n++) {
		uint32_t ttl = 3 + rand_below(n % 2 == 0 ? 28 : 600);
		wall_us fetched = 0;

		subject_init(&s);
		for (int i = 0; i < 50; i++) {
			uint32_t ms =
			    rand_below(3) == 0 ? 2000 : 1 + rand_below(90000);

			s.sample.now += WALL_MS(ms);
			s.sample.ttl = lives(&fetched, s.sample.now, ttl);
			/* Below that it is chance: five in a row. */
			if (stale_judge(&s.cell, &s.sample) == STALE_REPEATED)
				assert_true(s.sample.ttl <= STALE_SMALL_S);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_is_low_can_be_stale),
	    cmocka_unit_test(test_what_stands_still_is_stale),
	    cmocka_unit_test(test_full_ttl_at_each_poll_proves_nothing),
	    cmocka_unit_test(
		test_what_counted_down_and_then_stands_still_is_stale),
	    cmocka_unit_test(
		test_a_new_entry_between_two_questions_is_asked_once_more),
	    cmocka_unit_test(
		test_a_ttl_of_a_second_is_stale_when_it_is_said_again_and_again),
	    cmocka_unit_test(test_another_server_or_content_is_another_doubt),
	    cmocka_unit_test(test_no_doubt_is_for_ever),
	    cmocka_unit_test(test_no_entry_that_lives_is_found_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
