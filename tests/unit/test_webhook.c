/* SPDX-License-Identifier: ISC */
/* room: alert */

/*
 * What leaves is Standard Webhooks 1.0 by its published vectors, and a body of
 * the promised shape: the log's object with its seq, never over 20 KB where
 * lists can be cut, and safe to print.
 */

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "alert/alert.h"
#include "base/err.h"
#include "base/hash.h"
#include "unit.h"

/* --- signatures --- */

static size_t
unbase64(const char *text, uint8_t *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (; *text != '\0' && *text != '='; text++) {
		v = v << 6 | (uint32_t)(strchr(digits, *text) - digits);
		bits += 6;
		if (bits >= 8)
			out[n++] = (uint8_t)(v >> (bits -= 8));
	}
	return n;
}

static void
assert_signature(const char *secret, const char *id, int64_t at,
    const char *body, const char *wanted)
{
	uint8_t key[64];
	struct buf out = {0};
	struct buf content = {0};
	size_t size = unbase64(secret + strlen("whsec_"), key);

	buf_add_text(&content, body);
	assert_int_equal(webhook_sign(key, size, id, at, &content, &out), 0);
	assert_string_equal(buf_text(&out), wanted);
	buf_fini(&content);
	buf_fini(&out);
}

static void
test_the_published_vectors_are_signed_as_published(void **state)
{
	(void)state;
	assert_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	    "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
	    "{\"test\": 2432232314}",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_signature("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    "evt_01J8Z3Q7W0", 1763744400,
	    "{\"type\":\"dns.rrset.changed\",\"timestamp\":"
	    "\"2026-11-21T17:00:00Z\",\"data\":{\"rrname\":"
	    "\"www.example.com\",\"rrtype\":\"A\",\"added\":[\"192.0.2.2\"],"
	    "\"removed\":[\"192.0.2.1\"]}}",
	    "v1,wuXFVEQrh5hO/csUI78rtJ9/Fa7+SU7ymf7+i0hTpUY=");
}

/* RFC 2104 2: a key longer than a block is hashed first. */
static void
test_a_long_key_is_hashed_first(void **state)
{
	uint8_t key[131];
	struct buf a = {0};
	struct buf b = {0};
	struct buf body = {0};
	uint8_t digest[SHA256_SIZE];

	(void)state;
	buf_add_text(&body, "b");
	memset(key, 0xaa, sizeof(key));
	hash_sha256(key, sizeof(key), digest);
	assert_int_equal(webhook_sign(key, sizeof(key), "i", 1, &body, &a), 0);
	assert_int_equal(
	    webhook_sign(digest, sizeof(digest), "i", 1, &body, &b), 0);
	assert_string_equal(buf_text(&a), buf_text(&b));
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&body);
}

static void
test_pauses_grow_to_five_hours_and_respect_retry_after(void **state)
{
	static const uint32_t pauses[] = {
	    5, 30, 120, 600, 1800, 3600, 7200, 18000, 18000, 18000};

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(webhook_backoff_s(i + 1, 0), pauses[i]);
	assert_int_equal(webhook_backoff_s(UINT32_MAX, 0), 18000);
	assert_int_equal(webhook_backoff_s(1, 120), 120);
	assert_int_equal(webhook_backoff_s(4, 120), 600);
	assert_int_equal(webhook_backoff_s(9, 86400), 86400);
}

/* --- bodies --- */

static struct delivery
delivery_of(const struct delivery_member *members, size_t n)
{
	struct delivery d = {
	    .revision = 2,
	    .sink = "soc",
	    .class_ = "change",
	    .members = members,
	    .n_members = n,
	    .sink_seq = 17,
	    .prev_sink_seq = 16,
	    .attempt = 3,
	    .created = WALL_S(1795280400),
	    .name = "www.example.com.",
	};

	assert_int_equal(
	    uuid_parse("0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10", &d.alert), 0);
	return d;
}

static void
test_the_id_has_no_dot_and_stays_the_same(void **state)
{
	struct delivery d = delivery_of(NULL, 0);
	char id[WEBHOOK_ID_SIZE];

	(void)state;
	assert_string_equal(
	    webhook_id(&d, id), "0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10-r2");
	d.attempt = 9;
	d.revision = UINT32_MAX;
	assert_string_equal(webhook_id(&d, id),
	    "0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10-r4294967295");
}

