/* SPDX-License-Identifier: ISC */

/*
 * One sorted array: by owner, type and rdata.  Names that only have something
 * below them (empty non-terminals) stand in it with type 0, so that the closest
 * encloser of a name is found by looking for one name after the other.
 */

#include "dns/zonedata.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "dns/type.h"

enum { NOTHING = 0, ALIASES_MAX = 16 };

struct entry {
	const uint8_t *owner;
	uint8_t owner_size;
	uint8_t kind; /* enum zonedata_kind */
	struct record record;
};

struct zonedata {
	struct name apex;
	struct arena arena;
	struct entry *entries;
	size_t n, room;
	size_t n_records;
};

struct zonedata *
zonedata_new(const struct name *apex)
{
	struct zonedata *z = calloc(1, sizeof(*z));

	if (z != NULL)
		z->apex = *apex;
	return z;
}

void
zonedata_free(struct zonedata *z)
{
	if (z == NULL)
		return;
	arena_fini(&z->arena);
	free(z->entries);
	free(z);
}

size_t
zonedata_records(const struct zonedata *z)
{
	return z->n_records;
}

const struct name *
zonedata_apex(const struct zonedata *z)
{
	return &z->apex;
}

static struct entry *
append(struct zonedata *z)
{
	size_t room = z->room == 0 ? 64 : z->room * 2;
	struct entry *more;

	if (z->n == z->room) {
		more = realloc(z->entries, room * sizeof(*more));
		if (more == NULL)
			return NULL;
		z->entries = more;
		z->room = room;
	}
	return &z->entries[z->n++];
}

bool
zonedata_add(struct zonedata *z, const struct name *owner, uint16_t type,
    enum zonedata_kind kind, const struct record *r)
{
	const uint8_t *copy, *rdata;
	struct entry *e;

	if (!name_is_within(owner->wire, z->apex.wire))
		return true;
	copy = arena_copy(&z->arena, owner->wire, owner->size);
	rdata = r == NULL ? copy : arena_copy(&z->arena, r->rdata, r->size);
	e = copy == NULL || rdata == NULL ? NULL : append(z);
	if (e == NULL)
		return false;
	*e = (struct entry){.owner = copy,
	    .owner_size = owner->size,
	    .kind = (uint8_t)kind,
	    .record = {
		.type = type, .rdata = rdata, .size = r == NULL ? 0 : r->size}};
	z->n_records++;
	return true;
}

static int
compare_owner(const struct entry *a, const struct entry *b)
{
	if (a->owner_size != b->owner_size)
		return a->owner_size < b->owner_size ? -1 : 1;
	return memcmp(a->owner, b->owner, a->owner_size);
}

static int
compare(const void *pa, const void *pb)
{
	const struct entry *a = pa;
	const struct entry *b = pb;
	int order = compare_owner(a, b);

	if (order == 0)
		order = (int)a->record.type - (int)b->record.type;
	return order != 0 ? order : record_compare(&a->record, &b->record);
}

/* The names between an owner and the apex, which exist by it. */
static bool
add_above(struct zonedata *z, size_t i)
{
	const uint8_t *at = z->entries[i].owner;
	size_t size = z->entries[i].owner_size;

	while (size > z->apex.size) {
		struct entry *e;

		size -= at[0] + 1u;
		at += at[0] + 1u;
		e = append(z);
		if (e == NULL)
			return false;
		*e = (struct entry){.owner = at,
		    .owner_size = (uint8_t)size,
		    .record = {.type = NOTHING, .rdata = at}};
	}
	return true;
}

bool
zonedata_end(struct zonedata *z)
{
	size_t n = z->n;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		/* Those of one owner stand together in most files. */
		if (i > 0 &&
		    compare_owner(&z->entries[i - 1], &z->entries[i]) == 0)
			continue;
		if (!add_above(z, i))
			return false;
	}
	if (z->n > 0)
		qsort(z->entries, z->n, sizeof(*z->entries), compare);
	for (size_t i = 0; i < z->n; i++) {
		struct entry *last = kept == 0 ? NULL : &z->entries[kept - 1];

		if (last == NULL || compare(last, &z->entries[i]) != 0)
			z->entries[kept++] = z->entries[i];
		else if (z->entries[i].kind > last->kind)
			last->kind = z->entries[i].kind;
	}
	z->n = kept;
	return true;
}

