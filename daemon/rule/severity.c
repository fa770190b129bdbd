/* SPDX-License-Identifier: ISC */

/*
 * In this order:
 *
 *   1. a rotating set is info: R22 says that it is not told, and an operator's
 *      line for `modified` is not meant to ring for every round robin; so is
 *      what only a resolver said that lies (R16), which is told instead, and
 *      what its owner planned (R27), unless it is broken;
 *   2. the operator's lines, the first that matches;
 *   3. the table, the first row that matches;
 *   4. what raises or lowers the table's word: adjust().
 *
 * To change a row: the table in dnsvigil.yaml(5) and test_severity.c too.
 */

#include <string.h>

#include "base/err.h"
#include "config/config.h"
#include "dns/type.h"
#include "rule/severity.h"

static const char *const texts[] = {
    "info", "low", "medium", "high", "critical"};

enum { N_SEVERITIES = sizeof(texts) / sizeof(texts[0]) };

const char *
severity_text(enum severity severity)
{
	CHECK((size_t)severity < N_SEVERITIES);
	return texts[severity];
}

int
severity_parse(const char *text, enum severity *out)
{
	for (int i = 0; i < N_SEVERITIES; i++) {
		if (strcmp(text, texts[i]) == 0) {
			*out = (enum severity)i;
			return 0;
		}
	}
	return ERR_SYNTAX;
}

/* Whose name it is.  One that is both is judged as owned. */
enum who { ANYONE = 0, OWNED, HOSTILE, UNTAGGED };

/* Types that the table treats alike. */
enum family {
	ANY_TYPE = 0,
	ADDRESS,    /* A, AAAA, CNAME, DNAME, HTTPS, SVCB: where it leads */
	MAIL,       /* MX */
	DELEGATION, /* NS, DS, SOA with another MNAME */
	WEAKENED,   /* by what it means (judge/meaning.h), of whatever type */
	CLAIMED,    /* a token: somebody claims control of the name */
	ROUTINE,    /* it comes and goes by itself */
	OTHER
};

enum { ANY = 0, NOVEL = 1 }; /* an added element was never seen anywhere */

/* Sets of kinds. */
enum {
	APPEARED = 1 << KIND_APPEARED,
	VANISHED = 1 << KIND_VANISHED,
	ADDED = 1 << KIND_ADDED,
	MODIFIED = 1 << KIND_MODIFIED,
	REPLACED = 1 << KIND_REPLACED,
	ALIAS = 1 << KIND_ALIAS,
	OUTCOME = 1 << KIND_OUTCOME,
	UNREADABLE = 1 << KIND_UNREADABLE,
	READABLE = 1 << KIND_READABLE,
	ADDING = ADDED | MODIFIED | REPLACED,
	EVERY_KIND = -1
};

