/* SPDX-License-Identifier: ISC */

/*
 * What happens: a table of happenings with their weights, one after the other
 * at times that are drawn, and an agenda of what they bring about later (a
 * hijack is taken back, a server lives again).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "zones.h"

enum { LOOK_EVERY_S = 20 };

/* ---- the agenda ---- */

static struct due *
plan(struct sim *s, mono_ns in, void (*fn)(struct sim *, const struct due *))
{
	struct due *d;

	if (s->n_agenda == AGENDA_MAX)
		return NULL;
	d = &s->agenda[s->n_agenda++];
	*d = (struct due){.at = world_now(&s->w) + in, .fn = fn};
	return d;
}

static size_t
first_due(const struct sim *s)
{
	size_t first = 0;

	for (size_t i = 1; i < s->n_agenda; i++) {
		if (s->agenda[i].at < s->agenda[first].at)
			first = i;
	}
	return first;
}

static void
run_due(struct sim *s, size_t i)
{
	struct due d = s->agenda[i];

	/* In the order of planning, whatever was taken out. */
	memmove(
	    &s->agenda[i], &s->agenda[i + 1], (--s->n_agenda - i) * sizeof(d));
	d.fn(s, &d);
}

static struct host *
some_host(struct sim *s)
{
	/* Watched ones, and the targets of their aliases now and then. */
	uint32_t n = draw_chance(&s->draw, 85) ? (uint32_t)s->n_watched
	                                       : (uint32_t)s->n_hosts;

	return &s->hosts[draw_below(&s->draw, n)];
}

static struct host *
some_watched(struct sim *s)
{
	return &s->hosts[draw_below(&s->draw, (uint32_t)s->n_watched)];
}

static uint32_t
some_ttl(struct sim *s)
{
	return s->profile.ttls[draw_below(&s->draw, 4)];
}

static struct server *
server_at(struct sim *s, size_t i)
{
	return net_find(&s->w.net, server_name(i));
}

static size_t
some_server(struct sim *s)
{
	return draw_below(&s->draw, (uint32_t)s->n_servers);
}

/* ---- the zones ---- */

static struct records *
some_set(struct sim *s, struct host *h)
{
	return &h->sets[draw_below(&s->draw, HOST_TYPES)];
}

static void
refill(struct sim *s, struct records *r)
{
	r->n = draw_from(&s->draw, 1, 3);
	for (size_t i = 0; i < r->n; i++)
		r->values[i] = host_value(s);
}

static void
on_replace(struct sim *s)
{
	struct host *h = some_host(s);
	struct records *r = some_set(s, h);

	refill(s, r);
	if (draw_chance(&s->draw, 30))
		r->ttl = some_ttl(s);
	host_publish(s, h);
}

static void
on_add(struct sim *s)
{
	struct host *h = some_host(s);
	struct records *r = some_set(s, h);

	if (r->n < RECORDS_MAX)
		r->values[r->n++] = host_value(s);
	host_publish(s, h);
}

static void
on_remove(struct sim *s)
{
	struct host *h = some_host(s);
	struct records *r = some_set(s, h);

	if (r->n > 0)
		r->n--;
	host_publish(s, h);
}

static void
on_nodata(struct sim *s)
{
	struct host *h = some_host(s);
	struct records *r = some_set(s, h);

	if (r->n > 0)
		r->n = 0;
	else
		refill(s, r);
	host_publish(s, h);
}

static void
on_ttl(struct sim *s)
{
	struct host *h = some_host(s);

	some_set(s, h)->ttl = some_ttl(s);
	host_publish(s, h);
}

static void
come_back(struct sim *s, const struct due *d)
{
	s->hosts[d->host].gone = false;
	host_publish(s, &s->hosts[d->host]);
}

