/* SPDX-License-Identifier: ISC */

/*
 * MTA-STS (RFC 8461 3.1) and TLS-RPT (RFC 8460 3): a version, then one field
 * that matters.  Texts that do not begin with the version, in this letter
 * case, are none; of two there counts none.  What the policy says stands in a
 * file on a web server, which is not read here.
 */

#include "meaning_priv.h"

enum stand { STAND_NONE = 0, STAND_TWO, STAND_INVALID, STAND_GOOD };

struct said {
	struct policy_found found;
	struct span value; /* of the field */
	struct wrong wrong;
	enum stand stand;
};

static bool
has_version(struct span text, const char *version)
{
	struct tag tag;
	size_t at = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ';') {
			text.n = i;
			break;
		}
	}
	return text.n > 0 && text.p[0] == 'v' &&
	       tag_next(text, &at, &tag) == 1 &&
	       span_is_exactly(tag.name, "v") &&
	       span_is_exactly(tag.value, version);
}

static bool
is_sts(struct span text)
{
	return has_version(text, "STSv1");
}

static bool
is_rpt(struct span text)
{
	return has_version(text, "TLSRPTv1");
}

/* 1*32(ALPHA / DIGIT) */
static bool
is_id(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	}
	return s.n >= 1 && s.n <= 32;
}

/* A list of mailto: and https: addresses; each is looked at. */
static bool
is_rua(struct span s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != ',')
			n++;
		struct span one = span_trim((struct span){s.p, n});

		if (!span_begins(one, "mailto:") && !span_begins(one, "https:"))
			return false;
		if (n == s.n)
			return true;
		s = span_from(s, n + 1);
	}
	return false;
}

static void
read_field(struct said *out, const char *field, bool (*is)(struct span s))
{
	struct span text = joined_span(&out->found.text);
	struct tag tag;
	size_t at = 0;
	int more;

	out->wrong = (struct wrong){text.n, "a field is missing"};
	while ((more = tag_next(text, &at, &tag)) == 1) {
		if (!span_is_exactly(tag.name, field))
			continue;
		out->value = tag.value;
		out->wrong.at = tag.at;
		out->wrong.why = is(tag.value) ? NULL : "no such value";
		break;
	}
	if (more < 0)
		out->wrong = (struct wrong){tag.at, "no field"};
	if (out->found.text.cut)
		out->wrong =
		    (struct wrong){MEANING_READ_MAX, "too long to be judged"};
}

static void
see(const struct content *c, bool sts, struct said *out)
{
	policy_find(c, sts ? is_sts : is_rpt, &out->found);
	out->value.n = 0;
	out->stand = STAND_NONE;
	if (out->found.n == 0)
		return;
	out->stand = STAND_TWO;
	if (out->found.n > 1)
		return;
	if (sts)
		read_field(out, "id", is_id);
	else
		read_field(out, "rua", is_rua);
	out->stand = out->wrong.why == NULL ? STAND_GOOD : STAND_INVALID;
}

static void
say_bad(const struct meant *m, const struct said *from, const struct said *to,
    bool sts)
{
	const char *what = sts ? "MTA-STS" : "TLS-RPT";
	struct span text = joined_span(&to->found.text);
	char part[PART_SIZE];

	if (to->stand == STAND_TWO) {
		if (from->stand != STAND_TWO)
			meaning_say(m, sts ? MEANING_STS_TWO : MEANING_RPT_TWO,
			    "%zu %s records: senders take none of them",
			    to->found.n, what);
		return;
	}
	if (from->stand == STAND_INVALID &&
	    span_same(joined_span(&from->found.text), text))
		return;
	meaning_say(m, sts ? MEANING_STS_INVALID : MEANING_RPT_INVALID,
	    "%s is not valid at character %zu, \"%s\": %s", what,
	    to->wrong.at + 1,
	    span_print(
		span_from(text, to->wrong.at < text.n ? to->wrong.at : text.n),
		part),
	    to->wrong.why);
}

/* Does anything differ but the value of the field? */
static bool
differs_beside(const struct said *from, const struct said *to)
{
	struct span a = joined_span(&from->found.text);
	struct span b = joined_span(&to->found.text);
	size_t n = (size_t)(from->value.p - a.p);
	size_t k = (size_t)(to->value.p - b.p);

	return !span_same((struct span){a.p, n}, (struct span){b.p, k}) ||
	       !span_same(span_from(a, n + from->value.n),
		   span_from(b, k + to->value.n));
}

void
mta_sts_judge(const struct meant *m)
{
	struct said from;
	struct said to;
	char was[PART_SIZE];
	char is[PART_SIZE];

	see(m->from, true, &from);
	see(m->to, true, &to);
	if (to.stand == STAND_NONE) {
		if (from.stand != STAND_NONE)
			meaning_say(m, MEANING_STS_GONE,
			    "MTA-STS is gone: senders that have no policy yet "
			    "may deliver without TLS");
	} else if (to.stand != STAND_GOOD) {
		say_bad(m, &from, &to, true);
	} else if (from.stand != STAND_GOOD) {
		meaning_say(m, MEANING_STS_NEW, "MTA-STS is %s, with the id %s",
		    from.stand == STAND_NONE ? "new" : "valid again",
		    span_print(to.value, is));
	} else if (!span_is_exactly(from.value, span_print(to.value, is))) {
		meaning_say(m, MEANING_STS_ID,
		    "the MTA-STS id is %s now, it was %s: senders fetch the "
		    "policy anew",
		    is, span_print(from.value, was));
		if (differs_beside(&from, &to))
			meaning_no_routine(m);
	}
	/* What else is at this name has no meaning, and is no routine. */
	if (m->from->n_records != 1 || m->to->n_records != 1)
		meaning_no_routine(m);
}

void
tls_rpt_judge(const struct meant *m)
{
	struct said from;
	struct said to;
	char part[PART_SIZE];

	see(m->from, false, &from);
	see(m->to, false, &to);
	if (to.stand == STAND_NONE) {
		if (from.stand != STAND_NONE)
			meaning_say(m, MEANING_RPT_GONE,
			    "TLS-RPT is gone: nobody reports failures of TLS "
			    "any more");
	} else if (to.stand != STAND_GOOD) {
		say_bad(m, &from, &to, false);
	} else if (from.stand != STAND_GOOD) {
		meaning_say(m, MEANING_RPT_NEW,
		    "TLS-RPT is %s, reports go to %s",
		    from.stand == STAND_NONE ? "new" : "valid again",
		    span_print(to.value, part));
	} else if (!span_same(from.value, to.value)) {
		meaning_say(m, MEANING_RPT_REPORTS,
		    "TLS-RPT reports go to %s now", span_print(to.value, part));
	}
}
