-- SPDX-License-Identifier: ISC
-- 0012_silence -- deliveries that a silence holds back, or a group gathers.
--
-- Such a row is no part of its sink's queues until the silence of that name
-- stands no more (docs/decisions/silences.md): it holds back nothing else of
-- its name, and takes its place in the sink's sequence when it is released.
-- So does one that is gathered to be told with others of its cause
-- (docs/decisions/grouping.md): it ends when the group's own row is there.

alter table dnsvigil.delivery
	add column held_by text,       -- the silence; stays when it is over
	drop constraint delivery_ended,
	add constraint delivery_ended check
		-- 3 held, 4 gathered, 5 told by a group
		(ended in (0, 1, 2, 3, 4, 5)) not valid,
	add constraint delivery_held check
		(ended <> 3 or held_by is not null) not valid;

create index delivery_held
	on dnsvigil.delivery (sink, name, seq)
	where ended in (3, 4);

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
	delete from dnsvigil.delivery
	where ended in (1, 2, 5) and created < before;
	return dropped;
end
$$;
