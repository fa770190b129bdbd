/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "dns/name.h"
#include "dns/type.h"
#include "judge/dangling.h"

enum { MX_NAME_AT = 2, SRV_NAME_AT = 6 };

const char *
dangling_text(enum dangling verdict)
{
	switch (verdict) {
	case DANGLING_UNKNOWN:
		break;
	case DANGLING_FINE:
		return "fine";
	case DANGLING_NO_ADDRESS:
		return "no-address";
	case DANGLING_NAME:
		return "name";
	case DANGLING_ZONE_GONE:
		return "zone";
	}
	return "unknown";
}

bool
dangling_needs_address(uint16_t type)
{
	return type == TYPE_MX || type == TYPE_NS || type == TYPE_SRV;
}

/* ---- targets ---- */

/* Is there a whole name, and nothing behind it? */
static bool
is_name(const uint8_t *p, size_t size)
{
	size_t at = 0;

	if (size > NAME_SIZE_MAX)
		return false;
	while (at < size && p[at] != 0) {
		if (p[at] > LABEL_SIZE_MAX)
			return false;
		at += 1 + (size_t)p[at];
	}
	return at + 1 == size;
}

/* NULL: it points nowhere. */
static const uint8_t *
target_of(const struct record *r)
{
	size_t at = 0;

	if (r->type == TYPE_MX)
		at = MX_NAME_AT;
	else if (r->type == TYPE_SRV)
		at = SRV_NAME_AT;
	else if (r->type != TYPE_CNAME && r->type != TYPE_NS)
		return NULL;
	if (r->size <= at || !is_name(r->rdata + at, r->size - at) ||
	    r->rdata[at] == 0)
		return NULL;
	return r->rdata + at;
}

static bool
has(const uint8_t *const *list, size_t n, const uint8_t *name)
{
	for (size_t i = 0; i < n; i++) {
		if (name_equal(list[i], name))
			return true;
	}
	return false;
}

size_t
dangling_targets(const struct content *c,
    const uint8_t *out[DANGLING_TARGETS_MAX], size_t *left_off)
{
	size_t n = 0;

	*left_off = 0;
	if (c->n_chain > 0 && c->outcome == OUTCOME_NXDOMAIN &&
	    c->chain[c->n_chain - 1][0] != 0)
		out[n++] = c->chain[c->n_chain - 1];
	if (c->outcome != OUTCOME_ANSWER)
		return n;
	for (uint16_t i = 0; i < c->n_records; i++) {
		const uint8_t *name = target_of(&c->records[i]);

		if (name == NULL || has(out, n, name))
			continue;
		if (n < DANGLING_TARGETS_MAX)
			out[n++] = name;
		else
			++*left_off;
	}
	return n;
}

/* ---- zones ---- */

static bool
is_label(const uint8_t *label, const char *text)
{
	size_t size = strlen(text);

	return *label == size && memcmp(label + 1, text, size) == 0;
}

/* "co.uk.", "com.au.": under them people register names. */
static bool
is_registry(const uint8_t *two)
{
	static const char *const words[] = {
	    "ac", "co", "com", "edu", "gov", "net", "org"};
	const uint8_t *country = two + 1 + *two;

	if (*country != 2)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_label(two, words[i]))
			return true;
	}
	return false;
}

const uint8_t *
dangling_zone(const uint8_t *wire)
{
	const uint8_t *two = name_zone_guess(wire);
	const uint8_t *p = wire;

	if (two == wire || !is_registry(two))
		return two;
	while (p + 1 + *p != two)
		p += 1 + *p;
	return p;
}

/* ---- words ---- */

enum stand {
	STAND_UNSURE = 0,
	STAND_THERE, /* with records */
	STAND_EMPTY,
	STAND_DENIED
};

static enum stand
stand_of(const struct dangling_word *w, wall_us now)
{
	if (w->fail != FAIL_NOT || w->at + WALL_S(DANGLING_WORD_S) < now)
		return STAND_UNSURE;
	switch (w->outcome) {
	case OUTCOME_ANSWER:
	case OUTCOME_UNREADABLE:
		return STAND_THERE;
	case OUTCOME_NODATA:
		return STAND_EMPTY;
	case OUTCOME_NXDOMAIN:
		return STAND_DENIED;
	case OUTCOME_NONE:
	case OUTCOME_FAIL:
		break;
	}
	return STAND_UNSURE;
}

/* Of one group over two ways a denial without SOA may be its filter's (R16). */
static bool
is_second(const struct dangling_word *a, const struct dangling_word *b)
{
	bool proved =
	    a->outcome != OUTCOME_NXDOMAIN || (a->has_soa && b->has_soa);

	return a->group != b->group || (a->tcp != b->tcp && proved);
}

struct question_words {
	const struct dangling_word *list;
	size_t n;
	wall_us now;
};

/* A later word of the same server's group, by the same way, takes it back. */
static bool
is_outdated(const struct question_words *q, const struct dangling_word *w)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct dangling_word *o = &q->list[i];

		if (o->about == w->about && o->group == w->group &&
		    o->tcp == w->tcp && o->at > w->at &&
		    stand_of(o, q->now) != STAND_UNSURE)
			return true;
	}
	return false;
}

