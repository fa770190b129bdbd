/* SPDX-License-Identifier: ISC */

#include "say_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/emit.h"
#include "base/escape.h"
#include "config/unicode.h"
#include "dns/dnskey.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/meaning.h"
#include "resolver/resolver.h"

void
say_put_name(struct emit *j, const char *key, const uint8_t *wire)
{
	char text[NAME_TEXT_SIZE];

	emit_text(j, key, name_print(wire, text));
}

static void
put_record(struct emit *j, const char *key, const struct record *r)
{
	size_t begin = emit_open_text(j, key);

	record_print(r, j->out, SAY_VALUE_MAX);
	emit_close_text(j, begin);
}

void
say_put_records(struct emit *j, const char *key, const struct content *c)
{
	emit_array(j, key);
	for (uint16_t i = 0; i < c->n_records; i++)
		put_record(j, NULL, &c->records[i]);
	emit_array_end(j);
}

void
say_put_state(struct emit *j, const char *key, const struct say_state *s)
{
	char digest[2 * SHA256_SIZE + 1];
	const struct content *c = s->content;

	emit_object(j, key);
	emit_text(j, "outcome", outcome_text(c->outcome));
	if (c->outcome == OUTCOME_UNREADABLE) {
		emit_text(j, "reason", unreadable_text(c->reason));
		emit_text(
		    j, "sha256", hash_hex(c->digest, SHA256_SIZE, digest));
	}
	say_put_records(j, "rdata", c);
	emit_array(j, "chain");
	for (uint16_t i = 0; i < c->n_chain; i++)
		say_put_name(j, NULL, c->chain[i]);
	emit_array_end(j);
	if (c->partial)
		emit_bool(j, "partial", true);
	emit_int(j, "ttl", s->ttl);
	if (s->since != 0)
		emit_wall(j, "since", s->since);
	if (s->last_seen != 0)
		emit_wall(j, "last_seen", s->last_seen);
	emit_object_end(j);
}

/* The name that is watched, and how people write it (E2). */
void
say_put_watched(struct emit *j, const uint8_t *name)
{
	char text[NAME_TEXT_SIZE];

	say_put_name(j, "name", name);
	unicode_emit(j, name_print(name, text));
}

static void
put_question(struct emit *j, const struct say_question *q)
{
	char type[TYPE_TEXT_SIZE];

	say_put_watched(j, q->name);
	say_put_name(j, "zone", name_zone_guess(q->name));
	emit_text(j, "type", type_print(q->type, type));
	emit_text(j, "view", q->view);
}

static void
put_texts(struct emit *j, const char *key, const char *const *texts, size_t n)
{
	emit_array(j, key);
	for (size_t i = 0; i < n; i++)
		emit_utf8(j, NULL, texts[i]);
	emit_array_end(j);
}

/* Times are of the membership. */
static bool
says_whence(const struct watch_source *s)
{
	return s->name != NULL || s->url != NULL || s->has_confidence ||
	       s->tlp != TLP_NONE;
}

static void
put_sources(struct emit *j, const struct policy *p)
{
	bool open = false;

	for (size_t i = 0; i < p->n_sources; i++) {
		const struct policy_source *s = &p->sources[i];

		if (!says_whence(&s->says))
			continue;
		if (!open)
			emit_array(j, "sources");
		open = true;
		emit_object(j, NULL);
		emit_utf8(j, "list", s->list);
		if (s->says.name != NULL)
			emit_utf8(j, "source", s->says.name);
		if (s->says.url != NULL)
			emit_utf8(j, "url", s->says.url);
		if (s->says.has_confidence)
			emit_int(j, "confidence", s->says.confidence);
		if (s->says.tlp != TLP_NONE)
			emit_text(j, "tlp", tlp_text(s->says.tlp));
		emit_object_end(j);
	}
	if (open)
		emit_array_end(j);
}

void
say_put_policy(struct emit *j, const struct policy *p)
{
	if (p == NULL)
		return;
	put_texts(j, "watchlists", p->lists, p->n_lists);
	put_texts(j, "tags", p->tags, p->n_tags);
	if (p->owner != NULL)
		emit_utf8(j, "owner", p->owner);
	if (p->runbook != NULL)
		emit_utf8(j, "runbook", p->runbook);
	put_sources(j, p);
}

static void
put_aspects(struct emit *j, uint32_t aspects)
{
	emit_array(j, "aspects");
	for (unsigned i = 0; i < N_ASPECTS; i++) {
		if ((aspects & (1u << i)) != 0)
			emit_text(j, NULL, aspect_text(i));
	}
	emit_array_end(j);
}

