/* SPDX-License-Identifier: ISC */
/* store_world -- see store_world.h. */

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store_world.h"

static void
on_timeout(void *ctx)
{
	struct probe *p = ctx;

	p->timed_out = true;
	loop_stop(p->loop);
}

/* Runs the loop until somebody stops it. */
void
run(struct probe *p, mono_ns limit)
{
	p->timed_out = false;
	loop_timer_in(p->timer, limit);
	loop_run(p->loop);
	loop_timer_stop(p->timer);
}

static void
on_state(void *ctx, enum store_state state, const char *why)
{
	static const char *const names[] = {
	    "connecting", "ready", "down", "refused", "fenced"};
	struct probe *p = ctx;

	printf("state %s %s\n", names[state], why);
	if (state == STORE_READY || state == STORE_REFUSED ||
	    state == STORE_FENCED)
		loop_stop(p->loop);
}

void
on_done(void *ctx, int err)
{
	struct probe *p = ctx;

	CHECK(p->open > 0);
	p->last_err = err;
	if (err != 0)
		p->failed++;
	if (--p->open == 0)
		loop_stop(p->loop);
}

/* Waits until every callback that is owed came. */
void
settle(struct probe *p)
{
	commit_flush(p->store);
	while (p->open > 0) {
		run(p, MONO_S(WAIT_S));
		CHECK(!p->timed_out);
		commit_flush(p->store);
	}
}

void
start(struct probe *p, const char *conninfo)
{
	p->loop = loop_new();
	p->timer = loop_timer_new(p->loop, on_timeout, p);
	p->store = store_new(p->loop, conninfo, on_state, p);
	CHECK(p->store != NULL);
	p->now = loop_wall(p->loop);
	store_start(p->store);
	while (store_state_now(p->store) == STORE_CONNECTING ||
	       store_state_now(p->store) == STORE_DOWN) {
		run(p, MONO_S(WAIT_S));
		CHECK(!p->timed_out);
	}
}

void
finish(struct probe *p)
{
	store_free(p->store);
	loop_timer_free(p->timer);
	loop_free(p->loop);
}

/* ---- made-up questions and answers ---- */

struct subject
subject(const char *prefix, unsigned n, uint16_t type)
{
	struct subject s;
	const char *why;
	char text[128];

	snprintf(text, sizeof text, "%s%u.example.com.", prefix, n);
	CHECK(name_parse(text, &s.name, &why) == 0);
	name_print(s.name.wire, s.text);
	s.key.question =
	    question_key("default", s.name.wire, s.name.size, type);
	s.key.shard = question_shard(s.name.wire, s.name.size);
	s.key.server = 0;
	return s;
}

void
answer(struct answer *a, unsigned first, unsigned second)
{
	const unsigned v[2] = {first, second};

	memset(a, 0, sizeof *a);
	a->content.outcome = OUTCOME_ANSWER;
	a->content.n_records = second != 0 ? 2 : 1;
	a->content.records = a->records;
	for (unsigned i = 0; i < a->content.n_records; i++) {
		a->rdata[i][0] = 10;
		a->rdata[i][1] = (uint8_t)(v[i] >> 16);
		a->rdata[i][2] = (uint8_t)(v[i] >> 8);
		a->rdata[i][3] = (uint8_t)v[i];
		a->records[i] = (struct record){TYPE_A, 4, a->rdata[i], 300};
	}
}

void
nxdomain(struct answer *a)
{
	memset(a, 0, sizeof *a);
	a->content.outcome = OUTCOME_NXDOMAIN;
}

void
put_question(
    struct probe *p, const struct subject *s, bool watched, uint32_t every_s)
{
	static const char *const tags[] = {"owned", "we \"quote\" \\ {x,y}"};
	static const char *const lists[] = {"main"};
	const struct commit_question q = {.key = s->key,
	    .name = s->name.wire,
	    .name_size = s->name.size,
	    .type = TYPE_A,
	    .view = "default",
	    .watched = watched,
	    .every_s = every_s,
	    .phase_ms = 5000,
	    .attributes = 0xfedcba9876543210u,
	    .tags = tags,
	    .n_tags = 2,
	    .lists = lists,
	    .n_lists = 1,
	    .owner = "web-team",
	    .at = p->now};

	p->open++;
	commit_question(p->store, &q, on_done, p);
}

void
put_baseline(struct probe *p, const struct subject *s, const struct answer *a)
{
	const struct commit_baseline c = {.key = s->key,
	    .name = s->name.wire,
	    .content = &a->content,
	    .ttl = 300,
	    .at = p->now};

	p->open++;
	commit_baseline(p->store, &c, on_done, p);
}

struct commit_evidence
evidence(struct probe *p, const struct answer *a)
{
	static const uint8_t raw[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1};
	const struct commit_evidence e = {.at = p->now,
	    .server = "192.0.2.53:53",
	    .group = "192.0.2.53",
	    .outcome = (uint8_t)a->content.outcome,
	    .ttl = 300,
	    .flags = 0x8180,
	    .ede = -1,
	    .raw = raw,
	    .raw_size = sizeof raw,
	    .count = 1,
	    .last_at = p->now,
	    .content = &a->content};

	return e;
}

