/* SPDX-License-Identifier: ISC */

/*
 * Wildcards of owned zones: a name that does not exist is asked for below
 * each apex.
 *
 * A watched SOA or NS question whose believed answer is its own, and no
 * alias's, is of an apex.  What is asked is a name of no table question: an
 * errand carries the apex's number and the round it is of.  They go with what
 * fails, so that they delay nobody.  Below what any list calls hostile nothing
 * is asked (T16).
 */

#include "wildcard_priv.h"

#include <stdlib.h>

#include "base/rand.h"
#include "bogus.h"
#include "config/config.h"
#include "dangling.h"
#include "dns/type.h"
#include "judge/wildcard.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "source.h"

enum {
	WILDCARD_ZONES_MAX = 2000,
	WILDCARD_RETRY_S = 300, /* after a round that settled nothing */
	WILDCARD_LOST_S = 120,  /* a round is over by then */
	WILDCARD_DOUBT_S = 75,  /* each resolver had a random canary in it */
	WILDCARD_FIRST_S = 10   /* over which a start spreads the first */
};

struct round {
	struct wildcard_word words[2]; /* of two servers */
	uint8_t n;                     /* words that are whole */
	uint8_t step;                  /* of wildcard_type() */
	uint16_t server, group;        /* the first that was asked */
	struct name name;              /* another for each server */
};

/* ---- which ---- */

/* Do its lists and the configuration want it? */
static bool
is_wanted(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);

	return m->config->wildcard_every_s > 0 && p->owned && !p->hostile &&
	       !p->elsewhere && !p->discreet && (q->flags & Q_WATCHED) != 0 &&
	       !source_asks(m, id);
}

bool
apex_is_hostile(const struct monitor *m, const struct apex *z)
{
	uint32_t id = z->question;
	uint8_t size;
	const uint8_t *name = table_name(m->table, id, &size);

	for (uint8_t view = 0; view < table_n_views(m->table); view++) {
		uint32_t at = table_find_first(m->table, view, name, size);

		for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
			const struct question *q = table_question(m->table, at);

			if ((q->flags & Q_WATCHED) != 0 &&
			    policy_get(m->table, q->policy)->hostile)
				return true;
		}
	}
	return false;
}

/* Once for a zone: by its SOA, where that is watched, too. */
static bool
has_twin(const struct monitor *m, uint32_t id)
{
	uint8_t size;
	const uint8_t *name = table_name(m->table, id, &size);
	uint32_t soa;

	if (table_question(m->table, id)->type == TYPE_SOA)
		return false;
	soa = table_find(
	    m->table, table_view(m->table, id), name, size, TYPE_SOA);
	return soa != QUESTION_NONE && is_wanted(m, soa);
}

bool
apex_is_asked(const struct monitor *m, const struct apex *z)
{
	return z->is_apex && !m->draining && is_wanted(m, z->question) &&
	       (table_question(m->table, z->question)->flags & Q_INQUIRY) == 0;
}

/* ---- keeping and telling ---- */

static void
pack(const struct apex *z, struct buf *out)
{
	wildcard_pack(&z->cell, out);
	unlisted_pack(&z->told, out);
}

static void
keep(struct monitor *m, const struct apex *z)
{
	struct store_key key = table_key(m->table, z->question);
	struct buf kept = {0};

	pack(z, &kept);
	event_keep(m, &key, STORE_SERVER_WILDCARD, &kept);
	buf_fini(&kept);
}

bool
apex_tell(struct monitor *m, const struct apex *z, struct say_event *e)
{
	struct buf kept = {0};
	bool told;

	pack(z, &kept);
	e->at = loop_wall(m->loop);
	told = event_tell_kept(m, z->question, e, STORE_SERVER_WILDCARD, &kept);
	buf_fini(&kept);
	return told;
}

static const char *
kind_of(enum wildcard_news news)
{
	if (news == WILDCARD_BASELINE)
		return "wildcard-baseline";
	return news == WILDCARD_ENDED ? "wildcard-ended" : "wildcard";
}

/* Not told before it was so in two rounds: what lies is found out between. */
static bool
is_doubted(struct monitor *m, struct apex *z)
{
	const struct round *r = z->round;
	struct wildcard_cell then = z->cell;

	switch (wildcard_step(
	    &then, &r->words[0], &r->words[1], loop_wall(m->loop))) {
	case WILDCARD_BEGUN:
	case WILDCARD_CHANGED:
	case WILDCARD_ENDED:
		z->seen_once = !z->seen_once;
		return z->seen_once;
	case WILDCARD_SAME:
	case WILDCARD_GREW:
	case WILDCARD_BASELINE:
		break;
	}
	z->seen_once = false;
	return false;
}

