/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What is said of a change has the members of the contract, each with its
 * value, and is one line of printable ASCII whatever strangers wrote into their
 * zones.  Tried against the contract's own example member by member, with
 * names and texts made to break out of JSON, of a shell and of dig, and with
 * random bytes from a printed seed (SEED=n repeats one).
 */

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include <jansson.h>

#include "base/rand.h"
#include "daemon/monitor/say.h"
#include "dns/type.h"

/* A name on the wire; the literal's NUL is the root. */
#define WIRE(text) ((const uint8_t *)(text))

#define NAME WIRE("\3www\7example\3com")
/* 2026-11-21T17:00:00.123Z */
#define SEEN (WALL_S(1795280400) + WALL_MS(123))

static const uint8_t old_rdata[] = {192, 0, 2, 1};
static const uint8_t new_rdata[] = {198, 51, 100, 9};
static struct record old_a = {.type = TYPE_A, .size = 4, .rdata = old_rdata};
static struct record new_a = {.type = TYPE_A, .size = 4, .rdata = new_rdata};
static const uint8_t *edge[] = {WIRE("\4edge\7example\3net")};

static const char *one_tag[] = {"owned"};
static const struct policy policy = {.tags = one_tag,
    .n_tags = 1,
    .lists = one_tag,
    .n_lists = 1,
    .owner = "web-team",
    .runbook = "https://wiki.example.com/dns"};

/* The change of the contract, with room to alter it. */
struct stage {
	struct content from;
	struct content to;
	const struct record *added[8];
	const struct record *removed[8];
	bool yes[8];
	struct judgement g;
	struct store_element facts[2];
	struct commit_evidence w;
	struct say_change c;
};

static void
fill_judgement(struct stage *s)
{
	s->added[0] = &new_a;
	s->removed[0] = &old_a;
	s->yes[0] = true;
	s->g = (struct judgement){.label = LABEL_CONFIRMED,
	    .proved = PROVED_CACHE,
	    .why = "two groups said so",
	    .added_confirmed = s->yes,
	    .removed_confirmed = s->yes,
	    .diff = {.kind = KIND_REPLACED,
		.added = s->added,
		.n_added = 1,
		.removed = s->removed,
		.n_removed = 1}};
}

static void
start(struct stage *s)
{
	*s = (struct stage){
	    .from = {OUTCOME_ANSWER, .n_records = 1, .records = &old_a},
	    .to = {OUTCOME_ANSWER, .n_records = 1, .records = &new_a,
		.n_chain = 1, .chain = edge},
	    .w = {.at = SEEN,
		.last_at = SEEN,
		.server = "192.0.2.53:53",
		.group = "192.0.2.53",
		.outcome = OUTCOME_ANSWER,
		.ttl = 300,
		.ede = -1,
		.count = 1,
		.raw = (const uint8_t *)"abc",
		.raw_size = 3},
	};
	fill_judgement(s);
	s->w.content = &s->to;
	/* Facts are of the chain first, then of the records. */
	s->facts[1].first_any = SEEN - WALL_S(140000);
	s->c = (struct say_change){.q = {NAME, TYPE_A, &policy, "default"},
	    .revision = 1,
	    .severity = SEVERITY_HIGH,
	    .seen_at = SEEN,
	    .decided_at = SEEN + WALL_MS(187),
	    .from = {&s->from, 300, SEEN - WALL_S(7200), SEEN - WALL_S(300)},
	    .to = {.content = &s->to, .ttl = 300},
	    .judgement = &s->g,
	    .facts_of = &s->to,
	    .facts = s->facts,
	    .n_facts = 2,
	    .witnesses = &s->w,
	    .n_witnesses = 1};
	assert_int_equal(addr_parse("192.0.2.53", 53, &s->c.asked), 0);
	assert_int_equal(
	    uuid_parse("0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10", &s->c.id), 0);
}

/* Printable ASCII, one line, and one JSON object. */
static json_t *
parsed(struct buf *b)
{
	const char *text = buf_text(b);
	json_error_t error;
	json_t *j;

	assert_int_equal(b->err, 0);
	for (const char *p = text; *p != '\0'; p++)
		assert_true(*p >= ' ' && *p <= '~');
	j = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (j == NULL)
		fail_msg("%s in %s", error.text, text);
	assert_true(json_is_object(j));
	buf_fini(b);
	return j;
}

static json_t *
said(const struct stage *s)
{
	struct buf b = {0};

	say_change(&s->c, &b);
	return parsed(&b);
}

