/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * The load that a large watchlist makes is even, and a restart is no burst.
 *
 * Promised: 100,000 names at an interval of a minute, all known, are asked
 * evenly from the moment of a restart on: no second has more than 120 % of
 * the mean or less than 80 %, and a question does not come at the same place of
 * its interval twice (schedule/spread.h, T16).  Tried with the real monitor
 * over virtual time, a database that knows all the names, and a server that
 * answers at once (load_world.h).
 */

#include <stdlib.h>

#include "schedule/spread.h"

#define LOAD_WORLD_HERE
#include "load_world.c"

enum {
	NAMES = 100000,
	EVERY_S = 60,
	ROUNDS = 4,
	SECONDS = ROUNDS * EVERY_S,
	RAMP_S = EVERY_S / 20, /* the jitter's: what was due at the start */
	MEAN = NAMES / EVERY_S
};

/* What is noted of the polls. */
struct notes {
	uint32_t asked[SECONDS + 1]; /* in each second since the start */
	uint32_t first_tick;         /* in its first tenth of a second */
	uint32_t *at[ROUNDS];        /* milliseconds since the start */
	uint8_t *n;                  /* polls of each name */
};

static struct notes notes;

static void
note(struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	mono_ns at = loop_mono(w->loop) - w->begin;

	(void)server;
	(void)flags;
	assert_true(at >= 0 && at / MONO_S(1) <= SECONDS);
	notes.asked[at / MONO_S(1)]++;
	notes.first_tick += at < MONO_MS(100);
	if (notes.n[name] < ROUNDS)
		notes.at[notes.n[name]++][name] = (uint32_t)(at / MONO_MS(1));
}

static int
setup(void **state)
{
	struct load_world *w = load_new(NAMES);

	w->on_ask = note;
	notes.n = calloc(NAMES, sizeof(*notes.n));
	assert_non_null(notes.n);
	for (int i = 0; i < ROUNDS; i++) {
		notes.at[i] = calloc(NAMES, sizeof(*notes.at[i]));
		assert_non_null(notes.at[i]);
	}
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	load_free(*state);
	for (int i = 0; i < ROUNDS; i++)
		free(notes.at[i]);
	free(notes.n);
	return 0;
}

static void
check_seconds(const struct load_world *w)
{
	for (unsigned i = 0; i < SECONDS; i++) {
		uint32_t n = notes.asked[i];

		if (n > MEAN * 12 / 10 || (i >= RAMP_S && n < MEAN * 8 / 10))
			fail_msg("second %u has %u questions of %u, seed %llu",
			    i, n, (unsigned)MEAN, (unsigned long long)w->seed);
	}
	/* 167 are due in a tenth of a second. */
	assert_true(notes.first_tick <= MEAN / 10 * 2);
}

/* Where the poll of a round stands in the interval, against the one before. */
static void
check_jitter(const struct load_world *w)
{
	uint32_t same = 0;
	int64_t apart = 0;

	for (uint32_t i = 0; i < NAMES; i++) {
		bool moved = false;

		assert_true(notes.n[i] >= ROUNDS - 1);
		for (int k = 1; k < notes.n[i]; k++) {
			int64_t by = (int64_t)notes.at[k][i] -
			             notes.at[k - 1][i] - EVERY_S * 1000;

			moved |= by != 0;
			apart += by < 0 ? -by : by;
			/* A twentieth of the interval, and a tick. */
			assert_true(by >= -3100 && by <= 3100);
		}
		same += !moved;
	}
	/* Three jitters of 31 places are the same once in a thousand. */
	if (same > NAMES / 100 || apart / NAMES < 1500)
		fail_msg("%u of %u never move, seed %llu", same,
		    (unsigned)NAMES, (unsigned long long)w->seed);
}

static void
test_a_restart_with_100000_names_is_no_burst_and_the_load_is_even(void **state)
{
	struct load_world *w = *state;
	struct monitor_progress p;

	load_start(w);
	load_advance(w, MONO_S(SECONDS));
	p = monitor_progress(w->monitor);
	assert_int_equal(p.questions, NAMES);
	assert_int_equal(p.first_left, 0);
	assert_int_equal(p.open, 0);
	assert_true(p.answered >= (ROUNDS - 1) * NAMES);
	assert_int_equal(p.asked, p.answered);
	assert_int_equal(w->n_written, 0);
	check_seconds(w);
	check_jitter(w);
}

/* ---- a load that takes long ---- */

enum { SLOW_NAMES = 6000, LOAD_S = 20, INTERVALS = 3 };

static const uint32_t intervals[INTERVALS] = {5, 30, 600};
static mono_ns *slow_asked; /* each name the last time, since the start */
static int64_t span_from_ms[INTERVALS], span_told_ms;

