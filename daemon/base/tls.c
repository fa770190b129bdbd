/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL over two memory BIOs: it makes no system call, so that nothing of it
 * can block and no signal comes from a closed connection.
 *
 * The error queue belongs to the thread and others use it too: it is emptied
 * before every call whose errors are read.
 */

#include "base/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "base/hash.h"

enum { WHY_SIZE = 160 };

struct tls_client {
	SSL_CTX *ctx;
	char *name; /* NULL: the pin alone decides */
	bool has_pin;
	uint8_t pin[TLS_PIN_SIZE];
	SSL_SESSION *latest; /* to be resumed; NULL: none */
};

struct tls_session {
	struct tls_client *client;
	SSL *ssl;
	BIO *in;  /* owned by ssl, as the next */
	BIO *out; /* what is to be sent */
	bool other_key;
	bool untrusted;
	char why[WHY_SIZE];
};

static bool
has_pinned_key(const struct tls_client *c, X509 *leaf)
{
	uint8_t digest[SHA256_SIZE];
	uint8_t *spki = NULL;
	int size;

	_Static_assert(
	    (int)SHA256_SIZE == (int)TLS_PIN_SIZE, "a pin is a SHA-256");
	if (leaf == NULL)
		return false;
	size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
	if (size <= 0)
		return false;
	hash_sha256(spki, (size_t)size, digest);
	OPENSSL_free(spki);
	return memcmp(digest, c->pin, TLS_PIN_SIZE) == 0;
}

/*
 * In the place of the library's own check.  Where the key alone is known, who
 * signed it and until when says nothing more.
 */
