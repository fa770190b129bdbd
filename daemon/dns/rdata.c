/* SPDX-License-Identifier: ISC */
/*
 * rdata -- what stands in the rdata of which type, field by field.
 *
 * Which names fold is part of the identity of a record (R6): RFC 4034 6.2
 * without NSEC and HINFO (RFC 6840 5.1), and SVCB and HTTPS targets.  Names
 * that fold may be compressed, even where the RFC of the type forbids it to
 * senders: expanded, they are the same.  Names that keep their case may not:
 * a pointer into the question would lend them our random letter case (A9).
 *
 * To add a type: a line in the table; if the identity of stored records
 * changes by it (new folding), raise CONTENT_POLICY as content.h says.
 */

#include <string.h>

#include "dns/content.h"
#include "dns/type.h"
#include "rdata_priv.h"
#include "svcb_priv.h"
#include "wire_priv.h"

enum {
	/*
	 * ldns allocates RDLENGTH octets for each string of a TXT (its bomb);
	 * this bounds one record's price (C7).
	 */
	STRINGS_COST_MAX = 1 << 20,
	TABLE_SIZE = 110
};

#define OWN(f)                                                                 \
	{                                                                      \
		.text = RDATA_TEXT_OWN, .fields = (f)                          \
	}
#define LDNS(f)                                                                \
	{                                                                      \
		.text = RDATA_TEXT_LDNS, .fields = (f)                         \
	}

static const struct rdata_layout table[TABLE_SIZE] = {
    [TYPE_A] = OWN("a"),
    [TYPE_NS] = OWN("n"),
    [3] = OWN("n"), /* MD */
    [4] = OWN("n"), /* MF */
    [TYPE_CNAME] = OWN("n"),
    [TYPE_SOA] = {RDATA_TEXT_OWN, 0, "nnwwwww", "nn"},
    [7] = OWN("n"), /* MB */
    [8] = OWN("n"), /* MG */
    [9] = OWN("n"), /* MR */
    [TYPE_PTR] = OWN("n"),
    [TYPE_HINFO] = OWN("ss"),
    [14] = OWN("nn"), /* MINFO */
    [TYPE_MX] = OWN("hn"),
    [TYPE_TXT] = OWN("S"),
    [17] = OWN("nn"), /* RP */
    [18] = OWN("hn"), /* AFSDB */
    [19] = OWN("s"),  /* X25 */
    [20] = OWN("s?"), /* ISDN */
    [21] = OWN("hn"), /* RT */
    [TYPE_SIG] = LDNS("TbbwwwhnX"),
    [25] = LDNS("hbbX"), /* KEY */
    [26] = OWN("hnn"),   /* PX */
    [27] = OWN("sss"),   /* GPOS */
    [TYPE_AAAA] = OWN("A"),
    [TYPE_LOC] = LDNS("L"),
    [30] = {.fields = "nx"}, /* NXT */
    [TYPE_SRV] = OWN("hhhn"),
    [TYPE_NAPTR] = OWN("hhsssn"),
    [36] = OWN("hn"),    /* KX */
    [37] = LDNS("hhbX"), /* CERT */
    [TYPE_DNAME] = OWN("n"),
    [TYPE_APL] = LDNS("P"),
    [TYPE_DS] = OWN("hbbX"),
    [44] = OWN("bbX"),   /* SSHFP */
    [45] = LDNS("bbbx"), /* IPSECKEY */
    [TYPE_RRSIG] = {RDATA_TEXT_OWN, 0, "TbbwwwhnX", "Tbhn"},
    [TYPE_NSEC] = LDNS("km"),
    [TYPE_DNSKEY] = LDNS("hbbX"),
    [49] = LDNS("X"),      /* DHCID */
    [50] = LDNS("bbhssm"), /* NSEC3 */
    [51] = LDNS("bbhs"),   /* NSEC3PARAM */
    [TYPE_TLSA] = OWN("bbbX"),
    [53] = OWN("bbbX"),                       /* SMIMEA */
    [58] = OWN("kk"),                         /* TALINK */
    [59] = OWN("hbbX"),                       /* CDS */
    [60] = LDNS("hbbX"),                      /* CDNSKEY */
    [61] = LDNS("X"),                         /* OPENPGPKEY */
    [62] = {RDATA_TEXT_LDNS, 1, "whm", NULL}, /* CSYNC */
    [63] = OWN("wbbX"),                       /* ZONEMD */
    [TYPE_SVCB] = LDNS("hnV"),
    [TYPE_HTTPS] = LDNS("hnV"),
    [99] = OWN("S"),    /* SPF */
    [104] = LDNS("he"), /* NID */
    [105] = OWN("ha"),  /* L32 */
    [106] = LDNS("he"), /* L64 */
    [107] = OWN("hk"),  /* LP */
    [108] = LDNS("d"),  /* EUI48 */
    [109] = LDNS("e"),  /* EUI64 */
};

