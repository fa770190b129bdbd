/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_WILDCARD_H
#define JUDGE_WILDCARD_H

/*
 * wildcard -- does a zone answer for names that do not exist (RFC 4592)?
 * Pure: time is an argument.
 *
 * A random label below the zone's apex is asked for; what one server said of
 * it is a word.  What is news needs two that say the same: of two groups, or
 * of one, by UDP and by TCP (R11).  What failed says nothing (R3).
 *
 * What a wildcard answers is kept as prints of its elements.  As long as two
 * answers have one in common it is the same wildcard, for its addresses may
 * rotate; of one with an alias only the alias counts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "dns/content.h"
#include "dns/name.h"
#include "dns/reply.h"

enum {
	/* Of a to z: one in 2^75 that somebody has it, or guesses it. */
	WILDCARD_LABEL_LETTERS = 16,
	WILDCARD_PRINTS_MAX = 32, /* then the oldest is forgotten */
	WILDCARD_PRINT_SIZE = 16, /* of SHA-256 */
	WILDCARD_AGAIN_S = 86400  /* it moved: told once in so long */
};

/* Stored: never renumber. */
enum wildcard {
	WILDCARD_UNKNOWN = 0,
	WILDCARD_NONE = 1,
	WILDCARD_ANSWERS = 2 /* names that do not exist */
};

/*
 * What is asked of the name as the n-th, 0, 1, ..., while it exists without
 * records; 0: that was all.  A denial is one for all types.
 */
uint16_t wildcard_type(unsigned n);

/* Below `apex`, of `letters`, WILDCARD_LABEL_LETTERS of them.  False: there is
 * no room for it. */
bool wildcard_name(const uint8_t *apex, const char *letters, struct name *out);

struct wildcard_print {
	uint8_t b[WILDCARD_PRINT_SIZE];
};
/* Of an answer's elements; at most WILDCARD_PRINTS_MAX. */
size_t wildcard_prints(
    const struct content *c, struct wildcard_print out[WILDCARD_PRINTS_MAX]);
/* Of a name. */
struct wildcard_print wildcard_print_name(const uint8_t *wire);

/* What one server said. */
struct wildcard_word {
	enum wildcard says; /* UNKNOWN: it failed */
	uint16_t type;      /* with ANSWERS: what has records */
	bool has_soa;       /* that proves a denial */
	bool tcp;
	uint16_t group;
	size_t n;
	struct wildcard_print prints[WILDCARD_PRINTS_MAX];
};
/*
 * Takes in what it said of wildcard_type(n).  True: that is all; else the next
 * type is to be asked there.
 */
bool wildcard_hear(struct wildcard_word *w, unsigned n, enum fail fail,
    const struct content *c, bool has_soa);

/* What is known of a zone.  Zeroed: nothing. */
struct wildcard_cell {
	enum wildcard known;
	uint16_t type; /* with ANSWERS */
	wall_us since;
	wall_us told_at; /* with ANSWERS, the last time; 0: a baseline */
	size_t n;
	struct wildcard_print prints[WILDCARD_PRINTS_MAX];
};

/* One word, and nothing new in it: no second is asked. */
bool wildcard_is_known(
    const struct wildcard_cell *cell, const struct wildcard_word *w);

enum wildcard_news {
	WILDCARD_SAME = 0,
	WILDCARD_GREW,     /* the same, with elements that were not known */
	WILDCARD_BASELINE, /* the first that is known of the zone */
	WILDCARD_BEGUN,
	WILDCARD_CHANGED, /* another wildcard, or moved as a whole */
	WILDCARD_ENDED
};
/* Takes two words in; the first was said first. */
enum wildcard_news wildcard_step(struct wildcard_cell *cell,
    const struct wildcard_word *a, const struct wildcard_word *b, wall_us now);

/* Is one of the elements the wildcard's? */
bool wildcard_has(const struct wildcard_cell *cell,
    const struct wildcard_print *prints, size_t n);

/* As it is kept over a restart. */
void wildcard_pack(const struct wildcard_cell *cell, struct buf *out);
/* Octets that were read; 0: of another version, or broken. */
size_t wildcard_unpack(
    const uint8_t *data, size_t size, struct wildcard_cell *cell);

#endif
