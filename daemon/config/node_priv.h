/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_NODE_PRIV_H
#define CONFIG_NODE_PRIV_H

/*
 * node -- a piece of YAML as a tree, and reading typed values out of it.
 *
 * Scalars are text until a reader says what they are.  Readers report what
 * they refuse, with its place; a bad node was reported before and is passed
 * over in silence.  `what` names the key in messages.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "report_priv.h"
#include "stream_priv.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP, NODE_BAD };

struct node {
	enum node_kind kind;
	struct place at;
	bool plain; /* a scalar without quotes */
	char *text; /* of a scalar, never NULL then */
	size_t size;
	size_t n;           /* entries of a list or mapping */
	struct node *first; /* of them */
	struct node *next;  /* the entry behind this one */
	struct node *key;   /* of an entry of a mapping */
	struct node *twice; /* a key: the earlier one that says the same */
	struct node *made;  /* the node built before; of the root: the last */
	bool is_key;
	bool literal; /* as it stands in the file: nothing expanded */
};

struct node_limits {
	size_t nodes_max;
	size_t chars_max; /* from first to last character; 0: any */
};

/*
 * Builds the tree that begins with `first` and reads the stream up to its
 * end.  What is over the limits is reported and read past, and gives a bad
 * node.  `made` links all nodes in a ring.  0, -ENOMEM, or what stream_next()
 * failed with.
 */
MUST_CHECK int node_build(struct stream *s, const struct item *first,
    const struct node_limits *limits, struct arena *a, struct node **out);

/* One known key of a mapping. */
struct key {
	const char *name;
	void (*read)(void *ctx, const struct node *value);
};
/*
 * Calls the reader of every entry; unknown and repeated keys, and keys
 * without a value, are reported.  False when `map` is no mapping (reported).
 */
bool node_walk(const struct node *map, const char *what, const struct key *keys,
    size_t n_keys, const struct report *r, void *ctx);

bool node_is_empty(const struct node *n); /* nothing, ~ or null */
/* The text of a scalar that is not empty, else NULL (reported). */
const char *node_text(
    const struct node *n, const char *what, const struct report *r);
bool node_is_list(const struct node *n, const char *what,
    const struct report *r); /* else reported */
bool node_number(const struct node *n, const char *what, const struct report *r,
    const uint32_t range[2], uint32_t *out);
bool node_bool(
    const struct node *n, const char *what, const struct report *r, bool *out);
/* The index of the text among `known`, else -1 (reported). */
int node_choice(const struct node *n, const char *what, const struct report *r,
    const char *const *known, size_t n_known);

#endif
