/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A view may ask for more groups than two (R12).  Tried on one address that
 * another takes the place of.  And what two planned polls say, where nobody
 * else is asked (R11, `confirm: next-poll`).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/type.h"
#include "judge/candidate.h"

#define T0 WALL_S(1000000)

static const uint8_t old_ip[4] = {198, 51, 100, 1};
static const uint8_t new_ip[4] = {203, 0, 113, 66};
static struct record old_record = {.type = TYPE_A, .size = 4, .rdata = old_ip};
static struct record new_record = {.type = TYPE_A, .size = 4, .rdata = new_ip};
static struct content believed = {
    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &old_record};
static struct content other = {
    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &new_record};

static struct witness
heard(const struct content *said, uint8_t server)
{
	return (struct witness){.at = T0,
	    .last_at = T0,
	    .fetched_after = T0,
	    .count = 1,
	    .server = server,
	    .group = server,
	    .aa = true,
	    .content = said};
}

static struct judgement
judge(struct arena *a, const struct witness *w, size_t n, uint8_t quorum)
{
	struct candidate c = {.believed = &believed,
	    .type = TYPE_A,
	    .required = PROVED_CACHE,
	    .quorum = quorum,
	    .deadline = T0 + WALL_S(10),
	    .witnesses = w,
	    .n_witnesses = n};
	struct judgement j;

	assert_int_equal(candidate_judge(&c, T0, a, &j), 0);
	return j;
}

static void
test_quorum_of_R12_takes_as_many_groups(void **state)
{
	struct witness w[] = {
	    heard(&other, 0), heard(&other, 1), heard(&other, 2)};
	struct arena a = {0};

	(void)state;
	assert_int_equal(judge(&a, w, 2, 0).label, LABEL_CONFIRMED);
	assert_int_equal(judge(&a, w, 2, 2).label, LABEL_CONFIRMED);
	assert_int_equal(judge(&a, w, 2, 3).label, LABEL_NONE);
	assert_int_equal(judge(&a, w, 3, 3).label, LABEL_CONFIRMED);
	assert_int_equal(judge(&a, w, 3, 4).label, LABEL_NONE);
	arena_fini(&a);
}

static void
test_quorum_counts_a_group_once_and_no_other_answer(void **state)
{
	struct witness w[] = {heard(&other, 0), heard(&other, 1),
	    heard(&other, 1), heard(&believed, 2)};
	struct arena a = {0};

	(void)state;
	w[2].server = 7;
	assert_int_equal(judge(&a, w, 4, 3).label, LABEL_NONE);
	w[2].group = WITNESS_NOBODY;
	assert_int_equal(judge(&a, w, 4, 3).label, LABEL_NONE);
	w[2].group = 3;
	assert_int_equal(judge(&a, w, 4, 3).label, LABEL_CONFIRMED);
	arena_fini(&a);
}

/* The polls of one server by UDP; `ended`: the next one has. */
static struct judgement
judge_polls(struct arena *a, const struct witness *w, size_t n, bool ended)
{
	struct candidate c = {.believed = &believed,
	    .type = TYPE_A,
	    .required = PROVED_NOTHING,
	    .next_poll = true,
	    .deadline = ended ? T0 + WALL_S(60) : 0,
	    .witnesses = w,
	    .n_witnesses = n};
	struct judgement j;

	assert_int_equal(candidate_judge(&c, T0 + WALL_S(60), a, &j), 0);
	return j;
}

static void
test_next_poll_of_R11_decides_and_nothing_before(void **state)
{
	struct witness w[] = {heard(&other, 0)};
	struct arena a = {0};
	struct judgement j;

	(void)state;
	assert_int_equal(judge_polls(&a, w, 1, false).label, LABEL_NONE);
	assert_int_equal(judge_polls(&a, w, 1, true).label, LABEL_UNCONFIRMED);
	w[0].count = 2;
	assert_int_equal(judge_polls(&a, w, 1, false).label, LABEL_NONE);
	j = judge_polls(&a, w, 1, true);
	assert_int_equal(j.label, LABEL_CONFIRMED);
	assert_int_equal(j.proved, PROVED_NOTHING);
	assert_true(j.added_confirmed[0]);
	assert_true(j.removed_confirmed[0]);
	arena_fini(&a);
}

static void
test_next_poll_is_judged_by_element(void **state)
{
	static const uint8_t third_ip[4] = {203, 0, 113, 67};
	struct record two[] = {
	    new_record, {.type = TYPE_A, .size = 4, .rdata = third_ip}};
	struct content more = {
	    .outcome = OUTCOME_ANSWER, .n_records = 2, .records = two};
	struct witness w[] = {heard(&other, 0), heard(&more, 0)};
	struct arena a = {0};
	struct judgement j;

	(void)state;
	w[1].at = w[1].last_at = w[1].fetched_after = T0 + WALL_S(60);
	j = judge_polls(&a, w, 2, true);
	assert_int_equal(j.label, LABEL_UNCONFIRMED);
	assert_int_equal(j.diff.n_added, 2);
	assert_true(j.added_confirmed[0]);
	assert_false(j.added_confirmed[1]);
	arena_fini(&a);
}

static void
test_next_poll_that_takes_it_back_is_transient(void **state)
{
	struct witness w[] = {heard(&other, 0), heard(&believed, 0)};
	struct arena a = {0};

	(void)state;
	w[1].at = w[1].last_at = w[1].fetched_after = T0 + WALL_S(60);
	assert_int_equal(judge_polls(&a, w, 2, true).label, LABEL_TRANSIENT);
	w[1].fetched_after = T0 - WALL_S(1); /* an old cache entry */
	assert_int_equal(judge_polls(&a, w, 2, true).label, LABEL_UNCONFIRMED);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quorum_of_R12_takes_as_many_groups),
	    cmocka_unit_test(
		test_quorum_counts_a_group_once_and_no_other_answer),
	    cmocka_unit_test(test_next_poll_of_R11_decides_and_nothing_before),
	    cmocka_unit_test(test_next_poll_is_judged_by_element),
	    cmocka_unit_test(test_next_poll_that_takes_it_back_is_transient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
