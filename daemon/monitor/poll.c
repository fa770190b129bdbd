/* SPDX-License-Identifier: ISC */

/*
 * The walk of one poll:
 *
 *   wheel --due--> waiting at its home server --room--> resolver_ask()
 *     ^                                                     |
 *     |            next server (fail-over) <--- FAIL -------+
 *     |                                                     |
 *     +-- poll_plan() <--- unchanged / inquiry / outage <---+
 *
 * A question keeps to one server.  A server that failed many times in a row
 * is passed over but for one poll a second, so that a dead resolver does not
 * delay what the others can answer.
 *
 * Names that fail do not delay the others either: second attempts, and polls
 * of what failed the last time, have at most a quarter of a server's window
 * and, while others wait, every fourth sending.
 */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "config/config.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "poll_priv.h"
#include "schedule/spread.h"

enum { DUE_RUN = 32 }; /* divides POLL_TURN_MAX */

uint8_t
poll_home(const struct monitor *m, uint32_t id)
{
	return (uint8_t)(table_spread(m->table, id) % m->n_servers);
}

bool
poll_is_alive(const struct monitor *m, uint8_t server)
{
	struct resolver_health h = resolver_health(m->resolver, server);

	return h.fails_running < DEAD_AFTER_FAILS;
}

/* ---- queues ---- */

void
poll_push(struct monitor *m, struct waiting *w, uint32_t id)
{
	table_question(m->table, id)->link = QUESTION_NONE;
	if (w->n == 0)
		w->first = id;
	else
		table_question(m->table, w->last)->link = id;
	w->last = id;
	w->n++;
}

/* As planned for then. */
static void
due_push(struct monitor *m, struct poll_server *s, uint32_t id, mono_ns due)
{
	poll_push(m, &s->due, id);
	due_marks_add(&s->marks, due);
}

uint32_t
poll_pop(struct monitor *m, struct waiting *w)
{
	uint32_t id = w->first;

	w->first = table_question(m->table, id)->link;
	w->n--;
	return id;
}

static bool
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

static void
errands_shift(struct errands *q)
{
	q->first = (q->first + 1) % q->room;
	q->n--;
}

uint64_t
poll_cookie_of(const struct errand *e)
{
	return (uint64_t)e->question | (uint64_t)e->purpose << 32 |
	       (uint64_t)e->attempt << 40 | (uint64_t)e->flags << 48;
}

struct errand
poll_errand_of(const struct answer *a)
{
	return (struct errand){
	    .question = (uint32_t)a->cookie,
	    .purpose = (uint8_t)(a->cookie >> 32),
	    .attempt = (uint8_t)(a->cookie >> 40),
	    .flags = (uint8_t)(a->cookie >> 48),
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
	err = resolver_ask(m->resolver, &ask);
	if (err == 0 && e->purpose == PURPOSE_CONFIRM)
		inquiry_asked(m, e->question, e->server);
	return err;
}

/* The first of the ring.  False: there is no room. */
static bool
pump_errand(struct monitor *m, struct poll_server *s, struct errands *q)
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
		lateness_add(&m->lateness,
		    loop_mono_exact(m->loop) - due_marks_take(&s->marks));
	poll_pop(m, w);
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
	if (others && s->since_failed + 1 < FAILED_SHARE)
		return false;
	share = resolver_health(m->resolver, server).window / FAILED_SHARE;
	return share == 0 ? s->failed_open == 0 && !others
	                  : s->failed_open < share;
}

static bool
pump_failed(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];
	bool sent = s->again.n > 0
	                ? pump_errand(m, s, &s->again)
	                : pump_waiting(m, server, &s->failed, ASK_FAILED);

	s->failed_open += sent;
	return sent;
}

/*
 * While planned polls wait, one in four is an errand: in a storm there are
 * always some, and where the rate is what is short neither may starve.
 */
