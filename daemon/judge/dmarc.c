/* SPDX-License-Identifier: ISC */

/*
 * DMARC, RFC 7489.  Texts that do not begin with the version are no DMARC
 * records (6.6.3); of two there counts none.  A record without a good `p`, or
 * with an `sp` that is none, counts as `p=none` when it has a `rua`, else as
 * none.  Tags that are not known are ignored (6.3).
 */

#include "meaning_priv.h"

/* In the order of what they protect. */
enum policy { POLICY_NONE = 0, POLICY_QUARANTINE, POLICY_REJECT, N_POLICIES };

struct dmarc {
	enum policy p;
	enum policy sp; /* of names below */
	int pct;
	bool strict_dkim, strict_spf;
	bool testing;
	bool has_p, has_sp;
	struct span rua, ruf;
	struct wrong wrong; /* why NULL: it is a good record */
};

enum stand { STAND_NONE = 0, STAND_TWO, STAND_INVALID, STAND_GOOD };

struct said {
	struct policy_found found;
	struct dmarc dmarc;
	enum stand stand;
};

static const char *const policies[N_POLICIES] = {
    "none", "quarantine", "reject"};

/* "v" *WSP "=" *WSP "DMARC1", the value in this letter case, then ";" or end.
 */
static bool
is_dmarc(struct span text)
{
	struct tag tag;
	size_t at = 0;

	if (text.n == 0 || text.p[0] == ' ' || text.p[0] == '\t')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ';') {
			text.n = i;
			break;
		}
	}
	return tag_next(text, &at, &tag) == 1 && span_is(tag.name, "v") &&
	       span_is_exactly(tag.value, "DMARC1");
}

static bool
read_policy(struct span value, enum policy *out)
{
	for (int i = 0; i < N_POLICIES; i++) {
		if (span_is(value, policies[i])) {
			*out = (enum policy)i;
			return true;
		}
	}
	return false;
}

static const char *
take_alignment(struct span value, bool *strict)
{
	*strict = span_is(value, "s");
	return *strict || span_is(value, "r") ? NULL : "neither r nor s";
}

/* NULL, or what is wrong with it. */
static const char *
take(struct dmarc *d, const struct tag *tag)
{
	if (span_is(tag->name, "p")) {
		d->has_p = read_policy(tag->value, &d->p);
		return d->has_p ? NULL : "no policy";
	}
	if (span_is(tag->name, "sp")) {
		d->has_sp = read_policy(tag->value, &d->sp);
		return d->has_sp ? NULL : "no policy";
	}
	if (span_is(tag->name, "pct")) {
		d->pct = span_number(tag->value, 100);
		return d->pct >= 0 ? NULL : "no percentage";
	}
	if (span_is(tag->name, "adkim"))
		return take_alignment(tag->value, &d->strict_dkim);
	if (span_is(tag->name, "aspf"))
		return take_alignment(tag->value, &d->strict_spf);
	if (span_is(tag->name, "t"))
		d->testing = span_is(tag->value, "y");
	if (span_is(tag->name, "rua"))
		d->rua = tag->value;
	if (span_is(tag->name, "ruf"))
		d->ruf = tag->value;
	return NULL;
}

static void
dmarc_read(struct span text, struct dmarc *out)
{
	struct tag tag;
	size_t at = 0;
	int more;

	*out = (struct dmarc){.pct = 100};
	while ((more = tag_next(text, &at, &tag)) == 1) {
		out->wrong = (struct wrong){tag.at, take(out, &tag)};
		if (out->wrong.why != NULL)
			return;
	}
	if (more < 0)
		out->wrong = (struct wrong){tag.at, "no tag"};
	else if (!out->has_p)
		out->wrong = (struct wrong){text.n, "no `p` anywhere"};
	if (!out->has_sp)
		out->sp = out->p;
}

static void
see(const struct content *c, struct said *out)
{
	policy_find(c, is_dmarc, &out->found);
	out->dmarc = (struct dmarc){.pct = 0};
	out->stand = STAND_NONE;
	if (out->found.n == 0)
		return;
	out->stand = STAND_TWO;
	if (out->found.n > 1)
		return;
	dmarc_read(joined_span(&out->found.text), &out->dmarc);
	if (out->found.text.cut)
		out->dmarc.wrong =
		    (struct wrong){MEANING_READ_MAX, "too long to be judged"};
	out->stand = out->dmarc.wrong.why == NULL ? STAND_GOOD : STAND_INVALID;
}

