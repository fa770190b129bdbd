/* SPDX-License-Identifier: ISC */

/*
 * Virtual time: a heap of timers by due time and order of setting, and lists
 * of watchers that are called when a test says so.  See fake_loop.h for why
 * this is included by a test and compiles to nothing alone.
 */

#ifdef FAKE_LOOP_HERE

#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "fake_loop.h"

/*
 * Turns that one instant may take: a callback that sets its own timer for
 * now, for ever, is a mistake of the code under test and ends the test.
 */
enum { FAKE_LOOP_STUCK = 10 * 1000 * 1000 };

struct loop_timer {
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
	mono_ns due;
	uint64_t serial; /* of the setting: the order among equal due times */
	size_t place;    /* in the heap, or SIZE_MAX */
};

struct loop_io {
	struct loop *loop;
	struct loop_io *next;
	loop_io_fn *fn;
	void *ctx;
	uint64_t round; /* of the last fake_loop_io() that called it */
	int fd;
	int events;
};

struct loop_signal {
	struct loop *loop;
	struct loop_signal *next;
	loop_fn *fn;
	void *ctx;
	uint64_t round;
	int signo;
};

struct loop_hook {
	struct loop *loop;
	struct loop_hook *next;
	loop_fn *fn;
	void *ctx;
};

struct loop {
	mono_ns mono;
	wall_us wall_ahead; /* wall minus even time */
	struct loop_timer **heap;
	size_t n_set;
	size_t room;
	size_t n_timers; /* all, also idle ones */
	uint64_t serial;
	uint64_t round;
	struct loop_io *ios;
	struct loop_signal *signals;
	struct loop_hook *hooks;
	struct loop_hook *hook_next; /* to be called next in this turn's end */
	uint32_t turns;              /* in this instant */
	bool stopped;
};

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	CHECK(l != NULL);
	l->mono = FAKE_LOOP_MONO;
	l->wall_ahead = FAKE_LOOP_WALL - FAKE_LOOP_MONO / 1000;
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	free(l->heap);
	free(l);
}

mono_ns
loop_mono(const struct loop *l)
{
	return l->mono;
}

wall_us
loop_wall(const struct loop *l)
{
	return l->mono / 1000 + l->wall_ahead;
}

mono_ns
loop_mono_exact(const struct loop *l)
{
	return l->mono;
}

mono_ns
loop_turn_longest(struct loop *l)
{
	(void)l;
	return 0;
}

mono_ns
loop_turn_busiest(struct loop *l)
{
	(void)l;
	return 0;
}

void
fake_loop_step_wall(struct loop *l, wall_us by)
{
	l->wall_ahead += by;
}

void
fake_loop_set_wall(struct loop *l, wall_us at)
{
	l->wall_ahead = at - l->mono / 1000;
}

/* --- timers --- */

static bool
is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static void
put(struct loop *l, struct loop_timer *t, size_t place)
{
	l->heap[place] = t;
	t->place = place;
}

/* Moves the timer at `place` up or down to where it belongs. */
static void
order(struct loop *l, size_t place)
{
	struct loop_timer *t = l->heap[place];
	size_t child;

	while (place > 0 && is_before(t, l->heap[(place - 1) / 2])) {
		put(l, l->heap[(place - 1) / 2], place);
		place = (place - 1) / 2;
	}
	while ((child = 2 * place + 1) < l->n_set) {
		if (child + 1 < l->n_set &&
		    is_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (!is_before(l->heap[child], t))
			break;
		put(l, l->heap[child], place);
		place = child;
	}
	put(l, t, place);
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	t->place = SIZE_MAX;
	l->n_timers++;
	return t;
}

void
loop_timer_stop(struct loop_timer *t)
{
	struct loop *l = t->loop;
	size_t place = t->place;

	if (place == SIZE_MAX)
		return;
	t->place = SIZE_MAX;
	l->n_set--;
	if (place == l->n_set)
		return;
	put(l, l->heap[l->n_set], place);
	order(l, place);
}

void
loop_timer_at(struct loop_timer *t, mono_ns due)
{
	struct loop *l = t->loop;

	loop_timer_stop(t);
	if (l->n_set == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->heap = realloc(l->heap, l->room * sizeof(*l->heap));
		CHECK(l->heap != NULL);
	}
	/* What lies in the past is due now, behind what is due already. */
	t->due = due > l->mono ? due : l->mono;
	t->serial = ++l->serial;
	put(l, t, l->n_set++);
	order(l, t->place);
}

void
loop_timer_in(struct loop_timer *t, mono_ns delay)
{
	loop_timer_at(t, t->loop->mono + delay);
}

bool
loop_timer_is_set(const struct loop_timer *t)
{
	return t->place != SIZE_MAX;
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	loop_timer_stop(t);
	t->loop->n_timers--;
	free(t);
}

bool
fake_loop_next(const struct loop *l, mono_ns *due)
{
	if (l->n_set == 0)
		return false;
	*due = l->heap[0]->due;
	return true;
}

/* --- turns --- */

struct loop_hook *
loop_hook_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct loop_hook *hook = calloc(1, sizeof(*hook));

	CHECK(hook != NULL);
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
	struct loop_hook **link;

	if (h == NULL)
		return;
	link = &h->loop->hooks;
	while (*link != h)
		link = &(*link)->next;
	*link = h->next;
	if (h->loop->hook_next == h)
		h->loop->hook_next = h->next;
	free(h);
}

