/* SPDX-License-Identifier: ISC */
/* room: alert */

/*
 * At least once, in order per name, for days, and no sink waits for another
 * (R30, R31, W-F13, G11): tried over virtual time, against an outbox in memory
 * that checks its own contract at every call, and receivers that answer by
 * rule.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/log.h"
#include "base/rand.h"
#include "config/config.h"

#define FAKE_LOOP_HERE
#include "fake_loop.c"
#define FAKE_OUTBOX_HERE
#include "fake_outbox.c"

enum { SINKS_MAX = 12 };

struct http_world {
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct alert *alert;
	struct config config;
	struct config_sink sinks[SINKS_MAX];
	char names[SINKS_MAX][8];
	struct meets meets; /* of sink s0; others answer 200 at once */
	const char *only;   /* if set, only posts about this name meet it */
	bool chaos;
	wall_us back_at; /* s0 works from then on; 0: never */
};

static struct meets
meet(void *ctx, const struct row *row)
{
	struct http_world *w = ctx;
	struct meets fine = {.status = 200, .delay = MONO_MS(10)};
	uint32_t dice = rand_below(100);

	if (w->chaos && dice < 30)
		return (struct meets){.status = 500, .delay = MONO_MS(5)};
	if (w->chaos && dice < 40)
		return (struct meets){.delay = MONO_MS(ALERT_TIMEOUT_MS)};
	if (strcmp(row->sink, "s0") != 0 || w->meets.delay == 0)
		return fine;
	if (w->only != NULL && strcmp(w->only, row->name) != 0)
		return fine;
	if (w->back_at != 0 && loop_wall(w->loop) >= w->back_at)
		return fine;
	return w->meets;
}

static void
begin(struct http_world *w, size_t n_sinks, bool once)
{
	static uint8_t secret[24];

	for (size_t i = 0; i < n_sinks; i++) {
		snprintf(w->names[i], sizeof(w->names[i]), "s%zu", i);
		w->sinks[i].name = w->names[i];
		w->sinks[i].url = w->names[i];
		w->sinks[i].secret = secret;
		w->sinks[i].secret_size = sizeof(secret);
	}
	w->config.sinks = w->sinks;
	w->config.n_sinks = n_sinks;
	w->alert = alert_new(w->loop, w->store, w->http, &w->config, once);
	assert_non_null(w->alert);
}

static int
set_up(void **state)
{
	struct http_world *w = calloc(1, sizeof(*w));

	rand_seed(7);
	log_open(0); /* failures are what these tests make */
	w->loop = loop_new();
	w->store = fake_store_new(w->loop);
	w->http = fake_http_new(w->store, meet, w);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct http_world *w = *state;

	alert_free(w->alert);
	fake_http_free(w->http);
	fake_store_free(w->store);
	assert_int_equal(fake_loop_n_watchers(w->loop), 0);
	loop_free(w->loop);
	free(w);
	return 0;
}

static struct row *
add(struct http_world *w, const char *sink, const char *name)
{
	struct row *row = fake_store_add(w->store, sink, name);

	alert_poke(w->alert);
	return row;
}

static void
hours(struct http_world *w, unsigned n)
{
	fake_loop_advance(w->loop, MONO_S(3600) * n);
}

static void
test_a_delivery_arrives_at_once_with_the_time_of_its_attempt(void **state)
{
	struct http_world *w = *state;
	struct alert_sink_status status;
	struct row *row;

	begin(w, 1, false);
	fake_loop_advance(w->loop, MONO_S(10));
	row = add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_MS(50));
	assert_int_equal(row->end, DELIVERY_DONE);
	assert_int_equal(row->status, 200);
	assert_int_equal(w->http->seen[0].timestamp_s,
	    (FAKE_LOOP_WALL + WALL_S(10)) / WALL_S(1));
	fake_loop_advance(w->loop, MONO_S(2));
	status = alert_sink_status(w->alert, 0);
	assert_string_equal(status.name, "s0");
	assert_int_equal(status.delivered, 1);
	assert_int_equal(status.waiting, 0);
	assert_int_equal(status.last_status, 200);
	assert_true(alert_is_idle(w->alert));
}

static void
test_a_row_that_nobody_poked_for_is_found_within_a_minute(void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	hours(w, 1);
	assert_true(w->store->n_looks <= 61);
	row = fake_store_add(w->store, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(61));
	assert_int_equal(row->end, DELIVERY_DONE);
}

