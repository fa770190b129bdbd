/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * What a reply shows beside what it says: each attribute follows what it is
 * named after and nothing else, and our own random letter case (A9) is never
 * taken for that of the zone.
 */

#include "unit.h"

#include <ctype.h>

#include "base/rand.h"
#include "dns/attribute.h"
#include "test_packet.h"

enum { ALL = (1 << N_ATTRIBUTES) - 1, AA = 0x0400, POLLS = 10000 };

static bool
has(const struct attributes *a, enum attribute which)
{
	return (a->has & 1u << which) != 0;
}

static void
read_all(const struct packet *p, struct attributes *out)
{
	uint8_t *wire = packet_exact(p);
	struct message m;

	assert_int_equal(message_walk(wire, p->size, &m), MESSAGE_OK);
	attributes_read(wire, p->size, &m, ALL, out);
	free(wire);
}

static bool
same(const struct attributes *a, const struct attributes *b, enum attribute w)
{
	uint8_t x[ATTRIBUTE_SIZE];
	uint8_t y[ATTRIBUTE_SIZE];

	attributes_value(a, w, x);
	attributes_value(b, w, y);
	return has(a, w) && has(b, w) && memcmp(x, y, sizeof(x)) == 0;
}

static bool
same_set(const struct attributes *a, const struct attributes *b)
{
	return memcmp(a->set, b->set, sizeof(a->set)) == 0;
}

/* An A answer with these last octets, as "121". */
static void
read_addresses(const char *octets, struct attributes *out)
{
	struct packet p;

	packet_start(&p, 0, "www.example.com", TYPE_A);
	for (; *octets != '\0'; octets++) {
		uint8_t ip[4] = {192, 0, 2, (uint8_t)*octets};

		packet_record(
		    &p, PACKET_ANSWER, "www.example.com", TYPE_A, ip, 4);
	}
	read_all(&p, out);
}

static void
test_order_is_that_of_first_appearance(void **state)
{
	struct attributes a, b, twice, other;

	(void)state;
	read_addresses("123", &a);
	read_addresses("132", &b);
	read_addresses("11213", &twice);
	read_addresses("124", &other);
	assert_false(same(&a, &b, ATTRIBUTE_ORDER));
	assert_true(same_set(&a, &b));
	assert_true(same(&a, &twice, ATTRIBUTE_ORDER));
	assert_false(same_set(&a, &other));
}

static void
test_order_of_hundreds_is_that_of_the_message(void **state)
{
	struct attributes a, b;
	char octets[201] = "";

	(void)state;
	for (int i = 0; i < 200; i++)
		octets[i] = (char)(uint8_t)(i + 1);
	read_addresses(octets, &a);
	read_addresses(octets, &b);
	assert_true(same(&a, &b, ATTRIBUTE_ORDER));
	octets[198] = (char)(uint8_t)200;
	octets[199] = (char)(uint8_t)199;
	read_addresses(octets, &b);
	assert_false(same(&a, &b, ATTRIBUTE_ORDER));
	assert_true(same_set(&a, &b));
}

static void
test_duplicates_are_counted(void **state)
{
	struct attributes a;

	(void)state;
	read_addresses("123", &a);
	assert_int_equal(a.duplicates, 0);
	read_addresses("11213", &a);
	assert_int_equal(a.duplicates, 2);
}

static void
set_ttl(struct packet *p, size_t rdata_size, uint32_t ttl)
{
	size_t end = p->size;

	p->size -= rdata_size + 6;
	packet_u32(p, ttl);
	p->size = end;
}

/* The chain has a countdown of its own, which says nothing of the end. */
static void
test_ttl_is_the_smallest_of_the_end_records(void **state)
{
	static const uint8_t target[] = "\4edge\3net";
	static const uint8_t ip[8] = {192, 0, 2, 1, 192, 0, 2, 2};
	struct attributes a;
	struct packet p;

	(void)state;
	packet_start(&p, 0, "www.example.com", TYPE_A);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_CNAME, target,
	    sizeof(target));
	set_ttl(&p, sizeof(target), 5);
	packet_record(&p, PACKET_ANSWER, "edge.net", TYPE_A, ip, 4);
	set_ttl(&p, 4, 90);
	packet_record(&p, PACKET_ANSWER, "edge.net", TYPE_A, ip + 4, 4);
	set_ttl(&p, 4, 80);
	read_all(&p, &a);
	assert_true(has(&a, ATTRIBUTE_TTL));
	assert_int_equal(a.ttl, 80);
}

