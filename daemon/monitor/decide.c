/* SPDX-License-Identifier: ISC */

/*
 * From a judgement to what is kept and told: severity, the two transactions
 * of R10, and the lines that `serve` and `once` print once a decision is
 * durable.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "dns/type.h"
#include "expect.h"
#include "gather.h"
#include "idle.h"
#include "judge/meaning.h"
#include "life.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "plan.h"
#include "pools.h"
#include "say.h"
#include "silenced.h"
#include "sleeping.h"
#include "source.h"

/* ---- weighing ---- */

/* What the history says of an added record; NULL: not looked up. */
static const struct store_element *
fact_of(const struct inquiry *q, const struct record *r)
{
	const struct content *c = &q->list[q->begin].content;

	for (size_t i = 0; i < c->n_records; i++) {
		if (c->n_chain + i < q->n_facts &&
		    record_equal(&c->records[i], r))
			return &q->facts[c->n_chain + i];
	}
	return NULL;
}

/*
 * Not seen anywhere before this movement: one's own sight is in the history
 * after a restart, and other names that go the same way today make it no less.
 */
static bool
is_news(const struct inquiry *q, const struct store_element *f)
{
	return f->first_any == 0 || f->first_any > q->seen_at - WALL_S(NOVEL_S);
}

static void
look_back(const struct inquiry *q, bool *novel, bool *returned)
{
	const struct diff *d = &q->judgement.diff;

	*novel = false;
	*returned = d->n_added > 0;
	for (size_t i = 0; i < d->n_added; i++) {
		const struct store_element *f = fact_of(q, d->added[i]);

		if (f == NULL || is_news(q, f))
			*novel = true;
		if (f == NULL || !f->believed_day)
			*returned = false;
	}
	if (d->chain_differs && q->n_facts > 0 && is_news(q, &q->facts[0]) &&
	    q->list[q->begin].content.n_chain > 0)
		*novel = true;
}

/* What the change means, as far as it is in the aspects (R26). */
static uint32_t
aspects_meant(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	struct meaning meaning;

	meaning_of(&q->believed,
	    &q->list[q->begin + q->judgement.to_witness].content, row->type,
	    table_name(m->table, q->question, NULL), &meaning);
	return meaning.aspects;
}

void
decide_weigh(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	const struct policy *p = policy_get(m->table, row->policy);
	bool returned;
	struct severity_input in = {
	    .kind = q->judgement.diff.kind,
	    .type = row->type,
	    .owned = p->owned,
	    .hostile = p->hostile,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};

	look_back(q, &in.novel, &returned);
	q->novel = in.novel;
	/* R14: to what was never believed. */
	in.transient = q->judgement.label == LABEL_TRANSIENT && !returned;
	q->aspects = q->judgement.diff.aspects | q->kept_aspects;
	if (returned)
		q->aspects |= ASPECT_RETURNED;
	if (q->inconsistent)
		q->aspects |= ASPECT_INCONSISTENT;
	if (q->rotating)
		q->aspects |= ASPECT_ROTATING;
	if (q->judgement.filtered)
		q->aspects |= ASPECT_FILTERED;
	if (inquiry_is_bogus(q))
		q->aspects |= ASPECT_BOGUS;
	if (keys_mismatch(q))
		q->aspects |= ASPECT_DS_MISMATCH;
	q->aspects |= aspects_meant(q);
	q->aspects |= expect_aspect(
	    q, &q->list[q->begin + q->judgement.to_witness].content);
	if (plan_of(q, &q->list[q->begin + q->judgement.to_witness].content) !=
	    NULL) {
		q->aspects &= ~(uint32_t)ASPECT_UNEXPECTED;
		q->aspects |= ASPECT_PLANNED;
	}
	in.aspects = q->aspects;
	q->severity = severity_explain(&in, m->config, &q->weighed);
}

/* ---- what is said ---- */

static size_t
collect_evidence(
    const struct inquiry *q, size_t from, struct commit_evidence **out)
{
	size_t n = q->end > from ? q->end - from : 0;

	*out = calloc(n + 1, sizeof(**out));
	if (*out == NULL)
		return 0;
	inquiry_evidence(q, from, *out);
	return n;
}

