/* SPDX-License-Identifier: ISC */
/*
 * message -- the strict walk over one DNS message, and building a question.
 *
 * The walk looks at every record of every section, also at those that nobody
 * will ask for: a message that is wrong anywhere is wrong (C3, C4).  Only in
 * records of another class than IN, and of types that are unknown or no data,
 * the rdata is taken as octets; nothing reads those.
 */

#include <string.h>

#include "dns/message.h"
#include "dns/type.h"
#include "rdata_priv.h"
#include "wire_priv.h"

enum {
	RECORD_FIXED_SIZE = 10, /* type, class, TTL, RDLENGTH */
	OPTION_NSID = 3,
	OPTION_PADDING = 12,
	OPTION_EDE = 15
};

const char *
message_fault_text(enum message_fault fault)
{
	switch (fault) {
	case MESSAGE_OK:
		return "no fault";
	case MESSAGE_SHORT:
		return "shorter than its counts promise";
	case MESSAGE_BAD_NAME:
		return "malformed name";
	case MESSAGE_TRAILING:
		return "bytes after the last record";
	case MESSAGE_BAD_OPT:
		return "malformed or misplaced OPT";
	case MESSAGE_TSIG:
		return "signature that was not asked for";
	case MESSAGE_BAD_RDATA:
		return "rdata does not fit its length";
	case MESSAGE_QUESTIONS:
		return "not exactly one question";
	}
	return "unknown fault";
}

/* A message being walked. */
struct walk {
	const uint8_t *wire;
	size_t size;
	struct message *m;
	bool additional; /* in the only section where an OPT may be */
};

static void
read_header(const uint8_t *wire, struct message *m)
{
	m->id = wire_u16(wire);
	m->flags = wire_u16(wire + 2);
	m->qr = (m->flags & 0x8000) != 0;
	m->opcode = m->flags >> 11 & 15;
	m->aa = (m->flags & 0x0400) != 0;
	m->tc = (m->flags & 0x0200) != 0;
	m->ra = (m->flags & 0x0080) != 0;
	m->ad = (m->flags & 0x0020) != 0;
	m->rcode = m->flags & 15;
	m->n_question = wire_u16(wire + 4);
	m->n_answer = wire_u16(wire + 6);
	m->n_authority = wire_u16(wire + 8);
	m->n_additional = wire_u16(wire + 10);
}

/*
 * Of several Extended DNS Errors one is kept: what makes the reply a FAIL
 * goes before staleness, and that before what only explains.
 */
static int
ede_rank(int32_t code)
{
	if (code == 4 || (code >= 15 && code <= 17))
		return 3;
	if (code >= 6 && code <= 12)
		return 3;
	if (code == 3 || code == 19)
		return 2;
	return code < 0 ? 0 : 1;
}

static void
keep_ede(struct walk *w, size_t at, size_t size)
{
	struct message *m = w->m;

	if (size < 2)
		return;
	int32_t code = wire_u16(w->wire + at);
	if (ede_rank(code) <= ede_rank(m->ede))
		return;
	m->ede = code;
	m->ede_text_at = (uint16_t)(at + 2);
	m->ede_text_size = (uint16_t)(size - 2);
}

/* The first counts, also where it is too long to be kept. */
static void
keep_nsid(struct walk *w, size_t at, size_t size)
{
	struct message *m = w->m;

	if (m->nsid_at != 0)
		return;
	m->nsid_at = (uint16_t)at;
	m->nsid_size = size <= MESSAGE_NSID_MAX ? (uint16_t)size : 0;
}

static enum message_fault
walk_opt(struct walk *w, const struct message_record *r)
{
	struct message *m = w->m;
	size_t at = r->rdata_at;
	size_t end = at + r->rdata_size;

	if (!w->additional || m->has_opt || w->wire[r->owner_at] != 0)
		return MESSAGE_BAD_OPT;
	m->has_opt = true;
	m->opt_udp_size = r->class_;
	/* Not r->ttl: the sign bit belongs to the extended RCODE here. */
	m->rcode |= (uint16_t)(w->wire[r->rdata_at - 6] << 4);
	while (at < end) {
		if (end - at < 4)
			return MESSAGE_BAD_OPT;
		uint16_t code = wire_u16(w->wire + at);
		size_t size = wire_u16(w->wire + at + 2);
		at += 4;
		if (size > end - at)
			return MESSAGE_BAD_OPT;
		if (code == OPTION_EDE)
			keep_ede(w, at, size);
		if (code == OPTION_NSID)
			keep_nsid(w, at, size);
		at += size;
	}
	return MESSAGE_OK;
}

