/* SPDX-License-Identifier: ISC */

/* A question begins to be watched, or is watched in another way. */

#include "watching.h"

#include "expect.h"
#include "idle.h"
#include "sleeping.h"
#include "stretch.h"
#include "until.h"

enum differs
watching_differs(const struct monitor *m, uint32_t id, uint32_t policy)
{
	const struct question *q = table_question(m->table, id);

	if ((q->flags & Q_WATCHED) == 0 && !sleeping_is(m, id))
		return policy == POLICY_NONE ? DIFFERS_NOT : DIFFERS_ADDED;
	if (policy == POLICY_NONE)
		return DIFFERS_REMOVED;
	return policy == policy_plain(m->table, q->policy) ? DIFFERS_NOT
	                                                   : DIFFERS_CHANGED;
}

void
watching_begin(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	if (sleeping_begin(m, id))
		return;
	q->flags |= Q_WATCHED;
	m->watched++;
	outage_sight(m, id)->watched++;
	if (!m->planned)
		return; /* the load goes on to plan it */
	if (fresh_is_known(m, id)) {
		/*
		 * Its row says that it is watched when its first poll ends: the
		 * rates may hold that back, and the ledger speaks for all that
		 * is watched.
		 */
		q->flags &= (uint8_t)~Q_STORED;
		if ((q->flags & Q_KNOWN) == 0) {
			/* From an earlier time, maybe with a state (R9). */
			q->fingerprint = FINGERPRINT_ASK;
			q->flags |= Q_KNOWN;
		}
	}
	if ((q->flags & Q_KNOWN) != 0) {
		expect_look(m, id);
		idle_changed(m, id);
	}
	if ((q->flags & Q_BUSY) == 0 && !q->stray)
		fresh_add(m, id);
}

static bool
is_planned_alike(const struct policy *a, const struct policy *b)
{
	return a->every_s == b->every_s && a->chase == b->chase;
}

bool
watching_set_policy(struct monitor *m, uint32_t id, uint32_t policy)
{
	struct question *q = table_question(m->table, id);
	bool moved = q->policy == POLICY_NONE ||
	             !is_planned_alike(policy_get(m->table, q->policy),
			 policy_get(m->table, policy));

	if (moved && (q->flags & Q_PLANNED) != 0) {
		outage_ledger_end(m, id);
		q->flags &= (uint8_t)~Q_PLANNED;
		m->first_left++; /* finish() takes it for a new one's poll */
	}
	if (q->policy != POLICY_NONE)
		m->n_idle -= policy_get(m->table, q->policy)->idle;
	m->n_idle += policy_get(m->table, policy)->idle;
	q->policy = policy & POLICY_NONE;
	if (moved)
		question_replan(q);
	return moved;
}

/* Finding it in the wheel would be a walk: one pass finds all, later. */
static bool
make_stray(struct question *q)
{
	if ((q->flags & Q_BUSY) != 0)
		return false;
	q->stray = 1;
	return true;
}

bool
watching_end(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	bool stray;

	if (sleeping_is(m, id)) {
		sleeping_end(m, id);
		return false;
	}
	if ((q->flags & (Q_STORED | Q_BUSY)) == 0)
		m->n_later--;
	q->flags &= (uint8_t)~Q_WATCHED;
	m->watched--;
	outage_sight(m, id)->watched--;
	stray = make_stray(q);
	restore_put_question(m, id, false);
	outage_unwatched(m, id);
	stretch_end(m, id);
	expect_unwatched(m, id);
	idle_forget(m, id);
	m->n_idle -= policy_get(m->table, q->policy)->idle;
	q->policy = policy_plain(m->table, q->policy) & POLICY_NONE;
	return stray;
}

bool
watching_change(struct monitor *m, uint32_t id, uint32_t policy)
{
	struct question *q = table_question(m->table, id);
	bool stray;

	if (sleeping_is(m, id)) {
		q->policy = policy;
		if (!policy_get(m->table, policy)->sleeps)
			sleeping_wake(m, id);
		return false;
	}
	stray = watching_set_policy(m, id, policy) && make_stray(q);
	idle_changed(m, id);
	if ((q->flags & Q_STORED) != 0)
		restore_put_question(m, id, true);
	expect_look(m, id);
	return stray;
}

void
watching_give_class(struct monitor *m, uint32_t policy)
{
	const struct policy *p = policy_get(m->table, policy);

	if (p->until != 0)
		until_note(m, p->until);
	if (p->class_ == CLASS_NONE)
		policy_set_class(
		    m->table, policy, ledger_class(&m->ledger, p->every_s));
}