/*
 * R14: at least from its first to its last sight; at most from the last
 * believed answer before to the first one after.
 */
static void
measure(const struct inquiry *q, struct say_change *c)
{
	wall_us last = q->seen_at;

	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail == FAIL_NOT &&
		    !content_equal(&t->content, &q->believed) &&
		    t->last_at > last)
			last = t->last_at;
	}
	c->lasted_least = last - q->seen_at;
	for (size_t i = q->end; i > q->begin; i--) {
		const struct testimony *t = &q->list[i - 1];

		if (t->witness.fail == FAIL_NOT && t->at >= last &&
		    content_equal(&t->content, &q->believed))
			c->lasted_most = t->at - q->believed_seen;
	}
}

/* R19. */
static enum verdict
weigh_witnesses(const struct inquiry *q)
{
	size_t n = q->end - q->begin;
	struct witness *w =
	    arena_get(&q->monitor->scratch, (n + 1) * sizeof(*w));

	for (size_t i = 0; w != NULL && i < n; i++) {
		w[i] = q->list[q->begin + i].witness;
		w[i].content = &q->list[q->begin + i].content;
	}
	if (source_asks_parent(q->monitor, q->question))
		return VERDICT_DELEGATION;
	return w == NULL ? VERDICT_UNKNOWN : verdict_of(&q->believed, w, n);
}

/* Did a server of the zone give what is believed? */
static bool
source_denied(const struct inquiry *q)
{
	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.source && t->witness.fail == FAIL_NOT &&
		    content_equal(&t->content, &q->believed))
			return true;
	}
	return false;
}

/*
 * R13: the largest that was seen of it.  What was left of it in a cache, when
 * that came last, says nothing of an entry's age.
 */
static uint32_t
largest_ttl(const struct inquiry *q, const struct testimony *of)
{
	uint32_t ttl = of->ttl;

	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail == FAIL_NOT && t->ttl > ttl &&
		    content_equal(&t->content, &of->content))
			ttl = t->ttl;
	}
	return ttl;
}

static void
fill_change(const struct inquiry *q, struct say_change *c)
{
	const struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	const struct testimony *first = &q->list[q->begin];
	const struct testimony *to =
	    &q->list[q->begin + q->judgement.to_witness];
	const struct config_plan *plan;

	*c = (struct say_change){
	    .q = {.view = monitor_view(m, q->question),
		.name = table_name(m->table, q->question, NULL),
		.type = row->type,
		.policy = policy_get(m->table, row->policy)},
	    .id = q->change,
	    .revision = q->revision,
	    .severity = q->severity,
	    .weighed = &q->weighed,
	    .aspects = q->aspects,
	    .novel = q->novel,
	    .seen_at = q->seen_at,
	    .decided_at = loop_wall(m->loop),
	    .from = {&q->believed, q->believed_ttl, q->believed_since,
		q->believed_seen},
	    .to = {.content = &to->content, .ttl = largest_ttl(q, to)},
	    .judgement = &q->judgement,
	    .verdict = weigh_witnesses(q),
	    .note = delegation_note(m, q->question),
	    .facts_of = &first->content,
	    .facts = q->facts,
	    .n_facts = q->n_facts,
	    .asked = first->addr,
	    .asked_tls = first->witness.transport == TRANSPORT_TLS,
	};
	plan = plan_of(q, &to->content);
	c->plan = plan == NULL ? NULL : plan->name;
	if (q->judgement.diff.kind == KIND_VANISHED)
		c->cause = delegation_cause(m, q->question);
	if (c->verdict == VERDICT_CACHE_ONLY &&
	    q->judgement.label == LABEL_TRANSIENT && source_denied(q))
		denied_note(q->monitor, q->question, to->fingerprint);
	if (q->judgement.label == LABEL_TRANSIENT)
		measure(q, c);
}

