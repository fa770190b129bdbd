/* SPDX-License-Identifier: ISC */
/*
 * content -- what a reply says, packed, compared, and its fingerprint.
 *
 * The packed form, integers in network order:
 *
 *   policy, outcome, reason, flags (1: partial)   one octet each
 *   digest                                        32, only if UNREADABLE
 *   number of links, then the targets             one octet; folded names
 *   number of records                             two
 *   each: type, size, rdata                       two, two, size
 *
 * There is one packed form of a content, and content_unpack() refuses every
 * other one: records sorted and each once, names folded, no octet left over.
 *
 * Policy 1 had SVCB and HTTPS records with the whole of `ech`; what is read
 * of it is made what policy 2 says of the same answer.
 *
 * To change it: raise CONTENT_POLICY, branch on the first octet in unpack,
 * and keep the old branch for as long as databases of that time are read.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "content_priv.h"
#include "dns/record.h"
#include "svcb_priv.h"
#include "wire_priv.h"

enum { FLAG_PARTIAL = 1, POLICY_WHOLE_ECH = 1 };

const char *
outcome_text(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NONE:
		return "NONE";
	case OUTCOME_ANSWER:
		return "ANSWER";
	case OUTCOME_NODATA:
		return "NODATA";
	case OUTCOME_NXDOMAIN:
		return "NXDOMAIN";
	case OUTCOME_UNREADABLE:
		return "UNREADABLE";
	case OUTCOME_FAIL:
		return "FAIL";
	}
	return "UNKNOWN";
}

const char *
unreadable_text(enum unreadable reason)
{
	switch (reason) {
	case UNREADABLE_NOT:
		return "readable";
	case UNREADABLE_OVERSIZED:
		return "too many records";
	case UNREADABLE_RECORD:
		return "malformed record";
	case UNREADABLE_LOOP:
		return "alias loop";
	case UNREADABLE_CHAIN:
		return "alias chain too long";
	case UNREADABLE_ALIASES:
		return "alias beside another alias or data";
	case UNREADABLE_STRINGS:
		return "too many strings in a record";
	case UNREADABLE_NXDOMAIN_DATA:
		return "NXDOMAIN with data";
	}
	return "unknown reason";
}

int
record_compare(const struct record *a, const struct record *b)
{
	size_t common = a->size < b->size ? a->size : b->size;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	int order = common == 0 ? 0 : memcmp(a->rdata, b->rdata, common);
	if (order != 0)
		return order;
	return (a->size > b->size) - (a->size < b->size);
}

bool
record_equal(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->size == b->size &&
	       (a->size == 0 || memcmp(a->rdata, b->rdata, a->size) == 0);
}

void
content_pack(const struct content *c, struct buf *out)
{
	/* A FAIL is no state; who packs one would store it as one (R3). */
	CHECK(c->outcome != OUTCOME_FAIL);
	buf_add_u8(out, CONTENT_POLICY);
	buf_add_u8(out, (uint8_t)c->outcome);
	buf_add_u8(out, (uint8_t)c->reason);
	buf_add_u8(out, c->partial ? FLAG_PARTIAL : 0);
	if (c->outcome == OUTCOME_UNREADABLE)
		buf_add(out, c->digest, sizeof c->digest);
	buf_add_u8(out, (uint8_t)c->n_chain);
	for (unsigned i = 0; i < c->n_chain; i++)
		buf_add(out, c->chain[i], name_size(c->chain[i]));
	buf_add_u16(out, c->n_records);
	for (unsigned i = 0; i < c->n_records; i++) {
		buf_add_u16(out, c->records[i].type);
		buf_add_u16(out, c->records[i].size);
		buf_add(out, c->records[i].rdata, c->records[i].size);
	}
}

/* Packed bytes being read. */
struct unpack {
	const uint8_t *data;
	size_t left;
	struct arena *arena;
	struct content *out;
	uint8_t policy;
};

/* The next octets, or NULL when there are not so many. */
static const uint8_t *
next_octets(struct unpack *u, size_t size)
{
	const uint8_t *p = u->data;

	if (u->left < size)
		return NULL;
	u->data += size;
	u->left -= size;
	return p;
}

