/* SPDX-License-Identifier: ISC */
/*
 * write -- batches on their way into the database.
 *
 *    queue -> flight -> done
 *      ^         |
 *      |         +--> refused   rolled back: again, or taken apart
 *      +---------+--> unknown   the connection was lost
 *
 *    queue -> flight   pump()           one at a time: everything is sent at
 *                                       once, answers come as they come
 *    flight -> done    batch_done()     only after the answer to `commit`
 *    flight -> queue   batch_failed()   rolled back for certain
 *    unknown -> done or queue   write_resolve()   writer.batch told which
 *
 * A batch is numbered when it is sent, and its first statement writes the
 * number where the epoch is ours.  Nothing is ever sent a second time before
 * it is known that the first time was not committed.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/err.h"
#include "base/log.h"
#include "loop/loop.h"
#include "store_priv.h"
#include "write_priv.h"

enum {
	RETRIES_MAX = 5, /* of a deadlock, a lock timeout (W-F5) */
	RETRY_MS = 20,   /* doubled each time */
	SMOOTHING = 8    /* of commit_us */
};

/* ---- sending ---- */

static bool
send_arrays(struct store *s, struct batch *b, enum statement_id id)
{
	const char *values[STATEMENT_ARGS_MAX];
	int sizes[STATEMENT_ARGS_MAX];
	int formats[STATEMENT_ARGS_MAX];

	for (int i = 0; i < s->n_args[id]; i++) {
		values[i] =
		    array_finish(&b->columns[s->args[id][i].column], &sizes[i]);
		formats[i] = 1;
	}
	return PQsendQueryPrepared(s->write.conn.pg, statement_of(id)->name,
		   s->n_args[id], values, sizes, formats, 1) == 1;
}

static bool
send_numbers(
    struct store *s, enum statement_id id, int n, const int64_t *numbers)
{
	uint32_t wire[2][2];
	const char *values[2] = {(const char *)wire[0], (const char *)wire[1]};
	const int sizes[2] = {8, 8};
	const int formats[2] = {1, 1};

	for (int i = 0; i < n; i++) {
		wire[i][0] = htonl((uint32_t)((uint64_t)numbers[i] >> 32));
		wire[i][1] = htonl((uint32_t)numbers[i]);
	}
	return PQsendQueryPrepared(s->write.conn.pg, statement_of(id)->name, n,
		   values, sizes, formats, 1) == 1;
}

bool
write_send_begin(struct store *s)
{
	return send_arrays(s, s->w.flight, WRITE_BEGIN);
}

bool
write_send_check(struct store *s)
{
	const int64_t check[2] = {s->w.epoch, s->w.committed + 1};

	return send_numbers(s, WRITE_CHECK, 2, check);
}

static bool
send_days(struct store *s, int32_t days)
{
	uint32_t wire = htonl((uint32_t)days);
	const char *values[1] = {(const char *)&wire};
	const int sizes[1] = {4};
	const int formats[1] = {1};

	return PQsendQueryPrepared(s->write.conn.pg,
		   statement_of(WRITE_MAINTAIN)->name, 1, values, sizes,
		   formats, 1) == 1;
}

static void
note_sent(struct store *s, enum statement_id id, struct claim *claim)
{
	s->w.sent[s->w.n_sent].id = id;
	s->w.sent[s->w.n_sent].claim = claim;
	s->w.n_sent++;
}

static bool
send_one(struct store *s, struct batch *b, enum statement_id id)
{
	if (id == WRITE_CHECK) {
		note_sent(s, id, NULL);
		return write_send_check(s);
	}
	if (id == WRITE_RELEASE) {
		if (b->release == 0)
			return true;
		note_sent(s, id, NULL);
		return send_numbers(s, id, 1, &b->release);
	}
	if (id == WRITE_MAINTAIN) {
		if (!b->maintain)
			return true;
		note_sent(s, id, NULL);
		return send_days(s, b->maintain_days);
	}
	/* Rows of a group; begin and commit have no arguments. */
	if (s->n_args[id] > 0 && b->rows[s->args[id][0].group] == 0)
		return true;
	note_sent(s, id, NULL);
	return send_arrays(s, b, id);
}

