/* SPDX-License-Identifier: ISC */

/*
 * An entry of the log as one line for people:
 *
 *   when  severity  label(proof)  name type kind from -> to  (aspects)  [tags]
 *
 * Below a change stands what it means, a line each, indented.
 *
 * A member that is missing, or of another form than we know, leaves its place
 * empty: a newer daemon may have written it.
 */

#include <inttypes.h>
#include <string.h>

#include "cli/print.h"
#include "print_scan.h"

enum {
	VALUE_MAX = 96, /* of one value in the line */
	VALUES_MAX = 6, /* values shown of a list */
	WORD_MAX = 64,  /* of a word of ours, should it not be one */
	NAME_MAX_SHOWN = 1024,
	SEVERITY_WIDTH = 8, /* "critical" */
	LABEL_WIDTH = 16,   /* "confirmed(cache)" */
	MEANING_WIDTH = 400
};

static bool
is_there(struct scan value)
{
	return scan_kind(value) == '"' && value.end - value.p > 2;
}

/* A text, and nothing for any other value. */
static void
put_text(struct buf *out, struct scan value, size_t max)
{
	if (scan_kind(value) == '"')
		scan_print(out, value, max);
}

/* At least `width` characters since `begin`, then two blanks. */
static void
put_column_end(struct buf *out, size_t begin, size_t width)
{
	size_t used = out->size - begin;

	buf_printf(out, "%*s", (int)(used < width ? width - used : 0) + 2, "");
}

/* "2026-11-21T17:00:00.123Z" as people read it; any other text as it is. */
static void
put_time(struct buf *out, struct scan value)
{
	enum { DAY = 10, CLOCK = 8, QUOTE = 1 };
	struct scan day = {value.p + QUOTE, value.p + QUOTE + DAY};
	struct scan clock = {day.end + 1, day.end + 1 + CLOCK};

	if (value.end - value.p < QUOTE + DAY + 1 + CLOCK + QUOTE ||
	    *day.end != 'T') {
		scan_print(out, value, 32);
		return;
	}
	scan_print(out, day, DAY);
	buf_add(out, " ", 1);
	scan_print(out, clock, CLOCK);
	buf_add(out, "Z", 1);
}

static void
put_list(struct buf *out, struct scan array, const char *between)
{
	size_t left = scan_count(array);
	struct scan value;

	for (size_t i = 0; left > 0 && scan_item(&array, &value); i++, left--) {
		if (i == VALUES_MAX) {
			buf_printf(out, " and %zu more", left);
			break;
		}
		if (i > 0)
			buf_add_text(out, between);
		scan_print(out, value, VALUE_MAX);
	}
}

/* A state: its records, or how it has none; for an alias where it leads. */
static void
put_state(struct buf *out, struct scan state, bool alias)
{
	struct scan rdata = scan_get(state, "rdata");
	struct scan chain = scan_get(state, "chain");

	if (alias && scan_count(chain) > 0) {
		put_list(out, chain, " ");
	} else if (scan_count(rdata) > 0) {
		put_list(out, rdata, ", ");
	} else {
		put_text(out, scan_get(state, "outcome"), VALUE_MAX);
		if (is_there(scan_get(state, "reason"))) {
			buf_add_text(out, " (");
			put_text(out, scan_get(state, "reason"), VALUE_MAX);
			buf_add_text(out, ")");
		}
	}
}

/* Some elements stay: those that came and went.  Else: from -> to. */
static void
put_elements(struct buf *out, const struct scan_members *entry)
{
	struct scan kind = scan_find(entry, "kind");
	struct scan added = scan_find(entry, "added");
	struct scan removed = scan_find(entry, "removed");
	struct scan to = scan_find(entry, "to");
	bool part = scan_is(kind, "added") || scan_is(kind, "removed") ||
	            scan_is(kind, "modified");

	if (!part || scan_count(added) + scan_count(removed) == 0) {
		if (scan_kind(to) == '\0')
			to = scan_find(entry, "seen"); /* a candidate */
		put_state(
		    out, scan_find(entry, "from"), scan_is(kind, "alias"));
		buf_add_text(out, " -> ");
		put_state(out, to, scan_is(kind, "alias"));
		return;
	}
	if (scan_count(removed) > 0) {
		buf_add_text(out, "- ");
		put_list(out, removed, ", ");
	}
	if (scan_count(added) > 0) {
		buf_add_text(out, scan_count(removed) > 0 ? " + " : "+ ");
		put_list(out, added, ", ");
	}
}

