/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_VIEWS_H
#define MONITOR_VIEWS_H

/*
 * views -- views of one question that differ for good, as the rest of the
 * monitor sees that (R9).
 */

#include "base/emit.h"
#include "monitor_priv.h"

struct views;

struct views *views_new(void);
void views_free(struct views *v); /* NULL is fine */
/* Looks on, for as long as the turn may take; every tick. */
void views_step(struct monitor *m);
/*
 * What was told of a question's views, beside the row of one of them; `id` is
 * QUESTION_NONE when the configuration does not know that one any more.
 */
void views_restore(struct monitor *m, uint32_t id, const struct store_row *row);
size_t views_bytes(const struct monitor *m);
void views_status(const struct monitor *m, struct emit *j);

#endif
