/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What a server calls itself (RFC 5001) beside what it said: of a witness and
 * of a server in an event, whatever octets it sent.
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
#define SEEN WALL_S(1795280400)

enum { SEED = 5001, ROUNDS = 2000 };

/* The event with this in a witness and a server, as one printable line. */
static json_t *
said(const void *nsid, size_t size)
{
	const struct commit_evidence w = {.at = SEEN,
	    .server = "192.0.2.53:53",
	    .group = "g",
	    .outcome = OUTCOME_FAIL,
	    .fail = FAIL_SERVFAIL,
	    .ede = -1,
	    .nsid = nsid,
	    .nsid_size = size};
	const struct say_server server = {.server = "192.0.2.53:53",
	    .host = "ns1.example.com.",
	    .stand = "behind",
	    .nsid = nsid,
	    .nsid_size = size};
	const struct say_event e = {.kind = "spreading",
	    .name = NAME,
	    .view = "default",
	    .type = TYPE_A,
	    .at = SEEN,
	    .witnesses = &w,
	    .n_witnesses = 1,
	    .servers = &server,
	    .n_servers = 1};
	struct buf b = {0};
	json_error_t error;
	json_t *j;

	say_event(&e, &b);
	assert_int_equal(b.err, 0);
	for (const char *p = buf_text(&b); *p != '\0'; p++)
		assert_true(*p >= ' ' && *p <= '~' && *p != '<');
	j = json_loads(buf_text(&b), JSON_REJECT_DUPLICATES, &error);
	if (j == NULL)
		fail_msg("%s in %s", error.text, buf_text(&b));
	buf_fini(&b);
	return j;
}

static const char *
text_in(const json_t *j, const char *list)
{
	return json_string_value(json_object_get(
	    json_array_get(json_object_get(j, list), 0), "nsid"));
}

static void
says(const void *nsid, size_t size, const char *want)
{
	json_t *j = said(nsid, size);

	assert_string_equal(text_in(j, "witnesses"), want);
	assert_string_equal(text_in(j, "servers"), want);
	json_decref(j);
}

static void
test_nsid_is_text_with_escapes_as_names_have_them(void **state)
{
	static uint8_t full[MESSAGE_NSID_MAX];
	char want[4 * MESSAGE_NSID_MAX + 1];
	size_t at = 0;

	(void)state;
	says("fra1.a-root \"x\"<", 16, "fra1.a-root \"x\"<");
	says("\33[2J\r\n\0\x7f\xff", 9, "\\027[2J\\013\\010\\000\\127\\255");
	says("\\027", 4, "\\\\027"); /* and not the octet 27 */
	memset(full, 0xe2, sizeof(full));
	for (size_t i = 0; i < sizeof(full); i++, at += 4)
		memcpy(want + at, "\\226", 5);
	says(full, sizeof(full), want);
	memset(full, '\\', sizeof(full));
	memset(want, '\\', 2 * sizeof(full));
	want[2 * sizeof(full)] = '\0';
	says(full, sizeof(full), want);
}

static void
test_nsid_that_was_not_given_is_not_there(void **state)
{
	json_t *j = said(NULL, 0);

	(void)state;
	assert_null(text_in(j, "witnesses"));
	assert_null(text_in(j, "servers"));
	json_decref(j);
}

static void
test_nsid_of_any_octets_is_printable_json(void **state)
{
	uint8_t nsid[MESSAGE_NSID_MAX];

	(void)state;
	print_message("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 1 + rand_below(sizeof(nsid));

		rand_bytes(nsid, size);
		json_decref(said(nsid, size));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nsid_is_text_with_escapes_as_names_have_them),
	    cmocka_unit_test(test_nsid_that_was_not_given_is_not_there),
	    cmocka_unit_test(test_nsid_of_any_octets_is_printable_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
