/* SPDX-License-Identifier: ISC */
/*
 * The public functions, and the end of each loop turn, when what was gathered
 * leaves: room is told, waiting TCP questions start, datagrams go out, spent
 * sockets are closed, and one timer is set for whatever is due first.
 *
 * There is no timer per question and no allocation per question or answer by
 * UDP: see inflight.c.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "resolver_priv.h"

enum { SLOTS_MIN = 256 };
#define WAITING_PAUSE MONO_MS(5)

struct resolver_limits
resolver_limits_default(void)
{
	return (struct resolver_limits){
	    .inflight_max = 8192,
	    .window_start = 250,
	    .window_max = 4096,
	    .timeout_ms = 800,
	    .tcp_timeout_ms = 5000,
	    .tries_max = 3,
	    .sockets = 256,
	    .socket_uses = 256,
	    .socket_age_ms = 10000,
	    .tcp_max = 64,
	    .tls_max = 2,
	    .tls_idle_ms = 10000,
	    .servers_max = RESOLVER_SERVERS_MAX,
	};
}

static uint32_t
clamp(uint32_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : v;
}

static void
set_limits(struct resolver *r, const struct resolver_limits *limits)
{
	struct resolver_limits *l = &r->limits;
	uint32_t slots = SLOTS_MIN;

	*l = *limits;
	l->inflight_max = clamp(l->inflight_max, 1, INFLIGHT_SIZE_MAX);
	l->window_max = clamp(l->window_max, 1, INFLIGHT_SIZE_MAX);
	l->window_start = clamp(l->window_start, 1, l->window_max);
	l->timeout_ms = clamp(l->timeout_ms, 1, 60000);
	l->tcp_timeout_ms = clamp(l->tcp_timeout_ms, 1, 60000);
	l->tries_max = (uint16_t)clamp(l->tries_max, 1, TRIES_LIMIT);
	l->sockets = (uint16_t)clamp(l->sockets, 1, 4096);
	l->socket_uses = (uint16_t)clamp(l->socket_uses, 1, 8192);
	l->tcp_max = (uint16_t)clamp(l->tcp_max, 1, 4096);
	l->tls_max = (uint16_t)clamp(l->tls_max, 1, 64);
	l->tls_idle_ms = clamp(l->tls_idle_ms, 1, 3600 * 1000);
	l->servers_max = (uint16_t)clamp(l->servers_max, 1, NIL);
	while (slots < l->socket_uses * 4u)
		slots *= 2;
	r->slot_mask = slots - 1;
}

/* Closes what is open; nothing is called any more. */
static void
stop(struct resolver *r)
{
	roster_stop(r);
	loop_timer_free(r->tick);
	loop_hook_free(r->turn_end);
	r->tick = NULL;
	r->turn_end = NULL;
}

static void
release(struct resolver *r)
{
	roster_release(r);
	inflight_fini(&r->inflight);
	free(r);
}

void
resolver_enter(struct resolver *r)
{
	r->depth++;
}

bool
resolver_leave(struct resolver *r)
{
	if (--r->depth > 0 || !r->dead)
		return true;
	release(r);
	return false;
}

static void
on_tick(void *ctx)
{
	struct resolver *r = ctx;

	resolver_enter(r);
	r->tick_due = INT64_MAX;
	question_expire(r, loop_mono(r->loop));
	if (!r->dead)
		inflight_due_scan(&r->inflight);
	(void)resolver_leave(r);
}

static void
start_waiting(struct resolver *r, mono_ns now)
{
	struct server **at = &r->waits;
	struct server *s;

	while ((s = *at) != NULL) {
		if (s->waiting_first != NIL)
			tcp_start_waiting(s, now);
		if (s->waiting_first == NIL) {
			*at = s->waits_next;
			s->waits = false;
			roster_may_rest(s);
		} else {
			at = &s->waits_next;
		}
	}
}

static void
clean_ports(struct resolver *r)
{
	struct port *p;

	while ((p = r->dirty) != NULL) {
		r->dirty = p->dirty_next;
		p->dirty = false;
		if (p->fd == -1)
			continue;
		udp_send(p);
		if (port_is_spent(p))
			port_close(p);
	}
}

static mono_ns
sooner(mono_ns a, mono_ns b)
{
	return a < b ? a : b;
}

/* The timer may be early, never late; then it is set again. */
static void
set_tick(struct resolver *r, mono_ns now)
{
	mono_ns due = r->inflight.earliest;
	const struct server *s;

	if (due != INT64_MAX)
		due = (due / WHEEL_SLOT_NS + 1) * WHEEL_SLOT_NS;
	due = sooner(due, full_due(r, now));
	due = sooner(due, port_age_due(r));
	for (s = r->dots; s != NULL; s = s->dot_next)
		due = sooner(due, dot_wake_at(s));
	if (r->n_waiting > 0)
		due = sooner(due, now + WAITING_PAUSE);
	if (due >= r->tick_due)
		return;
	r->tick_due = due;
	loop_timer_at(r->tick, due);
}

