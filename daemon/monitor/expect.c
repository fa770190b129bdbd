/* SPDX-License-Identifier: ISC */

/*
 * What is believed is in the database only, so each look reads it there, some
 * at a time; a decision that is on its way meanwhile brings another look.  What
 * was told is kept with the event in one transaction, in some octets beside the
 * question.
 */

#include "expect.h"

#include <stdlib.h>

#include "base/log.h"
#include "judge/expect.h"
#include "loop/loop.h"
#include "note.h"
#include "plan.h"

enum {
	READS_MAX = 32, /* at once */
	READ_RETRY_MS = 1000,
	/* Version 1 had only a print and a time. */
	KEEP_VERSION = 2,
	KEEP_V1_SIZE = 17,
	KEEP_PRINT_SIZE = 8
};

/* A question to be looked at. */
struct look {
	struct monitor *monitor;
	uint32_t question;
	bool reading;
	bool again;    /* something happened while it was read */
	mono_ns retry; /* not before */
};

/* One that deviates, and that was told. */
struct deviating {
	uint32_t question;
	uint64_t print;
	wall_us since;
};

static const struct policy *
policy_at(const struct monitor *m, uint32_t id)
{
	uint32_t policy = table_question(m->table, id)->policy;

	return policy == POLICY_NONE ? NULL : policy_get(m->table, policy);
}

static bool
is_expected(const struct monitor *m, uint32_t id)
{
	const struct policy *p = policy_at(m, id);

	return p != NULL && p->pins != NULL;
}

/* ---- what is kept ---- */

/*
 * The version, whether it deviates, with that since when and by which print;
 * the number of plans that were closed with it, and their prints.
 */
static void
pack(const struct monitor *m, uint32_t id, const struct deviating *d,
    struct buf *out)
{
	uint64_t prints[PLAN_KEPT_MAX];
	size_t n = id == QUESTION_NONE ? 0 : plan_kept(m, id, prints);

	if (d == NULL && n == 0)
		return;
	buf_add_u8(out, KEEP_VERSION);
	buf_add_u8(out, d != NULL);
	if (d != NULL) {
		buf_add_u64(out, d->print);
		buf_add_u64(out, (uint64_t)d->since);
	}
	buf_add_u8(out, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		buf_add_u64(out, prints[i]);
}

static uint64_t
number_at(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < sizeof(v); i++)
		v = v << 8 | p[i];
	return v;
}

/* With an event, or without one; `d` NULL: nothing deviates any more. */
static void
keep(struct monitor *m, uint32_t id, const struct deviating *d,
    struct commit_attribute *c, struct note *n)
{
	struct buf packed = {0};

	pack(m, id, d, &packed);
	if (id != QUESTION_NONE)
		c->key = table_key(m->table, id);
	c->key.server = STORE_SERVER_EXPECT;
	c->at = loop_wall(m->loop);
	c->noted = packed.data;
	c->noted_size = packed.size;
	if (n != NULL)
		pending_add(m, &n->pending);
	if (packed.err == 0)
		commit_attribute(
		    m->store, c, n == NULL ? NULL : note_durable, n);
	else if (n != NULL)
		note_durable(n, packed.err);
	buf_fini(&packed);
}

/* Of a question that is not watched any more. */
static void
keep_nothing(struct monitor *m, const struct store_key *of)
{
	struct commit_attribute c = {.key = *of};

	keep(m, QUESTION_NONE, NULL, &c, NULL);
}

/* ---- telling ---- */

static bool
tell(struct monitor *m, uint32_t id, struct say_event *e,
    const struct deviating *d)
{
	struct store_key key = table_key(m->table, id);
	struct note_rows rows;
	struct commit_attribute c = {
	    .entries = &rows.entry,
	    .n_entries = 1,
	    .alerts = &rows.alert,
	    .about = &key,
	};
	struct note *n;

	e->name = table_name(m->table, id, NULL);
	e->type = table_question(m->table, id)->type;
	e->view = monitor_view(m, id);
	e->policy = policy_at(m, id);
	e->at = loop_wall(m->loop);
	e->id = uuid_v7(e->at);
	note_weigh(m, e);
	n = note_new(m, e);
	if (n == NULL)
		return false;
	c.n_alerts = n->alerted ? 1 : 0;
	note_fill(n, e, &rows);
	keep(m, id, d, &c, n);
	return true;
}

