/* SPDX-License-Identifier: ISC */

#ifdef LOAD_WORLD_HERE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include <jansson.h>

#include "base/arena.h"
#include "base/emit.h"
#include "base/log.h"
#include "base/rand.h"
#include "dns/message.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "load_world.h"
#include "resolver/resolver.h"
#include "schedule/spread.h"
#include "store/commit.h"
#include "store/store.h"

#define FAKE_LOOP_HERE
#include "fake_loop.c"

/* Less than a minute, so that a minute's polls are not put where it ends. */
enum { TTL_S = 50 };

/* Work of the database that ends a while later. */
struct pending {
	struct pending *next;
	store_done_fn *done;
	store_believed_fn *believed;
	void *ctx;
	uint64_t decided;
	mono_ns due;
};

struct store {
	struct load_world *world;
	struct loop *loop;
	struct loop_timer *load, *commit;
	store_row_fn *on_row;
	store_done_fn *on_loaded;
	void *load_ctx;
	struct pending *first, **end;
	size_t waiting;
	mono_ns last_due;
	uint32_t loaded;    /* so many names were told */
	struct buf content; /* of every name, version 0, packed */
};

static struct load_world *load_now;

/* ---- names and what they say ---- */

static void
make_name(uint32_t number, struct name *out)
{
	char text[64];
	const char *why;

	snprintf(text, sizeof(text), "n%u.load.example", (unsigned)number);
	assert_int_equal(name_parse(text, out, &why), 0);
}

static uint32_t
number_of(const uint8_t *name)
{
	uint32_t n = 0;

	for (uint8_t i = 2; i <= name[0]; i++)
		n = n * 10 + name[i] - '0';
	assert_true(n < load_now->n_names);
	return n;
}

static void
make_reply(const uint8_t *name, size_t size, uint8_t version, struct buf *out)
{
	const uint8_t address[] = {192, 0, 2, (uint8_t)(1 + version)};

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
	buf_add_u32(out, TTL_S);
	buf_add_u16(out, sizeof(address));
	buf_add(out, address, sizeof(address));
	assert_int_equal(out->err, 0);
}

#include "load_resolver.c"

wall_us
load_last_plan(const struct load_world *w, uint32_t i, wall_us until)
{
	struct name name;
	struct uuid key;
	int64_t every = 1000 * (int64_t)w->names[i].every_s;
	int64_t phase;

	make_name(i, &name);
	key = question_key("default", name.wire, name_size(name.wire), TYPE_A);
	phase = spread_phase_ms(&key, w->names[i].every_s);
	return ((until / 1000 - phase) / every * every + phase) * 1000;
}

/* ---- store.h and commit.h ---- */

static void
pend(struct store *s, store_done_fn *done, void *ctx, uint64_t decided)
{
	struct pending *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->done = done;
	p->ctx = ctx;
	p->decided = decided;
	p->due = loop_mono(s->loop) + MONO_MS(LOAD_COMMIT_MS);
	if (p->due < s->last_due)
		p->due = s->last_due;
	s->last_due = p->due + s->world->commit_each;
	if (++s->waiting > s->world->most_waiting)
		s->world->most_waiting = s->waiting;
	*s->end = p;
	s->end = &p->next;
	if (!loop_timer_is_set(s->commit))
		loop_timer_at(s->commit, p->due);
}

static void
tell_believed(struct store *s, const struct pending *p)
{
	const struct store_element none = {0};
	const struct store_believed b = {
	    .known = true,
	    .content = s->content.data,
	    .content_size = s->content.size,
	    .ttl = TTL_S,
	    .since = s->world->begin / 1000,
	    .last_seen = loop_wall(s->loop) - WALL_S(1),
	    .n_sets_day = 1,
	    .elements = &none,
	    .n_elements = 1,
	};

	p->believed(p->ctx, 0, &b);
}

static void
on_commit(void *ctx)
{
	struct store *s = ctx;

	while (s->first != NULL && s->first->due <= loop_mono(s->loop)) {
		struct pending *p = s->first;

		s->first = p->next;
		if (s->first == NULL)
			s->end = &s->first;
		s->waiting--;
		s->world->n_decided += p->decided;
		if (p->believed != NULL)
			tell_believed(s, p);
		else if (p->done != NULL)
			p->done(p->ctx, 0);
		free(p);
	}
	if (s->first != NULL)
		loop_timer_at(s->commit, s->first->due);
}

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
	    .content = s->content.data,
	    .content_size = s->content.size,
	    .ttl = TTL_S,
	};

	for (; s->loaded < s->world->n_names; s->loaded++) {
		uint32_t i = s->loaded;
		mono_ns at = s->world->begin +
		             MONO_MS(s->world->load_ms) / s->world->n_names * i;

		if (at > loop_mono(s->loop)) {
			loop_timer_at(s->load, at);
			return;
		}
		if (s->world->names[i].is_new)
			continue;
		make_name(i, &name);
		row.every_s = s->world->names[i].every_s;
		row.last_seen = load_last_plan(s->world, i,
		    s->world->begin_wall - WALL_S(s->world->down_s));
		row.key.question = question_key(
		    row.view, name.wire, name_size(name.wire), row.type);
		s->on_row(s->load_ctx, &row);
	}
	s->on_loaded(s->load_ctx, 0);
}

