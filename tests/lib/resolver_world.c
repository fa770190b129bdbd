/* SPDX-License-Identifier: ISC */
/* The stage of the resolver's tests. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/name.h"
#include "dns/type.h"
#include "resolver_world.h"
#include "unit.h"

static void
on_guard(void *ctx)
{
	(void)ctx;
	fail_msg("waited in vain");
}

static void
on_soon(void *ctx)
{
	struct world *w = ctx;

	loop_stop(w->loop);
}

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->answers = calloc(WORLD_ANSWERS, sizeof(*w->answers));
	assert_non_null(w->answers);
	w->loop = loop_new();
	assert_non_null(w->loop);
	w->guard = loop_timer_new(w->loop, on_guard, w);
	w->soon = loop_timer_new(w->loop, on_soon, w);
	w->limits = resolver_limits_default();
	w->limits.timeout_ms = 40;
	w->limits.tcp_timeout_ms = 200;
	w->limits.tries_max = 2;
	w->fd = -1;
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	/* A failed assertion jumped out of the loop: nothing can be freed. */
	if (w->running)
		return 0;
	resolver_free(w->resolver);
	hostile_free(w->server);
	loop_timer_free(w->guard);
	loop_timer_free(w->soon);
	loop_free(w->loop);
	if (w->fd != -1)
		close(w->fd);
	free(w->answers);
	free(w);
	return 0;
}

static void
note(struct world *w, const struct answer *a)
{
	struct world_answer *to = &w->answers[w->n_answers];
	struct message_record record;

	assert_true(w->n_answers < WORLD_ANSWERS);
	assert_false(w->in_ask);
	*to = (struct world_answer){.cookie = a->cookie,
	    .transport = a->transport,
	    .fail = a->fail,
	    .ede = a->ede,
	    .size = a->size,
	    .sent = a->sent,
	    .received = a->received};
	assert_true((a->wire == NULL) == (a->message == NULL));
	assert_true(a->fail != FAIL_NOT || a->wire != NULL);
	if (a->message == NULL)
		return;
	to->rcode = a->message->rcode;
	to->nsid_size = a->message->nsid_size;
	memcpy(to->nsid, a->wire + a->message->nsid_at,
	    to->nsid_size < sizeof(to->nsid) ? to->nsid_size
					     : sizeof(to->nsid));
	assert_false(a->message->tc);
	if (a->message->n_answer == 0)
		return;
	message_record(a->wire, a->size, a->message->answer_at, &record);
	if (record.type == TYPE_A && record.rdata_size == 4)
		to->last = a->wire[record.rdata_at + 3];
}

static void
on_answer(void *ctx, const struct answer *a)
{
	struct world *w = ctx;

	note(w, a);
	w->n_answers++;
	if (w->on_answer != NULL)
		w->on_answer(w, &w->answers[w->n_answers - 1]);
	if (w->n_answers == w->n_wanted)
		loop_stop(w->loop);
}

static void
on_room(void *ctx, uint16_t server)
{
	struct world *w = ctx;

	assert_int_equal(server, 0);
	assert_false(w->in_ask);
	w->n_rooms++;
	if (w->on_room != NULL)
		w->on_room(w);
}

void
world_resolver(struct world *w, struct addr addr)
{
	struct resolver_server server = {.addr = addr,
	    .rate = w->rate,
	    .gso = w->gso,
	    .ad = w->ad,
	    .tls = w->tls,
	    .direct = w->direct};
	struct resolver_hooks hooks = {
	    .on_answer = on_answer, .on_room = on_room, .ctx = w};

	w->resolver = resolver_new(w->loop, &server, 1, &w->limits, &hooks);
	assert_non_null(w->resolver);
}

void
world_start_at(struct world *w, const char *ip, hostile_fn *script)
{
	w->server = hostile_new(w->loop, ip, script, w);
	assert_non_null(w->server);
	hostile_tls(w->server, w->context);
	world_resolver(w, hostile_addr(w->server));
}

void
world_start(struct world *w, hostile_fn *script)
{
	world_start_at(w, "127.0.0.1", script);
}

int
world_try(struct world *w, uint64_t n, uint8_t flags)
{
	char text[64];
	struct name name;
	const char *why;
	struct ask ask = {.cookie = n, .flags = flags, .type = TYPE_A};
	int err;

	snprintf(text, sizeof(text), "watched-name-%u.example.", (unsigned)n);
	assert_int_equal(name_parse(text, &name, &why), 0);
	ask.name = name.wire;
	ask.name_size = name.size;
	w->in_ask = true;
	err = resolver_ask(w->resolver, &ask);
	w->in_ask = false;
	return err;
}

void
world_ask(struct world *w, uint64_t n, uint8_t flags)
{
	assert_int_equal(world_try(w, n, flags), 0);
}

static void
run(struct world *w)
{
	w->running = true;
	loop_run(w->loop);
	w->running = false;
}

void
world_run(struct world *w, size_t n)
{
	w->n_wanted = n;
	if (w->n_answers >= n)
		return;
	loop_timer_in(w->guard, WORLD_PATIENCE);
	run(w);
	loop_timer_stop(w->guard);
	assert_int_equal(w->n_answers, n);
}

void
world_settle(struct world *w, mono_ns time)
{
	w->n_wanted = SIZE_MAX;
	loop_timer_in(w->soon, time);
	run(w);
}

void
world_until(struct world *w, bool (*holds)(const struct world *w))
{
	mono_ns until = loop_mono_exact(w->loop) + MONO_S(60);

	while (!holds(w)) {
		assert_true(loop_mono_exact(w->loop) < until);
		world_settle(w, MONO_MS(5));
	}
}

const struct world_answer *
world_last(const struct world *w)
{
	assert_true(w->n_answers > 0);
	return &w->answers[w->n_answers - 1];
}

struct resolver_counters
world_counters(const struct world *w)
{
	return resolver_counters(w->resolver);
}

void
world_answer_64k(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	static uint8_t option[65000];
	size_t size = hostile_build_rcode(ask, 0, false, w->wire);

	option[1] = 12; /* padding */
	option[2] = (sizeof(option) - 4) >> 8;
	option[3] = (sizeof(option) - 4) & 255;
	size = hostile_add_opt(w->wire, size, 0, option, sizeof(option));
	hostile_send(h, ask, w->wire, size);
}

void
world_answer(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	hostile_send(
	    h, ask, w->wire, hostile_build(ask, ask->tcp ? 2 : 1, w->wire));
}

void
world_keep(struct world *w, const struct hostile_ask *ask)
{
	assert_true(ask->size <= sizeof(w->kept_wire));
	memcpy(w->kept_wire, ask->wire, ask->size);
	w->kept = *ask;
	w->kept.wire = w->kept_wire;
	w->kept.name = w->kept_wire + MESSAGE_HEADER_SIZE;
}

void
world_right(struct world *w, enum transport transport)
{
	world_run(w, w->n_answers + 1);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(world_last(w)->transport, transport);
	assert_int_equal(
	    world_last(w)->last, transport == TRANSPORT_UDP ? 1 : 2);
}

size_t
world_forge(struct world *w, const struct hostile_ask *ask)
{
	return hostile_build(ask, 66, w->wire);
}
