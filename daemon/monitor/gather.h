/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_GATHER_H
#define MONITOR_GATHER_H

/*
 * gather -- alerts of one cause are told together (R32): the first at once,
 * those that follow every minute (rule/cause.h), and a last word with their
 * number.
 *
 * What waits is in the outbox, so that a kill loses nothing: the next process
 * tells it by itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/candidate.h"
#include "store/commit.h"

struct gathering;
struct inquiry;
struct monitor;

/*
 * An alert that tells these decisions for the first time.  Where it waits, and
 * then alert->gathered is set; NULL: it is told now.  gather_done() is to be
 * called of what waits when it is durable, or never will be.
 */
struct gathering *gather_alert(struct monitor *m, struct inquiry **members,
    size_t n, struct commit_alert *alert);
/*
 * `told` is the alert, `members` are the entries that it tells, `id` is a
 * question of its name.
 */
struct gathered {
	uint32_t id;
	struct commit_ref told;
	const struct commit_ref *members;
	size_t n;
	enum label label; /* the weakest */
};
void gather_done(struct monitor *m, struct gathering *g, int err,
    const struct gathered *what);

/*
 * Something else is going to be told of the name (wire), in whatever view: what
 * waits goes before.  Not what waits in `but` (NULL: none), where that is going
 * to wait, too.  What is on its way to where it waits goes as soon as it is
 * there.
 */
void gather_before(
    struct monitor *m, const uint8_t *name, const struct gathering *but);

void gather_second(struct monitor *m);
/* All that waits is told now: the process is going to end, or other sinks are
 * to come. */
void gather_flush(struct monitor *m);

uint32_t gather_waiting(const struct monitor *m); /* alerts */
size_t gather_bytes(const struct monitor *m);
void gather_free_all(struct monitor *m);

#endif
