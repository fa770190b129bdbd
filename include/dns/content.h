/* SPDX-License-Identifier: ISC */
#ifndef DNS_CONTENT_H
#define DNS_CONTENT_H

/*
 * content -- what a reply says, in the form that is compared and stored.
 *
 * An outcome, the alias chain in its order, and the set of end records, each
 * type + identity rdata: canonical (RFC 4034 6.2, RFC 6840 5.1, and our own
 * addition: SVCB/HTTPS targets fold too), sorted, without duplicates, owner
 * left out (the chain has it).  TTLs, SOA serial and timers, RRSIG bytes and
 * the keys in `ech` (R26) are attributes and are not in it (R6).  Two replies
 * say the same exactly when their packed contents are equal bytes.
 *
 * To change what identity means: raise CONTENT_POLICY, keep reading the old
 * packed form, and let the start-up load recompute (the loader compares
 * contents of the new policy only).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/hash.h"
#include "dns/name.h"

enum {
	CONTENT_POLICY = 2,
	CONTENT_RECORDS_MAX = 512, /* end records kept per answer (C13) */
	CONTENT_CHAIN_MAX = 12,    /* links followed (M2) */
	CONTENT_STRINGS_MAX = 512  /* character strings in one TXT (C7) */
};

/* Stored in the database as these numbers: never renumber. */
enum outcome {
	OUTCOME_NONE = 0, /* nothing known yet */
	OUTCOME_ANSWER = 1,
	OUTCOME_NODATA = 2,
	OUTCOME_NXDOMAIN = 3,
	OUTCOME_UNREADABLE = 4, /* R2; reason and digest say which */
	OUTCOME_FAIL = 5        /* not a state, never stored as content */
};
const char *outcome_text(enum outcome outcome); /* "ANSWER" ... */

/* Why an accepted answer cannot be taken whole.  Stored: never renumber. */
enum unreadable {
	UNREADABLE_NOT = 0,
	UNREADABLE_OVERSIZED = 1, /* more records than CONTENT_RECORDS_MAX */
	UNREADABLE_RECORD = 2,    /* a malformed record (C5, C6, C9) */
	UNREADABLE_LOOP = 3,      /* alias loop (M2) */
	UNREADABLE_CHAIN = 4,     /* alias chain too long */
	UNREADABLE_ALIASES =
	    5, /* two aliases, or alias and data, at one owner */
	UNREADABLE_STRINGS = 6,      /* too many strings in a TXT (C7) */
	UNREADABLE_NXDOMAIN_DATA = 7 /* NXDOMAIN with data in Answer (M4) */
};
const char *unreadable_text(enum unreadable reason); /* "too many records" */

struct record {
	uint16_t type;
	uint16_t size;
	const uint8_t *rdata; /* identity form */
	uint32_t ttl;         /* attribute; 0 when read from storage */
};

struct content {
	enum outcome outcome;
	enum unreadable reason;
	bool partial; /* chain leaves an authoritative server's zones */
	uint8_t digest[SHA256_SIZE]; /* only UNREADABLE; see reply.h */
	uint16_t n_chain;
	uint16_t n_records;
	const uint8_t **chain;  /* targets in order: folded wire names */
	struct record *records; /* sorted by type, then rdata bytes */
};

/* Appends the packed form: what is stored, hashed and compared. */
void content_pack(const struct content *c, struct buf *out);
/*
 * Reads it back, also from policy 1, which had `ech` whole: then it is as
 * policy 2 has it.  Pointers go into `data` and `a`.  0, ERR_SYNTAX, -ENOMEM.
 */
MUST_CHECK int content_unpack(
    const uint8_t *data, size_t size, struct arena *a, struct content *out);
bool content_equal(const struct content *a, const struct content *b);
/* Deep copy.  0 or -ENOMEM. */
MUST_CHECK int content_copy(
    const struct content *c, struct arena *a, struct content *out);

/*
 * The keyed fingerprint of a content: the same 64 bits that reply_sum() of
 * reply.h computes from wire bytes without building a content.  Never 0.
 */
uint64_t content_fingerprint(
    const struct content *c, const struct hash_key *key);

bool record_equal(const struct record *a, const struct record *b);
int record_compare(const struct record *a, const struct record *b);

#endif
