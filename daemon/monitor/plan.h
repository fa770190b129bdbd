/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_PLAN_H
#define MONITOR_PLAN_H

/*
 * plan -- what owners plan to change (R27): which changes are part of it, and
 * when a plan is done, or over without being done.
 *
 * A plan stands from its beginning until all that it says is believed in every
 * view that is asked for it, or until its end.  What is believed is read by
 * expect.c, which looks at the planned questions, too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/expect.h"
#include "say.h"

struct config_plan;
struct content;
struct inquiry;
struct monitor;
struct store_key;

/* What is watched or planned may be other from now on. */
void plan_restart(struct monitor *m);
/* Plans begin and end by the clock. */
void plan_tick(struct monitor *m);

/* Does a plan stand that says something of it? */
bool plan_concerns(const struct monitor *m, uint32_t id);
/* What is believed of such a question. */
void plan_believed(struct monitor *m, uint32_t id, const struct content *c);
/* Is what deviates on the way to a plan that stands? */
bool plan_allows(
    const struct monitor *m, uint32_t id, const struct expect_found *found);
/* The plan that a change to `to` is part of; NULL: none. */
const struct config_plan *plan_of(
    const struct inquiry *q, const struct content *to);

/* That the database knows as closed, by its print. */
void plan_restore(struct monitor *m, uint32_t id, uint64_t print);
/* Prints of those that were closed with an event of this question, to be kept
 * with it; how many, at most PLAN_KEPT_MAX, the latest first. */
enum { PLAN_KEPT_MAX = 16 };
size_t plan_kept(
    const struct monitor *m, uint32_t id, uint64_t prints[PLAN_KEPT_MAX]);

/* Plans that stand. */
uint32_t plan_count(const struct monitor *m);
size_t plan_bytes(const struct monitor *m);
void plan_free_all(struct monitor *m);

#endif
