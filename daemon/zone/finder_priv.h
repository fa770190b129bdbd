/* SPDX-License-Identifier: ISC */
#ifndef ZONE_FINDER_PRIV_H
#define ZONE_FINDER_PRIV_H

/*
 * The parts of the finder:
 *
 *   zone.c     a zone that is lent, made from what was gathered
 *   open.c     which addresses may be asked
 *   table.c    what is known by name, and forgetting it
 *   search.c   one search: a stack of frames, each walking down to a name
 *   heard.c    what a reply means to the frame that asked
 *   finder.c   who waits for which search, and who is told
 */

#include "base/hash.h"
#include "dns/referral.h"
#include "zone/finder.h"

enum {
	SEARCHES_MAX = 1024, /* going on at once: the slots */
	SLOT_BITS = 10,
	WAITING_MAX = 65536,  /* searches in all */
	BEGUN_MAX = 256,      /* searches begun in a piece */
	TOLD_MAX = 1024,      /* callers told in a piece */
	FORGET_MAX = 256,     /* entries looked at in a piece, ... */
	FORGET_EVERY_MS = 50, /* ... of which there is one in so long */
	UNASKED_S = 30,       /* a question that nobody takes is not answered */
	ENOUGH_NAMES = 2,     /* servers that suffice to go on down */
	SILENT_MAX = 4,       /* then the other family is asked first */
	PLACES = 65536,       /* buckets, powers of two */
	TARGETS = 16384,
	CLAIMS = 1024
};

/* --- zone.c ---------------------------------------------------------------
 */

/* A server by name, while its zone is put together. */
struct host {
	struct name name;
	struct addr addrs[ZONE_ADDRS_MAX];
	uint8_t n_addrs;
	bool at_parent, at_child;
	bool done; /* its addresses need not be looked up (any more) */
};

struct gathered {
	struct name zone;
	struct host hosts[ZONE_NAMES_MAX];
	size_t n_hosts;
	uint32_t ttl; /* the smallest; seconds */
};

void gathered_start(struct gathered *g, const struct name *zone);
/* What is known of a zone, to be gone on with. */
void gathered_from(struct gathered *g, const struct zone *z, mono_ns now);
/* The host of this name, made when there is room; NULL else. */
struct host *gathered_host(struct gathered *g, const struct name *name);
void gathered_ttl(struct gathered *g, uint32_t ttl);
/* Each address once, not more than are used. */
void host_addr(struct host *h, const struct addr *addr);
size_t gathered_with_addrs(const struct gathered *g);
/* Holds `parent`.  NULL: memory is short. */
struct zone *gathered_zone(
    const struct gathered *g, struct zone *parent, mono_ns now);

/* --- open.c ---------------------------------------------------------------
 */

/* Of the open network (IANA's registries of special-purpose addresses)? */
bool addr_is_open(const struct addr *a);

/* --- table.c --------------------------------------------------------------
 */

enum kind { KIND_PLACE, KIND_HOST };

/* What is known of a name. */
struct entry {
	struct entry *next;          /* in its bucket */
	struct entry *newer, *older; /* by use */
	enum kind kind;

	/* KIND_PLACE: a zone, a name in one, or what could not be found. */
	struct zone *zone; /* held; NULL: none */
	bool is_whole;     /* the zone's own NS were asked for */
	bool answered;     /* one of its servers did */
	bool delegates;    /* it gave a referral: names below may be cut off */
	bool doubted;
	uint8_t settled; /* octets of the name of the zone that it is in */
	enum find_why why;
	mono_ns failed_until;
	mono_ns made;

	/* KIND_HOST: addresses, by the servers of its zone. */
	struct addr addrs[ZONE_ADDRS_MAX];
	uint8_t n_addrs;
	mono_ns expires;

	uint8_t size;
	uint8_t wire[];
};

/* A name, or its end from some label on. */
struct part {
	const uint8_t *wire;
	size_t size;
};

struct table {
	struct entry **buckets;
	struct hash_key key;
	struct entry *newest, *oldest;
	struct entry *looked_at; /* by the last piece of forgetting */
	size_t n;
	uint32_t n_zones;
};

MUST_CHECK int table_init(struct table *t);
void table_fini(struct table *t);
struct entry *table_get(struct table *t, enum kind kind, struct part name);
/* Made when it is not there; NULL: memory is short. */
struct entry *table_make(struct table *t, enum kind kind, struct part name);
void table_set_zone(struct table *t, struct entry *e, struct zone *z);
void table_drop(struct table *t, struct entry *e);
void table_forget(struct table *t, mono_ns now);

struct part part_of(const struct name *name);
bool part_is(struct part p, const struct name *name);
/* Without its first label; the root has none. */
struct part part_up(struct part p);
/* The part of `name` that is one label longer than `zone`, which encloses it
 * and is shorter. */
struct part part_below(const struct name *name, const struct name *zone);
void part_name(struct part p, struct name *out);

/* May its zone be asked now? */
bool entry_is_fresh(const struct entry *e, mono_ns now);
bool entry_has_failed(const struct entry *e, mono_ns now);