/* G11: 30 % errors, 10 % timeouts; fake_outbox.c checks order at each post. */
static void
test_R30_under_chaos_all_arrives_in_order_per_name(void **state)
{
	struct http_world *w = *state;
	char name[16];

	begin(w, 2, false);
	w->chaos = true;
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "n%d.", i % 40);
		add(w, i % 2 ? "s0" : "s1", name);
		if (i % 10 == 0)
			fake_loop_advance(w->loop, MONO_MS(700));
		assert_true(
		    w->http->n_open_most <= 2 * (size_t)ALERT_SINK_OPEN_MAX);
	}
	hours(w, 20);
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 600);
	assert_true(w->http->n_open_most > ALERT_SINK_OPEN_MAX);
}

static void
test_a_hanging_sink_delays_no_other(void **state)
{
	struct http_world *w = *state;

	begin(w, SINKS_MAX, false);
	w->meets = (struct meets){.delay = MONO_MS(ALERT_TIMEOUT_MS)};
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d.", i);
		add(w, "s0", name);
		for (int k = 1; k < SINKS_MAX; k++)
			add(w, w->names[k], name);
	}
	fake_loop_advance(w->loop, MONO_S(2));
	assert_int_equal(
	    fake_store_count(w->store, DELIVERY_DONE), 50 * (SINKS_MAX - 1));
}

/* Gaps between the attempts of a row against the pauses, in seconds. */
static void
assert_gaps(struct http_world *w, const struct row *row, const uint32_t *pauses,
    size_t n)
{
	mono_ns last = 0;
	size_t k = 0;
	bool jitter = false;

	for (size_t i = 0; i < w->http->n_seen && k <= n; i++) {
		const struct seen *seen = &w->http->seen[i];

		if (seen->row != row)
			continue;
		if (last != 0) {
			mono_ns gap = seen->at - last;
			mono_ns pause = MONO_S(pauses[k - 1]);

			if (gap < pause || gap > pause * 5 / 4 + MONO_S(31))
				fail_msg("gap %zu is %lld s, not %u", k,
				    (long long)(gap / 1000000000),
				    pauses[k - 1]);
			jitter = jitter || gap > pause + MONO_S(3);
		}
		last = seen->ended;
		k++;
	}
	assert_true(k > n);
	assert_true(jitter);
}

static void
test_pauses_of_a_failing_sink_grow_with_jitter(void **state)
{
	static const uint32_t pauses[] = {5, 30, 120, 600, 900, 900, 900};
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	w->meets = (struct meets){.status = 500, .delay = MONO_MS(5)};
	row = add(w, "s0", "a.");
	hours(w, 3);
	assert_gaps(w, row, pauses, 7);
	assert_string_equal(row->error, "HTTP 500");
	assert_int_equal(alert_sink_status(w->alert, 0).waiting, 1);
	assert_int_equal(
	    alert_sink_status(w->alert, 0).oldest_waiting, row->created);
	assert_string_equal(
	    alert_sink_status(w->alert, 0).last_error, "HTTP 500");
}

static void
test_one_poisonous_delivery_waits_for_hours_and_holds_only_its_name(
    void **state)
{
	static const uint32_t pauses[] = {
	    5, 30, 120, 600, 1800, 3600, 7200, 18000, 18000};
	struct http_world *w = *state;
	struct row *poison;
	char name[16];

	begin(w, 1, false);
	w->meets = (struct meets){.status = 400, .delay = MONO_MS(5)};
	w->only = "poison.";
	poison = add(w, "s0", "poison.");
	add(w, "s0", "poison.");
	for (int i = 0; i < 60 * 16; i++) {
		snprintf(name, sizeof(name), "n%d.", i);
		add(w, "s0", name);
		fake_loop_advance(w->loop, MONO_S(60));
	}
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 60 * 16);
	assert_gaps(w, poison, pauses, 8);
	assert_int_equal(fake_http_count(w->http, poison + 1), 0);
	w->only = "nobody.";
	hours(w, 7);
	assert_int_equal(poison->end, DELIVERY_DONE);
	assert_int_equal(poison[1].end, DELIVERY_DONE);
	assert_true(poison[1].ended > poison->ended);
}

static void
test_retry_after_holds_the_whole_sink(void **state)
{
	struct http_world *w = *state;

	begin(w, 1, false);
	w->meets = (struct meets){
	    .status = 429, .retry_after_s = 1000, .delay = MONO_MS(5)};
	add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	assert_int_equal(w->http->n_seen, 1);
	add(w, "s0", "b.");
	fake_loop_advance(w->loop, MONO_S(998));
	assert_int_equal(w->http->n_seen, 1);
	w->meets.delay = 0;
	fake_loop_advance(w->loop, MONO_S(300));
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 2);
}

