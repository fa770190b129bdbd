/* SPDX-License-Identifier: ISC */

/*
 * What the three formats share: opening, cutting the work into steps, and
 * telling watches.  A prefix is told one address per unit of a step, so that
 * 4,096 of them do not hold up the loop.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/err.h"
#include "dns/type.h"
#include "list_priv.h"

enum {
	LIST_NAME_MAX = 64,
	ADDRESS_BITS_MAX = 12,
	STEP_ALL = 4096,
	STEP_BYTES_MAX = 8 * 1024 * 1024 /* read in one step, about */
};

const uint16_t watch_types_default[] = {
    TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_NS, TYPE_TXT, TYPE_SOA};
const size_t n_watch_types_default =
    sizeof(watch_types_default) / sizeof(watch_types_default[0]);
const uint16_t watch_types_auto[] = {
    TYPE_NS, TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_TXT};
const size_t n_watch_types_auto =
    sizeof(watch_types_auto) / sizeof(watch_types_auto[0]);

static const uint16_t types_ptr[] = {TYPE_PTR};

static const char *const default_views[] = {"default"};

static void
tell(struct watchlist *w)
{
	w->n_told++;
	w->fn(w->ctx, &w->watch);
}

/* Is the name of the watch not taken out by a delta? */
static bool
passes(struct watchlist *w)
{
	return w->deltas == NULL || deltas_pass(w->deltas, &w->watch.name);
}

void
list_next_address(const struct prefix *p, uint8_t ip[16], struct name *out)
{
	size_t i = p->family == AF_INET ? 4 : 16;

	name_reverse(p->family, ip, out);
	while (i-- > 0 && ++ip[i] == 0)
		;
}

static void
tell_address(struct watchlist *w)
{
	list_next_address(&w->typed.prefix, w->ip, &w->watch.name);
	w->addresses_left--;
	if (passes(w))
		tell(w);
}

