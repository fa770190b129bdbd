/* SPDX-License-Identifier: ISC */

/*
 * Any text as a master file: each call goes on, lines are counted right, what
 * was read is found again in the zone, and what is printed of it reads back.
 */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/master.h"
#include "dns/pin.h"
#include "dns/record.h"
#include "dns/zonedata.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEPT_MAX = 64 };

static struct kept {
	struct name owner;
	uint16_t type;
	uint8_t rdata[512];
	size_t size;
} kept[KEPT_MAX];

static void
check_print(const struct master_record *m)
{
	struct record r = {
	    .type = m->type, .rdata = m->rdata, .size = (uint16_t)m->size};
	struct buf text = {0};
	struct buf again = {0};

	record_print(&r, &text, 0);
	/* RFC 3597 text reads back whatever ldns makes of its own. */
	if (text.err == 0 &&
	    pin_record(m->type, buf_text(&text), NULL, &again) == 0) {
		HOLDS(again.size == m->size);
		HOLDS(memcmp(again.data, m->rdata, m->size) == 0);
	}
	buf_fini(&text);
	buf_fini(&again);
}

static void
check_found(const struct zonedata *z, const struct kept *k)
{
	static struct record room[CONTENT_RECORDS_MAX];
	struct zonedata_found found = {.records = room};
	bool there = false;

	if (!name_is_within(k->owner.wire, zonedata_apex(z)->wire))
		return;
	zonedata_find(z, &k->owner, k->type, &found);
	HOLDS(found.says != ZONEDATA_NONE);
	if (found.says != ZONEDATA_RECORDS)
		return;
	for (uint16_t i = 0; i < found.n; i++) {
		HOLDS(i == 0 || record_compare(&room[i - 1], &room[i]) < 0);
		there =
		    there || (room[i].size == k->size &&
				 memcmp(room[i].rdata, k->rdata, k->size) == 0);
	}
	HOLDS(there);
}

/* Reads it all; how many were kept. */
static size_t
read_all(const char *text, size_t size, struct zonedata *z)
{
	struct master m;
	struct master_record r;
	const char *why = NULL;
	const char *before = text;
	unsigned lines = 1;
	size_t n = 0;
	int got;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	master_init(&m, text, size, zonedata_apex(z));
	while ((got = master_next(&m, &r, &why)) != 0) {
		struct record record;

		HOLDS(m.at > before && m.at <= text + size);
		HOLDS(r.line >= 1 && r.line <= m.line && m.line <= lines);
		before = m.at;
		if (got == ERR_SYNTAX) {
			HOLDS(why != NULL);
			continue;
		}
		HOLDS(got == 1);
		check_print(&r);
		record = (struct record){
		    .type = r.type, .rdata = r.rdata, .size = (uint16_t)r.size};
		HOLDS(zonedata_add(z, &r.owner, r.type, ZONEDATA_ALL, &record));
		if (n == KEPT_MAX || r.size > sizeof(kept[n].rdata))
			continue;
		kept[n].owner = r.owner;
		kept[n].type = r.type;
		kept[n].size = r.size;
		memcpy(kept[n++].rdata, r.rdata, r.size);
	}
	HOLDS(m.at == text + size);
	master_fini(&m);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct name apex;
	const char *why;
	struct zonedata *z;
	char *text = malloc(size + 1);
	size_t n;

	HOLDS(text != NULL && name_parse("example.com", &apex, &why) == 0);
	memcpy(text, data, size);
	z = zonedata_new(&apex);
	HOLDS(z != NULL);
	n = read_all(text, size, z);
	HOLDS(zonedata_end(z));
	for (size_t i = 0; i < n; i++)
		check_found(z, &kept[i]);
	zonedata_free(z);
	free(text);
	return 0;
}
