/* SPDX-License-Identifier: ISC */

/*
 * A change that was told as unconfirmed is asked again with the next polls of
 * its question, for a day at most, until it is confirmed or another change
 * follows it (R15).  Over a restart, too: what was believed before and what
 * was told are in the database; earlier witnesses stay there as evidence.
 */

#include <stdlib.h>

#include "base/err.h"
#include "loop/loop.h"
#include "monitor_priv.h"

/* The database need not know any longer that the change is doubted. */
void
doubt_settle_row(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct store_key key = table_key(m->table, q->question);

	commit_settled(m->store, &key, &q->change, NULL, NULL);
}

void
inquiry_settle(struct inquiry *q)
{
	struct monitor *m = q->monitor;

	idmap_take(&m->doubts, q->question);
	table_question(m->table, q->question)->flags &= (uint8_t)~Q_DOUBTED;
	doubt_settle_row(q);
	if (q->fetch_open)
		q->orphan = true; /* its fetch still calls back */
	else
		inquiry_free(q);
}

void
inquiry_doubt_ask(struct monitor *m, uint32_t id)
{
	struct inquiry *q = idmap_get(&m->doubts, id);
	uint64_t asked = 0;
	uint8_t own;

	if (q == NULL || q->state != INQUIRY_DOUBTED)
		return;
	own = q->list[q->begin].witness.group;
	inquiry_ask(q, q->list[q->begin].witness.server, ASK_TCP);
	for (uint8_t i = 0; i < m->n_servers; i++) {
		uint64_t bit = 1ULL << (m->servers[i].group & 63);

		if (m->servers[i].group == own || (asked & bit) != 0 ||
		    !poll_is_alive(m, i))
			continue;
		asked |= bit;
		inquiry_ask(q, i, 0);
	}
}

/* ---- after a restart ---- */

static bool
unpack_copy(
    struct inquiry *q, const uint8_t *packed, size_t size, struct content *out)
{
	uint8_t *copy =
	    packed == NULL ? NULL : arena_copy(&q->arena, packed, size);

	return copy != NULL && content_unpack(copy, size, &q->arena, out) == 0;
}

/* The told state stands in for the witness that told it, at its home. */
static bool
put_told(struct inquiry *q, const struct store_believed *b)
{
	struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	wall_us ago = loop_wall(m->loop) - b->since;
	struct testimony *t = testimony_add(q);

	if (t == NULL ||
	    !unpack_copy(q, b->content, b->content_size, &t->content))
		return false;
	t->stored = true;
	t->ede = -1;
	t->ttl = b->ttl;
	t->fingerprint = row->fingerprint;
	t->at = t->last_at = b->since;
	t->witness.at = t->witness.last_at = monitor_steady(m) - ago;
	t->witness.count = 1;
	t->witness.server = row->home;
	testimony_server(m, t, row->home);
	q->end = q->n;
	return true;
}

static bool
take_up(struct inquiry *q, const struct store_believed *b)
{
	struct monitor *m = q->monitor;
	struct question *row = table_question(m->table, q->question);

	if (!b->known || b->phase != CANDIDATE_DOUBTED ||
	    (row->flags & Q_INQUIRY) != 0 ||
	    !unpack_copy(q, b->before, b->before_size, &q->believed) ||
	    !put_told(q, b))
		return false;
	q->believed_seen = b->since;
	q->required = inquiry_required(q);
	q->state = INQUIRY_DOUBTED;
	if (!inquiry_conclude(q, monitor_steady(m)))
		return false;
	if (!told_restore(q, &b->told))
		return false;
	row->flags |= Q_DOUBTED;
	return true;
}

static void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct inquiry *q = ctx;

	q->fetch_open = false;
	arena_reset(&q->monitor->scratch);
	if (q->orphan)
		inquiry_free(q);
	else if (err != 0 || !take_up(q, b))
		inquiry_settle(q);
}

void
inquiry_restore_doubt(
    struct monitor *m, uint32_t id, const struct store_row *row)
{
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	wall_us ago = loop_wall(m->loop) - row->seen_at;
	struct store_fetch f = {
	    .key = row->key,
	    .seen = &nothing,
	    .at = loop_wall(m->loop),
	};
	struct inquiry *q = calloc(1, sizeof(*q));

	if (q == NULL || ago > WALL_S(CANDIDATE_DOUBT_MAX_S) ||
	    m->doubts.live >= DOUBTS_MAX || idmap_put(&m->doubts, id, q) != 0) {
		commit_settled(m->store, &row->key, &row->change, NULL, NULL);
		free(q);
		return;
	}
	table_question(m->table, id)->home = poll_home(m, id);
	q->monitor = m;
	q->question = id;
	q->state = INQUIRY_FETCHING;
	q->change = row->change;
	q->revision = row->revision;
	q->seen_at = row->seen_at;
	q->opened_at = monitor_steady(m) - ago;
	q->fetch_open = true;
	store_fetch(m->store, &f, on_believed, q);
}
