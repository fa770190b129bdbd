/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_DANGLING_H
#define JUDGE_DANGLING_H

/*
 * dangling -- does what an answer points at exist?  Pure: time is an argument.
 *
 * The targets of CNAME, MX, NS and SRV records (RFC 1035 3.3, RFC 2782), and
 * the end of an alias chain that is denied (R5), are asked for; what servers
 * said of one of them are its words.  A target is missing, or is there again,
 * when two words say so and no fresh one says otherwise: of two groups, or of
 * one, by UDP and by TCP (R11, `cache` and `path`).  What failed says nothing
 * (R3), and neither do servers that contradict each other.
 *
 * A target is a stranger's bytes: a name of any octets, at most 255 of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "dns/content.h"
#include "dns/reply.h"

enum {
	DANGLING_TARGETS_MAX = 16, /* of one question that are looked at */
	DANGLING_WORD_S = 600      /* an older word says nothing any more */
};

/* What is asked of a target. */
enum dangling_about {
	DANGLING_A = 0,
	DANGLING_AAAA, /* of targets that need an address, and have no A */
	DANGLING_ZONE  /* dangling_zone() of what is denied: its SOA */
};

/* Worse ones have higher numbers.  Stored: never renumber. */
enum dangling {
	DANGLING_UNKNOWN = 0,
	DANGLING_FINE = 1,
	DANGLING_NO_ADDRESS = 2, /* it exists; MX, NS and SRV need more */
	DANGLING_NAME = 3,       /* it is missing in a zone that exists */
	DANGLING_ZONE_GONE = 4   /* its zone is: maybe free to register */
};
/* "no-address", "name", "zone" as reasons; "unknown", "fine". */
const char *dangling_text(enum dangling verdict);

/*
 * Where the records of a believed content point, each name once, in the order
 * of the records: lent from `c`.  The root is none (RFC 7505, RFC 2782), and
 * neither is what is no whole name.  At most DANGLING_TARGETS_MAX; *left_off
 * says how many records were not looked at for that.
 */
size_t dangling_targets(const struct content *c,
    const uint8_t *out[DANGLING_TARGETS_MAX], size_t *left_off);

/* Must a target of a question of this type have an address?  MX, NS, SRV. */
bool dangling_needs_address(uint16_t type);

/*
 * The zone of a name that somebody could register: its last two labels, or
 * three under "co.uk" and the like.  A guess, as name_zone_guess() is one.
 * Lent from `wire`; the name itself when it has no more labels than that.
 */
const uint8_t *dangling_zone(const uint8_t *wire);

/* What one server said. */
struct dangling_word {
	enum dangling_about about;
	enum fail fail; /* FAIL_NOT: the rest counts */
	enum outcome outcome;
	const uint8_t *end; /* of the chain; without one the name asked for */
	bool has_soa;       /* that proves a denial */
	bool tcp;
	uint16_t group;
	wall_us at;
};

struct dangling_judgement {
	enum dangling verdict;
	const uint8_t *missing; /* the name or zone that is; NULL: nothing is */
	bool zone_unknown;      /* NAME, because its zone was not yet settled */
};

struct dangling_judgement dangling_judge(const struct dangling_word *words,
    size_t n, bool needs_address, wall_us now);

/* What was told of one target.  Zeroed: nothing. */
struct dangling_cell {
	enum dangling told; /* from DANGLING_NO_ADDRESS on: open */
	wall_us since;
};

enum dangling_news {
	DANGLING_SAME = 0,
	DANGLING_OPENED,
	DANGLING_WORSE, /* open, and more is missing: told again */
	DANGLING_ENDED
};

/* What was told of one target, as it is kept over a restart. */
struct dangling_kept {
	const uint8_t *name;
	struct dangling_cell cell;
};
/* Appends it; the first one begins the form.  Failing is remembered in `out`.
 */
void dangling_pack(const struct dangling_kept *k, struct buf *out);
/*
 * At most DANGLING_TARGETS_MAX, their names lent from `data`.  0: of another
 * version, broken, or nothing was told.
 */
size_t dangling_unpack(const uint8_t *data, size_t size,
    struct dangling_kept out[DANGLING_TARGETS_MAX]);

/* Takes a verdict in.  What becomes less bad, and not good, is no news. */
enum dangling_news dangling_step(
    struct dangling_cell *cell, enum dangling verdict, wall_us now);

#endif
