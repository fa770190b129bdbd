/* SPDX-License-Identifier: ISC */

/*
 * Authoritative views: the servers of zones, and what is sent to them.
 *
 *   survey.c --"which zone?"--> finder --"ask"--> source_send() --> resolver
 *      ^                           |                                   |
 *      +------- survey_found() ----+ <-- finder_answer() --+-- on_answer()
 *      +------- survey_answer() <--------------------------+
 *
 * They are asked through a resolver of their own, RD=0: what a zone's server
 * does not answer says nothing about any resolver.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "dns/referral.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "source_priv.h"

enum {
	SOURCE_SOCKETS = 8, /* per server */
	SOURCE_WINDOW = 8,
	SOURCE_WINDOW_MAX = 32,
	CONFIRMS_MAX = 4096 /* confirming questions that wait for room */
};

/* ---- views ---- */

struct source *
source_of_view(const struct monitor *m, uint8_t view)
{
	struct sources *s = m->sources;

	for (size_t i = 0; s != NULL && i < s->n; i++) {
		if (s->list[i].view == view || s->list[i].parent == view)
			return &s->list[i];
	}
	return NULL;
}

bool
source_is_parent(const struct monitor *m, uint8_t view)
{
	const struct source *of = source_of_view(m, view);

	return of != NULL && of->view != view;
}

bool
source_asks(const struct monitor *m, uint32_t id)
{
	return m->sources != NULL &&
	       source_of_view(m, table_view(m->table, id)) != NULL;
}

bool
source_asks_parent(const struct monitor *m, uint32_t id)
{
	return source_is_parent(m, table_view(m->table, id));
}

/* T16: their servers would learn who watches them. */
static bool
is_secret(const struct monitor *m, uint32_t id)
{
	uint32_t policy = table_question(m->table, id)->policy;

	return policy != POLICY_NONE && policy_get(m->table, policy)->discreet;
}

bool
source_may_confirm(const struct monitor *m, uint32_t id)
{
	return m->sources != NULL && !is_secret(m, id) &&
	       !inquiry_is_quiet(m, id);
}

void
source_poll(struct monitor *m, uint32_t id)
{
	if (is_secret(m, id))
		poll_finish(m, id, false, 0);
	else
		survey_begin(m->sources, id, SURVEY_POLL);
}

void
source_early(struct monitor *m, uint32_t id)
{
	if (source_asks(m, id) && !is_secret(m, id))
		survey_begin(m->sources, id, SURVEY_EARLY);
}

void
source_confirm_all(struct monitor *m, uint32_t id)
{
	if (!source_asks(m, id) && source_may_confirm(m, id))
		survey_begin(m->sources, id, SURVEY_CONFIRM);
}

/* ---- sending ---- */

static uint64_t
cookie_of(enum source_kind kind, uint64_t rest)
{
	return (uint64_t)kind << 60 | (rest & ((UINT64_C(1) << 60) - 1));
}

bool
source_send(struct sources *s, enum source_kind kind, uint64_t rest,
    const struct ask *ask)
{
	struct ask own = *ask;

	own.cookie = cookie_of(kind, rest);
	own.server = (uint16_t)(ask->server - SOURCE_FIRST);
	return resolver_ask(s->resolver, &own) == 0;
}

/* The finder's: `token` and which view's it is. */
static bool
on_find_ask(void *ctx, uint32_t token, const struct addr *server,
    const struct name *name, uint16_t type)
{
	struct source *of = ctx;
	struct sources *s = of->sources;
	uint16_t number = source_server_asked(s, of, server);
	struct ask ask = {
	    .name = name->wire,
	    .name_size = name->size,
	    .server = number,
	    .type = type,
	};

	return number != 0 && source_send(s, SOURCE_FINDS,
				  (uint64_t)(of - s->list) << 32 | token, &ask);
}

static void
on_found(void *ctx, uint64_t cookie, struct zone *zone, enum find_why why)
{
	struct source *of = ctx;

	survey_found(of->sources, cookie, zone, why);
}

/* ---- confirming questions ---- */

static bool
push_confirm(struct sources *s, const struct errand *e)
{
	struct errands *q = &s->errands;

	if (q->n == CONFIRMS_MAX)
		return false;
	return errands_push(q, e);
}

static bool
send_confirm(struct sources *s, const struct errand *e)
{
	struct monitor *m = s->monitor;
	uint64_t rest = (uint64_t)e->question | (uint64_t)e->flags << 32;
	struct ask ask = {
	    .server = e->server,
	    .flags = e->flags,
	    .type = table_question(m->table, e->question)->type,
	};

	ask.name = table_name(m->table, e->question, &ask.name_size);
	if (!source_send(s, SOURCE_CONFIRMS, rest, &ask))
		return false;
	inquiry_asked(m, e->question, e->server);
	return true;
}

