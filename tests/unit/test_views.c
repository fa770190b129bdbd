/* SPDX-License-Identifier: ISC */
/* room: judge */

/* Views of one question that differ for good (R9). */

#include "unit.h"

#include <string.h>

#include "judge/views.h"

enum { NEAR = 7, FAR = 9, BOUND_S = 3600, SETTLE_S = 65, STEP_S = 10 };

struct fixture {
	struct views_cell cell;
	mono_ns now;
};

static enum views_turn
look_at(struct fixture *f, enum views_stand stand, uint64_t print)
{
	struct views_sample s = {
	    .stand = stand,
	    .print = print,
	    .now = f->now,
	    .wall = f->now / 1000,
	    .differ_after = MONO_S(BOUND_S),
	    .settle = MONO_S(SETTLE_S),
	};

	return views_judge(&f->cell, &s);
}

/* Looks every 10 s for so long; what was not VIEWS_SAME ends it. */
static enum views_turn
look_for(
    struct fixture *f, uint32_t seconds, enum views_stand stand, uint64_t print)
{
	enum views_turn turn = VIEWS_SAME;

	for (uint32_t s = 0; s < seconds && turn == VIEWS_SAME; s += STEP_S) {
		f->now += MONO_S(STEP_S);
		turn = look_at(f, stand, print);
	}
	return turn;
}

static void
tell(struct fixture *f)
{
	*f = (struct fixture){.now = MONO_S(1000)};
	assert_int_equal(look_for(f, BOUND_S + 2 * STEP_S, VIEWS_DIFFER, 1),
	    VIEWS_TELL_DIFFER);
	f->cell.told = true;
}

static void
test_what_is_known_decides_how_they_stand(void **state)
{
	struct views_word w[] = {{true, NEAR}, {true, NEAR}, {true, FAR}};

	(void)state;
	assert_int_equal(views_stand(w, 0), VIEWS_ALONE);
	assert_int_equal(views_stand(w, 1), VIEWS_ALONE);
	assert_int_equal(views_stand(w, 2), VIEWS_AGREE);
	assert_int_equal(views_stand(w, 3), VIEWS_DIFFER);
	w[2].known = false;
	assert_int_equal(views_stand(w, 3), VIEWS_UNKNOWN);
	w[2].known = true;
	w[0].known = false;
	assert_int_equal(views_stand(w, 3), VIEWS_DIFFER);
	w[1].known = false;
	assert_int_equal(views_stand(w, 3), VIEWS_UNKNOWN);
}

/* No cache may be so far behind: an interval, its jitter and a whole TTL. */
static void
test_the_bound_is_longer_than_caches_differ(void **state)
{
	struct views_pace p = {.wait_s = 300, .ttl_s = 600};

	(void)state;
	assert_int_equal(views_differ_after(&p, 3600), MONO_S(3600));
	assert_int_equal(views_differ_after(&p, 1), MONO_S(300 + 15 + 5 + 600));
	p.ttl_s = 86400;
	assert_int_equal(
	    views_differ_after(&p, 3600), MONO_S(300 + 15 + 5 + 86400));
	p.ttl_s = UINT32_MAX;
	assert_true(views_differ_after(&p, 3600) > MONO_S(UINT32_MAX));
	assert_int_equal(views_settle(&p, 3600), MONO_S(320));
	p.wait_s = 1;
	assert_int_equal(views_settle(&p, 3600), MONO_S(60));
	assert_int_equal(views_settle(&p, 30), MONO_S(30));
	assert_int_equal(views_settle(&p, 1), MONO_S(6));
}

static void
test_told_when_it_has_lasted_and_until_the_caller_did(void **state)
{
	struct fixture f = {.now = MONO_S(1000)};

	(void)state;
	assert_int_equal(look_for(&f, BOUND_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_DIFFER, 1), VIEWS_TELL_DIFFER);
	assert_int_equal(f.cell.since, WALL_S(1010));
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_DIFFER, 1), VIEWS_TELL_DIFFER);
	f.cell.told = true;
	assert_int_equal(
	    look_for(&f, 10 * BOUND_S, VIEWS_DIFFER, 1), VIEWS_SAME);
}

static void
test_agreement_for_one_look_begins_it_anew(void **state)
{
	struct fixture f = {.now = MONO_S(1000)};

	(void)state;
	assert_int_equal(
	    look_for(&f, BOUND_S - STEP_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(look_for(&f, STEP_S, VIEWS_AGREE, 2), VIEWS_FORGET);
	assert_int_equal(look_for(&f, BOUND_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_DIFFER, 1), VIEWS_TELL_DIFFER);
}

/* What is not known is no break, and no time either. */
static void
test_while_a_view_is_unknown_the_clock_stands(void **state)
{
	struct fixture f = {.now = MONO_S(1000)};

	(void)state;
	assert_int_equal(
	    look_for(&f, BOUND_S - STEP_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, 10 * BOUND_S, VIEWS_UNKNOWN, 1), VIEWS_SAME);
	/* The first look after it only says that it is so again. */
	assert_int_equal(look_for(&f, 2 * STEP_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_DIFFER, 1), VIEWS_TELL_DIFFER);
	assert_int_equal(f.cell.since, WALL_S(1010));

	tell(&f);
	assert_int_equal(look_for(&f, 60, VIEWS_AGREE, 2), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, 10 * BOUND_S, VIEWS_UNKNOWN, 2), VIEWS_SAME);
	assert_int_equal(look_for(&f, STEP_S, VIEWS_AGREE, 2), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, 2 * STEP_S, VIEWS_AGREE, 2), VIEWS_TELL_AGREE);
}

