/* SPDX-License-Identifier: ISC */
/*
 * reply -- what an accepted message says about a question.
 *
 * judge() takes every decision that needs no rdata but that of aliases and
 * SOAs; both readers start from it.  They then look at the end records in the
 * same way: of all that are wrong the reason is RECORD before STRINGS before
 * OVERSIZED, so that the order of records does not choose it.
 *
 * One difference is left: only reply_read() asks ldns.  Where ldns refuses a
 * record whose shape is right, reply_sum() still says ANSWER, and its
 * fingerprint is not that of the content; whoever keeps fingerprints keeps
 * those of reply_sum(), and compares contents where they differ.
 */

#include <errno.h>
#include <string.h>

#include "chain_priv.h"
#include "content_priv.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "pair_priv.h"
#include "rdata_priv.h"
#include "wire_priv.h"

const char *
fail_text(enum fail fail)
{
	switch (fail) {
	case FAIL_NOT:
		return "none";
	case FAIL_TIMEOUT:
		return "timeout";
	case FAIL_SERVFAIL:
		return "servfail";
	case FAIL_REFUSED:
		return "refused";
	case FAIL_LAME:
		return "lame";
	case FAIL_BOGUS:
		return "bogus";
	case FAIL_FILTERED:
		return "filtered";
	case FAIL_MALFORMED:
		return "malformed";
	case FAIL_NETWORK:
		return "network";
	}
	return "unknown";
}

enum fail
reply_fail(const struct message *m)
{
	enum { NOTAUTH = 9 };

	/* RFC 8914 4.5, 4.16-4.18: forged, blocked, censored, filtered. */
	if (m->ede == 4 || (m->ede >= 15 && m->ede <= 17))
		return FAIL_FILTERED;
	switch (m->rcode) {
	case RCODE_NOERROR:
	case RCODE_NXDOMAIN:
		return FAIL_NOT;
	case RCODE_SERVFAIL:
		/* RFC 8914 4.7-4.13: what DNSSEC found wrong. */
		return m->ede >= 6 && m->ede <= 12 ? FAIL_BOGUS : FAIL_SERVFAIL;
	case RCODE_REFUSED:
		return FAIL_REFUSED;
	case RCODE_NOTIMP:
	case NOTAUTH:
		return FAIL_LAME;
	default:
		/* YXDOMAIN too: a DNAME that yields too long a name (M3). */
		return FAIL_MALFORMED;
	}
}

/* A message as both readers carry it along. */
struct reading {
	const uint8_t *wire;
	size_t size;
	const struct message *m;
};

/* What the Authority section tells about the name where the chain ends. */
struct authority {
	bool has_soa;
	bool has_ns;
	bool has_root_ns;
	uint32_t ttl; /* min(SOA TTL, SOA MINIMUM), RFC 2308 5 */
	uint32_t serial;
};

/* The five numbers that end the rdata of a good SOA; NULL for another. */
static const uint8_t *
soa_numbers(const struct reading *in, const struct message_record *r)
{
	struct rdata_source s = {.wire = in->wire,
	    .size = in->size,
	    .lowest = WIRE_POINTER_MIN,
	    .at = r->rdata_at,
	    .end = (size_t)r->rdata_at + r->rdata_size};

	if (rdata_look(&s, rdata_layout(TYPE_SOA)->fields) != RDATA_OK)
		return NULL;
	return in->wire + s.end - 20;
}

static void
see_soa(const struct reading *in, const struct message_record *r,
    const struct name *end, struct authority *out)
{
	struct name owner;

	if (out->has_soa)
		return;
	/* The SOA of another zone proves nothing about this name. */
	message_name(in->wire, in->size, r->owner_at, &owner);
	if (!name_is_within(end->wire, owner.wire))
		return;
	const uint8_t *numbers = soa_numbers(in, r);
	if (numbers == NULL)
		return;
	uint32_t minimum = wire_u32(numbers + 16);
	out->has_soa = true;
	out->serial = wire_u32(numbers);
	out->ttl = r->ttl < minimum ? r->ttl : minimum;
}

static void
read_authority(
    const struct reading *in, const struct name *end, struct authority *out)
{
	uint16_t at = in->m->authority_at;
	struct message_record r;

	*out = (struct authority){.has_soa = false};
	for (unsigned n = in->m->n_authority; n > 0; n--, at = r.next_at) {
		message_record(in->wire, in->size, at, &r);
		if (r.class_ != CLASS_IN)
			continue;
		if (r.type == TYPE_SOA)
			see_soa(in, &r, end, out);
		if (r.type != TYPE_NS)
			continue;
		out->has_ns = true;
		if (wire_name_is(in->wire, at, (const uint8_t *)""))
			out->has_root_ns = true;
	}
}

