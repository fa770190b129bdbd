/* SPDX-License-Identifier: ISC */

/* What was weighed and told, for weighing it again. */

#include <string.h>

#include "read_priv.h"
#include "read_sql.h"
#include "store/read.h"

struct target {
	read_judged_fn *judged;
	read_name_fn *name;
	read_asked_fn *asked;
	void *ctx;
};

static void
on_judged(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_judged j = {.seq = col_int(row, 0),
	    .at = col_wall(row, 1),
	    .revision = (uint32_t)col_int(row, 3),
	    .event = col_text(row, 4),
	    .kind = (uint32_t)col_int(row, 5),
	    .type = (uint32_t)col_int(row, 6),
	    .severity = (uint32_t)col_int(row, 7),
	    .label = (uint32_t)col_int(row, 8),
	    .name = col_text(row, 9),
	    .view = col_text(row, 10),
	    .aspects = col_text(row, 11),
	    .proved = col_text(row, 12),
	    .novel = PQgetisnull(row, 0, 13) ? -1 : (int)col_int(row, 13),
	    .seen_at = col_wall(row, 14),
	    .from_outcome = col_text(row, 15),
	    .from_rdata = col_text(row, 16),
	    .from_chain = col_text(row, 17),
	    .to_outcome = col_text(row, 18),
	    .to_rdata = col_text(row, 19),
	    .to_chain = col_text(row, 20),
	    .sent = col_text(row, 21),
	    .held = col_text(row, 22),
	    .evidence_gone = col_int(row, 23) != 0,
	    .alerts_gone = col_int(row, 24) != 0};

	memcpy(j.id.b, PQgetvalue(row, 0, 2), sizeof(j.id.b));
	t->judged(t->ctx, &j);
}

int
read_judged(struct reader *r, wall_us since, wall_us until, read_judged_fn *fn,
    void *ctx)
{
	struct target t = {.judged = fn, .ctx = ctx};

	return ask_between(r, read_sql_judged, since, until, on_judged, &t);
}

static void
on_name(void *to, const PGresult *row)
{
	struct target *t = to;

	t->name(t->ctx, col_text(row, 0));
}

int
read_judged_names(
    struct reader *r, wall_us since, wall_us until, read_name_fn *fn, void *ctx)
{
	struct target t = {.name = fn, .ctx = ctx};

	return ask_between(r, read_sql_judged_names, since, until, on_name, &t);
}

static void
on_asked(void *to, const PGresult *row)
{
	struct target *t = to;
	struct uuid question;

	memcpy(question.b, PQgetvalue(row, 0, 0), sizeof(question.b));
	t->asked(t->ctx, &question);
}

int
read_asked(struct reader *r, read_asked_fn *fn, void *ctx)
{
	struct target t = {.asked = fn, .ctx = ctx};

	return ask_all(r, read_sql_asked, on_asked, &t);
}

static void
on_count(void *to, const PGresult *row)
{
	*(uint64_t *)to = (uint64_t)col_int(row, 0);
}

int
read_inside_pools(
    struct reader *r, wall_us since, wall_us until, uint64_t *answers)
{
	*answers = 0;
	return ask_between(
	    r, read_sql_inside_pools, since, until, on_count, answers);
}
