/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_POOL_H
#define JUDGE_POOL_H

/*
 * pool -- the addresses that a question gives in turn (R23-R25): which of them
 * are its own, and how they move.  Pure: time is an argument, in seconds of
 * Unix time, and there are no system calls.
 *
 *    told, or a rotating set      seen often, over a day,
 *      that was shown before       within the day's growth
 *   ---> HEARD OF ----------------------> MEMBER
 *           ^                               |
 *           +---- absent for too long ------+   (and 30 days: forgotten)
 *                 all, when another has aged
 *                 and none was heard since it came
 *
 * An answer all of whose addresses are members, with a size that was seen
 * before and the alias chain of what is believed, is movement inside the pool.
 * All else is for the inquiry, as without a pool: an address outside, another
 * chain, another outcome, another size.  Only the exact address is a member;
 * its prefix, its network or its provider make none.
 *
 * Poison guard: what is believed was told or is older than the pool; it is no
 * member before POOL_AGE_ANSWERS answers over POOL_AGE_S, and a day makes at
 * most POOL_GROWTH_DAY members.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "dns/content.h"

enum {
	POOL_ELEMENTS_MAX = 64,  /* of a question; the rest is outside */
	POOL_ANSWER_MAX = 32,    /* addresses of one answer */
	POOL_AGE_ANSWERS = 8,    /* fresh answers that have it ... */
	POOL_AGE_S = 20 * 3600,  /* ... from the first to the last of them */
	POOL_GROWTH_DAY = 32,    /* members that a day makes */
	POOL_BEGIN_S = 3600,     /* what came by then is what it began with */
	POOL_FIRST_S = 86400,    /* what comes in this time is no news */
	POOL_SETTLED_S = 172800, /* older: it knows what is outside */
	POOL_FORGET_S = 30 * 86400,
	POOL_CLASS_S = 3600, /* a class lasts for two looks, so far apart */
	POOL_FLUX_NEW = 10,
	POOL_FLUX_PREFIXES = 3, /* /16 of IPv4, /32 of IPv6 */
	POOL_FLUX_TTL_S = 600
};

/* Stored: never renumber. */
enum pool_class {
	POOL_STABLE = 0,   /* one set */
	POOL_ROTATING = 1, /* sets that come again */
	POOL_SAMPLED = 2,  /* of one size, picked out of more */
	POOL_FLUX = 3,     /* ten new in three prefixes within a day */
	POOL_UNSTABLE = 4  /* anything else */
};
/* "stable" ... */
const char *pool_class_text(enum pool_class class_);

struct pool_element {
	uint8_t addr[16];
	uint32_t first, last; /* heard */
	uint32_t member;      /* since; 0: heard of */
	uint32_t seen;        /* fresh answers that had it ... */
	uint32_t first_no;    /* ... of the pool's answers since this one ... */
	uint32_t last_no;     /* ... and the last that had it */
	uint16_t days;        /* on which it was heard */
	uint16_t today;       /* fresh answers of the running day */
	bool believed;        /* in what is believed */
	bool here;            /* in the last fresh answer */
};

/* What a day showed. */
struct pool_day {
	uint32_t moves;      /* answers with another set than the one before */
	uint32_t overlaps;   /* ... that kept some of it */
	uint32_t returns;    /* ... to addresses that were all heard before */
	uint16_t news;       /* addresses never heard of before */
	uint16_t lost;       /* of them, those that had no room */
	uint8_t least, most; /* addresses of an answer; 0: none came */
};

/* Plain data but for `list`, which pool_free() frees. */
struct pool {
	uint8_t size; /* of an address: 4 or 16 */
	bool foreign; /* what is believed has what is no element */
	bool away;    /* what is believed has taken the place of it */
	uint32_t
	    still; /* fresh answers in a row with one set, by this process */
	bool replaced;  /* members, by others; to be told, and taken back */
	uint8_t class_; /* enum pool_class */
	uint8_t next;   /* the class that comes, if it is so at ... */
	uint32_t look;  /* ... the next look; 0: none was taken */
	uint32_t class_since;
	uint32_t flux_told; /* 0: never */
	uint32_t began;
	uint32_t renewed; /* this process saw another chain come, with nothing
	                   * that was heard before; 0: it did not */
	uint32_t moved;   /* the last move */
	uint32_t answers; /* fresh ones */
	uint32_t day;     /* the running one, days of Unix time */
	uint32_t answers_today;
	uint32_t ttl_max;  /* of answers, within two days */
	uint16_t grown;    /* members of the running day */
	uint64_t sizes;    /* bit n - 1: a believed answer had n */
	uint64_t print;    /* of the last answer's set, of no meaning else */
	struct uuid chain; /* of what is believed; nil: none */
	struct pool_day now, before;
	uint32_t n, room;
	struct pool_element *list;
};

