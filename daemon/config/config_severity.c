/* SPDX-License-Identifier: ISC */

/* `severity:`, the lines that go before the built-in table (R21). */

#include <stdlib.h>
#include <string.h>

#include "dns/type.h"
#include "reader_priv.h"
#include "words_priv.h"

enum { SEVERITIES_MAX = 1000, N_CHANGE_KINDS = 10 };

/* Kinds of changes, N_CHANGE_KINDS of them, and events: R20.  A new kind is
 * added here too. */
static const char *const kinds[] = {"appeared", "vanished", "added", "removed",
    "modified", "replaced", "alias", "outcome", "unreadable", "readable",
    "failing", "recovered", "blind", "sighted", "order", "duplicates", "ttl",
    "case", "serial", "timers", "signature", "ech", "resolver-left",
    "resolver-back", "filtered", "bogus", "signatures-expiring",
    "signatures-expired", "signatures-renewed", "provider-failing",
    "provider-recovered", "spreading", "split", "converged", "serial-backwards",
    "lame", "lame-ended", "server-silent", "server-answers", "tcp-broken",
    "tcp-works", "edns-broken", "edns-works", "split-delegation",
    "delegation-agrees", "views-differ", "views-agree", "deviates", "conforms",
    "plan-done", "plan-missed", "baseline", "woke", "life", "life-marked",
    "class", "flux", "flux-digest", "digest", "pool-left", "dangling",
    "dangling-zone", "dangling-address", "dangling-ended", "wildcard",
    "wildcard-ended", "wildcard-baseline", "unlisted"};
/* Aspects of changes, R20: those of judge/diff.h, in its order. */
static const char *const aspects[] = {"alias", "mail", "delegation", "dangling",
    "inconsistent", "returned", "rotating", "private", "unsupported",
    "filtered", "bogus", "unsigned", "ds-mismatch", "spf", "dmarc", "dkim",
    "mta-sts", "tls-rpt", "caa", "tlsa", "null-mx", "implicit-mx",
    "verification-token", "acme", "ech", "weakened", "routine", "expected",
    "unexpected", "planned"};
static const char *const levels[] = {
    "info", "low", "medium", "high", "critical"};

const char *
read_kind_word(const struct report *r, const char *word, struct place at)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], word) == 0)
			return kinds[i];
	report_error(r, at,
	    "`%.64s` is no kind of change or event; write replaced, failing "
	    "or the like",
	    word);
	return NULL;
}

char *
read_severity_word(struct reader *x, const struct node *value)
{
	int i = node_choice(value, "a severity", &x->r, levels,
	    sizeof(levels) / sizeof(levels[0]));

	return i < 0 ? NULL : reader_text(x, levels[i]);
}

struct entry {
	struct reader *x;
	struct config_severity *line;
	bool bad;
};

static void
take_choice(struct entry *e, const struct node *value, const char *what,
    const char *const *known, size_t n, char **out)
{
	int i = node_choice(value, what, &e->x->r, known, n);

	e->bad = e->bad || i < 0;
	if (i >= 0)
		*out = reader_text(e->x, known[i]);
}

static void
read_kind(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	take_choice(e, value, "kind", kinds, sizeof(kinds) / sizeof(kinds[0]),
	    &e->line->kind);
}

static void
read_aspect(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	take_choice(e, value, "aspect", aspects,
	    sizeof(aspects) / sizeof(aspects[0]), &e->line->aspect);
}

static void
read_level(void *ctx, const struct node *value)
{
	struct entry *e = ctx;

	take_choice(e, value, "severity", levels,
	    sizeof(levels) / sizeof(levels[0]), &e->line->severity);
}

static void
read_rr_type(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	const char *text = node_text(value, "type", &e->x->r);
	char mnemonic[TYPE_TEXT_SIZE];
	uint16_t type;

	if (text == NULL || !word_type(text, value->at, &e->x->r, &type))
		e->bad = true;
	else
		e->line->type = reader_text(e->x, type_print(type, mnemonic));
}

static void
read_tag(void *ctx, const struct node *value)
{
	struct entry *e = ctx;
	const char *text = node_text(value, "tag", &e->x->r);
	char tag[TAG_SIZE];

	if (text == NULL || !word_tag(text, value->at, &e->x->r, tag))
		e->bad = true;
	else
		e->line->tag = reader_text(e->x, tag);
}

static bool
is_of_change(const char *kind)
{
	for (size_t i = 0; i < N_CHANGE_KINDS; i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static void
read_severity(struct reader *x, const struct node *n)
{
	static const struct key keys[] = {
	    {"kind", read_kind},
	    {"aspect", read_aspect},
	    {"type", read_rr_type},
	    {"tag", read_tag},
	    {"severity", read_level},
	};
	struct entry e = {.x = x};

	e.line = &x->c->severities[x->c->n_severities++];
	e.line->line = n->at.line;
	if (!node_walk(n, "a severity", keys, 5, &x->r, &e) || e.bad)
		return;
	if (e.line->kind == NULL && e.line->aspect == NULL)
		report_error(&x->r, n->at,
		    "a severity without `kind`; add `kind: replaced` or "
		    "the like");
	if (e.line->kind != NULL && e.line->aspect != NULL &&
	    !is_of_change(e.line->kind))
		report_error(&x->r, n->at,
		    "`%s` is an event, which has no aspects; remove `aspect`",
		    e.line->kind);
	if (e.line->severity == NULL)
		report_error(&x->r, n->at,
		    "a line without `severity`; add `severity: high` or "
		    "the like");
}

void
read_severities(void *ctx, const struct node *value)
{
	struct reader *x = ctx;

	if (!node_is_list(value, "`severity`", &x->r) || value->n == 0)
		return;
	if (value->n > SEVERITIES_MAX) {
		report_error(&x->r, value->at,
		    "`severity` has more than %d lines; remove some",
		    SEVERITIES_MAX);
		return;
	}
	x->c->severities = reader_array(x, value->n, sizeof(*x->c->severities));
	for (const struct node *n = value->first;
	     n != NULL && x->c->severities != NULL; n = n->next)
		read_severity(x, n);
}
