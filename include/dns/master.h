/* SPDX-License-Identifier: ISC */
#ifndef DNS_MASTER_H
#define DNS_MASTER_H

/*
 * master -- the records of a master file, one after the other (RFC 1035
 * section 5), which the operator wrote.
 *
 * Parentheses, comments, quotes, $ORIGIN, $TTL, an owner that is left out, TTL
 * and class in either order or left out.  $INCLUDE, $GENERATE and classes other
 * than IN are refused.  An entry that cannot be read is lost alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "dns/name.h"

struct master {
	const char *at, *end; /* borrowed */
	unsigned line;        /* from 1 */
	struct name origin;
	struct name owner; /* of the last record; its size is 0: none yet */
	/* of the entry that is being read */
	unsigned depth; /* of parentheses */
	const char *why;
	struct buf text;
	struct buf rdata;
};

/* `origin`: what names without their last dot are below, until $ORIGIN. */
void master_init(
    struct master *m, const char *text, size_t size, const struct name *origin);
void master_fini(struct master *m);

struct master_record {
	struct name owner;
	uint16_t type;
	const uint8_t *rdata; /* identity form, lent until the next call */
	size_t size;
	unsigned line; /* where its entry begins */
};

/*
 * 1: a record, 0: the end, -ENOMEM, or ERR_SYNTAX: the entry that begins at
 * out->line is none, *why (a literal) says what is wrong, and the next call
 * goes on behind it.
 */
MUST_CHECK int master_next(
    struct master *m, struct master_record *out, const char **why);

#endif
