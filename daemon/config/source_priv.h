/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_SOURCE_PRIV_H
#define CONFIG_SOURCE_PRIV_H

/*
 * source -- the bytes of a regular file, and whether it held still.
 *
 * Never blocks: FIFOs, devices and folders are refused after an open that
 * does not wait.  A file that was shortened or rewritten while it was read is
 * an error at its end, because half a list would read as names removed.
 */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/attr.h"
#include "report_priv.h"

struct source {
	struct report report;
	int fd;         /* -1: closed */
	off_t total;    /* bytes read */
	struct stat st; /* when it was opened */
};

/* 0 or -errno, which is reported.  report->path is borrowed for good. */
MUST_CHECK int source_open(struct source *s, const struct report *report);
void source_close(struct source *s);
/* Bytes read, 0 at the end, or -errno, which is reported. */
MUST_CHECK ssize_t source_read(struct source *s, void *out, size_t size);
/*
 * The whole file, with a NUL behind it; -EFBIG when it has more than
 * size_max bytes.  The caller frees *out.
 */
MUST_CHECK int source_read_all(
    struct source *s, size_t size_max, char **out, size_t *size);

#endif
