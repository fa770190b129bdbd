/* SPDX-License-Identifier: ISC */
/*
 * store_probe -- drives the store against a real database, for test_store.py.
 *
 *   store_probe CONNINFO state            connect; say the state and why
 *   store_probe CONNINFO hold SECONDS     be the writer for that long
 *   store_probe CONNINFO basic            every call once, with checks
 *   store_probe CONNINFO outbox           claims, ends, groups, order
 *   store_probe CONNINFO outbox-again     what a restart forgets
 *   store_probe CONNINFO poison           one item that the database refuses
 *   store_probe CONNINFO flood FROM N     N questions from FROM on: baseline,
 *                                         sight, decision; "done K" for each
 *   store_probe CONNINFO free WHICH       store_free() in a callback
 *   store_probe CONNINFO bench N          costs
 * Exit 0 when all held; a check that fails aborts with its place.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store_world.h"

/* ---- basic: every call once ---- */

static void
put_outage(struct probe *p, const struct commit_outage *o, unsigned n_failing)
{
	p->open++;
	commit_outage(p->store, o, on_done, p);
	settle(p);
	load(p);
	CHECK(p->rows_failing == n_failing);
}

static void
basic_outage(struct probe *p, const struct subject *s)
{
	struct commit_outage o = {
	    .key = s->key, .since = p->now, .fail = 1, .count = 1};

	put_outage(p, &o, 1);
	o.until = p->now + WALL_S(90);
	o.told = true; /* and that it ended is still to be told */
	put_outage(p, &o, 1);
	o.told = false;
	put_outage(p, &o, 0);
}

static void
basic_events(struct probe *p, const struct subject *s)
{
	static const char *const sinks[] = {"soc"};
	struct commit_entry e[2] = {
	    entry(p, s, uuid_v7(p->now), 1), entry(p, s, uuid_v7(p->now), 1)};
	const struct store_key keys[2] = {s->key, {.shard = 0}};
	const struct commit_alert alerts[2] = {
	    {e[0].id, 1, "event", s->text, NULL, sinks, 1, NULL, false},
	    {e[1].id, 1, "event", "", NULL, sinks, 1, NULL, false}};
	const struct commit_events c = {e, keys, 2, alerts, 2};

	e[0].class_ = e[1].class_ = "event";
	e[0].event = "failing";
	e[1].event = "blind";
	e[1].name = "";
	p->open++;
	commit_events(p->store, &c, on_done, p);
	settle(p);
}

static void
basic_spans(struct probe *p, wall_us anchor, wall_us to)
{
	const struct commit_span span[2] = {{EVERY_S, anchor, anchor, to, true},
	    {EVERY_S, anchor, anchor, to - WALL_S(1), true}};

	p->open++;
	commit_spans(p->store, span, 2, on_done, p);
	settle(p);
}

/* The life of one question, ten minutes at a time. */
static void
basic_change(struct probe *p, const struct subject *s)
{
	const struct answer *was;
	struct answer one, two, none;
	struct choice how = {.revision = 1, .doubted = true};
	struct uuid id;
	wall_us began = p->now;

	answer(&one, 1, 0);
	answer(&two, 2, 3);
	nxdomain(&none);
	was = &one;
	fetch(p, s, &two);
	CHECK(!p->known);
	put_question(p, s, true, EVERY_S);
	put_baseline(p, s, was);
	settle(p);
	p->now += WALL_S(600);
	basic_spans(p, began, p->now);

	fetch(p, s, &two);
	CHECK(p->known && p->phase == CANDIDATE_NONE && p->n_sets == 1);
	CHECK(p->since == began && uuid_is_nil(&p->change));
	/* Planned at began + 5 s + k * 60 s; the poll of now is k = 9, and
	 * the last before it k = 8. */
	CHECK(p->last_seen == began + WALL_S(5 + 8 * 60));
	CHECK(p->n_elements == 2 && p->elements[0].first_here == 0);
	id = uuid_v7(p->now);
	put_sight(p, s, id, &two);
	settle(p);
	load(p);
	CHECK(p->rows_open == 1);
	fetch(p, s, &two);
	CHECK(p->phase == CANDIDATE_OPEN && p->n_sets == 2 && p->n_held == 1);
	CHECK(p->elements[1].first_here == p->now);
	how.since = p->now;
	how.from_seen = p->last_seen;
	p->now += WALL_S(1);
	put_decision(p, s, id, &two, &how);
	settle(p);
	load(p);
	CHECK(p->rows_open == 0 && p->rows_doubted == 1);
	p->now += WALL_S(60);
	how.revision = 2;
	how.doubted = false;
	put_decision(p, s, id, &two, &how);
	settle(p);
	load(p);
	CHECK(p->rows_doubted == 0);

	/* A transient NXDOMAIN. */
	p->now += WALL_S(600);
	id = uuid_v7(p->now);
	put_sight(p, s, id, &none);
	settle(p);
	how = (struct choice){.revision = 1,
	    .transient = true,
	    .since = p->now,
	    .from_seen = p->now - WALL_S(60)};
	p->now += WALL_S(2);
	put_decision(p, s, id, &two, &how);
	settle(p);
	fetch(p, s, &one);
	CHECK(p->phase == CANDIDATE_NONE && p->n_sets == 3 && p->n_held == 0);
	CHECK(p->elements[0].first_here == began);
	CHECK(p->elements[0].first_any == began);
	CHECK(!p->elements[0].believed_day);
}

