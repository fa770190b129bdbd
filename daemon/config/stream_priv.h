/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_STREAM_PRIV_H
#define CONFIG_STREAM_PRIV_H

/*
 * stream -- YAML as a sequence of items, with our limits.
 *
 * The only file that knows libyaml.  One document; no aliases, anchors and
 * explicit tags (each is a problem, the item is marked bad and reading goes
 * on); depth at most CONFIG_DEPTH_MAX; UTF-8 only; a scalar of at most 64 KB.
 * Scalars are text.  Memory is bounded by the limits, not by the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "report_priv.h"

struct source;
struct stream;

enum item_kind {
	ITEM_END, /* of the document */
	ITEM_SCALAR,
	ITEM_LIST,
	ITEM_LIST_END,
	ITEM_MAP,
	ITEM_MAP_END
};

struct item {
	enum item_kind kind;
	struct place at;
	bool plain; /* a scalar without quotes */
	bool bad;   /* refused and reported; not to be used */
	char *text; /* of a scalar; ends with NUL, has none inside */
	size_t size;
	size_t begin; /* in characters from the file's start */
	size_t end;
};

/*
 * Reads from the source (borrowed) or, when it is NULL, from memory
 * (borrowed).  NULL when memory is short.
 */
struct stream *stream_new(const struct report *report, struct source *source,
    const void *data, size_t size);
void stream_free(struct stream *s); /* NULL is fine */
const struct report *stream_report(const struct stream *s);

/*
 * The next item, lent until the next call.  0, or ERR_SYNTAX (reported), or
 * what source_read() failed with; after that nothing can follow.
 */
MUST_CHECK int stream_next(struct stream *s, struct item *out);

#endif
