/* SPDX-License-Identifier: ISC */

/*
 * The monitor's own turn: a tick that takes what is due and a second in which
 * the slow things are looked after.
 */

#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "bogus.h"
#include "config/config.h"
#include "dangling.h"
#include "digest.h"
#include "expect.h"
#include "gather.h"
#include "idle.h"
#include "life.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "plan.h"
#include "pools.h"
#include "provider.h"
#include "quorum_priv.h"
#include "remnant.h"
#include "source.h"
#include "stale.h"
#include "stretch.h"
#include "until.h"
#include "views.h"
#include "wildcard.h"

enum { PROGRESS_EVERY_S = 10, CLOCK_STEP_S = 2 };

/* ---- time ---- */

uint32_t
monitor_tick_now(const struct monitor *m)
{
	return (uint32_t)((loop_mono(m->loop) - m->start) / MONO_MS(TICK_MS));
}

wall_us
monitor_wall_of(const struct monitor *m, uint32_t tick)
{
	return m->origin + WALL_MS(TICK_MS) * tick;
}

mono_ns
monitor_mono_of(const struct monitor *m, uint32_t tick)
{
	return m->start + MONO_MS(TICK_MS) * tick;
}

wall_us
monitor_steady(const struct monitor *m)
{
	return m->began + (loop_mono(m->loop) - m->start) / 1000;
}

bool
monitor_is_owned(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy)
	    ->owned;
}

const char *
monitor_view(const struct monitor *m, uint32_t id)
{
	return table_view_text(m->table, table_view(m->table, id));
}

bool
monitor_has_time(const struct monitor *m)
{
	return loop_turn_has(m->loop, MONO_MS(TURN_MS));
}

/* ---- the ledger ---- */

static void
on_spans(void *ctx, int err)
{
	struct monitor *m = ctx;

	(void)err;
	m->spans_open = false;
}

/* What differs and is not yet in the database holds the ledger back. */
static uint32_t
ledger_limit(const struct monitor *m)
{
	wall_us limit = loop_wall(m->loop);
	const struct inquiry *q;
	uint32_t at = 0;

	if (gate_oldest(m) < limit)
		limit = gate_oldest(m);

	while ((q = idmap_next(&m->inquiries, &at)) != NULL) {
		if (q->state == INQUIRY_FETCHING && q->begin < q->n &&
		    q->list[q->begin].at < limit)
			limit = q->list[q->begin].at;
	}
	if (limit <= m->origin)
		return 0;
	return (uint32_t)((limit - m->origin) / WALL_MS(TICK_MS));
}

static void
put_spans(struct monitor *m)
{
	struct commit_span spans[LEDGER_CLASSES_MAX];
	uint32_t limit;
	size_t n = 0;

	if (m->spans_open || !m->planned || !m->ledger_open || m->setup.once)
		return;
	limit = ledger_limit(m);
	if (m->drained < limit)
		limit = m->drained;
	for (uint32_t i = 0; i < m->ledger.n; i++) {
		const struct ledger_class *c = &m->ledger.classes[i];

		if (!ledger_advance(&m->ledger, i, limit))
			continue;
		spans[n++] = (struct commit_span){
		    .every_s = c->every_s,
		    .anchor = PLAN_ANCHOR,
		    .from = monitor_wall_of(m, c->from),
		    /* What is planned at that tick itself may be open. */
		    .to = monitor_wall_of(m, c->to) - WALL_MS(1),
		    .started = c->started,
		};
	}
	if (n == 0)
		return;
	m->spans_open = true;
	commit_spans(m->store, spans, n, on_spans, m);
}

/* ---- what was seen and is in no span ---- */

static void
put_seen(struct monitor *m)
{
	if (m->n_seen == 0)
		return;
	commit_seen(m->store, m->seen_keys, m->seen_at, m->n_seen, NULL, NULL);
	m->n_seen = 0;
}

void
monitor_seen(struct monitor *m, uint32_t id)
{
	if (m->seen_keys == NULL) {
		m->seen_keys = calloc(SEEN_MAX, sizeof(*m->seen_keys));
		m->seen_at = calloc(SEEN_MAX, sizeof(*m->seen_at));
	}
	if (m->seen_keys == NULL || m->seen_at == NULL)
		return;
	m->seen_keys[m->n_seen] = table_key(m->table, id);
	m->seen_at[m->n_seen++] = loop_wall(m->loop);
	if (m->n_seen == SEEN_MAX)
		put_seen(m);
}

/* ---- the second ---- */

