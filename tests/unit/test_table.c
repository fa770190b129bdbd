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

#include "base/rand.h"
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
	return table_find(t, 0, name->wire, name->size, type);
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
	uint32_t id = table_add(t, 0, &name, TYPE_A);
	const struct question *q = table_question(t, id);
	uint8_t size;

	(void)state;
	assert_int_equal(id, 0);
	assert_int_equal(q->flags, 0);
	assert_int_equal(q->policy, POLICY_NONE);
	assert_int_equal(q->type, TYPE_A);
	assert_int_equal(table_first(t, id), id);
	assert_int_equal(table_next(t, id), QUESTION_NONE);
	assert_int_equal(question_ttl(q), 0);
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
	uint32_t id = table_add(t, 0, &name, TYPE_A);
	uint32_t other = table_add(t, 0, &name, TYPE_MX);

	(void)state;
	table_question(t, id)->flags = Q_WATCHED;
	assert_int_equal(table_add(t, 0, &name, TYPE_A), id);
	assert_int_equal(table_add(t, 0, &name, TYPE_MX), other);
	assert_int_equal(table_question(t, id)->flags, Q_WATCHED);
	assert_int_equal(table_count(t), 2);
	table_free(t);
}

/* Goes over the questions of the name; the set of their types by number. */
static uint32_t
types_of(const struct table *t, const struct name *name, uint32_t id)
{
	uint32_t seen = 0;

	for (id = table_first(t, id); id != QUESTION_NONE;
	     id = table_next(t, id)) {
		uint16_t type = table_question(t, id)->type;

		assert_true(name_equal(table_name(t, id, NULL), name->wire));
		assert_in_range(type, 1, 31);
		assert_false(seen & 1u << type); /* none comes twice */
		seen |= 1u << type;
	}
	return seen;
}

/* Two lists with other types of the same names tell them in turn. */
static void
test_table_types_that_come_later_belong_to_the_name(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	struct name other = name_of("www.example.net");
	uint32_t want = 0;

	(void)state;
	for (int i = 0; i < TYPES; i++) {
		uint32_t a = table_add(t, 0, &name, types[i]);
		uint32_t b = table_add(t, 0, &other, types[i]);

		want |= 1u << types[i];
		assert_int_equal(types_of(t, &name, a), want);
		assert_int_equal(types_of(t, &other, b), want);
		assert_int_equal(find(t, &name, types[0]), 0);
		assert_int_equal(find(t, &other, types[i]), b);
	}
	table_free(t);
}

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

enum { MODEL_NAMES = 2000, MODEL_TYPES = 16, MODEL_STEPS = 60000 };

/*
 * Names and types in any order, asked and added at random, while the index
 * and the segments grow: as a plain array has it.
 */
static void
test_table_agrees_with_an_array_of_all(void **state)
{
	static uint32_t ids[MODEL_NAMES][MODEL_TYPES];
	static uint32_t sets[MODEL_NAMES];
	struct table *t = table_new();

	(void)state;
	start_seed(20261128);
	memset(ids, 0xff, sizeof(ids));
	memset(sets, 0, sizeof(sets));
	for (int i = 0; i < MODEL_STEPS; i++) {
		uint32_t n = rand_below(1 + MODEL_NAMES * i / MODEL_STEPS);
		uint32_t type = rand_below(MODEL_TYPES);
		struct name name = numbered(n);
		uint32_t id;

		assert_int_equal(
		    find(t, &name, (uint16_t)(type + 1)), ids[n][type]);
		if (rand_below(3) == 0)
			continue;
		id = table_add(t, 0, &name, (uint16_t)(type + 1));
		if (ids[n][type] == QUESTION_NONE)
			assert_int_equal(id, table_count(t) - 1);
		else
			assert_int_equal(id, ids[n][type]);
		ids[n][type] = id;
		sets[n] |= 2u << type;
		assert_int_equal(types_of(t, &name, id), sets[n]);
		table_question(t, id)->fingerprint = (uint64_t)n << 32 | type;
	}
	for (uint32_t n = 0; n < MODEL_NAMES; n++) {
		for (uint32_t k = 0; k < MODEL_TYPES; k++)
			assert_true(ids[n][k] == QUESTION_NONE ||
				    table_question(t, ids[n][k])->fingerprint ==
					((uint64_t)n << 32 | k));
	}
	table_free(t);
}

