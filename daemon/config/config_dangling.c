/* SPDX-License-Identifier: ISC */

/*
 * How often what owned names point at is looked for (`dangling:`), and names
 * that do not exist below owned zones (`wildcard:`).
 */

#include <string.h>

#include "base/clock.h"
#include "reader_priv.h"

enum { EVERY_MIN_S = 300, EVERY_MAX_S = 86400 };

/* 5m to 1d, or `none`, which is 0.  False: it is neither, and not reported. */
static bool
read_every(const char *text, uint32_t *out)
{
	*out = 0;
	return strcmp(text, "none") == 0 ||
	       (span_parse(text, out) == 0 && *out >= EVERY_MIN_S &&
		   *out <= EVERY_MAX_S);
}

void
read_dangling(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`dangling`", &x->r);

	if (text != NULL && !read_every(text, &x->c->dangling_every_s))
		report_error(&x->r, value->at,
		    "`dangling` must say how often it is looked whether what "
		    "owned names point at exists, from 5m to 1d, as in 1h; "
		    "`dangling: none` switches that off");
}

void
read_wildcard(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`wildcard`", &x->r);

	if (text != NULL && !read_every(text, &x->c->wildcard_every_s))
		report_error(&x->r, value->at,
		    "`wildcard` must say how often it is looked whether owned "
		    "zones answer for names that do not exist, from 5m to 1d, "
		    "as in 1h; `wildcard: none` switches that off");
}
