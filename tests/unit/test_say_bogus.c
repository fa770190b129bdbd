/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What is said of data that a validator holds back (R17): the event with what
 * is believed, what CD=1 showed and both answers, whatever the server wrote
 * into its extended error (B9); and of keys in a summary.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/rand.h"
#include "daemon/monitor/say.h"
#include "dns/message.h"
#include "dns/type.h"

#define NAME ((const uint8_t *)"\3www\7example\3com")
#define SEEN (WALL_S(1795280400) + WALL_MS(123))

enum { SEED = 8914, ROUNDS = 2000 };

static const uint8_t old_rdata[] = {192, 0, 2, 1};
static const uint8_t new_rdata[] = {203, 0, 113, 66};
static struct record old_a = {.type = TYPE_A, .size = 4, .rdata = old_rdata};
static struct record new_a = {.type = TYPE_A, .size = 4, .rdata = new_rdata};
static const struct content believed = {
    OUTCOME_ANSWER, .n_records = 1, .records = &old_a};
static const struct content shown = {
    OUTCOME_ANSWER, .n_records = 1, .records = &new_a};

/* The event with this text in the refusal, as JSON of one printable line. */
static json_t *
said(const uint8_t *text, size_t size)
{
	const struct commit_evidence w[2] = {
	    {.at = SEEN,
		.server = "192.0.2.53:53",
		.group = "g",
		.outcome = OUTCOME_FAIL,
		.fail = FAIL_BOGUS,
		.flags = 0x8182,
		.ede = 9,
		.ede_text = text,
		.ede_text_size = size,
		.raw = (const uint8_t *)"abc",
		.raw_size = 3},
	    {.at = SEEN,
		.server = "192.0.2.53:53",
		.group = "g",
		.outcome = OUTCOME_ANSWER,
		.flags = 0x8180 | COMMIT_FLAG_CD,
		.ede = -1,
		.raw = (const uint8_t *)"abcd",
		.raw_size = 4,
		.content = &shown},
	};
	const struct say_state from = {
	    &believed, 300, SEEN - WALL_S(7200), SEEN - WALL_S(60)};
	const struct say_state seen = {.content = &shown, .ttl = 60};
	const struct say_event e = {.kind = "bogus",
	    .name = NAME,
	    .view = "default",
	    .type = TYPE_A,
	    .since = SEEN,
	    .at = SEEN,
	    .severity = SEVERITY_CRITICAL,
	    .believed = &from,
	    .seen = &seen,
	    .witnesses = w,
	    .n_witnesses = 2};
	struct buf b = {0};
	json_error_t error;
	json_t *j;

	say_event(&e, &b);
	assert_int_equal(b.err, 0);
	for (const char *p = buf_text(&b); *p != '\0'; p++)
		assert_true(*p >= ' ' && *p <= '~');
	j = json_loads(
	    buf_text(&b), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (j == NULL)
		fail_msg("%s in %s", error.text, buf_text(&b));
	buf_fini(&b);
	return j;
}

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
test_R17_the_event_has_what_is_believed_and_what_was_shown(void **state)
{
	json_t *j = said((const uint8_t *)"no key", 6);
	const json_t *w = json_object_get(j, "witnesses");

	(void)state;
	check_member(j, "kind", "\"bogus\"");
	check_member(j, "severity", "\"critical\"");
	check_member(j, "state",
	    "{\"outcome\":\"ANSWER\",\"rdata\":[\"192.0.2.1\"],"
	    "\"chain\":[],\"ttl\":300,"
	    "\"since\":\"2026-11-21T15:00:00.123Z\","
	    "\"last_seen\":\"2026-11-21T16:59:00.123Z\"}");
	check_member(j, "seen",
	    "{\"outcome\":\"ANSWER\",\"rdata\":[\"203.0.113.66\"],"
	    "\"chain\":[],\"ttl\":60}");
	check_member(j, "ede", "9");
	check_member(j, "ede_text", "\"no key\"");
	assert_int_equal(json_array_size(w), 2);
	check_member(json_array_get(w, 0), "reason", "\"bogus\"");
	assert_null(json_object_get(json_array_get(w, 0), "cd"));
	check_member(json_array_get(w, 1), "cd", "true");
	check_member(json_array_get(w, 1), "rdata", "[\"203.0.113.66\"]");
	assert_non_null(json_object_get(json_array_get(w, 1), "sha256"));
	json_decref(j);
}

static void
test_B9_any_text_of_an_extended_error_is_printable_json(void **state)
{
	uint8_t text[MESSAGE_EDE_TEXT_MAX];

	(void)state;
	print_message("seed %d\n", SEED);
	rand_seed(SEED);
	json_decref(
	    said((const uint8_t *)"\33[2J\",\"x\":\"<\xe2\x80\xae", 14));
	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 1 + rand_below(sizeof(text));

		rand_bytes(text, size);
		json_decref(said(text, size));
	}
}

