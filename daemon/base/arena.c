/* SPDX-License-Identifier: ISC */

/*
 * A list of blocks, filled one after the other.  A block that is too full for
 * a request is left for this round; after a reset all of them serve again, so
 * that the list settles at what a round needs.  Under AddressSanitizer all
 * that is not handed out is poisoned, so that use after a reset is found.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define POISON(at, size)   ((void)0)
#define UNPOISON(at, size) ((void)0)
#endif

enum {
	ALIGN = 16,
	BLOCK_MIN = 4096,        /* of the first block */
	BLOCK_GROW_MAX = 1 << 16 /* later ones double up to this */
};

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	size_t used;
	_Alignas(ALIGN) uint8_t data[];
};

/* Appends a block for at least `size` bytes after `last`. */
static struct arena_block *
add_block(struct arena *a, struct arena_block *last, size_t size)
{
	size_t room = last == NULL ? BLOCK_MIN : last->size * 2;
	struct arena_block *block;

	if (room > BLOCK_GROW_MAX)
		room = BLOCK_GROW_MAX;
	if (room < size)
		room = size;
	block = malloc(sizeof(*block) + room);
	if (block == NULL)
		return NULL;
	block->next = NULL;
	block->size = room;
	block->used = 0;
	POISON(block->data, room);
	if (last == NULL)
		a->first = block;
	else
		last->next = block;
	return block;
}

void *
arena_get(struct arena *a, size_t size)
{
	struct arena_block *block = a->now;
	struct arena_block *last = NULL;
	size_t whole;
	uint8_t *at;

	if (size > SIZE_MAX / 2)
		return NULL;
	whole = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
	while (block != NULL && whole > block->size - block->used) {
		last = block;
		block = block->next;
	}
	if (block == NULL)
		block = add_block(a, last, whole);
	if (block == NULL)
		return NULL;
	a->now = block;
	a->used += whole;
	at = block->data + block->used;
	block->used += whole;
	UNPOISON(at, size);
	return at;
}

void *
arena_zero(struct arena *a, size_t size)
{
	void *at = arena_get(a, size);

	if (at != NULL)
		memset(at, 0, size);
	return at;
}

void *
arena_copy(struct arena *a, const void *data, size_t size)
{
	void *at = arena_get(a, size);

	if (at != NULL && size != 0)
		memcpy(at, data, size);
	return at;
}

char *
arena_text(struct arena *a, const char *text)
{
	return arena_copy(a, text, strlen(text) + 1);
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *at = NULL;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size >= 0)
		at = arena_get(a, (size_t)size + 1);
	if (at == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(at, (size_t)size + 1, format, args);
	va_end(args);
	return at;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *block;

	for (block = a->first; block != NULL; block = block->next) {
		block->used = 0;
		POISON(block->data, block->size);
	}
	a->now = a->first;
	a->used = 0;
}

void
arena_fini(struct arena *a)
{
	struct arena_block *block = a->first;

	while (block != NULL) {
		struct arena_block *next = block->next;
		UNPOISON(block->data, block->size);
		free(block);
		block = next;
	}
	*a = (struct arena){0};
}
