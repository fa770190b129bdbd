/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * The kinds of a change are structural and closed (R20): which one it is
 * follows from the two outcomes, the two sets and the two chains, and from
 * nothing else.  Tried against an oracle that knows contents as letters and
 * bits only, and was written from the rules: it shares no line with the
 * judge.  The seed is new in each run and printed; SEED=n repeats one.
 */

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/type.h"
#include "judge/diff.h"

enum {
	PAIRS = 100000,
	ELEMENTS = 6,
	LINKS_MAX = 3,
	OFTEN = 300 /* each kind must come so often */
};

/* A content, as the oracle sees it. */
struct model {
	char outcome;              /* A, D (no data), N (no name), U */
	unsigned set;              /* a bit for each element */
	char chain[LINKS_MAX + 1]; /* a letter for each link */
	bool partial;              /* the chain leaves the server's zones */
	char why;                  /* of U */
};

static const char *const words[] = {"appeared", "vanished", "added", "removed",
    "modified", "replaced", "alias", "outcome", "unreadable", "readable"};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

static void
roll(struct model *m)
{
	static const char outcomes[] = "AAAAAADDNNU";

	memset(m, 0, sizeof(*m));
	m->outcome = outcomes[rand_below(sizeof(outcomes) - 1)];
	if (m->outcome == 'U') {
		m->why = (char)('a' + rand_below(3));
		return;
	}
	for (uint32_t n = rand_below(LINKS_MAX), i = 0; i < n; i++)
		m->chain[i] = (char)('a' + rand_below(2));
	if (m->outcome != 'A')
		return;
	m->partial = m->chain[0] != '\0' && rand_below(5) == 0;
	while (!m->partial && m->set == 0)
		m->set = rand_below(1 << ELEMENTS) & rand_below(1 << ELEMENTS);
}

/* Half of the pairs differ in one thing only, or in none. */
static void
roll_pair(struct model *from, struct model *to)
{
	roll(from);
	roll(to);
	if (rand_below(2) == 0)
		return;
	switch (from->outcome == to->outcome ? rand_below(3) : 3) {
	case 0:
		memcpy(to->chain, from->chain, sizeof(to->chain));
		to->partial = from->partial;
		if (to->partial)
			to->set = 0;
		else if (to->outcome == 'A' && to->set == 0)
			to->set = 1;
		break;
	case 1:
		if (!to->partial && !from->partial)
			to->set = from->set;
		break;
	case 2:
		*to = *from;
		break;
	default:
		break;
	}
}

static bool
same_chain(const struct model *a, const struct model *b)
{
	return strcmp(a->chain, b->chain) == 0 && a->partial == b->partial;
}

/* NULL: no change.  R2, R7, R20. */
static const char *
oracle(const struct model *a, const struct model *b)
{
	bool negative_a = a->outcome == 'D' || a->outcome == 'N';
	bool negative_b = b->outcome == 'D' || b->outcome == 'N';

	if (b->outcome == 'U')
		return a->outcome == 'U' && a->why == b->why ? NULL
		                                             : "unreadable";
	if (a->outcome == 'U')
		return "readable";
	if (negative_a != negative_b)
		return negative_a ? "appeared" : "vanished";
	if (a->outcome != b->outcome)
		return "outcome";
	if (!same_chain(a, b) &&
	    (negative_a || a->partial || b->partial || a->set == b->set))
		return "alias";
	if (a->set == b->set)
		return NULL;
	if ((a->set & b->set) == a->set)
		return "added";
	if ((a->set & b->set) == b->set)
		return "removed";
	return (a->set & b->set) == 0 ? "replaced" : "modified";
}

/* ---- a model as the judge is given it ---- */

struct made {
	struct content c;
	struct record records[ELEMENTS];
	const uint8_t *chain[LINKS_MAX];
};

