/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * Replies made to cost much or to hide something: bombs, thousands of
 * records, long chains.  Memory is what the allocator and the arena say; CPU
 * is printed, and only held against a limit that no machine should need.
 */

#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "test_packet.h"

enum { SEED = 60606, CPU_MS_MAX = 1000, MEMORY_MAX = 2 << 20 };

static const struct hash_key key = {.k0 = 21, .k1 = 22};
static struct packet p;

struct said {
	struct reply_sum sum;
	struct reply reply;
	struct arena arena;
	double sum_ms;
	double read_ms;
};

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
listen_to(const struct packet *packet, struct said *out)
{
	uint8_t *wire = packet_exact(packet);
	struct message m;

	memset(out, 0, sizeof(*out));
	assert_int_equal(message_walk(wire, packet->size, &m), MESSAGE_OK);
	double start = cpu_ms();
	reply_sum(wire, packet->size, &m, &key, &out->sum);
	double between = cpu_ms();
	assert_int_equal(
	    reply_read(wire, packet->size, &m, &out->arena, &out->reply), 0);
	out->sum_ms = between - start;
	out->read_ms = cpu_ms() - between;
	assert_true(out->sum_ms < CPU_MS_MAX && out->read_ms < CPU_MS_MAX);
	assert_true(out->arena.used <= MEMORY_MAX);
	free(wire);
}

/* Both readers say UNREADABLE for this reason, and agree in all. */
static void
says_unreadable(enum unreadable reason, const char *what)
{
	struct said said;

	listen_to(&p, &said);
	printf("%s: sum %.2f ms, read %.2f ms, %zu octets\n", what, said.sum_ms,
	    said.read_ms, said.arena.used);
	assert_int_equal(said.sum.outcome, OUTCOME_UNREADABLE);
	assert_int_equal(said.reply.content.outcome, OUTCOME_UNREADABLE);
	assert_int_equal(said.reply.content.reason, reason);
	assert_int_equal(said.sum.fingerprint,
	    content_fingerprint(&said.reply.content, &key));
	arena_fini(&said.arena);
}

static uint64_t
fingerprint_of(const struct packet *packet)
{
	struct said said;

	listen_to(packet, &said);
	assert_int_equal(said.sum.fingerprint,
	    content_fingerprint(&said.reply.content, &key));
	arena_fini(&said.arena);
	return said.sum.fingerprint;
}

