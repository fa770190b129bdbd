/* SPDX-License-Identifier: ISC */

/*
 * Where mail goes: RFC 5321 5.1, and RFC 7505 for the null MX, which must be
 * the only one.  Without an MX mail goes to the addresses of the name itself;
 * whether it has any is another question.
 */

#include "dns/name.h"
#include "meaning_priv.h"

enum { PREFERENCE_SIZE = 2 };

enum stand { STAND_NOWHERE = 0, STAND_IMPLICIT, STAND_NULL, STAND_HOSTS };

/* Every MX that is stored has a preference and a whole name (C5). */
static bool
is_good(const struct record *r)
{
	return r->size > PREFERENCE_SIZE;
}

static bool
is_root(const struct record *r)
{
	return is_good(r) && r->rdata[PREFERENCE_SIZE] == 0;
}

static enum stand
stand_of(const struct content *c)
{
	if (c->n_records > 0)
		return c->n_records == 1 && is_root(&c->records[0])
		           ? STAND_NULL
		           : STAND_HOSTS;
	return c->outcome == OUTCOME_NODATA ? STAND_IMPLICIT : STAND_NOWHERE;
}

/* Records are sorted, so the first is of the lowest preference. */
static const uint8_t *
first_host(const struct content *c)
{
	return is_good(&c->records[0]) ? c->records[0].rdata + PREFERENCE_SIZE
	                               : NULL;
}

static char *
host_print(const uint8_t *wire, char out[PART_SIZE])
{
	char text[NAME_TEXT_SIZE];
	struct span s;

	name_print(wire, text);
	s.p = (const uint8_t *)text;
	for (s.n = 0; text[s.n] != '\0'; s.n++)
		;
	return span_print(s, out);
}

/* "192.0.2.1.": four labels of digits, a name that nobody resolves. */
static bool
is_address(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + *name, n++)
		for (unsigned i = 1; i <= *name; i++)
			if (name[i] < '0' || name[i] > '9')
				return false;
	return n == 4;
}

static void
say_invalid(const struct meant *m)
{
	char host[PART_SIZE];

	for (uint16_t i = 0; i < m->to->n_records; i++) {
		const struct record *r = &m->to->records[i];

		if (!is_good(r) || records_have(m->from, r))
			continue;
		if (is_root(r) && m->to->n_records > 1)
			meaning_say(m, MEANING_MX_INVALID,
			    "a null MX beside other MX is not valid");
		else if (is_address(r->rdata + PREFERENCE_SIZE))
			meaning_say(m, MEANING_MX_INVALID,
			    "the MX %s is an address where a name must be",
			    host_print(r->rdata + PREFERENCE_SIZE, host));
	}
}

static void
say_hosts(const struct meant *m, enum stand was)
{
	const uint8_t *first = first_host(m->to);
	const uint8_t *before = was == STAND_HOSTS ? first_host(m->from) : NULL;
	char host[PART_SIZE];
	char old[PART_SIZE];

	if (first == NULL)
		return;
	host_print(first, host);
	if (was == STAND_NULL)
		meaning_say(m, MEANING_MX_ACCEPTS,
		    "mail is accepted now, by %s: it was refused (null MX)",
		    host);
	else if (was == STAND_IMPLICIT)
		meaning_say(m, MEANING_MX_FIRST,
		    "mail goes to %s now: without an MX it went to the "
		    "addresses of the name itself",
		    host);
	else if (was == STAND_NOWHERE)
		meaning_say(m, MEANING_MX_FIRST, "mail goes to %s now", host);
	else if (before != NULL && !name_equal(first, before))
		meaning_say(m, MEANING_MX_FIRST,
		    "mail goes to %s first now, it was %s", host,
		    host_print(before, old));
}

void
mx_judge(const struct meant *m)
{
	enum stand was = stand_of(m->from);
	enum stand is = stand_of(m->to);

	switch (is) {
	case STAND_NULL:
		if (was != STAND_NULL)
			meaning_say(m, MEANING_MX_NULL,
			    "mail is refused now (null MX): this name takes "
			    "none");
		break;
	case STAND_IMPLICIT:
		if (was == STAND_HOSTS || was == STAND_NULL)
			meaning_say(m, MEANING_MX_IMPLICIT,
			    "no MX any more: mail goes to the addresses of the "
			    "name itself, where it has any");
		break;
	case STAND_HOSTS:
		say_hosts(m, was);
		say_invalid(m);
		break;
	case STAND_NOWHERE:
		break;
	}
}
