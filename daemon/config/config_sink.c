/* SPDX-License-Identifier: ISC */

/*
 * `sinks:`.  A URL may itself be the secret (chat services), so messages do
 * not show it; they never show the secret either.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "reader_priv.h"

enum {
	SECRET_MIN = 24, /* Standard Webhooks 1.0: 24 to 64 bytes */
	SECRET_DECODED_MAX = 64,
	SECRET_RAW_MAX = 4096,
	URL_MAX = 2048,
	NAME_MAX_SIZE = 32,
	ALLOW_MAX = 1024
};

struct entry {
	struct reader *x;
	struct config_sink *sink;
	const struct node *type;
	const struct node *url;
	const struct node *secret;
	const struct node *secret_file;
};

static void
read_type(void *ctx, const struct node *value)
{
	static const char *const types[] = {"webhook"};
	struct entry *e = ctx;

	e->type = value;
	(void)node_choice(value, "sink type", &e->x->r, types, 1);
}

static void
read_url(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->url = value;
}

static void
read_secret_key(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->secret = value;
}

static void
read_secret_file_key(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->secret_file = value;
}

static void
read_ca_file(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	read_ca(e->x, value, &e->sink->ca, &e->sink->ca_size);
}

static void
read_http(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	(void)node_bool(value, "http", &e->x->r, &e->sink->http);
}

static void
read_allow(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	struct config_sink *sink = e->sink;

	if (!node_is_list(value, "allow", &e->x->r) || value->n == 0)
		return;
	if (value->n > ALLOW_MAX) {
		report_error(&e->x->r, value->at,
		    "allow has more than %d prefixes; use shorter ones",
		    ALLOW_MAX);
		return;
	}
	sink->allow = reader_array(e->x, value->n, sizeof(*sink->allow));
	if (sink->allow == NULL)
		return;
	for (const struct node *n = value->first; n != NULL; n = n->next) {
		const char *text = node_text(n, "a prefix", &e->x->r);

		if (text == NULL)
			continue;
		if (prefix_parse(text, &sink->allow[sink->n_allow]) == 0)
			sink->n_allow++;
		else
			report_error(&e->x->r, n->at,
			    "`%.64s` is no prefix; write 10.0.0.0/8 or ::1",
			    text);
	}
}

/* Host and port of a URL: "host", "host:8080", "[::1]:8080". */
static bool
is_host(const char *text, size_t size)
{
	size_t host = 0;
	size_t port;
	unsigned number = 0;

	if (size > 0 && text[0] == '[') {
		host = strcspn(text, "]") + 1;
		if (host < 4 || host > size)
			return false;
	} else {
		while (host < size && (isalnum((unsigned char)text[host]) ||
					  strchr("-._", text[host]) != NULL))
			host++;
	}
	if (host == 0 || host == size)
		return host != 0;
	for (port = host + 1; port < size; port++) {
		if (!isdigit((unsigned char)text[port]))
			return false;
		number = number * 10 + (unsigned)(text[port] - '0');
		if (number > UINT16_MAX)
			return false;
	}
	return text[host] == ':' && number > 0;
}

/* What is wrong with the URL, NULL when nothing is. */
static const char *
url_fault(const char *url, bool http)
{
	bool plain = strncasecmp(url, "http://", 7) == 0;
	const char *host = strstr(url, "://");
	size_t size;

	if (strlen(url) > URL_MAX)
		return "url has more than 2048 characters; shorten it";
	for (const char *p = url; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return "url has a blank or a character outside ASCII; "
			       "escape it as %XX";
	}
	if (plain && !http)
		return "url is plain http; use https, or set `http: true`";
	if (!plain && strncasecmp(url, "https://", 8) != 0)
		return "url must begin with https://";
	host += 3;
	size = strcspn(host, "/?#");
	if (memchr(host, '@', size) != NULL)
		return "url has a user name in it; remove all before the `@`";
	if (!is_host(host, size))
		return "url has no readable host; write "
		       "https://host.example/path";
	return NULL;
}

static void
finish_url(struct entry *e, const struct node *n)
{
	const char *fault;

	if (e->url == NULL) {
		report_error(&e->x->r, n->key->at,
		    "sink `%s` has no url; add `url: https://...`",
		    e->sink->name);
		return;
	}
	if (node_text(e->url, "url", &e->x->r) == NULL)
		return;
	fault = url_fault(e->url->text, e->sink->http);
	if (fault != NULL)
		report_error(&e->x->r, e->url->at, "%s", fault);
	else
		e->sink->url = reader_text(e->x, e->url->text);
}

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

