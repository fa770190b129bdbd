/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * What a server may say about where a name is served: messages octet by octet,
 * and what is read out of them, whatever the order of their records.
 */

#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/err.h"
#include "base/rand.h"
#include "dns/referral.h"
#include "test_packet.h"

enum { SEED = 20261128, ROUNDS = 300, AA = 0x0400 };

static struct packet p;

static void
add_name(int section, const char *owner, unsigned type, const char *target)
{
	struct name name;
	const char *why;

	assert_int_equal(name_parse(target, &name, &why), 0);
	packet_record(&p, section, owner, type, name.wire, name.size);
}

static void
add_ns(const char *owner, const char *target)
{
	add_name(PACKET_AUTHORITY, owner, TYPE_NS, target);
}

static void
add_glue(const char *owner, const char *ip)
{
	struct addr addr;

	assert_int_equal(addr_parse(ip, 53, &addr), 0);
	packet_record(&p, PACKET_ADDITIONAL, owner,
	    addr.family == AF_INET ? TYPE_A : TYPE_AAAA, addr.ip,
	    addr.family == AF_INET ? 4 : 16);
}

static void
add_soa(int section, const char *owner)
{
	static const uint8_t soa[22] = {0};

	packet_record(&p, section, owner, TYPE_SOA, soa, sizeof soa);
}

static void
set_ttl_of_last(size_t rdata_size, uint8_t ttl)
{
	memset(p.data + p.size - rdata_size - 6, 0, 3);
	p.data[p.size - rdata_size - 3] = ttl;
}

static struct name
name_of(const char *text)
{
	struct name name;
	const char *why;

	assert_int_equal(name_parse(text, &name, &why), 0);
	return name;
}

/* Reads it as the answer of a server of `zone` to what it asks. */
static struct referral *
read_it(const char *zone)
{
	static struct referral r;
	struct name z = name_of(zone);
	struct name qname;
	struct message m;
	uint8_t *wire = packet_exact(&p);

	memset(&r, 0xa5, sizeof r);
	assert_int_equal(message_walk(wire, p.size, &m), MESSAGE_OK);
	message_name(wire, p.size, m.question_at, &qname);
	referral_read(wire, p.size, &m, &qname, &z, &r);
	free(wire);
	return &r;
}

static bool
is_name(const struct name *name, const char *text)
{
	char shown[NAME_TEXT_SIZE];

	return strcmp(name_print(name->wire, shown), text) == 0;
}

static int
content_of(const char *zone, struct arena *a, struct content *out)
{
	struct name z = name_of(zone);
	struct message m;
	uint8_t *wire = packet_exact(&p);

	assert_int_equal(message_walk(wire, p.size, &m), MESSAGE_OK);
	int err = referral_content(wire, p.size, &m, &z, a, out);
	free(wire);
	return err;
}

static void
is_lame(const char *zone)
{
	struct arena a = {0};
	struct content c;

	assert_int_equal(read_it(zone)->kind, REFERRAL_LAME);
	assert_int_equal(read_it(zone)->n_names, 0);
	assert_int_equal(content_of(zone, &a, &c), ERR_NOT_FOUND);
	arena_fini(&a);
}

static void
goes_down(void **state)
{
	(void)state;
	for (int aa = 0; aa < 2; aa++) {
		packet_start(&p, aa ? AA : 0, "www.Example.com.", TYPE_SOA);
		add_ns("example.COM.", "ns1.Example.com.");
		set_ttl_of_last(17, 77);
		add_ns("example.com.", "ns.other.net.");
		add_ns("example.com.", "NS1.example.com.");
		add_glue("ns1.example.com.", "192.0.2.1");
		set_ttl_of_last(4, 55);
		add_glue("ns1.example.com.", "2001:db8::1");
		add_glue("NS1.EXAMPLE.com.", "192.0.2.1");
		struct referral *r = read_it("com.");
		assert_int_equal(r->kind, REFERRAL_DOWN);
		assert_true(is_name(&r->child, "example.com."));
		assert_int_equal(r->n_names, 2);
		assert_true(is_name(&r->names[0], "ns1.example.com."));
		assert_true(is_name(&r->names[1], "ns.other.net."));
		assert_int_equal(r->ttl, 77);
		assert_int_equal(r->n_glue, 2);
		assert_int_equal(r->glue[0].name, 0);
		assert_int_equal(r->glue[0].ttl, 55);
		assert_int_equal(r->glue[0].addr.port, 53);
		assert_int_equal(r->glue[1].addr.family, AF_INET6);
		assert_false(r->has_soa);
	}
}

