/* SPDX-License-Identifier: ISC */

/*
 * `resolvers:`, or the nameserver lines of resolv.conf(5) when it is absent.
 * Servers at one address but different ports are different servers: that is
 * how tests and several views on one host are built.
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

static void
read_rate(void *ctx, const struct node *value)
{
	static const uint32_t range[2] = {1, RATE_MAX};
	struct entry *e = ctx;

	if (value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0)
		e->rate = 0;
	else if (!node_number(
		     value, "rate (or `none`)", &e->x->r, range, &e->rate))
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
static void
finish_gso(struct reader *x, const struct node *gso)
{
	if (x->c->n_resolvers == 1 && is_loopback(&x->c->resolvers[0].addr))
		x->c->resolvers[0].gso = true;
	else
		report_error(&x->r, gso->at,
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
	one->group = reader_text(x, group);
	if (one->group == NULL)
		return;
	one->tls = e->tls;
	e->tls = NULL;
	x->c->n_resolvers++;
}

static const struct config_resolver *
find_resolver(const struct config *c, const struct addr *addr)
{
	for (size_t i = 0; i < c->n_resolvers; i++) {
		if (addr_equal(&c->resolvers[i].addr, addr))
			return &c->resolvers[i];
	}
	return NULL;
}

static void
finish_entry(struct entry *e, const struct node *n)
{
	struct reader *x = e->x;
	struct addr addr;

	if (e->bad)
		return;
	if (e->address == NULL) {
		report_error(
		    &x->r, n->at, "a resolver without `address`; add one");
		return;
	}
	if (addr_parse(e->address->text, e->tls != NULL ? TLS_PORT : DNS_PORT,
		&addr) != 0) {
		report_error(&x->r, e->address->at,
		    "`%.64s` is no address; write 192.0.2.53, 192.0.2.53:5353, "
		    "2001:db8::53 or \"[2001:db8::53]:5353\"",
		    e->address->text);
		return;
	}
	if (is_nowhere(&addr))
		report_error(&x->r, e->address->at,
		    "`%.64s` is no address of a server; write the server's own",
		    e->address->text);
	else if (find_resolver(x->c, &addr) != NULL)
		report_error(&x->r, e->address->at,
		    "resolver `%.64s` stands twice; keep one",
		    e->address->text);
	else if (x->c->n_resolvers == CONFIG_RESOLVERS_MAX)
		report_error(&x->r, n->at,
		    "more than %d resolvers; remove some",
		    CONFIG_RESOLVERS_MAX);
	else
		add_resolver(e, &addr);
}

/* Where `gso` is switched on in it, or NULL. */
static const struct node *
read_resolver(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"address", read_address},
	    {"rate", read_rate},
	    {"group", read_group},
	    {"gso", read_gso},
	    {"tls", read_tls_key},
	};
	struct entry e = {.x = x, .rate = RESOLVER_RATE_DEFAULT};

	if (n->kind == NODE_MAP)
		node_walk(n, "a resolver", keys, 5, &x->r, &e);
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
	config_tls_free(e.tls);
	return e.gso;
}

void
read_resolvers(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const struct node *gso = NULL;
	const struct node *of;

	x->resolvers_given = true;
	if (!node_is_list(value, "`resolvers`", &x->r))
		return;
	x->c->resolvers =
	    reader_array(x, CONFIG_RESOLVERS_MAX, sizeof(*x->c->resolvers));
	if (x->c->resolvers == NULL)
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next) {
		of = read_resolver(x, n);
		if (of != NULL)
			gso = of;
	}
	if (gso != NULL)
		finish_gso(x, gso);
	if (value->n == 0)
		report_error(&x->r, value->at,
		    "`resolvers` is empty; list one, or remove the key to "
		    "use those of /etc/resolv.conf");
}

void
read_resolvers_default(struct reader *x, struct place at, const char *path)
{
	struct entry e = {.x = x, .rate = RESOLVER_RATE_DEFAULT};
	char line[512];
	FILE *file;
	struct addr addr;

	if (x->resolvers_given)
		return;
	x->c->resolvers =
	    reader_array(x, CONFIG_RESOLVERS_MAX, sizeof(*x->c->resolvers));
	file = fopen(path, "re");
	while (file != NULL && x->c->resolvers != NULL &&
	       fgets(line, sizeof(line), file) != NULL) {
		char *rest = line;
		const char *word = strsep(&rest, " \t\n");
		const char *text = NULL;

		while (text == NULL || (text[0] == '\0' && rest != NULL))
			text = rest == NULL ? "" : strsep(&rest, " \t\r\n");
		if (strcmp(word, "nameserver") != 0 ||
		    addr_parse(text, DNS_PORT, &addr) != 0 ||
		    find_resolver(x->c, &addr) != NULL ||
		    x->c->n_resolvers == CONFIG_RESOLVERS_MAX)
			continue;
		add_resolver(&e, &addr);
	}
	if (file != NULL)
		fclose(file);
	if (x->c->n_resolvers == 0 && !x->no_memory)
		report_error(&x->r, at,
		    "no `resolvers`, and %s names none; add "
		    "`resolvers: [192.0.2.53]` with yours",
		    path);
}
