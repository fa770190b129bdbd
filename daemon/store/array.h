/* SPDX-License-Identifier: ISC */
#ifndef STORE_ARRAY_H
#define STORE_ARRAY_H

/*
 * array -- one-dimensional PostgreSQL arrays in binary, built element by
 * element.
 *
 * One array is one column of the rows that a statement unnests.  The form is
 * that of array_recv(): a head of five int32 (dimensions, has nulls, type of
 * the elements, length, lower bound), then each element with its length in
 * front, -1 for null.  Nothing is quoted, so nothing can be misread (T7).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"

/* A letter per type, as statement.c writes them; [] of each. */
enum array_type {
	ARRAY_BOOL = 'o',
	ARRAY_I16 = 'h',
	ARRAY_I32 = 'i',
	ARRAY_I64 = 'l',
	ARRAY_UUID = 'u',
	ARRAY_BYTES = 'b',
	ARRAY_TEXT = 't',
	ARRAY_WALL = 'z'
};

struct array {
	struct buf bytes;
	uint32_t n;
	bool nulls;
};

/* OID of the array type; of its elements. */
uint32_t array_oid(enum array_type type);
uint32_t array_element_oid(enum array_type type);

/* Empties, keeps the memory. */
void array_start(struct array *a, enum array_type type);
void array_fini(struct array *a);

void array_null(struct array *a);
void array_bool(struct array *a, bool v);
void array_i16(struct array *a, int16_t v);
void array_i32(struct array *a, int32_t v);
void array_i64(struct array *a, int64_t v);
void array_uuid(struct array *a, const struct uuid *v);
void array_bytes(struct array *a, const void *data, size_t size);
void array_text(struct array *a, const char *text); /* NULL: null */
void array_wall(struct array *a, wall_us at);

/* Writes the head; the bytes are lent until the next change. */
const char *array_finish(struct array *a, int *size);

/*
 * Appends `n` elements of `from` that begin at its byte *at, and moves *at
 * behind them.  *at 0 means the first element.
 */
void array_take(
    struct array *to, const struct array *from, size_t *at, uint32_t n);

/* A row of `columns` elements in one piece begins: as COPY has it. */
void array_row(struct array *a, uint16_t columns);
enum { ARRAY_HEAD_SIZE = 20 }; /* where the first begins */

/* PostgreSQL counts microseconds from 2000-01-01. */
int64_t array_pg_time(wall_us at);
wall_us array_wall_of(int64_t pg_time);

#endif
