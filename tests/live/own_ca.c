/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the daemon by test_tls: whoever opens the machine's bundle
 * of certificate authorities is given the file that OWN_CA names, so that a
 * test can have an authority that is trusted, and nothing of the machine is
 * touched.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef FILE *open_fn(const char *path, const char *mode);

static FILE *
open_instead(const char *symbol, const char *path, const char *mode)
{
	const char *own = getenv("OWN_CA");
	open_fn *next;

	*(void **)&next = dlsym(RTLD_NEXT, symbol);
	if (next == NULL)
		abort();
	if (own != NULL && path != NULL &&
	    strcmp(path, "/etc/ssl/certs/ca-certificates.crt") == 0)
		path = own;
	return next(path, mode);
}

FILE *
fopen(const char *path, const char *mode)
{
	return open_instead("fopen", path, mode);
}

FILE *
fopen64(const char *path, const char *mode)
{
	return open_instead("fopen64", path, mode);
}