static void
check_keys(const struct diff *d, const char *want)
{
	const struct judgement g = {.diff = *d};
	const struct say_change c = {
	    .q = {.name = NAME, .type = TYPE_DNSKEY},
	    .from = {.content = &believed},
	    .to = {.content = &shown},
	    .judgement = &g,
	};
	struct buf b = {0};

	say_summary(&c, &b);
	assert_string_equal(buf_text(&b), want);
	buf_fini(&b);
}

static void
test_R17_a_summary_of_keys_names_them(void **state)
{
	static const uint8_t ksk[] = {1, 1, 3, 13, 0, 1};
	static const uint8_t zsk[] = {1, 0, 3, 13, 0, 2};
	static const struct record records[] = {
	    {.type = TYPE_DNSKEY, .size = 6, .rdata = ksk},
	    {.type = TYPE_DNSKEY, .size = 6, .rdata = zsk},
	};
	const struct record *both[] = {&records[0], &records[1]};
	struct diff d = {.kind = KIND_ADDED, .added = both, .n_added = 1};

	(void)state;
	check_keys(&d, "www.example.com DNSKEY KSK 1039 added");
	d = (struct diff){.kind = KIND_REPLACED,
	    .added = both,
	    .n_added = 1,
	    .removed = both + 1,
	    .n_removed = 1};
	check_keys(
	    &d, "www.example.com DNSKEY KSK 1039 added, ZSK 1039 removed");
	d = (struct diff){
	    .kind = KIND_VANISHED, .removed = both, .n_removed = 2};
	check_keys(
	    &d, "www.example.com DNSKEY KSK 1039 removed, ZSK 1039 removed");
}

/* R17: what of signatures is said, with nothing of it lost. */
static void
test_signatures_are_said_with_key_and_times(void **state)
{
	const struct signatures seen = {
	    .n_keys = 2,
	    .first = {.inception = 1795280400 - 86400,
		.expires = 1795280400 + 86400,
		.signer = {13, "\7example\3com"},
		.covers = TYPE_SOA,
		.key_tag = 4711,
		.algorithm = 13},
	    .last_expires = 1795280400 + 2 * 86400,
	};
	const struct policy policy = {.every_s = 60};
	const struct say_event e = {
	    .kind = "signatures-expiring",
	    .name = NAME,
	    .view = "default",
	    .type = TYPE_SOA,
	    .since = SEEN,
	    .at = SEEN,
	    .severity = SEVERITY_HIGH,
	    .policy = &policy,
	    .signatures = &seen,
	};
	struct buf text = {0};

	(void)state;
	say_event(&e, &text);
	assert_non_null(strstr(buf_text(&text),
	    "\"signature\":{\"covers\":\"SOA\",\"signer\":\"example.com.\","
	    "\"key_tag\":4711,\"algorithm\":13,"
	    "\"inception\":\"2026-11-20T17:00:00.000Z\","
	    "\"expires\":\"2026-11-22T17:00:00.000Z\",\"keys\":2,"
	    "\"last_expires\":\"2026-11-23T17:00:00.000Z\"}"));
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_R17_the_event_has_what_is_believed_and_what_was_shown),
	    cmocka_unit_test(
		test_B9_any_text_of_an_extended_error_is_printable_json),
	    cmocka_unit_test(test_R17_a_summary_of_keys_names_them),
	    cmocka_unit_test(test_signatures_are_said_with_key_and_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
