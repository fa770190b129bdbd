/* SPDX-License-Identifier: ISC */

#include "rule/cause.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"

/* Who guesses a collision makes two of his own alerts one. */
static const struct hash_key hash_key = {
    0x646e737669676c31ULL, 0x6361757365303031ULL};

const char *
cause_text(enum cause_kind kind)
{
	static const char *const texts[] = {
	    "same-change", "same-zone", "same-servers", "rotation"};

	CHECK((size_t)kind < N_CAUSES);
	return texts[kind];
}

static uint64_t
stir(uint64_t h, const void *data, size_t size)
{
	uint64_t pair[2] = {h, hash_sip(&hash_key, data, size)};

	return hash_sip(&hash_key, pair, sizeof(pair));
}

static uint64_t
stir_number(uint64_t h, uint64_t v)
{
	return stir(h, &v, sizeof(v));
}

/* Records are sorted in a diff as in its contents. */
static uint64_t
stir_records(uint64_t h, const struct record *const *list, size_t n)
{
	h = stir_number(h, n);
	for (size_t i = 0; i < n; i++)
		h = stir(h, list[i]->rdata, list[i]->size);
	return h;
}

static uint64_t
begin(const struct cause_input *in, enum cause_kind kind)
{
	uint64_t h = stir(0, in->view, strlen(in->view));

	return stir_number(h, (uint64_t)kind << 8 | (uint64_t)in->severity);
}

/* Records must go or come: that two answers failed to be read is no cause. */
static bool
has_records(const struct diff *d)
{
	return d != NULL && d->n_added + d->n_removed > 0;
}

size_t
cause_keys(const struct cause_input *in, struct cause_key keys[N_CAUSES])
{
	size_t n = 0;
	uint64_t h;

	uint64_t name = stir(0, in->name, name_size(in->name));

	if (in->rotates) {
		h = begin(in, CAUSE_ROTATION);
		keys[0] = (struct cause_key){CAUSE_ROTATION, h, name};
		return 1;
	}
	if (has_records(in->diff)) {
		h = stir_number(begin(in, CAUSE_CHANGE), in->type);
		h = stir_records(h,
		    (const struct record *const *)in->diff->added,
		    in->diff->n_added);
		h = stir_records(h,
		    (const struct record *const *)in->diff->removed,
		    in->diff->n_removed);
		keys[n++] = (struct cause_key){CAUSE_CHANGE, h, name};
	}
	h = stir(begin(in, CAUSE_ZONE), in->zone, name_size(in->zone));
	keys[n++] = (struct cause_key){CAUSE_ZONE, h, name};
	if (in->servers != 0) {
		h = stir_number(begin(in, CAUSE_SERVERS), in->servers);
		keys[n++] = (struct cause_key){CAUSE_SERVERS, h, name};
	}
	return n;
}

static bool
is_over(const struct cause *c, mono_ns now)
{
	bool rotates = c->key.kind == CAUSE_ROTATION;
	int lasts = rotates                       ? CAUSE_ROTATION_S
	            : c->gathers                  ? CAUSE_IDLE_S
	            : c->key.kind == CAUSE_CHANGE ? CAUSE_CHANGE_S
	                                          : CAUSE_ZONE_S;

	return now - c->last > MONO_S(lasts) ||
	       now - c->opened >
	           MONO_S(rotates ? CAUSE_ROTATION_LONG_S : CAUSE_LONG_S);
}

static struct cause *
find(struct causes *c, const struct cause_key *key, mono_ns now)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].key.hash == key->hash &&
		    c->list[i].key.kind == key->kind &&
		    !is_over(&c->list[i], now))
			return &c->list[i];
	return NULL;
}

int
cause_part_s(enum cause_kind kind)
{
	return kind == CAUSE_ROTATION ? CAUSE_ROTATION_PART_S : CAUSE_PART_S;
}

/* One that gathers is its owner's to drop. */
static struct cause *
make_room(struct causes *c)
{
	struct cause *oldest = NULL;

	if (c->n < CAUSES_MAX)
		return &c->list[c->n++];
	for (size_t i = 0; i < c->n; i++)
		if (!c->list[i].gathers &&
		    (oldest == NULL || c->list[i].last < oldest->last))
			oldest = &c->list[i];
	return oldest;
}

static void
open_cause(struct causes *c, const struct cause_key *key,
    const struct uuid *alert, mono_ns now)
{
	struct cause *cause = find(c, key, now);

	if (cause != NULL) {
		/* Not enough yet to be gathered. */
		cause->alone = cause->alone && cause->key.name == key->name;
		cause->count++;
		cause->last = now;
		return;
	}
	cause = make_room(c);
	if (cause != NULL)
		*cause = (struct cause){.key = *key,
		    .opened = now,
		    .last = now,
		    .count = 1,
		    .alone = true,
		    .first = *alert};
}

/* Nobody else was in it: what a name does next is no effect of what it did. */
static bool
is_its_own(const struct cause *c, const struct cause_key *key)
{
	return (key->kind == CAUSE_ZONE || key->kind == CAUSE_SERVERS) &&
	       c->alone && c->key.name == key->name;
}

struct cause *
causes_meet(struct causes *c, const struct cause_key *keys, size_t n,
    const struct uuid *alert, mono_ns now)
{
	for (size_t i = 0; i < n; i++) {
		struct cause *cause = find(c, &keys[i], now);

		if (cause == NULL || is_its_own(cause, &keys[i]) ||
		    (keys[i].kind == CAUSE_SERVERS &&
			cause->count < CAUSE_SERVERS_MIN))
			continue;
		cause->alone = false;
		cause->count++;
		cause->last = now;
		cause->gathers = true;
		return cause;
	}
	for (size_t i = 0; i < n; i++)
		open_cause(c, &keys[i], alert, now);
	return NULL;
}

struct cause *
causes_over(struct causes *c, size_t *at, mono_ns now)
{
	while (*at < c->n) {
		struct cause *cause = &c->list[(*at)++];

		if (is_over(cause, now))
			return cause;
	}
	return NULL;
}

/* The last takes its place: a walk looks at that again. */
void
causes_drop(struct causes *c, struct cause *cause)
{
	*cause = c->list[--c->n];
}
