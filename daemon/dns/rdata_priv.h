/* SPDX-License-Identifier: ISC */
#ifndef DNS_RDATA_PRIV_H
#define DNS_RDATA_PRIV_H

/*
 * rdata -- what stands in the rdata of which type, field by field.
 *
 * One table and one reader for everything that must agree about it: the walk
 * (C4), the identity form (C5-C9), the digest of what cannot be read, and the
 * text.  The field letters:
 *
 *   b h w     integers of 1, 2, 4 octets        T  16 bits: a record type
 *   d         48 bits, 6 octets                 e  64 bits, 8 octets
 *   a A       IPv4, IPv6 address
 *   n         name, may be compressed, folded   k  name, neither
 *   s ?       character string; optional one    S  one or more strings
 *   t         CAA tag: counted letters, digits
 *   q         the rest as text, may be empty    Q  at least one octet
 *   x X       the rest as octets; X at least one
 *   m         type bitmaps (RFC 4034 4.1.2), may be none
 *   V P L     SvcParams, APL items, LOC
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/* What one record's rdata is, from good to bad. */
enum rdata_check {
	RDATA_OK = 0,
	RDATA_BAD,     /* a field is missing or makes no sense */
	RDATA_STRINGS, /* too many strings (C7) */
	RDATA_RUNAWAY, /* a field or the record does not end at RDLENGTH */
	RDATA_NAME     /* a name is no name (C1, C2) */
};

/* Who turns it into text. */
enum rdata_text {
	RDATA_TEXT_NONE = 0, /* nobody: RFC 3597 form */
	RDATA_TEXT_OWN,      /* field by field, text.c */
	RDATA_TEXT_LDNS
};

struct rdata_layout {
	enum rdata_text text;
	uint8_t n_optional; /* last fields that ldns counts and may be empty */
	const char *fields; /* NULL: unknown type, any octets */
	const char *identity; /* leading fields that are identity; NULL: all */
};

/* Never NULL. */
const struct rdata_layout *rdata_layout(uint16_t type);

struct rdata_source {
	const uint8_t *wire;
	size_t size;
	size_t lowest; /* of pointers: WIRE_POINTER_MIN, WIRE_NO_POINTER */
	size_t at;     /* of the rdata */
	size_t end;
};

/* Is it as the fields say (NULL: any octets)?  Nothing is written. */
enum rdata_check rdata_look(const struct rdata_source *s, const char *fields);

/*
 * Writes it to out with names expanded and folded, whole: SOA and RRSIG are
 * not reduced.  From the first field that is wrong on the rest is copied as
 * it is, so that there is a form to take a digest of whatever is returned.
 * RDATA_BAD also when more than `room` octets were needed.
 */
enum rdata_check rdata_expand(const struct rdata_source *s, const char *fields,
    uint8_t *out, size_t room, size_t *out_size);

/*
 * Makes the identity form of expanded, good rdata in place: SOA is left with
 * its two names, RRSIG with covered type, algorithm, key tag and signer, SVCB
 * and HTTPS with no more of `ech` than svcb_priv.h says.
 */
size_t rdata_reduce(uint16_t type, uint8_t *rdata, size_t size);

#endif
