/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_TYPED_H
#define CONFIG_TYPED_H

/*
 * typed -- what people write where a name is wanted (E1, E2).
 *
 * A name, a URL, host:port, a defanged name, an IDN, an address, a prefix.
 * Total: any bytes give one of the three kinds.
 */

#include <stddef.h>

#include "base/addr.h"
#include "dns/name.h"

enum typed_kind { TYPED_NAME, TYPED_PREFIX, TYPED_BAD };

struct typed {
	enum typed_kind kind;
	struct name name;     /* TYPED_NAME */
	struct prefix prefix; /* TYPED_PREFIX; an address is a full one */
	const char *mixed;    /* scripts that a label mixes; NULL: none */
	const char *why;      /* TYPED_BAD: a literal, with what to do */
};

void typed_read(const char *text, size_t size, struct typed *out);

#endif
