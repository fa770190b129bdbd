/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_UNTIL_H
#define MONITOR_UNTIL_H

/*
 * until -- what lists say that ends, and the sifting of the wheel that follows
 * when the plans of some questions are no more.
 *
 * When the first of what lists say is over, a walk over the table takes out
 * what ends, piece by piece.  At most one begins in UNTIL_EVERY_S.
 */

#include "monitor_priv.h"

enum { UNTIL_EVERY_S = 10 };

/* A policy is in force that ends then. */
void until_note(struct monitor *m, wall_us until);
/* A piece of the walk, and of the sifting; every tick. */
void until_step(struct monitor *m);
/* Some questions are strays: they are to be found in the wheel. */
void until_sift(struct monitor *m);

#endif
