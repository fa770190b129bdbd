/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * Nobody waits for what others do: names with other intervals, servers that
 * are dead, names that nobody answers for, a storm of changes.  Tried with the
 * real monitor over virtual time (load_world.h); lateness is what `status`
 * tells, from the planned time of a poll, its jitter added, until it is sent.
 */

#include <stdlib.h>
#include <string.h>

#define LOAD_WORLD_HERE
#include "load_world.c"

enum { HOUR_S = 3600, DAY_S = 86400 };

/* What is noted of the polls of a name; a try elsewhere is none of its own. */
struct noted {
	uint32_t n;
	mono_ns last;
	mono_ns gap; /* the longest between two */
};

static struct noted *noted;

static void
note(struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	struct noted *n = &noted[name];
	mono_ns now = loop_mono(w->loop);

	(void)server;
	if ((flags & (ASK_TCP | ASK_URGENT)) != 0)
		return;
	if (n->n > 0 && now - n->last > n->gap)
		n->gap = now - n->last;
	n->last = now;
	n->n++;
}

/* Intervals as people mix them. */
static struct load_world *
mixed(uint32_t n_names)
{
	static const struct {
		uint32_t share, every_s;
	} mix[] = {{5, 10}, {15, 60}, {30, 600}, {25, HOUR_S}, {25, DAY_S}};
	struct load_world *w = load_new(n_names);

	noted = calloc(n_names, sizeof(*noted));
	assert_non_null(noted);
	w->on_ask = note;
	for (uint32_t i = 0; i < n_names; i++) {
		uint32_t at = i % 100;
		unsigned k = 0;

		while (at >= mix[k].share)
			at -= mix[k++].share;
		w->names[i].every_s = mix[k].every_s;
	}
	return w;
}

static void
over(struct load_world *w)
{
	free(noted);
	noted = NULL;
	load_free(w);
}

/* Questions a second that are planned. */
static double
demand(const struct load_world *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->n_names; i++)
		sum += 1.0 / w->names[i].every_s;
	return sum;
}

/*
 * In so long, every plan of every name that answers had its poll; `again` were
 * asked once more, elsewhere.
 */
static void
assert_none_skipped(const struct load_world *w, double seconds, double again)
{
	for (uint32_t i = 0; i < w->n_names; i++) {
		double plans = seconds / w->names[i].every_s;

		if (w->names[i].silent)
			continue;
		if (noted[i].n + 2 < plans || noted[i].n > plans + 2 + again)
			fail_msg("n%u, every %u s: %u polls of %.1f, seed %llu",
			    i, w->names[i].every_s, noted[i].n, plans,
			    (unsigned long long)w->seed);
	}
}

/* One of a hundred polls may be later than that. */
static void
assert_late(struct load_world *w, double late_ms)
{
	double late = load_late_ms(w, 0.01);

	if (late > late_ms)
		fail_msg("late by %.0f ms, more than %.0f, seed %llu", late,
		    late_ms, (unsigned long long)w->seed);
}

/*
 * A day of intervals from 10 s to 1 d, four fifths of the server's rate used:
 * all polls of all of them, and none as late as the shortest interval.
 */
static void
test_in_a_day_of_mixed_intervals_none_is_late_or_skipped(void **state)
{
	struct load_world *w = mixed(1000);

	(void)state;
	w->servers[0].rate = (uint32_t)(demand(w) / 0.8) + 1;
	load_start(w);
	load_advance(w, MONO_S(DAY_S + HOUR_S));
	assert_none_skipped(w, DAY_S + HOUR_S, 0);
	assert_true(load_late_ms(w, 0) <= 10000);
	assert_late(w, 2000);
	over(w);
}

/*
 * Half of what is planned can be asked: each waits as long as any other, for
 * what is in front of it, and that is no more than all names once.
 */
static void
test_with_half_the_rate_each_interval_is_stretched_by_the_same(void **state)
{
	struct load_world *w = mixed(1000);
	mono_ns round;

	(void)state;
	w->servers[0].rate = (uint32_t)(demand(w) / 2);
	round = MONO_S(w->n_names) / w->servers[0].rate;
	load_start(w);
	load_advance(w, MONO_S(6 * HOUR_S));
	for (uint32_t i = 0; i < w->n_names; i++) {
		mono_ns every = MONO_S(w->names[i].every_s);
		mono_ns most = every + every / 20 + round + MONO_S(1);

		if (w->names[i].every_s > HOUR_S)
			continue; /* these are in the round all the same */
		if (noted[i].n < 2 || noted[i].gap > most)
			fail_msg("n%u, every %u s: %u polls, %.1f s apart, not "
				 "%.1f, seed %llu",
			    i, w->names[i].every_s, noted[i].n,
			    (double)noted[i].gap / 1e9, (double)most / 1e9,
			    (unsigned long long)w->seed);
	}
	assert_true(load_late_ms(w, 0) <= (double)round / 1e6 * 1.25 + 1000);
	over(w);
}

/*
 * Half of what is planned can be asked, so that planned polls always wait: new
 * names are asked all the same, and names that fail are asked again.
 */
