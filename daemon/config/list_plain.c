/* SPDX-License-Identifier: ISC */

/* One name per line; a `#` at the start or behind a blank begins a comment. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lines_priv.h"
#include "list_priv.h"

static size_t
cut_comment(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char *sign = memchr(text + i, '#', size - i);

		if (sign == NULL)
			return size;
		i = (size_t)(sign - text);
		if (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t')
			return i;
	}
	return size;
}

static int
plain_step(struct watchlist *w)
{
	struct lines *l = w->state;
	struct node name = {.kind = NODE_SCALAR};
	char *text = NULL;
	size_t size = 0;
	size_t begin = 0;
	int got = lines_next(l, &text, &size);

	if (got != LINES_LINE)
		return got == LINES_SKIPPED ? 1 : got;
	size = cut_comment(text, size);
	while (begin < size && (text[begin] == ' ' || text[begin] == '\t'))
		begin++;
	while (
	    size > begin && (text[size - 1] == ' ' || text[size - 1] == '\t'))
		size--;
	if (begin == size)
		return 1;
	text[size] = '\0';
	name.text = text + begin;
	name.size = size - begin;
	name.at = (struct place){l->line, (unsigned)begin + 1};
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
