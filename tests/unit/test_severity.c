/* SPDX-License-Identifier: ISC */
/* room: rule */

/*
 * What wakes somebody and what does not: each row of the table by an example,
 * then what stands beside the table, then that every input has a severity.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "config/config.h"
#include "dns/type.h"
#include "rule/severity.h"

enum { OWNED = 1, HOSTILE = 2, NOVEL = 4, TRANSIENT = 8 };

static struct severity_input
input(enum kind kind, uint16_t type, int flags, uint32_t aspects)
{
	return (struct severity_input){
	    .kind = kind,
	    .type = type,
	    .aspects = aspects,
	    .owned = (flags & OWNED) != 0,
	    .hostile = (flags & HOSTILE) != 0,
	    .novel = (flags & NOVEL) != 0,
	    .transient = (flags & TRANSIENT) != 0,
	};
}

static enum severity
of(enum kind kind, uint16_t type, int flags, uint32_t aspects)
{
	struct severity_input in = input(kind, type, flags, aspects);

	return severity_of(&in, NULL);
}

static enum severity
of_event(const char *event, int flags)
{
	struct severity_input in = input(KIND_NONE, TYPE_A, flags, 0);

	in.event = event;
	return severity_of(&in, NULL);
}

struct claim {
	enum kind kind;
	uint16_t type;
	int flags;
	uint32_t aspects;
	enum severity severity;
};

static void
check(const struct claim *claims, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct claim *c = &claims[i];
		enum severity got = of(c->kind, c->type, c->flags, c->aspects);

		if (got != c->severity)
			fail_msg("claim %zu (%s): %s, not %s", i,
			    kind_text(c->kind), severity_text(got),
			    severity_text(c->severity));
	}
}

#define CHECK_CLAIMS(claims) check(claims, sizeof(claims) / sizeof((claims)[0]))

static void
test_severity_of_owned_names(void **state)
{
	const uint32_t delegation = ASPECT_DELEGATION;
	const struct claim claims[] = {
	    {KIND_REPLACED, TYPE_NS, OWNED, delegation, SEVERITY_CRITICAL},
	    {KIND_VANISHED, TYPE_DS, OWNED, delegation, SEVERITY_CRITICAL},
	    {KIND_REPLACED, TYPE_SOA, OWNED, delegation, SEVERITY_CRITICAL},
	    {KIND_REPLACED, TYPE_SOA, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_ADDED, TYPE_NS, OWNED, delegation, SEVERITY_HIGH},
	    {KIND_REMOVED, TYPE_DS, OWNED, delegation, SEVERITY_HIGH},
	    {KIND_OUTCOME, TYPE_NS, OWNED, 0, SEVERITY_LOW},
	    {KIND_ADDED, TYPE_MX, OWNED, ASPECT_MAIL, SEVERITY_HIGH},
	    {KIND_REMOVED, TYPE_MX, OWNED, ASPECT_MAIL, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_A, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_A, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_MODIFIED, TYPE_AAAA, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_MODIFIED, TYPE_AAAA, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_ALIAS, TYPE_A, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_ALIAS, TYPE_A, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_REPLACED, TYPE_CNAME, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_ADDED, TYPE_A, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_ADDED, TYPE_A, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_TXT, OWNED, ASPECT_MAIL, SEVERITY_MEDIUM},
	    {KIND_VANISHED, TYPE_TXT, OWNED, 0, SEVERITY_HIGH},
	    {KIND_APPEARED, TYPE_A, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_UNREADABLE, TYPE_A, OWNED, 0, SEVERITY_MEDIUM},
	    {KIND_READABLE, TYPE_A, OWNED, 0, SEVERITY_LOW},
	    {KIND_READABLE, TYPE_A, OWNED | NOVEL, 0, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_NS, OWNED | HOSTILE, delegation,
		SEVERITY_CRITICAL},
	};

	(void)state;
	CHECK_CLAIMS(claims);
}

static void
test_severity_of_hostile_names(void **state)
{
	const struct claim claims[] = {
	    {KIND_APPEARED, TYPE_A, HOSTILE, 0, SEVERITY_HIGH},
	    {KIND_APPEARED, TYPE_MX, HOSTILE, ASPECT_MAIL, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_A, HOSTILE, 0, SEVERITY_MEDIUM},
	    {KIND_VANISHED, TYPE_A, HOSTILE, 0, SEVERITY_MEDIUM},
	    {KIND_ADDED, TYPE_A, HOSTILE | NOVEL, 0, SEVERITY_MEDIUM},
	    {KIND_ADDED, TYPE_A, HOSTILE, 0, SEVERITY_LOW},
	    {KIND_REMOVED, TYPE_A, HOSTILE, 0, SEVERITY_LOW},
	    {KIND_ALIAS, TYPE_A, HOSTILE, 0, SEVERITY_MEDIUM},
	    {KIND_UNREADABLE, TYPE_A, HOSTILE, 0, SEVERITY_MEDIUM},
	    {KIND_OUTCOME, TYPE_A, HOSTILE, 0, SEVERITY_LOW},
	};

	(void)state;
	CHECK_CLAIMS(claims);
}

static void
test_severity_of_untagged_names(void **state)
{
	const struct claim claims[] = {
	    {KIND_REPLACED, TYPE_A, 0, 0, SEVERITY_MEDIUM},
	    {KIND_VANISHED, TYPE_A, 0, 0, SEVERITY_MEDIUM},
	    {KIND_MODIFIED, TYPE_A, NOVEL, 0, SEVERITY_MEDIUM},
	    {KIND_ALIAS, TYPE_A, NOVEL, 0, SEVERITY_MEDIUM},
	    {KIND_UNREADABLE, TYPE_A, 0, 0, SEVERITY_MEDIUM},
	    {KIND_READABLE, TYPE_A, NOVEL, 0, SEVERITY_LOW},
	    {KIND_APPEARED, TYPE_A, 0, 0, SEVERITY_LOW},
	    {KIND_ADDED, TYPE_NS, 0, ASPECT_DELEGATION, SEVERITY_LOW},
	    {KIND_REMOVED, TYPE_A, 0, 0, SEVERITY_LOW},
	    {KIND_OUTCOME, TYPE_A, 0, 0, SEVERITY_LOW},
	};

	(void)state;
	CHECK_CLAIMS(claims);
}

/* What a change means goes before its type and its kind. */
static void
test_severity_R26_of_what_is_weaker_claimed_or_routine(void **state)
{
	const uint32_t acme = ASPECT_ACME | ASPECT_ROUTINE;
	const struct claim claims[] = {
	    {KIND_REPLACED, TYPE_TXT, OWNED, ASPECT_WEAKENED, SEVERITY_HIGH},
	    {KIND_ADDED, TYPE_CAA, OWNED, ASPECT_WEAKENED, SEVERITY_HIGH},
	    {KIND_ADDED, TYPE_CAA, 0, ASPECT_WEAKENED, SEVERITY_MEDIUM},
	    /* On a hostile name it is what it was. */
	    {KIND_ADDED, TYPE_TXT, HOSTILE, ASPECT_WEAKENED, SEVERITY_LOW},
	    {KIND_APPEARED, TYPE_TXT, HOSTILE, acme, SEVERITY_HIGH},
	    {KIND_ADDED, TYPE_TXT, 0, ASPECT_TOKEN, SEVERITY_MEDIUM},
	    {KIND_ADDED, TYPE_TXT, OWNED, ASPECT_TOKEN, SEVERITY_MEDIUM},
	    {KIND_VANISHED, TYPE_TXT, OWNED, ASPECT_TOKEN, SEVERITY_HIGH},
	    {KIND_REPLACED, TYPE_TXT, OWNED, ASPECT_ROUTINE, SEVERITY_LOW},
	    {KIND_VANISHED, TYPE_TXT, OWNED, acme, SEVERITY_LOW},
	    {KIND_APPEARED, TYPE_TXT, OWNED | TRANSIENT, acme, SEVERITY_LOW},
	    /* Another routine thing that was short is what R14 says. */
	    {KIND_REPLACED, TYPE_TXT, OWNED | TRANSIENT,
		ASPECT_MTA_STS | ASPECT_ROUTINE, SEVERITY_HIGH},
	    {KIND_APPEARED, TYPE_TXT, OWNED | TRANSIENT, ASPECT_ACME,
		SEVERITY_HIGH},
	    /* What weakens wins over what is routine beside it. */
	    {KIND_MODIFIED, TYPE_TXT, OWNED, ASPECT_WEAKENED | ASPECT_TOKEN,
		SEVERITY_HIGH},
	};

	(void)state;
	CHECK_CLAIMS(claims);
}