static const struct rdata_layout layout_unknown = {.fields = NULL};
static const struct rdata_layout layout_uri = OWN("hhQ");
static const struct rdata_layout layout_caa = {RDATA_TEXT_OWN, 1, "btq", NULL};
static const struct rdata_layout layout_dlv = OWN("hbbX");

const struct rdata_layout *
rdata_layout(uint16_t type)
{
	if (type < TABLE_SIZE)
		return &table[type];
	if (type == TYPE_CAA)
		return &layout_caa;
	if (type == 256)
		return &layout_uri;
	if (type == 32769)
		return &layout_dlv;
	return &layout_unknown;
}

/* A record being read. */
struct reader {
	const struct rdata_source *s;
	size_t at;
	uint8_t *out; /* NULL: only look */
	size_t room;
	size_t n_out;
	enum rdata_check check; /* the worst so far */
};

static void
worsen(struct reader *r, enum rdata_check check)
{
	if (check > r->check)
		r->check = check;
}

static void
put(struct reader *r, const uint8_t *data, size_t size)
{
	if (r->out == NULL)
		return;
	if (size > r->room - r->n_out) {
		worsen(r, RDATA_BAD);
		return;
	}
	if (size != 0)
		memcpy(r->out + r->n_out, data, size);
	r->n_out += size;
}

static size_t
left(const struct reader *r)
{
	return r->s->end - r->at;
}

static enum rdata_check
take(struct reader *r, size_t size)
{
	if (left(r) < size)
		return RDATA_BAD;
	put(r, r->s->wire + r->at, size);
	r->at += size;
	return RDATA_OK;
}

static enum rdata_check
take_name(struct reader *r, bool fold)
{
	const struct rdata_source *s = r->s;
	struct name name;

	if (left(r) == 0)
		return RDATA_BAD;
	size_t next = wire_name(
	    s->wire, s->size, r->at, s->lowest, r->out == NULL ? NULL : &name);
	if (next == 0)
		return RDATA_NAME;
	if (next > s->end)
		return RDATA_RUNAWAY;
	if (!fold &&
	    wire_name(s->wire, s->size, r->at, WIRE_NO_POINTER, NULL) == 0)
		worsen(r, RDATA_BAD);
	r->at = next;
	if (r->out == NULL)
		return RDATA_OK;
	if (fold)
		name_fold(name.wire, name.size);
	put(r, name.wire, name.size);
	return RDATA_OK;
}

static enum rdata_check
take_string(struct reader *r)
{
	if (left(r) == 0)
		return RDATA_BAD;
	size_t size = (size_t)r->s->wire[r->at] + 1;
	if (left(r) < size)
		return RDATA_RUNAWAY;
	return take(r, size);
}

