/* SPDX-License-Identifier: ISC */
/*
 * write_queue -- items gathered into batches that wait.
 *
 *    items -> open -> queue -> (write.c)
 *
 * Several batches are open at a time, in the order in which they will be
 * sent.  An item goes into the first in which no item of its questions, there
 * or behind, has to come before it.  So the sights of a while fill one batch
 * and their decisions, which must not share it, the next; closing the batch
 * at the first decision would make a transaction of each change.  An item of
 * no question (spans, events, ends of deliveries) goes into the last, behind
 * everything that was given before it.
 *
 * First answers have a batch of their own that waits longer and is sent by
 * COPY.  What follows of one of its questions closes it, but for an outage or
 * attributes, which go along.
 */

#include <stdlib.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store_priv.h"
#include "write_priv.h"

enum { OPEN_MAX = 4 };

struct batch *
write_spare(struct store *s)
{
	struct batch *b = s->w.spare;

	s->w.spare = NULL;
	if (b == NULL)
		b = batch_new();
	CHECK(b != NULL);
	b->opened = loop_mono(s->loop);
	return b;
}

void
write_recycle(struct store *s, struct batch *b)
{
	/* One of first answers has megabytes. */
	if (s->w.spare != NULL || b->first) {
		batch_free(b);
		return;
	}
	batch_clear(b);
	s->w.spare = b;
}

static void
queue_add(struct store *s, struct batch *b)
{
	s->w.items += b->n_items;
	s->w.bytes += b->bytes;
	b->next = NULL;
	*s->w.queue_end = b;
	s->w.queue_end = &b->next;
}

void
queue_push(struct store *s, struct batch *first)
{
	struct batch *last = first;

	while (last->next != NULL)
		last = last->next;
	last->next = s->w.queue;
	if (s->w.queue == NULL)
		s->w.queue_end = &last->next;
	s->w.queue = first;
}

struct batch *
queue_take(struct store *s)
{
	struct batch *b = s->w.queue;

	s->w.queue = b->next;
	if (s->w.queue == NULL)
		s->w.queue_end = &s->w.queue;
	b->next = NULL;
	return b;
}

static void
close_oldest(struct store *s)
{
	struct batch *b = s->w.open;

	s->w.open = b->next;
	s->w.n_open--;
	queue_add(s, b);
}

/* All that are to be sent up to this one; all for NULL. */
static void
close_through(struct store *s, const struct batch *last)
{
	const struct batch *closed = NULL;

	while (s->w.open != NULL && (closed == NULL || closed != last)) {
		closed = s->w.open;
		close_oldest(s);
	}
}

static struct batch *
open_another(struct store *s)
{
	struct batch **end;

	if (s->w.n_open == OPEN_MAX)
		close_oldest(s);
	end = &s->w.open;
	while (*end != NULL)
		end = &(*end)->next;
	*end = write_spare(s);
	s->w.n_open++;
	return *end;
}

struct batch *
write_open(struct store *s)
{
	struct batch *b = s->w.open;

	while (b != NULL && b->next != NULL)
		b = b->next;
	return b != NULL ? b : open_another(s);
}

static void
close_first_answers(struct store *s)
{
	struct batch *b = s->w.firsts;

	s->w.firsts = NULL;
	if (b != NULL)
		queue_add(s, b);
}

/* Is it about a question whose first answer waits?  Then it follows that. */
static bool
joins_first(struct store *s, const struct store_key *keys, size_t n_keys,
    struct lanes lanes)
{
	const struct lanes any = {1, 1};
	struct batch *b = s->w.firsts;

	if (b == NULL || !batch_conflicts(b, keys, n_keys, any))
		return false;
	if (n_keys == 1 && lanes.first >= LANE_OUTAGE &&
	    !batch_conflicts(b, keys, n_keys, lanes))
		return true;
	close_first_answers(s);
	write_soon(s);
	return false;
}

/* The first batch that the item may go into; NULL: behind all. */
static struct batch *
choose(struct store *s, const struct store_key *keys, size_t n_keys,
    struct lanes lanes)
{
	struct batch *chosen;

	if (joins_first(s, keys, n_keys, lanes))
		return s->w.firsts;
	chosen = s->w.open;
	for (struct batch *b = s->w.open; b != NULL; b = b->next)
		if (batch_conflicts(b, keys, n_keys, lanes))
			chosen = b->next;
	return chosen;
}

struct batch *
write_item(struct store *s, const struct store_key *keys, size_t n_keys,
    struct lanes lanes)
{
	struct batch *b =
	    n_keys > 0 ? choose(s, keys, n_keys, lanes) : write_open(s);

	if (b == NULL)
		b = open_another(s);
	batch_item_begin(b);
	for (size_t i = 0; i < n_keys; i++)
		batch_item_key(b, &keys[i], lanes);
	return b;
}

struct batch *
write_first(struct store *s, const struct store_key *key, struct lanes lanes)
{
	if (s->w.firsts == NULL) {
		s->w.firsts = batch_new();
		CHECK(s->w.firsts != NULL);
		s->w.firsts->opened = loop_mono(s->loop);
		s->w.firsts->first = true;
	}
	batch_item_begin(s->w.firsts);
	batch_item_key(s->w.firsts, key, lanes);
	return s->w.firsts;
}

