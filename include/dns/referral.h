/* SPDX-License-Identifier: ISC */
#ifndef DNS_REFERRAL_H
#define DNS_REFERRAL_H

/*
 * referral -- what a server says about where a name is served.
 *
 * Given a message that message_walk() accepted, TC clear, whose question is
 * the one that was asked; RFC 1034 4.3.2 step 3b, RFC 2181 5.4.1, 6.1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/attr.h"
#include "dns/content.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/reply.h"

enum { REFERRAL_NAMES_MAX = 32, REFERRAL_GLUE_MAX = 64 };

enum referral_kind {
	REFERRAL_NOT = 0, /* an answer of its own, AA=1: also negative */
	REFERRAL_DOWN,    /* to a zone below `zone`, towards the name */
	REFERRAL_LAME     /* neither: upward, sideways, refused, no AA */
};

struct referral_glue {
	uint8_t name;     /* index into names */
	struct addr addr; /* port 53 */
	uint32_t ttl;
};

struct referral {
	enum referral_kind kind;
	struct name child; /* DOWN: the zone that is delegated */
	struct name names[REFERRAL_NAMES_MAX];
	size_t n_names; /* those that were too many are left out */
	struct referral_glue glue[REFERRAL_GLUE_MAX]; /* below `zone` only */
	size_t n_glue;
	uint32_t ttl;    /* smallest of the NS */
	bool has_soa;    /* NOT: the zone as its SOA says */
	struct name soa; /* its owner */
};
/*
 * `zone` is whose servers were asked; it encloses the name, or all is LAME.
 *
 * DOWN when there is no answer, no SOA, and NS records in Authority whose
 * owner is strictly below `zone` and encloses the name (of several owners the
 * one nearest to `zone`: what is below a cut is not the zone's to say).  AA is
 * not looked at there, for there are servers that set it.  The names are
 * those of these NS, each once, in the order of the message; the glue is that
 * of these names, as far as they are below `zone`.
 *
 * LAME also with AA=1, when the SOA of a negative answer is of a zone above
 * `zone`: this server has not got `zone`.  An SOA that does not enclose the
 * name, or that comes with an alias, is none: it is of where the alias leads.
 */
void referral_read(const uint8_t *wire, size_t size, const struct message *m,
    const struct name *qname, const struct name *zone, struct referral *out);

/*
 * The same as a content, which is the state of a delegation at the parent
 * (R18): outcome ANSWER, as end records the NS of the child in identity form
 * and the glue as records of type A and AAAA.  What a glue belongs to is in
 * front of it: rdata is the owner in wire form, then the address.  Nothing is
 * left out; more than CONTENT_RECORDS_MAX are UNREADABLE_OVERSIZED with a
 * digest of all.  The name is that of the message's question.  0, -ENOMEM, or
 * ERR_NOT_FOUND when it is not DOWN.
 */
MUST_CHECK int referral_content(const uint8_t *wire, size_t size,
    const struct message *m, const struct name *zone, struct arena *a,
    struct content *out);

#endif
