/* SPDX-License-Identifier: ISC */
/* commit -- items into rows. */

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "commit_priv.h"
#include "dns/name.h"
#include "interval.h"
#include "loop/loop.h"
#include "store_priv.h"

/* What is packed, and its cut hash. */
struct packed {
	struct buf bytes;
	struct uuid hash;
};

static void
pack(struct packed *p, const struct content *c)
{
	uint8_t digest[SHA256_SIZE];

	content_pack(c, &p->bytes);
	CHECK(p->bytes.err == 0);
	hash_sha256(p->bytes.data, p->bytes.size, digest);
	memcpy(p->hash.b, digest, sizeof p->hash.b);
}

/* TTLs of 2^31 and more are not valid (RFC 2181 8). */
static int32_t
ttl_of(uint32_t ttl)
{
	return ttl > INT32_MAX ? INT32_MAX : (int32_t)ttl;
}

static void
put_entry(struct batch *b, const struct commit_question *c)
{
	if (c->entry_known)
		row_i32(b, ttl_of(c->entry_s));
	else
		row_null(b);
}

/* Microseconds as an array literal; null: none of them is known. */
static void
row_times(struct batch *b, const wall_us *times, size_t n)
{
	struct buf text = {0};

	if (times == NULL) {
		row_null(b);
		return;
	}
	buf_add_u8(&text, '{');
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%" PRId64, i == 0 ? "" : ",", times[i]);
	buf_add_u8(&text, '}');
	CHECK(text.err == 0);
	row_bytes(b, text.data, text.size);
	buf_fini(&text);
}

static void
put_listed(struct batch *b, const struct commit_question *c)
{
	char text[NAME_TEXT_SIZE];

	if (c->listed_at == 0 || c->listed == LISTED_SAID)
		return;
	row_begin(b, GROUP_LISTED);
	row_i16(b, (int16_t)c->key.shard);
	row_text(b, name_print(c->name, text));
	row_list(b, c->on_lists, c->n_on_lists);
	row_wall(b, c->listed_at);
	row_bool(b, c->found_gone);
	row_times(b, c->first_reported, c->n_on_lists);
	row_times(b, c->ends, c->n_on_lists);
	row_end(b, GROUP_LISTED);
}

void
commit_question(struct store *s, const struct commit_question *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_QUESTION, LANE_QUESTION};
	struct batch *b = write_item(s, &c->key, 1, lanes);
	char text[NAME_TEXT_SIZE];

	row_begin(b, GROUP_QUESTION);
	row_i16(b, (int16_t)c->key.shard);
	row_uuid(b, &c->key.question);
	row_bytes(b, c->name, c->name_size);
	row_text(b, name_print(c->name, text));
	row_i32(b, c->type);
	row_text(b, c->view);
	row_bool(b, c->watched);
	row_i32(b, (int32_t)c->every_s);
	row_i32(b, (int32_t)c->phase_ms);
	row_i32(b, (int32_t)c->wait_s);
	row_i64(b, (int64_t)c->attributes);
	row_list(b, c->tags, c->n_tags);
	row_list(b, c->lists, c->n_lists);
	row_text(b, c->owner);
	row_text(b, c->runbook);
	row_wall(b, c->at);
	put_entry(b, c);
	row_end(b, GROUP_QUESTION);
	put_listed(b, c);
	write_item_end(s, b, done, ctx);
}

void
commit_baseline(struct store *s, const struct commit_baseline *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_STATE, LANE_RECORD};
	struct batch *b = write_item(s, &c->key, 1, lanes);
	struct arena arena = {0};
	struct interval_set set = {.arena = &arena, .name = c->name};
	const struct seen seen = {c->at, c->at, 1, true};
	struct packed packed = {0};

	pack(&packed, c->content);
	row_begin(b, GROUP_STATE);
	row_key(b, &c->key);
	row_i16(b, (int16_t)c->content->outcome);
	row_bytes(b, packed.bytes.data, packed.bytes.size);
	row_uuid(b, &packed.hash);
	row_i32(b, ttl_of(c->ttl));
	row_wall(b, c->at);
	row_end(b, GROUP_STATE);
	interval_add(&set, c->content, &seen);
	interval_rows(&set, b, GROUP_RECORD, &c->key);
	if (c->entry != NULL) {
		const struct told_entry told = {&c->key, c->entry};

		row_entry(b, &c->key, c->entry);
		if (c->alert != NULL)
			row_alert(b, c->alert, &told, 1);
	}
	buf_fini(&packed.bytes);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

