/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Questions by TCP (B3, B4): framing that is split anywhere, foreign messages
 * skipped, everything bounded in time and number.
 */

#include <string.h>

#include "resolver_world.h"
#include "unit.h"

/* The right answer with its two bytes of length. */
static size_t
frame(struct world *w, const struct hostile_ask *ask, uint8_t *out)
{
	size_t size = hostile_build(ask, 2, w->wire);

	out[0] = (uint8_t)(size >> 8);
	out[1] = (uint8_t)size;
	memcpy(out + 2, w->wire, size);
	return size + 2;
}

static void
assert_right(struct world *w)
{
	world_run(w, w->n_answers + 1);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(world_last(w)->last, 2);
	assert_int_equal(world_last(w)->transport, TRANSPORT_TCP);
}

static void
assert_fails(struct world *w, enum fail fail)
{
	world_run(w, w->n_answers + 1);
	assert_int_equal(world_last(w)->fail, fail);
	assert_int_equal(world_last(w)->transport, TRANSPORT_TCP);
	assert_int_equal(world_last(w)->size, 0);
}

static mono_ns
time_taken(const struct world *w)
{
	return world_last(w)->received - world_last(w)->sent;
}

static void
test_a_question_for_tcp_sends_no_datagram(void **state)
{
	struct world *w = *state;

	world_start(w, world_answer);
	world_ask(w, 1, ASK_TCP);
	assert_right(w);
	assert_int_equal(hostile_n_udp(w->server), 0);
	assert_int_equal(world_counters(w).sent_tcp, 1);
	assert_int_equal(world_counters(w).tcp_fallbacks, 0);
}

static void
test_tcp_and_udp_work_over_IPv6(void **state)
{
	struct world *w = *state;

	world_start_at(w, "::1", world_answer);
	world_ask(w, 1, ASK_TCP);
	assert_right(w);
	world_ask(w, 2, 0);
	world_run(w, 2);
	assert_int_equal(world_last(w)->last, 1);
}

static void
drip_fast(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];

	(void)h;
	hostile_drip(ask, out, frame(ctx, ask, out), 200 * 1000);
}

static void
test_B3_an_answer_byte_by_byte_is_put_together(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 20 * 1000;
	world_start(w, drip_fast);
	world_ask(w, 1, ASK_TCP);
	assert_right(w);
}

static void
drip_slowly(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];

	(void)h;
	hostile_drip(ask, out, frame(ctx, ask, out), MONO_MS(100));
}

static void
test_B3_a_drip_below_the_minimum_rate_ends_before_the_deadline(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 4000;
	world_start(w, drip_slowly);
	world_ask(w, 1, ASK_TCP);
	assert_fails(w, FAIL_TIMEOUT);
	assert_true(time_taken(w) < MONO_MS(3900));
}

static void
foreign_first(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint8_t out[2400];
	size_t size;

	(void)h;
	/* Wrong id, a question, another name, then ours: in one segment. */
	size = frame(w, ask, out);
	out[2] ^= 0x55;
	size += frame(w, ask, out + size);
	out[size / 2 + 4] &= 0x7f;
	size += frame(w, ask, out + size);
	out[size / 3 * 2 + 2 + MESSAGE_HEADER_SIZE + 2] ^= 1;
	size += frame(w, ask, out + size);
	hostile_raw(ask, out, size);
}

static void
test_B3_foreign_messages_are_skipped_and_the_connection_kept(void **state)
{
	struct world *w = *state;

	world_start(w, foreign_first);
	world_ask(w, 1, ASK_TCP);
	assert_right(w);
	assert_int_equal(world_counters(w).dropped_question, 3);
	assert_int_equal(hostile_n_tcp(w->server), 1);
}

static void
foreign_only(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint8_t out[600];
	size_t size = frame(ctx, ask, out);
	unsigned i;

	(void)h;
	out[2] ^= 0x55;
	for (i = 0; i < 100; i++)
		hostile_raw(ask, out, size);
}

static void
test_B3_endless_foreign_messages_end(void **state)
{
	struct world *w = *state;

	world_start(w, foreign_only);
	world_ask(w, 1, ASK_TCP);
	assert_fails(w, FAIL_MALFORMED);
}

/* mode: the length that is announced. */
static void
bad_length(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint8_t out[20] = {(uint8_t)(w->mode >> 8), (uint8_t)w->mode};

	(void)h;
	hostile_raw(ask, out, w->mode < 12 ? 2 + w->mode : sizeof(out));
	if (w->mode >= 12)
		hostile_close(ask);
}

