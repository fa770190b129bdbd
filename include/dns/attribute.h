/* SPDX-License-Identifier: ISC */
#ifndef DNS_ATTRIBUTE_H
#define DNS_ATTRIBUTE_H

/*
 * attribute -- what a reply shows beside what it says (R6): the order of its
 * records, duplicates, TTL, the letter case of names, an SOA's serial and
 * timers, the bytes of signatures, the keys in `ech` (R26).
 *
 * None of it is in a content, and so none of it is ever a change.  Who wants
 * to hear of one asks for it by name, and only then is any of this computed.
 * Only an ANSWER with records at the end of its chain has attributes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

/* Stored, and bits of a set: never renumber. */
enum attribute {
	ATTRIBUTE_ORDER = 0,
	ATTRIBUTE_DUPLICATES = 1,
	ATTRIBUTE_TTL = 2,
	ATTRIBUTE_CASE = 3,
	ATTRIBUTE_SERIAL = 4,
	ATTRIBUTE_TIMERS = 5,
	ATTRIBUTE_SIGNATURE = 6,
	ATTRIBUTE_ECH = 7
};
enum { N_ATTRIBUTES = ATTRIBUTE_ECH + 1, ATTRIBUTE_SIZE = 16 };

/* The word of configurations and of the event's kind: "order", "ttl", ... */
const char *attribute_text(enum attribute attribute);

struct attributes {
	uint8_t has; /* a bit per attribute that is known */
	/* Of the distinct records and the chain: what the digests are about. */
	uint8_t set[ATTRIBUTE_SIZE];
	uint8_t order[ATTRIBUTE_SIZE]; /* of records as each first appears */
	uint32_t duplicates;           /* records that are there once more */
	uint32_t ttl;                  /* smallest of the end records */
	uint8_t letter_case[ATTRIBUTE_SIZE];
	uint32_t serial;
	uint32_t timers[4]; /* refresh, retry, expire, minimum */
	uint8_t signature[ATTRIBUTE_SIZE];
	uint8_t ech[ATTRIBUTE_SIZE];
};

/*
 * Reads those in `wanted` (bits) from a message that message_walk() accepted.
 * No allocation; n log n in its records.  `ttl` is set whenever `has` is not
 * 0.
 *
 * The letter case is that of owners and of names in rdata, and of no label
 * that may be ours (A9): what points at the question is folded, and a label
 * that repeats the question's with a capital in it leaves the case unknown,
 * for the server may have copied it.  A cache's own questions were of random
 * case, too: without AA neither owners count, nor labels that a name shares
 * with the question's end or the owner's.
 */
void attributes_read(const uint8_t *wire, size_t size, const struct message *m,
    unsigned wanted, struct attributes *out);

/* One of them as octets: numbers in network order, padded with zeroes. */
void attributes_value(const struct attributes *a, enum attribute attribute,
    uint8_t out[ATTRIBUTE_SIZE]);
/* Number `i` of such octets. */
uint32_t attribute_number(const uint8_t value[ATTRIBUTE_SIZE], unsigned i);
/* Is it about one set of records, and means nothing beside another? */
bool attribute_is_of_set(enum attribute attribute);

#endif