/* The first entry that is not before this owner and type. */
static size_t
find_first(const struct zonedata *z, const struct entry *key)
{
	size_t low = 0;
	size_t high = z->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_owner(&z->entries[mid], key);

		if (order == 0)
			order = (int)z->entries[mid].record.type -
			        (int)key->record.type;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The range of a set; its first, and how many.  0: not there. */
static size_t
find_set(const struct zonedata *z, const uint8_t *owner, uint16_t type,
    size_t *first)
{
	const struct entry key = {.owner = owner,
	    .owner_size = (uint8_t)name_size(owner),
	    .record = {.type = type}};
	size_t n = 0;

	*first = find_first(z, &key);
	while (*first + n < z->n &&
	       compare_owner(&z->entries[*first + n], &key) == 0 &&
	       z->entries[*first + n].record.type == type)
		n++;
	return n;
}

static bool
exists(const struct zonedata *z, const uint8_t *owner)
{
	const struct entry key = {
	    .owner = owner, .owner_size = (uint8_t)name_size(owner)};
	size_t at = find_first(z, &key);

	return at < z->n && compare_owner(&z->entries[at], &key) == 0;
}

/* Is the name at or below a cut, or below a DNAME?  *at: at a cut itself. */
static bool
is_cut(const struct zonedata *z, const struct name *name, bool *at_cut)
{
	const uint8_t *at = name->wire;
	size_t left = name->size;
	size_t first;

	*at_cut = false;
	while (left > z->apex.size) {
		if (find_set(z, at, TYPE_NS, &first) > 0) {
			*at_cut = at == name->wire;
			return true;
		}
		left -= at[0] + 1u;
		at += at[0] + 1u;
		if (find_set(z, at, TYPE_DNAME, &first) > 0)
			return true;
	}
	return false;
}

/* The owner whose records answer for the name; false: there is none. */
static bool
find_source(const struct zonedata *z, const struct name *name, uint8_t *source)
{
	const uint8_t *at = name->wire;

	if (exists(z, at)) {
		memcpy(source, at, name->size);
		return true;
	}
	while (!exists(z, at) && !name_equal(at, z->apex.wire))
		at += at[0] + 1u;
	if (name_size(at) + 2 > NAME_SIZE_MAX)
		return false;
	source[0] = 1;
	source[1] = '*';
	memcpy(source + 2, at, name_size(at));
	return exists(z, source);
}

/* What a signer or the parent adds, and may not stand in the file. */
static bool
may_be_added(const struct zonedata *z, const struct name *name, uint16_t type)
{
	if (type == TYPE_RRSIG || type == TYPE_NSEC)
		return true;
	return name_equal(name->wire, z->apex.wire) &&
	       (type == TYPE_DS || type == TYPE_NS || type == TYPE_SOA ||
		   type == TYPE_DNSKEY || type == TYPE_CDS ||
		   type == TYPE_CDNSKEY);
}

static void
take_set(const struct zonedata *z, size_t first, size_t n,
    struct zonedata_found *out)
{
	out->says = n > CONTENT_RECORDS_MAX ? ZONEDATA_OPEN : ZONEDATA_RECORDS;
	out->n = 0;
	for (size_t i = 0; i < n && out->says == ZONEDATA_RECORDS; i++) {
		const struct entry *e = &z->entries[first + i];

		out->some = out->some || e->kind == ZONEDATA_SOME;
		if (e->kind == ZONEDATA_UNKNOWN)
			out->says = ZONEDATA_OPEN;
		out->records[out->n++] = e->record;
	}
}

/* By the zone's records; true: `name` is an alias, and became its target. */
static bool
look(const struct zonedata *z, struct name *name, uint16_t type,
    struct zonedata_found *out)
{
	uint8_t source[NAME_SIZE_MAX];
	bool at_cut;
	size_t first, n;

	out->says = ZONEDATA_OPEN;
	if (!name_is_within(name->wire, z->apex.wire))
		return false;
	if (is_cut(z, name, &at_cut) &&
	    !(at_cut && (type == TYPE_NS || type == TYPE_DS)))
		return false;
	if (!find_source(z, name, source)) {
		out->says = ZONEDATA_NONE;
		return false;
	}
	n = find_set(z, source, type, &first);
	if (n > 0) {
		take_set(z, first, n, out);
		return false;
	}
	n = find_set(z, source, TYPE_CNAME, &first);
	if (n == 0) {
		if (!may_be_added(z, name, type))
			out->says = ZONEDATA_NONE;
		return false;
	}
	out->alias = true;
	out->some = out->some || z->entries[first].kind == ZONEDATA_SOME;
	if (n > 1 || z->entries[first].kind == ZONEDATA_UNKNOWN)
		return false;
	name->size = (uint8_t)z->entries[first].record.size;
	memcpy(name->wire, z->entries[first].record.rdata, name->size);
	return true;
}

void
zonedata_find(const struct zonedata *z, const struct name *name, uint16_t type,
    struct zonedata_found *out)
{
	struct name at = *name;

	out->some = false;
	out->alias = false;
	out->n = 0;
	for (int i = 0; i < ALIASES_MAX && look(z, &at, type, out); i++)
		out->says = ZONEDATA_OPEN;
	/* It may lead to another end than this one, at times. */
	if (out->alias && out->some && out->says == ZONEDATA_NONE)
		out->says = ZONEDATA_OPEN;
}
