/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Whether a server is left alone (W-F10), under virtual time: names that fail
 * say nothing about a server that answers the others, in whatever order their
 * failures come; a server that answers nothing any more is left alone, and
 * again and again until it does.
 */

#include <stdlib.h>

#include "base/rand.h"
#include "daemon/resolver/resolver_priv.h"
#include "unit.h"

enum { DEAD_AFTER = 16, ROUNDS = 500, NAMES = 200, BURST = 1000 };
#define BEGIN MONO_S(1000)

struct stage {
	struct server server;
	mono_ns now;
};

static void
stage_init(struct stage *t)
{
	*t = (struct stage){.now = BEGIN};
	assert_int_equal(addr_parse("192.0.2.1", 53, &t->server.addr), 0);
}

static void
end(struct stage *t, mono_ns took, uint8_t flags, enum fail fail)
{
	struct question q = {.asked = t->now - took, .flags = flags};

	server_ended(&t->server, &q, fail, t->now);
}

static void
assert_healthy(const struct stage *t)
{
	assert_int_equal(t->server.backoff_until, 0);
	assert_true(t->server.fails_running < DEAD_AFTER);
}

static const enum fail kinds[] = {
    FAIL_REFUSED, FAIL_SERVFAIL, FAIL_TIMEOUT, FAIL_LAME, FAIL_NETWORK};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* The failing twentieth of each round ends together, after the others. */
static void
test_WF10_a_twentieth_that_fails_together_is_no_fault_of_the_server(
    void **state)
{
	(void)state;
	for (unsigned k = 0; k < N_KINDS; k++) {
		struct stage t;

		stage_init(&t);
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint8_t flags = i > 0 ? ASK_FAILED : 0;

			for (unsigned n = 0; n < BURST * 19 / 20; n++) {
				t.now += MONO_MS(10);
				end(&t, MONO_MS(2), 0, FAIL_NOT);
			}
			t.now += MONO_MS(500);
			for (unsigned n = 0; n < BURST / 20; n++)
				end(&t, MONO_MS(5600), flags, kinds[k]);
			/* Their second attempts: all at once, here. */
			for (unsigned n = 0; n < BURST / 20; n++)
				end(&t, MONO_MS(2), flags | ASK_FAILED,
				    kinds[k]);
			assert_healthy(&t);
		}
	}
}

static void
test_WF10_a_twentieth_that_fails_at_random_is_no_fault_of_the_server(
    void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();
	struct stage t;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	stage_init(&t);
	end(&t, MONO_MS(2), 0, FAIL_NOT);
	for (unsigned i = 0; i < ROUNDS * NAMES; i++) {
		enum fail fail = kinds[rand_below(N_KINDS)];

		t.now += MONO_MS(rand_below(200));
		if (rand_below(20) > 0)
			end(&t, MONO_MS(2), 0, FAIL_NOT);
		else if (rand_below(2) == 0)
			end(&t, MONO_MS(5600), 0, fail);
		else
			end(&t, MONO_MS(2), ASK_FAILED, fail);
		assert_healthy(&t);
	}
}

/* Few names are asked often and always fail; the rest is asked once an hour. */
static void
test_WF10_the_same_few_failing_names_are_no_fault_of_the_server(void **state)
{
	struct stage t;

	(void)state;
	stage_init(&t);
	for (unsigned i = 0; i < ROUNDS; i++) {
		t.now += MONO_S(300);
		end(&t, MONO_MS(2), 0, FAIL_NOT);
		for (unsigned n = 0; n < 30; n++) {
			t.now += MONO_S(9);
			end(&t, MONO_MS(2), ASK_FAILED, FAIL_REFUSED);
		}
		assert_healthy(&t);
	}
}

/* From when on it is left alone, if it fails all that is asked; -1: never. */
static mono_ns
left_alone_after(struct stage *t, enum fail fail, uint8_t flags)
{
	mono_ns begin = t->now;

	while (t->server.backoff_until == 0 && t->now < begin + MONO_S(3600)) {
		t->now += MONO_MS(50);
		end(t, MONO_MS(2), flags, fail);
	}
	return t->server.backoff_until == 0 ? -1 : t->now - begin;
}

static void
test_WF10_failing_again_is_left_alone_again(void **state)
{
	struct stage t;
	mono_ns after;

	(void)state;
	stage_init(&t);
	for (unsigned i = 0; i < 20; i++) {
		end(&t, MONO_MS(2), 0, FAIL_NOT);
		assert_healthy(&t);
		after = left_alone_after(
		    &t, i % 2 == 0 ? FAIL_REFUSED : FAIL_SERVFAIL, 0);
		assert_true(after > 0 && after < MONO_S(6));
		/* The probes: each error doubles it. */
		for (mono_ns length = MONO_S(1); length < MONO_S(300);
		     length = t.server.backoff) {
			assert_int_equal(t.server.backoff, length);
			t.now = t.server.backoff_until + MONO_MS(2);
			t.server.probing = true;
			end(&t, MONO_MS(2), ASK_FAILED, FAIL_SERVFAIL);
			assert_true(t.server.backoff_until > t.now);
		}
		assert_int_equal(t.server.backoff, MONO_S(300));
		t.now = t.server.backoff_until + MONO_MS(2);
		t.server.probing = true;
	}
}

/* When all that is left are names that failed before: it takes longer. */
static void
test_WF10_where_all_fail_for_long_the_server_is_left_alone(void **state)
{
	struct stage t;
	mono_ns after;

	(void)state;
	stage_init(&t);
	end(&t, MONO_MS(2), 0, FAIL_NOT);
	after = left_alone_after(&t, FAIL_REFUSED, ASK_FAILED);
	assert_true(after > MONO_S(600) && after < MONO_S(610));
}

static void
test_silence_counts_only_after_the_last_good_answer(void **state)
{
	struct stage t;

	(void)state;
	stage_init(&t);
	end(&t, MONO_MS(2), 0, FAIL_NOT);
	for (unsigned i = 0; i < 100; i++)
		end(&t, MONO_MS(5600), 0, FAIL_TIMEOUT);
	assert_int_equal(t.server.fails_running, 0);
	t.now += MONO_S(8);
	for (unsigned i = 0; i < 100; i++)
		end(&t, MONO_MS(5600), 0, FAIL_TIMEOUT);
	assert_int_equal(t.server.fails_running, 100);
	end(&t, MONO_MS(2), 0, FAIL_NOT);
	assert_int_equal(t.server.fails_running, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_WF10_a_twentieth_that_fails_together_is_no_fault_of_the_server),
	    cmocka_unit_test(
		test_WF10_a_twentieth_that_fails_at_random_is_no_fault_of_the_server),
	    cmocka_unit_test(
		test_WF10_the_same_few_failing_names_are_no_fault_of_the_server),
	    cmocka_unit_test(test_WF10_failing_again_is_left_alone_again),
	    cmocka_unit_test(
		test_WF10_where_all_fail_for_long_the_server_is_left_alone),
	    cmocka_unit_test(
		test_silence_counts_only_after_the_last_good_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
