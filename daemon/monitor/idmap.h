/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_IDMAP_H
#define MONITOR_IDMAP_H

/*
 * idmap -- a sparse table: what only few questions have, by question id.
 *
 * Open addressing with tombstones swept on growth.  Values are pointers that
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

struct idmap {
	struct idmap_slot *slots;
	uint32_t room;
	uint32_t used; /* with those gone */
	uint32_t live;
};

void *idmap_get(const struct idmap *m, uint32_t id); /* NULL: none */
/* The id must not be there.  0 or -ENOMEM. */
MUST_CHECK int idmap_put(struct idmap *m, uint32_t id, void *value);
void *idmap_take(struct idmap *m, uint32_t id);
/* Walks: start with *at = 0; NULL at the end.  Taking while walking is fine. */
void *idmap_next(const struct idmap *m, uint32_t *at);
/* Gives back room that a storm took; not while it is walked. */
void idmap_trim(struct idmap *m);
size_t idmap_bytes(const struct idmap *m);
void idmap_fini(struct idmap *m);

#endif
