/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Problems are kept in order up to a bound for each file, counted beyond it,
 * and no warning takes the place of an error.
 */

#include <string.h>

#include "unit.h"

#include "base/diag.h"

static void
test_diag_line_has_file_line_column_and_text(void **state)
{
	struct diag d = {0};
	char out[128];

	(void)state;
	diag_error(&d, "a.yaml", 3, 7, "unknown key \"%s\"", "colour");
	assert_int_equal(d.n_items, 1);
	assert_string_equal(diag_print(&d.items[0], out, sizeof(out)),
	    "a.yaml:3:7: unknown key \"colour\"");
	diag_fini(&d);
}

static void
test_diag_line_leaves_out_what_there_is_not(void **state)
{
	struct diag d = {0};
	char out[128];

	(void)state;
	diag_error(&d, "a.yaml", 3, 0, "x");
	diag_error(&d, "a.yaml", 0, 0, "y");
	diag_error(&d, NULL, 0, 0, "z");
	assert_string_equal(
	    diag_print(&d.items[0], out, sizeof(out)), "a.yaml:3: x");
	assert_string_equal(
	    diag_print(&d.items[1], out, sizeof(out)), "a.yaml: y");
	assert_string_equal(diag_print(&d.items[2], out, sizeof(out)), "z");
	diag_fini(&d);
}

static void
test_diag_print_ends_within_its_room(void **state)
{
	struct diag d = {0};
	char out[8];

	(void)state;
	diag_error(&d, "long-name.yaml", 1, 1, "text");
	assert_string_equal(
	    diag_print(&d.items[0], out, sizeof(out)), "long-na");
	diag_fini(&d);
}

static void
test_diag_text_and_file_are_printable(void **state)
{
	struct diag d = {0};

	(void)state;
	diag_error(&d, "a\n.yaml", 1, 1, "\033[1m%s", "\xff");
	assert_string_equal(d.items[0].file, "a\\010.yaml");
	assert_string_equal(d.items[0].text, "\\027[1m\\255");
	diag_fini(&d);
}

static void
test_diag_keeps_a_bounded_number_for_each_file(void **state)
{
	struct diag d = {0};

	(void)state;
	for (unsigned i = 1; i <= 50; i++)
		diag_error(&d, "a.yaml", i, 1, "x");
	diag_error(&d, "b.yaml", 1, 1, "y");
	assert_int_equal(d.n_items, DIAG_FILE_MAX + 1);
	assert_int_equal(d.n_errors, 51);
	assert_int_equal(d.items[DIAG_FILE_MAX - 1].line, DIAG_FILE_MAX);
	assert_string_equal(d.items[DIAG_FILE_MAX].file, "b.yaml");
	assert_int_equal(d.n_of_file, 1);
	diag_fini(&d);
}

static void
test_diag_error_takes_the_place_of_a_warning(void **state)
{
	struct diag d = {0};

	(void)state;
	for (unsigned i = 1; i <= 30; i++)
		diag_warning(&d, "a.yaml", i, 1, "w");
	diag_error(&d, "a.yaml", 31, 1, "e");
	assert_int_equal(d.n_warnings, 30);
	assert_int_equal(d.n_errors, 1);
	assert_int_equal(d.n_items, DIAG_FILE_MAX);
	assert_false(d.items[DIAG_FILE_MAX - 1].warning);
	assert_string_equal(d.items[DIAG_FILE_MAX - 1].text, "e");
	assert_int_equal(d.n_of_file, DIAG_FILE_MAX);
	assert_int_equal(d.items[DIAG_FILE_MAX - 2].line, DIAG_FILE_MAX - 1);
	diag_fini(&d);
}

static void
test_diag_error_displaces_no_warning_of_another_file(void **state)
{
	struct diag d = {0};

	(void)state;
	diag_warning(&d, "a.yaml", 1, 1, "w");
	for (unsigned i = 1; i <= 30; i++)
		diag_error(&d, "b.yaml", i, 1, "e");
	assert_int_equal(d.n_items, DIAG_FILE_MAX + 1);
	assert_true(d.items[0].warning);
	assert_int_equal(d.n_errors, 30);
	diag_fini(&d);
}

static void
test_diag_cuts_a_long_text_and_shows_it(void **state)
{
	struct diag d = {0};
	const char *text;

	(void)state;
	diag_error(&d, "a.yaml", 1, 1, "%5000d", 1);
	text = d.items[0].text;
	assert_in_range(strlen(text), 100, 1024);
	assert_string_equal(text + strlen(text) - 3, "...");
	diag_fini(&d);
}

static void
test_diag_fini_leaves_an_empty_diag(void **state)
{
	struct diag d = {0};

	(void)state;
	diag_error(&d, "a.yaml", 1, 1, "x");
	diag_fini(&d);
	assert_int_equal(d.n_items, 0);
	assert_int_equal(d.n_errors, 0);
	diag_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_diag_line_has_file_line_column_and_text),
	    cmocka_unit_test(test_diag_line_leaves_out_what_there_is_not),
	    cmocka_unit_test(test_diag_print_ends_within_its_room),
	    cmocka_unit_test(test_diag_text_and_file_are_printable),
	    cmocka_unit_test(test_diag_keeps_a_bounded_number_for_each_file),
	    cmocka_unit_test(test_diag_error_takes_the_place_of_a_warning),
	    cmocka_unit_test(
		test_diag_error_displaces_no_warning_of_another_file),
	    cmocka_unit_test(test_diag_cuts_a_long_text_and_shows_it),
	    cmocka_unit_test(test_diag_fini_leaves_an_empty_diag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
