/* SPDX-License-Identifier: ISC */

/*
 * What was asked, said and decided, held against what was true while it goes
 * on.  docs/testing.md says which promises these are; the fake store has its
 * own (fake_store.h).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/monitor/monitor_priv.h"
#include "dns/type.h"
#include "jpath.h"
#include "judge/stale.h"
#include "resolver/resolver.h"
#include "zones.h"

enum {
	FAILING_AFTER = 3, /* the configuration's default */
	KILL_LOSES_MS = 1000,
	AGAIN_TAKES_MS = 4000, /* R13: asked again, before it is written */
	LOAD_S = 3,            /* a start has its state by then */
	WAITS_S = 90,     /* what came while it was away is decided by then */
	POLL_SLACK_S = 40 /* three attempts at silent servers, and the rates */
};

static void
add_hash(struct sim *s, uint64_t v)
{
	s->hash = mix64(s->hash ^ v) + 0x9e3779b97f4a7c15;
}

static void
add_text(struct sim *s, const char *text)
{
	for (; *text != '\0'; text++)
		s->hash = (s->hash ^ (uint8_t)*text) * 0x100000001b3;
	add_hash(s, 0);
}

struct subject *
oracle_find(struct sim *s, const uint8_t *name, uint16_t type)
{
	for (size_t i = 0; i < s->n_subjects; i++) {
		if (s->subjects[i].type == type &&
		    name_equal(s->subjects[i].name.wire, name))
			return &s->subjects[i];
	}
	story_fail("a question that nobody watches");
}

#define OF_A_TARGET SIZE_MAX

/* ---- questions ---- */

static bool
can_fetch(
    void *ctx, const struct server *server, const uint8_t *name, uint16_t type)
{
	struct sim *s = ctx;

	(void)type;
	if (zones_has(s, server))
		return true;
	for (size_t i = 0; i < s->n_hosts; i++) {
		if (name_equal(s->hosts[i].name.wire, name))
			return !s->hosts[i].away;
	}
	return true;
}

/*
 * A poll was begun: not more often than its interval says, but for one in two
 * that comes when a cache's entry has run out.
 */
static void
note_poll(const struct sim *s, struct subject *q, mono_ns now)
{
	mono_ns every = MONO_S(q->every_s) / (s->profile.authoritative ? 1 : 2);

	q->polled = now;
	q->n_polls++;
	if (q->n_polls > (now - q->planned) / every + 3)
		story_fail("%s: %u polls within %lld s, every %u s", q->text,
		    q->n_polls, (long long)((now - q->planned) / MONO_S(1)),
		    q->every_s);
}

/* As it was said; an NXDOMAIN without an SOA says none. */
static uint32_t
ttl_left(const struct fetched *f, uint16_t type, mono_ns age)
{
	uint32_t ttl = f->no_soa && f->n == 0 ? 0 : fetched_ttl(f, type);
	uint32_t age_s = (uint32_t)(age / MONO_S(1));

	return ttl > age_s ? ttl - age_s : 0;
}

static size_t
on_ask(void *ctx, const struct said *said)
{
	struct sim *s = ctx;
	const struct ask *ask = said->ask;
	mono_ns now = loop_mono(s->w.loop);
	struct subject *q;
	struct hearing *h;

	/* Their cookies are others. */
	if (zones_has(s, said->server))
		return zones_on_ask(s, said);
	/* Of a target or a probe, which is no question of anybody's. */
	if ((uint8_t)(ask->cookie >> 32) >= PURPOSE_DANGLING)
		return OF_A_TARGET;
	q = oracle_find(s, ask->name, ask->type);
	h = list_add(&q->heard, &q->n_heard, &q->heard_room, sizeof(*h));

	*h = (struct hearing){
	    .sent = now,
	    .fetched = said->fetched,
	    .server = (uint8_t)(said->server - s->w.net.servers),
	    .purpose = (uint8_t)(ask->cookie >> 32),
	    .cd = (ask->flags & ASK_CD) != 0,
	    .tcp = (ask->flags & ASK_TCP) != 0,
	    .stale = said->stale,
	    .aside = (ask->flags & ASK_CD) != 0 ||
	             (said->reply != NULL && said->reply->no_soa &&
			 said->reply->rcode == RCODE_NXDOMAIN),
	};
	h->first = h->purpose == PURPOSE_POLL && (ask->cookie >> 40 & 255) == 0;
	if (said->reply != NULL) {
		h->id = id_of_reply(said->reply, ask->name, ask->type);
		h->ttl = ttl_left(said->reply, ask->type, now - said->fetched);
	}
	if (h->first)
		note_poll(s, q, now);
	q->n_confirms += h->purpose == PURPOSE_CONFIRM;
	s->counts.asked++;
	add_hash(s, (uint64_t)now ^ ask->cookie ^ h->server);
	add_hash(s, h->id);
	return (size_t)(q - s->subjects) << 32 | (q->n_heard - 1);
}