/* What is known of where a name is. */
enum place { PLACE_KNOWN, PLACE_FAILED, PLACE_OPEN };
/* KNOWN, FAILED: by *out.  OPEN: *to is what is to be looked for. */
enum place table_place(struct table *t, struct part name, mono_ns now,
    struct entry **out, struct part *to);
/* The deepest zone that may be asked at or above the name. */
struct entry *table_deepest(struct table *t, struct part name, mono_ns now);

/* --- searches -------------------------------------------------------------
 */

struct waiter {
	struct waiter *next;
	uint64_t cookie;
	struct zone *zone; /* held */
	enum find_why why;
};

/* Where a frame is; what it asks next follows. */
enum stage {
	STAGE_WALK, /* the target, at a zone above it */
	STAGE_DOWN, /* wants addresses of the servers of a zone below */
	STAGE_OWN,  /* the NS of the zone that was found */
	STAGE_REST  /* wants the addresses that are missing still */
};

/* The first frame of a search looks for a zone, the others for a host. */
struct frame {
	enum stage stage;
	struct name target;
	struct name ask;    /* in STAGE_WALK: the target, or what is above it */
	uint16_t type;      /* of the question */
	struct zone *at;    /* held: whose servers are asked */
	struct zone *above; /* held: parent of what is gathered */
	bool proven;        /* a server of `at` answered for it */
	bool is_shared;     /* what is gathered is served by those of `at` */
	bool is_refresh;    /* what is known of the target does not count */
	bool is_tainted;    /* fails or not by what else is being looked for */
	struct gathered g;
	size_t host; /* of g: whose addresses are being looked for */

	uint32_t tried; /* servers of `at`, a bit each */
	uint8_t n_tries;
	uint8_t silent_family; /* of the last one that was silent */
	enum find_why why;

	struct host found; /* of a host: what it has */
	uint32_t ttl;
};

struct search {
	struct search *next;        /* in line, or parked */
	struct search *target_next; /* in their buckets */
	struct search *claim_next;
	struct search *parked, *parked_last; /* those who wait for this one */
	struct waiter *waiters;
	bool is_refresh;
	bool is_going;
	bool is_over;    /* `zone` or `why` says how */
	bool is_unasked; /* the question could not be asked */
	mono_ns unasked_since;
	uint32_t token;
	unsigned slot;
	unsigned n_steps;
	uint8_t asked; /* index of the server */
	size_t n_frames;
	struct frame *frames[FINDER_DEPTH_MAX + 1];
	struct zone *zone; /* held */
	enum find_why why;
	struct name target;
	struct name claim; /* size 0: none */
};

struct finder {
	struct finder_hooks hooks;
	struct finder_at *at;
	size_t n_at;
	struct table table;
	struct zone *root; /* held by the table, too */

	struct search **targets;
	struct search **claims;
	struct search *line, *line_last;
	struct search *slots[SEARCHES_MAX];
	uint16_t free_slots[SEARCHES_MAX];
	unsigned n_free;
	struct waiter *told, *told_last;
	size_t n_told;
	uint64_t short_of_memory[64];
	size_t n_short;

	mono_ns forget_at;             /* the next piece */
	uint32_t sequence;             /* of tokens */
	uint32_t turn;                 /* spreads questions over servers */
	unsigned silent_v4, silent_v6; /* in a row */
	struct finder_counts counts;
};

/* --- finder.c */

/* Gives the host what the operator says of it; false: nothing. */
bool finder_knows(const struct finder *f, struct host *h);
/* It is over: tells, wakes and frees it. */
void search_end(struct finder *f, struct search *s);
/* It has come down to this zone, and looks around there for others too. */
void search_came_to(
    struct finder *f, struct search *s, const struct name *zone);

/* --- search.c */

/* Puts the first frame in place.  0 or -ENOMEM. */
MUST_CHECK int search_start(struct search *s, const struct entry *from);
/* Goes on until a question is asked, or it has ended; then it is freed. */
void search_run(struct finder *f, struct search *s, mono_ns now);
void search_drop_frames(struct search *s);

static inline struct frame *
search_top(const struct search *s)
{
	return s->frames[s->n_frames - 1];
}

/* The top frame asks the servers of this zone from now on, for its target. */
void frame_go_to(struct frame *fr, struct zone *z, bool proven);
/* The same servers may be asked again. */
void frame_new_question(struct frame *fr);
/* The top frame has failed; the one below goes on without. */
void frame_failed(
    struct finder *f, struct search *s, enum find_why why, mono_ns now);
/* This zone is what the search looked for. */
void frame_found(struct finder *f, struct search *s, struct zone *z);
/* What the top frame has found of a host goes to the one below. */
void frame_host_found(struct finder *f, struct search *s, mono_ns now);
/* `zone` is what is looked for: asks for its own NS.  It is that whose servers
 * are asked, or one below on the same servers. */
void frame_own(struct frame *fr, const struct name *zone, mono_ns now);
/* Its own NS cannot be had: what the parent says, alone. */
void frame_without_own(struct frame *fr);

/* --- heard.c */

/* What a reply means to the top frame. */
void heard(struct finder *f, struct search *s, const uint8_t *wire, size_t size,
    const struct message *m, mono_ns now);

#endif