static void
test_a_delivery_is_dead_after_three_days_and_not_before(void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	w->meets = (struct meets){.delay = MONO_MS(ALERT_TIMEOUT_MS)};
	row = add(w, "s0", "a.");
	hours(w, 71);
	assert_int_equal(row->end, DELIVERY_WAITING);
	hours(w, 2);
	assert_int_equal(row->end, DELIVERY_DEAD);
	assert_true(row->ended - row->created >= WALL_S(3 * 86400));
	assert_non_null(strstr(row->error, "gave up after"));
	assert_non_null(strstr(row->error, "HTTP 0"));
	assert_int_equal(alert_sink_status(w->alert, 0).dead, 1);
	/* The next of its name has its turn. */
	w->meets.delay = 0;
	row = add(w, "s0", "a.");
	hours(w, 1);
	assert_int_equal(row->end, DELIVERY_DONE);
}

static void
test_after_a_long_stop_a_delivery_does_not_die_of_its_first_failure(
    void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	fake_loop_advance(w->loop, MONO_S(5));
	row = add(w, "s0", "a.");
	fake_loop_step_wall(w->loop, WALL_S(10 * 86400));
	w->meets = (struct meets){.status = 503, .delay = MONO_MS(5)};
	w->back_at = loop_wall(w->loop) + WALL_S(30 * 60);
	hours(w, 1);
	assert_int_equal(row->end, DELIVERY_DONE);
	assert_in_range(row->attempt, 4, ALERT_TRIES_MIN);
}

static void
test_a_wall_clock_that_goes_back_a_day_delays_nothing_new(void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	fake_loop_step_wall(w->loop, -WALL_S(86400));
	row = add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	assert_int_equal(row->end, DELIVERY_DONE);
}

static void
test_gone_is_tried_every_five_hours_until_it_is_dead(void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	w->meets = (struct meets){.status = 410, .delay = MONO_MS(5)};
	row = add(w, "s0", "a.");
	for (int i = 0; i < 100; i++) {
		add(w, "s0", "b.");
		hours(w, 1);
	}
	assert_int_equal(row->end, DELIVERY_DEAD);
	assert_in_range(w->http->n_seen, 15, 41);
	/* Another URL, or the same again: tried at the reload. */
	w->meets.delay = 0;
	alert_config(w->alert, &w->config);
	add(w, "s0", "c.");
	hours(w, 6);
	assert_int_equal(fake_store_count(w->store, DELIVERY_WAITING), 0);
}

static void
test_a_failing_sink_is_probed_by_one_delivery_at_a_time(void **state)
{
	struct http_world *w = *state;
	char name[16];
	size_t first;

	begin(w, 1, false);
	w->meets = (struct meets){.delay = MONO_MS(ALERT_TIMEOUT_MS)};
	w->back_at = FAKE_LOOP_WALL + WALL_S(12 * 3600);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d.", i);
		add(w, "s0", name);
	}
	fake_loop_advance(w->loop, MONO_S(22));
	first = w->http->n_seen;
	assert_int_equal(first, ALERT_SINK_OPEN_MAX);
	w->http->n_open_most = 0;
	hours(w, 11);
	assert_int_equal(w->http->n_open_most, 1);
	assert_in_range(w->http->n_seen - first, 100, 200);
	hours(w, 2);
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 300);
	for (size_t i = 0; i < w->store->n_rows; i++)
		assert_true(
		    w->store->rows[i].ended < w->back_at + WALL_S(25 * 60));
}

static void
test_an_idle_outbox_and_a_blocked_one_are_not_asked_all_the_time(void **state)
{
	struct http_world *w = *state;
	unsigned claims;

	begin(w, 1, false);
	/* Due, and blocked for two hours by the first of its name. */
	fake_store_add(w->store, "s0", "a.")->due += WALL_S(7200);
	add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(60));
	claims = w->store->n_claims;
	hours(w, 1);
	assert_true(w->store->n_claims - claims < 125);
	assert_true(w->store->n_looks < 250);
	hours(w, 1);
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 2);
}

/* --- once --- */

static bool
is_idle(void *ctx)
{
	return alert_is_idle(((struct http_world *)ctx)->alert);
}

