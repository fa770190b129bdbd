/* SPDX-License-Identifier: ISC */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

/*
 * control -- where a running daemon tells its numbers to `status`.
 *
 * An abstract stream socket, named after the database that the daemon writes
 * (one daemon writes a database, so one answers).  Who connects is given one
 * JSON object and the end; nothing is read, so there is nothing to parse.
 * Both sides look at the other's user: a daemon answers its own user and
 * root, `status` believes its own user and root (and root believes anybody).
 *
 * The object's "state" is "ready" when the daemon does its work; with any
 * other state `status` prints the numbers and exits 1.
 */

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/attr.h"
#include "base/buf.h"

struct control;
struct loop;

enum {
	CONTROL_CONNECTIONS_MAX = 16,
	CONTROL_TIMEOUT_S = 5, /* for a peer that does not read, or answer */
	CONTROL_ANSWER_MAX = 4 * 1024 * 1024
};

/* Appends the JSON object; called from the loop, once per connection. */
typedef void control_fill_fn(void *ctx, struct buf *out);

/*
 * Listens at once.  NULL when the name is taken or memory is short: told in
 * the log, and the daemon does without.
 */
struct control *control_new(
    struct loop *loop, const char *conninfo, control_fill_fn *fill, void *ctx);
void control_free(struct control *c); /* NULL is fine */

/* The socket's address; returns its length for bind() and connect(). */
socklen_t control_address(const char *conninfo, struct sockaddr_un *out);

/*
 * Asks the daemon of this database, blocking, at most CONTROL_TIMEOUT_S.
 * 0, -ECONNREFUSED when none runs, -EPERM when the peer is somebody else's,
 * or another -errno.
 */
MUST_CHECK int control_ask(const char *conninfo, struct buf *out);

#endif
