/* SPDX-License-Identifier: ISC */

/*
 * A delta is lines of `+name` and `-name`.  A bad line is lost alone (E1).  A
 * file that cannot be read is another matter: without it names would seem to
 * come and go that nobody named, so the list counts as one that cannot be read
 * as a whole, though what could be read is told.
 *
 * Whether the first sign of a name says anything is known behind the list
 * only; that of every later one at once.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/rand.h"
#include "delta_priv.h"
#include "lines_priv.h"
#include "list_priv.h"

struct delta_file {
	char *path;
	size_t n_there;     /* `+` of a name that was there ... */
	size_t n_missing;   /* ... and `-` of one that was not */
	unsigned idle_line; /* the first of them */
};

struct deltas {
	struct report list; /* of the base */
	struct delta_file *files;
	size_t n_files;
	struct delta_set set;
	/* while they are read */
	size_t file;
	bool open;
	bool full; /* told, and nothing more is read */
	struct source source;
	struct lines lines;
	struct typed typed;
	bool plus; /* of the line that is being read */
	uint8_t ip[16];
	uint32_t addresses_left;
	off_t bytes; /* of the files before */
	int failed;
	/* behind the list */
	const struct delta_name *next;
	bool behind;
	size_t n_added, n_removed;
};

/* ---- which files there are ---- */

static int
is_delta(const struct dirent *e)
{
	static const char ending[] = ".delta";
	size_t size = strlen(e->d_name);
	size_t n = sizeof(ending) - 1;

	return e->d_name[0] != '.' && size > n &&
	       strcmp(e->d_name + size - n, ending) == 0;
}

static int
compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* in any locale */
}

static bool
take_files(
    struct deltas *d, const char *folder, struct dirent *const *found, size_t n)
{
	d->files = calloc(n, sizeof(*d->files));
	if (d->files == NULL)
		return false;
	for (; d->n_files < n; d->n_files++) {
		char **path = &d->files[d->n_files].path;

		if (asprintf(path, "%s/%s", folder,
			found[d->n_files]->d_name) == -1) {
			*path = NULL;
			return false;
		}
	}
	return true;
}

static struct deltas *
new_deltas(const struct report *list)
{
	struct deltas *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->list = *list;
	rand_bytes(&d->set.key, sizeof(d->set.key));
	return d;
}

static int
open_found(const struct report *list, const char *folder,
    struct dirent *const *found, size_t n, struct deltas **out)
{
	struct deltas *d = new_deltas(list);