static enum rdata_check
take_strings(struct reader *r)
{
	size_t at = r->at;
	size_t n = 0;

	if (left(r) == 0)
		return RDATA_BAD;
	for (; at < r->s->end; n++)
		at += (size_t)r->s->wire[at] + 1;
	if (at > r->s->end)
		return RDATA_RUNAWAY;
	if (n > CONTENT_STRINGS_MAX || n * left(r) > STRINGS_COST_MAX)
		worsen(r, RDATA_STRINGS);
	return take(r, left(r));
}

/* RFC 8659 4.1: at least one letter or digit. */
static enum rdata_check
take_tag(struct reader *r)
{
	const uint8_t *p = r->s->wire + r->at;

	if (left(r) == 0 || p[0] == 0)
		return RDATA_BAD;
	if (left(r) < (size_t)p[0] + 1)
		return RDATA_RUNAWAY;
	for (size_t i = 1; i <= p[0]; i++) {
		bool digit = p[i] >= '0' && p[i] <= '9';
		uint8_t letter = wire_lower(p[i]);
		if (!digit && (letter < 'a' || letter > 'z'))
			return RDATA_BAD;
	}
	return take(r, (size_t)p[0] + 1);
}

static bool
bitmaps_are_good(const uint8_t *p, size_t size)
{
	int window = -1;

	while (size >= 3) {
		size_t len = p[1];
		if (p[0] <= window || len == 0 || len > 32 || size < 2 + len)
			return false;
		window = p[0];
		p += 2 + len;
		size -= 2 + len;
	}
	return size == 0;
}

/* RFC 3123 4: family, prefix, negation and length, as many octets. */
static bool
apl_is_good(const uint8_t *p, size_t size)
{
	while (size >= 4) {
		size_t len = p[3] & 0x7f;
		unsigned family = wire_u16(p);
		if (size < 4 + len)
			return false;
		if (family == 1 && (p[2] > 32 || len > 4))
			return false;
		if (family == 2 && (p[2] > 128 || len > 16))
			return false;
		p += 4 + len;
		size -= 4 + len;
	}
	return size == 0;
}

/* RFC 9460 7.1.1: non-empty, no octet left over. */
static bool
alpn_is_good(const uint8_t *p, size_t size)
{
	if (size == 0)
		return false;
	while (size != 0) {
		size_t len = p[0];
		if (len == 0 || size < 1 + len)
			return false;
		p += 1 + len;
		size -= 1 + len;
	}
	return true;
}

static bool
has_key(const uint8_t *p, size_t size, unsigned key)
{
	while (size >= 4) {
		size_t step = 4 + (size_t)wire_u16(p + 2);
		if (wire_u16(p) == key)
			return true;
		p += step;
		size -= step;
	}
	return false;
}

/*
 * RFC 9460 8: the list increases, key 0 is not in it, each one is there.
 * Both lists increase, so one pass over both is enough; `params` is shaped
 * well and its first is the list itself.
 */
static bool
mandatory_is_good(const uint8_t *params, size_t size)
{
	const uint8_t *list = params + 4;
	size_t n = wire_u16(params + 2) / 2u;
	size_t found = 0;

	if (n == 0 || wire_u16(params + 2) % 2 != 0)
		return false;
	for (size_t i = 0, last = 0; i < n; i++) {
		size_t key = wire_u16(list + 2 * i);
		if (key <= last)
			return false;
		last = key;
	}
	while (size >= 4 && found < n) {
		size_t step = 4 + (size_t)wire_u16(params + 2);
		if (wire_u16(params) == wire_u16(list + 2 * found))
			found++;
		params += step;
		size -= step;
	}
	return found == n;
}

static bool
param_is_good(unsigned key, const uint8_t *p, size_t size)
{
	switch (key) {
	case 1:
		return alpn_is_good(p, size);
	case 2:
		return size == 0;
	case 3:
		return size == 2;
	case 4:
		return size != 0 && size % 4 == 0;
	case 6:
		return size != 0 && size % 16 == 0;
	case 65535:
		return false;
	default:
		return true;
	}
}

