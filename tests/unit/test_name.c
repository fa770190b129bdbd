/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * Names: what people may type, and that every octet survives being printed
 * and read (E1, E3).
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit.h"

#include "base/err.h"
#include "base/rand.h"
#include "dns/name.h"

enum { SEED = 20261121, ROUNDS = 20000 };

static void
accepts(const char *text, const char *printed)
{
	char out[NAME_TEXT_SIZE];
	struct name name;
	const char *why = NULL;

	assert_int_equal(name_parse(text, &name, &why), 0);
	assert_string_equal(name_print(name.wire, out), printed);
	assert_int_equal(name_size(name.wire), name.size);
}

static void
refuses(const char *text)
{
	struct name name;
	const char *why = NULL;

	assert_int_equal(name_parse(text, &name, &why), ERR_SYNTAX);
	assert_non_null(why);
}

static void
test_E1_what_people_type_is_read(void **state)
{
	(void)state;
	accepts("www.example.com", "www.example.com.");
	accepts("WWW.Example.COM.", "www.example.com.");
	accepts(".", ".");
	accepts("_dmarc.a", "_dmarc.a.");
	accepts("a\\.b.c", "a\\.b.c.");
	accepts("\\065.b", "a.b.");
	accepts("\\*.b", "\\*.b.");
	accepts("a.*.b", "a.*.b.");
	accepts("\\ x", "\\032x.");
	accepts("\\000", "\\000.");
}

/* What the short way takes, name_parse() takes for the same. */
static bool
is_taken_alike(const char *text)
{
	struct name name;
	struct name host;
	const char *why = NULL;

	if (!name_parse_host(text, strlen(text), &host))
		return false;
	assert_int_equal(name_parse(text, &name, &why), 0);
	assert_int_equal(host.size, name.size);
	assert_memory_equal(host.wire, name.wire, name.size);
	return true;
}

static void
test_E1_the_short_way_is_for_hosts_and_makes_the_same_of_them(void **state)
{
	static const char signs[] = "abzAMZ019-_...";
	char text[300];

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	assert_true(is_taken_alike("WWW.Example.COM."));
	assert_true(is_taken_alike("_dmarc.a-b"));
	assert_true(is_taken_alike("a"));
	assert_true(is_taken_alike("1.2.3.x"));
	assert_false(is_taken_alike(""));
	assert_false(is_taken_alike("."));
	assert_false(is_taken_alike("a..b"));
	assert_false(is_taken_alike(".a"));
	assert_false(is_taken_alike("192.0.2.1"));
	assert_false(is_taken_alike("2001-1"));
	for (int c = 1; c < 256; c++) {
		const char one[] = {'a', (char)c, 'b', '\0'};
		bool is_host = strchr("-._", c) != NULL ||
		               (c >= '0' && c <= '9') ||
		               ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		assert_int_equal(is_taken_alike(one), is_host);
	}
	assert_false(name_parse_host("a\0b", 3, &(struct name){0}));
	for (int i = 0; i < ROUNDS; i++) {
		size_t size = rand_below(sizeof(text));
		unsigned rare = 1 + rand_below(64); /* dots */

		for (size_t k = 0; k < size; k++)
			text[k] =
			    signs[rand_below(rand_below(rare) == 0 ? 14 : 11)];
		text[size] = '\0';
		(void)is_taken_alike(text);
	}
}

static void
test_E1_the_short_way_ends_where_names_do(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_true(is_taken_alike(text));
	text[63] = 'a';
	text[64] = '\0';
	assert_false(is_taken_alike(text));
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 51)
		text[i] = '.';
	text[253] = '\0'; /* 255 octets */
	assert_true(is_taken_alike(text));
	text[253] = 'a';
	text[254] = '\0';
	assert_false(is_taken_alike(text));
}

static void
test_E1_what_is_no_name_is_refused_and_why_is_said(void **state)
{
	(void)state;
	refuses("");
	refuses(".host");
	refuses("a..b");
	refuses("..");
	refuses("a.b..");
	refuses("*.example.com");
	refuses("*");
	refuses("\\256");
	refuses("\\25");
	refuses("\\2x5");
	refuses("a\\");
	refuses("a b");
	refuses("a\tb");
	refuses("a\nb");
	refuses("a\\\nb");
	refuses("b\xc3\xbc"
		"cher.de");
	refuses("\x7f");
}

static void
test_E1_labels_end_at_63_and_names_at_255_octets(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	struct name name;
	const char *why;
	assert_int_equal(name_parse(text, &name, &why), 0);
	text[63] = 'a';
	text[64] = '\0';
	refuses(text);
	/* 3 * 64 + 62 + 1 = 255 octets. */
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[253] = '\0';
	assert_int_equal(name_parse(text, &name, &why), 0);
	assert_int_equal(name.size, 255);
	text[253] = '.';
	text[254] = '\0';
	assert_int_equal(name_parse(text, &name, &why), 0);
	text[253] = 'a';
	refuses(text);
}

static void
test_E3_a_hostile_label_prints_as_the_rule_says(void **state)
{
	static const uint8_t wire[] = "\11a.b\0\033[31m";
	char out[NAME_TEXT_SIZE];

	(void)state;
	name_print(wire, out);
	assert_string_equal(out, "a\\.b\\000\\027[31m.");
}

