-- SPDX-License-Identifier: ISC
-- 0014_digest -- what a day came to.
--
-- Ranges of time are found by block ranges, and only bitmap scans use those;
-- the daemon's sessions have them switched off, this function has them on.

create index pool_day_day on dnsvigil.pool_day using brin (day)
	with (pages_per_range = 16, autosummarize = on);

-- Sums over what was decided and told in [since, until): each decision with
-- its latest revision.  Of pools the days that ended in it.
--
--   change     kind's number, severity
--   event      kind, severity
--   names      how many have any of these
--   name       the ten that have the most
--   list       of the lists that watch them
--   questions, answers, addresses   of pools
--   told       digests told since `until`
create function dnsvigil.sums(since timestamptz, until timestamptz)
returns table (what text, key text, severity integer, n bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set enable_bitmapscan = on
set plan_cache_mode = force_custom_plan
as $$
begin
	return query
	with d as materialized (
		select distinct on (l.shard, l.id) l.class, l.kind, l.event,
			l.severity::integer as severity, l.name, l.lists
		from dnsvigil.log l
		where l.at >= sums.since and l.at < sums.until
		and l.class <> 'candidate'
		order by l.shard, l.id, l.revision desc),
	pool as materialized (
		select count(*) as questions,
			coalesce(sum(p.answers), 0)::bigint as answers,
			coalesce(sum((select count(*)
				from json_object_keys(p.counts))), 0)::bigint
				as addresses
		from dnsvigil.pool_day p
		where p.day >= sums.since::date and p.day < sums.until::date)
	select 'change', d.kind::text, d.severity, count(*)
	from d where d.class = 'change' group by 2, 3
	union all
	select 'event', d.event, d.severity, count(*)
	from d where d.class = 'event' group by 2, 3
	union all
	select 'names', '', 0, count(distinct d.name)
	from d where d.name <> ''
	union all
	(select 'name', d.name, max(d.severity), count(*)
	from d where d.name <> ''
	group by 2 order by 4 desc, 2 limit 10)
	union all
	(select 'list', x.list, 0, count(*)
	from d cross join unnest(d.lists) x (list)
	group by 2 order by 4 desc, 2 limit 64)
	union all
	select 'questions', '', 0, p.questions from pool p
	union all
	select 'answers', '', 0, p.answers from pool p
	union all
	select 'addresses', '', 0, p.addresses from pool p
	union all
	select 'told', '', 0, count(*)
	from dnsvigil.log l
	where l.at >= sums.until and l.event = 'digest';
end
$$;

revoke execute on function dnsvigil.sums(timestamptz, timestamptz) from public;

-- Whoever could write states may call it: an upgrade needs no new grant.
do $$
declare
	role name;
begin
	for role in
		select distinct pg_get_userbyid(a.grantee)
		from pg_class c
		cross join aclexplode(c.relacl) a
		where c.oid = 'dnsvigil.state'::regclass
		and a.privilege_type = 'INSERT'
		and a.grantee <> 0
		and a.grantee <> c.relowner
	loop
		perform dnsvigil.grant_daemon(role);
	end loop;
end
$$;