/* What it means, in words for people and for machines. */
static void
put_meaning(struct emit *j, const struct say_change *c)
{
	struct meaning meaning;

	meaning_of(
	    c->from.content, c->to.content, c->q.type, c->q.name, &meaning);
	if (meaning.n == 0)
		return;
	emit_array(j, "meaning");
	for (size_t i = 0; i < meaning.n; i++)
		emit_text(j, NULL, meaning.list[i].text);
	emit_array_end(j);
	emit_array(j, "meaning_codes");
	for (size_t i = 0; i < meaning.n; i++)
		emit_text(j, NULL, meaning_text(meaning.list[i].code));
	emit_array_end(j);
}

/* What the history said of this record when the change was first seen. */
static const struct store_element *
facts_about(const struct say_change *c, const struct record *r)
{
	if (c->facts_of == NULL)
		return NULL;
	for (size_t i = 0; i < c->facts_of->n_records; i++) {
		size_t fact = c->facts_of->n_chain + i;

		if (fact < c->n_facts &&
		    record_equal(&c->facts_of->records[i], r))
			return &c->facts[fact];
	}
	return NULL;
}

static bool
content_has(const struct content *c, const struct record *r)
{
	for (uint16_t i = 0; c != NULL && i < c->n_records; i++) {
		if (record_equal(&c->records[i], r))
			return true;
	}
	return false;
}

static wall_us
first_witness(const struct say_change *c, const struct record *r)
{
	for (size_t i = 0; i < c->n_witnesses; i++) {
		if (content_has(c->witnesses[i].content, r))
			return c->witnesses[i].at;
	}
	return c->seen_at;
}

static void
put_element(struct emit *j, const struct say_change *c, const char *op,
    const struct record *r, bool confirmed)
{
	const struct store_element *f = facts_about(c, r);
	wall_us here = first_witness(c, r);
	wall_us any = here;

	if (f != NULL && f->first_here != 0)
		here = f->first_here;
	if (f != NULL && f->first_any != 0)
		any = f->first_any;
	emit_object(j, NULL);
	emit_text(j, "op", op);
	put_record(j, "value", r);
	emit_bool(j, "confirmed", confirmed);
	if (op[0] == '+') {
		emit_wall(j, "first_seen_here", here);
		emit_wall(j, "first_seen_any", any);
	}
	emit_object_end(j);
}

/* Was it said before witness n, or is it told already? */
static bool
is_told(const struct say_change *c, const struct record *r, size_t n)
{
	if (content_has(c->from.content, r) || content_has(c->to.content, r))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (content_has(c->witnesses[i].content, r))
			return true;
	}
	return false;
}

static bool
two_groups_have(const struct say_change *c, const struct record *r, size_t n)
{
	const char *own = c->witnesses[n].group;

	/* Of whom a start found in the database it may not be known (yet). */
	for (size_t i = n + 1; i < c->n_witnesses && own != NULL; i++) {
		if (c->witnesses[i].group != NULL &&
		    strcmp(c->witnesses[i].group, own) != 0 &&
		    content_has(c->witnesses[i].content, r))
			return true;
	}
	return false;
}

/* R10: also what was seen while the change was open and is gone again. */
static void
put_gone(struct emit *j, const struct say_change *c)
{
	size_t left = SAY_GONE_MAX;

	for (size_t n = 0; n < c->n_witnesses; n++) {
		const struct content *said = c->witnesses[n].content;

		for (uint16_t i = 0; said != NULL && i < said->n_records; i++) {
			const struct record *r = &said->records[i];

			if (left == 0 || is_told(c, r, n))
				continue;
			left--;
			emit_object(j, NULL);
			emit_text(j, "op", "+");
			put_record(j, "value", r);
			emit_bool(j, "confirmed", two_groups_have(c, r, n));
			emit_bool(j, "gone", true);
			emit_wall(j, "first_seen_here", c->witnesses[n].at);
			emit_object_end(j);
		}
	}
}