/* The member is this JSON, with its members in this order. */
static void
check_member(const json_t *j, const char *key, const char *want)
{
	char *text =
	    json_dumps(json_object_get(j, key), JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		fail_msg("no member %s", key);
	assert_string_equal(text, want);
	free(text);
}

static void
check_summary(const struct stage *s, const char *want)
{
	struct buf b = {0};

	say_summary(&s->c, &b);
	assert_string_equal(buf_text(&b), want);
	buf_fini(&b);
}

/* --- the contract --------------------------------------------------------- */

static void
test_say_change_has_the_members_of_the_contract(void **state)
{
	static const char *const want[][2] = {
	    {"schema", "1"},
	    {"class", "\"change\""},
	    {"id", "\"0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10\""},
	    {"revision", "1"},
	    {"name", "\"www.example.com.\""},
	    {"zone", "\"example.com.\""},
	    {"type", "\"A\""},
	    {"view", "\"default\""},
	    {"kind", "\"replaced\""},
	    {"aspects", "[]"},
	    {"severity", "\"high\""},
	    {"label", "\"confirmed\""},
	    {"proved", "\"cache\""},
	    {"summary", "\"www.example.com A 192.0.2.1 -> 198.51.100.9\""},
	    {"seen_at", "\"2026-11-21T17:00:00.123Z\""},
	    {"decided_at", "\"2026-11-21T17:00:00.310Z\""},
	    {"changed_after", "\"2026-11-21T16:55:00.123Z\""},
	    {"changed_before", "\"2026-11-21T17:00:00.123Z\""},
	    {"from", "{\"outcome\":\"ANSWER\",\"rdata\":[\"192.0.2.1\"],"
		     "\"chain\":[],\"ttl\":300,"
		     "\"since\":\"2026-11-21T15:00:00.123Z\","
		     "\"last_seen\":\"2026-11-21T16:55:00.123Z\"}"},
	    {"to", "{\"outcome\":\"ANSWER\",\"rdata\":[\"198.51.100.9\"],"
		   "\"chain\":[\"edge.example.net.\"],\"ttl\":300}"},
	    {"added", "[\"198.51.100.9\"]"},
	    {"removed", "[\"192.0.2.1\"]"},
	    {"watchlists", "[\"owned\"]"},
	    {"tags", "[\"owned\"]"},
	    {"owner", "\"web-team\""},
	    {"runbook", "\"https://wiki.example.com/dns\""},
	    {"dig", "\"dig @192.0.2.53 www.example.com. A\""},
	};
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	j = said(&s);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		check_member(j, want[i][0], want[i][1]);
	/* The store gives it out: it is not ours to say. */
	assert_null(json_object_get(j, "seq"));
	json_decref(j);
}

static void
test_say_elements_with_their_first_sight(void **state)
{
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	s.yes[0] = true;
	j = said(&s);
	check_member(j, "elements",
	    "[{\"op\":\"+\",\"value\":\"198.51.100.9\",\"confirmed\":true,"
	    "\"first_seen_here\":\"2026-11-21T17:00:00.123Z\","
	    "\"first_seen_any\":\"2026-11-20T02:06:40.123Z\"},"
	    "{\"op\":\"-\",\"value\":\"192.0.2.1\",\"confirmed\":true}]");
	json_decref(j);
}

static void
test_say_witness_with_its_message(void **state)
{
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	j = said(&s);
	check_member(j, "witnesses",
	    "[{\"server\":\"192.0.2.53:53\",\"group\":\"192.0.2.53\","
	    "\"transport\":\"udp\",\"at\":\"2026-11-21T17:00:00.123Z\","
	    "\"outcome\":\"ANSWER\",\"rdata\":[\"198.51.100.9\"],\"ttl\":300,"
	    "\"aa\":false,\"ad\":false,\"sha256\":\"ba7816bf8f01cfea414140de"
	    "5dae2223b00361a396177a9cb410ff61f20015ad\"}]");
	json_decref(j);
}

static void
test_say_witness_that_failed_has_no_rdata(void **state)
{
	struct stage s;
	const json_t *w;
	json_t *j;

	(void)state;
	start(&s);
	s.w = (struct commit_evidence){.at = SEEN,
	    .last_at = SEEN + WALL_S(2),
	    .server = "192.0.2.53:53",
	    .group = "g",
	    .transport = 2,
	    .outcome = OUTCOME_FAIL,
	    .fail = FAIL_SERVFAIL,
	    .ede = 22,
	    .count = 3};
	j = said(&s);
	w = json_array_get(json_object_get(j, "witnesses"), 0);
	check_member(w, "transport", "\"tls\"");
	check_member(w, "outcome", "\"FAIL\"");
	check_member(w, "reason", "\"servfail\"");
	check_member(w, "ede", "22");
	check_member(w, "count", "3");
	check_member(w, "last_at", "\"2026-11-21T17:00:02.123Z\"");
	assert_null(json_object_get(w, "rdata"));
	assert_null(json_object_get(w, "sha256"));
	json_decref(j);
}

static void
test_say_many_witnesses_the_first_and_the_last_and_how_many(void **state)
{
	struct commit_evidence list[40];
	struct stage s;
	const json_t *w;
	json_t *j;

	(void)state;
	start(&s);
	for (int i = 0; i < 40; i++) {
		list[i] = s.w;
		list[i].at += WALL_S(i);
	}
	s.c.witnesses = list;
	s.c.n_witnesses = SAY_WITNESSES_MAX;
	j = said(&s);
	assert_null(json_object_get(j, "witnesses_total"));
	json_decref(j);
	s.c.n_witnesses = 40;
	j = said(&s);
	w = json_object_get(j, "witnesses");
	assert_int_equal(json_array_size(w), SAY_WITNESSES_MAX);
	check_member(
	    json_array_get(w, 0), "at", "\"2026-11-21T17:00:00.123Z\"");
	check_member(json_array_get(w, SAY_WITNESSES_MAX - 1), "at",
	    "\"2026-11-21T17:00:39.123Z\"");
	check_member(j, "witnesses_total", "40");
	json_decref(j);
}

/* R10: what was seen while it was open and is gone is named too. */
static void
test_say_elements_that_are_gone(void **state)
{
	static const uint8_t rogue[] = {203, 0, 113, 66};
	struct record record = {TYPE_A, 4, rogue, 0};
	struct content c = {OUTCOME_ANSWER, .n_records = 1, .records = &record};
	struct commit_evidence list[3];
	struct stage s;
	const json_t *e;
	json_t *j;

	(void)state;
	start(&s);
	list[0] = list[1] = list[2] = s.w;
	list[0].content = list[1].content = &c; /* named once */
	s.c.witnesses = list;
	s.c.n_witnesses = 3;
	j = said(&s);
	e = json_object_get(j, "elements");
	assert_int_equal(json_array_size(e), 3);
	check_member(json_array_get(e, 2), "op", "\"+\"");
	check_member(json_array_get(e, 2), "value", "\"203.0.113.66\"");
	check_member(json_array_get(e, 2), "confirmed", "false");
	check_member(j, "added", "[\"198.51.100.9\"]");
	json_decref(j);
}

static void
test_say_aspects_in_their_order(void **state)
{
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	s.c.aspects = ASPECT_PRIVATE | ASPECT_ALIAS | ASPECT_RETURNED;
	j = said(&s);
	check_member(j, "aspects", "[\"alias\",\"returned\",\"private\"]");
	json_decref(j);
}

static void
test_say_unreadable_says_why_and_which(void **state)
{
	struct stage s;
	const json_t *to;
	json_t *j;

	(void)state;
	start(&s);
	s.to = (struct content){.outcome = OUTCOME_UNREADABLE,
	    .reason = UNREADABLE_OVERSIZED,
	    .digest = {0xab}};
	s.g.diff.kind = KIND_UNREADABLE;
	s.g.diff.n_added = 0;
	check_summary(
	    &s, "www.example.com A 192.0.2.1 -> UNREADABLE (too many records)");
	j = said(&s);
	to = json_object_get(j, "to");
	check_member(to, "reason", "\"too many records\"");
	check_member(to, "rdata", "[]");
	assert_int_equal(
	    strlen(json_string_value(json_object_get(to, "sha256"))), 64);
	json_decref(j);
}

static void
test_say_candidate_has_the_members_of_the_contract(void **state)
{
	struct buf b = {0};
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	say_candidate(&s.c, &s.to, &b);
	j = parsed(&b);
	check_member(j, "schema", "1");
	check_member(j, "class", "\"candidate\"");
	check_member(j, "change", "\"0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10\"");
	check_member(j, "name", "\"www.example.com.\"");
	check_member(j, "type", "\"A\"");
	check_member(j, "view", "\"default\"");
	check_member(j, "seen_at", "\"2026-11-21T17:00:00.123Z\"");
	check_member(j, "seen",
	    "{\"outcome\":\"ANSWER\",\"rdata\":[\"198.51.100.9\"],"
	    "\"chain\":[\"edge.example.net.\"],\"ttl\":300}");
	assert_true(json_is_object(json_object_get(j, "from")));
	json_decref(j);
}

static void
test_say_event_has_the_members_of_the_contract(void **state)
{
	struct say_event e = {.kind = "failing",
	    .name = NAME,
	    .view = "default",
	    .type = TYPE_A,
	    .reason = "servfail",
	    .since = SEEN,
	    .at = SEEN + WALL_S(60),
	    .severity = SEVERITY_MEDIUM};
	struct buf b = {0};
	json_t *j;

	(void)state;
	say_event(&e, &b);
	j = parsed(&b);
	check_member(j, "schema", "1");
	check_member(j, "class", "\"event\"");
	check_member(j, "kind", "\"failing\"");
	check_member(j, "name", "\"www.example.com.\"");
	check_member(j, "type", "\"A\"");
	check_member(j, "view", "\"default\"");
	check_member(j, "reason", "\"servfail\"");
	check_member(j, "since", "\"2026-11-21T17:00:00.123Z\"");
	check_member(j, "severity", "\"medium\"");
	assert_null(json_object_get(j, "asked"));
	json_decref(j);
	buf_fini(&b);
}

/* R6: numbers are numbers, an SOA's timers have names, digests are hex. */
static void
test_say_event_of_an_attribute_has_both_values(void **state)
{
	static const uint8_t from[ATTRIBUTE_SIZE] = {0xff, 0xff, 0xff, 0xff};
	static const uint8_t to[ATTRIBUTE_SIZE] = {[3] = 2, [7] = 3};
	static const char *const wants[N_ATTRIBUTES] = {
	    [ATTRIBUTE_ORDER] = "\"ffffffff000000000000000000000000\"",
	    [ATTRIBUTE_DUPLICATES] = "4294967295",
	    [ATTRIBUTE_TTL] = "4294967295",
	    [ATTRIBUTE_CASE] = "\"ffffffff000000000000000000000000\"",
	    [ATTRIBUTE_SERIAL] = "4294967295",
	    [ATTRIBUTE_TIMERS] = "{\"refresh\":4294967295,\"retry\":0,"
				 "\"expire\":0,\"minimum\":0}",
	    [ATTRIBUTE_SIGNATURE] = "\"ffffffff000000000000000000000000\"",
	    [ATTRIBUTE_ECH] = "\"ffffffff000000000000000000000000\"",
	};
	struct say_event e = {.name = NAME,
	    .view = "default",
	    .type = TYPE_SOA,
	    .since = SEEN,
	    .at = SEEN,
	    .severity = SEVERITY_LOW,
	    .from = from,
	    .to = to};
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		json_t *j;

		e.attribute = (enum attribute)i;
		e.kind = attribute_text(e.attribute);
		buf_clear(&b);
		say_event(&e, &b);
		j = parsed(&b);
		check_member(j, "from", wants[i]);
		assert_non_null(json_object_get(j, "to"));
		assert_null(json_object_get(j, "reason"));
		json_decref(j);
	}
	buf_fini(&b);
}

