/* SPDX-License-Identifier: ISC */

/*
 * What the zones said when, as numbers: a content is hashed from what the
 * world made, and from what the program decided, by two functions that share
 * nothing with the daemon's own comparing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/message.h"
#include "dns/record.h"
#include "dns/type.h"
#include "sim.h"

enum { TEXTS_MAX = 8192, TEXT_SIZE = 160 };

static struct id_text {
	content_id id;
	char text[TEXT_SIZE];
} * texts;
static size_t n_texts;

/* ---- numbers ---- */

static uint64_t
add_bytes(uint64_t h, const void *data, size_t size)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 0x100000001b3;
	return mix64(h + size);
}

/* The order of records is no matter: theirs are summed up. */
static uint64_t
of_record(uint16_t type, const uint8_t *rdata, size_t size)
{
	return add_bytes(0xcbf29ce484222325 + type, rdata, size);
}

static content_id
finish(enum outcome outcome, uint64_t chain, uint64_t records)
{
	uint64_t h = mix64(chain + (uint64_t)outcome) ^ records;

	return h == 0 ? 1 : h;
}

/* The place of that number, or the free one for it. */
static struct id_text *
text_of(content_id id)
{
	size_t at = id % TEXTS_MAX;

	if (texts == NULL)
		texts = calloc(TEXTS_MAX, sizeof(*texts));
	CHECK(texts != NULL);
	while (texts[at].id != 0 && texts[at].id != id)
		at = (at + 1) % TEXTS_MAX;
	return &texts[at];
}

static void
keep_text(content_id id, const char *text)
{
	struct id_text *own = text_of(id);

	if (n_texts == TEXTS_MAX / 2)
		return;
	n_texts++;
	own->id = id;
	snprintf(own->text, TEXT_SIZE, "%s", text);
}

static bool
has_text(content_id id)
{
	return text_of(id)->id == id;
}

const char *
id_text(content_id id)
{
	return has_text(id) ? text_of(id)->text : "something unknown";
}

static const struct rr *
rr_of(const struct fetched *f, const uint8_t *owner, uint16_t type)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->list[i].type == type &&
		    name_equal(f->list[i].owner, owner))
			return &f->list[i];
	}
	return NULL;
}

static void
print_reply(const struct fetched *f, content_id id, enum outcome outcome)
{
	struct buf text = {0};

	if (has_text(id))
		return;
	buf_printf(&text, "%s", outcome_text(outcome));
	for (size_t i = 0; i < f->n; i++) {
		struct record r = {
		    f->list[i].type, f->list[i].size, f->list[i].rdata, 0};

		buf_add_text(&text, " ");
		record_print(&r, &text, 40);
	}
	keep_text(id, buf_text(&text));
	buf_fini(&text);
}

content_id
id_of_reply(const struct fetched *f, const uint8_t *name, uint16_t type)
{
	enum outcome outcome = OUTCOME_NODATA;
	uint64_t chain = 1;
	uint64_t records = 0;
	const struct rr *alias;
	content_id id;

	while (type != TYPE_CNAME &&
	       (alias = rr_of(f, name, TYPE_CNAME)) != NULL) {
		name = alias->rdata;
		chain = add_bytes(chain, name, name_size(name));
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct rr *r = &f->list[i];

		if (r->type == type && name_equal(r->owner, name)) {
			records += of_record(type, r->rdata, r->size);
			outcome = OUTCOME_ANSWER;
		}
	}
	if (outcome != OUTCOME_ANSWER && f->rcode == RCODE_NXDOMAIN)
		outcome = OUTCOME_NXDOMAIN;
	id = finish(outcome, chain, records);
	print_reply(f, id, outcome);
	return id;
}

content_id
id_of_content(const struct content *c)
{
	uint64_t chain = 1;
	uint64_t records = 0;

	for (uint16_t i = 0; i < c->n_chain; i++)
		chain = add_bytes(chain, c->chain[i], name_size(c->chain[i]));
	for (uint16_t i = 0; i < c->n_records; i++)
		records += of_record(c->records[i].type, c->records[i].rdata,
		    c->records[i].size);
	return finish(c->outcome, chain, records);
}