/* "   [owned, brand]", or nothing. */
static void
put_bracketed(
    struct buf *out, struct scan array, const char *open, const char *close)
{
	if (scan_count(array) == 0)
		return;
	buf_printf(out, "   %s", open);
	put_list(out, array, ", ");
	buf_add_text(out, close);
}

static void
put_watched(struct buf *out, struct scan name)
{
	struct buf text = {0};

	if (scan_kind(name) != '"')
		return;
	scan_print(&text, name, NAME_MAX_SHOWN);
	print_watched(out, buf_text(&text));
	if (text.err != 0)
		out->err = text.err;
	buf_fini(&text);
}

static void
put_question(struct buf *out, const struct scan_members *entry)
{
	struct scan view = scan_find(entry, "view");

	put_watched(out, scan_find(entry, "name"));
	if (is_there(scan_find(entry, "type"))) {
		buf_add(out, " ", 1);
		put_text(out, scan_find(entry, "type"), WORD_MAX);
	}
	if (is_there(view) && !scan_is(view, "default")) {
		buf_add_text(out, " in ");
		scan_print(out, view, WORD_MAX);
	}
}

static void
put_label(struct buf *out, const struct scan_members *entry)
{
	size_t begin = out->size;

	put_text(out, scan_find(entry, "label"), WORD_MAX);
	if (is_there(scan_find(entry, "proved")) &&
	    !scan_is(scan_find(entry, "proved"), "none")) {
		buf_add(out, "(", 1);
		put_text(out, scan_find(entry, "proved"), WORD_MAX);
		buf_add(out, ")", 1);
	}
	put_column_end(out, begin, LABEL_WIDTH);
}

/* What it means: each sentence in a line of its own. */
static void
put_meaning(struct buf *out, struct scan meaning)
{
	size_t left = scan_count(meaning);
	struct scan value;

	for (; left > 0 && scan_item(&meaning, &value); left--) {
		buf_add_text(out, "\n      ");
		put_text(out, value, MEANING_WIDTH);
	}
}

static void
put_change(struct buf *out, const struct scan_members *entry)
{
	put_label(out, entry);
	put_question(out, entry);
	buf_add(out, " ", 1);
	put_text(out, scan_find(entry, "kind"), WORD_MAX);
	buf_add(out, " ", 1);
	put_elements(out, entry);
	put_bracketed(out, scan_find(entry, "aspects"), "(", ")");
	put_bracketed(out, scan_find(entry, "tags"), "[", "]");
}

/* What an attribute was or is: a number, a digest, or the four of an SOA. */
static void
put_attribute(struct buf *out, struct scan value)
{
	struct scan key;
	struct scan number;
	const char *between = "";

	if (scan_kind(value) != '{') {
		scan_print(out, value, WORD_MAX);
		return;
	}
	while (scan_member(&value, &key, &number)) {
		buf_add_text(out, between);
		scan_print(out, number, WORD_MAX);
		between = " ";
	}
}

/* "key 4711 of example.org., until 2026-12-01 12:00:00Z" */
static void
put_signature(struct buf *out, struct scan signature)
{
	if (scan_kind(signature) != '{')
		return;
	buf_add_text(out, " key ");
	scan_print(out, scan_get(signature, "key_tag"), WORD_MAX);
	buf_add_text(out, " of ");
	put_text(out, scan_get(signature, "signer"), VALUE_MAX);
	buf_add_text(out, ", until ");
	put_time(out, scan_get(signature, "expires"));
}

/* "-> mx.example.net. (example.net.)": what is pointed at, and is missing. */
static void
put_target(struct buf *out, const struct scan_members *entry)
{
	if (!is_there(scan_find(entry, "target")))
		return;
	buf_add_text(out, " -> ");
	put_text(out, scan_find(entry, "target"), VALUE_MAX);
	if (is_there(scan_find(entry, "missing"))) {
		buf_add_text(out, " (");
		put_text(out, scan_find(entry, "missing"), VALUE_MAX);
		buf_add_text(out, ")");
	}
}

