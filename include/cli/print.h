/* SPDX-License-Identifier: ISC */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

/*
 * print -- what commands write to standard output.
 *
 * Nearly all that is shown was written by strangers into the DNS, and some
 * of it so that a terminal obeys it.  So every byte that leaves here is
 * printable ASCII or the newline at the end of a line; in JSON everything
 * else is an escape, elsewhere it is \DDD.  The one exception is the Unicode
 * form of a name that is watched, which we made: letters, marks and digits,
 * and only where the locale says that UTF-8 is read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/emit.h"
#include "dns/content.h"

/* Lines to a stream that may end before we do. */
struct print {
	FILE *out;
	int err; /* -errno of the first failed write; later ones do nothing */
};

void print_init(struct print *p, FILE *out);
/* Writes the line and a newline, and empties the buffer. */
void print_line(struct print *p, struct buf *line);
/* Pushes what is held back: before waiting for more. */
void print_flush(struct print *p);
/*
 * Flushes, and tells what went wrong on standard error.  A reader that went
 * away (`| head`) is none of our trouble: that is quiet.  False on trouble.
 */
MUST_CHECK bool print_end(struct print *p);

/* "2026-11-21 17:00:00Z"; "-" for 0. */
void print_wall(struct buf *out, wall_us at);
/*
 * The name as it is, and behind it in brackets how people write it, where that
 * differs and can be shown.
 */
void print_watched(struct buf *out, const char *name);
/* A text of anybody's, escaped, cut to max characters (at most 1024). */
void print_text(struct buf *out, const char *text, size_t max);

/* Members outcome, rdata, chain (and reason, partial) of an open object. */
void print_content_json(struct emit *j, const struct content *c);
/* "192.0.2.1, 192.0.2.2", "via edge.example.net. 192.0.2.1", "NXDOMAIN". */
void print_content(struct buf *out, const struct content *c);
/* The same from the packed form; what cannot be read says so. */
void print_packed_json(struct emit *j, const uint8_t *packed, size_t size);
void print_packed(struct buf *out, const uint8_t *packed, size_t size);

/*
 * An entry of the log.  `body` is the JSON object that the log holds, which
 * has no "seq"; `class_` is "change" (for a decision), "candidate" or
 * "event".  With `log` a decision is shown as the entry that it is, without
 * as the change that it decides.
 */
void print_entry_json(struct buf *out, bool log, int64_t seq,
    const char *class_, const char *body);
void print_entry(struct buf *out, bool log, int64_t seq, const char *class_,
    const char *body);

/* JSON that is there already, with what is not printable ASCII escaped. */
void print_json(struct buf *out, const char *text);

/*
 * Any JSON object as a table for people: scalars as "key value", objects as
 * sections, arrays of objects as tables.  ERR_SYNTAX when it is no object.
 */
MUST_CHECK int print_object(struct print *p, const char *body);

#endif
