-- SPDX-License-Identifier: ISC
-- 0003_bulk -- names are found by their shard.
--
-- The shard is a hash of the name, so whoever looks for a name knows in which
-- thousandth of a table it is, and the keys begin with it.  An index over
-- texts beside that was, of the rows of a new question, the dearest: 4 us of
-- 15.  By hand: select shard from dnsvigil.question where name_text = '...'
-- reads the table, once.

drop index dnsvigil.question_name;
drop index dnsvigil.log_name;
