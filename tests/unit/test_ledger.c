/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * The watermark of an interval never passes a poll that is planned and not
 * ended, and never goes back.  Tried against a plain list of open polls, with
 * questions that are sent with jitter, answered late, out of order or not for
 * long, from a printed seed (SEED=n repeats one).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "daemon/monitor/ledger.h"
#include "schedule/spread.h"

enum { QUESTIONS = 40, TICKS_S = 1000 / TICK_MS };

static struct ledger ledger;

static void
start_seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : rand_u32();

	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
}

/* Spans begin one interval after `from`; then polls come. */
static uint32_t
start(uint32_t every_s, uint32_t from)
{
	uint32_t class_;

	memset(&ledger, 0, sizeof(ledger));
	class_ = ledger_class(&ledger, every_s);
	ledger_restart(&ledger, from);
	return class_;
}

/* Advances as often as it says yes; the new watermark. */
static uint32_t
advance(uint32_t class_, uint32_t now)
{
	while (ledger_advance(&ledger, class_, now))
		;
	return ledger.classes[class_].to;
}

/* What jitter may still hold back of what was planned. */
static uint32_t
jitter_max(uint32_t every_s)
{
	return (spread_jitter_ms(every_s, UINT32_MAX) + TICK_MS - 1) / TICK_MS;
}

/* --- claims one by one --------------------------------------------------- */

static void
test_ledger_one_class_for_each_interval(void **state)
{
	(void)state;
	memset(&ledger, 0, sizeof(ledger));
	assert_int_equal(ledger_class(&ledger, 60), 0);
	assert_int_equal(ledger_class(&ledger, 300), 1);
	assert_int_equal(ledger_class(&ledger, 60), 0);
	assert_int_equal(ledger.classes[1].every_s, 300);
	for (uint32_t i = 0; i < 2 * LEDGER_CLASSES_MAX; i++)
		assert_true(
		    ledger_class(&ledger, 1000 + i) < LEDGER_CLASSES_MAX);
	assert_int_equal(ledger_class(&ledger, 60), 0);
}

static void
test_ledger_idle_follows_the_clock_behind_the_jitter(void **state)
{
	uint32_t c = start(60, 0);

	(void)state;
	for (uint32_t now = 0; now < 3600 * TICKS_S; now += TICKS_S) {
		uint32_t to = advance(c, now);

		assert_true(to <= 60 * TICKS_S || to + jitter_max(60) <= now);
		if (now > 200 * TICKS_S) /* and not far behind */
			assert_true(to + (8 + 3 + 1) * TICKS_S >= now);
	}
}

static void
test_ledger_waits_for_what_is_open(void **state)
{
	uint32_t c = start(60, 0);
	uint32_t due = 100 * TICKS_S;

	(void)state;
	ledger_begin(&ledger, c, due);
	ledger_begin(&ledger, c, due);
	assert_true(advance(c, 1000 * TICKS_S) <= due);
	ledger_end(&ledger, c, due);
	assert_true(advance(c, 1000 * TICKS_S) <= due);
	ledger_end(&ledger, c, due);
	assert_true(advance(c, 1000 * TICKS_S) > 900 * TICKS_S);
}

static void
test_ledger_waits_for_what_fell_off_the_buckets(void **state)
{
	uint32_t c = start(60, 0);
	uint32_t old = 100 * TICKS_S;

	(void)state;
	ledger_begin(&ledger, c, old);
	for (uint32_t due = old; due < 10000 * TICKS_S; due += TICKS_S) {
		ledger_begin(&ledger, c, due);
		ledger_end(&ledger, c, due);
		assert_true(advance(c, due) <= old);
	}
	ledger_end(&ledger, c, old);
	assert_true(advance(c, 10000 * TICKS_S) > 9900 * TICKS_S);
}

static void
test_ledger_intervals_do_not_hold_each_other(void **state)
{
	uint32_t c = start(60, 0);
	uint32_t other = ledger_class(&ledger, 300);

	(void)state;
	ledger_restart(&ledger, 0);
	ledger_begin(&ledger, c, 500 * TICKS_S);
	assert_true(advance(c, 5000 * TICKS_S) <= 500 * TICKS_S);
	assert_true(advance(other, 5000 * TICKS_S) > 4000 * TICKS_S);
}

