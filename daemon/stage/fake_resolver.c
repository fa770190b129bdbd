/* SPDX-License-Identifier: ISC */

/*
 * A server is a cache (one TTL countdown per question) unless it is
 * authoritative.  What it says is settled when the question arrives, and
 * delivered after its latency; what it drops ends after the time that the
 * real resolver takes for its tries.
 */

#include "fake_resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rand.h"
#include "dns/message.h"
#include "dns/type.h"
#include "play.h"
#include "resolver/resolver.h"

enum { PATIENCE_MS = 3200, UDP_ROOM = MESSAGE_UDP_SIZE };

struct flight {
	struct flight *next;
	struct resolver *resolver;
	struct loop_timer *timer;
	uint64_t cookie;
	uint8_t server;
	enum transport transport;
	enum fail fail;
	mono_ns sent, due;
	bool failed_before;
	size_t number;   /* the ear's */
	size_t asked;    /* the server's */
	struct buf wire; /* empty: nothing comes */
};

struct resolver {
	struct resolver *next; /* of the net */
	struct loop *loop;
	struct resolver_hooks hooks;
	struct server *servers[RESOLVER_SERVERS_MAX];
	size_t n_servers;
	uint32_t inflight;
	struct resolver_limits limits;
	struct flight *flights;
	struct loop_timer *room;
	struct resolver_counters counters;
};

static struct net *net_now;

void
net_use(struct net *net)
{
	net_now = net;
}

/* Which of those that the server was asked it is. */
static size_t
count_ask(struct server *s, const struct ask *ask, mono_ns now)
{
	struct asked *a = NULL;

	if (s->second != now / MONO_S(1)) {
		s->second = now / MONO_S(1);
		s->this_second = 0;
	}
	s->n_total++;
	if (++s->this_second > s->peak)
		s->peak = s->this_second;
	for (size_t i = 0; i < s->n_asked && a == NULL; i++) {
		if (s->asked[i].type == ask->type &&
		    name_equal(s->asked[i].name.wire, ask->name))
			a = &s->asked[i];
	}
	if (a == NULL) {
		a = list_add(
		    &s->asked, &s->n_asked, &s->asked_room, sizeof(*a));
		a->name.size = ask->name_size;
		memcpy(a->name.wire, ask->name, ask->name_size);
		a->type = ask->type;
	}
	if ((ask->flags & ASK_DO) != 0) {
		a->signatures++;
		return (size_t)(a - s->asked);
	}
	a->cd += (ask->flags & ASK_CD) != 0;
	a->nsid += (ask->flags & ASK_NSID) != 0;
	a->tcp += (ask->flags & ASK_TCP) != 0;
	a->udp += (ask->flags & ASK_TCP) == 0;
	return (size_t)(a - s->asked);
}

/* ---- what a server says ---- */

static struct cache_entry *
cached(struct server *s, const struct ask *ask)
{
	for (size_t i = 0; i < s->n_cache; i++) {
		if (s->cache[i].type == ask->type &&
		    name_equal(s->cache[i].name.wire, ask->name))
			return &s->cache[i];
	}
	return NULL;
}

/* How long the cache keeps it: no longer than any of its records. */
static uint32_t
ttl_of(const struct cache_entry *e)
{
	return fetched_ttl(e->reply, e->type);
}

static bool
is_over(const struct server *s, const struct cache_entry *e, mono_ns now)
{
	return s->authoritative || now - e->fetched >= MONO_S(ttl_of(e));
}

static struct cache_entry *
new_entry(struct server *s, const struct ask *ask)
{
	struct cache_entry *e =
	    list_add(&s->cache, &s->n_cache, &s->cache_room, sizeof(*e));

	e->name.size = ask->name_size;
	memcpy(e->name.wire, ask->name, ask->name_size);
	e->type = ask->type;
	e->reply = malloc(sizeof(*e->reply));
	CHECK(e->reply != NULL);
	return e;
}

static bool
can_fetch(const struct server *s, const struct ask *ask)
{
	const struct net_ear *ear = net_now->ear;

	return ear == NULL || ear->can_fetch(ear->ctx, s, ask->name, ask->type);
}

/*
 * The cache's entry, fetched anew when its time is over.  NULL: there is none,
 * or it is over, and the source cannot be asked.
 */
