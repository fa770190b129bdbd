/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_LIFE_H
#define MONITOR_LIFE_H

/*
 * life -- in which stage hostile names are, told when it is another one.
 *
 * Looked at when a change of a name was decided, when nobody answered for a
 * day, and when somebody does again.  What is believed and what was told are
 * read from the database then: a name that does not change costs nothing.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "dns/content.h"

struct monitor;

/* A change of it was decided; before that, `from` was believed since then. */
void life_decided(
    struct monitor *m, uint32_t id, const struct content *from, wall_us since);
/* It was not answered for a day, or is answered again after that. */
void life_look(struct monitor *m, uint32_t id);
/* Begins to read what is to be looked at. */
void life_tick(struct monitor *m);

uint32_t life_waiting(const struct monitor *m); /* names */
size_t life_bytes(const struct monitor *m);
void life_free_all(struct monitor *m);

#endif