static void
on_arrival(void *ctx, size_t number)
{
	struct sim *s = ctx;
	struct subject *q;
	struct hearing *h;

	if (number == OF_A_TARGET)
		return;
	if ((number & ZONES_NUMBER) != 0) {
		zones_on_arrival(s, number);
		return;
	}
	q = &s->subjects[number >> 32];
	h = &q->heard[number & UINT32_MAX];
	h->arrived = loop_mono(s->w.loop);
	h->wall = loop_wall(s->w.loop);
	if (story_is_traced())
		story_trace("  %s says %s %s%s, %.1f s old",
		    server_name(h->server), q->text,
		    h->id == 0 ? "nothing" : id_text(h->id),
		    h->stale ? " (stale)" : "",
		    (double)(h->arrived - h->fetched) / 1e9);
	s->counts.failed += h->id == 0;
}

/* ---- what becomes durable ---- */

static struct subject *
subject_of(struct sim *s, const struct db_question *q)
{
	return oracle_find(s, q->name.wire, q->type);
}

static void
believe(struct subject *q, content_id id, uint32_t ttl, wall_us at)
{
	struct belief *b =
	    list_add(&q->beliefs, &q->n_beliefs, &q->beliefs_room, sizeof(*b));

	*b = (struct belief){id, ttl, at};
}

/* Taken for filtered (R16), or asked with CD=1 (R17): something was said. */
static bool
is_no_failure(const struct commit_evidence *e)
{
	return e->fail == FAIL_FILTERED || e->fail == FAIL_BOGUS ||
	       (e->flags & 0x0010) != 0;
}

static bool
has_heard_any(const struct subject *q, int server, wall_us at)
{
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct hearing *h = &q->heard[i - 1];

		if (h->arrived != 0 && h->wall == at && h->server == server)
			return true;
	}
	return false;
}

/* A server (-1: any) said so, and it arrived at that time. */
static const struct hearing *
find_heard(const struct subject *q, int server, wall_us at, content_id id)
{
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct hearing *h = &q->heard[i - 1];

		if (h->arrived != 0 && h->wall == at &&
		    (server < 0 || h->server == server) &&
		    (id == 0 ? h->id == 0 : is_taken_as(h->id, id)))
			return h;
	}
	return NULL;
}

static void
on_baseline(
    void *ctx, const struct db_question *row, const struct commit_baseline *c)
{
	struct sim *s = ctx;
	struct zq *zq = zones_row(s, row);
	content_id id = id_of_content(c->content);
	const struct hearing *h;
	struct subject *q;

	if (zq != NULL) {
		zones_on_baseline(s, zq, c);
		return;
	}
	q = subject_of(s, row);
	h = find_heard(q, -1, c->at, id);
	if (h == NULL || h->stale)
		story_fail("R9: the baseline of %s was not heard: %s", q->text,
		    id_text(id));
	believe(q, id, c->ttl, c->at);
	q->place = (size_t)truth_find(q, -1, id);
	add_hash(s, id);
}

static struct episode *
episode_of(struct subject *q, const struct uuid *change, wall_us at)
{
	struct episode *e;

	for (size_t i = q->n_episodes; i > 0; i--) {
		if (uuid_equal(&q->episodes[i - 1].change, change))
			return &q->episodes[i - 1];
	}
	e = list_add(
	    &q->episodes, &q->n_episodes, &q->episodes_room, sizeof(*e));
	*e = (struct episode){.change = *change, .seen_at = at};
	return e;
}

