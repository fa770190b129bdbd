/* SPDX-License-Identifier: ISC */

/*
 * Problems in the order found.  When a file has DIAG_FILE_MAX of them, an
 * error still takes the place of a warning: what stops the program is never
 * hidden behind what does not.  Without memory a problem is only counted.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/escape.h"

enum { TEXT_MAX = 512 };

static void
free_item(struct diag_item *item)
{
	free(item->file);
	free(item->text);
}

void
diag_fini(struct diag *d)
{
	for (size_t i = 0; i < d->n_items; i++)
		free_item(&d->items[i]);
	free(d->items);
	*d = (struct diag){0};
}

/* The latest warning among the n_of_file items at the end, out of the list. */
static bool
drop_warning(struct diag *d)
{
	for (size_t i = d->n_items; i > d->n_items - d->n_of_file; i--) {
		struct diag_item *item = &d->items[i - 1];

		if (!item->warning)
			continue;
		free_item(item);
		memmove(item, item + 1, (d->n_items - i) * sizeof(*item));
		d->n_items--;
		d->n_of_file--;
		return true;
	}
	return false;
}

/* Keeps a copy of *item, whose file and text are borrowed. */
static void
keep(struct diag *d, const struct diag_item *item)
{
	struct diag_item copy = *item;
	struct diag_item *items;

	items = realloc(d->items, (d->n_items + 1) * sizeof(*items));
	if (items == NULL)
		return;
	d->items = items;
	copy.file = strdup(item->file);
	copy.text = strdup(item->text);
	if (copy.file == NULL || copy.text == NULL) {
		free_item(&copy);
		return;
	}
	d->items[d->n_items++] = copy;
	d->n_of_file++;
}

static void PRINTF_LIKE(3, 0) add(
    struct diag *d, struct diag_item *item, const char *format, va_list args)
{
	char raw[2 * TEXT_MAX]; /* so that a cut shows in the escaped text */
	char text[TEXT_MAX];
	bool same_file;

	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		raw[0] = '\0';
	item->text = escape_text(raw, text, sizeof(text));
	if (item->warning)
		d->n_warnings++;
	else
		d->n_errors++;
	same_file = d->n_items > 0 &&
	            strcmp(d->items[d->n_items - 1].file, item->file) == 0;
	if (!same_file)
		d->n_of_file = 0;
	if (d->n_of_file < DIAG_FILE_MAX || (!item->warning && drop_warning(d)))
		keep(d, item);
}

void
diag_error(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *format, ...)
{
	struct diag_item item = {.line = line, .column = column};
	char name[TEXT_MAX];
	va_list args;

	item.file = escape_text(file == NULL ? "" : file, name, sizeof(name));
	va_start(args, format);
	add(d, &item, format, args);
	va_end(args);
}

void
diag_warning(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *format, ...)
{
	struct diag_item item = {
	    .line = line, .column = column, .warning = true};
	char name[TEXT_MAX];
	va_list args;

	item.file = escape_text(file == NULL ? "" : file, name, sizeof(name));
	va_start(args, format);
	add(d, &item, format, args);
	va_end(args);
}

char *
diag_print(const struct diag_item *item, char *out, size_t size)
{
	const char *file = item->file;

	if (file[0] == '\0')
		snprintf(out, size, "%s", item->text);
	else if (item->line == 0)
		snprintf(out, size, "%s: %s", file, item->text);
	else if (item->column == 0)
		snprintf(out, size, "%s:%u: %s", file, item->line, item->text);
	else
		snprintf(out, size, "%s:%u:%u: %s", file, item->line,
		    item->column, item->text);
	return out;
}