/* What is known before the end records are read. */
struct verdict {
	enum outcome outcome;
	enum unreadable reason;
	enum fail fail;
	bool partial;
	bool has_soa;
	uint32_t ttl;
	uint32_t serial; /* with has_soa */
};

static void
judge_negative(
    const struct reading *in, const struct chain *c, struct verdict *v)
{
	const struct message *m = in->m;
	struct authority authority;

	read_authority(in, chain_end(c), &authority);
	v->outcome = OUTCOME_NODATA;
	v->has_soa = authority.has_soa;
	v->serial = authority.serial;
	if (authority.has_soa && authority.ttl < v->ttl)
		v->ttl = authority.ttl;
	if (v->ttl == UINT32_MAX)
		v->ttl = 0;
	if (m->rcode == RCODE_NXDOMAIN) {
		v->outcome = OUTCOME_NXDOMAIN;
		return;
	}
	if (authority.has_soa || c->is_unsupported)
		return;
	if (c->n_links != 0) {
		/* R7: the chain left what this server is asked about. */
		v->partial = m->aa && !m->ra;
		if (v->partial)
			v->outcome = OUTCOME_ANSWER;
	} else if (authority.has_ns && !m->aa &&
		   (!m->ra || authority.has_root_ns)) {
		v->outcome = OUTCOME_FAIL;
		v->fail = FAIL_LAME;
	}
}

static void
judge(const struct reading *in, struct chain *c, struct verdict *v)
{
	*v = (struct verdict){.outcome = OUTCOME_FAIL};
	v->fail = reply_fail(in->m);
	if (v->fail != FAIL_NOT)
		return;
	chain_follow(in->wire, in->size, in->m, c);
	v->fail = c->fail;
	if (v->fail != FAIL_NOT)
		return;
	v->ttl = c->ttl;
	v->reason = c->reason;
	if (v->reason == UNREADABLE_NOT && c->n_end == 0) {
		judge_negative(in, c, v);
		return;
	}
	if (v->reason == UNREADABLE_NOT && in->m->rcode == RCODE_NXDOMAIN)
		v->reason = UNREADABLE_NXDOMAIN_DATA;
	v->outcome =
	    v->reason == UNREADABLE_NOT ? OUTCOME_ANSWER : OUTCOME_UNREADABLE;
}

/* The worse of what is wrong with end records; see the head of this file. */
static enum unreadable
worse(enum unreadable now, enum record_check check)
{
	if (check == RECORD_OK || now == UNREADABLE_RECORD)
		return now;
	return check == RECORD_STRINGS ? UNREADABLE_STRINGS : UNREADABLE_RECORD;
}

/*
 * The digest of an answer that cannot be taken whole: SHA-256 over the
 * sorted, distinct first halves of the SHA-256 of each Answer record's type
 * and rdata, names expanded and folded as far as its shape is right.  So it
 * does not depend on message id, order, duplicates, TTLs, owners or the
 * letter case of names.  Stored: to change it, raise CONTENT_POLICY.
 */
static void
digest_answer(const struct reading *in, uint8_t out[SHA256_SIZE], uint32_t *ttl)
{
	struct pair halves[CHAIN_RECORDS_MAX];
	uint8_t typed[TYPED_SIZE_MAX];
	uint16_t at = in->m->answer_at;
	struct message_record r;
	size_t n = 0;

	*ttl = UINT32_MAX;
	for (; n < in->m->n_answer; n++, at = r.next_at) {
		size_t size = 0;
		message_record(in->wire, in->size, at, &r);
		wire_put_u16(typed, r.type);
		if (r.class_ == CLASS_IN) {
			(void)record_identity(in->wire, in->size, &r, typed + 2,
			    sizeof typed - 2, &size);
		} else {
			size = r.rdata_size;
			memcpy(typed + 2, in->wire + r.rdata_at, size);
		}
		hash_sha256(typed, size + 2, out);
		halves[n] = (struct pair){.a = 0, .b = 0};
		for (size_t i = 0; i < 8; i++) {
			halves[n].a = halves[n].a << 8 | out[i];
			halves[n].b = halves[n].b << 8 | out[8 + i];
		}
		if (r.ttl < *ttl)
			*ttl = r.ttl;
	}
	pair_sort(halves, n);
	n = pair_unique(halves, n);
	uint8_t *bytes = (uint8_t *)halves;
	for (size_t i = 0; i < n; i++) {
		struct pair half = halves[i];
		wire_put_u64(bytes + 16 * i, half.a);
		wire_put_u64(bytes + 16 * i + 8, half.b);
	}
	hash_sha256(bytes, 16 * n, out);
}