static void
read_soa(uint32_t serial, uint32_t retry, struct attributes *out)
{
	struct packet p;
	size_t at;

	packet_start(&p, 0, "example.com", TYPE_SOA);
	packet_record(&p, PACKET_ANSWER, "example.com", TYPE_SOA, NULL, 0);
	at = p.size;
	packet_name(&p, "ns.example.com");
	packet_name(&p, "hostmaster.example.com");
	packet_u32(&p, serial);
	packet_u32(&p, 7200);
	packet_u32(&p, retry);
	packet_u32(&p, 1209600);
	packet_u32(&p, 3600);
	p.data[at - 1] = (uint8_t)(p.size - at);
	read_all(&p, out);
}

static void
test_serial_and_timers_are_apart(void **state)
{
	struct attributes a, b, c;
	uint8_t value[ATTRIBUTE_SIZE];

	(void)state;
	read_soa(7, 900, &a);
	read_soa(8, 900, &b);
	read_soa(7, 901, &c);
	assert_int_equal(a.serial, 7);
	assert_true(same_set(&a, &b));
	assert_false(same(&a, &b, ATTRIBUTE_SERIAL));
	assert_true(same(&a, &b, ATTRIBUTE_TIMERS));
	assert_true(same(&a, &c, ATTRIBUTE_SERIAL));
	assert_false(same(&a, &c, ATTRIBUTE_TIMERS));
	attributes_value(&a, ATTRIBUTE_TIMERS, value);
	assert_int_equal(attribute_number(value, 0), 7200);
	assert_int_equal(attribute_number(value, 1), 900);
	assert_int_equal(attribute_number(value, 3), 3600);
}

static void
add_rrsig(struct packet *p, unsigned covered, const char *owner, uint8_t last)
{
	size_t at;

	packet_record(p, PACKET_ANSWER, owner, TYPE_RRSIG, NULL, 0);
	at = p->size;
	packet_u16(p, covered);
	packet_u16(p, 13 << 8 | 2);
	packet_u32(p, 300);
	packet_u32(p, 2000000000);
	packet_u32(p, 1900000000);
	packet_u16(p, 4711);
	packet_name(p, "example.com");
	packet_bytes(p, "signature", 9);
	p->data[p->size++] = last;
	p->data[at - 1] = (uint8_t)(p->size - at);
}

static void
test_signature_is_all_bytes_of_a_watched_rrsig(void **state)
{
	struct attributes a, b, turned;
	struct packet p;

	(void)state;
	packet_start(&p, AA, "www.example.com", TYPE_RRSIG);
	add_rrsig(&p, TYPE_A, "www.example.com", 1);
	add_rrsig(&p, TYPE_TXT, "www.example.com", 2);
	read_all(&p, &a);
	packet_start(&p, AA, "www.example.com", TYPE_RRSIG);
	add_rrsig(&p, TYPE_TXT, "www.example.com", 2);
	add_rrsig(&p, TYPE_A, "www.example.com", 1);
	read_all(&p, &turned);
	packet_start(&p, AA, "www.example.com", TYPE_RRSIG);
	add_rrsig(&p, TYPE_A, "www.example.com", 1);
	add_rrsig(&p, TYPE_TXT, "www.example.com", 3);
	read_all(&p, &b);
	assert_true(same(&a, &turned, ATTRIBUTE_SIGNATURE));
	assert_false(same(&a, &b, ATTRIBUTE_SIGNATURE));
	assert_true(same_set(&a, &b)); /* identity leaves the bytes out */
}