struct commit_entry
entry(
    struct probe *p, const struct subject *s, struct uuid id, uint32_t revision)
{
	static const char *const tags[] = {"owned"};
	const struct commit_entry e = {.id = id,
	    .revision = revision,
	    .at = p->now,
	    .class_ = revision == 0 ? "candidate" : "change",
	    .body = "{\"schema\":1,\"class\":\"change\",\"x\":\"\\u00ff\"}",
	    .name = s->text,
	    .type = TYPE_A,
	    .view = "default",
	    .kind = 6,
	    .severity = 3,
	    .label = 1,
	    .lists = tags,
	    .n_lists = 1,
	    .tags = tags,
	    .n_tags = 1};

	return e;
}

void
put_sight(struct probe *p, const struct subject *s, struct uuid id,
    const struct answer *a)
{
	const struct commit_evidence e = evidence(p, a);
	const struct commit_sight c = {s->key, s->name.wire, entry(p, s, id, 0),
	    &a->content, p->now, &e, 1};

	p->open++;
	commit_sight(p->store, &c, on_done, p);
}

void
put_decision(struct probe *p, const struct subject *s, struct uuid id,
    const struct answer *to, const struct choice *how)
{
	const struct commit_evidence e = evidence(p, to);
	const struct commit_decision d = {.key = s->key,
	    .name = s->name.wire,
	    .entry = entry(p, s, id, how->revision),
	    .first = how->revision == 1,
	    .believed = !how->transient,
	    .doubted = how->doubted,
	    .to = &to->content,
	    .ttl = 300,
	    .keep = &to->content,
	    .from_seen = how->from_seen,
	    .since = how->since,
	    .evidence = &e,
	    .n_evidence = 1};
	const struct commit_alert alert = {id, how->revision, "change", s->text,
	    NULL, how->sinks, how->n_sinks, NULL, false};
	const struct commit_decisions c = {
	    &d, 1, &alert, how->n_sinks > 0 ? 1 : 0};

	p->open++;
	commit_decisions(p->store, &c, on_done, p);
}

/* As evidence() made it. */
static void
check_held(const struct store_held *h)
{
	CHECK(strcmp(h->server, "192.0.2.53:53") == 0);
	CHECK(h->at != 0 && h->last_at >= h->at && h->count >= 1);
	CHECK(strcmp(h->group, "192.0.2.53") == 0 && h->transport == 0);
	CHECK(h->ttl == 300 && h->flags == 0x8180 && h->ede == -1);
	CHECK(h->raw_size == 8 && h->raw[0] == 0x12 && h->raw[7] == 1);
}

void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct probe *p = ctx;

	CHECK(err == 0 || b == NULL);
	if (b != NULL) {
		p->known = b->known;
		p->phase = b->phase;
		p->n_sets = b->n_sets_day;
		p->n_elements = b->n_elements;
		p->n_held = b->n_held;
		for (size_t i = 0; i < b->n_held; i++)
			check_held(&b->held[i]);
		p->since = b->since;
		p->last_seen = b->last_seen;
		p->change = b->change;
		for (size_t i = 0; i < b->n_elements && i < 8; i++)
			p->elements[i] = b->elements[i];
	}
	on_done(p, err);
}

void
fetch(struct probe *p, const struct subject *s, const struct answer *a)
{
	const struct store_fetch f = {s->key, &a->content, p->now, true};

	p->open++;
	store_fetch(p->store, &f, on_believed, p);
	settle(p);
}

static void
on_row(void *ctx, const struct store_row *row)
{
	struct probe *p = ctx;

	CHECK(row->name != NULL && row->key.shard < STORE_SHARDS);
	p->rows++;
	p->rows_open += row->phase == CANDIDATE_OPEN;
	p->rows_doubted += row->phase == CANDIDATE_DOUBTED;
	p->rows_failing += row->failing;
	p->rows_state += row->content != NULL;
	p->rows_pool += row->pool_size == 4 && row->pool[3] == 255;
	if (row->content != NULL)
		CHECK(row->last_seen != 0);
	CHECK(strcmp(row->view, "default") == 0);
	CHECK(row->attributes == 0xfedcba9876543210u);
	if (row->phase != CANDIDATE_NONE)
		CHECK(row->seen_at != 0 && !uuid_is_nil(&row->change));
}

void
load(struct probe *p)
{
	p->rows = p->rows_open = p->rows_doubted = 0;
	p->rows_failing = p->rows_state = p->rows_pool = 0;
	p->open++;
	store_load(p->store, on_row, on_done, p);
	settle(p);
	CHECK(p->last_err == 0);
}

/* A pool and its day, twice: the second stays. */
void
put_pool(struct probe *p, const struct subject *s)
{
	static const uint8_t pool[] = {1, 4, 0, 255};
	struct commit_pool_day d = {.key = s->key,
	    .day = p->now - p->now % WALL_S(86400),
	    .answers = 1,
	    .counts = "{\"10.0.0.1\":1}"};
	const struct commit_attribute a = {
	    .key = {s->key.question, s->key.shard, STORE_SERVER_POOL},
	    .noted = pool,
	    .noted_size = sizeof pool,
	    .at = p->now};

	for (int i = 0; i < 2; i++) {
		p->open += 2;
		commit_attribute(p->store, &a, on_done, p);
		commit_pool_day(p->store, &d, on_done, p);
		d.answers = 7;
		d.counts = "{\"10.0.0.1\":3,\"10.0.0.2\":7}";
	}
	settle(p);
	load(p);
	CHECK(p->rows_pool == 1);
}
