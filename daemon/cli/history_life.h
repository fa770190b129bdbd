/* SPDX-License-Identifier: ISC */
#ifndef CLI_HISTORY_LIFE_H
#define CLI_HISTORY_LIFE_H

/*
 * history_life -- in which stage a name is, by what is believed of it now, and
 * in which it was, by what was told.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/emit.h"
#include "config/config.h"
#include "rule/life.h"
#include "store/read.h"

enum { HISTORY_FACTS_MAX = 64 };

/* What is believed of a name in one view. */
struct history_life {
	struct history_life *next;
	char *view;
	struct life_fact facts[HISTORY_FACTS_MAX];
	size_t n;
	size_t failing, filtered; /* of its questions */
	bool was;                 /* it existed at some time */
	struct life_kept kept;
};

/* Its list for that view, made if need be; NULL: no memory. */
struct history_life *history_life_of(
    struct history_life **list, const char *view, struct arena *a);
void history_life_fact(struct history_life *l, const struct read_believed *b,
    wall_us now, struct arena *a);
/* What it is now, and what was told of it: lines, or members of a row. */
struct life history_life_now(const struct history_life *l, const uint8_t *name,
    const struct config *config, wall_us now);
void history_life_line(struct buf *out, const struct life *l);
void history_life_stretch(struct buf *out, const struct life_stretch *s);
void history_life_json(
    struct emit *j, const struct history_life *l, const struct life *now);

#endif
