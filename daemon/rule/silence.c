/* SPDX-License-Identifier: ISC */

#include "rule/silence.h"

#include <string.h>

#include "config/config.h"
#include "dns/name.h"

bool
silence_stands(const struct config_silence *s, wall_us now)
{
	return s->from <= now && now < s->until;
}

static bool
shares(const char *const *have, size_t n_have, char *const *want, size_t n_want)
{
	for (size_t i = 0; i < n_have; i++)
		for (size_t k = 0; k < n_want; k++)
			if (strcmp(have[i], want[k]) == 0)
				return true;
	return n_want == 0;
}

static bool
is_about(const struct config_silence *s, const uint8_t *name)
{
	bool found = s->n_names + s->n_zones == 0;

	for (size_t i = 0; name != NULL && i < s->n_names && !found; i++)
		found = name_equal(name, s->names[i].wire);
	for (size_t i = 0; name != NULL && i < s->n_zones && !found; i++)
		found = name_is_within(name, s->zones[i].wire);
	return found;
}

/* One that says a severity which is none was refused when it was read. */
static bool
is_below(const struct config_silence *s, enum severity severity)
{
	enum severity bar;

	return s->below == NULL || severity_parse(s->below, &bar) != 0 ||
	       severity < bar;
}

static bool
holds(const struct config_silence *s, const struct silence_input *in)
{
	return is_about(s, in->name) && is_below(s, in->severity) &&
	       shares(&in->kind, 1, s->kinds, s->n_kinds) &&
	       shares(in->tags, in->n_tags, s->tags, s->n_tags) &&
	       shares(in->lists, in->n_lists, s->lists, s->n_lists);
}

const struct config_silence *
silence_of(const struct config *c, const struct silence_input *in, wall_us now)
{
	for (size_t i = 0; i < c->n_silences; i++)
		if (silence_stands(&c->silences[i], now) &&
		    holds(&c->silences[i], in))
			return &c->silences[i];
	return NULL;
}

wall_us
silence_next_end(const struct config *c, wall_us now)
{
	wall_us next = 0;

	for (size_t i = 0; i < c->n_silences; i++)
		if (silence_stands(&c->silences[i], now) &&
		    (next == 0 || c->silences[i].until < next))
			next = c->silences[i].until;
	return next;
}
