/* SPDX-License-Identifier: ISC */

/* Clauses of `expect`; play.c has their grammar. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "dns/type.h"
#include "expect.h"
#include "fake_loop.h"
#include "jpath.h"
#include "judge/candidate.h"
#include "judge/diff.h"
#include "play.h"
#include "rule/severity.h"
#include "world.h"

struct clause {
	struct world *w;
	const char *p; /* what is left of it */
	char *why;
	size_t size;
};

static bool
wrong(struct clause *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->why, c->size, format, args);
	va_end(args);
	return false;
}

/* ---- questions ---- */

static struct db_question *
need_question(struct clause *c, char text[WORD_SIZE])
{
	char name[WORD_SIZE], type[WORD_SIZE];
	const char *why;
	struct name n;
	uint16_t t;

	word_need(&c->p, name);
	word_need(&c->p, type);
	if (name_parse(name, &n, &why) != 0 || type_parse(type, &t) != 0)
		story_fail("no question: %s %s", name, type);
	snprintf(text, WORD_SIZE, "%.500s %.20s", name, type);
	return db_find(c->w->db, &n, t);
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum { VALUES_MAX = 1024 };

/* "198.18.0.1*600": that address and those after it. */
static size_t
expand(const char *text, char **items, size_t n)
{
	const char *star = strchr(text, '*');
	unsigned a, b, c, d;
	long many;

	if (star == NULL || sscanf(text, "%u.%u.%u.%u*", &a, &b, &c, &d) != 4) {
		items[n] = strdup(text);
		return n + 1;
	}
	many = strtol(star + 1, NULL, 10);
	for (long i = 0; i < many && n < VALUES_MAX; i++) {
		uint32_t ip = (a << 24 | b << 16 | c << 8 | d) + (uint32_t)i;

		items[n] = malloc(16);
		CHECK(items[n] != NULL);
		snprintf(items[n++], 16, "%u.%u.%u.%u", ip >> 24,
		    ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	}
	return n;
}

/* "b, a" as "a, b", with addresses written out: order is no matter. */
static void
sort_values(const char *text, struct buf *out)
{
	char *items[VALUES_MAX], *copy, *p, *next;
	const char *via = text;
	size_t n = 0;

	if (strncmp(text, "via ", 4) == 0) {
		text += 4 + strcspn(text + 4, " ");
		text += *text == ' ';
		buf_add(out, via, (size_t)(text - via));
	}
	copy = strdup(text);
	CHECK(copy != NULL);
	for (p = copy; p != NULL && n < VALUES_MAX; p = next) {
		next = strstr(p, ", ");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		n = expand(p, items, n);
	}
	qsort(items, n, sizeof(*items), compare_text);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s", i > 0 ? ", " : "", items[i]);
		free(items[i]);
	}
	free(copy);
}

static bool
is_state(struct clause *c, bool baseline)
{
	char text[WORD_SIZE];
	struct db_question *q = need_question(c, text);
	struct buf raw = {0}, have = {0}, want = {0};
	bool same;

	if (q == NULL)
		return wrong(c, "%s is not known", text);
	db_print(&q->content, &raw);
	sort_values(buf_text(&raw), &have);
	sort_values(c->p, &want);
	same = strcmp(buf_text(&have), buf_text(&want)) == 0;
	if (!same)
		wrong(c, "state of %s is %.300s", text, buf_text(&have));
	else if (baseline && q->n_beliefs > 0)
		same = wrong(c, "%s has changed since its baseline", text);
	buf_fini(&raw);
	buf_fini(&have);
	buf_fini(&want);
	return same;
}

static bool
is_failing(struct clause *c)
{
	char text[WORD_SIZE];
	const struct db_question *q;

	if (word_is(&c->p, "none")) {
		for (size_t i = 0; i < c->w->db->n_questions; i++) {
			if (c->w->db->questions[i]->failing)
				return wrong(c, "a question fails");
		}
		return true;
	}
	q = need_question(c, text);
	if (q == NULL || !q->failing)
		return wrong(c, "%s does not fail", text);
	if (word_is(&c->p, "told") && !q->failing_told)
		return wrong(c, "the outage of %s is not told", text);
	return true;
}

static bool
is_interval(struct clause *c)
{
	char text[WORD_SIZE], value[WORD_SIZE], how[WORD_SIZE];
	const struct db_question *q = need_question(c, text);
	unsigned open = 0, closed = 0;
	bool want_open, want_closed;

	word_need(&c->p, value);
	word_need(&c->p, how);
	for (size_t i = 0; q != NULL && i < q->n_intervals; i++) {
		if (strcmp(q->intervals[i].text, value) != 0)
			continue;
		open += q->intervals[i].closed == 0;
		closed += q->intervals[i].closed != 0;
	}
	want_open = strcmp(how, "open") == 0;
	want_closed = strcmp(how, "closed") == 0;
	if ((open > 0) != want_open || (want_closed && closed == 0))
		return wrong(c, "%s %s: %u open, %u closed intervals", text,
		    value, open, closed);
	return true;
}

static bool
count_is(struct clause *c, const char *what, long have)
{
	const char *word = "exactly";
	bool most = word_is(&c->p, "at");
	bool least = false;
	long want;

	if (most && word_is(&c->p, "least")) {
		least = true;
		most = false;
		word = "at least";
	} else if (most) {
		word_is(&c->p, "most");
		word = "at most";
	}
	want = word_number(&c->p);
	if (most ? have > want : least ? have < want : have != want)
		return wrong(
		    c, "%ld %s, wanted %s %ld", have, what, word, want);
	return true;
}

static bool
is_fresh(struct clause *c)
{
	char text[WORD_SIZE];
	struct db_question *q = need_question(c, text);
	wall_us seen;
	wall_us age;
	mono_ns most;

	if (q == NULL)
		return wrong(c, "%s is not known", text);
	most = word_span(&c->p);
	seen = db_last_seen(c->w->db, q, INT64_MAX);
	age = loop_wall(c->w->loop) - seen;
	if (word_is(&c->p, "least") ? age < most / 1000 : age > most / 1000)
		return wrong(c, "%s was last seen %lld s ago", text,
		    (long long)(age / WALL_S(1)));
	return true;
}

/* Not later than the last good reply, nor earlier by more than that. */
static bool
is_kept(struct clause *c)
{
	char text[WORD_SIZE];
	struct db_question *q = need_question(c, text);
	wall_us seen;
	wall_us answered;
	mono_ns most;

	if (q == NULL)
		return wrong(c, "%s is not known", text);
	most = word_span(&c->p);
	seen = db_last_seen(c->w->db, q, INT64_MAX);
	answered = net_answered(&c->w->net, &q->name, q->type);
	/* Plans are kept in ticks, rounded down. */
	if (seen > answered + WALL_MS(100) || answered - seen > most / 1000)
		return wrong(c, "%s was last seen %lld ms before its answer",
		    text, (long long)((answered - seen) / WALL_MS(1)));
	return true;
}

static bool
is_asked(struct clause *c)
{
	char name[WORD_SIZE], type[WORD_SIZE], word[WORD_SIZE];
	const struct server *s = NULL;
	unsigned how = ASKED_UDP | ASKED_TCP;
	const char *why;
	struct name n;
	uint16_t t;

	word_need(&c->p, name);
	word_need(&c->p, type);
	if (name_parse(name, &n, &why) != 0 || type_parse(type, &t) != 0)
		story_fail("no question: %s %s", name, type);
	if (word_is(&c->p, "by")) {
		if (word_is(&c->p, "udp"))
			how = ASKED_UDP;
		else if (word_is(&c->p, "tcp"))
			how = ASKED_TCP;
		else if (word_is(&c->p, "cd"))
			how = ASKED_CD;
		else if (word_is(&c->p, "do"))
			how = ASKED_DO;
		else if (word_is(&c->p, "nsid"))
			how = ASKED_NSID;
		else
			story_fail("by udp, tcp, cd, do or nsid");
	}
	if (word_is(&c->p, "of")) {
		word_need(&c->p, word);
		s = net_find(&c->w->net, word);
	}
	return count_is(c, "questions", net_asked(&c->w->net, s, &n, t, how));
}

static bool
is_peak(struct clause *c)
{
	char word[WORD_SIZE];
	const struct server *s;

	word_need(&c->p, word);
	s = net_find(&c->w->net, word);
	return count_is(c, "questions in one second", (long)s->peak);
}

/* ---- the log ---- */

static bool
is_first_decision(const struct db_entry *e)
{
	return strcmp(e->class_, "change") == 0 && e->revision == 1;
}

static long
count_entries(const struct db *db, const char *class_, const char *event)
{
	long n = 0;

	for (size_t i = 0; i < db->n_entries; i++) {
		const struct db_entry *e = &db->entries[i];

		if (strcmp(class_, "change") == 0)
			n += is_first_decision(e);
		else if (strcmp(e->class_, class_) == 0)
			n += event == NULL ||
			     (e->event != NULL && strcmp(e->event, event) == 0);
	}
	return n;
}

static bool
is_digit_or_at(const char *p)
{
	return (*p >= '0' && *p <= '9') || strncmp(p, "at ", 3) == 0;
}

static bool
is_events(struct clause *c)
{
	char kind[WORD_SIZE];

	if (is_digit_or_at(c->p))
		return count_is(
		    c, "events", count_entries(c->w->db, "event", NULL));
	word_need(&c->p, kind);
	return count_is(c, kind, count_entries(c->w->db, "event", kind));
}

static bool
alert_has(const struct db *db, const struct db_alert *a, const char *class_,
    const char *kind)
{
	char value[WORD_SIZE];
	const struct db_entry *e = &db->entries[a->first];

	if (strcmp(a->class_, class_) != 0)
		return false;
	if (kind == NULL)
		return true;
	if (a->group != NULL)
		return jpath(a->group, ".kind", value, sizeof(value)) &&
		       strcmp(value, kind) == 0;
	return jpath(e->body, ".kind", value, sizeof(value)) &&
	       strcmp(value, kind) == 0;
}

static bool
is_alerts(struct clause *c)
{
	char class_[WORD_SIZE], kind[WORD_SIZE];
	const struct db *db = c->w->db;
	bool any_kind;
	long n = 0;

	if (is_digit_or_at(c->p))
		return count_is(c, "alerts", (long)db->n_alerts);
	word_need(&c->p, class_);
	any_kind = is_digit_or_at(c->p);
	if (!any_kind)
		word_need(&c->p, kind);
	for (size_t i = 0; i < db->n_alerts; i++)
		n += alert_has(
		    db, &db->alerts[i], class_, any_kind ? NULL : kind);
	return count_is(c, "such alerts", n);
}

/* Of all alerts those that a silence held when they came to be. */
static bool
is_held(struct clause *c)
{
	char silence[WORD_SIZE];
	const struct db *db = c->w->db;
	bool any = is_digit_or_at(c->p);
	long n = 0;

	if (!any)
		word_need(&c->p, silence);
	for (size_t i = 0; i < db->n_alerts; i++)
		n += db->alerts[i].held_by != NULL &&
		     (any || strcmp(db->alerts[i].held_by, silence) == 0);
	return count_is(c, "held alerts", n);
}

static bool
has_item(const char *body, const char *array, const char *item)
{
	char path[64], value[WORD_SIZE];

	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "%s[%d]", array, i);
		if (!jpath(body, path, value, sizeof(value)))
			return false;
		if (strcmp(value, item) == 0)
			return true;
	}
}

