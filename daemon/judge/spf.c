/* SPDX-License-Identifier: ISC */

/*
 * SPF, RFC 7208.  A record is read by the grammar of its section 12, in which
 * letter case means nothing; a syntax error anywhere is a permerror (4.6), and
 * so are two records (4.5) and more than ten terms that cost a lookup (4.6.4).
 * Of these only the ones in this record are known: what is included may need
 * more.
 *
 * What protects is the answer for a sender that nothing else matches: `-all`
 * more than `~all`, that more than none, and `+all` is none at all.  A record
 * that gives a permerror, or none, protects as `?all` does.
 */

#include <arpa/inet.h>
#include <string.h>

#include "meaning_priv.h"

enum {
	LOOKUPS_MAX = 10,
	/* Networks that are so wide are "anybody". */
	WIDE_IP4 = 8,
	WIDE_IP6 = 16
};

enum level {
	LEVEL_OPEN = 0,
	LEVEL_NEUTRAL,
	LEVEL_SOFT,
	LEVEL_FAIL,
	LEVEL_ELSEWHERE
};

struct spf {
	struct span text;
	struct span redirect; /* n 0: none */
	struct span wide;     /* a network that is nearly everything; n 0 */
	int all;              /* the qualifier of `all`; 0: there is none */
	unsigned lookups;
	bool has_redirect, has_exp;
	struct wrong wrong; /* why NULL: it is a good record */
};

enum stand { STAND_NONE = 0, STAND_TWO, STAND_INVALID, STAND_GOOD };

/* What a content says of SPF. */
struct said {
	struct policy_found found;
	struct spf spf;
	enum stand stand;
};

static bool
is_spf(struct span text)
{
	static const char version[] = "v=spf1";
	size_t n = sizeof(version) - 1;

	return span_begins(text, version) && (text.n == n || text.p[n] == ' ');
}

static bool
is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "%{" letter [digits] ["r"] *delimiter "}", "%%", "%_" or "%-"; 0: not. */
static size_t
macro_size(struct span s)
{
	static const char letters[] = "slodiphcrtvSLODIPHCRTV";
	size_t i = 3;

	if (s.n < 2)
		return 0;
	if (s.p[1] == '%' || s.p[1] == '_' || s.p[1] == '-')
		return 2;
	if (s.n < 4 || s.p[1] != '{' || s.p[2] == 0 ||
	    strchr(letters, s.p[2]) == NULL)
		return 0;
	while (i < s.n && is_digit(s.p[i]))
		i++;
	if (i < s.n && (s.p[i] == 'r' || s.p[i] == 'R'))
		i++;
	while (i < s.n && s.p[i] != 0 && strchr(".-+,/_=", s.p[i]) != NULL)
		i++;
	return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

/* Octets of `s` that are a macro-string; *last is where its last part is. */
static size_t
macro_string(struct span s, size_t *last)
{
	size_t i = 0;

	while (i < s.n) {
		size_t n = 1;

		if (s.p[i] == '%')
			n = macro_size(span_from(s, i));
		else if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			n = 0;
		if (n == 0)
			break;
		*last = i;
		i += n;
	}
	return i;
}

/* toplabel: letters, digits, hyphens within, and not digits alone. */
static bool
is_toplabel(struct span s)
{
	bool alpha = false;

	if (s.n == 0 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-')
			return false;
		alpha = alpha || !is_digit(s.p[i]);
	}
	return alpha;
}

/* domain-spec = macro-string ( "." toplabel ["."] / macro-expand ) */
static bool
is_domain(struct span s)
{
	size_t last = 0;
	size_t dot;

	if (s.n == 0 || macro_string(s, &last) != s.n)
		return false;
	if (s.p[last] == '%')
		return true;
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	for (dot = s.n; dot > 0 && s.p[dot - 1] != '.'; dot--)
		;
	return dot > 0 && is_toplabel(span_from(s, dot));
}

/*
 * Takes "/n" or "//n" off the end; *bits is n, or `max` without it.  False: it
 * is there and makes no sense.
 */
static bool
take_cidr(struct span *s, const char *slash, int max, int *bits)
{
	size_t at = s->n;
	size_t n = strlen(slash);

	*bits = max;
	while (at > 0 && is_digit(s->p[at - 1]))
		at--;
	if (at == s->n || at < n || memcmp(s->p + at - n, slash, n) != 0)
		return true;
	if (n == 1 && at > 1 && s->p[at - 2] == '/')
		return true; /* the other kind */
	*bits = span_number(span_from(*s, at), max);
	if (*bits < 0)
		return false;
	s->n = at - n;
	return true;
}

/* [ ":" domain-spec ] [ dual-cidr-length ]; *wide: of nearly any host. */
static bool
is_host(struct span s, bool *wide)
{
	int ip6;
	int ip4;

	if (!take_cidr(&s, "//", 128, &ip6) || !take_cidr(&s, "/", 32, &ip4))
		return false;
	*wide = ip6 <= WIDE_IP6 || ip4 <= WIDE_IP4;
	return s.n == 0 || (s.p[0] == ':' && is_domain(span_from(s, 1)));
}

/* ":" address [ "/" length ]; *bits is the length. */
static bool
is_network(struct span s, int family, int *bits)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16];
	size_t slash = 0;
	int max = family == AF_INET ? 32 : 128;

	*bits = max;
	if (s.n < 2 || s.p[0] != ':')
		return false;
	s = span_from(s, 1);
	while (slash < s.n && s.p[slash] != '/')
		slash++;
	if (slash < s.n)
		*bits = span_number(span_from(s, slash + 1), max);
	if (*bits < 0 || slash >= sizeof(text))
		return false;
	memcpy(text, s.p, slash);
	text[slash] = '\0';
	return strlen(text) == slash && inet_pton(family, text, ip) == 1;
}