static int
on_certificate(X509_STORE_CTX *store, void *ctx)
{
	const struct tls_client *c = ctx;
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = SSL_get_app_data(ssl);

	if (c->name != NULL && X509_verify_cert(store) != 1)
		return 0;
	if (c->has_pin && !has_pinned_key(c, X509_STORE_CTX_get0_cert(store))) {
		s->other_key = true;
		X509_STORE_CTX_set_error(
		    store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static void
forget_session(struct tls_client *c)
{
	SSL_SESSION_free(c->latest);
	c->latest = NULL;
}

/* 1: the reference is ours now. */
static int
on_new_session(SSL *ssl, SSL_SESSION *given)
{
	struct tls_session *s = SSL_get_app_data(ssl);

	if (!SSL_SESSION_is_resumable(given))
		return 0;
	forget_session(s->client);
	s->client->latest = given;
	return 1;
}

static bool
trust(SSL_CTX *ctx, const char *pem, size_t size)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	bool good = true;
	unsigned n = 0;
	X509 *one;
	BIO *in;

	if (size > INT_MAX || (in = BIO_new_mem_buf(pem, (int)size)) == NULL)
		return false;
	while (
	    good && (one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
		n++;
	}
	BIO_free(in);
	ERR_clear_error();
	return good && n > 0;
}

static bool
set_up(struct tls_client *c, const struct tls_peer *peer)
{
	SSL_CTX *ctx = c->ctx;

	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return false;
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, c);
	if (peer->ca != NULL)
		return trust(ctx, peer->ca, peer->ca_size);
	return peer->name == NULL || SSL_CTX_set_default_verify_paths(ctx) == 1;
}

struct tls_client *
tls_client_new(const struct tls_peer *peer)
{
	struct tls_client *c = calloc(1, sizeof(*c));

	CHECK(peer->name != NULL || peer->pin != NULL);
	if (c == NULL)
		return NULL;
	c->ctx = SSL_CTX_new(TLS_client_method());
	if (peer->pin != NULL) {
		c->has_pin = true;
		memcpy(c->pin, peer->pin, TLS_PIN_SIZE);
	}
	if (peer->name != NULL)
		c->name = strdup(peer->name);
	if (c->ctx != NULL && (peer->name == NULL || c->name != NULL) &&
	    set_up(c, peer))
		return c;
	tls_client_free(c);
	return NULL;
}

void
tls_client_free(struct tls_client *c)
{
	if (c == NULL)
		return;
	forget_session(c);
	SSL_CTX_free(c->ctx);
	free(c->name);
	free(c);
}

/* A ticket of TLS 1.3 is for once (RFC 8446 C.4); a new one follows. */
static void
resume(struct tls_session *s)
{
	struct tls_client *c = s->client;

	if (c->latest == NULL)
		return;
	(void)SSL_set_session(s->ssl, c->latest);
	if (SSL_SESSION_get_protocol_version(c->latest) >= TLS1_3_VERSION)
		forget_session(c);
}

/* Names are those of the certificate's own list, with whole wildcards. */
static bool
expect_name(SSL *ssl, const char *name)
{
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
				   X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct tls_session *
tls_session_new(struct tls_client *c)
{
	struct tls_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->client = c;
	s->ssl = SSL_new(c->ctx);
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	if (s->ssl == NULL || s->in == NULL || s->out == NULL ||
	    (c->name != NULL && !expect_name(s->ssl, c->name))) {
		SSL_free(s->ssl);
		BIO_free(s->in);
		BIO_free(s->out);
		free(s);
		return NULL;
	}
	/* When there is nothing to read, that is not the end. */
	(void)BIO_set_mem_eof_return(s->in, -1);
	SSL_set_bio(s->ssl, s->in, s->out);
	SSL_set_app_data(s->ssl, s);
	SSL_set_connect_state(s->ssl);
	resume(s);
	return s;
}

void
tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	/* Or the session of a connection that just ends is not resumable. */
	SSL_set_quiet_shutdown(s->ssl, 1);
	(void)SSL_shutdown(s->ssl);
	SSL_free(s->ssl);
	ERR_clear_error();
	free(s);
}

int
tls_feed(struct tls_session *s, const uint8_t *bytes, size_t size)
{
	CHECK(size <= INT_MAX);
	return BIO_write(s->in, bytes, (int)size) == (int)size ? 0 : -ENOMEM;
}

static void
note_why(struct tls_session *s)
{
	long verified = SSL_get_verify_result(s->ssl);
	const char *text = ERR_reason_error_string(ERR_peek_error());

	s->untrusted = verified != X509_V_OK;
	if (s->other_key)
		snprintf(s->why, sizeof(s->why),
		    "certificate: its key is not the pinned one");
	else if (s->untrusted)
		snprintf(s->why, sizeof(s->why), "certificate: %s",
		    X509_verify_cert_error_string(verified));
	else
		snprintf(s->why, sizeof(s->why), "TLS: %s",
		    text != NULL ? text : "broken");
	if (s->untrusted)
		forget_session(s->client);
	ERR_clear_error();
}

/* What a call that did nothing means. */
static int
failed(struct tls_session *s, int returned)
{
	switch (SSL_get_error(s->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return ERR_CLOSED;
	default:
		note_why(s);
		return -EPROTO;
	}
}

int
tls_handshake(struct tls_session *s)
{
	int n;

	ERR_clear_error();
	n = SSL_do_handshake(s->ssl);
	if (n != 1) {
		int err = failed(s, n);

		return err == ERR_CLOSED ? -EPROTO : err;
	}
	return 0;
}

int
tls_read(struct tls_session *s, uint8_t *out, size_t room)
{
	int n;

	ERR_clear_error();
	n = SSL_read(s->ssl, out, room > INT_MAX ? INT_MAX : (int)room);
	if (n > 0)
		return n;
	n = failed(s, n);
	return n == -EAGAIN ? 0 : n;
}

int
tls_write(struct tls_session *s, const uint8_t *bytes, size_t size)
{
	int n;

	CHECK(size > 0 && size <= INT_MAX);
	ERR_clear_error();
	n = SSL_write(s->ssl, bytes, (int)size);
	if (n == (int)size)
		return 0;
	if (n <= 0)
		(void)failed(s, n);
	return -EPROTO;
}

void
tls_bye(struct tls_session *s)
{
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl);
	ERR_clear_error();
}

size_t
tls_out(struct tls_session *s, const uint8_t **out)
{
	char *data = NULL;
	long size = BIO_get_mem_data(s->out, &data);

	*out = (const uint8_t *)data;
	return size > 0 ? (size_t)size : 0;
}

void
tls_sent(struct tls_session *s, size_t size)
{
	char gone[4096];

	while (size > 0) {
		int n = BIO_read(s->out, gone,
		    (int)(size < sizeof(gone) ? size : sizeof(gone)));

		CHECK(n > 0);
		size -= (size_t)n;
	}
}

const char *
tls_why(const struct tls_session *s)
{
	return s->why;
}

bool
tls_is_untrusted(const struct tls_session *s)
{
	return s->untrusted;
}

bool
tls_is_resumed(const struct tls_session *s)
{
	return SSL_session_reused(s->ssl) == 1;
}
