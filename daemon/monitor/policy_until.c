/* SPDX-License-Identifier: ISC */

/*
 * Policies of which a part ends (`until`).  A merged one cannot be taken apart
 * again, so it keeps what it was merged of, if some of that ends; what is left
 * then is merged anew, and is what a start would make of it.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "table.h"
#include "table_priv.h"

static bool
names(const struct policy *p, const char *list)
{
	for (size_t i = 0; i < p->n_lists; i++) {
		if (strcmp(p->lists[i], list) == 0)
			return true;
	}
	return false;
}

static const struct watch_source *
said_of(const struct policy *p, const char *list)
{
	for (size_t i = 0; i < p->n_sources; i++) {
		if (strcmp(p->sources[i].list, list) == 0)
			return &p->sources[i].says;
	}
	return NULL;
}

bool
policy_keep_times(struct arena *a, struct policy *p)
{
	wall_us *first;
	wall_us *ends;
	bool said = false;

	p->first_reported = p->ends = NULL;
	if (p->n_parts > 0)
		p->parts =
		    arena_copy(a, p->parts, p->n_parts * sizeof(*p->parts));
	if (p->n_parts > 0 && p->parts == NULL)
		return false;
	for (size_t i = 0; i < p->n_sources; i++)
		said = said || p->sources[i].says.first_reported != 0 ||
		       p->sources[i].says.until != 0;
	if (!said)
		return true;
	first = arena_zero(a, p->n_lists * sizeof(*first));
	ends = arena_zero(a, p->n_lists * sizeof(*ends));
	if (first == NULL || ends == NULL)
		return false;
	for (size_t i = 0; i < p->n_lists; i++) {
		const struct watch_source *s = said_of(p, p->lists[i]);

		if (s == NULL)
			continue;
		first[i] = s->first_reported;
		ends[i] = s->until;
	}
	p->first_reported = first;
	p->ends = ends;
	return true;
}

/* What it was merged of, into `out` from n on; in no list twice. */
static size_t
add_parts(const struct policy *p, uint32_t id, uint32_t *out, size_t n)
{
	const uint32_t *parts = p->n_parts > 0 ? p->parts : &id;
	size_t n_parts = p->n_parts > 0 ? p->n_parts : 1;

	for (size_t i = 0; i < n_parts; i++) {
		size_t k = 0;

		while (k < n && out[k] != parts[i])
			k++;
		if (k == n)
			out[n++] = parts[i];
	}
	return n;
}

/* An entry of a list that says nothing stands for good. */
static void
keep_what_stays(const struct policy *of, struct policy_source *s)
{
	const struct watch_source *says;

	if (!names(of, s->list))
		return;
	says = said_of(of, s->list);
	if (says == NULL)
		s->says.until = 0;
}

bool
policy_unite_parts(
    const struct table *t, uint32_t a, uint32_t b, struct policy *p)
{
	const struct policy *pa = policy_get(t, a);
	const struct policy *pb = policy_get(t, b);
	uint32_t *parts;
	struct policy_source *sources =
	    (struct policy_source *)(uintptr_t)p->sources;

	if (pa->until == 0 && pb->until == 0)
		return true;
	parts = malloc((pa->n_parts + pb->n_parts + 2) * sizeof(*parts));
	if (parts == NULL)
		return false;
	p->n_parts = add_parts(pa, a, parts, 0);
	p->n_parts = add_parts(pb, b, parts, p->n_parts);
	p->parts = parts;
	p->until = pa->until == 0 || (pb->until != 0 && pb->until < pa->until)
	               ? pb->until
	               : pa->until;
	for (size_t i = 0; i < p->n_sources; i++) {
		keep_what_stays(pa, &sources[i]);
		keep_what_stays(pb, &sources[i]);
	}
	return true;
}

uint32_t
policy_only_parts(struct table *t, const struct policy *p, const char *list)
{
	uint32_t all = POLICY_NONE;

	for (size_t i = 0; i < p->n_parts; i++)
		all = policy_merge(t, all, policy_only(t, p->parts[i], list));
	return all;
}

uint32_t
policy_left(struct table *t, uint32_t policy, wall_us now)
{
	struct policy p;
	uint32_t all = POLICY_NONE;

	if (policy == POLICY_NONE)
		return POLICY_NONE;
	p = *policy_get(t, policy);
	if (p.until == 0 || p.until > now)
		return policy;
	for (size_t i = 0; i < p.n_parts; i++) {
		wall_us until = policy_get(t, p.parts[i])->until;

		if (until != 0 && until <= now)
			continue;
		all = policy_merge(t, all, p.parts[i]);
		if (all == POLICY_NONE)
			return policy;
	}
	/* That it is hostile in another view no part of it knows. */
	if (all != POLICY_NONE && p.elsewhere)
		all = policy_discreet(t, all);
	return all;
}
