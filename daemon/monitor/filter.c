/* SPDX-License-Identifier: ISC */

/*
 * Names that a resolver blocks, and names that move together there (R16).
 *
 *   EDE 4, 15-17 -------------------------------> FAIL(filtered), asked at
 *   NXDOMAIN without SOA that differs               another group
 *        |                                              ^
 *        +--> another group is asked --says otherwise---+
 *                |  NXDOMAIN, too: believed, as a change like any other
 *                +- no answer: the first again over TCP, believed (M4)
 *
 * So a listing in somebody's RPZ opens no inquiry.  What is blocked is kept by
 * question, a bit per server, and told once for all of them.
 */

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "say.h"

enum {
	ACCUSED_BARE = 0x80, /* of an errand: by an NXDOMAIN without SOA */
	ACCUSED_SERVER = 0x7f,
	/* A fetch so shortly before a sighting contradicts it all the same:
	 * TTLs are whole seconds. */
	FRESH_S = 2,
	/* Since when an address is known that is no news of this storm. */
	KNOWN_S = 3600
};

struct filtered {
	uint32_t question;
	uint64_t servers; /* bit per server that blocks it */
};

static bool
is_bare(const struct reply_sum *sum)
{
	return sum->outcome == OUTCOME_NXDOMAIN && !sum->has_soa;
}

static struct standing *
standing_of(const struct monitor *m, uint8_t server)
{
	return m->servers[server].standing;
}

/* ---- what moves together ---- */

uint64_t
filter_to(const struct monitor *m, const struct content *c)
{
	const struct record *r = c->records;

	if (c->outcome != OUTCOME_ANSWER || c->n_records != 1 ||
	    (r->type != TYPE_A && r->type != TYPE_AAAA))
		return 0;
	return hash_sip(&m->key, r->rdata, r->size) | 2;
}

static void
keep_moved(struct standing *st, const struct moved *moved)
{
	for (unsigned i = 0; i < MOVED_MAX; i++) {
		if (st->moved[i].to == moved->to &&
		    name_equal(st->moved[i].name.wire, moved->name.wire))
			return;
	}
	st->moved[st->next_moved] = *moved;
	st->next_moved = (uint8_t)((st->next_moved + 1) % MOVED_MAX);
}

/* A name moved at that server.  Who gives no canaries could never return. */
static void
note_move(
    struct monitor *m, uint8_t server, uint32_t id, uint64_t to, bool lone)
{
	struct standing *st = standing_of(m, server);
	struct moved moved = {
	    .type = table_question(m->table, id)->type, .to = to};
	const uint8_t *wire;
	const uint8_t *zone;
	struct crowd_move move = {.at = loop_mono(m->loop), .to = to};

	if (to == 0 || st->seat.proven == 0 || st->seat.why != LEFT_NOT ||
	    m->config->canary_every_s == 0)
		return;
	wire = table_name(m->table, id, &moved.name.size);
	memcpy(moved.name.wire, wire, moved.name.size);
	zone = name_zone_guess(wire);
	move.name = hash_sip(&m->key, wire, moved.name.size);
	move.zone = hash_sip(&m->key, zone, name_size(zone));
	keep_moved(st, &moved);
	if (crowd_note(&st->crowd, &move))
		quorum_leave(m, server,
		    to == FILTERED_TO ? LEFT_FILTERED : LEFT_TOGETHER, to,
		    lone);
}

/* Was its one new address in this question's history before this storm? */
static bool
is_known(const struct inquiry *q)
{
	const struct content *c = &q->list[q->begin].content;
	const struct store_element *f;

	if (q->n_facts <= c->n_chain)
		return false;
	f = &q->facts[c->n_chain];
	return f->first_here != 0 &&
	       f->first_here < q->seen_at - WALL_S(KNOWN_S);
}

/*
 * Names that keep their alias move with their provider, and a set that
 * rotates shows what it showed before: both are no crowd.
 */
static uint64_t
moved_to(const struct inquiry *q)
{
	const struct content *c = &q->list[q->begin].content;
	const struct content *b = &q->believed;

	if (q->rotating || is_known(q) ||
	    (c->n_chain > 0 && c->n_chain == b->n_chain &&
		name_equal(c->chain[c->n_chain - 1], b->chain[b->n_chain - 1])))
		return 0;
	return filter_to(q->monitor, c);
}

void
filter_opened(struct inquiry *q)
{
	const struct witness *first = &q->list[q->begin].witness;
	struct monitor *m = q->monitor;

	if (first->server < m->n_servers && first->fail == FAIL_NOT &&
	    !quorum_has_other(m, q->question, first->group))
		note_move(m, first->server, q->question, moved_to(q), true);
}

/* ---- what is blocked ---- */