static struct cache_entry *
look_up(struct server *s, const struct ask *ask, mono_ns now, bool *stale)
{
	struct cache_entry *e = cached(s, ask);

	if (e != NULL && (*stale || !is_over(s, e, now)))
		return e;
	if (!can_fetch(s, ask)) {
		*stale = e != NULL && s->serves_stale && !s->authoritative;
		return *stale ? e : NULL;
	}
	if (e == NULL)
		e = new_entry(s, ask);
	e->fetched = now;
	zone_answer(&net_now->truth, &s->own,
	    &(struct zone_question){ask->name, ask->type, s->authoritative},
	    net_now->negative_ttl, e->reply);
	return e;
}

static void
say_cached(struct server *s, const struct ask *ask, mono_ns now, bool stale,
    struct buf *out, struct said *said)
{
	struct cache_entry *e = look_up(s, ask, now, &stale);
	struct reply_look look = {
	    .aa = s->authoritative,
	    .shuffled = s->shuffles,
	    .ede = -1,
	    .with_signatures = (ask->flags & ASK_DO) != 0,
	};

	if (e == NULL) { /* EDE 22: no reachable authority */
		reply_encode_error(
		    ask->name, ask->type, RCODE_SERVFAIL, false, 22, out);
		return;
	}
	if ((ask->flags & ASK_NSID) != 0 && s->instances > 0)
		look.instance = (uint8_t)(1 + s->turn++ % s->instances);
	look.age_s = (uint32_t)((now - e->fetched) / MONO_S(1));
	if (stale && look.age_s >= ttl_of(e)) {
		said->stale = true;
		look.ede = e->reply->rcode == RCODE_NXDOMAIN ? 19 : 3;
		look.age_s = ttl_of(e) > 30 ? ttl_of(e) - 30 : 0;
	}
	look.ede = said->quiet ? -1 : look.ede;
	reply_encode(e->reply, ask->name, ask->type, &look, out);
	if (s->validates)
		out->data[3] |= 0x20; /* AD */
	said->fetched = e->fetched;
	said->reply = e->reply;
}

/* Returns what was said: the caller's to free. */
static struct fetched *
say_lie(struct server *s, const struct habit *h, const struct ask *ask,
    struct buf *out)
{
	struct reply_look look = {.aa = s->authoritative,
	    .ede = h->ede > 0 ? h->ede : -1,
	    .with_signatures = (ask->flags & ASK_DO) != 0};
	struct fetched *f = malloc(sizeof(*f));
	struct zone lie = {0};
	struct rrset set = *h->lie;

	CHECK(f != NULL);
	if (!h->has_name) {
		set.name.size = ask->name_size;
		memcpy(set.name.wire, ask->name, ask->name_size);
	}
	zone_put(&lie, &set);
	zone_answer(&net_now->truth, &lie,
	    &(struct zone_question){ask->name, ask->type, false},
	    net_now->negative_ttl, f);
	reply_encode(f, ask->name, ask->type, &look, out);
	for (size_t i = 0; i < f->n; i++) { /* not ours, which ends here */
		if (f->list[i].owner == set.name.wire)
			f->list[i].owner = ask->name;
	}
	return f;
}

/* Who sells what does not exist.  Returns what was said, as say_lie(). */
static struct fetched *
say_rewritten(struct server *s, const struct habit *h, const struct ask *ask,
    mono_ns now, struct buf *out, struct said *said)
{
	bool stale = false;
	const struct cache_entry *e = look_up(s, ask, now, &stale);

	if (e != NULL && e->reply->rcode == RCODE_NXDOMAIN &&
	    ask->type == h->lie->type)
		return say_lie(s, h, ask, out);
	say_cached(s, ask, now, false, out, said);
	return NULL;
}

/* At the parent a zone's DS are its own; all else is below the cut. */
static bool
is_about(const struct habit *h, const struct ask *ask)
{
	if (!h->has_name || name_equal(h->name.wire, ask->name))
		return h->conduct != CONDUCT_DELEGATE || ask->type != TYPE_DS;
	return h->conduct == CONDUCT_DELEGATE &&
	       name_is_within(ask->name, h->name.wire);
}

