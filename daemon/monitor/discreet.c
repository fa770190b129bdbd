/* SPDX-License-Identifier: ISC */

#include "discreet.h"

#include <stdlib.h>

enum {
	TOLD_MAX = 20,    /* the others are counted */
	LOOKED_MAX = 1000 /* for notes, each among all of them */
};

struct discreet_note {
	uint32_t name; /* of the table, and so of one view */
	uint32_t line;
	uint32_t file;
	bool told;
};

void
discreet_begin(struct discreet *d)
{
	discreet_end(d);
	*d = (struct discreet){0};
}

void
discreet_end(struct discreet *d)
{
	free(d->notes);
	d->notes = NULL;
	d->n_notes = d->room = 0;
}

void
discreet_add_view(struct discreet *d, uint8_t view)
{
	d->any = true;
	d->is_source[view] = true;
}

bool
discreet_note(struct discreet *d, struct table *t, uint8_t view,
    const struct watch *watch, size_t file)
{
	size_t room = d->room == 0 ? 64 : 2 * d->room;
	struct discreet_note *notes;

	if (!d->any || (!d->is_source[view] && watch->confirm != PROOF_SOURCE))
		return true;
	if (d->n_notes == d->room) {
		notes = realloc(d->notes, room * sizeof(*notes));
		if (notes == NULL)
			return false;
		d->notes = notes;
		d->room = room;
	}
	d->notes[d->n_notes++] = (struct discreet_note){
	    .name = table_add_name(t, view, &watch->name),
	    .line = watch->line,
	    .file = (uint32_t)file};
	return true;
}

/* Does any list tag the name hostile, in whatever view? */
static bool
is_hostile(const struct stage *s, const struct table *t, uint32_t id)
{
	uint8_t size;
	const uint8_t *name = table_name(t, id, &size);

	for (uint8_t view = 0; view < table_n_views(t); view++) {
		uint32_t at = table_find_first(t, view, name, size);

		for (; at != QUESTION_NONE; at = table_next(t, at)) {
			uint32_t policy = stage_get(s, at);

			if (policy != POLICY_NONE &&
			    policy_get(t, policy)->hostile)
				return true;
		}
	}
	return false;
}

/* The last watch that asked so; NULL: a delegation, or of a list that is kept.
 */
static struct discreet_note *
note_of(const struct discreet *d, uint32_t name)
{
	for (size_t i = d->n_notes; i > 0; i--) {
		if (d->notes[i - 1].name == name)
			return &d->notes[i - 1];
	}
	return NULL;
}

static void
say(struct discreet *d, const struct table *t, uint32_t id, bool asked,
    char *const *files, struct diag *diag)
{
	const struct question *q = table_question(t, id);
	struct discreet_note *n = note_of(d, q->name);
	char name[NAME_TEXT_SIZE];

	d->n_looked++;
	/* Once a watch; its delegation has no note. */
	if (n == NULL || n->told)
		return;
	n->told = true;
	d->n_told++;
	diag_warning(diag, files[n->file], n->line, 0,
	    "%s is tagged hostile by another watch, and %s: its own servers "
	    "would see who watches; tag it here and add `direct: true`, or "
	    "take it out",
	    name_print(table_name(t, id, NULL), name),
	    asked ? "is not asked in this view" : "no server of it confirms");
}

bool
discreet_refuse(struct discreet *d, struct stage *s, struct table *t,
    uint32_t id, char *const *files, struct diag *diag)
{
	uint32_t policy = stage_get(s, id);
	const struct policy *p;
	bool source;

	if (!d->any || policy == POLICY_NONE)
		return false;
	p = policy_get(t, policy);
	source = d->is_source[table_view(t, id)];
	if (p->direct ||
	    (!source && (p->confirm != PROOF_SOURCE || p->discreet)))
		return false;
	if (!is_hostile(s, t, id))
		return false;
	if (d->n_told < TOLD_MAX && d->n_looked < LOOKED_MAX)
		say(d, t, id, source, files, diag);
	d->n_refused++;
	stage_put(s, id, source ? POLICY_NONE : policy_discreet(t, policy));
	return true;
}

void
discreet_hush(const struct discreet *d, const struct stage *s, struct table *t,
    uint32_t id)
{
	struct question *q = table_question(t, id);
	uint32_t policy;

	if (!d->any || !d->is_source[table_view(t, id)] ||
	    !is_hostile(s, t, id))
		return;
	policy = policy_discreet(t, q->policy);
	if (policy != POLICY_NONE)
		q->policy = policy & POLICY_NONE;
}