static void
on_gone(struct sim *s)
{
	struct host *h = some_host(s);
	struct due *d;

	h->gone = !h->gone;
	host_publish(s, h);
	if (!h->gone || draw_chance(&s->draw, 30))
		return;
	d = plan(s, draw_wait(&s->draw, MONO_S(90)), come_back);
	if (d != NULL)
		d->host = (size_t)(h - s->hosts);
}

static void
on_alias(struct sim *s)
{
	struct host *h = some_watched(s);

	if (h->alias >= 0 && draw_chance(&s->draw, 50))
		h->alias = -1;
	else
		h->alias = (int)(s->n_watched +
				 draw_below(&s->draw,
				     (uint32_t)(s->n_hosts - s->n_watched)));
	host_publish(s, h);
}

static void
take_back(struct sim *s, const struct due *d)
{
	s->hosts[d->host].sets[d->type] = d->records;
	host_publish(s, &s->hosts[d->host]);
}

/* Something else for a short time: shorter or longer than an interval. */
static void
on_hijack(struct sim *s)
{
	struct host *h = some_host(s);
	struct records *r = some_set(s, h);
	mono_ns mean = draw_chance(&s->draw, 50) ? MONO_S(5) : MONO_S(80);
	struct due *d = plan(s, draw_wait(&s->draw, mean), take_back);

	if (d == NULL)
		return;
	d->host = (size_t)(h - s->hosts);
	d->type = (size_t)(r - h->sets);
	d->records = *r;
	r->n = 1;
	r->values[0] = host_value(s);
	r->ttl = some_ttl(s);
	host_publish(s, h);
}

static void
rotate(struct sim *s, const struct due *d)
{
	struct host *h = &s->hosts[d->host];
	struct records *r = &h->sets[d->type];
	struct due *next;

	if (d->n == 0 || r->n == 0)
		return;
	/* One of three leaves, another of five comes. */
	for (size_t i = 0; i + 1 < r->n; i++)
		r->values[i] = r->values[i + 1];
	r->values[r->n - 1] =
	    d->records.values[draw_below(&s->draw, (uint32_t)d->records.n)];
	for (size_t i = 0; i + 1 < r->n; i++) {
		if (r->values[i] == r->values[r->n - 1])
			r->n--;
	}
	host_publish(s, h);
	next = plan(s, draw_wait(&s->draw, MONO_S(10)), rotate);
	if (next == NULL)
		return;
	next->host = d->host;
	next->type = d->type;
	next->records = d->records;
	next->n = d->n - 1;
}

static void
on_rotate(struct sim *s)
{
	struct host *h = some_watched(s);
	struct due *d = plan(s, MONO_S(1), rotate);

	if (d == NULL)
		return;
	d->host = (size_t)(h - s->hosts);
	d->type = draw_below(&s->draw, HOST_TYPES);
	d->n = draw_from(&s->draw, 5, 40);
	d->records.n = 5;
	for (size_t i = 0; i < 5; i++)
		d->records.values[i] = host_value(s);
	h->sets[d->type].n = 3;
	for (size_t i = 0; i < 3; i++)
		h->sets[d->type].values[i] = d->records.values[i];
	host_publish(s, h);
}

/* ---- servers ---- */

static void
forget(struct sim *s, const struct due *d)
{
	server_forget(server_at(s, d->server), d->id);
}

static void
misbehave(struct sim *s, size_t server, struct habit *h, mono_ns mean)
{
	struct due *d = plan(s, draw_wait(&s->draw, mean), forget);

	if (d == NULL)
		return;
	h->id = d->id = ++s->n_ids;
	h->left = -1;
	if (!h->has_name)
		h->type = ZONE_ANY_TYPE;
	d->server = server;
	server_add_habit(server_at(s, server), h);
}

static void
on_dead(struct sim *s)
{
	struct habit h = {.conduct = CONDUCT_DROP, .share = 1};

	misbehave(s, some_server(s), &h, MONO_S(60));
}

