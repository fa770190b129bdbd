/* SPDX-License-Identifier: ISC */
/* room: schedule */

/*
 * Every id comes out once, at its due time or within a tick after it, in the
 * order of ticks, whatever pauses lie between; and the wheel says when to wake.
 * Tried against a plain list that is searched, by random steps from a printed
 * seed (SEED=n repeats one), and at the sizes the product is made for.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rand.h"
#include "schedule/wheel.h"

enum { TICK = WHEEL_TICK_MS, N_MILLION = 1000000 };

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* The links as one array, which is `ctx`. */
static uint32_t *
flat(void *ctx, uint32_t id)
{
	return (uint32_t *)ctx + id;
}

/* --- taking out what no longer belongs there -------------------------- */

struct sifting {
	uint32_t id; /* this one, or all that divide by `every` */
	uint32_t every;
	uint32_t n; /* taken out */
	mono_ns *due;
};

static bool
is_out(void *ctx, uint32_t id)
{
	struct sifting *s = ctx;

	if (s->every == 0 ? id != s->id : id % s->every != 0)
		return false;
	if (s->due != NULL) {
		assert_true(s->due[id] != -1);
		s->due[id] = -1;
	}
	s->n++;
	return true;
}

static bool
take_out(struct wheel *w, uint32_t id)
{
	struct sifting s = {.id = id};
	uint32_t at = 0;

	while (wheel_sift(w, &at, is_out, &s))
		;
	assert_true(s.n <= 1);
	return s.n == 1;
}

/* --- the model -------------------------------------------------------- */

enum { MODEL_IDS = 500 };

struct model {
	struct wheel *wheel;
	uint32_t next[MODEL_IDS];
	mono_ns due[MODEL_IDS]; /* as it was added; -1: not there */
	mono_ns out[MODEL_IDS]; /* when it is to come out */
	mono_ns start;
	mono_ns now;
	mono_ns cursor; /* what is added as overdue comes out no earlier */
};

static mono_ns
model_round(const struct model *m, mono_ns at, mono_ns up)
{
	mono_ns tick = MONO_MS(TICK);
	mono_ns past = at < m->start ? 0 : at - m->start;

	return m->start + (past + up) / tick * tick;
}

static void
model_add(struct model *m, uint32_t id, mono_ns due)
{
	wheel_add(m->wheel, id, due);
	m->due[id] = due;
	m->out[id] = model_round(m, due, due > m->now ? MONO_MS(TICK) - 1 : 0);
	if (m->out[id] < m->cursor)
		m->out[id] = m->cursor;
}

static mono_ns
model_first(const struct model *m)
{
	mono_ns first = INT64_MAX;

	for (uint32_t i = 0; i < MODEL_IDS; i++)
		if (m->due[i] != -1 && m->out[i] < first)
			first = m->out[i];
	return first;
}

static void
model_take(struct model *m)
{
	mono_ns first = model_first(m);
	uint32_t id = wheel_take(m->wheel, m->now);

	m->cursor = first > m->now ? model_round(m, m->now, 0) : first;
	if (first > m->now) {
		assert_int_equal(id, WHEEL_NONE);
		return;
	}
	assert_true(id < MODEL_IDS);
	assert_true(m->due[id] != -1);
	assert_true(m->out[id] <= m->now);
	assert_true(m->due[id] <= m->now);
	assert_int_equal(m->out[id], first);
	m->due[id] = -1;
}

static mono_ns
random_due(const struct model *m)
{
	switch (rand_below(5)) {
	case 0:
		return m->now + (mono_ns)rand_below(2000000000);
	case 1:
		return m->now + MONO_MS(rand_below(86460000));
	case 2:
		return m->now + MONO_MS(TICK) * rand_below(20);
	case 3:
		return m->now - (mono_ns)rand_below(2000000000);
	default:
		return m->now;
	}
}

static void
model_step(struct model *m)
{
	uint32_t id = rand_below(MODEL_IDS);

	switch (rand_below(6)) {
	case 0:
	case 1:
		if (m->due[id] == -1)
			model_add(m, id, random_due(m));
		break;
	case 2:
		assert_int_equal(take_out(m->wheel, id), m->due[id] != -1);
		m->due[id] = -1;
		break;
	case 3:
		m->now += (mono_ns)rand_below(300000000);
		model_take(m);
		break;
	case 4:
		/* Drained before a pause: a lag of hours has its own test. */
		if (rand_below(20) != 0)
			break;
		while (model_first(m) <= m->now)
			model_take(m);
		m->now += MONO_MS(rand_below(7200000));
		model_take(m);
		break;
	default:
		model_take(m);
	}
}

