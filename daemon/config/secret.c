/* SPDX-License-Identifier: ISC */

/*
 * Secrets come out of files of their own.  Nothing here prints one, and what
 * is read is wiped before it is freed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_priv.h"
#include "source_priv.h"

enum { SECRET_FILE_MAX = 64 * 1024 };

static const char credential[] = "credential:";

char *
path_beside(const char *path, const char *file)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	char *out;

	if (file[0] == '/' || slash == NULL)
		return strdup(file);
	if (asprintf(&out, "%.*s/%s", (int)(slash - path), path, file) == -1)
		return NULL;
	return out;
}

/* "credential:ID" as systemd hands it over (LoadCredential=). */
static char *
credential_path(struct reader *x, const struct node *n, const char *what)
{
	const char *id = n->text + sizeof(credential) - 1;
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char *out;

	if (id[0] == '\0' || id[0] == '.' || strchr(id, '/') != NULL) {
		report_error(&x->r, n->at,
		    "%s: unreadable credential name; write credential:ID",
		    what);
		return NULL;
	}
	if (folder == NULL || folder[0] == '\0') {
		report_error(&x->r, n->at,
		    "%s: no $CREDENTIALS_DIRECTORY; give LoadCredential= in "
		    "the systemd unit, or a path",
		    what);
		return NULL;
	}
	if (asprintf(&out, "%s/%s", folder, id) == -1) {
		x->no_memory = true;
		return NULL;
	}
	return out;
}

char *
read_named_file(struct reader *x, const struct node *n,
    const struct named_file *file, size_t *size, bool *shared)
{
	struct diag inner = {0};
	struct report report = {&inner, file->path};
	struct source source;
	char *data = NULL;
	int err = source_open(&source, &report);

	*shared = false;
	if (err == 0) {
		*shared = (source.st.st_mode & 077) != 0;
		err = source_read_all(&source, file->size_max, &data, size);
		source_close(&source);
	}
	if (err != 0)
		report_error(&x->r, n->at, "%s %s: %s", file->what, file->path,
		    inner.n_items > 0 ? inner.items[0].text
				      : "memory is short");
	diag_fini(&inner);
	return data;
}

static char *
read_file(struct reader *x, const struct node *n, const char *what,
    const char *path, size_t *size)
{
	const struct named_file file = {what, path, SECRET_FILE_MAX};
	bool shared;
	char *data = read_named_file(x, n, &file, size, &shared);

	if (data != NULL && shared && strncmp(n->text, credential, 11) != 0)
		report_warning(&x->r, n->at,
		    "%s %s can be read by others; chmod 600 it", what, path);
	return data;
}

char *
read_secret_file(
    struct reader *x, const struct node *n, const char *what, size_t *size)
{
	char *path;
	char *data;

	if (node_text(n, what, &x->r) == NULL)
		return NULL;
	if (strncmp(n->text, credential, sizeof(credential) - 1) == 0) {
		path = credential_path(x, n, what);
	} else {
		path = path_beside(x->r.path, n->text);
		x->no_memory = x->no_memory || path == NULL;
	}
	if (path == NULL)
		return NULL;
	data = read_file(x, n, what, path, size);
	free(path);
	if (data == NULL)
		return NULL;
	if (*size > 0 && data[*size - 1] == '\n')
		data[--*size] = '\0';
	if (*size > 0 && data[*size - 1] == '\r')
		data[--*size] = '\0';
	if (*size > 0 && memchr(data, '\0', *size) == NULL &&
	    strchr(data, '\n') == NULL)
		return data;
	report_error(&x->r, n->at,
	    *size == 0 ? "the file that %s names is empty; put one line into it"
		       : "the file that %s names must hold one line of text",
	    what);
	explicit_bzero(data, *size);
	free(data);
	return NULL;
}

void
warn_shared(struct reader *x, const struct node *n, const char *what)
{
	if (x->shared && n->literal)
		report_warning(&x->r, n->at,
		    "%s holds a secret and others can read this file; "
		    "chmod 600 it, or put the secret into a file of its own",
		    what);
}
