/* SPDX-License-Identifier: ISC */

/*
 * Canaries (R16): what each resolver is asked whose truth is known, and who
 * is in the quorum by it.
 *
 * They are sent beside the polls, within the rate, a few a minute, and are no
 * polls: nothing of them is in the history, the ledger or the counts of
 * questions.  Only a server that offers recursion is asked any; for others the
 * root is none of their business.
 */

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/log.h"
#include "base/rand.h"
#include "config/config.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "say.h"

/* Those that everybody has; the operator's own follow. */
enum { CANARY_RANDOM = 0, CANARY_ROOT, CANARY_TLD, N_CANARIES };
enum { LABEL_LETTERS = 16, LOOKED_AT = 256 };

static const struct name root = {1, {0}};
static const struct name tld = {5, {3, 'c', 'o', 'm', 0}};

static unsigned
n_canaries(const struct monitor *m)
{
	return N_CANARIES + (unsigned)m->config->n_canaries;
}

struct standing *
standing_new(const struct monitor *m, uint8_t server)
{
	struct standing *st = calloc(1, sizeof(*st));
	uint32_t every_s = m->config->canary_every_s;

	if (st == NULL)
		return NULL;
	st->seat.accuser = SEAT_NOBODY;
	/* Not all of them at once. */
	st->next = loop_mono(m->loop) +
	           MONO_S(every_s) / CONFIG_RESOLVERS_MAX * (server + 1);
	return st;
}

void
standings_take(struct monitor *m, struct poll_server *old, uint8_t n_old)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		struct poll_server *s = &m->servers[i];

		for (uint8_t k = 0; k < n_old; k++) {
			struct standing *st = old[k].standing;

			if (!addr_equal(&s->addr, &old[k].addr))
				continue;
			old[k].standing = s->standing;
			s->standing = st;
			st->open = false;
			st->n_filtered = 0;
		}
	}
	filter_forget(m, UINT8_MAX);
}

/* ---- the quorum ---- */

static bool
is_of(const struct poll_view *v, uint8_t server)
{
	return memchr(v->servers, server, v->n) != NULL;
}

/* Is nobody else in the quorum, in one of its views? */
static bool
is_alone(const struct monitor *m, uint8_t server)
{
	for (uint8_t k = 0; k < m->n_views; k++) {
		const struct poll_view *v = &m->views[k];
		bool other = false;

		if (!is_of(v, server))
			continue;
		for (uint8_t i = 0; i < v->n; i++) {
			const struct standing *st =
			    m->servers[v->servers[i]].standing;

			other = other || (v->servers[i] != server &&
					     st->seat.why == LEFT_NOT);
		}
		if (!other)
			return true;
	}
	return false;
}

const char *
quorum_view(const struct monitor *m, uint8_t server)
{
	uint8_t k = 0;

	while (k + 1 < m->n_views && !is_of(&m->views[k], server))
		k++;
	return table_view_text(m->table, k);
}

bool
quorum_is_out(const struct monitor *m, uint8_t server)
{
	enum left why = m->servers[server].standing->seat.why;

	return why != LEFT_NOT &&
	       !(why == LEFT_FILTERED && is_alone(m, server));
}

bool
quorum_has_other(const struct monitor *m, uint32_t id, uint16_t group)
{
	const struct poll_view *v = poll_view_of(m, id);

	for (uint8_t i = 0; i < v->n; i++) {
		if (m->servers[v->servers[i]].group != group &&
		    !quorum_is_out(m, v->servers[i]))
			return true;
	}
	return false;
}

/* What the inquiries have of it is no evidence any more. */
static void
disown(struct idmap *map, uint8_t server)
{
	struct inquiry *q;
	uint32_t at = 0;

	while ((q = idmap_next(map, &at)) != NULL) {
		bool any = false;

		for (size_t i = q->begin; i < q->n; i++) {
			if (q->list[i].witness.server != server)
				continue;
			q->list[i].witness.filtered = true;
			any = true;
		}
		if (!any)
			continue;
		if (q->state == INQUIRY_HELD)
			q->state = INQUIRY_OPEN;
		q->look = true;
	}
}

