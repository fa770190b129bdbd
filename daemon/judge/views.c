/* SPDX-License-Identifier: ISC */

#include "judge/views.h"

#include <string.h>

#include "dns/name.h"

enum {
	JITTER_PART = 20, /* of an interval, by which a poll may be late ... */
	LATE_S = 5        /* ... and this, behind the end of a cache's entry */
};

enum views_stand
views_stand(const struct views_word *words, size_t n)
{
	const struct views_word *first = NULL;
	bool all = true;

	if (n < 2)
		return VIEWS_ALONE;
	for (size_t i = 0; i < n; i++) {
		if (!words[i].known)
			all = false;
		else if (first == NULL)
			first = &words[i];
		else if (words[i].print != first->print)
			return VIEWS_DIFFER;
	}
	return all ? VIEWS_AGREE : VIEWS_UNKNOWN;
}

/* The links of `a`, which has no more, are the first ones of `b`. */
static bool
is_beginning(const struct content *a, const struct content *b)
{
	if (!a->partial || a->n_chain > b->n_chain)
		return false;
	for (uint16_t i = 0; i < a->n_chain; i++) {
		size_t size = name_size(a->chain[i]);

		if (size != name_size(b->chain[i]) ||
		    memcmp(a->chain[i], b->chain[i], size) != 0)
			return false;
	}
	return true;
}

bool
views_same(const struct content *a, const struct content *b)
{
	return content_equal(a, b) || is_beginning(a, b) || is_beginning(b, a);
}

static uint32_t
slack_s(const struct views_pace *p)
{
	return p->wait_s / JITTER_PART + LATE_S;
}

mono_ns
views_differ_after(const struct views_pace *p, uint32_t differ_after_s)
{
	uint64_t least = (uint64_t)p->wait_s + p->ttl_s + slack_s(p);

	return MONO_S(least > differ_after_s ? least : differ_after_s);
}

mono_ns
views_settle(const struct views_pace *p, uint32_t differ_after_s)
{
	uint64_t once = (uint64_t)p->wait_s + slack_s(p);
	uint32_t least =
	    differ_after_s < VIEWS_SETTLE_S ? differ_after_s : VIEWS_SETTLE_S;

	return MONO_S(once > least ? once : least);
}

/* Counts in whole days, so that who came to rest is known to have. */
static void
note_move(struct views_cell *c, const struct views_sample *s)
{
	if (c->looked == 0) {
		c->day = s->now;
	} else if (s->now - c->day >= MONO_S(VIEWS_RESTLESS_S)) {
		c->restless = c->moves >= VIEWS_MOVES;
		c->moves = 0;
		c->day = s->now;
	}
	if (c->print != 0 && c->print != s->print && c->moves < VIEWS_MOVES)
		c->moves++;
	c->print = s->print;
	if (c->moves >= VIEWS_MOVES)
		c->restless = true;
}

/* For so long it stands so, as far as that was looked at. */
static void
note_stand(struct views_cell *c, const struct views_sample *s)
{
	mono_ns gap = s->now - c->looked;

	if (gap > MONO_S(VIEWS_GAP_S))
		gap = MONO_S(VIEWS_GAP_S);
	if (s->stand == VIEWS_UNKNOWN) {
		c->held = true;
		return;
	}
	if (c->looked == 0 || c->stand != s->stand) {
		c->lasted = 0;
		if (s->stand == VIEWS_DIFFER && !c->told)
			c->since = s->wall;
	} else if (!c->held) {
		c->lasted += gap;
	}
	c->stand = s->stand;
	c->held = false;
}

enum views_turn
views_judge(struct views_cell *c, const struct views_sample *s)
{
	bool is_calm;

	note_move(c, s);
	note_stand(c, s);
	c->looked = s->now;
	switch (s->stand) {
	case VIEWS_UNKNOWN:
		return VIEWS_SAME;
	case VIEWS_DIFFER:
		return !c->told && c->lasted >= s->differ_after
		           ? VIEWS_TELL_DIFFER
		           : VIEWS_SAME;
	case VIEWS_AGREE:
		is_calm =
		    c->lasted >= s->settle &&
		    (!c->restless || c->lasted >= MONO_S(VIEWS_RESTLESS_S));
		if (!c->told)
			return VIEWS_FORGET;
		return is_calm ? VIEWS_TELL_AGREE : VIEWS_SAME;
	case VIEWS_ALONE:
		if (!c->told)
			return VIEWS_FORGET;
		return c->lasted >= s->settle ? VIEWS_TELL_ALONE : VIEWS_SAME;
	}
	return VIEWS_SAME;
}
