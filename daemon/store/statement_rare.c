/* SPDX-License-Identifier: ISC */
/*
 * statement_rare -- what few batches have.  The rules are those of
 * statement.c.
 */

#include "statement.h"

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