static bool
has_aspect(const char *body, const char *aspect)
{
	return has_item(body, ".aspects", aspect);
}

static bool
member_is(const char *body, const char *path, const char *want)
{
	char value[LINE_SIZE];

	return jpath(body, path, value, sizeof(value)) &&
	       strcmp(value, want) == 0;
}

/* Does the entry say all that the words of the clause say? */
static bool
entry_says(const struct db_entry *e, const char *p)
{
	char word[WORD_SIZE], value[LINE_SIZE];
	bool ok = true;

	while (ok && *p != '\0') {
		if (*p == '"') {
			word_next(&p, word);
			ok = jpath(e->body, ".summary", value, sizeof(value)) &&
			     strstr(value, word) != NULL;
			continue;
		}
		word_next(&p, word);
		if (strcmp(word, "proved") == 0) {
			word_need(&p, word);
			ok = member_is(e->body, ".proved", word);
		} else if (strcmp(word, "severity") == 0) {
			word_need(&p, word);
			ok = member_is(e->body, ".severity", word);
		} else if (strcmp(word, "revision") == 0) {
			word_need(&p, word);
			ok = member_is(e->body, ".revision", word);
		} else if (strcmp(word, "aspect") == 0) {
			word_need(&p, word);
			ok = has_aspect(e->body, word);
		} else if (strcmp(word, "means") == 0) {
			word_need(&p, word);
			ok = has_item(e->body, ".meaning_codes", word);
		} else if (strcmp(word, "without") == 0) {
			word_need(&p, word);
			ok = !has_aspect(e->body, word);
		} else if (strcmp(word, "told") == 0) {
			ok = e->told;
		} else if (strcmp(word, "untold") == 0) {
			ok = !e->told;
		} else if (strcmp(word, "confirmed") == 0 ||
			   strcmp(word, "unconfirmed") == 0 ||
			   strcmp(word, "transient") == 0) {
			ok = member_is(e->body, ".label", word);
		} else {
			ok = member_is(e->body, ".kind", word);
		}
	}
	return ok;
}

