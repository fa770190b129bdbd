/* SPDX-License-Identifier: ISC */

/*
 * Views of one question that differ for good (R9): told once, and once that
 * it is over.
 *
 * A walk over the table, piece by piece, finds questions that another view
 * believes something else of; it costs a look into the index of names for each
 * question that has views behind its own, and nothing is held of those that
 * agree.  What differs is held in a map, through which another walk goes, until
 * judge/views.h says that it has lasted, or is over.
 *
 * Prints of contents are compared, which are one for equal contents in all
 * views.  Only what is to be told is read from the database: to be shown, and
 * because prints that differ may be of contents that say the same (a chain
 * that an authoritative view cannot follow to its end).
 */

#include "views_priv.h"

#include <stdlib.h>

#include "base/log.h"
#include "loop/loop.h"
#include "pools.h"
#include "schedule/chase.h"
#include "source.h"

enum {
	APART_MAX = 65536,
	WALK_MAX = 2048,     /* questions of the table in a tick ... */
	LOOKS_MAX = 256,     /* ... and of those that differ */
	WALK_EVERY_S = 1,    /* of both, at most */
	READINGS_MAX = 16,   /* at once */
	READ_AGAIN_S = 10,   /* the database was away */
	UNSURE_AGAIN_S = 60, /* it had another content than the table ... */
	UNSURE_MAX = 3       /* ... so often: then it is taken for right */
};

struct reading;

/* What one view believes, on its way. */
struct read_view {
	struct reading *reading;
	uint32_t question;
	bool known;
	struct content content;
	wall_us since;
};

struct reading {
	struct reading *next;
	struct reading **link;
	struct monitor *monitor;
	uint32_t question; /* of the struct apart */
	uint64_t print;    /* when it began */
	size_t n, left;
	int err;
	struct arena arena;
	struct read_view views[VIEWS_MAX];
};

struct views {
	struct idmap apart;          /* by question */
	uint8_t compared[VIEW_NONE]; /* of the walk, in order */
	bool is_compared[VIEW_NONE];
	size_t n_compared;
	uint32_t at; /* the next question of the table */
	bool walking;
	mono_ns walk_next;
	uint32_t look_at; /* the same of what differs */
	bool looking;
	mono_ns look_next;
	struct reading *readings;
	unsigned n_readings;
	uint32_t n_told;
	bool full; /* which was logged */
};

struct views *
views_new(void)
{
	return calloc(1, sizeof(struct views));
}

static void
reading_free(struct reading *r)
{
	*r->link = r->next;
	if (r->next != NULL)
		r->next->link = r->link;
	arena_fini(&r->arena);
	free(r);
}

void
views_free(struct views *v)
{
	struct apart *a;
	uint32_t at = 0;

	if (v == NULL)
		return;
	while (v->readings != NULL)
		reading_free(v->readings);
	while ((a = idmap_next(&v->apart, &at)) != NULL)
		free(a);
	idmap_fini(&v->apart);
	free(v);
}

/* ---- a question in all its views ---- */

static uint32_t
in_view(const struct monitor *m, uint32_t id, uint8_t view)
{
	uint8_t size;
	const uint8_t *name = table_name(m->table, id, &size);

	if (table_view(m->table, id) == view)
		return id;
	return table_find(
	    m->table, view, name, size, table_question(m->table, id)->type);
}

/* What a parent says of a zone is another question in truth (R18). */
static bool
is_compared(const struct monitor *m, uint8_t view)
{
	return m->sights[view].watched > 0 && !source_is_parent(m, view);
}

static bool
is_known(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	uint8_t wanted = Q_WATCHED | Q_KNOWN;
	uint32_t fails;

	return (q->flags & (wanted | Q_INQUIRY)) == wanted &&
	       q->fingerprint > FINGERPRINT_ASK && !pools_moves(m, id) &&
	       !outage_is_open(m, id, &fails);
}

static void
add_view(const struct monitor *m, struct view_set *set, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;
	uint32_t wait_s = chase_wait_s(q->wait, every_s);
	uint32_t ttl_s = question_ttl(q);
	struct views_pace *p = &set->pace;

	if (wait_s < every_s)
		wait_s = every_s;
	if (wait_s > p->wait_s)
		p->wait_s = wait_s;
	if (ttl_s > p->ttl_s)
		p->ttl_s = ttl_s;
	set->words[set->n] =
	    (struct views_word){is_known(m, id), q->fingerprint};
	/* In the order of the views: an odd factor tells them apart. */
	set->print =
	    (set->print ^ q->fingerprint) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	set->ids[set->n++] = id;
}

