/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * The walk: messages that are wrong anywhere are refused, in bounded time,
 * and what ldns 1.8.3 takes or dies of is not even looked at (C1-C4, C7, C10,
 * C12, A6-A8, B6, B7, B9, L-D1 to L-D4).
 */

#include <stdio.h>
#include <time.h>

#include "unit.h"

#include "base/rand.h"
#include "test_packet.h"

enum { SEED = 4711 };

static struct packet p;

static enum message_fault
walk(struct message *m)
{
	uint8_t *copy = packet_exact(&p);
	enum message_fault fault = message_walk(copy, p.size, m);

	free(copy);
	return fault;
}

static void
walks_as(enum message_fault fault)
{
	struct message m;

	assert_int_equal(walk(&m), fault);
}

/* An answer whose owner is these octets. */
static void
owner(const void *octets, size_t size)
{
	packet_start(&p, 0x0100, "www.example.com", TYPE_A);
	packet_bytes(&p, octets, size);
	packet_rest(&p, PACKET_ANSWER, TYPE_A, "\1\2\3\4", 4);
}

static void
answer(unsigned type, const void *rdata, size_t size)
{
	packet_start(&p, 0x0100, "www.example.com", type);
	packet_record(&p, PACKET_ANSWER, "www.example.com", type, rdata, size);
}

static void
test_C1_pointers_go_backwards_and_not_into_the_header(void **state)
{
	(void)state;
	owner("\xc0\x0c", 2);
	walks_as(MESSAGE_OK);
	owner("\xc0\x10", 2);
	walks_as(MESSAGE_OK);
	owner("\xc0\x21", 2); /* itself: the question ends at 33 */
	walks_as(MESSAGE_BAD_NAME);
	owner("\xc0\x30", 2); /* forwards */
	walks_as(MESSAGE_BAD_NAME);
	/* Forwards to octets that are a name, in its own rdata. */
	packet_start(&p, 0x0100, "www.example.com", TYPE_A);
	packet_bytes(&p, "\xc0\x2d", 2);
	packet_rest(&p, PACKET_ANSWER, TYPE_CNAME, "\1a\0", 3);
	walks_as(MESSAGE_BAD_NAME);
	owner("\xc0\x00", 2);
	walks_as(MESSAGE_BAD_NAME);
	owner("\xc0\x0b", 2);
	walks_as(MESSAGE_BAD_NAME);
	owner("\1a\xc0\x21", 4); /* back to its own start */
	walks_as(MESSAGE_BAD_NAME);
}

/* Names that each point to the one before: 4,000 hops in the last. */
static void
test_C1_pointer_loop_is_refused_in_bounded_time(void **state)
{
	(void)state;
	packet_start(&p, 0x0100, "www.example.com", TYPE_A);
	unsigned target = 12;
	for (int i = 0; i < 126; i++) {
		unsigned at = (unsigned)p.size;
		packet_u16(&p, 0xc000 | target);
		packet_rest(&p, PACKET_ANSWER, TYPE_A, "\1\2\3\4", 4);
		target = at;
	}
	walks_as(MESSAGE_OK);
	packet_u16(&p, 0xc000 | target);
	packet_rest(&p, PACKET_ANSWER, TYPE_A, "\1\2\3\4", 4);
	walks_as(MESSAGE_BAD_NAME);
}

static void
test_C2_labels_and_names_have_their_limits(void **state)
{
	uint8_t long_name[300];

	(void)state;
	owner("\x40", 1);
	walks_as(MESSAGE_BAD_NAME);
	owner("\x81", 1);
	walks_as(MESSAGE_BAD_NAME);
	/* 127 labels of one octet: 255 octets, the most there are. */
	for (size_t i = 0; i < 128; i++)
		memcpy(long_name + 2 * i, "\1a", 2);
	long_name[254] = 0;
	owner(long_name, 255);
	walks_as(MESSAGE_OK);
	long_name[254] = 1;
	long_name[256] = 0;
	owner(long_name, 257);
	walks_as(MESSAGE_BAD_NAME);
	/* Too long only after the pointer was followed. */
	memcpy(long_name + 240, "\xc0\x0c", 2);
	owner(long_name, 242);
	walks_as(MESSAGE_BAD_NAME);
}

