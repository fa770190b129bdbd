/* SPDX-License-Identifier: ISC */

/*
 * The judging of one candidate: a function of what was believed, what
 * witnesses said, and the time.  It is called again after every reply and at
 * the deadline, keeps nothing in between, and so cannot depend on the order
 * in which it was called.
 */

#include "judge/candidate.h"

#include <errno.h>
#include <string.h>

const char *
label_text(enum label label)
{
	switch (label) {
	case LABEL_NONE:
		return "none";
	case LABEL_CONFIRMED:
		return "confirmed";
	case LABEL_UNCONFIRMED:
		return "unconfirmed";
	case LABEL_TRANSIENT:
		return "transient";
	}
	return "none";
}

const char *
proved_text(enum proved proved)
{
	switch (proved) {
	case PROVED_NOTHING:
		return "none";
	case PROVED_PATH:
		return "path";
	case PROVED_CACHE:
		return "cache";
	case PROVED_SOURCE:
		return "source";
	}
	return "none";
}

/* A reply that may speak for or against: good, not served stale, no lie. */
static bool
counts(const struct witness *w)
{
	return w->fail == FAIL_NOT && w->content != NULL && !w->stale &&
	       !w->filtered;
}

static bool
has_record(const struct content *c, const struct record *r)
{
	size_t low = 0;
	size_t high = c->n_records;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = record_compare(&c->records[middle], r);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool
same_chain(const struct content *a, const struct content *b)
{
	if (a->n_chain != b->n_chain)
		return false;
	for (uint16_t i = 0; i < a->n_chain; i++) {
		if (!name_equal(a->chain[i], b->chain[i]))
			return false;
	}
	return true;
}

/* One thing that is claimed about `to`, and who else says it. */
enum claim { CLAIM_HAS, CLAIM_LACKS, CLAIM_OUTCOME, CLAIM_CHAIN };

static bool
says(const struct witness *w, enum claim claim, const struct content *to,
    const struct record *record)
{
	switch (claim) {
	case CLAIM_HAS:
		return has_record(w->content, record);
	case CLAIM_LACKS:
		return w->content->outcome != OUTCOME_UNREADABLE &&
		       !has_record(w->content, record);
	case CLAIM_OUTCOME:
		/* With a chain it is a fact about another name (R5). */
		return w->content->outcome == to->outcome &&
		       (to->outcome != OUTCOME_NXDOMAIN ||
			   (w->content->n_chain > 0) == (to->n_chain > 0)) &&
		       w->content->reason == to->reason &&
		       (to->outcome != OUTCOME_UNREADABLE ||
			   memcmp(w->content->digest, to->digest,
			       SHA256_SIZE) == 0);
	case CLAIM_CHAIN:
		return same_chain(w->content, to);
	}
	return false;
}

/*
 * R13: out of a cache entry that was made before what is believed was first
 * seen.  It says nothing about what came after.  The entry's age is its TTL
 * against the largest that was seen for the same content: a change often
 * brings another TTL along.
 */
static bool
is_old(const struct candidate *c, const struct witness *w)
{
	uint32_t ttl_max = w->ttl > w->ttl_past ? w->ttl : w->ttl_past;

	if (w->aa)
		return false;
	for (size_t i = 0; i < c->n_witnesses; i++) {
		const struct witness *o = &c->witnesses[i];

		if (counts(o) && o->ttl > ttl_max &&
		    content_equal(o->content, w->content))
			ttl_max = o->ttl;
	}
	return w->last_at - WALL_S(ttl_max - w->ttl) < c->believed_since;
}

static bool
by_connection(const struct witness *w)
{
	return w->transport == WITNESS_TCP || w->transport == WITNESS_TLS;
}

/*
 * The same server said it again, and one of the two by TCP or TLS.  What needs
 * TCP is one run of equal replies: it counts from the second.
 */
static bool
is_path(const struct witness *w, const struct witness *to)
{
	if (w == to)
		return by_connection(w) && w->count > 1;
	return w->server == to->server && w->server != WITNESS_NOBODY &&
	       (by_connection(w) || by_connection(to));
}

/* By two that say the same, or by one that says it twice. */
static enum proved
both_prove(const struct witness *w, const struct witness *to, bool others)
{
	bool path = is_path(w, to);

	if ((w->source || to->source) && (others || path))
		return PROVED_SOURCE;
	return path ? PROVED_PATH : PROVED_NOTHING;
}

/* Has none of these groups said so yet? */
static bool
is_news(const uint16_t *groups, size_t n, uint16_t group)
{
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == group)
			return false;
	}
	return true;
}

/*
 * The best proof for one claim: as many groups that say so as the quorum has,
 * or one server that said so twice, once by TCP.
 */
static enum proved
claim_proved(const struct candidate *c, const struct judgement *j,
    enum claim claim, const struct record *record)
{
	const struct witness *to = &c->witnesses[j->to_witness];
	enum proved best = PROVED_NOTHING;
	enum proved one;
	size_t quorum = c->quorum > 2 ? c->quorum : 2;
	uint16_t groups[CANDIDATE_GROUPS_MAX] = {to->group};
	size_t n = 1;
	bool others;

