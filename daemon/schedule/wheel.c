/* SPDX-License-Identifier: ISC */

/*
 * One ring of WHEEL_SLOTS lists and a bitmap of the slots that have ids, with
 * a second bitmap over its words, so that the next busy slot is found in a
 * few reads however empty the ring is.  A slot is first id + 1: the ring comes
 * zeroed from the system, and pages that no due time touches cost no memory.
 *
 * Ticks are counted from wheel_new().  An id that is due within a tick is put
 * on the next one: late by less than a tick, never early.  The cursor is the
 * first tick that may have ids; it moves over empty slots only, so after a
 * pause everything overdue is still in its own slot and comes out in order.
 *
 * The ring holds WHEEL_SLOTS ticks from the cursor on.  When so much is
 * overdue that a new due time lies beyond, the oldest slots are gathered into
 * one (gather()) instead of refusing an id that is well within a day.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "schedule/wheel.h"

enum {
	WORD_BITS = 64,
	N_WORDS = WHEEL_SLOTS / WORD_BITS,
	N_TOPS = N_WORDS / WORD_BITS
};
#define TICK_NS MONO_MS(WHEEL_TICK_MS)

struct wheel {
	wheel_link_fn *link; /* id + 1 of the follower, 0 at the end */
	void *ctx;
	mono_ns start;  /* when tick 0 is */
	mono_ns now;    /* the latest that wheel_take() was told */
	int64_t cursor; /* tick; all earlier ones are empty; never after now */
	int64_t taken;  /* tick of the id taken last */
	uint32_t count;
	uint64_t tops[N_TOPS];  /* a bit per word of `busy` that is not 0 */
	uint64_t busy[N_WORDS]; /* a bit per slot that has ids */
	uint32_t slots[WHEEL_SLOTS];
};

struct wheel *
wheel_new(mono_ns now, wheel_link_fn *link, void *ctx)
{
	struct wheel *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->link = link;
	w->ctx = ctx;
	w->start = now;
	w->now = now;
	return w;
}

void
wheel_free(struct wheel *w)
{
	free(w);
}

/* The link of the id in a list's cell, which is id + 1. */
static uint32_t *
next_of(struct wheel *w, uint32_t cell)
{
	return w->link(w->ctx, cell - 1);
}

static uint32_t
slot_of(int64_t tick)
{
	return (uint32_t)((uint64_t)tick % WHEEL_SLOTS);
}

/* Sets the list of a slot, and its bits. */
static void
set_slot(struct wheel *w, uint32_t slot, uint32_t head)
{
	uint32_t word = slot / WORD_BITS;
	uint64_t bit = UINT64_C(1) << slot % WORD_BITS;
	uint64_t top_bit = UINT64_C(1) << word % WORD_BITS;

	w->slots[slot] = head;
	if (head != 0) {
		w->busy[word] |= bit;
		w->tops[word / WORD_BITS] |= top_bit;
		return;
	}
	w->busy[word] &= ~bit;
	if (w->busy[word] == 0)
		w->tops[word / WORD_BITS] &= ~top_bit;
}

static uint32_t
lowest_bit(uint64_t word)
{
	return (uint32_t)ffsll((long long)word) - 1;
}

/* The first busy slot at or after `from`; WHEEL_SLOTS when there is none. */
static uint32_t
find_busy(const struct wheel *w, uint32_t from)
{
	uint32_t word = from / WORD_BITS;
	uint64_t bits = w->busy[word] & UINT64_MAX << from % WORD_BITS;
	uint32_t top;

	if (bits != 0)
		return word * WORD_BITS + lowest_bit(bits);
	word++;
	if (word == N_WORDS)
		return WHEEL_SLOTS;
	top = word / WORD_BITS;
	bits = w->tops[top] & UINT64_MAX << word % WORD_BITS;
	while (bits == 0) {
		if (++top == N_TOPS)
			return WHEEL_SLOTS;
		bits = w->tops[top];
	}
	word = top * WORD_BITS + lowest_bit(bits);
	return word * WORD_BITS + lowest_bit(w->busy[word]);
}

