/* SPDX-License-Identifier: ISC */

/*
 * Two open-addressing indexes of 4-byte slots, hashed with a secret key: names
 * (slot -> offset into the arena) and policies.  A name's entry in the arena
 * is [first question: 4 bytes][size: 1][wire].
 */

#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/rand.h"
#include "table_priv.h"

enum { NAME_HEAD = 5, TABLE_ROOM_START = 1024 };

struct table {
	struct hash_key key;
	struct question *questions;
	uint32_t *links;
	uint32_t count;
	uint32_t room;
	uint8_t *names;
	size_t names_size;
	size_t names_room;
	struct index by_name;
	struct policy *policies;
	uint32_t n_policies;
	uint32_t policies_room;
	struct index by_policy;
	struct arena
	    texts; /* of policies; they are never freed before the table */
	void (*on_move)(void *ctx, uint32_t *links);
	void *on_move_ctx;
};

struct table *
table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t != NULL)
		rand_bytes(&t->key, sizeof(t->key));
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	free(t->questions);
	free(t->links);
	free(t->names);
	free(t->by_name.slots);
	free(t->by_policy.slots);
	free(t->policies);
	arena_fini(&t->texts);
	free(t);
}

void
table_on_move(
    struct table *t, void (*fn)(void *ctx, uint32_t *links), void *ctx)
{
	t->on_move = fn;
	t->on_move_ctx = ctx;
}

uint32_t *
table_links(struct table *t)
{
	return t->links;
}

static uint32_t
name_first(const struct table *t, uint32_t at)
{
	uint32_t first;

	memcpy(&first, t->names + at, sizeof(first));
	return first;
}

static uint64_t
name_hash(const struct table *t, const uint8_t *wire, size_t size)
{
	return hash_sip(&t->key, wire, size);
}

bool
table_index_grow(struct table *t, struct index *x,
    uint64_t (*hash)(const struct table *t, uint32_t value))
{
	uint32_t room = x->room == 0 ? 1024 : x->room * 2;
	uint32_t *slots;

	if ((uint64_t)(x->used + 1) * 4 <= (uint64_t)x->room * 3)
		return true;
	slots = calloc(room, sizeof(*slots));
	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < x->room; i++) {
		uint32_t at;

		if (x->slots[i] == 0)
			continue;
		at = (uint32_t)hash(t, x->slots[i] - 1) & (room - 1);
		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = x->slots[i];
	}
	free(x->slots);
	x->slots = slots;
	x->room = room;
	return true;
}

static uint64_t
hash_of_name_at(const struct table *t, uint32_t at)
{
	return name_hash(t, t->names + at + NAME_HEAD, t->names[at + 4]);
}

/* The slot of the name, or the empty one where it would go. */
static uint32_t
name_slot(const struct table *t, const uint8_t *wire, size_t size)
{
	const struct index *x = &t->by_name;
	uint32_t slot = (uint32_t)name_hash(t, wire, size) & (x->room - 1);

	for (;; slot = (slot + 1) & (x->room - 1)) {
		uint32_t at = x->slots[slot];

		if (at == 0)
			return slot;
		at--;
		if (t->names[at + 4] == size &&
		    memcmp(t->names + at + NAME_HEAD, wire, size) == 0)
			return slot;
	}
}

/* Offset of the name in the arena, added when it is new; UINT32_MAX: full. */
static uint32_t
name_add(struct table *t, const struct name *name)
{
	size_t need = t->names_size + NAME_HEAD + name->size;
	uint32_t none = QUESTION_NONE;
	uint32_t at;
	uint32_t slot;

	if (!table_index_grow(t, &t->by_name, hash_of_name_at))
		return UINT32_MAX;
	slot = name_slot(t, name->wire, name->size);
	if (t->by_name.slots[slot] != 0)
		return t->by_name.slots[slot] - 1;
	if (need >= UINT32_MAX)
		return UINT32_MAX;
	if (need > t->names_room) {
		size_t room = t->names_room == 0 ? 65536 : t->names_room * 2;
		uint8_t *names = realloc(t->names, room);

		if (names == NULL)
			return UINT32_MAX;
		t->names = names;
		t->names_room = room;
	}
	at = (uint32_t)t->names_size;
	memcpy(t->names + at, &none, sizeof(none));
	t->names[at + 4] = name->size;
	memcpy(t->names + at + NAME_HEAD, name->wire, name->size);
	t->names_size = need;
	t->by_name.slots[slot] = at + 1;
	t->by_name.used++;
	return at;
}

