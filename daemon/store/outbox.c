/* SPDX-License-Identifier: ISC */
/*
 * outbox -- claims and ends of deliveries, as parts of batches.
 *
 * A claim goes along with the next batch as a statement of its own and its
 * answer is given after the commit, so that what is sent out is never of a
 * process that was fenced.  When the connection is lost under a claim, its
 * caller is told so at once; if the commit turns out to have happened, what
 * it claimed is given back by the number of its batch (write_resolve).
 */

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/arena.h"
#include "base/err.h"
#include "commit_priv.h"
#include "loop/loop.h"
#include "store_priv.h"

struct claim {
	struct claim *next;
	PGresult *result;
	outbox_fn *fn;
	void *ctx;
	wall_us now;
	uint32_t n;
	size_t sink_size;
	char sink[];
};

/* Columns of the claim's answer. */
enum {
	CLAIM_SHARD,
	CLAIM_ALERT,
	CLAIM_REVISION,
	CLAIM_CLASS,
	CLAIM_NAME,
	CLAIM_GROUP,
	CLAIM_SINK_SEQ,
	CLAIM_PREV,
	CLAIM_ATTEMPT,
	CLAIM_CREATED,
	CLAIM_SEQ,
	CLAIM_BODY
};

struct claim *
claim_next(const struct claim *c)
{
	return c->next;
}

void
outbox_claim(struct store *s, const char *sink, wall_us now, size_t n,
    outbox_fn *fn, void *ctx)
{
	size_t size = strlen(sink) + 1;
	struct claim *c = calloc(1, sizeof *c + size);
	struct batch *b = NULL;

	CHECK(c != NULL);
	memcpy(c->sink, sink, size);
	c->sink_size = size - 1;
	c->now = now;
	c->n = n < OUTBOX_CLAIM_MAX ? (uint32_t)n : OUTBOX_CLAIM_MAX;
	c->fn = fn;
	c->ctx = ctx;
	if (s->write.step == SESSION_READY)
		b = write_open(s);
	if (b == NULL || b->n_claims == STORE_CLAIMS_MAX) {
		c->next = s->answers;
		s->answers = c;
		store_soon(s);
		return;
	}
	c->next = b->claims;
	b->claims = c;
	b->n_claims++;
	write_flush(s);
}

bool
claim_send(struct store *s, const struct claim *c)
{
	uint8_t now[8];
	uint8_t first[8];
	uint8_t batch[8];
	uint32_t n = htonl(c->n);
	const char *const values[5] = {c->sink, (const char *)now,
	    (const char *)&n, (const char *)first, (const char *)batch};
	const int sizes[5] = {(int)c->sink_size, 8, 4, 8, 8};
	const int formats[5] = {1, 1, 1, 1, 1};

	field_put_i64(now, array_pg_time(c->now));
	field_put_i64(first, s->w.first);
	field_put_i64(batch, s->w.committed + 1);
	return PQsendQueryPrepared(s->write.conn.pg,
		   statement_of(WRITE_CLAIM)->name, 5, values, sizes, formats,
		   1) == 1;
}

void
claim_keep(struct claim *c, PGresult *result)
{
	PQclear(c->result);
	c->result = result;
}

static bool
same_delivery(const PGresult *r, int a, int b)
{
	return memcmp(PQgetvalue(r, a, CLAIM_ALERT),
		   PQgetvalue(r, b, CLAIM_ALERT), 16) == 0 &&
	       field_i32(r, a, CLAIM_REVISION) ==
	           field_i32(r, b, CLAIM_REVISION);
}

static void
read_delivery(const PGresult *r, int row, struct delivery *d)
{
	d->shard = (uint16_t)field_i16(r, row, CLAIM_SHARD);
	d->alert = field_uuid(r, row, CLAIM_ALERT);
	d->revision = (uint32_t)field_i32(r, row, CLAIM_REVISION);
	d->class_ = PQgetvalue(r, row, CLAIM_CLASS);
	d->name = PQgetvalue(r, row, CLAIM_NAME);
	d->group = PQgetisnull(r, row, CLAIM_GROUP)
	               ? NULL
	               : PQgetvalue(r, row, CLAIM_GROUP);
	d->sink_seq = field_i64(r, row, CLAIM_SINK_SEQ);
	d->prev_sink_seq = field_i64(r, row, CLAIM_PREV);
	d->attempt = (uint32_t)field_i32(r, row, CLAIM_ATTEMPT);
	d->created = field_wall(r, row, CLAIM_CREATED);
}

/* A row per member; those of one delivery follow each other. */
static size_t
read_deliveries(const struct claim *c, struct delivery *out,
    struct delivery_member *members)
{
	const PGresult *r = c->result;
	size_t n = 0;

	for (int i = 0; i < PQntuples(r); i++) {
		if (i == 0 || !same_delivery(r, i, i - 1)) {
			read_delivery(r, i, &out[n]);
			out[n].sink = c->sink;
			out[n].members = &members[i];
			out[n].n_members = 0;
			n++;
		}
		members[i].seq = field_i64(r, i, CLAIM_SEQ);
		members[i].body = PQgetvalue(r, i, CLAIM_BODY);
		out[n - 1].n_members++;
	}
	return n;
}

