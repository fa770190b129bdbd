/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * How much is asked: rate, window, retransmission, backoff, shortages
 * (W-F8..W-F10, W-F16, W-F17), and the lifetime of the resolver itself.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rand.h"
#include "resolver_world.h"
#include "unit.h"

enum { RATE = 400, RATE_ROOM = 4096 };

static void
ask_all_room(struct world *w)
{
	while (world_try(w, w->next_cookie, 0) == 0)
		w->next_cookie++;
}

static mono_ns arrivals[RATE_ROOM];

/* Answers seven of eight: retransmissions count too. */
static void
note_arrival(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	assert_true(ask->n < RATE_ROOM);
	arrivals[ask->n - 1] = loop_mono_exact(w->loop);
	if (ask->n % 8 != 0)
		world_answer(w, h, ask);
}

/* The burst and the income of this time: in a second no more than RATE. */
static double
allowed_in(mono_ns time)
{
	return RATE / 20 + (double)time / 1e9 * (RATE - 19);
}

static bool
has_seen_enough(const struct world *w)
{
	return hostile_n_udp(w->server) > RATE / 2;
}

static void
test_the_rate_is_never_exceeded_in_any_second(void **state)
{
	struct world *w = *state;
	unsigned n;
	unsigned i;
	unsigned from = 0;
	mono_ns start;
	mono_ns stall;

	w->rate = RATE;
	w->on_room = ask_all_room;
	world_start(w, note_arrival);
	start = loop_mono(w->loop);
	ask_all_room(w);
	world_settle(w, MONO_MS(1100));
	world_until(w, has_seen_enough);
	n = hostile_n_udp(w->server);
	/*
	 * A datagram is seen after it was allowed, never before: later by a
	 * turn of the loop in which the process may have stood still, when it
	 * was to be sent, when it was to be read, and in between.
	 */
	for (stall = arrivals[0] - start, i = 1; i < n; i++)
		if (arrivals[i] - arrivals[i - 1] > stall)
			stall = arrivals[i] - arrivals[i - 1];
	for (i = 0; i < n; i++) {
		/* Since the start: the first burst and the income. */
		assert_true(i + 1 <= allowed_in(arrivals[i] - start));
		/* In any second, which may hold what a stall held back. */
		while (arrivals[i] - arrivals[from] >= MONO_S(1))
			from++;
		assert_true(
		    i - from + 1 <=
		    allowed_in(arrivals[i] - arrivals[from] + 3 * stall) + 1);
	}
	assert_true(world_counters(w).retries > 0);
}

static void
drop_half(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	if (ask->n % 2 == 0)
		world_answer(ctx, h, ask);
}

static bool
has_shrunk(const struct world *w)
{
	return resolver_health(w->resolver, 0).window < 250 / 4;
}

static void
test_WF8_the_window_shrinks_where_half_is_lost(void **state)
{
	struct world *w = *state;

	w->on_room = ask_all_room;
	world_start(w, drop_half);
	ask_all_room(w);
	assert_true(resolver_inflight(w->resolver) <= 250);
	world_until(w, has_shrunk);
	assert_true(world_counters(w).sent_udp <= 2 * world_counters(w).asked);
}

static bool
has_grown(const struct world *w)
{
	return resolver_health(w->resolver, 0).window > 250;
}

static void
test_the_window_grows_where_all_is_answered(void **state)
{
	struct world *w = *state;

	w->limits.timeout_ms = 1000;
	w->on_room = ask_all_room;
	world_start(w, world_answer);
	ask_all_room(w);
	world_until(w, has_grown);
	assert_true(resolver_health(w->resolver, 0).rtt_us > 0);
}

static uint16_t
port_of(const struct hostile_ask *ask)
{
	struct addr a;

	assert_int_equal(
	    addr_from_sockaddr((const struct sockaddr *)&ask->from, &a), 0);
	return a.port;
}

static void
silent_and_kept(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	(void)h;
	if (ask->n > 1) {
		assert_int_not_equal(port_of(ask), port_of(&w->kept));
		assert_int_not_equal(ask->id, w->kept.id);
	}
	world_keep(w, ask);
}

static void
test_WF8_each_try_has_a_new_id_and_socket_and_they_are_bounded(void **state)
{
	struct world *w = *state;

	w->limits.timeout_ms = 10;
	w->limits.tries_max = 4;
	world_start(w, silent_and_kept);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	assert_int_equal(hostile_n_udp(w->server), 4);
	/* 10 + 20 + 40 + 80 ms, an eighth less at most. */
	assert_true(
	    world_last(w)->received - world_last(w)->sent >= MONO_MS(131));
}

