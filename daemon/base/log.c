/* SPDX-License-Identifier: ISC */

/*
 * One line is one write(2), and a reader that is slow or gone costs the line
 * and not the loop: poll(2) is asked first.  A pipe that polls writable has
 * room for PIPE_BUF bytes, more than a line, so that the write does not block
 * even when the descriptor may; a pipe without a reader polls POLLERR, and is
 * not written to, so that no SIGPIPE comes of it.
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"

static struct {
	bool opened;
	bool journal; /* standard error goes to systemd's journal */
	enum log_level level;
	uint64_t lost;
} state = {.level = LOG_INFO};

/* $JOURNAL_STREAM is "device:inode" of the journal's socket; a redirected
 * standard error is another file, and gets the plain form. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

void
log_open(enum log_level level)
{
	state.level = level;
	state.journal = is_journal();
	state.opened = true;
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "ERROR";
	case LOG_WARNING:
		return "WARNING";
	case LOG_INFO:
		return "INFO";
	case LOG_DEBUG:
		return "DEBUG";
	}
	return "?";
}

static bool
is_writable(void)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) == 1 &&
	       (fd.revents & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) ==
	           POLLOUT;
}

static void
put_line(const char *line, size_t size)
{
	ssize_t n = -1;

	if (is_writable()) {
		do
			n = write(STDERR_FILENO, line, size);
		while (n == -1 && errno == EINTR);
	}
	if (n != (ssize_t)size)
		state.lost++;
}

void
log_put(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	char line[LOG_LINE_MAX + 1]; /* and a NUL that is not written */
	char at[WALL_TEXT_SIZE];
	int errno_before = errno;
	int head;
	int size;
	va_list args;

	if (level > state.level)
		return;
	if (!state.opened)
		log_open(state.level);
	va_start(args, format);
	size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (size < 0)
		text[0] = '\0';
	if (state.journal)
		head = snprintf(line, sizeof(line), "<%d>", (int)level);
	else
		head = snprintf(line, sizeof(line), "%s %s ",
		    wall_print(clock_wall(), at), level_name(level));
	/* One byte is kept back for the end of the line. */
	escape_text(text, line + head, sizeof(line) - (size_t)head - 1);
	size = (int)strlen(line);
	line[size] = '\n';
	put_line(line, (size_t)size + 1);
	errno = errno_before;
}

uint64_t
log_lost(void)
{
	return state.lost;
}
