/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * A million questions behind integer ids that never change, each found again
 * by name and type, those of one name in one list.  Tried at that size, and
 * with names that differ in one octet only.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/monitor/table.h"
#include "dns/type.h"

enum { MILLION = 1000000, TYPES = 5 };

static const uint16_t types[TYPES] = {
    TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_NS, TYPE_TXT};

static struct name
name_of(const char *text)
{
	struct name name;
	const char *why;

	assert_int_equal(name_parse(text, &name, &why), 0);
	return name;
}

/* Made by hand: parsing a million texts is not what is tried. */
static struct name
numbered(uint32_t i)
{
	struct name name = {0};
	char label[16];
	int n = snprintf(label, sizeof(label), "n%u", i);

	name.wire[0] = (uint8_t)n;
	memcpy(name.wire + 1, label, (size_t)n);
	memcpy(name.wire + 1 + n, "\7example", 9);
	name.size = (uint8_t)(n + 10);
	return name;
}

static uint32_t
find(const struct table *t, const struct name *name, uint16_t type)
{
	return table_find(t, name->wire, name->size, type);
}

static void
test_table_empty_finds_nothing(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");

	(void)state;
	assert_int_equal(find(t, &name, TYPE_A), QUESTION_NONE);
	assert_int_equal(table_count(t), 0);
	table_free(t);
	table_free(NULL);
}

static void
test_table_new_question_has_no_flags_and_no_policy(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	uint32_t id = table_add(t, &name, TYPE_A);
	const struct question *q = table_question(t, id);
	uint8_t size;

	(void)state;
	assert_int_equal(id, 0);
	assert_int_equal(q->flags, 0);
	assert_int_equal(q->policy, POLICY_NONE);
	assert_int_equal(q->type, TYPE_A);
	assert_int_equal(q->sibling, QUESTION_NONE);
	assert_true(q->fingerprint == 0);
	assert_memory_equal(table_name(t, id, &size), name.wire, name.size);
	assert_int_equal(size, name.size);
	table_free(t);
}

static void
test_table_adding_again_is_finding(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	uint32_t id = table_add(t, &name, TYPE_A);
	uint32_t other = table_add(t, &name, TYPE_MX);

	(void)state;
	table_question(t, id)->flags = Q_WATCHED;
	assert_int_equal(table_add(t, &name, TYPE_A), id);
	assert_int_equal(table_add(t, &name, TYPE_MX), other);
	assert_int_equal(table_question(t, id)->flags, Q_WATCHED);
	assert_int_equal(table_count(t), 2);
	table_free(t);
}

static void
test_table_siblings_are_the_types_of_one_name(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	struct name other = name_of("www.example.net");
	uint32_t seen = 0;
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < TYPES; i++) {
		table_add(t, &name, types[i]);
		table_add(t, &other, types[i]);
	}
	for (uint32_t id = table_first(t, find(t, &name, TYPE_MX));
	     id != QUESTION_NONE; id = table_question(t, id)->sibling) {
		assert_true(name_equal(table_name(t, id, NULL), name.wire));
		seen |= 1u << id;
		n++;
	}
	assert_int_equal(n, TYPES);
	assert_int_equal(seen, 0x155); /* every second id */
	table_free(t);
}

static void
test_table_names_are_bytes_and_not_text(void **state)
{
	struct table *t = table_new();
	struct name a = name_of("a\\.b.example");
	struct name b = name_of("a.b.example");
	struct name c = name_of("a\\000b.example");
	struct name root = name_of(".");
	uint32_t id = table_add(t, &a, TYPE_A);

	(void)state;
	assert_int_equal(find(t, &b, TYPE_A), QUESTION_NONE);
	assert_int_not_equal(table_add(t, &b, TYPE_A), id);
	assert_int_not_equal(table_add(t, &c, TYPE_A), id);
	assert_int_equal(find(t, &a, TYPE_A), id);
	assert_int_equal(find(t, &a, TYPE_AAAA), QUESTION_NONE);
	assert_int_equal(find(t, &root, TYPE_NS), QUESTION_NONE);
	id = table_add(t, &root, TYPE_NS);
	assert_int_equal(find(t, &root, TYPE_NS), id);
	table_free(t);
}

static void
test_table_key_is_the_stores(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	uint32_t id = table_add(t, &name, TYPE_MX);
	struct store_key key = table_key(t, id);
	struct uuid want =
	    question_key("default", name.wire, name.size, TYPE_MX);

	(void)state;
	assert_true(uuid_equal(&key.question, &want));
	assert_int_equal(key.shard, question_shard(name.wire, name.size));
	assert_int_equal(key.server, 0);
	table_free(t);
}

struct moves {
	uint32_t *links;
	unsigned n;
};

static void
on_move(void *ctx, uint32_t *links)
{
	struct moves *m = ctx;

	m->links = links;
	m->n++;
}

static void
test_table_links_are_told_when_they_move_and_keep_their_values(void **state)
{
	struct table *t = table_new();
	struct moves moves = {0};

	(void)state;
	table_on_move(t, on_move, &moves);
	for (uint32_t i = 0; i < 100000; i++) {
		struct name name = numbered(i);

		assert_int_equal(table_add(t, &name, TYPE_A), i);
		assert_ptr_equal(table_links(t), moves.links);
		assert_int_equal(moves.links[i], UINT32_MAX);
		moves.links[i] = i ^ 0x5555;
	}
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(moves.links[i], i ^ 0x5555);
	assert_true(moves.n > 1);
	table_free(t);
}

/* 200,000 names of five types: ids stay while it grows a thousandfold. */
static void
test_table_holds_a_million_questions(void **state)
{
	struct table *t = table_new();
	uint32_t n_names = MILLION / TYPES;

	(void)state;
	assert_true(sizeof(struct question) <= 48);
	for (uint32_t i = 0; i < MILLION; i++) {
		struct name name = numbered(i / TYPES);
		uint32_t id = table_add(t, &name, types[i % TYPES]);

		if (id != i)
			fail_msg("id %u is %u", i, id);
		table_question(t, id)->fingerprint = i;
	}
	assert_int_equal(table_count(t), MILLION);
	for (uint32_t i = 0; i < MILLION; i++) {
		struct name name = numbered(i / TYPES);

		if (find(t, &name, types[i % TYPES]) != i ||
		    table_question(t, i)->fingerprint != i ||
		    table_question(t, i)->type != types[i % TYPES] ||
		    table_first(t, i) != i / TYPES * TYPES + TYPES - 1)
			fail_msg("question %u is not as it was", i);
	}
	for (uint32_t i = n_names; i < n_names + 1000; i++) {
		struct name name = numbered(i);

		assert_int_equal(find(t, &name, TYPE_A), QUESTION_NONE);
	}
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_empty_finds_nothing),
	    cmocka_unit_test(
		test_table_new_question_has_no_flags_and_no_policy),
	    cmocka_unit_test(test_table_adding_again_is_finding),
	    cmocka_unit_test(test_table_siblings_are_the_types_of_one_name),
	    cmocka_unit_test(test_table_names_are_bytes_and_not_text),
	    cmocka_unit_test(test_table_key_is_the_stores),
	    cmocka_unit_test(
		test_table_links_are_told_when_they_move_and_keep_their_values),
	    cmocka_unit_test(test_table_holds_a_million_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
