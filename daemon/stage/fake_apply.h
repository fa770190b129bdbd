/* SPDX-License-Identifier: ISC */
#ifndef FAKE_APPLY_H
#define FAKE_APPLY_H

/* fake_apply -- what becomes durable, in two files: items and intervals. */

#include "fake_store.h"

/* Lives as long as the database; NULL of NULL. */
const char *db_keep_text(struct db *db, const char *text);
/* "www.example.org. A", for messages; good until the next call. */
const char *db_subject(const struct db_question *q);

/* ---- fake_interval.c ---- */
void db_see_baseline(
    struct db *db, struct db_question *q, const struct content *c, wall_us at);
void db_see_evidence(struct db *db, struct db_question *q,
    const struct commit_evidence *list, size_t n, const struct uuid *change);
void db_close_intervals(
    struct db *db, struct db_question *q, const struct commit_decision *d);
void db_check_intervals(struct db_question *q);

#endif
