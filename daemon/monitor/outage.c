/* SPDX-License-Identifier: ISC */

/*
 * Questions that cannot be asked (R3) and a monitor that sees nothing (R4).
 *
 * The row of failed polls is kept in the database from its first to its last,
 * for the ledger and for coverage.  It is told only after a hold of a minute:
 * what fails of one name in that time is one alert, and a monitor that turns
 * out blind in that time tells that instead.
 *
 * The database knows at once that something recovered, or it could not say
 * when that was last seen; `told` of an outage that ended is that `recovered`
 * is still to be told, which a restart in that minute finds.
 */

#include <stdlib.h>
#include <string.h>

#include "bogus.h"
#include "config/config.h"
#include "gather.h"
#include "life.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "provider.h"
#include "quorum_priv.h"
#include "say.h"
#include "silenced.h"

enum {
	EVENTS_MAX = 2 * WATCH_TYPES_MAX,
	SIGHT_QUESTIONS_MIN = 10,
	LONG_S = 86400,
	TELLING_MAX = 256 /* names whose events wait for the database */
};

/* A name with something to tell when the minute is over. */
struct hold {
	uint32_t name;  /* offset: the key */
	uint32_t first; /* first question */
	mono_ns due;
};

/* `recovered` is to follow. */
static bool
is_told(const struct failing *f)
{
	return f->reach.told || f->bogus;
}

static void
put_outage(struct monitor *m, const struct failing *f, wall_us until)
{
	struct commit_outage o = {
	    .key = table_key(m->table, f->question),
	    .since = f->reach.since,
	    .until = until,
	    .fail = f->reach.fail,
	    .count = f->reach.fails,
	    .told = is_told(f),
	};

	o.bogus = bogus_told(m, f->question, &o.bogus_size);
	commit_outage(m->store, &o, NULL, NULL);
}

static void
hold_name(struct monitor *m, uint32_t id)
{
	uint32_t name = table_question(m->table, id)->name;
	struct hold *h;

	if (idmap_get(&m->holds, name) != NULL)
		return;
	h = calloc(1, sizeof(*h));
	if (h == NULL || idmap_put(&m->holds, name, h) != 0) {
		free(h);
		return;
	}
	h->name = name;
	h->first = table_first(m->table, id);
	h->due = loop_mono(m->loop) + MONO_S(OUTAGE_HOLD_S);
}

struct view_sight *
outage_sight(const struct monitor *m, uint32_t id)
{
	/* Where there is one view the name need not be looked at. */
	return &m->sights[table_n_views(m->table) > 1 ? table_view(m->table, id)
						      : 0];
}

static uint32_t
class_of(const struct monitor *m, const struct question *q)
{
	return policy_get(m->table, q->policy)->class_;
}

void
outage_let_go(struct monitor *m, uint32_t id)
{
	struct failing *f = idmap_get(&m->failing, id);

	f->let_go = true;
}

void
outage_ledger_end(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	struct failing *f = NULL;

	if ((q->flags & Q_FAILS) != 0)
		f = idmap_get(&m->failing, id);
	if (f == NULL || !f->let_go)
		ledger_end(&m->ledger, class_of(m, q), q->due);
	else
		f->let_go = false;
}

static void
forget(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	const struct failing *f = idmap_get(&m->failing, id);

	/* Nothing says any more that its poll need not be waited for. */
	if (f != NULL && f->let_go)
		ledger_begin(&m->ledger, class_of(m, q), q->due);
	q->flags &= (uint8_t)~Q_FAILS;
	if (f != NULL)
		outage_sight(m, id)->failing--;
	bogus_forget(m, id);
	free(idmap_take(&m->failing, id));
}

static struct failing *
failing_new(struct monitor *m, uint32_t id)
{
	struct failing *f = calloc(1, sizeof(*f));

	if (f == NULL || idmap_put(&m->failing, id, f) != 0) {
		free(f);
		return NULL;
	}
	f->question = id;
	outage_sight(m, id)->failing++;
	table_question(m->table, id)->flags |= Q_FAILS;
	return f;
}

