/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

/*
 * monitor -- joins the rooms that decide with the rooms that talk: which
 * question is due, what its reply means beside what was believed, and what
 * the store is to keep.
 *
 * It polls the view `default` (the configured resolvers), records first,
 * judges, and commits a decision together with its outbox rows.  It does not
 * deliver: the alert room meets it in the database only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/diag.h"
#include "resolver/resolver.h"
#include "rule/severity.h"

struct config;
struct emit;
struct loop;
struct monitor;
struct store;

/* A decision or event became durable: what a terminal or a pipe is told. */
struct monitor_line {
	const char *class_; /* "change" or "event" */
	const char *json;   /* one object without "seq" */
	int64_t seq;        /* in the log; 0: not known */
	enum severity severity;
	bool is_change; /* counts for the exit status of `once` */
};

struct monitor_hooks {
	void (*on_line)(void *ctx, const struct monitor_line *line);
	void (*on_outbox)(void *ctx); /* outbox rows were committed */
	void (*on_done)(void *ctx);   /* `once`: everything is decided */
	void (*on_fatal)(void *ctx, const char *why); /* fenced, refused */
	/* A reload ended; not taken: the old configuration is in force. */
	void (*on_reloaded)(void *ctx, const struct config *config, bool taken);
	void *ctx;
};

struct monitor_setup {
	struct loop *loop;
	struct store *store; /* not started: the monitor is told its state */
	const struct config *config; /* borrowed until a reload is taken */
	const struct resolver_limits *limits; /* copied */
	bool once;
};

struct monitor *monitor_new(
    const struct monitor_setup *setup, const struct monitor_hooks *hooks);
void monitor_free(struct monitor *m);

/*
 * Reads every watchlist into the table, before the start.  0 or an error;
 * problems of single entries are in `d` and do not fail it.
 */
MUST_CHECK int monitor_watch(struct monitor *m, struct diag *d);

/* The store's state changed; READY the first time starts the load and polls. */
void monitor_store_state(struct monitor *m, int state, const char *why);

/*
 * Reads the watchlists of `config` in steps between other work, and then takes
 * both the configuration and the difference, or neither.  `mass` lets a reload
 * drop more than a tenth of the watches.  The outcome is logged and told by
 * on_reloaded, until when `config` and the one before are borrowed; from then
 * on the one that is in force.  False: another is going on, or memory is
 * short; then `config` stays the caller's.
 */
MUST_CHECK bool monitor_reload(
    struct monitor *m, const struct config *config, bool mass);
/* When a reload was last refused because it would drop too many; 0: not. */
wall_us monitor_reload_refused(const struct monitor *m);

/* No new polls; what is open is finished.  on_done is called then. */
void monitor_drain(struct monitor *m);

/* Adds the members that the monitor knows to an open JSON object. */
void monitor_status(struct monitor *m, struct emit *j);
bool monitor_is_ready(const struct monitor *m);

/* For `once` and progress. */
struct monitor_progress {
	uint32_t questions;  /* watched */
	uint32_t first_left; /* new questions not yet answered once */
	uint64_t asked;      /* questions finished since start */
	uint64_t answered;   /* with a good reply */
	uint32_t open;       /* inquiries not yet decided */
};
struct monitor_progress monitor_progress(const struct monitor *m);

#endif
