-- SPDX-License-Identifier: ISC
-- 0015_collation -- keys of texts are compared octet by octet.
--
-- In the database's own collation their order is the system library's, which
-- another release may change: an index made before then misses rows, so that a
-- name could be on a list twice or an alert not be found.  Names are ASCII,
-- and nobody reads a queue aloud.

alter table dnsvigil.sink
	alter column name type text collate "C";

alter table dnsvigil.delivery
	alter column sink type text collate "C",
	alter column name type text collate "C";

-- Nothing reads memberships by their list, and a name's own are found by the
-- key.  It was a sixth of what a new question cost here.
drop index dnsvigil.membership_open;

alter table dnsvigil.membership
	alter column name type text collate "C",
	alter column list type text collate "C";
