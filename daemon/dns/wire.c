/* SPDX-License-Identifier: ISC */
/*
 * wire -- names as they stand in a stranger's bytes.
 *
 * Why reading ends: a pointer must go in front of the stretch of labels that
 * it closes, so each stretch begins before the one in front of it, and within
 * a stretch every step adds at least one octet to a name of at most 255.  The
 * limit of hops only bounds the price.
 */

#include <string.h>

#include "wire_priv.h"

size_t
wire_name(const uint8_t *wire, size_t size, size_t at, size_t lowest,
    struct name *out)
{
	size_t stretch = at;
	size_t next = 0;
	size_t total = 0;
	unsigned hops = 0;

	for (;;) {
		if (at >= size)
			return 0;
		size_t len = wire[at];

		if (len >= 0xc0) {
			if (at + 1 >= size)
				return 0;
			size_t target = (len & 0x3f) << 8 | wire[at + 1];
			if (next == 0)
				next = at + 2;
			if (target < lowest || target >= stretch ||
			    ++hops > WIRE_HOPS_MAX)
				return 0;
			stretch = target;
			at = target;
			continue;
		}
		if (len > LABEL_SIZE_MAX || at + 1 + len > size ||
		    total + 1 + len > NAME_SIZE_MAX)
			return 0;
		if (out != NULL)
			memcpy(out->wire + total, wire + at, len + 1);
		total += len + 1;
		at += len + 1;
		if (len == 0)
			break;
	}
	if (out != NULL)
		out->size = (uint8_t)total;
	return next == 0 ? at : next;
}

size_t
wire_name_skip(const uint8_t *wire, size_t at)
{
	while (wire[at] != 0) {
		if (wire[at] >= 0xc0)
			return at + 2;
		at += (size_t)wire[at] + 1;
	}
	return at + 1;
}

bool
wire_name_is(const uint8_t *wire, size_t at, const uint8_t *name)
{
	for (;;) {
		size_t len = wire[at];

		if (len >= 0xc0) {
			at = (len & 0x3f) << 8 | wire[at + 1];
			continue;
		}
		if (len != *name)
			return false;
		if (len == 0)
			return true;
		for (size_t i = 1; i <= len; i++) {
			if (wire_lower(wire[at + i]) != name[i])
				return false;
		}
		at += len + 1;
		name += len + 1;
	}
}
