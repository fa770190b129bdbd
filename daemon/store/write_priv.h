/* SPDX-License-Identifier: ISC */
#ifndef STORE_WRITE_PRIV_H
#define STORE_WRITE_PRIV_H

/* What write.c and write_queue.c have of each other. */

#include "base/clock.h"

struct batch;
struct store;

/* An empty batch; and what becomes of one that is done with. */
struct batch *write_spare(struct store *s);
void write_recycle(struct store *s, struct batch *b);

/* Puts a list in front of the queue; takes the first of it. */
void queue_push(struct store *s, struct batch *first);
struct batch *queue_take(struct store *s);

/* What is open and due joins the queue; there must be something. */
void write_close_due(struct store *s);
/* When the next batch is to be sent; 0: at once, -1: nothing waits. */
mono_ns write_due_in(const struct store *s);
mono_ns write_oldest(const struct store *s); /* an item waits for so long */
/* Sends it if it may be sent: the timer's function. */
void write_tick(void *ctx);
/* Tells the items how it ended and lets go of the batch. */
void write_batch_end(struct store *s, struct batch *b, int err);

#endif
