/* SPDX-License-Identifier: ISC */

/*
 * Where a list has its names from: `source` of the list, and what an entry
 * says otherwise.
 */

#include <stddef.h>
#include <string.h>

#include "list_priv.h"
#include "words_priv.h"

static const char *const tlps[] = {
    "clear", "green", "amber", "amber+strict", "red"};
enum {
	N_TLPS = sizeof(tlps) / sizeof(tlps[0]),
	CONFIDENCE_MAX = 100,
	DATE_SIZE = 10
};
#define DAY WALL_S(86400)

const char *
tlp_text(enum tlp tlp)
{
	return tlps[tlp - TLP_CLEAR];
}

bool
watch_source_says(const struct watch_source *s)
{
	return s->name != NULL || s->url != NULL || s->tlp != TLP_NONE ||
	       s->has_confidence || s->first_reported != 0 || s->until != 0;
}

bool
watch_is_over(const struct watch *watch, wall_us now)
{
	return watch->source != NULL && watch->source->until != 0 &&
	       watch->source->until <= now;
}

/* A date or time; `behind`: a date means the end of that day. */
static void
take_time(struct fields_reader *x, const struct node *value, const char *what,
    bool behind, wall_us *out)
{
	const char *text = node_text(value, what, &x->w->report);
	wall_us at = 0;

	/* A span back from now is none of a file that stays. */
	if (text == NULL || text[0] == '-' || wall_parse(text, 0, &at) != 0 ||
	    at <= 0) {
		if (text != NULL)
			report_error(&x->w->report, value->at,
			    "%s must be a date or time, as in 2026-12-31 or "
			    "2026-12-31T18:00:00Z",
			    what);
		x->bad = true;
		return;
	}
	*out = at + (behind && strlen(text) == DATE_SIZE ? DAY : 0);
}

void
fields_until(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_time(x, value, "until", true, &x->f->source.until);
}

void
fields_first_reported(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_time(
	    x, value, "first_reported", false, &x->f->source.first_reported);
}

void
fields_confidence(void *ctx, const struct node *value)
{
	static const uint32_t range[2] = {0, CONFIDENCE_MAX};
	struct fields_reader *x = ctx;
	uint32_t n = 0;

	if (!node_number(value, "confidence", &x->w->report, range, &n)) {
		x->bad = true;
		return;
	}
	x->f->source.has_confidence = true;
	x->f->source.confidence = (uint8_t)n;
}

void
fields_tlp(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	int i = node_choice(value, "tlp", &x->w->report, tlps, N_TLPS);

	if (i < 0)
		x->bad = true;
	else
		x->f->source.tlp = (enum tlp)(TLP_CLEAR + i);
}

static void
take_text(struct fields_reader *x, const struct node *value, const char *what,
    const char **out)
{
	const char *text = text_field(value, what, &x->w->report);

	*out = text == NULL ? NULL : arena_text(x->arena, text);
	x->bad = x->bad || *out == NULL;
}

static void
read_name(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_text(x, value, "name", &x->f->source.name);
}

static void
read_url(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_text(x, value, "url", &x->f->source.url);
}

void
fields_source(void *ctx, const struct node *value)
{
	static const struct key keys[] = {
	    {"name", read_name},
	    {"confidence", fields_confidence},
	    {"tlp", fields_tlp},
	    {"url", read_url},
	};
	struct fields_reader *x = ctx;

	if (!node_walk(value, "`source`", keys, sizeof(keys) / sizeof(keys[0]),
		&x->w->report, x))
		x->bad = true;
}