content_id
id_plain(enum outcome outcome)
{
	struct content c = {.outcome = outcome};

	return id_of_content(&c);
}

bool
is_taken_as(content_id heard, content_id id)
{
	return heard == id || (heard == id_plain(OUTCOME_NXDOMAIN) &&
				  id == id_plain(OUTCOME_NODATA));
}

/* ---- the zones ---- */

void
truth_note(struct sim *s)
{
	static struct fetched f;
	mono_ns now = loop_mono(s->w.loop);

	for (size_t i = 0; i < s->n_subjects; i++) {
		struct subject *q = &s->subjects[i];
		struct truth_at *t;
		content_id id;

		zone_answer(&s->w.net.truth, NULL,
		    &(struct zone_question){
			q->name.wire, q->type, s->profile.authoritative},
		    s->w.net.negative_ttl, &f);
		id = id_of_reply(&f, q->name.wire, q->type);
		if (q->n_truth > 0 && q->truth[q->n_truth - 1].id == id)
			continue;
		t = list_add(
		    &q->truth, &q->n_truth, &q->truth_room, sizeof(*t));
		*t = (struct truth_at){now, id, q->watched};
		s->counts.truths++;
		story_trace("truth %s: %s", q->text, id_text(id));
	}
}

long
truth_find(const struct subject *q, long after, content_id id)
{
	for (size_t i = (size_t)(after + 1); i < q->n_truth; i++) {
		if (q->truth[i].id == id)
			return (long)i;
	}
	return -1;
}

bool
truth_had(const struct subject *q, content_id id)
{
	return truth_find(q, -1, id) >= 0;
}

/* ---- what can be known of it ---- */

const struct belief *
belief_at(const struct subject *q, wall_us at)
{
	const struct belief *b = NULL;

	for (size_t i = 0; i < q->n_beliefs; i++) {
		if (q->beliefs[i].from <= at)
			b = &q->beliefs[i];
	}
	return b;
}

static uint32_t
greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The largest TTL that is known of it; 0: it was not seen before. */
static uint32_t
ttl_known(const struct sim *s, const struct subject *q, const struct hearing *h,
    bool surely)
{
	mono_ns start = 0;
	uint32_t ttl = 0;

	for (size_t i = 0;
	     surely && i < s->n_starts && s->starts[i] <= h->arrived; i++)
		start = s->starts[i];
	for (size_t i = 0; i < q->n_beliefs; i++) {
		if (q->beliefs[i].id == h->id && q->beliefs[i].from < h->wall)
			ttl = greater(ttl, q->beliefs[i].ttl);
	}
	for (size_t i = 0; i < q->n_seen; i++) {
		if (q->seen[i].id == h->id && q->seen[i].at < h->wall)
			ttl = greater(ttl, q->seen[i].ttl);
	}
	for (const struct hearing *o = q->heard; o < h; o++) {
		const struct belief *b = NULL;

		if (o->id != h->id || o->arrived == 0 || o->ttl <= ttl ||
		    o->arrived < start)
			continue;
		b = belief_at(q, o->wall);
		if (b != NULL && b->id == o->id)
			ttl = o->ttl;
	}
	return ttl;
}

bool
is_behind(const struct sim *s, const struct subject *q, const struct hearing *h,
    bool surely)
{
	const struct belief *now = belief_at(q, h->wall);
	uint32_t ttl = ttl_known(s, q, h, surely);

	/* Of the same TTL it may be a second old: they are whole ones. */
	if (s->profile.authoritative || now == NULL || ttl < h->ttl ||
	    (surely && ttl == h->ttl))
		return false;
	return h->wall - WALL_S(ttl - h->ttl) - WALL_S(surely ? 0 : 2) <
	       now->from;
}
