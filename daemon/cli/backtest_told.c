/* SPDX-License-Identifier: ISC */

#include "backtest_told.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* ---- ids ---- */

static struct uuid *
slot_of(const struct backtest_told *s, const struct uuid *id)
{
	uint64_t at;

	memcpy(&at, id->b + 8, sizeof(at)); /* the random half */
	for (at %= s->room;
	     !uuid_is_nil(&s->slots[at]) && !uuid_equal(&s->slots[at], id);
	     at = (at + 1) % s->room)
		;
	return &s->slots[at];
}

static bool
has_id(const struct backtest_told *s, const struct uuid *id)
{
	return s->room > 0 && !uuid_is_nil(slot_of(s, id));
}

static void
put_id(struct backtest_told *s, const struct uuid *id)
{
	struct backtest_told more = {.room = s->room == 0 ? 1024 : 2 * s->room};

	if (2 * s->n >= s->room) {
		more.slots = calloc(more.room, sizeof(*more.slots));
		CHECK(more.slots != NULL);
		for (size_t i = 0; i < s->room; i++)
			if (!uuid_is_nil(&s->slots[i]))
				*slot_of(&more, &s->slots[i]) = s->slots[i];
		more.n = s->n;
		free(s->slots);
		*s = more;
	}
	if (uuid_is_nil(slot_of(s, id)))
		s->n++;
	*slot_of(s, id) = *id;
}

void
backtest_told_fini(struct backtest_told *told)
{
	free(told->slots);
}

/* ---- then and now ---- */

/*
 * A later decision about what was told is told, whatever it weighs (R15), and
 * so is the member of a group that another member made worth telling.
 */
static bool
is_told(const struct backtest_lists *l, const struct backtest_told *told,
    const struct backtest_compared *c)
{
	if (!c->v.watched || !c->v.asked || l->config->n_sinks == 0)
		return false;
	return severity_is_told(c->v.severity) ||
	       (c->j->revision > 1 && has_id(told, &c->j->id)) ||
	       (c->told_then && c->v.severity == (enum severity)c->j->severity);
}

/* What is not known of then is no difference. */
static bool
differs(const struct backtest_compared *c)
{
	if (!c->v.watched || !c->v.asked ||
	    c->v.severity != (enum severity)c->j->severity)
		return true;
	return c->known_then &&
	       (c->told_now != c->told_then || c->held_now != c->held_then);
}

struct backtest_compared
backtest_compare(const struct backtest_lists *l, struct backtest_told *told,
    const struct read_judged *j, struct arena *scratch)
{
	struct backtest_compared c = {.j = j,
	    .v = backtest_judge(l, j, scratch),
	    .told_then = j->sent != NULL || j->held != NULL,
	    .held_then = j->sent == NULL && j->held != NULL};

	c.known_then = (c.v.unknown & UNKNOWN_ALERTS) == 0;
	c.told_now = is_told(l, told, &c);
	c.held_now = c.told_now && c.v.silence != NULL;
	c.differs = differs(&c);
	if (c.told_now)
		put_id(told, &j->id);
	return c;
}

const char *
backtest_reason(const struct backtest_compared *c)
{
	if (!c->v.watched)
		return "not watched";
	if (!c->v.asked)
		return "not asked for";
	if (c->held_now)
		return "silence";
	return c->v.severity != (enum severity)c->j->severity ? "severity"
	                                                      : "sinks";
}
