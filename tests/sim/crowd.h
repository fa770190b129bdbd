/* SPDX-License-Identifier: ISC */
#ifndef CROWD_H
#define CROWD_H

/*
 * crowd -- worlds of days rather than minutes, one seed in fifty: names whose
 * addresses move, tokens that come and go, plans, silences, and strangers who
 * hide among them.
 *
 *   crowd.c        who is there, and what they show each minute
 *   crowd_judge.c  what was heard and told, held against that
 *
 * A mark is what is told apart in all that is said: an address, a token.  One
 * that nobody planned, and that was heard, must be told.
 */

#include "sim.h"

enum actor_kind {
	ACTOR_STABLE,
	ACTOR_CDN,     /* k of n addresses, picked anew each minute */
	ACTOR_GEO,     /* ... of other n for each resolver group */
	ACTOR_FLUX,    /* some of ten new addresses in three prefixes a day */
	ACTOR_TOKENS,  /* TXT: SPF, and tokens beside it */
	ACTOR_ACME,    /* a challenge now and then */
	ACTOR_PLANNED, /* stable, with a plan */
	ACTOR_SILENCED,
	ACTOR_KINDS
};

enum {
	ACTORS_MAX = 10,
	MARKS_MAX = 400,
	CROWD_EVERY_S = 300,
	CROWD_LEARN_S = 3 * 86400, /* pools have settled by then */
	CROWD_DAYS = 6
};

/* How a mark is shown. */
enum mark_manner {
	MARK_ALL,    /* it alone */
	MARK_AMONG,  /* beside or in place of one of the others */
	MARK_SELDOM, /* so in a few minutes of many, and alone in the end */
};

struct mark {
	struct actor *of;
	char text[64]; /* as it stands in a body */
	uint32_t address;
	enum mark_manner manner;
	mono_ns from, until;
	uint32_t percent; /* of the minutes, when it is seldom */
	bool planned;     /* within the window of its plan: untold */
	bool held;        /* by the silence */
	/* what became of it */
	bool shown, heard;
	mono_ns heard_at, gone_at;
	uint32_t n_comings, n_goings; /* as polls heard it */
	uint32_t n_told, n_held;
};

struct actor {
	enum actor_kind kind;
	unsigned number;
	char text[64];
	struct name name;
	uint16_t type;
	unsigned k, n;
	uint32_t ttl;
	/* of plans and silences */
	mono_ns from, until;
	bool carried_out;
	mono_ns stranger_at; /* the last time one was told */
	unsigned n_done, n_missed, n_flux;
};

struct crowd {
	struct sim *sim;
	struct actor actors[ACTORS_MAX];
	size_t n_actors;
	struct mark marks[MARKS_MAX];
	size_t n_marks;
	mono_ns kill_at, reload_at;
	size_t n_judged; /* alerts */
	size_t n_entries;
	struct net_ear ear;
};

/* Runs one seed of this kind, as sim_run(). */
void crowd_run(struct sim *s, uint64_t seed);

/* crowd_judge.c */
void crowd_listen(struct crowd *c);
/* What was told since the last time. */
void crowd_judge(struct crowd *c);
/* The program was killed: what it heard just now may be lost. */
void crowd_forget(struct crowd *c);
/* Nothing goes on any more: was all told? */
void crowd_end(struct crowd *c);

#endif
