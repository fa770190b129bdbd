/* SPDX-License-Identifier: ISC */

#include "judge/wildcard.h"

#include <string.h>

#include "base/hash.h"
#include "dns/type.h"

/* ---- what is asked ---- */

uint16_t
wildcard_type(unsigned n)
{
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_TXT};

	return n < sizeof(types) / sizeof(types[0]) ? types[n] : 0;
}

bool
wildcard_name(const uint8_t *apex, const char *letters, struct name *out)
{
	size_t size = name_size(apex);

	if (size + 1 + WILDCARD_LABEL_LETTERS > NAME_SIZE_MAX)
		return false;
	out->wire[0] = WILDCARD_LABEL_LETTERS;
	memcpy(out->wire + 1, letters, WILDCARD_LABEL_LETTERS);
	memcpy(out->wire + 1 + WILDCARD_LABEL_LETTERS, apex, size);
	out->size = (uint8_t)(size + 1 + WILDCARD_LABEL_LETTERS);
	return true;
}

/* ---- elements ---- */

static struct wildcard_print
print_of(uint16_t type, const uint8_t *data, size_t size)
{
	uint8_t sha256[SHA256_SIZE + 2];
	struct wildcard_print p;

	/* Twice, so that the type needs no copy of the data. */
	hash_sha256(data, size, sha256);
	sha256[SHA256_SIZE] = (uint8_t)(type >> 8);
	sha256[SHA256_SIZE + 1] = (uint8_t)type;
	hash_sha256(sha256, sizeof(sha256), sha256);
	memcpy(p.b, sha256, sizeof(p.b));
	return p;
}

size_t
wildcard_prints(
    const struct content *c, struct wildcard_print out[WILDCARD_PRINTS_MAX])
{
	size_t n = 0;

	if (c->n_chain > 0) {
		out[0] =
		    print_of(TYPE_CNAME, c->chain[0], name_size(c->chain[0]));
		return 1;
	}
	/* What it is, or whose padding it is, does not matter. */
	if (c->outcome == OUTCOME_UNREADABLE) {
		out[0] = print_of(0, (const uint8_t *)"", 0);
		return 1;
	}
	for (uint16_t i = 0; i < c->n_records && n < WILDCARD_PRINTS_MAX; i++)
		out[n++] = print_of(c->records[i].type, c->records[i].rdata,
		    c->records[i].size);
	return n;
}

struct wildcard_print
wildcard_print_name(const uint8_t *wire)
{
	return print_of(0, wire, name_size(wire));
}

static bool
has(const struct wildcard_print *list, size_t n, const struct wildcard_print *p)
{
	for (size_t i = 0; i < n; i++) {
		if (memcmp(list[i].b, p->b, sizeof(p->b)) == 0)
			return true;
	}
	return false;
}

bool
wildcard_has(const struct wildcard_cell *cell,
    const struct wildcard_print *prints, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (has(cell->prints, cell->n, &prints[i]))
			return true;
	}
	return false;
}

/* True: it was not known. */
static bool
add(struct wildcard_cell *cell, const struct wildcard_print *p)
{
	if (has(cell->prints, cell->n, p))
		return false;
	if (cell->n == WILDCARD_PRINTS_MAX) {
		cell->n--;
		memmove(cell->prints, cell->prints + 1,
		    cell->n * sizeof(*cell->prints));
	}
	cell->prints[cell->n++] = *p;
	return true;
}

/* ---- words ---- */

bool
wildcard_hear(struct wildcard_word *w, unsigned n, enum fail fail,
    const struct content *c, bool has_soa)
{
	w->says = WILDCARD_UNKNOWN;
	if (fail != FAIL_NOT)
		return true;
	switch (c->outcome) {
	case OUTCOME_ANSWER:
	case OUTCOME_UNREADABLE:
		w->says = WILDCARD_ANSWERS;
		w->type = wildcard_type(n);
		w->n = wildcard_prints(c, w->prints);
		return true;
	case OUTCOME_NXDOMAIN:
		/* Behind an alias it is the target that does not exist. */
		w->says = c->n_chain > 0 ? WILDCARD_ANSWERS : WILDCARD_NONE;
		w->type = wildcard_type(n);
		w->n = c->n_chain > 0 ? wildcard_prints(c, w->prints) : 0;
		w->has_soa = has_soa;
		return true;
	case OUTCOME_NODATA:
		if (c->n_chain > 0) {
			w->says = WILDCARD_ANSWERS;
			w->type = wildcard_type(n);
			w->n = wildcard_prints(c, w->prints);
			return true;
		}
		/* Who signs as he is asked denies nothing but types. */
		w->says = WILDCARD_NONE;
		w->has_soa = has_soa;
		return wildcard_type(n + 1) == 0;
	case OUTCOME_NONE:
	case OUTCOME_FAIL:
		break;
	}
	return true;
}

