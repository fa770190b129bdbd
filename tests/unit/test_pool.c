/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R23, R24, R25: what rotates is learnt by address and by age, what is outside
 * stays outside, and nobody teaches a pool by showing something a few times.
 */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "dns/type.h"
#include "judge/pool.h"

enum { START = 1800057600, /* a midnight */ DAY = 86400, EVERY = 300 };

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* One answer of addresses 198.51.x.y, given as x << 8 | y. */
struct sample {
	struct content c;
	struct record r[POOL_ANSWER_MAX + 1];
	uint8_t rdata[POOL_ANSWER_MAX + 1][4];
};

static const struct content *
answer(struct sample *s, const unsigned *addrs, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->c.outcome = OUTCOME_ANSWER;
	s->c.records = s->r;
	s->c.n_records = (uint16_t)n;
	for (size_t i = 0; i < n; i++) {
		const uint8_t rdata[4] = {(uint8_t)(198 + (addrs[i] >> 24)),
		    (uint8_t)(51 + (addrs[i] >> 16)), (uint8_t)(addrs[i] >> 8),
		    (uint8_t)addrs[i]};

		memcpy(s->rdata[i], rdata, 4);
		s->r[i] = (struct record){
		    .type = TYPE_A, .size = 4, .rdata = s->rdata[i]};
	}
	return &s->c;
}

static const struct content *
one(struct sample *s, unsigned addr)
{
	return answer(s, &addr, 1);
}

static void
hear(struct pool *p, const struct content *c, uint32_t now)
{
	const struct pool_heard h = {c, 60, now, true};

	pool_hear(p, &h);
}

/* A class is looked for as the daemon does it. */
static enum pool_class
look(struct pool *p, uint32_t now)
{
	enum pool_class from;

	(void)pool_look(p, now, &from);
	return (enum pool_class)p->class_;
}

/* Round robin of `n` single addresses, believed one after the other. */
static struct pool *
round_robin(unsigned n, uint32_t *now, uint32_t until)
{
	struct sample s;
	struct pool *p = pool_new(one(&s, 1), *now);

	assert_non_null(p);
	for (unsigned i = 1; *now < until; i++, *now += EVERY) {
		const struct content *c = one(&s, i % n + 1);

		hear(p, c, *now);
		if (!pool_holds(p, c))
			(void)pool_believe(p, c, *now);
		look(p, *now);
	}
	return p;
}

static void
test_members_are_aged_and_then_held_R24(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = round_robin(3, &now, START + POOL_AGE_S - EVERY);

	(void)state;
	assert_int_equal(pool_members(p), 0);
	assert_false(pool_holds(p, one(&s, 1)));
	pool_free(p);
	now = START;
	p = round_robin(3, &now, START + DAY);
	assert_int_equal(pool_members(p), 3);
	assert_int_equal(p->class_, POOL_ROTATING);
	for (unsigned i = 1; i <= 3; i++)
		assert_true(pool_holds(p, one(&s, i)));
	pool_free(p);
}

static void
test_outside_is_another_address_size_or_chain_R24(void **state)
{
	static const uint8_t cdn[] = "\3cdn\7example";
	static const uint8_t rogue[] = "\3cdn\7invalid";
	const uint8_t *chain[1] = {cdn};
	const unsigned two[] = {1, 2};
	uint32_t now = START;
	struct sample s;
	struct pool *p = round_robin(3, &now, START + 3 * DAY);
	const struct content *c;

	(void)state;
	/* The next address of the same prefix is none of its own. */
	assert_false(pool_holds(p, one(&s, 4)));
	assert_true(pool_is_outside(p, one(&s, 4), now));
	assert_false(pool_is_outside(p, one(&s, 3), now));
	/* Two of its own where one was: looked up first. */
	assert_false(pool_holds(p, answer(&s, two, 2)));
	(void)pool_believe(p, answer(&s, two, 2), now);
	assert_true(pool_holds(p, answer(&s, two, 2)));
	/* An alias that was not there, and another one. */
	c = one(&s, 1);
	s.c.chain = chain;
	s.c.n_chain = 1;
	assert_false(pool_holds(p, c));
	(void)pool_believe(p, c, now);
	assert_true(pool_holds(p, c));
	chain[0] = rogue;
	assert_false(pool_holds(p, c));
	pool_free(p);
}

