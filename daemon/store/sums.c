/* SPDX-License-Identifier: ISC */
/* sums -- what a span of time came to, on the reading connection. */

#include <stdlib.h>

#include "base/err.h"
#include "store_priv.h"

struct sums_call {
	wall_us since, until;
	store_sums_fn *fn;
	void *ctx;
};

void
store_sums(
    struct store *s, wall_us since, wall_us until, store_sums_fn *fn, void *ctx)
{
	CHECK(s->sums == NULL);
	s->sums = malloc(sizeof *s->sums);
	CHECK(s->sums != NULL);
	*s->sums = (struct sums_call){since, until, fn, ctx};
	store_soon(s);
}

void
sums_send(struct store *s)
{
	uint8_t since[8];
	uint8_t until[8];
	const char *const values[2] = {
	    (const char *)since, (const char *)until};
	const int sizes[2] = {8, 8};
	const int formats[2] = {1, 1};

	field_put_i64(since, array_pg_time(s->sums->since));
	field_put_i64(until, array_pg_time(s->sums->until));
	if (PQsendQueryPrepared(s->read.conn.pg, statement_of(READ_SUMS)->name,
		2, values, sizes, formats, 1) != 1)
		conn_lose(&s->read.conn, PQerrorMessage(s->read.conn.pg));
}

static void
answer(struct store *s, int err, const struct store_sum *rows, size_t n)
{
	struct sums_call call;

	if (s->sums == NULL)
		return;
	call = *s->sums;
	free(s->sums);
	s->sums = NULL;
	call.fn(call.ctx, err, rows, n);
}

void
sums_result(struct store *s, PGresult *r)
{
	int n = PQntuples(r);
	struct store_sum *rows;

	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		answer(s, ERR_DATABASE, NULL, 0);
		PQclear(r);
		return;
	}
	rows = calloc((size_t)n + 1, sizeof *rows);
	CHECK(rows != NULL);
	for (int i = 0; i < n; i++)
		rows[i] = (struct store_sum){.what = PQgetvalue(r, i, 0),
		    .key = PQgetvalue(r, i, 1),
		    .severity = (uint8_t)field_i32(r, i, 2),
		    .n = (uint64_t)field_i64(r, i, 3)};
	answer(s, 0, rows, (size_t)n);
	free(rows);
	PQclear(r);
}

void
sums_fail(struct store *s, int err)
{
	answer(s, err, NULL, 0);
}

void
sums_free(struct store *s)
{
	free(s->sums);
	s->sums = NULL;
}
