/* SPDX-License-Identifier: ISC */

/*
 * Each pool is looked at once an hour: its class, who is absent, and what was
 * counted goes to the database, as it does at the end of a day and of the
 * program.  Until then a kill loses it, and a pool is a little younger.
 */

#include "pools.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/log.h"
#include "config/config.h"
#include "dns/type.h"
#include "judge/pool.h"
#include "loop/loop.h"
#include "note.h"
#include "source.h"

enum {
	POOLS_SETS_MIN = 3, /* within a day: R22 */
	POOLS_STEP = 512,   /* looked at in a second */
	POOLS_KEEP_S = 3600,
	POOLS_SOON_S = 900, /* after a start, or as long again */
	POOLS_REST_S = 7 * 86400,
	POOLS_THIRD_S = 12 * 3600, /* what moves more often shows a fourth */
	DAY_S = 86400,
	REASON_SIZE = 160
};

/* With such an aspect it is more than an address that nobody knows yet. */
#define URGENT (ASPECT_UNEXPECTED | ASPECT_BOGUS | ASPECT_DS_MISMATCH)

struct pooled {
	uint32_t question;
	uint32_t kept; /* when it was last given to the database */
	bool dirty;    /* something was counted since */
	struct pool *pool;
};

struct pools {
	struct idmap map; /* by question */
	uint32_t at;      /* of the walk */
	bool full;        /* and it was said */
	uint64_t n_inside;
	size_t bytes;
};

struct pools *
pools_new(void)
{
	return calloc(1, sizeof(struct pools));
}

void
pools_free(struct pools *p)
{
	struct pooled *one;
	uint32_t at = 0;

	if (p == NULL)
		return;
	while ((one = idmap_next(&p->map, &at)) != NULL) {
		pool_free(one->pool);
		free(one);
	}
	idmap_fini(&p->map);
	free(p);
}

static uint32_t
now_of(const struct monitor *m)
{
	return (uint32_t)(loop_wall(m->loop) / WALL_S(1));
}

static const struct policy *
rules_of(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy);
}

/* ---- the table ---- */

static size_t
bytes_of(const struct pooled *one)
{
	return sizeof(*one) + pool_bytes(one->pool);
}

/* Takes the pool, which is NULL without memory. */
static struct pooled *
put(struct monitor *m, uint32_t id, struct pool *pool)
{
	struct pools *p = m->pools;
	struct pooled *one = calloc(1, sizeof(*one));

	if (one == NULL || pool == NULL || idmap_put(&p->map, id, one) != 0) {
		pool_free(pool);
		free(one);
		return NULL;
	}
	one->question = id;
	/* Sooner the first time, and not all that a start loads at once. */
	one->kept = now_of(m) - POOLS_KEEP_S + POOLS_SOON_S + id % POOLS_SOON_S;
	one->dirty = true;
	one->pool = pool;
	p->bytes += bytes_of(one);
	return one;
}

static void
drop(struct monitor *m, struct pooled *one)
{
	m->pools->bytes -= bytes_of(one);
	idmap_take(&m->pools->map, one->question);
	pool_free(one->pool);
	free(one);
	if (m->pools->map.live < POOLS_MAX / 2)
		m->pools->full = false;
}

static bool
has_room(struct monitor *m)
{
	struct pools *p = m->pools;

	if (p->map.live < POOLS_MAX)
		return true;
	if (!p->full)
		log_warn("monitor: %u questions have pools; of more that "
			 "rotate each answer is looked up",
		    p->map.live);
	p->full = true;
	return false;
}

/* ---- to the database ---- */

static void
keep_day(struct monitor *m, const struct pooled *one)
{
	const struct pool *p = one->pool;
	struct buf counts = {0};
	struct emit j;
	char text[ADDR_TEXT_SIZE];
	struct commit_pool_day c = {
	    .key = table_key(m->table, one->question),
	    .day = WALL_S((wall_us)p->day * DAY_S),
	    .answers = p->answers_today,
	};

	if (p->answers_today == 0)
		return;
	emit_start(&j, &counts);
	emit_object(&j, NULL);
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->list[i].today == 0)
			continue;
		pool_print(p, &p->list[i], text);
		emit_int(&j, text, p->list[i].today);
	}
	emit_object_end(&j);
	c.counts = buf_text(&counts);
	if (counts.err == 0)
		commit_pool_day(m->store, &c, NULL, NULL);
	buf_fini(&counts);
}

