/* SPDX-License-Identifier: ISC */

#include "from_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "dns/master.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "reader_priv.h"
#include "source_priv.h"

struct from_file {
	char *path;
	struct report r;
	struct zonedata *zone;
	int result;   /* of the last step */
	bool refused; /* something was reported */
	char *text;
	/* One of both, while it is read: */
	bool yaml;
	struct master master;
	struct stream *stream;
	struct octodns octodns;
	struct arena arena;
	bool inside; /* behind the first item */
};

/* What one name of a YAML file may have. */
static const struct node_limits name_limits = {
    .nodes_max = 16384, .chars_max = 512 * 1024};

static bool
ends_with(const char *path, const char *end)
{
	size_t size = strlen(path);
	size_t n = strlen(end);

	return size > n && strcasecmp(path + size - n, end) == 0;
}

/* ---- opening ---- */

static void
stop_reading(struct from_file *f)
{
	stream_free(f->stream);
	f->stream = NULL;
	master_fini(&f->master);
	buf_fini(&f->octodns.text);
	buf_fini(&f->octodns.rdata);
	arena_fini(&f->arena);
	free(f->text);
	f->text = NULL;
}

static void
file_free(struct from_file *f)
{
	if (f == NULL)
		return;
	stop_reading(f);
	zonedata_free(f->zone);
	free(f->path);
	free(f);
}

static int
open_text(struct from_file *f)
{
	const struct name *apex = zonedata_apex(f->zone);
	struct source s;
	size_t size;
	int err = source_open(&s, &f->r);

	if (err == 0) {
		err = source_read_all(&s, FROM_SIZE_MAX, &f->text, &size);
		source_close(&s);
	}
	if (err != 0) {
		f->refused = err != -ENOMEM;
		return f->refused ? ERR_SYNTAX : err;
	}
	f->yaml = ends_with(f->path, ".yaml") || ends_with(f->path, ".yml");
	if (!f->yaml) {
		master_init(&f->master, f->text, size, apex);
		return 1;
	}
	f->octodns = (struct octodns){.r = f->r, .zone = f->zone};
	f->stream = stream_new(&f->r, NULL, f->text, size);
	return f->stream == NULL ? -ENOMEM : 1;
}

static struct from_file *
file_new(struct diag *d, const char *path, const struct name *apex)
{
	struct from_file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->path = strdup(path);
	f->zone = zonedata_new(apex);
	f->r = (struct report){d, f->path};
	f->result = f->path == NULL || f->zone == NULL ? -ENOMEM : open_text(f);
	if (f->result != -ENOMEM)
		return f;
	file_free(f);
	return NULL;
}

static bool
is_file(const struct from_file *f, const char *path, const struct name *apex)
{
	return strcmp(f->path, path) == 0 &&
	       name_equal(zonedata_apex(f->zone)->wire, apex->wire);
}

int
from_take(struct from_files *files, struct diag *d, const char *path,
    const struct name *apex, struct from_file **out)
{
	char *whole = path_beside(files->list, path);
	struct from_file *f = NULL;
	size_t i = 0;

	if (whole == NULL)
		return -ENOMEM;
	while (i < FROM_KEPT_MAX && files->kept[i] != NULL &&
	       !is_file(files->kept[i], whole, apex))
		i++;
	if (i < FROM_KEPT_MAX && files->kept[i] != NULL) {
		f = files->kept[i];
	} else {
		f = file_new(d, whole, apex);
		i = i < FROM_KEPT_MAX ? i : FROM_KEPT_MAX - 1;
	}
	free(whole);
	if (f == NULL)
		return -ENOMEM;
	if (files->kept[i] != f)
		file_free(files->kept[i]);
	memmove(files->kept + 1, files->kept, i * sizeof(*files->kept));
	files->kept[0] = f;
	*out = f;
	return 0;
}

void
from_free(struct from_files *files)
{
	for (size_t i = 0; i < FROM_KEPT_MAX; i++)
		file_free(files->kept[i]);
	memset(files->kept, 0, sizeof(files->kept));
}

bool
from_zone_of(const char *path, struct name *out)
{
	static const char *const ends[] = {".yaml", ".yml", ".zone", ".txt"};
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	char text[NAME_TEXT_SIZE];
	size_t size = strlen(base);
	const char *why;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (ends_with(base, ends[i])) {
			size -= strlen(ends[i]);
			break;
		}
	}
	if (size >= sizeof(text))
		return false;
	memcpy(text, base, size);
	text[size] = '\0';
	return name_parse(text, out, &why) == 0;
}

/* ---- reading ---- */

