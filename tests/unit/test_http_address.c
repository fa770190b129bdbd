/* SPDX-License-Identifier: ISC */
/* room: http */

/*
 * T1: no address that is not allowed is ever connected, however the URL spells
 * it and whatever a name resolves to at the second look.  The server listens
 * on all addresses of the machine and counts connects; getaddrinfo() is ours,
 * so that a name can change its answer, or never get one.
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_world.h"
#include "unit.h"

/* --- a resolver that the tests control --- */

static _Atomic int flip; /* rebind.test: which of its answers */
static pthread_mutex_t hang = PTHREAD_MUTEX_INITIALIZER; /* hang.test */
static _Atomic unsigned hung;

static struct addrinfo *
answer(const char *text, const char *service, struct addrinfo *next)
{
	struct addrinfo *ai = calloc(1, sizeof(*ai));
	struct sockaddr_storage *ss = calloc(1, sizeof(*ss));
	struct addr a;

	if (ai == NULL || ss == NULL ||
	    addr_parse(text, (uint16_t)strtoul(service, NULL, 10), &a) != 0)
		abort();
	ai->ai_addrlen = addr_to_sockaddr(&a, ss);
	ai->ai_addr = (struct sockaddr *)ss;
	ai->ai_family = a.family;
	ai->ai_socktype = SOCK_STREAM;
	ai->ai_protocol = IPPROTO_TCP;
	ai->ai_next = next;
	return ai;
}

static int
wait_for_permission(void)
{
	pthread_mutex_lock(&hang);
	pthread_mutex_unlock(&hang);
	hung--;
	return EAI_NONAME;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	struct in6_addr literal;

	(void)hints;
	if (service == NULL)
		service = "0";
	if (inet_pton(AF_INET, node, &literal) == 1 ||
	    inet_pton(AF_INET6, node, &literal) == 1)
		*out = answer(node, service, NULL);
	else if (strcmp(node, "rebind.test") == 0)
		*out = answer(
		    flip == 0 ? "127.0.0.2" : "127.0.0.1", service, NULL);
	else if (strcmp(node, "two.test") == 0)
		*out = answer(
		    "127.0.0.1", service, answer("127.0.0.2", service, NULL));
	else if (strcmp(node, "private.test") == 0)
		*out = answer("10.0.0.1", service,
		    answer("127.0.0.1", service,
			answer("192.168.0.1", service, NULL)));
	else if (strcmp(node, "six.test") == 0)
		*out = answer("::1", service,
		    answer(
			"fd00::1", service, answer("fe80::1", service, NULL)));
	else if (strcmp(node, "mapped.test") == 0)
		*out = answer("::ffff:127.0.0.1", service,
		    answer("64:ff9b::127.0.0.1", service, NULL));
	else if (strcmp(node, "metadata.test") == 0)
		*out = answer("169.254.169.254", service, NULL);
	else if (strcmp(node, "hang.test") == 0)
		return wait_for_permission();
	else
		return EAI_NONAME;
	return 0;
}

void
freeaddrinfo(struct addrinfo *ai)
{
	struct addrinfo *next;

	for (; ai != NULL; ai = next) {
		next = ai->ai_next;
		free(ai->ai_addr);
		free(ai);
	}
}

/* --- T1 --- */

