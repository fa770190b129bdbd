/* SPDX-License-Identifier: ISC */
#ifndef SCHEDULE_WHEEL_H
#define SCHEDULE_WHEEL_H

/*
 * wheel -- which question is due when; pure, time is an argument.
 *
 * Questions are integer ids.  A slot is WHEEL_TICK_MS wide and holds a list
 * linked through one uint32 per id, which the caller owns as one flat array
 * (4 bytes per question, no timer objects).  An id comes out at its due time
 * or up to a tick later, never earlier.
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

/*
 * `next` (borrowed for the wheel's life) has an element per id, which needs no
 * initial value; the caller may move it with wheel_links().  NULL when memory
 * is short.  4 MB of address space; only the parts in use take memory.
 */
struct wheel *wheel_new(mono_ns now, uint32_t *next);
void wheel_free(struct wheel *w); /* NULL is fine */
void wheel_links(struct wheel *w, uint32_t *next);

/* Adds id, which must be on no list.  A due time in the past is due now. */
void wheel_add(struct wheel *w, uint32_t id, mono_ns due);
/*
 * Takes one id that is due at or before now, or WHEEL_NONE.  Ids of one tick
 * come in no promised order; ticks come in order.
 */
uint32_t wheel_take(struct wheel *w, mono_ns now);
/*
 * When wheel_take() will next have something: exactly then, `now` if it has
 * something now, INT64_MAX if the wheel is empty.
 */
mono_ns wheel_next(const struct wheel *w, mono_ns now);
/*
 * Removes an id (walks its slot: for reloads, not for the hot path).  False
 * when it is not there; due is what it was added with.
 */
bool wheel_remove(struct wheel *w, uint32_t id, mono_ns due);
uint32_t wheel_count(const struct wheel *w);

#endif
