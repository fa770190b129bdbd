/* SPDX-License-Identifier: ISC */

/*
 * `providers:`, zones at whose end of an alias chain no customer can write
 * addresses (R24).
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/typed.h"
#include "reader_priv.h"

/* Of CDNs, where every name stands for a customer's service and has addresses
 * that the CDN alone gives. */
static const char *const built_in[] = {"akamai.net", "akamaiedge.net",
    "azureedge.net", "cdn.cloudflare.net", "cloudfront.net", "fastly.net"};

int
config_providers_default(struct config *c)
{
	size_t n = sizeof(built_in) / sizeof(built_in[0]);
	const char *why;

	c->providers = calloc(n, sizeof(*c->providers));
	if (c->providers == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		CHECK(name_parse(built_in[i], &c->providers[i], &why) == 0);
	c->n_providers = n;
	return 0;
}

static bool
read_provider(struct reader *x, const struct node *value, struct name *out)
{
	const char *text = node_text(value, "a provider", &x->r);
	struct typed typed;

	if (text == NULL)
		return false;
	typed_read(text, value->size, &typed);
	if (typed.kind != TYPED_NAME) {
		report_error(&x->r, value->at,
		    "a provider's zone: %s; write a name, as in "
		    "cloudfront.net",
		    typed.kind == TYPED_BAD ? typed.why : "an address is none");
		return false;
	}
	*out = typed.name;
	return true;
}

void
read_providers(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	free(x->c->providers);
	x->c->providers = NULL;
	x->c->n_providers = 0;
	if (value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0)
		return;
	if (!node_is_list(value, "`providers`", &x->r))
		return;
	if (value->n > CONFIG_PROVIDERS_MAX) {
		report_error(&x->r, value->at, "more than %d providers",
		    CONFIG_PROVIDERS_MAX);
		return;
	}
	x->c->providers = calloc(value->n + 1, sizeof(*x->c->providers));
	if (x->c->providers == NULL)
		return;
	for (const struct node *v = value->first; v != NULL; v = v->next)
		if (read_provider(x, v, &x->c->providers[x->c->n_providers]))
			x->c->n_providers++;
}