	if (d == NULL)
		return -ENOMEM;
	if (n > WATCHLIST_DELTA_FILES_MAX) {
		report_error(list, (struct place){0},
		    "more than %d deltas; put what the older ones say into "
		    "the list and remove them",
		    WATCHLIST_DELTA_FILES_MAX);
		d->failed = -E2BIG;
		n = 0;
	}
	if (n > 0 && !take_files(d, folder, found, n)) {
		deltas_free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

/* A folder that is there and cannot be looked into may hold deltas. */
static int
open_unseen(
    const struct report *list, const char *folder, int err, struct deltas **out)
{
	const struct report r = {list->d, folder};

	if (err == -ENOENT)
		return 0;
	if (err == -ENOMEM)
		return err;
	report_error(&r, (struct place){0},
	    "the deltas of the list cannot be looked for: %s", err_text(err));
	*out = new_deltas(list);
	if (*out == NULL)
		return -ENOMEM;
	(*out)->failed = err;
	return 0;
}

int
deltas_open(const struct report *list, struct deltas **out)
{
	struct dirent **found = NULL;
	char *folder;
	int err = 0;
	int n;

	*out = NULL;
	if (asprintf(&folder, "%s.d", list->path) == -1)
		return -ENOMEM;
	n = scandir(folder, &found, is_delta, compare);
	if (n < 0)
		err = open_unseen(list, folder, -errno, out);
	else if (n > 0)
		err = open_found(list, folder, found, (size_t)n, out);
	for (int i = 0; i < n; i++)
		free(found[i]);
	free(found);
	free(folder);
	return err;
}

static void
close_file(struct deltas *d)
{
	if (!d->open)
		return;
	d->bytes += d->source.total;
	lines_fini(&d->lines);
	source_close(&d->source);
	d->open = false;
}

void
deltas_free(struct deltas *d)
{
	if (d == NULL)
		return;
	close_file(d);
	for (size_t i = 0; i < d->n_files; i++)
		free(d->files[i].path);
	free(d->files);
	delta_set_fini(&d->set);
	free(d);
}

/* ---- what they say ---- */

static void
note_idle(struct delta_file *f, bool plus, unsigned line)
{
	if (plus)
		f->n_there++;
	else
		f->n_missing++;
	if (f->idle_line == 0 || line < f->idle_line)
		f->idle_line = line;
}

static void
begin_name(struct deltas *d, struct delta_name *n, bool plus)
{
	n->first_plus = plus;
	n->first_file = (uint16_t)d->file;
	n->first_line = d->lines.line;
	n->last_plus = !plus;
}

/* The name of the line that is read, or one of its addresses. */
static int
apply(struct deltas *d, const struct name *name, bool address)
{
	struct delta_name *n = delta_set_find(&d->set, name);

	if (n == NULL) {
		if (d->set.n == WATCHLIST_DELTA_NAMES_MAX) {
			report_error(&d->source.report,
			    (struct place){d->lines.line, 1},
			    "more than %d names in the deltas of a list; from "
			    "here on they are not read: put what they say into "
			    "the list and remove them",
			    WATCHLIST_DELTA_NAMES_MAX);
			d->failed = -E2BIG;
			d->full = true;
			return 0;
		}
		n = delta_set_add(&d->set, name);
		if (n == NULL)
			return -ENOMEM;
		begin_name(d, n, d->plus);
	}
	if (n->last_plus == d->plus) {
		note_idle(&d->files[d->file], d->plus, d->lines.line);
		return 0;
	}
	n->last_plus = d->plus;
	n->cut = n->cut || !d->plus;
	if (d->plus) {
		n->address = address;
		n->file = (uint16_t)d->file;
		n->line = d->lines.line;
	}
	return 0;
}

static int
apply_address(struct deltas *d)
{
	struct name name;

	list_next_address(&d->typed.prefix, d->ip, &name);
	d->addresses_left--;
	return apply(d, &name, true);
}

static int
take_name(struct deltas *d, const char *text, size_t size, struct place at)
{
	const struct report *r = &d->source.report;
	char name[NAME_TEXT_SIZE];

	typed_read(text, size, &d->typed);
	if (d->typed.kind == TYPED_BAD) {
		report_error(r, at, "`%.80s`: %s", text, d->typed.why);
		return 0;
	}
	if (d->typed.kind == TYPED_PREFIX) {
		d->addresses_left =
		    list_first_address(r, at, text, &d->typed.prefix, d->ip);
		return d->addresses_left > 0 ? apply_address(d) : 0;
	}
	if (d->plus && d->typed.mixed != NULL)
		report_warning(r, at, LIST_MIXED,
		    name_print(d->typed.name.wire, name), d->typed.mixed);
	return apply(d, &d->typed.name, false);
}

static int
take_line(struct deltas *d, char *text, size_t size)
{
	unsigned column = 1;

	if (!lines_trim(&text, &size, &column))
		return 0;
	if (text[0] != '+' && text[0] != '-') {
		report_error(&d->source.report,
		    (struct place){d->lines.line, column},
		    "`%.80s`: a line of a delta begins with + or -; write "
		    "+name to add it, or -name to take it out",
		    text);
		return 0;
	}
	d->plus = text[0] == '+';
	text++;
	size--;
	column++;
	if (!lines_trim(&text, &size, &column)) {
		report_error(&d->source.report,
		    (struct place){d->lines.line, column},
		    "no name behind the sign; write one, or remove the line");
		return 0;
	}
	return take_name(d, text, size, (struct place){d->lines.line, column});
}

static int
open_file(struct deltas *d)
{
	const struct report r = {d->list.d, d->files[d->file].path};
	int err = source_open(&d->source, &r);

	if (err != 0) {
		d->failed = err;
		d->file++;
		return err == -ENOMEM ? err : 1;
	}
	d->open = true;
	err = lines_init(&d->lines, &d->source);
	return err != 0 ? err : 1;
}

int
deltas_read(struct deltas *d)
{
	char *text = NULL;
	size_t size = 0;
	int got;

	if (d->full) {
		d->addresses_left = 0;
		close_file(d);
		return 0;
	}
	if (d->addresses_left > 0) {
		got = apply_address(d);
		return got != 0 ? got : 1;
	}
	if (!d->open)
		return d->file == d->n_files ? 0 : open_file(d);
	got = lines_next(&d->lines, &text, &size);
	if (got == LINES_LINE) {
		got = take_line(d, text, size);
		return got != 0 ? got : 1;
	}
	if (got == LINES_SKIPPED)
		return 1;
	if (got < 0)
		d->failed = got;
	close_file(d);
	d->file++;
	return got == -ENOMEM ? got : 1;
}

bool
deltas_pass(struct deltas *d, const struct name *name)
{
	struct delta_name *n = delta_set_find(&d->set, name);

	if (n == NULL)
		return true;
	n->in_list = true;
	return !n->cut;
}

/* ---- behind the list ---- */

static void
warn_idle(const struct deltas *d)
{
	for (size_t i = 0; i < d->n_files; i++) {
		const struct delta_file *f = &d->files[i];
		const struct report r = {d->list.d, f->path};

		if (f->n_there + f->n_missing > 0)
			report_warning(&r, (struct place){f->idle_line, 1},
			    "%zu added that the list has already, %zu taken "
			    "out that it has not; this is the first such line",
			    f->n_there, f->n_missing);
	}
}

bool
deltas_next(struct deltas *d, const struct delta_name **out)
{
	const struct delta_name *n = d->behind ? d->next : d->set.first;

	*out = NULL;
	d->behind = true;
	if (n == NULL) {
		if (d->failed == 0)
			warn_idle(d);
		return false;
	}
	d->next = n->next;
	if (n->first_plus == n->in_list)
		note_idle(
		    &d->files[n->first_file], n->first_plus, n->first_line);
	d->n_added += n->last_plus && !n->in_list;
	d->n_removed += !n->last_plus && n->in_list;
	if (n->last_plus && (n->cut || !n->in_list))
		*out = n;
	return true;
}

const char *
deltas_path(const struct deltas *d, const struct delta_name *n)
{
	return d->files[n->file].path;
}

int
deltas_failed(const struct deltas *d)
{
	return d->failed;
}

off_t
deltas_bytes(const struct deltas *d)
{
	return d->bytes + (d->open ? d->source.total : 0);
}

struct watchlist_deltas
deltas_count(const struct deltas *d)
{
	return (struct watchlist_deltas){.files = d->n_files,
	    .names = d->set.n,
	    .added = d->n_added,
	    .removed = d->n_removed};
}
