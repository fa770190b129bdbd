/* SPDX-License-Identifier: ISC */
#ifndef BASE_PEM_H
#define BASE_PEM_H

/*
 * pem -- are these certificates?  Whether they are any good, and for whom, is
 * for the handshake to say.
 */

#include <stddef.h>

#include "base/attr.h"

/*
 * How many certificates the text has, other blocks passed over; -n when the
 * n-th (from 1) cannot be read.
 */
MUST_CHECK int pem_certificates(const char *text, size_t size);

#endif
