/* SPDX-License-Identifier: ISC */

/* How the names of a list are paced: `first_poll`, `idle`. */

#include <string.h>

#include "base/clock.h"
#include "list_priv.h"

enum { IDLE_AFTER_MIN_S = 60, IDLE_AFTER_MAX_S = 10 * 365 * 86400 };

static void
take_span(struct fields_reader *x, const struct node *value, const char *what,
    uint32_t most, uint32_t *out)
{
	const char *text = node_text(value, what, &x->w->report);
	uint32_t seconds = 0;

	if (text != NULL && span_parse(text, &seconds) == 0 &&
	    seconds >= IDLE_AFTER_MIN_S && seconds <= most) {
		*out = seconds;
		return;
	}
	if (text != NULL)
		report_error(&x->w->report, value->at,
		    "%s must be from 1m to %ud with its unit, as in 6h or 30d",
		    what, (unsigned)(most / 86400));
	x->bad = true;
}

static void
read_after(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_span(x, value, "after", IDLE_AFTER_MAX_S, &x->f->idle_after_s);
}

static void
read_every(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	take_span(x, value, "every", WATCH_EVERY_MAX_S, &x->f->idle_every_s);
}

/* now, spread, or over how long. */
void
fields_first_poll(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	const char *text = node_text(value, "first_poll", &x->w->report);
	uint32_t seconds = 0;

	if (text != NULL && strcmp(text, "now") == 0)
		x->f->first_s = 0;
	else if (text != NULL && strcmp(text, "spread") == 0)
		x->f->first_s = WATCH_FIRST_SPREAD;
	else if (text != NULL && span_parse(text, &seconds) == 0 &&
		 seconds > 0 && seconds <= WATCH_EVERY_MAX_S)
		x->f->first_s = seconds;
	else {
		if (text != NULL)
			report_error(&x->w->report, value->at,
			    "first_poll must be now, spread or a time from 1s "
			    "to 1d with its unit, as in 2h");
		x->bad = true;
	}
}

/* `none`, or a mapping. */
void
fields_idle(void *ctx, const struct node *value)
{
	static const char *const names[] = {"none"};
	static const struct key keys[] = {
	    {"after", read_after}, {"every", read_every}};
	struct fields_reader *x = ctx;

	x->f->idle_after_s = x->f->idle_every_s = 0;
	if (value->kind == NODE_SCALAR) {
		x->bad =
		    node_choice(value, "idle", &x->w->report, names, 1) < 0 ||
		    x->bad;
		return;
	}
	x->f->idle_after_s = WATCH_IDLE_AFTER_S;
	x->f->idle_every_s = WATCH_IDLE_EVERY_S;
	if (!node_walk(value, "`idle`", keys, sizeof(keys) / sizeof(keys[0]),
		&x->w->report, x))
		x->bad = true;
}
