/* SPDX-License-Identifier: ISC */
#ifndef SCHEDULE_SPREAD_H
#define SCHEDULE_SPREAD_H

/*
 * spread -- when a question is planned, so that load is even and a poll is
 * no fingerprint; pure.
 *
 * A question is planned at anchor + phase + k * every (k = 0, 1, ...), where
 * phase is a hash of the question below its interval: even over any set of
 * names, the same after a restart, and derivable by the database (the ledger
 * of docs/decisions/last-seen.md rests on it).  It is sent at the plan plus a
 * jitter of at most a twentieth of the interval.
 */

#include <stdint.h>

#include "base/clock.h"
#include "base/uuid.h"

/*
 * Milliseconds, 0 .. every_s * 1000 - 1, from the question's key: its last
 * four bytes, big-endian, times every_s * 1000, divided by 2^32.  In SQL:
 *   ('x' || right(key::text, 8))::bit(32)::bigint * every_s * 1000 >> 32
 */
uint32_t spread_phase_ms(const struct uuid *question, uint32_t every_s);

/*
 * The first planned time later than `after`, never before the phase itself;
 * all in milliseconds since anchor.
 */
int64_t spread_next_ms(uint32_t phase_ms, uint32_t every_s, int64_t after_ms);

/* The jitter to add, milliseconds: 0 .. every/20, at most 60 s. */
uint32_t spread_jitter_ms(uint32_t every_s, uint32_t random);

#endif