/* The wall clock stepped: planned times are shown by the new one from now. */
static void
look_at_clock(struct monitor *m)
{
	wall_us origin =
	    loop_wall(m->loop) - (loop_mono(m->loop) - m->start) / 1000;
	wall_us off = origin - m->origin;

	if (off < WALL_S(CLOCK_STEP_S) && off > -WALL_S(CLOCK_STEP_S))
		return;
	log_warn("monitor: the wall clock stepped by %lld s; polling goes on "
		 "evenly, coverage begins a new span",
	    (long long)(off / WALL_S(1)));
	m->origin = origin;
	m->load_stepped = !m->ledger_open;
	ledger_restart(&m->ledger, monitor_tick_now(m));
}

static void
look_at_buffer(struct monitor *m)
{
	size_t items;
	size_t bytes;
	bool slow;

	commit_waiting(m->store, &items, &bytes);
	bytes += m->observed_bytes;
	slow = bytes > m->config->buffer_bytes ||
	       (m->slow && bytes > m->config->buffer_bytes / 5 * 4);
	if (slow && !m->slow)
		log_error("monitor: %zu bytes of observations wait for the "
			  "database; polling slows until it takes them",
		    bytes);
	if (!slow && m->slow)
		log_info("monitor: the database took what waited; polling "
			 "goes on");
	m->slow = slow;
}

static void
tell_progress(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	mono_ns since = now - m->first_pass_began;
	uint32_t rate;

	if (!m->planned || m->setup.once)
		return;
	if (m->first_left == 0 && m->first_pass) {
		m->first_pass = false;
		log_info("monitor: every new question was asked; each goes on "
			 "at its planned time");
	}
	if (m->first_left == 0 ||
	    now - m->progress_told < MONO_S(PROGRESS_EVERY_S))
		return;
	m->progress_told = now;
	rate = since > 0 ? (uint32_t)((uint64_t)m->first_done * MONO_S(1) /
				      (uint64_t)since)
	                 : 0;
	if (rate == 0) {
		log_info("monitor: %u new questions left, no answer yet",
		    m->first_left);
		return;
	}
	log_info("monitor: %u new questions left, %u asked, %u a second, "
		 "%u s left",
	    m->first_left, m->first_done, rate, m->first_left / rate);
}

static void
look_whether_done(struct monitor *m)
{
	size_t items;
	size_t bytes;

	if (m->done_told || m->hooks.on_done == NULL)
		return;
	if (m->busy == 0)
		put_seen(m);
	commit_waiting(m->store, &items, &bytes);
	if (m->draining) {
		if (resolver_inflight(m->resolver) > 0 || sources_open(m) > 0 ||
		    items > 0)
			return;
	} else if (!m->setup.once || !m->planned || m->busy > 0 ||
		   m->inquiries.live > 0 || m->gate.n > 0 ||
		   m->commits_open > 0 || items > 0) {
		return;
	}
	m->done_told = true;
	m->hooks.on_done(m->hooks.ctx);
}

static mono_ns
longer(mono_ns a, mono_ns b)
{
	return a > b ? a : b;
}

/* The worst of the last one to two minutes, whoever reads it how often. */
static void
look_at_lateness(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);

	mono_ns turn = loop_turn_longest(m->loop);

	lateness_add(&m->turns, turn);
	lateness_add(&m->turns_cpu, loop_turn_busiest(m->loop));
	m->turn_max = longer(m->turn_max, turn);
	if (now - m->minute < MONO_S(60))
		return;
	m->minute = now;
	m->lag_before = m->lag_max;
	m->turn_before = m->turn_max;
	m->lag_max = 0;
	m->turn_max = 0;
	lateness_turn(&m->lateness);
	lateness_turn(&m->turns);
	lateness_turn(&m->turns_cpu);
}

static void
retry_load(struct monitor *m)
{
	if (m->load_retry != 0 && loop_mono(m->loop) >= m->load_retry)
		restore_start(m);
}

/* In this order; `planned`: only when all is, and not `once`. */
static const struct each_second {
	void (*fn)(struct monitor *m);
	bool planned;
} each_second[] = {
    {look_at_clock, false},
    {look_at_lateness, false},
    {look_at_buffer, false},
    {retry_load, false},
    {provider_second, true},
    {outage_second, true},
    {filter_second, true},
    {canary_second, true},
    {sources_second, true},
    {digest_second, true},
    {inquiry_second, false},
    {remnant_second, false},
    {stale_second, false},
    {remnant_count_short, false},
    {burst_second, false},
    {bogus_second, false},
    {signature_second, false},
    {pools_second, false},
    {dangling_second, false},
    {gather_second, false},
    {wildcard_second, false},
    {put_seen, false},
    {put_spans, false},
    {tell_progress, false},
};
enum { EACH_SECOND = sizeof(each_second) / sizeof(each_second[0]) };

