/* SPDX-License-Identifier: ISC */
/*
 * statement -- all traffic with the database at a glance, with
 * statement_plain.c, statement_rare.c and statement_outbox.c.
 *
 * Inside a batch the order of the statements is fixed, so the rows of one
 * question may come from several items only where that order is theirs
 * (batch.c, lanes).  Every name is qualified and search_path is pg_catalog
 * alone: nobody's object can stand in for ours.  Joins carry shard.
 *
 * Lists inside a row travel in two ways.  Texts (tags) as one array literal,
 * which is data and is cast; uuids as counts per row with all members in a
 * column of their own, from which a slice is taken: an index range on fixed
 * size elements, whatever plan is chosen.
 */

#include <string.h>

#include "array.h"
#include "base/err.h"
#include "statement.h"

/*
 * Q question    shard question name name_text type view watched every_s
 *               phase_ms wait_s attributes tags lists owner runbook at
 *               entry_s
 * U listed      shard name lists at found_gone first_reported ends
 * S state       shard question server outcome content hash ttl at
 * C candidate   shard question server change seen_at outcome content hash
 * E evidence    shard question server change hash at last_at n count ttl
 *               flags ede transport outcome fail responder group nsid sha256
 *               raw
 * R record      shard question server link record pivot first last count
 *               rrtype outcome in_chain believed owner owner_text rdata
 *               rdata_text
 * D decision    shard question server change revision believed doubted at
 *               from_seen since last_seen outcome content hash ttl n_keep
 *               from_ttl
 * K keep        link
 * G gone        shard question server link from_seen
 * L log         shard question server at id revision type kind severity
 *               label class event name view lists tags body
 * V delivery    shard alert revision sink class name group n_members created
 *               held_by gathered
 * M member      shard id revision
 * O outage      shard question server since until count fail told bogus
 * W stale       shard question since until
 * X settled     shard question server change
 * P span        every_s anchor from to started
 * Y seen        shard question server at
 * A attribute   shard question server noted at
 * I signed      shard question server told since at
 * H pool_day    shard question day answers counts
 * Z holding     names
 * T gathered    shard alert revision sink
 * F finished    shard alert revision sink name ended next status error
 *
 * Rows that COPY takes, in the order of its columns (statement_first()); in
 * them T is a text[]:
 *
 * N question    shard question name name_text type view watched every_s
 *               phase_ms wait_s attributes tags lists owner runbook
 *               watched_since planned_since entry_s entry_at
 * B state       shard question server outcome content hash policy ttl since
 *               last_seen
 * J record      as R
 * l listed      shard name list since first_reported ends
 */
static const struct {
	char letter;
	const char *columns;
} groups[N_GROUPS] = {
    [GROUP_QUESTION] = {'Q', "hubtitoiiilttttzi"},
    [GROUP_LISTED] = {'U', "httzott"},
    [GROUP_STATE] = {'S', "huihbuiz"},
    [GROUP_CANDIDATE] = {'C', "huiuzhbu"},
    [GROUP_EVIDENCE] = {'E', "huiuuzzliiiihhhttbbb"},
    [GROUP_RECORD] = {'R', "huiuuuzzlihoobtbt"},
    [GROUP_DECISION] = {'D', "huiuioozzzzhbuiii"},
    [GROUP_KEEP] = {'K', "u"},
    [GROUP_GONE] = {'G', "huiuz"},
    [GROUP_LOG] = {'L', "huizuiihhhttttttt"},
    [GROUP_DELIVERY] = {'V', "huittttizto"},
    [GROUP_MEMBER] = {'M', "hui"},
    [GROUP_OUTAGE] = {'O', "huizzihob"},
    [GROUP_STALE] = {'W', "huzz"},
    [GROUP_SETTLED] = {'X', "huiu"},
    [GROUP_SPAN] = {'P', "izzzo"},
    [GROUP_SEEN] = {'Y', "huiz"},
    [GROUP_ATTRIBUTE] = {'A', "huibz"},
    [GROUP_SIGNED] = {'I', "huihzz"},
    [GROUP_POOL_DAY] = {'H', "huzit"},
    [GROUP_HOLDING] = {'Z', "t"},
    [GROUP_GATHERED] = {'T', "huit"},
    [GROUP_FINISHED] = {'F', "huitthzit"},
    [GROUP_FIRST_QUESTION] = {'N', "hubtitoiiilTTttzziz"},
    [GROUP_FIRST_STATE] = {'B', "huihbuhizz"},
    [GROUP_FIRST_RECORD] = {'J', "huiuuuzzlihoobtbt"},
    [GROUP_FIRST_LISTED] = {'l', "httzzz"},
};

