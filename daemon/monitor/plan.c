/* SPDX-License-Identifier: ISC */

/*
 * Which questions a plan is about is found anew when the configuration or the
 * watches are other.  What was told of a plan is kept beside the question that
 * the event names, by expect.c.
 */

#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "expect.h"
#include "judge/plan.h"
#include "loop/loop.h"
#include "monitor_priv.h"

enum {
	PLANNED_MAX = 65536,
	NAMES_MAX = 8, /* in an event */
	OLD_S = 86400, /* what was over so long ago is nobody's news */
	WAIT_S = 60    /* at the end, for what is believed to be read */
};

/* A question that a plan is about. */
struct planned {
	uint32_t next; /* of the same question; PLANNED_NONE: none */
	uint32_t question;
	uint32_t change; /* of the plan */
	uint16_t plan;
	bool needed; /* the plan says what it is going to be */
	bool known, done;
};
#define PLANNED_NONE UINT32_MAX

struct stand {
	bool begun;
	wall_us closed_at; /* 0: not closed */
};

/* Prints of the plans that were told with events of a question. */
struct kept {
	uint8_t n;
	uint64_t prints[PLAN_KEPT_MAX]; /* the latest first */
};

struct plans {
	struct planned *list;
	uint32_t n, room;
	struct idmap first; /* by question: the index of its first, plus one */
	struct stand *stands;
	wall_us next; /* nothing begins or ends before */
};

/* ---- what is kept ---- */

static void
keep(struct monitor *m, uint32_t id, uint64_t print)
{
	struct kept *k = idmap_get(&m->plans_kept, id);

	if (k == NULL) {
		k = calloc(1, sizeof(*k));
		if (k == NULL || idmap_put(&m->plans_kept, id, k) != 0) {
			free(k);
			return;
		}
	}
	memmove(k->prints + 1, k->prints,
	    (PLAN_KEPT_MAX - 1) * sizeof(k->prints[0]));
	k->prints[0] = print;
	if (k->n < PLAN_KEPT_MAX)
		k->n++;
}

size_t
plan_kept(const struct monitor *m, uint32_t id, uint64_t prints[PLAN_KEPT_MAX])
{
	const struct kept *k = idmap_get(&m->plans_kept, id);

	if (k == NULL)
		return 0;
	memcpy(prints, k->prints, k->n * sizeof(prints[0]));
	return k->n;
}

static bool
is_kept(const struct monitor *m, uint64_t print)
{
	uint32_t at = 0;
	const struct kept *k;

	while ((k = idmap_next(&m->plans_kept, &at)) != NULL)
		for (uint8_t i = 0; i < k->n; i++)
			if (k->prints[i] == print)
				return true;
	return false;
}

void
plan_restore(struct monitor *m, uint32_t id, uint64_t print)
{
	if (!is_kept(m, print))
		keep(m, id, print);
}

/* ---- which questions ---- */

static struct planned *
first_of(const struct plans *p, uint32_t id)
{
	const uint32_t *index = idmap_get(&p->first, id);

	return index == NULL ? NULL : &p->list[*index];
}

static struct planned *
next_of(const struct plans *p, const struct planned *of)
{
	return of->next == PLANNED_NONE ? NULL : &p->list[of->next];
}

static bool
put_first(struct plans *p, uint32_t id, uint32_t index)
{
	uint32_t *value = idmap_get(&p->first, id);

	if (value != NULL) {
		p->list[index].next = *value;
		*value = index;
		return true;
	}
	value = malloc(sizeof(*value));
	if (value == NULL || idmap_put(&p->first, id, value) != 0) {
		free(value);
		return false;
	}
	*value = index;
	return true;
}

static bool
add(struct plans *p, const struct planned *what)
{
	struct planned *list;

	if (p->n == PLANNED_MAX)
		return false;
	if (p->n == p->room) {
		p->room = p->room == 0 ? 64 : 2 * p->room;
		list = realloc(p->list, p->room * sizeof(*list));
		if (list == NULL)
			return false;
		p->list = list;
	}
	p->list[p->n] = *what;
	p->list[p->n].next = PLANNED_NONE;
	return put_first(p, what->question, p->n++);
}

/* The questions of a name in one view: those that the plan says something of,
 * and those whose alias it says. */
static bool
add_name(struct monitor *m, struct planned *what,
    const struct config_plan_change *c, uint8_t view)
{
	bool has_alias = plan_names(c->pins, c->pins_size, TYPE_CNAME);
	uint32_t id =
	    table_find_first(m->table, view, c->name.wire, c->name.size);

	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		const struct question *q = table_question(m->table, id);

		if ((q->flags & Q_WATCHED) == 0)
			continue;
		what->question = id;
		what->needed = plan_names(c->pins, c->pins_size, q->type);
		if ((what->needed || has_alias) && !add(m->plans, what))
			return false;
	}
	return true;
}

