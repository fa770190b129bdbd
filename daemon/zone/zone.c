/* SPDX-License-Identifier: ISC */
/* zone -- a zone that is lent, and putting it together. */

#include <stdlib.h>
#include <string.h>

#include "finder_priv.h"

const char *
find_why_text(enum find_why why)
{
	switch (why) {
	case FIND_FOUND:
		return "found";
	case FIND_SILENT:
		return "no server answers";
	case FIND_LAME:
		return "its servers do not answer for the zone";
	case FIND_ADDRESSES:
		return "no server has an address that may be asked";
	case FIND_LIMIT:
		return "too many questions to find its servers";
	case FIND_MEMORY:
		return "memory is short";
	}
	return "unknown";
}

struct zone *
zone_hold(struct zone *z)
{
	z->refs++;
	return z;
}

void
zone_release(struct zone *z)
{
	while (z != NULL && --z->refs == 0) {
		struct zone *parent = z->parent;
		free(z);
		z = parent;
	}
}

void
gathered_start(struct gathered *g, const struct name *zone)
{
	g->zone = *zone;
	g->n_hosts = 0;
	g->ttl = UINT32_MAX;
}

void
gathered_from(struct gathered *g, const struct zone *z, mono_ns now)
{
	mono_ns left = z->expires - now;

	gathered_start(g, &z->name);
	if (left < MONO_S(ZONE_TTL_MAX_S))
		g->ttl = left > 0 ? (uint32_t)(left / MONO_S(1)) : 0;
	for (size_t i = 0; i < z->n_names; i++)
		gathered_host(g, &z->names[i])->at_parent = true;
	for (size_t i = 0; i < z->n_servers; i++) {
		struct host *h = &g->hosts[z->servers[i].name];
		host_addr(h, &z->servers[i].addr);
		h->done = true;
	}
}

struct host *
gathered_host(struct gathered *g, const struct name *name)
{
	struct host *h;

	for (size_t i = 0; i < g->n_hosts; i++) {
		h = &g->hosts[i];
		if (name_equal(h->name.wire, name->wire))
			return h;
	}
	if (g->n_hosts == ZONE_NAMES_MAX)
		return NULL;
	h = &g->hosts[g->n_hosts++];
	h->name = *name;
	h->n_addrs = 0;
	h->at_parent = false;
	h->at_child = false;
	h->done = false;
	return h;
}

void
gathered_ttl(struct gathered *g, uint32_t ttl)
{
	if (ttl < g->ttl)
		g->ttl = ttl;
}

void
host_addr(struct host *h, const struct addr *addr)
{
	for (size_t i = 0; i < h->n_addrs; i++) {
		if (addr_equal(&h->addrs[i], addr))
			return;
	}
	if (h->n_addrs < ZONE_ADDRS_MAX)
		h->addrs[h->n_addrs++] = *addr;
}

size_t
gathered_with_addrs(const struct gathered *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_hosts; i++)
		n += g->hosts[i].n_addrs != 0;
	return n;
}

static int
name_order(const struct name *a, const struct name *b)
{
	size_t common = a->size < b->size ? a->size : b->size;
	int order = memcmp(a->wire, b->wire, common);

	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* The hosts in order of name, so that a zone looks the same each time. */
static void
sort_hosts(const struct gathered *g, uint8_t order[ZONE_NAMES_MAX])
{
	for (size_t i = 0; i < g->n_hosts; i++) {
		size_t at = i;
		for (; at > 0 && name_order(&g->hosts[order[at - 1]].name,
				     &g->hosts[i].name) > 0;
		     at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)i;
	}
}

/* Two names of one address are one server, of both. */
static bool
is_there(struct zone *z, const struct host *h, const struct addr *addr)
{
	for (size_t i = 0; i < z->n_servers; i++) {
		struct zone_server *s = &z->servers[i];
		if (!addr_equal(&s->addr, addr))
			continue;
		s->at_parent |= h->at_parent;
		s->at_child |= h->at_child;
		return true;
	}
	return false;
}

/* Behind those of the names before and of the same name. */
static void
put_server(struct zone *z, const struct host *h, size_t name, size_t rank)
{
	struct zone_server s = {.addr = h->addrs[rank],
	    .name = (uint8_t)name,
	    .at_parent = h->at_parent,
	    .at_child = h->at_child};
	size_t at = z->n_servers;

	if (is_there(z, h, &s.addr) || at == ZONE_SERVERS_MAX)
		return;
	for (; at > 0 && z->servers[at - 1].name > s.name; at--)
		z->servers[at] = z->servers[at - 1];
	z->servers[at] = s;
	z->n_servers++;
}

struct zone *
gathered_zone(const struct gathered *g, struct zone *parent, mono_ns now)
{
	uint8_t order[ZONE_NAMES_MAX];
	size_t n_addrs = 0;
	uint32_t ttl = g->ttl;
	struct zone *z;

	for (size_t i = 0; i < g->n_hosts; i++)
		n_addrs += g->hosts[i].n_addrs;
	if (n_addrs > ZONE_SERVERS_MAX)
		n_addrs = ZONE_SERVERS_MAX;
	z = calloc(1, sizeof *z + n_addrs * sizeof z->servers[0] +
			  g->n_hosts * sizeof z->names[0]);
	if (z == NULL)
		return NULL;
	z->name = g->zone;
	z->refs = 1;
	z->parent = parent == NULL ? NULL : zone_hold(parent);
	z->servers = (struct zone_server *)(z + 1);
	z->names = (struct name *)(z->servers + n_addrs);
	sort_hosts(g, order);
	for (size_t i = 0; i < g->n_hosts; i++) {
		const struct host *h = &g->hosts[order[i]];

		z->name_at_parent[i] = h->at_parent;
		z->name_at_child[i] = h->at_child;
		z->names[z->n_names++] = h->name;
	}
	/* The first address of each before the second of any. */
	for (size_t rank = 0; rank < ZONE_ADDRS_MAX; rank++) {
		for (size_t i = 0; i < g->n_hosts; i++) {
			if (rank < g->hosts[order[i]].n_addrs)
				put_server(z, &g->hosts[order[i]], i, rank);
		}
	}
	if (ttl < ZONE_TTL_MIN_S)
		ttl = ZONE_TTL_MIN_S;
	if (ttl > ZONE_TTL_MAX_S)
		ttl = ZONE_TTL_MAX_S;
	z->expires = now + MONO_S(ttl);
	return z;
}
