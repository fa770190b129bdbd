/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_CANDIDATE_H
#define JUDGE_CANDIDATE_H

/*
 * candidate -- a difference that was recorded and is not decided yet; pure.
 *
 *                 first different reply
 *      believed ------------------------> open
 *                                          |  candidate_judge()
 *          believed again, same group,     |
 *          fetched provably later  <-------+------->  every element in two
 *               TRANSIENT                  |          independent answers
 *                                          |             CONFIRMED
 *                               deadline T v
 *                                     UNCONFIRMED  (told: doubt is shown)
 *
 * Confirmation is per element (R12): an address is confirmed when two
 * independent answers have it, a removal when two lack it; a rotating set
 * never repeats as a whole.  Independent means another group (`cache`), or
 * the same server once more, by TCP or TLS (`path`); one of the two a server of
 * the zone, and it is `source`.  A view may ask for more groups than two
 * (`quorum`).  FAILs are no evidence.
 *
 * Servers of the zone refute what a cache said when one of them denies it by a
 * later answer, and none says so, too.
 *
 * With `next_poll` nobody is asked: at the deadline, which is the end of the
 * next planned poll, an element that two polls said is confirmed, whatever was
 * proved by them (mostly nothing).
 *
 * What a resolver said that lies (R16) is kept, and is no evidence either.
 * When nothing else remains of a difference it is transient, and `filtered`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "dns/content.h"
#include "dns/reply.h"
#include "judge/diff.h"

enum {
	WITNESS_TCP = 1,
	WITNESS_TLS = 2,
	WITNESS_NOBODY = UINT16_MAX, /* a server or group: not known any more */
	CANDIDATE_GROUPS_MAX = 64,   /* of a quorum */
	CANDIDATE_WITNESSES_MAX = 64, /* then the newest run is merged */
	CANDIDATE_WAIT_HIGH_S = 10,   /* T for high and critical (R11) */
	CANDIDATE_WAIT_S = 60,        /* T for the rest */
	CANDIDATE_HELD_MAX_S = 600, /* rates may hold the question this long */
	CANDIDATE_DOUBT_MAX_S = 86400 /* R15 */
};

/* Stored: never renumber. */
enum label {
	LABEL_NONE = 0,
	LABEL_CONFIRMED = 1,
	LABEL_UNCONFIRMED = 2,
	LABEL_TRANSIENT = 3
};
const char *label_text(enum label label);

/* What was proved, by strength.  Stored: never renumber. */
enum proved {
	PROVED_NOTHING = 0,
	PROVED_PATH = 1,
	PROVED_CACHE = 2,
	PROVED_SOURCE = 3
};
/* "none" "path" "cache" "source" */
const char *proved_text(enum proved proved);

/*
 * One reply, or a run of equal ones from one server over one transport.
 * What it says is borrowed from whoever keeps the witnesses.
 */
struct witness {
	wall_us at; /* first of the run */
	wall_us last_at;
	wall_us fetched_after; /* R13: the earliest its source can have been
	                        * asked for the newest of the run */
	uint32_t count;
	uint16_t server;   /* tells one from another */
	uint16_t group;    /* equal for one operator */
	uint8_t transport; /* enum transport */
	enum fail fail;    /* FAIL_NOT: content is set */
	bool aa;           /* an authoritative answer has no cache */
	bool source;       /* it is one of the zone's own servers, asked as
	                    * such: its group is its name's */
	bool lags;         /* no answer, and the last one was not what the
	                    * zone said then: of a zone's own server */
	uint32_t ttl;      /* of the newest of the run */
	uint32_t ttl_past; /* R13: the largest that its content had before,
	                    * where that was looked up; else 0 */
	bool stale;        /* EDE 3 or 19: served stale (R13) */
	bool filtered;     /* R16: its resolver lies; says nothing */
	const struct content *content;
};

struct candidate {
	const struct content *believed;
	wall_us believed_since; /* R13: what was fetched before that proves
	                         * nothing about what came after */
	const struct content
	    *told;     /* R15: a decision was told with this `to`, only
	                * its proof is looked for; else NULL */
	uint16_t type; /* the question's, for the diff's aspects */
	enum proved required;
	bool next_poll;   /* R11: T is the next planned poll, the witnesses are
	                   * polls, and what two of them say is confirmed */
	uint8_t quorum;   /* groups that PROVED_CACHE takes; 0: two */
	wall_us deadline; /* 0: the clock does not run yet */
	const struct witness *witnesses; /* by time; [0] is the first sight */
	size_t n_witnesses;
};

/* What becomes of a candidate. */
struct judgement {
	enum label label; /* LABEL_NONE: wait */
	enum proved proved;
	const struct content *to; /* the last reply that counts */
	size_t to_witness;
	struct diff diff;        /* believed -> to */
	bool *added_confirmed;   /* beside diff.added */
	bool *removed_confirmed; /* beside diff.removed */
	bool disagreed;          /* a group still gave what was believed */
	bool filtered;           /* R16: nobody says so but a liar */
	const char *why;         /* a literal: the rule that decided */
};

/* Allocates lists from a.  0 or -ENOMEM. */
MUST_CHECK int candidate_judge(const struct candidate *c, wall_us now,
    struct arena *a, struct judgement *out);

/*
 * R12, R13: the earliest time at which the source of a reply can have been
 * asked: now for an authoritative answer, else now - (the largest TTL seen -
 * TTL left).
 */
wall_us candidate_fetched_after(
    wall_us at, bool aa, uint32_t ttl_max_s, uint32_t ttl_s);

/* R22: three distinct sets within a day, and only elements seen before. */
bool candidate_is_rotating(uint32_t n_sets_day, const struct diff *d,
    const bool *element_seen, size_t n_elements);

#endif
