/* SPDX-License-Identifier: ISC */
/*
 * attribute -- what a reply shows beside what it says.
 *
 * Records are known by halves of the SHA-256 over type and identity form:
 * what is compared here is kept over restarts, so the fast hash with its
 * secret key would not do, and it is computed for few questions.
 */

#include <string.h>

#include "base/hash.h"
#include "chain_priv.h"
#include "dns/attribute.h"
#include "dns/record.h"
#include "dns/type.h"
#include "pair_priv.h"
#include "rdata_priv.h"
#include "signature_priv.h"
#include "svcb_priv.h"
#include "wire_priv.h"

enum { TYPED_MAX = 2 + 65535 + 1, LABELS_MAX = 128 };

static const char *const texts[N_ATTRIBUTES] = {"order", "duplicates", "ttl",
    "case", "serial", "timers", "signature", "ech"};

const char *
attribute_text(enum attribute attribute)
{
	return texts[attribute];
}

bool
attribute_is_of_set(enum attribute attribute)
{
	return attribute == ATTRIBUTE_ORDER || attribute == ATTRIBUTE_CASE ||
	       attribute == ATTRIBUTE_SIGNATURE || attribute == ATTRIBUTE_ECH;
}

/* ---- values ---- */

static void
put_u32(uint8_t *out, uint32_t v)
{
	wire_put_u16(out, (uint16_t)(v >> 16));
	wire_put_u16(out + 2, (uint16_t)v);
}

uint32_t
attribute_number(const uint8_t value[ATTRIBUTE_SIZE], unsigned i)
{
	return wire_u32(value + 4 * (size_t)i);
}

void
attributes_value(const struct attributes *a, enum attribute attribute,
    uint8_t out[ATTRIBUTE_SIZE])
{
	memset(out, 0, ATTRIBUTE_SIZE);
	switch (attribute) {
	case ATTRIBUTE_ORDER:
		memcpy(out, a->order, ATTRIBUTE_SIZE);
		break;
	case ATTRIBUTE_DUPLICATES:
		put_u32(out, a->duplicates);
		break;
	case ATTRIBUTE_TTL:
		put_u32(out, a->ttl);
		break;
	case ATTRIBUTE_CASE:
		memcpy(out, a->letter_case, ATTRIBUTE_SIZE);
		break;
	case ATTRIBUTE_SERIAL:
		put_u32(out, a->serial);
		break;
	case ATTRIBUTE_TIMERS:
		for (size_t i = 0; i < 4; i++)
			put_u32(out + 4 * i, a->timers[i]);
		break;
	case ATTRIBUTE_SIGNATURE:
		memcpy(out, a->signature, ATTRIBUTE_SIZE);
		break;
	case ATTRIBUTE_ECH:
		memcpy(out, a->ech, ATTRIBUTE_SIZE);
		break;
	}
}

/* ---- digests ---- */

struct reading {
	const uint8_t *wire;
	size_t size;
	const struct message *m;
	const struct chain *c;
};

static struct pair
halves_of(const uint8_t *data, size_t size)
{
	uint8_t digest[SHA256_SIZE];
	struct pair halves = {.a = 0, .b = 0};

	hash_sha256(data, size, digest);
	for (size_t i = 0; i < 8; i++) {
		halves.a = halves.a << 8 | digest[i];
		halves.b = halves.b << 8 | digest[8 + i];
	}
	return halves;
}

/* Of `n` pairs in their order; they are written over. */
static void
digest_of(struct pair *pairs, size_t n, uint8_t out[ATTRIBUTE_SIZE])
{
	uint8_t *bytes = (uint8_t *)pairs;
	uint8_t digest[SHA256_SIZE];

	for (size_t i = 0; i < n; i++) {
		struct pair p = pairs[i];

		wire_put_u64(bytes + 16 * i, p.a);
		wire_put_u64(bytes + 16 * i + 8, p.b);
	}
	hash_sha256(bytes, 16 * n, digest);
	memcpy(out, digest, ATTRIBUTE_SIZE);
}