static void
put_address(unsigned i)
{
	uint8_t ip[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

	packet_u16(&p, 0xc00c);
	packet_rest(&p, PACKET_ANSWER, TYPE_A, ip, sizeof(ip));
}

static void
test_LD1_bomb_costs_neither_memory_nor_time(void **state)
{
	static uint8_t rdata[65400];
	struct said said;

	(void)state;
	packet_start(&p, 0x0180, "a", TYPE_TXT);
	packet_record(&p, PACKET_ANSWER, "a", TYPE_TXT, rdata, sizeof(rdata));
	/* Once before it counts: OpenSSL sets itself up at its first hash. */
	listen_to(&p, &said);
	arena_fini(&said.arena);
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	listen_to(&p, &said);
	size_t grown = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	assert_true(grown < 100000);
	assert_int_equal(said.reply.content.reason, UNREADABLE_STRINGS);
	arena_fini(&said.arena);
	says_unreadable(UNREADABLE_STRINGS, "65400 empty strings");
}

static void
test_C13_up_to_512_records_are_kept(void **state)
{
	struct said said;

	(void)state;
	packet_start(&p, 0x0180, "a", TYPE_A);
	for (unsigned i = 0; i < 512; i++)
		put_address(i * 7919 % 512);
	listen_to(&p, &said);
	assert_int_equal(said.sum.outcome, OUTCOME_ANSWER);
	assert_int_equal(said.reply.content.n_records, 512);
	uint64_t once = said.sum.fingerprint;
	arena_fini(&said.arena);

	/* Duplicates are not counted (M6). */
	for (unsigned i = 0; i < 2000; i++)
		put_address(i % 512);
	listen_to(&p, &said);
	assert_int_equal(said.reply.content.n_records, 512);
	assert_int_equal(said.sum.fingerprint, once);
	arena_fini(&said.arena);

	put_address(512);
	says_unreadable(UNREADABLE_OVERSIZED, "513 of 2513 addresses");
}

static void
test_C13_thousands_of_records_are_a_digest(void **state)
{
	(void)state;
	packet_start(&p, 0x0180, "a", TYPE_A);
	for (unsigned i = 0; i < 4000; i++)
		put_address(i);
	says_unreadable(UNREADABLE_OVERSIZED, "4000 addresses");
}

/* S-F19: what pads a set past the limit does not hide an edit. */
static void
test_R2_an_edit_in_an_oversized_set_shows(void **state)
{
	struct packet *other = malloc(sizeof(*other));

	(void)state;
	assert_non_null(other);
	packet_start(&p, 0x0180, "a", TYPE_A);
	for (unsigned i = 0; i < 600; i++)
		put_address(i);
	uint64_t before = fingerprint_of(&p);
	*other = p;
	other->data[0] ^= 0xff;  /* the message id */
	other->data[13] ^= 0x20; /* letter case of the question */
	assert_int_equal(fingerprint_of(other), before);
	packet_start(other, 0x0180, "a", TYPE_A);
	size_t head = other->size;
	size_t each = (p.size - head) / 600;
	for (size_t i = 0; i < 600; i++) {
		memcpy(other->data + head + (599 - i) * each,
		    p.data + head + i * each, each);
		other->data[head + i * each + 6] ^= 0x55; /* TTL */
	}
	memcpy(other->data + 4, p.data + 4, 8);
	other->size = p.size;
	assert_int_equal(fingerprint_of(other), before);
	other->data[other->size - 1] ^= 1;
	other->data[other->size - 2] ^= 0x80;
	assert_int_not_equal(fingerprint_of(other), before);
	free(other);
}

static void
put_alias(unsigned from, unsigned to)
{
	char name[16];
	struct name target;
	const char *why;

	snprintf(name, sizeof(name), "n%u", to);
	assert_int_equal(name_parse(name, &target, &why), 0);
	snprintf(name, sizeof(name), "n%u", from);
	packet_record(
	    &p, PACKET_ANSWER, name, TYPE_CNAME, target.wire, target.size);
}

static void
test_M2_chain_of_2500_links_costs_no_more_than_a_sort(void **state)
{
	(void)state;
	packet_start(&p, 0x0180, "n0", TYPE_A);
	for (unsigned i = 2500; i > 0; i--)
		put_alias(i - 1, i);
	says_unreadable(UNREADABLE_CHAIN, "chain of 2500");
}

static void
test_M2_loops_are_found_among_thousands(void **state)
{
	(void)state;
	packet_start(&p, 0x0180, "n0", TYPE_A);
	for (unsigned i = 100; i < 2400; i++)
		put_alias(i, i + 1);
	put_alias(1, 2);
	put_alias(2, 0);
	put_alias(0, 1);
	says_unreadable(UNREADABLE_LOOP, "loop among 2300");
}

/* Up to 126 hops stand in front of each name. */
static unsigned
put_hops(unsigned n)
{
	unsigned target = 12;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = (unsigned)p.size;
		packet_bytes(&p, "\1b", 2);
		packet_u16(&p, 0xc000 | target);
		packet_rest(&p, PACKET_ANSWER, TYPE_TXT, "\0", 1);
		target = at;
	}
	return target;
}

static void
test_C13_worst_names_cost_milliseconds(void **state)
{
	(void)state;
	packet_start(&p, 0x0180, "a", 14);
	unsigned target = put_hops(124);
	while (p.size + 30 < MESSAGE_SIZE_MAX) {
		uint8_t rdata[6] = {1, (uint8_t)rand_u32(),
		    (uint8_t)(0xc0 | target >> 8), (uint8_t)target,
		    (uint8_t)(0xc0 | target >> 8), (uint8_t)target};
		packet_u16(&p, 0xc00c);
		packet_rest(&p, PACKET_ANSWER, 14, rdata, 6);
	}
	struct said said;
	listen_to(&p, &said);
	printf("%u long names: sum %.2f ms, read %.2f ms\n",
	    p.data[6] << 8 | p.data[7], said.sum_ms, said.read_ms);
	arena_fini(&said.arena);
}

/* All at the last label of a long name, which grows with every link. */
static void
test_M3_thousands_of_DNAMEs_cost_milliseconds(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < 200; i += 2)
		memcpy(text + i, "b.", 2);
	memcpy(text + 200, "a", 2);
	packet_start(&p, 0x0180, text, TYPE_A);
	while (p.size + 30 < MESSAGE_SIZE_MAX) {
		packet_u16(&p, 0xc000 | (12 + 200));
		packet_rest(&p, PACKET_ANSWER, TYPE_DNAME, "\1z\xc0\xd4", 4);
	}
	says_unreadable(UNREADABLE_CHAIN, "thousands of DNAMEs");
}

