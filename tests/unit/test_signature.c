/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * Signatures that will expire (R17): what a reply says of them is read
 * whatever bytes it has and on either side of the turn of the 32-bit clock
 * (RFC 4034 3.1.5); and it is told once that they end, once that they ended,
 * and never by a cache that is older than what was told.
 */

#include "unit.h"

#include "base/rand.h"
#include "dns/signature.h"
#include "judge/signature.h"
#include "test_packet.h"

enum { AA = 0x0400, SEED = 4034, ROUNDS = 20000, DAY = 86400 };

#define NOW  INT64_C(1795280400)
#define TURN (INT64_C(1) << 32) /* in 2106 */

struct rrsig {
	unsigned covers, tag, algorithm;
	uint32_t inception, expires;
	const char *signer;
};

static const char soa[] = "\1a\0\1h\0"
			  "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";

static void
start(struct packet *p)
{
	packet_start(p, AA, "example.com", TYPE_SOA);
	packet_record(p, PACKET_ANSWER, "example.com", TYPE_SOA, soa, 26);
}

static void
sign_at(struct packet *p, const char *owner, const struct rrsig *s)
{
	struct packet rdata = {.size = 0};

	packet_u16(&rdata, s->covers);
	packet_u16(&rdata, s->algorithm << 8 | 2);
	packet_u32(&rdata, 300);
	packet_u32(&rdata, s->expires);
	packet_u32(&rdata, s->inception);
	packet_u16(&rdata, s->tag);
	packet_name(&rdata, s->signer);
	packet_bytes(&rdata, "0123456789", 10);
	packet_record(
	    p, PACKET_ANSWER, owner, TYPE_RRSIG, rdata.data, rdata.size);
}

/* By key `tag`, from a day before `now` for so long. */
static void
sign(struct packet *p, unsigned tag, int64_t now, int64_t left)
{
	const struct rrsig s = {TYPE_SOA, tag, 13, (uint32_t)(now - DAY),
	    (uint32_t)(now + left), "example.com"};

	sign_at(p, "example.com", &s);
}

static void
read_at(const struct packet *p, int64_t now, struct signatures *out)
{
	uint8_t *wire = packet_exact(p);
	struct message m;

	assert_int_equal(message_walk(wire, p->size, &m), MESSAGE_OK);
	signatures_read(wire, p->size, &m, now, out);
	free(wire);
}

/* ---- reading ---- */

static void
test_a_signature_is_read_with_its_key_and_times(void **state)
{
	struct packet p;
	struct signatures s;

	(void)state;
	start(&p);
	read_at(&p, NOW, &s);
	assert_int_equal(s.n_keys, 0);
	sign(&p, 4711, NOW, 3 * DAY);
	read_at(&p, NOW, &s);
	assert_int_equal(s.n_keys, 1);
	assert_int_equal(s.first.key_tag, 4711);
	assert_int_equal(s.first.algorithm, 13);
	assert_int_equal(s.first.covers, TYPE_SOA);
	assert_int_equal(s.first.inception, NOW - DAY);
	assert_int_equal(s.first.expires, NOW + 3 * DAY);
	assert_int_equal(s.last_expires, NOW + 3 * DAY);
	assert_memory_equal(s.first.signer.wire, "\7example\3com", 13);
}

static void
test_of_keys_the_first_to_end_and_of_a_key_the_last(void **state)
{
	struct packet p;
	struct signatures s;

	(void)state;
	start(&p);
	sign(&p, 1, NOW, 5 * DAY);
	sign(&p, 2, NOW, 1 * DAY);
	sign(&p, 2, NOW, 4 * DAY);
	sign(&p, 2, NOW, 2 * DAY);
	sign(&p, 3, NOW, 9 * DAY);
	read_at(&p, NOW, &s);
	assert_int_equal(s.n_keys, 3);
	assert_int_equal(s.first.key_tag, 2);
	assert_int_equal(s.first.expires, NOW + 4 * DAY);
	assert_int_equal(s.last_expires, NOW + 9 * DAY);
}

