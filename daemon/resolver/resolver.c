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
	while (slots < l->socket_uses * 4u)
		slots *= 2;
	r->slot_mask = slots - 1;
}

static void
server_fini(struct server *s)
{
	uint16_t i;

	if (s->ports != NULL)
		for (i = 0; i < s->resolver->limits.sockets; i++)
			port_fini(&s->ports[i]);
	tcp_fini(s);
	dot_stop(s);
}

static int
server_init(
    struct server *s, struct resolver *r, const struct resolver_server *from)
{
	uint16_t n = r->limits.sockets;
	uint16_t i;

	s->resolver = r;
	s->addr = from->addr;
	s->index = (uint8_t)(s - r->servers);
	s->sa_size = addr_to_sockaddr(&s->addr, &s->sa);
	pace_init(&s->pace, from->rate, r->limits.window_start,
	    r->limits.window_max, loop_mono(r->loop));
	s->gso = from->gso;
	s->ad = from->ad;
	s->n_ports = n;
	s->refused_at = INT64_MIN;
	s->reopen_at = INT64_MIN;
	s->connect_at = INT64_MIN;
	s->plain_until = INT64_MIN;
	s->no_case_until = INT64_MIN;
	s->waiting_first = NIL;
	s->waiting_last = NIL;
	if (from->tls != NULL)
		return dot_init(s, from->tls);
	if (tcp_init(s) != 0)
		return -ENOMEM;
	s->port_slots =
	    calloc((size_t)n * (r->slot_mask + 1), sizeof(*s->port_slots));
	s->ports = calloc(n, sizeof(*s->ports));
	if (s->port_slots == NULL || s->ports == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		s->ports[i].resolver = r;
		s->ports[i].server = s;
		s->ports[i].fd = -1;
		s->ports[i].outgoing_first = NIL;
		s->ports[i].outgoing_last = NIL;
		s->ports[i].slots =
		    s->port_slots + (size_t)i * (r->slot_mask + 1);
	}
	return 0;
}

/* Closes what is open; nothing is called any more. */
static void
stop(struct resolver *r)
{
	size_t i;

	for (i = 0; i < r->n_servers; i++)
		server_fini(&r->servers[i]);
	loop_timer_free(r->tick);
	loop_hook_free(r->turn_end);
	r->tick = NULL;
	r->turn_end = NULL;
}

static void
release(struct resolver *r)
{
	size_t i;

	for (i = 0; i < r->n_servers; i++) {
		free(r->servers[i].ports);
		free(r->servers[i].port_slots);
		dot_release(&r->servers[i]);
	}
	inflight_fini(&r->inflight);
	free(r->servers);
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
tell_room(struct resolver *r, mono_ns now)
{
	struct server *s;
	size_t i;

	for (i = 0; i < r->n_servers && !r->dead && r->n_full > 0; i++) {
		s = &r->servers[i];
		if (!s->full || now < s->tell_at ||
		    !server_has_room(s, s->full_urgent, now))
			continue;
		s->full = false;
		s->full_urgent = false;
		r->n_full--;
		r->hooks.on_room(r->hooks.ctx, s->index);
	}
}

static void
start_waiting(struct resolver *r, mono_ns now)
{
	size_t i;

	for (i = 0; i < r->n_servers && r->n_waiting > 0; i++)
		if (r->servers[i].dot == NULL)
			tcp_start_waiting(&r->servers[i], now);
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

/* The timer may be early, never late; then it is set again. */
static void
set_tick(struct resolver *r, mono_ns now)
{
	mono_ns due = r->inflight.earliest;
	struct server *s;
	mono_ns at;
	size_t i;

	if (due != INT64_MAX)
		due = (due / WHEEL_SLOT_NS + 1) * WHEEL_SLOT_NS;
	for (i = 0; i < r->n_servers; i++) {
		s = &r->servers[i];
		at = s->dot != NULL ? dot_wake_at(s) : INT64_MAX;
		if (at < due)
			due = at;
		if (!s->full)
			continue;
		at = server_room_at(s, now);
		/* Room that closing the last used up socket has made. */
		if (at > now && now >= s->tell_at &&
		    server_has_room(s, s->full_urgent, now))
			at = now;
		if (at < due)
			due = at;
	}
	if (r->n_waiting > 0 && now + WAITING_PAUSE < due)
		due = now + WAITING_PAUSE;
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
	size_t i;

	resolver_enter(r);
	if (r->n_full > 0)
		tell_room(r, now);
	if (r->dead) {
		(void)resolver_leave(r);
		return;
	}
	if (r->n_waiting > 0)
		start_waiting(r, now);
	clean_ports(r);
	for (i = 0; i < r->n_servers; i++) {
		r->servers[i].run_port = NULL;
		if (r->servers[i].dot != NULL)
			dot_turn_end(&r->servers[i], now);
	}
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
	int err = 0;

	CHECK(n_servers > 0 && n_servers <= RESOLVER_SERVERS_MAX);
	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->hooks = *hooks;
	r->tick_due = INT64_MAX;
	set_limits(r, limits);
	udp_init(r);
	udp_out_init(&r->out);
	r->servers = calloc(n_servers, sizeof(*r->servers));
	if (r->servers != NULL)
		r->n_servers = n_servers;
	for (i = 0; i < r->n_servers && err == 0; i++)
		err = server_init(&r->servers[i], r, &servers[i]);
	if (err == 0)
		err = inflight_init(
		    &r->inflight, r->limits.inflight_max, loop_mono(loop));
	r->tick = loop_timer_new(loop, on_tick, r);
	r->turn_end = loop_hook_new(loop, on_turn_end, r);
	if (err == 0 && r->servers != NULL && r->tick != NULL &&
	    r->turn_end != NULL)
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

static int
say_full(struct server *s, bool urgent, mono_ns now)
{
	if (!s->full)
		s->resolver->n_full++;
	server_say_full(s, urgent, now);
	return ERR_FULL;
}

int
resolver_ask(struct resolver *r, const struct ask *ask)
{
	mono_ns now = loop_mono(r->loop);
	bool urgent = ask->flags & ASK_URGENT;
	struct question *q;
	struct server *s;

	CHECK(ask->server < r->n_servers && ask->name_size > 0);
	if (r->dead)
		return ERR_CLOSED;
	s = &r->servers[ask->server];
	if (!server_has_room(s, urgent, now))
		return say_full(s, urgent, now);
	q = inflight_take(&r->inflight);
	CHECK(q != NULL);
	memset(q, 0, offsetof(struct question, first));
	q->cookie = ask->cookie;
	q->asked = now;
	q->type = ask->type;
	q->server = ask->server;
	q->flags = ask->flags;
	q->name_size = ask->name_size;
	q->paid = true;
	inflight_name_room(&r->inflight, q, ask->name_size);
	memcpy(q->name, ask->name, ask->name_size);
	if (!question_start(r, q)) {
		inflight_give(&r->inflight, q);
		return say_full(s, urgent, now);
	}
	CHECK(pace_take(&s->pace, now));
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
resolver_health(const struct resolver *r, uint8_t server)
{
	struct resolver_health h;
	const struct server *s;

	CHECK(server < r->n_servers);
	s = &r->servers[server];
	h = (struct resolver_health){
	    .window = (uint32_t)s->pace.window,
	    .open = s->open,
	    .rtt_us = (uint32_t)(s->rtt / 1000),
	    .fails_running = s->fails_running,
	    .backoff_until = s->backoff_until,
	    .asked = s->asked,
	    .failed = s->failed,
	    .gso = s->gso,
	    .why = "",
	};
	if (s->dot != NULL)
		dot_health(s, &h);
	return h;
}
