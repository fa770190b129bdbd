/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * Records: what is identity and what is not (R6, M7), what is malformed (C5,
 * C6, C7, C9), what ldns may see, and text that can do no harm (E3, E6, T5).
 */

#include <malloc.h>
#include <stdio.h>
#include <sys/socket.h>

#include <ldns/ldns.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/record.h"
#include "test_packet.h"

enum { SEED = 815, ROUNDS = 3000 };

static struct packet p;
static uint8_t identity[65536];
static size_t identity_size;

/* The check of one record whose rdata this is, in a message of its own. */
static enum record_check
check(unsigned type, const void *rdata, size_t size)
{
	struct message m;
	struct message_record r;

	packet_start(&p, 0x0100, "www.Example.com", type);
	packet_record(&p, PACKET_ANSWER, "a", type, rdata, size);
	assert_int_equal(message_walk(p.data, p.size, &m), MESSAGE_OK);
	message_record(p.data, p.size, m.answer_at, &r);
	return record_identity(
	    p.data, p.size, &r, identity, sizeof(identity) - 1, &identity_size);
}

static void
is_identity(unsigned type, const void *rdata, size_t size, const void *want,
    size_t want_size)
{
	assert_int_equal(check(type, rdata, size), RECORD_OK);
	assert_int_equal(identity_size, want_size);
	assert_memory_equal(identity, want, want_size);
}

static void
test_M7_names_expand_and_fold_where_the_rfcs_say(void **state)
{
	(void)state;
	is_identity(TYPE_CNAME, "\1A\xc0\x0c", 4, "\1a\3www\7example\3com", 19);
	is_identity(TYPE_NS, "\1A\0", 3, "\1a", 3);
	is_identity(TYPE_PTR, "\1A\0", 3, "\1a", 3);
	is_identity(TYPE_DNAME, "\1A\0", 3, "\1a", 3);
	is_identity(TYPE_MX, "\0\1\1A\0", 5, "\0\1\1a", 5);
	is_identity(TYPE_SRV, "\0A\0B\0C\1A\0", 9, "\0A\0B\0C\1a", 9);
	is_identity(
	    TYPE_NAPTR, "\0A\0B\1U\1S\1R\1A\0", 13, "\0A\0B\1U\1S\1R\1a", 13);
	is_identity(14, "\1A\0\1B\0", 6, "\1a\0\1b", 6);
	is_identity(17, "\1A\0\1B\0", 6, "\1a\0\1b", 6);
	is_identity(18, "\0\1\1A\0", 5, "\0\1\1a", 5);
	is_identity(21, "\0\1\1A\0", 5, "\0\1\1a", 5);
	is_identity(36, "\0\1\1A\0", 5, "\0\1\1a", 5);
	is_identity(26, "\0\1\1A\0\1B\0", 8, "\0\1\1a\0\1b", 8);
	is_identity(TYPE_SVCB, "\0\1\1A\0\0\3\0\2\1\2", 11,
	    "\0\1\1a\0\0\3\0\2\1\2", 11);
	is_identity(TYPE_HTTPS, "\0\0\1A\0", 5, "\0\0\1a", 5);
}

static void
test_M6_what_is_no_host_name_keeps_its_case(void **state)
{
	(void)state;
	is_identity(TYPE_TXT, "\3AbC", 4, "\3AbC", 4);
	is_identity(TYPE_HINFO, "\1A\1B", 4, "\1A\1B", 4);
	is_identity(TYPE_NSEC, "\1A\0\0\1\x40", 6, "\1A\0\0\1\x40", 6);
	is_identity(TYPE_CAA, "\0\5ISSUEA", 8, "\0\5ISSUEA", 8);
	is_identity(65400, "\1A\xc0\x0c", 4, "\1A\xc0\x0c", 4);
}

/* Else the pointer would lend the name our own random letter case (A9). */
static void
test_A9_names_that_keep_case_may_not_be_compressed(void **state)
{
	(void)state;
	assert_int_equal(
	    check(TYPE_NSEC, "\1A\xc0\x0c\0\1\x40", 7), RECORD_BAD);
	assert_int_equal(check(107, "\0\1\xc0\x0c", 4), RECORD_BAD);
}

static void
test_R6_serial_timers_and_signatures_are_no_identity(void **state)
{
	(void)state;
	is_identity(TYPE_SOA,
	    "\1A\0\1B\0"
	    "12345678901234567890",
	    26, "\1a\0\1b", 6);
	is_identity(TYPE_RRSIG,
	    "\0\1\x08\2\0\0\1\0"
	    "expiincp"
	    "\4\xd2\1A\0signature",
	    30, "\0\1\x08\4\xd2\1a", 8);
}

