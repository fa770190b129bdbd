/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R4: what names that fail together share is found, though each has much that
 * no other has; and it is no provider's fault when the others fail as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judge/provider.h"

static struct provider_tally tally; /* large */

/* Spread like a hash; a `thing` is one key. */
static struct provider_key
key_of(uint64_t thing, enum provider_by by)
{
	return (struct provider_key){
	    .hash = (thing + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ thing << 40,
	    .by = (uint8_t)by,
	};
}

static void
suspect(uint64_t own, uint64_t shared)
{
	struct provider_key keys[] = {
	    key_of(own, PROVIDER_DOMAIN), key_of(shared, PROVIDER_SERVER)};

	provider_suspect(&tally, keys, 2);
}

/* Names number `from` to `to` with that server fare like that. */
static void
note(uint64_t from, uint64_t to, uint64_t shared, enum provider_heard heard)
{
	for (uint64_t i = from; i < to; i++) {
		struct provider_key keys[] = {key_of(i, PROVIDER_DOMAIN),
		    key_of(shared, PROVIDER_SERVER)};

		provider_note(&tally, keys, 2, heard);
	}
}

enum { SERVER = 1000000000, OTHER };

static enum provider_verdict
judge(bool canary)
{
	const struct provider_count *c;
	enum provider_verdict v = provider_judge(&tally, canary, &c);

	if (v == PROVIDER_FAILED)
		assert_int_equal(
		    c->key.hash, key_of(SERVER, PROVIDER_SERVER).hash);
	return v;
}

static void
begin(uint64_t n)
{
	memset(&tally, 0, sizeof(tally));
	for (uint64_t i = 0; i < n; i++)
		suspect(i, SERVER);
}

static void
test_provider_of_R4_ten_of_twelve_fail_others_answer(void **state)
{
	(void)state;
	begin(10);
	assert_true(provider_is_suspected(&tally));
	note(0, 10, SERVER, PROVIDER_FAILS);
	note(10, 12, SERVER, PROVIDER_ANSWERS);
	note(12, 13, OTHER, PROVIDER_ANSWERS);
	assert_int_equal(judge(false), PROVIDER_FAILED);
}

static void
test_provider_nine_are_too_few(void **state)
{
	(void)state;
	begin(9);
	note(0, 9, SERVER, PROVIDER_FAILS);
	note(12, 13, OTHER, PROVIDER_ANSWERS);
	assert_int_equal(judge(false), PROVIDER_MAYBE);
}

static void
test_provider_of_which_a_third_answers_has_not_failed(void **state)
{
	(void)state;
	begin(20);
	note(0, 20, SERVER, PROVIDER_FAILS);
	note(20, 30, SERVER, PROVIDER_ANSWERS);
	note(40, 50, OTHER, PROVIDER_ANSWERS);
	assert_int_equal(judge(false), PROVIDER_MAYBE);
}

static void
test_provider_is_not_blamed_when_the_others_fail(void **state)
{
	(void)state;
	begin(20);
	note(0, 20, SERVER, PROVIDER_FAILS);
	note(20, 22, OTHER, PROVIDER_FAILS);
	note(22, 24, OTHER, PROVIDER_ANSWERS);
	assert_int_equal(judge(true), PROVIDER_NOT);
}

static void
test_provider_without_others_needs_a_canary(void **state)
{
	(void)state;
	begin(20);
	note(0, 20, SERVER, PROVIDER_FAILS);
	assert_int_equal(judge(false), PROVIDER_NOT);
	assert_int_equal(judge(true), PROVIDER_FAILED);
}

static void
test_provider_waits_for_others_that_were_not_asked_since(void **state)
{
	(void)state;
	begin(20);
	note(0, 20, SERVER, PROVIDER_FAILS);
	note(20, 30, OTHER, PROVIDER_SILENT);
	assert_int_equal(judge(false), PROVIDER_MAYBE);
}

static void
test_provider_is_found_among_more_than_the_table_holds(void **state)
{
	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (uint64_t i = 0; i < 200000; i++)
		suspect(i, i % 100 == 0 ? SERVER : OTHER + 1 + i);
	assert_true(tally.used <= PROVIDER_ROOM / 4 * 3);
	for (uint64_t i = 0; i < 200000; i += 100)
		note(i, i + 1, SERVER, PROVIDER_FAILS);
	note(1, 20000, OTHER, PROVIDER_ANSWERS);
	assert_int_equal(judge(false), PROVIDER_FAILED);
}

static void
test_provider_is_back_when_a_quarter_fails(void **state)
{
	struct provider_count c = {.names = 20, .fail = 6};

	(void)state;
	assert_false(provider_is_back(&c));
	c.fail = 5;
	assert_true(provider_is_back(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_provider_of_R4_ten_of_twelve_fail_others_answer),
	    cmocka_unit_test(test_provider_nine_are_too_few),
	    cmocka_unit_test(
		test_provider_of_which_a_third_answers_has_not_failed),
	    cmocka_unit_test(test_provider_is_not_blamed_when_the_others_fail),
	    cmocka_unit_test(test_provider_without_others_needs_a_canary),
	    cmocka_unit_test(
		test_provider_waits_for_others_that_were_not_asked_since),
	    cmocka_unit_test(
		test_provider_is_found_among_more_than_the_table_holds),
	    cmocka_unit_test(test_provider_is_back_when_a_quarter_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
