/* SPDX-License-Identifier: ISC */
/*
 * Sockets: connected, on ports that the kernel chooses at random, opened when
 * they are first wanted and replaced after a number of uses, or after a time,
 * so that few questions do not leave a port to be found at leisure.
 *
 * Each has a table of the ids that it ever carried.  Nothing is taken out of
 * it before the socket is closed: an id that was answered stays as retired,
 * so that no id is used twice on a port, a late or doubled answer is told
 * from a guess (A4, A11), and a slot never moves.
 *
 * Spent sockets are closed at the end of a turn, and no socket while datagrams
 * of a batch of its own are looked at: it must stay the one that they came
 * through.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "resolver_priv.h"

enum {
	PICKS = 8,               /* random picks before looking at all */
	AGED_MAX = 64,           /* closed for their age at a turn's end */
	RECEIVE_BUFFER = 1 << 20 /* asked for; the kernel may give less */
};
#define REOPEN_PAUSE MONO_MS(200)
#define REGROW_PAUSE MONO_S(1)
#define TELL_PAUSE   MONO_S(60)

static bool
is_seen(const struct port *p, uint32_t print)
{
	uint32_t bit = print % SEEN_BITS;

	return p->n_open > 0 && (p->seen[bit / 64] >> (bit % 64) & 1) != 0;
}

