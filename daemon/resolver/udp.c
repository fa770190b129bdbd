/* SPDX-License-Identifier: ISC */
/*
 * Datagrams in, and which of them are answers.
 *
 * What comes in has passed the kernel: right address, right port, through the
 * socket that the question left by (A1-A3).  Here the cheap reasons to drop
 * it come first, so that a flood of forgeries costs little (W-F11): header,
 * id, and only then a walk and the question (A4-A8).  A dropped datagram
 * changes nothing about the question, which waits on for the real one.
 */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "resolver_priv.h"

enum {
	READS_MAX = 8, /* batches of one socket and turn */
	FLAG_QR = 0x8000,
	MASK_OPCODE = 0x7800
};

void
udp_init(struct resolver *r)
{
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		r->in.iov[i].iov_base = r->in.data[i];
		r->in.iov[i].iov_len = UDP_ROOM;
		r->in.msgs[i].msg_hdr.msg_iov = &r->in.iov[i];
		r->in.msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

void
udp_note_error(struct server *s, int err)
{
	struct resolver *r = s->resolver;

	r->counters.socket_errors++;
	if (err == ECONNREFUSED || err == EHOSTUNREACH || err == ENETUNREACH)
		s->refused_at = loop_mono(r->loop);
}

/*
 * An id that this socket never carried: somebody guesses.  All that is open
 * here is asked by TCP, and the port is given up (A4).
 */
static void
near_miss(struct port *p)
{
	struct resolver *r = p->resolver;
	uint16_t question;
	uint32_t i;

	r->counters.near_misses++;
	p->suspect = true;
	port_mark_dirty(p);
	for (i = 0; i <= r->slot_mask && p->n_open > 0; i++) {
		question = p->slots[i].question;
		if (question != NIL && question != PORT_RETIRED)
			question_to_tcp(r, &r->inflight.all[question]);
	}
}

/* The server spoke about this try: its round trip, and no loss. */
static void
heard(struct resolver *r, struct question *q, mono_ns sent)
{
	struct server *s = r->servers[q->server];

	server_rtt(s, loop_mono(r->loop) - sent);
	if (!q->loss_noted)
		pace_good(&s->pace, server_in_window(s));
	q->loss_noted = true;
	server_stirred(s);
}

/* The question section cannot be compared: 0, 2 or more questions (A6). */
static void
take_questionless(struct resolver *r, struct question *q, struct answer *a)
{
	const struct message *m = a->message;

	if (m->n_question != 0 || !question_is_edns_error(m)) {
		r->counters.dropped_question++;
		return;
	}
	heard(r, q, a->sent);
	if (question_refused_edns(q, MESSAGE_QUESTIONS, m)) {
		question_without_edns(r, q);
		return;
	}
	a->fail = reply_fail(m);
	a->ede = -1;
	a->wire = NULL;
	a->size = 0;
	a->message = NULL;
	question_answered(r, q, a);
}

/* Right socket, right id; the walk found `fault`. */
static void
take_walked(struct resolver *r, struct question *q, struct answer *a,
    enum message_fault fault)
{
	const struct message *m = a->message;

	if (fault == MESSAGE_QUESTIONS) {
		take_questionless(r, q, a);
		return;
	}
	if (fault != MESSAGE_OK) {
		r->counters.malformed++;
		heard(r, q, a->sent);
		question_to_tcp(r, q);
		return;
	}
	if (!message_asks(a->wire, m, q->name, q->type, true)) {
		if (!message_asks(a->wire, m, q->name, q->type, false)) {
			r->counters.dropped_question++;
			return;
		}
		q->case_retry = q->mixed;
	}
	heard(r, q, a->sent);
	if (m->tc || q->case_retry)
		question_to_tcp(r, q);
	else if (question_refused_edns(q, fault, m))
		question_without_edns(r, q);
	else
		question_answered(r, q, a);
}

static mono_ns
sent_of(const struct port *p, struct question *q, const struct port_slot *slot)
{
	struct inflight *f = &p->resolver->inflight;
	uint16_t at = (uint16_t)(slot - p->slots);
	unsigned i = q->n_tries;
	struct try *t;

	do {
		CHECK(i > 0);
		t = inflight_try(f, q, --i);
	} while (t->port != p->index || t->slot != at);
	return t->sent;
}

static void
take(struct port *p, const uint8_t *wire, size_t size)
{
	struct resolver *r = p->resolver;
	struct answer a = {.transport = TRANSPORT_UDP};
	struct message m;
	struct port_slot *slot;
	struct question *q;
	uint16_t id;
	uint16_t flags;

	if (size < MESSAGE_HEADER_SIZE ||
	    !message_peek(wire, size, &id, &flags) || !(flags & FLAG_QR) ||
	    (flags & MASK_OPCODE) != 0) {
		/* No server sends this: the port was found.  Leave it. */
		r->counters.dropped_header++;
		p->suspect = true;
		port_mark_dirty(p);
		return;
	}
	slot = port_find(p, id);
	if (slot->question == NIL) {
		near_miss(p);
		return;
	}
	if (slot->question == PORT_RETIRED) {
		r->counters.late++;
		return;
	}
	q = &r->inflight.all[slot->question];
	a.sent = sent_of(p, q, slot);
	if (size > (q->plain ? UDP_PLAIN_SIZE : MESSAGE_UDP_SIZE)) {
		heard(r, q, a.sent); /* larger than we said: B1, as B2 */
		question_to_tcp(r, q);
		return;
	}
	a.wire = wire;
	a.size = size;
	a.message = &m;
	take_walked(r, q, &a, message_walk(wire, size, &m));
}

/*
 * What the datagrams will be looked up in is cold, since questions are asked
 * in another order than they lie in memory: it is fetched for all of them at
 * once.  By the id alone; what is wrong here is only a fetch in vain.
 */
static void
warm(struct port *p, unsigned n)
{
	struct resolver *r = p->resolver;
	const struct question *q[BATCH];
	uint64_t cookies[BATCH];
	struct port_slot *slot[BATCH];
	unsigned n_q = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		unsigned id =
		    (unsigned)r->in.data[i][0] << 8 | r->in.data[i][1];

		slot[i] = &p->slots[id & r->slot_mask];
		PREFETCH(slot[i]);
	}
	for (i = 0; i < n; i++) {
		if (slot[i]->question >= PORT_RETIRED)
			continue;
		q[n_q] = &r->inflight.all[slot[i]->question];
		PREFETCH(q[n_q]);
		PREFETCH(q[n_q]->near);
		n_q++;
	}
	if (r->hooks.on_soon == NULL)
		return;
	for (i = 0; i < n_q; i++)
		cookies[i] = q[i]->cookie;
	r->hooks.on_soon(r->hooks.ctx, cookies, n_q);
}

