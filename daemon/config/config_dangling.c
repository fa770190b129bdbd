/* SPDX-License-Identifier: ISC */

/* `dangling:`, how often what owned names point at is looked for. */

#include <string.h>

#include "base/clock.h"
#include "reader_priv.h"

enum { EVERY_MIN_S = 300, EVERY_MAX_S = 86400 };

void
read_dangling(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`dangling`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (strcmp(text, "none") == 0)
		x->c->dangling_every_s = 0;
	else if (span_parse(text, &seconds) != 0 || seconds < EVERY_MIN_S ||
		 seconds > EVERY_MAX_S)
		report_error(&x->r, value->at,
		    "`dangling` must say how often it is looked whether what "
		    "owned names point at exists, from 5m to 1d, as in 1h; "
		    "`dangling: none` switches that off");
	else
		x->c->dangling_every_s = seconds;
}
