/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * An attribute that changed is told once, and caches of different ages behind
 * one address make no news of their own.  Tried by the rules one by one, and
 * by simulated farms of caches, from a printed seed (SEED=n repeats one).
 */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "judge/attribute.h"

enum { ONE = 1, OTHER = 2, DAY_S = 86400 };

static const wall_us start = WALL_S(1800000000);

static void
start_seed(uint64_t seed)
{
	const char *text = getenv("SEED");

	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* A question under test: what it shows now, and what came of it. */
struct subject {
	struct attribute_cell cell;
	struct attributes shown;
	struct attribute_sample sample;
	struct attribute_statement said;
	enum attribute attribute;
};

static void
subject_init(struct subject *s, enum attribute attribute, bool aa)
{
	*s = (struct subject){.attribute = attribute};
	s->shown.has = (1 << N_ATTRIBUTES) - 1;
	s->shown.ttl = 300;
	s->sample = (struct attribute_sample){
	    .seen = &s->shown,
	    .aa = aa,
	    .source = ONE,
	    .now = start,
	    .every_s = 60,
	    .lifetime_s = 300,
	};
}

static enum attribute_turn
see(struct subject *s)
{
	return attribute_judge(&s->cell, s->attribute, &s->sample, &s->said);
}

static enum attribute_turn
see_after(struct subject *s, uint32_t seconds)
{
	s->sample.now += WALL_S(seconds);
	return see(s);
}

/* ---- numbers and digests ---- */

static void
test_first_sight_is_noted_and_not_told(void **state)
{
	struct subject s;

	(void)state;
	for (int a = 0; a < N_ATTRIBUTES; a++) {
		subject_init(&s, (enum attribute)a, true);
		assert_int_equal(see(&s), ATTRIBUTE_NOTED);
		for (int i = 0; i < 100; i++)
			assert_int_equal(see_after(&s, 60), ATTRIBUTE_SAME);
	}
}

static void
test_authority_is_believed_at_once_and_each_time(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_SERIAL, true);
	s.shown.serial = 10;
	see(&s);
	s.shown.serial = 11;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "forward");
	assert_int_equal(attribute_number(s.said.from, 0), 10);
	assert_int_equal(attribute_number(s.said.to, 0), 11);
	assert_true(s.said.since == start);
	s.shown.serial = 10;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "backward");
	assert_true(s.said.since == start + WALL_S(60));
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_SAME);
}

static void
test_serial_goes_round(void **state)
{
	static const struct {
		uint32_t from, to;
		const char *reason;
	} steps[] = {
	    {1, 2, "forward"},
	    {UINT32_MAX, 0, "forward"},
	    {0xfffffff0, 0x7fffffef, "forward"},
	    {0, 0x7fffffff, "forward"},
	    {2, 1, "backward"},
	    {0, UINT32_MAX, "backward"},
	    /* RFC 1982 leaves it open: it is no step forward. */
	    {0, 0x80000000, "backward"},
	    {2026112801, 2026112701, "backward"},
	};
	struct subject s;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		subject_init(&s, ATTRIBUTE_SERIAL, true);
		s.shown.serial = steps[i].from;
		see(&s);
		s.shown.serial = steps[i].to;
		assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
		assert_string_equal(s.said.reason, steps[i].reason);
	}
}

static void
test_late_secondary_is_no_step_back(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_SERIAL, true);
	s.shown.serial = 10;
	see(&s);
	s.shown.serial = 11;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	s.sample.source = OTHER;
	s.shown.serial = 10;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_SAME);
	assert_int_equal(see_after(&s, 3000), ATTRIBUTE_SAME);
	/* After an hour it is late no more. */
	assert_int_equal(see_after(&s, 600), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "backward");
}

static void
test_old_cache_is_no_step_back_and_a_real_one_is_told_later(void **state)
{
	struct subject s;
	unsigned told = 0;
	wall_us turned;

	(void)state;
	subject_init(&s, ATTRIBUTE_SERIAL, false);
	s.shown.serial = 10;
	see(&s);
	s.shown.serial = 11;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	turned = s.sample.now;
	s.shown.serial = 10;
	for (int i = 0; i < 60; i++) {
		told += see_after(&s, 60) == ATTRIBUTE_CHANGED;
		if (s.sample.now < turned + WALL_S(1200))
			assert_int_equal(told, 0);
	}
	assert_int_equal(told, 1);
}

