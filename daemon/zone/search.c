/* SPDX-License-Identifier: ISC */
/*
 * search -- one search: a stack of frames, each walking down to a name.
 *
 * The first frame looks for the zone of a name; where the servers of a zone on
 * the way are known by name only, a frame is put on top that looks for the
 * addresses of such a host, and so on.  One question is open at a time, and
 * all frames spend of the same FINDER_STEPS_MAX.  A search asks for itself
 * alone, so that what a hostile zone makes it do spends nobody else's
 * questions; what it learns on the way is in the table for all.
 *
 * A frame that failed only because of what is looked for below it, or because
 * the questions are spent, proves nothing about its zone: it is tainted, and
 * not remembered.
 */

#include "finder_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/type.h"

enum { NONE = ZONE_NAMES_MAX };

static struct frame *
push(struct search *s, const struct name *target, const struct entry *from)
{
	struct frame *fr = calloc(1, sizeof *fr);

	if (fr == NULL)
		return NULL;
	fr->target = *target;
	fr->type = s->n_frames == 0 ? TYPE_SOA : TYPE_A;
	fr->found.name = *target;
	fr->ttl = UINT32_MAX;
	frame_go_to(fr, from->zone, from->answered);
	s->frames[s->n_frames++] = fr;
	return fr;
}

static void
pop(struct search *s)
{
	struct frame *fr = s->frames[--s->n_frames];

	zone_release(fr->at);
	zone_release(fr->above);
	free(fr);
}

void
search_drop_frames(struct search *s)
{
	while (s->n_frames != 0)
		pop(s);
}

int
search_start(struct search *s, const struct entry *from)
{
	struct frame *fr = push(s, &s->target, from);

	if (fr == NULL)
		return -ENOMEM;
	fr->is_refresh = s->is_refresh;
	return 0;
}

void
frame_new_question(struct frame *fr)
{
	fr->tried = 0;
	fr->n_tries = 0;
	fr->silent_family = 0;
	fr->why = FIND_SILENT;
}

void
frame_go_to(struct frame *fr, struct zone *z, bool proven)
{
	zone_hold(z);
	zone_release(fr->at);
	fr->at = z;
	fr->proven = proven;
	fr->stage = STAGE_WALK;
	fr->ask = fr->target;
	frame_new_question(fr);
}

static void
set_above(struct frame *fr, struct zone *z)
{
	if (z != NULL)
		zone_hold(z);
	zone_release(fr->above);
	fr->above = z;
}

void
frame_own(struct frame *fr, const struct name *zone, mono_ns now)
{
	gathered_from(&fr->g, fr->at, now);
	fr->is_shared = !name_equal(zone->wire, fr->at->name.wire);
	fr->g.zone = *zone;
	set_above(fr, fr->is_shared ? fr->at : fr->at->parent);
	fr->stage = STAGE_OWN;
	frame_new_question(fr);
}

void
frame_without_own(struct frame *fr)
{
	/* What the parent says is not to be seen from here, either. */
	for (size_t i = 0; i < fr->g.n_hosts; i++)
		fr->g.hosts[i].at_child = fr->is_shared;
	fr->stage = STAGE_REST;
}

/* --- what is kept ---------------------------------------------------------
 */

/* What is known of a zone; that its own NS are missing is no progress. */
static void
publish(struct finder *f, struct zone *z, bool is_whole, mono_ns now)
{
	struct entry *e = table_make(&f->table, KIND_PLACE, part_of(&z->name));

	if (e == NULL || (!is_whole && e->is_whole && entry_is_fresh(e, now)))
		return;
	table_set_zone(&f->table, e, z);
	e->is_whole = is_whole;
	e->answered = is_whole;
	e->doubted = false;
	e->settled = 0;
	e->made = now;
	if (is_whole)
		e->why = FIND_FOUND;
}

static void
remember(
    struct finder *f, const struct name *name, enum find_why why, mono_ns now)
{
	struct entry *e = table_make(&f->table, KIND_PLACE, part_of(name));