static void
test_C5_missing_fields_are_seen(void **state)
{
	(void)state;
	assert_int_equal(check(TYPE_A, "\1\2\3", 3), RECORD_BAD);
	assert_int_equal(check(TYPE_A, "", 0), RECORD_BAD);
	assert_int_equal(check(TYPE_MX, "\0\1", 2), RECORD_BAD);
	assert_int_equal(check(TYPE_CNAME, "", 0), RECORD_BAD);
	assert_int_equal(check(TYPE_SOA,
			     "\1a\0\1b\0"
			     "123456789012",
			     18),
	    RECORD_BAD);
	assert_int_equal(check(TYPE_DNSKEY, "\1\1\3\x08", 4), RECORD_BAD);
	assert_int_equal(check(TYPE_DS, "\0\1\x08\2", 4), RECORD_BAD);
	assert_int_equal(check(TYPE_RRSIG,
			     "\0\1\x08\2"
			     "1234567812345678",
			     18),
	    RECORD_BAD);
	assert_int_equal(check(256, "\0\1\0\1", 4), RECORD_BAD);
	assert_int_equal(check(TYPE_HINFO, "\1a", 2), RECORD_BAD);
	assert_int_equal(check(TYPE_TLSA, "\1\1\1", 3), RECORD_BAD);
	assert_int_equal(check(TYPE_CAA, "\0", 1), RECORD_BAD);
	/* RFC 8659 4.1: a value may be empty; ldns reads two fields then. */
	assert_int_equal(check(TYPE_CAA, "\0\5issue", 7), RECORD_OK);
	assert_int_equal(
	    record_check(TYPE_CAA, (const uint8_t *)"\0\5issue", 7), RECORD_OK);
}

static void
test_C6_what_ldns_reads_and_cannot_print_is_bad(void **state)
{
	(void)state;
	assert_int_equal(check(TYPE_LOC, "\0\x12\x16\x13", 4), RECORD_BAD);
	assert_int_equal(check(TYPE_LOC,
			     "\1"
			     "123456789012345",
			     16),
	    RECORD_BAD);
	assert_int_equal(check(TYPE_APL, "\0\1\x18\4\1\2\3", 7), RECORD_BAD);
	assert_int_equal(
	    check(TYPE_APL, "\0\1\x18\5\1\2\3\4\5", 9), RECORD_BAD);
	assert_int_equal(check(TYPE_APL, "", 0), RECORD_OK);
	assert_int_equal(check(TYPE_CAA, "\0\3i-sx", 6), RECORD_BAD);
	assert_int_equal(check(TYPE_CAA, "\0\0x", 3), RECORD_BAD);
	assert_int_equal(check(TYPE_NSEC, "\1a\0\0\x21\x40", 6), RECORD_BAD);
	assert_int_equal(
	    check(TYPE_NSEC, "\1a\0\1\1\x40\0\1\x40", 9), RECORD_BAD);
}

static void
test_C7_strings_are_counted_before_ldns(void **state)
{
	static uint8_t rdata[65400];

	(void)state;
	assert_int_equal(check(TYPE_TXT, "", 0), RECORD_BAD);
	assert_int_equal(check(TYPE_TXT, rdata, 512), RECORD_OK);
	assert_int_equal(check(TYPE_TXT, rdata, 513), RECORD_STRINGS);
	assert_int_equal(check(99, rdata, 513), RECORD_STRINGS);
	assert_int_equal(record_check(TYPE_TXT, rdata, 513), RECORD_STRINGS);
	/* 512 strings of 126 octets would cost 33 MB. */
	for (size_t at = 0; at < 512 * 127; at += 127)
		rdata[at] = 126;
	assert_int_equal(check(TYPE_TXT, rdata, 512 * 127), RECORD_STRINGS);
	assert_int_equal(check(TYPE_TXT, rdata, 90 * 127), RECORD_OK);
	assert_int_equal(record_check(TYPE_TXT, rdata, 90 * 127), RECORD_OK);
}

/* ldns takes 4.28 GB and a second for this record. */
static void
test_LD1_bomb_of_65400_empty_strings_costs_nothing(void **state)
{
	static uint8_t rdata[65400];
	struct record r = {.type = TYPE_TXT, .size = 65400, .rdata = rdata};
	struct buf text = {0};
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;

	(void)state;
	assert_int_equal(check(TYPE_TXT, rdata, sizeof(rdata)), RECORD_STRINGS);
	assert_int_equal(
	    record_check(TYPE_TXT, rdata, sizeof(rdata)), RECORD_STRINGS);
	assert_int_equal(mallinfo2().uordblks + mallinfo2().hblkhd, before);
	record_print(&r, &text, 100);
	assert_int_equal(text.size, 100);
	assert_true(text.room < 4096);
	buf_fini(&text);
}

