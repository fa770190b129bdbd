/* SPDX-License-Identifier: ISC */

/*
 * One sink and its deliveries.
 *
 * A sink is asked for rows (outbox_claim) while it is hungry: somebody poked,
 * an attempt ended, or the time of a waiting row came.  A claim that brings
 * fewer rows than were asked for stills the hunger.
 *
 *              ALERT failures in a row >= FAILURES_MAX
 *    WORKING -------------------------------------------> FAILING
 *       ^                                                    |
 *       +----------------------------------------------------+
 *                        one delivery arrives
 *
 *    WORKING   up to ALERT_SINK_OPEN_MAX posts at once
 *    FAILING   one post at a time, the oldest that is due, with a pause
 *              between two that grows to PROBE_PAUSE_MAX_S (sink_is_failing)
 *    both moves: note_failure(), note_success()
 *
 * Each delivery has its own pauses beside that.  While the sink fails they
 * are kept short, because the failure says little about the delivery, and
 * what waits for hours would come hours after the sink is back.
 *
 * Order per name: the outbox hands out no row while an earlier one of its name
 * is undelivered.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "config/config.h"
#include "http/http.h"
#include "loop/loop.h"
#include "sink_priv.h"

enum {
	SINK_MAGIC = 0x6b6e6973,
	ATTEMPT_MAGIC = 0x74706d74,
	CLAIM_MAGIC = 0x6d696c63,
	FAILURES_MAX = 3,
	PROBE_PAUSE_MAX_S = 5 * 60,
	/* Longer than between two probes, so that each probe is another's. */
	FAILING_PAUSE_MAX_S = 15 * 60,
	GONE_PAUSE_S = 5 * 60 * 60,
	STORE_PAUSE_MAX_S = 30,
	/* Between two claims that bring nothing though a row seems to be due.
	 */
	EMPTY_PAUSE_MAX_S = 30,
	RETURN_PAUSE_S = 60,
	JITTER_MAX_S = 10 * 60
};

/* Outlives the sink when the store still has it. */
struct claim {
	uint32_t magic;
	struct sink *sink; /* NULL: freed meanwhile */
	size_t asked;
};

struct attempt {
	uint32_t magic;
	struct sink *sink;
	struct attempt *next;
	struct delivery delivery; /* without members; texts are ours */
	char *name;
};

/* A delivery that had its one attempt (`once`). */
struct tried {
	struct uuid alert;
	uint32_t revision;
};

struct sink {
	uint32_t magic;
	struct engine *engine;
	char *name;
	const struct config_sink *config; /* NULL: removed */
	struct claim *claim;              /* under way, or NULL */
	struct attempt *open;
	size_t n_open;
	struct tried *tried;
	size_t n_tried;
	size_t tried_room;
	bool hungry;
	bool wants_look;
	mono_ns due;         /* when it becomes hungry; SINK_NEVER: never */
	mono_ns quiet_until; /* no claim before that */
	mono_ns store_until; /* the same, because of the store */
	mono_ns empty_at;    /* the last claim that brought nothing */
	uint32_t empty_s;    /* pause after it, grows */
	uint32_t store_s;
	uint32_t failures; /* in a row */
	struct alert_sink_status status;
};

/* --- the object --- */

struct sink *
sink_new(struct engine *e, const struct config_sink *config)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->name = strdup(config->name);
	if (s->name == NULL) {
		free(s);
		return NULL;
	}
	s->magic = SINK_MAGIC;
	s->engine = e;
	s->config = config;
	s->due = SINK_NEVER;
	s->hungry = true;
	return s;
}

static void
attempt_free(struct attempt *t)
{
	if (t == NULL)
		return;
	t->magic = 0;
	free(t->name);
	free(t);
}

void
sink_free(struct sink *s)
{
	struct attempt *t;

	if (s == NULL)
		return;
	while ((t = s->open) != NULL) {
		s->open = t->next;
		http_drop(s->engine->http, t);
		attempt_free(t);
	}
	if (s->claim != NULL)
		s->claim->sink = NULL;
	free(s->tried);
	free(s->name);
	s->magic = 0;
	free(s);
}

void
sink_config(struct sink *s, const struct config_sink *config)
{
	s->config = config;
	if (config == NULL)
		return;
	s->failures = 0;
	s->quiet_until = 0;
	sink_poke(s);
}

void
sink_poke(struct sink *s)
{
	s->hungry = true;
	s->empty_s = 0;
}

const char *
sink_name(const struct sink *s)
{
	return s->name;
}

