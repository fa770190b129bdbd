/* SPDX-License-Identifier: ISC */

/* Who serves what of the hosts' zone, and what of it is watched. */

#include "zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "judge/candidate.h"

#define APEX "example.org."

/* ---- what is drawn first ---- */

void
zones_profile(struct sim *s)
{
	static const uint32_t spans[][2] = {{60, 30}, {120, 60}, {600, 300}};
	struct zones *z = calloc(1, sizeof(*z));
	const uint32_t *span;

	CHECK(z != NULL);
	s->zones = z;
	z->draw.state = mix64(s->seed ^ 0x7a6f6e6573);
	z->on = draw_chance(&z->draw, 50);
	if (!z->on)
		return;
	z->n_ns = draw_from(&z->draw, 1, NS_OWN_MAX);
	z->with_parent = draw_chance(&z->draw, 60);
	z->moves = draw_chance(&z->draw, 40);
	z->lies = draw_chance(&z->draw, 40);
	span = spans[draw_below(&z->draw, 3)];
	z->refresh = span[0];
	z->retry = span[1];
	/* Some wrap while they are looked at (RFC 1982). */
	z->serial = draw_chance(&z->draw, 20)
	                ? UINT32_MAX - draw_below(&z->draw, 20)
	                : draw_from(&z->draw, 1, 100000);
	z->n_values = 40000;
	z->every = MONO_S(draw_from(&z->draw, 15, 150));
	z->list = calloc(ZQ_MAX, sizeof(*z->list));
	CHECK(z->list != NULL);
	s->counts.zones.worlds++;
}

/* ---- watches ---- */

void
zones_plan(struct sim *s, struct watch_plan *p)
{
	struct zones *z = s->zones;
	uint32_t at;

	if (!z->on)
		return;
	at = draw_below(&z->draw, 100);
	p->views = at < 35   ? VIEWS_BOTH
	           : at < 65 ? VIEWS_SOURCE
	                     : VIEWS_DEFAULT;
	if (p->views != VIEWS_DEFAULT)
		p->confirm = 0; /* as each view can */
	else if (draw_chance(&z->draw, 50))
		p->confirm = PROVED_SOURCE;
}

void
zones_print_plan(const struct watch_plan *p, struct buf *out)
{
	if (p->views != VIEWS_DEFAULT)
		buf_add_text(out, p->views == VIEWS_SOURCE
				      ? " views source"
				      : " views \"default source\"");
	if ((p->views != VIEWS_DEFAULT || p->confirm == PROVED_SOURCE) &&
	    strstr(p->tags, "hostile") != NULL)
		buf_add_text(out, " direct true");
}

static struct zq *
add(struct sim *s, const char *name, uint16_t type, const char *type_name)
{
	struct zones *z = s->zones;
	struct zq *q = &z->list[z->n++];
	const char *why;

	CHECK(z->n <= ZQ_MAX);
	*q = (struct zq){.type = type, .host = HOSTS_MAX, .in_view = true};
	CHECK(name_parse(name, &q->name, &why) == 0);
	snprintf(q->text, sizeof(q->text), "%s %s in source", name, type_name);
	return q;
}

/* Of what is no cut, the servers of the zone say who it is delegated to. */
static void
add_delegation(struct sim *s, const struct zq *of)
{
	struct zones *z = s->zones;
	struct zq *q;

	if (!z->with_parent)
		return;
	q = &z->list[z->n++];
	CHECK(z->n <= ZQ_MAX);
	*q = *of;
	q->parent_view = true;
	snprintf(q->text + strlen(q->text), 16, "/parent");
}

void
zones_add(struct sim *s, size_t host, const struct watch_plan *p)
{
	static const char *const names[HOST_TYPES] = {
	    "A", "AAAA", "MX", "TXT", "NS"};
	struct host *h = &s->hosts[host];

	if (!s->zones->on ||
	    (p->views == VIEWS_DEFAULT && p->confirm != PROVED_SOURCE))
		return;
	for (size_t i = 0; i < HOST_TYPES; i++) {
		struct zq *q;

		if ((p->mask & 1u << i) == 0)
			continue;
		q = add(s, h->text, h->sets[i].type, names[i]);
		q->host = host;
		q->place_type = i;
		q->in_view = p->views != VIEWS_DEFAULT;
		if (h->sets[i].type == TYPE_NS && q->in_view)
			add_delegation(s, q);
	}
}

void
zones_watch(struct sim *s, size_t host, const struct watch_plan *p)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];

		if (q->host != host || !q->in_view ||
		    (p->mask & 1u << q->place_type) == 0)
			continue;
		q->every_s = p->every_s;
		q->watched = true;
	}
}

void
zones_unwatch(struct sim *s, size_t host)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		if (s->zones->list[i].host == host)
			s->zones->list[i].watched = false;
	}
}

