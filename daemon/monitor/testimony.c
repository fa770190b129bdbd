/* SPDX-License-Identifier: ISC */

/*
 * What servers said about one question while it is inquired into.
 *
 * Equal replies of one server in a row are one testimony with a count: the
 * memory grows with what differs, not with time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/stale.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "source.h"

void
testimony_count_bytes(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	size_t *sum =
	    q->counted_doubted ? &m->doubted_bytes : &m->observed_bytes;

	size_t bytes = sizeof(*q) + q->room * sizeof(*q->list) + q->arena.used;

	*sum += bytes - q->counted;
	q->counted = bytes;
}

void
testimony_uncount_bytes(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	size_t *sum =
	    q->counted_doubted ? &m->doubted_bytes : &m->observed_bytes;

	*sum -= q->counted;
	q->counted = 0;
}

struct testimony *
testimony_add(struct inquiry *q)
{
	if (q->n == q->room) {
		size_t room = q->room == 0 ? 8 : q->room * 2;
		struct testimony *list = realloc(q->list, room * sizeof(*list));

		if (list == NULL)
			return NULL;
		q->list = list;
		q->room = room;
	}
	q->list[q->n] = (struct testimony){0};
	return &q->list[q->n++];
}

/*
 * The largest TTL that counts for this reply's age: what was seen before only
 * while this server did not flip between records and none (R13).  A flip of
 * another says nothing of this one's entry.
 */
static uint32_t
ttl_max_for(
    const struct inquiry *q, uint16_t server, const struct reply_sum *sum)
{
	const struct question *row =
	    table_question(q->monitor->table, q->question);
	bool negative = sum->outcome != OUTCOME_ANSWER;
	uint32_t max = sum->ttl;

	for (size_t i = q->begin; i < q->n; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail != FAIL_NOT)
			continue;
		if ((t->content.outcome != OUTCOME_ANSWER) != negative) {
			if (t->witness.server == server)
				return sum->ttl;
		} else if (t->ttl > max) {
			max = t->ttl;
		}
	}
	return question_ttl(row) > max ? question_ttl(row) : max;
}

/* Another instance of it, by what both say (RFC 5001)? */
static bool
is_other_instance(const struct testimony *t, const struct answer *a)
{
	const struct message *m = a->message;

	if (t->nsid_size == 0 || m == NULL || a->wire == NULL ||
	    m->nsid_size == 0)
		return false;
	return t->nsid_size != m->nsid_size ||
	       memcmp(t->nsid, a->wire + m->nsid_at, m->nsid_size) != 0;
}

static bool
says_the_same(const struct testimony *t, const struct answer *a, enum fail fail,
    uint64_t fingerprint, bool stale)
{
	/* What was said afresh stays so when it is said out of an old cache. */
	return !t->witness.filtered && t->witness.fail == fail &&
	       t->witness.stale == stale && t->fingerprint == fingerprint &&
	       t->witness.server == a->server &&
	       t->witness.transport == a->transport;
}

/*
 * The testimony that this reply prolongs: the last one, so that the order of
 * different answers is kept.  Any, for a change that is decided but doubted,
 * since those come with every poll for a day, or when there are many already;
 * else each instance of a server that has many begins its own.
 */
static struct testimony *
same_run(const struct inquiry *q, const struct answer *a, enum fail fail,
    uint64_t fingerprint, bool stale)
{
	bool any = q->state == INQUIRY_DOUBTED ||
	           (q->state == INQUIRY_OPEN &&
		       q->n - q->begin >= CANDIDATE_WITNESSES_MAX);
	size_t first = any ? q->begin : q->n - 1;

	if (q->n <= q->begin)
		return NULL;
	/* What the decision has is on its way: this comes after it. */
	if (q->state == INQUIRY_CLOSING && q->n <= q->end)
		return NULL;
	for (size_t i = q->n; i > first; i--) {
		struct testimony *t = &q->list[i - 1];

		if (says_the_same(t, a, fail, fingerprint, stale) &&
		    (any || !is_other_instance(t, a)))
			return t;
	}
	return NULL;
}

/* By value: the configuration may change while evidence is held. */
void
testimony_server(struct monitor *m, struct testimony *t, uint16_t server)
{
	struct server_known s;

	if (!server_known(m, server, &s)) { /* no longer configured */
		t->witness.group = WITNESS_NOBODY;
		return;
	}
	snprintf(t->server_text, sizeof(t->server_text), "%s", s.text);
	t->group_text = s.group_text;
	t->addr = *s.addr;
	t->witness.group = s.group;
	t->witness.source = server >= SOURCE_FIRST;
}

