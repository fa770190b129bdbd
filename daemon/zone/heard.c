/* SPDX-License-Identifier: ISC */
/*
 * heard -- what a reply means to the frame that asked.
 *
 * referral_read() says what the server may say.  Of that goes into the table:
 * that the zone asked delegates and answers; and, of a referral, the zone that
 * it delegates, when its servers are known.  Nothing else.
 */

#include "finder_priv.h"

#include <string.h>

#include "dns/type.h"

/* A reply as all below carry it along. */
struct reply_bytes {
	const uint8_t *wire;
	size_t size;
	const struct message *m;
};

static struct entry *
entry_of(struct finder *f, const struct zone *z)
{
	return table_get(&f->table, KIND_PLACE, part_of(&z->name));
}

static void
prove(struct finder *f, struct frame *fr)
{
	struct entry *e = entry_of(f, fr->at);

	fr->proven = true;
	if (e != NULL && e->zone == fr->at)
		e->answered = true;
}

/* Is another frame waiting for the servers of this zone? */
static bool
is_waited_for(const struct search *s, const struct name *zone)
{
	for (size_t i = 0; i + 1 < s->n_frames; i++) {
		const struct frame *fr = s->frames[i];
		if (fr->stage == STAGE_DOWN &&
		    name_equal(fr->g.zone.wire, zone->wire))
			return true;
	}
	return false;
}

/* Adds an address to a host, unless the operator says where it is. */
static void
add_addr(
    struct gathered *g, struct host *h, const struct addr *addr, uint32_t ttl)
{
	if (h->done || !addr_is_open(addr))
		return;
	host_addr(h, addr);
	gathered_ttl(g, ttl);
}

/* What has addresses now need not be looked up. */
static void
mark_done(struct gathered *g)
{
	for (size_t i = 0; i < g->n_hosts; i++)
		g->hosts[i].done |= g->hosts[i].n_addrs != 0;
}

static void
gather(struct finder *f, const struct referral *r, struct gathered *g)
{
	gathered_start(g, &r->child);
	g->ttl = r->ttl;
	for (size_t i = 0; i < r->n_names; i++) {
		struct host *h = r->names[i].size == 1
		                     ? NULL
		                     : gathered_host(g, &r->names[i]);
		if (h == NULL)
			continue;
		h->at_parent = true;
		h->done = finder_knows(f, h);
		for (size_t k = 0; k < r->n_glue; k++) {
			if (r->glue[k].name == i)
				add_addr(
				    g, h, &r->glue[k].addr, r->glue[k].ttl);
		}
	}
	mark_done(g);
}

static void
heard_down(
    struct finder *f, struct search *s, const struct referral *r, mono_ns now)
{
	struct frame *fr = search_top(s);
	struct entry *e = entry_of(f, fr->at);
	bool is_first = s->n_frames == 1;

	if (e != NULL)
		e->delegates = true;
	if (is_waited_for(s, &r->child)) {
		/* Its servers are needed to find its servers. */
		fr->is_tainted = true;
		frame_failed(f, s, FIND_ADDRESSES, now);
		return;
	}
	fr->found.n_addrs = 0;
	fr->type = is_first ? TYPE_SOA : TYPE_A;
	e = table_get(&f->table, KIND_PLACE, part_of(&r->child));
	if (e != NULL && entry_is_fresh(e, now) &&
	    !(fr->is_refresh && r->child.size == fr->target.size)) {
		frame_go_to(fr, e->zone, e->answered);
		if (is_first)
			search_came_to(f, s, &r->child);
		return;
	}
	gather(f, r, &fr->g);
	zone_release(fr->above);
	fr->above = zone_hold(fr->at);
	fr->is_shared = false;
	fr->stage = STAGE_DOWN;
}

/* The name is in the zone that was asked, or in one on its servers. */
static void
heard_zone(
    struct finder *f, struct search *s, const struct referral *r, mono_ns now)
{
	struct frame *fr = search_top(s);
	struct entry *e = entry_of(f, fr->at);
	struct part up = part_up(part_of(&fr->ask));

	if (r->has_soa && r->soa.size > fr->at->name.size) {
		/* A cut, although no referral showed it. */
		if (e != NULL)
			e->delegates = true;
		frame_own(fr, &r->soa, now);
		return;
	}
	if (!r->has_soa && up.size > fr->at->name.size) {
		/* An alias: the name above tells the zone. */
		struct name ask;
		part_name(up, &ask);
		fr->ask = ask;
		frame_new_question(fr);
		return;
	}
	if (e != NULL && e->is_whole && e->zone == fr->at)
		frame_found(f, s, fr->at);
	else
		frame_own(fr, &fr->at->name, now);
}

/* Reads one record as an address; false: it is none. */
static bool
read_addr(const struct reply_bytes *in, const struct message_record *r,
    struct addr *out)
{
	bool is_v4 = r->type == TYPE_A && r->rdata_size == 4;

	if (r->class_ != CLASS_IN ||
	    !(is_v4 || (r->type == TYPE_AAAA && r->rdata_size == 16)))
		return false;
	*out = (struct addr){.family = is_v4 ? AF_INET : AF_INET6, .port = 53};
	memcpy(out->ip, in->wire + r->rdata_at, r->rdata_size);
	return true;
}

