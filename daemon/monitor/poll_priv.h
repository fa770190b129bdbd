/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_POLL_PRIV_H
#define MONITOR_POLL_PRIV_H

/* poll_priv -- what poll.c and servers.c share. */

#include "monitor_priv.h"

/* The resolver's hooks; ctx is the monitor. */
void poll_on_answer(void *ctx, const struct answer *a);
void poll_on_room(void *ctx, uint8_t server);
void poll_on_soon(void *ctx, const uint64_t *cookies, unsigned n);

/* The server for attempt n (0, 1, ...) of a question. */
uint8_t poll_pick_server(struct monitor *m, uint32_t id, uint8_t attempt);

/* An errand as it travels with its question, and back. */
uint64_t poll_cookie_of(const struct errand *e);
struct errand poll_errand_of(const struct answer *a);

#endif