uint16_t
testimony_by(const struct monitor *m, const char *text)
{
	for (uint8_t i = 0; i < m->n_servers && text != NULL; i++) {
		if (strcmp(m->servers[i].text, text) == 0)
			return i;
	}
	return text == NULL ? UINT16_MAX : source_by_text(m, text);
}

/* B9: what the server says of its error, cut; escaped when it is printed. */
const uint8_t *
testimony_ede_text(struct arena *arena, const struct answer *a, size_t *size)
{
	const uint8_t *own;

	*size = 0;
	if (a->message == NULL || a->message->ede < 0 || a->wire == NULL)
		return NULL;
	*size = a->message->ede_text_size;
	if (*size > MESSAGE_EDE_TEXT_MAX)
		*size = MESSAGE_EDE_TEXT_MAX;
	own = arena_copy(arena, a->wire + a->message->ede_text_at, *size);
	if (own == NULL)
		*size = 0;
	return own;
}

const uint8_t *
testimony_nsid(struct arena *arena, const struct answer *a, size_t *size)
{
	const uint8_t *own;

	*size = 0;
	if (a->message == NULL || a->wire == NULL || a->message->nsid_size == 0)
		return NULL;
	own = arena_copy(
	    arena, a->wire + a->message->nsid_at, a->message->nsid_size);
	if (own != NULL)
		*size = a->message->nsid_size;
	return own;
}

static void
keep_nsid(struct inquiry *q, struct testimony *t, const struct answer *a)
{
	if (t->nsid_size == 0)
		t->nsid = testimony_nsid(&q->arena, a, &t->nsid_size);
}

/* What the OPT says beside the answer. */
static void
keep_options(struct inquiry *q, struct testimony *t, const struct answer *a)
{
	t->ede_text = testimony_ede_text(&q->arena, a, &t->ede_text_size);
	keep_nsid(q, t, a);
}

uint16_t
testimony_flags(const struct monitor *m, const struct answer *a)
{
	uint16_t flags = a->message != NULL ? a->message->flags : 0;

	if (a->server >= m->n_servers || !m->servers[a->server].trust_ad)
		flags &= (uint16_t)~COMMIT_FLAG_AD;
	/* As it was asked, whatever the server copied. */
	flags &= (uint16_t)~COMMIT_FLAG_CD;
	if ((a->cookie >> 48 & ASK_CD) != 0)
		flags |= COMMIT_FLAG_CD;
	return flags;
}

static void
fill_witness(struct monitor *m, struct testimony *t, const struct answer *a,
    enum fail fail)
{
	wall_us now = monitor_steady(m);

	t->at = t->last_at = loop_wall(m->loop);

	t->witness = (struct witness){
	    .at = now,
	    .last_at = now,
	    .fetched_after = now,
	    .count = 1,
	    .server = a->server,
	    .transport = (uint8_t)a->transport,
	    .fail = fail,
	};
	testimony_server(m, t, a->server);
	t->ede = a->message != NULL ? a->message->ede : a->ede;
	t->flags = testimony_flags(m, a);
}

/*
 * R13: what is believed, said with a TTL that may be a stale answer's, and by a
 * server that was not heard to count it down.
 */
static bool
may_be_kept(const struct inquiry *q, const struct answer *a,
    const struct reply_sum *sum)
{
	const struct question *row =
	    table_question(q->monitor->table, q->question);

	if (sum->fingerprint != row->fingerprint ||
	    !stale_is_low(sum->aa, sum->ttl, ttl_max_for(q, a->server, sum)))
		return false;
	for (size_t i = q->begin; i < q->n; i++) {
		const struct witness *w = &q->list[i].witness;

		if (w->fail == FAIL_NOT && w->server == a->server &&
		    q->list[i].fingerprint == sum->fingerprint &&
		    w->ttl > sum->ttl)
			return false;
	}
	return true;
}

/* Takes down a good reply.  NULL: out of memory, or not readable after all. */
/* Its TTL is as old when it comes. */
static wall_us
took(const struct monitor *m, const struct answer *a)
{
	return a->sent == 0 ? 0 : (loop_mono(m->loop) - a->sent) / 1000;
}

struct testimony *
testimony_reply(
    struct inquiry *q, const struct answer *a, const struct reply_sum *sum)
{
	struct monitor *m = q->monitor;
	wall_us after = candidate_fetched_after(monitor_steady(m), sum->aa,
	    ttl_max_for(q, a->server, sum), sum->ttl);
	bool stale = a->message->ede == 3 || a->message->ede == 19 ||
	             may_be_kept(q, a, sum);
	struct testimony *t = same_run(q, a, FAIL_NOT, sum->fingerprint, stale);
	struct reply reply;

