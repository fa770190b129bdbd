/* SPDX-License-Identifier: ISC */
/*
 * Which servers there are.  Each has memory of its own, so that pointers to it
 * stay good while others come and go; its index is free again at once when it
 * is dropped, itself at the turn's end: a batch of datagrams that nobody waits
 * for may just be looked at.
 *
 * One that was not asked lately costs its struct and a pointer for each
 * socket.  Sockets and connections get memory when they are first needed, and
 * give it back when the last of them is closed.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "resolver_priv.h"

static void
server_close(struct server *s)
{
	if (s->ports != NULL)
		port_close_all(s);
	tcp_close_all(s);
	dot_stop(s);
}

/* Closed, and in no list. */
static void
server_free(struct server *s)
{
	if (s->ports != NULL)
		port_free_all(s);
	tcp_free_all(s);
	dot_release(s);
	free(s->ports);
	free(s);
}

static struct server *
server_new(struct resolver *r, const struct resolver_server *from)
{
	struct server *s = calloc(1, sizeof(*s));
	int err = 0;

	if (s == NULL)
		return NULL;
	s->resolver = r;
	s->addr = from->addr;
	s->sa_size = addr_to_sockaddr(&s->addr, &s->sa);
	pace_init(&s->pace, from->rate, r->limits.window_start,
	    r->limits.window_max, loop_mono(r->loop));
	s->gso = from->gso;
	s->ad = from->ad;
	s->direct = from->direct;
	s->n_ports = r->limits.sockets;
	s->refused_at = INT64_MIN;
	s->reopen_at = INT64_MIN;
	s->connect_at = INT64_MIN;
	s->plain_until = INT64_MIN;
	s->no_nsid_until = INT64_MIN;
	s->no_case_until = INT64_MIN;
	s->waiting_first = NIL;
	s->waiting_last = NIL;
	if (from->tls != NULL)
		err = dot_init(s, from->tls);
	else
		s->ports = calloc(s->n_ports, sizeof(struct port *));
	if (err == 0 && (from->tls != NULL || s->ports != NULL))
		return s;
	server_close(s);
	server_free(s);
	return NULL;
}

int
roster_add(struct resolver *r, const struct resolver_server *from)
{
	uint32_t i = r->first_free;
	struct server *s;

	while (i < r->limits.servers_max && r->servers[i] != NULL)
		i++;
	r->first_free = (uint16_t)i;
	if (i == r->limits.servers_max)
		return ERR_FULL;
	s = server_new(r, from);
	if (s == NULL)
		return -ENOMEM;
	s->index = (uint16_t)i;
	r->servers[i] = s;
	if (s->dot != NULL) {
		s->dot_next = r->dots;
		r->dots = s;
	}
	return (int)i;
}

void
roster_drop(struct server *s)
{
	struct resolver *r = s->resolver;

	CHECK(s->open == 0 && s->full == FULL_NOT && !s->dropped);
	r->servers[s->index] = NULL;
	if (s->index < r->first_free)
		r->first_free = s->index;
	s->dropped = true;
	s->dropped_next = r->dropped;
	r->dropped = s;
}

void
roster_may_rest(struct server *s)
{
	struct resolver *r = s->resolver;

	if (s->resting)
		return;
	s->resting = true;
	s->rest_next = r->resting;
	r->resting = s;
}

static void
rest(struct server *s)
{
	s->resting = false;
	if (s->ports != NULL && s->n_ports_open == 0)
		port_free_all(s);
	if (s->n_conns_busy == 0)
		tcp_free_all(s);
}

static void
forget_dot(struct server *s)
{
	struct server **at = &s->resolver->dots;

	while (*at != s)
		at = &(*at)->dot_next;
	*at = s->dot_next;
}

void
roster_turn_end(struct resolver *r)
{
	struct server *s;

	for (s = r->dropped; s != NULL; s = s->dropped_next)
		server_close(s);
	while ((s = r->resting) != NULL) {
		r->resting = s->rest_next;
		rest(s);
	}
	while ((s = r->dropped) != NULL) {
		r->dropped = s->dropped_next;
		if (s->dot != NULL)
			forget_dot(s);
		server_free(s);
	}
}

void
roster_stop(struct resolver *r)
{
	struct server *s;
	uint32_t i;

	for (i = 0; i < r->limits.servers_max && r->servers != NULL; i++)
		if (r->servers[i] != NULL)
			server_close(r->servers[i]);
	for (s = r->dropped; s != NULL; s = s->dropped_next)
		server_close(s);
}

void
roster_release(struct resolver *r)
{
	struct server *s;
	uint32_t i;

	for (i = 0; i < r->limits.servers_max && r->servers != NULL; i++)
		if (r->servers[i] != NULL)
			server_free(r->servers[i]);
	while ((s = r->dropped) != NULL) {
		r->dropped = s->dropped_next;
		server_free(s);
	}
	free(r->servers);
}
