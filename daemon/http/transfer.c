/* SPDX-License-Identifier: ISC */

/*
 * One POST as libcurl sees it.
 *
 * Whom it may talk to is decided twice on the address itself: when curl asks
 * for a socket (each address of a name, also after the name changed between
 * two looks), and before the request is sent, because a connection that was
 * kept open for one sink may be found again by another that does not have the
 * same `allow`.
 *
 * An answer counts once its header block is complete.  What follows it - a
 * body without end, a body that never comes, a connection cut in the middle -
 * takes nothing away from a 2xx: the receiver said that it has the alert, and
 * sending it again would only tell it twice.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/escape.h"
#include "transfer_priv.h"

enum {
	TRANSFER_MAGIC = 0x78667274,
	CONNECT_TIMEOUT_MS = 10 * 1000,
	HEADER_SIZE_MAX = 64 * 1024,
	/* A transfer that may take longer than this must not stand still. */
	STALL_S = 30,
	STALL_BYTES_PER_S = 1,
	RETRY_AFTER_MAX_S = 24 * 60 * 60
};

static struct transfer *
open_transfer(void *ctx)
{
	struct transfer *t = ctx;

	CHECK(t->magic == TRANSFER_MAGIC);
	return t;
}

static void
refuse(struct transfer *t, const struct addr *a)
{
	t->refused = true;
	addr_print(a, t->refused_address);
}

static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct transfer *t = open_transfer(ctx);
	struct addr a;
	int fd;

	(void)purpose;
	if (addr_from_sockaddr(&sa->addr, &a) != 0) {
		t->refused = true; /* no IP address: nothing of ours asks it */
		return CURL_SOCKET_BAD;
	}
	if (!address_is_allowed(&a, t->allow, t->n_allow)) {
		refuse(t, &a);
		return CURL_SOCKET_BAD;
	}
	fd = socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
	if (fd == -1)
		return CURL_SOCKET_BAD;
	t->opened = true;
	return fd;
}

static int
on_before_request(
    void *ctx, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *t = open_transfer(ctx);
	struct addr a;

	(void)local;
	(void)local_port;
	if (addr_parse(remote, (uint16_t)remote_port, &a) != 0)
		return CURL_PREREQFUNC_ABORT;
	if (address_is_allowed(&a, t->allow, t->n_allow))
		return CURL_PREREQFUNC_OK;
	refuse(t, &a);
	t->opened = false; /* by another, which had the permission */
	return CURL_PREREQFUNC_ABORT;
}

/* One line of a header block; the empty one ends it. */
static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = open_transfer(ctx);
	long status = 0;

	size *= n;
	t->header_size += size;
	if (t->header_size > HEADER_SIZE_MAX)
		return 0;
	if (size > 2 || size == 0 || (data[0] != '\r' && data[0] != '\n'))
		return size;
	/* 1xx are blocks of their own before the one that counts. */
	if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) ==
		CURLE_OK &&
	    status >= 200 && status <= 999)
		t->status = (int)status;
	return size;
}

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = open_transfer(ctx);
	size_t room = sizeof(t->snippet) - t->snippet_size;
	size_t part;

	size *= n;
	part = size < room ? size : room;
	memcpy(t->snippet + t->snippet_size, data, part);
	t->snippet_size += part;
	t->body_size += size;
	return t->body_size <= HTTP_BODY_MAX ? size : 0;
}

#define SET(option, value)                                                     \
	(ok = ok && curl_easy_setopt(t->easy, option, value) == CURLE_OK)

static bool
set_callbacks(struct transfer *t)
{
	bool ok = true;

	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_ERRORBUFFER, t->error);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_PREREQFUNCTION, on_before_request);
	SET(CURLOPT_PREREQDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	return ok;
}

/* Nothing from the environment or a home directory takes part. */
static bool
set_limits(struct transfer *t, const struct http_post *post)
{
	bool ok = true;

	SET(CURLOPT_PROTOCOLS_STR, post->http ? "http,https" : "https");
	SET(CURLOPT_DEFAULT_PROTOCOL, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_NOSIGNAL, 1L);
	/*
	 * A look-up that does not end is left to its thread; without this,
	 * ending the transfer would wait for it and stop the loop.
	 */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)post->timeout_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
	SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	return ok;
}

