/* SPDX-License-Identifier: ISC */

/*
 * RFC 4180 with a header that names the columns.  A record goes on over a
 * line end while a quote is open, which is so exactly while the number of
 * quotes seen is odd; that way a record is gathered line by line, within the
 * limit of an entry, before it is taken apart.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "lines_priv.h"
#include "list_priv.h"

enum { COLUMNS_MAX = 256, UNKNOWN_SHOWN_MAX = 200 };

enum column {
	COLUMN_IGNORED = 0,
	COLUMN_NAME,
	COLUMN_TYPES,
	COLUMN_EVERY,
	COLUMN_VIEWS,
	COLUMN_TAGS,
	COLUMN_OWNER,
	COLUMN_RUNBOOK,
	COLUMN_ATTRIBUTES,
	COLUMN_DIRECT,
	COLUMN_CHASE,
	COLUMN_CONFIDENCE,
	COLUMN_TLP,
	COLUMN_FIRST_REPORTED,
	COLUMN_UNTIL,
	N_COLUMNS
};

static const struct {
	const char *title;
	enum column column;
} titles[] = {{"name", COLUMN_NAME}, {"domain", COLUMN_NAME},
    {"types", COLUMN_TYPES}, {"type", COLUMN_TYPES}, {"every", COLUMN_EVERY},
    {"interval", COLUMN_EVERY}, {"views", COLUMN_VIEWS}, {"tags", COLUMN_TAGS},
    {"tag", COLUMN_TAGS}, {"owner", COLUMN_OWNER}, {"runbook", COLUMN_RUNBOOK},
    {"attributes", COLUMN_ATTRIBUTES}, {"direct", COLUMN_DIRECT},
    {"chase", COLUMN_CHASE}, {"confidence", COLUMN_CONFIDENCE},
    {"tlp", COLUMN_TLP}, {"first_reported", COLUMN_FIRST_REPORTED},
    {"until", COLUMN_UNTIL}};

struct csv {
	struct lines lines;
	char record[WATCHLIST_ENTRY_MAX + 1];
	size_t size;
	unsigned line; /* where the record began; 0: none is open */
	bool odd;      /* a quote is open */
	bool has_header;
	enum column columns[COLUMNS_MAX];
	size_t n_columns;
	struct node cells[COLUMNS_MAX];
	size_t n_cells;
};

static void
trim_cell(struct node *cell)
{
	while (cell->size > 0 && strchr(" \t", cell->text[0]) != NULL) {
		cell->text++;
		cell->size--;
		cell->at.column++;
	}
	while (cell->size > 0 && strchr(" \t", cell->text[cell->size - 1]))
		cell->size--;
	cell->text[cell->size] = '\0';
}

/* Where the record is being read. */
struct cursor {
	char *at;
	char *end;
	struct place place;
};

/* Moves on by one byte, keeping the place. */
static char
advance(struct cursor *c)
{
	char byte = *c->at++;

	if (byte == '\n') {
		c->place.line++;
		c->place.column = 1;
	} else if (((unsigned char)byte & 0xc0) != 0x80) {
		c->place.column++;
	}
	return byte;
}

/* A quoted cell, its doubled quotes folded in place. */
static bool
take_quoted(struct cursor *c, struct node *cell)
{
	char *out;

	(void)advance(c);
	cell->text = c->at;
	cell->at = c->place;
	out = c->at;
	while (c->at < c->end) {
		char byte = advance(c);

		if (byte == '"' && (c->at == c->end || *c->at != '"')) {
			cell->size = (size_t)(out - cell->text);
			return c->at == c->end || *c->at == ',';
		}
		if (byte == '"')
			(void)advance(c);
		*out++ = byte;
	}
	cell->size = (size_t)(out - cell->text);
	return false;
}

static bool
take_cell(struct cursor *c, struct node *cell)
{
	bool ok = true;

	*cell = (struct node){.kind = NODE_SCALAR, .at = c->place};
	cell->text = c->at;
	if (c->at < c->end && *c->at == '"') {
		ok = take_quoted(c, cell);
	} else {
		while (c->at < c->end && *c->at != ',')
			(void)advance(c);
		cell->size = (size_t)(c->at - cell->text);
	}
	return ok;
}

/* The record as cells; false when it is refused (reported). */
static bool
split_record(struct watchlist *w, struct csv *csv)
{
	struct cursor c = {
	    csv->record, csv->record + csv->size, {csv->line, 1}};

	csv->n_cells = 0;
	for (;;) {
		struct node *cell = &csv->cells[csv->n_cells];
		bool more;

		if (csv->n_cells == COLUMNS_MAX) {
			report_error(&w->report, c.place,
			    "more than %d cells; remove some", COLUMNS_MAX);
			return false;
		}
		csv->n_cells++;
		if (!take_cell(&c, cell)) {
			report_error(&w->report, c.place,
			    "text behind a closing quote; write a quote "
			    "inside a cell twice");
			return false;
		}
		more = c.at < c.end;
		if (more)
			(void)advance(&c);
		trim_cell(cell);
		if (!more)
			return true;
	}
}

static enum column
column_of(const char *title)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (strcasecmp(title, titles[i].title) == 0)
			return titles[i].column;
	}
	return COLUMN_IGNORED;
}

static void
note_unknown(char list[UNKNOWN_SHOWN_MAX], const char *title)
{
	size_t used = strlen(list);

	if (used + strlen(title) + 2 <= UNKNOWN_SHOWN_MAX)
		snprintf(list + used, UNKNOWN_SHOWN_MAX - used, "%s%s",
		    used > 0 ? " " : "", title);
}

