/* SPDX-License-Identifier: ISC */
/*
 * Questions over TLS (RFC 7858), to a server that shows who it is (RFC 8310,
 * strict): never in clear, whatever happens.
 *
 * Questions wait in the server's list until the end of the turn, and leave
 * together: as one record, mostly.  Many are open on a connection, and answers
 * come in any order (RFC 7766 6.2.1.1).
 *
 * When a connection ends, its open questions are asked once more, on another.
 * A server that answers so many and then closes gets no more than so many at a
 * time, or its next questions would be lost twice.  When no connection can be
 * made, all that waits fails, and the server is left alone for 1 s, doubled to
 * 5 min until it answers.
 *
 * What fails here is left to its deadline, which is set to now: but for
 * answers, nothing calls out.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "dot_priv.h"

enum { BUSY = 256 /* questions open: a second connection may be made */ };
#define CONNECT_PAUSE MONO_MS(200) /* without descriptors */
#define PAUSE_MIN     MONO_S(1)
#define PAUSE_MAX     MONO_S(300)
#define LOG_PAUSE     MONO_S(60)

int
dot_init(struct server *s, const struct tls_peer *peer)
{
	uint16_t n = s->resolver->limits.tls_max;
	struct dot *d = calloc(1, sizeof(*d));

	s->dot = d;
	if (d == NULL)
		return -ENOMEM;
	d->connect_at = INT64_MIN;
	d->told_at = INT64_MIN;
	d->wake_at = INT64_MAX;
	d->quota = UINT32_MAX;
	d->client = tls_client_new(peer);
	d->conns = calloc(n, sizeof(*d->conns));
	if (d->client == NULL || d->conns == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < n; i++) {
		d->conns[i].server = s;
		d->conns[i].fd = -1;
		d->conns[i].due = INT64_MAX;
	}
	return 0;
}

void
dot_stop(struct server *s)
{
	struct dot *d = s->dot;

	if (d == NULL)
		return;
	for (uint16_t i = 0;
	     d->conns != NULL && i < s->resolver->limits.tls_max; i++)
		dot_conn_close(&d->conns[i]);
	tls_client_free(d->client);
	d->client = NULL;
}

void
dot_release(struct server *s)
{
	struct dot *d = s->dot;

	if (d == NULL)
		return;
	for (uint16_t i = 0;
	     d->conns != NULL && i < s->resolver->limits.tls_max; i++)
		dot_conn_fini(&d->conns[i]);
	free(d->conns);
	free(d);
	s->dot = NULL;
}

void
dot_wait(struct resolver *r, struct question *q)
{
	q->tries_left = 1; /* beside the first */
	server_wait(r->servers[q->server], q, false);
	inflight_due_set(&r->inflight, q, dot_end_of(r, q));
}

void
dot_drop(struct resolver *r, struct question *q)
{
	struct server *s = r->servers[q->server];

	if (q->state == QUESTION_WAITS)
		server_unwait(s, q);
	else if (q->state == QUESTION_TLS && q->conn != NIL)
		dot_conn_release(&s->dot->conns[q->conn], q, true);
	q->conn = NIL;
	q->state = QUESTION_UDP;
}

/* In no list and on no connection: it fails at the next tick. */
static void
give_up(struct resolver *r, struct question *q, bool network)
{
	q->state = QUESTION_UDP;
	q->conn = NIL;
	q->network = network;
	inflight_due_set(&r->inflight, q, loop_mono(r->loop));
}

void
dot_ask_again(struct server *s, struct question *q)
{
	struct resolver *r = s->resolver;

	if (q->tries_left == 0 || loop_mono(r->loop) >= dot_end_of(r, q)) {
		give_up(r, q, q->tries_left == 0);
		return;
	}
	q->tries_left--;
	q->paid = false;
	server_wait(s, q, true);
	r->counters.retries++;
	inflight_due_set(&r->inflight, q, dot_end_of(r, q));
}

/* One that may still answer, or be going to. */
static bool
has_conn(const struct server *s)
{
	for (uint16_t i = 0; i < s->resolver->limits.tls_max; i++)
		if (s->dot->conns[i].state != CONN_CLOSED)
			return true;
	return false;
}

static void
say_why(struct server *s, mono_ns now)
{
	struct dot *d = s->dot;
	char text[ADDR_TEXT_SIZE];

	if (d->told_at != INT64_MIN && now - d->told_at < LOG_PAUSE)
		return;
	d->told_at = now;
	d->told = true;
	log_warn("resolver: no TLS connection to %s (%s); left alone for %u s",
	    addr_print(&s->addr, text), d->why,
	    (unsigned)(d->pause / MONO_S(1)));
}

void
dot_unreachable(struct server *s, const char *why)
{
	struct resolver *r = s->resolver;
	struct dot *d = s->dot;
	mono_ns now = loop_mono(r->loop);

	if (has_conn(s)) {
		d->connect_at = now + PAUSE_MIN;
		return;
	}
	snprintf(d->why, sizeof(d->why), "%s", why);
	d->pause = d->pause == 0 ? PAUSE_MIN : d->pause * 2;
	if (d->pause > PAUSE_MAX)
		d->pause = PAUSE_MAX;
	d->connect_at = now + d->pause;
	say_why(s, now);
	while (s->waiting_first != NIL) {
		struct question *q = &r->inflight.all[s->waiting_first];

		server_unwait(s, q);
		give_up(r, q, true);
	}
}