/* However types are numbered, and whatever was told in between. */
static void
test_table_a_new_name_has_each_type_once(void **state)
{
	struct table *t = table_new();
	struct name a = numbered(1);
	struct name b = numbered(2);
	uint32_t id[4];

	(void)state;
	id[0] = table_add(t, 0, &a, 1);
	id[1] = table_add(t, 0, &a, 65);
	assert_int_not_equal(id[0], id[1]);
	id[2] = table_add(t, 0, &b, 1);
	id[3] = table_add(t, 0, &a, 2);
	assert_int_equal(table_add(t, 0, &b, 1), id[2]);
	assert_int_not_equal(table_add(t, 0, &b, 65), id[2]);
	assert_int_equal(table_add(t, 0, &a, 1), id[0]);
	assert_int_equal(table_add(t, 0, &a, 65), id[1]);
	assert_int_equal(table_add(t, 0, &a, 2), id[3]);
	assert_int_not_equal(table_add(t, 0, &b, 2), QUESTION_NONE);
	assert_int_equal(table_add(t, 0, &b, 1), id[2]);
	assert_int_equal(find(t, &b, 65), table_add(t, 0, &b, 65));
	assert_int_equal(table_count(t), 8); /* two headers of runs */
	table_free(t);
}

static void
test_table_type_0_is_no_question(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");

	(void)state;
	assert_int_equal(table_add(t, 0, &name, 0), QUESTION_NONE);
	assert_int_equal(table_count(t), 0);
	table_free(t);
}

/* R13 reckons an answer's age from it: never too small, and hardly more. */
static void
test_table_ttl_is_kept_exactly_or_rounded_up(void **state)
{
	static const uint32_t exact[] = {0, 1, 60, 300, 2047, 3600, 7200, 14400,
	    21600, 43200, 86400, 172800, INT32_MAX + UINT32_C(1)};
	struct question q = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		question_set_ttl(&q, exact[i]);
		assert_int_equal(question_ttl(&q), exact[i]);
	}
	start_seed(13);
	for (int i = 0; i < 100000; i++) {
		uint32_t ttl = rand_u32() >> (1 + rand_below(31));
		uint16_t code;

		question_set_ttl(&q, ttl);
		assert_in_range(question_ttl(&q), ttl, ttl + ttl / 1000);
		/* What it says, set again, says the same. */
		code = q.ttl_code;
		question_set_ttl(&q, question_ttl(&q));
		assert_int_equal(q.ttl_code, code);
	}
}

/* Every server gets its share of any names, and a name keeps its own. */
static void
test_table_spread_is_even_and_the_names_own(void **state)
{
	struct table *t = table_new();
	struct table *after = table_new(); /* a restart */
	uint32_t n[7] = {0};

	(void)state;
	for (uint32_t i = 0; i < 70000; i++) {
		struct name name = numbered(i);
		uint32_t id = table_add(t, 0, &name, TYPE_A);

		n[table_spread(t, id) % 7]++;
		if (i % 100 == 0)
			assert_int_equal(table_spread(t, id),
			    table_spread(
				after, table_add(after, 0, &name, TYPE_MX)));
	}
	for (int i = 0; i < 7; i++)
		assert_in_range(n[i], 9500, 10500);
	table_free(t);
	table_free(after);
}

/* A name in two views is two names, with what is about each apart. */
static void
test_table_keeps_views_apart(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.com");
	uint8_t eu = table_add_view(t, "eu");
	uint32_t a = table_add(t, 0, &name, TYPE_A);
	uint32_t b = table_add(t, eu, &name, TYPE_A);
	uint32_t c = table_add(t, eu, &name, TYPE_MX);
	struct uuid key, is;

	(void)state;
	assert_int_equal(table_find_view(t, "default"), 0);
	assert_int_equal(table_add_view(t, "eu"), eu);
	assert_int_equal(table_find_view(t, "asia"), VIEW_NONE);
	assert_int_equal(table_n_views(t), 2);
	assert_string_equal(table_view_text(t, eu), "eu");
	assert_int_not_equal(a, b);
	assert_int_equal(table_view(t, a), 0);
	assert_int_equal(table_view(t, c), eu);
	assert_int_equal(table_add(t, 0, &name, TYPE_A), a);
	assert_int_equal(table_find(t, eu, name.wire, name.size, TYPE_A), b);
	assert_int_equal(find(t, &name, TYPE_MX), QUESTION_NONE);
	assert_int_equal(table_first(t, c), b);
	assert_int_equal(table_next(t, b), c);
	assert_int_equal(table_next(t, a), QUESTION_NONE);
	key = question_key("eu", name.wire, name.size, TYPE_A);
	is = table_key(t, b).question;
	assert_memory_equal(&is, &key, sizeof(key));
	key = question_key("default", name.wire, name.size, TYPE_A);
	is = table_key(t, a).question;
	assert_memory_equal(&is, &key, sizeof(key));
	for (unsigned i = 2; i < VIEW_NONE; i++) {
		char text[16];

		snprintf(text, sizeof(text), "v%u", i);
		assert_int_equal(table_add_view(t, text), i);
	}
	assert_int_equal(table_add_view(t, "one more"), VIEW_NONE);
	assert_int_equal(table_add_view(t, "v77"), 77);
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
	uint32_t id = table_add(t, 0, &a, TYPE_A);

	(void)state;
	assert_int_equal(find(t, &b, TYPE_A), QUESTION_NONE);
	assert_int_not_equal(table_add(t, 0, &b, TYPE_A), id);
	assert_int_not_equal(table_add(t, 0, &c, TYPE_A), id);
	assert_int_equal(find(t, &a, TYPE_A), id);
	assert_int_equal(find(t, &a, TYPE_AAAA), QUESTION_NONE);
	assert_int_equal(find(t, &root, TYPE_NS), QUESTION_NONE);
	id = table_add(t, 0, &root, TYPE_NS);
	assert_int_equal(find(t, &root, TYPE_NS), id);
	table_free(t);
}

