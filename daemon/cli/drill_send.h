/* SPDX-License-Identifier: ISC */
#ifndef CLI_DRILL_SEND_H
#define CLI_DRILL_SEND_H

/* drill_send -- alerts that are in no outbox, each posted once to a sink. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "store/outbox.h"

struct config_sink;

struct drill_post {
	const struct config_sink *sink; /* lent */
	struct delivery delivery;       /* its id and revision */
	struct buf body;
	bool taken;    /* with a 2xx */
	char why[200]; /* else */
};

struct drill_posts {
	struct drill_post *list;
	size_t n, room;
	size_t n_taken;
};

/* Copies the body.  Memory that is short ends the process. */
void drill_posts_add(struct drill_posts *posts, const struct config_sink *sink,
    const struct delivery *d, const struct buf *body);
/* One after the other, in a loop of its own; tells how each ended. */
void drill_posts_send(struct drill_posts *posts,
    void (*on_sent)(void *ctx, const struct drill_post *post), void *ctx);
void drill_posts_fini(struct drill_posts *posts);

#endif
