/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What several lists say of a question is one policy: the shortest interval,
 * the union of tags and lists, the stricter proof; and what says the same is
 * the same policy, in whatever order the lists are read.  Tried claim by claim
 * and with random watches merged in random order from a printed seed (SEED=n
 * repeats one).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/rand.h"
#include "daemon/monitor/say_priv.h"
#include "daemon/monitor/table.h"
#include "dns/attribute.h"

static struct table *table;

static int
make_table(void **state)
{
	(void)state;
	table = table_new();
	return table == NULL;
}

static int
drop_table(void **state)
{
	(void)state;
	table_free(table);
	return 0;
}

static const struct policy *
get(uint32_t id)
{
	assert_int_not_equal(id, POLICY_NONE);
	return policy_get(table, id);
}

static struct watch
watch_of(const char *list, uint32_t every_s)
{
	return (struct watch){.list = list, .every_s = every_s};
}

static uint32_t
tagged(const char *list, uint32_t every_s, const char *tag)
{
	struct watch w = watch_of(list, every_s);

	w.tags = &tag;
	w.n_tags = 1;
	return policy_of(table, &w, w.every_s);
}

static uint32_t
proving(const char *list, enum proof proof)
{
	struct watch w = watch_of(list, 60);

	w.confirm = proof;
	return policy_of(table, &w, w.every_s);
}

static void
check_texts(const char *const *texts, size_t n, const char *want)
{
	char all[256] = "";

	for (size_t i = 0; i < n; i++) {
		strcat(all, i == 0 ? "" : ",");
		strcat(all, texts[i]);
	}
	assert_string_equal(all, want);
}

static void
test_policy_keeps_what_the_watch_says(void **state)
{
	const char *tags[] = {"a", "owned"};
	struct watch w = {.list = "mine",
	    .every_s = 90,
	    .tags = tags,
	    .n_tags = 2,
	    .owner = "web-team",
	    .runbook = "https://wiki.example.com/dns",
	    .confirm = PROOF_PATH};
	const struct policy *p = get(policy_of(table, &w, w.every_s));

	(void)state;
	tags[0] = "z"; /* all was borrowed for the call */
	assert_int_equal(p->every_s, 90);
	assert_int_equal(p->confirm, PROOF_PATH);
	assert_string_equal(p->owner, "web-team");
	assert_string_equal(p->runbook, "https://wiki.example.com/dns");
	check_texts(p->tags, p->n_tags, "a,owned");
	check_texts(p->lists, p->n_lists, "mine");
	assert_true(p->owned);
	assert_false(p->hostile);
	assert_int_equal(p->class_, CLASS_NONE);
}

static void
test_policy_that_says_the_same_is_the_same(void **state)
{
	uint32_t a = tagged("mine", 60, "owned");

	(void)state;
	assert_int_equal(tagged("mine", 60, "owned"), a);
	assert_int_not_equal(tagged("mine", 61, "owned"), a);
	assert_int_not_equal(tagged("mine", 60, "ownee"), a);
	assert_int_not_equal(tagged("mine2", 60, "owned"), a);
	assert_int_not_equal(
	    proving("mine", PROOF_CACHE), proving("mine", PROOF_PATH));
}

/*
 * What a list says in turn is remembered: each of these differs in one thing
 * from the first, and all of them come round twice.
 */
