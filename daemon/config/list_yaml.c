/* SPDX-License-Identifier: ISC */

/*
 * The top of a YAML watchlist is walked item by item; only the small pieces
 * (the defaults, one entry that is a mapping) become trees.
 *
 *   START --{--> KEYS --watch: [--> WATCHES --]--> KEYS --}--> done
 *                KEYS --unknown: {, [--> SKIP ----> where it came from
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "list_priv.h"
#include "stream_priv.h"
#include "suggest_priv.h"

enum yaml_state { STATE_START, STATE_KEYS, STATE_WATCHES, STATE_SKIP };

enum top_key {
	TOP_WATCHLIST,
	TOP_SOURCE,
	TOP_DEFAULTS,
	TOP_CONFIRM,
	TOP_BUDGET,
	TOP_WATCH,
	N_TOP
};
static const char *const top_names[N_TOP] = {
    "watchlist", "source", "defaults", "confirm", "budget", "watch"};

enum { LIST_NAME_MAX = 64 };

struct yaml_list {
	struct stream *stream;
	enum yaml_state state;
	enum yaml_state after_skip;
	unsigned skip_depth;
	bool seen[N_TOP];
	struct fields_reader entry; /* the last one */
	bool reads;                 /* a file that says what it expects */
};

/* One entry is at most 64 KB; the stream bounds its depth. */
static const struct node_limits entry_limits = {
    .nodes_max = 4096, .chars_max = WATCHLIST_ENTRY_MAX};

static const struct key default_keys[] = {
    {"types", fields_types},
    {"every", fields_every},
    {"views", fields_views},
    {"tags", fields_tags},
    {"owner", fields_owner},
    {"runbook", fields_runbook},
    {"confirm", fields_confirm},
    {"direct", fields_direct},
    {"attributes", fields_attributes},
    {"chase", fields_chase},
    {"first_poll", fields_first_poll},
    {"idle", fields_idle},
    {"tell_baseline", fields_tell_baseline},
    {"first_reported", fields_first_reported},
    {"until", fields_until},
    {"criticality", fields_criticality},
    {"expect", fields_expect_default},
};

static void
read_name(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	if (node_text(value, "name", &x->w->report) != NULL)
		x->name = value;
	else
		x->bad = true;
}

static const struct key entry_keys[] = {
    {"name", read_name},
    {"confidence", fields_confidence},
    {"tlp", fields_tlp},
    {"types", fields_types},
    {"every", fields_every},
    {"views", fields_views},
    {"tags", fields_tags},
    {"owner", fields_owner},
    {"runbook", fields_runbook},
    {"confirm", fields_confirm},
    {"direct", fields_direct},
    {"attributes", fields_attributes},
    {"chase", fields_chase},
    {"first_poll", fields_first_poll},
    {"idle", fields_idle},
    {"tell_baseline", fields_tell_baseline},
    {"first_reported", fields_first_reported},
    {"until", fields_until},
    {"criticality", fields_criticality},
    {"zone", fields_zone},
    {"profile", fields_profile},
    {"dkim", fields_dkim},
    {"expect", fields_expect},
};
enum {
	N_DEFAULTS = sizeof(default_keys) / sizeof(default_keys[0]),
	N_ENTRY = sizeof(entry_keys) / sizeof(entry_keys[0])
};

/* Reads past a value whose first item was just taken. */
static void
skip_value(struct yaml_list *y, const struct item *first)
{
	if (first->kind != ITEM_LIST && first->kind != ITEM_MAP)
		return;
	y->after_skip = y->state;
	y->state = STATE_SKIP;
	y->skip_depth = 1;
}

static int
step_skip(struct yaml_list *y, const struct item *item)
{
	if (item->kind == ITEM_LIST || item->kind == ITEM_MAP)
		y->skip_depth++;
	if (item->kind == ITEM_LIST_END || item->kind == ITEM_MAP_END)
		y->skip_depth--;
	if (y->skip_depth == 0)
		y->state = y->after_skip;
	return 1;
}

static void
tell_entry(struct watchlist *w, struct fields_reader *x)
{
	if (x->zone != NULL || x->profile != NULL || x->dkim != NULL)
		list_tell_zone(x);
	else
		list_tell(w, x->name, x->f, x->types_given);
}