static void
end_turn(struct loop *l)
{
	struct loop_hook *hook;

	for (hook = l->hooks; hook != NULL; hook = l->hook_next) {
		l->hook_next = hook->next;
		hook->fn(hook->ctx);
	}
}

/*
 * One turn: time moves to the next due timer, if that is by `limit`; all fire
 * that are due then and were set before; then the hooks.  Returns how many
 * timers fired.
 */
static size_t
turn(struct loop *l, mono_ns limit)
{
	struct loop_timer *t;
	uint64_t serial = l->serial;
	size_t n = 0;

	if (l->n_set == 0 || l->heap[0]->due > limit)
		return 0;
	if (l->heap[0]->due > l->mono) {
		l->mono = l->heap[0]->due;
		l->turns = 0;
	}
	CHECK(++l->turns < FAKE_LOOP_STUCK);
	while (!l->stopped && l->n_set > 0) {
		t = l->heap[0];
		if (t->due > l->mono || t->serial > serial)
			break;
		loop_timer_stop(t);
		t->fn(t->ctx);
		n++;
	}
	end_turn(l);
	return n;
}

void
fake_loop_advance(struct loop *l, mono_ns by)
{
	mono_ns limit = l->mono + by;

	l->stopped = false;
	end_turn(l);
	while (!l->stopped && turn(l, limit) > 0)
		continue;
	if (!l->stopped && l->mono < limit)
		l->mono = limit;
}

bool
fake_loop_run_until(
    struct loop *l, fake_loop_done_fn *done, void *ctx, mono_ns limit)
{
	mono_ns end = l->mono + limit;

	l->stopped = false;
	end_turn(l);
	while (!done(ctx))
		if (l->stopped || turn(l, end) == 0)
			return false;
	return true;
}

size_t
fake_loop_settle(struct loop *l)
{
	size_t n = 0;
	size_t fired;

	l->stopped = false;
	end_turn(l);
	while (!l->stopped && (fired = turn(l, l->mono)) > 0)
		n += fired;
	return n;
}

void
loop_run(struct loop *l)
{
	l->stopped = false;
	end_turn(l);
	while (!l->stopped && turn(l, INT64_MAX) > 0)
		continue;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* --- file descriptors and signals --- */

struct loop_io *
loop_io_new(struct loop *l, int fd, int events, loop_io_fn *fn, void *ctx)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	CHECK(io != NULL);
	io->loop = l;
	io->fn = fn;
	io->ctx = ctx;
	io->fd = fd;
	io->events = events;
	io->round = l->round; /* not called by the round that is under way */
	io->next = l->ios;
	l->ios = io;
	return io;
}

void
loop_io_events(struct loop_io *io, int events)
{
	io->events = events;
}

void
loop_io_reset(struct loop_io *io, int fd, int events)
{
	io->fd = fd;
	io->events = events;
}

void
loop_io_free(struct loop_io *io)
{
	struct loop_io **link;

	if (io == NULL)
		return;
	link = &io->loop->ios;
	while (*link != io)
		link = &(*link)->next;
	*link = io->next;
	free(io);
}

/* A callback may free any watcher, so the list is begun anew after each. */
size_t
fake_loop_io(struct loop *l, int fd, int events)
{
	struct loop_io *io;
	uint64_t round = ++l->round;
	size_t n = 0;

	for (;;) {
		for (io = l->ios; io != NULL; io = io->next)
			if (io->fd == fd && io->round < round &&
			    (io->events & events) != 0)
				break;
		if (io == NULL)
			break;
		io->round = round;
		io->fn(io->ctx, io->events & events);
		n++;
	}
	end_turn(l);
	return n;
}

int
fake_loop_io_wanted(const struct loop *l, int fd)
{
	const struct loop_io *io;
	int events = 0;

	for (io = l->ios; io != NULL; io = io->next)
		if (io->fd == fd)
			events |= io->events;
	return events;
}

struct loop_signal *
loop_signal_new(struct loop *l, int signo, loop_fn *fn, void *ctx)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->loop = l;
	s->fn = fn;
	s->ctx = ctx;
	s->signo = signo;
	s->round = l->round;
	s->next = l->signals;
	l->signals = s;
	return s;
}

void
loop_signal_free(struct loop_signal *s)
{
	struct loop_signal **link;

	if (s == NULL)
		return;
	link = &s->loop->signals;
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	free(s);
}

size_t
fake_loop_signal(struct loop *l, int signo)
{
	struct loop_signal *s;
	uint64_t round = ++l->round;
	size_t n = 0;

	for (;;) {
		for (s = l->signals; s != NULL; s = s->next)
			if (s->signo == signo && s->round < round)
				break;
		if (s == NULL)
			break;
		s->round = round;
		s->fn(s->ctx);
		n++;
	}
	end_turn(l);
	return n;
}

size_t
fake_loop_n_watchers(const struct loop *l)
{
	const struct loop_io *io;
	const struct loop_signal *s;
	const struct loop_hook *h;
	size_t n = l->n_timers;

	for (io = l->ios; io != NULL; io = io->next)
		n++;
	for (s = l->signals; s != NULL; s = s->next)
		n++;
	for (h = l->hooks; h != NULL; h = h->next)
		n++;
	return n;
}

size_t
fake_loop_n_set(const struct loop *l)
{
	return l->n_set;
}

#endif