static const char *
take_network(struct spf *spf, struct span term, struct span rest, bool pass)
{
	int family = span_begins(term, "ip4") ? AF_INET : AF_INET6;
	int bits;

	if (!is_network(rest, family, &bits))
		return family == AF_INET ? "no IPv4 network"
		                         : "no IPv6 network";
	/* Behind `all` nothing is looked at (5.1). */
	if (pass && spf->all == 0 &&
	    bits <= (family == AF_INET ? WIDE_IP4 : WIDE_IP6))
		spf->wide = term;
	return NULL;
}

/* `a` and `mx`: networks around addresses. */
static const char *
take_host(struct spf *spf, struct span term, struct span rest, bool pass)
{
	bool wide;

	if (!is_host(rest, &wide))
		return "no domain or prefix length";
	if (pass && wide && spf->all == 0)
		spf->wide = term;
	return NULL;
}

/* NULL, or what is wrong with it. */
static const char *
take_mechanism(struct spf *spf, struct span term)
{
	int qualifier = '+';
	struct span name;
	struct span rest;
	size_t n = 0;

	if (memchr("+-?~", term.p[0], 4) != NULL) {
		qualifier = term.p[0];
		term = span_from(term, 1);
	}
	while (n < term.n && term.p[n] != ':' && term.p[n] != '/')
		n++;
	name = (struct span){term.p, n};
	rest = span_from(term, n);
	if (span_is(name, "all")) {
		if (rest.n != 0)
			return "`all` takes nothing";
		if (spf->all == 0)
			spf->all = qualifier;
		return NULL;
	}
	if (span_is(name, "ip4") || span_is(name, "ip6"))
		return take_network(spf, term, rest, qualifier == '+');
	if (spf->all == 0)
		spf->lookups++;
	if (span_is(name, "a") || span_is(name, "mx"))
		return take_host(spf, term, rest, qualifier == '+');
	if (span_is(name, "ptr") && rest.n == 0)
		return NULL;
	if (!span_is(name, "include") && !span_is(name, "exists") &&
	    !span_is(name, "ptr"))
		return "no mechanism";
	return rest.n > 0 && rest.p[0] == ':' && is_domain(span_from(rest, 1))
	           ? NULL
	           : "no domain";
}

/* Where "name=" ends; 0: it is no modifier. */
static size_t
modifier_size(struct span term)
{
	size_t n = 0;

	while (n < term.n &&
	       (is_alpha(term.p[n]) ||
		   (n > 0 && (is_digit(term.p[n]) || term.p[n] == '-' ||
				 term.p[n] == '_' || term.p[n] == '.'))))
		n++;
	return n > 0 && n < term.n && term.p[n] == '=' ? n + 1 : 0;
}