static void
test_policy_that_differs_in_one_thing_is_another(void **state)
{
	static const char *tags[] = {"a", "b"};
	static const char *other[] = {"a", "c"};
	const struct watch first = {.list = "mine",
	    .every_s = 60,
	    .owner = "team",
	    .runbook = "https://wiki.example.com/dns",
	    .tags = tags,
	    .n_tags = 2};
	static const char *hostile[] = {"hostile"};
	static const struct watch_source sources[] = {{.name = "feed"},
	    {.name = "feeds"}, {.name = "feed", .url = "x"},
	    {.name = "feed", .has_confidence = true},
	    {.name = "feed", .has_confidence = true, .confidence = 1},
	    {.name = "feed", .tlp = TLP_RED}, {.name = "feed", .until = 1},
	    {.name = "feed", .first_reported = 1}};
	enum { N_PLAIN = 18, N = N_PLAIN + 8 };
	struct watch w[N];
	uint32_t ids[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		w[i] = first;
	w[1].every_s = 61;
	w[2].confirm = PROOF_CACHE;
	w[3].attributes = 1u << ATTRIBUTE_TTL;
	w[4].owner = NULL;
	w[5].owner = "";
	w[6].runbook = "HTTPS://wiki.example.com/dns";
	w[7].list = "mind";
	w[8].tags = other;
	w[9].n_tags = 1;
	w[10].chase = true;
	w[11].tags = w[12].tags = hostile;
	w[11].n_tags = w[12].n_tags = 1;
	w[12].direct = true;
	w[13].tell_baseline = true;
	w[14].idle_after_s = w[15].idle_after_s = 86400;
	w[14].idle_every_s = 3600;
	w[15].idle_every_s = 7200;
	w[16].first_s = 7200;
	w[17].first_s = WATCH_FIRST_SPREAD;
	for (size_t i = N_PLAIN; i < N; i++)
		w[i].source = &sources[i - N_PLAIN];
	for (size_t i = 0; i < N; i++) {
		ids[i] = policy_of(table, &w[i], w[i].every_s);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(ids[i], ids[k]);
	}
	for (size_t i = 0; i < N; i++)
		assert_int_equal(policy_of(table, &w[i], w[i].every_s), ids[i]);
}

/* A text in another place is another policy. */
static void
test_policy_attributes_know_which_text_is_which(void **state)
{
	struct watch w = watch_of("x", 60);
	uint64_t owner;
	uint64_t runbook;

	(void)state;
	w.owner = "x";
	owner = get(policy_of(table, &w, w.every_s))->attributes;
	w.owner = NULL;
	w.runbook = "x";
	runbook = get(policy_of(table, &w, w.every_s))->attributes;
	assert_true(owner != runbook);
	assert_true(get(tagged("b", 60, "a"))->attributes !=
		    get(tagged("a", 60, "b"))->attributes);
}

/* They are stored, so that a restart sees what changed. */
static void
test_policy_attributes_are_the_same_in_every_process(void **state)
{
	struct table *other = table_new();
	const char *tag = "owned";
	struct watch w = {
	    .list = "mine", .every_s = 60, .tags = &tag, .n_tags = 1};

	(void)state;
	assert_true(
	    get(policy_of(table, &w, w.every_s))->attributes ==
	    policy_get(other, policy_of(other, &w, w.every_s))->attributes);
	table_free(other);
}

static void
test_policy_merge_takes_the_shorter_interval_and_the_union(void **state)
{
	uint32_t a = tagged("mine", 300, "owned");
	uint32_t b = tagged("theirs", 10, "hostile");
	const struct policy *p = get(policy_merge(table, a, b));

	(void)state;
	assert_int_equal(p->every_s, 10);
	check_texts(p->tags, p->n_tags, "hostile,owned");
	check_texts(p->lists, p->n_lists, "mine,theirs");
	assert_true(p->owned);
	assert_true(p->hostile);
	/* The merged ones are as they were. */
	assert_int_equal(get(a)->every_s, 300);
	check_texts(get(a)->tags, get(a)->n_tags, "owned");
}

static void
test_policy_merge_takes_the_first_owner_and_runbook(void **state)
{
	struct watch w = watch_of("a", 60);
	struct watch v = watch_of("b", 60);
	const struct policy *p;

	(void)state;
	v.owner = "late";
	v.runbook = "late";
	w.runbook = "early";
	p = get(policy_merge(table, policy_of(table, &w, w.every_s),
	    policy_of(table, &v, v.every_s)));
	assert_string_equal(p->owner, "late");
	assert_string_equal(p->runbook, "early");
}

static enum proof
merged_proof(enum proof a, enum proof b)
{
	enum proof one =
	    get(policy_merge(table, proving("a", a), proving("b", b)))->confirm;
	enum proof two =
	    get(policy_merge(table, proving("b", b), proving("a", a)))->confirm;

	assert_int_equal(one, two);
	return one;
}

/* `best` with two groups is `cache`: a `path` beside it must not weaken it. */
static void
test_policy_merge_takes_the_stricter_proof(void **state)
{
	(void)state;
	assert_int_equal(merged_proof(PROOF_PATH, PROOF_CACHE), PROOF_CACHE);
	assert_int_equal(merged_proof(PROOF_BEST, PROOF_CACHE), PROOF_CACHE);
	assert_int_equal(merged_proof(PROOF_BEST, PROOF_PATH), PROOF_BEST);
	assert_int_equal(merged_proof(PROOF_PATH, PROOF_PATH), PROOF_PATH);
	assert_int_equal(merged_proof(PROOF_CACHE, PROOF_SOURCE), PROOF_SOURCE);
	assert_int_equal(merged_proof(PROOF_BEST, PROOF_SOURCE), PROOF_SOURCE);
	assert_int_equal(
	    merged_proof(PROOF_SOURCE, PROOF_NEXT_POLL), PROOF_NEXT_POLL);
}

static uint32_t
direct(const char *list, const char *tag, enum proof proof, bool is_direct)
{
	struct watch w = watch_of(list, 60);

	w.tags = &tag;
	w.n_tags = 1;
	w.confirm = proof;
	w.direct = is_direct;
	return policy_of(table, &w, w.every_s);
}

/* T16: what is not hostile needs no leave, and gives none for what is. */
static void
test_policy_is_direct_when_a_hostile_watch_says_so(void **state)
{
	uint32_t a = direct("a", "hostile", PROOF_BEST, false);
	uint32_t b = direct("b", "hostile", PROOF_SOURCE, true);
	uint32_t c = direct("c", "owned", PROOF_SOURCE, true);
	uint32_t d = direct("d", "owned", PROOF_SOURCE, false);
	const struct policy *p;
	uint64_t attributes;

	(void)state;
	assert_false(get(a)->direct);
	assert_true(get(b)->direct);
	assert_false(get(c)->direct);
	attributes = get(a)->attributes;
	assert_true(get(direct("a", "hostile", PROOF_BEST, true))->attributes !=
		    attributes);
	p = get(policy_merge(table, a, b));
	assert_true(p->direct && !p->discreet);
	assert_int_equal(p->confirm, PROOF_SOURCE);
	for (int i = 0; i < 4; i++) {
		uint32_t other = i % 2 == 0 ? c : d;

		p = get(i < 2 ? policy_merge(table, a, other)
			      : policy_merge(table, other, a));
		assert_true(p->hostile);
		assert_false(p->direct);
		assert_true(p->discreet);
	}
	assert_true(
	    get(policy_only(table, policy_merge(table, a, b), "a"))->direct);
	assert_false(get(policy_merge(table, c, d))->discreet);
}

static void
test_policy_merge_with_none_is_the_other(void **state)
{
	uint32_t a = tagged("mine", 60, "owned");

	(void)state;
	assert_int_equal(policy_merge(table, POLICY_NONE, a), a);
	assert_int_equal(policy_merge(table, a, POLICY_NONE), a);
	assert_int_equal(policy_merge(table, a, a), a);
	assert_int_equal(
	    policy_merge(table, POLICY_NONE, POLICY_NONE), POLICY_NONE);
}

static void
test_policy_only_keeps_what_one_list_says(void **state)
{
	uint32_t a = tagged("mine", 300, "owned");
	uint32_t b = tagged("theirs", 10, "hostile");
	uint32_t both = policy_merge(table, a, b);
	const struct policy *p = get(policy_only(table, both, "theirs"));

	(void)state;
	check_texts(p->lists, p->n_lists, "theirs");
	assert_int_equal(p->every_s, 10);
	assert_int_equal(policy_only(table, a, "theirs"), POLICY_NONE);
	assert_int_equal(policy_only(table, a, "min"), POLICY_NONE);
	assert_int_equal(policy_only(table, a, "mine"), a);
	assert_int_equal(policy_only(table, POLICY_NONE, "mine"), POLICY_NONE);
}

static void
test_policy_class_stays_with_it(void **state)
{
	uint32_t a = tagged("mine", 60, "owned");

	(void)state;
	policy_set_class(table, a, 7);
	assert_int_equal(get(tagged("mine", 60, "owned"))->class_, 7);
	assert_int_equal(get(tagged("other", 60, "owned"))->class_, CLASS_NONE);
}

static void
test_policy_thousands_are_all_found_again(void **state)
{
	static uint32_t ids[5000];
	char tag[16];

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(tag, sizeof(tag), "t%u", i);
		ids[i] = tagged("mine", 60, tag);
		assert_int_equal(ids[i], i);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(tag, sizeof(tag), "t%u", i);
		assert_int_equal(tagged("mine", 60, tag), ids[i]);
		check_texts(get(i)->tags, get(i)->n_tags, tag);
	}
}

