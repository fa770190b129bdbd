/* SPDX-License-Identifier: ISC */

#include "note.h"

#include <stdlib.h>
#include <string.h>

#include "gather.h"
#include "silenced.h"

static void
note_free(struct pending *p)
{
	struct note *n = (struct note *)p;

	free(n->json);
	free(n);
}

void
note_durable(void *ctx, int err)
{
	struct note *n = ctx;
	struct monitor *m = n->monitor;
	struct monitor_line line = {
	    .class_ = "event",
	    .json = n->json,
	    .seq = err == 0 ? commit_seq(m->store) : 0,
	    .severity = n->severity,
	};

	pending_take(m, &n->pending);
	if (err == 0 && m->hooks.on_line != NULL)
		m->hooks.on_line(m->hooks.ctx, &line);
	if (err == 0 && n->alerted && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	note_free(&n->pending);
}

void
note_weigh(const struct monitor *m, struct say_event *e)
{
	const struct policy *p = e->policy;
	struct severity_input in = {
	    .event = e->kind,
	    .type = e->type,
	    .owned = p->owned,
	    .hostile = p->hostile,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};

	e->severity = severity_explain(&in, m->config, &e->weighed);
}

struct note *
note_new(struct monitor *m, const struct say_event *e)
{
	struct note *n = calloc(1, sizeof(*n));
	struct buf json = {0};

	if (n == NULL)
		return NULL;
	say_event(e, &json);
	n->pending.free = note_free;
	n->monitor = m;
	n->severity = e->severity;
	n->alerted = severity_is_told(e->severity) && m->n_sinks > 0;
	n->json = strdup(buf_text(&json));
	buf_fini(&json);
	if (n->json != NULL)
		return n;
	free(n);
	return NULL;
}

void
note_fill(
    const struct note *n, const struct say_event *e, struct note_rows *out)
{
	out->entry = (struct commit_entry){
	    .id = e->id,
	    .revision = 1,
	    .at = e->at,
	    .class_ = "event",
	    .body = n->json,
	    .name = name_print(e->name, out->name),
	    .type = e->type,
	    .view = e->view,
	    .event = e->kind,
	    .severity = (uint8_t)e->severity,
	    .lists = e->policy->lists,
	    .n_lists = e->policy->n_lists,
	    .tags = e->policy->tags,
	    .n_tags = e->policy->n_tags,
	};
	out->alert = (struct commit_alert){
	    .id = e->id,
	    .revision = 1,
	    .class_ = "event",
	    .name = out->name,
	    .sinks = n->monitor->sinks,
	    .n_sinks = n->monitor->n_sinks,
	};
	silenced(n->monitor, &(const struct commit_entry *){&out->entry}, 1,
	    &out->alert);
	if (n->alerted)
		gather_before(n->monitor, e->name, NULL);
}
