/* SPDX-License-Identifier: ISC */

#include "backtest_watch.h"

#include <stdlib.h>
#include <string.h>

#include "backtest_event.h"
#include "base/err.h"
#include "base/hash.h"
#include "dns/type.h"

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

static void
add_text(struct arena *a, const char ***list, size_t *n, const char *text)
{
	const char **more;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i], text) == 0)
			return;
	more = arena_zero(a, (*n + 1) * sizeof(*more));
	CHECK(more != NULL);
	for (size_t i = 0; i < *n; i++)
		more[i] = (*list)[i];
	more[*n] = arena_text(a, text);
	CHECK(more[*n] != NULL);
	(*n)++;
	*list = more;
}

static void
add_pins(
    struct arena *a, struct backtest_watch *b, const uint8_t *pins, size_t size)
{
	struct backtest_pins *more =
	    arena_zero(a, (b->n_pins + 1) * sizeof(*more));

	CHECK(more != NULL);
	for (size_t i = 0; i < b->n_pins; i++)
		more[i] = b->pins[i];
	more[b->n_pins].pins = arena_copy(a, pins, size);
	more[b->n_pins].size = size;
	CHECK(more[b->n_pins].pins != NULL);
	b->pins = more;
	b->n_pins++;
}

static void
weigh_tags(struct backtest_watch *b)
{
	for (size_t i = 0; i < b->n_tags; i++) {
		b->owned = b->owned || strcmp(b->tags[i], "owned") == 0;
		b->hostile = b->hostile || strcmp(b->tags[i], "hostile") == 0;
	}
}

static void
add(struct arena *a, struct backtest_watch *b, const struct watch *w)
{
	if (w->confirm > b->confirm)
		b->confirm = w->confirm;
	b->attributes |= w->attributes;
	b->tell_baseline = b->tell_baseline || w->tell_baseline;
	b->never_idle = b->never_idle || w->idle_every_s == 0;
	for (size_t i = 0; i < w->n_tags; i++)
		add_text(a, &b->tags, &b->n_tags, w->tags[i]);
	add_text(a, &b->lists, &b->n_lists, w->list);
	weigh_tags(b);
}

static struct backtest_watch *
add_new(struct backtest_lists *l, const struct backtest_watch *what)
{
	struct backtest_watch **bucket =
	    bucket_of(l, what->view, what->name, what->type);
	struct backtest_watch *b = arena_zero(&l->arena, sizeof(*b));

	CHECK(b != NULL);
	*b = *what;
	b->next = *bucket;
	*bucket = b;
	return b;
}

/* The next that says something of the same. */
static struct backtest_watch *
next_of(struct backtest_watch *b, uint8_t view, const char *name, uint16_t type)
{
	while (b != NULL &&
	       (b->name != name || b->view != view || b->type != type))
		b = b->next;
	return b;
}

static wall_us
until_of(const struct watch *w)
{
	return w->source == NULL ? 0 : w->source->until;
}

static void
add_question(struct backtest_lists *l, const struct watch *w, const char *name,
    uint8_t view, uint16_t type)
{
	struct backtest_watch *b =
	    add_new(l, &(struct backtest_watch){.name = name,
			   .view = view,
			   .type = type,
			   .until = until_of(w)});

	add(&l->arena, b, w);
	if (w->pins != NULL)
		add_pins(&l->arena, b, w->pins, w->pins_size);
}

/* One of a zone, however many names it has. */
static void
add_zone(struct backtest_lists *l, const struct watch *w, const char *name,
    uint8_t view)
{
	wall_us until = until_of(w);
	struct backtest_watch *b =
	    next_of(*bucket_of(l, view, name, BACKTEST_ZONE), view, name,
		BACKTEST_ZONE);

	if (b == NULL)
		b = add_new(l, &(struct backtest_watch){.name = name,
				   .view = view,
				   .type = BACKTEST_ZONE,
				   .until = until});
	if (b->until != 0 && (until == 0 || until > b->until))
		b->until = until;
	add(&l->arena, b, w);
}

static void
add_zones(struct backtest_lists *l, const struct watch *w, uint8_t view)
{
	char text[NAME_TEXT_SIZE];
	const uint8_t *at = w->name.wire;

	for (;; at += 1 + *at) {
		const char *name = known_name(l, name_print(at, text));

		if (name != NULL)
			add_zone(l, w, name, view);
		if (*at == 0)
			return;
	}
}

static void
add_view(struct backtest_lists *l, const struct watch *w, const char *name,
    uint8_t view)
{
	add_zones(l, w, view);
	for (size_t i = 0; i < w->n_types && name != NULL; i++)
		add_question(l, w, name, view, w->types[i]);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	struct backtest_lists *l = ctx;
	char text[NAME_TEXT_SIZE];
	const char *name = known_name(l, name_print(w->name.wire, text));

	if (l->asked != NULL)
		backtest_asked_watch(l->asked, l->config, w);
	if (w->n_views == 0)
		add_view(l, w, name, 0);
	for (size_t k = 0; k < w->n_views; k++)
		add_view(l, w, name, w->views[k].view);
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

static void
join(struct arena *a, struct backtest_watch *to, const struct backtest_watch *b)
{
	if (b->confirm > to->confirm)
		to->confirm = b->confirm;
	to->attributes |= b->attributes;
	to->tell_baseline = to->tell_baseline || b->tell_baseline;
	to->never_idle = to->never_idle || b->never_idle;
	for (size_t i = 0; i < b->n_tags; i++)
		add_text(a, &to->tags, &to->n_tags, b->tags[i]);
	for (size_t i = 0; i < b->n_lists; i++)
		add_text(a, &to->lists, &to->n_lists, b->lists[i]);
	for (size_t i = 0; i < b->n_pins; i++)
		add_pins(a, to, b->pins[i].pins, b->pins[i].size);
	weigh_tags(to);
}

/* All that lists say of it at that time. */
static struct backtest_watch *
sum_of(const struct backtest_lists *l, const struct backtest_watch *key,
    wall_us at, struct arena *a)
{
	/* Nothing of it is changed. */
	struct backtest_lists *lists = (struct backtest_lists *)(uintptr_t)l;
	struct backtest_watch *b =
	    *bucket_of(lists, key->view, key->name, key->type);
	struct backtest_watch *sum = NULL;

	for (; (b = next_of(b, key->view, key->name, key->type)) != NULL;
	     b = b->next) {
		if (b->until != 0 && at >= b->until)
			continue;
		if (sum == NULL) {
			sum = arena_zero(a, sizeof(*sum));
			CHECK(sum != NULL);
			sum->name = key->name;
			sum->view = key->view;
			sum->type = key->type;
		}
		join(a, sum, b);
	}
	return sum;
}

const struct backtest_watch *
backtest_find(const struct backtest_lists *l, const struct read_judged *j,
    struct arena *a)
{
	int number = view_of(l, j->view);
	const char *known = known_name(l, j->name);
	struct backtest_watch key = {
	    .name = known, .view = (uint8_t)number, .type = (uint16_t)j->type};
	struct backtest_watch *found;

	if (number < 0 || known == NULL)
		return NULL;
	found = sum_of(l, &key, j->at, a);
	if (found != NULL || j->event == NULL || j->type != TYPE_SOA ||
	    !backtest_event_of_servers(j->event))
		return found;
	key.type = BACKTEST_ZONE;
	return sum_of(l, &key, j->at, a);
}

void
backtest_lists_fini(struct backtest_lists *l)
{
	free(l->about);
	arena_fini(&l->arena);
}
