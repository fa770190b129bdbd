/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_STALE_H
#define JUDGE_STALE_H

/*
 * stale -- is this answer kept beyond its time by a cache that cannot ask
 * (RFC 8767), though it does not say so (R13)?  Pure: time is an argument.
 *
 * What tells it apart from an entry that lives is that its TTL does not count
 * down: who is in doubt asks the same server again, STALE_AGAIN_S later
 * (docs/decisions/stale-answers.md).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum {
	STALE_TTL_S = 30, /* RFC 8767 4: no more is given */
	STALE_USUAL_S =
	    60, /* where no more than this is usual, it is nothing */
	STALE_AGAIN_S = 2,
	STALE_SMALL_S = 3,            /* it may run out before that */
	STALE_TIMES = 5,              /* without a proof: so often ... */
	STALE_OVER_S = 30,            /* ... over more than this */
	STALE_LIVES_S = 3600,         /* what counted down is not doubted */
	STALE_DOUBT_MAX_S = 3 * 86400 /* RFC 8767 5 */
};

enum stale {
	STALE_NOT = 0,
	STALE_DOUBTED, /* to be asked again */
	STALE_REPEATED /* served stale */
};

/* What one server repeats of one question.  Zeroed: nothing yet. */
struct stale_cell {
	wall_us since; /* steady: the doubt began, or ended; 0: nothing */
	wall_us last;  /* the last low answer */
	uint64_t print;
	uint32_t ttl;
	uint16_t server;
	uint8_t times; /* with that TTL, in a row; it saturates */
	uint8_t state; /* enum stale */
};

/* A good answer. */
struct stale_sample {
	wall_us now;    /* steady */
	uint64_t print; /* of its content */
	uint32_t ttl;
	uint32_t usual; /* the largest that was seen of this content */
	uint16_t server;
	bool aa;
};

/* Can it be stale at all?  If not there is no need for a cell. */
bool stale_is_low(bool aa, uint32_t ttl, uint32_t usual);

enum stale stale_judge(struct stale_cell *cell, const struct stale_sample *s);

#endif
