/* SPDX-License-Identifier: ISC */
/*
 * finder -- who waits for which search, and who is told.
 *
 * Searches of one target are one.  A search that would walk the way that
 * another explores (the same zone below the one that both know) is parked
 * until that one has come by, so that the first questions after a start, when
 * nothing is known, are not asked once for each of a million names.  Only a
 * search that has not begun is parked, and the one it waits for never is: no
 * two wait for each other.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "finder_priv.h"

/* --- making ---------------------------------------------------------------
 */

static int
copy_at(struct finder *f, const struct finder_at *at, size_t n_at)
{
	f->at = calloc(n_at + 1, sizeof f->at[0]);
	if (f->at == NULL)
		return -ENOMEM;
	for (; f->n_at < n_at; f->n_at++) {
		const struct finder_at *from = &at[f->n_at];
		struct addr *addrs = calloc(from->n_addrs + 1, sizeof *addrs);

		if (addrs == NULL)
			return -ENOMEM;
		if (from->n_addrs != 0)
			memcpy(
			    addrs, from->addrs, from->n_addrs * sizeof *addrs);
		f->at[f->n_at] = (struct finder_at){.name = from->name,
		    .addrs = addrs,
		    .n_addrs = from->n_addrs};
		name_fold(f->at[f->n_at].name.wire, from->name.size);
	}
	return 0;
}

static bool
is_among(const struct zone *z, const struct addr *addr)
{
	for (size_t i = 0; i < z->n_servers; i++) {
		if (addr_equal(&z->servers[i].addr, addr))
			return true;
	}
	return false;
}

/* The root is known, and for ever; its servers have no names. */
static int
make_root(struct finder *f, const struct addr *hints, size_t n_hints)
{
	struct zone *z = calloc(1, sizeof *z + sizeof z->names[0] +
				       ZONE_SERVERS_MAX * sizeof z->servers[0]);
	struct entry *e;

	if (z == NULL)
		return -ENOMEM;
	z->name.size = 1;
	z->refs = 1;
	z->expires = INT64_MAX;
	z->servers = (struct zone_server *)(z + 1);
	z->names = (struct name *)(z->servers + ZONE_SERVERS_MAX);
	z->names[0] = z->name;
	z->n_names = 1;
	for (size_t i = 0; i < n_hints && z->n_servers < ZONE_SERVERS_MAX;
	     i++) {
		if (!is_among(z, &hints[i]))
			z->servers[z->n_servers++] =
			    (struct zone_server){.addr = hints[i],
				.at_parent = true,
				.at_child = true};
	}
	e = table_make(&f->table, KIND_PLACE, part_of(&z->name));
	if (e != NULL) {
		e->is_whole = true;
		e->answered = true;
		e->delegates = true;
		table_set_zone(&f->table, e, z);
	}
	zone_release(z);
	return e == NULL ? -ENOMEM : 0;
}

struct finder *
finder_new(const struct addr *hints, size_t n_hints, const struct finder_at *at,
    size_t n_at, const struct finder_hooks *hooks)
{
	struct finder *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->hooks = *hooks;
	f->targets = calloc(TARGETS, sizeof f->targets[0]);
	f->claims = calloc(CLAIMS, sizeof f->claims[0]);
	for (; f->n_free < SEARCHES_MAX; f->n_free++)
		f->free_slots[f->n_free] =
		    (uint16_t)(SEARCHES_MAX - 1 - f->n_free);
	if (table_init(&f->table) != 0 || f->targets == NULL ||
	    f->claims == NULL || copy_at(f, at, n_at) != 0 ||
	    make_root(f, hints, n_hints) != 0) {
		finder_free(f);
		return NULL;
	}
	return f;
}

static void
free_waiters(struct waiter *w)
{
	while (w != NULL) {
		struct waiter *next = w->next;
		zone_release(w->zone);
		free(w);
		w = next;
	}
}

static void
free_search(struct search *s)
{
	search_drop_frames(s);
	zone_release(s->zone);
	free_waiters(s->waiters);
	free(s);
}

