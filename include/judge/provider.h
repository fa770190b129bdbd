/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_PROVIDER_H
#define JUDGE_PROVIDER_H

/*
 * provider -- names that fail together (R4): which thing that they share has
 * failed, while others answer; pure.
 *
 * Names are counted in two passes.  The first notes what failing names share
 * (their name servers, the zone of those, their domain, their TLD), the second
 * how all names that share it fare:
 *
 *   failing   of those that were heard since the first of them failed, three
 *             of four and at least PROVIDER_NAMES_MIN
 *   others    of those heard since then at most one of four fails, and one
 *             at least answers; or, where there are none, a canary was true
 *
 * Both hold: the provider fails, and the monitor is not blind.  Only the second
 * does, or there are others and none was heard since: maybe, and more must be
 * heard (PROVIDER_MAYBE).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum {
	PROVIDER_NAMES_MIN = 10, /* fail, or it is told of each */
	PROVIDER_MAYBE_MIN = 5,  /* ... to hold `blind` back for a while */
	PROVIDER_KEYS_MAX = 20,  /* of a name: hosts, their zones, its own */
	PROVIDER_ROOM = 4096     /* things that failing names share; a power
	                          * of two.  Full: the rarest are let go */
};

/* What they share; of two that fit as well the first is told. */
enum provider_by {
	PROVIDER_SERVER,  /* a name server */
	PROVIDER_SERVERS, /* the zone of name servers */
	PROVIDER_DOMAIN,  /* the domain that the names are of */
	PROVIDER_TLD
};
const char *provider_by_text(enum provider_by by); /* as it is told */

struct provider_key {
	uint64_t hash; /* of kind and name; 0: none */
	uint8_t by;    /* enum provider_by */
};

/* What is known of a name. */
enum provider_heard {
	PROVIDER_SILENT,   /* not asked since */
	PROVIDER_ANSWERS,  /* since the first one failed */
	PROVIDER_FAILS,    /* lately ... */
	PROVIDER_FAILS_FOR /* ... and often enough to be told */
};

struct provider_count {
	struct provider_key key;
	uint32_t suspects; /* failing questions of the first pass */
	uint32_t names, answer, fail, fail_for;
};

/* Zeroed: empty. */
struct provider_tally {
	struct provider_count counts[PROVIDER_ROOM];
	uint32_t used;
	struct provider_count all; /* of names that no known provider has */
};

/* First pass: a failing question has these. */
void provider_suspect(
    struct provider_tally *t, const struct provider_key *keys, uint32_t n);
/* Is any of them worth a second pass? */
bool provider_is_suspected(const struct provider_tally *t);
/* Second pass, each name once. */
void provider_note(struct provider_tally *t, const struct provider_key *keys,
    uint32_t n, enum provider_heard heard);

enum provider_verdict { PROVIDER_NOT = 0, PROVIDER_MAYBE, PROVIDER_FAILED };
/*
 * `canary`: one was true since the first failed.  PROVIDER_FAILED: `*out` is
 * what most of those that fail share, lent until the next call.
 */
enum provider_verdict provider_judge(const struct provider_tally *t,
    bool canary, const struct provider_count **out);
/* Do the names that were noted, but for those of `c` (NULL: all), answer? */
bool provider_others_answer(const struct provider_tally *t,
    const struct provider_count *c, bool canary);
/* Do those of one fail, so many and by so large a part? */
bool provider_has_failed(const struct provider_count *c);
/* For what failed already: counted apart from what the others are. */
void provider_count(struct provider_count *c, enum provider_heard heard);
/* Is one that failed back?  At most one of four of its names fails. */
bool provider_is_back(const struct provider_count *c);

#endif
