/* SPDX-License-Identifier: ISC */
/* room: cli */

/*
 * What the commands print: an entry of the log with its seq in place and its
 * values untouched, the line for people, and from any bytes at all nothing
 * but printable ASCII.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rand.h"
#include "cli/print.h"

static void
assert_printable(struct buf *b)
{
	for (size_t i = 0; i < b->size; i++)
		assert_in_range(b->data[i], 0x20, 0x7e);
}

static void
assert_json(bool log, const char *class_, const char *body, const char *want)
{
	struct buf out = {0};

	print_entry_json(&out, log, 7, class_, body);
	assert_string_equal(buf_text(&out), want);
	assert_printable(&out);
	buf_fini(&out);
}

static void
assert_line(bool log, const char *class_, const char *body, const char *want)
{
	struct buf out = {0};

	print_entry(&out, log, 7, class_, body);
	assert_string_equal(buf_text(&out), want);
	assert_printable(&out);
	buf_fini(&out);
}

static void
test_seq_stands_behind_class(void **state)
{
	(void)state;
	assert_json(false, "change",
	    "{\"schema\":1,\"class\":\"change\",\"id\":2}",
	    "{\"schema\":1,\"class\":\"change\",\"seq\":7,\"id\":2}");
	assert_json(false, "event", " { \"a\" : [1, {\"class\":\"x\"}] } ",
	    "{\"a\":[1, {\"class\":\"x\"}],\"seq\":7}");
	assert_json(false, "event", "{\"class\":\"event\",\"seq\":99}",
	    "{\"class\":\"event\",\"seq\":7}");
	assert_json(false, "event", "{}", "{\"seq\":7}");
}

static void
test_values_are_passed_on_untouched(void **state)
{
	(void)state;
	assert_json(true, "candidate",
	    "{\"class\":\"candidate\",\"n\":123456789012345678901.50e2,"
	    "\"t\":\"}{\\\"],\\u0000\"}",
	    "{\"class\":\"candidate\",\"seq\":7,"
	    "\"n\":123456789012345678901.50e2,"
	    "\"t\":\"}{\\\"],\\u0000\"}");
}

static void
test_a_decision_is_shown_as_the_entry_that_it_is(void **state)
{
	(void)state;
	assert_json(true, "change",
	    "{\"schema\":1,\"class\":\"change\",\"id\":\"x\",\"revision\":2,"
	    "\"name\":\"a.\",\"from\":{\"rdata\":[]},\"decided_at\":\"t\","
	    "\"why\":\"w\",\"to\":{},\"later\":[]}",
	    "{\"class\":\"decision\",\"seq\":7,\"change\":\"x\",\"revision\":2,"
	    "\"name\":\"a.\",\"at\":\"t\",\"why\":\"w\",\"to\":{},"
	    "\"later\":[]}");
}

static void
test_characters_become_escapes_again(void **state)
{
	(void)state;
	assert_json(false, "event",
	    "{\"class\":\"event\",\n\t\"t\":\"<\x7f\xe2\x80\xae"
	    "\xf0\x9f\x98\x80\xff\xc3\"}",
	    "{\"class\":\"event\",\"seq\":7,\"t\":\"\\u003c\\u007f\\u202e"
	    "\\ud83d\\ude00\\ufffd\\ufffd\"}");
}

static void
test_a_change_is_one_line(void **state)
{
	(void)state;
	assert_line(false, "change",
	    "{\"name\":\"www.example.com.\",\"type\":\"A\",\"view\":"
	    "\"default\","
	    "\"kind\":\"replaced\",\"severity\":\"high\","
	    "\"label\":\"confirmed\",\"proved\":\"cache\","
	    "\"decided_at\":\"2026-11-21T17:00:00.310Z\","
	    "\"from\":{\"rdata\":[\"192.0.2.1\"]},"
	    "\"to\":{\"rdata\":[\"198.51.100.9\"]},\"tags\":[\"owned\"]}",
	    "2026-11-21 17:00:00Z  high      confirmed(cache)  "
	    "www.example.com. A replaced 192.0.2.1 -> 198.51.100.9   [owned]");
}

static void
test_an_attribute_shows_what_it_was_and_is(void **state)
{
	(void)state;
	assert_line(false, "event",
	    "{\"kind\":\"serial\",\"name\":\"example.com.\","
	    "\"type\":\"SOA\",\"view\":\"default\","
	    "\"reason\":\"forward\",\"from\":7,\"to\":8,"
	    "\"since\":\"2026-11-21T16:00:00.310Z\","
	    "\"at\":\"2026-11-21T17:00:00.310Z\",\"severity\":\"low\"}",
	    "2026-11-21 17:00:00Z  low       serial            "
	    "example.com. SOA forward 7 -> 8 since 2026-11-21 16:00:00Z");
	assert_line(false, "event",
	    "{\"kind\":\"timers\",\"name\":\"example.com.\","
	    "\"type\":\"SOA\",\"from\":{\"refresh\":1,\"retry\":2},"
	    "\"to\":{\"refresh\":1,\"retry\":3},"
	    "\"at\":\"2026-11-21T17:00:00.310Z\",\"severity\":\"low\"}",
	    "2026-11-21 17:00:00Z  low       timers            "
	    "example.com. SOA 1 2 -> 1 3");
}

static void
test_each_kind_shows_what_differs(void **state)
{
	static const char *const cases[][2] = {
	    {"\"kind\":\"added\",\"added\":[\"b\"],\"from\":{\"rdata\":[\"a\"]"
	     "}",
		"added + b"},
	    {"\"kind\":\"modified\",\"added\":[\"b\"],\"removed\":[\"c\","
	     "\"d\"]",
		"modified - c, d + b"},
	    {"\"kind\":\"vanished\",\"removed\":[\"a\"],"
	     "\"from\":{\"rdata\":[\"a\"]},"
	     "\"to\":{\"outcome\":\"NXDOMAIN\",\"rdata\":[]}",
		"vanished a -> NXDOMAIN"},
	    {"\"kind\":\"alias\",\"from\":{\"rdata\":[\"a\"],"
	     "\"chain\":[\"x.\",\"y.\"]},\"to\":{\"rdata\":[\"a\"]}",
		"alias x. y. -> a"},
	    {"\"kind\":\"unreadable\",\"from\":{\"outcome\":\"NODATA\"},"
	     "\"to\":{\"outcome\":\"UNREADABLE\",\"reason\":\"alias loop\"}",
		"unreadable NODATA -> UNREADABLE (alias loop)"},
	    {"\"kind\":\"replaced\",\"from\":{\"rdata\":[\"a\"]},\"to\":"
	     "{\"rdata\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]},"
	     "\"aspects\":[\"mail\",\"returned\"]",
		"replaced a -> 1, 2, 3, 4, 5, 6 and 2 more   (mail, returned)"},
	    {"\"kind\":\"added\",\"added\":[\"b\"],\"meaning\":[\"one\\u001b"
	     "\",\"two\"],\"meaning_codes\":[\"x\",\"y\"]",
		"added + b\n      one\\027\n      two"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[1024];
		struct buf out = {0};
		const char *at;

		snprintf(body, sizeof(body), "{%s}", cases[i][0]);
		print_entry(&out, false, 1, "change", body);
		at = strstr(buf_text(&out), cases[i][1]);
		assert_non_null(at);
		assert_string_equal(at, cases[i][1]);
		buf_fini(&out);
	}
}

static void
test_hostile_values_are_escaped_and_cut(void **state)
{
	struct buf out = {0};
	char body[4096];
	char longest[3000];

	(void)state;
	assert_line(false, "event",
	    "{\"kind\":\"f\\u001b[31m\",\"name\":\"\\u202e\\n\x9b\","
	    "\"severity\":\"\\u0000\",\"type\":\"A\"}",
	    "                      \\000      f\\027[31m         "
	    "\\u202e\\010\\155 A");
	memset(longest, 'x', sizeof(longest));
	snprintf(body, sizeof(body),
	    "{\"kind\":\"added\",\"added\":[\"%.*s\"]}", (int)sizeof(longest),
	    longest);
	print_entry(&out, false, 1, "change", body);
	assert_true(out.size < 300);
	assert_non_null(strstr(buf_text(&out), "x..."));
	buf_fini(&out);
}

static void
test_events_of_targets_and_of_probes_name_them(void **state)
{
	(void)state;
	assert_line(false, "event",
	    "{\"kind\":\"dangling\",\"name\":\"x.\",\"type\":\"MX\","
	    "\"severity\":\"high\",\"reason\":\"zone\","
	    "\"target\":\"mx.y.z.\",\"missing\":\"y.z.\"}",
	    "                      high      dangling          "
	    "x. MX zone -> mx.y.z. (y.z.)");
	assert_line(false, "event",
	    "{\"kind\":\"unlisted\",\"name\":\"x.\",\"type\":\"SOA\","
	    "\"severity\":\"low\",\"reason\":\"label\",\"probe\":{"
	    "\"name\":\"a.x.\",\"type\":\"A\",\"outcome\":\"ANSWER\","
	    "\"rdata\":[\"192.0.2.1\"],\"chain\":[]}}",
	    "                      low       unlisted          "
	    "x. SOA label: a.x. A 192.0.2.1");
}

static void
test_events_say_what_is_so_and_who_says_it(void **state)
{
	(void)state;
	assert_line(false, "event",
	    "{\"kind\":\"deviates\",\"name\":\"x.\",\"type\":\"A\","
	    "\"severity\":\"high\",\"expected\":\"exactly\","
	    "\"missing\":[\"192.0.2.1\"],\"unexpected\":[\"192.0.2.2\","
	    "\"192.0.2.3\"]}",
	    "                      high      deviates          x. A exactly, "
	    "missing 192.0.2.1, unexpected 192.0.2.2, 192.0.2.3");
	assert_line(false, "event",
	    "{\"kind\":\"life-marked\",\"name\":\"x.\",\"type\":\"NS\","
	    "\"severity\":\"medium\",\"life\":{\"from\":\"resolving\","
	    "\"to\":\"sinkholed\",\"cause\":\"mark\",\"confidence\":"
	    "\"high\",\"who\":\"CERT\",\"back\":true}}",
	    "                      medium    life-marked       x. NS resolving "
	    "-> sinkholed (mark: CERT), back, confidence high");
	assert_line(false, "event",
	    "{\"kind\":\"plan-missed\",\"name\":\"x.\",\"type\":\"A\","
	    "\"severity\":\"high\",\"plan\":{\"name\":\"move\"},"
	    "\"names\":[\"y.\",\"z.\"]}",
	    "                      high      plan-missed       x. A plan move, "
	    "not as planned: y., z.");
	assert_line(false, "event",
	    "{\"kind\":\"views-differ\",\"name\":\"x.\",\"type\":\"A\","
	    "\"severity\":\"high\",\"views\":[{\"view\":\"default\","
	    "\"outcome\":\"ANSWER\",\"rdata\":[\"192.0.2.1\"]},{\"view\":"
	    "\"eu\",\"outcome\":\"NXDOMAIN\",\"rdata\":[]}]}",
	    "                      high      views-differ      x. A default "
	    "192.0.2.1; eu NXDOMAIN");
	assert_line(false, "event",
	    "{\"kind\":\"views-agree\",\"name\":\"x.\",\"type\":\"A\","
	    "\"severity\":\"low\",\"views\":[{\"view\":\"default\"}]}",
	    "                      low       views-agree       x. A");
	assert_line(false, "event",
	    "{\"kind\":\"digest\",\"severity\":\"low\",\"digest\":{"
	    "\"changes\":2,\"events\":1,\"names\":3,\"now\":{}}}",
	    "                      low       digest             changes 2, "
	    "events 1, names 3");
}

/* What raised or lowered it stands at its end. */
static void
test_why_a_severity_is_so_is_told_whole(void **state)
{
	(void)state;
	assert_line(true, "event",
	    "{\"kind\":\"failing\",\"name\":\"x.\",\"type\":\"A\","
	    "\"severity\":\"low\",\"id\":\"1\",\"severity_why\":\"table: "
	    "added or modified or replaced, address, owned, new within a day; "
	    "at most low: it is as expected\"}",
	    "       7                        low       failing           x. A"
	    "   1; low by table: added or modified or replaced, address, "
	    "owned, "
	    "new within a day; at most low: it is as expected");
}