size_t
base64_read(const char *text, uint8_t *out, size_t room)
{
	size_t used = 0;
	uint32_t bits = 0;
	unsigned n_bits = 0;

	for (; *text != '\0' && *text != '='; text++) {
		int v = base64_value(*text);

		if (v < 0)
			return 0;
		bits = bits << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (used == room)
			return 0;
		out[used++] = (uint8_t)(bits >> n_bits);
	}
	if (strspn(text, "=") != strlen(text) || strlen(text) > 2 ||
	    n_bits == 6)
		return 0;
	return used;
}

static void
take_secret(struct entry *e, const struct node *n, const char *text)
{
	static const char mark[] = "whsec_";
	struct config_sink *sink = e->sink;
	size_t size = strlen(text);
	bool coded = strncmp(text, mark, sizeof(mark) - 1) == 0;
	size_t room = coded ? SECRET_DECODED_MAX : size;

	if (!coded && (size < SECRET_MIN || size > SECRET_RAW_MAX)) {
		report_error(&e->x->r, n->at,
		    "the secret must have at least %d bytes; make one with "
		    "`echo whsec_$(openssl rand -base64 32)`",
		    SECRET_MIN);
		return;
	}
	sink->secret = reader_array(e->x, room, 1);
	if (sink->secret == NULL)
		return;
	if (!coded) {
		memcpy(sink->secret, text, size);
		sink->secret_size = size;
		return;
	}
	size = base64_read(text + sizeof(mark) - 1, sink->secret, room);
	if (size < SECRET_MIN)
		report_error(&e->x->r, n->at,
		    "the secret must be whsec_ and the base64 of %d to %d "
		    "bytes; make one with "
		    "`echo whsec_$(openssl rand -base64 32)`",
		    SECRET_MIN, SECRET_DECODED_MAX);
	sink->secret_size = size < SECRET_MIN ? 0 : size;
}

static void
finish_secret(struct entry *e, const struct node *n)
{
	struct reader *x = e->x;
	char *text;
	size_t size;

	if (e->secret != NULL && e->secret_file != NULL) {
		report_error(&x->r, e->secret_file->key->at,
		    "both secret and secret_file; keep one");
		return;
	}
	if (e->secret == NULL && e->secret_file == NULL) {
		report_error(&x->r, n->key->at,
		    "sink `%s` has no secret; add `secret_file: PATH`",
		    e->sink->name);
		return;
	}
	if (e->secret != NULL) {
		if (node_text(e->secret, "secret", &x->r) == NULL)
			return;
		warn_shared(x, e->secret, "secret");
		take_secret(e, e->secret, e->secret->text);
		return;
	}
	text = read_secret_file(x, e->secret_file, "secret_file", &size);
	if (text == NULL)
		return;
	take_secret(e, e->secret_file, text);
	explicit_bzero(text, size);
	free(text);
}

static void
read_sink(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"type", read_type},
	    {"url", read_url},
	    {"secret", read_secret_key},
	    {"secret_file", read_secret_file_key},
	    {"allow", read_allow},
	    {"http", read_http},
	    {"ca_file", read_ca_file},
	};
	struct entry e = {.x = x};

	e.sink = &x->c->sinks[x->c->n_sinks];
	e.sink->name = reader_text(x, n->key->text);
	if (e.sink->name == NULL)
		return;
	x->c->n_sinks++;
	if (!node_walk(n, "a sink", keys, 7, &x->r, &e))
		return;
	if (e.type == NULL)
		report_error(&x->r, n->key->at,
		    "sink `%s` has no type; add `type: webhook`", e.sink->name);
	finish_url(&e, n);
	finish_secret(&e, n);
}

void
read_sinks(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (value->kind != NODE_MAP) {
		report_error(&x->r, value->at,
		    "`sinks` must be a mapping: a name, and below it the "
		    "sink's keys");
		return;
	}
	x->c->sinks = reader_array(x, CONFIG_SINKS_MAX, sizeof(*x->c->sinks));
	for (const struct node *n = value->first;
	     n != NULL && x->c->sinks != NULL; n = n->next) {
		if (!reader_is_named(x, n, "sink", NAME_MAX_SIZE))
			continue;
		if (x->c->n_sinks == CONFIG_SINKS_MAX)
			report_error(&x->r, n->key->at,
			    "more than %d sinks; remove some",
			    CONFIG_SINKS_MAX);
		else
			read_sink(x, n);
	}
}