static bool
is_errand_turn(const struct poll_server *s)
{
	return s->errands.n > 0 &&
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
	s->since_failed++;
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
		sent = pump_errand(m, s, &s->errands);
	} else if (is_failed_turn(m, server, s->due.n > 0 || fresh)) {
		whose = &s->since_failed;
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

/* As pump() does while anything is due, and no further. */
static void
pump_due(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];

	while (s->due.n > 0 && !s->full)
		(void)pump_one(m, server, false);
}

/* False: the turn's time is over; what is left is sent in the next one. */
static bool
pump(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];

	for (uint32_t n = 1; !s->full; n++) {
		if (n % TURN_LOOK == 0 && !monitor_has_time(m)) {
			loop_timer_in(m->tick, 0);
			return false;
		}
		if (!pump_one(m, server, s->fresh.n > 0 && !m->slow))
			break;
	}
	return true;
}

void
poll_on_room(void *ctx, uint8_t server)
{
	struct monitor *m = ctx;

	m->servers[server].full = false;
	(void)pump(m, server);
}

bool
poll_errand(struct monitor *m, const struct errand *e)
{
	struct poll_server *s = &m->servers[e->server];
	bool again = (e->flags & ASK_FAILED) != 0;

	if (!errands_push(again ? &s->again : &s->errands, e))
		return false;
	(void)pump(m, e->server);
	return true;
}

/* ---- planning ---- */

/* What is planned as `due` and sent with jitter. */
static void
wheel_put(struct monitor *m, uint32_t id, uint32_t due)
{
	struct question *q = table_question(m->table, id);
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;
	uint32_t jitter = spread_jitter_ms(every_s, rand_u32());

	q->due = due;
	wheel_add(m->wheel, id, monitor_mono_of(m, due + jitter / TICK_MS));
}

void
poll_plan(struct monitor *m, uint32_t id)
{
	struct store_key key = table_key(m->table, id);

	poll_plan_key(m, id, &key.question);
}

void
poll_plan_key(struct monitor *m, uint32_t id, const struct uuid *key)
{
	struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);
	uint32_t phase = spread_phase_ms(key, p->every_s);
	uint32_t now = monitor_tick_now(m);
	int64_t now_ms = (monitor_wall_of(m, now) - PLAN_ANCHOR) / 1000;
	int64_t next = spread_next_ms(phase, p->every_s, now_ms);

	wheel_put(m, id, now + (uint32_t)((next - now_ms) / TICK_MS));
}

/* The next planned time after the one that just ended; skips missed ones. */
static void
plan_next(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	uint32_t step =
	    policy_get(m->table, q->policy)->every_s * (1000 / TICK_MS);
	uint32_t now = monitor_tick_now(m);
	uint32_t due = q->due + step;

	if (due <= now)
		due += ((now - due) / step + 1) * step;
	wheel_put(m, id, due);
}

void
poll_fresh(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	uint8_t server;

	q->flags |= Q_BUSY;
	q->flags &= (uint8_t)~Q_PLANNED;
	m->busy++;
	server = poll_pick_server(m, id, 0);
	poll_push(m, &m->servers[server].fresh, id);
	(void)pump(m, server);
}

/* A question leaves the wheel. */
static void
take_due(struct monitor *m, uint32_t id, mono_ns due)
{
	struct question *q = table_question(m->table, id);
	mono_ns lag = loop_mono(m->loop) - due;
	struct poll_server *s;
	uint32_t fails;
	bool failed;

	if (q->stray) {
		poll_stray(m, id);
		return;
	}
	if ((q->flags & Q_WATCHED) == 0 || m->draining)
		return;
	if (lag > m->lag_max)
		m->lag_max = lag;
	q->flags |= Q_BUSY | Q_PLANNED;
	m->busy++;
	/* One path a poll, in turn, of what is known to fail over all. */
	failed = outage_is_open(m, id, &fails);
	if (failed)
		outage_let_go(m, id);
	else
		ledger_begin(&m->ledger,
		    policy_get(m->table, q->policy)->class_, q->due);
	s = &m->servers[poll_pick_server(
	    m, id, (uint8_t)(fails % m->n_servers))];
	if (failed)
		poll_push(m, &s->failed, id);
	else
		due_push(m, s, id, due);
}

