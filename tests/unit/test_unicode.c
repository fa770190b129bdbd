/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * E2: what stands beside an A-label is what it converts back from, and has
 * nothing in it that a reader cannot see.
 */

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "config/typed.h"
#include "config/unicode.h"

static const char *
shown(const char *name, struct unicode *u)
{
	return unicode_of(name, u) ? u->text : "";
}

static void
test_a_name_is_shown_as_it_was_typed(void **state)
{
	static const char *const names[] = {"b\xc3\xbc"
					    "cher.example.",
	    "www.stra\xc3\x9f"
	    "e.example.",
	    "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.example.",
	    "\xe4\xbe\x8b\xe3\x81\x88.xn--zckzah.",
	    "\xe0\xa4\x89\xe0\xa4\xa6\xe0\xa4\xbe.example."};
	struct typed typed;
	struct unicode u;
	char text[NAME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		typed_read(names[i], strlen(names[i]), &typed);
		assert_int_equal(typed.kind, TYPED_NAME);
		name_print(typed.name.wire, text);
		assert_memory_equal(
		    shown(text, &u), names[i], i == 3 ? 6 : strlen(names[i]));
		assert_null(u.mixed);
		assert_false(u.leftward);
	}
}

static void
test_what_does_not_convert_there_and_back_stays_as_it_is(void **state)
{
	static const char *const names[] = {"example.com.", ".",
	    "xn--zzzz99999999.example.", "xn--abc-.example.", "xn--.example.",
	    "xn--a.example.", "xn--ls8h.example.", "xn--a-ecp.example.",
	    "xn--xn--a.example.", "\\000xn--bcher-kva.example.",
	    "a\\.xn--bcher-kva.example.", "_xn--bcher-kva.example."};
	struct unicode u;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(shown(names[i], &u), "");
	/* The one label does, the other does not. */
	assert_string_equal(shown("xn--bcher-kva.xn--abc-.example.", &u),
	    "b\xc3\xbc"
	    "cher.xn--abc-"
	    ".example.");
}

/* Punycode of labels that hold a sign which directs text or has no width. */
static void
test_no_sign_that_is_not_seen_is_shown(void **state)
{
	static const char *const names[] = {
	    "xn--abc-7q0a.example.",     /* U+202E */
	    "xn--abc-mx0a.example.",     /* U+2066 */
	    "xn--ab-n1t.example.",       /* U+200D */
	    "xn--ab-k1t.example.",       /* U+200C */
	    "xn--ab-6da.example.",       /* U+00AD */
	    "xn--11b2ezcw70k.example."}; /* letters with U+200D */
	struct unicode u;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!unicode_of(names[i], &u))
			continue;
		assert_null(strstr(u.text, "\xe2\x80"));
		assert_null(strstr(u.text, "\xe2\x81"));
		assert_null(strstr(u.text, "\xc2\xad"));
	}
}

static void
test_any_label_that_claims_to_be_one_gives_letters_or_nothing(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct unicode u;
	uint32_t dice = 4711;
	size_t n_shown = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char name[80] = "xn--";
		size_t size = 4;

		for (int i = 3 + round % 12; i > 0; i--) {
			dice = dice * 1664525 + 1013904223;
			name[size++] = digits[(dice >> 16) % 37];
		}
		strcpy(name + size, ".example.");
		if (!unicode_of(name, &u))
			continue;
		n_shown++;
		for (const char *p = u.text; *p != '\0'; p++)
			assert_true(
			    (unsigned char)*p >= 0x80 ||
			    strchr("abcdefghijklmnopqrstuvwxyz0123456789-.",
				*p) != NULL);
		assert_null(strstr(u.text, "\xe2\x80\xae"));
	}
	assert_true(n_shown > 0);
}

static void
test_mixed_scripts_are_told_and_leftward_letters_noted(void **state)
{
	struct unicode u;

	(void)state;
	assert_true(unicode_of("www.xn--ypal-43d9g.com.", &u));
	assert_string_equal(u.text, "www.\xd1\x80\xd0\xb0ypal.com.");
	assert_string_equal(u.mixed, "Latin and Cyrillic");
	assert_true(
	    unicode_of("xn--4dbcagdahymbxekheh6e0a7fei0b.example.", &u));
	assert_true(u.leftward);
	assert_null(u.mixed);
}

static void
test_json_has_both_forms(void **state)
{
	struct buf out = {0};
	struct emit j;

	(void)state;
	emit_start(&j, &out);
	emit_object(&j, NULL);
	unicode_emit(&j, "example.com.");
	unicode_emit(&j, "xn--ypal-43d9g.com.");
	emit_object_end(&j);
	assert_string_equal(buf_text(&out),
	    "{\"name_unicode\":\"\\u0440\\u0430ypal.com.\",\"name_mixed\":"
	    "true}");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_is_shown_as_it_was_typed),
	    cmocka_unit_test(
		test_what_does_not_convert_there_and_back_stays_as_it_is),
	    cmocka_unit_test(test_no_sign_that_is_not_seen_is_shown),
	    cmocka_unit_test(
		test_any_label_that_claims_to_be_one_gives_letters_or_nothing),
	    cmocka_unit_test(
		test_mixed_scripts_are_told_and_leftward_letters_noted),
	    cmocka_unit_test(test_json_has_both_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
