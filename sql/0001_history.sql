-- SPDX-License-Identifier: ISC
-- 0001_history -- what was asked, what was believed, what was told.
--
-- The data model is drawn in sql/README.md.  Rules that every table keeps:
--
-- * The key of what grows begins with `shard` (0..1023, from the name alone),
--   and joins between such tables carry it, so that the tables can be
--   distributed by it without a rewrite.
-- * No triggers, and no SQL-language functions over what grows: a distributed
--   table refuses both.
-- * Facts are appended.  What is altered in place is only what is true now
--   (state, record_now, candidate) and what is on its way (delivery).
-- * A poll that finds nothing new writes nothing about its question: `span`
--   holds that for all of them, docs/decisions/last-seen.md says how.
-- * Bytes of strangers are bytea; text beside them is printable ASCII.  No
--   index holds rdata (a TXT of 64 KB fits into no btree): keys are hashes.
--
-- Numbers of outcome, fail, kind, severity, label, phase and ended are those
-- of the headers in include/ that say "stored: never renumber".

create schema dnsvigil;

comment on schema dnsvigil is 'dnsvigil: DNS change history and outbox';

create table dnsvigil.migration (
	version integer not null,
	name text not null,
	sha256 text not null, -- of the file, hex
	applied_at timestamptz not null default now(),
	constraint migration_pk primary key (version)
);

-- Who may write: one row.  Every write transaction begins by setting batch
-- where epoch is its own (begin_write below), so that a process that lost
-- the lock can write nothing, and so that after a lost connection the number
-- tells whether the transaction in flight was committed.
create table dnsvigil.writer (
	one boolean not null default true,
	epoch bigint not null,
	batch bigint not null, -- never falls, also across epochs
	holder text not null,
	since timestamptz not null,
	constraint writer_pk primary key (one),
	constraint writer_is_one check (one)
);

insert into dnsvigil.writer (epoch, batch, holder, since)
values (0, 0, '', now());

-- ---- what is watched ----

create table dnsvigil.question (
	question uuid not null,        -- question_key(): view, name, type
	attributes bigint not null,    -- hash of what the watchlists say of it
	watched_since timestamptz not null,
	planned_since timestamptz not null, -- asked by every_s and phase_ms since
	unwatched_at timestamptz,      -- null: watched
	every_s integer not null,
	phase_ms integer not null,
	type integer not null,
	shard smallint not null,
	watched boolean not null,
	name bytea not null,           -- folded wire
	name_text text not null,
	view text not null,
	tags text[] not null,
	lists text[] not null,
	owner text,                    -- null: none given
	runbook text,                  -- null: none given
	constraint question_pk primary key (shard, question),
	constraint question_shard check (shard between 0 and 1023),
	constraint question_every check (every_s > 0)
);

create index question_name on dnsvigil.question (name_text, type);

-- ---- what is believed ----

-- What is believed now.  last_seen is what was written last; state_now has
-- the one that people mean.
create table dnsvigil.state (
	question uuid not null,
	content_hash uuid not null,    -- SHA-256 of content, cut
	since timestamptz not null,
	last_seen timestamptz not null,
	change uuid,                   -- null: the baseline
	server integer not null,       -- 0 in a recursive view
	ttl integer not null,
	shard smallint not null,
	outcome smallint not null,
	policy smallint not null,      -- CONTENT_POLICY of content
	content bytea not null,        -- content_pack()
	constraint state_pk primary key (shard, question, server)
) with (fillfactor = 85);

-- What was believed before.
create table dnsvigil.belief (
	question uuid not null,
	content_hash uuid not null,
	since timestamptz not null,
	until timestamptz not null,
	last_seen timestamptz not null,
	change uuid,                   -- null: the baseline
	server integer not null,
	ttl integer not null,
	shard smallint not null,
	outcome smallint not null,
	policy smallint not null,
	content bytea not null,
	constraint belief_pk
		primary key (shard, question, server, since, until)
) partition by range (until);

create table dnsvigil.belief_default
	partition of dnsvigil.belief default;

-- ---- what was seen, record by record ----

