/* SPDX-License-Identifier: ISC */

/*
 * `plans:`, files of changes that are going to be made (R27):
 *
 *	plan: move-www
 *	timezone: Europe/Vienna
 *	from: 2026-12-01 14:00
 *	until: 2026-12-01 16:00
 *	changes:
 *	  - {name: www.example.com, to: {A: [203.0.113.7], AAAA: none}}
 *
 * Each file is read with a reader of its own, so that problems have its places.
 */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "config/typed.h"
#include "pins_priv.h"
#include "reader_priv.h"
#include "words_priv.h"

enum { PLAN_NAME_MAX = 64 };

/* Guards nothing: a print tells plans apart, and is stored. */
static const struct hash_key print_key = {
    0x646e737669676c31ULL, 0x706c616e30303031ULL};

struct planning {
	struct reader *x; /* of the plan's file */
	struct config_plan *p;
	const struct node *from, *until;
	const char *zone;
	bool named, changed; /* well or not */
};

/* ---- changes ---- */

struct change {
	struct planning *e;
	struct config_plan_change *c;
	bool named, pinned;
};

static void
read_change_name(void *ctx, const struct node *value)
{
	struct change *ch = ctx;
	const char *text = node_text(value, "a name", &ch->e->x->r);
	struct typed typed;

	ch->named = true;
	if (text == NULL)
		return;
	typed_read(text, value->size, &typed);
	if (typed.kind == TYPED_NAME)
		ch->c->name = typed.name;
	else
		report_error(&ch->e->x->r, value->at, "`%.64s`: %s", text,
		    typed.kind == TYPED_BAD
			? typed.why
			: "an address; write the name that changes");
}

static void
read_change_to(void *ctx, const struct node *value)
{
	struct change *ch = ctx;
	struct reader *x = ch->e->x;
	struct buf out = {0};

	ch->pinned = true;
	if (value->kind != NODE_MAP || value->n == 0) {
		report_error(&x->r, value->at,
		    "`to` must say what records there are to be, as in "
		    "{A: [192.0.2.1], AAAA: none}");
		return;
	}
	if (pins_read(&x->r, value, true, &out)) {
		ch->c->pins = reader_array(x, out.size + 1, 1);
		if (ch->c->pins != NULL)
			memcpy(ch->c->pins, out.data, out.size);
		ch->c->pins_size = out.size;
	}
	x->no_memory = x->no_memory || out.err != 0;
	buf_fini(&out);
}

static void
read_change(struct planning *e, const struct node *n)
{
	static const struct key change_keys[] = {
	    {"name", read_change_name},
	    {"to", read_change_to},
	};
	struct change ch = {.e = e, .c = &e->p->changes[e->p->n_changes++]};

	ch.c->line = n->at.line;
	if (!node_walk(n, "a change", change_keys, 2, &e->x->r, &ch))
		return;
	if (!ch.named)
		report_error(&e->x->r, n->at, "a change without `name`");
	if (!ch.pinned)
		report_error(&e->x->r, n->at,
		    "a change without `to`; say what records there are to be");
	for (size_t i = 0; i + 1 < e->p->n_changes; i++)
		if (e->p->changes[i].name.size == ch.c->name.size &&
		    name_equal(e->p->changes[i].name.wire, ch.c->name.wire))
			report_error(&e->x->r, n->at,
			    "its name stands in line %u, too; say all of it "
			    "there",
			    e->p->changes[i].line);
}

static void
read_changes(void *ctx, const struct node *value)
{
	struct planning *e = ctx;

	e->changed = true;
	if (!node_is_list(value, "`changes`", &e->x->r))
		return;
	if (value->n == 0 || value->n > CONFIG_PLAN_CHANGES_MAX) {
		report_error(&e->x->r, value->at,
		    "`changes` must have 1 to %d names",
		    CONFIG_PLAN_CHANGES_MAX);
		return;
	}
	e->p->changes = reader_array(e->x, value->n, sizeof(*e->p->changes));
	for (const struct node *n = value->first;
	     n != NULL && e->p->changes != NULL; n = n->next)
		read_change(e, n);
}

/* ---- the rest ---- */

static void
read_plan_name(void *ctx, const struct node *value)
{
	struct planning *e = ctx;
	const char *text = node_text(value, "a plan's name", &e->x->r);
	size_t good;

	e->named = true;
	if (text == NULL)
		return;
	good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (text[good] != '\0' || good > PLAN_NAME_MAX)
		report_error(&e->x->r, value->at,
		    "bad name of a plan `%.64s`; use 1 to %d of a-z, 0-9, "
		    "_ and -",
		    text, PLAN_NAME_MAX);
	else
		e->p->name = reader_text(e->x, text);
}