/* All that was due has begun.  After a gap the ledger begins a new span. */
static void
note_drained(struct monitor *m)
{
	uint32_t now = monitor_tick_now(m);

	if (now - m->drained > GAP_TICKS)
		ledger_restart(&m->ledger, now);
	m->drained = now;
}

/*
 * Some of what is due, and then on its way, while it is in the cache: entries
 * and names are met in no order, and are fetched for all of them at once.
 * Returns how many; fewer than DUE_RUN: there are no more.
 */
static uint32_t
take_run(struct monitor *m, mono_ns now)
{
	uint32_t ids[DUE_RUN];
	mono_ns due[DUE_RUN];
	uint32_t n;

	for (n = 0; n < DUE_RUN; n++) {
		ids[n] = wheel_take(m->wheel, now);
		if (ids[n] == WHEEL_NONE)
			break;
		due[n] = wheel_taken(m->wheel);
		table_warm(m->table, ids[n]);
	}
	for (uint32_t i = 0; i < n; i++)
		table_warm_name(m->table, ids[i]);
	for (uint32_t i = 0; i < n; i++)
		take_due(m, ids[i], due[i]);
	for (uint8_t i = 0; i < m->n_servers; i++)
		pump_due(m, i);
	return n;
}

/* Takes what is due.  False: there is more, but the turn is long enough. */
static bool
take_some(struct monitor *m, mono_ns now)
{
	for (int n = 0; n < POLL_TURN_MAX; n += DUE_RUN) {
		if (take_run(m, now) < DUE_RUN) {
			note_drained(m);
			return true;
		}
		if (!monitor_has_time(m))
			return false;
	}
	return false;
}

/* ---- plans that are no more ---- */

void
poll_stray(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	q->stray = 0;
	if ((q->flags & Q_WATCHED) == 0 || m->draining)
		return;
	poll_plan(m, id);
}

static bool
is_stray(void *ctx, uint32_t id)
{
	struct monitor *m = ctx;

	if (!table_question(m->table, id)->stray)
		return false;
	poll_push(m, &m->strays, id);
	return true;
}

bool
poll_sift(struct monitor *m, uint32_t *at)
{
	bool more = wheel_sift(m->wheel, at, is_stray, m);

	while (m->strays.n > 0)
		poll_stray(m, poll_pop(m, &m->strays));
	return more;
}

/* What waits at a dead server is asked elsewhere. */
static void
desert(struct monitor *m, uint8_t dead, struct waiting *from, size_t queue)
{
	struct poll_server *old = &m->servers[dead];
	bool planned = from == &old->due;

	for (uint32_t n = from->n; n > 0; n--) {
		mono_ns due = 0;
		struct poll_server *s;
		uint32_t id;

		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			return;
		if (planned)
			due = due_marks_take(&old->marks);
		id = poll_pop(m, from);
		s = &m->servers[poll_pick_server(m, id, 0)];
		if (planned)
			due_push(m, s, id, due);
		else
			poll_push(m, (struct waiting *)((char *)s + queue), id);
		if (s == old)
			return;
		(void)pump(m, (uint8_t)(s - m->servers));
	}
}

static void
desert_dead(struct monitor *m)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		struct poll_server *s = &m->servers[i];

		if (s->due.n + s->fresh.n + s->failed.n == 0 ||
		    poll_is_alive(m, i))
			continue;
		desert(m, i, &s->due, offsetof(struct poll_server, due));
		desert(m, i, &s->fresh, offsetof(struct poll_server, fresh));
		desert(m, i, &s->failed, offsetof(struct poll_server, failed));
	}
}

