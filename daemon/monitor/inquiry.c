/* SPDX-License-Identifier: ISC */

/*
 * A question that answers differently than believed.
 *
 *   differs      state known       judged            durable
 *   ----> FETCHING ----> OPEN ----------> (HELD) ----> CLOSING ----> gone
 *            ^             | asks other groups, TCP       |
 *            |             +-- every reply adds ------+   +--> DOUBTED (R15)
 *            +---------- what came meanwhile differs again
 *
 * Replies are kept as testimonies, equal ones of one server in a row as one
 * with a count, so that no different answer is lost while the database is
 * away and the memory is bounded by what differs.  What waited is judged
 * afterwards with the times at which it was observed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "bogus.h"
#include "config/config.h"
#include "dns/record.h"
#include "entry.h"
#include "held.h"
#include "idle.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "pools.h"
#include "quorum_priv.h"
#include "remnant.h"
#include "sleeping.h"
#include "source.h"
#include "stale.h"

enum {
	UNREADABLE_EVERY_S = 3600,
	INQUIRY_TICK_MS = 20,
	SPARE_ROOM_MAX = 16, /* testimonies */
	SPARE_BYTES_MAX = 16384,
	INQUIRY_SPARE_MAX = 256
};

/* ---- memory ---- */

/* Kept with its memory for the next one, unless that is a lot. */
static bool
put_aside(struct inquiry *q)
{
	struct monitor *m = q->monitor;

	if (m->n_spare == INQUIRY_SPARE_MAX || q->room > SPARE_ROOM_MAX ||
	    q->arena.used > SPARE_BYTES_MAX)
		return false;
	arena_reset(&q->arena);
	q->next_spare = m->spare;
	m->spare = q;
	m->n_spare++;
	return true;
}

void
inquiry_free(struct inquiry *q)
{
	if (q == NULL)
		return;
	testimony_uncount_bytes(q);
	told_release(q->group);
	if (put_aside(q))
		return;
	arena_fini(&q->arena);
	free(q->list);
	free(q);
}

void
inquiry_free_spare(struct monitor *m)
{
	while (m->spare != NULL) {
		struct inquiry *q = m->spare;

		m->spare = q->next_spare;
		arena_fini(&q->arena);
		free(q->list);
		free(q);
	}
	m->n_spare = 0;
}

static struct inquiry *
take_spare(struct monitor *m)
{
	struct inquiry *q = m->spare;

	if (q == NULL)
		return calloc(1, sizeof(*q));
	m->spare = q->next_spare;
	m->n_spare--;
	*q = (struct inquiry){
	    .arena = q->arena, .list = q->list, .room = q->room};
	return q;
}

static struct inquiry *
inquiry_new(struct monitor *m, uint32_t id)
{
	struct inquiry *q = take_spare(m);

	if (q == NULL)
		return NULL;
	idle_stir(m, id);
	q->monitor = m;
	if (idmap_put(&m->inquiries, id, q) != 0) {
		inquiry_free(q);
		return NULL;
	}
	q->question = id;
	q->key = table_key(m->table, id);
	q->state = INQUIRY_FETCHING;
	q->quiet = inquiry_is_quiet(m, id);
	m->n_quiet += q->quiet;
	table_question(m->table, id)->flags |= Q_INQUIRY;
	return q;
}

/* Forgets it; a fetch that is still open frees it when it calls back. */
static void
drop(struct inquiry *q)
{
	struct monitor *m = q->monitor;

	idmap_take(&m->inquiries, q->question);
	m->n_quiet -= q->quiet;
	table_question(m->table, q->question)->flags &= (uint8_t)~Q_INQUIRY;
	inquiry_free(q);
}

/* ---- judging ---- */