/* What is bound to a set of records is no news when the set is another. */
static void
test_digests_are_compared_within_one_set(void **state)
{
	static const enum attribute bound[] = {
	    ATTRIBUTE_ORDER, ATTRIBUTE_CASE, ATTRIBUTE_SIGNATURE};
	struct subject s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		subject_init(&s, bound[i], true);
		see(&s);
		s.shown.set[0] = 1;
		s.shown.order[0] = 1;
		s.shown.letter_case[0] = 1;
		s.shown.signature[0] = 1;
		assert_int_equal(see_after(&s, 60), ATTRIBUTE_NOTED);
		s.shown.order[0] = 2;
		s.shown.letter_case[0] = 2;
		s.shown.signature[0] = 2;
		assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
		assert_null(s.said.reason);
		assert_int_equal(s.said.from[0], 1);
		assert_int_equal(s.said.to[0], 2);
	}
	subject_init(&s, ATTRIBUTE_TIMERS, true);
	see(&s);
	s.shown.set[0] = 1;
	s.shown.timers[2] = 5;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
}

static void
test_duplicates_come_and_go(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_DUPLICATES, true);
	see(&s);
	s.shown.duplicates = 2;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "more");
	s.shown.duplicates = 0;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "fewer");
}

static void
test_clock_that_goes_back_holds_nothing_up(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_SERIAL, false);
	s.shown.serial = 10;
	see(&s);
	s.shown.serial = 11;
	see_after(&s, 60);
	s.sample.now -= WALL_S(30 * DAY_S);
	s.shown.serial = 10;
	assert_int_equal(see(&s), ATTRIBUTE_SAME);
	assert_int_equal(see_after(&s, 1201), ATTRIBUTE_CHANGED);
}

/* ---- TTL, one by one ---- */

static void
test_ttl_with_authority_is_what_it_is(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_TTL, true);
	see(&s);
	s.shown.ttl = 299;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "lowered");
	s.shown.ttl = 30;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	s.shown.ttl = 86400;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "raised");
	assert_int_equal(attribute_number(s.said.from, 0), 30);
	assert_int_equal(attribute_number(s.said.to, 0), 86400);
}

static void
test_ttl_that_counts_down_is_learnt_silently(void **state)
{
	static const uint32_t left[] = {17, 290, 230, 170, 110, 50, 299, 300};
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_TTL, false);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		s.shown.ttl = left[i];
		assert_int_not_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	}
	assert_int_equal(attribute_number(s.cell.value, 0), 300);
}

static void
test_ttl_of_a_stale_answer_counts_for_nothing(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_TTL, false);
	s.sample.every_s = 600;
	see(&s);
	s.shown.ttl = 30;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(see_after(&s, 600), ATTRIBUTE_SAME);
}

/* A cache that only we ask, with a TTL below the interval. */
static void
test_ttl_of_an_own_cache_below_the_interval_is_told(void **state)
{
	struct subject s;
	unsigned told = 0;

	(void)state;
	start_seed(20261127);
	subject_init(&s, ATTRIBUTE_TTL, false);
	s.sample.every_s = 300;
	s.shown.ttl = 60;
	for (int i = 0; i < 100; i++)
		assert_int_not_equal(
		    see_after(&s, 300 + rand_below(15)), ATTRIBUTE_CHANGED);
	s.shown.ttl = 20;
	for (int i = 0; i < 80; i++)
		told +=
		    see_after(&s, 300 + rand_below(15)) == ATTRIBUTE_CHANGED;
	assert_int_equal(told, 1);
	assert_string_equal(s.said.reason, "lowered");
	s.shown.ttl = 120;
	assert_int_equal(see_after(&s, 300), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "raised");
}

/* Each resolver may cap TTLs as it likes. */
static void
test_ttl_of_another_cache_is_learnt_anew(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_TTL, false);
	for (int i = 0; i < 300; i++)
		see_after(&s, 60);
	for (int turn = 0; turn < 6; turn++) {
		s.sample.source = turn % 2 == 0 ? OTHER : ONE;
		s.shown.ttl = turn % 2 == 0 ? 21600 : 300;
		for (int i = 0; i < 5 + 300 * (turn / 3); i++)
			assert_int_not_equal(
			    see_after(&s, 60), ATTRIBUTE_CHANGED);
	}
}

