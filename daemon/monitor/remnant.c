/* SPDX-License-Identifier: ISC */

/*
 * What caches may still hold of before the last change (R13).
 *
 * A cache that fetched before a change gives the old answer until its entry
 * runs out: no later than the first sight of what is believed and the largest
 * TTL that the old answer had.  Another resolver, or another machine behind
 * the same address, may give it at any time until then, and it says nothing
 * about the zone: it is counted, and can change nothing.
 *
 * A zone that really goes back meanwhile, with a smaller TTL than it had, is
 * fetched again: a server whose old answer was seen still gives that content
 * when it must have run out.  That is how it is told apart; at the latest when
 * the old entries of all must be gone.  What ran out at one server says
 * nothing of another's.
 *
 * Only questions that show something old have an entry here.
 */

#include "remnant.h"

#include <stdlib.h>

#include "loop/loop.h"
#include "source.h"

enum {
	SWEEP_SLOTS = 64,
	COUNT_IDS = 65536,
	CACHES_MAX = 4, /* of a question */
	LOOKS_MAX = 4,  /* of an inquiry */
	PAST_S = 86400
};

/* An old answer that was seen. */
struct cached {
	uint16_t server;
	wall_us run_out; /* steady */
};

struct remnant {
	uint32_t question;
	uint64_t print; /* of what was seen last */
	wall_us since;  /* of what is believed, as it is stored */
	wall_us until;  /* steady; no old entry lives longer */
	struct cached caches[CACHES_MAX];
	uint8_t n_caches;
};

static void
forget(struct monitor *m, struct remnant *r)
{
	idmap_take(&m->remnants, r->question);
	free(r);
}

/* NULL: none of that server was seen, or those of too many others after it. */
static struct cached *
cached_at(struct remnant *r, uint16_t server)
{
	for (uint8_t i = 0; i < r->n_caches; i++) {
		if (r->caches[i].server == server)
			return &r->caches[i];
	}
	return NULL;
}

/* Where there is no room, that of who runs out first. */
static struct cached *
make_room(struct remnant *r)
{
	struct cached *c = r->caches;

	if (r->n_caches < CACHES_MAX)
		return &r->caches[r->n_caches++];
	for (uint8_t i = 1; i < CACHES_MAX; i++) {
		if (r->caches[i].run_out < c->run_out)
			c = &r->caches[i];
	}
	return c;
}

static struct remnant *
remnant_new(struct monitor *m, uint32_t id)
{
	struct remnant *r = calloc(1, sizeof(*r));

	if (r == NULL || idmap_put(&m->remnants, id, r) != 0) {
		free(r);
		return NULL;
	}
	r->question = id;
	return r;
}

/* No memory: as if nothing old had been seen before. */
static void
note(struct monitor *m, struct remnant *r, const struct remnant *now)
{
	const struct cached *seen = &now->caches[0];
	struct cached *c;

	if (r == NULL && (r = remnant_new(m, now->question)) == NULL)
		return;
	if (now->since != r->since || now->print != r->print)
		r->n_caches = 0;
	c = cached_at(r, seen->server);
	if (c == NULL)
		*make_room(r) = *seen;
	else if (seen->run_out > c->run_out)
		c->run_out = seen->run_out;
	r->print = now->print;
	r->since = now->since;
	r->until = now->until;
}

bool
remnant_is(struct inquiry *q, const struct store_believed *b)
{
	struct monitor *m = q->monitor;
	const struct witness *w = &q->list[q->begin].witness;
	struct remnant *r = idmap_get(&m->remnants, q->question);
	const struct cached *before = NULL;
	wall_us since =
	    monitor_steady(m) - (loop_wall(m->loop) - q->believed_since);
	struct remnant now = {
	    .question = q->question,
	    .print = q->list[q->begin].fingerprint,
	    .since = q->believed_since,
	    .until = since + WALL_S(b->past_ttl),
	    .caches = {{w->server, w->last_at + WALL_S(w->ttl)}},
	};

	if (!b->past || q->restored ||
	    candidate_fetched_after(w->last_at, w->aa,
		w->ttl > b->past_ttl ? w->ttl : b->past_ttl, w->ttl) >= since)
		return false;
	if (r != NULL && r->since == now.since && r->print == now.print)
		before = cached_at(r, w->server);
	/* TTLs are whole seconds: it may live one longer, and was said at any
	 * time since it was asked for. */
	if (before != NULL &&
	    w->last_at - q->list[q->begin].took > before->run_out + WALL_S(1))
		return false;
	note(m, r, &now);
	return true;
}