/*
 * When a poll failed, for the ledger: less than an interval after its plan,
 * however long it took, so that an interval before lies before that plan (a
 * millisecond less, because plans are kept in ticks and phases in those); and
 * not before its plan, from which a tick, rounded down, may part it, so that
 * the poll before it still counts.
 */
static wall_us
failed_since(const struct monitor *m, const struct question *q)
{
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;
	wall_us now = loop_wall(m->loop);
	wall_us due;
	wall_us end;

	if ((q->flags & Q_PLANNED) == 0)
		return now;
	due = monitor_wall_of(m, q->due);
	end = due + WALL_S(every_s) - WALL_MS(1);
	if (now < due + WALL_MS(TICK_MS))
		return due + WALL_MS(TICK_MS);
	return end < now ? end : now;
}

/* It fails again before `recovered` was told: told as one, kept as two. */
static void
relapse(struct monitor *m, struct failing *f)
{
	if (f->closed) {
		f->reach.told = false;
		put_outage(m, f, f->recovered_at);
		f->reach.told = true;
		f->reach.fails = 0;
		f->reach.since = 0;
	} else if (!f->reach.told) {
		/* It answered, though something else: a new row of the same
		 * outage, which began when it began. */
		f->reach.fails = 0;
	}
	f->closed = false;
	f->recovered_at = 0;
}

uint32_t
outage_fail(struct monitor *m, uint32_t id, enum fail fail, uint8_t paths)
{
	struct failing *f = idmap_get(&m->failing, id);
	const struct question *row = table_question(m->table, id);
	uint32_t every_s = policy_get(m->table, row->policy)->every_s;
	mono_ns now = loop_mono(m->loop);
	uint32_t since_s;
	bool first;

	if (f == NULL && (f = failing_new(m, id)) == NULL)
		return every_s;
	if (f->recovered_at != 0)
		relapse(m, f);
	first = f->reach.fails == 0;
	since_s = f->failed_at == 0
	              ? (uint32_t)(loop_wall(m->loop) / WALL_S(1)) - row->seen
	              : (uint32_t)((now - f->failed_at) / MONO_S(1));
	f->failed_at = now;
	reach_fail(&f->reach, fail, paths, failed_since(m, row));
	if (first)
		put_outage(m, f, 0);
	if (reach_is_failing(&f->reach, m->config->failing_after))
		hold_name(m, id);
	if (!f->long_since &&
	    loop_wall(m->loop) - f->reach.since >= WALL_S(LONG_S)) {
		f->long_since = true;
		life_look(m, id);
	}
	return since_s > every_s ? since_s : every_s;
}

/*
 * While what answers differs the outage stays open in the database: what was
 * believed was seen before it and not since, and no candidate says so yet.
 */
void
outage_good(struct monitor *m, uint32_t id, bool believed)
{
	struct failing *f = idmap_get(&m->failing, id);

	if (f == NULL)
		return;
	if (f->recovered_at == 0) {
		f->recovered_at = loop_wall(m->loop);
		hold_name(m, id);
		bogus_good(m, id);
		if (f->long_since)
			life_look(m, id);
		f->long_since = false;
	}
	if (!believed || f->closed)
		return;
	put_outage(m, f, f->recovered_at);
	f->closed = true;
	if (!is_told(f))
		forget(m, id);
}

wall_us
outage_told_bogus(struct monitor *m, uint32_t id)
{
	struct failing *f = idmap_get(&m->failing, id);

	if (f == NULL)
		return loop_wall(m->loop);
	f->bogus = true;
	put_outage(m, f, 0);
	return f->reach.since;
}

/*
 * What is not asked does not fail.  An outage that was told waits for its
 * watch to return, so that `recovered` is told then.
 */
void
outage_unwatched(struct monitor *m, uint32_t id)
{
	struct failing *f = idmap_get(&m->failing, id);

	filter_unwatched(m, id);
	if (f == NULL || is_told(f))
		return;
	put_outage(m, f, loop_wall(m->loop));
	forget(m, id);
}

