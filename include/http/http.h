/* SPDX-License-Identifier: ISC */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

/*
 * http -- POST a body to a URL from the loop; libcurl lives here only.
 *
 * T1: the decision is taken on the address that is being connected, not on
 * the text of the URL: loopback, private, link-local, multicast, mapped and
 * translated addresses are refused unless an `allow` prefix has them.  Also a
 * kept connection is asked whose address it has before it is used again.  No
 * redirects, no proxy from the environment, no netrc; TLS 1.2 or newer is
always verified, by the system's authorities or those given instead (T13); at
 * most HTTP_BODY_MAX bytes of an answer are read, and 64 KB of its header.
 *
 * Retries, and what a status means, are the owner's business.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"

struct loop;
struct http;

enum { HTTP_BODY_MAX = 64 * 1024, HTTP_HEADERS_MAX = 16 };

/* All of it is copied. */
struct http_post {
	const char *url;
	const char *const *headers; /* "name: value", HTTP_HEADERS_MAX */
	size_t n_headers;
	const void *body;
	size_t size;
	const struct prefix *allow;
	size_t n_allow;
	bool http;      /* plain http is allowed */
	const char *ca; /* PEM of authorities; NULL: the system's */
	size_t ca_size;
	uint32_t timeout_ms; /* of the whole, over 0; connecting: 10 s */
};

struct http_result {
	int status;             /* of a complete header; 0: no answer */
	bool refused;           /* by T1: no address that may be reached */
	uint32_t retry_after_s; /* 0: none; capped to a day */
	char text[160];         /* what went wrong, printable; "" for 2xx */
};

/*
 * From the loop, once per accepted POST, never from inside http_post().  The
 * result is borrowed.  The http may be freed from here.
 */
typedef void http_done_fn(void *ctx, const struct http_result *result);

/* NULL when libcurl or memory says no. */
struct http *http_new(struct loop *loop);
/* Drops what is open, calls nobody; before the loop's end.  NULL is fine. */
void http_free(struct http *h);

/*
 * Starts a POST.  0, -ENOMEM, ERR_TOO_BIG (headers), ERR_HTTP or ERR_CLOSED;
 * done is called only after 0.  A URL that cannot be read is no error here but
 * a result without status.
 */
MUST_CHECK int http_post(struct http *h, const struct http_post *post,
    http_done_fn *done, void *ctx);

/* Drops the open POSTs of this ctx without calling back: their owner ends. */
void http_drop(struct http *h, const void *ctx);

/* Is the address one that T1 refuses when no `allow` prefix has it? */
bool http_address_is_private(const struct addr *a);

#endif
