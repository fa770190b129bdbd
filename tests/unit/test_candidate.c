/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A candidate is decided by its evidence and the time alone.  Tried arrow by
 * arrow of the picture in candidate.h, with sets of addresses written as
 * digits ("12" is two of them, "-" is NODATA, "!" NXDOMAIN), and by random
 * evidence in random order from a printed seed (SEED=n repeats one).
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
#include "judge/candidate.h"

enum { UDP = 0, TCP = 1, N_MAX = 32 };

#define T0 WALL_S(1000000)

static struct arena arena;

struct stage {
	struct candidate c;
	struct witness w[N_MAX];
	struct judgement j;
};

static int
drop_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static uint8_t digits[10][4];

static struct content *
blank(enum outcome outcome)
{
	struct content *c = arena_zero(&arena, sizeof(*c));

	assert_non_null(c);
	c->outcome = outcome;
	return c;
}

static const struct content *
set(const char *text)
{
	struct content *c;

	if (text[0] == '-')
		return blank(OUTCOME_NODATA);
	if (text[0] == '!')
		return blank(OUTCOME_NXDOMAIN);
	c = blank(OUTCOME_ANSWER);
	c->records = arena_zero(&arena, 10 * sizeof(*c->records));
	assert_non_null(c->records);
	for (int i = 0; i < 10; i++) {
		if (strchr(text, '0' + i) == NULL)
			continue;
		memcpy(digits[i], (uint8_t[]){198, 51, 100, (uint8_t)i}, 4);
		c->records[c->n_records++] = (struct record){
		    .type = TYPE_A, .size = 4, .rdata = digits[i]};
	}
	return c;
}

static const struct content *
via(const char *target, const char *text)
{
	struct content *c = blank(OUTCOME_ANSWER);
	const uint8_t **chain = arena_zero(&arena, sizeof(*chain));

	assert_non_null(chain);
	*c = *set(text);
	chain[0] = (const uint8_t *)target;
	c->chain = chain;
	c->n_chain = 1;
	return c;
}

static const struct content *
unreadable(enum unreadable reason, uint8_t digest)
{
	struct content *c = blank(OUTCOME_UNREADABLE);

	c->reason = reason;
	c->digest[0] = digest;
	return c;
}

static void
start_with(
    struct stage *s, const struct content *believed, enum proved required)
{
	*s = (struct stage){.c = {.believed = believed,
				.type = TYPE_A,
				.required = required,
				.deadline = T0 + WALL_S(10),
				.witnesses = s->w}};
}

static void
start(struct stage *s, const char *believed, enum proved required)
{
	start_with(s, set(believed), required);
}

/* A reply at T0 + at_ms whose source was asked at that time. */
static struct witness *
heard_content(struct stage *s, int at_ms, uint8_t server, uint8_t transport,
    const struct content *content)
{
	struct witness *w = &s->w[s->c.n_witnesses++];

	assert_true(s->c.n_witnesses <= N_MAX);
	*w = (struct witness){.at = T0 + WALL_MS(at_ms),
	    .last_at = T0 + WALL_MS(at_ms),
	    .fetched_after = T0 + WALL_MS(at_ms),
	    .count = 1,
	    .server = server,
	    .group = server,
	    .transport = transport,
	    .content = content};
	return w;
}

static struct witness *
heard(struct stage *s, int at_ms, uint8_t server, uint8_t transport,
    const char *text)
{
	return heard_content(s, at_ms, server, transport, set(text));
}

static struct witness *
failed(struct stage *s, int at_ms, uint8_t server)
{
	struct witness *w = heard_content(s, at_ms, server, UDP, NULL);

	w->fail = FAIL_TIMEOUT;
	return w;
}

static enum label
judged(struct stage *s, int at_ms)
{
	assert_int_equal(
	    candidate_judge(&s->c, T0 + WALL_MS(at_ms), &arena, &s->j), 0);
	return s->j.label;
}

/* --- confirmed ----------------------------------------------------------- */