/* A suspended machine, or a table too large to be looked at more often. */
static void
test_what_was_not_looked_at_is_not_counted(void **state)
{
	struct fixture f = {.now = MONO_S(1000)};

	(void)state;
	assert_int_equal(look_at(&f, VIEWS_DIFFER, 1), VIEWS_SAME);
	f.now += MONO_S(10 * BOUND_S);
	assert_int_equal(look_at(&f, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(f.cell.lasted, MONO_S(VIEWS_GAP_S));
}

static void
test_agreement_must_last_before_it_is_told(void **state)
{
	struct fixture f;

	(void)state;
	tell(&f);
	assert_int_equal(look_for(&f, SETTLE_S, VIEWS_AGREE, 1), VIEWS_SAME);
	assert_int_equal(look_for(&f, STEP_S, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(look_for(&f, SETTLE_S, VIEWS_AGREE, 1), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_AGREE, 1), VIEWS_TELL_AGREE);
	/* What began it stays: both say the same `since`. */
	assert_int_equal(f.cell.since, WALL_S(1010));
}

/* Chance brings rotations together for an interval, but not for a day. */
static void
test_what_moves_must_agree_for_a_day(void **state)
{
	struct fixture f;
	uint64_t print = 10;

	(void)state;
	tell(&f);
	for (int i = 0; i < VIEWS_MOVES; i++)
		assert_int_equal(
		    look_for(&f, 60, VIEWS_DIFFER, print++), VIEWS_SAME);
	assert_true(f.cell.restless);
	assert_int_equal(
	    look_for(&f, VIEWS_RESTLESS_S, VIEWS_AGREE, print), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_AGREE, print), VIEWS_TELL_AGREE);
}

static void
test_who_came_to_rest_is_as_others_after_a_day(void **state)
{
	struct fixture f;
	uint64_t print = 10;

	(void)state;
	tell(&f);
	for (int i = 0; i < VIEWS_MOVES; i++)
		assert_int_equal(
		    look_for(&f, 60, VIEWS_DIFFER, print++), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, 2 * VIEWS_RESTLESS_S + 60, VIEWS_DIFFER, print - 1),
	    VIEWS_SAME);
	assert_false(f.cell.restless);
	assert_int_equal(
	    look_for(&f, SETTLE_S, VIEWS_AGREE, print), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_AGREE, print), VIEWS_TELL_AGREE);
}

static void
test_one_view_left_ends_it_when_that_has_lasted(void **state)
{
	struct fixture f = {.now = MONO_S(1000)};

	(void)state;
	assert_int_equal(look_for(&f, 60, VIEWS_DIFFER, 1), VIEWS_SAME);
	assert_int_equal(look_for(&f, STEP_S, VIEWS_ALONE, 2), VIEWS_FORGET);
	tell(&f);
	assert_int_equal(look_for(&f, SETTLE_S, VIEWS_ALONE, 2), VIEWS_SAME);
	assert_int_equal(
	    look_for(&f, STEP_S, VIEWS_ALONE, 2), VIEWS_TELL_ALONE);
}

/* ---- contents ---- */

static const uint8_t here[] = {3, 'w', 'w', 'w', 2, 'a', 't', 0};
static const uint8_t there[] = {3, 'c', 'd', 'n', 3, 'n', 'e', 't', 0};
static const uint8_t address[] = {192, 0, 2, 1};
static const uint8_t other[] = {192, 0, 2, 2};

static void
test_contents_are_compared_as_identity_does(void **state)
{
	struct record one = {1, 4, address, 60};
	struct record two = {1, 4, other, 60};
	struct record one_later = {1, 4, address, 9};
	struct content a = {
	    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &one};
	struct content b = a;
	struct content none = {.outcome = OUTCOME_NXDOMAIN};

	(void)state;
	b.records = &one_later;
	assert_true(views_same(&a, &b));
	b.records = &two;
	assert_false(views_same(&a, &b));
	assert_false(views_same(&a, &none));
}

static void
test_a_chain_cut_short_is_compared_as_far_as_it_goes(void **state)
{
	const uint8_t *long_chain[] = {here, there};
	const uint8_t *astray[] = {there};
	struct record one = {1, 4, address, 60};
	struct content whole = {.outcome = OUTCOME_ANSWER,
	    .n_chain = 2,
	    .chain = long_chain,
	    .n_records = 1,
	    .records = &one};
	struct content cut = {.outcome = OUTCOME_ANSWER,
	    .partial = true,
	    .n_chain = 1,
	    .chain = long_chain};

	(void)state;
	assert_true(views_same(&whole, &cut));
	assert_true(views_same(&cut, &whole));
	cut.partial = false;
	assert_false(views_same(&whole, &cut));
	cut.partial = true;
	cut.chain = astray;
	assert_false(views_same(&whole, &cut));
	whole.n_chain = 0;
	assert_false(views_same(&whole, &cut));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_known_decides_how_they_stand),
	    cmocka_unit_test(test_the_bound_is_longer_than_caches_differ),
	    cmocka_unit_test(
		test_told_when_it_has_lasted_and_until_the_caller_did),
	    cmocka_unit_test(test_agreement_for_one_look_begins_it_anew),
	    cmocka_unit_test(test_while_a_view_is_unknown_the_clock_stands),
	    cmocka_unit_test(test_what_was_not_looked_at_is_not_counted),
	    cmocka_unit_test(test_agreement_must_last_before_it_is_told),
	    cmocka_unit_test(test_what_moves_must_agree_for_a_day),
	    cmocka_unit_test(test_who_came_to_rest_is_as_others_after_a_day),
	    cmocka_unit_test(test_one_view_left_ends_it_when_that_has_lasted),
	    cmocka_unit_test(test_contents_are_compared_as_identity_does),
	    cmocka_unit_test(
		test_a_chain_cut_short_is_compared_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
