/* SPDX-License-Identifier: ISC */
#ifndef CLI_CHECK_KNOWN_H
#define CLI_CHECK_KNOWN_H

/*
 * check_known -- what the database knows and `check` can only be told: whose
 * answers' TTLs outlive their intervals.
 */

#include <stddef.h>

#include "base/diag.h"

/*
 * Warnings into `d`, in the name of `path`.  False: the database cannot be
 * read; `why` is one printable line.
 */
bool check_known(const char *conninfo, const char *path, struct diag *d,
    char *why, size_t why_size);

#endif
