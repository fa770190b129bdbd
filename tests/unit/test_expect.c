/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R27: what meets an expectation and what does not, each word for itself and
 * several together; and expectations that nothing can meet.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "dns/pin.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/expect.h"

/* "a b c" as addresses 192.0.2.a ...; returns how many. */
static uint16_t
read_set(const char *text, struct record *out, uint8_t (*data)[4])
{
	uint16_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == ' ')
			continue;
		data[n][0] = 192;
		data[n][1] = 0;
		data[n][2] = 2;
		data[n][3] = (uint8_t)*p;
		out[n] = (struct record){
		    .type = TYPE_A, .size = 4, .rdata = data[n]};
		n++;
	}
	return n;
}

/* "exactly ab;never c", for A; words by their first letters. */
static void
read_pins(const char *text, struct buf *out)
{
	static const char *const words[] = {
	    "exactly", "only", "includes", "never", "none"};
	char copy[128];
	char *rest = copy;
	char *one;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((one = strsep(&rest, ";")) != NULL) {
		struct record records[16];
		uint8_t data[16][4];
		struct pin pin = {.type = TYPE_A, .records = records};

		for (int i = 0; i < 5; i++) {
			size_t n = strlen(words[i]);

			if (strncmp(one, words[i], n) != 0)
				continue;
			pin.word = (enum pin_word)(i + 1);
			pin.n = read_set(one + n, records, data);
		}
		assert_int_not_equal(pin.word, 0);
		pin_pack(&pin, out);
	}
}

static void
put_set(const struct content *c, char *out)
{
	for (uint16_t i = 0; i < c->n_records; i++)
		*out++ = (char)c->records[i].rdata[3];
	*out = '\0';
}

static const struct row {
	const char *pins;
	const char *is; /* "-": NODATA, "!": UNREADABLE, "~": partial */
	const char *missing, *unexpected; /* NULL: it meets */
} rows[] = {
    {"exactly ab", "ab", NULL, NULL},
    {"exactly ab", "a", "b", ""},
    {"exactly ab", "abc", "", "c"},
    {"exactly ab", "c", "ab", "c"},
    {"exactly ab", "-", "ab", ""},
    {"exactly ab", "!", "", ""},
    /* A partial answer says nothing of its end. */
    {"exactly ab", "~", NULL, NULL},
    {"never a", "~", NULL, NULL},
    {"only ab", "a", NULL, NULL},
    {"only ab", "ab", NULL, NULL},
    {"only ab", "ac", "", "c"},
    {"only ab", "-", "", ""},
    {"includes ab", "abc", NULL, NULL},
    {"includes ab", "ac", "b", ""},
    {"includes ab", "-", "ab", ""},
    {"never c", "ab", NULL, NULL},
    {"never c", "-", NULL, NULL},
    {"never c", "abc", "", "c"},
    {"none", "-", NULL, NULL},
    {"none", "a", "", "a"},
    {"none", "!", "", ""},
    {"includes a;never c", "ab", NULL, NULL},
    {"includes a;never c", "bc", "a", "c"},
    {"includes a;only ab", "ab", NULL, NULL},
    {"includes a;only ab", "b", "a", ""},
};