static void
claim_free(struct claim *c)
{
	PQclear(c->result);
	free(c);
}

void
claim_answer(struct store *s, struct claim *c, int err)
{
	struct arena a = {0};
	size_t rows = c->result != NULL ? (size_t)PQntuples(c->result) : 0;
	struct delivery *list = NULL;
	struct delivery_member *members = NULL;
	size_t n = 0;

	if (err == 0 && rows > 0) {
		list = arena_zero(&a, rows * sizeof *list);
		members = arena_zero(&a, rows * sizeof *members);
		CHECK(list != NULL && members != NULL);
		n = read_deliveries(c, list, members);
	}
	c->fn(c->ctx, s->closed ? ERR_CLOSED : err, list, n);
	arena_fini(&a);
	claim_free(c);
}

void
claims_answer(struct store *s, struct claim *list, int err)
{
	while (list != NULL) {
		struct claim *next = list->next;

		claim_answer(s, list, err);
		list = next;
	}
}

void
claims_free(struct claim *list)
{
	while (list != NULL) {
		struct claim *next = list->next;

		/* Who asked has a ticket to free. */
		list->fn(list->ctx, ERR_CLOSED, NULL, 0);
		claim_free(list);
		list = next;
	}
}

void
outbox_end(struct store *s, const struct delivery *d, enum delivery_end end,
    wall_us next, int status, const char *error)
{
	const struct lanes lanes = {1, 1};
	struct batch *b = write_item(s, NULL, 0, lanes);

	row_begin(b, GROUP_FINISHED);
	row_i16(b, (int16_t)d->shard);
	row_uuid(b, &d->alert);
	row_i32(b, (int32_t)d->revision);
	row_text(b, d->sink);
	row_text(b, d->name);
	row_i16(b, (int16_t)end);
	row_wall(b, next != 0 ? next : loop_wall(s->loop));
	row_i32(b, status);
	row_text(b, error != NULL ? error : "");
	row_end(b, GROUP_FINISHED);
	write_item_end(s, b, NULL, NULL);
}

void
outbox_hold(struct store *s, const char *const *names, size_t n)
{
	const struct lanes lanes = {1, 1};
	struct batch *b = write_item(s, NULL, 0, lanes);

	row_begin(b, GROUP_HOLDING);
	row_list(b, names, n);
	row_end(b, GROUP_HOLDING);
	write_item_end(s, b, NULL, NULL);
}

/* ---- waiting, on the reading connection ---- */

void
outbox_waiting(struct store *s, outbox_waiting_fn *fn, void *ctx)
{
	struct waiting_call *call = calloc(1, sizeof *call);
	struct waiting_call **end = &s->waiting;

	CHECK(call != NULL);
	call->fn = fn;
	call->ctx = ctx;
	while (*end != NULL)
		end = &(*end)->next;
	*end = call;
	store_soon(s);
}

void
waiting_send(struct store *s)
{
	uint8_t first[8];
	const char *const values[1] = {(const char *)first};
	const int sizes[1] = {8};
	const int formats[1] = {1};

	field_put_i64(first, s->w.first);
	if (PQsendQueryPrepared(s->read.conn.pg,
		statement_of(READ_WAITING)->name, 1, values, sizes, formats,
		1) != 1)
		conn_lose(&s->read.conn, PQerrorMessage(s->read.conn.pg));
}

static void
waiting_answer(
    struct store *s, int err, const struct outbox_waiting *rows, size_t n)
{
	struct waiting_call *call = s->waiting;

	/* Those that ask meanwhile are for the next time. */
	s->waiting = NULL;
	while (call != NULL) {
		struct waiting_call *next = call->next;

		if (!s->closed)
			call->fn(call->ctx, err, rows, n);
		free(call);
		call = next;
	}
}

void
waiting_result(struct store *s, PGresult *r)
{
	struct arena a = {0};
	int n = PQntuples(r);
	struct outbox_waiting *rows;

	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		waiting_answer(s, ERR_DATABASE, NULL, 0);
		PQclear(r);
		return;
	}
	rows = arena_zero(&a, ((size_t)n + 1) * sizeof *rows);
	CHECK(rows != NULL);
	for (int i = 0; i < n; i++) {
		rows[i].sink = PQgetvalue(r, i, 0);
		rows[i].waiting = (uint64_t)field_i64(r, i, 1);
		rows[i].dead = (uint64_t)field_i64(r, i, 2);
		rows[i].due = field_wall(r, i, 3);
		rows[i].oldest = field_wall(r, i, 4);
		rows[i].held = (uint64_t)field_i64(r, i, 5);
	}
	waiting_answer(s, 0, rows, (size_t)n);
	arena_fini(&a);
	PQclear(r);
}

void
waiting_fail(struct store *s, int err)
{
	waiting_answer(s, err, NULL, 0);
}
