/* SPDX-License-Identifier: ISC */

#include "dns/dnskey.h"

#include "dns/type.h"
#include "wire_priv.h"

enum {
	FLAG_ZONE = 0x0100,
	FLAG_REVOKE = 0x0080,
	FLAG_SEP = 0x0001,
	ALGORITHM_RSAMD5 = 1,
	KEY_SIZE_MIN = 5, /* flags, protocol, algorithm, and some key */
	DS_SIZE_MIN = 5   /* tag, algorithm, digest type, and some digest */
};

/*
 * RFC 4034 appendix B: the rdata as numbers of 16 bits, added up.  Of RSA/MD5
 * (B.1) the low 24 bits of the modulus without the lowest 8.
 */
static uint16_t
tag_of(const uint8_t *rdata, size_t size)
{
	uint32_t sum = 0;

	if (rdata[3] == ALGORITHM_RSAMD5)
		return size < 7 ? 0 : wire_u16(rdata + size - 3);
	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)rdata[i] << 8 : rdata[i];
	return (uint16_t)(sum + (sum >> 16));
}

bool
dnskey_read(const struct record *r, struct dnskey *out)
{
	const uint8_t *p = r->rdata;
	uint16_t flags;

	switch (r->type) {
	case TYPE_DS:
	case TYPE_CDS:
		if (r->size < DS_SIZE_MIN)
			return false;
		*out = (struct dnskey){.tag = wire_u16(p),
		    .algorithm = p[2],
		    .is_ds = true,
		    .zone = true};
		return true;
	case TYPE_DNSKEY:
	case TYPE_CDNSKEY:
		if (r->size < KEY_SIZE_MIN)
			return false;
		flags = wire_u16(p);
		*out = (struct dnskey){.tag = tag_of(p, r->size),
		    .algorithm = p[3],
		    .zone = (flags & FLAG_ZONE) != 0,
		    .sep = (flags & FLAG_SEP) != 0,
		    .revoked = (flags & FLAG_REVOKE) != 0};
		return true;
	default:
		return false;
	}
}

static bool
has_key(const struct content *keys, const struct dnskey *ds)
{
	for (uint16_t i = 0; i < keys->n_records; i++) {
		struct dnskey key;

		if (!dnskey_read(&keys->records[i], &key) || key.is_ds)
			continue;
		if (key.zone && !key.revoked && key.tag == ds->tag &&
		    key.algorithm == ds->algorithm)
			return true;
	}
	return false;
}

bool
dnskey_fits(const struct content *ds, const struct content *keys)
{
	bool any = false;

	if (ds->outcome != OUTCOME_ANSWER ||
	    keys->outcome == OUTCOME_UNREADABLE || keys->partial)
		return true;
	for (uint16_t i = 0; i < ds->n_records; i++) {
		struct dnskey one;

		if (!dnskey_read(&ds->records[i], &one) || !one.is_ds)
			continue;
		any = true;
		if (has_key(keys, &one))
			return true;
	}
	return !any;
}

void
dnskey_print(const struct record *r, struct buf *out)
{
	struct dnskey key;
	const char *what = "DS";

	if (!dnskey_read(r, &key))
		return;
	if (!key.is_ds)
		what = !key.zone ? "key" : key.sep ? "KSK" : "ZSK";
	buf_printf(
	    out, "%s%s %u", key.revoked ? "revoked " : "", what, key.tag);
}
