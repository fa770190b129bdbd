/* SPDX-License-Identifier: ISC */
/* room: store */

/*
 * The fixed order of a batch's statements must never reorder the items of one
 * question: what has to come later conflicts.  A batch that is taken apart
 * gives each item its own rows, and what it had to be told.
 */

#include <string.h>

#include "unit.h"

#include "daemon/store/batch.h"

static const struct lanes early = {1, 2};
static const struct lanes middle = {2, 4};
static const struct lanes late = {5, 5};

static struct store_key
key(uint32_t n, int32_t server)
{
	struct store_key k = {
	    .shard = (uint16_t)(n % STORE_SHARDS), .server = server};

	memcpy(k.question.b, &n, sizeof n);
	return k;
}

static void
add(struct batch *b, const struct store_key *k, struct lanes lanes)
{
	batch_item_begin(b);
	batch_item_key(b, k, lanes);
	batch_item_end(b, NULL, NULL);
}

static void
test_batch_conflicts_only_where_the_order_would_turn(void **state)
{
	struct batch *b = batch_new();
	const struct store_key one = key(1, 0);
	const struct store_key other = key(2, 0);
	const struct store_key server = key(1, 7);

	(void)state;
	assert_false(batch_conflicts(b, &one, 1, early));
	add(b, &one, early);
	assert_true(batch_conflicts(b, &one, 1, early));
	assert_true(batch_conflicts(b, &one, 1, middle));
	assert_false(batch_conflicts(b, &one, 1, late));
	assert_false(batch_conflicts(b, &other, 1, early));
	assert_false(batch_conflicts(b, &server, 1, early));
	add(b, &one, late);
	assert_true(batch_conflicts(b, &one, 1, late));
	batch_free(b);
}

static void
test_batch_looks_at_every_key_of_an_item(void **state)
{
	struct batch *b = batch_new();
	struct store_key keys[3] = {key(1, 0), key(2, 0), key(3, 0)};

	(void)state;
	add(b, &keys[2], early);
	assert_false(batch_conflicts(b, keys, 2, early));
	assert_true(batch_conflicts(b, keys, 3, early));
	batch_free(b);
}

static void
test_batch_remembers_a_thousand_keys_and_forgets_them(void **state)
{
	struct batch *b = batch_new();
	struct store_key k;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		k = key(i * 64, 0); /* the low bits say little */
		assert_false(batch_conflicts(b, &k, 1, early));
		add(b, &k, early);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		k = key(i * 64, 0);
		assert_true(batch_conflicts(b, &k, 1, early));
	}
	batch_clear(b);
	assert_false(batch_conflicts(b, &k, 1, early));
	assert_int_equal(b->n_items, 0);
	batch_free(b);
}

static void
on_done(void *ctx, int err)
{
	(void)ctx;
	(void)err;
}

/* Item i has i rows of outages and one of settled. */
static void
add_rows(struct batch *b, uint32_t i)
{
	const struct store_key k = key(i, 0);

	batch_item_begin(b);
	for (uint32_t n = 0; n < i; n++) {
		row_begin(b, GROUP_OUTAGE);
		row_key(b, &k);
		row_wall(b, WALL_S(946684800) + i);
		row_wall(b, n % 2 == 0 ? 0 : WALL_S(946684800));
		row_i32(b, (int32_t)n);
		row_i16(b, 1);
		row_bool(b, true);
		row_bytes(b, "told", n % 5);
		row_end(b, GROUP_OUTAGE);
	}
	row_begin(b, GROUP_SETTLED);
	row_key(b, &k);
	row_uuid(b, &k.question);
	row_end(b, GROUP_SETTLED);
	batch_item_end(b, on_done, (void *)(uintptr_t)i);
}

