/* SPDX-License-Identifier: ISC */

#include "base/pem.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

/* A key that has a password is passed over and nobody asked. */
static int
no_password(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

int
pem_certificates(const char *text, size_t size)
{
	BIO *in;
	X509 *certificate;
	unsigned long why;
	int n = 0;

	if (size > INT_MAX || (in = BIO_new_mem_buf(text, (int)size)) == NULL)
		return -1;
	ERR_clear_error();
	while ((certificate = PEM_read_bio_X509(in, NULL, no_password, NULL)) !=
	       NULL) {
		X509_free(certificate);
		n++;
	}
	why = ERR_peek_last_error();
	ERR_clear_error();
	BIO_free(in);
	if (ERR_GET_LIB(why) == ERR_LIB_PEM &&
	    ERR_GET_REASON(why) == PEM_R_NO_START_LINE)
		return n;
	return -(n + 1);
}
