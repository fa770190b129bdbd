/* SPDX-License-Identifier: ISC */

/*
 * The servers that are asked, as the configuration has them, and which of them
 * are of a view; which of these a question goes to; and what becomes of
 * waiting and open polls when a reload names others.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "config/config.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "remnant.h"
#include "source_priv.h"
#include "stale.h"

/* A number for each group; `n` servers have theirs. */
static uint8_t
group_of(const struct poll_server *servers, const char *group, uint8_t n)
{
	uint8_t next = 0;

	for (uint8_t i = 0; i < n; i++) {
		if (strcmp(servers[i].group_text, group) == 0)
			return servers[i].group;
		if (servers[i].group >= next)
			next = (uint8_t)(servers[i].group + 1);
	}
	return next;
}

static void
view_fill(struct poll_view *v, const struct config *c, size_t view)
{
	v->quorum = c->quorums[view];
	for (uint8_t i = 0; i < c->n_resolvers; i++) {
		bool known = false;

		if ((c->resolvers[i].views >> view & 1) == 0)
			continue;
		for (uint8_t k = 0; k < v->n; k++)
			known =
			    known || strcmp(c->resolvers[v->servers[k]].group,
					 c->resolvers[i].group) == 0;
		v->servers[v->n++] = i;
		v->n_groups += !known;
	}
}

/* Those of the configuration, by the table's numbers.  NULL: no memory. */
static struct poll_view *
views_make(struct monitor *m, uint8_t *n)
{
	const struct config *c = m->config;
	struct poll_view *views = calloc(VIEW_NONE, sizeof(*views));

	*n = 0;
	for (size_t i = 0; i < c->n_views && views != NULL; i++) {
		uint8_t view = table_add_view(m->table, c->views[i]);

		if (view == VIEW_NONE) {
			free(views);
			return NULL;
		}
		view_fill(&views[view], c, i);
		if (view >= *n)
			*n = (uint8_t)(view + 1);
	}
	return views;
}

/* Tells settings of TLS apart, the file of `ca_file` among them. */
static void
tls_print(const struct tls_peer *tls, uint8_t out[SHA256_SIZE])
{
	struct buf all = {0};

	if (tls != NULL) {
		buf_add_text(&all, tls->name != NULL ? tls->name : "");
		buf_add_u8(&all, tls->pin != NULL);
		if (tls->pin != NULL)
			buf_add(&all, tls->pin, TLS_PIN_SIZE);
		buf_add_u8(&all, tls->ca != NULL);
		if (tls->ca != NULL)
			buf_add(&all, tls->ca, tls->ca_size);
	}
	hash_sha256(all.data, all.size, out);
	buf_fini(&all);
}

static int
servers_make(struct monitor *m)
{
	const struct config *c = m->config;

	free(m->views);
	m->views = views_make(m, &m->n_views);
	m->servers = calloc(c->n_resolvers, sizeof(*m->servers));
	if (m->servers == NULL || m->views == NULL)
		return -ENOMEM;
	for (uint8_t i = 0; i < c->n_resolvers; i++) {
		struct poll_server *s = &m->servers[i];

		s->addr = c->resolvers[i].addr;
		addr_print(&s->addr, s->text);
		s->group_text = arena_text(&m->names, c->resolvers[i].group);
		if (s->group_text == NULL)
			return -ENOMEM;
		s->group = group_of(m->servers, s->group_text, i);
		s->trust_ad = c->resolvers[i].trust_ad;
		tls_print(c->resolvers[i].tls, s->tls_print);
		s->probed = INT64_MIN / 2;
		s->standing = standing_new(m, i);
		if (s->standing == NULL)
			return -ENOMEM;
		m->rates[i] = c->resolvers[i].rate;
		m->gso[i] = c->resolvers[i].gso;
	}
	m->n_servers = (uint8_t)c->n_resolvers;
	return 0;
}

