/* SPDX-License-Identifier: ISC */
#ifndef DNS_CHAIN_PRIV_H
#define DNS_CHAIN_PRIV_H

/*
 * chain -- from the question's name, through aliases, to the end records.
 *
 * The rules M1, M2 and M3, once, for both readers of reply.h.  The order of
 * records in the message has no influence on anything but the order of
 * `end`.  Nothing is allocated; the price is n log n in the number of
 * records.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/content.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/reply.h"

/* The smallest record has 11 octets: no message has more than this. */
enum { CHAIN_RECORDS_MAX = MESSAGE_SIZE_MAX / 11 };

struct chain {
	enum fail fail; /* FAIL_MALFORMED: a DNAME is not obeyed (M3) */
	enum unreadable
	    reason;          /* of the chain itself; the end is not looked at */
	bool is_unsupported; /* RFC 8482 HINFO at the end, and no data */
	uint32_t ttl;        /* smallest of links and end; UINT32_MAX: none */
	unsigned n_used;     /* Answer records that played a part */
	struct name question; /* folded */
	unsigned n_links;
	struct name links[CONTENT_CHAIN_MAX]; /* targets in order, folded */
	size_t n_end;
	uint16_t end[CHAIN_RECORDS_MAX]; /* offsets of records at the end */
};

void chain_follow(const uint8_t *wire, size_t size, const struct message *m,
    struct chain *out);

/* The name where the chain ends. */
const struct name *chain_end(const struct chain *c);

#endif
