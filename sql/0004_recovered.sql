-- SPDX-License-Identifier: ISC
-- 0004_recovered -- an outage ends when it ends, and not when that is told.
--
-- `recovered` is told a minute after the first good answer.  Until then the
-- row of the outage stayed open, and with it last_seen where it was before
-- the outage.  Now `until` is written at once, and `told` of a row that has
-- ended says that `recovered` is still to be told: a start finds these.

update dnsvigil.outage set told = false where until is not null and told;

create index outage_current
	on dnsvigil.outage (shard, question, server)
	where until is null or told;

drop index dnsvigil.outage_open;
