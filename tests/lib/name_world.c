/* SPDX-License-Identifier: ISC */

#include "name_world.h"

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/type.h"

enum { ANSWER = 1, AUTHORITY = 2, ADDITIONAL = 3 };
enum { FLAG_AA = 0x0400 };

struct out {
	uint8_t *data;
	size_t size;
	uint32_t ttl;
};

struct name
world_name(const char *text)
{
	struct name name;
	const char *why;

	if (name_parse(text, &name, &why) != 0)
		abort();
	return name;
}

struct addr
world_addr(const char *text)
{
	struct addr addr;

	if (addr_parse(text, 53, &addr) != 0)
		abort();
	return addr;
}

static struct world_rr *
add(struct world *w, const char *zone, const char *owner)
{
	struct world_rr *rr = &w->rrs[w->n_rrs++];

	if (w->n_rrs > WORLD_RRS)
		abort();
	memset(rr, 0, sizeof *rr);
	rr->zone = world_name(zone);
	rr->owner = world_name(owner);
	return rr;
}

void
world_add(
    struct world *w, const char *zone, const char *owner, const char *data)
{
	struct world_rr *rr = add(w, zone, owner);

	if (addr_parse(data, 53, &rr->addr) == 0) {
		rr->type = rr->addr.family == AF_INET ? TYPE_A : TYPE_AAAA;
	} else {
		rr->type = TYPE_NS;
		rr->target = world_name(data);
	}
}

void
world_add_cname(
    struct world *w, const char *zone, const char *owner, const char *target)
{
	struct world_rr *rr = add(w, zone, owner);

	rr->type = TYPE_CNAME;
	rr->target = world_name(target);
}

void
world_drop(struct world *w, const char *zone, const char *owner)
{
	struct name z = world_name(zone);
	struct name o = world_name(owner);
	size_t n = 0;

	for (size_t i = 0; i < w->n_rrs; i++) {
		if (!name_equal(w->rrs[i].zone.wire, z.wire) ||
		    !name_equal(w->rrs[i].owner.wire, o.wire))
			w->rrs[n++] = w->rrs[i];
	}
	w->n_rrs = n;
}

struct world_server *
world_server(struct world *w, const struct addr *addr)
{
	for (size_t i = 0; i < w->n_servers; i++) {
		if (addr_equal(&w->servers[i].addr, addr))
			return &w->servers[i];
	}
	return NULL;
}

struct world_server *
world_serve(struct world *w, const char *addr, const char *zone)
{
	struct addr a = world_addr(addr);
	struct world_server *s = world_server(w, &a);

	if (s == NULL) {
		s = &w->servers[w->n_servers++];
		if (w->n_servers > WORLD_SERVERS)
			abort();
		memset(s, 0, sizeof *s);
		s->addr = a;
	}
	if (s->n_zones == WORLD_SERVED)
		abort();
	s->zones[s->n_zones++] = world_name(zone);
	return s;
}

static void
put_u16(struct out *o, unsigned v)
{
	o->data[o->size++] = (uint8_t)(v >> 8);
	o->data[o->size++] = (uint8_t)v;
}

static void
put(struct out *o, const void *data, size_t size)
{
	memcpy(o->data + o->size, data, size);
	o->size += size;
}

/* Nothing more once the message is nearly full. */
static void
put_rr(struct out *o, int section, const struct name *owner, uint16_t type,
    const void *rdata, size_t size)
{
	uint8_t *count = o->data + 4 + 2 * section;

	if (o->size > MESSAGE_SIZE_MAX - 600)
		return;
	put(o, owner->wire, owner->size);
	put_u16(o, type);
	put_u16(o, CLASS_IN);
	put_u16(o, o->ttl >> 16);
	put_u16(o, o->ttl & 0xffff);
	put_u16(o, (unsigned)size);
	put(o, rdata, size);
	if (++count[1] == 0)
		count[0]++;
}

static void
put_rdata(struct out *o, int section, const struct world_rr *rr)
{
	if (rr->type == TYPE_A || rr->type == TYPE_AAAA)
		put_rr(o, section, &rr->owner, rr->type, rr->addr.ip,
		    rr->type == TYPE_A ? 4 : 16);
	else
		put_rr(o, section, &rr->owner, rr->type, rr->target.wire,
		    rr->target.size);
}

static void
put_soa(struct out *o, int section, const struct name *zone)
{
	static const uint8_t soa[22] = {0};

	put_rr(o, section, zone, TYPE_SOA, soa, sizeof soa);
}

static void
put_text(struct out *o, int section, const char *owner, const char *target)
{
	struct name a = world_name(owner);
	struct name b = world_name(target);

	put_rr(o, section, &a, TYPE_NS, b.wire, b.size);
}

static bool
is_in(const struct world_rr *rr, const struct name *zone)
{
	return name_equal(rr->zone.wire, zone->wire);
}

