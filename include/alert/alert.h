/* SPDX-License-Identifier: ISC */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

/*
 * alert -- takes deliveries out of the outbox and brings them to their sinks.
 *
 * Meets the monitor in the database only: a decision and its outbox rows are
 * one transaction there.  At least once, in order per (name, sink), retried
 * with back-off and jitter for days; one sink never delays another (R30,
 * R31).  Formats the Standard Webhooks body of a change, event or group.
 *
 * Decides nothing about who gets what: rows are there or not, and what a
 * silence holds is let go when that stands no more.  The reasons of the retry
 * policy are in docs/decisions/alerts-outbox.md.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "http/http.h"
#include "store/outbox.h"

struct loop;
struct store;
struct http;
struct config;
struct config_sink;
struct alert;

enum {
	ALERT_SINK_OPEN_MAX = 4, /* POSTs open at once per sink */
	ALERT_TIMEOUT_MS = 20000,
	ALERT_RETRY_DAYS = 3,       /* then the delivery is dead, */
	ALERT_TRIES_MIN = 8,        /* once it was tried so often */
	ALERT_BODY_MAX = 20 * 1024, /* over it, lists are cut */
	WEBHOOK_ID_SIZE = 52        /* "<uuid>-r<revision>" and a NUL */
};

/*
 * For status: the first two since start, the others as the database had them
 * at the last look (within a minute, a second after something happened).
 */
struct alert_sink_status {
	const char *name; /* lent until alert_config() or alert_free() */
	uint64_t delivered, failed_attempts, dead, waiting, held;
	wall_us oldest_waiting; /* 0: none */
	int last_status; /* HTTP status of the last attempt, 0: no answer */
	char last_error[160]; /* "" after a success */
};

/*
 * Sinks are read from config (borrowed until alert_config() gives another).
 * `once`: one attempt per delivery, for `dnsvigil once`.  Begins to look when
 * the loop runs.  NULL when memory is short.
 */
struct alert *alert_new(struct loop *loop, struct store *store,
    struct http *http, const struct config *config, bool once);
/*
 * Before the store and before the http: what is being posted is dropped and
 * will be claimed again after a restart.  NULL is fine.
 */
void alert_free(struct alert *a);
/*
 * A sink that is gone is not asked for any more, its rows wait for its return;
 * posts that are open come to their end.  A sink that stays is tried afresh.
 */
void alert_config(struct alert *a, const struct config *config);

/* The store committed outbox rows, or became ready: look now. */
void alert_poke(struct alert *a);
/* Nothing in flight, and nothing that is due to be tried (for `once`). */
bool alert_is_idle(const struct alert *a);

size_t alert_n_sinks(const struct alert *a);
struct alert_sink_status alert_sink_status(const struct alert *a, size_t i);

/*
 * One signed POST of a body from webhook_body(): for the engine above, and for
 * what is in no outbox (a drill).  As http_post(); retries are the caller's.
 */
struct alert_attempt {
	const struct config_sink *sink;
	const struct delivery *delivery; /* its id and revision */
	const struct buf *body;
	int64_t now_s; /* Unix time */
};
MUST_CHECK int alert_post(struct http *http, const struct alert_attempt *a,
    http_done_fn *done, void *ctx);

/*
 * webhook.c, pure: the parts of one delivery.
 */

/* "<alert uuid>-r<revision>": the same for every attempt; returns out. */
char *webhook_id(const struct delivery *d, char out[WEBHOOK_ID_SIZE]);
/*
 * {"type":..,"timestamp":..,"data":{..},"delivery":{..}} added to out.  A body
 * over ALERT_BODY_MAX has its lists cut to their first values, and the object
 * that holds them says so: "cut":{"added":{"total":600,"sha256":"..."}}, of
 * the whole list as it would have stood here.  0, -ENOMEM, or ERR_SYNTAX when
 * the log's text is not what we write.
 */
MUST_CHECK int webhook_body(const struct delivery *d, struct buf *out);
/* "v1,<base64>" over "{id}.{timestamp}.{body}" (Standard Webhooks 1.0). */
MUST_CHECK int webhook_sign(const uint8_t *secret, size_t secret_size,
    const char *id, int64_t timestamp_s, const struct buf *body,
    struct buf *out);
/*
 * The pause after `failed` attempts (at least 1), without jitter: 5 s, 30 s,
 * 2 m, 10 m, 30 m, 1 h, 2 h, then 5 h; at least retry_after_s.
 */
uint32_t webhook_backoff_s(uint32_t failed, uint32_t retry_after_s);

#endif