static void
test_a_change_is_the_logs_object_with_seq_and_delivery(void **state)
{
	struct delivery_member m = {.seq = 9007199254740993,
	    .body = "{\"schema\":1,\"class\":\"change\",\"id\":\"x\","
		    "\"decided_at\":\"2026-11-21T17:00:00.310Z\","
		    "\"ttl\":4294967295,\"summary\":\"\\u003cb> \\u00e4\","
		    "\"from\":null,\"added\":[\"1.2.3.4\"]}"};
	struct delivery d = delivery_of(&m, 1);
	struct buf out = {0};

	(void)state;
	assert_int_equal(webhook_body(&d, &out), 0);
	assert_string_equal(buf_text(&out),
	    "{\"type\":\"dnsvigil.change\","
	    "\"timestamp\":\"2026-11-21T17:00:00.310Z\","
	    "\"data\":{\"schema\":1,\"class\":\"change\","
	    "\"seq\":9007199254740993,\"id\":\"x\","
	    "\"decided_at\":\"2026-11-21T17:00:00.310Z\","
	    "\"ttl\":4294967295,\"summary\":\"\\u003cb> \\u00E4\","
	    "\"from\":null,\"added\":[\"1.2.3.4\"]},"
	    "\"delivery\":{\"sink\":\"soc\",\"sink_seq\":17,"
	    "\"prev_sink_seq\":16,\"attempt\":3,\"replay\":false,"
	    "\"test\":false}}");
	buf_fini(&out);
}

static void
test_a_group_has_its_members_each_with_its_seq(void **state)
{
	struct delivery_member m[] = {
	    {.seq = 5, .body = "{\"class\":\"change\",\"name\":\"a.\"}"},
	    {.seq = 6, .body = "{\"class\":\"event\",\"name\":\"b.\"}"}};
	struct delivery d = delivery_of(m, 2);
	struct buf out = {0};

	(void)state;
	d.class_ = "group";
	d.group = "{\"schema\":1,\"class\":\"group\",\"summary\":\"s\"}";
	assert_int_equal(webhook_body(&d, &out), 0);
	assert_string_equal(buf_text(&out),
	    "{\"type\":\"dnsvigil.group\","
	    "\"timestamp\":\"2026-11-21T17:00:00.000Z\","
	    "\"data\":{\"schema\":1,\"class\":\"group\",\"summary\":\"s\","
	    "\"members\":[{\"class\":\"change\",\"seq\":5,\"name\":\"a.\"},"
	    "{\"class\":\"event\",\"seq\":6,\"name\":\"b.\"}]},"
	    "\"delivery\":{\"sink\":\"soc\",\"sink_seq\":17,"
	    "\"prev_sink_seq\":16,\"attempt\":3,\"replay\":false,"
	    "\"test\":false}}");
	buf_fini(&out);
}

static void
test_what_is_no_object_of_ours_is_not_sent(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "1", "\"x\"", "null",
	    "{\"a\":1}{\"b\":2}", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}",
	    "{'a':1}", "{\"a\":1,}"};
	struct delivery_member m = {.seq = 1};
	struct delivery d = delivery_of(&m, 1);
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m.body = bad[i];
		assert_int_equal(webhook_body(&d, &out), ERR_SYNTAX);
		assert_int_equal(out.size, 0);
	}
	m.body = "{}";
	d.class_ = "group";
	d.group = "[]";
	assert_int_equal(webhook_body(&d, &out), ERR_SYNTAX);
	d.group = "{}";
	m.body = "7";
	assert_int_equal(webhook_body(&d, &out), ERR_SYNTAX);
	d.group = NULL;
	d.n_members = 0;
	assert_int_equal(webhook_body(&d, &out), ERR_SYNTAX);
	buf_fini(&out);
}

/* --- cutting --- */

/* ["<prefix>0","<prefix>1",...] */
static void
add_list(struct buf *out, const char *prefix, unsigned n)
{
	buf_add_text(out, "[");
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "%s\"%s%u\"", i > 0 ? "," : "", prefix, i);
	buf_add_text(out, "]");
}

static json_t *
body_of(const struct delivery *d, size_t *size)
{
	struct buf out = {0};
	json_t *root;

	assert_int_equal(webhook_body(d, &out), 0);
	*size = out.size;
	for (size_t i = 0; i < out.size; i++) {
		assert_in_range(out.data[i], 0x20, 0x7e);
		assert_int_not_equal(out.data[i], '<');
	}
	root = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	buf_fini(&out);
	return root;
}

static json_t *
at(json_t *root, const char *a, const char *b)
{
	json_t *v = json_object_get(root, a);

	return b == NULL ? v : json_object_get(v, b);
}

static void
assert_cut(json_t *object, const char *list, unsigned total, const char *whole)
{
	json_t *cut = at(at(object, "cut", NULL), list, NULL);
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	assert_non_null(cut);
	assert_true(json_is_array(at(object, list, NULL)));
	assert_true(json_array_size(at(object, list, NULL)) < total);
	assert_int_equal(json_integer_value(at(cut, "total", NULL)), total);
	hash_sha256(whole, strlen(whole), digest);
	assert_string_equal(json_string_value(at(cut, "sha256", NULL)),
	    hash_hex(digest, sizeof(digest), hex));
}

