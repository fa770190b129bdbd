/* SPDX-License-Identifier: ISC */
#ifndef DNS_TYPE_H
#define DNS_TYPE_H

/*
 * type -- record types by number and by mnemonic.
 *
 * Every mnemonic that ldns knows is read; others as TYPEnnn (RFC 3597).  QTYPEs
 * and meta types (ANY, AXFR, IXFR, MAILA, MAILB, OPT, TSIG, TKEY, 0) are
 * no types one can watch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_SIG = 24,
	TYPE_AAAA = 28,
	TYPE_LOC = 29,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_APL = 42,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_TLSA = 52,
	TYPE_CDS = 59,
	TYPE_CDNSKEY = 60,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_TSIG = 250,
	TYPE_ANY = 255,
	TYPE_CAA = 257
};

enum { TYPE_TEXT_SIZE = 16, CLASS_IN = 1 };

/* Any letter case.  0 or ERR_SYNTAX. */
MUST_CHECK int type_parse(const char *text, uint16_t *out);
/* "A", "TYPE65400"; returns out. */
char *type_print(uint16_t type, char out[TYPE_TEXT_SIZE]);
/* False for QTYPEs and meta types: they are never asked and never kept. */
bool type_is_data(uint16_t type);

#endif
