/* SPDX-License-Identifier: ISC */
/* room: http */

/*
 * A POST ends once, with what the receiver said, whatever the receiver does
 * (W-F13); nobody is called after http_free().  Tried against a server in the
 * same process, on the same loop, that plays a mode per request.
 */

#include <dirent.h>
#include <string.h>

#include "http_world.h"
#include "unit.h"

static void
test_a_post_arrives_whole_with_its_headers_and_without_expect(void **state)
{
	struct http_world *w = *state;
	const struct http_result *r;
	struct prefix allow;
	char body[20001];

	memset(body, 'b', sizeof(body));
	assert_int_equal(prefix_parse("127.0.0.1", &allow), 0);
	http_world_start(w, "http://127.0.0.1:%u/hook?x=1",
	    (struct http_post){.body = body,
		.size = sizeof(body),
		.allow = &allow,
		.n_allow = 1,
		.http = true});
	/* All of it was copied. */
	memset(body, 'c', sizeof(body));
	memset(&allow, 0, sizeof(allow));
	http_world_finish(w);
	r = &w->result[0];
	assert_int_equal(r->status, 200);
	assert_string_equal(r->text, "");
	assert_ptr_equal(
	    strstr(server_last(w->server), "POST /hook?x=1 HTTP/1.1\r\n"),
	    server_last(w->server));
	assert_non_null(strstr(server_last(w->server), "webhook-id: x-r1\r\n"));
	assert_non_null(strstr(
	    server_last(w->server), "content-type: application/json\r\n"));
	assert_null(strstr(server_last(w->server), "Expect"));
	assert_null(strstr(server_last(w->server), "Cookie"));
	assert_int_equal(
	    strspn(strstr(server_last(w->server), "\r\n\r\n") + 4, "b"), 20001);
}

static void
test_what_the_receiver_says_is_what_the_owner_hears(void **state)
{
	struct http_world *w = *state;
	const struct http_result *r;

	assert_int_equal(http_world_ask(w, CONTINUE_THEN_OK, 0)->status, 200);
	r = http_world_ask(w, SERVER_ERROR, 0);
	assert_int_equal(r->status, 500);
	assert_string_equal(r->text, "HTTP 500: no \\027[31m disk");
	r = http_world_ask(w, GONE, 0);
	assert_int_equal(r->status, 410);
	assert_string_equal(r->text, "HTTP 410");
	r = http_world_ask(w, BUSY_SECONDS, 0);
	assert_int_equal(r->status, 429);
	assert_int_equal(r->retry_after_s, 120);
	r = http_world_ask(w, BUSY_DATE, 0);
	assert_int_equal(r->status, 503);
	assert_in_range(r->retry_after_s, 290, 300);
	assert_int_equal(http_world_ask(w, OK, 0)->retry_after_s, 0);
	/* All that over one connection. */
	assert_int_equal(server_connects(w->server), 1);
}

static void
test_a_redirect_is_an_answer_and_is_not_followed(void **state)
{
	struct http_world *w = *state;

	assert_int_equal(http_world_ask(w, REDIRECT, 0)->status, 307);
	assert_int_equal(server_requests(w->server), 1);
}

static void
test_a_receiver_that_does_not_answer_is_left_after_the_timeout(void **state)
{
	struct http_world *w = *state;
	const struct http_result *r;

	r = http_world_ask(w, SILENT, 60);
	assert_int_equal(r->status, 0);
	assert_non_null(strstr(r->text, "imed out"));
	assert_false(r->refused);
	r = http_world_ask(w, SLOW_HEADERS, 100);
	assert_int_equal(r->status, 0);
	assert_non_null(strstr(r->text, "imed out"));
}

static void
test_an_answer_without_end_is_cut(void **state)
{
	struct http_world *w = *state;
	const struct http_result *r;

	r = http_world_ask(w, ENDLESS_BODY, 0);
	assert_int_equal(r->status, 200);
	assert_string_equal(r->text, "");
	/* 64 KB were read, and what the sockets held; not a gigabyte. */
	assert_true(server_chunks(w->server) < 2000);
	r = http_world_ask(w, ENDLESS_HEADERS, 0);
	assert_int_equal(r->status, 0);
	assert_string_not_equal(r->text, "");
}

static void
test_a_complete_header_counts_whatever_happens_to_the_body(void **state)
{
	struct http_world *w = *state;

	assert_int_equal(http_world_ask(w, BODY_CUT, 0)->status, 202);
	assert_string_equal(w->result[0].text, "");
	assert_int_equal(http_world_ask(w, BODY_NEVER, 60)->status, 500);
}

static void
test_a_connection_that_dies_is_no_answer(void **state)
{
	struct http_world *w = *state;
	const enum mode modes[] = {CLOSE, RESET, GARBAGE};

	for (size_t i = 0; i < 3; i++) {
		const struct http_result *r = http_world_ask(w, modes[i], 0);

		assert_int_equal(r->status, 0);
		assert_string_not_equal(r->text, "");
		assert_false(r->refused);
	}
	assert_int_equal(http_world_ask(w, OK, 0)->status, 200);
}