static void
test_batch_split_gives_each_item_its_rows(void **state)
{
	struct batch *b = batch_new();
	struct batch *alone = batch_new();
	struct batch *part;
	unsigned from = group_offset(GROUP_OUTAGE);
	unsigned to = group_offset(GROUP_OUTAGE + 1);
	uint32_t i = 0;

	(void)state;
	for (i = 0; i < 6; i++)
		add_rows(b, i);
	part = batch_split(b);
	for (i = 0; part != NULL; i++) {
		struct batch *next = part->next;

		batch_clear(alone);
		add_rows(alone, i);
		assert_true(part->alone);
		assert_int_equal(part->n_items, 1);
		assert_int_equal(part->rows[GROUP_OUTAGE], i);
		assert_int_equal(part->rows[GROUP_SETTLED], 1);
		assert_true(part->items[0].done == on_done);
		assert_true(part->items[0].ctx == (void *)(uintptr_t)i);
		for (unsigned c = from; c < to; c++) {
			int size;
			int wanted_size;
			const char *bytes =
			    array_finish(&part->columns[c], &size);
			const char *wanted =
			    array_finish(&alone->columns[c], &wanted_size);

			assert_int_equal(size, wanted_size);
			assert_memory_equal(bytes, wanted, (size_t)size);
		}
		batch_free(part);
		part = next;
	}
	assert_int_equal(i, 6);
	batch_free(alone);
	batch_free(b);
}

/* Item i has a whole row of a state, but for each third, and i outages. */
static void
add_first(struct batch *b, uint32_t i)
{
	const struct store_key k = key(i, 0);

	batch_item_begin(b);
	if (i % 3 != 2) {
		row_begin(b, GROUP_FIRST_STATE);
		row_key(b, &k);
		row_i16(b, 1);
		row_bytes(b, "content", i % 7);
		row_uuid(b, &k.question);
		row_i16(b, 1);
		row_i32(b, 300);
		row_wall(b, 0);
		row_wall(b, WALL_S(946684800));
		row_end(b, GROUP_FIRST_STATE);
	}
	for (uint32_t n = 0; n < i; n++) {
		row_begin(b, GROUP_OUTAGE);
		row_key(b, &k);
		row_wall(b, WALL_S(946684800) + i);
		row_wall(b, 0);
		row_i32(b, (int32_t)n);
		row_i16(b, 1);
		row_bool(b, true);
		row_null(b);
		row_end(b, GROUP_OUTAGE);
	}
	batch_item_end(b, on_done, (void *)(uintptr_t)i);
}

/* Each item has its own rows, whose number `from` begins with. */
static void
assert_pieces(
    const struct batch *part, const struct batch *wanted, uint32_t from)
{
	const unsigned state = GROUP_FIRST_STATE - GROUP_FIRST_QUESTION;

	for (uint32_t i = 0; i < part->n_items; i++) {
		struct batch_piece a = batch_piece(part, i, state);
		struct batch_piece b = batch_piece(wanted, i, state);

		assert_int_equal(batch_piece(part, i, 0).size, 0);
		assert_int_equal(a.size > 0, (from + i) % 3 != 2);
		assert_int_equal(a.size, b.size);
		assert_memory_equal(a.data, b.data, b.size);
	}
}

static void
test_batch_of_first_answers_is_split_into_halves(void **state)
{
	const unsigned column = group_offset(GROUP_FIRST_STATE);
	struct batch *b = batch_new();
	struct batch *wanted = batch_new();
	struct batch *part;
	uint32_t i;
	unsigned n = 0;

	(void)state;
	b->first = true;
	for (i = 0; i < 7; i++)
		add_first(b, i);
	part = batch_split(b);
	for (i = 0; part != NULL; n++) {
		struct batch *next = part->next;

		batch_clear(wanted);
		for (uint32_t k = 0; k < part->n_items; k++, i++) {
			assert_true(part->items[k].ctx == (void *)(uintptr_t)i);
			assert_memory_equal(part->items[k].rows, wanted->rows,
			    sizeof wanted->rows);
			add_first(wanted, i);
		}
		assert_true(part->first);
		assert_false(part->alone);
		assert_memory_equal(
		    part->rows, wanted->rows, sizeof wanted->rows);
		assert_int_equal(part->columns[column].bytes.size,
		    wanted->columns[column].bytes.size);
		assert_memory_equal(part->columns[column].bytes.data,
		    wanted->columns[column].bytes.data,
		    wanted->columns[column].bytes.size);
		assert_pieces(part, wanted, i - part->n_items);
		batch_free(part);
		part = next;
	}
	assert_int_equal(i, 7);
	assert_int_equal(n, 2);
	batch_free(wanted);
	batch_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_batch_conflicts_only_where_the_order_would_turn),
	    cmocka_unit_test(test_batch_looks_at_every_key_of_an_item),
	    cmocka_unit_test(
		test_batch_remembers_a_thousand_keys_and_forgets_them),
	    cmocka_unit_test(test_batch_split_gives_each_item_its_rows),
	    cmocka_unit_test(test_batch_of_first_answers_is_split_into_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