static void
test_members_are_found_behind_any_number_of_others(void **state)
{
	struct buf body = {0};

	(void)state;
	buf_add_text(&body, "{");
	for (int i = 0; i < 100; i++)
		buf_printf(&body, "\"later%d\":{\"kind\":%d},", i, i);
	buf_add_text(&body, "\"kind\":\"failing\",\"name\":\"a.\","
			    "\"severity\":\"low\",\"type\":\"A\"}");
	assert_line(false, "event", buf_text(&body),
	    "                      low       failing           a. A");
	buf_fini(&body);
}

static void
test_an_event_of_a_resolver_names_it(void **state)
{
	(void)state;
	assert_line(false, "event",
	    "{\"kind\":\"resolver-left\",\"server\":\"192.0.2.1:53\","
	    "\"reason\":\"canary\",\"severity\":\"medium\"}",
	    "                      medium    resolver-left      192.0.2.1:53 "
	    "canary");
}

/* Pieces of JSON in any order, and any bytes. */
static void
make_noise(char *out, size_t size)
{
	static const char *const pieces[] = {"{", "}", "[", "]", ",", ":", "\"",
	    "\\", "\\u", "\\u00", "\"class\":", "\"to\":{", "\"rdata\":[",
	    "\"seq\":1", "null", "\"since\":\"2026-11-21T", "\xe2\x80", "\x1b"};
	size_t used = 0;

	while (used + 24 < size) {
		size_t i = rand_below(20);

		if (i < sizeof(pieces) / sizeof(pieces[0]))
			used += (size_t)sprintf(out + used, "%s", pieces[i]);
		else
			out[used++] = (char)(1 + rand_below(255));
	}
	out[used] = '\0';
}

