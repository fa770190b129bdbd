/* SPDX-License-Identifier: ISC */

/* What the function `sums` of sql/0014_digest.sql says, without lists. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fake_store.h"

/* Of each decision the latest revision counts. */
static bool
counts(
    const struct db *db, const struct db_entry *e, wall_us since, wall_us until)
{
	if (e->at < since || e->at >= until ||
	    strcmp(e->class_, "candidate") == 0)
		return false;
	for (size_t i = 0; i < db->n_entries; i++) {
		const struct db_entry *other = &db->entries[i];

		if (uuid_equal(&other->id, &e->id) &&
		    other->revision > e->revision && other->at >= since &&
		    other->at < until)
			return false;
	}
	return true;
}

/* The row of these is made or counted up. */
static void
count(struct db_sums *s, const char *what, const char *key, uint8_t severity)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->rows[i].what, what) == 0 &&
		    strcmp(s->rows[i].key, key) == 0 &&
		    s->rows[i].severity == severity) {
			s->rows[i].n++;
			return;
		}
	}
	CHECK(s->n < DB_SUMS_MAX);
	s->rows[s->n++] = (struct store_sum){what, key, severity, 1};
}

void
db_sums(const struct db *db, wall_us since, wall_us until, struct db_sums *out)
{
	out->n = 0;
	for (size_t i = 0; i < db->n_entries; i++) {
		const struct db_entry *e = &db->entries[i];

		if (e->event != NULL && strcmp(e->event, "digest") == 0 &&
		    e->at >= until)
			count(out, "told", "", 0);
		if (!counts(db, e, since, until))
			continue;
		if (e->event != NULL) {
			count(out, "event", e->event, e->severity);
		} else {
			snprintf(out->kinds[e->kind], sizeof(out->kinds[0]),
			    "%u", (unsigned)e->kind);
			count(out, "change", out->kinds[e->kind], e->severity);
		}
	}
}