static bool
add_plan(struct monitor *m, uint16_t plan)
{
	const struct config_plan *p = &m->config->plans[plan];
	struct planned what = {.plan = plan};

	for (size_t i = 0; i < p->n_changes; i++) {
		what.change = (uint32_t)i;
		for (uint8_t v = 0; v < table_n_views(m->table); v++)
			if (!add_name(m, &what, &p->changes[i], v))
				return false;
	}
	return true;
}

static void
forget(struct monitor *m)
{
	uint32_t at = 0;
	void *value;

	if (m->plans == NULL)
		return;
	while ((value = idmap_next(&m->plans->first, &at)) != NULL)
		free(value);
	idmap_fini(&m->plans->first);
	free(m->plans->list);
	free(m->plans->stands);
	free(m->plans);
	m->plans = NULL;
}

void
plan_restart(struct monitor *m)
{
	const struct config *c = m->config;
	wall_us now = loop_wall(m->loop);
	bool whole = true;

	forget(m);
	if (c->n_plans == 0)
		return;
	m->plans = calloc(1, sizeof(*m->plans));
	if (m->plans != NULL)
		m->plans->stands = calloc(c->n_plans, sizeof(struct stand));
	if (m->plans == NULL || m->plans->stands == NULL) {
		forget(m);
		log_warn("monitor: no memory for the plans");
		return;
	}
	for (size_t i = 0; i < c->n_plans; i++) {
		if (c->plans[i].until < now - WALL_S(OLD_S) ||
		    is_kept(m, c->plans[i].print))
			m->plans->stands[i].closed_at = 1;
		else
			whole = add_plan(m, (uint16_t)i) && whole;
	}
	if (!whole)
		log_warn("monitor: plans of more than %d questions; some "
			 "changes will be told although they are planned",
		    PLANNED_MAX);
}

/* ---- when ---- */

static const struct config_plan *
plan_at(const struct monitor *m, const struct planned *of)
{
	return &m->config->plans[of->plan];
}

static bool
stands(const struct monitor *m, const struct planned *of)
{
	const struct stand *s = &m->plans->stands[of->plan];

	return s->begun && s->closed_at == 0;
}

static void
look_at_all(struct monitor *m, size_t plan)
{
	for (uint32_t i = 0; i < m->plans->n; i++)
		if (m->plans->list[i].plan == plan)
			expect_look(m, m->plans->list[i].question);
}

/* ---- telling ---- */

/* Of those that are not done; how many. */
static uint32_t
list_open(const struct monitor *m, size_t plan, struct name names[NAMES_MAX])
{
	const struct plans *p = m->plans;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct planned *of = &p->list[i];
		struct name *name = &names[n < NAMES_MAX ? n : NAMES_MAX - 1];
		const uint8_t *wire;

		if (of->plan != plan || !of->needed || of->done)
			continue;
		wire = table_name(m->table, of->question, &name->size);
		memcpy(name->wire, wire, name->size);
		n++;
	}
	return n;
}

static void
close_plan(struct monitor *m, size_t plan, uint32_t question, bool done)
{
	const struct config_plan *p = &m->config->plans[plan];
	struct stand *s = &m->plans->stands[plan];
	struct name names[NAMES_MAX];
	struct say_event e = {
	    .kind = done ? "plan-done" : "plan-missed",
	    .since = p->from,
	    .plan = p,
	};

	if (!done) {
		e.count = list_open(m, plan, names);
		e.names = names;
		e.n_names = e.count < NAMES_MAX ? e.count : NAMES_MAX;
	}
	s->closed_at = loop_wall(m->loop);
	keep(m, question, p->print);
	expect_tell(m, question, &e);
	/* Without the plan, what is expected may be something else. */
	look_at_all(m, plan);
}

/* What its needed questions say: the first of them, and how they are. */
struct summary {
	uint32_t first; /* QUESTION_NONE: nobody watches what it says */
	bool known, done;
};

static struct summary
sum_up(const struct monitor *m, size_t plan)
{
	struct summary s = {QUESTION_NONE, true, true};

	for (uint32_t i = 0; i < m->plans->n; i++) {
		const struct planned *of = &m->plans->list[i];

		if (of->plan != plan || !of->needed)
			continue;
		if (s.first == QUESTION_NONE)
			s.first = of->question;
		s.known = s.known && of->known;
		s.done = s.done && of->done;
	}
	return s;
}

