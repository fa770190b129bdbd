/* SPDX-License-Identifier: ISC */

/* The side of `status`: connect, look who answers, read to the end. */

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/control.h"

enum { PIECE = 16 * 1024 };

static bool
is_believed(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	/* Root looks after daemons that run as others. */
	return peer.uid == geteuid() || peer.uid == 0 || geteuid() == 0;
}

static int
read_answer(int fd, struct buf *out)
{
	for (;;) {
		uint8_t piece[PIECE];
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n == 0)
			return out->err;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (out->size + (size_t)n > CONTROL_ANSWER_MAX)
			return ERR_TOO_BIG;
		buf_add(out, piece, (size_t)n);
	}
}

int
control_ask(const char *conninfo, struct buf *out)
{
	const struct timeval patience = {.tv_sec = CONTROL_TIMEOUT_S};
	struct sockaddr_un address;
	socklen_t size = control_address(conninfo, &address);
	int fd;
	int err = 0;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) != 0 ||
	    connect(fd, (struct sockaddr *)&address, size) != 0)
		err = -errno;
	else if (!is_believed(fd))
		err = -EPERM;
	else
		err = read_answer(fd, out);
	close(fd);
	return err == -EAGAIN ? -ETIMEDOUT : err;
}