static void
test_once_tries_each_exactly_once_whatever_fails(void **state)
{
	struct http_world *w = *state;
	char name[16];

	begin(w, 2, true);
	assert_false(alert_is_idle(w->alert));
	w->meets = (struct meets){.status = 500, .delay = MONO_MS(5)};
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%d.", i % 20);
		add(w, i < 20 ? "s0" : "s1", name);
	}
	assert_true(fake_loop_run_until(w->loop, is_idle, w, MONO_S(5)));
	assert_int_equal(w->http->n_seen, 40);
	assert_int_equal(fake_store_count(w->store, DELIVERY_DONE), 20);
	/* The pass goes on, and its pokes with it. */
	for (int i = 0; i < 60; i++) {
		alert_poke(w->alert);
		fake_loop_advance(w->loop, MONO_S(5));
	}
	assert_int_equal(w->http->n_seen, 40);
	assert_true(alert_is_idle(w->alert));
	/* Behind rows that are due again and have had their attempt. */
	fake_loop_advance(w->loop, MONO_S(120));
	add(w, "s0", "late.");
	assert_false(alert_is_idle(w->alert));
	assert_true(fake_loop_run_until(w->loop, is_idle, w, MONO_S(5)));
	assert_int_equal(w->http->n_seen, 41);
}

static void
test_once_without_rows_is_idle_soon(void **state)
{
	struct http_world *w = *state;

	begin(w, 1, true);
	assert_true(fake_loop_run_until(w->loop, is_idle, w, MONO_S(1)));
	assert_int_equal(w->http->n_seen, 0);
}

/* --- the store --- */

static void
test_a_store_that_is_away_delays_and_loses_nothing(void **state)
{
	struct http_world *w = *state;
	unsigned claims;
	struct row *row;

	begin(w, 1, false);
	w->store->err = ERR_DATABASE;
	row = add(w, "s0", "a.");
	hours(w, 1);
	claims = w->store->n_claims;
	assert_in_range(claims, 10, 130);
	assert_int_equal(w->http->n_seen, 0);
	w->store->err = 0;
	fake_loop_advance(w->loop, MONO_S(31));
	assert_int_equal(row->end, DELIVERY_DONE);
}

static void
test_a_restart_takes_up_what_was_open_and_what_waits(void **state)
{
	struct http_world *w = *state;
	struct row *open;
	struct row *waits;

	begin(w, 1, false);
	w->meets = (struct meets){.status = 500, .delay = MONO_MS(5)};
	waits = add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	w->meets = (struct meets){.delay = MONO_S(15)};
	open = add(w, "s0", "b.");
	fake_loop_advance(w->loop, MONO_S(1));
	assert_int_equal(w->http->n_open, 1);
	alert_free(w->alert);
	assert_int_equal(w->http->n_open, 0);
	fake_store_restart(w->store);
	w->meets.delay = 0;
	begin(w, 1, false);
	fake_loop_advance(w->loop, MONO_S(10));
	assert_int_equal(open->end, DELIVERY_DONE);
	assert_int_equal(waits->end, DELIVERY_DONE);
	/* Once and for good, in the order of the first release. */
	assert_int_equal(waits->sink_seq, 1);
	assert_int_equal(open->sink_seq, 2);
	assert_int_equal(open->prev_sink_seq, 1);
}

static void
test_free_while_the_store_still_has_calls_is_clean(void **state)
{
	struct http_world *w = *state;

	begin(w, 3, false);
	w->store->silent = true;
	add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	assert_non_null(w->store->calls);
	alert_free(w->alert);
	w->alert = NULL;
	/* tear_down() lets the store answer. */
}

static void
test_what_cannot_be_posted_waits_like_a_failure(void **state)
{
	struct http_world *w = *state;
	struct row *row;

	begin(w, 1, false);
	w->http->err = ERR_HTTP;
	row = add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	assert_int_equal(row->attempt, 1);
	assert_non_null(strstr(row->error, "not sent"));
	w->http->err = 0;
	fake_loop_advance(w->loop, MONO_S(10));
	assert_int_equal(row->end, DELIVERY_DONE);
}

/* --- configuration --- */

