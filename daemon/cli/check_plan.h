/* SPDX-License-Identifier: ISC */
#ifndef CLI_CHECK_PLAN_H
#define CLI_CHECK_PLAN_H

/* check_plan -- plans that nobody would see done, and what is over. */

#include <stddef.h>

#include "base/clock.h"
#include "base/diag.h"
#include "config/config.h"
#include "config/watchlist.h"

struct check_planned;

struct check_plan {
	struct check_planned *list; /* by name and type */
	size_t n;
};

/* Memory that is short ends the process. */
void check_plan_init(struct check_plan *x, const struct config *config);
/* What a list asks for. */
void check_plan_watch(struct check_plan *x, const struct watch *w);
/* Warnings in `d`: of plans and silences that are over at `now`, and of what
 * is planned and asked for by no list. */
void check_plan_tell(struct check_plan *x, const struct config *config,
    wall_us now, struct diag *d);
void check_plan_fini(struct check_plan *x);

#endif
