/* SPDX-License-Identifier: ISC */
#ifndef LOAD_WORLD_H
#define LOAD_WORLD_H

/*
 * load_world -- the real monitor with many names, over virtual time.
 *
 * A database that knows every name at the start, commits what it is given
 * LOAD_COMMIT_MS later and keeps nothing; and up to LOAD_SERVERS_MAX servers
 * that answer after LOAD_LATENCY_MS, take no more than their rate and window,
 * and of which some, or some names, may be silent: such a question ends as a
 * timeout after LOAD_PATIENCE_MS, as the resolver's three tries do, of which
 * each takes a turn of the rate, whether there is one or not.
 *
 * Like fake_loop.c, on which it stands, it is included by one file of a test:
 *
 *	#define LOAD_WORLD_HERE
 *	#include "load_world.c"
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/config.h"
#include "loop/loop.h"
#include "monitor/monitor.h"

enum {
	LOAD_SERVERS_MAX = 4,
	LOAD_WINDOW = 250,
	LOAD_OPEN_MAX = 8192,
	LOAD_LATENCY_MS = 10,
	LOAD_PATIENCE_MS = 5600, /* 0.8 s, then twice and four times */
	LOAD_TRY_2_MS = 800,
	LOAD_TRY_3_MS = 2400,
	LOAD_COMMIT_MS = 20
};

struct commit_span;

struct load_name {
	uint32_t every_s;
	bool silent;
	bool owned;
	bool is_new;     /* the database does not know it */
	uint8_t version; /* of its address; the database knows version 0 */
};

struct load_server {
	uint32_t rate; /* questions a second, 0: none */
	bool dead;
	/* noted */
	uint64_t n_asked;
	uint32_t window;
	double tokens; /* as the resolver's pace: one at a time, few at once */
	mono_ns filled;
	bool was_full;
	uint32_t open;
	uint32_t fails_running;
	mono_ns good_at; /* 0: none yet */
};

struct load_world;
/* A question is sent, at loop_mono(). */
typedef void load_ask_fn(
    struct load_world *w, uint32_t name, uint8_t server, uint8_t flags);

/* It is said that all planned polls of an interval ended, up to a time. */
typedef void load_span_fn(struct load_world *w, const struct commit_span *s);

typedef void load_decision_fn(struct load_world *w, uint32_t name);

struct load_world {
	/* Set before load_start(): */
	uint32_t n_names;
	struct load_name *names; /* n_names, from load_new() */
	struct load_server servers[LOAD_SERVERS_MAX];
	uint8_t n_servers;
	load_ask_fn *on_ask;
	load_span_fn *on_span; /* or NULL, as the next */
	load_decision_fn *on_decision;
	uint32_t load_ms;    /* the database tells its rows over so long */
	uint32_t down_s;     /* before the start nobody asked for so long */
	mono_ns commit_each; /* it takes an item in so long; 0: any at once */
	void *ctx;
	/* To look at: */
	uint64_t seed;
	struct loop *loop;
	struct monitor *monitor;
	mono_ns begin;
	wall_us begin_wall;
	/* What the database was given but for questions and spans. */
	uint64_t n_written;
	uint64_t n_decided;
	uint64_t n_outages;
	uint64_t n_events;
	uint64_t n_seen;     /* by commit_seen() */
	size_t most_waiting; /* items, at once */
	/* Its own. */
	struct config *config;
	struct store *store;
	struct resolver *resolver;
	char dir[64];
	char list[128];
};

/* All names every 60 s, one server without a rate.  Prints its seed. */
struct load_world *load_new(uint32_t n_names);
void load_free(struct load_world *w);
/* Writes the list, reads it, and starts with everything known. */
void load_start(struct load_world *w);
void load_advance(struct load_world *w, mono_ns by);
/* The last plan of a name until then. */
wall_us load_last_plan(const struct load_world *w, uint32_t i, wall_us until);
/* Of planned polls, over all buckets of the status: so late were all but
 * `share` of them at most, in ms. */
double load_late_ms(struct load_world *w, double share);

#endif