static void
digest_of_set(struct pair *pairs, size_t n, uint8_t out[ATTRIBUTE_SIZE])
{
	pair_sort(pairs, n);
	digest_of(pairs, pair_unique(pairs, n), out);
}

static struct rdata_source
source_of(const struct reading *in, const struct message_record *r)
{
	return (struct rdata_source){.wire = in->wire,
	    .size = in->size,
	    .lowest = WIRE_POINTER_MIN,
	    .at = r->rdata_at,
	    .end = (size_t)r->rdata_at + r->rdata_size};
}

/* False: a record's shape is not right, and the reply is no ANSWER. */
static bool
hash_end(const struct reading *in, struct pair *halves, uint32_t *ttl)
{
	uint8_t typed[TYPED_MAX];

	*ttl = UINT32_MAX;
	for (size_t i = 0; i < in->c->n_end; i++) {
		struct message_record r;
		size_t size;

		message_record(in->wire, in->size, in->c->end[i], &r);
		if (record_identity(in->wire, in->size, &r, typed + 2,
			sizeof(typed) - 2, &size) != RECORD_OK)
			return false;
		wire_put_u16(typed, r.type);
		halves[i] = halves_of(typed, size + 2);
		if (r.ttl < *ttl)
			*ttl = r.ttl;
	}
	return true;
}

