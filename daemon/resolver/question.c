/* SPDX-License-Identifier: ISC */
/*
 * The life of one question: its tries, what else may be tried, its end.
 *
 * A try is a datagram with an id and a socket of its own.  All tries of a
 * question stay in their sockets' tables until it ends, so that an answer to
 * an earlier one is still its answer.
 */

#include <string.h>

#include "base/err.h"
#include "base/rand.h"
#include "resolver_priv.h"

/* Takes it out of every list and table; it is in none afterwards. */
static void
detach(struct resolver *r, struct question *q)
{
	struct inflight *f = &r->inflight;
	struct server *s = r->servers[q->server];
	unsigned i;

	if (s->dot != NULL)
		dot_drop(r, q);
	else if (q->state == QUESTION_WAITS || q->state == QUESTION_TCP)
		tcp_drop(r, q);
	if (q->in_outgoing)
		udp_unsend(
		    s->ports[inflight_try(f, q, q->n_tries - 1u)->port], q);
	for (i = 0; i < q->n_tries; i++)
		port_release(s, inflight_try(f, q, i));
	q->n_tries = 0;
	inflight_due_clear(&r->inflight, q);
}

static void
finish(struct resolver *r, struct question *q, struct answer *a)
{
	struct server *s = r->servers[q->server];

	a->cookie = q->cookie;
	a->server = q->server;
	a->tries = (uint8_t)q->n_tries;
	a->received = loop_mono(r->loop);
	if (a->fail == FAIL_TIMEOUT)
		r->counters.timeouts++;
	server_ended(s, q, a->fail, a->received);
	detach(r, q);
	inflight_give(&r->inflight, q);
	s->open--;
	s->n_overdue -= q->overdue;
	server_stirred(s);
	r->hooks.on_answer(r->hooks.ctx, a);
}

/*
 * A server, or what stands before it, that is silent for the option's sake must
 * not be one that fails: only the first datagram has it.
 */
bool
question_has_nsid(const struct question *q)
{
	return (q->flags & ASK_NSID) != 0 && !q->plain && q->n_tries <= 1;
}

unsigned
question_message_flags(const struct server *s, const struct question *q)
{
	unsigned flags = s->direct ? 0 : MESSAGE_RD;

	if (!q->plain)
		flags |= MESSAGE_EDNS;
	if (s->ad && !s->direct)
		flags |= MESSAGE_AD;
	if ((q->flags & ASK_CD) != 0)
		flags |= MESSAGE_CD;
	if ((q->flags & ASK_DO) != 0)
		flags |= MESSAGE_DO;
	if (question_has_nsid(q))
		flags |= MESSAGE_NSID;
	return flags;
}

bool
question_is_edns_error(const struct message *m)
{
	return m->rcode == RCODE_FORMERR || m->rcode == RCODE_NOTIMP ||
	       m->rcode == RCODE_BADVERS;
}

bool
question_refused_edns(
    const struct question *q, enum message_fault fault, const struct message *m)
{
	if (q->plain)
		return false;
	if (fault != MESSAGE_OK &&
	    (fault != MESSAGE_QUESTIONS || m->n_question != 0))
		return false;
	return question_is_edns_error(m);
}

void
question_answered(struct resolver *r, struct question *q, struct answer *a)
{
	r->counters.answered++;
	if (a->message != NULL) {
		a->fail = reply_fail(a->message);
		a->ede = a->fail != FAIL_NOT ? a->message->ede : -1;
		if (!question_is_edns_error(a->message))
			server_proved(r->servers[q->server], q, a->sent,
			    loop_mono(r->loop));
	}
	finish(r, q, a);
}

void
question_failed(struct resolver *r, struct question *q, enum fail fail)
{
	struct answer a = {.fail = fail, .ede = -1, .sent = q->asked};
	struct server *s = r->servers[q->server];

	if (s->dot != NULL)
		a.transport = TRANSPORT_TLS;
	else if (q->state != QUESTION_UDP)
		a.transport = TRANSPORT_TCP;
	if (a.transport != TRANSPORT_UDP)
		server_broke(s, q, loop_mono(r->loop));
	finish(r, q, &a);
}

static void
send_try(struct resolver *r, struct question *q, struct port *p, mono_ns now)
{
	struct server *s = r->servers[q->server];
	uint16_t self = inflight_index(&r->inflight, q);

	CHECK(q->n_tries < TRIES_LIMIT && q->tries_left > 0);
	inflight_due_set(&r->inflight, q, now + server_timeout(s, q->n_tries));
	q->tries_left--;
	if (p == NULL) {
		/* Waits as if it had been lost. */
		q->network |= s->unreachable;
		*inflight_try(&r->inflight, q, q->n_tries) =
		    (struct try){NIL, NIL, now};
		q->n_tries++;
		return;
	}
	port_add(p, q, rand_u16(), now);
	q->n_tries++;
	q->in_outgoing = true;
	q->next = NIL;
	if (p->outgoing_last == NIL)
		p->outgoing_first = self;
	else
		r->inflight.all[p->outgoing_last].next = self;
	p->outgoing_last = self;
	port_mark_dirty(p);
}

/* In each byte of v that is a-z, the bit that makes it upper case. */
static uint64_t
case_bits(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = v & (ones * 0x7f);
	uint64_t from_a = low + ones * (0x80 - 'a');
	uint64_t after_z = low + ones * (0x7f - 'z');

	return (from_a & ~after_z & ~v & (ones * 0x80)) >> 2;
}