static int
judge(struct inquiry *q, wall_us now, struct arena *a, struct judgement *out)
{
	struct monitor *m = q->monitor;
	size_t n = q->end - q->begin;
	struct witness *w = arena_get(&m->scratch, (n + 1) * sizeof(*w));
	struct candidate c = {
	    .believed = &q->believed,
	    .believed_since =
		monitor_steady(m) - (loop_wall(m->loop) - q->believed_since),
	    .type = table_question(m->table, q->question)->type,
	    .required = q->required,
	    .next_poll = q->quiet,
	    .quorum = poll_view_of(m, q->question)->quorum,
	    .deadline = q->deadline,
	    .witnesses = w,
	    .n_witnesses = n,
	};

	if (w == NULL)
		return -ENOMEM;
	if (q->state == INQUIRY_DOUBTED)
		c.told = &q->list[q->begin + q->judgement.to_witness].content;
	for (size_t i = 0; i < n; i++) {
		w[i] = q->list[q->begin + i].witness;
		w[i].content = &q->list[q->begin + i].content;
	}
	return candidate_judge(&c, now, a, out);
}

/* Judged for good: the lists are kept with the inquiry. */
bool
inquiry_conclude(struct inquiry *q, wall_us now)
{
	struct judgement j;

	if (judge(q, now, &q->arena, &j) != 0)
		return false;
	j.to = NULL; /* the list may move: to_witness says which */
	if (q->rotating)
		j.why = "a rotating set that shows what it showed before";
	q->judgement = j;
	decide_weigh(q);
	return true;
}

static void
step_doubted(struct inquiry *q, wall_us now)
{
	struct judgement j;

	if (judge(q, now, &q->monitor->scratch, &j) == 0 &&
	    j.label == LABEL_CONFIRMED && inquiry_conclude(q, now)) {
		idmap_take(&q->monitor->doubts, q->question);
		table_question(q->monitor->table, q->question)->flags &=
		    (uint8_t)~Q_DOUBTED;
		q->revision++;
		decide_commit(q->monitor, &q, 1, NULL);
	}
}

void
inquiry_step(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	wall_us now = monitor_steady(m);
	struct judgement j;

	arena_reset(&m->scratch);
	q->look = false;
	if (q->state == INQUIRY_DOUBTED) {
		step_doubted(q, now);
		return;
	}
	if (q->state != INQUIRY_OPEN || judge(q, now, &m->scratch, &j) != 0)
		return;
	if (household_denied(q, &j, now))
		return;
	if (j.label == LABEL_NONE || inquiry_is_unheard(q, now)) {
		inquiry_ask_more(q, now);
		return;
	}
	if (!inquiry_conclude(q, now))
		return;
	if (q->judgement.filtered)
		q->household = NULL; /* nothing is known of the name by it */
	if (q->household != NULL) {
		q->state = INQUIRY_HELD;
		household_step(m, q->household);
	} else {
		decide_commit(m, &q, 1, NULL);
	}
}

/* ---- from the first difference to the candidate ---- */

static void fetch(struct inquiry *q);

/* Watched anew, and the database never had a state: this is the baseline. */
static void
become_baseline(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct question *row = table_question(m->table, q->question);
	const struct testimony *t = &q->list[q->begin];

	row->fingerprint = t->fingerprint;
	question_set_ttl(row, t->ttl);
	row->seen = (uint32_t)(t->last_at / WALL_S(1));
	baseline_commit(m, q->question, &t->content, t->ttl, t->at);
	sleeping_heard(m, q->question);
	idle_known(m, q->question, t->at);
	q->end = q->begin + 1;
	inquiry_closed(q);
}

/*
 * R2: an unreadable answer's digest may change with every answer; it is a
 * change at most once an hour.
 */
static bool
is_noise(const struct inquiry *q, const struct testimony *t)
{
	return t->content.outcome == OUTCOME_UNREADABLE &&
	       q->believed.outcome == OUTCOME_UNREADABLE &&
	       t->content.reason == q->believed.reason &&
	       t->at - q->believed_since < WALL_S(UNREADABLE_EVERY_S);
}

