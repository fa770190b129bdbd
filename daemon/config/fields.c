/* SPDX-License-Identifier: ISC */

/*
 * The keys that defaults, entries and CSV columns share.  Types, intervals,
 * views, attributes and texts replace the list's; tags are added to them.
 */

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "dns/attribute.h"
#include "list_priv.h"
#include "suggest_priv.h"
#include "words_priv.h"

enum { EVERY_SLOW_S = 5 };

static bool
add_type(void *ctx, const char *word, struct place at)
{
	struct fields_reader *x = ctx;
	struct fields *f = x->f;
	uint16_t type;

	if (strcasecmp(word, "auto") == 0) {
		x->types_auto = true;
		return true;
	}
	if (!word_type(word, at, &x->w->report, &type))
		return false;
	for (size_t i = 0; i < f->n_types; i++) {
		if (f->types[i] == type)
			return true;
	}
	if (f->n_types == WATCH_TYPES_MAX) {
		report_error(&x->w->report, at,
		    "more than %d types; make two entries of it",
		    WATCH_TYPES_MAX);
		return false;
	}
	f->types[f->n_types++] = type;
	return true;
}

/* Some, or `auto`, which stands for those that it does. */
static bool
are_types(struct fields_reader *x, struct place at)
{
	struct fields *f = x->f;

	if (x->types_auto && f->n_types > 0) {
		report_error(&x->w->report, at,
		    "`auto` stands for types of its own; name it alone, or "
		    "make two entries of it");
		return false;
	}
	if (x->types_auto) {
		f->n_types = n_watch_types_auto;
		memcpy(f->types, watch_types_auto,
		    n_watch_types_auto * sizeof(*f->types));
	}
	if (f->n_types > 0)
		return true;
	report_error(
	    &x->w->report, at, "no types; name one, or remove the key");
	return false;
}

/* A list that cannot be read leaves what was: a watch has always a type. */
void
fields_types(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	uint16_t before[WATCH_TYPES_MAX];
	size_t n_before = x->f->n_types;

	memcpy(before, x->f->types, sizeof(before));
	x->f->n_types = 0;
	x->types_given = true;
	x->types_auto = false;
	if (words_walk(value, "types", &x->w->report, add_type, x) &&
	    are_types(x, value->at)) {
		x->f->auto_types = x->types_auto;
		return;
	}
	memcpy(x->f->types, before, sizeof(before));
	x->f->n_types = n_before;
	x->bad = true;
}

/* How often; 0: refused. */
static uint32_t
read_every(struct fields_reader *x, const struct node *value)
{
	const char *text = node_text(value, "every", &x->w->report);
	uint32_t seconds = 0;

	if (text == NULL || span_parse(text, &seconds) != 0 ||
	    seconds < WATCH_EVERY_MIN_S || seconds > WATCH_EVERY_MAX_S) {
		if (text != NULL)
			report_error(&x->w->report, value->at,
			    "every must be from 1s to 1d with its unit, as "
			    "in 60s, 5m or 1h");
		x->bad = true;
		return 0;
	}
	if (seconds < EVERY_SLOW_S && !x->w->told_fast) {
		report_warning(&x->w->report, value->at,
		    "asked more often than every %d s; be sure that the "
		    "servers are yours",
		    EVERY_SLOW_S);
		x->w->told_fast = true;
	}
	return seconds;
}

void
fields_every(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	uint32_t seconds = read_every(x, value);

	if (seconds != 0)
		x->f->every_s = seconds;
}

/* No view of that name: which one was meant, of those that can be named. */
static void
report_view(struct fields_reader *x, const char *word, struct place at)
{
	const struct watch_names *names = &x->w->names;
	const char *known[WATCH_VIEWS_MAX];
	const char *near;
	char list[160];
	size_t n = 0;

	for (size_t i = 0; i < names->n_views; i++) {
		if ((names->unnamed >> i & 1) == 0)
			known[n++] = names->views[i];
	}
	near = suggest(word, known, n);
	report_error(&x->w->report, at,
	    "view `%.64s` is not in the configuration; %s%s%s", word,
	    near ? "did you mean `" : "write ",
	    near ? near : suggest_list(known, n, list, sizeof(list)),
	    near ? "`?" : "");
}

static bool
put_view(struct fields_reader *x, const char *word, struct place at,
    uint32_t every_s)
{
	const struct watch_names *names = &x->w->names;
	struct fields *f = x->f;
	size_t view = 0;

	while (view < names->n_views && strcmp(names->views[view], word) != 0)
		view++;
	if (view == names->n_views || (names->unnamed >> view & 1) != 0) {
		report_view(x, word, at);
		return false;
	}
	for (size_t i = 0; i < f->n_views; i++) {
		if (f->views[i].view == view)
			return true;
	}
	f->views[f->n_views++] = (struct watch_view){(uint8_t)view, every_s};
	return true;
}

static bool
add_view(void *ctx, const char *word, struct place at)
{
	return put_view(ctx, word, at, 0);
}

