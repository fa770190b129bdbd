/* SPDX-License-Identifier: ISC */
/*
 * Questions by TCP (RFC 7766): two bytes of length, then the message.
 *
 * One question at a time on a connection.  When it is answered and others
 * wait, the next goes out on the same connection; otherwise it is closed.  At
 * most tcp_max connections a server, the rest wait in a list, in order, for
 * at most twice the time of an exchange.
 *
 * An exchange has a deadline, and its answer a minimum rate (B3): a server
 * that drips bytes holds a connection for some slices of it, not for hours.
 * Messages that are no answer to our question are skipped, some of them.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rand.h"
#include "resolver_priv.h"

enum {
	SLICES = 5,       /* checks of an exchange */
	RATE_MIN = 512,   /* bytes a second, after two slices */
	SERVED_MAX = 100, /* questions on one connection */
	SKIPPED_MAX = 16, /* foreign messages in one exchange */
	READS_MAX = 16,   /* of one connection and turn */
	FLAG_QR = 0x8000,
	MASK_OPCODE = 0x7800
};
#define CONNECT_PAUSE MONO_MS(200)

struct tcp_conn {
	struct server *server;
	struct loop_io *io;
	int fd;            /* -1: free */
	uint16_t question; /* being asked; NIL: none */
	uint16_t id;
	uint16_t n_served;  /* answered before, by this connection */
	uint16_t n_skipped; /* foreign messages in this exchange */
	bool connected;
	mono_ns started;
	mono_ns began; /* first byte of the exchange; 0: none yet */
	mono_ns deadline;
	mono_ns read_at; /* nothing waited in it then */
	size_t received; /* bytes of the exchange */
	size_t out_size;
	size_t out_sent;
	uint8_t out[2 + MESSAGE_QUERY_SIZE_MAX];
	uint8_t head[2];
	size_t got;  /* bytes of head and body */
	size_t size; /* of the body, once head is complete */
	uint8_t *in; /* body, given to take() when it is complete */
};

static void
conn_close(struct tcp_conn *c)
{
	if (c->fd == -1)
		return;
	loop_io_free(c->io);
	c->io = NULL;
	close(c->fd);
	c->fd = -1;
	free(c->in);
	c->in = NULL;
	c->question = NIL;
	if (--c->server->n_conns_busy == 0)
		roster_may_rest(c->server);
}

void
tcp_close_all(struct server *s)
{
	uint16_t i;

	for (i = 0; s->n_conns_busy > 0; i++)
		conn_close(&s->conns[i]);
}

void
tcp_free_all(struct server *s)
{
	free(s->conns);
	s->conns = NULL;
}

static mono_ns
exchange_time(const struct resolver *r)
{
	return MONO_MS(r->limits.tcp_timeout_ms);
}

void
tcp_wait(struct resolver *r, struct question *q)
{
	server_wait(r->servers[q->server], q, false);
	inflight_due_set(
	    &r->inflight, q, loop_mono(r->loop) + 2 * exchange_time(r));
}

void
tcp_drop(struct resolver *r, struct question *q)
{
	struct server *s = r->servers[q->server];

	if (q->state == QUESTION_WAITS)
		server_unwait(s, q);
	else if (q->conn != NIL)
		conn_close(&s->conns[q->conn]);
	q->conn = NIL;
	q->state = QUESTION_UDP;
}

/* Gives the question to a connection, new or used. */
static void
conn_ask(struct tcp_conn *c, struct question *q, mono_ns now)
{
	struct server *s = c->server;
	struct resolver *r = s->resolver;
	size_t size;

	q->state = QUESTION_TCP;
	q->conn = (uint16_t)(c - s->conns);
	q->paid = false;
	c->question = inflight_index(&r->inflight, q);
	c->id = rand_u16();
	c->n_skipped = 0;
	c->received = 0;
	c->got = 0;
	c->size = 0;
	c->started = now;
	c->began = 0;
	c->deadline = now + exchange_time(r);
	size = message_build(c->out + 2, c->id, q->name, q->name_size, q->type,
	    question_message_flags(s, q));
	c->out[0] = (uint8_t)(size >> 8);
	c->out[1] = (uint8_t)size;
	c->out_size = size + 2;
	c->out_sent = 0;
	loop_io_events(c->io, LOOP_WRITE);
	inflight_due_set(&r->inflight, q, now + exchange_time(r) / SLICES);
	r->counters.sent_tcp++;
}