struct names {
	const struct name *list;
	uint32_t n;
	uint32_t count;
};

static void
tell(struct monitor *m, uint8_t server, const char *kind,
    const struct names *names)
{
	const struct poll_server *s = &m->servers[server];
	struct say_event e = {
	    .kind = kind,
	    .view = quorum_view(m, server),
	    .server = s->text,
	    .reason = left_text(s->standing->seat.why),
	    .since = s->standing->seat.since,
	    .names = names->list,
	    .n_names = names->n,
	    .count = names->count,
	};

	outage_tell(m, &e);
}

static void
leave(struct monitor *m, uint8_t server, const struct names *names)
{
	const struct poll_server *s = &m->servers[server];

	log_warn("monitor: resolver %s left the quorum: %s; what it says "
		 "counts for nothing until it answers canaries truly",
	    s->text, left_text(s->standing->seat.why));
	tell(m, server, "resolver-left", names);
	disown(&m->inquiries, server);
	disown(&m->doubts, server);
	s->standing->n_filtered = 0;
	s->standing->filtered_told = loop_mono(m->loop);
	loop_timer_in(m->tick, 0); /* what waits there goes elsewhere */
}

static void
come_back(struct monitor *m, uint8_t server, enum left why)
{
	struct poll_server *s = &m->servers[server];
	struct standing *st = s->standing;
	struct say_event e = {
	    .kind = "resolver-back",
	    .view = quorum_view(m, server),
	    .server = s->text,
	    .reason = left_text(why),
	    .since = st->seat.since,
	};

	log_info("monitor: resolver %s is in the quorum again", s->text);
	outage_tell(m, &e);
	if (st->lone)
		crowd_spare(&st->crowd, st->to, loop_mono(m->loop));
	st->lone = false;
	filter_forget(m, server);
}

void
quorum_leave(
    struct monitor *m, uint8_t server, enum left why, uint64_t to, bool lone)
{
	struct standing *st = m->servers[server].standing;
	struct name list[MOVED_MAX];
	struct names names = {.list = list, .count = CROWD_NAMES};
	bool probes = !lone || why == LEFT_FILTERED;

	if (st->seat.why != LEFT_NOT)
		return;
	for (unsigned i = 0; i < MOVED_MAX; i++) {
		if (st->moved[i].to == to)
			list[names.n++] = st->moved[i].name;
	}
	if (st->n_filtered > names.count)
		names.count = st->n_filtered;
	st->to = to;
	st->lone = lone && why == LEFT_TOGETHER;
	seat_leave(&st->seat, why, probes, loop_wall(m->loop));
	leave(m, server, &names);
}

void
canary_reload(struct monitor *m)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		struct standing *st = m->servers[i].standing;
		enum left why = st->seat.why;
		mono_ns next =
		    loop_mono(m->loop) + MONO_S(m->config->canary_every_s);

		if (next < st->next)
			st->next = next;
		st->generation++;
		st->open = false;
		st->picked = false;
		st->tcp = false;
		st->seat.proven &= (UINT32_C(1) << N_CANARIES) - 1;
		if (st->seat.accuser >= N_CANARIES &&
		    st->seat.accuser != SEAT_PROBE) {
			st->seat.accuser = SEAT_NOBODY;
			st->seat.cleared = true;
		}
		if (m->config->canary_every_s != 0 || why == LEFT_NOT)
			continue;
		/* Without canaries it could never come back. */
		st->seat.why = LEFT_NOT;
		come_back(m, i, why);
	}
}

/* ---- asking ---- */

static void
name_random(struct name *out)
{
	out->size = LABEL_LETTERS + 2;
	out->wire[0] = LABEL_LETTERS;
	for (unsigned i = 1; i <= LABEL_LETTERS; i++)
		out->wire[i] = (uint8_t)('a' + rand_below(26));
	out->wire[LABEL_LETTERS + 1] = 0;
}

