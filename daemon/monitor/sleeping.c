/* SPDX-License-Identifier: ISC */

#include "sleeping.h"

bool
sleeping_is(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	return m->n_asleep > 0 &&
	       (q->flags & (Q_WATCHED | Q_STORED | Q_KNOWN)) == 0 &&
	       q->policy != POLICY_NONE &&
	       policy_get(m->table, q->policy)->sleeps;
}

/* Is it believed that the name of this question exists? */
static bool
says_alive(const struct monitor *m, const struct question *q)
{
	const uint8_t wanted = Q_WATCHED | Q_KNOWN;

	return (q->flags & wanted) == wanted && q->fingerprint != 0 &&
	       q->fingerprint != FINGERPRINT_ASK &&
	       q->fingerprint != m->nxdomain;
}

static bool
is_alive(const struct monitor *m, uint32_t id)
{
	uint32_t at = table_first(m->table, id);

	for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
		if (says_alive(m, table_question(m->table, at)))
			return true;
	}
	return false;
}

bool
sleeping_begin(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	if (!policy_get(m->table, q->policy)->sleeps ||
	    (q->flags & (Q_STORED | Q_KNOWN)) != 0)
		return false;
	/* Before the load nothing is known: its row, if it has one, wakes it.
	 */
	if (m->planned && (is_alive(m, id) || fresh_is_known(m, id)))
		return false;
	m->n_asleep++;
	return true;
}

void
sleeping_wake(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	m->n_asleep--;
	q->flags |= Q_WATCHED;
	m->watched++;
	outage_sight(m, id)->watched++;
	/* What the load has not come to yet it will find awake. */
	if (m->planned || (m->loaded && id < m->restore_next))
		fresh_begin(m, id);
}

void
sleeping_end(struct monitor *m, uint32_t id)
{
	m->n_asleep--;
	table_question(m->table, id)->policy = POLICY_NONE;
}

void
sleeping_look(struct monitor *m, uint32_t id)
{
	if (sleeping_is(m, id) && is_alive(m, id))
		sleeping_wake(m, id);
}

void
sleeping_heard(struct monitor *m, uint32_t id)
{
	uint32_t at;

	if (m->n_asleep == 0 || !says_alive(m, table_question(m->table, id)))
		return;
	at = table_first(m->table, id);
	for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
		if (sleeping_is(m, at))
			sleeping_wake(m, at);
	}
}