static void
test_severity_of_events(void **state)
{
	(void)state;
	assert_int_equal(of_event("failing", 0), SEVERITY_MEDIUM);
	assert_int_equal(of_event("failing", HOSTILE), SEVERITY_MEDIUM);
	assert_int_equal(of_event("failing", OWNED), SEVERITY_HIGH);
	assert_int_equal(of_event("bogus", 0), SEVERITY_HIGH);
	assert_int_equal(of_event("bogus", HOSTILE), SEVERITY_HIGH);
	assert_int_equal(of_event("bogus", OWNED), SEVERITY_CRITICAL);
	assert_int_equal(of_event("signatures-expiring", 0), SEVERITY_MEDIUM);
	assert_int_equal(of_event("signatures-expiring", OWNED), SEVERITY_HIGH);
	assert_int_equal(of_event("signatures-expired", 0), SEVERITY_HIGH);
	assert_int_equal(
	    of_event("signatures-expired", OWNED), SEVERITY_CRITICAL);
	assert_int_equal(of_event("signatures-renewed", OWNED), SEVERITY_LOW);
	assert_int_equal(of_event("recovered", OWNED), SEVERITY_LOW);
	assert_int_equal(of_event("blind", 0), SEVERITY_CRITICAL);
	assert_int_equal(of_event("sighted", 0), SEVERITY_LOW);
	assert_int_equal(of_event("ttl", OWNED), SEVERITY_LOW);
	assert_int_equal(of_event("serial", 0), SEVERITY_LOW);
	assert_int_equal(of_event("order", OWNED), SEVERITY_INFO);
	assert_int_equal(of_event("of a later version", 0), SEVERITY_MEDIUM);
}

