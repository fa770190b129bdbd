/* SPDX-License-Identifier: ISC */

/*
 * The top level of dnsvigil.yaml.  To add a key: a line in `keys`, a reader,
 * a field and its default in config.h, dnsvigil.yaml(5), docs/examples, and
 * cases in tests/cases/config.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "expand_priv.h"
#include "reader_priv.h"
#include "source_priv.h"
#include "stream_priv.h"

enum {
	NODES_MAX = 100000,
	FAILING_AFTER_DEFAULT = 3,
	FAILING_AFTER_MAX = 100,
	BUFFER_MB_DEFAULT = 64,
	BUFFER_MB_MAX = 64 * 1024,
	DAY_S = 86400,
	DIFFER_AFTER_DEFAULT_S = 3600,
	DIFFER_AFTER_MAX_S = 30 * DAY_S,
	RETENTION_MAX_DAYS = 36500,
	CANARY_EVERY_DEFAULT_S = 20,
	SIGNATURES_AHEAD_DEFAULT_S = 7 * DAY_S,
	SIGNATURES_EVERY_DEFAULT_S = 6 * 3600,
	DANGLING_EVERY_DEFAULT_S = 3600,
	WILDCARD_EVERY_DEFAULT_S = 3600,
};

static const char resolv_conf[] = "/etc/resolv.conf";

char *
reader_text(struct reader *x, const char *text)
{
	char *copy = strdup(text);

	x->no_memory = x->no_memory || copy == NULL;
	return copy;
}

void *
reader_array(struct reader *x, size_t n, size_t size)
{
	void *array = calloc(n, size);

	x->no_memory = x->no_memory || array == NULL;
	return array;
}

bool
reader_is_named(
    struct reader *x, const struct node *n, const char *what, size_t max)
{
	const char *name = n->key->text;
	size_t good;

	if (n->key->kind == NODE_BAD)
		return false;
	if (n->key->twice != NULL) {
		report_error(&x->r, n->key->at,
		    "key `%.64s` stands twice (first in line %u); keep one",
		    name, n->key->twice->at.line);
		return false;
	}
	good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (good >= 1 && good <= max && name[good] == '\0')
		return true;
	report_error(&x->r, n->key->at,
	    "bad %s name `%.64s`; use 1 to %zu of a-z, 0-9, _ and -", what,
	    name, max);
	return false;
}

static void
read_database(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	x->database = value;
}

static void
read_database_file(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	x->database_file = value;
}

static void
read_watchlists(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	struct config *c = x->c;

	if (!node_is_list(value, "`watchlists`", &x->r))
		return;
	if (value->n == 0) {
		report_error(&x->r, value->at,
		    "`watchlists` is empty; name a file, as in "
		    "`[watchlists/*.yaml]`");
		return;
	}
	c->watchlists = reader_array(x, value->n, sizeof(char *));
	c->watchlist_places =
	    reader_array(x, value->n, sizeof(*c->watchlist_places));
	if (c->watchlists == NULL || c->watchlist_places == NULL)
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next) {
		const char *text = node_text(n, "a watchlist", &x->r);
		char *copy = text == NULL ? NULL : reader_text(x, text);

		if (copy == NULL)
			continue;
		c->watchlist_places[c->n_watchlists].line = n->at.line;
		c->watchlist_places[c->n_watchlists].column = n->at.column;
		c->watchlists[c->n_watchlists++] = copy;
	}
}

static void
read_failing_after(void *ctx, const struct node *value)
{
	static const uint32_t range[2] = {1, FAILING_AFTER_MAX};
	struct reader *x = ctx;

	(void)node_number(
	    value, "`failing_after`", &x->r, range, &x->c->failing_after);
}

static void
read_differ_after(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`differ_after`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (strcmp(text, "none") == 0)
		x->c->differ_after_s = 0;
	else if (span_parse(text, &seconds) != 0 || seconds == 0 ||
		 seconds > DIFFER_AFTER_MAX_S)
		report_error(&x->r, value->at,
		    "`differ_after` must say for how long views differ until "
		    "it is told, from 1s to 30d, as in 1h, or none");
	else
		x->c->differ_after_s = seconds;
}

/* Powers of 1024 by their first letter; 0 for no unit of ours. */
static uint64_t
unit_bytes(const char *unit)
{
	static const char *const names[] = {
	    "KB", "KiB", "MB", "MiB", "GB", "GiB"};

	for (unsigned i = 0; i < 6; i++) {
		if (strcasecmp(unit, names[i]) == 0)
			return (uint64_t)1 << (10 * (i / 2 + 1));
	}
	return 0;
}