static void
test_ledger_a_span_begins_an_interval_after_the_restart(void **state)
{
	uint32_t c = start(60, 0);

	(void)state;
	advance(c, 500 * TICKS_S);
	ledger_restart(&ledger, 1000 * TICKS_S);
	assert_int_equal(ledger.classes[c].from, 1060 * TICKS_S);
	assert_false(ledger.classes[c].started);
	assert_false(ledger_advance(&ledger, c, 1060 * TICKS_S));
	assert_true(ledger_advance(&ledger, c, 1100 * TICKS_S));
	assert_int_equal(ledger.classes[c].from, 1060 * TICKS_S);
	assert_true(ledger.classes[c].to > 1060 * TICKS_S);
}

static void
test_ledger_the_first_span_begins_at_the_start(void **state)
{
	uint32_t c = start(60, 0);

	(void)state;
	ledger_start(&ledger, 1000 * TICKS_S, 1000 * TICKS_S);
	assert_true(ledger.classes[c].started);
	assert_false(ledger_advance(&ledger, c, 1000 * TICKS_S));
	assert_true(ledger_advance(&ledger, c, 1020 * TICKS_S));
	assert_int_equal(ledger.classes[c].from, 1000 * TICKS_S);
	assert_true(ledger.classes[c].to > 1000 * TICKS_S);
	assert_true(ledger.classes[c].to < 1020 * TICKS_S);
}

static void
test_ledger_the_first_span_covers_the_load_but_no_two_plans_of_it(void **state)
{
	uint32_t c = start(60, 0);
	uint32_t other = ledger_class(&ledger, 5);

	(void)state;
	ledger_start(&ledger, 1000 * TICKS_S, 1012 * TICKS_S);
	assert_int_equal(ledger.classes[c].from, 1000 * TICKS_S);
	assert_int_equal(ledger.classes[other].from, 1007 * TICKS_S);
}

static void
test_ledger_a_restart_forgets_no_open_poll(void **state)
{
	uint32_t c = start(60, 0);
	uint32_t due = 990 * TICKS_S;

	(void)state;
	ledger_begin(&ledger, c, due);
	ledger_restart(&ledger, 1000 * TICKS_S);
	assert_int_equal(advance(c, 2000 * TICKS_S), 1060 * TICKS_S);
	ledger_end(&ledger, c, due);
	assert_true(advance(c, 2000 * TICKS_S) > 1900 * TICKS_S);
}

static void
test_ledger_says_so_at_most_eight_times_an_interval(void **state)
{
	uint32_t c = start(80, 0);
	uint32_t n = 0;

	(void)state;
	for (uint32_t now = 0; now < 8000 * TICKS_S; now++)
		n += ledger_advance(&ledger, c, now);
	assert_true(n <= 8 * 100);
	assert_true(n >= 8 * 90);
}

/* --- against a list of open polls ---------------------------------------- */

struct poll {
	uint32_t due;
	uint32_t sent; /* due and jitter; UINT32_MAX: not planned */
	uint32_t ends; /* UINT32_MAX: not sent */
	uint32_t answered;
};

struct model {
	struct poll polls[QUESTIONS];
	uint32_t every;
	uint32_t class_;
	bool slow;     /* answers may take many intervals */
	uint32_t wait; /* ticks; 0: polls are at their planned times */
};

static uint32_t
answer_time(const struct model *m)
{
	if (m->slow && rand_below(20) == 0)
		return rand_below(6 * m->every);
	return rand_below(30);
}

static void
plan(struct model *m, struct poll *p, uint32_t now)
{
	if (m->wait > 0)
		p->due += 1 + rand_below(m->wait);
	while (p->due <= now)
		p->due += m->every;
	p->sent =
	    p->due + spread_jitter_ms(m->every / TICKS_S, rand_u32()) / TICK_MS;
	p->ends = UINT32_MAX;
}

