/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TABLE_PRIV_H
#define MONITOR_TABLE_PRIV_H

/* table_priv -- what policy.c needs of the table's inside. */

#include <stdint.h>

#include "base/arena.h"
#include "index.h"

enum { RECENT_POLICIES = 64 };

struct arena;
struct policy;
struct table;

struct index *table_policy_index(struct table *t);
/* RECENT_POLICIES ids that were found lately, or POLICY_NONE. */
uint32_t *table_recent(struct table *t);
struct arena *table_texts(struct table *t);
/* Copies the policy; its id or POLICY_NONE. */
uint32_t table_policy_add(struct table *t, const struct policy *p);

/* ---- policy.c ---- */
/* Finds the policy that says the same, or keeps this one; POLICY_NONE: no
 * memory. */
uint32_t policy_intern(struct table *t, struct policy *p);

/* ---- policy_until.c ---- */
/* Keeps its parts, and what lists say of times, with it.  False: no memory. */
bool policy_keep_times(struct arena *a, struct policy *p);
/* What two are merged of, for the merged one; its parts are to be freed. */
bool policy_unite_parts(
    const struct table *t, uint32_t a, uint32_t b, struct policy *p);
/* policy_only() of one that has parts. */
uint32_t policy_only_parts(
    struct table *t, const struct policy *p, const char *list);

#endif
