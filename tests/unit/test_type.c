/* SPDX-License-Identifier: ISC */
/* room: dns */

/* Types by mnemonic and number; what is no data is never asked nor kept. */

#include "unit.h"

#include "base/err.h"
#include "dns/type.h"

static void
reads(const char *text, unsigned type, const char *printed)
{
	char out[TYPE_TEXT_SIZE];
	uint16_t got = 0;

	assert_int_equal(type_parse(text, &got), 0);
	assert_int_equal(got, type);
	assert_string_equal(type_print(got, out), printed);
}

static void
test_type_parse_reads_mnemonics_and_numbers_in_any_case(void **state)
{
	(void)state;
	reads("a", 1, "A");
	reads("Https", 65, "HTTPS");
	reads("CAA", 257, "CAA");
	reads("dlv", 32769, "DLV");
	reads("TYPE65400", 65400, "TYPE65400");
	reads("type1", 1, "A");
	reads("ANY", 255, "ANY");
	reads("OPT", 41, "OPT");
	reads("NSAP-PTR", 23, "NSAP-PTR");
}

static void
test_type_parse_refuses_what_is_no_type(void **state)
{
	static const char *const bad[] = {"", "TYPE", "TYPE65536", "TYPE1x",
	    "TYPE-1", "TYPE000001", "NOSUCH", "A ", " A", "TYPE99999999999",
	    "CLASS1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	uint16_t type;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(type_parse(bad[i], &type), ERR_SYNTAX);
}

static void
test_type_print_then_parse_is_identity_for_all(void **state)
{
	char text[TYPE_TEXT_SIZE];

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		uint16_t back;
		type_print((uint16_t)type, text);
		assert_int_equal(type_parse(text, &back), 0);
		assert_int_equal(back, type);
	}
}

static void
test_C11_qtypes_and_meta_types_are_no_data(void **state)
{
	static const uint16_t none[] = {
	    0, 41, 128, 249, 250, 251, 252, 253, 254, 255};
	static const uint16_t data[] = {1, 2, 5, 46, 65, 127, 256, 257, 65400};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(type_is_data(none[i]));
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		assert_true(type_is_data(data[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_type_parse_reads_mnemonics_and_numbers_in_any_case),
	    cmocka_unit_test(test_type_parse_refuses_what_is_no_type),
	    cmocka_unit_test(test_type_print_then_parse_is_identity_for_all),
	    cmocka_unit_test(test_C11_qtypes_and_meta_types_are_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
