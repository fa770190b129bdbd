/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A difference is what is in one set and not in the other, no more and no
 * less, under the kind that R20 names for it.  Tried against sets as lists
 * that are searched, over random contents from a printed seed (SEED=n repeats
 * one), and by the faults seen in other monitors (S-F1, ...).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/diff.h"

/* A name on the wire, from "\3www\7example"; the literal's NUL is the root. */
#define WIRE(text) ((const uint8_t *)(text))
/* rdata from a literal, without its NUL, or with it as the root label. */
#define RDATA(text)  (text), sizeof(text) - 1
#define RNAMED(text) (text), sizeof(text)

enum { N_MAX = 16 };

/* A content with room for its own records, in the form a reader makes. */
struct sample {
	struct content c;
	struct record records[N_MAX];
	const uint8_t *chain[N_MAX];
};

static struct arena arena;

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

static int
drop_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void
start(struct sample *s, enum outcome outcome)
{
	memset(s, 0, sizeof(*s));
	s->c.outcome = outcome;
	s->c.records = s->records;
	s->c.chain = s->chain;
}

static void
link_to(struct sample *s, const char *target)
{
	s->chain[s->c.n_chain++] = WIRE(target);
}

/* Inserts at its place; a duplicate is dropped, as a reader does. */
static void
put(struct sample *s, uint16_t type, const void *rdata, size_t size)
{
	struct record r = {
	    .type = type, .size = (uint16_t)size, .rdata = rdata, .ttl = 300};
	uint16_t at = 0;

	while (at < s->c.n_records && record_compare(&s->records[at], &r) < 0)
		at++;
	if (at < s->c.n_records && record_equal(&s->records[at], &r))
		return;
	assert_true(s->c.n_records < N_MAX);
	memmove(&s->records[at + 1], &s->records[at],
	    (s->c.n_records - at) * sizeof(r));
	s->records[at] = r;
	s->c.n_records++;
}

static struct diff
diff_of(const struct sample *from, const struct sample *to, uint16_t type)
{
	struct diff d;

	assert_int_equal(diff_make(&from->c, &to->c, type, &arena, &d), 0);
	return d;
}

/* An ANSWER of one record. */
static struct sample *
answer(struct sample *s, uint16_t type, const void *rdata, size_t size)
{
	start(s, OUTCOME_ANSWER);
	put(s, type, rdata, size);
	return s;
}

/* --- properties ---------------------------------------------------------- */

static const char *const targets[] = {
    "\1a\7example", "\1b\7example", "\4edge\3cdn\7example"};

/* Any state; few different records, so that sets overlap. */
static void
make_random(struct sample *s)
{
	static const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const enum outcome outcomes[] = {OUTCOME_ANSWER, OUTCOME_ANSWER,
	    OUTCOME_ANSWER, OUTCOME_NODATA, OUTCOME_NXDOMAIN,
	    OUTCOME_UNREADABLE};
	uint32_t n;

	start(s, outcomes[rand_below(6)]);
	if (s->c.outcome == OUTCOME_UNREADABLE) {
		s->c.reason = (enum unreadable)(1 + rand_below(2));
		s->c.digest[0] = (uint8_t)rand_below(2);
		return;
	}
	for (n = rand_below(3); n > 0; n--)
		link_to(s, targets[rand_below(3)]);
	if (s->c.outcome != OUTCOME_ANSWER)
		return;
	s->c.partial = s->c.n_chain > 0 && rand_below(4) == 0;
	for (n = s->c.partial ? 0 : 1 + rand_below(4); n > 0; n--)
		put(s, rand_below(2) == 0 ? TYPE_A : TYPE_TXT,
		    bytes + rand_below(4), 4);
}

static bool
has(const struct content *c, const struct record *r)
{
	for (uint16_t i = 0; i < c->n_records; i++)
		if (record_equal(&c->records[i], r))
			return true;
	return false;
}

static void
assert_lists_are_the_set_differences(
    const struct sample *from, const struct sample *to, const struct diff *d)
{
	size_t added = 0;
	size_t removed = 0;

	for (uint16_t i = 0; i < to->c.n_records; i++) {
		if (has(&from->c, &to->records[i]))
			continue;
		assert_true(added < d->n_added);
		assert_ptr_equal(d->added[added++], &to->records[i]);
	}
	for (uint16_t i = 0; i < from->c.n_records; i++) {
		if (has(&to->c, &from->records[i]))
			continue;
		assert_true(removed < d->n_removed);
		assert_ptr_equal(d->removed[removed++], &from->records[i]);
	}
	assert_int_equal(added, d->n_added);
	assert_int_equal(removed, d->n_removed);
}

