/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * Packed contents: equal exactly when they say the same, read back as they
 * were, and refused when damaged.
 */

#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/err.h"
#include "base/rand.h"
#include "dns/content.h"

enum { SEED = 90210, ROUNDS = 2000 };

static const struct hash_key key = {.k0 = 3, .k1 = 4};

/* A content with whatever rdata, but as it must be: sorted, each once. */
static void
random_content(struct arena *a, struct content *c)
{
	static const enum outcome outcomes[] = {OUTCOME_NONE, OUTCOME_ANSWER,
	    OUTCOME_NODATA, OUTCOME_NXDOMAIN, OUTCOME_UNREADABLE};

	memset(c, 0, sizeof(*c));
	c->outcome = outcomes[rand_below(5)];
	if (c->outcome == OUTCOME_UNREADABLE) {
		c->reason = (enum unreadable)(1 + rand_below(7));
		rand_bytes(c->digest, sizeof(c->digest));
		return;
	}
	c->partial = rand_below(2);
	c->n_chain = (uint16_t)rand_below(CONTENT_CHAIN_MAX + 1);
	c->chain = arena_zero(a, (c->n_chain + 1u) * sizeof(c->chain[0]));
	for (unsigned i = 0; i < c->n_chain; i++)
		c->chain[i] = (const uint8_t *)"\1a\2bc";
	unsigned n = rand_below(6);
	c->records = arena_zero(a, (n + 1) * sizeof(c->records[0]));
	for (unsigned i = 0; i < n; i++) {
		uint8_t *rdata = arena_zero(a, 40);
		rand_bytes(rdata, 40);
		c->records[i] = (struct record){.type = (uint16_t)(i / 2),
		    .size = (uint16_t)rand_below(40),
		    .rdata = rdata};
		if (i > 0 &&
		    record_compare(&c->records[i - 1], &c->records[i]) >= 0)
			break;
		c->n_records++;
	}
}

static void
test_packing_and_unpacking_is_identity(void **state)
{
	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		struct arena a = {0};
		struct buf one = {0};
		struct buf two = {0};
		struct content c;
		struct content back;
		struct content copy;

		random_content(&a, &c);
		content_pack(&c, &one);
		assert_int_equal(one.err, 0);
		assert_int_equal(
		    content_unpack(one.data, one.size, &a, &back), 0);
		assert_true(content_equal(&c, &back));
		assert_int_equal(content_copy(&back, &a, &copy), 0);
		assert_true(content_equal(&c, &copy));
		content_pack(&copy, &two);
		assert_int_equal(one.size, two.size);
		assert_memory_equal(one.data, two.data, one.size);
		assert_int_equal(content_fingerprint(&c, &key),
		    content_fingerprint(&copy, &key));
		buf_fini(&one);
		buf_fini(&two);
		arena_fini(&a);
	}
}

static void
test_damaged_bytes_are_refused_or_another_content(void **state)
{
	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		struct arena a = {0};
		struct buf packed = {0};
		struct content c;
		struct content back;

		random_content(&a, &c);
		content_pack(&c, &packed);
		size_t at = rand_below((uint32_t)packed.size);
		packed.data[at] ^= (uint8_t)(1 << rand_below(8));
		if (content_unpack(packed.data, packed.size, &a, &back) == 0)
			assert_false(content_equal(&c, &back));
		packed.data[at] = 0;
		assert_int_equal(
		    content_unpack(packed.data, at, &a, &back), ERR_SYNTAX);
		buf_fini(&packed);
		arena_fini(&a);
	}
}

static void
refuses(const void *data, size_t size)
{
	struct arena a = {0};
	struct content c;

	assert_int_equal(content_unpack(data, size, &a, &c), ERR_SYNTAX);
	arena_fini(&a);
}

static void
test_only_the_one_packed_form_is_read(void **state)
{
	(void)state;
	refuses("", 0);
	refuses("\3\1\0\0\0\0\0", 7);         /* another policy */
	refuses("\2\5\0\0\0\0\0", 7);         /* FAIL is no state */
	refuses("\2\1\1\0\0\0\0", 7);         /* reason without cause */
	refuses("\2\1\0\2\0\0\0", 7);         /* unknown flag */
	refuses("\2\1\0\0\0\0\0x", 8);        /* something left over */
	refuses("\2\1\0\0\1\1A\0\0\0", 10);   /* not folded */
	refuses("\2\1\0\0\1\xc0\x0c\0\0", 9); /* a pointer */
	refuses("\2\1\0\0\xd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	refuses("\2\1\0\0\0\2\1", 7);                    /* 513 records */
	refuses("\2\1\0\0\0\0\2\0\1\0\1b\0\1\0\1a", 17); /* unsorted */
	refuses("\2\1\0\0\0\0\2\0\1\0\1a\0\1\0\1a", 17); /* twice */
	refuses("\2\1\0\0\0\0\1\0\1\0\2a", 12);          /* too short */
}

static void
test_each_part_counts(void **state)
{
	struct record r[2] = {
	    {1, 1, (const uint8_t *)"a", 7}, {1, 1, (const uint8_t *)"b", 7}};
	const uint8_t *chain[2] = {
	    (const uint8_t *)"\1a", (const uint8_t *)"\1b"};
	struct content one = {.outcome = OUTCOME_ANSWER,
	    .n_records = 2,
	    .records = r,
	    .n_chain = 1,
	    .chain = chain};
	struct content two = one;
	struct record later = r[0];

	(void)state;
	later.ttl = 8;
	assert_true(record_equal(&r[0], &later));
	two.n_records = 1;
	assert_false(content_equal(&one, &two));
	two = one;
	two.n_chain = 2;
	assert_false(content_equal(&one, &two));
	two = one;
	two.partial = true;
	assert_false(content_equal(&one, &two));
	assert_int_not_equal(
	    content_fingerprint(&one, &key), content_fingerprint(&two, &key));
	two = one;
	two.chain = chain + 1;
	assert_false(content_equal(&one, &two));
	assert_int_not_equal(
	    content_fingerprint(&one, &key), content_fingerprint(&two, &key));
}

static void
test_records_sort_by_type_then_octets_then_length(void **state)
{
	struct record a = {1, 2, (const uint8_t *)"ab", 0};
	struct record b = {1, 3, (const uint8_t *)"abc", 0};
	struct record c = {1, 1, (const uint8_t *)"b", 0};
	struct record d = {2, 0, NULL, 0};

	(void)state;
	assert_true(record_compare(&a, &b) < 0);
	assert_true(record_compare(&b, &c) < 0);
	assert_true(record_compare(&c, &d) < 0);
	assert_true(record_compare(&d, &a) > 0);
	assert_int_equal(record_compare(&d, &d), 0);
	assert_false(record_equal(&a, &b));
}

static void
test_every_outcome_and_reason_has_a_text(void **state)
{
	(void)state;
	for (int i = OUTCOME_NONE; i <= OUTCOME_FAIL; i++)
		assert_string_not_equal(
		    outcome_text((enum outcome)i), "UNKNOWN");
	for (int i = 0; i <= UNREADABLE_NXDOMAIN_DATA; i++)
		assert_string_not_equal(
		    unreadable_text((enum unreadable)i), "unknown reason");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_packing_and_unpacking_is_identity),
	    cmocka_unit_test(test_damaged_bytes_are_refused_or_another_content),
	    cmocka_unit_test(test_only_the_one_packed_form_is_read),
	    cmocka_unit_test(test_each_part_counts),
	    cmocka_unit_test(test_records_sort_by_type_then_octets_then_length),
	    cmocka_unit_test(test_every_outcome_and_reason_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
