-- SPDX-License-Identifier: ISC
-- 0008_fresh -- coverage by fresh fetches, apart from coverage.
--
-- An answer out of a cache is as old as its entry.  How old that may be at
-- most stands with the question (docs/decisions/fresh-coverage.md): 0 where
-- each poll's answer is fetched for it, and null where nothing is known yet,
-- which counts as not fresh.

alter table dnsvigil.question
	add column entry_s integer,      -- the largest TTL seen, in steps
	add column entry_at timestamptz, -- when that was written; null with it
	add constraint question_entry check (entry_s >= 0);
