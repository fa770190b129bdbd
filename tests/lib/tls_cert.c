/* SPDX-License-Identifier: ISC */
/* Certificates for tests: keys on P-256, signed with SHA-256. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "base/hash.h"
#include "tls_cert.h"

static void
extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	CHECK(e != NULL && X509_add_ext(x509, e, -1) == 1);
	X509_EXTENSION_free(e);
}

struct tls_cert
tls_cert_make(const struct tls_cert *by, const char *dns, long from, long to)
{
	struct tls_cert c = {EVP_EC_gen("P-256"), X509_new()};
	const char *cn = dns != NULL ? dns : "authority";
	X509_NAME *name;
	uint64_t serial;
	char san[300];

	CHECK(c.key != NULL && c.x509 != NULL);
	CHECK(RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1);
	CHECK(X509_set_version(c.x509, 2) == 1);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(c.x509), serial >> 1);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), from);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), to);
	name = X509_get_subject_name(c.x509);
	CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		  (const unsigned char *)cn, -1, -1, 0) == 1);
	CHECK(X509_set_issuer_name(c.x509,
		  by != NULL ? X509_get_subject_name(by->x509) : name) == 1);
	CHECK(X509_set_pubkey(c.x509, c.key) == 1);
	if (dns != NULL) {
		snprintf(san, sizeof(san), "DNS:%s", dns);
		extend(c.x509, NID_subject_alt_name, san);
	} else {
		extend(c.x509, NID_basic_constraints, "critical,CA:TRUE");
	}
	CHECK(
	    X509_sign(c.x509, by != NULL ? by->key : c.key, EVP_sha256()) > 0);
	return c;
}

void
tls_cert_free(struct tls_cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
	*c = (struct tls_cert){NULL, NULL};
}

char *
tls_cert_pem(const struct tls_cert *c)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data;
	char *text;
	long size;

	CHECK(out != NULL && PEM_write_bio_X509(out, c->x509) == 1);
	size = BIO_get_mem_data(out, &data);
	text = strndup(data, (size_t)size);
	CHECK(text != NULL);
	BIO_free(out);
	return text;
}

void
tls_cert_pin(const struct tls_cert *c, uint8_t pin[32])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(c->key, &der);

	CHECK(size > 0);
	hash_sha256(der, (size_t)size, pin);
	OPENSSL_free(der);
}

SSL_CTX *
tls_cert_server(const struct tls_cert *c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	CHECK(ctx != NULL);
	CHECK(SSL_CTX_use_certificate(ctx, c->x509) == 1);
	CHECK(SSL_CTX_use_PrivateKey(ctx, c->key) == 1);
	return ctx;
}
