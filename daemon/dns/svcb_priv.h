/* SPDX-License-Identifier: ISC */
#ifndef DNS_SVCB_PRIV_H
#define DNS_SVCB_PRIV_H

/*
 * svcb -- the parameter `ech` of SVCB and HTTPS records (R26).
 *
 * Its value is a list of keys that a server changes every hour or so
 * (draft-ietf-tls-esni 4, ECHConfigList).  That there is one, and the public
 * names in it, are identity; the keys are not.
 *
 * The identity form is such a list again, as small as one can be: each
 * configuration has its version and its public name, folded, and zeroes for
 * all else; one of an unknown version is empty; of equal ones behind each
 * other the first stays.  So a value that is no list, which stays as it is,
 * never looks like the form of one that is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Makes the identity form of good, expanded rdata in place; it never grows.
 * Returns its size.  Nothing but one look at each parameter and configuration.
 */
size_t svcb_reduce(uint8_t *rdata, size_t size);

/* The value of `ech` in rdata; NULL: there is none. */
const uint8_t *svcb_ech(const uint8_t *rdata, size_t size, size_t *value_size);
/* Cuts `ech` out; returns the size that is left. */
size_t svcb_without_ech(uint8_t *rdata, size_t size);
/* Is it a list, each configuration of it well made? */
bool ech_is_good(const uint8_t *list, size_t size);
/*
 * Steps through a good list: the next public name at *at (0 at first), NULL
 * at the end; n 0 for a configuration of an unknown version.
 */
const uint8_t *ech_name(
    const uint8_t *list, size_t size, size_t *at, size_t *n);
/* "ech.example,other.example", printable. */
void ech_print(const uint8_t *list, size_t size, struct buf *out);

#endif