/* With an event, or without (NULL). */
static void
keep(struct monitor *m, struct pooled *one, const struct say_event *e,
    struct note *n)
{
	struct store_key key = table_key(m->table, one->question);
	struct buf packed = {0};
	struct note_rows rows;
	struct commit_attribute c = {
	    .key = key,
	    .at = loop_wall(m->loop),
	    .about = &key,
	};

	c.key.server = STORE_SERVER_POOL;
	pool_pack(one->pool, &packed);
	if (packed.err != 0) {
		buf_fini(&packed);
		return;
	}
	c.noted = packed.data;
	c.noted_size = packed.size;
	if (n != NULL) {
		note_fill(n, e, &rows);
		c.entries = &rows.entry;
		c.n_entries = 1;
		c.alerts = &rows.alert;
		c.n_alerts = n->alerted ? 1 : 0;
		pending_add(m, &n->pending);
	}
	commit_attribute(m->store, &c, n == NULL ? NULL : note_durable, n);
	keep_day(m, one);
	one->dirty = false;
	one->kept = now_of(m);
	buf_fini(&packed);
}

static void
tell_event(struct monitor *m, struct pooled *one, struct say_event *e)
{
	struct note *n;

	e->name = table_name(m->table, one->question, NULL);
	e->view = monitor_view(m, one->question);
	e->type = table_question(m->table, one->question)->type;
	e->at = loop_wall(m->loop);
	e->policy = rules_of(m, one->question);
	note_weigh(m, e);
	e->id = uuid_v7(e->at);
	n = note_new(m, e);
	if (n != NULL)
		keep(m, one, e, n);
}

static void
tell(struct monitor *m, struct pooled *one, const char *kind, uint32_t since,
    const char *reason)
{
	struct say_event e = {
	    .kind = kind,
	    .reason = reason,
	    .since = WALL_S((wall_us)since),
	};

	tell_event(m, one, &e);
}

/* ---- looking ---- */

/* The class, and members that are absent for too long. */
static void
look(struct monitor *m, struct pooled *one)
{
	uint32_t now = now_of(m);
	struct pool *p = one->pool;
	struct pool_element gone;
	enum pool_class from;
	char reason[REASON_SIZE];
	char text[ADDR_TEXT_SIZE];

	while (pool_absent(p, &gone)) {
		uint32_t share = pool_share(&gone);

		pool_print(p, &gone, text);
		snprintf(reason, sizeof(reason),
		    "%s was in %u.%u %% of the answers, and in none of the "
		    "last %u",
		    text, share / 10, share % 10, p->answers - gone.last_no);
		tell(m, one, "pool-left", gone.last, reason);
	}
	if (p->replaced) {
		p->replaced = false;
		tell(m, one, "pool-left", now,
		    "none of its members was answered since others came, a "
		    "day ago");
	}
	if (!pool_look(p, now, &from))
		return;
	snprintf(reason, sizeof(reason), "%s -> %s", pool_class_text(from),
	    pool_class_text((enum pool_class)p->class_));
	tell(m, one,
	    p->class_ == POOL_FLUX && p->flux_told == now ? "flux" : "class",
	    one->pool->class_since, reason);
}

/* What a day of a flux question showed; how many addresses that is. */
static size_t
list_day(const struct pool *p, struct say_address list[POOL_ELEMENTS_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->n && n < POOL_ELEMENTS_MAX; i++) {
		const struct pool_element *e = &p->list[i];

		/* What was a change for itself is in no answer of the pool's.
		 */
		if (e->last / DAY_S != p->day)
			continue;
		pool_print(p, e, list[n].text);
		list[n].answers = e->today;
		list[n].fresh = e->first / DAY_S == p->day;
		n++;
	}
	return n;
}

/* R23: what flux is not told of one by one is told once a day. */
static void
tell_day(struct monitor *m, struct pooled *one, const struct say_address *list,
    size_t n, uint32_t day, uint32_t answers)
{
	struct say_event e = {
	    .kind = "flux-digest",
	    .since = WALL_S((wall_us)day * DAY_S),
	    .addresses = list,
	    .n_addresses = n,
	    .answers = answers,
	};

	tell_event(m, one, &e);
}

/*
 * A day that is over is kept before its counts go; and these are gone when it
 * is told, so that a start in between does not tell it again.
 */
static void
turn(struct monitor *m, struct pooled *one, uint32_t now)
{
	struct say_address list[POOL_ELEMENTS_MAX];
	struct pool *p = one->pool;
	uint32_t day = p->day;
	uint32_t answers = p->answers_today;
	size_t n;

	if (!pool_is_over(p, now))
		return;
	n = p->class_ == POOL_FLUX ? list_day(p, list) : 0;
	if (one->dirty)
		keep(m, one, NULL, NULL);
	pool_turn(p, now);
	one->dirty = true;
	if (n > 0)
		tell_day(m, one, list, n, day, answers);
}

