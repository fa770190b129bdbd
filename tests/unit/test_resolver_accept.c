/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Which datagrams are answers: rules A1-A13, B1 and B2 for UDP.  The
 * server sends the forgery first and the right answer after it, so that a
 * resolver that takes the first is caught by the address in the answer: 66 is
 * forged, 1 is right by UDP, 2 is right by TCP.
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rand.h"
#include "resolver_world.h"
#include "unit.h"

/* A socket that is not the server's: this address, this or a free port. */
static void
open_other(struct world *w, const char *ip, uint16_t port)
{
	struct sockaddr_storage sa;
	struct addr a;
	socklen_t size;

	assert_int_equal(addr_parse(ip, 0, &a), 0);
	a.port = port;
	size = addr_to_sockaddr(&a, &sa);
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(w->fd != -1);
	assert_int_equal(bind(w->fd, (struct sockaddr *)&sa, size), 0);
}

static void
forge_from_elsewhere(
    void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	hostile_send_from(w->fd, ask, w->wire, world_forge(w, ask));
	world_answer(w, h, ask);
}

static void
test_A1_reply_from_another_address_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, forge_from_elsewhere);
	open_other(w, "127.0.0.2", hostile_addr(w->server).port);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
}

static void
test_A2_reply_from_another_port_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, forge_from_elsewhere);
	open_other(w, "127.0.0.1", 0);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
}

/* The first question is kept; its forged answer goes to the second's port. */
static void
cross(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	struct hostile_ask crossed;

	if (ask->tcp) {
		world_answer(w, h, ask);
		return;
	}
	if (ask->n == 1) {
		world_keep(w, ask);
		return;
	}
	crossed = w->kept;
	crossed.from = ask->from;
	hostile_send(h, &crossed, w->wire, world_forge(w, &crossed));
	hostile_send(h, &w->kept, w->wire, hostile_build(&w->kept, 1, w->wire));
}

static void
test_A3_reply_on_another_socket_of_the_pool_is_no_answer(void **state)
{
	struct world *w = *state;

	/* The same question twice goes by two sockets (A10). */
	world_start(w, cross);
	world_ask(w, 1, 0);
	world_ask(w, 1, 0);
	world_run(w, 2);
	assert_int_equal(w->answers[0].last, 1);
	assert_int_equal(w->answers[0].transport, TRANSPORT_UDP);
	/* And the port that was hit by a wrong id went to TCP (A4). */
	assert_int_equal(w->answers[1].last, 2);
	assert_int_equal(world_counters(w).near_misses, 1);
}

/* mode: what is done to the id. */
static void
wrong_id(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint16_t id = ask->id;
	size_t size;

	if (!ask->tcp) {
		size = world_forge(w, ask);
		if (w->mode == 0)
			id++;
		else if (id >> 8 != (id & 255))
			id = (uint16_t)(id << 8 | id >> 8);
		else
			id ^= 0x1234;
		w->wire[0] = (uint8_t)(id >> 8);
		w->wire[1] = (uint8_t)id;
		hostile_send(h, ask, w->wire, size);
	}
	world_answer(w, h, ask);
}

static void
test_A4_wrong_id_finishes_the_question_by_tcp(void **state)
{
	struct world *w = *state;

	world_start(w, wrong_id);
	for (w->mode = 0; w->mode < 2; w->mode++) {
		world_ask(w, w->mode, 0);
		world_right(w, TRANSPORT_TCP);
	}
	assert_int_equal(world_counters(w).near_misses, 2);
	assert_int_equal(world_counters(w).tcp_fallbacks, 2);
	/* The right answer by UDP came after it, and counted for nothing. */
	assert_int_equal(world_counters(w).answered, 2);
}

static void
note_id(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	static uint16_t ids[64];
	unsigned i;

	for (i = 0; i + 1 < ask->n; i++)
		assert_int_not_equal(ids[i], ask->id);
	ids[ask->n - 1] = ask->id;
	world_answer(w, h, ask);
}

static void
test_A4_ids_of_one_socket_are_never_used_twice(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.sockets = 1;
	w->limits.socket_uses = 64;
	world_start(w, note_id);
	for (i = 0; i < 64; i++)
		world_ask(w, i, 0);
	world_run(w, 64);
	assert_int_equal(hostile_n_udp(w->server), 64);
}