static bool
grow(struct table *t)
{
	uint32_t room = t->room == 0 ? TABLE_ROOM_START : t->room * 2;
	struct question *questions;
	uint32_t *links;

	if (t->count < t->room)
		return true;
	questions = realloc(t->questions, room * sizeof(*questions));
	if (questions == NULL)
		return false;
	t->questions = questions;
	links = realloc(t->links, room * sizeof(*links));
	if (links == NULL)
		return false;
	t->links = links;
	t->room = room;
	if (t->on_move != NULL)
		t->on_move(t->on_move_ctx, links);
	return true;
}

static uint32_t
find_type(const struct table *t, uint32_t at, uint16_t type)
{
	uint32_t id = name_first(t, at);

	while (id != QUESTION_NONE && t->questions[id].type != type)
		id = t->questions[id].sibling;
	return id;
}

uint32_t
table_add(struct table *t, const struct name *name, uint16_t type)
{
	uint32_t at = name_add(t, name);
	uint32_t id;

	if (at == UINT32_MAX)
		return QUESTION_NONE;
	id = find_type(t, at, type);
	if (id != QUESTION_NONE)
		return id;
	if (!grow(t))
		return QUESTION_NONE;
	id = t->count++;
	t->questions[id] = (struct question){
	    .name = at,
	    .sibling = name_first(t, at),
	    .policy = POLICY_NONE,
	    .type = type,
	};
	t->links[id] = UINT32_MAX;
	memcpy(t->names + at, &id, sizeof(id));
	return id;
}

uint32_t
table_find(
    const struct table *t, const uint8_t *wire, size_t size, uint16_t type)
{
	uint32_t slot;

	if (t->by_name.room == 0)
		return QUESTION_NONE;
	slot = name_slot(t, wire, size);
	if (t->by_name.slots[slot] == 0)
		return QUESTION_NONE;
	return find_type(t, t->by_name.slots[slot] - 1, type);
}

struct question *
table_question(const struct table *t, uint32_t id)
{
	return &t->questions[id];
}

uint32_t
table_count(const struct table *t)
{
	return t->count;
}

const uint8_t *
table_name(const struct table *t, uint32_t id, uint8_t *size)
{
	uint32_t at = t->questions[id].name;

	if (size != NULL)
		*size = t->names[at + 4];
	return t->names + at + NAME_HEAD;
}

uint32_t
table_first(const struct table *t, uint32_t id)
{
	return name_first(t, t->questions[id].name);
}

struct store_key
table_key(const struct table *t, uint32_t id)
{
	uint8_t size;
	const uint8_t *wire = table_name(t, id, &size);

	return (struct store_key){
	    .question =
		question_key("default", wire, size, t->questions[id].type),
	    .shard = question_shard(wire, size),
	};
}

struct index *
table_policy_index(struct table *t)
{
	return &t->by_policy;
}

struct arena *
table_texts(struct table *t)
{
	return &t->texts;
}

uint32_t
table_policy_add(struct table *t, const struct policy *p, uint32_t slot)
{
	if (t->n_policies == t->policies_room) {
		uint32_t room =
		    t->policies_room == 0 ? 16 : t->policies_room * 2;
		struct policy *policies =
		    realloc(t->policies, room * sizeof(*policies));

		if (policies == NULL)
			return POLICY_NONE;
		t->policies = policies;
		t->policies_room = room;
	}
	t->policies[t->n_policies] = *p;
	t->by_policy.slots[slot] = t->n_policies + 1;
	t->by_policy.used++;
	return t->n_policies++;
}

const struct policy *
policy_get(const struct table *t, uint32_t policy)
{
	return &t->policies[policy];
}

void
policy_set_class(struct table *t, uint32_t policy, uint32_t class_)
{
	t->policies[policy].class_ = class_;
}