static void
read_zone(void *ctx, const struct node *value)
{
	struct planning *e = ctx;

	e->zone = node_text(value, "a time zone", &e->x->r);
}

static void
read_from(void *ctx, const struct node *value)
{
	((struct planning *)ctx)->from = value;
}

static void
read_until(void *ctx, const struct node *value)
{
	((struct planning *)ctx)->until = value;
}

static void
read_why(void *ctx, const struct node *value)
{
	struct planning *e = ctx;
	const char *text = text_field(value, "why", &e->x->r);

	if (text != NULL)
		e->p->why = reader_text(e->x, text);
}

static void
finish_window(struct planning *e, const struct node *root)
{
	struct config_plan *p = e->p;

	if (e->from == NULL || e->until == NULL) {
		report_error(&e->x->r, root->at,
		    "a plan needs `from` and `until`, as in 2026-12-01 14:00");
		return;
	}
	if (!read_moment(&e->x->r, e->from, "`from`", e->zone, &p->from) ||
	    !read_moment(&e->x->r, e->until, "`until`", e->zone, &p->until))
		return;
	if (p->until <= p->from)
		report_error(&e->x->r, e->until->at,
		    "`until` is not after `from`; nothing could be done "
		    "meanwhile");
	else if (p->until - p->from > WALL_S(CONFIG_PLAN_MAX_S))
		report_error(&e->x->r, e->until->at,
		    "more than 31 days after `from`; what is to be so for "
		    "long is for `expect` in a watchlist");
}

static void
make_print(struct config_plan *p)
{
	struct buf b = {0};

	buf_add(&b, p->name, strlen(p->name) + 1);
	buf_add_u64(&b, (uint64_t)p->from);
	buf_add_u64(&b, (uint64_t)p->until);
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct config_plan_change *c = &p->changes[i];

		buf_add(&b, c->name.wire, c->name.size);
		buf_add(&b, c->pins, c->pins_size);
	}
	p->print = b.err == 0 ? hash_sip(&print_key, b.data, b.size) : 0;
	buf_fini(&b);
}

static void
read_plan(struct planning *e, const struct node *root)
{
	static const struct key keys[] = {
	    {"plan", read_plan_name},
	    {"timezone", read_zone},
	    {"from", read_from},
	    {"until", read_until},
	    {"why", read_why},
	    {"changes", read_changes},
	};
	size_t n_errors = e->x->r.d->n_errors;
	const struct config *c = e->x->c;

	if (!node_walk(root, "a plan", keys, sizeof(keys) / sizeof(keys[0]),
		&e->x->r, e))
		return;
	finish_window(e, root);
	if (!e->named)
		report_error(&e->x->r, root->at,
		    "a plan without a name; add "
		    "`plan: move-www`");
	if (!e->changed)
		report_error(&e->x->r, root->at,
		    "a plan without `changes`; say what is going to change");
	for (size_t i = 0; e->p->name != NULL && i + 1 < c->n_plans; i++)
		if (c->plans[i].name != NULL &&
		    strcmp(c->plans[i].name, e->p->name) == 0)
			report_error(&e->x->r, root->at,
			    "a second plan `%s`, after that of %.200s; give "
			    "it another name",
			    e->p->name, c->plans[i].path);
	if (e->x->r.d->n_errors == n_errors)
		make_print(e->p);
}

/* ---- files ---- */

static void
read_plan_file(struct reader *x, const struct node *root, const char *path)
{
	struct planning e = {.x = x};

	if (x->c->plans == NULL)
		x->c->plans =
		    reader_array(x, CONFIG_PLANS_MAX, sizeof(*x->c->plans));
	if (x->c->plans == NULL)
		return;
	e.p = &x->c->plans[x->c->n_plans++];
	e.p->path = reader_text(x, path);
	read_plan(&e, root);
}

void
read_plans(void *ctx, const struct node *value)
{
	reader_files(ctx, value, "plan", CONFIG_PLANS_MAX, read_plan_file);
}

void
free_plans(struct config *c)
{
	for (size_t i = 0; i < c->n_plans; i++) {
		struct config_plan *p = &c->plans[i];

		for (size_t k = 0; k < p->n_changes; k++)
			free(p->changes[k].pins);
		free(p->changes);
		free(p->name);
		free(p->path);
		free(p->why);
	}
	free(c->plans);
}
