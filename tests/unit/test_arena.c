/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Memory is aligned, does not overlap, survives until the reset, and a reset
 * arena does the same work again without new blocks.
 */

#include <string.h>

#include "unit.h"

#include "base/arena.h"

static void
test_arena_memory_is_aligned_and_apart(void **state)
{
	struct arena a = {0};
	uint8_t *got[500];

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		got[i] = arena_get(&a, i);
		assert_non_null(got[i]);
		assert_int_equal((uintptr_t)got[i] % 16, 0);
		memset(got[i], (int)(i & 0xff), i);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(got[i][j], i & 0xff);
	}
	arena_fini(&a);
}

static void
test_arena_gives_a_place_even_for_nothing(void **state)
{
	struct arena a = {0};
	void *first = arena_get(&a, 0);
	void *second = arena_get(&a, 0);

	(void)state;
	assert_non_null(first);
	assert_ptr_not_equal(first, second);
	arena_fini(&a);
}

static void
test_arena_serves_what_is_larger_than_a_block(void **state)
{
	struct arena a = {0};
	uint8_t *big;

	(void)state;
	assert_non_null(arena_get(&a, 10));
	big = arena_get(&a, 1 << 20);
	assert_non_null(big);
	big[0] = 1;
	big[(1 << 20) - 1] = 1;
	arena_fini(&a);
}

static void
test_arena_refuses_an_impossible_size(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_null(arena_get(&a, SIZE_MAX));
	assert_int_equal(a.used, 0);
	arena_fini(&a);
}

static void
test_arena_zero_is_zero_after_use(void **state)
{
	struct arena a = {0};
	uint8_t *p = arena_get(&a, 64);

	(void)state;
	memset(p, 0xff, 64);
	arena_reset(&a);
	p = arena_zero(&a, 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	arena_fini(&a);
}

static void
test_arena_reset_gives_the_same_memory_again(void **state)
{
	struct arena a = {0};
	void *first[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		first[i] = arena_get(&a, 1000);
	assert_true(a.used >= 100000);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
	for (size_t i = 0; i < 100; i++)
		assert_ptr_equal(arena_get(&a, 1000), first[i]);
	arena_fini(&a);
}

static void
test_arena_copies_bytes_and_texts(void **state)
{
	struct arena a = {0};
	char text[] = "abc";
	char *copy = arena_text(&a, text);
	uint8_t *bytes = arena_copy(&a, text, 2);

	(void)state;
	text[0] = 'x';
	assert_string_equal(copy, "abc");
	assert_memory_equal(bytes, "ab", 2);
	assert_non_null(arena_copy(&a, NULL, 0));
	arena_fini(&a);
}

static void
test_arena_printf_has_no_limit_of_its_own(void **state)
{
	struct arena a = {0};
	const char *text = arena_printf(&a, "%s %9000d", "a", 1);

	(void)state;
	assert_int_equal(strlen(text), 9002);
	assert_memory_equal(text, "a ", 2);
	assert_int_equal(text[9001], '1');
	arena_fini(&a);
}

static void
test_arena_fini_leaves_an_empty_arena(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_non_null(arena_get(&a, 1));
	arena_fini(&a);
	arena_reset(&a);
	assert_non_null(arena_get(&a, 1));
	arena_fini(&a);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arena_memory_is_aligned_and_apart),
	    cmocka_unit_test(test_arena_gives_a_place_even_for_nothing),
	    cmocka_unit_test(test_arena_serves_what_is_larger_than_a_block),
	    cmocka_unit_test(test_arena_refuses_an_impossible_size),
	    cmocka_unit_test(test_arena_zero_is_zero_after_use),
	    cmocka_unit_test(test_arena_reset_gives_the_same_memory_again),
	    cmocka_unit_test(test_arena_copies_bytes_and_texts),
	    cmocka_unit_test(test_arena_printf_has_no_limit_of_its_own),
	    cmocka_unit_test(test_arena_fini_leaves_an_empty_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
