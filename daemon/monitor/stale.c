/* SPDX-License-Identifier: ISC */

/*
 * Answers that a resolver keeps beyond their time without saying so (R13;
 * judge/stale.h has the rule).
 *
 *   low answer --> doubted --2 s--> asked again --> lives
 *                     ^                 |
 *                     +--- its next <---+---------> stale: held, counted
 *
 * Only questions in doubt have an entry here; that an answer is not low costs
 * one comparison and is not noted.  What was believed afresh since the last low
 * answer, by `seen`, begins a new doubt.
 */

#include <stdlib.h>

#include "judge/stale.h"
#include "loop/loop.h"
#include "remnant.h"
#include "schedule/chase.h"
#include "stale.h"

enum {
	CELLS_MAX = 65536, /* beside those that fail */
	AGAIN_MAX = 4096,  /* that wait to be asked again */
	AGAIN_SOON_S = 5,
	AGAIN_LATER_S = 600,
	PAST_WAITS_S = STALE_AGAIN_S + 2,
	KEEP_S = 600,
	SWEEP_SLOTS = 64
};

struct cell {
	uint32_t question;
	struct stale_cell judged;
	wall_us asked; /* steady; again, the last time; 0: never */
};

struct again {
	uint32_t question;
	uint16_t server;
	wall_us at; /* steady */
};

struct stales {
	struct idmap cells;
	uint32_t swept;                /* of the walk that sweeps them */
	struct again again[AGAIN_MAX]; /* a ring, by time */
	uint32_t first, n;
};

static struct cell *
cell_get(const struct monitor *m, uint32_t id)
{
	return m->stales == NULL ? NULL : idmap_get(&m->stales->cells, id);
}

/* NULL: there are too many, or no memory; then nothing is doubted. */
static struct cell *
cell_of(struct monitor *m, uint32_t id, bool must)
{
	struct cell *c = cell_get(m, id);

	if (c != NULL)
		return c;
	if (m->stales == NULL)
		m->stales = calloc(1, sizeof(*m->stales));
	if (m->stales == NULL || (!must && m->stales->cells.live >= CELLS_MAX))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL || idmap_put(&m->stales->cells, id, c) != 0) {
		free(c);
		return NULL;
	}
	c->question = id;
	return c;
}

static void
drop(struct monitor *m, struct cell *c)
{
	idmap_take(&m->stales->cells, c->question);
	free(c);
}

/* ---- asking again ---- */

/* Another TTL is asked about at once, the same one less often. */
static bool
is_to_be_asked(const struct cell *c, bool matters, wall_us now)
{
	uint32_t every_s = matters || c->judged.state == STALE_DOUBTED
	                       ? AGAIN_SOON_S
	                       : AGAIN_LATER_S;

	return c->asked == 0 || c->judged.times == 1 ||
	       now - c->asked >= WALL_S(every_s);
}

/* Full: its next poll is asked again instead. */
static void
ask_again(struct monitor *m, struct cell *c, bool matters)
{
	struct stales *s = m->stales;
	wall_us now = monitor_steady(m);

	if (s->n == AGAIN_MAX || !is_to_be_asked(c, matters, now))
		return;
	s->again[(s->first + s->n++) % AGAIN_MAX] = (struct again){
	    .question = c->question,
	    .server = c->judged.server,
	    .at = now + WALL_S(STALE_AGAIN_S),
	};
	c->asked = now;
}

void
stale_tick(struct monitor *m)
{
	struct stales *s = m->stales;

	while (s != NULL && s->n > 0 &&
	       s->again[s->first].at <= monitor_steady(m)) {
		struct errand e = {
		    .question = s->again[s->first].question,
		    .purpose = PURPOSE_AGAIN,
		    .server = s->again[s->first].server,
		};

		s->first = (s->first + 1) % AGAIN_MAX;
		s->n--;
		if (!m->draining &&
		    (table_question(m->table, e.question)->flags & Q_WATCHED) !=
			0)
			(void)pump_errand(m, &e);
	}
}

/* ---- replies ---- */

/* What was believed afresh since the last low answer ends its doubt. */
static enum stale
judge(
    struct monitor *m, uint32_t id, const struct stale_sample *s, bool matters)
{
	const struct question *q = table_question(m->table, id);
	struct cell *c = cell_of(m, id, matters);
	wall_us last;
	enum stale what;

	if (c == NULL)
		return STALE_NOT;
	last = loop_wall(m->loop) - (monitor_steady(m) - c->judged.last);
	if (c->judged.state == STALE_REPEATED && q->fingerprint == s->print &&
	    (wall_us)q->seen * WALL_S(1) > last)
		c->judged = (struct stale_cell){0};
	what = stale_judge(&c->judged, s);
	if (what != STALE_NOT)
		ask_again(m, c, matters);
	return what;
}

/*
 * Where a low answer has something to say, or follows another: where a poll was
 * put at the end of an entry, or is as frequent as that.
 */
