/* SPDX-License-Identifier: ISC */
#ifndef ZONE_H
#define ZONE_H

/*
 * zone -- what is true in the world of a story, as presentation text turned
 * into wire bytes, and replies made of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/content.h"
#include "dns/name.h"

enum { ZONE_ANY_TYPE = 255, ZONE_RECORDS_MAX = 700, ZONE_SIGNATURES_MAX = 8 };

struct datum {
	uint8_t *rdata;
	uint16_t size;
};

/* What is told about one question: records of one type, or none. */
struct rrset {
	struct rrset *next;
	struct name name;
	uint16_t type;        /* of the question; ZONE_ANY_TYPE: each */
	uint16_t rtype;       /* of the records */
	enum outcome outcome; /* ANSWER, NODATA or NXDOMAIN */
	bool no_soa;          /* a negative without an SOA (M4) */
	uint32_t ttl;
	size_t n;
	struct datum *data;
};

/* A zeroed struct is empty; nothing is freed before its arena. */
struct zone {
	bool has_star; /* there may be a wildcard */
	struct rrset *first;
	struct arena arena;
};

/*
 * Reads VALUES: NXDOMAIN, NODATA ("without soa" may follow), or values
 * separated by commas, with "as TYPE" in front when the records are of another
 * type, "198.18.0.1*600" for 600 addresses in a row and "\# 3 abcdef" for any
 * bytes.
 */
struct rrset *rrset_read(struct zone *z, const struct name *name, uint16_t type,
    const char *values, uint32_t ttl);
/* Takes the place of what was told about that question. */
void zone_put(struct zone *z, struct rrset *set);
void zone_drop(struct zone *z, const struct name *name);
void zone_clear(struct zone *z);

/* An RRSIG over a set, made by key `tag`; another of that key is taken away. */
struct signing {
	struct name name; /* also the signer */
	uint16_t type;
	uint16_t tag;
	uint32_t inception, expires;
	uint32_t ttl;
};
void zone_sign(struct zone *z, const struct signing *s);

struct rr {
	const uint8_t *owner; /* uncompressed wire */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;
	uint16_t size;
};

/* A reply as a server has it in its cache. */
struct fetched {
	uint16_t rcode;
	bool no_soa;
	uint32_t soa_ttl; /* of a negative */
	uint8_t soa_owner[NAME_SIZE_MAX];
	size_t n;
	struct rr list[ZONE_RECORDS_MAX];
	size_t n_signatures; /* over the last of them */
	struct rr signatures[ZONE_SIGNATURES_MAX];
};

struct zone_question {
	const uint8_t *name;
	uint16_t type;
	bool within; /* only as far as the alias chain stays in its zone */
};

/* What `over` (may be NULL) and below it the zone say, along the chain. */
void zone_answer(const struct zone *z, const struct zone *over,
    const struct zone_question *q, uint32_t negative_ttl, struct fetched *out);

/* The least of its TTLs, that of the SOA among them. */
uint32_t fetched_ttl(const struct fetched *f, uint16_t type);

struct reply_look {
	uint32_t age_s; /* subtracted from TTLs */
	bool aa;
	bool shuffled; /* order, duplicates and letter case at random */
	int32_t ede;   /* -1: none */
	bool with_signatures;
	uint8_t instance; /* 1 to 9: NSID "i1" to "i9"; 0: none */
};
void reply_encode(const struct fetched *f, const uint8_t *name, uint16_t type,
    const struct reply_look *look, struct buf *out);
/* To the servers of the zone `cut`, with their addresses below it. */
void reply_encode_referral(const struct zone *z, const struct zone *over,
    const uint8_t *cut, const uint8_t *name, uint16_t type, struct buf *out);
/* A reply without records: SERVFAIL, REFUSED, a referral (`lame`). */
void reply_encode_error(const uint8_t *name, uint16_t type, uint16_t rcode,
    bool lame, int32_t ede, struct buf *out);

#endif
