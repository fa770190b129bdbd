/* SPDX-License-Identifier: ISC */

/*
 * Questions that were never asked before.
 *
 * They are asked in the order of their shards, since the database takes rows
 * that are near each other for less, and each is written together with its
 * first answer, or when its first poll failed without one.  Many at a time go
 * by commit_first().
 *
 * That takes only what the database does not have.  The load told what it
 * has; of what is not watched, which is not kept in the table, the keys are
 * kept here, so that a name that is watched again is compared with its last
 * state (R9).
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "expect.h"
#include "index.h"
#include "loop/loop.h"
#include "membership.h"
#include "monitor_priv.h"

enum {
	FRESH_TURN_MAX = 5000, /* given to the servers in one turn */
	FRESH_MANY = 1000      /* so many new at a time go by COPY */
};

struct fresh {
	struct waiting shards[STORE_SHARDS];
	uint32_t n;                   /* in them */
	uint16_t next;                /* shard */
	bool added;                   /* since the last step */
	bool many;                    /* the pass that is going on is of many */
	uint8_t named[NAME_SIZE_MAX]; /* last: types of a name come together */
	uint8_t named_size;
	uint16_t named_shard;
	uint64_t *past; /* as they came, found through `index` */
	uint32_t n_past;
	uint32_t room;
	struct index index;
	bool past_lost; /* no memory for them: any may be in the database */
};

struct fresh *
fresh_new(void)
{
	return calloc(1, sizeof(struct fresh));
}

void
fresh_free(struct fresh *f)
{
	if (f == NULL)
		return;
	index_fini(&f->index);
	free(f->past);
	free(f);
}

/* ---- what the database knows and nobody watches ---- */

/* The key is a cut SHA-256: the beginning is as good a hash as any. */
static uint64_t
short_key(const struct uuid *key)
{
	uint64_t v;

	memcpy(&v, key->b, sizeof(v));
	return v;
}

static uint64_t
hash_of_past(const void *owner, uint32_t i)
{
	const struct fresh *f = owner;

	return f->past[i];
}

static uint32_t
past_behind(const void *owner, uint32_t i)
{
	(void)owner;
	return i + 1;
}

static bool
is_past(const void *owner, uint32_t i, const void *wanted)
{
	const struct fresh *f = owner;

	return f->past[i] == *(const uint64_t *)wanted;
}

static bool
has_past(const struct fresh *f, uint64_t v)
{
	const struct index_owner owner = {
	    hash_of_past, past_behind, is_past, f};

	return index_find(&f->index, &owner, v, &v) != INDEX_NONE;
}

static bool
grow_past(struct fresh *f)
{
	uint32_t room = f->room == 0 ? 64 : f->room * 2;
	uint64_t *past;

	if (f->n_past < f->room)
		return true;
	past = realloc(f->past, room * sizeof(*past));
	if (past == NULL)
		return false;
	f->past = past;
	f->room = room;
	return true;
}

/* The key of a question, or of a name. */
static void
add_past(struct fresh *f, uint64_t v)
{
	const struct index_owner owner = {
	    hash_of_past, past_behind, is_past, f};

	if (has_past(f, v))
		return;
	if (!grow_past(f)) {
		f->past_lost = true;
		return;
	}
	f->past[f->n_past] = v;
	if (index_add(&f->index, &owner, v, f->n_past))
		f->n_past++;
	else
		f->past_lost = true;
}

void
fresh_past(struct monitor *m, const struct uuid *key, const uint8_t *name)
{
	add_past(m->fresh, short_key(key));
	add_past(m->fresh, hash_sip(&m->key, name, name_size(name)));
}

bool
fresh_has_name(const struct monitor *m, const uint8_t *name, size_t size)
{
	return m->fresh->past_lost ||
	       has_past(m->fresh, hash_sip(&m->key, name, size));
}

bool
fresh_is_known(const struct monitor *m, uint32_t id)
{
	const struct fresh *f = m->fresh;
	struct store_key key = table_key(m->table, id);

	return (table_question(m->table, id)->flags & Q_STORED) != 0 ||
	       f->past_lost || has_past(f, short_key(&key.question));
}

/* ---- the order ---- */