/* Instead of the system's authorities: neither its file nor its folder. */
static bool
set_authorities(struct transfer *t, const struct http_post *post)
{
	struct curl_blob blob = {.len = post->ca_size, .flags = CURL_BLOB_COPY};
	char *copy;
	bool ok = true;

	if (post->ca == NULL)
		return true;
	/* The blob's pointer is not const; what it points to is copied. */
	copy = malloc(post->ca_size);
	if (copy == NULL)
		return false;
	memcpy(copy, post->ca, post->ca_size);
	blob.data = copy;
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO_BLOB, &blob);
	free(copy);
	return ok;
}

static bool
set_request(struct transfer *t, const struct http_post *post)
{
	struct curl_slist *list;
	bool ok = true;

	/* No "Expect: 100-continue": a second of silence for each body. */
	t->headers = curl_slist_append(NULL, "Expect:");
	if (t->headers == NULL)
		return false;
	for (size_t i = 0; i < post->n_headers; i++) {
		list = curl_slist_append(t->headers, post->headers[i]);
		if (list == NULL)
			return false;
		t->headers = list;
	}
	SET(CURLOPT_URL, post->url);
	SET(CURLOPT_USERAGENT, "dnsvigil");
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->size);
	SET(CURLOPT_COPYPOSTFIELDS, (const char *)post->body);
	SET(CURLOPT_HTTPHEADER, t->headers);
	return ok;
}

#undef SET

static bool
copy_allow(struct transfer *t, const struct http_post *post)
{
	if (post->n_allow == 0)
		return true;
	t->allow = calloc(post->n_allow, sizeof(*t->allow));
	if (t->allow == NULL)
		return false;
	memcpy(t->allow, post->allow, post->n_allow * sizeof(*t->allow));
	t->n_allow = post->n_allow;
	return true;
}

int
transfer_new(const struct http_post *post, struct transfer **out)
{
	struct transfer *t = NULL;
	int err = 0;

	CHECK(post->timeout_ms > 0);
	if (post->n_headers > HTTP_HEADERS_MAX)
		return ERR_TOO_BIG;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->magic = TRANSFER_MAGIC;
	t->easy = curl_easy_init();
	if (t->easy == NULL || !copy_allow(t, post)) {
		err = -ENOMEM;
		goto out;
	}
	if (!set_callbacks(t) || !set_limits(t, post) ||
	    !set_authorities(t, post) || !set_request(t, post)) {
		err = ERR_HTTP;
		goto out;
	}
	*out = t;
	t = NULL;
out:
	transfer_free(t);
	return err;
}

void
transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	if (t->easy != NULL)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t->allow);
	t->magic = 0;
	free(t);
}

struct transfer *
transfer_of(CURL *easy)
{
	char *private = NULL;

	CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK);
	return open_transfer(private);
}

static void
describe(const struct transfer *t, CURLcode code, char *out, size_t size)
{
	char what[sizeof(((struct http_result *)0)->text)];

	if (t->status >= 200 && t->status <= 299) {
		out[0] = '\0';
	} else if (t->status != 0) {
		escape_print(t->snippet, t->snippet_size, what, sizeof(what));
		snprintf(out, size, "HTTP %d%s%s", t->status,
		    what[0] != '\0' ? ": " : "", what);
	} else if (t->refused && !t->opened) {
		snprintf(out, size,
		    "address %s is not public, and no allow of the sink has it",
		    t->refused_address);
	} else if (t->header_size > HEADER_SIZE_MAX) {
		snprintf(out, size, "header of the answer over %d bytes",
		    HEADER_SIZE_MAX);
	} else {
		escape_text(
		    t->error[0] != '\0' ? t->error : curl_easy_strerror(code),
		    out, size);
	}
}

struct http_result
transfer_result(struct transfer *t, CURLcode code)
{
	struct http_result result = {.status = t->status};
	curl_off_t after = 0;

	result.refused = t->status == 0 && t->refused && !t->opened;
	describe(t, code, result.text, sizeof(result.text));
	if (t->status == 0 || curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER,
				  &after) != CURLE_OK)
		return result;
	if (after > RETRY_AFTER_MAX_S)
		after = RETRY_AFTER_MAX_S;
	if (after > 0)
		result.retry_after_s = (uint32_t)after;
	return result;
}