static void
test_a_removed_sink_keeps_its_rows_until_it_is_back(void **state)
{
	struct http_world *w = *state;
	struct row *open;
	struct row *waits;

	begin(w, 2, false);
	fake_loop_advance(w->loop, MONO_S(1));
	w->config.n_sinks = 2;
	w->meets = (struct meets){.status = 200, .delay = MONO_S(5)};
	open = add(w, "s0", "a.");
	fake_loop_advance(w->loop, MONO_S(1));
	/* s1 alone stays; the open post of s0 comes to its end. */
	w->config.sinks = w->sinks + 1;
	w->config.n_sinks = 1;
	alert_config(w->alert, &w->config);
	waits = add(w, "s0", "b.");
	hours(w, 1);
	assert_int_equal(open->end, DELIVERY_DONE);
	assert_int_equal(waits->end, DELIVERY_WAITING);
	assert_int_equal(fake_http_count(w->http, waits), 0);
	assert_int_equal(alert_n_sinks(w->alert), 1);
	assert_string_equal(alert_sink_status(w->alert, 0).name, "s1");
	w->config.sinks = w->sinks;
	w->config.n_sinks = 2;
	alert_config(w->alert, &w->config);
	fake_loop_advance(w->loop, MONO_S(6));
	assert_int_equal(waits->end, DELIVERY_DONE);
	assert_int_equal(alert_n_sinks(w->alert), 2);
}

/* R28: to the second, also where two silences end one after the other, and
 * where one is taken out by a reload. */
static void
test_R28_what_a_silence_holds_goes_when_it_ends(void **state)
{
	static char first[] = "first";
	static char second[] = "second";
	struct http_world *w = *state;
	struct config_silence silences[2] = {
	    {.name = first, .until = FAKE_LOOP_WALL + WALL_S(100)},
	    {.name = second, .until = FAKE_LOOP_WALL + WALL_S(3600)},
	};
	struct row *rows[2];

	w->config.silences = silences;
	w->config.n_silences = 2;
	begin(w, 1, false);
	for (int i = 0; i < 2; i++) {
		rows[i] = add(w, "s0", i == 0 ? "a." : "b.");
		rows[i]->end = DELIVERY_HELD;
		snprintf(rows[i]->held_by, sizeof(rows[i]->held_by), "%s",
		    silences[i].name);
	}
	fake_loop_advance(w->loop, MONO_S(98));
	assert_int_equal(rows[0]->end, DELIVERY_HELD);
	assert_int_equal(alert_sink_status(w->alert, 0).held, 2);
	fake_loop_advance(w->loop, MONO_S(5));
	assert_int_equal(rows[0]->end, DELIVERY_DONE);
	assert_int_equal(rows[1]->end, DELIVERY_HELD);
	fake_loop_advance(w->loop, MONO_S(600));
	assert_int_equal(rows[1]->end, DELIVERY_HELD);
	w->config.n_silences = 1;
	alert_config(w->alert, &w->config);
	fake_loop_advance(w->loop, MONO_S(3));
	assert_int_equal(rows[1]->end, DELIVERY_DONE);
	assert_int_equal(rows[1]->sink_seq, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_delivery_arrives_at_once_with_the_time_of_its_attempt),
	    TEST(test_a_row_that_nobody_poked_for_is_found_within_a_minute),
	    TEST(test_R30_under_chaos_all_arrives_in_order_per_name),
	    TEST(test_a_hanging_sink_delays_no_other),
	    TEST(test_pauses_of_a_failing_sink_grow_with_jitter),
	    TEST(
		test_one_poisonous_delivery_waits_for_hours_and_holds_only_its_name),
	    TEST(test_retry_after_holds_the_whole_sink),
	    TEST(test_a_delivery_is_dead_after_three_days_and_not_before),
	    TEST(
		test_after_a_long_stop_a_delivery_does_not_die_of_its_first_failure),
	    TEST(test_a_wall_clock_that_goes_back_a_day_delays_nothing_new),
	    TEST(test_gone_is_tried_every_five_hours_until_it_is_dead),
	    TEST(test_a_failing_sink_is_probed_by_one_delivery_at_a_time),
	    TEST(
		test_an_idle_outbox_and_a_blocked_one_are_not_asked_all_the_time),
	    TEST(test_once_tries_each_exactly_once_whatever_fails),
	    TEST(test_once_without_rows_is_idle_soon),
	    TEST(test_a_store_that_is_away_delays_and_loses_nothing),
	    TEST(test_a_restart_takes_up_what_was_open_and_what_waits),
	    TEST(test_free_while_the_store_still_has_calls_is_clean),
	    TEST(test_what_cannot_be_posted_waits_like_a_failure),
	    TEST(test_a_removed_sink_keeps_its_rows_until_it_is_back),
	    TEST(test_R28_what_a_silence_holds_goes_when_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
