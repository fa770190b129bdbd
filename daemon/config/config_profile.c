/* SPDX-License-Identifier: ISC */

/*
 * `profiles:`, what is watched of a zone under one name, as in
 *
 *   corp: {"@": [NS, MX], www: [A, AAAA], "{dkim}._domainkey": [TXT]}
 */

#include <stdlib.h>
#include <string.h>

#include "config/watchlist.h"
#include "dns/type.h"
#include "reader_priv.h"
#include "words_priv.h"

enum { PROFILE_NAME_MAX = 64, LABEL_TEXT_SIZE = 256 };

struct types {
	struct reader *x;
	uint16_t list[WATCH_TYPES_MAX];
	size_t n;
};

static bool
add_type(void *ctx, const char *word, struct place at)
{
	struct types *t = ctx;
	uint16_t type;

	if (!word_type(word, at, &t->x->r, &type))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		if (t->list[i] == type)
			return true;
	}
	if (t->n == WATCH_TYPES_MAX) {
		report_error(&t->x->r, at, "more than %d types; remove some",
		    WATCH_TYPES_MAX);
		return false;
	}
	t->list[t->n++] = type;
	return true;
}

/* Below a zone, with {dkim} for a selector: does it make a name? */
static bool
is_label(const char *label)
{
	char text[LABEL_TEXT_SIZE];
	const char *rest = label;
	struct name name;
	const char *why;
	size_t size;

	if (strncmp(label, CONFIG_DKIM, strlen(CONFIG_DKIM)) == 0)
		rest += strlen(CONFIG_DKIM);
	size = strlen(rest);
	if (size == 0 || size >= sizeof(text) || rest[size - 1] == '.' ||
	    strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != size)
		return false;
	memcpy(text, rest, size + 1);
	return name_parse(text, &name, &why) == 0;
}

static struct config_label *
add_label(struct reader *x, struct config_profile *p, const char *label,
    const struct types *types)
{
	struct config_label *line = &p->labels[p->n_labels];

	line->label = reader_text(x, label);
	line->types = reader_array(x, types->n, sizeof(*line->types));
	if (line->label == NULL || line->types == NULL) {
		free(line->label);
		free(line->types);
		*line = (struct config_label){0};
		return NULL;
	}
	memcpy(line->types, types->list, types->n * sizeof(*line->types));
	line->n_types = types->n;
	p->n_labels++;
	return line;
}

static void
read_label(struct reader *x, struct config_profile *p, const struct node *n)
{
	const char *label = n->key->text;
	struct types types = {.x = x};

	if (n->key->kind == NODE_BAD)
		return;
	if (n->key->twice != NULL) {
		report_error(&x->r, n->key->at,
		    "`%.64s` stands twice (first in line %u); keep one", label,
		    n->key->twice->at.line);
		return;
	}
	if (strcmp(label, "@") == 0) {
		label = "";
	} else if (!is_label(label)) {
		report_error(&x->r, n->key->at,
		    "`%.64s` is no name below a zone; write \"@\" for the zone "
		    "itself, as in www or _dmarc for what is below it, or "
		    "\"{dkim}._domainkey\"",
		    label);
		return;
	}
	if (!words_walk(n, "types", &x->r, add_type, &types))
		return;
	if (types.n == 0)
		report_error(
		    &x->r, n->at, "no types; name one, or remove the line");
	else
		(void)add_label(x, p, label, &types);
}

static void
read_profile(struct reader *x, const struct node *n)
{
	struct config_profile *p = &x->c->profiles[x->c->n_profiles];

	if (!reader_is_named(x, n, "profile", PROFILE_NAME_MAX))
		return;
	if (n->kind != NODE_MAP || n->n == 0 || n->n > CONFIG_LABELS_MAX) {
		if (n->kind != NODE_BAD)
			report_error(&x->r, n->at,
			    "a profile must say types by name, up to %d, as "
			    "in `{\"@\": [NS, MX], www: [A, AAAA]}`",
			    CONFIG_LABELS_MAX);
		return;
	}
	p->name = reader_text(x, n->key->text);
	p->labels = reader_array(x, n->n, sizeof(*p->labels));
	x->c->n_profiles++;
	if (p->name == NULL || p->labels == NULL)
		return;
	for (const struct node *line = n->first; line != NULL;
	     line = line->next)
		read_label(x, p, line);
}

static bool
make_room(struct reader *x, size_t n)
{
	/* One more, for `domain`. */
	x->c->profiles = reader_array(x, n + 1, sizeof(*x->c->profiles));
	return x->c->profiles != NULL;
}

void
read_profiles(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (value->kind != NODE_MAP || value->n > CONFIG_PROFILES_MAX) {
		if (value->kind != NODE_BAD)
			report_error(&x->r, value->at,
			    "`profiles` must be up to %d profiles by name, as "
			    "in `corp: {\"@\": [NS, MX], www: [A, AAAA]}`",
			    CONFIG_PROFILES_MAX);
		return;
	}
	if (!make_room(x, value->n))
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next)
		read_profile(x, n);
}

/* What an owner of a domain wants to know of. */
void
finish_profiles(struct reader *x)
{
	static const struct {
		const char *label;
		struct types types;
	} lines[] = {
	    {"", {.list = {TYPE_NS, TYPE_DS, TYPE_MX, TYPE_CAA, TYPE_SOA,
		      TYPE_TXT},
		     .n = 6}},
	    {"www", {.list = {TYPE_A, TYPE_AAAA}, .n = 2}},
	    {"_dmarc", {.list = {TYPE_TXT}, .n = 1}},
	    {"_mta-sts", {.list = {TYPE_TXT}, .n = 1}},
	    {CONFIG_DKIM "_domainkey", {.list = {TYPE_TXT}, .n = 1}},
	    {"autodiscover", {.list = {TYPE_A, TYPE_AAAA}, .n = 2}},
	};
	enum { N_LINES = sizeof(lines) / sizeof(lines[0]) };
	struct config *c = x->c;
	struct config_profile *p;

	if (c->profiles == NULL && !make_room(x, 0))
		return;
	for (size_t i = 0; i < c->n_profiles; i++) {
		if (c->profiles[i].name != NULL &&
		    strcmp(c->profiles[i].name, "domain") == 0)
			return;
	}
	p = &c->profiles[c->n_profiles++];
	p->name = reader_text(x, "domain");
	p->labels = reader_array(x, N_LINES, sizeof(*p->labels));
	for (size_t i = 0; i < N_LINES && p->labels != NULL; i++)
		(void)add_label(x, p, lines[i].label, &lines[i].types);
}

void
free_profiles(struct config *c)
{
	for (size_t i = 0; i < c->n_profiles; i++) {
		struct config_profile *p = &c->profiles[i];

		for (size_t k = 0; k < p->n_labels; k++) {
			free(p->labels[k].label);
			free(p->labels[k].types);
		}
		free(p->labels);
		free(p->name);
	}
	free(c->profiles);
}