/* R14, S-F18: what a short hijack looks like, whatever the type. */
static void
test_severity_of_a_transient_change_of_an_owned_name_is_high(void **state)
{
	(void)state;
	for (int kind = KIND_APPEARED; kind <= KIND_READABLE; kind++)
		assert_true(of((enum kind)kind, TYPE_PTR, OWNED | TRANSIENT,
				ASPECT_RETURNED) >= SEVERITY_HIGH);
	/* Having ended lowers nothing. */
	assert_int_equal(of(KIND_REPLACED, TYPE_NS, OWNED | TRANSIENT, 0),
	    SEVERITY_CRITICAL);
	assert_int_equal(
	    of(KIND_REPLACED, TYPE_A, TRANSIENT, 0), SEVERITY_MEDIUM);
}

static void
test_severity_of_dangling_and_private_is_high_when_owned(void **state)
{
	(void)state;
	assert_int_equal(
	    of(KIND_ALIAS, TYPE_A, OWNED, ASPECT_DANGLING), SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_OUTCOME, TYPE_A, OWNED, ASPECT_DANGLING), SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_ADDED, TYPE_A, OWNED, ASPECT_PRIVATE), SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_ADDED, TYPE_A, 0, ASPECT_PRIVATE), SEVERITY_LOW);
}

static void
test_severity_R17_of_what_a_validator_refuses_is_high_or_critical(void **state)
{
	const uint32_t bogus = ASPECT_BOGUS;

	(void)state;
	assert_int_equal(of(KIND_REMOVED, TYPE_A, 0, bogus), SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_REPLACED, TYPE_A, HOSTILE, bogus), SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_REMOVED, TYPE_TXT, OWNED, bogus), SEVERITY_CRITICAL);
	assert_int_equal(of(KIND_REPLACED, TYPE_A, 0, bogus | ASPECT_RETURNED),
	    SEVERITY_HIGH);
	assert_int_equal(
	    of(KIND_VANISHED, TYPE_DS, 0, ASPECT_UNSIGNED), SEVERITY_CRITICAL);
	assert_int_equal(of(KIND_ADDED, TYPE_DNSKEY, 0, ASPECT_DS_MISMATCH),
	    SEVERITY_CRITICAL);
}

