/* SPDX-License-Identifier: ISC */
/* batch -- see batch.h. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "batch.h"

enum { KEYS_ROOM_MIN = 64 };

struct batch *
batch_new(void)
{
	struct batch *b = calloc(1, sizeof *b);

	CHECK(group_offset(N_GROUPS) <= BATCH_COLUMNS_MAX);
	if (b == NULL)
		return NULL;
	for (unsigned g = 0; g <= N_GROUPS; g++)
		b->offset[g] = (uint8_t)group_offset(g);
	batch_clear(b);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < BATCH_COLUMNS_MAX; i++)
		array_fini(&b->columns[i]);
	free(b->items);
	free(b->keys);
	free(b);
}

void
batch_clear(struct batch *b)
{
	unsigned column = 0;

	b->log_seq = 0;
	for (unsigned g = 0; g < N_GROUPS; g++) {
		const char *types = group_columns((enum group)g);

		b->rows[g] = 0;
		if (group_is_first((enum group)g)) {
			array_start(&b->columns[column], ARRAY_BYTES);
			column += (unsigned)strlen(types);
			continue;
		}
		for (; *types != '\0'; types++)
			array_start(
			    &b->columns[column++], (enum array_type) * types);
	}
	if (b->n_keys > 0)
		memset(b->keys, 0, b->keys_room * sizeof *b->keys);
	b->next = NULL;
	b->n_items = 0;
	b->n_keys = 0;
	b->claims = NULL;
	b->n_claims = 0;
	b->bytes = 0;
	b->opened = 0;
	b->sent = 0;
	b->tries = 0;
	b->release = 0;
	b->release_self = false;
	b->maintain_days = 0;
	b->maintain = false;
	b->flush = false;
	b->alone = false;
	b->first = false;
}

/* The slot of a key, or the empty one where it belongs. */
static struct batch_key *
find_slot(struct batch_key *keys, uint32_t room, const struct uuid *question,
    int32_t server)
{
	uint64_t hash;
	uint32_t i;

	/* The key is a cut SHA-256 already. */
	memcpy(&hash, question->b, sizeof hash);
	i = (uint32_t)(hash ^ (uint32_t)server) & (room - 1);
	while (
	    keys[i].lane != 0 && (keys[i].server != server ||
				     !uuid_equal(&keys[i].question, question)))
		i = (i + 1) & (room - 1);
	return &keys[i];
}

bool
batch_conflicts(const struct batch *b, const struct store_key *keys,
    size_t n_keys, struct lanes lanes)
{
	if (b->n_keys == 0)
		return false;
	for (size_t i = 0; i < n_keys; i++) {
		const struct batch_key *slot = find_slot(
		    b->keys, b->keys_room, &keys[i].question, keys[i].server);

		if (slot->lane >= lanes.first)
			return true;
	}
	return false;
}

static void
grow_keys(struct batch *b)
{
	uint32_t room = b->keys_room != 0 ? b->keys_room * 2 : KEYS_ROOM_MIN;
	struct batch_key *keys = calloc(room, sizeof *keys);

	CHECK(keys != NULL);
	for (uint32_t i = 0; i < b->keys_room; i++) {
		if (b->keys[i].lane == 0)
			continue;
		*find_slot(keys, room, &b->keys[i].question,
		    b->keys[i].server) = b->keys[i];
	}
	free(b->keys);
	b->keys = keys;
	b->keys_room = room;
}

void
batch_item_key(struct batch *b, const struct store_key *key, struct lanes lanes)
{
	struct batch_key *slot;

	if (b->n_keys * 2 >= b->keys_room)
		grow_keys(b);
	slot = find_slot(b->keys, b->keys_room, &key->question, key->server);
	/* The same question twice in one item would be two rows that one
	 * statement cannot tell the order of. */
	CHECK(slot->lane < lanes.first);
	if (slot->lane == 0)
		b->n_keys++;
	slot->question = key->question;
	slot->server = key->server;
	slot->lane = lanes.last;
}

/* All rows of a first group are in its first column. */
static const struct buf *
first_rows(const struct batch *b, unsigned first)
{
	return &b->columns[b->offset[GROUP_FIRST_QUESTION + first]].bytes;
}

void
batch_item_begin(struct batch *b)
{
	struct batch_item *item;

	if (b->n_items == b->items_room) {
		uint32_t room = b->items_room != 0 ? b->items_room * 2 : 16;
		struct batch_item *items =
		    realloc(b->items, room * sizeof *items);

		CHECK(items != NULL);
		b->items = items;
		b->items_room = room;
	}
	item = &b->items[b->n_items];
	memcpy(item->rows, b->rows, sizeof item->rows);
	for (unsigned g = 0; g < N_FIRST_GROUPS; g++)
		item->first_at[g] = (uint32_t)first_rows(b, g)->size;
}

struct batch_piece
batch_piece(const struct batch *b, uint32_t i, unsigned first)
{
	const struct buf *rows = first_rows(b, first);
	uint32_t begin = b->items[i].first_at[first];
	size_t end =
	    i + 1 < b->n_items ? b->items[i + 1].first_at[first] : rows->size;

	return (struct batch_piece){rows->data + begin, end - begin};
}

void
batch_item_end(struct batch *b, store_done_fn *done, void *ctx)
{
	b->items[b->n_items].done = done;
	b->items[b->n_items].ctx = ctx;
	b->n_items++;
	b->bytes += sizeof *b->items;
}