/*
 * Each walks a piece of something.  Together they may be longer than a turn
 * should be: the rest is done in the next ones, one at least in each.
 */
static void
on_second(void *ctx)
{
	struct monitor *m = ctx;

	if (m->second_part == 0)
		m->second_due = loop_mono(m->loop) + MONO_MS(SECOND_PERIOD_MS);
	do {
		const struct each_second *e = &each_second[m->second_part];

		if (!e->planned || (m->planned && !m->setup.once))
			e->fn(m);
		if (++m->second_part == EACH_SECOND) {
			m->second_part = 0;
			loop_timer_at(m->second, m->second_due);
			return;
		}
	} while (monitor_has_time(m));
	loop_timer_in(m->second, 0);
}

static void
on_tick(void *ctx)
{
	struct monitor *m = ctx;

	m->again = false;
	loop_timer_in(m->tick, MONO_MS(TICK_PERIOD_MS));
	if (m->polling)
		poll_turn(m);
	if (m->loaded && !m->planned)
		restore_step(m);
	inquiry_tick(m);
	stale_tick(m);
	household_tick(m);
	provider_step(m);
	views_step(m);
	plan_tick(m);
	life_tick(m);
	expect_tick(m);
	burst_tick(m);
	outage_tick(m);
	if (m->planned)
		watchset_step(m);
	if (m->planned)
		until_step(m);
	if (m->planned && fresh_step(m))
		loop_timer_in(m->tick, 0);
	look_whether_done(m);
	if (m->again || watchset_goes_on(m))
		loop_timer_in(m->tick, 0);
}

/* ---- commits that are on their way ---- */

void
pending_add(struct monitor *m, struct pending *p)
{
	p->next = m->pending;
	p->link = &m->pending;
	if (p->next != NULL)
		p->next->link = &p->next;
	m->pending = p;
	m->commits_open++;
}

void
pending_take(struct monitor *m, struct pending *p)
{
	*p->link = p->next;
	if (p->next != NULL)
		p->next->link = p->link;
	m->commits_open--;
}

/* ---- life ---- */

static uint32_t *
link_of(void *ctx, uint32_t id)
{
	const struct monitor *m = ctx;

	return &table_question(m->table, id)->link;
}

static int
make_sinks(struct monitor *m)
{
	const struct config *c = m->config;
	const char **sinks = calloc(c->n_sinks + 1, sizeof(*sinks));

	if (sinks == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_sinks; i++)
		sinks[i] = c->sinks[i].name;
	free(m->sinks);
	m->sinks = sinks;
	m->n_sinks = c->n_sinks;
	return 0;
}

static bool
has_sinks(const struct monitor *m, const struct config *c)
{
	size_t n = 0;

	while (n < m->n_sinks && n < c->n_sinks &&
	       strcmp(m->sinks[n], c->sinks[n].name) == 0)
		n++;
	return n == m->n_sinks && n == c->n_sinks;
}

struct monitor *
monitor_new(
    const struct monitor_setup *setup, const struct monitor_hooks *hooks)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->setup = *setup;
	m->limits = *setup->limits;
	m->setup.limits = &m->limits;
	m->hooks = *hooks;
	m->loop = setup->loop;
	m->store = setup->store;
	m->config = setup->config;
	m->start = loop_mono(m->loop);
	m->origin = loop_wall(m->loop);
	m->began = m->origin;
	rand_bytes(&m->key, sizeof(m->key));
	m->nxdomain = content_fingerprint(
	    &(struct content){.outcome = OUTCOME_NXDOMAIN}, &m->key);
	m->table = table_new();
	m->fresh = fresh_new();
	m->sights = calloc(VIEW_NONE, sizeof(*m->sights));
	m->provider = provider_new();
	m->differing = views_new();
	m->pools = pools_new();
	m->tick = loop_timer_new(m->loop, on_tick, m);
	m->second = loop_timer_new(m->loop, on_second, m);
	m->wheel = wheel_new(m->start, link_of, m);
	if (m->table == NULL || m->wheel == NULL || m->tick == NULL ||
	    m->second == NULL || m->fresh == NULL || m->sights == NULL ||
	    m->provider == NULL || m->differing == NULL || m->pools == NULL ||
	    make_sinks(m) != 0 || gate_start(m) != 0 || poll_start(m) != 0 ||
	    sources_start(m) != 0) {
		monitor_free(m);
		return NULL;
	}
	fresh_start(m);
	loop_timer_in(m->tick, 0);
	loop_timer_in(m->second, MONO_MS(SECOND_PERIOD_MS));
	return m;
}