bool
expect_tell(struct monitor *m, uint32_t id, struct say_event *e)
{
	return tell(m, id, e, idmap_get(&m->deviating, id));
}

static void
forget(struct monitor *m, struct deviating *d)
{
	idmap_take(&m->deviating, d->question);
	free(d);
}

static void
tell_conforms(struct monitor *m, struct deviating *d, const char *reason,
    const struct say_state *believed)
{
	struct say_event e = {
	    .kind = "conforms",
	    .reason = reason,
	    .since = d->since,
	    .believed = believed,
	};

	if (tell(m, d->question, &e, NULL))
		forget(m, d);
}

static void
tell_deviates(struct monitor *m, uint32_t id, const struct expect_found *found,
    const struct say_state *believed)
{
	struct deviating *d = idmap_get(&m->deviating, id);
	uint64_t print = expect_print(found);
	struct deviating now = {id, print, loop_wall(m->loop)};
	const struct say_expect expect = {
	    .word = pin_word_text(found->word),
	    .missing = &found->missing,
	    .unexpected = &found->unexpected,
	};
	struct say_event e = {
	    .kind = "deviates",
	    .reason = found->unreadable ? "unreadable" : NULL,
	    .believed = believed,
	    .expect = &expect,
	};

	if (d != NULL && d->print == print)
		return;
	/* Another deviation goes on with the time of the first. */
	if (d != NULL)
		now.since = d->since;
	e.since = now.since;
	if (d == NULL && ((d = calloc(1, sizeof(*d))) == NULL ||
			     idmap_put(&m->deviating, id, d) != 0)) {
		free(d);
		return; /* the next look tells it */
	}
	d->question = id;
	if (tell(m, id, &e, &now))
		*d = now;
	else if (d->since == 0)
		forget(m, d);
}

/* ---- looking ---- */

static void
judge(struct monitor *m, uint32_t id, const struct store_believed *b,
    const struct content *content)
{
	struct deviating *d = idmap_get(&m->deviating, id);
	const struct policy *p = policy_at(m, id);
	const struct say_state state = {.content = content, .since = b->since};
	struct expect_found found;

	if (p == NULL)
		return;
	plan_believed(m, id, content);
	if (expect_judge(p->pins, p->pins_size,
		table_question(m->table, id)->type, content, &m->scratch,
		&found) != 0)
		return;
	if (found.pinned && found.unknown)
		return;
	if (!found.meets && plan_allows(m, id, &found))
		return; /* looked at again when the plan is closed */
	if (!found.meets)
		tell_deviates(m, id, &found, &state);
	else if (d != NULL)
		tell_conforms(m, d,
		    found.pinned ? NULL : "not-expected-any-more", &state);
}

static void
end_look(struct look *l)
{
	idmap_take(&l->monitor->expect_looks, l->question);
	free(l);
}

static void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct look *l = ctx;
	struct monitor *m = l->monitor;
	const struct question *q = table_question(m->table, l->question);
	struct content content;

	l->reading = false;
	m->n_expect_reads--;
	if (l->again)
		return;
	if ((q->flags & Q_WATCHED) == 0) {
		end_look(l);
		return;
	}
	arena_reset(&m->scratch);
	/* A first answer, or a decision, may still be on its way. */
	if (err != 0 || !b->known ||
	    content_unpack(
		b->content, b->content_size, &m->scratch, &content) != 0 ||
	    content_fingerprint(&content, &m->key) != q->fingerprint) {
		l->retry = loop_mono(m->loop) + MONO_MS(READ_RETRY_MS);
		return;
	}
	judge(m, l->question, b, &content);
	end_look(l);
}

static void
read_believed(struct look *l)
{
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	struct monitor *m = l->monitor;
	struct store_fetch f = {
	    .key = table_key(m->table, l->question),
	    .seen = &nothing,
	    .at = loop_wall(m->loop),
	};

	l->reading = true;
	l->again = false;
	m->n_expect_reads++;
	store_fetch(m->store, &f, on_believed, l);
}

