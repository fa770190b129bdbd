/* SPDX-License-Identifier: ISC */
#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * buf -- bytes that grow at the end.
 *
 * A failed growth is remembered in `err` and later writes do nothing, so that
 * a caller builds a whole message and looks once, at the end.  A zeroed
 * struct is an empty buffer without a limit.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

struct buf {
	uint8_t *data;
	size_t size;     /* bytes in use */
	size_t room;     /* bytes allocated */
	size_t size_max; /* 0: no limit of its own */
	int err;         /* first failure: -ENOMEM or ERR_TOO_BIG */
};

void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* empties, keeps the memory, forgets err */

void buf_add_u16(struct buf *b, uint16_t v); /* network order, as all below */
void buf_add_u32(struct buf *b, uint32_t v);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_int(struct buf *b, int64_t v); /* in decimal */
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* For buf_grow(): when there is no room yet. */
void *buf_grow_more(struct buf *b, size_t size);

/*
 * Grows by `size` bytes, uninitialised; lent until the next change, or NULL.
 * Entries and rows are made of a thousand small pieces each, so that the call
 * would cost more than the copy.
 */
static inline void *
buf_grow(struct buf *b, size_t size)
{
	void *at;

	if (b->err != 0 || b->size_max != 0 || b->room - b->size <= size)
		return buf_grow_more(b, size);
	at = b->data + b->size;
	b->size += size;
	return at;
}

static inline void
buf_add(struct buf *b, const void *data, size_t size)
{
	void *at = buf_grow(b, size);

	if (at != NULL && size != 0)
		memcpy(at, data, size);
}

static inline void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static inline void
buf_add_u8(struct buf *b, uint8_t v)
{
	uint8_t *at = buf_grow(b, 1);

	if (at != NULL)
		*at = v;
}

/* The content as text: adds a NUL that does not count.  Never NULL. */
const char *buf_text(struct buf *b);

#endif
