/* SPDX-License-Identifier: ISC */
/*
 * record -- rdata in identity form, as text, and where it points.
 *
 * What ldns may see: one record that we rebuilt, owned by the root, class IN,
 * TTL 0, without compression, of a type in our own table of layouts, its
 * shape and its number of strings checked before.  Types that are not in the
 * table are octets (RFC 3597) and never get there.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <ldns/ldns.h>

#include "base/hash.h"
#include "dns/record.h"
#include "dns/type.h"
#include "rdata_priv.h"
#include "svcb_priv.h"
#include "text_priv.h"
#include "wire_priv.h"

enum {
	REBUILT_FIXED = 11, /* root owner, type, class, TTL, RDLENGTH */
	RDATA_SIZE_MAX = 65535
};

static enum record_check
record_verdict(enum rdata_check check)
{
	switch (check) {
	case RDATA_OK:
		return RECORD_OK;
	case RDATA_STRINGS:
		return RECORD_STRINGS;
	case RDATA_RUNAWAY:
	case RDATA_NAME:
		return RECORD_RUNAWAY;
	case RDATA_BAD:
		return RECORD_BAD;
	}
	return RECORD_BAD;
}

enum record_check
record_identity(const uint8_t *wire, size_t size,
    const struct message_record *r, uint8_t *out, size_t room, size_t *out_size)
{
	struct rdata_source s = {.wire = wire,
	    .size = size,
	    .lowest = WIRE_POINTER_MIN,
	    .at = r->rdata_at,
	    .end = (size_t)r->rdata_at + r->rdata_size};

	/* Most records of the world; no need to ask the table about them. */
	if (r->type == TYPE_A && r->rdata_size == 4 && room >= 4) {
		memcpy(out, wire + r->rdata_at, 4);
		*out_size = 4;
		return RECORD_OK;
	}
	enum rdata_check check = rdata_expand(
	    &s, rdata_layout(r->type)->fields, out, room, out_size);

	if (check == RDATA_OK)
		*out_size = rdata_reduce(r->type, out, *out_size);
	return record_verdict(check);
}

static struct rdata_source
plain_source(const uint8_t *rdata, size_t size)
{
	return (struct rdata_source){.wire = rdata,
	    .size = size,
	    .lowest = WIRE_NO_POINTER,
	    .at = 0,
	    .end = size};
}

/* Hands one record to ldns.  NULL unless it read exactly all of it. */
static ldns_rr *
read_by_ldns(uint16_t type, const uint8_t *rdata, size_t size)
{
	uint8_t wire[REBUILT_FIXED + RDATA_SIZE_MAX];
	size_t end = REBUILT_FIXED + size;
	size_t at = 0;
	ldns_rr *rr = NULL;

	memset(wire, 0, REBUILT_FIXED);
	wire_put_u16(wire + 1, type);
	wire_put_u16(wire + 3, CLASS_IN);
	wire_put_u16(wire + 9, (uint16_t)size);
	if (size != 0)
		memcpy(wire + REBUILT_FIXED, rdata, size);
	if (ldns_wire2rr(&rr, wire, end, &at, LDNS_SECTION_ANSWER) !=
	    LDNS_STATUS_OK)
		return NULL;
	if (at == end)
		return rr;
	ldns_rr_free(rr);
	return NULL;
}

static bool
is_complete(const ldns_rr *rr, uint16_t type, unsigned n_optional)
{
	size_t min = ldns_rr_descriptor_minimum(ldns_rr_descript(type));

	return ldns_rr_rd_count(rr) + n_optional >= min;
}

static bool
is_printable(const ldns_rr *rr)
{
	char *text = ldns_rr2str(rr);
	bool ok = text != NULL;

	free(text);
	return ok;
}

enum record_check
record_check(uint16_t type, const uint8_t *full_rdata, size_t size)
{
	const struct rdata_layout *layout = rdata_layout(type);
	struct rdata_source s = plain_source(full_rdata, size);
	enum rdata_check check = rdata_look(&s, layout->fields);

	if (size > RDATA_SIZE_MAX)
		return RECORD_BAD;
	if (check != RDATA_OK || layout->text == RDATA_TEXT_NONE)
		return record_verdict(check);
	ldns_rr *rr = read_by_ldns(type, full_rdata, size);
	if (rr == NULL)
		return RECORD_BAD;
	bool ok = is_complete(rr, type, layout->n_optional);
	/* What text.c prints, ldns need not: its printing is the dear part. */
	if (ok && layout->text == RDATA_TEXT_LDNS)
		ok = is_printable(rr);
	ldns_rr_free(rr);
	return ok ? RECORD_OK : RECORD_BAD;
}

