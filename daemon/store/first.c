/* SPDX-License-Identifier: ISC */
/*
 * first -- a batch of first answers on its way: by COPY, which costs a third
 * of the same rows as arrays.
 *
 *   BEGIN -> CHECK -> COPY of each group -> the rest, as any batch (write.c)
 *      |       |        |
 *      +-------+--------+--> refused   rolled back; then as any batch
 *
 * COPY and libpq's pipeline mode exclude each other, so this side of the
 * transaction is one statement at a time.  It is the same connection all the
 * same: begin_write() locks the one row of `writer` until the commit, so that
 * a second one could only wait for it, and here the order of the batches and
 * what is known of a lost one are those of every other batch.
 *
 * The rows go in the order of their keys.  First questions are asked by shard,
 * so that each tree of keys grows at its end.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"
#include "store_priv.h"

enum {
	CHUNK_SIZE = 64 << 10,
	TURN_CHUNKS = 4, /* handed to libpq in one turn of the loop */
	/* In a row: its columns; then shard and question, each with a length.
	 */
	KEY_AT = 6,
	QUESTION_AT = 6, /* in the key */
	KEY_SIZE = 22
};

/* What binary COPY begins with: signature, flags, no extension; its end. */
static const uint8_t copy_head[19] = "PGCOPY\n\377\r\n";
static const uint8_t copy_end[] = {0xff, 0xff};

/* An item's place in the order of keys. */
struct piece {
	uint64_t
	    first; /* of its key: most are told apart without a look there */
	const uint8_t *key;
	uint32_t item;
};

struct first_copy {
	struct piece *pieces;
	uint32_t n;
	unsigned group; /* of the COPY that runs, from GROUP_FIRST_QUESTION */
	uint32_t at;    /* the next piece */
	bool feeding;
	struct buf chunk;
};

static int
compare(const void *a, const void *b)
{
	const struct piece *p = a;
	const struct piece *q = b;

	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	return memcmp(p->key, q->key, KEY_SIZE);
}

/* The shard, and as much of the question as there is room for. */
static uint64_t
first_of(const uint8_t *key)
{
	uint64_t v = (uint64_t)key[0] << 8 | key[1];

	for (int i = 0; i < 6; i++)
		v = v << 8 | key[QUESTION_AT + i];
	return v;
}

static struct first_copy *
copy_new(const struct batch *b)
{
	struct first_copy *c = calloc(1, sizeof *c);

	CHECK(c != NULL);
	c->pieces = calloc(b->n_items, sizeof *c->pieces);
	CHECK(c->pieces != NULL);
	for (uint32_t i = 0; i < b->n_items; i++) {
		struct batch_piece question = batch_piece(b, i, 0);
		const uint8_t *key;

		/* An outage that goes along has none. */
		if (question.size == 0)
			continue;
		key = question.data + KEY_AT;
		c->pieces[c->n++] = (struct piece){first_of(key), key, i};
	}
	qsort(c->pieces, c->n, sizeof *c->pieces, compare);
	return c;
}

void
first_forget(struct store *s)
{
	struct first_copy *c = s->w.copy;

	s->w.step = FIRST_NOT;
	s->w.copy = NULL;
	if (c == NULL)
		return;
	buf_fini(&c->chunk);
	free(c->pieces);
	free(c);
}

/* ---- the rows ---- */

/* The next chunk, unless the last one could not be handed over yet. */
static void
fill(const struct store *s, struct first_copy *c)
{
	if (c->chunk.size > 0)
		return;
	if (c->at == 0)
		buf_add(&c->chunk, copy_head, sizeof copy_head);
	while (c->at < c->n && c->chunk.size < CHUNK_SIZE) {
		struct batch_piece rows =
		    batch_piece(s->w.flight, c->pieces[c->at++].item, c->group);

		buf_add(&c->chunk, rows.data, rows.size);
	}
	if (c->at == c->n)
		buf_add(&c->chunk, copy_end, sizeof copy_end);
	CHECK(c->chunk.err == 0);
}

static void
lose(struct store *s)
{
	conn_lose(&s->write.conn, PQerrorMessage(s->write.conn.pg));
}

/* Hands rows to libpq, as many as a turn may and the socket takes. */
static void
feed(struct store *s)
{
	struct conn *conn = &s->write.conn;
	struct first_copy *c = s->w.copy;

	conn_expect(conn);
	for (int n = 0; n < TURN_CHUNKS; n++) {
		int took;

		fill(s, c);
		took = PQputCopyData(
		    conn->pg, (const char *)c->chunk.data, (int)c->chunk.size);
		if (took == 0)
			break;
		buf_clear(&c->chunk);
		if (took < 0 ||
		    (c->at == c->n && PQputCopyEnd(conn->pg, NULL) < 0)) {
			lose(s);
			return;
		}
		c->feeding = c->at < c->n;
		if (!conn_flush(conn) || !c->feeding)
			return;
	}
	conn_room(conn);
}