/* Off the chain, of another class, or of a type not asked for (M1, C11). */
static uint16_t
count_offchain(const struct message *m, const struct chain *c)
{
	return c->n_used < m->n_answer ? (uint16_t)(m->n_answer - c->n_used)
	                               : 0;
}

enum {
	FEW = 16,          /* end records of every day */
	SMALL_RDATA = 512, /* and their size, as it is in the message */
	GROWTH_MAX = 2 * NAME_SIZE_MAX /* by the names of one record */
};

/* Type and identity form into `typed`, hashed. */
static uint64_t
hash_into(const struct reading *in, const struct message_record *r,
    const struct hash_key *key, uint8_t *typed, size_t room,
    enum unreadable *reason)
{
	size_t size;
	enum record_check check =
	    record_identity(in->wire, in->size, r, typed + 2, room - 2, &size);

	*reason = worse(*reason, check);
	wire_put_u16(typed, r->type);
	return hash_sip(key, typed, size + 2);
}

APART static uint64_t
hash_large(const struct reading *in, const struct message_record *r,
    const struct hash_key *key, enum unreadable *reason)
{
	uint8_t typed[TYPED_SIZE_MAX];

	return hash_into(in, r, key, typed, sizeof typed, reason);
}

/* Hashes the end records; returns how many distinct there are. */
static size_t
hash_end(const struct reading *in, const struct chain *c,
    const struct hash_key *key, struct pair *hashes, enum unreadable *reason)
{
	uint8_t typed[2 + SMALL_RDATA + GROWTH_MAX];

	for (size_t i = 0; i < c->n_end; i++) {
		struct message_record r;

		message_record(in->wire, in->size, c->end[i], &r);
		hashes[i].b = 0;
		if (r.rdata_size <= SMALL_RDATA)
			hashes[i].a =
			    hash_into(in, &r, key, typed, sizeof typed, reason);
		else
			hashes[i].a = hash_large(in, &r, key, reason);
	}
	pair_sort(hashes, c->n_end);
	size_t n = pair_unique(hashes, c->n_end);
	if (n > CONTENT_RECORDS_MAX && *reason == UNREADABLE_NOT)
		*reason = UNREADABLE_OVERSIZED;
	return n;
}

APART static void
sum_unreadable(const struct reading *in, const struct hash_key *key,
    enum unreadable reason, struct reply_sum *out)
{
	struct content c = {.outcome = OUTCOME_UNREADABLE, .reason = reason};
	struct fingerprint f;

	digest_answer(in, c.digest, &out->ttl);
	fingerprint_start(&f, &c);
	fingerprint_digest(&f, c.digest);
	out->fingerprint = fingerprint_end(&f, key);
	out->outcome = OUTCOME_UNREADABLE;
	out->n_offchain = 0;
}

/* A question being summed up; `hashes` has room for each end record. */
struct summing {
	const struct reading *in;
	const struct hash_key *key;
	const struct verdict *v;
	const struct chain *c;
	struct reply_sum *out;
};

static void
sum_state(const struct summing *s, struct pair *hashes)
{
	const struct chain *c = s->c;
	struct content head;
	enum unreadable reason = UNREADABLE_NOT;
	struct fingerprint f;
	size_t n = hash_end(s->in, c, s->key, hashes, &reason);

	if (reason != UNREADABLE_NOT) {
		sum_unreadable(s->in, s->key, reason, s->out);
		return;
	}
	head.outcome = s->v->outcome;
	head.reason = UNREADABLE_NOT;
	head.partial = s->v->partial;
	head.n_chain = (uint16_t)c->n_links;
	fingerprint_start(&f, &head);
	for (unsigned i = 0; i < c->n_links; i++)
		fingerprint_name(&f, c->links[i].wire, c->links[i].size);
	fingerprint_hashes(&f, hashes, n);
	s->out->fingerprint = fingerprint_end(&f, s->key);
}