static void
gather(const struct monitor *m, uint32_t id, struct view_set *set)
{
	uint8_t n = table_n_views(m->table);

	/* Only what is counted of the lists is read. */
	set->n = 0;
	set->print = 1;
	set->pace = (struct views_pace){0};
	for (uint8_t view = 0; view < n && set->n < VIEWS_MAX; view++) {
		uint32_t other =
		    is_compared(m, view) ? in_view(m, id, view) : QUESTION_NONE;

		if (other != QUESTION_NONE &&
		    (table_question(m->table, other)->flags & Q_WATCHED) != 0)
			add_view(m, set, other);
	}
}

/* ---- what differs ---- */

/* It is held by one of the question's ids, maybe one that nobody watches. */
static struct apart *
apart_of(const struct monitor *m, uint32_t id)
{
	uint8_t n = table_n_views(m->table);
	struct apart *a = NULL;

	for (uint8_t view = 0; view < n && a == NULL; view++) {
		uint32_t other = in_view(m, id, view);

		if (other != QUESTION_NONE)
			a = idmap_get(&m->differing->apart, other);
	}
	return a;
}

static struct apart *
apart_new(struct monitor *m, uint32_t id)
{
	struct apart *a = calloc(1, sizeof(*a));

	if (a == NULL || idmap_put(&m->differing->apart, id, a) != 0) {
		free(a);
		return NULL;
	}
	a->question = id;
	a->key = table_key(m->table, id);
	a->key.server = STORE_SERVER_VIEWS;
	return a;
}

static void
forget(struct monitor *m, struct apart *a)
{
	if (a->cell.told)
		m->differing->n_told--;
	free(idmap_take(&m->differing->apart, a->question));
}

static void
hold(struct monitor *m, uint32_t id)
{
	struct views *v = m->differing;

	if (apart_of(m, id) != NULL)
		return;
	if (v->apart.live < APART_MAX) {
		v->full = false;
		(void)apart_new(m, id);
	} else if (!v->full) {
		v->full = true;
		log_warn("monitor: more than %d questions differ between "
			 "views; others are not told",
		    APART_MAX);
	}
}

void
views_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct views_cell cell = {0};
	struct apart gone = {.key = row->key};
	size_t size = name_size(row->name);
	uint8_t n = table_n_views(m->table);
	struct apart *a;

	if (m->setup.once || !views_unpack(row->views, row->views_size, &cell))
		return;
	for (uint8_t view = 0; view < n && id == QUESTION_NONE; view++)
		id = table_find(m->table, view, row->name, size, row->type);
	gone.key.server = STORE_SERVER_VIEWS;
	if (id == QUESTION_NONE) {
		views_keep(m, &gone);
		return;
	}
	a = apart_of(m, id);
	if (a == NULL && (a = apart_new(m, id)) != NULL) {
		a->key = gone.key;
		a->cell = cell;
		m->differing->n_told++;
	}
}

/* ---- reading what is believed ---- */

/* Is it what the table has, too?  A decision may be on its way. */
static bool
is_sure(const struct reading *r)
{
	const struct monitor *m = r->monitor;

	for (size_t i = 0; i < r->n; i++) {
		const struct read_view *v = &r->views[i];

		if (!v->known ||
		    content_fingerprint(&v->content, &m->key) !=
			table_question(m->table, v->question)->fingerprint)
			return false;
	}
	return true;
}

static bool
is_same(const struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = i + 1; k < r->n; k++) {
			if (!views_same(
				&r->views[i].content, &r->views[k].content))
				return false;
		}
	}
	return true;
}

static bool
is_all_known(const struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (!r->views[i].known)
			return false;
	}
	return true;
}

static void
tell_differ(struct monitor *m, struct apart *a, const struct reading *r,
    const struct view_set *set)
{
	struct say_view views[VIEWS_MAX];

	for (size_t i = 0; i < r->n; i++)
		views[i] = (struct say_view){
		    .view = monitor_view(m, r->views[i].question),
		    .content = &r->views[i].content,
		    .since = r->views[i].since,
		};
	a->cell.told = true;
	if (views_tell_differ(m, a, set, views, r->n))
		m->differing->n_told++;
	else
		a->cell.told = false;
}