/* A server of the zone was asked to confirm, and said so. */
static bool
is_of_zone(const struct sim *s, const struct subject *q,
    const struct commit_evidence *e, content_id id)
{
	if (strncmp(e->server, "198.51.100.", 11) != 0)
		return false;
	if (q->required != PROVED_SOURCE ||
	    !zones_said(s, &q->name, q->type, e->server, e->at, id))
		story_fail("evidence of %s was not heard from %s: %s", q->text,
		    e->server, id == 0 ? "a failure" : id_text(id));
	return true;
}

/* R3, R10: evidence is what was heard, from whom and when. */
static void
on_evidence(void *ctx, const struct db_question *row,
    const struct commit_evidence *e, const struct uuid *change)
{
	struct sim *s = ctx;
	struct zq *zq = zones_row(s, row);
	content_id id = e->content == NULL ? 0 : id_of_content(e->content);
	unsigned last = 0;
	struct subject *q;
	struct seen *own;

	if (zq != NULL) {
		zones_on_evidence(s, zq, e, change);
		return;
	}
	q = subject_of(s, row);
	if (is_of_zone(s, q, e, id))
		return;
	if (sscanf(e->server, "192.0.2.%u", &last) != 1)
		story_fail("evidence of %s from %s", q->text, e->server);
	if (find_heard(q, (int)last - 10, e->at, id) == NULL &&
	    !(is_no_failure(e) && has_heard_any(q, (int)last - 10, e->at)))
		story_fail("evidence of %s was not heard from %s: %s", q->text,
		    e->server,
		    id == 0 ? fail_text((enum fail)e->fail) : id_text(id));
	add_hash(s, id ^ (uint64_t)e->at);
	(void)episode_of(q, change, e->at);
	if (id == 0)
		return;
	own = list_add(&q->seen, &q->n_seen, &q->seen_room, sizeof(*own));
	*own = (struct seen){*change, id, e->ttl, e->at, e->last_at};
}

/* ---- decisions ---- */

static enum proved
proved_of(const struct commit_decision *d)
{
	char text[32] = "";

	(void)jpath(d->entry.body, ".proved", text, sizeof(text));
	if (strcmp(text, "source") == 0)
		return PROVED_SOURCE;
	if (strcmp(text, "cache") == 0)
		return PROVED_CACHE;
	return strcmp(text, "path") == 0 ? PROVED_PATH : PROVED_NOTHING;
}

/*
 * R12: what is told was said by two, element by element.  Where one of them
 * lies, that may be that the records are gone or an alias is, and not which
 * alias there is: NODATA behind one is taken as NODATA.
 */
static bool
was_nodata_behind(const struct sim *s, const struct subject *q, content_id to)
{
	if (!s->hosts[q->host].lied || to != id_plain(OUTCOME_NODATA))
		return false;
	for (size_t i = 0; i < q->n_truth; i++) {
		if (strncmp(id_text(q->truth[i].id), "NODATA ", 7) == 0)
			return true;
	}
	return false;
}

/*
 * R11, R12: `confirmed` has the proof that was asked for.  All who lie about a
 * name are one group, so that what two groups prove was in the zone; what is
 * forged on the path was not said by TCP.
 */
static void
check_confirmed(const struct sim *s, const struct subject *q,
    const struct commit_decision *d, content_id to)
{
	enum proved proved = proved_of(d);

	if (d->entry.label != LABEL_CONFIRMED)
		return;
	if (proved < q->required)
		story_fail("R11: %s is confirmed with proof %s", q->text,
		    proved_text(proved));
	if (s->hosts[q->host].lied &&
	    (proved < PROVED_CACHE || q->required == PROVED_SOURCE))
		return;
	if (!truth_had(q, to) && !was_nodata_behind(s, q, to) &&
	    (to != id_plain(OUTCOME_NODATA) ||
		!truth_had(q, id_plain(OUTCOME_NXDOMAIN))))
		story_fail("phantom: %s is confirmed and was never true: %s",
		    q->text, id_text(to));
}

/* The next place of the truth that was taken as this. */
static long
next_place(const struct subject *q, long after, content_id id)
{
	long at = truth_find(q, after, id);
	long denied;

	if (id != id_plain(OUTCOME_NODATA))
		return at;
	denied = truth_find(q, after, id_plain(OUTCOME_NXDOMAIN));
	return at < 0 || (denied >= 0 && denied < at) ? denied : at;
}