	if (e == NULL)
		return;
	e->why = why;
	e->failed_until = now + MONO_S(ZONE_FAILED_S);
	e->settled = 0;
	if (!e->is_whole)
		table_set_zone(&f->table, e, NULL);
}

/* The zone that the frame failed for; NULL: only the name it looked for. */
static const struct name *
failed_zone(struct finder *f, const struct frame *fr, enum find_why why)
{
	struct entry *e;

	if (why == FIND_MEMORY)
		return NULL;
	if (fr->stage == STAGE_DOWN)
		return &fr->g.zone;
	if (why == FIND_LIMIT || fr->at->parent == NULL)
		return NULL;
	if (!fr->proven)
		return &fr->at->name;
	/* They did answer once: perhaps the zone has moved. */
	e = table_get(&f->table, KIND_PLACE, part_of(&fr->at->name));
	if (e != NULL)
		e->doubted = true;
	return NULL;
}

void
frame_failed(struct finder *f, struct search *s, enum find_why why, mono_ns now)
{
	struct frame *fr = search_top(s);
	bool is_first = s->n_frames == 1;
	bool is_tainted =
	    fr->is_tainted || why == FIND_LIMIT || why == FIND_MEMORY;
	const struct name *zone = NULL;

	if (is_first || !is_tainted)
		zone = failed_zone(f, fr, why);
	if (is_first && zone == NULL && why != FIND_MEMORY)
		zone = &fr->target;
	if (zone != NULL)
		remember(f, zone, why, now);
	if (is_first) {
		s->why = why;
		s->is_over = true;
		return;
	}
	pop(s);
	search_top(s)->is_tainted |= is_tainted;
}

/* What was known of the names between is no longer so. */
static void
forget_between(struct finder *f, const struct name *name, const struct zone *z)
{
	struct part at = part_of(name);

	for (; at.size > z->name.size; at = part_up(at)) {
		struct entry *e = table_get(&f->table, KIND_PLACE, at);
		if (e != NULL)
			table_drop(&f->table, e);
	}
}

void
frame_found(struct finder *f, struct search *s, struct zone *z)
{
	struct entry *e;

	s->zone = zone_hold(z);
	s->why = FIND_FOUND;
	s->is_over = true;
	if (s->target.size == z->name.size)
		return;
	forget_between(f, &s->target, z);
	e = table_get(&f->table, KIND_PLACE, part_of(&z->name));
	if (e == NULL || !e->delegates)
		return;
	e = table_make(&f->table, KIND_PLACE, part_of(&s->target));
	if (e != NULL)
		e->settled = z->name.size;
}

void
frame_host_found(struct finder *f, struct search *s, mono_ns now)
{
	const struct frame *fr = search_top(s);
	struct frame *below = s->frames[s->n_frames - 2];
	struct host *h = &below->g.hosts[below->host];
	uint32_t ttl = fr->found.n_addrs == 0 ? ZONE_FAILED_S : fr->ttl;
	struct entry *e =
	    table_make(&f->table, KIND_HOST, part_of(&fr->target));

	if (ttl < ZONE_TTL_MIN_S)
		ttl = ZONE_TTL_MIN_S;
	if (ttl > ZONE_TTL_MAX_S)
		ttl = ZONE_TTL_MAX_S;
	if (e != NULL) {
		memcpy(e->addrs, fr->found.addrs, sizeof e->addrs);
		e->n_addrs = fr->found.n_addrs;
		e->expires = now + MONO_S(ttl);
	}
	for (size_t i = 0; i < fr->found.n_addrs; i++)
		host_addr(h, &fr->found.addrs[i]);
	if (fr->found.n_addrs != 0)
		gathered_ttl(&below->g, ttl);
	pop(s);
}

/* --- asking ---------------------------------------------------------------
 */