/* ---- what others say ---- */

struct look {
	struct pending pending;
	struct monitor *monitor;
	uint32_t question;
	struct uuid change;
	uint64_t print;
};

static void
look_free(struct pending *p)
{
	free((struct look *)p);
}

/* The inquiry may be over, and another one of the question open. */
static void
on_looked(void *ctx, int err, const struct store_believed *b)
{
	struct look *l = ctx;
	struct inquiry *q = idmap_get(&l->monitor->inquiries, l->question);

	pending_take(l->monitor, &l->pending);
	if (err == 0 && b->known && b->past && q != NULL &&
	    uuid_equal(&q->change, &l->change)) {
		for (size_t i = q->begin; i < q->n; i++) {
			if (q->list[i].fingerprint == l->print)
				q->list[i].witness.ttl_past = b->past_ttl;
		}
		q->look = true;
	}
	free(l);
}

static void
look_up(struct inquiry *q, const struct testimony *t)
{
	struct monitor *m = q->monitor;
	struct look *l = calloc(1, sizeof(*l));
	struct store_fetch f = {
	    .key = q->key,
	    .seen = &t->content,
	    .at = t->at,
	};

	if (l == NULL)
		return; /* as if nothing were known of it */
	l->pending.free = look_free;
	l->monitor = m;
	l->question = q->question;
	l->change = q->change;
	l->print = t->fingerprint;
	pending_add(m, &l->pending);
	store_fetch(m->store, &f, on_looked, l);
}

/* From a cache, and something that is neither believed nor the first sight. */
static bool
is_third(const struct inquiry *q, const struct testimony *t)
{
	return testimony_differs(q, t) && !t->witness.aa &&
	       t->fingerprint != q->list[q->begin].fingerprint &&
	       !content_equal(&t->content, &q->list[q->begin].content);
}

/* It was looked up for an earlier one. */
static bool
was_looked_up(const struct inquiry *q, struct testimony *t)
{
	for (const struct testimony *o = q->list + q->begin; o < t; o++) {
		if (o->looked && o->fingerprint == t->fingerprint) {
			t->witness.ttl_past = o->witness.ttl_past;
			return true;
		}
	}
	return false;
}

void
remnant_look(struct inquiry *q)
{
	/* No entry is older than a day: that is how far one is looked for. */
	if (loop_wall(q->monitor->loop) - q->believed_since > WALL_S(PAST_S))
		return;
	for (size_t i = q->begin; i < q->n; i++) {
		struct testimony *t = &q->list[i];

		if (t->looked || !is_third(q, t))
			continue;
		t->looked = true;
		if (!was_looked_up(q, t) && q->n_looks < LOOKS_MAX) {
			q->n_looks++;
			look_up(q, t);
		}
	}
}

/* Other servers have the numbers of these. */
void
remnant_forget_servers(struct monitor *m)
{
	struct remnant *r;
	uint32_t at = 0;

	while ((r = idmap_next(&m->remnants, &at)) != NULL)
		r->n_caches = 0;
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

/*
 * Questions that are asked more often than their caches ask: most of their
 * polls hear again what they heard before.  A piece of the table a call.
 */
void
remnant_count_short(struct monitor *m)
{
	uint32_t n = table_count(m->table);
	uint32_t end =
	    m->short_at + COUNT_IDS < n ? m->short_at + COUNT_IDS : n;

	for (; m->short_at < end; m->short_at++) {
		const struct question *q =
		    table_question(m->table, m->short_at);

		if ((q->flags & (Q_WATCHED | Q_KNOWN)) ==
			(Q_WATCHED | Q_KNOWN) &&
		    question_ttl(q) >
			policy_get(m->table, q->policy)->every_s &&
		    !source_asks(m, m->short_at))
			m->short_now++;
	}
	if (m->short_at < n)
		return;
	m->n_short = m->short_now;
	m->short_now = 0;
	m->short_at = 0;
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
