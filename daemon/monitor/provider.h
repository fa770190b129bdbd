/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_PROVIDER_H
#define MONITOR_PROVIDER_H

/* provider -- names that fail together because of what they share (R4). */

#include "monitor_priv.h"

MUST_CHECK struct provider *provider_new(void);
void provider_free(struct provider *p); /* NULL is fine */
/* A watched NS question says what is believed: its name servers are kept. */
void provider_learn(
    struct monitor *m, const struct answer *a, const struct reply_sum *sum);
/* Begins a survey of who fails, where that may tell something. */
void provider_second(struct monitor *m);
/* ... and goes on with it. */
void provider_step(struct monitor *m);
/* Does it fail with others, so that it is not told by itself? */
bool provider_covers(struct monitor *m, uint32_t id);
/* A hash of the name servers of its zone, as they were last heard; 0: they are
 * not watched. */
uint64_t provider_servers(
    const struct monitor *m, uint8_t view, const uint8_t *wire);
/* Does (or may) a provider explain what fails in that view? */
bool provider_explains(const struct monitor *m, uint8_t view);

#endif
