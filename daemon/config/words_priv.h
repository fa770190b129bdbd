/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_WORDS_PRIV_H
#define CONFIG_WORDS_PRIV_H

/*
 * words -- record types, tags and other short words, read the same way in the
 * configuration and in every form of watchlist.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node_priv.h"

enum { TAG_SIZE = 65, TEXT_FIELD_MAX = 1024 };

/* One word; false when it was refused (and reported). */
typedef bool word_fn(void *ctx, const char *word, struct place at);
/*
 * Calls fn for each word of a list of texts, or of one text that is split at
 * blanks, commas and semicolons.  False when anything was refused.
 */
bool words_walk(const struct node *n, const char *what, const struct report *r,
    word_fn *fn, void *ctx);

/* A type that can be watched, else a report. */
bool word_type(
    const char *word, struct place at, const struct report *r, uint16_t *out);
/* A tag in lower case, so that `Hostile` is the hostile that is meant. */
bool word_tag(const char *word, struct place at, const struct report *r,
    char out[TAG_SIZE]);
/* A text without control characters, at most TEXT_FIELD_MAX bytes, or NULL. */
const char *text_field(
    const struct node *n, const char *what, const struct report *r);

#endif