static void
note_slow(struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	(void)server;
	(void)flags;
	slow_asked[name] = loop_mono(w->loop) - w->begin;
}

static int64_t
since_begin_ms(const struct load_world *w, wall_us at)
{
	return (at - loop_wall(w->loop)) / 1000 +
	       (loop_mono(w->loop) - w->begin) / MONO_MS(1);
}

static void
note_span(struct load_world *w, const struct commit_span *s)
{
	for (unsigned i = 0; i < INTERVALS; i++) {
		if (s->every_s == intervals[i] && span_from_ms[i] < 0)
			span_from_ms[i] = since_begin_ms(w, s->from);
	}
	if (span_told_ms < 0)
		span_told_ms = (loop_mono(w->loop) - w->begin) / MONO_MS(1);
}

/* The last plan until then, since the start; it may lie before that. */
static int64_t
last_plan_ms(const struct load_world *w, uint32_t i, int64_t until_ms)
{
	wall_us plan = load_last_plan(w, i, w->begin_wall + WALL_MS(until_ms));

	return plan / 1000 - w->begin_wall / 1000;
}

/*
 * While rows come over 20 s, what is planned before they are here is asked
 * when they are: the spans begin with the load, or an interval before its
 * end, and what they say was asked was asked.
 */
static void
test_what_is_planned_while_rows_are_loaded_is_asked_and_is_in_the_spans(
    void **state)
{
	struct load_world *w = load_new(SLOW_NAMES);
	const int64_t end_ms = 1000 * (LOAD_S + 1);
	unsigned n = 0;

	(void)state;
	slow_asked = calloc(SLOW_NAMES, sizeof(*slow_asked));
	assert_non_null(slow_asked);
	w->on_ask = note_slow;
	w->on_span = note_span;
	w->load_ms = 1000 * LOAD_S;
	for (uint32_t i = 0; i < SLOW_NAMES; i++)
		w->names[i].every_s = intervals[i % INTERVALS];
	for (unsigned i = 0; i < INTERVALS; i++)
		span_from_ms[i] = -1;
	span_told_ms = -1;
	load_start(w);
	load_advance(w, MONO_MS(end_ms));
	for (uint32_t i = 0; i < SLOW_NAMES; i++) {
		/* Sent up to a twentieth of the interval later, and a tick. */
		int64_t plan =
		    last_plan_ms(w, i, end_ms - w->names[i].every_s * 50 - 200);

		if (plan <= 100)
			continue;
		n++;
		if (slow_asked[i] / MONO_MS(1) < plan - 100)
			fail_msg("n%u, every %u s: planned for %lld ms, asked "
				 "at %lld ms; seed %llu",
			    i, w->names[i].every_s, (long long)plan,
			    (long long)(slow_asked[i] / MONO_MS(1)),
			    (unsigned long long)w->seed);
	}
	assert_true(n > SLOW_NAMES / 3);
	load_advance(w, MONO_S(600));
	assert_true(span_told_ms >= 1000 * LOAD_S);
	assert_in_range(span_from_ms[0], 1000 * (LOAD_S - 6), 1000 * LOAD_S);
	assert_in_range(span_from_ms[1], 0, 200);
	assert_in_range(span_from_ms[2], 0, 200);
	load_free(w);
	free(slow_asked);
}

enum {
	DENSE_NAMES = 20000,
	DENSE_S = 5,
	TICK = 100,
	POLL_MS = 2 * LOAD_PATIENCE_MS /* of a silent one: twice in all */
};

static unsigned n_on_edge;      /* names with a plan where a span begins */
static bool waits[DENSE_NAMES]; /* its last poll has no answer */

static void
note_dense(struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	if (!waits[name])
		note_slow(w, name, server, flags);
	waits[name] = w->names[name].silent;
}

/* What the database concludes from a span is so: no poll is made up. */
static void
check_span(struct load_world *w, const struct commit_span *s)
{
	int64_t from_ms = since_begin_ms(w, s->from);
	int64_t to_ms = since_begin_ms(w, s->to);
	int64_t now_ms = (loop_mono(w->loop) - w->begin) / MONO_MS(1);

	for (uint32_t i = 0; i < w->n_names; i++) {
		int64_t plan = last_plan_ms(w, i, to_ms);
		int64_t asked = slow_asked[i] / MONO_MS(1);

		n_on_edge += plan == from_ms;
		if (waits[i] && now_ms >= asked + POLL_MS - TICK)
			continue; /* failed, and that is written elsewhere */
		if (plan >= from_ms &&
		    (asked < plan - TICK ||
			(waits[i] && asked < plan + 500 * DENSE_S)))
			fail_msg("n%u: planned for %lld ms, in [%lld, %lld], "
				 "last asked at %lld%s; seed %llu",
			    i, (long long)plan, (long long)from_ms,
			    (long long)to_ms, (long long)asked,
			    waits[i] ? ", and waits" : "",
			    (unsigned long long)w->seed);
	}
}