/* The rdata's part of ".\t0\tIN\tTYPE\trdata\n", printable ASCII only. */
static bool
add_ldns_text(const char *text, struct buf *out)
{
	for (int tabs = 0; tabs < 4; tabs++) {
		text = strchr(text, '\t');
		if (text == NULL)
			return false;
		text++;
	}
	size_t size = strcspn(text, "\n");
	while (size > 0 && text[size - 1] == ' ')
		size--;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	}
	buf_add(out, text, size);
	return size != 0;
}

static bool
print_by_ldns(const struct record *r, struct buf *out)
{
	ldns_rr *rr = read_by_ldns(r->type, r->rdata, r->size);
	bool ok = false;

	if (rr == NULL)
		return false;
	ldns_buffer *text = ldns_buffer_new(1024);
	if (text != NULL &&
	    ldns_rr2buffer_str_fmt(text, ldns_output_format_nocomments, rr) ==
		LDNS_STATUS_OK) {
		ldns_buffer_write_u8(text, 0);
		ok = add_ldns_text((const char *)ldns_buffer_begin(text), out);
	}
	ldns_buffer_free(text);
	ldns_rr_free(rr);
	return ok;
}

enum record_ech
record_ech(const struct record *r, struct buf *names)
{
	const uint8_t *value = NULL;
	size_t size = 0;

	if (r->type == TYPE_SVCB || r->type == TYPE_HTTPS)
		value = svcb_ech(r->rdata, r->size, &size);
	if (value == NULL)
		return RECORD_ECH_NONE;
	if (!ech_is_good(value, size))
		return RECORD_ECH_BAD;
	if (names != NULL)
		ech_print(value, size, names);
	return RECORD_ECH_GOOD;
}

/*
 * What stays of a list of keys is no list that anybody may use: its public
 * names are shown in its place, quoted, at the end.
 */
static bool
print_ech(const struct record *r, struct buf *out)
{
	uint8_t rdata[RDATA_SIZE_MAX];
	struct record rest = {.type = r->type, .rdata = rdata};

	memcpy(rdata, r->rdata, r->size);
	rest.size = (uint16_t)svcb_without_ech(rdata, r->size);
	if (!print_by_ldns(&rest, out))
		return false;
	buf_add_text(out, " ech=\"");
	(void)record_ech(r, out);
	buf_add_u8(out, '"');
	return true;
}

/*
 * The address of a server in a delegation, behind its name (referral.h).
 * 0: it is another record, else where the address begins.
 */
static size_t
glue_at(const struct record *r)
{
	size_t size = r->type == TYPE_AAAA ? 16 : 4;

	if ((r->type != TYPE_A && r->type != TYPE_AAAA) || r->size <= size ||
	    wire_name(r->rdata, r->size - size, 0, WIRE_NO_POINTER, NULL) !=
		r->size - size)
		return 0;
	return r->size - size;
}

static void
print_glue(const struct record *r, struct buf *out)
{
	char text[NAME_TEXT_SIZE];
	char ip[INET6_ADDRSTRLEN];
	int family = r->type == TYPE_AAAA ? AF_INET6 : AF_INET;

	buf_add_text(out, name_print(r->rdata, text));
	buf_add_u8(out, ' ');
	if (inet_ntop(family, r->rdata + glue_at(r), ip, sizeof ip) != NULL)
		buf_add_text(out, ip);
}

static void
print_whole(const struct record *r, struct buf *out, size_t enough)
{
	const struct rdata_layout *layout = rdata_layout(r->type);
	struct rdata_source s = plain_source(r->rdata, r->size);
	const char *fields =
	    layout->identity != NULL ? layout->identity : layout->fields;

	if (glue_at(r) != 0) {
		print_glue(r, out);
		return;
	}
	if (r->size == 0 || layout->text == RDATA_TEXT_NONE ||
	    rdata_look(&s, fields) != RDATA_OK) {
		text_unknown(r->rdata, r->size, out, enough);
		return;
	}
	if (layout->text == RDATA_TEXT_OWN)
		text_fields(fields, r->rdata, r->size, out, enough);
	else if (record_ech(r, NULL) == RECORD_ECH_GOOD
		     ? !print_ech(r, out)
		     : !print_by_ldns(r, out))
		text_unknown(r->rdata, r->size, out, enough);
}