static void
basic_more(struct probe *p, const struct subject *s)
{
	struct answer two;
	struct commit_evidence e;
	struct uuid id = uuid_v7(p->now);
	struct choice how = {.revision = 1,
	    .doubted = true,
	    .since = p->now,
	    .from_seen = p->now};

	answer(&two, 7, 8);
	put_sight(p, s, id, &two);
	settle(p);
	put_decision(p, s, id, &two, &how);
	settle(p);
	e = evidence(p, &two);
	e.raw = NULL;
	const struct commit_more c = {s->key, s->name.wire, id, &e, 1};
	p->open++;
	commit_more(p->store, &c, on_done, p);
	settle(p);
	p->open++;
	commit_settled(p->store, &s->key, &id, on_done, p);
	settle(p);
	load(p);
	CHECK(p->rows_doubted == 0);
}

static void
basic(struct probe *p)
{
	const struct subject s = subject("basic", 1, TYPE_A);
	size_t items, bytes;

	p->now -= WALL_S(7200);
	basic_change(p, &s);
	basic_outage(p, &s);
	put_pool(p, &s);
	basic_events(p, &s);
	basic_more(p, &s);
	put_question(p, &s, true, 2 * EVERY_S);
	settle(p);
	put_question(p, &s, false, 2 * EVERY_S);
	settle(p);
	CHECK(p->failed == 0);
	commit_waiting(p->store, &items, &bytes);
	CHECK(items == 0 && bytes == 0);
}

/* ---- outbox ---- */

static void
on_claim(void *ctx, int err, const struct delivery *list, size_t n)
{
	struct probe *p = ctx;

	p->n_got = n;
	for (size_t i = 0; i < n; i++) {
		p->got[i] = list[i];
		snprintf(p->names[i], sizeof p->names[i], "%s", list[i].name);
		snprintf(p->bodies[i], sizeof p->bodies[i], "%s",
		    list[i].members[0].body);
		p->got[i].name = p->names[i];
		p->got[i].sink = "soc";
		CHECK(list[i].members[0].seq > 0);
	}
	on_done(p, err);
}

static void
claim(struct probe *p, size_t n)
{
	p->open++;
	outbox_claim(p->store, "soc", p->now, n, on_claim, p);
	settle(p);
}

static void
on_waiting(void *ctx, int err, const struct outbox_waiting *rows, size_t n)
{
	struct probe *p = ctx;

	p->waiting = p->dead = 0;
	p->due = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].sink, "soc") != 0)
			continue;
		p->waiting = rows[i].waiting;
		p->dead = rows[i].dead;
		p->due = rows[i].due;
	}
	on_done(p, err);
}

static void
waiting(struct probe *p)
{
	p->open++;
	outbox_waiting(p->store, on_waiting, p);
	settle(p);
	CHECK(p->last_err == 0);
}

