/* SPDX-License-Identifier: ISC */

#include "judge/expect.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "judge/diff.h"

/* Guards nothing: a print tells deviations apart, and is stored. */
static const struct hash_key print_key = {
    0x646e737669676c31ULL, 0x6578706563743031ULL};

static bool
has(const struct record *list, size_t n, const struct record *r)
{
	for (size_t i = 0; i < n; i++)
		if (record_equal(&list[i], r))
			return true;
	return false;
}

static void
add(struct content *to, const struct record *r)
{
	if (to->n_records < CONTENT_RECORDS_MAX &&
	    !has(to->records, to->n_records, r))
		to->records[to->n_records++] = *r;
}

/* What is pinned and not there. */
static bool
all_there(
    const struct pin *p, const struct content *c, struct expect_found *out)
{
	bool all = true;

	for (uint16_t i = 0; i < p->n; i++) {
		if (has(c->records, c->n_records, &p->records[i]))
			continue;
		add(&out->missing, &p->records[i]);
		all = false;
	}
	return all;
}

/* What is there although it is (`pinned`: or is not) among the pinned. */
static bool
none_there(const struct pin *p, const struct content *c, bool pinned,
    struct expect_found *out)
{
	bool none = true;

	for (uint16_t i = 0; i < c->n_records; i++) {
		if (has(p->records, p->n, &c->records[i]) != pinned)
			continue;
		add(&out->unexpected, &c->records[i]);
		none = false;
	}
	return none;
}

static bool
meets(const struct pin *p, const struct content *c, struct expect_found *out)
{
	bool whole;

	if (c->outcome == OUTCOME_UNREADABLE)
		return false;
	switch (p->word) {
	case PIN_EXACTLY:
		whole = all_there(p, c, out);
		return none_there(p, c, false, out) && whole;
	case PIN_ONLY:
		return none_there(p, c, false, out) && c->n_records > 0;
	case PIN_INCLUDES:
		return all_there(p, c, out);
	case PIN_NEVER:
		return none_there(p, c, true, out);
	case PIN_NONE:
		return none_there(p, c, false, out);
	}
	return true;
}

int
expect_judge(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *c, struct arena *a, struct expect_found *out)
{
	size_t room = CONTENT_RECORDS_MAX * sizeof(struct record);
	const uint8_t *at = pins;
	struct pin pin;

	*out = (struct expect_found){.meets = true, .unknown = c->partial};
	if (size == 0)
		return 0;
	while (at < pins + size) {
		/* Kept: what is missing points at it. */
		struct record *records =
		    arena_get(a, PIN_RECORDS_MAX * sizeof(*records));

		if (records == NULL)
			return -ENOMEM;
		if (!pin_next(&at, pins + size, records, &pin) ||
		    pin.type != type)
			continue;
		if (!out->pinned) {
			out->missing.records = arena_get(a, room);
			out->unexpected.records = arena_get(a, room);
			if (out->missing.records == NULL ||
			    out->unexpected.records == NULL)
				return -ENOMEM;
		}
		out->pinned = true;
		if (out->unknown || meets(&pin, c, out))
			continue;
		if (out->meets)
			out->word = pin.word;
		out->meets = false;
	}
	out->unreadable = !out->meets && c->outcome == OUTCOME_UNREADABLE;
	return 0;
}

uint32_t
expect_aspects(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *from, const struct content *to, struct arena *a)
{
	struct expect_found was;
	struct expect_found is;

	if (pins == NULL ||
	    expect_judge(pins, size, type, from, a, &was) != 0 ||
	    expect_judge(pins, size, type, to, a, &is) != 0 || !is.pinned ||
	    was.unknown || is.unknown)
		return 0;
	if (!is.meets)
		return ASPECT_UNEXPECTED;
	return was.meets ? 0 : ASPECT_EXPECTED;
}

/* Must there be a record for it, and which ones? */
static bool
needs(const struct pin *p)
{
	return p->word == PIN_EXACTLY || p->word == PIN_INCLUDES ||
	       p->word == PIN_ONLY;
}

/* What `p` needs is what `q` refuses. */
static bool
refuses(const struct pin *p, const struct pin *q)
{
	bool some = false;

	if (!needs(p) || q->word == PIN_INCLUDES)
		return false;
	if (q->word == PIN_NONE)
		return true;
	for (uint16_t i = 0; i < p->n; i++) {
		bool there = has(q->records, q->n, &p->records[i]);
		bool taken = q->word == PIN_NEVER ? !there : there;

		if (!taken && p->word != PIN_ONLY)
			return true;
		some = some || taken;
	}
	return !some;
}

bool
expect_contradicts(const uint8_t *a, size_t a_size, const uint8_t *b,
    size_t b_size, uint16_t type)
{
	struct record of_p[PIN_RECORDS_MAX];
	struct record of_q[PIN_RECORDS_MAX];
	const uint8_t *at = a;
	struct pin p;
	struct pin q;

	while (pin_next(&at, a + a_size, of_p, &p)) {
		const uint8_t *b_at = b;

		while (p.type == type && pin_next(&b_at, b + b_size, of_q, &q))
			if (q.type == type &&
			    (refuses(&p, &q) || refuses(&q, &p)))
				return true;
	}
	return false;
}

static uint64_t
stir(uint64_t h, const struct content *c)
{
	for (uint16_t i = 0; i < c->n_records; i++) {
		uint64_t pair[2] = {h, hash_sip(&print_key, c->records[i].rdata,
					   c->records[i].size)};

		h = hash_sip(&print_key, pair, sizeof(pair));
	}
	return h + c->n_records + 1;
}

uint64_t
expect_print(const struct expect_found *found)
{
	uint64_t h = (uint64_t)found->word << 1 | found->unreadable;

	return stir(stir(h, &found->missing), &found->unexpected);
}