static void
read_buffer(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`buffer`", &x->r);
	const uint64_t mb = 1024 * 1024;
	uint64_t v = 0;
	uint64_t unit;

	if (text == NULL)
		return;
	for (; *text >= '0' && *text <= '9' && v <= UINT32_MAX; text++)
		v = v * 10 + (uint64_t)(*text - '0');
	unit = unit_bytes(text);
	if (unit == 0 || v * unit < mb || v * unit > BUFFER_MB_MAX * mb)
		report_error(&x->r, value->at,
		    "`buffer` must be a size from 1MB to 64GB, as in 64MB");
	else
		x->c->buffer_bytes = v * unit;
}

static void
read_retention(void *ctx, const struct node *value)
{
	struct reader *x = ctx;
	const char *text = node_text(value, "`retention`", &x->r);
	uint32_t seconds;

	if (text == NULL)
		return;
	if (strcmp(text, "none") == 0) {
		x->c->retention_days = 0;
		return;
	}
	if (span_parse(text, &seconds) != 0 || seconds == 0 ||
	    seconds % DAY_S != 0 || seconds / DAY_S > RETENTION_MAX_DAYS)
		report_error(&x->r, value->at,
		    "`retention` must be whole days up to %dd, as in 400d, "
		    "or none",
		    RETENTION_MAX_DAYS);
	else
		x->c->retention_days = seconds / DAY_S;
}

static void
read_grouping(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	(void)node_bool(value, "`grouping`", &x->r, &x->c->grouping);
}

static const struct key keys[] = {
    {"database", read_database},
    {"database_file", read_database_file},
    {"resolvers", read_resolvers},
    {"views", read_views},
    {"quorum", read_quorum},
    {"watchlists", read_watchlists},
    {"sinks", read_sinks},
    {"severity", read_severities},
    {"failing_after", read_failing_after},
    {"differ_after", read_differ_after},
    {"buffer", read_buffer},
    {"retention", read_retention},
    {"canaries", read_canaries},
    {"signatures", read_signatures},
    {"profiles", read_profiles},
    {"providers", read_providers},
    {"dangling", read_dangling},
    {"silences", read_silences},
    {"digest", read_digest},
    {"plans", read_plans},
    {"grouping", read_grouping},
    {"wildcard", read_wildcard},
    {"marks", read_marks},
    {"unlisted", read_unlisted},
};

static bool
has_password(const char *database)
{
	const char *host = strstr(database, "://");
	const char *at = host == NULL ? NULL : strchr(host, '@');

	return strstr(database, "password") != NULL ||
	       (at != NULL && memchr(host + 3, ':', (size_t)(at - host) - 3));
}

/* libpq says more when it connects; this is what would surely fail. */
static void
take_database(struct reader *x, const struct node *n, const char *text)
{
	if (strncmp(text, "postgresql://", 13) == 0 ||
	    strncmp(text, "postgres://", 11) == 0 ||
	    (strchr(text, '=') != NULL && strstr(text, "://") == NULL))
		x->c->database = reader_text(x, text);
	else
		report_error(&x->r, n->at,
		    "no PostgreSQL connection; write "
		    "postgresql://host/dbname or `host=... dbname=...`");
}

