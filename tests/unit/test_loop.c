/* SPDX-License-Identifier: ISC */
/* room: loop */

/*
 * The loop's promises: timers are never early, descriptors come before
 * timers, hooks at the end of every turn, and a callback may free its own
 * watcher and any other.  Tried on real pipes and short timers.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/loop.h"
#include "unit.h"

struct stage {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_timer *other;
	struct loop_io *io;
	struct loop_hook *hook;
	struct loop_signal *signal;
	int pipe[2];
	mono_ns due;
	unsigned n_timer, n_io, n_hook, n_signal;
	unsigned order[4];
	unsigned n_order;
};

static int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->loop = loop_new();
	assert_non_null(s->loop);
	assert_int_equal(pipe(s->pipe), 0);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	loop_timer_free(s->timer);
	loop_timer_free(s->other);
	loop_io_free(s->io);
	loop_hook_free(s->hook);
	loop_signal_free(s->signal);
	loop_free(s->loop);
	close(s->pipe[0]);
	close(s->pipe[1]);
	free(s);
	return 0;
}

static void
on_due(void *ctx)
{
	struct stage *s = ctx;

	assert_false(loop_timer_is_set(s->timer));
	assert_true(loop_mono(s->loop) >= s->due);
	assert_true(loop_mono_exact(s->loop) >= loop_mono(s->loop));
	if (++s->n_timer == 50) {
		loop_stop(s->loop);
		return;
	}
	s->due = loop_mono(s->loop) + 100 * 1000 * (s->n_timer % 5);
	loop_timer_at(s->timer, s->due);
	assert_true(loop_timer_is_set(s->timer));
}

static void
test_a_timer_fires_once_per_setting_and_never_early(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, on_due, s);
	assert_false(loop_timer_is_set(s->timer));
	s->due = loop_mono(s->loop) + MONO_MS(1);
	loop_timer_in(s->timer, MONO_MS(1));
	loop_run(s->loop);
	assert_int_equal(s->n_timer, 50);
}

static void
on_never(void *ctx)
{
	(void)ctx;
	fail_msg("a stopped timer fired");
}

static void
on_stop(void *ctx)
{
	struct stage *s = ctx;

	loop_stop(s->loop);
}

static void
test_a_stopped_timer_is_idle(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, on_never, s);
	s->other = loop_timer_new(s->loop, on_stop, s);
	loop_timer_in(s->timer, 0);
	loop_timer_stop(s->timer);
	assert_false(loop_timer_is_set(s->timer));
	loop_timer_in(s->other, MONO_MS(1));
	loop_run(s->loop);
}

static void
note_timer(void *ctx)
{
	struct stage *s = ctx;

	s->order[s->n_order++] = 'T';
	if (s->n_order == 2)
		loop_stop(s->loop);
}

static void
note_io(void *ctx, int events)
{
	struct stage *s = ctx;
	char byte;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(s->pipe[0], &byte, 1), 1);
	s->order[s->n_order++] = 'D';
	if (s->n_order == 2)
		loop_stop(s->loop);
}

static void
test_descriptors_are_served_before_timers_of_the_same_turn(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, note_timer, s);
	s->io = loop_io_new(s->loop, s->pipe[0], LOOP_READ, note_io, s);
	loop_timer_in(s->timer, 0);
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
	loop_run(s->loop);
	assert_int_equal(s->n_order, 2);
	assert_int_equal(s->order[0], 'D');
	assert_int_equal(s->order[1], 'T');
}

static void
free_everything(void *ctx, int events)
{
	struct stage *s = ctx;

	(void)events;
	loop_io_free(s->io);
	s->io = NULL;
	loop_timer_free(s->timer);
	s->timer = NULL;
	loop_hook_free(s->hook);
	s->hook = NULL;
	s->n_io++;
}

static void
test_a_callback_may_free_itself_and_others(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, on_never, s);
	s->hook = loop_hook_new(s->loop, on_stop, s);
	s->other = loop_timer_new(s->loop, on_stop, s);
	s->io =
	    loop_io_new(s->loop, s->pipe[1], LOOP_WRITE, free_everything, s);
	loop_hook_free(s->hook);
	s->hook = loop_hook_new(s->loop, note_timer, s);
	s->n_order = 2; /* the hook only counts on */
	loop_timer_in(s->timer, 0);
	loop_timer_in(s->other, MONO_MS(1));
	loop_run(s->loop);
	assert_int_equal(s->n_io, 1);
	assert_null(s->timer);
}

static void
on_hook(void *ctx)
{
	struct stage *s = ctx;

	s->n_hook++;
}

static void
on_hook_once(void *ctx)
{
	struct stage *s = ctx;

	s->n_io++;
	loop_hook_free(s->hook);
	s->hook = NULL;
}

static void
on_turn(void *ctx)
{
	struct stage *s = ctx;

	/* Every turn before this one has ended with the hook. */
	assert_true(s->n_hook >= s->n_timer);
	if (++s->n_timer == 5)
		loop_stop(s->loop);
	else
		loop_timer_in(s->timer, 0);
}