static const char *const denied_urls[] = {
    "http://127.0.0.1:%u/",
    "http://127.0.0.1.:%u/",
    "http://127.1:%u/",
    "http://127.0.1:%u/",
    "http://127.255.255.254:%u/",
    "http://0x7f.1:%u/",
    "http://0x7f.0.0.1:%u/",
    "http://0x7f.0x0.0x0.0x1:%u/",
    "http://0x7f000001:%u/",
    "http://0X7F000001:%u/",
    "http://2130706433:%u/",
    "http://017700000001:%u/",
    "http://0177.0.0.1:%u/",
    "http://0177.0.0.01:%u/",
    "http://00000177.1:%u/",
    "http://127.0x1:%u/",
    "http://127.0.0.0x1:%u/",
    "http://0:%u/",
    "http://0.0.0.0:%u/",
    "http://0x0:%u/",
    "http://00:%u/",
    "http://localhost:%u/",
    "http://LOCALHOST:%u/",
    "http://LocalHost.:%u/",
    "http://a.localhost:%u/",
    "http://user:pass@127.0.0.1:%u/",
    "http://example.com@127.0.0.1:%u/",
    "http://example.com%40@127.0.0.1:%u/",
    "http://127.0.0.1:%u/#@example.com",
    "http://127.0.0.1:%u/?@example.com",
    "http:/127.0.0.1:%u/",
    "http:///127.0.0.1:%u/",
    "127.0.0.1:%u/",
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:%u/",
    "http://127\xe3\x80\x82"
    "0\xe3\x80\x82"
    "0\xe3\x80\x82"
    "1:%u/",
    "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:%u/",
    "http://[::1]:%u/",
    "http://[0:0:0:0:0:0:0:1]:%u/",
    "http://[0000::0001]:%u/",
    "http://[::]:%u/",
    "http://[::ffff:127.0.0.1]:%u/",
    "http://[::ffff:7f00:1]:%u/",
    "http://[::FFFF:7F00:0001]:%u/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:%u/",
    "http://[::127.0.0.1]:%u/",
    "http://[::ffff:0.0.0.0]:%u/",
    "http://[64:ff9b::127.0.0.1]:%u/",
    "http://[64:ff9b::a00:1]:%u/",
    "http://[64:ff9b:1::7f00:1]:%u/",
    "http://[2002:7f00:1::1]:%u/",
    "http://[2001:0:7f00:1::1]:%u/",
    "http://[fe80::1]:%u/",
    "http://[fe80::1%251]:%u/",
    "http://[fc00::1]:%u/",
    "http://[fd00:ec2::254]:%u/",
    "http://[fec0::1]:%u/",
    "http://[ff02::1]:%u/",
    "http://[100::1]:%u/",
    "http://10.0.0.1:%u/",
    "http://172.16.0.1:%u/",
    "http://172.31.255.255:%u/",
    "http://192.168.1.1:%u/",
    "http://192.168.257:%u/",
    "http://100.64.0.1:%u/",
    "http://100.100.100.200:%u/",
    "http://169.254.169.254:%u/latest/meta-data/",
    "http://0xa9fea9fe:%u/",
    "http://2852039166:%u/",
    "http://0251.0376.0251.0376:%u/",
    "http://[::ffff:169.254.169.254]:%u/",
    "http://168.63.129.16:%u/",
    "http://192.0.0.192:%u/",
    "http://198.18.0.1:%u/",
    "http://224.0.0.1:%u/",
    "http://240.0.0.1:%u/",
    "http://255.255.255.255:%u/",
    "http://private.test:%u/",
    "http://six.test:%u/",
    "http://mapped.test:%u/",
    "http://metadata.test:%u/",
    "http://two.test:%u/",
    "http://rebind.test:%u/",
};

enum { N_DENIED = sizeof(denied_urls) / sizeof(denied_urls[0]) };

static void
test_T1_no_spelling_of_a_private_address_is_connected(void **state)
{
	struct http_world *w = *state;
	size_t refused = 0;

	for (size_t i = 0; i < N_DENIED; i++) {
		http_world_start(
		    w, denied_urls[i], (struct http_post){.http = true});
		http_world_finish(w);
		assert_int_equal(w->result[i].status, 0);
		assert_string_not_equal(w->result[i].text, "");
		refused += w->result[i].refused;
	}
	assert_int_equal(server_connects(w->server), 0);
	/* The others are no URL at all for curl. */
	assert_true(refused >= 70);
}

static void
test_a_look_up_without_end_stops_neither_the_loop_nor_the_end(void **state)
{
	struct http_world *w = *state;
	mono_ns before = loop_mono_exact(w->loop);

	pthread_mutex_lock(&hang);
	hung = 2;
	http_world_start(w, "http://hang.test:%u/",
	    (struct http_post){.http = true, .timeout_ms = 50});
	http_world_finish(w);
	assert_int_equal(w->result[0].status, 0);
	assert_false(w->result[0].refused);
	http_world_start(w, "http://hang.test:%u/",
	    (struct http_post){.http = true, .timeout_ms = 60000});
	w->n_wanted = 2;
	http_world_start(
	    w, "http://10.0.0.1:%u/", (struct http_post){.http = true});
	w->n_wanted = 2;
	http_world_finish(w);
	http_free(w->http);
	w->http = NULL;
	assert_true(loop_mono_exact(w->loop) - before < MONO_S(2));
	pthread_mutex_unlock(&hang);
	while (hung > 0)
		sched_yield();
}

