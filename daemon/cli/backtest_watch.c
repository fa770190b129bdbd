/* SPDX-License-Identifier: ISC */

#include "backtest_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"

static const struct hash_key bucket_key = {0x6261636b74657374ULL, 1};

void
backtest_about(struct backtest_lists *l, const char *name)
{
	if (l->n_about == l->room) {
		l->room = l->room == 0 ? 256 : 2 * l->room;
		l->about = realloc(l->about, l->room * sizeof(*l->about));
		CHECK(l->about != NULL);
	}
	l->about[l->n_about] = arena_text(&l->arena, name);
	CHECK(l->about[l->n_about] != NULL);
	l->n_about++;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The one of the set that says the same; NULL: the log is not about it. */
static const char *
known_name(const struct backtest_lists *l, const char *name)
{
	char **found = l->n_about == 0 ? NULL
	                               : bsearch(&name, l->about, l->n_about,
					     sizeof(*l->about), by_text);

	return found == NULL ? NULL : *found;
}

static struct backtest_watch **
bucket_of(
    struct backtest_lists *l, uint8_t view, const char *name, uint16_t type)
{
	uint64_t at[2] = {hash_sip(&bucket_key, name, strlen(name)),
	    (uint64_t)view << 16 | type};

	return &l->buckets[hash_sip(&bucket_key, at, sizeof(at)) %
			   BACKTEST_BUCKETS];
}

static const char **
with_text(
    struct backtest_lists *l, const char **list, size_t *n, const char *text)
{
	const char **more;

	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i], text) == 0)
			return list;
	more = arena_zero(&l->arena, (*n + 1) * sizeof(*more));
	CHECK(more != NULL);
	for (size_t i = 0; i < *n; i++)
		more[i] = list[i];
	more[*n] = arena_text(&l->arena, text);
	CHECK(more[*n] != NULL);
	(*n)++;
	return more;
}

static void
add_pins(
    struct backtest_lists *l, struct backtest_watch *b, const struct watch *w)
{
	struct backtest_pins *more;

	if (w->pins == NULL)
		return;
	more = arena_zero(&l->arena, (b->n_pins + 1) * sizeof(*more));
	CHECK(more != NULL);
	for (size_t i = 0; i < b->n_pins; i++)
		more[i] = b->pins[i];
	more[b->n_pins].pins = arena_copy(&l->arena, w->pins, w->pins_size);
	more[b->n_pins].size = w->pins_size;
	CHECK(more[b->n_pins].pins != NULL);
	b->pins = more;
	b->n_pins++;
}

static void
add(struct backtest_lists *l, const struct watch *w, const char *name,
    uint8_t view, uint16_t type)
{
	struct backtest_watch **bucket = bucket_of(l, view, name, type);
	struct backtest_watch *b = *bucket;

	while (b != NULL &&
	       (b->name != name || b->view != view || b->type != type))
		b = b->next;
	if (b == NULL) {
		b = arena_zero(&l->arena, sizeof(*b));
		CHECK(b != NULL);
		*b = (struct backtest_watch){
		    .next = *bucket, .name = name, .view = view, .type = type};
		*bucket = b;
	}
	if (w->confirm > b->confirm)
		b->confirm = w->confirm;
	for (size_t i = 0; i < w->n_tags; i++)
		b->tags = with_text(l, b->tags, &b->n_tags, w->tags[i]);
	b->lists = with_text(l, b->lists, &b->n_lists, w->list);
	for (size_t i = 0; i < b->n_tags; i++) {
		b->owned = b->owned || strcmp(b->tags[i], "owned") == 0;
		b->hostile = b->hostile || strcmp(b->tags[i], "hostile") == 0;
	}
	add_pins(l, b, w);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	struct backtest_lists *l = ctx;
	char text[NAME_TEXT_SIZE];
	const char *name = known_name(l, name_print(w->name.wire, text));

	if (l->asked != NULL)
		backtest_asked_watch(l->asked, l->config, w);
	if (name == NULL)
		return;
	for (size_t i = 0; i < w->n_types; i++) {
		if (w->n_views == 0)
			add(l, w, name, 0, w->types[i]);
		for (size_t k = 0; k < w->n_views; k++)
			add(l, w, name, w->views[k].view, w->types[i]);
	}
}

void
backtest_read(struct backtest_lists *l, struct diag *d)
{
	char **files = NULL;
	size_t n = config_files(l->config, &files, d);
	int err = 0;

	if (l->n_about > 1)
		qsort(l->about, l->n_about, sizeof(*l->about), by_text);
	l->names = watch_names_of(l->config);
	for (size_t i = 0; i < n && err == 0; i++)
		err = watchlist_load(files[i], &l->names, on_watch, l, d);
	config_files_free(files, n);
}

/* The number of a view; the parent's is that of its view. */
static int
view_of(const struct backtest_lists *l, const char *view)
{
	size_t size = strlen(view);
	const char *slash = strchr(view, '/');

	if (slash != NULL)
		size = (size_t)(slash - view);
	for (size_t i = 0; i < l->config->n_views; i++)
		if (strlen(l->config->views[i]) == size &&
		    memcmp(l->config->views[i], view, size) == 0)
			return (int)i;
	return -1;
}

const struct backtest_watch *
backtest_find(const struct backtest_lists *l, const char *view,
    const char *name, uint16_t type)
{
	int number = view_of(l, view);
	const char *known = known_name(l, name);
	const struct backtest_watch *b;
	/* Nothing of it is changed. */
	struct backtest_lists *lists = (struct backtest_lists *)(uintptr_t)l;

	if (number < 0 || known == NULL)
		return NULL;
	b = *bucket_of(lists, (uint8_t)number, known, type);
	while (b != NULL &&
	       (b->name != known || b->view != number || b->type != type))
		b = b->next;
	return b;
}

void
backtest_lists_fini(struct backtest_lists *l)
{
	free(l->about);
	arena_fini(&l->arena);
}