void
first_room(void *ctx)
{
	struct session *se = ctx;
	struct store *s = se->store;

	store_enter(s);
	if (s->w.step == FIRST_COPY && s->w.copy->feeding)
		feed(s);
	/* A refusal may have been read while there was more to hand over. */
	first_input(s);
	store_leave(s);
}

/* ---- one statement after the other ---- */

static bool
send_step(struct store *s)
{
	switch (s->w.step) {
	case FIRST_BEGIN:
		return write_send_begin(s);
	case FIRST_CHECK:
		return write_send_check(s);
	case FIRST_COPY:
		return PQsendQuery(s->write.conn.pg,
			   statement_first(
			       GROUP_FIRST_QUESTION + s->w.copy->group)) == 1;
	case FIRST_NOT:
		break;
	}
	return false;
}

static void
go(struct store *s, enum first_step step)
{
	s->w.step = step;
	conn_expect(&s->write.conn);
	if (send_step(s))
		conn_flush(&s->write.conn);
	else
		lose(s);
}

/* Back to the pipeline, with the rest of the batch or its rollback. */
static void
go_on(struct store *s, bool failed)
{
	first_forget(s);
	s->w.n_sent = 0;
	if (PQenterPipelineMode(s->write.conn.pg) != 1 ||
	    !(failed ? write_roll_back(s)
		     : write_send_rest(s, s->w.flight, WRITE_CHECK))) {
		lose(s);
		return;
	}
	conn_expect(&s->write.conn);
	conn_flush(&s->write.conn);
}

/* The next group that has rows; N_FIRST_GROUPS: none. */
static unsigned
next_group(const struct store *s, unsigned group)
{
	while (group < N_FIRST_GROUPS &&
	       s->w.flight->rows[GROUP_FIRST_QUESTION + group] == 0)
		group++;
	return group;
}

static void
step_done(struct store *s)
{
	struct first_copy *c = s->w.copy;

	if (s->w.state[0] != '\0') {
		go_on(s, true);
	} else if (s->w.step == FIRST_BEGIN) {
		go(s, FIRST_CHECK);
	} else {
		c->group =
		    next_group(s, s->w.step == FIRST_COPY ? c->group + 1 : 0);
		c->at = 0;
		if (c->group < N_FIRST_GROUPS)
			go(s, FIRST_COPY);
		else
			go_on(s, false);
	}
}

void
first_begin(struct store *s)
{
	s->w.copy = copy_new(s->w.flight);
	if (PQexitPipelineMode(s->write.conn.pg) != 1)
		lose(s);
	else
		go(s, FIRST_BEGIN);
}

void
first_input(struct store *s)
{
	static const char *const where[] = {"", "begin", "check", "first"};
	PGconn *pg = s->write.conn.pg;

	while (s->w.step != FIRST_NOT && !s->w.copy->feeding && !PQisBusy(pg)) {
		PGresult *r = PQgetResult(pg);
		ExecStatusType status = PQresultStatus(r);

		if (r == NULL && PQstatus(pg) == CONNECTION_BAD) {
			lose(s);
			return;
		}
		if (r == NULL) {
			step_done(s);
			continue;
		}
		if (status == PGRES_FATAL_ERROR)
			write_note_error(s, r, where[s->w.step]);
		PQclear(r);
		if (status == PGRES_COPY_IN) {
			s->w.copy->feeding = true;
			feed(s);
		}
	}
}

void
first_refused(struct store *s, const struct batch *b)
{
	const uint8_t *p = batch_piece(b, 0, 0).data + KEY_AT + KEY_SIZE;
	uint32_t size;
	uint32_t text_size;
	const uint8_t *text;
	uint16_t type;
	char view[64];

	if (s->on_refused == NULL || b->rows[GROUP_FIRST_QUESTION] == 0)
		return;
	/* name, name_text, type, view: each with its length in front. */
	size = (uint32_t)p[2] << 8 | p[3];
	text_size = (uint32_t)p[4 + size + 2] << 8 | p[4 + size + 3];
	text = p + 4 + size + 4 + text_size;
	type = (uint16_t)(text[6] << 8 | text[7]);
	text += 8;
	snprintf(view, sizeof(view), "%.*s", (int)text[3], text + 4);
	s->on_refused(s->refused_ctx, view, p + 4, size, type);
}
