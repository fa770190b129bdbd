/* SPDX-License-Identifier: ISC */
#ifndef FAKE_OUTBOX_H
#define FAKE_OUTBOX_H

/*
 * fake_outbox -- the outbox in memory and receivers that answer by rule, both
 * in virtual time, for the tests of alert.
 *
 * The outbox is the contract of store/outbox.h taken at its word: it checks
 * that only what was claimed is ended, and answers in a later turn.  The http
 * asks a function of the test what each post shall meet.
 *
 * One file of a test program has it, behind fake_loop.c:
 *
 *	#define FAKE_OUTBOX_HERE
 *	#include "fake_outbox.c"
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http.h"
#include "loop/loop.h"
#include "store/outbox.h"

enum { ROWS_MAX = 4096, POSTS_MAX = 16384 };

struct row {
	struct uuid alert;
	char sink[16];
	char name[32];
	wall_us created;
	wall_us due;
	wall_us ended;
	int64_t sink_seq;
	int64_t prev_sink_seq;
	uint32_t attempt;
	enum delivery_end end;
	int status;
	bool claimed;
	char held_by[16];
	char error[256];
};

/* One POST, kept for the test to read. */
struct seen {
	struct row *row;
	mono_ns at;
	mono_ns ended; /* 0: still open */
	int status;
	int64_t timestamp_s;
};

struct store {
	struct loop *loop;
	struct row rows[ROWS_MAX];
	size_t n_rows;
	unsigned n_claims;
	unsigned n_looks;
	int err;            /* every call ends with it while it is set */
	bool silent;        /* calls are taken and not answered yet */
	struct call *calls; /* not answered yet, oldest first */
};

/* What a post meets: after `delay`, this result. */
struct meets {
	int status; /* 0: no answer */
	uint32_t retry_after_s;
	mono_ns delay;
};
typedef struct meets meets_fn(void *ctx, const struct row *row);

struct http {
	struct loop *loop;
	struct store *store;
	meets_fn *meets;
	void *ctx;
	struct seen seen[POSTS_MAX];
	size_t n_seen;
	struct post *open;
	size_t n_open;
	size_t n_open_most;
	int err; /* http_post() refuses with it while it is set */
};

struct store *fake_store_new(struct loop *l);
/* Answers calls that were left with ERR_CLOSED, as the contract asks. */
void fake_store_free(struct store *s);
struct row *fake_store_add(struct store *s, const char *sink, const char *name);
size_t fake_store_count(const struct store *s, enum delivery_end end);
/* Posts of this row so far. */
size_t fake_http_count(const struct http *h, const struct row *row);
/* Nothing is claimed, as after a restart of the daemon. */
void fake_store_restart(struct store *s);

struct http *fake_http_new(struct store *s, meets_fn *meets, void *ctx);
void fake_http_free(struct http *h);

#endif
