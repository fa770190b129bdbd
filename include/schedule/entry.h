/* SPDX-License-Identifier: ISC */
#ifndef SCHEDULE_ENTRY_H
#define SCHEDULE_ENTRY_H

/*
 * entry -- how long a cache's entry may answer one question's polls; pure.
 *
 * The database keeps it of a question (docs/decisions/fresh-coverage.md), so
 * that coverage by fresh fetches can be told from coverage.  It is kept in
 * steps, so that few TTLs write a row.
 */

#include <stdint.h>

/*
 * The largest TTL that was seen, rounded up to the next step, in seconds; 0:
 * an entry of that TTL does not outlive the time between two polls, so that
 * each poll brings a fetch of its own.
 */
uint32_t entry_step_s(uint32_t ttl_s, uint32_t every_s);

/* A TTL that has this step and is not larger than the one that was seen. */
uint32_t entry_least_s(uint32_t step_s);

/*
 * By how much an entry that lives so long may seem to live longer: what is
 * left of a second, a poll's jitter, and as much again for one that was late.
 */
uint32_t entry_slack_s(uint32_t every_s);

#endif
