/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_EXPECT_H
#define JUDGE_EXPECT_H

/*
 * expect -- does what is believed meet what an operator expects (R27)?  Pure.
 *
 * The end records count, wherever the alias chain leads; how they are shown -
 * order, TTL, case - does not (R6).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "dns/content.h"
#include "dns/pin.h"

struct expect_found {
	bool pinned;        /* some pin is of this type */
	bool meets;         /* all that are */
	bool unknown;       /* a partial answer (R7): the end of its chain was
	                     * not seen, so nothing can be said */
	bool unreadable;    /* so that nothing can be said but that it is no
	                     * `none` and not seen to be what it should */
	enum pin_word word; /* the first that is not met */
	/* Contents that only have records: what should be there, and what
	 * should not. */
	struct content missing, unexpected;
};

/*
 * Holds `c` against the pins of `type` among the packed ones.  Lists are made
 * in `a` and point into both.  0 or -ENOMEM.
 */
MUST_CHECK int expect_judge(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *c, struct arena *a, struct expect_found *out);

/*
 * ASPECT_UNEXPECTED of a change to what does not meet the pins, ASPECT_EXPECTED
 * of one to what does and did not before; 0: neither, or it is not known.
 */
uint32_t expect_aspects(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *from, const struct content *to, struct arena *a);

/*
 * Can no content meet the pins of `type` in both?  Then two lists expect
 * different things.
 */
bool expect_contradicts(const uint8_t *a, size_t a_size, const uint8_t *b,
    size_t b_size, uint16_t type);

/* The same for what is missing and unexpected; for another, another. */
uint64_t expect_print(const struct expect_found *found);

#endif