/* `c`: what the second server just said. */
static void
settle(struct monitor *m, struct apex *z, const struct content *c)
{
	const struct round *r = z->round;
	struct wildcard_cell before = z->cell;
	enum wildcard_news news = wildcard_step(
	    &z->cell, &r->words[0], &r->words[1], loop_wall(m->loop));
	const struct say_probe probe = {
	    .name = r->name.wire,
	    .type = wildcard_type(r->step),
	    .content = c,
	};
	struct say_event e = {
	    .kind = kind_of(news),
	    .since = news == WILDCARD_ENDED ? before.since : z->cell.since,
	    .probe = &probe,
	};

	if (news == WILDCARD_SAME)
		return;
	if (news == WILDCARD_GREW ||
	    (news == WILDCARD_BASELINE && z->cell.known == WILDCARD_NONE)) {
		keep(m, z);
		return;
	}
	if (news == WILDCARD_BEGUN || news == WILDCARD_CHANGED)
		e.reason = news == WILDCARD_BEGUN ? "begun" : "moved";
	else if (news == WILDCARD_ENDED)
		e.reason = "none";
	if (!apex_tell(m, z, &e))
		z->cell = before; /* no memory: the next round tells it */
}

/* ---- asking ---- */

static bool
name_anew(const struct monitor *m, const struct apex *z, struct name *out)
{
	char letters[WILDCARD_LABEL_LETTERS];

	for (size_t i = 0; i < sizeof(letters); i++)
		letters[i] = (char)('a' + rand_below(26));
	return wildcard_name(
	    table_name(m->table, z->question, NULL), letters, out);
}

/* The present type of the present word. */
static bool
ask(struct monitor *m, struct apex *z)
{
	struct round *r = z->round;
	struct errand e = {
	    .question = z->question,
	    .purpose = PURPOSE_WILDCARD,
	    .accused = z->generation,
	    .server = r->server,
	    .flags = ASK_FAILED,
	};

	if (r->n > 0)
		dangling_second_server(m, &e, r->server, r->group);
	return pump_errand(m, &e);
}

/* About so long: zones that were first asked together drift apart. */
static uint32_t
spread_s(uint32_t every_s)
{
	return every_s - every_s / 16 + rand_below(every_s / 8);
}

static void
round_end(struct monitor *m, struct apex *z, bool settled)
{
	free(z->round);
	z->round = NULL;
	z->generation++;
	z->due = loop_mono(m->loop) +
	         MONO_S(settled ? spread_s(m->config->wildcard_every_s)
				: WILDCARD_RETRY_S);
}

