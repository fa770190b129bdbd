/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TOLD_H
#define MONITOR_TOLD_H

/* told -- an alert that tells several changes of one name. */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "config/watchlist.h"
#include "judge/candidate.h"
#include "rule/severity.h"

struct inquiry;
struct store_told;

/* What an alert says of several decisions. */
struct telling {
	enum severity highest;
	enum label weakest;
	uint32_t n;
};

struct told_member {
	struct uuid change;
	enum severity severity;
	enum label label;
};

/* An alert about several changes: revisions are counted once for all. */
struct told_group {
	struct uuid id;
	uint32_t revision;
	uint32_t refs;
	const char *kind; /* "vanished" or "appeared" */
	struct told_member members[WATCH_TYPES_MAX];
	uint8_t n;
	struct telling others; /* decided for good before a restart */
};

struct told_group *told_new(const char *kind, wall_us at);
void told_release(struct told_group *g); /* NULL is fine */
/* LABEL_NONE, of nothing yet, is the strongest. */
bool told_is_weaker(enum label label, enum label than);
/* One more decision into the sum. */
void told_weigh(struct telling *t, enum severity severity, enum label label);
/* The member's latest decision. */
void told_put(struct told_group *g, const struct inquiry *q);
struct telling told_sum(const struct told_group *g);
/* After a restart: the alert that told the doubted change.  False: no memory.
 */
MUST_CHECK bool told_restore(struct inquiry *q, const struct store_told *told);

#endif