static void
test_say_event_of_the_monitor_has_no_name(void **state)
{
	struct say_event e = {.kind = "blind",
	    .view = "default",
	    .since = SEEN,
	    .at = SEEN,
	    .severity = SEVERITY_HIGH,
	    .asked = 20,
	    .failed = 15};
	struct buf b = {0};
	json_t *j;

	(void)state;
	say_event(&e, &b);
	j = parsed(&b);
	assert_null(json_object_get(j, "name"));
	assert_null(json_object_get(j, "type"));
	check_member(j, "asked", "20");
	check_member(j, "failed", "15");
	json_decref(j);
	buf_fini(&b);
}

static void
test_say_group_has_the_members_of_the_contract(void **state)
{
	struct say_group g = {.revision = 2,
	    .kind = "vanished",
	    .name = NAME,
	    .view = "default",
	    .severity = SEVERITY_CRITICAL,
	    .label = LABEL_UNCONFIRMED,
	    .n_members = 4};
	struct buf b = {0};
	json_t *j;

	(void)state;
	say_group(&g, &b);
	j = parsed(&b);
	check_member(j, "schema", "1");
	check_member(j, "class", "\"group\"");
	check_member(j, "revision", "2");
	check_member(j, "kind", "\"vanished\"");
	check_member(j, "name", "\"www.example.com.\"");
	check_member(j, "view", "\"default\"");
	check_member(j, "severity", "\"critical\"");
	check_member(j, "label", "\"unconfirmed\"");
	check_member(j, "summary", "\"www.example.com vanished, 4 types\"");
	assert_null(json_object_get(j, "members"));
	json_decref(j);
	g.label = LABEL_NONE; /* of events */
	say_group(&g, &b);
	j = parsed(&b);
	assert_null(json_object_get(j, "label"));
	json_decref(j);
}

