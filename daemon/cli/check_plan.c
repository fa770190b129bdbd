/* SPDX-License-Identifier: ISC */

#include "check_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/pin.h"
#include "dns/type.h"

/* One type of one name of one plan. */
struct check_planned {
	const struct config_plan *plan;
	const struct config_plan_change *change;
	uint16_t type;
	bool asked;
};

static int
compare_names(const struct name *a, const struct name *b)
{
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->wire, b->wire, a->size);
}

static int
by_name(const void *a, const void *b)
{
	const struct check_planned *x = a;
	const struct check_planned *y = b;

	return compare_names(&x->change->name, &y->change->name);
}

static void
add(struct check_plan *x, const struct config_plan *p,
    const struct config_plan_change *c)
{
	struct record room[PIN_RECORDS_MAX];
	const uint8_t *at = c->pins;
	struct pin pin;

	while (pin_next(&at, c->pins + c->pins_size, room, &pin)) {
		/* The next power of two is there when this one is full. */
		if ((x->n & (x->n - 1)) == 0) {
			x->list =
			    realloc(x->list, 2 * (x->n + 1) * sizeof(*x->list));
			CHECK(x->list != NULL);
		}
		x->list[x->n++] = (struct check_planned){p, c, pin.type, false};
	}
}

void
check_plan_init(struct check_plan *x, const struct config *config)
{
	for (size_t i = 0; i < config->n_plans; i++)
		for (size_t k = 0; k < config->plans[i].n_changes; k++)
			add(x, &config->plans[i], &config->plans[i].changes[k]);
	if (x->n > 1)
		qsort(x->list, x->n, sizeof(*x->list), by_name);
}

/* The first of this name; n: there is none. */
static size_t
find(const struct check_plan *x, const struct name *name)
{
	size_t low = 0;
	size_t high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(&x->list[middle].change->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
check_plan_watch(struct check_plan *x, const struct watch *w)
{
	for (size_t i = find(x, &w->name); i < x->n; i++) {
		if (compare_names(&x->list[i].change->name, &w->name) != 0)
			return;
		for (size_t k = 0; k < w->n_types; k++)
			if (w->types[k] == x->list[i].type)
				x->list[i].asked = true;
	}
}

void
check_plan_tell(struct check_plan *x, const struct config *config, wall_us now,
    struct diag *d)
{
	char name[NAME_TEXT_SIZE];
	char text[WALL_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];

	for (size_t i = 0; i < config->n_silences; i++) {
		const struct config_silence *s = &config->silences[i];

		if (s->until <= now)
			diag_warning(d, config->path, s->line, 0,
			    "the silence `%s` is over since %s; remove it",
			    s->name, wall_print(s->until, text));
	}
	for (size_t i = 0; i < config->n_plans; i++) {
		const struct config_plan *p = &config->plans[i];

		if (p->until <= now)
			diag_warning(d, p->path, 0, 0,
			    "the plan `%s` is over since %s; take the file "
			    "away",
			    p->name, wall_print(p->until, text));
	}
	for (size_t i = 0; i < x->n; i++) {
		const struct check_planned *of = &x->list[i];

		if (!of->asked && of->plan->until > now)
			diag_warning(d, of->plan->path, of->change->line, 0,
			    "no watchlist asks for %s of %s: nobody sees "
			    "whether that is done",
			    type_print(of->type, type),
			    name_print(of->change->name.wire, name));
	}
}

void
check_plan_fini(struct check_plan *x)
{
	free(x->list);
}