/* The sequence of records, each where it first appears. */
static void
read_order(const struct pair *halves, size_t n, struct attributes *out)
{
	struct pair by_record[CHAIN_RECORDS_MAX];
	struct pair sequence[CHAIN_RECORDS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		by_record[i] = (struct pair){.a = halves[i].a, .b = i};
	pair_sort(by_record, n);
	for (size_t i = 0; i < n; i++) {
		/* The first of those that are equal came first. */
		if (i == 0 || by_record[i].a != by_record[i - 1].a)
			sequence[kept++] =
			    (struct pair){.a = by_record[i].b, .b = 0};
	}
	pair_sort(sequence, kept);
	for (size_t i = 0; i < kept; i++)
		sequence[i] = halves[sequence[i].a];
	digest_of(sequence, kept, out->order);
}

/* The records and where the chain led; also counts duplicates. */
static void
read_set(
    const struct reading *in, const struct pair *halves, struct attributes *out)
{
	struct pair set[CHAIN_RECORDS_MAX + CONTENT_CHAIN_MAX];
	size_t n = in->c->n_end;

	memcpy(set, halves, n * sizeof(*set));
	pair_sort(set, n);
	n = pair_unique(set, n);
	out->duplicates = (uint32_t)(in->c->n_end - n);
	for (unsigned i = 0; i < in->c->n_links; i++)
		set[n++] =
		    halves_of(in->c->links[i].wire, in->c->links[i].size);
	digest_of(set, n, out->set);
}

/* ---- SOA ---- */

static void
read_soa(const struct reading *in, struct attributes *out)
{
	struct message_record r;
	const uint8_t *numbers;

	if (in->m->qtype != TYPE_SOA)
		return;
	message_record(in->wire, in->size, in->c->end[0], &r);
	/* The five numbers end it: its shape was looked at. */
	numbers = in->wire + r.rdata_at + r.rdata_size - 20;
	out->serial = wire_u32(numbers);
	for (size_t i = 0; i < 4; i++)
		out->timers[i] = wire_u32(numbers + 4 + 4 * i);
	out->has |= 1u << ATTRIBUTE_SERIAL | 1u << ATTRIBUTE_TIMERS;
}

/* ---- signatures ---- */

static void
read_signature(const struct reading *in, struct attributes *out)
{
	struct pair set[CHAIN_RECORDS_MAX];
	uint8_t rdata[TYPED_MAX];
	uint16_t at = in->m->answer_at;
	struct message_record r;
	size_t n = 0;

	for (unsigned left = in->m->n_answer; left > 0;
	     left--, at = r.next_at) {
		size_t size;

		message_record(in->wire, in->size, at, &r);
		if (!signature_is_of(in->wire, in->size, in->m, in->c, &r))
			continue;
		struct rdata_source s = source_of(in, &r);
		(void)rdata_expand(&s, rdata_layout(r.type)->fields, rdata,
		    sizeof(rdata), &size);
		set[n++] = halves_of(rdata, size);
	}
	if (n == 0)
		return;
	digest_of_set(set, n, out->signature);
	out->has |= 1u << ATTRIBUTE_SIGNATURE;
}

/* ---- ech ---- */

/* The values of `ech`, whole, of records whose shape was looked at. */
static void
read_ech(const struct reading *in, struct attributes *out)
{
	struct pair set[CHAIN_RECORDS_MAX];
	uint8_t rdata[TYPED_MAX];
	size_t n = 0;

	if (in->m->qtype != TYPE_HTTPS && in->m->qtype != TYPE_SVCB)
		return;
	for (size_t i = 0; i < in->c->n_end; i++) {
		struct message_record r;
		const uint8_t *value;
		size_t size;

		message_record(in->wire, in->size, in->c->end[i], &r);
		struct rdata_source s = source_of(in, &r);
		(void)rdata_expand(&s, rdata_layout(r.type)->fields, rdata,
		    sizeof(rdata), &size);
		value = svcb_ech(rdata, size, &size);
		if (value != NULL)
			set[n++] = halves_of(value, size);
	}
	if (n == 0)
		return;
	digest_of_set(set, n, out->ech);
	out->has |= 1u << ATTRIBUTE_ECH;
}

/* ---- letter case ---- */

/* A name as it is spelled, label by label. */
struct spelled {
	struct name name;
	unsigned n_labels; /* the root's is not counted */
	uint8_t at[LABELS_MAX];
	bool asked[LABELS_MAX]; /* the label stands in the question itself */
};

/* The walk has seen the name: what it is made of is there. */
static void
spell(const struct reading *in, size_t at, struct spelled *out)
{
	size_t total = 0;

	out->n_labels = 0;
	while (in->wire[at] != 0) {
		size_t len = in->wire[at];

		if (len >= 0xc0) {
			at = (len & 0x3f) << 8 | in->wire[at + 1];
			continue;
		}
		out->at[out->n_labels] = (uint8_t)total;
		out->asked[out->n_labels++] = at < in->m->answer_at;
		memcpy(out->name.wire + total, in->wire + at, len + 1);
		if (at < in->m->answer_at)
			name_fold(out->name.wire + total, len + 1);
		total += len + 1;
		at += len + 1;
	}
	out->name.wire[total++] = 0;
	out->name.size = (uint8_t)total;
}

/* The first label of what the name has in common with the end of `other`. */
static unsigned
common_from(const struct spelled *s, const uint8_t *other)
{
	unsigned i = 0;

	while (
	    i < s->n_labels && !name_is_within(other, s->name.wire + s->at[i]))
		i++;
	return i;
}

static void
fold_common(struct spelled *s, const uint8_t *other)
{
	unsigned i = common_from(s, other);

	if (i < s->n_labels)
		name_fold(
		    s->name.wire + s->at[i], (size_t)(s->name.size - s->at[i]));
}

static bool
has_capital(const uint8_t *label)
{
	for (size_t i = 1; i <= *label; i++) {
		if (label[i] != wire_lower(label[i]))
			return true;
	}
	return false;
}

/* May the server have copied a label out of our question? */
static bool
may_be_ours(const struct spelled *s, const struct spelled *sent)
{
	for (unsigned i = common_from(s, sent->name.wire); i < s->n_labels;
	     i++) {
		const uint8_t *label = s->name.wire + s->at[i];
		size_t behind = (size_t)(s->name.size - s->at[i]);
		const uint8_t *ours =
		    sent->name.wire + sent->name.size - behind;

		if (!s->asked[i] && has_capital(label) &&
		    memcmp(label, ours, *label + (size_t)1) == 0)
			return true;
	}
	return false;
}

/* What is gathered of one record. */
struct spelling {
	const struct reading *in;
	struct spelled sent;
	uint8_t bytes[16 + 4 * NAME_SIZE_MAX];
	size_t size;
	bool unknown;
};

static void
add_name(struct spelling *g, size_t at)
{
	struct spelled s;

	spell(g->in, at, &s);
	if (!g->in->m->aa) {
		fold_common(&s, g->sent.name.wire);
		fold_common(&s, chain_end(g->in->c)->wire);
	} else if (may_be_ours(&s, &g->sent)) {
		g->unknown = true;
	}
	if (g->size + s.name.size > sizeof(g->bytes))
		return; /* no type has so many names */
	memcpy(g->bytes + g->size, s.name.wire, s.name.size);
	g->size += s.name.size;
}

/* Octets of a field that is no name; SIZE_MAX: no name comes behind it. */
static size_t
field_size(char field, const uint8_t *at)
{
	switch (field) {
	case 'b':
		return 1;
	case 'h':
	case 'T':
		return 2;
	case 'w':
		return 4;
	case 's':
		return (size_t)*at + 1;
	default:
		return SIZE_MAX;
	}
}

/* The names in the rdata of a record whose shape was looked at. */
static void
add_names(struct spelling *g, const struct message_record *r)
{
	const char *fields = rdata_layout(r->type)->fields;
	size_t end = (size_t)r->rdata_at + r->rdata_size;
	size_t at = r->rdata_at;

	for (; fields != NULL && *fields != '\0' && at < end; fields++) {
		size_t step;

		if (*fields == 'n' || *fields == 'k') {
			add_name(g, at);
			at = wire_name_skip(g->in->wire, at);
			continue;
		}
		step = field_size(*fields, g->in->wire + at);
		if (step == SIZE_MAX)
			return;
		at += step;
	}
}

static void
read_case(
    const struct reading *in, const struct pair *halves, struct attributes *out)
{
	struct pair set[CHAIN_RECORDS_MAX];
	struct spelling g = {.in = in};
	const uint8_t *question = in->wire + in->m->question_at;

	g.sent.name.size = (uint8_t)name_size(question);
	memcpy(g.sent.name.wire, question, g.sent.name.size);
	for (size_t i = 0; i < in->c->n_end; i++) {
		struct message_record r;

		message_record(in->wire, in->size, in->c->end[i], &r);
		wire_put_u64(g.bytes, halves[i].a);
		wire_put_u64(g.bytes + 8, halves[i].b);
		g.size = 16;
		if (in->m->aa)
			add_name(&g, r.owner_at);
		add_names(&g, &r);
		set[i] = halves_of(g.bytes, g.size);
	}
	if (g.unknown)
		return;
	digest_of_set(set, in->c->n_end, out->letter_case);
	out->has |= 1u << ATTRIBUTE_CASE;
}

/* ---- all ---- */

APART static void
read_records(const struct reading *in, unsigned wanted, struct attributes *out)
{
	struct pair halves[CHAIN_RECORDS_MAX];

	if (!hash_end(in, halves, &out->ttl))
		return;
	out->has = 1u << ATTRIBUTE_TTL | 1u << ATTRIBUTE_ORDER |
	           1u << ATTRIBUTE_DUPLICATES;
	read_set(in, halves, out);
	if ((wanted & 1u << ATTRIBUTE_ORDER) != 0)
		read_order(halves, in->c->n_end, out);
	if ((wanted & 1u << ATTRIBUTE_CASE) != 0)
		read_case(in, halves, out);
	if ((wanted & 1u << ATTRIBUTE_SIGNATURE) != 0)
		read_signature(in, out);
	if ((wanted & 1u << ATTRIBUTE_ECH) != 0)
		read_ech(in, out);
	read_soa(in, out);
	out->has &= (uint8_t)wanted;
}

void
attributes_read(const uint8_t *wire, size_t size, const struct message *m,
    unsigned wanted, struct attributes *out)
{
	struct chain c;
	struct reading in = {.wire = wire, .size = size, .m = m, .c = &c};

	*out = (struct attributes){.has = 0};
	if (m->rcode != RCODE_NOERROR)
		return;
	chain_follow(wire, size, m, &c);
	if (c.fail == FAIL_NOT && c.reason == UNREADABLE_NOT && c.n_end != 0)
		read_records(&in, wanted, out);
}