static void
describe(const struct db_entry *e, char *out, size_t size)
{
	char kind[64] = "", label[64] = "", proved[64] = "", severity[64] = "";
	char summary[512] = "";

	jpath(e->body, ".kind", kind, sizeof(kind));
	jpath(e->body, ".label", label, sizeof(label));
	jpath(e->body, ".proved", proved, sizeof(proved));
	jpath(e->body, ".severity", severity, sizeof(severity));
	jpath(e->body, ".summary", summary, sizeof(summary));
	snprintf(out, size, "%s %s proved %s severity %s revision %u \"%s\"",
	    kind, label, proved, severity, e->revision, summary);
}

static bool
is_change(struct clause *c)
{
	char text[WORD_SIZE], last[1024] = "none";
	const struct db_question *q = need_question(c, text);
	const struct db *db = c->w->db;

	for (size_t i = 0; q != NULL && i < db->n_entries; i++) {
		const struct db_entry *e = &db->entries[i];
		char name[NAME_TEXT_SIZE];

		if (strcmp(e->class_, "change") != 0 || e->type != q->type ||
		    strcmp(e->name, name_print(q->name.wire, name)) != 0)
			continue;
		if (entry_says(e, c->p))
			return true;
		describe(e, last, sizeof(last));
	}
	return wrong(c, "no such change of %s; the last is %s", text, last);
}