static void
test_candidate_is_confirmed_by_another_group(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "2");
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	assert_int_equal(s.j.proved, PROVED_NOTHING);
	heard(&s, 20, 1, UDP, "2");
	assert_int_equal(judged(&s, 20), LABEL_CONFIRMED);
	assert_int_equal(s.j.proved, PROVED_CACHE);
	assert_int_equal(s.j.diff.kind, KIND_REPLACED);
	assert_true(s.j.added_confirmed[0]);
	assert_true(s.j.removed_confirmed[0]);
	assert_false(s.j.disagreed);
	assert_non_null(s.j.why);
}

static void
test_candidate_is_confirmed_by_the_path(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_PATH);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 5, 0, UDP, "2");
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	heard(&s, 20, 0, TCP, "2");
	assert_int_equal(judged(&s, 20), LABEL_CONFIRMED);
	assert_int_equal(s.j.proved, PROVED_PATH);
}

static void
test_candidate_is_confirmed_by_a_second_question_over_tls(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_PATH);
	heard(&s, 0, 0, WITNESS_TLS, "2");
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	s.w[0].count = 2;
	assert_int_equal(judged(&s, 20), LABEL_CONFIRMED);
	assert_int_equal(s.j.proved, PROVED_PATH);
	assert_non_null(strstr(s.j.why, "over TLS"));
}

static void
test_candidate_path_is_one_server_and_not_its_group(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_PATH);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 5, 1, TCP, "2")->group = 0;
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	assert_int_equal(s.j.proved, PROVED_NOTHING);
}

static void
test_candidate_two_servers_of_a_group_are_one_witness(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 5, 1, UDP, "2")->group = 0;
	assert_int_equal(judged(&s, 10), LABEL_NONE);
}

static void
test_candidate_a_cache_proves_more_than_the_path_wants(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_PATH);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 5, 1, UDP, "2");
	assert_int_equal(judged(&s, 10), LABEL_CONFIRMED);
	assert_int_equal(s.j.proved, PROVED_CACHE);
}

static void
test_candidate_weaker_proof_waits_and_is_shown_at_the_deadline(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 20, 0, TCP, "2");
	assert_int_equal(judged(&s, 9999), LABEL_NONE);
	assert_int_equal(judged(&s, 10000), LABEL_UNCONFIRMED);
	assert_int_equal(s.j.proved, PROVED_PATH);
	assert_false(s.j.added_confirmed[0]);
}

static void
test_candidate_without_a_clock_waits_for_ever(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	s.c.deadline = 0;
	heard(&s, 0, 0, UDP, "2");
	assert_int_equal(judged(&s, 1000000000), LABEL_NONE);
}

static void
test_candidate_fails_are_no_evidence(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "2");
	failed(&s, 10, 1);
	failed(&s, 20, 0);
	assert_int_equal(judged(&s, 30), LABEL_NONE);
	assert_int_equal(judged(&s, 10000), LABEL_UNCONFIRMED);
	assert_false(s.j.disagreed);
	assert_int_equal(s.j.to_witness, 0);
}

static void
test_candidate_of_fails_alone_is_nothing(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	failed(&s, 0, 0);
	assert_int_equal(judged(&s, 20000), LABEL_NONE);
	assert_null(s.j.to);
}

/* --- element by element (R12) -------------------------------------------- */

static void
test_candidate_rotating_sets_are_proved_by_element(void **state)
{
	struct stage s;

	(void)state;
	/* No two sets are equal; each new address was in two groups. */
	start(&s, "12", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "34");
	heard(&s, 10, 1, UDP, "45");
	assert_int_equal(judged(&s, 20), LABEL_NONE);
	heard(&s, 20, 0, UDP, "35");
	heard(&s, 30, 1, UDP, "36");
	heard(&s, 40, 0, TCP, "3");
	assert_int_equal(judged(&s, 40), LABEL_CONFIRMED);
}

