-- SPDX-License-Identifier: ISC
-- 0002_attribute -- what questions showed beside what they said.
--
-- TTL, order, an SOA's serial and the like are no identity, and nothing of
-- them is in state.  A watch may ask to be told of them; then what was noted
-- last is here, and is written in the transaction that tells of a change, so
-- that a restart makes no event and loses none.  Only questions that ask have
-- a row.

create table dnsvigil.attribute (
	question uuid not null,
	at timestamptz not null,       -- written last
	server integer not null,
	shard smallint not null,
	noted bytea not null,          -- attribute_pack(), one after the other
	constraint attribute_pk primary key (shard, question, server)
);

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
		'dnsvigil.sink, dnsvigil.delivery, dnsvigil.attribute to %I',
		role);
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
