/* SPDX-License-Identifier: ISC */

/*
 * Any bytes as the YAML file of octoDNS that a list expects a zone from.
 * Promised: no fault; a file with an error is refused as a whole, with a place
 * that is in the file; and what is expected of a name is a packed pin that
 * reads back as what it prints.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/watchlist.h"
#include "dns/pin.h"
#include "dns/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FROM ", expect: {from: example.com.yaml}}\n"
static const char list_text[] =
    "watch:\n"
    "  - {name: example.com, types: [A, AAAA, NS, MX, TXT, CAA, DS]" FROM
    "  - {name: www.example.com, types: [A, AAAA, CNAME, TXT]" FROM
    "  - {name: a.b.example.com, types: [SRV, TLSA, NAPTR, PTR, SSHFP]" FROM;
enum { N_WATCHES = 3 };

static char folder[] = "/dev/shm/fuzz-octodns-XXXXXX";
static char list[64], zone[64];
static int fd = -1;

static void
drop_files(void)
{
	unlink(list);
	unlink(zone);
	rmdir(folder);
}

static void
make_files(void)
{
	FILE *f;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(list, sizeof(list), "%s/list.yaml", folder);
	snprintf(zone, sizeof(zone), "%s/example.com.yaml", folder);
	f = fopen(list, "w");
	CHECK(f != NULL && fputs(list_text, f) >= 0 && fclose(f) == 0);
	fd = open(zone, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd != -1);
	atexit(drop_files);
}

/* What is printed of a record reads back as that record. */
static void
check_record(const struct record *r)
{
	struct buf text = {0};
	struct buf again = {0};

	record_print(r, &text, 0);
	if (text.err == 0 &&
	    pin_record(r->type, buf_text(&text), NULL, &again) == 0) {
		CHECK(again.size == r->size);
		CHECK(memcmp(again.data, r->rdata, r->size) == 0);
	}
	buf_fini(&text);
	buf_fini(&again);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	static struct record room[PIN_RECORDS_MAX];
	const uint8_t *at = w->pins;
	const uint8_t *end = at == NULL ? NULL : at + w->pins_size;
	unsigned *told = ctx;
	struct pin pin;

	(*told)++;
	while (at != NULL && at < end && pin_next(&at, end, room, &pin)) {
		CHECK(pin.word >= PIN_EXACTLY && pin.word <= PIN_NONE);
		CHECK((pin.n == 0) == (pin.word == PIN_NONE));
		for (uint16_t i = 0; i < pin.n; i++) {
			CHECK(room[i].type == pin.type);
			CHECK(i == 0 ||
			      record_compare(&room[i - 1], &room[i]) < 0);
			check_record(&room[i]);
		}
	}
}

/* Of the zone's file, each within it. */
static size_t
count_errors(const struct diag *d, unsigned lines)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_items; i++) {
		const struct diag_item *item = &d->items[i];

		if (strcmp(item->file, zone) != 0)
			continue;
		CHECK(item->line <= lines);
		n += !item->warning;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag d = {0};
	unsigned lines = 2; /* the end may be in a line of its own */
	unsigned told = 0;
	size_t n_errors;

	if (fd == -1)
		make_files();
	/* As YAML has it a lone CR ends a line, and so do NEL, LS and PS. */
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
	CHECK(watchlist_load(list, NULL, on_watch, &told, &d) != -ENOMEM);
	n_errors = count_errors(&d, lines);
	CHECK(n_errors > 0 ? told == 0 : told == N_WATCHES || d.n_errors > 0);
	diag_fini(&d);
	return 0;
}
