/* SPDX-License-Identifier: ISC */

/* Which files patterns name at this moment, and those of plans and marks. */

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "reader_priv.h"
#include "source_priv.h"

struct files {
	char **list;
	size_t n;
};

static bool
add_file(struct files *files, const char *path)
{
	char **list = realloc(files->list, (files->n + 1) * sizeof(char *));

	if (list == NULL)
		return false;
	files->list = list;
	list[files->n] = strdup(path);
	if (list[files->n] == NULL)
		return false;
	files->n++;
	return true;
}

/* The folder of the configuration is a path, whatever signs are in it. */
static char *
escape_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	char *out = malloc(2 * size + 1);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (strchr("*?[\\", path[i]) != NULL)
			out[used++] = '\\';
		out[used++] = path[i];
	}
	out[used] = '\0';
	return out;
}

static char *
whole_pattern(const struct config *c, const char *pattern)
{
	char *folder;
	char *out;

	if (pattern[0] == '/')
		return strdup(pattern);
	folder = escape_folder(c->path == NULL ? "" : c->path);
	if (folder == NULL || asprintf(&out, "%s%s", folder, pattern) == -1)
		out = NULL;
	free(folder);
	return out;
}

/* The files among the matches; how many, or -ENOMEM. */
static int
add_matches(struct files *files, const glob_t *found)
{
	int n = 0;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		const char *path = found->gl_pathv[i];
		size_t size = strlen(path);

		if (size > 0 && path[size - 1] == '/') /* GLOB_MARK */
			continue;
		if (!add_file(files, path))
			return -ENOMEM;
		n++;
	}
	return n;
}

static int
add_pattern(struct files *files, const struct config *c, const char *pattern)
{
	glob_t found = {0};
	char *whole;
	int n;

	if (strpbrk(pattern, "*?[") == NULL) {
		whole = path_beside(c->path, pattern);
		n = whole != NULL && add_file(files, whole) ? 1 : -ENOMEM;
		free(whole);
		return n;
	}
	whole = whole_pattern(c, pattern);
	if (whole == NULL)
		return -ENOMEM;
	n = glob(whole, GLOB_MARK, NULL, &found) == GLOB_NOSPACE
	        ? -ENOMEM
	        : add_matches(files, &found);
	globfree(&found);
	free(whole);
	return n;
}

static int
compare_paths(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

static void
drop_twins(struct files *files)
{
	size_t kept = 0;

	if (files->n > 1)
		qsort(files->list, files->n, sizeof(char *), compare_paths);
	for (size_t i = 0; i < files->n; i++) {
		if (kept > 0 &&
		    strcmp(files->list[kept - 1], files->list[i]) == 0)
			free(files->list[i]);
		else
			files->list[kept++] = files->list[i];
	}
	files->n = kept;
}

size_t
config_files(const struct config *c, char ***out, struct diag *d)
{
	struct files files = {0};

	for (size_t i = 0; i < c->n_watchlists; i++) {
		const struct config_place *at = &c->watchlist_places[i];
		int n = add_pattern(&files, c, c->watchlists[i]);

		if (n == 0)
			diag_error(d, c->path, at->line, at->column,
			    "no file matches `%.200s`; put a list there or "
			    "remove the pattern",
			    c->watchlists[i]);
		else if (n < 0)
			diag_error(d, c->path, at->line, at->column,
			    "memory is short");
	}
	drop_twins(&files);
	*out = files.list;
	return files.n;
}

void
config_files_free(char **files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(files[i]);
	free(files);
}

/* ---- files beside the configuration ---- */

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

static void
read_file(struct reader *top, const char *path, const char *what, file_fn *fn)
{
	struct reader x = {.r = {top->r.d, path}, .c = top->c};
	struct arena arena = {0};
	struct node *root = NULL;
	struct source source;
	char *text = NULL;
	size_t size = 0;

	if (source_open(&source, &x.r) != 0)
		return;
	/* What fails here was reported. */
	if (source_read_all(&source, FILE_SIZE_MAX, &text, &size) == 0 &&
	    reader_parse(&x, text, size, &arena, &root) == 0) {
		if (root == NULL || node_is_empty(root))
			report_error(&x.r, (struct place){1, 1},
			    "an empty %s; see dnsvigil.yaml(5)", what);
		else
			fn(&x, root, path);
	}
	source_close(&source);
	top->no_memory = top->no_memory || x.no_memory;
	arena_fini(&arena);
	free(text);
}

/* A folder without files is none that lacks something. */
void
reader_files(struct reader *x, const struct node *value, const char *what,
    size_t max, file_fn *fn)
{
	struct files files = {0};

	if (!node_is_list(value, "the files", &x->r))
		return;
	for (const struct node *v = value->first; v != NULL; v = v->next) {
		const char *text = node_text(v, "a pattern of files", &x->r);

		if (text != NULL && add_pattern(&files, x->c, text) == -ENOMEM)
			x->no_memory = true;
	}
	drop_twins(&files);
	if (files.n > max)
		report_error(&x->r, value->at,
		    "more than %zu files of this kind; take away what is over",
		    max);
	for (size_t i = 0; i < files.n && files.n <= max; i++)
		read_file(x, files.list[i], what, fn);
	config_files_free(files.list, files.n);
}
