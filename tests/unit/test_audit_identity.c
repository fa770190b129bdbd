/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * What is never identity, whatever its bytes: the letter case that we sent
 * ourselves (A9), AD and signatures (M11), text (R8, E3, E7).  Held against
 * both readers of a reply.
 */

#include <stdio.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "test_packet.h"

enum { SEED = 2308, POLLS = 10000 };

static const struct hash_key key = {.k0 = 5, .k1 = 6};
static struct packet p;

struct said {
	struct reply_sum sum;
	struct reply reply;
	struct arena arena;
};

static void
listen_to(struct said *out)
{
	uint8_t *wire = packet_exact(&p);
	struct message m;

	memset(out, 0, sizeof(*out));
	assert_int_equal(message_walk(wire, p.size, &m), MESSAGE_OK);
	reply_sum(wire, p.size, &m, &key, &out->sum);
	assert_int_equal(
	    reply_read(wire, p.size, &m, &out->arena, &out->reply), 0);
	free(wire);
}

static uint64_t
fingerprint(void)
{
	uint8_t *wire = packet_exact(&p);
	struct reply_sum sum;
	struct message m;

	assert_int_equal(message_walk(wire, p.size, &m), MESSAGE_OK);
	reply_sum(wire, p.size, &m, &key, &sum);
	free(wire);
	return sum.fingerprint;
}

static void
mix_question(void)
{
	for (size_t at = 13; p.data[at] != 0; at++) {
		uint8_t c = p.data[at] & 0xdf;

		if (c >= 'A' && c <= 'Z' && rand_below(2) == 0)
			p.data[at] ^= 0x20;
	}
}

/*
 * Targets compressed against the question inherit the case it was asked in:
 * of one MX, NS, SRV and HTTPS each, all below the asked name.
 */
static void
test_A9_ten_thousand_polls_in_random_case_are_no_change(void **state)
{
	static const struct {
		unsigned type;
		const char *rdata;
		size_t size;
	} answers[] = {
	    {TYPE_MX, "\0\12\1m\xc0\x0c", 6},
	    {TYPE_NS, "\3ns1\xc0\x0c", 6},
	    {TYPE_SRV, "\0\1\0\2\0\3\1s\xc0\x0c", 10},
	    {TYPE_HTTPS, "\0\1\1h\xc0\x0c", 6},
	    {TYPE_CNAME, "\xc0\x10", 2},
	};
	enum { N = sizeof(answers) / sizeof(answers[0]) };
	uint64_t want[N] = {0};

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < POLLS; i++) {
		unsigned k = (unsigned)(i % N);
		uint8_t rdata[32];
		uint64_t got;

		memcpy(rdata, answers[k].rdata, answers[k].size);
		/* SVCB may not be compressed (RFC 9460 2.2): spelt out. */
		packet_start(&p, 0x0180, "www.example.com", answers[k].type);
		mix_question();
		packet_u16(&p, 0xc00c);
		if (answers[k].type == TYPE_HTTPS) {
			memcpy(rdata + 4, p.data + 12, 17);
			packet_rest(&p, PACKET_ANSWER, TYPE_HTTPS, rdata, 21);
		} else {
			packet_rest(&p, PACKET_ANSWER, answers[k].type, rdata,
			    answers[k].size);
		}
		got = fingerprint();
		assert_true(want[k] == 0 || got == want[k]);
		want[k] = got;
	}
}

static void
put_rrsig(uint8_t first)
{
	uint8_t rdata[18 + 13 + 8] = {0, 1, 13, 3, 0, 0, 1, 44};

	for (size_t i = 8; i < 18; i++)
		rdata[i] = (uint8_t)(first + i);
	memcpy(rdata + 18, "\7example\3com", 13);
	memset(rdata + 31, first, 8);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_RRSIG, rdata,
	    sizeof(rdata));
}

static void
put_answer(uint16_t flags)
{
	packet_start(&p, flags, "www.example.com", TYPE_A);
	packet_record(
	    &p, PACKET_ANSWER, "www.example.com", TYPE_A, "\xc0\0\2\1", 4);
}

static void
test_M11_the_AD_bit_is_kept_and_judged_by_nobody(void **state)
{
	struct said plain;
	struct said claimed;

	(void)state;
	put_answer(0x0180);
	listen_to(&plain);
	put_answer(0x01a0);
	listen_to(&claimed);
	assert_false(plain.reply.ad);
	assert_true(claimed.reply.ad);
	assert_int_equal(plain.sum.fingerprint, claimed.sum.fingerprint);
	assert_true(
	    content_equal(&plain.reply.content, &claimed.reply.content));
	arena_fini(&plain.arena);
	arena_fini(&claimed.arena);
}

static void
test_M11_signatures_that_come_go_and_change_are_no_change(void **state)
{
	struct said plain;
	struct said with;

	(void)state;
	put_answer(0x0180);
	listen_to(&plain);
	for (int i = 0; i < 4; i++) {
		put_answer(0x0180);
		for (int n = 0; n <= i; n++)
			put_rrsig((uint8_t)(i * 16 + n));
		listen_to(&with);
		assert_int_equal(with.sum.outcome, OUTCOME_ANSWER);
		assert_int_equal(with.sum.fingerprint, plain.sum.fingerprint);
		assert_true(
		    content_equal(&plain.reply.content, &with.reply.content));
		arena_fini(&with.arena);
	}
	arena_fini(&plain.arena);
}

