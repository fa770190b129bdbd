/* SPDX-License-Identifier: ISC */
/*
 * interval -- see interval.h.
 *
 * The link is SHA-256, cut, over owner, type and rdata; for an outcome over
 * owner, type 0, outcome and reason.  It is stored: to change it, every row
 * of record_now would have to be written anew.
 */

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "batch.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/type.h"
#include "interval.h"

enum {
	SLOTS_MIN = 16,
	TEXT_MAX = 1024, /* of rdata in presentation form (E6) */
	DIGEST_TEXT_SIZE = 2 * SHA256_SIZE + 1
};

static struct uuid
link_hash(const uint8_t *owner, uint16_t type, const uint8_t *data, size_t size,
    struct arena *a)
{
	size_t owner_size = name_size(owner);
	uint8_t digest[SHA256_SIZE];
	struct uuid link;
	uint8_t *all = arena_get(a, owner_size + 2 + size);

	CHECK(all != NULL);
	memcpy(all, owner, owner_size);
	all[owner_size] = (uint8_t)(type >> 8);
	all[owner_size + 1] = (uint8_t)type;
	if (size > 0)
		memcpy(all + owner_size + 2, data, size);
	hash_sha256(all, owner_size + 2 + size, digest);
	memcpy(link.b, digest, sizeof link.b);
	return link;
}

static void
set_record(struct link *l, const uint8_t *owner, const struct record *r,
    bool in_chain, struct arena *a)
{
	l->link = link_hash(owner, r->type, r->rdata, r->size, a);
	l->record = *r;
	l->owner = owner;
	/* A record was in an answer whatever became of the chain's end. */
	l->outcome = OUTCOME_ANSWER;
	l->in_chain = in_chain;
}

static void
set_outcome(struct link *l, const uint8_t *owner, const struct content *c,
    struct arena *a)
{
	const uint8_t what[2] = {(uint8_t)c->outcome, (uint8_t)c->reason};

	l->link = link_hash(owner, 0, what, sizeof what, a);
	l->record = (struct record){0};
	l->owner = owner;
	l->outcome = c->outcome;
	l->in_chain = false;
}

struct link *
links_of(
    const struct content *c, const uint8_t *name, struct arena *a, size_t *n)
{
	const uint8_t *owner = name;
	struct link *links = arena_get(
	    a, ((size_t)c->n_chain + c->n_records + 1) * sizeof *links);

	CHECK(links != NULL);
	*n = 0;
	for (size_t i = 0; i < c->n_chain; i++) {
		const struct record target = {.type = TYPE_CNAME,
		    .size = (uint16_t)name_size(c->chain[i]),
		    .rdata = c->chain[i]};

		set_record(&links[(*n)++], owner, &target, true, a);
		owner = c->chain[i];
	}
	for (size_t i = 0; i < c->n_records; i++)
		set_record(&links[(*n)++], owner, &c->records[i], false, a);
	if (c->outcome != OUTCOME_ANSWER)
		set_outcome(&links[(*n)++], owner, c, a);
	return links;
}

bool
links_have(const struct link *links, size_t n, const struct uuid *link)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_equal(&links[i].link, link))
			return true;
	return false;
}

static uint32_t *
find_slot(const struct interval_set *set, const struct uuid *link)
{
	uint32_t hash;
	uint32_t i;

	memcpy(&hash, link->b, sizeof hash);
	i = hash & (set->n_slots - 1);
	while (set->slots[i] != 0 &&
	       !uuid_equal(&set->rows[set->slots[i] - 1].link.link, link))
		i = (i + 1) & (set->n_slots - 1);
	return &set->slots[i];
}

/* Room for `more` rows, slots at most half full. */
static void
make_room(struct interval_set *set, size_t more)
{
	uint32_t room = set->room != 0 ? set->room : SLOTS_MIN / 2;
	struct interval *rows;

	while (room < set->n + more)
		room *= 2;
	if (room == set->room)
		return;
	rows = arena_get(set->arena, room * sizeof *rows);
	set->slots = arena_zero(set->arena, room * 2 * sizeof *set->slots);
	CHECK(rows != NULL && set->slots != NULL);
	if (set->n > 0)
		memcpy(rows, set->rows, set->n * sizeof *rows);
	set->rows = rows;
	set->room = room;
	set->n_slots = room * 2;
	for (uint32_t i = 0; i < set->n; i++)
		*find_slot(set, &rows[i].link.link) = i + 1;
}

static void
merge(struct interval *row, const struct seen *seen)
{
	if (seen->first < row->first)
		row->first = seen->first;
	if (seen->last > row->last)
		row->last = seen->last;
	row->count += seen->count;
	row->believed = row->believed || seen->believed;
}

void
interval_add(
    struct interval_set *set, const struct content *c, const struct seen *seen)
{
	size_t n;
	struct link *links = links_of(c, set->name, set->arena, &n);

	make_room(set, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t *slot = find_slot(set, &links[i].link);

		if (*slot != 0) {
			merge(&set->rows[*slot - 1], seen);
			continue;
		}
		set->rows[set->n].link = links[i];
		set->rows[set->n].first = seen->first;
		set->rows[set->n].last = seen->last;
		set->rows[set->n].count = seen->count;
		set->rows[set->n].believed = seen->believed;
		*slot = ++set->n;
	}
}

/* Presentation text; a long one is cut and its digest says what it was. */
static void
put_rdata_text(struct batch *b, const struct record *r)
{
	uint8_t digest[SHA256_SIZE];
	char hex[DIGEST_TEXT_SIZE];
	struct buf text = {0};

	record_print(r, &text, TEXT_MAX);
	if (text.size >= TEXT_MAX) {
		hash_sha256(r->rdata, r->size, digest);
		buf_printf(
		    &text, " sha256:%s", hash_hex(digest, sizeof digest, hex));
	}
	CHECK(text.err == 0);
	row_bytes(b, text.data, text.size);
	buf_fini(&text);
}

static void
put_row(struct batch *b, enum group group, const struct store_key *key,
    const struct interval *row)
{
	const struct link *l = &row->link;
	bool is_record = l->record.rdata != NULL || l->record.type != 0;
	struct uuid record = is_record ? record_key(&l->record) : l->link;
	struct uuid pivot;
	char text[NAME_TEXT_SIZE];

	row_begin(b, group);
	row_key(b, key);
	row_uuid(b, &l->link);
	row_uuid(b, &record);
	if (is_record) {
		pivot = record_pivot(&l->record);
		row_uuid(b, &pivot);
	} else {
		row_null(b);
	}
	row_wall(b, row->first);
	row_wall(b, row->last);
	row_i64(b, row->count);
	row_i32(b, l->record.type);
	row_i16(b, (int16_t)l->outcome);
	row_bool(b, l->in_chain);
	row_bool(b, row->believed);
	row_bytes(b, l->owner, name_size(l->owner));
	row_text(b, name_print(l->owner, text));
	if (is_record) {
		row_bytes(b, l->record.rdata, l->record.size);
		put_rdata_text(b, &l->record);
	} else {
		row_null(b);
		row_null(b);
	}
	row_end(b, group);
}

void
interval_rows(const struct interval_set *set, struct batch *b, enum group group,
    const struct store_key *key)
{
	for (uint32_t i = 0; i < set->n; i++)
		put_row(b, group, key, &set->rows[i]);
}
