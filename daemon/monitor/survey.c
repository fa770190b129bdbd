/* SPDX-License-Identifier: ISC */

/*
 * One question to all servers of its zone.
 *
 *   which zone? --> ANSWERS --all as known------------------> the poll ends
 *        ^             |  |                                       ^
 *        +--cut--------+  +--nobody answers--> TCP ---------------+
 *                      |                                          |
 *                      +--somebody says something else--> SERIALS +
 *                                                      zone.c, inquiry.c
 *
 * A server that refers to deeper ones shows a cut between its zone and the name
 * that was not known: the question goes there.  Who says something else is
 * asked for its serial, as all others are, and judge/survey says what that
 * comes to.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/referral.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "survey_priv.h"

enum {
	FAMILY_LOST = 32, /* questions in a row to a family of addresses */
	SPARE_BYTES_MAX = 65536
};
/* Nobody having said that he has room: for what waits for nothing of his. */
#define PASS_EVERY MONO_MS(5)

/* ---- memory ---- */

static struct survey *
survey_new(struct sources *s, uint32_t id, enum survey_why why)
{
	struct survey *v = s->spare;

	if (v != NULL)
		s->spare = v->next;
	else if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	if (idmap_put(&s->surveys, id, v) != 0) {
		v->next = s->spare;
		s->spare = v;
		return NULL;
	}
	v->next = NULL;
	v->sources = s;
	v->question = id;
	v->why = why;
	v->phase = PHASE_ZONE;
	v->zone = NULL;
	v->stalled = v->deeper = v->tcp = v->again = v->twice = false;
	v->cuts = v->n = v->open = 0;
	v->late_s = 0;
	v->of = NULL;
	arena_reset(&v->arena);
	return v;
}

static void
stall(struct survey *v)
{
	struct sources *s = v->sources;

	if (v->stalled)
		return;
	v->next = NULL;
	*(s->stalled == NULL ? &s->stalled : &s->stalled_last->next) = v;
	s->stalled_last = v;
	v->stalled = true;
}

static void
unstall(struct survey *v)
{
	struct sources *s = v->sources;
	struct survey *before = NULL;

	if (!v->stalled)
		return;
	for (struct survey *at = s->stalled; at != v; at = at->next)
		before = at;
	*(before == NULL ? &s->stalled : &before->next) = v->next;
	if (s->stalled_last == v)
		s->stalled_last = before;
	v->stalled = false;
}

void
survey_leave(struct survey *v)
{
	if (v->zone != NULL)
		v->zone->active--;
	v->zone = NULL;
}

static void
survey_free(struct survey *v)
{
	struct sources *s = v->sources;

	unstall(v);
	survey_leave(v);
	idmap_take(&s->surveys, v->question);
	if (v->arena.used > SPARE_BYTES_MAX) {
		arena_fini(&v->arena);
		free(v);
		return;
	}
	v->next = s->spare;
	s->spare = v;
}

/* ---- asking ---- */

/* Does a host without such addresses wait for those that have them? */
static bool
is_usable(const struct survey *v, uint16_t server)
{
	const struct sources *s = v->sources;
	const struct source_server *r = source_server_of(s->monitor, server);
	int family = r->addr.family == AF_INET6;
	mono_ns now = loop_mono(s->monitor->loop);

	return s->family_lost[family] < FAMILY_LOST ||
	       s->family_lost[1 - family] >= FAMILY_LOST ||
	       v->question % 16 == (uint32_t)(now / MONO_S(60)) % 16;
}

/*
 * Who found no room at a server keeps the others of this pass from asking it:
 * those that wait would never get what becomes free, if it went to whoever
 * comes next.
 */