static void
test_ttl_first_told_with_authority_after_caches(void **state)
{
	struct subject s;

	(void)state;
	subject_init(&s, ATTRIBUTE_TTL, false);
	s.shown.ttl = 280;
	see(&s);
	s.sample.aa = true;
	s.shown.ttl = 300;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_NOTED);
	s.shown.ttl = 301;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	subject_init(&s, ATTRIBUTE_TTL, false);
	s.shown.ttl = 280;
	see(&s);
	s.sample.aa = true;
	s.shown.ttl = 60;
	assert_int_equal(see_after(&s, 60), ATTRIBUTE_CHANGED);
	assert_string_equal(s.said.reason, "lowered");
}

/* ---- farms of caches ---- */

enum { CACHES_MAX = 8 };

struct farm {
	unsigned n;
	double fetched[CACHES_MAX]; /* seconds */
	uint32_t ttl[CACHES_MAX];   /* original, as fetched */
	uint32_t serial[CACHES_MAX];
	double clients; /* mean seconds between other clients; 0: none */
	bool stale;     /* serves what expired with a TTL of 30 */
	bool prefetch;
	uint32_t ttl_now, serial_now; /* of the zone */
};

static double
chance(void)
{
	return (double)rand_below(1u << 30) / (1u << 30);
}

static void
fetch(struct farm *f, unsigned i, double at)
{
	f->fetched[i] = at;
	f->ttl[i] = f->ttl_now;
	f->serial[i] = f->serial_now;
}

/* One question to some cache of the farm; what it says. */
static void
ask(struct farm *f, double now, struct attributes *out)
{
	unsigned i = rand_below(f->n);
	double next;

	while (f->clients > 0 && f->fetched[i] + f->ttl[i] < now) {
		next = f->fetched[i] + f->ttl[i] + 2 * f->clients * chance();
		if (next > now)
			break;
		fetch(f, i, next);
	}
	if (f->fetched[i] + f->ttl[i] <= now) {
		out->serial = f->serial[i];
		fetch(f, i, now);
		if (f->stale) {
			out->ttl = 30;
			return;
		}
	}
	out->serial = f->serial[i];
	out->ttl = (uint32_t)(f->fetched[i] + f->ttl[i] - now);
	if (f->prefetch && out->ttl < f->ttl[i] / 10)
		fetch(f, i, now);
}

static void
farm_init(struct farm *f, uint32_t ttl)
{
	*f = (struct farm){.n = 1 + rand_below(CACHES_MAX)};
	f->ttl_now = ttl;
	f->serial_now = 100;
	if (rand_below(4) > 0)
		f->clients = ttl * 3 * chance();
	f->stale = rand_below(3) == 0;
	f->prefetch = rand_below(3) == 0;
	for (unsigned i = 0; i < f->n; i++)
		fetch(f, i, -(double)ttl * chance());
}

/* A poll, late by up to a twentieth of the interval. */
static enum attribute_turn
poll(struct subject *s, struct farm *f, unsigned number)
{
	double every = s->sample.every_s;
	double now = every * number + every / 20 * chance();

	ask(f, now, &s->shown);
	if (s->shown.ttl > s->sample.lifetime_s)
		s->sample.lifetime_s = s->shown.ttl;
	s->sample.now = start + (wall_us)(now * 1e6);
	return see(s);
}

static void
test_farm_of_caches_makes_no_event_of_a_ttl(void **state)
{
	static const uint32_t ttls[] = {20, 60, 300, 3600, 86400};
	static const uint32_t intervals[] = {1, 5, 60, 300, 3600};

	(void)state;
	start_seed(20261128);
	for (unsigned run = 0; run < 500; run++) {
		uint32_t ttl = ttls[run % 5];
		struct subject s;
		struct farm f;

		farm_init(&f, ttl);
		subject_init(&s, ATTRIBUTE_TTL, false);
		s.sample.every_s = intervals[run / 5 % 5];
		for (unsigned i = 1; i <= 5000; i++) {
			if (poll(&s, &f, i) == ATTRIBUTE_CHANGED)
				fail_msg("run %u, poll %u: ttl %u every %u, "
					 "%u caches: %u -> %u",
				    run, i, ttl, s.sample.every_s, f.n,
				    attribute_number(s.said.from, 0),
				    attribute_number(s.said.to, 0));
		}
	}
}