static struct habit *
habit_about(struct server *s, const struct ask *ask)
{
	for (size_t i = s->n_habits; i > 0; i--) {
		struct habit *h = &s->habits[i - 1];

		if (h->left == 0 ||
		    (h->udp_only && (ask->flags & ASK_TCP) != 0) ||
		    (h->tcp_only && (ask->flags & ASK_TCP) == 0) ||
		    (h->type != ZONE_ANY_TYPE && h->type != ask->type) ||
		    !is_about(h, ask) ||
		    (h->conduct >= CONDUCT_BOGUS &&
			(ask->flags & ASK_CD) != 0) ||
		    (h->share < 1 && rand_below(1000000) >= h->share * 1000000))
			continue;
		if (h->left > 0)
			h->left--;
		return h;
	}
	return NULL;
}

static void
tell_ear(struct flight *f, struct said *said)
{
	const struct net_ear *ear = net_now->ear;

	if (f->fail != FAIL_NOT)
		said->reply = NULL;
	if (ear != NULL)
		f->number = ear->on_ask(ear->ctx, said);
}

/* Fills the flight's message; leaves it empty when nothing is to come. */
static void
settle(struct server *s, const struct ask *ask, struct flight *f, mono_ns now)
{
	struct habit *h = habit_about(s, ask);
	struct said said = {.server = s, .ask = ask, .fetched = now};
	bool stale;
	struct fetched *lie = NULL;

	switch (h == NULL ? 0 : (int)h->conduct) {
	case CONDUCT_DROP:
		f->fail = FAIL_TIMEOUT;
		break;
	case CONDUCT_MALFORM:
		f->fail = FAIL_MALFORMED;
		break;
	case CONDUCT_SERVFAIL:
		reply_encode_error(
		    ask->name, ask->type, RCODE_SERVFAIL, false, -1, &f->wire);
		break;
	case CONDUCT_BOGUS:
	case CONDUCT_MUTE:
		reply_encode_error(ask->name, ask->type, RCODE_SERVFAIL, false,
		    h->conduct == CONDUCT_BOGUS ? 6 : -1, &f->wire);
		break;
	case CONDUCT_REFUSE:
		reply_encode_error(
		    ask->name, ask->type, RCODE_REFUSED, false, -1, &f->wire);
		break;
	case CONDUCT_LAME:
		reply_encode_error(
		    ask->name, ask->type, RCODE_NOERROR, true, -1, &f->wire);
		break;
	case CONDUCT_DELEGATE:
		reply_encode_referral(&net_now->truth, &s->own, h->name.wire,
		    ask->name, ask->type, &f->wire);
		break;
	case CONDUCT_LIE:
		lie = say_lie(s, h, ask, &f->wire);
		said.reply = h->ede == 0 ? lie : NULL; /* filtered */
		break;
	case CONDUCT_FILTER:
		reply_encode_error(
		    ask->name, ask->type, RCODE_NXDOMAIN, false, 15, &f->wire);
		break;
	case CONDUCT_REWRITE:
		lie = say_rewritten(s, h, ask, now, &f->wire, &said);
		if (lie != NULL)
			said.reply = lie;
		break;
	default:
		said.quiet = h != NULL && h->conduct == CONDUCT_KEEP;
		stale =
		    said.quiet || (h != NULL && h->conduct == CONDUCT_STALE);
		say_cached(s, ask, now, stale, &f->wire, &said);
		break;
	}
	if (f->wire.size > UDP_ROOM)
		f->transport = TRANSPORT_TCP;
	if (f->due - now >= MONO_MS(PATIENCE_MS))
		f->fail = FAIL_TIMEOUT;
	if (f->fail == FAIL_TIMEOUT) {
		buf_clear(&f->wire);
		f->due = now + MONO_MS(PATIENCE_MS);
	}
	tell_ear(f, &said);
	free(lie);
}

/* ---- resolver.h ---- */

struct resolver_limits
resolver_limits_default(void)
{
	return (struct resolver_limits){
	    .inflight_max = 8192,
	    .window_start = 250,
	    .window_max = 4096,
	    .timeout_ms = 800,
	    .tcp_timeout_ms = 5000,
	    .tries_max = 3,
	    .sockets = 64,
	    .socket_uses = 64,
	    .tcp_max = 64,
	};
}

static void
flight_free(struct flight *f)
{
	struct flight **link = &f->resolver->flights;

	while (*link != f)
		link = &(*link)->next;
	*link = f->next;
	loop_timer_free(f->timer);
	buf_fini(&f->wire);
	free(f);
}