	for (size_t i = 0; i < c->n_witnesses && best != PROVED_SOURCE; i++) {
		const struct witness *w = &c->witnesses[i];

		/* Who gives what is believed proves no part of a change. */
		if (!counts(w) || content_equal(w->content, c->believed) ||
		    !says(w, claim, j->to, record))
			continue;
		others = w->group != to->group && w->group != WITNESS_NOBODY &&
		         to->group != WITNESS_NOBODY && !is_old(c, w);
		one = both_prove(w, to, others);
		if (one > best)
			best = one;
		if (others && is_news(groups, n, w->group)) {
			groups[n++] = w->group;
			if (n >= quorum && best < PROVED_CACHE)
				best = PROVED_CACHE;
		}
	}
	return best;
}

/* R11, `next-poll`: have two polls said so? */
static bool
is_said_twice(const struct candidate *c, const struct judgement *j,
    enum claim claim, const struct record *record)
{
	uint32_t n = 0;

	for (size_t i = 0; i < c->n_witnesses && n < 2; i++) {
		const struct witness *w = &c->witnesses[i];

		if (counts(w) && !content_equal(w->content, c->believed) &&
		    !(i > 0 && is_old(c, w)) && says(w, claim, j->to, record))
			n += w->count > 1 ? 2 : 1;
	}
	return n >= 2;
}

/* What is proved of a claim; *enough: as much as is required. */
static enum proved
weigh_claim(const struct candidate *c, const struct judgement *j,
    enum claim claim, const struct record *record, bool *enough)
{
	enum proved one = claim_proved(c, j, claim, record);

	*enough = one >= c->required &&
	          (!c->next_poll || is_said_twice(c, j, claim, record));
	return one;
}

static void
weaken(enum proved *all, enum proved one)
{
	if (one < *all)
		*all = one;
}

/*
 * Proof of every element of the difference; the weakest is the whole's.
 * *proved_all: it is enough for each.
 */
static int
judge_elements(const struct candidate *c, struct arena *a, struct judgement *j,
    bool *proved_all)
{
	enum proved all = PROVED_SOURCE;
	bool all_enough = true;
	bool enough;
	enum proved one;

	j->added_confirmed = arena_zero(a, j->diff.n_added + 1);
	j->removed_confirmed = arena_zero(a, j->diff.n_removed + 1);
	if (j->added_confirmed == NULL || j->removed_confirmed == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < j->diff.n_added; i++) {
		one = weigh_claim(c, j, CLAIM_HAS, j->diff.added[i], &enough);
		j->added_confirmed[i] = enough;
		weaken(&all, one);
		all_enough = all_enough && enough;
	}
	for (size_t i = 0; i < j->diff.n_removed; i++) {
		one =
		    weigh_claim(c, j, CLAIM_LACKS, j->diff.removed[i], &enough);
		j->removed_confirmed[i] = enough;
		/* What is not readable does not say that it is gone. */
		if (j->to->outcome == OUTCOME_UNREADABLE)
			continue;
		weaken(&all, one);
		all_enough = all_enough && enough;
	}
	if (c->believed->outcome != j->to->outcome ||
	    j->to->outcome == OUTCOME_UNREADABLE) {
		weaken(&all, weigh_claim(c, j, CLAIM_OUTCOME, NULL, &enough));
		all_enough = all_enough && enough;
	}
	if (j->diff.chain_differs) {
		weaken(&all, weigh_claim(c, j, CLAIM_CHAIN, NULL, &enough));
		all_enough = all_enough && enough;
	}
	*proved_all = all_enough;
	j->proved = all;
	return 0;
}

/* The last good reply that differs from what is believed. */
static bool
pick_to(const struct candidate *c, struct judgement *j)
{
	bool found = false;
	wall_us last;

	for (size_t i = 0; i < c->n_witnesses; i++) {
		const struct witness *w = &c->witnesses[i];

		if (!counts(w))
			continue;
		if (content_equal(w->content, c->believed)) {
			j->disagreed = true;
			continue;
		}
		if (i > 0 && is_old(c, w))
			continue;
		if (c->told != NULL && !content_equal(w->content, c->told))
			continue;
		/*
		 * A run that went on counts by its end.  The servers of a zone
		 * are heard in one moment, what the zone says first.
		 */
		last = found ? c->witnesses[j->to_witness].last_at : 0;
		if (!found || w->last_at > last ||
		    (w->last_at == last && !w->source)) {
			j->to = w->content;
			j->to_witness = i;
			found = true;
		}
	}
	return found;
}

/* Does a server of the zone say something else than is believed? */
static bool
source_differs(const struct candidate *c)
{
	for (size_t i = 0; i < c->n_witnesses; i++) {
		const struct witness *w = &c->witnesses[i];

		if (w->source && counts(w) &&
		    !content_equal(w->content, c->believed))
			return true;
	}
	return false;
}

