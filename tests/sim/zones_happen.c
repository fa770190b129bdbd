/* SPDX-License-Identifier: ISC */

/* What happens to the servers of the zone and to its delegation. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "zones.h"

static struct zdue *
plan(struct sim *s, mono_ns in, void (*fn)(struct sim *, const struct zdue *),
    size_t ns)
{
	struct zones *z = s->zones;
	struct zdue *d;

	if (z->n_agenda == AGENDA_MAX)
		return NULL;
	d = &z->agenda[z->n_agenda++];
	*d = (struct zdue){.at = world_now(&s->w) + in, .fn = fn, .ns = ns};
	return d;
}

static mono_ns
wait(struct sim *s, uint32_t mean_s)
{
	return draw_wait(&s->zones->draw, MONO_S(mean_s));
}

static size_t
some_ns(struct sim *s)
{
	return draw_below(&s->zones->draw, (uint32_t)s->zones->n_ns);
}

static struct server *
server_of(struct sim *s, size_t ns)
{
	return &s->w.net.servers[s->zones->ns[ns].server];
}

/* ---- transfers ---- */

static void
transfer(struct sim *s, const struct zdue *d)
{
	struct zones *z = s->zones;
	struct ns *n = &z->ns[d->ns];

	if (n->lying || n->unheld > world_now(&s->w) || n->says == z->newest ||
	    !serial_is_newer(z->newest->serial, n->says->serial))
		return;
	zones_before(s);
	zones_serve(s, d->ns, z->newest);
	zones_after(s);
}

/* By NOTIFY, or some time later. */
void
zones_transfers(struct sim *s)
{
	struct draw *d = &s->zones->draw;

	for (size_t i = 1; i < s->zones->n_ns; i++)
		(void)plan(s,
		    draw_chance(d, 60) ? MONO_MS(draw_from(d, 50, 4000))
				       : wait(s, s->zones->refresh),
		    transfer, i);
}

/* No transfer for a while: it stays behind. */
static void
on_hold(struct sim *s)
{
	size_t i = some_ns(s);
	mono_ns by = wait(s, 240);

	if (i == 0)
		return;
	s->zones->ns[i].unheld = world_now(&s->w) + by;
	(void)plan(s, by + MONO_MS(1), transfer, i);
}

/* Somebody loads it by hand, whatever its serial is. */
static void
force(struct sim *s, const struct zdue *d)
{
	struct ns *n = &s->zones->ns[d->ns];

	if (n->lying || n->says == s->zones->newest)
		return;
	zones_before(s);
	zones_serve(s, d->ns, s->zones->newest);
	zones_after(s);
}

static void
on_backwards(struct sim *s)
{
	struct zones *z = s->zones;

	z->serial -= draw_from(&z->draw, 10, 60);
	zones_publish(s);
	for (size_t i = 1; i < z->n_ns; i++)
		(void)plan(s, wait(s, 90), force, i);
}

/* ---- servers that fail ---- */

static void
be_well(struct sim *s, const struct zdue *d)
{
	struct ns *n = &s->zones->ns[d->ns];

	server_forget(server_of(s, d->ns), d->id);
	if (--n->n_habits > 0)
		return;
	zones_before(s);
	n->health = NS_UP;
	n->since = loop_mono(s->w.loop);
	zones_after(s);
}

static void
fall_ill(struct sim *s, size_t i, enum health health, uint32_t mean_s)
{
	static const enum conduct conducts[] = {[NS_SILENT] = CONDUCT_DROP,
	    [NS_LAME] = CONDUCT_REFUSE,
	    [NS_SHAKY] = CONDUCT_DROP};
	struct ns *n = &s->zones->ns[i];
	struct habit h = {.conduct = conducts[health],
	    .type = ZONE_ANY_TYPE,
	    .share = health == NS_SHAKY ? 0.3 : 1,
	    .left = -1};
	struct zdue *d;

	if (n->health != NS_UP ||
	    (d = plan(s, wait(s, mean_s), be_well, i)) == NULL)
		return;
	if (health == NS_LAME && draw_chance(&s->zones->draw, 40))
		h.conduct = draw_chance(&s->zones->draw, 50) ? CONDUCT_LAME
		                                             : CONDUCT_SERVFAIL;
	d->id = h.id = ++s->n_ids + 1000000;
	n->n_habits++;
	zones_before(s);
	server_add_habit(server_of(s, i), &h);
	n->health = health;
	n->since = loop_mono(s->w.loop);
	zones_after(s);
}

