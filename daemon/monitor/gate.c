/* SPDX-License-Identifier: ISC */

/*
 * Only so many inquiries are open at once.  What differs beyond that waits
 * here, owned names first and in order of first sight, as the bare messages: a
 * storm (a provider that renumbers, a resolver that lies about everything)
 * costs some hundred bytes a question and not an inquiry's ten thousand, the
 * database is given no more than it takes, and planned polls go on meanwhile.
 *
 *   differs --> room? --yes----------------------> inquiry
 *                 | no                               ^
 *                 +--> kept, in order -- gate_turn() -+
 *
 * Nothing that differs is lost, and what comes for a question that waits is
 * kept behind it, equal replies of one server in a row as one with a count.
 * All are handed on with the times at which they were observed.  Types of a
 * name that is already being inquired into as a whole (R5) do not wait: its
 * decision would wait for them.  Failed polls are not kept; they are outages.
 */

#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "monitor_priv.h"
#include "quorum_priv.h"
#include "source.h"

enum {
	GATE_STEP = 128, /* handed on in one turn: they end in one, too */
	GATE_PERIOD_MS = 10,
	GATE_RESERVE = 128 /* beyond GATE_OPEN_MAX, for owned names */
};

/* One reply, or a run of equal ones. */
struct kept {
	struct kept *next;
	struct recall recall;
	uint64_t fingerprint;
	uint8_t transport;
	uint16_t size;
	uint8_t wire[];
};

struct gated {
	struct gated *before, *behind;
	uint32_t question;
	bool owned; /* its list, as it was when it lined up */
	struct kept *first, *last;
};

static size_t
bytes_of(const struct kept *k)
{
	return sizeof(*k) + k->size;
}

/* ---- in ---- */

static bool
has_household(const struct monitor *m, uint32_t id)
{
	uint32_t name = table_question(m->table, id)->name;

	return m->households.live > 0 &&
	       idmap_get(&m->households, name) != NULL;
}

static struct gated *
line_up(struct monitor *m, uint32_t id)
{
	struct gate *g = &m->gate;
	struct gated *q = calloc(1, sizeof(*q));
	struct gate_list *l;

	if (q == NULL || idmap_put(&g->questions, id, q) != 0) {
		free(q);
		return NULL;
	}
	q->question = id;
	q->owned = monitor_is_owned(m, id);
	l = &g->lists[q->owned];
	q->before = l->last;
	if (l->last != NULL)
		l->last->behind = q;
	else
		l->first = q;
	l->last = q;
	g->n++;
	m->observed_bytes += sizeof(*q);
	table_question(m->table, id)->flags |= Q_INQUIRY;
	return q;
}

static void
leave(struct monitor *m, struct gated *q)
{
	struct gate *g = &m->gate;
	struct gate_list *l = &g->lists[q->owned];

	if (q->before != NULL)
		q->before->behind = q->behind;
	else
		l->first = q->behind;
	if (q->behind != NULL)
		q->behind->before = q->before;
	else
		l->last = q->before;
	g->n--;
	idmap_take(&g->questions, q->question);
	m->observed_bytes -= sizeof(*q);
	table_question(m->table, q->question)->flags &= (uint8_t)~Q_INQUIRY;
}

static bool
prolongs(const struct kept *k, const struct answer *a,
    const struct reply_sum *sum, const struct addr *from, bool apart)
{
	return k != NULL && k->fingerprint == sum->fingerprint &&
	       k->transport == (uint8_t)a->transport &&
	       k->recall.apart == apart && addr_equal(&k->recall.addr, from);
}

static bool
keep(struct monitor *m, struct gated *q, const struct answer *a,
    const struct reply_sum *sum)
{
	struct kept *k;
	struct server_known s;
	struct recall now = {
	    .at = loop_wall(m->loop),
	    .steady = monitor_steady(m),
	    .count = 1,
	    .ttl = sum->ttl,
	    .apart = m->apart,
	};

	if (!server_known(m, a->server, &s))
		return false;
	now.addr = *s.addr;
	now.group_text = s.group_text;

	now.last_at = now.at;
	now.last_steady = now.steady;
	if (prolongs(q->last, a, sum, s.addr, m->apart)) {
		q->last->recall.count++;
		q->last->recall.last_at = now.at;
		q->last->recall.last_steady = now.steady;
		q->last->recall.ttl = sum->ttl;
		return true;
	}
	k = malloc(sizeof(*k) + a->size);
	if (k == NULL)
		return false;
	*k = (struct kept){.recall = now,
	    .fingerprint = sum->fingerprint,
	    .transport = (uint8_t)a->transport,
	    .size = (uint16_t)a->size};
	memcpy(k->wire, a->wire, a->size);
	if (q->last != NULL)
		q->last->next = k;
	else
		q->first = k;
	q->last = k;
	m->observed_bytes += bytes_of(k);
	return true;
}

