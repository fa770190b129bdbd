/* SPDX-License-Identifier: ISC */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

/*
 * pages -- large pieces of memory, straight from the system.
 *
 * Zeroed, and only what is touched is resident; what is freed goes back at
 * once, whatever else the allocator holds.
 */

#include <stddef.h>

#include "base/attr.h"

/* NULL when memory is short.  Aligned to a page. */
MUST_CHECK void *pages_new(size_t size);
/* `size` as it was asked for; NULL is fine. */
void pages_free(void *pages, size_t size);

#endif
