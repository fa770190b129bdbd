/* SPDX-License-Identifier: ISC */

/*
 * `views:` names other resolvers than those of the view `default`, for lists
 * and watches that are to be asked through them.
 */

#include <string.h>

#include "reader_priv.h"

enum { VIEW_NAME_MAX = 32 };

static void
read_view(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {{"resolvers", read_resolvers}};
	struct config *c = x->c;
	size_t n_errors = x->r.d->n_errors;
	bool any = false;

	x->view = c->n_views;
	c->views[c->n_views] = reader_text(x, n->key->text);
	if (c->views[c->n_views] == NULL)
		return;
	c->n_views++;
	if (!node_walk(n, "a view", keys, 1, &x->r, x))
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