static const char *
find_body(struct clause *c)
{
	const struct db *db = c->w->db;
	const char *body = NULL;
	char text[WORD_SIZE];

	if (word_is(&c->p, "group")) {
		for (size_t i = 0; i < db->n_alerts; i++) {
			if (db->alerts[i].group != NULL)
				body = db->alerts[i].group;
		}
	} else if (word_is(&c->p, "event")) {
		word_need(&c->p, text);
		for (size_t i = 0; i < db->n_entries; i++) {
			const struct db_entry *e = &db->entries[i];

			if (e->event != NULL && strcmp(e->event, text) == 0)
				body = e->body;
		}
	} else {
		const char *class_ =
		    word_is(&c->p, "candidate") ? "candidate" : "change";
		const struct db_question *q = need_question(c, text);
		char name[NAME_TEXT_SIZE];

		for (size_t i = 0; q != NULL && i < db->n_entries; i++) {
			const struct db_entry *e = &db->entries[i];

			if (strcmp(e->class_, class_) == 0 &&
			    e->type == q->type &&
			    strcmp(e->name, name_print(q->name.wire, name)) ==
				0)
				body = e->body;
		}
	}
	return body;
}

/* json ... PATH = VALUE, or PATH about T: a time since the story's begin. */
static bool
is_json(struct clause *c)
{
	char path[WORD_SIZE], value[LINE_SIZE], op[WORD_SIZE];
	struct buf status = {0};
	const char *body;
	bool found;

	if (word_is(&c->p, "status")) {
		struct emit j;

		emit_start(&j, &status);
		emit_object(&j, NULL);
		monitor_status(c->w->monitor, &j);
		emit_object_end(&j);
		body = buf_text(&status);
	} else {
		body = find_body(c);
	}
	word_need(&c->p, path);
	word_need(&c->p, op);
	if (body == NULL)
		return wrong(c, "there is no such entry");
	found = jpath(body, path, value, sizeof(value));
	buf_fini(&status);
	if (strcmp(op, "absent") == 0)
		return found ? wrong(c, "%s is %s", path, value) : true;
	if (!found)
		return wrong(c, "%s is not there", path);
	if (strcmp(op, "about") == 0) {
		wall_us at, want = FAKE_LOOP_WALL + word_span(&c->p) / 1000;
		wall_us slack = word_is(&c->p, "give") ? word_span(&c->p) / 1000
		                                       : WALL_S(2);

		if (wall_parse(value, 0, &at) != 0)
			return wrong(c, "%s is %s", path, value);
		if (at < want - slack || at > want + slack)
			return wrong(c, "%s is %s, %lld s off", path, value,
			    (long long)((at - want) / WALL_S(1)));
		return true;
	}
	if (strcmp(value, c->p) != 0)
		return wrong(c, "%s is %s", path, value);
	return true;
}