/*
 * And is not deaf: what is eight times lower or higher is told; with a value
 * that was on its way, once more, but that is rare.
 */
static void
test_farm_of_caches_tells_a_new_ttl_once(void **state)
{
	static const uint32_t ttls[] = {300, 600, 3600};
	static const uint32_t intervals[] = {5, 20, 60};
	unsigned sum = 0;

	(void)state;
	start_seed(20261129);
	for (unsigned run = 0; run < 180; run++) {
		uint32_t ttl = ttls[run % 3];
		uint32_t every = intervals[run / 3 % 3];
		bool lower = run % 2 == 0;
		unsigned life = ttl / every + 1;
		unsigned begin = 300 + 10 * life;
		unsigned told = 0;
		struct subject s;
		struct farm f;

		farm_init(&f, ttl);
		/* It would say 30 only. */
		f.stale = f.stale && (!lower || ttl / 8 > every);
		subject_init(&s, ATTRIBUTE_TTL, false);
		s.sample.every_s = every;
		for (unsigned i = 1; i <= 600 + 120 * life; i++) {
			if (i == begin)
				f.ttl_now = lower ? ttl / 8 : ttl * 8;
			if (poll(&s, &f, i) != ATTRIBUTE_CHANGED)
				continue;
			told++;
			assert_true(i >= begin);
			assert_string_equal(
			    s.said.reason, lower ? "lowered" : "raised");
		}
		if (told < 1 || told > 2)
			fail_msg("run %u: told %u times (ttl %u, every %u, "
				 "%u caches)",
			    run, told, ttl, every, f.n);
		sum += told;
	}
	assert_in_range(sum, 180, 190);
}

static void
test_farm_of_caches_tells_each_serial_once_and_never_back(void **state)
{
	(void)state;
	start_seed(20261130);
	for (unsigned run = 0; run < 200; run++) {
		unsigned told = 0;
		struct subject s;
		struct farm f;

		farm_init(&f, 300);
		subject_init(&s, ATTRIBUTE_SERIAL, false);
		for (unsigned i = 1; i <= 4000; i++) {
			if (rand_below(50) == 0)
				f.serial_now += 1 + rand_below(1000);
			if (poll(&s, &f, i) != ATTRIBUTE_CHANGED)
				continue;
			told++;
			assert_string_equal(s.said.reason, "forward");
		}
		assert_true(told > 20);
	}
}

static void
test_farm_of_caches_tells_a_new_digest_once(void **state)
{
	(void)state;
	start_seed(20261131);
	for (unsigned run = 0; run < 200; run++) {
		unsigned told = 0;
		unsigned changes = 0;
		struct subject s;
		struct farm f;

		farm_init(&f, 300);
		subject_init(&s, ATTRIBUTE_SIGNATURE, false);
		for (unsigned i = 1; i <= 4000; i++) {
			/* Two hours: signatures outlive their TTL. */
			if (i % 120 == 0) {
				f.serial_now++;
				changes++;
			}
			ask(&f, 60.0 * i, &s.shown);
			s.shown.signature[0] = (uint8_t)s.shown.serial;
			s.sample.now = start + WALL_S(60) * i;
			told += see(&s) == ATTRIBUTE_CHANGED;
		}
		assert_in_range(told, changes - 1, changes);
	}
}

/* ---- stored ---- */

static void
test_packed_cells_come_back(void **state)
{
	struct attribute_cell cells[N_ATTRIBUTES];
	struct attribute_cell back;
	struct buf b = {0};
	enum attribute a;
	size_t at = 0;

	(void)state;
	start_seed(20261132);
	for (int i = 0; i < N_ATTRIBUTES; i++) {
		cells[i] = (struct attribute_cell){.since = start + i,
		    .source = UINT64_C(0x0123456789abcdef),
		    .aa = i % 2 == 0,
		    .n_left = (uint8_t)(i % (ATTRIBUTE_LEFT_MAX + 1)),
		    .n_seen = (uint8_t)(i * 30)};
		rand_bytes(cells[i].value, ATTRIBUTE_SIZE);
		if (attribute_is_of_set((enum attribute)i))
			rand_bytes(cells[i].set, ATTRIBUTE_SIZE);
		rand_bytes(
		    cells[i].left, cells[i].n_left * (size_t)ATTRIBUTE_SIZE);
		attribute_pack(&cells[i], (enum attribute)i, &b);
	}
	for (int i = 0; i < N_ATTRIBUTES; i++) {
		assert_true(attribute_unpack(b.data, b.size, &at, &a, &back));
		assert_int_equal(a, i);
		assert_memory_equal(&back, &cells[i], sizeof(back));
	}
	assert_false(attribute_unpack(b.data, b.size, &at, &a, &back));
	assert_int_equal(at, b.size);
	buf_fini(&b);
}

