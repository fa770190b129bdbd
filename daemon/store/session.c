/* SPDX-License-Identifier: ISC */
/*
 * session -- from a bare connection to one that may be used; the steps are
 * drawn in store_priv.h.
 *
 * The order of the writing side matters.  First the lock: it is held by the
 * session, so whoever has it knows that no backend of an earlier session of
 * ours is still at work.  Only then is writer.batch read, which tells whether
 * the batch in flight was committed; read before, the old backend could still
 * commit it after we looked, and we would write it twice.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "loop/loop.h"
#include "store_priv.h"

enum {
	SERVER_VERSION_MIN = 150000,
	LOCK_FIRST_S = 3,  /* a killed daemon's backend may take that long */
	LOCK_AGAIN_S = 15, /* after a lost connection of ours */
	LOCK_EVICT_S = 2,  /* then our own old backend is ended */
	LOCK_RETRY_MS = 250,
	BACKOFF_MIN_MS = 250,
	BACKOFF_MAX_MS = 30000,
	HOLDER_SIZE = 128
};

uint32_t
session_backoff_ms(unsigned tries)
{
	uint32_t ms = BACKOFF_MIN_MS;

	while (tries-- > 1 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return ms / 2 + rand_below(ms);
}

/* No way back: closes both sides. */
static void
give_up(struct session *se, enum store_state state, const char *why)
{
	struct store *s = se->store;

	session_close(&s->write);
	session_close(&s->read);
	loop_timer_stop(s->write.retry);
	loop_timer_stop(s->read.retry);
	store_set_state(s, state, why);
	store_soon(s);
}

static bool send_step(struct session *se);

static void
go(struct session *se, enum session_step step)
{
	se->step = step;
	conn_expect(&se->conn);
	if (!send_step(se)) {
		conn_lose(&se->conn, PQerrorMessage(se->conn.pg));
		return;
	}
	conn_flush(&se->conn);
}

static bool
send_text(
    struct session *se, const char *text, int n, const char *const *values)
{
	return PQsendQueryParams(
		   se->conn.pg, text, n, NULL, values, NULL, NULL, 0) == 1;
}

static bool
send_epoch(struct session *se)
{
	struct store *s = se->store;
	char host[64] = "";
	char holder[HOLDER_SIZE];
	const char *values[1] = {holder};

	if (s->w.epoch != 0)
		return send_text(se, statement_epoch_look, 0, NULL);
	gethostname(host, sizeof host - 1);
	snprintf(
	    holder, sizeof holder, "dnsvigil %ld on %s", (long)getpid(), host);
	return send_text(se, statement_epoch_take, 1, values);
}

/* Our backend of before is told apart by its number and its beginning. */
static bool
send_evict(struct session *se)
{
	char pid[16];
	const char *values[2] = {pid, se->began};

	snprintf(pid, sizeof pid, "%d", se->pid);
	return send_text(se, statement_evict, 2, values);
}

static bool
send_heads(struct session *se)
{
	char first[24];
	const char *values[1] = {first};

	snprintf(first, sizeof first, "%lld", (long long)se->store->w.first);
	return send_text(se, statement_heads, 1, values);
}

static bool
send_prepare(struct session *se)
{
	struct store *s = se->store;
	Oid types[STATEMENT_ARGS_MAX];

	se->failed[0] = '\0';
	if (PQenterPipelineMode(se->conn.pg) != 1)
		return false;
	for (unsigned i = 0; i < N_STATEMENTS; i++) {
		const struct statement *st = statement_of((enum statement_id)i);

		if (st->side != se->side)
			continue;
		for (int k = 0; k < s->n_args[i]; k++)
			types[k] = s->args[i][k].oid;
		if (PQsendPrepare(se->conn.pg, st->name, st->text, s->n_args[i],
			types) != 1)
			return false;
	}
	return PQpipelineSync(se->conn.pg) == 1;
}

static bool
send_step(struct session *se)
{
	/* A start-up load takes what it takes. */
	static const char *const setup[][2] = {
	    [SIDE_WRITE] = {"30s", "on"}, [SIDE_READ] = {"0", "off"}};

	switch (se->step) {
	case SESSION_SETUP:
		return send_text(se, statement_setup, 2, setup[se->side]);
	case SESSION_SCHEMA:
		return send_text(se, statement_schema, 0, NULL);
	case SESSION_RIGHTS:
		return send_text(se, statement_rights, 0, NULL);
	case SESSION_LOCK:
		return send_text(se, statement_lock, 0, NULL);
	case SESSION_EVICT:
		return send_evict(se);
	case SESSION_HOLDER:
		return send_text(se, statement_holder, 0, NULL);
	case SESSION_EPOCH:
		return send_epoch(se);
	case SESSION_HEADS:
		return send_heads(se);
	case SESSION_PREPARE:
		return send_prepare(se);
	case SESSION_CLOSED:
	case SESSION_READY:
		return false;
	}
	return false;
}

/* What must hold of the server before anything else is asked of it. */
static void
end_setup(struct session *se, const PGresult *r)
{
	char why[STORE_WHY_SIZE];
	long version = strtol(PQgetvalue(r, 0, 0), NULL, 10);

	snprintf(se->begins, sizeof se->begins, "%s", PQgetvalue(r, 0, 5));
	if (version < SERVER_VERSION_MIN) {
		snprintf(why, sizeof why,
		    "PostgreSQL %ld is too old: "
		    "this program needs 15",
		    version / 10000);
		give_up(se, STORE_REFUSED, why);
	} else if (strcmp(PQgetvalue(r, 0, 1), "UTF8") != 0) {
		snprintf(why, sizeof why,
		    "database has encoding %s, this "
		    "program needs UTF8",
		    PQgetvalue(r, 0, 1));
		give_up(se, STORE_REFUSED, why);
	} else if (PQgetvalue(r, 0, 3)[0] != 't') {
		snprintf(why, sizeof why,
		    "database has schema 0, this "
		    "program needs %d: run `dnsvigil migrate`",
		    STORE_SCHEMA);
		give_up(se, STORE_REFUSED, why);
	} else if (se->side == SIDE_WRITE && PQgetvalue(r, 0, 2)[0] == 't') {
		conn_lose(&se->conn, "the database is read-only");
	} else if (se->side == SIDE_READ) {
		go(se, SESSION_PREPARE);
	} else {
		go(se, SESSION_SCHEMA);
	}
}

static void
end_schema(struct session *se, const PGresult *r)
{
	char why[STORE_WHY_SIZE];
	long version = strtol(PQgetvalue(r, 0, 0), NULL, 10);

	if (version == STORE_SCHEMA) {
		go(se, SESSION_RIGHTS);
		return;
	}
	snprintf(why, sizeof why,
	    version < STORE_SCHEMA
		? "database has schema %ld, this program needs %d: "
		  "run `dnsvigil migrate`"
		: "database has schema %ld, this program "
		  "needs %d: it is too old for this database",
	    version, STORE_SCHEMA);
	give_up(se, STORE_REFUSED, why);
}

static void
end_rights(struct session *se, const PGresult *r)
{
	char why[STORE_WHY_SIZE];

	if (PQntuples(r) == 1 && !PQgetisnull(r, 0, 0)) {
		snprintf(why, sizeof why,
		    "the database's role lacks rights "
		    "(%s): run `dnsvigil migrate --grant ROLE`",
		    PQgetvalue(r, 0, 0));
		give_up(se, STORE_REFUSED, why);
		return;
	}
	se->lock_until =
	    loop_mono(se->conn.loop) +
	    MONO_S(se->store->w.epoch != 0 ? LOCK_AGAIN_S : LOCK_FIRST_S);
	go(se, SESSION_LOCK);
}

static void
end_lock(struct session *se, const PGresult *r)
{
	mono_ns left = se->lock_until - loop_mono(se->conn.loop);

	if (PQgetvalue(r, 0, 0)[0] == 't') {
		go(se, SESSION_EPOCH);
	} else if (left <= 0) {
		go(se, SESSION_HOLDER);
	} else if (se->pid != 0 && !se->evicted &&
		   left < MONO_S(LOCK_AGAIN_S - LOCK_EVICT_S)) {
		go(se, SESSION_EVICT);
	} else {
		conn_quiet(&se->conn);
		loop_timer_in(se->retry, MONO_MS(LOCK_RETRY_MS));
	}
}

/*
 * The lock is taken.  While the epoch is ours nobody took over: it is our own
 * old backend, which the server could not end yet, and we go on trying.
 */
static void
end_holder(struct session *se, const PGresult *r)
{
	char why[STORE_WHY_SIZE] = "another writer holds this database";
	int64_t epoch = 0;

	if (PQntuples(r) == 1) {
		epoch = strtoll(PQgetvalue(r, 0, 2), NULL, 10);
		snprintf(why, sizeof why,
		    "another writer holds this database: %s since %s",
		    PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1));
	}
	if (epoch != 0 && epoch == se->store->w.epoch)
		conn_lose(&se->conn, "our own lost session still has the lock");
	else
		give_up(se, STORE_FENCED, why);
}

