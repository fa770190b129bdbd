/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Questions over TLS (RFC 7858, RFC 8310 strict, RFC 7766): only to a server
 * that shows who it is, never in clear; many on one connection, with the rules
 * of TCP for what is an answer; no question lost with its connection.
 */

#include <string.h>

#include "base/err.h"
#include "tls_world.h"
#include "unit.h"

enum { MANY = 40 };

/* For scripts: questions in the order in which they came. */
static struct hostile_ask asks[MANY];
static uint8_t wires[MANY][512];
static unsigned n_asks;

static int
setup(void **state)
{
	n_asks = 0;
	return tls_world_setup(state);
}

static size_t
frame(struct world *w, const struct hostile_ask *ask, uint8_t n, uint8_t *out)
{
	size_t size = hostile_build(ask, n, w->wire);

	out[0] = (uint8_t)(size >> 8);
	out[1] = (uint8_t)size;
	memcpy(out + 2, w->wire, size);
	return size + 2;
}

static void
ask_many(struct world *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		world_ask(w, i, 0);
}

static void
assert_all_right(struct world *w, size_t n)
{
	world_run(w, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(w->answers[i].fail, FAIL_NOT);
		assert_int_equal(w->answers[i].transport, TRANSPORT_TLS);
	}
}

static void
assert_fails(struct world *w, enum fail fail)
{
	world_run(w, w->n_answers + 1);
	assert_int_equal(world_last(w)->fail, fail);
	assert_int_equal(world_last(w)->transport, TRANSPORT_TLS);
}

/* ---- asking ---- */

static void
padded_answer(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	assert_true(ask->edns);
	assert_int_equal(ask->size % 128, 0);
	world_answer(ctx, h, ask);
}

static void
test_a_question_goes_over_tls_padded_and_no_other_way(void **state)
{
	struct world *w = *state;

	world_start(w, padded_answer);
	for (unsigned i = 0; i < 3; i++) {
		world_ask(w, i, i == 1 ? ASK_TCP : 0);
		world_right(w, TRANSPORT_TLS);
	}
	assert_int_equal(hostile_n_udp(w->server), 0);
	assert_int_equal(hostile_n_accepted(w->server), 1);
	assert_int_equal(world_counters(w).sent_tls, 3);
	assert_int_equal(world_counters(w).sent_udp, 0);
	assert_int_equal(world_counters(w).sent_tcp, 0);
	assert_int_equal(world_counters(w).tls_connections, 1);
	assert_int_equal(resolver_health(w->resolver, 0).connections, 1);
	assert_false(resolver_health(w->resolver, 0).unreachable);
}

static void
test_tls_works_over_IPv6(void **state)
{
	struct world *w = *state;

	world_start_at(w, "::1", world_answer);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
}

/* Answers all at once, the last one first. */
static void
backwards(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct hostile_ask *kept = &asks[n_asks];

	assert_true(n_asks < MANY && ask->size <= sizeof(wires[0]));
	memcpy(wires[n_asks], ask->wire, ask->size);
	*kept = *ask;
	kept->wire = wires[n_asks];
	kept->name = kept->wire + MESSAGE_HEADER_SIZE;
	for (unsigned i = 0; i < n_asks; i++)
		assert_int_not_equal(asks[i].id, ask->id);
	if (++n_asks < MANY)
		return;
	for (unsigned i = MANY; i > 0; i--)
		world_answer(ctx, h, &asks[i - 1]);
}

