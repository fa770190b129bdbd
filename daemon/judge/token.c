/* SPDX-License-Identifier: ISC */

/*
 * Texts that prove to somebody that a name is under one's control (R26): site
 * verifications, the challenges of ACME (RFC 8555 8.4), and what lets a CA
 * validate for good (draft-ietf-acme-dns-persist).
 *
 * A token's family is what stands in front of `=` or `:`.  Which families are
 * tokens is a matter of words: those that say so, and a few known ones.
 */

#include <string.h>

#include "dns/type.h"
#include "meaning_priv.h"

enum {
	FAMILY_MAX = 64,
	/* Each is held against all others: of a crowd a few are told. */
	TOKENS_MAX = 4,
	CHALLENGE_SIZE = 43 /* SHA-256 in base 64 for URLs, without padding */
};

/* A text, and what it is called. */
struct token {
	struct joined text;
	struct span family;
};

static bool
says_proof(struct span s)
{
	static const char *const words[] = {"verif", "validat", "challenge",
	    "ownership", "domain-control", "dnsauth"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_has(s, words[i]))
			return true;
	return false;
}

static bool
is_known(struct span s)
{
	static const char *const known[] = {"MS", "apple-domain", "docusign",
	    "amazonses", "sendinblue-code", "brevo-code", "_globalsign",
	    "stripe", "keybase", "dropbox", "zoho", "loaderio"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is(s, known[i]))
			return true;
	return false;
}

/* What stands in front of the first `=` or `:`; all, when it is short. */
static struct span
family_of(struct span text)
{
	struct span family = {text.p, 0};

	while (family.n < text.n && family.n < FAMILY_MAX &&
	       text.p[family.n] != '=' && text.p[family.n] != ':' &&
	       text.p[family.n] != ' ')
		family.n++;
	return family;
}

/* `_github-challenge-acme.example.org`: any text there is a token. */
static bool
owner_says_proof(const uint8_t *owner)
{
	struct span label = {owner + 1, *owner};

	return label.n > 0 && label.p[0] == '_' &&
	       (says_proof(label) || span_is(label, "_amazonses"));
}

static bool
token_read(const struct meant *m, const struct record *r, struct token *out)
{
	txt_join(r, &out->text);
	out->family = family_of(joined_span(&out->text));
	if (span_is(out->family, "v"))
		return false;
	if (owner_says_proof(m->owner)) {
		out->family = (struct span){m->owner + 1, *m->owner};
		return true;
	}
	return says_proof(out->family) || is_known(out->family);
}

/* Has `c` a token of this family that is not in `but`? */
static bool
has_other(const struct meant *m, const struct content *c,
    const struct content *but, struct span family)
{
	struct token t;

	for (uint16_t i = 0; i < c->n_records; i++)
		if (!records_have(but, &c->records[i]) &&
		    token_read(m, &c->records[i], &t) &&
		    span_same(t.family, family))
			return true;
	return false;
}

/* True when it is one. */
static bool
judge_new(const struct meant *m, const struct record *r)
{
	char family[PART_SIZE];
	struct token t;

	if (records_have(m->from, r) || !token_read(m, r, &t))
		return false;
	span_print(t.family, family);
	if (has_other(m, m->from, m->to, t.family))
		meaning_say(m, MEANING_TOKEN_NEW,
		    "another token \"%s\" in place of one: somebody claims "
		    "control of this name",
		    family);
	else
		meaning_say(m, MEANING_TOKEN_NEW,
		    "a new token \"%s\": somebody claims control of this name",
		    family);
	return true;
}

static bool
judge_gone(const struct meant *m, const struct record *r)
{
	char family[PART_SIZE];
	struct token t;

	if (records_have(m->to, r) || !token_read(m, r, &t))
		return false;
	if (!has_other(m, m->to, m->from, t.family))
		meaning_say(m, MEANING_TOKEN_GONE, "the token \"%s\" is gone",
		    span_print(t.family, family));
	return true;
}

void
token_judge(const struct meant *m)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < m->to->n_records && n < TOKENS_MAX; i++)
		n += judge_new(m, &m->to->records[i]);
	n = 0;
	for (uint16_t i = 0; i < m->from->n_records && n < TOKENS_MAX; i++)
		n += judge_gone(m, &m->from->records[i]);
}

/* "ca.example; accounturi=...; policy=wildcard": who, and for whom. */
static void
say_persist(const struct meant *m, const struct record *r, bool is_new)
{
	char issuer[PART_SIZE];
	char account[PART_SIZE];
	struct joined text;
	struct span all;
	struct span who;
	struct span uri = {(const uint8_t *)"", 0};
	struct tag tag;
	size_t at = 0;

	txt_join(r, &text);
	all = joined_span(&text);
	while (at < all.n && all.p[at] != ';')
		at++;
	who = span_trim((struct span){all.p, at});
	at += at < all.n;
	while (tag_next(all, &at, &tag) == 1)
		if (span_is(tag.name, "accounturi"))
			uri = tag.value;
	span_print(who, issuer);
	if (is_new)
		meaning_say(m, MEANING_PERSIST_NEW,
		    "%s may validate this name for the account \"%s\" as long "
		    "as the record stands: somebody claims control of it",
		    issuer, span_print(uri, account));
	else
		meaning_say(m, MEANING_PERSIST_GONE,
		    "%s may no longer validate this name for the account "
		    "\"%s\"",
		    issuer, span_print(uri, account));
}

void
persist_judge(const struct meant *m)
{
	for (uint16_t i = 0; i < m->to->n_records; i++)
		if (!records_have(m->from, &m->to->records[i]))
			say_persist(m, &m->to->records[i], true);
	for (uint16_t i = 0; i < m->from->n_records; i++)
		if (!records_have(m->to, &m->from->records[i]))
			say_persist(m, &m->from->records[i], false);
}

static bool
is_challenge(const struct record *r)
{
	if (r->type != TYPE_TXT || r->size != 1 + CHALLENGE_SIZE)
		return false;
	for (uint16_t i = 1; i < r->size; i++) {
		uint8_t c = r->rdata[i];
		bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* How many of `c` are not in `other`; *odd of them are no challenges. */
static unsigned
count_other(const struct content *c, const struct content *other, unsigned *odd)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < c->n_records; i++) {
		if (records_have(other, &c->records[i]))
			continue;
		n++;
		*odd += !is_challenge(&c->records[i]);
	}
	return n;
}

void
acme_judge(const struct meant *m)
{
	unsigned odd = 0;
	unsigned more = count_other(m->to, m->from, &odd);
	unsigned less = count_other(m->from, m->to, &odd);

	if (odd > 0)
		meaning_say(m, MEANING_ACME_OTHER,
		    "texts that are no ACME challenge: %u", odd);
	if (more > 0)
		meaning_say(m, MEANING_ACME_CHALLENGE,
		    "new ACME challenges: %u; somebody asks for a certificate "
		    "of this name",
		    more);
	else if (less > 0)
		meaning_say(m, MEANING_ACME_CHALLENGE,
		    "ACME challenges that are gone: %u", less);
}
