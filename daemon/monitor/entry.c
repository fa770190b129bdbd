/* SPDX-License-Identifier: ISC */

/*
 * Two bits of a question say what the database knows of its answers' age:
 * `aged`, that it knows anything, and `cached`, that this holds for entries of
 * the largest TTL seen, too, and not only for answers with AA.
 *
 * What makes an answer look older than was told is written at once: the span
 * that has this poll commits behind it, so that after a kill no coverage was
 * fresher than it is.  What nothing is told of yet counts as not fresh, and
 * waits while there is much for the database: an upgrade makes no flood.
 */

#include "entry.h"

#include "dns/reply.h"
#include "monitor_priv.h"
#include "schedule/entry.h"
#include "store/commit.h"

enum { ENTRY_WAITING = 2000 }; /* items on their way to the database */

static uint32_t
every_of(const struct monitor *m, const struct question *q)
{
	return policy_get(m->table, q->policy)->every_s;
}

static void
put(struct monitor *m, uint32_t id, bool cached)
{
	struct question *q = table_question(m->table, id);
	size_t items;
	size_t bytes;

	if ((q->flags & (Q_STORED | Q_WATCHED)) != (Q_STORED | Q_WATCHED) ||
	    m->setup.once)
		return;
	if (!q->aged) {
		commit_waiting(m->store, &items, &bytes);
		if (items > ENTRY_WAITING)
			return;
	}
	q->aged = 1;
	q->cached = cached;
	restore_put_question(m, id, true);
}

void
entry_first(struct monitor *m, uint32_t id, bool aa)
{
	struct question *q = table_question(m->table, id);

	/* Else the next answer writes it. */
	if ((q->flags & Q_STORED) != 0)
		return;
	q->aged = 1;
	q->cached = !aa;
}

/* A larger TTL is news where it makes another step. */
static void
note_ttl(const struct monitor *m, struct question *q, uint32_t ttl)
{
	uint32_t every = every_of(m, q);
	bool cached = q->cached && entry_step_s(ttl, every) ==
	                               entry_step_s(question_ttl(q), every);

	question_set_ttl(q, ttl);
	q->cached = cached;
}

void
entry_hear(
    struct monitor *m, uint32_t id, const struct reply_sum *sum, bool stale)
{
	struct question *q = table_question(m->table, id);

	if (sum->ttl > question_ttl(q))
		note_ttl(m, q, sum->ttl);
	if (stale)
		return;
	if (sum->aa)
		entry_direct(m, id);
	else if (q->aged && entry_step_s(question_ttl(q), every_of(m, q)) == 0)
		q->cached = 1;
	else if (!q->aged || !q->cached)
		put(m, id, true);
}

void
entry_direct(struct monitor *m, uint32_t id)
{
	if (!table_question(m->table, id)->aged)
		put(m, id, false);
}

void
entry_restore(
    const struct monitor *m, struct question *q, const struct store_row *row)
{
	uint32_t every = every_of(m, q);
	uint32_t least = entry_least_s(row->entry_s);

	if (!row->entry_known || row->every_s != every)
		return;
	/* Seen since what is believed began: the largest TTL of R13. */
	if (row->entry_fits && least > question_ttl(q))
		question_set_ttl(q, least);
	q->aged = 1;
	q->cached = row->entry_s > 0 &&
	            row->entry_s >= entry_step_s(question_ttl(q), every);
}

void
entry_fill(const struct monitor *m, uint32_t id, struct commit_question *c)
{
	const struct question *q = table_question(m->table, id);

	c->entry_known = q->aged;
	c->entry_s = q->cached ? entry_step_s(question_ttl(q), c->every_s) : 0;
}
