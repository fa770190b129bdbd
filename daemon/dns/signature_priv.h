/* SPDX-License-Identifier: ISC */
#ifndef DNS_SIGNATURE_PRIV_H
#define DNS_SIGNATURE_PRIV_H

/* signature_priv -- which records of a reply are signatures of its answer. */

#include "chain_priv.h"

/* A whole RRSIG over the end of the chain; of any type, where those are asked.
 */
bool signature_is_of(const uint8_t *wire, size_t size, const struct message *m,
    const struct chain *c, const struct message_record *r);

#endif
