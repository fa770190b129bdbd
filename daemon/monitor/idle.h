/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_IDLE_H
#define MONITOR_IDLE_H

/*
 * idle -- names that have not existed for long are asked less often (`idle` of
 * a list).
 *
 * Of each question of such a list that is believed to be a plain NXDOMAIN it
 * is kept since when.  When that is long enough for all of a name, in its
 * view, each moves to another form of its policy at the end of its poll: one
 * with a longer interval, as if a reload had said so.  What differs from
 * NXDOMAIN moves the name back at once, before it is believed.
 */

#include "monitor_priv.h"

enum { IDLE_MAX = 1000000 }; /* questions of which it is kept */

/* It is believed to be that since then; known anew, or from the database. */
void idle_known(struct monitor *m, uint32_t id, wall_us since);
/* Lists say something else of it: where they begin to ask for it, it counts
 * from now on, until a start brings what the database knows. */
void idle_changed(struct monitor *m, uint32_t id);
/* It is not watched any more. */
void idle_forget(struct monitor *m, uint32_t id);
/* A poll of it ended as believed.  True: it is idle from now on. */
bool idle_polled(struct monitor *m, uint32_t id);
/* Its row is here: was it idle when that was written?  Then it is. */
void idle_restore(struct monitor *m, uint32_t id, const struct store_row *row);
/* It answers differently: its name is asked as often as its lists say. */
void idle_stir(struct monitor *m, uint32_t id);
/* A change of it is decided and believed: tells `woke` of a name that was idle,
 * or might have been. */
void idle_decided(struct monitor *m, const struct inquiry *q);
void idle_free_all(struct monitor *m);

#endif