/* from - removed + added is to. */
static void
assert_applies(
    const struct sample *from, const struct sample *to, const struct diff *d)
{
	struct sample made;

	start(&made, to->c.outcome);
	for (uint16_t i = 0; i < from->c.n_records; i++) {
		const struct record *r = &from->records[i];
		bool stays = true;

		for (size_t j = 0; j < d->n_removed; j++)
			stays = stays && !record_equal(d->removed[j], r);
		if (stays)
			put(&made, r->type, r->rdata, r->size);
	}
	for (size_t i = 0; i < d->n_added; i++)
		put(&made, d->added[i]->type, d->added[i]->rdata,
		    d->added[i]->size);
	assert_int_equal(made.c.n_records, to->c.n_records);
	for (uint16_t i = 0; i < made.c.n_records; i++)
		assert_true(record_equal(&made.records[i], &to->records[i]));
}

static void
test_diff_applied_to_the_first_gives_the_second(void **state)
{
	struct sample from;
	struct sample to;

	(void)state;
	start_seed(20);
	for (int i = 0; i < 100000; i++) {
		struct diff d;

		make_random(&from);
		make_random(&to);
		d = diff_of(&from, &to, TYPE_A);
		assert_lists_are_the_set_differences(&from, &to, &d);
		assert_applies(&from, &to, &d);
		arena_reset(&arena);
	}
}

static void
test_diff_is_empty_exactly_for_equal_contents(void **state)
{
	struct sample from;
	struct sample to;
	int same = 0;

	(void)state;
	start_seed(21);
	for (int i = 0; i < 100000; i++) {
		struct diff d;

		make_random(&from);
		make_random(&to);
		d = diff_of(&from, &to, TYPE_MX);
		assert_int_equal(
		    d.kind == KIND_NONE, content_equal(&from.c, &to.c));
		same += d.kind == KIND_NONE;
		d = diff_of(&from, &from, TYPE_MX);
		assert_int_equal(d.kind, KIND_NONE);
		assert_int_equal(d.aspects, 0);
		assert_int_equal(d.n_added + d.n_removed, 0);
		assert_false(d.chain_differs);
		arena_reset(&arena);
	}
	assert_true(same > 100);
}

/* What appeared one way vanished the other. */
static void
test_diff_backwards_is_the_mirror_image(void **state)
{
	static const enum kind mirror[] = {[KIND_NONE] = KIND_NONE,
	    [KIND_APPEARED] = KIND_VANISHED,
	    [KIND_VANISHED] = KIND_APPEARED,
	    [KIND_ADDED] = KIND_REMOVED,
	    [KIND_REMOVED] = KIND_ADDED,
	    [KIND_MODIFIED] = KIND_MODIFIED,
	    [KIND_REPLACED] = KIND_REPLACED,
	    [KIND_ALIAS] = KIND_ALIAS,
	    [KIND_OUTCOME] = KIND_OUTCOME,
	    [KIND_UNREADABLE] = KIND_READABLE,
	    [KIND_READABLE] = KIND_UNREADABLE};
	struct sample from;
	struct sample to;

	(void)state;
	start_seed(22);
	for (int i = 0; i < 100000; i++) {
		struct diff d;
		struct diff back;

		make_random(&from);
		make_random(&to);
		d = diff_of(&from, &to, TYPE_A);
		back = diff_of(&to, &from, TYPE_A);
		assert_int_equal(d.n_added, back.n_removed);
		assert_int_equal(d.n_removed, back.n_added);
		assert_int_equal(d.chain_differs, back.chain_differs);
		if (from.c.outcome == OUTCOME_UNREADABLE &&
		    to.c.outcome == OUTCOME_UNREADABLE)
			assert_int_equal(d.kind, back.kind);
		else
			assert_int_equal(mirror[d.kind], back.kind);
		arena_reset(&arena);
	}
}

/* --- faults of others ------------------------------------------------------
 */

static void
shuffle(uint8_t list[][4], uint32_t n)
{
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t j = rand_below(i + 1);
		uint8_t keep[4];

		memcpy(keep, list[i], 4);
		memcpy(list[i], list[j], 4);
		memcpy(list[j], keep, 4);
	}
}

