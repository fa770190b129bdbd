/* SPDX-License-Identifier: ISC */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * store -- the one place that talks to PostgreSQL; from the loop, never
 * blocking it.
 *
 * Two connections: one writes (libpq pipeline mode, one transaction per batch
 * of items), one reads (states of questions that differ, the start-up load).
 * The store keeps what it was given until the database has it: after a lost
 * connection it first reads back whether the batch in flight was committed,
 * and only then sends it again (never a blind retry).  Exactly one process
 * writes: a session lock, and an epoch that every write transaction checks.
 *
 * The store does not judge.  It takes plain values and knows SQL; the
 * statements are all in statement.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "dns/content.h"
#include "dns/name.h"

struct loop;
struct store;

enum {
	STORE_SCHEMA = 15, /* the last migration this program knows */
	STORE_SHARDS = 1024,
	STORE_BATCH_ITEMS = 1000, /* a transaction is sent at this many items */
	STORE_BATCH_MS = 50,      /* or when the oldest waits this long ... */
	STORE_BUSY_MS = 250,      /* ... and the last was sent this long ago */
	STORE_FIRST_ITEMS = 10000, /* of first answers, the same */
	STORE_FIRST_MS = 1000
};

enum store_state {
	STORE_CONNECTING = 0, /* first connection not yet there */
	STORE_READY,          /* lock held, schema known, epoch taken */
	STORE_DOWN,           /* lost; reconnecting with back-off and jitter */
	STORE_REFUSED, /* wrong schema, encoding or rights: will not work */
	STORE_FENCED   /* another writer holds the lock or the epoch */
};

/* `why` is one printable line; borrowed. */
typedef void store_state_fn(void *ctx, enum store_state state, const char *why);

/*
 * conninfo as libpq takes it.  Host names are resolved before connecting
 * without blocking the loop longer than the system's resolver takes once at
 * start (hostaddr avoids it).  NULL when memory is short.
 */
struct store *store_new(struct loop *loop, const char *conninfo,
    store_state_fn *on_state, void *ctx);
void store_start(struct store *s);
/* A first answer (commit_first) that the database took no part of. */
typedef void store_refused_fn(void *ctx, const char *view, const uint8_t *name,
    size_t name_size, uint16_t type);
void store_on_refused(struct store *s, store_refused_fn *fn, void *ctx);
/* Closes without waiting; what is not committed is dropped.  NULL is fine. */
void store_free(struct store *s);
enum store_state store_state_now(const struct store *s);
/* The last reason for not being ready; "" when ready.  Lent until it changes.
 */
const char *store_why(const struct store *s);

/* Which question, everywhere in the store. */
struct store_key {
	struct uuid question; /* question_key() */
	uint16_t shard;       /* question_shard() */
	int32_t server;       /* 0 in a recursive view (R9) */
};
/* Of what is known of a zone's servers, beside its SOA question (R18). */
#define STORE_SERVER_ZONE 1
/* Of what was told of the views of a question, beside it in one of them (R9).
 */
#define STORE_SERVER_VIEWS 2
/* Of what was told of a question that is not what is expected of it (R27). */
#define STORE_SERVER_EXPECT 4
/* Of the pool of a question's addresses, beside it (R24). */
#define STORE_SERVER_POOL 3
/* Of what was told of what a question's records point at, beside it. */
#define STORE_SERVER_DANGLING 5
/* Of what names that do not exist are answered with below a zone's apex. */
#define STORE_SERVER_WILDCARD 6
/* Stages of a hostile name, in place of a server, beside one of its questions.
 */
#define STORE_SERVER_LIFE 7
/* SHA-256 cut to 128 bits over view, folded wire name and type. */
struct uuid question_key(
    const char *view, const uint8_t *name, size_t name_size, uint16_t type);
/* 0..STORE_SHARDS-1, from the name alone: types of one name stay together. */
uint16_t question_shard(const uint8_t *name, size_t name_size);

/* ---- what is known at start ---- */

/* Stored: never renumber. */
enum candidate_phase {
	CANDIDATE_NONE = 0,
	CANDIDATE_OPEN = 1,
	CANDIDATE_DOUBTED = 2
};

struct store_row {
	struct store_key key;
	const uint8_t *name; /* folded wire */
	uint16_t type;
	const char *view;
	bool watched;
	uint32_t every_s;
	uint32_t wait_s;  /* as commit_question has it */
	bool entry_known; /* so, too */
	uint32_t entry_s;
	bool entry_fits;        /* written since what is believed is */
	uint64_t attributes;    /* question_attributes() as last written */
	const uint8_t *content; /* packed, NULL: never answered */
	size_t content_size;
	uint32_t ttl;
	wall_us since;     /* what is believed; 0 without a state */
	wall_us last_seen; /* as seen_until says; 0 without a state */
	enum candidate_phase phase;
	struct uuid change; /* with a phase */
	wall_us seen_at;    /* first sight of that change */
	uint32_t revision;  /* of its latest decision, 0: none */
	bool failing;       /* an outage is open, or told and not its end */
	bool failing_told;
	uint8_t fail; /* enum fail */
	wall_us failing_since;
	wall_us failing_until; /* 0: open */
	const uint8_t
	    *bogus; /* of that outage, see commit_outage; NULL: none */
	size_t bogus_size;
	const uint8_t *noted; /* attributes, see commit_attribute; NULL: none */
	size_t noted_size;
	const uint8_t *zone; /* the same with STORE_SERVER_ZONE */
	size_t zone_size;
	const uint8_t *views; /* the same with STORE_SERVER_VIEWS */
	size_t views_size;
	const uint8_t *expect; /* the same with STORE_SERVER_EXPECT */
	size_t expect_size;
	const uint8_t *pool; /* the same with STORE_SERVER_POOL */
	size_t pool_size;
	const uint8_t *dangling; /* the same with STORE_SERVER_DANGLING */
	size_t dangling_size;
	const uint8_t *wildcard; /* the same with STORE_SERVER_WILDCARD */
	size_t wildcard_size;
	uint8_t signed_told; /* see commit_signatures; 0: nothing is open */
	wall_us signed_since;
	wall_us stale_since; /* see commit_stale; 0: none is open */
};
typedef void store_row_fn(void *ctx, const struct store_row *row);
/* err 0 when all rows came; 1 is never used. */
typedef void store_done_fn(void *ctx, int err);

