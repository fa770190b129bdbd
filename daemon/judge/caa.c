/* SPDX-License-Identifier: ISC */

/*
 * CAA, RFC 8659.  Without an `issue` any CA may issue (4.2); an `issuewild`
 * takes the place of `issue` for wildcards (4.3).  A value that has no good
 * domain lets nobody issue (4.2).  An unknown property that is critical lets
 * nobody issue either (4.5).  Records at a name above hold where there are
 * none: that is not known here.
 */

#include "meaning_priv.h"

enum {
	FLAG_CRITICAL = 0x80,
	RECORDS_MAX = 64 /* each is held against all others */
};

struct property {
	bool critical;
	struct span tag;
	struct span domain; /* n 0: nobody */
	struct span terms;  /* what stands behind the domain */
	struct span value;
};

static bool
is_domain(struct span s)
{
	bool ok = s.n > 0;

	for (size_t i = 0; i < s.n && ok; i++) {
		uint8_t c = s.p[i] | 0x20;

		ok = (c >= 'a' && c <= 'z') ||
		     (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' ||
		     s.p[i] == '.';
	}
	return ok;
}

/* False: the record is none that can be read. */
static bool
property_read(const struct record *r, struct property *out)
{
	size_t n = 0;

	if (r->size < 3 || r->rdata[1] > r->size - 2)
		return false;
	out->critical = (r->rdata[0] & FLAG_CRITICAL) != 0;
	out->tag = (struct span){r->rdata + 2, r->rdata[1]};
	out->value.p = r->rdata + 2 + r->rdata[1];
	out->value.n = r->size - 2 - (size_t)r->rdata[1];
	while (n < out->value.n && out->value.p[n] != ';')
		n++;
	out->domain = span_trim((struct span){out->value.p, n});
	out->terms = n < out->value.n ? span_trim(span_from(out->value, n + 1))
	                              : span_from(out->value, n);
	if (!is_domain(out->domain))
		out->domain.n = 0;
	return true;
}

/* The next property of this tag at *i, one further each time. */
static bool
next_of(
    const struct content *c, const char *tag, uint16_t *i, struct property *out)
{
	while (*i < c->n_records) {
		if (property_read(&c->records[(*i)++], out) &&
		    span_is(out->tag, tag))
			return true;
	}
	return false;
}

static bool
has_tag(const struct content *c, const char *tag)
{
	struct property p;
	uint16_t i = 0;

	return next_of(c, tag, &i, &p);
}

/* The tag that decides for wildcards, or for other names. */
static const char *
tag_for(const struct content *c, bool wild)
{
	return wild && has_tag(c, "issuewild") ? "issuewild" : "issue";
}

static bool
may_issue(const struct content *c, const char *tag, struct span domain,
    struct property *out)
{
	uint16_t i = 0;

	while (next_of(c, tag, &i, out))
		if (out->domain.n > 0 && span_same(out->domain, domain))
			return true;
	return false;
}

/* Is there one of this domain with just these terms? */
static bool
has_issuer(const struct content *c, const char *tag, const struct property *p)
{
	struct property other;
	uint16_t i = 0;

	while (next_of(c, tag, &i, &other))
		if (other.domain.n > 0 && span_same(other.domain, p->domain) &&
		    span_same(other.terms, p->terms))
			return true;
	return false;
}

/* Those that may issue by `c` and not by `other`, each once. */
static void
list_issuers(const struct content *c, const char *tag,
    const struct content *other, const char *other_tag, struct span_list *out)
{
	struct property p;
	struct property same;
	uint16_t i = 0;

	while (next_of(c, tag, &i, &p)) {
		if (p.domain.n > 0 &&
		    (other == NULL ||
			!may_issue(other, other_tag, p.domain, &same)))
			span_list_add(out, p.domain);
	}
}

struct issuing {
	const struct meant *m;
	const char *what;      /* "certificates" */
	const char *from, *to; /* the tags that decide */
};

static void
say_any(const struct issuing *s)
{
	if (s->m->to->n_records == 0)
		meaning_say(s->m, MEANING_CAA_ANY,
		    "no CAA any more: any CA may issue %s, unless a name above "
		    "says otherwise",
		    s->what);
	else
		meaning_say(
		    s->m, MEANING_CAA_ANY, "any CA may issue %s now", s->what);
}

/*
 * Terms that are gone widen what a CA may do (accounturi, RFC 8657), and so do
 * others beside those that it has.
 */
static void
say_terms(const struct issuing *s)
{
	char who[PART_SIZE];
	char terms[PART_SIZE];
	struct property from;
	struct property to;
	uint16_t i = 0;

	while (next_of(s->m->to, s->to, &i, &to)) {
		if (to.domain.n == 0 ||
		    !may_issue(s->m->from, s->from, to.domain, &from) ||
		    has_issuer(s->m->from, s->from, &to))
			continue;
		if (to.terms.n > 0 && has_issuer(s->m->to, s->to, &from)) {
			/* Without terms it may anyway. */
			if (from.terms.n > 0)
				meaning_say(s->m, MEANING_CAA_WEAKER,
				    "%s may issue %s by %s now, too",
				    span_print(to.domain, who), s->what,
				    span_print(to.terms, terms));
		} else if (to.terms.n == 0)
			meaning_say(s->m, MEANING_CAA_WEAKER,
			    "%s may issue %s without the condition %s now",
			    span_print(to.domain, who), s->what,
			    span_print(from.terms, terms));
		else
			meaning_say(s->m, MEANING_CAA_TERMS,
			    "the condition for %s to issue %s is %s now",
			    span_print(to.domain, who), s->what,
			    span_print(to.terms, terms));
	}
}

static void
say_restricted(const struct issuing *s, bool was_open)
{
	struct span_list all = {0};
	struct span_list more = {0};
	struct span_list less = {0};
	const struct content *from = s->m->from;
	const struct content *to = s->m->to;

	list_issuers(to, s->to, NULL, NULL, &all);
	list_issuers(to, s->to, from, s->from, &more);
	list_issuers(from, s->from, to, s->to, &less);
	if (all.n == 0) {
		if (was_open || less.n > 0)
			meaning_say(s->m, MEANING_CAA_NOBODY,
			    "no CA may issue %s now", s->what);
		return;
	}
	if (was_open) {
		meaning_say(s->m, MEANING_CAA_STRONGER,
		    "only %s may issue %s now", span_list_text(&all), s->what);
		return;
	}
	if (more.n > 0)
		meaning_say(s->m, MEANING_CAA_WEAKER,
		    "%s may issue %s now, too", span_list_text(&more), s->what);
	if (less.n > 0)
		meaning_say(s->m, MEANING_CAA_STRONGER,
		    "%s may issue %s no longer", span_list_text(&less),
		    s->what);
	say_terms(s);
}

static void
judge_issuing(const struct meant *m, bool wild)
{
	const struct issuing s = {m,
	    wild ? "wildcard certificates" : "certificates",
	    tag_for(m->from, wild), tag_for(m->to, wild)};
	bool was_open = !has_tag(m->from, s.from);
	bool is_open = !has_tag(m->to, s.to);

	if (!is_open)
		say_restricted(&s, was_open);
	else if (!was_open)
		say_any(&s);
}

static void
judge_reports(const struct meant *m)
{
	struct span_list now = {0};
	bool differs = false;

	for (uint16_t i = 0; i < m->to->n_records; i++) {
		const struct record *r = &m->to->records[i];
		struct property p;

		if (!property_read(r, &p))
			continue;
		if (span_is(p.tag, "iodef")) {
			differs = differs || !records_have(m->from, r);
			span_list_add(&now, p.value);
		} else if (p.critical && !records_have(m->from, r) &&
			   !span_is(p.tag, "issue") &&
			   !span_is(p.tag, "issuewild")) {
			char tag[PART_SIZE];

			meaning_say(m, MEANING_CAA_CRITICAL,
			    "CAA has the critical property \"%s\": a CA that "
			    "does not know it may not issue",
			    span_print(p.tag, tag));
		}
	}
	if (differs)
		meaning_say(m, MEANING_CAA_REPORTS, "CAA reports go to %s now",
		    span_list_text(&now));
	else if (now.n == 0 && has_tag(m->from, "iodef"))
		meaning_say(
		    m, MEANING_CAA_REPORTS, "CAA reports are no longer wanted");
}

void
caa_judge(const struct meant *m)
{
	if (m->to->n_records > RECORDS_MAX) {
		meaning_say(m, MEANING_CAA_WEAKER,
		    "more than %d CAA records: what they say is not judged",
		    RECORDS_MAX);
		return;
	}
	if (m->from->n_records > RECORDS_MAX)
		return;
	judge_issuing(m, false);
	/* Said apart only where wildcards go their own way. */
	if (has_tag(m->from, "issuewild") || has_tag(m->to, "issuewild"))
		judge_issuing(m, true);
	judge_reports(m);
}