static void
test_candidate_names_the_element_that_is_not_proved(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "12");
	heard(&s, 10, 1, UDP, "129");
	assert_int_equal(judged(&s, 20), LABEL_NONE);
	assert_int_equal(judged(&s, 10000), LABEL_UNCONFIRMED);
	assert_int_equal(s.j.diff.n_added, 2);
	assert_true(s.j.added_confirmed[0]);
	assert_false(s.j.added_confirmed[1]);
}

static void
test_candidate_removal_is_confirmed_like_addition(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "12", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "1");
	heard(&s, 10, 1, UDP, "12");
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	assert_true(s.j.disagreed);
	assert_int_equal(s.j.diff.kind, KIND_REMOVED);
	assert_false(s.j.removed_confirmed[0]);
	heard(&s, 20, 2, UDP, "13");
	heard(&s, 30, 0, TCP, "1");
	assert_int_equal(judged(&s, 30), LABEL_CONFIRMED);
	assert_true(s.j.removed_confirmed[0]);
}

static void
test_candidate_an_unreadable_answer_lacks_nothing(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "12", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "1");
	heard_content(&s, 10, 1, UDP, unreadable(UNREADABLE_OVERSIZED, 1));
	heard(&s, 20, 0, UDP, "1");
	assert_int_equal(judged(&s, 30), LABEL_NONE);
}

static void
test_candidate_outcome_is_an_element_too(void **state)
{
	struct stage s;

	(void)state;
	/* NODATA at the other group lacks the record, but is no NXDOMAIN. */
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "!");
	heard(&s, 10, 1, UDP, "-");
	heard(&s, 20, 0, TCP, "!");
	assert_int_equal(judged(&s, 30), LABEL_NONE);
	assert_true(s.j.removed_confirmed[0]);
	heard(&s, 40, 1, UDP, "!");
	heard(&s, 50, 0, TCP, "!");
	assert_int_equal(judged(&s, 50), LABEL_CONFIRMED);
}

static void
test_candidate_chain_is_an_element_too(void **state)
{
	struct stage s;

	(void)state;
	start_with(&s, via("\1a\7example", "1"), PROVED_CACHE);
	heard_content(&s, 0, 0, UDP, via("\1b\7example", "1"));
	heard_content(&s, 10, 1, UDP, via("\1c\7example", "1"));
	heard_content(&s, 20, 0, TCP, via("\1b\7example", "1"));
	assert_int_equal(judged(&s, 30), LABEL_NONE);
	assert_int_equal(s.j.diff.kind, KIND_ALIAS);
	heard_content(&s, 40, 1, UDP, via("\1B\7example", "1"));
	heard_content(&s, 50, 0, TCP, via("\1b\7example", "1"));
	assert_int_equal(judged(&s, 50), LABEL_CONFIRMED);
}

/* What the user saw: a padded RRset stayed unconfirmed though all said so. */
static void
test_candidate_entering_unreadable_can_be_confirmed(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "12", PROVED_CACHE);
	heard_content(&s, 0, 0, UDP, unreadable(UNREADABLE_OVERSIZED, 1));
	heard_content(&s, 9, 1, UDP, unreadable(UNREADABLE_OVERSIZED, 1));
	assert_int_equal(judged(&s, 10), LABEL_CONFIRMED);
	assert_int_equal(s.j.diff.kind, KIND_UNREADABLE);
}

/* A changed digest was "confirmed" by who still gave the believed one. */
static void
test_candidate_the_believed_digest_proves_no_other(void **state)
{
	struct stage s;

	(void)state;
	start_with(&s, unreadable(UNREADABLE_OVERSIZED, 1), PROVED_CACHE);
	heard_content(&s, 0, 0, UDP, unreadable(UNREADABLE_OVERSIZED, 2));
	heard_content(&s, 9, 1, UDP, unreadable(UNREADABLE_OVERSIZED, 1));
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	assert_true(s.j.disagreed);
}

/* --- refuted ------------------------------------------------------------- */

static void
test_candidate_is_refuted_by_its_group_from_a_later_fetch(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 2200, 0, TCP, "1")->fetched_after = T0 + WALL_MS(1200);
	assert_int_equal(judged(&s, 2200), LABEL_TRANSIENT);
	assert_int_equal(s.j.to_witness, 0);
	assert_int_equal(s.j.diff.n_added, 1);
}

