/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R13: one of two records goes, and another resolver says a third content,
 * out of an entry of before the state before.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/type.h"
#include "judge/candidate.h"

#define T0 WALL_S(1000000)

static const uint8_t ips[3][4] = {
    {198, 51, 100, 1}, {198, 51, 100, 2}, {198, 51, 100, 5}};
static struct record records[] = {{.type = TYPE_A, .size = 4, .rdata = ips[0]},
    {.type = TYPE_A, .size = 4, .rdata = ips[1]},
    {.type = TYPE_A, .size = 4, .rdata = ips[2]}};
static struct content both = {
    .outcome = OUTCOME_ANSWER, .n_records = 2, .records = records};
static struct content one = {
    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &records[1]};
static struct content third = {
    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &records[2]};

static struct witness
heard(const struct content *said, uint16_t server, uint32_t ttl)
{
	return (struct witness){.at = T0 + WALL_MS(server),
	    .last_at = T0 + WALL_MS(server),
	    .fetched_after = T0,
	    .count = 1,
	    .server = server,
	    .group = server,
	    .ttl = ttl,
	    .content = said};
}

/* Fifteen minutes after what is believed was first seen, at the deadline. */
static struct judgement
judge(struct arena *a, const struct witness *w)
{
	struct candidate c = {.believed = &both,
	    .believed_since = T0 - WALL_S(900),
	    .type = TYPE_A,
	    .required = PROVED_CACHE,
	    .deadline = T0 + WALL_S(10),
	    .witnesses = w,
	    .n_witnesses = 2};
	struct judgement j;

	assert_int_equal(candidate_judge(&c, c.deadline, a, &j), 0);
	assert_int_equal(j.label, LABEL_UNCONFIRMED);
	return j;
}

/* The newest that nobody knows to be old is what it changed to. */
static void
test_R13_a_third_content_of_unknown_age_counts(void **state)
{
	struct witness w[] = {heard(&one, 0, 3600), heard(&third, 1, 2400)};
	struct arena a = {0};
	struct judgement j = judge(&a, w);

	(void)state;
	assert_int_equal(j.to_witness, 1);
	assert_int_equal(j.diff.n_removed, 2);
	arena_fini(&a);
}

static void
test_R13_an_old_third_content_proves_nothing(void **state)
{
	struct witness w[] = {heard(&one, 0, 3600), heard(&third, 1, 2400)};
	struct arena a = {0};
	struct judgement j;

	(void)state;
	w[1].ttl_past = 3600;
	j = judge(&a, w);
	assert_int_equal(j.to_witness, 0);
	assert_int_equal(j.diff.n_removed, 1);
	assert_false(j.removed_confirmed[0]);
	arena_fini(&a);
}

static void
test_R13_a_third_content_that_was_fetched_since_counts(void **state)
{
	struct witness w[] = {heard(&one, 0, 3600), heard(&third, 1, 3000)};
	struct arena a = {0};

	(void)state;
	w[1].ttl_past = 3600;
	assert_int_equal(judge(&a, w).to_witness, 1);
	/* What comes from a server of the zone is in no cache. */
	w[1].ttl = 0;
	w[1].aa = true;
	assert_int_equal(judge(&a, w).to_witness, 1);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_R13_a_third_content_of_unknown_age_counts),
	    cmocka_unit_test(test_R13_an_old_third_content_proves_nothing),
	    cmocka_unit_test(
		test_R13_a_third_content_that_was_fetched_since_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
