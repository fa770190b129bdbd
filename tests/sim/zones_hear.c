/* SPDX-License-Identifier: ISC */

/*
 * What the servers of the zone were asked and said, and what was decided of
 * it.  A decision is held against the rule where all was as it is for a
 * survey's time before its first sight; else against what was said then.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "jpath.h"
#include "judge/candidate.h"
#include "resolver/resolver.h"
#include "zones.h"

bool
zones_has(const struct sim *s, const struct server *server)
{
	return s->zones->on &&
	       (size_t)(server - s->w.net.servers) >= s->n_servers;
}

/* NS_MAX: the parent. */
static uint8_t
ns_of(const struct sim *s, const struct server *server)
{
	size_t at = (size_t)(server - s->w.net.servers);
	uint8_t i = 0;

	while (i < NS_MAX && (s->zones->ns[i].name[0] == '\0' ||
				 s->zones->ns[i].server != at))
		i++;
	return i;
}

static uint8_t
ns_at(const char *address)
{
	uint8_t i = 0;
	unsigned last = 0;

	if (sscanf(address, "198.51.100.%u", &last) != 1)
		story_fail("a witness at %s", address);
	if (last == 9)
		return NS_MAX;
	while (i < NS_MAX && i + 1u != last)
		i++;
	return i;
}

static struct zq *
find(const struct sim *s, const uint8_t *name, uint16_t type, bool parent)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];

		if (q->type == type && q->parent_view == parent &&
		    name_equal(q->name.wire, name))
			return q;
	}
	return NULL;
}

struct zq *
zones_row(struct sim *s, const struct db_question *row)
{
	struct zq *q;

	if (strncmp(row->view, "source", 6) != 0)
		return NULL;
	q = find(s, row->name.wire, row->type, row->view[6] != '\0');
	if (q == NULL)
		story_fail("a row of %s that nobody watches", row->view);
	return q;
}

const struct db_question *
row_in(const struct sim *s, const char *view, const struct name *name,
    uint16_t type)
{
	const struct db *db = s->w.db;

	for (size_t i = 0; i < db->n_questions; i++) {
		const struct db_question *row = db->questions[i];

		if (row->type == type && strcmp(row->view, view) == 0 &&
		    name_equal(row->name.wire, name->wire))
			return row;
	}
	return NULL;
}

/* ---- questions ---- */

enum { GOOD_SHIFT = 40, NS_SHIFT = 32, QUESTION_SHIFT = 20, NOT_OURS = ZQ_MAX };

/* Heard of by each view that asks whom it asked. */
static void
note_asked(struct sim *s, const struct ask *ask, uint8_t ns, mono_ns now)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];

		if (q->type == ask->type && q->at_parent == (ns == NS_MAX) &&
		    name_equal(q->name.wire, ask->name))
			q->asked = now;
	}
}

size_t
zones_on_ask(struct sim *s, const struct said *said)
{
	const struct ask *ask = said->ask;
	struct zones *z = s->zones;
	struct zheard h = {.at = loop_mono(s->w.loop),
	    .ns = ns_of(s, said->server),
	    .good = said->reply != NULL};
	struct zq *q = find(s, ask->name, ask->type, false);
	size_t number = (size_t)NOT_OURS << QUESTION_SHIFT;

	if (h.ns == NS_MAX && name_equal(ask->name, z->apex.wire)) {
		h.good = true;
		h.id = ask->type == TYPE_DS ? z->parent_ds : z->parent_ns;
	} else if (h.good) {
		h.id = id_of_reply(said->reply, ask->name, ask->type);
	}
	s->hash = mix64(s->hash ^ (uint64_t)h.at ^ ask->cookie ^ h.ns) + 1;
	s->hash = mix64(s->hash ^ h.id);
	s->counts.asked++;
	note_asked(s, ask, h.ns, h.at);
	if (q != NULL) {
		number = (size_t)(q - z->list) << QUESTION_SHIFT | q->n_heard;
		*(struct zheard *)list_add(
		    &q->heard, &q->n_heard, &q->heard_room, sizeof(h)) = h;
	}
	return number | (size_t)h.good << GOOD_SHIFT |
	       (size_t)h.ns << NS_SHIFT | ZONES_NUMBER;
}