static bool
has_room(const struct resolver *r, const struct server *s, bool urgent)
{
	uint32_t window = urgent ? s->window : s->window - s->window / 10;
	int64_t second = loop_mono(r->loop) / MONO_S(1);
	uint32_t now = s->second == second ? s->this_second : 0;

	if (s->open >= window || r->inflight >= r->limits.inflight_max)
		return false;
	return s->rate == 0 || now < s->rate;
}

static void
tell_room(void *ctx)
{
	struct resolver *r = ctx;
	bool waits = false;

	for (size_t i = 0; i < r->n_servers; i++) {
		struct server *s = r->servers[i];

		if (!s->was_full)
			continue;
		if (!has_room(r, s, false)) {
			waits = true;
			continue;
		}
		s->was_full = false;
		r->hooks.on_room(r->hooks.ctx, (uint8_t)i);
	}
	for (size_t i = 0; i < r->n_servers; i++)
		waits = waits || r->servers[i]->was_full;
	if (waits && !loop_timer_is_set(r->room))
		loop_timer_in(r->room, MONO_MS(20));
}

/* As the real one: daemon/resolver/server.c says why. */
static bool
is_server_fault(const struct server *s, const struct flight *f)
{
	mono_ns span = f->failed_before ? MONO_S(600) : MONO_S(1);

	return s->good_at == 0 || f->sent >= s->good_at + span;
}

static void
count_end(struct resolver *r, struct server *s, const struct flight *f,
    enum fail fail)
{
	r->counters.answered += fail != FAIL_TIMEOUT;
	r->counters.timeouts += fail == FAIL_TIMEOUT;
	if (fail == FAIL_NOT) {
		s->fails_running = 0;
		s->good_at = loop_mono(r->loop);
	} else {
		s->n_failed_now++;
		if (fail != FAIL_MALFORMED && is_server_fault(s, f))
			s->fails_running++;
	}
	s->open--;
	r->inflight--;
}

static void
on_arrival(void *ctx)
{
	struct flight *f = ctx;
	struct resolver *r = f->resolver;
	struct message m;
	struct answer a = {
	    .cookie = f->cookie,
	    .server = f->server,
	    .transport = f->transport,
	    .fail = f->fail,
	    .ede = -1,
	    .sent = f->sent,
	    .received = loop_mono(r->loop),
	};
	resolver_answer_fn *on_answer = r->hooks.on_answer;
	void *hook_ctx = r->hooks.ctx;

	if (f->wire.size > 0) {
		enum message_fault fault =
		    message_walk(f->wire.data, f->wire.size, &m);

		if (fault != MESSAGE_OK)
			story_fail("the harness built a bad message: %s",
			    message_fault_text(fault));
		a.wire = f->wire.data;
		a.size = f->wire.size;
		a.message = &m;
		a.ede = m.ede;
		a.fail = reply_fail(&m);
	}
	count_end(r, r->servers[f->server], f, a.fail);
	if (a.fail == FAIL_NOT && f->asked < r->servers[f->server]->n_asked)
		r->servers[f->server]->asked[f->asked].answered =
		    loop_wall(r->loop);
	if (net_now->ear != NULL)
		net_now->ear->on_arrival(net_now->ear->ctx, f->number);
	if (r->servers[f->server]->was_full && !loop_timer_is_set(r->room))
		loop_timer_in(r->room, 0);
	/* Nothing of r is used after the call: it may be freed there. */
	{
		struct flight gone = *f;

		f->wire = (struct buf){0};
		flight_free(f);
		on_answer(hook_ctx, &a);
		buf_fini(&gone.wire);
	}
}

/* The oldest message that waits in a socket of any. */
static struct flight *
first_arrived(const struct resolver *r)
{
	struct flight *first = NULL;

	for (; r != NULL; r = r->next) {
		for (struct flight *f = r->flights; f != NULL; f = f->next) {
			if (f->wire.size > 0 && f->due <= loop_mono(r->loop) &&
			    (first == NULL || f->due < first->due))
				first = f;
		}
	}
	return first;
}

void
net_deliver(struct net *net)
{
	struct flight *f;

	while ((f = first_arrived(net->resolver)) != NULL) {
		loop_timer_stop(f->timer);
		on_arrival(f);
	}
}