/* Both turns: the clock's own, and that of what is signed for its time. */
static void
test_times_are_the_nearest_ones_around_the_turn_of_the_clock(void **state)
{
	static const int64_t around[] = {NOW, TURN - 2 * DAY, TURN - 1, TURN,
	    TURN + 1, TURN + 2 * DAY, INT64_C(0x80000000), INT64_C(0x7fffffff),
	    3 * TURN - 5};

	(void)state;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		static const int64_t left[] = {
		    3 * DAY, -3600, 0, 1, 20 * 365 * DAY};

		for (size_t k = 0; k < sizeof(left) / sizeof(left[0]); k++) {
			struct packet p;
			struct signatures s;

			start(&p);
			sign(&p, 1, around[i], left[k]);
			read_at(&p, around[i], &s);
			assert_int_equal(s.n_keys, 1);
			assert_int_equal(s.first.expires, around[i] + left[k]);
			assert_int_equal(s.first.inception, around[i] - DAY);
		}
	}
}

static void
test_what_says_nothing_of_the_answer_is_left_out(void **state)
{
	static const uint32_t from = (uint32_t)(NOW - DAY);
	static const uint32_t to = (uint32_t)(NOW + DAY);
	static const struct {
		const char *owner;
		struct rrsig s;
	} all[] = {
	    /* Of another type, another owner, a stranger, a child. */
	    {"example.com", {TYPE_NS, 1, 13, from, to, "example.com"}},
	    {"www.example.com", {TYPE_SOA, 1, 13, from, to, "example.com"}},
	    {"example.com", {TYPE_SOA, 1, 13, from, to, "example.net"}},
	    {"example.com", {TYPE_SOA, 1, 13, from, to, "a.example.com"}},
	    /* Ends before it begins, when it begins, or half a turn later. */
	    {"example.com", {TYPE_SOA, 1, 13, to, from, "example.com"}},
	    {"example.com", {TYPE_SOA, 1, 13, to, to, "example.com"}},
	};
	struct signatures s;
	struct packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		start(&p);
		sign_at(&p, all[i].owner, &all[i].s);
		read_at(&p, NOW, &s);
		assert_int_equal(s.n_keys, 0);
	}
	/* The parent signs, as it does a DS. */
	start(&p);
	sign_at(&p, "example.com",
	    &(struct rrsig){TYPE_SOA, 1, 13, from, to, "com"});
	read_at(&p, NOW, &s);
	assert_int_equal(s.n_keys, 1);
	/* Not in the answer. */
	packet_start(&p, AA, "example.com", TYPE_SOA);
	sign(&p, 1, NOW, DAY);
	read_at(&p, NOW, &s);
	assert_int_equal(s.n_keys, 0);
}

static void
test_of_a_hostile_number_of_keys_sixteen_are_held(void **state)
{
	struct packet *p = calloc(1, sizeof(*p));
	struct signatures s;

	(void)state;
	assert_non_null(p);
	start(p);
	for (unsigned i = 0; i < 600; i++)
		sign(p, i, NOW, DAY + i);
	read_at(p, NOW, &s);
	assert_int_equal(s.n_keys, SIGNATURE_KEYS_MAX);
	assert_int_equal(s.first.expires, NOW + DAY);
	free(p);
}

/* The sanitizer looks on: each copy ends where the message does. */
static void
test_any_bytes_are_read_within_their_bounds(void **state)
{
	unsigned walked = 0;
	unsigned read = 0;

	(void)state;
	rand_seed(SEED);
	print_message("seed %d\n", SEED);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct packet p;
		struct message m;
		struct signatures s;
		uint8_t *wire;

		start(&p);
		sign(&p, 1, NOW, DAY);
		sign(&p, 2, NOW, 2 * DAY);
		for (unsigned n = rand_below(4); n > 0; n--)
			p.data[rand_below((uint32_t)p.size)] =
			    (uint8_t)rand_u32();
		if (rand_below(8) == 0)
			p.size -= rand_below(60);
		wire = packet_exact(&p);
		if (message_walk(wire, p.size, &m) == MESSAGE_OK) {
			signatures_read(wire, p.size, &m, NOW, &s);
			walked++;
			read += s.n_keys > 0;
			assert_true(s.n_keys <= SIGNATURE_KEYS_MAX);
		}
		free(wire);
	}
	assert_true(walked > ROUNDS / 4 && read > ROUNDS / 8);
}

/* ---- judging ---- */