void
finder_free(struct finder *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; f->targets != NULL && i < TARGETS; i++) {
		while (f->targets[i] != NULL) {
			struct search *s = f->targets[i];
			f->targets[i] = s->target_next;
			free_search(s);
		}
	}
	free_waiters(f->told);
	if (f->table.buckets != NULL)
		table_fini(&f->table);
	for (size_t i = 0; i < f->n_at; i++)
		free((void *)(uintptr_t)f->at[i].addrs);
	free(f->at);
	free(f->targets);
	free(f->claims);
	free(f);
}

bool
finder_knows(const struct finder *f, struct host *h)
{
	for (size_t i = 0; i < f->n_at; i++) {
		const struct finder_at *at = &f->at[i];
		if (!name_equal(at->name.wire, h->name.wire))
			continue;
		h->n_addrs = 0;
		for (size_t k = 0; k < at->n_addrs; k++)
			host_addr(h, &at->addrs[k]);
		return true;
	}
	return false;
}

/* --- telling --------------------------------------------------------------
 */

static void
tell_later(
    struct finder *f, struct waiter *w, struct zone *z, enum find_why why)
{
	w->zone = z == NULL ? NULL : zone_hold(z);
	w->why = why;
	w->next = NULL;
	*(f->told == NULL ? &f->told : &f->told_last->next) = w;
	f->told_last = w;
	f->n_told++;
	if (why == FIND_FOUND)
		f->counts.found++;
	else
		f->counts.failed++;
}

/* Who finds again from inside is told in the next piece. */
static void
tell(struct finder *f)
{
	size_t n = f->n_told < TOLD_MAX ? f->n_told : TOLD_MAX;

	for (size_t k = f->n_short; k > 0 && f->n_short != 0; k--) {
		uint64_t cookie = f->short_of_memory[--f->n_short];
		f->hooks.found(f->hooks.ctx, cookie, NULL, FIND_MEMORY);
	}
	for (; n > 0; n--) {
		struct waiter *w = f->told;
		f->told = w->next;
		f->n_told--;
		f->hooks.found(f->hooks.ctx, w->cookie, w->zone, w->why);
		zone_release(w->zone);
		free(w);
	}
}

/* --- targets and claims ---------------------------------------------------
 */

static struct search **
target_bucket(struct finder *f, struct part name)
{
	return &f->targets[hash_sip(&f->table.key, name.wire, name.size) &
			   (TARGETS - 1)];
}

static struct search *
target_get(struct finder *f, struct part name)
{
	struct search *s = *target_bucket(f, name);

	while (s != NULL && !part_is(name, &s->target))
		s = s->target_next;
	return s;
}

static void
target_remove(struct finder *f, struct search *s)
{
	struct search **at = target_bucket(f, part_of(&s->target));

	while (*at != s)
		at = &(*at)->target_next;
	*at = s->target_next;
}

static struct search **
claim_bucket(struct finder *f, struct part name)
{
	return &f->claims[hash_sip(&f->table.key, name.wire, name.size) &
			  (CLAIMS - 1)];
}

static struct search *
claim_get(struct finder *f, struct part name)
{
	struct search *s = *claim_bucket(f, name);

	while (s != NULL && !part_is(name, &s->claim))
		s = s->claim_next;
	return s;
}

static void
claim(struct finder *f, struct search *s, struct part name)
{
	struct search **bucket = claim_bucket(f, name);

	part_name(name, &s->claim);
	s->claim_next = *bucket;
	*bucket = s;
}

static void
line_up(struct finder *f, struct search *s)
{
	s->next = NULL;
	*(f->line == NULL ? &f->line : &f->line_last->next) = s;
	f->line_last = s;
}

/* Those who waited for it to come by go on themselves. */
static void
unclaim(struct finder *f, struct search *s)
{
	struct search **at;

	if (s->claim.size == 0)
		return;
	at = claim_bucket(f, part_of(&s->claim));
	while (*at != s)
		at = &(*at)->claim_next;
	*at = s->claim_next;
	s->claim.size = 0;
	while (s->parked != NULL) {
		struct search *first = s->parked;
		s->parked = first->next;
		line_up(f, first);
	}
}

void
search_came_to(struct finder *f, struct search *s, const struct name *zone)
{
	if (s->is_refresh || part_is(part_of(zone), &s->claim))
		return;
	unclaim(f, s);
	if (claim_get(f, part_of(zone)) == NULL)
		claim(f, s, part_of(zone));
}

/* --- searches -------------------------------------------------------------
 */

