/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_INDEX_H
#define MONITOR_INDEX_H

/*
 * index -- which number has this content: open addressing, 4 bytes a slot.
 *
 * Nothing is ever taken out.  When it has to grow it moves a few slots with
 * each entry that is added, so that no call takes longer for a million
 * entries than for ten.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define INDEX_NONE UINT32_MAX

struct index {
	uint32_t *slots; /* value + 1; 0: empty */
	uint32_t room;   /* a power of two */
	uint32_t used;
	uint32_t *old; /* what is being moved out of; NULL: nothing */
	uint32_t old_room;
	uint32_t moved; /* slots of `old` below this are moved */
};

/* Whose values they are; both get the owner. */
struct index_owner {
	uint64_t (*hash)(const void *owner, uint32_t value);
	bool (*is)(const void *owner, uint32_t value, const void *wanted);
	const void *owner;
};

/* The value that is `wanted`, whose hash is given; INDEX_NONE: none is. */
uint32_t index_find(const struct index *x, const struct index_owner *o,
    uint64_t hash, const void *wanted);
/* Adds one that is not there yet.  False: memory is short. */
MUST_CHECK bool index_add(struct index *x, const struct index_owner *o,
    uint64_t hash, uint32_t value);
size_t index_bytes(const struct index *x);
void index_fini(struct index *x);

#endif