/* The next that waits, if the rate allows it to go; NULL: none. */
static struct question *
next_waiting(struct server *s, mono_ns now)
{
	struct question *q;

	if (s->waiting_first == NIL)
		return NULL;
	q = &s->resolver->inflight.all[s->waiting_first];
	if (!q->paid && !server_pay(s, now))
		return NULL;
	q->paid = true;
	server_unwait(s, q);
	return q;
}

static void
conn_fail(struct tcp_conn *c, enum fail fail)
{
	struct resolver *r = c->server->resolver;
	struct question *q = &r->inflight.all[c->question];

	/*
	 * A used connection that the server closes before it answers: it had
	 * enough of it, and the question deserves a fresh one.
	 */
	if (fail == FAIL_NETWORK && c->n_served > 0 && c->received == 0) {
		conn_close(c);
		server_wait(c->server, q, true);
		inflight_due_set(
		    &r->inflight, q, loop_mono(r->loop) + exchange_time(r));
		return;
	}
	question_failed(r, q, fail);
}

/* The question is answered: the connection goes to the next, or is closed. */
static void
conn_let_go(struct tcp_conn *c, struct question *q)
{
	mono_ns now = loop_mono(c->server->resolver->loop);
	struct question *next = NULL;

	q->conn = NIL;
	c->n_served++;
	if (c->n_served < SERVED_MAX)
		next = next_waiting(c->server, now);
	if (next != NULL)
		conn_ask(c, next, now);
	else
		conn_close(c);
}

/* Not an answer to our question: true when the next may be one (B3). */
static bool
skip(struct tcp_conn *c)
{
	c->server->resolver->counters.dropped_question++;
	if (++c->n_skipped <= SKIPPED_MAX)
		return true;
	conn_fail(c, FAIL_MALFORMED);
	return false;
}

/* One whole message.  True: it was not the answer, read on. */
static bool
take(struct tcp_conn *c, const uint8_t *wire, size_t size)
{
	struct resolver *r = c->server->resolver;
	struct question *q = &r->inflight.all[c->question];
	struct answer a = {.transport = TRANSPORT_TCP, .sent = c->started};
	enum message_fault fault;
	struct message m;
	uint16_t id;
	uint16_t flags;

	if (!message_peek(wire, size, &id, &flags) || id != c->id ||
	    !(flags & FLAG_QR) || (flags & MASK_OPCODE) != 0)
		return skip(c);
	fault = message_walk(wire, size, &m);
	if (fault == MESSAGE_OK &&
	    !message_asks(wire, &m, q->name, q->type, false))
		return skip(c);
	if (question_refused_edns(q, fault, &m)) {
		question_without_edns(r, q);
		return false;
	}
	if (fault != MESSAGE_OK || m.tc) {
		r->counters.malformed++;
		conn_fail(c, FAIL_MALFORMED);
		return false;
	}
	a.wire = wire;
	a.size = size;
	a.message = &m;
	conn_let_go(c, q);
	question_answered(r, q, &a);
	return false;
}

/* The body is complete.  True: read on. */
static bool
take_body(struct tcp_conn *c)
{
	uint8_t *body = c->in;
	size_t size = c->size;
	bool go_on;

	c->in = NULL;
	c->got = 0;
	c->size = 0;
	go_on = take(c, body, size);
	free(body);
	return go_on;
}

/* The two bytes of length are there.  False: the connection is gone. */
static bool
take_head(struct tcp_conn *c)
{
	c->size = (size_t)c->head[0] << 8 | c->head[1];
	if (c->size < MESSAGE_HEADER_SIZE) {
		c->server->resolver->counters.malformed++;
		conn_fail(c, FAIL_MALFORMED);
		return false;
	}
	c->in = malloc(c->size);
	if (c->in == NULL) {
		conn_fail(c, FAIL_NETWORK);
		return false;
	}
	return true;
}

static void
conn_read(struct tcp_conn *c)
{
	mono_ns now = loop_mono(c->server->resolver->loop);
	unsigned reads;
	ssize_t n;

	c->read_at = now;
	for (reads = 0; reads < READS_MAX; reads++) {
		if (c->got < 2)
			n = recv(c->fd, c->head + c->got, 2 - c->got, 0);
		else
			n = recv(
			    c->fd, c->in + c->got - 2, c->size + 2 - c->got, 0);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			conn_fail(c, FAIL_NETWORK);
			return;
		}
		if (c->began == 0)
			c->began = now;
		c->received += (size_t)n;
		c->got += (size_t)n;
		if (c->got == 2 && !take_head(c))
			return;
		if (c->got > 2 && c->got == c->size + 2 && !take_body(c))
			return;
	}
}