static void
test_diff_ignores_order_and_ttl_of_addresses_s_f1(void **state)
{
	uint8_t list[4][4] = {
	    {192, 0, 2, 1}, {192, 0, 2, 2}, {192, 0, 2, 3}, {198, 51, 100, 1}};
	uint8_t other[4][4];
	struct sample from;
	struct sample to;

	(void)state;
	start_seed(1);
	start(&from, OUTCOME_ANSWER);
	for (int i = 0; i < 4; i++)
		put(&from, TYPE_A, list[i], 4);
	memcpy(other, list, sizeof(list));
	for (int round = 0; round < 1000; round++) {
		shuffle(other, 4);
		start(&to, OUTCOME_ANSWER);
		for (int i = 0; i < 4; i++)
			put(&to, TYPE_A, other[i], 4);
		put(&to, TYPE_A, other[0], 4); /* and a duplicate */
		to.records[rand_below(4)].ttl = rand_below(300);
		assert_int_equal(to.c.n_records, 4);
		assert_int_equal(diff_of(&from, &to, TYPE_A).kind, KIND_NONE);
		arena_reset(&arena);
	}
}

static void
test_diff_names_the_added_fifth_address_s_f2(void **state)
{
	static const uint8_t list[4][4] = {
	    {192, 0, 2, 1}, {192, 0, 2, 2}, {192, 0, 2, 3}, {192, 0, 2, 200}};
	static const uint8_t rogue[4] = {192, 0, 2, 9};
	struct sample from;
	struct sample to;
	struct diff d;

	(void)state;
	start(&from, OUTCOME_ANSWER);
	for (int i = 0; i < 4; i++)
		put(&from, TYPE_A, list[i], 4);
	to = from;
	to.c.records = to.records;
	put(&to, TYPE_A, rogue, 4);
	d = diff_of(&from, &to, TYPE_A);
	assert_int_equal(d.kind, KIND_ADDED);
	assert_int_equal(d.n_added, 1);
	assert_int_equal(d.n_removed, 0);
	assert_memory_equal(d.added[0]->rdata, rogue, 4);
	d = diff_of(&to, &from, TYPE_A);
	assert_int_equal(d.kind, KIND_REMOVED);
	assert_memory_equal(d.removed[0]->rdata, rogue, 4);
}

static void
test_diff_names_the_added_second_mx_s_f2(void **state)
{
	struct sample from;
	struct sample to;
	struct diff d;

	(void)state;
	answer(&from, TYPE_MX, RNAMED("\0\12\4mail\7example"));
	answer(&to, TYPE_MX, RNAMED("\0\12\4mail\7example"));
	put(&to, TYPE_MX, RNAMED("\0\24\4evil\7example"));
	d = diff_of(&from, &to, TYPE_MX);
	assert_int_equal(d.kind, KIND_ADDED);
	assert_int_equal(d.n_added, 1);
	assert_int_equal(d.added[0]->rdata[1], 20);
	assert_int_equal(d.aspects, ASPECT_MAIL);
}

static void
test_diff_sees_a_move_inside_the_24_s_f5(void **state)
{
	struct sample from;
	struct sample to;
	struct diff d;

	(void)state;
	answer(&from, TYPE_A, RDATA("\xcb\0\x71\1"));
	answer(&to, TYPE_A, RDATA("\xcb\0\x71\2"));
	d = diff_of(&from, &to, TYPE_A);
	assert_int_equal(d.kind, KIND_REPLACED);
	assert_int_equal(d.n_added, 1);
	assert_int_equal(d.n_removed, 1);
	put(&from, TYPE_A, RDATA("\xcb\0\x71\3"));
	put(&to, TYPE_A, RDATA("\xcb\0\x71\3"));
	assert_int_equal(diff_of(&from, &to, TYPE_A).kind, KIND_MODIFIED);
}

/* S-F14: serial and timers are not in a content; MNAME and RNAME are. */
static void
test_diff_of_soa_tells_a_new_primary_from_a_new_mailbox(void **state)
{
	struct sample from;
	struct sample to;
	struct diff d;

	(void)state;
	answer(&from, TYPE_SOA, RNAMED("\2ns\7example\0\4root\7example"));
	answer(&to, TYPE_SOA, RNAMED("\2ns\7example\0\4root\7example"));
	assert_int_equal(diff_of(&from, &to, TYPE_SOA).kind, KIND_NONE);
	answer(&to, TYPE_SOA, RNAMED("\2ns\7example\0\4host\7example"));
	d = diff_of(&from, &to, TYPE_SOA);
	assert_int_equal(d.kind, KIND_REPLACED);
	assert_int_equal(d.aspects, 0);
	answer(&to, TYPE_SOA, RNAMED("\2n2\7example\0\4root\7example"));
	d = diff_of(&from, &to, TYPE_SOA);
	assert_int_equal(d.kind, KIND_REPLACED);
	assert_int_equal(d.aspects, ASPECT_DELEGATION);
}