APART static void
sum_many(const struct summing *s)
{
	struct pair hashes[CHAIN_RECORDS_MAX];

	sum_state(s, hashes);
}

static void
sum_few(const struct summing *s)
{
	struct pair hashes[FEW];

	sum_state(s, hashes);
}

void
reply_sum(const uint8_t *wire, size_t size, const struct message *m,
    const struct hash_key *key, struct reply_sum *out)
{
	struct reading in = {.wire = wire, .size = size, .m = m};
	struct verdict v;
	struct chain c;

	judge(&in, &c, &v);
	*out = (struct reply_sum){.outcome = v.outcome,
	    .fail = v.fail,
	    .ttl = v.ttl,
	    .has_soa = v.has_soa,
	    .aa = m->aa};
	if (v.outcome == OUTCOME_FAIL) {
		out->ttl = 0;
		return;
	}
	out->n_offchain = count_offchain(m, &c);
	struct summing s = {
	    .in = &in, .key = key, .v = &v, .c = &c, .out = out};
	if (v.outcome == OUTCOME_UNREADABLE)
		sum_unreadable(&in, key, v.reason, out);
	else if (c.n_end <= FEW)
		sum_few(&s);
	else
		sum_many(&s);
}

static int
read_unreadable(
    const struct reading *in, enum unreadable reason, struct reply *out)
{
	out->content =
	    (struct content){.outcome = OUTCOME_UNREADABLE, .reason = reason};
	digest_answer(in, out->content.digest, &out->ttl);
	out->n_offchain = 0;
	return 0;
}

static int
read_chain(const struct chain *c, struct arena *a, struct content *out)
{
	if (c->n_links == 0)
		return 0;
	out->chain = arena_get(a, c->n_links * sizeof out->chain[0]);
	if (out->chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < c->n_links; i++) {
		out->chain[i] =
		    arena_copy(a, c->links[i].wire, c->links[i].size);
		if (out->chain[i] == NULL)
			return -ENOMEM;
	}
	out->n_chain = (uint16_t)c->n_links;
	return 0;
}