static uint8_t
family_to_avoid(const struct finder *f, const struct frame *fr)
{
	if (fr->silent_family != 0)
		return fr->silent_family;
	if (f->silent_v6 >= SILENT_MAX && f->silent_v6 > f->silent_v4)
		return AF_INET6;
	if (f->silent_v4 >= SILENT_MAX && f->silent_v4 > f->silent_v6)
		return AF_INET;
	return 0;
}

/* Another server than before; -1: there is none. */
static int
choose(struct finder *f, const struct frame *fr)
{
	uint8_t avoid = family_to_avoid(f, fr);
	size_t n = fr->at->n_servers;
	int other = -1;

	if (fr->n_tries == FINDER_TRIES_MAX)
		return -1;
	for (size_t k = 0; k < n; k++) {
		size_t i = (f->turn + k) % n;
		if ((fr->tried >> i & 1) != 0)
			continue;
		if (fr->at->servers[i].addr.family != avoid)
			return (int)i;
		if (other < 0)
			other = (int)i;
	}
	return other;
}

/* Nobody answers the question of the top frame. */
static void
no_answer(struct finder *f, struct search *s, enum find_why why, mono_ns now)
{
	struct frame *fr = search_top(s);

	s->is_unasked = false;
	/* A lot: when a search has as many questions as there are servers, the
	 * next one would begin at the same and leave out the same. */
	f->turn +=
	    hash_sip(&f->table.key, &f->turn, sizeof f->turn) & UINT8_MAX;
	if (fr->stage == STAGE_OWN && fr->proven) {
		frame_without_own(fr);
	} else if (s->n_frames > 1 && fr->found.n_addrs != 0) {
		/* One type is better than nothing, for a while. */
		fr->ttl = ZONE_FAILED_S;
		frame_host_found(f, s, now);
	} else {
		frame_failed(f, s, why, now);
	}
}

/* Never 0, so that no token is. */
static uint32_t
next_token(struct finder *f)
{
	f->sequence = (f->sequence + 1) & (UINT32_MAX >> SLOT_BITS);
	if (f->sequence == 0)
		f->sequence = 1;
	return f->sequence;
}

/* True: there is something else to do; false: it waits. */
static bool
ask(struct finder *f, struct search *s, const struct name *name, uint16_t type,
    mono_ns now)
{
	struct frame *fr = search_top(s);
	int i = choose(f, fr);

	if (i < 0 || s->n_steps == FINDER_STEPS_MAX) {
		no_answer(f, s, i < 0 ? fr->why : FIND_LIMIT, now);
		return true;
	}
	s->asked = (uint8_t)i;
	s->token = next_token(f) << SLOT_BITS | s->slot;
	if (!f->hooks.ask(
		f->hooks.ctx, s->token, &fr->at->servers[i].addr, name, type)) {
		s->token = 0;
		if (!s->is_unasked)
			s->unasked_since = now;
		s->is_unasked = true;
		if (now - s->unasked_since < MONO_S(UNASKED_S))
			return false;
		no_answer(f, s, FIND_SILENT, now);
		return true;
	}
	s->is_unasked = false;
	s->n_steps++;
	fr->tried |= (uint32_t)1 << i;
	fr->n_tries++;
	f->turn++;
	f->counts.asked++;
	return false;
}

/* --- addresses of servers -------------------------------------------------
 */

static bool
is_looked_for(const struct search *s, const struct name *host)
{
	for (size_t i = 1; i < s->n_frames; i++) {
		if (name_equal(s->frames[i]->target.wire, host->wire))
			return true;
	}
	return false;
}

static bool
is_known_host(struct finder *f, struct gathered *g, struct host *h, mono_ns now)
{
	struct entry *e = table_get(&f->table, KIND_HOST, part_of(&h->name));

	if (e == NULL || e->expires <= now)
		return false;
	for (size_t i = 0; i < e->n_addrs; i++)
		host_addr(h, &e->addrs[i]);
	if (e->n_addrs != 0)
		gathered_ttl(g, (uint32_t)((e->expires - now) / MONO_S(1)));
	return true;
}

