/* SPDX-License-Identifier: ISC */

/*
 * What the database knows, into the table; then plans and first questions.
 *
 * A restart asks nothing at once that has a state: each question goes on at
 * its planned time, which depends on its key only, from the moment that its
 * row is here; the rows behind it need not be.  Only what was planned while
 * its row was on its way is asked when that is here, so that from the start
 * of the load on no plan is left out, and the ledger can begin there.  What is
 * new is known when all rows are.  Fingerprints are computed anew from the
 * stored contents, with this process's own key.
 */

#include "base/log.h"
#include "bogus.h"
#include "dangling.h"
#include "digest.h"
#include "dns/record.h"
#include "entry.h"
#include "expect.h"
#include "idle.h"
#include "loop/loop.h"
#include "membership.h"
#include "monitor_priv.h"
#include "plan.h"
#include "pools.h"
#include "schedule/chase.h"
#include "schedule/spread.h"
#include "sleeping.h"
#include "source.h"
#include "stretch.h"
#include "views.h"
#include "wildcard.h"

enum { RESTORE_TURN_MAX = 20000 };

void
restore_fill_question(struct monitor *m, uint32_t id, struct commit_question *c)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);
	uint8_t size;
	const uint8_t *name = table_name(m->table, id, &size);

	*c = (struct commit_question){
	    .key = table_key(m->table, id),
	    .name = name,
	    .name_size = size,
	    .type = q->type,
	    .view = monitor_view(m, id),
	    .watched = true,
	    .every_s = p->every_s,
	    .wait_s = chase_wait_s(q->wait, p->every_s),
	    .attributes = p->attributes,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	    .lists = p->lists,
	    .n_lists = p->n_lists,
	    .owner = p->owner,
	    .runbook = p->runbook,
	    .at = loop_wall(m->loop),
	};
	c->phase_ms = spread_phase_ms(&c->key.question, p->every_s);
	entry_fill(m, id, c);
	membership_fill(m, name, size, c);
}

void
restore_put_question(struct monitor *m, uint32_t id, bool watched)
{
	struct commit_question c;

	restore_fill_question(m, id, &c);
	c.watched = watched;
	table_question(m->table, id)->flags |= Q_STORED;
	commit_question(m->store, &c, NULL, NULL);
}

/* A question of the database that no list watches any more. */
static void
put_unwatched(struct monitor *m, const struct store_row *row)
{
	struct commit_question c = {
	    .key = row->key,
	    .name = row->name,
	    .name_size = name_size(row->name),
	    .type = row->type,
	    .view = row->view,
	    .every_s = row->every_s,
	    .attributes = 0,
	    .at = loop_wall(m->loop),
	};

	c.phase_ms = spread_phase_ms(&c.key.question, row->every_s);
	membership_fill(m, c.name, c.name_size, &c);
	commit_question(m->store, &c, NULL, NULL);
}

/* It was not watched any more when its outage was open: that is over. */
static void
end_outage(struct monitor *m, const struct store_row *row)
{
	struct commit_outage o = {
	    .key = row->key,
	    .since = row->failing_since,
	    .until = row->failing_until != 0 ? row->failing_until
	                                     : loop_wall(m->loop),
	    .fail = row->fail,
	    .count = 1,
	};

	commit_outage(m->store, &o, NULL, NULL);
}

static void
take_state(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct question *q = table_question(m->table, id);
	struct content content;

	arena_reset(&m->scratch);
	if (content_unpack(
		row->content, row->content_size, &m->scratch, &content) != 0) {
		/* Written by another version: ask the database again then. */
		q->fingerprint = FINGERPRINT_ASK;
		q->flags |= Q_KNOWN;
		return;
	}
	q->fingerprint = content_fingerprint(&content, &m->key);
	question_set_ttl(q, row->ttl);
	q->seen = (uint32_t)(row->last_seen / WALL_S(1));
	q->flags |= Q_KNOWN;
}

/* What it may wait by a plan that is no more ends with that. */
static void
take_wait(
    const struct monitor *m, struct question *q, const struct store_row *row)
{
	const struct policy *p = policy_get(m->table, q->policy);
	uint8_t steps = chase_steps_of(row->wait_s, row->every_s);

	if (row->attributes == p->attributes && steps > q->wait)
		q->wait = steps & 7;
}

