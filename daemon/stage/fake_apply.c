/* SPDX-License-Identifier: ISC */

/*
 * One item becomes durable.  What is checked here are the monitor's promises
 * (fake_store.h lists them), not SQL's.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/record.h"
#include "dns/type.h"
#include "fake_apply.h"
#include "fake_store.h"
#include "jpath.h"
#include "judge/candidate.h"
#include "play.h"
#include "rule/severity.h"

static bool
packed_equal(const struct packed *a, const struct packed *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static struct db_question *
need(struct db *db, const struct store_key *key, const char *what)
{
	struct db_question *q = db_of_key(db, key);

	if (q == NULL)
		story_fail("oracle: %s about a question that has no row", what);
	return q;
}

const char *
db_keep_text(struct db *db, const char *text)
{
	char *own;

	if (text == NULL)
		return NULL;
	own = arena_text(&db->arena, text);
	CHECK(own != NULL);
	return own;
}

/* "www.example.org. A", for messages. */
const char *
db_subject(const struct db_question *q)
{
	static char text[NAME_TEXT_SIZE + 32];
	char name[NAME_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s %s", name_print(q->name.wire, name),
	    type_print(q->type, type));
	return text;
}

/* ---- the log ---- */

static struct db_entry *
last_of(struct db *db, const struct uuid *id)
{
	for (size_t i = db->n_entries; i > 0; i--) {
		if (uuid_equal(&db->entries[i - 1].id, id))
			return &db->entries[i - 1];
	}
	return NULL;
}

static void
put_entry(struct db *db, const struct commit_entry *e, bool told)
{
	struct db_entry *last = last_of(db, &e->id);
	struct db_entry *own;

	if (last == NULL
		? (e->revision > 0) != (strcmp(e->class_, "event") == 0)
		: e->revision != last->revision + 1)
		story_fail("oracle: entry %s has revision %u after %u",
		    e->class_, e->revision, last == NULL ? 0 : last->revision);
	own = list_add(
	    &db->entries, &db->n_entries, &db->entries_room, sizeof(*own));
	*own = (struct db_entry){
	    .seq = ++db->seq,
	    .at = e->at,
	    .id = e->id,
	    .revision = e->revision,
	    .class_ = db_keep_text(db, e->class_),
	    .body = db_keep_text(db, e->body),
	    .name = db_keep_text(db, e->name),
	    .type = e->type,
	    .kind = e->kind,
	    .event = db_keep_text(db, e->event),
	    .severity = e->severity,
	    .label = e->label,
	    .told = told,
	};
	story_trace("seq %lld %s", (long long)own->seq, own->body);
	if (db->eye != NULL)
		db->eye->on_entry(db->eye->ctx, own);
}

static void
put_alert(struct db *db, const struct commit_alert *a, size_t first, size_t n)
{
	uint32_t revision = 0;
	struct db_alert *own;

	if (a->n_sinks != db->n_sinks)
		story_fail("oracle: an alert goes to %zu of %zu sinks",
		    a->n_sinks, db->n_sinks);
	for (size_t i = 0; i < db->n_alerts; i++) {
		if (uuid_equal(&db->alerts[i].id, &a->id))
			revision = db->alerts[i].revision;
	}
	if (a->revision != revision + 1)
		story_fail("oracle: alert of %s has revision %u after %u",
		    a->name, a->revision, revision);
	own = list_add(
	    &db->alerts, &db->n_alerts, &db->alerts_room, sizeof(*own));
	*own = (struct db_alert){
	    .id = a->id,
	    .revision = a->revision,
	    .class_ = db_keep_text(db, a->class_),
	    .name = db_keep_text(db, a->name),
	    .group = db_keep_text(db, a->group),
	    .held_by = db_keep_text(db, a->held_by),
	    .waited = a->gathered,
	    .gathered = a->gathered,
	    .at = loop_wall(db->loop),
	    .first = first,
	    .n = n,
	};
	if ((strcmp(a->class_, "group") == 0) != (a->group != NULL) ||
	    (a->group == NULL && n != 1))
		story_fail("oracle: an alert of class %s has %zu members",
		    a->class_, n);
	story_trace("alert %s %s revision %u, %zu members", own->class_,
	    own->name, own->revision, n);
}

