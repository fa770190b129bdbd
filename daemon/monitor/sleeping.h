/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_SLEEPING_H
#define MONITOR_SLEEPING_H

/*
 * sleeping -- types of a name that does not exist yet (`types: auto`).
 *
 * A question asleep is one of the table that is in no list of the monitor: it
 * has a policy that `sleeps`, but not Q_WATCHED, and the database has no row of
 * it.  It wakes when anything else of its name, in its view, is believed to
 * be other than NXDOMAIN, and never sleeps again: what the database has a row
 * of was awake.
 */

#include "monitor_priv.h"

bool sleeping_is(const struct monitor *m, uint32_t id);
/* Does a question that begins to be watched begin asleep?  Then it does. */
MUST_CHECK bool sleeping_begin(struct monitor *m, uint32_t id);
/* It is asked from now on. */
void sleeping_wake(struct monitor *m, uint32_t id);
/* No list has it any more. */
void sleeping_end(struct monitor *m, uint32_t id);
/* The load is done: is it to be woken? */
void sleeping_look(struct monitor *m, uint32_t id);
/* Something is believed of this question of the name. */
void sleeping_heard(struct monitor *m, uint32_t id);

#endif
