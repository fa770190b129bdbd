/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_PINS_PRIV_H
#define CONFIG_PINS_PRIV_H

/*
 * pins -- what records must be, by type, as `expect` and plans say it:
 *
 *	A: [192.0.2.1, 192.0.2.2]           exactly these
 *	MX: {includes: ["10 mx.example.com."], never: ["10 old.example."]}
 *	AAAA: none
 *
 * They become one packed text (dns/pin.h).  What contradicts itself is refused.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "node_priv.h"

/* Of a mapping that is no set, passed over here: another file says more. */
#define PINS_FROM "from"

/*
 * The types of a mapping, added to `out`.  `sets`: only what a type is to be as
 * a whole, so no words.  False when anything was refused (and reported), or
 * memory is short.
 */
MUST_CHECK bool pins_read(
    const struct report *r, const struct node *map, bool sets, struct buf *out);

#endif