void
record_print(const struct record *r, struct buf *out, size_t text_max)
{
	static const char dots[] = "...";
	size_t start = out->size;
	size_t tail = sizeof dots - 1;

	print_whole(r, out, text_max);
	if (text_max == 0 || out->size - start <= text_max)
		return;
	if (tail > text_max)
		tail = text_max;
	out->size = start + text_max - tail;
	buf_add(out, dots, tail);
}

/*
 * Keys are stored: who changes what is hashed here, or the numbers in front,
 * must have the database recompute its keys.
 */
enum key_kind { KEY_IPV4 = 4, KEY_IPV6 = 6, KEY_NAME = 1, KEY_RECORD = 2 };

static struct uuid
make_key(enum key_kind kind, uint16_t type, const uint8_t *data, size_t size)
{
	uint8_t bytes[3 + RDATA_SIZE_MAX];
	uint8_t sum[SHA256_SIZE];
	struct uuid key;

	bytes[0] = (uint8_t)kind;
	wire_put_u16(bytes + 1, type);
	if (size != 0)
		memcpy(bytes + 3, data, size);
	hash_sha256(bytes, 3 + size, sum);
	memcpy(key.b, sum, sizeof key.b);
	return key;
}

struct uuid
record_key(const struct record *r)
{
	return make_key(KEY_RECORD, r->type, r->rdata, r->size);
}

struct uuid
name_pivot(const uint8_t *wire)
{
	struct name name;

	name.size = (uint8_t)name_size(wire);
	memcpy(name.wire, wire, name.size);
	name_fold(name.wire, name.size);
	return make_key(KEY_NAME, 0, name.wire, name.size);
}

struct uuid
addr_pivot(int family, const uint8_t *ip)
{
	if (family == AF_INET)
		return make_key(KEY_IPV4, 0, ip, 4);
	return make_key(KEY_IPV6, 0, ip, 16);
}

/* Where the name that counts begins in the rdata; -1 for other types. */
static int
pivot_name_at(uint16_t type)
{
	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return 0;
	case TYPE_MX:
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return 2;
	case TYPE_SRV:
		return 6;
	default:
		return -1;
	}
}

struct uuid
record_pivot(const struct record *r)
{
	int at = pivot_name_at(r->type);

	if (r->type == TYPE_A && r->size == 4)
		return addr_pivot(AF_INET, r->rdata);
	if (r->type == TYPE_AAAA && r->size == 16)
		return addr_pivot(AF_INET6, r->rdata);
	if (glue_at(r) != 0)
		return addr_pivot(r->type == TYPE_A ? AF_INET : AF_INET6,
		    r->rdata + glue_at(r));
	if (at >= 0 && wire_name(r->rdata, r->size, (size_t)at, WIRE_NO_POINTER,
			   NULL) != 0)
		return name_pivot(r->rdata + at);
	return record_key(r);
}

/*
 * Special-purpose addresses (RFC 6890) that lead inside, nowhere, or to a
 * sinkhole.  The blocks for documentation are not here: nothing is inside.
 */
static const struct {
	uint8_t size; /* 4 or 16 octets of address */
	uint8_t bits;
	uint8_t ip[8];
} private_blocks[] = {
    {4, 8, {0}},
    {4, 8, {10}},
    {4, 10, {100, 64}},
    {4, 8, {127}},
    {4, 16, {169, 254}},
    {4, 12, {172, 16}},
    {4, 24, {192, 0, 0}},
    {4, 16, {192, 168}},
    {4, 15, {198, 18}},
    {4, 4, {224}},
    {4, 4, {240}},
    {16, 64, {0}},                         /* ::, ::1, ::ffff:0:0/96 */
    {16, 64, {0x01}},                      /* 100::/64, discard */
    {16, 48, {0, 0x64, 0xff, 0x9b, 0, 1}}, /* local NAT64 */
    {16, 7, {0xfc}},
    {16, 10, {0xfe, 0x80}},
    {16, 10, {0xfe, 0xc0}},
    {16, 8, {0xff}},
};

static bool
has_prefix(const uint8_t *ip, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8;

	if (memcmp(ip, prefix, whole) != 0)
		return false;
	return bits % 8 == 0 ||
	       (ip[whole] ^ prefix[whole]) >> (8 - bits % 8) == 0;
}

bool
record_is_private(const struct record *r)
{
	if (!(r->type == TYPE_A && r->size == 4) &&
	    !(r->type == TYPE_AAAA && r->size == 16))
		return false;
	for (size_t i = 0; i < sizeof private_blocks / sizeof private_blocks[0];
	     i++) {
		if (private_blocks[i].size == r->size &&
		    has_prefix(
			r->rdata, private_blocks[i].ip, private_blocks[i].bits))
			return true;
	}
	return false;
}