static void
test_with_half_the_rate_new_and_failing_names_have_their_turns(void **state)
{
	struct load_world *w = mixed(1000);

	(void)state;
	w->servers[0].rate = (uint32_t)(demand(w) / 2);
	for (uint32_t i = 0; i < w->n_names; i++) {
		w->names[i].is_new = i % 20 == 7;
		w->names[i].silent = i % 20 == 3;
	}
	load_start(w);
	load_advance(w, MONO_S(6 * HOUR_S));
	assert_int_equal(monitor_progress(w->monitor).first_left, 0);
	for (uint32_t i = 0; i < w->n_names; i++) {
		if (w->names[i].silent && w->names[i].every_s <= 600 &&
		    noted[i].n < 10)
			fail_msg("silent n%u: %u polls, seed %llu", i,
			    noted[i].n, (unsigned long long)w->seed);
	}
	over(w);
}

/* Room comes for one question at a time, and others always wait for it. */
static void
test_what_fails_is_asked_again_where_each_token_is_waited_for(void **state)
{
	struct load_world *w = mixed(420);

	(void)state;
	w->servers[0].rate = 28; /* of 42 that are planned */
	for (uint32_t i = 0; i < w->n_names; i++) {
		w->names[i].every_s = 10;
		w->names[i].silent = i >= 400;
	}
	load_start(w);
	load_advance(w, MONO_S(600));
	for (uint32_t i = 0; i < w->n_names; i++) {
		if (noted[i].n < 600 / 30)
			fail_msg("n%u: %u polls, seed %llu", i, noted[i].n,
			    (unsigned long long)w->seed);
	}
	over(w);
}

/* 10,000 names at four servers, half of their rates used. */
static struct load_world *
four_servers(void)
{
	struct load_world *w = mixed(10000);

	w->n_servers = 4;
	for (uint8_t i = 0; i < 4; i++)
		w->servers[i].rate = (uint32_t)(demand(w) / 2);
	return w;
}

static void
test_a_dead_server_among_four_delays_nobody(void **state)
{
	struct load_world *w = four_servers();
	uint64_t asked;

	(void)state;
	w->servers[2].dead = true; /* from the beginning */
	load_start(w);
	load_advance(w, MONO_S(1200));
	assert_none_skipped(w, 1200, 10);
	assert_late(w, 1000);
	/* It is tried about once a second, to see it come back. */
	asked = w->servers[2].n_asked;
	load_advance(w, MONO_S(300));
	assert_in_range(w->servers[2].n_asked - asked, 20, 600);
	over(w);
}

static void
test_a_server_that_dies_and_returns_delays_nobody(void **state)
{
	struct load_world *w = four_servers();
	uint64_t asked;

	(void)state;
	load_start(w);
	load_advance(w, MONO_S(600));
	w->servers[1].dead = true;
	load_advance(w, MONO_S(600));
	w->servers[1].dead = false;
	load_advance(w, MONO_S(60));
	asked = w->servers[1].n_asked;
	load_advance(w, MONO_S(300));
	/* Its share is its own again: a quarter, so a sixth at least. */
	assert_true(
	    (double)(w->servers[1].n_asked - asked) > demand(w) * 300 / 6);
	assert_none_skipped(w, 1560, 10);
	assert_late(w, 1000);
	over(w);
}

/*
 * The rates are so many percent of what is planned; judged after five minutes,
 * when it is known which are silent.
 */
static void
silent_share(unsigned percent, unsigned rate_percent, double late_ms)
{
	struct load_world *w = four_servers();

	for (uint8_t i = 0; i < 4; i++)
		w->servers[i].rate =
		    (uint32_t)(demand(w) / 4 * rate_percent / 100);
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].silent = i * 7919 % 100 < percent;
	load_start(w);
	load_advance(w, MONO_S(300));
	memset(noted, 0, w->n_names * sizeof(*noted));
	load_advance(w, MONO_S(1200));
	assert_none_skipped(w, 1200, 0);
	assert_late(w, late_ms);
	/* The silent ones are asked on, and what became of them is kept. */
	assert_true(w->n_outages > 0);
	over(w);
}

static void
test_names_that_nobody_answers_for_delay_no_others(void **state)
{
	(void)state;
	silent_share(5, 200, 1000);
	silent_share(30, 200, 1000);
}

/*
 * What is silent costs three datagrams a question, so that all of it would
 * take more than what the others leave: it has its quarter and no more.
 */
static void
test_silent_names_take_a_quarter_of_a_short_rate(void **state)
{
	(void)state;
	silent_share(30, 115, 12000);
}

/*
 * Two thousand names recover at once.  The database takes less in a second
 * than what is to be told of them: what changes meanwhile does not wait for
 * that, all of which is told.
 */