static void
trace_ask(const struct server *s, const struct ask *ask)
{
	char name[NAME_TEXT_SIZE];

	if (story_is_traced())
		story_trace("  ask %s %s %u%s purpose %u", s->name,
		    name_print(ask->name, name), ask->type,
		    (ask->flags & ASK_TCP) != 0 ? " tcp" : "",
		    (unsigned)(ask->cookie >> 32 & 0xff));
}

int
resolver_ask(struct resolver *r, const struct ask *ask)
{
	struct server *s;
	struct flight *f;
	mono_ns now = loop_mono(r->loop);

	CHECK(ask->server < r->n_servers);
	s = r->servers[ask->server];
	if (!has_room(r, s, (ask->flags & ASK_URGENT) != 0)) {
		s->was_full = true;
		if (!loop_timer_is_set(r->room))
			loop_timer_in(r->room, MONO_MS(20));
		return ERR_FULL;
	}
	trace_ask(s, ask);
	f = calloc(1, sizeof(*f));
	CHECK(f != NULL);
	f->resolver = r;
	f->cookie = ask->cookie;
	f->server = ask->server;
	f->sent = now;
	f->failed_before = (ask->flags & ASK_FAILED) != 0;
	f->transport =
	    (ask->flags & ASK_TCP) != 0 ? TRANSPORT_TCP : TRANSPORT_UDP;
	f->timer = loop_timer_new(r->loop, on_arrival, f);
	f->next = r->flights;
	r->flights = f;
	f->asked = count_ask(s, ask, now);
	s->open++;
	s->n_asked_now++;
	r->inflight++;
	r->counters.asked++;
	f->due = now + s->latency;
	if (s->spread > 0)
		f->due += MONO_MS(rand_below((uint32_t)(s->spread / 1000000)));
	settle(s, ask, f, now);
	loop_timer_at(f->timer, f->due);
	return 0;
}

struct resolver *
resolver_new(struct loop *loop, const struct resolver_server *servers,
    size_t n_servers, const struct resolver_limits *limits,
    const struct resolver_hooks *hooks)
{
	struct resolver *r = calloc(1, sizeof(*r));

	CHECK(r != NULL);
	r->loop = loop;
	r->hooks = *hooks;
	r->limits = limits != NULL ? *limits : resolver_limits_default();
	r->room = loop_timer_new(loop, tell_room, r);
	r->next = net_now->resolver;
	net_now->resolver = r;
	for (size_t i = 0; i < n_servers; i++)
		CHECK(resolver_add(r, &servers[i]) == (int)i);
	return r;
}

int
resolver_add(struct resolver *r, const struct resolver_server *server)
{
	struct server *s = NULL;

	for (size_t k = 0; k < net_now->n_servers; k++) {
		if (addr_equal(&net_now->servers[k].addr, &server->addr))
			s = &net_now->servers[k];
	}
	if (r->n_servers == RESOLVER_SERVERS_MAX)
		return ERR_FULL;
	CHECK(s != NULL);
	s->rate = server->rate;
	s->open = s->fails_running = 0;
	s->good_at = 0;
	s->n_asked_now = s->n_failed_now = 0;
	s->was_full = false;
	r->servers[r->n_servers] = s;
	return (int)r->n_servers++;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	while (r->flights != NULL)
		flight_free(r->flights);
	loop_timer_free(r->room);
	for (struct resolver **p = &net_now->resolver; *p != NULL;) {
		if (*p == r)
			*p = r->next;
		else
			p = &(*p)->next;
	}
	free(r);
}

uint32_t
resolver_inflight(const struct resolver *r)
{
	return r->inflight;
}

void
resolver_open(
    const struct resolver *r, void (*fn)(void *ctx, uint64_t cookie), void *ctx)
{
	for (const struct flight *f = r->flights; f != NULL; f = f->next)
		fn(ctx, f->cookie);
}

struct resolver_counters
resolver_counters(const struct resolver *r)
{
	return r->counters;
}

struct resolver_health
resolver_health(const struct resolver *r, uint16_t server)
{
	const struct server *s = r->servers[server];

	return (struct resolver_health){
	    .window = s->window,
	    .open = s->open,
	    .rtt_us = (uint32_t)(s->latency / 1000),
	    .fails_running = s->fails_running,
	    .asked = s->n_asked_now,
	    .failed = s->n_failed_now,
	};
}
