/* SPDX-License-Identifier: ISC */
/* conn -- see conn.h. */

#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "conn.h"
#include "loop/loop.h"

enum { WHY_SIZE = 256 };

char *
conn_why(const char *message, char *out, size_t size)
{
	size_t n = strcspn(message, "\n");

	/* libpq says the rest of a failure on lines of their own. */
	while (message[n] == '\n' && message[n + 1] != '\0' && n < size / 2)
		n += 1 + strcspn(message + n + 1, "\n");
	escape_print(message, n, out, size);
	/* What parts those lines is a space here. */
	for (char *p = strstr(out, "\\0"); p != NULL;
	     p = strstr(p + 1, "\\0")) {
		if (strncmp(p, "\\010", 4) != 0 && strncmp(p, "\\009", 4) != 0)
			continue;
		memmove(p, p + 3, strlen(p + 3) + 1);
		*p = ' ';
	}
	return out;
}

void
conn_close(struct conn *c)
{
	loop_io_free(c->io);
	loop_timer_free(c->timer);
	PQfinish(c->pg);
	c->io = NULL;
	c->timer = NULL;
	c->pg = NULL;
	c->up = false;
	c->fd = -1;
}

void
conn_lose(struct conn *c, const char *why)
{
	char text[WHY_SIZE];

	/* `why` may live in the connection that is closed here. */
	conn_why(why, text, sizeof text);
	conn_close(c);
	c->on_lost(c->ctx, text);
}

static void
set_events(struct conn *c, bool write)
{
	loop_io_events(
	    c->io, (c->reading ? LOOP_READ : 0) | (write ? LOOP_WRITE : 0));
}

bool
conn_flush(struct conn *c)
{
	int left = PQflush(c->pg);

	/* A failed write shows as a failed read, with the server's reason. */
	set_events(c, left == 1);
	return left != 1;
}

void
conn_room(struct conn *c)
{
	set_events(c, true);
}

void
conn_expect(struct conn *c)
{
	loop_timer_in(c->timer, MONO_S(CONN_SILENCE_S));
}

void
conn_quiet(struct conn *c)
{
	loop_timer_stop(c->timer);
}

void
conn_reading(struct conn *c, bool on)
{
	c->reading = on;
	conn_flush(c);
}

static void
on_timer(void *ctx)
{
	struct conn *c = ctx;

	conn_lose(c, c->up ? "no reply from the server for 40 s"
			   : "no connection within 15 s");
}

static void
on_io(void *ctx, int events)
{
	struct conn *c = ctx;

	if ((events & LOOP_WRITE) != 0 && conn_flush(c) && c->on_room != NULL) {
		/* It may end the store; what can be read is told again. */
		c->on_room(c->ctx);
		return;
	}
	if ((events & LOOP_READ) == 0)
		return;
	if (PQconsumeInput(c->pg) == 0) {
		conn_lose(c, PQerrorMessage(c->pg));
		return;
	}
	if (loop_timer_is_set(c->timer))
		conn_expect(c);
	/* Reading may have made room for writing. */
	conn_flush(c);
	c->on_input(c->ctx);
}

static void on_connecting(void *ctx, int events);

/* libpq may use another socket at each step (several addresses, TLS). */
static void
watch(struct conn *c, int events, loop_io_fn *fn)
{
	loop_io_free(c->io);
	c->fd = PQsocket(c->pg);
	c->io = loop_io_new(c->loop, c->fd, events, fn, c);
	if (c->io == NULL)
		conn_lose(c, "out of memory");
}

static void
step(struct conn *c, PostgresPollingStatusType status)
{
	switch (status) {
	case PGRES_POLLING_READING:
		watch(c, LOOP_READ, on_connecting);
		return;
	case PGRES_POLLING_WRITING:
		watch(c, LOOP_WRITE, on_connecting);
		return;
	case PGRES_POLLING_OK:
		c->up = true;
		c->reading = true;
		if (PQsetnonblocking(c->pg, 1) != 0) {
			conn_lose(c, PQerrorMessage(c->pg));
			return;
		}
		conn_quiet(c);
		watch(c, LOOP_READ, on_io);
		if (c->pg != NULL)
			c->on_up(c->ctx);
		return;
	case PGRES_POLLING_FAILED:
	case PGRES_POLLING_ACTIVE:
		conn_lose(c, PQerrorMessage(c->pg));
		return;
	}
}

static void
on_connecting(void *ctx, int events)
{
	struct conn *c = ctx;

	(void)events;
	step(c, PQconnectPoll(c->pg));
}

/* Server messages of no consequence ("relation exists, skipping"). */
static void
no_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* The first step, from the loop, so that no callback comes from conn_open. */
static void
on_start(void *ctx)
{
	struct conn *c = ctx;

	if (c->pg == NULL || PQstatus(c->pg) == CONNECTION_BAD) {
		conn_lose(
		    c, c->pg == NULL ? "out of memory" : PQerrorMessage(c->pg));
		return;
	}
	loop_timer_free(c->timer);
	c->timer = loop_timer_new(c->loop, on_timer, c);
	if (c->timer == NULL) {
		conn_lose(c, "out of memory");
		return;
	}
	loop_timer_in(c->timer, MONO_S(CONN_CONNECT_S));
	step(c, PGRES_POLLING_WRITING);
}

int
conn_open(struct conn *c, const char *conninfo)
{
	/* What stands before dbname may be overridden by the conninfo in it,
	 * what stands behind it may not. */
	static const char *const keywords[] = {"keepalives_idle",
	    "keepalives_interval", "keepalives_count", "tcp_user_timeout",
	    "dbname", "application_name", "client_encoding", NULL};
	const char *const values[] = {
	    "10", "5", "3", "20000", conninfo, "dnsvigil", "UTF8", NULL};

	conn_close(c);
	c->timer = loop_timer_new(c->loop, on_start, c);
	if (c->timer == NULL)
		return -ENOMEM;
	c->pg = PQconnectStartParams(keywords, values, 1);
	if (c->pg != NULL)
		PQsetNoticeReceiver(c->pg, no_notice, NULL);
	loop_timer_in(c->timer, 0);
	return 0;
}
