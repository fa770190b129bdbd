/* SPDX-License-Identifier: ISC */

/*
 * What the words of all servers of a zone come to, and who is to hear of it.
 */

#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "entry.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "survey_priv.h"

enum { TCP_ASKED = 2 /* servers that are asked by TCP when none answers */ };

static uint64_t
believed_of(const struct survey *v)
{
	const struct question *q =
	    table_question(v->sources->monitor->table, v->question);

	return (q->flags & Q_KNOWN) != 0 ? q->fingerprint : 0;
}

static void
judge(const struct survey *v, struct survey_result *out)
{
	struct survey_word words[SURVEY_MAX];

	for (uint8_t k = 0; k < v->n; k++) {
		const struct word *w = &v->words[k];

		words[k] = (struct survey_word){.good = w->fail == FAIL_NOT,
		    .print = w->sum.fingerprint,
		    .has_serial = w->sum.has_serial,
		    .serial = w->sum.serial,
		    .expected = zone_expected(v->zone, v->question, w->server)};
	}
	survey_judge(words, v->n, believed_of(v), out);
}

static bool
lacks_serial(const struct survey *v, const struct word *w)
{
	(void)v;
	return w->fail == FAIL_NOT && !w->sum.has_serial;
}

static bool
wants_tcp(const struct survey *v, const struct word *w)
{
	return w->fail == FAIL_TIMEOUT && w - v->words < TCP_ASKED;
}

/* Who does not answer, and said something else than his zone before. */
static bool
lags(
    const struct survey *v, const struct survey_result *r, const struct word *w)
{
	uint64_t said = zone_expected(v->zone, v->question, w->server);

	return said != 0 && said != r->chosen;
}

/* As the inquiry is to hear it. */
static void
feed(struct survey *v, const struct survey_result *r, const struct word *w)
{
	struct monitor *m = v->sources->monitor;
	struct message message;
	struct errand e = {
	    .question = v->question,
	    .purpose =
		v->why == SURVEY_CONFIRM ? PURPOSE_CONFIRM : PURPOSE_POLL,
	};
	struct answer a = {
	    .cookie = poll_cookie_of(&e),
	    .server = w->server,
	    .transport = w->transport,
	    .fail = w->fail,
	    .ede = -1,
	    .wire = w->wire,
	    .size = w->size,
	    .message = &message,
	};

	if (w->fail != FAIL_NOT) {
		a.wire = NULL;
		a.message = NULL;
		inquiry_fail(m, v->question, &a, w->fail);
		if (lags(v, r, w))
			testimony_lags(m, v->question, w->server);
	} else if (message_walk(w->wire, w->size, &message) == MESSAGE_OK) {
		inquiry_reply(m, v->question, &a, &w->sum);
	}
}

/*
 * Those that say something else come first, and of them those that say what
 * the zone says: the first is what was seen.
 */
static int
turn_of(const struct survey *v, const struct survey_result *r, uint8_t k)
{
	if (v->words[k].fail != FAIL_NOT ||
	    v->words[k].sum.fingerprint == believed_of(v))
		return 2;
	return r->stands[k] == STAND_AGREES ? 0 : 1;
}

static void
feed_all(struct survey *v, const struct survey_result *r)
{
	struct monitor *m = v->sources->monitor;

	m->gathering = true;
	for (int turn = 0; turn < 3; turn++) {
		for (uint8_t k = 0; k < v->n; k++) {
			m->apart = r->stands[k] != STAND_AGREES;
			if (turn_of(v, r, k) == turn)
				feed(v, r, &v->words[k]);
		}
	}
	m->apart = false;
	inquiry_gathered(m, v->question);
}

static void
read_content(struct survey *v, const struct word *w, struct zone_heard *h)
{
	struct monitor *m = v->sources->monitor;
	struct content *content = arena_get(&v->arena, sizeof(*content));
	struct message message;
	struct reply reply;
	struct answer a = {.server = w->server,
	    .wire = w->wire,
	    .size = w->size,
	    .message = &message};

	if (content == NULL ||
	    message_walk(w->wire, w->size, &message) != MESSAGE_OK ||
	    source_reply(m, v->question, &a, &v->arena, &reply) != 0 ||
	    reply.content.outcome == OUTCOME_FAIL)
		return;
	*content = reply.content;
	h->content = content;
	h->nsid = w->wire + message.nsid_at;
	h->nsid_size = message.nsid_size;
}

