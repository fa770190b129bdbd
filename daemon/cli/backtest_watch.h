/* SPDX-License-Identifier: ISC */
#ifndef CLI_BACKTEST_WATCH_H
#define CLI_BACKTEST_WATCH_H

/*
 * backtest_watch -- what the lists of a configuration say of the names that a
 * stretch of the log is about; of all others nothing is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backtest_asked.h"
#include "base/arena.h"
#include "base/diag.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "store/read.h"

struct backtest_pins {
	const uint8_t *pins;
	size_t size;
};

enum { BACKTEST_ZONE = 0 }; /* as a type: of all names within one */

/* What one list says of one question, or all that are asked for it. */
struct backtest_watch {
	struct backtest_watch *next;
	const char *name; /* of the set of names */
	uint8_t view;
	uint16_t type;
	wall_us until; /* from then on it says nothing; 0: for good */
	bool owned, hostile;
	enum proof confirm; /* the strictest */
	uint8_t attributes; /* bits: whose events one of them asks for */
	bool tell_baseline; /* one says so */
	bool never_idle;    /* one says nothing of idle */
	const char **tags;
	size_t n_tags;
	const char **lists;
	size_t n_lists;
	struct backtest_pins *pins; /* of each list that expects something */
	size_t n_pins;
};

enum { BACKTEST_BUCKETS = 65536 };

struct backtest_lists {
	struct arena arena;
	const struct config *config;
	struct backtest_asked *asked; /* gets each watch; NULL: none does */
	struct watch_names names;
	char **about; /* sorted, each once, when they are all added */
	size_t n_about, room;
	struct backtest_watch *buckets[BACKTEST_BUCKETS];
};

/* Memory that is short ends the process, in all of these. */
void backtest_about(struct backtest_lists *l, const char *name);
/* Reads the lists; problems of entries are in `d`. */
void backtest_read(struct backtest_lists *l, struct diag *d);
/*
 * What the lists say at its time of what an entry is about; in the arena, which
 * is not reset.  Of an event about the servers of a zone whose SOA no list asks
 * for: what they say of all names within it.  NULL: no list asks for it.
 */
const struct backtest_watch *backtest_find(const struct backtest_lists *l,
    const struct read_judged *j, struct arena *a);
void backtest_lists_fini(struct backtest_lists *l);

#endif
