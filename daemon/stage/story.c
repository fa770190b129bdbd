/* SPDX-License-Identifier: ISC */

/* What every teller of a story needs: see play.h. */

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "play.h"

static struct {
	bool traced;
	const struct loop *loop; /* NULL: there is no world */
	mono_ns begin;
	const char *file; /* NULL: no line is being told */
	unsigned line;
	char folder[64]; /* ""; no files are about */
} story;

/* ---- files ---- */

static void
remove_files(const char *dir)
{
	char path[512];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

void
story_folder(const char *dir)
{
	if (story.folder[0] != '\0')
		remove_files(story.folder);
	snprintf(
	    story.folder, sizeof(story.folder), "%s", dir != NULL ? dir : "");
}

/* ---- saying ---- */

void
story_trace_on(void)
{
	story.traced = true;
}

bool
story_is_traced(void)
{
	return story.traced;
}

void
story_clock(const struct loop *loop)
{
	story.loop = loop;
	story.begin = loop == NULL ? 0 : loop_mono(loop);
}

void
story_line(const char *file, unsigned line)
{
	story.file = file;
	story.line = line;
}

static double
seconds(void)
{
	if (story.loop == NULL)
		return 0;
	return (double)(loop_mono(story.loop) - story.begin) / 1e9;
}

void
story_fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	if (story.file != NULL)
		fprintf(stderr, "%s:%u: ", story.file, story.line);
	if (story.loop != NULL)
		fprintf(stderr, "at %.3f s: ", seconds());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	story_folder(NULL);
	_exit(2);
}

void
story_trace(const char *format, ...)
{
	va_list args;

	if (!story.traced)
		return;
	fprintf(stderr, "%10.3f  ", seconds());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
}

/* ---- words ---- */

bool
word_next(const char **p, char out[WORD_SIZE])
{
	const char *from = *p;
	size_t n;

	if (*from == '\0')
		return false;
	if (*from == '"') {
		from++;
		n = strcspn(from, "\"");
		*p = from + n + (from[n] == '"');
	} else {
		n = strcspn(from, " \t");
		*p = from + n;
	}
	if (n >= WORD_SIZE)
		story_fail("a long word");
	memcpy(out, from, n);
	out[n] = '\0';
	*p += strspn(*p, " \t");
	return true;
}

bool
word_is(const char **p, const char *want)
{
	const char *behind = *p;
	char word[WORD_SIZE];

	if (!word_next(&behind, word) || strcmp(word, want) != 0)
		return false;
	*p = behind;
	return true;
}

void
word_need(const char **p, char out[WORD_SIZE])
{
	if (!word_next(p, out))
		story_fail("a word is missing");
}

mono_ns
span_of(const char *text)
{
	char *unit;
	double n = strtod(text, &unit);

	if (unit != text && strcmp(unit, "ms") == 0)
		return (mono_ns)(n * 1e6);
	if (unit != text && strcmp(unit, "s") == 0)
		return (mono_ns)(n * 1e9);
	if (unit != text && strcmp(unit, "m") == 0)
		return (mono_ns)(n * 60e9);
	if (unit != text && strcmp(unit, "h") == 0)
		return (mono_ns)(n * 3600e9);
	if (unit != text && strcmp(unit, "d") == 0)
		return (mono_ns)(n * 86400e9);
	story_fail("no span: %s", text);
}

mono_ns
word_span(const char **p)
{
	char word[WORD_SIZE];

	word_need(p, word);
	return span_of(word);
}

long
word_number(const char **p)
{
	char word[WORD_SIZE];
	char *end;
	long n;

	word_need(p, word);
	n = strtol(word, &end, 10);
	if (end == word || *end != '\0')
		story_fail("no number: %s", word);
	return n;
}

void *
list_add(void *list, size_t *n, size_t *room, size_t size)
{
	void **at = list;
	char *added;

	if (*n == *room) {
		*room = *room == 0 ? 8 : *room * 2;
		*at = realloc(*at, *room * size);
		CHECK(*at != NULL);
	}
	added = (char *)*at + (*n)++ * size;
	memset(added, 0, size);
	return added;
}