static struct commit_entry
entry_of(const struct inquiry *q, const char *class_, char name[NAME_TEXT_SIZE])
{
	const struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	const struct policy *p = policy_get(m->table, row->policy);

	name_print(table_name(m->table, q->question, NULL), name);
	return (struct commit_entry){
	    .id = q->change,
	    .at = loop_wall(m->loop),
	    .class_ = class_,
	    .name = name,
	    .type = row->type,
	    .view = monitor_view(m, q->question),
	    .kind = (uint8_t)q->judgement.diff.kind,
	    .severity = (uint8_t)q->severity,
	    .lists = p->lists,
	    .n_lists = p->n_lists,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};
}

/* Transaction one of R10. */
void
decide_sight(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	char name[NAME_TEXT_SIZE];
	struct commit_evidence *evidence;
	struct say_change c;
	struct commit_sight sight = {
	    .key = q->key,
	    .name = table_name(m->table, q->question, NULL),
	    .entry = entry_of(q, "candidate", name),
	    .seen = &q->list[q->begin].content,
	    .seen_at = q->seen_at,
	};

	fill_change(q, &c);
	buf_clear(&m->text);
	say_candidate(&c, sight.seen, &m->text);
	sight.n_evidence = collect_evidence(q, q->begin, &evidence);
	if (sight.n_evidence > 1)
		sight.n_evidence = 1; /* the rest comes with the decision */
	sight.evidence = evidence;
	sight.entry.body = buf_text(&m->text);
	q->list[q->begin].stored = true;
	commit_sight(m->store, &sight, NULL, NULL);
	free(evidence);
}

/* ---- transaction two ---- */

/* What is needed when the decision is durable. */
struct decided {
	struct pending pending;
	struct monitor *monitor;
	size_t n;
	bool told;
	struct gathering *gathering; /* where its alert waits; NULL: it does not
	                              */
	struct commit_ref alert;
	struct decided_one {
		struct inquiry *inquiry;
		char *json;
		enum severity severity;
	} * list;
};

static void
decided_free(struct pending *p)
{
	struct decided *d = (struct decided *)p;

	/* A doubt that was confirmed is in no map any more. */
	for (size_t i = 0; i < d->n; i++) {
		struct inquiry *q = d->list[i].inquiry;

		if (q != NULL &&
		    idmap_get(&d->monitor->inquiries, q->question) != q)
			inquiry_free(q);
	}
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i].json);
	}
	free(d->list);
	free(d);
}

/* What waits to be told with others. */
static void
gather(struct decided *d, int err)
{
	struct commit_ref members[WATCH_TYPES_MAX];
	struct gathered what = {
	    .id = d->list[0].inquiry->question,
	    .told = d->alert,
	    .members = members,
	};

	for (size_t i = 0; i < d->n && i < WATCH_TYPES_MAX; i++) {
		const struct inquiry *q = d->list[i].inquiry;

		members[what.n++] =
		    (struct commit_ref){q->key.shard, q->change, q->revision};
		if (told_is_weaker(q->judgement.label, what.label))
			what.label = q->judgement.label;
	}
	gather_done(d->monitor, d->gathering, err, &what);
}

/* What follows from what is believed now. */
static void
look_again(const struct inquiry *q)
{
	expect_look(q->monitor, q->question);
	if (q->judgement.label != LABEL_TRANSIENT)
		life_decided(
		    q->monitor, q->question, &q->believed, q->believed_since);
}

static void
on_decided(void *ctx, int err)
{
	struct decided *d = ctx;
	struct monitor *m = d->monitor;

	int64_t seq = err == 0 ? commit_seq(m->store) : 0;

	pending_take(m, &d->pending);
	if (d->gathering != NULL)
		gather(d, err);
	for (size_t i = 0; i < d->n; i++) {
		struct decided_one *one = &d->list[i];
		struct monitor_line line = {
		    .class_ = "change",
		    .json = one->json,
		    .seq = seq == 0 ? 0 : seq + (int64_t)i,
		    .severity = one->severity,
		    .is_change = true,
		};

		if (err == 0 && m->hooks.on_line != NULL)
			m->hooks.on_line(m->hooks.ctx, &line);
		/* Refused: the next reply is held against the database. */
		if (err != 0) {
			table_question(m->table, one->inquiry->question)
			    ->fingerprint = FINGERPRINT_ASK;
			one->inquiry->doubted = false;
		}
		if (err == 0)
			look_again(one->inquiry);
		inquiry_closed(one->inquiry);
		one->inquiry = NULL;
	}
	if (err == 0 && d->told && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	decided_free(&d->pending);
}

/* When the new state was first seen: not always when the old one was not. */
static wall_us
first_sight(const struct inquiry *q, const struct content *to)
{
	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail == FAIL_NOT && !t->witness.stale &&
		    content_equal(&t->content, to))
			return t->at;
	}
	return q->seen_at;
}