/* `of`: only words about this name, or the end of its chain; NULL: any. */
static enum stand
weigh(const struct question_words *q, enum dangling_about about,
    const uint8_t *of, const uint8_t **end)
{
	const struct dangling_word *first = NULL;
	bool second = false;

	for (size_t i = 0; i < q->n; i++) {
		const struct dangling_word *w = &q->list[i];
		enum stand stand = stand_of(w, q->now);

		if (w->about != about || stand == STAND_UNSURE ||
		    (of != NULL && !name_equal(w->end, of)) ||
		    is_outdated(q, w))
			continue;
		if (first == NULL)
			first = w;
		else if (stand != stand_of(first, q->now) ||
			 (stand == STAND_DENIED &&
			     !name_equal(w->end, first->end)))
			return STAND_UNSURE;
		else
			second = second || is_second(first, w);
	}
	if (!second)
		return STAND_UNSURE;
	*end = first->end;
	return stand_of(first, q->now);
}

static bool
says_there(const struct question_words *q, enum dangling_about about)
{
	for (size_t i = 0; i < q->n; i++) {
		enum stand stand = stand_of(&q->list[i], q->now);

		if (q->list[i].about == about &&
		    (stand == STAND_THERE || stand == STAND_EMPTY) &&
		    !is_outdated(q, &q->list[i]))
			return true;
	}
	return false;
}

/* The name is missing: is its zone? */
static struct dangling_judgement
judge_zone(const struct question_words *q, const uint8_t *name)
{
	const uint8_t *zone = dangling_zone(name);
	struct dangling_judgement j = {DANGLING_NAME, name, false};
	enum stand stand = STAND_DENIED;
	const uint8_t *end = NULL;

	/* Nobody may register a top-level domain. */
	if (name[0] == 0 || name[1 + *name] == 0)
		return j;
	if (zone != name)
		stand = weigh(q, DANGLING_ZONE, zone, &end);
	j.zone_unknown = stand == STAND_UNSURE;
	if (stand == STAND_DENIED) {
		j.verdict = DANGLING_ZONE_GONE;
		j.missing = zone;
	}
	return j;
}

struct dangling_judgement
dangling_judge(const struct dangling_word *words, size_t n, bool needs_address,
    wall_us now)
{
	struct question_words q = {words, n, now};
	struct dangling_judgement j = {DANGLING_UNKNOWN, NULL, false};
	const uint8_t *end = NULL, *ignored = NULL;
	enum stand a = weigh(&q, DANGLING_A, NULL, &end);
	enum stand aaaa = weigh(&q, DANGLING_AAAA, NULL, &ignored);

	if (a == STAND_DENIED) {
		/* Who has it by another type denies it by a fault (R5). */
		if (!says_there(&q, DANGLING_AAAA))
			j = judge_zone(&q, end);
	} else if (a == STAND_THERE || (a == STAND_EMPTY && !needs_address) ||
		   (a == STAND_EMPTY && aaaa == STAND_THERE)) {
		j.verdict = DANGLING_FINE;
	} else if (a == STAND_EMPTY && aaaa == STAND_EMPTY) {
		j.verdict = DANGLING_NO_ADDRESS;
		j.missing = end;
	}
	return j;
}

/* ---- what was told ---- */

enum dangling_news
dangling_step(struct dangling_cell *cell, enum dangling verdict, wall_us now)
{
	bool open = cell->told >= DANGLING_NO_ADDRESS;

	if (verdict == DANGLING_UNKNOWN ||
	    (verdict == DANGLING_FINE && !open) ||
	    (verdict != DANGLING_FINE && open && verdict <= cell->told))
		return DANGLING_SAME;
	if (verdict == DANGLING_FINE) {
		*cell = (struct dangling_cell){DANGLING_UNKNOWN, 0};
		return DANGLING_ENDED;
	}
	cell->told = verdict;
	if (!open)
		cell->since = now;
	return open ? DANGLING_WORSE : DANGLING_OPENED;
}

/* ---- what is kept ---- */

enum { KEPT_VERSION = 1, KEPT_HEAD_SIZE = 9 };

void
dangling_pack(const struct dangling_kept *k, struct buf *out)
{
	if (out->size == 0)
		buf_add_u8(out, KEPT_VERSION);
	buf_add_u8(out, (uint8_t)k->cell.told);
	buf_add_u64(out, (uint64_t)k->cell.since);
	buf_add(out, k->name, name_size(k->name));
}

/* Octets of the whole name at `p`; 0: it is none, or longer than `size`. */
static size_t
whole_name(const uint8_t *p, size_t size)
{
	size_t at = 0;

	while (at < size && p[at] != 0) {
		if (p[at] > LABEL_SIZE_MAX)
			return 0;
		at += 1 + (size_t)p[at];
	}
	return at < size && at < NAME_SIZE_MAX ? at + 1 : 0;
}

size_t
dangling_unpack(const uint8_t *data, size_t size,
    struct dangling_kept out[DANGLING_TARGETS_MAX])
{
	size_t n = 0, at = 1;

	if (size == 0 || data[0] != KEPT_VERSION)
		return 0;
	while (at < size && n < DANGLING_TARGETS_MAX) {
		struct dangling_kept *k = &out[n];
		const uint8_t *p = data + at;
		uint64_t since = 0;
		size_t name;

		if (size - at <= KEPT_HEAD_SIZE || p[0] < DANGLING_NO_ADDRESS ||
		    p[0] > DANGLING_ZONE_GONE)
			return 0;
		for (size_t i = 1; i < KEPT_HEAD_SIZE; i++)
			since = since << 8 | p[i];
		name =
		    whole_name(p + KEPT_HEAD_SIZE, size - at - KEPT_HEAD_SIZE);
		if (name == 0)
			return 0;
		k->name = p + KEPT_HEAD_SIZE;
		k->cell.told = (enum dangling)p[0];
		k->cell.since = (wall_us)since;
		at += KEPT_HEAD_SIZE + name;
		n++;
	}
	return at == size ? n : 0;
}