static struct db_alert *
alert_of(struct db *db, const struct commit_ref *ref)
{
	for (size_t i = db->n_alerts; i > 0; i--)
		if (uuid_equal(&db->alerts[i - 1].id, &ref->id) &&
		    db->alerts[i - 1].revision == ref->revision)
			return &db->alerts[i - 1];
	story_fail("oracle: an alert is told with others that is not there");
}

static size_t
entry_of(struct db *db, const struct commit_ref *ref)
{
	for (size_t i = db->n_entries; i > 0; i--)
		if (uuid_equal(&db->entries[i - 1].id, &ref->id) &&
		    db->entries[i - 1].revision == ref->revision)
			return i - 1;
	story_fail("oracle: a group's alert has a member that is not there");
}

/* Each alert that waits is told once, and its entries are members. */
static void
apply_gathered(struct db *db, const struct commit_gathered *c)
{
	struct db_alert *own;

	for (size_t i = 0; i < c->n_told; i++) {
		struct db_alert *a = alert_of(db, &c->told[i]);
		bool found = false;

		if (!a->gathered)
			story_fail("oracle: an alert that does not wait is "
				   "told with others");
		a->gathered = false;
		for (size_t k = 0; k < c->n_members; k++)
			found =
			    found || entry_of(db, &c->members[k]) == a->first;
		if (!found)
			story_fail(
			    "oracle: an alert is told without its entry");
	}
	put_alert(db, c->alert, entry_of(db, &c->members[0]), 1);
	own = &db->alerts[db->n_alerts - 1];
	own->tells_gathered = true;
	own->n = 0;
	own->members =
	    arena_get(&db->arena, c->n_members * sizeof(*own->members));
	CHECK(own->members != NULL);
	own->n_members = c->n_members;
	for (size_t i = 0; i < c->n_members; i++)
		own->members[i] = entry_of(db, &c->members[i]);
	story_trace("  tells %zu alerts, %zu members", c->n_told, c->n_members);
}

long
db_gathered(const struct db *db)
{
	long n = 0;

	for (size_t i = 0; i < db->n_alerts; i++)
		n += db->alerts[i].gathered;
	return n;
}

/* Entries first .. first + n - 1 are one transaction: told together or not. */
static void
put_alerts(struct db *db, const struct commit_alert *alerts, size_t n_alerts,
    size_t first, size_t n, uint8_t highest)
{
	bool told = severity_is_told((enum severity)highest) && db->n_sinks > 0;

	if (n_alerts != (told ? 1u : 0u))
		story_fail("oracle: %zu alerts for a decision of severity %s",
		    n_alerts, severity_text((enum severity)highest));
	if (told)
		put_alert(db, &alerts[0], first, n);
}

/* ---- items ---- */

/* As statement.c has it. */
static void
apply_entry(struct db_question *q, const struct commit_question *c)
{
	if (q->every_s != c->every_s) {
		q->entry_known = false;
		q->entry_s = 0;
	}
	q->n_puts++;
	if (!c->entry_known)
		return;
	if (!q->entry_known || c->entry_s > q->entry_s) {
		q->entry_s = c->entry_s;
		q->entry_at = c->at;
	}
	q->entry_known = true;
}

static void
apply_question(struct db *db, const struct commit_question *c)
{
	struct db_question *q = db_of_key(db, &c->key);
	struct db_question **place;

	if (q == NULL) {
		q = calloc(1, sizeof(*q));
		CHECK(q != NULL);
		place = list_add(&db->questions, &db->n_questions,
		    &db->questions_room, sizeof(*place));
		*place = q;
		q->key = c->key;
		q->name.size = (uint8_t)c->name_size;
		memcpy(q->name.wire, c->name, c->name_size);
		snprintf(q->view, sizeof(q->view), "%s", c->view);
		q->type = c->type;
	}
	q->last_seen = db_last_seen(db, q, INT64_MAX);
	apply_entry(q, c);
	if (q->watched != c->watched || q->every_s != c->every_s ||
	    q->phase_ms != c->phase_ms || q->wait_s != c->wait_s)
		q->planned_since = c->at;
	q->watched = c->watched;
	q->every_s = c->every_s;
	q->phase_ms = c->phase_ms;
	q->wait_s = c->wait_s;
	q->attributes = c->attributes;
	db_apply_lists(db, c);
}

