/* SPDX-License-Identifier: ISC */

/* Who is there: resolvers, names with their records, watches. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "judge/candidate.h"
#include "zones.h"

static const uint16_t types[HOST_TYPES] = {
    TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_TXT, TYPE_NS};
static const char *const type_names[HOST_TYPES] = {
    "A", "AAAA", "MX", "TXT", "NS"};

/* ---- records ---- */

uint32_t
host_value(struct sim *s)
{
	return ++s->n_values;
}

static void
print_value(uint16_t type, uint32_t v, struct buf *out)
{
	switch (type) {
	case TYPE_A:
		buf_printf(out, "198.%u.%u.%u", 18 + (v >> 16 & 1),
		    v >> 8 & 255, v & 255);
		break;
	case TYPE_AAAA:
		buf_printf(out, "2001:db8::%x", v & 0xffff);
		break;
	case TYPE_MX:
		buf_printf(out, "10 m%u.example.net.", v);
		break;
	case TYPE_NS:
		buf_printf(out, "n%u.example.net.", v);
		break;
	default:
		buf_printf(out, "\"v=%u\"", v);
		break;
	}
}

void
values_print(uint16_t type, const struct records *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		buf_add_text(out, i == 0 ? "" : ", ");
		print_value(type, r->values[i], out);
	}
}

static void
put_set(struct sim *s, const struct host *h, const struct records *r)
{
	struct zone *z = &s->w.net.truth;
	struct buf text = {0};

	if (r->n == 0)
		return;
	values_print(r->type, r, &text);
	zone_put(z, rrset_read(z, &h->name, r->type, buf_text(&text), r->ttl));
	buf_fini(&text);
}

void
host_publish(struct sim *s, struct host *h)
{
	struct zone *z = &s->w.net.truth;

	zone_drop(z, &h->name);
	if (!h->gone && h->alias >= 0) {
		zone_put(z, rrset_read(z, &h->name, TYPE_CNAME,
				s->hosts[h->alias].text, h->sets[0].ttl));
	} else if (!h->gone) {
		for (size_t i = 0; i < HOST_TYPES; i++)
			put_set(s, h, &h->sets[i]);
		/* Nobody asks for it: the name is there without the others. */
		zone_put(z, rrset_read(z, &h->name, TYPE_HINFO, "a b", 60));
	}
	truth_note(s);
	zones_publish(s);
}

static void
make_host(struct sim *s, size_t i, bool watched)
{
	struct host *h = &s->hosts[i];
	const char *why;

	*h = (struct host){.alias = -1, .watched = watched};
	/* Aliases stay in the zone: an authoritative view knows no other. */
	snprintf(h->text, sizeof(h->text), "%c%zu.example.org.",
	    watched ? 'w' : 't', i);
	CHECK(name_parse(h->text, &h->name, &why) == 0);
	h->liar = (uint8_t)draw_below(&s->draw, (uint32_t)s->n_groups);
	for (size_t k = 0; k < HOST_TYPES; k++) {
		struct records *r = &h->sets[k];

		r->type = types[k];
		r->ttl = s->profile.ttls[draw_below(&s->draw, 4)];
		r->n =
		    draw_chance(&s->draw, 70) ? draw_from(&s->draw, 1, 3) : 0;
		for (size_t v = 0; v < r->n; v++)
			r->values[v] = host_value(s);
	}
	if (watched && draw_chance(&s->draw, 15))
		h->alias = (int)(s->n_watched +
				 draw_below(&s->draw,
				     (uint32_t)(s->n_hosts - s->n_watched)));
	h->gone = draw_chance(&s->draw, 8);
}

/* ---- resolvers ---- */

const char *
server_name(size_t i)
{
	static const char *const names[SERVERS_MAX] = {
	    "s0", "s1", "s2", "s3", "s4"};

	return names[i];
}