bool
outage_is_open(const struct monitor *m, uint32_t id, uint32_t *fails)
{
	const struct failing *f = NULL;

	if ((table_question(m->table, id)->flags & Q_FAILS) != 0)
		f = idmap_get(&m->failing, id);
	*fails =
	    f != NULL && (f->reach.told || f->covered) ? f->reach.fails : 0;
	return f != NULL && f->recovered_at == 0;
}

uint32_t
outage_count(const struct monitor *m, wall_us *since)
{
	const struct failing *f;
	uint32_t n = 0;
	uint32_t at = 0;

	*since = 0;
	while ((f = idmap_next(&m->failing, &at)) != NULL) {
		const struct question *q =
		    table_question(m->table, f->question);

		if ((q->flags & Q_WATCHED) == 0)
			continue;
		n++;
		if (*since == 0 || f->reach.since < *since)
			*since = f->reach.since;
	}
	return n;
}

void
outage_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct failing *f = failing_new(m, id);

	if (f == NULL)
		return;
	f->reach.since = row->failing_since;
	f->reach.fail = row->fail;
	f->reach.told = row->failing_told;
	f->reach.fails = 1;
	if (row->bogus != NULL)
		bogus_restore(m, id, row->bogus, row->bogus_size);
	if (row->failing_until == 0)
		return;
	f->recovered_at = row->failing_until;
	f->closed = true;
	hold_name(m, id);
}

/* ---- telling ---- */

struct told {
	struct pending pending;
	struct monitor *monitor;
	size_t n;
	struct {
		char *json;
		enum severity severity;
	} list[EVENTS_MAX];
};

static void
told_free(struct pending *p)
{
	struct told *t = (struct told *)p;

	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].json);
	}
	free(t);
}

static void
on_told(void *ctx, int err)
{
	struct told *t = ctx;
	struct monitor *m = t->monitor;

	int64_t seq = err == 0 ? commit_seq(m->store) : 0;

	pending_take(m, &t->pending);
	m->telling--;
	for (size_t i = 0; i < t->n; i++) {
		struct monitor_line line = {
		    .class_ = "event",
		    .json = t->list[i].json,
		    .seq = seq == 0 ? 0 : seq + (int64_t)i,
		    .severity = t->list[i].severity,
		};

		if (err == 0 && m->hooks.on_line != NULL)
			m->hooks.on_line(m->hooks.ctx, &line);
	}
	if (err == 0 && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	told_free(&t->pending);
}

/* Events that are told together; entries borrow from here. */
struct batch {
	struct told *told;
	struct commit_entry entries[EVENTS_MAX];
	struct store_key keys[EVENTS_MAX];
	char name[NAME_TEXT_SIZE];
	size_t n;
	enum severity highest;
	const char *kind;
	const uint8_t *wire; /* NULL: of the monitor */
	const char *view;
};

static void
add_event(
    struct monitor *m, struct batch *b, struct say_event *e, uint32_t question)
{
	struct buf json = {0};
	size_t i = b->n;

	if (i == EVENTS_MAX)
		return;
	e->id = uuid_v7(e->at);
	say_event(e, &json);
	b->told->list[i].json = strdup(buf_text(&json));
	b->told->list[i].severity = e->severity;
	buf_fini(&json);
	b->entries[i] = (struct commit_entry){
	    .id = e->id,
	    .revision = 1,
	    .at = e->at,
	    .class_ = "event",
	    .body = b->told->list[i].json,
	    .name = b->name,
	    .type = e->type,
	    .view = e->view,
	    .event = e->kind,
	    .severity = (uint8_t)e->severity,
	};
	if (e->policy != NULL) {
		b->entries[i].lists = e->policy->lists;
		b->entries[i].n_lists = e->policy->n_lists;
		b->entries[i].tags = e->policy->tags;
		b->entries[i].n_tags = e->policy->n_tags;
	}
	if (question != QUESTION_NONE)
		b->keys[i] = table_key(m->table, question);
	if (e->severity > b->highest)
		b->highest = e->severity;
	b->n++;
	b->told->n = b->n;
}

static void
send_events(struct monitor *m, struct batch *b)
{
	const struct commit_entry *members[EVENTS_MAX];
	struct buf group = {0};
	struct commit_alert alert = {
	    .id = b->entries[0].id,
	    .revision = 1,
	    .class_ = "event",
	    .name = b->name,
	    .sinks = m->sinks,
	    .n_sinks = m->n_sinks,
	};
	struct commit_events c = {
	    .entries = b->entries,
	    .keys = b->keys,
	    .n_entries = b->n,
	};

	if (b->n > 1) {
		struct say_group g = {
		    .id = uuid_v7(b->entries[0].at),
		    .revision = 1,
		    .kind = b->kind,
		    .name = b->wire,
		    .view = b->view,
		    .severity = b->highest,
		    .n_members = b->n,
		};

		say_group(&g, &group);
		alert.id = g.id;
		alert.class_ = "group";
		alert.group = buf_text(&group);
	}
	if (severity_is_told(b->highest) && m->n_sinks > 0) {
		for (size_t i = 0; i < b->n; i++)
			members[i] = &b->entries[i];
		silenced(m, members, b->n, &alert);
		if (b->wire != NULL)
			gather_before(m, b->wire, NULL);
		c.alerts = &alert;
		c.n_alerts = 1;
	}
	b->told->pending.free = told_free;
	pending_add(m, &b->told->pending);
	m->telling++;
	commit_events(m->store, &c, on_told, b->told);
	buf_fini(&group);
}

static struct batch *
batch_new(
    struct monitor *m, const char *kind, const uint8_t *wire, const char *view)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->told = calloc(1, sizeof(*b->told));
	if (b->told == NULL) {
		free(b);
		return NULL;
	}
	b->told->monitor = m;
	b->kind = kind;
	b->wire = wire;
	b->view = view;
	if (wire != NULL)
		name_print(wire, b->name);
	return b;
}