static void
turn(struct model *m, uint32_t now)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct poll *p = &m->polls[i];

		/* The wheel gives an id out up to a tick late. */
		if (p->ends == UINT32_MAX && p->sent <= now) {
			ledger_begin(&ledger, m->class_, p->due);
			p->ends = now + answer_time(m);
		}
		if (p->ends != UINT32_MAX && p->ends <= now) {
			ledger_end(&ledger, m->class_, p->due);
			p->answered = now;
			plan(m, p, now);
		}
	}
}

/* Nothing that is open or to come was planned within the span. */
static void
check(const struct model *m, uint32_t before)
{
	const struct ledger_class *c = &ledger.classes[m->class_];

	assert_true(c->to >= before);
	assert_true(c->to >= c->from);
	for (size_t i = 0; i < QUESTIONS; i++)
		assert_true(
		    m->polls[i].due >= c->to || m->polls[i].due < c->from);
	/* The end less the wait is no later than the last answer. */
	for (size_t i = 0; i < QUESTIONS && m->wait > 0; i++)
		assert_true(c->to < c->from + m->wait ||
			    m->polls[i].answered + m->wait >= c->to);
}

/* One seeded run; the last watermark must be close to the end. */
static void
run(uint32_t every_s, bool slow, uint32_t wait_s)
{
	uint32_t class_ = start(every_s, 0);
	struct model m = {.every = every_s * TICKS_S,
	    .class_ = class_,
	    .slow = slow,
	    .wait = wait_s * TICKS_S};
	uint32_t end = 40 * m.every + 10 * m.wait;

	for (size_t i = 0; i < QUESTIONS; i++) {
		m.polls[i].due = rand_below(m.every);
		plan(&m, &m.polls[i], 0);
	}
	for (uint32_t now = 1; now < end; now++) {
		uint32_t before = ledger.classes[class_].to;

		turn(&m, now);
		if (now % TICKS_S == 0) {
			ledger_advance(&ledger, class_, now);
			check(&m, before);
		}
	}
	if (!slow) /* behind by the jitter, an answer's time and a step */
		assert_true(ledger.classes[class_].to + m.every + 60 > end);
}

static void
test_ledger_never_passes_an_open_poll(void **state)
{
	static const uint32_t every_s[] = {1, 2, 5, 7, 60, 300, 3600};

	(void)state;
	start_seed();
	for (size_t i = 0; i < sizeof(every_s) / sizeof(every_s[0]); i++) {
		run(every_s[i], false, 0);
		run(every_s[i], true, 0);
	}
}

/* Plans anywhere within the wait: what docs/decisions/ttl-chase.md rests on. */
static void
test_ledger_a_wait_is_the_longest_since_the_last_answer(void **state)
{
	static const uint32_t every_s[] = {1, 7, 60, 300};

	(void)state;
	start_seed();
	for (size_t i = 0; i < sizeof(every_s) / sizeof(every_s[0]); i++) {
		run(every_s[i], false, every_s[i]);
		run(every_s[i], true, every_s[i]);
		run(every_s[i], false, every_s[i] + 600);
		run(every_s[i], true, every_s[i] + 600);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ledger_one_class_for_each_interval),
	    cmocka_unit_test(
		test_ledger_idle_follows_the_clock_behind_the_jitter),
	    cmocka_unit_test(test_ledger_waits_for_what_is_open),
	    cmocka_unit_test(test_ledger_waits_for_what_fell_off_the_buckets),
	    cmocka_unit_test(test_ledger_intervals_do_not_hold_each_other),
	    cmocka_unit_test(
		test_ledger_a_span_begins_an_interval_after_the_restart),
	    cmocka_unit_test(test_ledger_the_first_span_begins_at_the_start),
	    cmocka_unit_test(
		test_ledger_the_first_span_covers_the_load_but_no_two_plans_of_it),
	    cmocka_unit_test(test_ledger_a_restart_forgets_no_open_poll),
	    cmocka_unit_test(
		test_ledger_says_so_at_most_eight_times_an_interval),
	    cmocka_unit_test(test_ledger_never_passes_an_open_poll),
	    cmocka_unit_test(
		test_ledger_a_wait_is_the_longest_since_the_last_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
