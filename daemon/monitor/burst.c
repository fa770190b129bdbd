/* SPDX-License-Identifier: ISC */

/*
 * What changed changes again: a repair, a mistake taken back, an attack that
 * goes on.  A question whose change was told is asked three times more, each
 * time when the cache's entry that answered has run out, 5 s apart at least.
 * Where an entry outlives the interval they are 5 s apart: a resolver may be
 * several caches.  These polls are beside the plan, which goes on, and the
 * ledger does not count them.
 *
 * Then the question rests for an hour, so that what changes all the time is
 * not asked all the time.
 */

#include <stdlib.h>

#include "loop/loop.h"
#include "monitor_priv.h"
#include "schedule/chase.h"

enum {
	BURST_POLLS = 3,
	BURST_REST_S = 3600,
	BURSTS_MAX = 1000, /* with polls to come; more is a storm */
	BURSTS_ALL_MAX = 100000
};

struct burst {
	uint32_t question;
	uint8_t left; /* polls to come; 0: it rests */
	mono_ns due;
};

static uint32_t
every_of(const struct monitor *m, uint32_t id)
{
	return policy_get(m->table, table_question(m->table, id)->policy)
	    ->every_s;
}

static mono_ns
next_poll(const struct monitor *m, uint32_t id, uint32_t ttl_left)
{
	uint32_t gap_s = CHASE_FLOOR_S;

	if (ttl_left >= CHASE_FLOOR_S && ttl_left < every_of(m, id))
		gap_s = ttl_left + 1;
	return loop_mono(m->loop) + MONO_S(gap_s);
}

void
burst_begin(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	struct burst *b;

	/* Where it is polled as often anyway there is nothing to gain. */
	if (m->setup.once || (q->flags & Q_WATCHED) == 0 ||
	    inquiry_is_quiet(m, id) ||
	    every_of(m, id) <= BURST_POLLS * CHASE_FLOOR_S ||
	    m->bursting >= BURSTS_MAX || m->bursts.live >= BURSTS_ALL_MAX ||
	    idmap_get(&m->bursts, id) != NULL)
		return;
	b = calloc(1, sizeof(*b));
	if (b == NULL || idmap_put(&m->bursts, id, b) != 0) {
		free(b);
		return;
	}
	b->question = id;
	b->left = BURST_POLLS;
	m->bursting++;
	b->due = next_poll(m, id, question_ttl(q));
}

void
burst_hear(struct monitor *m, uint32_t id, uint32_t ttl_left)
{
	struct burst *b = idmap_get(&m->bursts, id);

	if (b != NULL && b->left > 0)
		b->due = next_poll(m, id, ttl_left);
}

static void
ask(struct monitor *m, struct burst *b)
{
	struct errand e = {
	    .question = b->question,
	    .purpose = PURPOSE_EARLY,
	    .server = poll_home(m, b->question),
	};

	if (e.server != SERVER_NONE)
		(void)pump_errand(m, &e); /* no memory: one less */
	b->left--;
	m->bursting -= b->left == 0;
	b->due = loop_mono(m->loop) +
	         MONO_S(b->left == 0 ? BURST_REST_S : CHASE_FLOOR_S);
}

static void
look_at(struct monitor *m, struct burst *b)
{
	const struct question *q = table_question(m->table, b->question);

	if (loop_mono(m->loop) < b->due)
		return;
	if (b->left > 0 && (q->flags & Q_WATCHED) != 0) {
		ask(m, b);
		return;
	}
	m->bursting -= b->left > 0;
	idmap_take(&m->bursts, b->question);
	free(b);
}

void
burst_second(struct monitor *m)
{
	if (m->burst_due || m->bursts.live == 0 || m->draining)
		return;
	m->burst_due = true;
	m->burst_at = 0;
	burst_tick(m);
}

/* A thousand questions are more than a turn. */
void
burst_tick(struct monitor *m)
{
	if (!m->burst_due || m->draining)
		return;
	for (uint32_t n = 1; m->burst_due; n++) {
		struct burst *b = idmap_next(&m->bursts, &m->burst_at);

		m->burst_due = b != NULL;
		if (b != NULL)
			look_at(m, b);
		if (n % TURN_LOOK == 0 && !monitor_has_time(m))
			break;
	}
	if (m->burst_due)
		m->again = true;
}

void
burst_free_all(struct monitor *m)
{
	struct burst *b;
	uint32_t at = 0;

	while ((b = idmap_next(&m->bursts, &at)) != NULL)
		free(b);
	idmap_fini(&m->bursts);
}
