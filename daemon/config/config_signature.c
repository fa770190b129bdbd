/* SPDX-License-Identifier: ISC */

/* `signatures:`, how long ahead it is told that they will expire (R17). */

#include <string.h>

#include "base/clock.h"
#include "reader_priv.h"

enum {
	DAY_S = 86400,
	AHEAD_MIN_S = 3600,
	AHEAD_MAX_S = 90 * DAY_S,
	EVERY_MIN_S = 60,
	EVERY_MAX_S = DAY_S
};

static void
read_ahead(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`ahead`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (span_parse(text, &seconds) != 0 || seconds < AHEAD_MIN_S ||
	    seconds > AHEAD_MAX_S)
		report_error(&x->r, value->at,
		    "`signatures` must say how long ahead it is told that "
		    "they expire, from 1h to 90d, as in 7d; "
		    "`signatures: none` switches that off");
	else
		x->c->signatures_ahead_s = seconds;
}

static void
read_every(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`every`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (span_parse(text, &seconds) != 0 || seconds < EVERY_MIN_S ||
	    seconds > EVERY_MAX_S)
		report_error(&x->r, value->at,
		    "`every` of signatures must be from 1m to 1d, as in 6h");
	else
		x->c->signatures_every_s = seconds;
}

void
read_signatures(void *ctx, const struct node *value)
{
	static const struct key keys[] = {
	    {"ahead", read_ahead},
	    {"every", read_every},
	};
	struct reader *x = ctx;

	if (value->kind != NODE_SCALAR)
		node_walk(value, "`signatures` (or a time, or `none`)", keys, 2,
		    &x->r, x);
	else if (strcmp(value->text, "none") == 0)
		x->c->signatures_ahead_s = 0;
	else
		read_ahead(x, value);
}
