/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TESTIMONY_H
#define MONITOR_TESTIMONY_H

/*
 * testimony -- what servers said of one question, as an inquiry holds it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "dns/content.h"
#include "dns/reply.h"
#include "judge/candidate.h"
#include "resolver/resolver.h"
#include "store/commit.h"

struct inquiry;
struct monitor;

/* One reply of an inquiry, or a run of equal ones. */
struct testimony {
	struct witness witness; /* its times are steady ones */
	wall_us at;             /* by the wall clock, as it is kept and told */
	wall_us took; /* the newest of the run, from its question on */
	wall_us last_at;
	struct content content;
	uint64_t fingerprint;
	uint32_t ttl;
	uint16_t flags;
	int32_t ede;
	const uint8_t *ede_text;
	size_t ede_text_size;
	const uint8_t *nsid; /* the first of the run that was given */
	size_t nsid_size;
	const uint8_t *raw;
	uint32_t raw_size;
	uint8_t sha256[SHA256_SIZE]; /* of raw */
	char server_text[ADDR_TEXT_SIZE];
	const char *group_text;
	struct addr addr;
	bool stored;
	bool apart;      /* begins no change: its zone said something else,
	                  * or it was asked alone (R18) */
	bool has_serial; /* the zone's there */
	uint32_t serial;
	bool bare;   /* NXDOMAIN without an SOA */
	bool looked; /* up: what its content was before (R13) */
	bool cd;     /* asked with CD=1: shown, and counted as a FAIL (R17) */
};

/* When and where a reply was observed that is taken down later. */
struct recall {
	wall_us at, last_at;
	wall_us steady, last_steady;
	uint32_t count;
	uint32_t ttl; /* of the newest */
	struct addr addr;
	const char *group_text;
	bool apart;
};

struct testimony *testimony_add(struct inquiry *q);
/* Takes down a good reply.  NULL: out of memory, or not readable after all. */
struct testimony *testimony_reply(
    struct inquiry *q, const struct answer *a, const struct reply_sum *sum);
struct testimony *testimony_recall(struct inquiry *q, const struct answer *a,
    const struct reply_sum *sum, const struct recall *r);
/* Takes down a FAIL; NULL when it only prolonged a run of equal ones. */
struct testimony *testimony_fail(
    struct inquiry *q, const struct answer *a, enum fail fail);
/* Takes down what CD=1 showed: evidence, but nothing that confirms (R17). */
struct testimony *testimony_shown(
    struct inquiry *q, const struct answer *a, const struct reply_sum *sum);
/*
 * As the database keeps it: nobody vouches for it, so that it opens no
 * interval and is none of the sets that were shown; its bytes are kept.
 */
void testimony_disown(struct commit_evidence *e);
/* The header's flags: AD only of who is trusted (M11), CD as it was asked. */
uint16_t testimony_flags(const struct monitor *m, const struct answer *a);
/* B9: what the server says of its error, cut; escaped when it is printed. */
const uint8_t *testimony_ede_text(
    struct arena *arena, const struct answer *a, size_t *size);
/* RFC 5001: the server's name for itself, copied.  NULL and 0: none. */
const uint8_t *testimony_nsid(
    struct arena *arena, const struct answer *a, size_t *size);
void testimony_server(struct monitor *m, struct testimony *t, uint16_t server);
/* The server with that address and port; UINT16_MAX: none (any longer). */
uint16_t testimony_by(const struct monitor *m, const char *text);
/* A good reply that says something else than is believed? */
bool testimony_differs(const struct inquiry *q, const struct testimony *t);
/* What nobody said before is recorded at once, not only with the decision. */
void testimony_record(struct inquiry *q, struct testimony *t);
/* The same of what came while the believed state was on its way. */
void testimony_record_waited(struct inquiry *q);
void testimony_count_bytes(struct inquiry *q);
void testimony_uncount_bytes(struct inquiry *q);

#endif
