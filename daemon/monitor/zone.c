/* SPDX-License-Identifier: ISC */

/*
 * What is known of the servers of a zone (R18).
 *
 *   NOT --a server says something older--> SPREADING --too long--> SPLIT
 *    ^  --another content, same serial-----------------------------> |
 *    +-- all say the same again: `converged` --- SPREADING, SPLIT ---+
 *
 * It is told once for a zone: a hundred names that spread are one event.  What
 * each server says instead of what its zone says is a deviation; as long as it
 * goes on saying that, it is no news.  Nothing is left of a server that leaves
 * the zone.
 *
 * Who does not answer for the zone is told after as many rounds as a question
 * that fails, and again when it does.
 */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "source_priv.h"

enum {
	ROUND_S = 60,            /* a round counts at most once in so long */
	FLAP_FREE = 3,           /* times that it ends at once ... */
	FLAP_WITHIN_S = 3600,    /* ... within so long; after that ... */
	FLAP_CALM_S = 900,       /* ... only when it was so for so long */
	BACKWARDS_EVERY_S = 3600 /* of one server */
};

/* ---- what comes and goes ---- */

/*
 * T18: who makes it come and go with each poll would make an event of each.
 * It goes on instead until it has been over for a while.
 */
static bool
flap_may_end(struct flap *f, wall_us now)
{
	if (now - f->ended > WALL_S(FLAP_WITHIN_S))
		f->n = 0;
	if (f->calm == 0 || f->calm > now)
		f->calm = now;
	if (f->n >= FLAP_FREE && now - f->calm < WALL_S(FLAP_CALM_S))
		return false;
	if (f->n < UINT8_MAX)
		f->n++;
	f->ended = now;
	f->calm = 0;
	return true;
}

/* After a start it is known by its digest only: whatever comes is looked at. */
#define EXPECTED_UNREAD UINT64_MAX

/* ---- members ---- */

struct zone_member *
zone_member(struct zone_state *z, uint16_t server)
{
	for (uint8_t i = 0; i < z->n_members; i++) {
		if (z->members[i].server == server)
			return &z->members[i];
	}
	return NULL;
}

/* The parent names other servers than the zone itself does. */
static bool
is_split_delegation(const struct zone *zone)
{
	bool child = false;
	bool apart = false;

	for (size_t i = 0; i < zone->n_names; i++) {
		child = child || zone->name_at_child[i];
		apart =
		    apart || zone->name_at_child[i] != zone->name_at_parent[i];
	}
	return child && apart;
}

static void
look_at_delegation(struct sources *s, struct zone_state *z)
{
	bool split = is_split_delegation(z->zone);
	struct zone_news news = {
	    .kind = split ? "split-delegation" : "delegation-agrees",
	    .question = z->question,
	    .delegation = true,
	};

	if (split)
		z->delegation_flap.calm = 0;
	if (split == z->split_delegation || z->question == QUESTION_NONE)
		return;
	if (!split &&
	    !flap_may_end(&z->delegation_flap, loop_wall(s->monitor->loop)))
		return;
	z->split_delegation = split;
	zone_tell(s, z, &news);
}

bool
zone_reserve(struct zone_state *z, uint8_t n)
{
	struct zone_member *list;

	if (n <= z->room_members)
		return true;
	list = realloc(z->members, n * sizeof(*list));
	if (list == NULL)
		return false;
	z->members = list;
	z->room_members = n;
	return true;
}

/* Its servers as they were found now; what is known of each stays. */
static void
take_members(struct sources *s, const struct source *of, struct zone_state *z)
{
	struct zone_member now[ZONE_SERVERS_MAX];
	const struct zone *zone = z->zone;
	uint8_t n = 0;

	for (size_t i = 0; i < zone->n_servers && n < ZONE_SERVERS_MAX; i++) {
		const struct zone_server *r = &zone->servers[i];
		uint16_t number =
		    source_server_number(s, of, r, &zone->names[r->name]);
		const struct zone_member *old = zone_member(z, number);

		if (number == 0)
			continue;
		now[n] =
		    old != NULL ? *old : (struct zone_member){.server = number};
		n++;
	}
	if (n == 0 || !zone_reserve(z, n))
		n = 0;
	else
		memcpy(z->members, now, n * sizeof(now[0]));
	z->n_members = n;
}

