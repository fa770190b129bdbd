/* SPDX-License-Identifier: ISC */

/* The monitor in numbers, as `status` prints them. */

#include <string.h>

#include "base/emit.h"
#include "config/config.h"
#include "expect.h"
#include "gather.h"
#include "life.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "monitor_priv.h"
#include "plan.h"
#include "pools.h"
#include "quorum_priv.h"
#include "source.h"
#include "stale.h"
#include "stretch.h"
#include "views.h"
#include "wildcard.h"

static mono_ns
longer(mono_ns a, mono_ns b)
{
	return a > b ? a : b;
}

/* [bound in us, how many] of each bucket that has any, since the beginning. */
static void
status_lateness(const struct lateness *l, const char *key, struct emit *j)
{
	emit_object(j, key);
	emit_int(j, "p50_us", (int64_t)lateness_us(l, 0.50));
	emit_int(j, "p99_us", (int64_t)lateness_us(l, 0.99));
	emit_array(j, "counts");
	for (unsigned i = 0; i < LATENESS_BUCKETS; i++) {
		if (l->all[i] == 0)
			continue;
		emit_array(j, NULL);
		emit_int(j, NULL, (int64_t)lateness_bound_us(i));
		emit_int(j, NULL, (int64_t)l->all[i]);
		emit_array_end(j);
	}
	emit_array_end(j);
	emit_object_end(j);
}

/* The views that the server is of. */
static void
status_views(const struct monitor *m, uint8_t server, struct emit *j)
{
	emit_array(j, "views");
	for (uint8_t v = 0; v < m->n_views; v++) {
		const uint8_t *servers = m->views[v].servers;

		if (memchr(servers, server, m->views[v].n) != NULL)
			emit_text(j, NULL, table_view_text(m->table, v));
	}
	emit_array_end(j);
}

static void
status_servers(struct monitor *m, struct emit *j)
{
	emit_array(j, "resolvers");
	for (uint8_t i = 0; i < m->n_servers; i++) {
		struct resolver_health h = resolver_health(m->resolver, i);

		emit_object(j, NULL);
		emit_text(j, "server", m->servers[i].text);
		emit_text(j, "group", m->servers[i].group_text);
		status_views(m, i, j);
		if (h.tls) {
			emit_bool(j, "tls", true);
			emit_int(j, "connections", h.connections);
			emit_text(j, "why", h.unreachable ? h.why : "");
		}
		emit_int(j, "asked", (int64_t)h.asked);
		emit_int(j, "failed", (int64_t)h.failed);
		emit_int(j, "fails_running", h.fails_running);
		emit_int(j, "rtt_us", h.rtt_us);
		emit_int(j, "window", h.window);
		emit_int(j, "open", h.open);
		emit_int(j, "waiting",
		    (int64_t)m->servers[i].due.n + m->servers[i].fresh.n +
			m->servers[i].owned.n + m->servers[i].severe.n +
			m->servers[i].errands.n + m->servers[i].failed.n +
			m->servers[i].again.n);
		quorum_status(m, i, j);
		emit_object_end(j);
	}
	emit_array_end(j);
}

static void
status_wire(struct monitor *m, struct emit *j)
{
	struct resolver_counters c = resolver_counters(m->resolver);

	emit_object(j, "wire");
	emit_int(j, "asked", (int64_t)c.asked);
	emit_int(j, "sent_udp", (int64_t)c.sent_udp);
	emit_int(j, "sent_tcp", (int64_t)c.sent_tcp);
	emit_int(j, "sent_tls", (int64_t)c.sent_tls);
	emit_int(j, "tls_connections", (int64_t)c.tls_connections);
	emit_int(j, "tls_resumed", (int64_t)c.tls_resumed);
	emit_int(j, "answered", (int64_t)c.answered);
	emit_int(j, "timeouts", (int64_t)c.timeouts);
	emit_int(j, "retries", (int64_t)c.retries);
	emit_int(j, "tcp_fallbacks", (int64_t)c.tcp_fallbacks);
	emit_int(j, "near_misses", (int64_t)c.near_misses);
	emit_int(j, "late", (int64_t)c.late);
	emit_int(j, "dropped_question", (int64_t)c.dropped_question);
	emit_int(j, "dropped_header", (int64_t)c.dropped_header);
	emit_int(j, "malformed", (int64_t)c.malformed);
	emit_int(j, "stale", (int64_t)m->n_stale);
	emit_object_end(j);
}

static size_t
map_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->inquiries) + idmap_bytes(&m->doubts) +
	       idmap_bytes(&m->households) + idmap_bytes(&m->failing) +
	       idmap_bytes(&m->holds) + idmap_bytes(&m->remnants) +
	       idmap_bytes(&m->filtered) + idmap_bytes(&m->signatures) +
	       idmap_bytes(&m->dangling) + idmap_bytes(&m->bursts) +
	       idmap_bytes(&m->idle) + expect_bytes(m) + plan_bytes(m) +
	       gather_bytes(m) + life_bytes(m) + views_bytes(m) +
	       stale_bytes(m) + stretch_bytes(m) + wildcard_bytes(m);
}

