/* SPDX-License-Identifier: ISC */

/* What the fake database keeps, and the ledger's reading of it. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/record.h"
#include "fake_store.h"
#include "play.h"

struct db *
db_new(struct loop *loop)
{
	struct db *db = calloc(1, sizeof(*db));

	CHECK(db != NULL);
	db->loop = loop;
	return db;
}

void
db_free(struct db *db)
{
	for (size_t i = 0; i < db->n_questions; i++) {
		free(db->questions[i]->intervals);
		free(db->questions[i]->beliefs);
		free(db->questions[i]->shown);
		free(db->questions[i]);
	}
	free(db->questions);
	free(db->entries);
	free(db->alerts);
	free(db->spans);
	free(db->members);
	arena_fini(&db->arena);
	free(db);
}

struct db_question *
db_find(const struct db *db, const struct name *name, uint16_t type)
{
	for (size_t i = 0; i < db->n_questions; i++) {
		struct db_question *q = db->questions[i];

		if (q->type == type && name_equal(q->name.wire, name->wire))
			return q;
	}
	return NULL;
}

struct db_question *
db_of_key(const struct db *db, const struct store_key *key)
{
	for (size_t i = 0; i < db->n_questions; i++) {
		struct db_question *q = db->questions[i];

		if (uuid_equal(&q->key.question, &key->question))
			return q;
	}
	return NULL;
}

struct uuid
db_link(const struct record *r)
{
	const struct hash_key keys[] = {{1, r->type}, {2, r->type}};
	uint64_t halves[2];
	struct uuid link;

	for (int i = 0; i < 2; i++)
		halves[i] = hash_sip(&keys[i], r->rdata, r->size);
	memcpy(link.b, halves, sizeof(link.b));
	return link;
}

struct packed
db_pack(struct db *db, const struct content *c)
{
	struct buf b = {0};
	struct packed p;

	content_pack(c, &b);
	CHECK(b.err == 0);
	p.data = arena_copy(&db->arena, b.data, b.size);
	p.size = b.size;
	CHECK(p.data != NULL);
	buf_fini(&b);
	return p;
}

/* The end less the wait, or the first planned time, which was asked. */
static wall_us
by_wait(const struct commit_span *s, const struct db_question *q, wall_us to)
{
	wall_us every = WALL_S(q->every_s);
	wall_us base = s->anchor + WALL_MS(q->phase_ms);
	wall_us first = base + (s->from - base + every - 1) / every * every;
	wall_us seen = to - WALL_S(q->wait_s);

	return s->started && first <= to && first > seen ? first : seen;
}

/*
 * The latest planned time at most `ceiling` that lies in a span: with an open
 * candidate or outage, one interval before its beginning.  Where polls are not
 * at planned times, the wait before the end of what the span says.
 */
wall_us
db_last_seen(const struct db *db, const struct db_question *q, wall_us ceiling)
{
	wall_us every = WALL_S(q->every_s);
	wall_us phase = WALL_MS(q->phase_ms);
	wall_us best = q->last_seen;

	if (q->content.data == NULL || !q->watched)
		return best;
	if (q->phase == CANDIDATE_OPEN && q->seen_at < ceiling)
		ceiling = q->seen_at;
	if (q->failing && q->failing_since < ceiling)
		ceiling = q->failing_since;
	if (ceiling != INT64_MAX)
		ceiling -= every;
	for (size_t i = 0; i < db->n_spans; i++) {
		const struct commit_span *s = &db->spans[i];
		wall_us to = s->to < ceiling ? s->to : ceiling;
		wall_us plan;

		if (s->every_s != q->every_s || to < s->anchor + phase)
			continue;
		plan = s->anchor + phase +
		       (to - s->anchor - phase) / every * every;
		if (q->wait_s > 0)
			plan = by_wait(s, q, to);
		if (plan >= s->from && plan > best && plan > q->planned_since)
			best = plan;
	}
	return best;
}

void
db_print(const struct packed *p, struct buf *out)
{
	struct arena a = {0};
	char name[NAME_TEXT_SIZE];
	struct content c;

	if (p->data == NULL) {
		buf_add_text(out, "nothing");
		return;
	}
	CHECK(content_unpack(p->data, p->size, &a, &c) == 0);
	for (uint16_t i = 0; i < c.n_chain; i++)
		buf_printf(out, "%s%s", i == 0 ? "via " : ",",
		    name_print(c.chain[i], name));
	if (c.n_chain > 0)
		buf_add_text(out, " ");
	if (c.partial)
		buf_add_text(out, "partial ");
	if (c.outcome == OUTCOME_UNREADABLE)
		buf_printf(out, "UNREADABLE %s", unreadable_text(c.reason));
	else if (c.outcome != OUTCOME_ANSWER || c.n_records == 0)
		buf_add_text(out, outcome_text(c.outcome));
	for (uint16_t i = 0; i < c.n_records; i++) {
		if (i > 0)
			buf_add_text(out, ", ");
		record_print(&c.records[i], out, 0);
	}
	arena_fini(&a);
}
