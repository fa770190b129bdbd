-- SPDX-License-Identifier: ISC
-- 0005_chase -- polls that are not at the planned times.
--
-- A question whose polls follow a cache's entries (docs/decisions/ttl-chase.md)
-- has a wait_s: at any time in a span its last poll was no longer ago than
-- that.  So the end of what a span says, less the wait, is when it was seen
-- at the earliest, and a span says of at least one poll for each wait in it.
-- 0: it is polled at its planned times, as all were before.

alter table dnsvigil.question
	add column wait_s integer not null default 0,
	add constraint question_wait check (wait_s >= 0);

-- A span that began with a start: the first planned time in it was asked as it
-- was planned, of all questions.
alter table dnsvigil.span
	add column started boolean not null default false;

-- As seen_until() without a wait, of which this is the general one.
create function dnsvigil.seen_until(
	every_s integer, phase_ms integer, wait_s integer,
	after timestamptz, ceiling timestamptz)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
declare
	s record;
	wait interval := make_interval(secs => wait_s);
	top timestamptz := coalesce(ceiling, 'infinity');
	seen timestamptz;
	first timestamptz;
begin
	if wait_s = 0 then
		return dnsvigil.seen_until(every_s, phase_ms, after, ceiling);
	end if;
	loop
		select x.anchor, x.from_at, x.to_at, x.started
		into s
		from dnsvigil.span x
		where x.every_s = seen_until.every_s
		and x.from_at <= top
		order by x.from_at desc
		limit 1;
		if not found or s.to_at <= after then
			return null;
		end if;
		seen := least(s.to_at, top) - wait;
		if s.started then
			first := s.anchor + ((dnsvigil.plan_number(s.anchor,
				every_s, phase_ms,
				s.from_at - interval '1 us') + 1)
				* every_s * 1000000::bigint
				+ phase_ms * 1000::bigint) * interval '1 us';
			if first <= least(s.to_at, top) then
				seen := greatest(seen, first);
			end if;
		end if;
		if seen >= s.from_at then
			return case when after is null or seen > after
				then seen end;
		end if;
		-- Too short to say so: the one before it.
		top := s.from_at - interval '1 us';
	end loop;
end
$$;

-- When the first sighting later than `after` was at the latest.
create function dnsvigil.seen_after(
	every_s integer, phase_ms integer, wait_s integer, after timestamptz)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
declare
	s record;
	wait interval := make_interval(secs => wait_s);
	best timestamptz;
begin
	if wait_s = 0 then
		return dnsvigil.seen_after(every_s, phase_ms, after);
	end if;
	for s in
		select x.from_at, x.to_at
		from dnsvigil.span x
		where x.every_s = seen_after.every_s
		order by x.from_at desc
	loop
		exit when s.to_at <= after;
		if greatest(s.from_at, after) + wait <= s.to_at then
			best := greatest(s.from_at, after) + wait;
		end if;
	end loop;
	return best;
end
$$;

-- How many polls lie there, or at least.
create function dnsvigil.polls_between(
	every_s integer, phase_ms integer, wait_s integer,
	after timestamptz, until timestamptz)
returns bigint
language plpgsql
stable
parallel safe
as $$
declare
	s record;
	n bigint := 0;
begin
	if wait_s = 0 then
		return dnsvigil.polls_between(every_s, phase_ms, after, until);
	end if;
	if after >= until then
		return 0;
	end if;
	for s in
		select x.from_at, x.to_at
		from dnsvigil.span x
		where x.every_s = polls_between.every_s
		and x.from_at <= until
		order by x.from_at desc
	loop
		exit when s.to_at <= after;
		n := n + floor(date_part('epoch', least(s.to_at, until)
			- greatest(s.from_at, after)) / wait_s)::bigint;
	end loop;
	return n;
end
$$;

create or replace function dnsvigil.sightings(
	shard smallint, question uuid, server integer, after timestamptz,
	until timestamptz, polled boolean)
returns bigint
language plpgsql
stable
parallel safe
as $$
declare
	q record;
	n bigint;
