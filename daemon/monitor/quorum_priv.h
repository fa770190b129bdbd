/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_QUORUM_PRIV_H
#define MONITOR_QUORUM_PRIV_H

/*
 * quorum_priv -- resolvers that lie (R16): canaries (canary.c), and names that
 * are blocked or move together (filter.c).  judge/quorum.h decides.
 *
 * All of it is in memory only: after a start each canary must be true once
 * again before it counts, and who was out is in.
 */

#include "judge/quorum.h"
#include "monitor_priv.h"

enum {
	MOVED_MAX = 8, /* names that moved, kept to be asked again */
	FILTERED_NAMES = 10,
	FILTERED_HOLD_S = 60,      /* told when so long no other came ... */
	FILTERED_HOLD_MAX_S = 600, /* ... but that is not waited for longer */
	FILTERED_EVERY_S = 3600,   /* and so often it is told at most */
	FILTERED_TO = 1            /* where what is blocked has moved to */
};

struct moved {
	struct name name;
	uint16_t type;
	uint64_t to; /* a hash, or FILTERED_TO; 0: free */
};

/*
 * What is known of a resolver beside its health; one per server.  What each
 * answer looks at comes first.
 */
struct standing {
	struct seat seat;
	bool heard;         /* it answered anything ... */
	bool ra;            /* ... and the last answer offered recursion */
	bool open;          /* a canary is under way */
	bool picked;        /* the next is chosen ... */
	bool tcp;           /* ... and goes over TCP */
	uint8_t canary;     /* which is next, under way, or was the last */
	uint8_t generation; /* of the configuration */
	mono_ns next;       /* when the next may go */
	struct name label;  /* the random name that was asked last */
	/* Names that moved. */
	bool lone;     /* it left by those, and there was no other group */
	uint64_t to;   /* where they moved for which it left */
	uint8_t probe; /* the one that is or was asked last */
	uint8_t next_moved;
	struct moved moved[MOVED_MAX];
	struct crowd crowd;
	/* What is blocked there and not told yet. */
	uint32_t n_filtered;
	mono_ns filtered_at;   /* the first of them */
	mono_ns filtered_last; /* the last */
	mono_ns filtered_told; /* 0: never */
	struct name filtered[FILTERED_NAMES];
};

/* ---- canary.c ---- */

struct standing *standing_new(const struct monitor *m, uint8_t server);
/* Servers that stay over a reload keep theirs. */
void standings_take(struct monitor *m, struct poll_server *old, uint8_t n_old);
/* The configuration is another: canaries of before count no longer. */
void canary_reload(struct monitor *m);
/* Sends what is due; each second, and when the server has room. */
void canary_second(struct monitor *m);
void canary_room(struct monitor *m, uint8_t server);
/* Any answer: does it offer recursion? */
void canary_hear(
    struct monitor *m, uint8_t server, const struct message *message);
void canary_answer(
    struct monitor *m, const struct errand *e, const struct answer *a);
/*
 * Its replies count for nothing.  The last one that is in is not left out for
 * filtering.
 */
bool quorum_is_out(const struct monitor *m, uint8_t server);
/* Its view, or the first of several: events of a resolver are told of it. */
const char *quorum_view(const struct monitor *m, uint8_t server);
/* Is a resolver of another group than this in the quorum of the question's
 * view? */
bool quorum_has_other(const struct monitor *m, uint32_t id, uint16_t group);
/* Many names moved there together. */
void quorum_leave(
    struct monitor *m, uint8_t server, enum left why, uint64_t to, bool lone);
void quorum_status(const struct monitor *m, uint8_t server, struct emit *j);

/* ---- filter.c ---- */

/* May this reply, which is no FAIL by itself, be believed?  FAIL_NOT: yes. */
enum fail filter_heed(struct monitor *m, const struct errand *e,
    const struct answer *a, const struct reply_sum *sum);
/* It is blocked there, and says so. */
void filter_blocked(struct monitor *m, const struct errand *e);
/*
 * An NXDOMAIN without SOA that differs is held against another group first
 * (R16).  True: it is being asked.
 */
bool filter_check(
    struct monitor *m, const struct errand *e, const struct reply_sum *sum);
/* The other group did not answer: the first one is asked again, and believed
 * (M4).  False: that was not what it was asked for. */
bool filter_uncontradicted(struct monitor *m, const struct errand *e);
/* A reply of another server of an inquiry, taken down just now. */
void filter_hear(struct inquiry *q, const struct testimony *t);
/* A candidate was opened: with no other group nobody will contradict it. */
void filter_opened(struct inquiry *q);
/* Another server for what is blocked at `server`; UINT8_MAX: none. */
uint8_t filter_other(const struct monitor *m, uint32_t id, uint8_t server);
/* Blocked at every group: told by `filtered`, so not by `failing`. */
bool filter_covers(const struct monitor *m, uint32_t id);
void filter_unwatched(struct monitor *m, uint32_t id);
/* All of a server (UINT8_MAX: of all), which is back or another now. */
void filter_forget(struct monitor *m, uint8_t server);
/* Where a content has moved: a hash of its one address; 0: to none. */
uint64_t filter_to(const struct monitor *m, const struct content *c);
uint32_t filter_count(const struct monitor *m, uint8_t server);
void filter_second(struct monitor *m);
void filter_free_all(struct monitor *m);

#endif
