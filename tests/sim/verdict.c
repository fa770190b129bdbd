/* SPDX-License-Identifier: ISC */

/* At the end of a run: was anything missed? */

#include <stdlib.h>

#include "base/err.h"
#include "daemon/monitor/monitor_priv.h"
#include "judge/stale.h"
#include "zones.h"

enum { WRITE_SLACK_MS = 1500, POLL_TAKES_S = 15 };

/* ---- what was heard is written ---- */

static bool
was_believed(const struct subject *q, const struct hearing *h)
{
	wall_us slack = WALL_MS(WRITE_SLACK_MS);

	for (size_t i = 0; i < q->n_beliefs; i++) {
		const struct belief *b = &q->beliefs[i];

		if (is_taken_as(h->id, b->id) && b->from <= h->wall + slack &&
		    (i + 1 == q->n_beliefs || b[1].from >= h->wall - slack))
			return true;
	}
	return false;
}

static const struct episode *
episode_of(const struct subject *q, const struct uuid *change)
{
	for (size_t i = 0; i < q->n_episodes; i++) {
		if (uuid_equal(&q->episodes[i].change, change))
			return &q->episodes[i];
	}
	story_fail("%s: evidence of no change", q->text);
}

static bool
is_evidence(const struct subject *q, const struct hearing *h)
{
	for (size_t i = 0; i < q->n_seen; i++) {
		const struct seen *seen = &q->seen[i];
		const struct episode *e;

		/* R5: denied, they are the same; the first is written. */
		if ((!is_taken_as(h->id, seen->id) &&
			!(q->inconsistent && is_taken_as(seen->id, h->id))) ||
		    seen->at > h->wall)
			continue;
		e = episode_of(q, &seen->change);
		/* A run may go on while the database is away. */
		if (e->decided_at == 0 || h->wall <= seen->last_at ||
		    e->decided_at >= h->wall - WALL_MS(WRITE_SLACK_MS))
			return true;
	}
	return false;
}

/*
 * R13: of a TTL that may be a stale answer's, it is asked again, and what that
 * says counts, two seconds later.  When the TTL is no less then, as another
 * query made the resolver fetch it in between, it waits for the next poll.
 */
static bool
was_doubted(const struct subject *q, size_t i)
{
	const struct hearing *h = &q->heard[i];
	const struct hearing *next = i + 1 < q->n_heard ? h + 1 : h;
	const struct hearing *before = i > 0 ? h - 1 : h;

	if (h->ttl > STALE_TTL_S)
		return false;
	if (h->purpose == PURPOSE_AGAIN)
		return before->id == h->id && h->ttl >= before->ttl;
	return next->purpose == PURPOSE_AGAIN &&
	       (next->id == h->id || next->id == 0);
}

/*
 * R10: a poll's answer is what is believed, or evidence of a change that was
 * open then.
 */
static void
check_written(const struct sim *s, const struct subject *q)
{
	/* What the zone's servers deny is told once, while it is said (R11). */
	for (size_t i = 0; i < q->n_heard && q->required != PROVED_SOURCE;
	     i++) {
		const struct hearing *h = &q->heard[i];

		if (h->id == 0 || h->arrived == 0 || h->stale || h->lost ||
		    h->aside || h->purpose == PURPOSE_CONFIRM)
			continue;
		if (!was_believed(q, h) && !is_evidence(q, h) &&
		    !is_behind(s, q, h, false) && !was_doubted(q, i))
			story_fail("lost: %s: %s (TTL %u), heard at %.3f s, is "
				   "nowhere",
			    q->text, id_text(h->id), h->ttl,
			    (double)(h->arrived - q->truth[0].at) / 1e9);
	}
}

/* ---- what was true is heard ---- */