/* --- any order ------------------------------------------------------------ */

static uint32_t
random_watch(void)
{
	static const char *const lists[] = {"a", "b", "c", "d"};
	static const char *const all[] = {"hostile", "owned", "x", "y"};
	const char *tags[4];
	struct watch w = watch_of(lists[rand_below(4)], 1 + rand_below(5));

	for (size_t i = 0; i < 4; i++) {
		if (rand_below(2) == 0)
			tags[w.n_tags++] = all[i];
	}
	w.tags = tags;
	w.confirm = (enum proof)rand_below(4);
	w.direct = rand_below(2) == 0;
	return policy_of(table, &w, w.every_s);
}

static void
test_policy_merges_in_any_order_to_the_same(void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (int round = 0; round < 5000; round++) {
		uint32_t ids[5];
		uint32_t forth = POLICY_NONE;
		uint32_t back = POLICY_NONE;

		for (size_t i = 0; i < 5; i++) {
			ids[i] = random_watch();
			forth = policy_merge(table, forth, ids[i]);
		}
		for (size_t i = 5; i > 0; i--)
			back = policy_merge(table, ids[i - 1], back);
		assert_int_equal(forth, back);
		assert_int_equal(policy_merge(table, forth, ids[2]), forth);
	}
}

/* R6: what any list asks to be told of is told; and the set tells policies
 * apart. */