static void
on_all_dead(struct sim *s)
{
	struct habit h = {.conduct = CONDUCT_DROP, .share = 1};

	for (size_t i = 0; i < s->n_servers; i++)
		misbehave(s, i, &h, MONO_S(40));
}

static void
on_loss(struct sim *s)
{
	struct habit h = {.conduct = CONDUCT_DROP};

	h.share = draw_from(&s->draw, 1, 60) / 100.0;
	misbehave(s, some_server(s), &h, MONO_S(120));
}

static void
on_servfail(struct sim *s)
{
	static const enum conduct conducts[] = {CONDUCT_SERVFAIL,
	    CONDUCT_SERVFAIL, CONDUCT_REFUSE, CONDUCT_LAME, CONDUCT_MALFORM};
	struct habit h = {.conduct = conducts[draw_below(&s->draw, 5)]};

	h.share = draw_from(&s->draw, 5, 100) / 100.0;
	misbehave(s, some_server(s), &h, MONO_S(90));
}

static void
on_name_fails(struct sim *s)
{
	struct habit h = {
	    .conduct = CONDUCT_SERVFAIL, .share = 1, .has_name = true};

	h.name = some_watched(s)->name;
	h.type = ZONE_ANY_TYPE;
	for (size_t i = 0; i < s->n_servers; i++)
		misbehave(s, i, &h, MONO_S(120));
}

static void
be_quick(struct sim *s, const struct due *d)
{
	server_at(s, d->server)->latency = MONO_MS(d->n);
}

static void
on_slow(struct sim *s)
{
	size_t i = some_server(s);
	struct server *one = server_at(s, i);
	struct due *d = plan(s, draw_wait(&s->draw, MONO_S(60)), be_quick);

	if (d == NULL)
		return;
	d->server = i;
	d->n = draw_from(&s->draw, 1, 80);
	one->latency = MONO_MS(draw_from(&s->draw, 200, 4000));
}

static void
on_flush(struct sim *s)
{
	server_flush(server_at(s, some_server(s)));
}

static void
be_reached(struct sim *s, const struct due *d)
{
	s->hosts[d->host].away = false;
}

/* Nobody can ask its source: caches run out, or serve what is stale. */
static void
on_source_away(struct sim *s)
{
	struct host *h = some_host(s);
	struct due *d = plan(s, draw_wait(&s->draw, MONO_S(150)), be_reached);

	if (d == NULL)
		return;
	d->host = (size_t)(h - s->hosts);
	h->away = true;
}

/* ---- lies ---- */

/* One of the resolvers that may lie about the host. */
static size_t
liar_of(struct sim *s, const struct host *h)
{
	size_t i;

	do
		i = some_server(s);
	while (s->groups[i] != h->liar);
	return i;
}

static const struct rrset *
some_lie(struct sim *s, const struct host *h, uint16_t type)
{
	struct zone *z = &s->w.net.truth;
	struct records r = {.n = 1};
	struct buf text = {0};
	const struct rrset *set;

	r.values[0] = host_value(s);
	switch (draw_below(&s->draw, 5)) {
	case 0:
		buf_add_text(&text, "NXDOMAIN without soa");
		break;
	case 1:
		buf_add_text(&text, "NODATA");
		break;
	default:
		values_print(type, &r, &text);
		break;
	}
	set = rrset_read(z, &h->name, type, buf_text(&text), some_ttl(s));
	buf_fini(&text);
	return set;
}

static void
lie(struct sim *s, bool forged)
{
	struct host *h = some_watched(s);
	struct habit habit = {
	    .conduct = CONDUCT_LIE, .has_name = true, .share = 1};

	habit.name = h->name;
	habit.type = h->sets[draw_below(&s->draw, HOST_TYPES)].type;
	habit.lie = some_lie(s, h, habit.type);
	habit.udp_only = forged;
	if (!forged && draw_chance(&s->draw, 20))
		habit.ede = 15;
	if (draw_chance(&s->draw, 30))
		habit.share = 0.5;
	if (forged)
		h->forged = true;
	else
		h->lied = true;
	s->counts.lies++;
	misbehave(s, liar_of(s, h), &habit,
	    draw_chance(&s->draw, 50) ? MONO_S(8) : MONO_S(150));
}

