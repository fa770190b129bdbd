/* SPDX-License-Identifier: ISC */

/* Finding and reading the migrations; nothing here knows a database. */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "migrate_priv.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024, DIGITS = 4, PATH_SIZE = 4096 };

static bool
is_migration(const char *name)
{
	size_t size = strlen(name);

	return strspn(name, "0123456789") == DIGITS && name[DIGITS] == '_' &&
	       size > 4 && strcmp(name + size - 4, ".sql") == 0;
}

static int
select_migration(const struct dirent *entry)
{
	return is_migration(entry->d_name);
}

/* Everything in the file, as text; NULL with *err set. */
static char *
read_text(const char *path, size_t *size, int *err)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;

	if (in == NULL) {
		*err = -errno;
		return NULL;
	}
	text = malloc(FILE_SIZE_MAX + 1);
	*size = text == NULL ? 0 : fread(text, 1, FILE_SIZE_MAX + 1, in);
	if (text == NULL)
		*err = -ENOMEM;
	else if (ferror(in))
		*err = -EIO;
	else if (*size > FILE_SIZE_MAX)
		*err = ERR_TOO_BIG;
	else if (memchr(text, '\0', *size) != NULL)
		*err = ERR_SYNTAX; /* libpq would stop there */
	if (*err == 0) {
		text[*size] = '\0';
	} else {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static int
add_file(const char *dir, const char *name, struct migrate_files *out)
{
	struct migrate_file *file = &out->list[out->n];
	uint8_t digest[SHA256_SIZE];
	char path[PATH_SIZE];
	size_t size;
	int err = 0;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	file->text = read_text(path, &size, &err);
	if (file->text == NULL)
		return err;
	file->name = strdup(name);
	if (file->name == NULL) {
		free(file->text);
		return -ENOMEM;
	}
	hash_sha256(file->text, size, digest);
	hash_hex(digest, sizeof(digest), file->sha256);
	out->n++;
	return 0;
}

static int
add_files(const char *dir, struct dirent **entries, size_t n,
    struct migrate_files *out, char *why, size_t why_size)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		int err;

		if (strtoul(name, NULL, 10) != i + 1) {
			snprintf(why, why_size,
			    "%s: number %04zu is missing or there twice", dir,
			    i + 1);
			return ERR_SCHEMA;
		}
		err = add_file(dir, name, out);
		if (err != 0) {
			snprintf(why, why_size, "%s/%s: %s", dir, name,
			    err_text(err));
			return err;
		}
	}
	return 0;
}

int
migrate_files_read(
    const char *dir, struct migrate_files *out, char *why, size_t why_size)
{
	struct dirent **entries = NULL;
	int err = -ENOMEM;
	int n;

	*out = (struct migrate_files){0};
	n = scandir(dir, &entries, select_migration, alphasort);
	if (n <= 0) {
		err = n < 0 ? -errno : ERR_NOT_FOUND;
		snprintf(why, why_size, "%s: %s", dir,
		    n < 0 ? err_text(err) : "has no migrations (0001_*.sql)");
		free(entries);
		return err;
	}
	out->list = calloc((size_t)n, sizeof(*out->list));
	if (out->list == NULL)
		snprintf(why, why_size, "%s", err_text(err));
	else
		err = add_files(dir, entries, (size_t)n, out, why, why_size);
	if (err != 0)
		migrate_files_fini(out);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return err;
}

void
migrate_files_fini(struct migrate_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].name);
		free(files->list[i].text);
	}
	free(files->list);
	*files = (struct migrate_files){0};
}