static void
test_one_hanging_receiver_does_not_delay_another_request(void **state)
{
	struct http_world *w = *state;
	struct prefix allow;

	assert_int_equal(prefix_parse("127.0.0.0/8", &allow), 0);
	server_mode(w->server, SILENT);
	for (int i = 0; i < 8; i++)
		http_world_start(w, "http://127.0.0.1:%u/hang",
		    (struct http_post){.allow = &allow,
			.n_allow = 1,
			.http = true,
			.timeout_ms = 60000});
	w->n_wanted = 0;
	assert_int_equal(http_world_ask(w, OK, 1000)->status, 200);
	/* And the hanging ones are dropped by tear_down(), uncalled. */
}

static void
test_plain_http_and_other_protocols_need_a_flag_or_are_never_used(void **state)
{
	struct http_world *w = *state;
	const char *const urls[] = {"http://127.0.0.1:%u/",
	    "ftp://127.0.0.1:%u/", "gopher://127.0.0.1:%u/",
	    "dict://127.0.0.1:%u/", "file:///etc/passwd",
	    "telnet://127.0.0.1:%u/", "ldap://127.0.0.1:%u/", "http://",
	    "https://[::1:%u/", "", "https://exa mple:%u/"};
	struct prefix allow[2];

	assert_int_equal(prefix_parse("0.0.0.0/0", &allow[0]), 0);
	assert_int_equal(prefix_parse("::/0", &allow[1]), 0);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		http_world_start(w, urls[i],
		    (struct http_post){
			.allow = allow, .n_allow = 2, .http = i > 0});
	http_world_finish(w);
	for (size_t i = 0; i < w->n_ended; i++) {
		assert_int_equal(w->result[i].status, 0);
		assert_string_not_equal(w->result[i].text, "");
	}
	assert_int_equal(server_connects(w->server), 0);
}

static void
test_https_to_a_server_without_tls_fails(void **state)
{
	struct http_world *w = *state;
	struct prefix allow;

	assert_int_equal(prefix_parse("127.0.0.0/8", &allow), 0);
	http_world_start(w, "https://127.0.0.1:%u/",
	    (struct http_post){
		.allow = &allow, .n_allow = 1, .timeout_ms = 100});
	http_world_finish(w);
	assert_int_equal(w->result[0].status, 0);
	assert_int_equal(server_requests(w->server), 0);
}

/* --- lifetime --- */

static size_t
n_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void
test_free_with_transfers_open_calls_nobody_and_leaves_nothing(void **state)
{
	struct http_world *w = *state;
	size_t before;
	struct prefix allow;

	http_free(w->http);
	w->http = NULL;
	before = n_descriptors();
	w->http = http_new(w->loop);
	assert_int_equal(prefix_parse("127.0.0.0/8", &allow), 0);
	/* Some begun, some not yet; an ended one stops the loop. */
	server_mode(w->server, SILENT);
	for (int i = 0; i < 5; i++)
		http_world_start(w, "http://127.0.0.1:%u/hang",
		    (struct http_post){
			.allow = &allow, .n_allow = 1, .http = true});
	w->n_wanted = 1;
	http_world_start(
	    w, "http://10.0.0.1:%u/", (struct http_post){.http = true});
	w->n_wanted = 1;
	http_world_finish(w);
	http_world_start(w, "http://127.0.0.1:%u/hang",
	    (struct http_post){.allow = &allow, .n_allow = 1, .http = true});
	http_free(w->http);
	w->http = NULL;
	server_hang_up(w->server);
	assert_int_equal(w->n_ended, 1);
	assert_int_equal(n_descriptors(), before);
}

static void
test_an_owner_may_free_it_from_its_callback(void **state)
{
	struct http_world *w = *state;
	struct prefix allow;

	assert_int_equal(prefix_parse("127.0.0.0/8", &allow), 0);
	w->free_inside = true;
	for (int i = 0; i < 5; i++)
		http_world_start(w, "http://127.0.0.1:%u/",
		    (struct http_post){
			.allow = &allow, .n_allow = 1, .http = true});
	w->n_wanted = 1;
	http_world_finish(w);
	assert_int_equal(w->n_ended, 1);
	assert_null(w->http);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    f, http_world_set_up, http_world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_post_arrives_whole_with_its_headers_and_without_expect),
	    TEST(test_what_the_receiver_says_is_what_the_owner_hears),
	    TEST(test_a_redirect_is_an_answer_and_is_not_followed),
	    TEST(
		test_a_receiver_that_does_not_answer_is_left_after_the_timeout),
	    TEST(test_an_answer_without_end_is_cut),
	    TEST(test_a_complete_header_counts_whatever_happens_to_the_body),
	    TEST(test_a_connection_that_dies_is_no_answer),
	    TEST(test_one_hanging_receiver_does_not_delay_another_request),
	    TEST(
		test_plain_http_and_other_protocols_need_a_flag_or_are_never_used),
	    TEST(test_https_to_a_server_without_tls_fails),
	    TEST(test_free_with_transfers_open_calls_nobody_and_leaves_nothing),
	    TEST(test_an_owner_may_free_it_from_its_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