static void
finish_database(struct reader *x, struct place at)
{
	char *text;
	size_t size;

	if (x->database != NULL && x->database_file != NULL) {
		report_error(&x->r, x->database_file->key->at,
		    "both database and database_file; keep one");
	} else if (x->database != NULL) {
		if (node_text(x->database, "`database`", &x->r) == NULL)
			return;
		if (has_password(x->database->text))
			warn_shared(x, x->database, "`database`");
		take_database(x, x->database, x->database->text);
	} else if (x->database_file != NULL) {
		text = read_secret_file(
		    x, x->database_file, "database_file", &size);
		if (text == NULL)
			return;
		take_database(x, x->database_file, text);
		explicit_bzero(text, size);
		free(text);
	} else {
		report_error(&x->r, at,
		    "no `database`; add `database: postgresql:///dnsvigil`");
	}
}

/* Is the key there at all, well written or not? */
static bool
has_key(const struct node *map, const char *name)
{
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		if (n->key->kind != NODE_BAD && strcmp(n->key->text, name) == 0)
			return true;
	}
	return false;
}

static void
read_top(struct reader *x, const struct node *root)
{
	if (!node_walk(root, "the configuration", keys,
		sizeof(keys) / sizeof(keys[0]), &x->r, x))
		return;
	if (x->database != NULL || x->database_file != NULL ||
	    !(has_key(root, "database") || has_key(root, "database_file")))
		finish_database(x, root->at);
	if (!has_key(root, "watchlists"))
		report_error(&x->r, root->at,
		    "no `watchlists`; add `watchlists: [watchlists/*.yaml]`");
	if (!has_key(root, "resolvers"))
		read_resolvers_default(x, root->at, resolv_conf);
	finish_resolvers(x);
	finish_quorums(x);
	finish_profiles(x);
}

/* Secrets stood in the tree as text. */
static void
wipe_tree(struct node *root)
{
	for (struct node *n = root; n != NULL; n = n->made) {
		if (n->text != NULL && n->size > 0)
			explicit_bzero(n->text, n->size);
	}
}

/* Expanded. */
int
reader_parse(struct reader *x, const char *text, size_t size,
    struct arena *arena, struct node **out)
{
	static const struct node_limits limits = {.nodes_max = NODES_MAX};
	struct stream *s = stream_new(&x->r, NULL, text, size);
	struct item item;
	int err;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	err = stream_next(s, &item);
	if (err == 0 && item.kind != ITEM_END)
		err = node_build(s, &item, &limits, arena, out);
	if (err == 0 && *out != NULL)
		err = expand_tree(*out, arena, &x->r);
	if (err == 0 && *out != NULL)
		err = stream_next(s, &item); /* Only the end may follow. */
	stream_free(s);
	return err;
}

static struct config *
read_config(const char *text, size_t size, const char *path, bool shared,
    struct diag *d)
{
	struct reader x = {.r = {d, path}, .shared = shared};
	size_t n_errors = d->n_errors;
	struct arena arena = {0};
	struct node *root = NULL;
	int err = -ENOMEM;

	x.c = calloc(1, sizeof(*x.c));
	if (x.c == NULL)
		goto out;
	x.c->failing_after = FAILING_AFTER_DEFAULT;
	x.c->differ_after_s = DIFFER_AFTER_DEFAULT_S;
	x.c->buffer_bytes = (uint64_t)BUFFER_MB_DEFAULT * 1024 * 1024;
	x.c->canary_every_s = CANARY_EVERY_DEFAULT_S;
	x.c->signatures_ahead_s = SIGNATURES_AHEAD_DEFAULT_S;
	x.c->signatures_every_s = SIGNATURES_EVERY_DEFAULT_S;
	x.c->grouping = true;
	x.c->dangling_every_s = DANGLING_EVERY_DEFAULT_S;
	x.c->wildcard_every_s = WILDCARD_EVERY_DEFAULT_S;
	x.c->path = reader_text(&x, path);
	x.c->resolvers =
	    reader_array(&x, CONFIG_RESOLVERS_MAX, sizeof(*x.c->resolvers));
	x.c->views = reader_array(&x, CONFIG_VIEWS_MAX, sizeof(*x.c->views));
	if (x.c->resolvers == NULL || x.c->views == NULL ||
	    config_providers_default(x.c) != 0 ||
	    config_labels_default(x.c) != 0)
		goto out;
	x.c->views[x.c->n_views++] = reader_text(&x, "default");
	err = reader_parse(&x, text, size, &arena, &root);
	if (err == 0 && (root == NULL || node_is_empty(root)))
		report_error(&x.r, (struct place){1, 1},
		    "the configuration is empty; see dnsvigil.yaml(5) for "
		    "a first one");
	else if (err == 0)
		read_top(&x, root);
	if (x.no_memory)
		err = -ENOMEM;
	if (root != NULL)
		wipe_tree(root);
out:
	if (err == -ENOMEM)
		report_error(&x.r, (struct place){0}, "memory is short");
	arena_fini(&arena);
	if (err != 0 || d->n_errors != n_errors) {
		config_free(x.c);
		return NULL;
	}
	return x.c;
}