static void
apply_baseline(struct db *db, const struct commit_baseline *c)
{
	struct db_question *q = need(db, &c->key, "a baseline");

	if (q->content.data != NULL)
		story_fail("oracle: a second baseline of %s", db_subject(q));
	if (db->eye != NULL)
		db->eye->on_baseline(db->eye->ctx, q, c);
	q->content = db_pack(db, c->content);
	q->ttl = c->ttl;
	q->since = q->last_seen = c->at;
	q->n_baselines++;
	db_see_baseline(db, q, c->content, c->at);
	if (story_is_traced()) {
		struct buf text = {0};

		db_print(&q->content, &text);
		story_trace("baseline %s %s", db_subject(q), buf_text(&text));
		buf_fini(&text);
	}
	if (c->entry != NULL)
		put_entry(db, c->entry, c->alert != NULL);
	if (c->alert != NULL)
		put_alert(db, c->alert, db->n_entries - 1, 1);
}

/* `from` of the entry says what is believed. */
static void
check_from(struct db *db, const struct db_question *q, const char *body)
{
	struct arena a = {0};
	struct buf text = {0};
	struct content c;
	char value[LINE_SIZE];
	char path[64];

	(void)db;
	CHECK(content_unpack(q->content.data, q->content.size, &a, &c) == 0);
	if (!jpath(body, ".from.outcome", value, sizeof(value)) ||
	    strcmp(value, outcome_text(c.outcome)) != 0)
		story_fail("oracle: from of %s is %s, believed is %s",
		    db_subject(q), value, outcome_text(c.outcome));
	for (uint16_t i = 0; i <= c.n_records && i < 8; i++) {
		bool has;

		snprintf(path, sizeof(path), ".from.rdata[%u]", i);
		has = jpath(body, path, value, sizeof(value));
		if (has != (i < c.n_records))
			story_fail("oracle: from of %s has other records",
			    db_subject(q));
		if (!has)
			break;
		buf_clear(&text);
		record_print(&c.records[i], &text, 1024);
		if (strcmp(value, buf_text(&text)) != 0)
			story_fail("oracle: from of %s has %s, believed is %s",
			    db_subject(q), value, buf_text(&text));
	}
	buf_fini(&text);
	arena_fini(&a);
}

static void
apply_sight(struct db *db, const struct commit_sight *c)
{
	struct db_question *q = need(db, &c->key, "a candidate");
	struct packed seen = db_pack(db, c->seen);

	if (q->content.data == NULL)
		story_fail("oracle: a candidate of %s before its baseline",
		    db_subject(q));
	if (q->phase == CANDIDATE_OPEN)
		story_fail(
		    "oracle: a second open candidate of %s", db_subject(q));
	if (packed_equal(&seen, &q->content))
		story_fail("oracle: the candidate of %s differs in nothing",
		    db_subject(q));
	if (c->n_evidence == 0)
		story_fail("oracle: a candidate of %s without evidence",
		    db_subject(q));
	check_from(db, q, c->entry.body);
	q->phase = CANDIDATE_OPEN;
	q->candidate = c->entry.id;
	q->revision = 0;
	q->seen_at = c->seen_at;
	q->open_content = seen;
	db->n_candidates++;
	db_see_evidence(db, q, c->evidence, c->n_evidence, &c->entry.id);
	put_entry(db, &c->entry, false);
}

static void
apply_more(struct db *db, const struct commit_more *c)
{
	struct db_question *q = need(db, &c->key, "evidence");

	if (last_of(db, &c->change) == NULL)
		story_fail("oracle: evidence of %s for a change that is not "
			   "in the log",
		    db_subject(q));
	db_see_evidence(db, q, c->evidence, c->n_evidence, &c->change);
}

/* A first decision closes its candidate; later ones are about a decided one. */
static void
check_decision(
    struct db *db, struct db_question *q, const struct commit_decision *d)
{
	struct db_entry *last = last_of(db, &d->entry.id);
	bool transient = d->entry.label == LABEL_TRANSIENT;

	if (d->first && (q->phase != CANDIDATE_OPEN ||
			    !uuid_equal(&q->candidate, &d->entry.id)))
		story_fail("oracle: a first decision of %s without an open "
			   "candidate",
		    db_subject(q));
	if (!d->first && (last == NULL || last->revision == 0))
		story_fail("oracle: a later decision of %s before its first",
		    db_subject(q));
	if (d->entry.label == LABEL_NONE)
		story_fail(
		    "oracle: a decision of %s without a label", db_subject(q));
	if (d->first && d->believed == transient)
		story_fail("oracle: %s is %s and %sbelieved", db_subject(q),
		    label_text((enum label)d->entry.label),
		    d->believed ? "" : "not ");
	if (d->doubted && d->entry.label != LABEL_UNCONFIRMED)
		story_fail(
		    "oracle: %s is doubted and not unconfirmed", db_subject(q));
	if (d->first)
		check_from(db, q, d->entry.body);
	if (d->first && last != NULL)
		last->decided = true;
}

