/* SPDX-License-Identifier: ISC */

/*
 * Ids are ours and dense, no adversary chooses them, so a multiplicative hash
 * is enough here.
 */

#include "idmap.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOT_EMPTY = 0, SLOT_USED = 1, SLOT_GONE = 2, ROOM_MIN = 64 };

static uint32_t
slot_of(const struct idmap *m, uint32_t id)
{
	return (uint32_t)((id * 0x9e3779b97f4a7c15ULL) >> 32) & (m->room - 1);
}

static struct idmap_slot *
find(const struct idmap *m, uint32_t id)
{
	uint32_t i;

	if (m->room == 0)
		return NULL;
	for (i = slot_of(m, id); m->slots[i].state != SLOT_EMPTY;
	     i = (i + 1) & (m->room - 1)) {
		if (m->slots[i].state == SLOT_USED && m->slots[i].id == id)
			return &m->slots[i];
	}
	return NULL;
}

static void
place(struct idmap *m, uint32_t id, void *value)
{
	uint32_t i = slot_of(m, id);

	while (m->slots[i].state == SLOT_USED)
		i = (i + 1) & (m->room - 1);
	if (m->slots[i].state == SLOT_EMPTY)
		m->used++;
	m->slots[i] = (struct idmap_slot){id, SLOT_USED, value};
	m->live++;
}

/* Into as much room as those that live want. */
static int
rebuild(struct idmap *m)
{
	struct idmap other = {0};

	other.room = ROOM_MIN;
	while (other.room < (m->live + 1) * 4)
		other.room *= 2;
	other.slots = calloc(other.room, sizeof(*other.slots));
	if (other.slots == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->room; i++) {
		if (m->slots[i].state == SLOT_USED)
			place(&other, m->slots[i].id, m->slots[i].value);
	}
	free(m->slots);
	*m = other;
	return 0;
}

static int
grow(struct idmap *m)
{
	if ((uint64_t)(m->used + 1) * 2 <= m->room)
		return 0;
	return rebuild(m);
}

void
idmap_trim(struct idmap *m)
{
	/* Without memory it stays as large as it is. */
	if (m->room > ROOM_MIN && (uint64_t)m->live * 32 < m->room)
		(void)rebuild(m);
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
	int err = grow(m);

	if (err == 0)
		place(m, id, value);
	return err;
}

void *
idmap_take(struct idmap *m, uint32_t id)
{
	struct idmap_slot *slot = find(m, id);

	if (slot == NULL)
		return NULL;
	slot->state = SLOT_GONE;
	m->live--;
	return slot->value;
}

void *
idmap_next(const struct idmap *m, uint32_t *at)
{
	while (*at < m->room) {
		const struct idmap_slot *slot = &m->slots[(*at)++];

		if (slot->state == SLOT_USED)
			return slot->value;
	}
	return NULL;
}

size_t
idmap_bytes(const struct idmap *m)
{
	return m->room * sizeof(*m->slots);
}

void
idmap_fini(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){0};
}