/* 1: more to come, 0: the end, or why it cannot go on. */
static int
step_master(struct from_file *f)
{
	char is[NAME_TEXT_SIZE], wants[NAME_TEXT_SIZE];
	const struct name *apex = zonedata_apex(f->zone);
	struct master_record m;
	struct record r;
	const char *why;
	int got = master_next(&f->master, &m, &why);

	if (got == ERR_SYNTAX) {
		report_error(&f->r, (struct place){m.line, 0}, "%s", why);
		f->refused = true;
		return 1;
	}
	if (got <= 0)
		return got;
	if (m.type == TYPE_SOA && !name_equal(m.owner.wire, apex->wire)) {
		report_error(&f->r, (struct place){m.line, 0},
		    "this is the zone %s, and %s is wanted",
		    name_print(m.owner.wire, is),
		    name_print(apex->wire, wants));
		f->refused = true;
	}
	r = (struct record){
	    .type = m.type, .rdata = m.rdata, .size = (uint16_t)m.size};
	return zonedata_add(f->zone, &m.owner, m.type, ZONEDATA_ALL, &r)
	           ? 1
	           : -ENOMEM;
}

static int
step_yaml(struct from_file *f)
{
	size_t before = f->r.d->n_errors;
	struct item item;
	struct node *value;
	char *name;
	int err = stream_next(f->stream, &item);

	if (err != 0 || item.kind == ITEM_END || item.kind == ITEM_MAP_END)
		return err;
	if (!f->inside || item.kind != ITEM_SCALAR) {
		f->inside = item.kind == ITEM_MAP;
		if (f->inside)
			return 1;
		report_error(&f->r, item.at,
		    "the top must be a mapping of names, as octoDNS has it");
		return ERR_SYNTAX;
	}
	arena_reset(&f->arena);
	name = arena_text(&f->arena, item.text);
	if (name == NULL)
		return -ENOMEM;
	item.text = name;
	struct item first;
	err = stream_next(f->stream, &first);
	if (err == 0)
		err = node_build(
		    f->stream, &first, &name_limits, &f->arena, &value);
	if (err != 0)
		return err;
	if (f->r.d->n_errors == before)
		octodns_take(&f->octodns, &item, value);
	return f->octodns.no_memory ? -ENOMEM : 1;
}

int
from_step(struct from_file *f)
{
	size_t before = f->r.d->n_errors;

	if (f->result <= 0)
		return f->result;
	f->result = f->yaml ? step_yaml(f) : step_master(f);
	if (f->result < 0 && f->result != -ENOMEM)
		f->result = ERR_SYNTAX;
	f->refused = f->refused || f->r.d->n_errors != before;
	if (f->result == 1)
		return 1;
	if (f->result == 0 && !f->refused && zonedata_records(f->zone) == 0) {
		report_error(&f->r, (struct place){0},
		    "no records of the zone in it; remove `from`, or write "
		    "them");
		f->refused = true;
	}
	if (f->result == 0 && f->refused)
		f->result = ERR_SYNTAX;
	if (f->result == 0 && !zonedata_end(f->zone))
		f->result = -ENOMEM;
	stop_reading(f);
	return f->result;
}

/* ---- what is expected ---- */

static bool
has_pin(const uint8_t *pins, size_t size, uint16_t type)
{
	struct record room[PIN_RECORDS_MAX];
	const uint8_t *at = pins;
	struct pin pin;

	while (size > 0 && pin_next(&at, pins + size, room, &pin))
		if (pin.type == type)
			return true;
	return false;
}

static bool
asks(const struct from_watch *out, uint16_t type)
{
	for (size_t i = 0; i < out->n_types; i++)
		if (out->types[i] == type)
			return true;
	return false;
}

/* One type; is it an alias whose end is not known? */
static bool
pin_type(const struct from_file *f, const struct name *name, uint16_t type,
    struct buf *pins)
{
	struct record room[CONTENT_RECORDS_MAX];
	struct zonedata_found found = {.records = room};
	struct pin pin = {.type = type};

	zonedata_find(f->zone, name, type, &found);
	if (found.says == ZONEDATA_OPEN)
		return found.alias;
	pin.word = found.says == ZONEDATA_NONE ? PIN_NONE
	           : found.some                ? PIN_ONLY
	                                       : PIN_EXACTLY;
	pin.records = room;
	pin.n = found.says == ZONEDATA_NONE ? 0 : found.n;
	pin_pack(&pin, pins);
	return false;
}

bool
from_pins(
    const struct from_file *f, const struct watch *w, struct from_watch *out)
{
	bool leads_out = false;

	buf_clear(&out->pins);
	if (w->pins != NULL)
		buf_add(&out->pins, w->pins, w->pins_size);
	out->n_types = w->n_types;
	memcpy(out->types, w->types, w->n_types * sizeof(*out->types));
	for (size_t i = 0; i < w->n_types; i++) {
		if (!has_pin(w->pins, w->pins_size, w->types[i]))
			leads_out =
			    pin_type(f, &w->name, w->types[i], &out->pins) ||
			    leads_out;
	}
	if (leads_out && !asks(out, TYPE_CNAME) &&
	    out->n_types < WATCH_TYPES_MAX) {
		out->types[out->n_types++] = TYPE_CNAME;
		(void)pin_type(f, &w->name, TYPE_CNAME, &out->pins);
	}
	return out->pins.err == 0;
}
