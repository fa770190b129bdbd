/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_SUGGEST_PRIV_H
#define CONFIG_SUGGEST_PRIV_H

/* suggest -- which word was meant. */

#include <stddef.h>

/* The known word nearest to the typed one, NULL when none is near. */
const char *suggest(const char *typed, const char *const *known, size_t n);
/* "a, b or c" into out; returns out. */
char *suggest_list(const char *const *known, size_t n, char *out, size_t size);

#endif
