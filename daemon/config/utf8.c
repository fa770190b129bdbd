/* SPDX-License-Identifier: ISC */

/* No surrogates, no overlong forms, nothing above U+10FFFF. */

#include "utf8_priv.h"

static enum utf8_result
take_first(struct utf8 *u, uint8_t byte)
{
	if (byte < 0x80) {
		u->code = byte;
		return UTF8_CHAR;
	}
	if (byte >= 0xc2 && byte <= 0xdf) {
		*u = (struct utf8){byte & 0x1fu, 0x80, 1};
		return UTF8_MORE;
	}
	if (byte >= 0xe0 && byte <= 0xef) {
		*u = (struct utf8){byte & 0x0fu, 0x800, 2};
		return UTF8_MORE;
	}
	if (byte >= 0xf0 && byte <= 0xf4) {
		*u = (struct utf8){byte & 0x07u, 0x10000, 3};
		return UTF8_MORE;
	}
	return UTF8_BAD;
}

enum utf8_result
utf8_take(struct utf8 *u, uint8_t byte)
{
	if (u->need == 0)
		return take_first(u, byte);
	if ((byte & 0xc0) != 0x80)
		return UTF8_BAD;
	u->code = u->code << 6 | (byte & 0x3fu);
	if (--u->need > 0)
		return UTF8_MORE;
	if (u->code < u->min || u->code > 0x10ffff ||
	    (u->code >= 0xd800 && u->code <= 0xdfff))
		return UTF8_BAD;
	return UTF8_CHAR;
}

size_t
utf8_check(const char *text, size_t size)
{
	struct utf8 u = {0};
	size_t start = 0;

	for (size_t i = 0; i < size; i++) {
		if (u.need == 0)
			start = i;
		if (utf8_take(&u, (uint8_t)text[i]) == UTF8_BAD)
			return start;
	}
	return u.need == 0 ? size : start;
}

bool
utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       code == 0x2028 || code == 0x2029;
}