int
poll_start(struct monitor *m)
{
	const struct config *c = m->config;
	struct resolver_server servers[RESOLVER_SERVERS_MAX];
	struct resolver_hooks hooks = {
	    poll_on_answer, poll_on_room, m, poll_on_soon};
	int err;

	if (c->n_resolvers == 0 || c->n_resolvers > RESOLVER_SERVERS_MAX)
		return ERR_FULL;
	err = servers_make(m);
	if (err != 0)
		return err;
	for (uint8_t i = 0; i < m->n_servers; i++)
		servers[i] =
		    (struct resolver_server){.addr = c->resolvers[i].addr,
			.rate = c->resolvers[i].rate,
			.gso = c->resolvers[i].gso,
			.ad = c->resolvers[i].trust_ad,
			.tls = c->resolvers[i].tls};
	m->resolver = resolver_new(
	    m->loop, servers, m->n_servers, m->setup.limits, &hooks);
	return m->resolver == NULL ? -ENOMEM : 0;
}

static void
free_servers(struct poll_server *servers, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++) {
		free(servers[i].standing);
		free(servers[i].owned.ring);
		free(servers[i].severe.ring);
		free(servers[i].errands.ring);
		free(servers[i].again.ring);
	}
	free(servers);
}

void
poll_stop(struct monitor *m)
{
	resolver_free(m->resolver);
	m->resolver = NULL;
	free_servers(m->servers, m->n_servers);
	free(m->views);
	m->views = NULL;
	m->n_views = 0;
	m->servers = NULL;
	m->n_servers = 0;
}

/* ---- which of them ---- */

const struct poll_view *
poll_view_of(const struct monitor *m, uint32_t id)
{
	static const struct poll_view none;
	uint8_t view = table_view(m->table, id);

	return view < m->n_views ? &m->views[view] : &none;
}

bool
server_known(const struct monitor *m, uint16_t number, struct server_known *out)
{
	const struct source_server *r = source_server_of(m, number);

	if (r != NULL) {
		*out =
		    (struct server_known){&r->addr, r->text, r->name, r->group};
		return true;
	}
	if (number >= m->n_servers)
		return false;
	*out = (struct server_known){&m->servers[number].addr,
	    m->servers[number].text, m->servers[number].group_text,
	    m->servers[number].group};
	return true;
}

uint16_t
server_at(const struct monitor *m, const struct addr *addr)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		if (addr_equal(&m->servers[i].addr, addr))
			return i;
	}
	return source_at(m, addr);
}

uint8_t
poll_home(const struct monitor *m, uint32_t id)
{
	const struct poll_view *v = poll_view_of(m, id);

	return v->n == 0 ? SERVER_NONE
	                 : v->servers[table_spread(m->table, id) % v->n];
}

static uint32_t
waits_at(const struct poll_server *s)
{
	return s->due.n + s->fresh.n + s->failed.n + s->owned.n + s->severe.n +
	       s->errands.n + s->again.n;
}

/* Does it answer, or is it time to see whether it does? */
static bool
may_ask(struct monitor *m, uint8_t server)
{
	struct poll_server *s = &m->servers[server];
	mono_ns now = loop_mono(m->loop);

	if (poll_is_alive(m, server))
		return true;
	if (quorum_is_out(m, server))
		return false; /* canaries see whether it is back */
	/* One probe at a time, or they queue for as long as it is dead. */
	if (waits_at(s) > 0 || resolver_health(m->resolver, server).open > 0 ||
	    now - s->probed < MONO_MS(DEAD_PROBE_MS))
		return false;
	s->probed = now;
	return true;
}

/*
 * The server for attempt n of a question.  The living share what a dead one
 * would be asked: if all of it went to its neighbour, that one's rate would
 * delay the questions of two.
 */