void
store_load(
    struct store *s, store_row_fn *on_row, store_done_fn *on_done, void *ctx)
{
	s->on_row = on_row;
	s->on_loaded = on_done;
	s->load_ctx = ctx;
	loop_timer_in(s->load, MONO_MS(3));
}

/* Its configurations have no digest. */
void
store_sums(
    struct store *s, wall_us since, wall_us until, store_sums_fn *fn, void *ctx)
{
	(void)s;
	(void)since;
	(void)until;
	(void)fn;
	(void)ctx;
	fail_msg("sums are asked for");
}

void
store_fetch(struct store *s, const struct store_fetch *fetch,
    store_believed_fn *fn, void *ctx)
{
	struct pending **last = s->end;

	assert_int_equal(fetch->seen->n_records, 1);
	pend(s, NULL, ctx, 0);
	(*last)->believed = fn;
}

#define COMMITS(call, type, n)                                                 \
	void call(struct store *s, const struct type *c, store_done_fn *done,  \
	    void *ctx)                                                         \
	{                                                                      \
		(void)c;                                                       \
		s->world->n_written++;                                         \
		pend(s, done, ctx, n);                                         \
	}

COMMITS(commit_baseline, commit_baseline, 0)
COMMITS(commit_sight, commit_sight, 0)
COMMITS(commit_more, commit_more, 0)

void
commit_decisions(struct store *s, const struct commit_decisions *c,
    store_done_fn *done, void *ctx)
{
	struct load_world *w = s->world;

	for (size_t i = 0; i < c->n_decisions && w->on_decision != NULL; i++)
		w->on_decision(w, number_of(c->decisions[i].name));
	w->n_written++;
	pend(s, done, ctx, c->n_decisions);
}

void
commit_events(struct store *s, const struct commit_events *c,
    store_done_fn *done, void *ctx)
{
	s->world->n_written++;
	s->world->n_events += c->n_entries;
	pend(s, done, ctx, 0);
}

COMMITS(commit_gathered, commit_gathered, 0)
COMMITS(commit_attribute, commit_attribute, 0)
COMMITS(commit_told, commit_told, 0)
COMMITS(commit_stale, commit_stale, 0)
COMMITS(commit_pool_day, commit_pool_day, 0)

void
commit_outage(struct store *s, const struct commit_outage *c,
    store_done_fn *done, void *ctx)
{
	(void)c;
	s->world->n_written++;
	s->world->n_outages++;
	pend(s, done, ctx, 0);
}

void
commit_question(struct store *s, const struct commit_question *c,
    store_done_fn *done, void *ctx)
{
	(void)c; /* what the lists say of it: its attributes are new here */
	pend(s, done, ctx, 0);
}

void
commit_first(struct store *s, const struct commit_question *c,
    const struct commit_baseline *answer)
{
	(void)c;
	(void)answer;
	s->world->n_written++;
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
	s->world->n_written++;
	pend(s, done, ctx, 0);
}

void
commit_seen(struct store *s, const struct store_key *keys, const wall_us *at,
    size_t n, store_done_fn *done, void *ctx)
{
	(void)keys;
	(void)at;
	s->world->n_written++;
	s->world->n_seen += n;
	pend(s, done, ctx, 0);
}

void
commit_spans(struct store *s, const struct commit_span *spans, size_t n,
    store_done_fn *done, void *ctx)
{
	if (s->world->on_span != NULL)
		for (size_t i = 0; i < n; i++)
			s->world->on_span(s->world, &spans[i]);
	pend(s, done, ctx, 0);
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
	*items = s->waiting;
	*bytes = 0;
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
	make_reply(name.wire, name_size(name.wire), 0, &wire);
	assert_int_equal(message_walk(wire.data, wire.size, &m), MESSAGE_OK);
	assert_int_equal(
	    reply_read(wire.data, wire.size, &m, &arena, &reply), 0);
	content_pack(&reply.content, out);
	arena_fini(&arena);
	buf_fini(&wire);
}

static struct store *
store_make(struct load_world *w)
{
	struct store *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->world = w;
	s->loop = w->loop;
	s->end = &s->first;
	s->load = loop_timer_new(w->loop, on_load, s);
	s->commit = loop_timer_new(w->loop, on_commit, s);
	pack_content(&s->content);
	return s;
}

static void
store_end(struct store *s)
{
	while (s->first != NULL) {
		struct pending *p = s->first;

		s->first = p->next;
		free(p);
	}
	loop_timer_free(s->load);
	loop_timer_free(s->commit);
	buf_fini(&s->content);
	free(s);
}

