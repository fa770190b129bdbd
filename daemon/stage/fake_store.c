/* SPDX-License-Identifier: ISC */

/*
 * The connection: items wait up to STORE_BATCH_MS, a batch is durable
 * COMMIT_MS later, and reads take READ_MS.
 */

#include "fake_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "dns/type.h"
#include "jpath.h"
#include "judge/candidate.h"
#include "play.h"

enum { CONNECT_MS = 5, COMMIT_MS = 8, READ_MS = 3, DAY_S = 86400 };

struct ops {
	struct op *first, **end;
};

struct fetch {
	struct fetch *next;
	struct store_key key;
	struct content seen;
	struct arena arena;
	wall_us at;
	bool held;
	store_believed_fn *fn;
	void *ctx;
};

struct store {
	struct db *db;
	struct loop *loop;
	store_state_fn *on_state;
	void *state_ctx;
	enum store_state state;
	struct ops waiting; /* not sent */
	struct ops sent;    /* being committed */
	struct ops done;    /* committed, not yet known here */
	size_t n_items, n_bytes;
	bool unknown;
	struct loop_timer *batch, *commit, *connect, *read, *load;
	struct fetch *fetches, **fetches_end;
	store_row_fn *on_row;
	store_done_fn *on_loaded;
	void *load_ctx;
	struct loop_timer *sums;
	wall_us sums_since, sums_until;
	store_sums_fn *on_sums; /* NULL: none is asked for */
	void *sums_ctx;
};

/* ---- the queue ---- */

static void
ops_init(struct ops *o)
{
	o->first = NULL;
	o->end = &o->first;
}

static void
ops_move(struct ops *from, struct ops *to)
{
	if (from->first == NULL)
		return;
	*to->end = from->first;
	to->end = from->end;
	ops_init(from);
}

static void
op_free(struct store *s, struct op *op)
{
	s->n_items--;
	s->n_bytes -= sizeof(*op) + op->arena.used;
	arena_fini(&op->arena);
	free(op);
}

static void
ops_drop(struct store *s, struct ops *o)
{
	while (o->first != NULL) {
		struct op *op = o->first;

		o->first = op->next;
		op_free(s, op);
	}
	ops_init(o);
}

/* Tells of what is durable, in order; a callback may enqueue more. */
static void
tell_done(struct store *s)
{
	while (s->done.first != NULL) {
		struct op *op = s->done.first;
		store_done_fn *done = op->done;
		void *ctx = op->ctx;
		int err = op->err;

		s->done.first = op->next;
		if (s->done.first == NULL)
			s->done.end = &s->done.first;
		op_free(s, op);
		if (done != NULL)
			done(ctx, err);
	}
}

static void
send_batch(void *ctx)
{
	struct store *s = ctx;

	if (s->state != STORE_READY || s->sent.first != NULL ||
	    s->waiting.first == NULL)
		return;
	loop_timer_stop(s->batch);
	ops_move(&s->waiting, &s->sent);
	loop_timer_in(s->commit, MONO_MS(COMMIT_MS));
}

static void
apply_sent(struct store *s)
{
	for (struct op *op = s->sent.first; op != NULL; op = op->next) {
		if (op->kind == OP_BASELINE && s->db->refused > 0) {
			s->db->refused--;
			op->err = ERR_DATABASE;
			continue;
		}
		db_apply(s->db, op);
		s->db->n_written++;
	}
	s->db->generation++;
	ops_move(&s->sent, &s->done);
}

static void
on_commit(void *ctx)
{
	struct store *s = ctx;

	apply_sent(s);
	tell_done(s);
	if (s->waiting.first != NULL && !loop_timer_is_set(s->batch))
		loop_timer_in(s->batch, MONO_MS(STORE_BATCH_MS));
}

void
store_enqueue(struct store *s, struct op *op)
{
	op->next = NULL;
	*s->waiting.end = op;
	s->waiting.end = &op->next;
	s->n_items++;
	s->n_bytes += sizeof(*op) + op->arena.used;
	if (s->state == STORE_READY && !loop_timer_is_set(s->batch))
		loop_timer_in(s->batch, MONO_MS(STORE_BATCH_MS));
}

void
commit_flush(struct store *s)
{
	send_batch(s);
}

void
commit_waiting(const struct store *s, size_t *items, size_t *bytes)
{
	*items = s->n_items;
	*bytes = s->n_bytes;
}

/* ---- states ---- */

