/* SPDX-License-Identifier: ISC */
#ifndef CLI_BACKTEST_EVENT_H
#define CLI_BACKTEST_EVENT_H

/*
 * backtest_event -- which events a configuration asks for.
 */

#include <stdbool.h>
#include <stdint.h>

#include "backtest_watch.h"
#include "config/config.h"

/* Is it one of those about the servers of a zone (R18)? */
bool backtest_event_of_servers(const char *event);
/*
 * Can such an event come of what these lists and this configuration say?  Some
 * come only where they are asked for: of attributes, expectations, plans, ...
 */
bool backtest_event_asked(const struct config *c,
    const struct backtest_watch *w, const char *event, uint16_t type);

#endif