/* Sends the forgery with one octet changed, then the right answer. */
static void
send_changed(struct world *w, struct hostile *h, const struct hostile_ask *ask,
    size_t at, uint8_t to)
{
	size_t size = world_forge(w, ask);

	w->wire[at] = to;
	hostile_send(h, ask, w->wire, size);
}

static void
wrong_header(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	send_changed(w, h, ask, 2, 0x01);          /* a question, reflected */
	send_changed(w, h, ask, 2, 0x81 | 5 << 3); /* UPDATE */
	send_changed(w, h, ask, 2, 0x81 | 4 << 3); /* NOTIFY */
	hostile_send(h, ask, w->wire, 0);
	hostile_send(h, ask, w->wire, 11);
	world_answer(w, h, ask);
}

static void
test_A5_no_response_or_another_opcode_or_a_runt_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, wrong_header);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).dropped_header, 5);
}

static void
wrong_count(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size;

	send_changed(w, h, ask, 5, 0);
	send_changed(w, h, ask, 5, 2);
	size = world_forge(w, ask);
	w->wire[4] = 0xff;
	w->wire[5] = 0xff;
	hostile_send(h, ask, w->wire, size);
	world_answer(w, h, ask);
}

static void
test_A6_not_exactly_one_question_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, wrong_count);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).dropped_question, 3);
}

static void
wrong_type(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t after = MESSAGE_HEADER_SIZE + ask->name_size;

	send_changed(w, h, ask, after + 1, 16); /* TXT */
	send_changed(w, h, ask, after + 3, 3);  /* CH */
	world_answer(w, h, ask);
}

static void
test_A7_another_type_or_class_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, wrong_type);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).dropped_question, 2);
}

static void
wrong_name(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	send_changed(w, h, ask, MESSAGE_HEADER_SIZE + 3, '-');
	world_answer(w, h, ask);
}

static void
test_A8_another_name_is_dropped(void **state)
{
	struct world *w = *state;

	world_start(w, wrong_name);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).dropped_question, 1);
}

static bool
has_upper(const struct hostile_ask *ask)
{
	size_t i;

	for (i = 0; i < ask->name_size; i++)
		if (ask->name[i] >= 'A' && ask->name[i] <= 'Z')
			return true;
	return false;
}

static void
lower_case(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = hostile_build(ask, ask->tcp ? 2 : 1, w->wire);

	w->mode = has_upper(ask);
	name_fold(w->wire + MESSAGE_HEADER_SIZE, ask->name_size);
	hostile_send(h, ask, w->wire, size);
}

static void
test_A8_echo_in_other_case_goes_by_tcp_and_then_case_is_left_alone(void **state)
{
	struct world *w = *state;
	unsigned i;

	world_start(w, lower_case);
	for (i = 0; i < 4; i++) {
		world_ask(w, i, 0);
		world_right(w, TRANSPORT_TCP);
		assert_true(w->mode); /* the case was mixed */
	}
	world_ask(w, 4, 0);
	world_right(w, TRANSPORT_UDP);
	assert_false(w->mode);
}

static void
two_ports(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	struct addr a;
	struct addr b;

	if (ask->n % 2 == 1) {
		world_keep(w, ask);
	} else {
		assert_int_equal(
		    addr_from_sockaddr((const struct sockaddr *)&ask->from, &a),
		    0);
		assert_int_equal(
		    addr_from_sockaddr(
			(const struct sockaddr *)&w->kept.from, &b),
		    0);
		assert_int_not_equal(a.port, b.port);
	}
	world_answer(w, h, ask);
}

static void
test_A10_the_same_question_twice_leaves_by_two_sockets(void **state)
{
	struct world *w = *state;
	unsigned i;

	w->limits.sockets = 4;
	world_start(w, two_ports);
	for (i = 0; i < 100; i++) {
		world_ask(w, 1, 0);
		world_ask(w, 1, 0);
		world_run(w, w->n_answers + 2);
	}
}

static void
answer_twice(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	world_answer(ctx, h, ask);
	world_answer(ctx, h, ask);
}

