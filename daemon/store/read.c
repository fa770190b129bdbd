/* SPDX-License-Identifier: ISC */

/*
 * The reader: a statement with binary parameters, its rows one by one, binary
 * too, so that no time or number passes through text.
 */

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"
#include "dns/name.h"
#include "dns/record.h"
#include "judge/diff.h"
#include "read_priv.h"
#include "read_sql.h"
#include "store/read.h"

enum { WHY_SIZE = 1024, PARAMS_MAX = 12 };

/* Types of parameters and their binary forms: src/include/catalog/pg_type.dat
 * of PostgreSQL, the same in every version. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_UUID = 2950,
	OID_TIMESTAMPTZ = 1184
};

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_US ((int64_t)946684800 * 1000000)

struct reader {
	PGconn *conn;
	bool stopped;
	char why[WHY_SIZE];
};

struct params {
	const char *values[PARAMS_MAX];
	int sizes[PARAMS_MAX];
	int formats[PARAMS_MAX];
	Oid types[PARAMS_MAX];
	uint8_t bytes[PARAMS_MAX][8];
	int n;
};

int
reader_open(
    const char *conninfo, struct reader **out, char *why, size_t why_size)
{
	struct reader *r = calloc(1, sizeof(*r));
	int version = 0;
	int err;

	*out = NULL;
	if (r == NULL) {
		snprintf(why, why_size, "memory is short");
		return ERR_DATABASE;
	}
	err = read_connect(conninfo, &r->conn, why, why_size);
	if (err == 0)
		err = read_version(r->conn, &version, why, why_size);
	if (err == 0 && version != STORE_SCHEMA) {
		snprintf(why, why_size,
		    "database has schema %d, this program needs %d: %s",
		    version, STORE_SCHEMA,
		    version < STORE_SCHEMA ? "run `dnsvigil migrate`"
					   : "use the newer dnsvigil");
		err = ERR_SCHEMA;
	}
	if (err == 0)
		err = read_run(r->conn,
		    "set default_transaction_read_only = on", why, why_size);
	if (err != 0) {
		reader_close(r);
		return err;
	}
	*out = r;
	return 0;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	PQfinish(r->conn);
	free(r);
}

const char *
reader_why(const struct reader *r)
{
	return r->why;
}

void
reader_stop(struct reader *r)
{
	r->stopped = true;
}

/* ---- parameters ---- */

static void
add_null(struct params *p, Oid type)
{
	p->types[p->n] = type;
	p->formats[p->n] = 1;
	p->n++;
}

static void
add_bytes(struct params *p, Oid type, uint64_t v, int size)
{
	uint64_t big = htobe64(v << (64 - 8 * size));

	memcpy(p->bytes[p->n], &big, 8);
	p->values[p->n] = (const char *)p->bytes[p->n];
	p->sizes[p->n] = size;
	add_null(p, type);
}

static void
add_text(struct params *p, const char *text)
{
	p->values[p->n] = text;
	p->sizes[p->n] = text == NULL ? 0 : (int)strlen(text);
	add_null(p, OID_TEXT);
}

/* `id` must last until it is asked. */
static void
add_uuid(struct params *p, const struct uuid *id)
{
	p->values[p->n] = (const char *)id->b;
	p->sizes[p->n] = (int)sizeof(id->b);
	add_null(p, OID_UUID);
}

static void
add_wall(struct params *p, wall_us at)
{
	if (at == 0)
		add_null(p, OID_TIMESTAMPTZ);
	else
		add_bytes(p, OID_TIMESTAMPTZ, (uint64_t)(at - EPOCH_US), 8);
}

/* Null when v is 0: no type has that number. */
static void
add_int4(struct params *p, bool is_set, uint32_t v)
{
	if (is_set)
		add_bytes(p, OID_INT4, v, 4);
	else
		add_null(p, OID_INT4);
}

/* By which a name is found; null without one. */
static void
add_shard(struct params *p, const char *text)
{
	const char *why;
	struct name name;

	if (text == NULL)
		add_null(p, OID_INT4);
	else if (name_parse(text, &name, &why) == 0)
		add_int4(p, true, question_shard(name.wire, name.size));
	else
		add_int4(p, true, STORE_SHARDS); /* nobody's */
}

