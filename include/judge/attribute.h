/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_ATTRIBUTE_H
#define JUDGE_ATTRIBUTE_H

/*
 * attribute -- has an attribute of a question changed, or does it only look
 * so through a cache (R6, R13)?  Pure: time is an argument.
 *
 * Only replies that say what is believed are brought here, so that whatever
 * differs is the attribute's own doing.  What an authoritative server (AA)
 * says, and said last itself, holds at once.  A reply of a cache may be older
 * than what was seen before it, by up to the TTL, and behind one address
 * there may be many caches of different ages:
 *
 * - a value that was left lately is not believed again before four
 *   lifetimes have passed since; a new one is, at once (a serial: a higher
 *   one, RFC 1982);
 * - the TTL counts down: the largest seen stands for the original.  It is
 *   lower only when in four of its lifetimes nothing near it was seen any
 *   more, and it is higher only when chance, and what falls between two
 *   polls, cannot have hidden that before; a smaller raise is learning;
 * - a TTL of exactly 30 s is what a cache gives to an answer that it keeps
 *   beyond its time (RFC 8767): it counts for nothing, and with it, where
 *   more is usual, the whole reply.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "dns/attribute.h"

enum {
	ATTRIBUTE_LIFETIMES = 4,
	ATTRIBUTE_LEFT_MAX = 3, /* values that were left and are remembered */
	/* Authoritative servers agree within an hour (R18). */
	ATTRIBUTE_SPREAD_S = 3600,
	/* Replies of another cache in a row, until its TTLs are learnt. */
	ATTRIBUTE_FOREIGN_MAX = 8
};

/* What is held of one attribute of one question.  Zeroed: nothing yet. */
struct attribute_cell {
	uint8_t value[ATTRIBUTE_SIZE];
	uint8_t set[ATTRIBUTE_SIZE]; /* of attributes of a set */
	uint8_t left[ATTRIBUTE_LEFT_MAX][ATTRIBUTE_SIZE];
	wall_us since;   /* the value is held; 0: nothing is */
	uint64_t source; /* who said so */
	bool aa;         /* with authority */
	uint8_t n_left;
	/* TTL, through caches only: */
	uint8_t n_seen;      /* replies since the last change; it saturates */
	uint8_t n_foreign;   /* of other servers, in a row */
	uint8_t n_exact;     /* within a second of the value, in a row */
	uint16_t n_window;   /* replies of the window that count */
	uint32_t window_max; /* the largest of them */
	uint32_t window_min;
	wall_us
	    window_from; /* nothing near the value was seen since; 0: it was */
};

/* A reply that says what is believed. */
struct attribute_sample {
	const struct attributes *seen;
	bool aa;
	uint64_t source; /* tells servers apart, and is no more */
	wall_us now;
	uint32_t every_s;    /* the interval of its polls */
	uint32_t lifetime_s; /* the largest TTL that was seen of it */
};

enum attribute_turn {
	ATTRIBUTE_SAME = 0, /* nothing to keep */
	ATTRIBUTE_NOTED,    /* the cell is to be kept; nothing to tell */
	ATTRIBUTE_CHANGED   /* to be kept and told */
};

struct attribute_statement {
	uint8_t from[ATTRIBUTE_SIZE];
	uint8_t to[ATTRIBUTE_SIZE];
	const char *reason; /* "raised", "backward", ...; NULL: none */
	wall_us since;      /* `from` was held since */
};

/* `out` is set when CHANGED.  The sample must have the attribute. */
enum attribute_turn attribute_judge(struct attribute_cell *cell,
    enum attribute attribute, const struct attribute_sample *s,
    struct attribute_statement *out);

/*
 * The stored form of cells, one behind the other; a window is not kept, so
 * that a lower TTL is told later after a restart.  To change it: raise the
 * number that each begins with, and go on reading the old.
 */
void attribute_pack(
    const struct attribute_cell *cell, enum attribute attribute, struct buf *b);
/* Reads the cell at *at and moves on; false at the end, or what it cannot. */
bool attribute_unpack(const uint8_t *data, size_t size, size_t *at,
    enum attribute *attribute, struct attribute_cell *out);

#endif
