/* SPDX-License-Identifier: ISC */
/*
 * read_side -- what the reading connection does next: one thing at a time,
 * states that are waited for first, the start-up load last.
 */

#include <string.h>

#include <arpa/inet.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store_priv.h"

int64_t
field_i64(const PGresult *r, int row, int column)
{
	uint32_t wire[2];

	if (PQgetisnull(r, row, column))
		return 0;
	memcpy(wire, PQgetvalue(r, row, column), sizeof wire);
	return (int64_t)((uint64_t)ntohl(wire[0]) << 32 | ntohl(wire[1]));
}

int32_t
field_i32(const PGresult *r, int row, int column)
{
	uint32_t wire;

	if (PQgetisnull(r, row, column))
		return 0;
	memcpy(&wire, PQgetvalue(r, row, column), sizeof wire);
	return (int32_t)ntohl(wire);
}

int16_t
field_i16(const PGresult *r, int row, int column)
{
	uint16_t wire;

	if (PQgetisnull(r, row, column))
		return 0;
	memcpy(&wire, PQgetvalue(r, row, column), sizeof wire);
	return (int16_t)ntohs(wire);
}

wall_us
field_wall(const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column))
		return 0;
	return array_wall_of(field_i64(r, row, column));
}

struct uuid
field_uuid(const PGresult *r, int row, int column)
{
	struct uuid u = {{0}};

	if (!PQgetisnull(r, row, column))
		memcpy(u.b, PQgetvalue(r, row, column), sizeof u.b);
	return u;
}

void
field_put_i64(uint8_t out[8], int64_t v)
{
	uint32_t high = htonl((uint32_t)((uint64_t)v >> 32));
	uint32_t low = htonl((uint32_t)v);

	memcpy(out, &high, 4);
	memcpy(out + 4, &low, 4);
}

void
read_pump(struct store *s)
{
	if (s->closed || s->read.step != SESSION_READY ||
	    s->reading != READING_NOTHING)
		return;
	if (fetch_waits(s))
		s->reading = READING_STATES;
	else if (s->waiting != NULL)
		s->reading = READING_WAITING;
	else if (s->sums != NULL)
		s->reading = READING_SUMS;
	else if (load_waits(s))
		s->reading = READING_LOAD;
	else {
		fetch_soon(s);
		return;
	}
	conn_expect(&s->read.conn);
	if (s->reading == READING_STATES)
		fetch_send(s);
	else if (s->reading == READING_WAITING)
		waiting_send(s);
	else if (s->reading == READING_SUMS)
		sums_send(s);
	else
		load_send(s);
	if (s->read.conn.pg != NULL)
		conn_flush(&s->read.conn);
}

static void
finished(struct store *s)
{
	if (s->closed)
		return;
	s->reading = READING_NOTHING;
	conn_quiet(&s->read.conn);
	read_pump(s);
}

/* The pipeline of the two statements: their results, then the sync. */
static void
states_input(struct store *s)
{
	PGconn *pg = s->read.conn.pg;

	while (!PQisBusy(pg)) {
		PGresult *r = PQgetResult(pg);

		if (r == NULL && PQstatus(pg) == CONNECTION_BAD) {
			conn_lose(&s->read.conn, PQerrorMessage(pg));
			return;
		}
		if (r == NULL)
			continue;
		if (PQresultStatus(r) != PGRES_PIPELINE_SYNC) {
			fetch_result(s, r);
			continue;
		}
		PQclear(r);
		if (PQexitPipelineMode(pg) != 1) {
			conn_lose(&s->read.conn, PQerrorMessage(pg));
			return;
		}
		fetch_end(s);
		finished(s);
		return;
	}
}

/* One statement, whose result `fn` takes. */
static void
plain_input(struct store *s, void (*fn)(struct store *s, PGresult *r))
{
	PGconn *pg = s->read.conn.pg;

	while (!PQisBusy(pg)) {
		PGresult *r = PQgetResult(pg);

		if (r == NULL) {
			finished(s);
			return;
		}
		fn(s, r);
		if (s->closed)
			return;
	}
}

void
read_input(struct store *s)
{
	switch (s->reading) {
	case READING_NOTHING:
		return;
	case READING_STATES:
		states_input(s);
		return;
	case READING_WAITING:
		plain_input(s, waiting_result);
		return;
	case READING_SUMS:
		plain_input(s, sums_result);
		return;
	case READING_LOAD:
		load_input(s);
		if (!s->closed && !load_waits(s) &&
		    s->read.step == SESSION_READY)
			finished(s);
		return;
	}
}

void
read_lost(struct store *s)
{
	enum reading was = s->reading;

	s->reading = READING_NOTHING;
	if (was == READING_STATES)
		fetch_fail(s, ERR_DATABASE, false);
	else if (was == READING_WAITING)
		waiting_fail(s, ERR_DATABASE);
	else if (was == READING_SUMS)
		sums_fail(s, ERR_DATABASE);
	else if (was == READING_LOAD)
		load_fail(s, ERR_DATABASE);
	/* Those that were not sent yet wait while the writing side is well;
	 * when that is gone too there is no telling for how long. */
	if (!s->closed && s->write.step != SESSION_READY) {
		fetch_fail(s, ERR_DATABASE, true);
		if (!s->closed)
			waiting_fail(s, ERR_DATABASE);
		if (!s->closed)
			sums_fail(s, ERR_DATABASE);
	}
}
