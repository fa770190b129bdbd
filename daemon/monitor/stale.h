/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_STALE_H
#define MONITOR_STALE_H

/*
 * stale -- answers that a resolver keeps beyond their time and does not say so
 * (R13); what it is told by is in judge/stale.h.
 */

#include "monitor_priv.h"

/*
 * A good reply of what is believed: is it to be taken as stale?  Asks the
 * server again where that is in doubt.
 */
bool stale_holds(struct monitor *m, uint32_t id, uint16_t server,
    const struct reply_sum *sum);
/*
 * Passes over the first sight of an inquiry, for which `b` was fetched, if a
 * cache kept it of before.  True: it is asked again first, and `b` fetched
 * once more then.
 */
bool stale_pass(struct inquiry *q, const struct store_believed *b);
/* A poll of it failed: what counted down before may be stale now. */
void stale_failed(struct monitor *m, uint32_t id);
/* Those whose time has come are asked again; every tick. */
void stale_tick(struct monitor *m);
/* A piece of those that are in doubt no more. */
void stale_second(struct monitor *m);
/* The servers changed, and with them their numbers. */
void stale_forget(struct monitor *m);
size_t stale_bytes(const struct monitor *m);
void stale_free_all(struct monitor *m);

#endif
