/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_ENTRY_H
#define MONITOR_ENTRY_H

/*
 * entry -- how old an answer of a question may be, for the database: what
 * coverage by fresh fetches is reckoned from (R13,
 * docs/decisions/fresh-coverage.md).  In the steady state nothing is written.
 */

#include <stdbool.h>
#include <stdint.h>

struct commit_question;
struct monitor;
struct question;
struct reply_sum;
struct store_row;

/* A first answer, which is about to be written together with its question. */
void entry_first(struct monitor *m, uint32_t id, bool aa);
/* A good answer as believed: the largest TTL grows, and is written where the
 * database has to know; a stale one's age is not known. */
void entry_hear(
    struct monitor *m, uint32_t id, const struct reply_sum *sum, bool stale);
/* A zone's own servers answered. */
void entry_direct(struct monitor *m, uint32_t id);
/* What the database knew at start, and its state. */
void entry_restore(
    const struct monitor *m, struct question *q, const struct store_row *row);
/* What is written with its question. */
void entry_fill(
    const struct monitor *m, uint32_t id, struct commit_question *c);

#endif
