/* SPDX-License-Identifier: ISC */

/*
 * Policies: a million watches say a handful of different things, so each
 * different thing is kept once.  A policy is immutable; merging makes (or
 * finds) another.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
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

static void
mix_source(uint64_t *h, const struct policy_source *s)
{
	mix(h, s->list);
	mix(h, s->says.name);
	mix(h, s->says.url);
	if (s->says.first_reported != 0 || s->says.until != 0) {
		uint64_t when[3] = {*h, (uint64_t)s->says.first_reported,
		    (uint64_t)s->says.until};

		*h = hash_sip(&attributes_key, when, sizeof(when));
	}
	*h ^= (uint64_t)s->says.has_confidence << 16 |
	      (uint64_t)s->says.confidence << 8 | (uint64_t)s->says.tlp;
	mix(h, "source");
}

static uint64_t
attributes_of(const struct table *t, const struct policy *p)
{
	uint64_t h = (uint64_t)p->told_attributes << 56 |
	             (uint64_t)p->every_s << 8 | (uint64_t)p->direct << 7 |
	             (uint64_t)p->confirm;

	for (size_t i = 0; i < p->n_tags; i++)
		mix(&h, p->tags[i]);
	mix(&h, NULL);
	for (size_t i = 0; i < p->n_lists; i++)
		mix(&h, p->lists[i]);
	mix(&h, NULL);
	mix(&h, p->owner);
	mix(&h, p->runbook);
	if (p->elsewhere)
		mix(&h, "elsewhere");
	if (p->pins != NULL) {
		uint64_t pair[2] = {
		    h, hash_sip(&attributes_key, p->pins, p->pins_size)};

		h = hash_sip(&attributes_key, pair, sizeof(pair));
	}
	if (p->chase) /* others keep the hash that is stored */
		mix(&h, "chase");
	if (p->sleeps)
		mix(&h, "sleeps");
	if (p->tell_baseline)
		mix(&h, "tell_baseline");
	if (p->first_s != 0) {
		uint64_t pair[2] = {h, p->first_s};

		h = hash_sip(&attributes_key, pair, sizeof(pair));
		mix(&h, "first");
	}
	if (p->idle_after_s != 0) {
		uint64_t times[3] = {
		    h, p->idle_after_s, (uint64_t)p->idle_every_s << 1};

		h = hash_sip(&attributes_key, times, sizeof(times));
	}
	if (p->idle)
		mix(&h, "idle");
	for (size_t i = 0; i < p->n_sources; i++)
		mix_source(&h, &p->sources[i]);
	for (size_t i = 0; i < p->n_parts; i++) {
		uint64_t pair[2] = {h, policy_get(t, p->parts[i])->attributes};

		h = hash_sip(&attributes_key, pair, sizeof(pair));
	}
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

static bool
keep_sources(struct arena *a, struct policy *p)
{
	struct policy_source *all;

	if (p->n_sources == 0)
		return true;
	all = arena_get(a, p->n_sources * sizeof(*all));
	if (all == NULL)
		return false;
	for (size_t i = 0; i < p->n_sources; i++) {
		struct watch_source *says = &all[i].says;

		all[i] = p->sources[i];
		all[i].list = arena_text(a, all[i].list);
		if (says->name != NULL)
			says->name = arena_text(a, says->name);
		if (says->url != NULL)
			says->url = arena_text(a, says->url);
	}
	p->sources = all;
	return true;
}

/* Copies what a scratch policy points at into the table's own texts. */
static bool
keep_texts(struct arena *a, struct policy *p)
{
	const char **tags = arena_get(a, (p->n_tags + 1) * sizeof(*tags));
	const char **lists = arena_get(a, (p->n_lists + 1) * sizeof(*lists));

	if (tags == NULL || lists == NULL || !keep_sources(a, p) ||
	    !policy_keep_times(a, p))
		return false;
	for (size_t i = 0; i < p->n_tags; i++)
		tags[i] = arena_text(a, p->tags[i]);
	for (size_t i = 0; i < p->n_lists; i++)
		lists[i] = arena_text(a, p->lists[i]);
	p->tags = tags;
	p->lists = lists;
	if (p->owner != NULL)
		p->owner = arena_text(a, p->owner);
	if (p->pins != NULL)
		p->pins = arena_copy(a, p->pins, p->pins_size);
	if (p->runbook != NULL)
		p->runbook = arena_text(a, p->runbook);
	return true;
}