/* While what is believed has a stranger in it nothing is movement inside. */
static void
test_nothing_is_held_while_a_stranger_is_believed(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = round_robin(3, &now, START + 3 * DAY);

	(void)state;
	(void)pool_believe(p, one(&s, 66), now);
	assert_false(pool_holds(p, one(&s, 1)));
	(void)pool_believe(p, one(&s, 2), now);
	assert_true(pool_holds(p, one(&s, 1)));
	/* Nor while nothing is. */
	(void)pool_believe(p, NULL, now);
	assert_false(pool_holds(p, one(&s, 1)));
	pool_free(p);
}

static void
test_a_few_showings_make_no_member_R25(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = round_robin(3, &now, START + 3 * DAY);

	(void)state;
	/* Told, and shown 50 times in four hours. */
	(void)pool_believe(p, one(&s, 66), now);
	for (int i = 0; i < 50; i++, now += EVERY)
		hear(p, one(&s, 66), now);
	assert_false(pool_holds(p, one(&s, 66)));
	assert_false(pool_is_outside(p, one(&s, 66), now));
	/* Days later: from the start, and outside once more. */
	now += 2 * DAY;
	assert_true(pool_is_outside(p, one(&s, 66), now));
	hear(p, one(&s, 66), now);
	assert_true(pool_is_outside(p, one(&s, 66), now));
	(void)pool_believe(p, one(&s, 66), now);
	for (int i = 0; i < 50; i++, now += EVERY)
		hear(p, one(&s, 66), now);
	assert_false(pool_holds(p, one(&s, 66)));
	/* One cache entry is one sample, however often it is given. */
	for (int i = 0; i < 5000; i++) {
		const struct pool_heard h = {one(&s, 67), 60, now, false};

		if (i == 0)
			(void)pool_believe(p, h.content, now);
		pool_hear(p, &h);
		now += 60;
	}
	assert_false(pool_holds(p, one(&s, 67)));
	pool_free(p);
}

static void
test_growth_of_a_day_is_capped_R25(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = pool_new(one(&s, 1), now);
	uint32_t most = 0;

	(void)state;
	assert_non_null(p);
	for (unsigned i = 0; now < START + 6 * DAY; i++, now += 60) {
		uint32_t before = pool_members(p);
		uint32_t day = p->day;

		(void)pool_believe(p, one(&s, i % 60 + 1), now);
		hear(p, one(&s, i % 60 + 1), now);
		if (p->day == day && pool_members(p) > before)
			most = p->grown > most ? p->grown : most;
		assert_true(p->grown <= POOL_GROWTH_DAY);
		if (now < START + 2 * DAY)
			assert_true(pool_members(p) <= 2 * POOL_GROWTH_DAY);
	}
	assert_int_equal(most, POOL_GROWTH_DAY);
	assert_int_equal(pool_members(p), 60);
	pool_free(p);
}

static void
test_memory_is_bounded_whatever_is_shown(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = pool_new(one(&s, 1), now);

	(void)state;
	assert_non_null(p);
	for (unsigned i = 0; i < 10000; i++, now += 60) {
		(void)pool_believe(p, one(&s, i), now);
		hear(p, one(&s, i), now);
		assert_true(p->n <= POOL_ELEMENTS_MAX);
	}
	assert_true(pool_bytes(p) < 4096);
	look(p, now);
	assert_int_equal(look(p, now + POOL_CLASS_S), POOL_UNSTABLE);
	pool_free(p);
}

/* Four of sixty, as a CDN gives them. */
static const struct content *
draw(struct sample *s, unsigned from, unsigned n)
{
	unsigned addrs[4];

	for (size_t i = 0; i < 4;) {
		size_t k = 0;

		addrs[i] = from + rand_u32() % n;
		while (addrs[k] != addrs[i])
			k++;
		i += k == i;
	}
	return answer(s, addrs, 4);
}

static struct pool *
sampled(uint32_t *now, uint32_t until)
{
	struct sample s;
	struct pool *p = pool_new(draw(&s, 1, 60), *now);

	assert_non_null(p);
	for (; *now < until; *now += EVERY) {
		const struct content *c = draw(&s, 1, 60);

		hear(p, c, *now);
		if (!pool_holds(p, c))
			(void)pool_believe(p, c, *now);
		look(p, *now);
	}
	return p;
}

