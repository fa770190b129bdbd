/* SPDX-License-Identifier: ISC */

#include "check_expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "judge/expect.h"

struct check_pins {
	struct name name;
	uint32_t views; /* bits */
	const uint8_t *pins;
	size_t pins_size;
	const char *file;
	unsigned line;
	size_t order;
};

void
check_expect_add(
    struct check_expect *x, const struct watch *w, const char *file)
{
	struct check_pins *p;

	if (w->pins == NULL)
		return;
	if (x->n == x->room) {
		x->room = x->room == 0 ? 64 : x->room * 2;
		x->list = realloc(x->list, x->room * sizeof(*x->list));
		CHECK(x->list != NULL);
	}
	p = &x->list[x->n];
	*p = (struct check_pins){
	    .name = w->name,
	    .pins = arena_copy(&x->arena, w->pins, w->pins_size),
	    .pins_size = w->pins_size,
	    .file = arena_text(&x->arena, file),
	    .line = w->line,
	    .order = x->n++,
	};
	CHECK(p->pins != NULL && p->file != NULL);
	for (size_t i = 0; i < w->n_views; i++)
		p->views |= 1u << w->views[i].view;
}

static int
by_name(const void *a, const void *b)
{
	const struct check_pins *p = a;
	const struct check_pins *q = b;
	int order = p->name.size != q->name.size
	                ? (int)p->name.size - (int)q->name.size
	                : memcmp(p->name.wire, q->name.wire, p->name.size);

	if (order != 0)
		return order;
	return p->order < q->order ? -1 : 1;
}

static void
compare(
    const struct check_pins *before, const struct check_pins *p, struct diag *d)
{
	struct record room[PIN_RECORDS_MAX];
	const uint8_t *at = p->pins;
	char type[TYPE_TEXT_SIZE];
	char name[NAME_TEXT_SIZE];
	uint16_t told = 0;
	struct pin pin;

	if ((before->views & p->views) == 0)
		return;
	while (pin_next(&at, p->pins + p->pins_size, room, &pin)) {
		if (pin.type == told ||
		    !expect_contradicts(before->pins, before->pins_size,
			p->pins, p->pins_size, pin.type))
			continue;
		told = pin.type;
		diag_error(d, p->file, p->line, 0,
		    "what is expected of %s %s contradicts %s:%u: nothing can "
		    "be both",
		    name_print(p->name.wire, name), type_print(told, type),
		    before->file, before->line);
	}
}

void
check_expect_tell(struct check_expect *x, struct diag *d)
{
	if (x->n > 1)
		qsort(x->list, x->n, sizeof(*x->list), by_name);
	for (size_t i = 1; i < x->n; i++) {
		const struct check_pins *p = &x->list[i];

		for (size_t k = i; k > 0; k--) {
			const struct check_pins *before = &x->list[k - 1];

			if (before->name.size != p->name.size ||
			    memcmp(before->name.wire, p->name.wire,
				p->name.size) != 0)
				break;
			compare(before, p, d);
		}
	}
}

void
check_expect_fini(struct check_expect *x)
{
	free(x->list);
	arena_fini(&x->arena);
}
