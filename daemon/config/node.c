/* SPDX-License-Identifier: ISC */

/*
 * The tree is built with a stack of our own, whose height the stream bounds.
 * Past a limit, items are only counted down to the end of the piece, so that
 * the stream can go on behind it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/config.h"
#include "node_priv.h"
#include "suggest_priv.h"

enum {
	KEYS_MAX = 24,      /* of one table of known keys */
	COMPARE_ALL_MAX = 8 /* larger mappings are sorted to find twins */
};

/* A list or mapping that is open. */
struct open {
	struct node *node;
	struct node *last;
	struct node *key; /* waits for its value */
};

struct build {
	const struct report *r;
	const struct node_limits *limits;
	struct arena *arena;
	struct open *stack; /* of CONFIG_DEPTH_MAX + 1 */
	size_t depth;
	size_t n_nodes;
	size_t begin;
	struct node *root;
	struct node *newest;
	struct place at;
	bool over; /* past a limit: nothing is built any more */
};

static struct node *
make_node(struct build *b, const struct item *item)
{
	bool scalar = item->kind == ITEM_SCALAR;
	struct node *n =
	    arena_get(b->arena, sizeof(*n) + (scalar ? item->size + 1 : 0));

	if (n == NULL)
		return NULL;
	*n = (struct node){.at = item->at,
	    .plain = item->plain,
	    .literal = true,
	    .made = b->newest};
	b->newest = n;
	if (item->kind == ITEM_LIST)
		n->kind = NODE_LIST;
	else if (item->kind == ITEM_MAP)
		n->kind = NODE_MAP;
	if (item->bad)
		n->kind = NODE_BAD;
	if (scalar) {
		n->text = (char *)(n + 1);
		memcpy(n->text, item->text, item->size + 1);
		n->size = item->size;
	}
	return n;
}

static void
attach(struct build *b, struct node *n)
{
	struct open *top = b->depth > 0 ? &b->stack[b->depth - 1] : NULL;

	if (top == NULL) {
		b->root = n;
		return;
	}
	n->key = top->key;
	top->key = NULL;
	if (top->last == NULL)
		top->node->first = n;
	else
		top->last->next = n;
	top->last = n;
	top->node->n++;
}

/* Is this item the key of an open mapping? */
static bool
is_key(const struct build *b, bool is_map)
{
	return b->depth > 0 && is_map && b->stack[b->depth - 1].key == NULL;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct node *const *x = a;
	const struct node *const *y = b;
	int order = strcmp((*x)->key->text, (*y)->key->text);

	if (order != 0)
		return order;
	if ((*x)->key->at.line != (*y)->key->at.line)
		return (*x)->key->at.line < (*y)->key->at.line ? -1 : 1;
	return (*x)->key->at.column < (*y)->key->at.column ? -1 : 1;
}

static void
mark_twins_near(struct node *map)
{
	for (struct node *n = map->first; n != NULL; n = n->next) {
		struct node *before = map->first;

		while (
		    before != n && strcmp(before->key->text, n->key->text) != 0)
			before = before->next;
		if (before != n)
			n->key->twice = before->key;
	}
}

/* libyaml lets a key stand twice; the last would win in silence. */
static int
mark_twins(struct node *map)
{
	struct node **sorted;
	size_t i = 0;

	if (map->n <= COMPARE_ALL_MAX) {
		mark_twins_near(map);
		return 0;
	}
	sorted = calloc(map->n, sizeof(struct node *));
	if (sorted == NULL)
		return -ENOMEM;
	for (struct node *n = map->first; n != NULL; n = n->next)
		sorted[i++] = n;
	qsort(sorted, map->n, sizeof(struct node *), compare_keys);
	for (i = 1; i < map->n; i++) {
		if (strcmp(sorted[i - 1]->key->text, sorted[i]->key->text) == 0)
			sorted[i]->key->twice = sorted[i - 1]->key;
	}
	free(sorted);
	return 0;
}

static int
close_top(struct build *b)
{
	struct node *n;

	b->depth--;
	n = b->stack[b->depth].node;
	if (b->over || n->first == NULL || n->first->key == NULL)
		return 0;
	return mark_twins(n);
}

static int
take_value(struct build *b, const struct item *item, bool in_map)
{
	struct node *n = make_node(b, item);

	if (n == NULL)
		return -ENOMEM;
	if (is_key(b, in_map)) {
		if (item->kind != ITEM_SCALAR) {
			report_error(b->r, n->at,
			    "a key must be a plain text; put it into quotes");
			n->text = "";
			n->kind = NODE_BAD;
		}
		n->is_key = true;
		b->stack[b->depth - 1].key = n;
	} else {
		attach(b, n);
	}
	if (item->kind != ITEM_SCALAR)
		b->stack[b->depth++] = (struct open){.node = n};
	return 0;
}

static void
check_limits(struct build *b, const struct item *item)
{
	if (b->over || b->root == NULL)
		return;
	if (++b->n_nodes > b->limits->nodes_max) {
		report_error(b->r, b->at,
		    "more than %zu values; make it smaller",
		    b->limits->nodes_max);
		b->over = true;
	} else if (b->limits->chars_max != 0 &&
		   item->end - b->begin > b->limits->chars_max) {
		report_error(b->r, b->at,
		    "longer than %zu characters; make it shorter",
		    b->limits->chars_max);
		b->over = true;
	}
}

static int
take(struct build *b, const struct item *item)
{
	bool in_map;

	if (item->kind == ITEM_LIST_END || item->kind == ITEM_MAP_END)
		return close_top(b);
	check_limits(b, item);
	if (b->over) {
		if (item->kind != ITEM_SCALAR)
			b->stack[b->depth++] = (struct open){.node = b->root};
		return 0;
	}
	in_map = b->depth > 0 && b->stack[b->depth - 1].node->kind == NODE_MAP;
	return take_value(b, item, in_map);
}