/* ---- the world ---- */

static void
on_fatal(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("fatal: %s", why);
}

static void
on_line(void *ctx, const struct monitor_line *line)
{
	(void)ctx;
	(void)line;
}

struct load_world *
load_new(uint32_t n_names)
{
	struct load_world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	log_open(LOG_ERROR);
	w->seed = rand_u64();
	rand_seed(w->seed);
	print_message("# seed %llu\n", (unsigned long long)w->seed);
	w->n_names = n_names;
	w->n_servers = 1;
	w->names = calloc(n_names, sizeof(*w->names));
	assert_non_null(w->names);
	for (uint32_t i = 0; i < n_names; i++)
		w->names[i].every_s = 60;
	load_now = w;
	w->loop = loop_new();
	w->store = store_make(w);
	return w;
}

void
load_free(struct load_world *w)
{
	monitor_free(w->monitor);
	config_free(w->config);
	store_end(w->store);
	assert_int_equal(fake_loop_n_watchers(w->loop), 0);
	loop_free(w->loop);
	free(w->names);
	unlink(w->list);
	rmdir(w->dir);
	free(w);
	load_now = NULL;
}

static void
write_list(struct load_world *w)
{
	FILE *f;

	snprintf(w->dir, sizeof(w->dir), "/tmp/dnsvigil-load.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->list, sizeof(w->list), "%s/all.csv", w->dir);
	f = fopen(w->list, "w");
	assert_non_null(f);
	fprintf(f, "name,types,every,tags\n");
	for (unsigned i = 0; i < w->n_names; i++)
		fprintf(f, "n%u.load.example,A,%us,%s\n", i,
		    (unsigned)w->names[i].every_s,
		    w->names[i].owned ? "owned" : "");
	assert_int_equal(fclose(f), 0);
}

static void
read_config(struct load_world *w)
{
	struct diag d = {0};
	struct buf text = {0};

	buf_add_text(&text, "database: postgresql:///none\nresolvers:\n");
	for (unsigned i = 0; i < w->n_servers; i++) {
		struct load_server *s = &w->servers[i];

		s->window = LOAD_WINDOW;
		if (s->rate == 0 && w->n_servers == 1)
			s->window = LOAD_OPEN_MAX;
		buf_printf(&text,
		    "  - {address: 192.0.2.%u, group: g%u, rate: ", 51 + i, i);
		if (s->rate == 0)
			buf_add_text(&text, "none}\n");
		else
			buf_printf(&text, "%u}\n", (unsigned)s->rate);
	}
	buf_printf(&text, "watchlists: [\"%s\"]\ncanaries: none\n", w->list);
	w->config = config_read(
	    (const char *)text.data, text.size, "dnsvigil.yaml", &d);
	assert_non_null(w->config);
	buf_fini(&text);
	diag_fini(&d);
}

void
load_start(struct load_world *w)
{
	const struct resolver_limits limits = {.inflight_max = LOAD_OPEN_MAX};
	const struct monitor_hooks hooks = {
	    .on_line = on_line, .on_fatal = on_fatal};
	struct monitor_setup with = {
	    .loop = w->loop, .store = w->store, .limits = &limits};
	struct diag d = {0};

	write_list(w);
	read_config(w);
	with.config = w->config;
	w->monitor = monitor_new(&with, &hooks);
	assert_non_null(w->monitor);
	assert_int_equal(monitor_watch(w->monitor, &d), 0);
	assert_int_equal(d.n_errors, 0);
	diag_fini(&d);
	w->begin = loop_mono(w->loop);
	w->begin_wall = loop_wall(w->loop);
	monitor_store_state(w->monitor, STORE_READY, "");
}

void
load_advance(struct load_world *w, mono_ns by)
{
	fake_loop_advance(w->loop, by);
}

double
load_late_ms(struct load_world *w, double share)
{
	struct buf text = {0};
	struct emit j;
	json_t *status;
	json_t *counts;
	json_t *pair;
	size_t i;
	double n = 0;
	double below = 0;
	double us = 0;

	emit_start(&j, &text);
	emit_object(&j, NULL);
	monitor_status(w->monitor, &j);
	emit_object_end(&j);
	status = json_loadb((const char *)text.data, text.size, 0, NULL);
	assert_non_null(status);
	counts = json_object_get(json_object_get(status, "lateness"), "counts");
	assert_true(json_array_size(counts) > 0);
	json_array_foreach(counts, i, pair) n +=
	    (double)json_integer_value(json_array_get(pair, 1));
	json_array_foreach(counts, i, pair)
	{
		if (below >= n * (1 - share))
			break;
		below += (double)json_integer_value(json_array_get(pair, 1));
		us = (double)json_integer_value(json_array_get(pair, 0));
	}
	json_decref(status);
	buf_fini(&text);
	return us / 1000;
}

#endif
