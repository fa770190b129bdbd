/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_LATENESS_H
#define MONITOR_LATENESS_H

/*
 * lateness -- how long after its planned time each poll was handed to the
 * resolver; pure, of fixed size.
 *
 * Sixteen buckets to an octave, from 64 us to some hours: what is told is at
 * most a sixteenth more than what was.  It is of the last one to two minutes,
 * whoever reads it how often; counts since the beginning let a reader make up
 * windows of its own.
 */

#include <stdint.h>

#include "base/clock.h"

enum { LATENESS_BUCKETS = 448, DUE_MARKS = 64 };

struct lateness {
	uint64_t all[LATENESS_BUCKETS]; /* since the beginning */
	uint32_t now[LATENESS_BUCKETS]; /* of the running minute */
	uint32_t before[LATENESS_BUCKETS];
};

void lateness_add(struct lateness *l, mono_ns late);
/* A minute ended. */
void lateness_turn(struct lateness *l);
/* So late were `share` of the last one to two minutes at most; 0: none. */
uint64_t lateness_us(const struct lateness *l, double share);
/* The largest lateness that bucket i holds. */
uint64_t lateness_bound_us(unsigned i);

/*
 * When each of a row of waiting polls was due, kept as runs of equal times
 * and not beside each poll.  With more runs than there is room for, those
 * behind count as due with the last: lateness may be told too large, never
 * too small, while polls line up in the order in which they came due.
 */
struct due_mark {
	mono_ns due;
	uint32_t n;
};
struct due_marks {
	struct due_mark runs[DUE_MARKS];
	uint32_t first, n;
};
void due_marks_add(struct due_marks *d, mono_ns due);
/* Takes the first of the row, which must be there. */
mono_ns due_marks_take(struct due_marks *d);

#endif
