/* SPDX-License-Identifier: ISC */
/*
 * referral -- what a server says about where a name is served.
 *
 * Of the NS records in Authority only one owner counts, the one nearest to the
 * zone that was asked; of the addresses in Additional only those of the names
 * that these NS records say, below that zone.  Everything else in such a
 * message is somebody's who was not asked.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/referral.h"
#include "dns/type.h"

/* A message as all below carry it along. */
struct said {
	const uint8_t *wire;
	size_t size;
	const struct message *m;
	const struct name *qname;
	const struct name *zone;
};

static void
owner_of(
    const struct said *in, const struct message_record *r, struct name *out)
{
	message_name(in->wire, in->size, r->owner_at, out);
}

/* The name that an NS says; false when its rdata is not one name. */
static bool
ns_target(
    const struct said *in, const struct message_record *r, struct name *out)
{
	return r->rdata_size != 0 &&
	       message_name(in->wire, in->size, r->rdata_at, out) ==
	           r->rdata_at + r->rdata_size;
}

static bool
is_address(const struct message_record *r)
{
	return r->class_ == CLASS_IN &&
	       ((r->type == TYPE_A && r->rdata_size == 4) ||
		   (r->type == TYPE_AAAA && r->rdata_size == 16));
}

/* Is there an SOA, or the NS of a zone below towards the name? */
static bool
find_child(const struct said *in, struct name *child)
{
	uint16_t at = in->m->authority_at;
	struct message_record r;
	struct name name;

	child->size = 0;
	for (unsigned n = in->m->n_authority; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (r.class_ != CLASS_IN)
			continue;
		if (r.type == TYPE_SOA)
			return false;
		if (r.type != TYPE_NS || !ns_target(in, &r, &name))
			continue;
		owner_of(in, &r, &name);
		if (name.size > in->zone->size &&
		    name_is_within(name.wire, in->zone->wire) &&
		    name_is_within(in->qname->wire, name.wire) &&
		    (child->size == 0 || name.size < child->size))
			*child = name;
	}
	return child->size != 0;
}

static bool
is_down(const struct said *in, struct name *child)
{
	return in->m->rcode == RCODE_NOERROR && in->m->n_answer == 0 &&
	       find_child(in, child);
}

/* Is this record of the delegation, and what does it say? */
static bool
is_child_ns(const struct said *in, const struct name *child,
    const struct message_record *r, struct name *target)
{
	struct name owner;

	if (r->class_ != CLASS_IN || r->type != TYPE_NS ||
	    !ns_target(in, r, target))
		return false;
	owner_of(in, r, &owner);
	return name_equal(owner.wire, child->wire);
}

