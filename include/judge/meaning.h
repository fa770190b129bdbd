/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MEANING_H
#define JUDGE_MEANING_H

/*
 * meaning -- what a change of mail and security records means, in words;
 * pure.
 *
 * TXT is judged by family (R26): its owner says which (`_dmarc`,
 * `_domainkey`, ...), and where that says nothing the text in front of `=`.
 * A record is read strictly as its RFC says; one that is not as it should be
 * is said to be so, once, with the place, and then counts as its RFC says
 * that receivers take it.  Nothing is asked: what an include leads to, what a
 * name above says, whether a host has an address is not known here.
 *
 * Bounded whatever is in the records: texts of more than MEANING_READ_MAX
 * octets are not judged, and MEANING_MAX statements are made.  What a
 * stranger wrote is in them as printable ASCII, cut short.
 */

#include <stddef.h>
#include <stdint.h>

#include "dns/content.h"

enum {
	MEANING_MAX = 12,        /* statements about one change */
	MEANING_TEXT_SIZE = 320, /* of one, with the NUL */
	MEANING_READ_MAX = 4096  /* octets of one TXT */
};

/* What a statement does to the severity (rule/severity.h). */
enum meaning_weight {
	MEANING_ROUTINE = 0, /* comes and goes by itself */
	MEANING_NOTE,        /* nothing but what it says */
	MEANING_WEAKER       /* the name is less protected than it was */
};

/*
 * Its word is told to machines: never change one.  To add one: the table in
 * meaning.c, and those in docs/json.md and dnsvigil(1).
 */
enum meaning_code {
	MEANING_SPF_NEW = 0,
	MEANING_SPF_GONE,
	MEANING_SPF_OPEN,
	MEANING_SPF_WEAKER,
	MEANING_SPF_STRONGER,
	MEANING_SPF_SENDERS,
	MEANING_SPF_LOOKUPS,
	MEANING_SPF_TWO,
	MEANING_SPF_INVALID,
	MEANING_DMARC_NEW,
	MEANING_DMARC_GONE,
	MEANING_DMARC_WEAKER,
	MEANING_DMARC_STRONGER,
	MEANING_DMARC_REPORTS,
	MEANING_DMARC_TWO,
	MEANING_DMARC_INVALID,
	MEANING_DKIM_NEW,
	MEANING_DKIM_GONE,
	MEANING_DKIM_KEY,
	MEANING_DKIM_REVOKED,
	MEANING_DKIM_WEAK,
	MEANING_DKIM_SMALL,
	MEANING_DKIM_TESTING,
	MEANING_DKIM_TWO,
	MEANING_DKIM_INVALID,
	MEANING_STS_NEW,
	MEANING_STS_GONE,
	MEANING_STS_ID,
	MEANING_STS_TWO,
	MEANING_STS_INVALID,
	MEANING_RPT_NEW,
	MEANING_RPT_GONE,
	MEANING_RPT_REPORTS,
	MEANING_RPT_TWO,
	MEANING_RPT_INVALID,
	MEANING_CAA_ANY,
	MEANING_CAA_WEAKER,
	MEANING_CAA_STRONGER,
	MEANING_CAA_NOBODY,
	MEANING_CAA_TERMS,
	MEANING_CAA_REPORTS,
	MEANING_CAA_CRITICAL,
	MEANING_MX_NULL,
	MEANING_MX_ACCEPTS,
	MEANING_MX_IMPLICIT,
	MEANING_MX_FIRST,
	MEANING_MX_INVALID,
	MEANING_TLSA_NEW,
	MEANING_TLSA_GONE,
	MEANING_TLSA_REPLACED,
	MEANING_TLSA_UNUSABLE,
	MEANING_TOKEN_NEW,
	MEANING_TOKEN_GONE,
	MEANING_PERSIST_NEW,
	MEANING_PERSIST_GONE,
	MEANING_ACME_CHALLENGE,
	MEANING_ACME_OTHER,
	MEANING_ECH_NEW,
	MEANING_ECH_GONE,
	MEANING_ECH_NAME,
	MEANING_ECH_INVALID
};
enum { N_MEANINGS = MEANING_ECH_INVALID + 1 };

const char *meaning_text(enum meaning_code code); /* "spf-open", ... */
enum meaning_weight meaning_weight(enum meaning_code code);

struct meaning_statement {
	enum meaning_code code;
	char text[MEANING_TEXT_SIZE]; /* a sentence without its full stop */
};

struct meaning {
	size_t n;
	uint32_t aspects; /* ASPECT_... of diff.h */
	struct meaning_statement list[MEANING_MAX];
};

/*
 * Nothing is said of equal contents, of unreadable and of partial ones, and
 * of types and texts that have no meaning here.  `owner` is the name that is
 * asked for.
 */
void meaning_of(const struct content *from, const struct content *to,
    uint16_t type, const uint8_t *owner, struct meaning *out);

#endif
