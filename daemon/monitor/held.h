/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_HELD_H
#define MONITOR_HELD_H

/*
 * held -- a candidate that was open when the program ended: what the database
 * holds of it stands at the head of the inquiry's list again, so that its
 * decision names every element that was seen while it was open (R10).
 */

#include <stdbool.h>

struct inquiry;
struct store_believed;

/* Not yet here: to be asked for. */
bool held_wanted(const struct inquiry *q);
/*
 * Nobody watched the question when the program started, so that its open
 * candidate was not taken up then.  True: it is now, and to be asked for.
 */
bool held_find(struct inquiry *q, const struct store_believed *b);
/* True: it was put there, just now. */
bool held_put(struct inquiry *q, const struct store_believed *b);

#endif
