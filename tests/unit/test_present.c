/* SPDX-License-Identifier: ISC */
/* room: dns */

/* A record's data as people write it: what is taken, and what is refused. */

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/buf.h"
#include "base/hash.h"
#include "dns/present.h"
#include "dns/type.h"

static void
test_present_gives_the_wire_form_or_nothing(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		const char *hex; /* NULL: refused */
	} cases[] = {
	    {TYPE_A, "192.0.2.1", "c0000201"},
	    {TYPE_A, "192.0.2.256", NULL},
	    {TYPE_A, "192.0.2.1 192.0.2.2", NULL},
	    {TYPE_AAAA, "2001:db8::1", "20010db8000000000000000000000001"},
	    {TYPE_MX, "10 A.b.", "000a0141016200"},
	    {TYPE_MX, "65535 a.", "ffff016100"},
	    {TYPE_MX, "65536 a.", NULL},
	    {TYPE_MX, "99999999999999999999 a.", NULL},
	    {TYPE_SRV, "1 2 65536 a.", NULL},
	    {TYPE_CAA, "256 issue \"a\"", NULL},
	    {TYPE_TXT, "\"a\" b", "01610162"},
	    {TYPE_TXT, "\"a", NULL},
	    {TYPE_A, "192.0.2.1\nx. 0 IN A 192.0.2.2", NULL},
	    {TYPE_A, "192.0.2.1\r", NULL},
	    {TYPE_A, "\\# 4 C0 00 02 01", "c0000201"},
	    {TYPE_A, "\\# 04 c0000201", "c0000201"},
	    {TYPE_A, "\\# 3 c0000201", NULL},
	    {TYPE_A, "\\# 4 c000020", NULL},
	    {TYPE_A, "\\# 4 c00002zz", NULL},
	    {TYPE_A, "\\#", NULL},
	    {TYPE_A, "\\# 99999999999999999999 00", NULL},
	    {65280, "\\# 0", ""},
	    {65280, "hello", NULL},
	    {65280, "", NULL},
	    {TYPE_A, " ", NULL},
	    {TYPE_APL, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};
		char hex[128] = "";
		int err;

		buf_add_text(&out, "x");
		err = present_parse(cases[i].type, cases[i].text, NULL, &out);
		if ((err == 0) != (cases[i].hex != NULL))
			fail_msg("%s: %d", cases[i].text, err);
		if (err == 0 && out.size > 1)
			hash_hex(out.data + 1, out.size - 1, hex);
		if (err == 0)
			assert_string_equal(hex, cases[i].hex);
		else
			assert_int_equal(out.size, 1);
		buf_fini(&out);
	}
}

static void
test_present_refuses_what_is_too_long(void **state)
{
	char *text = malloc(PRESENT_TEXT_MAX + 2);
	struct buf out = {0};

	(void)state;
	memset(text, '0', PRESENT_TEXT_MAX + 1);
	memcpy(text, "\\# 3000 ", 8);
	text[PRESENT_TEXT_MAX + 1] = '\0';
	assert_int_not_equal(present_parse(65280, text, NULL, &out), 0);
	text[8 + 6000] = '\0';
	assert_int_equal(present_parse(65280, text, NULL, &out), 0);
	assert_int_equal(out.size, 3000);
	buf_fini(&out);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_present_gives_the_wire_form_or_nothing),
	    cmocka_unit_test(test_present_refuses_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
