/* SPDX-License-Identifier: ISC */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

/*
 * record -- rdata in identity form, as text, and where it points.
 *
 * The only file that calls ldns with data from the network, one record at a
 * time, rebuilt by us without compression, with its end as the limit, and
 * refused unless ldns stops exactly there with every mandatory field read
 * and printable.  That is what keeps out the memory bomb (a TXT of 65,400
 * empty strings), record smuggling past RDLENGTH, and the crash on EDNS
 * option 13 of the ldns in Debian 12.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "dns/content.h"
#include "dns/message.h"

enum record_check {
	RECORD_OK = 0,
	RECORD_BAD,     /* malformed or unprintable: the RRset is UNREADABLE */
	RECORD_STRINGS, /* too many strings (C7) */
	RECORD_RUNAWAY  /* runs past RDLENGTH: the message is a FAIL (C4) */
};

/*
 * The identity form of the rdata at rdata_at of a walked message: names
 * expanded and folded (RFC 4034 6.2; names of unknown types are never
 * decompressed, RFC 3597 4), SOA reduced to MNAME and RNAME, RRSIG to type
 * covered, algorithm, key tag and signer.  At most `room` bytes; 65535 is
 * always enough.  Only shape is checked here; no allocation.
 */
enum record_check record_identity(const uint8_t *wire, size_t size,
    const struct message_record *r, uint8_t *out, size_t room,
    size_t *out_size);

/*
 * May ldns read and print it?  Called once per record of a reply that
 * differs, never for unchanged ones.
 */
enum record_check record_check(
    uint16_t type, const uint8_t *full_rdata, size_t size);

/*
 * Presentation text of identity rdata, printable ASCII: "192.0.2.1",
 * "10 mail.example.com.", "\"v=spf1 -all\"", for SOA "mname rname", and
 * "\# 3 abcdef" (RFC 3597) where ldns cannot.  Appended to out, cut to
 * text_max bytes with "..." (0: whole).
 */
void record_print(const struct record *r, struct buf *out, size_t text_max);

/*
 * What a record points at, as a key for "who else has this": SHA-256 cut to
 * 128 bits of the address, or of the folded name of NS, CNAME, MX, PTR, SRV,
 * DNAME, SVCB, HTTPS targets; for others of type and rdata.  Addresses and
 * names never share a key.
 */
struct uuid record_pivot(const struct record *r);
/* The key of the record itself: SHA-256 cut, over type and rdata. */
struct uuid record_key(const struct record *r);
/* The key for a name used as a pivot, e.g. a name server's. */
struct uuid name_pivot(const uint8_t *wire);
/* The key for an address used as a pivot. */
struct uuid addr_pivot(int family, const uint8_t *ip);

/*
 * The parameter `ech` of SVCB and HTTPS records in identity form (R26): its
 * public names are appended to `names` (may be NULL), "a.example,b.example",
 * printable.
 */
enum record_ech {
	RECORD_ECH_NONE = 0,
	RECORD_ECH_GOOD,
	RECORD_ECH_BAD /* a value that is no ECHConfigList */
};
enum record_ech record_ech(const struct record *r, struct buf *names);

/* 0.0.0.0/8, 127/8, RFC 1918, fc00::/7, ... in A/AAAA rdata (M12). */
bool record_is_private(const struct record *r);

#endif
