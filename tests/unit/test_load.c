/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * The load that a large watchlist makes is even, and a restart is no burst.
 *
 * Promised: 100,000 names at an interval of a minute, all known, are asked
 * evenly from the moment of a restart on: no second has more than 120 % of
 * the mean or less than 80 %, and a question does not come at the same place of
 * its interval twice (schedule/spread.h, T16).  Tried with the real monitor
 * over virtual time, a database that knows all the names, and a server that
 * answers at once and notes when it was asked.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/log.h"
#include "base/rand.h"
#include "config/config.h"
#include "dns/message.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "monitor/monitor.h"
#include "resolver/resolver.h"
#include "store/commit.h"
#include "store/store.h"

#define FAKE_LOOP_HERE
#include "fake_loop.c"

enum {
	NAMES = 100000,
	EVERY_S = 60,
	ROUNDS = 4,
	SECONDS = ROUNDS * EVERY_S,
	RAMP_S = EVERY_S / 20, /* the jitter's: what was due at the start */
	MEAN = NAMES / EVERY_S,
	LATENCY_MS = 10,
	OPEN_MAX = 4096
};

struct flight {
	uint64_t cookie;
	uint8_t name[64];
	uint8_t name_size;
	uint8_t server;
	mono_ns sent;
};

struct resolver {
	struct loop *loop;
	struct loop_timer *timer;
	struct resolver_hooks hooks;
	struct flight open[OPEN_MAX]; /* a ring: answered in order */
	uint32_t first, n;
};

struct store {
	struct loop *loop;
	struct loop_timer *timer;
	store_row_fn *on_row;
	store_done_fn *on_done;
	void *ctx;
	struct buf content; /* of every name, packed */
	unsigned n_written; /* but questions and spans */
};

/* What is noted of the polls. */
struct notes {
	mono_ns begin;
	uint32_t asked[SECONDS + 1]; /* in each second since the start */
	uint32_t first_tick;         /* in its first tenth of a second */
	uint32_t *at[ROUNDS];        /* milliseconds since the start */
	uint8_t *n;                  /* polls of each name */
};

static struct notes notes;

/* "n123.load.example": its number. */
static uint32_t
number_of(const uint8_t *name)
{
	uint32_t n = 0;

	for (uint8_t i = 2; i <= name[0]; i++)
		n = n * 10 + name[i] - '0';
	assert_true(n < NAMES);
	return n;
}

static void
make_name(uint32_t number, struct name *out)
{
	char text[64];
	const char *why;

	snprintf(text, sizeof(text), "n%u.load.example", (unsigned)number);
	assert_int_equal(name_parse(text, out, &why), 0);
}

/* Every name has the same address: what they say is the same content. */
static void
make_reply(const uint8_t *name, size_t size, struct buf *out)
{
	static const uint8_t address[] = {192, 0, 2, 1};

	buf_clear(out);
	buf_add_u16(out, 1);
	buf_add_u16(out, 0x8180);
	buf_add_u16(out, 1);
	buf_add_u16(out, 1);
	buf_add_u32(out, 0);
	buf_add(out, name, size);
	buf_add_u16(out, TYPE_A);
	buf_add_u16(out, CLASS_IN);
	buf_add_u16(out, 0xc00c);
	buf_add_u16(out, TYPE_A);
	buf_add_u16(out, CLASS_IN);
	buf_add_u32(out, 60);
	buf_add_u16(out, sizeof(address));
	buf_add(out, address, sizeof(address));
	assert_int_equal(out->err, 0);
}

/* ---- resolver.h ---- */

static void
note_ask(const struct resolver *r, const struct ask *ask)
{
	mono_ns at = loop_mono(r->loop) - notes.begin;
	uint32_t number = number_of(ask->name);

	assert_true(at >= 0 && at / MONO_S(1) <= SECONDS);
	notes.asked[at / MONO_S(1)]++;
	notes.first_tick += at < MONO_MS(100);
	if (notes.n[number] < ROUNDS)
		notes.at[notes.n[number]++][number] =
		    (uint32_t)(at / MONO_MS(1));
}

