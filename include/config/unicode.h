/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_UNICODE_H
#define CONFIG_UNICODE_H

/*
 * unicode -- a watched name as people write it, beside its A-labels (E2).
 *
 * For names out of watchlists and from the command line, never for what a
 * server said: a name in rdata is shown as it came.  A label is shown in
 * Unicode only when it is a valid U-label of IDNA 2008, converts back to the
 * same A-label, and has no sign that joins or directs others without being
 * seen; any other stays as it is.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/emit.h"

enum { UNICODE_TEXT_SIZE = 1280 };

struct unicode {
	char text[UNICODE_TEXT_SIZE]; /* UTF-8, with the dot at the end */
	bool leftward;     /* letters that run from right to left: a terminal
	                    * would turn round what stands beside them */
	const char *mixed; /* the scripts that one label mixes, else NULL */
};

/* `name` as name_print() gives it.  False: there is nothing to show. */
MUST_CHECK bool unicode_of(const char *name, struct unicode *out);

/* Members name_unicode and name_mixed of an open object, where they apply. */
void unicode_emit(struct emit *j, const char *name);

#endif
