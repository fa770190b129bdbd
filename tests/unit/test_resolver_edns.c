/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * What a server says about itself: that it knows no EDNS (B5), or knows it
 * badly (B6), and error codes, also the extended ones (B7-B9).
 */

#include <string.h>

#include "resolver_world.h"
#include "unit.h"

/* mode: 0 with OPT, 1 without, 2 without the question either. */
static void
refuse_edns(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size;

	if (!ask->edns) {
		world_answer(w, h, ask);
		return;
	}
	size = hostile_build_rcode(ask, RCODE_FORMERR, w->mode == 0, w->wire);
	if (w->mode == 2) {
		size = MESSAGE_HEADER_SIZE;
		w->wire[5] = 0;
	}
	hostile_send(h, ask, w->wire, size);
}

static void
edns_fallback(struct world *w, unsigned mode)
{
	w->mode = mode;
	world_start(w, refuse_edns);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(hostile_n_udp(w->server), 2);
	/* It is remembered. */
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(hostile_n_udp(w->server), 3);
	assert_int_equal(world_counters(w).edns_fallbacks, 1);
}

static void
test_B5_formerr_with_opt_is_asked_again_without_edns(void **state)
{
	edns_fallback(*state, 0);
}

static void
test_B5_formerr_without_opt_is_asked_again_without_edns(void **state)
{
	edns_fallback(*state, 1);
}

static void
test_B5_formerr_without_question_is_asked_again_without_edns(void **state)
{
	edns_fallback(*state, 2);
}

static void
always_formerr(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	hostile_send(h, ask, w->wire,
	    hostile_build_rcode(ask, RCODE_FORMERR, false, w->wire));
}

static void
test_B5_formerr_without_edns_too_is_a_fail_and_not_remembered(void **state)
{
	struct world *w = *state;

	world_start(w, always_formerr);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_not_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(world_last(w)->rcode, RCODE_FORMERR);
	world_ask(w, 2, 0);
	world_run(w, 2);
	assert_int_equal(hostile_n_udp(w->server), 4);
}

static void
silent_once(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	assert_true(ask->edns);
	if (ask->n > 1)
		world_answer(ctx, h, ask);
}

static void
test_B5_a_timeout_never_drops_edns(void **state)
{
	struct world *w = *state;

	world_start(w, silent_once);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).edns_fallbacks, 0);
}

static void
two_opts(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = world_forge(w, ask);

	size = hostile_add_opt(w->wire, size, 0, NULL, 0);
	hostile_send(h, ask, w->wire, size);
}

static void
test_B6_two_OPT_records_fail_also_by_tcp(void **state)
{
	struct world *w = *state;

	world_start(w, two_opts);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_MALFORMED);
	assert_int_equal(world_last(w)->transport, TRANSPORT_TCP);
	assert_int_equal(world_counters(w).malformed, 2);
}

static void
malformed_by_udp(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	if (ask->tcp)
		world_answer(ctx, h, ask);
	else
		two_opts(ctx, h, ask);
}

static void
test_B6_malformed_by_udp_gets_one_chance_by_tcp(void **state)
{
	struct world *w = *state;

	world_start(w, malformed_by_udp);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TCP);
}

static void
badvers(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint16_t rcode = w->mode == 0 ? RCODE_BADVERS : RCODE_BADCOOKIE;

	if (!ask->edns)
		world_answer(w, h, ask);
	else
		hostile_send(h, ask, w->wire,
		    hostile_build_rcode(ask, rcode, true, w->wire));
}

static void
test_B7_the_extended_bits_of_the_rcode_count(void **state)
{
	struct world *w = *state;

	world_start(w, badvers);
	w->mode = 1;
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_not_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(world_last(w)->rcode, RCODE_BADCOOKIE);
	w->mode = 0;
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_UDP);
	assert_int_equal(world_counters(w).edns_fallbacks, 1);
}

static void
say_rcode(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	uint16_t rcode = (uint16_t)w->mode;

	hostile_send(
	    h, ask, w->wire, hostile_build_rcode(ask, rcode, true, w->wire));
}