struct zone_state *
zone_state_named(struct sources *s, uint8_t view, const struct name *name)
{
	struct table *t = s->monitor->table;
	uint32_t at = table_add_name(t, view, name);
	struct zone_state *z =
	    at == NAME_NONE ? NULL : idmap_get(&s->zones, at);

	if (z != NULL || at == NAME_NONE)
		return z;
	z = calloc(1, sizeof(*z));
	if (z == NULL || idmap_put(&s->zones, at, z) != 0) {
		free(z);
		return NULL;
	}
	z->name = at;
	z->view = view;
	z->question = QUESTION_NONE;
	z->soa = table_add_type(t, at, TYPE_SOA);
	return z;
}

/* ---- deviations ---- */

struct deviation *
zone_deviation(struct zone_state *z, uint32_t id, uint16_t server)
{
	for (uint32_t i = 0; i < z->n_deviations; i++) {
		if (z->deviations[i].question == id &&
		    z->deviations[i].server == server)
			return &z->deviations[i];
	}
	return NULL;
}

/* By the last serials: is this server newer than all that do not deviate? */
static bool
leads(struct zone_state *z, uint32_t id, uint16_t server)
{
	const struct zone_member *own = zone_member(z, server);
	bool any = false;

	if (own == NULL || !own->has_serial)
		return false;
	for (uint8_t i = 0; i < z->n_members; i++) {
		const struct zone_member *v = &z->members[i];

		if (v->trouble != TROUBLE_NOT ||
		    zone_deviation(z, id, v->server) != NULL)
			continue;
		if (!v->has_serial ||
		    !survey_serial_newer(own->serial, v->serial))
			return false;
		any = true;
	}
	return any;
}

uint64_t
zone_expected(struct zone_state *z, uint32_t id, uint16_t server)
{
	const struct deviation *d =
	    z->n_deviations == 0 ? NULL : zone_deviation(z, id, server);

	if (d == NULL)
		return 0;
	return d->print != 0 ? d->print : EXPECTED_UNREAD;
}

bool
zone_is_overtaken(struct zone_state *z, uint32_t id)
{
	for (uint32_t i = 0; i < z->n_deviations; i++) {
		const struct deviation *d = &z->deviations[i];

		if (d->question == id && leads(z, id, d->server))
			return true;
	}
	return false;
}

struct deviation *
zone_add_deviation(struct zone_state *z)
{
	if (z->n_deviations == z->room) {
		uint32_t room = z->room == 0 ? 8 : 2 * z->room;
		struct deviation *list;

		if (z->n_deviations == DEVIATIONS_MAX)
			return NULL;
		list = realloc(z->deviations, room * sizeof(*list));
		if (list == NULL)
			return NULL;
		z->deviations = list;
		z->room = room;
	}
	z->deviations[z->n_deviations] = (struct deviation){0};
	return &z->deviations[z->n_deviations++];
}

static void
drop_deviation(struct zone_state *z, struct deviation *d)
{
	*d = z->deviations[--z->n_deviations];
}

/* Served at no address of the zone, and not for want of looking it up. */
static bool
has_left(struct sources *s, struct zone_state *z, uint16_t server)
{
	const struct source_server *r = source_server_of(s->monitor, server);
	const struct zone *zone = z->zone;
	char text[NAME_TEXT_SIZE];
	size_t n = 0;

	if (zone_member(z, server) != NULL)
		return false;
	while (n < zone->n_names && r != NULL &&
	       strcmp(name_print(zone->names[n].wire, text), r->name) != 0)
		n++;
	if (n == zone->n_names || r == NULL)
		return true;
	for (size_t i = 0; i < zone->n_servers; i++) {
		if (zone->servers[i].name == n)
			return true; /* at others now */
	}
	return false;
}

static void
forget_left(struct sources *s, struct zone_state *z)
{
	uint32_t n = z->n_deviations;

	for (uint32_t i = 0; i < z->n_deviations;) {
		if (has_left(s, z, z->deviations[i].server))
			drop_deviation(z, &z->deviations[i]);
		else
			i++;
	}
	if (n != z->n_deviations)
		zone_keep(s, z);
}

struct zone_state *
zone_state_of(struct sources *s, const struct source *of, struct zone *zone)
{
	struct zone_state *z = zone_state_named(s, of->view, &zone->name);

	if (z == NULL || z->zone == zone)
		return z;
	source_servers_room(s, zone->n_servers);
	zone_release(z->zone);
	z->zone = zone_hold(zone);
	take_members(s, of, z);
	forget_left(s, z);
	look_at_delegation(s, z);
	return z;
}

