/* SPDX-License-Identifier: ISC */

/*
 * `resolvers:` of a view, or for the view `default` the nameserver lines of
 * resolv.conf(5) when it is absent.  Servers at one address but different
 * ports are different servers: that is how tests and several views on one host
 * are built.  One that is of several views is one server, with one rate.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "reader_priv.h"

enum { DNS_PORT = 53, TLS_PORT = 853, RATE_MAX = 1000000, GROUP_SIZE_MAX = 64 };

/* One entry of the list while its keys are read. */
struct entry {
	struct reader *x;
	const struct node *address;
	const char *group;
	const struct node *gso; /* where it is switched on */
	struct tls_peer *tls;
	uint32_t rate;
	const struct node *trust_ad; /* where it is switched on */
	bool bad;
};

static void
read_address(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	if (node_text(value, "address", &e->x->r) != NULL)
		e->address = value;
	else
		e->bad = true;
}

bool
read_rate(struct reader *x, const struct node *value, uint32_t *out)
{
	static const uint32_t range[2] = {1, RATE_MAX};

	if (value->kind != NODE_SCALAR || strcmp(value->text, "none") != 0)
		return node_number(
		    value, "rate (or `none`)", &x->r, range, out);
	*out = 0;
	return true;
}

static void
read_rate_key(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	if (!read_rate(e->x, value, &e->rate))
		e->bad = true;
}

static void
read_group(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	const char *text = node_text(value, "group", &e->x->r);

	e->bad = e->bad || text == NULL;
	if (text == NULL)
		return;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p > ' ' && *p <= '~' && p - text < GROUP_SIZE_MAX)
			continue;
		report_error(&e->x->r, value->at,
		    "group must be at most %d ASCII characters without "
		    "blanks",
		    GROUP_SIZE_MAX);
		e->bad = true;
		return;
	}
	e->group = text;
}

static void
read_gso(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	bool on;

	if (!node_bool(value, "gso", &e->x->r, &on))
		e->bad = true;
	else if (on)
		e->gso = value;
}

static void
read_trust_ad(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	bool on;

	if (!node_bool(value, "trust_ad", &e->x->r, &on))
		e->bad = true;
	else if (on)
		e->trust_ad = value;
}

static void
read_tls_key(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->tls = read_tls(e->x, value);
	e->bad = e->bad || e->tls == NULL;
}

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == AF_INET)
		return a->ip[0] == 127;
	return memcmp(a->ip, one, 16) == 0;
}

/*
 * Bursts of segments are for a resolver of the operator's own, that takes
 * them in without a network between.
 */
void
finish_resolvers(struct reader *x)
{
	if (x->gso == NULL)
		return;
	if (x->c->n_resolvers == 1 && is_loopback(&x->c->resolvers[0].addr))
		x->c->resolvers[0].gso = true;
	else
		report_error(&x->r, x->gso->at,
		    "`gso` is for one trusted local resolver; keep one, at a "
		    "loopback address, or remove it");
}

static bool
is_nowhere(const struct addr *a)
{
	static const uint8_t zero[16];

	if (a->family == AF_INET)
		return memcmp(a->ip, zero, 4) == 0 || a->ip[0] >= 224;
	return memcmp(a->ip, zero, 16) == 0 || a->ip[0] == 0xff;
}

bool
read_server(
    struct reader *x, const struct node *value, uint16_t port, struct addr *out)
{
	const char *text = node_text(value, "address", &x->r);

	if (text == NULL)
		return false;
	if (addr_parse(text, port, out) != 0)
		report_error(&x->r, value->at,
		    "`%.64s` is no address; write 192.0.2.53, 192.0.2.53:5353, "
		    "2001:db8::53 or \"[2001:db8::53]:5353\"",
		    text);
	else if (is_nowhere(out))
		report_error(&x->r, value->at,
		    "`%.64s` is no address of a server; write the server's own",
		    text);
	else
		return true;
	return false;
}

/* Takes the settings of `e` for TLS over. */
static void
add_resolver(struct entry *e, const struct addr *addr)
{
	struct reader *x = e->x;
	struct config_resolver *one = &x->c->resolvers[x->c->n_resolvers];
	uint16_t usual = e->tls != NULL ? TLS_PORT : DNS_PORT;
	const char *group = e->group;
	char text[ADDR_TEXT_SIZE];

	if (group == NULL)
		group = addr->port == usual ? addr_print_ip(addr, text)
		                            : addr_print(addr, text);
	one->addr = *addr;
	one->rate = e->rate;
	one->views = UINT32_C(1) << x->view;
	one->trust_ad = e->trust_ad != NULL;
	if (one->trust_ad && e->tls == NULL && !is_loopback(addr))
		report_warning(&x->r, e->trust_ad->at,
		    "`trust_ad`: who is on the path to this resolver can set "
		    "AD; use it for one at a loopback address, with `tls`, or "
		    "on a network of your own");
	one->group = reader_text(x, group);
	if (one->group == NULL)
		return;
	one->tls = e->tls;
	e->tls = NULL;
	x->c->n_resolvers++;
}

