/* SPDX-License-Identifier: ISC */

/*
 * What a resolver says and the zone's servers deny.
 *
 * It was told once, as transient.  As long as a resolver goes on saying just
 * that, each of its polls asks the zone's servers instead of beginning an
 * inquiry: they deny it again, and it is no news; or they do not, and the next
 * poll is looked into.  Anything else that is said is looked into at once.
 */

#include <stdlib.h>

#include "source_priv.h"

struct denied {
	uint64_t print; /* of what is denied */
};

void
denied_note(struct monitor *m, uint32_t id, uint64_t print)
{
	struct denied *d = idmap_get(&m->denied, id);

	if (d == NULL) {
		if (m->denied.live == DENIED_MAX ||
		    (d = malloc(sizeof(*d))) == NULL)
			return;
		if (idmap_put(&m->denied, id, d) != 0) {
			free(d);
			return;
		}
	}
	d->print = print;
}

void
denied_forget(struct monitor *m, uint32_t id)
{
	if (m->denied.live > 0)
		free(idmap_take(&m->denied, id));
}

bool
denied_is(struct monitor *m, uint32_t id, uint64_t print)
{
	const struct denied *d =
	    m->denied.live == 0 ? NULL : idmap_get(&m->denied, id);

	if (d == NULL || d->print != print ||
	    (table_question(m->table, id)->flags & (Q_INQUIRY | Q_DOUBTED)) !=
		0 ||
	    !source_may_confirm(m, id))
		return false;
	survey_begin(m->sources, id, SURVEY_DENY);
	m->n_denied++;
	return true;
}

void
denied_free_all(struct monitor *m)
{
	struct denied *d;
	uint32_t at = 0;

	while ((d = idmap_next(&m->denied, &at)) != NULL)
		free(d);
	idmap_fini(&m->denied);
}