begin
	if after >= until then
		return 0;
	end if;
	select x.every_s, x.phase_ms, x.wait_s, x.planned_since, x.watched
	into q
	from dnsvigil.question x
	where x.shard = sightings.shard
	and x.question = sightings.question;
	if not found or not q.watched then
		return 0;
	end if;
	if polled then
		until := until - make_interval(secs => q.every_s);
	end if;
	n := dnsvigil.polls_between(q.every_s, q.phase_ms, q.wait_s,
		greatest(after, q.planned_since), until);
	if n = 0 then
		return 0;
	end if;
	return greatest(n - coalesce((
		select sum(o.count)
		from dnsvigil.outage o
		where o.shard = sightings.shard
		and o.question = sightings.question
		and o.server = sightings.server
		and o.since > sightings.after
		and o.since <= sightings.until), 0), 0);
end
$$;

create or replace view dnsvigil.state_now as
select
	q.shard,
	q.question,
	coalesce(s.server, 0) as server,
	q.name,
	q.name_text,
	q.type,
	q.view,
	q.watched,
	q.watched_since,
	q.planned_since,
	q.unwatched_at,
	q.every_s,
	q.phase_ms,
	q.attributes,
	q.tags,
	q.lists,
	q.owner,
	q.runbook,
	s.outcome,
	s.content,
	s.content_hash,
	s.policy,
	s.ttl,
	s.since,
	s.change,
	s.last_seen as written_seen,
	greatest(s.last_seen, case when q.watched then
		dnsvigil.seen_until(q.every_s, q.phase_ms, q.wait_s,
			greatest(s.last_seen, q.planned_since), x.ceiling)
		end) as last_seen,
	c.phase,
	c.change as candidate,
	c.seen_at,
	c.revision,
	o.since as failing_since,
	o.fail,
	o.told as failing_told,
	x.ceiling,
	q.wait_s
from dnsvigil.question q
left join dnsvigil.state s
	on s.shard = q.shard
	and s.question = q.question
left join dnsvigil.candidate c
	on c.shard = q.shard
	and c.question = q.question
	and c.server = coalesce(s.server, 0)
left join dnsvigil.outage o
	on o.shard = q.shard
	and o.question = q.question
	and o.server = coalesce(s.server, 0)
	and o.until is null
cross join lateral (
	select least(case when c.phase = 1 then c.seen_at end, o.since)
		- make_interval(secs => q.every_s) as ceiling) x;

create or replace view dnsvigil.interval_now as
select
	r.shard,
	r.question,
	r.server,
	r.link,
	r.record,
	r.pivot,
	r.owner,
	r.owner_text,
	r.rrtype,
	r.rdata,
	r.rdata_text,
	r.outcome,
	r.in_chain,
	r.believed,
	r.first_seen,
	coalesce(x.seen, r.last_seen) as last_seen,
	greatest(r.count, 1) + case when x.seen is null then 0 else
		dnsvigil.sightings(r.shard, r.question, r.server, r.last_seen,
			x.seen, false) end as count
from dnsvigil.record_now r
join dnsvigil.question q
	on q.shard = r.shard
	and q.question = r.question
left join dnsvigil.candidate c
	on c.shard = r.shard
	and c.question = r.question
	and c.server = r.server
	and c.phase = 1
left join dnsvigil.outage o
	on o.shard = r.shard
	and o.question = r.question
	and o.server = r.server
	and o.until is null
cross join lateral (
	select case when r.believed and q.watched then
		dnsvigil.seen_until(q.every_s, q.phase_ms, q.wait_s,
			greatest(r.last_seen, q.planned_since),
			least(c.seen_at, o.since)
			- make_interval(secs => q.every_s)) end as seen) x;

revoke execute on function
	dnsvigil.seen_until(integer, integer, integer, timestamptz,
		timestamptz),
	dnsvigil.seen_after(integer, integer, integer, timestamptz),
	dnsvigil.polls_between(integer, integer, integer, timestamptz,
		timestamptz)
from public;

-- Whoever could write states may call these: an upgrade needs no new grant.
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
