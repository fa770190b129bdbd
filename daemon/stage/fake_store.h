/* SPDX-License-Identifier: ISC */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

/*
 * fake_store -- store.h and commit.h over a database in memory, that holds
 * the monitor to its promises at every transaction:
 *
 *   - one open candidate per question, each decided first exactly once;
 *   - (change, revision) and (alert, revision) unique and without gaps;
 *   - a decision differs from the believed state, and names that state;
 *   - what becomes believed was seen, in evidence of that change;
 *   - every told decision has one alert to each sink, no other has any;
 *   - intervals are opened by replies and closed by decisions, and what is
 *     believed is always in open ones.
 *
 * A violation ends the story.  The database outlives the connection: what was
 * not committed when the monitor is killed is gone.
 */

#include "base/arena.h"
#include "dns/name.h"
#include "loop/loop.h"
#include "store/commit.h"
#include "store/store.h"

/* A content as stored: packed bytes. */
struct packed {
	const uint8_t *data; /* NULL: none */
	size_t size;
};

struct db_interval {
	struct uuid link; /* of owner kind, type and rdata */
	struct uuid record;
	uint16_t rrtype; /* 0: an outcome without records */
	const char *text;
	wall_us first_seen, last_seen;
	wall_us closed; /* 0: open */
	bool believed;
};

struct db_belief {
	struct packed content;
	wall_us since, until;
	uint32_t ttl; /* the largest that was seen */
};

/* A content that was shown at a time, believed or not. */
struct db_shown {
	struct packed content;
	struct uuid change;
	const char *by; /* its server */
	uint32_t ttl;
	wall_us at;
	struct store_held held;
};

struct db_question {
	struct store_key key;
	struct name name;
	char view[64];
	uint16_t type;
	bool watched;
	uint32_t every_s, phase_ms, wait_s;
	bool entry_known;
	uint32_t entry_s;
	wall_us entry_at;
	unsigned n_puts; /* of it */
	uint64_t attributes;
	wall_us planned_since;
	struct packed content;
	uint32_t ttl;
	wall_us since, last_seen;
	struct uuid change;
	enum candidate_phase phase;
	struct uuid candidate;
	uint32_t revision;
	wall_us seen_at;
	struct packed open_content;
	struct db_interval *intervals;
	size_t n_intervals, intervals_room;
	struct db_belief *beliefs;
	size_t n_beliefs, beliefs_room;
	struct db_shown *shown;
	size_t n_shown, shown_room;
	bool failing, failing_told;
	uint8_t fail;
	wall_us failing_since, failing_until;
	struct packed bogus; /* what was told so in its outage */
	struct packed noted; /* of its attributes */
	struct packed zone;  /* of a zone's SOA: what is known of its servers */
	struct packed views; /* what was told of its views */
	struct packed expect;   /* ... and of what is expected of it */
	struct packed pool;     /* of its addresses */
	struct packed dangling; /* what was told of what it points at */
	struct packed wildcard; /* what it answers for no name */
	struct packed life;     /* stages of its name */
	wall_us pool_day;
	unsigned n_pool_days;
	uint8_t signed_told;
	wall_us signed_since;
	unsigned n_outages;
	wall_us stale_since, stale_until; /* the latest stretch */
	unsigned n_stretches;
	unsigned n_baselines;
};

struct db_entry {
	int64_t seq;
	wall_us at;
	struct uuid id;
	uint32_t revision;
	const char *class_;
	const char *body;
	const char *name;
	uint16_t type;
	uint8_t kind;
	const char *event; /* NULL: none */
	uint8_t severity;
	uint8_t label;
	bool told;
	bool decided; /* a candidate: it has its first decision */
};

struct db_alert {
	struct uuid id;
	uint32_t revision;
	const char *class_;
	const char *name;
	const char *group;   /* NULL: none */
	const char *held_by; /* NULL: it goes out at once */
	bool waited,
	    gathered; /* it did, it does wait for one that tells several */
	bool tells_gathered; /* it is one ... */
	size_t *members;     /* ... of these entries */
	size_t n_members;
	wall_us at;
	size_t first, n; /* its members among the entries */
};

/* A stretch in which a name was on a list. */
struct db_member {
	struct name name;
	const char *list;
	wall_us since, until;         /* until 0: still on it */
	wall_us first_reported, ends; /* as the list says; 0: it does not */
	bool found_gone;
	bool by_until; /* it ended by that word */
};

