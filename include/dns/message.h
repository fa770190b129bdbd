/* SPDX-License-Identifier: ISC */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

/*
 * message -- the strict walk over one DNS message, and building a question.
 *
 * Nothing from the network is believed before message_walk() said OK, and no
 * other code reads positions out of network bytes.  The walk allocates
 * nothing and its time is bounded by the message's size (C1: a pointer goes
 * strictly backwards, not into the header, at most 126 hops).  ldns never
 * sees a message: it is handed single records, rebuilt without compression,
 * by record.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dns/name.h"

enum {
	MESSAGE_HEADER_SIZE = 12,
	MESSAGE_SIZE_MAX = 65535,
	MESSAGE_UDP_SIZE = 1232, /* EDNS size we announce (RFC 9715) */
	MESSAGE_OPT_SIZE = 11,   /* of the OPT record of a question */
	MESSAGE_NSID_SIZE = 4,   /* of the option NSID in it */
	MESSAGE_QUERY_SIZE_MAX =
	    12 + 255 + 4 + MESSAGE_OPT_SIZE + MESSAGE_NSID_SIZE,
	MESSAGE_PAD = 128,
	MESSAGE_PADDED_SIZE_MAX = 3 * MESSAGE_PAD,
	MESSAGE_EDE_TEXT_MAX = 256, /* B9 */
	MESSAGE_NSID_MAX = 128
};

/* The 12-bit codes (B7) that are told apart; others stay numbers. */
enum {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_BADVERS = 16,
	RCODE_BADCOOKIE = 23
};

/* Why a whole message is refused (C1-C4, C7, C10, B6); closed set. */
enum message_fault {
	MESSAGE_OK = 0,
	MESSAGE_SHORT,     /* a count promises more than is there (C3) */
	MESSAGE_BAD_NAME,  /* label type, length, pointer (C1, C2) */
	MESSAGE_TRAILING,  /* bytes after the last record (C3) */
	MESSAGE_BAD_OPT,   /* two, misplaced, not at the root, overrun (B6) */
	MESSAGE_TSIG,      /* TSIG or SIG(0) that we did not ask for (C10) */
	MESSAGE_BAD_RDATA, /* a name or string runs past RDLENGTH (C4, C7) */
	MESSAGE_QUESTIONS  /* QDCOUNT is not 1 (A6) */
};
const char *message_fault_text(enum message_fault fault);

/* What the walk learnt; offsets are into the walked bytes. */
struct message {
	uint16_t id;
	uint16_t flags; /* the header's second 16 bits */
	bool qr, aa, tc, ra, ad;
	uint8_t opcode;
	uint16_t rcode; /* 12 bits with the OPT's part */
	uint16_t n_question, n_answer, n_authority, n_additional;
	uint16_t qtype, qclass; /* of the one question */
	uint16_t question_at;   /* offset of its name, 12 */
	uint16_t answer_at, authority_at, additional_at;
	bool has_opt;
	uint16_t opt_udp_size;
	int32_t ede;                         /* RFC 8914 info code, -1: none */
	uint16_t ede_text_at, ede_text_size; /* not cut; cut when printed */
	/*
	 * RFC 5001: which of its instances the server is, any octets; the first
	 * of several.  Size 0: none, an empty one, or one of more than
	 * MESSAGE_NSID_MAX: a part of it might be another's name.
	 */
	uint16_t nsid_at, nsid_size;
};

/*
 * Walks all of it.  `out` is filled as far as the walk came, and whole when
 * MESSAGE_OK.  A message with QDCOUNT 0 is MESSAGE_QUESTIONS, with id, flags
 * and rcode valid (A6: FORMERR without a question).
 */
enum message_fault message_walk(
    const uint8_t *wire, size_t size, struct message *out);

/* Reads only id and flags (size >= 12): what a resolver needs to drop fast. */
bool message_peek(
    const uint8_t *wire, size_t size, uint16_t *id, uint16_t *flags);

/*
 * Is the question of the walked message this one?  `exact` false: letter
 * case is ignored (A8).  Class must be IN.
 */
bool message_asks(const uint8_t *wire, const struct message *m,
    const uint8_t *name, uint16_t type, bool exact);

enum {
	MESSAGE_RD = 1,
	MESSAGE_EDNS = 2,
	MESSAGE_AD = 4,
	MESSAGE_CD = 8,
	MESSAGE_DO = 16,  /* counts beside MESSAGE_EDNS only, */
	MESSAGE_NSID = 32 /* as this does */
};
/*
 * Writes a question: RD, EDNS with MESSAGE_UDP_SIZE, AD (the asker wants to
 * know whether it was validated, RFC 6840 5.7), CD (RFC 4035 3.2.2), DO (with
 * signatures, RFC 3225) and the empty option NSID (RFC 5001 2.1) by the flags.
 * Returns the size, at most MESSAGE_QUERY_SIZE_MAX.  The name is copied as it
 * is: who wants 0x20 mixes the case before.
 */
size_t message_build(uint8_t *out, uint16_t id, const uint8_t *name,
    size_t name_size, uint16_t type, unsigned flags);

/*
 * Pads a question that was built with MESSAGE_EDNS to the next multiple of
 * MESSAGE_PAD octets (RFC 7830, RFC 8467 4.1).  Returns the size, at most
 * MESSAGE_PADDED_SIZE_MAX.
 */
size_t message_pad(uint8_t *out, size_t size);

/* One record as the walk sees it: nothing is copied. */
struct message_record {
	uint16_t owner_at; /* offset of the (maybe compressed) owner */
	uint16_t type, class_;
	uint32_t ttl; /* bit 31 set reads as 0 (C12) */
	uint16_t rdata_at, rdata_size;
	uint16_t next_at; /* offset after it */
};
/* Reads the record at `at` of a message that was walked OK. */
void message_record(
    const uint8_t *wire, size_t size, uint16_t at, struct message_record *out);
/*
 * Expands the name at `at` of a walked message, folded to lower case, and
 * returns the offset after it in place.
 */
uint16_t message_name(
    const uint8_t *wire, size_t size, uint16_t at, struct name *out);

#endif
