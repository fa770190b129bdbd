/* SPDX-License-Identifier: ISC */
#ifndef CLI_HISTORY_POOL_H
#define CLI_HISTORY_POOL_H

/* history_pool -- what `history` shows of a question's pool (R24). */

#include "base/buf.h"
#include "base/emit.h"
#include "judge/pool.h"

/* The field `pool` of a row. */
void history_pool_json(struct emit *j, const struct pool *p, wall_us kept);
/* "pool: rotating since ..., 3 addresses, 3 of them members, 570 answers, as of
 * ..." */
void history_pool_head(struct buf *out, const struct pool *p, wall_us kept);
/* A line of one address. */
void history_pool_element(
    struct buf *out, const struct pool *p, const struct pool_element *e);

#endif
