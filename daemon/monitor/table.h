/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TABLE_H
#define MONITOR_TABLE_H

/*
 * table -- every question as a packed entry behind an integer id, names in
 * one arena, policies interned.
 *
 * 32 bytes a question, half a line of the processor's cache, the wheel's link
 * in it; a name costs its wire form and 8 bytes once, to a multiple of 8,
 * whatever the number of its types, and 5 to 11 bytes of the index; there is
 * room for 1 GB of names.  A name that is asked through several views is an
 * entry in each: what is about a name is about it in that view.    Entries and
 * names lie in segments: growing copies nothing, and a pointer to an entry
 * stays good. Ids are never reused while the process runs: an unwatched
 * question keeps its entry.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "config/watchlist.h"
#include "dns/name.h"
#include "store/store.h"

#define QUESTION_NONE UINT32_MAX
#define NAME_NONE     UINT32_MAX
#define VIEW_NONE     UINT8_MAX
/* As many as a question's field can tell apart; also "no memory". */
#define POLICY_NONE ((UINT32_C(1) << 22) - 1)
/* A fingerprint that no reply has: the database may know a state. */
#define FINGERPRINT_ASK 1

enum {
	Q_WATCHED = 1,  /* to be polled */
	Q_KNOWN = 2,    /* has a state in the database (or on its way there) */
	Q_INQUIRY = 4,  /* answers differ: all replies go to its inquiry */
	Q_FAILS = 8,    /* has an entry among the failing */
	Q_BUSY = 16,    /* queued or in flight for a poll */
	Q_DOUBTED = 32, /* an unconfirmed change is asked again (R15) */
	Q_STORED = 64,  /* the database knows that it is watched, and how */
	Q_PLANNED = 128 /* the running poll counts for the ledger */
};

struct question {
	uint64_t
	    fingerprint; /* of the believed reply as the wire has it; 0: none */
	uint32_t name : 27; /* which, of which view, in the arena of names */
	uint32_t wait : 3;  /* steps (chase.h) that the database knows of; 0:
	                       it is polled at its planned times */
	uint32_t mark : 2;  /* enum chase_mark */
	uint32_t due;       /* planned time of the poll, ticks since start */
	uint32_t seen; /* wall seconds of the last good reply as believed */
	uint32_t link; /* in the wheel, or in the list where it waits */
	uint32_t policy : 22;
	uint32_t aged : 1;  /* the database knows how old its answers may be */
	uint32_t stray : 1; /* the wheel holds it by a plan that is no more */
	uint8_t flags;
	uint16_t type;          /* 0: no question (table_first() knows) */
	uint16_t ttl_code : 15; /* see question_ttl() */
	uint16_t cached : 1;    /* ... those out of caches, too (entry.c) */
};

/*
 * The largest TTL seen since the outcome last flipped: exact to 2047, above
 * it rounded up by less than a thousandth.  Up, because an answer's age is
 * reckoned from it, and may be taken for more than it is but not for less.
 */
uint32_t question_ttl(const struct question *q);
void question_set_ttl(struct question *q, uint32_t ttl);
/* What the database knows of its plan is of another one. */
void question_replan(struct question *q);

/* What one list says of where it has a name from. */
struct policy_source {
	const char *list;
	struct watch_source says;
};

/* What the watches of a question say; shared by all that say the same. */
struct policy {
	uint32_t every_s;
	enum proof confirm;
	const char **tags;
	size_t n_tags;
	const char **lists;
	size_t n_lists;
	/* By list, 0 where it does not say: since when it was reported, and
	 * until when it is on it.  NULL: no list says. */
	const wall_us *first_reported, *ends;
	wall_us until; /* then the first of what it says is over; 0: never */
	/* What it was merged of, if some of that ends: policies, none of them
	 * merged of such. */
	const uint32_t *parts;
	size_t n_parts;
	const struct policy_source *sources; /* sorted by list; a list without
	                                      * any is missing */
	size_t n_sources;
	const char *owner;
	const char *runbook;
	uint64_t attributes;     /* hash of all that the database keeps of it */
	uint8_t told_attributes; /* bits of enum attribute: R6's opt-in */
	bool owned, hostile;
	bool direct;    /* a watch that is hostile says so */
	bool elsewhere; /* hostile in another view */
	bool discreet;  /* hostile and not direct: its zone's servers are not
	                 * asked, whatever `confirm` another list says */
	const uint8_t *pins; /* what is expected of it, packed (dns/pin.h);
	                      * NULL: nothing */
	size_t pins_size;
	bool sleeps;      /* of a type that is not asked before its name exists
	                   * (sleeping.h) */
	uint32_t first_s; /* as struct watch has it */
	uint32_t idle_after_s; /* so long not there: asked every ... */
	uint32_t idle_every_s; /* ... (idle.h); 0: never */
	bool idle;             /* the form of one whose name is idle: every_s
	                        * is that ... */
	uint32_t plain;        /* ... and this the form of others */
	bool tell_baseline;    /* the first answer is an event */
	bool chase;      /* may wait longer than every_s for a cache's entry */
	uint32_t class_; /* index of its interval among the ledger's */
};
#define CLASS_NONE UINT32_MAX

