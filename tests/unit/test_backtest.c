/* SPDX-License-Identifier: ISC */
/* room: cli */

/*
 * What another configuration makes of an entry of the log: its lists, plans,
 * severities, silences and sinks in a folder, and the verdict that they must
 * come to.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rule/silence.h"
#include "test_backtest.h"

/* ---- told ---- */

static void
test_what_is_judged_as_it_was_is_told_as_it_was(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c = under(SINK, OWNED "}\n", &j);

	(void)state;
	check_severity(&c, SEVERITY_MEDIUM, 0);
	assert_true(c.known_then && c.told_then && c.told_now);
	assert_false(c.held_then || c.held_now || c.differs);
	j.novel = 1;
	j.severity = SEVERITY_HIGH;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	assert_false(c.differs);
}

static void
test_a_tag_weighs(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.novel = 1;
	c = under(SINK, PLAIN "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	assert_false(c.differs);
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	assert_true(c.differs);
	assert_string_equal(backtest_reason(&c), "severity");
	j.kind = KIND_APPEARED;
	c = under(SINK, PLAIN ", tags: [hostile]}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
}

static void
test_R15_what_follows_an_alert_is_told_whatever_it_weighs(void **state)
{
	struct bench b = open_bench(SINK, OWNED "}\n", NULL);
	struct read_judged first = entry();
	struct read_judged later = entry();
	struct backtest_compared c;

	(void)state;
	later.revision = 2;
	later.aspects = "rotating";
	later.sent = NULL;
	c = compare(&b, &later);
	assert_false(c.told_now); /* nothing was told before it */
	assert_true(compare(&b, &first).told_now);
	c = compare(&b, &later);
	check_severity(&c, SEVERITY_INFO, 0);
	assert_true(c.told_now);
	close_bench(&b);
}

static void
test_many_alerts_are_remembered(void **state)
{
	struct bench b = open_bench(SINK, OWNED "}\n", NULL);
	struct read_judged j = entry();

	(void)state;
	for (unsigned i = 1; i <= 5000; i++) {
		memcpy(j.id.b + 8, &i, sizeof(i));
		assert_true(compare(&b, &j).told_now);
	}
	j.revision = 2;
	j.aspects = "rotating";
	j.sent = NULL;
	for (unsigned i = 1; i <= 10000; i++) {
		memcpy(j.id.b + 8, &i, sizeof(i));
		assert_int_equal(compare(&b, &j).told_now, i <= 5000);
	}
	close_bench(&b);
}

static void
test_a_member_of_a_group_is_told_with_the_others(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.aspects = "rotating";
	j.severity = SEVERITY_INFO;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_INFO, 0);
	assert_true(c.told_now);
	assert_false(c.differs);
	j.sent = NULL;
	c = under(SINK, OWNED "}\n", &j);
	assert_false(c.told_then || c.told_now || c.differs);
}

/* ---- held, and not told ---- */

#define SILENCE                                                                \
	SINK "silences:\n  - {name: quiet, zones: [x.example], "               \
	     "from: \"2026-06-01T10:00:00Z\", "                                \
	     "until: \"2026-06-01T13:00:00Z\""

static void
test_R28_a_silence_holds_what_it_meets_while_it_stands(void **state)
{
	struct bench b =
	    open_bench(SILENCE ", below: high}\n", OWNED "}\n", NULL);
	struct read_judged j = entry();
	struct backtest_compared c = compare(&b, &j);

	(void)state;
	assert_non_null(c.v.silence);
	assert_string_equal(c.v.silence->name, "quiet");
	assert_true(c.told_now && c.held_now && c.differs);
	assert_string_equal(backtest_reason(&c), "silence");
	j.at = at("2026-06-01T13:00:00Z");
	c = compare(&b, &j);
	assert_false(c.held_now || c.differs);
	j.at = at("2026-06-01T10:00:00Z");
	j.novel = 1; /* high: it is not below that */
	assert_false(compare(&b, &j).held_now);
	j.novel = 0;
	assert_true(compare(&b, &j).held_now);
	/* Held then, too. */
	j.sent = NULL;
	j.held = "soc";
	c = compare(&b, &j);
	assert_true(c.held_then && c.held_now);
	assert_false(c.differs);
	close_bench(&b);
	c = under(SINK, OWNED "}\n", &j);
	assert_true(c.told_now && c.differs);
	assert_string_equal(backtest_reason(&c), "sinks");
}

static void
test_R28_by_the_list_and_the_kind(void **state)
{
	struct read_judged j = entry();

	(void)state;
	assert_true(
	    under(SILENCE ", lists: [owned]}\n", OWNED "}\n", &j).held_now);
	assert_false(
	    under(SILENCE ", lists: [owned]}\n", PLAIN "}\n", &j).held_now);
	assert_true(
	    under(SILENCE ", kinds: [replaced]}\n", OWNED "}\n", &j).held_now);
	assert_false(
	    under(SILENCE ", kinds: [failing]}\n", OWNED "}\n", &j).held_now);
	j.event = "failing";
	j.kind = KIND_NONE;
	assert_true(
	    under(SILENCE ", kinds: [failing]}\n", OWNED "}\n", &j).held_now);
}

/* What is not told is not held either: the reason is the severity. */
static void
test_a_silence_holds_nothing_that_is_not_told(void **state)
{
	struct bench b = open_bench(SILENCE
	    "}\nseverity:\n  - {kind: replaced, severity: info}\n",
	    OWNED "}\n", NULL);
	struct read_judged j = entry();
	struct backtest_compared c = compare(&b, &j);

	(void)state;
	assert_non_null(c.v.silence);
	assert_false(c.told_now || c.held_now);
	assert_string_equal(backtest_reason(&c), "severity");
	close_bench(&b);
}

static void
test_R21_lines_of_the_configuration(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c =
	    under(SINK "severity:\n  - {kind: replaced, type: A, tag: owned, "
		       "severity: info}\n",
		OWNED "}\n", &j);

	(void)state;
	check_severity(&c, SEVERITY_INFO, 0);
	assert_true(!c.told_now && c.differs);
	assert_string_equal(backtest_reason(&c), "severity");
	c = under(SINK "severity:\n  - {kind: replaced, type: A, tag: owned, "
		       "severity: info}\n",
	    PLAIN "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	assert_false(c.differs);
}

static void
test_without_a_sink_nothing_is_told(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c = under("", OWNED "}\n", &j);

	(void)state;
	check_severity(&c, SEVERITY_MEDIUM, 0);
	assert_true(!c.told_now && c.differs);
	assert_string_equal(backtest_reason(&c), "sinks");
}

/* R22: an operator's line does not ring for what rotates in a pool. */
static void
test_R22_in_a_pool(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.aspects = "rotating";
	j.severity = SEVERITY_INFO;
	j.sent = NULL;
	c = under(SINK "severity:\n  - {kind: replaced, severity: critical}\n",
	    OWNED ", expect: {A: [192.0.2.1]}}\n", &j);
	check_severity(&c, SEVERITY_INFO, 0);
	assert_false(c.told_now || c.differs);
}

static void
test_R14_what_was_short_is_alarming_unless_it_came_back(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.label = LABEL_TRANSIENT;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	j.aspects = "returned";
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
}

/* ---- planned and expected ---- */

#define PLAN                                                                   \
	"plan: move\nfrom: 2026-06-01T11:00:00Z\n"                             \
	"until: 2026-06-01T12:00:00Z\nchanges:\n"                              \
	"  - {name: www.x.example, to: {A: [192.0.2.2]}}\n"

static void
test_R27_planned_while_the_plan_stands(void **state)
{
	struct bench b;
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	put("move.plan", PLAN);
	b = open_bench(SINK "plans: [move.plan]\n", OWNED "}\n", NULL);
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_INFO, 0);
	assert_true(!c.told_now && c.differs);
	/* By when it was seen, not by when it was decided. */
	j.seen_at = at("2026-06-01T12:00:00Z");
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	j.seen_at = at("2026-06-01T10:59:59Z");
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	j.seen_at = at("2026-06-01T11:00:00Z");
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_INFO, 0);
	/* To where nobody planned it. */
	j.to_rdata = "192.0.2.3";
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	close_bench(&b);
	/* Planned then, and by nobody now. */
	j.aspects = "planned";
	j.severity = SEVERITY_INFO;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	drop("move.plan");
}