/*
 * Streams every question that the database knows (COPY, binary), a bounded
 * number per loop turn; one at a time.  on_done with an error: call again when
 * READY.  Fetches wait for its end: they share the reading connection.
 */
void store_load(
    struct store *s, store_row_fn *on_row, store_done_fn *on_done, void *ctx);

/* ---- the old state of a question that differs ---- */

struct store_fetch {
	struct store_key key;
	const struct content *seen; /* elements to look up; copied */
	wall_us at;                 /* when it was seen */
	bool held;                  /* also what is held of its open change */
};

enum { STORE_HELD_MAX = 64 };

/* A good reply that is held as evidence of a change (commit_evidence). */
struct store_held {
	wall_us at, last_at;
	uint32_t count;
	uint32_t ttl;
	uint16_t flags;
	int32_t ede;
	uint8_t transport;
	const char *server, *group;
	const uint8_t *raw;
	size_t raw_size;
};

/* What the history says of one record of `seen`, in the order of its chain
 * and then its records. */
struct store_element {
	wall_us first_here; /* 0: never in this question */
	wall_us first_any;  /* 0: never in any */
	bool
	    believed_day; /* believed here for a day within the last 30 (R21) */
};

/* The alert that told a doubted change, by its latest revision. */
struct store_told {
	struct uuid alert; /* nil: no sink got any */
	uint32_t revision;
	const char *kind; /* of a group; NULL: an alert of its own */
	/* Of the group's other members, without those that are doubted: */
	uint32_t n_others;
	uint8_t severity; /* the highest, 0: there are none */
	uint8_t label;    /* the weakest */
};

struct store_believed {
	bool known;             /* a state is there */
	const uint8_t *content; /* packed */
	size_t content_size;
	uint32_t ttl;
	wall_us since;
	wall_us last_seen;
	struct uuid change;  /* that made it; nil: the baseline */
	uint32_t n_sets_day; /* distinct sets shown within the last day (R22) */
	enum candidate_phase phase; /* of the question's row, see store_row */
	struct uuid open_change;
	wall_us open_seen_at; /* first sight of open_change */
	const uint8_t
	    *open_content; /* packed, what was seen first; NULL: none */
	size_t open_content_size;
	const char *by; /* "192.0.2.53:53", who said first what is open, or what
	                 * was told and is doubted; NULL: not known */
	uint32_t past_ttl; /* of what is seen, the largest of the last day, as
	                    * a state or as evidence */
	bool past;         /* it was seen in that time */
	const uint8_t *before; /* packed, with CANDIDATE_DOUBTED: what was
	                        * believed before the state; NULL: none */
	size_t before_size;
	struct store_told told; /* with CANDIDATE_DOUBTED */
	/* Of hostile names: what is kept with STORE_SERVER_LIFE; NULL: nothing.
	 */
	const uint8_t *life;
	size_t life_size;
	/* If asked for, with CANDIDATE_OPEN: in order of arrival, the first
	 * STORE_HELD_MAX. */
	const struct store_held *held;
	size_t n_held;
	const struct store_element *elements;
	size_t n_elements;
};
/* Borrowed for the call; NULL with err != 0: ask again when READY. */
typedef void store_believed_fn(
    void *ctx, int err, const struct store_believed *believed);

/* Fetches are gathered into one statement per turn.  Always answers later. */
void store_fetch(struct store *s, const struct store_fetch *fetch,
    store_believed_fn *fn, void *ctx);

/* ---- what a span of time came to ---- */

/* A sum, by what it is of (sql/0014_digest.sql); texts are lent. */
struct store_sum {
	const char *what, *key;
	uint8_t severity;
	uint64_t n;
};
typedef void store_sums_fn(
    void *ctx, int err, const struct store_sum *rows, size_t n);
/* Of [since, until).  Answers later; one at a time. */
void store_sums(struct store *s, wall_us since, wall_us until,
    store_sums_fn *fn, void *ctx);

/* ---- maintenance and numbers ---- */

/* Partitions ahead and retention; the store also does it daily by itself. */
void store_retention(struct store *s, uint32_t days);

struct store_numbers {
	uint64_t batches, items, bytes_waiting, items_waiting;
	uint64_t items_refused; /* lost: the database took all but them */
	uint64_t reconnects;
	/* Commits whose answer was lost, and what they turned out to be. */
	uint64_t unknown_commits, resolved_committed, resolved_rolled_back;
	uint64_t default_partition_rows; /* should be 0 */
	uint32_t commit_us;              /* smoothed, send to commit */
	mono_ns waiting; /* the oldest of items_waiting waits for so long */
};
struct store_numbers store_numbers(const struct store *s);

#endif
