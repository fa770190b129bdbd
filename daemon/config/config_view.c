/* SPDX-License-Identifier: ISC */

/*
 * `views:` names other resolvers than those of the view `default`, for lists
 * and watches that are to be asked through them.
 */

#include <string.h>

#include "reader_priv.h"

enum { VIEW_NAME_MAX = 32, QUORUM_MAX = 64 };

void
read_quorum(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	x->quorums[x->view] = value;
}

static size_t
count_groups(const struct config *c, size_t view)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_resolvers; i++) {
		bool known = (c->resolvers[i].views >> view & 1) == 0;

		for (size_t k = 0; k < i && !known; k++)
			known = (c->resolvers[k].views >> view & 1) != 0 &&
			        strcmp(c->resolvers[k].group,
				    c->resolvers[i].group) == 0;
		n += !known;
	}
	return n;
}

static void
finish_quorum(struct reader *x, size_t view, const struct node *value)
{
	static const uint32_t range[2] = {2, QUORUM_MAX};
	size_t groups = count_groups(x->c, view);
	uint32_t n;

	if (!node_number(value, "`quorum`", &x->r, range, &n))
		return;
	if (n > groups)
		report_error(&x->r, value->at,
		    "`quorum: %u` is more than the view's groups of "
		    "resolvers, %zu; write at most that, or add resolvers of "
		    "others",
		    n, groups);
	else
		x->c->quorums[view] = (uint8_t)n;
}

void
finish_quorums(struct reader *x)
{
	for (size_t i = 0; i < x->c->n_views; i++) {
		if (x->quorums[i] != NULL)
			finish_quorum(x, i, x->quorums[i]);
	}
}

static void
read_view(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"resolvers", read_resolvers}, {"quorum", read_quorum}};
	struct config *c = x->c;
	size_t n_errors = x->r.d->n_errors;
	bool any = false;

	x->view = c->n_views;
	c->views[c->n_views] = reader_text(x, n->key->text);
	if (c->views[c->n_views] == NULL)
		return;
	c->n_views++;
	if (!node_walk(n, "a view", keys, 2, &x->r, x))
		return;
	for (size_t i = 0; i < c->n_resolvers; i++)
		any = any || (c->resolvers[i].views >> x->view & 1) != 0;
	if (!any && x->r.d->n_errors == n_errors)
		report_error(&x->r, n->key->at,
		    "view `%s` has no resolvers; add `resolvers: [192.0.2.53]` "
		    "with its own",
		    n->key->text);
}

void
read_views(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (value->kind != NODE_MAP) {
		report_error(&x->r, value->at,
		    "`views` must be a mapping: a name, and below it the "
		    "view's resolvers");
		return;
	}
	for (const struct node *n = value->first; n != NULL; n = n->next) {
		if (!reader_is_named(x, n, "view", VIEW_NAME_MAX))
			continue;
		if (strcmp(n->key->text, "default") == 0)
			report_error(&x->r, n->key->at,
			    "the view `default` is that of `resolvers` at the "
			    "top; list them there");
		else if (x->c->n_views == CONFIG_VIEWS_MAX)
			report_error(&x->r, n->key->at,
			    "more than %d views; remove some",
			    CONFIG_VIEWS_MAX - 1);
		else
			read_view(x, n);
	}
	x->view = 0;
}