/* ---- first answers, many of them ---- */

static void
put_first_question(struct batch *b, const struct commit_question *c)
{
	char text[NAME_TEXT_SIZE];

	row_begin(b, GROUP_FIRST_QUESTION);
	row_i16(b, (int16_t)c->key.shard);
	row_uuid(b, &c->key.question);
	row_bytes(b, c->name, c->name_size);
	row_text(b, name_print(c->name, text));
	row_i32(b, c->type);
	row_text(b, c->view);
	row_bool(b, c->watched);
	row_i32(b, (int32_t)c->every_s);
	row_i32(b, (int32_t)c->phase_ms);
	row_i32(b, (int32_t)c->wait_s);
	row_i64(b, (int64_t)c->attributes);
	row_texts(b, c->tags, c->n_tags);
	row_texts(b, c->lists, c->n_lists);
	row_text(b, c->owner);
	row_text(b, c->runbook);
	row_wall(b, c->at);
	row_wall(b, c->at);
	put_entry(b, c);
	row_wall(b, c->entry_known ? c->at : 0);
	row_end(b, GROUP_FIRST_QUESTION);
}

static void
put_first_listed(struct batch *b, const struct commit_question *c)
{
	char text[NAME_TEXT_SIZE];

	if (c->listed_at == 0 || c->listed != LISTED_NEW) {
		put_listed(b, c);
		return;
	}
	name_print(c->name, text);
	for (size_t i = 0; i < c->n_on_lists; i++) {
		row_begin(b, GROUP_FIRST_LISTED);
		row_i16(b, (int16_t)c->key.shard);
		row_text(b, text);
		row_text(b, c->on_lists[i]);
		row_wall(b, c->listed_at);
		row_wall(
		    b, c->first_reported == NULL ? 0 : c->first_reported[i]);
		row_wall(b, c->ends == NULL ? 0 : c->ends[i]);
		row_end(b, GROUP_FIRST_LISTED);
	}
}

static void
put_first_state(struct batch *b, const struct commit_baseline *c)
{
	struct packed packed = {0};

	pack(&packed, c->content);
	row_begin(b, GROUP_FIRST_STATE);
	row_key(b, &c->key);
	row_i16(b, (int16_t)c->content->outcome);
	row_bytes(b, packed.bytes.data, packed.bytes.size);
	row_uuid(b, &packed.hash);
	row_i16(b, CONTENT_POLICY);
	row_i32(b, ttl_of(c->ttl));
	row_wall(b, c->at);
	row_wall(b, c->at);
	row_end(b, GROUP_FIRST_STATE);
	buf_fini(&packed.bytes);
}

void
commit_first(struct store *s, const struct commit_question *c,
    const struct commit_baseline *answer)
{
	const struct lanes lanes = {
	    LANE_QUESTION, answer != NULL ? LANE_RECORD : LANE_QUESTION};
	struct batch *b = write_first(s, &c->key, lanes);
	struct arena arena = {0};
	struct interval_set set = {.arena = &arena, .name = c->name};

	CHECK(answer == NULL || answer->entry == NULL);
	put_first_question(b, c);
	put_first_listed(b, c);
	if (answer != NULL) {
		const struct seen seen = {answer->at, answer->at, 1, true};

		put_first_state(b, answer);
		interval_add(&set, answer->content, &seen);
		interval_rows(&set, b, GROUP_FIRST_RECORD, &c->key);
	}
	arena_fini(&arena);
	write_item_end(s, b, NULL, NULL);
}

/* ---- evidence ---- */

/* What of an item the rows of its evidence say. */
struct witness {
	const struct store_key *key;
	const struct uuid *change;
	struct interval_set set;
};

