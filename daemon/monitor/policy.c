/* SPDX-License-Identifier: ISC */

/*
 * Policies: a million watches say a handful of different things, so each
 * different thing is kept once.  A policy is immutable; merging makes (or
 * finds) another.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "table.h"
#include "table_priv.h"

/* Fixed: the hash is stored, to see what a restart changed.  It guards
 * nothing: who can write a watchlist can change a policy anyway. */
static const struct hash_key attributes_key = {
    0x646e737669676c31ULL, 0x706f6c6963793031ULL};

static void
mix(uint64_t *h, const char *text)
{
	uint64_t pair[2];

	pair[0] = *h;
	pair[1] = text == NULL
	              ? 0
	              : hash_sip(&attributes_key, text, strlen(text) + 1);
	*h = hash_sip(&attributes_key, pair, sizeof(pair));
}

static uint64_t
attributes_of(const struct policy *p)
{
	uint64_t h = (uint64_t)p->told_attributes << 56 |
	             (uint64_t)p->every_s << 8 | (uint64_t)p->confirm;

	for (size_t i = 0; i < p->n_tags; i++)
		mix(&h, p->tags[i]);
	mix(&h, NULL);
	for (size_t i = 0; i < p->n_lists; i++)
		mix(&h, p->lists[i]);
	mix(&h, NULL);
	mix(&h, p->owner);
	mix(&h, p->runbook);
	if (p->chase) /* others keep the hash that is stored */
		mix(&h, "chase");
	return h;
}

static bool
has_text(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

static uint64_t
hash_of_policy(const void *t, uint32_t id)
{
	return policy_get(t, id)->attributes;
}

static uint32_t
policy_behind(const void *t, uint32_t id)
{
	(void)t;
	return id + 1;
}

static bool
is_policy(const void *t, uint32_t id, const void *attributes)
{
	return policy_get(t, id)->attributes == *(const uint64_t *)attributes;
}

/* Copies what a scratch policy points at into the table's own texts. */
static bool
keep_texts(struct arena *a, struct policy *p)
{
	const char **tags = arena_get(a, (p->n_tags + 1) * sizeof(*tags));
	const char **lists = arena_get(a, (p->n_lists + 1) * sizeof(*lists));

	if (tags == NULL || lists == NULL)
		return false;
	for (size_t i = 0; i < p->n_tags; i++)
		tags[i] = arena_text(a, p->tags[i]);
	for (size_t i = 0; i < p->n_lists; i++)
		lists[i] = arena_text(a, p->lists[i]);
	p->tags = tags;
	p->lists = lists;
	if (p->owner != NULL)
		p->owner = arena_text(a, p->owner);
	if (p->runbook != NULL)
		p->runbook = arena_text(a, p->runbook);
	return true;
}

/* Finds the policy that says the same, or keeps this one. */
static uint32_t
intern(struct table *t, struct policy *p)
{
	struct index *x = table_policy_index(t);
	const struct index_owner owner = {
	    hash_of_policy, policy_behind, is_policy, t};
	uint32_t id;

	p->attributes = attributes_of(p);
	p->class_ = CLASS_NONE;
	p->owned = has_text(p->tags, p->n_tags, "owned");
	p->hostile = has_text(p->tags, p->n_tags, "hostile");
	id = index_find(x, &owner, p->attributes, &p->attributes);
	if (id != INDEX_NONE)
		return id;
	if (!keep_texts(table_texts(t), p))
		return POLICY_NONE;
	id = table_policy_add(t, p);
	if (id == POLICY_NONE || !index_add(x, &owner, p->attributes, id))
		return POLICY_NONE;
	return id;
}

uint32_t
policy_of(struct table *t, const struct watch *w, uint32_t every_s)
{
	const char *list = w->list;
	struct policy p = {
	    .every_s = every_s,
	    .confirm = w->confirm,
	    .tags = (const char **)(uintptr_t)w->tags,
	    .n_tags = w->n_tags,
	    .lists = &list,
	    .n_lists = 1,
	    .owner = w->owner,
	    .runbook = w->runbook,
	    .told_attributes = w->attributes,
	    .chase = w->chase,
	};

	return intern(t, &p);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sorted union of two lists of texts into `out` (room for both). */
static size_t
unite(const char **out, const char *const *a, size_t n_a, const char *const *b,
    size_t n_b)
{
	size_t n = 0;

	for (size_t i = 0; i < n_a; i++)
		out[n++] = a[i];
	for (size_t i = 0; i < n_b; i++) {
		if (!has_text(a, n_a, b[i]))
			out[n++] = b[i];
	}
	qsort(out, n, sizeof(*out), by_text);
	return n;
}

/* `best` is as strict as the configuration can be; `cache` waits for it. */
static enum proof
stricter(enum proof a, enum proof b)
{
	if (a == PROOF_CACHE || b == PROOF_CACHE)
		return PROOF_CACHE;
	return a == PROOF_BEST ? a : b;
}

uint32_t
policy_merge(struct table *t, uint32_t a, uint32_t b)
{
	const struct policy *pa;
	const struct policy *pb;
	struct policy p;
	const char **texts;
	uint32_t merged;

	if (a == POLICY_NONE || b == POLICY_NONE || a == b)
		return a == POLICY_NONE ? b : a;
	pa = policy_get(t, a);
	pb = policy_get(t, b);
	texts =
	    malloc((pa->n_tags + pb->n_tags + pa->n_lists + pb->n_lists + 1) *
		   sizeof(*texts));
	if (texts == NULL)
		return POLICY_NONE;
	p = (struct policy){
	    .every_s = pa->every_s < pb->every_s ? pa->every_s : pb->every_s,
	    .confirm = stricter(pa->confirm, pb->confirm),
	    .told_attributes = pa->told_attributes | pb->told_attributes,
	    .chase = pa->chase && pb->chase,
	    .owner = pa->owner != NULL ? pa->owner : pb->owner,
	    .runbook = pa->runbook != NULL ? pa->runbook : pb->runbook,
	    .tags = texts,
	};
	p.n_tags = unite(texts, pa->tags, pa->n_tags, pb->tags, pb->n_tags);
	p.lists = texts + p.n_tags;
	p.n_lists =
	    unite(p.lists, pa->lists, pa->n_lists, pb->lists, pb->n_lists);
	merged = intern(t, &p);
	free(texts);
	return merged;
}

uint32_t
policy_only(struct table *t, uint32_t policy, const char *list)
{
	struct policy p;

	if (policy == POLICY_NONE)
		return POLICY_NONE;
	p = *policy_get(t, policy);
	if (!has_text(p.lists, p.n_lists, list))
		return POLICY_NONE;
	p.lists = &list;
	p.n_lists = 1;
	return intern(t, &p);
}
