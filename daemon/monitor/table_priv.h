/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TABLE_PRIV_H
#define MONITOR_TABLE_PRIV_H

/* table_priv -- what policy.c needs of the table's inside. */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct policy;
struct table;

/* An open-addressing index of 4-byte slots. */
struct index {
	uint32_t *slots; /* value + 1; 0: empty */
	uint32_t room;   /* a power of two */
	uint32_t used;
};

/* Makes room for one more; values are hashed anew by `hash`. */
bool table_index_grow(struct table *t, struct index *x,
    uint64_t (*hash)(const struct table *t, uint32_t value));
struct index *table_policy_index(struct table *t);
struct arena *table_texts(struct table *t);
/* Copies the policy and enters it at the empty slot; its id or POLICY_NONE. */
uint32_t table_policy_add(
    struct table *t, const struct policy *p, uint32_t slot);

#endif
