/* SPDX-License-Identifier: ISC */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

/*
 * packet -- messages for the tests of the dns room, written octet by octet.
 *
 * Names are uncompressed, so that records can change places; a test that
 * wants a pointer writes it as octets.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/type.h"

enum { PACKET_ANSWER = 1, PACKET_AUTHORITY = 2, PACKET_ADDITIONAL = 3 };

struct packet {
	size_t size;
	uint8_t data[MESSAGE_SIZE_MAX + 1000];
};

static inline void
packet_u16(struct packet *p, unsigned v)
{
	p->data[p->size++] = (uint8_t)(v >> 8);
	p->data[p->size++] = (uint8_t)v;
}

static inline void
packet_u32(struct packet *p, uint32_t v)
{
	packet_u16(p, v >> 16);
	packet_u16(p, v & 0xffff);
}

static inline void
packet_bytes(struct packet *p, const void *data, size_t size)
{
	if (size != 0)
		memcpy(p->data + p->size, data, size);
	p->size += size;
}

static inline void
packet_name(struct packet *p, const char *text)
{
	struct name name;
	const char *why;

	if (name_parse(text, &name, &why) != 0)
		abort();
	packet_bytes(p, name.wire, name.size);
}

/* Header and question: QR is set, the rest of the flags as given. */
static inline void
packet_start(struct packet *p, unsigned flags, const char *name, unsigned type)
{
	p->size = 0;
	packet_u16(p, 0x1234);
	packet_u16(p, 0x8000 | flags);
	packet_u16(p, 1);
	packet_u16(p, 0);
	packet_u16(p, 0);
	packet_u16(p, 0);
	packet_name(p, name);
	packet_u16(p, type);
	packet_u16(p, CLASS_IN);
}

static inline void
packet_count(struct packet *p, int section)
{
	uint8_t *at = p->data + 4 + 2 * section;

	if (++at[1] == 0)
		at[0]++;
}

/* After the owner: type, class IN, TTL, RDLENGTH, rdata. */
static inline void
packet_rest(struct packet *p, int section, unsigned type, const void *rdata,
    size_t size)
{
	packet_u16(p, type);
	packet_u16(p, CLASS_IN);
	packet_u32(p, 300);
	packet_u16(p, (unsigned)size);
	packet_bytes(p, rdata, size);
	packet_count(p, section);
}

static inline void
packet_record(struct packet *p, int section, const char *owner, unsigned type,
    const void *rdata, size_t size)
{
	packet_name(p, owner);
	packet_rest(p, section, type, rdata, size);
}

/* An OPT with the options given. */
static inline void
packet_opt(struct packet *p, const void *options, size_t size)
{
	packet_record(p, PACKET_ADDITIONAL, ".", TYPE_OPT, options, size);
	p->data[p->size - size - 8] = 4; /* the class is a UDP size */
	memset(p->data + p->size - size - 6, 0, 4);
}

/* A copy of exactly its size, so that a sanitizer sees its end. */
static inline uint8_t *
packet_exact(const struct packet *p)
{
	uint8_t *copy = malloc(p->size != 0 ? p->size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, p->data, p->size);
	return copy;
}

#endif