/* All that was read of those whose states are known then, as they are now. */
static void
finish(struct reading *r)
{
	struct monitor *m = r->monitor;
	struct apart *a = idmap_get(&m->differing->apart, r->question);
	mono_ns now = loop_mono(m->loop);
	struct view_set set;

	if (a == NULL || !a->reading)
		return;
	a->reading = false;
	gather(m, a->question, &set);
	if (set.print != r->print ||
	    views_stand(set.words, set.n) != VIEWS_DIFFER)
		return; /* it moved: another time */
	if (r->err != 0) {
		a->retry = now + MONO_S(READ_AGAIN_S);
		return;
	}
	if (!is_sure(r) && (!is_all_known(r) || a->unsure < UNSURE_MAX)) {
		a->unsure += a->unsure < UNSURE_MAX;
		a->retry = now + MONO_S(UNSURE_AGAIN_S);
		return;
	}
	/* What is not sure may tell, and silences nothing. */
	if (is_same(r) && !is_sure(r)) {
		a->retry = now + MONO_S(UNSURE_AGAIN_S);
		return;
	}
	a->unsure = 0;
	a->read = r->print;
	if (is_same(r))
		a->same = r->print;
	else if (!a->cell.told)
		tell_differ(m, a, r, &set);
}

static void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct read_view *v = ctx;
	struct reading *r = v->reading;
	uint8_t *packed;

	if (err != 0) {
		r->err = err;
	} else if (b->known) {
		packed = arena_copy(&r->arena, b->content, b->content_size);
		v->known =
		    packed != NULL && content_unpack(packed, b->content_size,
					  &r->arena, &v->content) == 0;
		v->since = b->since;
	}
	if (--r->left > 0)
		return;
	r->monitor->differing->n_readings--;
	finish(r);
	reading_free(r);
}

static void
read_all(struct reading *r)
{
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	struct monitor *m = r->monitor;

	for (size_t i = 0; i < r->n; i++) {
		struct store_fetch f = {
		    .key = table_key(m->table, r->views[i].question),
		    .seen = &nothing,
		    .at = loop_wall(m->loop),
		};

		r->views[i].reading = r;
		store_fetch(m->store, &f, on_believed, &r->views[i]);
	}
}