uint32_t
list_first_address(const struct report *r, struct place at, const char *text,
    const struct prefix *p, uint8_t ip[16])
{
	unsigned bits = (p->family == AF_INET ? 32u : 128u) - p->len;

	if (bits > ADDRESS_BITS_MAX) {
		report_error(r, at,
		    "%s has more than %d addresses; split it, or name the "
		    "parts that matter",
		    text, WATCHLIST_PREFIX_MAX);
		return 0;
	}
	memcpy(ip, p->ip, sizeof(p->ip));
	for (unsigned i = 0; i < bits; i++) {
		unsigned bit = p->len + i;

		ip[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	}
	return 1u << bits;
}

static void
begin_prefix(struct watchlist *w, const struct node *at, bool types_given)
{
	uint32_t n = list_first_address(
	    &w->report, at->at, at->text, &w->typed.prefix, w->ip);

	if (n == 0)
		return;
	if (types_given &&
	    (w->watch.n_types != 1 || w->watch.types[0] != TYPE_PTR))
		report_warning(&w->report, at->at,
		    "an address is asked for PTR only; its types are not used");
	w->watch.types = types_ptr;
	w->watch.n_types = 1;
	w->watch.auto_types = false;
	w->addresses_left = n;
	tell_address(w);
}

/* The first view of a watch that asks its zone's own servers; NULL: none. */
static const char *
authoritative_view(const struct watchlist *w, const struct fields *fields)
{
	for (size_t i = 0; i < fields->n_views; i++) {
		uint8_t view = fields->views[i].view;

		if ((w->names.authoritative >> view & 1) != 0)
			return w->names.views[view];
	}
	return NULL;
}

static bool
has_tag(const struct fields *fields, const char *tag)
{
	for (size_t i = 0; i < fields->n_tags; i++) {
		if (strcmp(fields->tags[i], tag) == 0)
			return true;
	}
	return false;
}

/* R11: a poll of a zone's own servers proves more than that by itself. */
static bool
is_next_poll(
    struct watchlist *w, const struct node *name, const struct fields *fields)
{
	const char *view = authoritative_view(w, fields);

	if (fields->confirm != PROOF_NEXT_POLL || view == NULL)
		return true;
	report_error(&w->report, name->at,
	    "`confirm: next-poll` is for resolvers, and view `%s` asks a "
	    "zone's own servers; leave one of them out",
	    view);
	return false;
}

/*
 * T16: whoever runs a hostile name's servers is not to see who watches it.
 * False when they would be asked, and nobody said that they may.
 */
static bool
is_discreet(
    struct watchlist *w, const struct node *name, const struct fields *fields)
{
	const char *view = authoritative_view(w, fields);
	bool is_hostile = has_tag(fields, "hostile");

	if (w->names.authoritative == 0 || (!is_hostile && !w->unsure))
		return true;
	if (fields->direct) {
		if (is_hostile && !w->told_direct)
			report_warning(&w->report, name->at,
			    "hostile, and `direct`: its own servers may be "
			    "asked, and who runs them can see who watches");
		w->told_direct = w->told_direct || is_hostile;
		return true;
	}
	if (view == NULL && fields->confirm != PROOF_SOURCE)
		return true;
	if (!is_hostile)
		report_error(&w->report, name->at,
		    "not asked at its own servers before what stands above "
		    "`watch` is right: it may be to say that it is hostile");
	else if (view != NULL)
		report_error(&w->report, name->at,
		    "hostile names are not asked at their own servers, which "
		    "would tell them who watches; add `direct: true` or leave "
		    "out view `%s`",
		    view);
	else
		report_error(&w->report, name->at,
		    "hostile names are not asked at their own servers, which "
		    "would tell them who watches; add `direct: true` or leave "
		    "out `confirm: source`");
	return false;
}

/* All but the name itself. */
static void
fill_watch(
    struct watchlist *w, const struct node *name, const struct fields *fields)
{
	w->watch.typed = name->text;
	w->watch.types = fields->types;
	w->watch.n_types = fields->n_types;
	w->watch.auto_types = fields->auto_types;
	w->watch.every_s = fields->every_s;
	w->watch.views = fields->views;
	w->watch.n_views = fields->n_views;
	w->watch.tags = fields->tags;
	w->watch.n_tags = fields->n_tags;
	w->watch.list = w->name;
	w->watch.owner = fields->owner;
	w->watch.runbook = fields->runbook;
	w->watch.source =
	    watch_source_says(&fields->source) ? &fields->source : NULL;
	w->watch.confirm = fields->confirm;
	w->watch.direct = fields->direct;
	w->watch.attributes = fields->attributes;
	w->watch.first_s = fields->first_s;
	w->watch.idle_after_s = fields->idle_after_s;
	w->watch.idle_every_s = fields->idle_every_s;
	w->watch.tell_baseline = fields->tell_baseline;
	w->watch.chase = fields->chase;
	w->watch.pins = fields->pins;
	w->watch.pins_size = fields->pins_size;
	w->watch.line = name->at.line;
	list_budget_stretch(w, &w->watch);
}

void
list_tell(struct watchlist *w, const struct node *name,
    const struct fields *fields, bool types_given)
{
	char text[NAME_TEXT_SIZE];

	if (!is_discreet(w, name, fields) || !is_next_poll(w, name, fields))
		return;
	typed_read(name->text, name->size, &w->typed);
	if (w->typed.kind == TYPED_BAD) {
		report_error(&w->report, name->at, "`%.80s`: %s", name->text,
		    w->typed.why);
		return;
	}
	fill_watch(w, name, fields);
	if (w->typed.kind == TYPED_PREFIX) {
		begin_prefix(w, name, types_given);
		return;
	}
	w->watch.name.size = w->typed.name.size;
	memcpy(w->watch.name.wire, w->typed.name.wire, w->typed.name.size);
	if (!passes(w))
		return;
	if (w->expected_from != NULL && !list_from_expect(w)) {
		report_error(&w->report, name->at, "%s", err_text(-ENOMEM));
		return;
	}
	if (w->typed.mixed != NULL)
		report_warning(&w->report, name->at, LIST_MIXED,
		    name_print(w->watch.name.wire, text), w->typed.mixed);
	tell(w);
}

/* A name that a delta added, as the list's defaults say. */
static void
tell_added(struct watchlist *w, const struct delta_name *n)
{
	char text[NAME_TEXT_SIZE];
	struct node name = {
	    .kind = NODE_SCALAR, .at = {n->line, 1}, .text = text};
	bool is_told;

	name_print(n->wire, text);
	name.size = strlen(text);
	w->report.path = deltas_path(w->deltas, n);
	is_told = is_discreet(w, &name, &w->defaults);
	w->report.path = w->path;
	if (!is_told)
		return;
	fill_watch(w, &name, &w->defaults);
	w->watch.line = 0;
	w->watch.name.size = n->size;
	memcpy(w->watch.name.wire, n->wire, n->size);
	if (n->address) {
		w->watch.types = types_ptr;
		w->watch.n_types = 1;
		w->watch.auto_types = false;
	}
	tell(w);
}

/* The file's name without its ending, as a word. */
static char *
name_of_path(struct arena *a, const char *path)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_.-";
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(base, '.');
	size_t size =
	    dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base);
	char *out;

	size = size < LIST_NAME_MAX ? size : LIST_NAME_MAX;
	out = arena_zero(a, size + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, base, size);
	for (size_t i = 0; i < size; i++) {
		if (strchr(good, out[i]) == NULL)
			out[i] = '_';
	}
	return out;
}

