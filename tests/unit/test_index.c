/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What was added is found at every moment of growing, and growing is spread
 * over what is added: no single call does more than a few entries' work.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/monitor/index.h"

enum { N = 300000, WORK_MAX = 5 };

/* Values stand for themselves; `hashed` counts the work. */
struct world {
	uint64_t hashed;
	uint64_t mask; /* few bits: everything collides */
	uint32_t step;
};

static uint64_t
hash_of(const struct world *w, uint32_t value)
{
	return (value * 0x9e3779b97f4a7c15ULL >> 3) & w->mask;
}

static uint64_t
hash(const void *owner, uint32_t value)
{
	/* The count is the test's own. */
	((struct world *)(uintptr_t)owner)->hashed++;
	return hash_of(owner, value);
}

static uint32_t
next(const void *owner, uint32_t value)
{
	return value + ((const struct world *)owner)->step;
}

static bool
is(const void *owner, uint32_t value, const void *wanted)
{
	(void)owner;
	return value == *(const uint32_t *)wanted;
}

static uint32_t
find(const struct index *x, struct world *w, uint32_t value)
{
	const struct index_owner o = {hash, next, is, w};

	return index_find(x, &o, hash_of(w, value), &value);
}

static void
add(struct index *x, struct world *w, uint32_t value)
{
	const struct index_owner o = {hash, next, is, w};

	assert_true(index_add(x, &o, hash_of(w, value), value));
}

static void
test_index_empty_finds_nothing(void **state)
{
	struct index x = {0};
	struct world w = {.mask = UINT64_MAX, .step = 1};

	(void)state;
	assert_int_equal(find(&x, &w, 0), INDEX_NONE);
	assert_int_equal(index_bytes(&x), 0);
	index_fini(&x);
}

static void
test_index_grows_a_few_entries_at_a_time(void **state)
{
	struct index x = {0};
	struct world w = {.mask = UINT64_MAX, .step = 1};
	uint32_t n_growths = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		bool moving = x.old != NULL;
		uint64_t before = w.hashed;

		add(&x, &w, i);
		assert_true(w.hashed - before <= WORK_MAX);
		n_growths += !moving && x.old != NULL;
		/* In the middle of it all, the oldest and the newest. */
		assert_int_equal(find(&x, &w, i), i);
		assert_int_equal(find(&x, &w, i / 2), i / 2);
		assert_int_equal(find(&x, &w, i + 1), INDEX_NONE);
	}
	assert_in_range(n_growths, 8, 12);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(find(&x, &w, i), i);
	assert_null(x.old);
	assert_in_range(index_bytes(&x), N * 4, N * 4 * 4);
	index_fini(&x);
}

static void
test_index_tells_what_collides_apart(void **state)
{
	struct index x = {0};
	struct world w = {.mask = 7, .step = 3};

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		add(&x, &w, i * 3);
	for (uint32_t i = 0; i < 9000; i++)
		assert_int_equal(find(&x, &w, i), i % 3 == 0 ? i : INDEX_NONE);
	index_fini(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_index_empty_finds_nothing),
	    cmocka_unit_test(test_index_grows_a_few_entries_at_a_time),
	    cmocka_unit_test(test_index_tells_what_collides_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
