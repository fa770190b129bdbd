/* SPDX-License-Identifier: ISC */

/*
 * The watched types of one name, when the whole name seems to come or go (R5).
 *
 * The first NXDOMAIN without an alias in front (or the first answer after
 * one) has all other types asked at once.  Their decisions wait for each
 * other, T at most, and commit as one group with one alert.  When another
 * type still answers, and that answer was fetched after the NXDOMAIN, it is
 * a server's fault: the NXDOMAIN is taken as NODATA, aspect `inconsistent`.
 * An older cached answer of another type denies nothing, and neither does an
 * older cached NXDOMAIN of one when a name appears: both are asked again.
 */

#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "monitor_priv.h"
#include "source.h"

enum { AGAIN_AFTER_MS = 2200 };

static bool
is_plain_nxdomain(const struct content *c)
{
	return c->outcome == OUTCOME_NXDOMAIN && c->n_chain == 0;
}

static const struct content *
seen_of(const struct inquiry *q)
{
	return &q->list[q->begin].content;
}

void
household_free(struct monitor *m, struct household *h)
{
	idmap_take(&m->households, h->name);
	told_release(h->group);
	free(h);
}

static struct household *
household_new(struct monitor *m, struct inquiry *q, const char *kind)
{
	struct household *h = calloc(1, sizeof(*h));
	uint32_t name = table_question(m->table, q->question)->name;

	if (h == NULL || idmap_put(&m->households, name, h) != 0) {
		free(h);
		return NULL;
	}
	h->name = name;
	h->first = table_first(m->table, q->question);
	h->kind = kind;
	h->opened = q->list[q->begin].witness.at;
	return h;
}

/* Asks the other types now, ahead of their plan. */
static void
ask_siblings(struct monitor *m, struct household *h, uint32_t but)
{
	uint32_t id = table_first(m->table, h->first);
	bool quiet = inquiry_is_quiet(m, but);

	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		const struct question *s = table_question(m->table, id);
		struct errand e = {
		    .question = id,
		    .purpose = PURPOSE_EARLY,
		    .server = poll_home(m, id),
		    .flags = ASK_URGENT,
		};

		/* The household's decision would wait for what waits. */
		gate_open(m, id);
		/* What was denied once may be true now: look at the contents.
		 */
		if (id != but && (s->flags & Q_KNOWN) != 0)
			table_question(m->table, id)->fingerprint =
			    FINGERPRINT_ASK;
		if (id == but || (s->flags & Q_WATCHED) == 0 ||
		    (!quiet && inquiry_is_quiet(m, id)) ||
		    (s->flags & (Q_INQUIRY | Q_KNOWN)) != Q_KNOWN ||
		    h->n_asked == WATCH_TYPES_MAX)
			continue;
		h->asked[h->n_asked] = id;
		h->heard[h->n_asked++] = HEARD_NOT;
		/* Of a quiet one they are heard when their plan has it. */
		if (!quiet)
			(void)pump_errand(m, &e);
	}
}

void
household_join(struct monitor *m, struct inquiry *q)
{
	uint32_t name = table_question(m->table, q->question)->name;
	struct household *h = idmap_get(&m->households, name);
	const char *kind = NULL;
	wall_us until;

	if (is_plain_nxdomain(seen_of(q)))
		kind = "vanished";
	else if (is_plain_nxdomain(&q->believed) &&
		 (seen_of(q)->outcome == OUTCOME_ANSWER ||
		     seen_of(q)->outcome == OUTCOME_NODATA))
		kind = "appeared";
	if (kind == NULL || q->rotating)
		return;
	until = monitor_steady(m) + WALL_S(q->wait_s) + WALL_S(2);
	if (h != NULL && strcmp(h->kind, kind) == 0) {
		q->household = h;
		/* What is urgent does not wait for what is less so. */
		if (until < h->deadline)
			h->deadline = until;
		return;
	}
	if (h != NULL || table_first(m->table, q->question) == QUESTION_NONE)
		return;
	h = household_new(m, q, kind);
	if (h == NULL)
		return;
	q->household = h;
	h->deadline = until;
	if (!q->quiet)
		h->again_at = monitor_steady(m) + WALL_MS(AGAIN_AFTER_MS);
	ask_siblings(m, h, q->question);
	if (strcmp(kind, "vanished") == 0 && !q->quiet)
		delegation_look(m, q->question);
}

