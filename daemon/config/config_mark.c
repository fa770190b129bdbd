/* SPDX-License-Identifier: ISC */

/*
 * `marks:`, files that say whose name servers and addresses stand for a name
 * that was seized, sinkholed, held or parked:
 *
 *	- kind: sinkholed
 *	  who: Example CERT
 *	  ns: [sinkhole.example.net]
 *	  addresses: [192.0.2.0/24]
 *	  since: 2024-01-01
 */

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "config/typed.h"
#include "reader_priv.h"
#include "words_priv.h"

static const char *const kinds[] = {"seized", "sinkholed", "held", "parked"};

struct marking {
	struct reader *x;
	struct config_mark *m;
	bool bad, kind_given;
};

static bool
is_full(struct marking *e, size_t n, struct place at)
{
	if (n < CONFIG_MARK_WORDS_MAX)
		return false;
	report_error(&e->x->r, at, "more than %d of them; make two marks of it",
	    CONFIG_MARK_WORDS_MAX);
	return true;
}

static bool
add_ns(void *ctx, const char *word, struct place at)
{
	struct marking *e = ctx;
	struct typed typed;
	struct name *list;

	typed_read(word, strlen(word), &typed);
	if (typed.kind != TYPED_NAME) {
		report_error(&e->x->r, at, "`%.64s`: %s", word,
		    typed.kind == TYPED_BAD
			? typed.why
			: "an address; that is for `addresses`");
		return false;
	}
	if (is_full(e, e->m->n_ns, at))
		return false;
	list = realloc(e->m->ns, (e->m->n_ns + 1) * sizeof(*list));
	if (list == NULL) {
		e->x->no_memory = true;
		return false;
	}
	e->m->ns = list;
	list[e->m->n_ns++] = typed.name;
	return true;
}

static bool
add_addr(void *ctx, const char *word, struct place at)
{
	struct marking *e = ctx;
	struct typed typed;
	struct prefix *list;

	typed_read(word, strlen(word), &typed);
	if (typed.kind != TYPED_PREFIX) {
		report_error(&e->x->r, at,
		    "`%.64s` is no address or prefix; write 192.0.2.1 or "
		    "192.0.2.0/24",
		    word);
		return false;
	}
	if (is_full(e, e->m->n_addrs, at))
		return false;
	list = realloc(e->m->addrs, (e->m->n_addrs + 1) * sizeof(*list));
	if (list == NULL) {
		e->x->no_memory = true;
		return false;
	}
	e->m->addrs = list;
	list[e->m->n_addrs++] = typed.prefix;
	return true;
}

static void
read_kind(void *ctx, const struct node *value)
{
	struct marking *e = ctx;
	int i = node_choice(value, "a kind of mark", &e->x->r, kinds,
	    sizeof(kinds) / sizeof(kinds[0]));

	e->kind_given = true;
	if (i >= 0)
		e->m->kind = (enum mark_kind)i;
}

static void
read_who(void *ctx, const struct node *value)
{
	struct marking *e = ctx;
	const char *text = text_field(value, "who", &e->x->r);

	if (text != NULL)
		e->m->who = reader_text(e->x, text);
	else
		e->bad = true;
}

static void
read_ns(void *ctx, const struct node *value)
{
	struct marking *e = ctx;

	if (!words_walk(value, "ns", &e->x->r, add_ns, e))
		e->bad = true;
}

static void
read_addresses(void *ctx, const struct node *value)
{
	struct marking *e = ctx;

	if (!words_walk(value, "addresses", &e->x->r, add_addr, e))
		e->bad = true;
}

static void
read_since(void *ctx, const struct node *value)
{
	struct marking *e = ctx;

	(void)read_moment(&e->x->r, value, "`since`", "UTC", &e->m->since);
}

static void
read_until(void *ctx, const struct node *value)
{
	struct marking *e = ctx;

	(void)read_moment(&e->x->r, value, "`until`", "UTC", &e->m->until);
}

static void
read_note(void *ctx, const struct node *value)
{
	struct marking *e = ctx;

	(void)text_field(value, "a note", &e->x->r);
}

static void
read_mark(struct reader *x, const struct node *n)
{
	static const struct key mark_keys[] = {
	    {"kind", read_kind},
	    {"who", read_who},
	    {"ns", read_ns},
	    {"addresses", read_addresses},
	    {"since", read_since},
	    {"until", read_until},
	    {"note", read_note},
	};
	struct marking e = {.x = x, .m = &x->c->marks[x->c->n_marks++]};

	if (!node_walk(n, "a mark", mark_keys,
		sizeof(mark_keys) / sizeof(mark_keys[0]), &x->r, &e) ||
	    e.bad)
		return;
	if (!e.kind_given)
		report_error(&x->r, n->at,
		    "a mark without `kind`; write seized, sinkholed, held or "
		    "parked");
	if (e.m->who == NULL)
		report_error(
		    &x->r, n->at, "a mark without `who`; say who that is");
	if (e.m->n_ns + e.m->n_addrs == 0)
		report_error(&x->r, n->at,
		    "a mark of nothing; give it `ns` or `addresses`");
	if (e.m->until != 0 && e.m->until <= e.m->since)
		report_error(&x->r, n->at, "`until` is not after `since`");
}

static void
read_mark_file(struct reader *x, const struct node *root, const char *path)
{
	(void)path;
	if (!node_is_list(root, "a file of marks", &x->r))
		return;
	if (x->c->marks == NULL)
		x->c->marks =
		    reader_array(x, CONFIG_MARKS_MAX, sizeof(*x->c->marks));
	if (x->c->marks == NULL)
		return;
	if (x->c->n_marks + root->n > CONFIG_MARKS_MAX) {
		report_error(&x->r, root->at, "more than %d marks in all",
		    CONFIG_MARKS_MAX);
		return;
	}
	for (const struct node *n = root->first; n != NULL; n = n->next)
		read_mark(x, n);
}

void
read_marks(void *ctx, const struct node *value)
{
	reader_files(
	    ctx, value, "file of marks", CONFIG_MARKS_MAX, read_mark_file);
}

void
free_marks(struct config *c)
{
	for (size_t i = 0; i < c->n_marks; i++) {
		free(c->marks[i].who);
		free(c->marks[i].ns);
		free(c->marks[i].addrs);
	}
	free(c->marks);
}
