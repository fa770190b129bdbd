/* SPDX-License-Identifier: ISC */
#ifndef ALERT_SINK_PRIV_H
#define ALERT_SINK_PRIV_H

/*
 * sink -- one receiver: its claims, its open posts, and how it fares.
 *
 * Does nothing by itself: alert.c calls sink_step() in a turn of its own,
 * whenever somebody asked for one through engine_wake(), and at the time that
 * sink_step() named.  So no sink can delay or call another.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "base/clock.h"

struct config_sink;
struct loop_timer;
struct sink;

#define SINK_NEVER INT64_MAX

/* What all sinks share; alert.c owns it. */
struct engine {
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct loop_timer *turn; /* alert.c's: when sinks step next */
	bool once;
};

/* Has all sinks stepped soon, never from inside this call. */
void engine_wake(struct engine *e);

/* The text of config is not copied but its name: it is lent until sink_config.
 */
struct sink *sink_new(struct engine *e, const struct config_sink *config);
/* Open posts are dropped; a claim that comes back later finds nobody. */
void sink_free(struct sink *s);
/* NULL: removed from the configuration.  Otherwise it is tried afresh. */
void sink_config(struct sink *s, const struct config_sink *config);

/* Rows may have come. */
void sink_poke(struct sink *s);
/* What the database knows of it; NULL: no row waits. */
void sink_look(struct sink *s, const struct outbox_waiting *row);
/*
 * Claims if there is room and reason.  Returns when it wants to be called at
 * the latest, SINK_NEVER if only something that happens can change its mind.
 */
mono_ns sink_step(struct sink *s);

const char *sink_name(const struct sink *s);
bool sink_is_removed(const struct sink *s);
/* Nothing is claimed or posted. */
bool sink_is_quiet(const struct sink *s);
/* Nor is there anything to be tried now. */
bool sink_is_idle(const struct sink *s);
/* Something ended, or a claim came back short, since the last call. */
bool sink_wants_look(struct sink *s);
struct alert_sink_status sink_status(const struct sink *s);

#endif