static void
test_policy_attributes_of_events_are_the_union(void **state)
{
	struct watch w = watch_of("mine", 60);
	uint32_t none = policy_of(table, &w, w.every_s);
	uint32_t ttl;
	uint32_t both;

	(void)state;
	w.attributes = 1u << ATTRIBUTE_TTL;
	ttl = policy_of(table, &w, w.every_s);
	w.attributes = 1u << ATTRIBUTE_ORDER;
	both = policy_merge(table, ttl, policy_of(table, &w, w.every_s));
	assert_int_not_equal(none, ttl);
	assert_int_equal(get(none)->told_attributes, 0);
	assert_int_equal(get(both)->told_attributes,
	    1u << ATTRIBUTE_TTL | 1u << ATTRIBUTE_ORDER);
	assert_int_equal(policy_merge(table, none, both), both);
	assert_int_equal(get(policy_only(table, ttl, "mine"))->told_attributes,
	    1u << ATTRIBUTE_TTL);
}

static uint32_t
from(const char *list, const char *source, uint8_t confidence, enum tlp tlp)
{
	const struct watch_source says = {.name = source,
	    .has_confidence = confidence != 0,
	    .confidence = confidence,
	    .tlp = tlp};
	struct watch w = watch_of(list, 60);

	w.source = &says; /* borrowed for the call */
	return policy_of(table, &w, w.every_s);
}

static void
check_sources(uint32_t policy, const char *want)
{
	struct buf got = {0};
	struct emit j;

	emit_start(&j, &got);
	emit_object(&j, NULL);
	say_put_policy(&j, get(policy));
	emit_object_end(&j);
	assert_string_equal(buf_text(&got), want);
	buf_fini(&got);
}