static void
gather(struct monitor *m, struct standing *st, uint32_t id)
{
	struct name *to;

	st->filtered_last = loop_mono(m->loop);
	if (st->n_filtered == 0)
		st->filtered_at = st->filtered_last;
	if (st->n_filtered++ >= FILTERED_NAMES)
		return;
	to = &st->filtered[st->n_filtered - 1];
	memcpy(to->wire, table_name(m->table, id, &to->size), to->size);
}

/* The question is blocked at that server. */
static void
note_blocked(struct monitor *m, uint8_t server, uint32_t id)
{
	struct filtered *f = idmap_get(&m->filtered, id);
	uint64_t bit = UINT64_C(1) << server;

	if (standing_of(m, server)->seat.why != LEFT_NOT)
		return;
	if (f == NULL) {
		f = calloc(1, sizeof(*f));
		if (f == NULL || idmap_put(&m->filtered, id, f) != 0) {
			free(f);
			return;
		}
		f->question = id;
	}
	if ((f->servers & bit) != 0)
		return; /* known: it did not move now */
	f->servers |= bit;
	gather(m, standing_of(m, server), id);
	note_move(m, server, id, FILTERED_TO,
	    !quorum_has_other(m, id, m->servers[server].group));
}

static void
clear(struct monitor *m, uint32_t id, uint64_t servers)
{
	struct filtered *f = idmap_get(&m->filtered, id);

	if (f == NULL)
		return;
	f->servers &= ~servers;
	if (f->servers == 0)
		free(idmap_take(&m->filtered, id));
}

void
filter_blocked(struct monitor *m, const struct errand *e)
{
	note_blocked(m, e->server, e->question);
}

static bool
group_blocks(const struct monitor *m, uint8_t group, uint64_t servers)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		if (m->servers[i].group == group && (servers >> i & 1) != 0)
			return true;
	}
	return false;
}

/* Where a group does not block it, that it fails there is told as ever. */
bool
filter_covers(const struct monitor *m, uint32_t id)
{
	const struct poll_view *v = poll_view_of(m, id);
	const struct filtered *f =
	    m->filtered.live > 0 ? idmap_get(&m->filtered, id) : NULL;

	for (uint8_t k = 0; f != NULL && k < v->n; k++) {
		uint8_t i = v->servers[k];

		if (!quorum_is_out(m, i) &&
		    !group_blocks(m, m->servers[i].group, f->servers))
			return false;
	}
	return f != NULL;
}

void
filter_unwatched(struct monitor *m, uint32_t id)
{
	clear(m, id, UINT64_MAX);
}

void
filter_forget(struct monitor *m, uint8_t server)
{
	uint64_t bits =
	    server == UINT8_MAX ? UINT64_MAX : UINT64_C(1) << server;
	const struct filtered *f;
	uint32_t at = 0;

	while ((f = idmap_next(&m->filtered, &at)) != NULL)
		clear(m, f->question, bits);
}

uint32_t
filter_count(const struct monitor *m, uint8_t server)
{
	const struct filtered *f;
	uint32_t at = 0;
	uint32_t n = 0;

	while ((f = idmap_next(&m->filtered, &at)) != NULL)
		n += (f->servers >> server & 1) != 0;
	return n;
}

void
filter_free_all(struct monitor *m)
{
	struct filtered *f;
	uint32_t at = 0;

	while ((f = idmap_next(&m->filtered, &at)) != NULL)
		free(f);
	idmap_fini(&m->filtered);
}

/* ---- telling ---- */

static void
tell(struct monitor *m, uint8_t server)
{
	struct standing *st = standing_of(m, server);
	struct say_event e = {
	    .kind = "filtered",
	    .view = quorum_view(m, server),
	    .server = m->servers[server].text,
	    .since = loop_wall(m->loop) -
	             (loop_mono(m->loop) - st->filtered_at) / 1000,
	    .names = st->filtered,
	    .n_names = st->n_filtered,
	    .count = st->n_filtered,
	};

	if (e.n_names > FILTERED_NAMES)
		e.n_names = FILTERED_NAMES;
	outage_tell(m, &e);
	st->n_filtered = 0;
	st->filtered_told = loop_mono(m->loop);
}

/* All that begins to be blocked together is one event. */
static bool
is_to_be_told(const struct standing *st, mono_ns now)
{
	if (st->n_filtered == 0 ||
	    (st->filtered_told != 0 &&
		now - st->filtered_told < MONO_S(FILTERED_EVERY_S)))
		return false;
	return now - st->filtered_last >= MONO_S(FILTERED_HOLD_S) ||
	       now - st->filtered_at >= MONO_S(FILTERED_HOLD_MAX_S);
}

void
filter_second(struct monitor *m)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		if (is_to_be_told(standing_of(m, i), loop_mono(m->loop)))
			tell(m, i);
	}
}

/* ---- replies ---- */