/*
 * R12: only the same group, or the source, by a fetch provably later than the
 * last time it said otherwise, takes a difference back.
 */
static bool
is_refuted(const struct candidate *c)
{
	bool source = !source_differs(c);

	for (size_t i = 0; i < c->n_witnesses; i++) {
		const struct witness *differing = &c->witnesses[i];
		bool taken_back = false;

		if (!counts(differing) ||
		    content_equal(differing->content, c->believed))
			continue;
		for (size_t k = 0; k < c->n_witnesses && !taken_back; k++) {
			const struct witness *w = &c->witnesses[k];

			taken_back = counts(w) &&
			             (w->group == differing->group ||
					 (w->source && source)) &&
			             content_equal(w->content, c->believed) &&
			             w->fetched_after > differing->last_at;
		}
		if (!taken_back)
			return false;
	}
	return true;
}

/* R16: the first sight was a lie, and nobody else says anything different. */
static int
judge_filtered(const struct candidate *c, struct arena *a, struct judgement *j)
{
	const struct witness *first = c->witnesses;
	bool proved_all;
	int err;

	if (c->n_witnesses == 0 || !first->filtered || c->told != NULL ||
	    first->fail != FAIL_NOT ||
	    content_equal(first->content, c->believed))
		return 0;
	j->to = first->content;
	j->to_witness = 0;
	err = diff_make(c->believed, j->to, c->type, a, &j->diff);
	if (err == 0)
		err = judge_elements(c, a, j, &proved_all);
	if (err != 0)
		return err;
	j->proved = PROVED_NOTHING;
	j->filtered = true;
	j->label = LABEL_TRANSIENT;
	j->why = "only a resolver said so that filters, or left the quorum";
	return 0;
}

static const char *
why_refuted(const struct candidate *c)
{
	for (size_t i = 0; i < c->n_witnesses; i++) {
		const struct witness *w = &c->witnesses[i];

		if (w->source && counts(w) && w->group != c->witnesses[0].group)
			return "servers of the zone, asked later, gave the "
			       "believed answer";
	}
	return "the same resolver, asked again, gave the believed answer from "
	       "a later fetch";
}

static const char *
why_confirmed(
    const struct candidate *c, enum proved proved, const struct witness *to)
{
	if (proved == PROVED_SOURCE)
		return "every element was in answers of the zone's own "
		       "servers";
	if (proved == PROVED_CACHE && c->quorum > 2)
		return "every element was in answers of as many groups of "
		       "resolvers as the quorum has";
	if (proved == PROVED_CACHE)
		return "every element was in answers of two groups of "
		       "resolvers";
	return to->transport == WITNESS_TLS
	           ? "the same server said so again over TLS"
	           : "the same server said so again over TCP";
}

int
candidate_judge(const struct candidate *c, wall_us now, struct arena *a,
    struct judgement *out)
{
	bool proved_all = false;
	bool late = c->deadline != 0 && now >= c->deadline;
	int err;

	*out = (struct judgement){0};
	if (!pick_to(c, out))
		return judge_filtered(c, a, out);
	err = diff_make(c->believed, out->to, c->type, a, &out->diff);
	if (err == 0)
		err = judge_elements(c, a, out, &proved_all);
	if (err != 0)
		return err;
	if (is_refuted(c)) {
		out->label = LABEL_TRANSIENT;
		out->why = why_refuted(c);
	} else if (proved_all && (late || !c->next_poll)) {
		out->label = LABEL_CONFIRMED;
		out->why =
		    c->next_poll
			? "two planned polls said so, and nobody else was asked"
			: why_confirmed(
			      c, out->proved, &c->witnesses[out->to_witness]);
	} else if (late) {
		out->label = LABEL_UNCONFIRMED;
		if (c->next_poll)
			out->why = "the next planned poll did not say so again";
		else
			out->why =
			    out->disagreed
				? "resolvers disagreed until the deadline"
				: "no independent answer until the deadline";
	}
	return 0;
}

wall_us
candidate_fetched_after(wall_us at, bool aa, uint32_t ttl_max_s, uint32_t ttl_s)
{
	if (aa)
		return at;
	/* TTLs are whole seconds: a cache's clock may be one behind. */
	if (ttl_s >= ttl_max_s)
		return at - WALL_S(1);
	return at - WALL_S(ttl_max_s - ttl_s) - WALL_S(1);
}

bool
candidate_is_rotating(uint32_t n_sets_day, const struct diff *d,
    const bool *element_seen, size_t n_elements)
{
	if (n_sets_day < 3 || n_elements == 0)
		return false;
	if (d->kind != KIND_ADDED && d->kind != KIND_REMOVED &&
	    d->kind != KIND_MODIFIED && d->kind != KIND_REPLACED &&
	    d->kind != KIND_ALIAS)
		return false;
	for (size_t i = 0; i < n_elements; i++) {
		if (!element_seen[i])
			return false;
	}
	return true;
}