static void
test_A11_a_duplicate_is_late(void **state)
{
	struct world *w = *state;

	world_start(w, answer_twice);
	world_ask(w, 1, 0);
	world_ask(w, 2, 0);
	world_run(w, 2);
	world_settle(w, MONO_MS(5));
	assert_int_equal(w->n_answers, 2);
	assert_int_equal(world_counters(w).late, 2);
	assert_int_equal(world_counters(w).near_misses, 0);
}

/* The answer to the first try comes when the second is out. */
static void
answer_first_try_late(
    void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (ask->n == 1) {
		world_keep(w, ask);
		return;
	}
	hostile_send(h, &w->kept, w->wire, hostile_build(&w->kept, 1, w->wire));
	hostile_send(h, ask, w->wire, world_forge(w, ask));
}

static void
test_A11_an_earlier_try_is_still_answered_and_the_later_then_late(void **state)
{
	struct world *w = *state;

	world_start(w, answer_first_try_late);
	world_ask(w, 1, 0);
	world_run(w, 1);
	/* Both are right; the order of two sockets is the kernel's. */
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
	world_settle(w, MONO_MS(5));
	assert_int_equal(w->n_answers, 1);
	assert_int_equal(world_counters(w).late, 1);
	assert_int_equal(world_counters(w).retries, 1);
}

static void
answer_after_the_end(
    void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (ask->n == 1) {
		world_keep(w, ask);
		return;
	}
	hostile_send(h, &w->kept, w->wire, world_forge(w, &w->kept));
	world_answer(w, h, ask);
}

static void
test_A11_an_answer_after_the_timeout_is_late(void **state)
{
	struct world *w = *state;

	w->limits.tries_max = 1;
	w->limits.sockets = 1;
	world_start(w, answer_after_the_end);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).late, 1);
	assert_int_equal(world_counters(w).timeouts, 1);
}

static void
test_A13_a_refused_port_ends_nothing_before_its_time(void **state)
{
	struct world *w = *state;

	world_start(w, world_answer);
	hostile_no_udp(w->server);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_NETWORK);
	/* 40 ms and then 80, an eighth less at most. */
	assert_true(
	    world_last(w)->received - world_last(w)->sent >= MONO_MS(105));
	assert_true(world_counters(w).socket_errors > 0);
	assert_int_equal(world_counters(w).sent_udp, 2);
}

static void
too_large(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint8_t padding[4] = {0, 12, 0, 0};
	size_t size;
	size_t fill;

	if (ask->tcp) {
		world_answer(w, h, ask);
		return;
	}
	/* A whole message, well-formed, one octet over what was announced. */
	size = hostile_build_rcode(ask, 0, false, w->wire);
	fill = MESSAGE_UDP_SIZE + 1 - size - 11 - 4;
	size = hostile_add_opt(w->wire, size, 0, NULL, 0);
	padding[2] = (uint8_t)(fill >> 8);
	padding[3] = (uint8_t)fill;
	memcpy(w->wire + size, padding, 4);
	memset(w->wire + size + 4, 0, fill);
	w->wire[size - 2] = (uint8_t)((fill + 4) >> 8);
	w->wire[size - 1] = (uint8_t)(fill + 4);
	assert_int_equal(size + 4 + fill, MESSAGE_UDP_SIZE + 1);
	hostile_send(h, ask, w->wire, size + 4 + fill + w->mode);
}

static void
test_B1_a_datagram_over_the_announced_size_counts_as_truncated(void **state)
{
	struct world *w = *state;

	world_start(w, too_large);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TCP);
	w->mode = 3000;
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_TCP);
	assert_int_equal(world_counters(w).tcp_fallbacks, 2);
}

static void
truncated(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size;

	if (ask->tcp && w->mode == 0) {
		world_answer(w, h, ask);
		return;
	}
	size = world_forge(w, ask);
	w->wire[2] |= 0x02;
	hostile_send(h, ask, w->wire, size);
}

static void
test_B2_truncated_goes_by_tcp_and_its_content_is_nothing(void **state)
{
	struct world *w = *state;

	world_start(w, truncated);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TCP);
	w->mode = 1;
	world_ask(w, 2, 0);
	world_run(w, 2);
	assert_int_equal(world_last(w)->fail, FAIL_MALFORMED);
	assert_int_equal(world_last(w)->size, 0);
}

enum { FORGERIES = 10000, FORGED_ASKS = 100 };

