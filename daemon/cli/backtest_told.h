/* SPDX-License-Identifier: ISC */
#ifndef CLI_BACKTEST_TOLD_H
#define CLI_BACKTEST_TOLD_H

/*
 * backtest_told -- an entry's verdict beside what became of it: told then, told
 * now, and why otherwise.
 */

#include <stdbool.h>
#include <stddef.h>

#include "backtest_judge.h"
#include "base/uuid.h"

/* Ids of what would be told: their later decisions are, too (R15). */
struct backtest_told {
	struct uuid *slots; /* nil: empty */
	size_t room, n;
};

struct backtest_compared {
	const struct read_judged *j;
	struct backtest_verdict v;
	bool known_then; /* whether it was told or held */
	bool told_then, held_then;
	bool told_now, held_now; /* held is told, but for the silence */
	bool differs;
};

/* `scratch` is emptied; memory that is short ends the process. */
struct backtest_compared backtest_compare(const struct backtest_lists *l,
    struct backtest_told *told, const struct read_judged *j,
    struct arena *scratch);
/* Of what differs. */
const char *backtest_reason(const struct backtest_compared *c);
void backtest_told_fini(struct backtest_told *told);

#endif
