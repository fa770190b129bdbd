/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_LEDGER_H
#define MONITOR_LEDGER_H

/*
 * ledger -- up to when every planned poll of an interval has ended; pure.
 *
 * That one time per interval, stored every few seconds, says of every
 * unchanged question when it was last seen, without a row per answer
 * (docs/decisions/last-seen.md).  Polls that are planned but not finished
 * hold the time back; they are counted in buckets of planned ticks, so
 * that beginning and ending a poll cost an addition each.
 */

#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_BUCKETS = 64, LEDGER_CLASSES_MAX = 256, TICK_MS = 100 };

struct ledger_class {
	uint32_t every_s;
	uint32_t width;                  /* ticks per bucket */
	uint32_t number[LEDGER_BUCKETS]; /* which bucket the slot is for */
	uint32_t open[LEDGER_BUCKETS];
	uint32_t open_old; /* of buckets that fell off */
	uint32_t from;     /* the span's beginning, ticks */
	uint32_t to;       /* told up to here */
	bool begun;
	bool started; /* the first plan in it is asked as planned, whatever is
	               * moved later */
};

struct ledger {
	struct ledger_class classes[LEDGER_CLASSES_MAX];
	uint32_t n;
};

/* The class of an interval; LEDGER_CLASSES_MAX - 1 is shared when full. */
uint32_t ledger_class(struct ledger *l, uint32_t every_s);
/* A planned poll leaves the wheel; it ends with an answer or a failure. */
void ledger_begin(struct ledger *l, uint32_t class_, uint32_t due);
void ledger_end(struct ledger *l, uint32_t class_, uint32_t due);
/*
 * Moves `to` as far as everything ended, given that the wheel was drained to
 * `now`.  True when it moved by an eighth of the interval or a
 * second, whichever is more.
 */
bool ledger_advance(struct ledger *l, uint32_t class_, uint32_t now);
/*
 * The last of a question's plans in (from, to] is asked, and so is all that is
 * planned later: the first spans begin at `from`, or an interval before `to`
 * if that is later.
 */
void ledger_start(struct ledger *l, uint32_t from, uint32_t to);
/* The clock stepped, or polling stopped: the next span begins one
 * interval after `from`, when all that was missed has been asked. */
void ledger_restart(struct ledger *l, uint32_t from);

#endif
