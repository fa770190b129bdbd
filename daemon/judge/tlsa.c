/* SPDX-License-Identifier: ISC */

/*
 * TLSA, RFC 6698.  A record whose usage, selector or matching type is not
 * known, or whose digest has another size, is unusable (4.1); where all are,
 * a client takes it as if there were none.
 */

#include "meaning_priv.h"

enum {
	USAGE_MAX = 3,
	SELECTOR_MAX = 1,
	HEAD = 3, /* octets before the data */
	SHA256 = 1,
	SHA512 = 2
};

static bool
is_usable(const struct record *r)
{
	size_t size = r->size < HEAD ? 0 : r->size - (size_t)HEAD;

	if (size == 0 || r->rdata[0] > USAGE_MAX || r->rdata[1] > SELECTOR_MAX)
		return false;
	switch (r->rdata[2]) {
	case 0:
		return true;
	case SHA256:
		return size == 32;
	case SHA512:
		return size == 64;
	default:
		return false;
	}
}

static unsigned
count_usable(const struct content *c)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < c->n_records; i++)
		n += is_usable(&c->records[i]);
	return n;
}

void
tlsa_judge(const struct meant *m)
{
	unsigned was = count_usable(m->from);
	unsigned is = count_usable(m->to);
	unsigned n_kept = 0;

	if (is == 0) {
		if (m->to->n_records > 0 &&
		    (was > 0 || m->from->n_records == 0))
			meaning_say(m, MEANING_TLSA_UNUSABLE,
			    "no TLSA record is usable: clients take it as if "
			    "there were none");
		else if (was > 0)
			meaning_say(m, MEANING_TLSA_GONE,
			    "TLSA is gone: clients no longer check the "
			    "certificate by DANE");
		return;
	}
	if (was == 0) {
		meaning_say(m, MEANING_TLSA_NEW,
		    "clients check the certificate by DANE now: %u usable "
		    "TLSA records",
		    is);
		return;
	}
	for (uint16_t i = 0; i < m->to->n_records; i++)
		n_kept += is_usable(&m->to->records[i]) &&
		          records_have(m->from, &m->to->records[i]);
	if (n_kept == 0)
		meaning_say(m, MEANING_TLSA_REPLACED,
		    "every TLSA record is another: clients that have the old "
		    "ones refuse the new certificate until these run out");
}
