/* SPDX-License-Identifier: ISC */

/*
 * The wording of everything that can be refused, and the end of a program
 * that found a mistake of its own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

const char *
err_text(int err)
{
	switch (err) {
	case 0:
		return "no error";
	case ERR_FULL:
		return "limit reached";
	case ERR_TOO_BIG:
		return "too big";
	case ERR_SYNTAX:
		return "cannot be read";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_DATABASE:
		return "database refused or is away";
	case ERR_SCHEMA:
		return "database is of another version";
	case ERR_FENCED:
		return "another writer took over";
	case ERR_HTTP:
		return "HTTP library refused";
	case ERR_CLOSED:
		return "shutting down";
	}
	if (err < 0 && err > ERR_FULL)
		return strerror(-err);
	return "unknown error";
}

void
check_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, expr);
	abort();
}
