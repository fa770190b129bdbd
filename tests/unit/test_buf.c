/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * What is written comes out, in network order where it is a number, and a
 * failure is remembered until somebody looks.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/buf.h"
#include "base/err.h"

static void
test_buf_of_zeroes_is_empty_text(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_fini(&b);
}

static void
test_buf_numbers_are_in_network_order(void **state)
{
	static const uint8_t wanted[] = {
	    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct buf b = {0};

	(void)state;
	buf_add_u8(&b, 0x01);
	buf_add_u16(&b, 0x0203);
	buf_add_u32(&b, 0x04050607);
	buf_add_u64(&b, 0x08090a0b0c0d0e0f);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.size, sizeof(wanted));
	assert_memory_equal(b.data, wanted, sizeof(wanted));
	buf_fini(&b);
}

static void
test_buf_keeps_its_content_while_it_grows(void **state)
{
	struct buf b = {0};

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		buf_add_u32(&b, i);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.size, 40000);
	for (uint32_t i = 0; i < 10000; i++) {
		const uint8_t *p = b.data + 4 * i;
		assert_int_equal(p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3], i);
	}
	buf_fini(&b);
}

static void
test_buf_text_ends_with_a_nul_that_does_not_count(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 1; i < 1100; i++) {
		buf_add_u8(&b, 'x');
		assert_int_equal(strlen(buf_text(&b)), i);
		assert_int_equal(b.size, i);
	}
	buf_fini(&b);
}

static void
test_buf_printf_appends_however_long_it_gets(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_text(&b, "a");
	buf_printf(&b, "%s%d", "b", 3);
	buf_printf(&b, "%5000d", 4);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.size, 5003);
	assert_memory_equal(b.data, "ab3 ", 4);
	assert_int_equal(b.data[5002], '4');
	buf_fini(&b);
}

static void
test_buf_add_int_writes_what_printf_would(void **state)
{
	static const int64_t numbers[] = {
	    0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN, -100};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf b = {0};
		char want[32];

		snprintf(want, sizeof(want), "%" PRId64, numbers[i]);
		buf_add_int(&b, numbers[i]);
		assert_string_equal(buf_text(&b), want);
		buf_fini(&b);
	}
}

static void
test_buf_printf_beyond_the_limit_adds_nothing(void **state)
{
	struct buf b = {.size_max = 8};

	(void)state;
	buf_add_text(&b, "1234");
	buf_printf(&b, "%s", "56789");
	assert_int_equal(b.err, ERR_TOO_BIG);
	assert_string_equal(buf_text(&b), "1234");
	buf_fini(&b);
}

static void
test_buf_limit_is_exact(void **state)
{
	struct buf b = {.size_max = 10};

	(void)state;
	buf_add(&b, "0123456789", 10);
	assert_int_equal(b.err, 0);
	assert_string_equal(buf_text(&b), "0123456789");
	buf_add_u8(&b, 'x');
	assert_int_equal(b.err, ERR_TOO_BIG);
	assert_int_equal(b.size, 10);
	buf_fini(&b);
}

static void
test_buf_writes_nothing_after_a_failure(void **state)
{
	struct buf b = {.size_max = 4};

	(void)state;
	buf_add_text(&b, "ab");
	buf_add_text(&b, "too long");
	buf_add_text(&b, "c");
	buf_printf(&b, "%d", 1);
	assert_null(buf_grow(&b, 1));
	assert_int_equal(b.err, ERR_TOO_BIG);
	assert_string_equal(buf_text(&b), "ab");
	buf_fini(&b);
}

static void
test_buf_clear_forgets_content_and_failure_but_not_the_limit(void **state)
{
	struct buf b = {.size_max = 4};
	const uint8_t *data;

	(void)state;
	buf_add_text(&b, "ab");
	buf_add_text(&b, "too long");
	data = b.data;
	buf_clear(&b);
	assert_int_equal(b.err, 0);
	assert_string_equal(buf_text(&b), "");
	buf_add_text(&b, "1234");
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.err, 0);
	buf_add_u8(&b, '5');
	assert_int_equal(b.err, ERR_TOO_BIG);
	buf_fini(&b);
}

static void
test_buf_of_an_impossible_size_is_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_u8(&b, 1);
	assert_null(buf_grow(&b, SIZE_MAX));
	assert_int_equal(b.err, ERR_TOO_BIG);
	buf_fini(&b);
}

static void
test_buf_adds_nothing_from_nowhere(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, NULL, 0);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.size, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buf_of_zeroes_is_empty_text),
	    cmocka_unit_test(test_buf_numbers_are_in_network_order),
	    cmocka_unit_test(test_buf_keeps_its_content_while_it_grows),
	    cmocka_unit_test(test_buf_text_ends_with_a_nul_that_does_not_count),
	    cmocka_unit_test(test_buf_printf_appends_however_long_it_gets),
	    cmocka_unit_test(test_buf_add_int_writes_what_printf_would),
	    cmocka_unit_test(test_buf_printf_beyond_the_limit_adds_nothing),
	    cmocka_unit_test(test_buf_limit_is_exact),
	    cmocka_unit_test(test_buf_writes_nothing_after_a_failure),
	    cmocka_unit_test(
		test_buf_clear_forgets_content_and_failure_but_not_the_limit),
	    cmocka_unit_test(test_buf_of_an_impossible_size_is_refused),
	    cmocka_unit_test(test_buf_adds_nothing_from_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
