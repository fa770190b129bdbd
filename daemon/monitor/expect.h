/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_EXPECT_H
#define MONITOR_EXPECT_H

/*
 * expect -- what is believed, held against what watches expect (R27).
 *
 * Looked at when it may have changed: after the load, a first answer, a
 * decision, a reload.  Questions of which nothing is expected cost a test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content;
struct emit;
struct inquiry;
struct monitor;
struct say_event;
struct store_row;

/* What is believed or expected of it may be another now. */
void expect_look(struct monitor *m, uint32_t id);
/* A loaded row: what was told of it. `id` QUESTION_NONE: nobody watches it. */
void expect_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* It is watched no more. */
void expect_unwatched(struct monitor *m, uint32_t id);
/*
 * Tells an event about the question, with what is kept of it in the same
 * transaction.  False: no memory.
 */
bool expect_tell(struct monitor *m, uint32_t id, struct say_event *e);
/* Begins to read what is believed of those that are to be looked at. */
void expect_tick(struct monitor *m);
/* ASPECT_EXPECTED, ASPECT_UNEXPECTED or 0 of a change to `to`. */
uint32_t expect_aspect(const struct inquiry *q, const struct content *to);
/* Questions that were told to deviate. */
uint32_t expect_count(const struct monitor *m);
size_t expect_bytes(const struct monitor *m);
void expect_free_all(struct monitor *m);

#endif
