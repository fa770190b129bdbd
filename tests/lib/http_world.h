/* SPDX-License-Identifier: ISC */
#ifndef HTTP_WORLD_H
#define HTTP_WORLD_H

/*
 * http_world -- a receiver of webhooks in the test's own process and loop.
 *
 * The server listens on every address of the machine, plays one mode, and
 * counts what reaches it.  The world joins it to an http under test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "http/http.h"
#include "loop/loop.h"

/* What the receiver does with a whole request. */
enum mode {
	OK,
	CONTINUE_THEN_OK,
	SERVER_ERROR,
	BUSY_SECONDS,
	BUSY_DATE,
	GONE,
	REDIRECT,
	SILENT,
	SLOW_HEADERS,
	ENDLESS_HEADERS,
	ENDLESS_BODY,
	BODY_NEVER,
	BODY_CUT,
	CLOSE,
	RESET,
	GARBAGE
};

enum { WORLD_REQUEST_MAX = 64 * 1024, WORLD_RESULTS_MAX = 128 };

struct server;

struct http_world {
	struct loop *loop;
	struct loop_timer *guard;
	struct server *server;
	struct http *http;
	struct http_result result[WORLD_RESULTS_MAX];
	size_t n_ended;
	size_t n_wanted;  /* the loop stops when so many have ended */
	bool free_inside; /* the first callback frees the http */
};

/* For cmocka: *state is a struct http_world. */
int http_world_set_up(void **state);
int http_world_tear_down(void **state);

/* A body, two headers and 2 s where the post says nothing; "%u" is the port. */
void http_world_start(
    struct http_world *w, const char *url, struct http_post post);
/* Runs the loop until all that is wanted has ended. */
void http_world_finish(struct http_world *w);
/* One POST to 127.0.0.1, which is allowed, to a server in that mode. */
const struct http_result *http_world_ask(
    struct http_world *w, enum mode mode, uint32_t timeout_ms);

void server_mode(struct server *s, enum mode mode);
uint16_t server_port(const struct server *s);
unsigned server_connects(const struct server *s);
unsigned server_requests(const struct server *s);
const char *server_last(const struct server *s); /* request, whole */
const struct addr *server_last_local(const struct server *s);
unsigned server_chunks(const struct server *s); /* of endless answers */
void server_hang_up(struct server *s);          /* closes all connections */

#endif
