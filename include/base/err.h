/* SPDX-License-Identifier: ISC */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * err -- what the system, or a limit of ours, says no with.
 *
 * A function that can fail returns int err: 0, or -errno taken at the failing
 * call, or one of ERR_*.  err_text() words all of them.  Outcomes of the DNS
 * or of HTTP are no errors; they are enum values inside results.
 */

#include "base/attr.h"

enum {
	ERR_FULL = -1000,      /* a limit of ours is reached; try later */
	ERR_TOO_BIG = -1001,   /* larger than its limit */
	ERR_SYNTAX = -1002,    /* text that cannot be read */
	ERR_NOT_FOUND = -1003, /* looked up, not there */
	ERR_DATABASE = -1004,  /* PostgreSQL refused or is away */
	ERR_SCHEMA = -1005,    /* the database is of another version */
	ERR_FENCED = -1006,    /* another writer holds the epoch */
	ERR_HTTP = -1007,      /* the HTTP library refused */
	ERR_CLOSED = -1008     /* the object is shutting down */
};

/* Never NULL; lent for ever for ERR_*, until the next call for errnos. */
const char *err_text(int err);

/*
 * Our own mistakes abort, in release builds too: continuing would put a wrong
 * statement about the world into the history.  Never used on outside data.
 */
#define CHECK(expr) ((expr) ? (void)0 : check_failed(#expr, __FILE__, __LINE__))
NO_RETURN void check_failed(const char *expr, const char *file, int line);

#endif