/* clang-format off */
static const struct {
	int kinds;
	enum family family;
	enum who who;
	int novelty;
	enum severity severity;
} changes[] = {
	/* What it means goes before how it looks. */
	{EVERY_KIND,          WEAKENED,   OWNED,    ANY,   SEVERITY_HIGH},
	{EVERY_KIND,          WEAKENED,   UNTAGGED, ANY,   SEVERITY_MEDIUM},
	{APPEARED | ADDING,   CLAIMED,    UNTAGGED, ANY,   SEVERITY_MEDIUM},
	{EVERY_KIND,          ROUTINE,    OWNED,    ANY,   SEVERITY_LOW},
	{EVERY_KIND,          ROUTINE,    UNTAGGED, ANY,   SEVERITY_LOW},

	{OUTCOME,             ANY_TYPE,   ANYONE,   ANY,   SEVERITY_LOW},

	/* What comes out from behind an unreadable answer may be hostile. */
	{READABLE,            ANY_TYPE,   OWNED,    NOVEL, SEVERITY_HIGH},
	{READABLE,            ANY_TYPE,   ANYONE,   ANY,   SEVERITY_LOW},

	{ALIAS,               ANY_TYPE,   OWNED,    NOVEL, SEVERITY_HIGH},
	{ALIAS,               ANY_TYPE,   ANYONE,   ANY,   SEVERITY_MEDIUM},

	{REPLACED | VANISHED, DELEGATION, OWNED,    ANY,   SEVERITY_CRITICAL},
	{EVERY_KIND,          DELEGATION, OWNED,    ANY,   SEVERITY_HIGH},
	{EVERY_KIND,          MAIL,       OWNED,    ANY,   SEVERITY_HIGH},
	{VANISHED,            ANY_TYPE,   OWNED,    ANY,   SEVERITY_HIGH},
	{ADDING,              ADDRESS,    OWNED,    NOVEL, SEVERITY_HIGH},
	{EVERY_KIND,          ANY_TYPE,   OWNED,    ANY,   SEVERITY_MEDIUM},

	/* A threat's name that comes to life, or moves. */
	{APPEARED,            ANY_TYPE,   HOSTILE,  ANY,   SEVERITY_HIGH},
	{REPLACED | VANISHED, ANY_TYPE,   HOSTILE,  ANY,   SEVERITY_MEDIUM},
	{ADDING,              ANY_TYPE,   HOSTILE,  NOVEL, SEVERITY_MEDIUM},
	{UNREADABLE,          ANY_TYPE,   HOSTILE,  ANY,   SEVERITY_MEDIUM},
	{EVERY_KIND,          ANY_TYPE,   HOSTILE,  ANY,   SEVERITY_LOW},

	{REPLACED | VANISHED, ANY_TYPE,   UNTAGGED, ANY,   SEVERITY_MEDIUM},
	{MODIFIED,            ANY_TYPE,   UNTAGGED, ANY,   SEVERITY_MEDIUM},
	{UNREADABLE,          ANY_TYPE,   UNTAGGED, ANY,   SEVERITY_MEDIUM},
	{EVERY_KIND,          ANY_TYPE,   UNTAGGED, ANY,   SEVERITY_LOW},
};

