/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_PACE_PRIV_H
#define RESOLVER_PACE_PRIV_H

/*
 * pace -- how fast one server may be asked: a token bucket that bounds what
 * is sent, and a window, adapted to losses, that bounds what is open.
 *
 * Pure: no clock, no socket.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct pace {
	/* The bucket; `rate` 0: none. */
	uint32_t rate;
	double burst;
	double per_ns; /* tokens that come in */
	double tokens;
	mono_ns filled; /* when tokens was brought up to date */
	/* The window. */
	double window;
	double window_max;
	double good; /* recent first datagrams that were answered ... */
	double lost; /* ... and that were not */
	mono_ns cut; /* losses of what was sent before are known already */
};

void pace_init(struct pace *p, uint32_t rate, uint32_t window_start,
    uint32_t window_max, mono_ns now);

/* May one more question be opened?  Urgent: the last tenth too. */
bool pace_has_room(struct pace *p, uint32_t open, bool urgent, mono_ns now);
/* Takes a token; false: none is there. */
bool pace_take(struct pace *p, mono_ns now);
/* When pace_has_room() stops being false for want of tokens. */
mono_ns pace_token_at(const struct pace *p, bool urgent);

void pace_good(struct pace *p, uint32_t open);
void pace_lost(struct pace *p, mono_ns sent, mono_ns now);

#endif
