/* SPDX-License-Identifier: ISC */
/* room: judge */

/* What the servers of a zone come to (R18). */

#include "unit.h"

#include "judge/survey.h"

enum { OLD = 7, NEW = 9, ROGUE = 11 };

static struct survey_word
says(uint64_t print, uint32_t serial)
{
	return (struct survey_word){
	    .good = true, .print = print, .has_serial = true, .serial = serial};
}

static struct survey_word
says_bare(uint64_t print)
{
	return (struct survey_word){.good = true, .print = print};
}

static void
test_serials_wrap(void **state)
{
	(void)state;
	assert_true(survey_serial_newer(2, 1));
	assert_false(survey_serial_newer(1, 2));
	assert_false(survey_serial_newer(5, 5));
	assert_true(survey_serial_newer(0, UINT32_MAX));
	assert_true(survey_serial_newer(UINT32_C(0x7fffffff), 0));
	/* RFC 1982 3.2: half way round neither is. */
	assert_false(survey_serial_newer(UINT32_C(0x80000000), 0));
	assert_false(survey_serial_newer(0, UINT32_C(0x80000000)));
}

static void
test_all_as_believed_is_no_news(void **state)
{
	struct survey_word w[] = {says_bare(OLD), says_bare(OLD), {0}};
	struct survey_result r;

	(void)state;
	survey_judge(w, 3, OLD, &r);
	assert_int_equal(r.chosen, OLD);
	assert_false(r.changed || r.news || r.apart);
	assert_int_equal(r.n_good, 2);
	assert_int_equal(r.n_agree, 2);
	assert_int_equal(r.stands[2], STAND_NONE);
}

static void
test_one_newer_serial_is_what_the_zone_says(void **state)
{
	struct survey_word w[] = {
	    says(OLD, 10), says(OLD, 10), says(OLD, 10), says(NEW, 11)};
	struct survey_result r;

	(void)state;
	survey_judge(w, 4, OLD, &r);
	assert_int_equal(r.chosen, NEW);
	assert_true(r.changed && r.news && r.apart);
	assert_int_equal(r.stands[0], STAND_BEHIND);
	assert_int_equal(r.stands[3], STAND_AGREES);
}

static void
test_the_same_serial_with_other_content_differs(void **state)
{
	struct survey_word w[] = {
	    says(ROGUE, 10), says(OLD, 10), says(OLD, 10), says(OLD, 10)};
	struct survey_result r;

	(void)state;
	survey_judge(w, 4, OLD, &r);
	assert_int_equal(r.chosen, OLD);
	assert_false(r.changed);
	assert_true(r.news && r.apart);
	assert_int_equal(r.stands[0], STAND_DIFFERS);
	/* Known by then: it says what it said before. */
	w[0].expected = ROGUE;
	survey_judge(w, 4, OLD, &r);
	assert_true(r.apart);
	assert_false(r.news);
}

static void
test_a_late_server_that_follows_agrees(void **state)
{
	struct survey_word w[] = {says(NEW, 11), says(NEW, 11)};
	struct survey_result r;

	(void)state;
	w[1].expected = OLD;
	survey_judge(w, 2, NEW, &r);
	assert_false(r.changed || r.apart);
	assert_true(r.news);
}

static void
test_two_equal_halves_leave_what_is_believed(void **state)
{
	struct survey_word w[] = {says_bare(NEW), says_bare(OLD)};
	struct survey_result r;

	(void)state;
	survey_judge(w, 2, OLD, &r);
	assert_int_equal(r.chosen, OLD);
	survey_judge(w, 2, ROGUE, &r); /* neither: the first, always */
	assert_int_equal(r.chosen, NEW);
	assert_true(r.changed);
}

static void
test_most_servers_decide_without_serials(void **state)
{
	struct survey_word w[] = {
	    says_bare(OLD), says_bare(NEW), says_bare(NEW)};
	struct survey_result r;

	(void)state;
	survey_judge(w, 3, OLD, &r);
	assert_int_equal(r.chosen, NEW);
	assert_int_equal(r.stands[0], STAND_DIFFERS);
}

static void
test_an_older_serial_never_outweighs(void **state)
{
	/* Three that lag, one that does not: whatever their number. */
	struct survey_word w[] = {
	    says(OLD, 4), says(NEW, 5), says(OLD, 4), says(OLD, 4)};
	struct survey_result r;

	(void)state;
	survey_judge(w, 4, NEW, &r);
	assert_int_equal(r.chosen, NEW);
	assert_false(r.changed);
	assert_int_equal(r.stands[2], STAND_BEHIND);
}

static void
test_nobody_answers(void **state)
{
	struct survey_word w[] = {{0}, {0}};
	struct survey_result r;

	(void)state;
	survey_judge(w, 2, OLD, &r);
	assert_int_equal(r.chosen, 0);
	assert_false(r.changed || r.news || r.apart);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_serials_wrap),
	    cmocka_unit_test(test_all_as_believed_is_no_news),
	    cmocka_unit_test(test_one_newer_serial_is_what_the_zone_says),
	    cmocka_unit_test(test_the_same_serial_with_other_content_differs),
	    cmocka_unit_test(test_a_late_server_that_follows_agrees),
	    cmocka_unit_test(test_two_equal_halves_leave_what_is_believed),
	    cmocka_unit_test(test_most_servers_decide_without_serials),
	    cmocka_unit_test(test_an_older_serial_never_outweighs),
	    cmocka_unit_test(test_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