/* R21: lowered, but never silenced, and not on owned names. */
static void
test_severity_of_what_returned_is_a_step_lower(void **state)
{
	const uint32_t returned = ASPECT_RETURNED;

	(void)state;
	assert_int_equal(of(KIND_REPLACED, TYPE_A, 0, returned), SEVERITY_LOW);
	assert_int_equal(of(KIND_ADDED, TYPE_A, 0, returned), SEVERITY_LOW);
	assert_int_equal(
	    of(KIND_APPEARED, TYPE_A, HOSTILE, returned), SEVERITY_MEDIUM);
	assert_int_equal(
	    of(KIND_REPLACED, TYPE_A, OWNED, returned), SEVERITY_MEDIUM);
	assert_int_equal(
	    of(KIND_ADDED, TYPE_MX, OWNED, returned), SEVERITY_HIGH);
}

static void
test_severity_of_a_rotating_set_is_info_and_not_told_r22(void **state)
{
	struct config_severity line = {.severity = "critical"};
	const struct config config = {.severities = &line, .n_severities = 1};
	struct severity_input in =
	    input(KIND_REPLACED, TYPE_A, OWNED, ASPECT_ROTATING);

	(void)state;
	assert_int_equal(severity_of(&in, NULL), SEVERITY_INFO);
	assert_int_equal(severity_of(&in, &config), SEVERITY_INFO);
	assert_false(severity_is_told(SEVERITY_INFO));
	assert_true(severity_is_told(SEVERITY_LOW));
	assert_true(severity_is_told(SEVERITY_CRITICAL));
}

/* What only a resolver said that lies is told as its lying. */
static void
test_severity_of_what_only_a_liar_said_is_info_r16(void **state)
{
	struct config_severity line = {.severity = "critical"};
	const struct config config = {.severities = &line, .n_severities = 1};
	struct severity_input in =
	    input(KIND_VANISHED, TYPE_NS, OWNED, ASPECT_FILTERED);

	(void)state;
	in.transient = true;
	assert_int_equal(severity_of(&in, NULL), SEVERITY_INFO);
	assert_int_equal(severity_of(&in, &config), SEVERITY_INFO);
	assert_int_equal(of_event("resolver-left", 0), SEVERITY_MEDIUM);
	assert_int_equal(of_event("filtered", 0), SEVERITY_MEDIUM);
	assert_int_equal(of_event("resolver-back", 0), SEVERITY_LOW);
}

/* Only R22 and R16 make anything info, so that nothing else goes untold. */
static void
test_severity_of_every_other_input_is_told(void **state)
{
	static const uint16_t types[] = {TYPE_A, TYPE_NS, TYPE_CNAME, TYPE_SOA,
	    TYPE_PTR, TYPE_MX, TYPE_TXT, TYPE_AAAA, TYPE_DS, TYPE_HTTPS, 65400};
	/* All that the table looks at: every set of them. */
	static const uint32_t looked_at[] = {ASPECT_RETURNED, ASPECT_DANGLING,
	    ASPECT_PRIVATE, ASPECT_BOGUS, ASPECT_UNSIGNED, ASPECT_DS_MISMATCH,
	    ASPECT_DELEGATION, ASPECT_WEAKENED, ASPECT_ROUTINE, ASPECT_TOKEN,
	    ASPECT_ACME};
	enum { N = sizeof(looked_at) / sizeof(looked_at[0]) };

	(void)state;
	for (int kind = KIND_APPEARED; kind <= KIND_READABLE; kind++)
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			for (int i = 0; i < 16 << N; i++) {
				uint32_t aspects = 0;

				for (int k = 0; k < N; k++)
					if ((i >> 4 & 1 << k) != 0)
						aspects |= looked_at[k];
				assert_true(severity_is_told(of((enum kind)kind,
				    types[t], i & 15, aspects)));
			}
}