static bool
send_claims(struct store *s, struct batch *b)
{
	for (struct claim *c = b->claims; c != NULL; c = claim_next(c)) {
		note_sent(s, WRITE_CLAIM, c);
		if (!claim_send(s, c))
			return false;
	}
	return true;
}

bool
write_send_rest(struct store *s, struct batch *b, enum statement_id after)
{
	for (int id = after + 1; id <= WRITE_COMMIT; id++) {
		bool sent = id == WRITE_CLAIM
		                ? send_claims(s, b)
		                : send_one(s, b, (enum statement_id)id);

		if (!sent)
			return false;
	}
	return PQpipelineSync(s->write.conn.pg) == 1;
}

static void
send_batch(struct store *s, struct batch *b)
{
	s->w.flight = b;
	s->w.n_sent = 0;
	s->w.n_got = 0;
	s->w.state[0] = '\0';
	s->w.error[0] = '\0';
	b->sent = loop_mono(s->loop);
	conn_expect(&s->write.conn);
	if (b->first) {
		first_begin(s);
		return;
	}
	note_sent(s, WRITE_BEGIN, NULL);
	if (!write_send_begin(s) || !write_send_rest(s, b, WRITE_BEGIN)) {
		conn_lose(&s->write.conn, PQerrorMessage(s->write.conn.pg));
		return;
	}
	conn_flush(&s->write.conn);
}

static void
pump(struct store *s)
{
	if (s->closed || s->write.step != SESSION_READY || s->w.flight != NULL)
		return;
	if (write_due_in(s) != 0) {
		write_soon(s);
		return;
	}
	if (s->w.queue == NULL)
		write_close_due(s);
	send_batch(s, queue_take(s));
}

void
write_tick(void *ctx)
{
	struct store *s = ctx;

	store_enter(s);
	pump(s);
	store_leave(s);
}

void
write_ready(struct store *s)
{
	write_soon(s);
}

/* ---- answers ---- */

void
write_note_error(struct store *s, const PGresult *r, const char *where)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	char text[STORE_WHY_SIZE / 2];

	if (s->w.state[0] != '\0')
		return;
	snprintf(s->w.state, sizeof s->w.state, "%.5s",
	    state != NULL ? state : "XX000");
	conn_why(detail != NULL ? detail : "", text, sizeof text);
	snprintf(s->w.error, sizeof s->w.error, "%s (%s, in %s)", text,
	    s->w.state, where);
}

static void
note_error(struct store *s, const PGresult *r)
{
	write_note_error(s, r, statement_of(s->w.sent[s->w.n_got].id)->name);
}

static void
note_result(struct store *s, PGresult *r)
{
	const struct sent *sent = &s->w.sent[s->w.n_got];

	if (PQresultStatus(r) == PGRES_FATAL_ERROR) {
		note_error(s, r);
	} else if (PQresultStatus(r) == PGRES_PIPELINE_ABORTED) {
		/* Follows an error that is noted. */
	} else if (sent->id == WRITE_CLAIM) {
		claim_keep(sent->claim, r);
		return;
	} else if (sent->id == WRITE_LOG && PQntuples(r) > 0) {
		s->w.flight->log_seq = field_i64(r, 0, 0);
	} else if (sent->id == WRITE_MAINTAIN && PQntuples(r) == 1) {
		s->numbers.default_partition_rows =
		    (uint64_t)field_i64(r, 0, 2);
	} else if (sent->id == WRITE_COMMIT &&
		   strcmp(PQcmdStatus(r), "COMMIT") != 0) {
		/* A transaction that failed answers ROLLBACK to commit. */
		note_error(s, r);
	}
	PQclear(r);
}

static void
forget_sizes(struct store *s, const struct batch *b)
{
	s->w.items -= b->n_items;
	s->w.bytes -= b->bytes;
}

static void
tell_item(struct store *s, const struct batch *b, const struct batch_item *item)
{
	if (item->done == NULL)
		return;
	s->w.seq = b->err == 0 && b->log_seq != 0
	               ? b->log_seq + item->rows[GROUP_LOG]
	               : 0;
	item->done(item->ctx, b->err);
}

/* False: the turn is long enough. */
static bool
tell_batch(struct store *s, struct batch *b, bool all)
{
	while (b->told < b->n_items && !s->closed) {
		tell_item(s, b, &b->items[b->told++]);
		if (!all && b->told % STORE_TURN_LOOK == 0 &&
		    !loop_turn_has(s->loop, MONO_MS(STORE_TURN_MS)))
			return false;
	}
	return true;
}

