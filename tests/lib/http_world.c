/* SPDX-License-Identifier: ISC */

/* The receiver of http_world.h: one mode for all its connections. */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_world.h"
#include "unit.h"

enum { PEERS_MAX = 64, REQUEST_MAX = WORLD_REQUEST_MAX, GUARD_MS = 5000 };

struct peer {
	struct loop_io *io;
	struct loop_timer *timer;
	struct server *server;
	struct addr local;
	char request[REQUEST_MAX];
	size_t size;
	size_t at; /* of slow headers */
	int fd;    /* 0: this place is free */
	bool answered;
};

struct server {
	struct loop *loop;
	struct loop_io *io;
	struct peer peers[PEERS_MAX];
	enum mode mode;
	int fd;
	uint16_t port;
	unsigned connects;
	unsigned requests;
	struct addr last_local;
	char last[REQUEST_MAX]; /* the last request, whole */
	unsigned chunks;        /* written of an endless answer */
};

static void
hang_up(struct peer *p)
{
	loop_io_free(p->io);
	loop_timer_free(p->timer);
	close(p->fd);
	p->io = NULL;
	p->timer = NULL;
	p->fd = 0;
}

/* Bytes that do not fit are lost: only endless answers are that long. */
static void
say(struct peer *p, const char *text)
{
	ssize_t n = write(p->fd, text, strlen(text));

	(void)n;
}

static void
on_peer_timer(void *ctx)
{
	static const char slow[] = "HTTP/1.1 200 OK\r\nServer: slow\r\n";
	static char much[16 * 1024 + 1];
	struct peer *p = ctx;
	char one[2] = {slow[p->at % (sizeof(slow) - 1)], '\0'};

	memset(much, 'x', sizeof(much) - 1);
	if (p->server->mode == SLOW_HEADERS) {
		say(p, one);
		p->at++;
		loop_timer_in(p->timer, MONO_MS(5));
		return;
	}
	if (p->server->mode == ENDLESS_HEADERS) {
		memcpy(much, "X-Much: ", 8);
		memcpy(much + sizeof(much) - 3, "\r\n", 2);
	}
	say(p, much);
	p->server->chunks++;
	loop_timer_in(p->timer, MONO_MS(1));
}

static void
reset(struct peer *p)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	hang_up(p);
}

static void
say_busy_until(struct peer *p, time_t at)
{
	char text[200];
	char date[64];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	snprintf(text, sizeof(text),
	    "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\n"
	    "Content-Length: 0\r\n\r\n",
	    date);
	say(p, text);
}

static void
play(struct peer *p)
{
	struct server *s = p->server;
	char text[256];

	switch (s->mode) {
	case CONTINUE_THEN_OK:
		say(p, "HTTP/1.1 100 Continue\r\n\r\n"
		       "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		break;
	case OK:
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		break;
	case SERVER_ERROR:
		say(p, "HTTP/1.1 500 Oops\r\nContent-Length: 13\r\n\r\n"
		       "no \x1b[31m disk");
		break;
	case BUSY_SECONDS:
		say(p, "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n"
		       "Content-Length: 0\r\n\r\n");
		break;
	case BUSY_DATE:
		say_busy_until(p, time(NULL) + 300);
		break;
	case GONE:
		say(p, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
		break;
	case REDIRECT:
		snprintf(text, sizeof(text),
		    "HTTP/1.1 307 Elsewhere\r\nLocation: "
		    "http://127.0.0.1:%u/other\r\nContent-Length: 0\r\n\r\n",
		    s->port);
		say(p, text);
		break;
	case ENDLESS_HEADERS:
		say(p, "HTTP/1.1 200 OK\r\n");
		loop_timer_in(p->timer, 0);
		break;
	case ENDLESS_BODY:
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
		loop_timer_in(p->timer, 0);
		break;
	case SLOW_HEADERS:
		loop_timer_in(p->timer, 0);
		break;
	case BODY_NEVER:
		say(p, "HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\n");
		break;
	case BODY_CUT:
		say(p, "HTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\nhalf");
		hang_up(p);
		break;
	case CLOSE:
		hang_up(p);
		break;
	case RESET:
		reset(p);
		break;
	case GARBAGE:
		say(p, "SSH-2.0-OpenSSH_9.2p1\r\n");
		hang_up(p);
		break;
	case SILENT:
		break;
	}
}

static bool
is_whole(const char *request, size_t size)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	if (end == NULL || length == NULL)
		return false;
	return size >=
	       (size_t)(end + 4 - request) + strtoul(length + 16, NULL, 10);
}

static void
on_peer(void *ctx, int events)
{
	struct peer *p = ctx;
	struct server *s = p->server;
	ssize_t n;

	(void)events;
	n = read(p->fd, p->request + p->size, sizeof(p->request) - 1 - p->size);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			hang_up(p);
		return;
	}
	p->size += (size_t)n;
	p->request[p->size] = '\0';
	if (!is_whole(p->request, p->size))
		return;
	memcpy(s->last, p->request, p->size + 1);
	p->size = 0;
	s->requests++;
	s->last_local = p->local;
	play(p);
}