int
resolver_ask(struct resolver *r, const struct ask *ask)
{
	struct flight *f = &r->open[(r->first + r->n) % OPEN_MAX];

	assert_true(r->n < OPEN_MAX);
	assert_true(ask->name_size <= sizeof(f->name));
	note_ask(r, ask);
	*f = (struct flight){
	    .cookie = ask->cookie,
	    .name_size = ask->name_size,
	    .server = ask->server,
	    .sent = loop_mono(r->loop),
	};
	memcpy(f->name, ask->name, ask->name_size);
	if (r->n++ == 0)
		loop_timer_in(r->timer, MONO_MS(LATENCY_MS));
	return 0;
}

static void
answer_first(struct resolver *r, struct buf *wire)
{
	struct flight f = r->open[r->first];
	struct message m;
	struct answer a = {
	    .cookie = f.cookie,
	    .server = f.server,
	    .ede = -1,
	    .message = &m,
	    .sent = f.sent,
	    .received = loop_mono(r->loop),
	};

	r->first = (r->first + 1) % OPEN_MAX;
	r->n--;
	make_reply(f.name, f.name_size, wire);
	a.wire = wire->data;
	a.size = wire->size;
	assert_int_equal(message_walk(a.wire, a.size, &m), MESSAGE_OK);
	r->hooks.on_answer(r->hooks.ctx, &a);
}

static void
on_arrival(void *ctx)
{
	struct resolver *r = ctx;
	struct buf wire = {0};

	while (r->n > 0 && loop_mono(r->loop) - r->open[r->first].sent >=
			       MONO_MS(LATENCY_MS))
		answer_first(r, &wire);
	buf_fini(&wire);
	if (r->n > 0)
		loop_timer_at(
		    r->timer, r->open[r->first].sent + MONO_MS(LATENCY_MS));
}

struct resolver *
resolver_new(struct loop *loop, const struct resolver_server *servers,
    size_t n_servers, const struct resolver_limits *limits,
    const struct resolver_hooks *hooks)
{
	struct resolver *r = calloc(1, sizeof(*r));

	(void)servers;
	(void)limits;
	assert_non_null(r);
	assert_int_equal(n_servers, 1);
	r->loop = loop;
	r->hooks = *hooks;
	r->timer = loop_timer_new(loop, on_arrival, r);
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	loop_timer_free(r->timer);
	free(r);
}

uint32_t
resolver_inflight(const struct resolver *r)
{
	return r->n;
}

/* Only when the servers change, which they do not here. */
void
resolver_open(
    const struct resolver *r, void (*fn)(void *ctx, uint64_t cookie), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	fail();
}

struct resolver_counters
resolver_counters(const struct resolver *r)
{
	(void)r;
	return (struct resolver_counters){0};
}

struct resolver_health
resolver_health(const struct resolver *r, uint8_t server)
{
	(void)server;
	return (struct resolver_health){.window = OPEN_MAX, .open = r->n};
}

/* ---- store.h and commit.h ---- */

static void
on_load(void *ctx)
{
	struct store *s = ctx;
	struct name name;
	struct store_row row = {
	    .name = name.wire,
	    .type = TYPE_A,
	    .view = "default",
	    .watched = true,
	    .every_s = EVERY_S,
	    .content = s->content.data,
	    .content_size = s->content.size,
	    .ttl = 60,
	    .last_seen = loop_wall(s->loop) - WALL_S(10),
	};

	for (uint32_t i = 0; i < NAMES; i++) {
		make_name(i, &name);
		row.key.question = question_key(
		    row.view, name.wire, name_size(name.wire), row.type);
		s->on_row(s->ctx, &row);
	}
	s->on_done(s->ctx, 0);
}

void
store_load(
    struct store *s, store_row_fn *on_row, store_done_fn *on_done, void *ctx)
{
	s->on_row = on_row;
	s->on_done = on_done;
	s->ctx = ctx;
	loop_timer_in(s->timer, MONO_MS(3));
}

void
store_fetch(struct store *s, const struct store_fetch *fetch,
    store_believed_fn *fn, void *ctx)
{
	(void)s;
	(void)fetch;
	(void)fn;
	(void)ctx;
	fail_msg("nothing differs, and a state was asked for");
}