/* --- summaries ------------------------------------------------------------ */

static void
test_say_summary_of_outcomes(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	s.to = (struct content){.outcome = OUTCOME_NXDOMAIN};
	s.g.diff.kind = KIND_VANISHED;
	check_summary(&s, "www.example.com A 192.0.2.1 -> NXDOMAIN");
	s.from = (struct content){.outcome = OUTCOME_NODATA};
	s.g.diff.kind = KIND_OUTCOME;
	check_summary(&s, "www.example.com A NODATA -> NXDOMAIN");
	s.c.q.name = WIRE("");
	s.c.q.type = TYPE_NS;
	check_summary(&s, ". NS NODATA -> NXDOMAIN");
}

static void
test_say_summary_of_single_elements(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	s.g.diff.kind = KIND_ADDED;
	s.g.diff.n_removed = 0;
	check_summary(&s, "www.example.com A +198.51.100.9");
	s.g.diff.kind = KIND_REMOVED;
	s.g.diff.n_removed = 1;
	s.g.diff.n_added = 0;
	check_summary(&s, "www.example.com A -192.0.2.1");
}

static void
test_say_summary_of_an_alias(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	s.g.diff.kind = KIND_ALIAS;
	check_summary(
	    &s, "www.example.com A alias no alias -> edge.example.net.");
}