static void
takes_glue_below_the_zone_only(void **state)
{
	(void)state;
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	add_ns("example.com.", "ns1.example.com.");
	add_ns("example.com.", "ns.sister.com.");
	add_ns("example.com.", "ns.other.net.");
	add_glue("ns.other.net.", "192.0.2.9");    /* not com's to say */
	add_glue("www.example.com.", "192.0.2.8"); /* no server */
	add_glue("ns.sister.com.", "192.0.2.7");
	packet_record(&p, PACKET_ADDITIONAL, "ns1.example.com.", TYPE_A,
	    "\1\2\3", 3); /* no address */
	packet_record(&p, PACKET_ADDITIONAL, "ns1.example.com.", TYPE_AAAA,
	    "\1\2\3\4", 4);
	struct referral *r = read_it("com.");
	assert_int_equal(r->n_names, 3);
	assert_int_equal(r->n_glue, 1);
	assert_true(is_name(&r->names[r->glue[0].name], "ns.sister.com."));
	/* In the sections that are not for it, it is none. */
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	add_ns("example.com.", "ns1.example.com.");
	packet_record(
	    &p, PACKET_AUTHORITY, "ns1.example.com.", TYPE_A, "\1\2\3\4", 4);
	assert_int_equal(read_it("com.")->n_glue, 0);
}

static void
goes_nowhere_else(void **state)
{
	static const char *const owners[] = {".", "com.", "org.", "other.com.",
	    "ample.com.", "www.example.com.", "victim.org."};

	(void)state;
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		packet_start(&p, 0, "example.com.", TYPE_SOA);
		add_ns(owners[i], "ns.evil.com.");
		is_lame("com.");
		/* Beside one that counts it changes nothing. */
		add_ns("example.com.", "ns1.example.com.");
		add_glue("ns.evil.com.", "192.0.2.1");
		struct referral *r = read_it("com.");
		assert_int_equal(r->kind, REFERRAL_DOWN);
		assert_int_equal(r->n_names, 1);
		assert_int_equal(r->n_glue, 0);
	}
	/* The zone that is asked does not enclose the name. */
	packet_start(&p, AA, "example.com.", TYPE_SOA);
	add_ns("example.com.", "ns1.example.com.");
	is_lame("org.");
	is_lame("www.example.com.");
}

static void
goes_to_the_nearest_of_two(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		packet_start(&p, 0, "a.b.example.com.", TYPE_SOA);
		for (int i = 0; i < 2; i++) {
			if (i == turn)
				add_ns("b.example.com.", "ns.b.example.com.");
			else
				add_ns("example.com.", "ns.example.com.");
		}
		struct referral *r = read_it("com.");
		assert_true(is_name(&r->child, "example.com."));
		assert_int_equal(r->n_names, 1);
	}
}

static void
tells_lame_from_an_answer(void **state)
{
	static const unsigned rcodes[] = {1, 2, 4, 5, 6, 9};

	(void)state;
	/* Empty, without authority. */
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	is_lame("com.");
	/* Somebody's cache. */
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	add_soa(PACKET_ANSWER, "example.com.");
	is_lame("com.");
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	add_soa(PACKET_AUTHORITY, "com.");
	add_ns("example.com.", "ns1.example.com.");
	is_lame("com.");
	packet_start(&p, RCODE_NXDOMAIN, "example.com.", TYPE_SOA);
	add_ns("example.com.", "ns1.example.com.");
	is_lame("com.");
	for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++) {
		packet_start(&p, AA | rcodes[i], "example.com.", TYPE_SOA);
		add_ns("example.com.", "ns1.example.com.");
		is_lame("com.");
	}
	/* It has the zone above, and has not got this one. */
	packet_start(&p, AA, "www.example.com.", TYPE_SOA);
	add_soa(PACKET_AUTHORITY, "com.");
	is_lame("example.com.");
}

static void
is_answer(const char *zone, const char *soa)
{
	struct arena a = {0};
	struct content c;
	struct referral *r = read_it(zone);

	assert_int_equal(r->kind, REFERRAL_NOT);
	assert_int_equal(r->has_soa, soa != NULL);
	if (soa != NULL)
		assert_true(is_name(&r->soa, soa));
	assert_int_equal(content_of(zone, &a, &c), ERR_NOT_FOUND);
	arena_fini(&a);
}

static void
reads_the_zone_of_an_answer(void **state)
{
	(void)state;
	packet_start(&p, AA, "example.com.", TYPE_SOA);
	add_soa(PACKET_ANSWER, "example.com.");
	is_answer("example.com.", "example.com.");
	is_answer("com.", "example.com.");
	packet_start(&p, AA, "www.example.com.", TYPE_SOA);
	add_soa(PACKET_AUTHORITY, "example.com.");
	is_answer("example.com.", "example.com.");
	packet_start(&p, AA | RCODE_NXDOMAIN, "www.example.com.", TYPE_SOA);
	add_soa(PACKET_AUTHORITY, "example.com.");
	is_answer("com.", "example.com.");
	/* RFC 2308 2.2: with NS beside it. */
	add_ns("example.com.", "ns1.example.com.");
	is_answer("com.", "example.com.");
	packet_start(&p, AA, "www.example.com.", TYPE_SOA);
	is_answer("example.com.", NULL);
	/* The SOA of where an alias leads, and of somebody else. */
	packet_start(&p, AA, "al.example.com.", TYPE_SOA);
	add_name(PACKET_ANSWER, "al.example.com.", TYPE_CNAME, "x.com.");
	add_soa(PACKET_AUTHORITY, "com.");
	is_answer("example.com.", NULL);
	packet_start(&p, AA, "al.example.com.", TYPE_SOA);
	add_name(PACKET_ANSWER, "al.example.com.", TYPE_CNAME, "sub.org.");
	add_soa(PACKET_ANSWER, "sub.org.");
	is_answer("example.com.", NULL);
	packet_start(&p, AA, "www.example.com.", TYPE_SOA);
	add_soa(PACKET_AUTHORITY, "victim.org.");
	is_answer("example.com.", NULL);
}