static void
test_a_cdn_is_sampled_and_becomes_silent_R23(void **state)
{
	uint32_t now = START;
	struct pool_element gone;
	struct sample s;
	struct pool *p;

	(void)state;
	start_seed(23);
	p = sampled(&now, START + 6 * DAY);
	assert_int_equal(p->class_, POOL_SAMPLED);
	assert_int_equal(pool_members(p), 60);
	for (int i = 0; i < 1000; i++)
		assert_true(pool_holds(p, draw(&s, 1, 60)));
	/* Nor is any of them absent only because it was not drawn. */
	for (int i = 0; i < 20000; i++, now += EVERY) {
		hear(p, draw(&s, 1, 60), now);
		assert_false(pool_absent(p, &gone));
	}
	pool_free(p);
}

static void
test_absence_is_evidence_after_enough_answers_R24(void **state)
{
	uint32_t now = START;
	struct pool_element gone;
	struct sample s;
	struct pool *p;
	unsigned n = 0;

	(void)state;
	start_seed(24);
	p = sampled(&now, START + 6 * DAY);
	(void)pool_believe(p, draw(&s, 2, 59), now); /* without the first */
	assert_true(pool_holds(p, draw(&s, 1, 60)));
	/* Its share is about a fifteenth: some three hundred answers. */
	for (; n < 900; n++, now += EVERY) {
		hear(p, draw(&s, 2, 59), now);
		if (pool_absent(p, &gone))
			break;
	}
	assert_in_range(n, 100, 600);
	assert_memory_equal(gone.addr, ((const uint8_t[]){198, 51, 0, 1}), 4);
	assert_in_range(pool_share(&gone), 40, 100);
	assert_int_equal(pool_members(p), 59);
	assert_true(pool_is_outside(p, one(&s, 1), now));
	pool_free(p);
}

/*
 * Somebody else's address for three hours, then for two days: the pool is what
 * it was after the one, and another after the other.
 */
static void
test_a_stranger_s_answers_make_no_member_leave(void **state)
{
	uint32_t now = START;
	struct pool_element gone;
	struct sample s;
	struct pool *p;
	uint32_t until;

	(void)state;
	start_seed(25);
	p = sampled(&now, START + 6 * DAY);
	(void)pool_believe(p, one(&s, 200), now);
	for (until = now + 3 * 3600; now < until; now += EVERY) {
		hear(p, one(&s, 200), now);
		assert_false(pool_absent(p, &gone));
	}
	assert_false(pool_holds(p, draw(&s, 1, 60))); /* its end is told */
	(void)pool_believe(p, draw(&s, 1, 60), now);
	assert_int_equal(pool_members(p), 60);
	assert_true(pool_holds(p, draw(&s, 1, 60)));
	assert_false(p->replaced);

	(void)pool_believe(p, one(&s, 201), now);
	for (until = now + 2 * DAY; now < until; now += EVERY)
		hear(p, one(&s, 201), now);
	assert_true(p->replaced);
	assert_int_equal(pool_members(p), 1);
	assert_false(pool_holds(p, draw(&s, 1, 60)));
	pool_free(p);
}

static void
test_flux_is_ten_new_in_three_prefixes_within_a_day_R23(void **state)
{
	(void)state;
	for (unsigned prefixes = 2; prefixes <= 3; prefixes++) {
		uint32_t now = START;
		struct sample s;
		struct pool *p = round_robin(3, &now, START + 2 * DAY);
		enum pool_class from = POOL_STABLE;

		for (unsigned i = 0; i < 12; i++, now += EVERY) {
			const struct content *c =
			    one(&s, (i % prefixes) << 16 | (100 + i));

			hear(p, c, now);
			(void)pool_believe(p, c, now);
		}
		now += POOL_CLASS_S;
		assert_false(pool_look(p, now, &from));
		now += POOL_CLASS_S;
		assert_true(pool_look(p, now, &from));
		assert_int_equal(from, POOL_ROTATING);
		assert_int_equal(
		    p->class_, prefixes < 3 ? POOL_UNSTABLE : POOL_FLUX);
		assert_int_equal(p->flux_told, prefixes < 3 ? 0 : now);
		/* No member is silent meanwhile; and it is reversible. */
		if (prefixes == 3)
			assert_false(pool_holds(p, one(&s, 1)));
		for (uint32_t end = now + 4 * DAY; now < end; now += EVERY) {
			hear(p, one(&s, now / EVERY % 3 + 1), now);
			look(p, now);
		}
		assert_int_equal(p->class_, POOL_ROTATING);
		pool_free(p);
	}
}

