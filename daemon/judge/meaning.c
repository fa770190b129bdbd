/* SPDX-License-Identifier: ISC */

/*
 * Which family judges what, and the words of the statements.
 *
 * A change is routine only when everything that differs was said and is
 * routine: so the families whose records come and go by themselves say
 * something else of what they do not know.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "judge/diff.h"
#include "meaning_priv.h"

enum {
	ROUTINE = MEANING_ROUTINE,
	NOTE = MEANING_NOTE,
	WEAKER = MEANING_WEAKER
};

/* clang-format off */
static const struct {
	const char *text;
	uint32_t aspects;
	int weight;
} codes[N_MEANINGS] = {
    [MEANING_SPF_NEW] =        {"spf-new",        ASPECT_SPF, NOTE},
    [MEANING_SPF_GONE] =       {"spf-gone",       ASPECT_SPF, WEAKER},
    [MEANING_SPF_OPEN] =       {"spf-open",       ASPECT_SPF, WEAKER},
    [MEANING_SPF_WEAKER] =     {"spf-weaker",     ASPECT_SPF, WEAKER},
    [MEANING_SPF_STRONGER] =   {"spf-stronger",   ASPECT_SPF, NOTE},
    [MEANING_SPF_SENDERS] =    {"spf-senders",    ASPECT_SPF, NOTE},
    [MEANING_SPF_LOOKUPS] =    {"spf-lookups",    ASPECT_SPF, WEAKER},
    [MEANING_SPF_TWO] =        {"spf-two",        ASPECT_SPF, WEAKER},
    [MEANING_SPF_INVALID] =    {"spf-invalid",    ASPECT_SPF, WEAKER},
    [MEANING_DMARC_NEW] =      {"dmarc-new",      ASPECT_DMARC, NOTE},
    [MEANING_DMARC_GONE] =     {"dmarc-gone",     ASPECT_DMARC, WEAKER},
    [MEANING_DMARC_WEAKER] =   {"dmarc-weaker",   ASPECT_DMARC, WEAKER},
    [MEANING_DMARC_STRONGER] = {"dmarc-stronger", ASPECT_DMARC, NOTE},
    [MEANING_DMARC_REPORTS] =  {"dmarc-reports",  ASPECT_DMARC, NOTE},
    [MEANING_DMARC_TWO] =      {"dmarc-two",      ASPECT_DMARC, WEAKER},
    [MEANING_DMARC_INVALID] =  {"dmarc-invalid",  ASPECT_DMARC, WEAKER},
    [MEANING_DKIM_NEW] =       {"dkim-new",       ASPECT_DKIM, NOTE},
    [MEANING_DKIM_GONE] =      {"dkim-gone",      ASPECT_DKIM, NOTE},
    [MEANING_DKIM_KEY] =       {"dkim-key",       ASPECT_DKIM, NOTE},
    [MEANING_DKIM_REVOKED] =   {"dkim-revoked",   ASPECT_DKIM, NOTE},
    [MEANING_DKIM_WEAK] =      {"dkim-weak",      ASPECT_DKIM, WEAKER},
    [MEANING_DKIM_SMALL] = {"dkim-small", ASPECT_DKIM, NOTE},
    [MEANING_DKIM_TESTING] =   {"dkim-testing",   ASPECT_DKIM, WEAKER},
    [MEANING_DKIM_TWO] =       {"dkim-two",       ASPECT_DKIM, WEAKER},
    [MEANING_DKIM_INVALID] =   {"dkim-invalid",   ASPECT_DKIM, WEAKER},
    [MEANING_STS_NEW] =        {"mta-sts-new",     ASPECT_MTA_STS, NOTE},
    [MEANING_STS_GONE] =       {"mta-sts-gone",    ASPECT_MTA_STS, WEAKER},
    [MEANING_STS_ID] =         {"mta-sts-id",      ASPECT_MTA_STS, ROUTINE},
    [MEANING_STS_TWO] =        {"mta-sts-two",     ASPECT_MTA_STS, WEAKER},
    [MEANING_STS_INVALID] =    {"mta-sts-invalid", ASPECT_MTA_STS, WEAKER},
    [MEANING_RPT_NEW] =        {"tls-rpt-new",     ASPECT_TLS_RPT, NOTE},
    [MEANING_RPT_GONE] =       {"tls-rpt-gone",    ASPECT_TLS_RPT, NOTE},
    [MEANING_RPT_REPORTS] =    {"tls-rpt-reports", ASPECT_TLS_RPT, NOTE},
    [MEANING_RPT_TWO] =        {"tls-rpt-two",     ASPECT_TLS_RPT, NOTE},
    [MEANING_RPT_INVALID] =    {"tls-rpt-invalid", ASPECT_TLS_RPT, NOTE},
    [MEANING_CAA_ANY] =        {"caa-any",        ASPECT_CAA, WEAKER},
    [MEANING_CAA_WEAKER] =     {"caa-weaker",     ASPECT_CAA, WEAKER},
    [MEANING_CAA_STRONGER] =   {"caa-stronger",   ASPECT_CAA, NOTE},
    [MEANING_CAA_NOBODY] =     {"caa-nobody",     ASPECT_CAA, NOTE},
    [MEANING_CAA_TERMS] =      {"caa-terms",      ASPECT_CAA, NOTE},
    [MEANING_CAA_REPORTS] =    {"caa-reports",    ASPECT_CAA, NOTE},
    [MEANING_CAA_CRITICAL] =   {"caa-critical",   ASPECT_CAA, NOTE},
    [MEANING_MX_NULL] =        {"mx-null",        ASPECT_NULL_MX, NOTE},
    [MEANING_MX_ACCEPTS] =     {"mx-accepts",     0, NOTE},
    [MEANING_MX_IMPLICIT] =    {"mx-implicit",    ASPECT_IMPLICIT_MX, NOTE},
    [MEANING_MX_FIRST] =       {"mx-first",       0, NOTE},
    [MEANING_MX_INVALID] =     {"mx-invalid",     0, NOTE},
    [MEANING_TLSA_NEW] =       {"tlsa-new",       ASPECT_TLSA, NOTE},
    [MEANING_TLSA_GONE] =      {"tlsa-gone",      ASPECT_TLSA, WEAKER},
    [MEANING_TLSA_REPLACED] =  {"tlsa-replaced",  ASPECT_TLSA, NOTE},
    [MEANING_TLSA_UNUSABLE] =  {"tlsa-unusable",  ASPECT_TLSA, WEAKER},
    [MEANING_TOKEN_NEW] =      {"token-new",      ASPECT_TOKEN, NOTE},
    [MEANING_TOKEN_GONE] =     {"token-gone",     ASPECT_TOKEN, NOTE},
    [MEANING_PERSIST_NEW] =    {"persist-new",  ASPECT_TOKEN | ASPECT_ACME,
                                WEAKER},
    [MEANING_PERSIST_GONE] =   {"persist-gone", ASPECT_TOKEN | ASPECT_ACME,
                                NOTE},
    [MEANING_ACME_CHALLENGE] = {"acme-challenge", ASPECT_ACME, ROUTINE},
    [MEANING_ACME_OTHER] =     {"acme-other",     ASPECT_ACME, NOTE},
    [MEANING_ECH_NEW] =        {"ech-new",        ASPECT_ECH, NOTE},
    [MEANING_ECH_GONE] =       {"ech-gone",       ASPECT_ECH, WEAKER},
    [MEANING_ECH_NAME] =       {"ech-name",       ASPECT_ECH, NOTE},
    [MEANING_ECH_INVALID] =    {"ech-invalid",    ASPECT_ECH, WEAKER},
};
/* clang-format on */

