/* SPDX-License-Identifier: ISC */

/*
 * The oracle of a crowd: what a poll heard and no plan says is told (missed);
 * what is told names a mark that was shown, or its name was not learnt yet
 * (phantom); and a mark is told as often as it came and went (duplicate).
 */

#include <stdio.h>
#include <string.h>

#include "crowd.h"
#include "daemon/monitor/monitor_priv.h"
#include "dns/type.h"
#include "resolver/resolver.h"

enum {
	LOST_S = 120, /* a kill may lose what was heard so long before */
	SLACK_S = 3 * 3600
};

/* ---- what is heard ---- */

static bool
can_fetch(
    void *ctx, const struct server *server, const uint8_t *name, uint16_t type)
{
	(void)ctx;
	(void)server;
	(void)name;
	(void)type;
	return true;
}

static bool
has_text(const struct rr *r, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= r->size; i++) {
		if (memcmp(r->rdata + i, text, size) == 0)
			return true;
	}
	return false;
}

static bool
has_mark(const struct fetched *f, const struct mark *m)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct rr *r = &f->list[i];

		if (m->address == 0 ? has_text(r, m->text)
				    : r->type == TYPE_A && r->size == 4 &&
					  ((uint32_t)r->rdata[0] << 24 |
					      (uint32_t)r->rdata[1] << 16 |
					      (uint32_t)r->rdata[2] << 8 |
					      r->rdata[3]) == m->address)
			return true;
	}
	return false;
}

static size_t
on_ask(void *ctx, const struct said *said)
{
	struct crowd *c = ctx;
	struct sim *s = c->sim;
	mono_ns now = world_now(&s->w);
	uint8_t purpose = (uint8_t)(said->ask->cookie >> 32);

	s->counts.asked++;
	s->hash = mix64(s->hash ^ (uint64_t)now ^ said->ask->cookie);
	if (said->reply == NULL)
		return 0;
	for (size_t i = 0; i < c->n_marks; i++) {
		struct mark *m = &c->marks[i];
		bool has;

		if (m->of->type != said->ask->type ||
		    !name_equal(m->of->name.wire, said->ask->name))
			continue;
		has = has_mark(said->reply, m);
		m->shown = m->shown || has;
		if (purpose != PURPOSE_POLL)
			continue;
		m->n_comings += has && !m->heard;
		m->n_goings += !has && m->heard;
		if (has && m->heard_at == 0)
			m->heard_at = now;
		m->heard = has;
	}
	return 0;
}

static void
on_arrival(void *ctx, size_t number)
{
	(void)ctx;
	(void)number;
}

void
crowd_listen(struct crowd *c)
{
	c->ear = (struct net_ear){c, can_fetch, on_ask, on_arrival};
	c->sim->w.net.ear = &c->ear;
}

void
crowd_forget(struct crowd *c)
{
	mono_ns now = world_now(&c->sim->w);

	for (size_t i = 0; i < c->n_marks; i++) {
		struct mark *m = &c->marks[i];

		if (m->n_told == 0 && m->heard_at + MONO_S(LOST_S) > now)
			m->heard_at = 0;
		m->heard = false;
	}
}

/* ---- what is told ---- */

static struct actor *
actor_of(struct crowd *c, const char *name)
{
	for (size_t i = 0; i < c->n_actors; i++) {
		if (strcmp(c->actors[i].text, name) == 0)
			return &c->actors[i];
	}
	story_fail("something of %s, which nobody watches", name);
}