static void
batch_end(struct monitor *m, struct batch *b)
{
	if (b->n > 0)
		send_events(m, b);
	else
		free(b->told);
	free(b);
}

static void
add_question_event(
    struct monitor *m, struct batch *b, const struct failing *f, wall_us at)
{
	const struct question *row = table_question(m->table, f->question);
	const struct policy *p = policy_get(m->table, row->policy);
	struct severity_input in = {
	    .event = b->kind,
	    .type = row->type,
	    .owned = p->owned,
	    .hostile = p->hostile,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};
	struct say_event e = {
	    .kind = b->kind,
	    .name = b->wire,
	    .view = b->view,
	    .type = row->type,
	    .reason = fail_text((enum fail)f->reach.fail),
	    .since = f->recovered_at != 0 ? f->recovered_at : f->reach.since,
	    .at = at,
	    .policy = p,
	};

	e.severity = severity_explain(&in, m->config, &e.weighed);
	add_event(m, b, &e, f->question);
}

/* The minute is over: what still fails is told, and what recovered. */
static void
tell_name(struct monitor *m, const struct hold *h)
{
	const uint8_t *wire = table_name(m->table, h->first, NULL);
	const char *view = monitor_view(m, h->first);
	struct batch *failing = batch_new(m, "failing", wire, view);
	struct batch *recovered = batch_new(m, "recovered", wire, view);
	wall_us at = loop_wall(m->loop);
	uint32_t id = table_first(m->table, h->first);

	if (failing == NULL || recovered == NULL) {
		free(failing);
		free(recovered);
		return;
	}
	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		struct failing *f = idmap_get(&m->failing, id);

		if (f == NULL)
			continue;
		if (f->recovered_at != 0) {
			if (is_told(f))
				add_question_event(m, recovered, f, at);
			f->reach.told = false;
			f->bogus = false;
			put_outage(m, f, f->recovered_at);
			forget(m, id);
		} else if (!filter_covers(m, id) &&
			   reach_is_failing(
			       &f->reach, m->config->failing_after)) {
			f->reach.told = true;
			put_outage(m, f, 0);
			add_question_event(m, failing, f, at);
		}
	}
	batch_end(m, failing);
	batch_end(m, recovered);
}

