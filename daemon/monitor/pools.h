/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_POOLS_H
#define MONITOR_POOLS_H

/*
 * pools -- the questions whose addresses rotate (R23-R25), each with its pool
 * (judge/pool.h).  A sparse table: a question enters it by the decision at
 * which it had shown three sets within a day, and leaves it when it has not
 * moved for a week.  Movement inside a pool is counted, and makes no inquiry
 * and no row; docs/decisions/pools.md.
 *
 * Not for names tagged `hostile`, whose owner chooses what we would learn, and
 * not in authoritative views, where no cache picks.
 */

#include "base/emit.h"
#include "monitor_priv.h"

enum { POOLS_MAX = 65536 };

struct pools *pools_new(void);
void pools_free(struct pools *p); /* NULL is fine */

/* Has it a pool?  What has none pays no more than this. */
bool pools_has(const struct monitor *m, uint32_t id);
/*
 * A good reply of one that has, and that is not stale; `poll`: to a poll,
 * `fresh`: fetched since the answer before.  Does it say what is believed, or
 * moves inside the pool?
 */
bool pools_hear(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum, bool poll, bool fresh);
/* What the inquiry decided is believed from now on. */
void pools_believe(struct inquiry *q);
/* R24: only addresses moved, at an end of the believed chain where only a
 * provider gives them. */
bool pools_provided(const struct inquiry *q, const struct content *c);
/* R24: the first sight of an inquiry has an address that is to be told, though
 * the history may have seen it. */
bool pools_outside(const struct inquiry *q);
/* Is what the inquiry decided, and is not believed yet, more of a pool that is
 * being learnt (judge/pool.h)? */
bool pools_grow(const struct inquiry *q);
/* Does it have one that moves?  Then its state is one set of many. */
bool pools_moves(const struct monitor *m, uint32_t id);
/* R22: the sets of a day, of which the history does not have those inside. */
uint32_t pools_sets(const struct monitor *m, uint32_t id, uint32_t n_sets_day);

void pools_restore(struct monitor *m, uint32_t id, const struct store_row *row);
void pools_second(struct monitor *m);
/* Everything that was counted goes to the database. */
void pools_flush(struct monitor *m);
size_t pools_bytes(const struct monitor *m);
/* Fields of `questions` of status. */
void pools_status(const struct monitor *m, struct emit *j);

#endif
