/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SURVEY_H
#define JUDGE_SURVEY_H

/*
 * survey -- what the servers of a zone come to, that were all asked the same
 * question; pure (R18).
 *
 * Every server has a state of its own: that of the zone, unless it is known to
 * say something else.  What the zone says is what the newest serial says (RFC
 * 1982); where serials are equal or not known, what most servers say; and where
 * that is no answer either, what was believed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SURVEY_MAX = 32 };

/* What one server said. */
struct survey_word {
	bool good; /* it answered for the zone; else nothing below counts */
	uint64_t print; /* of its content, never 0 */
	bool has_serial;
	uint32_t serial;   /* of its SOA, asked about the same time */
	uint64_t expected; /* what it said before, where that is not what is
	                    * believed; 0: what is believed */
};

/* How a server stands to what the zone says. */
enum survey_stand {
	STAND_NONE = 0, /* it did not answer */
	STAND_AGREES,
	STAND_BEHIND, /* an older serial: it will follow */
	STAND_DIFFERS /* the same serial, or none is known: it need not */
};

struct survey_result {
	uint64_t chosen; /* what the zone says; 0: nobody answered */
	bool changed;    /* ... and that is not what is believed */
	bool news;       /* some server says what it did not say before */
	bool apart;      /* not all say the same */
	unsigned n_good, n_agree;
	enum survey_stand stands[SURVEY_MAX];
};

/* n is at most SURVEY_MAX; believed may be 0 (nothing is). */
void survey_judge(const struct survey_word *words, size_t n, uint64_t believed,
    struct survey_result *out);

/* RFC 1982 3.2: is a newer than b?  Neither of both may be. */
bool survey_serial_newer(uint32_t a, uint32_t b);

#endif