/* What a pool begins with is no news: a CDN in many prefixes is no flux. */
static void
test_the_first_day_is_no_flux(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = pool_new(one(&s, 1), now);

	(void)state;
	assert_non_null(p);
	for (unsigned i = 0; now < START + DAY; i++, now += EVERY) {
		const struct content *c = one(&s, i % 30 << 16 | 1);

		hear(p, c, now);
		(void)pool_believe(p, c, now);
		assert_int_not_equal(look(p, now), POOL_FLUX);
	}
	pool_free(p);
}

static void
test_stable_again_after_two_days(void **state)
{
	uint32_t now = START;
	struct sample s;
	struct pool *p = round_robin(3, &now, START + 2 * DAY);

	(void)state;
	for (uint32_t end = now + 3 * DAY; now < end; now += EVERY) {
		hear(p, one(&s, 1), now);
		look(p, now);
	}
	assert_int_equal(p->class_, POOL_STABLE);
	pool_free(p);
}

static void
test_packed_it_is_the_same(void **state)
{
	uint32_t now = START;
	struct pool *p = sampled(&now, START + 3 * DAY);
	struct buf packed = {0};
	struct buf again = {0};
	struct sample s;
	struct pool *q;

	(void)state;
	pool_pack(p, &packed);
	q = pool_unpack(packed.data, packed.size);
	assert_non_null(q);
	pool_pack(q, &again);
	assert_int_equal(packed.size, again.size);
	assert_memory_equal(packed.data, again.data, again.size);
	/* What is believed is said apart. */
	assert_false(pool_holds(q, draw(&s, 1, 60)));
	for (size_t i = 0; i < packed.size; i++) {
		struct pool *cut = pool_unpack(packed.data, i);

		pool_free(cut); /* whole elements, or nothing */
	}
	pool_free(p);
	pool_free(q);
	buf_fini(&packed);
	buf_fini(&again);
}

static void
test_what_a_pool_takes(void **state)
{
	unsigned addrs[POOL_ANSWER_MAX + 1];
	struct sample s;

	(void)state;
	for (unsigned i = 0; i <= POOL_ANSWER_MAX; i++)
		addrs[i] = i;
	assert_true(pool_takes(answer(&s, addrs, POOL_ANSWER_MAX), TYPE_A));
	assert_false(
	    pool_takes(answer(&s, addrs, POOL_ANSWER_MAX + 1), TYPE_A));
	assert_false(pool_takes(answer(&s, addrs, 1), TYPE_AAAA));
	assert_false(pool_takes(answer(&s, addrs, 0), TYPE_A));
	assert_false(pool_takes(answer(&s, addrs, 1), TYPE_TXT));
	s.c.outcome = OUTCOME_NXDOMAIN;
	assert_false(pool_takes(&s.c, TYPE_A));
}

/* Twice what is known, and one more of its network. */
static void
test_more_of_a_pool_that_is_learnt_R24(void **state)
{
	const unsigned begun[] = {1, 2};
	const unsigned near[] = {2, 3};
	const unsigned far[] = {2, 5 << 16};
	const unsigned more[] = {1, 2, 3};
	const unsigned gone[] = {5 << 16, 6 << 16};
	const uint32_t late = START + POOL_BEGIN_S + 1;
	struct sample s;
	struct pool *p = pool_new(answer(&s, begun, 2), START);

	(void)state;
	assert_non_null(p);
	assert_true(pool_grows(p, answer(&s, near, 2), START));
	assert_true(pool_grows(p, answer(&s, near, 2), START + DAY - 1));
	assert_false(pool_grows(p, answer(&s, near, 2), START + DAY));
	assert_false(pool_grows(p, answer(&s, far, 2), START + EVERY));
	assert_false(pool_grows(p, answer(&s, more, 3), START + EVERY));
	/* A network that came later is not its own, and while none of its own
	 * is believed what was before is not more of it.
	 */
	(void)pool_believe(p, answer(&s, gone, 2), late);
	assert_false(pool_grows(p, answer(&s, near, 2), late));
	assert_false(pool_grows(p, answer(&s, far, 2), late));
	(void)pool_believe(p, answer(&s, far, 2), late);
	assert_true(pool_grows(p, answer(&s, near, 2), late));
	assert_false(pool_grows(p, answer(&s, far, 2), late));
	/* No address is believed: an answer without one was. */
	(void)pool_believe(p, NULL, late);
	assert_false(pool_grows(p, answer(&s, near, 2), late));
	pool_free(p);
	/* Two resolvers, each with a network of its own: both show at once. */
	p = pool_new(answer(&s, begun, 2), START);
	assert_non_null(p);
	(void)pool_believe(p, answer(&s, gone, 2), START + POOL_BEGIN_S);
	assert_true(pool_grows(p, answer(&s, far, 2), late));
	assert_true(pool_grows(p, answer(&s, near, 2), late));
	pool_free(p);
}

