/* SPDX-License-Identifier: ISC */

/*
 * What is told of the zone's servers: each in turn with its end, for a reason,
 * and not left out where it was so for long enough.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/name.h"
#include "jpath.h"
#include "zones.h"

enum {
	FLAPS = 3, /* ends within FLAP_S; then only after CALM_S */
	FLAP_S = 3600,
	CALM_S = 900,
	LATE_SLACK_S = 5,
	ROUNDS_S = 6 * 60 /* in which one who does not answer is told */
};

/* The database was away when it was told. */
static bool
is_late(const struct sim *s, const struct db_entry *e)
{
	return loop_wall(s->w.loop) - e->at > WALL_S(2) ||
	       (s->back != 0 && loop_mono(s->w.loop) - s->back < MONO_S(2));
}

static mono_ns
later(mono_ns a, mono_ns b)
{
	return a > b ? a : b;
}

/* ---- apart ---- */

/* Some question of the zone was apart within a survey's time. */
static bool
was_apart(const struct sim *s)
{
	mono_ns from = loop_mono(s->w.loop) - MONO_S(2 * ROUND_TAKES_S);

	for (size_t i = 0; i < s->zones->n; i++) {
		const struct zq *q = &s->zones->list[i];
		bool split;

		if (q->apart >= from || q->changed >= from || q->print == 0 ||
		    zones_are_apart(s->zones, q, &split))
			return true;
	}
	return false;
}

/* All questions are as they are since then. */
static mono_ns
steady_since(const struct sim *s, uint32_t *every_s)
{
	mono_ns since = 0;

	*every_s = 0;
	for (size_t i = 0; i < s->zones->n; i++) {
		const struct zq *q = &s->zones->list[i];

		if (!q->in_view || !q->watched)
			continue;
		if (q->changed > since)
			since = q->changed;
		if (q->disturbed > since)
			since = q->disturbed;
		if (q->every_s > *every_s)
			*every_s = q->every_s;
	}
	return since;
}

struct apart {
	bool sure, any, split;
	bool all; /* all servers answer */
};

static struct apart
apart_now(const struct sim *s)
{
	struct apart a = {.sure = true, .all = true};

	/* What one said who does not answer now may still be so. */
	for (size_t i = 0; i < NS_MAX; i++)
		a.all = a.all && ((s->zones->members & 1u << i) == 0 ||
				     s->zones->ns[i].health == NS_UP);
	for (size_t i = 0; i < s->zones->n; i++) {
		const struct zq *q = &s->zones->list[i];
		bool split;

		if (!q->in_view || !q->watched)
			continue;
		a.sure = a.sure && q->print != 0 && q->now.n > 0;
		a.any = zones_are_apart(s->zones, q, &split) || a.any;
		a.split = a.split || split;
	}
	return a;
}

static void
note_apart(struct sim *s, const struct db_entry *e)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);
	bool split = strcmp(e->event, "split") == 0;
	/* When it was so, and not when the database took it. */
	mono_ns at = now - (loop_wall(s->w.loop) - e->at) * 1000;
	char reason[32] = "";

	if (split ? z->split : z->apart)
		story_fail(
		    "R18: duplicate: %s twice, or after split", e->event);
	(void)jpath(e->body, ".reason", reason, sizeof(reason));
	if (!is_late(s, e) && !was_apart(s))
		story_fail("R18: phantom: %s of %s, and its servers say the "
			   "same",
		    e->event, e->name);
	if (split && strcmp(reason, "late") == 0 &&
	    (!z->apart || at - z->apart_at + MONO_S(LATE_SLACK_S) <
			      MONO_S(z->refresh + z->retry)))
		story_fail("R18: split as late, %lld s after spreading",
		    (long long)((at - z->apart_at) / MONO_S(1)));
	if (!z->apart)
		z->apart_at = at;
	z->apart = true;
	z->split = split;
}

