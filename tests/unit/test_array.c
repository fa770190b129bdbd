/* SPDX-License-Identifier: ISC */
/* room: store */

/*
 * An array is, octet for octet, what array_send() of PostgreSQL gives: the
 * expected bytes were taken from `copy (select array[...]) to stdout (format
 * binary)`.  Taking rows out of one array into others loses none.
 */

#include <string.h>

#include "unit.h"

#include "daemon/store/array.h"

static void
test_array_of_int4_is_what_postgresql_sends(void **state)
{
	/* array[1, null, -2]::int4[] */
	static const uint8_t wanted[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0,
	    0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff,
	    0, 0, 0, 4, 0xff, 0xff, 0xff, 0xfe};
	struct array a = {0};
	const char *bytes;
	int size;

	(void)state;
	array_start(&a, ARRAY_I32);
	array_i32(&a, 1);
	array_null(&a);
	array_i32(&a, -2);
	bytes = array_finish(&a, &size);
	assert_int_equal(size, sizeof wanted);
	assert_memory_equal(bytes, wanted, sizeof wanted);
	array_fini(&a);
}

static void
test_array_of_text_needs_no_quoting(void **state)
{
	static const char text[] = "x'); drop table \"{},\\";
	struct array a = {0};
	const char *bytes;
	int size;

	(void)state;
	array_start(&a, ARRAY_TEXT);
	array_text(&a, text);
	array_text(&a, NULL);
	array_text(&a, "");
	bytes = array_finish(&a, &size);
	assert_int_equal(size, 20 + 4 + (int)strlen(text) + 4 + 4);
	assert_memory_equal(bytes + 24, text, strlen(text));
	assert_int_equal(bytes[7], 1); /* has nulls */
	array_fini(&a);
}

static void
test_array_started_again_is_empty(void **state)
{
	struct array a = {0};
	const char *bytes;
	int size;

	(void)state;
	array_start(&a, ARRAY_I16);
	array_null(&a);
	array_start(&a, ARRAY_I16);
	bytes = array_finish(&a, &size);
	assert_int_equal(size, 20);
	assert_int_equal(bytes[7], 0);
	assert_int_equal(bytes[15], 0);
	array_fini(&a);
}

static void
test_array_counts_time_from_2000(void **state)
{
	(void)state;
	assert_int_equal(array_pg_time(WALL_S(946684800)), 0);
	assert_int_equal(array_pg_time(0), -WALL_S(946684800));
	assert_int_equal(
	    array_wall_of(array_pg_time(1795287986929828)), 1795287986929828);
}

static void
test_array_taken_apart_is_the_same_put_together(void **state)
{
	struct array whole = {0};
	struct array part = {0};
	struct array again = {0};
	size_t from_whole = 0;
	size_t from_part;
	int size;
	int again_size;

	(void)state;
	array_start(&whole, ARRAY_TEXT);
	array_start(&again, ARRAY_TEXT);
	for (int i = 0; i < 100; i++)
		array_bytes(&whole, "0123456789", (size_t)(i % 11));
	array_null(&whole);
	while (again.n < whole.n) {
		uint32_t n = again.n % 7;

		if (n > whole.n - again.n)
			n = whole.n - again.n;
		n += n == 0;
		array_start(&part, ARRAY_TEXT);
		array_take(&part, &whole, &from_whole, n);
		assert_int_equal(part.n, n);
		from_part = 0;
		array_take(&again, &part, &from_part, n);
	}
	array_finish(&whole, &size);
	array_finish(&again, &again_size);
	assert_int_equal(size, again_size);
	assert_memory_equal(whole.bytes.data, again.bytes.data, (size_t)size);
	array_fini(&whole);
	array_fini(&part);
	array_fini(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_array_of_int4_is_what_postgresql_sends),
	    cmocka_unit_test(test_array_of_text_needs_no_quoting),
	    cmocka_unit_test(test_array_started_again_is_empty),
	    cmocka_unit_test(test_array_counts_time_from_2000),
	    cmocka_unit_test(test_array_taken_apart_is_the_same_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