/* It has begun and is not closed.  When is it to be looked at again? */
static wall_us
step_begun(struct monitor *m, size_t plan, wall_us now)
{
	const struct config_plan *p = &m->config->plans[plan];
	struct summary s = sum_up(m, plan);

	if (s.first == QUESTION_NONE) {
		if (now >= p->until)
			m->plans->stands[plan].closed_at = now;
		return p->until;
	}
	if (s.known && s.done)
		close_plan(m, plan, s.first, true);
	else if (now >= p->until &&
		 (s.known || now >= p->until + WALL_S(WAIT_S)))
		close_plan(m, plan, s.first, false);
	else
		return now >= p->until ? now + WALL_S(1) : p->until;
	return INT64_MAX;
}

void
plan_tick(struct monitor *m)
{
	wall_us now = loop_wall(m->loop);
	wall_us next = INT64_MAX;
	wall_us at;

	if (m->plans == NULL || now < m->plans->next || !m->planned ||
	    m->draining || m->setup.once)
		return;
	for (size_t i = 0; i < m->config->n_plans; i++) {
		struct stand *s = &m->plans->stands[i];

		at = m->config->plans[i].from;
		if (s->closed_at != 0)
			continue;
		if (at <= now && !s->begun) {
			s->begun = true;
			look_at_all(m, i);
		}
		if (at <= now)
			at = step_begun(m, i, now);
		next = at < next ? at : next;
	}
	m->plans->next = next;
}

/* ---- what is believed ---- */

bool
plan_concerns(const struct monitor *m, uint32_t id)
{
	const struct planned *of =
	    m->plans == NULL ? NULL : first_of(m->plans, id);

	for (; of != NULL; of = next_of(m->plans, of))
		if (of->needed && stands(m, of))
			return true;
	return false;
}

void
plan_believed(struct monitor *m, uint32_t id, const struct content *c)
{
	struct planned *of = m->plans == NULL ? NULL : first_of(m->plans, id);
	uint16_t type = table_question(m->table, id)->type;

	for (; of != NULL; of = next_of(m->plans, of)) {
		const struct config_plan_change *to =
		    &plan_at(m, of)->changes[of->change];

		if (!of->needed || !stands(m, of))
			continue;
		of->known = true;
		of->done = plan_is_done(to->pins, to->pins_size, type, c);
		if (of->done)
			m->plans->next = 0; /* the tick sees whether all are */
	}
}

bool
plan_allows(
    const struct monitor *m, uint32_t id, const struct expect_found *found)
{
	const struct planned *of =
	    m->plans == NULL ? NULL : first_of(m->plans, id);
	uint16_t type = table_question(m->table, id)->type;

	for (; of != NULL; of = next_of(m->plans, of)) {
		const struct config_plan_change *to =
		    &plan_at(m, of)->changes[of->change];

		if (stands(m, of) &&
		    plan_explains(to->pins, to->pins_size, type, found))
			return true;
	}
	return false;
}

const struct config_plan *
plan_of(const struct inquiry *q, const struct content *to)
{
	const struct monitor *m = q->monitor;
	uint16_t type = table_question(m->table, q->question)->type;
	const struct planned *of =
	    m->plans == NULL ? NULL : first_of(m->plans, q->question);

	for (; of != NULL; of = next_of(m->plans, of)) {
		const struct config_plan *p = plan_at(m, of);
		const struct config_plan_change *c = &p->changes[of->change];
		wall_us closed_at = m->plans->stands[of->plan].closed_at;

		if (q->seen_at >= p->from && q->seen_at < p->until &&
		    (closed_at == 0 || q->seen_at < closed_at) &&
		    plan_covers(c->pins, c->pins_size, type, &q->believed, to))
			return p;
	}
	return NULL;
}

/* ---- status, and the end ---- */

uint32_t
plan_count(const struct monitor *m)
{
	uint32_t n = 0;

	for (size_t i = 0; m->plans != NULL && i < m->config->n_plans; i++)
		n += m->plans->stands[i].begun &&
		     m->plans->stands[i].closed_at == 0;
	return n;
}

size_t
plan_bytes(const struct monitor *m)
{
	size_t kept = idmap_bytes(&m->plans_kept) +
	              m->plans_kept.live * sizeof(struct kept);

	return m->plans == NULL
	           ? kept
	           : kept + m->plans->room * sizeof(struct planned) +
	                 idmap_bytes(&m->plans->first) +
	                 m->config->n_plans * sizeof(struct stand);
}

void
plan_free_all(struct monitor *m)
{
	uint32_t at = 0;
	void *value;

	forget(m);
	while ((value = idmap_next(&m->plans_kept, &at)) != NULL)
		free(value);
	idmap_fini(&m->plans_kept);
}