static void
end_epoch(struct session *se, const PGresult *r)
{
	struct store *s = se->store;
	int64_t epoch;
	int64_t batch;

	if (PQntuples(r) != 1) {
		give_up(se, STORE_REFUSED,
		    "table dnsvigil.writer is empty: restore its one row");
		return;
	}
	epoch = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	batch = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
	if (s->w.epoch != 0 && s->w.epoch != epoch) {
		go(se, SESSION_HOLDER);
		return;
	}
	if (s->w.epoch == 0) {
		s->w.epoch = epoch;
		s->w.committed = batch;
		s->w.first = batch + 1;
	}
	/* The backend of before is gone: now this one is ours. */
	se->pid = PQbackendPID(se->conn.pg);
	memcpy(se->began, se->begins, sizeof se->began);
	write_resolve(s, batch);
	if (!s->closed)
		go(se, SESSION_HEADS);
}

static void
become_ready(struct session *se)
{
	struct store *s = se->store;

	if (se->failed[0] != '\0' && se->misfit) {
		give_up(se, STORE_REFUSED, se->failed);
		return;
	}
	if (se->failed[0] != '\0') {
		conn_lose(&se->conn, se->failed);
		return;
	}
	conn_quiet(&se->conn);
	se->step = SESSION_READY;
	se->tries = 0;
	if (se->side == SIDE_READ && PQexitPipelineMode(se->conn.pg) != 1) {
		conn_lose(&se->conn, PQerrorMessage(se->conn.pg));
		return;
	}
	if (se->side == SIDE_WRITE)
		write_ready(s);
	store_check_ready(s);
	if (!s->closed)
		store_soon(s);
}