static void
look_at(struct monitor *m, struct pooled *one, uint32_t now)
{
	const struct question *q = table_question(m->table, one->question);

	if (now < one->kept + POOLS_KEEP_S || (q->flags & Q_WATCHED) == 0 ||
	    (q->flags & Q_KNOWN) == 0)
		return;
	if (rules_of(m, one->question)->hostile) {
		drop(m, one); /* R25: a list says so since */
		return;
	}
	turn(m, one, now);
	look(m, one);
	if (one->dirty)
		keep(m, one, NULL, NULL);
	one->kept = now;
	if (one->pool->class_ == POOL_STABLE &&
	    now > one->pool->moved + POOLS_REST_S)
		drop(m, one);
}

void
pools_second(struct monitor *m)
{
	struct pools *p = m->pools;
	uint32_t now = now_of(m);

	for (int n = 0; n < POOLS_STEP; n++) {
		struct pooled *one = idmap_next(&p->map, &p->at);

		if (one == NULL) {
			p->at = 0;
			return;
		}
		look_at(m, one, now);
	}
}

void
pools_flush(struct monitor *m)
{
	struct pooled *one;
	uint32_t at = 0;

	while ((one = idmap_next(&m->pools->map, &at)) != NULL) {
		if (one->dirty)
			keep(m, one, NULL, NULL);
	}
}

/* Does its alias end where only a provider gives addresses (R24)? */
static bool
is_provided(const struct monitor *m, const struct content *c)
{
	if (c->n_chain == 0)
		return false;
	for (size_t i = 0; i < m->config->n_providers; i++)
		if (name_is_within(
			c->chain[c->n_chain - 1], m->config->providers[i].wire))
			return true;
	return false;
}

static bool
is_same_chain(const struct content *a, const struct content *b)
{
	if (a->n_chain != b->n_chain)
		return false;
	for (uint16_t i = 0; i < a->n_chain; i++)
		if (!name_equal(a->chain[i], b->chain[i]))
			return false;
	return true;
}

bool
pools_provided(const struct inquiry *q, const struct content *c)
{
	const struct monitor *m = q->monitor;
	uint16_t type = table_question(m->table, q->question)->type;

	return !rules_of(m, q->question)->hostile &&
	       !source_asks(m, q->question) && pool_takes(c, type) &&
	       pool_takes(&q->believed, type) && is_provided(m, c) &&
	       is_same_chain(&q->believed, c);
}

/* ---- hearing ---- */

bool
pools_has(const struct monitor *m, uint32_t id)
{
	return m->pools->map.live > 0 && idmap_get(&m->pools->map, id) != NULL;
}

bool
pools_hear(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum, bool poll, bool fresh)
{
	const struct question *q = table_question(m->table, id);
	bool inquired = (q->flags & (Q_INQUIRY | Q_DOUBTED)) != 0;
	bool believed =
	    q->fingerprint == sum->fingerprint && (q->flags & Q_INQUIRY) == 0;
	struct pooled *one = idmap_get(&m->pools->map, id);
	struct reply reply;

	if (rules_of(m, id)->hostile)
		return believed;
	arena_reset(&m->scratch);
	if (source_reply(m, id, a, &m->scratch, &reply) != 0 ||
	    !pool_takes(&reply.content, q->type))
		return believed;
	if (poll) {
		const struct pool_heard h = {
		    &reply.content, sum->ttl, now_of(m), fresh};

		turn(m, one, h.now);
		pool_hear(one->pool, &h);
		one->dirty = one->dirty || fresh;
	}
	if (believed || inquired ||
	    (!pool_holds(one->pool, &reply.content) &&
		(!is_provided(m, &reply.content) ||
		    !pool_has_chain(one->pool, &reply.content))))
		return believed;
	m->pools->n_inside++;
	return true;
}

/* ---- what is believed ---- */

/* By its first three sets: what was believed before is part of it. */
static struct pooled *
begin(struct inquiry *q, const struct content *to)
{
	struct monitor *m = q->monitor;
	uint16_t type = table_question(m->table, q->question)->type;
	bool both = pool_takes(&q->believed, type);

	if ((q->n_sets_day < POOLS_SETS_MIN && !pools_provided(q, to)) ||
	    !pool_takes(to, type) || source_asks(m, q->question) ||
	    m->setup.once || rules_of(m, q->question)->hostile || !has_room(m))
		return NULL;
	return put(
	    m, q->question, pool_new(both ? &q->believed : to, now_of(m)));
}