/* The zone's own NS and DS, at its servers and at the parent's. */
static void
watch_apex(struct sim *s)
{
	struct zones *z = s->zones;
	uint32_t every_s = draw_chance(&z->draw, 50) ? 20 : 60;
	char line[96];

	for (int i = 0; i < (z->with_parent ? 4 : 1); i++) {
		bool ds = i % 2 == 1;
		struct zq *q =
		    add(s, APEX, ds ? TYPE_DS : TYPE_NS, ds ? "DS" : "NS");

		q->parent_view = i >= 2;
		q->at_parent = q->parent_view || ds;
		q->every_s = every_s;
		q->watched = true;
		if (q->parent_view)
			snprintf(q->text + strlen(q->text), 16, "/parent");
	}
	snprintf(line, sizeof(line),
	    APEX " NS%s every %us tags owned views source",
	    z->with_parent ? ",DS" : "", every_s);
	world_add_watch(&s->w, line);
}

/* ---- the zone ---- */

static void
put(struct sim *s, struct zone *z, const struct name *name, uint16_t type,
    const char *text)
{
	zone_put(z, rrset_read(&s->w.net.truth, name, type, text, NS_TTL_S));
}

static void
put_ns(struct sim *s, struct zone *to, unsigned named)
{
	struct buf text = {0};

	for (size_t i = 0; i < NS_MAX; i++) {
		if ((named & 1u << i) != 0)
			buf_printf(&text, "%s%s", text.size > 0 ? ", " : "",
			    s->zones->ns[i].host);
	}
	put(s, to, &s->zones->apex, TYPE_NS, buf_text(&text));
	buf_fini(&text);
}

static struct rrset *
soa_of(struct sim *s, uint32_t serial)
{
	struct zones *z = s->zones;
	char text[96];

	snprintf(text, sizeof(text), "n. h. %u %u %u 86400 60", serial,
	    z->refresh, z->retry);
	return rrset_read(&s->w.net.truth, &z->apex, TYPE_SOA, text, NS_TTL_S);
}

void
zones_put_apex(struct sim *s)
{
	struct zones *z = s->zones;

	put_ns(s, &s->w.net.truth, z->named);
	zone_put(&s->w.net.truth, soa_of(s, z->serial));
}

static void
number(struct sim *s, struct snapshot *snap)
{
	static struct fetched f;
	struct zone zone = {.first = snap->first};

	for (size_t i = 0; i < s->zones->n; i++) {
		const struct zq *q = &s->zones->list[i];

		zone_answer(&zone, NULL,
		    &(struct zone_question){q->name.wire, q->type, true},
		    s->w.net.negative_ttl, &f);
		snap->ids[i] = id_of_reply(&f, q->name.wire, q->type);
	}
}

static void
copy_set(struct sim *s, struct snapshot *snap, const struct rrset *set)
{
	struct rrset *own =
	    arena_copy(&s->w.net.truth.arena, set, sizeof(*set));
	struct zone zone = {.first = snap->first};

	CHECK(own != NULL);
	zone_put(&zone, own);
	snap->first = zone.first;
}

/* Nothing of the world shows through: what is not there is denied. */
static void
copy_hosts(struct sim *s, struct snapshot *snap)
{
	for (size_t i = 0; i < s->n_hosts; i++) {
		const struct host *h = &s->hosts[i];
		struct rrset none = {.name = h->name,
		    .type = ZONE_ANY_TYPE,
		    .rtype = ZONE_ANY_TYPE,
		    .outcome = h->gone ? OUTCOME_NXDOMAIN : OUTCOME_NODATA};

		copy_set(s, snap, &none);
	}
}

static bool
is_ours(const struct sim *s, const struct rrset *set)
{
	return name_is_within(set->name.wire, s->zones->apex.wire) &&
	       set->type != TYPE_DS;
}

struct snapshot *
zones_take(struct sim *s)
{
	struct snapshot *snap =
	    arena_zero(&s->w.net.truth.arena, sizeof(*snap));

	CHECK(snap != NULL);
	snap->serial = s->zones->serial;
	snap->named = s->zones->named;
	for (const struct rrset *r = s->w.net.truth.first; r != NULL;
	     r = r->next) {
		if (is_ours(s, r))
			copy_set(s, snap, r);
	}
	copy_hosts(s, snap);
	number(s, snap);
	return snap;
}

struct snapshot *
zones_forge(struct sim *s, const struct snapshot *of, const struct rrset *sets,
    size_t n, uint32_t serial, unsigned named)
{
	struct snapshot *snap =
	    arena_zero(&s->w.net.truth.arena, sizeof(*snap));
	struct zone zone;

	CHECK(snap != NULL);
	snap->serial = serial;
	snap->named = named;
	for (const struct rrset *r = of->first; r != NULL; r = r->next)
		copy_set(s, snap, r);
	for (size_t i = 0; i < n; i++)
		copy_set(s, snap, &sets[i]);
	zone = (struct zone){.first = snap->first};
	put_ns(s, &zone, named);
	zone_put(&zone, soa_of(s, serial));
	snap->first = zone.first;
	number(s, snap);
	return snap;
}

/* ---- who serves it ---- */