/* The next of the names that moved for which it left. */
static void
pick_probe(struct standing *st)
{
	for (unsigned i = 0; i < MOVED_MAX; i++) {
		st->probe = (uint8_t)((st->probe + 1) % MOVED_MAX);
		if (st->moved[st->probe].to == st->to)
			return;
	}
}

static void
pick(struct monitor *m, struct standing *st)
{
	if (!st->heard) {
		/* Does it offer recursion?  A watched name says so, too. */
		st->canary = SEAT_NOBODY;
		return;
	}
	st->canary = (uint8_t)seat_next(&st->seat, n_canaries(m));
	if (st->canary == SEAT_PROBE)
		pick_probe(st);
	else if (st->canary == CANARY_RANDOM)
		name_random(&st->label);
}

/* A question that is asked of this server anyway; QUESTION_NONE: look later. */
static uint32_t
watched_at(const struct monitor *m, uint8_t server)
{
	uint32_t n = table_count(m->table);

	for (uint32_t id = 0; id < n && id < LOOKED_AT; id++) {
		if ((table_question(m->table, id)->flags & Q_WATCHED) != 0 &&
		    is_of(poll_view_of(m, id), server))
			return id;
	}
	return QUESTION_NONE;
}

static const struct name *
question_of(const struct monitor *m, uint8_t server, uint16_t *type)
{
	struct standing *st = m->servers[server].standing;
	const struct config_canary *own;
	const uint8_t *wire;
	uint32_t id;

	switch (st->canary) {
	case CANARY_RANDOM:
		*type = TYPE_A;
		return &st->label;
	case CANARY_ROOT:
	case CANARY_TLD:
		*type = TYPE_SOA;
		return st->canary == CANARY_ROOT ? &root : &tld;
	case SEAT_PROBE:
		*type = st->moved[st->probe].type;
		return &st->moved[st->probe].name;
	case SEAT_NOBODY:
		id = watched_at(m, server);
		wire = table_name(m->table, id, &st->label.size);
		memcpy(st->label.wire, wire, st->label.size);
		*type = table_question(m->table, id)->type;
		return &st->label;
	default:
		own = &m->config->canaries[st->canary - N_CANARIES];
		*type = own->type;
		return &own->name;
	}
}

/* Is it asked canaries at all?  What was true once is asked for ever. */
static bool
is_asked(const struct monitor *m, uint8_t server)
{
	const struct standing *st = m->servers[server].standing;

	if (m->config->canary_every_s == 0 || m->setup.once || m->draining ||
	    !m->planned)
		return false;
	if (!st->heard)
		return watched_at(m, server) != QUESTION_NONE;
	return st->ra || st->seat.proven != 0;
}

static void
turn(struct monitor *m, uint8_t server)
{
	struct standing *st = m->servers[server].standing;
	const struct name *name;
	struct errand e = {.purpose = PURPOSE_CANARY,
	    .attempt = st->generation,
	    .server = server};
	struct ask ask = {.server = server, .flags = ASK_URGENT};

	if (st->open || loop_mono(m->loop) < st->next || !is_asked(m, server))
		return;
	/* Heard meanwhile: a watched name need not, and maybe cannot, be asked.
	 */
	if (!st->picked || (st->heard && st->canary == SEAT_NOBODY))
		pick(m, st);
	st->picked = true;
	if (st->tcp)
		ask.flags |= ASK_TCP;
	name = question_of(m, server, &ask.type);
	ask.name = name->wire;
	ask.name_size = name->size;
	ask.cookie = poll_cookie_of(&e);
	if (resolver_ask(m->resolver, &ask) != 0) {
		/* The same in a second, or when there is room. */
		m->servers[server].full = true;
		return;
	}
	st->open = true;
	st->picked = false;
	st->tcp = false;
	st->next = loop_mono(m->loop) + MONO_S(m->config->canary_every_s);
}

void
canary_hear(struct monitor *m, uint8_t server, const struct message *message)
{
	struct standing *st = m->servers[server].standing;

	st->heard = true;
	st->ra = message->ra;
}

void
canary_room(struct monitor *m, uint8_t server)
{
	turn(m, server);
}

