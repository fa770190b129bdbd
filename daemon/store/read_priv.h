/* SPDX-License-Identifier: ISC */
#ifndef STORE_READ_PRIV_H
#define STORE_READ_PRIV_H

/*
 * A blocking connection, for commands: the reader's and migrate's.  `why` is
 * always one printable line and says what can be done.
 */

#include <stddef.h>

#include <libpq-fe.h>

#include "base/attr.h"
#include "base/clock.h"

/*
 * Connects, with everything that the texts of statements rely on: UTF8 on
 * both sides, times in UTC.  0, ERR_DATABASE, or ERR_SCHEMA for a database of
 * another encoding.
 */
MUST_CHECK int read_connect(
    const char *conninfo, PGconn **out, char *why, size_t why_size);

/* The last migration that the database had; 0: none.  0 or ERR_DATABASE. */
MUST_CHECK int read_version(PGconn *conn, int *out, char *why, size_t why_size);

/* Runs a statement without parameters.  0 or ERR_DATABASE. */
MUST_CHECK int read_run(
    PGconn *conn, const char *sql, char *why, size_t why_size);

/* What the server or libpq said, its first line; res may be NULL. */
void read_reason(PGconn *conn, const PGresult *res, char *why, size_t why_size);

/* ---- rows of the reader ---- */

struct reader;
typedef void row_fn(void *to, const PGresult *row);
/* Of its one row; 0 or NULL where it is null. */
int64_t col_int(const PGresult *row, int column);
wall_us col_wall(const PGresult *row, int column);
const char *col_text(const PGresult *row, int column);
/* A statement whose parameters are two times (0: null), row by row. */
MUST_CHECK int ask_between(struct reader *r, const char *sql, wall_us since,
    wall_us until, row_fn *fn, void *to);
/* One without parameters. */
MUST_CHECK int ask_all(struct reader *r, const char *sql, row_fn *fn, void *to);

#endif
