-- SPDX-License-Identifier: ISC
-- 0006_signatures -- what was told is not told again by a restart.
--
-- That signatures will expire is told once and closed when they are renewed,
-- maybe weeks later: what was told of a question stands beside its attributes.
-- `bogus` is told once for each content that is shown in an outage: by which
-- of them (16 octets each) stands with the outage.

alter table dnsvigil.attribute
	-- enum signature_told: 1 will expire, 2 expired; null: nothing is open
	add column signed_told smallint,
	add column signed_since timestamptz;   -- with signed_told

alter table dnsvigil.outage
	add column bogus bytea;                -- null: none was told
