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

bool
event_tell_kept(struct monitor *m, uint32_t id, struct say_event *e,
    int32_t server, const struct buf *kept)
{
	struct store_key key = table_key(m->table, id);
	struct note_rows rows;
	struct commit_attribute c = {
	    .key = key,
	    .noted = kept->data,
	    .noted_size = kept->size,
	    .at = e->at,
	    .entries = &rows.entry,
	    .n_entries = 1,
	    .alerts = &rows.alert,
	    .about = &key,
	};
	struct note *n;

	if (kept->err != 0)
		return false;
	event_fill(m, id, e);
	n = note_new(m, e);
	if (n == NULL)
		return false;
	note_fill(n, e, &rows);
	c.key.server = server;
	c.n_alerts = n->alerted ? 1 : 0;
	pending_add(m, &n->pending);
	commit_attribute(m->store, &c, note_durable, n);
	return true;
}

void
event_keep(struct monitor *m, const struct store_key *of, int32_t server,
    const struct buf *kept)
{
	struct commit_attribute c = {.key = *of, .at = loop_wall(m->loop)};

	if (kept != NULL && kept->err != 0)
		return; /* no memory: what is kept is what was */
	c.key.server = server;
	c.noted = kept == NULL ? NULL : kept->data;
	c.noted_size = kept == NULL ? 0 : kept->size;
	commit_attribute(m->store, &c, NULL, NULL);
}
