/* SPDX-License-Identifier: ISC */
#ifndef DNS_WIRE_PRIV_H
#define DNS_WIRE_PRIV_H

/*
 * wire -- names as they stand in a stranger's bytes.
 *
 * wire_name() is the only code that follows a compression pointer before the
 * message was accepted; the others may assume that it did.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

enum {
	WIRE_HOPS_MAX = 126,     /* pointers followed in one name (C1) */
	WIRE_POINTER_MIN = 12,   /* none points into the header */
	WIRE_NO_POINTER = 0xffff /* as `lowest`: uncompressed names only */
};

/*
 * For the path of hostile messages: its arrays, sized for the largest, must
 * not become part of the frame of the path of every day, whose pages
 * -fstack-clash-protection would touch one by one.
 */
#define APART __attribute__((noinline))

static inline uint16_t
wire_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
wire_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline void
wire_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
wire_put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static inline uint8_t
wire_lower(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

/*
 * Reads the name at `at`, letter case kept, into out (may be NULL) and
 * returns the offset after it in place; 0 when it is no name (C1, C2).  No
 * pointer below `lowest` is followed.
 */
size_t wire_name(const uint8_t *wire, size_t size, size_t at, size_t lowest,
    struct name *out);

/* The offset after the name at `at` of a walked message. */
size_t wire_name_skip(const uint8_t *wire, size_t at);

/* Is the name at `at` of a walked message this one (folded, uncompressed)? */
bool wire_name_is(const uint8_t *wire, size_t at, const uint8_t *name);

#endif
