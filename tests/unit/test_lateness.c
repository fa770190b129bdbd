/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * Each lateness falls into the bucket whose bound it does not pass, no other
 * bound lies between, and what is told is never less than what was.
 */

#include <string.h>

#include "unit.h"

#include "daemon/monitor/lateness.h"

/* The bucket that one lateness fell into. */
static unsigned
bucket_of(mono_ns late)
{
	struct lateness l;

	memset(&l, 0, sizeof(l));
	lateness_add(&l, late);
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++) {
		if (l.all[i] == 1)
			return i;
	}
	fail();
	return 0;
}

static void
test_lateness_keeps_each_below_its_bound(void **state)
{
	(void)state;
	assert_int_equal(bucket_of(-5), 0);
	for (mono_ns us = 0; us < 3000000; us += 1 + us / 97) {
		unsigned i = bucket_of(us * 1000);

		assert_true((uint64_t)us <= lateness_bound_us(i));
		if (i > 0)
			assert_true((uint64_t)us > lateness_bound_us(i - 1));
	}
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		assert_int_equal(
		    bucket_of((mono_ns)lateness_bound_us(i) * 1000), i);
	assert_int_equal(bucket_of(INT64_MAX), LATENESS_BUCKETS - 1);
}

static void
test_lateness_tells_of_this_minute_and_the_last(void **state)
{
	struct lateness l;

	(void)state;
	memset(&l, 0, sizeof(l));
	assert_int_equal(lateness_us(&l, 0.99), 0);
	for (int i = 0; i < 980; i++)
		lateness_add(&l, MONO_MS(1));
	for (int i = 0; i < 20; i++)
		lateness_add(&l, MONO_MS(90));
	assert_in_range(lateness_us(&l, 0.5), 1000, 1063);
	assert_in_range(lateness_us(&l, 0.99), 90000, 95625);
	lateness_turn(&l);
	assert_in_range(lateness_us(&l, 0.99), 90000, 95625);
	lateness_turn(&l);
	lateness_add(&l, MONO_MS(2));
	assert_in_range(lateness_us(&l, 0.99), 2000, 2125);
	assert_int_equal(l.all[bucket_of(MONO_MS(90))], 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lateness_keeps_each_below_its_bound),
	    cmocka_unit_test(test_lateness_tells_of_this_minute_and_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
