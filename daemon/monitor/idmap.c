/* SPDX-License-Identifier: ISC */

/*
 * Ids are ours and dense, or hashes under a key that was drawn at the start: no
 * adversary chooses them, so a multiplicative hash is enough here.
 *
 * A ring begins with room for four times what lives, and for an eighth of the
 * old ring's slots: MOVE_SLOTS of those are moved with each value, so that
 * the old one is empty before the new one is half full.
 */

#include "idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_EMPTY = 0, SLOT_USED = 1, SLOT_GONE = 2 };
enum { ROOM_MIN = 64, MOVE_SLOTS = 16, SPARSE_MIN = 4096, SPARSE_SHARE = 64 };

static uint32_t
slot_of(const struct idmap_ring *r, uint32_t id)
{
	return (uint32_t)((id * 0x9e3779b97f4a7c15ULL) >> 32) & (r->room - 1);
}

static struct idmap_slot *
find_in(const struct idmap_ring *r, uint32_t id)
{
	uint32_t i;

	if (r->room == 0)
		return NULL;
	for (i = slot_of(r, id); r->slots[i].state != SLOT_EMPTY;
	     i = (i + 1) & (r->room - 1)) {
		if (r->slots[i].state == SLOT_USED && r->slots[i].id == id)
			return &r->slots[i];
	}
	return NULL;
}

static struct idmap_slot *
find(const struct idmap *m, uint32_t id)
{
	struct idmap_slot *slot = find_in(&m->now, id);

	return slot == NULL ? find_in(&m->old, id) : slot;
}

static void
place(struct idmap_ring *r, uint32_t id, void *value)
{
	uint32_t i = slot_of(r, id);

	while (r->slots[i].state == SLOT_USED)
		i = (i + 1) & (r->room - 1);
	if (r->slots[i].state == SLOT_EMPTY)
		r->used++;
	r->slots[i] = (struct idmap_slot){id, SLOT_USED, value};
}

static void
drop(struct idmap_ring *r)
{
	free(r->slots);
	*r = (struct idmap_ring){0};
}

static void
move_some(struct idmap *m)
{
	for (int i = 0; i < MOVE_SLOTS && m->moved < m->old.room; i++) {
		struct idmap_slot *slot = &m->old.slots[m->moved++];

		if (slot->state != SLOT_USED)
			continue;
		place(&m->now, slot->id, slot->value);
		slot->state = SLOT_GONE;
	}
	if (m->moved == m->old.room)
		drop(&m->old);
}

/* A walk goes over all slots, so that few should not live in many. */
static bool
is_sparse(const struct idmap *m)
{
	return m->now.room > SPARSE_MIN &&
	       (uint64_t)(m->live + 1) * SPARSE_SHARE < m->now.room;
}

/* Begins another ring when this one is too full or too empty. */
static int
change_ring(struct idmap *m)
{
	uint64_t need = (uint64_t)(m->live + 1) * 4 + m->now.room / 8;
	struct idmap_ring bigger = {.room = ROOM_MIN};

	if ((uint64_t)(m->now.used + 1) * 2 <= m->now.room &&
	    (m->old.slots != NULL || !is_sparse(m)))
		return 0;
	while (bigger.room < need)
		bigger.room *= 2;
	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -ENOMEM;
	m->old = m->now;
	m->now = bigger;
	m->moved = 0;
	return 0;
}

void *
idmap_get(const struct idmap *m, uint32_t id)
{
	struct idmap_slot *slot = find(m, id);

	return slot == NULL ? NULL : slot->value;
}

int
idmap_put(struct idmap *m, uint32_t id, void *value)
{
	int err = change_ring(m);

	if (err != 0)
		return err;
	if (m->old.slots != NULL)
		move_some(m);
	place(&m->now, id, value);
	m->live++;
	return 0;
}

/*
 * Walks need not go over what a storm left behind.  A small ring stays: it
 * would be asked for again with the next value.
 */
static void
empty(struct idmap *m)
{
	struct idmap_ring *r = &m->now;

	drop(&m->old);
	if (r->room > SPARSE_MIN) {
		drop(r);
	} else if (r->used > r->room / 4) {
		memset(r->slots, 0, r->room * sizeof(*r->slots));
		r->used = 0;
	}
}

void *
idmap_take(struct idmap *m, uint32_t id)
{
	struct idmap_slot *slot = find(m, id);
	void *value;

	if (slot == NULL)
		return NULL;
	value = slot->value;
	slot->state = SLOT_GONE;
	if (--m->live == 0)
		empty(m);
	return value;
}

void *
idmap_next(const struct idmap *m, uint32_t *at)
{
	uint32_t end = m->now.room + m->old.room;

	while (*at < end) {
		uint32_t i = (*at)++;
		const struct idmap_slot *slot =
		    i < m->now.room ? &m->now.slots[i]
				    : &m->old.slots[i - m->now.room];

		if (slot->state == SLOT_USED)
			return slot->value;
	}
	return NULL;
}

size_t
idmap_bytes(const struct idmap *m)
{
	return ((size_t)m->now.room + m->old.room) * sizeof(struct idmap_slot);
}

void
idmap_fini(struct idmap *m)
{
	drop(&m->now);
	drop(&m->old);
	m->live = 0;
}