static void
test_say_summary_of_many_is_cut_and_counted(void **state)
{
	struct record list[7];
	uint8_t rdata[7][4];
	struct stage s;

	(void)state;
	start(&s);
	for (uint8_t i = 0; i < 7; i++) {
		memcpy(rdata[i], (uint8_t[]){10, 0, 0, i}, 4);
		list[i] = (struct record){TYPE_A, 4, rdata[i], 0};
		s.added[i] = &list[i];
	}
	s.to.records = list;
	s.to.n_records = 7;
	check_summary(&s, "www.example.com A 192.0.2.1 -> 10.0.0.0, 10.0.0.1, "
			  "10.0.0.2, 10.0.0.3, and 3 more");
	s.g.diff.kind = KIND_ADDED;
	s.g.diff.n_added = 7;
	s.g.diff.n_removed = 0;
	check_summary(&s, "www.example.com A +10.0.0.0 +10.0.0.1 +10.0.0.2 "
			  "+10.0.0.3 (7 added, 0 removed)");
}

/* --- strangers ------------------------------------------------------------ */

static void
check_dig(struct stage *s, const uint8_t *name, const char *want)
{
	json_t *j;

	s->c.q.name = name;
	j = said(s);
	assert_string_equal(json_string_value(json_object_get(j, "dig")), want);
	json_decref(j);
}

static void
test_say_dig_is_safe_in_a_shell(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	check_dig(
	    &s, WIRE("\6a$(id)\3com"), "dig @192.0.2.53 'a\\$\\(id\\).com.' A");
	check_dig(
	    &s, WIRE("\4a'b;\3com"), "dig @192.0.2.53 'a\\039b\\;.com.' A");
	check_dig(&s, WIRE("\6_dmarc\3com"), "dig @192.0.2.53 _dmarc.com. A");
}

static void
test_say_dig_takes_no_name_for_an_option(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	check_dig(&s, WIRE("\5-fx.y"), "dig @192.0.2.53 -q '-fx\\.y.' A");
	check_dig(&s, WIRE("\2-f\3com"), "dig @192.0.2.53 -q -f.com. A");
	check_dig(&s, WIRE("\3+sh\3com"), "dig @192.0.2.53 -q '+sh.com.' A");
}

static void
test_say_dig_names_who_was_asked_and_a_port_not_53(void **state)
{
	struct stage s;
	json_t *j;

	(void)state;
	start(&s);
	s.c.asked = (struct addr){0};
	j = said(&s);
	assert_null(json_object_get(j, "dig"));
	json_decref(j);
	assert_int_equal(addr_parse("[2001:db8::53]:5300", 53, &s.c.asked), 0);
	s.c.asked_tls = true;
	check_dig(&s, WIRE("\1a"), "dig @2001:db8::53 -p 5300 +tls a. A");
}

