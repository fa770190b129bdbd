/* SPDX-License-Identifier: ISC */

#include "dns/signature.h"

#include "dns/reply.h"
#include "dns/type.h"
#include "rdata_priv.h"
#include "signature_priv.h"
#include "wire_priv.h"

/* Offsets in the rdata of an RRSIG (RFC 4034 3.1). */
enum {
	AT_COVERED = 0,
	AT_ALGORITHM = 2,
	AT_EXPIRATION = 8,
	AT_INCEPTION = 12,
	AT_KEY_TAG = 16,
	AT_SIGNER = 18
};

bool
signature_is_of(const uint8_t *wire, size_t size, const struct message *m,
    const struct chain *c, const struct message_record *r)
{
	struct rdata_source s = {.wire = wire,
	    .size = size,
	    .lowest = WIRE_POINTER_MIN,
	    .at = r->rdata_at,
	    .end = (size_t)r->rdata_at + r->rdata_size};

	if (r->class_ != CLASS_IN || r->type != TYPE_RRSIG ||
	    rdata_look(&s, rdata_layout(r->type)->fields) != RDATA_OK)
		return false;
	if (m->qtype != TYPE_RRSIG &&
	    wire_u16(wire + r->rdata_at + AT_COVERED) != m->qtype)
		return false;
	return wire_name_is(wire, r->owner_at, chain_end(c)->wire);
}

/* RFC 1982: of all times with these 32 bits the one nearest to `by`. */
static int64_t
time_near(int64_t by, uint32_t bits)
{
	return by + (int32_t)(bits - (uint32_t)by);
}

/* False: it says nothing that could be. */
static bool
read_one(const uint8_t *wire, size_t size, const struct message_record *r,
    int64_t now, struct signature *out)
{
	const uint8_t *rdata = wire + r->rdata_at;
	struct name owner;

	out->covers = wire_u16(rdata + AT_COVERED);
	out->algorithm = rdata[AT_ALGORITHM];
	out->key_tag = wire_u16(rdata + AT_KEY_TAG);
	out->expires = time_near(now, wire_u32(rdata + AT_EXPIRATION));
	out->inception =
	    time_near(out->expires, wire_u32(rdata + AT_INCEPTION));
	if (out->inception >= out->expires)
		return false;
	message_name(
	    wire, size, (uint16_t)(r->rdata_at + AT_SIGNER), &out->signer);
	message_name(wire, size, r->owner_at, &owner);
	return name_is_within(owner.wire, out->signer.wire);
}

static bool
is_same_key(const struct signature *a, const struct signature *b)
{
	return a->key_tag == b->key_tag && a->algorithm == b->algorithm &&
	       name_equal(a->signer.wire, b->signer.wire);
}

static void
add(struct signature *keys, unsigned *n, const struct signature *s)
{
	unsigned i = 0;

	while (i < *n && !is_same_key(&keys[i], s))
		i++;
	if (i == SIGNATURE_KEYS_MAX)
		return;
	if (i == *n)
		(*n)++;
	else if (keys[i].expires >= s->expires)
		return;
	keys[i] = *s;
}

static void
read_all(const uint8_t *wire, size_t size, const struct message *m,
    const struct chain *c, int64_t now, struct signatures *out)
{
	struct signature keys[SIGNATURE_KEYS_MAX];
	struct message_record r;
	uint16_t at = m->answer_at;

	for (unsigned left = m->n_answer; left > 0; left--, at = r.next_at) {
		struct signature s;

		message_record(wire, size, at, &r);
		if (signature_is_of(wire, size, m, c, &r) &&
		    read_one(wire, size, &r, now, &s))
			add(keys, &out->n_keys, &s);
	}
	for (unsigned i = 0; i < out->n_keys; i++) {
		if (i == 0 || keys[i].expires < out->first.expires)
			out->first = keys[i];
		if (i == 0 || keys[i].expires > out->last_expires)
			out->last_expires = keys[i].expires;
	}
}

void
signatures_read(const uint8_t *wire, size_t size, const struct message *m,
    int64_t now, struct signatures *out)
{
	struct chain c;

	*out = (struct signatures){.n_keys = 0};
	if (m->rcode != RCODE_NOERROR)
		return;
	chain_follow(wire, size, m, &c);
	if (c.fail == FAIL_NOT && c.reason == UNREADABLE_NOT && c.n_end != 0)
		read_all(wire, size, m, &c, now, out);
}