/* A mapping: views, and how often each is asked. */
static bool
read_view_map(struct fields_reader *x, const struct node *value)
{
	bool ok = true;

	for (const struct node *n = value->first; n != NULL; n = n->next) {
		uint32_t every_s;

		if (n->key->kind == NODE_BAD)
			return false;
		every_s = read_every(x, n);
		ok = every_s != 0 &&
		     put_view(x, n->key->text, n->key->at, every_s) && ok;
	}
	return ok;
}

void
fields_views(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	struct watch_view before[WATCH_VIEWS_MAX];
	size_t n_before = x->f->n_views;
	bool ok;

	memcpy(before, x->f->views, sizeof(before));
	x->f->n_views = 0;
	ok = value->kind == NODE_MAP
	         ? read_view_map(x, value)
	         : words_walk(value, "views", &x->w->report, add_view, x);
	if (ok && x->f->n_views > 0)
		return;
	if (ok)
		report_error(&x->w->report, value->at,
		    "no views; name one, or remove the key");
	memcpy(x->f->views, before, sizeof(before));
	x->f->n_views = n_before;
	x->bad = true;
}

static bool
add_tag(void *ctx, const char *word, struct place at)
{
	struct fields_reader *x = ctx;
	struct fields *f = x->f;
	char tag[TAG_SIZE];
	size_t i = 0;
	int order = 1;

	if (!word_tag(word, at, &x->w->report, tag))
		return false;
	while (i < f->n_tags && (order = strcmp(f->tags[i], tag)) < 0)
		i++;
	if (i < f->n_tags && order == 0)
		return true;
	if (f->n_tags == WATCH_TAGS_MAX) {
		report_error(&x->w->report, at,
		    "more than %d tags; remove some", WATCH_TAGS_MAX);
		return false;
	}
	memmove(&f->tags[i + 1], &f->tags[i], (f->n_tags - i) * sizeof(char *));
	f->tags[i] = arena_text(x->arena, tag);
	if (f->tags[i] == NULL) {
		memmove(&f->tags[i], &f->tags[i + 1],
		    (f->n_tags - i) * sizeof(char *));
		return false;
	}
	f->n_tags++;
	return true;
}

void
fields_tags(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	if (!words_walk(value, "tags", &x->w->report, add_tag, x))
		x->bad = true;
}

static void
take_text(struct fields_reader *x, const struct node *value, const char *what,
    const char **out)
{
	const char *text = text_field(value, what, &x->w->report);

	*out = text == NULL ? NULL : arena_text(x->arena, text);
	x->bad = x->bad || *out == NULL;
}

void
fields_owner(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_text(x, value, "owner", &x->f->owner);
}

void
fields_runbook(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_text(x, value, "runbook", &x->f->runbook);
}

void
fields_confirm(void *ctx, const struct node *value)
{
	static const char *const names[] = {
	    "path", "cache", "source", "next-poll"};
	static const enum proof proofs[] = {
	    PROOF_PATH, PROOF_CACHE, PROOF_SOURCE, PROOF_NEXT_POLL};
	struct fields_reader *x = ctx;
	int i = node_choice(value, "confirm", &x->w->report, names, 4);
	bool is_possible = i >= 0 && (proofs[i] != PROOF_SOURCE ||
					 x->w->names.authoritative != 0);

	if (is_possible)
		x->f->confirm = proofs[i];
	else if (i >= 0)
		report_error(&x->w->report, value->at,
		    "`confirm: source` needs a view with `authoritative: "
		    "true`; add one to the configuration");
	x->bad = x->bad || !is_possible;
}

void
fields_direct(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	if (!node_bool(value, "direct", &x->w->report, &x->f->direct))
		x->bad = true;
}

void
fields_tell_baseline(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	if (!node_bool(
		value, "tell_baseline", &x->w->report, &x->f->tell_baseline))
		x->bad = true;
}

static bool
add_attribute(void *ctx, const char *word, struct place at)
{
	struct fields_reader *x = ctx;
	const char *known[N_ATTRIBUTES];
	char list[128];
	const char *near;

	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		known[i] = attribute_text((enum attribute)i);
		if (strcmp(word, known[i]) == 0) {
			x->f->attributes |= (uint8_t)(1u << i);
			return true;
		}
	}
	near = suggest(word, known, N_ATTRIBUTES);
	if (near != NULL)
		report_error(&x->w->report, at,
		    "attribute `%.64s` is unknown; did you mean `%s`?", word,
		    near);
	else
		report_error(&x->w->report, at,
		    "attribute `%.64s` is unknown; write %s", word,
		    suggest_list(known, N_ATTRIBUTES, list, sizeof(list)));
	return false;
}

void
fields_attributes(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	uint8_t before = x->f->attributes;

	x->f->attributes = 0;
	if (words_walk(value, "attributes", &x->w->report, add_attribute, x))
		return;
	x->f->attributes = before;
	x->bad = true;
}

/* Other switches are true or false; this one is promised as `chase: yes`. */
void
fields_chase(void *ctx, const struct node *value)
{
	static const char *const names[] = {"false", "true", "no", "yes"};
	struct fields_reader *x = ctx;
	int i = node_choice(value, "chase", &x->w->report, names, 4);

	if (i < 0)
		x->bad = true;
	else
		x->f->chase = (i & 1) != 0;
}