/* What an entry expects, and whether it may. */
static void
check_expect(struct watchlist *w, struct fields_reader *x)
{
	if (x->zone == NULL && w->own.from == w->defaults.from)
		w->own.from = NULL; /* It is for the entries of zones. */
	if (x->expect == NULL)
		return;
	if (x->name == NULL && (x->zone == NULL || w->own.pins != NULL))
		report_error(&w->report, x->expect->at,
		    "expect belongs into an entry with `name`; that of a zone "
		    "may have `from` only");
	else
		fields_expect_check(x);
}

static void
take_entry(struct watchlist *w, struct yaml_list *y, const struct node *entry)
{
	struct fields_reader *x = &y->entry;
	size_t n_errors = w->report.d->n_errors;

	*x = (struct fields_reader){
	    .w = w, .f = &w->own, .arena = &w->scratch, .from_at = entry->at};
	w->own = w->defaults;
	if (!node_walk(entry, "an entry", entry_keys, N_ENTRY, &w->report, x) ||
	    x->bad || w->report.d->n_errors != n_errors)
		return; /* Refused as a whole: half an entry may mislead. */
	check_expect(w, x);
	if (x->bad || w->report.d->n_errors != n_errors)
		return;
	if (x->name == NULL && x->zone == NULL && x->profile == NULL &&
	    x->dkim == NULL)
		report_error(
		    &w->report, entry->at, "an entry without `name`; add one");
	else if (w->own.from == NULL)
		tell_entry(w, x);
	else
		y->reads = list_from_begin(x);
}

static int
step_reading(struct watchlist *w, struct yaml_list *y)
{
	int got = list_from_step(&y->entry);

	if (got == 1 || got == -ENOMEM)
		return got;
	y->reads = false;
	if (got == 0)
		tell_entry(w, &y->entry);
	w->expected_from = NULL;
	return 1;
}

static int
step_watches(struct watchlist *w, struct yaml_list *y, const struct item *item)
{
	struct node *entry = NULL;
	size_t n_errors = w->report.d->n_errors;
	int err;

	if (item->kind == ITEM_LIST_END) {
		y->state = STATE_KEYS;
		return 1;
	}
	if (item->kind == ITEM_SCALAR) {
		const struct node name = {.kind = NODE_SCALAR,
		    .at = item->at,
		    .plain = item->plain,
		    .text = item->text,
		    .size = item->size};

		if (item->bad)
			return 1;
		if (node_is_empty(&name))
			report_error(&w->report, item->at,
			    "an empty entry; write a name or remove it");
		else
			list_tell(w, &name, &w->defaults, false);
		return 1;
	}
	if (item->kind == ITEM_LIST) {
		report_error(&w->report, item->at,
		    "an entry must be a name or a mapping, not a list");
		skip_value(y, item);
		return 1;
	}
	arena_reset(&w->scratch);
	err = node_build(y->stream, item, &entry_limits, &w->scratch, &entry);
	if (err != 0)
		return err;
	if (w->report.d->n_errors == n_errors)
		take_entry(w, y, entry);
	return 1;
}

static void
read_list_name(struct watchlist *w, const struct node *value)
{
	const char *text = node_text(value, "watchlist", &w->report);
	const char *copy;
	size_t size;

	if (text == NULL)
		return;
	size = strlen(text);
	if (size > LIST_NAME_MAX ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_.-") != size) {
		report_error(&w->report, value->at,
		    "bad name of a list; use 1 to %d letters, digits and "
		    "any of _.-",
		    LIST_NAME_MAX);
		return;
	}
	copy = arena_text(&w->keep, text);
	if (copy != NULL)
		w->name = copy;
}

static int
take_top_value(struct watchlist *w, struct yaml_list *y, enum top_key key,
    const struct item *item)
{
	struct fields_reader x = {.w = w, .f = &w->defaults, .arena = &w->keep};
	struct node *value = NULL;
	size_t n_errors = w->report.d->n_errors;
	int err;

	if (key == TOP_WATCH) {
		if (item->kind == ITEM_LIST) {
			y->state = STATE_WATCHES;
			err = list_budget_begin(w);
			return err == 0 ? 1 : err;
		}
		if (item->kind != ITEM_SCALAR || item->size > 0)
			report_error(&w->report, item->at,
			    "`watch` must be a list: lines that begin with "
			    "`- `");
		skip_value(y, item);
		return 1;
	}
	err = node_build(y->stream, item, &entry_limits, &w->keep, &value);
	if (err != 0)
		return err;
	w->unsure =
	    w->unsure || (key == TOP_DEFAULTS && value->kind == NODE_BAD);
	if (value->kind == NODE_BAD || node_is_empty(value))
		return 1;
	if (key == TOP_WATCHLIST)
		read_list_name(w, value);
	else if (key == TOP_SOURCE)
		fields_source(&x, value);
	else if (key == TOP_CONFIRM)
		fields_confirm(&x, value);
	else if (key == TOP_BUDGET)
		list_budget_read(w, value);
	else
		node_walk(value, "`defaults`", default_keys, N_DEFAULTS,
		    &w->report, &x);
	w->unsure = w->unsure ||
	            (key == TOP_DEFAULTS && w->report.d->n_errors != n_errors);
	return 1;
}

