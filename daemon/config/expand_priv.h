/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_EXPAND_PRIV_H
#define CONFIG_EXPAND_PRIV_H

/*
 * expand -- ${NAME}, ${NAME:-default} and $$ in the scalars of a tree.
 *
 * After parsing: whatever a variable holds stays one text and cannot become
 * YAML.  Keys are left alone.
 */

#include "base/arena.h"
#include "base/attr.h"
#include "node_priv.h"

/* What is wrong is reported and makes the node bad.  0 or -ENOMEM. */
MUST_CHECK int expand_tree(
    struct node *root, struct arena *a, const struct report *r);

#endif
