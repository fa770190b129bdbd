/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_REPORT_PRIV_H
#define CONFIG_REPORT_PRIV_H

/* report -- where problems of one file go, and places inside of it. */

#include "base/attr.h"
#include "base/diag.h"

struct report {
	struct diag *d;
	const char *path;
};

struct place {
	unsigned line;   /* from 1; 0: none */
	unsigned column; /* from 1, in characters; 0: none */
};

void report_error(const struct report *r, struct place at, const char *format,
    ...) PRINTF_LIKE(3, 4);
void report_warning(const struct report *r, struct place at, const char *format,
    ...) PRINTF_LIKE(3, 4);

#endif
