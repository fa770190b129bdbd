/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * Whatever strangers write into their mail and security records: what is said
 * of it is bounded, printable, the same each time, and nothing of two equal
 * states.  Random texts from a printed seed (SEED=n repeats one) and the
 * largest records that there can be; the time is looked at, because this runs
 * in the daemon's only thread.
 */

#include <time.h>

#include "base/rand.h"
#include "judge/diff.h"
#include "meaning_world.h"
#include "unit.h"

enum { ROUNDS = 4000, MS_MAX = 50 /* of the worst, on a slow machine */ };

static struct arena arena;
static uint8_t rdata[WORLD_RDATA_MAX];

static const char *const owners[] = {"example.org", "_dmarc.example.org",
    "a._domainkey.example.org", "_mta-sts.example.org",
    "_smtp._tls.example.org", "_acme-challenge.example.org",
    "_validation-persist.example.org", "_github-challenge-x.example.org"};
enum { N_OWNERS = sizeof(owners) / sizeof(owners[0]) };

static int
drop_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void
check(const struct content *from, const struct content *to, uint16_t type,
    const uint8_t *owner)
{
	struct meaning m, again;

	meaning_of(from, to, type, owner, &m);
	meaning_of(from, to, type, owner, &again);
	assert_true(m.n <= MEANING_MAX);
	assert_int_equal(m.n, again.n);
	assert_int_equal(m.aspects, again.aspects);
	assert_int_equal(m.aspects >> N_ASPECTS, 0);
	for (size_t i = 0; i < m.n; i++) {
		const char *text = m.list[i].text;
		size_t size = strnlen(text, MEANING_TEXT_SIZE);

		assert_in_range(size, 1, MEANING_TEXT_SIZE - 1);
		assert_string_equal(text, again.list[i].text);
		for (size_t k = 0; k < size; k++)
			assert_in_range(text[k], 0x20, 0x7e);
	}
	meaning_of(from, from, type, owner, &again);
	assert_int_equal(again.n, 0);
	assert_int_equal(again.aspects, 0);
}

static void
both_ways(const struct content *a, const struct content *b, uint16_t type)
{
	struct name owner;

	for (unsigned i = 0; i < N_OWNERS; i++) {
		world_name(owners[i], &owner);
		check(a, b, type, owner.wire);
		check(b, a, type, owner.wire);
	}
}

static void
empty(struct content *out, bool answer)
{
	*out = (struct content){
	    .outcome = answer ? OUTCOME_ANSWER : OUTCOME_NODATA};
	out->records =
	    arena_get(&arena, CONTENT_RECORDS_MAX * sizeof(*out->records));
	assert_non_null(out->records);
}

static void
put_text(struct content *c, const char *text, size_t size)
{
	world_put(c, TYPE_TXT, rdata, world_txt(text, size, rdata), &arena);
}

