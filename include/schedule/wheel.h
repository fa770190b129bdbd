/* SPDX-License-Identifier: ISC */
#ifndef SCHEDULE_WHEEL_H
#define SCHEDULE_WHEEL_H

/*
 * wheel -- which question is due when; pure, time is an argument.
 *
 * Questions are integer ids.  A slot is WHEEL_TICK_MS wide and holds a list
 * linked through one uint32 per id, which the caller keeps where it keeps the
 * id's other data (4 bytes per question, no timer objects).  An id comes out at
 * its due time or up to a tick later, never earlier.
 *
 * The wheel spans WHEEL_SLOTS ticks, about 29 hours from the latest time that
 * wheel_take() was told; later due times are refused by CHECK
 * (WATCH_EVERY_MAX_S is a day).  What is overdue waits in order for as long
 * as it takes; only when the oldest is so late that it and the newest due time
 * lie further apart than the wheel spans (a pause of five hours and intervals
 * of a day) do the oldest lose their order among themselves.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

struct wheel;

#define WHEEL_NONE UINT32_MAX
enum { WHEEL_TICK_MS = 100, WHEEL_SLOTS = 1 << 20 };

/* Where the link of an id is; it needs no initial value. */
typedef uint32_t *wheel_link_fn(void *ctx, uint32_t id);

/* NULL when memory is short.  4 MB of address space; only the parts in use
 * take memory. */
struct wheel *wheel_new(mono_ns now, wheel_link_fn *link, void *ctx);
void wheel_free(struct wheel *w); /* NULL is fine */

/* Adds id, which must be on no list.  A due time in the past is due now. */
void wheel_add(struct wheel *w, uint32_t id, mono_ns due);
/*
 * Takes one id that is due at or before now, or WHEEL_NONE.  Ids of one tick
 * come in no promised order; ticks come in order.
 */
uint32_t wheel_take(struct wheel *w, mono_ns now);
/* When the id that wheel_take() gave last was due, to the tick. */
mono_ns wheel_taken(const struct wheel *w);
/*
 * When wheel_take() will next have something: exactly then, `now` if it has
 * something now, INT64_MAX if the wheel is empty.
 */
mono_ns wheel_next(const struct wheel *w, mono_ns now);
/*
 * Goes over the ids of one slot, the first that has any at or after *at (0 at
 * first), and moves *at behind it; false when there is none left.  The ids for
 * which `drop` is true are taken out: their links are the caller's again, from
 * within that call on, which must not add to the wheel.  An id that is added
 * between two calls may be met or not.
 */
typedef bool wheel_drop_fn(void *ctx, uint32_t id);
bool wheel_sift(struct wheel *w, uint32_t *at, wheel_drop_fn *drop, void *ctx);
size_t wheel_bytes(const struct wheel *w);
uint32_t wheel_count(const struct wheel *w);

#endif
