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
 */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "bogus.h"
#include "config/config.h"
#include "dangling.h"
#include "dns/type.h"
#include "entry.h"
#include "idle.h"
#include "judge/stale.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "poll_priv.h"
#include "pools.h"
#include "provider.h"
#include "quorum_priv.h"
#include "schedule/chase.h"
#include "schedule/spread.h"
#include "source.h"
#include "stale.h"
#include "stretch.h"
#include "wildcard.h"

enum {
	DUE_RUN = 32,         /* divides POLL_TURN_MAX */
	CHASE_WAITING = 2000, /* with more for the database none is moved */
	TICKS_A_SECOND = 1000 / TICK_MS,
	MAKE_UP_SHARE = 8,                  /* see make_up_at() */
	MAKE_UP_TICKS = 10 * TICKS_A_SECOND /* for a poll, before the next */
};

bool
poll_is_alive(const struct monitor *m, uint8_t server)
{
	struct resolver_health h = resolver_health(m->resolver, server);

	return h.fails_running < DEAD_AFTER_FAILS && !h.unreachable &&
	       !quorum_is_out(m, server);
}

/* ---- planning ---- */

static void
wheel_put(struct monitor *m, uint32_t id, uint32_t due, uint32_t jitter_ms)
{
	table_question(m->table, id)->due = due;
	wheel_add(m->wheel, id, monitor_mono_of(m, due + jitter_ms / TICK_MS));
}

/* At a planned time, sent with jitter. */
static void
wheel_put_planned(struct monitor *m, uint32_t id, uint32_t due)
{
	struct question *q = table_question(m->table, id);
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;

	q->mark = CHASE_NOT;
	wheel_put(m, id, due, spread_jitter_ms(every_s, rand_u32()));
}

/* The first plan `least_ms` after a tick or later, in ticks, rounded down. */
static uint32_t
plan_from(const struct monitor *m, const struct uuid *key, uint32_t every_s,
    uint32_t tick, uint32_t least_ms)
{
	uint32_t phase = spread_phase_ms(key, every_s);
	int64_t tick_ms = (monitor_wall_of(m, tick) - PLAN_ANCHOR) / 1000;
	int64_t next = spread_next_ms(phase, every_s, tick_ms + least_ms - 1);

	return tick + (uint32_t)((next - tick_ms) / TICK_MS);
}

void
poll_plan(struct monitor *m, uint32_t id)
{
	struct store_key key = table_key(m->table, id);
	uint32_t every_s =
	    policy_get(m->table, table_question(m->table, id)->policy)->every_s;
	uint32_t now = monitor_tick_now(m);

	/* Not at once again what was asked at its plan. */
	wheel_put_planned(m, id, plan_from(m, &key.question, every_s, now, 1));
}

void
poll_later(struct monitor *m, uint32_t id, uint64_t after_ms)
{
	table_question(m->table, id)->mark = CHASE_NOT;
	wheel_put(
	    m, id, monitor_tick_now(m) + (uint32_t)(after_ms / TICK_MS), 0);
}

/*
 * Nobody asked while the daemon was down.  What was planned then and is not
 * due again soon is asked in between, what was missed last first: so many
 * times later as it was missed before the start, so that the load grows by an
 * eighth.  0: it was seen at its last plan, or is due soon enough.
 */
static uint32_t
make_up_at(
    const struct monitor *m, uint32_t every_s, uint32_t due, wall_us seen)
{
	uint64_t every = (uint64_t)every_s * TICKS_A_SECOND;
	wall_us missed = monitor_wall_of(m, due) - WALL_S((wall_us)every_s);
	uint64_t ago = every - (due - m->load_from);

	if (seen == 0 || seen > missed - WALL_MS(TICK_MS) ||
	    (MAKE_UP_SHARE + 1) * ago + MAKE_UP_TICKS > every)
		return 0;
	return m->load_from + (uint32_t)(MAKE_UP_SHARE * ago);
}

