/* SPDX-License-Identifier: ISC */

/*
 * All that the commands ask the database, in one place.  Every statement is
 * planned with its parameters known, so that a filter that is null costs
 * nothing and one that is set finds its index.
 */

#include "read_sql.h"

/*
 * $1 after_seq, $2 since, $3 until, $4 name, $5 type, $6 kind of a change,
 * $7 kind of an event, $8 least severity, $9 tag, $10 list, $11 every entry,
 * $12 the name's shard
 */
const char read_sql_changes[] =
    "select l.seq, l.class, l.body "
    "from dnsvigil.log l "
    "where l.seq > $1::bigint "
    "and ($2::timestamptz is null or l.at >= $2) "
    "and ($3::timestamptz is null or l.at < $3) "
    "and ($12::integer is null or (l.shard = $12 and l.name = $4)) "
    "and ($5::integer is null or l.type = $5) "
    "and (($6::integer is null and $7::text is null) "
    " or l.kind = $6 or l.event = $7) "
    "and ($8::integer is null or l.severity >= $8) "
    "and ($9::text is null or $9 = any (l.tags)) "
    "and ($10::text is null or $10 = any (l.lists)) "
    "and ($11::boolean or l.class = 'event' or (l.class = 'change' "
    " and not exists (select from dnsvigil.log n "
    "  where n.shard = l.shard and n.id = l.id "
    "  and n.revision > l.revision))) "
    "order by l.seq";

/* Not the sequence's own value: that may belong to what is not yet visible. */
const char read_sql_last_seq[] =
    "select coalesce(max(l.seq), 0) from dnsvigil.log l";

/* $1 since, $2 until, $3 name, $4 type, $5 tag, $6 list, $7 shard */
const char read_sql_baselines[] =
    "select q.name_text, q.view, q.type, b.content, b.ttl, b.since "
    "from dnsvigil.question q "
    "join (select s.shard, s.question, s.content, s.ttl, s.since "
    "  from dnsvigil.state s where s.change is null "
    " union all "
    " select x.shard, x.question, x.content, x.ttl, x.since "
    "  from dnsvigil.belief x where x.change is null) b "
    "on b.shard = q.shard and b.question = q.question "
    "where ($1::timestamptz is null or b.since >= $1) "
    "and ($2::timestamptz is null or b.since < $2) "
    "and ($7::integer is null or (q.shard = $7 and q.name_text = $3)) "
    "and ($4::integer is null or q.type = $4) "
    "and ($5::text is null or $5 = any (q.tags)) "
    "and ($6::text is null or $6 = any (q.lists)) "
    "order by b.since, q.name_text, q.type, q.view";

/*
 * $1 name, $2 type, $3 its shard.  The two halves of interval_all are joined
 * one by one, each inside the lateral, because the planner pushes no join into
 * a union.
 */
const char read_sql_history[] =
    "select q.name_text, q.view, i.owner_text, q.type, i.rrtype, i.rdata, "
    " i.outcome::integer, i.first_seen, i.last_seen, i.count, i.current "
    "from dnsvigil.question q "
    "cross join lateral ("
    " select n.owner_text, n.rrtype, n.rdata, n.outcome, n.first_seen, "
    "  n.last_seen, n.count, true as current "
    " from dnsvigil.interval_now n "
    " where n.shard = q.shard and n.question = q.question "
    " union all "
    " select p.owner_text, p.rrtype, p.rdata, p.outcome, p.first_seen, "
    "  p.last_seen, p.count, false "
    " from dnsvigil.record_past p "
    " where p.shard = q.shard and p.question = q.question) i "
    "where q.shard = $3::integer and q.name_text = $1::text "
    "and ($2::integer is null or q.type = $2) "
    "order by q.type, q.view, i.first_seen, i.rrtype, i.rdata";