static void
test_another_chain_is_learnt_anew_R24(void **state)
{
	const uint8_t alias[] = "\1a\7example";
	const uint8_t *chain[] = {alias};
	const unsigned begun[] = {1, 2};
	const unsigned moved[] = {5 << 16, (5 << 16) + 1};
	const unsigned near[] = {5 << 16, (5 << 16) + 2};
	const unsigned old[] = {1, (5 << 16) + 1};
	uint32_t now = START + 3 * DAY;
	struct buf packed = {0};
	struct sample s, t;
	struct pool *p = pool_new(answer(&s, begun, 2), START);
	struct pool *q;

	(void)state;
	assert_non_null(p);
	(void)answer(&s, moved, 2);
	s.c.chain = chain;
	s.c.n_chain = 1;
	(void)pool_believe(p, &s.c, now);
	(void)answer(&t, near, 2);
	assert_false(pool_grows(p, &t.c, now));
	t.c.chain = chain;
	t.c.n_chain = 1;
	assert_true(pool_grows(p, &t.c, now));
	assert_false(pool_grows(p, &t.c, now + DAY));
	/* What the other chain had is not of this one. */
	(void)answer(&t, old, 2);
	t.c.chain = chain;
	t.c.n_chain = 1;
	assert_false(pool_grows(p, &t.c, now));
	/* After a restart nobody knows when it came. */
	pool_pack(p, &packed);
	q = pool_unpack(packed.data, packed.size);
	assert_non_null(q);
	(void)pool_believe(q, &s.c, now);
	(void)answer(&t, near, 2);
	t.c.chain = chain;
	t.c.n_chain = 1;
	assert_false(pool_grows(q, &t.c, now));
	/* The first comes again, with one that was heard: it is none. */
	now += 2 * DAY;
	(void)pool_believe(p, answer(&t, begun, 2), now);
	assert_false(pool_grows(p, &t.c, now));
	pool_free(p);
	pool_free(q);
	buf_fini(&packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members_are_aged_and_then_held_R24),
	    cmocka_unit_test(test_outside_is_another_address_size_or_chain_R24),
	    cmocka_unit_test(test_nothing_is_held_while_a_stranger_is_believed),
	    cmocka_unit_test(test_a_few_showings_make_no_member_R25),
	    cmocka_unit_test(test_growth_of_a_day_is_capped_R25),
	    cmocka_unit_test(test_memory_is_bounded_whatever_is_shown),
	    cmocka_unit_test(test_a_cdn_is_sampled_and_becomes_silent_R23),
	    cmocka_unit_test(test_absence_is_evidence_after_enough_answers_R24),
	    cmocka_unit_test(test_a_stranger_s_answers_make_no_member_leave),
	    cmocka_unit_test(
		test_flux_is_ten_new_in_three_prefixes_within_a_day_R23),
	    cmocka_unit_test(test_the_first_day_is_no_flux),
	    cmocka_unit_test(test_stable_again_after_two_days),
	    cmocka_unit_test(test_packed_it_is_the_same),
	    cmocka_unit_test(test_what_a_pool_takes),
	    cmocka_unit_test(test_more_of_a_pool_that_is_learnt_R24),
	    cmocka_unit_test(test_another_chain_is_learnt_anew_R24),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