static void
check_to(struct db_question *q, const struct commit_decision *d,
    const struct packed *to)
{
	bool seen = packed_equal(to, &q->open_content);

	if (packed_equal(to, &q->content))
		story_fail("oracle: the change of %s differs in nothing",
		    db_subject(q));
	for (size_t i = 0; i < q->n_shown && !seen; i++)
		seen = packed_equal(to, &q->shown[i].content) &&
		       uuid_equal(&q->shown[i].change, &d->entry.id);
	/* R5: what said NXDOMAIN is taken as NODATA. */
	if (!seen && d->to->outcome != OUTCOME_NODATA)
		story_fail("oracle: %s becomes what no evidence of its change "
			   "shows",
		    db_subject(q));
}

static void
believe(struct db *db, struct db_question *q, const struct commit_decision *d,
    const struct packed *to)
{
	struct db_belief *b =
	    list_add(&q->beliefs, &q->n_beliefs, &q->beliefs_room, sizeof(*b));

	(void)db;
	b->content = q->content;
	b->ttl = d->from_ttl > q->ttl ? d->from_ttl : q->ttl;
	b->since = q->since;
	b->until = d->since > q->since ? d->since : q->since;
	q->content = *to;
	q->ttl = d->ttl;
	q->since = d->since;
	q->last_seen = d->since;
	for (size_t i = 0; i < d->n_evidence; i++) {
		if (d->evidence[i].content != NULL &&
		    content_equal(d->evidence[i].content, d->to) &&
		    d->evidence[i].last_at > q->last_seen)
			q->last_seen = d->evidence[i].last_at;
	}
	q->change = d->entry.id;
}

static void
apply_decision(struct db *db, const struct commit_decision *d, bool told)
{
	struct db_question *q = need(db, &d->key, "a decision");
	struct packed to = db_pack(db, d->to);

	check_decision(db, q, d);
	db_see_evidence(db, q, d->evidence, d->n_evidence, &d->entry.id);
	if (db->eye != NULL)
		db->eye->on_decision(db->eye->ctx, q, d);
	if (d->first)
		check_to(q, d, &to);
	if (d->believed)
		believe(db, q, d, &to);
	db_close_intervals(db, q, d);
	db_check_intervals(q);
	if (uuid_equal(&q->candidate, &d->entry.id)) {
		q->phase = d->doubted ? CANDIDATE_DOUBTED : CANDIDATE_NONE;
		q->revision = d->entry.revision;
	}
	put_entry(db, &d->entry, told);
}

static void
apply_decisions(struct db *db, const struct commit_decisions *c)
{
	size_t first = db->n_entries;
	uint8_t highest = 0;

	for (size_t i = 0; i < c->n_decisions; i++) {
		if (c->decisions[i].entry.severity > highest)
			highest = c->decisions[i].entry.severity;
		apply_decision(db, &c->decisions[i], c->n_alerts > 0);
	}
	put_alerts(db, c->alerts, c->n_alerts, first, c->n_decisions, highest);
}

static void
apply_events(struct db *db, const struct commit_events *c)
{
	size_t first = db->n_entries;
	uint8_t highest = 0;

	for (size_t i = 0; i < c->n_entries; i++) {
		if (c->entries[i].severity > highest)
			highest = c->entries[i].severity;
		put_entry(db, &c->entries[i], c->n_alerts > 0);
	}
	put_alerts(db, c->alerts, c->n_alerts, first, c->n_entries, highest);
}

/*
 * Of a zone's servers beside the question of its SOA, watched or not; of views
 * beside a question of one of them.
 */