/* Who sees what becomes durable, before it does; none of it may be NULL. */
struct db_eye {
	void *ctx;
	void (*on_baseline)(void *ctx, const struct db_question *q,
	    const struct commit_baseline *c);
	void (*on_evidence)(void *ctx, const struct db_question *q,
	    const struct commit_evidence *e, const struct uuid *change);
	void (*on_decision)(void *ctx, const struct db_question *q,
	    const struct commit_decision *d);
	void (*on_entry)(void *ctx, const struct db_entry *e);
};

struct db {
	struct loop *loop;
	const struct db_eye *eye; /* NULL: nobody */
	size_t n_sinks;
	struct arena arena;
	struct db_question **questions;
	size_t n_questions, questions_room;
	struct db_entry *entries;
	size_t n_entries, entries_room;
	struct db_alert *alerts;
	size_t n_alerts, alerts_room;
	struct commit_span *spans;
	size_t n_spans, spans_room;
	struct db_member *members;
	size_t n_members, members_room;
	int64_t seq;
	uint64_t generation; /* grows with every commit */
	unsigned n_candidates;
	uint64_t n_written; /* items, for "an unchanged poll writes nothing" */
	bool away;
	unsigned refused; /* baselines that it will not take */
};

struct db *db_new(struct loop *loop);
void db_free(struct db *db);
struct db_question *db_find(
    const struct db *db, const struct name *name, uint16_t type);
struct db_question *db_of_key(const struct db *db, const struct store_key *key);
/* When it was last seen, as the ledger has it (state and spans). */
/* What a span of time came to. */
enum { DB_SUMS_MAX = 128, DB_KINDS = 32 };
struct db_sums {
	struct store_sum rows[DB_SUMS_MAX];
	size_t n;
	char kinds[DB_KINDS][4];
};
void db_sums(
    const struct db *db, wall_us since, wall_us until, struct db_sums *out);
wall_us db_last_seen(
    const struct db *db, const struct db_question *q, wall_us ceiling);
/* Contents as presentation text: "via a., b. 192.0.2.1, 192.0.2.2". */
void db_print(const struct packed *p, struct buf *out);

/* A connection; the state is told from the loop. */
struct store *fake_store_open(struct db *db, store_state_fn *fn, void *ctx);
/* Alerts that wait to be told with others. */
long db_gathered(const struct db *db);
/* Drops what was not committed, without a word. */
void fake_store_close(struct store *s);
/*
 * Takes the database away and gives it back.  `unknown`: what is under way is
 * committed, but nobody is told so until it is back.
 */
void fake_store_away(struct store *s, bool unknown);
void fake_store_back(struct store *s);
/* Another writer has taken over: nothing is written any more. */
void fake_store_fence(struct store *s);

/* ---- between the files of the fake store ---- */

enum op_kind {
	OP_QUESTION,
	OP_BASELINE,
	OP_SIGHT,
	OP_MORE,
	OP_DECISIONS,
	OP_EVENTS,
	OP_OUTAGE,
	OP_STALE,
	OP_POOL_DAY,
	OP_SETTLED,
	OP_SPANS,
	OP_SEEN,
	OP_ATTRIBUTE,
	OP_TOLD,
	OP_GATHERED
};

struct op {
	struct op *next;
	enum op_kind kind;
	store_done_fn *done;
	void *ctx;
	int err; /* refused: lost, and said so */
	struct arena arena;
	union {
		struct commit_question question;
		struct commit_baseline baseline;
		struct commit_sight sight;
		struct commit_more more;
		struct commit_decisions decisions;
		struct commit_events events;
		struct commit_outage outage;
		struct commit_stale stale;
		struct commit_pool_day pool_day;
		struct commit_attribute attribute;
		struct commit_told told;
		struct commit_gathered gathered;
		struct {
			struct store_key key;
			struct uuid change;
		} settled;
		struct {
			struct commit_span *list;
			size_t n;
		} spans;
		struct {
			struct store_key *keys;
			wall_us *at;
			size_t n;
		} seen;
	} u;
};

/* Does to the database what the item says, or ends the story. */
void db_apply(struct db *db, struct op *op);
void store_enqueue(struct store *s, struct op *op);
/* What an item says of its name's lists, as statement_left and _joined do. */
void db_apply_lists(struct db *db, const struct commit_question *c);
/* Stretches of a name: those that are open, or all. */
long db_memberships(const struct db *db, const struct name *name, bool open);
/* Those of which the list said when they end, and they did. */
long db_ended(const struct db *db, const struct name *name);
/* What a record is found by; cheaper than record_key(). */
struct uuid db_link(const struct record *r);
struct packed db_pack(struct db *db, const struct content *c);

#endif