static void
digest_of(const struct content *c, uint8_t out[16])
{
	uint8_t sha[SHA256_SIZE];
	struct buf packed = {0};

	content_pack(c, &packed);
	hash_sha256(packed.data, packed.size, sha);
	memcpy(out, sha, 16);
	buf_fini(&packed);
}

/* True: that is news. */
static bool
note_deviation(struct sources *s, struct zone_state *z, uint32_t id,
    const struct zone_heard *h)
{
	struct deviation *d = zone_deviation(z, id, h->server);
	uint8_t digest[16] = {0};
	bool same;

	if (h->content != NULL)
		digest_of(h->content, digest);
	same = d != NULL &&
	       (d->print == h->print ||
		   (d->print == 0 && memcmp(d->digest, digest, 16) == 0));
	if (d == NULL) {
		d = zone_add_deviation(z);
		if (d == NULL)
			return false;
		d->since = loop_wall(s->monitor->loop);
	}
	/* One that lagged, and has the serial now, but not the content. */
	same = same && d->stand == h->stand;
	d->question = id;
	d->server = h->server;
	d->stand = (uint8_t)h->stand;
	d->print = h->print;
	memcpy(d->digest, digest, 16);
	d->has_serial = h->has_serial;
	d->serial = h->serial;
	return !same;
}

/* ---- apart ---- */

static void
tell_apart(struct sources *s, struct zone_state *z, enum zone_apart apart,
    struct zone_news *news)
{
	wall_us now = loop_wall(s->monitor->loop);

	if (z->apart == APART_NOT) {
		z->apart_since = now;
		z->apart_until =
		    now + WALL_S(z->late_s != 0 && z->late_s < ZONE_APART_MAX_S
				     ? z->late_s
				 : z->late_s == 0 ? ZONE_APART_DEFAULT_S
						  : ZONE_APART_MAX_S);
	}
	z->apart = apart;
	news->kind = apart == APART_SPREADING ? "spreading" : "split";
	news->since = z->apart_since;
	zone_tell(s, z, news);
}

bool
zone_is_late(const struct sources *s, const struct zone_state *z)
{
	return z->apart == APART_SPREADING &&
	       loop_wall(s->monitor->loop) >= z->apart_until;
}

static void
tell_late(struct sources *s, struct zone_state *z, struct zone_news *news)
{
	news->reason = "late";
	tell_apart(s, z, APART_SPLIT, news);
}

/* All say the same; once that has lasted, where it came and went before. */
static void
tell_converged(struct sources *s, struct zone_state *z, struct zone_news *news)
{
	if (!flap_may_end(&z->flap, loop_wall(s->monitor->loop)))
		return;
	news->kind = "converged";
	news->since = z->apart_since;
	z->apart = APART_NOT;
	zone_tell(s, z, news);
}

void
zone_hear(struct sources *s, struct zone_state *z, uint32_t id,
    const struct zone_heard *heard, size_t n)
{
	struct zone_news news = {.question = id, .heard = heard, .n_heard = n};
	bool behind = false;
	bool differs = false;
	bool apart = false; /* in this survey, news or not */
	bool dirty = false;

	for (size_t i = 0; i < n; i++) {
		struct deviation *d;

		if (!heard[i].good)
			continue;
		apart = apart || heard[i].stand != STAND_AGREES;
		if (heard[i].stand == STAND_AGREES) {
			d = zone_deviation(z, id, heard[i].server);
			if (d != NULL)
				drop_deviation(z, d);
			dirty = dirty || d != NULL;
		} else if (note_deviation(s, z, id, &heard[i])) {
			dirty = true;
			behind = behind || heard[i].stand == STAND_BEHIND;
			differs = differs || heard[i].stand == STAND_DIFFERS;
			if (heard[i].stand == STAND_DIFFERS)
				news.reason = heard[i].has_serial
				                  ? "same-serial"
				                  : "no-serial";
		}
	}
	if (z->n_deviations > 0)
		z->flap.calm = 0;
	if (differs && z->apart != APART_SPLIT)
		tell_apart(s, z, APART_SPLIT, &news);
	else if (behind && z->apart == APART_NOT)
		tell_apart(s, z, APART_SPREADING, &news);
	else if (apart && z->n_deviations > 0 && zone_is_late(s, z))
		tell_late(s, z, &news);
	else if (z->n_deviations == 0 && z->apart != APART_NOT)
		tell_converged(s, z, &news);
	else if (dirty)
		zone_keep(s, z);
}

