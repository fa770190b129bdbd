/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_LINES_PRIV_H
#define CONFIG_LINES_PRIV_H

/*
 * lines -- a file line by line, in constant memory.
 *
 * Ends are LF or CRLF; a BOM is dropped.  A line over WATCHLIST_ENTRY_MAX is
 * reported and read past a piece at a time, but for one with NUL bytes in it:
 * that is no text, and may be a hole of any size.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "config/watchlist.h"
#include "source_priv.h"

struct lines {
	struct source *source; /* borrowed */
	char *data;
	size_t begin; /* of what was not yet handed out */
	size_t end;
	unsigned line; /* of the line handed out last */
	bool started;
	bool at_end;
	bool too_long; /* inside a line that is read past */
};

enum lines_result {
	LINES_END = 0,
	LINES_LINE = 1,
	LINES_SKIPPED = 2 /* a piece of a line that is too long */
};

MUST_CHECK int lines_init(struct lines *l, struct source *source);
void lines_fini(struct lines *l);
/* lines_result, or < 0 (reported).  The line is lent until the next call,
 * ends with NUL and may be changed in place. */
MUST_CHECK int lines_next(struct lines *l, char **text, size_t *size);
/*
 * Takes blanks and a comment off: a `#` at the start or behind a blank begins
 * one.  *column goes along with *text.  False: nothing is left.
 */
bool lines_trim(char **text, size_t *size, unsigned *column);

#endif
