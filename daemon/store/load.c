/* SPDX-License-Identifier: ISC */
/*
 * load -- every question that the database knows, at start, by COPY binary.
 *
 * Rows are handed on in turns of the loop of bounded length; between two of
 * them the socket is not read, so that memory does not grow with the answer:
 * libpq's buffer fills, and then the server waits.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"
#include "store_priv.h"

enum {
	TURN_ROWS_MAX = 2000,
	TURN_CHECK_ROWS = 64, /* the clock is looked at that often */
	TURN_MS_MAX = 5,
	/* "PGCOPY\n\377\r\n\0", flags, length of an extension (none). */
	COPY_HEAD_SIZE = 19,
	COPY_FIELDS = 35
};

struct load {
	store_row_fn *on_row;
	store_done_fn *on_done;
	void *ctx;
	bool copying; /* the answer to `copy` came */
	bool head_seen;
	bool ending; /* all rows are here; the final results are not */
	bool failed;
	struct buf view; /* of the present row, with a NUL */
	struct loop_timer *more;
};

/* Reads through one tuple; `left` below 0 means that it ran out. */
struct cursor {
	const uint8_t *p;
	ptrdiff_t left;
};

struct field {
	const uint8_t *data;
	int32_t size; /* -1: null */
};

static uint64_t
take_number(struct cursor *c, int size)
{
	uint64_t v = 0;

	c->left -= size;
	if (c->left < 0)
		return 0;
	for (int i = 0; i < size; i++)
		v = v << 8 | *c->p++;
	return v;
}

static struct field
take_field(struct cursor *c)
{
	struct field f = {NULL, (int32_t)(uint32_t)take_number(c, 4)};

	if (f.size < 0 || c->left < f.size) {
		if (f.size > 0)
			c->left = -1;
		f.size = -1;
		return f;
	}
	f.data = c->p;
	c->p += f.size;
	c->left -= f.size;
	return f;
}

static int64_t
take_i64(struct cursor *c)
{
	struct field f = take_field(c);
	struct cursor inner = {f.data, f.size};

	return f.size == 8 ? (int64_t)take_number(&inner, 8) : 0;
}

static int32_t
take_i32(struct cursor *c)
{
	struct field f = take_field(c);
	struct cursor inner = {f.data, f.size};

	return f.size == 4 ? (int32_t)(uint32_t)take_number(&inner, 4) : 0;
}

static int16_t
take_i16(struct cursor *c)
{
	struct field f = take_field(c);
	struct cursor inner = {f.data, f.size};

	return f.size == 2 ? (int16_t)(uint16_t)take_number(&inner, 2) : 0;
}

static bool
take_bool(struct cursor *c)
{
	struct field f = take_field(c);

	return f.size == 1 && *f.data != 0;
}

static wall_us
take_wall(struct cursor *c, bool *is_null)
{
	struct field f = take_field(c);
	struct cursor inner = {f.data, f.size};

	*is_null = f.size != 8;
	return *is_null ? 0 : array_wall_of((int64_t)take_number(&inner, 8));
}

static struct uuid
take_uuid(struct cursor *c)
{
	struct field f = take_field(c);
	struct uuid u = {{0}};

	if (f.size == (int32_t)sizeof u.b)
		memcpy(u.b, f.data, sizeof u.b);
	return u;
}

/* In the order of statement_load's columns. */
static bool
read_row(struct load *l, struct cursor *c, struct store_row *row)
{
	struct cursor peek;
	struct field f;
	bool is_null;

	row->key.shard = (uint16_t)take_i16(c);
	row->key.question = take_uuid(c);
	row->key.server = take_i32(c);
	row->name = take_field(c).data;
	row->type = (uint16_t)take_i32(c);
	f = take_field(c);
	buf_clear(&l->view);
	buf_add(&l->view, f.data, f.size > 0 ? (size_t)f.size : 0);
	row->view = buf_text(&l->view);
	row->watched = take_bool(c);
	row->every_s = (uint32_t)take_i32(c);
	row->wait_s = (uint32_t)take_i32(c);
	row->attributes = (uint64_t)take_i64(c);
	f = take_field(c);
	row->content = f.data;
	row->content_size = f.size > 0 ? (size_t)f.size : 0;
	row->ttl = (uint32_t)take_i32(c);
	row->last_seen = take_wall(c, &is_null);
	row->phase = (enum candidate_phase)take_i16(c);
	row->change = take_uuid(c);
	row->seen_at = take_wall(c, &is_null);
	row->revision = (uint32_t)take_i32(c);
	row->failing_since = take_wall(c, &is_null);
	row->failing = !is_null;
	row->failing_until = take_wall(c, &is_null);
	row->failing_told = take_bool(c);
	row->fail = (uint8_t)take_i16(c);
	f = take_field(c);
	row->bogus = f.data;
	row->bogus_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->noted = f.data;
	row->noted_size = f.size > 0 ? (size_t)f.size : 0;
	row->signed_told = (uint8_t)take_i16(c);
	row->signed_since = take_wall(c, &is_null);
	f = take_field(c);
	row->zone = f.data;
	row->zone_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->views = f.data;
	row->views_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->pool = f.data;
	row->pool_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->expect = f.data;
	row->expect_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->dangling = f.data;
	row->dangling_size = f.size > 0 ? (size_t)f.size : 0;
	f = take_field(c);
	row->wildcard = f.data;
	row->wildcard_size = f.size > 0 ? (size_t)f.size : 0;
	peek = *c;
	row->entry_known = take_field(&peek).size >= 0;
	row->entry_s = (uint32_t)take_i32(c);
	row->entry_fits = take_bool(c);
	row->stale_since = take_wall(c, &is_null);
	row->since = take_wall(c, &is_null);
	return c->left >= 0 && row->name != NULL;
}

