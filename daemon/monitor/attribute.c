/* SPDX-License-Identifier: ISC */

/*
 * Attributes (R6): order, duplicates, TTL and the like are no change, and
 * only a question whose watches ask for one costs anything here.
 *
 * Only replies that say what is believed are looked at.  While a question is
 * inquired nothing is: which of its answers is the truth is not known, and
 * what a new set of records shows is the beginning of its own.
 *
 * What was noted and what is told of it are one transaction.  A kill between
 * the reply and the commit loses both, and the next reply says it again.
 */

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "gather.h"
#include "judge/attribute.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "say.h"
#include "silenced.h"

/* What is noted of a question; cells it never asked for are NULL. */
struct noted {
	uint32_t question;
	struct attribute_cell *cells[N_ATTRIBUTES];
};

/* Tells servers apart, over restarts; no secret. */
static const struct hash_key source_key = {
    0x6174747269627574ULL, 0x65736f7572636531ULL};

static struct noted *
noted_of(struct monitor *m, uint32_t id)
{
	struct noted *n = idmap_get(&m->attributes, id);

	if (n != NULL)
		return n;
	n = calloc(1, sizeof(*n));
	if (n == NULL || idmap_put(&m->attributes, id, n) != 0) {
		free(n);
		return NULL;
	}
	n->question = id;
	return n;
}

static struct attribute_cell *
cell_of(struct noted *n, enum attribute attribute)
{
	if (n->cells[attribute] == NULL)
		n->cells[attribute] = calloc(1, sizeof(**n->cells));
	return n->cells[attribute];
}

static void
noted_free(struct noted *n)
{
	for (unsigned i = 0; i < N_ATTRIBUTES; i++)
		free(n->cells[i]);
	free(n);
}

void
attribute_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct noted *n = noted_of(m, id);
	struct attribute_cell cell;
	enum attribute attribute;
	size_t at = 0;

	while (n != NULL && attribute_unpack(row->noted, row->noted_size, &at,
				&attribute, &cell)) {
		struct attribute_cell *own = cell_of(n, attribute);

		if (own != NULL)
			*own = cell;
	}
}

void
attribute_free_all(struct monitor *m)
{
	struct noted *n;
	uint32_t at = 0;

	while ((n = idmap_next(&m->attributes, &at)) != NULL)
		noted_free(n);
	idmap_fini(&m->attributes);
}

/* ---- telling ---- */

/* What one reply gave to tell; lines are said when it is durable. */
struct news {
	struct pending pending;
	struct monitor *monitor;
	uint32_t question;
	char name[NAME_TEXT_SIZE];
	size_t n;
	struct commit_entry entries[N_ATTRIBUTES];
	struct commit_alert alerts[N_ATTRIBUTES];
	size_t n_alerts;
	char *json[N_ATTRIBUTES];
};

static void
news_free(struct pending *p)
{
	struct news *w = (struct news *)p;

	for (size_t i = 0; i < w->n; i++)
		free(w->json[i]);
	free(w);
}

static struct news *
news_new(struct monitor *m, uint32_t id)
{
	struct news *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->pending.free = news_free;
	w->monitor = m;
	w->question = id;
	name_print(table_name(m->table, id, NULL), w->name);
	return w;
}