static void
make_servers(struct sim *s)
{
	struct draw *d = &s->draw;
	char line[128];

	s->n_servers = draw_chance(d, 15) ? 1 : draw_from(d, 2, SERVERS_MAX);
	s->n_groups =
	    draw_from(d, s->n_servers > 1 && draw_chance(d, 90) ? 2 : 1,
		(uint32_t)(s->n_servers > 3 ? 3 : s->n_servers));
	for (size_t i = 0; i < s->n_servers; i++) {
		struct server *one;

		s->groups[i] = (uint8_t)(i % s->n_groups);
		if (draw_chance(d, 10))
			s->rates[i] = draw_from(d, 20, 60);
		snprintf(line, sizeof(line), "%s 192.0.2.%zu group g%u%s",
		    server_name(i), 10 + i, s->groups[i],
		    s->profile.authoritative ? " authoritative" : "");
		if (s->rates[i] > 0)
			snprintf(line + strlen(line),
			    sizeof(line) - strlen(line), " rate %u",
			    s->rates[i]);
		world_add_resolver(&s->w, line);
		one = net_find(&s->w.net, server_name(i));
		one->shuffles = draw_chance(d, 50);
		one->serves_stale = draw_chance(d, 40);
		one->latency = MONO_MS(draw_from(d, 1, 80));
		one->spread = MONO_MS(draw_from(d, 0, 60));
	}
}

/* ---- watches ---- */

static uint32_t
some_interval(struct sim *s)
{
	static const uint32_t spans[] = {5, 10, 20, 30, 60, 60, 60, 120};

	return spans[draw_below(&s->draw, 8)];
}

/* The line of a list, and its subjects as they are asked from now on. */
static void
put_watch(struct sim *s, size_t host, const struct watch_plan *p)
{
	struct buf line = {0};
	const char *comma = "";

	buf_printf(&line, "%s ", s->hosts[host].text);
	for (size_t i = 0; i < HOST_TYPES; i++) {
		if ((p->mask & 1u << i) == 0)
			continue;
		buf_printf(&line, "%s%s", comma, type_names[i]);
		comma = ",";
	}
	buf_printf(&line, " every %us%s%s", p->every_s, p->tags,
	    p->chase ? " chase true" : "");
	zones_print_plan(p, &line);
	if (p->confirm != PROVED_NOTHING)
		buf_printf(
		    &line, " confirm %s", proved_text((enum proved)p->confirm));
	world_add_watch(&s->w, buf_text(&line));
	buf_fini(&line);
	zones_watch(s, host, p);
	for (size_t i = 0; i < s->n_subjects; i++) {
		struct subject *q = &s->subjects[i];

		if (q->host != host || (p->mask & 1u << q->place_type) == 0)
			continue;
		q->every_s = p->every_s;
		q->chase = p->chase;
		if (q->every_s > q->every_most)
			q->every_most = q->every_s;
		q->watched = true;
	}
}

static void
add_subjects(struct sim *s, size_t host, const struct watch_plan *p)
{
	uint8_t best = s->n_groups > 1 ? PROVED_CACHE : PROVED_PATH;

	for (size_t i = 0; i < HOST_TYPES; i++) {
		struct subject *q;

		if ((p->mask & 1u << i) == 0)
			continue;
		q = list_add(&s->subjects, &s->n_subjects, &s->subjects_room,
		    sizeof(*q));
		q->name = s->hosts[host].name;
		q->type = types[i];
		q->place_type = i;
		q->host = host;
		q->required = p->confirm != 0 ? p->confirm : best;
		snprintf(q->text, sizeof(q->text), "%s %s", s->hosts[host].text,
		    type_names[i]);
	}
}

/* Some types of a name that are asked alike. */
static void
watch_some(struct sim *s, size_t host, unsigned mask)
{
	static const char *const tags[] = {
	    "", " tags owned", " tags owned,mail", " tags hostile"};
	static const uint8_t confirms[10] = {PROVED_PATH, PROVED_CACHE};
	struct host *h = &s->hosts[host];
	struct watch_plan *p = &h->plans[h->n_plans++];

	p->mask = mask;
	p->every_s = some_interval(s);
	p->tags = tags[draw_below(&s->draw, 4)];
	p->confirm = confirms[draw_below(&s->draw, 10)];
	/* Not drawn: seeds stay the worlds that they were. */
	p->chase = mix64(s->draw.state) % 4 == 0;
	h->listed = true;
	zones_plan(s, p);
	/* A name is hostile as a whole, where its servers are asked (T16). */
	if (s->zones != NULL)
		p->tags = h->plans[0].tags;
	if (p->views != VIEWS_SOURCE)
		add_subjects(s, host, p);
	zones_add(s, host, p);
	put_watch(s, host, p);
}