static size_t
hear(struct survey *v, const struct survey_result *r,
    struct zone_heard heard[SURVEY_MAX], bool contents)
{
	for (uint8_t k = 0; k < v->n; k++) {
		const struct word *w = &v->words[k];

		heard[k] = (struct zone_heard){.server = w->server,
		    .good = w->fail == FAIL_NOT,
		    .fail = w->fail,
		    .print = w->sum.fingerprint,
		    .has_serial = w->fail == FAIL_NOT && w->sum.has_serial,
		    .serial = w->sum.serial,
		    .serial_sent = w->serial_sent,
		    .serial_at = w->serial_at,
		    .stand = r->stands[k]};
		if (contents && w->fail == FAIL_NOT)
			read_content(v, w, &heard[k]);
	}
	return v->n;
}

/* A good reply of who agrees, as the rest of the monitor hears of it. */
static void
as_believed(struct survey *v, const struct survey_result *r)
{
	struct monitor *m = v->sources->monitor;
	struct question *q = table_question(m->table, v->question);

	for (uint8_t k = 0; k < v->n; k++) {
		const struct reply_sum *sum = &v->words[k].sum;

		if (r->stands[k] != STAND_AGREES)
			continue;
		if (sum->ttl > question_ttl(q))
			question_set_ttl(q, sum->ttl);
		if (m->households.live > 0)
			household_hear(m, v->question, sum, monitor_steady(m));
		break;
	}
}

/* Others serve the zone, as it or its parent says: it is found anew. */
static void
note_delegation(struct survey *v)
{
	struct sources *s = v->sources;
	struct table *t = s->monitor->table;
	struct zone_state *z;
	struct name name;

	if (table_question(t, v->question)->type != TYPE_NS)
		return;
	source_name(s->monitor, v->question, &name);
	z = zone_state_named(s, v->of->view, &name);
	if (z != NULL && z->zone != NULL)
		finder_doubt(v->of->finder, z->zone);
}

/* What a server was known to say instead is what its zone says by now. */
static bool
is_settled(const struct survey *v, const struct survey_result *r)
{
	if (v->zone->n_deviations == 0)
		return false;
	for (uint8_t k = 0; k < v->n; k++) {
		if (r->stands[k] == STAND_AGREES &&
		    zone_expected(v->zone, v->question, v->words[k].server) !=
			0)
			return true;
	}
	return false;
}

static void
answered(struct survey *v, const struct survey_result *r)
{
	struct monitor *m = v->sources->monitor;
	uint32_t id = v->question;
	struct question *q = table_question(m->table, id);
	bool feeds = r->changed || (q->flags & Q_INQUIRY) != 0;
	struct zone_heard heard[SURVEY_MAX];
	size_t n;

	if ((q->flags & Q_FAILS) != 0)
		outage_good(m, id, !feeds);
	if ((r->news && (r->apart || v->zone->n_deviations > 0)) ||
	    is_settled(v, r) ||
	    (r->apart && zone_is_late(v->sources, v->zone))) {
		n = hear(v, r, heard, true);
		zone_hear(v->sources, v->zone, id, heard, n);
	}
	if (r->changed)
		note_delegation(v);
	if (feeds)
		feed_all(v, r);
	else if (m->setup.once || (v->why == SURVEY_POLL && poll_is_aside(q)))
		monitor_seen(m, id);
	as_believed(v, r);
	if (!feeds) {
		q->seen = (uint32_t)(loop_wall(m->loop) / WALL_S(1));
		m->n_fresh += v->why == SURVEY_POLL;
		entry_direct(m, id);
	}
}

/* The FAIL that most of them came to. */
static enum fail
fail_most(const struct survey *v)
{
	unsigned n[FAIL_NETWORK + 1] = {0};
	enum fail most = FAIL_TIMEOUT;

	for (uint8_t k = 0; k < v->n; k++)
		n[v->words[k].fail]++;
	for (unsigned i = FAIL_NOT + 1; i <= FAIL_NETWORK; i++) {
		if (n[i] > n[most])
			most = (enum fail)i;
	}
	return most;
}