/*
 * Four names a millisecond, so that some have a plan where a span begins.  Of
 * those with a plan at the very beginning of a tick some become silent, so
 * that spans end there.
 */
static void
test_what_a_span_says_was_asked_was_asked_to_the_millisecond(void **state)
{
	struct load_world *w = load_new(DENSE_NAMES);

	(void)state;
	slow_asked = calloc(DENSE_NAMES, sizeof(*slow_asked));
	assert_non_null(slow_asked);
	for (uint32_t i = 0; i < DENSE_NAMES; i++) {
		slow_asked[i] = -MONO_S(DENSE_S);
		w->names[i].every_s = DENSE_S;
		waits[i] = false;
	}
	w->on_ask = note_dense;
	w->on_span = check_span;
	w->load_ms = 3000;
	n_on_edge = 0;
	load_start(w);
	load_advance(w, MONO_S(3 * DENSE_S));
	assert_true(n_on_edge > 0);
	for (uint32_t i = 0; i < DENSE_NAMES; i += 4)
		w->names[i].silent = last_plan_ms(w, i, 0) % TICK == 0;
	load_advance(w, MONO_MS(POLL_MS) + 2 * MONO_S(DENSE_S));
	load_free(w);
	free(slow_asked);
}

enum { HOURLY_NAMES = 20000, HOUR_S = 3600, DOWN_S = 60 };

static uint8_t *n_asked; /* of each name, in the first part of the hour */
static uint32_t asked_in_minute[HOUR_S / 60 + 1];

static void
note_hourly(struct load_world *w, uint32_t name, uint8_t server, uint8_t flags)
{
	mono_ns at = loop_mono(w->loop) - w->begin;

	note_slow(w, name, server, flags);
	n_asked[name] += at < MONO_S(8 * DOWN_S + 1);
	if (at < MONO_S(HOUR_S))
		asked_in_minute[at / MONO_S(60)]++;
}

/*
 * A minute's polls were missed: they are asked within eight minutes instead of
 * an hour later, an eighth on top of the others, and all of them at their
 * plans again from then on.
 */
static void
test_what_was_missed_while_the_daemon_was_down_is_asked_soon(void **state)
{
	struct load_world *w = load_new(HOURLY_NAMES);
	unsigned n = 0;

	(void)state;
	slow_asked = calloc(HOURLY_NAMES, sizeof(*slow_asked));
	n_asked = calloc(HOURLY_NAMES, sizeof(*n_asked));
	assert_true(slow_asked != NULL && n_asked != NULL);
	memset(asked_in_minute, 0, sizeof(asked_in_minute));
	memset(waits, 0, sizeof(waits));
	for (uint32_t i = 0; i < HOURLY_NAMES; i++) {
		slow_asked[i] = -MONO_S(HOUR_S);
		w->names[i].every_s = HOUR_S;
	}
	w->on_ask = note_hourly;
	w->on_span = check_span;
	w->down_s = DOWN_S;
	load_start(w);
	load_advance(w, MONO_S(8 * DOWN_S + 1));
	for (uint32_t i = 0; i < HOURLY_NAMES; i++) {
		int64_t last = last_plan_ms(w, i, -TICK);

		if (last < -1000 * DOWN_S + TICK)
			continue;
		n++;
		if (n_asked[i] != 1)
			fail_msg("n%u: planned for %lld ms, asked %u times, "
				 "seed %llu",
			    i, (long long)last, n_asked[i],
			    (unsigned long long)w->seed);
	}
	assert_in_range(n, 200, 500); /* 333 */
	/* No span says it; one with a plan in the first tick may be more. */
	load_advance(w, MONO_S(2));
	assert_in_range(w->n_seen, n, n + 5);
	load_advance(w, MONO_S(2 * HOUR_S));
	/* 333 and an eighth; in the first minute the jitter puts half off. */
	assert_in_range(asked_in_minute[0], 120, 480);
	for (unsigned i = 1; i < HOUR_S / 60; i++)
		assert_in_range(asked_in_minute[i], 200, 480);
	load_free(w);
	free(slow_asked);
	free(n_asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_what_is_planned_while_rows_are_loaded_is_asked_and_is_in_the_spans),
	    cmocka_unit_test(
		test_what_a_span_says_was_asked_was_asked_to_the_millisecond),
	    cmocka_unit_test(
		test_what_was_missed_while_the_daemon_was_down_is_asked_soon),
	    cmocka_unit_test_setup_teardown(
		test_a_restart_with_100000_names_is_no_burst_and_the_load_is_even,
		setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
