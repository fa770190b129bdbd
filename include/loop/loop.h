/* SPDX-License-Identifier: ISC */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

/*
 * loop -- file descriptors, timers and signals; the only reader of clocks.
 *
 * libev lives behind this and nowhere else.  Tests of virtual time link
 * another implementation of this header.  One thread.  A callback may free
 * the watcher that it was called for, and any other.
 *
 * A turn: the clocks are read once; ready descriptors are served; then timers
 * that are due, so that after a long stop (SIGSTOP) what waits in the sockets
 * is read before anything expires (W-F16); then the hooks; then it sleeps.
 * Descriptors that become ready may wait for up to a millisecond, in which
 * others join them; timers do not.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

struct loop;
struct loop_io;
struct loop_timer;
struct loop_signal;
struct loop_hook;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_io_fn(void *ctx, int events);
typedef void loop_fn(void *ctx);

struct loop *loop_new(void); /* NULL: no memory or no descriptor */
/* After all watchers were freed, not from a callback.  NULL is fine. */
void loop_free(struct loop *l);
void loop_run(struct loop *l); /* until loop_stop() */
void loop_stop(struct loop *l);

/* The time at the start of this turn: cheap, the same for one turn. */
mono_ns loop_mono(const struct loop *l);
/* To the millisecond: what is stored is then what is printed. */
wall_us loop_wall(const struct loop *l);
/* Reads the clock now: for measuring inside a turn. */
mono_ns loop_mono_exact(const struct loop *l);
/* Is this turn younger than that?  For work that can go on in the next. */
static inline bool
loop_turn_has(const struct loop *l, mono_ns time)
{
	return loop_mono_exact(l) - loop_mono(l) < time;
}
/* The longest turn since the last call of this, then forgets it. */
mono_ns loop_turn_longest(struct loop *l);
/*
 * The same by what the turn used of the CPU.  Far below the longest: the
 * machine was elsewhere meanwhile, or a call waited for it.
 */
mono_ns loop_turn_busiest(struct loop *l);

/* Watching starts at once; events may be 0.  NULL when memory is short. */
struct loop_io *loop_io_new(
    struct loop *l, int fd, int events, loop_io_fn *fn, void *ctx);
void loop_io_events(struct loop_io *io, int events);
/* The same watcher for another descriptor: never short of memory. */
void loop_io_reset(struct loop_io *io, int fd, int events);
void loop_io_free(struct loop_io *io); /* NULL is fine; does not close fd */

/*
 * A timer is idle until it is set; it fires once per setting, never before
 * it is due by loop_mono().  Setting it again moves it.
 */
struct loop_timer *loop_timer_new(struct loop *l, loop_fn *fn, void *ctx);
void loop_timer_at(struct loop_timer *t, mono_ns due);
void loop_timer_in(struct loop_timer *t, mono_ns delay);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_is_set(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t); /* NULL is fine */

/*
 * Called at the end of every turn, before the loop sleeps: for work that is
 * gathered over a turn.  Must not wait for anything.
 */
struct loop_hook *loop_hook_new(struct loop *l, loop_fn *fn, void *ctx);
void loop_hook_free(struct loop_hook *h); /* NULL is fine */

struct loop_signal *loop_signal_new(
    struct loop *l, int signo, loop_fn *fn, void *ctx);
void loop_signal_free(struct loop_signal *s); /* NULL is fine */

#endif