void
outage_tell(struct monitor *m, struct say_event *e)
{
	struct batch *b = batch_new(m, e->kind, NULL, e->view);
	struct severity_input in = {.event = e->kind};

	if (b == NULL)
		return;
	e->at = loop_wall(m->loop);
	e->severity = severity_explain(&in, m->config, &e->weighed);
	add_event(m, b, e, QUESTION_NONE);
	batch_end(m, b);
}

static void
tell_sight(struct monitor *m, uint8_t view, bool blind)
{
	const struct sight *s = &m->sights[view].sight;
	struct say_event e = {
	    .kind = blind ? "blind" : "sighted",
	    .view = table_view_text(m->table, view),
	    .since = s->since,
	};

	sight_minute(s, loop_mono(m->loop), &e.asked, &e.failed);
	outage_tell(m, &e);
}

/* Each view sees for itself: one whose resolvers are away is blind alone. */
static void
judge_sight(struct monitor *m, uint8_t view)
{
	struct view_sight *v = &m->sights[view];
	enum sight_turn turn = SIGHT_SAME;

	/* More than half of at least ten questions (R4) are six. */
	if (v->sight.blind || (v->watched >= SIGHT_QUESTIONS_MIN &&
				  v->failing > SIGHT_QUESTIONS_MIN / 2 &&
				  !provider_explains(m, view)))
		turn = sight_judge(
		    &v->sight, loop_mono(m->loop), loop_wall(m->loop));
	if (turn != SIGHT_SAME)
		tell_sight(m, view, turn == SIGHT_BLIND);
}

/* It fails with others: held, and polled like what was told. */
static bool
is_covered(struct monitor *m, const struct hold *h)
{
	uint32_t id = table_first(m->table, h->first);

	if (!provider_covers(m, h->first))
		return false;
	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		struct failing *f = idmap_get(&m->failing, id);

		if (f != NULL &&
		    reach_is_failing(&f->reach, m->config->failing_after))
			f->covered = true;
	}
	return true;
}

void
outage_second(struct monitor *m)
{
	for (uint8_t view = 0; view < m->n_views; view++)
		judge_sight(m, view);
	if (m->holds_walk)
		return; /* goes on with the last one */
	m->hold_at = 0;
	m->holds_walk = true;
	outage_tick(m);
}

static void
look_at_hold(struct monitor *m, struct hold *h)
{
	mono_ns now = loop_mono(m->loop);

	if (outage_sight(m, h->first)->sight.blind ||
	    (now >= h->due && is_covered(m, h)))
		h->due = now + MONO_S(OUTAGE_HOLD_S);
	if (now < h->due)
		return;
	idmap_take(&m->holds, h->name);
	tell_name(m, h);
	free(h);
}

/*
 * Thousands may be due at once: a start finds all that recovered in the minute
 * before, and networks return.  They are told no faster than the database
 * takes them.  What waits there is committed in its order, so that changes,
 * and the ends of outages, which kill -9 must not lose, would come after all
 * of them.
 */
void
outage_tick(struct monitor *m)
{
	for (uint32_t n = 1; m->holds_walk; n++) {
		struct hold *h;

		if (m->telling >= TELLING_MAX)
			return;
		h = idmap_next(&m->holds, &m->hold_at);
		m->holds_walk = h != NULL;
		if (h != NULL)
			look_at_hold(m, h);
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			break;
	}
	if (m->holds_walk)
		m->again = true;
}

void
outage_free_all(struct monitor *m)
{
	struct failing *f;
	struct hold *h;
	uint32_t at = 0;

	while ((f = idmap_next(&m->failing, &at)) != NULL)
		free(f);
	at = 0;
	while ((h = idmap_next(&m->holds, &at)) != NULL)
		free(h);
	idmap_fini(&m->failing);
	idmap_fini(&m->holds);
}
