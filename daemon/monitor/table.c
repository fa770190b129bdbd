/* SPDX-License-Identifier: ISC */

/*
 * Names: an arena of pieces; an entry is [first question: 4 bytes][spread: 2]
 * [size: 1][view: 1][wire], begins at a multiple of 8 and does not lie across
 * two pieces.  Its offset in units of 8 is what names it.  An index, hashed
 * with a secret key, finds it.
 *
 * The questions of a name are a run of ids that follow each other, as a list
 * tells all types of a name at once.  Types that come later make another run,
 * behind a header: an entry of type 0 whose `due` is where the run before it
 * begins.  So a question needs no link to the next, and what few names have
 * costs an entry more for these.
 */

#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/hash.h"
#include "base/pages.h"
#include "base/rand.h"
#include "index.h"
#include "table_priv.h"

enum {
	NAME_HEAD = 8, /* before the wire form */
	NAME_SPREAD = 4,
	NAME_SIZE = 6,
	NAME_VIEW = 7,
	NAME_UNIT = 8,
	PIECE_BITS = 17, /* of names: so many units, 1 MB */
	PIECE_UNITS = 1 << PIECE_BITS,
	PIECE_SIZE = PIECE_UNITS * NAME_UNIT,
	PIECES_MAX = 1 << (INDEX_BITS - PIECE_BITS),
	SEGMENT_BITS = 16, /* of questions: 2 MB */
	SEGMENT_IDS = 1 << SEGMENT_BITS,
	SEGMENT_SIZE = SEGMENT_IDS * (int)sizeof(struct question),
	SEGMENTS_STEP = 64,
	POLICIES_START = 16,
	NAME_WARM = 24, /* bytes behind the first that are fetched, too */
	TTL_BITS = 10   /* of a TTL's code; the others say how far to shift */
};

_Static_assert(sizeof(struct question) == 32, "half a line of the cache");

/* Which server a name keeps to needs no secret, only evenness. */
static const struct hash_key spread_key = {
    0x686f6d65ULL, 0x7365727665723176ULL};

struct table {
	struct hash_key key;
	struct question **segments;
	uint32_t n_segments;
	uint32_t count;
	uint8_t *pieces[PIECES_MAX];
	uint32_t n_pieces;
	uint32_t piece_used; /* units of the last */
	uint32_t newest;     /* the last name, while only it is given types */
	uint64_t newest_has; /* a bit for each of them: type_bit() */
	struct index by_name;
	const char *views[VIEW_NONE]; /* lent from `texts` */
	uint8_t n_views;
	struct policy *policies;
	uint32_t n_policies;
	uint32_t policies_room;
	struct index by_policy;
	uint32_t recent[RECENT_POLICIES];
	struct arena
	    texts; /* of policies; they are never freed before the table */
};

uint32_t
question_ttl(const struct question *q)
{
	uint32_t part = q->ttl_code & ((1u << TTL_BITS) - 1);
	unsigned shift = q->ttl_code >> TTL_BITS;

	/* As floating point numbers do: the highest bit is not kept. */
	return shift == 0 ? part : (part | 1u << TTL_BITS) << (shift - 1);
}

void
question_set_ttl(struct question *q, uint32_t ttl)
{
	uint64_t part = ttl;
	unsigned shift = 0;

	if (ttl > question_ttl(q))
		q->cached = 0;
	while (part >= 2u << TTL_BITS) {
		shift++;
		part = ((uint64_t)ttl + (UINT64_C(1) << shift) - 1) >> shift;
	}
	if (part >= 1u << TTL_BITS)
		part += (uint64_t)shift << TTL_BITS;
	q->ttl_code = part & 0x7fff;
}

void
question_replan(struct question *q)
{
	q->wait = 0;
	q->aged = 0;
	q->cached = 0;
}

struct table *
table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	rand_bytes(&t->key, sizeof(t->key));
	t->newest = NAME_NONE;
	for (size_t i = 0; i < RECENT_POLICIES; i++)
		t->recent[i] = POLICY_NONE;
	if (table_add_view(t, "default") != 0) {
		table_free(t);
		return NULL;
	}
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->n_segments; i++)
		pages_free(t->segments[i], SEGMENT_SIZE);
	free(t->segments);
	for (uint32_t i = 0; i < t->n_pieces; i++)
		pages_free(t->pieces[i], PIECE_SIZE);
	index_fini(&t->by_name);
	index_fini(&t->by_policy);
	free(t->policies);
	arena_fini(&t->texts);
	free(t);
}