static enum meaning_code
compared(int from, int to)
{
	return to < from ? MEANING_DMARC_WEAKER : MEANING_DMARC_STRONGER;
}

static void
say_policies(
    const struct meant *m, const struct dmarc *from, const struct dmarc *to)
{
	if (from->p != to->p)
		meaning_say(m, compared((int)from->p, (int)to->p),
		    "DMARC p=%s became p=%s", policies[from->p],
		    policies[to->p]);
	/* Without an `sp` names below follow `p`, which is said already. */
	if (from->sp != to->sp && (from->has_sp || to->has_sp))
		meaning_say(m, compared((int)from->sp, (int)to->sp),
		    "DMARC of the names below: %s became %s",
		    policies[from->sp], policies[to->sp]);
	if (from->pct != to->pct)
		meaning_say(m, compared(from->pct, to->pct),
		    "DMARC is for %d of 100 messages now, it was for %d",
		    to->pct, from->pct);
}

static void
say_alignment(
    const struct meant *m, const char *what, bool was_strict, bool is_strict)
{
	if (was_strict != is_strict)
		meaning_say(m, compared(was_strict, is_strict),
		    "DMARC takes %s of %s now", what,
		    is_strict ? "the very same name only"
			      : "any name of the same organisation");
}

static void
say_reports(
    const struct meant *m, const char *tag, struct span from, struct span to)
{
	char was[PART_SIZE];
	char is[PART_SIZE];

	if (span_same(from, to))
		return;
	if (to.n == 0)
		meaning_say(m, MEANING_DMARC_REPORTS,
		    "DMARC reports (%s) are no longer wanted, they went to %s",
		    tag, span_print(from, was));
	else
		meaning_say(m, MEANING_DMARC_REPORTS,
		    "DMARC reports (%s) go to %s now", tag, span_print(to, is));
}

static void
say_difference(
    const struct meant *m, const struct dmarc *from, const struct dmarc *to)
{
	say_policies(m, from, to);
	say_alignment(
	    m, "signatures (adkim)", from->strict_dkim, to->strict_dkim);
	say_alignment(m, "senders (aspf)", from->strict_spf, to->strict_spf);
	if (from->testing != to->testing)
		meaning_say(m, compared(!from->testing, !to->testing),
		    "DMARC is %s",
		    to->testing ? "only tried now (t=y)"
				: "no longer only tried (t=y)");
	say_reports(m, "rua", from->rua, to->rua);
	say_reports(m, "ruf", from->ruf, to->ruf);
}

static void
say_bad(const struct meant *m, const struct said *from, const struct said *to)
{
	const struct wrong *w = &to->dmarc.wrong;
	char part[PART_SIZE];
	struct span text = joined_span(&to->found.text);

	if (to->stand == STAND_TWO) {
		if (from->stand != STAND_TWO)
			meaning_say(m, MEANING_DMARC_TWO,
			    "%zu DMARC records: receivers take none of them",
			    to->found.n);
		return;
	}
	if (from->stand == STAND_INVALID &&
	    span_same(joined_span(&from->found.text), text))
		return;
	if (w->at >= text.n)
		meaning_say(
		    m, MEANING_DMARC_INVALID, "DMARC is not valid: %s", w->why);
	else
		meaning_say(m, MEANING_DMARC_INVALID,
		    "DMARC is not valid at character %zu, \"%s\": %s",
		    w->at + 1, span_print(span_from(text, w->at), part),
		    w->why);
}

static void
say_gone(const struct meant *m, const struct said *from)
{
	if (from->stand == STAND_GOOD)
		meaning_say(m, MEANING_DMARC_GONE,
		    "DMARC is gone, it was p=%s; what a name above says holds, "
		    "if it says something",
		    policies[from->dmarc.p]);
	else if (from->stand != STAND_NONE)
		meaning_say(m, MEANING_DMARC_STRONGER,
		    "DMARC that was not valid is gone");
}

void
dmarc_judge(const struct meant *m)
{
	struct said from;
	struct said to;

	see(m->from, &from);
	see(m->to, &to);
	if (to.stand == STAND_NONE)
		say_gone(m, &from);
	else if (to.stand != STAND_GOOD)
		say_bad(m, &from, &to);
	else if (from.stand == STAND_GOOD)
		say_difference(m, &from.dmarc, &to.dmarc);
	else
		meaning_say(m, MEANING_DMARC_NEW, "DMARC is %s, with p=%s",
		    from.stand == STAND_NONE ? "new" : "valid again",
		    policies[to.dmarc.p]);
}