static const char *
take_modifier(struct spf *spf, struct span term, size_t size)
{
	struct span value = span_from(term, size);
	size_t last;

	if (span_begins(term, "redirect=")) {
		if (spf->has_redirect)
			return "a second redirect";
		spf->has_redirect = true;
		spf->redirect = value;
		return is_domain(value) ? NULL : "no domain";
	}
	if (span_begins(term, "exp=")) {
		if (spf->has_exp)
			return "a second exp";
		spf->has_exp = true;
		return is_domain(value) ? NULL : "no domain";
	}
	return macro_string(value, &last) == value.n ? NULL : "no macro string";
}

/* The next term at *at; n 0 at the end. */
static struct span
next_term(struct span text, size_t *at)
{
	struct span term;

	while (*at < text.n && text.p[*at] == ' ')
		++*at;
	term = (struct span){text.p + *at, 0};
	while (*at < text.n && text.p[*at] != ' ') {
		++*at;
		term.n++;
	}
	return term;
}

static void
spf_read(struct span text, struct spf *out)
{
	size_t at = 0;
	struct span term = next_term(text, &at); /* the version */

	*out = (struct spf){.text = span_from(text, at)};
	while ((term = next_term(text, &at)).n > 0) {
		size_t size = modifier_size(term);

		out->wrong.at = (size_t)(term.p - text.p);
		out->wrong.why = size > 0 ? take_modifier(out, term, size)
		                          : take_mechanism(out, term);
		if (out->wrong.why != NULL)
			return;
	}
	/* "all" makes a redirect be ignored (6.1). */
	if (out->all != 0)
		out->redirect.n = 0;
	else if (out->has_redirect)
		out->lookups++;
}

static void
see(const struct content *c, struct said *out)
{
	policy_find(c, is_spf, &out->found);
	out->spf = (struct spf){.all = 0};
	out->stand = STAND_NONE;
	if (out->found.n == 0)
		return;
	out->stand = STAND_TWO;
	if (out->found.n > 1)
		return;
	spf_read(joined_span(&out->found.text), &out->spf);
	if (out->found.text.cut)
		out->spf.wrong =
		    (struct wrong){MEANING_READ_MAX, "too long to be judged"};
	out->stand = out->spf.wrong.why == NULL ? STAND_GOOD : STAND_INVALID;
}

static enum level
level_of(const struct said *s)
{
	const struct spf *spf = &s->spf;

	if (s->stand != STAND_GOOD || spf->lookups > LOOKUPS_MAX)
		return LEVEL_NEUTRAL;
	if (spf->wide.n > 0)
		return LEVEL_OPEN;
	switch (spf->all) {
	case '+':
		return LEVEL_OPEN;
	case '~':
		return LEVEL_SOFT;
	case '-':
		return LEVEL_FAIL;
	default:
		return spf->redirect.n > 0 ? LEVEL_ELSEWHERE : LEVEL_NEUTRAL;
	}
}

/* What decides about a sender that nothing else matches. */
static const char *
end_text(const struct said *s)
{
	if (s->stand == STAND_NONE)
		return "there was none";
	if (s->stand != STAND_GOOD)
		return "it was not valid";
	if (s->spf.lookups > LOOKUPS_MAX)
		return "too many lookups";
	if (s->spf.wide.n > 0)
		return "a network of nearly any host";
	switch (s->spf.all) {
	case '+':
		return "+all";
	case '-':
		return "-all";
	case '~':
		return "~all";
	case '?':
		return "?all";
	default:
		return s->spf.redirect.n > 0 ? "a redirect" : "no `all`";
	}
}

static bool
has_term(struct span text, struct span term)
{
	struct span other;
	size_t at = 0;

	while ((other = next_term(text, &at)).n > 0)
		if (span_same(other, term))
			return true;
	return false;
}

/* The terms of one that are not in the other; how it ends is said apart. */
static void
list_terms(const struct spf *of, const struct spf *other, struct span_list *out)
{
	struct span term;
	size_t at = 0;

	while ((term = next_term(of->text, &at)).n > 0) {
		struct span bare = term;

		if (memchr("+-?~", bare.p[0], 4) != NULL)
			bare = span_from(bare, 1);
		if (!span_is(bare, "all") && !has_term(other->text, term))
			span_list_add(out, term);
	}
}

static void
say_senders(const struct meant *m, const struct spf *from, const struct spf *to)
{
	struct span_list more = {0};
	struct span_list less = {0};

	list_terms(to, from, &more);
	list_terms(from, to, &less);
	if (more.n > 0)
		meaning_say(m, MEANING_SPF_SENDERS, "SPF has %s in addition",
		    span_list_text(&more));
	if (less.n > 0)
		meaning_say(m, MEANING_SPF_SENDERS, "SPF no longer has %s",
		    span_list_text(&less));
}

