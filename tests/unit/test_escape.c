/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Whatever the bytes, the result is printable ASCII, ends with a NUL within its
 * room, and shows by "..." that it was cut.
 */

#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/escape.h"

static void
test_escape_leaves_printable_text_alone(void **state)
{
	char out[128];
	char text[96];

	(void)state;
	for (int i = 0; i < 95; i++)
		text[i] = (char)(0x20 + i);
	text[95] = '\0';
	assert_string_equal(escape_text(text, out, sizeof(out)), text);
}

static void
test_escape_writes_every_other_byte_as_decimal(void **state)
{
	char out[8];
	char wanted[8];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t b = (uint8_t)i;

		if (i >= 0x20 && i <= 0x7e)
			continue;
		snprintf(wanted, sizeof(wanted), "\\%03u", i);
		assert_string_equal(
		    escape_print(&b, 1, out, sizeof(out)), wanted);
	}
}

static void
test_escape_takes_a_nul_for_a_byte(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(
	    escape_print("a\0b", 3, out, sizeof(out)), "a\\000b");
}

static void
test_escape_stops_terminal_commands(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(
	    escape_text("\033[2J\r\n\x9b\x7f", out, sizeof(out)),
	    "\\027[2J\\013\\010\\155\\127");
}

static void
test_escape_says_that_it_cut(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(escape_text("1234567", out, 8), "1234567");
	assert_string_equal(escape_text("12345678", out, 8), "1234...");
	assert_string_equal(escape_text("123\n", out, 8), "123\\010");
	assert_string_equal(escape_text("1234\n", out, 8), "1234...");
	assert_string_equal(escape_text("12\n56", out, 8), "12...");
}

/* An escape is whole or absent: half of one would read as another byte. */
static void
test_escape_never_writes_beyond_its_room(void **state)
{
	static const char text[] = "ab\001cd\377ef\200\200gh";
	char out[64];

	(void)state;
	for (size_t room = 0; room < sizeof(out); room++) {
		memset(out, 'Z', sizeof(out));
		escape_text(text, out, room);
		for (size_t i = room; i < sizeof(out); i++)
			assert_int_equal(out[i], 'Z');
		if (room == 0)
			continue;
		assert_non_null(memchr(out, '\0', room));
		for (const char *p = strchr(out, '\\'); p != NULL;
		     p = strchr(p + 1, '\\'))
			assert_true(strlen(p) >= 4 && p[1] != '.' &&
				    p[2] != '.' && p[3] != '.');
	}
}

static void
test_escape_of_nothing_is_nothing(void **state)
{
	char out[4] = "xxx";

	(void)state;
	assert_string_equal(escape_print(NULL, 0, out, sizeof(out)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escape_leaves_printable_text_alone),
	    cmocka_unit_test(test_escape_writes_every_other_byte_as_decimal),
	    cmocka_unit_test(test_escape_takes_a_nul_for_a_byte),
	    cmocka_unit_test(test_escape_stops_terminal_commands),
	    cmocka_unit_test(test_escape_says_that_it_cut),
	    cmocka_unit_test(test_escape_never_writes_beyond_its_room),
	    cmocka_unit_test(test_escape_of_nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
