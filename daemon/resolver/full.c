/* SPDX-License-Identifier: ISC */
/*
 * Servers that said ERR_FULL, and when they have room again.
 *
 * A turn does not look at all of them: thousands may be left alone, or wait
 * for what all share.  Those that lack room of their own sleep, until a time
 * that is known or until something happens at them (server_stirred()).  Those
 * that lack what all share, tokens of rate_all or places of inflight_max,
 * stand in a queue, and no more are told in a turn than there is room for.
 *
 * With rate_all, nobody new goes before that queue but who is in a hurry:
 * else servers that are asked for the first time could keep it waiting.
 */

#include "base/err.h"
#include "resolver_priv.h"

static void
list_put(struct server *s, enum full full)
{
	struct server_list *l = &s->resolver->full[full];

	s->full = full;
	s->full_next = NULL;
	s->full_prev = l->last;
	if (l->last != NULL)
		l->last->full_next = s;
	else
		l->first = s;
	l->last = s;
	l->n++;
}

static void
list_take(struct server *s)
{
	struct server_list *l = &s->resolver->full[s->full];

	if (s->full_prev != NULL)
		s->full_prev->full_next = s->full_next;
	else
		l->first = s->full_next;
	if (s->full_next != NULL)
		s->full_next->full_prev = s->full_prev;
	else
		l->last = s->full_prev;
	l->n--;
	s->full = FULL_NOT;
}

static bool
shared_has_room(struct resolver *r, bool urgent, mono_ns now)
{
	if (r->inflight.n_open >= r->inflight.size)
		return false;
	return r->limits.rate_all == 0 ||
	       pace_has_room(&r->all, 0, urgent, now);
}

static bool
has_queue(const struct resolver *r)
{
	return r->limits.rate_all != 0 && r->full[FULL_SHARED].n > 0;
}

/* Where tokens of all are short: a batch of them, as of a server's own. */
static void
wait_shared(struct resolver *r, bool urgent, mono_ns now)
{
	mono_ns at = pace_token_at(&r->all, urgent);

	if (now < r->shared_at || at <= now)
		return;
	r->shared_at = at > now + ROOM_PAUSE ? at : now + ROOM_PAUSE;
}

static void
sleep_on(struct server *s, mono_ns now)
{
	struct resolver *r = s->resolver;

	/* Its connections' events are many: a look each turn is less. */
	if (s->dot != NULL) {
		list_put(s, FULL_LOOK);
		return;
	}
	s->look_at = server_room_at(s, now);
	if (s->look_at < r->sleep_due)
		r->sleep_due = s->look_at;
	list_put(s, FULL_SLEEPS);
}

static void
file(struct server *s, mono_ns now)
{
	struct resolver *r = s->resolver;

	if (shared_has_room(r, s->full_urgent, now) && !has_queue(r)) {
		sleep_on(s, now);
		return;
	}
	wait_shared(r, s->full_urgent, now);
	list_put(s, FULL_SHARED);
}

void
full_look(struct server *s)
{
	list_take(s);
	list_put(s, FULL_LOOK);
}

bool
full_may_ask(struct server *s, bool urgent, mono_ns now)
{
	struct resolver *r = s->resolver;

	if (!shared_has_room(r, urgent, now))
		return false;
	if (has_queue(r) && !urgent && s != r->telling)
		return false;
	return server_has_room(s, urgent, now);
}

int
full_say(struct server *s, bool urgent, mono_ns now)
{
	server_say_full(s, urgent, now);
	if (s->full == FULL_SLEEPS)
		list_take(s);
	if (s->full == FULL_NOT)
		file(s, now);
	return ERR_FULL;
}

static bool
own_has_room(struct server *s, mono_ns now)
{
	return now >= s->tell_at && server_has_room(s, s->full_urgent, now);
}

/* It is in no list. */
static void
tell(struct server *s)
{
	struct resolver *r = s->resolver;

	s->full_urgent = false;
	r->telling = s;
	r->hooks.on_room(r->hooks.ctx, s->index);
	r->telling = NULL;
}

/* One told is one question more, at the least, or others are told sooner. */
static uint32_t
shared_room(const struct resolver *r)
{
	uint32_t n = r->inflight.size - r->inflight.n_open;

	if (r->limits.rate_all != 0 && r->all.tokens < n)
		n = (uint32_t)r->all.tokens;
	return n;
}

static void
tell_shared(struct resolver *r, mono_ns now)
{
	unsigned n = r->full[FULL_SHARED].n;
	uint32_t left;
	struct server *s;

	if (n == 0 || now < r->shared_at)
		return;
	for (left = UINT32_MAX; n > 0 && left > 0 && !r->dead; n--) {
		s = r->full[FULL_SHARED].first;
		if (!shared_has_room(r, s->full_urgent, now)) {
			wait_shared(r, s->full_urgent, now);
			return;
		}
		if (left == UINT32_MAX) /* the tokens are up to date now */
			left = shared_room(r);
		list_take(s);
		if (!own_has_room(s, now)) {
			sleep_on(s, now);
			continue;
		}
		tell(s);
		left--;
	}
}

static void
wake(struct resolver *r, mono_ns now)
{
	struct server *next;
	struct server *s;

	if (now < r->sleep_due)
		return;
	r->sleep_due = INT64_MAX;
	for (s = r->full[FULL_SLEEPS].first; s != NULL; s = next) {
		next = s->full_next;
		if (s->look_at <= now)
			full_look(s);
		else if (s->look_at < r->sleep_due)
			r->sleep_due = s->look_at;
	}
}

void
full_tell(struct resolver *r, mono_ns now)
{
	struct server *s;
	unsigned n;

	tell_shared(r, now);
	if (r->dead)
		return;
	wake(r, now);
	for (n = r->full[FULL_LOOK].n; n > 0 && !r->dead; n--) {
		s = r->full[FULL_LOOK].first;
		list_take(s);
		if (!own_has_room(s, now))
			sleep_on(s, now);
		else if (!shared_has_room(r, s->full_urgent, now) ||
			 has_queue(r))
			file(s, now);
		else
			tell(s);
	}
}

/* Whoever is first; INT64_MAX: answers bring room, time does not. */
static mono_ns
shared_due(const struct resolver *r)
{
	const struct server *s = r->full[FULL_SHARED].first;
	mono_ns at;

	if (s == NULL || r->inflight.n_open >= r->inflight.size)
		return INT64_MAX;
	at = pace_token_at(&r->all, s->full_urgent);
	return at > r->shared_at ? at : r->shared_at;
}

mono_ns
full_due(struct resolver *r, mono_ns now)
{
	mono_ns due = shared_due(r);
	struct server *s;
	mono_ns at;

	if (r->sleep_due < due)
		due = r->sleep_due;
	for (s = r->full[FULL_LOOK].first; s != NULL; s = s->full_next) {
		at = server_room_at(s, now);
		/* Room that closing the last used up socket has made. */
		if (at > now && own_has_room(s, now))
			at = now;
		if (at < due)
			due = at;
	}
	return due;
}
