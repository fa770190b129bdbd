/* SPDX-License-Identifier: ISC */
/* The scripted server: sockets and framing, and some ready-made answers. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/err.h"
#include "dns/name.h"
#include "dns/type.h"
#include "hostile_server.h"
#include "loop/loop.h"

struct hostile_conn {
	struct hostile *server;
	struct hostile_conn *next;
	int fd;
	struct loop_io *io;
	SSL *ssl; /* NULL: in clear */
	uint8_t in[65536];
	size_t got;
	uint8_t *drip;
	size_t drip_size;
	size_t drip_at;
	mono_ns drip_interval;
	struct loop_timer *drip_timer;
};

struct hostile {
	struct loop *loop;
	struct addr addr;
	int udp;
	int tcp;
	struct loop_io *udp_io;
	struct loop_io *tcp_io;
	hostile_fn *fn;
	void *ctx;
	unsigned n_udp;
	unsigned n_tcp;
	unsigned n_conns;
	unsigned conns_most;
	unsigned n_accepted;
	SSL_CTX *tls;
	struct hostile_conn *conns;
};

static bool
read_ask(const uint8_t *wire, size_t size, struct hostile_ask *ask)
{
	struct message m;

	if (message_walk(wire, size, &m) != MESSAGE_OK)
		return false;
	ask->wire = wire;
	ask->size = size;
	ask->id = m.id;
	ask->type = m.qtype;
	ask->name = wire + m.question_at;
	ask->name_size = name_size(ask->name);
	ask->edns = m.has_opt;
	return true;
}

static void
on_udp(void *ctx, int events)
{
	struct hostile *h = ctx;
	struct hostile_ask ask;
	uint8_t wire[2048];
	unsigned most;
	ssize_t n;

	(void)events;
	for (most = 0; most < 256 && h->udp != -1; most++) {
		memset(&ask, 0, sizeof(ask));
		ask.from_size = sizeof(ask.from);
		n = recvfrom(h->udp, wire, sizeof(wire), MSG_DONTWAIT,
		    (struct sockaddr *)&ask.from, &ask.from_size);
		if (n == -1)
			return;
		CHECK(read_ask(wire, (size_t)n, &ask));
		ask.n = ++h->n_udp;
		h->fn(h->ctx, h, &ask);
	}
}

static void
conn_free(struct hostile_conn *c)
{
	struct hostile_conn **at = &c->server->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->server->n_conns--;
	loop_io_free(c->io);
	loop_timer_free(c->drip_timer);
	SSL_free(c->ssl);
	if (c->fd != -1)
		close(c->fd);
	free(c->drip);
	free(c);
}

/* As recv(2). */
static ssize_t
conn_recv(struct hostile_conn *c)
{
	size_t room = sizeof(c->in) - c->got;
	int n;

	if (c->ssl == NULL)
		return recv(c->fd, c->in + c->got, room, MSG_DONTWAIT);
	ERR_clear_error();
	n = SSL_read(c->ssl, c->in + c->got, (int)room);
	if (n > 0)
		return n;
	errno = EAGAIN;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static void
conn_write(struct hostile_conn *c, const uint8_t *bytes, size_t size)
{
	if (c->fd == -1)
		return;
	ERR_clear_error();
	if (c->ssl == NULL)
		(void)send(c->fd, bytes, size, MSG_NOSIGNAL);
	else
		(void)SSL_write(c->ssl, bytes, (int)size);
}

/* Tells every whole question; the script may close the connection. */
static void
tell_asks(struct hostile_conn *c)
{
	struct hostile *h = c->server;
	struct hostile_ask ask = {.tcp = true, .conn = c};
	size_t at = 0;
	size_t size;

	while (c->fd != -1 && c->got - at >= 2) {
		size = (size_t)c->in[at] << 8 | c->in[at + 1];
		if (c->got - at - 2 < size)
			break;
		CHECK(read_ask(c->in + at + 2, size, &ask));
		at += 2 + size;
		ask.n = ++h->n_tcp;
		h->fn(h->ctx, h, &ask);
	}
	c->got -= at;
	memmove(c->in, c->in + at, c->got);
}

static void
on_conn(void *ctx, int events)
{
	struct hostile_conn *c = ctx;
	ssize_t n;

	(void)events;
	while (c->fd != -1) {
		n = conn_recv(c);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			conn_free(c);
			return;
		}
		c->got += (size_t)n;
		tell_asks(c);
	}
}