/* ---- who answers, and serials ---- */

static enum zone_trouble
trouble_of(enum fail fail)
{
	return fail == FAIL_TIMEOUT || fail == FAIL_NETWORK ? TROUBLE_SILENT
	                                                    : TROUBLE_LAME;
}

const char *
trouble_text(enum fail fail)
{
	return trouble_of(fail) == TROUBLE_LAME ? "lame" : "silent";
}

/*
 * A survey that waited for another server ends late: what it heard may be from
 * before what is known by now, and is no step back.
 */
static bool
is_past(const struct zone_member *v, const struct zone_heard *h)
{
	return v->has_serial && h->serial_sent < v->serial_at &&
	       !survey_serial_newer(h->serial, v->serial);
}

static void
note_good(struct sources *s, struct zone_state *z, struct zone_member *v,
    const struct zone_heard *h)
{
	wall_us now = loop_wall(s->monitor->loop);
	struct zone_news news = {
	    .question = z->question, .server = v->server, .since = v->since};

	v->trouble = TROUBLE_NOT;
	v->rounds = 0;
	if (v->told != TROUBLE_NOT && flap_may_end(&v->flap, now)) {
		news.kind =
		    v->told == TROUBLE_LAME ? "lame-ended" : "server-answers";
		v->told = TROUBLE_NOT;
		zone_tell(s, z, &news);
	}
	if (!h->has_serial || is_past(v, h))
		return;
	/* Some have more than one behind one address. */
	if (v->has_serial && survey_serial_newer(v->serial, h->serial) &&
	    (v->backwards == 0 ||
		now - v->backwards >= WALL_S(BACKWARDS_EVERY_S))) {
		v->backwards = now;
		news.kind = "serial-backwards";
		news.has_serials = true;
		news.serial_from = v->serial;
		news.serial_to = h->serial;
		news.since = 0;
		v->serial = h->serial;
		zone_tell(s, z, &news);
	}
	v->has_serial = true;
	v->serial = h->serial;
	v->serial_at = h->serial_at;
}

static bool
family_works(const struct sources *s, uint16_t server)
{
	const struct source_server *r = source_server_of(s->monitor, server);

	return s->family_good[r->addr.family == AF_INET6];
}

static void
note_bad(struct sources *s, struct zone_state *z, struct zone_member *v,
    enum fail fail, bool anybody)
{
	struct monitor *m = s->monitor;
	enum zone_trouble trouble = trouble_of(fail);
	mono_ns now = loop_mono(m->loop);
	uint32_t every_s = z->every_s < ROUND_S ? z->every_s : ROUND_S;
	struct zone_news news = {
	    .question = z->question,
	    .server = v->server,
	    .reason = fail_text(fail),
	    .kind = trouble == TROUBLE_LAME ? "lame" : "server-silent",
	};

	/* Nobody answers, or no such address: that is ours, not the zone's. */
	if (trouble == TROUBLE_SILENT &&
	    (!anybody || !family_works(s, v->server)))
		return;
	v->flap.calm = 0;
	if (v->trouble != trouble) {
		v->trouble = trouble;
		v->rounds = 0;
		v->since = loop_wall(m->loop);
		v->counted = INT64_MIN / 2;
	}
	if (now - v->counted < MONO_S(every_s) / 4 * 3)
		return;
	v->counted = now;
	if (v->rounds < UINT8_MAX)
		v->rounds++;
	if (v->rounds < m->config->failing_after || v->told == trouble)
		return;
	v->told = trouble;
	news.since = v->since;
	zone_tell(s, z, &news);
}

