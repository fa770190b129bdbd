/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Times print as RFC 3339 and read back, over the whole range of wall_us; the
 * calendar is held against the C library's; wrong texts are refused whole.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#include "base/clock.h"
#include "base/err.h"

static void
expect_time(const char *text, wall_us wanted)
{
	wall_us at = -1;

	if (wall_parse(text, 0, &at) != 0)
		fail_msg("%s is refused", text);
	assert_int_equal(at, wanted);
}

static void
test_clock_mono_does_not_go_back(void **state)
{
	mono_ns before = clock_mono();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		mono_ns now = clock_mono();

		assert_true(now >= before);
		before = now;
	}
}

static void
test_clock_wall_is_the_time_of_day(void **state)
{
	wall_us before = WALL_S(time(NULL) - 1);
	wall_us now = clock_wall();

	(void)state;
	assert_true(now >= before);
	assert_true(now <= WALL_S(time(NULL) + 1));
}

static void
test_wall_print_writes_milliseconds_in_utc(void **state)
{
	char out[WALL_TEXT_SIZE];

	(void)state;
	assert_string_equal(wall_print(0, out), "1970-01-01T00:00:00.000Z");
	assert_string_equal(
	    wall_print(1795280400123999, out), "2026-11-21T17:00:00.123Z");
	assert_string_equal(wall_print(-1, out), "1969-12-31T23:59:59.999Z");
}

static void
test_wall_print_fits_at_both_ends_of_time(void **state)
{
	char out[WALL_TEXT_SIZE];

	(void)state;
	assert_string_equal(
	    wall_print(INT64_MAX, out), "294247-01-10T04:00:54.775Z");
	assert_string_equal(
	    wall_print(INT64_MIN, out), "-290308-12-21T19:59:05.224Z");
}

/* Every 9 hours and some from 1600 to 2500: each day, leap or not. */
static void
test_wall_print_agrees_with_the_calendar_of_the_library(void **state)
{
	char out[WALL_TEXT_SIZE];
	char wanted[WALL_TEXT_SIZE];
	struct tm tm;
	wall_us back;

	(void)state;
	for (time_t at = -11676096000; at < 16725225600; at += 33333) {
		gmtime_r(&at, &tm);
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		wall_print(WALL_S(at), out);
		assert_string_equal(out, wanted);
		assert_int_equal(wall_parse(out, 0, &back), 0);
		assert_int_equal(back, WALL_S(at));
	}
}

static void
test_wall_parse_reads_fractions_to_the_microsecond(void **state)
{
	(void)state;
	expect_time("1970-01-01T00:00:01Z", 1000000);
	expect_time("1970-01-01T00:00:01.5Z", 1500000);
	expect_time("1970-01-01T00:00:01.000001Z", 1000001);
	expect_time("1970-01-01T00:00:01.0000019Z", 1000001);
	expect_time("1970-01-01T00:00:01.999999999999Z", 1999999);
}

static void
test_wall_parse_reads_offsets(void **state)
{
	(void)state;
	expect_time("1970-01-01T01:00:00+01:00", 0);
	expect_time("1969-12-31T18:30:00-05:30", 0);
	expect_time("1970-01-01t00:00:00z", 0);
	expect_time("1970-01-01 00:00:00-00:00", 0);
}

static void
test_wall_parse_reads_a_date_as_its_midnight(void **state)
{
	(void)state;
	expect_time("1970-01-02", WALL_S(86400));
	expect_time("2024-02-29", WALL_S(1709164800));
	expect_time("2000-02-29", WALL_S(951782400));
}

static void
test_wall_parse_reads_a_leap_second_as_the_next(void **state)
{
	(void)state;
	expect_time("2016-12-31T23:59:60Z", WALL_S(1483228800));
}

static void
test_wall_parse_reads_a_span_back_from_now(void **state)
{
	wall_us at;

	(void)state;
	assert_int_equal(wall_parse("-24h", WALL_S(86400 + 5), &at), 0);
	assert_int_equal(at, WALL_S(5));
	assert_int_equal(wall_parse("-0s", WALL_S(7), &at), 0);
	assert_int_equal(at, WALL_S(7));
}

static void
test_wall_parse_refuses_what_is_no_time(void **state)
{
	static const char *const texts[] = {"", "-", "24h", "now", "2026",
	    "2026-11", "2026-11-21T", "2026-11-21T17", "2026-11-21T17:00",
	    "2026-11-21T17:00:00", "2026-11-21T17:00:00.Z",
	    "2026-11-21T17:00:00Zx", "2026-11-21T24:00:00Z",
	    "2026-11-21T17:60:00Z", "2026-11-21T17:00:61Z",
	    "2026-11-21T17:00:00+24:00", "2026-11-21T17:00:00+01",
	    "2026-11-21T17:00:00+0100", "2026-13-01", "2026-00-01",
	    "2026-11-00", "2026-11-31", "2026-02-29", "1900-02-29", "2026-1-01",
	    " 2026-11-21", "2026-11-21 ", "+2026-11-21", "-24", "-24x", "--24h",
	    "- 24h", "2026-11-21T17:00: 0Z"};
	wall_us at = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (wall_parse(texts[i], 0, &at) != ERR_SYNTAX)
			fail_msg("\"%s\" is read", texts[i]);
	}
	assert_int_equal(at, 77);
}

static void
test_span_parse_knows_its_units(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} rows[] = {{"30s", 30}, {"5m", 300}, {"1h", 3600}, {"2d", 172800},
	    {"1w", 604800}, {"0s", 0}, {"007s", 7}, {"4294967295s", UINT32_MAX},
	    {"7101w", 4294684800}};
	uint32_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(span_parse(rows[i].text, &seconds), 0);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void
test_span_parse_refuses_what_is_no_span_or_too_long(void **state)
{
	static const char *const texts[] = {"", "s", "30", "30 s", "-30s",
	    "+30s", "1.5h", "30ss", "1h30m", "30S", "30y", "4294967296s",
	    "7102w", "99999999999999999999s"};
	uint32_t seconds = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (span_parse(texts[i], &seconds) != ERR_SYNTAX)
			fail_msg("\"%s\" is read", texts[i]);
	}
	assert_int_equal(seconds, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clock_mono_does_not_go_back),
	    cmocka_unit_test(test_clock_wall_is_the_time_of_day),
	    cmocka_unit_test(test_wall_print_writes_milliseconds_in_utc),
	    cmocka_unit_test(test_wall_print_fits_at_both_ends_of_time),
	    cmocka_unit_test(
		test_wall_print_agrees_with_the_calendar_of_the_library),
	    cmocka_unit_test(
		test_wall_parse_reads_fractions_to_the_microsecond),
	    cmocka_unit_test(test_wall_parse_reads_offsets),
	    cmocka_unit_test(test_wall_parse_reads_a_date_as_its_midnight),
	    cmocka_unit_test(test_wall_parse_reads_a_leap_second_as_the_next),
	    cmocka_unit_test(test_wall_parse_reads_a_span_back_from_now),
	    cmocka_unit_test(test_wall_parse_refuses_what_is_no_time),
	    cmocka_unit_test(test_span_parse_knows_its_units),
	    cmocka_unit_test(
		test_span_parse_refuses_what_is_no_span_or_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
