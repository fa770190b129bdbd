/* SPDX-License-Identifier: ISC */
#ifndef DNS_TEXT_PRIV_H
#define DNS_TEXT_PRIV_H

/* text -- rdata as presentation text, field by field, without ldns. */

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Appends the text of uncompressed rdata that is as `fields` of rdata_priv.h
 * say.  May stop after `enough` characters (0: never).
 */
void text_fields(const char *fields, const uint8_t *rdata, size_t size,
    struct buf *out, size_t enough);

/* Appends "\# 3 abcdef" (RFC 3597 5). */
void text_unknown(
    const uint8_t *rdata, size_t size, struct buf *out, size_t enough);

#endif
