/* SPDX-License-Identifier: ISC */
/*
 * chain -- from the question's name, through aliases, to the end records.
 *
 * The records that could matter become rows.  A handful is searched through
 * for each link.  More are sorted by a hash of their owner, so that a message
 * of thousands costs no more than sorting it; the hash needs no secret, since
 * names are compared after it and forged collisions of 64 bits by the
 * thousand, which alone would hurt, cannot be made.
 *
 * At each name of the chain:
 *
 *   data of the type asked for   the end
 *   an alias                     the next link
 *   both, or two aliases         UNREADABLE_ALIASES
 *   a DNAME above it             the alias must be what it yields (M3)
 *   nothing                      the end, without records
 */

#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "chain_priv.h"
#include "dns/type.h"
#include "pair_priv.h"
#include "rdata_priv.h"
#include "wire_priv.h"

enum {
	ROWS_FEW = 16, /* up to here all are compared */
	POINTER_MAX = 0x3fff
};

/*
 * Rows are pairs: a is the hash of the owner (0 in a handful), b the record's
 * offset, its type above that, and a mark that it was counted as used.
 */
#define ROW_USED ((uint64_t)1 << 32)

struct answer {
	const uint8_t *wire;
	size_t size;
	uint16_t qtype;
	bool sorted;
	bool has_dname;
	size_t n_rows;
	struct pair *rows;
};

static inline uint16_t
row_at(const struct pair *row)
{
	return (uint16_t)row->b;
}

static inline uint16_t
row_type(const struct pair *row)
{
	return (uint16_t)(row->b >> 16);
}

static uint64_t
owner_hash(const uint8_t *wire, size_t size)
{
	static const struct hash_key key = {.k0 = 1, .k1 = 2};

	return hash_sip(&key, wire, size);
}

static void
sort_rows(struct answer *a)
{
	struct name owner;

	for (size_t i = 0; i < a->n_rows; i++) {
		message_name(a->wire, a->size, row_at(&a->rows[i]), &owner);
		a->rows[i].a = owner_hash(owner.wire, owner.size);
	}
	pair_sort(a->rows, a->n_rows);
	a->sorted = true;
}

/* False: there are more than `room`. */
static bool
collect_rows(struct answer *a, const struct message *m, size_t room)
{
	uint16_t at = m->answer_at;
	struct message_record r;

	for (unsigned n = m->n_answer; n > 0; n--, at = r.next_at) {
		message_record(a->wire, a->size, at, &r);
		if (r.class_ != CLASS_IN || !type_is_data(r.type))
			continue;
		if (r.type != a->qtype && r.type != TYPE_CNAME &&
		    r.type != TYPE_DNAME && r.type != TYPE_HINFO)
			continue;
		if (a->n_rows == room)
			return false;
		if (r.type == TYPE_DNAME)
			a->has_dname = true;
		a->rows[a->n_rows++] =
		    (struct pair){.a = 0, .b = (uint64_t)r.type << 16 | at};
	}
	return true;
}

/* The rows among which those of this owner are: [*first, *last). */
static void
rows_of(
    const struct answer *a, const uint8_t *owner, size_t *first, size_t *last)
{
	*first = 0;
	*last = a->n_rows;
	if (!a->sorted)
		return;
	uint64_t hash = owner_hash(owner, name_size(owner));
	*first = pair_find(a->rows, a->n_rows, hash);
	*last = *first;
	while (*last < a->n_rows && a->rows[*last].a == hash)
		(*last)++;
}

/* Aliases (CNAME or DNAME) that were found at one owner. */
struct alias {
	unsigned n;
	bool bad;    /* one cannot be read */
	bool differ; /* two say different things */
	uint16_t at; /* offset of the target's name */
	uint32_t ttl;
	struct name target;
};

/* Leaves the target, which is a big name, as it is. */
static void
alias_clear(struct alias *alias)
{
	alias->n = 0;
	alias->bad = false;
	alias->differ = false;
	alias->at = 0;
	alias->ttl = 0;
}

static void
alias_add(const struct answer *a, uint16_t at, struct alias *alias)
{
	struct message_record r;

	message_record(a->wire, a->size, at, &r);
	if (alias->n == 0 || r.ttl < alias->ttl)
		alias->ttl = r.ttl;
	alias->n++;
	if (r.rdata_size == 0) {
		alias->bad = true;
		return;
	}
	if (alias->at == 0) {
		alias->at = r.rdata_at;
		message_name(a->wire, a->size, r.rdata_at, &alias->target);
	} else if (!wire_name_is(a->wire, r.rdata_at, alias->target.wire)) {
		alias->differ = true;
	}
}