/* --- kinds ------------------------------------------------------------------
 */

static void
test_R20_outcomes_have_their_kinds(void **state)
{
	struct sample some;
	struct sample none;
	struct sample gone;
	struct diff d;

	(void)state;
	answer(&some, TYPE_A, RDATA("\xcb\0\x71\1"));
	start(&none, OUTCOME_NODATA);
	start(&gone, OUTCOME_NXDOMAIN);
	d = diff_of(&some, &gone, TYPE_A);
	assert_int_equal(d.kind, KIND_VANISHED);
	assert_int_equal(d.n_removed, 1);
	assert_int_equal(d.aspects, 0);
	assert_int_equal(diff_of(&some, &none, TYPE_A).kind, KIND_VANISHED);
	d = diff_of(&gone, &some, TYPE_A);
	assert_int_equal(d.kind, KIND_APPEARED);
	assert_int_equal(d.n_added, 1);
	assert_int_equal(diff_of(&none, &some, TYPE_A).kind, KIND_APPEARED);
	assert_int_equal(diff_of(&none, &gone, TYPE_A).kind, KIND_OUTCOME);
	assert_int_equal(diff_of(&gone, &none, TYPE_A).kind, KIND_OUTCOME);
	assert_int_equal(diff_of(&gone, &gone, TYPE_A).kind, KIND_NONE);
}

/* R2: entering, leaving, another reason, other bytes. */
static void
test_diff_of_unreadable_answers_is_told_each_way(void **state)
{
	struct sample some;
	struct sample bad;
	struct sample worse;
	struct diff d;

	(void)state;
	answer(&some, TYPE_A, RDATA("\xcb\0\x71\1"));
	link_to(&some, "\1a\7example");
	start(&bad, OUTCOME_UNREADABLE);
	bad.c.reason = UNREADABLE_OVERSIZED;
	d = diff_of(&some, &bad, TYPE_A);
	assert_int_equal(d.kind, KIND_UNREADABLE);
	assert_int_equal(d.aspects, 0); /* the chain is unknown, not another */
	assert_int_equal(d.n_removed, 1);
	d = diff_of(&bad, &some, TYPE_A);
	assert_int_equal(d.kind, KIND_READABLE);
	assert_int_equal(d.n_added, 1);
	worse = bad;
	assert_int_equal(diff_of(&bad, &worse, TYPE_A).kind, KIND_NONE);
	worse.c.reason = UNREADABLE_RECORD;
	assert_int_equal(diff_of(&bad, &worse, TYPE_A).kind, KIND_UNREADABLE);
	worse = bad;
	worse.c.digest[31] = 1;
	assert_int_equal(diff_of(&bad, &worse, TYPE_A).kind, KIND_UNREADABLE);
}

static void
test_diff_of_a_repointed_alias_is_alias_r7(void **state)
{
	struct sample from;
	struct sample to;
	struct diff d;

	(void)state;
	answer(&from, TYPE_A, RDATA("\xcb\0\x71\1"));
	answer(&to, TYPE_A, RDATA("\xcb\0\x71\1"));
	link_to(&from, "\1a\7example");
	link_to(&to, "\1b\7example");
	d = diff_of(&from, &to, TYPE_A);
	assert_int_equal(d.kind, KIND_ALIAS);
	assert_true(d.chain_differs);
	assert_int_equal(d.n_added + d.n_removed, 0);
	assert_int_equal(d.aspects, 0);
	/* Both differ: the end records' kind, and the aspect. */
	answer(&to, TYPE_A, RDATA("\xcb\0\x71\2"));
	link_to(&to, "\1b\7example");
	d = diff_of(&from, &to, TYPE_A);
	assert_int_equal(d.kind, KIND_REPLACED);
	assert_int_equal(d.aspects, ASPECT_ALIAS);
	/* A link in between, or the order of two, counts. */
	answer(&to, TYPE_A, RDATA("\xcb\0\x71\1"));
	link_to(&to, "\1b\7example");
	link_to(&to, "\1a\7example");
	assert_int_equal(diff_of(&from, &to, TYPE_A).kind, KIND_ALIAS);
}