static void
test_B3_a_length_below_a_header_is_malformed(void **state)
{
	struct world *w = *state;

	world_start(w, bad_length);
	for (w->mode = 0; w->mode < 12; w->mode++) {
		world_ask(w, w->mode, ASK_TCP);
		assert_fails(w, FAIL_MALFORMED);
	}
}

static void
test_B3_a_close_in_mid_message_is_a_fail(void **state)
{
	struct world *w = *state;

	world_start(w, bad_length);
	w->mode = 65535;
	world_ask(w, 1, ASK_TCP);
	assert_fails(w, FAIL_NETWORK);
	w->mode = 100;
	world_ask(w, 2, ASK_TCP);
	assert_fails(w, FAIL_NETWORK);
}

static void
silent(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	(void)ctx;
	(void)h;
	(void)ask;
}

static void
test_B3_silence_ends_at_the_deadline(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 60;
	world_start(w, silent);
	world_ask(w, 1, ASK_TCP);
	assert_fails(w, FAIL_TIMEOUT);
	assert_true(time_taken(w) >= MONO_MS(60));
	assert_true(time_taken(w) < MONO_S(5));
}

static void
test_a_message_of_64_KB_arrives_whole(void **state)
{
	struct world *w = *state;

	world_start(w, world_answer_64k);
	world_ask(w, 1, ASK_TCP);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
	assert_true(world_last(w)->size > 65000);
}

static void
truncated(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = hostile_build_rcode(ask, 0, false, w->wire);

	w->wire[2] |= 0x02;
	hostile_send(h, ask, w->wire, size);
}

static void
test_B4_refused_tcp_after_truncation_is_a_fail(void **state)
{
	struct world *w = *state;

	world_start(w, truncated);
	hostile_no_tcp(w->server);
	world_ask(w, 1, 0);
	assert_fails(w, FAIL_NETWORK);
	/* The next question is tried by UDP again. */
	world_ask(w, 2, 0);
	assert_fails(w, FAIL_NETWORK);
	assert_int_equal(hostile_n_udp(w->server), 2);
}

enum { MANY = 40 };

static void
test_connections_are_bounded_and_the_rest_wait_their_turn(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.tcp_max = 2;
	world_start(w, world_answer);
	for (i = 0; i < MANY; i++)
		world_ask(w, i, ASK_TCP);
	world_run(w, MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(w->answers[i].fail, FAIL_NOT);
	assert_true(hostile_conns_most(w->server) <= 2);
	assert_int_equal(hostile_n_tcp(w->server), MANY);
}

static void
answer_and_close(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	world_answer(ctx, h, ask);
	hostile_close(ask);
}

static void
test_a_server_that_closes_after_each_answer_loses_none(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.tcp_max = 2;
	world_start(w, answer_and_close);
	for (i = 0; i < MANY; i++)
		world_ask(w, i, ASK_TCP);
	world_run(w, MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(w->answers[i].fail, FAIL_NOT);
}

static void
test_questions_that_wait_for_a_black_hole_end_too(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.tcp_max = 1;
	w->limits.tcp_timeout_ms = 40;
	world_start(w, silent);
	for (i = 0; i < MANY; i++)
		world_ask(w, i, ASK_TCP);
	world_run(w, MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(w->answers[i].fail, FAIL_TIMEOUT);
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
test_B5_notimp_by_tcp_is_asked_again_without_edns(void **state)
{
	struct world *w = *state;

	world_start(w, refuse_edns);
	world_ask(w, 1, ASK_TCP);
	assert_right(w);
	assert_int_equal(world_counters(w).edns_fallbacks, 1);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_a_question_for_tcp_sends_no_datagram),
	    T(test_tcp_and_udp_work_over_IPv6),
	    T(test_B3_an_answer_byte_by_byte_is_put_together),
	    T(test_B3_a_drip_below_the_minimum_rate_ends_before_the_deadline),
	    T(test_B3_foreign_messages_are_skipped_and_the_connection_kept),
	    T(test_B3_endless_foreign_messages_end),
	    T(test_B3_a_length_below_a_header_is_malformed),
	    T(test_B3_a_close_in_mid_message_is_a_fail),
	    T(test_B3_silence_ends_at_the_deadline),
	    T(test_a_message_of_64_KB_arrives_whole),
	    T(test_B4_refused_tcp_after_truncation_is_a_fail),
	    T(test_connections_are_bounded_and_the_rest_wait_their_turn),
	    T(test_a_server_that_closes_after_each_answer_loses_none),
	    T(test_questions_that_wait_for_a_black_hole_end_too),
	    T(test_B5_notimp_by_tcp_is_asked_again_without_edns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
