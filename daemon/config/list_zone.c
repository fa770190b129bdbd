/* SPDX-License-Identifier: ISC */

/*
 * An entry of a zone stands for the names of its profile:
 *
 *   - {zone: example.com, profile: corp, dkim: [s1, s2]}
 */

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "list_priv.h"
#include "suggest_priv.h"
#include "words_priv.h"

enum { SELECTOR_SIZE_MAX = 128, CHILD_SIZE = NAME_TEXT_SIZE + 512 };

void
fields_criticality(void *ctx, const struct node *value)
{
	static const uint32_t range[2] = {1, WATCH_CRITICALITY_MAX};
	struct fields_reader *x = ctx;
	uint32_t level;
	char text[32];

	if (!node_number(value, "criticality", &x->w->report, range, &level)) {
		x->bad = true;
		return;
	}
	snprintf(text, sizeof(text), "criticality-%u", (unsigned)level);
	fields_tags(ctx, &(const struct node){.kind = NODE_SCALAR,
			     .at = value->at,
			     .text = text,
			     .size = strlen(text)});
}

static const struct node *
take_text(struct fields_reader *x, const struct node *value, const char *what)
{
	if (node_text(value, what, &x->w->report) != NULL)
		return value;
	x->bad = true;
	return NULL;
}

void
fields_zone(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	x->zone = take_text(x, value, "zone");
}

void
fields_profile(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	x->profile = take_text(x, value, "profile");
}

static bool
add_selector(void *ctx, const char *word, struct place at)
{
	struct fields_reader *x = ctx;
	size_t size = strlen(word);
	const char *copy;

	if (x->n_selectors == WATCH_SELECTORS_MAX) {
		report_error(&x->w->report, at,
		    "more than %d selectors; make two entries of it",
		    WATCH_SELECTORS_MAX);
		return false;
	}
	/* A selector may have several labels (RFC 6376 3.1). */
	if (size == 0 || size > SELECTOR_SIZE_MAX || word[0] == '.' ||
	    word[size - 1] == '.' || strstr(word, "..") != NULL ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_.-") != size) {
		report_error(&x->w->report, at,
		    "`%.64s` is no selector of DKIM; write what stands before "
		    "._domainkey",
		    word);
		return false;
	}
	copy = arena_text(x->arena, word);
	if (copy == NULL)
		return false;
	x->selectors[x->n_selectors++] = copy;
	return true;
}

void
fields_dkim(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	x->dkim = value;
	if (!words_walk(value, "dkim", &x->w->report, add_selector, x))
		x->bad = true;
}

static const struct config_profile *
find_profile(const struct fields_reader *x)
{
	const struct watch_names *names = &x->w->names;
	const char *known[CONFIG_PROFILES_MAX + 1];
	const char *near;
	char list[160];
	size_t n = 0;

	for (size_t i = 0; i < names->n_profiles; i++) {
		if (strcmp(names->profiles[i].name, x->profile->text) == 0)
			return &names->profiles[i];
		known[n++] = names->profiles[i].name;
	}
	if (n == 0) {
		report_error(&x->w->report, x->profile->at,
		    "profiles stand in the configuration, and none was read; "
		    "add --config");
		return NULL;
	}
	near = suggest(x->profile->text, known, n);
	report_error(&x->w->report, x->profile->at,
	    "profile `%.64s` is not in the configuration; %s%s%s",
	    x->profile->text, near ? "did you mean `" : "write ",
	    near ? near : suggest_list(known, n, list, sizeof(list)),
	    near ? "`?" : "");
	return NULL;
}

/* One name of the zone, which stands in `zone` in its printed form. */
static void
tell_one(struct fields_reader *x, const char *label, const char *rest,
    const char *zone)
{
	char text[CHILD_SIZE];
	struct node name = {
	    .kind = NODE_SCALAR, .at = x->zone->at, .text = text};
	bool root = strcmp(zone, ".") == 0;

	snprintf(text, sizeof(text), "%s%s%s%s%s", label,
	    *label != '\0' && *rest != '\0' ? "." : "", rest,
	    *label != '\0' || *rest != '\0' ? "." : "", root ? "" : zone);
	name.size = strlen(text);
	list_tell(x->w, &name, x->f, true);
}

static void
tell_label(
    struct fields_reader *x, const struct config_label *line, const char *zone)
{
	const size_t dkim = strlen(CONFIG_DKIM);

	x->f->n_types = line->n_types;
	x->f->auto_types = false;
	memcpy(x->f->types, line->types, line->n_types * sizeof(*line->types));
	if (strncmp(line->label, CONFIG_DKIM, dkim) != 0) {
		tell_one(x, line->label, "", zone);
		return;
	}
	for (size_t i = 0; i < x->n_selectors; i++)
		tell_one(x, x->selectors[i], line->label + dkim, zone);
}

static bool
is_whole(const struct fields_reader *x, const struct config_profile *profile)
{
	const struct report *r = &x->w->report;

	if (x->dkim == NULL)
		return true;
	for (size_t i = 0; i < profile->n_labels; i++) {
		if (strncmp(profile->labels[i].label, CONFIG_DKIM,
			strlen(CONFIG_DKIM)) == 0)
			return true;
	}
	report_error(r, x->dkim->key != NULL ? x->dkim->key->at : x->dkim->at,
	    "profile `%s` has no \"{dkim}.\"; remove `dkim`, or add it there",
	    profile->name);
	return false;
}

void
list_tell_zone(struct fields_reader *x)
{
	const struct report *r = &x->w->report;
	const struct config_profile *profile;
	char zone[NAME_TEXT_SIZE];
	struct place at = (x->zone != NULL      ? x->zone
			   : x->profile != NULL ? x->profile
						: x->dkim)
	                      ->at;

	if (x->zone == NULL || x->profile == NULL || x->name != NULL ||
	    x->types_given) {
		report_error(r, at, "%s",
		    x->name != NULL && x->zone != NULL
			? "both `name` and `zone`; keep one"
		    : x->name != NULL
			? "a profile is of a zone; write `zone` instead of "
			  "`name`"
		    : x->zone == NULL
			? "a profile is of a zone; add `zone: example.com`"
		    : x->profile == NULL
			? "a zone without `profile`; add `profile: domain`, "
			  "or write `name` instead of `zone`"
			: "the types of a zone are those of its profile; "
			  "remove `types`");
		return;
	}
	profile = find_profile(x);
	if (profile == NULL || !is_whole(x, profile))
		return;
	typed_read(x->zone->text, x->zone->size, &x->w->typed);
	if (x->w->typed.kind != TYPED_NAME) {
		report_error(r, at, "`%.80s`: %s", x->zone->text,
		    x->w->typed.kind == TYPED_BAD
			? x->w->typed.why
			: "a zone must be a name, not an address");
		return;
	}
	name_print(x->w->typed.name.wire, zone);
	if (x->w->typed.mixed != NULL)
		report_warning(r, at,
		    "%s mixes letters of %s; be sure that it is the name "
		    "you mean",
		    zone, x->w->typed.mixed);
	for (size_t i = 0; i < profile->n_labels; i++)
		tell_label(x, &profile->labels[i], zone);
}
