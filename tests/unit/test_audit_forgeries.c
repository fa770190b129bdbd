/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * L-D5: the seven forgeries that the stub resolver of ldns takes, one by one;
 * and what makes others hard to guess or to send: A3, A4, B1, B3, B4.  66 is
 * forged, 1 is right by UDP, 2 is right by TCP.
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver_world.h"
#include "unit.h"

enum forgery {
	WRONG_ID,
	WRONG_NAME,
	WRONG_TYPE,
	NO_QUESTION,
	NO_RESPONSE,
	OTHER_PORT,
	OTHER_ADDRESS,
	N_FORGERIES
};

static void
open_other(struct world *w, const char *ip)
{
	struct sockaddr_storage sa;
	struct addr a;
	socklen_t size;

	if (w->fd != -1)
		close(w->fd);
	assert_int_equal(addr_parse(ip, 0, &a), 0);
	a.port =
	    strcmp(ip, "127.0.0.1") == 0 ? 0 : hostile_addr(w->server).port;
	size = addr_to_sockaddr(&a, &sa);
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(w->fd != -1);
	assert_int_equal(bind(w->fd, (struct sockaddr *)&sa, size), 0);
}

static void
forge(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = world_forge(w, ask);
	size_t after = MESSAGE_HEADER_SIZE + ask->name_size;

	if (ask->tcp) {
		world_answer(w, h, ask);
		return;
	}
	if (w->mode == WRONG_ID)
		w->wire[1] ^= 1;
	else if (w->mode == WRONG_NAME)
		w->wire[MESSAGE_HEADER_SIZE + 1] = '-';
	else if (w->mode == WRONG_TYPE)
		w->wire[after + 1] = 16;
	else if (w->mode == NO_QUESTION)
		w->wire[5] = 0;
	else if (w->mode == NO_RESPONSE)
		w->wire[2] &= 0x7f;
	if (w->mode == OTHER_PORT || w->mode == OTHER_ADDRESS)
		hostile_send_from(w->fd, ask, w->wire, size);
	else
		hostile_send(h, ask, w->wire, size);
	world_answer(w, h, ask);
}

static void
test_LD5_none_of_seven_forgeries_is_believed(void **state)
{
	struct world *w = *state;

	world_start(w, forge);
	for (w->mode = 0; w->mode < N_FORGERIES; w->mode++) {
		if (w->mode == OTHER_PORT)
			open_other(w, "127.0.0.1");
		if (w->mode == OTHER_ADDRESS)
			open_other(w, "127.0.0.2");
		world_ask(w, w->mode, 0);
		/* A guessed id is finished by TCP (A4). */
		world_right(
		    w, w->mode == WRONG_ID ? TRANSPORT_TCP : TRANSPORT_UDP);
	}
	assert_int_equal(world_counters(w).answered, N_FORGERIES);
}

enum { GUESSES = 400 };

static struct {
	uint16_t ids[GUESSES], ports[GUESSES];
	unsigned n;
} seen;

static void
note_guessable(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct addr from;

	assert_int_equal(
	    addr_from_sockaddr((const struct sockaddr *)&ask->from, &from), 0);
	assert_true(seen.n < GUESSES);
	seen.ids[seen.n] = ask->id;
	seen.ports[seen.n++] = from.port;
	world_answer(ctx, h, ask);
}

static unsigned
distinct(const uint16_t *list)
{
	static uint8_t had[65536 / 8];
	unsigned n = 0;

	memset(had, 0, sizeof(had));
	for (unsigned i = 0; i < seen.n; i++) {
		n += (had[list[i] / 8] >> list[i] % 8 & 1) == 0;
		had[list[i] / 8] |= (uint8_t)(1u << list[i] % 8);
	}
	return n;
}

/* How often the next number is near the one before: a counter's mark. */
static unsigned
neighbours(const uint16_t *list)
{
	unsigned n = 0;

	for (unsigned i = 1; i < seen.n; i++)
		n += (uint16_t)(list[i] - list[i - 1] + 8) <= 16;
	return n;
}

static void
test_A3_A4_neither_port_nor_id_can_be_counted_up(void **state)
{
	struct world *w = *state;

	seen.n = 0;
	w->limits.sockets = 8;
	w->limits.socket_uses = 4;
	world_start(w, note_guessable);
	for (unsigned i = 0; i < GUESSES; i++) {
		world_ask(w, i, 0);
		world_right(w, TRANSPORT_UDP);
	}
	assert_int_equal(seen.n, GUESSES);
	/* 400 of 65,536: 1.2 are expected to be twice there. */
	assert_true(distinct(seen.ids) > GUESSES - 12);
	assert_true(neighbours(seen.ids) < 8);
	/* Sockets are replaced after four uses. */
	assert_true(distinct(seen.ports) >= GUESSES / 4 * 9 / 10);
	assert_true(neighbours(seen.ports) < GUESSES / 4);
}

static void
look_at_opt(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	const uint8_t *opt = ask->wire + ask->size - 11;

	assert_true(ask->edns);
	assert_int_equal(opt[0], 0);
	assert_int_equal(opt[1] << 8 | opt[2], 41);
	assert_int_equal(opt[3] << 8 | opt[4], 1232);
	assert_int_equal(opt[9] << 8 | opt[10], 0);
	/* One question, RD, and nothing else: no AD, no CD, no second one. */
	assert_int_equal(ask->wire[2] & 0xf9, 0x01);
	assert_int_equal(ask->wire[4] << 8 | ask->wire[5], 1);
	world_answer(ctx, h, ask);
}

static void
test_B1_a_question_announces_1232_octets_by_udp_and_tcp(void **state)
{
	struct world *w = *state;

	world_start(w, look_at_opt);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	world_ask(w, 2, ASK_TCP);
	world_right(w, TRANSPORT_TCP);
}

static void
test_B3_a_whole_message_has_five_seconds_at_most(void **state)
{
	struct resolver_limits limits = resolver_limits_default();

	(void)state;
	assert_in_range(limits.tcp_timeout_ms, 1, 5000);
	assert_in_range(limits.timeout_ms, 1, 5000);
	assert_in_range(limits.tries_max, 1, 5);
}

/* Truncated by UDP, and by TCP nothing comes, ever. */
static void
black_hole(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size;

	if (ask->tcp && w->mode == 0)
		return;
	size = hostile_build(ask, ask->tcp ? 2 : 66, w->wire);
	if (!ask->tcp)
		w->wire[2] |= 0x02;
	hostile_send(h, ask, w->wire, size);
}

static void
test_B4_a_black_hole_by_tcp_is_a_timeout_and_udp_is_tried_again(void **state)
{
	struct world *w = *state;

	w->limits.tcp_timeout_ms = 50;
	world_start(w, black_hole);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	assert_int_equal(world_last(w)->size, 0);
	w->mode = 1;
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_TCP);
	assert_int_equal(hostile_n_udp(w->server), 2);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_LD5_none_of_seven_forgeries_is_believed),
	    T(test_A3_A4_neither_port_nor_id_can_be_counted_up),
	    T(test_B1_a_question_announces_1232_octets_by_udp_and_tcp),
	    T(test_B3_a_whole_message_has_five_seconds_at_most),
	    T(test_B4_a_black_hole_by_tcp_is_a_timeout_and_udp_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
