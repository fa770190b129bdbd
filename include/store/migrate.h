/* SPDX-License-Identifier: ISC */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

/*
 * migrate -- brings the database to this program's schema: numbered files of
 * sql/, forward only, each in its transaction, all under one advisory lock.
 */

#include "base/attr.h"

typedef void migrate_say_fn(void *ctx, const char *line);

/*
 * `dir` holds NNNN_what.sql.  `grant` (NULL: none) is a role that gets what
 * the daemon needs and no more.  Each step is said.  0 or ERR_DATABASE /
 * ERR_SCHEMA / -errno with the reason said last.
 */
MUST_CHECK int migrate_run(const char *conninfo, const char *dir,
    const char *grant, migrate_say_fn *say, void *ctx);

#endif