static void
test_R27_each_word_by_what_it_takes_and_refuses(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct record records[16];
		uint8_t data[16][4];
		struct content c = {
		    .outcome = OUTCOME_ANSWER, .records = records};
		struct expect_found found;
		struct buf pins = {0};
		char missing[16];
		char unexpected[16];

		if (*r->is == '-')
			c.outcome = OUTCOME_NODATA;
		else if (*r->is == '!')
			c.outcome = OUTCOME_UNREADABLE;
		else if (*r->is == '~')
			c.partial = true;
		else
			c.n_records = read_set(r->is, records, data);
		read_pins(r->pins, &pins);
		assert_int_equal(
		    expect_judge(pins.data, pins.size, TYPE_A, &c, &a, &found),
		    0);
		assert_true(found.pinned);
		assert_int_equal(found.unknown, *r->is == '~');
		if (found.meets != (r->missing == NULL))
			fail_msg("%s of %s", r->pins, r->is);
		if (!found.meets) {
			put_set(&found.missing, missing);
			put_set(&found.unexpected, unexpected);
			assert_string_equal(missing, r->missing);
			assert_string_equal(unexpected, r->unexpected);
			assert_int_equal(found.unreadable, *r->is == '!');
		}
		assert_int_equal(expect_judge(pins.data, pins.size, TYPE_AAAA,
				     &c, &a, &found),
		    0);
		assert_false(found.pinned);
		assert_true(found.meets);
		buf_fini(&pins);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void
test_R27_other_deviations_have_other_prints(void **state)
{
	static const char *const sets[] = {"a", "b", "c", "ac", "abc", "-"};
	uint64_t prints[6];
	struct arena a = {0};
	struct buf pins = {0};

	(void)state;
	read_pins("exactly abd", &pins);
	for (size_t i = 0; i < 6; i++) {
		struct record records[16];
		uint8_t data[16][4];
		struct content c = {
		    .outcome = OUTCOME_ANSWER, .records = records};
		struct expect_found found;

		if (*sets[i] == '-')
			c.outcome = OUTCOME_NODATA;
		else
			c.n_records = read_set(sets[i], records, data);
		assert_int_equal(
		    expect_judge(pins.data, pins.size, TYPE_A, &c, &a, &found),
		    0);
		prints[i] = expect_print(&found);
		assert_true(prints[i] == expect_print(&found));
		for (size_t k = 0; k < i; k++)
			assert_true(prints[i] != prints[k]);
	}
	buf_fini(&pins);
	arena_fini(&a);
}

static void
test_R27_what_nothing_can_meet_contradicts(void **state)
{
	static const struct {
		const char *a, *b;
		bool contradict;
	} pairs[] = {
	    {"exactly a", "exactly a", false},
	    {"exactly a", "exactly b", true},
	    {"exactly a", "exactly ab", true},
	    {"exactly a", "includes a", false},
	    {"exactly a", "includes b", true},
	    {"exactly a", "never b", false},
	    {"exactly a", "never a", true},
	    {"exactly a", "only ab", false},
	    {"exactly ab", "only a", true},
	    {"exactly a", "none", true},
	    {"includes a", "none", true},
	    {"includes a", "never b", false},
	    {"only a", "none", true},
	    {"only a", "never a", true},
	    {"only ab", "never a", false},
	    {"only ab", "only bc", false},
	    {"only a", "only b", true},
	    {"never a", "none", false},
	    {"none", "none", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf a = {0};
		struct buf b = {0};

		read_pins(pairs[i].a, &a);
		read_pins(pairs[i].b, &b);
		if (expect_contradicts(a.data, a.size, b.data, b.size,
			TYPE_A) != pairs[i].contradict ||
		    expect_contradicts(b.data, b.size, a.data, a.size,
			TYPE_A) != pairs[i].contradict)
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
		assert_false(expect_contradicts(
		    a.data, a.size, b.data, b.size, TYPE_MX));
		buf_fini(&a);
		buf_fini(&b);
	}
}

static void
test_R27_records_as_people_write_them(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		const char *is; /* NULL: refused */
	} cases[] = {
	    {TYPE_A, "192.0.2.1", "192.0.2.1"},
	    {TYPE_A, "192.0.2.1 ", "192.0.2.1"},
	    {TYPE_A, "192.0.2", NULL},
	    {TYPE_A, "192.0.2.1\n192.0.2.2", NULL},
	    {TYPE_A, "\\# 4 c0000201", "192.0.2.1"},
	    {TYPE_A, "\\# 5 c000020100", NULL},
	    {TYPE_A, "\\# 4 c00002", NULL},
	    {TYPE_A, "\\# 4 c000020", NULL},
	    {TYPE_A, "\\# x c0000201", NULL},
	    {TYPE_A, "", NULL},
	    {TYPE_AAAA, "2001:DB8::1", "2001:db8::1"},
	    {TYPE_MX, "10 MX.Example.COM.", "10 mx.example.com."},
	    {TYPE_MX, "10", NULL},
	    {TYPE_MX, "10 mx example", NULL},
	    {TYPE_NS, "ns1.example.", "ns1.example."},
	    {TYPE_TXT, "\"a b\" c", "\"a b\" \"c\""},
	    {TYPE_SOA, "NS.example. h.example. 1 2 3 4 5",
		"ns.example. h.example."},
	    {65280, "\\# 2 ABcd", "\\# 2 abcd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf data = {0};
		struct buf text = {0};
		int err = pin_record(cases[i].type, cases[i].text, NULL, &data);

		if ((err == 0) != (cases[i].is != NULL))
			fail_msg("%s: %d", cases[i].text, err);
		if (err == 0) {
			const struct record r = {.type = cases[i].type,
			    .size = (uint16_t)data.size,
			    .rdata = data.data};

			record_print(&r, &text, 0);
			assert_string_equal(buf_text(&text), cases[i].is);
		} else {
			assert_int_equal(data.size, 0);
		}
		buf_fini(&data);
		buf_fini(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_R27_each_word_by_what_it_takes_and_refuses),
	    cmocka_unit_test(test_R27_other_deviations_have_other_prints),
	    cmocka_unit_test(test_R27_what_nothing_can_meet_contradicts),
	    cmocka_unit_test(test_R27_records_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