void
source_confirm(struct monitor *m, uint32_t id, uint16_t server, uint8_t flags)
{
	struct errand e = {
	    .question = id,
	    .purpose = PURPOSE_CONFIRM,
	    .server = server,
	    .flags = (uint8_t)(flags | ASK_URGENT | ASK_NSID),
	};

	if (source_server_of(m, server) == NULL)
		return;
	if (is_secret(m, id)) {
		inquiry_asked(m, id, SOURCE_FIRST); /* T runs all the same */
		return;
	}
	if (m->sources->errands.n > 0 || !send_confirm(m->sources, &e))
		(void)push_confirm(m->sources, &e);
}

static void
pump_confirms(struct sources *s)
{
	for (uint32_t n = s->errands.n; n > 0; n--) {
		struct errand e = s->errands.ring[s->errands.first];

		errands_shift(&s->errands);
		if (!send_confirm(s, &e))
			(void)push_confirm(s, &e);
		if (n % TURN_LOOK == 0 && !monitor_has_time(s->monitor))
			return;
	}
}

static void
confirmed(struct sources *s, uint64_t rest, const struct answer *a)
{
	struct monitor *m = s->monitor;
	struct errand e = {
	    .question = (uint32_t)rest,
	    .purpose = PURPOSE_CONFIRM,
	    .flags = (uint8_t)(rest >> 32),
	};
	struct answer own = *a;
	struct reply_sum sum;
	enum fail fail = source_sum(m, e.question, a, &sum);

	own.cookie = poll_cookie_of(&e);
	/* One server alone says nothing new of a zone: a survey does. */
	m->apart = source_asks(m, e.question);
	if (fail != FAIL_NOT)
		inquiry_fail(m, e.question, &own, fail);
	else
		inquiry_reply(m, e.question, &own, &sum);
	m->apart = false;
}

/* ---- answers ---- */

static void
note_family(struct sources *s, const struct answer *a)
{
	const struct source_server *v = source_server_of(s->monitor, a->server);
	int family = v->addr.family == AF_INET6;

	if (a->fail != FAIL_TIMEOUT && a->fail != FAIL_NETWORK) {
		s->family_good[family] = true;
		s->family_lost[family] = 0;
	} else if (s->family_lost[family] < UINT32_MAX) {
		s->family_lost[family]++;
	}
}

static void
finder_said(struct source *of, uint32_t token, const struct answer *a)
{
	mono_ns now = loop_mono(of->sources->monitor->loop);

	if (a->wire != NULL && a->message != NULL)
		finder_answer(
		    of->finder, token, a->wire, a->size, a->message, now);
	else
		finder_failed(of->finder, token, a->fail, now);
}

static void
on_answer(void *ctx, const struct answer *answer)
{
	struct sources *s = ctx;
	uint64_t rest = answer->cookie & ((UINT64_C(1) << 60) - 1);
	struct answer a = *answer;
	struct source *of;

	a.server = (uint16_t)(SOURCE_FIRST + answer->server);
	note_family(s, &a);
	switch ((enum source_kind)(answer->cookie >> 60)) {
	case SOURCE_FINDS:
		of = &s->list[rest >> 32];
		finder_said(of, (uint32_t)rest, &a);
		break;
	case SOURCE_SURVEYS:
		survey_answer(s, rest, &a);
		break;
	case SOURCE_CONFIRMS:
		confirmed(s, rest, &a);
		break;
	}
}

static void
on_room(void *ctx, uint16_t server)
{
	struct sources *s = ctx;

	(void)server;
	s->has_room = true;
	loop_timer_in(s->monitor->tick, 0);
}

/* ---- what a reply says ---- */

void
source_name(const struct monitor *m, uint32_t id, struct name *out)
{
	const uint8_t *wire = table_name(m->table, id, &out->size);

	memcpy(out->wire, wire, out->size);
}

/*
 * At the parent a referral is the answer, about the delegation of just this
 * name.
 */
static bool
is_delegation(const struct monitor *m, uint32_t id, const struct answer *a,
    struct name *parent)
{
	const struct question *q = table_question(m->table, id);
	struct referral *r;
	struct name name;
	bool is;

	if (a->wire == NULL || q->type != TYPE_NS ||
	    !source_is_parent(m, table_view(m->table, id)))
		return false;
	source_name(m, id, &name);
	if (name.size <= 1)
		return false;
	parent->size = (uint8_t)(name.size - name.wire[0] - 1);
	memcpy(parent->wire, name.wire + name.wire[0] + 1, parent->size);
	r = malloc(sizeof(*r));
	if (r == NULL)
		return false;
	referral_read(a->wire, a->size, a->message, &name, parent, r);
	is = r->kind == REFERRAL_DOWN && name_equal(r->child.wire, name.wire);
	free(r);
	return is;
}

