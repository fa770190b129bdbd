/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_POLL_PRIV_H
#define MONITOR_POLL_PRIV_H

/* poll_priv -- what poll.c, pump.c and servers.c share. */

#include "monitor_priv.h"

/* The resolver's hooks; ctx is the monitor. */
void poll_on_answer(void *ctx, const struct answer *a);
void poll_on_room(void *ctx, uint16_t index);
void poll_on_soon(void *ctx, const uint64_t *cookies, unsigned n);

/* The server for attempt n (0, 1, ...) of a question. */
uint8_t poll_pick_server(struct monitor *m, uint32_t id, uint8_t attempt);

/* A poll waits at the server, as planned for then. */
void pump_add_due(
    struct monitor *m, struct poll_server *s, uint32_t id, mono_ns due);
/* Sends while anything planned waits and there is room. */
void pump_due(struct monitor *m, uint8_t server);
/* Sends all that may go.  False: the turn's time is over before its end. */
bool pump_all(struct monitor *m, uint8_t server);
/* The answer to one that was ASK_FAILED is there, or none came. */
void pump_failed_ended(struct monitor *m, const struct answer *a);

/* An errand as it travels with its question, and back. */
uint64_t poll_cookie_of(const struct errand *e);
struct errand poll_errand_of(const struct answer *a);

#endif
