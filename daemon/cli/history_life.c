/* SPDX-License-Identifier: ISC */

#include "history_life.h"

#include <string.h>

#include "cli/print.h"
#include "dns/reply.h"

enum { SILENT_S = 86400 };

struct history_life *
history_life_of(struct history_life **list, const char *view, struct arena *a)
{
	struct history_life *l = *list;

	while (l != NULL && strcmp(l->view, view) != 0)
		l = l->next;
	if (l != NULL)
		return l;
	l = arena_zero(a, sizeof(*l));
	if (l == NULL || (l->view = arena_text(a, view)) == NULL)
		return NULL;
	l->next = *list;
	*list = l;
	return l;
}

void
history_life_fact(struct history_life *l, const struct read_believed *b,
    wall_us now, struct arena *a)
{
	struct life_fact *f = &l->facts[l->n];
	struct content *c;
	uint8_t *packed;

	if (l->n == HISTORY_FACTS_MAX)
		return;
	*f = (struct life_fact){.type = b->type};
	if (b->failing && b->fail == FAIL_FILTERED)
		l->filtered++;
	else if (b->failing && now - b->failing_since >= WALL_S(SILENT_S))
		l->failing++;
	l->n++;
	if (b->content == NULL)
		return;
	c = arena_zero(a, sizeof(*c));
	packed = arena_copy(a, b->content, b->content_size);
	if (c == NULL || packed == NULL ||
	    content_unpack(packed, b->content_size, a, c) != 0)
		return;
	f->content = c;
	l->was = l->was || c->outcome != OUTCOME_NXDOMAIN;
}

struct life
history_life_now(const struct history_life *l, const uint8_t *name,
    const struct config *config, wall_us now)
{
	const struct life_input in = {
	    .name = name,
	    .facts = l->facts,
	    .n = l->n,
	    .was = l->was,
	    .silent = l->failing > 0 && l->failing == l->n,
	    .filtered = l->filtered > 0,
	};

	return life_of(&in, config, now);
}

static void
add_why(struct buf *out, enum life_cause cause, enum life_confidence sure,
    const char *who)
{
	if (life_cause_text(cause) != NULL)
		buf_printf(out, " (%s", life_cause_text(cause));
	if (*who != '\0') {
		buf_add_text(out, ": ");
		print_text(out, who, LIFE_WHO_MAX);
	}
	if (life_cause_text(cause) != NULL)
		buf_add_text(out, ")");
	buf_printf(out, ", confidence %s", life_confidence_text(sure));
}

void
history_life_line(struct buf *out, const struct life *l)
{
	buf_add_text(out, life_stage_text(l->stage));
	add_why(
	    out, l->cause, l->confidence, l->mark == NULL ? "" : l->mark->who);
}

void
history_life_stretch(struct buf *out, const struct life_stretch *s)
{
	buf_add_text(out, "  since ");
	print_wall(out, s->since);
	buf_printf(out, "  %s%s", life_stage_text((enum life_stage)s->stage),
	    s->back ? ", back" : "");
	add_why(out, (enum life_cause)s->cause,
	    (enum life_confidence)s->confidence, s->who);
}

static void
put_stage(struct emit *j, enum life_stage stage, enum life_cause cause,
    enum life_confidence sure, const char *who)
{
	emit_text(j, "stage", life_stage_text(stage));
	emit_text(j, "cause", life_cause_text(cause));
	emit_text(j, "confidence", life_confidence_text(sure));
	emit_text(j, "who", *who == '\0' ? NULL : who);
}

void
history_life_json(
    struct emit *j, const struct history_life *l, const struct life *now)
{
	put_stage(j, now->stage, now->cause, now->confidence,
	    now->mark == NULL ? "" : now->mark->who);
	emit_array(j, "stages");
	for (uint32_t i = 0; i < l->kept.n; i++) {
		const struct life_stretch *s = &l->kept.list[i];

		emit_object(j, NULL);
		emit_wall(j, "since", s->since);
		put_stage(j, (enum life_stage)s->stage,
		    (enum life_cause)s->cause,
		    (enum life_confidence)s->confidence, s->who);
		emit_bool(j, "back", s->back);
		emit_object_end(j);
	}
	emit_array_end(j);
}