static int
take_header(struct watchlist *w, struct csv *csv)
{
	char unknown[UNKNOWN_SHOWN_MAX] = "";
	bool seen[N_COLUMNS] = {false};

	csv->has_header = true;
	csv->n_columns = csv->n_cells;
	for (size_t i = 0; i < csv->n_cells; i++) {
		enum column column = column_of(csv->cells[i].text);

		csv->columns[i] = column;
		if (column == COLUMN_IGNORED)
			note_unknown(unknown, csv->cells[i].text);
		else if (seen[column]) {
			report_error(&w->report, csv->cells[i].at,
			    "a second column `%.40s`; keep one",
			    csv->cells[i].text);
			return ERR_SYNTAX;
		}
		seen[column] = true;
	}
	if (!seen[COLUMN_NAME]) {
		report_error(&w->report, csv->cells[0].at,
		    "the header has no column `name` or `domain`; the first "
		    "line must name the columns, with commas between");
		return ERR_SYNTAX;
	}
	if (unknown[0] != '\0')
		report_warning(&w->report, csv->cells[0].at,
		    "columns not used: %s", unknown);
	return 1;
}

static void
take_field(struct fields_reader *x, enum column column, const struct node *cell)
{
	switch (column) {
	case COLUMN_NAME:
		x->name = cell;
		break;
	case COLUMN_TYPES:
		fields_types(x, cell);
		break;
	case COLUMN_EVERY:
		fields_every(x, cell);
		break;
	case COLUMN_VIEWS:
		fields_views(x, cell);
		break;
	case COLUMN_TAGS:
		fields_tags(x, cell);
		break;
	case COLUMN_OWNER:
		fields_owner(x, cell);
		break;
	case COLUMN_RUNBOOK:
		fields_runbook(x, cell);
		break;
	case COLUMN_ATTRIBUTES:
		fields_attributes(x, cell);
		break;
	case COLUMN_DIRECT:
		fields_direct(x, cell);
		break;
	case COLUMN_CHASE:
		fields_chase(x, cell);
		break;
	case COLUMN_CONFIDENCE:
		fields_confidence(x, cell);
		break;
	case COLUMN_TLP:
		fields_tlp(x, cell);
		break;
	case COLUMN_FIRST_REPORTED:
		fields_first_reported(x, cell);
		break;
	case COLUMN_UNTIL:
		fields_until(x, cell);
		break;
	case COLUMN_IGNORED:
	case N_COLUMNS:
		break;
	}
}

static int
take_record(struct watchlist *w, struct csv *csv)
{
	struct fields_reader x = {.w = w, .f = &w->own, .arena = &w->scratch};

	csv->record[csv->size] = '\0';
	if (csv->record[0] == '#' || csv->size == 0)
		return 1;
	if (!split_record(w, csv))
		return csv->has_header ? 1 : ERR_SYNTAX;
	if (!csv->has_header)
		return take_header(w, csv);
	if (csv->n_cells > csv->n_columns) {
		report_error(&w->report, csv->cells[csv->n_columns].at,
		    "more cells than the header has columns; put a cell with "
		    "a comma into quotes");
		return 1;
	}
	arena_reset(&w->scratch);
	w->own = w->defaults;
	for (size_t i = 0; i < csv->n_cells; i++) {
		if (csv->cells[i].size > 0)
			take_field(&x, csv->columns[i], &csv->cells[i]);
	}
	if (x.bad)
		return 1;
	if (x.name == NULL)
		report_error(&w->report, csv->cells[0].at,
		    "a record without a name; give one or remove the line");
	else
		list_tell(w, x.name, &w->own, x.types_given);
	return 1;
}

static void
report_open_quote(struct watchlist *w, struct csv *csv)
{
	report_error(&w->report, (struct place){csv->line, 1},
	    "a record longer than 64 KB, or a quote that is not closed; "
	    "close it");
	csv->line = 0;
	csv->odd = false;
}

static int
csv_step(struct watchlist *w)
{
	struct csv *csv = w->state;
	char *text = NULL;
	size_t size = 0;
	int got = lines_next(&csv->lines, &text, &size);

	if (got < 0)
		return got;
	if (got != LINES_LINE) {
		if (csv->line != 0)
			report_open_quote(w, csv);
		return got == LINES_SKIPPED ? 1 : 0;
	}
	if (csv->line == 0) {
		csv->line = csv->lines.line;
		csv->size = 0;
	} else if (csv->size < WATCHLIST_ENTRY_MAX) {
		csv->record[csv->size++] = '\n';
	}
	if (size > WATCHLIST_ENTRY_MAX - csv->size) {
		report_open_quote(w, csv);
		return 1;
	}
	memcpy(csv->record + csv->size, text, size);
	csv->size += size;
	for (const char *p = text;
	     (p = memchr(p, '"', size - (size_t)(p - text))); p++)
		csv->odd = !csv->odd;
	if (csv->odd && csv->record[0] != '#')
		return 1;
	csv->odd = false;
	got = take_record(w, csv);
	csv->line = 0;
	return got;
}

static void
csv_free(void *state)
{
	struct csv *csv = state;

	lines_fini(&csv->lines);
	free(csv);
}

int
list_csv_open(struct watchlist *w)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	if (csv == NULL)
		return -ENOMEM;
	w->state = csv;
	w->free_state = csv_free;
	w->step = csv_step;
	return lines_init(&csv->lines, &w->source);
}
