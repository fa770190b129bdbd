/* SPDX-License-Identifier: ISC */

/* Only carries file and place to diag, so that callers name neither. */

#include <stdarg.h>
#include <stdio.h>

#include "report_priv.h"

enum { TEXT_MAX = 512 };

void
report_error(const struct report *r, struct place at, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_error(r->d, r->path, at.line, at.column, "%s", text);
}

void
report_warning(const struct report *r, struct place at, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_warning(r->d, r->path, at.line, at.column, "%s", text);
}
