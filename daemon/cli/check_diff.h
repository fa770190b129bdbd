/* SPDX-License-Identifier: ISC */
#ifndef CLI_CHECK_DIFF_H
#define CLI_CHECK_DIFF_H

/*
 * diff -- what another configuration with its lists asks, beside this one:
 * for the review of a change to the lists, before it is in force.
 *
 * All questions of both are held in memory, 48 bytes each and every name
 * once a watch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "cli/print.h"
#include "config/watchlist.h"

/* One question as all watches together have it. */
struct diff_question {
	const uint8_t *name;
	const char *view;
	const char *const *tags; /* sorted */
	uint32_t every_s;
	uint16_t n_tags;
	uint16_t type;
};

struct diff_side {
	struct arena arena;
	struct diff_question *list;
	size_t n, room;
	bool is_short; /* memory was: what is told is not all */
};

/* Notes a watch; `views` are the names of its views. */
void diff_watch(
    struct diff_side *s, const struct watch *w, const char *const *views);
/*
 * Tells what was added (+), removed (-) and is asked otherwise (~), by name,
 * and last how much; both sides are put in order.
 */
void diff_tell(struct print *out, bool json, struct diff_side *before,
    struct diff_side *now);
void diff_fini(struct diff_side *s);

#endif
