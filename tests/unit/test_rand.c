/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Numbers come from the kernel unless seeded; a seed gives the same numbers
 * again; and a bounded number is within its bound and evenly spread.  The last
 * is counted over seeded numbers, so that the test cannot fail by bad luck.
 */

#include <string.h>

#include "unit.h"

#include "base/rand.h"

static void
test_rand_blocks_differ(void **state)
{
	uint8_t a[3000];
	uint8_t b[3000];

	(void)state;
	rand_bytes(a, sizeof(a));
	rand_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, a + 1024, 1024);
}

static void
test_rand_fills_to_the_last_byte_and_not_beyond(void **state)
{
	uint8_t out[2100];

	(void)state;
	for (size_t size = 2000; size < 2064; size++) {
		unsigned ors = 0;

		for (int try = 0; try < 16; try++) {
			memset(out, 0, sizeof(out));
			rand_bytes(out, size);
			ors |= out[size - 1];
			assert_int_equal(out[size], 0);
		}
		assert_int_not_equal(ors, 0);
	}
}

static void
test_rand_seed_repeats_the_sequence(void **state)
{
	uint64_t first[1000];

	(void)state;
	rand_seed(42);
	for (size_t i = 0; i < 1000; i++)
		first[i] = rand_u64();
	(void)rand_u16();
	rand_seed(42);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(rand_u64(), first[i]);
	rand_seed(43);
	assert_int_not_equal(rand_u64(), first[0]);
}

static void
test_rand_below_stays_below(void **state)
{
	static const uint32_t limits[] = {
	    1, 2, 3, 7, 256, 65537, 0x80000001, UINT32_MAX};

	(void)state;
	rand_seed(1);
	assert_int_equal(rand_below(0), 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		for (int j = 0; j < 1000; j++)
			assert_true(rand_below(limits[i]) < limits[i]);
	}
}

static void
test_rand_below_is_even(void **state)
{
	enum { SIDES = 6, THROWS = 60000, EACH = THROWS / SIDES };
	int seen[SIDES] = {0};

	(void)state;
	rand_seed(1);
	for (int i = 0; i < THROWS; i++)
		seen[rand_below(SIDES)]++;
	/* Five standard deviations. */
	for (int i = 0; i < SIDES; i++)
		assert_in_range(seen[i], EACH - 460, EACH + 460);
}

/* With a limit of 3/4 of the range, a plain product favours every third
 * result two to one. */
static void
test_rand_below_is_even_for_a_large_limit(void **state)
{
	enum { DRAWS = 30000 };
	const uint32_t limit = UINT32_C(3) << 30;
	int thirds = 0;

	(void)state;
	rand_seed(1);
	for (int i = 0; i < DRAWS; i++)
		thirds += rand_below(limit) % 3 == 0;
	assert_in_range(thirds, DRAWS / 3 - 408, DRAWS / 3 + 408);
}

static void
test_rand_numbers_use_all_their_bits(void **state)
{
	uint64_t ors = 0;
	uint64_t ands = UINT64_MAX;
	uint32_t ors32 = 0;
	uint16_t ors16 = 0;

	(void)state;
	rand_seed(1);
	for (int i = 0; i < 1000; i++) {
		uint64_t v = rand_u64();

		ors |= v;
		ands &= v;
		ors32 |= rand_u32();
		ors16 |= rand_u16();
	}
	assert_true(ors == UINT64_MAX);
	assert_true(ands == 0);
	assert_true(ors32 == UINT32_MAX);
	assert_true(ors16 == UINT16_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rand_blocks_differ),
	    cmocka_unit_test(test_rand_fills_to_the_last_byte_and_not_beyond),
	    cmocka_unit_test(test_rand_seed_repeats_the_sequence),
	    cmocka_unit_test(test_rand_below_stays_below),
	    cmocka_unit_test(test_rand_below_is_even),
	    cmocka_unit_test(test_rand_below_is_even_for_a_large_limit),
	    cmocka_unit_test(test_rand_numbers_use_all_their_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
