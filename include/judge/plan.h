/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_PLAN_H
#define JUDGE_PLAN_H

/*
 * plan -- does a change do what its owner planned, and is it done (R27)?  Pure.
 *
 * A plan says what the records of some types of a name are going to be, as
 * whole sets, packed (dns/pin.h).  Of its CNAME a change of another type's
 * chain is part, too: what the alias leads to is not planned by itself then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dns/content.h"
#include "judge/expect.h"

/*
 * Does the change come nearer to the plan, and do nothing else?  Each record
 * that comes is planned, each that goes is not, and a chain that changes leads
 * where the plan has it.
 */
bool plan_covers(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *from, const struct content *to);

/* Says the plan what the records of this type are going to be? */
bool plan_names(const uint8_t *pins, size_t size, uint16_t type);
/* And are they so? */
bool plan_is_done(
    const uint8_t *pins, size_t size, uint16_t type, const struct content *c);

/*
 * Is what deviates from an expectation on the way to the plan?  Then all that
 * should not be there is planned, and all that is missing is not.
 */
bool plan_explains(const uint8_t *pins, size_t size, uint16_t type,
    const struct expect_found *found);

#endif
