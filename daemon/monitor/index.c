/* SPDX-License-Identifier: ISC */

/*
 * While it grows there are two rings.  What was moved stays in the old one,
 * too: values never change, so a second finding is as good as the first.
 * The old ring is three quarters full when a new one of twice the room begins;
 * moving MOVE_VALUES with each entry ends long before that one is as full.
 * They are moved in the order of adding, which is how the owner's memory lies,
 * and not of the ring, which would be a read from far memory for each.
 */

#include "index.h"

#include "base/pages.h"

#define VALUE_MASK ((UINT32_C(1) << INDEX_BITS) - 1)

enum { ROOM_START = 1024, MOVE_VALUES = 4 };

static size_t
ring_bytes(uint32_t room)
{
	return (size_t)room * sizeof(uint32_t);
}

/* The slot of a value: never 0. */
static uint32_t
slot_of(uint64_t hash, uint32_t value)
{
	return (uint32_t)(hash >> 32) << INDEX_BITS | (value + 1);
}

static uint32_t
value_of(uint32_t slot)
{
	return (slot & VALUE_MASK) - 1;
}

static uint32_t
find_in(const uint32_t *slots, uint32_t room, const struct index_owner *o,
    uint64_t hash, const void *wanted)
{
	uint32_t at = (uint32_t)hash & (room - 1);
	uint32_t tag = (uint32_t)(hash >> 32) << INDEX_BITS;

	for (; slots[at] != 0; at = (at + 1) & (room - 1)) {
		if ((slots[at] & ~VALUE_MASK) == tag &&
		    o->is(o->owner, value_of(slots[at]), wanted))
			return value_of(slots[at]);
	}
	return INDEX_NONE;
}

uint32_t
index_find(const struct index *x, const struct index_owner *o, uint64_t hash,
    const void *wanted)
{
	uint32_t found = INDEX_NONE;

	if (x->room != 0)
		found = find_in(x->slots, x->room, o, hash, wanted);
	if (found == INDEX_NONE && x->old != NULL)
		found = find_in(x->old, x->old_room, o, hash, wanted);
	return found;
}

static void
place(struct index *x, uint64_t hash, uint32_t slot)
{
	uint32_t at = (uint32_t)hash & (x->room - 1);

	while (x->slots[at] != 0)
		at = (at + 1) & (x->room - 1);
	x->slots[at] = slot;
}

static void
move_some(struct index *x, const struct index_owner *o)
{
	for (int i = 0; i < MOVE_VALUES && x->to_move > 0; i++) {
		uint64_t hash = o->hash(o->owner, x->moving);

		place(x, hash, slot_of(hash, x->moving));
		x->moving = o->next(o->owner, x->moving);
		x->to_move--;
	}
	if (x->to_move == 0) {
		pages_free(x->old, ring_bytes(x->old_room));
		x->old = NULL;
	}
}

static bool
grow(struct index *x)
{
	uint32_t room = x->room == 0 ? ROOM_START : x->room * 2;
	uint32_t *slots;

	if ((uint64_t)(x->used + 1) * 4 <= (uint64_t)x->room * 3)
		return true;
	slots = pages_new(ring_bytes(room));
	if (slots == NULL)
		return false;
	x->old = x->slots;
	x->old_room = x->room;
	x->moving = 0;
	x->to_move = x->used;
	x->slots = slots;
	x->room = room;
	return true;
}

bool
index_add(
    struct index *x, const struct index_owner *o, uint64_t hash, uint32_t value)
{
	if (value > INDEX_MAX || !grow(x))
		return false;
	if (x->old != NULL)
		move_some(x, o);
	place(x, hash, slot_of(hash, value));
	x->used++;
	return true;
}

size_t
index_bytes(const struct index *x)
{
	return ring_bytes(x->room) +
	       (x->old == NULL ? 0 : ring_bytes(x->old_room));
}

void
index_fini(struct index *x)
{
	pages_free(x->slots, ring_bytes(x->room));
	if (x->old != NULL)
		pages_free(x->old, ring_bytes(x->old_room));
	*x = (struct index){0};
}
