/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_INFLIGHT_PRIV_H
#define RESOLVER_INFLIGHT_PRIV_H

/*
 * inflight -- the open questions: a pool that never grows, and their
 * deadlines in a timing wheel.
 *
 * A question is an index of 16 bits.  The links of the wheel live beside the
 * questions, not in them, so that moving a deadline touches two short arrays
 * that stay in the first-level cache.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

enum {
	NIL = 0xffff, /* no question, no port, no slot */
	INFLIGHT_SIZE_MAX = 0xfff0,
	TRIES_LIMIT = 6, /* datagrams of one question, all told */
	/* Names are read and written 8 bytes a step, also over their end. */
	QUESTION_NAME_ROOM = 264,
	QUESTION_NAME_NEAR = 64,
	QUESTION_SIZE = 128 /* two cache lines, which are fetched together */
};

/* One datagram of a question. */
struct
try {
	uint16_t port; /* index of the socket; NIL: could not be sent */
	uint16_t slot; /* in that socket's table of ids */
	mono_ns sent;
};

/*
 *   FREE --resolver_ask()--> UDP --truncated, near miss, ...--> WAITS --> TCP
 *                             |                                   |        |
 *                             +------ question_finish() ----------+--------+
 *                             v
 *                            FREE
 *
 * Of a server with TLS: FREE --resolver_ask()--> WAITS --> TLS --> FREE, and
 * back to WAITS when its connection ends.
 */
enum question_state {
	QUESTION_FREE = 0,
	QUESTION_UDP, /* a datagram is out, or in its socket's outgoing list */
	QUESTION_WAITS, /* in its server's list of waiting TCP questions */
	QUESTION_TCP,   /* has a connection */
	QUESTION_TLS    /* shares one; `first.slot` is its id there */
};

/*
 * What every question needs fills its row, because thousands are open and
 * each comes back when its row is cold.  The rest is in struct question_far.
 */
struct question {
	uint64_t cookie;
	mono_ns asked;
	mono_ns deadline;
	uint8_t *name;  /* as sent: mixed case; in near or in question_far */
	uint32_t print; /* of name and type: same question, other socket */
	uint16_t type;
	uint16_t next; /* in an outgoing, waiting or free list */
	uint16_t conn; /* while QUESTION_TCP or QUESTION_TLS */
	uint16_t server;
	uint8_t state : 3; /* enum question_state */
	uint8_t flags : 5; /* ASK_*, but ASK_URGENT: that is over */
	uint8_t name_size;
	uint8_t n_tries : 3;
	uint8_t tries_left : 3;
	bool overdue : 1; /* its first timeout passed: see server_in_window() */
	bool nsid_retry : 1;  /* without NSID, because it was refused with it */
	bool in_outgoing : 1; /* the last try is not sent yet */
	bool plain : 1;       /* without EDNS (B5) */
	bool plain_retry : 1; /* plain because it was refused with it */
	bool case_retry : 1;  /* on TCP because the echo had other case (A8) */
	bool mixed : 1;       /* name is in mixed case: the echo must be too */
	bool loss_noted : 1;  /* the pace knows that the first try was lost */
	bool paid : 1;        /* the token of its next sending is taken */
	bool network : 1;     /* the network, not the server, said no */
	struct try first;
	uint8_t near[QUESTION_NAME_NEAR]; /* the name, if it is short */
};

/* Of the same index: what few questions need. */
struct question_far {
	struct try again[TRIES_LIMIT - 1];
	uint8_t name[QUESTION_NAME_ROOM];
};

struct inflight_link {
	uint16_t next;
	uint16_t prev;
	uint16_t slot; /* NIL: not in the wheel */
};

enum { WHEEL_SLOTS = 2048 }; /* of WHEEL_SLOT_NS: 8 seconds */
#define WHEEL_SLOT_NS MONO_MS(4)

struct inflight {
	struct question *all;
	struct question_far *far;
	struct inflight_link *links;
	uint32_t size;
	uint32_t n_open;
	uint16_t free_first;
	int64_t cursor;   /* first slot that may hold something, since ever */
	mono_ns earliest; /* no deadline is before this */
	uint16_t slots[WHEEL_SLOTS];
	uint64_t busy[WHEEL_SLOTS / 64];
};

MUST_CHECK int inflight_init(struct inflight *f, uint32_t size, mono_ns now);
void inflight_fini(struct inflight *f);

/* NULL when all are in use.  The latest freed comes first: it is cached. */
struct question *inflight_take(struct inflight *f);
void inflight_give(struct inflight *f, struct question *q);
uint16_t inflight_index(const struct inflight *f, const struct question *q);

/* Where the name of this size, and 8 bytes more, has room. */
void inflight_name_room(struct inflight *f, struct question *q, uint8_t size);
struct try *inflight_try(struct inflight *f, struct question *q, unsigned i);

/* Sets or moves its deadline; clear is fine when there is none. */
void inflight_due_set(struct inflight *f, struct question *q, mono_ns due);
void inflight_due_clear(struct inflight *f, struct question *q);
/* Takes one that is due out of the wheel; NULL: none is. */
struct question *inflight_due_pop(struct inflight *f, mono_ns now);
/* Makes `earliest` exact again, to a slot; INT64_MAX: no deadline. */
void inflight_due_scan(struct inflight *f);

#endif
