/* SPDX-License-Identifier: ISC */

/*
 * commit.h: every item is copied whole, as the real store does, so that
 * whatever the monitor lends may be gone after the call.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fake_store.h"

static struct op *
op_new(enum op_kind kind, store_done_fn *done, void *ctx)
{
	struct op *op = calloc(1, sizeof(*op));

	CHECK(op != NULL);
	op->kind = kind;
	op->done = done;
	op->ctx = ctx;
	return op;
}

static const void *
copy(struct op *op, const void *data, size_t size)
{
	void *own;

	if (data == NULL)
		return NULL;
	own = arena_copy(&op->arena, data, size);
	CHECK(own != NULL);
	return own;
}

static const char *
copy_text(struct op *op, const char *text)
{
	return text == NULL ? NULL : copy(op, text, strlen(text) + 1);
}

static const char *const *
copy_texts(struct op *op, const char *const *list, size_t n)
{
	const char **own = arena_get(&op->arena, (n + 1) * sizeof(*own));

	CHECK(own != NULL);
	for (size_t i = 0; i < n; i++)
		own[i] = copy_text(op, list[i]);
	return own;
}

static const uint8_t *
copy_name(struct op *op, const uint8_t *wire)
{
	return wire == NULL ? NULL : copy(op, wire, name_size(wire));
}

static const struct content *
copy_content(struct op *op, const struct content *c)
{
	struct content *own;

	if (c == NULL)
		return NULL;
	own = arena_get(&op->arena, sizeof(*own));
	CHECK(own != NULL && content_copy(c, &op->arena, own) == 0);
	return own;
}

static const struct commit_evidence *
copy_evidence(struct op *op, const struct commit_evidence *list, size_t n)
{
	struct commit_evidence *own =
	    arena_get(&op->arena, (n + 1) * sizeof(*own));

	CHECK(own != NULL);
	for (size_t i = 0; i < n; i++) {
		own[i] = list[i];
		own[i].server = copy_text(op, list[i].server);
		own[i].group = copy_text(op, list[i].group);
		own[i].raw = copy(op, list[i].raw, list[i].raw_size);
		own[i].content = copy_content(op, list[i].content);
	}
	return own;
}

static void
copy_entry(struct op *op, struct commit_entry *e)
{
	e->class_ = copy_text(op, e->class_);
	e->body = copy_text(op, e->body);
	e->name = copy_text(op, e->name);
	e->event = copy_text(op, e->event);
	e->view = NULL;
	e->lists = NULL;
	e->tags = NULL;
}

static const struct commit_entry *
copy_entries(struct op *op, const struct commit_entry *list, size_t n)
{
	struct commit_entry *own =
	    arena_get(&op->arena, (n + 1) * sizeof(*own));

	CHECK(own != NULL);
	for (size_t i = 0; i < n; i++) {
		own[i] = list[i];
		copy_entry(op, &own[i]);
	}
	return own;
}

static const struct commit_alert *
copy_alerts(struct op *op, const struct commit_alert *list, size_t n)
{
	struct commit_alert *own =
	    arena_get(&op->arena, (n + 1) * sizeof(*own));

	CHECK(own != NULL);
	for (size_t i = 0; i < n; i++) {
		own[i] = list[i];
		own[i].class_ = copy_text(op, list[i].class_);
		own[i].name = copy_text(op, list[i].name);
		own[i].group = copy_text(op, list[i].group);
		own[i].sinks = NULL;
		own[i].held_by = copy_text(op, list[i].held_by);
	}
	return own;
}

void
commit_question(struct store *s, const struct commit_question *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_QUESTION, done, ctx);

	op->u.question = *c;
	op->u.question.name = copy_name(op, c->name);
	op->u.question.view = copy_text(op, c->view);
	op->u.question.on_lists = copy_texts(op, c->on_lists, c->n_on_lists);
	if (c->first_reported != NULL)
		op->u.question.first_reported = copy(op, c->first_reported,
		    c->n_on_lists * sizeof(*c->first_reported));
	if (c->ends != NULL)
		op->u.question.ends =
		    copy(op, c->ends, c->n_on_lists * sizeof(*c->ends));
	store_enqueue(s, op);
}

/* The same two items: how they travel is the store's own affair. */
void
commit_first(struct store *s, const struct commit_question *c,
    const struct commit_baseline *answer)
{
	commit_question(s, c, NULL, NULL);
	if (answer != NULL)
		commit_baseline(s, answer, NULL, NULL);
}

void
commit_baseline(struct store *s, const struct commit_baseline *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_BASELINE, done, ctx);

	op->u.baseline = *c;
	op->u.baseline.name = copy_name(op, c->name);
	op->u.baseline.content = copy_content(op, c->content);
	if (c->entry != NULL)
		op->u.baseline.entry = copy_entries(op, c->entry, 1);
	if (c->alert != NULL)
		op->u.baseline.alert = copy_alerts(op, c->alert, 1);
	store_enqueue(s, op);
}

void
commit_sight(struct store *s, const struct commit_sight *c, store_done_fn *done,
    void *ctx)
{
	struct op *op = op_new(OP_SIGHT, done, ctx);
	struct commit_sight *own = &op->u.sight;

	*own = *c;
	own->name = copy_name(op, c->name);
	copy_entry(op, &own->entry);
	own->seen = copy_content(op, c->seen);
	own->evidence = copy_evidence(op, c->evidence, c->n_evidence);
	store_enqueue(s, op);
}

