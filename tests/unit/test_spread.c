/* SPDX-License-Identifier: ISC */
/* room: schedule */

/*
 * Polls are even over their interval, whatever the names, and stand where
 * they stood before a restart.  Tried with keys as they are in the product,
 * SHA-256 of a text, cut, over the intervals people use.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "schedule/spread.h"

enum { N_KEYS = 100000, N_BINS = 100 };

static struct uuid
key_of(unsigned i)
{
	uint8_t digest[SHA256_SIZE];
	struct uuid key;
	char text[64];
	int size = snprintf(text, sizeof(text), "www%u.example.com A", i);

	hash_sha256(text, (size_t)size, digest);
	memcpy(key.b, digest, sizeof(key.b));
	return key;
}

/*
 * 99 degrees of freedom: a value above 170 comes once in 100,000 tries from an
 * even source, and the keys are fixed, so that this is no test of luck.
 */
static void
test_spread_is_even_over_100000_keys(void **state)
{
	static const uint32_t every[] = {1, 7, 60, 300, 86400};

	(void)state;
	for (size_t e = 0; e < sizeof(every) / sizeof(every[0]); e++) {
		uint32_t bins[N_BINS] = {0};
		double chi = 0;

		for (unsigned i = 0; i < N_KEYS; i++) {
			struct uuid key = key_of(i);
			uint64_t phase = spread_phase_ms(&key, every[e]);

			assert_true(phase < (uint64_t)every[e] * 1000);
			bins[phase * N_BINS / (every[e] * 1000)]++;
		}
		for (int i = 0; i < N_BINS; i++) {
			double off = bins[i] - (double)N_KEYS / N_BINS;

			chi += off * off / ((double)N_KEYS / N_BINS);
		}
		assert_true(chi < 170);
	}
}

/* The numbers that the header's SQL gives: stored facts rest on them. */
static void
test_spread_phase_is_what_the_database_derives(void **state)
{
	struct uuid key = {{0}};

	(void)state;
	assert_int_equal(spread_phase_ms(&key, 300), 0);
	memset(key.b, 0xff, 12); /* only the last four bytes count */
	assert_int_equal(spread_phase_ms(&key, 300), 0);
	key.b[12] = 0x80;
	assert_int_equal(spread_phase_ms(&key, 300), 150000);
	memset(key.b + 12, 0xff, 4);
	assert_int_equal(spread_phase_ms(&key, 300), 299999);
	assert_int_equal(spread_phase_ms(&key, 86400), 86399999);
	memcpy(key.b + 12, "\x12\x34\x56\x78", 4);
	assert_int_equal(spread_phase_ms(&key, 60), 4266);
}

static void
test_spread_next_is_the_first_plan_after(void **state)
{
	(void)state;
	assert_int_equal(spread_next_ms(250, 1, -5000), 250);
	assert_int_equal(spread_next_ms(250, 1, 0), 250);
	assert_int_equal(spread_next_ms(250, 1, 249), 250);
	assert_int_equal(spread_next_ms(250, 1, 250), 1250);
	assert_int_equal(spread_next_ms(250, 1, 1249), 1250);
	assert_int_equal(spread_next_ms(0, 1, 0), 1000);
	/* Ten years of a daily poll. */
	assert_int_equal(
	    spread_next_ms(7, 86400, 86400000LL * 3650), 86400000LL * 3650 + 7);
}

static void
test_spread_plans_come_once_per_interval(void **state)
{
	int64_t at = -1;

	(void)state;
	for (int64_t k = 0; k < 1000; k++) {
		at = spread_next_ms(12345, 60, at);
		assert_int_equal(at, 12345 + k * 60000);
	}
}

static void
test_spread_jitter_is_at_most_a_twentieth_and_a_minute(void **state)
{
	(void)state;
	assert_int_equal(spread_jitter_ms(1, 0), 0);
	assert_int_equal(spread_jitter_ms(1, UINT32_MAX), 50);
	assert_int_equal(spread_jitter_ms(60, UINT32_MAX), 3000);
	assert_int_equal(spread_jitter_ms(60, UINT32_MAX / 2 + 1), 1500);
	assert_int_equal(spread_jitter_ms(1200, UINT32_MAX), 60000);
	assert_int_equal(spread_jitter_ms(86400, UINT32_MAX), 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spread_is_even_over_100000_keys),
	    cmocka_unit_test(test_spread_phase_is_what_the_database_derives),
	    cmocka_unit_test(test_spread_next_is_the_first_plan_after),
	    cmocka_unit_test(test_spread_plans_come_once_per_interval),
	    cmocka_unit_test(
		test_spread_jitter_is_at_most_a_twentieth_and_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
