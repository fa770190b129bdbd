/* SPDX-License-Identifier: ISC */

/*
 * What waits for a server, and who is next when it has room.
 *
 * Planned polls go first.  While they wait, every fourth sending is an errand
 * (a confirming question, say), those of owned names before others, and what is
 * high or critical before what is less so, and every
 * sixteenth a new question.  Names that
 * fail delay nobody: second attempts, and polls of what failed the last time,
 * have at most a quarter of a server's window and, while others wait, of the
 * datagrams to it.
 */

#include <stdlib.h>

#include "base/err.h"
#include "dangling.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "source.h"
#include "wildcard.h"

enum { FAILED_DEBT_MAX = 256 };

/* ---- queues ---- */

void
pump_push(struct monitor *m, struct waiting *w, uint32_t id)
{
	table_question(m->table, id)->link = QUESTION_NONE;
	if (w->n == 0)
		w->first = id;
	else
		table_question(m->table, w->last)->link = id;
	w->last = id;
	w->n++;
}

void
pump_add_due(struct monitor *m, struct poll_server *s, uint32_t id, mono_ns due)
{
	pump_push(m, &s->due, id);
	due_marks_add(&s->marks, due);
}

uint32_t
pump_pop(struct monitor *m, struct waiting *w)
{
	uint32_t id = w->first;

	w->first = table_question(m->table, id)->link;
	w->n--;
	return id;
}

bool
errands_push(struct errands *q, const struct errand *e)
{
	if (q->n == q->room) {
		uint32_t room = q->room == 0 ? 64 : q->room * 2;
		struct errand *ring = malloc(room * sizeof(*ring));

		if (ring == NULL)
			return false;
		for (uint32_t i = 0; i < q->n; i++)
			ring[i] = q->ring[(q->first + i) % q->room];
		free(q->ring);
		*q = (struct errands){.ring = ring, .n = q->n, .room = room};
	}
	q->ring[(q->first + q->n) % q->room] = *e;
	q->n++;
	return true;
}

void
errands_shift(struct errands *q)
{
	q->first = (q->first + 1) % q->room;
	q->n--;
}

uint64_t
poll_cookie_of(const struct errand *e)
{
	return (uint64_t)e->question | (uint64_t)e->purpose << 32 |
	       (uint64_t)e->attempt << 40 | (uint64_t)e->flags << 48 |
	       (uint64_t)e->accused << 56;
}

struct errand
poll_errand_of(const struct answer *a)
{
	return (struct errand){
	    .question = (uint32_t)a->cookie,
	    .purpose = (uint8_t)(a->cookie >> 32),
	    .attempt = (uint8_t)(a->cookie >> 40),
	    .flags = (uint8_t)(a->cookie >> 48),
	    .accused = (uint8_t)(a->cookie >> 56),
	    .server = a->server,
	};
}

/* ---- sending ---- */

static int
send_errand(struct monitor *m, const struct errand *e)
{
	struct ask ask = {
	    .cookie = poll_cookie_of(e),
	    .server = e->server,
	    .flags = e->flags,
	    .type = table_question(m->table, e->question)->type,
	};
	int err;

	ask.name = table_name(m->table, e->question, &ask.name_size);
	if (e->purpose == PURPOSE_DANGLING)
		dangling_question(m, e, &ask);
	else if (e->purpose == PURPOSE_WILDCARD)
		wildcard_question(m, e, &ask);
	else if (e->purpose == PURPOSE_UNLISTED)
		unlisted_question(m, e, &ask);
	err = resolver_ask(m->resolver, &ask);
	if (err == 0 && e->purpose == PURPOSE_CONFIRM)
		inquiry_asked(m, e->question, e->server);
	return err;
}

/* The first of the ring.  False: there is no room. */
static bool
send_first_errand(struct monitor *m, struct poll_server *s, struct errands *q)
{
	struct errand e = q->ring[q->first];

	if (send_errand(m, &e) != 0) {
		s->full = true;
		return false;
	}
	errands_shift(q);
	return true;
}

/* The entry of the second next, and the name of the next, whose entry is. */
static void
warm_next(struct monitor *m, const struct waiting *w)
{
	uint32_t next;

	if (w->n < 3)
		return;
	next = table_question(m->table, w->first)->link;
	table_warm_name(m->table, next);
	table_warm(m->table, table_question(m->table, next)->link);
}

static bool
pump_waiting(
    struct monitor *m, uint8_t server, struct waiting *w, uint8_t flags)
{
	struct poll_server *s = &m->servers[server];
	struct errand e = {
	    .question = w->first, .server = server, .flags = flags};

	warm_next(m, w);
	if (send_errand(m, &e) != 0) {
		s->full = true;
		return false;
	}
	if (w == &s->due)
		lateness_add(
		    &m->lateness, m->clock - due_marks_take(&s->marks));
	pump_pop(m, w);
	return true;
}

/* Something that failed before, if that is due and its share is not used. */
static bool
is_failed_turn(struct monitor *m, uint8_t server, bool others)
{
	struct poll_server *s = &m->servers[server];
	uint32_t share;

	if (s->again.n + s->failed.n == 0)
		return false;
	if (others && s->failed_credit < FAILED_SHARE - 1)
		return false;
	share = resolver_health(m->resolver, server).window / FAILED_SHARE;
	return share == 0 ? s->failed_open == 0 && !others
	                  : s->failed_open < share;
}

