/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TABLE_PRIV_H
#define MONITOR_TABLE_PRIV_H

/* table_priv -- what policy.c needs of the table's inside. */

#include <stdint.h>

#include "base/arena.h"
#include "index.h"

enum { RECENT_POLICIES = 64 };

struct policy;
struct table;

struct index *table_policy_index(struct table *t);
/* RECENT_POLICIES ids that were found lately, or POLICY_NONE. */
uint32_t *table_recent(struct table *t);
struct arena *table_texts(struct table *t);
/* Copies the policy; its id or POLICY_NONE. */
uint32_t table_policy_add(struct table *t, const struct policy *p);

#endif
