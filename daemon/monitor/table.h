/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_TABLE_H
#define MONITOR_TABLE_H

/*
 * table -- every question as a packed entry behind an integer id, names in
 * one arena, policies interned.
 *
 * 40 bytes a question, 4 more for the wheel's link; a name costs its wire
 * form and 5 bytes once, whatever the number of its types.  Ids are never
 * reused while the process runs: an unwatched question keeps its entry.
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
#define POLICY_NONE   UINT32_MAX
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
	uint32_t name;   /* offset into the arena of names */
	uint32_t sibling; /* next question of the name, QUESTION_NONE: last */
	uint32_t policy;
	uint32_t due;  /* planned time of the poll, ticks since start */
	uint32_t seen; /* wall seconds of the last good reply as believed */
	uint32_t ttl;  /* largest TTL seen since the outcome last flipped */
	uint16_t type;
	uint8_t home; /* the server that it keeps to */
	uint8_t flags;
	uint32_t wheel; /* tick at which the wheel holds it, with jitter */
};

/* What the watches of a question say; shared by all that say the same. */
struct policy {
	uint32_t every_s;
	enum proof confirm;
	const char **tags;
	size_t n_tags;
	const char **lists;
	size_t n_lists;
	const char *owner;
	const char *runbook;
	uint64_t attributes;     /* hash of all that the database keeps of it */
	uint8_t told_attributes; /* bits of enum attribute: R6's opt-in */
	bool owned, hostile;
	uint32_t class_; /* index of its interval among the ledger's */
};
#define CLASS_NONE UINT32_MAX

struct table;

struct table *table_new(void);
void table_free(struct table *t);

/* Finds a question, or makes it (no flags, no policy).  QUESTION_NONE: no
 * memory. */
uint32_t table_add(struct table *t, const struct name *name, uint16_t type);
uint32_t table_find(
    const struct table *t, const uint8_t *wire, size_t size, uint16_t type);
struct question *table_question(const struct table *t, uint32_t id);
uint32_t table_count(const struct table *t); /* ids are 0..count-1 */
const uint8_t *table_name(const struct table *t, uint32_t id, uint8_t *size);
/* The first question of the same name; go on by ->sibling. */
uint32_t table_first(const struct table *t, uint32_t id);
struct store_key table_key(const struct table *t, uint32_t id);

/* The wheel's links: as many as table_room(); moves when the table grows. */
uint32_t *table_links(struct table *t);
/* Called with the new array whenever it moved. */
void table_on_move(
    struct table *t, void (*fn)(void *ctx, uint32_t *links), void *ctx);

/*
 * The policy of a watch, or of a watch merged into one that other lists made:
 * the shortest interval, the union of tags, lists and attributes, the stricter
 * proof, the first owner and runbook.  POLICY_NONE: no memory.
 */
uint32_t policy_of(struct table *t, const struct watch *w);
uint32_t policy_merge(struct table *t, uint32_t a, uint32_t b);
/* What of a policy stays when only `list` still says so; POLICY_NONE: nothing.
 */
uint32_t policy_only(struct table *t, uint32_t policy, const char *list);
const struct policy *policy_get(const struct table *t, uint32_t policy);
void policy_set_class(struct table *t, uint32_t policy, uint32_t class_);

#endif
