/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_DIGEST_H
#define MONITOR_DIGEST_H

/*
 * digest -- once a day, what the day came to: what was decided and told, which
 * names and lists that was about, what moved inside of pools, and what is open.
 *
 * The sums are the database's, so a restart loses none of them.  One that was
 * due while nobody ran is told late, unless there was nothing to tell.
 */

#include "monitor_priv.h"

/* Everything is known, or the configuration is another one. */
void digest_plan(struct monitor *m);
void digest_second(struct monitor *m);

#endif