static void
test_B8_servfail_and_refused_are_fails_with_their_message(void **state)
{
	struct world *w = *state;

	world_start(w, say_rcode);
	w->mode = RCODE_SERVFAIL;
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_SERVFAIL);
	assert_true(world_last(w)->size > 0);
	w->mode = RCODE_REFUSED;
	world_ask(w, 2, 0);
	world_run(w, 2);
	assert_int_equal(world_last(w)->fail, FAIL_REFUSED);
	assert_int_equal(resolver_health(w->resolver, 0).fails_running, 2);
	assert_int_equal(resolver_health(w->resolver, 0).backoff_until, 0);
}

/* SERVFAIL with an EDE text of 60,000 control characters. */
static void
long_ede(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	static uint8_t option[6 + 60000];
	size_t size = hostile_build_rcode(ask, RCODE_SERVFAIL, false, w->wire);

	memset(option, 0x1b, sizeof(option));
	memcpy(option, "\0\017\352\142\0\011", 6); /* EDE, 60002, code 9 */
	size = hostile_add_opt(w->wire, size, 0, option, sizeof(option));
	hostile_send(h, ask, w->wire, size);
}

static void
test_B9_an_extended_error_of_any_length_is_read(void **state)
{
	struct world *w = *state;

	world_start(w, long_ede);
	world_ask(w, 1, ASK_TCP);
	world_run(w, 1);
	assert_int_equal(world_last(w)->fail, FAIL_BOGUS);
	assert_int_equal(world_last(w)->ede, 9);
}

/* Keeps the header's fourth octet: RA, Z, AD, CD and the code. */
static void
keep_flags(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	w->mode = ask->wire[3];
	world_answer(ctx, h, ask);
}

static void
test_M11_ad_is_asked_for_where_it_is_believed_and_cd_where_wanted(void **state)
{
	struct world *w = *state;

	w->ad = true;
	world_start(w, keep_flags);
	for (uint8_t tcp = 0; tcp <= ASK_TCP; tcp += ASK_TCP) {
		world_ask(w, 1, tcp);
		world_run(w, w->n_answers + 1);
		assert_int_equal(w->mode, 0x20);
		world_ask(w, 2, tcp | ASK_CD);
		world_run(w, w->n_answers + 1);
		assert_int_equal(w->mode, 0x30);
	}
}

static void
test_R17_cd_is_set_also_where_ad_is_not(void **state)
{
	struct world *w = *state;

	world_start(w, keep_flags);
	world_ask(w, 1, ASK_CD);
	world_run(w, 1);
	assert_int_equal(w->mode, 0x10);
	world_ask(w, 2, 0);
	world_run(w, 2);
	assert_int_equal(w->mode, 0);
}

/* Keeps the first octet of the flags of the OPT, which ends the question. */
static void
keep_do(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;

	w->mode = ask->wire[ask->size - 4];
	world_answer(ctx, h, ask);
}

static void
test_R17_do_is_set_where_signatures_are_wanted(void **state)
{
	struct world *w = *state;

	world_start(w, keep_do);
	for (uint8_t tcp = 0; tcp <= ASK_TCP; tcp += ASK_TCP) {
		world_ask(w, 1, tcp | ASK_DO | ASK_CD);
		world_run(w, w->n_answers + 1);
		assert_int_equal(w->mode, 0x80);
		world_ask(w, 2, tcp);
		world_run(w, w->n_answers + 1);
		assert_int_equal(w->mode, 0);
	}
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_B5_formerr_with_opt_is_asked_again_without_edns),
	    T(test_B5_formerr_without_opt_is_asked_again_without_edns),
	    T(test_B5_formerr_without_question_is_asked_again_without_edns),
	    T(test_B5_formerr_without_edns_too_is_a_fail_and_not_remembered),
	    T(test_B5_a_timeout_never_drops_edns),
	    T(test_B6_two_OPT_records_fail_also_by_tcp),
	    T(test_B6_malformed_by_udp_gets_one_chance_by_tcp),
	    T(test_B7_the_extended_bits_of_the_rcode_count),
	    T(test_B8_servfail_and_refused_are_fails_with_their_message),
	    T(test_B9_an_extended_error_of_any_length_is_read),
	    T(test_M11_ad_is_asked_for_where_it_is_believed_and_cd_where_wanted),
	    T(test_R17_cd_is_set_also_where_ad_is_not),
	    T(test_R17_do_is_set_where_signatures_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