static void
conclude(struct survey *v, const struct survey_result *r)
{
	struct sources *s = v->sources;
	struct monitor *m = s->monitor;
	struct zone_heard heard[SURVEY_MAX];
	uint32_t id = v->question;
	enum survey_why why = v->why;
	size_t n;

	if (v->zone == NULL) { /* no memory */
		survey_nobody(v, FAIL_NETWORK);
		return;
	}
	n = hear(v, r, heard, false);
	if (v->tcp)
		zone_note_tcp(s, v->zone, heard, n);
	else
		zone_note(s, v->zone, id, heard, n, v->late_s);
	if (r->n_good == 0) {
		if (why == SURVEY_CONFIRM)
			feed_all(v, r);
		if (fail_most(v) == FAIL_LAME)
			finder_doubt(v->of->finder, v->zone->zone);
		survey_nobody(v, fail_most(v));
		return;
	}
	if (why == SURVEY_CONFIRM)
		feed_all(v, r);
	else if (why == SURVEY_DENY && r->n_agree != 0 &&
		 (r->changed || r->apart))
		denied_forget(m, id);
	else if (why == SURVEY_POLL || why == SURVEY_EARLY)
		answered(v, r);
	survey_end(v);
	if (why == SURVEY_POLL)
		poll_finish(m, id, true,
		    policy_get(m->table, table_question(m->table, id)->policy)
			->every_s);
}

static void
go_deeper(struct survey *v)
{
	struct sources *s = v->sources;
	struct zone_state *was = v->zone;
	struct zone *zone;
	struct name name;

	source_name(s->monitor, v->question, &name);
	finder_cut(v->of->finder, was->zone, &name);
	v->cuts++;
	zone = survey_zone(v->of, s->monitor, v->question);
	if (zone == NULL) {
		survey_leave(v);
		v->phase = PHASE_ZONE;
	} else if (name_equal(zone->name.wire, was->zone->name.wire)) {
		survey_nobody(v, FAIL_LAME);
	} else {
		survey_ask(v, zone);
	}
}

/*
 * Somebody says something else, or for too long.  The parent's serials say
 * nothing of one delegation, and a check has asked for them.
 */
static bool
wants_serials(const struct survey *v, const struct survey_result *r)
{
	const struct monitor *m = v->sources->monitor;

	if (r->n_good == 0 || v->why == SURVEY_CHECK || v->why == SURVEY_DENY ||
	    source_is_parent(m, table_view(m->table, v->question)))
		return false;
	return (r->apart && (r->news || zone_is_late(v->sources, v->zone) ||
				zone_is_overtaken(v->zone, v->question))) ||
	       (r->changed && believed_of(v) != 0);
}

static bool
has_answered(const struct survey *v, const struct word *w)
{
	(void)v;
	return w->fail == FAIL_NOT;
}

/*
 * Does a server show another content with the same serial?  It was asked for
 * one after the other, and may have had a transfer in between.
 */
static bool
may_have_moved(const struct survey *v, const struct survey_result *r)
{
	const struct question *q =
	    table_question(v->sources->monitor->table, v->question);

	if (v->twice || v->phase != PHASE_SERIALS || q->type == TYPE_SOA)
		return false;
	for (uint8_t k = 0; k < v->n; k++) {
		if (r->stands[k] == STAND_DIFFERS && v->words[k].sum.has_serial)
			return true;
	}
	return false;
}

void
survey_judged(struct survey *v)
{
	struct survey_result r;

	if (v->deeper && v->phase != PHASE_SERIALS &&
	    v->cuts < SURVEY_CUTS_MAX) {
		go_deeper(v);
		return;
	}
	judge(v, &r);
	if (r.n_good == 0 && v->phase == PHASE_ANSWERS && v->n > 0 &&
	    wants_tcp(v, &v->words[0])) {
		survey_phase(v, PHASE_TCP, wants_tcp);
		return;
	}
	if (v->phase != PHASE_SERIALS && wants_serials(v, &r)) {
		survey_phase(v, PHASE_SERIALS, lacks_serial);
		return;
	}
	if (may_have_moved(v, &r)) {
		v->twice = true;
		survey_phase(v, PHASE_ANSWERS, has_answered);
		return;
	}
	conclude(v, &r);
}
