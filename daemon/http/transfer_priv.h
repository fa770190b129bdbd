/* SPDX-License-Identifier: ISC */
#ifndef HTTP_TRANSFER_PRIV_H
#define HTTP_TRANSFER_PRIV_H

/*
 * transfer -- one POST: its curl handle, its limits and what came of it.
 *
 * Knows nothing of the loop; http.c adds the handle to the multi handle and
 * says when it is finished.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "http/http.h"

enum { TRANSFER_SNIPPET_MAX = 100 };

struct transfer {
	uint32_t magic;
	struct transfer *next; /* of those open, in http.c */
	struct transfer *prev;
	http_done_fn *done;
	void *ctx;
	CURL *easy;
	struct curl_slist *headers;
	struct prefix *allow;
	size_t n_allow;
	size_t header_size; /* bytes so far, of all header blocks */
	size_t body_size;
	size_t snippet_size;
	int status;   /* set when a final header block is complete */
	bool opened;  /* a socket was given to curl */
	bool refused; /* an address was not */
	char refused_address[ADDR_TEXT_SIZE];
	char snippet[TRANSFER_SNIPPET_MAX]; /* of the answer, as it came */
	char error[CURL_ERROR_SIZE];
};

/* Copies everything.  0, -ENOMEM, ERR_TOO_BIG or ERR_HTTP. */
MUST_CHECK int transfer_new(
    const struct http_post *post, struct transfer **out);
/* After its handle left the multi handle. */
void transfer_free(struct transfer *t);
/* The transfer of a handle that curl names; checked. */
struct transfer *transfer_of(CURL *easy);
/* What is told to the owner when curl ended with `code`. */
struct http_result transfer_result(struct transfer *t, CURLcode code);

/*
 * T1, address.c: may a socket be opened to `a`?  Yes when an `allow` prefix
 * has it, or it is a public address.
 */
bool address_is_allowed(
    const struct addr *a, const struct prefix *allow, size_t n_allow);

#endif