/* The reply with which the candidate was opened. */
static const struct hearing *
first_sight(const struct subject *q, const struct episode *e)
{
	for (size_t i = 0; i < q->n_seen; i++) {
		if (uuid_equal(&q->seen[i].change, &e->change))
			return find_heard(q, -1, q->seen[i].at, q->seen[i].id);
	}
	return NULL;
}

/*
 * It was true before, and not since: a cache is behind.  That is no change,
 * unless nothing that the program has told it how old the entry may be.
 */
static long
place_behind(const struct sim *s, const struct subject *q,
    const struct episode *e, content_id to)
{
	const struct hearing *h = first_sight(q, e);

	if (h == NULL || is_behind(s, q, h, true))
		return -1;
	return next_place(q, -1, to);
}

/*
 * Of a name about which nobody lies, what is decided comes in the order of
 * what was true: each change of the truth is one decision at most, and a cache
 * that is behind is none.  The earliest places that fit are taken, so that
 * there are none where this finds none.
 */
static void
check_order(struct sim *s, struct subject *q, const struct episode *e,
    const struct commit_decision *d, content_id to)
{
	long at = next_place(q, (long)q->place, to);
	content_id believed = q->beliefs[q->n_beliefs - 1].id;
	content_id gone = id_plain(OUTCOME_NXDOMAIN);

	/* R5: another type of the name denies it, or did before a start. */
	if (to == gone && truth_had(q, gone) &&
	    (q->truth[q->place].id == gone ||
		strstr(d->entry.body, "\"inconsistent\"") != NULL))
		return;
	if (at < 0)
		at = place_behind(s, q, e, to);
	if (at < 0)
		story_fail("%s: told %s, which did not become true after %s",
		    q->text, id_text(to), id_text(believed));
	if (d->entry.label == LABEL_TRANSIENT) {
		long back = next_place(q, at, believed);

		/* A start does not know how large the TTLs are. */
		if (back < 0 &&
		    loop_mono(s->w.loop) > s->began + MONO_S(s->ttl_max))
			story_fail("R12: %s: %s was refuted, and never true "
				   "again after %s",
			    q->text, id_text(to), id_text(believed));
		at = back < 0 ? (long)q->place : back;
	}
	q->place = (size_t)at;
}

/* R3, R13: a reply that counts said so since the candidate was opened. */
static void
check_heard(const struct subject *q, const struct episode *e, content_id to)
{
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct hearing *h = &q->heard[i - 1];

		if (h->arrived == 0 || h->wall < e->seen_at)
			continue;
		if (!h->stale && is_taken_as(h->id, to))
			return;
	}
	story_fail("%s: nobody said %s afresh", q->text, id_text(to));
}

/* The group took it back: the believed answer, fetched after that. */
static bool
is_taken_back(const struct sim *s, const struct subject *q,
    const struct hearing *differs, content_id believed)
{
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct hearing *h = &q->heard[i - 1];

		if (h->arrived != 0 && !h->stale &&
		    is_taken_as(h->id, believed) &&
		    s->groups[h->server] == s->groups[differs->server] &&
		    h->fetched + MONO_S(1) >= differs->arrived)
			return true;
	}
	return false;
}

/*
 * R12: each server that differed was refuted.  Not asked of lies, which are in
 * no cache, nor soon after a start, which does not know how large the TTLs
 * are.
 */
static void
check_refuted(const struct sim *s, const struct subject *q,
    const struct episode *e, const struct commit_decision *d)
{
	content_id believed = q->beliefs[q->n_beliefs - 1].id;
	content_id to = id_of_content(d->to);

	if (d->entry.label != LABEL_TRANSIENT ||
	    strstr(d->entry.body, "\"inconsistent\"") != NULL ||
	    loop_mono(s->w.loop) <= s->began + MONO_S(s->ttl_max))
		return;
	for (size_t i = 0; i < q->n_seen; i++) {
		const struct seen *seen = &q->seen[i];
		const struct hearing *h;

		if (!uuid_equal(&seen->change, &e->change) || seen->id != to)
			continue;
		h = find_heard(q, -1, seen->at, seen->id);
		if (h != NULL && !h->stale && !is_taken_back(s, q, h, believed))
			story_fail("R12: %s: %s was not refuted by its group",
			    q->text, id_text(seen->id));
	}
}

