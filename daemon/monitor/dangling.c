/* SPDX-License-Identifier: ISC */

/*
 * Dangling targets: what owned names point at is asked for, too.
 *
 * A target is a name of no table question: an errand carries its number and
 * the round it is of, and its answer is judged with the others of the round
 * and forgotten.  They go with what fails, so that they delay nobody.  Names
 * of hostile lists are never asked for what they point at (T16).
 */

#include <stdlib.h>
#include <string.h>

#include "bogus.h"
#include "config/config.h"
#include "dangling.h"
#include "dns/type.h"
#include "judge/dangling.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "source.h"

enum {
	DANGLING_QUESTIONS_MAX = 5000,
	DANGLING_RETRY_S = 300, /* after a round that settled nothing */
	DANGLING_LOST_S = 120,  /* a round is over by then */
	WORDS_MAX = 6           /* two about each */
};

struct round {
	struct dangling_word words[WORDS_MAX];
	struct name ends[WORDS_MAX];
	uint8_t n;
	uint8_t asked; /* of `about`: 0, 1 or 2 */
	enum dangling_about about;
	uint16_t server, group; /* the first that was asked */
	struct name zone;       /* with DANGLING_ZONE */
};

struct target {
	struct name name;
	struct dangling_cell cell;
	struct round *round; /* NULL: none is open */
	uint8_t generation;
	mono_ns due; /* open: it is lost then */
};

struct pointing {
	uint32_t question;
	uint64_t fingerprint; /* of the content that the targets are of */
	size_t n;
	struct target targets[DANGLING_TARGETS_MAX];
};

/* Do its lists and the configuration want it? */
static bool
is_wanted(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);

	return m->config->dangling_every_s > 0 && p->owned && !p->hostile &&
	       !p->elsewhere && !p->discreet && (q->flags & Q_WATCHED) != 0 &&
	       !source_asks(m, id);
}

static bool
is_asked(const struct monitor *m, uint32_t id)
{
	return (table_question(m->table, id)->flags & Q_INQUIRY) == 0 &&
	       is_wanted(m, id);
}

/* ---- telling ---- */

static const char *
kind_of(enum dangling told)
{
	if (told == DANGLING_ZONE_GONE)
		return "dangling-zone";
	return told == DANGLING_NAME ? "dangling" : "dangling-address";
}

static bool
is_open(const struct target *t)
{
	return t->cell.told != DANGLING_UNKNOWN;
}

static bool
has_open(const struct pointing *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (is_open(&p->targets[i]))
			return true;
	}
	return false;
}

/* With the event all that is open then is kept, of the question's targets. */
static bool
tell(struct monitor *m, const struct pointing *p, const struct target *t,
    struct say_event *e)
{
	struct buf kept = {0};
	bool told;

	for (size_t i = 0; i < p->n; i++) {
		struct dangling_kept k = {
		    p->targets[i].name.wire, p->targets[i].cell};

		if (is_open(&p->targets[i]))
			dangling_pack(&k, &kept);
	}
	e->at = loop_wall(m->loop);
	e->target = t->name.wire;
	told = event_tell_kept(m, p->question, e, STORE_SERVER_DANGLING, &kept);
	buf_fini(&kept);
	return told;
}

static void
tell_open(struct monitor *m, const struct pointing *p, struct target *t,
    const uint8_t *missing, const struct dangling_cell *before)
{
	struct say_event e = {
	    .kind = kind_of(t->cell.told),
	    .reason = dangling_text(t->cell.told),
	    .since = t->cell.since,
	    .missing = missing,
	};

	if (!tell(m, p, t, &e))
		t->cell = *before; /* no memory: the next round tells it */
}

/* `before` was told of it, and is over. */
static void
tell_ended(struct monitor *m, const struct pointing *p, struct target *t,
    const char *reason, const struct dangling_cell *before)
{
	struct say_event e = {
	    .kind = "dangling-ended",
	    .reason = reason,
	    .since = before->since,
	};

	t->cell = (struct dangling_cell){0};
	if (!tell(m, p, t, &e))
		t->cell = *before;
}

static void
settle(struct monitor *m, const struct pointing *p, struct target *t,
    const struct dangling_judgement *j)
{
	struct dangling_cell before = t->cell;

	switch (dangling_step(&t->cell, j->verdict, loop_wall(m->loop))) {
	case DANGLING_SAME:
		break;
	case DANGLING_OPENED:
	case DANGLING_WORSE:
		tell_open(m, p, t, j->missing, &before);
		break;
	case DANGLING_ENDED:
		tell_ended(m, p, t, "exists", &before);
		break;
	}
}

