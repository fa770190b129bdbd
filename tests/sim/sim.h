/* SPDX-License-Identifier: ISC */
#ifndef SIM_H
#define SIM_H

/*
 * sim -- the real monitor in a world that a seed makes up.
 *
 *   scene.c    who is there: resolvers, names, watches
 *   happen.c   what happens to them, and its end
 *   truth.c    what the zones said when
 *   oracle.c   what was asked, answered and decided, held against that
 *   zones.h    the servers of the names' zone, its delegation, and its oracle
 *   crowd.h    other worlds, of days, with an oracle of their own
 *   sim.c      seeds, and what is printed
 *
 * The world draws from a generator of its own, so that the program's use of
 * randomness does not change what happens around it.  One seed is one run, bit
 * by bit: its hash covers all questions, entries of the log and evidence.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world.h"

/* ---- numbers ---- */

struct draw {
	uint64_t state;
};

uint64_t draw_next(struct draw *d);
uint32_t draw_below(struct draw *d, uint32_t limit); /* limit > 0 */
/* From `least` to `most`, both possible. */
uint32_t draw_from(struct draw *d, uint32_t least, uint32_t most);
bool draw_chance(struct draw *d, uint32_t percent);
/* Some milliseconds, of that mean; short ones are the most. */
mono_ns draw_wait(struct draw *d, mono_ns mean);
uint64_t mix64(uint64_t v);

/* ---- what is true ---- */

/* A content, without the way in which it was packed. */
typedef uint64_t content_id;

struct truth_at {
	mono_ns at;
	content_id id;
	bool watched;
};

struct hearing {
	mono_ns sent, arrived; /* arrived 0: nothing came */
	wall_us wall;          /* of the arrival */
	mono_ns fetched;
	content_id id; /* 0: a failure */
	uint32_t ttl;  /* that is left */
	uint8_t server;
	uint8_t purpose;
	bool first; /* the first attempt of a poll */
	bool tcp;
	bool stale;
	bool cd;    /* asked with CD=1 */
	bool aside; /* asked with CD=1, or an NXDOMAIN without SOA: may be taken
	             * for a failure, and for nothing said (R16, R17) */
	bool lost;  /* killed before it can have been written */
};

struct seen {
	struct uuid change;
	content_id id;
	uint32_t ttl;
	wall_us at, last_at; /* of equal replies in a row */
};

struct episode {
	struct uuid change;
	wall_us seen_at, decided_at; /* 0: open */
};

struct belief {
	content_id id;
	uint32_t ttl; /* with which it was seen first */
	wall_us from; /* when it was decided */
};

/* A watched question, and all that is known of it. */
struct subject {
	struct name name;
	uint16_t type;
	size_t host, place_type; /* among the hosts, and its types */
	char text[96];
	uint32_t every_s, every_most; /* now, and at most so far */
	uint8_t required;             /* enum proved: what its changes need */
	bool watched;
	bool chase;      /* may wait for a cache beyond its interval */
	mono_ns planned; /* since when it is planned as it is */
	uint32_t n_polls;
	mono_ns polled; /* the last first attempt */
	uint32_t n_confirms, n_all;
	struct truth_at *truth;
	size_t n_truth, truth_room;
	size_t place; /* of what is believed, in the truth's order */
	struct hearing *heard;
	size_t n_heard, heard_room;
	struct seen *seen;
	size_t n_seen, seen_room;
	struct episode *episodes;
	size_t n_episodes, episodes_room;
	struct belief *beliefs;
	size_t n_beliefs, beliefs_room;
	bool failing;      /* told */
	bool bogus;        /* ... or only that, which is closed likewise */
	wall_us told_at;   /* when that was decided, or that it is over */
	bool inconsistent; /* an NXDOMAIN of it was denied by another type */
};

enum { HOST_TYPES = 5, RECORDS_MAX = 6 };

struct records {
	uint16_t type;
	uint32_t ttl;
	size_t n;
	uint32_t values[RECORDS_MAX]; /* numbers that text is made of */
};

enum asked_through { VIEWS_DEFAULT, VIEWS_SOURCE, VIEWS_BOTH };

/* Types of a host that are asked alike: a line of the list. */
struct watch_plan {
	unsigned mask; /* bit per type */
	uint32_t every_s;
	uint8_t confirm; /* enum proved; 0: as the configuration can */
	uint8_t views;   /* enum asked_through */
	bool chase;
	const char *tags;
};

/* A name of the zones, watched or the target of aliases. */
struct host {
	char text[64];
	struct name name;
	bool gone;
	int alias; /* of the target among the hosts; -1: none */
	struct records sets[HOST_TYPES];
	bool watched;
	bool away;    /* nobody can ask its source */
	uint8_t liar; /* group of resolvers that may lie about it */
	bool lied;    /* and did, or forged */
	bool forged;  /* on the path, by UDP only */
	struct watch_plan plans[2];
	size_t n_plans;
	bool listed;
};

/* ---- what happens ---- */

enum { AGENDA_MAX = 256, HOSTS_MAX = 12, SERVERS_MAX = 5 };

struct sim;

/* Something that is to happen, with what it needs. */
struct due {
	mono_ns at;
	void (*fn)(struct sim *s, const struct due *d);
	size_t host, server;
	unsigned id;
	size_t type;
	uint32_t n;
	struct records records;
};

