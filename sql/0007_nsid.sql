-- SPDX-License-Identifier: ISC
-- 0007_nsid -- which instance of a server answered.
--
-- One address may be many machines (anycast).  What the one that answered calls
-- itself (RFC 5001) stands with the reply that is held as proof; its octets are
-- a stranger's.

alter table dnsvigil.evidence
	add column nsid bytea;                 -- null: it gave none