static void
on_silent(struct sim *s)
{
	fall_ill(s, some_ns(s), NS_SILENT, 150);
}

static void
on_lame(struct sim *s)
{
	fall_ill(s, some_ns(s), NS_LAME, 150);
}

static void
on_shaky(struct sim *s)
{
	fall_ill(s, some_ns(s), NS_SHAKY, 60);
}

static void
on_all_silent(struct sim *s)
{
	for (size_t i = 0; i < s->zones->n_ns; i++)
		fall_ill(s, i, NS_SILENT, 60);
}

/* ---- lies ---- */

static struct rrset
other_set(struct sim *s, const struct zq *q)
{
	struct zones *z = s->zones;
	struct records r = {.type = q->type, .n = 1};
	struct buf text = {0};
	struct rrset set;

	r.values[0] = ++z->n_values;
	if (draw_chance(&z->draw, 20))
		buf_add_text(&text, "NODATA");
	else
		values_print(q->type, &r, &text);
	set = *rrset_read(
	    &s->w.net.truth, &q->name, q->type, buf_text(&text), NS_TTL_S);
	buf_fini(&text);
	return set;
}

static void
end_lie(struct sim *s, const struct zdue *d)
{
	s->zones->ns[d->ns].lying = false;
	force(s, d);
}

/* One server says something else under its serial, or under a newer one. */
static void
on_lie(struct sim *s)
{
	struct zones *z = s->zones;
	size_t i = some_ns(s);
	struct ns *n = &z->ns[i];
	const struct zq *q = &z->list[draw_below(&z->draw, (uint32_t)z->n)];
	uint32_t serial = n->says->serial;
	struct rrset set;

	if (n->lying || q->host == HOSTS_MAX ||
	    plan(s, wait(s, draw_chance(&z->draw, 30) ? 5 : 200), end_lie, i) ==
		NULL)
		return;
	if (draw_chance(&z->draw, 30))
		serial += draw_from(&z->draw, 1, 9);
	n->lying = true;
	set = other_set(s, q);
	s->hosts[q->host].lied = true;
	s->counts.lies++;
	zones_before(s);
	zones_serve(
	    s, i, zones_forge(s, n->says, &set, 1, serial, n->says->named));
	zones_after(s);
}

/* ---- the delegation ---- */

static void
give_back(struct sim *s, const struct zdue *d)
{
	(void)d;
	zones_before(s);
	s->zones->hijacked = false;
	zones_delegate(s, s->zones->named);
	zones_after(s);
}

/* The registrar's account: other servers, with another content. */
static void
on_hijack(struct sim *s)
{
	struct zones *z = s->zones;
	const unsigned theirs = 3u << NS_OWN_MAX;
	struct rrset sets[ZQ_MAX];
	struct snapshot *snap;
	size_t n = 0;

	if (z->hijacked || plan(s, wait(s, 300), give_back, 0) == NULL)
		return;
	for (size_t i = 0; i < z->n; i++) {
		if (z->list[i].host != HOSTS_MAX && draw_chance(&z->draw, 70))
			sets[n++] = other_set(s, &z->list[i]);
	}
	for (size_t i = 0; i < s->n_hosts; i++)
		s->hosts[i].lied = true;
	s->counts.lies++;
	snap = zones_forge(s, z->newest, sets, n,
	    z->serial + draw_below(&z->draw, 2000) - 1000, theirs);
	zones_before(s);
	for (size_t i = NS_OWN_MAX; i < NS_MAX; i++)
		zones_serve(s, i, snap);
	z->hijacked = true;
	zones_delegate(s, theirs);
	zones_after(s);
}

/* One server less at the parent, or as many as the zone names. */
static void
on_parent(struct sim *s)
{
	struct zones *z = s->zones;
	unsigned named = z->named;

	if (z->hijacked || z->n_ns < 2)
		return;
	if (z->at_parent == named)
		named &= ~(1u << some_ns(s));
	if (named == 0)
		return;
	zones_before(s);
	zones_delegate(s, named);
	zones_after(s);
}