static void
random_name(struct name *out)
{
	size_t max = 1 + rand_below(NAME_SIZE_MAX);

	out->size = 0;
	for (;;) {
		size_t len = 1 + rand_below(LABEL_SIZE_MAX);
		if (out->size + 1 + len + 1 > max)
			break;
		out->wire[out->size] = (uint8_t)len;
		rand_bytes(out->wire + out->size + 1, len);
		out->size = (uint8_t)(out->size + 1 + len);
	}
	out->wire[out->size++] = 0;
}

static void
round_trip(const struct name *name)
{
	char text[NAME_TEXT_SIZE];
	struct name back;
	struct name folded = *name;
	const char *why;

	name_print(name->wire, text);
	for (const char *p = text; *p != '\0'; p++)
		assert_true(*p > 0x20 && *p < 0x7f);
	assert_int_equal(name_parse(text, &back, &why), 0);
	name_fold(folded.wire, folded.size);
	assert_int_equal(back.size, folded.size);
	assert_memory_equal(back.wire, folded.wire, folded.size);
	assert_true(name_equal(back.wire, name->wire));
}

static void
test_E3_every_octet_survives_printing_and_reading(void **state)
{
	struct name name = {.size = 3};

	(void)state;
	for (int octet = 0; octet < 256; octet++) {
		memcpy(name.wire, "\1?", 3);
		name.wire[1] = (uint8_t)octet;
		round_trip(&name);
	}
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		random_name(&name);
		round_trip(&name);
	}
}

static void
test_folding_changes_nothing_but_A_to_Z(void **state)
{
	uint8_t bytes[256 + 7];

	(void)state;
	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t i = 0; i < 256; i++)
			bytes[shift - (shift == 7) + i] = (uint8_t)i;
		size_t from = shift - (shift == 7);
		name_fold(bytes + from, 256);
		for (size_t i = 0; i < 256; i++) {
			uint8_t want = (uint8_t)i;
			if (i >= 'A' && i <= 'Z')
				want |= 0x20;
			assert_int_equal(bytes[from + i], want);
		}
	}
}

static const uint8_t *
wire_of(const char *text, struct name *name)
{
	const char *why;

	assert_int_equal(name_parse(text, name, &why), 0);
	return name->wire;
}

static void
test_within_goes_by_labels_and_not_by_letters(void **state)
{
	struct name a;
	struct name b;

	(void)state;
	wire_of("www.example.com", &a);
	assert_true(name_is_within(a.wire, wire_of("example.com", &b)));
	assert_true(name_is_within(a.wire, wire_of("www.example.com", &b)));
	assert_true(name_is_within(a.wire, wire_of(".", &b)));
	assert_false(name_is_within(a.wire, wire_of("ample.com", &b)));
	assert_false(name_is_within(a.wire, wire_of("x.www.example.com", &b)));
	assert_false(name_is_within(a.wire, wire_of("example.org", &b)));
	assert_false(name_is_within(wire_of(".", &b), a.wire));
}

static void
test_the_guessed_zone_is_the_last_two_labels(void **state)
{
	struct name a;
	struct name b;

	(void)state;
	wire_of("a.b.example.com", &a);
	assert_true(
	    name_equal(name_zone_guess(a.wire), wire_of("example.com", &b)));
	wire_of("com", &a);
	assert_true(name_equal(name_zone_guess(a.wire), a.wire));
	wire_of(".", &a);
	assert_true(name_equal(name_zone_guess(a.wire), a.wire));
}

static void
test_reverse_names(void **state)
{
	static const uint8_t v4[] = {192, 0, 2, 100};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0xa1};
	char out[NAME_TEXT_SIZE];
	struct name name;

	(void)state;
	name_reverse(AF_INET, v4, &name);
	assert_string_equal(
	    name_print(name.wire, out), "100.2.0.192.in-addr.arpa.");
	assert_int_equal(name_size(name.wire), name.size);
	name_reverse(AF_INET6, v6, &name);
	assert_string_equal(name_print(name.wire, out),
	    "1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa.");
	assert_int_equal(name_size(name.wire), name.size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_E1_what_people_type_is_read),
	    cmocka_unit_test(
		test_E1_the_short_way_is_for_hosts_and_makes_the_same_of_them),
	    cmocka_unit_test(test_E1_the_short_way_ends_where_names_do),
	    cmocka_unit_test(
		test_E1_what_is_no_name_is_refused_and_why_is_said),
	    cmocka_unit_test(test_E1_labels_end_at_63_and_names_at_255_octets),
	    cmocka_unit_test(test_E3_a_hostile_label_prints_as_the_rule_says),
	    cmocka_unit_test(test_E3_every_octet_survives_printing_and_reading),
	    cmocka_unit_test(test_folding_changes_nothing_but_A_to_Z),
	    cmocka_unit_test(test_within_goes_by_labels_and_not_by_letters),
	    cmocka_unit_test(test_the_guessed_zone_is_the_last_two_labels),
	    cmocka_unit_test(test_reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