/* RFC 9460 2.2: keys strictly increase and values are well-formed (C9). */
static bool
params_are_good(const uint8_t *params, size_t size)
{
	const uint8_t *p = params;
	size_t rest = size;
	int last = -1;

	while (rest >= 4) {
		int key = wire_u16(p);
		size_t len = wire_u16(p + 2);
		if (key <= last || rest < 4 + len ||
		    !param_is_good((unsigned)key, p + 4, len))
			return false;
		last = key;
		p += 4 + len;
		rest -= 4 + len;
	}
	if (rest != 0)
		return false;
	if (size >= 4 && wire_u16(params) == 0 &&
	    !mandatory_is_good(params, size))
		return false;
	/* no-default-alpn without alpn is nonsense (RFC 9460 7.1.1). */
	return !has_key(params, size, 2) || has_key(params, size, 1);
}

/* RFC 1876 2: only version 0 is defined, and that has 16 octets. */
static enum rdata_check
take_loc(struct reader *r)
{
	if (left(r) == 0 || r->s->wire[r->at] != 0)
		return RDATA_BAD;
	return take(r, 16);
}

static enum rdata_check
take_rest(struct reader *r, char field)
{
	const uint8_t *p = r->s->wire + r->at;
	size_t size = left(r);
	bool good = true;

	if (field == 'X' || field == 'Q')
		good = size != 0;
	else if (field == 'm')
		good = bitmaps_are_good(p, size);
	else if (field == 'P')
		good = apl_is_good(p, size);
	else if (field == 'V')
		good = params_are_good(p, size);
	return good ? take(r, size) : RDATA_BAD;
}

static enum rdata_check
take_field(struct reader *r, char field)
{
	switch (field) {
	case 'b':
		return take(r, 1);
	case 'h':
	case 'T':
		return take(r, 2);
	case 'w':
	case 'a':
		return take(r, 4);
	case 'd':
		return take(r, 6);
	case 'e':
		return take(r, 8);
	case 'A':
		return take(r, 16);
	case 'n':
	case 'k':
		return take_name(r, field == 'n');
	case '?':
		return left(r) == 0 ? RDATA_OK : take_string(r);
	case 's':
		return take_string(r);
	case 'S':
		return take_strings(r);
	case 't':
		return take_tag(r);
	case 'L':
		return take_loc(r);
	default:
		return take_rest(r, field);
	}
}

static enum rdata_check
read_fields(struct reader *r, const char *fields)
{
	for (; *fields != '\0'; fields++) {
		enum rdata_check check = take_field(r, *fields);
		if (check == RDATA_OK)
			continue;
		worsen(r, check);
		put(r, r->s->wire + r->at, left(r));
		return r->check;
	}
	if (left(r) != 0) {
		worsen(r, RDATA_RUNAWAY);
		put(r, r->s->wire + r->at, left(r));
	}
	return r->check;
}

enum rdata_check
rdata_look(const struct rdata_source *s, const char *fields)
{
	struct reader r = {.s = s, .at = s->at};

	return fields == NULL ? RDATA_OK : read_fields(&r, fields);
}

enum rdata_check
rdata_expand(const struct rdata_source *s, const char *fields, uint8_t *out,
    size_t room, size_t *out_size)
{
	struct reader r = {.s = s, .at = s->at, .out = out, .room = room};

	if (fields == NULL)
		put(&r, s->wire + s->at, s->end - s->at);
	else
		read_fields(&r, fields);
	*out_size = r.n_out;
	return r.check;
}

size_t
rdata_reduce(uint16_t type, uint8_t *rdata, size_t size)
{
	if (type == TYPE_SOA)
		return size - 20;
	if (type == TYPE_SVCB || type == TYPE_HTTPS)
		return svcb_reduce(rdata, size);
	if (type != TYPE_RRSIG)
		return size;
	size_t signer = name_size(rdata + 18);
	memmove(rdata + 3, rdata + 16, 2 + signer);
	return 5 + signer;
}