static void
note_health(struct sim *s, struct ns *n, bool good)
{
	if (good)
		n->good = loop_mono(s->w.loop);
	else
		n->fails++;
}

void
zones_on_arrival(struct sim *s, size_t number)
{
	struct zones *z = s->zones;
	size_t ns = number >> NS_SHIFT & 255;
	size_t at = number >> QUESTION_SHIFT & 1023;
	struct zheard *h;

	s->counts.failed += (number >> GOOD_SHIFT & 1) == 0;
	if (ns != NS_MAX)
		note_health(s, &z->ns[ns], (number >> GOOD_SHIFT & 1) != 0);
	if (at == NOT_OURS)
		return;
	h = &z->list[at].heard[number & ((1u << QUESTION_SHIFT) - 1)];
	h->arrived = true;
	h->wall = loop_wall(s->w.loop);
	if (story_is_traced())
		story_trace("  %s says %s %s",
		    ns == NS_MAX ? "root" : z->ns[ns].name, z->list[at].text,
		    h->id == 0 ? "nothing" : id_text(h->id));
}

/* Within a survey's time before; `ns` -1: whoever. */
static bool
was_said(const struct zq *q, int ns, wall_us at, content_id id)
{
	for (size_t i = q->n_heard; i > 0; i--) {
		const struct zheard *h = &q->heard[i - 1];

		if (!h->arrived || h->wall > at)
			continue;
		if (h->wall < at - WALL_S(2 * ROUND_TAKES_S))
			return false;
		if ((ns < 0 || h->ns == ns) &&
		    (id == 0 ? !h->good : is_taken_as(h->id, id)))
			return true;
	}
	return false;
}

bool
zones_said(const struct sim *s, const struct name *name, uint16_t type,
    const char *server, wall_us at, content_id id)
{
	const struct zq *q = find(s, name->wire, type, false);

	return q != NULL &&
	       was_said(q, server == NULL ? -1 : ns_at(server), at, id);
}

/* ---- what becomes durable ---- */

static struct zq *
heard_in(struct sim *s, struct zq *q)
{
	return find(s, q->name.wire, q->type, false);
}

static mono_ns
mono_of(const struct sim *s, wall_us at)
{
	return loop_mono(s->w.loop) - (loop_wall(s->w.loop) - at) * 1000;
}

void
zones_on_baseline(struct sim *s, struct zq *q, const struct commit_baseline *c)
{
	content_id id = id_of_content(c->content);

	if (!was_said(heard_in(s, q), -1, c->at, id))
		story_fail("R9: the baseline of %s was not heard: %s", q->text,
		    id_text(id));
	q->known = true;
	q->believed = id;
	s->hash = mix64(s->hash ^ id);
}

static struct zepisode *
episode_of(struct zq *q, const struct uuid *change, wall_us at)
{
	struct zepisode *e;

	for (size_t i = q->n_episodes; i > 0; i--) {
		if (uuid_equal(&q->episodes[i - 1].change, change))
			return &q->episodes[i - 1];
	}
	e = list_add(
	    &q->episodes, &q->n_episodes, &q->episodes_room, sizeof(*e));
	*e = (struct zepisode){.change = *change, .seen_at = at};
	return e;
}

void
zones_on_evidence(struct sim *s, struct zq *q, const struct commit_evidence *e,
    const struct uuid *change)
{
	content_id id = e->content == NULL ? 0 : id_of_content(e->content);
	struct zones *z = s->zones;

	if (!was_said(heard_in(s, q), ns_at(e->server), e->at, id))
		story_fail("evidence of %s was not heard from %s: %s", q->text,
		    e->server, id == 0 ? "a failure" : id_text(id));
	s->hash = mix64(s->hash ^ id ^ (uint64_t)e->at);
	(void)episode_of(q, change, e->at);
	/* In the middle of it, where nothing else would. */
	if (s->profile.restarts && z->next != INT64_MAX &&
	    !loop_timer_is_set(z->killer) && draw_chance(&z->draw, 4))
		loop_timer_in(z->killer, MONO_MS(draw_from(&z->draw, 1, 150)));
}

/* ---- decisions ---- */

/* One that was asked did not answer: it may have been known to lag. */
static bool
some_failed(const struct commit_decision *d)
{
	for (size_t i = 0; i < d->n_evidence; i++) {
		if (d->evidence[i].content == NULL)
			return true;
	}
	return false;
}