/* What was sent while nobody else waited is not held against it for long. */
static void
charge_failed(struct poll_server *s, int32_t turns)
{
	s->failed_credit -= turns;
	if (s->failed_credit < -FAILED_DEBT_MAX)
		s->failed_credit = -FAILED_DEBT_MAX;
}

static bool
pump_failed(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];
	bool sent = s->again.n > 0
	                ? send_first_errand(m, s, &s->again)
	                : pump_waiting(m, server, &s->failed, ASK_FAILED);

	s->failed_open += sent;
	if (sent)
		charge_failed(s, FAILED_SHARE); /* itself, and three others */
	return sent;
}

/*
 * While planned polls wait, one in four is an errand: in a storm there are
 * always some, and where the rate is what is short neither may starve.
 */
static bool
is_errand_turn(const struct poll_server *s)
{
	return s->owned.n + s->severe.n + s->errands.n > 0 &&
	       (s->due.n == 0 || s->since_errand + 1 >= PUMP_TURNS);
}

/* New questions come after planned polls, but come. */
static bool
is_fresh_turn(const struct poll_server *s)
{
	return s->due.n == 0 || s->since_fresh + 1 >= FRESH_TURNS;
}

/*
 * One was sent.  Turns are counted in what was sent and not in what was tried:
 * where room comes for a few at a time, the try that finds none would fall to
 * the same of them again and again.
 */
static void
count_turn(struct poll_server *s, uint32_t *whose)
{
	s->since_errand++;
	if (s->failed_credit < FAILED_SHARE - 1)
		s->failed_credit++;
	s->since_fresh++;
	if (whose != NULL)
		*whose = 0;
}

/* Sends the next for this server.  False: nothing waits. */
static bool
pump_one(struct monitor *m, uint8_t server, bool fresh)
{
	struct poll_server *s = &m->servers[server];
	uint32_t *whose = NULL;
	bool sent;

	if (is_errand_turn(s)) {
		whose = &s->since_errand;
		sent = send_first_errand(m, s,
		    s->owned.n > 0    ? &s->owned
		    : s->severe.n > 0 ? &s->severe
				      : &s->errands);
	} else if (is_failed_turn(m, server, s->due.n > 0 || fresh)) {
		sent = pump_failed(m, server);
	} else if (fresh && is_fresh_turn(s)) {
		whose = &s->since_fresh;
		sent = pump_waiting(m, server, &s->fresh, 0);
	} else if (s->due.n > 0) {
		sent = pump_waiting(m, server, &s->due, 0);
	} else {
		return false;
	}
	if (sent)
		count_turn(s, whose);
	return true;
}

/* Before the n-th sending: exact enough for lateness, and cheap. */
static void
read_clock(struct monitor *m, uint32_t n)
{
	if (n % TURN_LOOK == 0)
		m->clock = loop_mono_exact(m->loop);
}

void
pump_due(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];

	for (uint32_t n = 0; s->due.n > 0 && !s->full; n++) {
		read_clock(m, n);
		(void)pump_one(m, server, false);
	}
}

bool
pump_all(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];

	for (uint32_t n = 0; !s->full; n++) {
		if (n > 0 && n % TURN_LOOK == 0 && !monitor_has_time(m)) {
			loop_timer_in(m->tick, 0);
			return false;
		}
		read_clock(m, n);
		if (!pump_one(m, server, s->fresh.n > 0 && !m->slow))
			break;
	}
	return true;
}

void
poll_on_room(void *ctx, uint16_t index)
{
	struct monitor *m = ctx;
	uint8_t server = (uint8_t)index; /* RESOLVER_SERVERS_MAX at most */

	m->servers[server].full = false;
	canary_room(m, server);
	(void)pump_all(m, server);
}

bool
pump_errand(struct monitor *m, const struct errand *e)
{
	struct poll_server *s;
	struct errands *q;

	/* Nothing but its planned polls: who watches is not to be seen. */
	if (e->purpose != PURPOSE_POLL && e->purpose != PURPOSE_CANARY &&
	    inquiry_is_quiet(m, e->question))
		return false;
	if (e->server >= m->n_servers) {
		if (e->purpose == PURPOSE_EARLY)
			source_early(m, e->question);
		return false;
	}
	s = &m->servers[e->server];
	q = &s->errands;
	if ((e->flags & ASK_FAILED) != 0)
		q = &s->again;
	else if (monitor_is_owned(m, e->question))
		q = &s->owned;
	else if (e->severe)
		q = &s->severe;
	if (!errands_push(q, e))
		return false;
	(void)pump_all(m, e->server);
	return true;
}

/*
 * What nobody answered was sent more than once: the rate was used for it, and
 * others have three turns for each time.
 */
void
pump_failed_ended(struct monitor *m, const struct answer *a)
{
	struct poll_server *s = &m->servers[a->server];

	if (s->failed_open > 0)
		s->failed_open--;
	if (a->tries > 1)
		charge_failed(s, (a->tries - 1) * (FAILED_SHARE - 1));
}