/* ---- asking ---- */

void
dangling_second_server(
    const struct monitor *m, struct errand *e, uint16_t first, uint16_t group)
{
	const struct poll_view *v = poll_view_of(m, e->question);

	for (uint8_t i = 0; i < v->n; i++) {
		if (m->servers[v->servers[i]].group != group &&
		    !quorum_is_out(m, v->servers[i])) {
			e->server = v->servers[i];
			return;
		}
	}
	e->server = first;
	e->flags |= ASK_TCP;
}

static bool
ask_next(struct monitor *m, uint32_t id, struct pointing *p, struct target *t)
{
	struct round *r = t->round;
	struct errand e = {
	    .question = id,
	    .purpose = PURPOSE_DANGLING,
	    .attempt = (uint8_t)(t - p->targets),
	    .accused = t->generation,
	    .flags = ASK_FAILED,
	};

	if (r->asked++ > 0) {
		dangling_second_server(m, &e, r->server, r->group);
	} else {
		e.server = poll_pick_server(m, id, 0);
		if (e.server >= m->n_servers)
			return false;
		r->server = e.server;
		r->group = m->servers[e.server].group;
	}
	return pump_errand(m, &e);
}

static void
round_end(struct monitor *m, struct target *t, bool settled)
{
	free(t->round);
	t->round = NULL;
	t->generation++;
	t->due =
	    loop_mono(m->loop) +
	    MONO_S(settled ? m->config->dangling_every_s : DANGLING_RETRY_S);
}

static void
round_begin(struct monitor *m, struct pointing *p, struct target *t)
{
	t->round = calloc(1, sizeof(*t->round));
	if (t->round == NULL)
		return;
	t->due = loop_mono(m->loop) + MONO_S(DANGLING_LOST_S);
	if (!ask_next(m, p->question, p, t))
		round_end(m, t, false);
}

void
dangling_question(
    const struct monitor *m, const struct errand *e, struct ask *ask)
{
	const struct pointing *p = idmap_get(&m->dangling, e->question);
	const struct target *t;
	const struct name *name;

	if (p == NULL || e->attempt >= p->n)
		return;
	t = &p->targets[e->attempt];
	if (t->round == NULL || t->generation != e->accused)
		return;
	name = t->round->about == DANGLING_ZONE ? &t->round->zone : &t->name;
	ask->name = name->wire;
	ask->name_size = name->size;
	ask->type = t->round->about == DANGLING_ZONE ? TYPE_SOA
	            : t->round->about == DANGLING_A  ? TYPE_A
	                                             : TYPE_AAAA;
}

/* ---- answers ---- */

static void
name_copy(struct name *to, const uint8_t *wire)
{
	to->size = (uint8_t)name_size(wire);
	memcpy(to->wire, wire, to->size);
}

static void
take_down(struct monitor *m, const struct target *t, const struct answer *a)
{
	struct round *r = t->round;
	struct dangling_word *w = &r->words[r->n];
	struct reply reply = {0};

	*w = (struct dangling_word){
	    .about = r->about,
	    .fail = a->fail,
	    .group = m->servers[a->server].group,
	    .tcp = a->transport != TRANSPORT_UDP,
	    .at = loop_wall(m->loop),
	};
	arena_reset(&m->scratch);
	if (w->fail == FAIL_NOT &&
	    reply_read(a->wire, a->size, a->message, &m->scratch, &reply) != 0)
		w->fail = FAIL_MALFORMED;
	if (w->fail == FAIL_NOT)
		w->fail = reply.fail;
	if (quorum_is_out(m, (uint8_t)a->server))
		w->fail = FAIL_FILTERED;
	w->outcome = reply.content.outcome;
	w->has_soa = reply.has_soa;
	if (reply.content.n_chain > 0)
		name_copy(&r->ends[r->n],
		    reply.content.chain[reply.content.n_chain - 1]);
	else
		r->ends[r->n] = r->about == DANGLING_ZONE ? r->zone : t->name;
	w->end = r->ends[r->n++].wire;
}

/* Nothing to tell by the first word: that it is fine is asked no twice. */
static bool
is_fine(const struct target *t, bool needs_address)
{
	const struct dangling_word *w = &t->round->words[t->round->n - 1];

	return t->cell.told == DANGLING_UNKNOWN && w->fail == FAIL_NOT &&
	       w->about != DANGLING_ZONE &&
	       (w->outcome == OUTCOME_ANSWER ||
		   (w->outcome == OUTCOME_NODATA && !needs_address));
}