/* One piece of COPY data: the head before the first, a tuple, or the end. */
static bool
take_piece(struct load *l, const char *data, int size)
{
	struct cursor c = {(const uint8_t *)data, size};
	struct store_row row = {0};
	uint16_t n_fields;

	if (!l->head_seen) {
		if (size < COPY_HEAD_SIZE)
			return false;
		c.p += COPY_HEAD_SIZE;
		c.left -= COPY_HEAD_SIZE;
		l->head_seen = true;
		if (c.left == 0)
			return true;
	}
	n_fields = (uint16_t)take_number(&c, 2);
	if (n_fields == UINT16_MAX)
		return true;
	if (n_fields != COPY_FIELDS || !read_row(l, &c, &row))
		return false;
	l->on_row(l->ctx, &row);
	return true;
}

/* ---- turns ---- */

static void
load_end(struct store *s, int err)
{
	struct load *l = s->load;
	store_done_fn *on_done = l->on_done;
	void *ctx = l->ctx;

	load_free(s);
	if (!s->closed)
		on_done(ctx, err);
}

bool
load_waits(const struct store *s)
{
	return s->load != NULL;
}

/* Pieces until the turn is long enough.  True: there may be more now. */
static bool
take_pieces(struct store *s, struct load *l)
{
	mono_ns until = loop_mono_exact(s->loop) + MONO_MS(TURN_MS_MAX);
	PGconn *pg = s->read.conn.pg;
	char *data = NULL;

	for (int n = 0; n < TURN_ROWS_MAX && !s->closed; n++) {
		int size = PQgetCopyData(pg, &data, 1);

		/* libpq reads some kilobytes at a time, the loop tells of
		 * them once a turn: that is too few for a turn. */
		if (size == 0 && PQconsumeInput(pg) != 0)
			size = PQgetCopyData(pg, &data, 1);
		if (size == 0)
			return false;
		if (size < 0) {
			l->ending = true;
			return false;
		}
		if (!take_piece(l, data, size))
			l->failed = true;
		PQfreemem(data);
		if (n % TURN_CHECK_ROWS == TURN_CHECK_ROWS - 1 &&
		    loop_mono_exact(s->loop) > until)
			return true;
	}
	return true;
}

static void
load_finish(struct store *s, struct load *l)
{
	PGconn *pg = s->read.conn.pg;

	while (!PQisBusy(pg)) {
		PGresult *r = PQgetResult(pg);

		if (r == NULL) {
			load_end(s, l->failed ? ERR_DATABASE : 0);
			return;
		}
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			l->failed = true;
		PQclear(r);
	}
}

/* The first answer: COPY begins, or an error. */
static void
load_begin(struct store *s, struct load *l)
{
	PGconn *pg = s->read.conn.pg;
	PGresult *r;

	if (PQisBusy(pg))
		return;
	r = PQgetResult(pg);
	if (PQresultStatus(r) == PGRES_COPY_OUT) {
		l->head_seen = false;
	} else {
		l->failed = true;
		l->ending = true;
	}
	l->copying = true;
	PQclear(r);
}

void
load_input(struct store *s)
{
	struct load *l = s->load;

	if (!l->copying)
		load_begin(s, l);
	if (!l->copying)
		return;
	if (!l->ending && take_pieces(s, l)) {
		if (s->closed)
			return;
		conn_reading(&s->read.conn, false);
		conn_expect(&s->read.conn);
		loop_timer_in(l->more, 0);
		return;
	}
	if (s->closed)
		return;
	conn_reading(&s->read.conn, true);
	if (l->ending)
		load_finish(s, l);
}

static void
on_more(void *ctx)
{
	struct store *s = ctx;

	store_enter(s);
	read_input(s);
	store_leave(s);
}

void
store_load(
    struct store *s, store_row_fn *on_row, store_done_fn *on_done, void *ctx)
{
	struct load *l = calloc(1, sizeof *l);

	CHECK(l != NULL && s->load == NULL);
	l->on_row = on_row;
	l->on_done = on_done;
	l->ctx = ctx;
	l->more = loop_timer_new(s->loop, on_more, s);
	CHECK(l->more != NULL);
	s->load = l;
	store_soon(s);
}

void
load_send(struct store *s)
{
	if (PQsendQuery(s->read.conn.pg, statement_load) != 1)
		conn_lose(&s->read.conn, PQerrorMessage(s->read.conn.pg));
}

void
load_fail(struct store *s, int err)
{
	if (s->load != NULL)
		load_end(s, err);
}

void
load_free(struct store *s)
{
	struct load *l = s->load;

	if (l == NULL)
		return;
	s->load = NULL;
	loop_timer_free(l->more);
	buf_fini(&l->view);
	free(l);
}
