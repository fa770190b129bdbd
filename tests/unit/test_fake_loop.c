/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * The virtual time that other tests stand on keeps its own promises: order,
 * turns, and a wall clock that steps without moving a timer.
 */

#include <stdlib.h>

#include "unit.h"
#define FAKE_LOOP_HERE
#include "fake_loop.c"

enum { TIMERS = 500 };

struct seen {
	struct loop *loop;
	struct loop_timer *timer[TIMERS];
	mono_ns due[TIMERS];
	mono_ns last;
	size_t n;
	size_t hooks;
};

struct one {
	struct seen *seen;
	size_t i;
};

static void
on_order(void *ctx)
{
	struct one *one = ctx;
	struct seen *s = one->seen;

	assert_int_equal(loop_mono(s->loop), s->due[one->i]);
	assert_true(s->due[one->i] >= s->last);
	s->last = s->due[one->i];
	s->n++;
}

static void
test_timers_fire_in_due_order_whatever_was_moved_or_stopped(void **state)
{
	static struct seen s;
	static struct one ones[TIMERS];
	uint32_t x = 12345;
	size_t stopped = 0;

	(void)state;
	s = (struct seen){.loop = loop_new()};
	for (size_t i = 0; i < TIMERS; i++) {
		ones[i] = (struct one){&s, i};
		s.timer[i] = loop_timer_new(s.loop, on_order, &ones[i]);
	}
	for (size_t i = 0; i < 3 * (size_t)TIMERS; i++) {
		x = x * 1664525 + 1013904223;
		s.due[i % TIMERS] = loop_mono(s.loop) + MONO_MS(x >> 20);
		loop_timer_at(s.timer[i % TIMERS], s.due[i % TIMERS]);
	}
	for (size_t i = 0; i < TIMERS; i += 7, stopped++)
		loop_timer_stop(s.timer[i]);
	fake_loop_advance(s.loop, MONO_S(3600));
	assert_int_equal(s.n, TIMERS - stopped);
	assert_int_equal(fake_loop_n_set(s.loop), 0);
	for (size_t i = 0; i < TIMERS; i++)
		loop_timer_free(s.timer[i]);
	assert_int_equal(fake_loop_n_watchers(s.loop), 0);
	loop_free(s.loop);
}

static void
on_again(void *ctx)
{
	struct seen *s = ctx;

	s->n++;
	if (s->n < 3)
		loop_timer_in(s->timer[0], 0);
	else
		loop_timer_free(s->timer[0]);
}

static void
on_hook(void *ctx)
{
	struct seen *s = ctx;

	s->hooks++;
}

static void
test_a_timer_set_for_now_in_its_callback_fires_in_the_next_turn(void **state)
{
	struct seen s = {.loop = loop_new()};
	struct loop_hook *hook = loop_hook_new(s.loop, on_hook, &s);

	(void)state;
	s.timer[0] = loop_timer_new(s.loop, on_again, &s);
	loop_timer_in(s.timer[0], 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(fake_loop_settle(s.loop), 3);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.hooks, 4);
	assert_int_equal(loop_mono(s.loop), FAKE_LOOP_MONO);
	loop_hook_free(hook);
	assert_int_equal(fake_loop_n_watchers(s.loop), 0);
	loop_free(s.loop);
}

static bool
is_three(void *ctx)
{
	return ((struct seen *)ctx)->n == 3;
}

static void
on_second(void *ctx)
{
	struct seen *s = ctx;

	s->n++;
	loop_timer_in(s->timer[0], MONO_S(1));
}

static void
test_the_wall_clock_steps_and_timers_do_not_notice(void **state)
{
	struct seen s = {.loop = loop_new()};

	(void)state;
	s.timer[0] = loop_timer_new(s.loop, on_second, &s);
	loop_timer_in(s.timer[0], MONO_S(1));
	fake_loop_step_wall(s.loop, -WALL_S(86400));
	assert_true(fake_loop_run_until(s.loop, is_three, &s, MONO_S(60)));
	assert_int_equal(loop_mono(s.loop), FAKE_LOOP_MONO + MONO_S(3));
	assert_int_equal(
	    loop_wall(s.loop), FAKE_LOOP_WALL + WALL_S(3) - WALL_S(86400));
	s.n = 4;
	assert_false(fake_loop_run_until(s.loop, is_three, &s, MONO_S(60)));
	loop_timer_free(s.timer[0]);
	loop_free(s.loop);
}

static void
on_io_free(void *ctx, int events)
{
	struct loop_io **io = ctx;

	assert_int_equal(events, LOOP_READ);
	loop_io_free(*io);
	*io = NULL;
}

static void
test_a_watcher_is_called_by_hand_and_may_free_itself(void **state)
{
	struct loop *l = loop_new();
	struct loop_io *a = loop_io_new(l, 7, LOOP_READ, on_io_free, &a);
	struct loop_io *b =
	    loop_io_new(l, 7, LOOP_READ | LOOP_WRITE, on_io_free, &b);

	(void)state;
	assert_int_equal(fake_loop_io_wanted(l, 7), LOOP_READ | LOOP_WRITE);
	assert_int_equal(fake_loop_io(l, 8, LOOP_READ), 0);
	assert_int_equal(fake_loop_io(l, 7, LOOP_READ), 2);
	assert_null(a);
	assert_null(b);
	assert_int_equal(fake_loop_n_watchers(l), 0);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_timers_fire_in_due_order_whatever_was_moved_or_stopped),
	    cmocka_unit_test(
		test_a_timer_set_for_now_in_its_callback_fires_in_the_next_turn),
	    cmocka_unit_test(
		test_the_wall_clock_steps_and_timers_do_not_notice),
	    cmocka_unit_test(
		test_a_watcher_is_called_by_hand_and_may_free_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