static void
test_diff_of_a_dangling_alias_says_so_r5(void **state)
{
	struct sample some;
	struct sample gone;
	struct sample other;
	struct diff d;

	(void)state;
	answer(&some, TYPE_A, RDATA("\xcb\0\x71\1"));
	link_to(&some, "\1a\7example");
	start(&gone, OUTCOME_NXDOMAIN);
	link_to(&gone, "\1a\7example");
	d = diff_of(&some, &gone, TYPE_A);
	assert_int_equal(d.kind, KIND_VANISHED);
	assert_int_equal(d.aspects, ASPECT_DANGLING);
	start(&other, OUTCOME_NXDOMAIN);
	link_to(&other, "\1b\7example");
	d = diff_of(&gone, &other, TYPE_A);
	assert_int_equal(d.kind, KIND_ALIAS);
	assert_int_equal(d.aspects, ASPECT_DANGLING);
	/* The name itself goes: not dangling. */
	start(&other, OUTCOME_NXDOMAIN);
	d = diff_of(&gone, &other, TYPE_A);
	assert_int_equal(d.kind, KIND_ALIAS);
	assert_int_equal(d.aspects, 0);
	/* NODATA behind the same alias that becomes NXDOMAIN. */
	other = gone;
	other.c.outcome = OUTCOME_NODATA;
	d = diff_of(&other, &gone, TYPE_A);
	assert_int_equal(d.kind, KIND_OUTCOME);
	assert_int_equal(d.aspects, ASPECT_DANGLING);
}

static void
test_diff_of_a_partial_answer_is_about_the_alias_r7(void **state)
{
	struct sample whole;
	struct sample part;
	struct sample other;
	struct diff d;

	(void)state;
	answer(&whole, TYPE_A, RDATA("\xcb\0\x71\1"));
	start(&part, OUTCOME_ANSWER);
	part.c.partial = true;
	link_to(&part, "\4edge\3cdn\7example");
	d = diff_of(&whole, &part, TYPE_A);
	assert_int_equal(d.kind, KIND_ALIAS); /* not "removed" */
	assert_int_equal(d.n_removed, 1);
	assert_int_equal(diff_of(&part, &whole, TYPE_A).kind, KIND_ALIAS);
	/* The same target, whose zone this server now has: a difference. */
	link_to(&whole, "\4edge\3cdn\7example");
	d = diff_of(&part, &whole, TYPE_A);
	assert_int_equal(d.kind, KIND_ALIAS);
	assert_int_equal(d.n_added, 1);
	other = part;
	other.c.chain = other.chain;
	assert_int_equal(diff_of(&part, &other, TYPE_A).kind, KIND_NONE);
	other.chain[0] = WIRE("\1b\7example");
	assert_int_equal(diff_of(&part, &other, TYPE_A).kind, KIND_ALIAS);
}

/* --- aspects -----------------------------------------------------------------
 */

static uint32_t
aspects_of_added(uint16_t type, const void *rdata, size_t size)
{
	struct sample from;
	struct sample to;

	start(&from, OUTCOME_NODATA);
	answer(&to, type, rdata, size);
	return diff_of(&from, &to, type).aspects;
}

static void
test_diff_of_mail_policy_is_mail(void **state)
{
	struct sample from;
	struct sample to;

	(void)state;
#define TXT(text) aspects_of_added(TYPE_TXT, RDATA(text))
	assert_int_equal(TXT("\13v=spf1 -all"), ASPECT_MAIL);
	assert_int_equal(TXT("\13V=SPF1 -ALL"), ASPECT_MAIL);
	assert_int_equal(TXT("\6v=spf1"), ASPECT_MAIL);
	assert_int_equal(TXT("\17v=DMARC1;p=none"), ASPECT_MAIL);
	assert_int_equal(TXT("\12v=dkim1;p="), ASPECT_MAIL);
	assert_int_equal(TXT("\15v=STSv1; id=1"), ASPECT_MAIL);
	/* A boundary hides nothing, an empty string neither. */
	assert_int_equal(TXT("\3v=s\0\10pf1 -all"), ASPECT_MAIL);
	assert_int_equal(TXT("\5v=spf"), 0);
	assert_int_equal(TXT("\7 v=spf1"), 0);
	assert_int_equal(TXT("\0"), 0);
	/* A length that lies stays inside the record. */
	assert_int_equal(TXT("\377v=sp"), 0);
#undef TXT
	/* A policy that stays is not touched by another TXT. */
	answer(&from, TYPE_TXT, RDATA("\13v=spf1 -all"));
	answer(&to, TYPE_TXT, RDATA("\13v=spf1 -all"));
	put(&to, TYPE_TXT, RDATA("\5hello"));
	assert_int_equal(diff_of(&from, &to, TYPE_TXT).aspects, 0);
	start(&to, OUTCOME_NODATA);
	assert_int_equal(diff_of(&from, &to, TYPE_TXT).aspects, ASPECT_MAIL);
}

