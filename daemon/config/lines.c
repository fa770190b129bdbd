/* SPDX-License-Identifier: ISC */

/* One buffer that holds the longest line that is allowed and a read ahead. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "lines_priv.h"

enum { ROOM = 2 * WATCHLIST_ENTRY_MAX };

int
lines_init(struct lines *l, struct source *source)
{
	*l = (struct lines){.source = source};
	l->data = malloc(ROOM + 1);
	return l->data == NULL ? -ENOMEM : 0;
}

void
lines_fini(struct lines *l)
{
	free(l->data);
	l->data = NULL;
}

static int
drop_mark(struct lines *l)
{
	const char *start = l->data + l->begin;
	size_t size = l->end - l->begin;

	l->started = true;
	if (size >= 2 && (memcmp(start, "\xff\xfe", 2) == 0 ||
			     memcmp(start, "\xfe\xff", 2) == 0)) {
		report_error(&l->source->report, (struct place){1, 1},
		    "UTF-16; save the file as UTF-8");
		return ERR_SYNTAX;
	}
	if (size >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
		l->begin += 3;
	return 0;
}

/* Fills the buffer behind what is still in it. */
static int
fill(struct lines *l)
{
	ssize_t got;

	memmove(l->data, l->data + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	while (l->end < ROOM && !l->at_end) {
		got = source_read(l->source, l->data + l->end, ROOM - l->end);
		if (got < 0)
			return (int)got;
		l->at_end = got == 0;
		l->end += (size_t)got;
	}
	return l->started ? 0 : drop_mark(l);
}

/* Everything up to `end` was seen; `next` begins what follows. */
static int
hand_out(struct lines *l, size_t end, size_t next, char **text, size_t *size)
{
	size_t begin = l->begin;

	l->begin = next;
	if (!l->too_long)
		l->line++;
	if (l->too_long || end - begin > WATCHLIST_ENTRY_MAX) {
		if (!l->too_long)
			report_error(&l->source->report,
			    (struct place){l->line, 1},
			    "line longer than 64 KB; write one entry per line");
		l->too_long = false;
		return LINES_SKIPPED;
	}
	if (end > begin && l->data[end - 1] == '\r')
		end--;
	l->data[end] = '\0';
	*text = l->data + begin;
	*size = end - begin;
	return LINES_LINE;
}

int
lines_next(struct lines *l, char **text, size_t *size)
{
	char *newline;
	int err;

	newline = memchr(l->data + l->begin, '\n', l->end - l->begin);
	if (newline == NULL && !l->at_end) {
		err = fill(l);
		if (err != 0)
			return err;
		newline = memchr(l->data + l->begin, '\n', l->end - l->begin);
	}
	if (newline != NULL) {
		size_t at = (size_t)(newline - l->data);

		return hand_out(l, at, at + 1, text, size);
	}
	if (l->at_end) {
		if (l->begin == l->end)
			return LINES_END;
		return hand_out(l, l->end, l->end, text, size);
	}
	if (memchr(l->data + l->begin, '\0', l->end - l->begin) != NULL) {
		report_error(&l->source->report,
		    (struct place){l->line + !l->too_long, 1},
		    "no text: NUL bytes without an end; put the list here");
		return ERR_SYNTAX;
	}
	if (!l->too_long) {
		report_error(&l->source->report, (struct place){l->line + 1, 1},
		    "line longer than 64 KB; write one entry per line");
		l->line++;
	}
	l->too_long = true;
	l->begin = l->end;
	return LINES_SKIPPED;
}

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

bool
lines_trim(char **text, size_t *size, unsigned *column)
{
	char *t = *text;
	size_t n = cut_comment(t, *size);

	for (; n > 0 && (*t == ' ' || *t == '\t'); n--, t++)
		++*column;
	while (n > 0 && (t[n - 1] == ' ' || t[n - 1] == '\t'))
		n--;
	t[n] = '\0';
	*text = t;
	*size = n;
	return n > 0;
}
