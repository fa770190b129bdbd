/* SPDX-License-Identifier: ISC */

/* What of a pool is kept over a restart. */

#include <stdlib.h>
#include <string.h>

#include "judge/pool.h"

enum {
	V4_SIZE = 4,
	V6_SIZE = 16,
	PACK_FORM = 1,
	PACK_HEAD = 94,
	PACK_ELEMENT = 28 /* and the address */
};

static void
pack_day(const struct pool_day *d, struct buf *b)
{
	buf_add_u32(b, d->moves);
	buf_add_u32(b, d->overlaps);
	buf_add_u32(b, d->returns);
	buf_add_u16(b, d->news);
	buf_add_u16(b, d->lost);
	buf_add_u8(b, d->least);
	buf_add_u8(b, d->most);
}

void
pool_pack(const struct pool *p, struct buf *out)
{
	buf_add_u8(out, PACK_FORM);
	buf_add_u8(out, p->size);
	buf_add_u8(out, p->class_);
	buf_add_u8(out, p->next);
	buf_add_u32(out, p->look);
	buf_add_u32(out, p->class_since);
	buf_add_u32(out, p->flux_told);
	buf_add_u32(out, p->began);
	buf_add_u32(out, p->moved);
	buf_add_u32(out, p->answers);
	buf_add_u32(out, p->day);
	buf_add_u32(out, p->answers_today);
	buf_add_u32(out, p->ttl_max);
	buf_add_u16(out, p->grown);
	buf_add_u64(out, p->sizes);
	buf_add_u64(out, p->print);
	pack_day(&p->now, out);
	pack_day(&p->before, out);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct pool_element *e = &p->list[i];

		buf_add(out, e->addr, p->size);
		buf_add_u32(out, e->first);
		buf_add_u32(out, e->last);
		buf_add_u32(out, e->member);
		buf_add_u32(out, e->seen);
		buf_add_u32(out, e->first_no);
		buf_add_u32(out, e->last_no);
		buf_add_u16(out, e->days);
		buf_add_u16(out, e->today);
	}
}

static uint64_t
take(const uint8_t **at, int size)
{
	uint64_t v = 0;

	for (int i = 0; i < size; i++)
		v = v << 8 | *(*at)++;
	return v;
}

static void
take_day(const uint8_t **at, struct pool_day *d)
{
	d->moves = (uint32_t)take(at, 4);
	d->overlaps = (uint32_t)take(at, 4);
	d->returns = (uint32_t)take(at, 4);
	d->news = (uint16_t)take(at, 2);
	d->lost = (uint16_t)take(at, 2);
	d->least = (uint8_t)take(at, 1);
	d->most = (uint8_t)take(at, 1);
}

static void
take_head(const uint8_t **at, struct pool *p)
{
	*at += 2;
	p->class_ = (uint8_t)take(at, 1);
	p->next = (uint8_t)take(at, 1);
	p->look = (uint32_t)take(at, 4);
	p->class_since = (uint32_t)take(at, 4);
	p->flux_told = (uint32_t)take(at, 4);
	p->began = (uint32_t)take(at, 4);
	p->moved = (uint32_t)take(at, 4);
	p->answers = (uint32_t)take(at, 4);
	p->day = (uint32_t)take(at, 4);
	p->answers_today = (uint32_t)take(at, 4);
	p->ttl_max = (uint32_t)take(at, 4);
	p->grown = (uint16_t)take(at, 2);
	p->sizes = take(at, 8);
	p->print = take(at, 8);
	take_day(at, &p->now);
	take_day(at, &p->before);
}

static void
take_element(const uint8_t **at, uint8_t size, struct pool_element *e)
{
	*e = (struct pool_element){0};
	memcpy(e->addr, *at, size);
	*at += size;
	e->first = (uint32_t)take(at, 4);
	e->last = (uint32_t)take(at, 4);
	e->member = (uint32_t)take(at, 4);
	e->seen = (uint32_t)take(at, 4);
	e->first_no = (uint32_t)take(at, 4);
	e->last_no = (uint32_t)take(at, 4);
	e->days = (uint16_t)take(at, 2);
	e->today = (uint16_t)take(at, 2);
}

struct pool *
pool_unpack(const uint8_t *data, size_t size)
{
	const uint8_t *at = data;
	struct pool *p;
	size_t one;

	if (size < PACK_HEAD || data[0] != PACK_FORM ||
	    (data[1] != V4_SIZE && data[1] != V6_SIZE) ||
	    data[2] > POOL_UNSTABLE || data[3] > POOL_UNSTABLE)
		return NULL;
	one = PACK_ELEMENT + (size_t)data[1];
	if ((size - PACK_HEAD) % one != 0 ||
	    (size - PACK_HEAD) / one > POOL_ELEMENTS_MAX ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->size = data[1];
	p->foreign = true; /* until it is known what is believed */
	take_head(&at, p);
	p->n = p->room = (uint32_t)((size - PACK_HEAD) / one);
	p->list = calloc(p->room + 1, sizeof(*p->list));
	if (p->list == NULL) {
		free(p);
		return NULL;
	}
	for (uint32_t i = 0; i < p->n; i++)
		take_element(&at, p->size, &p->list[i]);
	for (uint32_t i = 0; i < p->n; i++)
		p->list[i].here =
		    p->answers > 0 && p->list[i].last_no == p->answers;
	return p;
}