void
pools_believe(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	const struct content *to =
	    &q->list[q->begin + q->judgement.to_witness].content;
	uint16_t type = table_question(m->table, q->question)->type;
	struct pooled *one = idmap_get(&m->pools->map, q->question);

	if (one == NULL)
		one = begin(q, to);
	if (one == NULL)
		return;
	m->pools->bytes -= bytes_of(one);
	if (pool_believe(
		one->pool, pool_takes(to, type) ? to : NULL, now_of(m)))
		one->dirty = true;
	m->pools->bytes += bytes_of(one);
}

bool
pools_outside(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	const struct pooled *one = idmap_get(&m->pools->map, q->question);
	const struct content *c = &q->list[q->begin].content;
	uint16_t type = table_question(m->table, q->question)->type;

	return one != NULL && !rules_of(m, q->question)->hostile &&
	       pool_takes(c, type) && pool_is_outside(one->pool, c, now_of(m));
}

/*
 * Two sets within a day: is this the third of what rotates?  Not a return, and
 * not what moves once in a day: neither gets a pool, and so would never be
 * learnt.
 */
static bool
is_third(const struct inquiry *q)
{
	if (q->n_sets_day + 1 != POOLS_SETS_MIN)
		return q->n_sets_day >= POOLS_SETS_MIN;
	if (q->seen_at - q->believed_since > WALL_S(POOLS_THIRD_S))
		return false;
	for (size_t i = 0; i < q->n_facts; i++)
		if (q->facts[i].first_here == 0 ||
		    q->facts[i].first_here >= q->seen_at)
			return true;
	return false;
}

/* Nobody has a pool yet; where none has room, nothing is ever learnt. */
static bool
may_grow(const struct inquiry *q, const struct content *to)
{
	const struct monitor *m = q->monitor;
	uint16_t type = table_question(m->table, q->question)->type;
	struct pool *p;
	bool grows;

	if (!is_third(q) || m->setup.once || source_asks(m, q->question) ||
	    m->pools->map.live >= POOLS_MAX || !pool_takes(&q->believed, type))
		return false;
	p = pool_new(&q->believed, now_of(m));
	grows = p != NULL && pool_grows(p, to, now_of(m));
	pool_free(p);
	return grows;
}

bool
pools_grow(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	const struct pooled *one = idmap_get(&m->pools->map, q->question);
	const struct content *to =
	    &q->list[q->begin + q->judgement.to_witness].content;

	if (rules_of(m, q->question)->hostile ||
	    q->judgement.label == LABEL_TRANSIENT ||
	    (q->aspects & URGENT) != 0 ||
	    !pool_takes(to, table_question(m->table, q->question)->type))
		return false;
	return one == NULL ? may_grow(q, to)
	                   : pool_grows(one->pool, to, now_of(m));
}

uint32_t
pools_sets(const struct monitor *m, uint32_t id, uint32_t n_sets_day)
{
	return n_sets_day < POOLS_SETS_MIN && pools_moves(m, id)
	           ? POOLS_SETS_MIN
	           : n_sets_day;
}

bool
pools_moves(const struct monitor *m, uint32_t id)
{
	const struct pooled *one = idmap_get(&m->pools->map, id);

	return one != NULL && one->pool->class_ != POOL_STABLE;
}

/* ---- over a restart ---- */

void
pools_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	uint16_t type = table_question(m->table, id)->type;
	struct pool *p;
	struct pooled *one;
	struct content content;
	bool known;

	if (m->setup.once || rules_of(m, id)->hostile || source_asks(m, id) ||
	    row->content == NULL || idmap_get(&m->pools->map, id) != NULL ||
	    !has_room(m) ||
	    (p = pool_unpack(row->pool, row->pool_size)) == NULL)
		return;
	if (p->class_ == POOL_STABLE && now_of(m) > p->moved + POOLS_REST_S) {
		pool_free(p);
		return;
	}
	arena_reset(&m->scratch);
	known = content_unpack(row->content, row->content_size, &m->scratch,
		    &content) == 0 &&
	        pool_takes(&content, type);
	(void)pool_believe(p, known ? &content : NULL, now_of(m));
	one = put(m, id, p);
	if (one != NULL)
		one->dirty = false;
}

/* ---- in numbers ---- */

size_t
pools_bytes(const struct monitor *m)
{
	return m->pools->bytes + idmap_bytes(&m->pools->map);
}

void
pools_status(const struct monitor *m, struct emit *j)
{
	emit_int(j, "pools", m->pools->map.live);
	emit_int(j, "inside_pool", (int64_t)m->pools->n_inside);
}