/* R19, where the servers were as they are since before it was seen. */
static void
check_verdict(const struct sim *s, const struct zq *q,
    const struct commit_decision *d, content_id to)
{
	const char *right = "authoritative-change";
	char verdict[32] = "";

	(void)jpath(d->entry.body, ".verdict", verdict, sizeof(verdict));
	if (q->parent_view)
		right = "delegation-changed";
	else if (zones_have_one(s->zones, q, q->believed))
		right = "spreading";
	else if (strcmp(verdict, "spreading") == 0 && some_failed(d))
		return;
	if (strcmp(verdict, right) != 0)
		story_fail("R19: %s: the verdict of %s is %s, not %s", q->text,
		    id_text(to), verdict, right);
}

/* All was as it is for all of the inquiry. */
static void
check_strictly(
    struct sim *s, struct zq *q, const struct commit_decision *d, content_id to)
{
	enum rule rule = zones_say(s->zones, q, to, q->believed);

	if (rule == RULE_UNSURE) {
		s->counts.zones.left++;
		return;
	}
	s->counts.zones.strict++;
	/* R5: another type of the name denies it, or did before a start. */
	if (rule == RULE_NO &&
	    !(to == id_plain(OUTCOME_NXDOMAIN) && q->inconsistent))
		story_fail("phantom: %s: told %s (%u), which its zone does not "
			   "say to who believes %s",
		    q->text, id_text(to), d->entry.label, id_text(q->believed));
	/* R22: a rotating set is not inquired into. */
	if (d->entry.label != LABEL_CONFIRMED &&
	    strstr(d->entry.body, "\"rotating\"") == NULL &&
	    strstr(d->entry.body, "\"inconsistent\"") == NULL &&
	    q->disturbed <= q->changed)
		story_fail("R11: %s: %s is %s, and nothing had changed "
			   "meanwhile",
		    q->text, id_text(to),
		    d->entry.label == LABEL_TRANSIENT ? "transient"
						      : "unconfirmed");
	/* R5: who says NXDOMAIN may have been taken as saying NODATA. */
	if (d->entry.label == LABEL_CONFIRMED &&
	    to != id_plain(OUTCOME_NODATA) &&
	    q->believed != id_plain(OUTCOME_NODATA))
		check_verdict(s, q, d, to);
}

static void
check_first(struct sim *s, struct zq *q, const struct zepisode *e,
    const struct commit_decision *d, content_id to)
{
	mono_ns from = mono_of(s, e->seen_at) - MONO_S(ROUND_TAKES_S);
	bool said = false;

	s->counts.zones.decided++;
	if (q->believed == to)
		story_fail("duplicate: %s: told %s, which is believed", q->text,
		    id_text(to));
	if (q->changed <= from) {
		check_strictly(s, q, d, to);
		return;
	}
	for (wall_us at = e->seen_at; at <= d->entry.at && !said;
	     at += WALL_S(ROUND_TAKES_S))
		said = was_said(heard_in(s, q), -1, at, to);
	said = said || was_said(heard_in(s, q), -1, d->entry.at, to);
	if (!said)
		story_fail("phantom: %s: told %s, which no server said then",
		    q->text, id_text(to));
	if (d->entry.label == LABEL_TRANSIENT ||
	    zones_said_once(q, from, to, q->believed))
		s->counts.zones.loose++;
	else
		s->counts.zones.left++;
}

void
zones_on_decision(struct sim *s, struct zq *q, const struct commit_decision *d)
{
	content_id to = id_of_content(d->to);
	struct zepisode *e = episode_of(q, &d->entry.id, d->entry.at);

	s->hash = mix64(s->hash ^ to);
	if (strstr(d->entry.body, "\"inconsistent\"") != NULL)
		q->inconsistent = true;
	if (d->first) {
		if (e->decided_at != 0)
			story_fail("duplicate: %s: one change is decided twice",
			    q->text);
		e->decided_at = d->entry.at;
		check_first(s, q, e, d, to);
	} else if (to != q->believed) {
		story_fail("R15: %s: a later decision says %s, believed is %s",
		    q->text, id_text(to), id_text(q->believed));
	}
	if (d->believed)
		q->believed = to;
}
