/* SPDX-License-Identifier: ISC */
/*
 * statement_outbox -- deliveries: how they come into being, are held, claimed
 * and ended.  The rules are those of statement.c.
 */

#include "statement.h"

/*
 * What a silence holds stands in no queue.  A later revision of what is held
 * is held with it: it would come before what it corrects.  What is gathered
 * has the number of its batch, so that another process lets it go.
 */
const char statement_delivery[] =
    "insert into dnsvigil.delivery (seq, shard, alert, revision, sink,"
    " class, name, \"group\", created, due, attempt, last_status,"
    " last_error, ended, claimed, held_by, member_shard, member_id,"
    " member_revision)"
    " select nextval('dnsvigil.delivery_seq'), d.shard, d.alert,"
    " d.revision, d.sink, d.class, d.name, d.\"group\"::json, d.created,"
    " case when d.queued and d.place = 1 and not exists ("
    "  select from dnsvigil.delivery w"
    "  where w.sink = d.sink and w.name = d.name and w.ended = 0)"
    "  then d.created else 'infinity' end,"
    " 0, 0, '', case when d.held_by is not null then 3"
    "  when d.gathered then 4 else 0 end,"
    " case when d.gathered and d.held_by is null then ("
    "  select w.batch from dnsvigil.writer w) end, d.held_by,"
    " $12[d.z - d.n + 1 : d.z], $13[d.z - d.n + 1 : d.z],"
    " $14[d.z - d.n + 1 : d.z]"
    " from (select k.*,"
    "  sum(k.n) over (order by k.row rows unbounded preceding)::int as z,"
    "  k.held_by is null and not k.gathered as queued,"
    "  row_number() over (partition by k.sink, k.name,"
    "   k.held_by is null and not k.gathered order by k.row) as place"
    "  from (select u.shard, u.alert, u.revision, u.sink, u.class, u.name,"
    "   u.\"group\", u.n, u.created, u.gathered, u.row,"
    "   coalesce(u.held_by, ("
    "    select e.held_by from dnsvigil.delivery e"
    "    where e.shard = u.shard and e.alert = u.alert"
    "    and e.revision < u.revision and e.sink = u.sink and e.ended = 3"
    "    order by e.revision desc limit 1)) as held_by"
    "   from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    "    with ordinality u (shard, alert, revision, sink, class, name,"
    "    \"group\", n, created, held_by, gathered, row)) k"
    "  order by k.row) d";

/*
 * What is held by none of these silences takes its place in the queue of its
 * name, which is before what came later and is not on its way yet.
 */
const char statement_unhold[] =
    "with held as materialized ("
    " select d.shard, d.alert, d.revision, d.sink, d.name,"
    "  row_number() over (partition by d.sink, d.name order by d.seq)"
    "   as place"
    " from (select u.names::text[] as names"
    "  from unnest($1) with ordinality u (names, row)"
    "  order by u.row desc limit 1) k"
    " join dnsvigil.delivery d"
    "  on d.ended = 3 and d.held_by <> all (k.names))"
    " update dnsvigil.delivery d"
    " set ended = 0,"
    " due = case when h.place = 1 and not exists ("
    "  select from dnsvigil.delivery w"
    "  where w.sink = h.sink and w.name = h.name and w.ended = 0)"
    "  then d.created else 'infinity' end"
    " from held h"
    " where d.shard = h.shard and d.alert = h.alert"
    " and d.revision = h.revision and d.sink = h.sink";

/* Told by another alert. */
const char statement_gathered[] =
    "update dnsvigil.delivery d"
    " set ended = 5"
    " from unnest($1, $2, $3, $4) k (shard, alert, revision, sink)"
    " where d.shard = k.shard and d.alert = k.alert"
    " and d.revision = k.revision and d.sink = k.sink and d.ended = 4";

const char statement_finished[] =
    "update dnsvigil.delivery d"
    " set ended = k.ended,"
    " due = case when k.ended = 0 then k.next else d.due end,"
    " claimed = null,"
    " last_status = k.status,"
    " last_error = k.error"
    " from unnest($1, $2, $3, $4, $5, $6, $7, $8)"
    "  k (shard, alert, revision, sink, ended, next, status, error)"
    " where d.shard = k.shard and d.alert = k.alert"
    " and d.revision = k.revision and d.sink = k.sink and d.ended = 0";

/* The one behind a finished one moves up. */
const char statement_next[] =
    "update dnsvigil.delivery d"
    " set due = d.created"
    " from (select distinct k.sink, k.name"
    "  from unnest($1, $2, $3) k (sink, name, ended)"
    "  where k.ended <> 0) f"
    " cross join lateral ("
    "  select w.shard, w.alert, w.revision"
    "  from dnsvigil.delivery w"
    "  where w.sink = f.sink and w.name = f.name and w.ended = 0"
    "  order by w.seq"
    "  limit 1) h"
    " where d.shard = h.shard and d.alert = h.alert"
    " and d.revision = h.revision and d.sink = f.sink"
    " and d.due = 'infinity'";

/*
 * $1 sink, $2 now, $3 how many, $4 the first batch of this process (older
 * claims are forgotten), $5 this batch.  A later revision of a group's
 * alert has all members of the earlier ones, each by its latest.
 */
const char statement_claim[] =
    "with head as materialized ("
    " select d.shard, d.alert, d.revision, d.seq,"
    "  sum(case when d.sink_seq is null then 1 else 0 end)"
    "   over (order by d.seq) as n"
    " from (select * from dnsvigil.delivery d"
    "  where d.sink = $1 and d.ended = 0 and d.due <= $2"
    "  and (d.claimed is null or d.claimed < $4)"
    "  order by d.due, d.seq"
    "  limit $3) d),"
    " fresh as materialized ("
    " select coalesce(max(h.n), 0) as n from head h),"
    " numbered as ("
    " insert into dnsvigil.sink as s (name, last_seq)"
    " select $1, f.n from fresh f where f.n > 0"
    " on conflict (name) do update"
    " set last_seq = s.last_seq + excluded.last_seq"
    " returning last_seq),"
    " taken as ("
    " update dnsvigil.delivery d"
    " set attempt = d.attempt + 1,"
    " claimed = $5,"
    " sink_seq = coalesce(d.sink_seq, b.base + h.n),"
    " prev_sink_seq = coalesce(d.prev_sink_seq, b.base + h.n - 1)"
    " from head h"
    " left join (select n.last_seq - f.n as base"
    "  from numbered n, fresh f) b on true"
    " where d.shard = h.shard and d.alert = h.alert"
    " and d.revision = h.revision and d.sink = $1"
    " returning d.*)"
    " select t.shard, t.alert, t.revision, t.class, t.name,"
    " t.\"group\"::text, t.sink_seq, t.prev_sink_seq, t.attempt,"
    " t.created, l.seq, l.body::text"
    " from taken t"
    " cross join lateral ("
    "  select distinct on (m.id) m.shard, m.id, m.revision"
    "  from dnsvigil.delivery e"
    "  cross join lateral unnest(e.member_shard, e.member_id,"
    "   e.member_revision) m (shard, id, revision)"
    "  where e.shard = t.shard and e.alert = t.alert and e.sink = t.sink"
    "  and e.revision <= t.revision"
    "  order by m.id, m.revision desc) m"
    /* By each member, whatever the log's size is thought to be. */
    " left join lateral ("
    "  select o.seq, o.body from dnsvigil.log o"
    "  where o.shard = m.shard and o.id = m.id"
    "  and o.revision = m.revision offset 0) l on true"
    " order by t.seq, l.seq";
