/* SPDX-License-Identifier: ISC */

/*
 * The first good reply of a question (R9): recorded, silent.  When the
 * database refuses it there is none, and the next reply is held against the
 * database, which then has no state: that one is the baseline.
 */

#include <stdlib.h>

#include "monitor_priv.h"

struct baseline {
	struct pending pending;
	struct monitor *monitor;
	uint32_t question;
};

static void
baseline_free(struct pending *p)
{
	free(p);
}

static void
on_committed(void *ctx, int err)
{
	struct baseline *b = ctx;
	struct monitor *m = b->monitor;

	if (err != 0)
		table_question(m->table, b->question)->fingerprint =
		    FINGERPRINT_ASK;
	pending_take(m, &b->pending);
	free(b);
}

void
baseline_commit(struct monitor *m, uint32_t id, const struct content *content,
    uint32_t ttl, wall_us at)
{
	struct baseline *b = calloc(1, sizeof(*b));
	struct commit_baseline c = {
	    .key = table_key(m->table, id),
	    .name = table_name(m->table, id, NULL),
	    .content = content,
	    .ttl = ttl,
	    .at = at,
	};

	if (b != NULL) {
		b->pending.free = baseline_free;
		b->monitor = m;
		b->question = id;
		pending_add(m, &b->pending);
	}
	commit_baseline(m->store, &c, b == NULL ? NULL : on_committed, b);
}