/* The first tick with ids, or `limit` when there is none before it. */
static int64_t
first_tick(const struct wheel *w, int64_t limit)
{
	uint32_t from = slot_of(w->cursor);
	uint32_t slot;
	int64_t tick;

	if (w->count == 0)
		return limit;
	slot = find_busy(w, from);
	if (slot == WHEEL_SLOTS)
		slot = find_busy(w, 0);
	if (slot == WHEEL_SLOTS)
		return limit;
	tick = w->cursor + slot_of((int64_t)slot - from);
	return tick < limit ? tick : limit;
}

/* The tick that has begun at `at`, or, rounded up, that begins not before. */
static int64_t
tick_of(const struct wheel *w, mono_ns at, bool up)
{
	int64_t tick;

	if (at <= w->start)
		return 0;
	tick = (at - w->start) / TICK_NS;
	if (up && (at - w->start) % TICK_NS != 0)
		tick++;
	return tick;
}

/* The list with `late` at its end. */
static uint32_t
join(struct wheel *w, uint32_t list, uint32_t late)
{
	uint32_t tail = list;

	if (list == 0 || late == 0)
		return list == 0 ? late : list;
	while (*next_of(w, tail) != 0)
		tail = *next_of(w, tail);
	*next_of(w, tail) = late;
	return list;
}

/*
 * Moves all that is before tick `first` into its slot, and the cursor there.
 * What was gathered so far goes to the end of each list that is met, so that
 * an id is walked over once, however often this happens while the wheel stays
 * behind.
 */
static void
gather(struct wheel *w, int64_t first)
{
	uint32_t late = 0;

	for (;;) {
		uint32_t slot;

		w->cursor = first_tick(w, first);
		slot = slot_of(w->cursor);
		late = join(w, w->slots[slot], late);
		if (w->cursor == first) {
			set_slot(w, slot, late);
			return;
		}
		set_slot(w, slot, 0);
	}
}

void
wheel_add(struct wheel *w, uint32_t id, mono_ns due)
{
	/* Due by now: this tick, which can be taken from, not the next. */
	int64_t tick = tick_of(w, due, due > w->now);
	uint32_t slot;

	CHECK(id != WHEEL_NONE);
	CHECK(tick - tick_of(w, w->now, false) < WHEEL_SLOTS);
	if (tick < w->cursor)
		tick = w->cursor;
	if (tick - w->cursor >= WHEEL_SLOTS)
		gather(w, tick - WHEEL_SLOTS + 1);
	slot = slot_of(tick);
	*next_of(w, id + 1) = w->slots[slot];
	set_slot(w, slot, id + 1);
	w->count++;
}

uint32_t
wheel_take(struct wheel *w, mono_ns now)
{
	int64_t limit;
	uint32_t slot;
	uint32_t head;

	if (now > w->now)
		w->now = now;
	limit = tick_of(w, w->now, false);
	/* Stops at `limit` itself: what is added as due now still goes there.
	 */
	w->cursor = first_tick(w, limit);
	slot = slot_of(w->cursor);
	head = w->slots[slot];
	if (head == 0)
		return WHEEL_NONE;
	set_slot(w, slot, *next_of(w, head));
	w->count--;
	w->taken = w->cursor;
	return head - 1;
}

mono_ns
wheel_taken(const struct wheel *w)
{
	return w->start + w->taken * TICK_NS;
}

mono_ns
wheel_next(const struct wheel *w, mono_ns now)
{
	mono_ns at;

	if (w->count == 0)
		return INT64_MAX;
	at = w->start + first_tick(w, INT64_MAX) * TICK_NS;
	return at > now ? at : now;
}

bool
wheel_sift(struct wheel *w, uint32_t *at, wheel_drop_fn *drop, void *ctx)
{
	uint32_t slot = *at < WHEEL_SLOTS ? find_busy(w, *at) : WHEEL_SLOTS;
	uint32_t kept = 0;
	uint32_t cell;
	uint32_t next;

	if (slot == WHEEL_SLOTS)
		return false;
	for (cell = w->slots[slot]; cell != 0; cell = next) {
		next = *next_of(w, cell);
		if (drop(ctx, cell - 1)) {
			w->count--;
			continue;
		}
		*next_of(w, cell) = kept;
		kept = cell;
	}
	set_slot(w, slot, kept);
	*at = slot + 1;
	return true;
}

size_t
wheel_bytes(const struct wheel *w)
{
	return sizeof(*w);
}

uint32_t
wheel_count(const struct wheel *w)
{
	return w->count;
}
