/* SPDX-License-Identifier: ISC */
/*
 * One connection over TLS: bytes, messages, and which of them are answers.
 *
 *             connect()        handshake, verified
 *   CLOSED ------------> CONNECTING ------> SHAKING ------> UP
 *      ^                     |                 |             |
 *      +------- conn_failed() or dot_conn_end() +------------+
 *
 * An id is random, and no second question has it before the first is answered;
 * one that was given up keeps it, for its answer may still come.
 *
 * One batch of records is read in a turn, so that turns stay short.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "dot_priv.h"

enum {
	IDS = 65536,
	IDS_MAX = IDS / 4,   /* of them, used at once */
	OUT_MAX = 64 * 1024, /* that the network does not take yet */
	SKIPPED_MAX = 64,    /* foreign messages between two answers */
	BARREN_MAX = 3,      /* connections in a row without an answer */
	SLICES = 5,          /* of an exchange, as by TCP */
	RATE_MIN = 512,      /* bytes a second of a message, after two */
	IN_SIZE = 2 + MESSAGE_SIZE_MAX,
	FLAG_QR = 0x8000,
	MASK_OPCODE = 0x7800
};

void
dot_conn_close(struct dot_conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	loop_io_free(c->io);
	loop_timer_free(c->timer);
	c->io = NULL;
	c->timer = NULL;
	tls_session_free(c->tls);
	c->tls = NULL;
	close(c->fd);
	c->fd = -1;
}

void
dot_conn_fini(struct dot_conn *c)
{
	free(c->by_id);
	free(c->in);
}

void
dot_conn_release(struct dot_conn *c, struct question *q, bool given_up)
{
	c->by_id[q->first.slot] = given_up ? PORT_RETIRED : NIL;
	c->n_given_up += given_up;
	q->conn = NIL;
	if (--c->n_open == 0)
		c->idle_since = loop_mono(c->server->resolver->loop);
}

static void
requeue(struct dot_conn *c)
{
	struct question *all = c->server->resolver->inflight.all;
	uint32_t id;

	for (id = 0; id < IDS && c->n_open > 0; id++) {
		uint16_t i = c->by_id[id];

		if (i == NIL || i == PORT_RETIRED)
			continue;
		c->by_id[id] = NIL;
		c->n_open--;
		dot_ask_again(c->server, &all[i]);
	}
}

void
dot_conn_end(struct dot_conn *c, const char *why)
{
	struct server *s = c->server;
	struct dot *d = s->dot;
	bool in_vain = c->n_open > 0 && why != NULL;
	char kept[DOT_WHY_SIZE];

	/*
	 * It has enough after so many, and says so by closing.  Or one of them
	 * makes it close: alone it takes no others along a second time.
	 */
	if (in_vain)
		d->quota = c->n_served > 0 ? c->n_served : 1;
	/* It may be of what is closed now. */
	snprintf(kept, sizeof(kept), "%s", why != NULL ? why : "");
	dot_conn_close(c);
	requeue(c);
	d->wake_at = loop_mono(s->resolver->loop);
	if (in_vain && c->n_served == 0 && ++d->n_barren >= BARREN_MAX)
		dot_unreachable(s, kept);
}

/* A connection that never came up. */
static void
conn_failed(struct dot_conn *c, const char *why)
{
	char kept[DOT_WHY_SIZE];

	snprintf(kept, sizeof(kept), "%s", why);
	c->server->resolver->counters.socket_errors++;
	dot_conn_close(c);
	dot_unreachable(c->server, kept);
}

static void
conn_broken(struct dot_conn *c, const char *why)
{
	if (c->state == CONN_UP)
		dot_conn_end(c, why);
	else
		conn_failed(c, why);
}

