/* SPDX-License-Identifier: ISC */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

/*
 * What the files of this room share: one struct, and who may call whom.
 *
 *   store.c    the object, its states, its timers
 *   session.c  from a bare connection to one that may be used
 *   write_queue.c, write.c    batches: gathered; sent, repeated, taken apart
 *   first.c    first answers by COPY
 *   commit.c, commit_log.c    items into rows
 *   outbox.c   claims and ends, as parts of batches
 *   fetch.c, load.c, sums.c, read_side.c    the reading connection
 *
 * Every entry from the loop is bracketed by store_enter() and store_leave():
 * store_free() may be called from any callback, and the memory goes when the
 * outermost entry returns.  After each callback the caller looks at `closed`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "batch.h"
#include "conn.h"
#include "statement.h"
#include "store/commit.h"
#include "store/outbox.h"
#include "store/store.h"

struct loop;
struct loop_timer;

enum {
	STORE_WHY_SIZE = 512,
	STORE_TIME_SIZE = 64,
	STORE_CLAIMS_MAX = 32, /* claims that go along with one batch */
	STORE_TURN_MS = 2,   /* no more is told in a turn that is so old ... */
	STORE_TURN_LOOK = 16 /* ... at which is looked after so many */
};

/*
 * Lanes are places in the order of a batch's statements (statement.h): a
 * second item of a question joins a batch only when all of its lanes lie
 * behind those of the first.
 */
enum {
	LANE_QUESTION = 1,
	LANE_STATE = 2,
	LANE_CANDIDATE = 3,
	LANE_EVIDENCE = 4,
	LANE_RECORD = 5,
	LANE_DECISION = 6,
	LANE_OUTAGE = 7,
	LANE_SETTLED = 8,
	LANE_ATTRIBUTE = 9,
	LANE_POOL = 10
};

/*
 * The beginning of a connection, one statement at a time:
 *
 *   CLOSED -> SETUP -> SCHEMA -> RIGHTS -> LOCK -> EPOCH -> HEADS
 *                                          |  ^     |          |
 *             again, after EVICT, while    |  |     |       PREPARE
 *             our old backend lingers      v--+     v          |
 *                                        HOLDER -> fenced    READY
 *
 * The reading connection goes from SETUP to PREPARE.
 */
enum session_step {
	SESSION_CLOSED = 0,
	SESSION_SETUP,
	SESSION_SCHEMA,
	SESSION_RIGHTS,
	SESSION_LOCK,
	SESSION_EVICT,
	SESSION_HOLDER,
	SESSION_EPOCH,
	SESSION_HEADS,
	SESSION_PREPARE,
	SESSION_READY
};

struct session {
	struct store *store;
	struct conn conn;
	enum side side;
	enum session_step step;
	struct loop_timer *retry;
	unsigned tries;              /* connections lost in a row */
	PGresult *result;            /* of the present step */
	char failed[STORE_WHY_SIZE]; /* first statement that did not prepare */
	bool misfit;                 /* and it never will */
	bool evicted;                /* asked our old backend to end */
	mono_ns lock_until;          /* LOCK is tried again until then */
	int pid;                     /* of our last backend that had the lock */
	char began[STORE_TIME_SIZE]; /* when that began */
	char begins[STORE_TIME_SIZE]; /* when the present one began */
};

/* What was sent of the batch in flight, in order. */
struct sent {
	enum statement_id id;
	struct claim *claim; /* with WRITE_CLAIM */
};

/* Where a batch of first answers on its way stands, see first.c. */
enum first_step {
	FIRST_NOT = 0, /* no such batch, or the rest of it */
	FIRST_BEGIN,
	FIRST_CHECK,
	FIRST_COPY
};

struct writer {
	int64_t epoch;      /* 0: none taken yet */
	int64_t committed;  /* number of the last committed batch */
	int64_t first;      /* number of this process's first batch */
	struct batch *open; /* those that take items, in their order */
	unsigned n_open;
	struct batch *firsts; /* open too, but apart: of first answers */
	enum first_step step;
	struct first_copy *copy; /* of the one in flight */
	struct batch *queue;     /* closed, waiting, oldest first */
	struct batch **queue_end;
	int64_t seq;          /* commit_seq() */
	struct batch *flight; /* sent, or lost with its fate unknown */
	struct batch *spare;  /* kept for its memory */
	struct batch *ended;  /* told turn by turn, oldest first */
	struct loop_timer *tick;
	mono_ns closed;     /* when open ones were last closed by time */
	mono_ns not_before; /* of a repeated batch */
	struct sent sent[N_STATEMENTS + STORE_CLAIMS_MAX];
	unsigned n_sent;
	unsigned n_got;
	bool unknown; /* flight was lost: ask the database */
	bool rolling_back;
	bool is_telling;
	char state[6]; /* SQLSTATE of the first error; "" */
	char error[STORE_WHY_SIZE];
	int64_t evidence_n; /* last number given to evidence */
	size_t items;       /* closed and in flight */
	size_t bytes;
};

struct fetches;
struct first_copy;
struct load;

/* What the reading connection is busy with. */
enum reading {
	READING_NOTHING = 0,
	READING_STATES,
	READING_WAITING,
	READING_SUMS,
	READING_LOAD
};

struct sums_call;
struct waiting_call {
	struct waiting_call *next;
	outbox_waiting_fn *fn;
	void *ctx;
};

struct store {
	struct loop *loop;
	char *conninfo;
	store_state_fn *on_state;
	void *ctx;
	store_refused_fn *on_refused;
	void *refused_ctx;
	enum store_state state;
	char why[STORE_WHY_SIZE];
	unsigned depth; /* entries from the loop on the stack */
	bool closed;
	bool load_busy;

