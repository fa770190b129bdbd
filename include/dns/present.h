/* SPDX-License-Identifier: ISC */
#ifndef DNS_PRESENT_H
#define DNS_PRESENT_H

/*
 * present -- a record's data as people write it (RFC 1035 section 5.1), and by
 * RFC 3597 section 5 ("\# 3 abcdef") for any type.  The text is the
 * operator's, never a network's.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "dns/name.h"

enum { PRESENT_TEXT_MAX = 8192 };

/*
 * Adds the wire form, names as they are written and without compression.
 * A name without its last dot is below `origin`; NULL: in full all the same.
 * 0, ERR_SYNTAX (no such record, or longer than PRESENT_TEXT_MAX) or -ENOMEM.
 */
MUST_CHECK int present_parse(uint16_t type, const char *text,
    const struct name *origin, struct buf *out);

#endif