/* Looks for the addresses of a host, at once or with a frame on top. */
static void
look_up(struct finder *f, struct search *s, size_t host, mono_ns now)
{
	struct frame *fr = search_top(s);
	struct host *h = &fr->g.hosts[host];
	struct entry *e;
	struct part to;

	fr->host = host;
	h->done = true;
	if (is_known_host(f, &fr->g, h, now))
		return;
	if (s->n_frames > FINDER_DEPTH_MAX || s->n_steps == FINDER_STEPS_MAX ||
	    is_looked_for(s, &h->name)) {
		fr->is_tainted = true;
		return;
	}
	if (table_place(&f->table, part_of(&h->name), now, &e, &to) ==
	    PLACE_FAILED)
		return;
	e = table_deepest(&f->table, part_of(&h->name), now);
	if (push(s, &h->name, e) == NULL)
		fr->is_tainted = true;
}

static size_t
next_host(const struct frame *fr)
{
	for (size_t i = 0; i < fr->g.n_hosts; i++) {
		if (!fr->g.hosts[i].done)
			return i;
	}
	return NONE;
}

/* Some servers are enough to go on; what is missing is looked for when the
 * zone is what is looked for. */
static void
step_down(struct finder *f, struct search *s, mono_ns now)
{
	struct frame *fr = search_top(s);
	size_t n = gathered_with_addrs(&fr->g);
	size_t host = n < ENOUGH_NAMES ? next_host(fr) : NONE;
	struct zone *z;

	if (host != NONE) {
		look_up(f, s, host, now);
		return;
	}
	if (n == 0) {
		frame_failed(f, s,
		    s->n_steps == FINDER_STEPS_MAX ? FIND_LIMIT
						   : FIND_ADDRESSES,
		    now);
		return;
	}
	z = gathered_zone(&fr->g, fr->above, now);
	if (z == NULL) {
		frame_failed(f, s, FIND_MEMORY, now);
		return;
	}
	publish(f, z, false, now);
	frame_go_to(fr, z, false);
	zone_release(z);
	if (s->n_frames == 1)
		search_came_to(f, s, &fr->at->name);
}

static void
step_rest(struct finder *f, struct search *s, mono_ns now)
{
	struct frame *fr = search_top(s);
	size_t host = next_host(fr);
	struct zone *z;

	if (host != NONE && s->n_steps < FINDER_STEPS_MAX) {
		look_up(f, s, host, now);
		return;
	}
	if (gathered_with_addrs(&fr->g) == 0) {
		frame_failed(f, s, FIND_ADDRESSES, now);
		return;
	}
	z = gathered_zone(&fr->g, fr->above, now);
	if (z == NULL) {
		frame_failed(f, s, FIND_MEMORY, now);
		return;
	}
	publish(f, z, true, now);
	frame_found(f, s, z);
	zone_release(z);
}

static bool
step_walk(struct finder *f, struct search *s, mono_ns now)
{
	struct frame *fr = search_top(s);

	if (s->n_frames > 1 || fr->target.size != fr->at->name.size)
		return ask(f, s, &fr->ask, fr->type, now);
	frame_own(fr, &fr->at->name, now);
	return true;
}

/* True: there is something else to do; false: it waits. */
static bool
step(struct finder *f, struct search *s, mono_ns now)
{
	struct frame *fr = search_top(s);

	switch (fr->stage) {
	case STAGE_WALK:
		return step_walk(f, s, now);
	case STAGE_OWN:
		return ask(f, s, &fr->g.zone, TYPE_NS, now);
	case STAGE_DOWN:
		step_down(f, s, now);
		return true;
	case STAGE_REST:
		step_rest(f, s, now);
		return true;
	}
	return false;
}

void
search_run(struct finder *f, struct search *s, mono_ns now)
{
	while (!s->is_over) {
		if (!step(f, s, now))
			return;
	}
	search_end(f, s);
}
