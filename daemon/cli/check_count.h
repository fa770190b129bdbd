/* SPDX-License-Identifier: ISC */
#ifndef CLI_CHECK_COUNT_H
#define CLI_CHECK_COUNT_H

/*
 * count -- how much a set of watches asks for: distinct names and questions,
 * and questions a second.
 *
 * A name or question is known by 64 bits of keyed hash, so that a million
 * names with eight types take some 200 MB and no text is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/hash.h"
#include "config/watchlist.h"

struct count_slot {
	uint64_t hash; /* 0: free */
	uint32_t value;
};

struct count_set {
	struct count_slot *slots;
	size_t room; /* a power of two, or 0 */
	size_t n;
};

struct count {
	struct hash_key key;
	struct count_set names;     /* value: COUNT_OWNED, COUNT_HOSTILE */
	struct count_set questions; /* value: view, and shortest interval */
	bool is_short;              /* memory was: the figures are too low */
};

enum { COUNT_OWNED = 1, COUNT_HOSTILE = 2 };

void count_init(struct count *c);
void count_fini(struct count *c);
/*
 * Adds a watch.  True when it makes its name both owned and hostile, which
 * it was not before.
 */
MUST_CHECK bool count_watch(struct count *c, const struct watch *w);
/* Questions a second in a view when every one is asked once an interval. */
double count_rate(const struct count *c, uint8_t view);
/* ... in all. */
double count_rate_all(const struct count *c);

#endif
