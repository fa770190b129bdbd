/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Addresses and prefixes read as people write them, print in the one usual
 * form, and a prefix holds exactly the addresses that share its bits.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "unit.h"

#include "base/addr.h"
#include "base/err.h"

static struct addr
parse(const char *text)
{
	struct addr a;

	if (addr_parse(text, 0, &a) != 0)
		fail_msg("%s is refused", text);
	return a;
}

static bool
holds(const char *prefix, const char *ip)
{
	struct prefix p;
	struct addr a = parse(ip);

	if (prefix_parse(prefix, &p) != 0)
		fail_msg("%s is refused", prefix);
	return prefix_has(&p, &a);
}

static void
test_addr_text_reads_back(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.1:53",
	    "2001:db8::1", "[2001:db8::1]:53", "::", "[::]:1", "0.0.0.0:65535",
	    "fe80::1%7", "[fe80::1%7]:53",
	    "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535"};
	char out[ADDR_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr a = parse(texts[i]);
		assert_string_equal(addr_print(&a, out), texts[i]);
	}
}

static void
test_addr_default_port_is_only_a_default(void **state)
{
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", 53, &a), 0);
	assert_int_equal(a.port, 53);
	assert_int_equal(addr_parse("192.0.2.1:5300", 53, &a), 0);
	assert_int_equal(a.port, 5300);
	assert_int_equal(addr_parse("[2001:db8::1]", 53, &a), 0);
	assert_int_equal(a.port, 53);
}

static void
test_addr_print_ip_leaves_the_port_out(void **state)
{
	char out[ADDR_TEXT_SIZE];
	struct addr a = parse("[2001:DB8:0:0::1]:53");

	(void)state;
	assert_string_equal(addr_print_ip(&a, out), "2001:db8::1");
}

static void
test_addr_zone_may_be_an_interface(void **state)
{
	struct addr a = parse("fe80::1%lo");

	(void)state;
	assert_int_not_equal(a.scope, 0);
}