static void
test_a_long_list_is_cut_to_its_first_values_with_total_and_sha256(void **state)
{
	struct buf list = {0};
	struct buf text = {0};
	struct delivery_member m = {.seq = 1};
	struct delivery d = delivery_of(&m, 1);
	json_t *root;
	json_t *data;
	size_t size;

	(void)state;
	add_list(&list, "192.0.2.123 and some more text \\u003c", 600);
	buf_printf(&text,
	    "{\"class\":\"change\",\"added\":%s,\"removed\":[\"x\"],"
	    "\"to\":{\"rdata\":%s,\"chain\":[]},"
	    "\"witnesses\":[{\"rdata\":%s},{\"rdata\":[]}]}",
	    buf_text(&list), buf_text(&list), buf_text(&list));
	m.body = buf_text(&text);
	root = body_of(&d, &size);
	data = at(root, "data", NULL);
	assert_true(size <= ALERT_BODY_MAX);
	assert_cut(data, "added", 600, buf_text(&list));
	assert_cut(at(data, "to", NULL), "rdata", 600, buf_text(&list));
	assert_cut(json_array_get(at(data, "witnesses", NULL), 0), "rdata", 600,
	    buf_text(&list));
	assert_string_equal(
	    json_string_value(json_array_get(at(data, "added", NULL), 0)),
	    "192.0.2.123 and some more text <0");
	/* What is short stays whole and says nothing. */
	assert_int_equal(json_array_size(at(data, "removed", NULL)), 1);
	assert_null(at(data, "cut", "removed"));
	assert_int_equal(json_array_size(at(data, "witnesses", NULL)), 2);
	assert_int_equal(json_integer_value(at(data, "seq", NULL)), 1);
	assert_non_null(at(root, "delivery", "attempt"));
	json_decref(root);
	buf_fini(&list);
	buf_fini(&text);
}

static void
test_a_body_of_20_kb_is_whole_and_one_byte_more_is_cut(void **state)
{
	static char filler[ALERT_BODY_MAX + 1];
	struct buf text = {0};
	struct delivery_member m = {.seq = 1};
	struct delivery d = delivery_of(&m, 1);
	size_t size;
	size_t missing;
	json_t *root;

	(void)state;
	m.body = "{\"x\":\"\",\"added\":[\"a\",\"b\"]}";
	root = body_of(&d, &size);
	json_decref(root);
	missing = ALERT_BODY_MAX - size;
	memset(filler, 'f', missing);
	buf_printf(&text, "{\"x\":\"%s\",\"added\":[\"a\",\"b\"]}", filler);
	m.body = buf_text(&text);
	root = body_of(&d, &size);
	assert_int_equal(size, ALERT_BODY_MAX);
	assert_null(at(at(root, "data", NULL), "cut", NULL));
	json_decref(root);
	filler[missing] = 'f';
	buf_clear(&text);
	buf_printf(&text, "{\"x\":\"%s\",\"added\":[\"a\",\"b\"]}", filler);
	m.body = buf_text(&text);
	root = body_of(&d, &size);
	/* Nothing is left to cut: it goes as it is. */
	assert_cut(at(root, "data", NULL), "added", 2, "[\"a\",\"b\"]");
	json_decref(root);
	buf_fini(&text);
}

static void
test_a_group_of_thousands_is_cut_to_its_first_members(void **state)
{
	enum { N = 3000 };
	static struct delivery_member m[N];
	static char bodies[N][64];
	struct buf whole = {0};
	struct delivery d = delivery_of(m, N);
	json_t *root;
	json_t *data;
	size_t size;

	(void)state;
	buf_add_text(&whole, "[");
	for (int i = 0; i < N; i++) {
		snprintf(bodies[i], sizeof(bodies[i]),
		    "{\"class\":\"change\",\"name\":\"n%d.\"}", i);
		m[i] = (struct delivery_member){.seq = i, .body = bodies[i]};
		buf_printf(&whole,
		    "%s{\"class\":\"change\",\"seq\":%d,\"name\":\"n%d.\"}",
		    i > 0 ? "," : "", i, i);
	}
	buf_add_text(&whole, "]");
	d.class_ = "group";
	d.group = "{\"class\":\"group\",\"summary\":\"many\"}";
	root = body_of(&d, &size);
	data = at(root, "data", NULL);
	assert_true(size <= ALERT_BODY_MAX);
	assert_cut(data, "members", N, buf_text(&whole));
	assert_int_equal(json_array_size(at(data, "members", NULL)), 32);
	json_decref(root);
	buf_fini(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_published_vectors_are_signed_as_published),
	    cmocka_unit_test(test_a_long_key_is_hashed_first),
	    cmocka_unit_test(
		test_pauses_grow_to_five_hours_and_respect_retry_after),
	    cmocka_unit_test(test_the_id_has_no_dot_and_stays_the_same),
	    cmocka_unit_test(
		test_a_change_is_the_logs_object_with_seq_and_delivery),
	    cmocka_unit_test(test_a_group_has_its_members_each_with_its_seq),
	    cmocka_unit_test(test_what_is_no_object_of_ours_is_not_sent),
	    cmocka_unit_test(
		test_a_long_list_is_cut_to_its_first_values_with_total_and_sha256),
	    cmocka_unit_test(
		test_a_body_of_20_kb_is_whole_and_one_byte_more_is_cut),
	    cmocka_unit_test(
		test_a_group_of_thousands_is_cut_to_its_first_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
