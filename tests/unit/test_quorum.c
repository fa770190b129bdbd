/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A resolver leaves the quorum for what it said twice and never for silence,
 * and comes back by three true answers, one of them to what it failed (R16).
 * Many names that move together are told from a few, from one zone's, and from
 * those that move to different places.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/type.h"
#include "judge/quorum.h"

static const uint8_t ip[4] = {192, 0, 2, 1};

static struct record a_record = {.type = TYPE_A, .size = 4, .rdata = ip};
static struct record soa_record = {
    .type = TYPE_SOA, .size = 2, .rdata = (const uint8_t *)"\0"};

static struct content
answer(struct record *r)
{
	return (struct content){
	    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = r};
}

static enum canary_word
read_as(enum canary_truth truth, const struct content *c)
{
	struct addr addr = {.family = AF_INET, .ip = {192, 0, 2, 1}};
	struct canary_claim claim = {truth, &addr, 1};

	return canary_read(&claim, FAIL_NOT, c);
}

/* ---- one canary ---- */

static void
test_canary_of_R16_absent_is_nxdomain_and_nothing_else(void **state)
{
	struct content c = {.outcome = OUTCOME_NXDOMAIN};

	(void)state;
	assert_int_equal(read_as(CANARY_ABSENT, &c), CANARY_TRUE);
	c.n_chain = 1;
	assert_int_equal(read_as(CANARY_ABSENT, &c), CANARY_FALSE);
	c = (struct content){.outcome = OUTCOME_NODATA};
	assert_int_equal(read_as(CANARY_ABSENT, &c), CANARY_FALSE);
	c = answer(&a_record);
	assert_int_equal(read_as(CANARY_ABSENT, &c), CANARY_FALSE);
	c = (struct content){.outcome = OUTCOME_UNREADABLE};
	assert_int_equal(read_as(CANARY_ABSENT, &c), CANARY_FALSE);
}

static void
test_canary_soa_is_of_the_name_itself(void **state)
{
	struct content c = answer(&soa_record);

	(void)state;
	assert_int_equal(read_as(CANARY_SOA, &c), CANARY_TRUE);
	c.n_chain = 1;
	assert_int_equal(read_as(CANARY_SOA, &c), CANARY_FALSE);
	c = answer(&a_record);
	assert_int_equal(read_as(CANARY_SOA, &c), CANARY_FALSE);
	c = (struct content){.outcome = OUTCOME_NXDOMAIN};
	assert_int_equal(read_as(CANARY_SOA, &c), CANARY_FALSE);
}

static void
test_canary_includes_needs_every_address(void **state)
{
	struct content c = answer(&a_record);
	struct addr two[2] = {{.family = AF_INET, .ip = {192, 0, 2, 1}},
	    {.family = AF_INET, .ip = {192, 0, 2, 2}}};
	struct canary_claim claim = {CANARY_INCLUDES, two, 2};

	(void)state;
	assert_int_equal(read_as(CANARY_INCLUDES, &c), CANARY_TRUE);
	assert_int_equal(canary_read(&claim, FAIL_NOT, &c), CANARY_FALSE);
	c = (struct content){.outcome = OUTCOME_NODATA};
	assert_int_equal(read_as(CANARY_INCLUDES, &c), CANARY_FALSE);
}

static void
test_canary_silence_is_no_lie_but_a_filter_is(void **state)
{
	static const enum fail silent[] = {FAIL_TIMEOUT, FAIL_SERVFAIL,
	    FAIL_REFUSED, FAIL_LAME, FAIL_BOGUS, FAIL_MALFORMED, FAIL_NETWORK};
	struct canary_claim claim = {CANARY_ABSENT, NULL, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		assert_int_equal(
		    canary_read(&claim, silent[i], NULL), CANARY_SILENT);
	assert_int_equal(
	    canary_read(&claim, FAIL_FILTERED, NULL), CANARY_FALSE);
}

/* ---- one seat ---- */

static const struct seat new_seat = {.accuser = SEAT_NOBODY};

static void
test_seat_a_canary_counts_only_after_it_was_true_there(void **state)
{
	struct seat s = new_seat;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, i), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 200), SEAT_SAME);
	/* Another canary is still unproven. */
	assert_int_equal(seat_hear(&s, 1, CANARY_FALSE, 201), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 202), SEAT_AGAIN);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 203), SEAT_LEAVES);
	assert_int_equal(s.why, LEFT_CANARY);
	assert_int_equal(s.since, 203);
}

