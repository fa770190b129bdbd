/* SPDX-License-Identifier: ISC */

/*
 * Any bytes as a configuration, and as a watchlist of each format.  Promised:
 * no fault, nothing accepted with an error told, and every watch told is
 * whole (name within its size, types and tags within their limits).
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/config.h"
#include "config/watchlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/fuzz-yaml-XXXXXX";
static char names[4][64];
static int fd = -1;

static void
drop_files(void)
{
	for (int i = 0; i < 4; i++)
		unlink(names[i]);
	rmdir(folder);
}

/* One file under three names, so that it is written once per input. */
static void
make_files(void)
{
	static const char *const endings[] = {"x", "x.yaml", "x.csv", "x.txt"};

	CHECK(mkdtemp(folder) != NULL);
	for (int i = 0; i < 4; i++) {
		snprintf(
		    names[i], sizeof(names[i]), "%s/%s", folder, endings[i]);
		CHECK(i == 0 || symlink("x", names[i]) == 0);
	}
	fd = open(names[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd != -1);
	atexit(drop_files);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	size_t *sum = ctx;

	CHECK(w->name.size >= 1 && name_size(w->name.wire) == w->name.size);
	CHECK(w->n_types >= 1 && w->n_types <= WATCH_TYPES_MAX);
	CHECK(w->n_tags <= WATCH_TAGS_MAX);
	CHECK(
	    w->every_s >= WATCH_EVERY_MIN_S && w->every_s <= WATCH_EVERY_MAX_S);
	for (size_t i = 0; i < w->n_tags; i++)
		*sum += strlen(w->tags[i]);
	*sum += strlen(w->typed) + strlen(w->list);
}

static void
try_list(const char *path, size_t step)
{
	struct watchlist *w = NULL;
	struct diag d = {0};
	size_t sum = 0;

	if (watchlist_open(path, NULL, on_watch, &sum, &d, &w) == 0) {
		int err = watchlist_step(w, step);

		while (err > 0)
			err = watchlist_step(w, step);
		CHECK(err == 0 || d.n_errors > 0);
		watchlist_close(w);
	}
	diag_fini(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag d = {0};
	struct config *c;

	if (fd == -1)
		make_files();
	c = config_read((const char *)data, size, "fuzz.yaml", &d);
	CHECK((c == NULL) == (d.n_errors > 0));
	config_free(c);
	diag_fini(&d);
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
	try_list(names[1], 1);
	try_list(names[2], 3);
	try_list(names[3], 1000);
	return 0;
}
