/* SPDX-License-Identifier: ISC */
/*
 * array -- see array.h.  A failed growth stays in bytes.err, which the batch
 * looks at once per item.
 */

#include <string.h>

#include "array.h"
#include "base/err.h"

/* The head: dimensions, nulls, element type, length, lower bound. */
enum { HEAD_SIZE = ARRAY_HEAD_SIZE, HEAD_NULLS_AT = 4, HEAD_LENGTH_AT = 12 };

/* Seconds from 1970-01-01 to 2000-01-01. */
#define PG_EPOCH_S INT64_C(946684800)

uint32_t
array_oid(enum array_type type)
{
	switch (type) {
	case ARRAY_BOOL:
		return 1000;
	case ARRAY_I16:
		return 1005;
	case ARRAY_I32:
		return 1007;
	case ARRAY_I64:
		return 1016;
	case ARRAY_UUID:
		return 2951;
	case ARRAY_BYTES:
		return 1001;
	case ARRAY_TEXT:
		return 1009;
	case ARRAY_WALL:
		return 1185;
	}
	return 0;
}

uint32_t
array_element_oid(enum array_type type)
{
	switch (type) {
	case ARRAY_BOOL:
		return 16;
	case ARRAY_I16:
		return 21;
	case ARRAY_I32:
		return 23;
	case ARRAY_I64:
		return 20;
	case ARRAY_UUID:
		return 2950;
	case ARRAY_BYTES:
		return 17;
	case ARRAY_TEXT:
		return 25;
	case ARRAY_WALL:
		return 1184;
	}
	return 0;
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

void
array_start(struct array *a, enum array_type type)
{
	buf_clear(&a->bytes);
	buf_add_u32(&a->bytes, 1);
	buf_add_u32(&a->bytes, 0);
	buf_add_u32(&a->bytes, array_element_oid(type));
	buf_add_u32(&a->bytes, 0);
	buf_add_u32(&a->bytes, 1);
	a->n = 0;
	a->nulls = false;
}

void
array_fini(struct array *a)
{
	buf_fini(&a->bytes);
}

void
array_null(struct array *a)
{
	buf_add_u32(&a->bytes, UINT32_MAX);
	a->nulls = true;
	a->n++;
}

void
array_bytes(struct array *a, const void *data, size_t size)
{
	uint8_t *p;

	CHECK(size <= INT32_MAX);
	p = buf_grow(&a->bytes, 4 + size);
	if (p == NULL)
		return;
	put_u32(p, (uint32_t)size);
	if (size > 0)
		memcpy(p + 4, data, size);
	a->n++;
}

void
array_bool(struct array *a, bool v)
{
	uint8_t byte = v;

	array_bytes(a, &byte, 1);
}

void
array_i16(struct array *a, int16_t v)
{
	uint8_t wire[2] = {(uint8_t)((uint16_t)v >> 8), (uint8_t)v};

	array_bytes(a, wire, sizeof wire);
}

void
array_i32(struct array *a, int32_t v)
{
	uint8_t wire[4];

	put_u32(wire, (uint32_t)v);
	array_bytes(a, wire, sizeof wire);
}

void
array_i64(struct array *a, int64_t v)
{
	uint8_t wire[8];

	put_u32(wire, (uint32_t)((uint64_t)v >> 32));
	put_u32(wire + 4, (uint32_t)v);
	array_bytes(a, wire, sizeof wire);
}

void
array_uuid(struct array *a, const struct uuid *v)
{
	array_bytes(a, v->b, sizeof v->b);
}

void
array_text(struct array *a, const char *text)
{
	if (text == NULL)
		array_null(a);
	else
		array_bytes(a, text, strlen(text));
}

int64_t
array_pg_time(wall_us at)
{
	return at - WALL_S(PG_EPOCH_S);
}

wall_us
array_wall_of(int64_t pg_time)
{
	return pg_time + WALL_S(PG_EPOCH_S);
}

void
array_wall(struct array *a, wall_us at)
{
	array_i64(a, array_pg_time(at));
}

const char *
array_finish(struct array *a, int *size)
{
	CHECK(a->bytes.size >= HEAD_SIZE && a->bytes.size <= INT32_MAX);
	put_u32(a->bytes.data + HEAD_NULLS_AT, a->nulls);
	put_u32(a->bytes.data + HEAD_LENGTH_AT, a->n);
	*size = (int)a->bytes.size;
	return (const char *)a->bytes.data;
}

void
array_take(struct array *to, const struct array *from, size_t *at, uint32_t n)
{
	const uint8_t *data = from->bytes.data;
	size_t begin;
	size_t end;

	if (*at == 0)
		*at = HEAD_SIZE;
	begin = *at;
	end = begin;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t size = get_u32(data + end);

		end += 4;
		if (size == UINT32_MAX)
			to->nulls = true;
		else
			end += size;
		CHECK(end <= from->bytes.size);
	}
	buf_add(&to->bytes, data + begin, end - begin);
	to->n += n;
	*at = end;
}

void
array_row(struct array *a, uint16_t columns)
{
	buf_add_u16(&a->bytes, columns);
}