static void
mark_heard(struct household *h, uint32_t id, enum heard heard)
{
	for (uint8_t i = 0; i < h->n_asked; i++) {
		if (h->asked[i] == id)
			h->heard[i] = (uint8_t)heard;
	}
}

/*
 * A type that still answers, or is still denied, may be so out of a cache or
 * with a fresh TTL that is not yet provably later (TTLs are whole seconds):
 * asked once more.
 */
static void
ask_again(struct monitor *m, struct household *h)
{
	h->again_at = 0;
	for (uint8_t i = 0; i < h->n_asked; i++) {
		struct errand e = {
		    .question = h->asked[i],
		    .purpose = PURPOSE_EARLY,
		    .server = poll_home(m, h->asked[i]),
		    .flags = ASK_URGENT,
		};

		if (h->heard[i] != HEARD_DOUBTFUL)
			continue;
		h->heard[i] = HEARD_NOT;
		(void)pump_errand(m, &e);
	}
}

/* The members, at most one per type: those with an inquiry of this household.
 */
static size_t
members_of(struct monitor *m, const struct household *h,
    struct inquiry *out[WATCH_TYPES_MAX])
{
	uint32_t id = table_first(m->table, h->first);
	size_t n = 0;

	for (; id != QUESTION_NONE && n < WATCH_TYPES_MAX;
	     id = table_next(m->table, id)) {
		struct inquiry *q = idmap_get(&m->inquiries, id);

		if (q != NULL && q->household == h &&
		    (q->state == INQUIRY_OPEN || q->state == INQUIRY_HELD))
			out[n++] = q;
	}
	return n;
}

/* Of the last NXDOMAIN: what came behind it may be news of another kind. */
static uint64_t
denied_print(const struct inquiry *q)
{
	for (size_t i = q->end; i > q->begin; i--) {
		const struct testimony *t = &q->list[i - 1];

		if (t->witness.fail == FAIL_NOT &&
		    is_plain_nxdomain(&t->content))
			return t->fingerprint;
	}
	return FINGERPRINT_ASK;
}

/* Was something else heard beside the NXDOMAIN that differs? */
static bool
differs_otherwise(const struct inquiry *q)
{
	for (size_t i = q->begin; i < q->n; i++) {
		const struct testimony *t = &q->list[i];

		if (testimony_differs(q, t) && !is_plain_nxdomain(&t->content))
			return true;
	}
	return false;
}

/* Nothing is left of the difference. */
static void
end_denied(struct monitor *m, struct inquiry *q)
{
	uint64_t print = denied_print(q);

	q->judgement.label = LABEL_TRANSIENT;
	q->judgement.why = "another type of the name still answers";
	decide_weigh(q);
	q->severity = SEVERITY_INFO; /* a server's fault, R5 */
	decide_commit(m, &q, 1, NULL);
	/* Until a type of the name comes or goes, it is no news. */
	table_question(m->table, q->question)->fingerprint = print;
}

/*
 * What else differed did not count in the end, as it was out of an old entry,
 * and the NXDOMAIN is denied.
 */
bool
household_denied(struct inquiry *q, const struct judgement *j, wall_us now)
{
	struct monitor *m = q->monitor;

	if (!q->inconsistent || j->to != NULL || q->deadline == 0 ||
	    now < q->deadline)
		return false;
	for (size_t k = q->begin; k < q->n; k++) {
		struct testimony *t = &q->list[k];

		if (t->witness.fail == FAIL_NOT &&
		    t->fingerprint == m->nxdomain)
			t->content.outcome = OUTCOME_NXDOMAIN; /* as it was */
	}
	end_denied(m, q);
	return true;
}

static void
deny_one(struct monitor *m, struct inquiry *q)
{
	if (q->believed.outcome == OUTCOME_NODATA && q->believed.n_chain == 0 &&
	    !differs_otherwise(q)) {
		end_denied(m, q);
		return;
	}
	for (size_t k = q->begin; k < q->n; k++) {
		struct testimony *t = &q->list[k];

		if (t->witness.fail == FAIL_NOT &&
		    is_plain_nxdomain(&t->content))
			t->content.outcome = OUTCOME_NODATA;
	}
	q->state = INQUIRY_OPEN;
	inquiry_step(q);
}