static void
test_C3_counts_and_bytes_agree(void **state)
{
	struct message m;

	(void)state;
	answer(TYPE_A, "\1\2\3\4", 4);
	size_t whole = p.size;
	walks_as(MESSAGE_OK);
	p.data[7] = 9;
	walks_as(MESSAGE_SHORT);
	p.data[7] = 0;
	walks_as(MESSAGE_TRAILING);
	p.data[7] = 1;
	packet_bytes(&p, "junkjun", 7);
	walks_as(MESSAGE_TRAILING);
	/* No prefix of a message is a message. */
	for (p.size = 0; p.size < whole; p.size++)
		assert_int_not_equal(walk(&m), MESSAGE_OK);
}

static void
test_C4_rdlength_is_exact(void **state)
{
	(void)state;
	answer(TYPE_A, "\1\2\3\4\5", 5);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_CNAME, "\1a\0\0", 4);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_CNAME, "\1a\0", 3);
	walks_as(MESSAGE_OK);
	/* The name's end is in the next record. */
	answer(TYPE_CNAME, "\3abc", 4);
	packet_record(&p, PACKET_ANSWER, "a", TYPE_A, "\1\2\3\4", 4);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_MX, "\0\1\1a\0x", 6);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_CNAME, "\xc0\x40", 2);
	walks_as(MESSAGE_BAD_NAME);
	/* Not only in the Answer section. */
	answer(TYPE_A, "\1\2\3\4", 4);
	packet_record(
	    &p, PACKET_ADDITIONAL, "a", TYPE_AAAA, "12345678901234567", 17);
	walks_as(MESSAGE_BAD_RDATA);
}

/*
 * An A record of 34 octets that hides a record in its rdata: ldns reads the
 * hidden one as the next of the section.
 */
static void
test_LD2_smuggled_record_is_refused(void **state)
{
	static const char rdata[] = "\1\2\3\4"
				    "\6victim\7example\0\0\1\0\1\0\1\x51\x80"
				    "\0\4\6\6\6\6";

	(void)state;
	answer(TYPE_A, rdata, sizeof(rdata) - 1);
	walks_as(MESSAGE_BAD_RDATA);
	p.data[7] = 2; /* as ldns would count */
	walks_as(MESSAGE_BAD_RDATA);
}

static void
test_C7_string_past_rdlength_fails_the_message(void **state)
{
	(void)state;
	answer(TYPE_TXT, "\3abc", 4);
	walks_as(MESSAGE_OK);
	answer(TYPE_TXT, "\4abc", 4);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_TXT, "\1a\5abc", 6);
	walks_as(MESSAGE_BAD_RDATA);
	answer(TYPE_HINFO, "\1a\5abc", 6);
	walks_as(MESSAGE_BAD_RDATA);
	/* These make one record unreadable, not the message. */
	answer(TYPE_TXT, "", 0);
	walks_as(MESSAGE_OK);
	answer(TYPE_HINFO, "\1a", 2);
	walks_as(MESSAGE_OK);
}

static void
test_C5_missing_fields_do_not_fail_the_message(void **state)
{
	(void)state;
	answer(TYPE_MX, "\0\1", 2);
	walks_as(MESSAGE_OK);
	answer(TYPE_SOA, "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3", 18);
	walks_as(MESSAGE_OK);
	answer(TYPE_CNAME, "", 0);
	walks_as(MESSAGE_OK);
	answer(TYPE_A, "\1\2\3", 3);
	walks_as(MESSAGE_OK);
}

static void
test_C8_octets_of_unknown_types_are_not_read(void **state)
{
	static uint8_t rdata[65000];

	(void)state;
	memset(rdata, 0xc0, sizeof(rdata));
	answer(65400, rdata, 0);
	walks_as(MESSAGE_OK);
	answer(65400, rdata, sizeof(rdata));
	walks_as(MESSAGE_OK);
}

