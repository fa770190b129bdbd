/* SPDX-License-Identifier: ISC */

#include "judge/verdict.h"

const char *
verdict_text(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_UNKNOWN:
		return "unknown";
	case VERDICT_AUTHORITATIVE:
		return "authoritative-change";
	case VERDICT_SPREADING:
		return "spreading";
	case VERDICT_ONE_SERVER:
		return "one-server-differs";
	case VERDICT_CACHE_ONLY:
		return "cache-only";
	case VERDICT_FILTERED:
		return "filtered";
	case VERDICT_DELEGATION:
		return "delegation-changed";
	}
	return "unknown";
}

/* What the witnesses come to. */
struct tally {
	wall_us first;     /* when something else was first seen; 0: never */
	unsigned groups;   /* that say something else */
	bool cache;        /* ... one of them not as a server of the zone */
	bool zone;         /* ... one of them as such */
	bool source;       /* ... that was asked for being one */
	bool asked_source; /* one that was asked so answered */
	bool lie;          /* somebody who filters or lies said so, too */
	bool denied;       /* ... and somebody denies it */
	bool zone_denied;  /* ... as a server of the zone */
};

static bool
is_good(const struct witness *w)
{
	return w->fail == FAIL_NOT && w->content != NULL && !w->stale;
}

static bool
is_new_group(const struct content *believed, const struct witness *w, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_good(&w[k]) && !w[k].filtered &&
		    w[k].group == w[i].group &&
		    !content_equal(w[k].content, believed))
			return false;
	}
	return true;
}

/* Once the zone's servers were asked, no resolver's AA stands for them. */
static bool
is_zone(const struct tally *t, const struct witness *w)
{
	return t->asked_source ? w->source : w->aa;
}

static void
count_different(struct tally *t, const struct content *believed,
    const struct witness *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->asked_source =
		    t->asked_source || (w[i].source && is_good(&w[i]));
	for (size_t i = 0; i < n; i++) {
		if (!is_good(&w[i]) || content_equal(w[i].content, believed))
			continue;
		if (w[i].filtered) {
			t->lie = true;
			continue;
		}
		if (t->first == 0 || w[i].at < t->first)
			t->first = w[i].at;
		t->groups += is_new_group(believed, w, i);
		t->zone = t->zone || is_zone(t, &w[i]);
		t->source = t->source || w[i].source;
		t->cache = t->cache || !is_zone(t, &w[i]);
	}
}

/* Servers of a zone are heard in one moment, and have no cache. */
static bool
is_later(const struct witness *w, wall_us first)
{
	return w->fetched_after > first ||
	       (w->source && w->fetched_after == first);
}

static void
count_denials(struct tally *t, const struct content *believed,
    const struct witness *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w[i].source && w[i].fail != FAIL_NOT && w[i].lags) {
			t->denied = t->zone_denied = true;
			continue;
		}
		if (!is_good(&w[i]) || w[i].filtered ||
		    !content_equal(w[i].content, believed) ||
		    !is_later(&w[i], t->first))
			continue;
		t->denied = true;
		t->zone_denied = t->zone_denied || is_zone(t, &w[i]);
	}
}

enum verdict
verdict_of(
    const struct content *believed, const struct witness *witnesses, size_t n)
{
	struct tally t = {0};

	count_different(&t, believed, witnesses, n);
	if (t.groups == 0)
		return t.lie ? VERDICT_FILTERED : VERDICT_UNKNOWN;
	count_denials(&t, believed, witnesses, n);
	if (t.zone && t.zone_denied)
		return VERDICT_SPREADING;
	if (t.zone_denied && t.cache)
		return VERDICT_CACHE_ONLY;
	if (t.denied && t.groups == 1)
		return VERDICT_ONE_SERVER;
	if (t.source || (t.zone && !t.cache))
		return VERDICT_AUTHORITATIVE;
	return VERDICT_CACHE_ONLY;
}