bool
sink_is_removed(const struct sink *s)
{
	return s->config == NULL;
}

bool
sink_is_quiet(const struct sink *s)
{
	return s->claim == NULL && s->n_open == 0;
}

bool
sink_is_idle(const struct sink *s)
{
	return sink_is_quiet(s) && (!s->hungry || s->config == NULL);
}

bool
sink_wants_look(struct sink *s)
{
	bool wants = s->wants_look;

	s->wants_look = false;
	return wants;
}

struct alert_sink_status
sink_status(const struct sink *s)
{
	struct alert_sink_status status = s->status;

	status.name = s->name;
	return status;
}

static mono_ns
later(mono_ns a, mono_ns b)
{
	return a > b ? a : b;
}

static mono_ns
sooner(mono_ns a, mono_ns b)
{
	return a < b ? a : b;
}

/* `once` gives each delivery its attempt, whatever the others met. */
static bool
sink_is_failing(const struct sink *s)
{
	return s->failures >= FAILURES_MAX && !s->engine->once;
}

/* --- ends --- */

static uint32_t
jitter_ms(uint32_t pause_s)
{
	uint32_t most_ms = pause_s * 1000 / 4;

	if (most_ms > JITTER_MAX_S * 1000)
		most_ms = JITTER_MAX_S * 1000;
	/* Upwards only: a receiver's Retry-After is the least. */
	return rand_below(most_ms + 1);
}

static mono_ns
mono_in(const struct sink *s, uint32_t pause_s)
{
	return loop_mono(s->engine->loop) + MONO_S(pause_s) +
	       MONO_MS(jitter_ms(pause_s));
}

static void
note_success(struct sink *s, int status)
{
	if (sink_is_failing(s))
		log_info("alert: sink %s works again after %u failures",
		    s->name, s->failures);
	s->failures = 0;
	s->quiet_until = 0;
	s->status.delivered++;
	s->status.last_status = status;
	s->status.last_error[0] = '\0';
}

static void
log_failure(const struct sink *s, int status)
{
	if (status == 410 && s->status.last_status != 410)
		log_error("alert: sink %s: the receiver says that it is gone "
			  "for good (HTTP 410); trying every 5 hours for %d "
			  "days, change or remove the sink",
		    s->name, ALERT_RETRY_DAYS);
	else if (s->engine->once && s->failures == 1)
		log_warn("alert: sink %s: %s; left to be tried again", s->name,
		    s->status.last_error);
	else if (!s->engine->once && s->failures == FAILURES_MAX)
		log_warn("alert: sink %s failed %d times in a row (%s); "
			 "trying one delivery at a time",
		    s->name, FAILURES_MAX, s->status.last_error);
}

/* The pauses of the sink as a whole. */
static void
note_failure(
    struct sink *s, int status, uint32_t retry_after_s, const char *text)
{
	uint32_t pause_s = 0;

	s->failures++;
	s->status.failed_attempts++;
	snprintf(
	    s->status.last_error, sizeof(s->status.last_error), "%s", text);
	log_failure(s, status);
	s->status.last_status = status;
	if (sink_is_failing(s)) {
		pause_s = webhook_backoff_s(s->failures - FAILURES_MAX + 1, 0);
		if (pause_s > PROBE_PAUSE_MAX_S)
			pause_s = PROBE_PAUSE_MAX_S;
	}
	if (status == 410)
		pause_s = GONE_PAUSE_S;
	else if (pause_s < retry_after_s)
		pause_s = retry_after_s;
	if (pause_s > 0 && !s->engine->once)
		s->quiet_until = later(s->quiet_until, mono_in(s, pause_s));
}

/*
 * When a delivery is tried again.  410 is no case here: it holds the sink, and
 * when a reload brings another URL the delivery shall not lie for hours.
 */
static uint32_t
pause_of(const struct sink *s, const struct delivery *d, uint32_t retry_after_s)
{
	uint32_t pause_s = webhook_backoff_s(d->attempt, 0);

	if (sink_is_failing(s) && pause_s > FAILING_PAUSE_MAX_S)
		pause_s = FAILING_PAUSE_MAX_S;
	return pause_s > retry_after_s ? pause_s : retry_after_s;
}

/*
 * Days alone are not enough: after a long stop of the daemon, or a step of
 * the clock, a delivery would die of its first failure.
 */
static bool
is_hopeless(const struct delivery *d, wall_us now)
{
	return d->attempt >= ALERT_TRIES_MIN &&
	       now - d->created >= WALL_S(ALERT_RETRY_DAYS * 24 * 3600);
}

