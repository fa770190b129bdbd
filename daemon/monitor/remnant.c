/* SPDX-License-Identifier: ISC */

/*
 * What caches may still hold of what was believed before (R13).
 *
 * A cache that fetched before a change gives the old answer until its entry
 * runs out: no later than the first sight of the change and the TTL of then.
 * Another resolver, or another machine behind the same address, may give it at
 * any time until then, and it says nothing about the zone.  So until then an
 * answer that runs out by then, and shows nothing that was never seen here, is
 * an old one: it is counted, and can change nothing.
 *
 * A zone that really goes back meanwhile is fetched again: its answers run out
 * later than all that were seen before, once these have run out.  That is how
 * it is told apart, at the latest when the old entries must be gone.
 *
 * Only questions that changed within a TTL have an entry.  After a restart it
 * is made of the TTL that is believed now: that of before is not kept.
 */

#include <stdlib.h>

#include "loop/loop.h"
#include "monitor_priv.h"

enum { SWEEP_SLOTS = 64 };

struct remnant {
	uint32_t question;
	wall_us until;   /* steady; no old entry lives longer */
	wall_us run_out; /* steady; those that were seen; 0: none was */
};

static void
forget(struct monitor *m, struct remnant *r)
{
	idmap_take(&m->remnants, r->question);
	free(r);
}

static void
note(struct monitor *m, uint32_t id, wall_us until)
{
	struct remnant *r = idmap_get(&m->remnants, id);

	if (r == NULL) {
		r = calloc(1, sizeof(*r));
		if (r == NULL || idmap_put(&m->remnants, id, r) != 0) {
			free(r);
			return; /* as if caches were all of one age */
		}
		r->question = id;
	}
	if (until > r->until)
		r->until = until;
	r->run_out = 0;
}

void
remnant_note(struct monitor *m, uint32_t id, wall_us sight, uint32_t ttl)
{
	wall_us until = sight + WALL_S(ttl);

	if (until > monitor_steady(m))
		note(m, id, until);
}

void
remnant_restore(struct monitor *m, uint32_t id, wall_us since, uint32_t ttl)
{
	wall_us left = since + WALL_S(ttl) - loop_wall(m->loop);

	if (left > 0)
		note(m, id, monitor_steady(m) + left);
}

/* Was every element of the first sight seen here before? */
static bool
shows_nothing_new(const struct inquiry *q)
{
	for (size_t i = 0; i < q->n_facts; i++) {
		if (q->facts[i].first_here == 0 ||
		    q->facts[i].first_here >= q->list[q->begin].at)
			return false;
	}
	return true;
}

/* Does it run out when entries of before the change must, at the latest? */
static bool
is_of_before(struct monitor *m, uint32_t id, const struct witness *w)
{
	struct remnant *r = idmap_get(&m->remnants, id);
	wall_us now = monitor_steady(m);
	wall_us run_out = w->last_at + WALL_S(w->ttl);

	if (r == NULL || w->aa)
		return false;
	if (now >= r->until) {
		forget(m, r);
		return false;
	}
	/* TTLs are whole seconds: it may live one longer. */
	if (run_out > r->until + WALL_S(1) ||
	    (r->run_out != 0 && w->last_at > r->run_out + WALL_S(1)))
		return false;
	if (run_out > r->run_out)
		r->run_out = run_out;
	return true;
}

bool
remnant_is(const struct inquiry *q)
{
	const struct testimony *t = &q->list[q->begin];

	return !q->restored && t->content.outcome != OUTCOME_UNREADABLE &&
	       shows_nothing_new(q) &&
	       is_of_before(q->monitor, q->question, &t->witness);
}

void
remnant_second(struct monitor *m)
{
	struct remnant *r;

	for (unsigned n = 0; n < SWEEP_SLOTS && m->remnants.live > 0; n++) {
		r = idmap_next(&m->remnants, &m->remnant_at);
		if (r == NULL) {
			m->remnant_at = 0;
			return;
		}
		if (monitor_steady(m) >= r->until)
			forget(m, r);
	}
}

void
remnant_free_all(struct monitor *m)
{
	struct remnant *r;
	uint32_t at = 0;

	while ((r = idmap_next(&m->remnants, &at)) != NULL)
		free(r);
	idmap_fini(&m->remnants);
}
