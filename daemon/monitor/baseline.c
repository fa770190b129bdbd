/* SPDX-License-Identifier: ISC */

/*
 * The first good reply of a question (R9): recorded, silent.  When the
 * database refuses it there is none, and the next reply is held against the
 * database, which then has no state: that one is the baseline.
 *
 * With `tell_baseline` it is told as an event, in the same transaction: there
 * is one exactly when there is a state.
 */

#include <stdlib.h>

#include "bogus.h"
#include "monitor_priv.h"
#include "note.h"

struct baseline {
	struct pending pending;
	struct note *note; /* NULL: it is not told */
	struct monitor *monitor;
	uint32_t question;
};

static void
baseline_free(struct pending *p)
{
	free(p);
}

static void
on_committed(void *ctx, int err)
{
	struct baseline *b = ctx;
	struct monitor *m = b->monitor;

	if (err != 0)
		table_question(m->table, b->question)->fingerprint =
		    FINGERPRINT_ASK;
	if (b->note != NULL)
		note_durable(b->note, err);
	pending_take(m, &b->pending);
	free(b);
}

bool
baseline_is_told(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy)
	    ->tell_baseline;
}

/* The event that tells it, into `rows`; NULL: no memory. */
static struct note *
note_of(struct monitor *m, uint32_t id, const struct commit_baseline *c,
    struct note_rows *rows)
{
	const struct say_state state = {.content = c->content, .ttl = c->ttl};
	struct say_event e = {.kind = "baseline",
	    .since = c->at,
	    .at = c->at,
	    .believed = &state};
	struct note *n;

	event_fill(m, id, &e);
	n = note_new(m, &e);
	if (n == NULL)
		return NULL;
	note_fill(n, &e, rows);
	pending_add(m, &n->pending);
	return n;
}

void
baseline_commit(struct monitor *m, uint32_t id, const struct content *content,
    uint32_t ttl, wall_us at)
{
	struct baseline *b = calloc(1, sizeof(*b));
	struct commit_baseline c = {
	    .key = table_key(m->table, id),
	    .name = table_name(m->table, id, NULL),
	    .content = content,
	    .ttl = ttl,
	    .at = at,
	};

	struct note_rows rows;

	if (b != NULL) {
		b->pending.free = baseline_free;
		b->monitor = m;
		b->question = id;
		pending_add(m, &b->pending);
	}
	if (b != NULL && baseline_is_told(m, id))
		b->note = note_of(m, id, &c, &rows);
	if (b != NULL && b->note != NULL) {
		c.entry = &rows.entry;
		c.alert = b->note->alerted ? &rows.alert : NULL;
	}
	commit_baseline(m->store, &c, b == NULL ? NULL : on_committed, b);
}