void
poll_plan_known(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct question *q = table_question(m->table, id);
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;
	uint32_t now = monitor_tick_now(m);
	/* With a plan where the ledger's first span begins. */
	uint32_t due =
	    plan_from(m, &row->key.question, every_s, m->load_from, 0);
	uint32_t made_up = 0;

	if (q->wait == 0 && !row->failing)
		made_up = make_up_at(m, every_s, due, row->last_seen);
	if (made_up != 0) {
		wheel_put(m, id, made_up, 0);
		q->mark = CHASE_ASIDE;
		return;
	}
	/* The last that was missed. */
	if (due <= now)
		due += (now - due) / (every_s * TICKS_A_SECOND) *
		       (every_s * TICKS_A_SECOND);
	wheel_put_planned(m, id, due);
}

/*
 * The database is to know how long a question may wait before it does, and
 * that it was seen now: what the ledger says by the old plan ends here.  False:
 * not now.
 */
static bool
tell_wait(struct monitor *m, uint32_t id, uint8_t steps)
{
	struct question *q = table_question(m->table, id);
	struct store_key key;
	wall_us now = loop_wall(m->loop);
	size_t items;
	size_t bytes;

	if (q->wait >= steps)
		return true;
	commit_waiting(m->store, &items, &bytes);
	if ((q->flags & Q_STORED) == 0 || items > CHASE_WAITING)
		return false;
	q->wait = steps & 7;
	key = table_key(m->table, id);
	restore_put_question(m, id, true);
	commit_seen(m->store, &key, &now, 1, NULL, NULL);
	return true;
}

/*
 * The next poll after a planned one that ended: an interval later, or when the
 * cache's entry that answered has run out.  `ttl_left` as chase.h has it.
 */
static void
plan_next(struct monitor *m, uint32_t id, uint32_t ttl_left)
{
	struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);
	struct chase_poll poll = {
	    .due_ms = (int64_t)q->due * TICK_MS,
	    .now_ms = (int64_t)monitor_tick_now(m) * TICK_MS,
	    .every_s = p->every_s,
	    .ttl_left_s = ttl_left,
	    .ttl_s = question_ttl(q),
	    .longer = p->chase,
	    .mark = (enum chase_mark)q->mark,
	    .random = rand_u32(),
	};
	struct chase_plan plan = chase_next(&poll);

	if (plan.moved &&
	    !tell_wait(m, id, chase_steps(p->chase, question_ttl(q)))) {
		poll.ttl_left_s = CHASE_NO_TTL;
		plan = chase_next(&poll);
	}
	if (plan.mark == CHASE_AT_END)
		m->n_chased++;
	q->mark = plan.mark & 3;
	wheel_put(m, id, (uint32_t)(plan.due_ms / TICK_MS), plan.jitter_ms);
}

void
poll_fresh(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	uint8_t server;

	q->flags |= Q_BUSY;
	q->flags &= (uint8_t)~Q_PLANNED;
	m->busy++;
	if (source_asks(m, id)) {
		source_poll(m, id);
		return;
	}
	server = poll_pick_server(m, id, 0);
	if (server == SERVER_NONE) {
		pump_push(m, &m->orphans, id);
		return;
	}
	pump_push(m, &m->servers[server].fresh, id);
	(void)pump_all(m, server);
}

/* A question leaves the wheel. */
static void
take_due(struct monitor *m, uint32_t id, mono_ns due)
{
	struct question *q = table_question(m->table, id);
	mono_ns lag = loop_mono(m->loop) - due;
	struct poll_server *s;
	uint32_t fails;
	uint8_t server;
	bool failed;

	if (q->stray) {
		poll_stray(m, id);
		return;
	}
	if ((q->flags & Q_WATCHED) == 0 || m->draining)
		return;
	if ((q->flags & Q_STORED) == 0) {
		m->n_later--; /* `first_poll` of its list */
		fresh_begin(m, id);
		return;
	}
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
	if (source_asks(m, id)) {
		source_poll(m, id);
		return;
	}
	server =
	    poll_pick_server(m, id, (uint8_t)(fails % RESOLVER_SERVERS_MAX));
	s = &m->servers[server];
	if (server == SERVER_NONE)
		pump_push(m, &m->orphans, id);
	else if (failed)
		pump_push(m, &s->failed, id);
	else
		pump_add_due(m, s, id, due);
}