static void
test_R27_planned_goes_before_unexpected(void **state)
{
	struct bench b;
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	put("move.plan", PLAN);
	b = open_bench(SINK "plans: [move.plan]\n",
	    OWNED ", expect: {A: [192.0.2.1]}}\n", NULL);
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_INFO, 0);
	close_bench(&b);
	drop("move.plan");
}

static void
test_R27_expected_and_unexpected(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.novel = 1;
	j.severity = SEVERITY_HIGH;
	c = under(SINK, OWNED ", expect: {A: [192.0.2.2]}}\n", &j);
	check_severity(&c, SEVERITY_LOW, 0);
	assert_true(c.told_now && c.differs);
	j.novel = 0;
	c = under(SINK, OWNED ", expect: {A: [192.0.2.1]}}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	/* Another type is expected to be something. */
	c = under(SINK,
	    "watchlist: owned\nwatch:\n  - {name: www.x.example, types: [A, "
	    "MX], tags: [owned], expect: {MX: none}}\n",
	    &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	/* It was unexpected then, and nobody expects anything now. */
	j.aspects = "unexpected";
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	/* Several records, in an order of their own. */
	j.aspects = NULL;
	j.to_rdata = "192.0.2.9\x1f"
		     "192.0.2.2";
	c = under(SINK, OWNED ", expect: {A: [192.0.2.2, 192.0.2.9]}}\n", &j);
	check_severity(&c, SEVERITY_LOW, 0);
}

static void
test_R27_of_two_lists_the_one_that_is_not_met_counts(void **state)
{
	struct read_judged j = entry();
	struct bench b = open_bench(SINK, PLAIN ", expect: {A: [192.0.2.2]}}\n",
	    PLAIN ", expect: {A: [192.0.2.1]}}\n");
	struct backtest_compared c = compare(&b, &j);

	(void)state;
	check_severity(&c, SEVERITY_MEDIUM, 0);
	close_bench(&b);
}

/* ---- which watch ---- */

static void
test_what_no_list_has_is_not_watched(void **state)
{
	struct bench b = open_bench(SINK, OWNED "}\n", NULL);
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.name = "at.x.example."; /* of the log, on no list */
	c = compare(&b, &j);
	check_unwatched(&c);
	j = entry();
	j.type = TYPE_MX;
	c = compare(&b, &j);
	check_unwatched(&c);
	j = entry();
	j.view = "eu";
	c = compare(&b, &j);
	check_unwatched(&c);
	close_bench(&b);
}

static void
test_lists_add_up(void **state)
{
	struct bench b = open_bench(SINK SOURCE, OWNED "}\n",
	    PLAIN ", tags: [web], confirm: source}\n");
	const struct read_judged j = entry();
	const struct backtest_watch *w = backtest_find(b.lists, &j, &b.scratch);

	(void)state;
	assert_non_null(w);
	assert_true(w->owned && !w->hostile);
	assert_int_equal(w->n_tags, 2);
	assert_int_equal(w->n_lists, 2);
	assert_int_equal(w->n_pins, 0);
	assert_int_equal(w->confirm, PROOF_SOURCE);
	close_bench(&b);
}

/* What ends says nothing of what comes then, and what does not end stays. */
static void
test_an_entry_of_a_list_is_heeded_until_it_ends(void **state)
{
	struct bench b =
	    open_bench(SINK, OWNED ", until: \"2026-06-01T12:00:00Z\"}\n",
		PLAIN ", until: 2026-06-02}\n");
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.at = at("2026-06-01T11:59:59Z");
	j.novel = 1;
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	j.at = at("2026-06-01T12:00:00Z");
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	j.at = at("2026-06-04T00:00:00Z");
	c = compare(&b, &j);
	check_unwatched(&c);
	close_bench(&b);
}

/* R18: what the servers of a zone say is about every name within it. */
static void
test_R18_an_event_of_a_zone_is_weighed_by_the_names_within_it(void **state)
{
	struct read_judged j = entry();
	struct bench b = open_bench(SINK, OWNED "}\n", NULL);
	struct backtest_compared c;

	(void)state;
	j.event = "serial-backwards";
	j.kind = KIND_NONE;
	j.type = TYPE_SOA;
	j.name = "x.example.";
	c = compare(&b, &j);
	assert_true(c.v.watched);
	assert_true(backtest_find(b.lists, &j, &b.scratch)->owned);
	j.view = "eu";
	c = compare(&b, &j);
	check_unwatched(&c);
	j = entry();
	j.type =
	    TYPE_SOA; /* a change of an SOA that nobody asks for any more */
	j.name = "x.example.";
	c = compare(&b, &j);
	check_unwatched(&c);
	j.event = "split";
	j.kind = KIND_NONE;
	j.name = "at.x.example."; /* nothing is within it */
	c = compare(&b, &j);
	check_unwatched(&c);
	/* What is asked of the SOA itself, or below the zone because of it. */
	j.name = "x.example.";
	for (size_t i = 0; i < 4; i++) {
		j.event = (const char *const[]){
		    "serial", "failing", "wildcard", "unlisted"}[i];
		c = compare(&b, &j);
		check_unwatched(&c);
	}
	close_bench(&b);
}

static void
check_asked(const char *event, const char *more, const char *list, bool asked)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	j.event = event;
	j.kind = KIND_NONE;
	c = under(more, list, &j);
	assert_true(c.v.watched);
	if (asked != c.v.asked)
		fail_msg("%s: %s", event, list);
	if (asked)
		return;
	assert_true(c.differs);
	assert_false(c.told_now || c.held_now);
	assert_string_equal(backtest_reason(&c), "not asked for");
}

/* An event that somebody has to ask for does not come of who does not. */
static void
test_events_that_are_not_asked_for_are_not_told(void **state)
{
	static const struct {
		const char *event, *with, *without;
	} lists[] = {
	    {"ttl", OWNED ", attributes: [ttl]}\n",
		OWNED ", attributes: [order]}\n"},
	    {"deviates", OWNED ", expect: {A: [192.0.2.1]}}\n",
		"watch:\n  - {name: www.x.example, types: [A, AAAA], "
		"tags: [owned], expect: {AAAA: none}}\n"},
	    {"conforms", OWNED ", expect: {A: [192.0.2.1]}}\n", OWNED "}\n"},
	    {"baseline", OWNED ", tell_baseline: true}\n", OWNED "}\n"},
	    {"woke", OWNED ", idle: {after: 1d}}\n", OWNED "}\n"},
	    {"dangling-zone", OWNED "}\n", PLAIN "}\n"},
	    {"unlisted", OWNED "}\n", PLAIN "}\n"},
	    {"life", PLAIN ", tags: [hostile]}\n", OWNED "}\n"},
	};
	static const struct {
		const char *event, *without;
	} switched[] = {{"dangling", "dangling: none\n"},
	    {"wildcard", "wildcard: none\n"}, {"unlisted", "unlisted: none\n"},
	    {"views-agree", "differ_after: none\n"},
	    {"signatures-expired", "signatures: none\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		check_asked(lists[i].event, SINK, lists[i].with, true);
		check_asked(lists[i].event, SINK, lists[i].without, false);
	}
	for (size_t i = 0; i < sizeof(switched) / sizeof(*switched); i++) {
		char more[512];

		snprintf(more, sizeof(more), SINK "%s", switched[i].without);
		check_asked(switched[i].event, SINK, OWNED "}\n", true);
		check_asked(switched[i].event, more, OWNED "}\n", false);
	}
	check_asked("failing", SINK, PLAIN "}\n", true);
	check_asked("plan-done", SINK, OWNED "}\n", false);
	check_asked("digest", SINK, OWNED "}\n", false);
}

/* R18: of the parent's view, what its view's watch says. */
static void
test_R18_what_a_parent_says_is_weighed_by_its_view(void **state)
{
	struct bench b = open_bench(SINK "views:\n  source: {authoritative: "
					 "true, parent: true}\n",
	    OWNED ", views: [source]}\n", NULL);
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	c = compare(&b, &j);
	check_unwatched(&c);
	j.view = "source";
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	j.view = "source/parent";
	c = compare(&b, &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	close_bench(&b);
}

static void
test_events_and_what_is_about_the_monitor(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.event = "failing";
	j.kind = KIND_NONE;
	j.novel = -1; /* said of changes only */
	j.to_rdata = "not an address";
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_HIGH, 0);
	c = under(SINK, PLAIN "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	j.event = "blind";
	j.type = 0;
	j.name = "";
	c = under(SINK, PLAIN "}\n", &j);
	check_severity(&c, SEVERITY_CRITICAL, 0);
	assert_true(c.told_now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_judged_as_it_was_is_told_as_it_was),
	    cmocka_unit_test(test_a_tag_weighs),
	    cmocka_unit_test(
		test_R15_what_follows_an_alert_is_told_whatever_it_weighs),
	    cmocka_unit_test(test_many_alerts_are_remembered),
	    cmocka_unit_test(test_a_member_of_a_group_is_told_with_the_others),
	    cmocka_unit_test(
		test_R28_a_silence_holds_what_it_meets_while_it_stands),
	    cmocka_unit_test(test_R28_by_the_list_and_the_kind),
	    cmocka_unit_test(test_a_silence_holds_nothing_that_is_not_told),
	    cmocka_unit_test(test_R21_lines_of_the_configuration),
	    cmocka_unit_test(test_without_a_sink_nothing_is_told),
	    cmocka_unit_test(test_R22_in_a_pool),
	    cmocka_unit_test(test_an_entry_of_a_list_is_heeded_until_it_ends),
	    cmocka_unit_test(
		test_R18_an_event_of_a_zone_is_weighed_by_the_names_within_it),
	    cmocka_unit_test(test_events_that_are_not_asked_for_are_not_told),
	    cmocka_unit_test(
		test_R14_what_was_short_is_alarming_unless_it_came_back),
	    cmocka_unit_test(test_R27_planned_while_the_plan_stands),
	    cmocka_unit_test(test_R27_planned_goes_before_unexpected),
	    cmocka_unit_test(test_R27_expected_and_unexpected),
	    cmocka_unit_test(
		test_R27_of_two_lists_the_one_that_is_not_met_counts),
	    cmocka_unit_test(test_what_no_list_has_is_not_watched),
	    cmocka_unit_test(test_lists_add_up),
	    cmocka_unit_test(
		test_R18_what_a_parent_says_is_weighed_by_its_view),
	    cmocka_unit_test(test_events_and_what_is_about_the_monitor),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