/* Finds the policy that says the same, or keeps this one. */
uint32_t
policy_intern(struct table *t, struct policy *p)
{
	struct index *x = table_policy_index(t);
	const struct index_owner owner = {
	    hash_of_policy, policy_behind, is_policy, t};
	uint32_t id;

	p->attributes = attributes_of(t, p);
	p->class_ = CLASS_NONE;
	p->owned = has_text(p->tags, p->n_tags, "owned");
	p->hostile = has_text(p->tags, p->n_tags, "hostile");
	p->discreet = (p->hostile && !p->direct) || p->elsewhere;
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

/* Texts differ at their ends (team1, team2), if they do. */
static uint64_t
stir(uint64_t h, const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text);
	uint64_t word = 0;

	if (size >= sizeof(word))
		memcpy(&word, text + size - sizeof(word), sizeof(word));
	else if (size > 0)
		memcpy(&word, text, size);
	return (h ^ word ^ size) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Where it is among the recent ones, if it is. */
static size_t
recent_slot(const struct policy *p)
{
	uint64_t h = stir(p->every_s, p->owner);

	for (size_t i = 0; i < p->n_tags; i++)
		h = stir(h, p->tags[i]);
	if (p->n_sources > 0)
		h = (h ^ p->sources[0].says.confidence ^
			(uint64_t)p->sources[0].says.first_reported ^
			(uint64_t)p->sources[0].says.until) *
		    UINT64_C(0x9e3779b97f4a7c15);
	h = stir(stir(h, p->runbook), p->lists[0]) + p->pins_size;
	return (size_t)(h >> 32) % RECENT_POLICIES;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
are_same_texts(
    const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static bool
is_same_source(const struct policy_source *a, const struct policy_source *b)
{
	return a->says.tlp == b->says.tlp &&
	       a->says.has_confidence == b->says.has_confidence &&
	       a->says.confidence == b->says.confidence &&
	       a->says.first_reported == b->says.first_reported &&
	       a->says.until == b->says.until &&
	       strcmp(a->list, b->list) == 0 &&
	       is_same_text(a->says.name, b->says.name) &&
	       is_same_text(a->says.url, b->says.url);
}

static bool
are_same_sources(const struct policy *a, const struct policy *b)
{
	if (a->n_sources != b->n_sources)
		return false;
	for (size_t i = 0; i < a->n_sources; i++) {
		if (!is_same_source(&a->sources[i], &b->sources[i]))
			return false;
	}
	return true;
}

/* All that attributes_of() hashes. */
static bool
says_same(const struct policy *a, const struct policy *b)
{
	return a->every_s == b->every_s && a->confirm == b->confirm &&
	       a->told_attributes == b->told_attributes &&
	       a->direct == b->direct && a->elsewhere == b->elsewhere &&
	       a->chase == b->chase && a->sleeps == b->sleeps &&
	       a->tell_baseline == b->tell_baseline &&
	       a->first_s == b->first_s && a->idle == b->idle &&
	       a->idle_after_s == b->idle_after_s &&
	       a->idle_every_s == b->idle_every_s &&
	       a->pins_size == b->pins_size &&
	       (a->pins_size == 0 ||
		   memcmp(a->pins, b->pins, a->pins_size) == 0) &&
	       is_same_text(a->owner, b->owner) &&
	       is_same_text(a->runbook, b->runbook) && are_same_sources(a, b) &&
	       are_same_texts(a->tags, a->n_tags, b->tags, b->n_tags) &&
	       are_same_texts(a->lists, a->n_lists, b->lists, b->n_lists);
}

uint32_t
policy_of(struct table *t, const struct watch *w, uint32_t every_s)
{
	const char *list = w->list;
	uint32_t *recent;
	struct policy_source source = {.list = w->list};
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
	    .direct = w->direct && has_text(w->tags, w->n_tags, "hostile"),
	    .first_s = w->first_s,
	    .idle_after_s = w->idle_after_s,
	    .idle_every_s = w->idle_every_s,
	    .tell_baseline = w->tell_baseline,
	    .chase = w->chase,
	    .pins = w->pins,
	    .pins_size = w->pins_size,
	};

	if (w->source != NULL) {
		source.says = *w->source;
		p.sources = &source;
		p.n_sources = 1;
		p.until = w->source->until;
	}
	/* A list says the same few things all over: nine hashes less each. */
	recent = &table_recent(t)[recent_slot(&p)];
	if (*recent == POLICY_NONE || !says_same(&p, policy_get(t, *recent)))
		*recent = policy_intern(t, &p);
	return *recent;
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

/*
 * Of two entries of one list: the surer one, the stricter TLP, the longer time
 * on it.  False: they are of different lists.
 */
static bool
join_source(struct policy_source *to, const struct policy_source *s)
{
	if (strcmp(to->list, s->list) != 0)
		return false;
	if (s->says.has_confidence &&
	    (!to->says.has_confidence ||
		s->says.confidence > to->says.confidence)) {
		to->says.has_confidence = true;
		to->says.confidence = s->says.confidence;
	}
	if (to->says.first_reported == 0 ||
	    (s->says.first_reported != 0 &&
		s->says.first_reported < to->says.first_reported))
		to->says.first_reported = s->says.first_reported;
	if (to->says.until != 0 &&
	    (s->says.until == 0 || s->says.until > to->says.until))
		to->says.until = s->says.until;
	if (s->says.tlp > to->says.tlp)
		to->says.tlp = s->says.tlp;
	return true;
}

/* Sources sorted by list into `out` (room for both): a list once. */
static size_t
unite_sources(
    struct policy_source *out, const struct policy *a, const struct policy *b)
{
	size_t n = 0;
	size_t i = 0;
	size_t k = 0;

	while (i < a->n_sources || k < b->n_sources) {
		bool is_a = k == b->n_sources ||
		            (i < a->n_sources && strcmp(a->sources[i].list,
						     b->sources[k].list) <= 0);
		const struct policy_source *s =
		    is_a ? &a->sources[i++] : &b->sources[k++];

		if (n == 0 || !join_source(&out[n - 1], s))
			out[n++] = *s;
	}
	return n;
}

/*
 * `best` is as strict as the configuration can be; the others wait for it.
 * Who wants nothing asked but planned polls wants it whatever others say.
 */
static enum proof
stricter(enum proof a, enum proof b)
{
	static const enum proof strict[] = {
	    PROOF_NEXT_POLL, PROOF_SOURCE, PROOF_CACHE, PROOF_BEST};

	for (size_t i = 0; i < 4; i++) {
		if (a == strict[i] || b == strict[i])
			return strict[i];
	}
	return PROOF_PATH;
}

/* What both expect: all of it is held against. */
static bool
unite_pins(const struct policy *a, const struct policy *b, struct buf *out)
{
	bool same =
	    a->pins_size == b->pins_size &&
	    (a->pins_size == 0 || memcmp(a->pins, b->pins, a->pins_size) == 0);

	if (a->pins != NULL)
		buf_add(out, a->pins, a->pins_size);
	if (b->pins != NULL && !same)
		buf_add(out, b->pins, b->pins_size);
	return out->err == 0;
}

/* The shorter; what goes by the interval counts as long. */
static uint32_t
sooner(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Who wants it asked as often as ever has it so. */
static void
unite_idle(struct policy *p, const struct policy *a, const struct policy *b)
{
	if (a->idle_after_s == 0 || b->idle_after_s == 0)
		return;
	p->idle_after_s = a->idle_after_s > b->idle_after_s ? a->idle_after_s
	                                                    : b->idle_after_s;
	p->idle_every_s = a->idle_every_s < b->idle_every_s ? a->idle_every_s
	                                                    : b->idle_every_s;
}

uint32_t
policy_merge(struct table *t, uint32_t a, uint32_t b)
{
	const struct policy *pa;
	const struct policy *pb;
	struct policy p;
	struct policy_source *sources;
	const char **texts;
	void *parts = NULL;
	struct buf pins = {0};
	uint32_t merged;

	if (a == POLICY_NONE || b == POLICY_NONE || a == b)
		return a == POLICY_NONE ? b : a;
	pa = policy_get(t, a);
	pb = policy_get(t, b);
	texts =
	    malloc((pa->n_tags + pb->n_tags + pa->n_lists + pb->n_lists + 1) *
		   sizeof(*texts));
	sources =
	    malloc((pa->n_sources + pb->n_sources + 1) * sizeof(*sources));
	if (texts == NULL || sources == NULL || !unite_pins(pa, pb, &pins)) {
		free(texts);
		free(sources);
		buf_fini(&pins);
		return POLICY_NONE;
	}
	p = (struct policy){
	    .every_s = pa->every_s < pb->every_s ? pa->every_s : pb->every_s,
	    .confirm = stricter(pa->confirm, pb->confirm),
	    .told_attributes = pa->told_attributes | pb->told_attributes,
	    .direct = pa->direct || pb->direct,
	    .first_s = sooner(pa->first_s, pb->first_s),
	    .tell_baseline = pa->tell_baseline || pb->tell_baseline,
	    .chase = pa->chase && pb->chase,
	    .sleeps = pa->sleeps && pb->sleeps,
	    .owner = pa->owner != NULL ? pa->owner : pb->owner,
	    .runbook = pa->runbook != NULL ? pa->runbook : pb->runbook,
	    .tags = texts,
	    .sources = sources,
	    .n_sources = unite_sources(sources, pa, pb),
	};
	unite_idle(&p, pa, pb);
	p.n_tags = unite(texts, pa->tags, pa->n_tags, pb->tags, pb->n_tags);
	p.lists = texts + p.n_tags;
	p.n_lists =
	    unite(p.lists, pa->lists, pa->n_lists, pb->lists, pb->n_lists);
	p.pins = pins.size > 0 ? pins.data : NULL;
	p.pins_size = pins.size;
	merged = POLICY_NONE;
	if (policy_unite_parts(t, a, b, &p)) {
		parts = (void *)(uintptr_t)p.parts; /* kept ones are copies */
		merged = policy_intern(t, &p);
	}
	free(parts);
	free(sources);
	free(texts);
	buf_fini(&pins);
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
	if (p.n_parts > 0)
		return policy_only_parts(t, &p, list);
	p.lists = &list;
	p.n_lists = 1;
	while (p.n_sources > 0 && strcmp(p.sources[0].list, list) != 0) {
		p.sources++;
		p.n_sources--;
	}
	p.n_sources = p.n_sources > 0 ? 1 : 0;
	p.elsewhere = false;
	return policy_intern(t, &p);
}

uint32_t
policy_discreet(struct table *t, uint32_t policy)
{
	struct policy p;

	if (policy == POLICY_NONE)
		return POLICY_NONE;
	p = *policy_get(t, policy);
	p.elsewhere = true;
	return policy_intern(t, &p);
}

uint32_t
policy_asleep(struct table *t, uint32_t policy)
{
	struct policy p;

	if (policy == POLICY_NONE)
		return POLICY_NONE;
	p = *policy_get(t, policy);
	p.sleeps = true;
	return policy_intern(t, &p);
}

uint32_t
policy_idle(struct table *t, uint32_t policy)
{
	struct policy p = *policy_get(t, policy);

	if (p.idle || p.idle_after_s == 0 || p.idle_every_s <= p.every_s)
		return policy;
	p.idle = true;
	p.plain = policy;
	p.every_s = p.idle_every_s;
	return policy_intern(t, &p);
}

uint32_t
policy_plain(const struct table *t, uint32_t policy)
{
	if (policy == POLICY_NONE || !policy_get(t, policy)->idle)
		return policy;
	return policy_get(t, policy)->plain;
}