/* No more than can be answers: what else waits makes the socket ready again. */
static unsigned
batch_of(const struct port *p)
{
	if (p->n_open == 0)
		return 1;
	return p->n_open < BATCH ? p->n_open : BATCH;
}

void
udp_read(struct port *p)
{
	struct resolver *r = p->resolver;
	unsigned reads;
	unsigned want;
	int got;
	int i;

	p->read_at = loop_mono(r->loop);
	for (reads = 0; reads < READS_MAX; reads++) {
		want = batch_of(p);
		got = recvmmsg(p->fd, r->in.msgs, want, MSG_DONTWAIT, NULL);
		if (got == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got == -1) {
			udp_note_error(p->server, errno);
			continue;
		}
		if (got > 1)
			warm(p, (unsigned)got);
		r->reading = p;
		for (i = 0; i < got && !r->dead; i++)
			take(p, r->in.data[i], r->in.msgs[i].msg_len);
		r->reading = NULL;
		if (r->dead || (unsigned)got < want || p->n_open == 0)
			return;
	}
}

void
udp_on_ready(void *ctx, int events)
{
	struct port *p = ctx;
	struct resolver *r = p->resolver;

	(void)events;
	resolver_enter(r);
	udp_read(p);
	(void)resolver_leave(r);
}