/* ---- clauses ---- */

static bool
is_no(struct clause *c)
{
	char word[WORD_SIZE];
	long n;

	word_need(&c->p, word);
	if (strcmp(word, "change") == 0)
		n = count_entries(c->w->db, "change", NULL);
	else if (strcmp(word, "event") == 0)
		n = count_entries(c->w->db, "event", NULL);
	else if (strcmp(word, "alert") == 0)
		n = (long)c->w->db->n_alerts;
	else if (strcmp(word, "candidate") == 0)
		n = c->w->db->n_candidates;
	else
		story_fail("no what? %s", word);
	return n == 0 ? true : wrong(c, "%ld %ss", n, word);
}

static long
count_open(const struct db *db)
{
	long n = 0;

	for (size_t i = 0; i < db->n_questions; i++)
		n += db->questions[i]->phase == CANDIDATE_OPEN;
	return n;
}

static bool
is_of_question(struct clause *c, const char *what)
{
	char text[WORD_SIZE];
	const struct db_question *q = need_question(c, text);
	long n = 0;

	if (q == NULL)
		return wrong(c, "%s is not known", text);
	if (strcmp(what, "intervals") == 0)
		n = (long)q->n_intervals;
	else if (strcmp(what, "beliefs") == 0)
		n = (long)q->n_beliefs;
	else if (strcmp(what, "entry") == 0)
		n = q->entry_known ? (long)q->entry_s : -1;
	else if (strcmp(what, "puts") == 0)
		n = (long)q->n_puts;
	else if (strcmp(what, "stretches") == 0)
		n = (long)q->n_stretches;
	else if (strcmp(what, "pooldays") == 0)
		n = (long)q->n_pool_days;
	else if (strcmp(what, "memberships") == 0)
		n = db_memberships(c->w->db, &q->name, false);
	else if (strcmp(what, "listed") == 0)
		n = db_memberships(c->w->db, &q->name, true);
	else if (strcmp(what, "ended") == 0)
		n = db_ended(c->w->db, &q->name);
	else if (strcmp(what, "stretching") == 0)
		n = q->n_stretches > 0 && q->stale_until == 0;
	else
		n = (long)q->n_outages;
	return count_is(c, what, n);
}

/* Where the log has the first candidate of a question; -1: nowhere. */
static long
first_candidate(struct clause *c)
{
	char text[WORD_SIZE];
	char name[NAME_TEXT_SIZE];
	const struct db_question *q = need_question(c, text);
	const struct db *db = c->w->db;

	for (size_t i = 0; q != NULL && i < db->n_entries; i++) {
		const struct db_entry *e = &db->entries[i];

		if (strcmp(e->class_, "candidate") == 0 && e->type == q->type &&
		    strcmp(e->name, name_print(q->name.wire, name)) == 0)
			return (long)i;
	}
	return -1;
}