static void
free_inquiries(struct idmap *map)
{
	struct inquiry *q;
	uint32_t at = 0;

	while ((q = idmap_next(map, &at)) != NULL)
		inquiry_free(q);
	idmap_fini(map);
}

void
monitor_free(struct monitor *m)
{
	if (m == NULL)
		return;
	loop_timer_free(m->tick);
	loop_timer_free(m->second);
	watchset_free(m);
	while (m->pending != NULL) {
		struct pending *p = m->pending;

		m->pending = p->next;
		p->free(p);
	}
	free_inquiries(&m->inquiries);
	free_inquiries(&m->doubts);
	gate_free(m);
	household_free_all(m);
	outage_free_all(m);
	provider_free(m->provider);
	views_free(m->differing);
	pools_free(m->pools);
	bogus_free_all(m);
	signature_free_all(m);
	dangling_free_all(m);
	wildcard_free_all(m);
	attribute_free_all(m);
	remnant_free_all(m);
	stale_free_all(m);
	stretch_free_all(m);
	burst_free_all(m);
	idle_free_all(m);
	filter_free_all(m);
	sources_stop(m);
	zone_free_kept(m);
	denied_free_all(m);
	life_free_all(m);
	gather_free_all(m);
	plan_free_all(m);
	expect_free_all(m);
	poll_stop(m);
	free(m->sights);
	fresh_free(m->fresh);
	wheel_free(m->wheel);
	table_free(m->table);
	inquiry_free_spare(m);
	arena_fini(&m->scratch);
	buf_fini(&m->text);
	arena_fini(&m->names);
	free(m->seen_keys);
	free(m->seen_at);
	free(m->sinks);
	free(m);
}

int
monitor_watch(struct monitor *m, struct diag *d)
{
	return watchset_load(m, d);
}

void
monitor_store_state(struct monitor *m, int state, const char *why)
{
	switch ((enum store_state)state) {
	case STORE_READY:
		restore_start(m);
		break;
	case STORE_REFUSED:
	case STORE_FENCED:
		m->hooks.on_fatal(m->hooks.ctx, why);
		break;
	case STORE_DOWN:
		log_warn("store: %s; polling goes on, observations wait", why);
		break;
	case STORE_CONNECTING:
		break;
	}
}

bool
monitor_reload(struct monitor *m, const struct config *config, bool mass)
{
	return watchset_reload(m, config, mass);
}

int
monitor_adopt(struct monitor *m, const struct config *config)
{
	/* For its own sinks: of who comes back later nobody would know. */
	if (!has_sinks(m, config))
		gather_flush(m);
	m->config = config;
	digest_plan(m);
	if (make_sinks(m) == 0 && poll_restart(m) == 0 &&
	    sources_restart(m) == 0) {
		inquiry_remap_sources(m);
		plan_restart(m);
		return 0;
	}
	m->hooks.on_fatal(
	    m->hooks.ctx, "out of memory while changing the configuration");
	return -ENOMEM;
}

wall_us
monitor_reload_refused(const struct monitor *m)
{
	return m->reload_refused;
}

void
monitor_drain(struct monitor *m)
{
	m->draining = true;
	m->orphans.n = 0;
	for (uint8_t i = 0; i < m->n_servers; i++) {
		m->servers[i].due.n = 0;
		m->servers[i].fresh.n = 0;
		m->servers[i].owned.n = 0;
		m->servers[i].severe.n = 0;
		m->servers[i].errands.n = 0;
		m->servers[i].failed.n = 0;
		m->servers[i].again.n = 0;
	}
	sources_drain(m);
	pools_flush(m);
	gather_flush(m);
	commit_flush(m->store);
}

bool
monitor_is_ready(const struct monitor *m)
{
	return m->planned;
}

struct monitor_progress
monitor_progress(const struct monitor *m)
{
	return (struct monitor_progress){
	    .questions = m->watched,
	    .first_left = m->first_left,
	    .asked = m->finished,
	    .answered = m->answered,
	    .open = m->inquiries.live + m->gate.n,
	};
}
