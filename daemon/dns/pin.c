/* SPDX-License-Identifier: ISC */

#include "dns/pin.h"

#include <errno.h>

#include "base/err.h"
#include "dns/message.h"
#include "dns/present.h"
#include "dns/record.h"

const char *
pin_word_text(enum pin_word word)
{
	static const char *const texts[] = {
	    "", "exactly", "only", "includes", "never", "none"};

	CHECK(word >= PIN_EXACTLY && word <= PIN_NONE);
	return texts[word];
}

void
pin_pack(const struct pin *p, struct buf *out)
{
	buf_add_u16(out, p->type);
	buf_add_u8(out, (uint8_t)p->word);
	buf_add_u16(out, p->n);
	for (uint16_t i = 0; i < p->n; i++) {
		buf_add_u16(out, p->records[i].size);
		buf_add(out, p->records[i].rdata, p->records[i].size);
	}
}

static uint16_t
take_u16(const uint8_t **at)
{
	uint16_t v = (uint16_t)((*at)[0] << 8 | (*at)[1]);

	*at += 2;
	return v;
}

bool
pin_next(const uint8_t **at, const uint8_t *end, struct record *room,
    struct pin *out)
{
	if (*at == end)
		return false;
	out->type = take_u16(at);
	out->word = (enum pin_word) * (*at)++;
	out->n = take_u16(at);
	out->records = room;
	CHECK(out->n <= PIN_RECORDS_MAX);
	for (uint16_t i = 0; i < out->n; i++) {
		room[i] = (struct record){.type = out->type};
		room[i].size = take_u16(at);
		room[i].rdata = *at;
		*at += room[i].size;
	}
	CHECK(*at <= end);
	return true;
}

int
pin_record(
    uint16_t type, const char *text, const struct name *origin, struct buf *out)
{
	uint8_t identity[UINT16_MAX];
	struct buf wire = {0};
	struct message_record r = {.type = type, .class_ = 1};
	size_t size;
	int err = present_parse(type, text, origin, &wire);
	const uint8_t *data = (const uint8_t *)buf_text(&wire); /* not NULL */

	if (err == 0 && (wire.size > UINT16_MAX ||
			    record_check(type, data, wire.size) != RECORD_OK))
		err = ERR_SYNTAX;
	r.rdata_size = (uint16_t)wire.size;
	r.next_at = (uint16_t)wire.size;
	if (err == 0 && record_identity(data, wire.size, &r, identity,
			    sizeof(identity), &size) != RECORD_OK)
		err = ERR_SYNTAX;
	if (err == 0) {
		buf_add(out, identity, size);
		err = out->err;
	}
	buf_fini(&wire);
	return err;
}
