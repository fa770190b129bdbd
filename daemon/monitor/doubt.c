/* SPDX-License-Identifier: ISC */

/*
 * A change that was told as unconfirmed is asked again with the next polls of
 * its question, for a day at most, until it is confirmed or another change
 * follows it (R15).  Over a restart, too: what was believed before and what
 * was told are in the database; earlier witnesses stay there as evidence.
 *
 * There may be thousands of doubts, for a day: of what was said before it was
 * told, each keeps one testimony of each content (a later decision names all
 * that was seen, R10), without the messages.
 */

#include <stdlib.h>

#include "base/err.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "source.h"

enum { DOUBT_CONTENTS = 16 };

/* The database need not know any longer that the change is doubted. */
void
doubt_settle_row(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct store_key key = q->key;

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

/* What is kept of a testimony: who said what. */
static bool
copy_testimony(
    const struct testimony *t, struct arena *a, struct testimony *out)
{
	*out = *t;
	out->stored = true;
	out->raw = NULL;
	out->raw_size = 0;
	out->ede_text = NULL;
	out->ede_text_size = 0;
	return content_copy(&t->content, a, &out->content) == 0;
}

static bool
is_kept(const struct inquiry *q, const size_t *kept, size_t n, size_t at)
{
	if (q->list[at].witness.fail != FAIL_NOT)
		return true; /* there is nothing to keep */
	for (size_t i = 0; i < n; i++) {
		if (q->list[kept[i]].fingerprint == q->list[at].fingerprint)
			return true;
	}
	return false;
}

/*
 * The first sight, what was told, and the first of each other content, in
 * their order.  Returns how many; *told: which of them was told.
 */
static size_t
choose_kept(const struct inquiry *q, size_t *kept, size_t *told)
{
	size_t to = q->begin + q->judgement.to_witness;
	size_t n = 0;

	*told = 0;
	for (size_t i = q->begin; i < q->end; i++) {
		size_t max = i < to ? DOUBT_CONTENTS - 1 : DOUBT_CONTENTS;

		if (i != q->begin && i != to &&
		    (n >= max || is_kept(q, kept, n, i)))
			continue;
		if (i == to)
			*told = n;
		kept[n++] = i;
	}
	return n;
}

static bool
copy_kept(const struct inquiry *q, const size_t *kept, size_t n,
    struct arena *a, struct testimony *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!copy_testimony(&q->list[kept[i]], a, &out[i]))
			return false;
	}
	return true;
}

/* Into an arena and a list of its own, that are no larger than it needs. */
static bool
shrink(struct inquiry *q)
{
	size_t kept[DOUBT_CONTENTS];
	size_t told;
	size_t n = choose_kept(q, kept, &told);
	struct testimony *list = calloc(n, sizeof(*list));
	struct arena a = {0};
	struct content believed;
	struct store_element *facts;

	facts = arena_copy(&a, q->facts, q->n_facts * sizeof(*facts));
	if (list == NULL || facts == NULL ||
	    content_copy(&q->believed, &a, &believed) != 0 ||
	    !copy_kept(q, kept, n, &a, list)) {
		arena_fini(&a);
		free(list);
		return false;
	}
	testimony_uncount_bytes(q);
	arena_fini(&q->arena);
	free(q->list);
	q->arena = a;
	q->list = list;
	q->begin = 0;
	q->n = q->room = q->end = n;
	q->believed = believed;
	q->facts = facts;
	q->judgement.to_witness = told;
	arena_reset(&q->monitor->scratch);
	if (!inquiry_conclude(q, monitor_steady(q->monitor)))
		return false;
	q->counted_doubted = true;
	testimony_count_bytes(q);
	return true;
}

bool
doubt_begin(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct question *row = table_question(m->table, q->question);

	if (m->doubts.live >= DOUBTS_MAX ||
	    m->doubted_bytes >= DOUBTS_BYTES_MAX)
		return false;
	q->state = INQUIRY_DOUBTED;
	/* What they were read from is not kept. */
	q->kept_aspects = q->aspects & (ASPECT_BOGUS | ASPECT_DS_MISMATCH);
	q->has_keys = false;
	if (!shrink(q) || idmap_put(&m->doubts, q->question, q) != 0)
		return false;
	idmap_take(&m->inquiries, q->question);
	row->flags &= (uint8_t)~Q_INQUIRY;
	row->flags |= Q_DOUBTED;
	return true;
}

void
doubt_bound(struct inquiry *q)
{
	if (q->n <= DOUBT_WITNESSES && q->arena.used <= DOUBT_BYTES)
		return;
	/* What its contents need may be more than that. */
	if (!shrink(q))
		inquiry_settle(q);
}

void
inquiry_doubt_ask(struct monitor *m, uint32_t id)
{
	struct inquiry *q = idmap_get(&m->doubts, id);
	const struct poll_view *v = poll_view_of(m, id);
	uint64_t asked = 0;
	uint16_t own;

	if (q == NULL || q->state != INQUIRY_DOUBTED)
		return;
	own = q->list[q->begin].witness.group;
	inquiry_ask(q, q->list[q->begin].witness.server, ASK_TCP);
	if (q->required == PROVED_SOURCE)
		source_confirm_all(m, id);
	for (uint8_t k = 0; k < v->n; k++) {
		uint8_t i = v->servers[k];
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
	t->witness.server = testimony_by(m, b->by);
	testimony_server(m, t, t->witness.server);
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
	q->counted_doubted = true;
	testimony_count_bytes(q);
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
	q->monitor = m;
	q->question = id;
	q->key = row->key;
	q->state = INQUIRY_FETCHING;
	q->change = row->change;
	q->revision = row->revision;
	q->seen_at = row->seen_at;
	q->opened_at = monitor_steady(m) - ago;
	q->fetch_open = true;
	store_fetch(m->store, &f, on_believed, q);
}