static void
test_C9_service_parameters_are_in_order_and_well_formed(void **state)
{
	static const struct {
		const char *params;
		size_t size;
		enum record_check want;
	} cases[] = {
	    {"", 0, RECORD_OK},
	    {"\0\1\0\3\2h2\0\3\0\2\1\xbb", 13, RECORD_OK},
	    {"\0\3\0\2\1\xbb\0\3\0\2\1\xbb", 12, RECORD_BAD}, /* twice */
	    {"\0\3\0\2\1\xbb\0\1\0\3\2h2", 13, RECORD_BAD},   /* falling */
	    {"\0\3\0\3\1\xbb", 6, RECORD_BAD},                /* overflow */
	    {"\0\3\0", 3, RECORD_BAD},
	    {"\0\3\0\1\1", 5, RECORD_BAD},   /* half a port */
	    {"\0\1\0\3\3h2", 7, RECORD_BAD}, /* alpn overflows */
	    {"\0\1\0\0", 4, RECORD_BAD},     /* no alpn */
	    {"\0\2\0\0", 4, RECORD_BAD},     /* without alpn */
	    {"\0\1\0\3\2h2\0\2\0\0", 11, RECORD_OK},
	    {"\0\4\0\3\1\2\3", 7, RECORD_BAD},
	    {"\0\4\0\4\1\2\3\4", 8, RECORD_OK},
	    {"\0\6\0\4\1\2\3\4", 8, RECORD_BAD},
	    {"\0\0\0\2\0\3\0\3\0\2\1\xbb", 12, RECORD_OK},
	    {"\0\0\0\2\0\4\0\3\0\2\1\xbb", 12, RECORD_BAD}, /* not there */
	    {"\0\0\0\2\0\0", 6, RECORD_BAD},                /* itself */
	    {"\0\0\0\0", 4, RECORD_BAD},
	    {"\xff\xff\0\0", 4, RECORD_BAD},
	    {"\xfe\0\0\1x", 5, RECORD_OK},
	};
	uint8_t rdata[64] = {0, 1, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(rdata + 3, cases[i].params, cases[i].size);
		size_t size = 3 + cases[i].size;
		assert_int_equal(check(TYPE_HTTPS, rdata, size), cases[i].want);
		assert_int_equal(
		    record_check(TYPE_SVCB, rdata, size), cases[i].want);
	}
}

static void
prints(unsigned type, const void *rdata, size_t size, const char *want)
{
	struct record r = {
	    .type = (uint16_t)type, .size = (uint16_t)size, .rdata = rdata};
	struct buf text = {0};

	record_print(&r, &text, 0);
	assert_string_equal(buf_text(&text), want);
	buf_fini(&text);
}

static void
test_records_print_as_people_write_them(void **state)
{
	(void)state;
	prints(TYPE_A, "\xc0\0\2\1", 4, "192.0.2.1");
	prints(TYPE_AAAA, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16,
	    "2001:db8::1");
	prints(TYPE_MX, "\0\x0a\4mail\1a\0", 10, "10 mail.a.");
	prints(TYPE_TXT, "\13v=spf1 -all", 12, "\"v=spf1 -all\"");
	prints(TYPE_TXT, "\2ab\1c", 5, "\"ab\" \"c\"");
	prints(TYPE_SOA, "\1a\0\1b\0", 6, "a. b.");
	prints(TYPE_RRSIG, "\0\1\x08\4\xd2\1a\0", 8, "A 8 1234 a.");
	prints(TYPE_CAA, "\0\5issueca", 9, "0 issue \"ca\"");
	prints(TYPE_HTTPS, "\0\1\0\0\3\0\2\1\xbb", 9, "1 . port=443");
	prints(65400, "\xab\xcd\xef", 3, "\\# 3 abcdef");
	prints(65400, "", 0, "\\# 0");
}

static void
test_T5_text_has_only_printable_ascii(void **state)
{
	(void)state;
	prints(TYPE_TXT, "\x0b\033[31m\xe2\x80\xae\r\n\0", 12,
	    "\"\\027[31m\\226\\128\\174\\013\\010\\000\"");
	prints(TYPE_TXT, "\2\"\\", 3, "\"\\\"\\\\\"");
	prints(TYPE_CNAME, "\2\033.\0", 4, "\\027\\..");
}

