/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_UTF8_PRIV_H
#define CONFIG_UTF8_PRIV_H

/* utf8 -- decoding byte by byte, strictly (RFC 3629). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum utf8_result { UTF8_MORE, UTF8_CHAR, UTF8_BAD };

/* A zeroed struct is ready; `code` is valid after UTF8_CHAR. */
struct utf8 {
	uint32_t code;
	uint32_t min;  /* smallest code of this length: no overlong forms */
	unsigned need; /* bytes still to come */
};

enum utf8_result utf8_take(struct utf8 *u, uint8_t byte);
/* The index of the first bad byte, or `size`. */
size_t utf8_check(const char *text, size_t size);
/* Control characters, C1 and line separators included. */
bool utf8_is_control(uint32_t code);

#endif
