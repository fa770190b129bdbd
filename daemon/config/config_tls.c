/* SPDX-License-Identifier: ISC */

/*
 * `tls:` of a resolver: how it proves who it is.  It must do so always (the
 * strict profile of RFC 8310): there is no way to say that it need not.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "reader_priv.h"

enum {
	HOST_MAX = 253,
	LABEL_MAX = 63,
	CA_FILE_MAX = 4 * 1024 * 1024 /* the system's have a tenth of it */
};

struct entry {
	struct reader *x;
	struct tls_peer *tls;
	const struct node *ca_file;
	bool bad;
};

/* Read now and kept: what is in force is what was checked. */
void
read_ca(struct reader *x, const struct node *value, char **ca, size_t *size)
{
	struct named_file file = {"ca_file", NULL, CA_FILE_MAX};
	char *path;
	bool shared; /* certificates are no secret */
	int n;

	if (node_text(value, "ca_file", &x->r) == NULL)
		return;
	file.path = path = path_beside(x->r.path, value->text);
	if (path == NULL) {
		x->no_memory = true;
		return;
	}
	free(*ca);
	*ca = read_named_file(x, value, &file, size, &shared);
	n = *ca == NULL ? 1 : pem_certificates(*ca, *size);
	if (n == 0)
		report_error(&x->r, value->at,
		    "ca_file %s: no certificate in it; give the PEM of the "
		    "authorities to trust",
		    path);
	else if (n < 0)
		report_error(&x->r, value->at,
		    "ca_file %s: certificate %d in it cannot be read; replace "
		    "it",
		    path, -n);
	free(path);
}

/* A host name as certificates have it, without a dot at its end. */
static bool
is_host_name(const char *text)
{
	size_t label = 0;

	if (strlen(text) > HOST_MAX)
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '.' && (label == 0 || p[-1] == '-' || p[1] == '\0'))
			return false;
		if (*p == '.') {
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*p) && (*p != '-' || label == 0))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && text[strlen(text) - 1] != '-';
}

static void
read_name(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	const char *text = node_text(value, "name", &e->x->r);
	char host[HOST_MAX + 2];
	struct addr addr;
	size_t size;

	if (text == NULL) {
		e->bad = true;
		return;
	}
	size = strlen(text);
	if (size > 1 && text[size - 1] == '.')
		size--;
	if (size >= sizeof(host))
		size = sizeof(host) - 1; /* and refused below */
	memcpy(host, text, size);
	host[size] = '\0';
	if (addr_parse(host, 1, &addr) == 0) {
		report_error(&e->x->r, value->at,
		    "name is an address; write the host name that its "
		    "certificate has, or give its `pin`");
		e->bad = true;
	} else if (!is_host_name(host)) {
		report_error(&e->x->r, value->at,
		    "name `%.64s` is no host name; write the one that its "
		    "certificate has, in ASCII, as dns.example.net",
		    text);
		e->bad = true;
	} else {
		free(e->tls->name);
		e->tls->name = reader_text(e->x, host);
	}
}

static void
read_pin(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	uint8_t pin[TLS_PIN_SIZE];

	if (node_text(value, "pin", &e->x->r) == NULL) {
		e->bad = true;
		return;
	}
	if (base64_read(value->text, pin, sizeof(pin)) != sizeof(pin)) {
		report_error(&e->x->r, value->at,
		    "pin must be the base64 of the SHA-256 of a public key; "
		    "make it with `openssl x509 -pubkey -noout -in CERT | "
		    "openssl pkey -pubin -outform der | openssl dgst -sha256 "
		    "-binary | base64`");
		e->bad = true;
		return;
	}
	free(e->tls->pin);
	e->tls->pin = reader_array(e->x, TLS_PIN_SIZE, 1);
	if (e->tls->pin != NULL)
		memcpy(e->tls->pin, pin, sizeof(pin));
}

static void
read_ca_file(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	e->ca_file = value;
	read_ca(e->x, value, &e->tls->ca, &e->tls->ca_size);
}

static void
finish(struct entry *e, const struct node *value)
{
	const struct tls_peer *tls = e->tls;

	if (e->bad || e->x->no_memory)
		return;
	e->bad = true;
	if (tls->name == NULL && tls->pin == NULL)
		report_error(&e->x->r, value->at,
		    "`tls` without `name` and `pin` would trust anybody; add "
		    "the name in its certificate, or the pin of its key");
	else if (tls->name == NULL && e->ca_file != NULL)
		report_error(&e->x->r, e->ca_file->at,
		    "`ca_file` says nothing where the `pin` alone decides; "
		    "add `name`, or remove it");
	else
		e->bad = false;
}

struct tls_peer *
read_tls(struct reader *x, const struct node *value)
{
	static const struct key keys[] = {
	    {"name", read_name},
	    {"pin", read_pin},
	    {"ca_file", read_ca_file},
	};
	struct entry e = {.x = x};

	if (value->kind != NODE_MAP) {
		if (value->kind != NODE_BAD)
			report_error(&x->r, value->at,
			    "`tls` must be a mapping; write "
			    "`{name: dns.example.net}` with the name in its "
			    "certificate");
		return NULL;
	}
	e.tls = reader_array(x, 1, sizeof(*e.tls));
	if (e.tls == NULL)
		return NULL;
	if (node_walk(value, "`tls`", keys, 3, &x->r, &e))
		finish(&e, value);
	if (!e.bad)
		return e.tls;
	config_tls_free(e.tls);
	return NULL;
}

void
config_tls_free(struct tls_peer *tls)
{
	if (tls == NULL)
		return;
	free(tls->name);
	free(tls->pin);
	free(tls->ca);
	free(tls);
}
