/* SPDX-License-Identifier: ISC */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

/*
 * diag -- problems found in text that people wrote, with their place.
 *
 * Reading goes on after a problem, to find up to DIAG_FILE_MAX per file; more
 * are counted.  A line reads "file:line:column: message"; line or column 0
 * means that there is none.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum { DIAG_FILE_MAX = 20 };

struct diag_item {
	char *file;
	unsigned line;
	unsigned column;
	bool warning; /* told, but the text is usable */
	char *text;   /* printable ASCII */
};

struct diag {
	struct diag_item *items;
	size_t n_items;
	size_t n_errors; /* all, also those not kept */
	size_t n_warnings;
	size_t n_of_file; /* of the file reported last */
};

void diag_fini(struct diag *d);
void diag_error(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *format, ...) PRINTF_LIKE(5, 6);
void diag_warning(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *format, ...) PRINTF_LIKE(5, 6);
/* "file:line:column: message" into out; returns out. */
char *diag_print(const struct diag_item *item, char *out, size_t size);

#endif
