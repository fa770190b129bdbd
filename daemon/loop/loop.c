/* SPDX-License-Identifier: ISC */
/*
 * The loop over libev.
 *
 * libev does the waiting; this file adds what the product needs from it: both
 * clocks read once a turn, the length of the longest turn, hooks at its end,
 * and descriptors before timers.  A turn begins in the check watcher, which
 * libev calls after it has slept and, by its priority, before all others, and
 * ends in the prepare watcher, which it calls before it sleeps.
 *
 * libev does not touch a watcher after its callback returned and a stopped
 * watcher is never called, so memory is freed at once: a callback may free
 * its own watcher, as long as our wrappers call it last.
 */

#include <stdlib.h>

#include <ev.h>

#include "base/err.h"
#include "loop/loop.h"

/*
 * Descriptors are looked at so often at most: at ten thousand answers a second
 * each would else cost a turn of its own.  7 % of the CPU a question.
 */
static const double GATHER_S = 0.001;

struct loop_io {
	ev_io ev;
	struct loop *loop;
	loop_io_fn *fn;
	void *ctx;
};

struct loop_timer {
	ev_timer ev;
	struct loop *loop;
	mono_ns due; /* while it is set */
	loop_fn *fn;
	void *ctx;
};

struct loop_signal {
	ev_signal ev;
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
};

struct loop_hook {
	struct loop *loop;
	struct loop_hook *next;
	loop_fn *fn;
	void *ctx;
};

struct loop {
	struct ev_loop *ev;
	ev_prepare prepare;
	ev_check check;
	mono_ns now; /* of this turn */
	wall_us wall;
	mono_ns cpu; /* at the beginning of this turn */
	mono_ns turn_longest;
	mono_ns turn_busiest;
	struct loop_hook *hooks;
	struct loop_hook *hook_next; /* to be called next in this turn's end */
	bool running;
};

/* libev keeps its own, slightly older, time for timers: see on_timer(). */
static void
read_clocks(struct loop *l)
{
	l->now = clock_mono();
	l->wall = clock_wall() / WALL_MS(1) * WALL_MS(1);
}

static void
on_turn_begin(struct ev_loop *ev, ev_check *w, int events)
{
	struct loop *l = w->data;

	(void)ev;
	(void)events;
	read_clocks(l);
	l->cpu = clock_cpu();
}

static mono_ns
longer(mono_ns a, mono_ns b)
{
	return a > b ? a : b;
}

static void
on_turn_end(struct ev_loop *ev, ev_prepare *w, int events)
{
	struct loop *l = w->data;
	struct loop_hook *hook;
	mono_ns length;

	(void)ev;
	(void)events;
	for (hook = l->hooks; hook != NULL; hook = l->hook_next) {
		l->hook_next = hook->next;
		hook->fn(hook->ctx);
	}
	length = clock_mono() - l->now;
	l->turn_longest = longer(l->turn_longest, length);
	l->turn_busiest = longer(l->turn_busiest, clock_cpu() - l->cpu);
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	/* Not from the environment: LIBEV_FLAGS is no setting of ours. */
	l->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (l->ev == NULL) {
		free(l);
		return NULL;
	}
	ev_set_io_collect_interval(l->ev, GATHER_S);
	ev_prepare_init(&l->prepare, on_turn_end);
	ev_set_priority(&l->prepare, EV_MINPRI);
	l->prepare.data = l;
	ev_prepare_start(l->ev, &l->prepare);
	ev_check_init(&l->check, on_turn_begin);
	ev_set_priority(&l->check, EV_MAXPRI);
	l->check.data = l;
	ev_check_start(l->ev, &l->check);
	read_clocks(l);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	CHECK(!l->running);
	CHECK(l->hooks == NULL);
	ev_prepare_stop(l->ev, &l->prepare);
	ev_check_stop(l->ev, &l->check);
	ev_loop_destroy(l->ev);
	free(l);
}

void
loop_run(struct loop *l)
{
	CHECK(!l->running);
	l->running = true;
	ev_now_update(l->ev);
	read_clocks(l);
	l->cpu = clock_cpu();
	/*
	 * Our own two watchers count as work for libev, so that it runs on
	 * without any other until it is stopped.
	 */
	ev_run(l->ev, 0);
	l->running = false;
}

void
loop_stop(struct loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}

mono_ns
loop_mono(const struct loop *l)
{
	return l->now;
}

wall_us
loop_wall(const struct loop *l)
{
	return l->wall;
}

mono_ns
loop_mono_exact(const struct loop *l)
{
	(void)l;
	return clock_mono();
}

mono_ns
loop_turn_longest(struct loop *l)
{
	mono_ns longest = l->turn_longest;

	l->turn_longest = 0;
	return longest;
}

mono_ns
loop_turn_busiest(struct loop *l)
{
	mono_ns busiest = l->turn_busiest;

	l->turn_busiest = 0;
	return busiest;
}

