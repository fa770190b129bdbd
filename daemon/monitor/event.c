/* SPDX-License-Identifier: ISC */

/*
 * An event about one question, with the replies that prove it: the entry, its
 * evidence and its deliveries are one transaction.
 */

#include "base/err.h"
#include "bogus.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "note.h"

enum { EVENT_WITNESSES_MAX = 2 };

void
event_fill(struct monitor *m, uint32_t id, struct say_event *e)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);

	e->name = table_name(m->table, id, NULL);
	e->view = monitor_view(m, id);
	e->type = q->type;
	e->policy = p;
	note_weigh(m, e);
	e->id = uuid_v7(e->at);
}

bool
event_tell(struct monitor *m, uint32_t id, struct say_event *e,
    const struct commit_signatures *signatures)
{
	struct commit_evidence evidence[EVENT_WITNESSES_MAX];
	struct commit_told c = {.key = table_key(m->table, id),
	    .evidence = evidence,
	    .n_evidence = e->n_witnesses,
	    .signatures = signatures};
	struct note_rows rows;
	struct note *n;

	CHECK(e->n_witnesses <= EVENT_WITNESSES_MAX);
	event_fill(m, id, e);
	n = note_new(m, e);
	if (n == NULL)
		return false;
	note_fill(n, e, &rows);
	c.entry = rows.entry;
	c.alert = n->alerted ? &rows.alert : NULL;
	for (size_t i = 0; i < e->n_witnesses; i++) {
		evidence[i] = e->witnesses[i];
		if (evidence[i].content != NULL)
			testimony_disown(&evidence[i]);
	}
	pending_add(m, &n->pending);
	commit_told(m->store, &c, note_durable, n);
	return true;
}