/* $1 name, $2 type, $3 its shard; 3 is STORE_SERVER_POOL */
const char read_sql_pools[] =
    "select q.name_text, q.view, q.type, a.noted, a.at "
    "from dnsvigil.question q "
    "join dnsvigil.attribute a "
    "on a.shard = q.shard and a.question = q.question and a.server = 3 "
    "where q.shard = $3::integer and q.name_text = $1::text "
    "and ($2::integer is null or q.type = $2) "
    "order by q.type, q.view";
/* $1 name, $2 its shard */
const char read_sql_lives[] =
    "select q.view, a.noted, a.at "
    "from dnsvigil.question q "
    "join dnsvigil.attribute a "
    "on a.shard = q.shard and a.question = q.question and a.server = 7 "
    "where q.shard = $2::integer and q.name_text = $1::text "
    "order by q.view, a.at desc";
/* $1 name, $2 its shard */
const char read_sql_memberships[] =
    "select m.name, m.list, m.since, m.until, m.first_reported, m.reason "
    "from dnsvigil.membership m "
    "where m.shard = $2::integer and m.name = $1::text "
    "order by m.list, m.since";

/*
 * $1 name, $2 type, $3 T, $4 the name's shard.
 *
 *   b   what was believed at T: the last belief that began by then
 *   p   the last planned poll up to T that the ledger says was answered
 *   o   an outage into which that poll falls after all
 *   s   so the last sighting at or before T
 *   a   and the first one after it, and the outage that hides it
 *
 * A belief's last_seen bounds all of this: what is later was not it.
 */
const char read_sql_at[] =
    "select q.name_text, q.view, q.type, b.content, b.ttl, b.since, b.until, "
    " s.seen as before, "
    " coalesce(case when a.hidden_until is null then a.seen "
    "  else a.hidden_until end, b.until, f.since) as after, "
    " coalesce(s.seen <= $3 and $3 < s.seen "
    "  + make_interval(secs => q.every_s + q.wait_s) "
    "  and $3 <= now(), false), "
    " e.since as failing_since, coalesce(e.fail, 0)::integer, b.change "
    "from dnsvigil.question q "
    "left join lateral ("
    " select x.* from ("
    "  select n.content, n.ttl, n.since, null::timestamptz as until, "
    "   n.last_seen, n.change "
    "  from dnsvigil.state_now n "
    "  where n.shard = q.shard and n.question = q.question "
    "  and n.since <= $3 "
    "  union all "
    "  select y.content, y.ttl, y.since, y.until, y.last_seen, y.change "
    "  from dnsvigil.belief y "
    "  where y.shard = q.shard and y.question = q.question "
    "  and y.since <= $3 and y.until > $3) x "
    " order by x.since desc limit 1) b on true "
    "left join lateral ("
    " select min(x.since) as since from ("
    "  select n.since from dnsvigil.state n "
    "  where n.shard = q.shard and n.question = q.question "
    "  union all "
    "  select y.since from dnsvigil.belief y "
    "  where y.shard = q.shard and y.question = q.question) x "
    " where x.since > $3) f on b.since is null "
    "cross join lateral (select "
    " dnsvigil.seen_until(q.every_s, q.phase_ms, q.wait_s, "
    "  greatest(b.since, q.planned_since), least($3, b.last_seen)) as plan) p "
    "left join lateral ("
    " select o.since from dnsvigil.outage o "
    " where o.shard = q.shard and o.question = q.question "
    " and dnsvigil.plan_before(o.since, q.every_s) < p.plan "
    " and (o.until is null or o.until > p.plan) "
    " order by o.since limit 1) o on true "
    "left join lateral ("
    " select max(r.until) as until from dnsvigil.outage r "
    " where r.shard = q.shard and r.question = q.question "
    " and r.until <= least($3, b.last_seen) and r.until > b.since) r on true "
    "cross join lateral (select case when b.since is not null then "
    " greatest(b.since, "
    "  case when b.last_seen <= $3 then b.last_seen end, "
    "  r.until, "
    "  case when o.since is null then p.plan else dnsvigil.seen_until("
    "   q.every_s, q.phase_ms, q.wait_s, greatest(b.since, q.planned_since), "
    "   dnsvigil.plan_before(o.since, q.every_s)) end) end as seen) s "
    "cross join lateral (select least("
    "  case when b.last_seen > $3 then b.last_seen end, "
    "  dnsvigil.seen_after(q.every_s, q.phase_ms, q.wait_s, "
    "   greatest($3, b.since, q.planned_since))) as plan) w "
    "cross join lateral (select "
    "  case when w.plan <= b.last_seen then w.plan end as seen, "
    "  (select min(h.until) from dnsvigil.outage h "
    "   where h.shard = q.shard and h.question = q.question "
    "   and dnsvigil.plan_before(h.since, q.every_s) < w.plan "
    "   and h.until > w.plan and w.plan < b.last_seen) as hidden_until) a "
    "left join dnsvigil.outage e "
    "on e.shard = q.shard and e.question = q.question and e.until is null "
    "where q.shard = $4::integer and q.name_text = $1::text "
    "and ($2::integer is null or q.type = $2) "
    "order by q.type, q.view";