static void
put_evidence_what(struct batch *b, const struct commit_evidence *e)
{
	uint8_t digest[SHA256_SIZE];

	row_i32(b, e->count > INT32_MAX ? INT32_MAX : (int32_t)e->count);
	row_i32(b, ttl_of(e->ttl));
	row_i32(b, e->flags);
	row_i32(b, e->ede);
	row_i16(b, e->transport);
	row_i16(b, e->outcome);
	row_i16(b, e->fail);
	row_text(b, e->server);
	row_text(b, e->group);
	if (e->nsid_size > 0)
		row_bytes(b, e->nsid, e->nsid_size);
	else
		row_null(b);
	if (e->raw == NULL) {
		row_null(b);
		row_null(b);
		return;
	}
	if (e->sha256 == NULL)
		hash_sha256(e->raw, e->raw_size, digest);
	row_bytes(b, e->sha256 != NULL ? e->sha256 : digest, sizeof digest);
	row_bytes(b, e->raw, e->raw_size);
}

static void
put_evidence(struct store *s, struct batch *b, struct witness *w,
    const struct commit_evidence *e)
{
	struct packed packed = {0};
	wall_us last = e->last_at > e->at ? e->last_at : e->at;
	const struct seen seen = {
	    e->at, last, e->count > 0 ? e->count : 1, false};

	row_begin(b, GROUP_EVIDENCE);
	row_key(b, w->key);
	row_uuid(b, w->change);
	if (e->content != NULL) {
		pack(&packed, e->content);
		row_uuid(b, &packed.hash);
		buf_fini(&packed.bytes);
		interval_add(&w->set, e->content, &seen);
	} else {
		row_null(b);
	}
	row_wall(b, e->at);
	row_wall(b, last);
	row_i64(b, ++s->w.evidence_n);
	put_evidence_what(b, e);
	row_end(b, GROUP_EVIDENCE);
}