static bool
ask_word(struct survey *v, uint8_t k)
{
	struct monitor *m = v->sources->monitor;
	struct word *w = &v->words[k];
	struct source_server *r =
	    &v->sources->servers[w->server - SOURCE_FIRST];
	struct zone *zone = v->zone->zone;
	uint64_t rest = (uint64_t)v->question | (uint64_t)k << 32 |
	                (uint64_t)v->phase << 40;
	struct ask ask = {
	    .server = w->server,
	    .flags =
		v->phase == PHASE_TCP || v->tcp ? ASK_TCP | ASK_NSID : ASK_NSID,
	    .type = table_question(m->table, v->question)->type,
	};

	if (r->full == v->sources->pass + 1)
		return false;
	ask.name = table_name(m->table, v->question, &ask.name_size);
	if (v->phase == PHASE_SERIALS) {
		ask.name = zone->name.wire;
		ask.name_size = zone->name.size;
		ask.type = TYPE_SOA;
		ask.flags &= (uint8_t)~ASK_NSID; /* no witness */
	}
	if (!source_send(v->sources, SOURCE_SURVEYS, rest, &ask)) {
		r->full = v->sources->pass + 1;
		return false;
	}
	w->state = WORD_ASKED;
	v->open++;
	if (v->why == SURVEY_CONFIRM || v->why == SURVEY_EARLY)
		inquiry_asked(m, v->question, w->server);
	return true;
}

static void
send_words(struct survey *v)
{
	bool stalled = false;

	for (uint8_t k = 0; k < v->n; k++) {
		if (v->words[k].state == WORD_IDLE && !ask_word(v, k))
			stalled = true;
	}
	if (stalled) {
		stall(v);
		return;
	}
	unstall(v);
	if (v->open == 0)
		survey_judged(v);
}

void
survey_phase(struct survey *v, enum survey_phase phase,
    bool (*wants)(const struct survey *v, const struct word *w))
{
	v->phase = phase;
	for (uint8_t k = 0; k < v->n; k++)
		v->words[k].state =
		    wants(v, &v->words[k]) ? WORD_IDLE : WORD_DONE;
	send_words(v);
}

/* The servers of the zone, those of a family that does not work left out. */
static void
take_members(struct survey *v)
{
	const struct zone_state *z = v->zone;

	v->n = 0;
	for (int all = 0; all < 2 && v->n == 0; all++) {
		for (uint8_t i = 0; i < z->n_members; i++) {
			if (!all && !is_usable(v, z->members[i].server))
				continue;
			v->words[v->n++] =
			    (struct word){.server = z->members[i].server,
				.fail = FAIL_TIMEOUT};
		}
	}
}

/* An inquiry's T is not to wait for who cannot be asked now (R11). */
static void
no_place(struct monitor *m, uint32_t id, enum survey_why why)
{
	if (why == SURVEY_CONFIRM)
		inquiry_asked(m, id, SOURCE_FIRST);
}

/* False: it waits for a place in that zone, and is freed. */
static bool
enter_zone(struct survey *v, struct zone *zone)
{
	struct zone_state *z = zone_state_of(v->sources, v->of, zone);

	survey_leave(v);
	if (z != NULL && z->active >= SURVEYS_ZONE_MAX) {
		if (v->why == SURVEY_POLL)
			pump_push(
			    v->sources->monitor, &z->waiting, v->question);
		no_place(v->sources->monitor, v->question, v->why);
		survey_free(v);
		return false;
	}
	v->zone = z;
	if (z != NULL)
		z->active++;
	return true;
}

void
survey_ask(struct survey *v, struct zone *zone)
{
	if (!enter_zone(v, zone))
		return;
	v->phase = PHASE_ANSWERS;
	v->deeper = false;
	v->n = 0;
	v->tcp =
	    v->why == SURVEY_CHECK && v->zone != NULL && v->zone->check_tcp;
	if (v->zone != NULL)
		take_members(v);
	/* Never ends from inside: who begins one may be ending another. */
	if (v->n == 0)
		stall(v);
	else
		send_words(v);
}

/* ---- which zone ---- */

struct zone *
survey_zone(struct source *of, const struct monitor *m, uint32_t id)
{
	uint16_t type = table_question(m->table, id)->type;
	struct name name;

	source_name(m, id, &name);
	/* The delegation is the parent's, as its DS is. */
	if (source_is_parent(m, table_view(m->table, id)))
		type = TYPE_DS;
	return finder_find(of->finder, &name, type, id, loop_mono(m->loop));
}