/* The key that `item` is, when it may stand here; else N_TOP (reported). */
static enum top_key
find_top(struct watchlist *w, struct yaml_list *y, const struct item *item)
{
	unsigned key = 0;
	const char *near;

	if (item->bad || item->kind != ITEM_SCALAR) {
		if (!item->bad)
			report_error(&w->report, item->at,
			    "a key must be a plain text; put it into quotes");
		return N_TOP;
	}
	while (key < N_TOP && strcmp(item->text, top_names[key]) != 0)
		key++;
	if (key == N_TOP) {
		near = suggest(item->text, top_names, N_TOP);
		report_error(&w->report, item->at,
		    "unknown key `%.64s`; %s%s%s", item->text,
		    near ? "did you mean `"
			 : "known here: watchlist, "
			   "source, defaults, confirm, budget or watch",
		    near ? near : "", near ? "`?" : "");
		return N_TOP;
	}
	if (y->seen[key]) {
		report_error(&w->report, item->at,
		    "key `%s` stands twice; keep one", top_names[key]);
		return N_TOP;
	}
	if (y->seen[TOP_WATCH]) {
		report_error(&w->report, item->at,
		    "`%s` stands behind `watch`; put it first", top_names[key]);
		return N_TOP;
	}
	y->seen[key] = true;
	return (enum top_key)key;
}

static int
step_keys(struct watchlist *w, struct yaml_list *y, const struct item *item)
{
	struct item value;
	enum top_key key;
	int err;

	if (item->kind == ITEM_MAP_END) {
		if (!y->seen[TOP_WATCH])
			report_error(&w->report, item->at,
			    "no `watch`; add `watch:` and the names below it");
		err =
		    stream_next(y->stream, &value); /* Only the end is left. */
		return err;
	}
	key = find_top(w, y, item);
	if (item->kind != ITEM_SCALAR) {
		/* The rest of the mapping cannot be told apart from it. */
		return ERR_SYNTAX;
	}
	err = stream_next(y->stream, &value);
	if (err != 0)
		return err;
	if (key == N_TOP) {
		w->unsure = true;
		skip_value(y, &value);
		return 1;
	}
	return take_top_value(w, y, key, &value);
}

static int
step_start(struct watchlist *w, struct yaml_list *y, const struct item *item)
{
	if (item->kind == ITEM_END)
		return 0;
	if (item->kind == ITEM_MAP) {
		y->state = STATE_KEYS;
		return 1;
	}
	report_error(&w->report, item->at,
	    "the top of a list must be a mapping; put `watch:` above the "
	    "names");
	return ERR_SYNTAX;
}

static int
yaml_step(struct watchlist *w)
{
	struct yaml_list *y = w->state;
	struct item item;
	int err;

	if (y->reads)
		return step_reading(w, y);
	err = stream_next(y->stream, &item);
	if (err != 0)
		return err;
	switch (y->state) {
	case STATE_START:
		return step_start(w, y, &item);
	case STATE_KEYS:
		return step_keys(w, y, &item);
	case STATE_WATCHES:
		return step_watches(w, y, &item);
	case STATE_SKIP:
		return step_skip(y, &item);
	}
	return ERR_SYNTAX;
}

static void
yaml_free(void *state)
{
	struct yaml_list *y = state;

	stream_free(y->stream);
	free(y);
}

int
list_yaml_open(struct watchlist *w)
{
	struct yaml_list *y = calloc(1, sizeof(*y));

	if (y == NULL)
		return -ENOMEM;
	w->state = y;
	w->free_state = yaml_free;
	w->step = yaml_step;
	y->stream = stream_new(&w->report, &w->source, NULL, 0);
	return y->stream == NULL ? -ENOMEM : 0;
}