/* What a question costs, all that grows with their number told together. */
static void
status_memory(struct monitor *m, struct emit *j)
{
	struct table_memory t = table_memory(m->table);
	size_t staged = watchset_bytes(m);
	size_t sum = t.questions + t.names + t.index + t.policies +
	             map_bytes(m) + pools_bytes(m) + staged;
	uint32_t n = table_count(m->table);

	emit_object(j, "memory");
	emit_int(j, "bytes", (int64_t)sum);
	emit_int(j, "bytes_per_question", n == 0 ? 0 : (int64_t)(sum / n));
	emit_int(j, "questions", (int64_t)t.questions);
	emit_int(j, "names", (int64_t)t.names);
	emit_int(j, "names_index", (int64_t)t.index);
	emit_int(j, "policies", (int64_t)t.policies);
	emit_int(j, "maps", (int64_t)map_bytes(m));
	emit_int(j, "pools", (int64_t)pools_bytes(m));
	emit_int(j, "reload", (int64_t)staged);
	emit_object_end(j);
}

static void
status_sights(const struct monitor *m, struct emit *j)
{
	emit_array(j, "views");
	for (uint8_t v = 0; v < m->n_views; v++) {
		const struct view_sight *s = &m->sights[v];
		uint32_t asked;
		uint32_t failed;

		if (s->watched == 0)
			continue;
		sight_minute(&s->sight, loop_mono(m->loop), &asked, &failed);
		emit_object(j, NULL);
		emit_text(j, "view", table_view_text(m->table, v));
		emit_int(j, "watched", s->watched);
		emit_int(j, "failing", s->failing);
		emit_bool(j, "blind", s->sight.blind);
		emit_int(j, "asked_minute", asked);
		emit_int(j, "failed_minute", failed);
		emit_object_end(j);
	}
	emit_array_end(j);
}

static void
status_coverage(const struct monitor *m, struct emit *j)
{
	uint32_t asked = 0;
	uint32_t failed = 0;
	bool blind = false;

	for (uint8_t v = 0; v < m->n_views; v++) {
		uint32_t a;
		uint32_t f;

		sight_minute(&m->sights[v].sight, loop_mono(m->loop), &a, &f);
		asked += a;
		failed += f;
		blind = blind || m->sights[v].sight.blind;
	}
	emit_object(j, "coverage");
	emit_bool(j, "blind", blind);
	emit_int(j, "asked_minute", asked);
	emit_int(j, "failed_minute", failed);
	emit_int(j, "lag_ms", longer(m->lag_max, m->lag_before) / MONO_MS(1));
	emit_int(
	    j, "longest_turn_us", longer(m->turn_max, m->turn_before) / 1000);
	status_sights(m, j);
	emit_object_end(j);
}

void
monitor_status(struct monitor *m, struct emit *j)
{
	wall_us since;
	uint32_t failing = outage_count(m, &since);

	emit_object(j, "questions");
	emit_int(j, "watched", m->watched);
	emit_int(j, "sleeping", m->n_asleep);
	emit_int(j, "idle", m->n_idle);
	emit_int(j, "new_left", m->first_left);
	emit_int(j, "new_later", m->n_later);
	emit_int(j, "due", m->busy);
	emit_int(j, "asked", (int64_t)m->finished);
	emit_int(j, "answered", (int64_t)m->answered);
	emit_int(j, "fresh", (int64_t)m->n_fresh);
	emit_int(j, "old_cache", (int64_t)m->n_old);
	emit_int(j, "below_ttl", m->n_short);
	emit_int(j, "denied", (int64_t)m->n_denied);
	emit_int(j, "chased", (int64_t)m->n_chased);
	emit_int(j, "failing", failing);
	emit_wall(j, "failing_since", since);
	emit_int(j, "inquiries", (int64_t)m->inquiries.live + m->gate.n);
	emit_int(j, "inquiries_waiting", m->gate.n);
	emit_int(j, "doubted", m->doubts.live);
	emit_int(j, "changes", (int64_t)m->n_changes);
	emit_int(j, "signatures", m->signatures.live);
	emit_int(j, "deviating", expect_count(m));
	emit_int(j, "plans", plan_count(m));
	emit_int(j, "gathered", gather_waiting(m));
	emit_int(j, "dangling", m->dangling.live);
	emit_int(j, "wildcards", m->apexes.live);
	views_status(m, j);
	pools_status(m, j);
	emit_object_end(j);
	status_coverage(m, j);
	status_lateness(&m->lateness, "lateness", j);
	status_lateness(&m->turns, "turns", j);
	status_lateness(&m->turns_cpu, "turns_cpu", j);
	emit_object(j, "buffer");
	emit_int(j, "bytes", (int64_t)m->observed_bytes);
	emit_int(j, "limit", (int64_t)m->config->buffer_bytes);
	emit_bool(j, "slow", m->slow);
	emit_object_end(j);
	status_memory(m, j);
	status_servers(m, j);
	sources_status(m, j);
	status_wire(m, j);
}
