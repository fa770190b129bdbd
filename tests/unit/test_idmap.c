/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * A sparse table behaves as an array of pointers would, also while what is
 * walked is taken out.  Tried against such an array with random calls from a
 * printed seed (SEED=n repeats one).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "daemon/monitor/idmap.h"

enum { IDS = 3000, CALLS = 300000 };

/* Values whose address says which id they are for. */
static char things[IDS];

static void
start_seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* Ids of one stride fall into few slots of a bad hash. */
static uint32_t
id_of(uint32_t i, uint32_t stride)
{
	return i * stride;
}

static void
check_same(const struct idmap *m, void *const model[IDS], uint32_t stride)
{
	uint32_t live = 0;
	uint32_t walked = 0;
	uint32_t at = 0;
	bool seen[IDS] = {false};
	char *value;

	for (uint32_t i = 0; i < IDS; i++) {
		assert_ptr_equal(idmap_get(m, id_of(i, stride)), model[i]);
		live += model[i] != NULL;
	}
	while ((value = idmap_next(m, &at)) != NULL) {
		uint32_t i = (uint32_t)(value - things);

		assert_true(i < IDS);
		assert_false(seen[i]);
		assert_ptr_equal(model[i], value);
		seen[i] = true;
		walked++;
	}
	assert_int_equal(m->live, live);
	assert_int_equal(walked, live);
	assert_true(m->now.used * 2 <= m->now.room);
}

static void
test_idmap_is_an_array_of_pointers(void **state)
{
	static const uint32_t strides[] = {1, 64, 4096, 1000003};

	(void)state;
	start_seed();
	for (size_t s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
		void *model[IDS] = {0};
		struct idmap m = {0};
		uint32_t stride = strides[s];

		for (uint32_t n = 0; n < CALLS; n++) {
			uint32_t i = rand_below(n % 60000 < 30000 ? IDS : 50);

			if (model[i] == NULL) {
				assert_int_equal(
				    idmap_put(&m, id_of(i, stride), &things[i]),
				    0);
				model[i] = &things[i];
			} else {
				assert_ptr_equal(
				    idmap_take(&m, id_of(i, stride)), model[i]);
				model[i] = NULL;
			}
			if (n % 20000 == 0)
				check_same(&m, model, stride);
		}
		check_same(&m, model, stride);
		idmap_fini(&m);
		assert_int_equal(idmap_bytes(&m), 0);
	}
}

static void
test_idmap_empty_has_nothing(void **state)
{
	struct idmap m = {0};
	uint32_t at = 0;

	(void)state;
	assert_null(idmap_get(&m, 0));
	assert_null(idmap_take(&m, 7));
	assert_null(idmap_next(&m, &at));
	idmap_fini(&m);
}

static void
test_idmap_takes_every_id_there_is(void **state)
{
	static const uint32_t ids[] = {
	    0, 1, UINT32_MAX, UINT32_MAX - 1, 0x80000000U};
	struct idmap m = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(idmap_put(&m, ids[i], &things[i]), 0);
	for (size_t i = 0; i < 5; i++)
		assert_ptr_equal(idmap_get(&m, ids[i]), &things[i]);
	idmap_fini(&m);
}

static void
test_idmap_may_be_taken_from_while_it_is_walked(void **state)
{
	struct idmap m = {0};
	bool seen[IDS] = {false};
	uint32_t n = 0;
	uint32_t at = 0;
	char *value;

	(void)state;
	start_seed();
	for (uint32_t i = 0; i < IDS; i++)
		assert_int_equal(idmap_put(&m, i, &things[i]), 0);
	/* This one, and now and then one that may be still to come. */
	while ((value = idmap_next(&m, &at)) != NULL) {
		uint32_t i = (uint32_t)(value - things);
		uint32_t other = rand_below(IDS);

		assert_false(seen[i]);
		seen[i] = true;
		n++;
		assert_ptr_equal(idmap_take(&m, i), value);
		if (rand_below(4) == 0 && idmap_take(&m, other) != NULL) {
			assert_false(seen[other]);
			seen[other] = true;
			n++;
		}
	}
	assert_int_equal(n, IDS);
	assert_int_equal(m.live, 0);
	idmap_fini(&m);
}

static void
test_idmap_of_few_that_come_and_go_stays_small(void **state)
{
	struct idmap m = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		assert_int_equal(idmap_put(&m, i, &things[0]), 0);
		if (i >= 10)
			assert_non_null(idmap_take(&m, i - 10));
	}
	assert_true(m.now.room + m.old.room <= 256);
	assert_null(idmap_get(&m, 5)); /* ends, though all may be gone ones */
	idmap_fini(&m);
}

/* A resolver dies and every question fails: no single one pays for it all. */
static void
test_idmap_grows_and_shrinks_a_few_slots_at_a_time(void **state)
{
	enum { N = 400000, MOVES_MAX = 16 };
	struct idmap m = {0};
	uint32_t n_rings = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t moved = m.old.slots == NULL ? 0 : m.moved;
		bool moving = m.old.slots != NULL;

		assert_int_equal(idmap_put(&m, i, &things[i % IDS]), 0);
		if (m.old.slots != NULL)
			assert_true(m.moved - moved <= MOVES_MAX);
		n_rings += !moving && m.old.slots != NULL;
		assert_ptr_equal(idmap_get(&m, i / 2), &things[i / 2 % IDS]);
	}
	assert_in_range(n_rings, 5, 12);
	assert_int_equal(m.live, N);
	/* What is left is few, and newcomers make the ring small again. */
	for (uint32_t i = 0; i < N - 10; i++)
		assert_ptr_equal(idmap_take(&m, i), &things[i % IDS]);
	for (uint32_t i = N; m.now.room > N / 100; i++) {
		assert_true(i < 3 * N);
		assert_int_equal(idmap_put(&m, i, &things[0]), 0);
		assert_ptr_equal(idmap_take(&m, i), &things[0]);
	}
	for (uint32_t i = N - 10; i < N; i++)
		assert_ptr_equal(idmap_take(&m, i), &things[i % IDS]);
	assert_in_range(idmap_bytes(&m), 0, 65536);
	idmap_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_idmap_is_an_array_of_pointers),
	    cmocka_unit_test(test_idmap_empty_has_nothing),
	    cmocka_unit_test(test_idmap_takes_every_id_there_is),
	    cmocka_unit_test(test_idmap_may_be_taken_from_while_it_is_walked),
	    cmocka_unit_test(test_idmap_of_few_that_come_and_go_stays_small),
	    cmocka_unit_test(
		test_idmap_grows_and_shrinks_a_few_slots_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
