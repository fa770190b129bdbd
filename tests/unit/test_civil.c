/* SPDX-License-Identifier: ISC */
/* room: base */

/* Local times of named zones, and those that do not exist or stand twice. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"

static void
is(const char *text, const char *zone, const char *want)
{
	char got[WALL_TEXT_SIZE];
	wall_us at = 0;

	assert_int_equal(civil_parse(text, zone, &at), CIVIL_GOOD);
	assert_string_equal(wall_print(at, got), want);
}

static void
is_not(const char *text, const char *zone, enum civil_fault want)
{
	wall_us at;

	assert_int_equal(civil_parse(text, zone, &at), want);
	assert_true(strlen(civil_fault_text(want)) > 10);
}

static void
test_places(void **state)
{
	(void)state;
	is("2026-12-01 14:00", "Europe/Vienna", "2026-12-01T13:00:00.000Z");
	is("2026-07-01T14:00", "Europe/Vienna", "2026-07-01T12:00:00.000Z");
	is("2026-07-01 14:00:05", "America/New_York",
	    "2026-07-01T18:00:05.000Z");
	is("2026-07-01", "Asia/Kolkata", "2026-06-30T18:30:00.000Z");
	is("2026-07-01 00:00", "UTC", "2026-07-01T00:00:00.000Z");
	/* Southern summer, a zone without any, and one that only was moved. */
	is("2026-01-10 12:00", "Australia/Sydney", "2026-01-10T01:00:00.000Z");
	is("2026-01-10 12:00", "Asia/Tokyo", "2026-01-10T03:00:00.000Z");
	is("2040-07-01 14:00", "Europe/Vienna", "2040-07-01T12:00:00.000Z");
}

/* An offset needs no place, and goes before it. */
static void
test_offsets(void **state)
{
	(void)state;
	is("2026-10-25T02:30:00+02:00", NULL, "2026-10-25T00:30:00.000Z");
	is("2026-10-25T02:30:00Z", "Europe/Vienna", "2026-10-25T02:30:00.000Z");
}

static void
test_faults(void **state)
{
	(void)state;
	is_not("2026-12-01 14:00", NULL, CIVIL_NO_ZONE);
	is_not("2026-12-01", NULL, CIVIL_NO_ZONE);
	is_not("2026-12-01 14:00", "Europe/Wien", CIVIL_UNKNOWN_ZONE);
	is_not("2026-12-01 14:00", "../zoneinfo/UTC", CIVIL_UNKNOWN_ZONE);
	is_not("2026-12-01 14:00", "/etc/localtime", CIVIL_UNKNOWN_ZONE);
	is_not("2026-12-01 14:00", "", CIVIL_UNKNOWN_ZONE);
	is_not("2026-12-01 14:00", "Europe", CIVIL_UNKNOWN_ZONE);
	is_not("2026-03-29 02:30", "Europe/Vienna", CIVIL_SKIPPED);
	is_not("2026-10-25 02:30", "Europe/Vienna", CIVIL_TWICE);
	is_not("2026-02-30 02:30", "Europe/Vienna", CIVIL_SYNTAX);
	is_not("2026-12-01 25:00", "Europe/Vienna", CIVIL_SYNTAX);
	is_not("tomorrow", "Europe/Vienna", CIVIL_SYNTAX);
	is_not("-24h", "Europe/Vienna", CIVIL_SYNTAX);
	is_not("", "Europe/Vienna", CIVIL_SYNTAX);
}

/* Sydney puts its clocks back in April. */
static void
test_southern_twice(void **state)
{
	(void)state;
	is_not("2026-04-05 02:30", "Australia/Sydney", CIVIL_TWICE);
	is_not("2026-10-04 02:30", "Australia/Sydney", CIVIL_SKIPPED);
	is("2026-04-05 03:30", "Australia/Sydney", "2026-04-04T17:30:00.000Z");
}

static void
daily(unsigned minutes, const char *zone, const char *now, const char *before,
    const char *last, const char *next)
{
	char text[3][WALL_TEXT_SIZE];
	struct civil_daily d;
	wall_us at;

	assert_int_equal(wall_parse(now, 0, &at), 0);
	assert_int_equal(civil_daily(minutes, zone, at, &d), CIVIL_GOOD);
	assert_string_equal(wall_print(d.before, text[0]), before);
	assert_string_equal(wall_print(d.last, text[1]), last);
	assert_string_equal(wall_print(d.next, text[2]), next);
}

static void
test_times_of_a_day(void **state)
{
	struct civil_daily d;

	(void)state;
	daily(480, "UTC", "2026-11-29T08:00:00Z", "2026-11-28T08:00:00.000Z",
	    "2026-11-29T08:00:00.000Z", "2026-11-30T08:00:00.000Z");
	daily(480, "UTC", "2026-11-29T07:59:59Z", "2026-11-27T08:00:00.000Z",
	    "2026-11-28T08:00:00.000Z", "2026-11-29T08:00:00.000Z");
	/* Dates there are others than here. */
	daily(30, "Pacific/Kiritimati", "2026-11-29T11:00:00Z",
	    "2026-11-28T10:30:00.000Z", "2026-11-29T10:30:00.000Z",
	    "2026-11-30T10:30:00.000Z");
	daily(1410, "Pacific/Pago_Pago", "2026-11-29T11:00:00Z",
	    "2026-11-28T10:30:00.000Z", "2026-11-29T10:30:00.000Z",
	    "2026-11-30T10:30:00.000Z");
	/* A day of 23 hours, one of 25, and a time that is skipped or twice. */
	daily(480, "Europe/Vienna", "2026-03-29T12:00:00Z",
	    "2026-03-28T07:00:00.000Z", "2026-03-29T06:00:00.000Z",
	    "2026-03-30T06:00:00.000Z");
	daily(150, "Europe/Vienna", "2026-03-29T12:00:00Z",
	    "2026-03-28T01:30:00.000Z", "2026-03-29T01:30:00.000Z",
	    "2026-03-30T00:30:00.000Z");
	daily(150, "Europe/Vienna", "2026-10-25T12:00:00Z",
	    "2026-10-24T00:30:00.000Z", "2026-10-25T02:30:00.000Z",
	    "2026-10-26T01:30:00.000Z");
	assert_int_equal(
	    civil_daily(0, "Mars/Base", 0, &d), CIVIL_UNKNOWN_ZONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_times_of_a_day),
	    cmocka_unit_test(test_offsets),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_southern_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