static uint16_t
shard_of(struct fresh *f, const uint8_t *name, uint8_t size)
{
	if (size != f->named_size || memcmp(name, f->named, size) != 0) {
		memcpy(f->named, name, size);
		f->named_size = size;
		f->named_shard = question_shard(name, size);
	}
	return f->named_shard;
}

void
fresh_add(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);

	if (p->first_s == 0 || m->setup.once || (q->flags & Q_STORED) != 0) {
		fresh_begin(m, id);
		return;
	}
	/* In the wheel it is known by having no row. */
	m->n_later++;
	if (p->first_s == WATCH_FIRST_SPREAD)
		poll_plan(m, id);
	else
		poll_later(m, id,
		    (uint64_t)p->first_s * 1000 * table_spread(m->table, id) >>
			16);
}

void
fresh_begin(struct monitor *m, uint32_t id)
{
	struct fresh *f = m->fresh;
	uint8_t size;
	const uint8_t *name = table_name(m->table, id, &size);

	if (m->first_left++ == 0) {
		m->first_pass_began = loop_mono(m->loop);
		m->first_done = 0;
	}
	/* What is queued is in no other list. */
	table_question(m->table, id)->flags |= Q_BUSY;
	m->busy++;
	pump_push(m, &f->shards[shard_of(f, name, size)], id);
	f->n++;
	f->next = 0;
	f->added = true;
}

bool
fresh_step(struct monitor *m)
{
	struct fresh *f = m->fresh;

	if (m->draining)
		return false;
	if (f->added) {
		f->added = false; /* perhaps there are more to come */
		if (m->first_left >= FRESH_MANY)
			f->many = m->first_pass = true;
		return true;
	}
	for (unsigned n = 1; f->n > 0 && n <= FRESH_TURN_MAX; n++) {
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			break;
		while (f->shards[f->next].n == 0)
			f->next++;
		m->busy--;
		f->n--;
		poll_fresh(m, pump_pop(m, &f->shards[f->next]));
	}
	return f->n > 0;
}

void
fresh_asked(struct monitor *m)
{
	m->first_done++;
	if (m->first_left > 0 && --m->first_left == 0 && m->fresh->many) {
		m->fresh->many = false;
		commit_flush(m->store);
	}
}

/* ---- into the database ---- */

void
fresh_put(struct monitor *m, uint32_t id, const struct content *content,
    uint32_t ttl, wall_us at)
{
	struct question *q = table_question(m->table, id);
	bool known = (q->flags & Q_STORED) != 0;
	struct commit_question c;
	struct commit_baseline answer = {
	    .name = table_name(m->table, id, NULL),
	    .content = content,
	    .ttl = ttl,
	    .at = at,
	};

	/* It came back, and its first poll failed: the database has it. */
	if (!known && content == NULL && (q->flags & Q_KNOWN) != 0) {
		restore_put_question(m, id, true);
		return;
	}
	if (!known) {
		restore_fill_question(m, id, &c);
		membership_weigh(m, id, &c);
		q->flags |= Q_STORED;
	}
	/* What is told goes in one transaction with its event, which COPY
	 * has no room for. */
	if (!known && m->fresh->many && !baseline_is_told(m, id)) {
		answer.key = c.key;
		commit_first(m->store, &c, content == NULL ? NULL : &answer);
		if (content != NULL)
			expect_look(m, id);
		return;
	}
	if (!known)
		commit_question(m->store, &c, NULL, NULL);
	if (content != NULL)
		baseline_commit(m, id, content, ttl, at);
	if (content != NULL)
		expect_look(m, id);
}

/* It is there after all: the next reply is held against the database. */
static void
on_refused(void *ctx, const char *text, const uint8_t *name, size_t size,
    uint16_t type)
{
	struct monitor *m = ctx;
	uint8_t view = table_find_view(m->table, text);
	uint32_t id = view == VIEW_NONE
	                  ? QUESTION_NONE
	                  : table_find(m->table, view, name, size, type);

	if (id == QUESTION_NONE)
		return;
	log_warn("monitor: the database had a question that it did not tell "
		 "of at start");
	table_question(m->table, id)->fingerprint = FINGERPRINT_ASK;
	table_question(m->table, id)->flags |= Q_KNOWN;
	restore_put_question(
	    m, id, (table_question(m->table, id)->flags & Q_WATCHED) != 0);
}

void
fresh_start(struct monitor *m)
{
	store_on_refused(m->store, on_refused, m);
}