static void
note_tried(struct sink *s, const struct delivery *d)
{
	size_t room = s->tried_room == 0 ? 64 : 2 * s->tried_room;
	struct tried *grown;

	if (!s->engine->once)
		return;
	if (s->n_tried == s->tried_room) {
		grown = realloc(s->tried, room * sizeof(*grown));
		/* The worst is a second attempt. */
		if (grown == NULL)
			return;
		s->tried = grown;
		s->tried_room = room;
	}
	s->tried[s->n_tried].alert = d->alert;
	s->tried[s->n_tried].revision = d->revision;
	s->n_tried++;
}

static bool
was_tried(const struct sink *s, const struct delivery *d)
{
	for (size_t i = 0; i < s->n_tried; i++)
		if (s->tried[i].revision == d->revision &&
		    uuid_equal(&s->tried[i].alert, &d->alert))
			return true;
	return false;
}

static void
end_dead(struct sink *s, const struct delivery *d, int status, const char *text)
{
	char why[256];
	char id[WEBHOOK_ID_SIZE];

	snprintf(why, sizeof(why), "gave up after %u attempts in %d days: %s",
	    d->attempt, ALERT_RETRY_DAYS, text);
	log_error("alert: sink %s: delivery %s about %s is dead, %s", s->name,
	    webhook_id(d, id), d->name, why);
	outbox_end(s->engine->store, d, DELIVERY_DEAD, 0, status, why);
	s->status.dead++;
}

static void
end_failed(
    struct sink *s, const struct delivery *d, const struct http_result *result)
{
	wall_us now = loop_wall(s->engine->loop);
	uint32_t pause_s;
	uint32_t pause_ms;

	note_failure(s, result->status, result->retry_after_s, result->text);
	note_tried(s, d);
	if (is_hopeless(d, now)) {
		end_dead(s, d, result->status, result->text);
		return;
	}
	pause_s = pause_of(s, d, result->retry_after_s);
	pause_ms = pause_s * 1000 + jitter_ms(pause_s);
	outbox_end(s->engine->store, d, DELIVERY_WAITING,
	    now + WALL_MS(pause_ms), result->status, result->text);
	if (!s->engine->once)
		s->due = sooner(
		    s->due, loop_mono(s->engine->loop) + MONO_MS(pause_ms));
}

static void
end_attempt(
    struct sink *s, const struct delivery *d, const struct http_result *result)
{
	if (result->status >= 200 && result->status <= 299) {
		note_success(s, result->status);
		outbox_end(
		    s->engine->store, d, DELIVERY_DONE, 0, result->status, "");
	} else {
		end_failed(s, d, result);
	}
	/* The next of its name may be claimed now. */
	s->hungry = true;
	s->wants_look = true;
	engine_wake(s->engine);
}

/* --- attempts --- */

static void
on_posted(void *ctx, const struct http_result *result)
{
	struct attempt *t = ctx;
	struct sink *s = t->sink;
	struct attempt **link = &s->open;

	CHECK(t->magic == ATTEMPT_MAGIC);
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	s->n_open--;
	end_attempt(s, &t->delivery, result);
	attempt_free(t);
}

/* Texts of the outbox are borrowed; those that outbox_end() needs are kept. */
static struct attempt *
attempt_new(struct sink *s, const struct delivery *d)
{
	struct attempt *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->name = strdup(d->name);
	if (t->name == NULL) {
		free(t);
		return NULL;
	}
	t->magic = ATTEMPT_MAGIC;
	t->sink = s;
	t->delivery = *d;
	t->delivery.name = t->name;
	t->delivery.sink = s->name;
	t->delivery.class_ = "";
	t->delivery.group = NULL;
	t->delivery.members = NULL;
	t->delivery.n_members = 0;
	return t;
}

/* What could not even be posted waits like what was not answered. */
static void
start_attempt(struct sink *s, const struct delivery *d)
{
	struct http_result result = {0};
	struct buf body = {0};
	struct attempt *t = attempt_new(s, d);
	int err = t == NULL ? -ENOMEM : webhook_body(d, &body);

	if (err == 0)
		err = alert_post(s->engine->http,
		    &(struct alert_attempt){s->config, d, &body,
			loop_wall(s->engine->loop) / WALL_S(1)},
		    on_posted, t);
	buf_fini(&body);
	if (err == 0) {
		t->next = s->open;
		s->open = t;
		s->n_open++;
		return;
	}
	attempt_free(t);
	snprintf(
	    result.text, sizeof(result.text), "not sent: %s", err_text(err));
	end_attempt(s, d, &result);
}