static void
silent(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	(void)ctx;
	(void)h;
	(void)ask;
}

static bool
is_nearly_closed(const struct world *w)
{
	return resolver_health(w->resolver, 0).window <= 4 &&
	       resolver_health(w->resolver, 0).fails_running > 100;
}

static void
test_WF9_a_dead_server_gets_less_and_less(void **state)
{
	struct world *w = *state;

	w->limits.timeout_ms = 10;
	w->on_room = ask_all_room;
	world_start(w, silent);
	ask_all_room(w);
	world_until(w, is_nearly_closed);
}

/* Names that never answer do not shrink what the others may use. */
static void
test_the_window_stays_where_what_failed_before_is_lost(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.timeout_ms = 10;
	world_start(w, silent);
	for (i = 0; i < 100; i++)
		world_ask(w, i, ASK_FAILED);
	world_run(w, 100);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	assert_int_equal(resolver_health(w->resolver, 0).window, 250);
}

static bool
has_told_room(const struct world *w)
{
	return w->n_rooms > 0;
}

/*
 * Of names that nobody answers for, only the first datagram's time counts
 * against the window; and there are never more than the largest window.
 */
static void
test_what_is_overdue_leaves_its_place_in_the_window_to_others(void **state)
{
	struct world *w = *state;
	unsigned n = 0;

	w->limits.timeout_ms = 100;
	w->limits.tries_max = 3;
	w->limits.window_start = 100;
	w->limits.window_max = 150;
	world_start(w, silent);
	while (world_try(w, n, ASK_FAILED) == 0)
		n++;
	assert_int_equal(n, 90);
	world_until(w, has_told_room);
	assert_int_equal(w->n_answers, 0);
	assert_int_equal(resolver_health(w->resolver, 0).open, 90);
	while (world_try(w, n, ASK_FAILED) == 0)
		n++;
	assert_int_equal(w->n_answers, 0);
	assert_in_range(n, 91, 150);
	world_run(w, n);
	assert_int_equal(resolver_health(w->resolver, 0).open, 0);
	/* All of them have given their places back. */
	for (n = 0; world_try(w, n, ASK_FAILED) == 0;)
		n++;
	assert_int_equal(n, 90);
}

static void
refuse(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint16_t rcode = w->mode == 0 ? RCODE_REFUSED : RCODE_NOERROR;

	hostile_send(
	    h, ask, w->wire, hostile_build_rcode(ask, rcode, true, w->wire));
}

static void
test_WF10_sixteen_refusals_in_a_row_are_left_alone_for_a_second(void **state)
{
	struct world *w = *state;
	struct resolver_health health;
	unsigned i;

	world_start(w, refuse);
	for (i = 0; i < 15; i++) {
		world_ask(w, i, 0);
		world_run(w, i + 1);
		assert_int_equal(world_last(w)->fail, FAIL_REFUSED);
	}
	assert_int_equal(resolver_health(w->resolver, 0).backoff_until, 0);
	world_ask(w, 15, 0);
	world_run(w, 16);
	health = resolver_health(w->resolver, 0);
	assert_true(health.backoff_until > loop_mono(w->loop));
	assert_true(health.backoff_until <= loop_mono(w->loop) + MONO_S(1));
	assert_int_equal(world_try(w, 32, ASK_URGENT), ERR_FULL);
}

static void
ask_one(struct world *w)
{
	assert_int_equal(world_try(w, 100, 0), 0);
	/* It is a probe: no second one beside it. */
	assert_int_equal(world_try(w, 101, 0), ERR_FULL);
	w->on_room = NULL;
}

static void
test_WF10_one_question_ends_the_backoff_and_it_decides(void **state)
{
	struct world *w = *state;
	unsigned i;

	world_start(w, refuse);
	for (i = 0; i < 16; i++)
		world_ask(w, i, 0);
	world_run(w, 16);
	assert_int_equal(world_try(w, 99, 0), ERR_FULL);
	assert_int_equal(w->n_rooms, 0);
	w->mode = 1;
	w->on_room = ask_one;
	world_run(w, 17);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(resolver_health(w->resolver, 0).backoff_until, 0);
	world_ask(w, 102, 0);
	world_run(w, 18);
}

/* The answer waits in the socket while the process does not run. */
static void
answer_and_stop(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	mono_ns until;

	world_answer(w, h, ask);
	if (ask->n < w->n_wanted)
		return;
	until = loop_mono_exact(w->loop) + MONO_MS(150);
	while (loop_mono_exact(w->loop) < until)
		usleep(1000);
}

