/* SPDX-License-Identifier: ISC */
#ifndef STORE_MIGRATE_PRIV_H
#define STORE_MIGRATE_PRIV_H

/* The numbered files of sql/, read whole before anything is done. */

#include <stddef.h>

#include "base/attr.h"
#include "base/hash.h"

struct migrate_file {
	char *name; /* 0001_what.sql */
	char *text;
	char sha256[2 * SHA256_SIZE + 1];
};

struct migrate_files {
	struct migrate_file *list; /* list[i] has the number i + 1 */
	size_t n;
};

/*
 * All NNNN_*.sql of the folder, from 0001 on without a gap or a number
 * twice.  0, ERR_SCHEMA or -errno with `why`, and then nothing to free.
 */
MUST_CHECK int migrate_files_read(
    const char *dir, struct migrate_files *out, char *why, size_t why_size);
void migrate_files_fini(struct migrate_files *files);

#endif