struct table;

struct table *table_new(void);
void table_free(struct table *t);

/*
 * The number of a view, which is given to it when it is first named; 0 is
 * `default`.  VIEW_NONE: there were 255 of them already, or no memory.
 */
uint8_t table_add_view(struct table *t, const char *view);
/* The same of one that may not be there: VIEW_NONE. */
uint8_t table_find_view(const struct table *t, const char *view);
uint8_t table_n_views(const struct table *t);
const char *table_view_text(const struct table *t, uint8_t view);

/* Finds a question, or makes it (no flags, no policy).  QUESTION_NONE: no
 * memory, or no such type. */
uint32_t table_add(
    struct table *t, uint8_t view, const struct name *name, uint16_t type);
/* The same in two steps, for several types of one name; NAME_NONE: no memory.
 */
uint32_t table_add_name(struct table *t, uint8_t view, const struct name *name);
uint32_t table_add_type(struct table *t, uint32_t name, uint16_t type);
uint32_t table_find(const struct table *t, uint8_t view, const uint8_t *wire,
    size_t size, uint16_t type);
/* The first question of that name; QUESTION_NONE: none. */
uint32_t table_find_first(
    const struct table *t, uint8_t view, const uint8_t *wire, size_t size);
struct question *table_question(const struct table *t, uint32_t id);
/* Ids are 0..count-1; not every one is a question, but those are unwatched. */
uint32_t table_count(const struct table *t);
const uint8_t *table_name(const struct table *t, uint32_t id, uint8_t *size);
uint8_t table_view(const struct table *t, uint32_t id);
/* Fetches into the cache: the entry, or, once that is there, the name. */
void table_warm(const struct table *t, uint32_t id);
void table_warm_name(const struct table *t, uint32_t id);
/* Even over any names, the same after a restart. */
uint16_t table_spread(const struct table *t, uint32_t id);
/* The first question of the same name, and the one behind; QUESTION_NONE:
 * none. */
uint32_t table_first(const struct table *t, uint32_t id);
uint32_t table_next(const struct table *t, uint32_t id);
struct store_key table_key(const struct table *t, uint32_t id);

/* Bytes in use: what is resident of it, to a page. */
struct table_memory {
	size_t questions; /* with the wheel's links */
	size_t names;
	size_t index; /* of names */
	size_t policies;
};
struct table_memory table_memory(const struct table *t);

/*
 * The policy of a watch that is asked so often, or merged into one that other
 * lists made: the shortest interval, which may be exceeded if all allow that,
 * the union of tags, lists and attributes, the stricter proof, direct if one of
 * them is, asleep if all of them are, idle if all of them say so, its
 * first answer told if one says so, the first owner and runbook. POLICY_NONE:
 * no memory.
 */
uint32_t policy_of(struct table *t, const struct watch *w, uint32_t every_s);
/* The same of a type that sleeps until its name exists. */
uint32_t policy_asleep(struct table *t, uint32_t policy);
uint32_t policy_merge(struct table *t, uint32_t a, uint32_t b);
/* Its form while a name is idle; itself, if that is not less often.
 * POLICY_NONE: no memory.  And the other way round. */
uint32_t policy_idle(struct table *t, uint32_t policy);
uint32_t policy_plain(const struct table *t, uint32_t policy);
/* What of a policy stays when only `list` still says so; POLICY_NONE: nothing.
 */
uint32_t policy_only(struct table *t, uint32_t policy, const char *list);
/* What of a policy is not over at `now`.  POLICY_NONE: nothing.  Without memory
 * it is the policy as it was. */
uint32_t policy_left(struct table *t, uint32_t policy, wall_us now);
/* The same, and discreet.  POLICY_NONE: no memory. */
uint32_t policy_discreet(struct table *t, uint32_t policy);
const struct policy *policy_get(const struct table *t, uint32_t policy);
void policy_set_class(struct table *t, uint32_t policy, uint32_t class_);

#endif