#define REFUSES(call, type)                                                    \
	void call(struct store *s, const struct type *c, store_done_fn *done,  \
	    void *ctx)                                                         \
	{                                                                      \
		(void)c;                                                       \
		(void)done;                                                    \
		(void)ctx;                                                     \
		s->n_written++;                                                \
	}

REFUSES(commit_baseline, commit_baseline)
REFUSES(commit_sight, commit_sight)
REFUSES(commit_more, commit_more)
REFUSES(commit_decisions, commit_decisions)
REFUSES(commit_events, commit_events)
REFUSES(commit_outage, commit_outage)
REFUSES(commit_attribute, commit_attribute)

void
commit_question(struct store *s, const struct commit_question *c,
    store_done_fn *done, void *ctx)
{
	(void)s;
	(void)c; /* what the lists say of it: its attributes are new here */
	assert_null(done);
	(void)ctx;
}

void
commit_first(struct store *s, const struct commit_question *c,
    const struct commit_baseline *answer)
{
	(void)c;
	(void)answer;
	s->n_written++;
}

void
store_on_refused(struct store *s, store_refused_fn *fn, void *ctx)
{
	(void)s;
	(void)fn;
	(void)ctx;
}

void
commit_settled(struct store *s, const struct store_key *key,
    const struct uuid *change, store_done_fn *done, void *ctx)
{
	(void)key;
	(void)change;
	(void)done;
	(void)ctx;
	s->n_written++;
}

void
commit_seen(struct store *s, const struct store_key *keys, const wall_us *at,
    size_t n, store_done_fn *done, void *ctx)
{
	(void)keys;
	(void)at;
	(void)n;
	(void)done;
	(void)ctx;
	s->n_written++;
}

void
commit_spans(struct store *s, const struct commit_span *spans, size_t n,
    store_done_fn *done, void *ctx)
{
	(void)s;
	(void)spans;
	(void)n;
	if (done != NULL)
		done(ctx, 0);
}

int64_t
commit_seq(const struct store *s)
{
	(void)s;
	return 0;
}

void
commit_flush(struct store *s)
{
	(void)s;
}

void
commit_waiting(const struct store *s, size_t *items, size_t *bytes)
{
	(void)s;
	*items = *bytes = 0;
}

/* ---- the day of a monitor ---- */

struct stage {
	char dir[64];
	char list[128];
	uint64_t seed;
	struct store store;
	struct config *config;
	struct monitor *monitor;
};

static void
write_list(struct stage *s)
{
	FILE *f;

	snprintf(s->dir, sizeof(s->dir), "/tmp/dnsvigil-load.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->list, sizeof(s->list), "%s/all.csv", s->dir);
	f = fopen(s->list, "w");
	assert_non_null(f);
	fprintf(f, "name,types,every\n");
	for (unsigned i = 0; i < NAMES; i++)
		fprintf(f, "n%u.load.example,A,%us\n", i, (unsigned)EVERY_S);
	assert_int_equal(fclose(f), 0);
}

static void
read_config(struct stage *s)
{
	struct diag d = {0};
	char text[512];

	snprintf(text, sizeof(text),
	    "database: postgresql:///none\n"
	    "resolvers: [{address: 192.0.2.53, rate: none}]\n"
	    "watchlists: [\"%s\"]\n",
	    s->list);
	s->config = config_read(text, strlen(text), "dnsvigil.yaml", &d);
	assert_non_null(s->config);
	diag_fini(&d);
}

/* What the reply of every name says, as the database has it. */
static void
pack_content(struct buf *out)
{
	struct buf wire = {0};
	struct arena arena = {0};
	struct message m;
	struct reply reply;
	struct name name;

	make_name(0, &name);
	make_reply(name.wire, name_size(name.wire), &wire);
	assert_int_equal(message_walk(wire.data, wire.size, &m), MESSAGE_OK);
	assert_int_equal(
	    reply_read(wire.data, wire.size, &m, &arena, &reply), 0);
	content_pack(&reply.content, out);
	arena_fini(&arena);
	buf_fini(&wire);
}

static void
on_fatal(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("fatal: %s", why);
}

static int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	log_open(LOG_ERROR);
	s->seed = rand_u64();
	rand_seed(s->seed);
	write_list(s);
	read_config(s);
	pack_content(&s->store.content);
	s->store.loop = loop_new();
	s->store.timer = loop_timer_new(s->store.loop, on_load, &s->store);
	notes.n = calloc(NAMES, sizeof(*notes.n));
	assert_non_null(notes.n);
	for (int i = 0; i < ROUNDS; i++) {
		notes.at[i] = calloc(NAMES, sizeof(*notes.at[i]));
		assert_non_null(notes.at[i]);
	}
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	monitor_free(s->monitor);
	config_free(s->config);
	buf_fini(&s->store.content);
	loop_timer_free(s->store.timer);
	assert_int_equal(fake_loop_n_watchers(s->store.loop), 0);
	loop_free(s->store.loop);
	for (int i = 0; i < ROUNDS; i++)
		free(notes.at[i]);
	free(notes.n);
	unlink(s->list);
	rmdir(s->dir);
	free(s);
	return 0;
}

