/* SPDX-License-Identifier: ISC */

/*
 * Growth doubles.  One byte more than asked for is always allocated, so that
 * buf_text() can end the content with a NUL without allocating.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

enum { ROOM_MIN = 256 };

void
buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void
buf_clear(struct buf *b)
{
	b->size = 0;
	b->err = 0;
}

/* Room for `size` more bytes and a NUL, or b->err. */
static void
make_room(struct buf *b, size_t size)
{
	size_t size_max = b->size_max != 0 ? b->size_max : SIZE_MAX / 4;
	size_t room = b->room != 0 ? b->room : ROOM_MIN;
	uint8_t *data;

	if (b->err != 0)
		return;
	if (b->size > size_max || size > size_max - b->size) {
		b->err = ERR_TOO_BIG;
		return;
	}
	if (b->room > b->size + size)
		return;
	while (room <= b->size + size)
		room *= 2;
	data = realloc(b->data, room);
	if (data == NULL) {
		b->err = -ENOMEM;
		return;
	}
	b->data = data;
	b->room = room;
}

void *
buf_grow_more(struct buf *b, size_t size)
{
	void *at;

	make_room(b, size);
	if (b->err != 0)
		return NULL;
	at = b->data + b->size;
	b->size += size;
	return at;
}

void
buf_add_u16(struct buf *b, uint16_t v)
{
	const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	buf_add(b, bytes, sizeof(bytes));
}

void
buf_add_u32(struct buf *b, uint32_t v)
{
	const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v};

	buf_add(b, bytes, sizeof(bytes));
}

void
buf_add_u64(struct buf *b, uint64_t v)
{
	buf_add_u32(b, (uint32_t)(v >> 32));
	buf_add_u32(b, (uint32_t)v);
}

void
buf_add_int(struct buf *b, int64_t v)
{
	char text[20]; /* of INT64_MIN */
	size_t at = sizeof(text);
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do {
		text[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (v < 0)
		text[--at] = '-';
	buf_add(b, text + at, sizeof(text) - at);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	size_t left;
	int size;
	char *at;

	if (b->err != 0)
		return;
	/* Mostly there is room already, and once is enough. */
	left = b->room - b->size;
	va_start(args, format);
	size = vsnprintf(
	    left == 0 ? NULL : (char *)b->data + b->size, left, format, args);
	va_end(args);
	if (size < 0) {
		b->err = -EINVAL;
		return;
	}
	at = buf_grow(b, (size_t)size);
	if ((size_t)size < left)
		return;
	if (at == NULL)
		return;
	va_start(args, format);
	vsnprintf(at, (size_t)size + 1, format, args);
	va_end(args);
}

const char *
buf_text(struct buf *b)
{
	if (b->data == NULL)
		return "";
	b->data[b->size] = '\0';
	return (const char *)b->data;
}
