/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_UNLISTED_H
#define JUDGE_UNLISTED_H

/*
 * unlisted -- names of an owned zone with addresses that no list has.  Pure.
 *
 * A name is there when two servers say so: of two groups, or one by UDP and
 * by TCP (R11).  What the zone's wildcard answers for it says nothing of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/content.h"
#include "dns/reply.h"
#include "judge/wildcard.h"

enum { UNLISTED_TOLD_MAX = 64 /* of one zone */ };

/* Of addresses, as the n-th; 0: that was all. */
uint16_t unlisted_type(unsigned n);

/*
 * Takes in what a server said of unlisted_type(n): WILDCARD_ANSWERS with
 * addresses, WILDCARD_NONE without, WILDCARD_UNKNOWN of what failed or is
 * unreadable.  True: that is all; else the next type is to be asked there.
 */
bool unlisted_hear(struct wildcard_word *w, unsigned n, enum fail fail,
    const struct content *c);

/* Is it there, and not by the wildcard alone? */
bool unlisted_is_there(const struct wildcard_cell *cell,
    const struct wildcard_word *a, const struct wildcard_word *b);

/* Which were told. */
struct unlisted_told {
	size_t n;
	struct wildcard_print names[UNLISTED_TOLD_MAX];
};
bool unlisted_was_told(const struct unlisted_told *t, const uint8_t *name);
/* False: there are too many, and it is not to be told. */
bool unlisted_add(struct unlisted_told *t, const uint8_t *name);
void unlisted_pack(const struct unlisted_told *t, struct buf *out);
/* Of what stands behind the wildcard's; broken bytes: nothing was told. */
void unlisted_unpack(const uint8_t *data, size_t size, struct unlisted_told *t);

#endif
