/* SPDX-License-Identifier: ISC */

/*
 * The union over the questions of a name.  It is what will be in force when a
 * reload that is being applied has ended: else a name whose types change would
 * leave its list with the first of them.
 */

#include "membership.h"
#include "table.h"

/* The policies of a name in one view, merged into `all`. */
static uint32_t
merge_view(struct monitor *m, uint32_t id, uint32_t all)
{
	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		uint32_t policy = watchset_policy(m, id);

		if (policy == POLICY_NONE || policy == all)
			continue;
		all = all == POLICY_NONE ? policy
		                         : policy_merge(m->table, all, policy);
		if (all == POLICY_NONE)
			break; /* no memory: the next item says it */
	}
	return all;
}

void
membership_fill(struct monitor *m, const uint8_t *name, size_t size,
    struct commit_question *c)
{
	uint8_t n = table_n_views(m->table);
	uint32_t all = POLICY_NONE;

	for (uint8_t v = 0; v < n; v++)
		all = merge_view(
		    m, table_find_first(m->table, v, name, size), all);
	c->listed_at = m->listed_now != 0 ? m->listed_now : m->listed_at;
	c->found_gone = m->loading;
	if (all == POLICY_NONE)
		return;
	c->on_lists = policy_get(m->table, all)->lists;
	c->n_on_lists = policy_get(m->table, all)->n_lists;
	c->first_reported = policy_get(m->table, all)->first_reported;
	c->ends = policy_get(m->table, all)->ends;
}

/* Policies are interned: where the lists are, they are the same. */
static bool
says(struct monitor *m, uint32_t id, const struct commit_question *c)
{
	const struct question *q = table_question(m->table, id);

	return (q->flags & Q_WATCHED) != 0 && (q->flags & Q_STORED) != 0 &&
	       policy_get(m->table, q->policy)->lists == c->on_lists;
}

/* What the name's questions of one view tell, from `other` on. */
static enum commit_listed
weigh_view(struct monitor *m, uint32_t other, uint32_t id,
    const struct commit_question *c)
{
	enum commit_listed listed = LISTED_NEW;

	for (; other != QUESTION_NONE; other = table_next(m->table, other)) {
		const struct question *q = table_question(m->table, other);

		/* One that comes back has no row that says so yet. */
		if (other == id || (q->flags & (Q_STORED | Q_KNOWN)) == 0)
			continue;
		if (says(m, other, c))
			return LISTED_SAID;
		listed = LISTED_COMPARE;
	}
	return listed;
}

void
membership_weigh(struct monitor *m, uint32_t id, struct commit_question *c)
{
	uint8_t n = table_n_views(m->table);

	c->listed = fresh_has_name(m, c->name, c->name_size) ? LISTED_COMPARE
	                                                     : LISTED_NEW;
	for (uint8_t v = 0; v < n && c->listed != LISTED_SAID; v++) {
		enum commit_listed listed = weigh_view(m,
		    table_find_first(m->table, v, c->name, c->name_size), id,
		    c);

		if (listed != LISTED_NEW)
			c->listed = listed;
	}
}
