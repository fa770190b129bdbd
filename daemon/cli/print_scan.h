/* SPDX-License-Identifier: ISC */
#ifndef CLI_PRINT_SCAN_H
#define CLI_PRINT_SCAN_H

/*
 * scan -- walks JSON text without building anything from it.
 *
 * For printing what the log and the daemon hold, which we wrote ourselves:
 * values are found and passed on as they stand.  Whatever the text is, no
 * byte beyond its end is read, and what is no JSON ends the walk.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/* A value's text, blanks around it taken off; p == end: there is none. */
struct scan {
	const char *p;
	const char *end;
};

/* The one value that the text is, or none. */
struct scan scan_text(const char *text);
/* '{' '[' '"' 't' 'f' 'n' '0' (a number), or 0 for none. */
char scan_kind(struct scan value);

/*
 * Walks an object: *rest begins as the object and shrinks.  The key comes
 * without its quotes.  False at the end.
 */
bool scan_member(struct scan *rest, struct scan *key, struct scan *value);
/* The same for an array. */
bool scan_item(struct scan *rest, struct scan *value);
/* Items of an array; 0 for anything else. */
size_t scan_count(struct scan array);

/* The member's value, or none. */
struct scan scan_get(struct scan object, const char *key);
/*
 * The members of an object, looked through once, for who wants many of them.
 * An object that has more of them is walked on from there.
 */
enum { SCAN_MEMBERS = 48 };
struct scan_members {
	size_t n;
	struct scan keys[SCAN_MEMBERS];
	struct scan values[SCAN_MEMBERS];
	struct scan rest;
};
struct scan_members scan_members(struct scan object);
struct scan scan_find(const struct scan_members *m, const char *key);

/* Is it this, quotes not counted?  For words of ours, without escapes. */
bool scan_is(struct scan value, const char *word);

/*
 * A string's content, or any other value as it stands, as printable ASCII:
 * \DDD for bytes, \uXXXX for other characters; cut to max with "...".
 */
void scan_print(struct buf *out, struct scan value, size_t max);

#endif