static void
set_options(int fd, int family)
{
	int size = RECEIVE_BUFFER;
	int v4 = IP_PMTUDISC_OMIT;
	int v6 = IPV6_PMTUDISC_OMIT;

	/*
	 * All best effort.  OMIT: what a forged "fragmentation needed" says
	 * about the path is not believed, and no packet is made smaller or
	 * fragmented for it; our questions fit any path, and answers are
	 * kept from being fragmented by the EDNS size (B1, RFC 9715).
	 */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (family == AF_INET)
		(void)setsockopt(
		    fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
	else
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
}

/* Descriptors, or buffers for them, are short: live with fewer (W-F17). */
static void
shrink(struct server *s, mono_ns now)
{
	struct port *p;
	uint16_t i;

	s->n_ports = (uint16_t)(s->n_ports_open - s->n_ports_open / 4);
	if (s->n_ports == 0)
		s->n_ports = 1;
	s->regrow_at = now + REGROW_PAUSE;
	for (i = 0; i < s->resolver->limits.sockets; i++) {
		p = s->ports[i];
		if (p != NULL && p->fd != -1)
			port_mark_dirty(p);
	}
}

/*
 * Once a server, until it is well again.  Descriptors are short for all, and
 * zones' servers that no route leads to are many: one speaks for them.
 */
static void
say_failed(struct server *s, int err, mono_ns now)
{
	struct resolver *r = s->resolver;
	char text[ADDR_TEXT_SIZE];

	if (s->open_failed)
		return;
	s->open_failed = true;
	if (!s->unreachable || s->direct) {
		if (now < r->told_at + TELL_PAUSE)
			return;
		r->told_at = now;
	}
	log_warn("resolver: no socket to %s (%s); going on with %u",
	    addr_print(&s->addr, text), err_text(err),
	    (unsigned)s->n_ports_open);
}

static void
open_failed(struct server *s, int err, mono_ns now)
{
	s->resolver->counters.socket_errors++;
	s->unreachable = err != -EMFILE && err != -ENFILE && err != -ENOMEM &&
	                 err != -ENOBUFS;
	server_stirred(s);
	if (!s->unreachable) {
		shrink(s, now);
		s->resolver->short_until = now + REOPEN_PAUSE;
	}
	/* Those that are left may be replaced, as they give one back each. */
	if (s->n_ports_open < s->n_ports)
		s->reopen_at = now + REOPEN_PAUSE;
	say_failed(s, err, now);
}

static int
open_socket(struct port *p)
{
	struct server *s = p->server;
	int family = s->sa.ss_family;
	int fd;
	int err;

	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	set_options(fd, family);
	if (connect(fd, (struct sockaddr *)&s->sa, s->sa_size) == -1) {
		err = -errno;
		goto out;
	}
	/* The watcher stays: a replaced socket allocates nothing. */
	if (p->io != NULL)
		loop_io_reset(p->io, fd, LOOP_READ);
	else
		p->io = loop_io_new(
		    s->resolver->loop, fd, LOOP_READ, udp_on_ready, p);
	if (p->io == NULL) {
		err = -ENOMEM;
		goto out;
	}
	p->fd = fd;
	return 0;
out:
	close(fd);
	return err;
}

static bool
may_open(struct server *s, mono_ns now)
{
	if (s->n_ports_open == 0)
		return server_has_ports(s, now) && now >= s->reopen_at;
	if (s->n_ports_open < s->n_ports)
		return now >= s->reopen_at;
	if (s->n_ports == s->resolver->limits.sockets || now < s->regrow_at)
		return false;
	/* Shrunk some time ago: try one more. */
	s->n_ports++;
	s->regrow_at = now + REGROW_PAUSE;
	return true;
}

/* NULL when memory is short.  It stays until the server rests. */
static struct port *
port_new(struct server *s, uint16_t i)
{
	struct resolver *r = s->resolver;
	struct port *p =
	    calloc(1, sizeof(*p) + (r->slot_mask + 1) * sizeof(*p->slots));

	if (p == NULL)
		return NULL;
	p->resolver = r;
	p->server = s;
	p->index = i;
	p->fd = -1;
	p->outgoing_first = NIL;
	p->outgoing_last = NIL;
	s->ports[i] = p;
	return p;
}

/* In order of opening, which is that of getting too old. */
static void
age_from_now(struct port *p)
{
	struct resolver *r = p->resolver;

	p->ages = true;
	p->age_next = NULL;
	p->age_prev = r->age_last;
	if (r->age_last != NULL)
		r->age_last->age_next = p;
	else
		r->age_first = p;
	r->age_last = p;
}

static void
age_no_more(struct port *p)
{
	struct resolver *r = p->resolver;

	if (!p->ages)
		return;
	p->ages = false;
	if (p->age_prev != NULL)
		p->age_prev->age_next = p->age_next;
	else
		r->age_first = p->age_next;
	if (p->age_next != NULL)
		p->age_next->age_prev = p->age_prev;
	else
		r->age_last = p->age_prev;
}

/* NULL: not now. */
static struct port *
open_port(struct server *s, uint16_t i, mono_ns now)
{
	struct port *p = s->ports[i];
	int err;

	if (!may_open(s, now))
		return NULL;
	if (p == NULL)
		p = port_new(s, i);
	err = p != NULL ? open_socket(p) : -ENOMEM;
	if (err != 0) {
		open_failed(s, err, now);
		return NULL;
	}
	if (s->n_ports == s->resolver->limits.sockets)
		s->open_failed = false;
	s->n_ports_open++;
	s->unreachable = false;
	s->starved = false;
	p->n_used = 0;
	p->suspect = false;
	p->read_at = now;
	p->opened = now;
	age_from_now(p);
	server_stirred(s);
	memset(p->slots, 0xff,
	    (s->resolver->slot_mask + 1) * sizeof(*p->slots)); /* all NIL */
	return p;
}

/* Is the same question open on it?  For when is_seen() is not enough. */
static bool
carries(const struct port *p, uint32_t print)
{
	const struct resolver *r = p->resolver;
	uint16_t question;
	uint32_t i;

	if (p->n_open == 0)
		return false;
	for (i = 0; i <= r->slot_mask; i++) {
		question = p->slots[i].question;
		if (question != NIL && question != PORT_RETIRED &&
		    r->inflight.all[question].print == print)
			return true;
	}
	return false;
}

static bool
is_usable(const struct port *p)
{
	return p->fd != -1 && !p->suspect &&
	       p->n_used < p->server->resolver->limits.socket_uses;
}

/* What is too old counts as used up; nothing is open on it mostly. */
static void
age(struct port *p, mono_ns now)
{
	struct resolver *r = p->resolver;

	if (p->fd == -1 || now - p->opened < MONO_MS(r->limits.socket_age_ms))
		return;
	if (p->n_open == 0 && p != r->reading)
		port_close(p);
	else if (p->n_used < r->limits.socket_uses)
		p->n_used = r->limits.socket_uses;
}

/*
 * Every socket that was tried is used up, or carries the same question, or
 * cannot be opened: the least used of all that are or can be open.  Half a
 * table of ids may be used at the very most.
 */
static struct port *
pick_any(struct server *s, uint32_t print, mono_ns now)
{
	struct resolver *r = s->resolver;
	struct port *best = NULL;
	struct port *same = NULL; /* the best of those with the question */
	struct port *p;
	uint16_t i;

	for (i = 0; i < r->limits.sockets; i++) {
		p = s->ports[i];
		if (p == NULL || p->fd == -1) {
			p = open_port(s, i, now);
			if (p != NULL)
				return p;
			continue;
		}
		if (p->suspect || p->n_used > r->slot_mask / 2)
			continue;
		if (best != NULL && p->n_used >= best->n_used)
			continue;
		if (is_seen(p, print) && carries(p, print))
			same = p;
		else
			best = p;
	}
	return best != NULL ? best : same;
}

static struct port *
pick_random(struct server *s, uint32_t print, mono_ns now)
{
	struct port *p;
	uint16_t at;
	unsigned i;

	for (i = 0; i < PICKS; i++) {
		at = (uint16_t)rand_below(s->resolver->limits.sockets);
		p = s->ports[at];
		if (p != NULL)
			age(p, now);
		if (p == NULL || p->fd == -1)
			p = open_port(s, at, now);
		if (p == NULL)
			continue;
		if (is_usable(p) && !is_seen(p, print))
			return p;
	}
	p = pick_any(s, print, now);
	s->starved = p == NULL && s->n_ports_open > 0;
	return p;
}

/*
 * Questions of one turn share a socket by PORT_RUN, which makes batches: the
 * socket is as unpredictable, and a guess that hits it ends all of them on
 * TCP.  When a run is over its datagrams leave: their questions are still in
 * the cache.
 */
struct port *
port_pick(struct server *s, uint32_t print, mono_ns now)
{
	uint64_t turn = s->resolver->turn;
	struct port *run = s->run_turn == turn ? s->run_port : NULL;

	if (run != NULL && s->run_left > 0 && is_usable(run)) {
		/* What the run may have already goes alone. */
		if (is_seen(run, print))
			return pick_random(s, print, now);
		s->run_left--;
		return run;
	}
	if (run != NULL)
		udp_send(run);
	s->run_port = pick_random(s, print, now);
	s->run_turn = turn;
	s->run_left = PORT_RUN - 1;
	return s->run_port;
}

struct port_slot *
port_find(struct port *p, uint16_t id)
{
	uint32_t mask = p->server->resolver->slot_mask;
	uint32_t i = id & mask;

	/* Never more than half full: there is always an end. */
	while (p->slots[i].question != NIL && p->slots[i].id != id)
		i = (i + 1) & mask;
	return &p->slots[i];
}

void
port_add(struct port *p, struct question *q, uint16_t id, mono_ns now)
{
	struct inflight *f = &p->server->resolver->inflight;
	struct try *t = inflight_try(f, q, q->n_tries);
	struct port_slot *slot = port_find(p, id);
	uint32_t bit = q->print % SEEN_BITS;

	while (slot->question != NIL) {
		id = rand_u16();
		slot = port_find(p, id);
	}
	slot->id = id;
	slot->question = inflight_index(f, q);
	t->port = p->index;
	t->slot = (uint16_t)(slot - p->slots);
	t->sent = now;
	if (p->n_open == 0)
		memset(p->seen, 0, sizeof(p->seen));
	p->seen[bit / 64] |= (uint64_t)1 << (bit % 64);
	p->n_open++;
	p->n_used++;
}

bool
port_is_spent(const struct port *p)
{
	const struct server *s = p->server;

	return p->n_open == 0 &&
	       (p->suspect || p->n_used >= s->resolver->limits.socket_uses ||
		   s->n_ports_open > s->n_ports);
}

void
port_mark_dirty(struct port *p)
{
	struct resolver *r = p->server->resolver;

	if (p->dirty)
		return;
	p->dirty = true;
	p->dirty_next = r->dirty;
	r->dirty = p;
}

void
port_release(struct server *s, struct try *t)
{
	struct port *p;

	if (t->port == NIL)
		return;
	p = s->ports[t->port];
	p->slots[t->slot].question = PORT_RETIRED;
	p->n_open--;
	t->port = NIL;
	if (port_is_spent(p))
		port_mark_dirty(p);
}

void
port_close(struct port *p)
{
	if (p->fd == -1)
		return;
	loop_io_events(p->io, 0);
	close(p->fd);
	p->fd = -1;
	p->server->n_ports_open--;
	p->server->starved = false;
	if (p->server->run_port == p)
		p->server->run_port = NULL;
	age_no_more(p);
	server_stirred(p->server);
	if (p->server->n_ports_open == 0)
		roster_may_rest(p->server);
}

/* Descriptors are short: those that are not needed now, the oldest first. */
static void
give_back(struct resolver *r)
{
	struct port *next;
	struct port *p = r->age_first;
	unsigned i;

	for (i = 0; i < AGED_MAX && p != NULL; i++, p = next) {
		next = p->age_next;
		if (p->server->open == 0)
			port_close(p);
	}
}

void
port_age_all(struct resolver *r, mono_ns now)
{
	struct port *p;
	unsigned i;

	if (now < r->short_until)
		give_back(r);
	for (i = 0; i < AGED_MAX && port_age_due(r) <= now; i++) {
		p = r->age_first;
		age(p, now);
		age_no_more(p);
	}
}

mono_ns
port_age_due(const struct resolver *r)
{
	if (r->age_first == NULL)
		return INT64_MAX;
	return r->age_first->opened + MONO_MS(r->limits.socket_age_ms);
}

void
port_close_all(struct server *s)
{
	uint16_t i;

	for (i = 0; s->n_ports_open > 0; i++)
		if (s->ports[i] != NULL)
			port_close(s->ports[i]);
}

void
port_free_all(struct server *s)
{
	uint16_t i;

	for (i = 0; i < s->resolver->limits.sockets; i++) {
		if (s->ports[i] == NULL)
			continue;
		loop_io_free(s->ports[i]->io);
		free(s->ports[i]);
		s->ports[i] = NULL;
	}
}