static void
test_what_is_not_identity_rdata_prints_as_octets(void **state)
{
	(void)state;
	prints(TYPE_A, "\1\2\3", 3, "\\# 3 010203");
	prints(TYPE_CNAME, "\xc0\x0c", 2, "\\# 2 c00c");
	prints(TYPE_CNAME, "\5ab", 3, "\\# 3 056162");
	prints(TYPE_TXT, "", 0, "\\# 0");
	prints(TYPE_LOC, "\1\2", 2, "\\# 2 0102");
}

static void
test_E6_text_is_cut_where_the_caller_says(void **state)
{
	struct record r = {.type = TYPE_TXT,
	    .size = 12,
	    .rdata = (const uint8_t *)"\013v=spf1 -all"};
	struct buf text = {0};

	(void)state;
	buf_add_text(&text, "> ");
	record_print(&r, &text, 10);
	assert_string_equal(buf_text(&text), "> \"v=spf1...");
	buf_clear(&text);
	record_print(&r, &text, 13);
	assert_string_equal(buf_text(&text), "\"v=spf1 -all\"");
	buf_fini(&text);
}

/* Our own text is what ldns would have written. */
static void
compare_with_ldns(unsigned type, const uint8_t *rdata, size_t size)
{
	uint8_t wire[11 + 512] = {0};
	struct record r = {
	    .type = (uint16_t)type, .size = (uint16_t)size, .rdata = rdata};
	struct buf text = {0};
	ldns_rr *rr = NULL;
	size_t at = 0;

	wire[1] = (uint8_t)(type >> 8);
	wire[2] = (uint8_t)type;
	wire[4] = 1;
	wire[9] = (uint8_t)(size >> 8);
	wire[10] = (uint8_t)size;
	memcpy(wire + 11, rdata, size);
	assert_int_equal(
	    ldns_wire2rr(&rr, wire, 11 + size, &at, LDNS_SECTION_ANSWER),
	    LDNS_STATUS_OK);
	char *theirs = ldns_rr2str(rr);
	char *begin = strrchr(theirs, '\t') + 1;
	begin[strcspn(begin, "\n")] = '\0';
	record_print(&r, &text, 0);
	assert_string_equal(buf_text(&text), begin);
	buf_fini(&text);
	free(theirs);
	ldns_rr_free(rr);
}

static void
test_own_text_agrees_with_ldns(void **state)
{
	uint8_t rdata[300];

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 1 + rand_below(255);
		rand_bytes(rdata, sizeof(rdata));
		compare_with_ldns(TYPE_A, rdata, 4);
		compare_with_ldns(TYPE_AAAA, rdata, 16);
		compare_with_ldns(TYPE_DS, rdata, 4 + size);
		compare_with_ldns(TYPE_TLSA, rdata, 3 + size);
		compare_with_ldns(44, rdata, 2 + size);
		rdata[0] = (uint8_t)(size - 1);
		for (size_t j = 1; j < size; j++) {
			if (rdata[j] == '\t')
				rdata[j] = ' ';
		}
		compare_with_ldns(TYPE_TXT, rdata, size);
		for (size_t j = 3; j < 8; j++)
			rdata[j] = (uint8_t)('a' + rdata[j] % 26);
		memcpy(rdata + 2, "\5", 1);
		rdata[8] = 0;
		compare_with_ldns(TYPE_MX, rdata, 9);
	}
}

static void
test_record_print_stands_any_rdata_of_any_type(void **state)
{
	uint8_t rdata[80];

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (unsigned i = 0; i < 260 * 200; i++) {
		struct buf text = {0};
		struct record r = {.type = (uint16_t)(i % 260),
		    .size = (uint16_t)rand_below(sizeof(rdata)),
		    .rdata = rdata};
		rand_bytes(rdata, sizeof(rdata));
		for (size_t j = 0; j < sizeof(rdata); j++) {
			if (rand_below(2) == 0)
				rdata[j] &= 7;
		}
		record_print(&r, &text, 64);
		assert_true(text.size > 0 && text.size <= 64);
		for (size_t j = 0; j < text.size; j++)
			assert_true(
			    text.data[j] >= 0x20 && text.data[j] <= 0x7e);
		(void)record_check(r.type, r.rdata, r.size);
		(void)record_pivot(&r);
		buf_fini(&text);
	}
}

static bool
same(struct uuid a, struct uuid b)
{
	return uuid_equal(&a, &b);
}