uint8_t
filter_other(const struct monitor *m, uint32_t id, uint8_t server)
{
	const struct poll_view *v = poll_view_of(m, id);
	uint32_t first = v->n == 0 ? 0 : table_spread(m->table, id) / v->n;

	for (uint8_t n = 0; n < v->n; n++) {
		uint8_t i = v->servers[(first + n) % v->n];

		if (m->servers[i].group != m->servers[server].group &&
		    poll_is_alive(m, i))
			return i;
	}
	return UINT8_MAX;
}

/* Does another group say in this inquiry that the name is there? */
static bool
is_contradicted(const struct monitor *m, uint32_t id, uint8_t group)
{
	const struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL)
		q = idmap_get(&m->doubts, id);
	for (size_t i = q == NULL ? 0 : q->begin; q != NULL && i < q->n; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail == FAIL_NOT && !t->witness.stale &&
		    !t->witness.filtered && t->witness.group != group &&
		    t->content.outcome != OUTCOME_NXDOMAIN)
			return true;
	}
	return false;
}

/* The other group that was asked about it said that the name is there. */
static void
settle_accused(struct monitor *m, const struct errand *e,
    const struct answer *a, const struct reply_sum *sum)
{
	uint8_t accused = (uint8_t)((e->accused & ACCUSED_SERVER) - 1);

	if ((e->accused & ACCUSED_BARE) == 0 || accused >= m->n_servers ||
	    m->servers[accused].group == m->servers[a->server].group ||
	    sum->outcome == OUTCOME_NXDOMAIN || a->message->ede == 3)
		return;
	note_blocked(m, accused, e->question);
}

enum fail
filter_heed(struct monitor *m, const struct errand *e, const struct answer *a,
    const struct reply_sum *sum)
{
	const struct poll_server *s = &m->servers[a->server];
	uint64_t believed = table_question(m->table, e->question)->fingerprint;

	if (s->standing->seat.why != LEFT_NOT &&
	    (quorum_is_out(m, (uint8_t)a->server) ||
		(is_bare(sum) && sum->fingerprint != believed)))
		return FAIL_FILTERED;
	if (e->accused != 0)
		settle_accused(m, e, a, sum);
	if (e->purpose == PURPOSE_CONFIRM && is_bare(sum) &&
	    is_contradicted(m, e->question, s->group)) {
		note_blocked(m, (uint8_t)a->server, e->question);
		return FAIL_FILTERED;
	}
	if (m->filtered.live > 0 &&
	    (!is_bare(sum) || sum->fingerprint == believed))
		clear(m, e->question, UINT64_C(1) << a->server);
	return FAIL_NOT;
}

bool
filter_check(
    struct monitor *m, const struct errand *e, const struct reply_sum *sum)
{
	const struct question *row = table_question(m->table, e->question);
	struct errand next = *e;

	if (!is_bare(sum) || sum->fingerprint == row->fingerprint)
		return false;
	if (e->accused != 0) {
		/* Two groups agree, or nobody contradicted. */
		clear(m, e->question, UINT64_MAX);
		return false;
	}
	next.server = filter_other(m, e->question, e->server);
	if (next.server == UINT8_MAX) {
		if (!quorum_has_other(
			m, e->question, m->servers[e->server].group))
			note_move(m, e->server, e->question, FILTERED_TO, true);
		return false;
	}
	next.attempt++;
	next.accused = (uint8_t)(ACCUSED_BARE | (e->server + 1));
	next.flags = 0;
	return pump_errand(m, &next);
}

bool
filter_uncontradicted(struct monitor *m, const struct errand *e)
{
	uint8_t accused = (uint8_t)((e->accused & ACCUSED_SERVER) - 1);
	struct errand next = *e;

	if ((e->accused & ACCUSED_BARE) == 0 || accused == e->server ||
	    accused >= m->n_servers || quorum_is_out(m, accused))
		return false;
	next.attempt++;
	next.server = accused;
	next.flags = ASK_TCP;
	return pump_errand(m, &next);
}

void
filter_hear(struct inquiry *q, const struct testimony *t)
{
	struct monitor *m = q->monitor;
	const struct testimony *first = &q->list[q->begin];

	if (t->witness.fail != FAIL_NOT || t->witness.stale ||
	    t->witness.filtered)
		return;
	for (size_t i = q->begin; i < q->n; i++) {
		struct testimony *o = &q->list[i];

		if (!o->bare || o->witness.filtered ||
		    o->witness.server >= m->n_servers ||
		    t->content.outcome == OUTCOME_NXDOMAIN ||
		    o->witness.group == t->witness.group)
			continue;
		o->witness.filtered = true;
		note_blocked(m, o->witness.server, q->question);
	}
	if (t->witness.group != first->witness.group &&
	    first->witness.server < m->n_servers &&
	    t->witness.fetched_after >= first->witness.at - WALL_S(FRESH_S) &&
	    !content_equal(&t->content, &first->content))
		note_move(
		    m, first->witness.server, q->question, moved_to(q), false);
}