static void
on_io(struct ev_loop *ev, ev_io *w, int events)
{
	struct loop_io *io = w->data;
	int ours = 0;

	(void)ev;
	if (events & EV_READ)
		ours |= LOOP_READ;
	if (events & EV_WRITE)
		ours |= LOOP_WRITE;
	io->fn(io->ctx, ours);
}

static int
ev_events(int events)
{
	int theirs = 0;

	if (events & LOOP_READ)
		theirs |= EV_READ;
	if (events & LOOP_WRITE)
		theirs |= EV_WRITE;
	return theirs;
}

struct loop_io *
loop_io_new(struct loop *l, int fd, int events, loop_io_fn *fn, void *ctx)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (io == NULL)
		return NULL;
	io->loop = l;
	io->fn = fn;
	io->ctx = ctx;
	ev_io_init(&io->ev, on_io, fd, ev_events(events));
	io->ev.data = io;
	if (events != 0)
		ev_io_start(l->ev, &io->ev);
	return io;
}

void
loop_io_events(struct loop_io *io, int events)
{
	if (ev_is_active(&io->ev) &&
	    (io->ev.events & (EV_READ | EV_WRITE)) == ev_events(events))
		return;
	loop_io_reset(io, io->ev.fd, events);
}

/*
 * ev_io_set() has libev tell the kernel of the descriptor anew: the number
 * may be that of the one before, which was closed.
 */
void
loop_io_reset(struct loop_io *io, int fd, int events)
{
	ev_io_stop(io->loop->ev, &io->ev);
	ev_io_set(&io->ev, fd, ev_events(events));
	if (events != 0)
		ev_io_start(io->loop->ev, &io->ev);
}

void
loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	ev_io_stop(io->loop->ev, &io->ev);
	free(io);
}

static void
timer_start(struct loop_timer *t)
{
	mono_ns wait = t->due > t->loop->now ? t->due - t->loop->now : 0;

	ev_timer_set(&t->ev, (ev_tstamp)wait / 1e9, 0.);
	ev_timer_start(t->loop->ev, &t->ev);
}

static void
on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct loop_timer *t = w->data;

	(void)ev;
	(void)events;
	/* libev's time is some microseconds behind ours: never early. */
	if (t->due > t->loop->now) {
		timer_start(t);
		return;
	}
	t->fn(t->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	ev_timer_init(&t->ev, on_timer, 0., 0.);
	ev_set_priority(&t->ev, -1); /* after descriptors, W-F16 */
	t->ev.data = t;
	return t;
}

void
loop_timer_at(struct loop_timer *t, mono_ns due)
{
	struct loop *l = t->loop;

	ev_timer_stop(l->ev, &t->ev);
	/* Outside a run nobody keeps the turn's time: it may be old. */
	if (!l->running) {
		ev_now_update(l->ev);
		read_clocks(l);
	}
	t->due = due;
	timer_start(t);
}

void
loop_timer_in(struct loop_timer *t, mono_ns delay)
{
	if (!t->loop->running)
		read_clocks(t->loop);
	loop_timer_at(t, t->loop->now + delay);
}

void
loop_timer_stop(struct loop_timer *t)
{
	ev_timer_stop(t->loop->ev, &t->ev);
}

bool
loop_timer_is_set(const struct loop_timer *t)
{
	return ev_is_active(&t->ev) || ev_is_pending(&t->ev);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	ev_timer_stop(t->loop->ev, &t->ev);
	free(t);
}

struct loop_hook *
loop_hook_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct loop_hook *hook = calloc(1, sizeof(*hook));

	if (hook == NULL)
		return NULL;
	hook->loop = l;
	hook->fn = fn;
	hook->ctx = ctx;
	hook->next = l->hooks;
	l->hooks = hook;
	return hook;
}

void
loop_hook_free(struct loop_hook *h)
{
	struct loop_hook **at;

	if (h == NULL)
		return;
	for (at = &h->loop->hooks; *at != h; at = &(*at)->next)
		CHECK(*at != NULL);
	*at = h->next;
	if (h->loop->hook_next == h)
		h->loop->hook_next = h->next;
	free(h);
}

static void
on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
	struct loop_signal *s = w->data;

	(void)ev;
	(void)events;
	s->fn(s->ctx);
}

struct loop_signal *
loop_signal_new(struct loop *l, int signo, loop_fn *fn, void *ctx)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = l;
	s->fn = fn;
	s->ctx = ctx;
	ev_signal_init(&s->ev, on_signal, signo);
	s->ev.data = s;
	ev_signal_start(l->ev, &s->ev);
	return s;
}

void
loop_signal_free(struct loop_signal *s)
{
	if (s == NULL)
		return;
	ev_signal_stop(s->loop->ev, &s->ev);
	free(s);
}
