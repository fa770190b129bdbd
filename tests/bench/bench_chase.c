/* SPDX-License-Identifier: ISC */

/*
 * What following a cache's entries gives, simulated with the code that plans.
 *
 *   bench_chase [SEED]
 *
 * Names of one TTL, and of eight (`mixed`), asked through a cache that nobody
 * else asks, change
 * at random moments, on average once in six hours, for ten days.  A change is
 * seen by the first poll whose answer was fetched after it.  Told are the
 * questions, and the delay from the change to that poll: by a fixed interval,
 * with polls moved within it, and with `chase`; and by a fixed interval that
 * asks as often as those.  "name value unit".
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"
#include "schedule/chase.h"

enum { MS = 1000, NAMES = 200, LENGTH_S = 10 * 86400, CHANGE_S = 6 * 3600 };

struct sums {
	uint64_t polls;
	uint64_t fetches;
	double *delays; /* seconds */
	size_t n, room;
};

struct way {
	bool chase, longer;
};

static void
add_delay(struct sums *s, double delay)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 1024 : 2 * s->room;
		s->delays = realloc(s->delays, s->room * sizeof(*s->delays));
		if (s->delays == NULL)
			abort();
	}
	s->delays[s->n++] = delay;
}

/* Even between 0 and twice the mean. */
static int64_t
next_change(int64_t after)
{
	return after + rand_below(2 * CHANGE_S) * (int64_t)MS + rand_below(MS);
}

/* One name to the end; every wait is in milliseconds here. */
static void
watch_name(struct sums *s, double every_s, uint32_t ttl_s, struct way way)
{
	struct chase_poll p = {
	    .every_s = (uint32_t)every_s,
	    .ttl_s = ttl_s,
	    .longer = way.longer,
	    .due_ms = rand_below((uint32_t)(every_s * MS)),
	};
	int64_t sent = p.due_ms;
	int64_t fetched = -1;
	int64_t change = next_change(0);

	while (sent < (int64_t)LENGTH_S * MS) {
		struct chase_plan plan;

		p.now_ms = sent;
		if (fetched < 0 || sent / MS > fetched / MS + (int64_t)ttl_s) {
			fetched = sent;
			s->fetches++;
		}
		s->polls++;
		while (fetched >= change) {
			add_delay(s, (double)(sent - change) / MS);
			change = next_change(change);
		}
		if (way.chase)
			p.ttl_left_s =
			    (uint32_t)(fetched / MS + ttl_s - sent / MS);
		else
			p.ttl_left_s = CHASE_NO_TTL;
		p.random = rand_u32();
		plan = chase_next(&p);
		/* Fixed intervals need not be whole seconds. */
		p.due_ms = way.chase ? plan.due_ms
		                     : p.due_ms + (int64_t)(every_s * MS);
		p.mark = plan.mark;
		sent = p.due_ms + plan.jitter_ms;
	}
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct names {
	char what[32];
	const uint32_t *ttl_s;
	size_t n_ttls;
};

static double
questions_a_day(const struct sums *s, const struct names *n)
{
	return (double)s->polls / NAMES / (double)n->n_ttls /
	       (LENGTH_S / 86400.0);
}

static struct sums
watch_all(double every_s, const struct names *n, struct way way)
{
	struct sums s = {0};

	for (size_t t = 0; t < n->n_ttls; t++) {
		for (unsigned i = 0; i < NAMES; i++)
			watch_name(&s, every_s, n->ttl_s[t], way);
	}
	qsort(s.delays, s.n, sizeof(*s.delays), by_size);
	return s;
}

static void
tell(struct sums *s, const struct names *n, const char *way)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->delays[i];
	printf("chase.%s_%s_questions %.0f 1/day\n", n->what, way,
	    questions_a_day(s, n));
	printf("chase.%s_%s_delay_mean %.1f s\n", n->what, way,
	    sum / (double)s->n);
	printf("chase.%s_%s_delay_p95 %.1f s\n", n->what, way,
	    s->delays[s->n * 95 / 100]);
	free(s->delays);
}

/* By a fixed interval that asks as often. */
static void
tell_fixed(const struct sums *like, const struct names *n, const char *way)
{
	struct sums s = watch_all(
	    86400 / questions_a_day(like, n), n, (struct way){false, false});

	tell(&s, n, way);
}

static void
compare(uint32_t every_s, const struct names *n)
{
	struct sums fixed = watch_all(every_s, n, (struct way){false, false});
	struct sums moved = watch_all(every_s, n, (struct way){true, false});
	struct sums longer = watch_all(every_s, n, (struct way){true, true});

	printf("chase.%s_saved %.1f %%\n", n->what,
	    100 - 100.0 * (double)longer.polls / (double)fixed.polls);
	tell(&fixed, n, "fixed");
	tell_fixed(&moved, n, "fixed_as_moved");
	tell(&moved, n, "moved");
	tell_fixed(&longer, n, "fixed_as_chase");
	tell(&longer, n, "chase");
}

int
main(int argc, char **argv)
{
	static const uint32_t every_s[] = {60, 300};
	static const uint32_t ttl_s[] = {
	    30, 60, 120, 300, 600, 900, 1800, 3600};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	size_t n_ttls = sizeof(ttl_s) / sizeof(ttl_s[0]);

	rand_seed(seed);
	printf("chase.seed %llu number\n", (unsigned long long)seed);
	for (size_t e = 0; e < sizeof(every_s) / sizeof(every_s[0]); e++) {
		struct names n = {.ttl_s = ttl_s, .n_ttls = n_ttls};

		snprintf(n.what, sizeof(n.what), "every_%u_mixed", every_s[e]);
		compare(every_s[e], &n);
		n.n_ttls = 1;
		for (size_t t = 0; t < n_ttls; t++) {
			n.ttl_s = &ttl_s[t];
			snprintf(n.what, sizeof(n.what), "every_%u_ttl_%u",
			    every_s[e], ttl_s[t]);
			compare(every_s[e], &n);
		}
	}
	return 0;
}