/* Fills one decision; what it points at lives until the commit call. */
static bool
build_decision(struct inquiry *q, struct commit_decision *d,
    struct decided_one *one, char name[NAME_TEXT_SIZE])
{
	struct monitor *m = q->monitor;
	const struct testimony *to =
	    &q->list[q->begin + q->judgement.to_witness];
	struct commit_evidence *evidence;
	struct say_change c;
	size_t n = collect_evidence(q, q->begin, &evidence);
	size_t n_kept = 0;

	fill_change(q, &c);
	c.witnesses = evidence;
	c.n_witnesses = n;
	buf_clear(&m->text);
	say_change(&c, &m->text);
	*one = (struct decided_one){q, strdup(buf_text(&m->text)), q->severity};
	/* Only what the database does not have yet. */
	for (size_t i = 0; i < n; i++) {
		struct testimony *t = &q->list[q->begin + i];

		if (t->cd)
			testimony_disown(&evidence[i]);
		if (!t->stored)
			evidence[n_kept++] = evidence[i];
		t->stored = true;
	}
	*d = (struct commit_decision){
	    .key = q->key,
	    .name = c.q.name,
	    .entry = entry_of(q, "change", name),
	    .first = q->state != INQUIRY_DOUBTED,
	    .believed = q->judgement.label != LABEL_TRANSIENT &&
	                q->state != INQUIRY_DOUBTED,
	    .doubted = q->doubted,
	    .to = &to->content,
	    .ttl = c.to.ttl,
	    .from_seen = q->believed_seen,
	    .from_ttl = q->believed_ttl_most,
	    .since = first_sight(q, &to->content),
	    .evidence = evidence,
	    .n_evidence = n_kept,
	};
	d->keep =
	    q->judgement.label == LABEL_TRANSIENT ? &q->believed : &to->content;
	d->entry.revision = q->revision;
	d->entry.label = (uint8_t)q->judgement.label;
	d->entry.body = one->json;
	return one->json != NULL;
}

/* From now on the new state is believed: the store keeps the order. */
static void
believe(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct question *row = table_question(m->table, q->question);
	const struct testimony *to =
	    &q->list[q->begin + q->judgement.to_witness];

	if (q->judgement.label == LABEL_TRANSIENT)
		return;
	row->fingerprint = to->fingerprint;
	question_set_ttl(row, largest_ttl(q, to));
	row->seen = (uint32_t)(to->last_at / WALL_S(1));
	pools_believe(q);
	sleeping_heard(m, q->question);
	idle_decided(m, q);
}

static struct telling
weigh_all(struct inquiry **members, size_t n)
{
	struct telling t = {0};

	for (size_t i = 0; i < n; i++)
		told_weigh(
		    &t, members[i]->severity, members[i]->judgement.label);
	return t;
}

/* The group that tells these members; NULL: the change has its own alert. */
static struct told_group *
group_of(struct inquiry **members, size_t n, struct household *h)
{
	if (members[0]->group != NULL)
		return members[0]->group;
	if (h == NULL || (n < 2 && h->group == NULL))
		return NULL;
	if (h->group == NULL)
		h->group = told_new(h->kind, members[0]->seen_at);
	CHECK(h->group != NULL);
	for (size_t i = 0; i < n; i++) {
		members[i]->group = h->group;
		h->group->refs++;
	}
	return h->group;
}

/*
 * One alert for all: the change's own, or its group's.  A later decision
 * (R15) is the next revision of the alert that told the first.
 */