static void
judge_change(struct crowd *c, const struct db_alert *a, const char *body)
{
	struct actor *of = actor_of(c, a->name);
	mono_ns now = world_now(&c->sim->w);
	bool known = false;

	for (size_t i = 0; i < c->n_marks; i++) {
		struct mark *m = &c->marks[i];

		if (m->of != of || strstr(body, m->text) == NULL)
			continue;
		if (!m->shown)
			story_fail("phantom: %s of %s was never shown: %s",
			    m->text, of->text, body);
		known = true;
		of->stranger_at = now;
		m->n_told++;
		m->n_held += a->held_by != NULL;
	}
	if (known || of->kind == ACTOR_FLUX)
		return;
	/* Until its pool has settled, each address is news. */
	if ((of->kind == ACTOR_CDN || of->kind == ACTOR_GEO) &&
	    now <= MONO_S(CROWD_LEARN_S))
		return;
	/* What another group shows is heard in inquiries only, so that no
	 * pool learns it: places are for views.  Told beside a stranger. */
	if (of->kind == ACTOR_GEO && now < of->stranger_at + MONO_S(SLACK_S)) {
		c->sim->counts.geo++;
		return;
	}
	story_fail(
	    "phantom: told of %s with no stranger in it: %s", of->text, body);
}

static void
judge_event(struct crowd *c, const struct db_entry *e)
{
	struct actor *of = actor_of(c, e->name);

	c->sim->counts.events++;
	of->n_done += strcmp(e->event, "plan-done") == 0;
	of->n_missed += strcmp(e->event, "plan-missed") == 0;
	of->n_flux += strcmp(e->event, "flux") == 0;
	if (of->n_done > 1 || of->n_missed > 1 || of->n_flux > 1)
		story_fail("duplicate: %s of %s", e->event, of->text);
}

void
crowd_judge(struct crowd *c)
{
	const struct db *db = c->sim->w.db;

	while (c->n_judged < db->n_alerts) {
		const struct db_alert *a = &db->alerts[c->n_judged++];

		c->sim->counts.told++;
		c->sim->hash = mix64(c->sim->hash ^ (uint64_t)a->at);
		for (size_t i = 0; i < a->n; i++) {
			const struct db_entry *e = &db->entries[a->first + i];

			if (e->event == NULL)
				judge_change(c, a, e->body);
		}
	}
	while (c->n_entries < db->n_entries) {
		const struct db_entry *e = &db->entries[c->n_entries++];

		c->sim->counts.decided += e->event == NULL;
		if (e->event != NULL)
			judge_event(c, e);
	}
}

static void
end_mark(const struct mark *m)
{
	const struct actor *of = m->of;

	if (m->planned && m->n_told > 0)
		story_fail("phantom: %s of %s was planned, and told", m->text,
		    of->text);
	if (!m->planned && m->heard_at != 0 && m->n_told == 0)
		story_fail("missed: %s of %s was heard at %.0f s, and not told",
		    m->text, of->text, (double)m->heard_at / 1e9);
	/* Each coming and going once, and each may have a revision. */
	if (m->n_told > 2 * (m->n_comings + m->n_goings) + 2)
		story_fail("duplicate: %s of %s came %u times, went %u times, "
			   "and was told %u times",
		    m->text, of->text, m->n_comings, m->n_goings, m->n_told);
	if (of->kind == ACTOR_SILENCED &&
	    (m->held ? m->n_held != m->n_told : m->n_held > 0))
		story_fail("R28: %s of %s was told %u times, %u of them held",
		    m->text, of->text, m->n_told, m->n_held);
}

void
crowd_end(struct crowd *c)
{
	crowd_judge(c);
	for (size_t i = 0; i < c->n_marks; i++) {
		c->sim->counts.tight += c->marks[i].heard_at != 0;
		end_mark(&c->marks[i]);
	}
	for (size_t i = 0; i < c->n_actors; i++) {
		const struct actor *a = &c->actors[i];

		if (a->kind == ACTOR_PLANNED &&
		    (a->n_done != a->carried_out ||
			a->n_missed != !a->carried_out))
			story_fail("R27: the plan of %s was %scarried out, and "
				   "told %u times as done, %u as missed",
			    a->text, a->carried_out ? "" : "not ", a->n_done,
			    a->n_missed);
	}
}
