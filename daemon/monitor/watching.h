/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_WATCHING_H
#define MONITOR_WATCHING_H

/* watching -- what a watchlist that is applied does to one question. */

#include "monitor_priv.h"

/* It has a policy, and is asked from now on. */
void watching_begin(struct monitor *m, uint32_t id);
/*
 * Gives it another policy; a planned poll leaves the ledger of its interval.
 * True: its plan is another.
 */
bool watching_set_policy(struct monitor *m, uint32_t id, uint32_t policy);
/* The policy's interval gets its place in the ledger. */
void watching_give_class(struct monitor *m, uint32_t policy);

#endif