static struct packed *
noted_in(struct db_question *q, const struct commit_attribute *c)
{
	bool of_zone = c->key.server == STORE_SERVER_ZONE;

	if (of_zone && q->type != TYPE_SOA)
		story_fail("oracle: %s is no SOA of a zone", db_subject(q));
	if (!of_zone && q->content.data == NULL)
		story_fail("oracle: an attribute of %s before its baseline",
		    db_subject(q));
	/* What the entries are about may have no row yet: its first answer
	 * comes in a batch of its own, and the log needs none. */
	if (c->key.server == STORE_SERVER_VIEWS)
		return &q->views;
	if (c->key.server == STORE_SERVER_EXPECT)
		return &q->expect;
	if (c->key.server == STORE_SERVER_POOL)
		return &q->pool;
	if (c->key.server == STORE_SERVER_DANGLING)
		return &q->dangling;
	if (c->key.server == STORE_SERVER_WILDCARD)
		return &q->wildcard;
	if (c->key.server == STORE_SERVER_LIFE)
		return &q->life;
	return of_zone ? &q->zone : &q->noted;
}

/* Each entry has its own alert, in the order of the entries. */
static void
apply_attribute(struct db *db, const struct commit_attribute *c)
{
	struct db_question *q = need(db, &c->key, "an attribute");
	struct packed *noted = noted_in(q, c);
	uint8_t *own = arena_copy(&db->arena, c->noted, c->noted_size);
	size_t at = 0;

	CHECK(own != NULL);
	/* With an event: serials come back, and are kept with events only. */
	if (c->n_entries == 0 && noted->size == c->noted_size &&
	    memcmp(noted->data, own, c->noted_size) == 0)
		story_fail("oracle: an attribute of %s is written that is "
			   "there",
		    db_subject(q));
	*noted = (struct packed){own, c->noted_size};
	for (size_t i = 0; i < c->n_entries; i++) {
		const struct commit_entry *e = &c->entries[i];
		bool told = severity_is_told((enum severity)e->severity) &&
		            db->n_sinks > 0;

		put_entry(db, e, told);
		if (told && (at == c->n_alerts ||
				!uuid_equal(&c->alerts[at].id, &e->id)))
			story_fail("oracle: an event of %s has no alert",
			    db_subject(q));
		if (told)
			put_alert(db, &c->alerts[at++], db->n_entries - 1, 1);
	}
	if (at != c->n_alerts)
		story_fail(
		    "oracle: an alert of %s has no event", db_subject(q));
}

/* R17: both answers are kept, and neither as something that was seen. */
static void
apply_told(struct db *db, const struct commit_told *c)
{
	struct db_question *q = need(db, &c->key, "an event");
	bool told = severity_is_told((enum severity)c->entry.severity) &&
	            db->n_sinks > 0;

	for (size_t i = 0; i < c->n_evidence; i++) {
		if (c->evidence[i].raw == NULL)
			story_fail(
			    "oracle: an event of %s without a raw answer",
			    db_subject(q));
		if (c->evidence[i].content != NULL)
			story_fail(
			    "oracle: %s opens an interval", db_subject(q));
	}
	if (told != (c->alert != NULL))
		story_fail(
		    "oracle: an event of %s has no alert", db_subject(q));
	put_entry(db, &c->entry, told);
	if (told)
		put_alert(db, c->alert, db->n_entries - 1, 1);
	if (c->signatures == NULL)
		return;
	if (q->signed_told == c->signatures->told)
		story_fail("oracle: of the signatures of %s is told what is "
			   "known",
		    db_subject(q));
	q->signed_told = c->signatures->told;
	q->signed_since = c->signatures->since;
}

static void
apply_outage(struct db *db, const struct commit_outage *c)
{
	struct db_question *q = need(db, &c->key, "an outage");
	bool same = q->n_outages > 0 && q->failing_since == c->since;

	if (!same && q->failing)
		story_fail("oracle: a second open outage of %s", db_subject(q));
	if (!same) {
		q->n_outages++;
		q->bogus = (struct packed){NULL, 0};
	}
	if (c->bogus != NULL)
		q->bogus = (struct packed){
		    arena_copy(&db->arena, c->bogus, c->bogus_size),
		    c->bogus_size};
	if (c->until != 0 && c->until < c->since)
		story_fail("oracle: the outage of %s ends before it begins",
		    db_subject(q));
	q->failing = c->until == 0;
	q->failing_since = c->since;
	q->failing_until = c->until;
	q->failing_told = c->told;
	q->fail = c->fail;
	story_trace(
	    "outage %s %s", db_subject(q), q->failing ? "open" : "over");
}

static bool
is_stretching(const struct db_question *q)
{
	return q->n_stretches > 0 && q->stale_until == 0;
}