/* "vpn.example.org. A 192.0.2.1": what was asked, and answered. */
static void
put_probe(struct buf *out, struct scan probe)
{
	if (scan_kind(probe) != '{')
		return;
	buf_add_text(out, ": ");
	put_text(out, scan_get(probe, "name"), VALUE_MAX);
	buf_add(out, " ", 1);
	put_text(out, scan_get(probe, "type"), WORD_MAX);
	buf_add(out, " ", 1);
	put_state(out, probe, false);
}

/* " exactly, missing 192.0.2.1, unexpected 192.0.2.66" */
static void
put_deviation(struct buf *out, const struct scan_members *entry)
{
	static const char *const lists[] = {"missing", "unexpected"};

	if (!is_there(scan_find(entry, "expected")))
		return;
	buf_add(out, " ", 1);
	put_text(out, scan_find(entry, "expected"), WORD_MAX);
	for (size_t i = 0; i < 2; i++) {
		if (scan_count(scan_find(entry, lists[i])) == 0)
			continue;
		buf_printf(out, ", %s ", lists[i]);
		put_list(out, scan_find(entry, lists[i]), ", ");
	}
}

/* " resolving -> sinkholed (mark: Example CERT), confidence high" */
static void
put_life(struct buf *out, struct scan life)
{
	bool has_who = is_there(scan_get(life, "who"));

	if (scan_kind(life) != '{')
		return;
	buf_add(out, " ", 1);
	put_text(out, scan_get(life, "from"), WORD_MAX);
	buf_add_text(out, " -> ");
	put_text(out, scan_get(life, "to"), WORD_MAX);
	if (is_there(scan_get(life, "cause"))) {
		buf_add_text(out, " (");
		put_text(out, scan_get(life, "cause"), WORD_MAX);
		buf_add_text(out, has_who ? ": " : "");
		put_text(out, scan_get(life, "who"), VALUE_MAX);
		buf_add(out, ")", 1);
	}
	if (scan_kind(scan_get(life, "back")) == 't')
		buf_add_text(out, ", back");
	buf_add_text(out, ", confidence ");
	put_text(out, scan_get(life, "confidence"), WORD_MAX);
}

/* " plan move, not as planned: www.example.org." */
static void
put_plan(struct buf *out, const struct scan_members *entry)
{
	struct scan plan = scan_find(entry, "plan");

	if (scan_kind(plan) != '{')
		return;
	buf_add_text(out, " plan ");
	put_text(out, scan_get(plan, "name"), WORD_MAX);
	if (scan_count(scan_find(entry, "names")) > 0) {
		buf_add_text(out, ", not as planned: ");
		put_list(out, scan_find(entry, "names"), ", ");
	}
}

/* " default 192.0.2.1; eu 198.51.100.1": who says what. */
static void
put_views(struct buf *out, struct scan views)
{
	struct scan view;

	for (size_t i = 0; i < VALUES_MAX && scan_item(&views, &view); i++) {
		if (!is_there(scan_get(view, "outcome")))
			continue;
		buf_add_text(out, i > 0 ? "; " : " ");
		put_text(out, scan_get(view, "view"), WORD_MAX);
		buf_add(out, " ", 1);
		put_state(out, view, false);
	}
}

/* " changes 2, events 1, names 2": what a day came to. */
static void
put_digest(struct buf *out, struct scan digest)
{
	static const char *const counts[] = {"changes", "events", "names"};

	if (scan_kind(digest) != '{')
		return;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		buf_printf(out, "%s %s ", i > 0 ? "," : "", counts[i]);
		scan_print(out, scan_get(digest, counts[i]), WORD_MAX);
	}
}

/* What some kinds have of their own. */
static void
put_facts(struct buf *out, const struct scan_members *entry)
{
	put_deviation(out, entry);
	put_life(out, scan_find(entry, "life"));
	put_plan(out, entry);
	put_views(out, scan_find(entry, "views"));
	put_digest(out, scan_find(entry, "digest"));
}

