/* SPDX-License-Identifier: ISC */

/* Who is in a crowd, and what they show each minute. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/rand.h"
#include "crowd.h"
#include "dns/type.h"

enum { STEP_S = 60, HOUR_S = 3600, DAY_S = 86400 };

static struct crowd crowd;

/* ---- marks ---- */

/* Whatever its number says; no other mark's text is part of it. */
static struct mark *
add_mark(struct crowd *c, struct actor *of, mono_ns from, mono_ns until)
{
	unsigned n = (unsigned)c->n_marks;
	struct mark *m = &c->marks[c->n_marks++];

	CHECK(c->n_marks < MARKS_MAX);
	*m = (struct mark){.of = of, .from = from, .until = until};
	if (of->type == TYPE_TXT && of->kind == ACTOR_ACME)
		snprintf(m->text, sizeof(m->text),
		    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92w%04u", n);
	else if (of->type == TYPE_TXT)
		snprintf(m->text, sizeof(m->text),
		    "google-site-verification=t%04u", n);
	else {
		m->address = (100u + n % 3) << 24 | (n >> 8) << 16 |
		             (n & 255) << 8 | 200;
		snprintf(m->text, sizeof(m->text), "%u.%u.%u.200", 100 + n % 3,
		    n >> 8, n & 255);
	}
	return m;
}

static mono_ns
at_hour(struct crowd *c, uint32_t least, uint32_t most)
{
	return MONO_S(draw_from(&c->sim->draw, least * 60, most * 60)) * 60;
}

/* Strangers at a name that is otherwise as always. */
static void
add_strangers(struct crowd *c, struct actor *a, uint32_t least_h)
{
	struct draw *d = &c->sim->draw;
	mono_ns at = at_hour(c, least_h, least_h + 10);
	uint32_t n = draw_from(d, 1, 3);

	for (uint32_t i = 0; i < n; i++) {
		mono_ns span = MONO_S(draw_from(d, 6, 240)) * 60;
		struct mark *m = add_mark(c, a, at, at + span);

		m->manner = draw_chance(d, 50) ? MARK_ALL : MARK_AMONG;
		at += span + at_hour(c, 2, 14);
	}
}

/* One who wants to be learnt before he takes all. */
static void
add_learner(struct crowd *c, struct actor *a)
{
	struct draw *d = &c->sim->draw;
	mono_ns at = at_hour(c, 72, 84);
	struct mark *m =
	    add_mark(c, a, at, at + MONO_S(HOUR_S) * draw_from(d, 24, 48));

	m->manner = MARK_SELDOM;
	m->percent = draw_from(d, 2, 40);
}

/* ---- actors ---- */

/* "2026-11-21T17:00:00Z" at so long since the beginning. */
static void
print_time(const struct crowd *c, mono_ns at, char out[32])
{
	time_t t =
	    (time_t)(loop_wall(c->sim->w.loop) / 1000000 + at / MONO_S(1));
	struct tm tm;

	CHECK(gmtime_r(&t, &tm) != NULL);
	CHECK(strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
}

static void
plan_it(struct crowd *c, struct actor *a)
{
	struct draw *d = &c->sim->draw;
	struct mark *m;
	char from[32], until[32];

	a->from = at_hour(c, 30, 60);
	a->until = a->from + at_hour(c, 8, 20);
	a->carried_out = draw_chance(d, 60);
	/* A stranger within the window, who is gone again. */
	if (draw_chance(d, 60)) {
		m = add_mark(c, a, a->from + MONO_S(HOUR_S),
		    a->from + MONO_S(2 * HOUR_S));
		m->manner = MARK_ALL;
	}
	m = add_mark(c, a,
	    a->carried_out ? a->from + MONO_S(4 * HOUR_S)
			   : a->until + MONO_S(HOUR_S),
	    MONO_S(1000 * (mono_ns)DAY_S));
	m->planned = a->carried_out;
	print_time(c, a->from, from);
	print_time(c, a->until, until);
	buf_printf(&c->sim->w.plans,
	    "{plan: p%u, from: \"%s\", until: \"%s\", changes: [{name: %s, to: "
	    "{A: [%s]}}]}\n",
	    a->number, from, until, a->text, m->text);
}

static void
silence_it(struct crowd *c, struct actor *a, struct buf *out)
{
	char from[32], until[32];
	struct mark *m;

	a->from = at_hour(c, 20, 40);
	a->until = a->from + at_hour(c, 10, 20);
	print_time(c, a->from, from);
	print_time(c, a->until, until);
	buf_printf(out,
	    "%s{name: s%u, names: [%s], from: \"%s\", until: \"%s\"}",
	    out->size == 0 ? "silences: [" : ", ", a->number, a->text, from,
	    until);
	(void)add_mark(c, a, MONO_S(10 * HOUR_S), MONO_S(12 * HOUR_S));
	m = add_mark(
	    c, a, a->from + MONO_S(2 * HOUR_S), a->from + MONO_S(4 * HOUR_S));
	m->held = true;
	(void)add_mark(
	    c, a, a->until + MONO_S(2 * HOUR_S), a->until + MONO_S(4 * HOUR_S));
}

static void
add_flux(struct crowd *c, struct actor *a)
{
	for (uint32_t day = 3; day < CROWD_DAYS; day++) {
		for (uint32_t i = 0; i < 12; i++) {
			mono_ns at =
			    MONO_S(day * (mono_ns)DAY_S + i * (mono_ns)HOUR_S);

			(void)add_mark(c, a, at, at + MONO_S(HOUR_S));
		}
	}
}

static void
add_tokens(struct crowd *c, struct actor *a)
{
	mono_ns at = at_hour(c, 3, 12);

	while (at < MONO_S((CROWD_DAYS - 1) * (mono_ns)DAY_S)) {
		mono_ns span = a->kind == ACTOR_ACME ? at_hour(c, 1, 2)
		                                     : at_hour(c, 2, 30);

		(void)add_mark(c, a, at, at + span);
		at += at_hour(c, 4, 24);
		if (a->kind == ACTOR_ACME)
			at += span;
	}
}

static void
make_actor(struct crowd *c, enum actor_kind kind, struct buf *silences)
{
	static const uint32_t ttls[] = {20, 30, 60};
	struct draw *d = &c->sim->draw;
	struct actor *a = &c->actors[c->n_actors];
	const char *why;
	char line[160];

	*a = (struct actor){.kind = kind, .number = (unsigned)c->n_actors++};
	a->type =
	    kind == ACTOR_TOKENS || kind == ACTOR_ACME ? TYPE_TXT : TYPE_A;
	a->k = draw_from(d, 2, 4);
	a->n = draw_from(d, 2 * a->k, 14);
	a->ttl = ttls[draw_below(d, 3)];
	snprintf(a->text, sizeof(a->text), "%sc%u.example.org.",
	    kind == ACTOR_ACME ? "_acme-challenge." : "", a->number);
	CHECK(name_parse(a->text, &a->name, &why) == 0);
	snprintf(line, sizeof(line), "%s %s every %ds tags owned", a->text,
	    a->type == TYPE_A ? "A" : "TXT", CROWD_EVERY_S);
	world_add_watch(&c->sim->w, line);
	if (kind == ACTOR_PLANNED)
		plan_it(c, a);
	else if (kind == ACTOR_SILENCED)
		silence_it(c, a, silences);
	else if (kind == ACTOR_FLUX)
		add_flux(c, a);
	else if (a->type == TYPE_TXT)
		add_tokens(c, a);
	else if (kind != ACTOR_STABLE && draw_chance(d, 50))
		add_learner(c, a);
	else
		add_strangers(c, a, kind == ACTOR_STABLE ? 5 : 76);
}

/* ---- what they show ---- */

/* Is it shown now?  `alone` when nothing else is. */
static bool
is_on(struct crowd *c, const struct mark *m, mono_ns now, bool *alone)
{
	mono_ns end =
	    m->until + (m->manner == MARK_SELDOM ? MONO_S(3 * HOUR_S) : 0);

	if (now < m->from || now >= end)
		return false;
	if (m->of->type == TYPE_TXT)
		return true;
	*alone = *alone || m->manner == MARK_ALL || now >= m->until;
	return m->manner != MARK_SELDOM || now >= m->until ||
	       draw_chance(&c->sim->draw, m->percent);
}

/* k of its n addresses at random, or the first one. */
static void
put_own(struct crowd *c, const struct actor *a, size_t server, unsigned k,
    struct buf *out)
{
	bool moves = a->kind == ACTOR_CDN || a->kind == ACTOR_GEO ||
	             a->kind == ACTOR_FLUX;
	unsigned left = moves ? k : 1;

	for (unsigned i = 0; i < a->n && left > 0; i++) {
		/* Of those that are left, so many are to be taken. */
		if (moves && draw_below(&c->sim->draw, a->n - i) >= left)
			continue;
		left--;
		buf_printf(out, "%s198.18.%u.%zu", out->size > 0 ? ", " : "",
		    a->number,
		    1 + i + (a->kind == ACTOR_GEO ? server * 100 : 0));
	}
}

static void
show(struct crowd *c, const struct actor *a, size_t server, mono_ns now)
{
	struct zone *own = &c->sim->w.net.servers[server].own;
	struct buf text = {0};
	bool alone = false;
	unsigned n_on = 0;

	if (a->kind == ACTOR_TOKENS)
		buf_add_text(&text, "\"v=spf1 mx -all\"");
	for (size_t i = 0; i < c->n_marks; i++) {
		const struct mark *m = &c->marks[i];

		if (m->of != a || !is_on(c, m, now, &alone))
			continue;
		n_on++;
		buf_printf(&text, a->type == TYPE_TXT ? "%s\"%s\"" : "%s%s",
		    text.size > 0 ? ", " : "", m->text);
	}
	if (a->type == TYPE_A && !alone)
		put_own(c, a, server, n_on < a->k ? a->k - n_on : 1, &text);
	zone_put(own, rrset_read(own, &a->name, a->type,
			  text.size > 0 ? buf_text(&text) : "NODATA", a->ttl));
	buf_fini(&text);
}

/* ---- the run ---- */

static void
build(struct crowd *c)
{
	struct draw *d = &c->sim->draw;
	struct buf silences = {0};

	world_add_defaults(&c->sim->w);
	for (unsigned k = 0; k < ACTOR_KINDS; k++)
		make_actor(c, (enum actor_kind)k, &silences);
	make_actor(c, ACTOR_CDN, &silences);
	make_actor(c, draw_chance(d, 50) ? ACTOR_GEO : ACTOR_CDN, &silences);
	buf_printf(&c->sim->w.more, "%s]\n", buf_text(&silences));
	/* As in the other worlds. */
	if (c->sim->seed % 3 == 0)
		buf_add_text(&c->sim->w.more, "grouping: true\n");
	buf_fini(&silences);
	c->kill_at = draw_chance(d, 60) ? at_hour(c, 2, 20) : MONO_S(1e9);
	c->reload_at = draw_chance(d, 60) ? at_hour(c, 2, 20) : MONO_S(1e9);
}

static void
step(struct crowd *c, mono_ns now)
{
	struct sim *s = c->sim;

	for (size_t i = 0; i < c->n_actors; i++) {
		for (size_t k = 0; k < s->w.net.n_servers; k++)
			show(c, &c->actors[i], k, now);
	}
	if (now >= c->kill_at) {
		crowd_judge(c);
		crowd_forget(c);
		world_restart(&s->w);
		s->counts.kills++;
		c->kill_at = now + at_hour(c, 4, 40);
	}
	if (now >= c->reload_at) {
		world_reload(&s->w, false);
		s->counts.reloads++;
		c->reload_at = now + at_hour(c, 4, 40);
	}
	world_run(&s->w, MONO_S(STEP_S));
	if (s->w.fatal[0] != '\0')
		story_fail("the program gives up: %s", s->w.fatal);
	crowd_judge(c);
}

void
crowd_run(struct sim *s, uint64_t seed)
{
	struct crowd *c = &crowd;

	s->seed = seed;
	s->draw.state = mix64(seed);
	s->hash = seed;
	rand_seed(mix64(~seed));
	world_init(&s->w);
	*c = (struct crowd){.sim = s};
	build(c);
	for (size_t i = 0; i < c->n_actors; i++) {
		for (size_t k = 0; k < s->w.net.n_servers; k++)
			show(c, &c->actors[i], k, 0);
	}
	crowd_listen(c);
	world_start(&s->w);
	for (mono_ns now = 0; now < MONO_S(CROWD_DAYS * (mono_ns)DAY_S);
	     now += MONO_S(STEP_S))
		step(c, now);
	world_end(&s->w);
	crowd_end(c);
	s->w.net.ear = NULL;
	world_fini(&s->w);
	s->counts.crowds++;
}
