/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Which instance of a server answers (RFC 5001): asked for where it is wanted
 * and nowhere else, and no server fails for being asked.
 */

#include <string.h>

#include "resolver_world.h"
#include "unit.h"

enum { ASKS_MAX = 32, STRIKES = 3 };

/* What the server got, in order: 'n' with NSID, 'e' EDNS alone, 'p' neither. */
static char asked[ASKS_MAX + 1];

static char
kind(const struct hostile_ask *ask)
{
	struct message m;

	assert_int_equal(message_walk(ask->wire, ask->size, &m), MESSAGE_OK);
	assert_int_equal(m.has_opt, ask->edns);
	if (m.nsid_at != 0) {
		assert_int_equal(m.nsid_size, 0);
		return 'n';
	}
	return m.has_opt ? 'e' : 'p';
}

static char
note(const struct hostile_ask *ask)
{
	size_t n = strlen(asked);

	assert_true(n < ASKS_MAX);
	asked[n] = kind(ask);
	return asked[n];
}

/* The right answer, from the instance "fra1". */
static void
answer(struct world *w, struct hostile *h, const struct hostile_ask *ask)
{
	size_t size = hostile_build(ask, ask->tcp ? 2 : 1, w->wire);

	if (kind(ask) == 'n') {
		w->wire[11]--; /* the OPT that is there, without options */
		size = hostile_add_opt(w->wire, size - MESSAGE_OPT_SIZE, 0,
		    (const uint8_t *)"\0\3\0\4fra1", 8);
	}
	hostile_send(h, ask, w->wire, size);
}

static void
knows_nsid(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	(void)note(ask);
	answer(ctx, h, ask);
}

static void
ask_right(struct world *w, uint8_t flags)
{
	world_ask(w, w->n_answers + 1, flags);
	world_run(w, w->n_answers + 1);
	assert_int_equal(world_last(w)->fail, FAIL_NOT);
}

static void
got(const char *wanted)
{
	assert_string_equal(asked, wanted);
	memset(asked, 0, sizeof(asked));
}

static void
test_nsid_is_asked_for_where_it_is_wanted_alone(void **state)
{
	struct world *w = *state;

	world_start(w, knows_nsid);
	for (uint8_t tcp = 0; tcp <= ASK_TCP; tcp += ASK_TCP) {
		ask_right(w, tcp);
		assert_int_equal(world_last(w)->nsid_size, 0);
		ask_right(w, tcp | ASK_URGENT | ASK_CD | ASK_DO);
		ask_right(w, tcp | ASK_NSID);
		assert_int_equal(world_last(w)->nsid_size, 4);
		assert_memory_equal(world_last(w)->nsid, "fra1", 4);
		got("een");
	}
	assert_false(resolver_health(w->resolver, 0).no_nsid);
}

/* Questions with and without it leave in one batch of segments, too. */
static void
test_nsid_goes_with_its_own_questions_of_a_batch(void **state)
{
	struct world *w = *state;

	w->gso = true;
	world_start(w, knows_nsid);
	for (unsigned i = 1; i <= 8; i++)
		world_ask(w, i, i % 2 == 0 ? ASK_NSID : 0);
	world_run(w, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(w->answers[i].fail, FAIL_NOT);
		assert_int_equal(w->answers[i].nsid_size,
		    w->answers[i].cookie % 2 == 0 ? 4 : 0);
	}
	got("nnnneeee");
}

/* By mode: this code, where there is the option. */
static void
refuses_nsid(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (note(ask) != 'n') {
		answer(w, h, ask);
		return;
	}
	hostile_send(h, ask, w->wire,
	    hostile_build_rcode(ask, (uint16_t)w->mode, w->mode > 15, w->wire));
}

static void
refused(struct world *w, uint16_t rcode, uint8_t flags)
{
	w->mode = rcode;
	world_start(w, refuses_nsid);
	ask_right(w, flags | ASK_NSID);
	got("ne");
	/* It is remembered, and EDNS is not given up for it. */
	assert_true(resolver_health(w->resolver, 0).no_nsid);
	assert_false(resolver_health(w->resolver, 0).plain);
	assert_int_equal(world_counters(w).edns_fallbacks, 0);
	ask_right(w, flags | ASK_NSID);
	ask_right(w, flags);
	got("ee");
}