static void
test_table_key_is_the_stores(void **state)
{
	struct table *t = table_new();
	struct name name = name_of("www.example.org");
	uint32_t id = table_add(t, 0, &name, TYPE_MX);
	struct store_key key = table_key(t, id);
	struct uuid want =
	    question_key("default", name.wire, name.size, TYPE_MX);

	(void)state;
	assert_true(uuid_equal(&key.question, &want));
	assert_int_equal(key.shard, question_shard(name.wire, name.size));
	assert_int_equal(key.server, 0);
	table_free(t);
}

/* A poll in flight holds one while a reload adds others. */
static void
test_table_question_stays_where_it_is(void **state)
{
	struct table *t = table_new();
	struct name first = numbered(0);
	struct question *q = table_question(t, table_add(t, 0, &first, TYPE_A));

	(void)state;
	for (uint32_t i = 1; i < 200000; i++) {
		struct name name = numbered(i);

		assert_int_equal(table_add(t, 0, &name, TYPE_A), i);
	}
	assert_ptr_equal(table_question(t, 0), q);
	table_free(t);
}

/* 200,000 names of five types: ids stay while it grows a thousandfold. */
static void
test_table_holds_a_million_questions(void **state)
{
	struct table *t = table_new();
	uint32_t n_names = MILLION / TYPES;

	(void)state;
	for (uint32_t i = 0; i < MILLION; i++) {
		struct name name = numbered(i / TYPES);
		uint32_t id = table_add(t, 0, &name, types[i % TYPES]);

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
		    table_first(t, i) != i / TYPES * TYPES ||
		    table_next(t, i) !=
			(i % TYPES == TYPES - 1 ? QUESTION_NONE : i + 1))
			fail_msg("question %u is not as it was", i);
	}
	for (uint32_t i = n_names; i < n_names + 1000; i++) {
		struct name name = numbered(i);

		assert_int_equal(find(t, &name, TYPE_A), QUESTION_NONE);
	}
	table_free(t);
}

/* A million names of eight types may cost 40 bytes a question, all told. */
static void
test_table_costs_less_than_40_bytes_a_question(void **state)
{
	enum { N = 40000 };
	struct table *t = table_new();
	struct table_memory m;

	(void)state;
	for (uint32_t i = 0; i < N * 8; i++) {
		struct name name = numbered(i / 8);

		assert_int_equal(
		    table_add(t, 0, &name, (uint16_t)(i % 8 + 1)), i);
	}
	m = table_memory(t);
	assert_in_range(m.questions, N * 8 * 32, N * 8 * 33);
	assert_in_range(m.names, N * (7 + 13), N * (7 + 17));
	assert_in_range(m.index, N * 4, N * 4 * 4);
	assert_true(m.questions + m.names + m.index + m.policies < N * 8 * 38);
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_empty_finds_nothing),
	    cmocka_unit_test(
		test_table_new_question_has_no_flags_and_no_policy),
	    cmocka_unit_test(test_table_keeps_views_apart),
	    cmocka_unit_test(test_table_adding_again_is_finding),
	    cmocka_unit_test(
		test_table_types_that_come_later_belong_to_the_name),
	    cmocka_unit_test(test_table_agrees_with_an_array_of_all),
	    cmocka_unit_test(test_table_a_new_name_has_each_type_once),
	    cmocka_unit_test(test_table_type_0_is_no_question),
	    cmocka_unit_test(test_table_ttl_is_kept_exactly_or_rounded_up),
	    cmocka_unit_test(test_table_spread_is_even_and_the_names_own),
	    cmocka_unit_test(test_table_names_are_bytes_and_not_text),
	    cmocka_unit_test(test_table_key_is_the_stores),
	    cmocka_unit_test(test_table_question_stays_where_it_is),
	    cmocka_unit_test(test_table_holds_a_million_questions),
	    cmocka_unit_test(test_table_costs_less_than_40_bytes_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