/* A told change of subject `n`. */
static void
tell(struct probe *p, unsigned n, unsigned value)
{
	static const char *const sinks[] = {"soc", "mail"};
	const struct subject s = subject("box", n, TYPE_A);
	const struct uuid id = uuid_v7(p->now);
	const struct choice how = {.revision = 1,
	    .sinks = sinks,
	    .n_sinks = 2,
	    .since = p->now,
	    .from_seen = p->now};
	struct answer a;

	answer(&a, value, 0);
	put_sight(p, &s, id, &a);
	put_decision(p, &s, id, &a, &how);
	p->now += WALL_MS(1);
}

static void
tell_group(struct probe *p, uint32_t revision, struct uuid id,
    const struct uuid *members, size_t n)
{
	static const char *const sinks[] = {"soc"};
	const struct subject s = subject("box", 90, TYPE_A);
	struct commit_entry e[2];
	struct store_key keys[2];
	const struct commit_alert alert = {id, revision, "group", s.text,
	    "{\"class\":\"group\"}", sinks, 1, NULL, false};
	const struct commit_events c = {e, keys, n, &alert, 1};

	for (size_t i = 0; i < n; i++) {
		e[i] = entry(p, &s, members[i], revision);
		keys[i] = s.key;
	}
	p->open++;
	commit_events(p->store, &c, on_done, p);
	settle(p);
}

static void
outbox_group(struct probe *p)
{
	const struct uuid id = uuid_v7(p->now);
	const struct uuid members[2] = {uuid_v7(p->now), uuid_v7(p->now)};

	tell_group(p, 1, id, members, 2);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].n_members == 2);
	outbox_end(p->store, &p->got[0], DELIVERY_DONE, 0, 200, NULL);
	/* One member is decided again: the group is told whole. */
	tell_group(p, 2, id, members + 1, 1);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].n_members == 2);
	CHECK(p->got[0].revision == 2);
	outbox_end(p->store, &p->got[0], DELIVERY_DEAD, 0, 410, "gone");
	claim(p, 10);
	CHECK(p->n_got == 0);
}

static void
outbox(struct probe *p)
{
	p->now = loop_wall(p->loop);
	for (unsigned n = 1; n <= 3; n++) {
		const struct subject s = subject("box", n, TYPE_A);
		struct answer a;

		put_question(p, &s, true, EVERY_S);
		answer(&a, 1, 0);
		put_baseline(p, &s, &a);
	}
	settle(p);
	for (unsigned n = 1; n <= 3; n++)
		tell(p, n, 10);
	settle(p);
	tell(p, 1, 11);
	tell(p, 1, 12);
	settle(p);
	waiting(p);
	CHECK(p->waiting == 5 && p->dead == 0 && p->due != 0);

	/* Only the first of name 1; the numbers follow the order. */
	claim(p, 10);
	CHECK(p->n_got == 3);
	for (size_t i = 0; i < 3; i++)
		CHECK(p->got[i].sink_seq == (int64_t)i + 1 &&
		      p->got[i].prev_sink_seq == (int64_t)i &&
		      p->got[i].attempt == 1);
	CHECK(strcmp(p->names[0], "box1.example.com.") == 0);
	claim(p, 10);
	CHECK(p->n_got == 0);

	/* The second of name 1 waits for the first: it failed. */
	claim(p, 10);
	outbox_end(p->store, &p->got[0], DELIVERY_WAITING, p->now + WALL_S(30),
	    500, "busy");
	outbox_end(p->store, &p->got[1], DELIVERY_DONE, 0, 200, NULL);
	outbox_end(p->store, &p->got[2], DELIVERY_DONE, 0, 200, NULL);
	claim(p, 10);
	CHECK(p->n_got == 0);
	waiting(p);
	CHECK(p->waiting == 3 && p->due == p->now + WALL_S(30));
	p->now += WALL_S(31);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].sink_seq == 1);
	CHECK(p->got[0].attempt == 2);
	outbox_end(p->store, &p->got[0], DELIVERY_DONE, 0, 200, NULL);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].sink_seq == 4);
	CHECK(p->got[0].prev_sink_seq == 3);
	outbox_end(p->store, &p->got[0], DELIVERY_DONE, 0, 200, NULL);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].sink_seq == 5);
	/* Left claimed: outbox-again gets it. */
	outbox_group(p);
	waiting(p);
	CHECK(p->waiting == 1 && p->dead == 1 && p->due == 0);
	CHECK(p->failed == 0);
}