static bool
is_of_interest(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	return (q->flags & Q_FAILS) != 0 || q->mark != CHASE_NOT ||
	       policy_get(m->table, q->policy)->every_s <= STALE_TTL_S ||
	       cell_get(m, id) != NULL;
}

bool
stale_holds(struct monitor *m, uint32_t id, uint16_t server,
    const struct reply_sum *sum)
{
	const struct question *q = table_question(m->table, id);
	bool fails = (q->flags & Q_FAILS) != 0;
	struct stale_sample s = {
	    .now = monitor_steady(m),
	    .print = sum->fingerprint,
	    .ttl = sum->ttl,
	    .usual = question_ttl(q),
	    .server = server,
	    .aa = sum->aa,
	};
	enum stale what;

	if (!stale_is_low(s.aa, s.ttl, s.usual) ||
	    q->fingerprint != sum->fingerprint || (q->flags & Q_INQUIRY) != 0 ||
	    m->setup.once || !is_of_interest(m, id))
		return false;
	what = judge(m, id, &s, fails);
	return what == STALE_REPEATED || (what == STALE_DOUBTED && fails);
}

/* What the server of the first sight said last, if it is that. */
static const struct testimony *
newest(const struct inquiry *q)
{
	const struct testimony *first = &q->list[q->begin];

	for (size_t i = q->n; i > q->begin; i--) {
		const struct testimony *t = &q->list[i - 1];

		if (t->witness.fail == FAIL_NOT &&
		    t->witness.server == first->witness.server &&
		    t->fingerprint == first->fingerprint)
			return t;
	}
	return first;
}

/* Of the first sight, if it was seen before.  DOUBTED: it is asked again. */
static enum stale
past(struct inquiry *q, const struct store_believed *b)
{
	struct monitor *m = q->monitor;
	const struct testimony *first = &q->list[q->begin];
	const struct testimony *t = newest(q);
	struct stale_sample s = {
	    .now = t->witness.last_at,
	    .print = t->fingerprint,
	    .ttl = t->witness.ttl,
	    .usual = b->past_ttl,
	    .server = t->witness.server,
	    .aa = t->witness.aa,
	};
	enum stale what;

	/* What began higher was fetched, however little is left of it now. */
	if (!b->past || q->restored || m->setup.once ||
	    s.server >= m->n_servers || !stale_is_low(s.aa, s.ttl, s.usual) ||
	    !stale_is_low(s.aa, first->ttl, s.usual))
		return STALE_NOT;
	what = judge(m, q->question, &s, true);
	if (what != STALE_DOUBTED)
		return what;
	if (!q->waited) {
		q->waited = true;
		q->retry_fetch = monitor_steady(m) + WALL_S(PAST_WAITS_S);
		return STALE_DOUBTED;
	}
	/* Nobody said it again: it may have been so for a moment. */
	return s.ttl > STALE_SMALL_S ? STALE_NOT : STALE_REPEATED;
}

bool
stale_pass(struct inquiry *q, const struct store_believed *b)
{
	enum stale what = STALE_NOT;

	if (remnant_is(q, b)) {
		q->monitor->n_old++;
		q->begin++;
	} else {
		what = past(q, b);
		q->monitor->n_stale += what != STALE_NOT;
		q->begin += what == STALE_REPEATED;
	}
	return what == STALE_DOUBTED;
}

void
stale_failed(struct monitor *m, uint32_t id)
{
	struct cell *c = cell_get(m, id);

	if (c != NULL && c->judged.state == STALE_NOT)
		drop(m, c);
}

/* ---- what is kept ---- */

static bool
is_over(const struct monitor *m, const struct cell *c)
{
	const struct question *q = table_question(m->table, c->question);
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;

	return (q->flags & Q_WATCHED) == 0 ||
	       monitor_steady(m) - c->judged.last >=
	           WALL_S(KEEP_S) + WALL_S(2) * every_s;
}

void
stale_second(struct monitor *m)
{
	struct stales *s = m->stales;

	for (unsigned n = 0; s != NULL && n < SWEEP_SLOTS; n++) {
		struct cell *c = idmap_next(&s->cells, &s->swept);

		if (c == NULL) {
			s->swept = 0;
			return;
		}
		if (is_over(m, c))
			drop(m, c);
	}
}

void
stale_forget(struct monitor *m)
{
	struct cell *c;
	uint32_t at = 0;

	if (m->stales == NULL)
		return;
	m->stales->n = 0;
	while ((c = idmap_next(&m->stales->cells, &at)) != NULL)
		drop(m, c);
}

size_t
stale_bytes(const struct monitor *m)
{
	if (m->stales == NULL)
		return 0;
	return sizeof(*m->stales) + idmap_bytes(&m->stales->cells) +
	       m->stales->cells.live * sizeof(struct cell);
}

void
stale_free_all(struct monitor *m)
{
	if (m->stales == NULL)
		return;
	stale_forget(m);
	idmap_fini(&m->stales->cells);
	free(m->stales);
	m->stales = NULL;
}
