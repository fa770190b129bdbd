/* SPDX-License-Identifier: ISC */

/*
 * `silences:`, what holds deliveries back for a while (R28).
 *
 *	silences:
 *	  - name: move
 *	    zones: [example.com]
 *	    kinds: [failing, recovered]
 *	    timezone: Europe/Vienna
 *	    until: 2026-12-01 18:00
 *
 * The end is wanted, because a silence without one is forgotten.
 */

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "config/typed.h"
#include "reader_priv.h"
#include "words_priv.h"

enum { SILENCE_NAME_MAX = 64 };

struct silence {
	struct reader *x;
	struct config_silence *s;
	const struct node *from, *until;
	const char *zone;
	bool bad;
	bool named; /* well or not */
};

/* ---- lists of words ---- */

/* One of the lists of a silence as it grows. */
struct words {
	struct silence *e;
	char ***texts;
	struct name **names;
	size_t *n;
	bool (*take)(struct words *w, const char *word, struct place at);
};

static bool
add_text(struct words *w, const char *word)
{
	char **list = realloc(*w->texts, (*w->n + 1) * sizeof(*list));

	if (list == NULL) {
		w->e->x->no_memory = true;
		return false;
	}
	*w->texts = list;
	list[*w->n] = reader_text(w->e->x, word);
	if (list[*w->n] == NULL)
		return false;
	(*w->n)++;
	return true;
}

static bool
take_name(struct words *w, const char *word, struct place at)
{
	struct name *list;
	struct typed typed;

	typed_read(word, strlen(word), &typed);
	if (typed.kind != TYPED_NAME) {
		report_error(&w->e->x->r, at, "`%.64s`: %s", word,
		    typed.kind == TYPED_BAD
			? typed.why
			: "an address; write the name that is watched");
		return false;
	}
	list = realloc(*w->names, (*w->n + 1) * sizeof(*list));
	if (list == NULL) {
		w->e->x->no_memory = true;
		return false;
	}
	*w->names = list;
	list[(*w->n)++] = typed.name;
	return true;
}

static bool
take_tag(struct words *w, const char *word, struct place at)
{
	char tag[TAG_SIZE];

	return word_tag(word, at, &w->e->x->r, tag) && add_text(w, tag);
}

static bool
take_list(struct words *w, const char *word, struct place at)
{
	(void)at;
	return add_text(w, word);
}

static bool
take_kind(struct words *w, const char *word, struct place at)
{
	const char *kind = read_kind_word(&w->e->x->r, word, at);

	return kind != NULL && add_text(w, kind);
}

static bool
on_word(void *ctx, const char *word, struct place at)
{
	struct words *w = ctx;

	if (*w->n < CONFIG_SILENCE_WORDS_MAX)
		return w->take(w, word, at);
	report_error(&w->e->x->r, at,
	    "more than %d words; make two silences of it",
	    CONFIG_SILENCE_WORDS_MAX);
	return false;
}

static void
read_words(const struct node *value, const char *what, struct words w)
{
	if (!words_walk(value, what, &w.e->x->r, on_word, &w))
		w.e->bad = true;
}

static void
read_names(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	read_words(value, "names",
	    (struct words){e, NULL, &e->s->names, &e->s->n_names, take_name});
}

static void
read_zones(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	read_words(value, "zones",
	    (struct words){e, NULL, &e->s->zones, &e->s->n_zones, take_name});
}

static void
read_tags(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	read_words(value, "tags",
	    (struct words){e, &e->s->tags, NULL, &e->s->n_tags, take_tag});
}

static void
read_lists(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	read_words(value, "lists",
	    (struct words){e, &e->s->lists, NULL, &e->s->n_lists, take_list});
}

static void
read_kinds(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	read_words(value, "kinds",
	    (struct words){e, &e->s->kinds, NULL, &e->s->n_kinds, take_kind});
}

/* ---- the rest ---- */

static void
read_name(void *ctx, const struct node *value)
{
	struct silence *e = ctx;
	const char *text = node_text(value, "a silence's name", &e->x->r);
	size_t good;

	e->named = true;
	if (text == NULL)
		return;
	good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (text[good] != '\0' || good > SILENCE_NAME_MAX)
		report_error(&e->x->r, value->at,
		    "bad name of a silence `%.64s`; use 1 to %d of a-z, 0-9, "
		    "_ and -",
		    text, SILENCE_NAME_MAX);
	else
		e->s->name = reader_text(e->x, text);
}