static void
outbox_again(struct probe *p)
{
	p->now = loop_wall(p->loop) + WALL_S(60);
	claim(p, 10);
	CHECK(p->n_got == 1 && p->got[0].sink_seq == 5);
	CHECK(p->got[0].attempt == 2);
	outbox_end(p->store, &p->got[0], DELIVERY_DONE, 0, 200, NULL);
	claim(p, 10);
	CHECK(p->n_got == 0 && p->failed == 0);
}

/* ---- poison ---- */

static void
poison(struct probe *p)
{
	struct answer a;

	for (unsigned n = 0; n < 20; n++) {
		const struct subject s = subject("poison", n, TYPE_A);
		struct commit_entry e = entry(p, &s, uuid_v7(p->now), 1);
		const struct commit_events c = {&e, &s.key, 1, NULL, 0};

		answer(&a, n + 1, 0);
		put_question(p, &s, true, EVERY_S);
		put_baseline(p, &s, &a);
		/* Text that is no UTF-8, and a body that is no JSON. */
		if (n == 7)
			e.name = "caf\xe9.";
		if (n == 12)
			e.body = "{";
		p->open++;
		commit_events(p->store, &c, on_done, p);
	}
	settle(p);
	CHECK(p->failed == 2);
	CHECK(store_numbers(p->store).items_refused == 2);
	CHECK(store_state_now(p->store) == STORE_READY);
}

/* ---- flood: what was said to be done must be there ---- */

struct flood {
	struct probe *p;
	unsigned n;
};

static void
on_flood(void *ctx, int err)
{
	struct flood *f = ctx;

	if (err == 0)
		printf("done %u\n", f->n);
	on_done(f->p, err);
}

static void
flood_one(struct probe *p, struct flood *f)
{
	static const char *const sinks[] = {"soc"};
	const struct subject s = subject("flood", f->n, TYPE_A);
	const struct uuid id = uuid_v7(p->now);
	struct answer one, two;
	struct commit_evidence e;

	answer(&one, f->n * 2 + 1, 0);
	answer(&two, f->n * 2 + 2, 0);
	put_question(p, &s, true, EVERY_S);
	put_baseline(p, &s, &one);
	put_sight(p, &s, id, &two);
	e = evidence(p, &two);
	const struct commit_decision d = {.key = s.key,
	    .name = s.name.wire,
	    .entry = entry(p, &s, id, 1),
	    .first = true,
	    .believed = true,
	    .to = &two.content,
	    .ttl = 300,
	    .keep = &two.content,
	    .from_seen = p->now,
	    .since = p->now,
	    .evidence = &e,
	    .n_evidence = 1};
	const struct commit_alert alert = {
	    id, 1, "change", s.text, NULL, sinks, 1, NULL, false};
	const struct commit_decisions c = {&d, 1, &alert, 1};

	p->open++;
	commit_decisions(p->store, &c, on_flood, f);
}

static void
print_numbers(const struct probe *p)
{
	const struct store_numbers n = store_numbers(p->store);

	printf("batches %" PRIu64 " items %" PRIu64 " reconnects %" PRIu64
	       " unknown %" PRIu64 " committed %" PRIu64 " refused %" PRIu64
	       "\n",
	    n.batches, n.items, n.reconnects, n.unknown_commits,
	    n.resolved_committed, n.items_refused);
}

static void
flood(struct probe *p, unsigned from, unsigned n)
{
	struct flood *list = calloc(n, sizeof *list);
	size_t items, bytes;
	unsigned i = 0;

	CHECK(list != NULL);
	/* About as a monitor does: held back by what is not durable yet. */
	while (i < n && store_state_now(p->store) != STORE_FENCED) {
		commit_waiting(p->store, &items, &bytes);
		for (unsigned k = 0; k < 50 && i < n && items < 2000; k++) {
			list[i] = (struct flood){p, from + i};
			flood_one(p, &list[i]);
			i++;
		}
		run(p, MONO_MS(3));
	}
	settle(p);
	print_numbers(p);
	CHECK(p->failed == 0 || (p->last_err == ERR_CLOSED &&
				    store_state_now(p->store) == STORE_FENCED));
	free(list);
}

