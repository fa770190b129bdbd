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

enum {
	READS_MAX = 32, /* at once */
	READ_RETRY_MS = 1000,
	KEEP_VERSION = 1,
	KEEP_SIZE = 17
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

static void
pack(const struct deviating *d, struct buf *out)
{
	if (d == NULL)
		return;
	buf_add_u8(out, KEEP_VERSION);
	buf_add_u64(out, d->print);
	buf_add_u64(out, (uint64_t)d->since);
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
keep(struct monitor *m, const struct store_key *of, const struct deviating *d,
    struct commit_attribute *c, struct note *n)
{
	struct buf packed = {0};

	pack(d, &packed);
	c->key = *of;
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

static void
keep_nothing(struct monitor *m, const struct store_key *of)
{
	struct commit_attribute c = {0};

	keep(m, of, NULL, &c, NULL);
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
	keep(m, &key, d, &c, n);
	return true;
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
	if (expect_judge(p->pins, p->pins_size,
		table_question(m->table, id)->type, content, &m->scratch,
		&found) != 0)
		return;
	if (found.pinned && found.unknown)
		return;
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
	    (!is_expected(m, id) && idmap_get(&m->deviating, id) == NULL))
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

void
expect_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	const uint8_t *p = row->expect;
	struct deviating *d;

	if (m->setup.once || row->expect_size != KEEP_SIZE ||
	    p[0] != KEEP_VERSION)
		return;
	if (id == QUESTION_NONE) {
		keep_nothing(m, &row->key);
		return;
	}
	if (idmap_get(&m->deviating, id) != NULL)
		return;
	d = calloc(1, sizeof(*d));
	if (d == NULL || idmap_put(&m->deviating, id, d) != 0) {
		free(d);
		return;
	}
	*d =
	    (struct deviating){id, number_at(p + 1), (wall_us)number_at(p + 9)};
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
	struct expect_found was;
	struct expect_found is;

	if (p == NULL || p->pins == NULL ||
	    expect_judge(p->pins, p->pins_size, type, &q->believed, &m->scratch,
		&was) != 0 ||
	    expect_judge(p->pins, p->pins_size, type, to, &m->scratch, &is) !=
		0 ||
	    !is.pinned || was.unknown || is.unknown)
		return 0;
	if (!is.meets)
		return ASPECT_UNEXPECTED;
	return was.meets ? 0 : ASPECT_EXPECTED;
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
