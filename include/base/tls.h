/* SPDX-License-Identifier: ISC */
#ifndef BASE_TLS_H
#define BASE_TLS_H

/*
 * tls -- the client's side of TLS without a socket: what came from the
 * network is fed in, what is to be sent is taken out.
 *
 * The peer always proves who it is: by a certificate for its name from an
 * authority that is trusted, or by the key that was pinned, or by both where
 * both are given.  TLS 1.2 at least.  The latest session is resumed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { TLS_PIN_SIZE = 32, TLS_RECORD_MAX = 16384 };

/* Whom to believe; plain data, at least one of name and pin is set. */
struct tls_peer {
	char *name;   /* in its certificate, and sent to it (SNI); NULL */
	uint8_t *pin; /* TLS_PIN_SIZE: SHA-256 of its public key (SPKI); NULL */
	char *ca;     /* PEM: who is trusted instead of the system's; NULL */
	size_t ca_size;
};

struct tls_client; /* one peer's settings and its latest session */
struct tls_session;

/* The peer is copied.  NULL: memory is short, or a certificate of `ca` bad. */
struct tls_client *tls_client_new(const struct tls_peer *peer);
void tls_client_free(struct tls_client *c); /* after its sessions; NULL */

/* Borrows the client.  NULL: memory is short. */
struct tls_session *tls_session_new(struct tls_client *c);
void tls_session_free(struct tls_session *s); /* NULL is fine */

/* Bytes that came from the network; copied. */
MUST_CHECK int tls_feed(
    struct tls_session *s, const uint8_t *bytes, size_t size);
/* 0: the peer is who it should be.  -EAGAIN: go on.  -EPROTO: tls_why(). */
MUST_CHECK int tls_handshake(struct tls_session *s);
/*
 * After the handshake.  How many bytes were read, at most a record's; 0: no
 * more for now; ERR_CLOSED: the peer said that it ends; -EPROTO: tls_why().
 */
MUST_CHECK int tls_read(struct tls_session *s, uint8_t *out, size_t room);
/* All of it is encrypted, for tls_out(); or -EPROTO. */
MUST_CHECK int tls_write(
    struct tls_session *s, const uint8_t *bytes, size_t size);
/* Says to the peer that it ends; what there is to send is in tls_out(). */
void tls_bye(struct tls_session *s);

/* What is to be sent: its size, `out` lent until the next call of any. */
size_t tls_out(struct tls_session *s, const uint8_t **out);
void tls_sent(struct tls_session *s, size_t size); /* that much of it */

/* Why it failed, in words of ours or of the library, never of the peer. */
const char *tls_why(const struct tls_session *s);
/* It failed because the peer did not show who it is. */
bool tls_is_untrusted(const struct tls_session *s);
bool tls_is_resumed(const struct tls_session *s);

#endif