static void
test_policy_sleeps_only_while_all_lists_let_it(void **state)
{
	uint32_t plain = tagged("a", 60, "t");
	uint32_t asleep = policy_asleep(table, plain);
	uint32_t other = policy_asleep(table, tagged("b", 60, "t"));

	(void)state;
	assert_int_not_equal(asleep, plain);
	assert_int_equal(policy_asleep(table, asleep), asleep);
	assert_true(get(policy_merge(table, asleep, other))->sleeps);
	assert_true(get(policy_only(table, other, "b"))->sleeps);
	assert_false(get(policy_merge(table, plain, other))->sleeps);
	assert_int_equal(policy_merge(table, asleep, plain), plain);
}

static uint32_t
idling(const char *list, uint32_t every_s, uint32_t after_s, uint32_t idle_s)
{
	struct watch w = watch_of(list, every_s);

	w.idle_after_s = after_s;
	w.idle_every_s = idle_s;
	return policy_of(table, &w, w.every_s);
}

static void
test_policy_has_a_form_for_idle_names(void **state)
{
	uint32_t a = idling("a", 60, 1000, 7200);
	uint32_t b = idling("b", 120, 2000, 3600);
	uint32_t both = policy_merge(table, a, b);
	uint32_t idle = policy_idle(table, both);
	uint32_t plain = idling("c", 60, 0, 0);

	(void)state;
	assert_int_not_equal(idle, both);
	assert_true(get(idle)->idle);
	assert_int_equal(get(idle)->every_s, 3600);
	assert_int_equal(get(idle)->idle_after_s, 2000);
	assert_true(get(idle)->attributes != get(both)->attributes);
	assert_int_equal(policy_idle(table, idle), idle);
	assert_int_equal(policy_plain(table, idle), both);
	assert_int_equal(policy_plain(table, both), both);
	/* Not where it would be asked more often, or one list does not say so.
	 */
	assert_int_equal(policy_idle(table, plain), plain);
	assert_int_equal(
	    get(policy_merge(table, both, plain))->idle_after_s, 0);
	plain = idling("d", 60, 1000, 60);
	assert_int_equal(policy_idle(table, plain), plain);
}

static uint32_t
ending(const char *list, uint32_t every_s, wall_us until, wall_us first)
{
	const struct watch_source says = {
	    .until = until, .first_reported = first};
	struct watch w = watch_of(list, every_s);

	if (until != 0 || first != 0)
		w.source = &says; /* borrowed for the call */
	return policy_of(table, &w, w.every_s);
}

static void
test_policy_of_which_a_part_ends_is_what_is_left_of_it(void **state)
{
	uint32_t a = ending("a", 60, WALL_S(100), 0);
	uint32_t b = ending("b", 120, WALL_S(200), 0);
	uint32_t c = ending("c", 300, 0, WALL_S(7));
	uint32_t bc = policy_merge(table, b, c);
	uint32_t all = policy_merge(table, policy_merge(table, a, b), c);

	(void)state;
	assert_int_equal(get(all)->every_s, 60);
	assert_int_equal(get(all)->until, WALL_S(100));
	assert_int_equal(get(all)->ends[1], WALL_S(200));
	assert_int_equal(get(all)->ends[2], 0);
	assert_int_equal(get(all)->first_reported[2], WALL_S(7));
	assert_int_equal(policy_left(table, all, WALL_S(100) - 1), all);
	assert_int_equal(policy_left(table, all, WALL_S(100)), bc);
	assert_int_equal(policy_left(table, all, WALL_S(200)), c);
	assert_int_equal(policy_left(table, a, WALL_S(100)), POLICY_NONE);
	assert_int_equal(policy_left(table, c, WALL_S(1000)), c);
	assert_int_equal(policy_only(table, all, "b"), b);
	assert_int_equal(
	    policy_left(table, policy_merge(table, a, b), WALL_S(200)),
	    POLICY_NONE);
}

static void
test_policy_stays_discreet_when_a_part_of_it_ends(void **state)
{
	uint32_t both = policy_discreet(
	    table, policy_merge(table, ending("a", 60, WALL_S(100), 0),
		       ending("b", 60, 0, 0)));

	(void)state;
	assert_true(get(policy_left(table, both, WALL_S(100)))->discreet);
}