static const struct {
	const char *event; /* NULL: any that is not named above it */
	enum who who;
	enum severity severity;
} events[] = {
	{"failing",   OWNED,  SEVERITY_HIGH},
	{"failing",   ANYONE, SEVERITY_MEDIUM},
	{"recovered", ANYONE, SEVERITY_LOW},
	{"bogus",     OWNED,  SEVERITY_CRITICAL},
	{"bogus",     ANYONE, SEVERITY_HIGH},
	{"signatures-expiring", OWNED,  SEVERITY_HIGH},
	{"signatures-expiring", ANYONE, SEVERITY_MEDIUM},
	{"signatures-expired",  OWNED,  SEVERITY_CRITICAL},
	{"signatures-expired",  ANYONE, SEVERITY_HIGH},
	{"signatures-renewed",  ANYONE, SEVERITY_LOW},
	{"dangling-zone", ANYONE, SEVERITY_CRITICAL},
	{"dangling",  ANYONE, SEVERITY_HIGH},
	{"dangling-address", ANYONE, SEVERITY_MEDIUM},
	{"dangling-ended", ANYONE, SEVERITY_LOW},
	{"wildcard",  ANYONE, SEVERITY_HIGH},
	{"wildcard-ended", ANYONE, SEVERITY_MEDIUM},
	{"wildcard-baseline", ANYONE, SEVERITY_INFO},
	{"unlisted",  ANYONE, SEVERITY_LOW},
	{"blind",     ANYONE, SEVERITY_CRITICAL},
	{"sighted",   ANYONE, SEVERITY_LOW},
	{"resolver-left", ANYONE, SEVERITY_MEDIUM},
	{"resolver-back", ANYONE, SEVERITY_LOW},
	{"provider-failing", ANYONE, SEVERITY_HIGH},
	{"provider-recovered", ANYONE, SEVERITY_LOW},
	{"filtered",  ANYONE, SEVERITY_MEDIUM},
	{"spreading", ANYONE, SEVERITY_LOW},
	{"split",     OWNED,  SEVERITY_HIGH},
	{"split",     ANYONE, SEVERITY_MEDIUM},
	{"converged", ANYONE, SEVERITY_LOW},
	{"views-differ", OWNED, SEVERITY_HIGH},
	{"views-differ", ANYONE, SEVERITY_MEDIUM},
	{"views-agree", ANYONE, SEVERITY_LOW},
	{"deviates",  OWNED,  SEVERITY_HIGH},
	{"deviates",  ANYONE, SEVERITY_MEDIUM},
	{"conforms",  ANYONE, SEVERITY_LOW},
	{"plan-done", ANYONE, SEVERITY_LOW},
	{"plan-missed", OWNED, SEVERITY_HIGH},
	{"plan-missed", ANYONE, SEVERITY_MEDIUM},
	{"serial-backwards", OWNED, SEVERITY_HIGH},
	{"serial-backwards", ANYONE, SEVERITY_MEDIUM},
	{"split-delegation", OWNED, SEVERITY_HIGH},
	{"split-delegation", ANYONE, SEVERITY_MEDIUM},
	{"delegation-agrees", ANYONE, SEVERITY_LOW},
	{"lame",      OWNED,  SEVERITY_HIGH},
	{"lame",      ANYONE, SEVERITY_MEDIUM},
	{"lame-ended", ANYONE, SEVERITY_LOW},
	{"server-silent", ANYONE, SEVERITY_MEDIUM},
	{"server-answers", ANYONE, SEVERITY_LOW},
	{"tcp-broken", ANYONE, SEVERITY_LOW},
	{"tcp-works", ANYONE, SEVERITY_LOW},
	{"edns-broken", ANYONE, SEVERITY_LOW},
	{"edns-works", ANYONE, SEVERITY_LOW},
	{"baseline", ANYONE, SEVERITY_INFO},
	/* What changed was told. */
	{"life",      ANYONE, SEVERITY_INFO},
	{"life-marked", ANYONE, SEVERITY_MEDIUM},
	{"woke", ANYONE, SEVERITY_MEDIUM},
	{"class",     ANYONE, SEVERITY_INFO},
	{"flux",      ANYONE, SEVERITY_MEDIUM},
	{"flux-digest", ANYONE, SEVERITY_LOW},
	{"digest",    ANYONE, SEVERITY_LOW},
	{"pool-left", ANYONE, SEVERITY_INFO},
	/* A set that rotates would ring at every poll. */
	{"order",     ANYONE, SEVERITY_INFO},
	{"duplicates", ANYONE, SEVERITY_LOW},
	{"ttl",       ANYONE, SEVERITY_LOW},
	{"case",      ANYONE, SEVERITY_LOW},
	{"serial",    ANYONE, SEVERITY_LOW},
	{"timers",    ANYONE, SEVERITY_LOW},
	{"signature", ANYONE, SEVERITY_LOW},
	{"ech",       ANYONE, SEVERITY_LOW},
	{NULL,        ANYONE, SEVERITY_MEDIUM},
};
/* clang-format on */

static enum who
who_of(const struct severity_input *in)
{
	if (in->owned)
		return OWNED;
	return in->hostile ? HOSTILE : UNTAGGED;
}

static enum family
family_of(uint16_t type, uint32_t aspects)
{
	if ((aspects & ASPECT_WEAKENED) != 0)
		return WEAKENED;
	if ((aspects & ASPECT_ROUTINE) != 0)
		return ROUTINE;
	if ((aspects & ASPECT_TOKEN) != 0)
		return CLAIMED;
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_HTTPS:
	case TYPE_SVCB:
		return ADDRESS;
	case TYPE_MX:
		return MAIL;
	case TYPE_NS:
	case TYPE_DS:
		return DELEGATION;
	case TYPE_SOA:
		return (aspects & ASPECT_DELEGATION) != 0 ? DELEGATION : OTHER;
	default:
		return OTHER;
	}
}