static void
on_connect(void *ctx)
{
	struct store *s = ctx;

	if (s->db->away)
		return;
	s->state = STORE_READY;
	tell_done(s);
	if (s->waiting.first != NULL)
		loop_timer_in(s->batch, 0);
	s->on_state(s->state_ctx, STORE_READY, "");
}

void
fake_store_away(struct store *s, bool unknown)
{
	s->db->away = true;
	if (s->state != STORE_READY)
		return;
	s->state = STORE_DOWN;
	loop_timer_stop(s->batch);
	loop_timer_stop(s->commit);
	if (unknown) {
		ops_move(&s->waiting, &s->sent);
		apply_sent(s);
	}
	/* What was under way is sent again, in front of the rest. */
	ops_move(&s->waiting, &s->sent);
	ops_move(&s->sent, &s->waiting);
	s->on_state(s->state_ctx, STORE_DOWN, "the story took it away");
}

void
fake_store_back(struct store *s)
{
	s->db->away = false;
	loop_timer_in(s->connect, MONO_MS(CONNECT_MS));
}

void
fake_store_fence(struct store *s)
{
	s->state = STORE_FENCED;
	loop_timer_stop(s->batch);
	loop_timer_stop(s->commit);
	s->on_state(s->state_ctx, STORE_FENCED, "another writer");
}

enum store_state
store_state_now(const struct store *s)
{
	return s->state;
}

const char *
store_why(const struct store *s)
{
	return s->state == STORE_READY ? "" : "away";
}

struct store_numbers
store_numbers(const struct store *s)
{
	return (struct store_numbers){
	    .items_waiting = s->n_items,
	    .bytes_waiting = s->n_bytes,
	};
}

/* ---- reading ---- */

/* Distinct contents shown within a day before `at`. */
static uint32_t
sets_of_day(const struct db_question *q, wall_us at)
{
	const struct packed *seen[64];
	uint32_t n = 0;

	if (q->content.data != NULL)
		seen[n++] = &q->content;
	for (size_t i = 0; i < q->n_shown + q->n_beliefs && n < 64; i++) {
		const struct packed *p =
		    i < q->n_shown ? &q->shown[i].content
				   : &q->beliefs[i - q->n_shown].content;
		wall_us when = i < q->n_shown
		                   ? q->shown[i].at
		                   : q->beliefs[i - q->n_shown].until;
		uint32_t k = 0;

		if (when <= at - WALL_S(DAY_S))
			continue;
		while (k < n && (seen[k]->size != p->size ||
				    memcmp(seen[k]->data, p->data, p->size)))
			k++;
		if (k == n)
			seen[n++] = p;
	}
	return n;
}

/* How much of an interval lies within the 30 days before `at` (R21). */
static wall_us
within_month(wall_us at, wall_us first, wall_us last)
{
	wall_us begin = at - WALL_S(30 * DAY_S);

	if (first < begin)
		first = begin;
	if (last > at)
		last = at;
	return last > first ? last - first : 0;
}

static void
look_back_at(const struct db *db, const struct db_question *own,
    const struct uuid *record, wall_us at, struct store_element *out)
{
	wall_us believed = 0;

	*out = (struct store_element){0};
	for (size_t i = 0; i < db->n_questions; i++) {
		const struct db_question *q = db->questions[i];

		for (size_t k = 0; k < q->n_intervals; k++) {
			const struct db_interval *v = &q->intervals[k];
			wall_us last = v->last_seen;

			if (memcmp(v->record.b, record->b, sizeof(record->b)) !=
			    0)
				continue;
			if (out->first_any == 0 ||
			    v->first_seen < out->first_any)
				out->first_any = v->first_seen;
			if (q != own)
				continue;
			if (out->first_here == 0 ||
			    v->first_seen < out->first_here)
				out->first_here = v->first_seen;
			if (v->closed == 0 && v->believed)
				last = db_last_seen(db, q, at);
			if (v->believed)
				believed +=
				    within_month(at, v->first_seen, last);
		}
	}
	out->believed_day = believed >= WALL_S(DAY_S);
}

/* Of a link of the chain, then of a record. */
static struct uuid
element_key(const struct content *c, size_t i)
{
	struct record alias = {.type = TYPE_CNAME};

	if (i >= c->n_chain)
		return db_link(&c->records[i - c->n_chain]);
	alias.rdata = c->chain[i];
	alias.size = (uint16_t)name_size(c->chain[i]);
	return db_link(&alias);
}