static int
unpack_header(struct unpack *u)
{
	const uint8_t *p = next_octets(u, 4);
	struct content *c = u->out;

	if (p == NULL || (p[0] != CONTENT_POLICY && p[0] != POLICY_WHOLE_ECH) ||
	    p[1] >= OUTCOME_FAIL || p[2] > UNREADABLE_NXDOMAIN_DATA ||
	    p[3] > FLAG_PARTIAL)
		return ERR_SYNTAX;
	u->policy = p[0];
	c->outcome = (enum outcome)p[1];
	c->reason = (enum unreadable)p[2];
	c->partial = p[3] == FLAG_PARTIAL;
	if ((c->outcome == OUTCOME_UNREADABLE) != (c->reason != UNREADABLE_NOT))
		return ERR_SYNTAX;
	if (c->outcome != OUTCOME_UNREADABLE)
		return 0;
	p = next_octets(u, sizeof c->digest);
	if (p == NULL)
		return ERR_SYNTAX;
	memcpy(c->digest, p, sizeof c->digest);
	return 0;
}

static bool
is_folded(const uint8_t *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (wire_lower(name[i]) != name[i])
			return false;
	}
	return true;
}

static int
unpack_chain(struct unpack *u)
{
	const uint8_t *p = next_octets(u, 1);
	struct content *c = u->out;

	if (p == NULL || *p > CONTENT_CHAIN_MAX)
		return ERR_SYNTAX;
	c->n_chain = *p;
	if (c->n_chain == 0)
		return 0;
	c->chain = arena_get(u->arena, c->n_chain * sizeof c->chain[0]);
	if (c->chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < c->n_chain; i++) {
		size_t size =
		    wire_name(u->data, u->left, 0, WIRE_NO_POINTER, NULL);
		if (size == 0 || !is_folded(u->data, size))
			return ERR_SYNTAX;
		c->chain[i] = next_octets(u, size);
	}
	return 0;
}

static int
unpack_record(struct unpack *u, struct record *out)
{
	const uint8_t *p = next_octets(u, 4);

	if (p == NULL)
		return ERR_SYNTAX;
	out->type = wire_u16(p);
	out->size = wire_u16(p + 2);
	out->rdata = next_octets(u, out->size);
	out->ttl = 0;
	return out->rdata == NULL ? ERR_SYNTAX : 0;
}

static int
unpack_records(struct unpack *u)
{
	const uint8_t *p = next_octets(u, 2);
	struct content *c = u->out;

	if (p == NULL || wire_u16(p) > CONTENT_RECORDS_MAX)
		return ERR_SYNTAX;
	c->n_records = wire_u16(p);
	if (c->n_records == 0)
		return 0;
	c->records = arena_get(u->arena, c->n_records * sizeof c->records[0]);
	if (c->records == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < c->n_records; i++) {
		int err = unpack_record(u, &c->records[i]);
		if (err != 0)
			return err;
		if (i > 0 &&
		    record_compare(&c->records[i - 1], &c->records[i]) >= 0)
			return ERR_SYNTAX;
	}
	return 0;
}

static int
by_identity(const void *a, const void *b)
{
	return record_compare(a, b);
}

/* What policy 1 has of records with `ech`, as policy 2 would have it. */
static int
renew_records(struct unpack *u)
{
	struct content *c = u->out;
	uint16_t n = 0;

	for (unsigned i = 0; i < c->n_records; i++) {
		struct record *r = &c->records[i];
		uint8_t *rdata;

		if (record_ech(r, NULL) != RECORD_ECH_GOOD)
			continue;
		rdata = arena_copy(u->arena, r->rdata, r->size);
		if (rdata == NULL)
			return -ENOMEM;
		r->size = (uint16_t)svcb_reduce(rdata, r->size);
		r->rdata = rdata;
	}
	if (c->n_records > 0)
		qsort(c->records, c->n_records, sizeof c->records[0],
		    by_identity);
	for (unsigned i = 0; i < c->n_records; i++) {
		if (n == 0 || !record_equal(&c->records[n - 1], &c->records[i]))
			c->records[n++] = c->records[i];
	}
	c->n_records = n;
	return 0;
}

int
content_unpack(
    const uint8_t *data, size_t size, struct arena *a, struct content *out)
{
	struct unpack u = {.data = data, .left = size, .arena = a, .out = out};
	int err;

	memset(out, 0, sizeof *out);
	err = unpack_header(&u);
	if (err == 0)
		err = unpack_chain(&u);
	if (err == 0)
		err = unpack_records(&u);
	if (err == 0 && u.left != 0)
		err = ERR_SYNTAX;
	if (err == 0 && u.policy == POLICY_WHOLE_ECH)
		err = renew_records(&u);
	return err;
}