static void
count_decision(struct sim *s, const struct commit_decision *d)
{
	s->counts.decided += d->first;
	s->counts.revised += !d->first;
	s->counts.confirmed += d->entry.label == LABEL_CONFIRMED;
	s->counts.unconfirmed += d->entry.label == LABEL_UNCONFIRMED;
	s->counts.transient += d->entry.label == LABEL_TRANSIENT;
}

static void
on_decision(
    void *ctx, const struct db_question *row, const struct commit_decision *d)
{
	struct sim *s = ctx;
	struct zq *zq = zones_row(s, row);
	content_id to = id_of_content(d->to);
	const struct host *host;
	struct subject *q;
	struct episode *e;

	count_decision(s, d);
	if (zq != NULL) {
		zones_on_decision(s, zq, d);
		return;
	}
	q = subject_of(s, row);
	host = &s->hosts[q->host];
	e = episode_of(q, &d->entry.id, d->entry.at);
	if (strstr(d->entry.body, "\"inconsistent\"") != NULL)
		q->inconsistent = true;
	check_confirmed(s, q, d, to);
	if (q->required != PROVED_SOURCE)
		check_heard(q, e, to);
	if (d->first) {
		e->decided_at = d->entry.at;
		/* A server of the zone that is behind denies what is true. */
		if (!host->lied && !host->forged &&
		    q->required != PROVED_SOURCE) {
			check_refuted(s, q, e, d);
			check_order(s, q, e, d, to);
		}
	} else if (to != q->beliefs[q->n_beliefs - 1].id) {
		story_fail("R15: %s: a later decision says %s, believed is %s",
		    q->text, id_text(to),
		    id_text(q->beliefs[q->n_beliefs - 1].id));
	}
	if (d->believed)
		believe(q, to, d->ttl, d->entry.at);
}

/* ---- the log ---- */

/* The longest row of failures that was heard since, and if it was ended. */
static uint32_t
failures_since(const struct subject *q, wall_us at, bool *good)
{
	uint32_t most = 0;
	uint32_t n = 0;

	*good = false;
	for (size_t i = 0; i < q->n_heard; i++) {
		const struct hearing *h = &q->heard[i];

		if (h->arrived == 0)
			continue;
		/* Who confirms what the name is now is fresh as well. */
		if (h->purpose != PURPOSE_CONFIRM)
			n = h->id == 0 || h->aside ? n + 1 : h->stale ? n : 0;
		if (h->wall < at)
			continue;
		*good = *good || (h->id != 0 && !h->stale && !h->cd);
		if (n > most)
			most = n;
	}
	return most;
}

/* R3: failing and recovered in turn, each for a reason. */
static void
note_event(struct subject *q, const struct db_entry *e)
{
	bool good;
	uint32_t n = failures_since(q, q->told_at, &good);
	bool failing = strcmp(e->event, "failing") == 0;

	/* R17: `recovered` closes that, too. */
	if (strcmp(e->event, "bogus") == 0)
		q->failing = q->bogus = true;
	if (!failing && strcmp(e->event, "recovered") != 0)
		return;
	if (q->failing == failing && !(failing && q->bogus))
		story_fail("R3: %s: %s twice", q->text, e->event);
	if (failing && n < FAILING_AFTER)
		story_fail("R3: %s is failing after %u failures", q->text, n);
	if (!failing && !good)
		story_fail(
		    "R3, S-F26: %s recovered without a fresh answer", q->text);
	q->failing = failing;
	q->bogus = false;
	q->told_at = e->at;
}

static void
on_entry(void *ctx, const struct db_entry *e)
{
	struct sim *s = ctx;
	struct name name;
	const char *why;

	add_text(s, e->body);
	s->counts.events += e->event != NULL;
	s->counts.told += e->told;
	if (e->event == NULL || e->name[0] == '\0' || zones_on_entry(s, e))
		return;
	if (name_parse(e->name, &name, &why) != 0)
		story_fail("an event of %s", e->name);
	note_event(oracle_find(s, name.wire, e->type), e);
}

