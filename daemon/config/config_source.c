/* SPDX-License-Identifier: ISC */

/*
 * How an authoritative view asks (R18): where the root is, which servers are
 * asked elsewhere than DNS says, how fast, and whether the parent's word about
 * a zone is kept, in a view that is made for it.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "config/typed.h"
#include "reader_priv.h"

enum { DNS_PORT = 53 };

/* a.root-servers.net to m.root-servers.net, as IANA has them (2023-11). */
static const char *const root_servers[] = {
    "198.41.0.4", "2001:503:ba3e::2:30",   /* a */
    "170.247.170.2", "2801:1b8:10::b",     /* b */
    "192.33.4.12", "2001:500:2::c",        /* c */
    "199.7.91.13", "2001:500:2d::d",       /* d */
    "192.203.230.10", "2001:500:a8::e",    /* e */
    "192.5.5.241", "2001:500:2f::f",       /* f */
    "192.112.36.4", "2001:500:12::d0d",    /* g */
    "198.97.190.53", "2001:500:1::53",     /* h */
    "192.36.148.17", "2001:7fe::53",       /* i */
    "192.58.128.30", "2001:503:c27::2:30", /* j */
    "193.0.14.129", "2001:7fd::1",         /* k */
    "199.7.83.42", "2001:500:9f::42",      /* l */
    "202.12.27.33", "2001:dc3::35",        /* m */
};
enum { N_ROOT_SERVERS = sizeof(root_servers) / sizeof(root_servers[0]) };

static void
take_root(struct reader *x, struct config_source *s)
{
	s->hints = reader_array(x, N_ROOT_SERVERS, sizeof(*s->hints));
	if (s->hints == NULL)
		return;
	for (; s->n_hints < N_ROOT_SERVERS; s->n_hints++)
		CHECK(addr_parse(root_servers[s->n_hints], DNS_PORT,
			  &s->hints[s->n_hints]) == 0);
}

static void
take_address(
    struct reader *x, const struct node *n, struct addr *list, size_t *n_list)
{
	struct addr *a = &list[*n_list];

	if (n->kind == NODE_LIST) {
		report_error(&x->r, n->at,
		    "a list where an address must be; put an IPv6 address in "
		    "brackets into quotes");
		return;
	}
	if (!read_server(x, n, DNS_PORT, a))
		return;
	for (size_t i = 0; i < *n_list; i++) {
		if (!addr_equal(&list[i], a))
			continue;
		report_error(
		    &x->r, n->at, "`%.64s` stands twice; keep one", n->text);
		return;
	}
	++*n_list;
}

/* The addresses of a list of 1 to `max`, which is called `what`. */
static struct addr *
read_addresses(struct reader *x, const struct node *list, const char *what,
    size_t max, size_t *n)
{
	struct addr *out;

	*n = 0;
	if (!node_is_list(list, what, &x->r))
		return NULL;
	if (list->n == 0 || list->n > max) {
		report_error(&x->r, list->at, "%s must be 1 to %zu; %s", what,
		    max,
		    list->n == 0 ? "list one, or remove the key"
				 : "remove some");
		return NULL;
	}
	out = reader_array(x, list->n, sizeof(*out));
	for (const struct node *e = list->first; e != NULL && out != NULL;
	     e = e->next)
		take_address(x, e, out, n);
	return out;
}

static bool
has_name(const struct config_source *s, const struct name *name)
{
	for (size_t i = 0; i < s->n_at; i++) {
		if (name_equal(s->at[i].name.wire, name->wire))
			return true;
	}
	return false;
}

static void
read_at_entry(struct reader *x, struct config_source *s, const struct node *n)
{
	struct config_at *at = &s->at[s->n_at];
	struct typed typed;

	if (n->key->kind == NODE_BAD)
		return;
	typed_read(n->key->text, n->key->size, &typed);
	if (typed.kind != TYPED_NAME) {
		report_error(&x->r, n->key->at,
		    "`%.64s` in `at`: %s; write the name of a server, as in "
		    "ns1.example.com",
		    n->key->text,
		    typed.kind == TYPED_BAD ? typed.why : "an address is none");
		return;
	}
	if (has_name(s, &typed.name)) {
		report_error(&x->r, n->key->at,
		    "`%.64s` stands twice in `at`, however it is written; "
		    "keep one",
		    n->key->text);
		return;
	}
	at->name = typed.name;
	at->addrs = read_addresses(x, n, "the addresses of a server",
	    CONFIG_AT_ADDRS_MAX, &at->n_addrs);
	s->n_at++;
}

static void
read_at(struct reader *x, struct config_source *s, const struct node *map)
{
	if (map->kind != NODE_MAP) {
		report_error(&x->r, map->at,
		    "`at` must be a mapping: names of servers, each with its "
		    "addresses, as in `ns1.example.com: [192.0.2.53]`");
		return;
	}
	if (map->n > CONFIG_AT_MAX) {
		report_error(&x->r, map->at,
		    "`at` has more than %d names; remove some", CONFIG_AT_MAX);
		return;
	}
	s->at = reader_array(x, map->n + 1, sizeof(*s->at));
	for (const struct node *n = map->first; n != NULL && s->at != NULL;
	     n = n->next)
		read_at_entry(x, s, n);
}

/* The view of the parent's word, right behind its own. */
static void
add_parent_view(
    struct reader *x, struct config_source *s, const struct node *at)
{
	struct config *c = x->c;
	char *name;

	if (c->n_views == CONFIG_VIEWS_MAX) {
		report_error(&x->r, at->key->at,
		    "`parent` takes a view of its own, and that makes more "
		    "than %d; remove a view, or this key",
		    CONFIG_VIEWS_MAX - 1);
		return;
	}
	if (asprintf(&name, "%s/parent", c->views[x->view]) == -1) {
		x->no_memory = true;
		return;
	}
	s->parent_view = (int)c->n_views;
	c->views[c->n_views++] = name;
}

void
read_source(struct reader *x, const struct view_keys *keys)
{
	struct config_source *s = reader_array(x, 1, sizeof(*s));

	x->c->sources[x->view] = s;
	if (s == NULL)
		return;
	s->rate = SOURCE_RATE_DEFAULT;
	s->parent_view = -1;
	if (keys->parent != NULL &&
	    node_bool(keys->parent, "parent", &x->r, &s->parent) && s->parent)
		add_parent_view(x, s, keys->parent);
	s->own_hints = keys->hints != NULL;
	if (s->own_hints)
		s->hints = read_addresses(
		    x, keys->hints, "`hints`", CONFIG_HINTS_MAX, &s->n_hints);
	else
		take_root(x, s);
	if (keys->at != NULL)
		read_at(x, s, keys->at);
	if (keys->rate != NULL)
		(void)read_rate(x, keys->rate, &s->rate);
}

void
config_source_free(struct config_source *source)
{
	if (source == NULL)
		return;
	for (size_t i = 0; i < source->n_at; i++)
		free(source->at[i].addrs);
	free(source->at);
	free(source->hints);
	free(source);
}

bool
config_is_parent_view(const struct config *c, size_t view)
{
	return view > 0 && c->sources[view - 1] != NULL &&
	       c->sources[view - 1]->parent_view == (int)view;
}