static void
put_difference(struct emit *j, const struct say_change *c)
{
	const struct judgement *g = c->judgement;

	emit_array(j, "added");
	for (size_t i = 0; i < g->diff.n_added; i++)
		put_record(j, NULL, g->diff.added[i]);
	emit_array_end(j);
	emit_array(j, "removed");
	for (size_t i = 0; i < g->diff.n_removed; i++)
		put_record(j, NULL, g->diff.removed[i]);
	emit_array_end(j);
	emit_array(j, "elements");
	for (size_t i = 0; i < g->diff.n_added; i++)
		put_element(j, c, "+", g->diff.added[i], g->added_confirmed[i]);
	for (size_t i = 0; i < g->diff.n_removed; i++)
		put_element(
		    j, c, "-", g->diff.removed[i], g->removed_confirmed[i]);
	put_gone(j, c);
	emit_array_end(j);
}

void
say_put_ede(struct emit *j, const struct commit_evidence *w)
{
	if (w->ede >= 0)
		emit_int(j, "ede", w->ede);
	if (w->ede_text_size > 0)
		emit_bytes(j, "ede_text", w->ede_text, w->ede_text_size);
}

/* A stranger's octets, as those of a name or a text: \DDD, and \\. */
void
say_put_nsid(struct emit *j, const uint8_t *nsid, size_t size)
{
	char text[4 * MESSAGE_NSID_MAX + 1];
	size_t at = 0;

	if (size == 0)
		return;
	for (size_t i = 0; i < size && i < MESSAGE_NSID_MAX; i++) {
		if (nsid[i] == '\\')
			text[at++] = '\\';
		escape_print(nsid + i, 1, text + at, sizeof(text) - at);
		at += strlen(text + at);
	}
	emit_bytes(j, "nsid", text, at);
}

static void
put_witness(struct emit *j, const struct commit_evidence *w)
{
	uint8_t sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	emit_object(j, NULL);
	emit_text(j, "server", w->server);
	emit_text(j, "group", w->group);
	emit_text(j, "transport", transport_text(w->transport));
	emit_wall(j, "at", w->at);
	if (w->count > 1) {
		emit_int(j, "count", w->count);
		emit_wall(j, "last_at", w->last_at);
	}
	if (w->fail != FAIL_NOT) {
		emit_text(j, "outcome", "FAIL");
		emit_text(j, "reason", fail_text((enum fail)w->fail));
	} else if (w->content != NULL) {
		emit_text(j, "outcome", outcome_text(w->content->outcome));
		say_put_records(j, "rdata", w->content);
		emit_int(j, "ttl", w->ttl);
		if (w->fetched_after != 0)
			emit_wall(j, "fetched_after", w->fetched_after);
	}
	emit_bool(j, "aa", (w->flags & COMMIT_FLAG_AA) != 0);
	emit_bool(j, "ad", (w->flags & COMMIT_FLAG_AD) != 0);
	if (w->has_serial)
		emit_int(j, "serial", w->serial);
	if ((w->flags & COMMIT_FLAG_CD) != 0)
		emit_bool(j, "cd", true);
	say_put_ede(j, w);
	say_put_nsid(j, w->nsid, w->nsid_size);
	if (w->raw != NULL) {
		if (w->sha256 == NULL)
			hash_sha256(w->raw, w->raw_size, sha);
		hash_hex(w->sha256 != NULL ? w->sha256 : sha, SHA256_SIZE, hex);
		emit_text(j, "sha256", hex);
	}
	emit_object_end(j);
}

void
say_put_witnesses(struct emit *j, const struct commit_evidence *list, size_t n)
{
	size_t first = 0;

	if (n > SAY_WITNESSES_MAX)
		first = n - SAY_WITNESSES_MAX + 1;
	emit_array(j, "witnesses");
	if (first > 0)
		put_witness(j, &list[0]);
	for (size_t i = first; i < n; i++)
		put_witness(j, &list[i]);
	emit_array_end(j);
	if (first > 1)
		emit_int(j, "witnesses_total", (int64_t)n);
}

/*
 * The line is pasted into shells: a name with anything unusual in it is
 * quoted, and the quote itself is written as the DNS escapes it.
 */
static void
put_dig(struct emit *j, const struct say_change *c)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	char name[NAME_TEXT_SIZE];
	char ip[ADDR_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];
	struct buf line = {0};

	if (c->asked.family == 0)
		return;
	name_print(c->q.name, name);
	buf_printf(&line, "dig @%s ", addr_print_ip(&c->asked, ip));
	if (c->asked.port != 53)
		buf_printf(&line, "-p %u ", c->asked.port);
	if (c->asked_tls)
		buf_add_text(&line, "+tls ");
	if (name[0] == '-' || name[0] == '+' || name[0] == '@')
		buf_add_text(&line, "-q "); /* or dig takes it for an option */
	if (name[strspn(name, plain)] == '\0') {
		buf_add_text(&line, name);
	} else {
		buf_add_u8(&line, '\'');
		for (const char *p = name; *p != '\0'; p++) {
			if (*p == '\'')
				buf_add_text(&line, "\\039");
			else
				buf_add_u8(&line, (uint8_t)*p);
		}
		buf_add_u8(&line, '\'');
	}
	buf_printf(&line, " %s", type_print(c->q.type, type));
	emit_text(j, "dig", buf_text(&line));
	buf_fini(&line);
}

