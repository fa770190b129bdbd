/* SPDX-License-Identifier: ISC */
#ifndef MEANING_WORLD_H
#define MEANING_WORLD_H

/*
 * Two contents out of texts, for the tests of meaning: records are parted by
 * newlines; NULL is NODATA, "NXDOMAIN" itself.
 *
 *   TXT   the text, in strings of 255 octets
 *   CAA   flags tag value
 *   MX    preference host
 *   TLSA  usage selector matching hex
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/content.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/meaning.h"

enum { WORLD_RDATA_MAX = 65535 };

static inline void
world_name(const char *text, struct name *out)
{
	const char *why;

	if (name_parse(text, out, &why) != 0)
		abort();
}

static inline size_t
world_txt(const char *text, size_t size, uint8_t *out)
{
	size_t n = 0;

	do {
		size_t take = size < 255 ? size : 255;

		out[n++] = (uint8_t)take;
		memcpy(out + n, text, take);
		n += take;
		text += take;
		size -= take;
	} while (size > 0);
	return n;
}

static inline size_t
world_caa(const char *text, uint8_t *out)
{
	char *rest;
	unsigned long flags = strtoul(text, &rest, 10);
	size_t tag = strcspn(++rest, " ");

	out[0] = (uint8_t)flags;
	out[1] = (uint8_t)tag;
	memcpy(out + 2, rest, tag);
	rest += tag + 1;
	memcpy(out + 2 + tag, rest, strlen(rest));
	return 2 + tag + strlen(rest);
}

static inline size_t
world_mx(const char *text, uint8_t *out)
{
	char *rest;
	unsigned long preference = strtoul(text, &rest, 10);
	struct name host;

	world_name(rest + 1, &host);
	out[0] = (uint8_t)(preference >> 8);
	out[1] = (uint8_t)preference;
	memcpy(out + 2, host.wire, host.size);
	return 2 + (size_t)host.size;
}

static inline size_t
world_tlsa(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned octet;

	for (; n < 3; n++, text += 2)
		out[n] = (uint8_t)(*text - '0');
	for (; sscanf(text, "%2x", &octet) == 1; text += 2)
		out[n++] = (uint8_t)octet;
	return n;
}

static inline size_t
world_rdata(uint16_t type, const char *text, uint8_t *out)
{
	switch (type) {
	case TYPE_CAA:
		return world_caa(text, out);
	case TYPE_MX:
		return world_mx(text, out);
	case TYPE_TLSA:
		return world_tlsa(text, out);
	default:
		return world_txt(text, strlen(text), out);
	}
}

/* In its place; contents have no record twice. */
static inline void
world_put(struct content *c, uint16_t type, const uint8_t *rdata, size_t size,
    struct arena *a)
{
	struct record r = {type, (uint16_t)size, arena_copy(a, rdata, size), 0};
	uint16_t at = 0;

	while (at < c->n_records && record_compare(&c->records[at], &r) < 0)
		at++;
	if (at < c->n_records && record_equal(&c->records[at], &r))
		return;
	memmove(c->records + at + 1, c->records + at,
	    (c->n_records - at) * sizeof(r));
	c->records[at] = r;
	c->n_records++;
}

static inline void
world_content(
    uint16_t type, const char *texts, struct arena *a, struct content *out)
{
	static uint8_t rdata[2 * WORLD_RDATA_MAX];
	char *copy, *line, *rest = NULL;

	*out = (struct content){.outcome = OUTCOME_NODATA};
	if (texts == NULL)
		return;
	out->outcome =
	    strcmp(texts, "NXDOMAIN") == 0 ? OUTCOME_NXDOMAIN : OUTCOME_ANSWER;
	if (out->outcome == OUTCOME_NXDOMAIN)
		return;
	out->records =
	    arena_get(a, CONTENT_RECORDS_MAX * sizeof(*out->records));
	copy = strdup(texts);
	for (line = strtok_r(copy, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		world_put(out, type, rdata, world_rdata(type, line, rdata), a);
	free(copy);
}

static inline void
meaning_of_texts(uint16_t type, const char *owner, const char *from,
    const char *to, struct meaning *out)
{
	struct arena arena = {0};
	struct content was, is;
	struct name name;

	world_name(owner, &name);
	world_content(type, from, &arena, &was);
	world_content(type, to, &arena, &is);
	meaning_of(&was, &is, type, name.wire, out);
	arena_fini(&arena);
}

#endif
