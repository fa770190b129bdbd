/* SPDX-License-Identifier: ISC */
/*
 * Datagrams out: those that wait at a socket leave by one system call.
 *
 * Where the operator said so (`gso`), datagrams of equal length, of which the
 * last may be shorter, leave as one message that the kernel, or the network
 * card, cuts up again (UDP_SEGMENT): the way down costs once for all of them.
 * On the wire each is a datagram of its own as before.  When the kernel says
 * no, which it may for a device that computes no checksums, that is said once
 * and they leave singly from then on.
 *
 * A batch lies in one stretch of memory, sorted by length for this.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "resolver_priv.h"

void
udp_out_init(struct udp_out *out)
{
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		out->msgs[i].msg_hdr.msg_iov = &out->iov[i];
		out->msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Takes up to BATCH questions out of the outgoing list. */
static unsigned
take_batch(struct port *p, struct question **batch)
{
	struct question *all = p->resolver->inflight.all;
	unsigned n;

	for (n = 0; n < BATCH && p->outgoing_first != NIL; n++) {
		batch[n] = &all[p->outgoing_first];
		p->outgoing_first = batch[n]->next;
		batch[n]->in_outgoing = false;
	}
	if (p->outgoing_first == NIL)
		p->outgoing_last = NIL;
	return n;
}

static unsigned
length_rank(const struct question *q)
{
	return (unsigned)q->name_size + (q->plain ? 0 : MESSAGE_OPT_SIZE) +
	       (question_has_nsid(q) ? MESSAGE_NSID_SIZE : 0);
}

/* Longest first; by insertion, as most names of a batch are in order. */
static void
sort_batch(struct question **batch, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct question *q = batch[i];
		unsigned rank = length_rank(q);
		unsigned at = i;

		for (; at > 0 && length_rank(batch[at - 1]) < rank; at--)
			batch[at] = batch[at - 1];
		batch[at] = q;
	}
}

static void
write_batch(struct port *p, struct question **batch, unsigned n)
{
	struct resolver *r = p->resolver;
	struct udp_out *out = &r->out;
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct question *q = batch[i];
		struct try *t = inflight_try(&r->inflight, q, q->n_tries - 1u);

		out->at[i] = (uint16_t)at;
		at += message_build(out->data + at, p->slots[t->slot].id,
		    q->name, q->name_size, q->type,
		    question_message_flags(p->server, q));
	}
	out->at[n] = (uint16_t)at;
}

/* How many of the n datagrams from this one on can leave as one message. */
static unsigned
segments(const struct udp_out *out, unsigned from, unsigned n)
{
	int size = out->at[from + 1] - out->at[from];
	unsigned i;

	for (i = 1; i < n; i++) {
		int next = out->at[from + i + 1] - out->at[from + i];

		if (next > size)
			return i;
		if (next < size)
			return i + 1;
	}
	return n;
}

static void
set_segment(struct udp_out *out, unsigned i, size_t size)
{
	struct msghdr *h = &out->msgs[i].msg_hdr;
	uint16_t segment = (uint16_t)size;
	struct cmsghdr *c;

	h->msg_control = out->control[i].bytes;
	h->msg_controllen = sizeof(out->control[i].bytes);
	c = CMSG_FIRSTHDR(h);
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
}

/* Makes messages of the datagrams from this one on; returns their number. */
static unsigned
make_messages(struct udp_out *out, unsigned from, unsigned n, bool gso)
{
	unsigned i;

	for (i = 0; from < n; i++) {
		unsigned k = gso ? segments(out, from, n - from) : 1;

		out->iov[i].iov_base = out->data + out->at[from];
		out->iov[i].iov_len =
		    (size_t)(out->at[from + k] - out->at[from]);
		out->n_in[i] = (uint8_t)k;
		out->msgs[i].msg_hdr.msg_control = NULL;
		out->msgs[i].msg_hdr.msg_controllen = 0;
		if (k > 1)
			set_segment(out, i,
			    (size_t)(out->at[from + 1] - out->at[from]));
		from += k;
	}
	return i;
}

/* Is it the segments that the kernel does not like?  Then no more of them. */
static bool
give_up_gso(struct server *s, int err, bool segmented)
{
	char text[ADDR_TEXT_SIZE];

	if (!segmented || (err != EIO && err != EINVAL && err != EMSGSIZE &&
			      err != EOPNOTSUPP && err != ENOPROTOOPT))
		return false;
	s->gso = false;
	log_warn("resolver: no `gso` to %s (%s); datagrams leave singly",
	    addr_print(&s->addr, text), err_text(-err));
	return true;
}

/*
 * A datagram that the kernel does not take is lost like one that the network
 * loses: it is asked again in time.
 */
static void
send_batch(struct port *p, unsigned n)
{
	struct udp_out *out = &p->resolver->out;
	unsigned n_msgs = make_messages(out, 0, n, p->server->gso);
	unsigned gone = 0; /* datagrams */
	unsigned done = 0; /* messages */
	bool again = true;
	int sent;

	while (done < n_msgs) {
		sent = sendmmsg(p->fd, out->msgs + done, n_msgs - done, 0);
		for (; sent > 0; sent--) {
			p->resolver->counters.sent_udp += out->n_in[done];
			gone += out->n_in[done++];
		}
		if (sent == 0)
			continue;
		if (give_up_gso(p->server, errno, out->n_in[done] > 1)) {
			n_msgs = make_messages(out, gone, n, false);
			done = 0;
			continue;
		}
		udp_note_error(p->server, errno);
		/* The error may be an earlier datagram's: once more. */
		if (!again)
			gone += out->n_in[done++];
		again = !again;
	}
}

void
udp_send(struct port *p)
{
	struct question *batch[BATCH];
	unsigned n;

	while (p->outgoing_first != NIL) {
		n = take_batch(p, batch);
		if (p->server->gso)
			sort_batch(batch, n);
		write_batch(p, batch, n);
		send_batch(p, n);
	}
}

void
udp_unsend(struct port *p, struct question *q)
{
	struct question *all = p->resolver->inflight.all;
	uint16_t self = inflight_index(&p->resolver->inflight, q);
	uint16_t *at = &p->outgoing_first;
	uint16_t before = NIL;

	while (*at != self) {
		CHECK(*at != NIL);
		before = *at;
		at = &all[*at].next;
	}
	*at = q->next;
	if (p->outgoing_last == self)
		p->outgoing_last = before;
	q->in_outgoing = false;
}