static void
read_below(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	e->s->below = read_severity_word(e->x, value);
}

static void
read_zone(void *ctx, const struct node *value)
{
	struct silence *e = ctx;

	e->zone = node_text(value, "a time zone", &e->x->r);
}

static void
read_from(void *ctx, const struct node *value)
{
	((struct silence *)ctx)->from = value;
}

static void
read_until(void *ctx, const struct node *value)
{
	((struct silence *)ctx)->until = value;
}

static void
read_why(void *ctx, const struct node *value)
{
	struct silence *e = ctx;
	const char *text = text_field(value, "why", &e->x->r);

	if (text != NULL)
		e->s->why = reader_text(e->x, text);
}

bool
read_moment(const struct report *r, const struct node *value, const char *what,
    const char *zone, wall_us *out)
{
	const char *text = node_text(value, what, r);
	enum civil_fault fault;

	if (text == NULL)
		return false;
	fault = civil_parse(text, zone, out);
	if (fault == CIVIL_GOOD)
		return true;
	report_error(
	    r, value->at, "%s `%.64s` %s", what, text, civil_fault_text(fault));
	return false;
}

static void
finish_times(struct silence *e, const struct node *n)
{
	struct config_silence *s = e->s;

	if (e->until == NULL) {
		report_error(&e->x->r, n->at,
		    "a silence without an end; add `until: 2026-12-01 18:00` "
		    "or the like");
		return;
	}
	if (e->from != NULL &&
	    !read_moment(&e->x->r, e->from, "`from`", e->zone, &s->from))
		return;
	if (read_moment(&e->x->r, e->until, "`until`", e->zone, &s->until) &&
	    s->until <= s->from)
		report_error(&e->x->r, e->until->at,
		    "`until` is not after `from`; the silence would be over "
		    "before it began");
}

static void
finish(struct silence *e, const struct node *n)
{
	const struct config *c = e->x->c;
	const struct config_silence *s = e->s;

	finish_times(e, n);
	if (!e->named)
		report_error(&e->x->r, n->at,
		    "a silence without `name`; give it one, so that it can be "
		    "told which one held an alert");
	for (size_t i = 0; s->name != NULL && i + 1 < c->n_silences; i++)
		if (c->silences[i].name != NULL &&
		    strcmp(c->silences[i].name, s->name) == 0)
			report_error(&e->x->r, n->at,
			    "a second silence `%s`; give it another name",
			    s->name);
	if (!e->bad &&
	    s->n_names + s->n_zones + s->n_tags + s->n_lists + s->n_kinds == 0)
		report_error(&e->x->r, n->at,
		    "a silence of everything; say of which names, zones, tags, "
		    "lists or kinds");
}

static void
read_silence(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"name", read_name},
	    {"names", read_names},
	    {"zones", read_zones},
	    {"tags", read_tags},
	    {"lists", read_lists},
	    {"kinds", read_kinds},
	    {"below", read_below},
	    {"timezone", read_zone},
	    {"from", read_from},
	    {"until", read_until},
	    {"why", read_why},
	};
	struct silence e = {.x = x};

	e.s = &x->c->silences[x->c->n_silences++];
	e.s->line = n->at.line;
	if (node_walk(n, "a silence", keys, sizeof(keys) / sizeof(keys[0]),
		&x->r, &e))
		finish(&e, n);
}

void
read_silences(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (!node_is_list(value, "`silences`", &x->r))
		return;
	if (value->n > CONFIG_SILENCES_MAX) {
		report_error(&x->r, value->at,
		    "`silences` has more than %d; remove those that are over",
		    CONFIG_SILENCES_MAX);
		return;
	}
	x->c->silences = reader_array(x, value->n + 1, sizeof(*x->c->silences));
	for (const struct node *n = value->first;
	     n != NULL && x->c->silences != NULL; n = n->next)
		read_silence(x, n);
}

static void
free_texts(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

void
free_silences(struct config *c)
{
	for (size_t i = 0; i < c->n_silences; i++) {
		struct config_silence *s = &c->silences[i];

		free(s->name);
		free(s->names);
		free(s->zones);
		free_texts(s->tags, s->n_tags);
		free_texts(s->lists, s->n_lists);
		free_texts(s->kinds, s->n_kinds);
		free(s->below);
		free(s->why);
	}
	free(c->silences);
}