static void
test_no_bytes_break_out(void **state)
{
	FILE *nowhere = fopen("/dev/null", "w");
	struct print p;

	(void)state;
	rand_seed(20261121);
	print_init(&p, nowhere);
	for (int i = 0; i < 20000; i++) {
		/* At the end of its block, for ASan. */
		size_t size = 32 + rand_below(200);
		char *body = malloc(size);
		struct buf out = {0};

		make_noise(body + 1, size - 1);
		body[0] = i % 2 == 0 ? '{' : ' ';
		print_entry_json(&out, i % 3 == 0, i, "change", body);
		print_entry(&out, i % 3 == 0, i, "change", body);
		print_entry(&out, true, i, "candidate", body);
		print_entry(&out, false, i, "event", body);
		print_json(&out, body);
		assert_printable(&out);
		(void)!print_object(&p, body);
		buf_fini(&out);
		free(body);
	}
	fclose(nowhere);
}

/* The object's page, read back from a file. */
static void
show_object(const char *body, char *out, size_t size)
{
	FILE *file = tmpfile();
	struct print p;
	size_t n;

	assert_non_null(file);
	print_init(&p, file);
	assert_int_equal(print_object(&p, body), 0);
	assert_true(print_end(&p));
	rewind(file);
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
}

static void
test_an_object_is_a_page_of_sections_and_tables(void **state)
{
	char page[2048];

	(void)state;
	show_object("{\"version\":\"1\",\"database\":{\"state\":\"ready\","
		    "\"ok\":true,\"deep\":{\"a\":[1]}},\"pid\":42,"
		    "\"resolvers\":[{\"server\":\"192.0.2.1:53\",\"open\":1},"
		    "{\"server\":\"x\",\"lost\":null}],\"none\":[]}",
	    page, sizeof(page));
	assert_string_equal(page, "version  1\n"
				  "pid      42\n"
				  "none     []\n"
				  "\n"
				  "database\n"
				  "  state  ready\n"
				  "  ok     yes\n"
				  "  deep   {\"a\":[1]}\n"
				  "\n"
				  "resolvers\n"
				  "  server        open  lost\n"
				  "  192.0.2.1:53  1     -\n"
				  "  x             -     -\n");
}