/* Of one group over two ways a denial without SOA may be its filter's (R16). */
static bool
is_second(const struct wildcard_word *a, const struct wildcard_word *b)
{
	bool proved = a->says != WILDCARD_NONE || (a->has_soa && b->has_soa);

	return a->group != b->group || (a->tcp != b->tcp && proved);
}

bool
wildcard_is_known(
    const struct wildcard_cell *cell, const struct wildcard_word *w)
{
	if (w->says == WILDCARD_UNKNOWN || w->says != cell->known)
		return false;
	for (size_t i = 0; i < w->n; i++) {
		if (!has(cell->prints, cell->n, &w->prints[i]))
			return false;
	}
	return true;
}

/* ---- what is known ---- */

/* Elements that both have; `all`: that either has. */
static bool
take_elements(struct wildcard_cell *cell, const struct wildcard_word *a,
    const struct wildcard_word *b, bool all)
{
	bool grew = false;

	for (size_t i = 0; i < a->n; i++) {
		if (all || has(b->prints, b->n, &a->prints[i]))
			grew = add(cell, &a->prints[i]) || grew;
	}
	for (size_t i = 0; all && i < b->n; i++)
		grew = add(cell, &b->prints[i]) || grew;
	return grew;
}

static enum wildcard_news
step_answers(struct wildcard_cell *cell, const struct wildcard_word *a,
    const struct wildcard_word *b, wall_us now)
{
	enum wildcard was = cell->known;

	if (was == WILDCARD_ANSWERS && (wildcard_has(cell, a->prints, a->n) ||
					   wildcard_has(cell, b->prints, b->n)))
		return take_elements(cell, a, b, false) ? WILDCARD_GREW
		                                        : WILDCARD_SAME;
	/* Of one that never repeats not each round is news. */
	if (was == WILDCARD_ANSWERS && cell->told_at != 0 &&
	    now < cell->told_at + WALL_S(WILDCARD_AGAIN_S))
		return WILDCARD_SAME;
	/* What it moved away from is still its own. */
	if (was != WILDCARD_ANSWERS)
		*cell = (struct wildcard_cell){.since = now};
	(void)take_elements(cell, a, b, true);
	cell->known = WILDCARD_ANSWERS;
	cell->type = a->type;
	cell->told_at = was != WILDCARD_UNKNOWN ? now : 0;
	if (was == WILDCARD_UNKNOWN)
		return WILDCARD_BASELINE;
	return was == WILDCARD_NONE ? WILDCARD_BEGUN : WILDCARD_CHANGED;
}

enum wildcard_news
wildcard_step(struct wildcard_cell *cell, const struct wildcard_word *a,
    const struct wildcard_word *b, wall_us now)
{
	enum wildcard was = cell->known;

	if (a->says == WILDCARD_UNKNOWN || a->says != b->says ||
	    (a->says == WILDCARD_ANSWERS && a->type != b->type) ||
	    !is_second(a, b))
		return WILDCARD_SAME;
	if (a->says == WILDCARD_ANSWERS)
		return step_answers(cell, a, b, now);
	if (was == WILDCARD_NONE)
		return WILDCARD_SAME;
	*cell = (struct wildcard_cell){.known = WILDCARD_NONE, .since = now};
	return was == WILDCARD_ANSWERS ? WILDCARD_ENDED : WILDCARD_BASELINE;
}

/* ---- what is kept ---- */

enum { KEPT_VERSION = 1, KEPT_SIZE = 21 };

void
wildcard_pack(const struct wildcard_cell *cell, struct buf *out)
{
	buf_add_u8(out, KEPT_VERSION);
	buf_add_u8(out, (uint8_t)cell->known);
	buf_add_u16(out, cell->type);
	buf_add_u64(out, (uint64_t)cell->since);
	buf_add_u64(out, (uint64_t)cell->told_at);
	buf_add_u8(out, (uint8_t)cell->n);
	buf_add(out, cell->prints, cell->n * sizeof(*cell->prints));
}

static wall_us
wall_at(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < sizeof(v); i++)
		v = v << 8 | p[i];
	return (wall_us)v;
}

size_t
wildcard_unpack(const uint8_t *data, size_t size, struct wildcard_cell *cell)
{
	size_t n;

	if (size < KEPT_SIZE || data[0] != KEPT_VERSION ||
	    data[1] > WILDCARD_ANSWERS)
		return 0;
	n = data[KEPT_SIZE - 1];
	if (n > WILDCARD_PRINTS_MAX ||
	    size - KEPT_SIZE < n * sizeof(*cell->prints))
		return 0;
	*cell = (struct wildcard_cell){
	    .known = (enum wildcard)data[1],
	    .type = (uint16_t)(data[2] << 8 | data[3]),
	    .since = wall_at(data + 4),
	    .told_at = wall_at(data + 12),
	    .n = n,
	};
	memcpy(cell->prints, data + KEPT_SIZE, n * sizeof(*cell->prints));
	return KEPT_SIZE + n * sizeof(*cell->prints);
}