static void
on_lie(struct sim *s)
{
	lie(s, false);
}

static void
on_forgery(struct sim *s)
{
	lie(s, true);
}

static void
be_honest(struct sim *s, const struct due *d)
{
	zone_drop(&server_at(s, d->server)->own, &s->hosts[d->host].name);
}

/* Poisoned: the lie is in its cache, and counts down. */
static void
on_poison(struct sim *s)
{
	struct host *h = some_watched(s);
	size_t i = liar_of(s, h);
	uint16_t type = h->sets[draw_below(&s->draw, HOST_TYPES)].type;
	const struct rrset *set = some_lie(s, h, type);
	struct due *d = plan(s, draw_wait(&s->draw, MONO_S(60)), be_honest);
	struct zone *own = &server_at(s, i)->own;
	struct rrset *copy;

	if (d == NULL)
		return;
	d->server = i;
	d->host = (size_t)(h - s->hosts);
	copy = arena_copy(&own->arena, set, sizeof(*set));
	CHECK(copy != NULL);
	zone_put(own, copy);
	h->lied = true;
	s->counts.lies++;
}

/* ---- the program and its database ---- */

static void
be_there(struct sim *s, const struct due *d)
{
	(void)d;
	if (s->away == 0)
		return;
	fake_store_back(s->w.store);
	s->back = loop_mono(s->w.loop);
	oracle_break(s);
	s->away_before = s->away;
	s->away = 0;
}

static void
on_away(struct sim *s)
{
	struct due *d;

	if (s->away != 0)
		return;
	d = plan(s, draw_wait(&s->draw, MONO_S(40)), be_there);
	if (d == NULL)
		return;
	s->away = loop_mono(s->w.loop);
	s->counts.aways++;
	oracle_break(s);
	fake_store_away(s->w.store, draw_chance(&s->draw, 40));
}

static void
kill_again(struct sim *s, const struct due *d)
{
	story_trace("kill");
	oracle_kill(s);
	world_restart(&s->w);
	oracle_start(s);
	s->counts.kills++;
	(void)d;
}

void
happen_kill(void *ctx)
{
	kill_again(ctx, NULL);
}

/* Once, or soon again: while the first start still reads its state. */
static void
on_kill(struct sim *s)
{
	kill_again(s, NULL);
	if (draw_chance(&s->draw, 25))
		(void)plan(s, draw_wait(&s->draw, MONO_MS(400)), kill_again);
}

static void
reload(struct sim *s)
{
	world_reload(&s->w, true);
	s->reloaded = loop_mono(s->w.loop);
	s->counts.reloads++;
	oracle_break(s);
}

/* Its lists are read as they are now: one host less, or all of them again. */
static void
on_reload(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);

	if (s->w.next != NULL || s->away != 0 || now < s->began + MONO_S(5) ||
	    now < s->reloaded + MONO_S(5))
		return;
	scene_rewatch(s);
	reload(s);
}

/* ---- one after the other ---- */

enum need {
	NEED_NOTHING,
	NEED_FAULTS,
	NEED_LIES,
	NEED_KILLS,
	NEED_DATABASE,
	NEED_RELOADS
};