/* What any sender may do now. */
static void
say_open(const struct meant *m, const struct spf *spf)
{
	char part[PART_SIZE];

	if (spf->all == '+')
		meaning_say(m, MEANING_SPF_OPEN,
		    "SPF now ends in +all: any host may send as this name");
	if (spf->wide.n > 0)
		meaning_say(m, MEANING_SPF_OPEN,
		    "SPF now lets %s send, which is nearly any host",
		    span_print(spf->wide, part));
}

static void
say_level(const struct meant *m, const struct said *from, const struct said *to)
{
	enum level was = level_of(from);
	enum level is = level_of(to);
	char part[PART_SIZE];

	if (is == LEVEL_OPEN) {
		if (was != is || from->spf.all != to->spf.all ||
		    !span_same(from->spf.wide, to->spf.wide))
			say_open(m, &to->spf);
	} else if (is == LEVEL_ELSEWHERE) {
		if (!span_same(from->spf.redirect, to->spf.redirect))
			meaning_say(m, MEANING_SPF_SENDERS,
			    "SPF is now decided by %s (redirect)",
			    span_print(to->spf.redirect, part));
	} else if (was == LEVEL_ELSEWHERE) {
		meaning_say(m, MEANING_SPF_SENDERS,
		    "SPF is no longer decided by a redirect; it has %s",
		    end_text(to));
	} else if (is < was) {
		meaning_say(m, MEANING_SPF_WEAKER, "SPF has %s now, it had %s",
		    end_text(to), end_text(from));
	} else if (is > was) {
		meaning_say(m, MEANING_SPF_STRONGER,
		    "SPF has %s now, it had %s", end_text(to), end_text(from));
	}
}

/* More than ten in this record alone; what it includes comes on top. */
static void
say_lookups(
    const struct meant *m, const struct said *from, const struct said *to)
{
	unsigned n = to->spf.lookups;

	if (n > LOOKUPS_MAX &&
	    (from->stand != STAND_GOOD || from->spf.lookups != n))
		meaning_say(m, MEANING_SPF_LOOKUPS,
		    "SPF needs %u DNS lookups and ten are allowed: receivers "
		    "take it as an error",
		    n);
}

static void
say_bad(const struct meant *m, const struct said *from, const struct said *to)
{
	const struct wrong *w = &to->spf.wrong;
	char part[PART_SIZE];
	size_t at = w->at;
	struct span term;

	if (to->stand == STAND_TWO) {
		if (from->stand != STAND_TWO)
			meaning_say(m, MEANING_SPF_TWO,
			    "%zu SPF records: receivers take that as an error "
			    "(permerror), as if there were none",
			    to->found.n);
		return;
	}
	if (from->stand == STAND_INVALID &&
	    span_same(
		joined_span(&from->found.text), joined_span(&to->found.text)))
		return;
	term = next_term(joined_span(&to->found.text), &at);
	meaning_say(m, MEANING_SPF_INVALID,
	    "SPF is not valid at character %zu, \"%s\": %s; receivers take it "
	    "as an error (permerror)",
	    w->at + 1, span_print(term, part), w->why);
}

static void
say_new(const struct meant *m, const struct said *from, const struct said *to)
{
	if (from->stand == STAND_NONE)
		meaning_say(
		    m, MEANING_SPF_NEW, "SPF is new, with %s", end_text(to));
	else
		meaning_say(m, MEANING_SPF_NEW, "SPF is valid again, with %s",
		    end_text(to));
	if (level_of(to) == LEVEL_OPEN)
		say_open(m, &to->spf);
}

void
spf_judge(const struct meant *m)
{
	struct said from;
	struct said to;

	see(m->from, &from);
	see(m->to, &to);
	if (to.stand == STAND_NONE) {
		if (from.stand != STAND_NONE)
			meaning_say(m, MEANING_SPF_GONE,
			    "SPF is gone: who may send as this name is not "
			    "said any more");
		return;
	}
	if (to.stand != STAND_GOOD) {
		say_bad(m, &from, &to);
		return;
	}
	if (from.stand != STAND_GOOD) {
		say_new(m, &from, &to);
	} else {
		say_level(m, &from, &to);
		say_senders(m, &from.spf, &to.spf);
	}
	say_lookups(m, &from, &to);
}