static struct config_resolver *
find_resolver(const struct config *c, const struct addr *addr)
{
	for (size_t i = 0; i < c->n_resolvers; i++) {
		if (addr_equal(&c->resolvers[i].addr, addr))
			return &c->resolvers[i];
	}
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_tls(const struct tls_peer *a, const struct tls_peer *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return same_text(a->name, b->name) && same_text(a->ca, b->ca) &&
	       (a->pin == NULL) == (b->pin == NULL) &&
	       (a->pin == NULL || memcmp(a->pin, b->pin, TLS_PIN_SIZE) == 0);
}

/* It is there already: of another view, or written twice. */
static void
share_resolver(struct entry *e, struct config_resolver *same)
{
	struct reader *x = e->x;
	uint32_t view = UINT32_C(1) << x->view;

	if ((same->views & view) != 0)
		report_error(&x->r, e->address->at,
		    "resolver `%.64s` stands twice; keep one",
		    e->address->text);
	else if (same->rate != e->rate || !same_tls(same->tls, e->tls) ||
		 same->trust_ad != (e->trust_ad != NULL) ||
		 (e->group != NULL && strcmp(same->group, e->group) != 0))
		report_error(&x->r, e->address->at,
		    "resolver `%.64s` of another view has another rate, "
		    "group, trust_ad or tls; it is one server, write the same",
		    e->address->text);
	else
		same->views |= view;
}

static void
finish_entry(struct entry *e, const struct node *n)
{
	struct reader *x = e->x;
	struct config_resolver *same;
	struct addr addr;

	if (e->bad)
		return;
	if (e->address == NULL) {
		report_error(
		    &x->r, n->at, "a resolver without `address`; add one");
		return;
	}
	if (!read_server(
		x, e->address, e->tls != NULL ? TLS_PORT : DNS_PORT, &addr))
		return;
	same = find_resolver(x->c, &addr);
	if (same != NULL)
		share_resolver(e, same);
	else if (x->c->n_resolvers == CONFIG_RESOLVERS_MAX)
		report_error(&x->r, n->at,
		    "more than %d resolvers; remove some",
		    CONFIG_RESOLVERS_MAX);
	else
		add_resolver(e, &addr);
}

static void
read_resolver(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"address", read_address},
	    {"rate", read_rate_key},
	    {"group", read_group},
	    {"gso", read_gso},
	    {"trust_ad", read_trust_ad},
	    {"tls", read_tls_key},
	};
	struct entry e = {.x = x, .rate = RESOLVER_RATE_DEFAULT};

	if (n->kind == NODE_MAP)
		node_walk(n, "a resolver", keys, 6, &x->r, &e);
	else if (n->kind == NODE_LIST)
		report_error(&x->r, n->at,
		    "a resolver must be an address or a mapping; put an IPv6 "
		    "address in brackets into quotes");
	else if (n->kind == NODE_SCALAR)
		read_address(&e, n);
	if (e.gso != NULL && e.tls != NULL) {
		report_error(&x->r, e.gso->at,
		    "`gso` is for datagrams, and with `tls` there are none; "
		    "remove one of them");
		e.gso = NULL;
		e.bad = true;
	}
	if (n->kind == NODE_MAP || n->kind == NODE_SCALAR)
		finish_entry(&e, n);
	if (e.gso != NULL)
		x->gso = e.gso;
	config_tls_free(e.tls);
}

void
read_resolvers(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (x->view == 0)
		x->resolvers_given = true;
	if (!node_is_list(value, "`resolvers`", &x->r))
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next)
		read_resolver(x, n);
	if (value->n == 0 && x->view == 0)
		report_error(&x->r, value->at,
		    "`resolvers` is empty; list one, or remove the key to "
		    "use those of /etc/resolv.conf");
	else if (value->n == 0)
		report_error(&x->r, value->at,
		    "a view without resolvers; list one, or remove the view");
}

void
read_resolvers_default(struct reader *x, struct place at, const char *path)
{
	struct entry e = {.x = x, .rate = RESOLVER_RATE_DEFAULT};
	char line[512];
	FILE *file;
	struct addr addr;
	struct config_resolver *same;
	bool found = false;

	x->view = 0;
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *rest = line;
		const char *word = strsep(&rest, " \t\n");
		const char *text = NULL;

		while (text == NULL || (text[0] == '\0' && rest != NULL))
			text = rest == NULL ? "" : strsep(&rest, " \t\r\n");
		if (strcmp(word, "nameserver") != 0 ||
		    addr_parse(text, DNS_PORT, &addr) != 0)
			continue;
		same = find_resolver(x->c, &addr);
		if (same != NULL)
			same->views |= 1;
		else if (x->c->n_resolvers < CONFIG_RESOLVERS_MAX)
			add_resolver(&e, &addr);
		found = true;
	}
	if (file != NULL)
		fclose(file);
	if (!found && !x->no_memory)
		report_error(&x->r, at,
		    "no `resolvers`, and %s names none; add "
		    "`resolvers: [192.0.2.53]` with yours",
		    path);
}
