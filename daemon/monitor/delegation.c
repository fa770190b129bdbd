/* SPDX-License-Identifier: ISC */

/*
 * What is known of a name's delegation at the parent, for what is told of the
 * name: that it is not watched (R18), or that it is gone, which is why the name
 * vanished (S-F22).
 */

#include "dns/type.h"
#include "source_priv.h"

/* The watched delegation, in any view, that the name is below; none is. */
static uint32_t
delegation_of(const struct monitor *m, uint32_t id)
{
	const struct sources *s = m->sources;
	uint8_t size;
	const uint8_t *wire = table_name(m->table, id, &size);

	for (size_t at = 0; s != NULL && at + 1 < size; at += wire[at] + 1u) {
		for (size_t i = 0; i < s->n; i++) {
			uint32_t found;

			if (s->list[i].parent == VIEW_NONE)
				continue;
			found = table_find(m->table, s->list[i].parent,
			    wire + at, size - at, TYPE_NS);
			if (found != QUESTION_NONE &&
			    (table_question(m->table, found)->flags &
				Q_WATCHED) != 0)
				return found;
		}
	}
	return QUESTION_NONE;
}

static bool
is_nothing(const struct content *c)
{
	return c->n_chain == 0 &&
	       (c->outcome == OUTCOME_NXDOMAIN || c->outcome == OUTCOME_NODATA);
}

/* As the last good reply says, or else as is believed. */
static bool
is_gone(const struct monitor *m, uint32_t delegation)
{
	static const struct content denied = {.outcome = OUTCOME_NXDOMAIN};
	static const struct content empty = {.outcome = OUTCOME_NODATA};
	const struct inquiry *q = idmap_get(&m->inquiries, delegation);
	uint64_t print = table_question(m->table, delegation)->fingerprint;

	for (size_t i = q == NULL ? 0 : q->n; i > 0; i--) {
		if (q->list[i - 1].witness.fail == FAIL_NOT)
			return is_nothing(&q->list[i - 1].content);
	}
	return print == content_fingerprint(&denied, &m->key) ||
	       print == content_fingerprint(&empty, &m->key);
}

const char *
delegation_cause(const struct monitor *m, uint32_t id)
{
	uint32_t delegation = delegation_of(m, id);

	return delegation != QUESTION_NONE && is_gone(m, delegation)
	           ? "removed from the parent"
	           : NULL;
}

const char *
delegation_note(const struct monitor *m, uint32_t id)
{
	return table_question(m->table, id)->type == TYPE_NS &&
	               delegation_of(m, id) == QUESTION_NONE
	           ? "delegation not watched"
	           : NULL;
}

void
delegation_look(struct monitor *m, uint32_t id)
{
	uint32_t delegation = delegation_of(m, id);

	if (delegation != QUESTION_NONE && delegation != id)
		source_early(m, delegation);
}

bool
delegation_is_asked(const struct monitor *m, uint32_t id)
{
	uint32_t delegation = delegation_of(m, id);

	return delegation != QUESTION_NONE && delegation != id &&
	       idmap_get(&m->sources->surveys, delegation) != NULL;
}