static int
event_row(const char *event, enum who who)
{
	size_t i = 0;

	while (
	    (events[i].event != NULL && strcmp(events[i].event, event) != 0) ||
	    (events[i].who != ANYONE && events[i].who != who))
		i++;
	return (int)i;
}

static int
change_row(const struct severity_input *in, enum who who)
{
	enum family family = family_of(in->type, in->aspects);
	size_t n = sizeof(changes) / sizeof(changes[0]);
	size_t i;

	for (i = 0; i < n; i++) {
		if ((changes[i].kinds & 1 << in->kind) == 0)
			continue;
		if (changes[i].family != ANY_TYPE &&
		    changes[i].family != family)
			continue;
		if (changes[i].who != ANYONE && changes[i].who != who)
			continue;
		if (changes[i].novelty == ANY || in->novel)
			break;
	}
	CHECK(i < n); /* each `who` ends with a row for every kind */
	return (int)i;
}

/*
 * R14: a short change to what was never believed is what a hijack looks like,
 * of whatever type; its end lowers nothing.  R17: so does what a validator
 * refuses; a chain of trust that is cut is critical.  R21: what returns is less
 * news, but not on an owned name; it is lowered, never silenced.
 */
static enum severity
adjust(
    const struct severity_input *in, enum severity severity, const char **then)
{
	uint32_t alarming =
	    ASPECT_DANGLING | ASPECT_PRIVATE | ASPECT_UNEXPECTED;
	uint32_t challenge = ASPECT_ROUTINE | ASPECT_ACME;
	/* A challenge stands for minutes: each of them would ring (R26). */
	bool is_short = in->transient && (in->aspects & challenge) != challenge;
	bool is_alarming = is_short || (in->aspects & alarming) != 0;
	bool is_back = (in->aspects & ASPECT_RETURNED) != 0;

	*then = NULL;
	if ((in->aspects & (ASPECT_UNSIGNED | ASPECT_DS_MISMATCH)) != 0) {
		*then = "the chain of trust is cut";
		return SEVERITY_CRITICAL;
	}
	if ((in->aspects & ASPECT_BOGUS) != 0) {
		*then = "a validator refuses it";
		return in->owned ? SEVERITY_CRITICAL : SEVERITY_HIGH;
	}
	if (in->owned && is_alarming && severity < SEVERITY_HIGH) {
		*then = is_short ? "raised: short, to what was never believed"
		                 : "raised: dangling, private or unexpected";
		return SEVERITY_HIGH;
	}
	/* As its owner says that it should be: no more than worth knowing. */
	if ((in->aspects & ASPECT_EXPECTED) != 0 && !in->transient) {
		*then = "at most low: it is as expected";
		return severity < SEVERITY_LOW ? severity : SEVERITY_LOW;
	}
	if (!in->owned && is_back && severity > SEVERITY_LOW) {
		*then = "lowered: it returned";
		return (enum severity)(severity - 1);
	}
	return severity;
}

static bool
has_tag(const struct severity_input *in, const char *tag)
{
	for (size_t i = 0; i < in->n_tags; i++)
		if (strcmp(in->tags[i], tag) == 0)
			return true;
	return false;
}

static bool
has_aspect(const struct severity_input *in, const char *aspect)
{
	for (unsigned i = 0; i < N_ASPECTS; i++)
		if ((in->aspects & 1u << i) != 0 &&
		    strcmp(aspect_text(i), aspect) == 0)
			return true;
	return false;
}

static bool
line_matches(const struct config_severity *line,
    const struct severity_input *in, const char *kind)
{
	uint16_t type;

	if (line->kind != NULL && strcmp(line->kind, kind) != 0)
		return false;
	/* Of an event there is none, so that such a line is about changes. */
	if (line->aspect != NULL && !has_aspect(in, line->aspect))
		return false;
	if (line->type != NULL &&
	    (type_parse(line->type, &type) != 0 || type != in->type))
		return false;
	return line->tag == NULL || has_tag(in, line->tag);
}