/* Short of descriptors what waits waits on. */
static void
make_one(struct dot_conn *c, mono_ns now)
{
	struct server *s = c->server;
	int err = dot_conn_open(c);

	if (err == 0)
		return;
	s->resolver->counters.socket_errors++;
	if (err == -EMFILE || err == -ENFILE || err == -ENOMEM ||
	    err == -ENOBUFS)
		s->dot->connect_at = now + CONNECT_PAUSE;
	else
		dot_unreachable(s, err_text(err));
}

/* Those of a server, as a question finds them. */
struct view {
	struct dot_conn *best;   /* with room for it, and the fewest open */
	struct dot_conn *closed; /* can be made anew */
	bool making;             /* one is on its way */
};

static struct view
look(struct server *s, const struct question *q)
{
	struct view v = {NULL, NULL, false};

	for (uint16_t i = 0; i < s->resolver->limits.tls_max; i++) {
		struct dot_conn *c = &s->dot->conns[i];

		/* It had its share, and is in the way of the next. */
		if (c->state == CONN_UP && c->n_open == 0 &&
		    !dot_conn_has_room(c, q))
			dot_conn_end(c, NULL);
		if (c->state == CONN_CLOSED)
			v.closed = c;
		else if (c->state != CONN_UP)
			v.making = true;
		else if (dot_conn_has_room(c, q) &&
			 (v.best == NULL || c->n_open < v.best->n_open))
			v.best = c;
	}
	return v;
}

/*
 * The connection for the next question, NULL: it has to wait.  A second one is
 * made when the first is busy, or takes no more; one at a time.
 */
static struct dot_conn *
pick(struct server *s, const struct question *q, mono_ns now)
{
	struct dot *d = s->dot;
	struct view v = look(s, q);

	if (v.making || v.closed == NULL ||
	    (v.best != NULL && v.best->n_open < BUSY))
		return v.best;
	if (now >= d->connect_at)
		make_one(v.closed, now);
	else if (v.best == NULL)
		d->wake_at = d->connect_at;
	return v.best;
}

static void
send_waiting(struct server *s, mono_ns now)
{
	struct resolver *r = s->resolver;
	struct dot_conn *c;
	struct question *q;

	while (s->waiting_first != NIL) {
		q = &r->inflight.all[s->waiting_first];
		c = pick(s, q, now);
		if (c == NULL)
			return;
		if (!q->paid && !server_pay(s, now)) {
			s->dot->wake_at = server_pay_at(s);
			return;
		}
		q->paid = true;
		if (sizeof(c->plain) - c->plain_size <
		    2 + MESSAGE_PADDED_SIZE_MAX) {
			dot_conn_flush(c);
			continue;
		}
		server_unwait(s, q);
		dot_conn_ask(c, q, now);
	}
}

void
dot_turn_end(struct server *s, mono_ns now)
{
	struct dot *d = s->dot;

	d->wake_at = INT64_MAX;
	if (s->waiting_first != NIL)
		send_waiting(s, now);
	for (uint16_t i = 0; i < s->resolver->limits.tls_max; i++) {
		struct dot_conn *c = &d->conns[i];

		if (c->state == CONN_UP)
			dot_conn_flush(c);
		if (c->state == CONN_UP)
			dot_conn_set_timer(c);
	}
}

mono_ns
dot_wake_at(const struct server *s)
{
	return s->dot->wake_at;
}

bool
dot_may_ask(const struct server *s, mono_ns now)
{
	return now >= s->dot->connect_at || has_conn(s);
}

mono_ns
dot_ask_at(const struct server *s)
{
	return s->dot->connect_at;
}

/* An answer that may lie in the socket, unread since the deadline (W-F16). */
static bool
is_unread(const struct dot_conn *c, const struct question *q, mono_ns now)
{
	const struct resolver *r = c->server->resolver;

	return c->state == CONN_UP && c->read_at < q->deadline &&
	       now < dot_end_of(r, q) + dot_exchange_time(r);
}

bool
dot_may_go_on(struct resolver *r, struct question *q, mono_ns now)
{
	struct server *s = r->servers[q->server];
	struct dot_conn *c;

	if (q->state != QUESTION_TLS)
		return false;
	c = &s->dot->conns[q->conn];
	if (is_unread(c, q, now)) {
		/* Back into the wheel, with the deadline that it had. */
		mono_ns deadline = q->deadline;

		inflight_due_set(&r->inflight, q, now + WHEEL_SLOT_NS);
		q->deadline = deadline;
		dot_conn_read(c);
		return true;
	}
	if (!q->overdue) {
		q->overdue = true;
		s->n_overdue++;
	}
	if (!q->loss_noted && (q->flags & ASK_FAILED) == 0)
		pace_lost(&s->pace, q->first.sent, now);
	q->loss_noted = true;
	if (now < dot_end_of(r, q)) {
		inflight_due_set(&r->inflight, q, dot_end_of(r, q));
		return true;
	}
	/* Nothing came since: the others have a better chance elsewhere. */
	dot_drop(r, q);
	if (c->whole_at <= q->first.sent)
		dot_conn_end(c, NULL);
	return false;
}

void
dot_health(const struct server *s, struct resolver_health *out)
{
	const struct dot *d = s->dot;

	out->tls = true;
	out->why = d->why;
	for (uint16_t i = 0; i < s->resolver->limits.tls_max; i++)
		out->connections += d->conns[i].state == CONN_UP;
	out->unreachable = d->pause > 0 && out->connections == 0;
	if (out->unreachable && d->connect_at > out->backoff_until)
		out->backoff_until = d->connect_at;
}