const char *
meaning_text(enum meaning_code code)
{
	CHECK((size_t)code < N_MEANINGS);
	return codes[code].text;
}

enum meaning_weight
meaning_weight(enum meaning_code code)
{
	CHECK((size_t)code < N_MEANINGS);
	return (enum meaning_weight)codes[code].weight;
}

void
meaning_say(
    const struct meant *m, enum meaning_code code, const char *format, ...)
{
	struct meaning *out = m->out;
	struct meaning_statement *s = &out->list[out->n];
	va_list args;

	/* What is beyond the room still has its aspect and its weight. */
	out->aspects |= codes[code].aspects;
	if (codes[code].weight == WEAKER)
		out->aspects |= ASPECT_WEAKENED;
	if (codes[code].weight != ROUTINE)
		meaning_no_routine(m);
	if (out->n == MEANING_MAX)
		return;
	s->code = code;
	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->list[i].text, s->text) == 0)
			return;
	out->n++;
}

void
meaning_no_routine(const struct meant *m)
{
	m->out->aspects &= ~(uint32_t)ASPECT_ROUTINE;
}

bool
label_is(const uint8_t *owner, const char *text)
{
	struct span label = {owner + 1, *owner};

	return span_is(label, text);
}

const uint8_t *
label_next(const uint8_t *owner)
{
	return *owner == 0 ? owner : owner + 1 + *owner;
}

/* selector._domainkey.example.org; a selector may have dots (RFC 6376 3.1). */
static bool
is_of_dkim(const uint8_t *owner)
{
	for (; *owner != 0; owner = label_next(owner))
		if (label_is(owner, "_domainkey"))
			return true;
	return false;
}

static void
judge_txt(const struct meant *m)
{
	const uint8_t *owner = m->owner;

	if (label_is(owner, "_acme-challenge")) {
		acme_judge(m);
	} else if (label_is(owner, "_validation-persist")) {
		persist_judge(m);
	} else if (label_is(owner, "_dmarc")) {
		dmarc_judge(m);
	} else if (label_is(owner, "_mta-sts")) {
		mta_sts_judge(m);
	} else if (label_is(owner, "_smtp") &&
		   label_is(label_next(owner), "_tls")) {
		tls_rpt_judge(m);
	} else if (is_of_dkim(owner)) {
		dkim_judge(m);
	} else {
		spf_judge(m);
		token_judge(m);
	}
}

static bool
is_known(const struct content *c)
{
	return !c->partial &&
	       (c->outcome == OUTCOME_ANSWER || c->outcome == OUTCOME_NODATA ||
		   c->outcome == OUTCOME_NXDOMAIN);
}

static bool
same_chain(const struct content *a, const struct content *b)
{
	if (a->n_chain != b->n_chain)
		return false;
	for (uint16_t i = 0; i < a->n_chain; i++)
		if (!name_equal(a->chain[i], b->chain[i]))
			return false;
	return true;
}

void
meaning_of(const struct content *from, const struct content *to, uint16_t type,
    const uint8_t *owner, struct meaning *out)
{
	const struct meant m = {from, to, type, owner, out};

	out->n = 0;
	out->aspects = same_chain(from, to) ? ASPECT_ROUTINE : 0;
	if (is_known(from) && is_known(to) && !content_equal(from, to)) {
		if (type == TYPE_TXT)
			judge_txt(&m);
		else if (type == TYPE_MX)
			mx_judge(&m);
		else if (type == TYPE_CAA)
			caa_judge(&m);
		else if (type == TYPE_TLSA)
			tlsa_judge(&m);
		else if (type == TYPE_SVCB || type == TYPE_HTTPS)
			svcb_judge(&m);
	}
	if (out->n == 0)
		out->aspects = 0;
}
