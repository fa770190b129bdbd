-- SPDX-License-Identifier: ISC
-- 0010_pool -- how often each address of a pool was answered.
--
-- A question whose addresses rotate has a pool of them (docs/decisions/pools.md).
-- What the pool is, packed, is kept beside the question in `attribute`, with
-- server 3; here a row counts for one day what moved inside it, so that it
-- needs no row for each answer.

create table dnsvigil.pool_day (
	question uuid not null,
	day date not null,             -- UTC
	answers integer not null,      -- fetched ones, of planned polls
	shard smallint not null,
	counts json not null,          -- address: answers that had it
	constraint pool_day_pk primary key (shard, question, day)
) with (fillfactor = 80);

-- Retention: drops the partitions that end at or before `before`, and
-- deletes what is older and over in the small tables.  What is current, the
-- log, and what is still to be delivered stay.  How many partitions went.
create or replace function dnsvigil.drop_before(before timestamptz)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
	part record;
	dropped integer := 0;
begin
	for part in
		select c.relname
		from pg_inherits i
		join pg_class c on c.oid = i.inhrelid
		join pg_class p on p.oid = i.inhparent
		join pg_namespace n on n.oid = p.relnamespace
		where n.nspname = 'dnsvigil'
		and p.relname in ('belief', 'record_past', 'evidence')
		and p.relkind = 'p'
		and c.relname ~ '_\d{4}_\d{2}$'
		and to_date(right(c.relname, 7), 'YYYY_MM')
			+ interval '1 month' <= before
	loop
		execute format('drop table dnsvigil.%I', part.relname);
		dropped := dropped + 1;
	end loop;
	delete from dnsvigil.belief_default where until < before;
	delete from dnsvigil.record_past_default where closed_at < before;
	delete from dnsvigil.evidence_default where at < before;
	delete from dnsvigil.outage where until < before;
	delete from dnsvigil.stale where until < before;
	delete from dnsvigil.pool_day
	where day < greatest(before::date, current_date - 90);
	delete from dnsvigil.span where to_at < before;
	delete from dnsvigil.delivery where ended <> 0 and created < before;
	return dropped;
end
$$;

-- Exactly what the daemon does, and no DDL.
create or replace function dnsvigil.grant_daemon(role name)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
	execute format('grant usage on schema dnsvigil to %I', role);
	execute format('grant select on all tables in schema dnsvigil to %I',
		role);
	execute format('grant update on dnsvigil.writer to %I', role);
	execute format('grant insert, update on dnsvigil.question, '
		'dnsvigil.state, dnsvigil.outage, dnsvigil.span, '
		'dnsvigil.sink, dnsvigil.delivery, dnsvigil.attribute, '
		'dnsvigil.stale, dnsvigil.pool_day to %I', role);
	execute format('grant insert, update, delete on dnsvigil.record_now, '
		'dnsvigil.candidate to %I', role);
	execute format('grant insert on dnsvigil.belief, '
		'dnsvigil.record_past, dnsvigil.evidence, dnsvigil.log to %I',
		role);
	execute format('grant usage on sequence dnsvigil.log_seq, '
		'dnsvigil.delivery_seq to %I', role);
	execute format('grant execute on all functions in schema dnsvigil '
		'to %I', role);
	execute format('revoke execute on function '
		'dnsvigil.grant_daemon(name), '
		'dnsvigil.make_partition(text, timestamptz) from %I', role);
end
$$;

revoke execute on function dnsvigil.grant_daemon(name) from public;

-- Whoever could write states may write these: an upgrade needs no new grant.
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
