/* SPDX-License-Identifier: ISC */
#ifndef STAGE_DRILL_H
#define STAGE_DRILL_H

/*
 * drill -- an attack as a play: the monitor itself, its judging and its
 * alerts, over scripted servers, virtual time and a store in memory.
 *
 * Nothing of it touches the database, a resolver or a sink: who calls it gets
 * the alerts and sends them.  What is judged as in earnest: the watch (types,
 * interval, tags, `confirm`), the groups of the view `default`, and what the
 * configuration says of severities.  One drill at a time, in one thread.
 */

#include <stddef.h>

#include "base/clock.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "store/outbox.h"

struct drill_scenario {
	const char *name;
	const char *about; /* a line for people */
	const char *script;
};

struct drill_setup {
	const struct config *config;
	const struct drill_scenario *scenario;
	const struct watch *watch; /* the name that is attacked */
	wall_us begin;             /* the time that it begins at */
	/* What happens, `at` after the beginning. */
	void (*on_step)(void *ctx, mono_ns at, const char *text);
	/* What is told of it; `d` is borrowed, without a sink. */
	void (*on_alert)(void *ctx, mono_ns at, const struct delivery *d);
	void *ctx;
};

/* All there are, in the order in which they are listed. */
const struct drill_scenario *drill_scenarios(size_t *n);

/*
 * Plays it, in less than a second.  What cannot be played - no folder for
 * temporary files, a watch of nothing - ends the process with a line on
 * standard error and status 2.
 */
void drill_run(const struct drill_setup *setup);

#endif