/* Takes it out of everything and tells those who wait. */
static void
end_one(struct finder *f, struct search *s, struct zone *z, enum find_why why)
{
	struct waiter *w = s->waiters;

	s->waiters = NULL;
	while (w != NULL) {
		struct waiter *next = w->next;
		tell_later(f, w, z, why);
		w = next;
	}
	target_remove(f, s);
	if (s->is_going) {
		f->slots[s->slot] = NULL;
		f->free_slots[f->n_free++] = (uint16_t)s->slot;
	}
	f->counts.searches--;
	free_search(s);
}

/* Those who are parked would ask the same silent servers, one after another. */
static void
end_parked(struct finder *f, struct search *s)
{
	while (s->parked != NULL) {
		struct search *first = s->parked;
		s->parked = first->next;
		end_one(f, first, NULL, FIND_SILENT);
	}
}

void
search_end(struct finder *f, struct search *s)
{
	if (s->why == FIND_SILENT)
		end_parked(f, s);
	unclaim(f, s);
	end_one(f, s, s->zone, s->why);
}

/* The name whose way it explores, from what is known on. */
static struct part
way_of(const struct search *s, const struct entry *from)
{
	if (from->size == s->target.size || !from->delegates)
		return part_of(&from->zone->name);
	return part_below(&s->target, &from->zone->name);
}

/* True: another one goes there. */
static bool
is_parked(struct finder *f, struct search *s, const struct entry *from)
{
	struct part way = way_of(s, from);
	struct search *other = claim_get(f, way);

	if (other == NULL) {
		claim(f, s, way);
		return false;
	}
	s->next = NULL;
	*(other->parked == NULL ? &other->parked : &other->parked_last->next) =
	    s;
	other->parked_last = s;
	return true;
}

/* Begins it, unless it is over or has to wait.  There is a slot. */
static void
begin(struct finder *f, struct search *s, mono_ns now)
{
	struct part name = part_of(&s->target);
	struct entry *e;
	struct part to;
	enum place place = PLACE_OPEN;

	if (s->is_refresh)
		name = part_up(name);
	else
		place = table_place(&f->table, name, now, &e, &to);
	if (place != PLACE_OPEN) {
		s->why = place == PLACE_KNOWN ? FIND_FOUND : e->why;
		if (place == PLACE_KNOWN)
			s->zone = zone_hold(e->zone);
		search_end(f, s);
		return;
	}
	e = table_deepest(&f->table, name, now);
	if (!s->is_refresh && is_parked(f, s, e))
		return;
	s->slot = f->free_slots[--f->n_free];
	f->slots[s->slot] = s;
	s->is_going = true;
	if (search_start(s, e) != 0) {
		s->why = FIND_MEMORY;
		search_end(f, s);
		return;
	}
	search_run(f, s, now);
}

/* Begins what waits in line, a piece. */
static void
begin_some(struct finder *f, mono_ns now)
{
	for (int n = 0; n < BEGUN_MAX && f->line != NULL && f->n_free != 0;
	     n++) {
		struct search *s = f->line;
		f->line = s->next;
		begin(f, s, now);
	}
}

/* A new search; the waiter is its or told.  NULL: to refresh what is known. */
static void
search_new(struct finder *f, struct part target, struct waiter *w, mono_ns now)
{
	struct search *s = NULL;
	struct search **bucket;

	if (f->counts.searches < WAITING_MAX)
		s = calloc(1, sizeof *s);
	if (s == NULL) {
		if (w != NULL)
			tell_later(f, w, NULL,
			    f->counts.searches < WAITING_MAX ? FIND_MEMORY
							     : FIND_LIMIT);
		return;
	}
	part_name(target, &s->target);
	s->is_refresh = w == NULL;
	s->waiters = w;
	bucket = target_bucket(f, target);
	s->target_next = *bucket;
	*bucket = s;
	f->counts.searches++;
	if (f->line == NULL && f->n_free != 0)
		begin(f, s, now);
	else
		line_up(f, s);
}

static void
wait_for(struct finder *f, struct part target, struct waiter *w, mono_ns now)
{
	struct search *s = target_get(f, target);

	if (s == NULL) {
		search_new(f, target, w, now);
		return;
	}
	w->next = s->waiters;
	s->waiters = w;
}

