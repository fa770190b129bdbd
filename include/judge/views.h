/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_VIEWS_H
#define JUDGE_VIEWS_H

/*
 * views -- do the views of one question say different things, and for long
 * (R9)?  Pure: time is an argument.
 *
 *   lasts for `differ_after`          lasts for `settle`
 *   APART --------------------> TOLD -------------------> gone
 *     |                           ^  |
 *     +-- agree once: gone        +--+ what differs changes: nothing
 *
 * Only what is known of every view counts: one that fails, that is being
 * inquired into or was not asked yet says nothing, and the clock stands while
 * it does so.  Sets that rotate agree now and then by chance: where what
 * differs has moved four times within a day, agreement must last for a day.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "dns/content.h"

enum {
	VIEWS_GAP_S = 60,    /* looked at less often: the rest is unseen */
	VIEWS_SETTLE_S = 60, /* agreement lasts for so long at least ... */
	VIEWS_RESTLESS_S =
	    86400,      /* ... and so long where, within that time ... */
	VIEWS_MOVES = 4 /* ... what is believed moved so often */
};

/* What one view believes. */
struct views_word {
	bool known;
	uint64_t print; /* of the content; of no meaning unless known */
};

enum views_stand {
	VIEWS_ALONE, /* fewer than two views are left */
	VIEWS_UNKNOWN,
	VIEWS_AGREE,
	VIEWS_DIFFER
};
enum views_stand views_stand(const struct views_word *words, size_t n);

/*
 * Do both say the same?  As identity compares (R6), but that a chain which
 * leaves the zones of an authoritative view (R7) is held against what the
 * other one has of it.
 */
bool views_same(const struct content *a, const struct content *b);

/* What a question can take to show the same everywhere. */
struct views_pace {
	uint32_t wait_s; /* the longest time between two polls in any view */
	uint32_t ttl_s;  /* the largest TTL that was seen of it there */
};
/* The bound: `differ_after_s`, and never less than a cache may be behind. */
mono_ns views_differ_after(const struct views_pace *p, uint32_t differ_after_s);
/* For so long they must agree: until each was asked again, and for a minute,
 * or for `differ_after_s`, if that is shorter. */
mono_ns views_settle(const struct views_pace *p, uint32_t differ_after_s);

/* What is remembered of a question whose views differ.  Zeroed: nothing. */
struct views_cell {
	enum views_stand stand; /* that was last known */
	bool held;              /* not known since */
	bool told, restless;
	uint8_t moves;  /* of what is believed, in the running day */
	mono_ns day;    /* ... that began then */
	mono_ns looked; /* last; 0: never */
	mono_ns lasted; /* so, without a break */
	uint64_t print; /* of all views together, when last looked */
	wall_us since;  /* they differ; for good, once it is told */
};

struct views_sample {
	enum views_stand stand;
	uint64_t print; /* of what all views believe, known or not; not 0 */
	mono_ns now;
	wall_us wall;
	mono_ns differ_after, settle;
};

enum views_turn {
	VIEWS_SAME,
	VIEWS_FORGET,      /* nothing was told, and nothing differs */
	VIEWS_TELL_DIFFER, /* until the caller sets `told` */
	VIEWS_TELL_AGREE,  /* `told` is to be taken back ... */
	VIEWS_TELL_ALONE   /* ... since there is nobody to differ from */
};
enum views_turn views_judge(
    struct views_cell *cell, const struct views_sample *sample);

#endif
