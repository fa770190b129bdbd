/* SPDX-License-Identifier: ISC */

/* Bytes of strangers, made harmless for a terminal.  \DDD is decimal, as in
 * DNS master files (RFC 1035 5.1). */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/escape.h"

enum { ESCAPE_WIDTH = 4 }; /* \DDD */

static const char more[] = "...";

char *
escape_print(const void *data, size_t size, char *out, size_t out_size)
{
	const uint8_t *bytes = data;
	size_t room = out_size - 1; /* for characters before the NUL */
	size_t at = 0;
	size_t cut = 0; /* where "..." still fits */

	if (out_size == 0)
		return out;
	for (size_t i = 0; i < size; i++) {
		uint8_t b = bytes[i];
		bool plain = b >= 0x20 && b <= 0x7e;
		size_t width = plain ? 1 : ESCAPE_WIDTH;

		if (width > room - at) {
			size_t dots = room - cut;
			dots =
			    dots < sizeof(more) - 1 ? dots : sizeof(more) - 1;
			memcpy(out + cut, more, dots);
			at = cut + dots;
			break;
		}
		if (plain) {
			out[at] = (char)b;
		} else {
			out[at] = '\\';
			out[at + 1] = (char)('0' + b / 100);
			out[at + 2] = (char)('0' + b / 10 % 10);
			out[at + 3] = (char)('0' + b % 10);
		}
		at += width;
		if (at + sizeof(more) - 1 <= room)
			cut = at;
	}
	out[at] = '\0';
	return out;
}

char *
escape_text(const char *text, char *out, size_t out_size)
{
	return escape_print(text, strlen(text), out, out_size);
}