static enum message_fault
walk_rdata(struct walk *w, const struct message_record *r)
{
	struct rdata_source s = {.wire = w->wire,
	    .size = w->size,
	    .lowest = WIRE_POINTER_MIN,
	    .at = r->rdata_at,
	    .end = (size_t)r->rdata_at + r->rdata_size};

	if (r->type == TYPE_A && r->rdata_size == 4)
		return MESSAGE_OK;
	if (!type_is_data(r->type))
		return MESSAGE_OK;
	switch (rdata_look(&s, rdata_layout(r->type)->fields)) {
	case RDATA_OK:
	case RDATA_BAD:     /* this record only (C5) */
	case RDATA_STRINGS: /* this record only (C7) */
		return MESSAGE_OK;
	case RDATA_RUNAWAY:
		return MESSAGE_BAD_RDATA;
	case RDATA_NAME:
		return MESSAGE_BAD_NAME;
	}
	return MESSAGE_BAD_RDATA;
}

static void
read_fixed(const uint8_t *wire, size_t at, struct message_record *out)
{
	out->type = wire_u16(wire + at);
	out->class_ = wire_u16(wire + at + 2);
	out->ttl = wire_u32(wire + at + 4);
	if (out->ttl > INT32_MAX)
		out->ttl = 0; /* RFC 2181 8 */
	out->rdata_at = (uint16_t)(at + RECORD_FIXED_SIZE);
	out->rdata_size = wire_u16(wire + at + 8);
	out->next_at = (uint16_t)(out->rdata_at + out->rdata_size);
}

static enum message_fault
walk_record(struct walk *w, size_t *at)
{
	struct message_record r;
	size_t fixed = wire_name(w->wire, w->size, *at, WIRE_POINTER_MIN, NULL);

	if (*at >= w->size)
		return MESSAGE_SHORT;
	if (fixed == 0)
		return MESSAGE_BAD_NAME;
	if (w->size - fixed < RECORD_FIXED_SIZE)
		return MESSAGE_SHORT;
	r.owner_at = (uint16_t)*at;
	read_fixed(w->wire, fixed, &r);
	if (w->size - r.rdata_at < r.rdata_size)
		return MESSAGE_SHORT;
	*at = (size_t)r.rdata_at + r.rdata_size;
	if (r.type == TYPE_OPT)
		return walk_opt(w, &r);
	if (r.type == TYPE_TSIG)
		return MESSAGE_TSIG;
	/* A SIG that covers type 0 is SIG(0), RFC 2931 3. */
	if (r.type == TYPE_SIG && r.rdata_size >= 2 &&
	    wire_u16(w->wire + r.rdata_at) == 0)
		return MESSAGE_TSIG;
	return r.class_ == CLASS_IN ? walk_rdata(w, &r) : MESSAGE_OK;
}

static enum message_fault
walk_section(struct walk *w, unsigned n, size_t *at)
{
	for (; n > 0; n--) {
		enum message_fault fault = walk_record(w, at);
		if (fault != MESSAGE_OK)
			return fault;
	}
	return MESSAGE_OK;
}

static enum message_fault
walk_question(struct walk *w, size_t *at)
{
	struct message *m = w->m;
	size_t next = wire_name(w->wire, w->size, *at, WIRE_POINTER_MIN, NULL);

	if (*at >= w->size)
		return MESSAGE_SHORT;
	if (next == 0)
		return MESSAGE_BAD_NAME;
	if (w->size - next < 4)
		return MESSAGE_SHORT;
	m->question_at = (uint16_t)*at;
	m->qtype = wire_u16(w->wire + next);
	m->qclass = wire_u16(w->wire + next + 2);
	*at = next + 4;
	return MESSAGE_OK;
}