static void
test_severity_lines_of_the_operator_come_first(void **state)
{
	static const char *const tags[] = {"owned", "shop"};
	struct config_severity lines[] = {
	    {.kind = "vanished", .type = "mx", .severity = "info"},
	    {.kind = "replaced", .tag = "shop", .severity = "low"},
	    {.kind = "replaced", .severity = "critical"},
	    {.kind = "failing", .tag = "shop", .severity = "critical"},
	    {.kind = "failing", .severity = "low"},
	    {.type = "TYPE65400", .severity = "high"},
	    {.aspect = "acme", .severity = "info"},
	};
	const struct config config = {.severities = lines,
	    .n_severities = sizeof(lines) / sizeof(lines[0])};
	struct severity_input in =
	    input(KIND_VANISHED, TYPE_MX, OWNED, ASPECT_MAIL);

	(void)state;
	assert_int_equal(severity_of(&in, &config), SEVERITY_INFO);
	in.type = TYPE_A;
	assert_int_equal(severity_of(&in, &config), SEVERITY_HIGH);
	/* The first that matches; what raises does not come after it. */
	in = input(KIND_REPLACED, TYPE_NS, OWNED | TRANSIENT, 0);
	assert_int_equal(severity_of(&in, &config), SEVERITY_CRITICAL);
	in.tags = tags;
	in.n_tags = 2;
	assert_int_equal(severity_of(&in, &config), SEVERITY_LOW);
	in = input(KIND_NONE, TYPE_A, OWNED, 0);
	in.event = "failing";
	assert_int_equal(severity_of(&in, &config), SEVERITY_LOW);
	in.tags = tags;
	in.n_tags = 2;
	assert_int_equal(severity_of(&in, &config), SEVERITY_CRITICAL);
	in = input(KIND_OUTCOME, 65400, 0, 0);
	assert_int_equal(severity_of(&in, &config), SEVERITY_HIGH);
}

/* A plan says what the records are going to be, not that they may be bogus. */
static void
test_R27_what_is_planned_is_info_unless_it_is_broken(void **state)
{
	static const uint32_t broken[] = {
	    ASPECT_BOGUS, ASPECT_DS_MISMATCH, ASPECT_DANGLING};

	(void)state;
	assert_int_equal(
	    of(KIND_REPLACED, TYPE_NS, OWNED | NOVEL, ASPECT_PLANNED),
	    SEVERITY_INFO);
	assert_int_equal(
	    of(KIND_VANISHED, TYPE_A, OWNED | TRANSIENT, ASPECT_PLANNED),
	    SEVERITY_INFO);
	for (int i = 0; i < 3; i++)
		assert_true(of(KIND_REPLACED, TYPE_A, OWNED,
				ASPECT_PLANNED | broken[i]) >= SEVERITY_HIGH);
}

/* The configuration has the words of its own: it is below the judge. */
static void
test_severity_lines_may_be_about_each_aspect(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_ASPECTS; i++) {
		struct severity_input in =
		    input(KIND_ADDED, TYPE_A, 0, 1u << i);
		struct diag d = {0};
		struct config *c;
		char text[256];

		snprintf(text, sizeof(text),
		    "database: dbname=x\nresolvers: [192.0.2.1]\n"
		    "watchlists: [a]\nseverity:\n"
		    "  - {aspect: %s, severity: critical}\n",
		    aspect_text(i));
		c = config_read(text, strlen(text), "x.yaml", &d);
		assert_non_null(c);
		assert_int_equal(severity_of(&in, c),
		    (1u << i & (ASPECT_ROTATING | ASPECT_FILTERED |
				   ASPECT_PLANNED)) != 0
			? SEVERITY_INFO
			: SEVERITY_CRITICAL);
		in.aspects = 0;
		assert_int_equal(severity_of(&in, c), SEVERITY_LOW);
		config_free(c);
		diag_fini(&d);
	}
}

