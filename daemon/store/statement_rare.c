/* SPDX-License-Identifier: ISC */
/*
 * statement_rare -- what few batches have.  The rules are those of
 * statement.c.
 */

#include "statement.h"

/*
 * A name is on these lists and on no others; of a name that came more than
 * once, the last counts.  First answers may come after what was given later:
 * what they say of an older time changes nothing.  A time to come is one of a
 * clock that was set back since.  Each name is looked up by itself: what is
 * there is not read for what came.  What its list said that it would end by
 * then ended when that said.
 */
const char statement_left[] =
    "with k as materialized ("
    " select distinct on (u.shard, u.name) u.shard, u.name,"
    " u.lists::text[] as lists, u.at, u.gone"
    " from unnest($1, $2, $3, $4, $5) with ordinality"
    "  u (shard, name, lists, at, gone, row)"
    " order by u.shard, u.name, u.row desc),"
    " x as materialized ("
    " select k.shard, k.name, o.list, o.since, k.at, k.gone"
    " from k"
    " cross join lateral ("
    "  select m.list, m.since from dnsvigil.membership m"
    "  where m.shard = k.shard and m.name = k.name"
    "  and m.until is null"
    "  and m.list <> all (k.lists)"
    "  and (m.since <= k.at or m.since > now())"
    "  offset 0) o)"
    " update dnsvigil.membership m"
    " set until = greatest(least(x.at, m.ends), m.since),"
    " reason = case when m.ends <= x.at then 'until'"
    "  when x.gone then 'by-then' else 'left' end"
    " from x"
    " where m.shard = x.shard and m.name = x.name and m.list = x.list"
    " and m.since = x.since";

/*
 * Times in lists are microseconds, 0 for none.  No "on conflict", which is half
 * as dear again as the row: one writes, so what is not there is not there.
 */
const char statement_joined[] =
    "with k as materialized ("
    " select distinct on (u.shard, u.name) u.shard, u.name,"
    " u.lists::text[] as lists, u.at, u.firsts::bigint[] as firsts,"
    " u.ends::bigint[] as ends"
    " from unnest($1, $2, $3, $4, $5, $6) with ordinality"
    "  u (shard, name, lists, at, firsts, ends, row)"
    " order by u.shard, u.name, u.row desc),"
    " l as materialized ("
    " select k.shard, k.name, x.list, k.at, t.first, t.ends,"
    " o.since, o.until, o.first_reported as had_first, o.ends as had_ends"
    " from k"
    " cross join lateral unnest(k.lists, k.firsts, k.ends)"
    "  x (list, first, ends)"
    " cross join lateral (select"
    "  'epoch'::timestamptz + nullif(x.first, 0) * interval '1 microsecond',"
    "  'epoch'::timestamptz + nullif(x.ends, 0) * interval '1 microsecond')"
    "  t (first, ends)"
    " left join lateral ("
    "  select m.since, m.until, m.first_reported, m.ends"
    "  from dnsvigil.membership m"
    "  where m.shard = k.shard and m.name = k.name and m.list = x.list"
    "  and (m.until is null or m.since = k.at"
    "   or (m.until > k.at and m.until <= now()))"
    "  order by m.until is not null"
    "  limit 1) o on true),"
    " said as ("
    " update dnsvigil.membership m"
    " set first_reported = l.first, ends = l.ends"
    " from l"
    " where m.shard = l.shard and m.name = l.name and m.list = l.list"
    " and m.since = l.since and l.until is null"
    " and (l.first is distinct from l.had_first"
    "  or l.ends is distinct from l.had_ends))"
    " insert into dnsvigil.membership"
    "  (shard, name, list, since, first_reported, ends)"
    " select l.shard, l.name, l.list, l.at, l.first, l.ends"
    " from l"
    " where l.since is null";

/* It begins with `until` null and ends with a time, which stays. */
const char statement_stale[] =
    "insert into dnsvigil.stale (shard, question, since, until)"
    " select * from unnest($1, $2, $3, $4)"
    " on conflict (shard, question, since) do update"
    " set until = excluded.until";

/* What a day counted up to now, in place of what it had before. */
const char statement_pool_day[] =
    "insert into dnsvigil.pool_day (shard, question, day, answers, counts)"
    " select k.shard, k.question, (k.day at time zone 'UTC')::date,"
    " k.answers, k.counts::json"
    " from unnest($1, $2, $3, $4, $5)"
    "  k (shard, question, day, answers, counts)"
    " on conflict (shard, question, day) do update"
    " set answers = excluded.answers, counts = excluded.counts";

/* One pass without a plan (`once`): what is believed was seen, each. */
const char statement_seen[] =
    "with k as materialized ("
    " select * from unnest($1, $2, $3, $4)"
    "  k (shard, question, server, at)),"
    " believed as ("
    " update dnsvigil.state s"
    " set last_seen = k.at"
    " from k"
    " where s.shard = k.shard and s.question = k.question"
    " and s.server = k.server and s.last_seen < k.at)"
    " update dnsvigil.record_now r"
    " set last_seen = k.at, count = r.count + 1"
    " from k"
    " where r.shard = k.shard and r.question = k.question"
    " and r.server = k.server and r.believed and r.last_seen < k.at";