void
commit_more(struct store *s, const struct commit_more *c, store_done_fn *done,
    void *ctx)
{
	struct op *op = op_new(OP_MORE, done, ctx);

	op->u.more = *c;
	op->u.more.name = copy_name(op, c->name);
	op->u.more.evidence = copy_evidence(op, c->evidence, c->n_evidence);
	store_enqueue(s, op);
}

void
commit_decisions(struct store *s, const struct commit_decisions *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_DECISIONS, done, ctx);
	struct commit_decision *own =
	    arena_get(&op->arena, (c->n_decisions + 1) * sizeof(*own));

	CHECK(own != NULL);
	op->u.decisions = *c;
	for (size_t i = 0; i < c->n_decisions; i++) {
		own[i] = c->decisions[i];
		own[i].name = copy_name(op, own[i].name);
		copy_entry(op, &own[i].entry);
		own[i].to = copy_content(op, own[i].to);
		own[i].keep = copy_content(op, own[i].keep);
		own[i].evidence =
		    copy_evidence(op, own[i].evidence, own[i].n_evidence);
	}
	op->u.decisions.decisions = own;
	op->u.decisions.alerts = copy_alerts(op, c->alerts, c->n_alerts);
	store_enqueue(s, op);
}

void
commit_events(struct store *s, const struct commit_events *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_EVENTS, done, ctx);

	op->u.events = *c;
	op->u.events.entries = copy_entries(op, c->entries, c->n_entries);
	op->u.events.keys = copy(op, c->keys, c->n_entries * sizeof(*c->keys));
	op->u.events.alerts = copy_alerts(op, c->alerts, c->n_alerts);
	store_enqueue(s, op);
}

void
commit_gathered(struct store *s, const struct commit_gathered *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_GATHERED, done, ctx);
	struct commit_gathered *own = &op->u.gathered;

	*own = *c;
	own->alert = copy_alerts(op, c->alert, 1);
	own->members = copy(op, c->members, c->n_members * sizeof(*c->members));
	own->told = copy(op, c->told, c->n_told * sizeof(*c->told));
	store_enqueue(s, op);
}

void
commit_told(struct store *s, const struct commit_told *c, store_done_fn *done,
    void *ctx)
{
	struct op *op = op_new(OP_TOLD, done, ctx);
	struct commit_told *own = &op->u.told;

	*own = *c;
	copy_entry(op, &own->entry);
	own->evidence = copy_evidence(op, c->evidence, c->n_evidence);
	if (c->alert != NULL)
		own->alert = copy_alerts(op, c->alert, 1);
	if (c->signatures != NULL)
		own->signatures =
		    copy(op, c->signatures, sizeof(*c->signatures));
	store_enqueue(s, op);
}

void
commit_attribute(struct store *s, const struct commit_attribute *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_ATTRIBUTE, done, ctx);
	struct commit_attribute *own = &op->u.attribute;

	*own = *c;
	own->noted = copy(op, c->noted, c->noted_size);
	own->entries = copy_entries(op, c->entries, c->n_entries);
	own->alerts = copy_alerts(op, c->alerts, c->n_alerts);
	own->about = copy(op, c->about, sizeof(*c->about));
	store_enqueue(s, op);
}

void
commit_outage(struct store *s, const struct commit_outage *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_OUTAGE, done, ctx);

	op->u.outage = *c;
	if (c->bogus != NULL)
		op->u.outage.bogus = copy(op, c->bogus, c->bogus_size);
	store_enqueue(s, op);
}

void
commit_stale(struct store *s, const struct commit_stale *c, store_done_fn *done,
    void *ctx)
{
	struct op *op = op_new(OP_STALE, done, ctx);

	op->u.stale = *c;
	store_enqueue(s, op);
}

void
commit_pool_day(struct store *s, const struct commit_pool_day *c,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_POOL_DAY, done, ctx);

	op->u.pool_day = *c;
	op->u.pool_day.counts = copy(op, c->counts, strlen(c->counts) + 1);
	store_enqueue(s, op);
}

void
commit_settled(struct store *s, const struct store_key *key,
    const struct uuid *change, store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_SETTLED, done, ctx);

	op->u.settled.key = *key;
	op->u.settled.change = *change;
	store_enqueue(s, op);
}

void
commit_spans(struct store *s, const struct commit_span *spans, size_t n,
    store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_SPANS, done, ctx);
	struct commit_span *own = arena_get(&op->arena, (n + 1) * sizeof(*own));

	CHECK(own != NULL);
	if (n > 0)
		memcpy(own, spans, n * sizeof(*own));
	op->u.spans.list = own;
	op->u.spans.n = n;
	store_enqueue(s, op);
}

void
commit_seen(struct store *s, const struct store_key *keys, const wall_us *at,
    size_t n, store_done_fn *done, void *ctx)
{
	struct op *op = op_new(OP_SEEN, done, ctx);

	op->u.seen.keys = arena_get(&op->arena, (n + 1) * sizeof(*keys));
	op->u.seen.at = arena_get(&op->arena, (n + 1) * sizeof(*at));
	CHECK(op->u.seen.keys != NULL && op->u.seen.at != NULL);
	if (n > 0) {
		memcpy(op->u.seen.keys, keys, n * sizeof(*keys));
		memcpy(op->u.seen.at, at, n * sizeof(*at));
	}
	op->u.seen.n = n;
	store_enqueue(s, op);
}

int64_t
commit_seq(const struct store *s)
{
	(void)s;
	return 0;
}