/* Nothing differs after all: remember how the believed answer looks. */
static void
no_difference(struct inquiry *q)
{
	struct question *row = table_question(q->monitor->table, q->question);

	for (size_t i = q->n; i > 0; i--) {
		const struct testimony *t = &q->list[i - 1];

		if (t->witness.fail != FAIL_NOT || t->witness.stale ||
		    t->witness.filtered ||
		    !content_equal(&t->content, &q->believed))
			continue;
		row->fingerprint = t->fingerprint;
		row->seen = (uint32_t)(t->last_at / WALL_S(1));
		if (t->ttl > question_ttl(row))
			question_set_ttl(row, t->ttl);
		break;
	}
	sleeping_heard(q->monitor, q->question);
	idle_known(q->monitor, q->question, q->believed_since);
	drop(q);
}

/* R22 and R24, with what the history said of the elements of the first sight.
 */
static bool
is_rotating(struct inquiry *q, const struct judgement *j)
{
	bool seen[CONTENT_RECORDS_MAX + CONTENT_CHAIN_MAX];
	size_t n = q->n_facts;

	if (pools_provided(q, &q->list[q->begin].content))
		return true;
	if (n > CONTENT_RECORDS_MAX + CONTENT_CHAIN_MAX || pools_outside(q))
		return false;
	for (size_t i = 0; i < n; i++)
		seen[i] = q->facts[i].first_here != 0 &&
		          q->facts[i].first_here < q->seen_at;
	return candidate_is_rotating(
	    pools_sets(q->monitor, q->question, q->n_sets_day), &j->diff, seen,
	    n);
}

/*
 * Waited for the database longer than T: what was observed within T is
 * judged as it stood then, the rest belongs to what comes after.
 */
static void
judge_history(struct inquiry *q)
{
	wall_us until = q->list[q->begin].witness.at + WALL_S(q->wait_s);

	q->end = q->begin + 1;
	while (q->end < q->n && q->list[q->end].witness.at <= until)
		q->end++;
	if (q->end < q->n)
		q->deadline = until;
}

void
inquiry_open(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct judgement j;

	q->seen_at = q->list[q->begin].at;
	q->required = inquiry_required(q);
	q->end = q->n;
	q->deadline = 0;
	q->asked_groups = 0;
	q->n_repeats = 0;
	q->n_looks = 0;
	q->kept_aspects = 0;
	q->source_asked = source_asks(m, q->question); /* all of them were */
	q->cd_asked = false;
	q->cd_again = 0;
	q->rotating = false;
	q->doubted = false;
	q->inconsistent = false;
	arena_reset(&m->scratch);
	if (judge(q, q->seen_at, &q->arena, &j) != 0 || j.to == NULL)
		return;
	j.to = NULL;
	q->judgement = j;
	decide_weigh(q);
	q->wait_s = q->severity >= SEVERITY_HIGH ? CANDIDATE_WAIT_HIGH_S
	                                         : CANDIDATE_WAIT_S;
	q->next_repeat =
	    q->required == PROVED_PATH || source_asks(m, q->question)
		? 0
		: monitor_steady(m) + WALL_MS(2200);
	if (q->quiet) {
		q->n_repeats = INQUIRY_REPEATS_MAX;
		q->wait_s = inquiry_quiet_wait_s(m, q->question);
		/* While the database was away; or none will come. */
		if (q->polls > 1 || m->setup.once)
			q->deadline = monitor_steady(m);
	}
	q->rotating = is_rotating(q, &j);
	if (!q->restored) {
		struct inquiry *doubt = idmap_get(&m->doubts, q->question);

		if (doubt != NULL)
			inquiry_settle(doubt); /* R15: this change follows it */
		q->change = uuid_v7(q->seen_at);
		q->revision = 1;
		decide_sight(q);
	}
	q->state = INQUIRY_OPEN;
	q->opened_at = monitor_steady(m);
	if (q->rotating) {
		/* Only what was looked up: the rest is judged after it. */
		q->end = q->begin + 1;
		q->deadline = q->list[q->begin].witness.at;
	} else if (!q->restored) {
		judge_history(q);
	}
	testimony_record_waited(q);
	remnant_look(q);
	testimony_count_bytes(q);
	filter_opened(q);
	household_join(m, q);
	inquiry_step(q);
}

