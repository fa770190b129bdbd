/* SPDX-License-Identifier: ISC */

/* One name per line; comments are as lines_trim() says. */

#include <errno.h>
#include <stdlib.h>

#include "lines_priv.h"
#include "list_priv.h"

static int
plain_step(struct watchlist *w)
{
	struct lines *l = w->state;
	struct node name = {.kind = NODE_SCALAR};
	char *text = NULL;
	size_t size = 0;
	unsigned column = 1;
	int got = lines_next(l, &text, &size);

	if (got != LINES_LINE)
		return got == LINES_SKIPPED ? 1 : got;
	if (!lines_trim(&text, &size, &column))
		return 1;
	name.text = text;
	name.size = size;
	name.at = (struct place){l->line, column};
	list_tell(w, &name, &w->defaults, false);
	return 1;
}

static void
plain_free(void *state)
{
	lines_fini(state);
	free(state);
}

int
list_plain_open(struct watchlist *w)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	w->state = l;
	w->free_state = plain_free;
	w->step = plain_step;
	return lines_init(l, &w->source);
}