static void
conn_send(struct dot_conn *c)
{
	const uint8_t *out;
	size_t size;
	ssize_t n;

	while ((size = tls_out(c->tls, &out)) > 0) {
		n = send(c->fd, out, size, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == -1) {
			conn_broken(c, err_text(-errno));
			return;
		}
		tls_sent(c->tls, (size_t)n);
	}
	loop_io_events(c->io, size > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void
dot_conn_flush(struct dot_conn *c)
{
	size_t size = c->plain_size;

	c->plain_size = 0;
	if (size > 0 && tls_write(c->tls, c->plain, size) != 0)
		dot_conn_end(c, tls_why(c->tls));
	else if (size > 0)
		conn_send(c);
}

static uint16_t
free_id(const struct dot_conn *c)
{
	uint16_t id;

	do
		id = rand_u16();
	while (c->by_id[id] != NIL);
	return id;
}

void
dot_conn_ask(struct dot_conn *c, struct question *q, mono_ns now)
{
	struct server *s = c->server;
	struct resolver *r = s->resolver;
	mono_ns end = dot_end_of(r, q);
	mono_ns slow = now + server_timeout(s, 0);
	uint8_t *out = c->plain + c->plain_size;
	uint16_t id = free_id(c);
	size_t size;

	q->state = QUESTION_TLS;
	q->conn = (uint16_t)(c - s->dot->conns);
	q->first = (struct try){NIL, id, now};
	q->paid = false;
	c->by_id[id] = inflight_index(&r->inflight, q);
	c->n_open++;
	c->n_asked++;
	size = message_build(out + 2, id, q->name, q->name_size, q->type,
	    question_message_flags(s, q));
	if (!q->plain)
		size = message_pad(out + 2, size);
	out[0] = (uint8_t)(size >> 8);
	out[1] = (uint8_t)size;
	c->plain_size += size + 2;
	inflight_due_set(
	    &r->inflight, q, q->overdue || slow > end ? end : slow);
	r->counters.sent_tls++;
}

/*
 * Whether a server answers more than it did before it closed is tried with one
 * question that may still be asked again.
 */
bool
dot_conn_has_room(struct dot_conn *c, const struct question *q)
{
	const uint8_t *out;

	if (c->state != CONN_UP || c->n_open + c->n_given_up >= IDS_MAX ||
	    tls_out(c->tls, &out) >= OUT_MAX)
		return false;
	return c->n_asked < c->quota || (c->n_open == 0 && q->tries_left > 0);
}

/* Not an answer to an open question.  False: there were too many. */
static bool
skip(struct dot_conn *c)
{
	c->server->resolver->counters.dropped_question++;
	if (++c->n_skipped <= SKIPPED_MAX)
		return true;
	dot_conn_end(c, "messages that nobody asked for");
	return false;
}

/* The server spoke about this question. */
static void
heard(struct dot_conn *c, struct question *q)
{
	struct server *s = c->server;
	struct dot *d = s->dot;
	char text[ADDR_TEXT_SIZE];

	server_rtt(s, loop_mono(s->resolver->loop) - q->first.sent);
	if (!q->loss_noted)
		pace_good(&s->pace, server_in_window(s));
	q->loss_noted = true;
	c->n_skipped = 0;
	if (++c->n_served > c->quota)
		d->quota = c->quota = 2 * c->quota;
	d->n_barren = 0;
	if (d->pause == 0)
		return;
	d->pause = 0;
	d->why[0] = '\0';
	if (d->told)
		log_info("resolver: %s answers over TLS",
		    addr_print(&s->addr, text));
	d->told = false;
}

/* Its question, or NULL: then `go_on` says whether to read on. */
static struct question *
find(struct dot_conn *c, const uint8_t *wire, size_t size, bool *go_on)
{
	struct resolver *r = c->server->resolver;
	uint16_t id;
	uint16_t flags;

	*go_on = true;
	if (message_peek(wire, size, &id, &flags) && (flags & FLAG_QR) != 0 &&
	    (flags & MASK_OPCODE) == 0) {
		if (c->by_id[id] == PORT_RETIRED) {
			c->by_id[id] = NIL;
			c->n_given_up--;
			r->counters.late++;
			return NULL;
		}
		if (c->by_id[id] != NIL)
			return &r->inflight.all[c->by_id[id]];
	}
	*go_on = skip(c);
	return NULL;
}

/* One whole message.  False: the connection is gone, or all of it. */
static bool
take(struct dot_conn *c, const uint8_t *wire, size_t size)
{
	struct resolver *r = c->server->resolver;
	struct answer a = {.transport = TRANSPORT_TLS};
	enum message_fault fault;
	struct message m;
	struct question *q;
	bool go_on;

	q = find(c, wire, size, &go_on);
	if (q == NULL)
		return go_on;
	fault = message_walk(wire, size, &m);
	if (fault == MESSAGE_OK &&
	    !message_asks(wire, &m, q->name, q->type, false))
		return skip(c);
	heard(c, q);
	a.sent = q->first.sent;
	dot_conn_release(c, q, false);
	if (question_refused_edns(q, fault, &m)) {
		question_without_edns(r, q);
		return true;
	}
	if (fault != MESSAGE_OK || m.tc) {
		r->counters.malformed++;
		question_failed(r, q, FAIL_MALFORMED);
		return !r->dead;
	}
	a.wire = wire;
	a.size = size;
	a.message = &m;
	question_answered(r, q, &a);
	return !r->dead;
}

/* All whole messages; what is left moves to the front.  False: as above. */
static bool
take_all(struct dot_conn *c)
{
	mono_ns now = loop_mono(c->server->resolver->loop);
	size_t at = 0;
	size_t size;

	while (c->got - at >= 2) {
		size = (size_t)c->in[at] << 8 | c->in[at + 1];
		if (size < MESSAGE_HEADER_SIZE) {
			c->server->resolver->counters.malformed++;
			dot_conn_end(c, "a message shorter than its header");
			return false;
		}
		if (c->got - at - 2 < size)
			break;
		c->whole_at = now;
		if (!take(c, c->in + at + 2, size))
			return false;
		at += 2 + size;
	}
	c->got -= at;
	if (at > 0)
		memmove(c->in, c->in + at, c->got);
	if (c->got == 0)
		c->began = 0;
	else if (at > 0 || c->began == 0)
		c->began = now;
	return true;
}

/* When something is to be looked at, as it stands; INT64_MAX: nothing. */
static mono_ns
timer_due(const struct dot_conn *c)
{
	const struct resolver *r = c->server->resolver;

	if (c->state != CONN_UP)
		return c->started + dot_exchange_time(r);
	if (c->began != 0)
		return c->began + 2 * dot_exchange_time(r) / SLICES;
	if (c->n_open == 0)
		return c->idle_since + MONO_MS(r->limits.tls_idle_ms);
	return INT64_MAX;
}

void
dot_conn_set_timer(struct dot_conn *c)
{
	mono_ns due = timer_due(c);

	if (due >= c->due)
		return;
	c->due = due;
	loop_timer_at(c->timer, due);
}

/* Everything that is decrypted is looked at.  False: as above. */
static bool
conn_decrypt(struct dot_conn *c)
{
	int n;

	for (;;) {
		n = tls_read(c->tls, c->in + c->got, IN_SIZE - c->got);
		if (n == 0)
			return true;
		if (n < 0) {
			dot_conn_end(c, n == ERR_CLOSED ? "the server closes it"
							: tls_why(c->tls));
			return false;
		}
		c->got += (size_t)n;
		if (!take_all(c))
			return false;
	}
}

static void
conn_up(struct dot_conn *c)
{
	struct server *s = c->server;
	mono_ns now = loop_mono(s->resolver->loop);

	c->state = CONN_UP;
	c->idle_since = now;
	c->whole_at = now;
	c->quota = s->dot->quota;
	s->resolver->counters.tls_connections++;
	s->resolver->counters.tls_resumed += tls_is_resumed(c->tls);
}

/* What came was fed in.  False: as above. */
static bool
conn_go_on(struct dot_conn *c)
{
	int err;

	if (c->state == CONN_SHAKING) {
		err = tls_handshake(c->tls);
		if (err == 0) {
			conn_up(c);
		} else if (err != -EAGAIN) {
			/* What is wrong is told to the server, too. */
			const char *why = tls_why(c->tls);
			const uint8_t *out;
			size_t size = tls_out(c->tls, &out);

			(void)send(c->fd, out, size, MSG_NOSIGNAL);
			conn_failed(c, why);
			return false;
		}
	}
	return c->state != CONN_UP || conn_decrypt(c);
}

/* One batch, so that turns stay short: more makes it ready again. */
void
dot_conn_read(struct dot_conn *c)
{
	struct dot *d = c->server->dot;
	mono_ns now = loop_mono(c->server->resolver->loop);
	ssize_t n = recv(c->fd, d->raw, sizeof(d->raw), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		c->read_at = now;
		return;
	}
	if (n <= 0) {
		conn_broken(
		    c, n == 0 ? "the server closes it" : err_text(-errno));
		return;
	}
	if ((size_t)n < sizeof(d->raw))
		c->read_at = now;
	if (tls_feed(c->tls, d->raw, (size_t)n) != 0) {
		conn_broken(c, err_text(-ENOMEM));
		return;
	}
	if (!conn_go_on(c))
		return;
	conn_send(c);
	if (c->state != CONN_CLOSED)
		dot_conn_set_timer(c);
}

static void
on_connected(struct dot_conn *c)
{
	int err = 0;
	socklen_t size = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &size) == -1)
		err = errno;
	if (err != 0) {
		conn_failed(c, err_text(-err));
		return;
	}
	c->state = CONN_SHAKING;
	if (conn_go_on(c))
		conn_send(c);
}