static void
test_wheel_agrees_with_a_searched_list(void **state)
{
	static struct model m;

	(void)state;
	start_seed(20261121);
	for (int round = 0; round < 20; round++) {
		m.start = MONO_S(rand_below(1000000)) + rand_below(777);
		m.now = m.cursor = m.start;
		m.wheel = wheel_new(m.now, flat, m.next);
		assert_non_null(m.wheel);
		for (uint32_t i = 0; i < MODEL_IDS; i++)
			m.due[i] = -1;
		for (int i = 0; i < 20000; i++) {
			uint32_t n = 0;
			mono_ns first;

			model_step(&m);
			if (i % 16 != 0)
				continue;
			for (uint32_t id = 0; id < MODEL_IDS; id++)
				n += m.due[id] != -1;
			assert_int_equal(wheel_count(m.wheel), n);
			first = model_first(&m);
			assert_int_equal(wheel_next(m.wheel, m.now),
			    first > m.now ? first : m.now);
		}
		wheel_free(m.wheel);
	}
}

/* --- at size ----------------------------------------------------------- */

static void
test_wheel_gives_a_million_ids_once_each_when_due(void **state)
{
	uint32_t *next = malloc(N_MILLION * sizeof(*next));
	mono_ns *due = malloc(N_MILLION * sizeof(*due));
	struct wheel *w = wheel_new(0, flat, next);
	uint32_t taken = 0;

	(void)state;
	assert_non_null(next);
	assert_non_null(due);
	assert_non_null(w);
	start_seed(7);
	for (uint32_t i = 0; i < N_MILLION; i++) {
		due[i] = MONO_MS(rand_below(300000)) + 1;
		wheel_add(w, i, due[i]);
	}
	for (mono_ns now = 0; wheel_count(w) > 0; now = wheel_next(w, now)) {
		uint32_t id = wheel_take(w, now);

		while (id != WHEEL_NONE) {
			assert_true(due[id] >= 0 && due[id] <= now);
			assert_true(now - due[id] < MONO_MS(TICK));
			due[id] = -1;
			taken++;
			id = wheel_take(w, now);
		}
	}
	assert_int_equal(taken, N_MILLION);
	assert_int_equal(wheel_next(w, 5), INT64_MAX);
	wheel_free(w);
	free(due);
	free(next);
}

/* W-F16: SIGSTOP for ten minutes; each id is asked again as it comes out. */
static void
test_wheel_gives_all_overdue_in_order_after_a_pause(void **state)
{
	enum { N = 100000 };
	uint32_t *next = malloc(N * sizeof(*next));
	mono_ns *due = malloc(N * sizeof(*due));
	mono_ns start = MONO_S(5000) + 12345;
	mono_ns now = start + MONO_S(600);
	struct wheel *w = wheel_new(start, flat, next);
	int64_t last = 0;

	(void)state;
	assert_non_null(next);
	assert_non_null(due);
	assert_non_null(w);
	start_seed(16);
	for (uint32_t i = 0; i < N; i++) {
		due[i] = start + (mono_ns)(rand_u64() % MONO_S(300));
		wheel_add(w, i, due[i]);
	}
	for (uint32_t i = 0; i < N; i++) {
		uint32_t id = wheel_take(w, now);
		int64_t tick;

		assert_true(id < N);
		tick = (due[id] - start + MONO_MS(TICK) - 1) / MONO_MS(TICK);
		assert_true(tick >= last);
		last = tick;
		wheel_add(w, id, now + MONO_S(86400));
	}
	assert_int_equal(wheel_take(w, now), WHEEL_NONE);
	assert_int_equal(wheel_count(w), N);
	wheel_free(w);
	free(due);
	free(next);
}

/*
 * A pause of ten hours over daily polls: the oldest and the newest due time
 * lie further apart than the ring spans.  Nothing is lost, early or twice, and
 * what was planned can still be taken out.
 */
static void
test_wheel_survives_a_pause_longer_than_it_spans(void **state)
{
	enum { N = 20000 };
	static uint32_t next[2 * N];
	static mono_ns due[2 * N];
	mono_ns now = MONO_S(36000);
	struct wheel *w = wheel_new(0, flat, next);
	struct sifting every_third = {.every = 3, .due = due};
	uint32_t taken = 0;
	uint32_t at = 0;

	(void)state;
	assert_non_null(w);
	start_seed(36);
	for (uint32_t i = 0; i < N; i++) {
		due[i] = (mono_ns)(rand_u64() % MONO_S(36000));
		wheel_add(w, i, due[i]);
	}
	/* One a second, each replaced by one a day ahead: far behind. */
	for (uint32_t i = 0; i < N / 2; i++, now += MONO_S(1)) {
		uint32_t id = wheel_take(w, now);

		assert_true(id < N);
		assert_true(due[id] != -1 && due[id] <= now);
		due[id] = -1;
		due[N + i] = now + MONO_S(86400);
		wheel_add(w, N + i, due[N + i]);
	}
	assert_int_equal(wheel_count(w), N);
	while (wheel_sift(w, &at, is_out, &every_third))
		;
	taken = every_third.n;
	assert_true(taken > N / 4);
	for (; wheel_count(w) > 0; now = wheel_next(w, now)) {
		uint32_t id = wheel_take(w, now);

		if (id == WHEEL_NONE)
			continue;
		assert_true(due[id] != -1 && due[id] <= now);
		due[id] = -1;
		taken++;
	}
	assert_int_equal(taken, N);
	wheel_free(w);
}

