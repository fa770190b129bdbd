/* SPDX-License-Identifier: ISC */

/*
 * All sinks together: who they are, when they step, and the look at the whole
 * outbox.
 *
 * Everything is done in turns (on_turn).  Whatever happens - a poke, rows that
 * were claimed, a receiver's answer - asks for a turn and leaves; the turn lets
 * each sink step, looks at the outbox if it is time, and sets the timer to the
 * earliest moment that anybody named.
 *
 * The look is how waiting rows come to be tried again after a restart, and what
 * the counters of the status are made of.  It reads more than a claim does, so
 * that it runs at most once in LOOK_MIN_S, and at least once in LOOK_MAX_S: a
 * lost poke costs a minute and nothing else.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "loop/loop.h"
#include "rule/silence.h"
#include "sink_priv.h"

enum {
	ALERT_MAGIC = 0x74726c61,
	LOOK_MAGIC = 0x6b6f6f6c,
	LOOK_MIN_S = 1,
	LOOK_ERROR_S = 5,
	LOOK_MAX_S = 60
};

/* Outlives the alert when the store still has it. */
struct look {
	uint32_t magic;
	struct alert *alert; /* NULL: freed meanwhile */
};

/* The configured sinks come first, in the order of the configuration. */
struct alert {
	uint32_t magic;
	struct engine engine;
	const struct config *config; /* borrowed */
	wall_us settled; /* until then the same silences hold; 0: not known */
	struct sink **sinks;
	size_t n_sinks; /* all; behind n_configured the removed ones */
	size_t n_configured;
	struct look *look; /* under way, or NULL */
	mono_ns look_at;   /* the next one */
	mono_ns looked;    /* when the last one began */
	bool strangers_told;
};

void
engine_wake(struct engine *e)
{
	loop_timer_in(e->turn, 0);
}

static struct sink *
find_sink(const struct alert *a, const char *name)
{
	for (size_t i = 0; i < a->n_sinks; i++)
		if (strcmp(sink_name(a->sinks[i]), name) == 0)
			return a->sinks[i];
	return NULL;
}

/* --- the look --- */

static const struct outbox_waiting *
row_of(const struct sink *s, const struct outbox_waiting *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].sink, sink_name(s)) == 0)
			return &rows[i];
	return NULL;
}

static void
tell_strangers(struct alert *a, const struct outbox_waiting *rows, size_t n)
{
	const struct sink *s;

	if (a->strangers_told)
		return;
	a->strangers_told = true;
	for (size_t i = 0; i < n; i++) {
		s = find_sink(a, rows[i].sink);
		if (rows[i].waiting > 0 && (s == NULL || sink_is_removed(s)))
			log_warn("alert: %llu deliveries wait for sink %s, "
				 "which is not configured; they stay",
			    (unsigned long long)rows[i].waiting, rows[i].sink);
	}
}

/* The next look is at most `s` seconds after the last one. */
static void
look_by(struct alert *a, int s)
{
	mono_ns at = a->looked + MONO_S(s);

	a->look_at = at < a->look_at ? at : a->look_at;
}

/* --- what silences hold --- */

/* Tells the outbox which silences stand, when something is held. */
static void
let_go(struct alert *a, const struct outbox_waiting *rows, size_t n)
{
	const struct config *c = a->config;
	wall_us now = loop_wall(a->engine.loop);
	wall_us next = silence_next_end(c, now);
	uint64_t held = 0;
	const char **names;
	size_t standing = 0;

	for (size_t i = 0; i < n; i++)
		held += rows[i].held;
	if (held == 0)
		return;
	names = calloc(c->n_silences + 1, sizeof(*names));
	if (names == NULL)
		return; /* the next look does it */
	for (size_t i = 0; i < c->n_silences; i++)
		if (silence_stands(&c->silences[i], now))
			names[standing++] = c->silences[i].name;
	outbox_hold(a->engine.store, names, standing);
	free(names);
	/* One has ended: what it held is due, which the next look sees. */
	if (a->settled <= now)
		look_by(a, LOOK_MIN_S);
	a->settled = next == 0 ? INT64_MAX : next;
}

/* How long until the next silence ends, LOOK_MAX_S at most. */
static mono_ns
until_an_end(const struct alert *a)
{
	wall_us now = loop_wall(a->engine.loop);
	wall_us next = silence_next_end(a->config, now);

	if (next == 0 || next - now > WALL_S(LOOK_MAX_S))
		return MONO_S(LOOK_MAX_S);
	return MONO_MS((next - now) / 1000 + 1);
}

static void
on_look(void *ctx, int err, const struct outbox_waiting *rows, size_t n)
{
	struct look *look = ctx;
	struct alert *a = look->alert;

	CHECK(look->magic == LOOK_MAGIC);
	look->magic = 0;
	free(look);
	if (a == NULL)
		return;
	a->look = NULL;
	engine_wake(&a->engine);
	if (err != 0) {
		look_by(a, LOOK_ERROR_S);
		return;
	}
	for (size_t i = 0; i < a->n_sinks; i++)
		sink_look(a->sinks[i], row_of(a->sinks[i], rows, n));
	tell_strangers(a, rows, n);
	let_go(a, rows, n);
}