/* Another type answers: what said NXDOMAIN says NODATA from now on. */
static void
deny(struct monitor *m, struct household *h)
{
	struct inquiry *members[WATCH_TYPES_MAX];
	size_t n = members_of(m, h, members);

	for (size_t i = 0; i < n; i++) {
		struct inquiry *q = members[i];

		q->household = NULL;
		q->inconsistent = true;
		deny_one(m, q);
	}
	household_free(m, h);
}

/* Does a type say the opposite of what the first one said of the name? */
static bool
contradicts(const struct household *h, const struct reply_sum *sum)
{
	if (h->group != NULL)
		return false;
	if (strcmp(h->kind, "vanished") == 0)
		return sum->outcome == OUTCOME_ANSWER ||
		       sum->outcome == OUTCOME_NODATA;
	return sum->outcome == OUTCOME_NXDOMAIN;
}

void
household_hear(struct monitor *m, uint32_t id, const struct reply_sum *sum,
    wall_us fetched_after)
{
	uint32_t name = table_question(m->table, id)->name;
	struct household *h = idmap_get(&m->households, name);
	bool against;
	bool older;

	if (h == NULL)
		return;
	against = contradicts(h, sum);
	older = fetched_after <= h->opened;
	if (against && !older && strcmp(h->kind, "vanished") == 0) {
		deny(m, h);
		return;
	}
	mark_heard(h, id,
	    against && older && h->again_at != 0 ? HEARD_DOUBTFUL : HEARD_DONE);
	household_step(m, h);
}

void
household_fail(struct monitor *m, uint32_t id)
{
	uint32_t name = table_question(m->table, id)->name;
	struct household *h = idmap_get(&m->households, name);

	if (h == NULL)
		return;
	mark_heard(h, id, HEARD_DONE);
	household_step(m, h);
}

/* Does a type's inquiry still wait for its state or its judgement? */
static bool
is_pending(struct monitor *m, const struct household *h)
{
	uint32_t id = table_first(m->table, h->first);

	for (uint8_t i = 0; i < h->n_asked; i++) {
		if (h->heard[i] != HEARD_DONE)
			return true;
	}
	if (h->group == NULL && strcmp(h->kind, "vanished") == 0 &&
	    delegation_is_asked(m, h->first))
		return true;
	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		const struct inquiry *q = idmap_get(&m->inquiries, id);

		if (q != NULL &&
		    (q->state == INQUIRY_FETCHING ||
			(q->household == h && q->state == INQUIRY_OPEN)))
			return true;
	}
	return false;
}

/* What matters most is told first. */
static void
by_weight(struct inquiry **list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct inquiry *q = list[i];
		size_t k = i;

		for (; k > 0 && list[k - 1]->severity < q->severity; k--)
			list[k] = list[k - 1];
		list[k] = q;
	}
}

void
household_step(struct monitor *m, struct household *h)
{
	struct inquiry *members[WATCH_TYPES_MAX];
	struct inquiry *ready[WATCH_TYPES_MAX];
	bool late = monitor_steady(m) >= h->deadline;
	size_t n = members_of(m, h, members);
	size_t n_ready = 0;

	if (!late && is_pending(m, h))
		return;
	for (size_t i = 0; i < n; i++) {
		if (members[i]->state == INQUIRY_HELD)
			ready[n_ready++] = members[i];
	}
	by_weight(ready, n_ready);
	if (n_ready > 0)
		decide_commit(m, ready, n_ready, h);
	for (size_t i = 0; i < n_ready; i++)
		ready[i]->household = NULL;
	if (n_ready == n)
		household_free(m, h);
}

void
household_tick(struct monitor *m)
{
	wall_us now = monitor_steady(m);
	struct household *h;
	uint32_t at = 0;

	while ((h = idmap_next(&m->households, &at)) != NULL) {
		if (h->again_at != 0 && now >= h->again_at)
			ask_again(m, h);
		if (now >= h->deadline)
			household_step(m, h);
	}
}

void
household_free_all(struct monitor *m)
{
	struct household *h;
	uint32_t at = 0;

	while ((h = idmap_next(&m->households, &at)) != NULL)
		household_free(m, h);
	idmap_fini(&m->households);
}