/* Can it be an answer of a pool: only addresses, of this type, not too many? */
bool pool_takes(const struct content *c, uint16_t type);

/* Of an answer that it takes.  NULL: no memory. */
MUST_CHECK struct pool *pool_new(const struct content *c, uint32_t now);
void pool_free(struct pool *p); /* NULL is fine */
/* All that it holds. */
size_t pool_bytes(const struct pool *p);

/*
 * This is believed now, by a decision, or at a start; what it has is heard of
 * from now on.  NULL: nothing that a pool takes.  True: there is something new
 * to be kept over a restart.
 */
bool pool_believe(struct pool *p, const struct content *c, uint32_t now);

/* With its chain, whatever the addresses: where only a provider gives them
 * (R24).  Not once it is flux. */
bool pool_has_chain(const struct pool *p, const struct content *c);

/* Movement inside the pool?  `c` is what it takes. */
bool pool_holds(const struct pool *p, const struct content *c);

/*
 * Is an address of it outside: no member, and not heard for a day?  Or has one
 * that came later taken the place of what a sampled pool draws: so many were
 * never drawn, and nothing is left of what is believed?  What follows that is
 * outside, too.  Only a settled pool
 * says so; any other knows too little.
 */
bool pool_is_outside(
    const struct pool *p, const struct content *c, uint32_t now);

/*
 * Is it more of a pool that is still being learnt: within POOL_FIRST_S of its
 * beginning, or since another alias chain came with nothing that was known?
 * Then it may be told with others (R24: a known network makes an address less
 * new, and no member).  All of its addresses share a network, a /16 of IPv4 or
 * a /32 of IPv6, with what came within POOL_BEGIN_S of that, and so does some
 * of what is believed; chain and size are such as were believed.
 */
bool pool_grows(const struct pool *p, const struct content *c, uint32_t now);

/*
 * An answer to a poll.  Only those that are `fresh`, fetched since the one
 * before, are counted (R12: two replies of one cache entry are one sample).
 */
struct pool_heard {
	const struct content *content; /* that it takes */
	uint32_t ttl;
	uint32_t now;
	bool fresh;
};
/* A day that is over ends first, see pool_is_over(). */
void pool_hear(struct pool *p, const struct pool_heard *h);

/* Is the running day over?  Then its counts are to be kept, before ... */
bool pool_is_over(const struct pool *p, uint32_t now);
/* ... the next begins. */
void pool_turn(struct pool *p, uint32_t now);

/*
 * Its class, looked at once in POOL_CLASS_S.  True: it changed, from *from;
 * POOL_FLUX is told the first time within 30 days (`flux_told` was set now).
 */
bool pool_look(struct pool *p, uint32_t now, enum pool_class *from);

/*
 * A member whose absence is evidence: its share of the answers being what it
 * was, so many without it would come less than once in a thousand million
 * times.  Answers without any member count for nothing: what somebody else
 * says for hours makes nobody leave.  It is taken out of the pool: back again,
 * it is outside.  False: none, or not of a class in which that counts.
 */
bool pool_absent(struct pool *p, struct pool_element *out);
/* Of the fresh answers from its first to its last, in thousandths. */
uint32_t pool_share(const struct pool_element *e);

uint32_t pool_members(const struct pool *p);
/* "192.0.2.1" */
char *pool_print(const struct pool *p, const struct pool_element *e,
    char out[ADDR_TEXT_SIZE]);

/* What is kept over a restart; what is believed comes with the state. */
void pool_pack(const struct pool *p, struct buf *out);
/* NULL: not readable, or no memory. */
struct pool *pool_unpack(const uint8_t *data, size_t size);

#endif
