/* SPDX-License-Identifier: ISC */
#ifndef EXPECT_H
#define EXPECT_H

#include "world.h"

/* Does the world look like this?  `why` says which clause does not hold. */
bool expect_all(struct world *w, const char *clauses, char *why, size_t size);

#endif