struct config *
config_read(const char *text, size_t size, const char *path, struct diag *d)
{
	if (size > CONFIG_SIZE_MAX) {
		diag_error(d, path, 0, 0,
		    "larger than %d bytes; make it smaller", CONFIG_SIZE_MAX);
		return NULL;
	}
	return read_config(text, size, path, false, d);
}

struct config *
config_load(const char *path, struct diag *d)
{
	const struct report report = {d, path};
	struct config *c = NULL;
	struct source source;
	char *text = NULL;
	size_t size = 0;

	if (source_open(&source, &report) != 0)
		return NULL;
	if (source_read_all(&source, CONFIG_SIZE_MAX, &text, &size) == 0)
		c = read_config(
		    text, size, path, (source.st.st_mode & 077) != 0, d);
	source_close(&source);
	if (text != NULL)
		explicit_bzero(text, size);
	free(text);
	return c;
}

const char *
config_find(const char *path)
{
	static const char *const places[] = {
	    "./dnsvigil.yaml", "/etc/dnsvigil/dnsvigil.yaml"};

	if (path != NULL)
		return path;
	for (size_t i = 0; i < 2; i++) {
		if (access(places[i], F_OK) == 0)
			return places[i];
	}
	return NULL;
}

static void
free_wiped(void *data, size_t size)
{
	if (data != NULL)
		explicit_bzero(data, size);
	free(data);
}

static void
free_sink(struct config_sink *sink)
{
	free(sink->name);
	free(sink->url);
	free_wiped(sink->secret, sink->secret_size);
	free(sink->allow);
	free(sink->ca);
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	free(c->path);
	free_wiped(c->database, c->database ? strlen(c->database) : 0);
	for (size_t i = 0; i < c->n_resolvers; i++) {
		free(c->resolvers[i].group);
		config_tls_free(c->resolvers[i].tls);
	}
	free(c->resolvers);
	for (size_t i = 0; i < c->n_views; i++) {
		free(c->views[i]);
		config_source_free(c->sources[i]);
	}
	free(c->views);
	for (size_t i = 0; i < c->n_watchlists; i++)
		free(c->watchlists[i]);
	free(c->watchlists);
	free(c->watchlist_places);
	free(c->providers);
	free(c->labels);
	free_profiles(c);
	for (size_t i = 0; i < c->n_sinks; i++)
		free_sink(&c->sinks[i]);
	free(c->sinks);
	for (size_t i = 0; i < c->n_severities; i++) {
		free(c->severities[i].kind);
		free(c->severities[i].aspect);
		free(c->severities[i].type);
		free(c->severities[i].tag);
		free(c->severities[i].severity);
	}
	free(c->severities);
	free_silences(c);
	free(c->digest_zone);
	free_plans(c);
	free_marks(c);
	for (size_t i = 0; i < c->n_canaries; i++)
		free(c->canaries[i].addrs);
	free(c->canaries);
	free(c);
}

bool
config_names(const struct config *c, const char *path)
{
	const char *slash = c->path == NULL ? NULL : strrchr(c->path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - c->path) + 1;

	for (size_t i = 0; i < c->n_watchlists; i++) {
		const char *pattern = c->watchlists[i];
		const char *tail = path;

		/* The folder is a path, whatever signs are in it. */
		if (pattern[0] != '/') {
			if (strncmp(path, c->path, folder) != 0)
				continue;
			tail += folder;
		}
		if (strcmp(pattern, tail) == 0 ||
		    fnmatch(pattern, tail, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}
