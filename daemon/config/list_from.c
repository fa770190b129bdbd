/* SPDX-License-Identifier: ISC */

/*
 * `expect: {from: FILE}` of an entry.  The file is read before the entry is
 * told, a record in each step of the list.
 */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "from_priv.h"
#include "list_priv.h"
#include "pins_priv.h"

static const char zone_word[] = "{zone}";

const struct node *
list_from_key(const struct node *expect)
{
	for (const struct node *v = expect->first; v != NULL; v = v->next)
		if (v->key != NULL && v->key->kind == NODE_SCALAR &&
		    strcmp(v->key->text, PINS_FROM) == 0)
			return v;
	return NULL;
}

/* The zone that is meant, and whose names must be in it. */
static bool
find_apex(struct fields_reader *x, struct place at, struct name *apex)
{
	struct typed *typed = &x->w->typed;
	const struct node *n = x->zone != NULL ? x->zone : x->name;
	char text[NAME_TEXT_SIZE];

	typed_read(n->text, n->size, typed);
	if (typed->kind != TYPED_NAME) {
		report_error(&x->w->report, n->at,
		    "`%.80s` is no name, of which a zone file could speak",
		    n->text);
		return false;
	}
	if (x->zone != NULL) {
		*apex = typed->name;
		return true;
	}
	if (strstr(x->f->from, zone_word) != NULL ||
	    !from_zone_of(x->f->from, apex)) {
		report_error(&x->w->report, at,
		    "which zone is it of? name the file after it, as in "
		    "example.com.zone, or write an entry of the `zone`");
		return false;
	}
	if (name_is_within(typed->name.wire, apex->wire))
		return true;
	report_error(&x->w->report, at, "`%.80s` is not in the zone %s",
	    n->text, name_print(apex->wire, text));
	return false;
}

/* With {zone} as the zone's name, without its last dot. */
static const char *
expand_path(struct fields_reader *x, const struct name *apex)
{
	const char *word = strstr(x->f->from, zone_word);
	char zone[NAME_TEXT_SIZE];
	size_t size;

	if (word == NULL)
		return x->f->from;
	name_print(apex->wire, zone);
	size = strlen(zone);
	zone[size > 1 ? size - 1 : size] = '\0';
	/* A name can hold what leads to another folder. */
	if (strchr(zone, '/') != NULL)
		return NULL;
	return arena_printf(x->arena, "%.*s%s%s", (int)(word - x->f->from),
	    x->f->from, zone, word + strlen(zone_word));
}

bool
list_from_begin(struct fields_reader *x)
{
	struct watchlist *w = x->w;
	struct place at = x->from_at;
	struct name apex;
	const char *path;

	if (!find_apex(x, at, &apex))
		return false;
	path = expand_path(x, &apex);
	if (path == NULL) {
		report_error(&w->report, at, "no file can be named after it");
		return false;
	}
	w->from.list = w->path;
	if (from_take(&w->from, w->report.d, path, &apex, &w->expected_from) ==
	    0)
		return true;
	report_error(&w->report, at, "%s", err_text(-ENOMEM));
	return false;
}

int
list_from_step(struct fields_reader *x)
{
	int got = from_step(x->w->expected_from);

	if (got == ERR_SYNTAX)
		report_error(&x->w->report, x->from_at,
		    "`%.120s` says nothing that could be expected: see its "
		    "errors",
		    x->f->from);
	return got;
}

bool
list_from_expect(struct watchlist *w)
{
	struct from_watch *e = &w->expected;

	if (!from_pins(w->expected_from, &w->watch, e))
		return false;
	w->watch.types = e->types;
	w->watch.n_types = e->n_types;
	w->watch.pins = e->pins.size > 0 ? e->pins.data : NULL;
	w->watch.pins_size = e->pins.size;
	return true;
}
