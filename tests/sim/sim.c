/* SPDX-License-Identifier: ISC */

/*
 * Runs the real monitor in worlds that are made up from seeds.
 *
 *   sim [-kv] FROM COUNT
 *
 * Each seed has a process of its own.  The first violation ends the run with
 * exit 1; it is printed with its seed, and -v FROM 1 shows all that led there.
 * -k goes on all the same.
 * The first seed runs twice and must be the same run.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "crowd.h"
#include "fake_loop.h"
#include "zones.h"

/* What a seed's process tells of its run. */
struct result {
	uint64_t hash;
	struct counts counts;
};

static struct sim sim;
static bool goes_on;

/* ---- one seed ---- */

static uint32_t
longest_interval(const struct sim *s)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < s->n_subjects; i++) {
		if (s->subjects[i].every_s > longest)
			longest = s->subjects[i].every_s;
	}
	for (size_t i = 0; i < s->zones->n; i++) {
		if (s->zones->list[i].every_s > longest)
			longest = s->zones->list[i].every_s;
	}
	return longest;
}

/* Nothing happens any more: what is true must become known. */
static void
come_to_rest(struct sim *s)
{
	mono_ns rest;

	happen_no_more(s);
	world_run(&s->w, MONO_S(6));
	scene_watch_all(s);
	world_reload(&s->w, true);
	oracle_break(s);
	truth_note(s);
	rest = MONO_S(2 * longest_interval(s) + 2 * s->ttl_max + 200);
	for (mono_ns end = world_now(&s->w) + rest; world_now(&s->w) < end;
	     oracle_look(s), zones_look(s))
		world_run(&s->w, MONO_S(20));
	/* What rotates and is new waits for half an hour. */
	for (mono_ns end = world_now(&s->w) + MONO_S(1860);
	     db_gathered(s->w.db) > 0 && world_now(&s->w) < end;
	     oracle_look(s), zones_look(s))
		world_run(&s->w, MONO_S(20));
	if (db_gathered(s->w.db) > 0)
		story_fail(
		    "%ld alerts still wait for others", db_gathered(s->w.db));
}

void
sim_run(struct sim *s, uint64_t seed)
{
	s->seed = seed;
	s->draw.state = mix64(seed);
	s->hash = seed;
	rand_seed(mix64(~seed));
	world_init(&s->w);
	/* In every other world targets are asked for, beside all else. */
	if (seed % 2 == 1)
		buf_add_text(&s->w.more,
		    "dangling: 5m\nwildcard: 5m\nunlisted: [www]\n");
	/* In every third alerts of one cause are told together. */
	if (seed % 3 == 0)
		buf_add_text(&s->w.more, "grouping: true\n");
	scene_build(s);
	oracle_listen(s);
	world_start(&s->w);
	oracle_start(s);
	happen_until(s, s->profile.length);
	come_to_rest(s);
	world_end(&s->w);
	oracle_end(s);
	zones_end(s);
	zones_end_kills(s);
	world_fini(&s->w);
	scene_free(s);
}

static void
run_child(uint64_t seed, int fd)
{
	struct result r = {0};

	log_open(story_is_traced() ? LOG_DEBUG : (enum log_level)0);
	/* A fixed share; no other seed is another world by that. */
	if (seed % 50 == 7)
		crowd_run(&sim, seed);
	else
		sim_run(&sim, seed);
	r.hash = sim.hash;
	r.counts = sim.counts;
	if (write(fd, &r, sizeof(r)) != sizeof(r))
		_exit(1);
	exit(0);
}

static bool
run_seed(uint64_t seed, struct result *out)
{
	int status = 1;
	int ends[2];
	pid_t child;
	ssize_t n;

	fflush(stdout);
	CHECK(pipe(ends) == 0);
	child = fork();
	CHECK(child != -1);
	if (child == 0)
		run_child(seed, ends[1]);
	close(ends[1]);
	n = read(ends[0], out, sizeof(*out));
	close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child);
	return n == sizeof(*out) && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* ---- all of them ---- */

static void
add_counts(struct counts *sum, const struct counts *one)
{
	uint32_t *to = (uint32_t *)sum;
	const uint32_t *from = (const uint32_t *)one;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void
print_counts(const struct counts *c)
{
	printf("%u changes of zones, %u questions of which %u failed, "
	       "%u lies, %u kills, %u times without database, %u reloads\n",
	    c->truths, c->asked, c->failed, c->lies, c->kills, c->aways,
	    c->reloads);
	printf("%u changes decided (%u confirmed, %u unconfirmed, "
	       "%u transient), %u of them revised, %u events, %u told; "
	       "%u states that had to be heard\n",
	    c->decided, c->confirmed, c->unconfirmed, c->transient, c->revised,
	    c->events, c->told, c->tight);
}

static void
print_zones(const struct zcounts *c)
{
	printf("%u worlds with a zone's servers: %u states of questions, %u "
	       "held against what is believed, %u too short or unsure; "
	       "%u changes, %u held against all the time, %u against some, "
	       "%u left out\n",
	    c->worlds, c->states, c->settled, c->short_, c->decided, c->strict,
	    c->loose, c->left);
	printf("%u events of them; %u times all that is told of a zone was "
	       "looked at, %u left out as it came and went, %u times a server "
	       "that did not answer\n",
	    c->events, c->apart_settled, c->flapping, c->servers);
}

static int
failed(uint64_t seed, const char *what)
{
	printf("seed %llu: %s\n", (unsigned long long)seed, what);
	printf("again: make sim SEEDS=1 FROM=%llu V=1\n",
	    (unsigned long long)seed);
	return 1;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
run_all(uint64_t from, uint64_t n)
{
	struct counts sum = {0};
	struct result first = {0};
	double begin = now();
	uint64_t n_failed = 0;

	for (uint64_t seed = from; seed < from + n; seed++) {
		struct result r;

		if (!run_seed(seed, &r)) {
			n_failed++;
			(void)failed(seed, "a violation, above");
			if (!goes_on)
				return 1;
			continue;
		}
		if (seed == from)
			first = r;
		add_counts(&sum, &r.counts);
		if (n == 1)
			printf("seed %llu: hash %016llx\n",
			    (unsigned long long)seed,
			    (unsigned long long)r.hash);
	}
	if (!story_is_traced() && n_failed == 0) {
		struct result r;

		if (!run_seed(from, &r) || r.hash != first.hash)
			return failed(from, "the same seed is another run");
	}
	print_counts(&sum);
	print_zones(&sum.zones);
	printf("%u worlds of days; %u times told what another group shows\n",
	    sum.crowds, sum.geo);
	printf("%llu seeds, %llu failed, from %llu, %.1f s\n",
	    (unsigned long long)n, (unsigned long long)n_failed,
	    (unsigned long long)from, now() - begin);
	return n_failed > 0;
}

int
main(int argc, char **argv)
{
	uint64_t n = 0;
	int option;

	while ((option = getopt(argc, argv, "kv")) != -1) {
		if (option == 'v')
			story_trace_on();
		else if (option == 'k')
			goes_on = true;
		else
			return 64;
	}
	if (optind + 2 == argc)
		n = strtoull(argv[optind + 1], NULL, 10);
	if (n == 0) {
		fprintf(stderr, "sim [-kv] FROM COUNT\n");
		return 64;
	}
	return run_all(strtoull(argv[optind], NULL, 10), n);
}
