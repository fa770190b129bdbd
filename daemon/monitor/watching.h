/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_WATCHING_H
#define MONITOR_WATCHING_H

/* watching -- what a watchlist that is applied does to one question. */

#include "monitor_priv.h"

enum differs { DIFFERS_NOT, DIFFERS_ADDED, DIFFERS_REMOVED, DIFFERS_CHANGED };
/* What is another when it has that policy; POLICY_NONE: it is not watched. */
enum differs watching_differs(
    const struct monitor *m, uint32_t id, uint32_t policy);
/* It has a policy, and is asked from now on, or sleeps (sleeping.h). */
void watching_begin(struct monitor *m, uint32_t id);
/*
 * Gives it another policy; a planned poll leaves the ledger of its interval.
 * True: its plan is another.
 */
bool watching_set_policy(struct monitor *m, uint32_t id, uint32_t policy);
/*
 * No list has it any more, or lists say something else of it.  True: the wheel
 * holds it by a plan that is no more.
 */
bool watching_end(struct monitor *m, uint32_t id);
bool watching_change(struct monitor *m, uint32_t id, uint32_t policy);
/* The policy's interval gets its place in the ledger. */
void watching_give_class(struct monitor *m, uint32_t policy);

#endif