/* What waited at servers that are no more goes to those that are. */
static void
adopt(struct monitor *m)
{
	for (uint32_t n = 1; m->orphans.n > 0 && n <= POLL_TURN_MAX; n++) {
		uint32_t id = poll_pop(m, &m->orphans);
		struct poll_server *s = &m->servers[poll_pick_server(m, id, 0)];
		bool planned =
		    (table_question(m->table, id)->flags & Q_PLANNED) != 0;

		if (planned)
			due_push(m, s, id, loop_mono(m->loop));
		else
			poll_push(m, &s->fresh, id);
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			return;
	}
}

void
poll_turn(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	mono_ns next;
	bool all = true;

	if (!m->slow)
		all = take_some(m, now);
	adopt(m);
	for (uint8_t i = 0; i < m->n_servers; i++)
		all = pump(m, i) && all;
	desert_dead(m);
	if (!all || m->orphans.n > 0) {
		loop_timer_in(m->tick, 0);
		return;
	}
	next = wheel_next(m->wheel, now);
	if (next > now + MONO_MS(TICK_PERIOD_MS))
		next = now + MONO_MS(TICK_PERIOD_MS);
	if (next < now + MONO_MS(1))
		next = now + MONO_MS(1);
	if (m->slow)
		next = now + MONO_MS(TICK_PERIOD_MS);
	loop_timer_at(m->tick, next);
}

/* ---- answers ---- */

/* A poll ended, whatever came of it. */
static void
finish(struct monitor *m, uint32_t id, bool good, uint32_t stands_for_s)
{
	struct question *q = table_question(m->table, id);

	if ((q->flags & Q_BUSY) == 0)
		return;
	m->busy--;
	m->finished++;
	if (good)
		m->answered++;
	/* Its first poll brought nothing to believe. */
	if ((q->flags & (Q_STORED | Q_WATCHED)) == Q_WATCHED)
		fresh_put(m, id, NULL, 0, 0);
	sight_note(&m->sight, loop_mono(m->loop), !good,
	    stands_for_s < SIGHT_QUESTION ? stands_for_s : SIGHT_QUESTION);
	if ((q->flags & Q_PLANNED) != 0) {
		outage_ledger_end(m, id);
		q->flags &= (uint8_t) ~(Q_BUSY | Q_PLANNED);
		if ((q->flags & Q_WATCHED) != 0 && !m->setup.once)
			plan_next(m, id);
	} else {
		q->flags &= (uint8_t)~Q_BUSY;
		fresh_asked(m);
		if ((q->flags & Q_WATCHED) != 0 && !m->setup.once)
			poll_plan(m, id);
	}
	if ((q->flags & Q_DOUBTED) != 0 && good)
		inquiry_doubt_ask(m, id);
}

/*
 * Tries the next server, or where there is none, the same one by TCP:
 * `failing` needs two paths (R3).
 */
static bool
fail_over(struct monitor *m, const struct errand *e)
{
	struct errand next = *e;
	uint32_t fails;

	next.attempt++;
	next.flags |= ASK_FAILED;
	if (next.attempt >= POLL_ATTEMPTS_MAX ||
	    (outage_is_open(m, e->question, &fails) && fails > 0))
		return false;
	next.server = poll_pick_server(m, e->question, next.attempt);
	if (next.attempt >= m->n_servers || next.server == e->server) {
		if ((e->flags & ASK_TCP) != 0)
			return false;
		next.server = e->server;
		next.flags |= ASK_TCP;
	}
	return poll_errand(m, &next); /* no memory: the poll ends here */
}

static uint8_t
paths_of(const struct errand *e)
{
	uint8_t paths = REACH_HOME_UDP;

	if ((e->flags & ASK_TCP) != 0)
		paths |= REACH_TCP;
	if (e->attempt > 1 || (e->attempt == 1 && (e->flags & ASK_TCP) == 0))
		paths |= REACH_OTHER;
	return paths;
}

static void
poll_failed(struct monitor *m, const struct errand *e, const struct answer *a,
    enum fail fail)
{
	uint32_t id = e->question;
	struct question *q = table_question(m->table, id);
	uint32_t stands_for_s = 0;