/* No rights and missing objects (class 42) are; all else may pass. */
static bool
is_for_ever(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state != NULL && strncmp(state, "42", 2) == 0;
}

static void
step_failed(struct session *se, const PGresult *r)
{
	char why[STORE_WHY_SIZE];

	conn_why(PQresultErrorMessage(r), why, sizeof why);
	if (is_for_ever(r))
		give_up(se, STORE_REFUSED, why);
	else
		conn_lose(&se->conn, why);
}

static void
end_step(struct session *se, const PGresult *r)
{
	if (PQresultStatus(r) != PGRES_TUPLES_OK &&
	    PQresultStatus(r) != PGRES_COMMAND_OK) {
		step_failed(se, r);
		return;
	}
	switch (se->step) {
	case SESSION_SETUP:
		end_setup(se, r);
		return;
	case SESSION_SCHEMA:
		end_schema(se, r);
		return;
	case SESSION_RIGHTS:
		end_rights(se, r);
		return;
	case SESSION_LOCK:
		end_lock(se, r);
		return;
	case SESSION_EVICT:
		se->evicted = true;
		go(se, SESSION_LOCK);
		return;
	case SESSION_HOLDER:
		end_holder(se, r);
		return;
	case SESSION_EPOCH:
		end_epoch(se, r);
		return;
	case SESSION_HEADS:
		go(se, SESSION_PREPARE);
		return;
	case SESSION_PREPARE:
	case SESSION_CLOSED:
	case SESSION_READY:
		return;
	}
}