static void
test_a_closed_reader_is_quiet_and_a_full_disk_is_not(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct buf line = {0};
	struct print p;

	(void)state;
	assert_non_null(full);
	print_init(&p, full);
	buf_add_text(&line, "x");
	print_line(&p, &line);
	assert_int_equal(line.size, 0);
	assert_false(print_end(&p));
	assert_int_equal(p.err, -ENOSPC);
	p.err = -EPIPE;
	assert_true(print_end(&p));
	buf_fini(&line);
	fclose(full);
}

static void
test_times_are_short_for_people(void **state)
{
	struct buf out = {0};

	(void)state;
	print_wall(&out, 1763744400123456);
	buf_add_text(&out, "|");
	print_wall(&out, 0);
	assert_string_equal(buf_text(&out), "2025-11-21 17:00:00Z|-");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_event_of_a_resolver_names_it),
	    cmocka_unit_test(test_seq_stands_behind_class),
	    cmocka_unit_test(test_values_are_passed_on_untouched),
	    cmocka_unit_test(test_a_decision_is_shown_as_the_entry_that_it_is),
	    cmocka_unit_test(test_characters_become_escapes_again),
	    cmocka_unit_test(test_a_change_is_one_line),
	    cmocka_unit_test(test_an_attribute_shows_what_it_was_and_is),
	    cmocka_unit_test(test_each_kind_shows_what_differs),
	    cmocka_unit_test(test_hostile_values_are_escaped_and_cut),
	    cmocka_unit_test(test_events_of_targets_and_of_probes_name_them),
	    cmocka_unit_test(test_events_say_what_is_so_and_who_says_it),
	    cmocka_unit_test(test_why_a_severity_is_so_is_told_whole),
	    cmocka_unit_test(
		test_members_are_found_behind_any_number_of_others),
	    cmocka_unit_test(test_no_bytes_break_out),
	    cmocka_unit_test(test_an_object_is_a_page_of_sections_and_tables),
	    cmocka_unit_test(
		test_a_closed_reader_is_quiet_and_a_full_disk_is_not),
	    cmocka_unit_test(test_times_are_short_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