-- Intervals that are open.  A row per record of any reply that was kept, and
-- one for an outcome without records (rrtype 0, rdata and pivot null).  Only
-- the believed ones are prolonged by the ledger of spans.
create table dnsvigil.record_now (
	question uuid not null,
	link uuid not null,            -- hash of owner, rrtype and rdata
	record uuid not null,          -- record_key(); link for an outcome
	pivot uuid,                    -- record_pivot(); null for an outcome
	first_seen timestamptz not null,
	last_seen timestamptz not null,
	count bigint not null,
	server integer not null,
	rrtype integer not null,       -- 0: an outcome
	shard smallint not null,
	outcome smallint not null,     -- ANSWER for records
	in_chain boolean not null,     -- a link of the alias chain
	believed boolean not null,     -- is in the believed content
	owner bytea not null,
	owner_text text not null,
	rdata bytea,                   -- identity form; null for an outcome
	rdata_text text,               -- cut after 1 KB, then with its digest
	constraint record_now_pk primary key (shard, question, server, link)
) with (fillfactor = 90);

-- "Which names had this address, name server or mail server, and when", and
-- "when was this record first seen anywhere": record follows pivot (equal
-- records have equal pivots), so that one index answers both.
create index record_now_pivot
	on dnsvigil.record_now (pivot, record, first_seen)
	where pivot is not null;

-- Intervals that ended.  The key serves "was it here before".
create table dnsvigil.record_past (
	question uuid not null,
	link uuid not null,
	record uuid not null,
	pivot uuid,
	first_seen timestamptz not null,
	last_seen timestamptz not null,
	closed_at timestamptz not null, -- by the decision's time
	count bigint not null,
	server integer not null,
	rrtype integer not null,
	shard smallint not null,
	outcome smallint not null,
	in_chain boolean not null,
	believed boolean not null,     -- was, when it closed
	owner bytea not null,
	owner_text text not null,
	rdata bytea,
	rdata_text text,
	constraint record_past_pk primary key
		(shard, question, server, record, link, first_seen, closed_at)
) partition by range (closed_at);

create index record_past_pivot
	on dnsvigil.record_past (pivot, record, first_seen)
	where pivot is not null;

create table dnsvigil.record_past_default
	partition of dnsvigil.record_past default;

-- ---- changes on their way, and their proof ----

-- The key is the rule: one open candidate per state.
create table dnsvigil.candidate (
	question uuid not null,
	change uuid not null,
	content_hash uuid not null,
	seen_at timestamptz not null,
	server integer not null,
	revision integer not null,     -- of its latest decision, 0: none
	shard smallint not null,
	phase smallint not null,       -- 1 open, 2 doubted
	outcome smallint not null,
	content bytea not null,        -- what was seen first
	constraint candidate_pk primary key (shard, question, server),
	constraint candidate_phase check (phase in (1, 2))
) with (fillfactor = 70);

-- Ordered by time inside a question, so that both "what was held about this
-- change" and "what did this question show within a day" are one range.
create table dnsvigil.evidence (
	question uuid not null,
	change uuid not null,
	content_hash uuid,             -- null for a FAIL
	at timestamptz not null,
	last_at timestamptz not null,  -- of equal replies in a row
	n bigint not null,             -- grows; tells equal times apart
	server integer not null,
	count integer not null,        -- equal replies in a row
	ttl integer not null,
	flags integer not null,        -- of the header
	ede integer not null,          -- -1: none
	shard smallint not null,
	transport smallint not null,
	outcome smallint not null,
	fail smallint not null,
	responder text not null,       -- address and port that answered
	"group" text not null,         -- who counts as one witness
	sha256 bytea,                  -- of raw
	raw bytea,                     -- the message; null: a FAIL without one
	constraint evidence_pk primary key (shard, question, at, n)
) partition by range (at);

create table dnsvigil.evidence_default
	partition of dnsvigil.evidence default;

-- ---- the log: candidates, decisions and events in one order ----

create sequence dnsvigil.log_seq;

-- seq is taken under a transaction lock that is held to commit (statement.c:
-- log_add), so that who has seen n never later meets a smaller one.
create table dnsvigil.log (
	seq bigint not null,
	at timestamptz not null,
	id uuid not null,              -- of the change or the event
	question uuid,                 -- null: about the monitor itself
	revision integer not null,     -- 0 for a candidate
	type integer not null,         -- 0: none
	server integer not null,
	shard smallint not null,
	kind smallint not null,        -- 0 for events
	severity smallint not null,
	label smallint not null,       -- 0: none
	class text not null,           -- candidate, change (a decision), event
	event text,                    -- null for changes
	name text not null,            -- presentation; '' for the monitor itself
	view text not null,
	lists text[] not null,
	tags text[] not null,
	body json not null,            -- as printed, without "seq"
	constraint log_pk primary key (shard, id, revision),
	constraint log_class check (class in ('candidate', 'change', 'event'))
);