/*
 * $1 since, $2 until, $3 name, $4 type, $5 tag, $6 list, $7 the name's shard,
 * $8 a row for each question, not one for all.
 *
 *   v   when it was to be watched by its present plan, within the window
 *   w   without what the ledger does not know yet: it is an interval behind
 *   s   when it was asked, by the spans, and how often
 *   o   when nothing was seen all the same
 *   c   so how long it was seen, g the longest time in which it was not, and
 *   f   the failure that explains at least half of that
 *   t   when it was given stale answers, h what is left of it without them
 *   e   that long apart are answers that were fetched later than all before,
 *       at most, while it is seen (docs/decisions/fresh-coverage.md)
 */
const char read_sql_coverage[] =
    "with per as materialized ("
    " select q.name_text, q.view, q.type, w.a, w.b, "
    "  coalesce(s.asked, 0) as asked, coalesce(o.failed, 0) as failed, "
    "  c.covered, g.gap, f.fail, e.fetch_s, "
    "  least(h.fresh, c.covered) as fresh, "
    "  least(case when e.fetch_s = q.every_s and t.stale is null "
    "   then c.covered_polls else h.fetches end, c.covered_polls) "
    "   as fetches "
    " from dnsvigil.question q "
    " cross join lateral (select greatest($1, q.planned_since) as a, "
    "  least($2, now(), q.unwatched_at) as b, "
    "  make_interval(secs => q.every_s * 1.25 + 15) as lag) v "
    " left join lateral (select x.to_at from dnsvigil.span x "
    "  where x.every_s = q.every_s and x.from_at <= v.b "
    "  order by x.from_at desc limit 1) l on true "
    " cross join lateral (select v.a, "
    "  case when l.to_at between v.b - v.lag and v.b then l.to_at "
    "   else v.b end as b) w "
    " left join lateral (select "
    "  range_agg(tstzrange(greatest(x.from_at, w.a), least(x.to_at, w.b))) "
    "   as seen, "
    "  sum(case when q.wait_s > 0 then floor(date_part('epoch', "
    "    least(x.to_at, w.b) - greatest(x.from_at, w.a)) / q.wait_s) "
    "   else dnsvigil.plan_number(x.anchor, q.every_s, q.phase_ms, "
    "    least(x.to_at, w.b)) "
    "   - dnsvigil.plan_number(x.anchor, q.every_s, q.phase_ms, "
    "    greatest(x.from_at - interval '1 us', w.a)) end)::bigint as asked "
    "  from dnsvigil.span x where x.every_s = q.every_s "
    "  and x.to_at > w.a and x.from_at < w.b) s on true "
    " left join lateral (select "
    "  range_agg(tstzrange(greatest(y.begun, w.a), "
    "   least(y.until, w.b))) as unseen, "
    "  sum(case when y.since >= w.a and y.until <= w.b then y.count "
    "   else dnsvigil.polls_between(q.every_s, q.phase_ms, "
    "    greatest(y.begun, w.a), least(y.until, w.b)) end)::bigint as failed "
    "  from (select dnsvigil.plan_before(n.since, q.every_s) as begun, "
    "    n.since, coalesce(n.until, 'infinity') as until, n.count "
    "   from dnsvigil.outage n "
    "   where n.shard = q.shard and n.question = q.question) y "
    "  where y.begun < w.b and y.until > w.a) o on true "
    " cross join lateral (select coalesce(s.seen, '{}') "
    "  - coalesce(o.unseen, '{}') as seen) m "
    " left join lateral (select "
    "  range_agg(tstzrange(x.since, coalesce(x.until, 'infinity'))) as stale "
    "  from dnsvigil.stale x "
    "  where x.shard = q.shard and x.question = q.question "
    "  and x.since < w.b and (x.until is null "
    "   or (x.until > x.since and x.until > w.a))) t on true "
    " cross join lateral (select case when q.entry_s = 0 then q.every_s "
    "  when q.wait_s > 0 then q.entry_s + 2 + q.every_s / 10 + q.every_s "
    "  else ((q.entry_s + 2 + q.every_s / 10) / q.every_s + 1) * q.every_s "
    "  end as fetch_s from (select q.every_s::bigint, q.wait_s, "
    "   q.entry_s::bigint) q) e "
    " cross join lateral (select (coalesce(sum(x.s), 0) * 1000000)::bigint "
    "   as covered, "
    "  greatest(coalesce(s.asked, 0) - coalesce(o.failed, 0), 0) "
    "   as covered_polls "
    "  from unnest(m.seen) r "
    "  cross join lateral (select date_part('epoch', upper(r) - lower(r)) "
    "   as s) x) c "
    " cross join lateral (select "
    "  (coalesce(sum(case when e.fetch_s = q.every_s then x.s "
    "   else k.n * q.every_s + greatest(0, x.s - k.n * e.fetch_s "
    "    - (e.fetch_s - q.every_s)) end), 0) * 1000000)::bigint as fresh, "
    "  coalesce(sum(k.n), 0)::bigint as fetches "
    "  from unnest(m.seen - coalesce(t.stale, '{}')) r "
    "  cross join lateral (select date_part('epoch', upper(r) - lower(r)) "
    "   as s) x "
    "  cross join lateral (select floor(x.s / e.fetch_s) as n) k) h "
    " left join lateral (select r as gap "
    "  from unnest(tstzmultirange(tstzrange(w.a, w.b)) - m.seen) r "
    "  order by upper(r) - lower(r) desc, lower(r) limit 1) g on true "
    " left join lateral (select n.fail from dnsvigil.outage n "
    "  where n.shard = q.shard and n.question = q.question "
    "  and least(coalesce(n.until, 'infinity'), upper(g.gap)) "
    "   - greatest(dnsvigil.plan_before(n.since, q.every_s), lower(g.gap)) "
    "   >= (upper(g.gap) - lower(g.gap)) / 2 "
    "  order by n.since limit 1) f on true "
    " where w.a < w.b "
    " and ($7::integer is null or (q.shard = $7 and q.name_text = $3::text)) "
    " and ($4::integer is null or q.type = $4) "
    " and ($5::text is null or $5 = any (q.tags)) "
    " and ($6::text is null or $6 = any (q.lists))) "
    "select p.name_text, p.view, p.type, 1::bigint, p.a, p.b, p.asked, "
    " p.failed, p.covered, "
    " (date_part('epoch', p.b - p.a) * 1000000)::bigint, "
    " lower(p.gap), upper(p.gap), p.fail::integer, p.fresh, p.fetches, "
    " p.fetch_s, (p.fetch_s is null)::integer::bigint "
    "from per p where $8::boolean "
    "union all "
    "select w.name_text, w.view, w.type, t.n, t.a, t.b, t.asked, t.failed, "
    " t.covered, t.counted, lower(w.gap), upper(w.gap), w.fail::integer, "
    " t.fresh, t.fetches, t.fetch_s, t.unknown "
    "from (select count(*) as n, min(p.a) as a, max(p.b) as b, "
    "  sum(p.asked)::bigint as asked, sum(p.failed)::bigint as failed, "
    "  sum(p.covered)::bigint as covered, "
    "  sum((date_part('epoch', p.b - p.a) * 1000000)::bigint)::bigint "
    "   as counted, sum(p.fresh)::bigint as fresh, "
    "  sum(p.fetches)::bigint as fetches, max(p.fetch_s) as fetch_s, "
    "  count(*) filter (where p.fetch_s is null) as unknown from per p) t "
    "cross join lateral (select p.* from per p "
    " order by upper(p.gap) - lower(p.gap) desc nulls last, p.name_text, "
    "  p.type, p.view limit 1) w "
    "where not $8 "
    "order by 1, 3, 2";