static void
test_severity_words_read_back(void **state)
{
	enum severity severity;

	(void)state;
	for (int i = SEVERITY_INFO; i <= SEVERITY_CRITICAL; i++) {
		assert_int_equal(
		    severity_parse(severity_text((enum severity)i), &severity),
		    0);
		assert_int_equal(severity, i);
	}
	assert_int_not_equal(severity_parse("High", &severity), 0);
	assert_int_not_equal(severity_parse("", &severity), 0);
}

static void
check_why(
    struct severity_input in, const struct config *config, const char *wanted)
{
	struct severity_why why;
	struct buf text = {0};
	enum severity severity = severity_explain(&in, config, &why);

	assert_int_equal(severity, severity_of(&in, config));
	severity_why_print(&why, &text);
	assert_string_equal(buf_text(&text), wanted);
	buf_fini(&text);
}

static void
test_severity_says_what_decided(void **state)
{
	static char high[] = "high", added[] = "added", failing[] = "failing";
	struct config_severity lines[] = {{.kind = failing, .severity = high},
	    {.kind = added, .severity = high}};
	struct config config = {.severities = lines, .n_severities = 2};
	struct severity_input event = input(KIND_NONE, TYPE_A, HOSTILE, 0);

	(void)state;
	check_why(input(KIND_REPLACED, TYPE_NS, OWNED, 0), NULL,
	    "table: vanished or replaced, delegation, owned");
	check_why(input(KIND_ADDED, TYPE_A, OWNED | NOVEL, 0), NULL,
	    "table: added or modified or replaced, address, owned, new "
	    "within a day");
	check_why(input(KIND_REMOVED, TYPE_A, HOSTILE, 0), NULL,
	    "table: any change, hostile");
	check_why(input(KIND_OUTCOME, TYPE_A, 0, 0), NULL, "table: outcome");
	check_why(input(KIND_ADDED, TYPE_A, OWNED | TRANSIENT, 0), NULL,
	    "table: any change, owned; raised: short, to what was never "
	    "believed");
	check_why(input(KIND_REPLACED, TYPE_A, 0, ASPECT_RETURNED), NULL,
	    "table: vanished or replaced, untagged; lowered: it returned");
	check_why(input(KIND_REPLACED, TYPE_A, 0, ASPECT_ROTATING), &config,
	    "a rotating set is not told");
	check_why(input(KIND_REPLACED, TYPE_A, 0, ASPECT_PLANNED), NULL,
	    "it is planned");
	check_why(
	    input(KIND_ADDED, TYPE_A, 0, 0), &config, "line 2 of `severity`");
	event.event = "failing";
	check_why(event, NULL, "table: failing");
	check_why(event, &config, "line 1 of `severity`");
	event.event = "of another version";
	check_why(event, NULL, "table: any event");
	event.owned = true;
	event.event = "lame";
	check_why(event, NULL, "table: lame, owned");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_severity_of_owned_names),
	    cmocka_unit_test(test_severity_of_hostile_names),
	    cmocka_unit_test(test_severity_of_untagged_names),
	    cmocka_unit_test(
		test_severity_R26_of_what_is_weaker_claimed_or_routine),
	    cmocka_unit_test(test_severity_of_events),
	    cmocka_unit_test(
		test_severity_of_a_transient_change_of_an_owned_name_is_high),
	    cmocka_unit_test(
		test_severity_of_dangling_and_private_is_high_when_owned),
	    cmocka_unit_test(
		test_severity_R17_of_what_a_validator_refuses_is_high_or_critical),
	    cmocka_unit_test(test_severity_of_what_returned_is_a_step_lower),
	    cmocka_unit_test(
		test_severity_of_a_rotating_set_is_info_and_not_told_r22),
	    cmocka_unit_test(
		test_severity_of_what_only_a_liar_said_is_info_r16),
	    cmocka_unit_test(test_severity_of_every_other_input_is_told),
	    cmocka_unit_test(test_severity_lines_of_the_operator_come_first),
	    cmocka_unit_test(test_severity_lines_may_be_about_each_aspect),
	    cmocka_unit_test(
		test_R27_what_is_planned_is_info_unless_it_is_broken),
	    cmocka_unit_test(test_severity_words_read_back),
	    cmocka_unit_test(test_severity_says_what_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
