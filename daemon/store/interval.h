/* SPDX-License-Identifier: ISC */
#ifndef STORE_INTERVAL_H
#define STORE_INTERVAL_H

/*
 * interval -- contents as rows of record_now: a row per link of the alias
 * chain, per end record, and for an outcome that has no records.
 *
 * An item may hold several replies; a row may stand only once in it, so they
 * are merged here, by their link.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "dns/content.h"
#include "statement.h"
#include "store/store.h"

struct batch;

/* A record (or outcome) at its owner; pointers go into the content. */
struct link {
	struct uuid link;
	struct record record; /* type 0 and rdata NULL: the outcome */
	const uint8_t *owner;
	enum outcome outcome;
	bool in_chain;
};

struct interval {
	struct link link;
	wall_us first;
	wall_us last;
	uint32_t count;
	bool believed;
};

struct interval_set {
	struct arena *arena;
	const uint8_t *name;
	struct interval *rows;
	uint32_t n;
	uint32_t room;
	uint32_t *slots;  /* open addressing: index + 1 into rows */
	uint32_t n_slots; /* a power of two */
};

/* Links of a content, in its order, from the arena; n is their number. */
struct link *links_of(
    const struct content *c, const uint8_t *name, struct arena *a, size_t *n);
/* Is it among them? */
bool links_have(const struct link *links, size_t n, const struct uuid *link);

/* One reply, or `believed` without one (count 0). */
struct seen {
	wall_us first;
	wall_us last;
	uint32_t count;
	bool believed;
};
void interval_add(
    struct interval_set *set, const struct content *c, const struct seen *seen);
/* Rows of GROUP_RECORD or GROUP_FIRST_RECORD. */
void interval_rows(const struct interval_set *set, struct batch *b,
    enum group group, const struct store_key *key);

#endif