static void
test_seat_one_false_answer_alone_is_forgiven(void **state)
{
	struct seat s = new_seat;

	(void)state;
	seat_hear(&s, 0, CANARY_TRUE, 1);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 2), SEAT_AGAIN);
	assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 3), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 4), SEAT_AGAIN);
	assert_int_equal(s.why, LEFT_NOT);
}

static void
test_seat_silence_moves_nothing(void **state)
{
	struct seat s = new_seat;

	(void)state;
	seat_hear(&s, 0, CANARY_TRUE, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seat_hear(&s, 0, CANARY_SILENT, i), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 2), SEAT_AGAIN);
	assert_int_equal(seat_hear(&s, 0, CANARY_SILENT, 3), SEAT_SAME);
	/* The doubt stands, and the same is asked again. */
	assert_int_equal(seat_next(&s, 3), 0);
	assert_int_equal(seat_next(&s, 3), 0);
	assert_int_equal(seat_hear(&s, 0, CANARY_FALSE, 4), SEAT_LEAVES);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seat_hear(&s, 0, CANARY_SILENT, i), SEAT_SAME);
}

static void
test_seat_returns_by_three_in_a_row_with_the_accuser(void **state)
{
	struct seat s = new_seat;
	bool accuser = false;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		seat_hear(&s, i, CANARY_TRUE, 1);
	seat_hear(&s, 2, CANARY_FALSE, 2);
	seat_hear(&s, 2, CANARY_FALSE, 2);
	/* Others are true for ever, and the accuser is silent. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 3), SEAT_SAME);
	/* It is asked every second time. */
	for (int i = 0; i < 2; i++)
		accuser = seat_next(&s, 3) == 2 || accuser;
	assert_true(accuser);
	assert_int_equal(seat_hear(&s, 2, CANARY_FALSE, 4), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 2, CANARY_TRUE, 5), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 5), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 2, CANARY_TRUE, 5), SEAT_RETURNS);
	assert_int_equal(s.why, LEFT_NOT);
	/* As new: it takes two to leave again. */
	assert_int_equal(seat_hear(&s, 1, CANARY_FALSE, 6), SEAT_AGAIN);
}

static void
test_seat_that_moved_names_is_asked_for_them(void **state)
{
	struct seat s = new_seat;
	unsigned probes = 0;

	(void)state;
	seat_hear(&s, 0, CANARY_TRUE, 1);
	seat_leave(&s, LEFT_FILTERED, true, 2);
	for (int i = 0; i < 10; i++)
		probes += seat_next(&s, 3) == SEAT_PROBE;
	assert_int_equal(probes, 5);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 3), SEAT_SAME);
		assert_int_equal(
		    seat_hear(&s, SEAT_PROBE, CANARY_FALSE, 3), SEAT_SAME);
	}
	assert_int_equal(seat_hear(&s, SEAT_PROBE, CANARY_TRUE, 4), SEAT_SAME);
	assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 4), SEAT_SAME);
	assert_int_equal(
	    seat_hear(&s, SEAT_PROBE, CANARY_TRUE, 4), SEAT_RETURNS);

	seat_leave(&s, LEFT_TOGETHER, false, 5);
	assert_int_not_equal(seat_next(&s, 3), SEAT_PROBE);
	seat_hear(&s, 0, CANARY_TRUE, 6);
	seat_hear(&s, 1, CANARY_TRUE, 6);
	assert_int_equal(seat_hear(&s, 0, CANARY_TRUE, 6), SEAT_RETURNS);
}

