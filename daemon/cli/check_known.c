/* SPDX-License-Identifier: ISC */

#include "check_known.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "dns/type.h"
#include "store/read.h"

struct known {
	struct diag *d;
	const char *path;
	char list[256]; /* that the rows are of */
	int64_t below, of;
	struct buf worst;
};

static void
tell(struct known *k)
{
	if (k->worst.size > 0)
		diag_warning(k->d, k->path, 0, 0,
		    "list `%s`: %" PRId64 " of %" PRId64
		    " questions are asked more often than the TTL of their "
		    "answers makes sense of: %s; asked less often they miss "
		    "nothing, a view with `authoritative: true` sees a change "
		    "sooner, and `dnsvigil coverage` says how fresh they are",
		    k->list, k->below, k->of, buf_text(&k->worst));
	buf_clear(&k->worst);
}

static void
on_short(void *ctx, const struct read_short *s)
{
	struct known *k = ctx;
	char type[TYPE_TEXT_SIZE];

	if (strncmp(k->list, s->list, sizeof(k->list) - 1) != 0) {
		tell(k);
		snprintf(k->list, sizeof(k->list), "%s", s->list);
		k->below = s->below;
		k->of = s->of;
	}
	buf_printf(&k->worst, "%s%s %s every %us with a TTL of %us",
	    k->worst.size > 0 ? ", " : "", s->name, type_print(s->type, type),
	    (unsigned)s->every_s, (unsigned)s->entry_s);
}

bool
check_known(const char *conninfo, const char *path, struct diag *d, char *why,
    size_t why_size)
{
	struct known k = {.d = d, .path = path};
	struct reader *r;
	bool ok;

	if (reader_open(conninfo, &r, why, why_size) != 0)
		return false;
	ok = read_short(r, on_short, &k) == 0;
	if (ok)
		tell(&k);
	else
		snprintf(why, why_size, "%s", reader_why(r));
	reader_close(r);
	buf_fini(&k.worst);
	return ok;
}