static void
test_a_hook_ends_every_turn_and_may_free_itself(void **state)
{
	struct stage *s = *state;
	struct loop_hook *kept = loop_hook_new(s->loop, on_hook, s);

	s->hook = loop_hook_new(s->loop, on_hook_once, s);
	s->timer = loop_timer_new(s->loop, on_turn, s);
	loop_timer_in(s->timer, 0);
	loop_run(s->loop);
	assert_true(s->n_hook >= 5);
	assert_int_equal(s->n_io, 1);
	loop_hook_free(kept);
}

static void
on_signal(void *ctx)
{
	struct stage *s = ctx;

	s->n_signal++;
	loop_signal_free(s->signal);
	s->signal = NULL;
	loop_stop(s->loop);
}

static void
test_a_signal_arrives_in_the_loop(void **state)
{
	struct stage *s = *state;

	s->signal = loop_signal_new(s->loop, SIGUSR1, on_signal, s);
	assert_int_equal(raise(SIGUSR1), 0);
	loop_run(s->loop);
	assert_int_equal(s->n_signal, 1);
}

static void
on_busy(void *ctx)
{
	struct stage *s = ctx;
	mono_ns until = clock_cpu() + MONO_MS(5);

	while (clock_cpu() < until)
		continue;
	loop_timer_in(s->other, 0);
}

static void
test_the_longest_turn_is_measured_and_forgotten(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, on_busy, s);
	s->other = loop_timer_new(s->loop, on_stop, s);
	loop_timer_in(s->timer, 0);
	loop_run(s->loop);
	assert_true(loop_turn_longest(s->loop) >= MONO_MS(5));
	assert_int_equal(loop_turn_longest(s->loop), 0);
	assert_true(loop_turn_busiest(s->loop) >= MONO_MS(5));
	assert_int_equal(loop_turn_busiest(s->loop), 0);
}

static void
on_wait(void *ctx)
{
	struct stage *s = ctx;

	poll(NULL, 0, 50);
	loop_timer_in(s->other, 0);
}

static void
test_a_turn_that_waits_is_long_and_not_busy(void **state)
{
	struct stage *s = *state;

	s->timer = loop_timer_new(s->loop, on_wait, s);
	s->other = loop_timer_new(s->loop, on_stop, s);
	loop_timer_in(s->timer, 0);
	loop_run(s->loop);
	assert_true(loop_turn_longest(s->loop) >= MONO_MS(50));
	assert_true(loop_turn_busiest(s->loop) < MONO_MS(50));
}

static void
test_events_can_be_changed_and_none_is_none(void **state)
{
	struct stage *s = *state;

	s->io = loop_io_new(s->loop, s->pipe[0], 0, note_io, s);
	s->timer = loop_timer_new(s->loop, note_timer, s);
	assert_int_equal(write(s->pipe[1], "xy", 2), 2);
	loop_timer_in(s->timer, 0);
	s->other = loop_timer_new(s->loop, on_stop, s);
	loop_timer_in(s->other, MONO_MS(1));
	loop_run(s->loop);
	assert_int_equal(s->n_order, 1);
	loop_io_events(s->io, LOOP_READ);
	loop_run(s->loop);
	assert_int_equal(s->order[1], 'D');
	loop_io_events(s->io, 0);
	loop_timer_in(s->other, MONO_MS(1));
	loop_run(s->loop);
	assert_int_equal(s->n_order, 2);
}

static void
test_one_watcher_serves_descriptors_of_one_number_in_turn(void **state)
{
	struct stage *s = *state;
	int number = s->pipe[0];

	s->n_order = 1; /* note_io() stops the loop at once */
	s->io = loop_io_new(s->loop, number, LOOP_READ, note_io, s);
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
	loop_run(s->loop);
	assert_int_equal(s->order[1], 'D');
	loop_io_events(s->io, 0);
	close(s->pipe[0]);
	close(s->pipe[1]);
	/* The kernel forgot it; the new one has the lowest number again. */
	assert_int_equal(pipe(s->pipe), 0);
	assert_int_equal(s->pipe[0], number);
	loop_io_reset(s->io, s->pipe[0], LOOP_READ);
	s->n_order = 1;
	s->order[1] = 0;
	assert_int_equal(write(s->pipe[1], "y", 1), 1);
	loop_run(s->loop);
	assert_int_equal(s->order[1], 'D');
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_a_timer_fires_once_per_setting_and_never_early),
	    T(test_a_stopped_timer_is_idle),
	    T(test_descriptors_are_served_before_timers_of_the_same_turn),
	    T(test_a_callback_may_free_itself_and_others),
	    T(test_a_hook_ends_every_turn_and_may_free_itself),
	    T(test_a_signal_arrives_in_the_loop),
	    T(test_the_longest_turn_is_measured_and_forgotten),
	    T(test_a_turn_that_waits_is_long_and_not_busy),
	    T(test_events_can_be_changed_and_none_is_none),
	    T(test_one_watcher_serves_descriptors_of_one_number_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