/*
 * $1: an id.  Who looks for it does not know its shard, and the keys begin
 * with that: 1024, STORE_SHARDS, looks into an index.
 */
#define ALL_SHARDS                                                             \
	"any (array(select g::smallint from generate_series(0, 1023) g))"

const char read_sql_entries_of[] =
    "select l.seq, l.class, l.body from dnsvigil.log l "
    "where l.shard = " ALL_SHARDS " and l.id = $1::uuid order by l.seq";

/* Of one alert that tells several, or, by its `group`, of all its parts. */
const char read_sql_members_of[] =
    "select l.seq, l.class, l.body from ("
    " select distinct m.shard, m.id, m.revision from dnsvigil.delivery d "
    " cross join lateral unnest(d.member_shard, d.member_id, "
    "  d.member_revision) m (shard, id, revision) "
    " where (d.shard = " ALL_SHARDS " and d.alert = $1::uuid) "
    "  or (d.class = 'group' and d.\"group\"->>'group' = $1::text)) k "
    "join dnsvigil.log l using (shard, id, revision) order by l.seq";

const char read_sql_evidence_of[] =
    "select e.at, e.last_at, e.count, e.ttl, e.flags, e.ede, "
    " e.transport::integer, e.outcome::integer, e.fail::integer, "
    " e.responder, e.\"group\", e.raw "
    "from (select distinct l.shard, l.question from dnsvigil.log l "
    " where l.shard = " ALL_SHARDS " and l.id = $1::uuid "
    " and l.question is not null) k "
    "join dnsvigil.evidence e on e.shard = k.shard "
    " and e.question = k.question and e.change = $1 "
    "order by e.at, e.n";