static void
test_C10_signatures_not_asked_for_are_refused(void **state)
{
	static const uint8_t sig0[18];

	(void)state;
	answer(TYPE_A, "\1\2\3\4", 4);
	packet_record(&p, PACKET_ADDITIONAL, ".", TYPE_TSIG, "x", 1);
	walks_as(MESSAGE_TSIG);
	answer(TYPE_A, "\1\2\3\4", 4);
	packet_record(&p, PACKET_ADDITIONAL, ".", TYPE_SIG, sig0, 18);
	walks_as(MESSAGE_TSIG);
}

static void
test_LD4_many_TSIGs_are_refused(void **state)
{
	(void)state;
	packet_start(&p, 0x0100, "a", TYPE_A);
	for (int i = 0; i < 5000; i++)
		packet_record(&p, PACKET_ADDITIONAL, ".", TYPE_TSIG, "", 0);
	walks_as(MESSAGE_TSIG);
}

static void
test_B6_one_OPT_at_the_root_in_additional(void **state)
{
	struct message m;

	(void)state;
	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_opt(&p, "", 0);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_true(m.has_opt);
	assert_int_equal(m.opt_udp_size, 1025);
	packet_opt(&p, "", 0);
	walks_as(MESSAGE_BAD_OPT);
	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_record(&p, PACKET_ANSWER, ".", TYPE_OPT, "", 0);
	walks_as(MESSAGE_BAD_OPT);
	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_record(&p, PACKET_ADDITIONAL, "a", TYPE_OPT, "", 0);
	walks_as(MESSAGE_BAD_OPT);
	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_opt(&p, "\0\3\xff\xff", 4);
	walks_as(MESSAGE_BAD_OPT);
	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_opt(&p, "\0\3\0", 3);
	walks_as(MESSAGE_BAD_OPT);
}

static void
test_LD3_EDNS_option_13_is_nothing_special(void **state)
{
	(void)state;
	for (unsigned size = 0; size < 5; size++) {
		uint8_t option[8] = {0, 13, 0, (uint8_t)size};
		answer(TYPE_A, "\1\2\3\4", 4);
		packet_opt(&p, option, 4 + size);
		walks_as(MESSAGE_OK);
	}
}

static void
test_B7_rcode_has_twelve_bits(void **state)
{
	struct message m;

	(void)state;
	packet_start(&p, 0x0107, "a", TYPE_A);
	packet_opt(&p, "", 0);
	p.data[p.size - 6] = 0xff; /* the top of the TTL */
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(m.rcode, 0xff7);
}

static void
test_B9_the_error_that_tells_most_is_kept(void **state)
{
	struct message m;
	uint8_t *copy;

	(void)state;
	packet_start(&p, 0x0102, "a", TYPE_A);
	packet_opt(&p,
	    "\0\x0f\0\2\0\x16"
	    "\0\3\0\2ns"
	    "\0\x0f\0\5\0\6bog"
	    "\0\x0f\0\2\0\3",
	    27);
	copy = packet_exact(&p);
	assert_int_equal(message_walk(copy, p.size, &m), MESSAGE_OK);
	assert_int_equal(m.ede, 6);
	assert_int_equal(m.ede_text_size, 3);
	assert_memory_equal(copy + m.ede_text_at, "bog", 3);
	assert_memory_equal(copy + m.nsid_at, "ns", 2);
	free(copy);
}

/* The options of a message of `size` octets of them walk, and give this. */
static void
nsid_of(const void *options, size_t size, const char *nsid, size_t nsid_size)
{
	struct message m;
	uint8_t *copy;

	packet_start(&p, 0x0100, "a", TYPE_A);
	packet_opt(&p, options, size);
	copy = packet_exact(&p);
	assert_int_equal(message_walk(copy, p.size, &m), MESSAGE_OK);
	assert_int_equal(m.nsid_size, nsid_size);
	assert_memory_equal(copy + m.nsid_at, nsid, nsid_size);
	free(copy);
}

/* RFC 5001 2.3: any octets, or none. */
static void
test_nsid_is_any_octets_and_the_first_counts(void **state)
{
	(void)state;
	nsid_of("", 0, "", 0);
	nsid_of("\0\3\0\0", 4, "", 0);
	nsid_of("\0\3\0\4fra1", 8, "fra1", 4);
	nsid_of("\0\12\0\0\0\3\0\3\0\xff\x1b", 11, "\0\xff\x1b", 3);
	nsid_of("\0\3\0\1a\0\3\0\1b", 10, "a", 1);
	nsid_of("\0\3\0\0\0\3\0\1b", 9, "", 0);
}