static void
test_signature_beside_an_answer_is_that_of_its_type(void **state)
{
	static const uint8_t ip[4] = {192, 0, 2, 1};
	struct attributes a, b, none;
	struct packet p;

	(void)state;
	packet_start(&p, AA, "www.example.com", TYPE_A);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_A, ip, 4);
	read_all(&p, &none);
	assert_false(has(&none, ATTRIBUTE_SIGNATURE));
	add_rrsig(&p, TYPE_A, "www.example.com", 1);
	read_all(&p, &a);
	add_rrsig(&p, TYPE_TXT, "www.example.com", 9);
	add_rrsig(&p, TYPE_A, "other.example.com", 9);
	read_all(&p, &b);
	assert_true(same(&a, &b, ATTRIBUTE_SIGNATURE));
}

/* ---- letter case ---- */

static void
mix(uint8_t *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (isalpha(name[i]) && rand_below(2) == 0)
			name[i] ^= 0x20;
	}
}

/* Letters as given, not folded. */
static void
put_spelled(struct packet *p, const char *text)
{
	size_t at = p->size;

	packet_name(p, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] != '.')
			p->data[at + 1 + i] = (uint8_t)text[i];
	}
}

/* How a server writes the names of an NS answer. */
enum habit { POINTS, COPIES, OWN };

/*
 * NS of example.com: two servers in the zone, one elsewhere.  POINTS: names
 * end in a pointer to the question; COPIES: the owner repeats the question's
 * octets; OWN: everything as the zone file has it.
 */
static void
read_ns(unsigned flags, enum habit habit, const char *head, const char *zone,
    struct attributes *out)
{
	static const char *const elsewhere = "ns.elsewhere.NET";
	struct packet p;
	size_t asked;

	packet_start(&p, flags, "example.com", TYPE_NS);
	asked = p.size - 4 - 12;
	mix(p.data + 12, asked);
	for (int i = 0; i < 3; i++) {
		size_t at;

		if (habit == POINTS)
			packet_u16(&p, 0xc00c);
		else if (habit == COPIES)
			packet_bytes(&p, p.data + 12, asked);
		else
			put_spelled(&p, zone);
		packet_rest(&p, PACKET_ANSWER, TYPE_NS, NULL, 0);
		at = p.size;
		if (i == 2) {
			put_spelled(&p, elsewhere);
		} else {
			put_spelled(&p, i == 0 ? head : "nsb");
			p.size--; /* without the root */
			if (habit == OWN)
				put_spelled(&p, zone);
			else
				packet_u16(&p, 0xc00c);
		}
		p.data[at - 1] = (uint8_t)(p.size - at);
	}
	read_all(&p, out);
}

/* A9: ten thousand polls in random case are no news. */
static void
test_case_is_not_ours(void **state)
{
	struct attributes first, cached, now;
	unsigned unknown = 0;

	(void)state;
	read_ns(AA, POINTS, "nsA", "", &first);
	read_ns(0, POINTS, "nsA", "", &cached);
	for (int i = 0; i < POLLS; i++) {
		read_ns(AA, POINTS, "nsA", "", &now);
		assert_true(same(&first, &now, ATTRIBUTE_CASE));
		read_ns(0, POINTS, "nsA", "", &now);
		assert_true(same(&cached, &now, ATTRIBUTE_CASE));
		read_ns(0, COPIES, "nsA", "", &now);
		assert_true(same(&cached, &now, ATTRIBUTE_CASE));
		read_ns(AA, COPIES, "nsA", "", &now);
		unknown += !has(&now, ATTRIBUTE_CASE);
		if (has(&now, ATTRIBUTE_CASE))
			assert_true(same(&first, &now, ATTRIBUTE_CASE));
	}
	/* All letters small by chance: one in 1024. */
	assert_true(unknown > POLLS - 100);
}

static void
test_case_of_what_does_not_point_at_the_question_counts(void **state)
{
	struct attributes a, b;

	(void)state;
	read_ns(AA, POINTS, "nsA", "", &a);
	read_ns(AA, POINTS, "NSa", "", &b);
	assert_true(same_set(&a, &b));
	assert_false(same(&a, &b, ATTRIBUTE_CASE));
	read_ns(0, POINTS, "nsA", "", &a);
	read_ns(0, POINTS, "NSa", "", &b);
	assert_false(same(&a, &b, ATTRIBUTE_CASE));
}