/* Who planned it did not plan that it be broken. */
static bool
is_planned(const struct severity_input *in)
{
	uint32_t broken = ASPECT_BOGUS | ASPECT_DS_MISMATCH | ASPECT_DANGLING;

	return (in->aspects & ASPECT_PLANNED) != 0 &&
	       (in->aspects & broken) == 0;
}

/* What stands before the operator's lines; NULL: nothing does. */
static const char *
rule_before(const struct severity_input *in)
{
	if (in->kind == KIND_NONE)
		return NULL;
	if ((in->aspects & ASPECT_ROTATING) != 0)
		return "a rotating set is not told";
	if ((in->aspects & ASPECT_FILTERED) != 0)
		return "only a resolver that left the quorum said it";
	return is_planned(in) ? "it is planned" : NULL;
}

enum severity
severity_explain(const struct severity_input *in, const struct config *config,
    struct severity_why *why)
{
	bool is_event = in->kind == KIND_NONE;
	const char *kind = is_event ? in->event : kind_text(in->kind);
	size_t n = config == NULL ? 0 : config->n_severities;
	enum severity severity;

	CHECK(kind != NULL);
	*why = (struct severity_why){
	    .rule = rule_before(in), .event = is_event ? in->event : NULL};
	if (why->rule != NULL)
		return SEVERITY_INFO;
	for (size_t i = 0; i < n; i++) {
		const struct config_severity *line = &config->severities[i];

		if (line_matches(line, in, kind) &&
		    severity_parse(line->severity, &severity) == 0) {
			why->line = (unsigned)i + 1;
			return severity;
		}
	}
	if (is_event) {
		why->row = event_row(in->event, who_of(in));
		return events[why->row].severity;
	}
	why->row = change_row(in, who_of(in));
	return adjust(in, changes[why->row].severity, &why->then);
}

enum severity
severity_of(const struct severity_input *in, const struct config *config)
{
	struct severity_why why;

	return severity_explain(in, config, &why);
}

/* ---- why ---- */

static const char *
who_text(enum who who)
{
	static const char *const words[] = {[OWNED] = ", owned",
	    [HOSTILE] = ", hostile",
	    [UNTAGGED] = ", untagged"};

	return who == ANYONE ? "" : words[who];
}

static void
put_kinds(int kinds, struct buf *out)
{
	const char *between = "";

	if (kinds == EVERY_KIND) {
		buf_add_text(out, "any change");
		return;
	}
	for (int k = KIND_APPEARED; k <= KIND_READABLE; k++) {
		if ((kinds & 1 << k) == 0)
			continue;
		buf_printf(out, "%s%s", between, kind_text((enum kind)k));
		between = " or ";
	}
}

void
severity_why_print(const struct severity_why *why, struct buf *out)
{
	static const char *const families[] = {[ADDRESS] = ", address",
	    [MAIL] = ", mail",
	    [DELEGATION] = ", delegation",
	    [WEAKENED] = ", weakened",
	    [CLAIMED] = ", claimed",
	    [ROUTINE] = ", routine",
	    [OTHER] = ", other"};

	if (why->rule != NULL) {
		buf_add_text(out, why->rule);
		return;
	}
	if (why->line != 0) {
		buf_printf(out, "line %u of `severity`", why->line);
		return;
	}
	buf_add_text(out, "table: ");
	if (why->event != NULL) {
		const char *event = events[why->row].event;

		buf_printf(out, "%s%s", event == NULL ? "any event" : event,
		    who_text(events[why->row].who));
		return;
	}
	put_kinds(changes[why->row].kinds, out);
	if (changes[why->row].family != ANY_TYPE)
		buf_add_text(out, families[changes[why->row].family]);
	buf_printf(out, "%s%s", who_text(changes[why->row].who),
	    changes[why->row].novelty == NOVEL ? ", new within a day" : "");
	if (why->then != NULL)
		buf_printf(out, "; %s", why->then);
}

bool
severity_is_told(enum severity severity)
{
	return severity >= SEVERITY_LOW;
}