static int
keep_believed(struct inquiry *q, const struct store_believed *b)
{
	const struct question *row =
	    table_question(q->monitor->table, q->question);
	struct content c;
	uint8_t *packed = arena_copy(&q->arena, b->content, b->content_size);

	if (packed == NULL ||
	    content_unpack(packed, b->content_size, &q->arena, &c) != 0)
		return ERR_SYNTAX;
	q->believed = c;
	q->believed_ttl = b->ttl;
	q->believed_ttl_most =
	    question_ttl(row) > b->ttl ? question_ttl(row) : b->ttl;
	q->believed_since = b->since;
	q->believed_seen = b->last_seen;
	q->n_sets_day = b->n_sets_day;
	q->facts = arena_copy(
	    &q->arena, b->elements, b->n_elements * sizeof(*q->facts));
	q->n_facts = q->facts == NULL ? 0 : b->n_elements;
	return 0;
}

static void
on_believed(void *ctx, int err, const struct store_believed *b)
{
	struct inquiry *q = ctx;
	struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);
	size_t begin = q->begin;
	uint64_t first = begin < q->n ? q->list[begin].fingerprint : 0;

	q->fetch_open = false;
	if (err == 0 && !b->known && row->fingerprint == FINGERPRINT_ASK) {
		become_baseline(q);
		return;
	}
	if (err != 0 || !b->known || keep_believed(q, b) != 0) {
		/* Away, or its baseline is still on the way there. */
		if (err != 0 && !q->away && q->n > 0 && !q->restored)
			inquiry_ask_away(q);
		q->away = err != 0;
		q->retry_fetch = monitor_steady(m) + WALL_MS(FETCH_RETRY_MS);
		return;
	}
	q->away = false;
	if ((wall_us)row->seen * WALL_S(1) > q->believed_seen)
		q->believed_seen = (wall_us)row->seen * WALL_S(1);
	if (held_find(q, b) || held_put(q, b)) {
		fetch(q); /* what is known of what was seen first */
		return;
	}
	if (q->begin < q->n && testimony_begins(q, &q->list[q->begin]) &&
	    stale_pass(q, b))
		return;
	moment_weigh(q);
	while (q->begin < q->n && (!testimony_begins(q, &q->list[q->begin]) ||
				      is_noise(q, &q->list[q->begin])))
		q->begin++;
	if (q->begin == q->n) {
		no_difference(q);
	} else if (q->begin != begin || q->list[begin].fingerprint != first) {
		fetch(q); /* what is known of these other elements */
	} else if (!keys_fetch(q)) {
		inquiry_open(q);
	}
}

static void
fetch(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	struct store_fetch f = {
	    .key = q->key,
	    .seen = &nothing,
	    .at = q->seen_at,
	    .held = held_wanted(q),
	};

	while (
	    q->begin + 1 < q->n && q->list[q->begin].witness.fail != FAIL_NOT)
		q->begin++;
	if (q->begin < q->n) {
		f.seen = &q->list[q->begin].content;
		f.at = q->list[q->begin].at;
	}
	q->fetch_open = true;
	q->retry_fetch = 0;
	store_fetch(m->store, &f, on_believed, q);
}

/* ---- the first good reply ---- */

static void
put_baseline(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	struct question *row = table_question(m->table, id);
	wall_us at = loop_wall(m->loop);
	struct reply reply;

	arena_reset(&m->scratch);
	if (source_reply(m, id, a, &m->scratch, &reply) != 0 ||
	    reply.content.outcome == OUTCOME_FAIL)
		return;
	row->fingerprint = sum->fingerprint;
	question_set_ttl(row, sum->ttl);
	row->seen = (uint32_t)(at / WALL_S(1));
	row->flags |= Q_KNOWN;
	entry_first(m, id, sum->aa);
	fresh_put(m, id, &reply.content, sum->ttl, at);
	sleeping_heard(m, id);
	idle_known(m, id, at);
}

/* ---- replies ---- */

static bool
is_confirm(const struct answer *a)
{
	return (uint8_t)(a->cookie >> 32) == PURPOSE_CONFIRM;
}