	if ((q->flags & Q_INQUIRY) != 0)
		inquiry_fail(m, id, a, fail);
	if (fail_over(m, e))
		return;
	if (m->households.live > 0)
		household_fail(m, id);
	if (e->purpose != PURPOSE_POLL)
		return;
	if ((q->flags & (Q_STORED | Q_WATCHED)) == Q_WATCHED)
		fresh_put(m, id, NULL, 0, 0); /* before its outage */
	if ((q->flags & Q_WATCHED) != 0)
		stands_for_s = outage_fail(m, id, fail, paths_of(e));
	finish(m, id, false, stands_for_s);
}

/* RFC 8914: Stale Answer, Stale NXDOMAIN Answer (R13). */
static bool
is_stale(const struct answer *a)
{
	return a->message->ede == 3 || a->message->ede == 19;
}

static wall_us
fetched_after(const struct monitor *m, const struct question *q,
    const struct reply_sum *sum)
{
	return candidate_fetched_after(
	    monitor_steady(m), sum->aa, question_ttl(q), sum->ttl);
}

static void
poll_good(struct monitor *m, const struct errand *e, const struct answer *a,
    const struct reply_sum *sum)
{
	uint32_t id = e->question;
	struct question *q = table_question(m->table, id);
	bool stale = is_stale(a);
	bool believed =
	    q->fingerprint == sum->fingerprint && (q->flags & Q_INQUIRY) == 0;

	if (stale)
		m->n_stale++;
	if ((q->flags & Q_FAILS) != 0 && !stale)
		outage_good(m, id, believed);
	if (believed) {
		if (!stale)
			q->seen = (uint32_t)(loop_wall(m->loop) / WALL_S(1));
		if (!stale && m->setup.once)
			monitor_seen(m, id);
		if (sum->ttl > question_ttl(q))
			question_set_ttl(q, sum->ttl);
	} else if (!stale || (q->flags & Q_INQUIRY) != 0) {
		inquiry_reply(m, id, a, sum);
	}
	if (m->attributes_asked && !stale)
		attribute_look(m, id, a, sum);
	if (m->households.live > 0)
		household_hear(m, id, sum, fetched_after(m, q, sum));
	if (e->purpose == PURPOSE_POLL)
		finish(m, id, true, policy_get(m->table, q->policy)->every_s);
}

/* Watched by a reload, and asked for the first time. */
static void
note_asked(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	if ((q->flags & (Q_WATCHED | Q_STORED | Q_KNOWN)) ==
	    (Q_WATCHED | Q_KNOWN))
		restore_put_question(m, id, true);
}

void
poll_on_soon(void *ctx, const uint64_t *cookies, unsigned n)
{
	struct monitor *m = ctx;

	for (unsigned i = 0; i < n; i++)
		table_warm(m->table, (uint32_t)cookies[i]);
}

void
poll_on_answer(void *ctx, const struct answer *a)
{
	struct monitor *m = ctx;
	struct errand e = poll_errand_of(a);
	struct reply_sum sum;
	enum fail fail = a->fail;

	note_asked(m, e.question);
	if ((e.flags & ASK_FAILED) != 0 && m->servers[e.server].failed_open > 0)
		m->servers[e.server].failed_open--;

	if (fail == FAIL_NOT) {
		reply_sum(a->wire, a->size, a->message, &m->key, &sum);
		fail = sum.fail;
	}
	if (e.purpose == PURPOSE_CONFIRM) {
		if (fail != FAIL_NOT)
			inquiry_fail(m, e.question, a, fail);
		else
			inquiry_reply(m, e.question, a, &sum);
	} else if (fail != FAIL_NOT) {
		poll_failed(m, &e, a, fail);
	} else {
		poll_good(m, &e, a, &sum);
	}
	/* No room was missing at the server, only in the share. */
	if ((e.flags & ASK_FAILED) != 0)
		pump(m, e.server);
}