void
zone_note(struct sources *s, struct zone_state *z, uint32_t id,
    const struct zone_heard *heard, size_t n, uint32_t late_s)
{
	struct monitor *m = s->monitor;
	const struct question *q = table_question(m->table, id);
	bool anybody = false;

	if ((q->flags & Q_WATCHED) != 0 &&
	    table_view(m->table, id) == z->view) {
		uint32_t every_s = policy_get(m->table, q->policy)->every_s;

		if (z->question == QUESTION_NONE || every_s < z->every_s)
			z->every_s = every_s;
		z->question = id;
	}
	if (z->question == QUESTION_NONE)
		return; /* of nothing that is watched in this view */
	if (late_s != 0)
		z->late_s = late_s;
	for (size_t i = 0; i < n; i++)
		anybody = anybody || heard[i].good;
	for (size_t i = 0; i < n; i++) {
		struct zone_member *v = zone_member(z, heard[i].server);

		if (v == NULL)
			continue;
		if (heard[i].good)
			note_good(s, z, v, &heard[i]);
		else
			note_bad(s, z, v, heard[i].fail, anybody);
	}
	look_at_delegation(s, z);
}

/* ---- time ---- */

/* Serials, and who answers, beside what is asked anyhow. */
static void
check(struct sources *s, struct zone_state *z)
{
	struct monitor *m = s->monitor;
	mono_ns now = loop_mono(m->loop);
	uint32_t every_s = 2 * z->every_s;

	if (every_s < ZONE_CHECK_MIN_S)
		every_s = ZONE_CHECK_MIN_S;
	if (every_s > ZONE_CHECK_MAX_S)
		every_s = ZONE_CHECK_MAX_S;
	if (z->question == QUESTION_NONE || z->soa == QUESTION_NONE ||
	    now - z->checked < MONO_S(every_s) ||
	    s->surveys.live >= SURVEYS_MAX / 2 || m->draining)
		return;
	z->checked = now;
	z->checks++;
	z->check_tcp = zone_wants_tcp(z);
	/* The polls of a watched SOA show serials as well. */
	if (!z->check_tcp &&
	    (table_question(m->table, z->soa)->flags & Q_WATCHED) != 0)
		return;
	survey_begin(s, z->soa, SURVEY_CHECK);
}

/* A question that nobody watches any more says nothing about its zone. */
static void
sweep(struct sources *s, struct zone_state *z)
{
	struct monitor *m = s->monitor;
	struct zone_news news = {.question = QUESTION_NONE};
	uint32_t n = z->n_deviations;

	for (uint32_t i = 0; i < z->n_deviations;) {
		struct deviation *d = &z->deviations[i];
		uint8_t flags = table_question(m->table, d->question)->flags;

		if ((flags & Q_WATCHED) != 0)
			i++;
		else
			drop_deviation(z, d);
	}
	if (z->question != QUESTION_NONE &&
	    (table_question(m->table, z->question)->flags & Q_WATCHED) == 0)
		z->question = QUESTION_NONE;
	news.question = z->question;
	if (z->n_deviations == 0 && z->apart != APART_NOT)
		tell_converged(s, z, &news);
	else if (n != z->n_deviations)
		zone_keep(s, z);
}

/* Of many zones a part: a second is not to be spent on them at once. */
void
zone_second(struct sources *s)
{
	for (int n = 0; n < ZONES_A_SECOND; n++) {
		struct zone_state *z = idmap_next(&s->zones, &s->zone_at);

		if (z == NULL) {
			s->zone_at = 0;
			return;
		}
		if (z->n_deviations > 0 || z->question != QUESTION_NONE ||
		    z->apart != APART_NOT)
			sweep(s, z);
		check(s, z);
		survey_wake(s, z);
	}
}

void
zone_needs(struct sources *s, void (*fn)(struct sources *s, uint16_t server))
{
	struct zone_state *z;
	uint32_t at = 0;

	while ((z = idmap_next(&s->zones, &at)) != NULL) {
		if (z->question == QUESTION_NONE && z->n_deviations == 0 &&
		    z->active == 0 && z->zone != NULL) {
			zone_release(z->zone);
			z->zone = NULL;
			z->n_members = 0;
		}
		for (uint8_t i = 0; i < z->n_members; i++)
			fn(s, z->members[i].server);
		for (uint32_t i = 0; i < z->n_deviations; i++)
			fn(s, z->deviations[i].server);
	}
}

void
zone_free_all(struct sources *s)
{
	struct zone_state *z;
	uint32_t at = 0;

	while ((z = idmap_next(&s->zones, &at)) != NULL) {
		zone_release(z->zone);
		free(z->members);
		free(z->deviations);
		free(z);
	}
	idmap_fini(&s->zones);
}
