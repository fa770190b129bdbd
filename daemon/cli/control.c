/* SPDX-License-Identifier: ISC */

/*
 * The daemon's side of the control socket: accept, look who it is, write one
 * object, close.  A peer that does not read is cut off after a while, and no
 * more than CONTROL_CONNECTIONS_MAX are served at once, so that nobody on
 * this machine can hold the daemon up or fill its memory.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "cli/control.h"
#include "loop/loop.h"

enum {
	NAME_HASH_SIZE = 16, /* bytes of the SHA-256 that go into the name */
	BACKLOG = 16
};

struct connection {
	struct control *control; /* NULL: the place is free */
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	struct buf answer;
	size_t sent;
};

struct control {
	struct loop *loop;
	control_fill_fn *fill;
	void *ctx;
	int fd;
	struct loop_io *io;
	struct connection connections[CONTROL_CONNECTIONS_MAX];
};

socklen_t
control_address(const char *conninfo, struct sockaddr_un *out)
{
	static const char prefix[] = "dnsvigil-";
	uint8_t digest[SHA256_SIZE];
	char name[sizeof(prefix) + 2 * NAME_HASH_SIZE + 1];

	hash_sha256(conninfo, strlen(conninfo), digest);
	memcpy(name, prefix, sizeof(prefix));
	hash_hex(digest, NAME_HASH_SIZE, name + sizeof(prefix) - 1);
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* A NUL in front: abstract, so no file is left behind by a kill. */
	memcpy(out->sun_path + 1, name, strlen(name));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(name));
}

static void
drop(struct connection *c)
{
	loop_io_free(c->io);
	loop_timer_free(c->timer);
	buf_fini(&c->answer);
	close(c->fd);
	*c = (struct connection){.fd = -1};
}

static void
on_timeout(void *ctx)
{
	drop(ctx);
}

/* Sends what the socket takes now. */
static void
send_more(struct connection *c)
{
	while (c->sent < c->answer.size) {
		ssize_t n = send(c->fd, c->answer.data + c->sent,
		    c->answer.size - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0)
			break;
		c->sent += (size_t)n;
	}
	drop(c);
}

static void
on_writable(void *ctx, int events)
{
	(void)events;
	send_more(ctx);
}

static bool
is_allowed(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	return peer.uid == geteuid() || peer.uid == 0;
}

static struct connection *
free_place(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		if (control->connections[i].control == NULL)
			return &control->connections[i];
	}
	return NULL;
}

/* Given fd. */
static void
serve(struct control *control, int fd)
{
	struct connection *c = free_place(control);

	/* No log: who is not let in must not fill ours. */
	if (c == NULL || !is_allowed(fd)) {
		close(fd);
		return;
	}
	*c = (struct connection){.control = control, .fd = fd};
	c->answer.size_max = CONTROL_ANSWER_MAX;
	c->io = loop_io_new(control->loop, fd, LOOP_WRITE, on_writable, c);
	c->timer = loop_timer_new(control->loop, on_timeout, c);
	if (c->io == NULL || c->timer == NULL) {
		drop(c);
		return;
	}
	loop_timer_in(c->timer, MONO_S(CONTROL_TIMEOUT_S));
	control->fill(control->ctx, &c->answer);
	buf_add(&c->answer, "\n", 1);
	if (c->answer.err != 0) {
		drop(c);
		return;
	}
	send_more(c);
}

static void
on_connection(void *ctx, int events)
{
	struct control *control = ctx;

	(void)events;
	/* A few a turn; the listening socket stays readable for the rest. */
	for (int i = 0; i < BACKLOG; i++) {
		int fd = accept4(
		    control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		serve(control, fd);
	}
}

static int
listen_on(const char *conninfo)
{
	struct sockaddr_un address;
	socklen_t size = control_address(conninfo, &address);
	int fd;
	int err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

struct control *
control_new(
    struct loop *loop, const char *conninfo, control_fill_fn *fill, void *ctx)
{
	struct control *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (c == NULL)
		goto out;
	c->loop = loop;
	c->fill = fill;
	c->ctx = ctx;
	c->fd = err = listen_on(conninfo);
	if (err < 0)
		goto out;
	c->io = loop_io_new(loop, c->fd, LOOP_READ, on_connection, c);
	if (c->io != NULL)
		return c;
	close(c->fd);
	err = -ENOMEM;
out:
	free(c);
	log_warn("cli: no control socket (%s); `dnsvigil status` will not "
		 "find this daemon",
	    err == -EADDRINUSE ? "another daemon has it" : err_text(err));
	return NULL;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		if (c->connections[i].control != NULL)
			drop(&c->connections[i]);
	}
	loop_io_free(c->io);
	close(c->fd);
	free(c);
}