/* A group's alert has an id of its own: it is younger than its members. */
const char read_sql_deliveries_of[] =
    "select d.sink, d.class, d.revision, d.sink_seq, d.attempt, "
    " d.last_status, d.last_error, d.ended::integer, d.created, d.due, "
    " d.held_by "
    "from dnsvigil.delivery d "
    "where (d.shard = " ALL_SHARDS " and d.alert = $1::uuid) "
    " or (d.class = 'group' and $1 = any (d.member_id)) "
    "order by d.created, d.revision, d.sink";
/* Entries that live as long as an interval or longer. */
const char read_sql_short[] =
    "with listed as materialized ("
    " select l.list, q.name_text, q.type, q.every_s, q.entry_s, "
    "  count(*) over l as of, "
    "  count(*) filter (where q.entry_s >= q.every_s) over l as below, "
    "  row_number() over (partition by l.list order by "
    "   q.entry_s::float8 / q.every_s desc nulls last, q.name_text, q.type, "
    "   q.view) as place "
    " from dnsvigil.question q "
    " cross join lateral unnest(q.lists) l (list) "
    " where q.watched "
    " window l as (partition by l.list)) "
    "select k.list, k.name_text, k.below, k.of, k.type, k.every_s, k.entry_s "
    "from listed k where k.place <= 3 and k.entry_s >= k.every_s "
    "order by k.list, k.place";