static void
test_candidate_another_server_of_the_group_refutes_too(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 2200, 5, UDP, "1")->group = 0;
	assert_int_equal(judged(&s, 2200), LABEL_TRANSIENT);
}

static void
test_candidate_an_older_cache_entry_refutes_nothing(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	/* Not later, and just not later. */
	heard(&s, 5000, 0, TCP, "1")->fetched_after = T0 - WALL_S(60);
	assert_int_equal(judged(&s, 5000), LABEL_NONE);
	s.w[1].fetched_after = T0;
	assert_int_equal(judged(&s, 5000), LABEL_NONE);
	assert_true(s.j.disagreed);
	s.w[1].fetched_after = T0 + 1;
	assert_int_equal(judged(&s, 5000), LABEL_TRANSIENT);
}

static void
test_candidate_another_group_disagrees_and_does_not_refute(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 5000, 1, UDP, "1");
	assert_int_equal(judged(&s, 5000), LABEL_NONE);
	assert_int_equal(judged(&s, 10000), LABEL_UNCONFIRMED);
	assert_true(s.j.disagreed);
}

static void
test_candidate_every_group_that_differed_must_take_it_back(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "8");
	heard(&s, 10, 1, UDP, "9");
	heard(&s, 2000, 0, UDP, "1");
	assert_int_equal(judged(&s, 2000), LABEL_NONE);
	heard(&s, 2100, 1, UDP, "1");
	assert_int_equal(judged(&s, 2100), LABEL_TRANSIENT);
}

static void
test_candidate_a_difference_after_the_refutal_stands(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 2000, 0, UDP, "1");
	heard(&s, 4000, 0, UDP, "9");
	assert_int_equal(judged(&s, 4000), LABEL_NONE);
	/* Likewise a run that went on past the refutal. */
	s.c.n_witnesses = 2;
	s.w[0].last_at = T0 + WALL_MS(3000);
	assert_int_equal(judged(&s, 4000), LABEL_NONE);
}

static void
test_candidate_a_short_hijack_that_two_groups_saw_is_transient(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 1, 1, UDP, "9");
	assert_int_equal(judged(&s, 2), LABEL_CONFIRMED);
	heard(&s, 3000, 0, UDP, "1");
	heard(&s, 3000, 1, UDP, "1");
	assert_int_equal(judged(&s, 3000), LABEL_TRANSIENT);
	assert_true(s.j.added_confirmed[0]);
}

/* --- stale --------------------------------------------------------------- */

static void
test_candidate_stale_replies_count_for_nothing(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "9");
	heard(&s, 10, 1, UDP, "9")->stale = true; /* would confirm */
	assert_int_equal(judged(&s, 10), LABEL_NONE);
	heard(&s, 5000, 0, TCP, "1")->stale = true; /* would refute */
	assert_int_equal(judged(&s, 5000), LABEL_NONE);
	assert_false(s.j.disagreed);
	heard(&s, 6000, 0, UDP, "8")->stale = true; /* would be `to` */
	assert_int_equal(judged(&s, 6000), LABEL_NONE);
	assert_int_equal(s.j.to_witness, 0);
	assert_int_equal(judged(&s, 10000), LABEL_UNCONFIRMED);
}

/* --- what it is about ---------------------------------------------------- */

static void
test_candidate_to_is_the_last_that_differs(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 10, 1, UDP, "3");
	heard(&s, 20, 2, UDP, "1");
	judged(&s, 20);
	assert_int_equal(s.j.to_witness, 1);
	assert_ptr_equal(s.j.to, s.w[1].content);
	/* A run that went on counts by its end. */
	s.w[0].last_at = T0 + WALL_MS(30);
	judged(&s, 30);
	assert_int_equal(s.j.to_witness, 0);
}