	if (t != NULL) {
		t->apart = t->apart && m->apart;
		t->witness.count++;
		t->witness.ttl = sum->ttl;
		t->took = took(m, a);
		t->witness.last_at = monitor_steady(m);
		t->last_at = loop_wall(m->loop);
		t->witness.fetched_after = after;
		keep_nsid(q, t, a);
		return t;
	}
	if (source_reply(m, q->question, a, &q->arena, &reply) != 0 ||
	    reply.content.outcome == OUTCOME_FAIL)
		return NULL;
	t = testimony_add(q);
	if (t == NULL)
		return NULL;
	fill_witness(m, t, a, FAIL_NOT);
	keep_options(q, t, a);
	t->raw = arena_copy(&q->arena, a->wire, a->size);
	t->raw_size = t->raw == NULL ? 0 : (uint32_t)a->size;
	if (t->raw != NULL)
		hash_sha256(t->raw, t->raw_size, t->sha256);
	t->content = reply.content;
	if (q->inconsistent && reply.content.outcome == OUTCOME_NXDOMAIN &&
	    reply.content.n_chain == 0)
		t->content.outcome = OUTCOME_NODATA; /* R5: it was denied */
	t->fingerprint = sum->fingerprint;
	t->took = took(m, a);
	t->apart = m->apart;
	t->ttl = sum->ttl;
	t->witness.fetched_after = after;
	t->witness.ttl = sum->ttl;
	t->witness.aa = sum->aa;
	t->has_serial = sum->has_serial;
	t->serial = sum->serial;
	t->bare = sum->outcome == OUTCOME_NXDOMAIN && !sum->has_soa;
	t->witness.stale = stale;
	testimony_count_bytes(q);
	return t;
}

struct testimony *
testimony_shown(
    struct inquiry *q, const struct answer *a, const struct reply_sum *sum)
{
	struct testimony *t = testimony_reply(q, a, sum);

	if (t == NULL)
		return NULL;
	t->cd = true;
	t->witness.fail = FAIL_BOGUS;
	return t;
}

struct testimony *
testimony_recall(struct inquiry *q, const struct answer *a,
    const struct reply_sum *sum, const struct recall *r)
{
	uint32_t ttl_max = ttl_max_for(q, a->server, sum);
	struct testimony *t = testimony_reply(q, a, sum);

	if (t == NULL)
		return NULL;
	addr_print(&r->addr, t->server_text);
	t->addr = r->addr;
	t->group_text = r->group_text;
	t->apart = r->apart;
	t->at = r->at;
	t->last_at = r->last_at;
	t->witness.at = r->steady;
	t->witness.last_at = r->last_steady;
	t->witness.count = r->count;
	t->witness.ttl = r->ttl;
	t->witness.fetched_after = candidate_fetched_after(r->last_steady,
	    sum->aa, ttl_max > r->ttl ? ttl_max : r->ttl, r->ttl);
	return t;
}

/* By the wall clock, as it is told; 0: nothing was fetched, or long ago. */
static wall_us
fetched_after(const struct testimony *t)
{
	const struct witness *w = &t->witness;

	if (w->fail != FAIL_NOT || w->fetched_after == 0)
		return 0;
	return t->last_at - (w->last_at - w->fetched_after);
}

void
inquiry_evidence(
    const struct inquiry *q, size_t from, struct commit_evidence *out)
{
	for (size_t i = from; i < q->end; i++) {
		const struct testimony *t = &q->list[i];
		const struct witness *w = &t->witness;
		enum fail fail = t->cd ? FAIL_NOT : w->fail;

		*out++ = (struct commit_evidence){
		    .at = t->at,
		    .server = t->server_text,
		    .group = t->group_text,
		    .transport = w->transport,
		    .outcome = fail == FAIL_NOT ? (uint8_t)t->content.outcome
		                                : (uint8_t)OUTCOME_FAIL,
		    .fail = (uint8_t)fail,
		    .ttl = t->ttl,
		    .flags = t->flags,
		    .ede = t->ede,
		    .ede_text = t->ede_text,
		    .ede_text_size = t->ede_text_size,
		    .nsid = t->nsid,
		    .nsid_size = t->nsid_size,
		    .raw = t->raw,
		    .raw_size = t->raw_size,
		    .sha256 = t->raw == NULL ? NULL : t->sha256,
		    .count = w->count,
		    .last_at = t->last_at,
		    .fetched_after = fetched_after(t),
		    .has_serial = t->has_serial,
		    .serial = t->serial,
		    .content = fail == FAIL_NOT ? &t->content : NULL,
		};
	}
}

void
testimony_disown(struct commit_evidence *e)
{
	e->content = NULL;
	e->outcome = OUTCOME_FAIL;
	e->fail = FAIL_BOGUS;
}