static void
on_durable(void *ctx, int err)
{
	struct news *w = ctx;
	struct monitor *m = w->monitor;
	int64_t seq = err == 0 ? commit_seq(m->store) : 0;

	pending_take(m, &w->pending);
	for (size_t i = 0; i < w->n; i++) {
		struct monitor_line line = {
		    .class_ = "event",
		    .json = w->json[i],
		    .seq = seq == 0 ? 0 : seq + (int64_t)i,
		    .severity = (enum severity)w->entries[i].severity,
		};

		if (err == 0 && m->hooks.on_line != NULL)
			m->hooks.on_line(m->hooks.ctx, &line);
	}
	if (err == 0 && w->n_alerts > 0 && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	news_free(&w->pending);
}

static void
add_alert(struct news *w, const struct commit_entry *e)
{
	struct monitor *m = w->monitor;

	if (!severity_is_told((enum severity)e->severity) || m->n_sinks == 0)
		return;
	w->alerts[w->n_alerts++] = (struct commit_alert){
	    .id = e->id,
	    .revision = 1,
	    .class_ = "event",
	    .name = w->name,
	    .sinks = m->sinks,
	    .n_sinks = m->n_sinks,
	};
	silenced(m, &e, 1, &w->alerts[w->n_alerts - 1]);
	gather_before(m, table_name(m->table, w->question, NULL), NULL);
}

static void
add_news(struct news *w, enum attribute attribute,
    const struct attribute_statement *s)
{
	struct monitor *m = w->monitor;
	const struct question *q = table_question(m->table, w->question);
	const struct policy *p = policy_get(m->table, q->policy);
	struct severity_input in = {
	    .event = attribute_text(attribute),
	    .type = q->type,
	    .owned = p->owned,
	    .hostile = p->hostile,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};
	struct say_event e = {
	    .kind = in.event,
	    .name = table_name(m->table, w->question, NULL),
	    .view = monitor_view(m, w->question),
	    .type = q->type,
	    .reason = s->reason,
	    .since = s->since,
	    .at = loop_wall(m->loop),
	    .policy = p,
	    .from = s->from,
	    .to = s->to,
	    .attribute = attribute,
	};
	struct buf json = {0};

	e.id = uuid_v7(e.at);
	e.severity = severity_explain(&in, m->config, &e.weighed);
	say_event(&e, &json);
	w->json[w->n] = strdup(buf_text(&json));
	buf_fini(&json);
	if (w->json[w->n] == NULL)
		return;
	w->entries[w->n] = (struct commit_entry){
	    .id = e.id,
	    .revision = 1,
	    .at = e.at,
	    .class_ = "event",
	    .body = w->json[w->n],
	    .name = w->name,
	    .type = q->type,
	    .view = e.view,
	    .event = e.kind,
	    .severity = (uint8_t)e.severity,
	    .lists = p->lists,
	    .n_lists = p->n_lists,
	    .tags = p->tags,
	    .n_tags = p->n_tags,
	};
	add_alert(w, &w->entries[w->n++]);
}

/* What is noted now, and the news if there are any, in one transaction. */
static void
put(struct monitor *m, const struct noted *n, struct news *w)
{
	struct buf packed = {0};
	struct commit_attribute c = {
	    .key = table_key(m->table, n->question),
	    .at = loop_wall(m->loop),
	};

	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		if (n->cells[i] != NULL && n->cells[i]->since != 0)
			attribute_pack(n->cells[i], (enum attribute)i, &packed);
	}
	c.noted = packed.data;
	c.noted_size = packed.size;
	if (w != NULL) {
		c.entries = w->entries;
		c.n_entries = w->n;
		c.alerts = w->alerts;
		c.n_alerts = w->n_alerts;
		pending_add(m, &w->pending);
	}
	if (packed.err == 0)
		commit_attribute(
		    m->store, &c, w == NULL ? NULL : on_durable, w);
	buf_fini(&packed);
}

/* ---- looking ---- */

static void
judge_all(
    struct monitor *m, struct noted *n, const struct attribute_sample *sample)
{
	struct news *w = NULL;
	bool dirty = false;

	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		enum attribute attribute = (enum attribute)i;
		struct attribute_statement said;
		struct attribute_cell *cell;

		if ((sample->seen->has & 1u << i) == 0 ||
		    (cell = cell_of(n, attribute)) == NULL)
			continue;
		switch (attribute_judge(cell, attribute, sample, &said)) {
		case ATTRIBUTE_SAME:
			break;
		case ATTRIBUTE_CHANGED:
			if (w == NULL)
				w = news_new(m, n->question);
			if (w != NULL)
				add_news(w, attribute, &said);
			dirty = true;
			break;
		case ATTRIBUTE_NOTED:
			dirty = true;
			break;
		}
	}
	if (dirty)
		put(m, n, w);
}

void
attribute_look(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p = policy_get(m->table, q->policy);
	const char *server = m->servers[a->server].text;
	struct attributes seen;
	struct attribute_sample sample = {
	    .seen = &seen,
	    .aa = sum->aa,
	    .now = monitor_steady(m),
	    .every_s = p->every_s,
	    .lifetime_s =
		question_ttl(q) > sum->ttl ? question_ttl(q) : sum->ttl,
	};
	struct noted *n;

	if (p->told_attributes == 0 || (q->flags & Q_WATCHED) == 0 ||
	    (q->flags & Q_INQUIRY) != 0 || q->fingerprint != sum->fingerprint)
		return;
	attributes_read(
	    a->wire, a->size, a->message, p->told_attributes, &seen);
	if (seen.has == 0 || (n = noted_of(m, id)) == NULL)
		return;
	sample.source = hash_sip(&source_key, server, strlen(server));
	judge_all(m, n, &sample);
}
