/* SPDX-License-Identifier: ISC */
/*
 * store -- the object, its states and its timers.
 *
 *   CONNECTING --> READY <--> DOWN
 *        |           |          |
 *        +-----------+----------+--> REFUSED   wrong schema, encoding, rights
 *        +-----------+----------+--> FENCED    another writer
 *
 *   -> READY    store_check_ready()   both sessions may be used
 *   -> DOWN     session.c             the writing connection is lost
 *   -> REFUSED, FENCED   session.c, write.c; there is no way back
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store_priv.h"
#include "write_priv.h"

enum { DAY_S = 86400, MAINTAIN_AGAIN_S = 900 };

void
store_enter(struct store *s)
{
	s->depth++;
}

static void
destroy(struct store *s)
{
	write_free(s);
	claims_free(s->answers);
	fetch_free(s);
	load_free(s);
	sums_free(s);
	while (s->waiting != NULL) {
		struct waiting_call *call = s->waiting;

		s->waiting = call->next;
		call->fn(call->ctx, ERR_CLOSED, NULL, 0);
		free(call);
	}
	free(s->conninfo);
	free(s);
}

void
store_leave(struct store *s)
{
	CHECK(s->depth > 0);
	if (--s->depth == 0 && s->closed)
		destroy(s);
}

void
store_set_state(struct store *s, enum store_state state, const char *why)
{
	bool news = s->state != state;

	if (why != s->why)
		snprintf(s->why, sizeof s->why, "%s", why);
	s->state = state;
	if (news && s->on_state != NULL && !s->closed)
		s->on_state(s->ctx, state, s->why);
}

void
store_check_ready(struct store *s)
{
	if (s->write.step != SESSION_READY)
		return;
	if (s->read.conn.pg == NULL && !loop_timer_is_set(s->read.retry)) {
		session_open(&s->read);
		return;
	}
	if (s->read.step != SESSION_READY)
		return;
	if (s->state == STORE_CONNECTING || s->state == STORE_DOWN)
		store_set_state(s, STORE_READY, "");
}

void
store_soon(struct store *s)
{
	if (!s->closed)
		loop_timer_in(s->turn, 0);
}

static void
end_for_good(struct store *s)
{
	write_drop_all(s, ERR_CLOSED);
	if (!s->closed)
		fetch_fail(s, ERR_CLOSED, true);
	if (!s->closed)
		load_fail(s, ERR_CLOSED);
	if (!s->closed)
		waiting_fail(s, ERR_CLOSED);
	if (!s->closed)
		sums_fail(s, ERR_CLOSED);
}

static void
on_turn(void *ctx)
{
	struct store *s = ctx;
	struct claim *claims = s->answers;

	store_enter(s);
	s->answers = NULL;
	claims_answer(s, claims, ERR_DATABASE);
	if (!s->closed)
		write_tell(s);
	if (!s->closed)
		fetch_tell(s);
	if (s->state == STORE_FENCED && !s->closed)
		end_for_good(s);
	read_pump(s);
	store_leave(s);
}

/* Partitions ahead and retention, each day and after each change of days. */
static void
on_daily(void *ctx)
{
	struct store *s = ctx;

	store_enter(s);
	write_maintain(s);
	loop_timer_in(s->daily, MONO_S(DAY_S));
	store_leave(s);
}

void
store_maintain_later(struct store *s)
{
	loop_timer_in(s->daily, MONO_S(MAINTAIN_AGAIN_S));
}

static bool
make_timers(struct store *s)
{
	s->turn = loop_timer_new(s->loop, on_turn, s);
	s->daily = loop_timer_new(s->loop, on_daily, s);
	return s->turn != NULL && s->daily != NULL && s->w.tick != NULL &&
	       s->write.retry != NULL && s->read.retry != NULL;
}

struct store *
store_new(struct loop *loop, const char *conninfo, store_state_fn *on_state,
    void *ctx)
{
	struct store *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->on_state = on_state;
	s->ctx = ctx;
	s->conninfo = strdup(conninfo);
	for (int i = 0; i < N_STATEMENTS; i++)
		s->n_args[i] = statement_args(
		    statement_of((enum statement_id)i), s->args[i]);
	session_init(&s->write, s, SIDE_WRITE);
	session_init(&s->read, s, SIDE_READ);
	write_init(s);
	if (!make_timers(s) || s->conninfo == NULL) {
		store_free(s);
		return NULL;
	}
	return s;
}

void
store_on_refused(struct store *s, store_refused_fn *fn, void *ctx)
{
	s->on_refused = fn;
	s->refused_ctx = ctx;
}

void
store_start(struct store *s)
{
	session_open(&s->write);
	loop_timer_in(s->daily, 0);
}

void
store_free(struct store *s)
{
	if (s == NULL || s->closed)
		return;
	s->closed = true;
	session_close(&s->write);
	session_close(&s->read);
	loop_timer_free(s->write.retry);
	loop_timer_free(s->read.retry);
	loop_timer_free(s->w.tick);
	loop_timer_free(s->turn);
	loop_timer_free(s->daily);
	if (s->depth == 0)
		destroy(s);
}

enum store_state
store_state_now(const struct store *s)
{
	return s->state;
}

const char *
store_why(const struct store *s)
{
	return s->why;
}

void
store_retention(struct store *s, uint32_t days)
{
	s->retention_days = days;
	loop_timer_in(s->daily, 0);
}

struct store_numbers
store_numbers(const struct store *s)
{
	struct store_numbers n = s->numbers;
	size_t items;
	size_t bytes;

	commit_waiting(s, &items, &bytes);
	n.items_waiting = items;
	n.bytes_waiting = bytes;
	n.waiting = write_oldest(s);
	return n;
}
