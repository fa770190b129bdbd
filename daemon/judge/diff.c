/* SPDX-License-Identifier: ISC */

/*
 * The kind is read off a table of outcomes; only ANSWER to ANSWER looks at
 * the records.  The lists are the plain differences of the two sets whatever
 * the kind, so that who keeps intervals need not know kinds.
 *
 * A partial answer (R7) does not say what its end records are, so that two
 * contents of which one is partial are compared by their aliases alone; where
 * the alias leaves the zones of the server is part of it.
 */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/diff.h"
#include "meaning_priv.h"

const char *
kind_text(enum kind kind)
{
	switch (kind) {
	case KIND_NONE:
		return "none";
	case KIND_APPEARED:
		return "appeared";
	case KIND_VANISHED:
		return "vanished";
	case KIND_ADDED:
		return "added";
	case KIND_REMOVED:
		return "removed";
	case KIND_MODIFIED:
		return "modified";
	case KIND_REPLACED:
		return "replaced";
	case KIND_ALIAS:
		return "alias";
	case KIND_OUTCOME:
		return "outcome";
	case KIND_UNREADABLE:
		return "unreadable";
	case KIND_READABLE:
		return "readable";
	}
	return "unknown"; /* a number of a newer version, from the database */
}

int
kind_parse(const char *text, enum kind *out)
{
	for (int i = KIND_APPEARED; i <= KIND_READABLE; i++) {
		if (strcmp(text, kind_text((enum kind)i)) == 0) {
			*out = (enum kind)i;
			return 0;
		}
	}
	return ERR_SYNTAX;
}

const char *
aspect_text(unsigned bit_index)
{
	static const char *const texts[N_ASPECTS] = {"alias", "mail",
	    "delegation", "dangling", "inconsistent", "returned", "rotating",
	    "private", "unsupported", "filtered", "bogus", "unsigned",
	    "ds-mismatch", "spf", "dmarc", "dkim", "mta-sts", "tls-rpt", "caa",
	    "tlsa", "null-mx", "implicit-mx", "verification-token", "acme",
	    "ech", "weakened", "routine", "expected", "unexpected", "planned"};

	CHECK(bit_index < N_ASPECTS);
	return texts[bit_index];
}

static bool
is_negative(const struct content *c)
{
	return c->outcome == OUTCOME_NODATA || c->outcome == OUTCOME_NXDOMAIN;
}

static bool
chains_differ(const struct content *from, const struct content *to)
{
	if (from->n_chain != to->n_chain || from->partial != to->partial)
		return true;
	for (uint16_t i = 0; i < from->n_chain; i++)
		if (!name_equal(from->chain[i], to->chain[i]))
			return true;
	return false;
}

/* Both sets are sorted and without duplicates: one walk over the two. */
static int
compare_records(const struct content *from, const struct content *to,
    struct arena *a, struct diff *out)
{
	size_t i = 0;
	size_t j = 0;

