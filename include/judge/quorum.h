/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_QUORUM_H
#define JUDGE_QUORUM_H

/*
 * quorum -- whose replies count (R16): what the answer to a canary means, when
 * a resolver leaves the quorum and comes back, and when many names move
 * together; pure.
 *
 * A canary is a question whose truth is known.  Silence and SERVFAIL are no
 * lie.  A canary counts at a resolver only after it was true there once: who
 * never gave the truth (a network of its own without the root, say) is not
 * accused for it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "dns/content.h"
#include "dns/reply.h"

/* ---- one canary ---- */

enum canary_truth {
	CANARY_ABSENT,  /* NXDOMAIN, without an alias */
	CANARY_SOA,     /* an SOA of the name itself */
	CANARY_INCLUDES /* an ANSWER that has all of these addresses */
};

struct canary_claim {
	enum canary_truth truth;
	const struct addr *addrs; /* borrowed */
	size_t n_addrs;
};

enum canary_word { CANARY_SILENT = 0, CANARY_TRUE, CANARY_FALSE };
/*
 * `said` is read when `fail` is FAIL_NOT.  FAIL_FILTERED is an answer that is
 * not the truth; all other FAILs are silence.
 */
enum canary_word canary_read(
    const struct canary_claim *c, enum fail fail, const struct content *said);

/* ---- one resolver's seat ---- */

enum { SEAT_CANARIES_MAX = 32, SEAT_PROBE = 254, SEAT_NOBODY = 255 };
enum { SEAT_TRUE_TO_RETURN = 3 };

/* Why it left; closed. */
enum left {
	LEFT_NOT = 0,
	LEFT_CANARY,   /* a canary was false, and again over TCP */
	LEFT_TOGETHER, /* many names moved to one address there */
	LEFT_FILTERED  /* many names are blocked there */
};
const char *left_text(enum left why); /* "canary" "moved-together" ... */

/*
 *              false      the same again: false
 *      IN --------> DOUBTED --------------------> OUT
 *       ^  ^           |                           |
 *       |  +-----------+ true                      |
 *       +------------------------------------------+
 *          three true in a row, the accuser among them
 *
 * A zeroed struct with `accuser` SEAT_NOBODY is a resolver that nothing is
 * known of.  While it is doubted or out every second question, at least, is
 * the one that it failed (SEAT_PROBE: a name that moved).
 */
struct seat {
	uint8_t why;     /* enum left; LEFT_NOT: it is in the quorum */
	uint8_t accuser; /* the canary that was false, or SEAT_PROBE */
	uint8_t row;     /* true ones in a row while it is out */
	bool cleared;    /* the accuser was among them, or there is none */
	bool turn;       /* whose turn while it is out */
	uint8_t next;
	uint32_t proven;   /* bit per canary that was true once */
	wall_us since;     /* of its leaving */
	wall_us last_true; /* 0: never */
	uint64_t n_true, n_false, n_silent;
};
enum seat_turn {
	SEAT_SAME = 0,
	SEAT_AGAIN, /* ask the same at once, over TCP */
	SEAT_LEAVES,
	SEAT_RETURNS
};
/* Which of n canaries is next; SEAT_PROBE: one of the names that moved. */
unsigned seat_next(struct seat *s, unsigned n);
enum seat_turn seat_hear(
    struct seat *s, unsigned canary, enum canary_word word, wall_us at);
/* Something else than a canary speaks against it.  `probes`: names that moved
 * are asked before it may return. */
void seat_leave(struct seat *s, enum left why, bool probes, wall_us at);

/* ---- many that move together ---- */

enum {
	CROWD_NAMES = 20, /* of them ... */
	CROWD_ZONES = 10, /* ... of so many zones ... */
	CROWD_SPAN_S = 60 /* ... within this time */
};
enum { CROWD_ROOM = 256, CROWD_SPARED_S = 86400 };

struct crowd_move {
	mono_ns at;
	uint64_t name, zone, to; /* hashes; `to` 0: free */
};
/* A zeroed struct is empty.  Of what comes faster than one move in 0.2 s to
 * different places, the oldest are forgotten early. */
struct crowd {
	struct crowd_move moves[CROWD_ROOM];
	uint32_t next;
	uint64_t spared; /* nobody is accused for this one until then */
	mono_ns spared_until;
};
/*
 * A name moved.  True: so many unrelated ones moved to the same within the
 * span.  A name counts once, with its last move.
 */
bool crowd_note(struct crowd *c, const struct crowd_move *move);
/* For a day: what nobody contradicted, and went on after the resolver was
 * back, is told like any other change. */
void crowd_spare(struct crowd *c, uint64_t to, mono_ns now);

#endif
