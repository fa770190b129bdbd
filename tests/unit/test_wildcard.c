/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * Two say that names which do not exist are answered, and it is told once;
 * silence, one liar, and a wildcard whose addresses rotate are no news.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/type.h"
#include "judge/wildcard.h"

static const wall_us now = WALL_S(1000000);

/* That it answers with the addresses x.0.0.`first` to x.0.0.`last`. */
static struct wildcard_word
answers(uint16_t group, uint8_t first, uint8_t last)
{
	struct wildcard_word w = {.group = group};
	static uint8_t rdata[256][4];
	struct record records[256];
	struct content c = {.outcome = OUTCOME_ANSWER, .records = records};

	for (unsigned i = first; i <= last; i++) {
		memcpy(rdata[i], (uint8_t[]){192, 0, 2, (uint8_t)i}, 4);
		records[c.n_records++] = (struct record){
		    .type = TYPE_A, .size = 4, .rdata = rdata[i]};
	}
	assert_true(wildcard_hear(&w, 0, FAIL_NOT, &c, false));
	assert_int_equal(w.says, WILDCARD_ANSWERS);
	return w;
}

static struct wildcard_word
denies(uint16_t group)
{
	struct wildcard_word w = {.group = group};
	struct content c = {.outcome = OUTCOME_NXDOMAIN};

	assert_true(wildcard_hear(&w, 0, FAIL_NOT, &c, true));
	assert_int_equal(w.says, WILDCARD_NONE);
	return w;
}

static enum wildcard_news
step(struct wildcard_cell *cell, struct wildcard_word a, struct wildcard_word b,
    wall_us at)
{
	return wildcard_step(cell, &a, &b, at);
}

static void
test_wildcard_a_name_has_a_label_of_letters_and_fits(void **state)
{
	uint8_t apex[NAME_SIZE_MAX + 1] = {0};
	struct name out;

	(void)state;
	assert_true(wildcard_name(
	    (const uint8_t *)"\7example\3org", "abcdefghijklmnop", &out));
	assert_int_equal(out.size, 30);
	assert_memory_equal(out.wire, "\20abcdefghijklmnop\7example\3org", 30);
	/* 238 octets leave room, 239 and more do not. */
	for (size_t size = 236; size <= 254; size += 2) {
		memset(apex, 0, sizeof(apex));
		for (size_t i = 0; i + 2 < size; i += 2)
			memcpy(apex + i, "\1a", 2);
		assert_int_equal(name_size(apex) % 2, 1);
		assert_int_equal(wildcard_name(apex, "abcdefghijklmnop", &out),
		    name_size(apex) <= 238);
	}
}

static void
test_wildcard_types_are_asked_until_one_answers_or_all_are_denied(void **state)
{
	struct wildcard_word w = {0};
	struct content nothing = {.outcome = OUTCOME_NODATA};
	unsigned n = 0;

	(void)state;
	assert_int_equal(wildcard_type(0), TYPE_A);
	while (!wildcard_hear(&w, n, FAIL_NOT, &nothing, true))
		n++;
	assert_int_equal(wildcard_type(n), TYPE_TXT);
	assert_int_equal(wildcard_type(n + 1), 0);
	/* Who denies types but not the name has no wildcard. */
	assert_int_equal(w.says, WILDCARD_NONE);
	assert_true(wildcard_hear(&w, 1, FAIL_SERVFAIL, &nothing, false));
	assert_int_equal(w.says, WILDCARD_UNKNOWN);
}

static void
test_wildcard_two_groups_or_two_ways_make_news(void **state)
{
	struct wildcard_cell c = {0};
	struct wildcard_word tcp = denies(1), bare = denies(1);

	(void)state;
	assert_int_equal(step(&c, denies(1), denies(1), now), WILDCARD_SAME);
	assert_int_equal(
	    step(&c, answers(1, 1, 1), denies(2), now), WILDCARD_SAME);
	/* A denial without SOA may be a filter's, also by TCP (R16). */
	tcp.tcp = true;
	bare.has_soa = false;
	assert_int_equal(step(&c, bare, tcp, now), WILDCARD_SAME);
	assert_int_equal(step(&c, denies(1), tcp, now), WILDCARD_BASELINE);
	assert_int_equal(c.known, WILDCARD_NONE);
	assert_int_equal(step(&c, denies(1), denies(2), now), WILDCARD_SAME);
	assert_int_equal(
	    step(&c, answers(1, 1, 1), answers(2, 1, 1), now), WILDCARD_BEGUN);
	assert_int_equal(c.since, now);
	assert_int_equal(step(&c, denies(1), denies(2), now), WILDCARD_ENDED);
}

