/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_SILENCED_H
#define MONITOR_SILENCED_H

/* silenced -- which silence of the configuration holds an alert (R28). */

#include <stddef.h>

struct commit_alert;
struct commit_entry;
struct monitor;

/*
 * Fills alert->held_by: an alert of several entries is held when each of them
 * would be.  The name is the configuration's.
 */
void silenced(const struct monitor *m,
    const struct commit_entry *const *members, size_t n,
    struct commit_alert *alert);

#endif
