/* SPDX-License-Identifier: ISC */
#ifndef STORE_CONN_H
#define STORE_CONN_H

/*
 * conn -- one libpq connection on the loop.
 *
 * Connects without blocking, tells of input, flushes output, and drops a
 * connection that owes us a reply and gives none (W-F3).  It knows nothing of
 * what is sent over it.
 */

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/attr.h"
#include "base/clock.h"

struct loop;
struct loop_io;
struct loop_timer;

enum {
	CONN_CONNECT_S = 15, /* to connect and authenticate */
	CONN_SILENCE_S =
	    40 /* beyond statement_timeout, which should come first */
};

struct conn {
	struct loop *loop;
	PGconn *pg; /* NULL: closed */
	struct loop_io *io;
	struct loop_timer *timer;
	int fd; /* that io watches */
	bool up;
	bool reading; /* wants input; off to hold back a COPY */
	void (*on_up)(void *ctx);
	void (*on_input)(void *ctx); /* libpq has consumed what came */
	void (*on_room)(void *ctx);  /* what was held was sent; NULL */
	void (*on_lost)(void *ctx, const char *why); /* closed already */
	void *ctx;
};

/* 0 or -ENOMEM; afterwards on_up or on_lost is called from the loop. */
MUST_CHECK int conn_open(struct conn *c, const char *conninfo);
/* Closes without a callback.  Fine when closed. */
void conn_close(struct conn *c);
/* Closes, then calls on_lost. */
void conn_lose(struct conn *c, const char *why);
/* Sends what libpq holds; to be called after PQsend*.  False: a part is left
 * and goes when the socket takes it. */
bool conn_flush(struct conn *c);
/* Calls on_room in a turn to come, when the socket takes more. */
void conn_room(struct conn *c);
/* A reply is owed from now on; none is. */
void conn_expect(struct conn *c);
void conn_quiet(struct conn *c);
/* Stops and resumes reading from the socket. */
void conn_reading(struct conn *c, bool on);

/* One printable line of libpq's message; returns out. */
char *conn_why(const char *message, char *out, size_t size);

#endif
