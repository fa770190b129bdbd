/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_WILDCARD_PRIV_H
#define MONITOR_WILDCARD_PRIV_H

/*
 * wildcard_priv -- what is known of an owned zone's names: of those that do
 * not exist (wildcard.c), and of those that no list has (unlisted.c).
 */

#include "judge/unlisted.h"
#include "judge/wildcard.h"
#include "say.h"
#include "wildcard.h"

enum { UNLISTED_A_SECOND = 8 /* names of all zones that are begun with */ };

struct round;
struct unlisted;

struct apex {
	uint32_t question;
	uint64_t fingerprint; /* of what was read of it; 0: nothing yet */
	bool is_apex;
	bool seen_once; /* the last round had news, and is to be repeated */
	uint8_t generation;
	struct round *round; /* NULL: none is open */
	mono_ns due;         /* open: it is lost then */
	struct wildcard_cell cell;
	struct unlisted *unlisted; /* NULL: no name is looked for */
	struct unlisted_told told;
};

/* May names below it be asked for now, as far as its question goes? */
bool apex_is_asked(const struct monitor *m, const struct apex *z);
/* Does any list call its name so, whatever the type and view? */
bool apex_is_hostile(const struct monitor *m, const struct apex *z);
/* The event, and what is kept of the zone, in one.  False: no memory. */
bool apex_tell(struct monitor *m, const struct apex *z, struct say_event *e);

/* ---- unlisted.c ---- */
/* Begins with the next name, when it is time and *left is above 0. */
void unlisted_second(struct monitor *m, struct apex *z, unsigned *left);
void unlisted_free(struct unlisted *u); /* NULL is fine */

#endif
