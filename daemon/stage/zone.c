/* SPDX-License-Identifier: ISC */

/* Sets of records from text, and messages of them without compression. */

#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rand.h"
#include "dns/message.h"
#include "dns/present.h"
#include "dns/type.h"
#include "play.h"

/* ---- reading ---- */

static void
add_datum(struct zone *z, struct rrset *set, const uint8_t *rdata, size_t size)
{
	struct datum *d;

	if (set->n == ZONE_RECORDS_MAX)
		story_fail("more than %d records", ZONE_RECORDS_MAX);
	d = &set->data[set->n++];
	d->rdata = arena_copy(&z->arena, rdata, size);
	d->size = (uint16_t)size;
	CHECK(d->rdata != NULL || size == 0);
}

static void
read_one(struct zone *z, struct rrset *set, const char *text)
{
	struct buf wire = {0};

	if (present_parse(set->rtype, text, NULL, &wire) != 0)
		story_fail("no such record: %s", text);
	add_datum(z, set, wire.data, wire.size);
	buf_fini(&wire);
}

/* "198.18.0.1*600": that address and those after it. */
static void
read_many(struct zone *z, struct rrset *set, char *text)
{
	char *star = strchr(text, '*');
	char *p = text;
	uint32_t first = 0;

	if (star == NULL || set->rtype != TYPE_A) {
		read_one(z, set, text);
		return;
	}
	/* A number over 255 goes on in the one before it. */
	for (int i = 0; i < 4; i++, p += *p == '.')
		first = (first << 8) + (uint32_t)strtoul(p, &p, 10);
	if (p != star)
		story_fail("no address: %s", text);
	for (long i = 0; i < strtol(star + 1, NULL, 10); i++) {
		uint32_t ip = first + (uint32_t)i;
		uint8_t wire[4] = {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
		    (uint8_t)(ip >> 8), (uint8_t)ip};

		add_datum(z, set, wire, sizeof(wire));
	}
}

/* Cuts at commas outside quotes. */
static void
read_values(struct zone *z, struct rrset *set, const char *p)
{
	char value[LINE_SIZE];
	bool quoted = false;
	size_t n = 0;

	for (;; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == '\0' || (*p == ',' && !quoted)) {
			while (n > 0 && value[n - 1] == ' ')
				n--;
			value[n] = '\0';
			if (n == 0)
				story_fail("a value is missing");
			read_many(z, set, value);
			n = 0;
			if (*p == '\0')
				return;
			p += strspn(p + 1, " ");
		} else {
			CHECK(n + 1 < sizeof(value));
			value[n++] = *p;
		}
	}
}

struct rrset *
rrset_read(struct zone *z, const struct name *name, uint16_t type,
    const char *values, uint32_t ttl)
{
	static struct datum all[ZONE_RECORDS_MAX];
	struct rrset *set = arena_zero(&z->arena, sizeof(*set));
	char word[WORD_SIZE];

	CHECK(set != NULL);
	set->name = *name;
	set->type = type;
	set->rtype = type;
	set->ttl = ttl;
	set->outcome = OUTCOME_ANSWER;
	if (word_is(&values, "NXDOMAIN"))
		set->outcome = OUTCOME_NXDOMAIN;
	else if (word_is(&values, "NODATA"))
		set->outcome = OUTCOME_NODATA;
	if (set->outcome != OUTCOME_ANSWER) {
		set->no_soa = word_is(&values, "without");
		return set;
	}
	if (word_is(&values, "as")) {
		word_need(&values, word);
		if (type_parse(word, &set->rtype) != 0)
			story_fail("no type: %s", word);
	}
	set->data = all;
	read_values(z, set, values);
	set->data = arena_copy(&z->arena, all, set->n * sizeof(*set->data));
	CHECK(set->data != NULL);
	return set;
}

/* ---- what is true ---- */

static bool
is_name(const struct rrset *set, const uint8_t *name)
{
	return name_equal(set->name.wire, name);
}

