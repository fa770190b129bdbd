/* SPDX-License-Identifier: ISC */
#ifndef CLI_BACKTEST_ASKED_H
#define CLI_BACKTEST_ASKED_H

/*
 * backtest_asked -- how many questions of a configuration nobody ever asked, so
 * that the log cannot be about them.
 *
 * Eight octets of each question's key tell it from the others: of ten million,
 * two are taken for one once in 400,000 times.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "config/watchlist.h"

struct config;

struct backtest_keys {
	uint64_t *keys;
	size_t n, room;
	bool sorted;
};

struct backtest_asked {
	wall_us now; /* what is over by then is not asked */
	struct backtest_keys asked, wanted;
};

/* All of those that were asked come before the first watch. */
void backtest_asked_add(struct backtest_asked *a, const struct uuid *question);
void backtest_asked_watch(struct backtest_asked *a, const struct config *config,
    const struct watch *w);
/* Each once, however many lists have it. */
size_t backtest_asked_never(struct backtest_asked *a);
void backtest_asked_fini(struct backtest_asked *a);

#endif