/* SIZE_MAX: it is not among them. */
static size_t
place_of(const struct referral *r, const struct name *name)
{
	for (size_t i = 0; i < r->n_names; i++) {
		if (r->names[i].size == name->size &&
		    memcmp(r->names[i].wire, name->wire, name->size) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void
read_names(const struct said *in, struct referral *out)
{
	uint16_t at = in->m->authority_at;
	struct message_record r;
	struct name target;

	out->ttl = UINT32_MAX;
	for (unsigned n = in->m->n_authority; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (!is_child_ns(in, &out->child, &r, &target))
			continue;
		if (r.ttl < out->ttl)
			out->ttl = r.ttl;
		if (out->n_names < REFERRAL_NAMES_MAX &&
		    place_of(out, &target) == SIZE_MAX)
			out->names[out->n_names++] = target;
	}
}

static void
set_addr(
    const struct said *in, const struct message_record *r, struct addr *out)
{
	*out = (struct addr){
	    .family = r->type == TYPE_A ? AF_INET : AF_INET6, .port = 53};
	memcpy(out->ip, in->wire + r->rdata_at, r->rdata_size);
}

static bool
has_glue(const struct referral *r, size_t name, const struct addr *addr)
{
	for (size_t i = 0; i < r->n_glue; i++) {
		if (r->glue[i].name == name &&
		    addr_equal(&r->glue[i].addr, addr))
			return true;
	}
	return false;
}

static void
read_glue(const struct said *in, struct referral *out)
{
	uint16_t at = in->m->additional_at;
	struct message_record r;
	struct name owner;
	struct addr addr;

	for (unsigned n = in->m->n_additional; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (!is_address(&r) || out->n_glue == REFERRAL_GLUE_MAX)
			continue;
		owner_of(in, &r, &owner);
		if (!name_is_within(owner.wire, in->zone->wire))
			continue;
		size_t name = place_of(out, &owner);
		if (name == SIZE_MAX)
			continue;
		set_addr(in, &r, &addr);
		if (!has_glue(out, name, &addr))
			out->glue[out->n_glue++] = (struct referral_glue){
			    .name = (uint8_t)name, .addr = addr, .ttl = r.ttl};
	}
}

/*
 * The deepest SOA in a section whose owner encloses the name.  In an answer it
 * is the name's own, or it is the end of an alias.
 */
static bool
find_soa(const struct said *in, bool in_answer, struct name *out)
{
	uint16_t at = in_answer ? in->m->answer_at : in->m->authority_at;
	unsigned n = in_answer ? in->m->n_answer : in->m->n_authority;
	struct message_record r;
	struct name owner;

	out->size = 0;
	for (; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (r.class_ != CLASS_IN || r.type != TYPE_SOA)
			continue;
		owner_of(in, &r, &owner);
		if (in_answer ? name_equal(owner.wire, in->qname->wire)
			      : name_is_within(in->qname->wire, owner.wire) &&
				    owner.size > out->size)
			*out = owner;
	}
	return out->size != 0;
}

/* An answer with AA: of the zone, or of one below that is served here too. */
static void
read_own(const struct said *in, struct referral *out)
{
	out->has_soa = find_soa(in, true, &out->soa);
	if (!out->has_soa && in->m->n_answer == 0)
		out->has_soa = find_soa(in, false, &out->soa);
	if (out->has_soa && !name_is_within(out->soa.wire, in->zone->wire))
		out->has_soa = false;
	else
		out->kind = REFERRAL_NOT;
}

void
referral_read(const uint8_t *wire, size_t size, const struct message *m,
    const struct name *qname, const struct name *zone, struct referral *out)
{
	struct said in = {
	    .wire = wire, .size = size, .m = m, .qname = qname, .zone = zone};

	out->kind = REFERRAL_LAME;
	out->child.size = 0;
	out->n_names = 0;
	out->n_glue = 0;
	out->ttl = 0;
	out->has_soa = false;
	out->soa.size = 0;
	if (reply_fail(m) != FAIL_NOT ||
	    !name_is_within(qname->wire, zone->wire))
		return;
	if (is_down(&in, &out->child)) {
		out->kind = REFERRAL_DOWN;
		read_names(&in, out);
		read_glue(&in, out);
	} else if (m->aa) {
		read_own(&in, out);
	}
}

/* --- as a content ---------------------------------------------------------
 */

struct gathering {
	struct arena *a;
	struct record *records;
	size_t n;
};

/* Adds a record whose rdata is the name, then the bytes of an address. */
static int
gather(struct gathering *g, const struct message_record *r,
    const struct name *name, const uint8_t *ip, size_t ip_size)
{
	uint8_t *rdata = arena_get(g->a, (size_t)name->size + ip_size);

	if (rdata == NULL)
		return -ENOMEM;
	memcpy(rdata, name->wire, name->size);
	if (ip_size != 0)
		memcpy(rdata + name->size, ip, ip_size);
	g->records[g->n++] = (struct record){.type = r->type,
	    .size = (uint16_t)(name->size + ip_size),
	    .rdata = rdata,
	    .ttl = r->ttl};
	return 0;
}

/* Of what is there twice, the smallest TTL first. */
static int
by_record(const void *one, const void *two)
{
	const struct record *a = one;
	const struct record *b = two;
	int order = record_compare(a, b);

	return order != 0 ? order : (a->ttl > b->ttl) - (a->ttl < b->ttl);
}

static int
by_identity(const void *one, const void *two)
{
	return record_compare(one, two);
}

static void
sort_unique(struct gathering *g)
{
	size_t n = 0;

	qsort(g->records, g->n, sizeof g->records[0], by_record);
	for (size_t i = 0; i < g->n; i++) {
		if (n == 0 ||
		    record_compare(&g->records[n - 1], &g->records[i]) != 0)
			g->records[n++] = g->records[i];
	}
	g->n = n;
}

static int
gather_names(
    const struct said *in, const struct name *child, struct gathering *g)
{
	uint16_t at = in->m->authority_at;
	struct message_record r;
	struct name target;

	for (unsigned n = in->m->n_authority; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (is_child_ns(in, child, &r, &target) &&
		    gather(g, &r, &target, NULL, 0) != 0)
			return -ENOMEM;
	}
	sort_unique(g);
	return 0;
}

/* `g` has the names, sorted. */
static int
gather_glue(const struct said *in, struct gathering *g)
{
	uint16_t at = in->m->additional_at;
	size_t n_names = g->n;
	struct message_record r;
	struct name owner;

	for (unsigned n = in->m->n_additional; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (!is_address(&r))
			continue;
		owner_of(in, &r, &owner);
		struct record ns = {
		    .type = TYPE_NS, .size = owner.size, .rdata = owner.wire};
		if (!name_is_within(owner.wire, in->zone->wire) ||
		    bsearch(&ns, g->records, n_names, sizeof ns, by_identity) ==
			NULL)
			continue;
		if (gather(g, &r, &owner, in->wire + r.rdata_at,
			r.rdata_size) != 0)
			return -ENOMEM;
	}
	sort_unique(g);
	return 0;
}

/* A digest of all of them, each chained to the one before. */
static void
set_oversized(const struct gathering *g, struct content *out)
{
	uint8_t both[2 * SHA256_SIZE] = {0};
	uint8_t typed[2 + 2 * NAME_SIZE_MAX];

	for (size_t i = 0; i < g->n; i++) {
		const struct record *r = &g->records[i];
		typed[0] = (uint8_t)(r->type >> 8);
		typed[1] = (uint8_t)r->type;
		memcpy(typed + 2, r->rdata, r->size);
		hash_sha256(typed, r->size + (size_t)2, both + SHA256_SIZE);
		hash_sha256(both, sizeof both, both);
	}
	*out = (struct content){
	    .outcome = OUTCOME_UNREADABLE, .reason = UNREADABLE_OVERSIZED};
	memcpy(out->digest, both, SHA256_SIZE);
}

int
referral_content(const uint8_t *wire, size_t size, const struct message *m,
    const struct name *zone, struct arena *a, struct content *out)
{
	struct name qname;
	struct name child;
	struct said in = {
	    .wire = wire, .size = size, .m = m, .qname = &qname, .zone = zone};
	struct gathering g = {.a = a};
	size_t n_max = (size_t)m->n_authority + m->n_additional;

	message_name(wire, size, m->question_at, &qname);
	if (reply_fail(m) != FAIL_NOT ||
	    !name_is_within(qname.wire, zone->wire) || !is_down(&in, &child))
		return ERR_NOT_FOUND;
	g.records = arena_get(a, n_max * sizeof g.records[0]);
	if (g.records == NULL || gather_names(&in, &child, &g) != 0 ||
	    gather_glue(&in, &g) != 0)
		return -ENOMEM;
	if (g.n > CONTENT_RECORDS_MAX) {
		set_oversized(&g, out);
		return 0;
	}
	*out = (struct content){.outcome = OUTCOME_ANSWER,
	    .n_records = (uint16_t)g.n,
	    .records = g.records};
	return 0;
}
