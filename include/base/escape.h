/* SPDX-License-Identifier: ISC */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

/*
 * escape -- any bytes as printable ASCII (0x20..0x7e), others as \DDD, cut to
 * the room given with "..." at the end.  For logs, terminals and messages.
 */

#include <stddef.h>

char *escape_print(const void *data, size_t size, char *out, size_t out_size);
/* The same for a text of ours or of the user; returns out. */
char *escape_text(const char *text, char *out, size_t out_size);

#endif