static struct server *
server_of(struct sim *s, size_t ns)
{
	return &s->w.net.servers[s->zones->ns[ns].server];
}

void
zones_serve(struct sim *s, size_t ns, const struct snapshot *snap)
{
	struct ns *n = &s->zones->ns[ns];

	if (n->says != NULL && serial_is_newer(n->says->serial, snap->serial))
		n->n_back++;
	n->says = snap;
	server_of(s, ns)->own.first = snap->first;
	story_trace("%s serves %u", n->name, snap->serial);
}

void
zones_publish(struct sim *s)
{
	struct zones *z = s->zones;

	if (!z->built)
		return;
	zones_before(s);
	z->serial += draw_from(&z->draw, 1, 3);
	zones_put_apex(s);
	z->newest = zones_take(s);
	if (!z->ns[0].lying)
		zones_serve(s, 0, z->newest);
	zones_after(s);
	zones_transfers(s);
}

static content_id
parent_id(struct sim *s, uint16_t type)
{
	static struct fetched f;
	const struct zone *own = &s->w.net.servers[s->zones->root].own;

	zone_answer(own, NULL,
	    &(struct zone_question){s->zones->apex.wire, type, true}, 60, &f);
	f.rcode = 0; /* the name is there: it is delegated */
	return id_of_reply(&f, s->zones->apex.wire, type);
}

void
zones_delegate(struct sim *s, unsigned named)
{
	struct zones *z = s->zones;

	z->at_parent = named;
	put_ns(s, &s->w.net.servers[z->root].own, named);
	z->parent_ns = parent_id(s, TYPE_NS);
	story_trace("the parent names %x", named);
}

void
zones_set_ds(struct sim *s, uint32_t ds)
{
	struct zones *z = s->zones;
	char text[96];

	z->ds = ds;
	snprintf(text, sizeof(text), "%u 13 2 %064x", ds & 0xffff, ds);
	put(s, &s->w.net.servers[z->root].own, &z->apex, TYPE_DS,
	    ds == 0 ? "NODATA" : text);
	z->parent_ds = parent_id(s, TYPE_DS);
	story_trace("the parent's DS is %u", ds);
}

static void
add_server(struct sim *s, size_t i)
{
	struct zones *z = s->zones;
	struct ns *n = &z->ns[i];
	bool ours = i < z->n_ns;
	char line[96];

	snprintf(n->name, sizeof(n->name), "%s%zu", ours ? "ns" : "x", i);
	snprintf(n->host, sizeof(n->host), "%s%zu.p%u.test.", ours ? "ns" : "x",
	    i, ours ? (unsigned)i % 2 : 9);
	snprintf(n->text, sizeof(n->text), "198.51.100.%zu", i + 1);
	n->server = s->w.net.n_servers;
	snprintf(line, sizeof(line), "%s %s of p%u.test", n->name, n->text,
	    ours ? (unsigned)i % 2 : 9);
	world_add_nameserver(&s->w, line);
	server_of(s, i)->shuffles = draw_chance(&z->draw, 50);
	server_of(s, i)->latency = MONO_MS(draw_from(&z->draw, 1, 60));
	server_of(s, i)->spread = MONO_MS(draw_from(&z->draw, 0, 40));
}

void
zones_build(struct sim *s)
{
	struct zones *z = s->zones;
	struct habit delegates = {.conduct = CONDUCT_DELEGATE,
	    .has_name = true,
	    .type = ZONE_ANY_TYPE,
	    .share = 1,
	    .left = -1};
	const char *why;

	if (!z->on)
		return;
	CHECK(name_parse(APEX, &z->apex, &why) == 0);
	watch_apex(s);
	z->root = s->w.net.n_servers;
	world_add_nameserver(&s->w, "root 198.51.100.9 hint");
	if (z->with_parent)
		world_set_source(&s->w, "parent");
	for (size_t i = 0; i < NS_MAX; i++) {
		if (i < z->n_ns || i >= NS_OWN_MAX)
			add_server(s, i);
	}
	z->named = (1u << z->n_ns) - 1;
	delegates.name = z->apex;
	server_add_habit(&s->w.net.servers[z->root], &delegates);
	zones_delegate(s, z->named);
	zones_set_ds(s, draw_chance(&z->draw, 50) ? ++z->n_values : 0);
	zones_put_apex(s);
	z->newest = zones_take(s);
	for (size_t i = 0; i < NS_MAX; i++) {
		if (z->ns[i].name[0] != '\0')
			zones_serve(s, i, z->newest);
	}
	z->killer = loop_timer_new(s->w.loop, happen_kill, s);
	z->built = true;
	z->next = draw_wait(&z->draw, z->every);
	zones_after(s);
}

void
zones_end_kills(struct sim *s)
{
	loop_timer_free(s->zones->killer);
	s->zones->killer = NULL;
}

void
zones_free(struct sim *s)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		free(s->zones->list[i].past);
		free(s->zones->list[i].heard);
		free(s->zones->list[i].episodes);
	}
	free(s->zones->list);
	free(s->zones);
}