static void
on_connect(void *ctx, int events)
{
	struct server *s = ctx;
	struct sockaddr_storage ss;
	socklen_t size = sizeof(ss);
	struct peer *p = s->peers;
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd == -1)
		return;
	s->connects++;
	while (p->fd != 0)
		p++;
	assert_true(p < s->peers + PEERS_MAX);
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->server = s;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &size), 0);
	assert_int_equal(
	    addr_from_sockaddr((struct sockaddr *)&ss, &p->local), 0);
	p->io = loop_io_new(s->loop, fd, LOOP_READ, on_peer, p);
	p->timer = loop_timer_new(s->loop, on_peer_timer, p);
}

/* On every address of this machine; without IPv6 on those of IPv4. */
static struct server *
server_new(struct loop *loop)
{
	struct server *s = calloc(1, sizeof(*s));
	struct sockaddr_storage ss;
	socklen_t size = sizeof(ss);
	struct addr any = {.family = AF_INET6};
	int off = 0;

	s->loop = loop;
	s->fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s->fd != -1)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	size = addr_to_sockaddr(&any, &ss);
	if (s->fd == -1 || bind(s->fd, (struct sockaddr *)&ss, size) != 0) {
		if (s->fd != -1)
			close(s->fd);
		any.family = AF_INET;
		size = addr_to_sockaddr(&any, &ss);
		s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_int_equal(bind(s->fd, (struct sockaddr *)&ss, size), 0);
	}
	assert_int_equal(listen(s->fd, 128), 0);
	size = sizeof(ss);
	getsockname(s->fd, (struct sockaddr *)&ss, &size);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&ss, &any), 0);
	s->port = any.port;
	s->io = loop_io_new(loop, s->fd, LOOP_READ, on_connect, s);
	return s;
}

void
server_mode(struct server *s, enum mode mode)
{
	s->mode = mode;
}

uint16_t
server_port(const struct server *s)
{
	return s->port;
}

unsigned
server_connects(const struct server *s)
{
	return s->connects;
}

unsigned
server_requests(const struct server *s)
{
	return s->requests;
}

const char *
server_last(const struct server *s)
{
	return s->last;
}

const struct addr *
server_last_local(const struct server *s)
{
	return &s->last_local;
}

unsigned
server_chunks(const struct server *s)
{
	return s->chunks;
}

void
server_hang_up(struct server *s)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (s->peers[i].fd != 0)
			hang_up(&s->peers[i]);
}

static void
server_free(struct server *s)
{
	server_hang_up(s);
	loop_io_free(s->io);
	close(s->fd);
	free(s);
}

static void
on_guard(void *ctx)
{
	(void)ctx;
	fail_msg("a transfer did not end");
}

int
http_world_set_up(void **state)
{
	struct http_world *w = calloc(1, sizeof(*w));

	w->loop = loop_new();
	w->guard = loop_timer_new(w->loop, on_guard, w);
	w->server = server_new(w->loop);
	w->http = http_new(w->loop);
	*state = w;
	return w->http == NULL;
}

int
http_world_tear_down(void **state)
{
	struct http_world *w = *state;

	http_free(w->http);
	server_free(w->server);
	loop_timer_free(w->guard);
	loop_free(w->loop);
	free(w);
	return 0;
}

static void
on_done(void *ctx, const struct http_result *result)
{
	struct http_world *w = ctx;

	w->result[w->n_ended++] = *result;
	if (w->free_inside) {
		http_free(w->http);
		w->http = NULL;
	}
	if (w->n_ended == w->n_wanted)
		loop_stop(w->loop);
}

void
http_world_start(struct http_world *w, const char *url, struct http_post post)
{
	static const char *const headers[] = {
	    "content-type: application/json", "webhook-id: x-r1"};
	const char *port = strstr(url, "%u");
	char text[512];

	if (port != NULL)
		snprintf(text, sizeof(text), "%.*s%u%s", (int)(port - url), url,
		    w->server->port, port + 2);
	post.url = port != NULL ? text : url;
	post.headers = headers;
	post.n_headers = 2;
	if (post.body == NULL) {
		post.body = "{\"a\":1}";
		post.size = 7;
	}
	if (post.timeout_ms == 0)
		post.timeout_ms = 2000;
	assert_int_equal(http_post(w->http, &post, on_done, w), 0);
	assert_true(w->n_ended <= w->n_wanted++);
}

void
http_world_finish(struct http_world *w)
{
	loop_timer_in(w->guard, MONO_MS(GUARD_MS));
	if (w->n_ended < w->n_wanted)
		loop_run(w->loop);
	loop_timer_stop(w->guard);
	assert_int_equal(w->n_ended, w->n_wanted);
}

const struct http_result *
http_world_ask(struct http_world *w, enum mode mode, uint32_t timeout_ms)
{
	struct prefix allow;

	assert_int_equal(prefix_parse("127.0.0.0/8", &allow), 0);
	w->server->mode = mode;
	http_world_start(w, "http://127.0.0.1:%u/hook",
	    (struct http_post){.allow = &allow,
		.n_allow = 1,
		.http = true,
		.timeout_ms = timeout_ms});
	http_world_finish(w);
	return &w->result[w->n_ended - 1];
}
