/* SPDX-License-Identifier: ISC */
#ifndef WORLD_H
#define WORLD_H

/* world -- all that one story takes place in, and its monitor. */

#include "config/config.h"
#include "fake_resolver.h"
#include "fake_store.h"
#include "monitor/monitor.h"
#include "play.h"

struct watch_line {
	char list[64];
	char name[WORD_SIZE];
	char types[256];
	char every[32];
	char more[2048]; /* further members, as YAML */
};

struct world {
	struct loop *loop;
	mono_ns begin;
	struct net net;
	struct db *db;
	struct store *store;
	struct monitor *monitor;
	struct config *config;
	struct config *next; /* of a reload that goes on */
	struct resolver_limits limits;
	char dir[64];
	struct buf resolvers; /* YAML */
	struct {
		char name[32];
		struct buf resolvers; /* YAML */
	} views[8];
	size_t n_views;
	struct {
		bool exists, with_parent;
		struct buf hints, at; /* YAML */
	} source; /* the authoritative view of all name servers */
	struct buf sinks;
	struct buf plans; /* a line is a file */
	struct buf marks; /* a line is an entry of one file */
	struct buf more;
	size_t n_sinks;
	struct watch_line *watches;
	size_t n_watches, watches_room;
	char lists[16][64];
	size_t n_lists;
	/* Does the world look like this?  `why` says which clause does not
	 * hold.  NULL: nobody expects anything. */
	bool (*expect)(
	    struct world *w, const char *clauses, char *why, size_t size);
	/* "say TEXT" in the script.  NULL: nobody listens. */
	void (*say)(struct world *w, const char *text);
	void *ctx; /* of whoever set these */
	bool started, once, done;
	char fatal[256];
	unsigned n_lines;
	unsigned n_outbox;
	uint32_t ttl; /* of what the zones say from now on */
};

void world_init(struct world *w);
void world_fini(struct world *w);
/* Before its first moment: nothing was started yet. */
void world_start(struct world *w);
/* Kills the monitor and starts another over the same database. */
void world_restart(struct world *w);
void world_reload(struct world *w, bool mass);
void world_run(struct world *w, mono_ns by);
void world_run_to(struct world *w, mono_ns since_begin);
mono_ns world_now(const struct world *w);
/* Time passes and nothing of the program runs. */
void world_pause(struct world *w, mono_ns by);
/* Lets open candidates end, then stops the monitor as SIGTERM does. */
void world_end(struct world *w);

/* Two resolvers, one and two, of groups a and b, unless there are others. */
void world_add_defaults(struct world *w);
void world_add_resolver(struct world *w, const char *p);
void world_add_nameserver(struct world *w, const char *p);
void world_set_source(struct world *w, const char *p);
void world_add_watch(struct world *w, const char *p);
void world_remove_watch(struct world *w, const char *p);

/* script.c: tells the story of these lines. */
struct script_line {
	const char *file;
	unsigned line;
	char *text;
};
void script_tell(struct world *w, const struct script_line *lines, size_t n);

#endif