/* NSEC in Authority, as a signed NODATA has it, is nobody's value. */
static void
test_M11_a_proof_of_absence_is_no_change(void **state)
{
	uint64_t plain;

	(void)state;
	packet_start(&p, 0x0180, "www.example.com", TYPE_AAAA);
	plain = fingerprint();
	packet_record(&p, PACKET_AUTHORITY, "www.example.com", TYPE_NSEC,
	    "\1x\0\0\1\x40", 6);
	assert_int_equal(fingerprint(), plain);
}

static struct uuid
key_of(unsigned type, const void *rdata, size_t size)
{
	struct record r = {
	    .type = (uint16_t)type, .size = (uint16_t)size, .rdata = rdata};

	return record_key(&r);
}

static bool
same_key(struct uuid a, struct uuid b)
{
	return uuid_equal(&a, &b);
}

/* One label "a.b" and two labels "a" "b" look alike where text is careless. */
static void
test_R8_E3_keys_are_of_bytes_and_never_of_text(void **state)
{
	struct record one = {TYPE_CNAME, 5, (const uint8_t *)"\3a.b", 0};
	struct record two = {TYPE_CNAME, 5, (const uint8_t *)"\1a\1b", 0};
	struct buf text = {0};

	(void)state;
	assert_false(same_key(key_of(TYPE_CNAME, one.rdata, 5),
	    key_of(TYPE_CNAME, two.rdata, 5)));
	record_print(&one, &text, 0);
	assert_string_equal(buf_text(&text), "a\\.b.");
	buf_clear(&text);
	record_print(&two, &text, 0);
	assert_string_equal(buf_text(&text), "a.b.");
	buf_fini(&text);
	/* The digits of an escape are not the byte that they stand for. */
	assert_false(same_key(
	    key_of(TYPE_TXT, "\1\033", 2), key_of(TYPE_TXT, "\4\\027", 5)));
	assert_false(same_key(
	    key_of(TYPE_TXT, "\1\xff", 2), key_of(TYPE_TXT, "\4\\255", 5)));
	/* Of two types with the same bytes, and the same text, too. */
	assert_false(
	    same_key(key_of(TYPE_TXT, "\1a", 2), key_of(99, "\1a", 2)));
}

static void
mix_octets(uint8_t *to, size_t size)
{
	static const char sharp[] = "\"\\();@$ '\033\0\xff.";

	rand_bytes(to, size);
	for (size_t i = 0; i < size; i++)
		if (rand_below(2) == 0)
			to[i] = (uint8_t)sharp[rand_below(sizeof(sharp) - 1)];
}

/*
 * The types whose text ldns cannot read back (HINFO, X25, ISDN, GPOS, URI,
 * CAA, and one more): what is packed for the database comes back byte for
 * byte, and no text was in between.
 */
static void
test_E7_quotes_in_any_type_come_back_as_their_bytes(void **state)
{
	static const uint16_t types[] = {11, 13, 19, 20, 27, 256, 257, 16};

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t rdata[64];
		struct record r = {.type = types[i % 8],
		    .size = (uint16_t)(1 + rand_below(sizeof(rdata))),
		    .rdata = rdata};
		struct content c = {
		    .outcome = OUTCOME_ANSWER, .n_records = 1, .records = &r};
		struct content back;
		struct arena arena = {0};
		struct buf packed = {0};

		mix_octets(rdata, r.size);
		content_pack(&c, &packed);
		assert_int_equal(
		    content_unpack(packed.data, packed.size, &arena, &back), 0);
		assert_int_equal(back.n_records, 1);
		assert_int_equal(back.records[0].size, r.size);
		assert_memory_equal(back.records[0].rdata, rdata, r.size);
		assert_true(content_equal(&c, &back));
		assert_int_equal(content_fingerprint(&c, &key),
		    content_fingerprint(&back, &key));
		buf_fini(&packed);
		arena_fini(&arena);
	}
}

static void
test_E5_a_key_is_small_however_large_the_record(void **state)
{
	static uint8_t rdata[65000];
	struct uuid whole;

	(void)state;
	rand_seed(SEED);
	rand_bytes(rdata, sizeof(rdata));
	whole = key_of(65400, rdata, sizeof(rdata));
	rdata[sizeof(rdata) - 1] ^= 1;
	assert_false(same_key(whole, key_of(65400, rdata, sizeof(rdata))));
	assert_true(sizeof(whole) <= 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_A9_ten_thousand_polls_in_random_case_are_no_change),
	    cmocka_unit_test(test_M11_the_AD_bit_is_kept_and_judged_by_nobody),
	    cmocka_unit_test(
		test_M11_signatures_that_come_go_and_change_are_no_change),
	    cmocka_unit_test(test_M11_a_proof_of_absence_is_no_change),
	    cmocka_unit_test(test_R8_E3_keys_are_of_bytes_and_never_of_text),
	    cmocka_unit_test(
		test_E7_quotes_in_any_type_come_back_as_their_bytes),
	    cmocka_unit_test(test_E5_a_key_is_small_however_large_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
