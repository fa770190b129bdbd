/* SPDX-License-Identifier: ISC */

/*
 * One look at a name reads what is believed of all its watched questions, and
 * the stages that were told, which are kept beside one of them.  Where none
 * were yet, what the name was before is made of what the decided changes came
 * from.  A decision while that is read brings another look.
 */

#include "life.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "bogus.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "rule/life.h"
#include "say.h"
#include "source.h"

enum {
	LOOKS_MAX = 65536, /* that wait */
	READS_MAX = 64,    /* questions at once */
	RETRY_MS = 1000,
	SILENT_S = 86400
};

struct look_question {
	struct life_look *look;
	uint32_t id;
	struct buf now;  /* believed, packed; empty: nothing */
	struct buf from; /* before its change; empty: it did not change */
	wall_us from_since;
};

struct life_look {
	struct monitor *monitor;
	uint32_t name; /* first question of it: the key */
	uint32_t pending;
	bool reading, again, failed;
	mono_ns retry; /* not before */
	struct look_question **list;
	uint32_t n;
	uint32_t anchor; /* what is kept is beside it; QUESTION_NONE: nothing */
	struct life_kept kept;
};

/* ---- which ---- */

static const struct policy *
policy_at(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy);
}

static bool
is_wanted(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	return !m->setup.once && (q->flags & Q_WATCHED) != 0 &&
	       policy_at(m, id)->hostile && !source_asks_parent(m, id);
}

static void
look_free(struct life_look *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		buf_fini(&l->list[i]->now);
		buf_fini(&l->list[i]->from);
		free(l->list[i]);
	}
	free(l->list);
	free(l);
}

static void
end_look(struct life_look *l)
{
	idmap_take(&l->monitor->life_looks, l->name);
	look_free(l);
}

static struct life_look *
look_get(struct monitor *m, uint32_t id)
{
	uint32_t name = table_first(m->table, id);
	struct life_look *l = idmap_get(&m->life_looks, name);

	if (l != NULL)
		return l;
	if (m->life_looks.live >= LOOKS_MAX)
		return NULL; /* its next change looks again */
	l = calloc(1, sizeof(*l));
	if (l == NULL || idmap_put(&m->life_looks, name, l) != 0) {
		free(l);
		return NULL;
	}
	l->monitor = m;
	l->name = name;
	l->anchor = QUESTION_NONE;
	return l;
}

/* Each stays where it is: an answer of the database points at it. */
static struct look_question *
question_of(struct life_look *l, uint32_t id)
{
	struct look_question **list;
	struct look_question *q;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i]->id == id)
			return l->list[i];
	list = realloc(l->list, (l->n + 1) * sizeof(*list));
	q = calloc(1, sizeof(*q));
	CHECK(list != NULL && q != NULL);
	*q = (struct look_question){.look = l, .id = id};
	l->list = list;
	l->list[l->n++] = q;
	return q;
}

void
life_look(struct monitor *m, uint32_t id)
{
	struct life_look *l = is_wanted(m, id) ? look_get(m, id) : NULL;

	if (l != NULL)
		l->again = true;
}

void
life_decided(
    struct monitor *m, uint32_t id, const struct content *from, wall_us since)
{
	struct life_look *l = is_wanted(m, id) ? look_get(m, id) : NULL;
	struct look_question *q;

	if (l == NULL)
		return;
	l->again = true;
	q = question_of(l, id);
	/* The first of two: it was so before both. */
	if (q->from.size == 0) {
		content_pack(from, &q->from);
		q->from_since = since;
	}
}

/* ---- judging ---- */

/* Nobody answered any of its questions for a day. */
static void
look_at_failures(
    const struct monitor *m, const struct life_look *l, struct life_input *in)
{
	wall_us now = loop_wall(m->loop);
	uint32_t watched = 0;
	uint32_t silent = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct question *q =
		    table_question(m->table, l->list[i]->id);
		const struct failing *f =
		    idmap_get(&m->failing, l->list[i]->id);

		if ((q->flags & Q_WATCHED) == 0)
			continue;
		watched++;
		if (f == NULL || f->recovered_at != 0)
			continue;
		if (f->reach.fail == FAIL_FILTERED)
			in->filtered = true;
		else
			silent += now - f->reach.since >= WALL_S(SILENT_S);
	}
	in->silent = watched > 0 && silent == watched;
}

/* With what its changes came from, or as it is believed now. */
static bool
collect(struct monitor *m, const struct life_look *l, bool before,
    struct life_fact *facts, struct life_input *in)
{
	*in = (struct life_input){
	    .name = table_name(m->table, l->name, NULL),
	    .facts = facts,
	};
	for (uint32_t i = 0; i < l->n; i++) {
		const struct look_question *q = l->list[i];
		const struct buf *packed =
		    before && q->from.size > 0 ? &q->from : &q->now;
		struct content *c = arena_get(&m->scratch, sizeof(*c));

		if (c == NULL)
			return false;
		facts[in->n].type = table_question(m->table, q->id)->type;
		facts[in->n].content = NULL;
		if (packed->size > 0) {
			if (content_unpack(packed->data, packed->size,
				&m->scratch, c) != 0)
				return false;
			facts[in->n].content = c;
		}
		in->n++;
	}
	return true;
}

static bool
was_there(const struct life_kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (life_is_there((enum life_stage)k->list[i].stage))
			return true;
	return false;
}