static void
start(struct stage *s)
{
	const struct resolver_limits limits = {.inflight_max = OPEN_MAX};
	const struct monitor_hooks hooks = {.on_fatal = on_fatal};
	const struct monitor_setup with = {
	    .loop = s->store.loop,
	    .store = &s->store,
	    .config = s->config,
	    .limits = &limits,
	};
	struct diag d = {0};

	s->monitor = monitor_new(&with, &hooks);
	assert_non_null(s->monitor);
	assert_int_equal(monitor_watch(s->monitor, &d), 0);
	assert_int_equal(d.n_errors, 0);
	diag_fini(&d);
	notes.begin = loop_mono(s->store.loop);
	monitor_store_state(s->monitor, STORE_READY, "");
}

static void
check_seconds(const struct stage *s)
{
	for (unsigned i = 0; i < SECONDS; i++) {
		uint32_t n = notes.asked[i];

		if (n > MEAN * 12 / 10 || (i >= RAMP_S && n < MEAN * 8 / 10))
			fail_msg("second %u has %u questions of %u, seed %llu",
			    i, n, (unsigned)MEAN, (unsigned long long)s->seed);
	}
	/* 167 are due in a tenth of a second. */
	assert_true(notes.first_tick <= MEAN / 10 * 2);
}

/* Where the poll of a round stands in the interval, against the one before. */
static void
check_jitter(const struct stage *s)
{
	uint32_t same = 0;
	int64_t apart = 0;

	for (uint32_t i = 0; i < NAMES; i++) {
		bool moved = false;

		assert_true(notes.n[i] >= ROUNDS - 1);
		for (int k = 1; k < notes.n[i]; k++) {
			int64_t by = (int64_t)notes.at[k][i] -
			             notes.at[k - 1][i] - EVERY_S * 1000;

			moved |= by != 0;
			apart += by < 0 ? -by : by;
			/* A twentieth of the interval, and a tick. */
			assert_true(by >= -3100 && by <= 3100);
		}
		same += !moved;
	}
	/* Three jitters of 31 places are the same once in a thousand. */
	if (same > NAMES / 100 || apart / NAMES < 1500)
		fail_msg("%u of %u never move, seed %llu", same,
		    (unsigned)NAMES, (unsigned long long)s->seed);
}

static void
test_a_restart_with_100000_names_is_no_burst_and_the_load_is_even(void **state)
{
	struct stage *s = *state;
	struct monitor_progress p;

	print_message("# seed %llu\n", (unsigned long long)s->seed);
	start(s);
	fake_loop_advance(s->store.loop, MONO_S(SECONDS));
	p = monitor_progress(s->monitor);
	assert_int_equal(p.questions, NAMES);
	assert_int_equal(p.first_left, 0);
	assert_int_equal(p.open, 0);
	assert_true(p.answered >= (ROUNDS - 1) * NAMES);
	assert_int_equal(p.asked, p.answered);
	assert_int_equal(s->store.n_written, 0);
	check_seconds(s);
	check_jitter(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_restart_with_100000_names_is_no_burst_and_the_load_is_even,
		setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
