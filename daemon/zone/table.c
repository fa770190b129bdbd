/* SPDX-License-Identifier: ISC */
/*
 * table -- what is known by name, and forgetting it.
 *
 * Entries are in the order of their last use, so that the oldest unused one
 * is found at once.  The root's is always there.
 */

#include "finder_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

struct part
part_of(const struct name *name)
{
	return (struct part){name->wire, name->size};
}

bool
part_is(struct part p, const struct name *name)
{
	return p.size == name->size && memcmp(p.wire, name->wire, p.size) == 0;
}

struct part
part_up(struct part p)
{
	size_t label = (size_t)p.wire[0] + 1;

	if (p.size == 1)
		return p;
	return (struct part){p.wire + label, p.size - label};
}

struct part
part_below(const struct name *name, const struct name *zone)
{
	struct part p = part_of(name);

	while (part_up(p).size > zone->size)
		p = part_up(p);
	return p;
}

void
part_name(struct part p, struct name *out)
{
	out->size = (uint8_t)p.size;
	memcpy(out->wire, p.wire, p.size);
}

int
table_init(struct table *t)
{
	t->buckets = calloc(PLACES, sizeof t->buckets[0]);
	rand_bytes(&t->key, sizeof t->key);
	return t->buckets == NULL ? -ENOMEM : 0;
}

void
table_fini(struct table *t)
{
	while (t->newest != NULL)
		table_drop(t, t->newest);
	free(t->buckets);
}

static struct entry **
bucket_of(struct table *t, enum kind kind, struct part name)
{
	uint64_t hash = hash_sip(&t->key, name.wire, name.size) + kind;

	return &t->buckets[hash & (PLACES - 1)];
}

static void
unlink_use(struct table *t, struct entry *e)
{
	*(e->newer != NULL ? &e->newer->older : &t->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &t->oldest) = e->newer;
	if (t->looked_at == e)
		t->looked_at = e->newer;
}

static void
link_use(struct table *t, struct entry *e)
{
	e->newer = NULL;
	e->older = t->newest;
	*(t->newest != NULL ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
}

struct entry *
table_get(struct table *t, enum kind kind, struct part name)
{
	struct entry *e = *bucket_of(t, kind, name);

	while (e != NULL && (e->kind != kind || e->size != name.size ||
				memcmp(e->wire, name.wire, name.size) != 0))
		e = e->next;
	if (e != NULL && e != t->newest) {
		unlink_use(t, e);
		link_use(t, e);
	}
	return e;
}

static bool
is_root(const struct entry *e)
{
	return e->kind == KIND_PLACE && e->size == 1;
}

static void
make_room(struct table *t)
{
	struct entry *e = t->oldest;

	if (t->n < FINDER_ZONES_MAX)
		return;
	if (is_root(e))
		e = e->newer;
	table_drop(t, e);
}

struct entry *
table_make(struct table *t, enum kind kind, struct part name)
{
	struct entry *e = table_get(t, kind, name);
	struct entry **bucket;

	if (e != NULL)
		return e;
	e = calloc(1, sizeof *e + name.size);
	if (e == NULL)
		return NULL;
	make_room(t);
	e->kind = kind;
	e->size = (uint8_t)name.size;
	memcpy(e->wire, name.wire, name.size);
	bucket = bucket_of(t, kind, name);
	e->next = *bucket;
	*bucket = e;
	link_use(t, e);
	t->n++;
	return e;
}

void
table_set_zone(struct table *t, struct entry *e, struct zone *z)
{
	struct zone *old = e->zone;

	e->zone = z == NULL ? NULL : zone_hold(z);
	t->n_zones += (uint32_t)(z != NULL) - (uint32_t)(old != NULL);
	zone_release(old);
}

void
table_drop(struct table *t, struct entry *e)
{
	struct entry **at =
	    bucket_of(t, e->kind, (struct part){e->wire, e->size});

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_use(t, e);
	table_set_zone(t, e, NULL);
	t->n--;
	free(e);
}

/* What a search would not miss. */
static bool
is_stale(const struct entry *e, mono_ns now)
{
	if (e->kind == KIND_HOST)
		return e->expires <= now;
	if (e->settled != 0 || entry_has_failed(e, now))
		return false;
	return e->zone == NULL ||
	       (e->zone->expires <= now && e->zone->refs == 1);
}

void
table_forget(struct table *t, mono_ns now)
{
	for (int n = 0; n < FORGET_MAX; n++) {
		struct entry *e =
		    t->looked_at != NULL ? t->looked_at : t->oldest;
		if (e == NULL)
			return;
		t->looked_at = e->newer;
		if (is_stale(e, now))
			table_drop(t, e);
		if (t->looked_at == NULL)
			return; /* round: the rest is for the next time */
	}
}

/* Doubt counts only when what is doubted is not of just now. */
bool
entry_is_fresh(const struct entry *e, mono_ns now)
{
	return e->zone != NULL && e->zone->expires > now &&
	       (!e->doubted || now - e->made < MONO_S(ZONE_FAILED_S));
}

bool
entry_has_failed(const struct entry *e, mono_ns now)
{
	return e->why != FIND_FOUND && e->failed_until > now;
}

/* May its zone be lent for a name at or below it? */
static bool
is_known(const struct entry *e, bool is_apex, mono_ns now)
{
	return entry_is_fresh(e, now) && e->is_whole &&
	       (is_apex || !e->delegates);
}

/*
 * The deepest entry decides, expired ones as well: there was a cut.  A zone
 * that is known to delegate is not lent for a name about which it has not been
 * asked: it would most often be another's.
 */
enum place
table_place(struct table *t, struct part name, mono_ns now, struct entry **out,
    struct part *to)
{
	struct part at = name;
	struct entry *e;

	while ((e = table_get(t, KIND_PLACE, at)) == NULL)
		at = part_up(at);
	*to = name;
	if (e->settled != 0) {
		while (at.size > e->settled)
			at = part_up(at);
		*to = at;
		name = at;
		e = table_get(t, KIND_PLACE, at);
		if (e == NULL)
			return PLACE_OPEN;
	}
	*out = e;
	if (is_known(e, at.size == name.size, now))
		return PLACE_KNOWN;
	if (!entry_is_fresh(e, now) && entry_has_failed(e, now))
		return PLACE_FAILED;
	return PLACE_OPEN;
}

struct entry *
table_deepest(struct table *t, struct part name, mono_ns now)
{
	for (;; name = part_up(name)) {
		struct entry *e = table_get(t, KIND_PLACE, name);
		if (e != NULL && entry_is_fresh(e, now))
			return e;
	}
}
