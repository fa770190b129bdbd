/* SPDX-License-Identifier: ISC */

#include "digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "dangling.h"
#include "expect.h"
#include "loop/loop.h"
#include "plan.h"
#include "pools.h"
#include "say.h"
#include "store/store.h"

enum { AGAIN_S = 60 };

void
digest_plan(struct monitor *m)
{
	struct digest *d = &m->digest;
	struct civil_daily times;

	d->due = 0;
	if (m->config->digest_zone == NULL || m->setup.once ||
	    civil_daily(m->config->digest_minutes, m->config->digest_zone,
		loop_wall(m->loop), &times) != CIVIL_GOOD)
		return;
	if (d->planned) {
		d->due = times.next;
		d->since = times.last;
		return;
	}
	/* The one before this process may have been missed. */
	d->planned = true;
	d->late = true;
	d->due = times.last;
	d->since = times.before;
}

/* By what they are of, into what is said. */
static void
take_sum(struct say_digest *s, const struct store_sum *row)
{
	const struct {
		const char *what;
		uint64_t *n;
	} plain[] = {
	    {"names", &s->names},
	    {"questions", &s->pools},
	    {"answers", &s->pool_answers},
	    {"addresses", &s->pool_addresses},
	    {"told", &s->told},
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(row->what, plain[i].what) == 0)
			*plain[i].n = row->n;
	}
	if (strcmp(row->what, "change") == 0)
		s->changes += row->n;
	else if (strcmp(row->what, "event") == 0)
		s->events += row->n;
	else
		return;
	if (row->severity < SAY_SEVERITIES)
		s->by_severity[row->severity] += row->n;
}

static void
tell(struct monitor *m, const struct store_sum *rows, size_t n)
{
	const struct digest *d = &m->digest;
	struct say_digest s = {.rows = rows, .n_rows = n, .until = d->until};
	struct say_event e = {
	    .kind = "digest", .view = "", .since = d->since, .digest = &s};

	for (size_t i = 0; i < n; i++)
		take_sum(&s, &rows[i]);
	if (s.told > 0 || (d->was_late && s.changes + s.events == 0))
		return;
	s.failing = m->failing.live;
	s.deviating = expect_count(m);
	s.dangling = m->dangling.live;
	s.plans = plan_count(m);
	outage_tell(m, &e);
}

static void
on_sums(void *ctx, int err, const struct store_sum *rows, size_t n)
{
	struct monitor *m = ctx;
	struct digest *d = &m->digest;

	d->asking = false;
	if (err != 0) {
		d->again = loop_mono(m->loop) + MONO_S(AGAIN_S);
		return;
	}
	if (m->config->digest_zone != NULL)
		tell(m, rows, n);
	digest_plan(m);
}

void
digest_second(struct monitor *m)
{
	struct digest *d = &m->digest;

	if (d->due == 0 || d->asking || loop_wall(m->loop) < d->due ||
	    loop_mono(m->loop) < d->again)
		return;
	d->asking = true;
	d->until = d->due;
	d->was_late = d->late;
	d->late = false;
	store_sums(m->store, d->since, d->until, on_sums, m);
}
