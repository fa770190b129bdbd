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
	struct count_set names;     /* value: bits of COUNT_* below */
	struct count_set questions; /* value: view, and shortest interval */
	bool is_short;              /* memory was: the figures are too low */
};

/* What the watches of a name say. */
enum {
	COUNT_OWNED = 1,
	COUNT_HOSTILE = 2,
	COUNT_DISCREET = 4, /* hostile, and not `direct` */
	COUNT_ASKED = 8     /* at its own servers, by one that is not hostile */
};

void count_init(struct count *c);
void count_fini(struct count *c);
/*
 * Adds a watch; `authoritative` has a bit for each view that asks the zones'
 * own servers.  What its name was before and what it is now.
 */
struct count_tags {
	uint32_t before, now;
};
MUST_CHECK struct count_tags count_watch(
    struct count *c, const struct watch *w, uint32_t authoritative);
/* Is the name both of `bits` now, and was not before? */
bool count_became(struct count_tags tags, uint32_t bits);
/* Questions that sleep until their names exist (`types: auto`). */
size_t count_asleep(const struct count *c);
/* Questions a second in a view when every one is asked once an interval. */
double count_rate(const struct count *c, uint8_t view);
/* ... in all. */
double count_rate_all(const struct count *c);

#endif