static void
note_converged(struct sim *s, const struct db_entry *e)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);
	uint32_t every_s;
	mono_ns since = steady_since(s, &every_s);
	struct apart a = apart_now(s);

	if (!z->apart)
		story_fail("R18: phantom: converged, and nothing was told");
	if (!is_late(s, e) && a.sure && a.any &&
	    now - since > MONO_S(every_s * 2 + 2 * ROUND_TAKES_S))
		story_fail("R18: phantom: converged, and its servers differ "
			   "for %lld s",
		    (long long)((now - since) / MONO_S(1)));
	z->apart = z->split = false;
	z->ended[z->n_ended++ % 4] = now;
}

/* It has come and gone so often that the program waits (T18). */
static bool
is_flapping(const struct zones *z, mono_ns now)
{
	return z->n_ended >= FLAPS && now - z->ended[(z->n_ended - FLAPS) % 4] <
	                                  MONO_S(FLAP_S + CALM_S);
}

/* Whatever else happens: who differs for refresh + retry is told as split. */
static void
look_late(struct sim *s)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);

	for (size_t i = 0; i < z->n; i++) {
		const struct zq *q = &z->list[i];
		mono_ns from = later(later(q->apart_from, q->disturbed),
		    later(z->apart_at, z->found));

		if (!q->in_view || !q->watched || q->apart_from == 0 ||
		    s->away != 0 || !z->apart || z->split ||
		    now - from < MONO_S(z->refresh + z->retry) +
				     MONO_S(q->every_s * 3 + 40))
			continue;
		story_fail("R18: missed: %s spreads for %lld s, and no split "
			   "was told",
		    q->text, (long long)((now - q->apart_from) / MONO_S(1)));
	}
}

static void
look_apart(struct sim *s)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);
	uint32_t every_s;
	mono_ns since = steady_since(s, &every_s);
	mono_ns bound = MONO_S(every_s) * 21 / 20 * 2 + MONO_S(75);
	struct apart a = apart_now(s);

	if (!a.sure || every_s == 0 || s->away != 0 || now - since < bound)
		return;
	if (a.any && !z->apart)
		story_fail("R18: missed: the servers differ for %lld s, and "
			   "neither spreading nor split was told",
		    (long long)((now - since) / MONO_S(1)));
	if (a.split && !z->split)
		story_fail("R18: missed: they differ under one serial for "
			   "%lld s, and no split was told",
		    (long long)((now - since) / MONO_S(1)));
	if (a.any && !z->split &&
	    now - z->apart_at > MONO_S(z->refresh + z->retry) + bound)
		story_fail("R18: missed: spreading for %lld s, and no split "
			   "was told",
		    (long long)((now - z->apart_at) / MONO_S(1)));
	if (!a.any && z->apart && !a.all)
		return;
	if (!a.any && z->apart) {
		if (!is_flapping(z, now))
			story_fail("R18: missed: they agree for %lld s, and "
				   "converged was not told",
			    (long long)((now - since) / MONO_S(1)));
		s->counts.zones.flapping++;
		return;
	}
	s->counts.zones.apart_settled++;
}

/* ---- who does not answer ---- */

static struct ns *
server_of(struct sim *s, const struct db_entry *e)
{
	char host[64] = "";

	(void)jpath(e->body, ".host", host, sizeof(host));
	for (size_t i = 0; i < NS_MAX; i++) {
		if (strcmp(s->zones->ns[i].host, host) == 0)
			return &s->zones->ns[i];
	}
	story_fail("%s of %s, who is no server", e->event, host);
}

static void
note_trouble(struct sim *s, const struct db_entry *e)
{
	struct ns *n = server_of(s, e);
	char told = strcmp(e->event, "lame") == 0 ? 'l' : 's';

	/* While the database was away it may have left and come back. */
	if (n->told == told && !n->left && !is_late(s, e))
		story_fail("R18: duplicate: %s of %s", e->event, n->host);
	if (n->fails < 3 && !is_late(s, e))
		story_fail("R18: phantom: %s of %s, who failed %u times",
		    e->event, n->host, n->fails);
	n->told = told;
	if (!is_late(s, e))
		n->fails = 0; /* else some came after it */
	/* Told of who is none already, it may be told when he is again. */
	n->left = (s->zones->members & 1u << (n - s->zones->ns)) == 0;
}