create index log_seq_order on dnsvigil.log (seq);
create index log_name on dnsvigil.log (name, seq);
-- Rows come in the order of time: a range of blocks says nearly all.
create index log_at on dnsvigil.log using brin (at)
	with (pages_per_range = 16, autosummarize = on);

-- ---- the outbox ----

create sequence dnsvigil.delivery_seq;

-- A sink's own gapless sequence.
create table dnsvigil.sink (
	name text not null,
	last_seq bigint not null,
	constraint sink_pk primary key (name)
);

-- One alert on its way to one sink.  Only the oldest waiting one of a name
-- and sink has a due time; those behind it wait at infinity and are moved up
-- when it ends, so that a claim costs the same however many wait.
create table dnsvigil.delivery (
	alert uuid not null,
	seq bigint not null,           -- order of coming into being
	created timestamptz not null,
	due timestamptz not null,
	sink_seq bigint,               -- null until it is first claimed
	prev_sink_seq bigint,          -- 0: it is the sink's first
	claimed bigint,                -- writer.batch of its claim; null: none
	revision integer not null,
	attempt integer not null,
	last_status integer not null,
	shard smallint not null,
	ended smallint not null,       -- 0 waiting, 1 done, 2 dead
	sink text not null,
	class text not null,           -- change, event, group
	name text not null,
	last_error text not null,
	"group" json,                  -- null unless class is group
	member_shard smallint[] not null,
	member_id uuid[] not null,     -- entries of the log ...
	member_revision integer[] not null, -- ... with these revisions
	constraint delivery_pk primary key (shard, alert, revision, sink),
	constraint delivery_class check (class in ('change', 'event', 'group')),
	constraint delivery_ended check (ended in (0, 1, 2))
) with (fillfactor = 70);

create index delivery_waiting
	on dnsvigil.delivery (sink, due, seq)
	where ended = 0;
create index delivery_queue
	on dnsvigil.delivery (sink, name, seq)
	where ended = 0;

create index delivery_dead
	on dnsvigil.delivery (sink)
	where ended = 2;

-- ---- when nothing could be seen, and that all else was ----

create table dnsvigil.outage (
	question uuid not null,
	since timestamptz not null,
	until timestamptz,             -- null: still open
	server integer not null,
	count integer not null,        -- failed polls
	shard smallint not null,
	fail smallint not null,
	told boolean not null,
	constraint outage_pk primary key (shard, question, server, since)
) with (fillfactor = 80);

create index outage_open
	on dnsvigil.outage (shard, question, server)
	where until is null;

-- In [from_at, to_at] every watched question of this interval whose planned
-- time (anchor + phase + k * every) fell there was asked and answered as
-- believed, unless an outage or an open candidate says otherwise.
create table dnsvigil.span (
	anchor timestamptz not null,
	from_at timestamptz not null,
	to_at timestamptz not null,
	every_s integer not null,
	constraint span_pk primary key (every_s, anchor, from_at)
) with (fillfactor = 50);

create index span_from on dnsvigil.span (every_s, from_at);

-- ---- functions over the ledger ----
--
-- They look at the newest spans first and stop at the first that answers;
-- spans of one interval do not overlap.  All are PL/pgSQL (the head says why),
-- and never raise.

-- The number of the last planned time at or before `at`: 0, 1, ... from the
-- anchor, -1 when there is none.  In whole microseconds, so that a plan that
-- falls on `at` is counted whatever the rounding.
create function dnsvigil.plan_number(
	anchor timestamptz, every_s integer, phase_ms integer, at timestamptz)
returns bigint
language plpgsql
immutable
parallel safe
as $$
declare
	us bigint := (date_part('epoch', at - anchor) * 1000000)::bigint
		- phase_ms * 1000::bigint;
begin
	return case when us < 0 then -1 else us / (every_s * 1000000::bigint)
		end;
end
$$;

-- The latest planned time that lies in a span, later than `after` and not
-- later than `ceiling` (null: no such bound).  Null: none.
create function dnsvigil.seen_until(
	every_s integer, phase_ms integer, after timestamptz,
	ceiling timestamptz)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