/* ---- rows ---- */

int64_t
col_int(const PGresult *row, int column)
{
	const char *value = PQgetvalue(row, 0, column);
	uint64_t big = 0;
	int size = PQgetlength(row, 0, column);

	if (PQgetisnull(row, 0, column))
		return 0;
	if (size == 1)
		return value[0];
	if (size == 4) {
		uint32_t v;

		memcpy(&v, value, 4);
		return (int32_t)be32toh(v);
	}
	CHECK(size == 8);
	memcpy(&big, value, 8);
	return (int64_t)be64toh(big);
}

wall_us
col_wall(const PGresult *row, int column)
{
	int64_t at = col_int(row, column);

	/* The ends of the range stand for infinity. */
	if (PQgetisnull(row, 0, column) || at == INT64_MAX || at == INT64_MIN)
		return 0;
	return at + EPOCH_US;
}

/* libpq ends every value with a NUL, also in binary. */
const char *
col_text(const PGresult *row, int column)
{
	return PQgetisnull(row, 0, column) ? NULL : PQgetvalue(row, 0, column);
}

static const uint8_t *
get_bytes(const PGresult *row, int column, size_t *size)
{
	*size = (size_t)PQgetlength(row, 0, column);
	return PQgetisnull(row, 0, column)
	           ? NULL
	           : (const uint8_t *)PQgetvalue(row, 0, column);
}

static void
cancel(struct reader *r)
{
	PGcancel *c = PQgetCancel(r->conn);
	char ignored[256];

	/* When it fails, the rest comes and is dropped. */
	if (c != NULL)
		(void)PQcancel(c, ignored, sizeof(ignored));
	PQfreeCancel(c);
}

/* Every row to fn, until the end or until reader_stop(). */
static int
take_rows(struct reader *r, row_fn *fn, void *to)
{
	bool cancelled = false;
	int err = 0;
	PGresult *res;

	while ((res = PQgetResult(r->conn)) != NULL) {
		ExecStatusType status = PQresultStatus(res);

		if (status == PGRES_SINGLE_TUPLE) {
			if (!r->stopped)
				fn(to, res);
		} else if (status != PGRES_TUPLES_OK && !cancelled) {
			read_reason(r->conn, res, r->why, sizeof(r->why));
			err = ERR_DATABASE;
		}
		PQclear(res);
		if (r->stopped && !cancelled) {
			cancelled = true;
			cancel(r);
		}
	}
	return err;
}

static int
ask(struct reader *r, const char *sql, const struct params *p, row_fn *fn,
    void *to)
{
	r->why[0] = '\0';
	r->stopped = false;
	if (PQsendQueryParams(r->conn, sql, p->n, p->types, p->values, p->sizes,
		p->formats, 1) != 1 ||
	    PQsetSingleRowMode(r->conn) != 1) {
		read_reason(r->conn, NULL, r->why, sizeof(r->why));
		return ERR_DATABASE;
	}
	return take_rows(r, fn, to);
}

int
ask_between(struct reader *r, const char *sql, wall_us since, wall_us until,
    row_fn *fn, void *to)
{
	struct params p = {.n = 0};

	add_wall(&p, since);
	add_wall(&p, until);
	return ask(r, sql, &p, fn, to);
}

int
ask_all(struct reader *r, const char *sql, row_fn *fn, void *to)
{
	const struct params p = {.n = 0};

	return ask(r, sql, &p, fn, to);
}

/* ---- the log ---- */

/* A callback of the caller's, in the form of row_fn's `to`. */
struct target {
	union {
		read_entry_fn *entry;
		read_baseline_fn *baseline;
		read_interval_fn *interval;
		read_pool_fn *pool;
		read_membership_fn *membership;
		read_believed_fn *believed;
		read_coverage_fn *coverage;
		read_evidence_fn *evidence;
		read_delivery_fn *delivery;
		read_life_fn *life;
		read_short_fn *shortened;
	} fn;
	void *ctx;
	struct buf text;
};

static void
on_entry(void *to, const PGresult *row)
{
	struct target *t = to;

	t->fn.entry(
	    t->ctx, col_int(row, 0), col_text(row, 1), col_text(row, 2));
}