static void
test_pivots_lead_to_the_same_address_or_name(void **state)
{
	struct record a = {TYPE_A, 4, (const uint8_t *)"\1\2\3\4", 0};
	struct record ns = {TYPE_NS, 3, (const uint8_t *)"\1a", 0};
	struct record mx = {TYPE_MX, 5, (const uint8_t *)"\0\1\1a", 0};
	struct record svc = {TYPE_HTTPS, 5, (const uint8_t *)"\0\1\1a", 0};
	struct record srv = {TYPE_SRV, 9, (const uint8_t *)"123456\1a", 0};
	struct record txt = {TYPE_TXT, 3, (const uint8_t *)"\2ab", 0};

	(void)state;
	assert_true(same(record_pivot(&a), addr_pivot(AF_INET, a.rdata)));
	assert_true(same(record_pivot(&ns), name_pivot(ns.rdata)));
	assert_true(same(record_pivot(&ns), record_pivot(&mx)));
	assert_true(same(record_pivot(&ns), record_pivot(&svc)));
	assert_true(same(record_pivot(&ns), record_pivot(&srv)));
	assert_true(same(name_pivot((const uint8_t *)"\1A"),
	    name_pivot((const uint8_t *)"\1a")));
	assert_true(same(record_pivot(&txt), record_key(&txt)));
	assert_false(same(record_key(&ns), record_pivot(&ns)));
	/* An address is never a name, whatever its octets are. */
	assert_false(same(addr_pivot(AF_INET, (const uint8_t *)"\2ab"),
	    name_pivot((const uint8_t *)"\2ab")));
}

static void
test_M12_private_addresses_are_told_apart(void **state)
{
	static const struct {
		uint8_t ip[16];
		uint16_t size;
		bool want;
	} cases[] = {
	    {{0, 0, 0, 0}, 4, true},
	    {{10, 1, 2, 3}, 4, true},
	    {{127, 0, 0, 1}, 4, true},
	    {{172, 15, 255, 255}, 4, false},
	    {{172, 16, 0, 0}, 4, true},
	    {{172, 31, 255, 255}, 4, true},
	    {{172, 32, 0, 0}, 4, false},
	    {{192, 168, 0, 1}, 4, true},
	    {{169, 254, 169, 254}, 4, true},
	    {{100, 64, 0, 1}, 4, true},
	    {{100, 128, 0, 1}, 4, false},
	    {{255, 255, 255, 255}, 4, true},
	    {{8, 8, 8, 8}, 4, false},
	    {{0}, 16, true},
	    {{[15] = 1}, 16, true},
	    {{[10] = 0xff, 0xff, 8, 8, 8, 8}, 16, true},
	    {{0xfc}, 16, true},
	    {{0xfd, 1}, 16, true},
	    {{0xfe, 0x80}, 16, true},
	    {{0xff, 2}, 16, true},
	    {{0x26, 6}, 16, false},
	    {{0x20, 1, 0x48, 0x60}, 16, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record r = {.type = TYPE_AAAA,
		    .size = cases[i].size,
		    .rdata = cases[i].ip};
		if (r.size == 4)
			r.type = TYPE_A;
		assert_int_equal(record_is_private(&r), cases[i].want);
	}
	struct record txt = {TYPE_TXT, 4, cases[1].ip, 0};
	assert_false(record_is_private(&txt));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_M7_names_expand_and_fold_where_the_rfcs_say),
	    cmocka_unit_test(test_M6_what_is_no_host_name_keeps_its_case),
	    cmocka_unit_test(
		test_A9_names_that_keep_case_may_not_be_compressed),
	    cmocka_unit_test(
		test_R6_serial_timers_and_signatures_are_no_identity),
	    cmocka_unit_test(test_C5_missing_fields_are_seen),
	    cmocka_unit_test(test_C6_what_ldns_reads_and_cannot_print_is_bad),
	    cmocka_unit_test(test_C7_strings_are_counted_before_ldns),
	    cmocka_unit_test(
		test_LD1_bomb_of_65400_empty_strings_costs_nothing),
	    cmocka_unit_test(
		test_C9_service_parameters_are_in_order_and_well_formed),
	    cmocka_unit_test(test_records_print_as_people_write_them),
	    cmocka_unit_test(test_T5_text_has_only_printable_ascii),
	    cmocka_unit_test(test_what_is_not_identity_rdata_prints_as_octets),
	    cmocka_unit_test(test_E6_text_is_cut_where_the_caller_says),
	    cmocka_unit_test(test_own_text_agrees_with_ldns),
	    cmocka_unit_test(test_record_print_stands_any_rdata_of_any_type),
	    cmocka_unit_test(test_pivots_lead_to_the_same_address_or_name),
	    cmocka_unit_test(test_M12_private_addresses_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