void
canary_second(struct monitor *m)
{
	for (uint8_t i = 0; i < m->n_servers; i++)
		turn(m, i);
}

/* ---- answers ---- */

/* Does the name that moved still say what it moved to? */
static enum canary_word
read_probe(struct monitor *m, const struct standing *st, enum fail fail,
    const struct reply *r)
{
	if (fail == FAIL_FILTERED && st->to == FILTERED_TO)
		return CANARY_FALSE;
	if (fail != FAIL_NOT)
		return CANARY_SILENT;
	if (st->to == FILTERED_TO)
		return r->content.outcome == OUTCOME_NXDOMAIN && !r->has_soa
		           ? CANARY_FALSE
		           : CANARY_TRUE;
	return filter_to(m, &r->content) == st->to ? CANARY_FALSE : CANARY_TRUE;
}

static enum canary_word
read_canary(const struct monitor *m, const struct standing *st, enum fail fail,
    const struct content *said)
{
	struct canary_claim c = {.truth = CANARY_ABSENT};

	if (st->canary == CANARY_ROOT || st->canary == CANARY_TLD) {
		c.truth = CANARY_SOA;
	} else if (st->canary >= N_CANARIES) {
		const struct config_canary *own =
		    &m->config->canaries[st->canary - N_CANARIES];

		c.truth = own->n_addrs > 0 ? CANARY_INCLUDES : CANARY_ABSENT;
		c.addrs = own->addrs;
		c.n_addrs = own->n_addrs;
	}
	return canary_read(&c, fail, said);
}

static enum canary_word
read_answer(
    struct monitor *m, const struct standing *st, const struct answer *a)
{
	struct reply r = {0};
	enum fail fail = a->fail;

	arena_reset(&m->scratch);
	if (fail == FAIL_NOT &&
	    reply_read(a->wire, a->size, a->message, &m->scratch, &r) != 0)
		return CANARY_SILENT;
	if (fail == FAIL_NOT)
		fail = r.fail;
	if (st->canary == SEAT_PROBE)
		return read_probe(m, st, fail, &r);
	return read_canary(m, st, fail, &r.content);
}

void
canary_answer(struct monitor *m, const struct errand *e, const struct answer *a)
{
	struct standing *st = m->servers[e->server].standing;
	struct names names = {.n = 1, .count = 0};
	enum left why = st->seat.why;
	uint16_t type;

	if (!st->open || e->attempt != st->generation)
		return; /* of a configuration that is no more */
	st->open = false;
	if (a->message != NULL)
		canary_hear(m, e->server, a->message);
	if (st->canary == SEAT_NOBODY)
		return;
	switch (seat_hear(
	    &st->seat, st->canary, read_answer(m, st, a), loop_wall(m->loop))) {
	case SEAT_SAME:
		break;
	case SEAT_AGAIN:
		st->picked = true;
		st->tcp = true;
		st->next = loop_mono(m->loop);
		turn(m, e->server);
		break;
	case SEAT_LEAVES:
		names.list = question_of(m, e->server, &type);
		leave(m, e->server, &names);
		break;
	case SEAT_RETURNS:
		come_back(m, e->server, why);
		break;
	}
}

/* ---- status ---- */

void
quorum_status(const struct monitor *m, uint8_t server, struct emit *j)
{
	const struct standing *st = m->servers[server].standing;
	bool out = st->seat.why != LEFT_NOT;

	emit_text(j, "quorum", out ? "out" : "in");
	if (out) {
		emit_text(j, "left_reason", left_text(st->seat.why));
		emit_wall(j, "left_since", st->seat.since);
	}
	emit_object(j, "canaries");
	emit_int(j, "true", (int64_t)st->seat.n_true);
	emit_int(j, "false", (int64_t)st->seat.n_false);
	emit_int(j, "silent", (int64_t)st->seat.n_silent);
	emit_bool(j, "counts", st->seat.proven != 0);
	emit_object_end(j);
	emit_int(j, "filtered", filter_count(m, server));
}
