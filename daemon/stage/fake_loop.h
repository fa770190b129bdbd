/* SPDX-License-Identifier: ISC */
#ifndef FAKE_LOOP_H
#define FAKE_LOOP_H

/*
 * fake_loop -- loop/loop.h over virtual time, for tests without waiting.
 *
 * Time moves only in fake_loop_advance(), fake_loop_run_until() and
 * loop_run(): it jumps from one due timer to the next, so that three days of
 * retries take no time.  Timers fire in the order of their due times, equal
 * ones in the order in which they were set; one that is set from a callback
 * for now or for the past fires after those that are due already, in a later
 * turn, and never from inside the call that sets it.  Hooks run at the end of
 * each turn, and once when one of the calls below begins, for what was gathered
 * outside.  The wall clock moves with the even one, and steps when it is told
 * to.  Nothing watches file
 * descriptors or signals: a test says itself that something happened.
 *
 * One file of a test program has the implementation:
 *
 *	#define FAKE_LOOP_HERE
 *	#include "fake_loop.c"
 *
 * Linked as an archive member it would take the place of the real loop in
 * every test, also where that is wanted.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "loop/loop.h"

/* Where loop_new() starts: 2026-11-21T17:00:00Z, an hour after boot. */
#define FAKE_LOOP_WALL WALL_S(1795280400)
#define FAKE_LOOP_MONO MONO_S(3600)

/* Runs what is due until `by` has passed; stops early at loop_stop(). */
void fake_loop_advance(struct loop *l, mono_ns by);

/*
 * Runs until done(ctx) says yes, asked before each turn; false when it did not
 * within `limit`, or nothing is set any more.
 */
typedef bool fake_loop_done_fn(void *ctx);
bool fake_loop_run_until(
    struct loop *l, fake_loop_done_fn *done, void *ctx, mono_ns limit);

/* Runs what is due now, without moving time; returns how many fired. */
size_t fake_loop_settle(struct loop *l);

/* Steps the wall clock, as an operator or NTP does; timers do not notice. */
void fake_loop_step_wall(struct loop *l, wall_us by);
void fake_loop_set_wall(struct loop *l, wall_us at);

/* When the next timer is due; false when none is set. */
bool fake_loop_next(const struct loop *l, mono_ns *due);

/* Calls those who watch fd for any of the events; returns how many. */
size_t fake_loop_io(struct loop *l, int fd, int events);
/* The events that are watched on fd, of all watchers together. */
int fake_loop_io_wanted(const struct loop *l, int fd);
/* Calls those who watch the signal; returns how many. */
size_t fake_loop_signal(struct loop *l, int signo);

/* Watchers of all kinds that nobody freed: 0 at the end of a clean test. */
size_t fake_loop_n_watchers(const struct loop *l);
/* Timers that are set. */
size_t fake_loop_n_set(const struct loop *l);

#endif