static void
note_well(struct sim *s, const struct db_entry *e)
{
	struct ns *n = server_of(s, e);

	if (n->told == 0)
		story_fail("R18: phantom: %s of %s", e->event, n->host);
	if (!is_late(s, e) &&
	    loop_mono(s->w.loop) - n->good > MONO_S(2 * ROUND_TAKES_S))
		story_fail("R18: phantom: %s of %s, who does not answer",
		    e->event, n->host);
	n->told = 0;
	if (!is_late(s, e))
		n->fails = 0; /* else some came after it */
}

static void
note_backwards(struct sim *s, const struct db_entry *e)
{
	struct ns *n = server_of(s, e);

	if (++n->n_back_told > n->n_back)
		story_fail("R18: serial-backwards %u times of %s, which went "
			   "back %u times",
		    n->n_back_told, n->host, n->n_back);
}

/* ---- the delegation ---- */

static void
note_delegation(struct sim *s, const struct db_entry *e)
{
	bool split = strcmp(e->event, "split-delegation") == 0;

	if (s->zones->delegation_split == split)
		story_fail("R18: duplicate: %s", e->event);
	s->zones->delegation_split = split;
}

/* ---- all of them ---- */

static const struct {
	const char *event;
	void (*fn)(struct sim *s, const struct db_entry *e);
} events[] = {
    {"spreading", note_apart},
    {"split", note_apart},
    {"converged", note_converged},
    {"lame", note_trouble},
    {"server-silent", note_trouble},
    {"lame-ended", note_well},
    {"server-answers", note_well},
    {"serial-backwards", note_backwards},
    {"split-delegation", note_delegation},
    {"delegation-agrees", note_delegation},
};

/* `failing` and `recovered` of a question, in turn. */
static void
note_question(struct sim *s, const struct db_entry *e, bool parent)
{
	bool failing = strcmp(e->event, "failing") == 0;

	if (!failing && strcmp(e->event, "recovered") != 0)
		return;
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];
		char name[NAME_TEXT_SIZE];

		if (q->type != e->type || q->parent_view != parent ||
		    strcmp(name_print(q->name.wire, name), e->name) != 0)
			continue;
		if (q->failing == failing)
			story_fail("R3: %s: %s twice", q->text, e->event);
		q->failing = failing;
	}
}

bool
zones_on_entry(struct sim *s, const struct db_entry *e)
{
	char view[32] = "";

	if (!s->zones->on)
		return false;
	(void)jpath(e->body, ".view", view, sizeof(view));
	if (strncmp(view, "source", 6) != 0)
		return false;
	s->counts.zones.events++;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].event, e->event) == 0) {
			events[i].fn(s, e);
			return true;
		}
	}
	note_question(s, e, view[6] != '\0');
	return true;
}

static void
look_servers(struct sim *s)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);
	unsigned members;
	bool anybody = zones_members(z, &members);

	for (size_t i = 0; i < z->n_ns; i++) {
		const struct ns *n = &z->ns[i];

		/* A zone that nobody serves is not found. */
		if (!anybody)
			z->nobody = now;
		if ((z->members & 1u << i) == 0 || z->hijacked ||
		    s->away != 0 || !anybody ||
		    now - n->since < MONO_S(ROUNDS_S) ||
		    now - z->nobody < MONO_S(ROUNDS_S) ||
		    now - z->found < MONO_S(ROUNDS_S))
			continue;
		if (n->health == NS_LAME && n->told != 'l')
			story_fail("R18: missed: %s is lame for %lld s",
			    n->host, (long long)((now - n->since) / MONO_S(1)));
		if (n->health == NS_SILENT && n->told != 's')
			story_fail("R18: missed: %s is silent for %lld s",
			    n->host, (long long)((now - n->since) / MONO_S(1)));
		s->counts.zones.servers += n->health != NS_UP;
	}
}

void
zones_look_events(struct sim *s)
{
	look_late(s);
	look_apart(s);
	look_servers(s);
}