static bool
is_disturbed(const struct sim *s, const struct subject *q, content_id id,
    mono_ns from, mono_ns to)
{
	bool lied = s->hosts[q->host].lied;

	for (size_t i = 0; i < s->n_breaks; i++) {
		if (s->breaks[i].to >= from && s->breaks[i].from < to)
			return true;
	}
	for (size_t i = 0; i < q->n_heard; i++) {
		const struct hearing *h = &q->heard[i];

		if (h->sent < from || h->sent >= to)
			continue;
		if (h->id == 0 || h->stale || h->arrived == 0)
			return true;
		/* Who is polled lies for all that time: it never was so, or
		 * was not when it was fetched. */
		if (lied && (!truth_had(q, h->id) ||
				(h->id != id && h->fetched >= from)))
			return true;
	}
	return false;
}

static bool
was_heard(const struct subject *q, content_id id, mono_ns from, mono_ns to)
{
	for (size_t i = 0; i < q->n_heard; i++) {
		const struct hearing *h = &q->heard[i];

		if (h->id == id && h->fetched >= from && h->fetched < to)
			return true;
	}
	return false;
}

/*
 * A state of the zone that lasts an interval with its jitter, and what is left
 * of the longest TTL in the cache that is polled, is asked for while it is
 * true.
 */
static void
check_heard(struct sim *s, const struct subject *q)
{
	mono_ns least = MONO_S(q->every_most) * 21 / 20 +
	                MONO_S(s->ttl_max) * (q->chase ? 2 : 1) +
	                MONO_S(POLL_TAKES_S);

	for (size_t i = 0; i < q->n_truth; i++) {
		const struct truth_at *t = &q->truth[i];
		mono_ns to =
		    i + 1 < q->n_truth ? t[1].at : loop_mono(s->w.loop);

		if (!t->watched || to - t->at < least ||
		    is_disturbed(s, q, t->id, t->at, to))
			continue;
		s->counts.tight++;
		if (!was_heard(q, t->id, t->at, to))
			story_fail("missed: %s was %s for %lld s, unheard",
			    q->text, id_text(t->id),
			    (long long)((to - t->at) / MONO_S(1)));
	}
}

/* ---- and believed ---- */

static void
check_believed(struct sim *s, const struct subject *q)
{
	content_id now = q->truth[q->n_truth - 1].id;
	const struct db_question *row = row_in(s, "default", &q->name, q->type);

	if (!q->watched)
		return;
	if (q->n_beliefs == 0)
		story_fail("missed: nothing is believed of %s", q->text);
	/* R5: a denied NXDOMAIN stays so until a type comes or goes. */
	if (q->beliefs[q->n_beliefs - 1].id != now &&
	    !(q->inconsistent &&
		is_taken_as(now, q->beliefs[q->n_beliefs - 1].id)))
		story_fail("missed: %s is %s, believed is %s", q->text,
		    id_text(now), id_text(q->beliefs[q->n_beliefs - 1].id));
	if (row->phase == CANDIDATE_OPEN)
		story_fail("%s: a candidate is still open", q->text);
	if (row->failing || q->failing)
		story_fail("R3: %s still fails", q->text);
}

/* R11, R12: what is asked to confirm is bounded by what there was to. */
static void
check_confirms(const struct sim *s, const struct subject *q)
{
	size_t n = q->n_seen + q->n_episodes + s->n_breaks + 1;
	size_t most = q->n_heard - q->n_confirms +
	              n * (INQUIRY_REPEATS_MAX + 4 * s->n_servers);

	if (q->n_confirms > most * (1 + s->n_servers))
		story_fail(
		    "%s: %u questions to confirm", q->text, q->n_confirms);
}

void
oracle_end(struct sim *s)
{
	for (size_t i = 0; i < s->n_subjects; i++) {
		const struct subject *q = &s->subjects[i];

		check_believed(s, q);
		check_written(s, q);
		check_heard(s, q);
		check_confirms(s, q);
	}
}

void
oracle_free(struct sim *s)
{
	for (size_t i = 0; i < s->n_subjects; i++) {
		struct subject *q = &s->subjects[i];

		free(q->truth);
		free(q->heard);
		free(q->seen);
		free(q->episodes);
		free(q->beliefs);
	}
	free(s->breaks);
	free(s->starts);
}