static void
test_what_recovers_is_told_as_the_database_takes_it(void **state)
{
	struct load_world *w = load_new(10000);
	uint64_t events;

	(void)state;
	for (uint32_t i = 0; i < w->n_names; i++) {
		w->names[i].every_s = 10;
		w->names[i].silent = i % 5 == 3;
	}
	load_start(w);
	load_advance(w, MONO_S(600));
	assert_int_equal(w->n_events, 2000); /* `failing` */
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].silent = false;
	load_advance(w, MONO_S(59));
	assert_int_equal(w->n_events, 2000);
	w->commit_each = MONO_MS(20);
	w->most_waiting = 0;
	events = w->n_events;
	load_advance(w, MONO_S(5));
	assert_true(w->n_events > events);
	assert_true(w->n_events < events + 1000);
	load_advance(w, MONO_S(300));
	assert_int_equal(w->n_events, 4000);
	/* Of 256 names the event and that it was told; all: 3,500. */
	if (w->most_waiting > 600)
		fail_msg("%zu items waited at once, seed %llu", w->most_waiting,
		    (unsigned long long)w->seed);
	load_free(w);
}

static void
test_a_storm_of_changes_delays_no_poll(void **state)
{
	struct load_world *w = load_new(10000);
	uint64_t before;

	(void)state;
	noted = calloc(w->n_names, sizeof(*noted));
	assert_non_null(noted);
	w->on_ask = note;
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].every_s = 10;
	w->n_servers = 2;
	w->servers[0].rate = w->servers[1].rate = 1000;
	load_start(w);
	load_advance(w, MONO_S(60));
	before = w->servers[0].n_asked + w->servers[1].n_asked;
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].version = 1;
	load_advance(w, MONO_S(60));
	/* All of it is told, and cost more than the polls. */
	assert_int_equal(w->n_decided, w->n_names);
	assert_int_equal(monitor_progress(w->monitor).open, 0);
	assert_true(w->servers[0].n_asked + w->servers[1].n_asked - before >
		    6 * w->n_names);
	assert_none_skipped(w, 120, 0);
	assert_late(w, 1000);
	over(w);
}

static mono_ns decided_last[2]; /* of the others, and of owned names */

static void
note_decision(struct load_world *w, uint32_t name)
{
	decided_last[w->names[name].owned] = loop_mono(w->loop);
}

/* A storm at a short rate: the owned ones are inquired into first. */
static void
test_in_a_storm_owned_names_are_decided_first(void **state)
{
	struct load_world *w = load_new(8000);
	mono_ns begin;

	(void)state;
	w->on_decision = note_decision;
	w->n_servers = 2;
	for (uint32_t i = 0; i < w->n_names; i++) {
		w->names[i].every_s = 20;
		w->names[i].owned = i % 80 == 0;
	}
	w->servers[0].rate = w->servers[1].rate = 300;
	load_start(w);
	load_advance(w, MONO_S(60));
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].version = 1;
	begin = loop_mono(w->loop);
	load_advance(w, MONO_S(300));
	assert_int_equal(w->n_decided, w->n_names);
	/* The interval in which all are asked once, and some seconds. */
	assert_in_range((decided_last[1] - begin) / MONO_S(1), 10, 26);
	assert_true(decided_last[0] - begin > MONO_S(50));
	load_free(w);
}

static uint32_t n_confirming[LOAD_SERVERS_MAX];

static void
note_confirming(
    struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	(void)w;
	(void)name;
	n_confirming[server] += (flags & (ASK_TCP | ASK_URGENT)) != 0;
}

static void
test_a_storm_is_confirmed_by_all_servers_alike(void **state)
{
	struct load_world *w = load_new(4000);
	uint32_t sum = 0;

	(void)state;
	w->on_ask = note_confirming;
	w->n_servers = 4;
	for (uint8_t i = 0; i < 4; i++)
		w->servers[i].rate = 500;
	load_start(w);
	load_advance(w, MONO_S(60));
	memset(n_confirming, 0, sizeof(n_confirming));
	for (uint32_t i = 0; i < w->n_names; i++)
		w->names[i].version = 1;
	load_advance(w, MONO_S(120));
	assert_int_equal(w->n_decided, w->n_names);
	for (uint8_t i = 0; i < 4; i++)
		sum += n_confirming[i];
	assert_true(sum >= w->n_names);
	for (uint8_t i = 0; i < 4; i++)
		assert_in_range(n_confirming[i], sum / 5, sum / 3);
	load_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_in_a_day_of_mixed_intervals_none_is_late_or_skipped),
	    cmocka_unit_test(
		test_with_half_the_rate_each_interval_is_stretched_by_the_same),
	    cmocka_unit_test(
		test_with_half_the_rate_new_and_failing_names_have_their_turns),
	    cmocka_unit_test(
		test_what_fails_is_asked_again_where_each_token_is_waited_for),
	    cmocka_unit_test(test_a_dead_server_among_four_delays_nobody),
	    cmocka_unit_test(test_a_server_that_dies_and_returns_delays_nobody),
	    cmocka_unit_test(
		test_names_that_nobody_answers_for_delay_no_others),
	    cmocka_unit_test(test_silent_names_take_a_quarter_of_a_short_rate),
	    cmocka_unit_test(
		test_what_recovers_is_told_as_the_database_takes_it),
	    cmocka_unit_test(test_a_storm_of_changes_delays_no_poll),
	    cmocka_unit_test(test_in_a_storm_owned_names_are_decided_first),
	    cmocka_unit_test(test_a_storm_is_confirmed_by_all_servers_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
