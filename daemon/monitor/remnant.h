/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_REMNANT_H
#define MONITOR_REMNANT_H

/*
 * remnant -- what caches may still hold of before the last change (R13,
 * docs/decisions/old-caches.md): it changes nothing, and proves nothing.
 */

#include "monitor_priv.h"

/*
 * Is the first sight of an inquiry what was seen before, and may come out of
 * an entry that is older than what is believed now?  `b` was fetched for it.
 */
bool remnant_is(struct inquiry *q, const struct store_believed *b);
/*
 * Looks up what is known from before of what others say, where that is neither
 * what is believed nor what was seen first: the witnesses get its TTL.
 */
void remnant_look(struct inquiry *q);
void remnant_second(struct monitor *m);
/* Other servers have their numbers now. */
void remnant_forget_servers(struct monitor *m);
/* A piece of the count of questions with intervals below their TTLs. */
void remnant_count_short(struct monitor *m);
void remnant_free_all(struct monitor *m);

#endif
