/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * The commas are right at every depth, and whatever the bytes, the text is
 * printable ASCII without '<' from which the bytes can be read back.
 */

#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/emit.h"

/* What a fresh writer makes of one value, in a buffer that lives until the
 * next call. */
static const char *
write_bytes(const void *data, size_t size)
{
	static char out[8192];
	struct buf b = {0};
	struct emit j;

	emit_start(&j, &b);
	emit_bytes(&j, NULL, data, size);
	assert_int_equal(b.err, 0);
	snprintf(out, sizeof(out), "%s", buf_text(&b));
	buf_fini(&b);
	return out;
}

static const char *
write_utf8(const char *text)
{
	static char out[8192];
	struct buf b = {0};
	struct emit j;

	emit_start(&j, &b);
	emit_utf8(&j, NULL, text);
	assert_int_equal(b.err, 0);
	snprintf(out, sizeof(out), "%s", buf_text(&b));
	buf_fini(&b);
	return out;
}

static void
test_json_commas_stand_between_values_only(void **state)
{
	struct buf b = {0};
	struct emit j;

	(void)state;
	emit_start(&j, &b);
	emit_object(&j, NULL);
	emit_int(&j, "a", 1);
	emit_array(&j, "b");
	emit_array_end(&j);
	emit_array(&j, "c");
	emit_int(&j, NULL, 1);
	emit_object(&j, NULL);
	emit_object_end(&j);
	emit_object(&j, NULL);
	emit_bool(&j, "d", true);
	emit_bool(&j, "e", false);
	emit_object_end(&j);
	emit_null(&j, NULL);
	emit_array_end(&j);
	emit_object(&j, "f");
	emit_object_end(&j);
	emit_text(&j, "g", "h");
	emit_object_end(&j);
	assert_string_equal(buf_text(&b),
	    "{\"a\":1,\"b\":[],\"c\":[1,{},{\"d\":true,\"e\":false},null],"
	    "\"f\":{},\"g\":\"h\"}");
	buf_fini(&b);
}

static void
test_json_values_have_their_forms(void **state)
{
	static const struct uuid id = {{0x01, 0x7f}};
	struct buf b = {0};
	struct emit j;

	(void)state;
	emit_start(&j, &b);
	emit_array(&j, NULL);
	emit_int(&j, NULL, INT64_MIN);
	emit_int(&j, NULL, INT64_MAX);
	emit_text(&j, NULL, NULL);
	emit_utf8(&j, NULL, NULL);
	emit_wall(&j, NULL, 1795280400123000);
	emit_wall(&j, NULL, 0);
	emit_uuid(&j, NULL, &id);
	emit_raw(&j, NULL, "{\"x\":1}");
	emit_raw(&j, NULL, NULL);
	emit_array_end(&j);
	assert_string_equal(buf_text(&b),
	    "[-9223372036854775808,9223372036854775807,null,null,"
	    "\"2026-11-21T17:00:00.123Z\",null,"
	    "\"017f0000-0000-0000-0000-000000000000\",{\"x\":1},null]");
	buf_fini(&b);
}

static void
test_json_escapes_every_control_byte(void **state)
{
	char wanted[16];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		if (i >= 0x20 && i <= 0x7e)
			continue;
		snprintf(wanted, sizeof(wanted), "\"\\u%04x\"", i);
		assert_string_equal(write_bytes(&byte, 1), wanted);
	}
}

static void
test_json_escapes_quote_backslash_and_less_than(void **state)
{
	(void)state;
	assert_string_equal(write_bytes("a\"b", 3), "\"a\\\"b\"");
	assert_string_equal(write_bytes("a\\b", 3), "\"a\\\\b\"");
	assert_string_equal(write_bytes("</script>", 9), "\"\\u003c/script>\"");
}

/* One character of a JSON string (RFC 8259 7) that is below 0x100. */
static unsigned
read_char(const char **text)
{
	const char *p = *text;
	unsigned v = 0x100;

	if (*p != '\\') {
		*text = p + 1;
		return (unsigned char)*p;
	}
	if (p[1] != 'u') {
		*text = p + 2;
		return (unsigned char)p[1];
	}
	assert_int_equal(sscanf(p + 2, "%4x", &v), 1);
	*text = p + 6;
	return v;
}

