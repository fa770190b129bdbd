/* SPDX-License-Identifier: ISC */
#ifndef CLI_CHECK_EXPECT_H
#define CLI_CHECK_EXPECT_H

/* check_expect -- two entries that expect different things of one name. */

#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/watchlist.h"

struct check_pins;

struct check_expect {
	struct arena arena;
	struct check_pins *list; /* of entries that expect something */
	size_t n, room;
};

/* Keeps what it needs; memory that is short ends the process. */
void check_expect_add(
    struct check_expect *x, const struct watch *w, const char *file);
/* A problem in `d` for each that contradicts one before it. */
void check_expect_tell(struct check_expect *x, struct diag *d);
void check_expect_fini(struct check_expect *x);

#endif
