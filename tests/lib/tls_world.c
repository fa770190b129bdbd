/* SPDX-License-Identifier: ISC */
/* The resolver's world, over TLS. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tls_world.h"

struct tls_world tls_world;

int
tls_world_setup(void **state)
{
	struct tls_world *t = &tls_world;
	struct world *w;

	/* OpenSSL writes to connections that the resolver has closed. */
	(void)signal(SIGPIPE, SIG_IGN);
	memset(t, 0, sizeof(*t));
	t->ca = tls_cert_make(NULL, NULL, -TLS_DAY, TLS_DAY);
	t->good = tls_cert_make(&t->ca, "dns.example", -TLS_DAY, TLS_DAY);
	t->context = tls_cert_server(&t->good);
	t->pem = tls_cert_pem(&t->ca);
	tls_cert_pin(&t->good, t->pin);
	t->peer.ca = t->pem;
	t->peer.ca_size = strlen(t->pem);
	tls_world_want("dns.example");
	if (world_setup(state) != 0)
		return -1;
	w = *state;
	w->limits.tcp_timeout_ms = 1000;
	w->tls = &t->peer;
	w->context = t->context;
	return 0;
}

int
tls_world_teardown(void **state)
{
	struct tls_world *t = &tls_world;

	world_teardown(state);
	SSL_CTX_free(t->context);
	tls_cert_free(&t->good);
	tls_cert_free(&t->ca);
	free(t->peer.name);
	free(t->pem);
	return 0;
}

void
tls_world_show(struct world *w, struct tls_cert given)
{
	SSL_CTX_free(tls_world.context);
	tls_world.context = tls_cert_server(&given);
	w->context = tls_world.context;
	tls_cert_free(&given);
}

void
tls_world_want(const char *name)
{
	free(tls_world.peer.name);
	tls_world.peer.name = name == NULL ? NULL : strdup(name);
}
