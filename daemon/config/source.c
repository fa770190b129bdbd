/* SPDX-License-Identifier: ISC */

/* Regular files only; see source_priv.h for what is refused and why. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "source_priv.h"

static const struct place whole_file;

static int
refuse_kind(struct source *s)
{
	if (S_ISREG(s->st.st_mode))
		return 0;
	if (S_ISDIR(s->st.st_mode)) {
		report_error(&s->report, whole_file,
		    "this is a folder; name a file in it");
		return -EISDIR;
	}
	report_error(&s->report, whole_file,
	    "this is no regular file; copy its content into one");
	return -EINVAL;
}

int
source_open(struct source *s, const struct report *report)
{
	int err;

	*s = (struct source){.report = *report};
	s->fd =
	    open(report->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (s->fd == -1 || fstat(s->fd, &s->st) == -1) {
		err = -errno;
		report_error(
		    report, whole_file, "cannot be opened: %s", err_text(err));
		source_close(s);
		return err;
	}
	err = refuse_kind(s);
	if (err != 0)
		source_close(s);
	return err;
}

void
source_close(struct source *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

static bool
held_still(const struct source *s)
{
	struct stat now;

	return fstat(s->fd, &now) == 0 && s->total >= s->st.st_size &&
	       now.st_size == s->st.st_size &&
	       now.st_mtim.tv_sec == s->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == s->st.st_mtim.tv_nsec;
}

ssize_t
source_read(struct source *s, void *out, size_t size)
{
	ssize_t got;
	int err;

	do {
		got = read(s->fd, out, size);
	} while (got == -1 && errno == EINTR);
	if (got == -1) {
		err = -errno;
		report_error(&s->report, whole_file, "cannot be read: %s",
		    err_text(err));
		return err;
	}
	s->total += got;
	if (got == 0 && !held_still(s)) {
		report_error(&s->report, whole_file,
		    "changed while it was read; write a new file and rename "
		    "it over the old one");
		return -ESTALE;
	}
	return got;
}

int
source_read_all(struct source *s, size_t size_max, char **out, size_t *size)
{
	size_t room = (size_t)s->st.st_size + 1;
	size_t used = 0;
	char *data;
	ssize_t got;

	if (s->st.st_size < 0 || (uintmax_t)s->st.st_size > size_max) {
		report_error(&s->report, whole_file,
		    "larger than %zu bytes; make it smaller", size_max);
		return -EFBIG;
	}
	data = malloc(room + 1);
	if (data == NULL)
		return -ENOMEM;
	for (;;) {
		got = source_read(s, data + used, room - used);
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used == room) /* It grew past its size: the end says so. */
			used = 0;
	}
	if (got < 0) {
		explicit_bzero(data, room);
		free(data);
		return (int)got;
	}
	data[used] = '\0';
	*out = data;
	*size = used;
	return 0;
}