static void
test_T1_a_name_that_changes_its_address_is_judged_again(void **state)
{
	struct http_world *w = *state;
	struct prefix allow;
	struct http_post post = {.allow = &allow, .n_allow = 1, .http = true};

	assert_int_equal(prefix_parse("127.0.0.2", &allow), 0);
	http_world_start(w, "http://rebind.test:%u/", post);
	http_world_finish(w);
	assert_int_equal(w->result[0].status, 200);
	flip = 1;
	/* Without what curl remembers of the name, as after a minute. */
	http_free(w->http);
	w->http = http_new(w->loop);
	http_world_start(w, "http://rebind.test:%u/", post);
	http_world_finish(w);
	assert_true(w->result[1].refused);
	assert_int_equal(server_connects(w->server), 1);
}

static void
test_T1_of_two_addresses_only_the_allowed_one_is_connected(void **state)
{
	struct http_world *w = *state;
	struct prefix allow;
	char text[ADDR_TEXT_SIZE];

	assert_int_equal(prefix_parse("127.0.0.2", &allow), 0);
	http_world_start(w, "http://two.test:%u/",
	    (struct http_post){.allow = &allow, .n_allow = 1, .http = true});
	http_world_finish(w);
	assert_int_equal(w->result[0].status, 200);
	assert_int_equal(server_connects(w->server), 1);
	assert_non_null(strstr(
	    addr_print_ip(server_last_local(w->server), text), "127.0.0.2"));
}

static void
test_a_kept_connection_is_no_permission_for_another_sink(void **state)
{
	struct http_world *w = *state;

	assert_int_equal(http_world_ask(w, OK, 0)->status, 200);
	assert_int_equal(http_world_ask(w, OK, 0)->status, 200);
	assert_int_equal(server_connects(w->server), 1);
	http_world_start(
	    w, "http://127.0.0.1:%u/hook", (struct http_post){.http = true});
	http_world_finish(w);
	assert_int_equal(w->result[2].status, 0);
	assert_true(w->result[2].refused);
	assert_int_equal(server_requests(w->server), 2);
}

static void
test_T1_special_ranges_are_private_to_their_last_address(void **state)
{
	static const char *const private[] = {"0.0.0.0", "0.255.255.255",
	    "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
	    "127.0.0.0", "127.255.255.255", "169.254.0.0", "169.254.255.255",
	    "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255",
	    "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
	    "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
	    "192.0.2.1", "198.51.100.1", "203.0.113.1", "::", "::1", "::2",
	    "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "64:ff9b:1::1", "100::1",
	    "2001::1", "2001:1ff::1", "2001:db8::1", "2002::1", "3fff:fff::1",
	    "fc00::", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff00::1",
	    "4000::1", "1fff::1"};
	static const char *const public[] = {"1.1.1.1", "9.255.255.255",
	    "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	    "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
	    "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:1.1.1.1",
	    "64:ff9b::1.1.1.1", "2001:200::1", "2606:4700:4700::1111",
	    "2003::1", "3ffe::1"};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		assert_int_equal(addr_parse(private[i], 0, &a), 0);
		if (!http_address_is_private(&a))
			fail_msg("%s is taken for public", private[i]);
	}
	for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
		assert_int_equal(addr_parse(public[i], 0, &a), 0);
		if (http_address_is_private(&a))
			fail_msg("%s is taken for private", public[i]);
	}
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    f, http_world_set_up, http_world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_T1_no_spelling_of_a_private_address_is_connected),
	    TEST(test_a_look_up_without_end_stops_neither_the_loop_nor_the_end),
	    TEST(test_T1_a_name_that_changes_its_address_is_judged_again),
	    TEST(test_T1_of_two_addresses_only_the_allowed_one_is_connected),
	    TEST(test_a_kept_connection_is_no_permission_for_another_sink),
	    TEST(test_T1_special_ranges_are_private_to_their_last_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