	struct session write;
	struct session read;
	struct statement_arg args[N_STATEMENTS][STATEMENT_ARGS_MAX];
	int n_args[N_STATEMENTS];

	struct writer w;
	struct claim *answers; /* claims whose answer is due, see turn */

	struct loop_timer *turn; /* what has to come from the loop, soon */
	enum reading reading;
	struct fetches *gathering;
	mono_ns fetch_next; /* not before */
	struct fetches *fetching;
	struct fetches *telling; /* answered, and told turn by turn */
	struct waiting_call *waiting;
	struct sums_call *sums; /* NULL: none is wanted */
	struct load *load;

	struct loop_timer *daily;
	uint32_t retention_days;
	struct store_numbers numbers;
};

/* ---- store.c ---- */
void store_enter(struct store *s);
void store_leave(struct store *s);
/* Tells on_state when it is news. */
void store_set_state(struct store *s, enum store_state state, const char *why);
/* Ready when both connections are. */
void store_check_ready(struct store *s);
/* Calls store_turn() from the loop, in the next turn. */
void store_soon(struct store *s);

/* ---- session.c ---- */
void session_init(struct session *se, struct store *s, enum side side);
void session_open(struct session *se);
void session_close(struct session *se);
/* Milliseconds until the next try, with jitter. */
uint32_t session_backoff_ms(unsigned tries);

/* ---- write.c ---- */
void write_init(struct store *s);
/* The batch that takes an item of these keys; the item has been begun. */
struct batch *write_item(struct store *s, const struct store_key *keys,
    size_t n_keys, struct lanes lanes);
void write_item_end(
    struct store *s, struct batch *b, store_done_fn *done, void *ctx);
/* The same for a first answer. */
struct batch *write_first(
    struct store *s, const struct store_key *key, struct lanes lanes);
/* The last open batch, begun if there is none. */
struct batch *write_open(struct store *s);
/* Partitions and retention, as a batch of its own. */
void write_maintain(struct store *s);
/* Again, later: it did not work. */
void store_maintain_later(struct store *s);
void write_soon(struct store *s);
/* Nothing that is open waits for more. */
void write_flush(struct store *s);
void write_ready(struct store *s); /* the session may be used */
void write_input(struct store *s);
void write_lost(struct store *s);
/* After a reconnect: was the batch in flight committed?  From the loop. */
void write_resolve(struct store *s, int64_t batch);
/* Goes on telling how items ended. */
void write_tell(struct store *s);
/* Ends all that waits with `err`.  From the loop. */
void write_drop_all(struct store *s, int err);
void write_free(struct store *s);

/* Notes an error of the batch in flight; `where` it was. */
void write_note_error(struct store *s, const PGresult *r, const char *where);
bool write_send_begin(struct store *s);
bool write_send_check(struct store *s);
/* The transaction is open: sends what comes behind `after`, up to commit. */
bool write_send_rest(struct store *s, struct batch *b, enum statement_id after);
/* Refused for certain, and everything answered. */
bool write_roll_back(struct store *s);

/* ---- first.c ---- */
void first_begin(struct store *s);
void first_input(struct store *s);
/* The socket took what there was. */
void first_room(void *ctx);
void first_forget(struct store *s);
/* Tells whose first answer was lost. */
void first_refused(struct store *s, const struct batch *b);

/* ---- outbox.c ---- */
bool claim_send(struct store *s, const struct claim *c);
/* Keeps the answer until the commit; the result is the claim's then. */
void claim_keep(struct claim *c, PGresult *result);
/* Calls back; err 0: with what was kept.  Frees. */
void claim_answer(struct store *s, struct claim *c, int err);
/* The same for a whole list. */
void claims_answer(struct store *s, struct claim *list, int err);
void claims_free(struct claim *list);
struct claim *claim_next(const struct claim *c);
void waiting_send(struct store *s);
void waiting_result(struct store *s, PGresult *result);
void waiting_fail(struct store *s, int err);

/* ---- sums.c ---- */
void sums_send(struct store *s);
void sums_result(struct store *s, PGresult *result);
void sums_fail(struct store *s, int err);
void sums_free(struct store *s);

/* ---- read_side.c ---- */
void field_put_i64(uint8_t out[8], int64_t v);
void read_pump(struct store *s);
void read_input(struct store *s);
void read_lost(struct store *s);

/* ---- fetch.c ---- */
void fetch_send(struct store *s);
/* A result of the two statements, in order. */
void fetch_result(struct store *s, PGresult *result);
void fetch_end(struct store *s);
/* Goes on telling what was answered. */
void fetch_tell(struct store *s);
void fetch_fail(struct store *s, int err, bool all);
/* Is it time for those that wait?  Comes back when it is. */
bool fetch_waits(const struct store *s);
void fetch_soon(struct store *s);
void fetch_free(struct store *s);

/* ---- load.c ---- */
bool load_waits(const struct store *s);
void load_send(struct store *s);
void load_input(struct store *s);
void load_fail(struct store *s, int err);
void load_free(struct store *s);

/* ---- small readers of binary results ---- */
int64_t field_i64(const PGresult *r, int row, int column);
int32_t field_i32(const PGresult *r, int row, int column);
int16_t field_i16(const PGresult *r, int row, int column);
bool field_bool(const PGresult *r, int row, int column);
wall_us field_wall(const PGresult *r, int row, int column);     /* null: 0 */
struct uuid field_uuid(const PGresult *r, int row, int column); /* null: nil */

#endif
