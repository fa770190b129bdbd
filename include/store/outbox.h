/* SPDX-License-Identifier: ISC */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

/*
 * outbox -- deliveries: one alert on its way to one sink (R29, R30).
 *
 * Rows come into being in the deciding transaction (commit.h).  Claiming
 * gives a delivery its sink_seq, once and for good.  Calls are asynchronous;
 * while the database is away they end with an error and nothing is lost.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/uuid.h"

struct store;

enum { OUTBOX_CLAIM_MAX = 64 };

/* Stored: never renumber. */
enum delivery_end {
	DELIVERY_WAITING = 0,
	DELIVERY_DONE = 1,
	DELIVERY_DEAD = 2,     /* gave up; last_error says why */
	DELIVERY_HELD = 3,     /* by a silence: in no queue until it is over */
	DELIVERY_GATHERED = 4, /* to be told with others */
	DELIVERY_GROUPED = 5   /* it was told with others */
};

/* A member of an alert as the log has it: a JSON object with its seq. */
struct delivery_member {
	int64_t seq;
	const char *body; /* JSON object, without "seq" */
};

struct delivery {
	struct uuid alert;
	uint32_t revision;
	uint16_t shard;
	const char *sink;
	const char *class_; /* "change", "event" or "group" */
	const char
	    *group; /* class group: JSON object, without members; else NULL */
	const struct delivery_member *members; /* one, or a group's */
	size_t n_members;
	int64_t sink_seq;
	int64_t prev_sink_seq; /* 0: the first */
	uint32_t attempt;      /* 1 for the first try */
	wall_us created;
	const char *name; /* order is kept per (name, sink) */
	bool test;        /* of a drill: in no outbox, and of no sequence */
};

/* deliveries is NULL and err set on failure; borrowed for the call. */
typedef void outbox_fn(
    void *ctx, int err, const struct delivery *deliveries, size_t n);

/*
 * Up to `n` deliveries of the sink that are due at `now` and have no earlier
 * undelivered one of their name before them, oldest first.  What is claimed
 * stays claimed by this process until outbox_end() (a restart forgets claims).
 */
void outbox_claim(struct store *s, const char *sink, wall_us now, size_t n,
    outbox_fn *fn, void *ctx);

/*
 * Ends an attempt: DONE or DEAD, or WAITING with the time of the next one.
 * Kept and repeated until the database took it.
 */
void outbox_end(struct store *s, const struct delivery *d,
    enum delivery_end end, wall_us next, int status, const char *error);

/*
 * These silences stand now, and no others: what others held is let go.  Kept
 * and repeated until the database took it.
 */
void outbox_hold(struct store *s, const char *const *names, size_t n);

/* Earliest due time of waiting deliveries per sink, for the timer and status.
 */
struct outbox_waiting {
	const char *sink;
	uint64_t waiting, dead;
	wall_us due;    /* the earliest; 0: none waits */
	wall_us oldest; /* created */
	uint64_t held;
};
typedef void outbox_waiting_fn(
    void *ctx, int err, const struct outbox_waiting *rows, size_t n);
void outbox_waiting(struct store *s, outbox_waiting_fn *fn, void *ctx);

#endif
