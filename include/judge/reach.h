/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_REACH_H
#define JUDGE_REACH_H

/*
 * reach -- when silence is told: `failing` of a question (R3) and `blind`
 * of the monitor (R4); pure.
 *
 * A FAIL is no evidence about the name: it moves no state and closes no
 * interval.  Only questions that fail now have an entry here.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "dns/reply.h"

/* One failing question; kept in a sparse table by the monitor. */
struct reach {
	uint16_t fails; /* polls in a row without a good reply */
	uint8_t paths;  /* bit 0: first server by UDP, 1: another server,
	                 * 2: by TCP */
	uint8_t fail;   /* enum fail of the last */
	bool told;      /* `failing` was told and `recovered` was not */
	wall_us since;  /* first fail of this row */
};

enum { REACH_HOME_UDP = 1, REACH_OTHER = 2, REACH_TCP = 4 };

/*
 * Notes a poll that ended without a good reply, over these paths.  A zeroed
 * struct is a question that has not failed; at its next good reply the entry
 * is dropped, and `recovered` is told if `told` is set, which the caller sets.
 */
void reach_fail(struct reach *r, enum fail fail, uint8_t paths, wall_us at);
/*
 * Is it to be told now?  k polls in a row, two paths at least among all of
 * them together, not yet told.
 */
bool reach_is_failing(const struct reach *r, uint32_t k);

/*
 * The monitor as a whole, in sixty buckets of a second: blind when more than
 * half of at least ten polls of the last minute failed at every resolver;
 * sighted again when at most a quarter did (and there was a poll), or when in
 * the last ten seconds at most a quarter of twenty or more failed.
 * Then all before those ten seconds is forgotten, or the end of the outage
 * would count against the time after it.  A zeroed struct is sighted.
 */
struct sight {
	uint32_t asked[60];  /* weights, SIGHT_QUESTION is one question */
	uint32_t failed[60]; /* weights */
	uint32_t polls[60];
	int64_t second; /* of the newest bucket */
	bool blind;
	wall_us since; /* of the present condition; 0: from the start */
};
enum sight_turn { SIGHT_SAME = 0, SIGHT_BLIND, SIGHT_SIGHTED };

/*
 * R4 speaks of questions, not polls (and of ten at least: the caller knows how
 * many are watched and fail): one that is asked every n seconds, n below
 * 60, weighs n of SIGHT_QUESTION per poll, others SIGHT_QUESTION.
 */
enum { SIGHT_QUESTION = 60 };
void sight_note(struct sight *s, mono_ns now, bool failed, uint32_t weight);
/* Re-judges; to be called about once a second. */
enum sight_turn sight_judge(struct sight *s, mono_ns now, wall_us wall);
/* Polls and failures of the last minute, or since sight came back. */
void sight_minute(
    const struct sight *s, mono_ns now, uint32_t *asked, uint32_t *failed);

#endif