static void
test_nsid_that_is_too_long_is_none_and_no_fault(void **state)
{
	static uint8_t option[4 + 65000] = {0, 3};
	static char same[MESSAGE_NSID_MAX];

	(void)state;
	memset(option + 4, 'x', sizeof(option) - 4);
	memset(same, 'x', sizeof(same));
	option[3] = MESSAGE_NSID_MAX;
	nsid_of(option, 4 + MESSAGE_NSID_MAX, same, MESSAGE_NSID_MAX);
	option[3] = MESSAGE_NSID_MAX + 1;
	nsid_of(option, 4 + MESSAGE_NSID_MAX + 1, "", 0);
	option[2] = 65000 >> 8;
	option[3] = 65000 & 255;
	nsid_of(option, sizeof(option), "", 0);
	/* A short one behind it is not taken for it. */
	option[2] = 0;
	option[3] = 200;
	memcpy(option + 204, "\0\3\0\1b", 5);
	nsid_of(option, 209, "", 0);
}

static void
test_nsid_over_the_end_of_the_opt_is_a_fault(void **state)
{
	(void)state;
	answer(TYPE_A, "\1\2\3\4", 4);
	packet_opt(&p, "\0\3\0\5fra1", 8);
	walks_as(MESSAGE_BAD_OPT);
}

static void
test_A6_there_is_one_question(void **state)
{
	struct message m;

	(void)state;
	answer(TYPE_A, "\1\2\3\4", 4);
	p.data[5] = 2;
	walks_as(MESSAGE_QUESTIONS);
	p.size = 12;
	p.data[5] = 0;
	p.data[3] = 1;
	assert_int_equal(walk(&m), MESSAGE_QUESTIONS);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.rcode, RCODE_FORMERR);
}

static void
test_A7_A8_the_question_is_compared_with_and_without_case(void **state)
{
	struct message m;
	struct name name;
	const char *why;

	(void)state;
	packet_start(&p, 0x0100, "www.example.com", TYPE_A);
	p.data[13] = 'W';
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(name_parse("www.example.com", &name, &why), 0);
	assert_true(message_asks(p.data, &m, name.wire, TYPE_A, false));
	assert_false(message_asks(p.data, &m, name.wire, TYPE_A, true));
	assert_false(message_asks(p.data, &m, name.wire, TYPE_TXT, false));
	name.wire[1] = 'W';
	assert_true(message_asks(p.data, &m, name.wire, TYPE_A, true));
	name.wire[1] = 'x';
	assert_false(message_asks(p.data, &m, name.wire, TYPE_A, false));
	m.qclass = 3;
	name.wire[1] = 'w';
	assert_false(message_asks(p.data, &m, name.wire, TYPE_A, false));
}

static void
test_C12_ttl_with_its_top_bit_set_is_0(void **state)
{
	struct message m;
	struct message_record r;

	(void)state;
	answer(TYPE_A, "\1\2\3\4", 4);
	assert_int_equal(walk(&m), MESSAGE_OK);
	message_record(p.data, p.size, m.answer_at, &r);
	assert_int_equal(r.ttl, 300);
	assert_int_equal(r.next_at, p.size);
	p.data[r.rdata_at - 6] = 0x80;
	message_record(p.data, p.size, m.answer_at, &r);
	assert_int_equal(r.ttl, 0);
	p.data[r.rdata_at - 6] = 0x7f;
	message_record(p.data, p.size, m.answer_at, &r);
	assert_int_equal(r.ttl, 0x7f00012c);
}