static void
test_spoilt_cells_are_refused(void **state)
{
	struct attribute_cell cell = {.since = start, .n_left = 3};
	struct attribute_cell back;
	struct buf b = {0};
	enum attribute a;

	(void)state;
	attribute_pack(&cell, ATTRIBUTE_CASE, &b);
	for (size_t size = 0; size < b.size; size++) {
		uint8_t *exact = malloc(size + 1);
		size_t at = 0;

		assert_non_null(exact);
		memcpy(exact, b.data, size);
		assert_false(attribute_unpack(exact, size, &at, &a, &back));
		assert_int_equal(at, 0);
		free(exact);
	}
	for (size_t i = 0; i < 4; i++) {
		uint8_t was = b.data[i];
		size_t at = 0;

		b.data[i] = 0xff;
		if (i != 2)
			assert_false(
			    attribute_unpack(b.data, b.size, &at, &a, &back));
		b.data[i] = was;
	}
	buf_fini(&b);
}

/* The same samples after a restart at any moment: the same is told. */
static void
test_restart_makes_no_event_and_loses_none(void **state)
{
	(void)state;
	start_seed(20261133);
	for (unsigned run = 0; run < 100; run++) {
		unsigned told = 0;
		unsigned bumps = 0;
		struct subject s;
		struct buf b = {0};

		subject_init(&s, ATTRIBUTE_SERIAL, true);
		for (unsigned i = 0; i < 500; i++) {
			enum attribute a;
			size_t at = 0;

			if (i > 0 && rand_below(10) == 0) {
				s.shown.serial++;
				bumps++;
			}
			told += see_after(&s, 60) == ATTRIBUTE_CHANGED;
			buf_clear(&b);
			attribute_pack(&s.cell, s.attribute, &b);
			if (rand_below(5) == 0)
				assert_true(attribute_unpack(
				    b.data, b.size, &at, &a, &s.cell));
		}
		assert_int_equal(told, bumps);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_sight_is_noted_and_not_told),
	    cmocka_unit_test(test_authority_is_believed_at_once_and_each_time),
	    cmocka_unit_test(test_serial_goes_round),
	    cmocka_unit_test(test_late_secondary_is_no_step_back),
	    cmocka_unit_test(
		test_old_cache_is_no_step_back_and_a_real_one_is_told_later),
	    cmocka_unit_test(test_digests_are_compared_within_one_set),
	    cmocka_unit_test(test_duplicates_come_and_go),
	    cmocka_unit_test(test_clock_that_goes_back_holds_nothing_up),
	    cmocka_unit_test(test_ttl_with_authority_is_what_it_is),
	    cmocka_unit_test(test_ttl_that_counts_down_is_learnt_silently),
	    cmocka_unit_test(test_ttl_of_a_stale_answer_counts_for_nothing),
	    cmocka_unit_test(
		test_ttl_of_an_own_cache_below_the_interval_is_told),
	    cmocka_unit_test(test_ttl_of_another_cache_is_learnt_anew),
	    cmocka_unit_test(test_ttl_first_told_with_authority_after_caches),
	    cmocka_unit_test(test_farm_of_caches_makes_no_event_of_a_ttl),
	    cmocka_unit_test(test_farm_of_caches_tells_a_new_ttl_once),
	    cmocka_unit_test(
		test_farm_of_caches_tells_each_serial_once_and_never_back),
	    cmocka_unit_test(test_farm_of_caches_tells_a_new_digest_once),
	    cmocka_unit_test(test_packed_cells_come_back),
	    cmocka_unit_test(test_spoilt_cells_are_refused),
	    cmocka_unit_test(test_restart_makes_no_event_and_loses_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