static void
make_watches(struct sim *s)
{
	struct draw *d = &s->draw;

	for (size_t i = 0; i < s->n_watched; i++) {
		unsigned all = draw_from(d, 1, (1u << HOST_TYPES) - 1);
		unsigned some = draw_from(d, 0, (1u << HOST_TYPES) - 1) & all;

		if (draw_chance(d, 50))
			some = all;
		if (some != 0)
			watch_some(s, i, some);
		if ((all & ~some) != 0)
			watch_some(s, i, all & ~some);
	}
}

static void
put_watches(struct sim *s, size_t host)
{
	struct host *h = &s->hosts[host];

	for (size_t i = 0; i < h->n_plans; i++)
		put_watch(s, host, &h->plans[i]);
	h->listed = true;
}

static void
drop_watches(struct sim *s, size_t host)
{
	world_remove_watch(&s->w, s->hosts[host].text);
	s->hosts[host].listed = false;
	zones_unwatch(s, host);
	for (size_t i = 0; i < s->n_subjects; i++) {
		if (s->subjects[i].host == host)
			s->subjects[i].watched = false;
	}
}

void
scene_rewatch(struct sim *s)
{
	size_t host = draw_below(&s->draw, (uint32_t)s->n_watched);
	struct host *h = &s->hosts[host];
	size_t n_listed = 0;

	for (size_t i = 0; i < s->n_watched; i++)
		n_listed += s->hosts[i].listed;
	if (!h->listed) {
		put_watches(s, host);
	} else if (n_listed > 1 && draw_chance(&s->draw, 60)) {
		drop_watches(s, host);
	} else if (draw_chance(&s->draw, 50)) {
		drop_watches(s, host);
		for (size_t i = 0; i < h->n_plans; i++)
			h->plans[i].every_s = some_interval(s);
		put_watches(s, host);
	}
}

void
scene_watch_all(struct sim *s)
{
	for (size_t i = 0; i < s->n_watched; i++) {
		if (!s->hosts[i].listed)
			put_watches(s, i);
	}
}

/* ---- all of it ---- */

static void
make_profile(struct sim *s)
{
	static const uint32_t short_ttls[] = {0, 1, 2, 5, 10, 20, 30, 60};
	static const uint32_t long_ttls[] = {5, 20, 30, 60, 120, 300, 300, 600};
	struct draw *d = &s->draw;
	struct profile *p = &s->profile;
	const uint32_t *ttls = draw_chance(d, 60) ? short_ttls : long_ttls;
	bool calm = draw_chance(d, 15);

	p->authoritative = draw_chance(d, 12);
	p->faults = !calm && draw_chance(d, 85);
	p->lies = !calm && draw_chance(d, 50);
	p->restarts = draw_chance(d, 60);
	p->database = !calm && draw_chance(d, 50);
	p->reloads = draw_chance(d, 40);
	p->every = MONO_S(draw_from(d, 2, 40));
	p->length = MONO_S(60 * (mono_ns)draw_from(d, 8, 30));
	/* Its servers are asked several times as much. */
	if (s->zones->on)
		p->length = p->length / 3 * 2;
	for (int i = 0; i < 4; i++) {
		p->ttls[i] = ttls[draw_below(d, 8)];
		if (p->ttls[i] > s->ttl_max)
			s->ttl_max = p->ttls[i];
	}
	s->w.net.negative_ttl = p->ttls[0];
}

void
scene_build(struct sim *s)
{
	zones_profile(s);
	make_profile(s);
	make_servers(s);
	s->n_watched = draw_from(&s->draw, 1, 6);
	s->n_hosts = s->n_watched + draw_from(&s->draw, 1, 3);
	for (size_t i = 0; i < s->n_hosts; i++)
		make_host(s, i, i < s->n_watched);
	make_watches(s);
	for (size_t i = 0; i < s->n_hosts; i++)
		host_publish(s, &s->hosts[i]);
	/* What was true while the zones were filled was true for nobody. */
	for (size_t i = 0; i < s->n_subjects; i++) {
		struct subject *q = &s->subjects[i];

		q->truth[0] = q->truth[q->n_truth - 1];
		q->n_truth = 1;
	}
	zones_build(s);
}

void
scene_free(struct sim *s)
{
	oracle_free(s);
	zones_free(s);
	free(s->subjects);
}
