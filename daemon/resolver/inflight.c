/* SPDX-License-Identifier: ISC */
/*
 * The pool of open questions and the wheel of their deadlines.
 *
 * A deadline goes into the slot that begins at or after it, so that nothing
 * is ever early; it is late by at most one slot.  What lies beyond the wheel
 * waits in its last slot and is put in again from there.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "inflight_priv.h"

int
inflight_init(struct inflight *f, uint32_t size, mono_ns now)
{
	uint32_t i;

	CHECK(size > 0 && size <= INFLIGHT_SIZE_MAX);
	memset(f, 0, sizeof(*f));
	_Static_assert(sizeof(struct question) == QUESTION_SIZE,
	    "a question is two lines");
	f->all = aligned_alloc(QUESTION_SIZE, size * sizeof(*f->all));
	f->far = calloc(size, sizeof(*f->far));
	f->links = calloc(size, sizeof(*f->links));
	if (f->all == NULL || f->far == NULL || f->links == NULL) {
		inflight_fini(f);
		return -ENOMEM;
	}
	memset(f->all, 0, size * sizeof(*f->all));
	f->size = size;
	for (i = 0; i < size; i++) {
		f->all[i].next = i + 1 < size ? (uint16_t)(i + 1) : NIL;
		f->links[i].slot = NIL;
	}
	memset(f->slots, 0xff, sizeof(f->slots)); /* all NIL */
	f->cursor = now / WHEEL_SLOT_NS;
	f->earliest = INT64_MAX;
	return 0;
}

void
inflight_fini(struct inflight *f)
{
	free(f->all);
	free(f->far);
	free(f->links);
	memset(f, 0, sizeof(*f));
}

uint16_t
inflight_index(const struct inflight *f, const struct question *q)
{
	return (uint16_t)(q - f->all);
}

struct question *
inflight_take(struct inflight *f)
{
	struct question *q;

	if (f->free_first == NIL)
		return NULL;
	q = &f->all[f->free_first];
	f->free_first = q->next;
	if (q->next != NIL) {
		PREFETCH(&f->all[q->next]); /* freed in any order */
		PREFETCH(f->all[q->next].near);
	}
	f->n_open++;
	return q;
}

void
inflight_give(struct inflight *f, struct question *q)
{
	q->state = QUESTION_FREE;
	q->next = f->free_first;
	f->free_first = inflight_index(f, q);
	f->n_open--;
}

void
inflight_name_room(struct inflight *f, struct question *q, uint8_t size)
{
	if (size + 8 <= QUESTION_NAME_NEAR)
		q->name = q->near;
	else
		q->name = f->far[inflight_index(f, q)].name;
}

struct try *
inflight_try(struct inflight *f, struct question *q, unsigned i)
{
	return i == 0 ? &q->first : &f->far[inflight_index(f, q)].again[i - 1];
}

static void
busy_set(struct inflight *f, uint16_t slot, bool busy)
{
	uint64_t bit = (uint64_t)1 << (slot % 64);

	if (busy)
		f->busy[slot / 64] |= bit;
	else
		f->busy[slot / 64] &= ~bit;
}

void
inflight_due_clear(struct inflight *f, struct question *q)
{
	struct inflight_link *link = &f->links[inflight_index(f, q)];
	uint16_t slot = link->slot;

	if (slot == NIL)
		return;
	if (link->next != NIL)
		f->links[link->next].prev = link->prev;
	if (link->prev != NIL)
		f->links[link->prev].next = link->next;
	else
		f->slots[slot] = link->next;
	if (f->slots[slot] == NIL)
		busy_set(f, slot, false);
	link->slot = NIL;
}

void
inflight_due_set(struct inflight *f, struct question *q, mono_ns due)
{
	uint16_t i = inflight_index(f, q);
	struct inflight_link *link = &f->links[i];
	int64_t at = due / WHEEL_SLOT_NS + 1;
	uint16_t slot;

	inflight_due_clear(f, q);
	q->deadline = due;
	if (due < f->earliest)
		f->earliest = due;
	if (at < f->cursor)
		at = f->cursor;
	if (at >= f->cursor + WHEEL_SLOTS)
		at = f->cursor + WHEEL_SLOTS - 1;
	slot = (uint16_t)(at % WHEEL_SLOTS);
	link->slot = slot;
	link->prev = NIL;
	link->next = f->slots[slot];
	if (link->next != NIL)
		f->links[link->next].prev = i;
	f->slots[slot] = i;
	busy_set(f, slot, true);
}

struct question *
inflight_due_pop(struct inflight *f, mono_ns now)
{
	int64_t at = now / WHEEL_SLOT_NS;
	struct question *q;
	uint16_t i;

	/* After a long stop one round of the wheel sees everything. */
	if (at - f->cursor > 2 * WHEEL_SLOTS)
		f->cursor = at - 2 * WHEEL_SLOTS;
	while (f->cursor <= at) {
		i = f->slots[f->cursor % WHEEL_SLOTS];
		if (i == NIL) {
			f->cursor++;
			continue;
		}
		q = &f->all[i];
		inflight_due_clear(f, q);
		if (q->deadline <= now)
			return q;
		inflight_due_set(f, q, q->deadline);
	}
	return NULL;
}

void
inflight_due_scan(struct inflight *f)
{
	uint16_t first = (uint16_t)(f->cursor % WHEEL_SLOTS);
	uint16_t ahead;
	uint16_t slot;

	f->earliest = INT64_MAX;
	for (ahead = 0; ahead < WHEEL_SLOTS;) {
		slot = (uint16_t)((first + ahead) % WHEEL_SLOTS);
		if (slot % 64 == 0 && f->busy[slot / 64] == 0) {
			ahead += 64;
			continue;
		}
		if (f->slots[slot] != NIL) {
			f->earliest = (f->cursor + ahead) * WHEEL_SLOT_NS - 1;
			return;
		}
		ahead++;
	}
}
