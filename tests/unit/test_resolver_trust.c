/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Who is asked over TLS (RFC 8310, strict): who shows what the operator wants,
 * and nobody else, nothing, not in clear either (T13).
 */

#include <string.h>

#include "base/err.h"
#include "tls_world.h"
#include "unit.h"

static void
ask_many(struct world *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		world_ask(w, i, 0);
}

/* Nothing is asked, not in clear either, and the reason is this. */
static void
assert_untrusted(struct world *w, const char *why)
{
	struct resolver_health h;

	world_start(w, world_answer);
	ask_many(w, 3);
	world_run(w, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(w->answers[i].fail, FAIL_NETWORK);
		assert_int_equal(w->answers[i].size, 0);
	}
	assert_int_equal(hostile_n_tcp(w->server), 0);
	assert_int_equal(hostile_n_udp(w->server), 0);
	assert_int_equal(hostile_n_accepted(w->server), 1);
	h = resolver_health(w->resolver, 0);
	assert_true(h.unreachable);
	if (strstr(h.why, why) == NULL)
		fail_msg("`%s` instead of `%s`", h.why, why);
	/* It is left alone for a second. */
	assert_int_equal(world_try(w, 4, 0), ERR_FULL);
}

static void
test_T13_nothing_is_asked_of_another_name(void **state)
{
	tls_world_show(*state,
	    tls_cert_make(&tls_world.ca, "other.example", -TLS_DAY, TLS_DAY));
	assert_untrusted(*state, "hostname mismatch");
}

static void
test_nothing_is_asked_under_an_expired_certificate(void **state)
{
	tls_world_show(*state, tls_cert_make(&tls_world.ca, "dns.example",
				   -2 * TLS_DAY, -TLS_DAY));
	assert_untrusted(*state, "expired");
}

static void
test_nothing_is_asked_under_a_certificate_of_tomorrow(void **state)
{
	tls_world_show(*state,
	    tls_cert_make(&tls_world.ca, "dns.example", TLS_DAY, 2 * TLS_DAY));
	assert_untrusted(*state, "not yet valid");
}

static void
test_nothing_is_asked_under_a_certificate_that_signed_itself(void **state)
{
	tls_world_show(
	    *state, tls_cert_make(NULL, "dns.example", -TLS_DAY, TLS_DAY));
	assert_untrusted(*state, "self-signed");
}

static void
test_nothing_is_asked_under_another_authority(void **state)
{
	struct tls_cert other = tls_cert_make(NULL, NULL, -TLS_DAY, TLS_DAY);

	tls_world_show(
	    *state, tls_cert_make(&other, "dns.example", -TLS_DAY, TLS_DAY));
	/* It has the name of ours. */
	assert_untrusted(*state, "certificate signature failure");
	tls_cert_free(&other);
}

static void
test_the_systems_authorities_are_not_ours(void **state)
{
	tls_world.peer.ca = NULL;
	assert_untrusted(*state, "issuer");
}

static void
test_nothing_is_asked_of_another_key(void **state)
{
	tls_world.pin[0] ^= 1;
	tls_world.peer.pin = tls_world.pin;
	assert_untrusted(*state, "not the pinned one");
}

static void
test_nothing_is_asked_of_another_key_where_no_name_is_wanted(void **state)
{
	tls_world.pin[31] ^= 1;
	tls_world.peer.pin = tls_world.pin;
	tls_world_want(NULL);
	assert_untrusted(*state, "not the pinned one");
}

static void
test_name_and_pin_must_both_be_right(void **state)
{
	tls_world.peer.pin = tls_world.pin;
	tls_world_want("other.example");
	assert_untrusted(*state, "hostname mismatch");
}