static void
test_WF16_after_a_stop_what_waits_is_read_before_anything_expires(void **state)
{
	struct world *w = *state;
	unsigned i;

	/*
	 * The same question each time, so that each has a socket of its own:
	 * more of them than one look at the descriptors shows.
	 */
	w->limits.sockets = 256;
	world_start(w, answer_and_stop);
	w->n_wanted = 200;
	for (i = 0; i < 200; i++)
		world_ask(w, 1, 0);
	world_run(w, 200);
	for (i = 0; i < 200; i++)
		assert_int_equal(w->answers[i].fail, FAIL_NOT);
	assert_int_equal(world_counters(w).retries, 0);
}

static void
test_WF17_without_descriptors_it_goes_on_with_fewer_sockets(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	struct rlimit few;
	unsigned i;
	int next;

	w->limits.socket_uses = 4;
	world_start(w, world_answer);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(0);
	close(next);
	few = before;
	few.rlim_cur = (rlim_t)next + 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (i = 0; i < 200; i++) {
		world_ask(w, i, 0);
		world_run(w, i + 1);
		assert_int_equal(world_last(w)->fail, FAIL_NOT);
	}
	assert_true(world_counters(w).socket_errors > 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static bool
has_recovered(const struct world *w)
{
	return w->n_rooms > 0 && w->n_answers > 1;
}

static void
test_WF17_without_any_descriptor_it_waits_and_recovers(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	struct rlimit none;
	int err[10];
	unsigned i;

	world_start(w, world_answer);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	world_settle(w, 0); /* libev has its own descriptors by now */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (i = 0; i < 10; i++)
		err[i] = world_try(w, i, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(err[i], ERR_FULL);
	/* It did not hammer at what cannot be opened. */
	assert_int_equal(world_counters(w).socket_errors, 1);
	w->on_room = ask_all_room;
	world_until(w, has_recovered);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
}

static unsigned n_ports;
static uint16_t ports[RATE_ROOM];

static void
count_ports(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint16_t port = port_of(ask);
	unsigned i;

	for (i = 0; i < n_ports && ports[i] != port; i++)
		continue;
	if (i == n_ports)
		ports[n_ports++] = port;
	world_answer(ctx, h, ask);
}

static void
test_sockets_are_replaced_after_their_uses(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.sockets = 2;
	w->limits.socket_uses = 5;
	world_start(w, count_ports);
	for (i = 0; i < 100; i++) {
		world_ask(w, i, 0);
		world_run(w, i + 1);
	}
	/* 20 sockets of 5 uses; a port may come back by chance. */
	assert_in_range(n_ports, 17, 22);
}

static void
test_the_last_tenth_of_the_window_is_for_the_urgent(void **state)
{
	struct world *w = *state;
	unsigned normal = 0;
	unsigned urgent = 0;

	w->limits.window_start = 100;
	world_start(w, world_answer);
	while (world_try(w, normal, 0) == 0)
		normal++;
	while (world_try(w, normal + urgent, ASK_URGENT) == 0)
		urgent++;
	assert_int_equal(normal, 90);
	assert_int_equal(urgent, 10);
	world_run(w, 100);
	world_settle(w, MONO_MS(5));
	assert_int_equal(w->n_rooms, 1);
}

static void
test_the_last_tenth_of_the_tokens_is_for_the_urgent(void **state)
{
	struct world *w = *state;
	unsigned normal = 0;
	unsigned urgent = 0;

	w->rate = 1000;
	world_start(w, world_answer);
	while (world_try(w, normal, 0) == 0)
		normal++;
	while (world_try(w, normal + urgent, ASK_URGENT) == 0)
		urgent++;
	assert_int_equal(normal, 45);
	assert_int_equal(urgent, 5);
}

static void
test_inflight_max_is_a_bound_and_room_is_told_once(void **state)
{
	struct world *w = *state;
	unsigned n = 0;

	w->limits.inflight_max = 7;
	world_start(w, world_answer);
	while (world_try(w, n, 0) == 0)
		n++;
	assert_int_equal(n, 7);
	assert_int_equal(resolver_inflight(w->resolver), 7);
	assert_int_equal(world_try(w, 9, 0), ERR_FULL);
	world_run(w, 7);
	assert_int_equal(resolver_inflight(w->resolver), 0);
	world_settle(w, MONO_MS(5));
	assert_int_equal(w->n_rooms, 1);
}

static void
ask_another(struct world *w, const struct world_answer *a)
{
	if (w->n_answers < 1000)
		assert_int_equal(world_try(w, a->cookie + 1, 0), 0);
}

static void
test_the_answer_callback_may_ask(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->on_answer = ask_another;
	world_start(w, world_answer);
	world_ask(w, 0, 0);
	world_run(w, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(w->answers[i].cookie, i);
}

static void
free_resolver(struct world *w, const struct world_answer *a)
{
	(void)a;
	resolver_free(w->resolver);
	w->resolver = NULL;
	w->n_wanted = w->n_answers;
}

static void
test_the_answer_callback_may_free_the_resolver(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->on_answer = free_resolver;
	for (i = 0; i < 3; i++) {
		uint8_t flags = i == 1 ? ASK_TCP : 0;
		w->n_answers = 0;
		if (i == 0)
			world_start(w, world_answer);
		else
			world_resolver(w, hostile_addr(w->server));
		if (i == 2) /* from the timer */
			hostile_no_udp(w->server);
		world_ask(w, 1, flags);
		world_ask(w, 2, flags);
		world_ask(w, 3, flags);
		world_run(w, 1);
		w->n_answers = 0;
		world_settle(w, MONO_MS(2));
		assert_int_equal(w->n_answers, 0);
	}
}

static void
test_open_questions_are_dropped_in_silence(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.timeout_ms = 10 * 1000;
	w->limits.tcp_timeout_ms = 10 * 1000;
	world_start(w, silent);
	for (i = 0; i < 100; i++)
		world_ask(w, i, i % 2 == 0 ? 0 : ASK_TCP);
	world_settle(w, MONO_MS(5));
	resolver_free(w->resolver);
	w->resolver = NULL;
	world_settle(w, MONO_MS(5));
	assert_int_equal(w->n_answers, 0);
}

/* Loses, repeats, cuts and corrupts at random. */
static void
chaos(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint32_t random = rand_u32();
	size_t size = hostile_build(ask, ask->tcp ? 2 : 1, w->wire);

	switch (random % 8) {
	case 0:
		return;
	case 1:
		hostile_send(h, ask, w->wire, size);
		break;
	case 2:
		size = random / 8 % size;
		break;
	case 3:
		/* Not in the address: nobody could tell. */
		w->wire[random / 8 % (size - 15)] ^= 1;
		break;
	default:
		break;
	}
	hostile_send(h, ask, w->wire, size);
}

static void
test_WF8_every_question_ends_once_whatever_the_network_does(void **state)
{
	struct world *w = *state;
	bool *seen = calloc(RATE_ROOM, sizeof(*seen));
	uint64_t seed;
	size_t i;

	/* Ids, ports and chaos from one seed; the kernel's order is not. */
	rand_bytes(&seed, sizeof(seed));
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	w->limits.timeout_ms = 10;
	w->limits.tcp_timeout_ms = 50;
	w->limits.sockets = 8;
	w->limits.socket_uses = 16;
	w->limits.tcp_max = 8;
	w->on_room = ask_all_room;
	world_start(w, chaos);
	ask_all_room(w);
	world_settle(w, MONO_MS(120));
	w->on_room = NULL;
	world_run(w, (size_t)world_counters(w).asked);
	assert_int_equal(resolver_inflight(w->resolver), 0);
	for (i = 0; i < w->n_answers && w->answers[i].cookie < RATE_ROOM; i++) {
		assert_false(seen[w->answers[i].cookie]);
		seen[w->answers[i].cookie] = true;
	}
	free(seen);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_the_rate_is_never_exceeded_in_any_second),
	    T(test_WF8_the_window_shrinks_where_half_is_lost),
	    T(test_the_window_grows_where_all_is_answered),
	    T(test_WF8_each_try_has_a_new_id_and_socket_and_they_are_bounded),
	    T(test_WF9_a_dead_server_gets_less_and_less),
	    T(test_WF10_sixteen_refusals_in_a_row_are_left_alone_for_a_second),
	    T(test_the_window_stays_where_what_failed_before_is_lost),
	    T(test_what_is_overdue_leaves_its_place_in_the_window_to_others),
	    T(test_WF10_one_question_ends_the_backoff_and_it_decides),
	    T(test_WF16_after_a_stop_what_waits_is_read_before_anything_expires),
	    T(test_WF17_without_descriptors_it_goes_on_with_fewer_sockets),
	    T(test_WF17_without_any_descriptor_it_waits_and_recovers),
	    T(test_sockets_are_replaced_after_their_uses),
	    T(test_the_last_tenth_of_the_window_is_for_the_urgent),
	    T(test_the_last_tenth_of_the_tokens_is_for_the_urgent),
	    T(test_inflight_max_is_a_bound_and_room_is_told_once),
	    T(test_the_answer_callback_may_ask),
	    T(test_the_answer_callback_may_free_the_resolver),
	    T(test_open_questions_are_dropped_in_silence),
	    T(test_WF8_every_question_ends_once_whatever_the_network_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