static void
tell(struct store *s, bool all)
{
	if (s->w.is_telling)
		return;
	s->w.is_telling = true;
	while (s->w.ended != NULL && !s->closed) {
		struct batch *b = s->w.ended;
		struct claim *claims = b->claims;

		if (!tell_batch(s, b, all)) {
			store_soon(s);
			break;
		}
		if (s->closed)
			break;
		s->w.ended = b->next;
		b->next = NULL;
		b->claims = NULL;
		forget_sizes(s, b);
		claims_answer(s, claims, b->err);
		write_recycle(s, b);
	}
	s->w.is_telling = false;
}

void
write_tell(struct store *s)
{
	tell(s, false);
}

/*
 * Its items are told how it ended, behind those of the batches before; each
 * may take a while, so a thousand of them are many turns.
 */
void
write_batch_end(struct store *s, struct batch *b, int err)
{
	struct batch **end = &s->w.ended;

	while (*end != NULL)
		end = &(*end)->next;
	*end = b;
	b->next = NULL;
	b->told = 0;
	b->err = err;
	tell(s, err == ERR_CLOSED);
}

static void
batch_done(struct store *s)
{
	struct batch *b = s->w.flight;
	uint32_t took_us =
	    (uint32_t)((loop_mono_exact(s->loop) - b->sent) / 1000);

	s->w.flight = NULL;
	s->w.committed++;
	s->numbers.batches++;
	s->numbers.items += b->n_items;
	s->numbers.commit_us = s->numbers.commit_us == 0
	                           ? took_us
	                           : s->numbers.commit_us -
	                                 s->numbers.commit_us / SMOOTHING +
	                                 took_us / SMOOTHING;
	write_batch_end(s, b, 0);
	pump(s);
}

/* ---- refusals ---- */

/* What a SQLSTATE means for the batch. */
enum verdict {
	VERDICT_AGAIN, /* another transaction was in the way */
	VERDICT_DOWN,  /* the server cannot now; the items are not at fault */
	VERDICT_SPLIT, /* some item is at fault */
	VERDICT_FENCED
};

static enum verdict
judge(const char *state, unsigned tries)
{
	/* Data, integrity, cardinality, limits, raised, internal. */
	static const char *const item_classes[] = {
	    "22", "23", "21", "54", "P0", "XX", NULL};

	if (strcmp(state, "DV001") == 0)
		return VERDICT_FENCED;
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 ||
	    strcmp(state, "55P03") == 0)
		return tries < RETRIES_MAX ? VERDICT_AGAIN : VERDICT_DOWN;
	for (unsigned i = 0; item_classes[i] != NULL; i++)
		if (strncmp(state, item_classes[i], 2) == 0)
			return VERDICT_SPLIT;
	return VERDICT_DOWN;
}

/* One poisonous item must not hold up the rest for ever. */
static void
take_apart(struct store *s, struct batch *b)
{
	struct batch *parts;
	struct claim *claims = b->claims;

	if (b->alone || b->n_items <= 1) {
		log_error("store: the database refuses an item: %s; it is "
			  "lost",
		    s->w.error);
		s->numbers.items_refused += b->n_items;
		if (b->first)
			first_refused(s, b);
		write_batch_end(s, b, ERR_DATABASE);
		return;
	}
	log_error("store: the database refuses a batch of %" PRIu32
		  " items: %s; sending them apart",
	    b->n_items, s->w.error);
	b->claims = NULL;
	parts = batch_split(b);
	forget_sizes(s, b);
	for (struct batch *part = parts; part != NULL; part = part->next) {
		s->w.items += part->n_items;
		s->w.bytes += part->bytes;
	}
	parts->release = b->release;
	queue_push(s, parts);
	write_recycle(s, b);
	claims_answer(s, claims, ERR_DATABASE);
}

