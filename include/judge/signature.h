/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SIGNATURE_H
#define JUDGE_SIGNATURE_H

/*
 * signature -- will the signatures of a question's answer expire (R17)?  Pure:
 * time is an argument.
 *
 *          little is left          expired at the source
 *   FINE ------------------> EXPIRING ----------------> EXPIRED
 *    ^ ^                        |  ^                       |
 *    | +------- renewed --------+  +-- renewed, for little +
 *    +------------- renewed -------------------------------+
 *
 * Little is what the configuration says, and at most a tenth of the time for
 * which the signature is made: signers renew with so much left (a tenth of it
 * is the least of those in wide use), and one that signs for two days would
 * otherwise ring for ever.
 *
 * R13: a cache may still hold signatures of before.  That they expired holds
 * when they were fetched after it, and what was told is not unsaid or said
 * again by what may have been fetched before it was told.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "dns/signature.h"

enum { SIGNATURE_SHARE = 10 }; /* of the time that it is made for */

/* Stored: never renumber. */
enum signature_told {
	SIGNATURE_FINE = 0,
	SIGNATURE_EXPIRING = 1,
	SIGNATURE_EXPIRED = 2
};
/* Of the event that tells of it: "signatures-expiring" ... */
const char *signature_kind(enum signature_told told);

/* What was told of one question.  Zeroed: nothing yet. */
struct signature_cell {
	enum signature_told told;
	wall_us since;   /* told so, or the like, without a break */
	wall_us told_at; /* the last of it; 0: not by this process */
};

struct signature_sample {
	const struct signatures *seen; /* of a question that is signed */
	wall_us now;
	wall_us fetched_after; /* candidate_fetched_after() */
	uint32_t ahead_s;      /* told so long ahead */
};

/* True: the cell is news, to be told and kept. */
bool signature_judge(
    struct signature_cell *cell, const struct signature_sample *sample);

#endif
