/* SPDX-License-Identifier: ISC */

#include "backtest_asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/config.h"
#include "store/store.h"

static void
put_key(struct backtest_keys *k, const struct uuid *question)
{
	if (k->n == k->room) {
		k->room = k->room == 0 ? 1024 : 2 * k->room;
		k->keys = realloc(k->keys, k->room * sizeof(*k->keys));
		CHECK(k->keys != NULL);
	}
	memcpy(&k->keys[k->n++], question->b, sizeof(*k->keys));
	k->sorted = false;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort(struct backtest_keys *k)
{
	if (!k->sorted && k->n > 1)
		qsort(k->keys, k->n, sizeof(*k->keys), by_number);
	k->sorted = true;
}

void
backtest_asked_add(struct backtest_asked *a, const struct uuid *question)
{
	put_key(&a->asked, question);
}

/* What was asked is not kept a second time. */
static void
want(struct backtest_asked *a, const char *view, const struct name *name,
    uint16_t type)
{
	struct uuid question = question_key(view, name->wire, name->size, type);
	uint64_t key;

	memcpy(&key, question.b, sizeof(key));
	if (a->asked.n == 0 || bsearch(&key, a->asked.keys, a->asked.n,
				   sizeof(key), by_number) == NULL)
		put_key(&a->wanted, &question);
}

void
backtest_asked_watch(struct backtest_asked *a, const struct config *config,
    const struct watch *w)
{
	if (watch_is_over(w, a->now))
		return;
	sort(&a->asked);
	for (size_t i = 0; i < w->n_types; i++) {
		if (w->n_views == 0)
			want(a, config->views[0], &w->name, w->types[i]);
		for (size_t k = 0; k < w->n_views; k++)
			want(a, config->views[w->views[k].view], &w->name,
			    w->types[i]);
	}
}

size_t
backtest_asked_never(struct backtest_asked *a)
{
	size_t n = 0;

	sort(&a->wanted);
	for (size_t i = 0; i < a->wanted.n; i++)
		n += i == 0 || a->wanted.keys[i] != a->wanted.keys[i - 1];
	return n;
}

void
backtest_asked_fini(struct backtest_asked *a)
{
	free(a->asked.keys);
	free(a->wanted.keys);
}