static void
test_candidate_told_looks_for_its_own_proof_only(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "1", PROVED_CACHE);
	s.c.told = set("2");
	heard(&s, 0, 0, UDP, "2");
	heard(&s, 20000, 1, UDP, "3");
	heard(&s, 20001, 2, UDP, "3");
	assert_int_not_equal(judged(&s, 20001), LABEL_CONFIRMED);
	assert_int_equal(s.j.to_witness, 0);
	heard(&s, 30000, 1, UDP, "2");
	assert_int_equal(judged(&s, 30000), LABEL_CONFIRMED);
	assert_true(content_equal(s.j.to, s.c.told));
}

static void
test_candidate_texts_are_those_of_the_contract(void **state)
{
	(void)state;
	assert_string_equal(label_text(LABEL_NONE), "none");
	assert_string_equal(label_text(LABEL_CONFIRMED), "confirmed");
	assert_string_equal(label_text(LABEL_UNCONFIRMED), "unconfirmed");
	assert_string_equal(label_text(LABEL_TRANSIENT), "transient");
	assert_string_equal(proved_text(PROVED_NOTHING), "none");
	assert_string_equal(proved_text(PROVED_PATH), "path");
	assert_string_equal(proved_text(PROVED_CACHE), "cache");
}

/* --- fetched after ------------------------------------------------------- */

static void
test_candidate_fetched_after_is_now_for_an_authority(void **state)
{
	(void)state;
	assert_int_equal(candidate_fetched_after(T0, true, 3600, 10), T0);
}

static void
test_candidate_fetched_after_counts_the_age_and_a_second(void **state)
{
	(void)state;
	assert_int_equal(
	    candidate_fetched_after(T0, false, 300, 300), T0 - WALL_S(1));
	assert_int_equal(
	    candidate_fetched_after(T0, false, 300, 290), T0 - WALL_S(11));
	assert_int_equal(
	    candidate_fetched_after(T0, false, 300, 0), T0 - WALL_S(301));
	/* A larger TTL than any before: fetched now. */
	assert_int_equal(
	    candidate_fetched_after(T0, false, 300, 900), T0 - WALL_S(1));
	assert_int_equal(candidate_fetched_after(T0, false, UINT32_MAX, 0),
	    T0 - WALL_S((wall_us)UINT32_MAX) - WALL_S(1));
}

/* --- rotating (R22) ------------------------------------------------------ */

static void
test_candidate_rotating_needs_three_sets_and_known_elements(void **state)
{
	static const bool seen[] = {true, true, true};
	static const bool news[] = {true, false, true};
	struct diff d = {.kind = KIND_MODIFIED};

	(void)state;
	assert_true(candidate_is_rotating(3, &d, seen, 3));
	assert_false(candidate_is_rotating(2, &d, seen, 3));
	assert_false(candidate_is_rotating(9, &d, news, 3));
	assert_false(candidate_is_rotating(9, &d, NULL, 0));
}

static void
test_candidate_rotating_is_of_answers_only(void **state)
{
	static const bool seen[] = {true};
	static const enum kind yes[] = {
	    KIND_ADDED, KIND_REMOVED, KIND_MODIFIED, KIND_REPLACED, KIND_ALIAS};
	static const enum kind no[] = {KIND_NONE, KIND_APPEARED, KIND_VANISHED,
	    KIND_OUTCOME, KIND_UNREADABLE, KIND_READABLE};
	struct diff d = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		d.kind = yes[i];
		assert_true(candidate_is_rotating(3, &d, seen, 1));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		d.kind = no[i];
		assert_false(candidate_is_rotating(3, &d, seen, 1));
	}
}

/* --- properties ---------------------------------------------------------- */

static void
random_evidence(struct stage *s)
{
	static const char *const sets[] = {"1", "2", "12", "3", "-", "!"};
	uint32_t n = 1 + rand_below(8);

	start(
	    s, sets[rand_below(6)], rand_below(2) ? PROVED_CACHE : PROVED_PATH);
	for (uint32_t i = 0; i < n; i++) {
		struct witness *w;
		int at = (int)(1000 * i);

		if (rand_below(5) == 0) {
			failed(s, at, (uint8_t)rand_below(3));
			continue;
		}
		w = heard(s, at, (uint8_t)rand_below(3),
		    rand_below(2) ? TCP : UDP, sets[rand_below(6)]);
		w->stale = rand_below(8) == 0;
		if (rand_below(2) == 0)
			w->fetched_after -= WALL_MS(rand_below(4000));
	}
}