static bool
alert_has(const struct db *db, const struct db_alert *a, const struct uuid *id)
{
	for (size_t i = a->first; i < a->first + a->n; i++) {
		if (uuid_equal(&db->entries[i].id, id))
			return true;
	}
	return false;
}

static bool
is_doubted(const struct db *db, const struct uuid *change)
{
	for (size_t i = 0; i < db->n_questions; i++) {
		const struct db_question *q = db->questions[i];

		if (q->phase == CANDIDATE_DOUBTED &&
		    uuid_equal(&q->candidate, change))
			return true;
	}
	return false;
}

/* The latest decisions of the alert's members that are not doubted. */
static void
sum_others(const struct db *db, struct store_told *out)
{
	bool unconfirmed = false;
	bool transient = false;

	for (size_t i = 0; i < db->n_entries; i++) {
		const struct db_entry *e = &db->entries[i];
		bool member = false;
		bool latest = true;

		for (size_t k = 0; k < db->n_alerts && !member; k++)
			member = uuid_equal(&db->alerts[k].id, &out->alert) &&
			         alert_has(db, &db->alerts[k], &e->id);
		for (size_t k = i + 1; k < db->n_entries && latest; k++)
			latest = !uuid_equal(&db->entries[k].id, &e->id);
		if (!member || !latest || is_doubted(db, &e->id))
			continue;
		out->n_others++;
		unconfirmed = unconfirmed || e->label == LABEL_UNCONFIRMED;
		transient = transient || e->label == LABEL_TRANSIENT;
		if (e->severity > out->severity)
			out->severity = e->severity;
	}
	out->label = unconfirmed ? LABEL_UNCONFIRMED
	             : transient ? LABEL_TRANSIENT
	                         : LABEL_CONFIRMED;
}

static void
look_for_alert(const struct db *db, const struct uuid *change, char kind[32],
    struct store_told *out)
{
	for (size_t i = 0; i < db->n_alerts; i++) {
		const struct db_alert *a = &db->alerts[i];

		if (!a->tells_gathered && alert_has(db, a, change))
			out->alert = a->id;
		if (uuid_is_nil(&out->alert) ||
		    !uuid_equal(&out->alert, &a->id))
			continue;
		out->revision = a->revision;
		if (a->group != NULL && jpath(a->group, ".kind", kind, 32))
			out->kind = kind;
	}
	if (out->kind != NULL)
		sum_others(db, out);
}