int
source_reply(const struct monitor *m, uint32_t id, const struct answer *a,
    struct arena *arena, struct reply *out)
{
	struct name parent;
	int err;

	if (a->server < SOURCE_FIRST || !is_delegation(m, id, a, &parent))
		return reply_read(a->wire, a->size, a->message, arena, out);
	*out = (struct reply){.ede = a->message->ede, .aa = true};
	err = referral_content(
	    a->wire, a->size, a->message, &parent, arena, &out->content);
	for (uint16_t i = 0; err == 0 && i < out->content.n_records; i++) {
		if (i == 0 || out->content.records[i].ttl < out->ttl)
			out->ttl = out->content.records[i].ttl;
	}
	return err;
}

enum fail
source_sum(struct monitor *m, uint32_t id, const struct answer *a,
    struct reply_sum *sum)
{
	struct reply reply;
	struct name parent;

	if (a->fail != FAIL_NOT)
		return a->fail;
	reply_sum(a->wire, a->size, a->message, &m->key, sum);
	if (a->server < SOURCE_FIRST || (sum->fail == FAIL_NOT && sum->aa))
		return sum->fail;
	/* Kept before a reload, and known no more: it was looked at then. */
	if (!is_delegation(m, id, a, &parent))
		return sum->fail == FAIL_NOT && a->server != UINT16_MAX
		           ? FAIL_LAME
		           : sum->fail;
	arena_reset(&m->scratch);
	if (source_reply(m, id, a, &m->scratch, &reply) != 0)
		return FAIL_MALFORMED;
	*sum = (struct reply_sum){
	    .outcome = reply.content.outcome,
	    .fingerprint = content_fingerprint(&reply.content, &m->key),
	    .ttl = reply.ttl,
	    .aa = true,
	};
	return FAIL_NOT;
}

/* ---- life ---- */

static void
print_of(const struct config_source *c, uint8_t out[SHA256_SIZE])
{
	struct buf all = {0};
	char text[ADDR_TEXT_SIZE];

	buf_add_u32(&all, c->rate);
	buf_add_u8(&all, c->parent);
	for (size_t i = 0; i < c->n_hints; i++) {
		buf_add_text(&all, addr_print(&c->hints[i], text));
		buf_add_u8(&all, 0);
	}
	for (size_t i = 0; i < c->n_at; i++) {
		buf_add(&all, c->at[i].name.wire, c->at[i].name.size);
		for (size_t k = 0; k < c->at[i].n_addrs; k++) {
			buf_add_text(
			    &all, addr_print(&c->at[i].addrs[k], text));
			buf_add_u8(&all, 0);
		}
	}
	hash_sha256(all.data, all.size, out);
	buf_fini(&all);
}

static bool
add_source(struct sources *s, const struct config *c, size_t view)
{
	const struct config_source *config = c->sources[view];
	struct source *of = &s->list[s->n++];
	struct finder_hooks hooks = {on_find_ask, on_found, of};
	struct finder_at at[CONFIG_AT_MAX];

	of->sources = s;
	of->config = config;
	of->view = table_add_view(s->monitor->table, c->views[view]);
	of->parent = VIEW_NONE;
	if (config->parent_view >= 0)
		of->parent = table_add_view(
		    s->monitor->table, c->views[config->parent_view]);
	print_of(config, of->print);
	for (size_t i = 0; i < config->n_at; i++)
		at[i] = (struct finder_at){config->at[i].name,
		    config->at[i].addrs, config->at[i].n_addrs};
	of->finder = finder_new(
	    config->hints, config->n_hints, at, config->n_at, &hooks);
	return of->finder != NULL && of->view != VIEW_NONE;
}

static int
sources_make(struct sources *s)
{
	const struct config *c = s->monitor->config;
	struct resolver_limits limits = *s->monitor->setup.limits;
	struct resolver_hooks hooks = {on_answer, on_room, s, NULL};

	limits.sockets = SOURCE_SOCKETS;
	limits.window_start = SOURCE_WINDOW;
	limits.window_max = SOURCE_WINDOW_MAX;
	limits.servers_max = SOURCE_SERVERS_MAX;
	s->resolver = resolver_new(s->monitor->loop, NULL, 0, &limits, &hooks);
	if (s->resolver == NULL || source_servers_start(s) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_views; i++) {
		if (c->sources[i] != NULL && !add_source(s, c, i))
			return -ENOMEM;
	}
	return 0;
}