/* The first that failed: for ever, or (a lock, say) for now. */
static void
note_unprepared(struct session *se, const PGresult *r)
{
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (se->failed[0] != '\0')
		return;
	se->misfit = is_for_ever(r);
	snprintf(se->failed, sizeof se->failed, "%s%s",
	    se->misfit ? "a statement does not fit the database: " : "",
	    detail != NULL ? detail : "a statement could not be prepared");
}

static void
prepare_input(struct session *se)
{
	PGconn *pg = se->conn.pg;

	while (!PQisBusy(pg)) {
		PGresult *r = PQgetResult(pg);
		ExecStatusType status = PQresultStatus(r);

		if (r == NULL && PQstatus(pg) == CONNECTION_BAD) {
			conn_lose(&se->conn, PQerrorMessage(pg));
			return;
		}
		if (status == PGRES_FATAL_ERROR && r != NULL)
			note_unprepared(se, r);
		PQclear(r);
		if (status == PGRES_PIPELINE_SYNC) {
			become_ready(se);
			return;
		}
	}
}

static void
step_input(struct session *se)
{
	PGconn *pg = se->conn.pg;
	PGresult *r;

	while (!PQisBusy(pg)) {
		r = PQgetResult(pg);
		if (r != NULL) {
			PQclear(se->result);
			se->result = r;
			continue;
		}
		r = se->result;
		se->result = NULL;
		if (r == NULL)
			return;
		end_step(se, r);
		PQclear(r);
		return;
	}
}

static void
on_input(void *ctx)
{
	struct session *se = ctx;
	struct store *s = se->store;

	store_enter(s);
	if (se->step == SESSION_READY && se->side == SIDE_WRITE)
		write_input(s);
	else if (se->step == SESSION_READY)
		read_input(s);
	else if (se->step == SESSION_PREPARE)
		prepare_input(se);
	else
		step_input(se);
	store_leave(s);
}

static void
on_up(void *ctx)
{
	struct session *se = ctx;

	store_enter(se->store);
	go(se, SESSION_SETUP);
	store_leave(se->store);
}

static void
on_lost(void *ctx, const char *why)
{
	struct session *se = ctx;
	struct store *s = se->store;

	store_enter(s);
	se->step = SESSION_CLOSED;
	PQclear(se->result);
	se->result = NULL;
	se->tries++;
	s->numbers.reconnects++;
	loop_timer_in(se->retry, MONO_MS(session_backoff_ms(se->tries)));
	if (se->side == SIDE_WRITE) {
		write_lost(s);
		if (!s->closed)
			store_set_state(s, STORE_DOWN, why);
	} else {
		read_lost(s);
	}
	store_leave(s);
}

/* Time to connect again, or to try the lock again. */
static void
on_retry(void *ctx)
{
	struct session *se = ctx;

	store_enter(se->store);
	if (se->step == SESSION_LOCK)
		go(se, SESSION_LOCK);
	else
		session_open(se);
	store_leave(se->store);
}

void
session_init(struct session *se, struct store *s, enum side side)
{
	se->store = s;
	se->side = side;
	se->conn.loop = s->loop;
	se->conn.fd = -1;
	se->conn.on_up = on_up;
	se->conn.on_input = on_input;
	se->conn.on_lost = on_lost;
	se->conn.on_room = side == SIDE_WRITE ? first_room : NULL;
	se->conn.ctx = se;
	se->retry = loop_timer_new(s->loop, on_retry, se);
}

void
session_open(struct session *se)
{
	se->step = SESSION_CLOSED;
	if (conn_open(&se->conn, se->store->conninfo) != 0) {
		se->tries++;
		loop_timer_in(
		    se->retry, MONO_MS(session_backoff_ms(se->tries)));
	}
}

void
session_close(struct session *se)
{
	conn_close(&se->conn);
	PQclear(se->result);
	se->result = NULL;
	se->step = SESSION_CLOSED;
}
