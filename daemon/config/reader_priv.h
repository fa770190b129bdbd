/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_READER_PRIV_H
#define CONFIG_READER_PRIV_H

/* reader -- one configuration on its way from a tree to struct config. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "config/config.h"
#include "node_priv.h"

struct reader {
	struct report r;
	struct config *c;
	bool shared; /* the file may be read by group or world */
	bool no_memory;
	const struct node *database;
	const struct node *database_file;
	bool resolvers_given;
	size_t view; /* whose resolvers are being read */
	const struct node *quorums[CONFIG_VIEWS_MAX]; /* as written */
	const struct node *gso; /* where it is switched on */
};

/* A copy that config_free() frees; NULL is noted in no_memory. */
char *reader_text(struct reader *x, const char *text);
void *reader_array(struct reader *x, size_t n, size_t size);
/*
 * May `n` be a name that the operator gives (a `what`: 1 to `max` of a-z, 0-9,
 * _ and -), standing once?  Else reported, unless that was done.
 */
bool reader_is_named(
    struct reader *x, const struct node *n, const char *what, size_t max);

void read_resolvers(void *ctx, const struct node *value);
/* Questions a second, 0 for `none`; false when it was refused. */
bool read_rate(struct reader *x, const struct node *value, uint32_t *out);
/* Where a server is, at `port` unless it says; false when it was refused. */
bool read_server(struct reader *x, const struct node *value, uint16_t port,
    struct addr *out);
/* What only all resolvers together tell. */
void finish_resolvers(struct reader *x);
/* Those of the resolver configuration at `path`, when none were given. */
void read_resolvers_default(
    struct reader *x, struct place at, const char *path);
void read_sinks(void *ctx, const struct node *value);
void read_views(void *ctx, const struct node *value);
/* The keys of a view; NULL: not there. */
struct view_keys {
	const struct node *resolvers;
	const struct node *authoritative;
	const struct node *parent, *hints, *at, *rate, *quorum;
};
/* How the view x->view asks, which is authoritative. */
void read_source(struct reader *x, const struct view_keys *keys);
void read_quorum(void *ctx, const struct node *value);
/* Each against the groups that its view has. */
void finish_quorums(struct reader *x);
void read_severities(void *ctx, const struct node *value);
void read_canaries(void *ctx, const struct node *value);
void read_signatures(void *ctx, const struct node *value);
void read_profiles(void *ctx, const struct node *value);
void read_dangling(void *ctx, const struct node *value);
void read_wildcard(void *ctx, const struct node *value);
void read_unlisted(void *ctx, const struct node *value);
/* Those of a configuration that gives none.  0, or -1: no memory. */
MUST_CHECK int config_labels_default(struct config *c);
void read_providers(void *ctx, const struct node *value);
void read_digest(void *ctx, const struct node *value);
void read_silences(void *ctx, const struct node *value);
void free_silences(struct config *c);
/* The files of marks, which are read at once, too. */
void read_marks(void *ctx, const struct node *value);
void free_marks(struct config *c);
/*
 * Calls fn with the tree of each file that the patterns of a list name now, in
 * the order of their paths, each once; problems have the file's places.
 */
typedef void file_fn(
    struct reader *x, const struct node *root, const char *path);
void reader_files(struct reader *x, const struct node *value, const char *what,
    size_t max, file_fn *fn);
/* The files of plans, which are read at once. */
void read_plans(void *ctx, const struct node *value);
void free_plans(struct config *c);
/* A YAML file, whole, as a tree in `arena`; *out NULL when it is empty. */
MUST_CHECK int reader_parse(struct reader *x, const char *text, size_t size,
    struct arena *arena, struct node **out);
/* A kind of change or event, or a severity; NULL when it was refused. */
const char *read_kind_word(
    const struct report *r, const char *word, struct place at);
char *read_severity_word(struct reader *x, const struct node *value);
/*
 * A moment, local in `zone` (NULL: none given) unless it has an offset; false
 * when it was refused.
 */
bool read_moment(const struct report *r, const struct node *value,
    const char *what, const char *zone, wall_us *out);
/* Those of a configuration that gives none.  0, or -1: no memory. */
MUST_CHECK int config_providers_default(struct config *c);
/* Adds `domain`, when it was not given. */
void finish_profiles(struct reader *x);
void free_profiles(struct config *c);

/* A resolver's `tls:`; NULL when it was refused. */
struct tls_peer *read_tls(struct reader *x, const struct node *value);
/* The PEM of a `ca_file:`, in place of what *ca was; NULL when refused. */
void read_ca(
    struct reader *x, const struct node *value, char **ca, size_t *size);
/* RFC 4648 4, with or without padding.  The size, or 0. */
size_t base64_read(const char *text, uint8_t *out, size_t room);

/*
 * The content of the file that `n` names (relative to the configuration, or
 * credential:ID), one newline at its end taken off.  NULL when it was
 * refused; else the caller wipes and frees it.
 */
char *read_secret_file(
    struct reader *x, const struct node *n, const char *what, size_t *size);
/* A file that a value names: how messages call it, where it is, its limit. */
struct named_file {
	const char *what;
	const char *path;
	size_t size_max;
};
/* Its content, which the caller frees; NULL when it was refused at `n`. */
char *read_named_file(struct reader *x, const struct node *n,
    const struct named_file *file, size_t *size, bool *shared);
/* Warns when a secret stands in a file that others may read. */
void warn_shared(struct reader *x, const struct node *n, const char *what);

/* `file` against the folder of `path`; NULL when memory is short. */
MUST_CHECK char *path_beside(const char *path, const char *file);

#endif