static void
test_a_built_question_walks_and_asks_what_was_wanted(void **state)
{
	struct message m;
	struct name name;
	const char *why;

	(void)state;
	assert_int_equal(name_parse("www.example.com", &name, &why), 0);
	p.size = message_build(p.data, 7, name.wire, name.size, TYPE_HTTPS,
	    MESSAGE_RD | MESSAGE_EDNS);
	assert_int_equal(p.size, 12 + 17 + 4 + 11);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(m.id, 7);
	assert_int_equal(m.flags, 0x0100);
	assert_int_equal(m.opt_udp_size, MESSAGE_UDP_SIZE);
	assert_true(message_asks(p.data, &m, name.wire, TYPE_HTTPS, true));
	p.size = message_build(p.data, 8, name.wire, name.size, TYPE_A, 0);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(m.flags, 0);
	assert_false(m.has_opt);
	p.size = message_build(p.data, 9, name.wire, name.size, TYPE_A,
	    MESSAGE_RD | MESSAGE_AD | MESSAGE_CD);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(m.flags, 0x0130); /* RD, AD, CD: RFC 4035 3 */
	assert_true(m.ad);
	p.size = message_build(p.data, 9, name.wire, name.size, TYPE_A,
	    MESSAGE_RD | MESSAGE_EDNS | MESSAGE_DO);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_int_equal(p.data[p.size - 4], 0x80); /* RFC 3225 3 */
	assert_int_equal(m.opt_udp_size, MESSAGE_UDP_SIZE);
	/* RFC 5001 2.1: empty. */
	p.size = message_build(p.data, 9, name.wire, name.size, TYPE_A,
	    MESSAGE_RD | MESSAGE_EDNS | MESSAGE_NSID);
	assert_int_equal(p.size, 12 + 17 + 4 + 11 + 4);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_memory_equal(p.data + p.size - 6, "\0\4\0\3\0\0", 6);
	assert_int_equal(m.nsid_at, p.size);
	p.size = message_build(
	    p.data, 9, name.wire, name.size, TYPE_A, MESSAGE_RD | MESSAGE_NSID);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_false(m.has_opt);
	/* Where there is no EDNS there is no DO. */
	p.size = message_build(
	    p.data, 9, name.wire, name.size, TYPE_A, MESSAGE_RD | MESSAGE_DO);
	assert_int_equal(walk(&m), MESSAGE_OK);
	assert_false(m.has_opt);
}

static void
test_a_padded_question_is_a_multiple_of_128_and_walks(void **state)
{
	struct message m;
	struct name name;

	(void)state;
	for (unsigned k = 0; k < 2 * 127; k++) {
		unsigned n = k / 2 + 1;
		unsigned nsid = k % 2 != 0 ? MESSAGE_NSID : 0;

		name.size = 0;
		for (unsigned i = 0; i < n; i++) {
			name.wire[name.size++] = 1;
			name.wire[name.size++] = 'a';
		}
		name.wire[name.size++] = 0;
		p.size = message_build(p.data, 7, name.wire, name.size, TYPE_A,
		    MESSAGE_RD | MESSAGE_EDNS | nsid);
		p.size = message_pad(p.data, p.size);
		assert_int_equal(p.size % MESSAGE_PAD, 0);
		assert_true(p.size <= MESSAGE_PADDED_SIZE_MAX);
		assert_true(
		    p.size < 12u + name.size + 4 + 11 + 8 + MESSAGE_PAD);
		assert_int_equal(walk(&m), MESSAGE_OK);
		assert_int_equal(m.nsid_at != 0, nsid != 0);
		assert_true(message_asks(p.data, &m, name.wire, TYPE_A, true));
		assert_int_equal(m.opt_udp_size, MESSAGE_UDP_SIZE);
	}
}

