/* SPDX-License-Identifier: ISC */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/*
 * clock -- the two kinds of time, and their text form.
 *
 * mono_ns runs evenly and never jumps; everything is scheduled by it.
 * wall_us is what people and the database read; it may step.  They are never
 * mixed in one expression.  Only the loop room (and log.c) reads clocks.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

typedef int64_t mono_ns; /* CLOCK_MONOTONIC, nanoseconds */
typedef int64_t wall_us; /* microseconds since 1970-01-01T00:00:00Z */

#define MONO_MS(ms) ((mono_ns)(ms)*1000000)
#define MONO_S(s)   ((mono_ns)(s)*1000000000)
#define WALL_MS(ms) ((wall_us)(ms)*1000)
#define WALL_S(s)   ((wall_us)(s)*1000000)

enum { WALL_TEXT_SIZE = 32 };

mono_ns clock_mono(void);
wall_us clock_wall(void);
/* What this thread has used of a CPU, in nanoseconds: for measuring. */
mono_ns clock_cpu(void);

/* "2026-11-21T17:00:00.123Z" (RFC 3339, milliseconds, UTC); returns out. */
char *wall_print(wall_us at, char out[WALL_TEXT_SIZE]);

/*
 * Reads RFC 3339 ("2026-11-21T17:00:00.1Z", "...+01:00"), a date (UTC
 * midnight) or a span back from now ("-24h", units s m h d w).  0 or
 * ERR_SYNTAX.
 */
MUST_CHECK int wall_parse(const char *text, wall_us now, wall_us *out);

/* Reads "30s", "5m", "1h", "2d", "1w" into seconds.  0 or ERR_SYNTAX. */
MUST_CHECK int span_parse(const char *text, uint32_t *seconds);

#endif
