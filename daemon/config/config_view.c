/* SPDX-License-Identifier: ISC */

/*
 * `views:` names other resolvers than those of the view `default`, for lists
 * and watches that are to be asked through them, or the zones' own servers.
 */

#include <string.h>

#include "config/watchlist.h"
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

/* What asks resolvers is read after it is known that the view does. */
static void
keep_resolvers(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->resolvers = value;
}

static void
keep_authoritative(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->authoritative = value;
}

static void
keep_parent(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->parent = value;
}

static void
keep_hints(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->hints = value;
}

static void
keep_at(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->at = value;
}

static void
keep_rate(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->rate = value;
}

static void
keep_quorum(void *ctx, const struct node *value)
{
	struct view_keys *keys = ctx;

	keys->quorum = value;
}

/* Keys that say how the zones' servers are asked, where none is. */
static void
refuse_source(struct reader *x, const struct view_keys *keys)
{
	const struct node *all[] = {
	    keys->parent, keys->hints, keys->at, keys->rate};

	for (size_t i = 0; i < 4; i++) {
		if (all[i] != NULL)
			report_error(&x->r, all[i]->key->at,
			    "`%s` is of a view that asks the zones' own "
			    "servers; add `authoritative: true` or remove it",
			    all[i]->key->text);
	}
}

/* A view without resolvers is told when nothing else was, of `n_errors` on. */
static void
read_asked(struct reader *x, const struct node *view,
    const struct view_keys *keys, size_t n_errors)
{
	bool any = false;

	refuse_source(x, keys);
	if (keys->resolvers != NULL)
		read_resolvers(x, keys->resolvers);
	for (size_t i = 0; i < x->c->n_resolvers; i++)
		any = any || (x->c->resolvers[i].views >> x->view & 1) != 0;
	if (!any && x->r.d->n_errors == n_errors)
		report_error(&x->r, view->key->at,
		    "view `%s` has no resolvers; add `resolvers: [192.0.2.53]` "
		    "with its own",
		    view->key->text);
}

static void
read_view(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"resolvers", keep_resolvers},
	    {"authoritative", keep_authoritative},
	    {"parent", keep_parent},
	    {"hints", keep_hints},
	    {"at", keep_at},
	    {"rate", keep_rate},
	    {"quorum", keep_quorum},
	};
	struct config *c = x->c;
	struct view_keys kept = {0};
	size_t n_errors = x->r.d->n_errors;
	bool on = false;

	x->view = c->n_views;
	c->views[c->n_views] = reader_text(x, n->key->text);
	if (c->views[c->n_views] == NULL)
		return;
	c->n_views++;
	if (!node_walk(n, "a view", keys, 7, &x->r, &kept) ||
	    (kept.authoritative != NULL &&
		!node_bool(kept.authoritative, "authoritative", &x->r, &on)))
		return;
	if (kept.quorum != NULL)
		read_quorum(x, kept.quorum);
	if (on && kept.resolvers != NULL)
		report_error(&x->r, kept.resolvers->key->at,
		    "view `%s` asks resolvers or the zones' own servers, not "
		    "both; remove `resolvers` or `authoritative`",
		    n->key->text);
	if (on)
		read_source(x, &kept);
	else
		read_asked(x, n, &kept, n_errors);
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

struct watch_names
watch_names_of(const struct config *c)
{
	struct watch_names names = {.views = (const char *const *)c->views,
	    .n_views = c->n_views,
	    .profiles = c->profiles,
	    .n_profiles = c->n_profiles};

	for (size_t i = 0; i < c->n_views; i++) {
		if (c->sources[i] != NULL)
			names.authoritative |= UINT32_C(1) << i;
		if (config_is_parent_view(c, i))
			names.unnamed |= UINT32_C(1) << i;
	}
	return names;
}