/* ---- bench ---- */

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
lap(const char *what, unsigned n, double *wall, double *cpu)
{
	double w = seconds(CLOCK_MONOTONIC);
	double c = seconds(CLOCK_PROCESS_CPUTIME_ID);

	printf("%s wall_us %.2f client_cpu_us %.2f\n", what,
	    (w - *wall) * 1e6 / n, (c - *cpu) * 1e6 / n);
	/* The driver reads the backend's time between two laps. */
	if (getchar() == EOF)
		exit(1);
	*wall = seconds(CLOCK_MONOTONIC);
	*cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void
bench(struct probe *p, unsigned n)
{
	struct subject *s = calloc(n, sizeof *s);
	struct uuid *ids = calloc(n, sizeof *ids);
	struct choice how = {.revision = 1};
	struct answer a;
	double wall, cpu;

	CHECK(s != NULL && ids != NULL);
	for (unsigned i = 0; i < n; i++) {
		s[i] = subject("bench", i, TYPE_A);
		ids[i] = uuid_v7(p->now);
	}
	lap("start", n, &wall, &cpu);
	lap("start", n, &wall, &cpu);
	for (unsigned i = 0; i < n; i++)
		put_question(p, &s[i], true, EVERY_S);
	settle(p);
	lap("question", n, &wall, &cpu);
	for (unsigned i = 0; i < n; i++) {
		answer(&a, i * 2 + 1, 0);
		put_baseline(p, &s[i], &a);
	}
	settle(p);
	lap("baseline", n, &wall, &cpu);
	basic_spans(p, p->now, p->now + WALL_S(3600));
	p->now += WALL_S(3600);
	for (unsigned i = 0; i < n; i++) {
		answer(&a, i * 2 + 2, 0);
		put_sight(p, &s[i], ids[i], &a);
	}
	settle(p);
	lap("sight", n, &wall, &cpu);
	how.since = p->now;
	how.from_seen = p->now - WALL_S(60);
	p->now += WALL_S(1);
	for (unsigned i = 0; i < n; i++) {
		answer(&a, i * 2 + 2, 0);
		put_decision(p, &s[i], ids[i], &a, &how);
	}
	settle(p);
	lap("decision", n, &wall, &cpu);
	for (unsigned i = 0; i < n; i++) {
		struct store_fetch f = {s[i].key, &a.content, p->now, false};

		answer(&a, i * 2 + 3, 0);
		p->open++;
		store_fetch(p->store, &f, on_believed, p);
	}
	settle(p);
	lap("fetch", n, &wall, &cpu);
	load(p);
	lap("load", n, &wall, &cpu);
	free(s);
	free(ids);
}

/* The start-up load of what is there. */
static void
bench_load(struct probe *p)
{
	double wall;
	double cpu;

	lap("start", 1, &wall, &cpu);
	load(p);
	printf("turn_us %u\n", (unsigned)(loop_turn_longest(p->loop) / 1000));
	lap("load", p->rows, &wall, &cpu);
}

/* ---- first answers, by COPY ---- */

static void
on_refused(
    void *ctx, const char *view, const uint8_t *name, size_t n, uint16_t type)
{
	char text[NAME_TEXT_SIZE];

	CHECK(ctx != NULL && n == name_size(name) && type == TYPE_A);
	printf("refused %s %s\n", view, name_print(name, text));
}

/* Every seventh has no answer but an outage, every 500th a sight behind it. */
static void
first_one(struct probe *p, unsigned i)
{
	static const char *const tags[] = {"a \"b\"", "c,{d}"};
	const struct subject s = subject("first", i, TYPE_A);
	struct answer a;
	const struct commit_question q = {.key = s.key,
	    .name = s.name.wire,
	    .name_size = s.name.size,
	    .type = TYPE_A,
	    .view = "default",
	    .watched = true,
	    .every_s = EVERY_S,
	    .tags = tags,
	    .n_tags = i % 3,
	    .at = p->now};
	const struct commit_baseline b = {.key = s.key,
	    .name = s.name.wire,
	    .content = &a.content,
	    .ttl = 300,
	    .at = p->now};
	const struct commit_outage o = {
	    .key = s.key, .since = p->now, .fail = 1, .count = 1};

	answer(&a, i * 2 + 1, i % 2 == 0 ? 0 : i * 2 + 2);
	commit_first(p->store, &q, i % 7 == 0 ? NULL : &b);
	if (i % 7 == 0)
		commit_outage(p->store, &o, NULL, NULL);
	if (i % 500 == 1) {
		answer(&a, i * 2 + 3, 0);
		put_sight(p, &s, uuid_v7(p->now), &a);
	}
}

static void
first(struct probe *p, unsigned from, unsigned to)
{
	size_t items = 1;
	size_t bytes;

	store_on_refused(p->store, on_refused, p);
	for (unsigned i = from; i < to; i++) {
		first_one(p, i);
		if (i % 1000 == 0)
			run(p, MONO_MS(1));
	}
	commit_flush(p->store);
	puts("given");
	for (int n = 0; items > 0 && n < WAIT_S * 50; n++) {
		run(p, MONO_MS(20));
		commit_waiting(p->store, &items, &bytes);
	}
	CHECK(items == 0);
	settle(p);
}

/* ---- freed from inside a callback ---- */

static void
on_free(void *ctx, int err)
{
	struct probe *p = ctx;

	(void)err;
	CHECK(p->store != NULL);
	store_free(p->store);
	p->store = NULL;
	loop_stop(p->loop);
}

static void
on_row_free(void *ctx, const struct store_row *row)
{
	(void)row;
	on_free(ctx, 0);
}

static void
on_claim_free(void *ctx, int err, const struct delivery *list, size_t n)
{
	(void)list;
	(void)n;
	on_free(ctx, err);
}

static void
on_believed_free(void *ctx, int err, const struct store_believed *b)
{
	(void)b;
	on_free(ctx, err);
}

/* Which of the callbacks does it; all others must never come. */
static void
free_in(struct probe *p, unsigned which)
{
	const struct subject s = subject("free", 1, TYPE_A);
	const struct subject t = subject("free", 2, TYPE_A);
	const struct commit_outage o = {.key = s.key, .since = p->now};
	struct answer a;
	struct store_fetch f = {s.key, &a.content, p->now, false};

	answer(&a, 1, 0);
	put_question(p, &s, true, EVERY_S);
	put_question(p, &t, true, EVERY_S);
	settle(p);
	if (which == 0)
		commit_outage(p->store, &o, on_free, p);
	else if (which == 1)
		store_load(p->store, on_row_free, on_free, p);
	else if (which == 2)
		outbox_claim(p->store, "soc", p->now, 1, on_claim_free, p);
	else
		store_fetch(p->store, &f, on_believed_free, p);
	/* The same again, which is never called. */
	commit_outage(p->store, &o, which == 0 ? on_free : NULL, p);
	commit_flush(p->store);
	run(p, MONO_S(WAIT_S));
	CHECK(p->store == NULL && !p->timed_out);
	run(p, MONO_MS(50));
}

static int
usage(void)
{
	fputs("usage: store_probe CONNINFO COMMAND [ARG ...]\n", stderr);
	return 64;
}

static int
dispatch(struct probe *p, int argc, char **argv)
{
	const char *what = argv[2];
	unsigned a = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	unsigned b = argc > 4 ? (unsigned)atoi(argv[4]) : 0;

	if (strcmp(what, "state") == 0)
		return 0;
	CHECK(store_state_now(p->store) == STORE_READY);
	if (strcmp(what, "hold") == 0)
		run(p, MONO_S(a));
	else if (strcmp(what, "basic") == 0)
		basic(p);
	else if (strcmp(what, "outbox") == 0)
		outbox(p);
	else if (strcmp(what, "outbox-again") == 0)
		outbox_again(p);
	else if (strcmp(what, "poison") == 0)
		poison(p);
	else if (strcmp(what, "flood") == 0)
		flood(p, a, b);
	else if (strcmp(what, "load") == 0)
		bench_load(p);
	else if (strcmp(what, "first") == 0)
		first(p, a, b);
	else if (strcmp(what, "free") == 0)
		free_in(p, a);
	else if (strcmp(what, "bench") == 0)
		bench(p, a);
	else
		return usage();
	return 0;
}

int
main(int argc, char **argv)
{
	struct probe p = {0};
	int status;

	if (argc < 3)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	start(&p, argv[1]);
	status = dispatch(&p, argc, argv);
	finish(&p);
	return status;
}