/* The topmost cut between the zone and the name; NULL: none. */
static const struct name *
find_cut(
    const struct world *w, const struct name *zone, const struct name *name)
{
	const struct name *cut = NULL;

	for (size_t i = 0; i < w->n_rrs; i++) {
		const struct world_rr *rr = &w->rrs[i];
		if (is_in(rr, zone) && rr->type == TYPE_NS &&
		    rr->owner.size > zone->size &&
		    name_is_within(name->wire, rr->owner.wire) &&
		    (cut == NULL || rr->owner.size < cut->size))
			cut = &rr->owner;
	}
	return cut;
}

/* What the zone's data have of the name as an address. */
static void
put_addrs(struct out *o, const struct world *w, const struct name *zone,
    const struct name *name)
{
	for (size_t i = 0; i < w->n_rrs; i++) {
		const struct world_rr *rr = &w->rrs[i];
		if (is_in(rr, zone) && name_equal(rr->owner.wire, name->wire) &&
		    (rr->type == TYPE_A || rr->type == TYPE_AAAA))
			put_rdata(o, ADDITIONAL, rr);
	}
}

static void
put_referral(struct out *o, const struct world *w, const struct name *zone,
    const struct name *cut)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < w->n_rrs; i++) {
			const struct world_rr *rr = &w->rrs[i];
			if (!is_in(rr, zone) || rr->type != TYPE_NS ||
			    !name_equal(rr->owner.wire, cut->wire))
				continue;
			if (pass == 0)
				put_rdata(o, AUTHORITY, rr);
			else
				put_addrs(o, w, zone, &rr->target);
		}
	}
}

static void
put_data(struct out *o, const struct world *w, const struct name *zone,
    const struct name *name, uint16_t type)
{
	bool exists = false;
	bool answered = false;

	for (size_t i = 0; i < w->n_rrs; i++) {
		const struct world_rr *rr = &w->rrs[i];
		if (!is_in(rr, zone))
			continue;
		exists |= name_is_within(rr->owner.wire, name->wire);
		if (name_equal(rr->owner.wire, name->wire) &&
		    (rr->type == type || rr->type == TYPE_CNAME)) {
			put_rdata(o, ANSWER, rr);
			answered = true;
		}
	}
	if (type == TYPE_SOA && name_equal(name->wire, zone->wire)) {
		put_soa(o, ANSWER, zone);
		answered = true;
	}
	if (answered)
		return;
	put_soa(o, AUTHORITY, zone);
	if (!exists)
		o->data[3] |= RCODE_NXDOMAIN;
}

/* The deepest zone that the server has and that encloses the name. */
static const struct name *
find_zone(const struct world_server *s, const struct name *name)
{
	const struct name *best = NULL;

	for (size_t i = 0; i < s->n_zones; i++) {
		if (name_is_within(name->wire, s->zones[i].wire) &&
		    (best == NULL || s->zones[i].size > best->size))
			best = &s->zones[i];
	}
	return best;
}

static void
put_zone(struct out *o, const struct world *w, const struct world_server *s,
    const struct name *name, uint16_t type)
{
	const struct name *zone = find_zone(s, name);
	const struct name *cut;

	if (zone == NULL || s->manner == MANNER_REFUSES) {
		o->data[3] |= RCODE_REFUSED;
		return;
	}
	cut = find_cut(w, zone, name);
	if (cut != NULL) {
		put_referral(o, w, zone, cut);
		return;
	}
	if (s->manner != MANNER_NO_AA)
		o->data[2] |= FLAG_AA >> 8;
	if (s->manner == MANNER_NO_OWN_NS && type == TYPE_NS)
		put_soa(o, AUTHORITY, zone);
	else
		put_data(o, w, zone, name, type);
}

size_t
world_answer(struct world *w, const struct addr *server,
    const struct name *name, uint16_t type, uint8_t *out)
{
	struct world_server *s = world_server(w, server);
	struct out o = {.data = out, .ttl = w->ttl};

	if (s == NULL)
		return 0;
	s->n_asked++;
	if (s->manner == MANNER_SILENT)
		return 0;
	memset(out, 0, MESSAGE_HEADER_SIZE);
	out[2] = 0x80;
	out[5] = 1;
	o.size = MESSAGE_HEADER_SIZE;
	put(&o, name->wire, name->size);
	put_u16(&o, type);
	put_u16(&o, CLASS_IN);
	if (s->manner == MANNER_UPWARD)
		put_text(&o, AUTHORITY, ".", "a.root-servers.net.");
	else if (s->manner == MANNER_SIDEWAYS)
		put_text(&o, AUTHORITY, "victim.org.", "ns.evil.com.");
	else
		put_zone(&o, w, s, name, type);
	return o.size;
}
