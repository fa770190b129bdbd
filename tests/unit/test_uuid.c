/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Version 7 ids are well formed, carry their time and grow; the text form is
 * that of RFC 9562 and reads back.
 */

#include <string.h>

#include "unit.h"

#include "base/err.h"
#include "base/uuid.h"

static void
test_uuid_v7_has_version_variant_and_time(void **state)
{
	/* The time of the example in RFC 9562 A.6. */
	struct uuid u = uuid_v7(INT64_C(0x017F22E279B0) * 1000 + 999);
	static const uint8_t time[] = {0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0};

	(void)state;
	assert_memory_equal(u.b, time, sizeof(time));
	assert_int_equal(u.b[6] >> 4, 7);
	assert_int_equal(u.b[8] >> 6, 2);
}

static void
test_uuid_v7_grows_within_a_millisecond(void **state)
{
	struct uuid before = uuid_v7(WALL_S(1000));

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct uuid now = uuid_v7(WALL_S(1000) + i % 1000);

		assert_true(memcmp(before.b, now.b, sizeof(now.b)) < 0);
		before = now;
	}
}

static void
test_uuid_v7_grows_even_when_times_are_mixed(void **state)
{
	struct uuid first = uuid_v7(WALL_MS(5));
	struct uuid later = uuid_v7(WALL_MS(6));
	struct uuid second = uuid_v7(WALL_MS(5));

	(void)state;
	assert_true(memcmp(first.b, second.b, sizeof(first.b)) < 0);
	assert_true(memcmp(second.b, later.b, sizeof(first.b)) < 0);
}

static void
test_uuid_v7_keeps_its_form_over_many_calls(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct uuid u = uuid_v7(WALL_MS(i));

		assert_int_equal(u.b[6] & 0xf0, 0x70);
		assert_int_equal(u.b[8] & 0xc0, 0x80);
	}
}

static void
test_uuid_v7_before_1970_is_at_1970(void **state)
{
	static const uint8_t zero[6];
	struct uuid u = uuid_v7(-WALL_S(1));

	(void)state;
	assert_memory_equal(u.b, zero, sizeof(zero));
}

static void
test_uuid_text_reads_back(void **state)
{
	static const char text[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
	char out[UUID_TEXT_SIZE];
	struct uuid u;
	struct uuid again;

	(void)state;
	assert_int_equal(uuid_parse(text, &u), 0);
	assert_string_equal(uuid_print(&u, out), text);
	assert_int_equal(
	    uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", &again), 0);
	assert_true(uuid_equal(&u, &again));
}

static void
test_uuid_parse_refuses_what_is_no_uuid(void **state)
{
	static const char *const texts[] = {"", "017f22e2",
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
	    "017f22e2079b007cc3098c40dc0c0c07398f",
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
	    "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
	    "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"};
	struct uuid u = {{9}};
	const struct uuid before = u;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(uuid_parse(texts[i], &u), ERR_SYNTAX);
	assert_true(uuid_equal(&u, &before));
}

static void
test_uuid_nil_is_all_zero_only(void **state)
{
	struct uuid u = {{0}};

	(void)state;
	assert_true(uuid_is_nil(&u));
	for (int i = 0; i < 16; i++) {
		u = (struct uuid){{0}};
		u.b[i] = 1;
		assert_false(uuid_is_nil(&u));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uuid_v7_has_version_variant_and_time),
	    cmocka_unit_test(test_uuid_v7_grows_within_a_millisecond),
	    cmocka_unit_test(test_uuid_v7_grows_even_when_times_are_mixed),
	    cmocka_unit_test(test_uuid_v7_keeps_its_form_over_many_calls),
	    cmocka_unit_test(test_uuid_v7_before_1970_is_at_1970),
	    cmocka_unit_test(test_uuid_text_reads_back),
	    cmocka_unit_test(test_uuid_parse_refuses_what_is_no_uuid),
	    cmocka_unit_test(test_uuid_nil_is_all_zero_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
