/* SPDX-License-Identifier: ISC */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * arena -- memory for one unit of work: allocate freely, drop once.
 *
 * Blocks are kept by arena_reset(), so that a reused arena does not call the
 * allocator again.  A zeroed struct is an empty arena.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena_block;
struct arena {
	struct arena_block *first;
	struct arena_block *now;
	size_t used; /* bytes handed out since the last reset */
};

/* Aligned to 16, not zeroed.  NULL when memory is short. */
MUST_CHECK void *arena_get(struct arena *a, size_t size);
MUST_CHECK void *arena_zero(struct arena *a, size_t size);
MUST_CHECK void *arena_copy(struct arena *a, const void *data, size_t size);
MUST_CHECK char *arena_text(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);

#endif