static const struct statement statements[N_STATEMENTS] = {
    [WRITE_BEGIN] = {"begin", SIDE_WRITE, "", "begin"},
    [WRITE_COMMIT] = {"commit", SIDE_WRITE, "", "commit"},
    [WRITE_ROLLBACK] = {"rollback", SIDE_WRITE, "", "rollback"},
    [WRITE_CHECK] = {"check", SIDE_WRITE, "$l,$l",
	"select dnsvigil.begin_write($1, $2)"},

    /* Before a question is planned otherwise, what the ledger says of it by
     * the old plan is written down. */
    [WRITE_QUESTION_SETTLE] = {"question_settle", SIDE_WRITE,
	"Q0,Q1,Q6,Q7,Q8,Q9",
	"with changed as materialized ("
	" select q.shard, q.question"
	" from unnest($1, $2, $3, $4, $5, $6)"
	"  k (shard, question, watched, every_s, phase_ms, wait_s)"
	" join dnsvigil.question q"
	"  on q.shard = k.shard and q.question = k.question"
	" where q.watched"
	" and (not k.watched or q.every_s <> k.every_s"
	"  or q.phase_ms <> k.phase_ms or q.wait_s <> k.wait_s)),"
	" brought as ("
	" update dnsvigil.state s"
	" set last_seen = n.last_seen"
	" from changed c"
	" join dnsvigil.state_now n"
	"  on n.shard = c.shard and n.question = c.question"
	" where s.shard = n.shard and s.question = n.question"
	" and s.server = n.server and n.last_seen is not null)"
	" update dnsvigil.record_now r"
	" set last_seen = n.last_seen, count = n.count"
	" from changed c"
	" join dnsvigil.interval_now n"
	"  on n.shard = c.shard and n.question = c.question"
	" where r.shard = n.shard and r.question = n.question"
	" and r.server = n.server and r.link = n.link and r.believed"},

    [WRITE_QUESTION_PUT] = {"question_put", SIDE_WRITE,
	"Q0,Q1,Q2,Q3,Q4,Q5,Q6,Q7,Q8,Q9,Q10,Q11,Q12,Q13,Q14,Q15,"
	"Q16",
	"insert into dnsvigil.question as q (shard, question, name,"
	" name_text, type, view, watched, every_s, phase_ms, wait_s,"
	" attributes, tags, lists, owner, runbook, watched_since, "
	"planned_since,"
	" unwatched_at, entry_s, entry_at)"
	" select k.shard, k.question, k.name, k.name_text, k.type, k.view,"
	" k.watched, k.every_s, k.phase_ms, k.wait_s, k.attributes,"
	" k.tags::text[], k.lists::text[], k.owner, k.runbook, k.at, k.at,"
	" case when not k.watched then k.at end,"
	" k.entry_s, case when k.entry_s is not null then k.at end"
	" from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	"  $13, $14, $15, $16, $17)"
	"  k (shard, question, name, name_text, type, view, watched,"
	"  every_s, phase_ms, wait_s, attributes, tags, lists, owner, runbook, "
	"at, entry_s)"
	" on conflict (shard, question) do update"
	" set watched = excluded.watched,"
	" every_s = excluded.every_s,"
	" phase_ms = excluded.phase_ms,"
	" wait_s = excluded.wait_s,"
	" attributes = excluded.attributes,"
	" tags = excluded.tags,"
	" lists = excluded.lists,"
	" owner = excluded.owner,"
	" runbook = excluded.runbook,"
	" watched_since = case when excluded.watched and not q.watched"
	"  then excluded.watched_since else q.watched_since end,"
	" planned_since = case when q.watched <> excluded.watched"
	"  or q.every_s <> excluded.every_s"
	"  or q.phase_ms <> excluded.phase_ms"
	"  or q.wait_s <> excluded.wait_s"
	"  then excluded.planned_since else q.planned_since end,"
	" unwatched_at = case when excluded.watched then null"
	"  when q.watched then excluded.unwatched_at"
	"  else q.unwatched_at end,"
	" entry_s = case when q.every_s <> excluded.every_s"
	"  then excluded.entry_s"
	"  else greatest(q.entry_s, excluded.entry_s) end,"
	/* When the larger one was seen: a smaller one is not of its content. */
	" entry_at = case when q.every_s <> excluded.every_s"
	"  or excluded.entry_s > q.entry_s or q.entry_s is null"
	"  then excluded.entry_at else q.entry_at end"},

    [WRITE_LEFT] = {"left", SIDE_WRITE, "U0,U1,U2,U3,U4", statement_left},
    [WRITE_JOINED] = {"joined", SIDE_WRITE, "U0,U1,U2,U3,U5,U6",
	statement_joined},

    [WRITE_BASELINE] = {"baseline", SIDE_WRITE, "S0,S1,S2,S3,S4,S5,S6,S7",
	"insert into dnsvigil.state (shard, question, server, outcome,"
	" content, content_hash, policy, ttl, since, last_seen)"
	" select k.shard, k.question, k.server, k.outcome, k.content,"
	" k.hash, 1, k.ttl, k.at, k.at"
	" from unnest($1, $2, $3, $4, $5, $6, $7, $8)"
	"  k (shard, question, server, outcome, content, hash, ttl, at)"},

    /* Another change follows a doubted one (R15). */
    [WRITE_CANDIDATE_FOLLOW] = {"candidate_follow", SIDE_WRITE, "C0,C1,C2",
	"delete from dnsvigil.candidate c"
	" using unnest($1, $2, $3) k (shard, question, server)"
	" where c.shard = k.shard and c.question = k.question"
	" and c.server = k.server and c.phase = 2"},

    [WRITE_CANDIDATE_OPEN] = {"candidate_open", SIDE_WRITE,
	"C0,C1,C2,C3,C4,C5,C6,C7",
	"insert into dnsvigil.candidate (shard, question, server, change,"
	" revision, phase, seen_at, outcome, content, content_hash)"
	" select k.shard, k.question, k.server, k.change, 0, 1, k.seen_at,"
	" k.outcome, k.content, k.hash"
	" from unnest($1, $2, $3, $4, $5, $6, $7, $8)"
	"  k (shard, question, server, change, seen_at, outcome, content,"
	"  hash)"},

    [WRITE_EVIDENCE] = {"evidence", SIDE_WRITE,
	"E0,E1,E2,E3,E4,E5,E6,E7,E8,E9,E10,E11,E12,E13,E14,E15,E16,E17,E18,"
	"E19",
	"insert into dnsvigil.evidence (shard, question, server, change,"
	" content_hash, at, last_at, n, count, ttl, flags, ede, transport,"
	" outcome, fail, responder, \"group\", nsid, sha256, raw)"
	" select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	"  $12, $13, $14, $15, $16, $17, $18, $19, $20)"},

    /* An interval is opened, or prolonged by replies that were kept.  What
     * the ledger holds for it up to the first of those is added first. */
    [WRITE_RECORD_PUT] = {"record_put", SIDE_WRITE,
	"R0,R1,R2,R3,R4,R5,R6,R7,R8,R9,R10,R11,R12,R13,R14,R15,R16",
	"insert into dnsvigil.record_now as r (shard, question, server,"
	" link, record, pivot, first_seen, last_seen, count, rrtype,"
	" outcome, in_chain, believed, owner, owner_text, rdata, rdata_text)"
	" select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	"  $12, $13, $14, $15, $16, $17)"
	" on conflict (shard, question, server, link) do update"
	" set first_seen = least(r.first_seen, excluded.first_seen),"
	" last_seen = greatest(r.last_seen, excluded.last_seen),"
	" count = r.count + excluded.count + case"
	"  when r.believed and excluded.first_seen > r.last_seen then"
	"  dnsvigil.sightings(r.shard, r.question, r.server, r.last_seen,"
	"  excluded.first_seen, true) else 0 end,"
	" believed = r.believed or excluded.believed"},

    /* Not by a later decision of the change that made the state.  Equal times
     * (the clock stood or stepped) lose an empty interval, not the decision. */
    [WRITE_BELIEF_CLOSE] = {"belief_close", SIDE_WRITE,
	"D0,D1,D2,D3,D5,D8,D9,D16",
	"insert into dnsvigil.belief (shard, question, server, since, until,"
	" last_seen, outcome, content, content_hash, policy, ttl, change)"
	" select s.shard, s.question, s.server, s.since,"
	" greatest(k.since, s.since), greatest(s.last_seen, k.from_seen),"
	" s.outcome, s.content, s.content_hash, s.policy,"
	" greatest(s.ttl, k.from_ttl), s.change"
	" from unnest($1, $2, $3, $4, $5, $6, $7, $8)"
	"  k (shard, question, server, change, believed, from_seen, since,"
	"  from_ttl)"
	" join dnsvigil.state s"
	"  on s.shard = k.shard and s.question = k.question"
	"  and s.server = k.server"
	" where k.believed and s.change is distinct from k.change"
	" on conflict do nothing"},

    [WRITE_STATE_PUT] = {"state_put", SIDE_WRITE,
	"D0,D1,D2,D3,D5,D9,D10,D11,D12,D13,D14",
	"insert into dnsvigil.state (shard, question, server, outcome,"
	" content, content_hash, policy, ttl, since, last_seen, change)"
	" select k.shard, k.question, k.server, k.outcome, k.content,"
	" k.hash, 1, k.ttl, k.since, k.last_seen, k.change"
	" from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	"  k (shard, question, server, change, believed, since, last_seen,"
	"  outcome, content, hash, ttl)"
	" where k.believed"
	" on conflict (shard, question, server) do update"
	" set outcome = excluded.outcome,"
	" content = excluded.content,"
	" content_hash = excluded.content_hash,"
	" policy = excluded.policy,"
	" ttl = excluded.ttl,"
	" since = excluded.since,"
	" last_seen = excluded.last_seen,"
	" change = excluded.change"},

    /* As sightings() would count, but for all rows at once: this statement
     * runs for every change. */
    [WRITE_RECORD_CLOSE] = {"record_close", SIDE_WRITE, "D0,D1,D2,D7,D8,D15,K0",
	"with gone as ("
	" delete from dnsvigil.record_now r"
	" using ("
	"  select k.*,"
	"  sum(k.n) over (order by k.row rows unbounded preceding)::int as z"
	"  from unnest($1, $2, $3, $4, $5, $6) with ordinality"
	"   k (shard, question, server, at, from_seen, n, row)) d"
	" where r.shard = d.shard and r.question = d.question"
	" and r.server = d.server"
	" and r.link <> all ($7[d.z - d.n + 1 : d.z])"
	" returning r.*, d.at, case when r.believed"
	"  and d.from_seen > r.last_seen then d.from_seen end as seen)"
	" insert into dnsvigil.record_past (shard, question, server, link,"
	" record, pivot, first_seen, last_seen, closed_at, count, rrtype,"
	" outcome, in_chain, believed, owner, owner_text, rdata, rdata_text)"
	" select g.shard, g.question, g.server, g.link, g.record, g.pivot,"
	" g.first_seen, coalesce(g.seen, g.last_seen), g.at,"
	" greatest(g.count, 1) + greatest(0, coalesce(p.n, 0)"
	"  - coalesce(f.n, 0)),"
	" g.rrtype, g.outcome, g.in_chain, g.believed, g.owner,"
	" g.owner_text, g.rdata, g.rdata_text"
	" from gone g"
	" left join dnsvigil.question q"
	"  on q.shard = g.shard and q.question = g.question and q.watched"
	" left join lateral ("
	"  select sum(greatest(0, case when q.wait_s > 0 then"
	"    floor(date_part('epoch', least(s.to_at, g.seen)"
	"     - greatest(s.from_at, g.last_seen, q.planned_since))"
	"     / q.wait_s)"
	"   else floor(((date_part('epoch',"
	"    least(s.to_at, g.seen) - s.anchor) * 1000000)::bigint"
	"    - q.phase_ms * 1000::bigint) / (q.every_s * 1e6::float8))"
	"   - greatest(-1, floor(((date_part('epoch',"
	"    greatest(s.from_at - interval '1 us', g.last_seen,"
	"    q.planned_since) - s.anchor) * 1000000)::bigint"
	"    - q.phase_ms * 1000::bigint) / (q.every_s * 1e6::float8)))"
	"   end))::bigint as n"
	"  from dnsvigil.span s"
	"  where s.every_s = q.every_s and s.from_at <= g.seen"
	"  and s.to_at > g.last_seen and s.from_at >= coalesce(("
	"   select max(e.from_at) from dnsvigil.span e"
	"   where e.every_s = q.every_s"
	"   and e.from_at <= g.last_seen), '-infinity')) p"
	"  on g.seen is not null"
	" left join lateral ("
	"  select sum(o.count) as n from dnsvigil.outage o"
	"  where o.shard = g.shard and o.question = g.question"
	"  and o.server = g.server and o.since > g.last_seen"
	"  and o.since <= g.seen) f on g.seen is not null"
	" on conflict do nothing"},

    /* Kept open though no longer believed: the ledger stops for it. */
    [WRITE_RECORD_GONE] = {"record_gone", SIDE_WRITE, "G0,G1,G2,G3,G4",
	"update dnsvigil.record_now r"
	" set believed = false,"
	" last_seen = greatest(r.last_seen, k.from_seen),"
	" count = r.count + case when k.from_seen > r.last_seen"
	"  then dnsvigil.sightings(r.shard, r.question, r.server,"
	"   r.last_seen, k.from_seen, false) else 0 end"
	" from unnest($1, $2, $3, $4, $5)"
	"  k (shard, question, server, link, from_seen)"
	" where r.shard = k.shard and r.question = k.question"
	" and r.server = k.server and r.link = k.link and r.believed"},

    [WRITE_CANDIDATE_END] = {"candidate_end", SIDE_WRITE, "D0,D1,D2,D3,D4,D6",
	"with k as materialized ("
	" select * from unnest($1, $2, $3, $4, $5, $6)"
	"  k (shard, question, server, change, revision, doubted)),"
	" gone as ("
	" delete from dnsvigil.candidate c"
	" using k"
	" where c.shard = k.shard and c.question = k.question"
	" and c.server = k.server and c.change = k.change"
	" and not k.doubted)"
	" update dnsvigil.candidate c"
	" set phase = 2, revision = k.revision"
	" from k"
	" where c.shard = k.shard and c.question = k.question"
	" and c.server = k.server and c.change = k.change"
	" and k.doubted"},

    [WRITE_OUTAGE] = {"outage", SIDE_WRITE, "O0,O1,O2,O3,O4,O5,O6,O7,O8",
	"insert into dnsvigil.outage (shard, question, server, since, until,"
	" count, fail, told, bogus)"
	" select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	" on conflict (shard, question, server, since) do update"
	" set until = excluded.until,"
	/* A restart counts from one again. */
	" count = greatest(outage.count, excluded.count),"
	" fail = excluded.fail,"
	" told = excluded.told,"
	" bogus = coalesce(excluded.bogus, outage.bogus)"},

    [WRITE_STALE] = {"stale", SIDE_WRITE, "W0,W1,W2,W3", statement_stale},

    [WRITE_SETTLED] = {"settled", SIDE_WRITE, "X0,X1,X2,X3",
	"delete from dnsvigil.candidate c"
	" using unnest($1, $2, $3, $4) k (shard, question, server, change)"
	" where c.shard = k.shard and c.question = k.question"
	" and c.server = k.server and c.change = k.change and c.phase = 2"},

    [WRITE_SPAN] = {"span", SIDE_WRITE, "P0,P1,P2,P3,P4",
	"insert into dnsvigil.span as p (every_s, anchor, from_at, to_at,"
	" started)"
	" select k.every_s, k.anchor, k.from_at, max(k.to_at),"
	" bool_and(k.started)"
	" from unnest($1, $2, $3, $4, $5)"
	"  k (every_s, anchor, from_at, to_at, started)"
	" group by k.every_s, k.anchor, k.from_at"
	" on conflict (every_s, anchor, from_at) do update"
	" set to_at = greatest(p.to_at, excluded.to_at)"},

    [WRITE_SEEN] = {"seen", SIDE_WRITE, "Y0,Y1,Y2,Y3", statement_seen},

    [WRITE_ATTRIBUTE] = {"attribute", SIDE_WRITE, "A0,A1,A2,A3,A4",
	"insert into dnsvigil.attribute (shard, question, server, noted, at)"
	" select * from unnest($1, $2, $3, $4, $5)"
	" on conflict (shard, question, server) do update"
	" set noted = excluded.noted, at = excluded.at"},

    [WRITE_SIGNED] = {"signed", SIDE_WRITE, "I0,I1,I2,I3,I4,I5",
	"insert into dnsvigil.attribute (shard, question, server, noted,"
	" signed_told, signed_since, at)"
	" select k.shard, k.question, k.server, ''::bytea, k.told, k.since, "
	"k.at"
	" from unnest($1, $2, $3, $4, $5, $6)"
	"  k (shard, question, server, told, since, at)"
	" on conflict (shard, question, server) do update"
	" set signed_told = excluded.signed_told,"
	" signed_since = excluded.signed_since, at = excluded.at"},

    [WRITE_POOL_DAY] = {"pool_day", SIDE_WRITE, "H0,H1,H2,H3,H4",
	statement_pool_day},

    /* The lock is held until the commit and the numbers are taken under it,
     * so that they become visible in their order.  'log' in ASCII. */
    [WRITE_LOG] = {"log", SIDE_WRITE,
	"L0,L1,L2,L3,L4,L5,L6,L7,L8,L9,L10,L11,L12,L13,L14,L15,L16",
	"with held as materialized ("
	" select pg_advisory_xact_lock(7106407))"
	" insert into dnsvigil.log (seq, shard, question, server, at, id,"
	" revision, type, kind, severity, label, class, event, name, view,"
	" lists, tags, body)"
	" select nextval('dnsvigil.log_seq'), k.shard, k.question, k.server,"
	" k.at, k.id, k.revision, k.type, k.kind, k.severity, k.label,"
	" k.class, k.event, k.name, k.view, k.lists::text[], k.tags::text[],"
	" k.body::json"
	" from held, unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	"  $12, $13, $14, $15, $16, $17)"
	"  k (shard, question, server, at, id, revision, type, kind,"
	"  severity, label, class, event, name, view, lists, tags, body)"
	" returning seq"},

    [WRITE_DELIVERY] = {"delivery", SIDE_WRITE,
	"V0,V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,M0,M1,M2", statement_delivery},

    [WRITE_FINISHED] = {"finished", SIDE_WRITE, "F0,F1,F2,F3,F5,F6,F7,F8",
	statement_finished},

    [WRITE_GATHERED] = {"gathered", SIDE_WRITE, "T0,T1,T2,T3",
	statement_gathered},

    [WRITE_UNHOLD] = {"unhold", SIDE_WRITE, "Z0", statement_unhold},

    [WRITE_NEXT] = {"next", SIDE_WRITE, "F3,F4,F5", statement_next},

    /* A claim that was committed but whose answer was lost. */
    [WRITE_RELEASE] = {"release", SIDE_WRITE, "$l",
	"update dnsvigil.delivery d"
	" set claimed = null, attempt = d.attempt - 1"
	" where d.claimed = $1 and d.ended = 0"},

    [WRITE_CLAIM] = {"claim", SIDE_WRITE, "$t,$z,$i,$l,$l", statement_claim},

    /* $1: days of retention, 0: none. */
    [WRITE_MAINTAIN] = {"maintain", SIDE_WRITE, "$i",
	"select dnsvigil.ensure_partitions(), case when $1 > 0 then"
	" dnsvigil.drop_before(now() - make_interval(days => $1)) else 0"
	" end, dnsvigil.default_rows()"},

    /*
     * Of a doubted change also the alert that told it, and what else is in
     * that.  $4: when the reply that differs came; $5, $6: a day before the
     * first of these and behind the last, so that the partitions of other
     * months are not even opened.  What was believed before ended when the
     * present state began: that is looked for only where this is of today.
     * last_seen from the newest span that began by then, as
     * statement_load does; the function is asked where that cannot answer.
     */
    [READ_STATE] = {"state", SIDE_READ, "$H,$U,$I,$Z,$U,$z,$z",
	"select k.row, s.content, s.ttl, s.since,"
	" case"
	" when s.last_seen is null or not q.watched then s.last_seen"
	" when n.from_at is null then s.last_seen"
	" when (q.wait_s = 0 and n.us < q.phase_ms * 1000::bigint)"
	"  or n.anchor + x.us * interval '1 us' < n.from_at then"
	"  greatest(s.last_seen, dnsvigil.seen_until(q.every_s, q.phase_ms,"
	"   q.wait_s, greatest(s.last_seen, q.planned_since), t.at))"
	" when n.anchor + x.us * interval '1 us' > q.planned_since then"
	"  greatest(s.last_seen, n.anchor + x.us * interval '1 us')"
	" else s.last_seen end,"
	" s.change, c.phase, c.change, ("
	"  select count(distinct x.hash)::int"
	"  from (select s.content_hash as hash"
	"   union all"
	"   select b.content_hash from dnsvigil.belief b"
	"   where b.shard = k.shard and b.question = k.question"
	"   and b.server = k.server and b.until > k.at - interval '1 day'"
	"   and b.until > $6 and b.until <= $7 and s.change is not null"
	"   and s.since > k.at - interval '1 day'"
	"   union all"
	"   select e.content_hash from dnsvigil.evidence e"
	"   where e.shard = k.shard and e.question = k.question"
	"   and e.server = k.server and e.at > k.at - interval '1 day'"
	"   and e.at > $6 and e.at <= $7 and e.content_hash is not null) x),"
	" c.seen_at, c.content,"
	" case when c.phase = 2 then ("
	"  select b.content from dnsvigil.belief b"
	"  where b.shard = k.shard and b.question = k.question"
	"  and b.server = k.server"
	"  order by b.until desc limit 1) end,"
	" a.alert, a.revision, a.kind, g.n, g.severity, g.label, ("
	"  select e.responder from dnsvigil.evidence e"
	"  where e.shard = k.shard and e.question = k.question"
	"  and e.server = k.server and e.change = c.change"
	"  and e.at >= c.seen_at and e.content_hash = case"
	"   when c.phase = 1 then c.content_hash else s.content_hash end"
	"  order by e.at, e.n limit 1), p.ttl,"
	" case when 'hostile' = any (q.tags) then ("
	"  select v.noted from dnsvigil.attribute v"
	"  where v.shard = k.shard and v.question = k.question"
	"  and v.server = 7) end" /* STORE_SERVER_LIFE */
	" from unnest($1, $2, $3, $4, $5) with ordinality"
	"  k (shard, question, server, at, seen, row)"
	" join dnsvigil.question q"
	"  on q.shard = k.shard and q.question = k.question"
	" left join dnsvigil.state s"
	"  on s.shard = k.shard and s.question = k.question"
	"  and s.server = k.server"
	" left join dnsvigil.candidate c"
	"  on c.shard = k.shard and c.question = k.question"
	"  and c.server = k.server"
	/* Else all that are open could be gone through for each question. */
	" left join lateral (select x.since from dnsvigil.outage x"
	"  where x.shard = k.shard and x.question = k.question"
	"  and x.server = k.server and x.until is null limit 1) o on true"
	" cross join lateral (select least(k.at, case when c.phase = 1"
	"  then c.seen_at end, o.since)"
	"  - make_interval(secs => q.every_s) as at) t"
	" left join lateral ("
	"  select p.anchor, p.from_at, (date_part('epoch',"
	"   least(p.to_at, t.at) - p.anchor) * 1000000)::bigint as us"
	"  from dnsvigil.span p"
	"  where p.every_s = q.every_s and p.from_at <= t.at"
	"  order by p.from_at desc limit 1) n on true"
	" left join lateral (select case when q.wait_s > 0"
	"  then n.us - q.wait_s * 1000000::bigint"
	"  else (n.us - q.phase_ms * 1000::bigint)"
	"  / (q.every_s * 1000000::bigint) * (q.every_s * 1000000::bigint)"
	"  + q.phase_ms * 1000::bigint end as us) x on true"
	" left join lateral ("
	"  select max(x.ttl) as ttl from ("
	"   select b.ttl from dnsvigil.belief b"
	"   where b.shard = k.shard and b.question = k.question"
	"   and b.server = k.server and b.content_hash = k.seen"
	"   and b.until > $6 and b.until <= $7"
	"   union all"
	"   select e.ttl from dnsvigil.evidence e"
	"   where e.shard = k.shard and e.question = k.question"
	"   and e.server = k.server and e.content_hash = k.seen"
	"   and e.at > $6 and e.at <= $7) x) p on true"
	" left join lateral ("
	"  select d.alert, d.\"group\"->>'kind' as kind, ("
	"   select max(e.revision) from dnsvigil.delivery e"
	"   where e.shard = d.shard and e.alert = d.alert) as revision"
	"  from dnsvigil.delivery d"
	"  where c.phase = 2 and d.shard = k.shard"
	"  and c.change = any (d.member_id)"
	/* Not one that tells the alerts of a cause: it has no revisions. */
	"  and (d.\"group\" is null or d.\"group\"->>'group' is null)"
	"  limit 1) a on true"
	" left join lateral ("
	"  select count(*)::int as n, max(l.severity)::int as severity,"
	"   case when bool_or(l.label = 2) then 2"
	"   when bool_or(l.label = 3) then 3 else 1 end as label"
	"  from (select distinct on (m.id) m.shard, m.id, m.revision"
	"   from dnsvigil.delivery e"
	"   cross join lateral unnest(e.member_shard, e.member_id,"
	"    e.member_revision) m (shard, id, revision)"
	"   where e.shard = k.shard and e.alert = a.alert"
	"   and a.kind is not null"
	"   order by m.id, m.revision desc) m"
	/* By each member, whatever the log's size is thought to be. */
	"  cross join lateral ("
	"   select o.severity, o.label from dnsvigil.log o"
	"   where o.shard = m.shard and o.id = m.id"
	"   and o.revision = m.revision offset 0) l"
	"  where not exists ("
	"   select from dnsvigil.candidate x"
	"   where x.shard = m.shard and x.change = m.id"
	"   and x.phase = 2)) g on a.kind is not null"},

    /*
     * First here, first anywhere, and how long it was believed here in the
     * last 30 days, in microseconds.  A record that is believed now is nothing
     * that the last is asked of, so what the ledger would add is left out.
     */
    [READ_ELEMENT] = {"element", SIDE_READ, "$H,$U,$I,$Z,$U,$U",
	"select k.row, h.first_seen, least(("
	"  select min(n.first_seen) from dnsvigil.record_now n"
	"  where n.pivot = k.pivot and n.record = k.record), ("
	"  select min(p.first_seen) from dnsvigil.record_past p"
	"  where p.pivot = k.pivot and p.record = k.record)),"
	" coalesce((h.believed * 1000000)::bigint, 0)"
	" from unnest($1, $2, $3, $4, $5, $6) with ordinality"
	"  k (shard, question, server, at, record, pivot, row)"
	" cross join lateral ("
	"  select min(i.first_seen) as first_seen, sum(date_part('epoch',"
	"   least(i.last_seen, k.at)"
	"   - greatest(i.first_seen, k.at - interval '30 days')))"
	"   filter (where i.believed and i.first_seen < k.at"
	"   and i.last_seen > k.at - interval '30 days') as believed"
	"  from (select n.first_seen, n.last_seen, n.believed"
	"   from dnsvigil.record_now n"
	"   where n.shard = k.shard and n.question = k.question"
	"   and n.server = k.server and n.record = k.record"
	"   union all"
	"   select p.first_seen, p.last_seen, p.believed"
	"   from dnsvigil.record_past p"
	"   where p.shard = k.shard and p.question = k.question"
	"   and p.server = k.server and p.record = k.record) i) h"},

    /* 64: STORE_HELD_MAX.  No evidence is older than the first sight. */
    [READ_HELD] = {"held", SIDE_READ, "$H,$U,$I",
	"select k.row, e.at, e.last_at, e.count, e.ttl, e.flags, e.ede,"
	" e.transport, e.responder, e.\"group\", e.raw"
	" from unnest($1, $2, $3) with ordinality"
	"  k (shard, question, server, row)"
	" join dnsvigil.candidate c"
	"  on c.shard = k.shard and c.question = k.question"
	"  and c.server = k.server and c.phase = 1"
	" cross join lateral (select x.* from dnsvigil.evidence x"
	"  where x.shard = k.shard and x.question = k.question"
	"  and x.server = k.server and x.change = c.change"
	"  and x.at >= c.seen_at and x.content_hash is not null"
	"  and x.raw is not null"
	"  order by x.at, x.n limit 64) e"
	" order by k.row, e.at, e.n"},

    [READ_SUMS] = {"sums", SIDE_READ, "$z,$z",
	"select what, key, severity, n from dnsvigil.sums($1, $2)"},

    /* $1: the first batch of this process; what it claimed is under way. */
    [READ_WAITING] = {"waiting", SIDE_READ, "$l",
	"select w.sink, sum(w.waiting)::bigint, sum(w.dead)::bigint,"
	" min(w.due), min(w.oldest), sum(w.held)::bigint"
	" from (select d.sink, count(*) as waiting, 0 as dead, 0 as held,"
	"  min(d.due) filter (where d.due < 'infinity'"
	"   and (d.claimed is null or d.claimed < $1)) as due,"
	"  min(d.created) as oldest"
	"  from dnsvigil.delivery d"
	"  where d.ended = 0"
	"  group by d.sink"
	"  union all"
	"  select d.sink, 0, count(*), 0, null, null"
	"  from dnsvigil.delivery d"
	"  where d.ended = 2"
	"  group by d.sink"
	"  union all"
	"  select d.sink, 0, 0, count(*), null, null"
	"  from dnsvigil.delivery d"
	"  where d.ended = 3"
	"  group by d.sink) w"
	" group by w.sink"
	" order by w.sink"},
};

