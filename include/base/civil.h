/* SPDX-License-Identifier: ISC */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

/*
 * civil -- times as people write them on a wall calendar of some place.
 *
 * The place is a zone of the IANA time zone database ("Europe/Vienna"), as the
 * system has it.  The C library computes it, by its variable TZ: to be called
 * by one thread only, and after civil_start() if there are others.
 */

#include "base/attr.h"
#include "base/clock.h"

enum civil_fault {
	CIVIL_GOOD = 0,
	CIVIL_SYNTAX,       /* no time */
	CIVIL_NO_ZONE,      /* a local time, and no zone was given */
	CIVIL_UNKNOWN_ZONE, /* not in the system's database */
	CIVIL_SKIPPED,      /* clocks are put forward over it */
	CIVIL_TWICE         /* clocks are put back over it */
};

/* From here on TZ stands in the environment, and only its value changes. */
void civil_start(void);

/*
 * Reads "2026-12-01 14:00", with seconds, with T for the blank, or a date (its
 * midnight), in `zone` (NULL: none); and RFC 3339, which has its own offset.
 */
MUST_CHECK enum civil_fault civil_parse(
    const char *text, const char *zone, wall_us *out);
/*
 * The times at which a clock in `zone` shows so many minutes of the day: the
 * last two not behind `now`, and the first behind it.  Where clocks are put
 * over such a time it is an hour later.  CIVIL_GOOD or CIVIL_UNKNOWN_ZONE.
 */
struct civil_daily {
	wall_us before, last, next;
};
MUST_CHECK enum civil_fault civil_daily(
    unsigned minutes, const char *zone, wall_us now, struct civil_daily *out);
/* "is no time; write ..." and the like: what is wrong with it. */
const char *civil_fault_text(enum civil_fault fault);

#endif