void
zone_put(struct zone *z, struct rrset *set)
{
	struct rrset **link = &z->first;

	while (*link != NULL) {
		if ((*link)->type == set->type &&
		    is_name(*link, set->name.wire))
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
	set->next = z->first;
	z->first = set;
	z->has_star = z->has_star || memcmp(set->name.wire, "\1*", 2) == 0;
}

void
zone_drop(struct zone *z, const struct name *name)
{
	struct rrset **link = &z->first;

	while (*link != NULL) {
		if (is_name(*link, name->wire))
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

void
zone_clear(struct zone *z)
{
	z->first = NULL;
}

/* The alias, the type itself, or that there is none of it. */
static const struct rrset *
find(const struct zone *z, const uint8_t *name, uint16_t type)
{
	const struct rrset *alias = NULL;
	const struct rrset *any = NULL;

	for (const struct rrset *s = z->first; s != NULL; s = s->next) {
		if (!is_name(s, name))
			continue;
		if (s->type == type)
			return s;
		if (s->type == TYPE_CNAME && s->outcome == OUTCOME_ANSWER)
			alias = s;
		else if (s->type == ZONE_ANY_TYPE)
			any = s;
	}
	return alias != NULL ? alias : any;
}

static bool
has_name(const struct zone *z, const uint8_t *name)
{
	for (const struct rrset *s = z->first; s != NULL; s = s->next) {
		if (is_name(s, name) && s->outcome == OUTCOME_ANSWER)
			return true;
	}
	return false;
}

/* The wildcard that stands for a name that does not exist (RFC 4592). */
static const uint8_t *
star_of(const struct zone *z, const uint8_t *name, struct name *star)
{
	while (z->has_star && *name != 0) {
		if (has_name(z, name))
			return NULL;
		name += *name + 1;
		star->size = (uint8_t)(name_size(name) + 2);
		memcpy(star->wire, "\1*", 2);
		memcpy(star->wire + 2, name, name_size(name));
		if (has_name(z, star->wire))
			return star->wire;
	}
	return NULL;
}

static bool
was_owner(const struct fetched *f, const uint8_t *name)
{
	for (size_t i = 0; i < f->n; i++) {
		if (name_equal(f->list[i].owner, name))
			return true;
	}
	return false;
}

static void
add_set(struct fetched *f, const struct rrset *set, const uint8_t *owner)
{
	for (size_t i = 0; i < set->n && f->n < ZONE_RECORDS_MAX; i++)
		f->list[f->n++] = (struct rr){owner, set->rtype, set->ttl,
		    set->data[i].rdata, set->data[i].size};
}

static uint16_t
u16_at(const struct datum *d, size_t at)
{
	return (uint16_t)(d->rdata[at] << 8 | d->rdata[at + 1]);
}

void
zone_sign(struct zone *z, const struct signing *s)
{
	const struct rrset *old = find(z, s->name.wire, TYPE_RRSIG);
	struct rrset *set = arena_zero(&z->arena, sizeof(*set));
	struct buf rdata = {0};

	CHECK(set != NULL);
	*set = (struct rrset){.name = s->name,
	    .type = TYPE_RRSIG,
	    .rtype = TYPE_RRSIG,
	    .outcome = OUTCOME_ANSWER,
	    .ttl = s->ttl};
	set->data =
	    arena_zero(&z->arena, ZONE_RECORDS_MAX * sizeof(*set->data));
	CHECK(set->data != NULL);
	for (size_t i = 0; old != NULL && i < old->n; i++) {
		if (u16_at(&old->data[i], 0) != s->type ||
		    u16_at(&old->data[i], 16) != s->tag)
			set->data[set->n++] = old->data[i];
	}
	buf_add_u16(&rdata, s->type);
	buf_add_u16(&rdata, 13 << 8 | 2); /* ECDSA; labels */
	buf_add_u32(&rdata, s->ttl);
	buf_add_u32(&rdata, s->expires);
	buf_add_u32(&rdata, s->inception);
	buf_add_u16(&rdata, s->tag);
	buf_add(&rdata, s->name.wire, s->name.size);
	buf_add(&rdata, "signature", 9);
	add_datum(z, set, rdata.data, rdata.size);
	buf_fini(&rdata);
	zone_put(z, set);
}

static void
add_signatures(
    const struct zone *z, const uint8_t *name, uint16_t type, struct fetched *f)
{
	const struct rrset *set = find(z, name, TYPE_RRSIG);

	if (set == NULL || set->type != TYPE_RRSIG)
		return;
	for (size_t i = 0; i < set->n; i++) {
		if (u16_at(&set->data[i], 0) == type &&
		    f->n_signatures < ZONE_SIGNATURES_MAX)
			f->signatures[f->n_signatures++] =
			    (struct rr){set->name.wire, TYPE_RRSIG, set->ttl,
				set->data[i].rdata, set->data[i].size};
	}
}

/* The deepest that has an SOA, and else what is guessed. */
static const uint8_t *
zone_of(const struct zone *z, const uint8_t *name)
{
	const uint8_t *guess = name_zone_guess(name);

	for (const struct rrset *s; name != guess; name += *name + 1) {
		s = find(z, name, TYPE_SOA);
		if (s != NULL && s->type == TYPE_SOA)
			break;
	}
	return name;
}

void
zone_answer(const struct zone *z, const struct zone *over,
    const struct zone_question *q, uint32_t negative_ttl, struct fetched *out)
{
	const uint8_t *name = q->name;
	const uint8_t *zone = name_zone_guess(name);
	const uint16_t type = q->type;
	const struct rrset *set;
	const uint8_t *star;
	struct name space;

	/* Not all of it: it is large, and this is asked often. */
	out->rcode = 0;
	out->no_soa = false;
	out->soa_ttl = negative_ttl;
	out->n = out->n_signatures = 0;
	memcpy(out->soa_owner, zone_of(z, name), name_size(zone_of(z, name)));
	for (;;) {
		set = over != NULL ? find(over, name, type) : NULL;
		if (set == NULL)
			set = find(z, name, type);
		star = set == NULL ? star_of(z, name, &space) : NULL;
		if (star != NULL)
			set = find(z, star, type);
		if (set == NULL) {
			if (star == NULL && !has_name(z, name) &&
			    (over == NULL || !has_name(over, name)))
				out->rcode = RCODE_NXDOMAIN;
			return;
		}
		if (set->outcome != OUTCOME_ANSWER) {
			out->no_soa = set->no_soa;
			if (set->outcome == OUTCOME_NXDOMAIN)
				out->rcode = RCODE_NXDOMAIN;
			return;
		}
		add_set(out, set,
		    set->type == ZONE_ANY_TYPE || star != NULL
			? name
			: set->name.wire);
		if (set->rtype != TYPE_CNAME || type == TYPE_CNAME) {
			add_signatures(z, name, type, out);
			return;
		}
		name = set->data[0].rdata;
		if (was_owner(out, name) ||
		    (q->within && !name_is_within(name, zone)))
			return;
	}
}

/* ---- wire ---- */

/* Flips the case of letters at random: 0x20 (A9). */
static void
mix_case(uint8_t *name, size_t size)
{
	size_t at = 0;

	while (at < size && name[at] != 0) {
		size_t end = at + 1 + name[at];

		for (at++; at < end && at < size; at++) {
			uint8_t c = name[at] & 0xdf;

			if (c >= 'A' && c <= 'Z' && rand_below(2) == 0)
				name[at] ^= 0x20;
		}
	}
}

static void
put_rr(const struct rr *rr, uint32_t age, bool mixed, struct buf *out)
{
	size_t owner_size = name_size(rr->owner);
	size_t at = out->size;

	buf_add(out, rr->owner, owner_size);
	buf_add_u16(out, rr->type);
	buf_add_u16(out, CLASS_IN);
	buf_add_u32(out, rr->ttl > age ? rr->ttl - age : 0);
	buf_add_u16(out, rr->size);
	buf_add(out, rr->rdata, rr->size);
	if (!mixed)
		return;
	mix_case(out->data + at, owner_size);
	at += owner_size + 10;
	if (rr->type == TYPE_NS || rr->type == TYPE_CNAME ||
	    rr->type == TYPE_PTR)
		mix_case(out->data + at, rr->size);
	if (rr->type == TYPE_MX)
		mix_case(out->data + at + 2, rr->size - 2u);
}

static void
put_head(const uint8_t *name, uint16_t type, uint16_t flags,
    const uint16_t counts[3], struct buf *out)
{
	buf_clear(out);
	buf_add_u16(out, rand_u16());
	buf_add_u16(out, flags);
	buf_add_u16(out, 1);
	for (int i = 0; i < 3; i++)
		buf_add_u16(out, counts[i]);
	buf_add(out, name, name_size(name));
	buf_add_u16(out, type);
	buf_add_u16(out, CLASS_IN);
}

static void
put_opt(int32_t ede, uint8_t instance, struct buf *out)
{
	uint16_t size = (uint16_t)((ede < 0 ? 0 : 6) + (instance > 0 ? 6 : 0));

	buf_add_u8(out, 0);
	buf_add_u16(out, TYPE_OPT);
	buf_add_u16(out, MESSAGE_UDP_SIZE);
	buf_add_u32(out, 0);
	buf_add_u16(out, size);
	if (instance > 0) {
		buf_add_u16(out, 3);
		buf_add_u16(out, 2);
		buf_add_u8(out, 'i');
		buf_add_u8(out, (uint8_t)('0' + instance));
	}
	if (ede < 0)
		return;
	buf_add_u16(out, 15);
	buf_add_u16(out, 2);
	buf_add_u16(out, (uint16_t)ede);
}

static void
put_soa(const uint8_t *zone, uint32_t ttl, uint32_t minimum, struct buf *out)
{
	static const uint8_t names[] = {1, 'n', 0, 1, 'h', 0};
	struct buf rdata = {0};
	struct rr rr = {zone, TYPE_SOA, ttl, NULL, 0};

	buf_add(&rdata, names, sizeof(names));
	buf_add_u32(&rdata, 1);
	buf_add_u32(&rdata, 7200);
	buf_add_u32(&rdata, 900);
	buf_add_u32(&rdata, 1209600);
	buf_add_u32(&rdata, minimum);
	rr.rdata = rdata.data;
	rr.size = (uint16_t)rdata.size;
	put_rr(&rr, 0, false, out);
	buf_fini(&rdata);
}

/* QR, RD; RA unless authoritative. */
enum { FLAGS = 0x8100, FLAG_RA = 0x0080, FLAG_AA = 0x0400 };

static bool
is_negative(const struct fetched *f, uint16_t type)
{
	const struct rr *last = &f->list[f->n == 0 ? 0 : f->n - 1];

	return f->rcode == RCODE_NXDOMAIN || f->n == 0 ||
	       (last->type == TYPE_CNAME && type != TYPE_CNAME);
}

uint32_t
fetched_ttl(const struct fetched *f, uint16_t type)
{
	uint32_t ttl = is_negative(f, type) ? f->soa_ttl : UINT32_MAX;

	for (size_t i = 0; i < f->n; i++) {
		if (f->list[i].ttl < ttl)
			ttl = f->list[i].ttl;
	}
	return ttl;
}

void
reply_encode(const struct fetched *f, const uint8_t *name, uint16_t type,
    const struct reply_look *look, struct buf *out)
{
	uint16_t flags = look->aa ? FLAGS | FLAG_AA : FLAGS | FLAG_RA;
	bool soa = is_negative(f, type) && !f->no_soa;
	uint32_t soa_ttl =
	    f->soa_ttl > look->age_s ? f->soa_ttl - look->age_s : 0;
	size_t extra = look->shuffled && f->n > 0 ? rand_below(2) : 0;
	size_t n_signed = look->with_signatures ? f->n_signatures : 0;
	uint16_t counts[3] = {(uint16_t)(f->n + extra + n_signed), soa, 1};
	uint16_t order[ZONE_RECORDS_MAX];

	for (size_t i = 0; i < f->n; i++)
		order[i] = (uint16_t)i;
	for (size_t i = f->n; look->shuffled && i > 1; i--) {
		size_t k = rand_below((uint32_t)i);
		uint16_t t = order[i - 1];

		order[i - 1] = order[k];
		order[k] = t;
	}
	put_head(name, type, flags | f->rcode, counts, out);
	for (size_t i = 0; i < f->n; i++)
		put_rr(&f->list[order[i]], look->age_s, look->shuffled, out);
	if (extra > 0)
		put_rr(&f->list[0], look->age_s, look->shuffled, out);
	for (size_t i = 0; i < n_signed; i++)
		put_rr(&f->signatures[i], look->age_s, false, out);
	if (soa)
		put_soa(f->soa_owner, soa_ttl, f->soa_ttl, out);
	put_opt(look->ede, look->instance, out);
	CHECK(out->err == 0 && out->size <= MESSAGE_SIZE_MAX);
}

void
reply_encode_error(const uint8_t *name, uint16_t type, uint16_t rcode,
    bool lame, int32_t ede, struct buf *out)
{
	static const uint8_t root[1] = {0};
	static const uint8_t server[] = {1, 'a', 0};
	const struct rr ns = {root, TYPE_NS, 300, server, sizeof(server)};
	const uint16_t counts[3] = {0, lame, 1};

	put_head(name, type,
	    (uint16_t)((lame ? 0x8000 : FLAGS | FLAG_RA) | rcode), counts, out);
	if (lame)
		put_rr(&ns, 0, false, out);
	put_opt(ede, 0, out);
}

static void
gather(const struct zone *z, const struct zone *over, const uint8_t *name,
    uint16_t type, struct fetched *f)
{
	const struct rrset *set = find(over, name, type);

	if (set == NULL)
		set = find(z, name, type);
	if (set != NULL && set->outcome == OUTCOME_ANSWER && set->type == type)
		add_set(f, set, set->name.wire);
}

void
reply_encode_referral(const struct zone *z, const struct zone *over,
    const uint8_t *cut, const uint8_t *name, uint16_t type, struct buf *out)
{
	static struct fetched f;
	uint16_t counts[3] = {0, 0, 1};

	f.n = 0;
	gather(z, over, cut, TYPE_NS, &f);
	counts[1] = (uint16_t)f.n;
	for (size_t i = 0; i < counts[1]; i++) {
		gather(z, over, f.list[i].rdata, TYPE_A, &f);
		gather(z, over, f.list[i].rdata, TYPE_AAAA, &f);
	}
	counts[2] += (uint16_t)(f.n - counts[1]);
	put_head(name, type, 0x8000, counts, out);
	for (size_t i = 0; i < f.n; i++)
		put_rr(&f.list[i], 0, false, out);
	put_opt(-1, 0, out);
}