static void
test_many_are_open_on_one_connection_and_answered_in_any_order(void **state)
{
	struct world *w = *state;

	world_start(w, backwards);
	ask_many(w, MANY);
	assert_all_right(w, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(w->answers[i].cookie, MANY - 1 - i);
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

static void
test_connections_are_bounded_and_no_question_is_lost(void **state)
{
	struct world *w = *state;
	enum { LOTS = 2000 };

	w->limits.window_start = w->limits.window_max = 4096;
	w->limits.tcp_timeout_ms = 10000;
	world_start(w, world_answer);
	ask_many(w, LOTS);
	assert_all_right(w, LOTS);
	assert_true(hostile_conns_most(w->server) <= w->limits.tls_max);
	assert_int_equal(hostile_n_tcp(w->server), LOTS);
}

static void
test_a_message_of_64_KB_over_tls_arrives_whole(void **state)
{
	struct world *w = *state;

	world_start(w, world_answer_64k);
	ask_many(w, 3);
	assert_all_right(w, 3);
	assert_true(world_last(w)->size > 65000);
}

/* Of servers 0 and 1: how the last question was answered. */
static enum transport heard_by[2];
static unsigned n_heard;

static void
on_one_of_two(void *ctx, const struct answer *a)
{
	struct world *w = ctx;

	assert_int_equal(a->fail, FAIL_NOT);
	heard_by[a->server] = a->transport;
	if (++n_heard == 2)
		loop_stop(w->loop);
}

static void
on_no_room(void *ctx, uint16_t server)
{
	(void)ctx;
	(void)server;
}

static void
test_a_server_in_clear_beside_one_with_tls_is_asked_by_tcp(void **state)
{
	struct world *w = *state;
	struct resolver_hooks hooks = {
	    .on_answer = on_one_of_two, .on_room = on_no_room, .ctx = w};
	struct resolver_server servers[2] = {{.tls = w->tls}, {.rate = 0}};
	struct hostile *clear =
	    hostile_new(w->loop, "127.0.0.1", world_answer, w);
	struct ask ask = {
	    .name = (const uint8_t *)"\1a", .name_size = 3, .type = 1};

	w->server = hostile_new(w->loop, "127.0.0.1", world_answer, w);
	hostile_tls(w->server, w->context);
	servers[0].addr = hostile_addr(w->server);
	servers[1].addr = hostile_addr(clear);
	w->resolver = resolver_new(w->loop, servers, 2, &w->limits, &hooks);
	for (ask.flags = 0; ask.flags <= ASK_TCP; ask.flags++) {
		n_heard = 0;
		for (ask.server = 0; ask.server < 2; ask.server++)
			assert_int_equal(resolver_ask(w->resolver, &ask), 0);
		loop_timer_in(w->guard, WORLD_PATIENCE);
		loop_run(w->loop);
		loop_timer_stop(w->guard);
		assert_int_equal(heard_by[0], TRANSPORT_TLS);
		assert_int_equal(heard_by[1],
		    ask.flags == 0 ? TRANSPORT_UDP : TRANSPORT_TCP);
	}
	hostile_free(clear);
}

static void
refuse_edns(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (!ask->edns)
		world_answer(w, h, ask);
	else
		hostile_send(h, ask, w->wire,
		    hostile_build_rcode(ask, RCODE_NOTIMP, false, w->wire));
}

static void
test_B5_notimp_over_tls_is_asked_again_without_edns(void **state)
{
	struct world *w = *state;

	world_start(w, refuse_edns);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(world_counters(w).edns_fallbacks, 1);
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

/* ---- what is an answer ---- */

static void
foreign_first(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint8_t out[2400];
	size_t size;

	(void)h;
	/* Wrong id, a question, another name, then ours: in one record. */
	size = frame(w, ask, 66, out);
	out[2] ^= 0x55;
	size += frame(w, ask, 66, out + size);
	out[size / 2 + 4] &= 0x7f;
	size += frame(w, ask, 66, out + size);
	out[size / 3 * 2 + 2 + MESSAGE_HEADER_SIZE + 2] ^= 1;
	size += frame(w, ask, 2, out + size);
	hostile_raw(ask, out, size);
}

static void
test_A4_A5_A8_what_is_no_answer_over_tls_is_ignored_and_counted(void **state)
{
	struct world *w = *state;

	world_start(w, foreign_first);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(world_counters(w).dropped_question, 3);
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

static void
foreign_only(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];
	size_t size = frame(ctx, ask, 66, out);

	(void)h;
	out[2] ^= 0x55;
	for (unsigned i = 0; i < 100; i++)
		hostile_raw(ask, out, size);
}

static void
test_B3_endless_foreign_messages_over_tls_end(void **state)
{
	struct world *w = *state;

	world_start(w, foreign_only);
	world_ask(w, 1, 0);
	assert_fails(w, FAIL_NETWORK);
	assert_int_equal(hostile_n_tcp(w->server), 2);
}

/* mode 0: TC; 1: a byte behind the last record.  Others are answered. */
static void
bad_for_one(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = hostile_build(ask, 2, w->wire);

	if (ask->n == 2 && w->mode == 0)
		w->wire[2] |= 0x02;
	if (ask->n == 2 && w->mode == 1)
		w->wire[size++] = 0;
	hostile_send(h, ask, w->wire, size);
}

static void
test_B2_C3_truncated_or_malformed_over_tls_fails_that_question_only(
    void **state)
{
	struct world *w = *state;

	world_start(w, bad_for_one);
	for (w->mode = 0; w->mode < 2; w->mode++) {
		size_t from = w->n_answers;

		ask_many(w, 3);
		world_run(w, from + 3);
		assert_int_equal(w->answers[from].fail, FAIL_NOT);
		assert_int_equal(w->answers[from + 1].fail,
		    w->mode == 0 ? FAIL_MALFORMED : FAIL_NOT);
		assert_int_equal(w->answers[from + 2].fail, FAIL_NOT);
	}
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

/* The first one's answer comes with the third. */
static void
late_once(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (ask->n == 1) {
		world_keep(w, ask);
		return;
	}
	if (ask->n == 3)
		hostile_send(h, &w->kept, w->wire, world_forge(w, &w->kept));
	world_answer(w, h, ask);
}

static void
test_A11_a_late_answer_over_tls_is_nobodys(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 100;
	world_start(w, late_once);
	world_ask(w, 1, 0);
	world_settle(w, MONO_MS(20));
	/* Its answer keeps the connection from being given up, too. */
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_TLS);
	assert_fails(w, FAIL_TIMEOUT);
	world_ask(w, 3, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(w->n_answers, 3);
	assert_int_equal(world_counters(w).late, 1);
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

/* ---- time ---- */

static void
drip_fast(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];

	(void)h;
	hostile_drip(ask, out, frame(ctx, ask, 2, out), 200 * 1000);
}

static void
test_B3_an_answer_byte_by_byte_over_tls_is_put_together(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 20 * 1000;
	world_start(w, drip_fast);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
}

static void
drip_slowly(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];

	(void)h;
	hostile_drip(ask, out, frame(ctx, ask, 2, out), MONO_MS(100));
}

static void
test_B3_a_drip_below_the_minimum_rate_holds_no_connection(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 2000;
	world_start(w, drip_slowly);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_true(world_last(w)->fail == FAIL_TIMEOUT ||
		    world_last(w)->fail == FAIL_NETWORK);
	assert_true(
	    world_last(w)->received - world_last(w)->sent < MONO_MS(2100));
	/* Two slices, and once more on a second connection. */
	assert_int_equal(hostile_n_tcp(w->server), 2);
}

static void
silent(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	(void)ctx;
	(void)h;
	(void)ask;
}

static void
test_B3_silence_over_tls_ends_at_the_deadline_and_with_its_connection(
    void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 100;
	world_start(w, silent);
	ask_many(w, MANY);
	world_run(w, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(w->answers[i].fail, FAIL_TIMEOUT);
		assert_true(w->answers[i].received - w->answers[i].sent >=
			    MONO_MS(100));
	}
	assert_int_equal(resolver_health(w->resolver, 0).connections, 0);
	assert_false(resolver_health(w->resolver, 0).unreachable);
}

static void
silent_once(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	if (ask->n > 1)
		world_answer(ctx, h, ask);
}

static void
test_a_silent_name_over_tls_leaves_the_connection_to_the_others(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 100;
	world_start(w, silent_once);
	ask_many(w, 3);
	world_run(w, 3);
	assert_int_equal(w->answers[0].fail, FAIL_NOT);
	assert_int_equal(w->answers[1].fail, FAIL_NOT);
	assert_int_equal(w->answers[2].fail, FAIL_TIMEOUT);
	world_ask(w, 4, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(hostile_n_accepted(w->server), 1);
}

/* ---- connections that end ---- */

/* mode: on how many connections. */
static void
close_in_mid_message(
    void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint8_t out[600];
	size_t size = frame(w, ask, 2, out);

	if (hostile_n_accepted(h) > w->mode) {
		world_answer(w, h, ask);
		return;
	}
	hostile_raw(ask, out, size / 2);
	hostile_close(ask);
}

static void
test_what_was_open_on_a_connection_that_died_is_asked_once_more(void **state)
{
	struct world *w = *state;

	w->mode = 1;
	world_start(w, close_in_mid_message);
	ask_many(w, 3);
	assert_all_right(w, 3);
	assert_int_equal(world_counters(w).retries, 3);
	/* Each alone: it may be one of them that the server dies of. */
	assert_int_equal(hostile_n_accepted(w->server), 4);
	assert_int_equal(hostile_n_tcp(w->server), 4);
}

static void
test_what_was_lost_with_two_connections_is_a_fail(void **state)
{
	struct world *w = *state;

	w->mode = 100;
	world_start(w, close_in_mid_message);
	ask_many(w, 3);
	world_run(w, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(w->answers[i].fail, FAIL_NETWORK);
	assert_true(hostile_n_tcp(w->server) <= 6);
	assert_true(resolver_health(w->resolver, 0).unreachable);
	assert_string_not_equal(resolver_health(w->resolver, 0).why, "");
}

/* One name that makes it close, whoever else is asked for. */
static void
close_at_name_0(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	static const char name[] = "\16watched-name-0";

	if (memcmp(ask->name, name, sizeof(name) - 1) == 0) {
		n_asks++;
		hostile_close(ask);
	} else {
		world_answer(ctx, h, ask);
	}
}

static void
test_a_name_that_makes_the_server_close_takes_no_other_along(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 8000;
	world_start(w, close_at_name_0);
	ask_many(w, MANY);
	world_run(w, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(w->answers[i].fail,
		    w->answers[i].cookie == 0 ? FAIL_NETWORK : FAIL_NOT);
	assert_int_equal(n_asks, 2);
	assert_false(resolver_health(w->resolver, 0).unreachable);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
}

static void
answer_and_close(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	world_answer(ctx, h, ask);
	hostile_close(ask);
}

static void
test_a_server_that_closes_tls_after_each_answer_loses_none(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 8000;
	world_start(w, answer_and_close);
	ask_many(w, MANY);
	assert_all_right(w, MANY);
	assert_true(hostile_n_tcp(w->server) <= 2 * MANY);
}

/* Seven answers a connection, whatever waits. */
static void
close_after_seven(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	world_answer(ctx, h, ask);
	if (ask->n % 7 == 0)
		hostile_close(ask);
}

static void
test_a_server_that_closes_tls_after_some_answers_loses_none(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 8000;
	world_start(w, close_after_seven);
	ask_many(w, 5 * MANY);
	assert_all_right(w, 5 * MANY);
}

static void
test_a_connection_that_the_server_closes_between_questions_is_no_failure(
    void **state)
{
	struct world *w = *state;

	world_start(w, world_answer);
	for (unsigned i = 0; i < 4; i++) {
		world_ask(w, i, 0);
		world_right(w, TRANSPORT_TLS);
		hostile_drop_all(w->server);
		if (i % 2 == 0) /* or it is noticed when it is used */
			world_settle(w, MONO_MS(20));
	}
	assert_int_equal(hostile_n_accepted(w->server), 4);
	assert_int_equal(resolver_health(w->resolver, 0).failed, 0);
	assert_int_equal(world_counters(w).tls_resumed, 3);
}

static bool
has_no_connection(const struct world *w)
{
	return resolver_health(w->resolver, 0).connections == 0;
}

static void
test_an_idle_connection_is_closed_and_the_next_resumes_its_session(void **state)
{
	struct world *w = *state;

	w->limits.tls_idle_ms = 30;
	world_start(w, world_answer);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(resolver_health(w->resolver, 0).connections, 1);
	world_until(w, has_no_connection);
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(world_counters(w).tls_resumed, 1);
	assert_int_equal(resolver_health(w->resolver, 0).failed, 0);
}

static void
bad_length(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	static const uint8_t out[20] = {0, 11};

	(void)ctx;
	(void)h;
	hostile_raw(ask, out, sizeof(out));
}

static void
test_B3_a_length_below_a_header_over_tls_ends_the_connection(void **state)
{
	struct world *w = *state;

	world_start(w, bad_length);
	world_ask(w, 1, 0);
	assert_fails(w, FAIL_NETWORK);
	assert_int_equal(world_counters(w).malformed, 2);
}

static void
free_at_answer(struct world *w, const struct world_answer *a)
{
	(void)a;
	resolver_free(w->resolver);
	w->resolver = NULL;
}

static void
test_a_resolver_may_be_freed_by_an_answer_over_tls(void **state)
{
	struct world *w = *state;

	world_start(w, backwards);
	w->on_answer = free_at_answer;
	ask_many(w, MANY);
	world_run(w, 1);
	world_settle(w, MONO_MS(20));
	assert_int_equal(w->n_answers, 1);
}

static void
test_the_rate_holds_over_tls_for_what_is_asked_again_too(void **state)
{
	struct world *w = *state;

	w->rate = 4; /* one at a time */
	w->mode = 1;
	world_start(w, close_in_mid_message);
	world_ask(w, 1, 0);
	assert_int_equal(world_try(w, 2, 0), ERR_FULL);
	world_right(w, TRANSPORT_TLS);
	assert_true(world_last(w)->received - world_last(w)->sent < MONO_S(1));
	assert_int_equal(hostile_n_tcp(w->server), 2);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, tls_world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_a_question_goes_over_tls_padded_and_no_other_way),
	    T(test_tls_works_over_IPv6),
	    T(test_many_are_open_on_one_connection_and_answered_in_any_order),
	    T(test_connections_are_bounded_and_no_question_is_lost),
	    T(test_a_server_in_clear_beside_one_with_tls_is_asked_by_tcp),
	    T(test_a_message_of_64_KB_over_tls_arrives_whole),
	    T(test_B5_notimp_over_tls_is_asked_again_without_edns),
	    T(test_A4_A5_A8_what_is_no_answer_over_tls_is_ignored_and_counted),
	    T(test_B3_endless_foreign_messages_over_tls_end),
	    T(test_B2_C3_truncated_or_malformed_over_tls_fails_that_question_only),
	    T(test_A11_a_late_answer_over_tls_is_nobodys),
	    T(test_B3_an_answer_byte_by_byte_over_tls_is_put_together),
	    T(test_B3_a_drip_below_the_minimum_rate_holds_no_connection),
	    T(test_B3_silence_over_tls_ends_at_the_deadline_and_with_its_connection),
	    T(test_a_silent_name_over_tls_leaves_the_connection_to_the_others),
	    T(test_what_was_open_on_a_connection_that_died_is_asked_once_more),
	    T(test_what_was_lost_with_two_connections_is_a_fail),
	    T(test_a_name_that_makes_the_server_close_takes_no_other_along),
	    T(test_a_server_that_closes_tls_after_each_answer_loses_none),
	    T(test_a_server_that_closes_tls_after_some_answers_loses_none),
	    T(test_a_connection_that_the_server_closes_between_questions_is_no_failure),
	    T(test_an_idle_connection_is_closed_and_the_next_resumes_its_session),
	    T(test_B3_a_length_below_a_header_over_tls_ends_the_connection),
	    T(test_a_resolver_may_be_freed_by_an_answer_over_tls),
	    T(test_the_rate_holds_over_tls_for_what_is_asked_again_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