static void
test_the_worst_message_is_walked_in_milliseconds(void **state)
{
	struct message m;
	struct timespec from;
	struct timespec to;

	(void)state;
	/* Names of 126 hops, each in owner and twice in the rdata. */
	packet_start(&p, 0x0100, "a", TYPE_A);
	unsigned target = 12;
	for (int i = 0; i < 120; i++) {
		unsigned at = (unsigned)p.size;
		packet_bytes(&p, "\1b", 2);
		packet_u16(&p, 0xc000 | target);
		packet_rest(&p, PACKET_ANSWER, TYPE_A, "\1\2\3\4", 4);
		target = at;
	}
	while (p.size + 20 < MESSAGE_SIZE_MAX) {
		uint8_t rdata[4] = {(uint8_t)(0xc0 | target >> 8),
		    (uint8_t)target, (uint8_t)(0xc0 | target >> 8),
		    (uint8_t)target};
		packet_u16(&p, 0xc000 | target);
		packet_rest(&p, PACKET_ANSWER, 14, rdata, 4);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(walk(&m), MESSAGE_OK);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("walked %u records in %.2f ms\n", m.n_answer,
	    (double)(to.tv_sec - from.tv_sec) * 1e3 +
		(double)(to.tv_nsec - from.tv_nsec) / 1e6);
}

static void
test_no_damage_by_single_octets_makes_the_walk_fall(void **state)
{
	struct message m;

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < 20000; i++) {
		answer(TYPE_SOA,
		    "\1a\xc0\x0c\1b\xc0\x0c"
		    "12345678901234567890",
		    28);
		packet_opt(&p, "\0\x0f\0\2\0\6", 6);
		for (unsigned n = 1 + rand_below(3); n > 0; n--)
			p.data[rand_below((uint32_t)p.size)] =
			    (uint8_t)rand_u32();
		if (walk(&m) == MESSAGE_OK)
			assert_true(m.additional_at <= p.size);
	}
}

static void
test_every_fault_has_a_text(void **state)
{
	(void)state;
	for (int i = MESSAGE_OK; i <= MESSAGE_QUESTIONS; i++)
		assert_string_not_equal(
		    message_fault_text((enum message_fault)i), "unknown fault");
}

static void
test_message_peek_reads_id_and_flags_only(void **state)
{
	uint16_t id;
	uint16_t flags;

	(void)state;
	packet_start(&p, 0x0100, "a", TYPE_A);
	assert_false(message_peek(p.data, 11, &id, &flags));
	assert_true(message_peek(p.data, 12, &id, &flags));
	assert_int_equal(id, 0x1234);
	assert_int_equal(flags, 0x8100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_C1_pointers_go_backwards_and_not_into_the_header),
	    cmocka_unit_test(test_C1_pointer_loop_is_refused_in_bounded_time),
	    cmocka_unit_test(test_C2_labels_and_names_have_their_limits),
	    cmocka_unit_test(test_C3_counts_and_bytes_agree),
	    cmocka_unit_test(test_C4_rdlength_is_exact),
	    cmocka_unit_test(test_LD2_smuggled_record_is_refused),
	    cmocka_unit_test(test_C7_string_past_rdlength_fails_the_message),
	    cmocka_unit_test(test_C5_missing_fields_do_not_fail_the_message),
	    cmocka_unit_test(test_C8_octets_of_unknown_types_are_not_read),
	    cmocka_unit_test(test_C10_signatures_not_asked_for_are_refused),
	    cmocka_unit_test(test_LD4_many_TSIGs_are_refused),
	    cmocka_unit_test(test_B6_one_OPT_at_the_root_in_additional),
	    cmocka_unit_test(test_LD3_EDNS_option_13_is_nothing_special),
	    cmocka_unit_test(test_B7_rcode_has_twelve_bits),
	    cmocka_unit_test(test_B9_the_error_that_tells_most_is_kept),
	    cmocka_unit_test(test_nsid_is_any_octets_and_the_first_counts),
	    cmocka_unit_test(test_nsid_that_is_too_long_is_none_and_no_fault),
	    cmocka_unit_test(test_nsid_over_the_end_of_the_opt_is_a_fault),
	    cmocka_unit_test(test_A6_there_is_one_question),
	    cmocka_unit_test(
		test_A7_A8_the_question_is_compared_with_and_without_case),
	    cmocka_unit_test(test_C12_ttl_with_its_top_bit_set_is_0),
	    cmocka_unit_test(
		test_a_built_question_walks_and_asks_what_was_wanted),
	    cmocka_unit_test(
		test_a_padded_question_is_a_multiple_of_128_and_walks),
	    cmocka_unit_test(test_the_worst_message_is_walked_in_milliseconds),
	    cmocka_unit_test(
		test_no_damage_by_single_octets_makes_the_walk_fall),
	    cmocka_unit_test(test_every_fault_has_a_text),
	    cmocka_unit_test(test_message_peek_reads_id_and_flags_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
