/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Sockets that are all used up, or taken away, come back: a server is asked
 * again without anything else happening in the loop.
 */

#include <sys/resource.h>

#include "base/err.h"
#include "resolver_world.h"
#include "unit.h"

static void
silent(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	(void)ctx;
	(void)h;
	(void)ask;
}

/* Tries nothing by itself: only room that is told counts. */
static void
stop_at_room(struct world *w)
{
	loop_stop(w->loop);
}

static size_t
ask_until_full(struct world *w)
{
	size_t n = 0;

	while (world_try(w, w->next_cookie, 0) == 0) {
		w->next_cookie++;
		n++;
	}
	return n;
}

/*
 * All that is open was sent through sockets that may not be used any more:
 * answers are slow, or do not come.  When the last ends, there is room.
 */
static void
used_up(void **state, uint16_t sockets)
{
	struct world *w = *state;
	size_t n;

	w->limits.tries_max = 1;
	w->limits.sockets = sockets;
	w->limits.socket_uses = 1;
	w->limits.window_start = 4096;
	w->on_room = stop_at_room;
	world_start(w, silent);
	n = ask_until_full(w);
	/* Half a table of ids for each socket, and not the window. */
	assert_true(n >= 100u * sockets && n < 1000);
	for (int i = 0; i < 3; i++) {
		unsigned rooms = w->n_rooms;

		world_settle(w, MONO_S(5));
		loop_timer_stop(w->soon);
		assert_true(w->n_rooms > rooms);
		assert_true(ask_until_full(w) > 0);
	}
}

static void
test_a_server_is_asked_again_when_its_only_socket_was_used_up(void **state)
{
	used_up(state, 1);
}

static void
test_a_server_is_asked_again_when_all_sockets_were_used_up(void **state)
{
	used_up(state, 4);
}

/* Only the end of a question by TCP makes room: nothing comes by UDP. */
static void
test_room_is_told_when_a_question_by_tcp_ends(void **state)
{
	struct world *w = *state;
	unsigned n = 0;

	w->limits.window_start = 4;
	world_start(w, world_answer);
	while (world_try(w, n, ASK_TCP) == 0)
		n++;
	assert_int_equal(n, 4);
	world_run(w, n);
	world_settle(w, MONO_MS(50));
	assert_int_equal(w->n_rooms, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_server_is_asked_again_when_its_only_socket_was_used_up,
		world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_server_is_asked_again_when_all_sockets_were_used_up,
		world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_room_is_told_when_a_question_by_tcp_ends, world_setup,
		world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
