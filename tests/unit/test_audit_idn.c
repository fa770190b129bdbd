/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * E2: a U-label becomes an A-label when a list is loaded, by UTS 46, and that
 * is the key; an `xn--` label that is none is asked as it stands; letters of
 * two scripts in one label are told.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "config/watchlist.h"

struct heard {
	size_t n;
	struct name first;
	char typed[128];
	bool same; /* all of them are one name */
};

static void
hear(void *ctx, const struct watch *w)
{
	struct heard *h = ctx;

	if (h->n++ == 0) {
		h->first = w->name;
		h->same = true;
		snprintf(h->typed, sizeof(h->typed), "%s", w->typed);
	} else if (!name_equal(w->name.wire, h->first.wire)) {
		h->same = false;
	}
}

/* A plain list of these lines. */
static void
load(const char *lines, struct heard *h, struct diag *d)
{
	char path[] = "/tmp/dnsvigil-idn-XXXXXX";
	int fd = mkstemp(path);
	size_t size = strlen(lines);

	*h = (struct heard){0};
	*d = (struct diag){0};
	assert_true(fd != -1);
	assert_int_equal(write(fd, lines, size), size);
	assert_int_equal(close(fd), 0);
	assert_int_equal(watchlist_load(path, NULL, hear, h, d), 0);
	assert_int_equal(unlink(path), 0);
}

static void
test_E2_every_spelling_of_a_name_is_one_key(void **state)
{
	/* Upper case, decomposed, full width, the ideographic full stop. */
	static const char lines[] = "b\xc3\xbc"
				    "cher.example\n"
				    "B\xc3\x9c"
				    "CHER.EXAMPLE.\n"
				    "bu\xcc\x88"
				    "cher.example\n"
				    "\xef\xbd\x82\xc3\xbc"
				    "cher.example\n"
				    "b\xc3\xbc"
				    "cher\xe3\x80\x82"
				    "example\n"
				    "XN--BCHER-KVA.example\n"
				    "https://b\xc3\xbc"
				    "cher.example/a\n";
	char text[NAME_TEXT_SIZE];
	struct heard h;
	struct diag d;

	(void)state;
	load(lines, &h, &d);
	assert_int_equal(d.n_items, 0);
	assert_int_equal(h.n, 7);
	assert_true(h.same);
	assert_string_equal(
	    name_print(h.first.wire, text), "xn--bcher-kva.example.");
	/* What was typed is there to be shown beside it. */
	assert_string_equal(h.typed, "b\xc3\xbc"
				     "cher.example");
}

static void
test_E2_an_A_label_that_is_none_is_asked_as_it_stands(void **state)
{
	static const char *const labels[] = {
	    "xn--zzzz99999999.example", /* no Punycode */
	    "xn--abc-.example",         /* decodes to ASCII */
	    "xn--.example",
	    "xn--a.example",
	};
	char wanted[NAME_TEXT_SIZE];
	char text[NAME_TEXT_SIZE];
	struct heard h;
	struct diag d;

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		load(labels[i], &h, &d);
		diag_fini(&d);
		assert_int_equal(h.n, 1);
		snprintf(wanted, sizeof(wanted), "%s.", labels[i]);
		assert_string_equal(name_print(h.first.wire, text), wanted);
	}
}

static void
test_E2_letters_of_two_scripts_are_told_and_asked(void **state)
{
	char text[NAME_TEXT_SIZE];
	struct heard h;
	struct diag d;

	(void)state;
	/* The first two letters are Cyrillic. */
	load("\xd1\x80\xd0\xb0ypal.com\n", &h, &d);
	assert_int_equal(h.n, 1);
	assert_int_equal(d.n_items, 1);
	assert_true(d.items[0].warning);
	assert_int_equal(d.items[0].line, 1);
	assert_string_equal(
	    name_print(h.first.wire, text), "xn--ypal-43d9g.com.");
	diag_fini(&d);
	/* Japanese mixes three by nature. */
	load("\xe6\x97\xa5\xe3\x81\xae\xe3\x82\xab.example\n", &h, &d);
	assert_int_equal(h.n, 1);
	assert_int_equal(d.n_items, 0);
	diag_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_E2_every_spelling_of_a_name_is_one_key),
	    cmocka_unit_test(
		test_E2_an_A_label_that_is_none_is_asked_as_it_stands),
	    cmocka_unit_test(test_E2_letters_of_two_scripts_are_told_and_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