/* Where the record is, or belongs, among the sorted ones. */
static bool
find_record(const struct content *c, const struct record *r, size_t *at)
{
	size_t low = 0;
	size_t high = c->n_records;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = record_compare(&c->records[mid], r);
		if (order == 0) {
			*at = mid;
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

/* Keeps a record in its place, once.  0, -ENOMEM. */
static int
keep_record(struct content *c, const struct record *r, struct arena *a,
    enum unreadable *reason)
{
	struct record *records = c->records;
	size_t at;

	if (find_record(c, r, &at)) {
		if (r->ttl < records[at].ttl)
			records[at].ttl = r->ttl;
		return 0;
	}
	if (c->n_records == CONTENT_RECORDS_MAX) {
		if (*reason == UNREADABLE_NOT)
			*reason = UNREADABLE_OVERSIZED;
		return 0;
	}
	memmove(records + at + 1, records + at,
	    (c->n_records - at) * sizeof records[0]);
	records[at] = *r;
	/* One octet at least: nobody then meets a NULL rdata. */
	records[at].rdata = arena_copy(a, r->rdata, r->size + (size_t)1);
	c->n_records++;
	return records[at].rdata == NULL ? -ENOMEM : 0;
}

static void
note_serial(
    const struct reading *in, const struct message_record *r, struct reply *out)
{
	const uint8_t *numbers =
	    r->type == TYPE_SOA ? soa_numbers(in, r) : NULL;

	if (numbers == NULL)
		return;
	out->has_serial = true;
	out->serial = wire_u32(numbers);
}

/* Reads the end records, shape only; the worst of it goes to *reason. */
static int
read_end(const struct reading *in, const struct chain *c, struct arena *a,
    struct reply *out, enum unreadable *reason)
{
	struct content *content = &out->content;
	size_t n_max =
	    c->n_end < CONTENT_RECORDS_MAX ? c->n_end : CONTENT_RECORDS_MAX;
	uint8_t rdata[TYPED_SIZE_MAX];

	if (c->n_end == 0)
		return 0;
	content->records = arena_get(a, n_max * sizeof content->records[0]);
	if (content->records == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_end; i++) {
		struct message_record r;
		size_t size;

		message_record(in->wire, in->size, c->end[i], &r);
		enum record_check check = record_identity(
		    in->wire, in->size, &r, rdata, TYPED_SIZE_MAX - 2, &size);
		*reason = worse(*reason, check);
		note_serial(in, &r, out);
		if (check != RECORD_OK || *reason == UNREADABLE_RECORD)
			continue;
		rdata[size] = 0;
		struct record record = {.type = r.type,
		    .size = (uint16_t)size,
		    .rdata = rdata,
		    .ttl = r.ttl};
		int err = keep_record(content, &record, a, reason);
		if (err != 0)
			return err;
	}
	return 0;
}

/* Where the identity form is not all of the rdata: asks about originals. */
static enum unreadable
ask_about_reduced(const struct reading *in, const struct chain *c)
{
	size_t n =
	    c->n_end < CONTENT_RECORDS_MAX ? c->n_end : CONTENT_RECORDS_MAX;
	uint8_t rdata[TYPED_SIZE_MAX];

	for (size_t i = 0; i < n; i++) {
		struct message_record r;
		size_t size;

		message_record(in->wire, in->size, c->end[i], &r);
		struct rdata_source s = {.wire = in->wire,
		    .size = in->size,
		    .lowest = WIRE_POINTER_MIN,
		    .at = r.rdata_at,
		    .end = (size_t)r.rdata_at + r.rdata_size};
		(void)rdata_expand(&s, rdata_layout(r.type)->fields, rdata,
		    sizeof rdata, &size);
		enum record_check check = record_check(r.type, rdata, size);
		if (check != RECORD_OK)
			return worse(UNREADABLE_NOT, check);
	}
	return UNREADABLE_NOT;
}

/* Asks ldns about each kept record once, however often it was in the answer. */
static enum unreadable
ask_ldns(const struct reading *in, const struct chain *c,
    const struct content *content)
{
	if (rdata_layout(in->m->qtype)->identity != NULL)
		return ask_about_reduced(in, c);
	for (unsigned i = 0; i < content->n_records; i++) {
		const struct record *r = &content->records[i];
		enum record_check check =
		    record_check(r->type, r->rdata, r->size);
		if (check != RECORD_OK)
			return worse(UNREADABLE_NOT, check);
	}
	return UNREADABLE_NOT;
}

static int
read_state(const struct reading *in, const struct chain *c, struct arena *a,
    struct reply *out)
{
	enum unreadable reason = UNREADABLE_NOT;
	int err = read_chain(c, a, &out->content);

	if (err == 0)
		err = read_end(in, c, a, out, &reason);
	if (err != 0)
		return err;
	if (reason == UNREADABLE_NOT)
		reason = ask_ldns(in, c, &out->content);
	if (reason != UNREADABLE_NOT)
		return read_unreadable(in, reason, out);
	return 0;
}

int
reply_read(const uint8_t *wire, size_t size, const struct message *m,
    struct arena *a, struct reply *out)
{
	struct reading in = {.wire = wire, .size = size, .m = m};
	struct verdict v;
	struct chain c;

	judge(&in, &c, &v);
	*out = (struct reply){.fail = v.fail,
	    .ttl = v.ttl,
	    .has_soa = v.has_soa,
	    .aa = m->aa,
	    .ad = m->ad,
	    .ra = m->ra,
	    .ede = m->ede,
	    .has_serial = v.has_soa,
	    .serial = v.serial};
	out->content.outcome = v.outcome;
	out->content.partial = v.partial;
	if (v.outcome == OUTCOME_FAIL) {
		out->ttl = 0;
		return 0;
	}
	out->n_offchain = count_offchain(m, &c);
	out->is_unsupported = c.is_unsupported && c.n_end == 0;
	if (v.outcome == OUTCOME_UNREADABLE)
		return read_unreadable(&in, v.reason, out);
	return read_state(&in, &c, a, out);
}

bool
reply_soa(const uint8_t *wire, size_t size, const struct message *m,
    struct reply_soa *out)
{
	const struct reading in = {.wire = wire, .size = size, .m = m};
	uint16_t at = m->answer_at;
	const uint8_t *p;

	for (uint32_t n = m->n_answer + (uint32_t)m->n_authority; n > 0; n--) {
		struct message_record r;

		message_record(wire, size, at, &r);
		at = r.next_at;
		if (r.type != TYPE_SOA || (p = soa_numbers(&in, &r)) == NULL)
			continue;
		*out = (struct reply_soa){wire_u32(p), wire_u32(p + 4),
		    wire_u32(p + 8), wire_u32(p + 12), wire_u32(p + 16)};
		return true;
	}
	return false;
}
