/* SPDX-License-Identifier: ISC */
/*
 * statement_plain -- what is not prepared: the steps of a session's
 * beginning, and COPY.  The rules are those of statement.c.
 */

#include "base/err.h"
#include "statement.h"

/*
 * $1 statement_timeout, $2 'off' on the reading side: there joins go along
 * the keys, in one process, so that the load's first row comes after
 * milliseconds whatever the number of rows, and no table is held in memory.
 */
const char statement_setup[] =
    "select current_setting('server_version_num')::int,"
    " current_setting('server_encoding'),"
    " pg_is_in_recovery() or current_setting('default_transaction_read_only')"
    " = 'on',"
    " to_regclass('dnsvigil.migration') is not null,"
    " pg_backend_pid(),"
    " (select a.backend_start from pg_stat_activity a"
    " where a.pid = pg_backend_pid()),"
    " set_config('search_path', 'pg_catalog, pg_temp', false),"
    /* Arrays come in all sizes: without this the plan is made at each call. */
    " set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('timezone', 'UTC', false),"
    " set_config('statement_timeout', $1, false),"
    " set_config('enable_hashjoin', $2, false),"
    " set_config('enable_sort', $2, false),"
    /* Plans are made while tables are empty and kept: along a key they stay
     * right when there are millions.  A table that was vacuumed when it was
     * empty counts as one that stays so: it would be read whole for each row
     * of a batch, until it is analyzed again. */
    " set_config('enable_bitmapscan', 'off', false),"
    " set_config('enable_seqscan', 'off', false),"
    " set_config('max_parallel_workers_per_gather', case when $2 = 'off'"
    "  then '0' else current_setting('max_parallel_workers_per_gather') end,"
    "  false),"
    " set_config('lock_timeout', '5s', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('client_min_messages', 'warning', false),"
    " set_config('jit', 'off', false)";

const char statement_schema[] =
    "select coalesce(max(version), 0) from dnsvigil.migration";

/* Missing ones of what grant_daemon() gives; null: none is.  Told at the start
 * and not with the first change. */
const char statement_rights[] =
    "select string_agg(x.privilege || ' on ' || x.name, ', ')"
    " from (values ('writer', 'update'), ('question', 'insert'),"
    "  ('question', 'update'), ('state', 'insert'), ('state', 'update'),"
    "  ('outage', 'insert'), ('outage', 'update'), ('stale', 'insert'),"
    "  ('stale', 'update'), ('pool_day', 'insert'),"
    "  ('pool_day', 'update'), ('membership', 'insert'),"
    "  ('membership', 'update'), ('span', 'insert'),"
    "  ('span', 'update'), ('sink', 'insert'), ('sink', 'update'),"
    "  ('delivery', 'insert'), ('delivery', 'update'),"
    "  ('record_now', 'insert'), ('record_now', 'update'),"
    "  ('record_now', 'delete'), ('candidate', 'insert'),"
    "  ('candidate', 'update'), ('candidate', 'delete'),"
    "  ('attribute', 'insert'), ('attribute', 'update'),"
    "  ('belief', 'insert'), ('record_past', 'insert'),"
    "  ('evidence', 'insert'), ('log', 'insert'), ('belief', 'select'),"
    "  ('record_past', 'select'), ('log', 'select'))"
    "  x (name, privilege)"
    " where not has_table_privilege('dnsvigil.' || x.name, x.privilege)";

/* The lock's number is 'dnsvigil' in ASCII, as bigint. */
const char statement_lock[] =
    "select pg_try_advisory_lock(7236848603642685804)";

const char statement_holder[] =
    "select w.holder, to_char(w.since, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " w.epoch"
    " from dnsvigil.writer w";

/* Our own backend of before, whose end the network may be hiding from it. */
const char statement_evict[] = "select pg_terminate_backend(a.pid)"
			       " from pg_stat_activity a"
			       " where a.pid = $1::int"
			       " and a.backend_start = $2::timestamptz"
			       " and a.usename = current_user";

const char statement_epoch_look[] =
    "select w.epoch, w.batch from dnsvigil.writer w";