static int
open_format(struct watchlist *w)
{
	const char *dot = strrchr(w->path, '.');

	if (dot != NULL && strchr(dot, '/') == NULL) {
		if (strcasecmp(dot, ".yaml") == 0 ||
		    strcasecmp(dot, ".yml") == 0)
			return list_yaml_open(w);
		if (strcasecmp(dot, ".csv") == 0)
			return list_csv_open(w);
	}
	return list_plain_open(w);
}

int
watchlist_open(const char *path, const struct watch_names *names, watch_fn *fn,
    void *ctx, struct diag *d, struct watchlist **out)
{
	struct watchlist *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	if (w == NULL)
		return -ENOMEM;
	w->source.fd = -1;
	w->fn = fn;
	w->ctx = ctx;
	w->result = 1;
	w->path = strdup(path);
	w->name = name_of_path(&w->keep, path);
	if (w->path == NULL || w->name == NULL)
		goto out;
	w->report = (struct report){d, w->path};
	w->names = names != NULL ? *names
	                         : (struct watch_names){
				       .views = default_views, .n_views = 1};
	w->defaults.every_s = WATCH_EVERY_DEFAULT_S;
	w->defaults.n_views = 1;
	w->defaults.n_types = n_watch_types_default;
	memcpy(w->defaults.types, watch_types_default,
	    sizeof(watch_types_default));
	err = source_open(&w->source, &w->report);
	if (err == 0)
		err = deltas_open(&w->report, &w->deltas);
	if (err == 0)
		err = open_format(w);
	if (err != 0)
		goto out;
	*out = w;
	w = NULL;
out:
	watchlist_close(w);
	return err;
}

/* The deltas, the list, the names that they add. */
static int
step_with_deltas(struct watchlist *w)
{
	const struct delta_name *added;
	int got = w->is_behind ? 0 : deltas_read(w->deltas);

	if (got != 0)
		return got;
	if (!w->is_behind) {
		w->list_result = w->step(w);
		w->is_behind = w->list_result <= 0;
		return w->list_result == -ENOMEM ? -ENOMEM : 1;
	}
	if (deltas_next(w->deltas, &added)) {
		if (added != NULL)
			tell_added(w, added);
		return 1;
	}
	return w->list_result != 0 ? w->list_result : deltas_failed(w->deltas);
}

/* One unit of a step. */
static int
step_once(struct watchlist *w)
{
	if (w->counter != NULL)
		return list_budget_step(w);
	if (w->addresses_left > 0) {
		tell_address(w);
		return 1;
	}
	return w->deltas == NULL ? w->step(w) : step_with_deltas(w);
}

static off_t
bytes_read(const struct watchlist *w)
{
	return w->source.total +
	       (w->deltas == NULL ? 0 : deltas_bytes(w->deltas));
}

int
watchlist_step(struct watchlist *w, size_t entries)
{
	off_t until = bytes_read(w) + STEP_BYTES_MAX;

	/* An entry may be a long line that is read past. */
	while (entries-- > 0 && w->result > 0 && bytes_read(w) < until) {
		w->result = step_once(w);
		if (w->result == 0 && w->n_told == 0)
			report_warning(&w->report, (struct place){0},
			    "nothing to watch in this list; add a name or "
			    "remove the file");
	}
	return w->result;
}

struct watchlist_deltas
watchlist_deltas(const struct watchlist *w)
{
	return w->deltas == NULL ? (struct watchlist_deltas){0}
	                         : deltas_count(w->deltas);
}

struct watchlist_budget
watchlist_budget(const struct watchlist *w)
{
	return w->budget;
}

void
watchlist_close(struct watchlist *w)
{
	if (w == NULL)
		return;
	watchlist_close(w->counter);
	diag_fini(&w->ignored);
	if (w->free_state != NULL)
		w->free_state(w->state);
	deltas_free(w->deltas);
	from_free(&w->from);
	buf_fini(&w->expected.pins);
	source_close(&w->source);
	arena_fini(&w->keep);
	arena_fini(&w->scratch);
	free(w->path);
	free(w);
}

int
watchlist_load(const char *path, const struct watch_names *names, watch_fn *fn,
    void *ctx, struct diag *d)
{
	struct watchlist *w = NULL;
	int err = watchlist_open(path, names, fn, ctx, d, &w);

	if (err != 0)
		return err;
	do {
		err = watchlist_step(w, STEP_ALL);
	} while (err > 0);
	watchlist_close(w);
	return err;
}