	out->added = arena_get(a, to->n_records * sizeof(*out->added));
	out->removed = arena_get(a, from->n_records * sizeof(*out->removed));
	if (out->added == NULL || out->removed == NULL)
		return -ENOMEM;
	while (i < from->n_records || j < to->n_records) {
		int order = 0;

		if (i == from->n_records)
			order = 1;
		else if (j == to->n_records)
			order = -1;
		else
			order =
			    record_compare(&from->records[i], &to->records[j]);
		if (order < 0)
			out->removed[out->n_removed++] = &from->records[i];
		else if (order > 0)
			out->added[out->n_added++] = &to->records[j];
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

/* Both are ANSWER. */
static enum kind
kind_of_answers(
    const struct content *from, const struct content *to, const struct diff *d)
{
	bool is_partial = from->partial || to->partial;
	bool is_same = d->n_added == 0 && d->n_removed == 0;

	if (d->chain_differs && (is_partial || is_same))
		return KIND_ALIAS;
	if (is_same)
		return KIND_NONE;
	if (d->n_removed == 0)
		return KIND_ADDED;
	if (d->n_added == 0)
		return KIND_REMOVED;
	if (d->n_removed == from->n_records)
		return KIND_REPLACED;
	return KIND_MODIFIED;
}

static enum kind
kind_of(
    const struct content *from, const struct content *to, const struct diff *d)
{
	bool was_unreadable = from->outcome == OUTCOME_UNREADABLE;

	if (to->outcome == OUTCOME_UNREADABLE)
		return was_unreadable && content_equal(from, to)
		           ? KIND_NONE
		           : KIND_UNREADABLE;
	if (was_unreadable)
		return KIND_READABLE;
	if (is_negative(from) && !is_negative(to))
		return KIND_APPEARED;
	/*
	 * Also for an NXDOMAIN with a chain: this question lost its records.
	 * That the watched name still stands (R5) says aspect `dangling`, and
	 * who groups by name looks at it.
	 */
	if (!is_negative(from) && is_negative(to))
		return KIND_VANISHED;
	if (from->outcome != to->outcome)
		return KIND_OUTCOME;
	if (is_negative(from))
		return d->chain_differs ? KIND_ALIAS : KIND_NONE;
	return kind_of_answers(from, to, d);
}

static bool
is_mail_policy(const struct record *r)
{
	static const char *const prefixes[] = {
	    "v=spf1", "v=DMARC1", "v=DKIM1", "v=STSv1"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (r->type == TYPE_TXT && txt_begins(r, prefixes[i]))
			return true;
	return false;
}

static bool
touches_mail_policy(const struct diff *d)
{
	for (size_t i = 0; i < d->n_added; i++)
		if (is_mail_policy(d->added[i]))
			return true;
	for (size_t i = 0; i < d->n_removed; i++)
		if (is_mail_policy(d->removed[i]))
			return true;
	return false;
}

/* An SOA whose RNAME alone differs still names the same primary. */
static bool
touches_mname(const struct diff *d)
{
	if (d->n_added != 1 || d->n_removed != 1)
		return d->n_added + d->n_removed > 0;
	return !name_equal(d->added[0]->rdata, d->removed[0]->rdata);
}

static bool
adds_private(const struct diff *d)
{
	for (size_t i = 0; i < d->n_added; i++) {
		const struct record *r = d->added[i];
		bool is_address = r->type == TYPE_A || r->type == TYPE_AAAA;

		if (is_address && record_is_private(r))
			return true;
	}
	return false;
}

static uint32_t
aspects_of(const struct content *to, uint16_t type, const struct diff *d)
{
	/* NODATA that became NXDOMAIN says nothing about mail or delegation. */
	bool touched = d->n_added + d->n_removed > 0 ||
	               d->kind == KIND_UNREADABLE || d->kind == KIND_READABLE;
	uint32_t aspects = 0;

	if (d->chain_differs && d->kind != KIND_ALIAS)
		aspects |= ASPECT_ALIAS;
	if (touched && type == TYPE_MX)
		aspects |= ASPECT_MAIL;
	if (type == TYPE_TXT && touches_mail_policy(d))
		aspects |= ASPECT_MAIL;
	if (touched && (type == TYPE_NS || type == TYPE_DS))
		aspects |= ASPECT_DELEGATION;
	if (type == TYPE_DS && d->kind == KIND_VANISHED &&
	    to->outcome == OUTCOME_NODATA)
		aspects |= ASPECT_UNSIGNED;
	if (type == TYPE_SOA && touches_mname(d))
		aspects |= ASPECT_DELEGATION;
	if (to->outcome == OUTCOME_NXDOMAIN && to->n_chain > 0)
		aspects |= ASPECT_DANGLING;
	if (adds_private(d))
		aspects |= ASPECT_PRIVATE;
	return aspects;
}

static bool
is_state(const struct content *c)
{
	return c->outcome != OUTCOME_NONE && c->outcome != OUTCOME_FAIL;
}

int
diff_make(const struct content *from, const struct content *to, uint16_t type,
    struct arena *a, struct diff *out)
{
	bool is_readable = from->outcome != OUTCOME_UNREADABLE &&
	                   to->outcome != OUTCOME_UNREADABLE;
	int err;

	CHECK(is_state(from) && is_state(to));
	*out = (struct diff){.kind = KIND_NONE};
	err = compare_records(from, to, a, out);
	if (err != 0)
		return err;
	/* What cannot be read has no chain, which is not to have another. */
	out->chain_differs = is_readable && chains_differ(from, to);
	out->kind = kind_of(from, to, out);
	if (out->kind != KIND_NONE)
		out->aspects = aspects_of(to, type, out);
	return 0;
}