void
oracle_listen(struct sim *s)
{
	s->ear = (struct net_ear){s, can_fetch, on_ask, on_arrival};
	s->eye =
	    (struct db_eye){s, on_baseline, on_evidence, on_decision, on_entry};
	s->w.net.ear = &s->ear;
	s->w.db->eye = &s->eye;
}

/* ---- the program ---- */

/* A start that found no database asks nothing (R9). */
static bool
has_state(const struct sim *s)
{
	return s->away == 0 || s->began + MONO_S(LOAD_S) < s->away;
}

void
oracle_break(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);
	struct spell *own =
	    list_add(&s->breaks, &s->n_breaks, &s->breaks_room, sizeof(*own));

	own->from = has_state(s) ? now : s->began;
	own->to = now;
	for (size_t i = 0; i < s->n_subjects; i++) {
		s->subjects[i].planned = now;
		s->subjects[i].n_polls = 0;
	}
	zones_disturb(s);
}

void
oracle_start(struct sim *s)
{
	mono_ns *own =
	    list_add(&s->starts, &s->n_starts, &s->starts_room, sizeof(*own));

	oracle_break(s); /* of the one before, if it never had a state */
	*own = s->began = loop_mono(s->w.loop);
}

/*
 * What it heard and had no time to write is gone with it: of the last second,
 * and while the database was away of all that time, as one change after the
 * other is decided then.
 */
void
oracle_kill(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);
	mono_ns from = now - MONO_MS(KILL_LOSES_MS);

	if (s->away != 0)
		from = s->away - MONO_MS(KILL_LOSES_MS);
	else if (s->back != 0 && now < s->back + MONO_S(WAITS_S))
		from = s->away_before - MONO_MS(KILL_LOSES_MS);
	for (size_t i = 0; i < s->n_subjects; i++) {
		struct subject *q = &s->subjects[i];

		for (size_t k = q->n_heard; k > 0; k--) {
			struct hearing *h = &q->heard[k - 1];
			mono_ns waits =
			    MONO_MS(h->ttl <= STALE_TTL_S ? AGAIN_TAKES_MS : 0);

			if (h->arrived >= from - waits)
				h->lost = true;
		}
		/* A start forgets that it failed of what nobody watches. */
		if (!q->watched)
			q->failing = false;
	}
	zones_kill(s);
}

/*
 * What the database says was seen was said by then, as far as only plans say
 * so: nothing failed, nothing is inquired into, and the last reply is what is
 * believed.
 */
static void
check_seen(const struct sim *s, const struct subject *q)
{
	const struct db_question *row = row_in(s, "default", &q->name, q->type);
	content_id id = q->n_beliefs > 0 ? q->beliefs[q->n_beliefs - 1].id : 0;
	wall_us seen;

	if (id == 0 || row == NULL || row->content.data == NULL ||
	    row->phase != CANDIDATE_NONE || row->n_outages > 0)
		return;
	seen = db_last_seen(s->w.db, row, INT64_MAX);
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct hearing *h = &q->heard[i - 1];

		if (h->arrived == 0)
			continue;
		/* Plans are kept in ticks, rounded down. */
		if (!is_taken_as(h->id, id) ||
		    h->wall + WALL_MS(TICK_MS) >= seen)
			return;
	}
	if (q->required == PROVED_SOURCE &&
	    zones_said(s, &q->name, q->type, NULL, seen + WALL_MS(TICK_MS), id))
		return;
	story_fail("made up: %s was last seen %lld s ago", q->text,
	    (long long)((loop_wall(s->w.loop) - seen) / WALL_S(1)));
}

void
oracle_look(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);

	if (!has_state(s))
		return;
	for (size_t i = 0; i < s->n_subjects; i++) {
		const struct subject *q = &s->subjects[i];
		mono_ns last = q->polled > q->planned ? q->polled : q->planned;
		mono_ns limit = MONO_S(q->every_s) * 21 / 20 +
		                MONO_S(POLL_SLACK_S) +
		                (q->chase ? MONO_S(s->ttl_max) : 0);

		check_seen(s, q);
		if (q->watched && now - last > limit)
			story_fail("wedged: %s, every %u s, was not asked for "
				   "%lld s",
			    q->text, q->every_s,
			    (long long)((now - last) / MONO_S(1)));
	}
}