static void
put_window(struct emit *j, const struct say_change *c)
{
	emit_wall(j, "seen_at", c->seen_at);
	emit_wall(j, "decided_at", c->decided_at);
	emit_wall(j, "changed_after", c->from.last_seen);
	emit_wall(j, "changed_before", c->seen_at);
	/* Of a transient it is what was believed that comes back. */
	if (c->judgement->label != LABEL_TRANSIENT)
		emit_wall(j, "caches_clear_by",
		    c->seen_at + WALL_S((wall_us)c->from.ttl));
}

void
say_put_weighed(struct emit *j, const struct severity_why *why)
{
	struct buf text = {0};

	if (why == NULL)
		return;
	severity_why_print(why, &text);
	emit_text(j, "severity_why", buf_text(&text));
	buf_fini(&text);
}

void
say_change(const struct say_change *c, struct buf *json)
{
	const struct judgement *g = c->judgement;
	struct buf summary = {0};
	struct emit j;

	say_summary(c, &summary);
	emit_start(&j, json);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "change");
	emit_uuid(&j, "id", &c->id);
	emit_int(&j, "revision", c->revision);
	put_question(&j, &c->q);
	emit_text(&j, "kind", kind_text(g->diff.kind));
	put_aspects(&j, c->aspects);
	emit_text(&j, "severity", severity_text(c->severity));
	say_put_weighed(&j, c->weighed);
	emit_bool(&j, "novel", c->novel);
	emit_text(&j, "label", label_text(g->label));
	emit_text(&j, "proved", proved_text(g->proved));
	emit_text(&j, "why", g->why);
	if (c->cause != NULL)
		emit_text(&j, "cause", c->cause);
	if (c->note != NULL)
		emit_text(&j, "note", c->note);
	if (c->plan != NULL)
		emit_text(&j, "plan", c->plan);
	emit_text(&j, "verdict", verdict_text(c->verdict));
	emit_text(&j, "summary", buf_text(&summary));
	put_meaning(&j, c);
	put_window(&j, c);
	if (g->label == LABEL_TRANSIENT) {
		emit_int(&j, "lasted_at_least_ms", c->lasted_least / 1000);
		if (c->lasted_most > 0)
			emit_int(
			    &j, "lasted_at_most_ms", c->lasted_most / 1000);
	}
	say_put_state(&j, "from", &c->from);
	say_put_state(&j, "to", &c->to);
	put_difference(&j, c);
	say_put_policy(&j, c->q.policy);
	say_put_witnesses(&j, c->witnesses, c->n_witnesses);
	put_dig(&j, c);
	emit_object_end(&j);
	buf_fini(&summary);
}

void
say_candidate(
    const struct say_change *c, const struct content *seen, struct buf *json)
{
	struct say_state first = {.content = seen, .ttl = c->to.ttl};
	struct emit j;

	emit_start(&j, json);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "candidate");
	emit_uuid(&j, "change", &c->id);
	put_question(&j, &c->q);
	say_put_state(&j, "from", &c->from);
	say_put_state(&j, "seen", &first);
	emit_wall(&j, "seen_at", c->seen_at);
	say_put_policy(&j, c->q.policy);
	emit_object_end(&j);
}

static void
add_values(struct buf *text, const struct content *c)
{
	if (c->n_records == 0 || c->outcome != OUTCOME_ANSWER) {
		buf_add_text(text, outcome_text(c->outcome));
		if (c->outcome == OUTCOME_UNREADABLE)
			buf_printf(text, " (%s)", unreadable_text(c->reason));
		return;
	}
	for (uint16_t i = 0; i < c->n_records; i++) {
		if (i == SAY_SUMMARY_VALUES) {
			buf_printf(text, ", and %u more", c->n_records - i);
			break;
		}
		if (i > 0)
			buf_add_text(text, ", ");
		record_print(&c->records[i], text, 80);
	}
}