static void
look_now(struct alert *a)
{
	mono_ns now = loop_mono(a->engine.loop);
	struct look *look = calloc(1, sizeof(*look));

	a->look_at = now + until_an_end(a);
	a->looked = now;
	if (look == NULL)
		return;
	look->magic = LOOK_MAGIC;
	look->alert = a;
	a->look = look;
	outbox_waiting(a->engine.store, on_look, look);
}

/* --- turns --- */

/* Removed sinks go when their last post has ended. */
static void
sweep(struct alert *a)
{
	size_t kept = a->n_configured;

	for (size_t i = a->n_configured; i < a->n_sinks; i++) {
		if (sink_is_quiet(a->sinks[i]))
			sink_free(a->sinks[i]);
		else
			a->sinks[kept++] = a->sinks[i];
	}
	a->n_sinks = kept;
}

static void
on_turn(void *ctx)
{
	struct alert *a = ctx;
	mono_ns now = loop_mono(a->engine.loop);
	mono_ns next = SINK_NEVER;
	mono_ns at;

	CHECK(a->magic == ALERT_MAGIC);
	sweep(a);
	for (size_t i = 0; i < a->n_sinks; i++) {
		at = sink_step(a->sinks[i]);
		next = at < next ? at : next;
		if (sink_wants_look(a->sinks[i]))
			look_by(a, LOOK_MIN_S);
	}
	if (a->look == NULL && a->look_at <= now)
		look_now(a);
	if (a->look == NULL || a->look_at > now)
		next = a->look_at < next ? a->look_at : next;
	/* A store that answers at once has asked for a turn already. */
	if (next != SINK_NEVER && !loop_timer_is_set(a->engine.turn))
		loop_timer_at(a->engine.turn, next);
}

/* --- the object --- */

static void
adopt(struct alert *a, struct sink **sinks, const struct config *config)
{
	size_t n = config->n_sinks;

	for (size_t i = 0; i < a->n_sinks; i++) {
		bool kept = false;

		for (size_t k = 0; k < config->n_sinks; k++)
			kept = kept || sinks[k] == a->sinks[i];
		if (kept)
			continue;
		sink_config(a->sinks[i], NULL);
		sinks[n++] = a->sinks[i];
	}
	free(a->sinks);
	a->sinks = sinks;
	a->n_sinks = n;
	a->n_configured = config->n_sinks;
}

/* Half a set of sinks would be alerts that nobody gets: rather a restart. */
static void
configure(struct alert *a, const struct config *config)
{
	size_t room = config->n_sinks + a->n_sinks;
	struct sink **sinks = calloc(room + 1, sizeof(struct sink *));

	CHECK(sinks != NULL);
	for (size_t i = 0; i < config->n_sinks; i++) {
		sinks[i] = find_sink(a, config->sinks[i].name);
		if (sinks[i] == NULL)
			sinks[i] = sink_new(&a->engine, &config->sinks[i]);
		CHECK(sinks[i] != NULL);
		sink_config(sinks[i], &config->sinks[i]);
	}
	adopt(a, sinks, config);
}

struct alert *
alert_new(struct loop *loop, struct store *store, struct http *http,
    const struct config *config, bool once)
{
	struct alert *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->magic = ALERT_MAGIC;
	a->engine.loop = loop;
	a->engine.store = store;
	a->engine.http = http;
	a->engine.once = once;
	a->config = config;
	a->engine.turn = loop_timer_new(loop, on_turn, a);
	if (a->engine.turn == NULL) {
		free(a);
		return NULL;
	}
	configure(a, config);
	a->look_at = loop_mono(loop);
	engine_wake(&a->engine);
	return a;
}

void
alert_free(struct alert *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_sinks; i++)
		sink_free(a->sinks[i]);
	free(a->sinks);
	if (a->look != NULL)
		a->look->alert = NULL;
	loop_timer_free(a->engine.turn);
	a->magic = 0;
	free(a);
}

void
alert_config(struct alert *a, const struct config *config)
{
	configure(a, config);
	a->config = config;
	a->settled = 0;
	a->strangers_told = false;
	a->look_at = loop_mono(a->engine.loop);
	engine_wake(&a->engine);
}

void
alert_poke(struct alert *a)
{
	for (size_t i = 0; i < a->n_configured; i++)
		sink_poke(a->sinks[i]);
	look_by(a, LOOK_MIN_S);
	engine_wake(&a->engine);
}

bool
alert_is_idle(const struct alert *a)
{
	for (size_t i = 0; i < a->n_sinks; i++)
		if (!sink_is_idle(a->sinks[i]))
			return false;
	return true;
}

size_t
alert_n_sinks(const struct alert *a)
{
	return a->n_configured;
}

struct alert_sink_status
alert_sink_status(const struct alert *a, size_t i)
{
	CHECK(i < a->n_configured);
	return sink_status(a->sinks[i]);
}