static void
on_ready(void *ctx, int events)
{
	struct dot_conn *c = ctx;
	struct resolver *r = c->server->resolver;

	resolver_enter(r);
	if (c->state == CONN_CONNECTING)
		on_connected(c);
	else if ((events & LOOP_READ) != 0)
		dot_conn_read(c);
	else
		conn_send(c);
	(void)resolver_leave(r);
}

/* The whole of a message has a deadline, and a minimum rate (B3). */
static bool
is_dripping(const struct dot_conn *c, mono_ns now)
{
	const struct resolver *r = c->server->resolver;
	mono_ns spent = now - c->began;

	return spent >= dot_exchange_time(r) ||
	       (mono_ns)c->got < spent / MONO_MS(1) * RATE_MIN / 1000;
}

static void
conn_time(struct dot_conn *c, mono_ns now)
{
	if (now < timer_due(c)) {
		dot_conn_set_timer(c);
	} else if (c->state != CONN_UP) {
		conn_failed(c, "no TLS handshake in time");
	} else if (c->began != 0 && is_dripping(c, now)) {
		dot_conn_end(c, "a message that does not end");
	} else if (c->began != 0) {
		c->due = now + dot_exchange_time(c->server->resolver) / SLICES;
		loop_timer_at(c->timer, c->due);
	} else {
		tls_bye(c->tls);
		conn_send(c);
		if (c->state != CONN_CLOSED)
			dot_conn_end(c, NULL);
	}
}

