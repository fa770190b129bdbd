/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A name that no list has is there when two say so; what the wildcard says for
 * it, silence and one liar are nothing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/type.h"
#include "judge/unlisted.h"

static struct wildcard_word
answers(uint16_t group, const char *address)
{
	struct record r = {
	    .type = TYPE_A, .size = 4, .rdata = (const uint8_t *)address};
	struct content c = {
	    .outcome = OUTCOME_ANSWER, .records = &r, .n_records = 1};
	struct wildcard_word w = {.group = group};

	assert_true(unlisted_hear(&w, 0, FAIL_NOT, &c));
	assert_int_equal(w.says, WILDCARD_ANSWERS);
	return w;
}

static bool
is_there(struct wildcard_cell c, struct wildcard_word a, struct wildcard_word b)
{
	return unlisted_is_there(&c, &a, &b);
}

static void
test_unlisted_two_say_that_a_name_is_there(void **state)
{
	struct wildcard_cell none = {.known = WILDCARD_NONE}, unknown = {0};
	struct wildcard_word tcp = answers(1, "abcd");

	(void)state;
	tcp.tcp = true;
	assert_true(is_there(none, answers(1, "abcd"), answers(2, "efgh")));
	assert_true(is_there(none, answers(1, "abcd"), tcp));
	assert_false(is_there(none, answers(1, "abcd"), answers(1, "abcd")));
	/* Not before it is known what every name is answered with. */
	assert_false(is_there(unknown, answers(1, "abcd"), answers(2, "abcd")));
}

static void
test_unlisted_what_the_wildcard_says_is_no_name(void **state)
{
	struct wildcard_word own = answers(1, "star");
	struct wildcard_cell wild = {
	    .known = WILDCARD_ANSWERS, .type = TYPE_A, .n = 1};

	(void)state;
	wild.prints[0] = own.prints[0];
	assert_false(is_there(wild, own, answers(2, "abcd")));
	assert_false(is_there(wild, answers(1, "abcd"), answers(2, "star")));
	assert_true(is_there(wild, answers(1, "abcd"), answers(2, "abcd")));
}

static void
test_unlisted_failures_and_denials_are_none_r3(void **state)
{
	struct wildcard_cell none = {.known = WILDCARD_NONE};
	struct wildcard_word w = answers(2, "abcd");
	struct content c = {.outcome = OUTCOME_NODATA};

	(void)state;
	/* Without A there may be AAAA, and that is all. */
	assert_false(unlisted_hear(&w, 0, FAIL_NOT, &c));
	assert_true(unlisted_hear(&w, 1, FAIL_NOT, &c));
	assert_int_equal(w.says, WILDCARD_NONE);
	assert_int_equal(unlisted_type(1), TYPE_AAAA);
	assert_int_equal(unlisted_type(2), 0);
	assert_false(is_there(none, answers(1, "abcd"), w));
	c.outcome = OUTCOME_NXDOMAIN;
	assert_true(unlisted_hear(&w, 0, FAIL_NOT, &c));
	assert_int_equal(w.says, WILDCARD_NONE);
	c.outcome = OUTCOME_UNREADABLE;
	assert_true(unlisted_hear(&w, 0, FAIL_NOT, &c));
	assert_int_equal(w.says, WILDCARD_UNKNOWN);
	assert_true(unlisted_hear(&w, 0, FAIL_TIMEOUT, &c));
	assert_int_equal(w.says, WILDCARD_UNKNOWN);
	assert_false(is_there(none, answers(1, "abcd"), w));
}

static void
test_unlisted_is_told_once_kept_and_bounded(void **state)
{
	struct unlisted_told t = {0}, back;
	uint8_t name[] = "\1x\7example\3org";
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < UNLISTED_TOLD_MAX; i++) {
		name[1] = (uint8_t)(128 + i);
		assert_false(unlisted_was_told(&t, name));
		assert_true(unlisted_add(&t, name));
		assert_true(unlisted_was_told(&t, name));
	}
	name[1] = 'x';
	assert_false(unlisted_add(&t, name));
	unlisted_pack(&t, &b);
	unlisted_unpack(b.data, b.size, &back);
	assert_int_equal(back.n, UNLISTED_TOLD_MAX);
	assert_memory_equal(&t, &back, sizeof(t));
	for (size_t cut = 0; cut < b.size; cut++) {
		unlisted_unpack(b.data, cut, &back);
		assert_int_equal(back.n, 0);
	}
	b.data[0] = UNLISTED_TOLD_MAX + 1;
	unlisted_unpack(b.data, b.size, &back);
	assert_int_equal(back.n, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unlisted_two_say_that_a_name_is_there),
	    cmocka_unit_test(test_unlisted_what_the_wildcard_says_is_no_name),
	    cmocka_unit_test(test_unlisted_failures_and_denials_are_none_r3),
	    cmocka_unit_test(test_unlisted_is_told_once_kept_and_bounded),
	};

	return cmocka_run_group_tests_name("unlisted", tests, NULL, NULL);
}