/* Near its end it is looked up beside. */
static void
refresh(struct finder *f, const struct entry *e, mono_ns now)
{
	struct zone *z = e->zone;
	mono_ns left = z->expires - now;

	if (z->parent == NULL || left > (z->expires - e->made) / 10 ||
	    entry_has_failed(e, now) ||
	    target_get(f, part_of(&z->name)) != NULL)
		return;
	search_new(f, part_of(&z->name), NULL, now);
}

struct zone *
finder_find(struct finder *f, const struct name *name, uint16_t type,
    uint64_t cookie, mono_ns now)
{
	struct part target = part_of(name);
	struct entry *e;
	struct zone *z;
	struct waiter *w;

	if (type == TYPE_DS)
		target = part_up(target);
	enum place place = table_place(&f->table, target, now, &e, &target);
	if (place == PLACE_KNOWN) {
		z = e->zone;
		refresh(f, e, now);
		return z;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL) {
		CHECK(f->n_short <
		      sizeof f->short_of_memory / sizeof f->short_of_memory[0]);
		f->short_of_memory[f->n_short++] = cookie;
		return NULL;
	}
	w->cookie = cookie;
	if (place == PLACE_FAILED)
		tell_later(f, w, NULL, e->why);
	else
		wait_for(f, target, w, now);
	return NULL;
}

void
finder_cut(struct finder *f, struct zone *z, const struct name *name)
{
	struct part at = part_of(name);
	struct entry *e = table_get(&f->table, KIND_PLACE, part_of(&z->name));

	if (e == NULL || !name_is_within(name->wire, z->name.wire))
		return;
	e->delegates = true;
	for (; at.size > z->name.size; at = part_up(at)) {
		e = table_get(&f->table, KIND_PLACE, at);
		if (e != NULL && e->settled != 0)
			table_drop(&f->table, e);
	}
}

void
finder_doubt(struct finder *f, struct zone *z)
{
	struct entry *e = table_get(&f->table, KIND_PLACE, part_of(&z->name));

	if (e != NULL && e->zone == z && z->parent != NULL)
		e->doubted = true;
}

/* --- answers --------------------------------------------------------------
 */

/* The search that waits for this; it does no more. */
static struct search *
take(struct finder *f, uint32_t token)
{
	struct search *s = f->slots[token & (SEARCHES_MAX - 1)];

	if (s == NULL || token == 0 || s->token != token)
		return NULL;
	s->token = 0;
	return s;
}

static uint8_t
asked_family(const struct search *s)
{
	return search_top(s)->at->servers[s->asked].addr.family;
}

static void
go_on(struct finder *f, struct search *s, mono_ns now)
{
	search_run(f, s, now);
	begin_some(f, now);
	tell(f);
}

void
finder_answer(struct finder *f, uint32_t token, const uint8_t *wire,
    size_t size, const struct message *m, mono_ns now)
{
	struct search *s = take(f, token);

	if (s == NULL)
		return;
	*(asked_family(s) == AF_INET ? &f->silent_v4 : &f->silent_v6) = 0;
	heard(f, s, wire, size, m, now);
	go_on(f, s, now);
}

void
finder_failed(struct finder *f, uint32_t token, enum fail fail, mono_ns now)
{
	struct search *s = take(f, token);

	if (s == NULL)
		return;
	if (fail == FAIL_TIMEOUT || fail == FAIL_NETWORK) {
		uint8_t family = asked_family(s);
		search_top(s)->silent_family = family;
		(*(family == AF_INET ? &f->silent_v4 : &f->silent_v6))++;
	} else {
		search_top(s)->why = FIND_LAME;
	}
	go_on(f, s, now);
}

void
finder_tick(struct finder *f, mono_ns now)
{
	for (unsigned i = 0; f->n_free < SEARCHES_MAX && i < SEARCHES_MAX;
	     i++) {
		struct search *s = f->slots[i];
		if (s != NULL && s->is_unasked)
			search_run(f, s, now);
	}
	begin_some(f, now);
	if (now >= f->forget_at) {
		table_forget(&f->table, now);
		f->forget_at = now + MONO_MS(FORGET_EVERY_MS);
	}
	tell(f);
}

struct finder_counts
finder_counts(const struct finder *f)
{
	struct finder_counts counts = f->counts;

	counts.zones = f->table.n_zones;
	return counts;
}
