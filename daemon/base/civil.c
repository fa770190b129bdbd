/* SPDX-License-Identifier: ISC */

/*
 * The library falls back to UTC in silence where it does not know a zone, so
 * the zone's file is looked for first.  A time that is skipped or stands twice
 * shows in what the library makes of it with and without summer time.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"
#include "base/err.h"

enum { DAY_S = 86400, HOUR_S = 3600 };
enum { ZONE_MAX = 64, PATH_SIZE = 4096, TEXT_SIZE = 24 };

/* Lengths of the forms that have no offset. */
enum { DATE_SIZE = 10, MINUTE_SIZE = 16, SECOND_SIZE = 19 };

static const char zone_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789_+-/";

void
civil_start(void)
{
	CHECK(setenv("TZ", "UTC0", 1) == 0);
	tzset();
}

static bool
is_zone(const char *zone)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_SIZE];
	char magic[4];
	bool known;
	FILE *f;

	if (zone[0] == '/' || strlen(zone) > ZONE_MAX ||
	    zone[strspn(zone, zone_letters)] != '\0')
		return false;
	snprintf(path, sizeof(path), "%s/%s",
	    folder == NULL ? "/usr/share/zoneinfo" : folder, zone);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	/* RFC 9636 section 3.1: how such a file begins. */
	known = fread(magic, sizeof(magic), 1, f) == 1 &&
	        memcmp(magic, "TZif", sizeof(magic)) == 0;
	(void)fclose(f);
	return known;
}

/* The time that shows `local` there, with or without summer time. */
static bool
moment_of(const struct tm *local, int summer, time_t *out)
{
	struct tm tm = *local;

	tm.tm_isdst = summer;
	*out = mktime(&tm);
	return tm.tm_year == local->tm_year && tm.tm_mon == local->tm_mon &&
	       tm.tm_mday == local->tm_mday && tm.tm_hour == local->tm_hour &&
	       tm.tm_min == local->tm_min && tm.tm_sec == local->tm_sec;
}

static enum civil_fault
place(const struct tm *local, time_t *out)
{
	time_t winter;
	time_t summer;
	bool in_winter = moment_of(local, 0, &winter);
	bool in_summer = moment_of(local, 1, &summer);

	*out = in_winter ? winter : summer;
	if (in_winter && in_summer && winter != summer)
		return CIVIL_TWICE;
	return in_winter || in_summer ? CIVIL_GOOD : CIVIL_SKIPPED;
}

/* `as_utc` is what a clock there shows, as if it were UTC. */
static enum civil_fault
in_zone(wall_us as_utc, const char *zone, wall_us *out)
{
	time_t s = (time_t)(as_utc / WALL_S(1));
	enum civil_fault fault;
	struct tm local;
	char tz[ZONE_MAX + 2];

	if (!is_zone(zone))
		return CIVIL_UNKNOWN_ZONE;
	CHECK(gmtime_r(&s, &local) != NULL);
	snprintf(tz, sizeof(tz), ":%s", zone);
	CHECK(setenv("TZ", tz, 1) == 0);
	tzset();
	fault = place(&local, &s);
	civil_start();
	*out = WALL_S(s);
	return fault;
}

enum civil_fault
civil_parse(const char *text, const char *zone, wall_us *out)
{
	size_t size = strlen(text);
	char whole[TEXT_SIZE];
	const char *rest = size == DATE_SIZE     ? " 00:00:00Z"
	                   : size == MINUTE_SIZE ? ":00Z"
	                   : size == SECOND_SIZE ? "Z"
	                                         : NULL;

	if (text[0] < '0' || text[0] > '9')
		return CIVIL_SYNTAX;
	if (rest == NULL)
		return wall_parse(text, 0, out) == 0 ? CIVIL_GOOD
		                                     : CIVIL_SYNTAX;
	snprintf(whole, sizeof(whole), "%s%s", text, rest);
	if (wall_parse(whole, 0, out) != 0)
		return CIVIL_SYNTAX;
	return zone == NULL ? CIVIL_NO_ZONE : in_zone(*out, zone, out);
}

enum civil_fault
civil_daily(
    unsigned minutes, const char *zone, wall_us now, struct civil_daily *out)
{
	wall_us midnight = now - now % WALL_S(DAY_S);

	*out = (struct civil_daily){0};
	/* Dates there are at most one off those of UTC. */
	for (int day = -3; day <= 2; day++) {
		wall_us shown = midnight + day * WALL_S(DAY_S) +
		                WALL_S((wall_us)minutes * 60);
		wall_us at;
		enum civil_fault fault = in_zone(shown, zone, &at);

		if (fault == CIVIL_SKIPPED || fault == CIVIL_TWICE)
			fault = in_zone(shown + WALL_S(HOUR_S), zone, &at);
		if (fault != CIVIL_GOOD)
			return fault;
		if (at > now) {
			out->next = at;
			return CIVIL_GOOD;
		}
		out->before = out->last;
		out->last = at;
	}
	return CIVIL_GOOD;
}

const char *
civil_fault_text(enum civil_fault fault)
{
	switch (fault) {
	case CIVIL_GOOD:
		break;
	case CIVIL_SYNTAX:
		return "is no time; write 2026-12-01 14:00, or "
		       "2026-12-01T14:00:00Z";
	case CIVIL_NO_ZONE:
		return "is a time of some place; add `timezone: Europe/Vienna` "
		       "or the like, or write 2026-12-01T14:00:00Z";
	case CIVIL_UNKNOWN_ZONE:
		return "is in a time zone that this system does not know; "
		       "names are as in Europe/Vienna";
	case CIVIL_SKIPPED:
		return "does not exist there: clocks are put forward over it";
	case CIVIL_TWICE:
		return "is there twice, when clocks are put back; write it "
		       "with its offset, as in 2026-10-25T02:30:00+02:00";
	}
	return "is a time";
}