const char statement_epoch_take[] =
    "update dnsvigil.writer"
    " set epoch = epoch + 1, holder = $1, since = now()"
    " returning epoch, batch";

/*
 * $1: the first batch of this process.  What was gathered by one before is told
 * by itself.  The rest are
 * deliveries that nothing stands before any more and that nobody moved up:
 * there are none unless rows were altered by hand.
 */
const char statement_heads[] =
    "with gathered as ("
    " update dnsvigil.delivery d"
    " set ended = 0, claimed = null,"
    " due = case when h.place = 1 and not exists ("
    "  select from dnsvigil.delivery w"
    "  where w.sink = h.sink and w.name = h.name and w.ended = 0)"
    "  then d.created else 'infinity' end"
    " from (select g.shard, g.alert, g.revision, g.sink, g.name,"
    "  row_number() over (partition by g.sink, g.name order by g.seq)"
    "   as place"
    "  from dnsvigil.delivery g"
    "  where g.ended = 4 and g.claimed < $1::bigint) h"
    " where d.shard = h.shard and d.alert = h.alert"
    " and d.revision = h.revision and d.sink = h.sink)"
    " update dnsvigil.delivery d"
    " set due = d.created"
    " where d.ended = 0"
    " and d.due = 'infinity'"
    " and not exists ("
    "  select from dnsvigil.delivery e"
    "  where e.sink = d.sink"
    "  and e.name = d.name"
    "  and e.ended = 0"
    "  and e.seq < d.seq)";

/*
 * last_seen from the two newest spans of its interval, computed in place:
 * calling seen_until() for each of some millions of rows would cost more than
 * all the rest of the start.  The function is asked where there are more spans
 * and these cannot answer.
 */