declare
	anchor timestamptz;
	from_at timestamptz;
	to_at timestamptz;
	step bigint := every_s * 1000000::bigint;
	top timestamptz := coalesce(ceiling, 'infinity');
	us bigint;
	plan timestamptz;
begin
	loop
		select x.anchor, x.from_at, x.to_at
		into anchor, from_at, to_at
		from dnsvigil.span x
		where x.every_s = seen_until.every_s
		and x.from_at <= top
		order by x.from_at desc
		limit 1;
		if not found or to_at <= after then
			return null;
		end if;
		us := (date_part('epoch', least(to_at, top) - anchor)
			* 1000000)::bigint - phase_ms * 1000::bigint;
		if us >= 0 then
			us := us - us % step + phase_ms * 1000::bigint;
			plan := anchor + us * interval '1 us';
			if plan >= from_at then
				return case when after is null or plan > after
					then plan end;
			end if;
		end if;
		-- Too short for this question: the one before it.
		top := from_at - interval '1 us';
	end loop;
end
$$;

-- The earliest planned time that lies in a span and is later than `after`.
-- Null: none.
create function dnsvigil.seen_after(
	every_s integer, phase_ms integer, after timestamptz)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
declare
	s record;
	k bigint;
	plan timestamptz;
	best timestamptz;
begin
	for s in
		select x.anchor, x.from_at, x.to_at
		from dnsvigil.span x
		where x.every_s = seen_after.every_s
		order by x.from_at desc
	loop
		exit when s.to_at <= after;
		k := dnsvigil.plan_number(s.anchor, every_s, phase_ms,
			greatest(s.from_at - interval '1 us', after)) + 1;
		plan := s.anchor + (k * every_s * 1000000::bigint
			+ phase_ms * 1000::bigint) * interval '1 us';
		if plan <= s.to_at then
			best := plan;
		end if;
	end loop;
	return best;
end
$$;

-- How many planned times lie in spans, later than `after` and not later than
-- `until`.
create function dnsvigil.polls_between(
	every_s integer, phase_ms integer, after timestamptz,
	until timestamptz)
returns bigint
language plpgsql
stable
parallel safe
as $$
declare
	s record;
	n bigint := 0;
begin
	if after >= until then
		return 0;
	end if;
	for s in
		select x.anchor, x.from_at, x.to_at
		from dnsvigil.span x
		where x.every_s = polls_between.every_s
		and x.from_at <= until
		order by x.from_at desc
	loop
		exit when s.to_at <= after;
		n := n + greatest(0, dnsvigil.plan_number(s.anchor, every_s,
			phase_ms, least(s.to_at, until))
			- dnsvigil.plan_number(s.anchor, every_s, phase_ms,
			greatest(s.from_at - interval '1 us', after)));
	end loop;
	return n;
end
$$;

-- The same of a question, by its present plan, without those that failed:
-- what the ledger adds to the count of an interval that was written up to
-- `after`.  With `polled`, `until` is when a poll was answered that is
-- counted by itself: its own plan is left out.
create function dnsvigil.sightings(
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
	select x.every_s, x.phase_ms, x.planned_since, x.watched
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
	n := dnsvigil.polls_between(q.every_s, q.phase_ms,
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

-- The poll that saw a difference or failed was planned at most one interval
-- before; nothing from that plan on was seen as believed.
create function dnsvigil.plan_before(at timestamptz, every_s integer)
returns timestamptz
language plpgsql
immutable
parallel safe
as $$
begin
	return at - make_interval(secs => every_s);
end
$$;

-- ---- what people mean by "now" ----

-- A row per state, and one with server 0 and nulls for a question that was
-- never answered.  last_seen is the effective one.
create view dnsvigil.state_now as
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
		dnsvigil.seen_until(q.every_s, q.phase_ms,
			greatest(s.last_seen, q.planned_since), x.ceiling)
		end) as last_seen,
	c.phase,
	c.change as candidate,
	c.seen_at,
	c.revision,
	o.since as failing_since,
	o.fail,
	o.told as failing_told,
	x.ceiling
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

-- Open intervals with effective last_seen and count.
create view dnsvigil.interval_now as
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
		dnsvigil.seen_until(q.every_s, q.phase_ms,
			greatest(r.last_seen, q.planned_since),
			least(c.seen_at, o.since)
			- make_interval(secs => q.every_s)) end as seen) x;

