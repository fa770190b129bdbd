/* SPDX-License-Identifier: ISC */
#ifndef TLS_WORLD_H
#define TLS_WORLD_H

/*
 * tls_world -- the resolver's world, over TLS: an authority, a server that
 * shows a certificate of it for dns.example, and a resolver that wants that.
 */

#include "resolver_world.h"
#include "tls_cert.h"

enum { TLS_DAY = 86400 };

/* Of the running test. */
struct tls_world {
	struct tls_cert ca;
	struct tls_cert good;
	SSL_CTX *context;
	char *pem;                 /* of the authority */
	uint8_t pin[TLS_PIN_SIZE]; /* of the good one's key */
	struct tls_peer peer;      /* what the resolver wants; may be changed */
};
extern struct tls_world tls_world;

/* cmocka's setup and teardown. */
int tls_world_setup(void **state);
int tls_world_teardown(void **state);
/* The server shows this certificate instead, once it is started; given. */
void tls_world_show(struct world *w, struct tls_cert given);
/* The resolver wants this name, NULL: none. */
void tls_world_want(const char *name);

#endif
