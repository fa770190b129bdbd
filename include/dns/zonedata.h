/* SPDX-License-Identifier: ISC */
#ifndef DNS_ZONEDATA_H
#define DNS_ZONEDATA_H

/*
 * zonedata -- the records of one zone, and what a question about it would be
 * answered (RFC 1034 section 4.3.2, wildcards by RFC 4592).
 *
 * Not a server: what the records of the zone do not decide - behind a
 * delegation, an alias that leads elsewhere, what the parent or a signer adds
 * - is unknown.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dns/content.h"
#include "dns/name.h"

struct zonedata;

enum zonedata_kind {
	ZONEDATA_ALL,    /* the records of a set are all that are to be there */
	ZONEDATA_SOME,   /* some of the set are */
	ZONEDATA_UNKNOWN /* there may be any of that type; without rdata */
};

/* NULL when memory is short. */
struct zonedata *zonedata_new(const struct name *apex);
void zonedata_free(struct zonedata *z); /* NULL is fine */

/*
 * Takes a copy.  A set is as unsure as the least sure of its records.  False
 * when memory is short; what lies outside of the apex is passed over.
 */
MUST_CHECK bool zonedata_add(struct zonedata *z, const struct name *owner,
    uint16_t type, enum zonedata_kind kind, const struct record *r);
/* When all is added, once, before anything is looked up. */
MUST_CHECK bool zonedata_end(struct zonedata *z);

size_t zonedata_records(const struct zonedata *z);
const struct name *zonedata_apex(const struct zonedata *z);

enum zonedata_says {
	ZONEDATA_RECORDS, /* these, or some of these */
	ZONEDATA_NONE,    /* no record, be it NODATA or NXDOMAIN */
	ZONEDATA_OPEN     /* it cannot be told from the zone */
};

struct zonedata_found {
	enum zonedata_says says;
	bool some;              /* not all of them have to be there */
	bool alias;             /* the name asked for is one itself */
	struct record *records; /* the caller's room, CONTENT_RECORDS_MAX;
	                         * identity form, sorted, each once, lent */
	uint16_t n;
};

/* The name must be within the apex.  `out->records` is set by the caller. */
void zonedata_find(const struct zonedata *z, const struct name *name,
    uint16_t type, struct zonedata_found *out);

#endif