static void
test_json_of_all_bytes_is_plain_text_and_reads_back(void **state)
{
	uint8_t bytes[256];
	const char *text;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	text = write_bytes(bytes, sizeof(bytes));
	for (const char *p = text; *p != '\0'; p++)
		assert_true(*p >= 0x20 && *p <= 0x7e && *p != '<');
	assert_int_equal(*text++, '"');
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(read_char(&text), i);
	assert_string_equal(text, "\"");
}

static void
test_json_utf8_writes_code_points(void **state)
{
	(void)state;
	assert_string_equal(write_utf8("a\xc3\xa9<"), "\"a\\u00e9\\u003c\"");
	assert_string_equal(write_utf8("\xe2\x82\xac"), "\"\\u20ac\"");
	assert_string_equal(
	    write_utf8("\xf0\x9f\x98\x80"), "\"\\ud83d\\ude00\"");
	assert_string_equal(
	    write_utf8("\xf4\x8f\xbf\xbf"), "\"\\udbff\\udfff\"");
	assert_string_equal(write_utf8("\n\x7f\""), "\"\\u000a\\u007f\\\"\"");
}

static void
test_json_utf8_replaces_what_is_none(void **state)
{
	static const struct {
		const char *text;
		int bad;
	} rows[] = {
	    {"\x80", 1},
	    {"\xff", 1},
	    {"\xc3", 1},
	    {"\xc0\xaf", 2},
	    {"\xe0\x80\xaf", 3},
	    {"\xed\xa0\x80", 3},
	    {"\xf4\x90\x80\x80", 4},
	    {"\xf0\x9f\x98", 3},
	    {"\xfc\x84\x80\x80\x80\x80", 6},
	    {"\xf8\x88\x80\x80\x80", 5},
	    {"\xe2\x82", 2},
	};
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = snprintf(wanted, sizeof(wanted), "\"");

		for (int k = 0; k < rows[i].bad; k++)
			n += snprintf(
			    wanted + n, sizeof(wanted) - (size_t)n, "\\ufffd");
		snprintf(wanted + n, sizeof(wanted) - (size_t)n, "\"");
		assert_string_equal(write_utf8(rows[i].text), wanted);
	}
}

static void
test_json_utf8_goes_on_after_a_bad_byte(void **state)
{
	(void)state;
	assert_string_equal(write_utf8("\xe2x"), "\"\\ufffdx\"");
	assert_string_equal(write_utf8("\xe2\xc3\xa9"), "\"\\ufffd\\u00e9\"");
}

/* The buffer remembers the failure; nothing is half written after it. */
static void
test_json_stops_at_the_limit_of_its_buffer(void **state)
{
	struct buf b = {.size_max = 8};
	struct emit j;

	(void)state;
	emit_start(&j, &b);
	emit_array(&j, NULL);
	for (int i = 0; i < 100; i++)
		emit_int(&j, NULL, i);
	emit_array_end(&j);
	assert_int_not_equal(b.err, 0);
	assert_true(b.size <= 8);
	buf_fini(&b);
}

static void
test_emit_text_written_in_place_is_escaped_the_same(void **state)
{
	static const char *const texts[] = {
	    "", "plain", "\"", "a\"b\\c<d", "\x01x\x7f\xff", "ends with \""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf a = {0};
		struct buf b = {0};
		struct emit j;
		size_t begin;

		emit_start(&j, &a);
		emit_array(&j, NULL);
		begin = emit_open_text(&j, NULL);
		buf_add_text(&a, texts[i]);
		emit_close_text(&j, begin);
		emit_int(&j, NULL, 1);
		emit_array_end(&j);
		emit_start(&j, &b);
		emit_array(&j, NULL);
		emit_text(&j, NULL, texts[i]);
		emit_int(&j, NULL, 1);
		emit_array_end(&j);
		assert_string_equal(buf_text(&a), buf_text(&b));
		buf_fini(&a);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_commas_stand_between_values_only),
	    cmocka_unit_test(test_json_values_have_their_forms),
	    cmocka_unit_test(test_json_escapes_every_control_byte),
	    cmocka_unit_test(test_json_escapes_quote_backslash_and_less_than),
	    cmocka_unit_test(
		test_json_of_all_bytes_is_plain_text_and_reads_back),
	    cmocka_unit_test(test_json_utf8_writes_code_points),
	    cmocka_unit_test(test_json_utf8_replaces_what_is_none),
	    cmocka_unit_test(test_json_utf8_goes_on_after_a_bad_byte),
	    cmocka_unit_test(test_json_stops_at_the_limit_of_its_buffer),
	    cmocka_unit_test(
		test_emit_text_written_in_place_is_escaped_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