static void
test_wildcard_failures_say_nothing_r3(void **state)
{
	struct wildcard_cell c = {.known = WILDCARD_ANSWERS};
	struct wildcard_word w = denies(1);
	struct content none = {.outcome = OUTCOME_NONE};

	(void)state;
	(void)wildcard_hear(&w, 0, FAIL_TIMEOUT, &none, false);
	assert_int_equal(step(&c, w, w, now), WILDCARD_SAME);
	assert_int_equal(step(&c, denies(1), w, now), WILDCARD_SAME);
	assert_false(wildcard_is_known(&c, &w));
	assert_int_equal(c.known, WILDCARD_ANSWERS);
}

static void
test_wildcard_an_element_in_common_makes_it_the_same(void **state)
{
	struct wildcard_cell c = {0};
	struct wildcard_word w;
	wall_us at = now;

	(void)state;
	assert_int_equal(step(&c, answers(1, 1, 3), answers(2, 2, 4), at),
	    WILDCARD_BASELINE);
	assert_int_equal(c.n, 4);
	w = answers(1, 2, 4);
	assert_true(wildcard_is_known(&c, &w));
	w = answers(1, 4, 5);
	assert_false(wildcard_is_known(&c, &w));
	/* What only one of them has is not taken for its own. */
	assert_int_equal(step(&c, w, answers(2, 4, 4), at), WILDCARD_SAME);
	assert_int_equal(step(&c, w, answers(2, 4, 5), at), WILDCARD_GREW);
	assert_int_equal(c.n, 5);
	/* None in common: it moved. */
	assert_int_equal(
	    step(&c, answers(1, 9, 9), answers(2, 9, 9), at), WILDCARD_CHANGED);
	/* One that never repeats is told once a day. */
	assert_int_equal(step(&c, answers(1, 11, 11), answers(2, 11, 11), at),
	    WILDCARD_SAME);
	at += WALL_S(WILDCARD_AGAIN_S);
	assert_int_equal(step(&c, answers(1, 11, 11), answers(2, 11, 11), at),
	    WILDCARD_CHANGED);
	assert_int_equal(
	    step(&c, answers(1, 1, 1), answers(2, 1, 1), at), WILDCARD_SAME);
}

static void
test_wildcard_more_elements_than_are_kept_drop_the_oldest(void **state)
{
	struct wildcard_cell c = {0};
	struct wildcard_word w = answers(1, 1, 200);

	(void)state;
	assert_int_equal(w.n, WILDCARD_PRINTS_MAX);
	assert_int_equal(
	    step(&c, w, answers(2, 101, 200), now), WILDCARD_BASELINE);
	assert_int_equal(c.n, WILDCARD_PRINTS_MAX);
	w = answers(1, 1, 1);
	assert_false(wildcard_has(&c, w.prints, w.n));
	w = answers(1, 132, 132);
	assert_true(wildcard_has(&c, w.prints, w.n));
}

static void
test_wildcard_what_is_known_is_kept_and_broken_bytes_are_not_read(void **state)
{
	struct wildcard_cell c = {0}, back;
	struct buf b = {0};

	(void)state;
	(void)step(&c, denies(1), denies(2), now - 1);
	(void)step(&c, answers(1, 1, 3), answers(2, 1, 3), now);
	wildcard_pack(&c, &b);
	assert_int_equal(wildcard_unpack(b.data, b.size, &back), b.size);
	assert_memory_equal(&c, &back, sizeof(c));
	for (size_t cut = 0; cut < b.size; cut++)
		assert_int_equal(wildcard_unpack(b.data, cut, &back), 0);
	b.data[1] = WILDCARD_ANSWERS + 1;
	assert_int_equal(wildcard_unpack(b.data, b.size, &back), 0);
	b.data[1] = WILDCARD_NONE;
	b.data[0]++;
	assert_int_equal(wildcard_unpack(b.data, b.size, &back), 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_wildcard_a_name_has_a_label_of_letters_and_fits),
	    cmocka_unit_test(
		test_wildcard_types_are_asked_until_one_answers_or_all_are_denied),
	    cmocka_unit_test(test_wildcard_two_groups_or_two_ways_make_news),
	    cmocka_unit_test(test_wildcard_failures_say_nothing_r3),
	    cmocka_unit_test(
		test_wildcard_an_element_in_common_makes_it_the_same),
	    cmocka_unit_test(
		test_wildcard_more_elements_than_are_kept_drop_the_oldest),
	    cmocka_unit_test(
		test_wildcard_what_is_known_is_kept_and_broken_bytes_are_not_read),
	};

	return cmocka_run_group_tests_name("wildcard", tests, NULL, NULL);
}