/* Its shape is right as far as ours goes; the rest ldns must judge. */
static void
test_C6_what_only_ldns_refuses_is_seen_by_reading(void **state)
{
	/* IPSECKEY with a gateway of type 1, an IPv4 address, cut short. */
	static const uint8_t rdata[] = {10, 1, 2, 1, 2};
	struct said said;

	(void)state;
	packet_start(&p, 0x0180, "a", 45);
	packet_record(&p, PACKET_ANSWER, "a", 45, rdata, sizeof(rdata));
	listen_to(&p, &said);
	assert_int_equal(said.sum.outcome, OUTCOME_ANSWER);
	assert_int_equal(said.reply.content.outcome, OUTCOME_UNREADABLE);
	assert_int_equal(said.reply.content.reason, UNREADABLE_RECORD);
	arena_fini(&said.arena);
}

static void
test_512_records_that_ldns_prints_are_read_in_time(void **state)
{
	struct said said;

	(void)state;
	packet_start(&p, 0x0180, "a", TYPE_NSEC);
	for (unsigned i = 0; i < 512; i++) {
		uint8_t rdata[40] = "\2xx\0\0\x20";
		rdata[1] = (uint8_t)(i >> 8);
		rdata[2] = (uint8_t)i;
		memset(rdata + 6, 0xff, 32);
		packet_u16(&p, 0xc00c);
		packet_rest(&p, PACKET_ANSWER, TYPE_NSEC, rdata, 38);
	}
	listen_to(&p, &said);
	printf(
	    "512 NSEC: sum %.2f ms, read %.2f ms\n", said.sum_ms, said.read_ms);
	assert_int_equal(said.reply.content.n_records, 512);
	arena_fini(&said.arena);
}

/* Whatever the order; and any other set has another fingerprint. */
static void
test_M6_fingerprints_are_of_sets(void **state)
{
	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	for (int round = 0; round < 300; round++) {
		unsigned n = 1 + rand_below(40);
		unsigned offset = rand_below(1000);
		uint64_t want = 0;

		for (int i = 0; i < 4; i++) {
			unsigned start = rand_below(n);
			packet_start(&p, 0x0180, "a", TYPE_A);
			for (unsigned j = 0; j < n; j++)
				put_address(offset + (start + j) % n);
			uint64_t got = fingerprint_of(&p);
			assert_true(want == 0 || got == want);
			want = got;
		}
		put_address(offset + n);
		assert_int_not_equal(fingerprint_of(&p), want);
		p.data[7]--; /* without the last, and one edited */
		p.size -= 16;
		p.data[p.size - 1] ^= 0x80;
		assert_int_not_equal(fingerprint_of(&p), want);
	}
}

static void
test_compression_makes_no_difference(void **state)
{
	(void)state;
	packet_start(&p, 0x0180, "www.example.com", TYPE_MX);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_MX,
	    "\0\1\1m\7example\3com", 17);
	uint64_t plain = fingerprint_of(&p);
	packet_start(&p, 0x0180, "www.example.com", TYPE_MX);
	packet_u16(&p, 0xc00c);
	packet_rest(&p, PACKET_ANSWER, TYPE_MX, "\0\1\1M\xc0\x10", 6);
	assert_int_equal(fingerprint_of(&p), plain);
}

static void
test_every_fail_has_a_text(void **state)
{
	(void)state;
	for (int i = FAIL_NOT; i <= FAIL_NETWORK; i++)
		assert_string_not_equal(fail_text((enum fail)i), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_LD1_bomb_costs_neither_memory_nor_time),
	    cmocka_unit_test(test_C13_up_to_512_records_are_kept),
	    cmocka_unit_test(test_C13_thousands_of_records_are_a_digest),
	    cmocka_unit_test(test_R2_an_edit_in_an_oversized_set_shows),
	    cmocka_unit_test(
		test_M2_chain_of_2500_links_costs_no_more_than_a_sort),
	    cmocka_unit_test(test_M2_loops_are_found_among_thousands),
	    cmocka_unit_test(test_C13_worst_names_cost_milliseconds),
	    cmocka_unit_test(test_M3_thousands_of_DNAMEs_cost_milliseconds),
	    cmocka_unit_test(test_C6_what_only_ldns_refuses_is_seen_by_reading),
	    cmocka_unit_test(
		test_512_records_that_ldns_prints_are_read_in_time),
	    cmocka_unit_test(test_M6_fingerprints_are_of_sets),
	    cmocka_unit_test(test_compression_makes_no_difference),
	    cmocka_unit_test(test_every_fail_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
