/* SPDX-License-Identifier: ISC */

/*
 * A fresh fetch vouches for the time since the poll before it, and a stale
 * answer for none: a stretch begins with the plan before its first stale
 * answer, and ends with the answer that is not stale.  Its beginning is given
 * to the store before the poll is finished, so that the span which has this
 * poll commits behind it.  Like an outage, a kill leaves it open, which says
 * less than was so, never more.
 */

#include "stretch.h"

#include <stdlib.h>

#include "base/log.h"
#include "loop/loop.h"
#include "schedule/chase.h"

enum { STRETCHES_MAX = 65536 };

struct stretch {
	uint32_t question;
	wall_us since;
};

static void
put(struct monitor *m, const struct stretch *s, wall_us until)
{
	const struct commit_stale c = {
	    .key = table_key(m->table, s->question),
	    .since = s->since,
	    .until = until,
	};

	commit_stale(m->store, &c, NULL, NULL);
}

static struct stretch *
stretch_new(struct monitor *m, uint32_t id, wall_us since)
{
	struct stretch *s = calloc(1, sizeof(*s));

	if (s == NULL || idmap_put(&m->stretches, id, s) != 0) {
		free(s);
		return NULL;
	}
	s->question = id;
	s->since = since;
	return s;
}

/*
 * No later than the plan before.  Asked again, it was the last poll already
 * that was answered so, and the one before it vouched for the time before.
 */
static wall_us
since_of(const struct monitor *m, const struct question *q, bool poll)
{
	uint32_t every_s = policy_get(m->table, q->policy)->every_s;
	uint32_t wait_s = chase_wait_s(q->wait, every_s);
	wall_us before = WALL_S((wall_us)(wait_s > every_s ? wait_s : every_s));
	wall_us at = loop_wall(m->loop);

	if (!poll)
		return at - 2 * before;
	if ((q->flags & Q_PLANNED) != 0 && monitor_wall_of(m, q->due) < at)
		at = monitor_wall_of(m, q->due);
	return at - before;
}

/* An outage that is open says it, and goes on for all that is stale. */
static bool
is_to_be_told(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	uint32_t fails;

	return (q->flags & (Q_STORED | Q_WATCHED)) == (Q_STORED | Q_WATCHED) &&
	       !m->setup.once && idmap_get(&m->stretches, id) == NULL &&
	       !outage_is_open(m, id, &fails);
}

static void
begin(struct monitor *m, uint32_t id, bool poll)
{
	const struct stretch *s;

	if (!is_to_be_told(m, id))
		return;
	if (m->stretches.live >= STRETCHES_MAX) {
		if (!m->stretches_full)
			log_warn("monitor: %u questions have stale answers; "
				 "those of more count as fresh coverage",
			    m->stretches.live);
		m->stretches_full = true;
		return;
	}
	s = stretch_new(m, id, since_of(m, table_question(m->table, id), poll));
	if (s != NULL)
		put(m, s, 0);
}

void
stretch_hear(struct monitor *m, uint32_t id, bool stale, bool poll)
{
	if (stale)
		begin(m, id, poll);
	else if (poll)
		stretch_end(m, id);
}

void
stretch_end(struct monitor *m, uint32_t id)
{
	wall_us now = loop_wall(m->loop);
	struct stretch *s;

	if (m->stretches.live == 0 ||
	    (s = idmap_take(&m->stretches, id)) == NULL)
		return;
	/* The clock may have stepped. */
	put(m, s, now > s->since ? now : s->since);
	free(s);
	if (m->stretches.live < STRETCHES_MAX / 2)
		m->stretches_full = false;
}

void
stretch_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	if (idmap_get(&m->stretches, id) == NULL)
		(void)stretch_new(m, id, row->stale_since);
}

void
stretch_over(struct monitor *m, const struct store_row *row)
{
	wall_us now = loop_wall(m->loop);
	const struct commit_stale c = {
	    .key = row->key,
	    .since = row->stale_since,
	    .until = now > row->stale_since ? now : row->stale_since,
	};

	commit_stale(m->store, &c, NULL, NULL);
}

size_t
stretch_bytes(const struct monitor *m)
{
	return idmap_bytes(&m->stretches) +
	       m->stretches.live * sizeof(struct stretch);
}

void
stretch_free_all(struct monitor *m)
{
	struct stretch *s;
	uint32_t at = 0;

	while ((s = idmap_next(&m->stretches, &at)) != NULL)
		free(s);
	idmap_fini(&m->stretches);
}