/*
 * Upper case for a random half of the letters (0x20); label lengths are below
 * 64 and no letters.  On the way a print of the folded name, to keep equal
 * questions on different sockets: no secret, a collision only costs a pick.
 */
static void
mix_case(struct question *q, uint64_t random)
{
	uint64_t hash = q->type;
	uint64_t v;
	unsigned i;

	memset(q->name + q->name_size, 0, 8);
	for (i = 0; i < q->name_size; i += 8) {
		memcpy(&v, q->name + i, 8);
		hash = (hash ^ v) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
		v ^= case_bits(v) & random;
		memcpy(q->name + i, &v, 8);
		random = random << 1 | random >> 63;
	}
	q->print = (uint32_t)hash;
}

/* A bit for each letter of a name: short ones take half as many. */
static uint64_t
case_random(const struct question *q)
{
	uint64_t v;

	if (q->name_size > 32)
		return rand_u64();
	/* The four of each octet that mix_case() turns into place. */
	v = rand_u32();
	return (v & 0x0f0f0f0f) << 2 | (v >> 4 & 0x0f0f0f0f) << 34;
}

bool
question_start(struct resolver *r, struct question *q)
{
	struct server *s = r->servers[q->server];
	mono_ns now = loop_mono(r->loop);
	struct port *p;

	q->plain = now < s->plain_until;
	if (now < s->no_nsid_until)
		q->flags &= (uint8_t)(~ASK_NSID & 31);
	if (s->dot != NULL) {
		dot_wait(r, q);
		return true;
	}
	q->mixed = now >= s->no_case_until;
	mix_case(q, q->mixed ? case_random(q) : 0);
	if (q->flags & ASK_TCP) {
		tcp_wait(r, q);
		return true;
	}
	p = port_pick(s, q->print, now);
	if (p == NULL && !s->unreachable)
		return false;
	q->state = QUESTION_UDP;
	q->tries_left = r->limits.tries_max & 7; /* TRIES_LIMIT at most */
	send_try(r, q, p, now);
	return true;
}

void
question_to_tcp(struct resolver *r, struct question *q)
{
	r->counters.tcp_fallbacks++;
	detach(r, q);
	tcp_wait(r, q);
}

void
question_without_edns(struct resolver *r, struct question *q)
{
	bool tcp = q->state == QUESTION_TCP;

	detach(r, q);
	if ((q->flags & ASK_NSID) != 0) {
		q->flags &= (uint8_t)(~ASK_NSID & 31);
		q->nsid_retry = true;
	} else {
		r->counters.edns_fallbacks++;
		q->plain = true;
		q->plain_retry = true;
	}
	if (r->servers[q->server]->dot != NULL) {
		dot_wait(r, q);
		return;
	}
	if (tcp) {
		tcp_wait(r, q);
		return;
	}
	/* As a retry that is due at once: it takes its turn for a token. */
	q->loss_noted = true;
	if (q->tries_left == 0)
		q->tries_left = 1;
	inflight_due_set(&r->inflight, q, loop_mono(r->loop));
}

static enum fail
fail_of(struct resolver *r, const struct question *q)
{
	if (q->network || r->servers[q->server]->refused_at >= q->asked)
		return FAIL_NETWORK;
	return FAIL_TIMEOUT;
}

/* A socket that may hold its answer, unread since the deadline (W-F16). */
static struct port *
unread_port(struct resolver *r, struct question *q)
{
	struct port *p;
	unsigned i;

	for (i = 0; i < q->n_tries; i++) {
		struct try *t = inflight_try(&r->inflight, q, i);

		if (t->port == NIL)
			continue;
		p = r->servers[q->server]->ports[t->port];
		if (p->read_at < q->deadline)
			return p;
	}
	return NULL;
}

static void
expire_udp(struct resolver *r, struct question *q, mono_ns now)
{
	struct server *s = r->servers[q->server];
	struct port *p = unread_port(r, q);

	if (p != NULL) {
		/* Back into the wheel, where it is found again at once. */
		inflight_due_set(&r->inflight, q, q->deadline);
		udp_read(p);
		return;
	}
	if (!q->overdue) {
		q->overdue = true;
		s->n_overdue++;
		server_stirred(s);
	}
	if (!q->loss_noted && q->first.port != NIL) {
		/* Of a name that never answers it is no news. */
		if ((q->flags & ASK_FAILED) == 0)
			pace_lost(&s->pace, q->first.sent, now);
		q->loss_noted = true;
	}
	if (q->tries_left == 0) {
		question_failed(r, q, fail_of(r, q));
		return;
	}
	if (!server_pay(s, now)) {
		inflight_due_set(&r->inflight, q, server_pay_at(s));
		return;
	}
	r->counters.retries++;
	send_try(r, q, port_pick(s, q->print, now), now);
}

void
question_expire(struct resolver *r, mono_ns now)
{
	struct question *q;

	while (!r->dead && (q = inflight_due_pop(&r->inflight, now)) != NULL) {
		if (r->servers[q->server]->dot != NULL) {
			if (!dot_may_go_on(r, q, now))
				question_failed(r, q, fail_of(r, q));
		} else if (q->state == QUESTION_UDP) {
			expire_udp(r, q, now);
		} else if (!tcp_may_go_on(r, q, now)) {
			question_failed(r, q, fail_of(r, q));
		}
	}
}
