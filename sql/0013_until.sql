-- SPDX-License-Identifier: ISC
-- 0013_until -- until when a list has a name.
--
-- What ends by its list's own word ends at that time, whoever finds out when
-- (docs/decisions/until.md).

alter table dnsvigil.membership
	add column ends timestamptz; -- as the list says; null: it does not