/* The addresses of the host, of the type asked for; an alias is none. */
static void
heard_host(struct finder *f, struct search *s, const struct reply_bytes *in,
    mono_ns now)
{
	struct frame *fr = search_top(s);
	uint16_t at = in->m->answer_at;
	struct message_record r;
	struct name owner;
	struct addr addr;

	for (unsigned n = in->m->n_answer; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (r.type != fr->type || !read_addr(in, &r, &addr) ||
		    !addr_is_open(&addr))
			continue;
		message_name(in->wire, in->size, r.owner_at, &owner);
		if (!name_equal(owner.wire, fr->target.wire))
			continue;
		host_addr(&fr->found, &addr);
		if (r.ttl < fr->ttl)
			fr->ttl = r.ttl;
	}
	if (fr->type == TYPE_A && in->m->rcode == RCODE_NOERROR) {
		fr->type = TYPE_AAAA;
		frame_new_question(fr);
	} else {
		frame_host_found(f, s, now);
	}
}

/* The zone's own NS, as its servers say; false: they say none. */
static bool
read_own(struct finder *f, const struct reply_bytes *in, struct gathered *g,
    bool is_shared)
{
	uint16_t at = in->m->answer_at;
	struct message_record r;
	struct name name;
	bool any = false;

	for (unsigned n = in->m->n_answer; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (r.class_ != CLASS_IN || r.type != TYPE_NS ||
		    r.rdata_size == 0)
			continue;
		message_name(in->wire, in->size, r.owner_at, &name);
		if (!name_equal(name.wire, g->zone.wire))
			continue;
		message_name(in->wire, in->size, r.rdata_at, &name);
		struct host *h =
		    name.size == 1 ? NULL : gathered_host(g, &name);
		any = true;
		gathered_ttl(g, r.ttl);
		if (h == NULL)
			continue;
		h->at_child = true;
		h->at_parent |= is_shared;
		h->done = finder_knows(f, h);
	}
	return any;
}

/* Addresses beside them, of names within the zone: its own word. */
static void
read_own_addrs(const struct reply_bytes *in, struct gathered *g)
{
	uint16_t at = in->m->additional_at;
	struct message_record r;
	struct name owner;
	struct addr addr;

	for (unsigned n = in->m->n_additional; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (!read_addr(in, &r, &addr))
			continue;
		message_name(in->wire, in->size, r.owner_at, &owner);
		if (!name_is_within(owner.wire, g->zone.wire))
			continue;
		for (size_t i = 0; i < g->n_hosts; i++) {
			if (name_equal(g->hosts[i].name.wire, owner.wire))
				add_addr(g, &g->hosts[i], &addr, r.ttl);
		}
	}
}

/* The addresses of those that serve the zone above under the same name. */
static void
take_over(struct finder *f, struct gathered *g, const struct gathered *from)
{
	for (size_t i = 0; i < from->n_hosts; i++) {
		const struct host *old = &from->hosts[i];
		for (size_t k = 0; k < g->n_hosts; k++) {
			struct host *h = &g->hosts[k];
			if (!name_equal(h->name.wire, old->name.wire) ||
			    finder_knows(f, h))
				continue;
			for (size_t n = 0; n < old->n_addrs; n++)
				host_addr(h, &old->addrs[n]);
		}
	}
}

static void
heard_own(struct finder *f, struct frame *fr, const struct reply_bytes *in)
{
	struct gathered g;

	if (!fr->is_shared) {
		if (!read_own(f, in, &fr->g, false)) {
			frame_without_own(fr);
			return;
		}
		read_own_addrs(in, &fr->g);
		mark_done(&fr->g);
		fr->stage = STAGE_REST;
		return;
	}
	gathered_start(&g, &fr->g.zone);
	g.ttl = fr->g.ttl;
	if (!read_own(f, in, &g, true)) {
		frame_without_own(fr);
		return;
	}
	read_own_addrs(in, &g);
	take_over(f, &g, &fr->g);
	mark_done(&g);
	fr->g = g;
	fr->stage = STAGE_REST;
}

void
heard(struct finder *f, struct search *s, const uint8_t *wire, size_t size,
    const struct message *m, mono_ns now)
{
	struct reply_bytes in = {.wire = wire, .size = size, .m = m};
	struct frame *fr = search_top(s);
	bool is_own = fr->stage == STAGE_OWN;
	struct referral r;

	referral_read(
	    wire, size, m, is_own ? &fr->g.zone : &fr->ask, &fr->at->name, &r);
	if (r.kind == REFERRAL_LAME || (is_own && r.kind == REFERRAL_DOWN)) {
		fr->why = FIND_LAME;
		return;
	}
	prove(f, fr);
	if (is_own)
		heard_own(f, fr, &in);
	else if (r.kind == REFERRAL_DOWN)
		heard_down(f, s, &r, now);
	else if (s->n_frames > 1)
		heard_host(f, s, &in, now);
	else
		heard_zone(f, s, &r, now);
}
