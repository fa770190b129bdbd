/* SPDX-License-Identifier: ISC */
/* room: cli */

/*
 * What the stored facts do not say of an entry, and that nothing is invented
 * for it; and questions that nobody asked.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"
#include "test_backtest.h"

/* ---- what is not known ---- */

static void
test_novelty_that_was_not_noted(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.novel = -1;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_NOVELTY);
}

/* The recorded words are kept then. */
static void
test_contents_that_cannot_be_read_back(void **state)
{
	struct read_judged j = entry();
	const char *const expect = OWNED ", expect: {A: [192.0.2.1]}}\n";
	struct backtest_compared c;

	(void)state;
	j.to_rdata = "not an address";
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0); /* nobody asks for them */
	c = under(SINK, expect, &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_CONTENT);
	j.aspects = "unexpected";
	c = under(SINK, expect, &j);
	check_severity(&c, SEVERITY_HIGH, UNKNOWN_CONTENT);
	j = entry();
	j.from_outcome = NULL;
	c = under(SINK, expect, &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_CONTENT);
	j = entry();
	j.to_chain = "a..b";
	c = under(SINK, expect, &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_CONTENT);
}

static void
test_R11_a_proof_that_was_not_sought(void **state)
{
	static const struct {
		const char *wanted, *proved;
		unsigned unknown;
	} claims[] = {
	    {"cache", "cache", 0},
	    {"cache", "source", 0},
	    {"cache", "path", UNKNOWN_PROOF},
	    {"cache", NULL, UNKNOWN_PROOF},
	    {"source", "source", 0},
	    {"source", "cache", UNKNOWN_PROOF},
	    {"path", "cache", 0},
	    {"path", NULL, 0},
	    {"next-poll", NULL, 0},
	};
	struct read_judged j = entry();
	struct backtest_compared c;
	char list[256];

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		snprintf(list, sizeof(list), OWNED ", confirm: %s}\n",
		    claims[i].wanted);
		j.proved = claims[i].proved;
		c = under(SINK SOURCE, list, &j);
		check_severity(&c, SEVERITY_MEDIUM, claims[i].unknown);
	}
}

/* Its words are in the log: the verdict is as it was. */
static void
test_replies_that_retention_has_dropped(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.evidence_gone = true;
	c = under(SINK, OWNED ", confirm: cache}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_EVIDENCE);
	assert_true(c.told_now && !c.differs);
	/* Also of what is not watched any more. */
	j.type = TYPE_MX;
	c = under(SINK, OWNED "}\n", &j);
	assert_int_equal(c.v.unknown, UNKNOWN_EVIDENCE);
	check_unwatched(&c);
}

/* That it had not been sent is not said, and is no difference. */
static void
test_alerts_that_retention_has_dropped(void **state)
{
	struct read_judged j = entry();
	struct backtest_compared c;

	(void)state;
	j.sent = NULL;
	c = under(SINK, OWNED "}\n", &j);
	assert_true(c.known_then && c.differs);
	j.alerts_gone = true;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, UNKNOWN_ALERTS);
	assert_false(c.known_then || c.differs);
	assert_true(c.told_now);
	c = under(SINK "severity:\n  - {kind: replaced, severity: low}\n",
	    OWNED "}\n", &j);
	assert_false(c.known_then);
	assert_true(c.differs); /* by its severity */
	/* What weighed too little was never told. */
	j.severity = SEVERITY_INFO;
	c = under(SINK, OWNED "}\n", &j);
	check_severity(&c, SEVERITY_MEDIUM, 0);
	assert_true(c.known_then && c.differs);
}

static void
test_each_thing_that_is_not_known_has_a_word(void **state)
{
	(void)state;
	assert_int_equal(1u << N_UNKNOWN, UNKNOWN_ALERTS << 1);
	assert_string_equal(backtest_unknown_text(0), "novelty");
	assert_string_equal(backtest_unknown_text(1), "content");
	assert_string_equal(backtest_unknown_text(2), "proof");
	assert_string_equal(backtest_unknown_text(3), "evidence");
	assert_string_equal(backtest_unknown_text(4), "alerts");
}

/* ---- what was never asked ---- */

static void
add_asked(struct bench *b, const char *view, const char *text, uint16_t type)
{
	struct name name;
	struct uuid question;
	const char *why;

	assert_int_equal(name_parse(text, &name, &why), 0);
	question = question_key(view, name.wire, name.size, type);
	backtest_asked_add(&b->asked, &question);
}

static size_t
never(struct bench *b)
{
	struct diag d = {0};
	size_t n;

	b->lists->asked = &b->asked;
	backtest_read(b->lists, &d);
	diag_fini(&d);
	n = backtest_asked_never(&b->asked);
	backtest_asked_fini(&b->asked);
	b->asked = (struct backtest_asked){.now = b->asked.now};
	return n;
}

static void
test_questions_that_nobody_asked_are_counted_once(void **state)
{
	struct bench b =
	    open_bench(SINK "views:\n  eu: {resolvers: [192.0.2.2]}\n",
		"watchlist: a\nwatch:\n"
		"  - {name: www.x.example, types: [A, MX]}\n"
		"  - {name: new.x.example, types: [A]}\n"
		"  - {name: eu.x.example, types: [A], views: [default, eu]}\n",
		"watchlist: b\nwatch:\n"
		"  - {name: NEW.x.example., types: [A, TXT]}\n"
		"  - {name: past.x.example, types: [A], "
		"until: \"2026-01-01\"}\n");

	(void)state;
	assert_int_equal(never(&b), 7);
	b.asked.now = at("2026-06-01T00:00:00Z");
	assert_int_equal(never(&b), 6);
	add_asked(&b, "default", "www.x.example", TYPE_A);
	add_asked(&b, "eu", "eu.x.example", TYPE_A);
	add_asked(&b, "eu", "www.x.example", TYPE_MX); /* not in that view */
	add_asked(&b, "default", "gone.x.example", TYPE_A);
	assert_int_equal(never(&b), 4);
	add_asked(&b, "default", "new.x.example", TYPE_A);
	add_asked(&b, "default", "new.x.example", TYPE_TXT);
	add_asked(&b, "default", "www.x.example", TYPE_A);
	add_asked(&b, "default", "www.x.example", TYPE_MX);
	add_asked(&b, "default", "eu.x.example", TYPE_A);
	add_asked(&b, "eu", "eu.x.example", TYPE_A);
	assert_int_equal(never(&b), 0);
	close_bench(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_novelty_that_was_not_noted),
	    cmocka_unit_test(test_contents_that_cannot_be_read_back),
	    cmocka_unit_test(test_R11_a_proof_that_was_not_sought),
	    cmocka_unit_test(test_replies_that_retention_has_dropped),
	    cmocka_unit_test(test_alerts_that_retention_has_dropped),
	    cmocka_unit_test(test_each_thing_that_is_not_known_has_a_word),
	    cmocka_unit_test(test_questions_that_nobody_asked_are_counted_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