uint8_t
poll_pick_server(struct monitor *m, uint32_t id, uint8_t attempt)
{
	const struct poll_view *v = poll_view_of(m, id);
	uint16_t spread = table_spread(m->table, id);
	uint8_t alive[RESOLVER_SERVERS_MAX];
	uint8_t n = 0;
	uint8_t first;

	if (v->n == 0)
		return SERVER_NONE;
	first = (uint8_t)((spread % v->n + attempt) % v->n);
	if (may_ask(m, v->servers[first]))
		return v->servers[first];
	for (uint8_t i = 0; i < v->n; i++)
		if (poll_is_alive(m, v->servers[i]) &&
		    (attempt == 0 || i != spread % v->n))
			alive[n++] = v->servers[i];
	if (n > 0)
		return alive[spread / v->n % n];
	for (uint8_t i = 1; i < v->n; i++) {
		uint8_t server = v->servers[(first + i) % v->n];

		if (may_ask(m, server))
			return server;
	}
	return v->servers[first];
}

/* ---- others after a reload ---- */

/* Of servers that are the same. */
static bool
same_views(struct monitor *m)
{
	uint8_t n;
	struct poll_view *views = views_make(m, &n);
	bool same = views != NULL && n == m->n_views &&
	            memcmp(views, m->views, n * sizeof(*views)) == 0;

	free(views);
	return same;
}

static bool
same_servers(struct monitor *m, const struct config *c)
{
	uint8_t tls[SHA256_SIZE];

	if (c->n_resolvers != m->n_servers)
		return false;
	for (uint8_t i = 0; i < m->n_servers; i++) {
		tls_print(c->resolvers[i].tls, tls);
		if (!addr_equal(&m->servers[i].addr, &c->resolvers[i].addr) ||
		    strcmp(m->servers[i].group_text, c->resolvers[i].group) !=
			0 ||
		    m->rates[i] != c->resolvers[i].rate ||
		    m->gso[i] != c->resolvers[i].gso ||
		    m->servers[i].trust_ad != c->resolvers[i].trust_ad ||
		    memcmp(m->servers[i].tls_print, tls, sizeof(tls)) != 0)
			return false;
	}
	return same_views(m);
}

static void
orphan_all(struct monitor *m, const struct waiting *w)
{
	if (w->n == 0)
		return;
	if (m->orphans.n == 0)
		m->orphans.first = w->first;
	else
		table_question(m->table, m->orphans.last)->link = w->first;
	m->orphans.last = w->last;
	m->orphans.n += w->n;
}

static void
orphan(void *ctx, uint64_t cookie)
{
	struct monitor *m = ctx;
	struct errand e = poll_errand_of(&(struct answer){.cookie = cookie});

	if (e.purpose == PURPOSE_POLL)
		pump_push(m, &m->orphans, e.question);
}

static void
orphan_errands(struct monitor *m, const struct errands *q)
{
	for (uint32_t k = 0; k < q->n; k++)
		orphan(m, poll_cookie_of(&q->ring[(q->first + k) % q->room]));
}

/* Polls that were queued or in flight are asked anew, within the rates. */
static void
orphan_polls(struct monitor *m)
{
	for (uint8_t i = 0; i < m->n_servers; i++) {
		const struct poll_server *s = &m->servers[i];

		orphan_all(m, &s->due);
		orphan_all(m, &s->failed);
		orphan_all(m, &s->fresh);
		orphan_errands(m, &s->owned);
		orphan_errands(m, &s->severe);
		orphan_errands(m, &s->errands);
		orphan_errands(m, &s->again);
	}
	resolver_open(m->resolver, orphan, m);
}

int
poll_restart(struct monitor *m)
{
	struct poll_server *old = m->servers;
	uint8_t n_old = m->n_servers;
	int err;

	canary_reload(m);
	if (same_servers(m, m->config))
		return 0;
	orphan_polls(m);
	resolver_free(m->resolver);
	m->resolver = NULL;
	err = poll_start(m);
	if (err == 0) {
		inquiry_remap(m, old, n_old);
		stale_forget(m);
		remnant_forget_servers(m);
		standings_take(m, old, n_old);
	}
	loop_timer_in(m->tick, 0);
	free_servers(old, n_old);
	return err;
}