/* The name that the chain has come to. */
struct place {
	const struct name *name;
	uint16_t at; /* where it stands in the message; 0: nowhere */
	struct alias alias;
};

/*
 * Owners mostly are a pointer to the very octets that brought us here: the
 * question's name, or the target of the alias before.
 */
static inline bool
owner_is(
    const struct answer *a, uint16_t at, const uint8_t *name, uint16_t name_at)
{
	if (name_at <= POINTER_MAX &&
	    wire_u16(a->wire + at) == (0xc000 | name_at))
		return true;
	return wire_name_is(a->wire, at, name);
}

static bool
is_rfc8482(const struct answer *a, const struct message_record *r)
{
	static const char cpu[] = "\7RFC8482";

	return r->rdata_size >= sizeof cpu - 1 &&
	       memcmp(a->wire + r->rdata_at, cpu, sizeof cpu - 1) == 0;
}

static void
keep_end(const struct answer *a, uint16_t at, struct chain *c)
{
	struct message_record r;

	message_record(a->wire, a->size, at, &r);
	if (r.ttl < c->ttl)
		c->ttl = r.ttl;
	c->end[c->n_end++] = at;
}

static void
see_hinfo(const struct answer *a, uint16_t at, struct chain *c)
{
	struct message_record r;

	message_record(a->wire, a->size, at, &r);
	if (!is_rfc8482(a, &r))
		return;
	c->is_unsupported = true;
	c->n_used++;
	if (r.ttl < c->ttl)
		c->ttl = r.ttl;
}

/* Gathers what the Answer section has at this name. */
static void
look_around(struct answer *a, struct place *here, struct chain *c)
{
	size_t i;
	size_t last;

	rows_of(a, here->name->wire, &i, &last);
	for (; i < last; i++) {
		uint16_t at = row_at(&a->rows[i]);
		uint16_t type = row_type(&a->rows[i]);

		if (!owner_is(a, at, here->name->wire, here->at))
			continue;
		if (type == TYPE_CNAME)
			alias_add(a, at, &here->alias);
		if (type == a->qtype)
			keep_end(a, at, c);
		else if (type == TYPE_HINFO)
			see_hinfo(a, at, c);
	}
}

static bool
has_dname(const struct answer *a, const uint8_t *owner)
{
	size_t i;
	size_t last;

	rows_of(a, owner, &i, &last);
	for (; i < last; i++) {
		if (row_type(&a->rows[i]) == TYPE_DNAME &&
		    wire_name_is(a->wire, row_at(&a->rows[i]), owner))
			return true;
	}
	return false;
}

/*
 * The DNAMEs that rule over this name: those of its highest ancestor that has
 * any, for what is below a DNAME does not exist (RFC 6672 2.4).  Returns the
 * ancestor's offset within the name, 0 for none.
 */
static size_t
find_dname(struct answer *a, const struct name *name, struct chain *c,
    struct alias *out)
{
	size_t found = 0;
	size_t i;
	size_t last;

	for (size_t at = 0; name->wire[at] != 0;) {
		at += (size_t)name->wire[at] + 1;
		if (has_dname(a, name->wire + at))
			found = at;
	}
	if (found == 0)
		return 0;
	rows_of(a, name->wire + found, &i, &last);
	for (; i < last; i++) {
		struct pair *row = &a->rows[i];
		if (row_type(row) != TYPE_DNAME ||
		    !wire_name_is(a->wire, row_at(row), name->wire + found))
			continue;
		alias_add(a, row_at(row), out);
		if ((row->b & ROW_USED) == 0)
			c->n_used++;
		row->b |= ROW_USED;
		/* One speaks for all later: duplicates cost only once. */
		if (out->n > 1 && !out->differ && !out->bad)
			row->b = row_at(row);
	}
	return found;
}

/* The first `prefix` octets of a name before another; false: too long. */
static bool
join(const struct name *name, size_t prefix, const struct name *target,
    struct name *out)
{
	if (prefix + target->size > NAME_SIZE_MAX)
		return false;
	memcpy(out->wire, name->wire, prefix);
	memcpy(out->wire + prefix, target->wire, target->size);
	out->size = (uint8_t)(prefix + target->size);
	return true;
}

/*
 * Obeys a DNAME above this name.  On return the alias found here is what it
 * yields, or c->fail or c->reason is set.
 */