/*
 * One forged reply of a random kind, never right in id and question both; with
 * guessed ids only where guess is true, because the first of them ends it all
 * on that port.
 */
static void
send_forgery(struct world *w, struct hostile *h, const struct hostile_ask *ask,
    bool guess)
{
	size_t size = world_forge(w, ask);
	size_t after = MESSAGE_HEADER_SIZE + ask->name_size;
	uint32_t random = rand_u32();

	switch (random % (guess ? 10 : 8)) {
	case 0:
		w->wire[2] &= 0x7f;
		break;
	case 1:
		w->wire[2] |= (uint8_t)((1 + (random >> 8) % 15) << 3);
		break;
	case 2:
		w->wire[5] = (uint8_t)(2 + (random >> 8) % 254);
		break;
	case 3:
		w->wire[after + (random >> 8) % 2] ^= 0x40;
		break;
	case 4:
		w->wire[after + 2 + (random >> 8) % 2] ^= 0x11;
		break;
	case 5:
		w->wire[MESSAGE_HEADER_SIZE + 1 + (random >> 8) % 7] ^= 1;
		break;
	case 6:
		size = (random >> 8) % MESSAGE_HEADER_SIZE;
		break;
	case 7:
		hostile_send_from(w->fd, ask, w->wire, size);
		return;
	default:
		w->wire[random % 2] ^= (uint8_t)(1 + (random >> 8) % 255);
		break;
	}
	hostile_send(h, ask, w->wire, size);
}

static void
flood(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	unsigned i;

	if (!ask->tcp)
		for (i = 0; i < FORGERIES / FORGED_ASKS; i++)
			send_forgery(w, h, ask, ask->n % 2 == 0);
	world_answer(w, h, ask);
}

static void
ask_next(struct world *w, const struct world_answer *a)
{
	enum transport expected =
	    a->cookie % 2 == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;

	assert_int_equal(a->fail, FAIL_NOT);
	assert_int_equal(a->transport, expected);
	assert_int_equal(a->last, expected == TRANSPORT_UDP ? 1 : 2);
	if (w->n_answers < FORGED_ASKS)
		assert_int_equal(world_try(w, w->n_answers, 0), 0);
}

static void
test_WF11_ten_thousand_forgeries_and_none_is_believed(void **state)
{
	struct world *w = *state;
	struct resolver_counters c;

	w->limits.timeout_ms = 2000;
	world_start(w, flood);
	open_other(w, "127.0.0.2", hostile_addr(w->server).port);
	w->on_answer = ask_next;
	world_ask(w, 0, 0);
	world_run(w, FORGED_ASKS);
	c = world_counters(w);
	assert_int_equal(c.near_misses, FORGED_ASKS / 2);
	/* Seven kinds of eight arrive, in the first half of the questions. */
	assert_true(c.dropped_header + c.dropped_question > FORGERIES * 2 / 5);
	assert_int_equal(c.retries, 0);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_A1_reply_from_another_address_is_dropped),
	    T(test_A2_reply_from_another_port_is_dropped),
	    T(test_A3_reply_on_another_socket_of_the_pool_is_no_answer),
	    T(test_A4_wrong_id_finishes_the_question_by_tcp),
	    T(test_A4_ids_of_one_socket_are_never_used_twice),
	    T(test_A5_no_response_or_another_opcode_or_a_runt_is_dropped),
	    T(test_A6_not_exactly_one_question_is_dropped),
	    T(test_A7_another_type_or_class_is_dropped),
	    T(test_A8_another_name_is_dropped),
	    T(test_A8_echo_in_other_case_goes_by_tcp_and_then_case_is_left_alone),
	    T(test_A10_the_same_question_twice_leaves_by_two_sockets),
	    T(test_A11_a_duplicate_is_late),
	    T(test_A11_an_earlier_try_is_still_answered_and_the_later_then_late),
	    T(test_A11_an_answer_after_the_timeout_is_late),
	    T(test_A13_a_refused_port_ends_nothing_before_its_time),
	    T(test_B1_a_datagram_over_the_announced_size_counts_as_truncated),
	    T(test_B2_truncated_goes_by_tcp_and_its_content_is_nothing),
	    T(test_WF11_ten_thousand_forgeries_and_none_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