static void
test_who_says_formerr_to_nsid_is_asked_without(void **state)
{
	refused(*state, RCODE_FORMERR, 0);
}

static void
test_who_says_badvers_to_nsid_is_asked_without(void **state)
{
	refused(*state, RCODE_BADVERS, 0);
}

static void
test_who_says_notimp_to_nsid_by_tcp_is_asked_without(void **state)
{
	refused(*state, RCODE_NOTIMP, ASK_TCP);
}

static void
refuses_edns(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	if (note(ask) == 'p')
		answer(w, h, ask);
	else
		hostile_send(h, ask, w->wire,
		    hostile_build_rcode(ask, RCODE_FORMERR, false, w->wire));
}

static void
test_B5_who_refuses_edns_is_asked_without_nsid_and_without_edns(void **state)
{
	struct world *w = *state;

	world_start(w, refuses_edns);
	ask_right(w, ASK_NSID);
	got("nep");
	assert_true(resolver_health(w->resolver, 0).plain);
	assert_false(resolver_health(w->resolver, 0).no_nsid);
	ask_right(w, ASK_NSID);
	got("p");
}

static void
silent_to_nsid(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	if (note(ask) != 'n')
		answer(ctx, h, ask);
}

static void
test_who_is_silent_to_nsid_answers_the_second_datagram(void **state)
{
	struct world *w = *state;

	world_start(w, silent_to_nsid);
	for (unsigned i = 0; i < STRIKES; i++) {
		assert_false(resolver_health(w->resolver, 0).no_nsid);
		ask_right(w, ASK_NSID);
		got("ne");
	}
	assert_true(resolver_health(w->resolver, 0).no_nsid);
	ask_right(w, ASK_NSID);
	got("e");
	assert_int_equal(world_counters(w).edns_fallbacks, 0);
}

static void
loses_most(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	/* Of three datagrams with it two. */
	if (note(ask) == 'n' && w->mode++ % 3 != 2)
		return;
	answer(w, h, ask);
}

static void
test_datagrams_that_are_lost_now_and_then_do_not_end_nsid(void **state)
{
	struct world *w = *state;

	world_start(w, loses_most);
	for (unsigned i = 0; i < 3; i++) {
		ask_right(w, ASK_NSID);
		ask_right(w, ASK_NSID);
		ask_right(w, ASK_NSID);
		got("nenen");
	}
	assert_false(resolver_health(w->resolver, 0).no_nsid);
}

static void
test_who_is_silent_to_nsid_by_tcp_fails_once(void **state)
{
	struct world *w = *state;

	world_start(w, silent_to_nsid);
	world_ask(w, 1, ASK_TCP | ASK_NSID);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	ask_right(w, ASK_TCP | ASK_NSID);
	got("ne");
}

static void
mute_in_mode(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	(void)note(ask);
	if (w->mode == 0)
		answer(w, h, ask);
}

static void
test_who_once_gave_it_is_asked_for_it_after_silence_by_tcp(void **state)
{
	struct world *w = *state;

	world_start(w, mute_in_mode);
	ask_right(w, ASK_NSID);
	w->mode = 1;
	world_ask(w, 2, ASK_TCP | ASK_NSID);
	world_run(w, 2);
	assert_int_equal(world_last(w)->fail, FAIL_TIMEOUT);
	w->mode = 0;
	ask_right(w, ASK_TCP | ASK_NSID);
	got("nnn");
}

static int
setup(void **state)
{
	memset(asked, 0, sizeof(asked));
	return world_setup(state);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_nsid_is_asked_for_where_it_is_wanted_alone),
	    T(test_nsid_goes_with_its_own_questions_of_a_batch),
	    T(test_who_says_formerr_to_nsid_is_asked_without),
	    T(test_who_says_badvers_to_nsid_is_asked_without),
	    T(test_who_says_notimp_to_nsid_by_tcp_is_asked_without),
	    T(test_B5_who_refuses_edns_is_asked_without_nsid_and_without_edns),
	    T(test_who_is_silent_to_nsid_answers_the_second_datagram),
	    T(test_datagrams_that_are_lost_now_and_then_do_not_end_nsid),
	    T(test_who_is_silent_to_nsid_by_tcp_fails_once),
	    T(test_who_once_gave_it_is_asked_for_it_after_silence_by_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