/* rule/severity.h's numbers: that room is not below this one. */
static bool
find_severity(const char *text, uint32_t *out)
{
	static const char *const words[] = {
	    "info", "low", "medium", "high", "critical"};

	for (uint32_t i = 0; text != NULL && i < 5; i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

int
read_changes(struct reader *r, const struct read_changes *q, read_entry_fn *fn,
    void *ctx)
{
	struct target t = {.fn.entry = fn, .ctx = ctx};
	struct params p = {.n = 0};
	enum kind kind = KIND_NONE;
	uint32_t severity = 0;
	bool by_severity = find_severity(q->severity, &severity);
	bool is_event = q->kind != NULL && kind_parse(q->kind, &kind) != 0;

	add_bytes(&p, OID_INT8, (uint64_t)q->after_seq, 8);
	add_wall(&p, q->since);
	add_wall(&p, q->until);
	add_text(&p, q->name);
	add_int4(&p, q->type != 0, q->type);
	add_int4(&p, q->kind != NULL && !is_event, kind);
	add_text(&p, is_event ? q->kind : NULL);
	add_int4(&p, by_severity, severity);
	add_text(&p, q->tag);
	add_text(&p, q->list);
	add_bytes(&p, OID_BOOL, q->log, 1);
	add_shard(&p, q->name);
	return ask(r, read_sql_changes, &p, on_entry, &t);
}

static void
on_seq(void *to, const PGresult *row)
{
	int64_t *seq = to;

	*seq = col_int(row, 0);
}

int
read_last_seq(struct reader *r, int64_t *out)
{
	*out = 0;
	return ask_all(r, read_sql_last_seq, on_seq, out);
}

/* ---- states ---- */

/* Those that count for questions, in the order of $1 to $7. */
static void
add_filters(struct params *p, const struct read_changes *q)
{
	add_wall(p, q->since);
	add_wall(p, q->until);
	add_text(p, q->name);
	add_int4(p, q->type != 0, q->type);
	add_text(p, q->tag);
	add_text(p, q->list);
	add_shard(p, q->name);
}

static void
on_baseline(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_baseline b = {.name = col_text(row, 0),
	    .view = col_text(row, 1),
	    .type = (uint16_t)col_int(row, 2),
	    .ttl = (uint32_t)col_int(row, 4),
	    .seen_at = col_wall(row, 5)};

	b.content = get_bytes(row, 3, &b.content_size);
	t->fn.baseline(t->ctx, &b);
}

int
read_baselines(struct reader *r, const struct read_changes *q,
    read_baseline_fn *fn, void *ctx)
{
	struct target t = {.fn.baseline = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_filters(&p, q);
	return ask(r, read_sql_baselines, &p, on_baseline, &t);
}

/* The stored text is cut after 1 KB; this one is not. */
static const char *
print_rdata(
    struct buf *text, uint16_t rrtype, const uint8_t *rdata, size_t size)
{
	struct record record = {
	    .type = rrtype, .size = (uint16_t)size, .rdata = rdata};

	buf_clear(text);
	record_print(&record, text, 0);
	return buf_text(text);
}

static void
on_interval(void *to, const PGresult *row)
{
	struct target *t = to;
	size_t size;
	const uint8_t *rdata = get_bytes(row, 5, &size);
	struct read_interval i = {.name = col_text(row, 0),
	    .view = col_text(row, 1),
	    .owner = col_text(row, 2),
	    .type = (uint16_t)col_int(row, 3),
	    .rrtype = (uint16_t)col_int(row, 4),
	    .outcome = outcome_text((enum outcome)col_int(row, 6)),
	    .first_seen = col_wall(row, 7),
	    .last_seen = col_wall(row, 8),
	    .count = col_int(row, 9),
	    .current = col_int(row, 10) != 0};

	if (rdata != NULL && size <= UINT16_MAX)
		i.rdata = print_rdata(&t->text, i.rrtype, rdata, size);
	t->fn.interval(t->ctx, &i);
}

int
read_history(struct reader *r, const char *name, uint16_t type,
    read_interval_fn *fn, void *ctx)
{
	struct target t = {.fn.interval = fn, .ctx = ctx};
	struct params p = {.n = 0};
	int err;

	add_text(&p, name);
	add_int4(&p, type != 0, type);
	add_shard(&p, name);
	err = ask(r, read_sql_history, &p, on_interval, &t);
	buf_fini(&t.text);
	return err;
}

static void
on_pool(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_pool p = {.name = col_text(row, 0),
	    .view = col_text(row, 1),
	    .type = (uint16_t)col_int(row, 2),
	    .at = col_wall(row, 4)};

	p.packed = get_bytes(row, 3, &p.packed_size);
	t->fn.pool(t->ctx, &p);
}

int
read_pools(struct reader *r, const char *name, uint16_t type, read_pool_fn *fn,
    void *ctx)
{
	struct target t = {.fn.pool = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_text(&p, name);
	add_int4(&p, type != 0, type);
	add_shard(&p, name);
	return ask(r, read_sql_pools, &p, on_pool, &t);
}

static void
on_life(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_life l = {.view = col_text(row, 0), .at = col_wall(row, 2)};

	l.packed = get_bytes(row, 1, &l.packed_size);
	t->fn.life(t->ctx, &l);
}

int
read_lives(struct reader *r, const char *name, read_life_fn *fn, void *ctx)
{
	struct target t = {.fn.life = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_text(&p, name);
	add_shard(&p, name);
	return ask(r, read_sql_lives, &p, on_life, &t);
}

static void
on_membership(void *to, const PGresult *row)
{
	struct target *t = to;
	const struct read_membership m = {.name = col_text(row, 0),
	    .list = col_text(row, 1),
	    .since = col_wall(row, 2),
	    .until = col_wall(row, 3),
	    .first_reported = col_wall(row, 4),
	    .reason = col_text(row, 5)};

	t->fn.membership(t->ctx, &m);
}

int
read_memberships(
    struct reader *r, const char *name, read_membership_fn *fn, void *ctx)
{
	struct target t = {.fn.membership = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_text(&p, name);
	add_shard(&p, name);
	return ask(r, read_sql_memberships, &p, on_membership, &t);
}

static void
on_believed(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_believed b = {.name = col_text(row, 0),
	    .view = col_text(row, 1),
	    .type = (uint16_t)col_int(row, 2),
	    .ttl = (uint32_t)col_int(row, 4),
	    .since = col_wall(row, 5),
	    .until = col_wall(row, 6),
	    .before = col_wall(row, 7),
	    .after = col_wall(row, 8),
	    .observed = col_int(row, 9) != 0,
	    .failing = !PQgetisnull(row, 0, 10),
	    .failing_since = col_wall(row, 10),
	    .fail = (uint8_t)col_int(row, 11)};

	b.content = get_bytes(row, 3, &b.content_size);
	if (!PQgetisnull(row, 0, 12))
		memcpy(b.change.b, PQgetvalue(row, 0, 12), sizeof(b.change.b));
	t->fn.believed(t->ctx, &b);
}

int
read_at(struct reader *r, const char *name, uint16_t type, wall_us at,
    read_believed_fn *fn, void *ctx)
{
	struct target t = {.fn.believed = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_text(&p, name);
	add_int4(&p, type != 0, type);
	add_wall(&p, at);
	add_shard(&p, name);
	return ask(r, read_sql_at, &p, on_believed, &t);
}

static void
on_coverage(void *to, const PGresult *row)
{
	struct target *t = to;
	const struct read_coverage c = {.name = col_text(row, 0),
	    .view = col_text(row, 1),
	    .type = (uint16_t)col_int(row, 2),
	    .questions = col_int(row, 3),
	    .since = col_wall(row, 4),
	    .until = col_wall(row, 5),
	    .asked = col_int(row, 6),
	    .failed = col_int(row, 7),
	    .covered_us = col_int(row, 8),
	    .whole_us = col_int(row, 9),
	    .gap_since = col_wall(row, 10),
	    .gap_until = col_wall(row, 11),
	    .gap_failed = !PQgetisnull(row, 0, 12),
	    .fail = (uint8_t)col_int(row, 12),
	    .fresh_us = col_int(row, 13),
	    .fetches = col_int(row, 14),
	    .fetch_s = col_int(row, 15),
	    .unknown = col_int(row, 16)};

	t->fn.coverage(t->ctx, &c);
}

int
read_coverage(struct reader *r, const struct read_changes *q, bool each,
    read_coverage_fn *fn, void *ctx)
{
	struct target t = {.fn.coverage = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_filters(&p, q);
	add_bytes(&p, OID_BOOL, each, 1);
	return ask(r, read_sql_coverage, &p, on_coverage, &t);
}

/* ---- all of one change or event ---- */

int
read_entries_of(
    struct reader *r, const struct uuid *id, read_entry_fn *fn, void *ctx)
{
	struct target t = {.fn.entry = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_uuid(&p, id);
	return ask(r, read_sql_entries_of, &p, on_entry, &t);
}

int
read_members_of(
    struct reader *r, const struct uuid *id, read_entry_fn *fn, void *ctx)
{
	struct target t = {.fn.entry = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_uuid(&p, id);
	return ask(r, read_sql_members_of, &p, on_entry, &t);
}

static void
on_evidence(void *to, const PGresult *row)
{
	struct target *t = to;
	struct read_evidence e = {.at = col_wall(row, 0),
	    .last_at = col_wall(row, 1),
	    .count = (uint32_t)col_int(row, 2),
	    .ttl = (uint32_t)col_int(row, 3),
	    .flags = (uint16_t)col_int(row, 4),
	    .ede = (int32_t)col_int(row, 5),
	    .transport = (uint8_t)col_int(row, 6),
	    .outcome = (uint8_t)col_int(row, 7),
	    .fail = (uint8_t)col_int(row, 8),
	    .server = col_text(row, 9),
	    .group = col_text(row, 10)};

	e.raw = get_bytes(row, 11, &e.raw_size);
	t->fn.evidence(t->ctx, &e);
}

int
read_evidence_of(
    struct reader *r, const struct uuid *id, read_evidence_fn *fn, void *ctx)
{
	struct target t = {.fn.evidence = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_uuid(&p, id);
	return ask(r, read_sql_evidence_of, &p, on_evidence, &t);
}

static void
on_delivery(void *to, const PGresult *row)
{
	struct target *t = to;
	const struct read_delivery d = {.sink = col_text(row, 0),
	    .class_ = col_text(row, 1),
	    .revision = (uint32_t)col_int(row, 2),
	    .sink_seq = col_int(row, 3),
	    .attempt = (uint32_t)col_int(row, 4),
	    .status = (int32_t)col_int(row, 5),
	    .error = col_text(row, 6),
	    .is_done = col_int(row, 7) == 1,
	    .is_dead = col_int(row, 7) == 2,
	    .is_held = col_int(row, 7) == 3,
	    .is_gathered = col_int(row, 7) == 4,
	    .is_grouped = col_int(row, 7) == 5,
	    .held_by = col_text(row, 10),
	    .created = col_wall(row, 8),
	    .due = col_wall(row, 9)};

	t->fn.delivery(t->ctx, &d);
}

int
read_deliveries_of(
    struct reader *r, const struct uuid *id, read_delivery_fn *fn, void *ctx)
{
	struct target t = {.fn.delivery = fn, .ctx = ctx};
	struct params p = {.n = 0};

	add_uuid(&p, id);
	return ask(r, read_sql_deliveries_of, &p, on_delivery, &t);
}

static void
on_short(void *to, const PGresult *row)
{
	struct target *t = to;
	const struct read_short s = {.list = col_text(row, 0),
	    .name = col_text(row, 1),
	    .below = col_int(row, 2),
	    .of = col_int(row, 3),
	    .type = (uint16_t)col_int(row, 4),
	    .every_s = (uint32_t)col_int(row, 5),
	    .entry_s = (uint32_t)col_int(row, 6)};

	t->fn.shortened(t->ctx, &s);
}

int
read_short(struct reader *r, read_short_fn *fn, void *ctx)
{
	struct target t = {.fn.shortened = fn, .ctx = ctx};

	return ask_all(r, read_sql_short, on_short, &t);
}