static bool
has_room(const struct monitor *m, bool owned)
{
	uint32_t quiet =
	    m->n_quiet < GATE_QUIET_MAX ? m->n_quiet : GATE_QUIET_MAX;

	/* Those wait for an interval, and nothing is sent for them. */
	return m->inquiries.live - quiet <
	       GATE_OPEN_MAX + (owned ? GATE_RESERVE : 0);
}

/* It need not wait, for room or for who waits before it. */
static bool
may_pass(const struct monitor *m, uint32_t id)
{
	bool owned = monitor_is_owned(m, id);

	return has_room(m, owned) &&
	       (owned ? m->gate.lists[1].first == NULL : m->gate.n == 0);
}

bool
gate_keep(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum)
{
	struct gated *q = idmap_get(&m->gate.questions, id);

	if (q == NULL) {
		if (m->gate.opening || has_household(m, id) || may_pass(m, id))
			return false;
		q = line_up(m, id);
		if (q == NULL)
			return false;
		if (!loop_timer_is_set(m->gate.timer))
			loop_timer_in(m->gate.timer, MONO_MS(GATE_PERIOD_MS));
	}
	if (keep(m, q, a, sum))
		return true;
	/* No memory, and nothing of it is known: the next reply opens it. */
	if (q->first == NULL) {
		leave(m, q);
		free(q);
	}
	return true;
}

bool
gate_has(const struct monitor *m, uint32_t id)
{
	return m->gate.n > 0 && idmap_get(&m->gate.questions, id) != NULL;
}

/* ---- out ---- */

/* The walk found nothing wrong with it before. */
static void
hand_on(struct monitor *m, uint32_t id, const struct kept *k)
{
	struct message message;
	struct reply_sum sum;
	struct answer a = {
	    .server = server_at(m, &k->recall.addr),
	    .transport = (enum transport)k->transport,
	    .fail = FAIL_NOT,
	    .ede = -1,
	    .wire = k->wire,
	    .size = k->size,
	    .message = &message,
	};

	/* As it is numbered now; the configuration may have changed. */
	if (message_walk(k->wire, k->size, &message) != MESSAGE_OK ||
	    (a.server < m->n_servers && quorum_is_out(m, a.server)))
		return;
	if (source_sum(m, id, &a, &sum) != FAIL_NOT)
		return;
	inquiry_recall(m, id, &a, &sum, &k->recall);
}

static void
forget(struct monitor *m, struct gated *q)
{
	while (q->first != NULL) {
		struct kept *k = q->first;

		q->first = k->next;
		m->observed_bytes -= bytes_of(k);
		free(k);
	}
	free(q);
}

static void
open_one(struct monitor *m, struct gated *q)
{
	leave(m, q);
	m->gate.opening = true;
	for (const struct kept *k = q->first; k != NULL; k = k->next)
		hand_on(m, q->question, k);
	m->gate.opening = false;
	forget(m, q);
}

void
gate_open(struct monitor *m, uint32_t id)
{
	struct gated *q = idmap_get(&m->gate.questions, id);

	if (q != NULL)
		open_one(m, q);
}

/* Whose turn it is; NULL: nobody's. */
static struct gated *
next(const struct monitor *m)
{
	for (int owned = 1; owned >= 0; owned--) {
		if (m->gate.lists[owned].first != NULL && has_room(m, owned))
			return m->gate.lists[owned].first;
	}
	return NULL;
}

static void
on_timer(void *ctx)
{
	struct monitor *m = ctx;
	struct gated *q;
	int n = 0;

	while (n++ < GATE_STEP && (q = next(m)) != NULL)
		open_one(m, q);
	if (m->gate.n > 0)
		loop_timer_in(m->gate.timer, MONO_MS(GATE_PERIOD_MS));
}

wall_us
gate_oldest(const struct monitor *m)
{
	wall_us oldest = INT64_MAX;

	for (int i = 0; i < 2; i++) {
		const struct gated *q = m->gate.lists[i].first;

		if (q != NULL && q->first->recall.at < oldest)
			oldest = q->first->recall.at;
	}
	return oldest;
}

/* ---- life ---- */

int
gate_start(struct monitor *m)
{
	m->gate.timer = loop_timer_new(m->loop, on_timer, m);
	return m->gate.timer == NULL ? -1 : 0;
}

void
gate_free(struct monitor *m)
{
	struct gated *q;
	uint32_t at = 0;

	while ((q = idmap_next(&m->gate.questions, &at)) != NULL)
		forget(m, q);
	idmap_fini(&m->gate.questions);
	loop_timer_free(m->gate.timer);
}