static bool
is_empty(const struct round *r)
{
	return r->words[r->n - 1].outcome == OUTCOME_NODATA &&
	       r->words[r->n - 2].outcome == OUTCOME_NODATA;
}

/* Two words about this are here: what else is to be known? */
static bool
go_on(struct round *r, const struct dangling_judgement *j, bool needs_address)
{
	if (r->about == DANGLING_A && j->zone_unknown) {
		r->about = DANGLING_ZONE;
		name_copy(&r->zone, dangling_zone(j->missing));
	} else if (r->about == DANGLING_A && needs_address &&
		   j->verdict == DANGLING_UNKNOWN && is_empty(r)) {
		r->about = DANGLING_AAAA;
	} else {
		return false;
	}
	r->asked = 0;
	return true;
}

void
dangling_answer(
    struct monitor *m, const struct errand *e, const struct answer *a)
{
	struct pointing *p = idmap_get(&m->dangling, e->question);
	struct target *t;
	struct round *r;
	bool needs;
	struct dangling_judgement j = {DANGLING_FINE, NULL, false};

	if (p == NULL || e->attempt >= p->n)
		return;
	t = &p->targets[e->attempt];
	r = t->round;
	if (r == NULL || t->generation != e->accused || r->n == WORDS_MAX)
		return;
	needs =
	    dangling_needs_address(table_question(m->table, e->question)->type);
	take_down(m, t, a);
	if (!is_fine(t, needs)) {
		if (r->asked < 2 && ask_next(m, e->question, p, t))
			return;
		j = dangling_judge(r->words, r->n, needs, loop_wall(m->loop));
		if (go_on(r, &j, needs) && ask_next(m, e->question, p, t))
			return;
		if (is_asked(m, e->question))
			settle(m, p, t, &j);
	}
	round_end(m, t, j.verdict != DANGLING_UNKNOWN && !j.zone_unknown);
}

/* ---- what is pointed at ---- */

static void
pointing_free(struct pointing *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->targets[i].round);
	free(p);
}

static struct pointing *
pointing_new(struct monitor *m, uint32_t id)
{
	struct pointing *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL || idmap_put(&m->dangling, id, p) != 0) {
		free(p);
		return NULL;
	}
	p->question = id;
	return p;
}

static bool
has(const uint8_t *const *names, size_t n, const uint8_t *name)
{
	for (size_t i = 0; i < n; i++) {
		if (name_equal(names[i], name))
			return true;
	}
	return false;
}

/* What was told of it is over; no memory to say so: it stays open. */
static void
end(struct monitor *m, const struct pointing *p, struct target *t,
    const char *reason)
{
	struct dangling_cell before = t->cell;

	if (is_open(t))
		tell_ended(m, p, t, reason, &before);
}

/* Those that are no more. */
static void
drop(struct monitor *m, struct pointing *p, const uint8_t *const *names,
    size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		/* An errand under way must not find another in its place. */
		free(p->targets[i].round);
		p->targets[i].round = NULL;
		p->targets[i].generation++;
		if (!has(names, n, p->targets[i].name.wire))
			end(m, p, &p->targets[i], "removed");
	}
	for (size_t i = 0; i < p->n; i++) {
		if (is_open(&p->targets[i]) ||
		    has(names, n, p->targets[i].name.wire))
			p->targets[kept++] = p->targets[i];
	}
	p->n = kept;
}

static void
take_targets(struct monitor *m, struct pointing *p, const uint8_t *const *names,
    size_t n)
{
	drop(m, p, names, n);
	for (size_t i = 0; i < n && p->n < DANGLING_TARGETS_MAX; i++) {
		bool known = false;

		for (size_t k = 0; k < p->n; k++)
			known = known ||
			        name_equal(p->targets[k].name.wire, names[i]);
		if (known)
			continue;
		/* What was there before may still be asked for. */
		p->targets[p->n].round = NULL;
		p->targets[p->n].cell = (struct dangling_cell){0};
		p->targets[p->n].generation++;
		p->targets[p->n].due = loop_mono(m->loop);
		name_copy(&p->targets[p->n++].name, names[i]);
	}
}

/* Can it point anywhere?  Without reading it. */
static bool
may_point(const struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	uint16_t type = table_question(m->table, id)->type;

	if (sum->outcome == OUTCOME_NXDOMAIN)
		return a->message->n_answer > 0; /* behind an alias */
	return sum->outcome == OUTCOME_ANSWER &&
	       (type == TYPE_CNAME || dangling_needs_address(type));
}