static void
on_turn_end(void *ctx)
{
	struct resolver *r = ctx;
	mono_ns now = loop_mono(r->loop);
	struct server *s;

	resolver_enter(r);
	full_tell(r, now);
	if (r->dead) {
		(void)resolver_leave(r);
		return;
	}
	start_waiting(r, now);
	clean_ports(r);
	r->turn++;
	port_age_all(r, now);
	for (s = r->dots; s != NULL; s = s->dot_next)
		dot_turn_end(s, now);
	roster_turn_end(r);
	set_tick(r, now);
	(void)resolver_leave(r);
}

struct resolver *
resolver_new(struct loop *loop, const struct resolver_server *servers,
    size_t n_servers, const struct resolver_limits *limits,
    const struct resolver_hooks *hooks)
{
	struct resolver *r = calloc(1, sizeof(*r));
	size_t i;
	int err;

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->hooks = *hooks;
	r->tick_due = INT64_MAX;
	r->sleep_due = INT64_MAX;
	r->turn = 1;
	r->short_until = INT64_MIN;
	r->told_at = INT64_MIN;
	set_limits(r, limits);
	CHECK(n_servers <= r->limits.servers_max);
	pace_init(&r->all, r->limits.rate_all, UINT32_MAX, UINT32_MAX,
	    loop_mono(loop));
	udp_init(r);
	udp_out_init(&r->out);
	r->servers = calloc(r->limits.servers_max, sizeof(struct server *));
	err = r->servers != NULL ? 0 : -ENOMEM;
	for (i = 0; i < n_servers && err >= 0; i++)
		err = roster_add(r, &servers[i]);
	if (err >= 0)
		err = inflight_init(
		    &r->inflight, r->limits.inflight_max, loop_mono(loop));
	r->tick = loop_timer_new(loop, on_tick, r);
	r->turn_end = loop_hook_new(loop, on_turn_end, r);
	if (err >= 0 && r->tick != NULL && r->turn_end != NULL)
		return r;
	resolver_free(r);
	return NULL;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL || r->dead)
		return;
	stop(r);
	if (r->depth == 0)
		release(r);
	else
		r->dead = true;
}

static struct server *
server_at(const struct resolver *r, uint16_t server)
{
	CHECK(server < r->limits.servers_max && r->servers[server] != NULL);
	return r->servers[server];
}

int
resolver_add(struct resolver *r, const struct resolver_server *server)
{
	return r->dead ? ERR_CLOSED : roster_add(r, server);
}

bool
resolver_drop(struct resolver *r, uint16_t server)
{
	struct server *s;

	if (r->dead)
		return false;
	s = server_at(r, server);
	if (s->open > 0 || s->full != FULL_NOT)
		return false;
	roster_drop(s);
	return true;
}

int
resolver_ask(struct resolver *r, const struct ask *ask)
{
	mono_ns now = loop_mono(r->loop);
	bool urgent = ask->flags & ASK_URGENT;
	struct question *q;
	struct server *s;

	if (r->dead)
		return ERR_CLOSED;
	s = server_at(r, ask->server);
	CHECK(ask->name_size > 0);
	if (!full_may_ask(s, urgent, now))
		return full_say(s, urgent, now);
	q = inflight_take(&r->inflight);
	CHECK(q != NULL);
	memset(q, 0, offsetof(struct question, first));
	q->cookie = ask->cookie;
	q->asked = now;
	q->type = ask->type;
	q->server = ask->server;
	q->flags = ask->flags & 31; /* all but ASK_URGENT */
	q->name_size = ask->name_size;
	q->paid = true;
	inflight_name_room(&r->inflight, q, ask->name_size);
	memcpy(q->name, ask->name, ask->name_size);
	if (!question_start(r, q)) {
		inflight_give(&r->inflight, q);
		return full_say(s, urgent, now);
	}
	CHECK(server_pay(s, now));
	s->open++;
	s->asked++;
	r->counters.asked++;
	if (s->backoff > 0)
		s->probing = true;
	return 0;
}

uint32_t
resolver_inflight(const struct resolver *r)
{
	return r->inflight.n_open;
}

void
resolver_open(
    const struct resolver *r, void (*fn)(void *ctx, uint64_t cookie), void *ctx)
{
	for (uint32_t i = 0; i < r->inflight.size; i++) {
		if (r->inflight.all[i].state != QUESTION_FREE)
			fn(ctx, r->inflight.all[i].cookie);
	}
}

struct resolver_counters
resolver_counters(const struct resolver *r)
{
	return r->counters;
}

struct resolver_health
resolver_health(const struct resolver *r, uint16_t server)
{
	struct resolver_health h;
	const struct server *s;

	s = server_at(r, server);
	h = (struct resolver_health){
	    .window = (uint32_t)s->pace.window,
	    .open = s->open,
	    .rtt_us = (uint32_t)(s->rtt / 1000),
	    .fails_running = s->fails_running,
	    .backoff_until = s->backoff_until,
	    .asked = s->asked,
	    .failed = s->failed,
	    .gso = s->gso,
	    .plain = loop_mono(r->loop) < s->plain_until,
	    .no_nsid = loop_mono(r->loop) < s->no_nsid_until,
	    .why = "",
	};
	if (s->dot != NULL)
		dot_health(s, &h);
	return h;
}