/* ---- views ---- */

uint8_t
table_find_view(const struct table *t, const char *view)
{
	for (uint8_t i = 0; i < t->n_views; i++) {
		if (strcmp(t->views[i], view) == 0)
			return i;
	}
	return VIEW_NONE;
}

uint8_t
table_add_view(struct table *t, const char *view)
{
	uint8_t i = table_find_view(t, view);

	if (i != VIEW_NONE || t->n_views == VIEW_NONE)
		return i;
	t->views[t->n_views] = arena_text(&t->texts, view);
	return t->views[t->n_views] == NULL ? VIEW_NONE : t->n_views++;
}

uint8_t
table_n_views(const struct table *t)
{
	return t->n_views;
}

const char *
table_view_text(const struct table *t, uint8_t view)
{
	return t->views[view];
}

/* ---- names ---- */

static uint32_t
units_of(size_t size)
{
	return (uint32_t)((size + NAME_UNIT - 1) / NAME_UNIT);
}

static uint8_t *
name_at(const struct table *t, uint32_t at)
{
	return t->pieces[at >> PIECE_BITS] +
	       (at & (PIECE_UNITS - 1)) * (size_t)NAME_UNIT;
}

static uint32_t
name_first(const struct table *t, uint32_t at)
{
	uint32_t first;

	memcpy(&first, name_at(t, at), sizeof(first));
	return first;
}

static void
name_set_first(struct table *t, uint32_t at, uint32_t first)
{
	memcpy(name_at(t, at), &first, sizeof(first));
}

struct wanted {
	const uint8_t *wire;
	size_t size;
	uint8_t view;
};