/* It is read once: what was read is kept, also of what points nowhere. */
void
dangling_hear(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	struct pointing *p =
	    m->dangling.live == 0 ? NULL : idmap_get(&m->dangling, id);
	const uint8_t *names[DANGLING_TARGETS_MAX];
	struct reply reply = {0};
	size_t n, left_off;

	if ((p != NULL && p->fingerprint == sum->fingerprint) ||
	    m->setup.once || m->draining ||
	    (p == NULL && !may_point(m, id, a, sum)) || !is_asked(m, id))
		return;
	if (p == NULL && (m->dangling.live >= DANGLING_QUESTIONS_MAX ||
			     (p = pointing_new(m, id)) == NULL))
		return;
	arena_reset(&m->scratch);
	if (reply_read(a->wire, a->size, a->message, &m->scratch, &reply) != 0)
		return;
	n = dangling_targets(&reply.content, names, &left_off);
	p->fingerprint = sum->fingerprint;
	take_targets(m, p, names, n);
}

static bool
is_among(const struct name *names, size_t n, const uint8_t *wire)
{
	for (size_t i = 0; i < n; i++) {
		if (name_equal(names[i].wire, wire))
			return true;
	}
	return false;
}

size_t
dangling_below(
    const struct monitor *m, uint32_t apex, struct name *out, size_t max)
{
	const uint8_t *zone = table_name(m->table, apex, NULL);
	uint8_t view = table_view(m->table, apex);
	const struct pointing *p;
	uint32_t at = 0;
	size_t n = 0;

	while ((p = idmap_next(&m->dangling, &at)) != NULL) {
		if (table_view(m->table, p->question) != view)
			continue;
		for (size_t i = 0; i < p->n && n < max; i++) {
			const uint8_t *wire = p->targets[i].name.wire;

			if (name_is_within(wire, zone) &&
			    !name_equal(wire, zone) && !is_among(out, n, wire))
				out[n++] = p->targets[i].name;
		}
	}
	return n;
}

static void
forget(struct monitor *m, struct pointing *p)
{
	pointing_free(idmap_take(&m->dangling, p->question));
}

/* Nobody watches it, or not as one of those that are asked for.  Or it is. */
static bool
let_go(struct monitor *m, struct pointing *p)
{
	struct store_key key;

	if (is_wanted(m, p->question))
		return false;
	key = table_key(m->table, p->question);
	if ((table_question(m->table, p->question)->flags & Q_WATCHED) != 0) {
		for (size_t i = 0; i < p->n; i++)
			end(m, p, &p->targets[i], "not-asked-any-more");
	} else if (has_open(p)) {
		event_keep(m, &key, STORE_SERVER_DANGLING, NULL);
	}
	forget(m, p);
	return true;
}

void
dangling_second(struct monitor *m)
{
	struct pointing *p;
	uint32_t at = 0;

	while ((p = idmap_next(&m->dangling, &at)) != NULL) {
		bool asked = is_asked(m, p->question) && !m->draining;

		if (let_go(m, p))
			continue;
		for (size_t i = 0; i < p->n; i++) {
			struct target *t = &p->targets[i];

			if (loop_mono(m->loop) < t->due)
				continue;
			if (t->round != NULL)
				round_end(m, t, false);
			else if (asked)
				round_begin(m, p, t);
		}
	}
}

void
dangling_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct dangling_kept kept[DANGLING_TARGETS_MAX];
	size_t n = dangling_unpack(row->dangling, row->dangling_size, kept);
	struct pointing *p;

	if (m->setup.once)
		return;
	if (id == QUESTION_NONE ||
	    (table_question(m->table, id)->flags & Q_WATCHED) == 0) {
		event_keep(m, &row->key, STORE_SERVER_DANGLING, NULL);
		return;
	}
	if (n == 0 || idmap_get(&m->dangling, id) != NULL ||
	    (p = pointing_new(m, id)) == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		struct target *t = &p->targets[p->n++];

		name_copy(&t->name, kept[i].name);
		t->cell = kept[i].cell;
		t->due = loop_mono(m->loop);
	}
}

void
dangling_free_all(struct monitor *m)
{
	struct pointing *p;
	uint32_t at = 0;

	while ((p = idmap_next(&m->dangling, &at)) != NULL)
		pointing_free(p);
	idmap_fini(&m->dangling);
}