static const struct {
	void (*fn)(struct sim *s);
	uint32_t weight;
	enum need need;
} happenings[] = {
    {on_replace, 10, NEED_NOTHING},
    {on_add, 5, NEED_NOTHING},
    {on_remove, 5, NEED_NOTHING},
    {on_nodata, 5, NEED_NOTHING},
    {on_ttl, 3, NEED_NOTHING},
    {on_gone, 6, NEED_NOTHING},
    {on_alias, 4, NEED_NOTHING},
    {on_hijack, 10, NEED_NOTHING},
    {on_rotate, 1, NEED_NOTHING},
    {on_flush, 3, NEED_NOTHING},
    {on_dead, 3, NEED_FAULTS},
    {on_all_dead, 1, NEED_FAULTS},
    {on_loss, 3, NEED_FAULTS},
    {on_servfail, 4, NEED_FAULTS},
    {on_name_fails, 2, NEED_FAULTS},
    {on_slow, 2, NEED_FAULTS},
    {on_source_away, 3, NEED_FAULTS},
    {on_lie, 4, NEED_LIES},
    {on_forgery, 2, NEED_LIES},
    {on_poison, 3, NEED_LIES},
    {on_kill, 4, NEED_KILLS},
    {on_away, 3, NEED_DATABASE},
    {on_reload, 3, NEED_RELOADS},
};

enum { N_HAPPENINGS = sizeof(happenings) / sizeof(happenings[0]) };

static bool
is_possible(const struct sim *s, enum need need)
{
	const struct profile *p = &s->profile;

	switch (need) {
	case NEED_NOTHING:
		return true;
	case NEED_FAULTS:
		return p->faults;
	case NEED_LIES:
		return p->lies;
	case NEED_KILLS:
		return p->restarts;
	case NEED_DATABASE:
		return p->database;
	case NEED_RELOADS:
		return p->reloads;
	}
	return false;
}

static void
happen(struct sim *s)
{
	uint32_t sum = 0;
	uint32_t at;

	for (size_t i = 0; i < N_HAPPENINGS; i++)
		sum += happenings[i].weight;
	at = draw_below(&s->draw, sum);
	for (size_t i = 0; i < N_HAPPENINGS; i++) {
		if (at >= happenings[i].weight) {
			at -= happenings[i].weight;
			continue;
		}
		if (is_possible(s, happenings[i].need))
			happenings[i].fn(s);
		return;
	}
}

static mono_ns
sooner(mono_ns a, mono_ns b)
{
	return a < b ? a : b;
}

static void
run_to(struct sim *s, mono_ns at)
{
	if (at > world_now(&s->w))
		world_run_to(&s->w, at);
	if (s->w.fatal[0] != '\0')
		story_fail("the program gives up: %s", s->w.fatal);
}

void
happen_until(struct sim *s, mono_ns until)
{
	mono_ns next = world_now(&s->w) + draw_wait(&s->draw, s->profile.every);
	mono_ns look = world_now(&s->w) + MONO_S(LOOK_EVERY_S);

	while (world_now(&s->w) < until) {
		mono_ns at = sooner(sooner(next, look), until);
		size_t first = first_due(s);
		mono_ns of_zones = zones_next(s);

		if (of_zones <= at &&
		    (s->n_agenda == 0 || of_zones < s->agenda[first].at)) {
			run_to(s, of_zones);
			zones_happen(s);
			continue;
		}

		if (s->n_agenda > 0 && s->agenda[first].at <= at) {
			run_to(s, s->agenda[first].at);
			run_due(s, first);
			continue;
		}
		run_to(s, at);
		if (at == next) {
			happen(s);
			next = world_now(&s->w) +
			       draw_wait(&s->draw, s->profile.every);
		}
		if (at == look) {
			oracle_look(s);
			zones_look(s);
			look += MONO_S(LOOK_EVERY_S);
		}
	}
}

void
happen_no_more(struct sim *s)
{
	while (s->n_agenda > 0) {
		struct due *d = &s->agenda[0];

		d->n = d->fn == rotate ? 0 : d->n;
		run_due(s, 0);
	}
	for (size_t i = 0; i < s->n_servers; i++)
		server_be_honest(server_at(s, i));
	for (size_t i = 0; i < s->n_hosts; i++)
		s->hosts[i].away = false;
	zones_no_more(s);
}
