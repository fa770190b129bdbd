/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_STAGE_H
#define MONITOR_STAGE_H

/*
 * stage -- what watchlists say before it is in force: a policy per question.
 *
 * 4 bytes a question, in pieces that are there only where something was said.
 * A zeroed struct is empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "table.h"

struct stage {
	uint32_t **pieces; /* policy + 1 per question, 0: none */
	uint32_t n_pieces;
};

/* POLICY_NONE: no list said anything. */
uint32_t stage_get(const struct stage *s, uint32_t id);
/* What one more list says, merged with what others said.  False: no memory. */
MUST_CHECK bool stage_merge(
    struct stage *s, struct table *t, uint32_t id, uint32_t policy);
/* In place of what was said; POLICY_NONE: nothing was. */
void stage_put(struct stage *s, uint32_t id, uint32_t policy);
size_t stage_bytes(const struct stage *s);
/* Empties it. */
void stage_fini(struct stage *s);

#endif