int
sources_start(struct monitor *m)
{
	const struct config *c = m->config;
	bool any = false;

	for (size_t i = 0; i < c->n_views; i++)
		any = any || c->sources[i] != NULL;
	if (!any)
		return 0;
	m->sources = calloc(1, sizeof(*m->sources));
	if (m->sources == NULL)
		return -ENOMEM;
	m->sources->monitor = m;
	return sources_make(m->sources);
}

void
sources_stop(struct monitor *m)
{
	struct sources *s = m->sources;

	if (s == NULL)
		return;
	resolver_free(s->resolver);
	for (size_t i = 0; i < s->n; i++)
		finder_free(s->list[i].finder);
	survey_free_all(s);
	zone_free_all(s);
	free(s->errands.ring);
	free(s->servers);
	free(s->hash);
	free(s);
	m->sources = NULL;
}

/* Are these the views that are asked so now? */
static bool
same_sources(const struct monitor *m)
{
	const struct config *c = m->config;
	const struct sources *s = m->sources;
	uint8_t print[SHA256_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < c->n_views; i++) {
		if (c->sources[i] == NULL)
			continue;
		print_of(c->sources[i], print);
		if (s == NULL || n == s->n ||
		    s->list[n].view != table_find_view(m->table, c->views[i]) ||
		    memcmp(s->list[n].print, print, sizeof(print)) != 0)
			return false;
		n++;
	}
	return n == (s == NULL ? 0 : s->n);
}

int
sources_restart(struct monitor *m)
{
	struct sources *old = m->sources;
	int err;

	if (same_sources(m)) {
		size_t n = 0;

		for (size_t i = 0; i < m->config->n_views; i++) {
			if (m->config->sources[i] != NULL)
				old->list[n++].config = m->config->sources[i];
		}
		return 0;
	}
	if (old != NULL) {
		survey_orphan_all(old);
		zone_keep_all(old);
	}
	sources_stop(m);
	err = sources_start(m);
	if (m->sources != NULL)
		zone_take_kept(m->sources);
	loop_timer_in(m->tick, 0);
	return err;
}

void
sources_turn(struct monitor *m)
{
	struct sources *s = m->sources;
	mono_ns now = loop_mono(m->loop);

	if (s == NULL)
		return;
	pump_confirms(s);
	for (size_t i = 0; i < s->n; i++)
		finder_tick(s->list[i].finder, now);
	survey_pump(s);
}

void
sources_drain(struct monitor *m)
{
	struct sources *s = m->sources;

	if (s == NULL)
		return;
	s->errands.n = 0;
	survey_drain(s);
}

uint32_t
sources_open(const struct monitor *m)
{
	return m->sources == NULL ? 0 : resolver_inflight(m->sources->resolver);
}

void
sources_restore(struct monitor *m, uint8_t view, const struct store_row *row)
{
	struct sources *s = m->sources;
	struct name name = {.size = (uint8_t)name_size(row->name)};
	struct zone_state *z;

	if (s == NULL || source_of_view(m, view) == NULL)
		return;
	memcpy(name.wire, row->name, name.size);
	z = zone_state_named(s, view, &name);
	if (z == NULL || z->n_members > 0)
		return; /* it was found before its row came */
	if (!zone_unpack(s, z, row->zone, row->zone_size))
		log_warn("monitor: what is kept of a zone's servers cannot be "
			 "read; it is learnt anew");
}

void
sources_second(struct monitor *m)
{
	if (m->sources != NULL)
		zone_second(m->sources);
}

/* ---- status ---- */

void
sources_status(const struct monitor *m, struct emit *j)
{
	const struct sources *s = m->sources;
	struct resolver_counters c;

	if (s == NULL)
		return;
	c = resolver_counters(s->resolver);
	emit_object(j, "sources");
	emit_int(j, "servers", s->n_used);
	emit_int(j, "zones", s->zones.live);
	emit_int(j, "surveys", s->surveys.live);
	emit_int(j, "waiting", s->waiting.n);
	emit_int(j, "surveyed", (int64_t)s->n_surveys);
	emit_int(j, "lame", (int64_t)s->n_lame);
	emit_int(j, "refused", s->monitor->n_refused);
	emit_int(j, "asked", (int64_t)c.asked);
	emit_int(j, "answered", (int64_t)c.answered);
	emit_int(j, "timeouts", (int64_t)c.timeouts);
	emit_array(j, "views");
	for (size_t i = 0; i < s->n; i++) {
		struct finder_counts f = finder_counts(s->list[i].finder);

		emit_object(j, NULL);
		emit_text(
		    j, "view", table_view_text(m->table, s->list[i].view));
		emit_int(j, "zones", f.zones);
		emit_int(j, "searches", f.searches);
		emit_int(j, "found", (int64_t)f.found);
		emit_int(j, "not_found", (int64_t)f.failed);
		emit_object_end(j);
	}
	emit_array_end(j);
	emit_object_end(j);
}