/* A reply for a change that was told as unconfirmed, or what follows it. */
static void
reply_doubted(
    struct inquiry *q, const struct answer *a, const struct reply_sum *sum)
{
	if (q->state != INQUIRY_DOUBTED || testimony_reply(q, a, sum) == NULL)
		return;
	q->end = q->n;
	inquiry_step(q);
	if (q->state == INQUIRY_DOUBTED)
		doubt_bound(q);
}

/* A reply, of a poll or not, was taken down, or was none to be read. */
static void
took(struct inquiry *q, struct testimony *t, bool polled)
{
	const struct monitor *m = q->monitor;

	if (t == NULL && q->n == 0 && !q->restored) {
		drop(q);
		return;
	}
	if (q->state == INQUIRY_FETCHING && !q->fetch_open &&
	    q->retry_fetch == 0 && t != NULL) {
		fetch(q);
	} else if (q->state == INQUIRY_FETCHING && q->away && t != NULL &&
		   t->witness.count == 1 && polled) {
		inquiry_ask_away(q);
	} else if (q->state == INQUIRY_OPEN && t != NULL) {
		testimony_record(q, t);
		filter_hear(q, t);
		remnant_look(q);
		q->end = q->n;
		if (!m->gathering)
			inquiry_step(q);
	} else if (q->state == INQUIRY_HELD && t != NULL) {
		testimony_record(q, t); /* judged with what comes after */
	}
}

void
inquiry_reply(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);
	struct inquiry *doubt = idmap_get(&m->doubts, id);

	if (q == NULL && is_confirm(a)) {
		if (doubt != NULL)
			reply_doubted(doubt, a, sum);
		return; /* else too late: the next poll says it again */
	}
	/* A doubt goes on until another change is opened. */
	if (q == NULL && (table_question(m->table, id)->flags & Q_KNOWN) == 0) {
		put_baseline(m, id, a, sum);
		return;
	}
	if (q == NULL && gate_keep(m, id, a, sum))
		return;
	if (q == NULL && (q = inquiry_new(m, id)) == NULL)
		return;
	took(q, testimony_reply(q, a, sum), !is_confirm(a));
}

void
inquiry_gathered(struct monitor *m, uint32_t id)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	m->gathering = false;
	if (q == NULL)
		return;
	q->unheard = false;
	testimony_find_server(q);
	if (q->state == INQUIRY_OPEN)
		inquiry_step(q);
}

void
inquiry_recall(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum, const struct recall *r)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL && (q = inquiry_new(m, id)) == NULL)
		return;
	took(q, testimony_recall(q, a, sum, r), false);
}

void
inquiry_fail(
    struct monitor *m, uint32_t id, const struct answer *a, enum fail fail)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL)
		q = idmap_get(&m->doubts, id);
	if (q == NULL || q->n == 0)
		return;
	inquiry_ask_cd(q, a, fail);
	if (testimony_fail(q, a, fail) == NULL)
		return;
	if (q->state == INQUIRY_OPEN || q->state == INQUIRY_DOUBTED) {
		q->end = q->n;
		if (!m->gathering)
			inquiry_step(q);
	}
}

void
inquiry_polled(struct monitor *m, uint32_t id)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL || !q->quiet)
		return;
	if (q->polls < UINT8_MAX)
		q->polls++;
	if (q->polls < 2 || q->state != INQUIRY_OPEN)
		return;
	q->deadline = monitor_steady(m);
	inquiry_step(q);
}

bool
inquiry_shown(struct monitor *m, uint32_t id, const struct answer *a,
    enum fail fail, const struct reply_sum *sum)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL || !q->cd_asked)
		return false;
	if (q->state != INQUIRY_OPEN || fail != FAIL_NOT ||
	    testimony_shown(q, a, sum) == NULL)
		return true;
	q->end = q->n;
	/* Without a word of DNSSEC the SERVFAIL may have been a mishap. */
	if (!inquiry_is_bogus(q))
		q->cd_again = monitor_steady(m) + WALL_S(BOGUS_AGAIN_S);
	return true;
}