static void
test_say_watched_names_in_both_forms_and_others_as_they_came(void **state)
{
	struct stage s;
	json_t *j;
	char *text;

	(void)state;
	start(&s);
	s.c.q.name = WIRE("\16xn--ypal-43d9g\3com");
	j = said(&s);
	assert_string_equal(
	    json_string_value(json_object_get(j, "name_unicode")),
	    "\xd1\x80\xd0\xb0ypal.com.");
	assert_true(json_is_true(json_object_get(j, "name_mixed")));
	json_decref(j);
	s.c.q.name = WIRE("\12xn--abc-de\3com");
	j = said(&s);
	text = json_dumps(j, 0);
	assert_null(strstr(text, "name_"));
	free(text);
	json_decref(j);
}

static void
random_name(uint8_t wire[NAME_SIZE_MAX])
{
	size_t at = 0;

	for (uint32_t n = 1 + rand_below(3); n > 0; n--) {
		uint8_t size = (uint8_t)(1 + rand_below(LABEL_SIZE_MAX));

		wire[at++] = size;
		rand_bytes(wire + at, size);
		at += size;
	}
	wire[at] = 0;
	name_fold(wire, at);
}

/* The line as a shell reads it has five words: nothing broke out. */
static void
check_line(const char *line)
{
	bool quoted = false;
	unsigned words = 1;

	for (const char *p = line; *p != '\0'; p++) {
		if (*p == '\'')
			quoted = !quoted;
		else if (*p == ' ' && !quoted)
			words++;
		else if (!quoted)
			assert_null(strchr("$`;&|<>()\"#*?[]{}~!\\\n", *p));
	}
	assert_false(quoted);
	assert_true(words == 4 || words == 5); /* -q */
}

static void
test_say_random_bytes_stay_inside_their_strings(void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (int i = 0; i < 3000; i++) {
		uint8_t txt[300];
		uint8_t name[NAME_SIZE_MAX];
		uint8_t target[NAME_SIZE_MAX];
		const uint8_t *chain[] = {target};
		struct record r = {TYPE_TXT, 256, txt, 0};
		struct buf b = {0};
		struct stage s;
		json_t *j;

		start(&s);
		rand_bytes(txt, sizeof(txt));
		txt[0] = 255;
		random_name(name);
		random_name(target);
		s.to.records = &r;
		s.to.chain = chain;
		s.added[0] = &r;
		s.c.q.name = name;
		s.c.q.type = TYPE_TXT;
		j = said(&s);
		check_line(json_string_value(json_object_get(j, "dig")));
		json_decref(j);
		say_summary(&s.c, &b);
		for (const char *p = buf_text(&b); *p != '\0'; p++)
			assert_true(*p >= ' ' && *p <= '~');
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_say_change_has_the_members_of_the_contract),
	    cmocka_unit_test(test_say_elements_with_their_first_sight),
	    cmocka_unit_test(test_say_witness_with_its_message),
	    cmocka_unit_test(test_say_witness_that_failed_has_no_rdata),
	    cmocka_unit_test(
		test_say_many_witnesses_the_first_and_the_last_and_how_many),
	    cmocka_unit_test(test_say_elements_that_are_gone),
	    cmocka_unit_test(test_say_aspects_in_their_order),
	    cmocka_unit_test(test_say_unreadable_says_why_and_which),
	    cmocka_unit_test(
		test_say_candidate_has_the_members_of_the_contract),
	    cmocka_unit_test(test_say_event_has_the_members_of_the_contract),
	    cmocka_unit_test(test_say_event_of_an_attribute_has_both_values),
	    cmocka_unit_test(test_say_event_of_the_monitor_has_no_name),
	    cmocka_unit_test(test_say_group_has_the_members_of_the_contract),
	    cmocka_unit_test(test_say_summary_of_outcomes),
	    cmocka_unit_test(test_say_summary_of_single_elements),
	    cmocka_unit_test(test_say_summary_of_an_alias),
	    cmocka_unit_test(test_say_summary_of_many_is_cut_and_counted),
	    cmocka_unit_test(test_say_dig_is_safe_in_a_shell),
	    cmocka_unit_test(test_say_dig_takes_no_name_for_an_option),
	    cmocka_unit_test(
		test_say_dig_names_who_was_asked_and_a_port_not_53),
	    cmocka_unit_test(
		test_say_watched_names_in_both_forms_and_others_as_they_came),
	    cmocka_unit_test(test_say_random_bytes_stay_inside_their_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