/* Of a signature over `life_d` days with so much left; fetched now. */
static bool
judged(struct signature_cell *cell, int64_t now, int64_t left, int64_t life_d)
{
	const struct signatures seen = {.n_keys = 1,
	    .first = {
		.inception = now + left - life_d * DAY, .expires = now + left}};
	const struct signature_sample sample = {
	    &seen, WALL_S(now), WALL_S(now), 7 * DAY};

	return signature_judge(cell, &sample);
}

static void
test_each_is_told_once_and_closed_once(void **state)
{
	struct signature_cell cell = {.since = 0};
	wall_us since;

	(void)state;
	assert_false(judged(&cell, NOW, 10 * DAY, 90));
	assert_true(judged(&cell, NOW + 1, 7 * DAY, 90));
	assert_int_equal(cell.told, SIGNATURE_EXPIRING);
	since = cell.since;
	assert_int_equal(since, WALL_S(NOW + 1));
	assert_false(judged(&cell, NOW + 2, DAY, 90));
	assert_true(judged(&cell, NOW + 3, 0, 90));
	assert_int_equal(cell.told, SIGNATURE_EXPIRED);
	assert_false(judged(&cell, NOW + 4, -DAY, 90));
	/* Signed again, for little: no more expired, and not good. */
	assert_true(judged(&cell, NOW + 5, DAY, 90));
	assert_int_equal(cell.told, SIGNATURE_EXPIRING);
	assert_true(judged(&cell, NOW + 6, 80 * DAY, 90));
	assert_int_equal(cell.told, SIGNATURE_FINE);
	assert_int_equal(cell.since, since);
	assert_false(judged(&cell, NOW + 7, 70 * DAY, 90));
	assert_string_equal(signature_kind(cell.told), "signatures-renewed");
}

static void
test_a_tenth_of_its_time_is_the_most_that_is_told_ahead(void **state)
{
	static const struct {
		int64_t life_d, least;
	} all[] = {
	    {2, DAY / 5}, {14, 14 * DAY / 10}, {30, 3 * DAY}, {365, 7 * DAY}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct signature_cell cell = {.since = 0};

		assert_false(
		    judged(&cell, NOW, all[i].least + 1, all[i].life_d));
		assert_true(judged(&cell, NOW, all[i].least, all[i].life_d));
	}
}

static void
test_R13_a_cache_neither_makes_expired_nor_says_again(void **state)
{
	struct signature_cell cell = {
	    .told = SIGNATURE_FINE, .told_at = WALL_S(NOW)};
	const struct signatures seen = {.n_keys = 1,
	    .first = {.inception = NOW - 30 * DAY, .expires = NOW - 60}};
	struct signature_sample sample = {&seen, WALL_S(NOW), 0, 7 * DAY};

	(void)state;
	/* Fetched before what was told. */
	sample.fetched_after = WALL_S(NOW - 1);
	assert_false(signature_judge(&cell, &sample));
	/* Fetched before they expired, maybe. */
	cell.told_at = 0;
	sample.fetched_after = WALL_S(NOW - 61);
	assert_true(signature_judge(&cell, &sample));
	assert_int_equal(cell.told, SIGNATURE_EXPIRING);
	sample.now = WALL_S(NOW + 10);
	sample.fetched_after = WALL_S(NOW + 10);
	assert_true(signature_judge(&cell, &sample));
	assert_int_equal(cell.told, SIGNATURE_EXPIRED);
	/* Another cache has what expired still from before. */
	cell.told_at = 0;
	sample.fetched_after = WALL_S(NOW - 61);
	assert_false(signature_judge(&cell, &sample));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_signature_is_read_with_its_key_and_times),
	    cmocka_unit_test(
		test_of_keys_the_first_to_end_and_of_a_key_the_last),
	    cmocka_unit_test(
		test_times_are_the_nearest_ones_around_the_turn_of_the_clock),
	    cmocka_unit_test(test_what_says_nothing_of_the_answer_is_left_out),
	    cmocka_unit_test(test_of_a_hostile_number_of_keys_sixteen_are_held),
	    cmocka_unit_test(test_any_bytes_are_read_within_their_bounds),
	    cmocka_unit_test(test_each_is_told_once_and_closed_once),
	    cmocka_unit_test(
		test_a_tenth_of_its_time_is_the_most_that_is_told_ahead),
	    cmocka_unit_test(
		test_R13_a_cache_neither_makes_expired_nor_says_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
