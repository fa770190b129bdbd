/* SPDX-License-Identifier: ISC */

#include "judge/stale.h"

/* TTLs are whole seconds: an entry may end one sooner than it says.  Two
 * answers so far apart do not show the same whole second. */
#define APART WALL_MS(1500)

bool
stale_is_low(bool aa, uint32_t ttl, uint32_t usual)
{
	return !aa && ttl <= STALE_TTL_S && usual > STALE_USUAL_S;
}

static enum stale
begin(struct stale_cell *cell, const struct stale_sample *s)
{
	*cell = (struct stale_cell){
	    .since = s->now,
	    .last = s->now,
	    .print = s->print,
	    .ttl = s->ttl,
	    .server = s->server,
	    .times = 1,
	    .state = STALE_DOUBTED,
	};
	return STALE_DOUBTED;
}

/* The same TTL again, where an entry that lives would have shown less? */
static bool
is_standing(const struct stale_cell *cell, const struct stale_sample *s)
{
	wall_us apart = s->now - cell->last;

	return s->ttl == cell->ttl && s->ttl > STALE_SMALL_S &&
	       apart >= APART && apart < WALL_S(s->ttl) - WALL_S(1);
}

/* Too small to count down before another question: said again and again. */
static bool
is_insisted(const struct stale_cell *cell, const struct stale_sample *s)
{
	return s->ttl <= STALE_SMALL_S && cell->times >= STALE_TIMES &&
	       s->now - cell->since > WALL_S(STALE_OVER_S);
}

static enum stale
end(struct stale_cell *cell, const struct stale_sample *s)
{
	cell->state = STALE_NOT;
	cell->since = s->now;
	return STALE_NOT;
}

static enum stale
compare(struct stale_cell *cell, const struct stale_sample *s)
{
	if (s->ttl < cell->ttl)
		return end(cell, s);
	if (s->ttl > cell->ttl) {
		cell->times = 1;
		cell->state = STALE_DOUBTED;
		return STALE_DOUBTED;
	}
	if (cell->times < UINT8_MAX)
		cell->times++;
	if (is_standing(cell, s) || is_insisted(cell, s))
		cell->state = STALE_REPEATED;
	return (enum stale)cell->state;
}

enum stale
stale_judge(struct stale_cell *cell, const struct stale_sample *s)
{
	enum stale what;

	if (!stale_is_low(s->aa, s->ttl, s->usual)) {
		*cell = (struct stale_cell){0};
		return STALE_NOT;
	}
	if (cell->since == 0 || cell->print != s->print ||
	    cell->server != s->server)
		return begin(cell, s);
	if (cell->state == STALE_NOT) {
		if (s->now - cell->since >= WALL_S(STALE_LIVES_S))
			return begin(cell, s);
		if (is_standing(cell, s)) {
			cell->since = s->now;
			cell->state = STALE_REPEATED;
		}
		what = (enum stale)cell->state;
	} else if (s->now - cell->since >= WALL_S(STALE_DOUBT_MAX_S)) {
		what = STALE_NOT; /* nobody keeps it for so long */
	} else {
		what = compare(cell, s);
	}
	cell->ttl = s->ttl;
	cell->last = s->now;
	return what;
}