/* Words of an array in the body; null where there is none. */
#define WORDS(path, between)                                                   \
	"(select string_agg(x, " between ") from json_array_elements_text("    \
	"case when json_typeof(" path ") = 'array' then " path                 \
	" else '[]' end) x), "

/* What a change came from or to: outcome, records, chain. */
#define SIDE(side)                                                             \
	" l.body->'" side                                                      \
	"'->>'outcome', " WORDS("(l.body->'" side "'->'rdata')", "chr(31)")    \
	    WORDS("(l.body->'" side "'->'chain')", "chr(31)")

/*
 * $1 since, $2 until.  An alert comes to be with its entries or later: what is
 * told of entries of before the end may be younger.
 *
 * Retention takes replies, and alerts that are over; the log stays.  Replies
 * are gone where the entry names witnesses and none of its question is held
 * from about its time.  Alerts may be gone of what is older than the oldest
 * that is over, unless no sink ever took one.
 */
/* clang-format off */
const char read_sql_judged[] =
    "with told as materialized ("
    " select t.id, t.revision, "
    "  string_agg(t.sink, ' ' order by t.sink) "
    "   filter (where not t.held) as sent, "
    "  string_agg(t.sink, ' ' order by t.sink) "
    "   filter (where t.held) as held "
    " from (select m.id, m.revision, d.sink, bool_and(d.ended = 3) as held "
    "  from dnsvigil.delivery d "
    "  cross join lateral unnest(d.member_id, d.member_revision) "
    "   m (id, revision) "
    "  where d.created >= $1 and ($2 is null "
    "   or d.created < $2 + interval '2 hours') "
    "  group by m.id, m.revision, d.sink) t "
    " group by t.id, t.revision), "
    "kept as materialized ("
    " select min(d.created) as since, "
    "  not exists (select from dnsvigil.sink) as always "
    " from dnsvigil.delivery d where d.ended in (1, 2, 5)) "
    "select l.seq, l.at, l.id, l.revision, l.event, l.kind::integer, l.type, "
    " l.severity::integer, l.label::integer, l.name, l.view, " WORDS(
	"(l.body->'aspects')", "' '") " l.body->>'proved', "
    " (l.body->>'novel')::boolean, s.seen_at, " SIDE("from") SIDE("to")
    " t.sent, t.held, "
    " case when json_typeof(l.body->'witnesses') = 'array' "
    "  then json_array_length(l.body->'witnesses') > 0 else false end "
    " and l.question is not null "
    " and not exists (select from dnsvigil.evidence e "
    "  where e.shard = l.shard and e.question = l.question "
    "  and e.change = l.id "
    "  and e.at > coalesce(s.seen_at, l.at) - interval '1 day' "
    "  and e.at < l.at + interval '1 day'), "
    " t.id is null and not k.always "
    "  and l.at < coalesce(k.since, 'infinity') "
    "from dnsvigil.log l "
    "cross join kept k "
    "cross join lateral (select "
    " (l.body->>'seen_at')::timestamptz as seen_at) s "
    "left join told t on t.id = l.id and t.revision = l.revision "
    "where l.at >= $1 and ($2 is null or l.at < $2) "
    "and l.class in ('change', 'event') order by l.seq";
/* clang-format on */

/* Also of what is not watched any more. */
const char read_sql_asked[] = "select q.question from dnsvigil.question q";

const char read_sql_judged_names[] =
    "select distinct l.name from dnsvigil.log l "
    "where l.at >= $1 and ($2::timestamptz is null or l.at < $2) "
    "and l.class in ('change', 'event') and l.name <> ''";

const char read_sql_inside_pools[] =
    "select coalesce(sum(p.answers), 0)::bigint from dnsvigil.pool_day p "
    "where p.day >= ($1 at time zone 'UTC')::date "
    "and ($2::timestamptz is null "
    " or p.day <= ($2 at time zone 'UTC')::date)";
