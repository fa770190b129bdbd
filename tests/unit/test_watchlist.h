/* SPDX-License-Identifier: ISC */
#ifndef TEST_WATCHLIST_H
#define TEST_WATCHLIST_H

/* Lists as files of a folder, and what they give as text. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/buf.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "dns/attribute.h"
#include "dns/pin.h"
#include "dns/record.h"
#include "dns/type.h"

static char folder[] = "/tmp/dnsvigil-test-XXXXXX";

static int
make_folder(void **state)
{
	char zones[128];

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(zones, sizeof(zones), "%s/zones", folder);
	return mkdir(zones, 0700);
}

static int
drop_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *
write_file(const char *name, const void *data, size_t size)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void
print_diag(const struct diag *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_items; i++) {
		const struct diag_item *item = &d->items[i];

		const char *zone = strstr(item->file, "/zones/");

		buf_printf(out, "%s%s%s%u:%u: %s\n",
		    item->warning ? "warning " : "",
		    zone != NULL ? zone + 1 : "", zone != NULL ? ":" : "",
		    item->line, item->column, item->text);
	}
}

/* The fourth asks the zones' servers, the last is of the program alone. */
static const char *const views[] = {
    "default", "eu", "asia", "source", "source/parent"};
static uint16_t of_apex[] = {TYPE_NS, TYPE_MX};
static uint16_t of_addresses[] = {TYPE_A, TYPE_AAAA};
static uint16_t of_text[] = {TYPE_TXT};
static uint16_t of_soa[] = {TYPE_SOA};
static char of_at_apex[] = "";
static char of_www[] = "www";
static char of_key[] = "{dkim}._domainkey";
static struct config_label of_corp[] = {
    {of_at_apex, of_apex, 2}, {of_www, of_addresses, 2}, {of_key, of_text, 1}};
static struct config_label of_plain[] = {{of_at_apex, of_soa, 1}};
static char of_corp_name[] = "corp";
static char of_plain_name[] = "plain";
static const struct config_profile of_profiles[] = {
    {of_corp_name, of_corp, 3}, {of_plain_name, of_plain, 1}};
static const struct watch_names known = {.views = views,
    .n_views = 5,
    .authoritative = 8,
    .unnamed = 16,
    .profiles = of_profiles,
    .n_profiles = 2};

/* " A:exactly(192.0.2.1 192.0.2.2)" */
static void
print_pins(const struct watch *w, struct buf *out)
{
	static struct record room[PIN_RECORDS_MAX];
	const uint8_t *at = w->pins;
	char type[TYPE_TEXT_SIZE];
	struct pin pin;

	while (
	    at != NULL && pin_next(&at, w->pins + w->pins_size, room, &pin)) {
		buf_printf(out, " %s:%s", type_print(pin.type, type),
		    pin_word_text(pin.word));
		for (uint16_t i = 0; i < pin.n; i++) {
			buf_add_text(out, i == 0 ? "(" : " ");
			record_print(&pin.records[i], out, 0);
		}
		buf_add_text(out, pin.n > 0 ? ")" : "");
	}
}

/* One watch as a line: name, types, interval, and what else it says. */
static void
on_watch(void *ctx, const struct watch *w)
{
	static const char *const proofs[] = {
	    "best", "path", "cache", "source", "next-poll"};
	struct buf *out = ctx;
	char name[NAME_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];
	char text[WALL_TEXT_SIZE];

	buf_printf(out, "%u %s", w->line, name_print(w->name.wire, name));
	for (size_t i = 0; i < w->n_types; i++)
		buf_printf(out, "%s%s", i == 0 ? " " : ",",
		    type_print(w->types[i], type));
	buf_printf(out, " %us", (unsigned)w->every_s);
	for (size_t i = 0;
	     i < w->n_views && (w->n_views > 1 || w->views[0].view != 0); i++) {
		buf_printf(out, " @%s", views[w->views[i].view]);
		if (w->views[i].every_s != 0)
			buf_printf(out, "=%us", (unsigned)w->views[i].every_s);
	}
	for (size_t i = 0; i < w->n_tags; i++)
		buf_printf(out, " #%s", w->tags[i]);
	if (w->owner != NULL)
		buf_printf(out, " owner=%s", w->owner);
	if (w->runbook != NULL)
		buf_printf(out, " runbook=%s", w->runbook);
	if (w->source != NULL) {
		buf_printf(out, " source=%s",
		    w->source->name == NULL ? "-" : w->source->name);
		if (w->source->has_confidence)
			buf_printf(out, ",%u", w->source->confidence);
		if (w->source->tlp != TLP_NONE)
			buf_printf(out, ",%s", tlp_text(w->source->tlp));
		if (w->source->url != NULL)
			buf_printf(out, ",%s", w->source->url);
		if (w->source->first_reported != 0)
			buf_printf(out, " first=%s",
			    wall_print(w->source->first_reported, text));
		if (w->source->until != 0)
			buf_printf(out, " until=%s",
			    wall_print(w->source->until, text));
	}
	if (w->confirm != PROOF_BEST)
		buf_printf(out, " confirm=%s", proofs[w->confirm]);
	if (w->direct)
		buf_printf(out, " direct");
	for (unsigned i = 0; i < N_ATTRIBUTES; i++) {
		if ((w->attributes & 1u << i) != 0)
			buf_printf(
			    out, " +%s", attribute_text((enum attribute)i));
	}
	if (w->auto_types)
		buf_add_text(out, " auto");
	if (w->first_s == WATCH_FIRST_SPREAD)
		buf_add_text(out, " spread");
	else if (w->first_s != 0)
		buf_printf(out, " first=%us", w->first_s);
	if (w->idle_after_s != 0)
		buf_printf(
		    out, " idle=%u/%u", w->idle_after_s, w->idle_every_s);
	if (w->tell_baseline)
		buf_add_text(out, " told");
	if (w->chase)
		buf_add_text(out, " chase");
	print_pins(w, out);
	buf_printf(out, " [%s]\n", w->list);
}

/* What a list gives: its watches, then what is said about it. */
static int
load_text(const char *name, const void *data, size_t size, struct buf *out)
{
	struct diag d = {0};
	int err = watchlist_load(
	    write_file(name, data, size), &known, on_watch, out, &d);

	print_diag(&d, out);
	diag_fini(&d);
	return err;
}

#endif
