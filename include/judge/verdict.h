/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

/*
 * verdict -- who says that something changed, in a word (R19); pure.
 *
 * It sums up the witnesses of a change and decides nothing: label and severity
 * do not depend on it.
 */

#include <stddef.h>

#include "dns/content.h"
#include "judge/candidate.h"

enum verdict {
	VERDICT_UNKNOWN = 0,   /* nobody that counts, as after a restart */
	VERDICT_AUTHORITATIVE, /* servers of the zone, and none that answers
	                        * denies it */
	VERDICT_SPREADING,     /* some servers of the zone, and others not
	                        * yet, or not when they last answered */
	VERDICT_ONE_SERVER,    /* one resolver, and another denies it */
	VERDICT_CACHE_ONLY,    /* caches; no server of the zone says so */
	VERDICT_FILTERED,      /* only resolvers that filter or lie */
	VERDICT_DELEGATION     /* servers of the parent, about a delegation */
};
const char *verdict_text(enum verdict verdict);

/*
 * Of what differs from `believed`.  Who still gives what is believed denies it
 * only when that was provably fetched after the first sight (R12): a cache may
 * be older.
 */
enum verdict verdict_of(
    const struct content *believed, const struct witness *witnesses, size_t n);

#endif