/* One write when it begins and one when it ends. */
static void
apply_stale(struct db *db, const struct commit_stale *c)
{
	struct db_question *q = need(db, &c->key, "a stale stretch");
	bool same = q->n_stretches > 0 && q->stale_since == c->since;

	if (!same && is_stretching(q))
		story_fail(
		    "oracle: a second stale stretch of %s", db_subject(q));
	if (same == (c->until == 0))
		story_fail("oracle: the stale stretch of %s is written again",
		    db_subject(q));
	if (same && (!is_stretching(q) || c->until < c->since))
		story_fail("oracle: the stale stretch of %s cannot end so",
		    db_subject(q));
	q->n_stretches += !same;
	q->stale_since = c->since;
	q->stale_until = c->until;
	story_trace(
	    "stale %s %s", db_subject(q), is_stretching(q) ? "open" : "over");
}

/* What a day counted replaces what it had; a day that is over stays. */
static void
apply_pool_day(struct db *db, const struct commit_pool_day *c)
{
	struct db_question *q = need(db, &c->key, "a pool's day");

	if (q->pool.data == NULL)
		story_fail(
		    "oracle: a day of %s without its pool", db_subject(q));
	if (c->day < q->pool_day)
		story_fail("oracle: a day of %s is written when it is over",
		    db_subject(q));
	q->n_pool_days += c->day != q->pool_day;
	q->pool_day = c->day;
	story_trace(
	    "pool %s: %u answers %s", db_subject(q), c->answers, c->counts);
}

static void
apply_settled(
    struct db *db, const struct store_key *key, const struct uuid *change)
{
	struct db_question *q = need(db, key, "settling");

	if (!uuid_equal(&q->candidate, change))
		return;
	if (q->phase == CANDIDATE_OPEN)
		story_fail("oracle: %s is settled before it was decided",
		    db_subject(q));
	q->phase = CANDIDATE_NONE;
}

static void
apply_span(struct db *db, const struct commit_span *c)
{
	struct commit_span *own;

	if (c->to < c->from)
		story_fail("oracle: a span ends before it begins");
	for (size_t i = db->n_spans; i > 0; i--) {
		own = &db->spans[i - 1];
		if (own->every_s == c->every_s && own->from == c->from &&
		    own->anchor == c->anchor) {
			if (c->to > own->to)
				own->to = c->to;
			return;
		}
	}
	own = list_add(&db->spans, &db->n_spans, &db->spans_room, sizeof(*own));
	*own = *c;
}

static void
apply_seen(struct db *db, const struct store_key *key, wall_us at)
{
	struct db_question *q = need(db, key, "a sighting");

	if (q->content.data != NULL && at > q->last_seen)
		q->last_seen = at;
}

void
db_apply(struct db *db, struct op *op)
{
	switch (op->kind) {
	case OP_QUESTION:
		apply_question(db, &op->u.question);
		break;
	case OP_BASELINE:
		apply_baseline(db, &op->u.baseline);
		break;
	case OP_SIGHT:
		apply_sight(db, &op->u.sight);
		break;
	case OP_MORE:
		apply_more(db, &op->u.more);
		break;
	case OP_DECISIONS:
		apply_decisions(db, &op->u.decisions);
		break;
	case OP_EVENTS:
		apply_events(db, &op->u.events);
		break;
	case OP_OUTAGE:
		apply_outage(db, &op->u.outage);
		break;
	case OP_STALE:
		apply_stale(db, &op->u.stale);
		break;
	case OP_POOL_DAY:
		apply_pool_day(db, &op->u.pool_day);
		break;
	case OP_SETTLED:
		apply_settled(db, &op->u.settled.key, &op->u.settled.change);
		break;
	case OP_ATTRIBUTE:
		apply_attribute(db, &op->u.attribute);
		break;
	case OP_TOLD:
		apply_told(db, &op->u.told);
		break;
	case OP_GATHERED:
		apply_gathered(db, &op->u.gathered);
		break;
	case OP_SPANS:
		for (size_t i = 0; i < op->u.spans.n; i++)
			apply_span(db, &op->u.spans.list[i]);
		break;
	case OP_SEEN:
		for (size_t i = 0; i < op->u.seen.n; i++)
			apply_seen(db, &op->u.seen.keys[i], op->u.seen.at[i]);
		break;
	}
}
