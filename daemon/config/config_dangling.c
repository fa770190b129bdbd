/* SPDX-License-Identifier: ISC */

/*
 * How often what owned names point at is looked for (`dangling:`), and names
 * that do not exist below owned zones (`wildcard:`); which names that no list
 * has are looked for there (`unlisted:`).
 */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "reader_priv.h"

/* What people put beside a site, and forget. */
static const char *const built_in[] = {"www", "mail", "webmail", "autodiscover",
    "vpn", "remote", "portal", "api", "admin", "dev", "test", "staging"};

enum { EVERY_MIN_S = 300, EVERY_MAX_S = 86400 };

/* 5m to 1d, or `none`, which is 0.  False: it is neither, and not reported. */
static bool
read_every(const char *text, uint32_t *out)
{
	*out = 0;
	return strcmp(text, "none") == 0 ||
	       (span_parse(text, out) == 0 && *out >= EVERY_MIN_S &&
		   *out <= EVERY_MAX_S);
}

void
read_dangling(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`dangling`", &x->r);

	if (text != NULL && !read_every(text, &x->c->dangling_every_s))
		report_error(&x->r, value->at,
		    "`dangling` must say how often it is looked whether what "
		    "owned names point at exists, from 5m to 1d, as in 1h; "
		    "`dangling: none` switches that off");
}

void
read_wildcard(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`wildcard`", &x->r);

	if (text != NULL && !read_every(text, &x->c->wildcard_every_s))
		report_error(&x->r, value->at,
		    "`wildcard` must say how often it is looked whether owned "
		    "zones answer for names that do not exist, from 5m to 1d, "
		    "as in 1h; `wildcard: none` switches that off");
}

int
config_labels_default(struct config *c)
{
	size_t n = sizeof(built_in) / sizeof(built_in[0]);
	const char *why;

	c->labels = calloc(n, sizeof(*c->labels));
	if (c->labels == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		CHECK(name_parse(built_in[i], &c->labels[i], &why) == 0);
	c->n_labels = n;
	return 0;
}

/* Letters, digits, hyphens and underscores: one label, and the root. */
static void
read_label(struct reader *x, const struct node *value)
{
	const char *text = node_text(value, "a label", &x->r);
	struct name *out = &x->c->labels[x->c->n_labels];

	if (text == NULL)
		return;
	if (!name_parse_host(text, strlen(text), out) ||
	    out->size != out->wire[0] + 2)
		report_error(&x->r, value->at,
		    "'%s' is no label of a name; write one, as in www", text);
	else
		x->c->n_labels++;
}

void
read_unlisted(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	free(x->c->labels);
	x->c->labels = NULL;
	x->c->n_labels = 0;
	if (value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0)
		return;
	if (!node_is_list(value, "`unlisted`", &x->r))
		return;
	if (value->n == 0 || value->n > CONFIG_UNLISTED_MAX) {
		report_error(&x->r, value->at,
		    "`unlisted` must have from 1 to %d labels; "
		    "`unlisted: none` switches it off",
		    CONFIG_UNLISTED_MAX);
		return;
	}
	x->c->labels = calloc(value->n, sizeof(*x->c->labels));
	if (x->c->labels == NULL) {
		x->no_memory = true;
		return;
	}
	for (const struct node *v = value->first; v != NULL; v = v->next)
		read_label(x, v);
}
