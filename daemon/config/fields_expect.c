/* SPDX-License-Identifier: ISC */

/*
 * `expect` of an entry: pins by type (R27).  Entries of several lists that
 * contradict each other are found when they meet.
 */

#include "dns/type.h"
#include "list_priv.h"
#include "pins_priv.h"
#include "words_priv.h"

/* Every pinned type must be asked, or nobody would look. */
void
fields_expect_check(struct fields_reader *x)
{
	const struct node *map = x->expect;
	uint16_t type;

	for (const struct node *v = map->first; v != NULL; v = v->next) {
		bool asked = false;

		if (type_parse(v->key->text, &type) != 0)
			continue;
		for (size_t i = 0; i < x->f->n_types; i++)
			asked = asked || x->f->types[i] == type;
		if (asked)
			continue;
		report_error(&x->w->report, v->key->at,
		    "%s is expected and not asked; add it to `types`",
		    v->key->text);
		x->bad = true;
	}
}

static bool
read_from(struct fields_reader *x, const struct node *value)
{
	const struct node *from = list_from_key(value);
	const char *text =
	    from == NULL ? NULL : text_field(from, "from", &x->w->report);

	if (from == NULL)
		return true;
	x->f->from = text == NULL ? NULL : arena_text(x->arena, text);
	x->from_at = from->at;
	return x->f->from != NULL;
}

void
fields_expect(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;
	struct buf out = {0};
	uint8_t *copy = NULL;

	if (value->kind != NODE_MAP) {
		report_error(&x->w->report, value->at,
		    "expect must be a mapping of types, as in {A: "
		    "[192.0.2.1]}");
		x->bad = true;
		return;
	}
	x->expect = value;
	if (!read_from(x, value))
		x->bad = true;
	if (pins_read(&x->w->report, value, false, &out) && out.size > 0)
		copy = arena_copy(x->arena, out.data, out.size);
	if (copy == NULL && (out.size > 0 || x->f->from == NULL))
		x->bad = true;
	x->f->pins = copy;
	x->f->pins_size = copy == NULL ? 0 : out.size;
	buf_fini(&out);
}

void
fields_expect_default(void *ctx, const struct node *value)
{
	struct fields_reader *x = ctx;

	fields_expect(ctx, value);
	x->expect = NULL;
	if (x->f->pins == NULL)
		return;
	report_error(&x->w->report, value->at,
	    "a default may have `from` only; write the records to their "
	    "name");
	x->f->pins = NULL;
	x->f->pins_size = 0;
	x->bad = true;
}