bool
content_equal(const struct content *a, const struct content *b)
{
	if (a->outcome != b->outcome || a->reason != b->reason ||
	    a->partial != b->partial || a->n_chain != b->n_chain ||
	    a->n_records != b->n_records)
		return false;
	if (a->outcome == OUTCOME_UNREADABLE &&
	    memcmp(a->digest, b->digest, sizeof a->digest) != 0)
		return false;
	for (unsigned i = 0; i < a->n_chain; i++) {
		if (!name_equal(a->chain[i], b->chain[i]))
			return false;
	}
	for (unsigned i = 0; i < a->n_records; i++) {
		if (!record_equal(&a->records[i], &b->records[i]))
			return false;
	}
	return true;
}

static int
copy_chain(const struct content *c, struct arena *a, struct content *out)
{
	if (c->n_chain == 0)
		return 0;
	out->chain = arena_get(a, c->n_chain * sizeof out->chain[0]);
	if (out->chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < c->n_chain; i++) {
		out->chain[i] =
		    arena_copy(a, c->chain[i], name_size(c->chain[i]));
		if (out->chain[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
content_copy(const struct content *c, struct arena *a, struct content *out)
{
	int err;

	*out = *c;
	out->chain = NULL;
	out->records = NULL;
	err = copy_chain(c, a, out);
	if (err != 0 || c->n_records == 0)
		return err;
	out->records =
	    arena_copy(a, c->records, c->n_records * sizeof c->records[0]);
	if (out->records == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < c->n_records; i++) {
		struct record *r = &out->records[i];
		if (r->size == 0)
			continue;
		r->rdata = arena_copy(a, r->rdata, r->size);
		if (r->rdata == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void
add(struct fingerprint *f, const void *data, size_t size)
{
	CHECK(size <= sizeof f->data - f->size);
	memcpy(f->data + f->size, data, size);
	f->size += size;
}

void
fingerprint_start(struct fingerprint *f, const struct content *c)
{
	f->size = 4;
	f->data[0] = (uint8_t)c->outcome;
	f->data[1] = (uint8_t)c->reason;
	f->data[2] = c->partial;
	f->data[3] = (uint8_t)c->n_chain;
}

void
fingerprint_name(struct fingerprint *f, const uint8_t *name, size_t size)
{
	add(f, name, size);
}

void
fingerprint_digest(struct fingerprint *f, const uint8_t *digest)
{
	add(f, digest, SHA256_SIZE);
}

void
fingerprint_hashes(struct fingerprint *f, const struct pair *hashes, size_t n)
{
	/* In the machine's order: a fingerprint never leaves the process. */
	for (size_t i = 0; i < n; i++)
		add(f, &hashes[i].a, sizeof hashes[i].a);
}

uint64_t
fingerprint_end(const struct fingerprint *f, const struct hash_key *key)
{
	uint64_t hash = hash_sip(key, f->data, f->size);

	return hash == 0 ? 1 : hash;
}

uint64_t
content_fingerprint(const struct content *c, const struct hash_key *key)
{
	struct pair hashes[CONTENT_RECORDS_MAX];
	uint8_t typed[TYPED_SIZE_MAX];
	struct fingerprint f;

	CHECK(c->n_records <= CONTENT_RECORDS_MAX);
	CHECK(c->n_chain <= CONTENT_CHAIN_MAX);
	fingerprint_start(&f, c);
	for (unsigned i = 0; i < c->n_chain; i++)
		fingerprint_name(&f, c->chain[i], name_size(c->chain[i]));
	if (c->outcome == OUTCOME_UNREADABLE)
		fingerprint_digest(&f, c->digest);
	for (unsigned i = 0; i < c->n_records; i++) {
		const struct record *r = &c->records[i];
		wire_put_u16(typed, r->type);
		if (r->size != 0)
			memcpy(typed + 2, r->rdata, r->size);
		hashes[i] = (struct pair){
		    .a = hash_sip(key, typed, (size_t)r->size + 2), .b = 0};
	}
	pair_sort(hashes, c->n_records);
	fingerprint_hashes(&f, hashes, pair_unique(hashes, c->n_records));
	return fingerprint_end(&f, key);
}
