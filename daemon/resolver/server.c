/* SPDX-License-Identifier: ISC */
/*
 * What is known about one server: how long it takes, what it cannot do, and
 * whether it wants to be left alone.
 *
 * Backoff (W-F10) is about the server, not about a name: one REFUSED, or a
 * zone whose names all SERVFAIL, says nothing about it.  Errors in a row are
 * weighed, REFUSED four times a SERVFAIL, because a run of SERVFAIL is what
 * the names of one broken zone give; anything else that is answered ends the
 * run.  At ERRORS_MAX the server is left alone for a second; then one
 * question goes out, and decides: an answer ends it, an error doubles it.
 *
 * Failing names come in runs at a healthy server, too: they time out together
 * or are tried again together.  So a failure counts only if its question was
 * asked a second or more after the last good answer, and one that failed the
 * last time, too, only after ten minutes without any.
 */

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "resolver_priv.h"

enum {
	ERRORS_MAX = 64, /* 16 REFUSED or 64 SERVFAIL */
	ERROR_REFUSED = 4,
	ERROR_SERVFAIL = 1,
	CASE_STRIKES = 4, /* echoes in other case, right by TCP */
	NSID_STRIKES = 3  /* answers to second datagrams only, in a row */
};
#define BACKOFF_MIN        MONO_S(1)
#define BACKOFF_MAX        MONO_S(300)
#define HABIT_KEPT         MONO_S(3600)
#define GOOD_COUNTS        MONO_S(1)
#define GOOD_COUNTS_FAILED MONO_S(600)
#define TIMEOUT_MAX        MONO_S(10)

void
server_wait(struct server *s, struct question *q, bool in_front)
{
	struct inflight *f = &s->resolver->inflight;
	uint16_t self = inflight_index(f, q);

	q->state = QUESTION_WAITS;
	q->conn = NIL;
	q->next = in_front ? s->waiting_first : NIL;
	if (s->waiting_first == NIL) {
		s->waiting_first = self;
		s->waiting_last = self;
	} else if (in_front) {
		s->waiting_first = self;
	} else {
		f->all[s->waiting_last].next = self;
		s->waiting_last = self;
	}
	if (s->dot != NULL)
		return;
	s->resolver->n_waiting++;
	if (s->waits)
		return;
	s->waits = true;
	s->waits_next = s->resolver->waits;
	s->resolver->waits = s;
}

void
server_unwait(struct server *s, struct question *q)
{
	struct inflight *f = &s->resolver->inflight;
	uint16_t self = inflight_index(f, q);
	uint16_t *at = &s->waiting_first;
	uint16_t before = NIL;

	while (*at != self) {
		CHECK(*at != NIL);
		before = *at;
		at = &f->all[*at].next;
	}
	*at = q->next;
	if (s->waiting_last == self)
		s->waiting_last = before;
	if (s->dot == NULL)
		s->resolver->n_waiting--;
}

bool
server_has_ports(const struct server *s, mono_ns now)
{
	if (s->dot != NULL)
		return dot_may_ask(s, now);
	if (s->n_ports_open > 0)
		return !s->starved;
	/* What cannot be sent for want of a route is to fail, not to wait. */
	if (s->unreachable)
		return true;
	return now >= s->reopen_at && now >= s->resolver->short_until;
}

uint32_t
server_in_window(const struct server *s)
{
	return s->open - s->n_overdue;
}

bool
server_has_room(struct server *s, bool urgent, mono_ns now)
{
	if (s->backoff > 0 && (now < s->backoff_until || s->probing))
		return false;
	if (!server_has_ports(s, now))
		return false;
	if (s->open >= s->pace.window_max)
		return false;
	return pace_has_room(&s->pace, server_in_window(s), urgent, now);
}

/*
 * Where tokens are short, not for each one that comes in: some milliseconds'
 * worth at once make a batch.
 */
void
server_say_full(struct server *s, bool urgent, mono_ns now)
{
	mono_ns at = pace_token_at(&s->pace, urgent);

	s->full_urgent |= urgent;
	s->tell_at = at > now ? at : now;
	if (at > now && at < now + ROOM_PAUSE)
		s->tell_at = now + ROOM_PAUSE;
}

mono_ns
server_room_at(const struct server *s, mono_ns now)
{
	mono_ns at;

	if (s->backoff > 0 && now < s->backoff_until)
		return s->backoff_until;
	if (s->n_ports_open == 0 && !server_has_ports(s, now)) {
		at = s->resolver->short_until;
		if (s->dot != NULL)
			return dot_ask_at(s);
		return at > s->reopen_at ? at : s->reopen_at;
	}
	if (s->tell_at > now)
		return s->tell_at;
	/* What came in by tell_at went to retries. */
	at = pace_token_at(&s->pace, s->full_urgent);
	return at > now ? at : INT64_MAX;
}

bool
server_pay(struct server *s, mono_ns now)
{
	struct pace *all = &s->resolver->all;

	if (!pace_has_room(all, 0, true, now) || !pace_take(&s->pace, now))
		return false;
	return pace_take(all, now);
}

mono_ns
server_pay_at(const struct server *s)
{
	mono_ns own = pace_token_at(&s->pace, true);
	mono_ns all = pace_token_at(&s->resolver->all, true);

	return own > all ? own : all;
}

/*
 * Of the try after n_tries others: doubled by each, and an eighth up or down
 * so that what was lost together is not asked again together.  It follows
 * the round trip between half and twice the configured time: a resolver's
 * answers come at once or after seconds, and a smoothed time alone would ask
 * for every slow one twice.
 */