struct profile {
	bool authoritative;
	bool faults, lies, restarts, database, reloads;
	mono_ns every;    /* between happenings, on average */
	uint32_t ttls[4]; /* that records may have */
	mono_ns length;
};

/* Of the part of the world that zones.h describes. */
struct zcounts {
	uint32_t worlds;  /* that have it */
	uint32_t states;  /* of questions, as their servers say it */
	uint32_t settled; /* ... that lasted, and were held against belief */
	uint32_t short_;  /* ... that did not, or that nobody can know */
	uint32_t decided; /* changes ... */
	uint32_t strict;  /* ... held against the rule as it was all the time */
	uint32_t loose;   /* ... as it was at some time since first sight */
	uint32_t left;    /* ... and only: some server said so */
	uint32_t events;  /* in authoritative views */
	uint32_t apart_settled; /* times that a zone's were held against them */
	uint32_t flapping; /* ... and were not, as it came and went (T18) */
	uint32_t servers;  /* lame or silent for long, and told */
};

struct counts {
	uint32_t truths, asked, failed, decided, confirmed, unconfirmed,
	    transient, revised, events, told, kills, aways, reloads, lies,
	    tight, crowds, geo;
	struct zcounts zones;
};

/* A time in which the program was hindered; mostly a moment. */
struct spell {
	mono_ns from, to;
};

struct sim {
	struct world w;
	struct draw draw;
	uint64_t seed;
	struct profile profile;
	struct host hosts[HOSTS_MAX];
	size_t n_hosts, n_watched; /* the watched ones come first */
	struct subject *subjects;
	size_t n_subjects, subjects_room;
	uint8_t groups[SERVERS_MAX]; /* of each server */
	uint32_t rates[SERVERS_MAX];
	size_t n_servers, n_groups;
	struct due agenda[AGENDA_MAX];
	size_t n_agenda;
	unsigned n_ids;
	uint32_t n_values; /* handed out */
	uint32_t ttl_max;
	/* of the program */
	mono_ns began;   /* it was started, or killed and started again */
	mono_ns *starts; /* all of these */
	size_t n_starts, starts_room;

	mono_ns away; /* since when the database is; 0: it is there */
	mono_ns reloaded;
	struct spell *breaks; /* the program was not left alone then */
	size_t n_breaks, breaks_room;
	mono_ns away_before, back; /* the database, the last time */
	struct zones *zones;
	uint64_t hash;
	struct counts counts;
	struct net_ear ear;
	struct db_eye eye;
};

/* Runs one seed; a violation ends the process as story_fail() does. */
void sim_run(struct sim *s, uint64_t seed);

/* scene.c: sets the world up, before its first moment. */
void scene_build(struct sim *s);
void scene_free(struct sim *s);
/* The list of watches changes; a reload is to follow. */
void scene_rewatch(struct sim *s);
/* The same, so that all is watched again. */
void scene_watch_all(struct sim *s);
/* Puts into the zones what the host is now. */
void host_publish(struct sim *s, struct host *h);
uint32_t host_value(struct sim *s);
void values_print(uint16_t type, const struct records *r, struct buf *out);
const char *server_name(size_t i);

/* happen.c */
void happen_start(struct sim *s);
/* Lets things happen until then. */
void happen_until(struct sim *s, mono_ns until);
/* The program is killed, whatever it does now, and starts again. */
void happen_kill(void *ctx);
/* Ends all that goes on, and begins nothing any more. */
void happen_no_more(struct sim *s);

/* truth.c */
content_id id_of_reply(
    const struct fetched *f, const uint8_t *name, uint16_t type);
content_id id_of_content(const struct content *c);
/* Without records and aliases. */
content_id id_plain(enum outcome outcome);
/* R5: what says NXDOMAIN of the name may have been taken as NODATA. */
bool is_taken_as(content_id heard, content_id id);
/* The zones may say something else now. */
void truth_note(struct sim *s);
/* The first place behind `after` with that content; -1: none. */
long truth_find(const struct subject *q, long after, content_id id);
bool truth_had(const struct subject *q, content_id id);
/* What was believed at that time; NULL: nothing yet. */
const struct belief *belief_at(const struct subject *q, wall_us at);
/*
 * R13: can the program know that this reply may come from an entry that is
 * older than what was believed then?  By the largest TTL that the database has
 * for its content, or that it heard while that was believed: since it started
 * (surely), or before.
 */
bool is_behind(const struct sim *s, const struct subject *q,
    const struct hearing *h, bool surely);
/* What it was, for messages; lives as long as the process. */
const char *id_text(content_id id);

/* oracle.c */
void oracle_listen(struct sim *s);
struct subject *oracle_find(struct sim *s, const uint8_t *name, uint16_t type);
/* The program is about to be killed, and starts again. */
void oracle_kill(struct sim *s);
/* It starts, for the first time or again. */
void oracle_start(struct sim *s);
/* It was not left alone: started, reloaded, its database came or went. */
void oracle_break(struct sim *s);
/* Is every question still asked? */
void oracle_look(struct sim *s);
/* All was quiet for long: is what is true believed, and nothing missed? */
void oracle_end(struct sim *s);
void oracle_free(struct sim *s);

#endif
