/* SPDX-License-Identifier: ISC */

/*
 * Lines, times, texts and contents.  The escaping is done where a piece is
 * added to the line, so that a cut never falls into the middle of an escape.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/escape.h"
#include "cli/print.h"
#include "config/unicode.h"
#include "dns/name.h"
#include "dns/record.h"

enum {
	TEXT_MAX = 1024,
	VALUE_MAX = 256, /* of one record in a line for people (T5) */
	VALUES_MAX = 8   /* records in such a line */
};

void
print_init(struct print *p, FILE *out)
{
	*p = (struct print){.out = out};
}

static void
note_error(struct print *p)
{
	if (p->err == 0)
		p->err = errno == 0 ? -EIO : -errno;
}

void
print_line(struct print *p, struct buf *line)
{
	if (p->err == 0 && line->err != 0)
		p->err = line->err;
	buf_add(line, "\n", 1);
	errno = 0;
	if (p->err == 0 &&
	    fwrite(line->data, 1, line->size, p->out) != line->size)
		note_error(p);
	buf_clear(line);
}

void
print_flush(struct print *p)
{
	errno = 0;
	if (p->err == 0 && fflush(p->out) != 0)
		note_error(p);
}

bool
print_end(struct print *p)
{
	print_flush(p);
	if (p->err == 0 || p->err == -EPIPE)
		return true;
	fprintf(stderr, "dnsvigil: standard output: %s\n", err_text(p->err));
	return false;
}

void
print_wall(struct buf *out, wall_us at)
{
	char text[WALL_TEXT_SIZE];

	if (at == 0) {
		buf_add_text(out, "-");
		return;
	}
	wall_print(at, text);
	/* The fraction is in the JSON, for those who compare. */
	buf_printf(out, "%.10s %.8sZ", text, text + sizeof("2026-11-21"));
}

void
print_text(struct buf *out, const char *text, size_t max)
{
	char escaped[TEXT_MAX + 1];

	if (max > TEXT_MAX)
		max = TEXT_MAX;
	buf_add_text(out, escape_text(text, escaped, max + 1));
}

/* By the environment, as locales are chosen; the first that is set counts. */
static bool
reads_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value = NULL;

	for (size_t i = 0; i < 3 && (value == NULL || *value == '\0'); i++)
		value = getenv(names[i]);
	value = value == NULL ? NULL : strchr(value, '.');
	return value != NULL && (strncasecmp(value, ".UTF-8", 6) == 0 ||
				    strncasecmp(value, ".utf8", 5) == 0);
}

void
print_watched(struct buf *out, const char *name)
{
	struct unicode u;

	print_text(out, name, TEXT_MAX);
	/* Beside letters that run leftward a terminal moves what is not. */
	if (!unicode_of(name, &u) || u.leftward || !reads_utf8())
		return;
	buf_printf(
	    out, " (%s%s)", u.text, u.mixed != NULL ? "; mixed scripts" : "");
}

static void
put_record_json(struct emit *j, const struct record *r)
{
	struct buf text = {0};

	record_print(r, &text, 0);
	emit_text(j, NULL, buf_text(&text));
	if (text.err != 0)
		j->out->err = text.err;
	buf_fini(&text);
}

void
print_content_json(struct emit *j, const struct content *c)
{
	char name[NAME_TEXT_SIZE];

	emit_text(j, "outcome", outcome_text(c->outcome));
	if (c->outcome == OUTCOME_UNREADABLE)
		emit_text(j, "reason", unreadable_text(c->reason));
	emit_array(j, "rdata");
	for (size_t i = 0; i < c->n_records; i++)
		put_record_json(j, &c->records[i]);
	emit_array_end(j);
	emit_array(j, "chain");
	for (size_t i = 0; i < c->n_chain; i++)
		emit_text(j, NULL, name_print(c->chain[i], name));
	emit_array_end(j);
	if (c->partial)
		emit_bool(j, "partial", true);
}

void
print_content(struct buf *out, const struct content *c)
{
	char name[NAME_TEXT_SIZE];
	const char *between = "";

	for (size_t i = 0; i < c->n_chain; i++)
		buf_printf(out, "via %s ", name_print(c->chain[i], name));
	if (c->outcome == OUTCOME_UNREADABLE) {
		buf_printf(out, "UNREADABLE (%s)", unreadable_text(c->reason));
		return;
	}
	if (c->n_records == 0)
		buf_add_text(out, outcome_text(c->outcome));
	for (size_t i = 0; i < c->n_records; i++) {
		if (i == VALUES_MAX) {
			buf_printf(out, " and %zu more", c->n_records - i);
			break;
		}
		buf_add_text(out, between);
		record_print(&c->records[i], out, VALUE_MAX);
		between = ", ";
	}
}

void
print_packed_json(struct emit *j, const uint8_t *packed, size_t size)
{
	struct arena arena = {0};
	struct content c;

	if (packed != NULL && content_unpack(packed, size, &arena, &c) == 0)
		print_content_json(j, &c);
	else
		emit_null(j, "outcome");
	arena_fini(&arena);
}

void
print_packed(struct buf *out, const uint8_t *packed, size_t size)
{
	struct arena arena = {0};
	struct content c;

	if (packed == NULL)
		buf_add_text(out, "never answered");
	else if (content_unpack(packed, size, &arena, &c) == 0)
		print_content(out, &c);
	else
		buf_add_text(out, "(stored in a form that is not known here)");
	arena_fini(&arena);
}