static bool
packed_equal(const struct packed *a, const struct packed *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* Who said first what is open, or what was told and is doubted. */
static const char *
who_said(const struct db_question *q)
{
	const struct packed *what =
	    q->phase == CANDIDATE_OPEN ? &q->open_content : &q->content;

	for (size_t i = 0; i < q->n_shown; i++) {
		if (uuid_equal(&q->shown[i].change, &q->candidate) &&
		    packed_equal(&q->shown[i].content, what))
			return q->shown[i].by;
	}
	return NULL;
}

static void
note_past(struct store_believed *b, uint32_t ttl)
{
	b->past = true;
	if (ttl > b->past_ttl)
		b->past_ttl = ttl;
}

/* Was it seen within the day, and with what TTL? */
static void
look_for_past(const struct db_question *q, const struct fetch *f,
    struct store_believed *b)
{
	wall_us from = f->at - WALL_S(DAY_S);
	struct buf text = {0};
	struct packed seen;

	content_pack(&f->seen, &text);
	seen = (struct packed){text.data, text.size};
	for (size_t i = 0; i < q->n_beliefs; i++) {
		if (q->beliefs[i].until > from &&
		    packed_equal(&q->beliefs[i].content, &seen))
			note_past(b, q->beliefs[i].ttl);
	}
	for (size_t i = 0; i < q->n_shown; i++) {
		if (q->shown[i].at > from &&
		    packed_equal(&q->shown[i].content, &seen))
			note_past(b, q->shown[i].ttl);
	}
	buf_fini(&text);
}

static void
put_held(const struct db_question *q, struct store_believed *b,
    struct store_held list[STORE_HELD_MAX])
{
	b->held = list;
	for (size_t i = 0; i < q->n_shown && b->n_held < STORE_HELD_MAX; i++) {
		if (uuid_equal(&q->shown[i].change, &q->candidate) &&
		    q->shown[i].held.raw != NULL)
			list[b->n_held++] = q->shown[i].held;
	}
}

static void
answer_fetch(struct store *s, struct fetch *f)
{
	struct db_question *q = db_of_key(s->db, &f->key);
	size_t n = f->seen.n_chain + (size_t)f->seen.n_records;
	struct store_element *elements = calloc(n + 1, sizeof(*elements));
	struct store_believed b = {.elements = elements, .n_elements = n};
	struct store_held held[STORE_HELD_MAX];
	struct uuid key;
	char kind[32];

	CHECK(elements != NULL);
	for (size_t i = 0; i < n; i++) {
		key = element_key(&f->seen, i);
		look_back_at(s->db, q, &key, f->at, &elements[i]);
	}
	if (q != NULL && q->content.data != NULL) {
		b.life = q->life.size > 0 ? q->life.data : NULL;
		b.life_size = q->life.size;
		b.known = true;
		b.content = q->content.data;
		b.content_size = q->content.size;
		b.ttl = q->ttl;
		b.since = q->since;
		b.last_seen = db_last_seen(s->db, q, f->at);
		b.change = q->change;
		b.n_sets_day = sets_of_day(q, f->at);
		b.phase = q->phase;
		b.open_change = q->candidate;
		b.open_seen_at = q->seen_at;
		b.open_content = q->open_content.data;
		b.open_content_size = q->open_content.size;
		b.by = who_said(q);
		look_for_past(q, f, &b);
		if (f->held && q->phase == CANDIDATE_OPEN)
			put_held(q, &b, held);
		if (q->phase == CANDIDATE_DOUBTED && q->n_beliefs > 0) {
			b.before = q->beliefs[q->n_beliefs - 1].content.data;
			b.before_size =
			    q->beliefs[q->n_beliefs - 1].content.size;
		}
		if (q->phase == CANDIDATE_DOUBTED)
			look_for_alert(s->db, &q->candidate, kind, &b.told);
	}
	f->fn(f->ctx, 0, &b);
	free(elements);
}

static void
on_read(void *ctx)
{
	struct store *s = ctx;
	struct fetch *f = s->fetches;

	s->fetches = NULL;
	s->fetches_end = &s->fetches;
	while (f != NULL) {
		struct fetch *next = f->next;

		if (s->state == STORE_READY)
			answer_fetch(s, f);
		else
			f->fn(f->ctx, ERR_DATABASE, NULL);
		arena_fini(&f->arena);
		free(f);
		f = next;
	}
}

static void
on_sums(void *ctx)
{
	struct store *s = ctx;
	store_sums_fn *fn = s->on_sums;
	struct db_sums sums;

	s->on_sums = NULL;
	if (s->state != STORE_READY) {
		fn(s->sums_ctx, ERR_DATABASE, NULL, 0);
		return;
	}
	db_sums(s->db, s->sums_since, s->sums_until, &sums);
	fn(s->sums_ctx, 0, sums.rows, sums.n);
}

void
store_sums(
    struct store *s, wall_us since, wall_us until, store_sums_fn *fn, void *ctx)
{
	CHECK(s->on_sums == NULL);
	s->sums_since = since;
	s->sums_until = until;
	s->on_sums = fn;
	s->sums_ctx = ctx;
	loop_timer_in(s->sums, MONO_MS(READ_MS));
}

/* This one refuses none. */
void
store_on_refused(struct store *s, store_refused_fn *fn, void *ctx)
{
	(void)s;
	(void)fn;
	(void)ctx;
}

void
store_fetch(struct store *s, const struct store_fetch *fetch,
    store_believed_fn *fn, void *ctx)
{
	struct fetch *f = calloc(1, sizeof(*f));

	CHECK(f != NULL);
	f->key = fetch->key;
	f->at = fetch->at;
	f->held = fetch->held;
	f->fn = fn;
	f->ctx = ctx;
	CHECK(content_copy(fetch->seen, &f->arena, &f->seen) == 0);
	*s->fetches_end = f;
	s->fetches_end = &f->next;
	if (!loop_timer_is_set(s->read))
		loop_timer_in(s->read, MONO_MS(READ_MS));
}

static void
on_load(void *ctx)
{
	struct store *s = ctx;
	struct db *db = s->db;

	if (s->state != STORE_READY) {
		s->on_loaded(s->load_ctx, ERR_DATABASE);
		return;
	}
	for (size_t i = 0; i < db->n_questions; i++) {
		const struct db_question *q = db->questions[i];
		struct store_row row = {
		    .key = q->key,
		    .name = q->name.wire,
		    .type = q->type,
		    .view = q->view,
		    .watched = q->watched,
		    .every_s = q->every_s,
		    .wait_s = q->wait_s,
		    .entry_known = q->entry_known,
		    .entry_s = q->entry_s,
		    .entry_fits = q->entry_known && q->entry_at >= q->since,
		    .attributes = q->attributes,
		    .content = q->content.data,
		    .content_size = q->content.size,
		    .ttl = q->ttl,
		    .since = q->content.data != NULL ? q->since : 0,
		    .last_seen = db_last_seen(db, q, INT64_MAX),
		    .phase = q->phase,
		    .change = q->candidate,
		    .seen_at = q->seen_at,
		    .revision = q->revision,
		    .failing = q->failing || q->failing_told,
		    .failing_until = q->failing ? 0 : q->failing_until,
		    .failing_told = q->failing_told,
		    .fail = q->fail,
		    .failing_since = q->failing_since,
		    .bogus = q->bogus.data,
		    .bogus_size = q->bogus.size,
		    .noted = q->noted.data,
		    .noted_size = q->noted.size,
		    .zone = q->zone.data,
		    .zone_size = q->zone.size,
		    .views = q->views.data,
		    .views_size = q->views.size,
		    .expect = q->expect.data,
		    .expect_size = q->expect.size,
		    .pool = q->pool.data,
		    .pool_size = q->pool.size,
		    .dangling = q->dangling.data,
		    .dangling_size = q->dangling.size,
		    .wildcard = q->wildcard.data,
		    .wildcard_size = q->wildcard.size,
		    .signed_told = q->signed_told,
		    .signed_since = q->signed_since,
		    .stale_since = q->stale_until == 0 ? q->stale_since : 0,
		};

		s->on_row(s->load_ctx, &row);
	}
	s->on_loaded(s->load_ctx, 0);
}

void
store_load(
    struct store *s, store_row_fn *on_row, store_done_fn *on_done, void *ctx)
{
	s->on_row = on_row;
	s->on_loaded = on_done;
	s->load_ctx = ctx;
	loop_timer_in(s->load, MONO_MS(READ_MS));
}

/* ---- life ---- */

struct store *
fake_store_open(struct db *db, store_state_fn *fn, void *ctx)
{
	struct store *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	/* What the process before gathered is told by itself. */
	for (size_t i = 0; i < db->n_alerts; i++)
		db->alerts[i].gathered = false;
	s->db = db;
	s->loop = db->loop;
	s->on_state = fn;
	s->state_ctx = ctx;
	ops_init(&s->waiting);
	ops_init(&s->sent);
	ops_init(&s->done);
	s->fetches_end = &s->fetches;
	s->batch = loop_timer_new(s->loop, send_batch, s);
	s->commit = loop_timer_new(s->loop, on_commit, s);
	s->connect = loop_timer_new(s->loop, on_connect, s);
	s->read = loop_timer_new(s->loop, on_read, s);
	s->load = loop_timer_new(s->loop, on_load, s);
	s->sums = loop_timer_new(s->loop, on_sums, s);
	loop_timer_in(s->connect, MONO_MS(CONNECT_MS));
	return s;
}

void
fake_store_close(struct store *s)
{
	ops_drop(s, &s->waiting);
	ops_drop(s, &s->sent);
	ops_drop(s, &s->done);
	while (s->fetches != NULL) {
		struct fetch *f = s->fetches;

		s->fetches = f->next;
		arena_fini(&f->arena);
		free(f);
	}
	loop_timer_free(s->batch);
	loop_timer_free(s->commit);
	loop_timer_free(s->connect);
	loop_timer_free(s->read);
	loop_timer_free(s->load);
	loop_timer_free(s->sums);
	free(s);
}

struct uuid
question_key(const char *view, const uint8_t *name, size_t size, uint16_t type)
{
	uint8_t bytes[NAME_SIZE_MAX + 64];
	uint8_t digest[SHA256_SIZE];
	size_t at = strlen(view) + 1;
	struct uuid key;

	CHECK(at + size + 2 <= sizeof(bytes));
	memcpy(bytes, view, at);
	memcpy(bytes + at, name, size);
	bytes[at + size] = (uint8_t)(type >> 8);
	bytes[at + size + 1] = (uint8_t)type;
	hash_sha256(bytes, at + size + 2, digest);
	memcpy(key.b, digest, sizeof(key.b));
	return key;
}

uint16_t
question_shard(const uint8_t *name, size_t size)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(name, size, digest);
	return (uint16_t)((digest[0] << 8 | digest[1]) % STORE_SHARDS);
}