static void
on_timer(void *ctx)
{
	struct dot_conn *c = ctx;
	struct resolver *r = c->server->resolver;

	resolver_enter(r);
	c->due = INT64_MAX;
	conn_time(c, loop_mono(r->loop));
	(void)resolver_leave(r);
}

static int
conn_prepare(struct dot_conn *c)
{
	struct loop *loop = c->server->resolver->loop;

	if (c->by_id == NULL)
		c->by_id = malloc(IDS * sizeof(*c->by_id));
	if (c->in == NULL)
		c->in = malloc(IN_SIZE);
	if (c->by_id == NULL || c->in == NULL)
		return -ENOMEM;
	memset(c->by_id, 0xff, IDS * sizeof(*c->by_id)); /* all NIL */
	c->tls = tls_session_new(c->server->dot->client);
	c->timer = loop_timer_new(loop, on_timer, c);
	c->io = loop_io_new(loop, c->fd, LOOP_WRITE, on_ready, c);
	if (c->tls == NULL || c->timer == NULL || c->io == NULL)
		return -ENOMEM;
	c->n_open = c->n_given_up = c->n_asked = c->n_served = 0;
	c->n_skipped = 0;
	c->got = c->plain_size = 0;
	c->began = 0;
	c->read_at = c->started = loop_mono(loop);
	c->due = INT64_MAX;
	dot_conn_set_timer(c);
	return 0;
}

int
dot_conn_open(struct dot_conn *c)
{
	struct server *s = c->server;
	int one = 1;
	int err;

	c->fd = socket(
	    s->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		return -errno;
	c->state = CONN_CONNECTING;
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&s->sa, s->sa_size) == -1 &&
	    errno != EINPROGRESS)
		err = -errno;
	else
		err = conn_prepare(c);
	if (err != 0)
		dot_conn_close(c);
	return err;
}
