/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_MEMBERSHIP_H
#define MONITOR_MEMBERSHIP_H

/*
 * membership -- on which lists a name is now, whatever its types and views:
 * what a question's item has the database compare with what it knows.
 */

#include "monitor_priv.h"

/* Fills in the item's fields on the name's lists; `name` is folded wire.  They
 * point at interned policies, which stay. */
void membership_fill(struct monitor *m, const uint8_t *name, size_t size,
    struct commit_question *c);

/*
 * Of a question that is new: what its name's other questions, and the load,
 * tell of what the database has.  After membership_fill().
 */
void membership_weigh(
    struct monitor *m, uint32_t id, struct commit_question *c);

#endif