/*
 * All that was due has begun: the first time that this is so of all that is
 * known, the ledger begins.  After a gap it begins a new span.
 */
static void
note_drained(struct monitor *m)
{
	uint32_t now = monitor_tick_now(m);

	if (m->loaded && !m->ledger_open) {
		m->ledger_open = true;
		if (m->load_stepped)
			ledger_restart(&m->ledger, now);
		else
			ledger_start(&m->ledger, m->load_from, m->load_to);
	} else if (now - m->drained > GAP_TICKS) {
		ledger_restart(&m->ledger, now);
	}
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
	pump_push(m, &m->strays, id);
	return true;
}

bool
poll_sift(struct monitor *m, uint32_t *at)
{
	bool more = wheel_sift(m->wheel, at, is_stray, m);

	while (m->strays.n > 0)
		poll_stray(m, pump_pop(m, &m->strays));
	return more;
}

/* What waits at a dead server is asked elsewhere. */
static void
desert(struct monitor *m, uint8_t dead, struct waiting *from, size_t queue)
{
	struct poll_server *old = &m->servers[dead];
	bool planned = from == &old->due;
	unsigned stay = 0;

	/* Views have different servers: that some stay says not that all do. */
	for (uint32_t n = from->n; n > 0 && stay < TURN_LOOK; n--) {
		mono_ns due = 0;
		struct poll_server *s;
		uint32_t id;

		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			return;
		if (planned)
			due = due_marks_take(&old->marks);
		id = pump_pop(m, from);
		s = &m->servers[poll_pick_server(m, id, 0)];
		if (planned)
			pump_add_due(m, s, id, due);
		else
			pump_push(m, (struct waiting *)((char *)s + queue), id);
		if (s == old)
			stay++;
		else
			(void)pump_all(m, (uint8_t)(s - m->servers));
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

/*
 * What waited at servers that are no more goes to those that are.  What is of
 * a view that a reload is about to bring, or to take away, waits on.
 */
static void
adopt(struct monitor *m)
{
	uint32_t left = m->orphans.n;

	for (uint32_t n = 1; n <= left && n <= POLL_TURN_MAX; n++) {
		uint32_t id = pump_pop(m, &m->orphans);
		uint8_t server = poll_pick_server(m, id, 0);

		if (source_asks(m, id)) {
			source_poll(m, id);
			continue;
		}
		bool planned =
		    (table_question(m->table, id)->flags & Q_PLANNED) != 0;

		if (server == SERVER_NONE)
			pump_push(m, &m->orphans, id);
		else if (planned)
			pump_add_due(
			    m, &m->servers[server], id, loop_mono(m->loop));
		else
			pump_push(m, &m->servers[server].fresh, id);
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
		all = pump_all(m, i) && all;
	desert_dead(m);
	sources_turn(m);
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

/* Of a name that is idle from now on, by its other interval; and of what was
 * asked between two plans, at the second. */
static void
plan_after_poll(struct monitor *m, uint32_t id, bool good, uint32_t ttl_left)
{
	const struct question *q = table_question(m->table, id);

	bool idle = good &&
	            policy_get(m->table, q->policy)->idle_after_s != 0 &&
	            idle_polled(m, id);

	if (idle || q->mark == CHASE_ASIDE)
		poll_plan(m, id);
	else
		plan_next(m, id, ttl_left);
}

/* A poll ended, whatever came of it; `ttl_left` as plan_next() has it. */
static void
finish(struct monitor *m, uint32_t id, bool good, uint32_t stands_for_s,
    uint32_t ttl_left)
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
	sight_note(&outage_sight(m, id)->sight, loop_mono(m->loop), !good,
	    stands_for_s < SIGHT_QUESTION ? stands_for_s : SIGHT_QUESTION);
	if ((q->flags & Q_PLANNED) != 0) {
		outage_ledger_end(m, id);
		q->flags &= (uint8_t) ~(Q_BUSY | Q_PLANNED);
		if ((q->flags & Q_WATCHED) != 0 && !m->setup.once)
			plan_after_poll(m, id, good, ttl_left);
	} else {
		q->flags &= (uint8_t)~Q_BUSY;
		fresh_asked(m);
		if ((q->flags & Q_WATCHED) != 0 && !m->setup.once)
			poll_plan(m, id);
	}
	if ((q->flags & Q_DOUBTED) != 0 && good)
		inquiry_doubt_ask(m, id);
	if ((q->flags & Q_INQUIRY) != 0)
		inquiry_polled(m, id);
}

void
poll_finish(struct monitor *m, uint32_t id, bool good, uint32_t stands_for_s)
{
	finish(m, id, good, stands_for_s, CHASE_NO_TTL);
}

/*
 * Tries the next server, or where there is none, the same one by TCP:
 * `failing` needs two paths (R3).
 */
static bool
fail_over(struct monitor *m, const struct errand *e, enum fail fail)
{
	struct errand next = *e;
	uint32_t fails;

	next.attempt++;
	next.flags |= ASK_FAILED;
	if (next.attempt >= POLL_ATTEMPTS_MAX ||
	    (outage_is_open(m, e->question, &fails) && fails > 0))
		return false;
	next.server = poll_pick_server(m, e->question, next.attempt);
	if (fail == FAIL_FILTERED &&
	    filter_other(m, e->question, e->server) != UINT8_MAX)
		next.server = filter_other(m, e->question, e->server);
	if (next.server == SERVER_NONE)
		return false;
	if (next.attempt >= poll_view_of(m, e->question)->n ||
	    next.server == e->server) {
		if ((e->flags & ASK_TCP) != 0)
			return false;
		next.server = e->server;
		next.flags |= ASK_TCP;
	}
	return pump_errand(m, &next); /* no memory: the poll ends here */
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
	if (filter_uncontradicted(m, e) || fail_over(m, e, fail))
		return;
	if (m->households.live > 0)
		household_fail(m, id);
	if (e->purpose != PURPOSE_POLL)
		return;
	if ((q->flags & (Q_STORED | Q_WATCHED)) == Q_WATCHED)
		fresh_put(m, id, NULL, 0, 0); /* before its outage */
	stale_failed(m, id);
	if ((q->flags & Q_WATCHED) != 0)
		stands_for_s =
		    outage_fail(m, id, bogus_weigh(m, e, a, fail), paths_of(e));
	if ((q->flags & Q_FAILS) != 0)
		stretch_end(m, id); /* its outage says it */
	finish(m, id, false, stands_for_s, CHASE_NO_TTL);
}

/*
 * R13: it says so (RFC 8914: Stale Answer, Stale NXDOMAIN Answer), or its TTL
 * does.
 */
static bool
is_stale(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	return a->message->ede == 3 || a->message->ede == 19 ||
	       (sum->ttl <= STALE_TTL_S && stale_holds(m, id, a->server, sum));
}

static wall_us
fetched_after(const struct monitor *m, const struct question *q,
    const struct reply_sum *sum)
{
	return candidate_fetched_after(
	    monitor_steady(m), sum->aa, question_ttl(q), sum->ttl);
}

/* R13: what a cache gives again says nothing of the time since it fetched it.
 */
static bool
is_fresh(const struct monitor *m, const struct question *q,
    const struct reply_sum *sum)
{
	return fetched_after(m, q, sum) >= WALL_S((wall_us)q->seen);
}

bool
poll_is_aside(const struct question *q)
{
	return (q->flags & Q_PLANNED) != 0 && q->mark == CHASE_ASIDE;
}

static void
note_seen(struct monitor *m, struct question *q, const struct errand *e,
    const struct reply_sum *sum)
{
	if (e->purpose == PURPOSE_POLL && is_fresh(m, q, sum))
		m->n_fresh++;
	q->seen = (uint32_t)(loop_wall(m->loop) / WALL_S(1));
}

static void
poll_good(struct monitor *m, const struct errand *e, const struct answer *a,
    const struct reply_sum *sum)
{
	uint32_t id = e->question;
	struct question *q = table_question(m->table, id);
	bool stale = is_stale(m, id, a, sum);
	uint32_t left = sum->aa ? CHASE_NO_TTL : sum->ttl; /* in a cache */
	bool believed =
	    q->fingerprint == sum->fingerprint && (q->flags & Q_INQUIRY) == 0;

	if (stale)
		m->n_stale++;
	else if (pools_has(m, id))
		believed = pools_hear(m, id, a, sum, e->purpose == PURPOSE_POLL,
		    is_fresh(m, q, sum));
	stretch_hear(m, id, stale, e->purpose == PURPOSE_POLL);
	if ((q->flags & Q_FAILS) != 0 && !stale)
		outage_good(m, id, believed);
	if (believed) {
		denied_forget(m, id);
		if (!stale)
			note_seen(m, q, e, sum);
		if (!stale && (m->setup.once || (e->purpose == PURPOSE_POLL &&
						    poll_is_aside(q))))
			monitor_seen(m, id);
		entry_hear(m, id, sum, stale);
		if (!stale)
			dangling_hear(m, id, a, sum);
		if (!stale)
			wildcard_heard(m, id, a, sum);
		if (!stale && q->type == TYPE_NS)
			provider_learn(m, a, sum);
	} else if ((!stale && !denied_is(m, id, sum->fingerprint)) ||
		   (q->flags & Q_INQUIRY) != 0) {
		inquiry_reply(m, id, a, sum);
	}
	if (m->attributes_asked && !stale)
		attribute_look(m, id, a, sum);
	if (m->households.live > 0)
		household_hear(m, id, sum, fetched_after(m, q, sum));
	if (m->bursts.live > 0)
		burst_hear(m, id, left);
	/* What is stale, or about to change, says nothing of the next. */
	if (e->purpose == PURPOSE_POLL)
		finish(m, id, true, policy_get(m->table, q->policy)->every_s,
		    believed && !stale ? left : CHASE_NO_TTL);
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

/* The answer to an errand for a name of no question. */
static void
take_aside(struct monitor *m, const struct errand *e, const struct answer *a)
{
	if (e->purpose == PURPOSE_DANGLING)
		dangling_answer(m, e, a);
	else if (e->purpose == PURPOSE_WILDCARD)
		wildcard_answer(m, e, a);
	else
		unlisted_answer(m, e, a);
}

void
poll_on_answer(void *ctx, const struct answer *a)
{
	struct monitor *m = ctx;
	struct errand e = poll_errand_of(a);
	struct reply_sum sum;
	enum fail fail = a->fail;

	if (e.purpose == PURPOSE_CANARY) {
		canary_answer(m, &e, a);
		return;
	}
	if (e.purpose >= PURPOSE_DANGLING) {
		pump_failed_ended(m, a);
		take_aside(m, &e, a);
		pump_all(m, e.server);
		return;
	}
	note_asked(m, e.question);
	if (a->message != NULL)
		canary_hear(m, e.server, a->message);
	if ((e.flags & ASK_FAILED) != 0)
		pump_failed_ended(m, a);

	if (fail == FAIL_NOT) {
		reply_sum(a->wire, a->size, a->message, &m->key, &sum);
		fail = sum.fail;
	}
	if (fail == FAIL_NOT)
		fail = filter_heed(m, &e, a, &sum);
	else if (fail == FAIL_FILTERED)
		filter_blocked(m, &e);
	if (e.purpose == PURPOSE_CONFIRM) {
		if (fail != FAIL_NOT)
			inquiry_fail(m, e.question, a, fail);
		else
			inquiry_reply(m, e.question, a, &sum);
	} else if (e.purpose == PURPOSE_EVIDENCE) {
		if (!inquiry_shown(m, e.question, a, fail, &sum) &&
		    bogus_answer(m, &e, a, fail, &sum))
			poll_good(m, &e, a, &sum);
	} else if (e.purpose == PURPOSE_SIGNATURE) {
		signature_answer(m, &e, a, fail, &sum);
	} else if (fail != FAIL_NOT) {
		if (e.purpose != PURPOSE_AGAIN)
			poll_failed(m, &e, a, fail);
	} else if (!filter_check(m, &e, &sum)) {
		poll_good(m, &e, a, &sum);
	}
	/* No room was missing at the server, only in the share. */
	if ((e.flags & ASK_FAILED) != 0)
		pump_all(m, e.server);
}