mono_ns
server_timeout(const struct server *s, unsigned n_tries)
{
	mono_ns base = MONO_MS(s->resolver->limits.timeout_ms);
	mono_ns seen = s->rtt + 4 * s->rtt_var;

	if (s->rtt != 0) {
		if (seen > 2 * base)
			seen = 2 * base;
		base = seen > base / 2 ? seen : base / 2;
	}
	base <<= n_tries;
	if (base > TIMEOUT_MAX)
		base = TIMEOUT_MAX;
	return base - base / 8 + base / 4 * rand_u8() / 256;
}

/* RFC 6298 2. */
void
server_rtt(struct server *s, mono_ns rtt)
{
	mono_ns off = rtt > s->rtt ? rtt - s->rtt : s->rtt - rtt;

	if (s->rtt == 0) {
		s->rtt = rtt > 0 ? rtt : 1;
		s->rtt_var = rtt / 2;
		return;
	}
	s->rtt_var += (off - s->rtt_var) / 4;
	s->rtt += (rtt - s->rtt) / 8;
	if (s->rtt <= 0)
		s->rtt = 1;
}

static void
backoff_end(struct server *s)
{
	char text[ADDR_TEXT_SIZE];

	s->errors_running = 0;
	if (s->backoff == 0)
		return;
	s->backoff = 0;
	s->backoff_until = 0;
	s->probing = false;
	log_put(s->direct ? LOG_DEBUG : LOG_INFO, "resolver: %s answers again",
	    addr_print(&s->addr, text));
}

static void
backoff_longer(struct server *s, enum fail fail, mono_ns now)
{
	char text[ADDR_TEXT_SIZE];

	/* What was out when it began comes in and says nothing new. */
	if (s->backoff > 0 && now < s->backoff_until)
		return;
	/* Zones' servers that know nothing of their zone are many. */
	if (s->backoff == 0)
		log_put(s->direct ? LOG_DEBUG : LOG_WARNING,
		    "resolver: %s answers only %s; left alone for 1 s "
		    "and longer",
		    addr_print(&s->addr, text), fail_text(fail));
	s->backoff = s->backoff == 0 ? BACKOFF_MIN : s->backoff * 2;
	if (s->backoff > BACKOFF_MAX)
		s->backoff = BACKOFF_MAX;
	s->backoff_until = now + s->backoff;
	s->probing = false;
}

static void
count_error(struct server *s, unsigned weight, enum fail fail, mono_ns now)
{
	if (s->errors_running < ERRORS_MAX)
		s->errors_running = (uint16_t)(s->errors_running + weight);
	if (s->errors_running >= ERRORS_MAX)
		backoff_longer(s, fail, now);
}

/* Does the failure say anything about the server? */
static bool
is_server_fault(const struct server *s, const struct question *q)
{
	mono_ns span =
	    (q->flags & ASK_FAILED) != 0 ? GOOD_COUNTS_FAILED : GOOD_COUNTS;

	return s->probing || s->good_at == 0 || q->asked >= s->good_at + span;
}

void
server_ended(
    struct server *s, const struct question *q, enum fail fail, mono_ns now)
{
	if (fail != FAIL_NOT)
		s->failed++;
	if (fail == FAIL_NOT) {
		s->fails_running = 0;
		s->good_at = now;
	} else if (!is_server_fault(s, q)) {
		return;
	} else if (fail != FAIL_MALFORMED) {
		s->fails_running++;
	}
	switch (fail) {
	case FAIL_REFUSED:
	case FAIL_LAME:
		count_error(s, ERROR_REFUSED, fail, now);
		break;
	case FAIL_SERVFAIL:
		count_error(s, ERROR_SERVFAIL, fail, now);
		break;
	case FAIL_TIMEOUT:
	case FAIL_NETWORK:
		/* Silence is the window's business, except for a probe's. */
		if (s->probing)
			backoff_longer(s, fail, now);
		break;
	case FAIL_NOT:
	case FAIL_BOGUS:
	case FAIL_FILTERED:
	case FAIL_MALFORMED:
		backoff_end(s);
		break;
	}
}

static void
leave_nsid(struct server *s, mono_ns now)
{
	s->nsid_strikes = 0;
	s->nsid_answered = false;
	s->no_nsid_until = now + HABIT_KEPT;
}

/* An answer to the first datagram, which has NSID, or to a later one. */
static void
note_nsid(struct server *s, const struct question *q, mono_ns sent, mono_ns now)
{
	if ((q->flags & ASK_NSID) == 0 || q->plain)
		return;
	if (q->n_tries <= 1 || sent == q->first.sent) {
		s->nsid_strikes = 0;
		s->nsid_answered = true;
	} else if (q->first.port != NIL && ++s->nsid_strikes >= NSID_STRIKES) {
		leave_nsid(s, now);
	}
}

void
server_broke(struct server *s, const struct question *q, mono_ns now)
{
	if ((q->flags & ASK_NSID) != 0 && !q->plain && !s->nsid_answered)
		leave_nsid(s, now);
}

void
server_proved(
    struct server *s, const struct question *q, mono_ns sent, mono_ns now)
{
	if (q->case_retry && ++s->case_strikes >= CASE_STRIKES) {
		s->case_strikes = 0;
		s->no_case_until = now + HABIT_KEPT;
	}
	if (q->plain_retry)
		s->plain_until = now + HABIT_KEPT;
	else if (q->nsid_retry)
		leave_nsid(s, now);
	note_nsid(s, q, sent, now);
}