static bool
is_order(struct clause *c)
{
	long a = first_candidate(c);
	long b = first_candidate(c);

	if (a < 0 || b < 0)
		return wrong(c, "there are not two candidates");
	return a < b ? true : wrong(c, "they are the other way round");
}

static bool
is_true(struct clause *c)
{
	struct world *w = c->w;
	char word[WORD_SIZE];

	word_need(&c->p, word);
	if (strcmp(word, "baseline") == 0)
		return is_state(c, true);
	if (strcmp(word, "state") == 0)
		return is_state(c, false);
	if (strcmp(word, "no") == 0)
		return is_no(c);
	if (strcmp(word, "change") == 0)
		return is_change(c);
	if (strcmp(word, "changes") == 0)
		return count_is(
		    c, "changes", count_entries(w->db, "change", NULL));
	if (strcmp(word, "gathered") == 0)
		return count_is(c, "gathered alerts", db_gathered(w->db));
	if (strcmp(word, "held") == 0)
		return is_held(c);
	if (strcmp(word, "alerts") == 0)
		return is_alerts(c);
	if (strcmp(word, "events") == 0)
		return is_events(c);
	if (strcmp(word, "candidates") == 0)
		return count_is(c, "candidates", w->db->n_candidates);
	if (strcmp(word, "open") == 0)
		return count_is(c, "open candidates", count_open(w->db));
	if (strcmp(word, "written") == 0)
		return count_is(c, "items", (long)w->db->n_written);
	if (strcmp(word, "lines") == 0)
		return count_is(c, "lines", w->n_lines);
	if (strcmp(word, "json") == 0)
		return is_json(c);
	if (strcmp(word, "failing") == 0)
		return is_failing(c);
	if (strcmp(word, "interval") == 0)
		return is_interval(c);
	if (strcmp(word, "intervals") == 0 || strcmp(word, "beliefs") == 0 ||
	    strcmp(word, "outages") == 0 || strcmp(word, "entry") == 0 ||
	    strcmp(word, "puts") == 0 || strcmp(word, "stretches") == 0 ||
	    strcmp(word, "stretching") == 0 || strcmp(word, "pooldays") == 0 ||
	    strcmp(word, "memberships") == 0 || strcmp(word, "listed") == 0 ||
	    strcmp(word, "ended") == 0)
		return is_of_question(c, word);
	if (strcmp(word, "fresh") == 0)
		return is_fresh(c);
	if (strcmp(word, "kept") == 0)
		return is_kept(c);
	if (strcmp(word, "asked") == 0)
		return is_asked(c);
	if (strcmp(word, "order") == 0)
		return is_order(c);
	if (strcmp(word, "peak") == 0)
		return is_peak(c);
	if (strcmp(word, "done") == 0)
		return w->done ? true : wrong(c, "it is not done");
	if (strcmp(word, "fatal") == 0)
		return w->fatal[0] != '\0' ? true : wrong(c, "no on_fatal");
	if (strcmp(word, "not") == 0)
		return !is_true(c) ? true : wrong(c, "what must not be is so");
	if (strcmp(word, "ready") == 0)
		return monitor_is_ready(w->monitor) ? true
		                                    : wrong(c, "not ready");
	story_fail("expect what? %s", word);
}

bool
expect_all(struct world *w, const char *clauses, char *why, size_t size)
{
	char text[LINE_SIZE];
	bool quoted = false;
	size_t n = 0;

	for (const char *p = clauses;; p++) {
		struct clause c = {w, text, why, size};

		if (*p == '"')
			quoted = !quoted;
		if (*p != '\0' && (*p != ';' || quoted)) {
			CHECK(n + 1 < sizeof(text));
			text[n++] = *p;
			continue;
		}
		while (n > 0 && text[n - 1] == ' ')
			n--;
		text[n] = '\0';
		n = 0;
		c.p = text + strspn(text, " ");
		if (*c.p != '\0' && !is_true(&c))
			return false;
		if (*p == '\0')
			return true;
	}
}