static void
build_alert(struct monitor *m, struct inquiry **members, size_t n,
    struct household *h, struct commit_alert *alert, struct buf *text)
{
	struct inquiry *q = members[0];
	struct told_group *group = group_of(members, n, h);
	struct telling t;

	*alert = (struct commit_alert){
	    .id = q->change,
	    .revision = q->revision,
	    .class_ = "change",
	    .sinks = m->sinks,
	    .n_sinks = m->n_sinks,
	};
	for (size_t i = 0; i < n && group != NULL; i++)
		told_put(group, members[i]);
	if (group != NULL) {
		struct say_group g = {
		    .id = group->id,
		    .revision = ++group->revision,
		    .kind = group->kind,
		    .name = table_name(m->table, q->question, NULL),
		    .view = monitor_view(m, q->question),
		};

		if (strcmp(group->kind, "vanished") == 0)
			g.cause = delegation_cause(m, members[0]->question);
		t = told_sum(group);
		g.severity = t.highest;
		g.label = t.weakest;
		g.n_members = t.n;
		say_group(&g, text);
		alert->id = group->id;
		alert->revision = group->revision;
		alert->class_ = "group";
		alert->group = buf_text(text);
	}
	for (size_t i = 0; i < n; i++)
		members[i]->told = true;
}

static struct decided *
decided_new(struct monitor *m, size_t n)
{
	struct decided *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->pending.free = decided_free;
	d->monitor = m;
	d->n = n;
	d->list = calloc(n, sizeof(*d->list));
	if (d->list == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

static void
hold_alert(const struct monitor *m, const struct commit_decision *decisions,
    size_t n, struct commit_alert *alert)
{
	const struct commit_entry *members[WATCH_TYPES_MAX];

	for (size_t i = 0; i < n && i < WATCH_TYPES_MAX; i++)
		members[i] = &decisions[i].entry;
	silenced(m, members, n < WATCH_TYPES_MAX ? n : WATCH_TYPES_MAX, alert);
}

static void
send_decisions(struct monitor *m, struct inquiry **members, size_t n,
    struct household *h, struct decided *d)
{
	struct commit_decision *decisions =
	    arena_get(&m->scratch, n * sizeof(*decisions));
	char(*names)[NAME_TEXT_SIZE] =
	    arena_get(&m->scratch, n * sizeof(*names));
	struct commit_alert alert;
	struct buf group = {0};
	struct commit_decisions c = {.decisions = decisions, .n_decisions = n};

	CHECK(decisions != NULL && names != NULL);
	for (size_t i = 0; i < n; i++) {
		struct inquiry *q = members[i];

		q->doubted =
		    q->judgement.label == LABEL_UNCONFIRMED && !q->rotating;
		CHECK(build_decision(q, &decisions[i], &d->list[i], names[i]));
	}
	if (severity_is_told(weigh_all(members, n).highest) ||
	    members[0]->told) {
		build_alert(m, members, n, h, &alert, &group);
		alert.name = names[0];
		hold_alert(m, decisions, n, &alert);
		d->gathering = gather_alert(m, members, n, &alert);
		gather_before(m, decisions[0].name, d->gathering);
		d->alert = (struct commit_ref){
		    members[0]->key.shard, alert.id, alert.revision};
		c.alerts = &alert;
		c.n_alerts = m->n_sinks > 0 ? 1 : 0;
		d->told = true;
	}
	commit_decisions(m->store, &c, on_decided, d);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)decisions[i].evidence);
	buf_fini(&group);
}

void
decide_commit(
    struct monitor *m, struct inquiry **members, size_t n, struct household *h)
{
	struct decided *d = decided_new(m, n);

	CHECK(d != NULL);
	pending_add(m, &d->pending);
	arena_reset(&m->scratch);
	send_decisions(m, members, n, h, d);
	for (size_t i = 0; i < n; i++) {
		struct inquiry *q = members[i];

		if (q->state != INQUIRY_DOUBTED)
			believe(q);
		if (q->state != INQUIRY_DOUBTED &&
		    severity_is_told(q->severity))
			burst_begin(m, q->question);
		q->state = INQUIRY_CLOSING;
		m->n_changes++;
	}
}