/* What it was before its first change that is looked at. */
static void
begin_kept(struct life_look *l, struct life_fact *facts)
{
	struct monitor *m = l->monitor;
	wall_us since = loop_wall(m->loop);
	struct life_input in;
	struct life life;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i]->from.size > 0 && l->list[i]->from_since != 0 &&
		    l->list[i]->from_since < since)
			since = l->list[i]->from_since;
	if (!collect(m, l, true, facts, &in))
		return;
	life = life_of(&in, m->config, since);
	(void)life_put(&l->kept, &life, since);
}

static uint32_t
anchor_of(const struct monitor *m, const struct life_look *l)
{
	uint32_t best = l->anchor;

	for (uint32_t i = 0; i < l->n && best == QUESTION_NONE; i++)
		if (table_question(m->table, l->list[i]->id)->type == TYPE_NS)
			best = l->list[i]->id;
	return best == QUESTION_NONE ? l->list[0]->id : best;
}

static void
tell(struct monitor *m, struct life_look *l, const struct life *life)
{
	const struct life_stretch *to = &l->kept.list[0];
	const struct life_stretch *from = &l->kept.list[1];
	const struct say_life say = {
	    .from = life_stage_text((enum life_stage)from->stage),
	    .to = life_stage_text(life->stage),
	    .cause = life_cause_text(life->cause),
	    .confidence = life_confidence_text(life->confidence),
	    .who = to->who,
	    .back = to->back,
	};
	struct say_event e = {
	    .kind = life->mark != NULL ? "life-marked" : "life",
	    .since = from->since,
	    .at = loop_wall(m->loop),
	    .life = &say,
	};
	struct buf packed = {0};

	life_pack(&l->kept, &packed);
	if (!event_tell_kept(
		m, anchor_of(m, l), &e, STORE_SERVER_LIFE, &packed))
		log_warn("monitor: no memory to tell the stage of a name");
	buf_fini(&packed);
}

static void
judge(struct life_look *l)
{
	struct monitor *m = l->monitor;
	struct life_fact *facts;
	struct life_input in;
	struct life life;

	arena_reset(&m->scratch);
	facts = arena_get(&m->scratch, (l->n + 1) * sizeof(*facts));
	if (facts == NULL || l->n == 0)
		return;
	if (l->kept.n == 0)
		begin_kept(l, facts);
	if (l->kept.n == 0 || !collect(m, l, false, facts, &in))
		return;
	in.was = was_there(&l->kept);
	in.removed = delegation_cause(m, l->name) != NULL;
	look_at_failures(m, l, &in);
	life = life_of(&in, m->config, loop_wall(m->loop));
	if (life.stage != LIFE_UNKNOWN &&
	    life_put(&l->kept, &life, loop_wall(m->loop)))
		tell(m, l, &life);
}

/* ---- reading ---- */

static void
keep_latest(struct life_look *l, uint32_t id, const struct store_believed *b)
{
	struct life_kept k;

	if (b->life == NULL || !life_unpack(b->life, b->life_size, &k) ||
	    k.n == 0)
		return;
	if (l->kept.n > 0 && l->kept.list[0].since >= k.list[0].since)
		return;
	l->kept = k;
	l->anchor = id;
}

static void
end_reading(struct life_look *l)
{
	l->reading = false;
	if (l->failed) {
		l->again = true;
		l->retry = loop_mono(l->monitor->loop) + MONO_MS(RETRY_MS);
	}
	if (l->again)
		return;
	judge(l);
	end_look(l);
}

static void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct look_question *q = ctx;
	struct life_look *l = q->look;

	l->monitor->n_life_reads--;
	l->pending--;
	l->failed = l->failed || err != 0;
	buf_clear(&q->now);
	if (err == 0 && b->known)
		buf_add(&q->now, b->content, b->content_size);
	if (err == 0)
		keep_latest(l, q->id, b);
	if (l->pending == 0)
		end_reading(l);
}

static void
read_name(struct life_look *l)
{
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	struct monitor *m = l->monitor;
	uint32_t id;

	l->reading = true;
	l->again = false;
	l->failed = false;
	l->kept = (struct life_kept){0};
	l->anchor = QUESTION_NONE;
	l->pending = 1; /* held until all are sent */
	for (id = l->name; id != QUESTION_NONE; id = table_next(m->table, id)) {
		struct store_fetch f = {.key = table_key(m->table, id),
		    .seen = &nothing,
		    .at = loop_wall(m->loop)};

		if ((table_question(m->table, id)->flags & Q_WATCHED) == 0)
			continue;
		l->pending++;
		m->n_life_reads++;
		store_fetch(m->store, &f, on_believed, question_of(l, id));
	}
	if (--l->pending == 0)
		end_look(l);
}

void
life_tick(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	uint32_t at = 0;
	struct life_look *l;

	if (m->life_looks.live == 0 || !m->planned || m->draining)
		return;
	while (m->n_life_reads < READS_MAX &&
	       (l = idmap_next(&m->life_looks, &at)) != NULL)
		if (!l->reading && now >= l->retry)
			read_name(l);
}

/* ---- status, and the end ---- */

uint32_t
life_waiting(const struct monitor *m)
{
	return m->life_looks.live;
}

size_t
life_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->life_looks) +
	       m->life_looks.live * sizeof(struct life_look);
}

void
life_free_all(struct monitor *m)
{
	struct life_look *l;
	uint32_t at = 0;

	while ((l = idmap_next(&m->life_looks, &at)) != NULL)
		look_free(l);
	idmap_fini(&m->life_looks);
}
