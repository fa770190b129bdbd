/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_LIST_FILE_H
#define MONITOR_LIST_FILE_H

/* list_file -- files of watches, and what the log says of them. */

#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "config/watchlist.h"

/* As watchlist_load(), and the log says what its budget makes of it. */
MUST_CHECK int list_file_load(const char *path, const struct watch_names *names,
    watch_fn *fn, void *ctx, struct diag *d);
/* What the budget of a list that was read makes of it, if anything. */
void list_file_budget(const char *path, const struct watchlist *list);
/* What was refused, and how many watches have ended by their `until`. */
void list_file_log(const struct diag *d, uint32_t n_over);

#endif