void
expect_look(struct monitor *m, uint32_t id)
{
	struct look *l = idmap_get(&m->expect_looks, id);

	if (m->setup.once ||
	    (!is_expected(m, id) && idmap_get(&m->deviating, id) == NULL &&
		!plan_concerns(m, id)))
		return;
	if (l != NULL) {
		l->again = true;
		return;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL || idmap_put(&m->expect_looks, id, l) != 0) {
		free(l);
		log_warn("monitor: no memory to hold a name against what is "
			 "expected");
		return;
	}
	l->monitor = m;
	l->question = id;
}

void
expect_tick(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	uint32_t at = 0;
	struct look *l;

	if (m->expect_looks.live == 0 || !m->loaded || m->draining)
		return;
	while (m->n_expect_reads < READS_MAX &&
	       (l = idmap_next(&m->expect_looks, &at)) != NULL)
		if (!l->reading && now >= l->retry)
			read_believed(l);
}

static void
restore_deviating(struct monitor *m, uint32_t id, const uint8_t *p)
{
	struct deviating *d;

	if (idmap_get(&m->deviating, id) != NULL)
		return;
	d = calloc(1, sizeof(*d));
	if (d == NULL || idmap_put(&m->deviating, id, d) != 0) {
		free(d);
		return;
	}
	*d = (struct deviating){id, number_at(p), (wall_us)number_at(p + 8)};
}

/* How long a row of version 2 is by what it says; 0: longer than it is. */
static size_t
size_said(const uint8_t *p, size_t size)
{
	size_t plans = 2 + (p[1] != 0 ? 2 * KEEP_PRINT_SIZE : 0);

	return plans >= size ? 0 : plans + 1 + KEEP_PRINT_SIZE * p[plans];
}

void
expect_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	const uint8_t *p = row->expect;
	size_t size = row->expect_size;

	if (m->setup.once || size < 2)
		return;
	if (id == QUESTION_NONE) {
		keep_nothing(m, &row->key);
	} else if (p[0] == 1 && size == KEEP_V1_SIZE) {
		restore_deviating(m, id, p + 1);
	} else if (p[0] == KEEP_VERSION && size_said(p, size) == size) {
		const uint8_t *plans = p + 2 + (p[1] != 0 ? 16 : 0);

		if (p[1] != 0)
			restore_deviating(m, id, p + 2);
		for (size_t i = *plans; i > 0; i--)
			plan_restore(m, id,
			    number_at(plans + 1 + KEEP_PRINT_SIZE * (i - 1)));
	}
}

void
expect_unwatched(struct monitor *m, uint32_t id)
{
	struct deviating *d = idmap_get(&m->deviating, id);
	struct store_key key;

	if (d == NULL)
		return;
	key = table_key(m->table, id);
	keep_nothing(m, &key);
	forget(m, d);
}

/* ---- changes ---- */

uint32_t
expect_aspect(const struct inquiry *q, const struct content *to)
{
	struct monitor *m = q->monitor;
	const struct policy *p = policy_at(m, q->question);
	uint16_t type = table_question(m->table, q->question)->type;

	return p == NULL ? 0
	                 : expect_aspects(p->pins, p->pins_size, type,
			       &q->believed, to, &m->scratch);
}

/* ---- status, and the end ---- */

uint32_t
expect_count(const struct monitor *m)
{
	return m->deviating.live;
}

size_t
expect_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->deviating) +
	       m->deviating.live * sizeof(struct deviating) +
	       idmap_bytes(&m->expect_looks) +
	       m->expect_looks.live * sizeof(struct look);
}

void
expect_free_all(struct monitor *m)
{
	uint32_t at = 0;
	void *p;

	while ((p = idmap_next(&m->deviating, &at)) != NULL)
		free(p);
	at = 0;
	while ((p = idmap_next(&m->expect_looks, &at)) != NULL)
		free(p);
	idmap_fini(&m->deviating);
	idmap_fini(&m->expect_looks);
}
