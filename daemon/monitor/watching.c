/* SPDX-License-Identifier: ISC */

/* A question begins to be watched, or is watched in another way. */

#include "watching.h"

#include "expect.h"

void
watching_begin(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

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
	if ((q->flags & Q_KNOWN) != 0)
		expect_look(m, id);
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
	q->policy = policy;
	if (moved)
		question_replan(q);
	return moved;
}

void
watching_give_class(struct monitor *m, uint32_t policy)
{
	const struct policy *p = policy_get(m->table, policy);

	if (p->class_ == CLASS_NONE)
		policy_set_class(
		    m->table, policy, ledger_class(&m->ledger, p->every_s));
}