/* ---- after the decision ---- */

/* Does anything that came after the decision differ from it? */
static bool
differs_after(const struct inquiry *q, uint64_t fingerprint)
{
	for (size_t i = q->end; i < q->n; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.fail == FAIL_NOT && !t->witness.stale &&
		    !t->witness.filtered && !t->apart &&
		    t->fingerprint != fingerprint)
			return true;
	}
	return false;
}

void
inquiry_closed(struct inquiry *q)
{
	struct monitor *m = q->monitor;
	struct question *row = table_question(m->table, q->question);

	q->household = NULL;
	if (idmap_get(&m->inquiries, q->question) != q) {
		inquiry_free(q); /* a doubt that was confirmed */
		return;
	}
	if (differs_after(q, row->fingerprint)) {
		q->begin = q->end;
		q->restored = false;
		q->polls = 1;
		told_release(q->group);
		q->group = NULL;
		q->told = false;
		q->state = INQUIRY_FETCHING;
		if (q->doubted)
			doubt_settle_row(q);
		fetch(q);
	} else if (!q->doubted || q->quiet || !doubt_begin(q)) {
		if (q->doubted)
			doubt_settle_row(q);
		drop(q);
	}
}

void
inquiry_restore(struct monitor *m, uint32_t id, const struct uuid *change,
    wall_us seen_at, uint32_t revision)
{
	struct inquiry *q = inquiry_new(m, id);

	if (q == NULL)
		return;
	q->restored = true;
	q->unheard = source_asks(m, id);
	q->change = *change;
	q->seen_at = seen_at;
	q->revision = revision + 1;
	q->polls = 1;
	/* It is asked again when its state is known; T runs anew (R10). */
	fetch(q);
}

/* How long it may wait for the question that is to confirm it. */
static wall_us
held_max(const struct inquiry *q)
{
	return q->quiet ? WALL_S(q->wait_s) : WALL_S(CANDIDATE_HELD_MAX_S);
}

static void
tick_one(struct inquiry *q, wall_us now)
{
	switch (q->state) {
	case INQUIRY_FETCHING:
		if (q->away && q->next_repeat != 0 && now >= q->next_repeat) {
			q->next_repeat = 0;
			inquiry_ask(q, q->away_server, ASK_TCP);
		}
		if (!q->fetch_open && q->retry_fetch != 0 &&
		    now >= q->retry_fetch)
			fetch(q);
		break;
	case INQUIRY_OPEN:
		if (q->deadline == 0 && now >= q->opened_at + held_max(q))
			q->deadline = now;
		if (q->cd_again != 0 && now >= q->cd_again) {
			q->cd_again = 0;
			inquiry_ask(q, q->cd_server, 0);
		}
		if (q->look && !monitor_has_time(q->monitor))
			break;
		if (q->look || (q->deadline != 0 && now >= q->deadline) ||
		    (q->unheard && now >= q->next_survey) ||
		    (q->n_repeats < INQUIRY_REPEATS_MAX &&
			now >= q->next_repeat))
			inquiry_step(q);
		break;
	case INQUIRY_HELD:
	case INQUIRY_CLOSING:
	case INQUIRY_DOUBTED:
		break;
	}
}

void
inquiry_tick(struct monitor *m)
{
	wall_us now = monitor_steady(m);
	struct inquiry *q;
	uint32_t at = 0;

	/* Under load a tick is as short as a millisecond. */
	if (now < m->inquiries_due)
		return;
	m->inquiries_due = now + WALL_MS(INQUIRY_TICK_MS);
	while ((q = idmap_next(&m->inquiries, &at)) != NULL)
		tick_one(q, now);
}

void
inquiry_second(struct monitor *m)
{
	wall_us now = monitor_steady(m);
	struct inquiry *q;
	uint32_t at = 0;

	while ((q = idmap_next(&m->doubts, &at)) != NULL) {
		if (now - q->opened_at > WALL_S(CANDIDATE_DOUBT_MAX_S))
			inquiry_settle(q);
	}
}