static void
conn_write(struct tcp_conn *c)
{
	ssize_t n = send(c->fd, c->out + c->out_sent, c->out_size - c->out_sent,
	    MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		conn_fail(c, FAIL_NETWORK);
		return;
	}
	if (n > 0)
		c->out_sent += (size_t)n;
	if (c->out_sent == c->out_size)
		loop_io_events(c->io, LOOP_READ);
}

static void
conn_go_on(struct tcp_conn *c, int events)
{
	int err = 0;
	socklen_t size = sizeof(err);

	if (!c->connected) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &size) == -1)
			err = errno;
		if (err != 0) {
			c->server->resolver->counters.socket_errors++;
			conn_fail(c, FAIL_NETWORK);
			return;
		}
		c->connected = true;
	}
	if (c->out_sent < c->out_size)
		conn_write(c);
	else if (events & LOOP_READ)
		conn_read(c);
}

static void
on_ready(void *ctx, int events)
{
	struct tcp_conn *c = ctx;
	struct resolver *r = c->server->resolver;

	resolver_enter(r);
	conn_go_on(c, events);
	(void)resolver_leave(r);
}

/* 0 with io set, connecting; or -errno with nothing open. */
static int
conn_open(struct tcp_conn *c)
{
	struct server *s = c->server;
	int one = 1;
	int err;
	int fd;

	fd = socket(
	    s->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&s->sa, s->sa_size) == -1 &&
	    errno != EINPROGRESS) {
		err = -errno;
		goto out;
	}
	c->io = loop_io_new(s->resolver->loop, fd, LOOP_WRITE, on_ready, c);
	if (c->io == NULL) {
		err = -ENOMEM;
		goto out;
	}
	c->fd = fd;
	c->connected = false;
	c->n_served = 0;
	s->n_conns_busy++;
	return 0;
out:
	close(fd);
	return err;
}

/* Few servers are asked by TCP: there is nothing before the first time. */
static bool
make_conns(struct server *s)
{
	uint16_t n = s->resolver->limits.tcp_max;
	uint16_t i;

	s->conns = calloc(n, sizeof(*s->conns));
	if (s->conns == NULL)
		return false;
	for (i = 0; i < n; i++) {
		s->conns[i].server = s;
		s->conns[i].fd = -1;
		s->conns[i].question = NIL;
	}
	return true;
}

static struct tcp_conn *
free_conn(struct server *s)
{
	uint16_t i;

	if (s->conns == NULL && !make_conns(s))
		return NULL;
	for (i = 0; i < s->resolver->limits.tcp_max; i++)
		if (s->conns[i].fd == -1)
			return &s->conns[i];
	return NULL;
}

/* Short of descriptors it waits on; otherwise the next tick ends it. */
static void
open_failed(struct server *s, struct question *q, int err, mono_ns now)
{
	struct resolver *r = s->resolver;

	r->counters.socket_errors++;
	q->network = true;
	server_wait(s, q, true);
	s->connect_at = now + CONNECT_PAUSE;
	if (err != -EMFILE && err != -ENFILE && err != -ENOMEM &&
	    err != -ENOBUFS)
		inflight_due_set(&r->inflight, q, now);
}

void
tcp_start_waiting(struct server *s, mono_ns now)
{
	struct tcp_conn *c;
	struct question *q;
	int err;

	while (now >= s->connect_at && (c = free_conn(s)) != NULL) {
		q = next_waiting(s, now);
		if (q == NULL)
			return;
		err = conn_open(c);
		if (err != 0) {
			open_failed(s, q, err, now);
			return;
		}
		conn_ask(c, q, now);
	}
}

bool
tcp_may_go_on(struct resolver *r, struct question *q, mono_ns now)
{
	mono_ns slice = exchange_time(r) / SLICES;
	mono_ns next = now + slice;
	struct tcp_conn *c;
	mono_ns spent;

	if (q->state == QUESTION_WAITS)
		return false;
	c = &r->servers[q->server]->conns[q->conn];
	if (c->connected && c->out_sent == c->out_size &&
	    c->read_at < q->deadline) {
		/* Back into the wheel, where it is found again at once. */
		inflight_due_set(&r->inflight, q, q->deadline);
		conn_read(c);
		return true;
	}
	spent = now - c->began;
	if (now >= c->deadline)
		return false;
	if (c->began != 0 && spent >= 2 * slice &&
	    (mono_ns)c->received < spent / MONO_MS(1) * RATE_MIN / 1000)
		return false;
	inflight_due_set(
	    &r->inflight, q, next < c->deadline ? next : c->deadline);
	return true;
}
