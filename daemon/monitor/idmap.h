/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_IDMAP_H
#define MONITOR_IDMAP_H

/*
 * idmap -- a sparse table: what only few questions have, by question id.
 *
 * Open addressing with tombstones, which growing leaves behind.  It grows by
 * moving some slots with each value that is put, for few may become millions:
 * a resolver that dies makes every question fail.  Values are pointers that
 * the caller owns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct idmap_slot {
	uint32_t id;
	uint8_t state; /* 0 empty, 1 used, 2 gone */
	void *value;
};

struct idmap_ring {
	struct idmap_slot *slots;
	uint32_t room; /* a power of two */
	uint32_t used; /* with those gone */
};

struct idmap {
	struct idmap_ring now;
	struct idmap_ring old; /* being moved out of */
	uint32_t moved; /* slots of `old` below this are empty of values */
	uint32_t live;
};

void *idmap_get(const struct idmap *m, uint32_t id); /* NULL: none */
/* The id must not be there.  0 or -ENOMEM. */
MUST_CHECK int idmap_put(struct idmap *m, uint32_t id, void *value);
void *idmap_take(struct idmap *m, uint32_t id);
/* Walks: start with *at = 0; NULL at the end.  Taking while walking is fine. */
void *idmap_next(const struct idmap *m, uint32_t *at);
size_t idmap_bytes(const struct idmap *m);
void idmap_fini(struct idmap *m);

#endif