static void
add_differences(struct buf *text, const struct diff *d)
{
	const char *space = "";

	for (size_t i = 0; i < d->n_added && i < SAY_SUMMARY_VALUES; i++) {
		buf_printf(text, "%s+", space);
		record_print(d->added[i], text, 80);
		space = " ";
	}
	for (size_t i = 0; i < d->n_removed && i < SAY_SUMMARY_VALUES; i++) {
		buf_printf(text, "%s-", space);
		record_print(d->removed[i], text, 80);
		space = " ";
	}
	if (d->n_added > SAY_SUMMARY_VALUES ||
	    d->n_removed > SAY_SUMMARY_VALUES)
		buf_printf(text, " (%zu added, %zu removed)", d->n_added,
		    d->n_removed);
}

static bool
is_of_keys(uint16_t type)
{
	return type == TYPE_DS || type == TYPE_DNSKEY || type == TYPE_CDS ||
	       type == TYPE_CDNSKEY;
}

static const char *
add_key(struct buf *text, const char *between, const struct record *r,
    const char *what)
{
	size_t begin;

	buf_add_text(text, between);
	begin = text->size;
	dnskey_print(r, text);
	if (text->size == begin)
		record_print(r, text, 80);
	buf_printf(text, " %s", what);
	return ", ";
}

/* "KSK 12345 added, KSK 54321 removed": a rollover as its operator sees it. */
static void
add_keys(struct buf *text, const struct diff *d)
{
	const char *between = "";

	for (size_t i = 0; i < d->n_added && i < SAY_SUMMARY_VALUES; i++)
		between = add_key(text, between, d->added[i], "added");
	for (size_t i = 0; i < d->n_removed && i < SAY_SUMMARY_VALUES; i++)
		between = add_key(text, between, d->removed[i], "removed");
	if (d->n_added > SAY_SUMMARY_VALUES ||
	    d->n_removed > SAY_SUMMARY_VALUES)
		buf_printf(text, " (%zu added, %zu removed)", d->n_added,
		    d->n_removed);
}

static void
add_alias(struct buf *text, const struct content *c)
{
	char name[NAME_TEXT_SIZE];

	if (c->n_chain == 0)
		buf_add_text(text, "no alias");
	else
		buf_add_text(text, name_print(c->chain[0], name));
}

/* "www.example.com A": without the trailing dot, as people say it. */
static void
add_subject(struct buf *text, const uint8_t *wire, uint16_t type)
{
	char name[NAME_TEXT_SIZE];
	char type_text[TYPE_TEXT_SIZE];
	size_t size;

	name_print(wire, name);
	size = strlen(name);
	if (size > 1)
		name[size - 1] = '\0';
	buf_add_text(text, name);
	if (type != 0)
		buf_printf(text, " %s", type_print(type, type_text));
	buf_add_u8(text, ' ');
}

void
say_summary(const struct say_change *c, struct buf *text)
{
	const struct diff *d = &c->judgement->diff;

	add_subject(text, c->q.name, c->q.type);
	if (is_of_keys(c->q.type) && d->n_added + d->n_removed > 0 &&
	    d->kind != KIND_UNREADABLE && d->kind != KIND_READABLE) {
		add_keys(text, d);
	} else if (d->kind == KIND_ADDED || d->kind == KIND_REMOVED ||
		   (d->kind == KIND_MODIFIED &&
		       c->from.content->n_records > 2)) {
		add_differences(text, d);
	} else if (d->kind == KIND_ALIAS) {
		buf_add_text(text, "alias ");
		add_alias(text, c->from.content);
		buf_add_text(text, " -> ");
		add_alias(text, c->to.content);
	} else {
		add_values(text, c->from.content);
		buf_add_text(text, " -> ");
		add_values(text, c->to.content);
	}
}

void
say_group(const struct say_group *g, struct buf *json)
{
	struct buf summary = {0};
	struct emit j;

	add_subject(&summary, g->name, 0);
	buf_printf(&summary, "%s, %zu types", g->kind, g->n_members);
	emit_start(&j, json);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "group");
	emit_uuid(&j, "id", &g->id);
	emit_int(&j, "revision", g->revision);
	emit_text(&j, "kind", g->kind);
	say_put_watched(&j, g->name);
	emit_text(&j, "view", g->view);
	emit_text(&j, "severity", severity_text(g->severity));
	if (g->label != LABEL_NONE)
		emit_text(&j, "label", label_text(g->label));
	if (g->cause != NULL)
		emit_text(&j, "cause", g->cause);
	emit_text(&j, "summary", buf_text(&summary));
	emit_object_end(&j);
	buf_fini(&summary);
}