-- Every interval, open and closed.  For given constants (a pivot, or shard and
-- question): PostgreSQL does not push a join into the halves of a union, so a
-- join by name is written with interval_now and record_past.
create view dnsvigil.interval_all as
select
	shard, question, server, link, record, pivot, owner, owner_text,
	rrtype, rdata, rdata_text, outcome, in_chain, believed, first_seen,
	last_seen, count, null::timestamptz as closed_at, true as current
from dnsvigil.interval_now
union all
select
	shard, question, server, link, record, pivot, owner, owner_text,
	rrtype, rdata, rdata_text, outcome, in_chain, believed, first_seen,
	last_seen, count, closed_at, false as current
from dnsvigil.record_past;

-- Every state that was believed, the present one with until null; like
-- interval_all for a given shard and question.
create view dnsvigil.belief_all as
select
	shard, question, server, outcome, content, content_hash, policy, ttl,
	since, null::timestamptz as until, last_seen, change
from dnsvigil.state_now
where content is not null
union all
select
	shard, question, server, outcome, content, content_hash, policy, ttl,
	since, until, last_seen, change
from dnsvigil.belief;

-- ---- fencing ----

-- The first statement of every write transaction.  DV001 becomes ERR_FENCED.
create function dnsvigil.begin_write(epoch bigint, batch bigint)
returns void
language plpgsql
as $$
begin
	update dnsvigil.writer w
	set batch = begin_write.batch
	where w.epoch = begin_write.epoch;
	if not found then
		raise exception 'epoch % is over', epoch
			using errcode = 'DV001';
	end if;
end
$$;

-- ---- partitions and retention ----
--
-- The daemon's role owns nothing and may create nothing: these run with the
-- rights of who migrated.  They are the only place where a statement is put
-- together from text, because DDL takes no parameters; what goes in are
-- names made here, quoted.

-- Makes the partition of one month, moving what fell into the default one.
create function dnsvigil.make_partition(parent text, month timestamptz)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
	part text := parent || to_char(month, '_YYYY_MM');
	col text := case parent
		when 'belief' then 'until'
		when 'record_past' then 'closed_at'
		when 'evidence' then 'at' end;
begin
	if col is null then
		raise exception 'no partitioned table %', parent;
	end if;
	if to_regclass(format('dnsvigil.%I', part)) is not null then
		return false;
	end if;
	execute format('create table dnsvigil.%I (like dnsvigil.%I '
		'including defaults including constraints)', part, parent);
	execute format('with moved as (delete from dnsvigil.%I '
		'where %I >= %L and %I < %L returning *) '
		'insert into dnsvigil.%I select * from moved',
		parent || '_default', col, month, col,
		month + interval '1 month', part);
	execute format('alter table dnsvigil.%I attach partition dnsvigil.%I '
		'for values from (%L) to (%L)', parent, part, month,
		month + interval '1 month');
	return true;
end
$$;

-- This month and two more for each; how many were made.
create function dnsvigil.ensure_partitions()
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
	parent text;
	ahead integer;
	made integer := 0;
begin
	foreach parent in array array['belief', 'record_past', 'evidence']
	loop
		for ahead in 0..2 loop
			if dnsvigil.make_partition(parent, date_trunc('month',
				now()) + make_interval(months => ahead)) then
				made := made + 1;
			end if;
		end loop;
	end loop;
	return made;
end
$$;

-- Retention: drops the partitions that end at or before `before`, and
-- deletes what is older and over in the small tables.  What is current, the
-- log, and what is still to be delivered stay.  How many partitions went.
create function dnsvigil.drop_before(before timestamptz)
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
	delete from dnsvigil.span where to_at < before;
	delete from dnsvigil.delivery where ended <> 0 and created < before;
	return dropped;
end
$$;

-- Should be 0: rows that no partition was made for in time.
create function dnsvigil.default_rows()
returns bigint
language plpgsql
stable
as $$
begin
	return (select count(*) from dnsvigil.belief_default)
		+ (select count(*) from dnsvigil.record_past_default)
		+ (select count(*) from dnsvigil.evidence_default);
end
$$;

do $$ begin perform dnsvigil.ensure_partitions(); end $$;

-- ---- rights ----

-- Exactly what the daemon does, and no DDL.
create function dnsvigil.grant_daemon(role name)
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
		'dnsvigil.sink, dnsvigil.delivery to %I', role);
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

revoke all on schema dnsvigil from public;
revoke execute on all functions in schema dnsvigil from public;
