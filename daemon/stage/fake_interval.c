/* SPDX-License-Identifier: ISC */

/* Intervals of records: opened by replies, closed by decisions. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/record.h"
#include "dns/type.h"
#include "fake_apply.h"
#include "play.h"

static struct db_interval *
interval_of(struct db_question *q, const struct uuid *link)
{
	for (size_t i = 0; i < q->n_intervals; i++) {
		if (q->intervals[i].closed == 0 &&
		    uuid_equal(&q->intervals[i].link, link))
			return &q->intervals[i];
	}
	return NULL;
}

typedef void link_fn(
    void *ctx, const struct uuid *link, const struct record *r);

/* Every record of the content, or its outcome, by its key. */
static void
each_link(const struct content *c, link_fn *fn, void *ctx)
{
	struct record alias = {.type = TYPE_CNAME};
	struct uuid link;

	for (uint16_t i = 0; i < c->n_chain; i++) {
		alias.rdata = c->chain[i];
		alias.size = (uint16_t)name_size(c->chain[i]);
		link = db_link(&alias);
		fn(ctx, &link, &alias);
	}
	for (uint16_t i = 0; i < c->n_records; i++) {
		link = db_link(&c->records[i]);
		fn(ctx, &link, &c->records[i]);
	}
	if (c->n_records == 0) {
		memset(&link, 0, sizeof(link));
		link.b[0] = 0xff;
		link.b[1] = (uint8_t)c->outcome;
		fn(ctx, &link, NULL);
	}
}

struct see {
	struct db *db;
	struct db_question *q;
	wall_us at, last;
	bool believed;
};

static void
see_link(void *ctx, const struct uuid *link, const struct record *r)
{
	const struct see *s = ctx;
	struct db_interval *v = interval_of(s->q, link);
	struct buf text = {0};

	if (v == NULL) {
		v = list_add(&s->q->intervals, &s->q->n_intervals,
		    &s->q->intervals_room, sizeof(*v));
		v->link = *link;
		v->record = *link;
		v->rrtype = r == NULL ? 0 : r->type;
		if (r != NULL)
			record_print(r, &text, 0);
		v->text = db_keep_text(
		    s->db, r == NULL ? "(no records)" : buf_text(&text));
		v->first_seen = s->at;
		buf_fini(&text);
	}
	if (s->last > v->last_seen)
		v->last_seen = s->last;
	if (s->at < v->first_seen)
		v->first_seen = s->at;
	v->believed = v->believed || s->believed;
}

void
db_see_baseline(
    struct db *db, struct db_question *q, const struct content *c, wall_us at)
{
	struct see s = {db, q, at, at, true};

	each_link(c, see_link, &s);
}

static void
see_content(struct db *db, struct db_question *q,
    const struct commit_evidence *e, const struct uuid *change)
{
	const struct content *c = e->content;
	struct see s = {db, q, e->at, e->last_at, false};
	struct db_shown *shown;

	shown =
	    list_add(&q->shown, &q->n_shown, &q->shown_room, sizeof(*shown));
	shown->content = db_pack(db, c);
	shown->change = *change;
	shown->by = db_keep_text(db, e->server);
	shown->ttl = e->ttl;
	shown->at = e->at;
	shown->held = (struct store_held){
	    .at = e->at,
	    .last_at = e->last_at,
	    .count = e->count,
	    .ttl = e->ttl,
	    .flags = e->flags,
	    .ede = e->ede,
	    .transport = e->transport,
	    .server = shown->by,
	    .group = db_keep_text(db, e->group),
	    .raw = e->raw == NULL ? NULL
	                          : arena_copy(&db->arena, e->raw, e->raw_size),
	    .raw_size = e->raw_size,
	};
	each_link(c, see_link, &s);
}

void
db_see_evidence(struct db *db, struct db_question *q,
    const struct commit_evidence *list, size_t n, const struct uuid *change)
{
	for (size_t i = 0; i < n; i++) {
		if ((list[i].content != NULL) != (list[i].fail == 0))
			story_fail("oracle: evidence of %s is neither a reply "
				   "nor a failure",
			    db_subject(q));
		if (list[i].last_at < list[i].at || list[i].count == 0)
			story_fail("oracle: evidence of %s ends before it "
				   "begins",
			    db_subject(q));
		if (db->eye != NULL)
			db->eye->on_evidence(db->eye->ctx, q, &list[i], change);
		if (list[i].content != NULL)
			see_content(db, q, &list[i], change);
	}
}

struct has {
	const struct uuid *want;
	bool found;
};

static void
has_link(void *ctx, const struct uuid *link, const struct record *r)
{
	struct has *h = ctx;

	(void)r;
	h->found = h->found || uuid_equal(link, h->want);
}

void
db_close_intervals(
    struct db *db, struct db_question *q, const struct commit_decision *d)
{
	struct see s = {db, q, d->since, d->since, true};

	for (size_t i = 0; i < q->n_intervals; i++) {
		struct db_interval *v = &q->intervals[i];
		struct has h = {&v->link, false};

		if (v->closed != 0)
			continue;
		each_link(d->keep, has_link, &h);
		if (!h.found) {
			if (v->believed && d->from_seen > v->last_seen)
				v->last_seen = d->from_seen;
			v->closed = d->entry.at != 0 ? d->entry.at : 1;
		}
	}
	if (d->believed)
		each_link(d->to, see_link, &s);
}

static void
open_link(void *ctx, const struct uuid *link, const struct record *r)
{
	struct db_question *q = ctx;

	(void)r;
	if (interval_of(q, link) == NULL)
		story_fail("oracle: a believed record of %s is in no open "
			   "interval",
		    db_subject(q));
}

void
db_check_intervals(struct db_question *q)
{
	struct arena a = {0};
	struct content c;

	CHECK(content_unpack(q->content.data, q->content.size, &a, &c) == 0);
	each_link(&c, open_link, q);
	arena_fini(&a);
}