static void
test_nothing_is_asked_by_an_old_version_of_tls(void **state)
{
	SSL_CTX_set_cipher_list(tls_world.context, "DEFAULT:@SECLEVEL=0");
	SSL_CTX_set_min_proto_version(tls_world.context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(tls_world.context, TLS1_1_VERSION);
	assert_untrusted(*state, "protocol");
}

static void
test_tls_1_2_will_do(void **state)
{
	struct world *w = *state;

	SSL_CTX_set_max_proto_version(tls_world.context, TLS1_2_VERSION);
	world_start(w, world_answer);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
	hostile_drop_all(w->server);
	world_ask(w, 2, 0);
	world_right(w, TRANSPORT_TLS);
	assert_int_equal(world_counters(w).tls_resumed, 1);
}

static void
test_a_server_without_tls_is_asked_nothing(void **state)
{
	struct world *w = *state;

	w->context = NULL;
	w->limits.tcp_timeout_ms = 100;
	world_start(w, world_answer);
	world_ask(w, 1, 0);
	world_run(w, 1);
	assert_int_not_equal(world_last(w)->fail, FAIL_NOT);
	assert_int_equal(hostile_n_tcp(w->server), 0);
	assert_int_equal(hostile_n_udp(w->server), 0);
}

static void
test_a_pinned_key_is_enough_whoever_signed_it_and_until_when(void **state)
{
	struct world *w = *state;
	struct tls_cert own =
	    tls_cert_make(NULL, "x.example", -2 * TLS_DAY, -TLS_DAY);

	tls_cert_pin(&own, tls_world.pin);
	tls_world_show(w, own);
	tls_world.peer.pin = tls_world.pin;
	tls_world.peer.ca = NULL;
	tls_world_want(NULL);
	world_start(w, world_answer);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
}

static void
test_name_and_pin_together(void **state)
{
	struct world *w = *state;

	tls_world.peer.pin = tls_world.pin;
	world_start(w, world_answer);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TLS);
}

static bool
has_room(const struct world *w)
{
	return w->n_rooms > 0;
}

static void
test_a_port_where_nobody_listens_is_left_alone_for_longer_and_longer(
    void **state)
{
	struct world *w = *state;
	mono_ns first;
	mono_ns second;

	world_start(w, world_answer);
	hostile_no_tcp(w->server);
	ask_many(w, 2);
	world_run(w, 2);
	assert_int_equal(w->answers[0].fail, FAIL_NETWORK);
	assert_int_equal(w->answers[1].fail, FAIL_NETWORK);
	first = world_last(w)->received;
	assert_int_equal(world_try(w, 3, 0), ERR_FULL);
	world_until(w, has_room);
	/* All that comes now shares the next attempt. */
	ask_many(w, 2);
	world_run(w, 4);
	second = world_last(w)->received;
	assert_int_equal(world_last(w)->fail, FAIL_NETWORK);
	assert_true(second - first >= MONO_MS(990));
	assert_true(resolver_health(w->resolver, 0).backoff_until - second >
		    MONO_MS(1900));
	assert_int_equal(hostile_n_udp(w->server), 0);
}

static void
test_a_server_that_was_mended_is_asked_again(void **state)
{
	struct world *w = *state;

	tls_world_show(w,
	    tls_cert_make(&tls_world.ca, "other.example", -TLS_DAY, TLS_DAY));
	assert_untrusted(w, "hostname mismatch");
	tls_world_show(
	    w, tls_cert_make(&tls_world.ca, "dns.example", -TLS_DAY, TLS_DAY));
	hostile_tls(w->server, w->context);
	world_until(w, has_room);
	world_ask(w, 5, 0);
	world_right(w, TRANSPORT_TLS);
	assert_false(resolver_health(w->resolver, 0).unreachable);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    name, tls_world_setup, tls_world_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_T13_nothing_is_asked_of_another_name),
	    T(test_nothing_is_asked_under_an_expired_certificate),
	    T(test_nothing_is_asked_under_a_certificate_of_tomorrow),
	    T(test_nothing_is_asked_under_a_certificate_that_signed_itself),
	    T(test_nothing_is_asked_under_another_authority),
	    T(test_the_systems_authorities_are_not_ours),
	    T(test_nothing_is_asked_of_another_key),
	    T(test_nothing_is_asked_of_another_key_where_no_name_is_wanted),
	    T(test_name_and_pin_must_both_be_right),
	    T(test_nothing_is_asked_by_an_old_version_of_tls),
	    T(test_tls_1_2_will_do),
	    T(test_a_server_without_tls_is_asked_nothing),
	    T(test_a_pinned_key_is_enough_whoever_signed_it_and_until_when),
	    T(test_name_and_pin_together),
	    T(test_a_port_where_nobody_listens_is_left_alone_for_longer_and_longer),
	    T(test_a_server_that_was_mended_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