void
commit_sight(struct store *s, const struct commit_sight *c, store_done_fn *done,
    void *ctx)
{
	const struct lanes lanes = {LANE_CANDIDATE, LANE_RECORD};
	struct batch *b = write_item(s, &c->key, 1, lanes);
	struct arena arena = {0};
	struct witness w = {
	    &c->key, &c->entry.id, {.arena = &arena, .name = c->name}};
	struct packed packed = {0};

	pack(&packed, c->seen);
	row_begin(b, GROUP_CANDIDATE);
	row_key(b, &c->key);
	row_uuid(b, &c->entry.id);
	row_wall(b, c->seen_at);
	row_i16(b, (int16_t)c->seen->outcome);
	row_bytes(b, packed.bytes.data, packed.bytes.size);
	row_uuid(b, &packed.hash);
	row_end(b, GROUP_CANDIDATE);
	for (size_t i = 0; i < c->n_evidence; i++)
		put_evidence(s, b, &w, &c->evidence[i]);
	interval_rows(&w.set, b, GROUP_RECORD, &c->key);
	row_entry(b, &c->key, &c->entry);
	buf_fini(&packed.bytes);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

void
commit_more(struct store *s, const struct commit_more *c, store_done_fn *done,
    void *ctx)
{
	const struct lanes lanes = {LANE_EVIDENCE, LANE_RECORD};
	struct batch *b = write_item(s, &c->key, 1, lanes);
	struct arena arena = {0};
	struct witness w = {
	    &c->key, &c->change, {.arena = &arena, .name = c->name}};

	for (size_t i = 0; i < c->n_evidence; i++)
		put_evidence(s, b, &w, &c->evidence[i]);
	interval_rows(&w.set, b, GROUP_RECORD, &c->key);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

static void
put_signatures(struct batch *b, const struct commit_told *c)
{
	row_begin(b, GROUP_SIGNED);
	row_key(b, &c->key);
	if (c->signatures->told == 0)
		row_null(b);
	else
		row_i16(b, c->signatures->told);
	row_wall(b, c->signatures->since);
	row_wall(b, c->signatures->at);
	row_end(b, GROUP_SIGNED);
}

void
commit_told(struct store *s, const struct commit_told *c, store_done_fn *done,
    void *ctx)
{
	const struct lanes lanes = {LANE_EVIDENCE,
	    c->signatures != NULL ? LANE_ATTRIBUTE : LANE_RECORD};
	const struct told_entry told = {&c->key, &c->entry};
	struct batch *b = write_item(s, &c->key, 1, lanes);
	struct arena arena = {0};
	struct witness w = {&c->key, &c->entry.id, {.arena = &arena}};

	for (size_t i = 0; i < c->n_evidence; i++) {
		CHECK(c->evidence[i].content == NULL);
		put_evidence(s, b, &w, &c->evidence[i]);
	}
	if (c->signatures != NULL)
		put_signatures(b, c);
	row_entry(b, &c->key, &c->entry);
	if (c->alert != NULL)
		row_alert(b, c->alert, &told, 1);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

/* ---- decisions ---- */

/* The last time that the new state was seen: at first sight or later. */
static wall_us
last_seen(const struct commit_decision *d)
{
	wall_us last = d->since;

	for (size_t i = 0; i < d->n_evidence; i++) {
		const struct commit_evidence *e = &d->evidence[i];
		wall_us at = e->last_at > e->at ? e->last_at : e->at;

		if (e->content != NULL && at > last &&
		    content_equal(e->content, d->to))
			last = at;
	}
	return last;
}

static void
put_new_state(struct batch *b, const struct commit_decision *d)
{
	struct packed packed = {0};

	if (!d->believed) {
		row_null(b);
		row_null(b);
		row_null(b);
		row_null(b);
		row_i32(b, 0);
		return;
	}
	pack(&packed, d->to);
	row_wall(b, last_seen(d));
	row_i16(b, (int16_t)d->to->outcome);
	row_bytes(b, packed.bytes.data, packed.bytes.size);
	row_uuid(b, &packed.hash);
	row_i32(b, ttl_of(d->ttl));
	buf_fini(&packed.bytes);
}

/* Intervals that stay open, and those of them that are believed no more. */
static size_t
put_kept(struct batch *b, const struct commit_decision *d, struct arena *a)
{
	size_t n_to = 0;
	size_t n;
	const struct link *keep = links_of(d->keep, d->name, a, &n);
	const struct link *to = NULL;

	if (d->believed)
		to = links_of(d->to, d->name, a, &n_to);
	for (size_t i = 0; i < n; i++) {
		row_begin(b, GROUP_KEEP);
		row_uuid(b, &keep[i].link);
		row_end(b, GROUP_KEEP);
		if (!d->believed || links_have(to, n_to, &keep[i].link))
			continue;
		row_begin(b, GROUP_GONE);
		row_key(b, &d->key);
		row_uuid(b, &keep[i].link);
		row_wall(b, d->from_seen);
		row_end(b, GROUP_GONE);
	}
	return n;
}

static void
put_decision(struct store *s, struct batch *b, const struct commit_decision *d)
{
	struct arena arena = {0};
	struct witness w = {
	    &d->key, &d->entry.id, {.arena = &arena, .name = d->name}};
	const struct seen seen = {d->since, d->since, 0, true};
	size_t n_keep;

	for (size_t i = 0; i < d->n_evidence; i++)
		put_evidence(s, b, &w, &d->evidence[i]);
	if (d->believed)
		interval_add(&w.set, d->to, &seen);
	interval_rows(&w.set, b, GROUP_RECORD, &d->key);
	n_keep = put_kept(b, d, &arena);
	row_begin(b, GROUP_DECISION);
	row_key(b, &d->key);
	row_uuid(b, &d->entry.id);
	row_i32(b, (int32_t)d->entry.revision);
	row_bool(b, d->believed);
	row_bool(b, d->doubted);
	row_wall(b, d->entry.at);
	row_wall(b, d->from_seen);
	row_wall(b, d->since);
	put_new_state(b, d);
	row_i32(b, (int32_t)n_keep);
	row_i32(b, (int32_t)d->from_ttl);
	row_end(b, GROUP_DECISION);
	row_entry(b, &d->key, &d->entry);
	arena_fini(&arena);
}

void
commit_decisions(struct store *s, const struct commit_decisions *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_EVIDENCE, LANE_DECISION};
	struct arena arena = {0};
	struct store_key *keys =
	    arena_get(&arena, c->n_decisions * sizeof *keys);
	struct told_entry *told =
	    arena_get(&arena, c->n_decisions * sizeof *told);
	struct batch *b;

	CHECK(keys != NULL && told != NULL);
	for (size_t i = 0; i < c->n_decisions; i++) {
		keys[i] = c->decisions[i].key;
		told[i].key = &c->decisions[i].key;
		told[i].entry = &c->decisions[i].entry;
	}
	b = write_item(s, keys, c->n_decisions, lanes);
	for (size_t i = 0; i < c->n_decisions; i++)
		put_decision(s, b, &c->decisions[i]);
	for (size_t i = 0; i < c->n_alerts; i++)
		row_alert(b, &c->alerts[i], told, c->n_decisions);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

/* ---- the rest ---- */

void
commit_outage(struct store *s, const struct commit_outage *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_OUTAGE, LANE_OUTAGE};
	struct batch *b = write_item(s, &c->key, 1, lanes);

	row_begin(b, GROUP_OUTAGE);
	row_key(b, &c->key);
	row_wall(b, c->since);
	row_wall(b, c->until);
	row_i32(b, c->count > INT32_MAX ? INT32_MAX : (int32_t)c->count);
	row_i16(b, c->fail);
	row_bool(b, c->told);
	if (c->bogus == NULL)
		row_null(b);
	else
		row_bytes(b, c->bogus, c->bogus_size);
	row_end(b, GROUP_OUTAGE);
	write_item_end(s, b, done, ctx);
}

void
commit_stale(struct store *s, const struct commit_stale *c, store_done_fn *done,
    void *ctx)
{
	const struct lanes lanes = {LANE_OUTAGE, LANE_OUTAGE};
	struct batch *b = write_item(s, &c->key, 1, lanes);

	row_begin(b, GROUP_STALE);
	row_i16(b, (int16_t)c->key.shard);
	row_uuid(b, &c->key.question);
	row_wall(b, c->since);
	row_wall(b, c->until);
	row_end(b, GROUP_STALE);
	write_item_end(s, b, done, ctx);
}

void
commit_pool_day(struct store *s, const struct commit_pool_day *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_POOL, LANE_POOL};
	struct batch *b = write_item(s, &c->key, 1, lanes);

	row_begin(b, GROUP_POOL_DAY);
	row_i16(b, (int16_t)c->key.shard);
	row_uuid(b, &c->key.question);
	row_wall(b, c->day);
	row_i32(b, (int32_t)c->answers);
	row_text(b, c->counts);
	row_end(b, GROUP_POOL_DAY);
	write_item_end(s, b, done, ctx);
}

void
commit_settled(struct store *s, const struct store_key *key,
    const struct uuid *change, store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_SETTLED, LANE_SETTLED};
	struct batch *b = write_item(s, key, 1, lanes);

	row_begin(b, GROUP_SETTLED);
	row_key(b, key);
	row_uuid(b, change);
	row_end(b, GROUP_SETTLED);
	write_item_end(s, b, done, ctx);
}

void
commit_spans(struct store *s, const struct commit_span *spans, size_t n,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_SETTLED, LANE_SETTLED};
	struct batch *b = write_item(s, NULL, 0, lanes);

	for (size_t i = 0; i < n; i++) {
		row_begin(b, GROUP_SPAN);
		row_i32(b, (int32_t)spans[i].every_s);
		row_wall(b, spans[i].anchor);
		row_wall(b, spans[i].from);
		row_wall(b, spans[i].to);
		row_bool(b, spans[i].started);
		row_end(b, GROUP_SPAN);
	}
	write_item_end(s, b, done, ctx);
}

void
commit_seen(struct store *s, const struct store_key *keys, const wall_us *at,
    size_t n, store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_SETTLED, LANE_SETTLED};
	struct batch *b = write_item(s, NULL, 0, lanes);

	for (size_t i = 0; i < n; i++) {
		row_begin(b, GROUP_SEEN);
		row_key(b, &keys[i]);
		row_wall(b, at[i]);
		row_end(b, GROUP_SEEN);
	}
	write_item_end(s, b, done, ctx);
}

int64_t
commit_seq(const struct store *s)
{
	return s->w.seq;
}
