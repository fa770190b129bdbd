/* SPDX-License-Identifier: ISC */

/*
 * An alert that tells several changes of one name.  A later decision of one
 * of them is the alert's next revision, which shows all of them: its severity
 * is the highest and its label the weakest of their latest decisions.  Over a
 * restart, too: the outbox has the alert, and what else is in it.
 */

#include <stdlib.h>
#include <string.h>

#include "monitor_priv.h"
#include "say.h"

void
told_release(struct told_group *g)
{
	if (g != NULL && --g->refs == 0)
		free(g);
}

struct told_group *
told_new(const char *kind, wall_us at)
{
	struct told_group *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->id = uuid_v7(at);
	g->refs = 1;
	g->kind = kind;
	return g;
}

/* unconfirmed is weaker than transient is weaker than confirmed. */
static int
weakness(enum label label)
{
	switch (label) {
	case LABEL_UNCONFIRMED:
		return 2;
	case LABEL_TRANSIENT:
		return 1;
	case LABEL_CONFIRMED:
	case LABEL_NONE:
		break;
	}
	return 0;
}

bool
told_is_weaker(enum label label, enum label than)
{
	return than == LABEL_NONE || weakness(label) > weakness(than);
}

void
told_weigh(struct telling *t, enum severity severity, enum label label)
{
	if (severity > t->highest)
		t->highest = severity;
	if (t->n == 0 || weakness(label) > weakness(t->weakest))
		t->weakest = label;
	t->n++;
}

void
told_put(struct told_group *g, const struct inquiry *q)
{
	struct told_member *member = NULL;

	for (uint8_t i = 0; i < g->n; i++) {
		if (uuid_equal(&g->members[i].change, &q->change))
			member = &g->members[i];
	}
	if (member == NULL && g->n < WATCH_TYPES_MAX)
		member = &g->members[g->n++];
	if (member == NULL) {
		told_weigh(&g->others, q->severity, q->judgement.label);
		return;
	}
	*member = (struct told_member){
	    .change = q->change,
	    .severity = q->severity,
	    .label = q->judgement.label,
	};
}

struct telling
told_sum(const struct told_group *g)
{
	struct telling t = g->others;

	for (uint8_t i = 0; i < g->n; i++)
		told_weigh(&t, g->members[i].severity, g->members[i].label);
	return t;
}

/* Another doubted change of the name may have the same alert. */
static struct told_group *
find_told(struct monitor *m, uint32_t question, const struct uuid *alert)
{
	uint32_t id = table_first(m->table, question);

	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		const struct inquiry *q = idmap_get(&m->doubts, id);

		if (q != NULL && q->group != NULL &&
		    uuid_equal(&q->group->id, alert))
			return q->group;
	}
	return NULL;
}

bool
told_restore(struct inquiry *q, const struct store_told *told)
{
	struct told_group *g;

	q->told = !uuid_is_nil(&told->alert);
	if (told->kind == NULL)
		return true;
	g = find_told(q->monitor, q->question, &told->alert);
	if (g == NULL) {
		g = calloc(1, sizeof(*g));
		if (g == NULL)
			return false;
		g->id = told->alert;
		g->revision = told->revision;
		g->kind = strcmp(told->kind, "appeared") == 0 ? "appeared"
		                                              : "vanished";
		g->others = (struct telling){
		    .highest = (enum severity)told->severity,
		    .weakest = (enum label)told->label,
		    .n = told->n_others,
		};
	}
	g->refs++;
	q->group = g;
	/* It was told so: what is doubted is unconfirmed. */
	q->judgement.label = LABEL_UNCONFIRMED;
	told_put(g, q);
	return true;
}