static void
test_wheel_due_now_is_taken_now(void **state)
{
	uint32_t next[4];
	mono_ns now = MONO_S(1);
	struct wheel *w = wheel_new(now, flat, next);

	(void)state;
	assert_non_null(w);
	wheel_add(w, 3, now);
	wheel_add(w, 2, 0);
	wheel_add(w, 1, INT64_MIN);
	assert_int_equal(wheel_next(w, now), now);
	assert_int_not_equal(wheel_take(w, now), WHEEL_NONE);
	assert_int_not_equal(wheel_take(w, now), WHEEL_NONE);
	assert_int_not_equal(wheel_take(w, now), WHEEL_NONE);
	/* In the middle of a tick, too. */
	now += 123456789;
	assert_int_equal(wheel_take(w, now), WHEEL_NONE);
	wheel_add(w, 0, now);
	wheel_add(w, 1, now + 1);
	assert_int_equal(wheel_take(w, now), 0);
	assert_int_equal(wheel_take(w, now), WHEEL_NONE);
	assert_int_equal(wheel_next(w, now), MONO_S(1) + MONO_MS(200));
	assert_false(take_out(w, 0));
	assert_true(take_out(w, 1));
	assert_int_equal(wheel_count(w), 0);
	wheel_free(w);
}

static bool
is_odd(void *ctx, uint32_t id)
{
	uint32_t *next = ctx;

	next[id] = UINT32_MAX; /* it is the caller's again */
	return id % 2 != 0;
}

static void
test_wheel_sift_is_a_slot_at_a_time_and_leaves_the_rest_planned(void **state)
{
	enum { N = 1000 };
	static uint32_t next[N];
	struct wheel *w = wheel_new(0, flat, next);
	uint32_t at = 0;
	uint32_t n = 0;

	(void)state;
	assert_non_null(w);
	for (uint32_t i = 0; i < N; i++)
		wheel_add(w, i, MONO_S(1 + i % 10));
	while (wheel_sift(w, &at, is_odd, next)) {
		n++;
		/* Of every second slot all, of the others none. */
		assert_int_equal(wheel_count(w), N - n / 2 * (N / 10));
	}
	assert_int_equal(n, 10);
	assert_int_equal(wheel_next(w, 0), MONO_S(1));
	for (n = 0; wheel_take(w, MONO_S(10)) % 2 == 0; n++)
		assert_int_equal(wheel_taken(w), MONO_S(1 + n / (N / 10) * 2));
	assert_int_equal(n, N / 2);
	assert_int_equal(wheel_count(w), 0);
	wheel_free(w);
}

/* Looks into an all but empty ring: stepping over slots would take minutes. */
static void
test_wheel_finds_a_far_id_without_stepping(void **state)
{
	uint32_t next[1];
	struct wheel *w = wheel_new(0, flat, next);
	mono_ns now = 0;

	(void)state;
	assert_non_null(w);
	for (uint32_t i = 0; i < 50000; i++) {
		wheel_add(w, 0, now + MONO_S(80000) + MONO_MS(TICK) * i);
		assert_int_equal(wheel_take(w, now), WHEEL_NONE);
		now = wheel_next(w, now);
		assert_int_equal(wheel_take(w, now), 0);
	}
	wheel_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wheel_agrees_with_a_searched_list),
	    cmocka_unit_test(test_wheel_gives_a_million_ids_once_each_when_due),
	    cmocka_unit_test(
		test_wheel_gives_all_overdue_in_order_after_a_pause),
	    cmocka_unit_test(test_wheel_survives_a_pause_longer_than_it_spans),
	    cmocka_unit_test(test_wheel_due_now_is_taken_now),
	    cmocka_unit_test(
		test_wheel_sift_is_a_slot_at_a_time_and_leaves_the_rest_planned),
	    cmocka_unit_test(test_wheel_finds_a_far_id_without_stepping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
