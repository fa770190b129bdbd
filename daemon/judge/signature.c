/* SPDX-License-Identifier: ISC */

#include "judge/signature.h"

const char *
signature_kind(enum signature_told told)
{
	switch (told) {
	case SIGNATURE_FINE:
		return "signatures-renewed";
	case SIGNATURE_EXPIRING:
		return "signatures-expiring";
	case SIGNATURE_EXPIRED:
		return "signatures-expired";
	}
	return "signatures-renewed";
}

static enum signature_told
level_of(const struct signature_sample *s)
{
	const struct signature *first = &s->seen->first;
	int64_t little = (first->expires - first->inception) / SIGNATURE_SHARE;
	int64_t left = first->expires - s->now / WALL_S(1);

	if (little > s->ahead_s)
		little = s->ahead_s;
	if (left > little)
		return SIGNATURE_FINE;
	if (WALL_S(first->expires) <= s->fetched_after)
		return SIGNATURE_EXPIRED;
	return SIGNATURE_EXPIRING;
}

bool
signature_judge(
    struct signature_cell *cell, const struct signature_sample *sample)
{
	enum signature_told level = level_of(sample);

	if (level == cell->told || sample->fetched_after < cell->told_at)
		return false;
	/* Of what expired at the source a cache has the rest. */
	if (level == SIGNATURE_EXPIRING && cell->told == SIGNATURE_EXPIRED &&
	    WALL_S(sample->seen->first.expires) <= sample->now)
		return false;
	if (cell->told == SIGNATURE_FINE)
		cell->since = sample->now;
	cell->told = level;
	cell->told_at = sample->now;
	return true;
}