/* Pieces of all families in any order, with octets that nobody wants. */
static size_t
draw_text(char *out)
{
	static const char *const pieces[] = {"v=spf1", " ", "+all", "-all",
	    "include:", "a.example", "ip4:0.0.0.0/0", "redirect=", "%{", "}",
	    "v=DMARC1", ";", "p=", "reject", "none",
	    "sp=", "pct=", "rua=", "v=DKIM1", "k=rsa", "MIGf", "AAAA",
	    "v=STSv1", "id=", "0", "v=TLSRPTv1",
	    "mailto:", "site-verification=", "=", "\"", "\\", "\t", "MS=ms",
	    ":", "accounturi=", "/", "//64", "1"};
	enum { N_PIECES = sizeof(pieces) / sizeof(pieces[0]) };
	size_t size = 0;

	for (uint32_t n = rand_below(16); n > 0; n--) {
		const char *piece = pieces[rand_below(N_PIECES)];

		if (rand_below(12) == 0) {
			out[size++] = (char)rand_below(256);
			continue;
		}
		memcpy(out + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return size;
}

static void
test_random_texts_give_bounded_printable_words(void **state)
{
	const char *seed = getenv("SEED");
	char text[512];

	(void)state;
	rand_seed(seed != NULL ? strtoull(seed, NULL, 10) : 26);
	print_message("seed %s\n", seed != NULL ? seed : "26");
	for (int i = 0; i < ROUNDS; i++) {
		struct content a, b;

		arena_reset(&arena);
		empty(&a, true);
		empty(&b, true);
		for (uint32_t n = 1 + rand_below(3); n > 0; n--)
			put_text(&a, text, draw_text(text));
		for (uint32_t n = 1 + rand_below(3); n > 0; n--)
			put_text(&b, text, draw_text(text));
		both_ways(&a, &b, TYPE_TXT);
	}
}

static double
ms_of_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The time of one judgement: both_ways() makes six for each of the owners. */
static void
check_time(double begin, const char *what)
{
	double one = (ms_of_now() - begin) / (6 * N_OWNERS);

	print_message("%s: %.2f ms each\n", what, one);
	assert_true(one < MS_MAX);
}

static void
test_a_txt_of_64_kb_is_too_long_and_said_to_be(void **state)
{
	static char text[65000];
	struct content none, c;
	struct meaning m;
	struct name owner;
	double begin = ms_of_now();

	(void)state;
	arena_reset(&arena);
	empty(&none, false);
	empty(&c, true);
	memset(text, 'a', sizeof(text));
	memcpy(text, "v=spf1 ", 7);
	for (size_t i = 8; i + 6 < sizeof(text); i += 6)
		memcpy(text + i - 1, " mx:a.", 6);
	put_text(&c, text, sizeof(text));
	both_ways(&none, &c, TYPE_TXT);
	check_time(begin, "64 KB");
	world_name("example.org", &owner);
	meaning_of(&none, &c, TYPE_TXT, owner.wire, &m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.list[0].code, MEANING_SPF_INVALID);
	assert_non_null(strstr(m.list[0].text, "too long"));
}

static void
test_hundreds_of_records_take_bounded_time(void **state)
{
	static const char *const heads[] = {"v=spf1 -all",
	    "google-site-verification=", "v=DMARC1;p=none", "verify:"};
	char text[128];

	(void)state;
	for (unsigned h = 0; h < 4; h++) {
		struct content a, b;
		double begin = ms_of_now();

		arena_reset(&arena);
		empty(&a, true);
		empty(&b, true);
		for (int i = 0; i < CONTENT_RECORDS_MAX; i++) {
			snprintf(text, sizeof(text), "%s%d", heads[h], i);
			put_text(&a, text, strlen(text));
			snprintf(text, sizeof(text), "%s%dx", heads[h], i);
			put_text(&b, text, strlen(text));
		}
		both_ways(&a, &b, TYPE_TXT);
		check_time(begin, heads[h]);
	}
}

static void
test_hundreds_of_caa_mx_and_tlsa_take_bounded_time(void **state)
{
	static const uint16_t types[] = {TYPE_CAA, TYPE_MX, TYPE_TLSA};
	static const char *const forms[] = {
	    "0 issue ca%d.example", "%d mx.example", "3 1 1 %08x"};
	char text[128];

	(void)state;
	for (unsigned t = 0; t < 3; t++) {
		struct content a, b;
		double begin = ms_of_now();

		arena_reset(&arena);
		empty(&a, true);
		empty(&b, true);
		for (int i = 0; i < CONTENT_RECORDS_MAX; i++) {
			for (int k = 0; k < 2; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
				snprintf(text, sizeof(text), forms[t],
				    i + k * CONTENT_RECORDS_MAX);
#pragma GCC diagnostic pop
				world_put(k == 0 ? &a : &b, types[t], rdata,
				    world_rdata(types[t], text, rdata), &arena);
			}
		}
		both_ways(&a, &b, types[t]);
		check_time(begin, forms[t]);
	}
}

static void
test_many_terms_are_compared_in_bounded_time(void **state)
{
	static char text[MEANING_READ_MAX];
	struct content a, b;
	double begin = ms_of_now();
	size_t size = 7;

	(void)state;
	arena_reset(&arena);
	empty(&a, true);
	empty(&b, true);
	memcpy(text, "v=spf1 ", 7);
	while (size + 2 <= sizeof(text)) {
		memcpy(text + size, "a ", 2);
		size += 2;
	}
	put_text(&a, text, size);
	for (size_t i = 0; i + 1 < size - 7; i += 2)
		text[7 + i] = (char)(i % 4 == 0 ? 'A' : 'a');
	memcpy(text + 7, "mx ", 3);
	put_text(&b, text, size);
	both_ways(&a, &b, TYPE_TXT);
	check_time(begin, "2,000 terms");
}

/* As a damaged database would have them: rdata of any size and any octets. */
static void
test_broken_rdata_is_read_to_its_end_only(void **state)
{
	static const uint16_t types[] = {
	    TYPE_TXT, TYPE_MX, TYPE_CAA, TYPE_TLSA, TYPE_HTTPS, TYPE_SVCB};

	(void)state;
	rand_seed(2026);
	for (int i = 0; i < ROUNDS; i++) {
		uint16_t type = types[rand_below(6)];
		struct content a, b;

		arena_reset(&arena);
		empty(&a, false);
		empty(&b, true);
		for (uint32_t n = 1 + rand_below(3); n > 0; n--) {
			size_t size = rand_below(24);

			for (size_t k = 0; k < size; k++)
				rdata[k] = (uint8_t)rand_below(
				    rand_below(2) != 0 ? 256 : 8);
			if (type == TYPE_MX) {
				rdata[size > 2 ? size - 1 : 2] = 0;
				size = size > 2 ? 3 : size;
				rdata[2] = 0;
			}
			world_put(&b, type, rdata, size, &arena);
		}
		both_ways(&a, &b, type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_texts_give_bounded_printable_words),
	    cmocka_unit_test(test_a_txt_of_64_kb_is_too_long_and_said_to_be),
	    cmocka_unit_test(test_hundreds_of_records_take_bounded_time),
	    cmocka_unit_test(
		test_hundreds_of_caa_mx_and_tlsa_take_bounded_time),
	    cmocka_unit_test(test_many_terms_are_compared_in_bounded_time),
	    cmocka_unit_test(test_broken_rdata_is_read_to_its_end_only),
	};

	return cmocka_run_group_tests(tests, NULL, drop_arena);
}