static void
test_diff_of_delegation_is_delegation(void **state)
{
	struct sample none;
	struct sample gone;

	(void)state;
	assert_int_equal(aspects_of_added(TYPE_NS, RNAMED("\2ns\7example")),
	    ASPECT_DELEGATION);
	assert_int_equal(aspects_of_added(TYPE_DS, RDATA("\1\2\10\2abcd")),
	    ASPECT_DELEGATION);
	assert_int_equal(aspects_of_added(TYPE_SOA,
			     RNAMED("\2ns\7example\0\4root\7example")),
	    ASPECT_DELEGATION);
	/* Nothing was delegated before or after. */
	start(&none, OUTCOME_NODATA);
	start(&gone, OUTCOME_NXDOMAIN);
	assert_int_equal(diff_of(&none, &gone, TYPE_NS).aspects, 0);
	assert_int_equal(diff_of(&none, &gone, TYPE_SOA).aspects, 0);
	assert_int_equal(diff_of(&none, &gone, TYPE_MX).aspects, 0);
}

static void
test_diff_that_adds_a_private_address_says_so(void **state)
{
	struct sample from;
	struct sample to;

	(void)state;
	answer(&from, TYPE_A, RDATA("\x0a\0\0\1"));
	answer(&to, TYPE_A, RDATA("\xcb\0\x71\1"));
	assert_int_equal(diff_of(&to, &from, TYPE_A).aspects, ASPECT_PRIVATE);
	assert_int_equal(diff_of(&from, &to, TYPE_A).aspects, 0);
	assert_int_equal(aspects_of_added(TYPE_AAAA,
			     RDATA("\xfc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")),
	    ASPECT_PRIVATE);
}

/* --- words -------------------------------------------------------------------
 */

static void
test_kind_and_aspect_words_are_distinct_and_read_back(void **state)
{
	size_t size = 1;
	enum kind kind;

	(void)state;
	for (int i = KIND_APPEARED; i <= KIND_READABLE; i++) {
		assert_int_equal(kind_parse(kind_text((enum kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_not_equal(kind_parse("none", &kind), 0);
	assert_int_not_equal(kind_parse("Added", &kind), 0);
	assert_int_not_equal(kind_parse("", &kind), 0);
	for (unsigned i = 0; i < N_ASPECTS; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(aspect_text(i), aspect_text(j));
		size += strlen(aspect_text(i)) + 1;
	}
	assert_true(size <= ASPECTS_TEXT_SIZE);
	assert_int_equal(ASPECT_PLANNED, 1 << (N_ASPECTS - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_diff_applied_to_the_first_gives_the_second),
	    cmocka_unit_test(test_diff_is_empty_exactly_for_equal_contents),
	    cmocka_unit_test(test_diff_backwards_is_the_mirror_image),
	    cmocka_unit_test(test_diff_ignores_order_and_ttl_of_addresses_s_f1),
	    cmocka_unit_test(test_diff_names_the_added_fifth_address_s_f2),
	    cmocka_unit_test(test_diff_names_the_added_second_mx_s_f2),
	    cmocka_unit_test(test_diff_sees_a_move_inside_the_24_s_f5),
	    cmocka_unit_test(
		test_diff_of_soa_tells_a_new_primary_from_a_new_mailbox),
	    cmocka_unit_test(test_R20_outcomes_have_their_kinds),
	    cmocka_unit_test(test_diff_of_unreadable_answers_is_told_each_way),
	    cmocka_unit_test(test_diff_of_a_repointed_alias_is_alias_r7),
	    cmocka_unit_test(test_diff_of_a_dangling_alias_says_so_r5),
	    cmocka_unit_test(
		test_diff_of_a_partial_answer_is_about_the_alias_r7),
	    cmocka_unit_test(test_diff_of_mail_policy_is_mail),
	    cmocka_unit_test(test_diff_of_delegation_is_delegation),
	    cmocka_unit_test(test_diff_that_adds_a_private_address_says_so),
	    cmocka_unit_test(
		test_kind_and_aspect_words_are_distinct_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, drop_arena);
}
