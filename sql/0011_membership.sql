-- SPDX-License-Identifier: ISC
-- 0011_membership -- when a name was on which list.
--
-- question.lists is what is true now; this is what was.  A row for each
-- stretch in which a name was on a list, whatever its types and views are
-- (docs/decisions/membership.md).

create table dnsvigil.membership (
	since timestamptz not null,
	until timestamptz,             -- null: still on it
	first_reported timestamptz,    -- as the list says; null: it does not
	shard smallint not null,
	reason text,                   -- why it ended: left, by-then, until
	name text not null,            -- as question.name_text
	list text not null,
	constraint membership_pk primary key (shard, name, list, since),
	constraint membership_ended check ((until is null) = (reason is null))
) with (fillfactor = 90);

create unique index membership_open
	on dnsvigil.membership (list, shard, name)
	where until is null;

-- Of what is watched now it is not known since when: from here on.
insert into dnsvigil.membership (shard, name, list, since)
select distinct q.shard, q.name_text, l.list, now()
from dnsvigil.question q
cross join lateral unnest(q.lists) l (list)
where q.watched;

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
		'dnsvigil.stale, dnsvigil.pool_day, '
		'dnsvigil.membership to %I', role);
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