static void
test_case_of_a_zone_that_is_spelled_out_counts(void **state)
{
	struct attributes a, b;
	unsigned known = 0;

	(void)state;
	do
		read_ns(AA, OWN, "ns", "Example.com", &a);
	while (!has(&a, ATTRIBUTE_CASE));
	for (int i = 0; i < 1000; i++) {
		read_ns(AA, OWN, "ns", "Example.com", &b);
		if (has(&b, ATTRIBUTE_CASE))
			assert_true(same(&a, &b, ATTRIBUTE_CASE));
		read_ns(AA, OWN, "ns", "EXAMPLE.com", &b);
		known += has(&b, ATTRIBUTE_CASE);
		if (has(&b, ATTRIBUTE_CASE))
			assert_false(same(&a, &b, ATTRIBUTE_CASE));
	}
	assert_true(known > 900);
	/* What a cache says of it may be its own question's case. */
	read_ns(0, OWN, "ns", "Example.com", &a);
	read_ns(0, OWN, "ns", "EXAMPLE.com", &b);
	assert_true(same(&a, &b, ATTRIBUTE_CASE));
}

static void
test_case_does_not_depend_on_the_order(void **state)
{
	static const char *const hosts[] = {"Mx1.other.net", "mX2.other.net"};
	struct attributes a[2];
	struct packet p;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		packet_start(&p, AA, "example.com", TYPE_MX);
		for (int i = 0; i < 2; i++) {
			const char *host = hosts[i ^ turn];

			packet_record(
			    &p, PACKET_ANSWER, "example.com", TYPE_MX, NULL, 0);
			p.data[p.size - 1] = (uint8_t)(4 + strlen(host));
			packet_u16(&p, 10);
			put_spelled(&p, host);
		}
		read_all(&p, &a[turn]);
	}
	assert_true(same(&a[0], &a[1], ATTRIBUTE_CASE));
	assert_false(same(&a[0], &a[1], ATTRIBUTE_ORDER));
}

/* ---- what has none ---- */

static void
test_only_answers_have_attributes(void **state)
{
	static const uint8_t bad[3] = {192, 0, 2};
	struct attributes a;
	struct packet p;

	(void)state;
	packet_start(&p, 0, "www.example.com", TYPE_A);
	read_all(&p, &a);
	assert_int_equal(a.has, 0);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_A, bad, 3);
	read_all(&p, &a);
	assert_int_equal(a.has, 0);
	packet_start(&p, RCODE_NXDOMAIN, "www.example.com", TYPE_A);
	read_all(&p, &a);
	assert_int_equal(a.has, 0);
}

static void
test_only_what_is_wanted_is_read(void **state)
{
	static const uint8_t ip[4] = {192, 0, 2, 1};
	struct attributes a;
	struct message m;
	struct packet p;

	(void)state;
	packet_start(&p, 0, "www.example.com", TYPE_A);
	packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_A, ip, 4);
	assert_int_equal(message_walk(p.data, p.size, &m), MESSAGE_OK);
	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		attributes_read(p.data, p.size, &m, 1u << i, &a);
		assert_int_equal(a.has & ~(1u << i), 0);
		assert_int_equal(a.ttl, 300);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_is_that_of_first_appearance),
	    cmocka_unit_test(test_order_of_hundreds_is_that_of_the_message),
	    cmocka_unit_test(test_duplicates_are_counted),
	    cmocka_unit_test(test_ttl_is_the_smallest_of_the_end_records),
	    cmocka_unit_test(test_serial_and_timers_are_apart),
	    cmocka_unit_test(test_signature_is_all_bytes_of_a_watched_rrsig),
	    cmocka_unit_test(
		test_signature_beside_an_answer_is_that_of_its_type),
	    cmocka_unit_test(test_case_is_not_ours),
	    cmocka_unit_test(
		test_case_of_what_does_not_point_at_the_question_counts),
	    cmocka_unit_test(test_case_of_a_zone_that_is_spelled_out_counts),
	    cmocka_unit_test(test_case_does_not_depend_on_the_order),
	    cmocka_unit_test(test_only_answers_have_attributes),
	    cmocka_unit_test(test_only_what_is_wanted_is_read),
	};

	rand_seed(20261128);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