static void
on_row(void *ctx, const struct store_row *row)
{
	struct monitor *m = ctx;
	uint8_t view = table_find_view(m->table, row->view);
	uint32_t id = view == VIEW_NONE ? QUESTION_NONE
	                                : table_find(m->table, view, row->name,
					      name_size(row->name), row->type);
	struct question *q;

	if (row->zone != NULL && view != VIEW_NONE)
		sources_restore(m, view, row);
	if (row->expect_size > 0)
		expect_restore(m,
		    id != QUESTION_NONE &&
			    (table_question(m->table, id)->flags & Q_WATCHED)
			? id
			: QUESTION_NONE,
		    row);
	if (row->dangling_size > 0)
		dangling_restore(m, id, row);
	if (row->wildcard_size > 0)
		wildcard_restore(m, id, row);
	if (row->views_size > 0)
		views_restore(m, id, row);
	if (id != QUESTION_NONE && sleeping_is(m, id))
		sleeping_wake(m, id);
	if (id == QUESTION_NONE ||
	    (table_question(m->table, id)->flags & Q_WATCHED) == 0) {
		fresh_past(m, &row->key.question, row->name);
		if (row->watched)
			put_unwatched(m, row);
		if (row->failing)
			end_outage(m, row);
		if (row->stale_since != 0)
			stretch_over(m, row);
		return;
	}
	q = table_question(m->table, id);
	q->flags |= Q_STORED;
	idle_restore(m, id, row);
	take_wait(m, q, row);
	if (!row->watched ||
	    row->attributes != policy_get(m->table, q->policy)->attributes)
		restore_put_question(m, id, true);
	if (row->content != NULL && (q->flags & Q_KNOWN) == 0) {
		take_state(m, id, row);
		if (!m->setup.once)
			poll_plan_known(m, id, row);
	}
	if (row->content != NULL)
		idle_known(m, id, row->since);
	entry_restore(m, q, row);
	if (row->content != NULL)
		expect_look(m, id);
	if (row->failing && idmap_get(&m->failing, id) == NULL)
		outage_restore(m, id, row);
	if (row->stale_since != 0)
		stretch_restore(m, id, row);
	if (row->noted_size > 0)
		attribute_restore(m, id, row);
	if (row->pool_size > 0)
		pools_restore(m, id, row);
	if (row->signed_told != 0)
		signature_restore(m, id, row);
	if (row->phase == CANDIDATE_OPEN && (q->flags & Q_INQUIRY) == 0)
		inquiry_restore(
		    m, id, &row->change, row->seen_at, row->revision);
	if (row->phase == CANDIDATE_DOUBTED &&
	    idmap_get(&m->doubts, id) == NULL)
		inquiry_restore_doubt(m, id, row);
}

static void
on_loaded(void *ctx, int err)
{
	struct monitor *m = ctx;

	m->loading = false;
	if (err != 0) {
		m->load_retry = loop_mono(m->loop) + MONO_S(1);
		return;
	}
	m->loaded = true;
	m->load_to = monitor_tick_now(m);
	m->restore_next = 0;
	loop_timer_in(m->tick, 0);
}

void
restore_start(struct monitor *m)
{
	if (m->loaded || m->loading)
		return;
	if (!m->polling)
		m->load_from = monitor_tick_now(m);
	m->loading = true;
	m->polling = true;
	m->load_retry = 0;
	store_load(m->store, on_row, on_loaded, m);
}

/* What has a state was planned with its row. */
static void
look_at(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	if ((q->flags & Q_WATCHED) == 0) {
		sleeping_look(m, id);
		return;
	}
	if (m->setup.once || (q->flags & Q_KNOWN) == 0)
		fresh_add(m, id);
}

void
restore_step(struct monitor *m)
{
	uint32_t n = table_count(m->table);

	for (uint32_t i = 1; m->restore_next < n; i++) {
		if (i > RESTORE_TURN_MAX ||
		    (i % TURN_LOOK == 0 && !monitor_has_time(m))) {
			m->again = true;
			return;
		}
		look_at(m, m->restore_next++);
	}
	m->planned = true;
	digest_plan(m);
	plan_restart(m);
	m->first_pass_began = loop_mono(m->loop);
	if (m->setup.once)
		log_info("monitor: asking %u questions once", m->watched);
	else if ((m->first_pass = m->first_left > 0))
		log_info("monitor: %u questions, %u of them new; asking "
			 "those now",
		    m->watched, m->first_left);
	else
		log_info("monitor: %u questions, none new; each goes on at "
			 "its planned time",
		    m->watched);
}
