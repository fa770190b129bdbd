/* SPDX-License-Identifier: ISC */
#ifndef STORE_COMMIT_PRIV_H
#define STORE_COMMIT_PRIV_H

/* Rows that several kinds of items have. */

#include <stddef.h>

struct batch;
struct commit_alert;
struct commit_entry;
struct store_key;

/* A list of texts, as one array literal. */
void row_list(struct batch *b, const char *const *list, size_t n);
void row_entry(struct batch *b, const struct store_key *key,
    const struct commit_entry *entry);

/* An entry of the item that an alert may tell. */
struct told_entry {
	const struct store_key *key;
	const struct commit_entry *entry;
};

/*
 * One delivery per sink.  Its members: of a group all entries of the item; of
 * another the entry with the alert's id and revision, or the only one.
 */
void row_alert(struct batch *b, const struct commit_alert *alert,
    const struct told_entry *told, size_t n);

#endif