static void
test_addr_parse_refuses_what_is_no_address(void **state)
{
	static const char *const texts[] = {"", "192.0.2", "192.0.2.256",
	    "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x",
	    "192.0.2.1: 53", "192.0.2.1:+53", "192.0.2.1:53:53", " 192.0.2.1",
	    "192.0.2.1 ", "[192.0.2.1]:53", "[2001:db8::1", "2001:db8::1]",
	    "[2001:db8::1]53", "[2001:db8::1]:", "2001:db8:::1", "[]:53",
	    "localhost", "example.com:53", "2001:db8::1%1", "fe80::1%",
	    "fe80::1%0", "fe80::1%nosuchinterface0", "192.0.2.1%1",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444"};
	struct addr a = {.port = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (addr_parse(texts[i], 53, &a) != ERR_SYNTAX)
			fail_msg("\"%s\" is read", texts[i]);
	}
	assert_int_equal(a.port, 77);
}

static void
test_addr_equal_looks_at_address_and_port(void **state)
{
	struct addr a = parse("192.0.2.1:53");
	struct addr same = parse("192.0.2.1:53");
	struct addr port = parse("192.0.2.1:54");
	struct addr ip = parse("192.0.2.2:53");
	struct addr family = parse("[c000:201::]:53");
	struct addr zone = parse("fe80::1%1");
	struct addr other_zone = parse("fe80::1%2");

	(void)state;
	same.ip[15] = 0xff; /* no part of an IPv4 address */
	assert_true(addr_equal(&a, &same));
	assert_false(addr_equal(&a, &port));
	assert_false(addr_equal(&a, &ip));
	assert_false(addr_equal(&a, &family));
	assert_false(addr_equal(&zone, &other_zone));
}

static void
test_addr_sockaddr_goes_there_and_back(void **state)
{
	static const char *const texts[] = {
	    "192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%7]:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr a = parse(texts[i]);
		struct addr b = {0};
		struct sockaddr_storage storage;
		socklen_t size = addr_to_sockaddr(&a, &storage);

		assert_int_equal(size, i == 0 ? sizeof(struct sockaddr_in)
					      : sizeof(struct sockaddr_in6));
		assert_int_equal(
		    addr_from_sockaddr((struct sockaddr *)&storage, &b), 0);
		assert_true(addr_equal(&a, &b));
	}
}

static void
test_addr_sockaddr_is_in_network_order(void **state)
{
	struct addr a = parse("192.0.2.1:53");
	struct sockaddr_storage storage;
	struct sockaddr_in v4;

	(void)state;
	addr_to_sockaddr(&a, &storage);
	memcpy(&v4, &storage, sizeof(v4));
	assert_int_equal(v4.sin_family, AF_INET);
	assert_int_equal(ntohs(v4.sin_port), 53);
	assert_int_equal(ntohl(v4.sin_addr.s_addr), 0xc0000201);
}

static void
test_addr_of_another_family_is_refused(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct addr a;

	(void)state;
	assert_int_equal(
	    addr_from_sockaddr((struct sockaddr *)&local, &a), -EAFNOSUPPORT);
}

static void
test_prefix_holds_what_shares_its_bits(void **state)
{
	(void)state;
	assert_true(holds("10.0.0.0/8", "10.255.255.255"));
	assert_false(holds("10.0.0.0/8", "11.0.0.0"));
	assert_true(holds("192.0.2.128/25", "192.0.2.200"));
	assert_false(holds("192.0.2.128/25", "192.0.2.127"));
	assert_true(holds("0.0.0.0/0", "255.1.2.3"));
	assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(holds("::/0", "2001:db8::1"));
}

static void
test_prefix_without_a_length_is_one_address(void **state)
{
	(void)state;
	assert_true(holds("::1", "::1"));
	assert_false(holds("::1", "::2"));
	assert_true(holds("127.0.0.1", "127.0.0.1"));
	assert_false(holds("127.0.0.1", "127.0.0.2"));
}

static void
test_prefix_of_one_family_holds_none_of_the_other(void **state)
{
	(void)state;
	assert_false(holds("0.0.0.0/0", "::1"));
	assert_false(holds("::/0", "10.0.0.1"));
}

static void
test_prefix_ignores_bits_beyond_its_length(void **state)
{
	(void)state;
	assert_true(holds("10.1.2.3/8", "10.200.0.1"));
}

static void
test_prefix_parse_refuses_what_is_no_prefix(void **state)
{
	static const char *const texts[] = {"", "/8", "10.0.0.0/",
	    "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8",
	    "10.0.0/8", "::/129", "fe80::1%7/64", "10.0.0.0:53/8"};
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (prefix_parse(texts[i], &p) != ERR_SYNTAX)
			fail_msg("\"%s\" is read", texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addr_text_reads_back),
	    cmocka_unit_test(test_addr_default_port_is_only_a_default),
	    cmocka_unit_test(test_addr_print_ip_leaves_the_port_out),
	    cmocka_unit_test(test_addr_zone_may_be_an_interface),
	    cmocka_unit_test(test_addr_parse_refuses_what_is_no_address),
	    cmocka_unit_test(test_addr_equal_looks_at_address_and_port),
	    cmocka_unit_test(test_addr_sockaddr_goes_there_and_back),
	    cmocka_unit_test(test_addr_sockaddr_is_in_network_order),
	    cmocka_unit_test(test_addr_of_another_family_is_refused),
	    cmocka_unit_test(test_prefix_holds_what_shares_its_bits),
	    cmocka_unit_test(test_prefix_without_a_length_is_one_address),
	    cmocka_unit_test(test_prefix_of_one_family_holds_none_of_the_other),
	    cmocka_unit_test(test_prefix_ignores_bits_beyond_its_length),
	    cmocka_unit_test(test_prefix_parse_refuses_what_is_no_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
