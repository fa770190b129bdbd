/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * R26, S-F21: the keys in `ech` of HTTPS and SVCB are no identity; that it is
 * there and its public names are.  The walk and the content agree about it,
 * over random records from a printed seed (SEED=n repeats one); who wants to
 * hear of the keys has an attribute; what policy 1 stored is read as policy 2.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rand.h"
#include "dns/attribute.h"
#include "dns/content.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "test_packet.h"
#include "unit.h"

enum { ROUNDS = 5000, ROTATIONS = 100, RDATA_MAX = 4096 };

static const struct hash_key key = {.k0 = 7, .k1 = 11};

/* rdata, or a list of configurations, being written. */
struct bytes {
	size_t size;
	uint8_t data[RDATA_MAX];
};

static void
put(struct bytes *b, const void *data, size_t size)
{
	assert_true(size <= sizeof(b->data) - b->size);
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

static void
put_u16(struct bytes *b, unsigned v)
{
	const uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(b, octets, 2);
}

static void
put_random(struct bytes *b, size_t size)
{
	for (; size > 0; size--) {
		uint8_t octet = rand_u8();

		put(b, &octet, 1);
	}
}

static void
end_u16(struct bytes *b, size_t at)
{
	b->data[at - 2] = (uint8_t)((b->size - at) >> 8);
	b->data[at - 1] = (uint8_t)(b->size - at);
}

/* A configuration with keys of chance under this public name. */
static void
put_config(struct bytes *b, unsigned version, const char *name)
{
	size_t at, inner;
	uint8_t n = (uint8_t)strlen(name);

	put_u16(b, version);
	put_u16(b, 0);
	at = b->size;
	put_random(b, 1); /* id */
	put_u16(b, 0x20); /* kem */
	put_u16(b, 0);
	inner = b->size;
	put_random(b, 1 + rand_below(64));
	end_u16(b, inner);
	put_u16(b, 8);
	put_random(b, 8); /* suites */
	put_random(b, 1); /* longest name */
	put(b, &n, 1);
	put(b, name, n);
	put_u16(b, 0);
	inner = b->size;
	put_random(b, rand_below(8));
	end_u16(b, inner);
	end_u16(b, at);
}

/* names: "a.example b.example"; NULL: no ech; "" in them: another version. */
static void
put_ech(struct bytes *b, const char *names)
{
	char copy[256], *rest = NULL;
	size_t param, list;

	if (names == NULL)
		return;
	snprintf(copy, sizeof(copy), "%s", names);
	put_u16(b, 5);
	put_u16(b, 0);
	param = b->size;
	put_u16(b, 0);
	list = b->size;
	for (char *name = strtok_r(copy, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest))
		put_config(b, name[0] == '?' ? 0xfe0a : 0xfe0d, name);
	end_u16(b, list);
	end_u16(b, param);
}

static void
start_rdata(struct bytes *b)
{
	b->size = 0;
	put(b, "\0\1\0", 3);
	put(b, "\0\1\0\3\2h2", 7); /* alpn=h2 */
}

static void
https(struct bytes *b, const char *names)
{
	start_rdata(b);
	put_ech(b, names);
	put(b, "\0\6\0\20\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 20);
}

struct seen {
	struct arena arena;
	struct reply_sum sum;
	struct reply reply;
	struct attributes attributes;
};

static void
read_all(const struct packet *p, struct seen *out)
{
	struct message m;

	*out = (struct seen){.sum = {.fingerprint = 0}};
	assert_int_equal(message_walk(p->data, p->size, &m), 0);
	reply_sum(p->data, p->size, &m, &key, &out->sum);
	assert_int_equal(
	    reply_read(p->data, p->size, &m, &out->arena, &out->reply), 0);
	attributes_read(
	    p->data, p->size, &m, 1u << ATTRIBUTE_ECH, &out->attributes);
	assert_int_equal(out->sum.fingerprint,
	    content_fingerprint(&out->reply.content, &key));
}

static void
read_rdata(const struct bytes *b, struct seen *out)
{
	struct packet p;

	packet_start(&p, 0x0400, "www.example.com", TYPE_HTTPS);
	packet_record(
	    &p, PACKET_ANSWER, "www.example.com", TYPE_HTTPS, b->data, b->size);
	read_all(&p, out);
	assert_int_equal(out->reply.content.outcome, OUTCOME_ANSWER);
}

static uint64_t
fingerprint_of(const char *names)
{
	struct bytes b;
	struct seen s;
	uint64_t fingerprint;

	https(&b, names);
	read_rdata(&b, &s);
	fingerprint = s.sum.fingerprint;
	arena_fini(&s.arena);
	return fingerprint;
}

static void
test_SF21_keys_that_rotate_a_hundred_times_are_no_change(void **state)
{
	uint64_t first = fingerprint_of("ech.example");

	(void)state;
	for (int i = 0; i < ROTATIONS; i++) {
		assert_int_equal(fingerprint_of("ech.example"), first);
		/* The old key and the new one, side by side. */
		assert_int_equal(
		    fingerprint_of("ech.example ech.example"), first);
		assert_int_equal(fingerprint_of("ECH.example"), first);
	}
}

static void
test_R26_presence_and_public_names_are_identity(void **state)
{
	static const char *const all[] = {NULL, "a.example", "b.example",
	    "a.example b.example", "b.example a.example", "?", "a.example ?",
	    "a.exampl"};
	uint64_t seen[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		seen[i] = fingerprint_of(all[i]);
		assert_int_equal(seen[i], fingerprint_of(all[i]));
		for (unsigned j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
}

static uint64_t
fingerprint_of_value(const void *value, size_t size)
{
	struct bytes b;
	struct seen s;
	uint64_t fingerprint;

	start_rdata(&b);
	put_u16(&b, 5);
	put_u16(&b, (unsigned)size);
	put(&b, value, size);
	read_rdata(&b, &s);
	fingerprint = s.sum.fingerprint;
	arena_fini(&s.arena);
	return fingerprint;
}

/* Cut at each octet it is no list, and as such another value each time. */
static void
test_R26_a_value_that_is_no_list_stays_as_it_is(void **state)
{
	struct bytes b;
	uint64_t good, last = 0;

	(void)state;
	b.size = 0;
	put_ech(&b, "a.example");
	good = fingerprint_of_value(b.data + 4, b.size - 4);
	for (size_t size = 0; size < b.size - 4; size++) {
		uint64_t cut = fingerprint_of_value(b.data + 4, size);

		assert_true(cut != good && cut != last);
		last = cut;
	}
	/* One octet more than the list says. */
	put(&b, "x", 1);
	assert_true(fingerprint_of_value(b.data + 4, b.size - 4) != good);
}

static void
draw_packet(struct packet *p)
{
	static const char *const names[] = {NULL, "", "a.example", "b.example",
	    "a.example a.example", "a.example b.example ?", "?"};
	struct bytes b;

	packet_start(p, 0x0400, "www.example.com", TYPE_HTTPS);
	for (uint32_t n = 1 + rand_below(5); n > 0; n--) {
		https(&b, names[rand_below(7)]);
		/* Sometimes damaged, mostly within ech. */
		if (rand_below(3) == 0)
			b.data[10 + rand_below((uint32_t)b.size - 10)] ^=
			    (uint8_t)(1 << rand_below(8));
		packet_record(p, PACKET_ANSWER, "www.example.com", TYPE_HTTPS,
		    b.data, b.size);
	}
}

static void
test_the_walk_and_the_content_agree_about_random_records(void **state)
{
	const char *seed = getenv("SEED");
	struct packet p;

	(void)state;
	rand_seed(seed != NULL ? strtoull(seed, NULL, 10) : 9460);
	print_message("seed %s\n", seed != NULL ? seed : "9460");
	for (int i = 0; i < ROUNDS; i++) {
		struct seen s;
		struct buf packed = {0};
		struct content back;

		draw_packet(&p);
		read_all(&p, &s);
		content_pack(&s.reply.content, &packed);
		assert_int_equal(
		    content_unpack(packed.data, packed.size, &s.arena, &back),
		    0);
		assert_true(content_equal(&s.reply.content, &back));
		buf_fini(&packed);
		arena_fini(&s.arena);
	}
}

/* As policy 1 stored it: the same octets, with ech whole. */
static void
test_R26_what_policy_1_stored_makes_no_change(void **state)
{
	struct bytes rdata[3];
	struct record records[3];
	struct content old = {.outcome = OUTCOME_ANSWER, .records = records};
	struct content read;
	struct arena arena = {0};
	struct buf packed = {0};
	struct packet p;
	struct seen s;

	(void)state;
	packet_start(&p, 0x0400, "www.example.com", TYPE_HTTPS);
	for (unsigned i = 0; i < 3; i++) {
		uint16_t at = old.n_records++;

		/* Two of them are one, but for their keys. */
		https(&rdata[i], i == 2 ? "b.example" : "a.example");
		struct record r = {
		    TYPE_HTTPS, (uint16_t)rdata[i].size, rdata[i].data, 0};
		for (; at > 0 && record_compare(&records[at - 1], &r) > 0; at--)
			records[at] = records[at - 1];
		records[at] = r;
		packet_record(&p, PACKET_ANSWER, "www.example.com", TYPE_HTTPS,
		    rdata[i].data, rdata[i].size);
	}
	content_pack(&old, &packed);
	packed.data[0] = 1;
	assert_int_equal(
	    content_unpack(packed.data, packed.size, &arena, &read), 0);
	read_all(&p, &s);
	assert_int_equal(read.n_records, 2);
	assert_true(content_equal(&read, &s.reply.content));
	assert_int_equal(content_fingerprint(&read, &key), s.sum.fingerprint);
	buf_fini(&packed);
	arena_fini(&s.arena);
	arena_fini(&arena);
}

static void
prints(const struct bytes *b, const char *want)
{
	struct seen s;
	struct buf text = {0};

	read_rdata(b, &s);
	record_print(&s.reply.content.records[0], &text, 0);
	assert_string_equal(buf_text(&text), want);
	buf_fini(&text);
	arena_fini(&s.arena);
}

static void
test_the_text_has_the_public_names(void **state)
{
	struct bytes b;

	(void)state;
	https(&b, "a.example b\"c.example ?");
	prints(&b, "1 . alpn=h2 ipv6hint=2001:db8::1 "
		   "ech=\"a.example,b\\034c.example,\\65034\"");
	/* `mandatory=ech` without it beside it is printed, too. */
	b.size = 0;
	put(&b, "\0\1\0\0\0\0\2\0\5", 9);
	put_ech(&b, "a.example");
	prints(&b, "1 . mandatory=ech ech=\"a.example\"");
	/* What is no list is shown as it is. */
	start_rdata(&b);
	put(&b, "\0\5\0\3abc", 7);
	prints(&b, "1 . alpn=h2 ech=YWJj");
}

static void
test_who_asks_for_the_keys_is_told_of_them(void **state)
{
	struct bytes b;
	struct seen one, two, none;
	uint8_t value[2][ATTRIBUTE_SIZE];

	(void)state;
	https(&b, "a.example");
	read_rdata(&b, &one);
	https(&b, "a.example");
	read_rdata(&b, &two);
	https(&b, NULL);
	read_rdata(&b, &none);
	assert_int_equal(one.attributes.has, 1 << ATTRIBUTE_ECH);
	assert_int_equal(none.attributes.has, 0);
	attributes_value(&one.attributes, ATTRIBUTE_ECH, value[0]);
	attributes_value(&two.attributes, ATTRIBUTE_ECH, value[1]);
	assert_memory_not_equal(value[0], value[1], ATTRIBUTE_SIZE);
	assert_memory_equal(
	    one.attributes.set, two.attributes.set, ATTRIBUTE_SIZE);
	arena_fini(&one.arena);
	arena_fini(&two.arena);
	arena_fini(&none.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_SF21_keys_that_rotate_a_hundred_times_are_no_change),
	    cmocka_unit_test(test_R26_presence_and_public_names_are_identity),
	    cmocka_unit_test(test_R26_a_value_that_is_no_list_stays_as_it_is),
	    cmocka_unit_test(
		test_the_walk_and_the_content_agree_about_random_records),
	    cmocka_unit_test(test_R26_what_policy_1_stored_makes_no_change),
	    cmocka_unit_test(test_the_text_has_the_public_names),
	    cmocka_unit_test(test_who_asks_for_the_keys_is_told_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
