/* SPDX-License-Identifier: ISC */

/* Open addressing, doubled at seven tenths. */

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "check_count.h"
#include "dns/type.h"

enum {
	ROOM_FIRST = 1024,
	EVERY_BITS = 24, /* of a question's value; the view is above */
	EVERY_MASK = (1 << EVERY_BITS) - 1,
	EVERY_ASLEEP = EVERY_MASK /* `types: auto`: not asked */
};

void
count_init(struct count *c)
{
	*c = (struct count){0};
	rand_bytes(&c->key, sizeof(c->key));
}

void
count_fini(struct count *c)
{
	free(c->names.slots);
	free(c->questions.slots);
	*c = (struct count){0};
}

/* Where the hash is, or the free slot where it belongs. */
static struct count_slot *
probe(struct count_slot *slots, size_t room, uint64_t hash)
{
	size_t i = hash & (room - 1);

	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static bool
grow(struct count_set *set)
{
	size_t room = set->room == 0 ? ROOM_FIRST : set->room * 2;
	struct count_slot *slots = calloc(room, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < set->room; i++) {
		if (set->slots[i].hash != 0)
			*probe(slots, room, set->slots[i].hash) = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->room = room;
	return true;
}

/* NULL when memory is short. */
static uint32_t *
value_of(struct count_set *set, uint64_t hash)
{
	struct count_slot *slot;

	if (hash == 0)
		hash = 1;
	if (set->n >= set->room / 10 * 7 && !grow(set))
		return NULL;
	slot = probe(set->slots, set->room, hash);
	if (slot->hash == 0) {
		slot->hash = hash;
		set->n++;
	}
	return &slot->value;
}

static void
count_questions(
    struct count *c, const struct watch *w, const struct watch_view *in)
{
	uint32_t every_s = in->every_s != 0 ? in->every_s : w->every_s;
	uint8_t data[NAME_SIZE_MAX + 3];
	uint32_t typed_s;

	memcpy(data, w->name.wire, w->name.size);
	data[w->name.size] = in->view;
	for (size_t i = 0; i < w->n_types; i++) {
		uint32_t *every;

		data[w->name.size + 1] = (uint8_t)(w->types[i] >> 8);
		data[w->name.size + 2] = (uint8_t)w->types[i];
		typed_s = w->auto_types && w->types[i] != TYPE_NS ? EVERY_ASLEEP
		                                                  : every_s;
		every = value_of(
		    &c->questions, hash_sip(&c->key, data, w->name.size + 3u));
		if (every == NULL)
			c->is_short = true;
		else if (*every == 0 || typed_s < (*every & EVERY_MASK))
			*every = (uint32_t)in->view << EVERY_BITS | typed_s;
	}
}

static uint32_t
tags_of(const struct watch *w, uint32_t authoritative)
{
	bool is_asked = w->confirm == PROOF_SOURCE;
	uint32_t tags = 0;

	for (size_t i = 0; i < w->n_tags; i++) {
		if (strcmp(w->tags[i], "owned") == 0)
			tags |= COUNT_OWNED;
		else if (strcmp(w->tags[i], "hostile") == 0)
			tags |= COUNT_HOSTILE;
	}
	for (size_t i = 0; i < w->n_views; i++)
		is_asked =
		    is_asked || (authoritative >> w->views[i].view & 1) != 0;
	if (w->direct)
		return tags;
	if ((tags & COUNT_HOSTILE) != 0)
		return tags | COUNT_DISCREET;
	return is_asked ? tags | COUNT_ASKED : tags;
}

struct count_tags
count_watch(struct count *c, const struct watch *w, uint32_t authoritative)
{
	uint32_t *tags =
	    value_of(&c->names, hash_sip(&c->key, w->name.wire, w->name.size));
	struct count_tags out = {0};

	for (size_t i = 0; i < w->n_views; i++)
		count_questions(c, w, &w->views[i]);
	if (tags == NULL) {
		c->is_short = true;
		return out;
	}
	out.before = *tags;
	*tags |= tags_of(w, authoritative);
	out.now = *tags;
	return out;
}

bool
count_became(struct count_tags tags, uint32_t bits)
{
	return (tags.now & bits) == bits && (tags.before & bits) != bits;
}

static bool
is_awake(uint32_t value)
{
	return value != 0 && (value & EVERY_MASK) != EVERY_ASLEEP;
}

size_t
count_asleep(const struct count *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->questions.room; i++)
		n += c->questions.slots[i].value != 0 &&
		     !is_awake(c->questions.slots[i].value);
	return n;
}

double
count_rate(const struct count *c, uint8_t view)
{
	double sum = 0;

	for (size_t i = 0; i < c->questions.room; i++) {
		uint32_t value = c->questions.slots[i].value;

		if (is_awake(value) && value >> EVERY_BITS == view)
			sum += 1.0 / (value & EVERY_MASK);
	}
	return sum;
}

double
count_rate_all(const struct count *c)
{
	double sum = 0;

	for (size_t i = 0; i < c->questions.room; i++) {
		if (is_awake(c->questions.slots[i].value))
			sum += 1.0 / (c->questions.slots[i].value & EVERY_MASK);
	}
	return sum;
}
