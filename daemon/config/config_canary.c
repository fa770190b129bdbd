/* SPDX-License-Identifier: ISC */

/*
 * `canaries:`, questions whose truth is known (R16): how often, and the
 * operator's own beside those that the monitor has.
 */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/typed.h"
#include "dns/type.h"
#include "reader_priv.h"
#include "words_priv.h"

enum { EVERY_MIN_S = 5, EVERY_MAX_S = 3600, ADDRESSES_MAX = 64 };

/* One entry of `names` while its keys are read. */
struct entry {
	struct reader *x;
	struct config_canary *c;
	const struct node *name;
	const struct node *includes;
	bool none;
	bool bad;
};

static void
read_every(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`every`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (span_parse(text, &seconds) != 0 || seconds < EVERY_MIN_S ||
	    seconds > EVERY_MAX_S)
		report_error(&x->r, value->at,
		    "`every` of canaries must be from 5s to 1h, as in 20s; "
		    "`canaries: none` switches them off");
	else
		x->c->canary_every_s = seconds;
}

static void
read_name(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	const char *text = node_text(value, "name", &e->x->r);
	struct typed typed;

	e->bad = e->bad || text == NULL;
	if (text == NULL)
		return;
	e->name = value;
	typed_read(text, value->size, &typed);
	if (typed.kind == TYPED_NAME) {
		e->c->name = typed.name;
		return;
	}
	report_error(&e->x->r, value->at,
	    "a canary's name: %s; write a name, as in www.example.com",
	    typed.kind == TYPED_BAD ? typed.why : "an address is none");
	e->bad = true;
}

static void
read_rr_type(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	static const char *const known[] = {"A", "AAAA"};
	int i = node_choice(value, "type", &e->x->r, known, 2);

	e->bad = e->bad || i < 0;
	e->c->type = i == 1 ? TYPE_AAAA : TYPE_A;
}

static void
read_includes(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->includes = value;
}

static void
read_none(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	if (!node_bool(value, "none", &e->x->r, &e->none))
		e->bad = true;
}

static void
take_address(struct entry *e, const struct node *n)
{
	const char *text = node_text(n, "an address", &e->x->r);
	uint8_t family = e->c->type == TYPE_AAAA ? AF_INET6 : AF_INET;
	struct addr *a = &e->c->addrs[e->c->n_addrs];

	if (text == NULL)
		return;
	if (addr_parse(text, 0, a) != 0 || a->port != 0 || a->family != family)
		report_error(&e->x->r, n->at,
		    "`%.64s` is no %s address; write %s", text,
		    family == AF_INET ? "IPv4" : "IPv6",
		    family == AF_INET ? "one like 192.0.2.1"
				      : "one like \"2001:db8::1\" beside "
					"`type: AAAA`");
	else
		e->c->n_addrs++;
}

static void
take_includes(struct entry *e)
{
	const struct node *list = e->includes;

	if (!node_is_list(list, "`includes`", &e->x->r))
		return;
	if (list->n == 0 || list->n > ADDRESSES_MAX) {
		report_error(&e->x->r, list->at,
		    "`includes` must have 1 to %d addresses", ADDRESSES_MAX);
		return;
	}
	e->c->addrs = reader_array(e->x, list->n, sizeof(*e->c->addrs));
	if (e->c->addrs == NULL)
		return;
	for (const struct node *n = list->first; n != NULL; n = n->next)
		take_address(e, n);
}

static void
read_canary(struct reader *x, const struct node *n)
{
	static const struct key name_keys[] = {
	    {"name", read_name},
	    {"type", read_rr_type},
	    {"includes", read_includes},
	    {"none", read_none},
	};
	struct entry e = {.x = x, .c = &x->c->canaries[x->c->n_canaries++]};

	e.c->type = TYPE_A;
	if (!node_walk(n, "a canary", name_keys, 4, &x->r, &e) || e.bad)
		return;
	if (e.name == NULL)
		report_error(
		    &x->r, n->at, "a canary without `name`; add its name");
	if (e.none == (e.includes != NULL))
		report_error(&x->r, n->at,
		    "a canary needs one truth: `includes: [192.0.2.1]`, or "
		    "`none: true` for a name that does not exist");
	else if (e.includes != NULL)
		take_includes(&e);
}

static void
read_names(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (!node_is_list(value, "`names`", &x->r) || value->n == 0)
		return;
	if (value->n > CONFIG_CANARIES_MAX) {
		report_error(&x->r, value->at,
		    "`names` of canaries has more than %d entries; remove some",
		    CONFIG_CANARIES_MAX);
		return;
	}
	x->c->canaries = reader_array(x, value->n, sizeof(*x->c->canaries));
	if (x->c->canaries == NULL)
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next)
		read_canary(x, n);
}

void
read_canaries(void *ctx, const struct node *value)
{
	static const struct key keys[] = {
	    {"every", read_every},
	    {"names", read_names},
	};
	struct reader *x = ctx;

	if (value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0)
		x->c->canary_every_s = 0;
	else
		node_walk(value, "`canaries` (or `none`)", keys, 2, &x->r, x);
}
