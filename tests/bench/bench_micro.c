/* SPDX-License-Identifier: ISC */
/*
 * What single steps of a question's way cost, without sockets or a database.
 *
 *   bench_micro [rounds]
 *
 * Prints "name value unit" lines: the median of nine runs, CPU time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "daemon/monitor/say.h"
#include "dns/content.h"
#include "dns/message.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "judge/candidate.h"

enum { RUNS = 9, ROUNDS_DEFAULT = 20000 };

/* "www.example.com A", one address, EDNS. */
static const uint8_t wire[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\1"
			      "\3www\7example\3com\0\0\1\0\1"
			      "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc6\x33\x64\x07"
			      "\0\0\x29\x04\xd0\0\0\0\0\0\0";
enum { WIRE_SIZE = sizeof(wire) - 1 };
static const struct hash_key key = {1, 2};

struct stage {
	struct arena arena;
	struct buf text;
	struct content from;
	struct content to;
	struct record old_record;
	struct judgement judgement;
	struct witness witnesses[2];
	struct commit_evidence evidence[2];
	struct policy policy;
	uint64_t sum; /* so that nothing is left out */
};

static const uint8_t old_rdata[] = {192, 0, 2, 1};

static void
need(bool ok)
{
	if (!ok) {
		fprintf(stderr, "bench_micro: the example is refused\n");
		exit(1);
	}
}

static void
step_walk(struct stage *s)
{
	struct message m;

	need(message_walk(wire, WIRE_SIZE, &m) == MESSAGE_OK);
	s->sum += m.n_answer;
}

static void
step_walk_and_sum(struct stage *s)
{
	struct message m;
	struct reply_sum sum;

	need(message_walk(wire, WIRE_SIZE, &m) == MESSAGE_OK);
	reply_sum(wire, WIRE_SIZE, &m, &key, &sum);
	s->sum += sum.fingerprint;
}

static void
step_read(struct stage *s)
{
	struct message m;
	struct reply reply;

	arena_reset(&s->arena);
	need(message_walk(wire, WIRE_SIZE, &m) == MESSAGE_OK);
	need(reply_read(wire, WIRE_SIZE, &m, &s->arena, &reply) == 0);
	s->sum += reply.content.n_records;
}

static void
step_judge(struct stage *s)
{
	struct candidate c = {.believed = &s->from,
	    .type = 1,
	    .required = PROVED_CACHE,
	    .witnesses = s->witnesses,
	    .n_witnesses = 2};
	struct judgement j;

	arena_reset(&s->arena);
	need(candidate_judge(&c, 2, &s->arena, &j) == 0);
	need(j.label == LABEL_CONFIRMED);
	s->sum += j.to_witness;
}

static void
step_say(struct stage *s)
{
	struct say_change c = {.q = {wire + 12, 1, &s->policy},
	    .revision = 1,
	    .seen_at = WALL_S(1795280400),
	    .decided_at = WALL_S(1795280401),
	    .from = {&s->from, 300, WALL_S(1795000000), WALL_S(1795280000)},
	    .to = {.content = &s->to, .ttl = 300},
	    .judgement = &s->judgement,
	    .witnesses = s->evidence,
	    .n_witnesses = 2};

	buf_clear(&s->text);
	say_change(&c, &s->text);
	s->sum += s->text.size;
}

static void
step_keys(struct stage *s)
{
	struct uuid record = record_key(&s->to.records[0]);
	struct uuid pivot = record_pivot(&s->to.records[0]);

	s->sum += record.b[0] + pivot.b[0];
}

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(struct stage *s, const char *name, void (*step)(struct stage *),
    long rounds)
{
	double ns[RUNS];

	for (int i = 0; i < RUNS; i++) {
		int64_t begin = cpu_ns();

		for (long k = 0; k < rounds; k++)
			step(s);
		ns[i] = (double)(cpu_ns() - begin) / (double)rounds;
	}
	qsort(ns, RUNS, sizeof(ns[0]), by_size);
	printf("micro.%s %.0f ns\n", name, ns[RUNS / 2]);
}

/* One address became another, and two groups say so. */
static void
prepare(struct stage *s, struct arena *kept)
{
	static const char *lists[] = {"bench"};
	struct message m;
	struct reply reply;
	struct candidate c = {.believed = &s->from,
	    .type = 1,
	    .required = PROVED_CACHE,
	    .witnesses = s->witnesses,
	    .n_witnesses = 2};

	need(message_walk(wire, WIRE_SIZE, &m) == MESSAGE_OK);
	need(reply_read(wire, WIRE_SIZE, &m, kept, &reply) == 0);
	s->to = reply.content;
	s->old_record =
	    (struct record){.type = 1, .size = 4, .rdata = old_rdata};
	s->from = (struct content){.outcome = OUTCOME_ANSWER,
	    .n_records = 1,
	    .records = &s->old_record};
	s->policy = (struct policy){.lists = lists, .n_lists = 1};
	for (uint8_t i = 0; i < 2; i++) {
		s->witnesses[i] = (struct witness){.at = 1 + i,
		    .last_at = 1 + i,
		    .count = 1,
		    .server = i,
		    .group = i,
		    .aa = true,
		    .content = &s->to};
		s->evidence[i] =
		    (struct commit_evidence){.at = WALL_S(1795280400),
			.server = "192.0.2.53:53",
			.group = i == 0 ? "a" : "b",
			.outcome = OUTCOME_ANSWER,
			.ttl = 300,
			.ede = -1,
			.raw = wire,
			.raw_size = WIRE_SIZE,
			.count = 1,
			.content = &s->to};
	}
	need(candidate_judge(&c, 2, kept, &s->judgement) == 0);
}

int
main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS_DEFAULT;
	struct stage s = {0};
	struct arena kept = {0};

	need(rounds > 0);
	prepare(&s, &kept);
	measure(&s, "walk", step_walk, rounds);
	measure(&s, "walk_and_fingerprint", step_walk_and_sum, rounds);
	measure(&s, "read_with_ldns", step_read, rounds);
	measure(&s, "judge_a_change", step_judge, rounds);
	measure(&s, "write_a_change_as_json", step_say, rounds);
	measure(&s, "keys_of_a_record", step_keys, rounds);
	buf_fini(&s.text);
	arena_fini(&s.arena);
	arena_fini(&kept);
	return s.sum == 0;
}
