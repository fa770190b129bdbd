/* SPDX-License-Identifier: ISC */

#include "judge/unlisted.h"

#include <string.h>

#include "dns/type.h"

uint16_t
unlisted_type(unsigned n)
{
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA};

	return n < sizeof(types) / sizeof(types[0]) ? types[n] : 0;
}

bool
unlisted_hear(struct wildcard_word *w, unsigned n, enum fail fail,
    const struct content *c)
{
	w->says = WILDCARD_UNKNOWN;
	w->type = unlisted_type(n);
	w->n = 0;
	if (fail != FAIL_NOT)
		return true;
	if (c->outcome == OUTCOME_ANSWER) {
		w->says = WILDCARD_ANSWERS;
		w->n = wildcard_prints(c, w->prints);
		return true;
	}
	if (c->outcome != OUTCOME_NODATA && c->outcome != OUTCOME_NXDOMAIN)
		return true;
	w->says = WILDCARD_NONE;
	return c->outcome == OUTCOME_NXDOMAIN || unlisted_type(n + 1) == 0;
}

bool
unlisted_is_there(const struct wildcard_cell *cell,
    const struct wildcard_word *a, const struct wildcard_word *b)
{
	if (cell->known == WILDCARD_UNKNOWN || a->says != WILDCARD_ANSWERS ||
	    b->says != WILDCARD_ANSWERS ||
	    (a->group == b->group && a->tcp == b->tcp))
		return false;
	return !wildcard_has(cell, a->prints, a->n) &&
	       !wildcard_has(cell, b->prints, b->n);
}

/* ---- what was told ---- */

bool
unlisted_was_told(const struct unlisted_told *t, const uint8_t *name)
{
	struct wildcard_print p = wildcard_print_name(name);

	for (size_t i = 0; i < t->n; i++) {
		if (memcmp(t->names[i].b, p.b, sizeof(p.b)) == 0)
			return true;
	}
	return false;
}

bool
unlisted_add(struct unlisted_told *t, const uint8_t *name)
{
	if (t->n == UNLISTED_TOLD_MAX)
		return false;
	t->names[t->n++] = wildcard_print_name(name);
	return true;
}

void
unlisted_pack(const struct unlisted_told *t, struct buf *out)
{
	buf_add_u8(out, (uint8_t)t->n);
	buf_add(out, t->names, t->n * sizeof(*t->names));
}

void
unlisted_unpack(const uint8_t *data, size_t size, struct unlisted_told *t)
{
	t->n = 0;
	if (size == 0 || data[0] > UNLISTED_TOLD_MAX ||
	    size - 1 != data[0] * sizeof(*t->names))
		return;
	t->n = data[0];
	memcpy(t->names, data + 1, size - 1);
}
