/* SPDX-License-Identifier: ISC */

/*
 * Open addressing, nothing is ever taken out.  A single table of a million
 * names would hold up the loop when it grows; one of 256 never has more than
 * some thousands.
 */

#include <stdlib.h>
#include <string.h>

#include "delta_priv.h"

enum { ROOM_MIN = 16 };

static uint32_t
hash_of(const struct delta_set *s, const struct name *name)
{
	return (uint32_t)hash_sip(&s->key, name->wire, name->size);
}

/* The bucket is of the low bits, the slot of the others. */
static struct delta_name **
slot_of(const struct delta_bucket *b, uint32_t hash, const uint8_t *wire,
    size_t size)
{
	uint32_t at = hash / DELTA_BUCKETS & (b->room - 1);

	for (;; at = (at + 1) & (b->room - 1)) {
		const struct delta_name *n = b->slots[at];

		if (n == NULL || (n->hash == hash && n->size == size &&
				     memcmp(n->wire, wire, size) == 0))
			return &b->slots[at];
	}
}

struct delta_name *
delta_set_find(const struct delta_set *s, const struct name *name)
{
	uint32_t hash = hash_of(s, name);
	const struct delta_bucket *b = &s->buckets[hash % DELTA_BUCKETS];

	return b->n == 0 ? NULL : *slot_of(b, hash, name->wire, name->size);
}

static bool
grow(struct delta_bucket *b)
{
	struct delta_bucket wide = {
	    .n = b->n, .room = b->room == 0 ? ROOM_MIN : 2 * b->room};

	wide.slots = calloc(wide.room, sizeof(struct delta_name *));
	if (wide.slots == NULL)
		return false;
	for (uint32_t i = 0; i < b->room; i++) {
		struct delta_name *n = b->slots[i];

		if (n != NULL)
			*slot_of(&wide, n->hash, n->wire, n->size) = n;
	}
	free(b->slots);
	*b = wide;
	return true;
}

struct delta_name *
delta_set_add(struct delta_set *s, const struct name *name)
{
	uint32_t hash = hash_of(s, name);
	struct delta_bucket *b = &s->buckets[hash % DELTA_BUCKETS];
	struct delta_name *n;

	if (b->n >= b->room / 4 * 3 && !grow(b))
		return NULL;
	n = arena_zero(&s->arena, sizeof(*n) + name->size);
	if (n == NULL)
		return NULL;
	n->hash = hash;
	n->size = name->size;
	memcpy(n->wire, name->wire, name->size);
	*slot_of(b, hash, n->wire, n->size) = n;
	b->n++;
	if (s->last != NULL)
		s->last->next = n;
	else
		s->first = n;
	s->last = n;
	s->n++;
	return n;
}

void
delta_set_fini(struct delta_set *s)
{
	for (size_t i = 0; i < DELTA_BUCKETS; i++)
		free(s->buckets[i].slots);
	arena_fini(&s->arena);
}