static void
test_seat_takes_canaries_in_turn(void **state)
{
	struct seat s = new_seat;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(seat_next(&s, 4), i % 4);
	assert_true(seat_next(&s, 1) == 0); /* fewer after a reload */
}

/* ---- a crowd ---- */

static bool
note(struct crowd *c, uint64_t name, uint64_t zone, uint64_t to, int second)
{
	struct crowd_move m = {MONO_S(second + 1000), name, zone, to};

	return crowd_note(c, &m);
}

static void
test_crowd_twenty_names_of_ten_zones(void **state)
{
	struct crowd c = {0};

	(void)state;
	for (uint64_t i = 0; i < 19; i++)
		assert_false(note(&c, i, i % 10, 7, (int)i));
	/* The same name again is no other. */
	assert_false(note(&c, 3, 3, 7, 20));
	assert_true(note(&c, 19, 9, 7, 20));
}

static void
test_crowd_is_no_zone_and_no_slow_stream(void **state)
{
	struct crowd c = {0};

	(void)state;
	for (uint64_t i = 0; i < 200; i++)
		assert_false(note(&c, i, i % 9, 7, (int)i / 10));
	c = (struct crowd){0};
	for (uint64_t i = 0; i < 200; i++)
		assert_false(note(&c, i, i, 7, (int)i * 4));
	c = (struct crowd){0};
	for (uint64_t i = 0; i < 200; i++)
		assert_false(note(&c, i, i, i % 20 + 1, 0));
}

static void
test_crowd_is_found_among_other_moves(void **state)
{
	struct crowd c = {0};
	bool found = false;

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		for (uint64_t k = 0; k < 10; k++)
			note(&c, 1000 + i * 10 + k, i, 100 + k + i * 10, 1);
		found = note(&c, i, i, 7, 1) || found;
	}
	assert_true(found);
}

static void
test_crowd_spares_what_was_not_contradicted_for_a_day(void **state)
{
	struct crowd c = {0};
	bool found = false;

	(void)state;
	crowd_spare(&c, 7, MONO_S(1000));
	for (uint64_t i = 0; i < 100; i++)
		assert_false(note(&c, i, i, 7, 10));
	for (uint64_t i = 0; i < 100; i++)
		found = note(&c, i, i, 8, 10) || found;
	assert_true(found);
	found = false;
	for (uint64_t i = 0; i < 100; i++)
		found = note(&c, i, i, 7, CROWD_SPARED_S + 1) || found;
	assert_true(found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_canary_of_R16_absent_is_nxdomain_and_nothing_else),
	    cmocka_unit_test(test_canary_soa_is_of_the_name_itself),
	    cmocka_unit_test(test_canary_includes_needs_every_address),
	    cmocka_unit_test(test_canary_silence_is_no_lie_but_a_filter_is),
	    cmocka_unit_test(
		test_seat_a_canary_counts_only_after_it_was_true_there),
	    cmocka_unit_test(test_seat_one_false_answer_alone_is_forgiven),
	    cmocka_unit_test(test_seat_silence_moves_nothing),
	    cmocka_unit_test(
		test_seat_returns_by_three_in_a_row_with_the_accuser),
	    cmocka_unit_test(test_seat_that_moved_names_is_asked_for_them),
	    cmocka_unit_test(test_seat_takes_canaries_in_turn),
	    cmocka_unit_test(test_crowd_twenty_names_of_ten_zones),
	    cmocka_unit_test(test_crowd_is_no_zone_and_no_slow_stream),
	    cmocka_unit_test(test_crowd_is_found_among_other_moves),
	    cmocka_unit_test(
		test_crowd_spares_what_was_not_contradicted_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
