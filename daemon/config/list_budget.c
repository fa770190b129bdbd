/* SPDX-License-Identifier: ISC */

/*
 * `budget` of a list: when its names ask for more questions a second, every
 * interval is longer, by the same factor.  How much they ask for is known
 * behind the list only, so one with a budget is read twice.
 *
 * The factor has two bits behind the first, so that a few names more or less do
 * not give each question of a list another interval.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "list_priv.h"

enum { BUDGET_MAX = 1000000 };

void
list_budget_read(struct watchlist *w, const struct node *value)
{
	static const uint32_t range[2] = {1, BUDGET_MAX};

	if (node_number(
		value, "budget", &w->report, range, &w->budget.per_second))
		w->budget_at = value->at;
}

static void
count_watch(void *ctx, const struct watch *watch)
{
	struct watchlist_budget *b = ctx;

	for (size_t i = 0; i < watch->n_views; i++) {
		uint32_t every_s = watch->views[i].every_s;

		every_s = every_s == 0 ? watch->every_s : every_s;
		b->wanted += (double)watch->n_types / every_s;
		if (every_s > b->longest_s)
			b->longest_s = every_s;
	}
}

int
list_budget_begin(struct watchlist *w)
{
	int err;

	if (w->budget.per_second == 0 || w->counts)
		return 0;
	err = watchlist_open(w->path, &w->names, count_watch, &w->budget,
	    &w->ignored, &w->counter);
	if (err != 0)
		return err;
	w->counter->counts = true;
	return 0;
}

static void
decide(struct watchlist *w)
{
	/* A sum of fractions is off by less than this. */
	double factor = w->budget.wanted * (1 - 1e-9) / w->budget.per_second;
	int exponent;

	if (factor <= 1)
		return;
	(void)frexp(factor, &exponent);
	w->budget.stretch =
	    ldexp(ceil(ldexp(factor, 3 - exponent)), exponent - 3);
	if (w->budget.longest_s * w->budget.stretch > WATCH_EVERY_MAX_S)
		report_warning(&w->report, w->budget_at,
		    "a budget of %u a second would leave some names for more "
		    "than a day; they are asked each day",
		    (unsigned)w->budget.per_second);
}

int
list_budget_step(struct watchlist *w)
{
	int got = watchlist_step(w->counter, 1);

	if (got == 1 || got == -ENOMEM)
		return got;
	/* What is wrong with the list is said when it is read for good. */
	watchlist_close(w->counter);
	w->counter = NULL;
	diag_fini(&w->ignored);
	memset(&w->ignored, 0, sizeof(w->ignored));
	decide(w);
	return 1;
}

static uint32_t
longer(const struct watchlist *w, uint32_t every_s)
{
	double s = ceil(every_s * w->budget.stretch);

	return s > WATCH_EVERY_MAX_S ? WATCH_EVERY_MAX_S : (uint32_t)s;
}

void
list_budget_stretch(struct watchlist *w, struct watch *watch)
{
	if (w->budget.stretch <= 1)
		return;
	watch->every_s = longer(w, watch->every_s);
	memcpy(w->views, watch->views, watch->n_views * sizeof(*w->views));
	for (size_t i = 0; i < watch->n_views; i++)
		w->views[i].every_s = longer(w, w->views[i].every_s);
	watch->views = w->views;
	if (watch->idle_every_s != 0 && watch->idle_every_s < watch->every_s)
		watch->idle_every_s = watch->every_s;
}