enum message_fault
message_walk(const uint8_t *wire, size_t size, struct message *out)
{
	struct walk w = {.wire = wire, .size = size, .m = out};
	size_t at = MESSAGE_HEADER_SIZE;
	enum message_fault fault;

	*out = (struct message){.ede = -1};
	if (size < MESSAGE_HEADER_SIZE)
		return MESSAGE_SHORT;
	read_header(wire, out);
	if (size > MESSAGE_SIZE_MAX)
		return MESSAGE_TRAILING;
	if (out->n_question != 1)
		return MESSAGE_QUESTIONS;
	fault = walk_question(&w, &at);
	if (fault != MESSAGE_OK)
		return fault;
	out->answer_at = (uint16_t)at;
	fault = walk_section(&w, out->n_answer, &at);
	if (fault != MESSAGE_OK)
		return fault;
	out->authority_at = (uint16_t)at;
	fault = walk_section(&w, out->n_authority, &at);
	if (fault != MESSAGE_OK)
		return fault;
	out->additional_at = (uint16_t)at;
	w.additional = true;
	fault = walk_section(&w, out->n_additional, &at);
	if (fault != MESSAGE_OK)
		return fault;
	return at == size ? MESSAGE_OK : MESSAGE_TRAILING;
}

bool
message_peek(const uint8_t *wire, size_t size, uint16_t *id, uint16_t *flags)
{
	if (size < MESSAGE_HEADER_SIZE)
		return false;
	*id = wire_u16(wire);
	*flags = wire_u16(wire + 2);
	return true;
}

bool
message_asks(const uint8_t *wire, const struct message *m, const uint8_t *name,
    uint16_t type, bool exact)
{
	const uint8_t *asked = wire + m->question_at;

	if (m->qclass != CLASS_IN || m->qtype != type)
		return false;
	if (!exact)
		return name_equal(asked, name);
	/* No question can be compressed: its name ends where its type begins.
	 */
	size_t size = name_size(name);
	return m->answer_at - m->question_at == (int)size + 4 &&
	       memcmp(asked, name, size) == 0;
}

size_t
message_build(uint8_t *out, uint16_t id, const uint8_t *name, size_t size,
    uint16_t type, unsigned flags)
{
	uint8_t *p = out + MESSAGE_HEADER_SIZE;

	memset(out, 0, MESSAGE_HEADER_SIZE);
	wire_put_u16(out, id);
	out[2] = (flags & MESSAGE_RD) != 0 ? 0x01 : 0x00;
	out[3] = (uint8_t)(((flags & MESSAGE_AD) != 0 ? 0x20 : 0) |
			   ((flags & MESSAGE_CD) != 0 ? 0x10 : 0));
	out[5] = 1;
	memcpy(p, name, size);
	p += size;
	wire_put_u16(p, type);
	wire_put_u16(p + 2, CLASS_IN);
	p += 4;
	if ((flags & MESSAGE_EDNS) != 0) {
		out[11] = 1;
		memset(p, 0, 11);
		wire_put_u16(p + 1, TYPE_OPT);
		wire_put_u16(p + 3, MESSAGE_UDP_SIZE);
		p[7] = (flags & MESSAGE_DO) != 0 ? 0x80 : 0x00;
		p += 11;
		if ((flags & MESSAGE_NSID) != 0) {
			wire_put_u16(p - 2, MESSAGE_NSID_SIZE);
			wire_put_u16(p, OPTION_NSID);
			wire_put_u16(p + 2, 0);
			p += MESSAGE_NSID_SIZE;
		}
	}
	return (size_t)(p - out);
}

size_t
message_pad(uint8_t *out, size_t size)
{
	size_t padded =
	    (size + 4 + MESSAGE_PAD - 1) / MESSAGE_PAD * MESSAGE_PAD;
	size_t opt = wire_name_skip(out, MESSAGE_HEADER_SIZE) + 4u;

	/* The OPT record is the last of a question: padding ends it. */
	wire_put_u16(out + opt + MESSAGE_OPT_SIZE - 2,
	    (uint16_t)(padded - opt - MESSAGE_OPT_SIZE));
	wire_put_u16(out + size, OPTION_PADDING);
	wire_put_u16(out + size + 2, (uint16_t)(padded - size - 4));
	memset(out + size + 4, 0, padded - size - 4);
	return padded;
}

void
message_record(
    const uint8_t *wire, size_t size, uint16_t at, struct message_record *out)
{
	(void)size;
	out->owner_at = at;
	read_fixed(wire, wire_name_skip(wire, at), out);
}

uint16_t
message_name(const uint8_t *wire, size_t size, uint16_t at, struct name *out)
{
	size_t next = wire_name(wire, size, at, WIRE_POINTER_MIN, out);

	if (next == 0) {
		/* Not a walked name; the root does no harm. */
		out->size = 1;
		out->wire[0] = 0;
		return at;
	}
	name_fold(out->wire, out->size);
	return (uint16_t)next;
}