static void
shuffle(struct stage *s)
{
	for (size_t i = s->c.n_witnesses; i > 1; i--) {
		size_t k = rand_below((uint32_t)i);
		struct witness w = s->w[k];

		s->w[k] = s->w[i - 1];
		s->w[i - 1] = w;
	}
}

/* The witnesses as a set decide, and the deadline only turns waiting. */
static void
test_candidate_depends_on_nothing_but_evidence_and_time(void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (int i = 0; i < 20000; i++) {
		struct stage s;
		enum label before;
		enum label at_last;

		random_evidence(&s);
		before = judged(&s, 9999);
		assert_int_equal(judged(&s, 9999), before);
		shuffle(&s);
		assert_int_equal(judged(&s, 9999), before);
		at_last = judged(&s, 10000);
		if (s.j.to == NULL)
			assert_int_equal(at_last, LABEL_NONE);
		else if (before == LABEL_NONE)
			assert_int_equal(at_last, LABEL_UNCONFIRMED);
		else
			assert_int_equal(at_last, before);
		if (at_last == LABEL_CONFIRMED)
			assert_true(s.j.proved >= s.c.required);
		arena_reset(&arena);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, drop_arena)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_candidate_is_confirmed_by_another_group),
	    TEST(test_candidate_is_confirmed_by_the_path),
	    TEST(test_candidate_is_confirmed_by_a_second_question_over_tls),
	    TEST(test_candidate_path_is_one_server_and_not_its_group),
	    TEST(test_candidate_two_servers_of_a_group_are_one_witness),
	    TEST(test_candidate_a_cache_proves_more_than_the_path_wants),
	    TEST(
		test_candidate_weaker_proof_waits_and_is_shown_at_the_deadline),
	    TEST(test_candidate_without_a_clock_waits_for_ever),
	    TEST(test_candidate_fails_are_no_evidence),
	    TEST(test_candidate_of_fails_alone_is_nothing),
	    TEST(test_candidate_rotating_sets_are_proved_by_element),
	    TEST(test_candidate_names_the_element_that_is_not_proved),
	    TEST(test_candidate_removal_is_confirmed_like_addition),
	    TEST(test_candidate_an_unreadable_answer_lacks_nothing),
	    TEST(test_candidate_outcome_is_an_element_too),
	    TEST(test_candidate_chain_is_an_element_too),
	    TEST(test_candidate_entering_unreadable_can_be_confirmed),
	    TEST(test_candidate_the_believed_digest_proves_no_other),
	    TEST(test_candidate_is_refuted_by_its_group_from_a_later_fetch),
	    TEST(test_candidate_another_server_of_the_group_refutes_too),
	    TEST(test_candidate_an_older_cache_entry_refutes_nothing),
	    TEST(test_candidate_another_group_disagrees_and_does_not_refute),
	    TEST(test_candidate_every_group_that_differed_must_take_it_back),
	    TEST(test_candidate_a_difference_after_the_refutal_stands),
	    TEST(
		test_candidate_a_short_hijack_that_two_groups_saw_is_transient),
	    TEST(test_candidate_stale_replies_count_for_nothing),
	    TEST(test_candidate_to_is_the_last_that_differs),
	    TEST(test_candidate_told_looks_for_its_own_proof_only),
	    TEST(test_candidate_texts_are_those_of_the_contract),
	    TEST(test_candidate_fetched_after_is_now_for_an_authority),
	    TEST(test_candidate_fetched_after_counts_the_age_and_a_second),
	    TEST(test_candidate_rotating_needs_three_sets_and_known_elements),
	    TEST(test_candidate_rotating_is_of_answers_only),
	    TEST(test_candidate_depends_on_nothing_but_evidence_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
