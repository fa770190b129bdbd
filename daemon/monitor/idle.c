/* SPDX-License-Identifier: ISC */

#include "idle.h"

#include "base/log.h"
#include "bogus.h"
#include "loop/loop.h"
#include "until.h"
#include "watching.h"

enum { IDLE_WAITING = 2000 }; /* with more for the database none is moved */

/* Values are seconds since 1970, not pointers. */
static wall_us
since_of(const struct monitor *m, uint32_t id)
{
	return WALL_S((wall_us)(uintptr_t)idmap_get(&m->idle, id));
}

static const struct policy *
policy_of_question(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy);
}

void
idle_known(struct monitor *m, uint32_t id, wall_us since)
{
	uintptr_t s = (uintptr_t)(since / WALL_S(1));

	if (policy_of_question(m, id)->idle_after_s == 0)
		return;
	(void)idmap_take(&m->idle, id);
	if (table_question(m->table, id)->fingerprint != m->nxdomain ||
	    since <= 0)
		return;
	if (m->idle.live < IDLE_MAX && idmap_put(&m->idle, id, (void *)s) == 0)
		return;
	if (!m->idle_full)
		log_warn("monitor: more than %d questions of `idle` lists do "
			 "not exist; the others are asked as often as ever",
		    IDLE_MAX);
	m->idle_full = true;
}

void
idle_changed(struct monitor *m, uint32_t id)
{
	if (policy_of_question(m, id)->idle_after_s == 0)
		idle_forget(m, id);
	else if (since_of(m, id) == 0)
		idle_known(m, id, loop_wall(m->loop));
}

void
idle_forget(struct monitor *m, uint32_t id)
{
	(void)idmap_take(&m->idle, id);
}

/* Has it not existed for so long?  For a question that is not watched: yes. */
static bool
is_long_gone(const struct monitor *m, uint32_t id, wall_us now)
{
	const struct question *q = table_question(m->table, id);
	wall_us since;

	if ((q->flags & Q_WATCHED) == 0)
		return true;
	if (q->fingerprint != m->nxdomain ||
	    (q->flags & (Q_INQUIRY | Q_DOUBTED | Q_FAILS)) != 0)
		return false;
	since = since_of(m, id);
	return since != 0 &&
	       now - since >=
	           WALL_S((wall_us)policy_of_question(m, id)->idle_after_s);
}

bool
idle_polled(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);
	wall_us now = loop_wall(m->loop);
	uint32_t at = table_first(m->table, id);
	uint32_t idle;
	size_t items;
	size_t bytes;

	if (policy_get(m->table, q->policy)->idle || !is_long_gone(m, id, now))
		return false;
	for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
		if (!is_long_gone(m, at, now))
			return false;
	}
	commit_waiting(m->store, &items, &bytes);
	idle = policy_idle(m->table, q->policy);
	if (idle == POLICY_NONE || idle == q->policy || items > IDLE_WAITING ||
	    (q->flags & Q_STORED) == 0 || watchset_is_busy(m))
		return false;
	watching_give_class(m, idle);
	(void)watching_set_policy(m, id, idle);
	restore_put_question(m, id, true);
	return true;
}

void
idle_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	uint32_t policy = table_question(m->table, id)->policy;
	uint32_t idle;

	if (policy_get(m->table, policy)->idle_after_s == 0 ||
	    policy_get(m->table, policy)->idle || !row->watched)
		return;
	idle = policy_idle(m->table, policy);
	if (idle == POLICY_NONE ||
	    policy_get(m->table, idle)->attributes != row->attributes)
		return;
	watching_give_class(m, idle);
	(void)watching_set_policy(m, id, idle);
}

void
idle_stir(struct monitor *m, uint32_t id)
{
	uint32_t at;

	if (policy_of_question(m, id)->idle_after_s == 0)
		return;
	at = table_first(m->table, id);
	for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
		if ((table_question(m->table, at)->flags & Q_WATCHED) == 0 ||
		    !policy_of_question(m, at)->idle)
			continue;
		if (watching_change(m, at,
			policy_plain(
			    m->table, table_question(m->table, at)->policy)))
			until_sift(m);
	}
}

/* One event for all types of the name. */
static void
forget_name(struct monitor *m, uint32_t id)
{
	uint32_t at = table_first(m->table, id);

	for (; at != QUESTION_NONE; at = table_next(m->table, at))
		(void)idmap_take(&m->idle, at);
}

void
idle_decided(struct monitor *m, const struct inquiry *q)
{
	const struct policy *p = policy_of_question(m, q->question);
	wall_us since;

	if (p->idle_after_s == 0)
		return;
	if (table_question(m->table, q->question)->fingerprint == m->nxdomain) {
		idle_known(m, q->question, q->seen_at);
		return;
	}
	/* Types whose rows came behind that of an open candidate (restore.c).
	 */
	idle_stir(m, q->question);
	since = since_of(m, q->question);
	forget_name(m, q->question);
	if (since != 0 &&
	    q->seen_at - since >= WALL_S((wall_us)p->idle_after_s)) {
		struct say_event e = {
		    .kind = "woke", .since = since, .at = loop_wall(m->loop)};

		if (!event_tell(m, q->question, &e, NULL))
			log_error("monitor: no memory to tell that a name "
				  "woke");
	}
}

void
idle_free_all(struct monitor *m)
{
	idmap_fini(&m->idle);
}
