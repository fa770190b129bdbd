/* SPDX-License-Identifier: ISC */
#ifndef TLS_CERT_H
#define TLS_CERT_H

/* tls_cert -- authorities and certificates for tests, made on the spot. */

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct tls_cert {
	EVP_PKEY *key;
	X509 *x509;
};

/*
 * For a host name, valid from and to so many seconds from now, signed by the
 * authority, or by itself when that is NULL.  With no name it is an authority.
 */
struct tls_cert tls_cert_make(
    const struct tls_cert *by, const char *dns, long from, long to);
void tls_cert_free(struct tls_cert *c);
/* As `ca_file` has it; the caller frees. */
char *tls_cert_pem(const struct tls_cert *c);
/* SHA-256 of its public key. */
void tls_cert_pin(const struct tls_cert *c, uint8_t pin[32]);
/* A server that shows it. */
SSL_CTX *tls_cert_server(const struct tls_cert *c);

#endif