const char *
group_columns(enum group group)
{
	return groups[group].columns;
}

char
group_letter(enum group group)
{
	return groups[group].letter;
}

unsigned
group_offset(unsigned group)
{
	unsigned n = 0;

	for (unsigned g = 0; g < group; g++)
		n += (unsigned)strlen(groups[g].columns);
	return n;
}

const struct statement *
statement_of(enum statement_id id)
{
	return &statements[id];
}

static enum group
group_of(char letter)
{
	unsigned g = 0;

	while (g < N_GROUPS && groups[g].letter != letter)
		g++;
	CHECK(g < N_GROUPS);
	return (enum group)g;
}

/* "$l": a scalar; "$H": an array that belongs to no group. */
static uint32_t
scalar_oid(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return array_oid((enum array_type)(letter - 'A' + 'a'));
	return array_element_oid((enum array_type)letter);
}

int
statement_args(const struct statement *st, struct statement_arg *args)
{
	const char *p = st->args;
	int n = 0;

	while (*p != '\0') {
		struct statement_arg *arg = &args[n++];
		unsigned i = 0;

		CHECK(n <= STATEMENT_ARGS_MAX);
		if (*p == '$') {
			arg->column = -1;
			arg->group = GROUP_QUESTION;
			arg->oid = scalar_oid(p[1]);
			p += 2;
		} else {
			arg->group = group_of(*p++);
			while (*p >= '0' && *p <= '9')
				i = i * 10 + (unsigned)(*p++ - '0');
			CHECK(i < strlen(groups[arg->group].columns));
			arg->column = (int)(group_offset(arg->group) + i);
			arg->oid = array_oid(
			    (enum array_type)groups[arg->group].columns[i]);
		}
		if (*p == ',')
			p++;
	}
	return n;
}
