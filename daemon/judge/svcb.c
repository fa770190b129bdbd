/* SPDX-License-Identifier: ISC */

/*
 * Encrypted client hello in SVCB and HTTPS (draft-ietf-tls-esni): whether it
 * is offered at all, and under which public names.  Its keys change by
 * themselves, and are no part of a content (R26).
 */

#include <string.h>

#include "base/buf.h"
#include "dns/record.h"
#include "meaning_priv.h"

struct offer {
	bool any, bad;
	struct span_list names;
};

static void
see(const struct content *c, struct offer *out)
{
	struct buf names = {0};

	*out = (struct offer){.any = false};
	for (uint16_t i = 0; i < c->n_records; i++) {
		enum record_ech ech;

		buf_clear(&names);
		ech = record_ech(&c->records[i], &names);
		out->any = out->any || ech != RECORD_ECH_NONE;
		out->bad = out->bad || ech == RECORD_ECH_BAD;
		if (ech == RECORD_ECH_GOOD)
			span_list_add(
			    &out->names, (struct span){names.data, names.size});
	}
	buf_fini(&names);
}

void
svcb_judge(const struct meant *m)
{
	struct offer from;
	struct offer to;

	see(m->from, &from);
	see(m->to, &to);
	if (to.bad && !from.bad)
		meaning_say(m, MEANING_ECH_INVALID,
		    "ech has a value that is no list of configurations: "
		    "clients cannot use it");
	if (from.any && !to.any)
		meaning_say(m, MEANING_ECH_GONE,
		    "ech is gone: the name of the site is no longer "
		    "encrypted");
	else if (!from.any && to.names.n > 0)
		meaning_say(m, MEANING_ECH_NEW,
		    "ech is offered now, under the public name %s",
		    span_list_text(&to.names));
	else if (to.names.n > 0 && from.names.n > 0 &&
		 strcmp(span_list_text(&from.names),
		     span_list_text(&to.names)) != 0)
		meaning_say(m, MEANING_ECH_NAME,
		    "the public name of ech is %s now",
		    span_list_text(&to.names));
}