/* The same name in another view is elsewhere: an odd factor of 2^64. */
static uint64_t
hash_of(const struct table *t, const struct wanted *w)
{
	return hash_sip(&t->key, w->wire, w->size) +
	       w->view * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t
hash_of_name(const void *owner, uint32_t at)
{
	const struct table *t = owner;
	const uint8_t *entry = name_at(t, at);

	return hash_of(t, &(struct wanted){entry + NAME_HEAD, entry[NAME_SIZE],
			      entry[NAME_VIEW]});
}

static bool
is_name(const void *owner, uint32_t at, const void *wanted)
{
	const struct wanted *w = wanted;
	const uint8_t *entry = name_at(owner, at);

	return entry[NAME_SIZE] == w->size && entry[NAME_VIEW] == w->view &&
	       memcmp(entry + NAME_HEAD, w->wire, w->size) == 0;
}

/* A piece is zeroed before it is used, and no name has a size of 0. */
static uint32_t
name_behind(const void *owner, uint32_t at)
{
	const struct table *t = owner;
	uint32_t piece = at >> PIECE_BITS;

	at += units_of((size_t)NAME_HEAD + name_at(t, at)[NAME_SIZE]);
	if (at >> PIECE_BITS != piece || name_at(t, at)[NAME_SIZE] != 0)
		return at;
	return (piece + 1) << PIECE_BITS;
}

static struct index_owner
names_of(const struct table *t)
{
	return (struct index_owner){hash_of_name, name_behind, is_name, t};
}

/* Room for a name in the arena; NAME_NONE: it is full. */
static uint32_t
name_room(struct table *t, size_t size)
{
	uint32_t units = units_of(size);

	if (t->n_pieces == 0 || t->piece_used + units > PIECE_UNITS) {
		uint8_t *piece;

		/* The last unit's number would be over INDEX_MAX. */
		if (t->n_pieces == PIECES_MAX - 1 ||
		    (piece = pages_new(PIECE_SIZE)) == NULL)
			return NAME_NONE;
		t->pieces[t->n_pieces++] = piece;
		t->piece_used = 0;
	}
	t->piece_used += units;
	return ((t->n_pieces - 1) << PIECE_BITS) + t->piece_used - units;
}

uint32_t
table_add_name(struct table *t, uint8_t view, const struct name *name)
{
	const struct wanted wanted = {name->wire, name->size, view};
	const struct index_owner owner = names_of(t);
	uint64_t hash = hash_of(t, &wanted);
	uint32_t at = index_find(&t->by_name, &owner, hash, &wanted);
	uint16_t spread;
	uint8_t *entry;

	if (at != INDEX_NONE)
		return at;
	at = name_room(t, (size_t)NAME_HEAD + name->size);
	if (at == NAME_NONE || !index_add(&t->by_name, &owner, hash, at))
		return NAME_NONE;
	spread = (uint16_t)hash_sip(&spread_key, name->wire, name->size);
	entry = name_at(t, at);
	name_set_first(t, at, QUESTION_NONE);
	memcpy(entry + NAME_SPREAD, &spread, sizeof(spread));
	entry[NAME_SIZE] = name->size;
	entry[NAME_VIEW] = view;
	memcpy(entry + NAME_HEAD, name->wire, name->size);
	t->newest = at;
	t->newest_has = 0;
	return at;
}

/* ---- questions ---- */

struct question *
table_question(const struct table *t, uint32_t id)
{
	return &t->segments[id >> SEGMENT_BITS][id & (SEGMENT_IDS - 1)];
}

uint32_t
table_count(const struct table *t)
{
	return t->count;
}

static bool
grow(struct table *t)
{
	struct question *segment;

	if (t->count < t->n_segments << SEGMENT_BITS)
		return true;
	if (t->count >= QUESTION_NONE - SEGMENT_IDS)
		return false;
	if (t->n_segments % SEGMENTS_STEP == 0) {
		size_t room = t->n_segments + SEGMENTS_STEP;
		struct question **segments =
		    realloc(t->segments, room * sizeof(*segments));

		if (segments == NULL)
			return false;
		t->segments = segments;
	}
	segment = pages_new(SEGMENT_SIZE);
	if (segment == NULL)
		return false;
	t->segments[t->n_segments++] = segment;
	return true;
}

static uint32_t
entry_add(struct table *t, uint32_t name, uint16_t type)
{
	if (!grow(t))
		return QUESTION_NONE;
	*table_question(t, t->count) = (struct question){
	    .name = name,
	    .link = QUESTION_NONE,
	    .policy = POLICY_NONE,
	    .type = type,
	};
	return t->count++;
}

/* The first question of the run that begins here. */
static uint32_t
past_header(const struct table *t, uint32_t run)
{
	return table_question(t, run)->type == 0 ? run + 1 : run;
}

static bool
is_same_run(const struct table *t, uint32_t id, uint32_t name)
{
	const struct question *q;

	if (id >= t->count)
		return false;
	q = table_question(t, id);
	return q->name == name && q->type != 0;
}

void
table_warm(const struct table *t, uint32_t id)
{
	PREFETCH(table_question(t, id)); /* half a line of the cache */
}

void
table_warm_name(const struct table *t, uint32_t id)
{
	const uint8_t *entry = name_at(t, table_question(t, id)->name);

	PREFETCH(entry);
	PREFETCH(entry + NAME_WARM);
}

uint32_t
table_first(const struct table *t, uint32_t id)
{
	return past_header(t, name_first(t, table_question(t, id)->name));
}

uint32_t
table_next(const struct table *t, uint32_t id)
{
	uint32_t name = table_question(t, id)->name;
	const struct question *header;

	if (is_same_run(t, id + 1, name))
		return id + 1;
	while (id > 0 && is_same_run(t, id - 1, name))
		id--;
	if (id == 0)
		return QUESTION_NONE;
	header = table_question(t, id - 1);
	if (header->name != name || header->type != 0)
		return QUESTION_NONE;
	return past_header(t, header->due);
}

static uint32_t
find_type(const struct table *t, uint32_t name, uint16_t type)
{
	uint32_t run = name_first(t, name);

	while (run != QUESTION_NONE) {
		const struct question *header = table_question(t, run);
		uint32_t id = past_header(t, run);

		for (; is_same_run(t, id, name); id++) {
			if (table_question(t, id)->type == type)
				return id;
		}
		run = header->type == 0 ? header->due : QUESTION_NONE;
	}
	return QUESTION_NONE;
}

static uint64_t
type_bit(uint16_t type)
{
	return UINT64_C(1) << type % 64;
}

/* To the name whose run, if it has begun, ends the table. */
static uint32_t
add_to_newest(struct table *t, uint16_t type)
{
	uint32_t id = entry_add(t, t->newest, type);

	if (id == QUESTION_NONE)
		return QUESTION_NONE;
	if (t->newest_has == 0)
		name_set_first(t, t->newest, id);
	t->newest_has |= type_bit(type);
	return id;
}

uint32_t
table_add_type(struct table *t, uint32_t name, uint16_t type)
{
	uint32_t header = QUESTION_NONE;
	uint32_t first;
	uint32_t id;

	if (type == 0)
		return QUESTION_NONE;
	if (name == t->newest && (t->newest_has & type_bit(type)) == 0)
		return add_to_newest(t, type);
	id = find_type(t, name, type);
	if (id != QUESTION_NONE)
		return id;
	t->newest = NAME_NONE;
	first = name_first(t, name);
	if (first != QUESTION_NONE &&
	    table_question(t, t->count - 1)->name != name) {
		header = entry_add(t, name, 0);
		if (header == QUESTION_NONE)
			return QUESTION_NONE;
		table_question(t, header)->due = first;
	}
	id = entry_add(t, name, type);
	if (id == QUESTION_NONE) {
		t->count -= header != QUESTION_NONE;
		return QUESTION_NONE;
	}
	if (header != QUESTION_NONE)
		name_set_first(t, name, header);
	else if (first == QUESTION_NONE)
		name_set_first(t, name, id);
	return id;
}

uint32_t
table_add(struct table *t, uint8_t view, const struct name *name, uint16_t type)
{
	uint32_t at = table_add_name(t, view, name);

	return at == NAME_NONE ? QUESTION_NONE : table_add_type(t, at, type);
}

uint32_t
table_find(const struct table *t, uint8_t view, const uint8_t *wire,
    size_t size, uint16_t type)
{
	const struct wanted wanted = {wire, size, view};
	const struct index_owner owner = names_of(t);
	uint32_t at =
	    index_find(&t->by_name, &owner, hash_of(t, &wanted), &wanted);

	return at == INDEX_NONE ? QUESTION_NONE : find_type(t, at, type);
}

uint32_t
table_find_first(
    const struct table *t, uint8_t view, const uint8_t *wire, size_t size)
{
	const struct wanted wanted = {wire, size, view};
	const struct index_owner owner = names_of(t);
	uint32_t at =
	    index_find(&t->by_name, &owner, hash_of(t, &wanted), &wanted);

	return at == INDEX_NONE ? QUESTION_NONE
	                        : past_header(t, name_first(t, at));
}

const uint8_t *
table_name(const struct table *t, uint32_t id, uint8_t *size)
{
	const uint8_t *entry = name_at(t, table_question(t, id)->name);

	if (size != NULL)
		*size = entry[NAME_SIZE];
	return entry + NAME_HEAD;
}

uint8_t
table_view(const struct table *t, uint32_t id)
{
	return name_at(t, table_question(t, id)->name)[NAME_VIEW];
}

uint16_t
table_spread(const struct table *t, uint32_t id)
{
	uint16_t spread;

	memcpy(&spread, name_at(t, table_question(t, id)->name) + NAME_SPREAD,
	    sizeof(spread));
	return spread;
}

struct store_key
table_key(const struct table *t, uint32_t id)
{
	uint8_t size;
	const uint8_t *wire = table_name(t, id, &size);

	return (struct store_key){
	    .question = question_key(t->views[table_view(t, id)], wire, size,
		table_question(t, id)->type),
	    .shard = question_shard(wire, size),
	};
}

struct table_memory
table_memory(const struct table *t)
{
	size_t names = t->n_pieces == 0
	                   ? 0
	                   : (size_t)(t->n_pieces - 1) * PIECE_SIZE +
	                         (size_t)t->piece_used * NAME_UNIT;

	return (struct table_memory){
	    .questions = t->count * sizeof(struct question) +
	                 t->n_segments * sizeof(struct question *),
	    .names = names,
	    .index = index_bytes(&t->by_name),
	    .policies = t->policies_room * sizeof(struct policy) +
	                t->texts.used + index_bytes(&t->by_policy),
	};
}

/* ---- policies ---- */

struct index *
table_policy_index(struct table *t)
{
	return &t->by_policy;
}

uint32_t *
table_recent(struct table *t)
{
	return t->recent;
}

struct arena *
table_texts(struct table *t)
{
	return &t->texts;
}

uint32_t
table_policy_add(struct table *t, const struct policy *p)
{
	if (t->n_policies == POLICY_NONE)
		return POLICY_NONE;
	if (t->n_policies == t->policies_room) {
		uint32_t room = t->policies_room == 0 ? POLICIES_START
		                                      : t->policies_room * 2;
		struct policy *policies =
		    realloc(t->policies, room * sizeof(*policies));

		if (policies == NULL)
			return POLICY_NONE;
		t->policies = policies;
		t->policies_room = room;
	}
	t->policies[t->n_policies] = *p;
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