const char statement_load[] =
    "copy (with newest as ("
    " select distinct on (p.every_s) p.every_s, p.anchor, p.from_at,"
    "  (extract(epoch from p.to_at - p.anchor) * 1000)::bigint as ms,"
    "  case when p.started then"
    "   (extract(epoch from p.from_at - p.anchor) * 1000)::bigint"
    "   end as first_ms,"
    "  lead(p.anchor) over w as anchor_2, lead(p.from_at) over w as from_2,"
    "  (extract(epoch from lead(p.to_at) over w - lead(p.anchor) over w)"
    "   * 1000)::bigint as ms_2,"
    "  lead(p.from_at, 2) over w is not null as has_more"
    " from dnsvigil.span p"
    " window w as (partition by p.every_s order by p.from_at desc)"
    " order by p.every_s, p.from_at desc)"
    " select q.shard, q.question, coalesce(s.server, 0), q.name, q.type,"
    "  q.view, q.watched, q.every_s, q.wait_s, q.attributes, s.content,"
    "  s.ttl,"
    "  case"
    "  when s.last_seen is null or not q.watched then s.last_seen"
    "  when c.phase = 1 or o.since is not null"
    "   or (x.plan is null and y.plan is null and n.has_more) then"
    "   greatest(s.last_seen, dnsvigil.seen_until(q.every_s, q.phase_ms,"
    "    q.wait_s, greatest(s.last_seen, q.planned_since),"
    "    least(case when c.phase = 1 then c.seen_at end,"
    "     case when o.until is null then o.since end)"
    "    - make_interval(secs => q.every_s)))"
    "  when coalesce(x.plan, y.plan) > q.planned_since then"
    "   greatest(s.last_seen, x.plan, y.plan)"
    "  else s.last_seen end,"
    "  c.phase, c.change, c.seen_at, c.revision, o.since, o.until, o.told,"
    "  o.fail, o.bogus,"
    "  a.noted, a.signed_told, a.signed_since, z.noted, d.noted,"
    "  l.noted, p.noted, g.noted, w.noted,"
    "  q.entry_s, q.entry_at >= s.since, t.since, s.since"
    " from dnsvigil.question q"
    " left join dnsvigil.state s"
    "  on s.shard = q.shard and s.question = q.question"
    " left join dnsvigil.candidate c"
    "  on c.shard = q.shard and c.question = q.question"
    "  and c.server = coalesce(s.server, 0)"
    " left join dnsvigil.outage o"
    "  on o.shard = q.shard and o.question = q.question"
    "  and o.server = coalesce(s.server, 0)"
    "  and (o.until is null or o.told)"
    " left join dnsvigil.attribute a"
    "  on a.shard = q.shard and a.question = q.question"
    "  and a.server = coalesce(s.server, 0)"
    " left join dnsvigil.attribute z"
    "  on z.shard = q.shard and z.question = q.question"
    "  and z.server = 1" /* STORE_SERVER_ZONE */
    " left join dnsvigil.attribute d"
    "  on d.shard = q.shard and d.question = q.question"
    "  and d.server = 2" /* STORE_SERVER_VIEWS */
    " left join dnsvigil.attribute l"
    "  on l.shard = q.shard and l.question = q.question"
    "  and l.server = 3" /* STORE_SERVER_POOL */
    " left join dnsvigil.attribute p"
    "  on p.shard = q.shard and p.question = q.question"
    "  and p.server = 4" /* STORE_SERVER_EXPECT */
    " left join dnsvigil.attribute g"
    "  on g.shard = q.shard and g.question = q.question"
    "  and g.server = 5" /* STORE_SERVER_DANGLING */
    " left join dnsvigil.attribute w"
    "  on w.shard = q.shard and w.question = q.question"
    "  and w.server = 6" /* STORE_SERVER_WILDCARD */
    " left join dnsvigil.stale t"
    "  on t.shard = q.shard and t.question = q.question"
    "  and t.until is null"
    " left join newest n on n.every_s = q.every_s"
    /* The first plan in the newest span, the last, and that of the one
     * before. */
    " left join lateral (select (n.first_ms - q.phase_ms - 1"
    "  + q.every_s * 1000::bigint) / (q.every_s * 1000::bigint)"
    "  * (q.every_s * 1000::bigint) + q.phase_ms as plan) f"
    "  on q.wait_s > 0 and f.plan <= n.ms"
    " left join lateral (select n.anchor + case when q.wait_s > 0"
    "  then greatest(n.ms - q.wait_s * 1000::bigint, f.plan)"
    "  else (n.ms - q.phase_ms)"
    "  / (q.every_s * 1000::bigint) * (q.every_s * 1000::bigint)"
    "  + q.phase_ms end * interval '1 ms' as plan) x"
    "  on (n.ms >= q.phase_ms or q.wait_s > 0) and x.plan >= n.from_at"
    " left join lateral (select n.anchor_2 + case when q.wait_s > 0"
    "  then n.ms_2 - q.wait_s * 1000::bigint"
    "  else (n.ms_2 - q.phase_ms)"
    "  / (q.every_s * 1000::bigint) * (q.every_s * 1000::bigint)"
    "  + q.phase_ms end * interval '1 ms' as plan) y"
    "  on (n.ms_2 >= q.phase_ms or q.wait_s > 0) and y.plan >= n.from_2"
    ") to stdout (format binary)";

static const char *const first[N_FIRST_GROUPS] = {
    "copy dnsvigil.question (shard, question, name, name_text, type, view,"
    " watched, every_s, phase_ms, wait_s, attributes, tags, lists, owner,"
    " runbook, watched_since, planned_since, entry_s, entry_at) from stdin "
    "(format binary)",
    "copy dnsvigil.state (shard, question, server, outcome, content,"
    " content_hash, policy, ttl, since, last_seen) from stdin (format binary)",
    "copy dnsvigil.record_now (shard, question, server, link, record, pivot,"
    " first_seen, last_seen, count, rrtype, outcome, in_chain, believed,"
    " owner, owner_text, rdata, rdata_text) from stdin (format binary)",
    "copy dnsvigil.membership (shard, name, list, since, first_reported,"
    " ends) from stdin (format binary)",
};

const char *
statement_first(enum group group)
{
	CHECK(group_is_first(group));
	return first[group - GROUP_FIRST_QUESTION];
}
