/* SPDX-License-Identifier: ISC */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

/*
 * batch -- the items of one transaction, as columns of rows.
 *
 * An item is copied straight into the arrays; nothing is allocated per item
 * beyond their growth.  For each item it is noted where its rows begin, so
 * that a batch with an item the database refuses can be taken apart.
 *
 * The statements of a batch run in a fixed order.  Each kind of item uses a
 * range of that order (its lanes).  Two items of one question may share a
 * batch only when all lanes of the second lie behind those of the first:
 * batch_conflicts() tells.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "array.h"
#include "statement.h"
#include "store/store.h"

enum {
	BATCH_COLUMNS_MAX = 240,
	BATCH_BYTES_MAX = 4 << 20 /* a batch of this size is full */
};

/* First and last lane of a kind of item. */
struct lanes {
	uint8_t first;
	uint8_t last;
};

struct batch_item {
	store_done_fn *done;
	void *ctx;
	uint32_t rows[N_GROUPS]; /* rows of each group before it */
	uint32_t
	    first_at[N_FIRST_GROUPS]; /* where its rows in one piece begin */
};

/* Bytes of an item's rows in one piece. */
struct batch_piece {
	const uint8_t *data;
	size_t size;
};

/* A question in a batch and the last lane that is used for it. */
struct batch_key {
	struct uuid question;
	int32_t server;
	uint8_t lane; /* 0: empty slot */
};

/* Work with an answer that goes along in the transaction; outbox.c. */
struct claim;

struct batch {
	struct batch *next;
	struct array columns[BATCH_COLUMNS_MAX];
	uint32_t rows[N_GROUPS];
	struct batch_item *items;
	uint32_t n_items;
	uint32_t items_room;
	struct batch_key *keys; /* open addressing, keys_room a power of two */
	uint32_t n_keys;
	uint32_t keys_room;
	struct claim *claims;
	unsigned n_claims;
	int64_t log_seq; /* of its first log entry; 0: not known */
	size_t bytes;
	uint8_t offset[N_GROUPS + 1]; /* group_offset() of each */
	unsigned at;                  /* the column that is written next */
	unsigned at_end;
	struct array *whole; /* of a row that is in one piece */
	mono_ns opened;
	mono_ns sent;
	unsigned tries;
	uint32_t told;         /* ended: so many items were told */
	int err;               /* ... how it ended */
	int64_t release;       /* claims of this batch number are given back */
	bool release_self;     /* lost: if it was committed, its own are */
	int32_t maintain_days; /* with maintain */
	bool maintain;
	bool flush; /* do not wait for more */
	bool alone; /* taken out of a batch that was refused */
	bool first; /* of first answers: sent by COPY, first.c */
};

/* NULL when memory is short. */
struct batch *batch_new(void);
void batch_free(struct batch *b);
/* Forgets all rows and items, keeps the memory. */
void batch_clear(struct batch *b);

/* Is there an item of these keys that must come before one of these lanes? */
bool batch_conflicts(const struct batch *b, const struct store_key *keys,
    size_t n_keys, struct lanes lanes);

/*
 * An item: begin, rows, end.  Being out of memory here ends the program: half
 * an item must never be sent, and the database stands as it is.
 */
void batch_item_begin(struct batch *b);
void batch_item_key(
    struct batch *b, const struct store_key *key, struct lanes lanes);
void batch_item_end(struct batch *b, store_done_fn *done, void *ctx);

/* The rows of item `i` in the group GROUP_FIRST_QUESTION + `first`; lent. */
struct batch_piece batch_piece(
    const struct batch *b, uint32_t i, unsigned first);

/* A row: begin, each column in its order and type, end. */
void row_begin(struct batch *b, enum group group);
void row_end(struct batch *b, enum group group);
void row_null(struct batch *b);
void row_bool(struct batch *b, bool v);
void row_i16(struct batch *b, int16_t v);
void row_i32(struct batch *b, int32_t v);
void row_i64(struct batch *b, int64_t v);
void row_uuid(struct batch *b, const struct uuid *v);
void row_bytes(struct batch *b, const void *data, size_t size);
void row_text(struct batch *b, const char *text); /* NULL: null */
void row_wall(struct batch *b, wall_us at);       /* 0: null */
/* A text[] in a row that is in one piece. */
void row_texts(struct batch *b, const char *const *list, size_t n);
/* The three that most rows begin with. */
void row_key(struct batch *b, const struct store_key *key);

/*
 * Takes apart: a list of batches of one item each, in order, each marked
 * alone; one of first answers into halves.  The batch keeps its items, whose
 * `done` is now that of the parts.
 */
struct batch *batch_split(const struct batch *b);

#endif