static bool
is_full(const struct batch *b)
{
	if (b->first)
		return b->n_items >= STORE_FIRST_ITEMS ||
		       b->bytes >= 4 * (size_t)BATCH_BYTES_MAX;
	return b->n_items >= STORE_BATCH_ITEMS || b->bytes >= BATCH_BYTES_MAX;
}

/*
 * A transaction costs the same whatever is in it, so while they follow each
 * other each waits for more.
 */
static mono_ns
due_of(const struct store *s, const struct batch *b)
{
	mono_ns due = b->opened + MONO_MS(STORE_BATCH_MS);
	mono_ns next = s->w.closed + MONO_MS(STORE_BUSY_MS);

	if (b->flush)
		return 0;
	if (b->first)
		return b->opened + MONO_MS(STORE_FIRST_MS);
	return due > next ? due : next;
}

mono_ns
write_due_in(const struct store *s)
{
	mono_ns now = loop_mono(s->loop);
	mono_ns due = INT64_MAX;

	if (s->w.queue != NULL)
		due = 0;
	if (s->w.open != NULL && due_of(s, s->w.open) < due)
		due = due_of(s, s->w.open);
	if (s->w.firsts != NULL && due_of(s, s->w.firsts) < due)
		due = due_of(s, s->w.firsts);
	if (due == INT64_MAX)
		return -1;
	if (due < s->w.not_before)
		due = s->w.not_before;
	return due > now ? due - now : 0;
}

void
write_close_due(struct store *s)
{
	const struct batch *first = s->w.firsts;

	if (first != NULL &&
	    (s->w.open == NULL || due_of(s, first) <= due_of(s, s->w.open))) {
		close_first_answers(s);
		return;
	}
	/* The decisions of these sights do not wait once more. */
	s->w.closed = loop_mono(s->loop);
	close_through(s, NULL);
}

void
write_soon(struct store *s)
{
	mono_ns in = write_due_in(s);

	if (s->closed)
		return;
	if (s->state == STORE_FENCED)
		store_soon(s);
	else if (in >= 0 && s->w.flight == NULL)
		loop_timer_in(s->w.tick, in);
}

void
write_item_end(struct store *s, struct batch *b, store_done_fn *done, void *ctx)
{
	batch_item_end(b, done, ctx);
	/* Setting the timer for each of a thousand items would cost more than
	 * the items: only the first and the last move it. */
	if (is_full(b)) {
		if (b->first)
			close_first_answers(s);
		else
			close_through(s, b);
		write_soon(s);
	} else if (b->n_items == 1) {
		write_soon(s);
	}
}

void
write_flush(struct store *s)
{
	for (struct batch *b = s->w.open; b != NULL; b = b->next)
		b->flush = true;
	write_soon(s);
}

void
commit_flush(struct store *s)
{
	if (s->w.firsts != NULL)
		s->w.firsts->flush = true;
	write_flush(s);
}

void
commit_waiting(const struct store *s, size_t *items, size_t *bytes)
{
	*items = s->w.items;
	*bytes = s->w.bytes;
	for (const struct batch *b = s->w.open; b != NULL; b = b->next) {
		*items += b->n_items;
		*bytes += b->bytes;
	}
	if (s->w.firsts != NULL) {
		*items += s->w.firsts->n_items;
		*bytes += s->w.firsts->bytes;
	}
}

mono_ns
write_oldest(const struct store *s)
{
	const struct batch *lists[] = {
	    s->w.flight, s->w.queue, s->w.open, s->w.firsts};
	mono_ns now = loop_mono(s->loop);
	mono_ns first = now;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const struct batch *b = lists[i]; b != NULL; b = b->next)
			if (b->n_items > 0 && b->opened < first)
				first = b->opened;
	return now - first;
}

void
write_maintain(struct store *s)
{
	struct batch *b;

	for (b = s->w.queue; b != NULL; b = b->next)
		if (b->maintain)
			return;
	close_through(s, NULL);
	b = write_spare(s);
	b->maintain = true;
	b->maintain_days = (int32_t)s->retention_days;
	queue_add(s, b);
	write_soon(s);
}

void
write_drop_all(struct store *s, int err)
{
	close_first_answers(s);
	close_through(s, NULL);
	if (s->w.flight != NULL) {
		queue_push(s, s->w.flight);
		s->w.flight = NULL;
	}
	while (s->w.queue != NULL && !s->closed)
		write_batch_end(s, queue_take(s), err);
}

void
write_init(struct store *s)
{
	s->w.queue_end = &s->w.queue;
	s->w.tick = loop_timer_new(s->loop, write_tick, s);
	/* Larger than any that an earlier process gave. */
	s->w.evidence_n = loop_wall(s->loop);
}

void
write_free(struct store *s)
{
	first_forget(s);
	close_first_answers(s);
	close_through(s, NULL);
	if (s->w.flight != NULL)
		queue_push(s, s->w.flight);
	if (s->w.ended != NULL)
		queue_push(s, s->w.ended);
	while (s->w.queue != NULL) {
		struct batch *b = queue_take(s);

		claims_free(b->claims);
		batch_free(b);
	}
	batch_free(s->w.spare);
}