void
row_begin(struct batch *b, enum group group)
{
	CHECK(b->at == b->at_end);
	b->at = b->offset[group];
	b->at_end = b->offset[group + 1];
	b->whole = NULL;
	if (group_is_first(group)) {
		b->whole = &b->columns[b->at];
		array_row(b->whole, (uint16_t)(b->at_end - b->at));
	}
}

void
row_end(struct batch *b, enum group group)
{
	CHECK(b->at == b->at_end);
	b->rows[group]++;
}

/* The next column; out of memory shows at the one before. */
static struct array *
next_column(struct batch *b, size_t size)
{
	CHECK(b->at < b->at_end);
	b->bytes += size + 4;
	b->at++;
	return b->whole != NULL ? b->whole : &b->columns[b->at - 1];
}

static void
check_array(const struct array *a)
{
	CHECK(a->bytes.err == 0);
}

void
row_null(struct batch *b)
{
	struct array *a = next_column(b, 0);

	array_null(a);
	check_array(a);
}

void
row_bool(struct batch *b, bool v)
{
	struct array *a = next_column(b, 1);

	array_bool(a, v);
	check_array(a);
}

void
row_i16(struct batch *b, int16_t v)
{
	struct array *a = next_column(b, 2);

	array_i16(a, v);
	check_array(a);
}

void
row_i32(struct batch *b, int32_t v)
{
	struct array *a = next_column(b, 4);

	array_i32(a, v);
	check_array(a);
}

void
row_i64(struct batch *b, int64_t v)
{
	struct array *a = next_column(b, 8);

	array_i64(a, v);
	check_array(a);
}

void
row_uuid(struct batch *b, const struct uuid *v)
{
	struct array *a = next_column(b, sizeof v->b);

	array_uuid(a, v);
	check_array(a);
}

void
row_bytes(struct batch *b, const void *data, size_t size)
{
	struct array *a = next_column(b, size);

	array_bytes(a, data, size);
	check_array(a);
}

void
row_text(struct batch *b, const char *text)
{
	if (text == NULL)
		row_null(b);
	else
		row_bytes(b, text, strlen(text));
}

void
row_wall(struct batch *b, wall_us at)
{
	if (at == 0)
		row_null(b);
	else
		row_i64(b, array_pg_time(at));
}

void
row_key(struct batch *b, const struct store_key *key)
{
	row_i16(b, (int16_t)key->shard);
	row_uuid(b, &key->question);
	row_i32(b, key->server);
}

void
row_texts(struct batch *b, const char *const *list, size_t n)
{
	struct array a = {0};
	const char *data;
	int size;

	CHECK(b->whole != NULL);
	array_start(&a, ARRAY_TEXT);
	for (size_t i = 0; i < n; i++)
		array_text(&a, list[i]);
	check_array(&a);
	data = array_finish(&a, &size);
	row_bytes(b, data, (size_t)size);
	array_fini(&a);
}

/* The rows that the part still wants of those that the cursors stand at. */
static void
take_rows(struct batch *part, const struct batch *b, const uint32_t *end,
    size_t *cursors)
{
	const uint32_t *begin = part->items[part->n_items].rows;

	for (unsigned g = 0; g < N_GROUPS; g++) {
		part->rows[g] += end[g] - begin[g];
		if (group_is_first((enum group)g) || end[g] == begin[g])
			continue;
		for (unsigned i = b->offset[g]; i < b->offset[g + 1]; i++) {
			struct array *a = &part->columns[i];
			size_t before = a->bytes.size;

			array_take(
			    a, &b->columns[i], &cursors[i], end[g] - begin[g]);
			check_array(a);
			part->bytes += a->bytes.size - before;
		}
	}
}

/* Those in one piece of item `i`. */
static void
take_piece(struct batch *part, const struct batch *b, uint32_t i)
{
	for (unsigned g = 0; g < N_FIRST_GROUPS; g++) {
		struct batch_piece piece = batch_piece(b, i, g);
		struct array *a =
		    &part->columns[part->offset[GROUP_FIRST_QUESTION + g]];

		buf_add(&a->bytes, piece.data, piece.size);
		check_array(a);
		part->bytes += piece.size;
	}
}

/* Items from..to-1 as a batch; rows are counted from its own beginning. */
static struct batch *
take_items(const struct batch *b, uint32_t from, uint32_t to, size_t *cursors)
{
	struct batch *part = batch_new();
	const uint32_t *base = b->items[from].rows;

	CHECK(part != NULL);
	for (uint32_t i = from; i < to; i++) {
		const uint32_t *end =
		    i + 1 < b->n_items ? b->items[i + 1].rows : b->rows;
		uint32_t rows[N_GROUPS];

		for (unsigned g = 0; g < N_GROUPS; g++)
			rows[g] = end[g] - base[g];
		batch_item_begin(part);
		take_rows(part, b, rows, cursors);
		take_piece(part, b, i);
		batch_item_end(part, b->items[i].done, b->items[i].ctx);
	}
	return part;
}

struct batch *
batch_split(const struct batch *b)
{
	size_t cursors[BATCH_COLUMNS_MAX] = {0};
	uint32_t step = b->first ? (b->n_items + 1) / 2 : 1;
	struct batch *parts = NULL;
	struct batch **link = &parts;

	for (uint32_t i = 0; i < b->n_items; i += step) {
		uint32_t end = i + step < b->n_items ? i + step : b->n_items;

		*link = take_items(b, i, end, cursors);
		(*link)->first = b->first;
		(*link)->opened = b->opened;
		(*link)->alone = end - i == 1;
		link = &(*link)->next;
	}
	return parts;
}
