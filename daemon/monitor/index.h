/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_INDEX_H
#define MONITOR_INDEX_H

/*
 * index -- which number has this content: open addressing, 4 bytes a slot.
 *
 * A slot has a few bits of the hash beside the number, so that what is not
 * wanted is hardly ever looked at: that would be a read from far memory.
 * Nothing is ever taken out.  When it has to grow it moves a few slots with
 * each entry that is added, so that no call takes longer for a million
 * entries than for ten.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { INDEX_BITS = 27 };
#define INDEX_NONE UINT32_MAX
#define INDEX_MAX  ((UINT32_C(1) << INDEX_BITS) - 2) /* the largest value */

struct index {
	uint32_t *slots; /* bits of the hash, value + 1; 0: empty */
	uint32_t room;   /* a power of two */
	uint32_t used;
	uint32_t *old; /* what is being moved out of; NULL: nothing */
	uint32_t old_room;
	uint32_t moving;  /* the next value to be moved ... */
	uint32_t to_move; /* ... and how many there still are */
};

/* Whose values they are; all get the owner. */
struct index_owner {
	uint64_t (*hash)(const void *owner, uint32_t value);
	/* Values come in the order of adding; the first is 0. */
	uint32_t (*next)(const void *owner, uint32_t value);
	bool (*is)(const void *owner, uint32_t value, const void *wanted);
	const void *owner;
};

/* The value that is `wanted`, whose hash is given; INDEX_NONE: none is. */
uint32_t index_find(const struct index *x, const struct index_owner *o,
    uint64_t hash, const void *wanted);
/* Adds one that is not there yet.  False: memory is short, or the value over
 * INDEX_MAX. */
MUST_CHECK bool index_add(struct index *x, const struct index_owner *o,
    uint64_t hash, uint32_t value);
size_t index_bytes(const struct index *x);
void index_fini(struct index *x);

#endif