static void
obey_dname(struct answer *a, struct place *here, struct chain *c)
{
	struct alias dname;
	struct name yield;

	if (!a->has_dname)
		return;
	alias_clear(&dname);
	size_t prefix = find_dname(a, here->name, c, &dname);
	if (prefix == 0)
		return;
	if (dname.bad || dname.differ) {
		c->reason = dname.bad ? UNREADABLE_RECORD : UNREADABLE_ALIASES;
		return;
	}
	if (!join(here->name, prefix, &dname.target, &yield)) {
		c->fail = FAIL_MALFORMED;
		return;
	}
	if (here->alias.n != 0) {
		if (!name_equal(here->alias.target.wire, yield.wire))
			c->fail = FAIL_MALFORMED;
		return;
	}
	if (c->n_end != 0) {
		c->reason = UNREADABLE_ALIASES;
		return;
	}
	/*
	 * RFC 6672 3.1 wants the synthesised CNAME in the answer.  Without it
	 * we can still follow; only a question for the CNAME misses its data.
	 */
	if (a->qtype == TYPE_CNAME)
		c->fail = FAIL_MALFORMED;
	here->alias.n = 1;
	here->alias.ttl = dname.ttl;
	here->alias.target = yield;
	c->n_used--; /* counted with the alias below */
}

/* RFC 4035 2.5: what may stand beside a CNAME and is then not followed. */
static bool
stands_beside_alias(uint16_t qtype)
{
	return qtype == TYPE_RRSIG || qtype == TYPE_NSEC || qtype == TYPE_SIG ||
	       qtype == 25 || qtype == 30;
}

static enum unreadable
add_link(struct chain *c, const struct alias *alias)
{
	const uint8_t *target = alias->target.wire;
	bool is_loop = name_equal(c->question.wire, target);

	for (unsigned i = 0; i < c->n_links && !is_loop; i++)
		is_loop = name_equal(c->links[i].wire, target);
	if (is_loop)
		return UNREADABLE_LOOP;
	if (c->n_links == CONTENT_CHAIN_MAX)
		return UNREADABLE_CHAIN;
	c->links[c->n_links++] = alias->target;
	c->n_used += alias->n;
	if (alias->ttl < c->ttl)
		c->ttl = alias->ttl;
	return UNREADABLE_NOT;
}

/* One name of the chain.  True: there is a next one. */
static bool
step(struct answer *a, struct place *here, struct chain *c)
{
	struct alias *alias = &here->alias;

	look_around(a, here, c);
	if (c->n_end != 0 && stands_beside_alias(a->qtype))
		return false;
	if (alias->bad || alias->differ) {
		c->reason = alias->bad ? UNREADABLE_RECORD : UNREADABLE_ALIASES;
		return false;
	}
	obey_dname(a, here, c);
	if (c->fail != FAIL_NOT || c->reason != UNREADABLE_NOT)
		return false;
	if (alias->n == 0 || a->qtype == TYPE_CNAME)
		return false;
	if (c->n_end != 0)
		c->reason = UNREADABLE_ALIASES;
	else
		c->reason = add_link(c, alias);
	if (c->reason != UNREADABLE_NOT)
		return false;
	c->is_unsupported = false;
	return true;
}

static void
follow(struct answer *a, struct chain *out)
{
	struct place here;

	here.name = &out->question;
	here.at = MESSAGE_HEADER_SIZE;
	alias_clear(&here.alias);
	while (step(a, &here, out)) {
		here.name = chain_end(out);
		here.at = here.alias.at;
		alias_clear(&here.alias);
	}
	out->n_used += (unsigned)out->n_end;
	if (out->n_end != 0)
		out->is_unsupported = false;
}

APART static void
follow_among_many(struct answer *a, const struct message *m, struct chain *out)
{
	struct pair rows[CHAIN_RECORDS_MAX];

	a->rows = rows;
	a->n_rows = 0;
	CHECK(collect_rows(a, m, CHAIN_RECORDS_MAX));
	sort_rows(a);
	follow(a, out);
}

void
chain_follow(const uint8_t *wire, size_t size, const struct message *m,
    struct chain *out)
{
	struct pair rows[ROWS_FEW];
	struct answer a = {
	    .wire = wire, .size = size, .qtype = m->qtype, .rows = rows};

	out->fail = FAIL_NOT;
	out->reason = UNREADABLE_NOT;
	out->is_unsupported = false;
	out->ttl = UINT32_MAX;
	out->n_used = 0;
	out->n_links = 0;
	out->n_end = 0;
	message_name(wire, size, m->question_at, &out->question);
	if (collect_rows(&a, m, ROWS_FEW))
		follow(&a, out);
	else
		follow_among_many(&a, m, out);
}

const struct name *
chain_end(const struct chain *c)
{
	return c->n_links == 0 ? &c->question : &c->links[c->n_links - 1];
}