/* --- claims --- */

static bool
is_name_open(const struct sink *s, const char *name)
{
	const struct attempt *t;

	for (t = s->open; t != NULL; t = t->next)
		if (strcmp(t->name, name) == 0)
			return true;
	return false;
}

static void
take(struct sink *s, const struct delivery *d)
{
	wall_us next = loop_wall(s->engine->loop) + WALL_S(RETURN_PAUSE_S);
	const char *why = NULL;

	if (s->config == NULL)
		why = "the sink was removed from the configuration";
	else if (was_tried(s, d))
		why = "tried once, as asked";
	else if (is_name_open(s, d->name))
		why = "an earlier delivery of its name is under way";
	if (why == NULL)
		start_attempt(s, d);
	else
		outbox_end(s->engine->store, d, DELIVERY_WAITING, next, 0, why);
}

static void
note_empty(struct sink *s)
{
	s->empty_at = loop_mono(s->engine->loop);
	s->empty_s = s->empty_s == 0 ? 1 : 2 * s->empty_s;
	if (s->empty_s > EMPTY_PAUSE_MAX_S)
		s->empty_s = EMPTY_PAUSE_MAX_S;
}

/* Told by the store itself, in its own words; no second line here. */
static void
note_store_error(struct sink *s)
{
	s->store_s = s->store_s == 0 ? 1 : 2 * s->store_s;
	if (s->store_s > STORE_PAUSE_MAX_S)
		s->store_s = STORE_PAUSE_MAX_S;
	s->store_until = loop_mono(s->engine->loop) + MONO_S(s->store_s);
	s->hungry = true;
}

static void
on_claimed(void *ctx, int err, const struct delivery *deliveries, size_t n)
{
	struct claim *claim = ctx;
	struct sink *s = claim->sink;
	size_t asked = claim->asked;

	CHECK(claim->magic == CLAIM_MAGIC);
	claim->magic = 0;
	free(claim);
	if (s == NULL)
		return;
	s->claim = NULL;
	engine_wake(s->engine);
	if (err != 0) {
		note_store_error(s);
		return;
	}
	s->store_s = 0;
	if (n == 0)
		note_empty(s);
	else
		s->empty_s = 0;
	if (n == asked)
		s->hungry = true;
	else
		s->wants_look = true;
	for (size_t i = 0; i < n; i++)
		take(s, &deliveries[i]);
}

static size_t
room(const struct sink *s)
{
	size_t most = sink_is_failing(s) ? 1 : ALERT_SINK_OPEN_MAX;

	return s->n_open < most ? most - s->n_open : 0;
}

static void
claim_some(struct sink *s)
{
	struct claim *claim = calloc(1, sizeof(*claim));

	if (claim == NULL) {
		note_store_error(s);
		return;
	}
	claim->magic = CLAIM_MAGIC;
	claim->sink = s;
	claim->asked = room(s);
	s->claim = claim;
	/* Before the call: a poke from now on is for the next claim. */
	s->hungry = false;
	outbox_claim(s->engine->store, s->name, loop_wall(s->engine->loop),
	    claim->asked, on_claimed, claim);
}

void
sink_look(struct sink *s, const struct outbox_waiting *row)
{
	mono_ns now = loop_mono(s->engine->loop);
	wall_us wait;
	mono_ns due;

	s->status.waiting = row != NULL ? row->waiting : 0;
	s->status.held = row != NULL ? row->held : 0;
	s->status.oldest_waiting = row != NULL ? row->oldest : 0;
	if (row == NULL)
		return;
	s->status.dead = row->dead;
	if (row->due == 0 || s->engine->once)
		return;
	wait = row->due - loop_wall(s->engine->loop);
	due = now + (wait > 0 ? wait * 1000 : 0);
	/* Due, and yet not handed out: behind another of its name. */
	if (s->empty_s != 0)
		due = later(due, s->empty_at + MONO_S(s->empty_s));
	s->due = sooner(s->due, due);
}

mono_ns
sink_step(struct sink *s)
{
	mono_ns now = loop_mono(s->engine->loop);
	mono_ns quiet = later(s->quiet_until, s->store_until);

	CHECK(s->magic == SINK_MAGIC);
	if (s->due <= now) {
		s->due = SINK_NEVER;
		s->hungry = true;
	}
	if (s->config == NULL || s->claim != NULL || room(s) == 0)
		return SINK_NEVER;
	if (!s->hungry)
		return s->due;
	if (quiet > now)
		return quiet;
	claim_some(s);
	return s->due;
}