static void
make(const struct model *m, struct made *out)
{
	/* In the order of contents: by type, then by octets. */
	static const struct record elements[ELEMENTS] = {
	    {.type = TYPE_A, .size = 4, .rdata = (const uint8_t *)"\1\2\3\4"},
	    {.type = TYPE_A, .size = 4, .rdata = (const uint8_t *)"\1\2\3\5"},
	    {.type = TYPE_A, .size = 4, .rdata = (const uint8_t *)"\11\2\3\4"},
	    {.type = TYPE_TXT, .size = 2, .rdata = (const uint8_t *)"\1a"},
	    {.type = TYPE_TXT, .size = 2, .rdata = (const uint8_t *)"\1b"},
	    {.type = TYPE_TXT, .size = 3, .rdata = (const uint8_t *)"\2ab"},
	};
	static const char *const targets[] = {"\1a\4test", "\1b\4test"};
	static const enum outcome outcomes[] = {['A'] = OUTCOME_ANSWER,
	    ['D'] = OUTCOME_NODATA,
	    ['N'] = OUTCOME_NXDOMAIN,
	    ['U'] = OUTCOME_UNREADABLE};

	memset(out, 0, sizeof(*out));
	out->c.outcome = outcomes[(unsigned char)m->outcome];
	out->c.records = out->records;
	out->c.chain = out->chain;
	out->c.partial = m->partial;
	if (m->outcome == 'U') {
		/* Two reasons, and two digests of one. */
		out->c.reason =
		    m->why == 'a' ? UNREADABLE_LOOP : UNREADABLE_OVERSIZED;
		out->c.digest[31] = (uint8_t)m->why;
	}
	for (const char *p = m->chain; *p != '\0'; p++)
		out->chain[out->c.n_chain++] =
		    (const uint8_t *)targets[*p - 'a'];
	for (int i = 0; i < ELEMENTS; i++) {
		if ((m->set >> i & 1) != 0)
			out->records[out->c.n_records++] = elements[i];
	}
}

static void
check_pair(const struct model *a, const struct model *b, unsigned counts[WORDS],
    struct arena *arena)
{
	const char *want = oracle(a, b);
	struct made from;
	struct made to;
	struct diff d;

	make(a, &from);
	make(b, &to);
	assert_int_equal(diff_make(&from.c, &to.c, TYPE_A, arena, &d), 0);
	if (strcmp(kind_text(d.kind), want == NULL ? "none" : want) != 0)
		fail_msg("%c set %x chain %s%s -> %c set %x chain %s%s: %s, "
			 "not %s",
		    a->outcome, a->set, a->chain, a->partial ? "+" : "",
		    b->outcome, b->set, b->chain, b->partial ? "+" : "",
		    kind_text(d.kind), want == NULL ? "none" : want);
	if (want == NULL)
		return;
	/* Both differ: the kind is that of the records, with an aspect. */
	assert_int_equal((d.aspects & ASPECT_ALIAS) != 0,
	    a->outcome != 'U' && b->outcome != 'U' && !same_chain(a, b) &&
		strcmp(want, "alias") != 0);
	for (unsigned i = 0; i < WORDS; i++)
		counts[i] += strcmp(words[i], want) == 0;
}

static void
test_R20_kinds_follow_from_outcome_set_and_chain_alone(void **state)
{
	const char *given = getenv("SEED");
	uint64_t seed = given == NULL ? rand_u64() : strtoull(given, NULL, 10);
	unsigned counts[WORDS] = {0};
	struct arena arena = {0};

	(void)state;
	print_message("# SEED=%llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (unsigned i = 0; i < PAIRS; i++) {
		struct model from;
		struct model to;

		roll_pair(&from, &to);
		check_pair(&from, &to, counts, &arena);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	for (unsigned i = 0; i < WORDS; i++) {
		if (counts[i] < OFTEN)
			fail_msg("%s came %u times", words[i], counts[i]);
	}
}

static void
test_R20_kinds_are_closed(void **state)
{
	enum kind kind;

	(void)state;
	for (unsigned i = 0; i < WORDS; i++) {
		assert_int_equal(kind_parse(words[i], &kind), 0);
		assert_string_equal(kind_text(kind), words[i]);
	}
	for (int i = 0; i < 256; i++) {
		const char *text = kind_text((enum kind)i);
		bool known = false;

		for (unsigned k = 0; k < WORDS; k++)
			known = known || strcmp(text, words[k]) == 0;
		assert_int_equal(
		    known, i >= KIND_APPEARED && i <= KIND_READABLE);
	}
	assert_int_not_equal(kind_parse("none", &kind), 0);
	assert_int_not_equal(kind_parse("renamed", &kind), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_R20_kinds_follow_from_outcome_set_and_chain_alone),
	    cmocka_unit_test(test_R20_kinds_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
