/* SPDX-License-Identifier: ISC */

/*
 * libcurl's multi handle on our loop.
 *
 * curl says which descriptors it waits for (on_curl_socket) and when it wants
 * to be called (on_curl_timer); the loop calls back, and each time what has
 * ended meanwhile is handed out (reap).  Nothing is handed out from anywhere
 * else, so that an owner is never called from inside http_post().
 *
 * Names are looked up by libcurl's own threads, the only ones of the daemon;
 * they touch nothing of ours, and their end comes through a descriptor.
 */

#include <stdlib.h>

#include "base/err.h"
#include "http/http.h"
#include "loop/loop.h"
#include "transfer_priv.h"

enum {
	HTTP_MAGIC = 0x70747468,
	WATCH_MAGIC = 0x63746177,
	/* Connections that may lie idle: as many as there may be sinks. */
	IDLE_MAX = 64
};

struct watch {
	uint32_t magic;
	struct http *http;
	struct loop_io *io;
	int fd;
};

struct http {
	uint32_t magic;
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct transfer *open;
	bool reaping; /* an owner's callback may be on the stack */
	bool freed;   /* by that callback: reap() ends it */
};

static void
link_transfer(struct http *h, struct transfer *t)
{
	t->prev = NULL;
	t->next = h->open;
	if (t->next != NULL)
		t->next->prev = t;
	h->open = t;
}

static void
unlink_transfer(struct http *h, struct transfer *t)
{
	if (t->prev != NULL)
		t->prev->next = t->next;
	else
		h->open = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	curl_multi_remove_handle(h->multi, t->easy);
}

static void
drop_open(struct http *h)
{
	struct transfer *t;

	while ((t = h->open) != NULL) {
		unlink_transfer(h, t);
		transfer_free(t);
	}
}

static void
destroy(struct http *h)
{
	drop_open(h);
	/* Last: closing connections may still end watches. */
	curl_multi_cleanup(h->multi);
	loop_timer_free(h->timer);
	h->magic = 0;
	free(h);
	curl_global_cleanup();
}

/* Hands out what has ended. */
static void
reap(struct http *h)
{
	struct http_result result;
	struct transfer *t;
	CURLMsg *message;
	int left;

	h->reaping = true;
	while (!h->freed &&
	       (message = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		t = transfer_of(message->easy_handle);
		result = transfer_result(t, message->data.result);
		unlink_transfer(h, t);
		t->done(t->ctx, &result);
		transfer_free(t);
	}
	h->reaping = false;
	if (h->freed)
		destroy(h);
}

static void
on_timer(void *ctx)
{
	struct http *h = ctx;
	int running;

	CHECK(h->magic == HTTP_MAGIC);
	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(h);
}

static void
on_ready(void *ctx, int events)
{
	struct watch *w = ctx;
	struct http *h = w->http;
	int running;
	int theirs = 0;

	CHECK(w->magic == WATCH_MAGIC);
	if (events & LOOP_READ)
		theirs |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		theirs |= CURL_CSELECT_OUT;
	/* May free the watch. */
	curl_multi_socket_action(h->multi, w->fd, theirs, &running);
	reap(h);
}

static int
on_curl_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http *h = ctx;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(h->timer);
	else
		loop_timer_in(h->timer, MONO_MS(timeout_ms));
	return 0;
}

static struct watch *
watch_new(struct http *h, int fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	/*
	 * A transfer without a watch would hang, and a refusal here makes the
	 * multi handle useless for all; a restart loses nothing.
	 */
	CHECK(w != NULL);
	w->magic = WATCH_MAGIC;
	w->http = h;
	w->fd = fd;
	w->io = loop_io_new(h->loop, fd, 0, on_ready, w);
	CHECK(w->io != NULL);
	return w;
}

static void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	loop_io_free(w->io);
	w->magic = 0;
	free(w);
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socketp)
{
	struct http *h = ctx;
	struct watch *w = socketp;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(h->multi, fd, NULL);
		watch_free(w);
		return 0;
	}
	if (w == NULL) {
		w = watch_new(h, fd);
		curl_multi_assign(h->multi, fd, w);
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	loop_io_events(w->io, events);
	return 0;
}

static bool
set_multi(struct http *h)
{
	CURLM *m = h->multi;

	return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_curl_socket) ==
	           CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_curl_timer) ==
	           CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_TIMERDATA, h) == CURLM_OK &&
	       curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)IDLE_MAX) ==
	           CURLM_OK;
}

struct http *
http_new(struct loop *loop)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		curl_global_cleanup();
		return NULL;
	}
	h->magic = HTTP_MAGIC;
	h->loop = loop;
	h->timer = loop_timer_new(loop, on_timer, h);
	h->multi = curl_multi_init();
	if (h->timer == NULL || h->multi == NULL || !set_multi(h)) {
		destroy(h);
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	CHECK(h->magic == HTTP_MAGIC && !h->freed);
	if (h->reaping) {
		drop_open(h);
		h->freed = true;
		return;
	}
	destroy(h);
}

int
http_post(
    struct http *h, const struct http_post *post, http_done_fn *done, void *ctx)
{
	struct transfer *t;
	int err;

	CHECK(h->magic == HTTP_MAGIC);
	if (h->freed)
		return ERR_CLOSED;
	err = transfer_new(post, &t);
	if (err != 0)
		return err;
	t->done = done;
	t->ctx = ctx;
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
		transfer_free(t);
		return ERR_HTTP;
	}
	link_transfer(h, t);
	return 0;
}

void
http_drop(struct http *h, const void *ctx)
{
	struct transfer *next;

	CHECK(h->magic == HTTP_MAGIC);
	for (struct transfer *t = h->open; t != NULL; t = next) {
		next = t->next;
		if (t->ctx != ctx)
			continue;
		unlink_transfer(h, t);
		transfer_free(t);
	}
}