static void
poll_failed(struct monitor *m, uint32_t id, enum survey_why why, enum fail fail,
    uint8_t n_asked)
{
	struct question *q = table_question(m->table, id);
	uint32_t stands_for_s = 0;
	uint8_t paths = REACH_HOME_UDP | REACH_TCP;

	if (m->households.live > 0)
		household_fail(m, id);
	if (why != SURVEY_POLL)
		return;
	if (n_asked != 1)
		paths |= REACH_OTHER;
	if ((q->flags & (Q_STORED | Q_WATCHED)) == Q_WATCHED)
		fresh_put(m, id, NULL, 0, 0); /* before its outage */
	if ((q->flags & Q_WATCHED) != 0)
		stands_for_s = outage_fail(m, id, fail, paths);
	poll_finish(m, id, false, stands_for_s);
}

static bool
begin_next(struct sources *s, struct waiting *w)
{
	if (s->surveys.live >= SURVEYS_MAX || w->n == 0)
		return false;
	survey_begin(s, pump_pop(s->monitor, w), SURVEY_POLL);
	return true;
}

void
survey_wake(struct sources *s, struct zone_state *z)
{
	for (int n = 0; n < SURVEYS_ZONE_MAX && z->active < SURVEYS_ZONE_MAX &&
			begin_next(s, &z->waiting);
	     n++)
		;
}

/*
 * Who waits for a place in the zone comes first: nobody else may come by to
 * make room for it, but every end makes room for the others.
 */
static void
next_waiting(struct sources *s, struct zone_state *z)
{
	if (z != NULL && z->active < SURVEYS_ZONE_MAX)
		(void)begin_next(s, &z->waiting);
	(void)begin_next(s, &s->waiting);
}

void
survey_end(struct survey *v)
{
	struct sources *s = v->sources;
	struct zone_state *z = v->zone;
	uint32_t id = v->question;
	bool again = v->again;

	survey_free(v);
	s->n_surveys++;
	if (again)
		survey_begin(s, id, SURVEY_CONFIRM);
	next_waiting(s, z);
}

void
survey_nobody(struct survey *v, enum fail fail)
{
	struct monitor *m = v->sources->monitor;
	uint32_t id = v->question;
	enum survey_why why = v->why;
	uint8_t n = v->n;

	survey_end(v);
	/* T is not to wait for who cannot be asked (R11). */
	inquiry_asked(m, id, SOURCE_FIRST);
	poll_failed(m, id, why, fail, n);
}

/*
 * What is asked of it already will do; but what was asked before an inquiry
 * began cannot speak in it (R12).
 */
static bool
joins(struct sources *s, uint32_t id, enum survey_why why)
{
	struct survey *v = idmap_get(&s->surveys, id);

	if (v == NULL)
		return false;
	if (why == SURVEY_POLL || v->why == SURVEY_CHECK)
		v->why = why;
	else if (v->why == SURVEY_DENY && why == SURVEY_CONFIRM)
		v->again = true;
	return true;
}

void
survey_begin(struct sources *s, uint32_t id, enum survey_why why)
{
	struct monitor *m = s->monitor;
	struct survey *v = NULL;
	struct zone *zone;

	if (joins(s, id, why))
		return;
	if (s->surveys.live < SURVEYS_MAX)
		v = survey_new(s, id, why);
	if (v == NULL) {
		if (why == SURVEY_POLL)
			pump_push(m, &s->waiting, id);
		no_place(m, id, why);
		return;
	}
	v->of = source_of_view(m, table_view(m->table, id));
	if (v->of == NULL) /* an inquiry of a recursive view */
		v->of = &s->list[0];
	zone = survey_zone(v->of, m, id);
	if (zone != NULL)
		survey_ask(v, zone);
}

static enum fail
fail_of(enum find_why why)
{
	switch (why) {
	case FIND_LAME:
		return FAIL_LAME;
	case FIND_ADDRESSES:
	case FIND_LIMIT:
	case FIND_MEMORY:
		return FAIL_NETWORK;
	case FIND_FOUND:
	case FIND_SILENT:
		break;
	}
	return FAIL_TIMEOUT;
}

void
survey_found(
    struct sources *s, uint64_t cookie, struct zone *zone, enum find_why why)
{
	struct survey *v = idmap_get(&s->surveys, (uint32_t)cookie);

	if (v == NULL || v->phase != PHASE_ZONE)
		return;
	if (zone != NULL)
		survey_ask(v, zone);
	else
		survey_nobody(v, fail_of(why));
}

/* ---- answers ---- */