struct testimony *
testimony_fail(struct inquiry *q, const struct answer *a, enum fail fail)
{
	struct testimony *t = same_run(q, a, fail, 0, false);

	if (t != NULL) {
		t->witness.count++;
		t->witness.last_at = monitor_steady(q->monitor);
		t->last_at = loop_wall(q->monitor->loop);
		return NULL;
	}
	t = testimony_add(q);
	if (t != NULL) {
		fill_witness(q->monitor, t, a, fail);
		keep_options(q, t, a);
	}
	return t;
}

void
testimony_find_server(struct inquiry *q)
{
	uint16_t server;

	for (size_t i = 0; q->restored && i < q->n; i++) {
		struct testimony *t = &q->list[i];

		if (!t->stored || t->witness.server != UINT16_MAX)
			continue;
		server = testimony_by(q->monitor, t->server_text);
		if (server == UINT16_MAX)
			continue;
		t->witness.server = server;
		testimony_server(q->monitor, t, server);
	}
}

void
testimony_lags(struct monitor *m, uint32_t id, uint16_t server)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL)
		q = idmap_get(&m->doubts, id);
	for (size_t i = q == NULL ? 0 : q->n; i > 0; i--) {
		struct witness *w = &q->list[i - 1].witness;

		if (w->server == server) {
			w->lags = w->fail != FAIL_NOT;
			return;
		}
	}
}

bool
testimony_differs(const struct inquiry *q, const struct testimony *t)
{
	return t->witness.fail == FAIL_NOT && !t->witness.stale &&
	       !t->witness.filtered &&
	       !content_equal(&t->content, &q->believed);
}

bool
testimony_begins(const struct inquiry *q, const struct testimony *t)
{
	return testimony_differs(q, t) && !t->apart;
}

void
testimony_record(struct inquiry *q, struct testimony *t)
{
	struct monitor *m = q->monitor;
	struct commit_evidence e;
	struct commit_more more = {
	    .key = q->key,
	    .name = table_name(m->table, q->question, NULL),
	    .change = q->change,
	    .evidence = &e,
	    .n_evidence = 1,
	};
	size_t end = q->end;

	if (t->stored || !testimony_differs(q, t))
		return;
	for (struct testimony *o = q->list + q->begin; o < t; o++) {
		/* A denied NXDOMAIN reads as NODATA (R5), and was none. */
		if (o->witness.fail == FAIL_NOT &&
		    content_equal(&o->content, &t->content) &&
		    (!q->inconsistent || o->fingerprint == t->fingerprint))
			return;
	}
	q->end = (size_t)(t - q->list) + 1;
	inquiry_evidence(q, q->end - 1, &e);
	q->end = end;
	t->stored = true;
	commit_more(m->store, &more, NULL, NULL);
}

void
testimony_record_waited(struct inquiry *q)
{
	/* Not what came later than T: it belongs to what comes after. */
	for (size_t i = q->begin + 1; i < q->end; i++)
		testimony_record(q, &q->list[i]);
}

static void
remap_one(struct monitor *m, struct witness *w, const struct poll_server *old,
    uint8_t n_old)
{
	uint16_t was = w->server;

	w->server = UINT16_MAX;
	w->group = WITNESS_NOBODY;
	for (uint8_t i = 0; i < m->n_servers && was < n_old; i++) {
		if (addr_equal(&m->servers[i].addr, &old[was].addr))
			w->server = i;
		if (strcmp(m->servers[i].group_text, old[was].group_text) == 0)
			w->group = m->servers[i].group;
	}
}

static void
remap_source(struct monitor *m, struct testimony *t)
{
	struct server_known s;

	if (!t->witness.source)
		return;
	t->witness.server = source_at(m, &t->addr);
	t->witness.group =
	    server_known(m, t->witness.server, &s) ? s.group : WITNESS_NOBODY;
}

void
inquiry_remap_sources(struct monitor *m)
{
	struct idmap *maps[] = {&m->inquiries, &m->doubts};
	struct inquiry *q;

	for (size_t k = 0; k < 2; k++) {
		uint32_t at = 0;

		while ((q = idmap_next(maps[k], &at)) != NULL) {
			for (size_t i = 0; i < q->n; i++)
				remap_source(m, &q->list[i]);
		}
	}
}

void
inquiry_remap(struct monitor *m, const struct poll_server *old, uint8_t n_old)
{
	struct idmap *maps[] = {&m->inquiries, &m->doubts};
	struct inquiry *q;

	for (size_t k = 0; k < 2; k++) {
		uint32_t at = 0;

		while ((q = idmap_next(maps[k], &at)) != NULL) {
			for (size_t i = 0; i < q->n; i++)
				remap_one(m, &q->list[i].witness, old, n_old);
			q->asked_groups = 0;
			q->n_repeats = 0;
		}
	}
}
