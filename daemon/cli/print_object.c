/* SPDX-License-Identifier: ISC */

/*
 * A JSON object of two levels as a page for people.  What lies deeper stands
 * as JSON in its cell, so that nothing is left out and nothing recurses.
 */

#include <string.h>

#include "base/err.h"
#include "cli/print.h"
#include "print_scan.h"

enum { CELL_MAX = 200, COLUMNS_MAX = 32, INDENT = 2 };

static void
put_cell(struct buf *out, struct scan value)
{
	switch (scan_kind(value)) {
	case 't':
		buf_add_text(out, "yes");
		break;
	case 'f':
		buf_add_text(out, "no");
		break;
	case 'n':
	case '\0':
		buf_add_text(out, "-");
		break;
	default:
		scan_print(out, value, CELL_MAX);
	}
}

static size_t
cell_width(struct scan value)
{
	struct buf cell = {0};
	size_t width;

	put_cell(&cell, value);
	width = cell.size;
	buf_fini(&cell);
	return width;
}

static size_t
key_width(struct scan key)
{
	return (size_t)(key.end - key.p);
}

static void
put_padding(struct buf *out, size_t width, size_t used)
{
	buf_printf(out, "%*s", (int)(width > used ? width - used : 0), "");
}

static bool
is_section(struct scan value)
{
	struct scan first;

	if (scan_kind(value) == '[')
		return scan_item(&value, &first) && scan_kind(first) == '{';
	return scan_kind(value) == '{';
}

/* The members that are no section, or with `all` every one, one a line. */
static void
print_members(struct print *p, struct scan object, bool all, size_t indent)
{
	struct buf line = {0};
	struct scan rest = object;
	struct scan key;
	struct scan value;
	size_t width = 0;

	while (scan_member(&rest, &key, &value)) {
		if ((all || !is_section(value)) && key_width(key) > width)
			width = key_width(key);
	}
	rest = object;
	while (scan_member(&rest, &key, &value)) {
		if (!all && is_section(value))
			continue;
		put_padding(&line, indent, 0);
		scan_print(&line, key, CELL_MAX);
		put_padding(&line, width + 2, key_width(key));
		put_cell(&line, value);
		print_line(p, &line);
	}
	buf_fini(&line);
}

struct column {
	struct scan key;
	size_t width;
};

static void
note_cell(struct column *columns, size_t *n, struct scan key, struct scan value)
{
	size_t width = cell_width(value);
	size_t k = 0;

	while (
	    k < *n && (key_width(columns[k].key) != key_width(key) ||
			  memcmp(columns[k].key.p, key.p, key_width(key)) != 0))
		k++;
	if (k == COLUMNS_MAX)
		return;
	if (k == *n) {
		columns[k] = (struct column){key, key_width(key)};
		++*n;
	}
	if (width > columns[k].width)
		columns[k].width = width;
}

/* The value under the column's key, or none. */
static struct scan
find_cell(struct scan row, struct scan wanted)
{
	struct scan key;
	struct scan value;

	while (scan_member(&row, &key, &value)) {
		if (key_width(key) == key_width(wanted) &&
		    memcmp(key.p, wanted.p, key_width(key)) == 0)
			return value;
	}
	return (struct scan){row.end, row.end};
}

static void
print_row(
    struct print *p, const struct column *columns, size_t n, struct scan row)
{
	struct buf line = {0};

	put_padding(&line, INDENT, 0);
	for (size_t k = 0; k < n; k++) {
		size_t begin = line.size;

		if (scan_kind(row) == '\0')
			scan_print(&line, columns[k].key, CELL_MAX);
		else
			put_cell(&line, find_cell(row, columns[k].key));
		if (k + 1 < n)
			put_padding(
			    &line, columns[k].width + 2, line.size - begin);
	}
	print_line(p, &line);
	buf_fini(&line);
}

static void
print_table(struct print *p, struct scan rows)
{
	struct column columns[COLUMNS_MAX];
	size_t n = 0;
	struct scan rest = rows;
	struct scan row;
	struct scan key;
	struct scan value;

	/* The keys of all rows, in the order in which they appear. */
	while (scan_item(&rest, &row)) {
		while (scan_member(&row, &key, &value))
			note_cell(columns, &n, key, value);
	}
	print_row(p, columns, n, (struct scan){rows.end, rows.end});
	rest = rows;
	while (scan_item(&rest, &row))
		print_row(p, columns, n, row);
}

int
print_object(struct print *p, const char *body)
{
	struct scan object = scan_text(body);
	struct buf line = {0};
	struct scan key;
	struct scan value;

	if (scan_kind(object) != '{')
		return ERR_SYNTAX;
	print_members(p, object, false, 0);
	while (scan_member(&object, &key, &value)) {
		if (!is_section(value))
			continue;
		print_line(p, &line);
		scan_print(&line, key, CELL_MAX);
		print_line(p, &line);
		if (scan_kind(value) == '{')
			print_members(p, value, true, INDENT);
		else
			print_table(p, value);
	}
	buf_fini(&line);
	return 0;
}