static void
round_begin(struct monitor *m, struct apex *z)
{
	struct round *r;
	uint16_t server;

	if (has_twin(m, z->question) || apex_is_hostile(m, z)) {
		round_end(m, z, true);
		return;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return;
	z->round = r;
	z->due = loop_mono(m->loop) + MONO_S(WILDCARD_LOST_S);
	server = poll_pick_server(m, z->question, 0);
	if (server < m->n_servers && name_anew(m, z, &r->name)) {
		r->server = server;
		r->group = m->servers[server].group;
		if (ask(m, z))
			return;
	}
	round_end(m, z, false);
}

void
wildcard_question(
    const struct monitor *m, const struct errand *e, struct ask *ask)
{
	const struct apex *z = idmap_get(&m->apexes, e->question);

	if (z == NULL || z->round == NULL || z->generation != e->accused)
		return;
	ask->name = z->round->name.wire;
	ask->name_size = z->round->name.size;
	ask->type = wildcard_type(z->round->step);
}

/* ---- answers ---- */

/* True: the server said all.  The reply is in m->scratch. */
static bool
take_down(struct monitor *m, struct round *r, const struct answer *a,
    struct reply *reply)
{
	struct wildcard_word *w = &r->words[r->n];
	enum fail fail = a->fail;

	arena_reset(&m->scratch);
	if (fail == FAIL_NOT &&
	    reply_read(a->wire, a->size, a->message, &m->scratch, reply) != 0)
		fail = FAIL_MALFORMED;
	if (fail == FAIL_NOT)
		fail = reply->fail;
	if (quorum_is_out(m, (uint8_t)a->server))
		fail = FAIL_FILTERED;
	w->group = m->servers[a->server].group;
	w->tcp = a->transport != TRANSPORT_UDP;
	return wildcard_hear(w, r->step, fail, &reply->content, reply->has_soa);
}

void
wildcard_answer(
    struct monitor *m, const struct errand *e, const struct answer *a)
{
	struct apex *z = idmap_get(&m->apexes, e->question);
	struct round *r = z == NULL ? NULL : z->round;
	struct reply reply = {0};
	bool settled;

	if (r == NULL || z->generation != e->accused || r->n > 1)
		return;
	if (!take_down(m, r, a, &reply)) {
		r->step++;
		if (!ask(m, z))
			round_end(m, z, false);
		return;
	}
	r->n++;
	if (r->n == 1) {
		if (wildcard_is_known(&z->cell, &r->words[0])) {
			z->seen_once = false;
			round_end(m, z, true);
			return;
		}
		/* Nothing of the first must answer for the second. */
		r->step = 0;
		if (r->words[0].says == WILDCARD_UNKNOWN ||
		    !name_anew(m, z, &r->name) || !ask(m, z))
			round_end(m, z, false);
		return;
	}
	if (apex_is_asked(m, z) && !is_doubted(m, z))
		settle(m, z, &reply.content);
	settled = r->words[1].says != WILDCARD_UNKNOWN &&
	          r->words[1].says == r->words[0].says;
	round_end(m, z, settled);
	if (z->seen_once)
		z->due = loop_mono(m->loop) + MONO_S(WILDCARD_DOUBT_S);
}

/* ---- zones ---- */

static void
apex_free(struct apex *z)
{
	free(z->round);
	unlisted_free(z->unlisted);
	free(z);
}

static struct apex *
apex_new(struct monitor *m, uint32_t id)
{
	struct apex *z = calloc(1, sizeof(*z));

	if (z == NULL || idmap_put(&m->apexes, id, z) != 0) {
		free(z);
		return NULL;
	}
	z->question = id;
	z->due =
	    loop_mono(m->loop) + MONO_S((mono_ns)rand_below(WILDCARD_FIRST_S));
	return z;
}

/* Without reading it: an alias's answer has more than the one SOA. */
static bool
may_be_apex(const struct monitor *m, uint16_t type, const struct answer *a,
    const struct reply_sum *sum)
{
	return sum->outcome == OUTCOME_ANSWER &&
	       (type != TYPE_SOA || a->message->n_answer == 1) &&
	       m->apexes.live < WILDCARD_ZONES_MAX;
}

void
wildcard_heard(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	uint16_t type = table_question(m->table, id)->type;
	struct reply reply = {0};
	struct apex *z;
	bool is_apex;

	if ((type != TYPE_SOA && type != TYPE_NS) || !is_wanted(m, id) ||
	    m->setup.once || m->draining)
		return;
	z = idmap_get(&m->apexes, id);
	if (z == NULL ? !may_be_apex(m, type, a, sum)
		      : z->fingerprint == sum->fingerprint)
		return;
	arena_reset(&m->scratch);
	if (reply_read(a->wire, a->size, a->message, &m->scratch, &reply) != 0)
		return;
	is_apex = reply.content.outcome == OUTCOME_ANSWER &&
	          reply.content.n_chain == 0;
	if (z == NULL && (!is_apex || (z = apex_new(m, id)) == NULL))
		return;
	z->fingerprint = sum->fingerprint;
	z->is_apex = is_apex;
}

/* It is watched no more, or not as one that is asked. */
static bool
let_go(struct monitor *m, struct apex *z)
{
	struct store_key key;
	struct say_event e = {
	    .kind = "wildcard-ended",
	    .reason = "not-asked-any-more",
	    .since = z->cell.since,
	};
	bool told = z->cell.known == WILDCARD_ANSWERS && z->cell.told_at != 0;
	bool kept = z->cell.known != WILDCARD_UNKNOWN || z->told.n > 0;

	if (is_wanted(m, z->question))
		return false;
	key = table_key(m->table, z->question);
	z->cell = (struct wildcard_cell){0};
	/* Nothing of it is asked when it is watched again as before. */
	z->told.n = 0;
	if ((table_question(m->table, z->question)->flags & Q_WATCHED) == 0 ||
	    !told || !apex_tell(m, z, &e)) {
		if (kept)
			event_keep(m, &key, STORE_SERVER_WILDCARD, NULL);
	}
	apex_free(idmap_take(&m->apexes, z->question));
	return true;
}

void
wildcard_second(struct monitor *m)
{
	struct apex *z;
	uint32_t at = 0;
	unsigned left = UNLISTED_A_SECOND;

	while ((z = idmap_next(&m->apexes, &at)) != NULL) {
		if (let_go(m, z))
			continue;
		unlisted_second(m, z, &left);
		if (loop_mono(m->loop) < z->due)
			continue;
		if (z->round != NULL)
			round_end(m, z, false);
		else if (apex_is_asked(m, z))
			round_begin(m, z);
	}
}

void
wildcard_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct wildcard_cell cell;
	size_t size;
	struct apex *z;

	if (m->setup.once)
		return;
	if (id == QUESTION_NONE ||
	    (table_question(m->table, id)->flags & Q_WATCHED) == 0) {
		event_keep(m, &row->key, STORE_SERVER_WILDCARD, NULL);
		return;
	}
	size = wildcard_unpack(row->wildcard, row->wildcard_size, &cell);
	if (size == 0 || idmap_get(&m->apexes, id) != NULL ||
	    (z = apex_new(m, id)) == NULL)
		return;
	z->cell = cell;
	unlisted_unpack(
	    row->wildcard + size, row->wildcard_size - size, &z->told);
}

size_t
wildcard_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->apexes) + m->apexes.live * sizeof(struct apex);
}

void
wildcard_free_all(struct monitor *m)
{
	struct apex *z;
	uint32_t at = 0;

	while ((z = idmap_next(&m->apexes, &at)) != NULL)
		apex_free(z);
	idmap_fini(&m->apexes);
}
