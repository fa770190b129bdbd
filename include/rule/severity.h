/* SPDX-License-Identifier: ISC */
#ifndef RULE_SEVERITY_H
#define RULE_SEVERITY_H

/*
 * severity -- info < low < medium < high < critical (R21); pure.
 *
 * One visible table of (kind or event, type, whose name, novelty) -> severity,
 * which the configuration's `severity:` lines precede.  The table is in
 * severity.c and printed in dnsvigil.yaml(5).  Four things stand beside it:
 *
 * - a rotating set is info, whatever the configuration says (R22), and so is
 *   what only a resolver that lies said (R16), and what its owner planned (R27)
 *   unless it is `bogus`, `ds-mismatch` or `dangling`;
 * - on an owned name `transient` (R14), `dangling` and `private` make it at
 *   least high;
 * - `unsigned` and `ds-mismatch` (R17) make it critical, `bogus` makes it
 * critical on an owned name, high elsewhere;
 * - elsewhere `returned` lowers it by a step, not below low (R21).
 *
 * A line of the configuration that matches is the last word on the other two.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "judge/diff.h"

struct config;

/* Stored: never renumber. */
enum severity {
	SEVERITY_INFO = 0,
	SEVERITY_LOW = 1,
	SEVERITY_MEDIUM = 2,
	SEVERITY_HIGH = 3,
	SEVERITY_CRITICAL = 4
};
const char *severity_text(enum severity severity); /* "info" ... */
/* 0 or ERR_SYNTAX. */
MUST_CHECK int severity_parse(const char *text, enum severity *out);

/* What the table looks at.  Owned and hostile is judged as owned. */
struct severity_input {
	enum kind kind;    /* KIND_NONE: `event` is set */
	const char *event; /* "failing", "blind", ...; NULL for a change */
	uint16_t type;
	uint32_t aspects;
	bool owned, hostile;     /* the question's tags */
	bool transient;          /* R14: transient, to a never believed value */
	bool novel;              /* an added element was never seen anywhere */
	const char *const *tags; /* all, for the configuration */
	size_t n_tags;
};
/* `config` may be NULL: the table alone.  An unknown event is medium. */
enum severity severity_of(
    const struct severity_input *in, const struct config *config);

/* What decided. */
struct severity_why {
	const char *rule; /* that stands before line and row; NULL: none */
	unsigned line; /* of the configuration's `severity`, from 1; 0: none */
	int row;       /* of the table, if it was no rule and no line */
	const char *then;  /* what raised or lowered the row; NULL: nothing */
	const char *event; /* NULL: of a change */
};
/* The same as severity_of(), and why; the texts are literals, or `in`'s. */
enum severity severity_explain(const struct severity_input *in,
    const struct config *config, struct severity_why *why);
/* "line 2 of `severity`", "table: vanished, delegation, owned". */
void severity_why_print(const struct severity_why *why, struct buf *out);

/*
 * Is an alert of this severity told to a sink?  (No routes in this version:
 * low and above; a rotating set, R22, is info and so never.)
 */
bool severity_is_told(enum severity severity);

#endif