static void
read_views(struct monitor *m, struct apart *a, const struct view_set *set)
{
	struct views *v = m->differing;
	struct reading *r;

	if (a->reading || v->n_readings == READINGS_MAX ||
	    loop_mono(m->loop) < a->retry ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return;
	a->reading = true;
	r->monitor = m;
	r->question = a->question;
	r->print = set->print;
	/* What a view without a state would say is not known. */
	for (size_t i = 0; i < set->n; i++) {
		if (set->words[i].known)
			r->views[r->n++].question = set->ids[i];
	}
	r->left = r->n;
	r->next = v->readings;
	r->link = &v->readings;
	if (r->next != NULL)
		r->next->link = &r->next;
	v->readings = r;
	v->n_readings++;
	read_all(r);
}

/* ---- looking at what differs ---- */

static void
end(struct monitor *m, struct apart *a, const struct view_set *set,
    const char *reason)
{
	a->cell.told = false;
	if (set->n == 0)
		views_keep(m, a);
	else if (!views_tell_end(m, a, set, reason)) {
		a->cell.told = true;
		return;
	}
	m->differing->n_told--;
	forget(m, a);
}

/* Nobody wants to be told any more: what was opened is closed. */
static void
look_away(struct monitor *m, struct apart *a)
{
	struct view_set set;

	gather(m, a->question, &set);
	if (a->cell.told)
		end(m, a, &set, "not-compared");
	else
		forget(m, a);
}

static void
look(struct monitor *m, struct apart *a)
{
	struct view_set set;
	struct views_sample sample = {
	    .now = loop_mono(m->loop),
	    .wall = loop_wall(m->loop),
	};
	bool restless = a->cell.restless;

	gather(m, a->question, &set);
	sample.stand = views_stand(set.words, set.n);
	sample.print = set.print;
	sample.settle = views_settle(&set.pace, m->config->differ_after_s);
	sample.differ_after =
	    views_differ_after(&set.pace, m->config->differ_after_s);
	if (sample.stand == VIEWS_DIFFER && a->same == set.print)
		sample.stand = VIEWS_AGREE;
	switch (views_judge(&a->cell, &sample)) {
	case VIEWS_SAME:
		break;
	case VIEWS_FORGET:
		/* Or it would be read again with every bound. */
		if (a->same != set.print)
			forget(m, a);
		return;
	case VIEWS_TELL_DIFFER:
		read_views(m, a, &set);
		return;
	case VIEWS_TELL_AGREE:
		end(m, a, &set, NULL);
		return;
	case VIEWS_TELL_ALONE:
		end(m, a, &set, "one-view");
		return;
	}
	if (!a->cell.told)
		return;
	if (a->cell.restless != restless)
		views_keep(m, a);
	/* What moved may say the same after all. */
	if (sample.stand == VIEWS_DIFFER && a->read != set.print)
		read_views(m, a, &set);
}

static void
look_on(struct monitor *m)
{
	struct views *v = m->differing;
	struct apart *a;

	if (!v->looking) {
		if (v->apart.live == 0 || loop_mono(m->loop) < v->look_next)
			return;
		v->look_next = loop_mono(m->loop) + MONO_S(WALK_EVERY_S);
		v->looking = true;
		v->look_at = 0;
	}
	for (unsigned n = 1; n <= LOOKS_MAX; n++) {
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			return;
		a = idmap_next(&v->apart, &v->look_at);
		if (a == NULL) {
			v->looking = false;
			return;
		}
		if (m->config->differ_after_s == 0)
			look_away(m, a);
		else
			look(m, a);
	}
}

/* ---- finding it ---- */

/* Does a view behind this one believe something else of the question? */
static void
visit(struct monitor *m, uint32_t id)
{
	const struct views *v = m->differing;
	const struct question *q = table_question(m->table, id);
	uint8_t wanted = Q_WATCHED | Q_KNOWN;
	uint8_t own;

	if (q->type == 0 || (q->flags & wanted) != wanted)
		return;
	own = table_view(m->table, id);
	if (!v->is_compared[own] || own == v->compared[v->n_compared - 1])
		return;
	for (size_t i = 0; i < v->n_compared; i++) {
		uint32_t other = v->compared[i] > own
		                     ? in_view(m, id, v->compared[i])
		                     : QUESTION_NONE;

		if (other == QUESTION_NONE ||
		    table_question(m->table, other)->fingerprint ==
			q->fingerprint)
			continue;
		if (is_known(m, id) && is_known(m, other)) {
			hold(m, id);
			return;
		}
	}
}

static bool
begin_walk(struct monitor *m)
{
	struct views *v = m->differing;
	uint8_t n = table_n_views(m->table);

	if (n < 2 || loop_mono(m->loop) < v->walk_next)
		return false;
	v->n_compared = 0;
	for (uint8_t view = 0; view < n; view++) {
		v->is_compared[view] = is_compared(m, view);
		if (v->is_compared[view])
			v->compared[v->n_compared++] = view;
	}
	v->walk_next = loop_mono(m->loop) + MONO_S(WALK_EVERY_S);
	v->at = 0;
	return v->n_compared > 1;
}

static void
walk_on(struct monitor *m)
{
	struct views *v = m->differing;
	uint32_t count = table_count(m->table);

	if (!v->walking)
		v->walking = begin_walk(m);
	for (unsigned n = 1; v->walking && n <= WALK_MAX; n++) {
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			return;
		if (v->at >= count)
			v->walking = false;
		else
			visit(m, v->at++);
	}
}

void
views_step(struct monitor *m)
{
	if (!m->planned || m->setup.once || m->draining)
		return;
	if (m->config->differ_after_s != 0)
		walk_on(m);
	if (monitor_has_time(m))
		look_on(m);
}

size_t
views_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->differing->apart) +
	       m->differing->apart.live * sizeof(struct apart);
}

void
views_status(const struct monitor *m, struct emit *j)
{
	emit_int(j, "views_apart", m->differing->apart.live);
	emit_int(j, "views_differ", m->differing->n_told);
}
