/* SPDX-License-Identifier: ISC */

/*
 * An event about one question, with the replies that prove it: the entry, its
 * evidence and its deliveries are one transaction.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bogus.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "say.h"

enum { EVENT_WITNESSES_MAX = 2 };

struct told {
	struct pending pending;
	struct monitor *monitor;
	enum severity severity;
	bool alerted;
	char *json;
};

static void
told_free(struct pending *p)
{
	struct told *t = (struct told *)p;

	free(t->json);
	free(t);
}

static void
on_durable(void *ctx, int err)
{
	struct told *t = ctx;
	struct monitor *m = t->monitor;
	struct monitor_line line = {
	    .class_ = "event",
	    .json = t->json,
	    .seq = err == 0 ? commit_seq(m->store) : 0,
	    .severity = t->severity,
	};

	pending_take(m, &t->pending);
	if (err == 0 && m->hooks.on_line != NULL)
		m->hooks.on_line(m->hooks.ctx, &line);
	if (err == 0 && t->alerted && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	told_free(&t->pending);
}

/* Whom it is about, and what it weighs. */
static void
fill(struct monitor *m, uint32_t id, struct say_event *e)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);
	struct severity_input in = {
	    .event = e->kind,
	    .type = q->type,
	    .owned = p->owned,
	    .hostile = p->hostile,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};

	e->name = table_name(m->table, id, NULL);
	e->view = monitor_view(m, id);
	e->type = q->type;
	e->policy = p;
	e->severity = severity_of(&in, m->config);
	e->id = uuid_v7(e->at);
}

static struct told *
note_new(struct monitor *m, const struct say_event *e)
{
	struct told *t = calloc(1, sizeof(*t));
	struct buf json = {0};

	if (t == NULL)
		return NULL;
	say_event(e, &json);
	t->pending.free = told_free;
	t->monitor = m;
	t->severity = e->severity;
	t->alerted = severity_is_told(e->severity) && m->n_sinks > 0;
	t->json = strdup(buf_text(&json));
	buf_fini(&json);
	if (t->json != NULL)
		return t;
	free(t);
	return NULL;
}

bool
event_tell(struct monitor *m, uint32_t id, struct say_event *e,
    const struct commit_signatures *signatures)
{
	struct commit_evidence evidence[EVENT_WITNESSES_MAX];
	char name[NAME_TEXT_SIZE];
	struct commit_told c = {.key = table_key(m->table, id),
	    .evidence = evidence,
	    .n_evidence = e->n_witnesses,
	    .signatures = signatures};
	struct commit_alert alert = {.revision = 1,
	    .class_ = "event",
	    .name = name,
	    .sinks = m->sinks,
	    .n_sinks = m->n_sinks};
	struct told *t;

	CHECK(e->n_witnesses <= EVENT_WITNESSES_MAX);
	fill(m, id, e);
	t = note_new(m, e);
	if (t == NULL)
		return false;
	c.entry = (struct commit_entry){
	    .id = e->id,
	    .revision = 1,
	    .at = e->at,
	    .class_ = "event",
	    .body = t->json,
	    .name = name_print(e->name, name),
	    .type = e->type,
	    .view = e->view,
	    .event = e->kind,
	    .severity = (uint8_t)e->severity,
	    .lists = e->policy->lists,
	    .n_lists = e->policy->n_lists,
	    .tags = e->policy->tags,
	    .n_tags = e->policy->n_tags,
	};
	alert.id = e->id;
	c.alert = t->alerted ? &alert : NULL;
	for (size_t i = 0; i < e->n_witnesses; i++) {
		evidence[i] = e->witnesses[i];
		if (evidence[i].content != NULL)
			testimony_disown(&evidence[i]);
	}
	pending_add(m, &t->pending);
	commit_told(m->store, &c, on_durable, t);
	return true;
}