static void
follow(struct sim *s, const struct zdue *d)
{
	(void)d;
	if (s->zones->hijacked)
		return;
	zones_before(s);
	zones_delegate(s, s->zones->named);
	zones_after(s);
}

/* A server leaves the zone, or all serve it again; the parent follows. */
static void
on_child(struct sim *s)
{
	struct zones *z = s->zones;
	unsigned all = (1u << z->n_ns) - 1;

	if (z->n_ns < 2)
		return;
	z->named = z->named == all ? all & ~(1u << (z->n_ns - 1)) : all;
	zones_publish(s);
	(void)plan(s, wait(s, 120), follow, 0);
}

static void
on_ds(struct sim *s)
{
	struct zones *z = s->zones;

	zones_before(s);
	zones_set_ds(
	    s, z->ds != 0 && draw_chance(&z->draw, 30) ? 0 : ++z->n_values);
	zones_after(s);
}

/* ---- one after the other ---- */

enum zneed { ALWAYS, SERVERS, MOVES, LIES, PARENT };

static const struct {
	void (*fn)(struct sim *s);
	uint32_t weight;
	enum zneed need;
} happenings[] = {
    {on_hold, 6, SERVERS},
    {on_backwards, 1, ALWAYS},
    {on_silent, 3, ALWAYS},
    {on_lame, 3, ALWAYS},
    {on_shaky, 1, ALWAYS},
    {on_all_silent, 1, ALWAYS},
    {on_lie, 6, LIES},
    {on_hijack, 3, MOVES},
    {on_parent, 3, MOVES},
    {on_child, 2, MOVES},
    {on_ds, 3, PARENT},
};

enum { N_HAPPENINGS = sizeof(happenings) / sizeof(happenings[0]) };

static bool
is_possible(const struct zones *z, enum zneed need)
{
	switch (need) {
	case ALWAYS:
		return true;
	case SERVERS:
		return z->n_ns > 1;
	case MOVES:
		return z->moves;
	case LIES:
		return z->lies;
	case PARENT:
		return z->with_parent;
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
	at = draw_below(&s->zones->draw, sum);
	for (size_t i = 0; i < N_HAPPENINGS; i++) {
		if (at >= happenings[i].weight) {
			at -= happenings[i].weight;
			continue;
		}
		if (is_possible(s->zones, happenings[i].need))
			happenings[i].fn(s);
		return;
	}
}

static size_t
first_due(const struct zones *z)
{
	size_t first = 0;

	for (size_t i = 1; i < z->n_agenda; i++) {
		if (z->agenda[i].at < z->agenda[first].at)
			first = i;
	}
	return first;
}

mono_ns
zones_next(const struct sim *s)
{
	const struct zones *z = s->zones;
	mono_ns at = z->next;

	if (!z->built)
		return INT64_MAX;
	if (z->n_agenda > 0 && z->agenda[first_due(z)].at < at)
		at = z->agenda[first_due(z)].at;
	return at;
}

static void
run_due(struct sim *s, size_t i)
{
	struct zones *z = s->zones;
	struct zdue d = z->agenda[i];

	memmove(
	    &z->agenda[i], &z->agenda[i + 1], (--z->n_agenda - i) * sizeof(d));
	d.fn(s, &d);
}

void
zones_happen(struct sim *s)
{
	struct zones *z = s->zones;

	if (z->n_agenda > 0 && z->agenda[first_due(z)].at < z->next) {
		run_due(s, first_due(z));
		return;
	}
	happen(s);
	z->next = world_now(&s->w) + draw_wait(&z->draw, z->every);
}

void
zones_no_more(struct sim *s)
{
	struct zones *z = s->zones;

	if (!z->built)
		return;
	while (z->n_agenda > 0)
		run_due(s, 0);
	zones_before(s);
	z->named = (1u << z->n_ns) - 1;
	zones_publish(s);
	zones_before(s);
	z->n_agenda = 0;
	z->next = INT64_MAX;
	for (size_t i = 0; i < z->n_ns; i++) {
		z->ns[i].lying = false;
		zones_serve(s, i, z->newest);
	}
	zones_delegate(s, z->named);
	zones_after(s);
}