static void
take_soa(struct survey *v, struct word *w, const struct answer *a)
{
	struct reply_soa soa;

	if (a->fail != FAIL_NOT || !a->message->aa ||
	    !reply_soa(a->wire, a->size, a->message, &soa))
		return;
	w->sum.has_serial = true;
	w->sum.serial = soa.serial;
	w->serial_sent = a->sent;
	w->serial_at = a->received;
	v->late_s = soa.refresh + soa.retry;
}

/* Does it send us deeper than its zone? */
static bool
is_cut(const struct survey *v, const struct answer *a)
{
	struct monitor *m = v->sources->monitor;
	struct referral *r;
	struct name name;
	bool cut;

	if (a->wire == NULL || a->message->aa ||
	    (r = malloc(sizeof(*r))) == NULL)
		return false;
	source_name(m, v->question, &name);
	referral_read(
	    a->wire, a->size, a->message, &name, &v->zone->zone->name, r);
	cut = r->kind == REFERRAL_DOWN;
	free(r);
	return cut;
}

static void
take_word(struct survey *v, struct word *w, const struct answer *a)
{
	struct monitor *m = v->sources->monitor;
	const struct question *q = table_question(m->table, v->question);

	w->fail = source_sum(m, v->question, a, &w->sum);
	w->sum.has_serial = false;
	w->transport = a->transport;
	if (w->fail == FAIL_LAME && is_cut(v, a))
		v->deeper = true;
	if (w->fail != FAIL_NOT)
		return;
	w->wire = arena_copy(&v->arena, a->wire, a->size);
	w->size = a->size;
	if (w->wire == NULL)
		w->fail = FAIL_NETWORK;
	if (q->type == TYPE_SOA)
		take_soa(v, w, a);
}

void
survey_answer(struct sources *s, uint64_t rest, const struct answer *a)
{
	struct survey *v = idmap_get(&s->surveys, (uint32_t)rest);
	struct word *w;

	CHECK(v != NULL && v->open > 0);
	w = &v->words[rest >> 32 & UINT8_MAX];
	w->state = WORD_DONE;
	v->open--;
	if (v->phase == PHASE_SERIALS)
		take_soa(v, w, a);
	else
		take_word(v, w, a);
	if (v->open == 0 && !v->stalled)
		survey_judged(v);
}

void
survey_pump(struct sources *s)
{
	mono_ns now = loop_mono(s->monitor->loop);
	struct survey *v = s->stalled;

	if (!s->has_room && now - s->passed < PASS_EVERY)
		return;
	s->has_room = false;
	s->passed = now;
	s->pass++;
	s->stalled = NULL;
	while (v != NULL) {
		struct survey *next = v->next;

		v->stalled = false;
		send_words(v);
		v = next;
	}
	for (uint32_t n = s->waiting.n; n > 0 && begin_next(s, &s->waiting) &&
					monitor_has_time(s->monitor);
	     n--)
		;
}

/* ---- life ---- */

void
survey_orphan_all(struct sources *s)
{
	struct monitor *m = s->monitor;
	struct survey *v;
	struct zone_state *z;
	uint32_t at = 0;

	while ((v = idmap_next(&s->surveys, &at)) != NULL) {
		if (v->why == SURVEY_POLL)
			pump_push(m, &m->orphans, v->question);
	}
	while (s->waiting.n > 0)
		pump_push(m, &m->orphans, pump_pop(m, &s->waiting));
	at = 0;
	while ((z = idmap_next(&s->zones, &at)) != NULL) {
		while (z->waiting.n > 0)
			pump_push(m, &m->orphans, pump_pop(m, &z->waiting));
	}
}

void
survey_drain(struct sources *s)
{
	struct zone_state *z;
	uint32_t at = 0;

	s->waiting.n = 0;
	while ((z = idmap_next(&s->zones, &at)) != NULL)
		z->waiting.n = 0;
}

void
survey_free_all(struct sources *s)
{
	struct survey *v;
	uint32_t at = 0;

	while ((v = idmap_next(&s->surveys, &at)) != NULL) {
		arena_fini(&v->arena);
		free(v);
	}
	while ((v = s->spare) != NULL) {
		s->spare = v->next;
		arena_fini(&v->arena);
		free(v);
	}
	idmap_fini(&s->surveys);
}
