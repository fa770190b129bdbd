/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * What a resolver said that lies is no evidence, for or against (R16).  Tried
 * on one address that another takes the place of.
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
heard(const struct content *said, uint8_t server, bool filtered)
{
	return (struct witness){.at = T0,
	    .last_at = T0,
	    .fetched_after = T0,
	    .count = 1,
	    .server = server,
	    .group = server,
	    .aa = true,
	    .filtered = filtered,
	    .content = said};
}

static struct judgement
judge(struct arena *a, const struct witness *w, size_t n, wall_us now)
{
	struct candidate c = {.believed = &believed,
	    .type = TYPE_A,
	    .required = PROVED_CACHE,
	    .deadline = T0 + WALL_S(10),
	    .witnesses = w,
	    .n_witnesses = n};
	struct judgement j;

	assert_int_equal(candidate_judge(&c, now, a, &j), 0);
	return j;
}

static void
test_candidate_of_a_liar_alone_is_transient_and_filtered(void **state)
{
	struct witness w[2] = {
	    heard(&other, 0, true), heard(&believed, 1, false)};
	struct arena a = {0};
	struct judgement j = judge(&a, w, 2, T0);

	(void)state;
	assert_int_equal(j.label, LABEL_TRANSIENT);
	assert_true(j.filtered);
	assert_int_equal(j.proved, PROVED_NOTHING);
	assert_int_equal(j.to_witness, 0);
	assert_int_equal(j.diff.kind, KIND_REPLACED);
	assert_false(j.added_confirmed[0]);
	j = judge(&a, w, 1, T0);
	assert_int_equal(j.label, LABEL_TRANSIENT);
	arena_fini(&a);
}

static void
test_candidate_is_not_confirmed_by_a_liar(void **state)
{
	struct witness w[2] = {heard(&other, 0, false), heard(&other, 1, true)};
	struct arena a = {0};
	struct judgement j = judge(&a, w, 2, T0);

	(void)state;
	assert_int_equal(j.label, LABEL_NONE);
	assert_false(j.filtered);
	j = judge(&a, w, 2, T0 + WALL_S(10));
	assert_int_equal(j.label, LABEL_UNCONFIRMED);
	w[1].filtered = false;
	j = judge(&a, w, 2, T0);
	assert_int_equal(j.label, LABEL_CONFIRMED);
	arena_fini(&a);
}

static void
test_candidate_is_not_refuted_by_a_liar(void **state)
{
	struct witness w[2] = {
	    heard(&other, 0, false), heard(&believed, 0, true)};
	struct arena a = {0};
	struct judgement j;

	(void)state;
	w[1].at = w[1].last_at = w[1].fetched_after = T0 + WALL_S(5);
	j = judge(&a, w, 2, T0 + WALL_S(5));
	assert_int_equal(j.label, LABEL_NONE);
	assert_false(j.disagreed);
	w[1].filtered = false;
	j = judge(&a, w, 2, T0 + WALL_S(5));
	assert_int_equal(j.label, LABEL_TRANSIENT);
	assert_false(j.filtered);
	arena_fini(&a);
}

static void
test_candidate_goes_on_with_what_others_say_beside_a_liar(void **state)
{
	struct witness w[3] = {heard(&other, 0, true), heard(&other, 1, false),
	    heard(&other, 2, false)};
	struct arena a = {0};
	struct judgement j = judge(&a, w, 2, T0);

	(void)state;
	assert_int_equal(j.label, LABEL_NONE);
	assert_int_equal(j.to_witness, 1);
	j = judge(&a, w, 3, T0);
	assert_int_equal(j.label, LABEL_CONFIRMED);
	assert_false(j.filtered);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_candidate_of_a_liar_alone_is_transient_and_filtered),
	    cmocka_unit_test(test_candidate_is_not_confirmed_by_a_liar),
	    cmocka_unit_test(test_candidate_is_not_refuted_by_a_liar),
	    cmocka_unit_test(
		test_candidate_goes_on_with_what_others_say_beside_a_liar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