static void
test_policy_of_a_list_that_says_it_twice_ends_with_the_later(void **state)
{
	uint32_t a = ending("a", 60, WALL_S(100), WALL_S(50));
	uint32_t later = ending("a", 90, WALL_S(200), WALL_S(40));
	uint32_t both = policy_merge(table, a, later);
	uint32_t good = policy_merge(table, a, ending("a", 90, 0, 0));

	(void)state;
	assert_int_equal(get(both)->ends[0], WALL_S(200));
	assert_int_equal(get(both)->first_reported[0], WALL_S(40));
	assert_int_equal(policy_left(table, both, WALL_S(150)), later);
	assert_int_equal(get(good)->ends[0], 0);
	assert_int_equal(
	    get(policy_left(table, good, WALL_S(150)))->every_s, 90);
}

static void
test_policy_says_of_each_list_where_it_has_the_name_from(void **state)
{
	uint32_t a = from("a", "feed", 70, TLP_AMBER_STRICT);
	uint32_t b = from("b", NULL, 5, TLP_NONE);
	uint32_t none = tagged("c", 60, "t");
	uint32_t all = policy_merge(table, b, policy_merge(table, none, a));

	(void)state;
	check_sources(none, "{\"watchlists\":[\"c\"],\"tags\":[\"t\"]}");
	check_sources(all,
	    "{\"watchlists\":[\"a\",\"b\",\"c\"],\"tags\":[\"t\"],"
	    "\"sources\":[{\"list\":\"a\",\"source\":\"feed\","
	    "\"confidence\":70,\"tlp\":\"amber+strict\"},"
	    "{\"list\":\"b\",\"confidence\":5}]}");
	assert_int_equal(
	    policy_merge(table, policy_merge(table, a, none), b), all);
	check_sources(policy_only(table, all, "b"),
	    "{\"watchlists\":[\"b\"],\"tags\":[\"t\"],"
	    "\"sources\":[{\"list\":\"b\",\"confidence\":5}]}");
	check_sources(policy_only(table, all, "c"),
	    "{\"watchlists\":[\"c\"],\"tags\":[\"t\"]}");
}

/* A name twice in a list: what is surer, and told to fewer. */
static void
test_policy_of_a_list_that_names_it_twice_has_one_source(void **state)
{
	uint32_t low = from("a", "feed", 5, TLP_RED);
	uint32_t high = from("a", "feed", 90, TLP_GREEN);

	(void)state;
	assert_int_equal(
	    policy_merge(table, low, high), from("a", "feed", 90, TLP_RED));
	assert_int_equal(
	    policy_merge(table, high, low), from("a", "feed", 90, TLP_RED));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, drop_table)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_policy_keeps_what_the_watch_says),
	    TEST(test_policy_that_says_the_same_is_the_same),
	    TEST(test_policy_that_differs_in_one_thing_is_another),
	    TEST(test_policy_attributes_know_which_text_is_which),
	    TEST(test_policy_attributes_are_the_same_in_every_process),
	    TEST(test_policy_merge_takes_the_shorter_interval_and_the_union),
	    TEST(test_policy_merge_takes_the_first_owner_and_runbook),
	    TEST(test_policy_merge_takes_the_stricter_proof),
	    TEST(test_policy_is_direct_when_a_hostile_watch_says_so),
	    TEST(test_policy_attributes_of_events_are_the_union),
	    TEST(test_policy_sleeps_only_while_all_lists_let_it),
	    TEST(test_policy_has_a_form_for_idle_names),
	    TEST(test_policy_of_which_a_part_ends_is_what_is_left_of_it),
	    TEST(test_policy_stays_discreet_when_a_part_of_it_ends),
	    TEST(test_policy_of_a_list_that_says_it_twice_ends_with_the_later),
	    TEST(test_policy_says_of_each_list_where_it_has_the_name_from),
	    TEST(test_policy_of_a_list_that_names_it_twice_has_one_source),
	    TEST(test_policy_merge_with_none_is_the_other),
	    TEST(test_policy_only_keeps_what_one_list_says),
	    TEST(test_policy_class_stays_with_it),
	    TEST(test_policy_thousands_are_all_found_again),
	    TEST(test_policy_merges_in_any_order_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
