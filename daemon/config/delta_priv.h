/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_DELTA_PRIV_H
#define CONFIG_DELTA_PRIV_H

/*
 * delta -- what `FILE.d/` beside a list adds to it and takes away.
 *
 * The files are read before the list, in order of their names; what they say
 * of a name is kept until the list was read, so memory grows with them and
 * not with the list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/hash.h"
#include "config/watchlist.h"
#include "report_priv.h"

/* What all deltas of a list say of one name. */
struct delta_name {
	struct delta_name *next; /* in the order of first lines */
	uint32_t hash;
	uint32_t line; /* of the `+` that counts ... */
	uint32_t first_line;
	uint16_t file; /* ... and its file */
	uint16_t first_file;
	bool first_plus : 1; /* the first sign, and the last ... */
	bool last_plus : 1;
	bool cut : 1;     /* what the list itself says of it is gone */
	bool address : 1; /* of the last `+`: asked for PTR */
	bool in_list : 1;
	uint8_t size;
	uint8_t wire[]; /* `size` octets */
};

struct deltas;

/*
 * Those of the list at list->path; *out is NULL when it has none.  0, or
 * -errno for memory alone: anything else is reported and told at the end.
 * `list` and its path are borrowed.
 */
MUST_CHECK int deltas_open(const struct report *list, struct deltas **out);
void deltas_free(struct deltas *d);

/* Reads a line.  1: more to come, 0: all is read, -ENOMEM. */
MUST_CHECK int deltas_read(struct deltas *d);

/* Does what the list says of `name` stand?  Notes that the list has it. */
bool deltas_pass(struct deltas *d, const struct name *name);

/*
 * Behind the list: the next name; true with *out set when it is to be added,
 * else NULL.  False: no name is left, and the warnings were given.
 */
bool deltas_next(struct deltas *d, const struct delta_name **out);
/* The file that added it. */
const char *deltas_path(const struct deltas *d, const struct delta_name *n);

/* 0, or why they could not be read as a whole (reported). */
int deltas_failed(const struct deltas *d);
/* Bytes read so far. */
off_t deltas_bytes(const struct deltas *d);
struct watchlist_deltas deltas_count(const struct deltas *d);

/* ---- the names (delta_set.c) ---- */

enum { DELTA_BUCKETS = 256 };

/* In so many tables that none is ever long in growing. */
struct delta_set {
	struct delta_bucket {
		struct delta_name **slots;
		uint32_t n, room;
	} buckets[DELTA_BUCKETS];
	struct delta_name *first, *last;
	size_t n;
	struct hash_key key;
	struct arena arena;
};

/* NULL: not there. */
struct delta_name *delta_set_find(
    const struct delta_set *s, const struct name *name);
/* Of a name that is not there; NULL when memory is short. */
MUST_CHECK struct delta_name *delta_set_add(
    struct delta_set *s, const struct name *name);
void delta_set_fini(struct delta_set *s);

#endif