int
node_build(struct stream *s, const struct item *first,
    const struct node_limits *limits, struct arena *a, struct node **out)
{
	struct open stack[CONFIG_DEPTH_MAX + 1];
	struct build b = {.r = stream_report(s),
	    .stack = stack,
	    .limits = limits,
	    .arena = a,
	    .begin = first->begin,
	    .at = first->at};
	struct item item = *first;
	int err;

	for (;;) {
		err = take(&b, &item);
		if (err != 0 || b.depth == 0)
			break;
		err = stream_next(s, &item);
		if (err != 0)
			break;
	}
	if (err != 0)
		return err;
	if (b.over)
		b.root->kind = NODE_BAD;
	if (b.newest != b.root)
		b.root->made = b.newest;
	*out = b.root;
	return 0;
}

bool
node_is_empty(const struct node *n)
{
	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	return n->size == 0 || (n->size == 1 && n->text[0] == '~') ||
	       (n->size == 4 && strcasecmp(n->text, "null") == 0);
}

static void
report_unknown(const struct node *key, const struct key *keys, size_t n,
    const struct report *r)
{
	const char *names[KEYS_MAX];
	const char *near;
	char list[256];

	for (size_t i = 0; i < n; i++)
		names[i] = keys[i].name;
	near = suggest(key->text, names, n);
	if (near != NULL)
		report_error(r, key->at,
		    "unknown key `%.64s`; did you mean `%s`?", key->text, near);
	else
		report_error(r, key->at, "unknown key `%.64s`; known here: %s",
		    key->text, suggest_list(names, n, list, sizeof(list)));
}

/* Most names differ in the first letter from what is looked for. */
static bool
is_name(const struct node *key, const char *name)
{
	return key->text[0] == name[0] && strcmp(key->text, name) == 0;
}

static void
walk_entry(const struct node *value, const struct key *key,
    const struct report *r, void *ctx)
{
	const struct node *at = value->key;

	if (at->twice != NULL)
		report_error(r, at->at,
		    "key `%s` stands twice (first in line %u); keep one",
		    key->name, at->twice->at.line);
	else if (node_is_empty(value))
		report_error(r, at->at,
		    "`%s` has no value; give one or remove the key", key->name);
	else if (value->kind != NODE_BAD)
		key->read(ctx, value);
}

bool
node_walk(const struct node *map, const char *what, const struct key *keys,
    size_t n_keys, const struct report *r, void *ctx)
{
	CHECK(n_keys <= KEYS_MAX);
	if (map->kind != NODE_MAP) {
		if (map->kind != NODE_BAD)
			report_error(r, map->at,
			    "%s must be a mapping: lines of `key: value`",
			    what);
		return false;
	}
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		size_t i = 0;

		if (n->key->kind == NODE_BAD)
			continue;
		while (i < n_keys && !is_name(n->key, keys[i].name))
			i++;
		if (i < n_keys)
			walk_entry(n, &keys[i], r, ctx);
		else
			report_unknown(n->key, keys, n_keys, r);
	}
	return true;
}

const char *
node_text(const struct node *n, const char *what, const struct report *r)
{
	if (n->kind == NODE_SCALAR && !node_is_empty(n) && n->size > 0)
		return n->text;
	if (n->kind == NODE_SCALAR)
		report_error(r, n->at, "%s is empty; give a value", what);
	else if (n->kind != NODE_BAD)
		report_error(r, n->at, "%s must be one value, not a %s", what,
		    n->kind == NODE_LIST ? "list" : "mapping");
	return NULL;
}

bool
node_is_list(const struct node *n, const char *what, const struct report *r)
{
	if (n->kind != NODE_LIST && n->kind != NODE_BAD)
		report_error(r, n->at,
		    "%s must be a list: `[a, b]`, or lines "
		    "that begin with `- `",
		    what);
	return n->kind == NODE_LIST;
}

/* Digits only: no octal, no 1_000, no 1e3. */
static bool
read_digits(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*out = v;
	return *text == '\0';
}

bool
node_number(const struct node *n, const char *what, const struct report *r,
    const uint32_t range[2], uint32_t *out)
{
	const char *text = node_text(n, what, r);
	uint64_t v;

	if (text == NULL)
		return false;
	if (!read_digits(text, &v) || v < range[0] || v > range[1]) {
		report_error(r, n->at, "%s must be a number from %u to %u",
		    what, (unsigned)range[0], (unsigned)range[1]);
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

bool
node_bool(
    const struct node *n, const char *what, const struct report *r, bool *out)
{
	const char *text = node_text(n, what, r);

	if (text == NULL)
		return false;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
		report_error(r, n->at, "%s must be true or false", what);
		return false;
	}
	*out = text[0] == 't';
	return true;
}

int
node_choice(const struct node *n, const char *what, const struct report *r,
    const char *const *known, size_t n_known)
{
	const char *text = node_text(n, what, r);
	const char *near;
	char list[256];

	if (text == NULL)
		return -1;
	for (size_t i = 0; i < n_known; i++) {
		if (strcmp(text, known[i]) == 0)
			return (int)i;
	}
	near = suggest(text, known, n_known);
	if (near != NULL)
		report_error(r, n->at,
		    "%s `%.64s` is unknown; did you mean `%s`?", what, text,
		    near);
	else
		report_error(r, n->at, "%s `%.64s` is unknown; write %s", what,
		    text, suggest_list(known, n_known, list, sizeof(list)));
	return -1;
}
