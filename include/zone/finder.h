/* SPDX-License-Identifier: ISC */
#ifndef ZONE_FINDER_H
#define ZONE_FINDER_H

/*
 * finder -- which zone a name is in, and at which addresses its servers are.
 *
 * Walks from the root servers (`hints`) down, as RFC 1034 5.3.3 says, asking
 * the servers of a zone themselves (RD=0), and keeps what it learnt for its
 * TTL.  It makes no system call, reads no clock and sends nothing: it says
 * whom to ask what through a hook, and is told what came of it.
 *
 * Nothing is believed but what a server may say: a referral goes strictly
 * down from the zone that is asked and towards the name (RFC 2181 5.4.1),
 * glue counts only below the zone that gave it, and what was learnt from one
 * server is never given for the word of another.  Addresses that are not of
 * the open network (loopback, private, link local, multicast, unspecified,
 * and so on) are left out, unless the operator gave them (`hints`, `at`).
 *
 * At most 65536 searches wait, of which 1024 go on; who comes then is told
 * FIND_LIMIT.  Searches that would go the same way wait for the first of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/reply.h"

enum {
	ZONE_SERVERS_MAX = 32, /* addresses of a zone that are used */
	ZONE_NAMES_MAX = 16,   /* names of servers that are used */
	ZONE_ADDRS_MAX = 4,    /* addresses of a name that are used */
	ZONE_TTL_MIN_S = 60,
	ZONE_TTL_MAX_S = 86400,
	ZONE_FAILED_S = 10,    /* what could not be found is looked for again */
	FINDER_DEPTH_MAX = 6,  /* servers whose addresses must be looked up,
	                        * to look up addresses ... */
	FINDER_STEPS_MAX = 64, /* questions for one search, all told */
	FINDER_TRIES_MAX = 3,  /* servers asked for one step */
	FINDER_ZONES_MAX = 100000 /* kept; then the oldest unused one goes */
};

/* One address at which a zone is served. */
struct zone_server {
	struct addr addr;
	uint8_t name;   /* index into the zone's names of servers */
	bool at_parent; /* its name is in the delegation of the parent ... */
	bool at_child;  /* ... and in the zone's own NS */
};

/*
 * A zone as it was found last.  Lent: it stays as it is while it is held
 * (zone_hold), also when the finder has learnt better meanwhile.
 */
struct zone {
	struct name name;
	struct name *names; /* of its servers, at most ZONE_NAMES_MAX, also of
	                     * those without address; the root has one, "." */
	size_t n_names;
	/* Who says that they are: the parent's delegation, the zone's NS. */
	bool name_at_parent[ZONE_NAMES_MAX];
	bool name_at_child[ZONE_NAMES_MAX];
	struct zone_server *servers; /* each address once, in order of name */
	size_t n_servers;            /* never 0, but of a root without hints */
	mono_ns expires;
	struct zone *parent; /* held; NULL: this is the root */
	uint32_t refs;
};
struct zone *zone_hold(struct zone *z);
void zone_release(struct zone *z); /* NULL is fine */

/* Why nothing was found. */
enum find_why {
	FIND_FOUND = 0,
	FIND_SILENT,    /* no server answered */
	FIND_LAME,      /* they answer, but not for the zone */
	FIND_ADDRESSES, /* no server has an address that may be asked */
	FIND_LIMIT,     /* a limit above was reached */
	FIND_MEMORY
};
const char *find_why_text(enum find_why why); /* "no server answers" ... */

/* What the operator gave instead of what would be looked up. */
struct finder_at {
	struct name name;
	const struct addr *addrs;
	size_t n_addrs;
};

struct finder_hooks {
	/*
	 * Ask this server this question, RD=0; finder_answer() follows, never
	 * from inside.  False: it cannot be asked now.
	 */
	bool (*ask)(void *ctx, uint32_t token, const struct addr *server,
	    const struct name *name, uint16_t type);
	/*
	 * A search that finder_find() began has ended; `zone` is lent for the
	 * call (zone_hold).  Called from finder_answer(), finder_failed() and
	 * finder_tick() only, and may call finder_find() and the like, but
	 * not these three, nor finder_free().
	 */
	void (*found)(
	    void *ctx, uint64_t cookie, struct zone *zone, enum find_why why);
	void *ctx;
};

struct finder;

/* `hints`, `at` are copied.  NULL: memory is short. */
struct finder *finder_new(const struct addr *hints, size_t n_hints,
    const struct finder_at *at, size_t n_at, const struct finder_hooks *hooks);
/* Drops what is going on without calling back.  NULL is fine. */
void finder_free(struct finder *f);

/*
 * The zone whose servers answer for the question: the deepest known one that
 * encloses the name; for DS the parent's (RFC 4035 3.1.4.1).  Lent, until the
 * next call, when it is known and fresh; when it is fresh, but near its end (a
 * tenth of its TTL), it is looked up anew beside.  NULL: a search began, or
 * goes on, or failed less than ZONE_FAILED_S ago, and found() is called later,
 * never from inside, once for each such call.  `name` is folded.
 *
 * No question is spent on a name below a zone of which no cut is known: there
 * may be one all the same, which the caller then meets as a referral, and
 * tells with finder_cut().  A zone that is known to delegate is asked about
 * each other name once, and that is kept until finder_cut().
 */
struct zone *finder_find(struct finder *f, const struct name *name,
    uint16_t type, uint64_t cookie, mono_ns now);
/*
 * A server of `z` gave a referral to deeper servers instead of an answer:
 * there is a cut between `z` and the name that was not known.  finder_find()
 * walks on from `z` the next time.  Servers of a zone that disagree, one that
 * answers and one that refers, can make it find `z` again: do not go round
 * more than once or twice for one question.
 */
void finder_cut(struct finder *f, struct zone *z, const struct name *name);
/*
 * The zone's servers no longer answer for it: looked up anew the next time,
 * but not sooner than ZONE_FAILED_S after it was found.
 */
void finder_doubt(struct finder *f, struct zone *z);

/*
 * What came of a question: a message that message_walk() accepted, whose
 * question is the one asked, TC clear, whatever its RCODE; or that there was
 * none.  A token that is not known (any more) is ignored.
 */
void finder_answer(struct finder *f, uint32_t token, const uint8_t *wire,
    size_t size, const struct message *m, mono_ns now);
void finder_failed(
    struct finder *f, uint32_t token, enum fail fail, mono_ns now);
/*
 * Forgets what has expired and nobody holds, begins what waits, asks what
 * could not be asked before (for 30 s, then it counts as silent), and tells
 * who is to be told: a piece each, every 100 ms or so.
 */
void finder_tick(struct finder *f, mono_ns now);

struct finder_counts {
	uint32_t zones, searches;      /* now */
	uint64_t asked, found, failed; /* questions; calls of found() */
};
struct finder_counts finder_counts(const struct finder *f);

#endif