static void
leaves_out_what_is_too_much(void **state)
{
	char ns[64];

	(void)state;
	packet_start(&p, 0, "example.com.", TYPE_SOA);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(ns, sizeof ns, "ns%u.example.com.", i);
		add_ns("example.com.", ns);
	}
	for (unsigned i = 0; i < 200; i++) {
		char ip[32];
		snprintf(ip, sizeof ip, "192.0.2.%u", i);
		add_glue("ns7.example.com.", ip);
	}
	struct referral *r = read_it("com.");
	assert_int_equal(r->n_names, REFERRAL_NAMES_MAX);
	assert_int_equal(r->n_glue, REFERRAL_GLUE_MAX);
	struct arena a = {0};
	struct content c;
	struct content other;
	assert_int_equal(content_of("com.", &a, &c), 0);
	assert_int_equal(c.outcome, OUTCOME_UNREADABLE);
	assert_int_equal(c.reason, UNREADABLE_OVERSIZED);
	add_glue("ns7.example.com.", "192.0.2.7");
	assert_int_equal(content_of("com.", &a, &other), 0);
	assert_true(content_equal(&c, &other));
	add_glue("ns7.example.com.", "192.0.2.200");
	assert_int_equal(content_of("com.", &a, &other), 0);
	assert_false(content_equal(&c, &other));
	arena_fini(&a);
}

/* R18: the delegation as a state of the parent. */
static void
is_a_state_whatever_the_order(void **state)
{
	static const char *const names[] = {
	    "ns1.example.com.", "NS2.example.COM.", "ns.other.net."};
	static const char *const glue[][2] = {{"ns1.example.com.", "192.0.2.1"},
	    {"ns1.example.com.", "2001:db8::1"},
	    {"ns2.example.com.", "192.0.2.1"}};
	struct arena a = {0};
	struct content first;
	struct content c;

	(void)state;
	rand_seed(SEED);
	printf("# seed %d\n", SEED);
	for (int round = 0; round < ROUNDS; round++) {
		unsigned start = rand_below(3);
		unsigned more = rand_below(4);
		packet_start(&p, rand_below(2) * AA, "x.example.com.", TYPE_A);
		for (unsigned i = 0; i < 3 + more; i++)
			add_ns("example.com.", names[(start + i) % 3]);
		if (rand_below(2) == 0)
			add_ns("evil.org.", "ns.evil.org.");
		for (unsigned i = 0; i < 3 + more; i++)
			add_glue(
			    glue[(start + i) % 3][0], glue[(start + i) % 3][1]);
		if (rand_below(2) == 0)
			add_glue("ns.other.net.", "192.0.2.66");
		assert_int_equal(content_of("com.", &a, &c), 0);
		if (round == 0)
			first = c;
		assert_true(content_equal(&c, &first));
	}
	assert_int_equal(c.outcome, OUTCOME_ANSWER);
	assert_int_equal(c.n_records, 6);
	/* An address behind the wire form of its owner. */
	assert_int_equal(c.records[0].type, TYPE_A);
	assert_int_equal(c.records[0].size, 17 + 4);
	assert_memory_equal(
	    c.records[0].rdata, "\3ns1\7example\3com\0\300\0\2\1", 21);
	assert_int_equal(c.records[2].type, TYPE_NS);
	assert_int_equal(c.records[5].type, TYPE_AAAA);
	/* One address that moves to another name is a difference. */
	packet_start(&p, 0, "example.com.", TYPE_NS);
	for (unsigned i = 0; i < 3; i++)
		add_ns("example.com.", names[i]);
	add_glue("ns1.example.com.", "192.0.2.1");
	add_glue("ns2.example.com.", "2001:db8::1");
	add_glue("ns2.example.com.", "192.0.2.1");
	assert_int_equal(content_of("com.", &a, &c), 0);
	assert_false(content_equal(&c, &first));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goes_down),
	    cmocka_unit_test(takes_glue_below_the_zone_only),
	    cmocka_unit_test(goes_nowhere_else),
	    cmocka_unit_test(goes_to_the_nearest_of_two),
	    cmocka_unit_test(tells_lame_from_an_answer),
	    cmocka_unit_test(reads_the_zone_of_an_answer),
	    cmocka_unit_test(leaves_out_what_is_too_much),
	    cmocka_unit_test(is_a_state_whatever_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