static void
on_accept(void *ctx, int events)
{
	struct hostile *h = ctx;
	struct hostile_conn *c;
	int one = 1;
	int fd;

	(void)events;
	fd = accept4(h->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = calloc(1, sizeof(*c));
	CHECK(c != NULL);
	c->server = h;
	c->fd = fd;
	if (h->tls != NULL) {
		c->ssl = SSL_new(h->tls);
		CHECK(c->ssl != NULL && SSL_set_fd(c->ssl, fd) == 1);
		SSL_set_accept_state(c->ssl);
	}
	h->n_accepted++;
	c->io = loop_io_new(h->loop, fd, LOOP_READ, on_conn, c);
	c->next = h->conns;
	h->conns = c;
	if (++h->n_conns > h->conns_most)
		h->conns_most = h->n_conns;
}

/* Both sockets on one port that was free for both. */
static bool
bind_both(struct hostile *h)
{
	struct sockaddr_storage sa;
	socklen_t size = addr_to_sockaddr(&h->addr, &sa);
	int buffer = 4 << 20;

	h->udp = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	h->tcp =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)setsockopt(
	    h->udp, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (bind(h->udp, (struct sockaddr *)&sa, size) == -1)
		return false;
	size = sizeof(sa);
	CHECK(getsockname(h->udp, (struct sockaddr *)&sa, &size) == 0);
	CHECK(addr_from_sockaddr((struct sockaddr *)&sa, &h->addr) == 0);
	return bind(h->tcp, (struct sockaddr *)&sa, size) == 0 &&
	       listen(h->tcp, 128) == 0;
}

struct hostile *
hostile_new(struct loop *l, const char *ip, hostile_fn *fn, void *ctx)
{
	struct hostile *h = calloc(1, sizeof(*h));
	unsigned tries;

	CHECK(h != NULL);
	h->loop = l;
	h->fn = fn;
	h->ctx = ctx;
	for (tries = 0; tries < 20; tries++) {
		CHECK(addr_parse(ip, 0, &h->addr) == 0);
		if (bind_both(h))
			break;
		close(h->udp);
		close(h->tcp);
	}
	if (tries == 20) {
		free(h);
		return NULL;
	}
	h->udp_io = loop_io_new(l, h->udp, LOOP_READ, on_udp, h);
	h->tcp_io = loop_io_new(l, h->tcp, LOOP_READ, on_accept, h);
	return h;
}

void
hostile_no_tcp(struct hostile *h)
{
	if (h->tcp == -1)
		return;
	loop_io_free(h->tcp_io);
	h->tcp_io = NULL;
	close(h->tcp);
	h->tcp = -1;
}

void
hostile_no_udp(struct hostile *h)
{
	if (h->udp == -1)
		return;
	loop_io_free(h->udp_io);
	h->udp_io = NULL;
	close(h->udp);
	h->udp = -1;
}

void
hostile_free(struct hostile *h)
{
	if (h == NULL)
		return;
	hostile_no_tcp(h);
	hostile_no_udp(h);
	while (h->conns != NULL)
		conn_free(h->conns);
	free(h);
}

void
hostile_tls(struct hostile *h, void *context)
{
	h->tls = context;
}

unsigned
hostile_n_accepted(const struct hostile *h)
{
	return h->n_accepted;
}

void
hostile_drop_all(struct hostile *h)
{
	while (h->conns != NULL)
		conn_free(h->conns);
}

struct addr
hostile_addr(const struct hostile *h)
{
	return h->addr;
}

unsigned
hostile_n_udp(const struct hostile *h)
{
	return h->n_udp;
}

unsigned
hostile_n_tcp(const struct hostile *h)
{
	return h->n_tcp;
}

unsigned
hostile_conns_most(const struct hostile *h)
{
	return h->conns_most;
}

size_t
hostile_build_rcode(const struct hostile_ask *ask, uint16_t rcode, bool opt,
    uint8_t out[HOSTILE_ROOM])
{
	size_t size = MESSAGE_HEADER_SIZE + ask->name_size + 4;

	memcpy(out, ask->wire, size);
	out[2] = 0x81;
	out[3] = (uint8_t)(0x80 | (rcode & 15));
	memset(out + 6, 0, 6);
	if (opt)
		size =
		    hostile_add_opt(out, size, (uint8_t)(rcode >> 4), NULL, 0);
	return size;
}

size_t
hostile_build(
    const struct hostile_ask *ask, uint8_t n, uint8_t out[HOSTILE_ROOM])
{
	uint8_t record[] = {
	    0xc0, 12, 0, TYPE_A, 0, CLASS_IN, 0, 0, 0, 60, 0, 4, 192, 0, 2, n};
	size_t size = hostile_build_rcode(ask, RCODE_NOERROR, false, out);

	memcpy(out + size, record, sizeof(record));
	out[7] = 1;
	return hostile_add_opt(out, size + sizeof(record), 0, NULL, 0);
}

size_t
hostile_add_opt(uint8_t *wire, size_t size, uint8_t rcode_high,
    const uint8_t *options, size_t options_size)
{
	uint8_t *opt = wire + size;

	memset(opt, 0, 11);
	opt[2] = TYPE_OPT;
	opt[3] = 4096 >> 8;
	opt[5] = rcode_high;
	opt[9] = (uint8_t)(options_size >> 8);
	opt[10] = (uint8_t)options_size;
	if (options_size > 0)
		memcpy(opt + 11, options, options_size);
	wire[11]++;
	return size + 11 + options_size;
}

void
hostile_send_from(
    int fd, const struct hostile_ask *ask, const uint8_t *wire, size_t size)
{
	(void)sendto(fd, wire, size, 0, (const struct sockaddr *)&ask->from,
	    ask->from_size);
}

void
hostile_raw(const struct hostile_ask *ask, const uint8_t *bytes, size_t size)
{
	conn_write(ask->conn, bytes, size);
}

void
hostile_send(struct hostile *h, const struct hostile_ask *ask,
    const uint8_t *wire, size_t size)
{
	uint8_t framed[2 + HOSTILE_ROOM];

	if (!ask->tcp) {
		hostile_send_from(h->udp, ask, wire, size);
		return;
	}
	framed[0] = (uint8_t)(size >> 8);
	framed[1] = (uint8_t)size;
	memcpy(framed + 2, wire, size);
	hostile_raw(ask, framed, size + 2);
}

static void
on_drip(void *ctx)
{
	struct hostile_conn *c = ctx;

	if (c->fd == -1 || c->drip_at == c->drip_size)
		return;
	conn_write(c, c->drip + c->drip_at++, 1);
	loop_timer_in(c->drip_timer, c->drip_interval);
}

void
hostile_drip(const struct hostile_ask *ask, const uint8_t *bytes, size_t size,
    mono_ns interval)
{
	struct hostile_conn *c = ask->conn;

	free(c->drip);
	c->drip = malloc(size);
	CHECK(c->drip != NULL);
	memcpy(c->drip, bytes, size);
	c->drip_size = size;
	c->drip_at = 0;
	c->drip_interval = interval;
	if (c->drip_timer == NULL)
		c->drip_timer = loop_timer_new(c->server->loop, on_drip, c);
	loop_timer_in(c->drip_timer, 0);
}

/* The memory stays until the server is freed: the script is still in it. */
void
hostile_close(const struct hostile_ask *ask)
{
	struct hostile_conn *c = ask->conn;

	loop_io_free(c->io);
	c->io = NULL;
	close(c->fd);
	c->fd = -1;
}
