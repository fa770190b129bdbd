/* SPDX-License-Identifier: ISC */

/* The object `digest` of an event of that kind. */

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "judge/diff.h"
#include "say_priv.h"
#include "store/store.h"

/* The number of a kind as the database has it. */
static const char *
kind_of(const char *number)
{
	long kind = strtol(number, NULL, 10);

	return kind > KIND_NONE && kind <= KIND_READABLE
	           ? kind_text((enum kind)kind)
	           : number;
}

/* Rows of one key follow each other in no order. */
static uint64_t
sum_of(const struct say_digest *s, const char *what, const char *key)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		if (strcmp(s->rows[i].what, what) == 0 &&
		    strcmp(s->rows[i].key, key) == 0)
			n += s->rows[i].n;
	}
	return n;
}

static bool
is_first(const struct say_digest *s, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(s->rows[i].what, s->rows[at].what) == 0 &&
		    strcmp(s->rows[i].key, s->rows[at].key) == 0)
			return false;
	}
	return true;
}

static void
put_sums(struct emit *j, const char *key, const struct say_digest *s,
    const char *what)
{
	bool is_change = strcmp(what, "change") == 0;

	emit_object(j, key);
	for (size_t i = 0; i < s->n_rows; i++) {
		const char *of = s->rows[i].key;

		if (strcmp(s->rows[i].what, what) == 0 && is_first(s, i))
			emit_int(j, is_change ? kind_of(of) : of,
			    (int64_t)sum_of(s, what, of));
	}
	emit_object_end(j);
}

static void
put_most(struct emit *j, const struct say_digest *s)
{
	emit_array(j, "most");
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct store_sum *row = &s->rows[i];

		if (strcmp(row->what, "name") != 0)
			continue;
		emit_object(j, NULL);
		emit_text(j, "name", row->key);
		emit_int(j, "entries", (int64_t)row->n);
		emit_text(
		    j, "severity", severity_text((enum severity)row->severity));
		emit_object_end(j);
	}
	emit_array_end(j);
}

void
say_put_digest(struct emit *j, const struct say_digest *s)
{
	if (s == NULL)
		return;
	emit_wall(j, "until", s->until);
	emit_object(j, "digest");
	emit_int(j, "changes", (int64_t)s->changes);
	emit_int(j, "events", (int64_t)s->events);
	emit_int(j, "names", (int64_t)s->names);
	emit_object(j, "severities");
	for (int i = SAY_SEVERITIES - 1; i >= 0; i--)
		emit_int(j, severity_text((enum severity)i),
		    (int64_t)s->by_severity[i]);
	emit_object_end(j);
	put_sums(j, "change_kinds", s, "change");
	put_sums(j, "event_kinds", s, "event");
	put_sums(j, "lists", s, "list");
	put_most(j, s);
	emit_object(j, "pools");
	emit_int(j, "questions", (int64_t)s->pools);
	emit_int(j, "answers", (int64_t)s->pool_answers);
	emit_int(j, "addresses", (int64_t)s->pool_addresses);
	emit_object_end(j);
	emit_object(j, "now");
	emit_int(j, "failing", (int64_t)s->failing);
	emit_int(j, "deviating", (int64_t)s->deviating);
	emit_int(j, "dangling", (int64_t)s->dangling);
	emit_int(j, "plans", (int64_t)s->plans);
	emit_object_end(j);
	emit_object_end(j);
}
