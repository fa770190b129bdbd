/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_STRETCH_H
#define MONITOR_STRETCH_H

/*
 * stretch -- when a question is given stale answers, for the database, so that
 * coverage does not take them for fresh (R13,
 * docs/decisions/fresh-coverage.md).  One write when that begins and one when
 * it ends; in the steady state nothing is written.
 */

#include "monitor_priv.h"

/* A good reply; `poll`: to a poll, which alone ends one. */
void stretch_hear(struct monitor *m, uint32_t id, bool stale, bool poll);
/* An outage says it from now on, or it is watched no more. */
void stretch_end(struct monitor *m, uint32_t id);
/* What was open at the start. */
void stretch_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* The same of a question that is not watched any more: that is over. */
void stretch_over(struct monitor *m, const struct store_row *row);
size_t stretch_bytes(const struct monitor *m);
void stretch_free_all(struct monitor *m);

#endif