static void
put_event(struct buf *out, const struct scan_members *entry)
{
	size_t begin = out->size;

	put_text(out, scan_find(entry, "kind"), WORD_MAX);
	put_column_end(out, begin, LABEL_WIDTH);
	put_question(out, entry);
	if (is_there(scan_find(entry, "server"))) {
		buf_add(out, " ", 1);
		put_text(out, scan_find(entry, "server"), VALUE_MAX);
	}
	if (is_there(scan_find(entry, "reason"))) {
		buf_add(out, " ", 1);
		put_text(out, scan_find(entry, "reason"), VALUE_MAX);
	}
	if (scan_kind(scan_find(entry, "to")) != '\0') {
		buf_add(out, " ", 1);
		put_attribute(out, scan_find(entry, "from"));
		buf_add_text(out, " -> ");
		put_attribute(out, scan_find(entry, "to"));
	}
	if (scan_kind(scan_find(entry, "seen")) == '{') {
		buf_add(out, " ", 1);
		put_state(out, scan_find(entry, "state"), false);
		buf_add_text(out, ", refused: ");
		put_state(out, scan_find(entry, "seen"), false);
	} else if (scan_is(scan_find(entry, "kind"), "baseline")) {
		buf_add(out, " ", 1);
		put_state(out, scan_find(entry, "state"), false);
	}
	put_facts(out, entry);
	put_target(out, entry);
	put_probe(out, scan_find(entry, "probe"));
	put_signature(out, scan_find(entry, "signature"));
	if (is_there(scan_find(entry, "since"))) {
		buf_add_text(out, " since ");
		put_time(out, scan_find(entry, "since"));
	}
	put_bracketed(out, scan_find(entry, "tags"), "[", "]");
}

static void
put_candidate(struct buf *out, const struct scan_members *entry)
{
	size_t begin = out->size;

	buf_add_text(out, "candidate");
	put_column_end(out, begin, LABEL_WIDTH);
	put_question(out, entry);
	buf_add(out, " ", 1);
	put_elements(out, entry);
}

/* Which change, and which of its decisions: only --log tells them apart. */
static void
put_identity(struct buf *out, const struct scan_members *entry)
{
	struct scan revision = scan_find(entry, "revision");
	bool has_change = is_there(scan_find(entry, "change"));

	buf_add_text(out, "   ");
	put_text(out, scan_find(entry, has_change ? "change" : "id"), WORD_MAX);
	if (scan_kind(revision) == '0') {
		buf_add_text(out, " revision ");
		scan_print(out, revision, WORD_MAX);
	}
	if (is_there(scan_find(entry, "why"))) {
		buf_add_text(out, ": ");
		put_text(out, scan_find(entry, "why"), VALUE_MAX);
	}
	if (is_there(scan_find(entry, "severity_why"))) {
		buf_add_text(out, "; ");
		put_text(out, scan_find(entry, "severity"), WORD_MAX);
		buf_add_text(out, " by ");
		put_text(out, scan_find(entry, "severity_why"), MEANING_WIDTH);
	}
}

static void
put_when(struct buf *out, const struct scan_members *entry)
{
	static const char *const keys[] = {
	    "decided_at", "at", "seen_at", "since"};
	struct scan when = {NULL, NULL};
	size_t begin = out->size;

	for (size_t i = 0; i < 4 && !is_there(when); i++)
		when = scan_find(entry, keys[i]);
	if (is_there(when))
		put_time(out, when);
	put_column_end(out, begin, sizeof("2026-11-21 17:00:00Z") - 1);
	begin = out->size;
	put_text(out, scan_find(entry, "severity"), WORD_MAX);
	put_column_end(out, begin, SEVERITY_WIDTH);
}

void
print_entry(struct buf *out, bool log, int64_t seq, const char *class_,
    const char *body)
{
	const struct scan object = scan_text(body);
	const struct scan_members members = scan_members(object);
	const struct scan_members *entry = &members;

	if (log)
		buf_printf(out, "%8" PRId64 "  ", seq);
	if (scan_kind(object) != '{') {
		buf_add_text(out, "entry that cannot be read: ");
		print_text(out, body, VALUE_MAX);
		return;
	}
	put_when(out, entry);
	if (strcmp(class_, "candidate") == 0)
		put_candidate(out, entry);
	else if (strcmp(class_, "event") == 0)
		put_event(out, entry);
	else
		put_change(out, entry);
	if (log)
		put_identity(out, entry);
	if (strcmp(class_, "change") == 0)
		put_meaning(out, scan_find(entry, "meaning"));
}