/* Rolled back for certain. */
static void
batch_failed(struct store *s)
{
	struct batch *b = s->w.flight;
	enum verdict verdict = judge(s->w.state, b->tries);

	s->w.flight = NULL;
	if (b->maintain && verdict != VERDICT_FENCED) {
		log_warn("store: maintenance failed: %s; again in a quarter "
			 "of an hour",
		    s->w.error);
		store_maintain_later(s);
		write_batch_end(s, b, ERR_DATABASE);
		pump(s);
		return;
	}
	switch (verdict) {
	case VERDICT_AGAIN:
		s->w.not_before =
		    loop_mono(s->loop) + (MONO_MS(RETRY_MS) << b->tries);
		b->tries++;
		queue_push(s, b);
		break;
	case VERDICT_DOWN:
		b->tries = 0;
		queue_push(s, b);
		conn_lose(&s->write.conn, s->w.error);
		return;
	case VERDICT_SPLIT:
		take_apart(s, b);
		break;
	case VERDICT_FENCED:
		queue_push(s, b);
		session_close(&s->write);
		session_close(&s->read);
		store_set_state(
		    s, STORE_FENCED, "another writer took over this database");
		if (!s->closed)
			store_soon(s);
		return;
	}
	if (!s->closed)
		pump(s);
}

bool
write_roll_back(struct store *s)
{
	s->w.rolling_back = true;
	conn_expect(&s->write.conn);
	return send_arrays(s, s->w.flight, WRITE_ROLLBACK) &&
	       PQpipelineSync(s->write.conn.pg) == 1;
}

/* Everything that was sent is answered. */
static void
end_of_answers(struct store *s)
{
	conn_quiet(&s->write.conn);
	if (s->w.state[0] == '\0') {
		batch_done(s);
		return;
	}
	if (s->w.rolling_back ||
	    PQtransactionStatus(s->write.conn.pg) == PQTRANS_IDLE) {
		s->w.rolling_back = false;
		batch_failed(s);
		return;
	}
	if (!write_roll_back(s))
		conn_lose(&s->write.conn, PQerrorMessage(s->write.conn.pg));
	else
		conn_flush(&s->write.conn);
}

void
write_input(struct store *s)
{
	PGconn *pg = s->write.conn.pg;
	PGresult *r;

	if (s->w.step != FIRST_NOT) {
		first_input(s);
		return;
	}
	/* After each answer comes a NULL, and none after a sync. */
	while (s->w.flight != NULL && !PQisBusy(pg)) {
		r = PQgetResult(pg);
		if (r == NULL && PQstatus(pg) == CONNECTION_BAD) {
			conn_lose(&s->write.conn, PQerrorMessage(pg));
			return;
		}
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			end_of_answers(s);
			return;
		}
		if (r == NULL || s->w.rolling_back) {
			PQclear(r);
			continue;
		}
		if (s->w.n_got < s->w.n_sent)
			note_result(s, r);
		else
			PQclear(r);
		s->w.n_got++;
	}
}

/* ---- a lost connection ---- */

/* Those that ask will ask again when the store is ready. */
static void
drop_claims(struct store *s, struct batch *list)
{
	for (struct batch *b = list; b != NULL && !s->closed; b = b->next) {
		struct claim *claims = b->claims;

		b->claims = NULL;
		b->n_claims = 0;
		claims_answer(s, claims, ERR_DATABASE);
	}
}

void
write_lost(struct store *s)
{
	struct claim *claims;

	s->w.rolling_back = false;
	first_forget(s);
	if (s->w.flight != NULL && !s->w.unknown) {
		s->w.unknown = true;
		s->numbers.unknown_commits++;
		/* What they claimed, if they did, is given back later. */
		s->w.flight->release_self = s->w.flight->claims != NULL;
		claims = s->w.flight->claims;
		s->w.flight->claims = NULL;
		claims_answer(s, claims, ERR_DATABASE);
	}
	drop_claims(s, s->w.queue);
	drop_claims(s, s->w.open);
}

void
write_resolve(struct store *s, int64_t batch)
{
	struct batch *b = s->w.flight;
	struct batch *release;

	if (b == NULL)
		return;
	s->w.unknown = false;
	s->w.flight = NULL;
	if (batch != s->w.committed + 1) {
		s->numbers.resolved_rolled_back++;
		b->release_self = false;
		queue_push(s, b);
		return;
	}
	s->numbers.resolved_committed++;
	s->w.committed = batch;
	s->numbers.batches++;
	s->numbers.items += b->n_items;
	if (b->release_self) {
		release = write_spare(s);
		release->release = batch;
		queue_push(s, release);
	}
	write_batch_end(s, b, 0);
}
